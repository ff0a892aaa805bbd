//! What single operators become and compute: defaults, versions, compositions and refusals. Numbers are worked out by hand.

use super::*;
use crate::import::onnx::table::{FAMILIES, How};
use crate::ir::attrs::Attr;
use crate::ops;
use crate::tensor::error::Code;
use std::collections::BTreeSet;

fn one(opset: i64, extents: &str, constants: Vec<TensorProto>, n: NodeProto) -> Result<Model> {
    load(&model(opset, graph(vec![input("x", extents)], constants, vec![n], "y")))
}

fn value(opset: i64, x: &Tensor, constants: Vec<TensorProto>, n: NodeProto) -> Tensor {
    let extents: Vec<String> = x.shape().iter().map(|d| d.to_string()).collect();
    run(opset, graph(vec![input("x", &extents.join(" "))], constants, vec![n], "y"), std::slice::from_ref(x)).remove(0)
}

fn attr(m: &Model, name: &str) -> Attr {
    m.graph.nodes[0].attrs.named().find(|(n, _)| *n == name).unwrap().1
}

#[test]
fn the_table_has_each_operator_and_version_once_and_our_names_exist() {
    let mut seen = BTreeSet::new();
    for row in FAMILIES.iter().copied().flatten() {
        assert!(seen.insert((row.domain, row.name, row.since)), "{} {} is there twice", row.name, row.since);
        assert!((1..=crate::import::onnx::NEWEST_OPSET).contains(&row.since), "{}", row.name);
        if let How::Same(op) = row.how {
            assert!(ops::find(op).is_some(), "{} becomes '{op}', which has no entry", row.name);
        }
    }
}

#[test]
fn automatic_padding_follows_the_extents() {
    let conv = |mode: &str, stride: i64| {
        let n = node("Conv", "x w", "y").text("auto_pad", mode).ints("strides", &[stride, stride]);
        one(13, "1 1 5 W", vec![floats("w", &[1, 1, 3, 2], &[0.0; 6])], n)
    };
    assert_eq!(attr(&conv("VALID", 2).unwrap(), "padding"), Attr::Ints(vec![0; 4]));
    // With step 1 the padding does not depend on the extent, even where that is free.
    assert_eq!(attr(&conv("SAME_UPPER", 1).unwrap(), "padding"), Attr::Ints(vec![1, 0, 1, 1]));
    assert_eq!(attr(&conv("SAME_LOWER", 1).unwrap(), "padding"), Attr::Ints(vec![1, 1, 1, 0]));
    let e = conv("SAME_UPPER", 2).unwrap_err();
    assert!(e.code == Code::UnsupportedModel && e.message.contains("'auto_pad'") && e.message.contains('W'), "{e}");
    assert!(conv("SAME", 1).unwrap_err().message.contains("'SAME'"));
    let fixed = node("MaxPool", "x", "y").text("auto_pad", "SAME_UPPER").ints("kernel_shape", &[2]).ints("strides", &[2]);
    assert_eq!(attr(&one(13, "1 1 5", vec![], fixed).unwrap(), "padding"), Attr::Ints(vec![0, 1]));
}

#[test]
fn convolutions_check_their_attributes() {
    let w = || vec![floats("w", &[2, 1, 3], &[1.0, 1.0, 1.0, 0.0, 0.0, 2.0]), floats("b", &[2], &[0.5, -0.5])];
    let y = value(11, &counting(&[1, 1, 4]), w(), node("Conv", "x w b", "y").ints("pads", &[1, 0]));
    assert_close(&y, &[1, 2, 3], &[1.5, 3.5, 6.5, 1.5, 3.5, 5.5]);
    let fault = |n: NodeProto| one(13, "1 1 8", w(), n).unwrap_err().message;
    assert!(fault(node("Conv", "x w", "y").ints("kernel_shape", &[5])).contains("'kernel_shape'"));
    assert!(fault(node("Conv", "x w", "y").ints("strides", &[0])).contains("'strides'"));
    assert!(fault(node("Conv", "x w", "y").ints("pads", &[1])).contains("'pads'"));
    assert!(fault(node("Conv", "x w", "y").ints("pads", &[-1, 0])).contains("'pads'"));
    assert!(fault(node("Conv", "x", "y")).contains("operand 1 is missing"));
}

#[test]
fn gemm_in_all_its_forms() {
    let (x, b) = (counting(&[2, 3]), || floats("b", &[2, 3], &[1.0, 0.0, -1.0, 2.0, 1.0, 0.0]));
    let dense = one(13, "2 3", vec![b()], node("Gemm", "x b", "y").int("transB", 1)).unwrap();
    assert_eq!(ops_of(&dense), ["nn.dense"]);
    assert_close(&value(13, &x, vec![b()], node("Gemm", "x b", "y").int("transB", 1)), &[2, 2], &[-2.0, 1.0, -2.0, 10.0]);
    let scaled = node("Gemm", "x b c", "y").int("transA", 1).float("alpha", 2.0).float("beta", 0.5);
    let y = value(13, &x, vec![b(), floats("c", &[3], &[2.0, 4.0, 6.0])], scaled);
    assert_close(&y, &[3, 3], &[13.0, 8.0, 3.0, 19.0, 10.0, 1.0, 25.0, 12.0, -1.0]);
}

#[test]
fn matmul_of_vectors() {
    let v = || floats("v", &[3], &[1.0, 2.0, 3.0]);
    assert_close(&value(13, &counting(&[2, 3]), vec![v()], node("MatMul", "x v", "y")), &[2], &[8.0, 26.0]);
    assert_close(&value(13, &counting(&[3, 2]), vec![v()], node("MatMul", "v x", "y")), &[2], &[16.0, 22.0]);
    assert_close(&value(13, &counting(&[3]), vec![v()], node("MatMul", "x v", "y")), &[], &[8.0]);
    assert_close(&value(13, &counting(&[2, 1, 3]), vec![v()], node("MatMul", "x v", "y")), &[2, 1], &[8.0, 26.0]);
}

#[test]
fn softmax_before_version_13_takes_all_axes_behind() {
    let x = Tensor::from_vec(&[1, 2, 2], vec![0f32; 4]);
    assert_close(&value(11, &x, vec![], node("Softmax", "x", "y")), &[1, 2, 2], &[0.25; 4]);
    assert_close(&value(13, &x, vec![], node("Softmax", "x", "y")), &[1, 2, 2], &[0.5; 4]);
    assert_close(&value(11, &x, vec![], node("LogSoftmax", "x", "y").int("axis", 2)), &[1, 2, 2], &[-(2f64.ln()); 4]);
    let m = one(11, "N C 1 1", vec![], node("Softmax", "x", "y")).unwrap();
    assert_eq!((ops_of(&m), attr(&m, "axis")), (vec!["nn.softmax"], Attr::Int(1)));
}

#[test]
fn clip_by_attributes_constants_and_operands() {
    let x = Tensor::from_vec(&[3], vec![-2f32, 0.5, 9.0]);
    let six = || vec![floats("lo", &[], &[0.0]), floats("hi", &[], &[6.0])];
    let by_attributes = node("Clip", "x", "y").float("min", 0.0).float("max", 6.0);
    assert_close(&value(10, &x, vec![], by_attributes.clone()), &[3], &[0.0, 0.5, 6.0]);
    assert_eq!(ops_of(&one(10, "3", vec![], by_attributes).unwrap()), ["clip"]);
    assert_eq!(ops_of(&one(11, "3", six(), node("Clip", "x lo hi", "y")).unwrap()), ["clip"]);
    assert_eq!(ops_of(&one(13, "3", six(), node("Clip", "x - hi", "y")).unwrap()), ["minimum"]);
    assert_eq!(ops_of(&one(13, "3", six(), node("Clip", "x lo", "y")).unwrap()), ["maximum"]);
    assert!(one(13, "3", vec![], node("Clip", "x", "y")).unwrap().graph.nodes.is_empty());
    let g = graph(vec![input("x", "3"), input("hi", "")], vec![], vec![node("Clip", "x - hi", "y")], "y");
    assert_close(&run(13, g, &[x, Tensor::scalar(1f32)])[0], &[3], &[-2.0, 0.5, 1.0]);
}

#[test]
fn reductions_by_version() {
    let x = counting(&[2, 3]);
    assert_close(&value(11, &x, vec![], node("ReduceMean", "x", "y").ints("axes", &[-1])), &[2, 1], &[1.0, 4.0]);
    let axes = || vec![ints("a", &[0])];
    assert_close(&value(18, &x, axes(), node("ReduceMean", "x a", "y").int("keepdims", 0)), &[3], &[1.5, 2.5, 3.5]);
    assert_close(&value(13, &x, axes(), node("ReduceSum", "x a", "y")), &[1, 3], &[3.0, 5.0, 7.0]);
    assert_close(&value(13, &x, vec![], node("ReduceMax", "x", "y").int("keepdims", 0)), &[], &[5.0]);
    assert_close(&value(18, &x, axes(), node("ReduceL2", "x a", "y")), &[1, 3], &[3.0, 17f64.sqrt(), 29f64.sqrt()]);
    let none = vec![ints("a", &[])];
    let square = node("ReduceSumSquare", "x a", "y").int("noop_with_empty_axes", 1);
    assert_close(&value(18, &x, none, square), &[2, 3], &[0.0, 1.0, 4.0, 9.0, 16.0, 25.0]);
    let big = Tensor::from_vec(&[2], vec![1000f32, 1000.0]);
    assert_close(&value(18, &big, vec![], node("ReduceLogSumExp", "x", "y")), &[1], &[1000.0 + 2f64.ln()]);
    let same = Tensor::from_vec(&[3], vec![2f32, 2.0, 1.0]);
    assert_close(&value(13, &same, vec![], node("ArgMax", "x", "y").int("select_last_index", 1)), &[1], &[1.0]);
    assert_close(&value(13, &same, vec![], node("ArgMax", "x", "y").int("keepdims", 0)), &[], &[0.0]);
}

#[test]
fn pools_refuse_what_they_cannot_give() {
    let g = graph(vec![input("x", "1 1 4 4")], vec![], vec![node("MaxPool", "x", "y i").ints("kernel_shape", &[2, 2])], "y i");
    assert!(refused(&model(13, g.clone())).message.contains("positions"));
    // Listed, but not used: fine.
    let unused = GraphProto { output: g.output[..1].to_vec(), ..g };
    assert_eq!(ops_of(&load(&model(13, unused)).unwrap()), ["nn.max_pool2d"]);
    let pool = node("AveragePool", "x", "y").ints("kernel_shape", &[2]).ints("pads", &[1, 0]).int("count_include_pad", 1);
    assert_close(&value(11, &counting(&[1, 1, 3]), vec![], pool), &[1, 1, 3], &[0.0, 0.5, 1.5]);
    assert_close(&value(13, &counting(&[1, 2, 2]), vec![], node("GlobalAveragePool", "x", "y")), &[1, 2, 1], &[0.5, 2.5]);
    assert_eq!(ops_of(&one(13, "1 2 3 3", vec![], node("GlobalMaxPool", "x", "y")).unwrap()), ["nn.global_max_pool2d"]);
    let far = node("AveragePool", "x", "y").ints("kernel_shape", &[2, 2, 2, 2]);
    assert_eq!(one(13, "1 1 4 4 4 4", vec![], far).unwrap_err().code, Code::UnsupportedOperator);
}

#[test]
fn normalisations() {
    let two = |name: &str, v: f32| floats(name, &[2], &[v, v]);
    let statistics = || vec![two("g", 2.0), two("b", 1.0), two("m", 1.0), two("v", 4.0)];
    let norm = |outputs: &str| node("BatchNormalization", "x g b m v", outputs).float("epsilon", 0.0);
    assert_close(&value(9, &counting(&[1, 2]), statistics(), norm("y")), &[1, 2], &[0.0, 1.0]);
    let training = one(14, "1 2", statistics(), norm("y").int("training_mode", 1)).unwrap();
    assert_eq!(attr(&training, "training"), Attr::Bool(true));
    assert_eq!(attr(&one(9, "1 2", statistics(), norm("y a b2 c d")).unwrap(), "training"), Attr::Bool(true));
    let g = graph(vec![input("x", "1 2")], statistics(), vec![norm("y a").int("training_mode", 1)], "y a");
    assert!(refused(&model(14, g)).message.contains("statistics of training"));

    let x = Tensor::from_vec(&[1, 2, 2], vec![1f32, -1.0, 3.0, -3.0]);
    let flat = [1.0 / 5f64.sqrt(), -1.0 / 5f64.sqrt(), 3.0 / 5f64.sqrt(), -3.0 / 5f64.sqrt()];
    let layer = |axis: i64| node("LayerNormalization", "x s", "y").int("axis", axis).float("epsilon", 0.0);
    assert_close(&value(17, &x, vec![floats("s", &[2, 2], &[1.0; 4])], layer(1)), &[1, 2, 2], &flat);
    assert_close(&value(17, &x, vec![floats("s", &[1], &[2.0])], layer(-1)), &[1, 2, 2], &[2.0, -2.0, 2.0, -2.0]);
    let instance = node("InstanceNormalization", "x g b", "y").float("epsilon", 0.0);
    assert_close(&value(13, &x, vec![two("g", 3.0), two("b", 1.0)], instance), &[1, 2, 2], &[4.0, -2.0, 4.0, -2.0]);
    let group = node("GroupNormalization", "x g b", "y").int("num_groups", 1).float("epsilon", 0.0);
    assert_close(&value(21, &x, vec![floats("g", &[2], &[1.0, 1.0]), two("b", 0.0)], group), &[1, 2, 2], &flat);
}

#[test]
fn local_response_sees_neighbouring_channels() {
    let n = node("LRN", "x", "y").int("size", 3).float("alpha", 3.0).float("beta", 1.0).float("bias", 1.0);
    let x = Tensor::from_vec(&[1, 3, 1], vec![1f32, 2.0, 3.0]);
    assert_close(&value(13, &x, vec![], n), &[1, 3, 1], &[1.0 / 6.0, 2.0 / 15.0, 3.0 / 14.0]);
}

#[test]
fn activations() {
    let x = Tensor::from_vec(&[3], vec![-4f32, 0.0, 2.0]);
    let f = |opset, n: NodeProto| value(opset, &x, vec![floats("s", &[1], &[0.5])], n);
    assert_close(&f(13, node("HardSigmoid", "x", "y")), &[3], &[0.0, 0.5, 0.9]);
    assert_close(&f(14, node("HardSwish", "x", "y")), &[3], &[0.0, 0.0, 2.0 * 5.0 / 6.0]);
    assert_close(&f(13, node("Elu", "x", "y").float("alpha", 2.0)), &[3], &[2.0 * ((-4f64).exp() - 1.0), 0.0, 2.0]);
    assert_close(&f(13, node("PRelu", "x s", "y")), &[3], &[-2.0, 0.0, 2.0]);
    assert_close(&f(13, node("LeakyRelu", "x", "y")), &[3], &[-0.04, 0.0, 2.0]);
    assert_close(&f(20, node("Gelu", "x", "y")), &[3], &[-0.000126685, 0.0, 1.954_499_7]);
    assert_close(&f(20, node("Gelu", "x", "y").text("approximate", "tanh")), &[3], &[-0.000_070_2, 0.0, 1.954_597_7]);
    assert!(one(20, "3", vec![], node("Gelu", "x", "y").text("approximate", "fast")).unwrap_err().message.contains("'fast'"));
    assert_close(&f(13, node("Softplus", "x", "y")), &[3], &[0.018_149_9, 2f64.ln(), 2.126_928]);
    assert_close(&f(13, node("Sign", "x", "y")), &[3], &[-1.0, 0.0, 1.0]);
    assert_close(&f(13, node("Mean", "x s x", "y")), &[3], &[-7.5 / 3.0, 0.5 / 3.0, 4.5 / 3.0]);
    assert_close(&f(13, node("Pow", "x x", "y")), &[3], &[0.003_906_25, 1.0, 4.0]);
    let same = one(13, "3", vec![], node("Cast", "x", "y").int("to", 1)).unwrap();
    assert!(same.graph.nodes.is_empty());
    assert!(one(13, "3", vec![], node("Cast", "x", "y").int("to", 8)).unwrap_err().message.contains("string"));
}
