//! Witnesses of the rules of windows, samples and what reaches outside its operand.

use super::{List, N, one};
use tvmtrt::network::Network;
use tvmtrt::network::layer::{Interpolation, LayerKind, Pooling, Resize, ResizeCoordinates, ResizeRound, ResizeTo, SampleMode, Window};
use tvmtrt::tensor::dtype::DType::{self, Bool, F16, F32};
use tvmtrt::tensor::host::Tensor;

pub fn add(list: &mut List) {
    convolutions(list);
    fields(list);
    transposed(list);
    pools(list);
    outside(list);
    resizes(list);
    grids(list);
}

pub fn window(kernel: &[i64], stride: &[i64], pre: &[i64], post: &[i64], dilation: &[i64]) -> Window {
    let [kernel, stride, pre_padding, post_padding, dilation] = [kernel, stride, pre, post, dilation].map(<[i64]>::to_vec);
    Window { kernel, stride, pre_padding, post_padding, dilation }
}

fn plain(kernel: i64) -> Window {
    window(&[kernel; 2], &[1, 1], &[0, 0], &[0, 0], &[1, 1])
}

fn weights(dtype: DType, shape: &[usize]) -> Tensor {
    Tensor::from_f64s(dtype, shape, &(0..shape.iter().product()).map(|i: usize| (i % 3) as f64).collect::<Vec<_>>())
}

/// Maps of a window of 3 by 3 over 4 channels of 5 by 5.
fn convolution(x: (DType, i64), maps: i64, groups: i64, kernel: Tensor, bias: Option<Tensor>) -> Network {
    let layer = LayerKind::Convolution { maps, groups, window: plain(3), weights: kernel, bias };
    one(layer, &[(x.0, &[1, x.1, 5, 5])], x.0, &[1, maps, 3, 3])
}

fn convolutions(list: &mut List) {
    list.types("convolution.type", "weights", |d| convolution((d, 4), 2, 1, weights(d, &[2, 4, 3, 3]), None));
    let bias = Some(weights(F32, &[3]));
    list.net("convolution.bias-shape", "3 values for 2 maps", convolution((F32, 4), 2, 1, weights(F32, &[2, 4, 3, 3]), bias));
    list.net("convolution.channels", "a free number", convolution((F32, N), 2, 1, weights(F32, &[2, 4, 3, 3]), None));
    list.net("convolution.groups", "3 of 4 channels", convolution((F32, 4), 3, 3, weights(F32, &[3, 1, 3, 3]), None));
    list.net("convolution.groups", "2 of 3 maps", convolution((F32, 4), 3, 2, weights(F32, &[3, 2, 3, 3]), None));
    list.net("convolution.weights-shape", "3 of 4 channels", convolution((F32, 4), 2, 1, weights(F32, &[2, 3, 3, 3]), None));
    list.net("convolution.weights-type", "float16 for float32", convolution((F32, 4), 2, 1, weights(F16, &[2, 4, 3, 3]), None));
    list.net("convolution.weights-type", "float32 for float16", convolution((F16, 4), 2, 1, weights(F32, &[2, 4, 3, 3]), None));
    let by_kernel = LayerKind::KernelConvolution { maps: 2, groups: 1, window: plain(3) };
    let operands: &[(DType, &[i64])] = &[(F32, &[1, 4, 5, 5]), (F16, &[2, 4, 3, 3])];
    list.one("layer.types-differ", "a kernel of float16 for float32", by_kernel, operands, (F32, &[1, 2, 3, 3]));
}

fn pool(kind: Pooling, w: Window, exclude_padding: bool) -> LayerKind {
    LayerKind::Pooling { kind, window: w, exclude_padding, round_up: false }
}

fn fields(list: &mut List) {
    let max = |w: Window| pool(Pooling::Max, w, true);
    let mut of = |rule, what: &str, w: Window, x: &[i64], y: &[i64]| list.one(rule, what, max(w), &[(F32, x)], (F32, y));
    of("window.axes", "one axis of rank 3", window(&[3], &[1], &[0], &[0], &[1]), &[1, 2, 5], &[1, 2, 3]);
    of("window.axes", "four axes of rank 6", window(&[1; 4], &[1; 4], &[0; 4], &[0; 4], &[1; 4]), &[1, 2, 3, 3, 3, 3], &[1, 2, 3, 3, 3, 3]);
    of("window.rank", "two axes of rank 5", plain(1), &[1, 2, 3, 3, 3], &[1, 2, 3, 3, 3]);
    of("window.fields", "a step of 0", window(&[1, 1], &[0, 1], &[0, 0], &[0, 0], &[1, 1]), &[1, 2, 5, 5], &[1, 2, 5, 5]);
    of("window.fields", "a kernel of 0", window(&[0, 1], &[1, 1], &[0, 0], &[0, 0], &[1, 1]), &[1, 2, 5, 5], &[1, 2, 6, 5]);
    of("window.fields", "padding of -1", window(&[1, 1], &[1, 1], &[-1, 0], &[0, 0], &[1, 1]), &[1, 2, 5, 5], &[1, 2, 4, 5]);
    of("window.image", "3 of 2", plain(3), &[1, 2, 2, 2], &[1, 2, 0, 0]);
    of("window.volume", "317 by 317", plain(317), &[1, 1, 317, 317], &[1, 1, 1, 1]);
    let cube = window(&[317; 3], &[1; 3], &[0; 3], &[0; 3], &[1; 3]);
    of("window.volume", "317 by 317 by 317", cube, &[1, 1, 317, 317, 317], &[1, 1, 1, 1, 1]);
    of("pooling.padding", "3 around 3, maximum", window(&[3, 3], &[1, 1], &[3, 3], &[3, 3], &[1, 1]), &[1, 2, 5, 5], &[1, 2, 9, 9]);
}

fn transposed(list: &mut List) {
    let of = |x: (DType, i64), maps: i64, groups: i64, w: Window, kernel: Tensor, y: i64| {
        let layer = LayerKind::Deconvolution { maps, groups, window: w, weights: kernel };
        one(layer, &[(x.0, &[1, x.1, 5, 5])], x.0, &[1, maps, y, y])
    };
    list.types("deconvolution.type", "weights", |d| of((d, 4), 2, 1, plain(3), weights(d, &[4, 2, 3, 3]), 7));
    let kernel = || weights(F32, &[4, 2, 3, 3]);
    list.net("deconvolution.channels", "a free number", of((F32, N), 2, 1, plain(3), kernel(), 7));
    list.net("deconvolution.groups", "3 of 4 channels", of((F32, 4), 3, 3, plain(3), weights(F32, &[4, 1, 3, 3]), 7));
    list.net("deconvolution.weights-shape", "3 of 4 channels", of((F32, 4), 2, 1, plain(3), weights(F32, &[3, 2, 3, 3]), 7));
    list.net("deconvolution.weights-type", "float16 for float32", of((F32, 4), 2, 1, plain(3), weights(F16, &[4, 2, 3, 3]), 7));
    list.net("deconvolution.weights-type", "float32 for float16", of((F16, 4), 2, 1, plain(3), kernel(), 7));
    let both = window(&[3, 3], &[2, 2], &[0, 0], &[0, 0], &[2, 2]);
    list.net("deconvolution.dilation", "2 with steps of 2", of((F32, 4), 2, 1, both, kernel(), 13));
    let cut = window(&[3, 3], &[1, 1], &[4, 4], &[3, 3], &[1, 1]);
    list.net("deconvolution.empty", "all cut off", of((F32, 4), 2, 1, cut, kernel(), 0));
}

fn pools(list: &mut List) {
    for kind in Pooling::ALL {
        list.types("pooling.type", kind.name(), |d| one(pool(*kind, plain(2), true), &[(d, &[1, 2, 4, 4])], d, &[1, 2, 3, 3]));
    }
    let x: &[(DType, &[i64])] = &[(F32, &[1, 2, 5, 5])];
    let wide = window(&[2, 2], &[1, 1], &[2, 2], &[0, 0], &[1, 1]);
    list.one("pooling.padding", "2 before 2, average", pool(Pooling::Average, wide, true), x, (F32, &[1, 2, 6, 6]));
    let uneven = window(&[3, 3], &[1, 1], &[0, 0], &[1, 1], &[1, 1]);
    list.one("pooling.uneven-counted-padding", "1 behind", pool(Pooling::Average, uneven, false), x, (F32, &[1, 2, 4, 4]));
    let lrn = |window, alpha, beta, k| LayerKind::Lrn { window, alpha, beta, k };
    for (window, alpha, beta, k) in [(4, 0.1, 0.75, 1.0), (17, 0.1, 0.75, 1.0), (3, 0.1, 0.001, 1.0), (3, 0.1, 0.75, 0.0)] {
        let what = format!("window {window}, beta {beta}, k {k}");
        list.one("lrn.range", what, lrn(window, alpha, beta, k), &[(F32, &[1, 20, 3, 3])], (F32, &[1, 20, 3, 3]));
    }
    list.types("lrn.type", "a window of 3", |d| one(lrn(3, 0.1, 0.75, 1.0), &[(d, &[1, 4, 3, 3])], d, &[1, 4, 3, 3]));
    for shape in [&[2i64, 4, 3] as &[i64], &[2, 4], &[1, 4, 2, 3, 3]] {
        list.one("lrn.rank", format!("rank {}", shape.len()), lrn(3, 0.1, 0.75, 1.0), &[(F32, shape)], (F32, shape));
    }
}

fn outside(list: &mut List) {
    let slice = |start: &[i64], size: &[i64], mode| LayerKind::SliceOutside { start: start.to_vec(), size: size.to_vec(), mode };
    for mode in [SampleMode::Fill, SampleMode::Clamp, SampleMode::Reflect] {
        list.one("slice.bool", mode.name(), slice(&[-1, 0], &[4, 3], mode), &[(Bool, &[3, 3])], (Bool, &[4, 3]));
    }
    let clamp = SampleMode::Clamp;
    list.one("slice.empty", "a row that is not there", slice(&[0, 0], &[2, 3], clamp), &[(F32, &[0, 3])], (F32, &[2, 3]));
    let two: &[(DType, &[i64])] = &[(F32, &[3, 3]), (F32, &[])];
    list.one("slice.fill", "a value in mode CLAMP", slice(&[-1, 0], &[4, 3], clamp), two, (F32, &[4, 3]));
    let other: &[(DType, &[i64])] = &[(F32, &[3, 3]), (F16, &[])];
    list.one("slice.fill", "a value of float16 for float32", slice(&[-1, 0], &[4, 3], SampleMode::Fill), other, (F32, &[4, 3]));
    let vector: &[(DType, &[i64])] = &[(F32, &[3, 3]), (F32, &[2])];
    list.one("slice.fill", "two values", slice(&[-1, 0], &[4, 3], SampleMode::Fill), vector, (F32, &[4, 3]));
    list.one("slice.rank", "one axis of two", slice(&[-1], &[4], clamp), &[(F32, &[3, 3])], (F32, &[4]));
    let inside = |start: &[i64], size: &[i64], stride: &[i64]| {
        let [start, size, stride] = [start, size, stride].map(<[i64]>::to_vec);
        LayerKind::Slice { start, size, stride }
    };
    list.one("slice.rank", "one step for two axes", inside(&[0, 0], &[2, 2], &[1]), &[(F32, &[3, 3])], (F32, &[2, 2]));
    list.one("slice.bounds", "3 from 2 of 4", inside(&[2], &[3], &[1]), &[(F32, &[4])], (F32, &[3]));
    list.one("slice.bounds", "from -1", inside(&[-1], &[2], &[1]), &[(F32, &[4])], (F32, &[2]));
}

/// A resize by extents, or by factors.
pub fn resize(
    mode: Interpolation,
    coordinates: ResizeCoordinates,
    rounding: ResizeRound,
    single_is_first: bool,
    to: ResizeTo,
) -> LayerKind {
    LayerKind::Resize(Resize { to, mode, coordinates, rounding, single_is_first, cubic: -0.75, exclude_outside: false })
}

fn resizes(list: &mut List) {
    let plain = |mode, to| resize(mode, ResizeCoordinates::HalfPixel, ResizeRound::HalfDown, false, to);
    let extents = |e: &[i64]| ResizeTo::Extents(e.to_vec());
    for mode in Interpolation::ALL {
        let of = |d: DType| one(plain(*mode, extents(&[1, 2, 6, 8])), &[(d, &[1, 2, 3, 4])], d, &[1, 2, 6, 8]);
        list.types("resize.type", mode.name(), of);
    }
    for (mode, from, to) in [
        (Interpolation::Linear, &[2i64, 2, 2, 2] as &[i64], &[4i64, 4, 4, 4] as &[i64]),
        (Interpolation::Cubic, &[1, 2, 3, 4], &[1, 4, 6, 8]),
    ] {
        list.one(
            "resize.axes",
            format!("{} over {} axes", mode.name(), if from[0] > 1 { 4 } else { 3 }),
            plain(mode, extents(to)),
            &[(F32, from)],
            (F32, to),
        );
    }
    let nearest = |to| plain(Interpolation::Nearest, to);
    list.one("resize.empty", "to 0 rows", nearest(extents(&[1, 2, 0, 8])), &[(F32, &[1, 2, 3, 4])], (F32, &[1, 2, 0, 8]));
    list.one("resize.empty", "from 0 rows", nearest(extents(&[1, 2, 6, 8])), &[(F32, &[1, 2, 0, 4])], (F32, &[1, 2, 6, 8]));
    list.one("resize.rank", "three extents for four axes", nearest(extents(&[2, 6, 8])), &[(F32, &[1, 2, 3, 4])], (F32, &[2, 6, 8]));
}

fn grids(list: &mut List) {
    let layer = |outside| LayerKind::GridSample { mode: Interpolation::Linear, outside, align_corners: true };
    let fill = SampleMode::Fill;
    let of = |d: DType| one(layer(fill), &[(d, &[1, 2, 4, 4]), (d, &[1, 3, 3, 2])], d, &[1, 2, 3, 3]);
    list.types("grid_sample.type", "a grid", of);
    let mut of = |rule, what: &str, outside, x: (DType, &[i64]), grid: (DType, &[i64])| {
        list.one(rule, what, layer(outside), &[x, grid], (x.0, &[1, 2, 3, 3]));
    };
    of("grid_sample.fields", "mode WRAP", SampleMode::Wrap, (F32, &[1, 2, 4, 4]), (F32, &[1, 3, 3, 2]));
    of("grid_sample.fields", "places of three", fill, (F32, &[1, 2, 4, 4]), (F32, &[1, 3, 3, 3]));
    of("grid_sample.fields", "a grid of float16 for float32", fill, (F32, &[1, 2, 4, 4]), (F16, &[1, 3, 3, 2]));
    let volume: &[(DType, &[i64])] = &[(F32, &[1, 2, 4, 4, 4]), (F32, &[1, 3, 3, 3, 3])];
    list.one("grid_sample.rank", "a volume", layer(fill), volume, (F32, &[1, 2, 3, 3, 3]));
}
