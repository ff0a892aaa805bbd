//! Tests of [`crate::network::eval`] against values computed by hand. Knows no operators.

use crate::network::builder::Builder;
use crate::network::eval::eval;
use crate::network::layer::*;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;

/// One layer on these tensors.
pub(super) fn run(kind: LayerKind, inputs: &[Tensor]) -> Tensor {
    let mut b = Builder::new("t");
    let dims = |t: &Tensor| t.shape().iter().map(|d| Dim::from(*d)).collect::<Vec<_>>();
    let ids: Vec<_> = inputs.iter().enumerate().map(|(i, t)| b.input(&format!("i{i}"), t.dtype(), &dims(t))).collect();
    let out = b.add(kind, &ids).unwrap();
    b.output(out, "out").unwrap();
    eval(&b.finish(), inputs).unwrap().remove(0)
}

pub(super) fn f(shape: &[usize], v: &[f64]) -> Tensor {
    Tensor::from_f64s(DType::F32, shape, v)
}
fn ints(shape: &[usize], v: &[i32]) -> Tensor {
    Tensor::from_vec(shape, v.to_vec())
}
pub(super) fn count(shape: &[usize]) -> Tensor {
    Tensor::from_vec(shape, (0..shape.iter().product::<usize>()).map(|v| v as f32).collect())
}

#[track_caller]
pub(super) fn near(t: &Tensor, shape: &[usize], v: &[f64]) {
    assert_eq!(t.shape(), shape);
    for (i, (got, want)) in t.to_f64s().into_iter().zip(v).enumerate() {
        assert!(
            got == *want || (got - want).abs() <= 1e-6 * want.abs().max(1.0) || (got.is_nan() && want.is_nan()),
            "{i}: {got}, not {want}"
        );
    }
    assert_eq!(t.len(), v.len());
}

#[test]
fn activations() {
    use Activation::*;
    let x = f(&[4], &[-2.0, -0.5, 0.0, 3.0]);
    let cases: &[(Activation, f32, f32, [f64; 4])] = &[
        (Relu, 0.0, 0.0, [0.0, 0.0, 0.0, 3.0]),
        (Sigmoid, 0.0, 0.0, [0.11920292, 0.37754067, 0.5, 0.95257413]),
        (Tanh, 0.0, 0.0, [-0.96402758, -0.46211716, 0.0, 0.99505475]),
        (LeakyRelu, 0.5, 0.0, [-1.0, -0.25, 0.0, 3.0]),
        (Elu, 2.0, 0.0, [-1.72932943, -0.78693868, 0.0, 3.0]),
        (Selu, 2.0, 0.5, [-0.86466472, -0.39346934, 0.0, 1.5]),
        (Softsign, 0.0, 0.0, [-0.66666667, -0.33333333, 0.0, 0.75]),
        (Softplus, 2.0, 1.0, [0.25385602, 0.94815397, 1.38629436, 6.09717470]),
        (Clip, -1.0, 2.0, [-1.0, -0.5, 0.0, 2.0]),
        (HardSigmoid, 0.25, 0.5, [0.0, 0.375, 0.5, 1.0]),
        (ThresholdedRelu, 1.0, 0.0, [0.0, 0.0, 0.0, 3.0]),
        (GeluErf, 0.0, 0.0, [-0.04550026, -0.15426877, 0.0, 2.99595031]),
        (GeluTanh, 0.0, 0.0, [-0.04540231, -0.15428599, 0.0, 2.99636261]),
    ];
    for (kind, alpha, beta, expect) in cases {
        near(&run(LayerKind::Activation(*kind, *alpha, *beta), std::slice::from_ref(&x)), &[4], expect);
    }
}

#[test]
fn unary_operations() {
    let at = |op, t: &Tensor| run(LayerKind::Unary(op), std::slice::from_ref(t));
    let x = f(&[5], &[-2.5, -0.5, 0.5, 1.5, 2.5]);
    near(&at(Unary::Round, &x), &[5], &[-2.0, 0.0, 0.0, 2.0, 2.0]);
    near(&at(Unary::Sign, &x), &[5], &[-1.0, -1.0, 1.0, 1.0, 1.0]);
    near(&at(Unary::Erf, &x), &[5], &[-0.99959305, -0.52049988, 0.52049988, 0.96610515, 0.99959305]);
    near(&at(Unary::Recip, &x), &[5], &[-0.4, -2.0, 2.0, 0.66666667, 0.4]);
    near(&at(Unary::Abs, &ints(&[2], &[-7, 7])), &[2], &[7.0, 7.0]);
    near(&at(Unary::Not, &Tensor::from_bools(&[2], vec![true, false])), &[2], &[0.0, 1.0]);
    let odd = f(&[3], &[f64::INFINITY, f64::NAN, 1.0]);
    near(&at(Unary::IsInf, &odd), &[3], &[1.0, 0.0, 0.0]);
    near(&at(Unary::IsNan, &odd), &[3], &[0.0, 1.0, 0.0]);
    assert_eq!(at(Unary::IsNan, &odd).dtype(), DType::Bool);
}

#[test]
fn elementwise_broadcasts_and_divides() {
    use ElementWise::*;
    let at = |op, a: &Tensor, b: &Tensor| run(LayerKind::ElementWise(op), &[a.clone(), b.clone()]);
    near(&at(Sub, &f(&[2, 1], &[10.0, 20.0]), &f(&[1, 3], &[1.0, 2.0, 3.0])), &[2, 3], &[9.0, 8.0, 7.0, 19.0, 18.0, 17.0]);
    let (a, b) = (ints(&[4], &[7, -7, 7, -7]), ints(&[4], &[2, 2, -2, 0]));
    near(&at(Div, &a, &b), &[4], &[3.0, -3.0, -3.0, 0.0]);
    near(&at(FloorDiv, &a, &b), &[4], &[3.0, -4.0, -4.0, 0.0]);
    near(&at(Pow, &ints(&[4], &[2, -1, 3, 0]), &ints(&[4], &[10, -3, -1, 0])), &[4], &[1024.0, -1.0, 0.0, 1.0]);
    near(&at(Sum, &ints(&[1], &[i32::MAX]), &ints(&[1], &[1])), &[1], &[f64::from(i32::MIN)]);
    near(&at(FloorDiv, &f(&[2], &[7.0, -7.0]), &f(&[1], &[2.0])), &[2], &[3.0, -4.0]);
    near(&at(Pow, &f(&[2], &[9.0, 2.0]), &f(&[2], &[0.5, -1.0])), &[2], &[3.0, 0.5]);
    let less = at(Less, &f(&[2], &[1.0, 2.0]), &f(&[2], &[2.0, 2.0]));
    near(&less, &[2], &[1.0, 0.0]);
    let (p, q) = (Tensor::from_bools(&[2, 1], vec![true, false]), Tensor::from_bools(&[1, 2], vec![true, false]));
    near(&at(Xor, &p, &q), &[2, 2], &[0.0, 1.0, 1.0, 0.0]);
    near(&at(Max, &f(&[2], &[1.0, f64::NAN]), &f(&[2], &[2.0, 2.0])), &[2], &[2.0, f64::NAN]);
}

#[test]
fn scale_select_cast() {
    let scale = LayerKind::Scale { scale: f(&[2], &[2.0, 10.0]), shift: f(&[2], &[1.0, 0.0]) };
    near(&run(scale, &[count(&[1, 2, 1, 2])]), &[1, 2, 1, 2], &[1.0, 3.0, 20.0, 30.0]);
    let condition = Tensor::from_bools(&[2, 1], vec![true, false]);
    near(&run(LayerKind::Select, &[condition, f(&[1, 2], &[1.0, 2.0]), f(&[1, 1], &[9.0])]), &[2, 2], &[1.0, 2.0, 9.0, 9.0]);
    let cast = |to, t: Tensor| run(LayerKind::Cast(to), &[t]);
    near(&cast(DType::I32, f(&[4], &[-1.9, 1.9, 3e9, f64::NAN])), &[4], &[-1.0, 1.0, f64::from(i32::MAX), 0.0]);
    near(&cast(DType::Bool, f(&[3], &[-0.5, 0.0, 2.0])), &[3], &[1.0, 0.0, 1.0]);
    near(&cast(DType::F16, f(&[1], &[1.0 + 1.0 / 4096.0])), &[1], &[1.0]);
    near(&cast(DType::F32, Tensor::from_bools(&[1], vec![true])), &[1], &[1.0]);
}

#[test]
fn reductions() {
    let at = |kind, axes: &[usize], keep, t: &Tensor| run(LayerKind::Reduce { kind, axes: axes.to_vec(), keep }, std::slice::from_ref(t));
    let x = count(&[2, 3]);
    near(&at(Reduce::Sum, &[0], true, &x), &[1, 3], &[3.0, 5.0, 7.0]);
    near(&at(Reduce::Avg, &[1], false, &x), &[2], &[1.0, 4.0]);
    near(&at(Reduce::Max, &[0, 1], false, &x), &[], &[5.0]);
    near(&at(Reduce::Prod, &[1], false, &ints(&[1, 3], &[2, 3, 4])), &[1], &[24.0]);
    near(&at(Reduce::Max, &[1], false, &count(&[1, 0])), &[1], &[f64::NEG_INFINITY]);
    near(&at(Reduce::Min, &[1], false, &ints(&[1, 0], &[])), &[1], &[f64::from(i32::MAX)]);
    let s = run(LayerKind::Softmax(0), &[f(&[2, 2], &[0.0, 1000.0, 3f64.ln(), 1000.0])]);
    near(&s, &[2, 2], &[0.25, 0.5, 0.75, 0.5]);
}

#[test]
fn matrix_products() {
    use MatrixOp::*;
    let at = |a, x: Tensor, b, y: Tensor| run(LayerKind::MatrixMultiply(a, b), &[x, y]);
    near(&at(None, count(&[2, 2]), None, count(&[2, 2])), &[2, 2], &[2.0, 3.0, 6.0, 11.0]);
    near(&at(Transpose, count(&[2, 2]), None, count(&[2, 2])), &[2, 2], &[4.0, 6.0, 6.0, 10.0]);
    near(&at(None, count(&[2, 2]), Transpose, count(&[2, 2])), &[2, 2], &[1.0, 3.0, 3.0, 13.0]);
    near(&at(None, count(&[2, 1, 2]), None, count(&[1, 2, 1])), &[2, 1, 1], &[1.0, 3.0]);
}

fn window(kernel: i64, stride: i64, pre: i64, post: i64, dilation: i64) -> Window {
    let two = |v| vec![v; 2];
    Window { kernel: two(kernel), stride: two(stride), pre_padding: two(pre), post_padding: two(post), dilation: two(dilation) }
}

#[test]
fn convolutions() {
    let conv = |maps, groups, w: Window, weights: Tensor, bias: Option<Tensor>, x: Tensor| {
        run(LayerKind::Convolution { maps, groups, window: w, weights, bias }, &[x])
    };
    let ones = |shape: &[usize]| f(shape, &vec![1.0; shape.iter().product()]);
    let x = count(&[1, 1, 3, 3]);
    near(&conv(1, 1, window(2, 1, 0, 0, 1), count(&[1, 1, 2, 2]), None, x.clone()), &[1, 1, 2, 2], &[19.0, 25.0, 37.0, 43.0]);
    let biased = conv(1, 1, window(2, 2, 1, 0, 1), ones(&[1, 1, 2, 2]), Some(f(&[1], &[0.5])), x.clone());
    near(&biased, &[1, 1, 2, 2], &[0.5, 3.5, 9.5, 24.5]);
    near(&conv(1, 1, window(2, 1, 0, 0, 2), ones(&[1, 1, 2, 2]), None, x), &[1, 1, 1, 1], &[16.0]);
    let grouped = conv(4, 2, window(1, 1, 0, 0, 1), f(&[4, 1, 1, 1], &[1.0, 2.0, 3.0, 4.0]), None, f(&[1, 2, 1, 1], &[10.0, 100.0]));
    near(&grouped, &[1, 4, 1, 1], &[10.0, 20.0, 300.0, 400.0]);
}

#[test]
fn pooling() {
    let pool = |kind, exclude_padding, round_up, w: Window, x: Tensor| {
        run(LayerKind::Pooling { kind, window: w, exclude_padding, round_up }, &[x])
    };
    let x = count(&[1, 1, 3, 3]);
    near(&pool(Pooling::Max, true, false, window(2, 2, 0, 0, 1), x.clone()), &[1, 1, 1, 1], &[4.0]);
    near(&pool(Pooling::Max, true, true, window(2, 2, 0, 0, 1), x.clone()), &[1, 1, 2, 2], &[4.0, 5.0, 7.0, 8.0]);
    near(&pool(Pooling::Average, true, false, window(2, 2, 1, 0, 1), x.clone()), &[1, 1, 2, 2], &[0.0, 1.5, 4.5, 6.0]);
    near(&pool(Pooling::Average, false, false, window(2, 2, 1, 0, 1), x.clone()), &[1, 1, 2, 2], &[0.0, 0.75, 2.25, 6.0]);
    // What sticks out beyond the padded image is not counted: the last window of each axis has one row or column.
    near(&pool(Pooling::Average, false, true, window(2, 2, 0, 0, 1), x), &[1, 1, 2, 2], &[2.0, 3.5, 6.5, 8.0]);
}

#[test]
fn movement() {
    let x = count(&[2, 3]);
    let shuffle = |first: Option<&[usize]>, reshape: Option<&[i64]>, second: Option<&[usize]>| LayerKind::Shuffle {
        first: first.map(<[usize]>::to_vec),
        reshape: reshape.map(<[i64]>::to_vec),
        second: second.map(<[usize]>::to_vec),
    };
    near(&run(shuffle(Some(&[1, 0]), None, None), std::slice::from_ref(&x)), &[3, 2], &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    near(
        &run(shuffle(Some(&[1, 0]), Some(&[0, 1, -1]), Some(&[2, 1, 0])), std::slice::from_ref(&x)),
        &[2, 1, 3],
        &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
    );
    near(&run(LayerKind::Concatenation(1), &[x.clone(), f(&[2, 1], &[8.0, 9.0])]), &[2, 4], &[0.0, 1.0, 2.0, 8.0, 3.0, 4.0, 5.0, 9.0]);
    let slice = LayerKind::Slice { start: vec![1, 2], size: vec![2, 2], stride: vec![-1, -2] };
    near(&run(slice, std::slice::from_ref(&x)), &[2, 2], &[5.0, 3.0, 2.0, 0.0]);
    near(&run(LayerKind::Gather(1), &[x.clone(), ints(&[2, 2], &[2, -3, 0, 7])]), &[2, 2, 2], &[2.0, 0.0, 0.0, 0.0, 5.0, 3.0, 3.0, 0.0]);
    let flags = Tensor::from_bools(&[2], vec![true, false]);
    let picked = run(LayerKind::Gather(0), &[flags, ints(&[], &[0])]);
    assert_eq!((picked.dtype(), picked.shape(), picked.to_f64s()), (DType::Bool, &[][..], vec![1.0]));
}

#[test]
fn symbols_are_bound_and_inputs_are_checked() {
    let mut b = Builder::new("t");
    let n = Dim::symbol("N", 1, 4);
    let x = b.input("x", DType::F32, &[n.clone(), Dim::from(2i64)]);
    let y = b.reshape(x, &[&n * &Dim::from(2i64)]).unwrap();
    b.output(y, "y").unwrap();
    let network = b.finish();
    near(&eval(&network, &[count(&[3, 2])]).unwrap()[0], &[6], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let fault = |inputs: &[Tensor]| eval(&network, inputs).unwrap_err().code.name();
    assert_eq!(fault(&[]), "WrongCount");
    assert_eq!(fault(&[count(&[5, 2])]), "WrongShape");
    assert_eq!(fault(&[ints(&[1, 2], &[1, 2])]), "WrongDType");
}
