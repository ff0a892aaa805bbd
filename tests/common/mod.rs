//! What test files share. Knows nothing of what is tested.
#![allow(dead_code)]

use std::path::Path;

/// Compares `text` with the file `tests/golden/<name>.txt`. With `TVMTRT_BLESS=1` in the environment it writes the file instead.
#[track_caller]
pub fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.txt"));
    if std::env::var_os("TVMTRT_BLESS").is_some_and(|v| v == "1") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for golden files");
        std::fs::write(&path, text).expect("a golden file");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected == text {
        return;
    }
    let line = expected.lines().zip(text.lines()).take_while(|(a, b)| a == b).count();
    let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_string();
    panic!(
        "golden text '{name}' differs in line {}:\n  expected: {}\n  found:    {}\nTVMTRT_BLESS=1 takes the new text:\n{text}",
        line + 1,
        at(&expected),
        at(text)
    );
}
