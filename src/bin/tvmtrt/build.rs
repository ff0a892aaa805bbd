//! `tvmtrt build` and `tvmtrt export`: engines and kernels are made, what became of each region is told, artifacts and engines are written.

use crate::flow::{Flow, regions_json};
use crate::request::{Answer, Failure, Request, io, write};
use crate::words::{count, size};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;
use tvmtrt::capi::artifact::save_options;
use tvmtrt::capi::build::tvmtrt_build_t;
use tvmtrt::session::artifact::save;
use tvmtrt::session::build::Build;

/// `tvmtrt build`.
pub fn build(request: &Request) -> Answer {
    let mut flow = Flow::new(request)?;
    flow.no_shape()?;
    // Who builds an artifact wants what it lacks for this machine.
    if flow.is_artifact() && flow.options.given("engine_build").is_none() {
        flow.options.set("engine_build", "ahead")?;
    }
    let made = flow.build()?;
    let bytes = request.file("out").map(|path| saved(&mut flow, &made, path)).transpose()?;
    let build = made.build();
    if request.json() {
        let artifact = request.file("out").map(|path| json!({ "path": path.display().to_string(), "bytes": bytes }));
        let all = json!({
            "schema_version": 1,
            "milliseconds": flow.times_json(),
            "regions": regions_json(build),
            "artifact": artifact,
        });
        return Ok((format!("{all:#}\n"), true));
    }
    let artifact = request.file("out").zip(bytes).map(|(path, bytes)| format!("{}: {}\n", path.display(), size(bytes)));
    Ok((told(build) + &artifact.unwrap_or_default() + &flow.times_text() + "\n", true))
}

/// Writes an artifact. Gives its size.
fn saved(flow: &mut Flow, made: &tvmtrt_build_t, path: &Path) -> Result<u64, Failure> {
    let begin = Instant::now();
    let options = save_options(&flow.options, made.given());
    flow.console.work(format!("writing {}", path.display()), || save(made.build(), path, &options))?;
    flow.took("save", begin);
    Ok(std::fs::metadata(path).map_err(|e| io(path, e))?.len())
}

/// `tvmtrt export`.
pub fn export(request: &Request) -> Answer {
    let (so, folder) = (request.file("so"), request.file("engines"));
    if so.is_none() && folder.is_none() {
        return Err(Failure::Usage("what is to be exported? give --so FILE.so or --engines FOLDER".into()));
    }
    if let Some(path) = so.filter(|path| path.extension().is_none_or(|e| e != "so")) {
        return Err(Failure::Usage(format!("--so: '{}' does not end in .so", path.display())));
    }
    let mut flow = Flow::new(request)?;
    flow.no_shape()?;
    let made = flow.build()?;
    let (mut text, mut well) = (String::new(), true);
    let mut all = json!({ "schema_version": 1, "regions": regions_json(made.build()) });
    if let Some(path) = so {
        let bytes = saved(&mut flow, &made, path)?;
        text += &format!("{}: {}\n", path.display(), size(bytes));
        all["so"] = json!({ "path": path.display().to_string(), "bytes": bytes });
    }
    if let Some(folder) = folder {
        let (files, told) = engine_files(made.build(), folder)?;
        well = !files.is_empty() && files.len() == made.build().partition.region_count();
        text += &told;
        all["engines"] = files.into();
    }
    all["milliseconds"] = flow.times_json();
    Ok((if request.json() { format!("{all:#}\n") } else { text }, well))
}

/// Writes each region's engine. Gives what was written, for programs and in lines.
fn engine_files(build: &Build, folder: &Path) -> Result<(Vec<Value>, String), Failure> {
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
    if build.partition.region_count() == 0 {
        text += "no region goes to TensorRT: tvmtrt explain says why\n";
    }
    Ok((files, text))
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
