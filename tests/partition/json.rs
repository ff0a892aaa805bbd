//! TVM's JSON layout: as documented, reads back, refuses damage.

use crate::toy::{DENSE, EVERY, Every, MIX, Mix, RELU, RESHAPE, Reshape, f32s, op};
use serde_json::{Value as Json, json};
use tvmtrt::ir::Graph;
use tvmtrt::ir::attrs::{NoAttrs, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::partition::{tvm_json, tvm_json_read};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::Tensor;

fn read(text: &str, graph: &Graph) -> Result<Graph> {
    let constants = tvm_json::constants(graph);
    let constant = |name: &str| constants.iter().find(|(n, _)| n == name).and_then(|(_, v)| graph.constant(*v).cloned());
    tvm_json_read::read(text, &constant, &op)
}

fn dense_relu() -> Graph {
    let mut b = Builder::new("tvmgen_default_tensorrt_main_0");
    let x = b.input("x", f32s(&[2, 4])).unwrap();
    let w = b.constant("fc.weight", Tensor::from_f64s(DType::F32, &[3, 4], &[0.5; 12]));
    let d = b.op("fc", &DENSE, NoAttrs {}, &[x, w]).unwrap();
    let r = b.op("act", &RELU, NoAttrs {}, &[d]).unwrap();
    b.output("y", r).unwrap();
    b.finish()
}

#[test]
fn layout_is_tvms() {
    let options = [("tensorrt_version", vec!["8".to_string(), "6".into(), "1".into()])];
    let json: Json = serde_json::from_str(&tvm_json::write(&dense_relu(), "tensorrt", &options).unwrap()).unwrap();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["symbol", "nodes", "arg_nodes", "heads", "node_row_ptr"]);
    assert_eq!(json["arg_nodes"], json!([0, 1]));
    assert_eq!(json["heads"], json!([[3, 0, 0]]));
    assert_eq!(json["node_row_ptr"], json!([0, 1, 2, 3, 4]));
    let nodes = &json["nodes"];
    assert_eq!(nodes[0], json!({"op": "input", "name": "x", "attrs": {"shape": [[[2, 4]]], "dtype": [["float32"]]}}));
    assert_eq!((&nodes[1]["op"], &nodes[1]["name"]), (&json!("const"), &json!("tvmgen_default_tensorrt_main_0_const_0")));
    assert_eq!((&nodes[2]["op"], &nodes[2]["name"]), (&json!("kernel"), &json!("tensorrt.nn.dense")));
    assert_eq!(nodes[2]["inputs"], json!([[0, 0, 0], [1, 0, 0]]));
    for (key, value) in [
        ("num_inputs", json!("2")),
        ("num_outputs", json!("1")),
        ("shape", json!([[[2, 3]]])),
        ("dtype", json!([["float32"]])),
        ("tensorrt_version", json!([["8", "6", "1"]])),
    ] {
        assert_eq!(nodes[2]["attrs"][key], value, "{key}");
    }
    assert_eq!(nodes[3]["attrs"]["tensorrt_version"], json!([["8", "6", "1"]]));
}

#[test]
fn every_kind_of_attribute_reads_back() {
    let n = Dim::symbol("N", 1, 64);
    let some = Every {
        float: f64::INFINITY,
        text: "a,\"b\"".into(),
        ints: vec![1, -2],
        dims: Param::Static(vec![&n * &Dim::from(2i64), Dim::from(-1i64)]),
        maybe_int: Some(i64::MIN),
        maybe_text: Some("x".into()),
        maybe_ints: Some(vec![]),
        maybe_dtype: Some(DType::Bool),
        maybe_dims: Some(Param::Input(0)),
        ..Every::default()
    };
    let mut b = Builder::new("every");
    let x = b.input("x", Fact::new(DType::F16, vec![n.clone(), Dim::symbol("W:a", 2, 9).floor_div(&Dim::from(2i64))])).unwrap();
    let shape = b.input("s", Fact::new(DType::I64, vec![Dim::from(2i64)]).with_value(Some(vec![n.clone(), Dim::from(7i64)]))).unwrap();
    let a = b.op("a", &EVERY, some, &[x, shape]).unwrap();
    let c = b.constant("c", Tensor::scalar(1.5f32));
    let d = b.op("d", &EVERY, Every::default(), &[a, c]).unwrap();
    let r = b.op("r", &RESHAPE, Reshape { newshape: Param::Static(vec![n]) }, &[d]).unwrap();
    let two = b.op("two", &MIX, Mix { results: 2, ..Mix::default() }, &[r, r]).unwrap();
    b.name_value(two, "first of two");
    [("two", two), ("again", two), ("x", x), ("c", c)].iter().for_each(|(name, v)| b.output(name, *v).unwrap());
    let graph = b.finish();
    let text = tvm_json::write(&graph, "toy", &[]).unwrap();
    assert_eq!(format!("{:?}", read(&text, &graph).unwrap()), format!("{graph:?}"), "{text}");
}

#[test]
fn damage_is_an_error() {
    let graph = dense_relu();
    let text = tvm_json::write(&graph, "tensorrt", &[]).unwrap();
    for (from, to) in [
        ("\"nodes\"", "\"node\""),
        ("nn.dense", "nn.dance"),
        ("[1,0,0]", "[3,0,0]"),
        ("[1,0,0]", "[1,9,0]"),
        ("[1,0,0]", "[-1,0]"),
        ("[[3,0,0]]", "[[4,0,0]]"),
        ("float32", "float33"),
        ("[[[2,3]]]", "[[[2,4]]]"),
        ("main_0_const_0", "main_0_const_1"),
        ("\"kernel\"", "\"colonel\""),
        ("\"attrs\"", "\"attr\""),
        ("0=y", "zero"),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(read(&text.replace(from, to), &graph).is_err(), "{from} -> {to}");
    }
    for end in 0..text.len() {
        assert!(text.is_char_boundary(end) && read(&text[..end], &graph).is_err(), "cut at {end}");
    }
}
