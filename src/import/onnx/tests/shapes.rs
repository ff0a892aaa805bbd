//! Shapes that networks compute: chains of Shape, Gather and Concat leave static parameters; parameters by attribute or operand.

use super::*;
use crate::ir::attrs::{Attr, Param};
use crate::tensor::dtype::DType;
use crate::tensor::error::Code;

fn attr(m: &Model, node: usize, name: &str) -> Attr {
    m.graph.nodes[node].attrs.named().find(|(n, _)| *n == name).unwrap().1
}

fn facts(m: &Model) -> Vec<String> {
    m.graph.outputs.iter().map(|o| m.graph.fact(o.value).to_string()).collect()
}

#[test]
fn a_reshape_by_computed_extents_becomes_static() {
    let nodes = vec![
        node("Shape", "x", "s"),
        node("Gather", "s zero", "n"),
        node("Unsqueeze", "n zeros", "n1"),
        node("Concat", "n1 rest", "shape").int("axis", 0),
        node("Reshape", "x shape", "y"),
    ];
    let zero = TensorProto { dims: vec![], ..ints("zero", &[0]) };
    let constants = vec![zero, ints("zeros", &[0]), ints("rest", &[-1])];
    let m = load(&model(13, graph(vec![input("x", "N 3 H")], constants, nodes, "y"))).unwrap();
    assert_eq!(facts(&m), ["float32[N, 3*H]"]);
    let last = m.graph.nodes.len() - 1;
    assert!(matches!(attr(&m, last, "newshape"), Attr::Param(Param::Static(_))));
    assert_eq!(m.graph.nodes[last].inputs.len(), 1);
}

#[test]
fn a_shape_that_is_an_input_stays_an_operand() {
    let g = graph(vec![input("x", "2 6"), typed_input("s", 7, "3")], vec![], vec![node("Reshape", "x s", "y")], "y");
    let m = load(&model(14, g)).unwrap();
    assert_eq!(attr(&m, 0, "newshape"), Attr::Param(Param::Input(1)));
    assert_eq!(m.graph.nodes[0].inputs.len(), 2);
}

#[test]
fn slices_take_attributes_before_version_10_and_operands_after() {
    let old = node("Slice", "x", "y").ints("starts", &[1]).ints("ends", &[i64::MAX]).ints("axes", &[-1]);
    let y = run(9, graph(vec![input("x", "2 3")], vec![], vec![old], "y"), &[counting(&[2, 3])]);
    assert_close(&y[0], &[2, 2], &[1.0, 2.0, 4.0, 5.0]);
    let constants = || vec![ints("b", &[-1]), ints("e", &[i64::MIN]), ints("a", &[1]), ints("s", &[-2])];
    let y = run(10, graph(vec![input("x", "2 3")], constants(), vec![node("Slice", "x b e a s", "y")], "y"), &[counting(&[2, 3])]);
    assert_close(&y[0], &[2, 2], &[2.0, 0.0, 5.0, 3.0]);
    // Without axes: the leading ones.
    let nodes = vec![node("Slice", "x b2 e2", "y")];
    let y = run(13, graph(vec![input("x", "2 3")], vec![ints("b2", &[1]), ints("e2", &[2])], nodes, "y"), &[counting(&[2, 3])]);
    assert_close(&y[0], &[1, 3], &[3.0, 4.0, 5.0]);
}

#[test]
fn shape_has_ends_and_size_is_a_number() {
    let nodes = |start: i64, end: i64| vec![node("Shape", "x", "y").int("start", start).int("end", end)];
    let fact = |start, end| facts(&load(&model(15, graph(vec![input("x", "N 3 H 5")], vec![], nodes(start, end), "y"))).unwrap());
    assert_eq!(fact(1, 3), ["int64[2] = [3, H]"]);
    assert_eq!(fact(-1, 99), ["int64[1] = [5]"]);
    assert_eq!(fact(-9, -3), ["int64[1] = [N]"]);
    assert_eq!(fact(3, 1), ["int64[0] = []"]);
    let size = |extents: &str| load(&model(13, graph(vec![input("x", extents)], vec![], vec![node("Size", "x", "y")], "y"))).unwrap();
    assert_eq!(facts(&size("2 3")), ["int64[] = 6"].map(|s| s.replace("= 6", "= [6]")));
    assert_eq!(ops_of(&size("N 3")), ["shape_of", "prod"]);
}

#[test]
fn axes_of_squeeze_and_unsqueeze_by_version() {
    let x = || vec![input("x", "1 3 1")];
    let by_attribute = |n: NodeProto| ops_of(&load(&model(11, graph(x(), vec![], vec![n], "y"))).unwrap()).len();
    // Axes 0, 1 and 4 of the result: one step for the neighbours, one for the last.
    assert_eq!(by_attribute(node("Unsqueeze", "x", "y").ints("axes", &[4, 0, 1])), 2);
    assert_eq!(by_attribute(node("Squeeze", "x", "y")), 1);
    let nodes = vec![node("Unsqueeze", "x a", "u"), node("Squeeze", "u b", "y")];
    let m = load(&model(13, graph(x(), vec![ints("a", &[-1, 0]), ints("b", &[1, 3])], nodes, "u y"))).unwrap();
    assert_eq!(facts(&m), ["float32[1, 1, 3, 1, 1]", "float32[1, 3, 1]"]);
    let g = graph(vec![input("x", "1 3"), typed_input("a", 7, "1")], vec![], vec![node("Squeeze", "x a", "y")], "y");
    let e = refused(&model(13, g));
    assert!(e.code == Code::UnsupportedModel && e.message.contains("'axes'"), "{e}");
    let e = refused(&model(13, graph(x(), vec![ints("a", &[0, 0])], vec![node("Unsqueeze", "x a", "y")], "y")));
    assert!(e.message.contains("twice"), "{e}");
}

#[test]
fn splits_by_sizes_by_count_and_evenly() {
    let parts = |opset, n: NodeProto, constants| {
        let outputs = n.output.join(" ");
        load(&model(opset, graph(vec![input("x", "7 2")], constants, vec![n], &outputs))).map(|m| facts(&m).join(" "))
    };
    let three = "float32[3, 2] float32[3, 2] float32[1, 2]";
    assert_eq!(parts(11, node("Split", "x", "a b c").ints("split", &[3, 3, 1]), vec![]).unwrap(), three);
    assert_eq!(parts(13, node("Split", "x s", "a b c"), vec![ints("s", &[3, 3, 1])]).unwrap(), three);
    assert_eq!(parts(18, node("Split", "x", "a b c").int("num_outputs", 3), vec![]).unwrap(), three);
    assert_eq!(parts(13, node("Split", "x", "a b").int("axis", 1), vec![]).unwrap(), "float32[7, 1] float32[7, 1]");
    assert_eq!(parts(13, node("Split", "x", "a"), vec![]).unwrap(), "float32[7, 2]");
    assert!(parts(13, node("Split", "x", "a b c"), vec![]).unwrap_err().message.contains("cannot be split into 3"));
    assert!(parts(13, node("Split", "x s", "a b"), vec![ints("s", &[3, 3])]).unwrap_err().message.contains("do not add up to 7"));
    assert!(parts(18, node("Split", "x", "a b").int("num_outputs", 3), vec![]).unwrap_err().message.contains("'num_outputs'"));
}

#[test]
fn constants_come_in_six_forms() {
    let nodes = vec![
        node("Constant", "", "a").int("value_int", 3),
        node("Constant", "", "b").ints("value_ints", &[1, 2]),
        node("Constant", "", "c").float("value_float", 0.5),
        node("Constant", "", "d").tensor("value", floats("", &[1], &[2.0])),
        node("ConstantOfShape", "b", "e"),
        node("ConstantOfShape", "b", "f").tensor("value", ints("", &[7])),
    ];
    let m = load(&model(13, graph(vec![], vec![], nodes, "a b c d e f"))).unwrap();
    let want = ["int64[] = [3]", "int64[2] = [1, 2]", "float32[]", "float32[1]", "float32[1, 2]", "int64[1, 2] = [7, 7]"];
    assert_eq!(facts(&m), want);
    let e = refused(&model(13, graph(vec![], vec![], vec![node("Constant", "", "a").text("value_string", "t")], "a")));
    assert!(e.code == Code::UnsupportedModel && e.message.contains("'value_string'"), "{e}");
}

#[test]
fn dropout_is_nothing_in_inference() {
    let x = || vec![input("x", "2")];
    let old = load(&model(10, graph(x(), vec![], vec![node("Dropout", "x", "y m").float("ratio", 0.3)], "y m"))).unwrap();
    assert_eq!((ops_of(&old), facts(&old)), (vec!["full"], vec!["float32[2]".to_string(), "bool[2] = [1, 1]".to_string()]));
    let new = load(&model(13, graph(x(), vec![floats("r", &[], &[0.3])], vec![node("Dropout", "x r", "y").int("seed", 4)], "y"))).unwrap();
    assert!(new.graph.nodes.is_empty());
    let on = TensorProto { name: "t".into(), data_type: 9, int32_data: vec![1], ..TensorProto::default() };
    let g = graph(x(), vec![floats("r", &[], &[0.3]), on], vec![node("Dropout", "x r t", "y")], "y");
    match crate::ops::find("nn.dropout") {
        Some(_) => assert_eq!(ops_of(&load(&model(13, g)).unwrap()), ["nn.dropout"]),
        None => assert!(refused(&model(13, g)).message.contains("'training_mode'")),
    }
}

#[test]
fn flatten_and_expand() {
    let fact =
        |n: NodeProto| facts(&load(&model(13, graph(vec![input("x", "N 3 4")], vec![ints("e", &[2, 1, 1, 4])], vec![n], "y"))).unwrap());
    assert_eq!(fact(node("Flatten", "x", "y")), ["float32[N, 12]"]);
    assert_eq!(fact(node("Flatten", "x", "y").int("axis", 0)), ["float32[1, 12*N]"]);
    assert_eq!(fact(node("Flatten", "x", "y").int("axis", -1)), ["float32[3*N, 4]"]);
    assert_eq!(fact(node("Expand", "x e", "y")), ["float32[2, N, 3, 4]"]);
    let y = run(
        13,
        graph(vec![input("x", "1 4 1 2")], vec![], vec![node("DepthToSpace", "x", "y").int("blocksize", 2)], "y"),
        &[counting(&[1, 4, 1, 2])],
    );
    assert_close(&y[0], &[1, 1, 2, 4], &[0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]);
    assert_eq!(y[0].dtype(), DType::F32);
}
