//! The pages in docs/ say what is so: the page of options is made from their table, every name that the page on TVM sends its reader to
//! exists, and links lead somewhere. Pages with programs are run by `tests/python/test_docs.py`.

use std::fmt::Write;
use std::path::Path;
use tvmtrt::capi::environment::VARIABLES;
use tvmtrt::capi::option_table::{OPTIONS, Stage, find};
use tvmtrt::capi::option_value::{canonical, takes};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The heading under which an option stands: the first function that reads it.
const CHAPTERS: &[(Stage, &str)] = &[
    (Stage::Load, "Read from loading on"),
    (Stage::Partition, "Read by `tvmtrt_partition`"),
    (Stage::Build, "Read by `tvmtrt_build`"),
    (Stage::BuildSave, "Read by `tvmtrt_build_save`"),
    (Stage::BuildLoad, "Read by `tvmtrt_build_load`"),
    (Stage::Run, "Read by `tvmtrt_session_new`"),
    (Stage::Calibrate, "Read by `tvmtrt_calibration_new`"),
];

fn functions(stage: Stage) -> &'static str {
    match stage {
        Stage::Load => "`tvmtrt_model_load`, `tvmtrt_model_load_memory`",
        Stage::Partition => "`tvmtrt_partition`",
        Stage::Build => "`tvmtrt_build`",
        Stage::BuildSave => "`tvmtrt_build_save`",
        Stage::BuildLoad => "`tvmtrt_build_load`, `tvmtrt_build_load_memory`",
        Stage::Run => "`tvmtrt_session_new`",
        Stage::Calibrate => "`tvmtrt_calibration_new`",
    }
}

fn options() -> String {
    let mut out = String::from(
        "# Options\n\nMade from the table of options; `TVMTRT_BLESS=1 cargo test --test docs` makes it anew.\n\n\
         An option is a key and a value, both text: `tvmtrt_options_set(options, \"precision\", \"float16\")`. One object may serve every\n\
         function: each reads the keys of its stage and ignores the others. What is not set has its default. A key that does not exist, or a\n\
         value that does not fit, is an error that names the nearest key or says what fits. `tvmtrt_options_keys` gives this list at run time,\n\
         as text or JSON.\n\n\
         `tvmtrt_options_from_env` reads the variables ",
    );
    let names: Vec<String> = VARIABLES.iter().map(|(name, _)| format!("`{name}`")).collect();
    writeln!(out, "{}, where a program asks for it.", names.join(", ")).unwrap();
    for (chapter, heading) in CHAPTERS {
        let rows: Vec<_> = OPTIONS.iter().filter(|r| r.stages[0] == *chapter).collect();
        if rows.is_empty() {
            continue;
        }
        write!(out, "\n## {heading}\n").unwrap();
        for row in rows {
            let default = if row.default.is_empty() { "unset".to_string() } else { format!("`{}`", row.default) };
            let readers: Vec<&str> = row.stages.iter().map(|s| functions(*s)).collect();
            write!(out, "\n### {}\n{}\n\nTakes {}. Default: {default}.", row.key, row.doc, takes(row.kind)).unwrap();
            if readers.len() > 1 {
                write!(out, " Read by {}.", readers.join(", ")).unwrap();
            }
            out.push('\n');
        }
    }
    out
}

#[test]
fn options_page_is_current() {
    let text = options();
    if std::env::var_os("TVMTRT_BLESS").is_some_and(|v| v == "1") {
        std::fs::write(root().join("docs/options.md"), &text).unwrap();
    }
    assert!(read("docs/options.md") == text, "docs/options.md is stale: TVMTRT_BLESS=1 cargo test --test docs");
}

/// What stands between backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// What a name on the right may be: `tvmtrt_...` or `TVMTRT_...` of the header, `tvmtrt WORD` of the command, an option as `key` or `key = value`.
fn exists(name: &str, header: &str, help: &str) -> Result<(), String> {
    let word = |text: &str, name: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == name);
    if name.starts_with("tvmtrt_") || name.starts_with("TVMTRT_") {
        let bare = name.trim_end_matches("()");
        return if word(header, bare) { Ok(()) } else { Err(format!("the header has no {bare}")) };
    }
    if let Some(words) = name.strip_prefix("tvmtrt ") {
        let command = words.split(' ').next().unwrap_or("");
        return if word(help, command) { Ok(()) } else { Err(format!("the command has no {command}")) };
    }
    let (key, value) = name.split_once('=').map_or((name, None), |(k, v)| (k.trim(), Some(v.trim())));
    let row = find(key).ok_or_else(|| format!("there is no option {key}"))?;
    value.map_or(Ok(()), |v| canonical(row, v).map(|_| ()).map_err(|e| format!("{key}: {e:?}")))
}

#[test]
fn names_on_the_page_on_tvm_exist() {
    let (page, header, help) = (read("docs/moving-from-tvm.md"), read("include/tvmtrt.h"), command_help());
    let (mut names, mut rows) = (0, 0);
    for line in page.lines().filter(|l| l.starts_with("| ") && !l.starts_with("| TVM")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 2, "{line}");
        rows += 1;
        for name in quoted(cells[1]) {
            exists(name, &header, &help).unwrap_or_else(|e| panic!("{line}\n{e}"));
            names += 1;
        }
    }
    assert!(rows > 25 && names > 40, "{names} names in {rows} rows");
    for (variable, _) in VARIABLES.iter().filter(|(v, _)| v.starts_with("TVM_")) {
        assert!(page.contains(variable), "{variable} is read and not on the page");
    }
}

#[test]
fn names_that_do_not_exist_are_found() {
    let (header, help) = (read("include/tvmtrt.h"), command_help());
    for wrong in ["tvmtrt_no_such", "no_such_option", "precision = float8", "tvmtrt dance"] {
        assert!(exists(wrong, &header, &help).is_err(), "{wrong}");
    }
}

fn command_help() -> String {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_tvmtrt")).arg("--help").output().expect("the command runs");
    String::from_utf8(out.stdout).expect("UTF-8")
}

#[test]
fn links_lead_somewhere() {
    let pages = std::fs::read_dir(root().join("docs")).unwrap().map(|e| format!("docs/{}", e.unwrap().file_name().to_string_lossy()));
    let mut links = 0;
    for page in pages.chain(["README.md".to_string(), "ARCHITECTURE.md".to_string()]) {
        let text: String = read(&page).split('`').step_by(2).collect(); // what is quoted is no link
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !target.contains("://") && !target.starts_with('#') {
                let path = root().join(&page).with_file_name("").join(target.split('#').next().unwrap_or(""));
                assert!(path.exists(), "{page}: {target} does not exist");
                links += 1;
            }
        }
    }
    assert!(links > 2, "{links} links");
}
