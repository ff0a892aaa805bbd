//! `tvmtrt build` and `tvmtrt export`: engines and kernels are made, what became of each region is told, engines are written.

use crate::flow::{Flow, regions_json};
use crate::request::{Answer, Failure, Request, io, write};
use crate::words::{count, size};
use serde_json::json;
use tvmtrt::session::build::Build;

/// `tvmtrt build`.
pub fn build(request: &Request) -> Answer {
    let mut flow = Flow::new(request)?;
    let build = flow.build()?;
    if request.json() {
        let all = json!({ "schema_version": 1, "milliseconds": flow.times_json(), "regions": regions_json(&build) });
        return Ok((format!("{all:#}\n"), true));
    }
    Ok((told(&build) + &flow.times_text() + "\n", true))
}

/// `tvmtrt export`.
pub fn export(request: &Request) -> Answer {
    let Some(folder) = request.file("engines") else {
        return Err(Failure::Usage("what is to be exported? give --engines FOLDER".into()));
    };
    let mut flow = Flow::new(request)?;
    let build = flow.build()?;
    std::fs::create_dir_all(folder).map_err(|e| io(folder, e))?;
    let (mut files, mut text) = (Vec::new(), String::new());
    for (i, region) in build.partition.parts.regions.iter().enumerate() {
        let Some(engine) = build.engine(i) else {
            text += &format!("{}: no engine: {}\n", region.name, build.region_state(i).unwrap_or_default());
            continue;
        };
        let path = folder.join(format!("{}.engine", region.name));
        write(&path, engine)?;
        text += &format!("{}: {}\n", path.display(), size(engine.len() as u64));
        files.push(json!({ "region": region.name, "path": path.display().to_string(), "bytes": engine.len() }));
    }
    let well = files.len() == build.partition.region_count() && !files.is_empty();
    if build.partition.region_count() == 0 {
        text += "no region goes to TensorRT: tvmtrt explain says why\n";
    }
    if request.json() {
        return Ok((format!("{:#}\n", json!({ "schema_version": 1, "engines": files, "regions": regions_json(&build) })), well));
    }
    Ok((text, well))
}

/// Where everything runs.
fn told(build: &Build) -> String {
    let mut text = String::new();
    for (i, region) in build.partition.parts.regions.iter().enumerate() {
        let engine = build.engine(i).map_or(String::new(), |e| format!(", engine of {}", size(e.len() as u64)));
        text += &format!("{}: {}{engine}\n", region.name, build.region_state(i).unwrap_or_default());
    }
    let own = build.stages.iter().filter(|s| s.slot().is_none()).count();
    let (regions, parts) = (count(build.partition.region_count(), "region"), count(own, "part"));
    text + &format!("{regions}, {} with an engine; {parts} on our own kernels\n", engines(build))
}

fn engines(build: &Build) -> usize {
    (0..build.partition.region_count()).filter(|r| build.has_engine(*r)).count()
}
