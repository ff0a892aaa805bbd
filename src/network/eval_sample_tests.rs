//! Tests of layers that reach outside their operand or sample between its elements, against values computed by hand or by PyTorch's
//! documented formulas.

use crate::network::eval_tests::{count, f, near, run};
use crate::network::layer::*;
use crate::tensor::host::Tensor;

#[test]
fn transposed_convolutions() {
    let one = |v: i64| vec![v; 2];
    let layer = |maps, groups, stride, pre, post, dilation, weights: Tensor| {
        let kernel: Vec<i64> = weights.shape()[2..].iter().map(|k| *k as i64).collect();
        let window = Window { kernel, stride: one(stride), pre_padding: one(pre), post_padding: one(post), dilation: one(dilation) };
        LayerKind::Deconvolution { maps, groups, window, weights }
    };
    let x = f(&[1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0]);
    let k = f(&[1, 1, 2, 2], &[1.0, 10.0, 100.0, 1000.0]);
    let all = [1.0, 12.0, 20.0, 103.0, 1234.0, 2040.0, 300.0, 3400.0, 4000.0];
    near(&run(layer(1, 1, 1, 0, 0, 1, k.clone()), std::slice::from_ref(&x)), &[1, 1, 3, 3], &all);
    // Padding cuts off: in front one row and column, behind none.
    near(&run(layer(1, 1, 1, 1, 0, 1, k.clone()), std::slice::from_ref(&x)), &[1, 1, 2, 2], &[1234.0, 2040.0, 3400.0, 4000.0]);
    let steps = [1.0, 10.0, 2.0, 20.0, 100.0, 1000.0, 200.0, 2000.0, 3.0, 30.0, 4.0, 40.0, 300.0, 3000.0, 400.0, 4000.0];
    near(&run(layer(1, 1, 2, 0, 0, 1, k.clone()), std::slice::from_ref(&x)), &[1, 1, 4, 4], &steps);
    let dilated = run(layer(1, 1, 1, 0, 0, 2, k), &[f(&[1, 1, 1, 1], &[2.0])]);
    near(&dilated, &[1, 1, 3, 3], &[2.0, 0.0, 20.0, 0.0, 0.0, 0.0, 200.0, 0.0, 2000.0]);
    let grouped = layer(4, 2, 1, 0, 0, 1, f(&[2, 2, 1, 1], &[1.0, 2.0, 3.0, 4.0]));
    near(&run(grouped, &[f(&[1, 2, 1, 1], &[10.0, 100.0])]), &[1, 4, 1, 1], &[10.0, 20.0, 300.0, 400.0]);
}

#[test]
fn slices_beyond_their_operand() {
    let x = f(&[1, 3], &[1.0, 2.0, 3.0]);
    let at = |mode, start: i64, size: i64| {
        run(LayerKind::SliceOutside { start: vec![0, start], size: vec![1, size], mode }, std::slice::from_ref(&x))
    };
    near(&at(SampleMode::Fill, -2, 7), &[1, 7], &[0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0]);
    near(&at(SampleMode::Clamp, -2, 7), &[1, 7], &[1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0]);
    near(&at(SampleMode::Wrap, -4, 9), &[1, 9], &[3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0]);
    near(&at(SampleMode::Reflect, -3, 9), &[1, 9], &[2.0, 3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0, 2.0]);
    near(&at(SampleMode::Fill, 1, 1), &[1, 1], &[2.0]);
    let fill = LayerKind::SliceOutside { start: vec![-1, 2], size: vec![2, 2], mode: SampleMode::Fill };
    near(&run(fill, &[x.clone(), f(&[], &[9.0])]), &[2, 2], &[9.0, 9.0, 3.0, 9.0]);
}

#[test]
fn normalisation_across_channels() {
    let lrn = LayerKind::Lrn { window: 3, alpha: 3.0, beta: 1.0, k: 1.0 };
    let y = run(lrn, &[f(&[1, 3, 1, 1], &[1.0, 2.0, 3.0])]);
    near(&y, &[1, 3, 1, 1], &[1.0 / 6.0, 2.0 / 15.0, 3.0 / 14.0]);
}

#[test]
fn resizes() {
    let at = |mode, coordinates, rounding, single_is_first, to: &[i64], x: Tensor| {
        let to = ResizeTo::Extents([&[1, 1], to].concat());
        run(LayerKind::Resize(Resize { to, mode, coordinates, rounding, single_is_first, cubic: -0.75, exclude_outside: false }), &[x])
    };
    use {Interpolation::*, ResizeCoordinates::*};
    let row = || f(&[1, 1, 1, 4], &[1.0, 2.0, 3.0, 4.0]);
    let near_row = |y: Tensor, v: &[f64]| near(&y, &[1, 1, 1, v.len()], v);
    // The examples of ONNX's definition of Resize.
    near_row(at(Linear, HalfPixel, ResizeRound::Floor, false, &[1, 8], row()), &[1.0, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4.0]);
    near_row(at(Linear, AlignCorners, ResizeRound::Floor, false, &[1, 7], row()), &[1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]);
    near_row(at(Linear, Asymmetric, ResizeRound::Floor, false, &[1, 8], row()), &[1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.0]);
    near_row(at(Nearest, Asymmetric, ResizeRound::Floor, false, &[1, 8], row()), &[1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]);
    near_row(at(Nearest, Asymmetric, ResizeRound::Ceil, false, &[1, 8], row()), &[1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 4.0]);
    near_row(at(Nearest, HalfPixel, ResizeRound::HalfDown, false, &[1, 2], row()), &[1.0, 3.0]);
    near_row(at(Nearest, HalfPixel, ResizeRound::HalfUp, false, &[1, 2], row()), &[2.0, 4.0]);
    near_row(at(Linear, HalfPixel, ResizeRound::Floor, true, &[1, 1], row()), &[1.0]);
    near_row(at(Linear, HalfPixel, ResizeRound::Floor, false, &[1, 1], row()), &[2.5]);
    near_row(at(Cubic, HalfPixel, ResizeRound::Floor, false, &[1, 2], row()), &[1.5 - 0.09375, 3.5 + 0.09375]);
    let scaled = ResizeTo::Scales(vec![1.0, 1.0, 2.0, 0.5]);
    let layer = Resize {
        to: scaled,
        mode: Nearest,
        coordinates: Asymmetric,
        rounding: ResizeRound::Floor,
        single_is_first: false,
        cubic: 0.0,
        exclude_outside: false,
    };
    near(&run(LayerKind::Resize(layer), &[count(&[1, 1, 1, 5])]), &[1, 1, 2, 2], &[0.0, 2.0, 0.0, 2.0]);
}

#[test]
fn grid_samples() {
    let at = |mode, outside, align_corners, x: f64| {
        let grid = f(&[1, 1, 1, 2], &[x, 0.0]);
        run(LayerKind::GridSample { mode, outside, align_corners }, &[f(&[1, 1, 1, 4], &[1.0, 2.0, 3.0, 4.0]), grid]).to_f64s()[0]
    };
    use {Interpolation::*, SampleMode::*};
    assert_eq!(at(Linear, Fill, true, -1.0), 1.0);
    assert_eq!(at(Linear, Fill, true, 0.0), 2.5);
    assert_eq!(at(Linear, Fill, false, 0.25), 3.0);
    assert_eq!(at(Linear, Fill, false, -1.0), 0.5);
    assert_eq!(at(Linear, Clamp, false, -1.0), 1.0);
    assert_eq!(at(Linear, Fill, true, 3.0), 0.0);
    assert_eq!(at(Nearest, Clamp, true, 9.0), 4.0);
    // 5/3 is one element behind the last one: back to the one before it.
    assert!((at(Linear, Reflect, true, 5.0 / 3.0) - 3.0).abs() < 1e-6);
    assert_eq!(at(Linear, Reflect, false, 1.5), 3.5);
    assert_eq!(at(Nearest, Fill, false, 0.3), 3.0);
}
