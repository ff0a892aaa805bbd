//! What was decided of a partition, as JSON and back. Nodes are numbers: their places in the graph's list.

use crate::artifact::json::{bad, indices, int, list, switch, text};
use crate::ir::NodeId;
use crate::partition::Partition;
use crate::partition::annotate::Verdict;
use crate::partition::options::FilterAnswer;
use crate::partition::region::Step;
use crate::partition::restore::{Decided, refusal, source};
use crate::partition::target::TargetVersion;
use crate::tensor::error::Result;
use serde_json::{Map, Value, json};

/// The partition as JSON.
pub fn write(parts: &Partition) -> Value {
    let regions: Vec<Value> = parts.regions.iter().zip(&parts.region_filter).map(|(r, f)| region(&r.name, &numbers(&r.nodes), f)).collect();
    let steps = parts.steps.iter().map(|s| match s {
        Step::Region(i) => json!({ "region": i }),
        Step::Node(n) => json!({ "node": n.0 }),
    });
    let verdicts = parts.verdicts.iter().enumerate().filter(|(_, v)| **v != Verdict::default());
    json!({
        "target": parts.target,
        "version": parts.version.version,
        "source": parts.version.source,
        "regions": regions,
        "steps": steps.collect::<Vec<_>>(),
        "verdicts": verdicts.map(|(i, v)| verdict(i, v)).collect::<Vec<_>>(),
        "notes": parts.notes,
    })
}

fn numbers(nodes: &[NodeId]) -> Vec<u32> {
    nodes.iter().map(|n| n.0).collect()
}

fn region(name: &str, nodes: &[u32], answer: &Option<FilterAnswer>) -> Value {
    let mut out = json!({ "name": name, "nodes": nodes });
    if let Some(answer) = answer {
        out["filter"] = filter(answer);
    }
    out
}

fn filter(answer: &FilterAnswer) -> Value {
    json!({ "offload": answer.offload, "reason": answer.reason })
}

fn verdict(node: usize, verdict: &Verdict) -> Value {
    let refusals = verdict.refusals.iter().map(|(s, r)| json!({ "source": s.name(), "rule": r.rule, "reason": r.reason, "lift": r.lift }));
    let mut out = Map::from_iter([("node".to_string(), json!(node)), ("refusals".to_string(), refusals.collect())]);
    if let Some(answer) = &verdict.filter {
        out.insert("filter".to_string(), filter(answer));
    }
    Value::Object(out)
}

/// The partition of a graph of `nodes` nodes.
pub fn read(json: &Value, nodes: usize) -> Result<Decided> {
    let id = |n: usize| Some(n).filter(|n| *n < nodes).map(|n| NodeId(n as u32)).ok_or_else(|| bad(format!("there is no node {n}")));
    let mut decided = Decided {
        target: text(json, "target")?.to_string(),
        version: TargetVersion { version: text(json, "version")?.to_string(), source: text(json, "source")?.to_string() },
        verdicts: vec![Verdict::default(); nodes],
        ..Decided::default()
    };
    for region in list(json, "regions")? {
        let members = indices(region, "nodes")?.into_iter().map(id).collect::<Result<Vec<_>>>()?;
        decided.regions.push((members, answer(region)?));
    }
    for step in list(json, "steps")? {
        decided.steps.push(match step.get("region") {
            Some(_) => Step::Region(usize::try_from(int(step, "region")?).unwrap_or(usize::MAX)),
            None => Step::Node(id(usize::try_from(int(step, "node")?).unwrap_or(usize::MAX))?),
        });
    }
    for json in list(json, "verdicts")? {
        let node = id(usize::try_from(int(json, "node")?).unwrap_or(usize::MAX))?;
        let verdict = &mut decided.verdicts[node.0 as usize];
        verdict.filter = answer(json)?.map(Box::new);
        for r in list(json, "refusals")? {
            let by = text(r, "source")?;
            let by = source(by).ok_or_else(|| bad(format!("nobody called '{by}' refuses nodes")))?;
            verdict.refuse(by, refusal(text(r, "rule")?, text(r, "reason")?, text(r, "lift")?)?);
        }
    }
    for note in list(json, "notes")? {
        decided.notes.push(note.as_str().ok_or_else(|| bad("a note is no text"))?.to_string());
    }
    Ok(decided)
}

fn answer(json: &Value) -> Result<Option<FilterAnswer>> {
    match json.get("filter") {
        None => Ok(None),
        Some(f) => Ok(Some(FilterAnswer { offload: switch(f, "offload")?, reason: text(f, "reason")?.to_string() })),
    }
}
