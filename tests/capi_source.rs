//! Facts that the source of the C interface states twice are equal, and rules that it follows everywhere.

mod capi_support;

use capi_support::{read, root};
use tvmtrt::capi::option_table::{OPTIONS, Stage};
use tvmtrt::tensor::error::Code;

/// Text of all files of `src/capi`.
fn sources() -> Vec<(String, String)> {
    let folder = std::fs::read_dir(root().join("src/capi")).unwrap().map(|e| e.unwrap().path());
    folder.map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(p).unwrap())).collect()
}

/// Every exported function: its name and its text from the attribute to the closing brace.
fn exports() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (_, text) in sources() {
        for part in text.split("#[unsafe(no_mangle)]").skip(1) {
            let body = &part[..part.find("\n}\n").expect("a closing brace") + 2];
            let name = body.split("fn ").nth(1).unwrap().split(['(', '<']).next().unwrap();
            all.push((name.to_string(), body.to_string()));
        }
    }
    all
}

#[test]
fn every_export_is_guarded_and_short() {
    let all = exports();
    assert!(all.len() > 50, "{}", all.len());
    for (name, text) in all {
        let fallible = text.contains("-> Option<Box<tvmtrt_error_t>>");
        let body = &text[text.find("{\n").unwrap()..];
        let start = body[1..].trim_start();
        assert!(start.starts_with(if fallible { "guard(" } else { "quiet(" }), "{name} does not begin with its guard");
        assert!(body.trim().lines().count() <= 17, "{name} has more than 15 lines");
        assert!(name.starts_with("tvmtrt_"), "{name}");
        if name.ends_with("_delete") {
            assert!(text.contains(": Option<Box<") && !text.contains("->"), "{name} is void and takes NULL");
        }
    }
}

#[test]
fn error_constants_are_the_codes() {
    let (c, rust) = (documented(&read("src/capi/error.rs"), "pub const "), documented(&read("src/tensor/error.rs"), ""));
    let mut expected = Vec::new();
    for code in Code::ALL {
        let line = format!("{} = {},", code.name(), *code as u32);
        let doc = rust.iter().find(|(_, l)| *l == line).map(|(d, _)| d.clone()).unwrap_or_else(|| panic!("no line {line}"));
        expected.push((doc, format!("TVMTRT_ERROR_{}: u32 = {};", upper(code.name()), *code as u32)));
    }
    assert_eq!(c, expected, "src/capi/error.rs and src/tensor/error.rs differ");
}

/// Pairs of a doc comment of one line and the line under it without `prefix`, for lines with a number.
fn documented(text: &str, prefix: &str) -> Vec<(String, String)> {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let pairs = lines.windows(2).filter(|w| w[0].starts_with("/// ") && w[1].contains(" = ") && w[1].starts_with(prefix));
    pairs.map(|w| (w[0].to_string(), w[1].trim_start_matches(prefix).to_string())).collect()
}

/// `WrongShape` as `WRONG_SHAPE`.
fn upper(name: &str) -> String {
    let name = name.replace("DType", "Dtype").replace("TensorRt", "Tensorrt");
    let mut out = String::new();
    for (i, c) in name.chars().enumerate() {
        if i > 0 && c.is_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

#[test]
fn functions_name_the_options_that_they_read() {
    for (function, stage) in [
        ("tvmtrt_model_load", Stage::Load),
        ("tvmtrt_partition", Stage::Partition),
        ("tvmtrt_build", Stage::Build),
        ("tvmtrt_build_save", Stage::BuildSave),
        ("tvmtrt_build_load", Stage::BuildLoad),
        ("tvmtrt_session_new", Stage::Run),
        ("tvmtrt_calibration_new", Stage::Calibrate),
    ] {
        let header = read("include/tvmtrt.h");
        let (_, doc, _) = capi_support::prototypes(&header).into_iter().find(|(n, ..)| n == function).unwrap();
        let listed = doc.split("options Read:").nth(1).unwrap().split("NULL for defaults").next().unwrap();
        let listed: Vec<_> = listed.split('`').skip(1).step_by(2).collect();
        let expected: Vec<_> = OPTIONS.iter().filter(|o| o.stages.contains(&stage)).map(|o| o.key).collect();
        assert_eq!(listed, expected, "{function}");
    }
}
