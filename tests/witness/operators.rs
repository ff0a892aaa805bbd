//! Witnesses of the rules of operators: the layers that a plain conversion would give, held against the operator.

use super::windows::{resize, window};
use super::{List, N, Net, W, one};
use crate::suite::{Case, D, In, case, cases, free, x};
use tvmtrt::ir::attrs::Attr;
use tvmtrt::network::Network;
use tvmtrt::network::layer::{ElementWise, Interpolation, LayerKind, Pooling, ResizeCoordinates, ResizeRound, ResizeTo, TopK, Unary};
use tvmtrt::tensor::dtype::DType::{self, F32, I8, I32, U8};
use tvmtrt::tensor::host::Tensor;

pub fn add(list: &mut List) {
    let mut all = cases::all();
    let mut of = |name: &str| {
        let at = all.iter().position(|c| c.name == name).unwrap_or_else(|| panic!("the suite has no case {name}"));
        all.swap_remove(at)
    };
    pools(list, &mut of);
    resizes(list, &mut of);
    quantised(list, &mut of);
    arithmetic(list, &mut of);
    places(list, &mut of);
    let by_kernel = LayerKind::KernelConvolution { maps: 4, groups: 1, window: window(&[3; 2], &[1; 2], &[0; 2], &[0; 2], &[1; 2]) };
    let operands: &[(DType, &[i64])] = &[(F32, &[1, 3, 5, 5]), (F32, &[4, 3, 3, 3])];
    list.case("conv.weights-not-constant", of("conv2d_computed_weights"), one(by_kernel, operands, F32, &[1, 4, 3, 3]));
    let lrn = LayerKind::Lrn { window: 4, alpha: 1e-4, beta: 0.75, k: 1.0 };
    list.case("lrn.even-size", of("lrn_even"), one(lrn, &[(F32, &[1, 7, 4, 5])], F32, &[1, 7, 4, 5]));
}

type Of<'a> = &'a mut dyn FnMut(&str) -> Case;

fn pool(kind: Pooling, kernel: &[i64], stride: &[i64], padding: i64, x: &[i64], y: &[i64], round_up: bool) -> Network {
    let window = window(kernel, stride, &[padding; 2], &[padding; 2], &[1, 1]);
    one(LayerKind::Pooling { kind, window, exclude_padding: false, round_up }, &[(F32, x)], F32, y)
}

fn pools(list: &mut List, of: Of) {
    let overhang = pool(Pooling::Average, &[2, 2], &[2, 2], 0, &[1, 3, 13, 14], &[1, 3, 7, 7], true);
    list.case("pool.average-ceil", of("avg_pool2d_2_s2_p00_true_true"), overhang);
    let attrs = [
        ("pool_size", Attr::Ints(vec![1, 2])),
        ("strides", Attr::Ints(vec![3, 3])),
        ("padding", Attr::Ints(vec![0; 4])),
        ("ceil_mode", Attr::Bool(true)),
    ];
    let behind = case("a window behind the data", "nn.max_pool2d", &attrs, &[x(&[1, 2, 3, 4])]);
    list.case("pool.ceil-window", behind, pool(Pooling::Max, &[1, 2], &[3, 3], 0, &[1, 2, 3, 4], &[1, 2, 1, 2], true));
    list.operator("pool.padding", "3 around 3", pool(Pooling::Max, &[3, 3], &[1, 1], 3, &[1, 2, 5, 5], &[1, 2, 9, 9], false));
}

fn resizes(list: &mut List, of: Of) {
    let nearest = |coordinates, rounding, y: &[i64]| {
        let layer = resize(Interpolation::Nearest, coordinates, rounding, false, ResizeTo::Extents(y.to_vec()));
        one(layer, &[(F32, &[1, 2, 8, 8])], F32, y)
    };
    let half = nearest(ResizeCoordinates::HalfPixel, ResizeRound::Floor, &[1, 2, 3, 5]);
    list.case("resize2d.coordinates", of("resize2d_nearest_tf_half_pixel_for_nn_down_floor"), half);
    let down = nearest(ResizeCoordinates::Asymmetric, ResizeRound::HalfDown, &[1, 2, 16, 4]);
    list.case("resize2d.rounding", of("resize2d_nearest_asymmetric_mixed_round"), down);
    let linear = |coordinates, single, from: &[i64], to: ResizeTo, y: &[i64]| {
        one(resize(Interpolation::Linear, coordinates, ResizeRound::Floor, single, to), &[(F32, from)], F32, y)
    };
    let (from, to) = ([1, 2, 5, 7], [1, 2, 11, 4]);
    let factors = ResizeTo::Scales(vec![1.0, 1.0, 2.3, 0.6]);
    let by_factor = linear(ResizeCoordinates::Asymmetric, false, &from, factors, &to);
    list.case("resize2d.ratio", of("resize2d_ratio_asymmetric"), by_factor);
    let by_extent = linear(ResizeCoordinates::HalfPixel, false, &from, ResizeTo::Extents(to.to_vec()), &to);
    list.case("resize2d.ratio", of("resize2d_ratio_half_pixel"), by_extent);
    let row = linear(ResizeCoordinates::HalfPixel, true, &[1, 2, 4, 5], ResizeTo::Extents(vec![1, 2, 1, 9]), &[1, 2, 1, 9]);
    list.case("resize2d.single", of("resize2d_one_row"), row);
}

fn quantised(list: &mut List, of: Of) {
    let scale = |v: f32| Tensor::scalar(v);
    let layer = |kind, from: DType, to: DType, shape: &[i64], scale: Tensor| {
        let mut net = Net::default();
        let (x, scale) = (net.input(from, shape), net.constant(scale));
        let y = net.add(kind, &[x, scale], to, shape);
        net.output(y)
    };
    let (shape, real) = ([2, 3, 4], LayerKind::Dequantize(None, F32));
    list.case("qnn.zero-point", of("dequantize_zero_point"), layer(real.clone(), I8, F32, &shape, scale(0.02)));
    list.case("qnn.zero-point", of("quantize_zero_point"), layer(LayerKind::Quantize(None), F32, I8, &shape, scale(0.02)));
    list.case("qnn.type", of("quantize_uint8"), layer(LayerKind::Quantize(None), F32, U8, &shape, scale(0.02)));
    list.case("qnn.type", of("dequantize_int32"), layer(real, I32, F32, &shape, scale(0.02)));
    let scales = Tensor::from_vec(&[3], vec![0.02f32, 0.5, 0.1]);
    list.case("qnn.axis", of("dequantize_axis"), layer(LayerKind::Dequantize(Some(1), F32), I8, F32, &shape, scales));
    let there_and_back = |net: &mut Net, x, scale| {
        let q = net.add(LayerKind::Quantize(None), &[x, scale], I8, &[2, 3]);
        net.add(LayerKind::Dequantize(None, F32), &[q, scale], F32, &[2, 3])
    };
    let mut net = Net::default();
    let (x, scale) = (net.input(F32, &[2, 3]), net.input(F32, &[]));
    let y = there_and_back(&mut net, x, scale);
    list.operator("qnn.scale-not-constant", "a scale that is an input", net.output(y));
    for value in [0.0f32, -0.5, f32::NAN] {
        let mut net = Net::default();
        let (x, scale) = (net.input(F32, &[2, 3]), net.constant(Tensor::scalar(value)));
        let y = there_and_back(&mut net, x, scale);
        list.operator("qnn.scale-not-positive", &format!("a scale of {value}"), net.output(y));
    }
}

fn arithmetic(list: &mut List, of: Of) {
    let mut net = Net::default();
    let a = net.input(I32, &[4]);
    let y = net.add(LayerKind::ElementWise(ElementWise::And), &[a, a], I32, &[4]);
    list.case("bitwise.no-layer", of("bitwise_and_itself"), net.output(y));
    let not = one(LayerKind::Unary(Unary::Not), &[(I32, &[5])], I32, &[5]);
    list.case("bitwise.no-layer", of("bitwise_not_int32"), not);
    // a - floor(a / b) * b, at and near multiples of b.
    let mut case = case("multiples", "mod", &[], &[x(&[64]), x(&[64])]);
    let divisors: Vec<f32> = (0..64).map(|i| 0.1 + 0.07 * i as f32).collect();
    let multiples = divisors.iter().enumerate().map(|(i, d)| d * (i % 9 + 1) as f32).collect();
    case.inputs = vec![Tensor::from_vec(&[64], multiples), Tensor::from_vec(&[64], divisors)];
    let mut net = Net::default();
    let (a, b) = (net.input(F32, &[64]), net.input(F32, &[64]));
    let mut step = |op, a, b| net.add(LayerKind::ElementWise(op), &[a, b], F32, &[64]);
    let quotient = step(ElementWise::FloorDiv, a, b);
    let whole = step(ElementWise::Prod, quotient, b);
    let rest = step(ElementWise::Sub, a, whole);
    list.case("mod.no-layer", case, net.output(rest));
    // A product as a power of a sum of logarithms.
    let mut net = Net::default();
    let a = net.input(F32, &[9]);
    let logs = net.add(LayerKind::Unary(Unary::Log), &[a], F32, &[9]);
    let sums = net.add(LayerKind::Cumulative { axis: 0, exclusive: false, reverse: false }, &[logs], F32, &[9]);
    let y = net.add(LayerKind::Unary(Unary::Exp), &[sums], F32, &[9]);
    list.case("cumprod.no-layer", of("cumprod_vector"), net.output(y));
}

fn places(list: &mut List, of: Of) {
    // Of equal elements the first.
    let attrs = [("axis", Attr::Int(1)), ("select_last_index", Attr::Bool(true))];
    let mut last = case("equal elements", "argmax", &attrs, &[free(&[D::Free("N", 4), D::Fixed(5)])]);
    last.inputs = vec![Tensor::from_vec(&[4, 5], vec![1f32; 20])];
    let mut net = Net::default();
    let a = net.input(F32, &[N, 5]);
    let top = net.add_all(LayerKind::TopK { kind: TopK::Max, k: 1, axis: 1 }, &[a], &[(F32, &[N, 1]), (I32, &[N, 1])]);
    let y = net.add(LayerKind::Shuffle { first: None, reshape: Some(vec![0]), second: None }, &[top[1]], I32, &[N]);
    list.case("argmax.last-index", last, net.output(y));
    let mut net = Net::default();
    let (a, last) = (net.input(F32, &[N, W, 4]), net.constant(Tensor::from_vec(&[1], vec![-1i32])));
    let y = net.add(LayerKind::Gather(1), &[a, last], F32, &[N, 1, 4]);
    list.case("index.dynamic-extent", of("take_last_of_free"), net.output(y));
    // Updates that replace.
    let attrs = |mode: &str| [("axis", Attr::Int(0)), ("reduction", Attr::Str(mode.into()))];
    let operands = |indices: In| [x(&[3, 2]), indices, x(&[3, 2])];
    let elements = In::Ints(vec![3, 2], vec![1, 0, 1, 2, 0, 0]);
    let sums = case("sums of elements", "scatter_elements", &attrs("add"), &operands(elements));
    let scatter = |kind, shape: &[usize], places: Vec<i32>| {
        let mut net = Net::default();
        let a = net.input(F32, &[3, 2]);
        let u = net.input(F32, &[3, 2]);
        let at = net.constant(Tensor::from_vec(shape, places));
        let y = net.add(kind, &[a, at, u], F32, &[3, 2]);
        net.output(y)
    };
    list.case("scatter_elements.reduction", sums, scatter(LayerKind::ScatterElements(0), &[3, 2], vec![1, 0, 1, 2, 0, 0]));
    let rows = In::Ints(vec![1, 3], vec![1, 0, 1]);
    let sums = case("sums of rows", "scatter_nd", &[("mode", Attr::Str("add".into()))], &operands(rows));
    list.case("scatter_nd.reduction", sums, scatter(LayerKind::ScatterNd, &[3, 1], vec![1, 0, 1]));
}
