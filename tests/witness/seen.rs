//! What TensorRT was seen to do with the witnesses: one file per version that was tried, and what is refused all the same.

use super::force::Outcome;
use super::kept::KEPT;
use super::{TARGETS, Witness};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

fn path(target: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/witness/seen")).join(format!("{target}.txt"))
}

/// Outcome by name of the witness.
pub fn read(target: &str) -> BTreeMap<String, String> {
    // Part of the program: the machine with a GPU has no sources.
    let text = match target {
        "rtx-1.7" => include_str!("seen/rtx-1.7.txt"),
        "10.6" => include_str!("seen/10.6.txt"),
        "8.6" => include_str!("seen/8.6.txt"),
        other => panic!("nobody tried {other}"),
    };
    text.lines().filter_map(|l| l.split_once(' ')).map(|(word, name)| (name.to_string(), word.to_string())).collect()
}

/// Why a witness that builds is refused all the same.
pub fn kept(witness: &Witness) -> Option<&'static str> {
    KEPT.iter().find(|(name, _)| *name == witness.name()).map(|k| k.1)
}

/// Holds outcomes against what was seen before, and fails with each that shows a wrong refusal. `TVMTRT_BLESS=1` writes the file.
pub fn judge(target: &str, witnesses: &[Witness], outcomes: &[Outcome]) {
    let (mut text, mut faults, mut counts) = (String::new(), Vec::new(), BTreeMap::<&str, usize>::new());
    let (before, ran) = (read(target), read(TARGETS[1].0));
    for (witness, (word, said)) in witnesses.iter().zip(outcomes) {
        *counts.entry(word).or_default() += 1;
        println!("{word} {}: {said}", witness.name());
        if word == "taken" {
            continue;
        }
        writeln!(text, "{word} {}", witness.name()).unwrap();
        // Where nothing can run, another version shows that it is wrong.
        let shown = word == "built" && ran.get(&witness.name()).is_some_and(|w| w == "wrong");
        let fails = matches!(word.as_str(), "refused" | "unsaid" | "wrong" | "differs" | "died");
        if !fails && !shown && kept(witness).is_none() {
            faults.push(format!("{word}, so wrongly refused: {}\n{}", witness.name(), witness.network));
        }
        match before.get(&witness.name()) {
            Some(b) if b == word => {}
            // Nobody tried the version yet.
            _ if before.is_empty() => {}
            b => faults.push(format!("{word}, but {} is written down: {}", b.map_or("nothing", |b| b), witness.name())),
        }
    }
    println!("{counts:?}");
    if std::env::var_os("TVMTRT_BLESS").is_some_and(|v| v == "1") {
        std::fs::write(path(target), &text).unwrap();
        faults.retain(|f| !f.contains("is written down"));
    } else {
        println!("--- tests/witness/seen/{target}.txt\n{text}---");
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// What versions do with the witnesses of a rule, for a table.
pub fn summary(rule: &str, witnesses: &[Witness]) -> String {
    let mut parts = Vec::new();
    for (target, capabilities) in &TARGETS {
        let seen = read(target);
        let mut counts = BTreeMap::<&str, usize>::new();
        for witness in witnesses.iter().filter(|w| w.rule == rule) {
            let word = match seen.get(&witness.name()).map(String::as_str) {
                Some("refused" | "unsaid" | "died" | "silent") => "refused",
                Some("wrong") => "wrong",
                Some("differs") => "wrong by its documents",
                Some(_) if kept(witness).is_some() => "kept off all the same",
                _ => continue,
            };
            *counts.entry(word).or_default() += 1;
        }
        let fires = witnesses.iter().filter(|w| w.rule == rule && w.fires(capabilities)).count();
        if seen.is_empty() && fires > 0 {
            counts.insert("not tried", fires);
        }
        let counts: Vec<String> = counts.iter().map(|(word, n)| format!("{word} {n}")).collect();
        if !counts.is_empty() {
            parts.push(format!("{} {}: {}", capabilities.flavour, capabilities.version, counts.join(", ")));
        }
    }
    let why: BTreeSet<&str> = witnesses.iter().filter(|w| w.rule == rule).filter_map(kept).collect();
    let why = why.into_iter().map(|w| format!(" ({w})")).collect::<String>();
    parts.join("; ").replace("TensorRT for RTX", "RTX").replace("TensorRT ", "") + &why
}
