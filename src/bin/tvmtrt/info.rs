//! `tvmtrt info` and `tvmtrt options`: what is here, what a model is, what can be asked for.

use crate::flow::{Flow, name_of};
use crate::request::{Answer, Failure, Request};
use crate::words::{count, size};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tvmtrt::artifact::file::Artifact;
use tvmtrt::capi::option_read;
use tvmtrt::capi::option_table::find;
use tvmtrt::capi::option_text::{json_manual, manual};
use tvmtrt::capi::option_value::row;
use tvmtrt::ops;
use tvmtrt::session::library::{json as info_json, search};
use tvmtrt::session::model::Model;
use tvmtrt::session::value::ValueInfo;

/// `tvmtrt info`.
pub fn info(request: &Request) -> Answer {
    if request.operand(0).is_some() {
        let mut flow = Flow::new(request)?;
        if flow.is_artifact() {
            return artifact(request, &flow);
        }
        let model = flow.load()?;
        let text = if request.json() { format!("{:#}\n", model_json(&model)) } else { model_text(request, &model) };
        return Ok((text, true));
    }
    let options = request.options()?;
    let found = search(&option_read::library(&options), &option_read::log(&options));
    Ok((if request.json() { info_json(&found) + "\n" } else { found.to_string() }, true))
}

/// What an artifact holds.
fn artifact(request: &Request, flow: &Flow) -> Answer {
    let artifact = Artifact::open(request.path(0))?;
    if flow.options.get("artifact_verify")? == "true" {
        flow.console.work("verifying", || artifact.verify())?;
    }
    let model = Model::new(artifact.graph(&ops::find)?, artifact.metadata()?);
    let (options, engines) = (artifact.options()?, artifact.engines()?);
    if request.json() {
        let mut all = model_json(&model);
        all["artifact"] =
            json!({ "writer": artifact.writer(), "options": options.into_iter().collect::<BTreeMap<_, _>>(), "engines": engines });
        return Ok((format!("{all:#}\n"), true));
    }
    let mut text = model_text(request, &model);
    text += &format!("  artifact by {}, with {}\n", artifact.writer(), count(engines.len(), "engine"));
    options.iter().for_each(|(key, value)| text += &format!("  option {key}: {value}\n"));
    for engine in engines {
        let (file, bytes) = (engine["file"].as_str().unwrap_or_default(), engine["size"].as_u64().unwrap_or(0));
        let (library, device) = (engine["library"].as_str().unwrap_or_default(), engine["device"].as_str().unwrap_or_default());
        text += &format!("  engine {file}: {}; {library}; {device}\n", size(bytes));
    }
    Ok((text, true))
}

/// How often each operator stands in the graph, and bytes of its constants.
fn census(model: &Model) -> (BTreeMap<&'static str, usize>, u64) {
    let mut operators = BTreeMap::new();
    model.graph.nodes.iter().for_each(|n| *operators.entry(n.op.name).or_insert(0) += 1);
    let weights = (0..model.graph.values.len() as u32).filter_map(|v| model.graph.constant(tvmtrt::ir::ValueId(v)));
    (operators, weights.map(|t| t.bytes().len() as u64).sum())
}

fn model_text(request: &Request, model: &Model) -> String {
    let (operators, bytes) = census(model);
    let (name, nodes) = (name_of(request.path(0)), model.graph.nodes.len());
    let mut text = format!("{name}: '{}', {nodes} nodes, {} of constants\n", model.graph.name, size(bytes));
    model.inputs.iter().for_each(|v| text += &format!("  input  {v}\n"));
    model.outputs.iter().for_each(|v| text += &format!("  output {v}\n"));
    let mut sorted: Vec<_> = operators.into_iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let words: Vec<String> = sorted.iter().map(|(op, count)| format!("{op} {count}")).collect();
    text += &format!("  operators: {}\n", words.join(", "));
    for (key, value) in &model.metadata {
        let shown: String = value.chars().take(60).collect::<String>().replace('\n', " ");
        text += &format!("  metadata {key}: {shown}{}\n", if shown.len() < value.len() { "..." } else { "" });
    }
    text
}

fn model_json(model: &Model) -> Value {
    let (operators, bytes) = census(model);
    let value = |v: &ValueInfo| {
        let dims: Vec<Value> = v.shape.iter().map(|d| d.as_const().map_or_else(|| json!(d.to_string()), |n| json!(n))).collect();
        json!({ "name": v.name, "dtype": v.dtype.name(), "shape": dims })
    };
    let metadata: Map<String, Value> = model.metadata.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
    json!({
        "schema_version": 1,
        "graph": model.graph.name,
        "nodes": model.graph.nodes.len(),
        "constant_bytes": bytes,
        "inputs": model.inputs.iter().map(value).collect::<Vec<_>>(),
        "outputs": model.outputs.iter().map(value).collect::<Vec<_>>(),
        "operators": operators,
        "metadata": metadata,
    })
}

/// `tvmtrt options`.
pub fn options(request: &Request) -> Answer {
    let mut wanted = Vec::new();
    for word in &request.operands {
        let key = word.to_string_lossy().trim_start_matches('-').replace('-', "_");
        wanted.push(row(&key).map_err(|e| Failure::Usage(e.message))?.key);
    }
    let asked = |key: &str| wanted.is_empty() || wanted.contains(&key);
    if request.json() {
        let mut all: Value = serde_json::from_str(&json_manual()).unwrap_or_default();
        if let Some(rows) = all["options"].as_array_mut() {
            rows.retain(|row| row["key"].as_str().is_some_and(asked));
        }
        return Ok((format!("{all:#}\n"), true));
    }
    let paragraphs = manual();
    let known = |p: &&str| p.split_once(": ").and_then(|(key, _)| find(key)).is_some_and(|row| asked(row.key));
    let shown: Vec<&str> = paragraphs.split("\n\n").map(str::trim_end).filter(known).collect();
    Ok((shown.join("\n\n") + "\n", true))
}
