//! Contractions of element types that tuned code does not have, as loops like all others: products of float64 and integers, windows
//! over them. Narrow floats go through tuned code in float32 instead: see `lower`.

use crate::loops::contract::{Contract, ContractKind, Window};
use crate::loops::num::lowest;
use crate::loops::{Access, Binary, Body, BufferId, Fold, Kernel, Op, Role, Stage, Val};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::shape;

/// The kernel with every contraction as a reduction over plain loops.
pub fn plain(kernel: &Kernel) -> Kernel {
    let mut out = Kernel { stages: Vec::new(), ..kernel.clone() };
    for stage in &kernel.stages {
        let Stage::Contract(c) = stage else {
            out.stages.push(stage.clone());
            continue;
        };
        let made = match &c.kind {
            ContractKind::MatMul { a, b, batch, m, n, k } => product(c, a, b, batch, [m, n, k]),
            ContractKind::Conv { x, w, groups, window } => convolution(&mut out, c, *x, *w, *groups, window),
            ContractKind::Pool { x, max, count_padding, window } => pooling(&mut out, c, *x, *max, *count_padding, window),
            ContractKind::Attention(_) => unreachable!("made of products in float32, after lowering"),
        };
        out.stages.push(made);
    }
    out
}

fn dims(v: &[i64]) -> Vec<Dim> {
    v.iter().map(|d| Dim::from(*d)).collect()
}

fn zero() -> Dim {
    Dim::from(0i64)
}

/// A reduction into the dense result.
fn stage(c: &Contract, outer: Vec<Dim>, inner: Vec<Dim>, fold: Fold, value: Body, finish: Body) -> Stage {
    let out = Access { buffer: c.out, offset: zero(), strides: shape::strides(&outer) };
    Stage::Reduce { out, outer, inner, fold, value, finish }
}

/// Indices are batch, row, column, then the inner one; an operand does not move along the other's own axis.
fn product(c: &Contract, a: &Access, b: &Access, batch: &[Dim], [m, n, k]: [&Dim; 3]) -> Stage {
    let (mut value, lead) = (Body::default(), batch.len());
    let left = [&a.strides[..=lead], &[zero()], &a.strides[lead + 1..]].concat();
    let right = [&b.strides[..lead], &[zero(), b.strides[lead + 1].clone(), b.strides[lead].clone()]].concat();
    let x = value.load(Access { strides: left, ..a.clone() });
    let y = value.load(Access { strides: right, ..b.clone() });
    value.binary(Binary::Mul, x, y);
    stage(c, [batch, &[m.clone(), n.clone()]].concat(), vec![k.clone()], Fold::Sum, value, Body::acc())
}

/// Extents of the data that all windows together see, padding and what lies behind it included.
fn seen(w: &Window, out: &[Dim]) -> Vec<Dim> {
    let last = |i: usize| Dim::from(w.dilation[i] * (w.kernel[i] - 1) + 1 - w.stride[i]);
    (0..w.kernel.len()).map(|i| (&(&out[2 + i] * &Dim::from(w.stride[i])) + &last(i)).max_with(&zero())).collect()
}

/// A copy of the data as the windows see them, with `fill` around them, and its extents.
fn padded(k: &mut Kernel, x: BufferId, w: &Window, out: &[Dim], fill: f64) -> (BufferId, Vec<Dim>) {
    let (data, dtype) = (k.buffer(x).shape.clone(), k.buffer(x).dtype);
    let extents = [&data[..2], &seen(w, out)].concat();
    let copy = k.add(Role::Local, dtype, &extents);
    let mut around = Body::default();
    around.constant(dtype, fill);
    k.map(copy, around);
    let (to, from) = (shape::strides(&extents), k.dense(x));
    let mut body = Body::default();
    body.load(from);
    // Steps of the window may leave the end of the data unseen.
    let room = |i: usize| (&extents[2 + i] - &Dim::from(w.pad_begin[i])).max_with(&zero()).min_with(&data[2 + i]);
    let inner = [&data[..2], &(0..w.kernel.len()).map(room).collect::<Vec<_>>()].concat();
    let begin = w.pad_begin.iter().zip(&to[2..]).fold(zero(), |sum, (p, s)| &sum + &(s * &Dim::from(*p)));
    k.stages.push(Stage::Map { out: Access { buffer: copy, offset: begin, strides: to }, extents: inner, value: body });
    (copy, extents)
}

/// Steps of the data along the axes of the result, then along those of the window.
fn walk(w: &Window, strides: &[Dim]) -> (Vec<Dim>, Vec<Dim>) {
    let times = |by: &[i64]| by.iter().zip(strides).map(|(n, s)| s * &Dim::from(*n)).collect();
    (times(&w.stride), times(&w.dilation))
}

/// Indices: image, group, map of the group, pixel; then channel of the group, window.
fn convolution(k: &mut Kernel, c: &Contract, x: BufferId, w: BufferId, groups: i64, window: &Window) -> Stage {
    let (weights, out) = (k.buffer(w).shape.clone(), k.buffer(c.out).shape.clone());
    let groups = Dim::from(groups);
    let (maps, per) = (weights[0].floor_div(&groups), weights[1].clone());
    // Without padding all windows lie on the data.
    let bare = window.pad_begin.iter().chain(&window.pad_end).all(|p| *p == 0);
    let (data, extents) = if bare { (x, k.buffer(x).shape.clone()) } else { padded(k, x, window, &out, 0.0) };
    let outer = [&[out[0].clone(), groups, maps.clone()], &out[2..]].concat();
    let inner = [std::slice::from_ref(&per), dims(&window.kernel).as_slice()].concat();
    let own = shape::strides(&extents);
    let (pixels, taps) = walk(window, &own[2..]);
    let mut b = Body::default();
    let lead = [own[0].clone(), &own[1] * &per, zero()];
    let strides = [&lead, pixels.as_slice(), &[own[1].clone()], &taps].concat();
    let element = b.load(Access { buffer: data, offset: zero(), strides });
    let own = shape::strides(&weights);
    let strides = [&[zero(), &own[0] * &maps, own[0].clone()], vec![zero(); pixels.len()].as_slice(), &own[1..]].concat();
    let weight = b.load(Access { buffer: w, offset: zero(), strides });
    b.binary(Binary::Mul, element, weight);
    stage(c, outer, inner, Fold::Sum, b, Body::acc())
}

/// Indices: image, channel, pixel; then window.
fn pooling(k: &mut Kernel, c: &Contract, x: BufferId, max: bool, count_padding: bool, window: &Window) -> Stage {
    let (data, out, dtype) = (k.buffer(x).shape.clone(), k.buffer(c.out).shape.clone(), k.buffer(x).dtype);
    let least = if dtype.is_float() { f64::NEG_INFINITY } else { lowest(dtype) as f64 };
    let (copy, extents) = padded(k, x, window, &out, if max { least } else { 0.0 });
    let own = shape::strides(&extents);
    let (pixels, taps) = walk(window, &own[2..]);
    let mut value = Body::default();
    value.load(Access { buffer: copy, offset: zero(), strides: [&own[..2], &pixels, &taps].concat() });
    let mut finish = Body::acc();
    if !max {
        let counts = (0..window.kernel.len()).map(|axis| counted(&mut finish, window, axis, &data[2 + axis], count_padding));
        let counts: Vec<Val> = counts.collect();
        let count = counts.into_iter().reduce(|n, own| finish.binary(Binary::Mul, n, own)).unwrap_or_default();
        let count = finish.push(Op::Cast(dtype, count));
        finish.binary(Binary::Div, Val(0), count);
    }
    stage(c, out, dims(&window.kernel), if max { Fold::Max } else { Fold::Sum }, value, finish)
}

/// How many elements of the window along one axis count: those on the data, or on the padded data; what lies behind the padding
/// never does.
fn counted(b: &mut Body, w: &Window, axis: usize, extent: &Dim, padded: bool) -> Val {
    let (i, stride) = (b.push(Op::Index(2 + axis)), b.int(DType::I64, w.stride[axis]));
    let first = b.binary(Binary::Mul, i, stride);
    let begin = b.int(DType::I64, w.pad_begin[axis]);
    let first = b.binary(Binary::Sub, first, begin);
    // first + k * dilation < end  <=>  k < ceil((end - first) / dilation), and >= 0 where padding does not count.
    let end = b.push(Op::Size(extent + &Dim::from(if padded { w.pad_end[axis] } else { 0 })));
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
