//! Where a run's time goes: for each engine the layers that TensorRT made, with the nodes that they came from, and for our own code each
//! of its steps. Knows nothing of how runs are done.

use crate::tensorrt::profiler::LayerTime;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// A layer of an engine, or a step of our own code.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// TensorRT's name for it, or ours.
    pub name: String,
    /// Nodes of the graph that it computes, as far as names tell.
    pub nodes: Vec<String>,
    /// Mean microseconds of a run.
    pub microseconds: f64,
}

/// An engine's part of a run, or our own code's between two engines.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The region's name where an engine ran; `None` is our own code.
    pub engine: Option<String>,
    /// Mean microseconds of a run from its first to its last layer, with the copies that it needs.
    pub microseconds: f64,
    /// In the order in which they ran.
    pub layers: Vec<Layer>,
    /// Nodes that no layer's name has.
    pub unnamed: Vec<String>,
}

/// Where the time of runs went.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// How many runs were timed.
    pub runs: usize,
    /// Mean microseconds of a run as it is without a profiler.
    pub microseconds: f64,
    /// In the order in which they ran.
    pub parts: Vec<Part>,
}

impl Profile {
    /// Mean microseconds of all layers of a run.
    pub fn layers_microseconds(&self) -> f64 {
        self.parts.iter().flat_map(|p| &p.layers).map(|l| l.microseconds).sum()
    }

    /// For programs: `schema_version`, `runs`, `run_microseconds`, `layers_microseconds` and `parts`.
    pub fn json(&self) -> String {
        let all = self.layers_microseconds().max(f64::MIN_POSITIVE);
        let layer = |l: &Layer| json!({ "name": l.name, "nodes": l.nodes, "microseconds": l.microseconds, "share": l.microseconds / all });
        let part = |p: &Part| {
            let layers: Vec<Value> = p.layers.iter().map(layer).collect();
            json!({ "engine": p.engine, "microseconds": p.microseconds, "layers": layers, "unnamed_nodes": p.unnamed })
        };
        let parts: Vec<Value> = self.parts.iter().map(part).collect();
        let value = json!({
            "schema_version": 1,
            "runs": self.runs,
            "run_microseconds": self.microseconds,
            "layers_microseconds": self.layers_microseconds(),
            "parts": parts,
        });
        format!("{value:#}")
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.layers_microseconds();
        writeln!(f, "mean of {} runs: {:.1} us; layers one by one: {all:.1} us", self.runs, self.microseconds)?;
        for part in &self.parts {
            let name = part.engine.as_ref().map_or("own kernels".to_string(), |e| format!("engine '{e}'"));
            writeln!(f, "{name}: {:.1} us", part.microseconds)?;
            for layer in &part.layers {
                let share = 100.0 * layer.microseconds / all.max(f64::MIN_POSITIVE);
                let nodes = layer.nodes.join(", ");
                let nodes = if nodes.is_empty() || nodes == layer.name { String::new() } else { format!(" <- {nodes}") };
                writeln!(f, "  {:>10.1} us {share:>5.1} %  {}{nodes}", layer.microseconds, layer.name)?;
            }
            if !part.unnamed.is_empty() {
                writeln!(f, "  without a layer of their own: {}", part.unnamed.join(", "))?;
            }
        }
        Ok(())
    }
}

/// The layers of an engine, as TensorRT timed them in `runs` runs, with the nodes that their names, or TensorRT's account of them
/// (`inspected`), tell of; and the nodes that are in none.
pub fn layers_of(times: &[LayerTime], runs: usize, nodes: &[&str], inspected: &str) -> (Vec<Layer>, Vec<String>) {
    let metadata = metadata(inspected);
    let mut known: Vec<&str> = nodes.to_vec();
    // Of names that begin alike the longer one is looked for first.
    known.sort_by_key(|n| std::cmp::Reverse(n.len()));
    let layer = |time: &LayerTime| {
        let text = metadata.get(&time.name).unwrap_or(&time.name);
        let microseconds = time.microseconds / runs.max(1) as f64;
        Layer { name: time.name.clone(), nodes: named_in(text, &known, nodes), microseconds }
    };
    let layers: Vec<Layer> = times.iter().map(layer).collect();
    let unnamed = nodes.iter().filter(|n| !layers.iter().any(|l| l.nodes.iter().any(|m| m == *n)));
    let unnamed = unnamed.map(|n| n.to_string()).collect();
    (layers, unnamed)
}

/// What the inspector says of layers' origins, by layer; engines that were built with `profiling_verbosity` at `detailed` have it.
fn metadata(inspected: &str) -> BTreeMap<String, String> {
    let Ok(found) = serde_json::from_str::<Value>(inspected) else { return BTreeMap::new() };
    let layers = found["Layers"].as_array().cloned().unwrap_or_default();
    let origin = |l: &Value| Some((l["Name"].as_str()?.to_string(), l["Metadata"].as_str().filter(|m| !m.is_empty())?.to_string()));
    layers.iter().filter_map(origin).collect()
}

/// The nodes whose names stand in a text, in the graph's order. `known` has the longest names first.
fn named_in(text: &str, known: &[&str], order: &[&str]) -> Vec<String> {
    let mut rest = text.as_bytes().to_vec();
    let mut found = Vec::new();
    let part_of_name = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b"_/.-".contains(b) && *b != b'.');
    for name in known.iter().filter(|n| !n.is_empty()) {
        let mut from = 0;
        while let Some(at) = rest[from..].windows(name.len()).position(|w| w == name.as_bytes()).map(|p| p + from) {
            let end = at + name.len();
            let alone = !part_of_name(at.checked_sub(1).and_then(|b| rest.get(b))) && !part_of_name(rest.get(end));
            if alone {
                rest[at..end].fill(b' ');
                found.push(*name);
            }
            from = end;
        }
    }
    order.iter().filter(|n| found.contains(n)).map(|n| n.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(name: &str, microseconds: f64) -> LayerTime {
        LayerTime { name: name.into(), microseconds }
    }

    #[test]
    fn layers_tell_their_nodes_by_name_or_by_account() {
        let nodes = ["conv1", "conv10", "/a/relu", "sum", "tail"];
        let times = [time("conv10 + /a/relu", 30.0), time("__myl_Add_0", 6.0), time("Reformatting CopyNode for Input 0 to conv1", 3.0)];
        let account = r#"{"Layers": ["x", {"Name": "__myl_Add_0", "Metadata": "sum:ElementWise2\u001esum"}]}"#;
        let (layers, unnamed) = layers_of(&times, 3, &nodes, account);
        let got: Vec<(Vec<&str>, f64)> = layers.iter().map(|l| (l.nodes.iter().map(String::as_str).collect(), l.microseconds)).collect();
        assert_eq!(got, [(vec!["conv10", "/a/relu"], 10.0), (vec!["sum"], 2.0), (vec!["conv1"], 1.0)]);
        assert_eq!(unnamed, ["tail"]);
    }

    #[test]
    fn text_and_json_say_the_same() {
        let layer = |name: &str, us: f64| Layer { name: name.into(), nodes: vec![name.to_string()], microseconds: us };
        let engine = Part { engine: Some("r".into()), microseconds: 40.0, layers: vec![layer("a", 30.0)], unnamed: vec!["z".into()] };
        let own = Part { engine: None, microseconds: 11.0, layers: vec![layer("b", 10.0)], unnamed: Vec::new() };
        let profile = Profile { runs: 5, microseconds: 52.0, parts: vec![engine, own] };
        let text = profile.to_string();
        for part in [
            "mean of 5 runs: 52.0 us; layers one by one: 40.0 us",
            "engine 'r': 40.0 us",
            "30.0 us  75.0 %  a",
            "of their own: z",
            "own kernels",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let json: Value = serde_json::from_str(&profile.json()).unwrap();
        assert_eq!(json["parts"][0]["layers"][0]["share"], 0.75);
        assert_eq!((&json["parts"][1]["engine"], &json["layers_microseconds"]), (&Value::Null, &json!(40.0)));
    }
}
