//! Names, order, inputs, outputs and constants of graphs; metadata and versions of models.

use super::*;
use crate::ir::Def;
use crate::tensor::error::Code;

fn relu(input: &str, output: &str) -> NodeProto {
    node("Relu", input, output)
}

#[test]
fn names_order_and_metadata_are_kept() {
    let nodes = vec![relu("x", "a").named("first"), relu("a", "b"), node("Add", "b a", "y").named("first")];
    let mut m = model(13, graph(vec![input("x", "N 3")], vec![], nodes, "y"));
    m.producer_name = "maker".into();
    m.producer_version = "1.2".into();
    m.metadata.push(EntryProto { key: "k".into(), value: "v".into() });
    let m = load(&m).unwrap();
    assert_eq!((m.producer.as_str(), m.opset, m.metadata["k"].as_str()), ("maker 1.2", 13, "v"));
    // The model's names; an unnamed node is called after its result, a doubled name gets a number.
    let names: Vec<&str> = m.graph.nodes.iter().map(|n| n.name.as_str()).collect();
    assert_eq!(names, ["first", "b", "first#2"]);
    assert_eq!(m.graph.value(m.graph.outputs[0].value).name, "y");
    assert_eq!(m.graph.fact(m.graph.outputs[0].value).to_string(), "float32[N, 3]");
}

#[test]
fn nodes_out_of_order_are_sorted_and_unneeded_ones_left_out() {
    let nodes = vec![relu("c", "y"), relu("b", "c"), node("Unheard", "nothing", "lost"), relu("x", "b")];
    let m = load(&model(13, graph(vec![input("x", "3")], vec![], nodes, "y"))).unwrap();
    let values: Vec<&str> = m.graph.nodes.iter().map(|n| m.graph.value(n.outputs[0]).name.as_str()).collect();
    assert_eq!(values, ["b", "c", "y"]);
}

#[test]
fn constants_that_are_inputs_too_are_constants_and_unused_ones_are_not_read() {
    let mut broken = floats("unused", &[1 << 40], &[]);
    broken.raw_data = None;
    let constants = vec![floats("w", &[2], &[1.0, 2.0]), broken];
    let g = graph(vec![input("x", "2"), input("w", "2")], constants, vec![node("Add", "x w", "y")], "y");
    let m = load(&model(8, g)).unwrap();
    assert_eq!(m.graph.inputs.len(), 1);
    assert_eq!(m.graph.values.len(), 3);
}

#[test]
fn outputs_may_be_inputs_or_constants_and_may_share_a_value() {
    let nodes = vec![node("Identity", "x", "same"), node("Identity", "same", "again")];
    let m = load(&model(13, graph(vec![input("x", "2")], vec![floats("w", &[], &[7.0])], nodes, "x w same again"))).unwrap();
    assert!(m.graph.nodes.is_empty());
    let names: Vec<&str> = m.graph.outputs.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["x", "w", "same", "again"]);
    assert!(matches!(m.graph.value(m.graph.outputs[1].value).def, Def::Const(_)));
    assert_eq!(m.graph.outputs[3].value, m.graph.inputs[0]);
}

#[test]
fn wrong_graphs_are_refused_by_name() {
    let cases: Vec<(GraphProto, &[&str])> = vec![
        (graph(vec![input("x", "2")], vec![], vec![relu("q", "y").named("n")], "y"), &["'n' (Relu)", "'q'", "nothing defines"]),
        (graph(vec![input("x", "2")], vec![], vec![], "y"), &["output 'y'", "nothing defines"]),
        (graph(vec![input("x", "2")], vec![], vec![relu("x", "y")], ""), &["no outputs"]),
        (graph(vec![input("x", "2")], vec![], vec![relu("x", "y")], "y y"), &["two outputs named 'y'"]),
        (graph(vec![input("x", "2"), input("x", "2")], vec![], vec![relu("x", "y")], "y"), &["two inputs named 'x'"]),
        (graph(vec![input("", "2")], vec![], vec![relu("x", "y")], "y"), &["'x'", "nothing defines"]),
        (graph(vec![input("x", "2")], vec![], vec![relu("x", "y"), relu("x", "y")], "y"), &["defines 'y'", "already"]),
        (graph(vec![input("x", "2")], vec![], vec![relu("x", "x")], "x"), &["defines 'x'", "already"]),
        (graph(vec![input("x", "2")], vec![ints("w", &[1]), ints("w", &[1])], vec![], "w"), &["two constants named 'w'"]),
        (graph(vec![], vec![], vec![relu("y", "y").named("self")], "y"), &["1 nodes", "cycle", "'self'"]),
        (
            graph(vec![], vec![], vec![relu("b", "a").named("n1"), relu("a", "b").named("n2"), relu("b", "y")], "y"),
            &["2 nodes", "cycle", "'n1'", "'n2'"],
        ),
    ];
    for (g, words) in cases {
        let e = refused(&model(13, g));
        assert_eq!(e.code, Code::MalformedModel, "{e}");
        words.iter().for_each(|w| assert!(e.message.contains(w), "{e} does not say {w}"));
    }
}

#[test]
fn every_unsupported_operator_is_named_at_once() {
    let mut foreign = node("Fancy", "a", "b").named("mine");
    foreign.domain = "com.example".into();
    let inner = graph(vec![], vec![], vec![node("Deep", "b", "z")], "z");
    let choice = node("If", "c", "y").graph("then_branch", inner.clone()).graph("else_branch", inner);
    let nodes = vec![node("Strange", "x", "a"), foreign, choice];
    let g = graph(vec![input("x", "2"), typed_input("c", 9, "")], vec![], nodes, "y");
    let e = refused(&model(13, g));
    assert_eq!(e.code, Code::UnsupportedOperator);
    for w in ["3 operators", "Strange of opset 13 (nodes 'a')", "Fancy of domain 'com.example' (nodes 'mine')", "Deep of opset 13"] {
        assert!(e.message.contains(w), "{e} does not say {w}");
    }
    // An operator of a newer version is not known in an older one; both spellings of ONNX's own domain are.
    let mut swish = node("HardSwish", "x", "y");
    let e = refused(&model(13, graph(vec![input("x", "2")], vec![], vec![swish.clone()], "y")));
    assert!(e.message.contains("HardSwish of opset 13"), "{e}");
    swish.domain = "ai.onnx".into();
    load(&model(14, graph(vec![input("x", "2")], vec![], vec![swish], "y"))).unwrap();
}

#[test]
fn versions_and_foreign_files_are_refused_with_advice() {
    let g = || graph(vec![input("x", "2")], vec![], vec![relu("x", "y")], "y");
    let e = refused(&model(6, g()));
    assert!(e.code == Code::UnsupportedModel && e.message.contains("version_converter"), "{e}");
    let e = refused(&model(9999, g()));
    assert!(e.code == Code::UnsupportedModel && e.message.contains("9999"), "{e}");
    let mut none = model(13, g());
    none.opset_import.clear();
    assert_eq!(refused(&none).code, Code::MalformedModel);
    for bytes in [&b""[..], b"not a model at all", b"PK\x03\x04"] {
        let e = load_bytes(Bytes::copy_from_slice(bytes), None).unwrap_err();
        assert!(e.code == Code::MalformedModel && e.message.contains("no ONNX model"), "{e}");
    }
}

#[test]
fn inputs_must_be_tensors_of_known_rank() {
    let mut shapeless = input("x", "");
    shapeless.r#type.as_mut().unwrap().tensor.as_mut().unwrap().shape = None;
    let mut sequence = input("x", "");
    sequence.r#type = Some(TypeProto { tensor: None });
    let text = typed_input("x", 8, "2");
    for (bad, word) in [(shapeless, "no shape"), (sequence, "not a dense tensor"), (text, "string")] {
        let e = refused(&model(13, graph(vec![bad], vec![], vec![relu("x", "y")], "y")));
        assert!(e.code == Code::UnsupportedModel && e.message.contains("'x'") && e.message.contains(word), "{e}");
    }
}

#[test]
fn attributes_and_operands_that_nobody_reads_are_refused() {
    let fault = |n: NodeProto| refused(&model(13, graph(vec![input("x", "2 3")], vec![], vec![n], "y"))).message;
    assert!(fault(node("Softmax", "x", "y").float("axis", 1.0)).contains("attribute 'axis' must be int, not float"));
    assert!(fault(node("Softmax", "x", "y").int("axes", 1)).contains("attribute 'axes' is not known"));
    assert!(fault(node("Softmax", "x", "y").int("axis", 1).int("axis", 1)).contains("attribute 'axis' is given twice"));
    assert!(fault(node("Softmax", "x x", "y")).contains("operand 1, 'x', is one too many"));
    assert!(fault(node("Softmax", "-", "y")).contains("operand 0 is missing"));
    assert!(fault(node("Relu", "x", "y").int("slope", 1)).contains("attribute 'slope' is not known"));
    assert!(fault(node("Gelu", "x", "y")).contains("Gelu of opset 13"));
    // Files of before the type was stored.
    let mut old = node("Softmax", "x", "y").int("axis", 1);
    old.attribute[0].kind = 0;
    load(&model(13, graph(vec![input("x", "2 3")], vec![], vec![old], "y"))).unwrap();
}
