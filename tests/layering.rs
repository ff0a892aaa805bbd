//! The order of modules in `src/lib.rs` is the order of dependency: no path leads from a module to a later one. Also holds the rules
//! that every file follows: a head comment, a bounded length, `unsafe` only where it belongs, no re-exports at the crate root.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Most lines of a file.
const MAX_LINES: usize = 600;

/// Files that may be longer: generated tables.
const LONG: &[&str] = &["src/tensorrt/abi/methods.rs"];

/// Where `unsafe` may stand: parts of the tree.
const UNSAFE: &[&str] = &["tensor::bytes", "cpu", "cuda", "tensorrt", "capi"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files under a folder of the repository.
fn files(folder: &str) -> Vec<PathBuf> {
    let (mut todo, mut found) = (vec![root().join(folder)], Vec::new());
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => todo.push(path),
                path if path.extension().is_some_and(|e| e == "rs") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The module that a file under `src` holds: `src/ir/fact.rs` is `ir`, `fact`.
fn module_of(path: &Path) -> Vec<String> {
    let inside = path.strip_prefix(root().join("src")).unwrap().with_extension("");
    let mut parts: Vec<_> = inside.iter().map(|p| p.to_string_lossy().into_owned()).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib")) {
        parts.pop();
    }
    parts
}

/// Words, `::` and single signs of a source text, without comments and literals.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let (mut i, mut out) = (0, Vec::new());
    while i < chars.len() {
        let c = chars[i];
        if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && chars[i] != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 || i >= chars.len() {
                    break;
                }
            }
        } else if c == '"' {
            i += 1;
            while i < chars.len() && chars[i] != '"' {
                i += 1 + usize::from(chars[i] == '\\');
            }
            i += 1;
        } else if c == '\'' && (at(i + 1) == '\\' || at(i + 2) == '\'') {
            i += 2 + usize::from(at(i + 1) == '\\');
            while i < chars.len() && chars[i] != '\'' {
                i += 1;
            }
            i += 1;
        } else if c.is_alphanumeric() || c == '_' {
            let start = i;
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            let word: String = chars[start..i].iter().collect();
            let hashes = chars[i..].iter().take_while(|c| **c == '#').count();
            if matches!(word.as_str(), "r" | "br" | "cr") && at(i + hashes) == '"' {
                let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                i += hashes + 1;
                while i < chars.len() && !chars[i..].starts_with(&close) {
                    i += 1;
                }
                i += close.len();
            } else if at(i) != '"' || !matches!(word.as_str(), "b" | "c") {
                out.push(word);
            }
        } else if c == ':' && at(i + 1) == ':' {
            out.push("::".to_string());
            i += 2;
        } else {
            if !c.is_whitespace() {
                out.push(c.to_string());
            }
            i += 1;
        }
    }
    out
}

/// Every path of a file that begins with `crate`, `self` or `super`, in full; `*` is a glob, a path that ends in `crate` is the root.
fn paths(module: &[String], tokens: &[String]) -> Vec<Vec<String>> {
    let (mut out, mut i) = (Vec::new(), 0);
    // Names of the modules inside the file that are open, with the depth of their braces.
    let (mut inner, mut depth): (Vec<(String, usize)>, usize) = (Vec::new(), 0);
    while i < tokens.len() {
        let word = tokens[i].as_str();
        let starts = matches!(word, "crate" | "self" | "super") && (i == 0 || tokens[i - 1] != "::");
        if starts && (tokens.get(i + 1).is_some_and(|t| t == "::") || (i > 0 && tokens[i - 1] == "use")) {
            let here: Vec<String> = module.iter().cloned().chain(inner.iter().map(|(n, _)| n.clone())).collect();
            i = tree(&here, None, tokens, i, &mut out);
            continue;
        }
        match word {
            "mod" if tokens.get(i + 2).is_some_and(|t| t == "{") => inner.push((tokens[i + 1].clone(), depth)),
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                inner.retain(|(_, d)| *d < depth);
            }
            _ => {}
        }
        i += 1;
    }
    out
}

/// Reads one path or tree of paths from `i`; `before` is what stands in front of it. Gives the place after it.
fn tree(here: &[String], before: Option<Vec<String>>, tokens: &[String], mut i: usize, out: &mut Vec<Vec<String>>) -> usize {
    let mut path = before;
    loop {
        let word = tokens[i].as_str();
        match (word, &mut path) {
            ("{", Some(path)) => {
                i += 1;
                while tokens[i] != "}" {
                    i = tree(here, Some(path.clone()), tokens, i, out);
                    i += usize::from(tokens[i] == ",");
                }
                return i + 1;
            }
            ("crate", None) => path = Some(Vec::new()),
            ("self", None) => path = Some(here.to_vec()),
            ("super", None) => path = Some(here[..here.len() - 1].to_vec()),
            ("super", Some(path)) => drop(path.pop()),
            ("self", Some(_)) => {}
            (name, Some(path)) => path.push(name.to_string()),
            (name, None) => unreachable!("a path begins with {name}"),
        }
        i += 1;
        // The turbofish ends a path as far as modules go.
        if tokens.get(i).is_none_or(|t| t != "::") || tokens.get(i + 1).is_some_and(|t| t == "<") {
            break;
        }
        i += 1;
    }
    if tokens.get(i).is_some_and(|t| t == "as") {
        i += 2;
    }
    out.extend(path);
    i
}

/// Top-level modules, in order.
fn order() -> Vec<String> {
    let lib = tokens(&read(&root().join("src/lib.rs")));
    lib.windows(2).filter(|w| w[0] == "mod").map(|w| w[1].clone()).collect()
}

/// Names of macros that stand at the crate root whatever their module.
fn root_macros() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files("src") {
        let tokens = tokens(&read(&file));
        let exported = tokens.windows(3).enumerate().filter(|(_, w)| w[0] == "[" && w[1] == "macro_export" && w[2] == "]");
        names.extend(exported.filter_map(|(i, _)| {
            let at = tokens[i..].iter().position(|t| t == "macro_rules")?;
            tokens.get(i + at + 2).cloned()
        }));
    }
    names
}

#[test]
fn no_path_leads_to_a_later_module() {
    let (order, macros) = (order(), root_macros());
    assert!(order.len() > 5 && macros.contains("ensure"), "{order:?} {macros:?}");
    let mut faults = Vec::new();
    for file in files("src") {
        let module = module_of(&file);
        // Programs use the library from outside.
        let Some(own) = module.first().filter(|m| *m != "bin") else { continue };
        let own = order.iter().position(|m| m == own).unwrap_or_else(|| panic!("{} is in no module of lib.rs", file.display()));
        for path in paths(&module, &tokens(&read(&file))) {
            let fault = match path.first() {
                None => Some("the crate root".to_string()),
                Some(name) => match order.iter().position(|m| m == name) {
                    Some(other) if other > own => Some(path.join("::")),
                    None if !macros.contains(name) => Some(format!("{}, which is no module", path.join("::"))),
                    _ => None,
                },
            };
            faults.extend(fault.map(|f| format!("{}: {f}", file.strip_prefix(root()).unwrap().display())));
        }
    }
    assert!(faults.is_empty(), "paths to later modules:\n{}", faults.join("\n"));
}

#[test]
fn paths_are_resolved() {
    let of = |text: &str| -> Vec<String> {
        let module = ["a".to_string(), "b".to_string()];
        paths(&module, &tokens(text)).into_iter().map(|p| p.join("::")).collect()
    };
    assert_eq!(of("use crate::{x::{y, z as q}, w};"), ["x::y", "x::z", "w"]);
    assert_eq!(of("use super::{c, super::d::E}; fn f() { super::super::g(); }"), ["a::c", "d::E", "g"]);
    assert_eq!(of("let v: crate::x::Y<crate::z::W> = crate::m!(1); self::k::<u8>();"), ["x::Y", "z::W", "m", "a::b::k"]);
    assert_eq!(of("mod t { use super::*; } use super::*;"), ["a::b::*", "a::*"]);
    assert_eq!(of("mod t { mod u { use super::super::super::v; } } fn f(&self) { self.x }"), ["a::v"]);
    assert_eq!(of("use crate as root; use crate::{self as c};"), ["", ""]);
    assert_eq!(of("// crate::x\n/* crate::y /* */ */ \"crate::z\" r#\"\"crate::w\"# b\"\\\"crate::v\" '\"' 'a crate::u"), ["u"]);
    assert_eq!(of("macro_rules! m { () => { $crate::x::y } }"), ["x::y"]);
}

#[test]
fn crate_root_has_only_modules() {
    // Attributes choose what stands for a part that is left out: that is cfg's business, and lint's there.
    let text = read(&root().join("src/lib.rs"));
    let plain: Vec<&str> = text.lines().filter(|l| !l.starts_with("#[cfg_attr(")).collect();
    let plain = plain.join("\n");
    let (before, after) = plain.split_once("#![cfg_attr(").expect("what is left out may be unused");
    let lib = tokens(&format!("{before}{}", after.split_once("\n)]").expect("the end of an attribute").1));
    let words: Vec<_> = lib.chunks(4).map(|c| (c[0].as_str(), c[1].as_str(), c.last().map(String::as_str))).collect();
    assert!(words.iter().all(|w| (w.0, w.1, w.2) == ("pub", "mod", Some(";"))), "src/lib.rs holds more than `pub mod name;`");
}

#[test]
fn files_have_a_head_and_an_end() {
    for folder in ["src", "tests", "benches"] {
        for file in files(folder) {
            let text = read(&file);
            let lines = text.lines().count();
            assert!(text.starts_with("//! "), "{}: does not begin with //!", file.display());
            let long = LONG.iter().any(|l| file.ends_with(l));
            assert!(lines <= MAX_LINES || long, "{}: {lines} lines; {MAX_LINES} are the most", file.display());
        }
    }
}

#[test]
fn unsafe_stands_where_it_belongs() {
    for file in files("src") {
        let module = module_of(&file).join("::");
        let allowed = UNSAFE.iter().any(|u| module == *u || module.starts_with(&format!("{u}::")));
        let tokens = tokens(&read(&file));
        let found = tokens.iter().find(|t| matches!(t.as_str(), "unsafe" | "unsafe_code"));
        assert!(allowed || found.is_none(), "{}: unsafe", file.display());
    }
}
