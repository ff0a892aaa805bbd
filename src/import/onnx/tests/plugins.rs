//! Operators that nobody knows, kept for plugins.

use super::*;
use crate::import::onnx::{Unknown, load_bytes_with};
use crate::ir::parse::parse;
use crate::ops::{self, plugin};
use crate::tensor::error::Code;

fn keep(model: &ModelProto) -> Result<Model> {
    load_bytes_with(model.encode_to_vec().into(), None, Unknown::Keep)
}

fn ramp(stated: &str) -> ModelProto {
    let ramp = node("Ramp", "r k", "p q")
        .named("ramp")
        .int("steps", 3)
        .ints("pads", &[1, -1])
        .float("alpha", 0.5)
        .text("plugin_version", "2")
        .text("plugin_namespace", "ours")
        .text("mode", "up")
        .tensor("table", floats("", &[2], &[1.0, 2.0]));
    let nodes = vec![node("Relu", "x", "r"), ramp, node("Neg", "p", "y")];
    let mut g = graph(vec![input("x", "N 4")], vec![ints("k", &[1, 2])], nodes, "y q");
    g.value_info = vec![input("p", stated)];
    g.output[1] = typed_input("q", 6, "N 3");
    model(13, g)
}

#[test]
fn an_unknown_node_is_kept_with_all_that_the_file_says() {
    let m = keep(&ramp("N 2 4")).unwrap();
    assert_eq!(ops_of(&m), ["nn.relu", "tensorrt.plugin", "negative"]);
    let text = m.graph.to_string();
    let attrs = "{plugin = \"Ramp\", version = \"2\", namespace = \"ours\", fields = fields(\"steps\": ints[3], \"pads\": ints[1, -1], \
                 \"alpha\": floats[0.5], \"mode\": text\"up\", \"table\": tensor float32[2] = [1.0, 2.0]), \
                 dtypes = \"float32,int32\", ranks = [3, 2], extents = dims[N, 2, 4, N, 3]} \"ramp\": float32[N, 2, 4], int32[N, 3]";
    assert!(text.contains(attrs), "{text}");
    assert_eq!(parse(&text, &ops::find, &|_| None).unwrap().to_string(), text);
    assert_eq!(plugin::nodes(&m.graph).len(), 1);
    let e = reference::run(&m.graph, &[Tensor::from_vec(&[1, 4], vec![0f32; 4])]).unwrap_err();
    assert!(e.message.contains("plugin 'Ramp' version '2' of namespace 'ours'"), "{e}");
}

#[test]
fn what_is_not_kept_is_named() {
    let mut m = ramp("N 2 4");
    let e = refused(&m);
    assert_eq!(e.code, Code::UnsupportedOperator);
    assert!(e.message.contains("Ramp of opset 13 (nodes 'ramp')") && e.message.contains("plugin_libraries"), "{e}");
    // Nobody else can tell the shape.
    for (stated, wrong) in [("N ? 4", "extent 1 of result 'p'"), ("N M 4", "extent 1 of result 'p'")] {
        let e = keep(&ramp(stated)).unwrap_err();
        assert!(e.code == Code::UnsupportedModel && e.message.contains(wrong) && e.message.contains("value_info"), "{e}");
    }
    m.graph.as_mut().unwrap().value_info.clear();
    let e = keep(&m).unwrap_err();
    assert!(e.message.contains("node 'ramp' (Ramp)") && e.message.contains("type and shape of result 'p'"), "{e}");
    // A graph inside a node goes to no library.
    let inner = graph(vec![], vec![], vec![node("Ramp", "x", "t")], "t");
    let branch = node("If", "c", "y").graph("then_branch", inner.clone()).graph("else_branch", inner);
    let e = keep(&model(13, graph(vec![input("x", "4"), typed_input("c", 9, "")], vec![], vec![branch], "y"))).unwrap_err();
    assert!(e.code == Code::UnsupportedOperator && e.message.contains("Ramp of opset 13"), "{e}");
    let odd = node("Odd", "x", "y").graph("g", graph(vec![], vec![], vec![node("Relu", "x", "t")], "t"));
    let mut g = graph(vec![input("x", "4")], vec![], vec![odd], "y");
    g.output[0] = input("y", "4");
    assert!(keep(&model(13, g)).unwrap_err().message.contains("attribute 'g' is graph"));
}
