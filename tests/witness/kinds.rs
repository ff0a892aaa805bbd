//! Witnesses of the rules of layer kinds: operand types, ranks and fields.

use super::{List, N, Net, one};
use tvmtrt::network::Network;
use tvmtrt::network::layer::{Activation, ElementWise, LayerKind, MatrixOp, Reduce, Unary};
use tvmtrt::tensor::dtype::DType::{self, BF16, Bool, F16, F32, F64, I8, I16, I32, I64, U8};
use tvmtrt::tensor::host::Tensor;

pub fn add(list: &mut List) {
    tensors(list);
    constants(list);
    pointwise(list);
    reductions(list);
    products(list);
    scales(list);
    quantised(list);
}

/// A layer that keeps type and shape.
fn same(kind: LayerKind, dtype: DType, shape: &[i64]) -> Network {
    one(kind, &[(dtype, shape)], dtype, shape)
}

fn relu() -> LayerKind {
    LayerKind::Activation(Activation::Relu, 0.0, 0.0)
}

fn cast_to(to: DType, from: DType) -> Network {
    one(LayerKind::Cast(to), &[(from, &[2, 3])], to, &[2, 3])
}

fn tensors(list: &mut List) {
    for dtype in [F64, I16, U8] {
        list.net("type.none", format!("a cast of {dtype} to float32"), cast_to(F32, dtype));
        list.net("type.none", format!("a cast of float32 to {dtype}"), cast_to(dtype, F32));
    }
    for dtype in [I64, BF16] {
        list.net("type.version", format!("a cast of {dtype} to float32"), cast_to(F32, dtype));
    }
    list.net("rank.most", "rank 9", same(LayerKind::Identity, F32, &[1, 2, 1, 2, 1, 2, 1, 2, 1]));
    let nine = [1, 2, 3, 1, 1, 1, 1, 1, 1];
    let to_nine = LayerKind::Shuffle { first: None, reshape: Some(nine.to_vec()), second: None };
    list.one("rank.most", "a reshape to rank 9", to_nine, &[(F32, &[2, 3])], (F32, &nine));
    list.net("extent.negative", "an input of extent -3", same(relu(), F32, &[2, -3]));
    list.net("volume.most", "2^31 elements, joined", {
        let mut net = Net::default();
        let x = net.input(F16, &[1 << 14, 1 << 16]);
        let y = net.add(LayerKind::Concatenation(0), &[x, x], F16, &[1 << 15, 1 << 16]);
        net.output(y)
    });
    list.net("volume.most", "an input of 2^31 elements", same(relu(), F16, &[1 << 15, 1 << 16]));
}

fn constants(list: &mut List) {
    let mut net = Net::default();
    let (c, x) = (net.constant(Tensor::from_bools(&[3], vec![true, false, true])), net.input(Bool, &[3]));
    let y = net.add(LayerKind::ElementWise(ElementWise::Xor), &[x, c], Bool, &[3]);
    list.net("constant.bool", "bool, read by XOR", net.output(y));
    let mut net = Net::default();
    let (c, x) = (net.constant(Tensor::from_vec(&[3], vec![1i8, -2, 3])), net.input(F32, &[3]));
    let scale = net.constant(Tensor::scalar(0.5f32));
    let c = net.add(LayerKind::Dequantize(None, F32), &[c, scale], F32, &[3]);
    let y = net.add(LayerKind::ElementWise(ElementWise::Sum), &[x, c], F32, &[3]);
    list.net("constant.int8", "int8, dequantised", net.output(y));
}

fn pointwise(list: &mut List) {
    let activation = |kind, alpha, beta| move |dtype| same(LayerKind::Activation(kind, alpha, beta), dtype, &[2, 3]);
    for kind in Activation::ALL {
        list.types("activation.type", kind.name(), activation(*kind, 0.5, 0.75));
    }
    for kind in [Activation::GeluErf, Activation::GeluTanh] {
        list.net("activation.kind", kind.name(), activation(kind, 0.0, 0.0)(F32));
    }
    for (kind, alpha, beta) in [
        (Activation::Clip, -1.0, f32::INFINITY),
        (Activation::Clip, f32::NEG_INFINITY, 1.0),
        (Activation::Clip, f32::NAN, 1.0),
        (Activation::LeakyRelu, f32::INFINITY, 0.0),
        (Activation::HardSigmoid, f32::NAN, 0.5),
    ] {
        list.net("activation.parameters", format!("{} {alpha} {beta}", kind.name()), activation(kind, alpha, beta)(F32));
    }
    let boolean = |op| matches!(op, ElementWise::Equal | ElementWise::Greater | ElementWise::Less);
    for op in ElementWise::ALL {
        let result = |dtype| if boolean(*op) { Bool } else { dtype };
        let of = |dtype| one(LayerKind::ElementWise(*op), &[(dtype, &[2, 3]), (dtype, &[2, 3])], result(dtype), &[2, 3]);
        list.types("elementwise.type", op.name(), of);
    }
    let sum = || LayerKind::ElementWise(ElementWise::Sum);
    list.one("elementwise.types-differ", "float32 and float16", sum(), &[(F32, &[2, 3]), (F16, &[2, 3])], (F32, &[2, 3]));
    list.one("elementwise.types-differ", "float32 and int32", sum(), &[(F32, &[2, 3]), (I32, &[2, 3])], (F32, &[2, 3]));
    list.one("broadcast.extents", "[2, 3] and [2, 4]", sum(), &[(F32, &[2, 3]), (F32, &[2, 4])], (F32, &[2, 4]));
    list.one("broadcast.rank", "[2, 3] and [3]", sum(), &[(F32, &[2, 3]), (F32, &[3])], (F32, &[2, 3]));
    let unary = |op| move |dtype| one(LayerKind::Unary(op), &[(dtype, &[2, 3])], dtype, &[2, 3]);
    for op in Unary::ALL.iter().filter(|op| !matches!(op, Unary::IsInf | Unary::IsNan)) {
        list.types("unary.type", op.name(), unary(*op));
    }
    list.one("unary.kind", "ISNAN", LayerKind::Unary(Unary::IsNan), &[(F32, &[2, 3])], (Bool, &[2, 3]));
    let select = |c: DType, a: DType, b: DType| one(LayerKind::Select, &[(c, &[2, 3]), (a, &[2, 3]), (b, &[2, 3])], a, &[2, 3]);
    list.types("select.condition", "a condition", |dtype| select(dtype, F32, F32));
    list.types("select.type", "values", |dtype| select(Bool, dtype, dtype));
    list.net("layer.types-differ", "a selection of float32 and float16", select(Bool, F32, F16));
    list.net("layer.types-differ", "a selection of float32 and int32", select(Bool, F32, I32));
    let prelu = |a: DType, b: DType| one(LayerKind::ParametricRelu, &[(a, &[2, 3]), (b, &[1, 3])], a, &[2, 3]);
    list.types("prelu.type", "a slope", |dtype| prelu(dtype, dtype));
    list.net("layer.types-differ", "a slope of float16 for float32", prelu(F32, F16));
}

fn reductions(list: &mut List) {
    let reduce = |kind, axes: &[usize]| LayerKind::Reduce { kind, axes: axes.to_vec(), keep: true };
    for kind in Reduce::ALL {
        list.types("reduce.type", kind.name(), |dtype| one(reduce(*kind, &[1]), &[(dtype, &[2, 3])], dtype, &[2, 1]));
    }
    for dtype in [I32, I64] {
        list.net("reduce.integer-mean", dtype.name(), one(reduce(Reduce::Avg, &[1]), &[(dtype, &[2, 3])], dtype, &[2, 1]));
    }
    list.one("reduce.axes", "no axis", reduce(Reduce::Sum, &[]), &[(F32, &[2, 3])], (F32, &[2, 3]));
    list.one("reduce.axes", "axis 2 of rank 2", reduce(Reduce::Sum, &[2]), &[(F32, &[2, 3])], (F32, &[2, 3]));
    list.one("reduce.rank", "axis 0 of rank 0", reduce(Reduce::Sum, &[0]), &[(F32, &[])], (F32, &[]));
    list.types("softmax.type", "a row", |dtype| same(LayerKind::Softmax(1), dtype, &[2, 3]));
    list.net("softmax.rank", "a vector", same(LayerKind::Softmax(0), F32, &[3]));
    list.net("layer.axis", "axis 5 of a softmax", same(LayerKind::Softmax(5), F32, &[2, 3]));
}

fn products(list: &mut List) {
    use MatrixOp::{None, Transpose, Vector};
    let product = |a, b| LayerKind::MatrixMultiply(a, b);
    list.types("matmul.type", "a product", |d| one(product(None, Transpose), &[(d, &[2, 3]), (d, &[4, 3])], d, &[2, 4]));
    list.one("matmul.inner", "[2, 3] and [4, 5]", product(None, None), &[(F32, &[2, 3]), (F32, &[4, 5])], (F32, &[2, 5]));
    list.one("matmul.rank", "[2, 3] and [1, 3, 4]", product(None, None), &[(F32, &[2, 3]), (F32, &[1, 3, 4])], (F32, &[1, 2, 4]));
    list.one("matmul.rank", "two vectors as matrices", product(None, None), &[(F32, &[3]), (F32, &[3])], (F32, &[]));
    list.one("matmul.vector", "a matrix as a vector", product(None, Vector), &[(F32, &[2, 3]), (F32, &[3, 4])], (F32, &[2, 4]));
    list.one("layer.types-differ", "a product of types", product(None, None), &[(F32, &[2, 3]), (F16, &[3, 4])], (F32, &[2, 4]));
    let einsum = |e: &str| LayerKind::Einsum(e.into());
    list.types("einsum.type", "a product", |d| one(einsum("ij,jk->ik"), &[(d, &[2, 3]), (d, &[3, 4])], d, &[2, 4]));
    list.one("einsum.equation", "no arrow", einsum("ij,jk"), &[(F32, &[2, 3]), (F32, &[3, 4])], (F32, &[2, 4]));
    list.one("einsum.equation", "a letter too few", einsum("ij,j->i"), &[(F32, &[2, 3]), (F32, &[3, 4])], (F32, &[2]));
    list.one("einsum.diagonal", "a trace", einsum("ii->"), &[(F32, &[3, 3])], (F32, &[]));
    list.one("einsum.diagonal", "a diagonal", einsum("ii->i"), &[(F32, &[3, 3])], (F32, &[3]));
    let three: &[(DType, &[i64])] = &[(F32, &[2, 3]), (F32, &[3, 4]), (F32, &[4, 2])];
    list.one("einsum.operands", "a chain of three", einsum("ij,jk,kl->il"), three, (F32, &[2, 2]));
}

fn scales(list: &mut List) {
    let layer = |dtype, n: usize| {
        let values = |v: f64| Tensor::from_f64s(dtype, &[n], &vec![v; n]);
        LayerKind::Scale { scale: values(2.0), shift: values(1.0) }
    };
    list.types("scale.type", "four channels", |dtype| same(layer(dtype, 4), dtype, &[1, 4, 2, 2]));
    list.net("scale.rank", "rank 3", same(layer(F32, 4), F32, &[1, 4, 2]));
    list.net("scale.rank", "rank 2", same(layer(F32, 4), F32, &[1, 4]));
    list.net("scale.channels", "3 factors for 4 channels", same(layer(F32, 3), F32, &[1, 4, 2, 2]));
    list.net("scale.channels", "a free number of channels", same(layer(F32, 4), F32, &[1, N, 2, 2]));
    list.net("scale.weights-type", "float16 for float32", same(layer(F16, 4), F32, &[1, 4, 2, 2]));
    list.net("scale.weights-type", "float32 for float16", same(layer(F32, 4), F16, &[1, 4, 2, 2]));
}

fn quantised(list: &mut List) {
    let quantise = |dtype, shape: &[i64], scale: Tensor, axis| {
        let mut net = Net::default();
        let (x, scale) = (net.input(dtype, shape), net.constant(scale));
        let q = net.add(LayerKind::Quantize(axis), &[x, scale], I8, shape);
        let back = net.constant(Tensor::scalar(0.5f32));
        let y = net.add(LayerKind::Dequantize(None, F32), &[q, back], F32, shape);
        net.output(y)
    };
    let half = || Tensor::scalar(0.5f32);
    for dtype in [I32, I64, Bool] {
        list.net("quantise.type", format!("quantised {dtype}"), quantise(dtype, &[2, 3], half(), None));
    }
    list.net("quantise.rank", "a scalar", quantise(F32, &[], half(), None));
    list.net("quantise.scale", "two scales for a tensor", quantise(F32, &[2, 3], Tensor::from_vec(&[2], vec![0.5f32, 0.25]), None));
    list.net(
        "quantise.scale",
        "two scales for three channels",
        quantise(F32, &[2, 3], Tensor::from_vec(&[2], vec![0.5f32, 0.25]), Some(1)),
    );
    list.net("quantise.scale", "float16 for float32", quantise(F32, &[2, 3], Tensor::from_f64s(F16, &[], &[0.5]), None));
    let mut net = Net::default();
    let (x, scale) = (net.input(I32, &[2, 3]), net.constant(half()));
    let y = net.add(LayerKind::Dequantize(None, F32), &[x, scale], F32, &[2, 3]);
    list.net("quantise.type", "dequantised int32", net.output(y));
    let sum = LayerKind::ElementWise(ElementWise::Sum);
    list.one("type.int8-scale", "a sum", sum, &[(I8, &[2, 3]), (I8, &[2, 3])], (I8, &[2, 3]));
    list.net("type.int8-scale", "a cast to float32", cast_to(F32, I8));
    list.net("type.int8-scale", "a cast to int32", cast_to(I32, I8));
    list.net("type.int8-scale", "a cast of float32", cast_to(I8, F32));
    list.net("type.int8-scale", "a cast of bool", cast_to(I8, Bool));
    list.net("type.int8-scale", "a maximum with 0", same(relu(), I8, &[2, 3]));
    list.one("type.int8-scale", "a concatenation", LayerKind::Concatenation(0), &[(I8, &[2, 3]), (I8, &[2, 3])], (I8, &[4, 3]));
}
