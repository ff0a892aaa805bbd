//! The text recogniser: no shape arithmetic is left, one region, and the texts that onnxruntime's numbers say.

mod common;
mod data;
mod suite;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use suite::cpu::Runner;
use tvmtrt::cpu::isa::Isa;
use tvmtrt::import::onnx;
use tvmtrt::ir::Graph;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::transform;
use tvmtrt::transform::bind::Assignment;

fn model() -> Option<onnx::Model> {
    let folder = data::root("networks")?.join("recogniser");
    Some(onnx::load_file(&data::folder(&folder).model).unwrap())
}

/// With the height fixed; batch and width stay free.
fn prepared(model: &onnx::Model) -> Graph {
    let height = model.graph.fact(model.graph.inputs[0]).shape[2].as_symbol().unwrap().name.clone();
    transform::prepare(&model.graph, &Assignment::from([(height, Dim::from(48i64))])).unwrap()
}

/// Operators that exports compute shapes with.
const SHAPE_WORK: &[&str] = &["shape_of", "take", "cast", "full", "broadcast_to", "where", "equal"];

#[test]
fn no_shape_computing_node_is_left() {
    let Some(model) = model() else { return };
    let graph = prepared(&model);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    graph.nodes.iter().for_each(|n| *counts.entry(n.op.name).or_default() += 1);
    for op in SHAPE_WORK {
        assert!(!counts.contains_key(op), "{op} is left");
    }
    for node in &graph.nodes {
        assert!(node.outputs.iter().all(|o| graph.fact(*o).dtype.is_float()), "node '{}' computes integers", node.name);
    }
    let mut text = format!("{} nodes, imported {}\n", graph.nodes.len(), model.graph.nodes.len());
    counts.iter().for_each(|(op, n)| writeln!(text, "{n:4} {op}").unwrap());
    graph.inputs.iter().for_each(|i| writeln!(text, "input {} {}", graph.value(*i).name, graph.fact(*i)).unwrap());
    graph.outputs.iter().for_each(|o| writeln!(text, "output {} {}", o.name, graph.fact(o.value)).unwrap());
    for node in graph.nodes.iter().filter(|n| ["reshape", "squeeze", "strided_slice", "transpose"].contains(&n.op.name)) {
        writeln!(text, "{} -> {}", node.op.name, graph.fact(node.outputs[0])).unwrap();
    }
    common::golden("recogniser_prepared", &text);
}

/// Best class per step, repetitions and blanks left out.
fn decode(probabilities: &Tensor, alphabet: &[&str]) -> Vec<String> {
    let (steps, classes) = (probabilities.shape()[1], probabilities.shape()[2]);
    let values = probabilities.values::<f32>();
    let best = |row: &[f32]| row.iter().enumerate().fold(0, |b, (i, v)| if *v > row[b] { i } else { b });
    values
        .chunks(steps * classes)
        .map(|image| {
            let mut last = 0;
            let mut text = String::new();
            for row in image.chunks(classes) {
                let class = best(row);
                if class != 0 && class != last {
                    text.push_str(alphabet.get(class - 1).unwrap_or(&" "));
                }
                last = class;
            }
            text
        })
        .collect()
}

#[test]
fn rendered_strings_are_read() {
    let Some(model) = model() else { return };
    let folder = data::folder(&data::root("networks").unwrap().join("recogniser"));
    let graph = prepared(&model);
    let alphabet: Vec<&str> = model.metadata["character"].lines().collect();
    let mut runner = Runner::new(&graph, Isa::detect(), 2).unwrap();
    let mut read = 0;
    for case in &folder.cases {
        let inputs: Vec<Tensor> = case.inputs.iter().map(|(_, t)| t.clone()).collect();
        let got = runner.run(&inputs).unwrap();
        // Probabilities: an absolute bound says more than a relative one.
        let far = got[0].to_f64s().iter().zip(case.outputs[0].1.to_f64s()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(far < 1e-3, "{}: a probability differs by {far}", case.name);
        let texts = decode(&got[0], &alphabet);
        assert_eq!(texts, case.texts, "{}", case.name);
        read += texts.len();
    }
    assert!(read >= 20, "only {read} strings");
    assert!(Path::new(&folder.model).exists());
}
