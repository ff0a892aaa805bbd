//! `tvmtrt partition` and `tvmtrt explain`: where nodes go. What is told is the library's word.

use crate::flow::Flow;
use crate::request::{Answer, Failure, Request, io, write};
use serde_json::{Value, json};
use std::path::Path;

/// Forms of an explanation.
pub const FORMATS: &[&str] = &["text", "json", "dot", "svg"];

/// `tvmtrt explain`.
pub fn explain(request: &Request) -> Answer {
    let format = format(request)?;
    let partition = Flow::new(request)?.partition()?;
    let text = match format {
        "json" => partition.explain_json() + "\n",
        "dot" => partition.parts.explain_dot(),
        "svg" => partition.parts.explain_svg(),
        _ => partition.explain_text(),
    };
    let Some(path) = request.file("out") else { return Ok((text, true)) };
    write(path, text.as_bytes())?;
    Ok((String::new(), true))
}

/// What is asked for, else what the file's name says.
fn format(request: &Request) -> Result<&'static str, Failure> {
    let known = |word: &str| FORMATS.iter().copied().find(|f| *f == word);
    if let Some(word) = request.last("format") {
        return Ok(known(&word.to_string_lossy()).unwrap_or("text"));
    }
    let ending = request.file("out").and_then(Path::extension).map(|e| e.to_string_lossy().into_owned());
    match ending.as_deref() {
        _ if request.json() => Ok("json"),
        None | Some("txt") => Ok("text"),
        Some("gv") => Ok("dot"),
        Some(ending) => known(ending)
            .ok_or_else(|| Failure::Usage(format!("--out: a name that ends in .{ending} does not say in which form; give --format"))),
    }
}

/// `tvmtrt partition`.
pub fn partition(request: &Request) -> Answer {
    let mut flow = Flow::new(request)?;
    let partition = flow.partition()?;
    let parts = &partition.parts;
    let mut files = Vec::new();
    if let Some(folder) = request.file("out") {
        std::fs::create_dir_all(folder).map_err(|e| io(folder, e))?;
        for (i, region) in parts.regions.iter().enumerate() {
            let path = folder.join(format!("{}.json", region.name));
            write(&path, partition.region_json(i)?.unwrap_or_default().as_bytes())?;
            files.push(path.display().to_string());
        }
    }
    if request.json() {
        let all: Value = parts.explain_json();
        let keys = ["graph", "target", "version", "version_source", "unavailable", "options", "notes", "totals", "regions"];
        let mut some = json!({ "schema_version": 1 });
        keys.iter().for_each(|key| some[*key] = all[*key].clone());
        some["milliseconds"] = flow.times_json();
        some["files"] = json!(files);
        return Ok((format!("{some:#}\n"), true));
    }
    // The explanation's first paragraphs: what goes where; its later ones are why.
    let text: Vec<String> =
        partition.explain_text().split("\n\n").take(if parts.regions.is_empty() { 1 } else { 2 }).map(str::to_string).collect();
    let mut text = text.join("\n\n").trim_end().to_string() + "\n";
    files.iter().for_each(|file| text += &format!("{file}\n"));
    Ok((text, true))
}
