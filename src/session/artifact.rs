//! A build saved as one file, and made again from it without a model, on this machine or another.
//!
//! Weights stay where the file is mapped. Our own code is compiled for the machine that loads, when a session first needs it. Engines that
//! fit its library and GPU are loaded; the others are kept, for the next machine.

use crate::artifact::file::{self, Artifact, Content, Engine, Form, MANIFEST, PLAN};
use crate::kernels;
use crate::network::capabilities::{Capabilities, Flavour, Version};
use crate::ops;
use crate::partition::options::{PartitionOptions as Plan, Planned};
use crate::partition::restore::restore;
use crate::session::build::{Build, BuildOptions};
use crate::session::log::{Level, Log};
use crate::session::model::Model;
use crate::session::partition::Partition;
use crate::session::shapes::SymbolRange;
use crate::session::stored::{Stored, Tag};
use crate::tensor::error::{Code, Error, Result};
use crate::transform::precision::ranges::Ranges;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// The entry with the table of ranges.
const CALIBRATION: &str = "calibration.json";

/// How a build is saved.
#[derive(Debug, Clone, Default)]
pub struct SaveOptions {
    /// Where engines go, and which kind of shared object.
    pub form: Form,
    /// Options that whoever loads it starts from, by key.
    pub options: Vec<(String, String)>,
    /// Where log lines go.
    pub log: Log,
}

/// Saves a build; where `path` ends in `.so` as a shared object.
pub fn save(build: &Build, path: &Path, options: &SaveOptions) -> Result<()> {
    let start = Instant::now();
    let partition = &build.partition;
    let mut engines = Vec::new();
    for region in 0..partition.region_count() {
        for Stored { tag, bytes } in build.engines(region)? {
            engines.push(Engine { bytes, about: tag.to_json(region) });
        }
    }
    let mut texts: Vec<(String, String)> = Vec::new();
    for (i, stage) in build.stages.iter().enumerate().filter(|(_, s)| s.slot().is_none()) {
        match kernels::text(&stage.graph) {
            Ok(text) => texts.push((format!("kernels/{i}.txt"), text)),
            // It runs on the reference, which needs no text.
            Err(e) if e.code == Code::NotImplemented => {}
            Err(e) => return Err(e),
        }
    }
    texts.extend(build.ranges.iter().map(|r| (CALIBRATION.to_string(), r.to_json())));
    let Capabilities { flavour, version, implicit_batch } = partition.planned();
    let symbols = partition.symbols.iter().map(|s| json!({ "name": s.name, "min": s.min, "opt": s.opt, "max": s.max }));
    let content = Content {
        parts: &partition.parts,
        metadata: &partition.model.metadata,
        options: &options.options,
        build: json!({
            "flavour": flavour.name(),
            "version": version.to_string(),
            "implicit_batch": implicit_batch,
            "max_workspace_size": partition.parts.options.max_workspace_size,
            "symbols": symbols.collect::<Vec<_>>(),
        }),
        engines: &engines,
        texts: &texts,
    };
    file::write(path, &content, options.form)?;
    let (count, time) = (engines.len(), start.elapsed().as_secs_f64());
    options.log.say(Level::Info, format_args!("saved '{}' with {count} engines in {time:.1} s", path.display()));
    Ok(())
}

/// How an artifact is loaded.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// What of the partitioner's options still counts: whether there are to be engines at all.
    pub plan: Plan,
    /// As for a build. `engines.when` is what may be built here.
    pub build: BuildOptions,
    /// Every byte is held against its digest first.
    pub verify: bool,
}

/// Makes the build of an artifact.
pub fn load(artifact: &Artifact, options: &LoadOptions) -> Result<Build> {
    let start = Instant::now();
    if options.verify {
        artifact.verify()?;
    }
    let graph = Arc::new(artifact.graph(&ops::find)?);
    let decided = artifact.decided(graph.nodes.len())?;
    let (planned, symbols, workspace) = artifact.at(MANIFEST, planned(artifact.build(), &decided.version.source))?;
    let plan = Plan {
        version: Some(planned.capabilities.version),
        use_implicit_batch: planned.capabilities.implicit_batch,
        max_workspace_size: workspace,
        ..options.plan.clone()
    };
    let nodes = graph.nodes.len();
    let parts = artifact.at(PLAN, restore(graph.clone(), decided, plan))?;
    let model = Arc::new(Model::new((*graph).clone(), artifact.metadata()?));
    let partition = Arc::new(Partition::restored(model, parts, symbols, planned));
    let mut build = options.build.clone();
    if build.precision.ranges.is_none() {
        build.precision.ranges = match artifact.text(CALIBRATION)? {
            Some(text) => Some(Arc::new(artifact.at(CALIBRATION, Ranges::from_json(&text))?)),
            None => None,
        };
    }
    let stored = engines(artifact, &partition, &build.log)?;
    let count: usize = stored.iter().map(Vec::len).sum();
    let build = Build::with(&partition, &build, stored)?;
    let (time, label, writer) = (1e3 * start.elapsed().as_secs_f64(), artifact.label(), artifact.writer());
    options.build.log.say(
        Level::Info,
        format_args!("loaded {label}, written by {writer}: {nodes} nodes, {count} engines, in {time:.1} ms; own code is compiled by the first session"),
    );
    Ok(build)
}

/// What was planned for, what the caller said of symbols, and the workspace.
fn planned(json: &Value, source: &str) -> Result<(Planned, Vec<SymbolRange>, Option<u64>)> {
    let bad = |key: &str| Error::new(Code::MalformedModel, format!("'{key}' of 'build' is missing or makes no sense"));
    let flavour = json["flavour"].as_str().and_then(Flavour::named).ok_or_else(|| bad("flavour"))?;
    let version = json["version"].as_str().and_then(Version::parse).ok_or_else(|| bad("version"))?;
    let implicit_batch = json["implicit_batch"].as_bool().ok_or_else(|| bad("implicit_batch"))?;
    let range = |s: &Value| {
        let name = s["name"].as_str()?.to_string();
        Some(SymbolRange { name, min: s["min"].as_i64()?, opt: s["opt"].as_i64(), max: s["max"].as_i64()? })
    };
    let symbols = json["symbols"].as_array().and_then(|all| all.iter().map(range).collect()).ok_or_else(|| bad("symbols"))?;
    let planned = Planned { capabilities: Capabilities { flavour, version, implicit_batch }, source: source.to_string() };
    Ok((planned, symbols, json["max_workspace_size"].as_u64()))
}

/// The engines of each region. One that is missing or damaged is a warning: the region has other code.
fn engines(artifact: &Artifact, partition: &Partition, log: &Log) -> Result<Vec<Vec<Stored>>> {
    let mut all = vec![Vec::new(); partition.region_count()];
    for about in artifact.engines()? {
        let (region, tag) = artifact.at(MANIFEST, Tag::from_json(about))?;
        let missing = || Error::new(Code::MalformedModel, format!("an engine is for region {region}, which is not there"));
        let list = artifact.at(MANIFEST, all.get_mut(region).ok_or_else(missing))?;
        match artifact.engine(about) {
            Ok(bytes) => list.push(Stored { tag, bytes }),
            Err(e) => log.say(Level::Warning, format_args!("region '{}': {}", partition.parts.regions[region].name, e.message)),
        }
    }
    Ok(all)
}
