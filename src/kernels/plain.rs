//! Contractions of element types that tuned code does not have, as loops like all others: products of float64 and integers, windows
//! over them. Narrow floats go through tuned code in float32 instead: see `lower`.

use crate::loops::contract::{Contract, ContractKind, Window};
use crate::loops::eval::lowest;
use crate::loops::{Access, Binary, Body, BufferId, Fold, Kernel, Op, Stage, Val};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::shape;

/// The kernel with every contraction as a reduction over plain loops.
pub fn plain(kernel: &Kernel) -> Kernel {
    let stages = kernel.stages.iter().map(|s| if let Stage::Contract(c) = s { reduction(kernel, c) } else { s.clone() });
    Kernel { stages: stages.collect(), ..kernel.clone() }
}

fn dims(v: &[i64]) -> Vec<Dim> {
    v.iter().map(|d| Dim::from(*d)).collect()
}

fn reduction(kernel: &Kernel, c: &Contract) -> Stage {
    match &c.kind {
        ContractKind::MatMul { a, b, batch, m, n, k } => {
            let mut value = Body::default();
            // Indices are batch, row, column, then the inner one; an operand does not move along the other's own axis.
            let (zero, lead) = (Dim::from(0i64), batch.len());
            let left = [&a.strides[..=lead], std::slice::from_ref(&zero), &a.strides[lead + 1..]].concat();
            let right = [&b.strides[..lead], &[zero, b.strides[lead + 1].clone(), b.strides[lead].clone()]].concat();
            let x = value.load(Access { strides: left, ..a.clone() });
            let y = value.load(Access { strides: right, ..b.clone() });
            value.binary(Binary::Mul, x, y);
            let outer = [batch.as_slice(), &[m.clone(), n.clone()]].concat();
            stage(c, outer, vec![k.clone()], Fold::Sum, value, Body::acc())
        }
        ContractKind::Conv { x, w, groups, window } => convolution(kernel, c, *x, *w, *groups, window),
        ContractKind::Pool { x, max, count_padding, window } => pooling(kernel, c, *x, *max, *count_padding, window),
    }
}

/// A reduction into the dense result, then its epilogue.
fn stage(c: &Contract, outer: Vec<Dim>, inner: Vec<Dim>, fold: Fold, value: Body, finish: Body) -> Stage {
    let out = Access { buffer: c.out, offset: Dim::from(0i64), strides: shape::strides(&outer) };
    Stage::Reduce { out, outer, inner, fold, value, finish }
}

/// Places that a window visits, for indices of result and window along each spatial axis.
struct Tap {
    /// Offset of the element, inside the data wherever the test below fails too.
    offset: Val,
    /// Whether it is on the data.
    inside: Option<Val>,
}

/// `first` is the offset of the plane; `at` and `within` are the places of the indices of result and window in the body's.
fn tap(b: &mut Body, w: &Window, data: &[Dim], first: Val, at: usize, within: usize) -> Tap {
    let strides = shape::strides(data);
    let (zero, mut offset, mut inside) = (b.int(DType::I64, 0), first, None);
    for axis in 0..data.len() {
        let extent = b.push(Op::Size(data[axis].clone()));
        let place = window_place(b, w, axis, at, within);
        let (low, high) = (b.binary(Binary::GreaterEqual, place, zero), b.binary(Binary::Less, place, extent));
        let on = b.binary(Binary::And, low, high);
        inside = Some(inside.map_or(on, |i| b.binary(Binary::And, i, on)));
        let place = b.push(Op::Select(on, place, zero));
        let step = b.push(Op::Size(strides[axis].clone()));
        let moved = b.binary(Binary::Mul, place, step);
        offset = b.binary(Binary::Add, offset, moved);
    }
    Tap { offset, inside }
}

/// Where along an axis of the data an element of the window lies; negative in the padding.
fn window_place(b: &mut Body, w: &Window, axis: usize, at: usize, within: usize) -> Val {
    let (i, k) = (b.push(Op::Index(at + axis)), b.push(Op::Index(within + axis)));
    let (stride, dilation) = (b.int(DType::I64, w.stride[axis]), b.int(DType::I64, w.dilation[axis]));
    let begin = b.int(DType::I64, w.pad_begin[axis]);
    let i = b.binary(Binary::Mul, i, stride);
    let k = b.binary(Binary::Mul, k, dilation);
    let place = b.binary(Binary::Add, i, k);
    b.binary(Binary::Sub, place, begin)
}

fn size(b: &mut Body, d: &Dim) -> Val {
    b.push(Op::Size(d.clone()))
}

/// Indices: image, group, map of the group, pixel; then channel of the group, window.
fn convolution(kernel: &Kernel, c: &Contract, x: BufferId, w: BufferId, groups: i64, window: &Window) -> Stage {
    let (data, weights, out) = (&kernel.buffer(x).shape, &kernel.buffer(w).shape, &kernel.buffer(c.out).shape);
    let (rank, dtype, groups) = (window.kernel.len(), kernel.buffer(x).dtype, Dim::from(groups));
    let (maps, per) = (weights[0].floor_div(&groups), weights[1].clone());
    let outer = [&[out[0].clone(), groups, maps.clone()], &out[2..]].concat();
    let inner = [std::slice::from_ref(&per), dims(&window.kernel).as_slice()].concat();
    let (channel_at, within) = (outer.len(), outer.len() + 1);
    let mut b = Body::default();
    let (image, group, channel) = (b.push(Op::Index(0)), b.push(Op::Index(1)), b.push(Op::Index(channel_at)));
    let (channels, per_size) = (size(&mut b, &data[1]), size(&mut b, &per));
    let plane = b.binary(Binary::Mul, image, channels);
    let group = b.binary(Binary::Mul, group, per_size);
    let plane = b.binary(Binary::Add, plane, group);
    let plane = b.binary(Binary::Add, plane, channel);
    let pixels = size(&mut b, &shape::element_count(&data[2..]));
    let first = b.binary(Binary::Mul, plane, pixels);
    let tap = tap(&mut b, window, &data[2..], first, 3, within);
    let element = b.push(Op::LoadAt(x, tap.offset));
    let own = shape::strides(weights);
    let zero = || Dim::from(0i64);
    // Weights by map and channel: no step along images and pixels.
    let strides = [&[zero(), &own[0] * &maps, own[0].clone()], vec![zero(); rank].as_slice(), &own[1..]].concat();
    let weight = b.load(Access { buffer: w, offset: zero(), strides });
    let product = b.binary(Binary::Mul, element, weight);
    let nothing = b.constant(dtype, 0.0);
    b.result = tap.inside.map_or(product, |inside| b.push(Op::Select(inside, product, nothing)));
    stage(c, outer, inner, Fold::Sum, b, Body::acc())
}

/// Indices: image, channel, pixel; then window.
fn pooling(kernel: &Kernel, c: &Contract, x: BufferId, max: bool, count_padding: bool, window: &Window) -> Stage {
    let (data, out, dtype) = (&kernel.buffer(x).shape, kernel.buffer(c.out).shape.clone(), kernel.buffer(x).dtype);
    let (rank, within) = (window.kernel.len(), out.len());
    let mut b = Body::default();
    let (image, channel, channels) = (b.push(Op::Index(0)), b.push(Op::Index(1)), size(&mut b, &data[1]));
    let plane = b.binary(Binary::Mul, image, channels);
    let plane = b.binary(Binary::Add, plane, channel);
    let pixels = size(&mut b, &shape::element_count(&data[2..]));
    let first = b.binary(Binary::Mul, plane, pixels);
    let tap = tap(&mut b, window, &data[2..], first, 2, within);
    let element = b.push(Op::LoadAt(x, tap.offset));
    let least = match (max, dtype.is_float()) {
        (true, true) => b.float(dtype, f64::NEG_INFINITY),
        (true, false) => b.int(dtype, lowest(dtype) as i64),
        (false, _) => b.constant(dtype, 0.0),
    };
    b.result = tap.inside.map_or(element, |inside| b.push(Op::Select(inside, element, least)));
    let mut finish = Body::acc();
    if !max {
        let count = (0..rank).fold(None, |n: Option<Val>, axis| {
            let own = taps(&mut finish, window, axis, &data[2 + axis], count_padding);
            Some(n.map_or(own, |n| finish.binary(Binary::Mul, n, own)))
        });
        let count = count.unwrap_or_default();
        let count = finish.push(Op::Cast(dtype, count));
        finish.binary(Binary::Div, Val(0), count);
    }
    stage(c, out, dims(&window.kernel), if max { Fold::Max } else { Fold::Sum }, b, finish)
}

/// How many elements of the window along one axis count: those on the data, or on the padded data; what lies behind the padding
/// never does.
fn taps(b: &mut Body, w: &Window, axis: usize, extent: &Dim, padded: bool) -> Val {
    let (i, stride) = (b.push(Op::Index(2 + axis)), b.int(DType::I64, w.stride[axis]));
    let first = b.binary(Binary::Mul, i, stride);
    let begin = b.int(DType::I64, w.pad_begin[axis]);
    let first = b.binary(Binary::Sub, first, begin);
    // first + k * dilation < end  <=>  k < ceil((end - first) / dilation), and >= 0 where padding does not count.
    let end = size(b, &(extent + &Dim::from(if padded { w.pad_end[axis] } else { 0 })));
    let (dilation, zero) = (b.int(DType::I64, w.dilation[axis]), b.int(DType::I64, 0));
    let most = b.int(DType::I64, w.kernel[axis]);
    let round_up = b.int(DType::I64, w.dilation[axis] - 1);
    let upto = |b: &mut Body, bound: Val| {
        let room = b.binary(Binary::Sub, bound, first);
        let room = b.binary(Binary::Add, room, round_up);
        let n = b.binary(Binary::Max, room, zero);
        let n = b.binary(Binary::Div, n, dilation);
        b.binary(Binary::Min, n, most)
    };
    let all = upto(b, end);
    if padded {
        return all;
    }
    let before = upto(b, zero);
    b.binary(Binary::Sub, all, before)
}
