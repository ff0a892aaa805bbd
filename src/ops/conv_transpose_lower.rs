//! The kernels of transposed convolutions. Where the weights are constants it is an ordinary convolution: each remainder of the step
//! has weights of its own, which are maps of their own, and the maps are woven into one. Elsewhere it is a product and a sum.

use crate::ir::attrs::Param;
use crate::ir::build::Builder;
use crate::ir::fact::Fact;
use crate::ir::opdef::Lowering;
use crate::ir::view::NodeView;
use crate::ir::{Graph, ValueId};
use crate::loops::contract::{Contract, ContractKind, Window};
use crate::loops::{Access, Binary, Body, BufferId, Fold, Kernel, Op, Role, Stage, Val};
use crate::ops::conv::{CONV1D, CONV2D, CONV3D, Conv, indices};
use crate::ops::conv_transpose::{ConvTranspose, transposed_window};
use crate::ops::movement::strides;
use crate::ops::reshape::{RESHAPE, Reshape};
use crate::ops::strided_slice::{STRIDED_SLICE, StridedSlice};
use crate::ops::transpose::{TRANSPOSE, Transpose};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::element_count;

/// How our own kernels compute it.
pub fn lower(v: &NodeView) -> Result<Lowering> {
    let a: &ConvTranspose = v.attrs();
    let (w, more) = transposed_window(a, v.shape(1))?;
    if let Some(weights) = v.constant(1)
        && let Some(graph) = as_convolution(v, a, &w, &more, weights)?
    {
        return Ok(Lowering::Expand(graph));
    }
    gathered(v, a, &w)
}

/// The convolution of one axis: element `o` of the result, `o + pad = q * step + r`, is element `q` of the maps of remainder `r`.
struct Axis {
    step: i64,
    /// Places of the window that fall on one remainder.
    kernel: i64,
    dilation: i64,
    front: i64,
    back: i64,
    /// Where the result begins among the woven maps.
    begin: i64,
}

fn axis(w: &Window, more: i64, i: usize) -> Option<Axis> {
    let (k, step, dilation, front, back) = (w.kernel[i], w.stride[i], w.dilation[i], w.pad_begin[i], w.pad_end[i]);
    let axis = if step == 1 {
        let span = dilation * (k - 1);
        Axis { step, kernel: k, dilation, front: span - front, back: span - back + more, begin: 0 }
    } else {
        let kernel = (k + step - 1) / step;
        let behind = (k - back + more - 1).div_euclid(step);
        Axis { step, kernel, dilation: 1, front: kernel - 1 - front / step, back: behind, begin: front % step }
    };
    let plain = (step == 1 || dilation == 1) && axis.front >= 0 && axis.back >= 0;
    plain.then_some(axis)
}

/// The graph that computes it by a convolution; `None` where padding or dilation stand against it.
fn as_convolution(v: &NodeView, a: &ConvTranspose, w: &Window, more: &[i64], weights: &Tensor) -> Result<Option<Graph>> {
    let n = w.kernel.len();
    let Some(axes) = (0..n).map(|i| axis(w, more[i], i)).collect::<Option<Vec<Axis>>>() else { return Ok(None) };
    let pick = |f: fn(&Axis) -> i64| axes.iter().map(f).collect::<Vec<i64>>();
    let mut b = Builder::new(v.name());
    let data = b.input("data", Fact::new(v.dtype(0), v.shape(0).to_vec()))?;
    b.input("weights", Fact::new(v.dtype(1), v.shape(1).to_vec()))?;
    let turned = b.constant("turned", turned(weights, a.groups as usize, w, &axes));
    let attrs = Conv {
        padding: [pick(|x| x.front), pick(|x| x.back)].concat(),
        dilation: pick(|x| x.dilation),
        groups: a.groups,
        ..Conv::default()
    };
    let op = [&CONV1D, &CONV2D, &CONV3D][n - 1];
    let mut y = b.op("convolution", op, attrs, &[data, turned])?;
    if axes.iter().any(|x| x.step > 1) {
        y = woven(&mut b, v, &axes, y)?;
    }
    b.output("result", y)?;
    Ok(Some(b.finish()))
}

/// Weights `[channels, maps / groups, kernel...]` as those of the convolution: `[maps and remainders, channels / groups, places...]`.
fn turned(weights: &Tensor, groups: usize, w: &Window, axes: &[Axis]) -> Tensor {
    let (own, v, per_group) = (strides(weights.shape()), weights.to_f64s(), weights.shape()[1]);
    let depth = weights.shape()[0] / groups;
    let steps: Vec<usize> = axes.iter().map(|x| x.step as usize).collect();
    let kernel: Vec<usize> = axes.iter().map(|x| x.kernel as usize).collect();
    let mut out = Vec::new();
    for map in 0..groups * per_group {
        for rest in indices(&steps) {
            for channel in map / per_group * depth..(map / per_group + 1) * depth {
                for place in indices(&kernel) {
                    let mut flat = channel as i64 * own[0] + (map % per_group) as i64 * own[1];
                    let mut inside = true;
                    for i in 0..axes.len() {
                        let tap = rest[i] + (kernel[i] - 1 - place[i]) * steps[i];
                        inside &= (tap as i64) < w.kernel[i];
                        flat += tap as i64 * own[i + 2];
                    }
                    out.push(if inside { v[flat as usize] } else { 0.0 });
                }
            }
        }
    }
    let maps = groups * per_group * steps.iter().product::<usize>();
    Tensor::from_f64s(weights.dtype(), &[&[maps, depth], kernel.as_slice()].concat(), &out)
}

/// The maps of all remainders as one, and of it the part that is the result.
fn woven(b: &mut Builder, v: &NodeView, axes: &[Axis], y: ValueId) -> Result<ValueId> {
    let (n, out) = (axes.len(), &v.output(0).shape);
    let places = b.fact(y).shape[2..].to_vec();
    let steps: Vec<Dim> = axes.iter().map(|x| Dim::from(x.step)).collect();
    let to = |dims: Vec<Dim>| Reshape { newshape: Param::Static(dims), allowzero: true };
    let apart = [&out[..2], steps.as_slice(), places.as_slice()].concat();
    let y = b.op("remainders", &RESHAPE, to(apart), &[y])?;
    let order = [0, 1].into_iter().chain((0..n).flat_map(|i| [2 + n + i, 2 + i])).map(|i| i as i64).collect();
    let y = b.op("woven", &TRANSPOSE, Transpose { axes: order }, &[y])?;
    let whole: Vec<Dim> = out[..2].iter().cloned().chain(places.iter().zip(&steps).map(|(p, s)| p * s)).collect();
    let y = b.op("whole", &RESHAPE, to(whole), &[y])?;
    let list = |f: &dyn Fn(usize) -> Dim| Param::Static((0..n).map(f).collect());
    let part = StridedSlice {
        begin: list(&|i| Dim::from(axes[i].begin)),
        end: list(&|i| &out[i + 2] + &Dim::from(axes[i].begin)),
        strides: list(&|_| Dim::from(1i64)),
        axes: list(&|i| Dim::from(i + 2)),
    };
    b.op("part", &STRIDED_SLICE, part, &[y])
}

/// A product gives what each element of the data adds to each place of its window; a sum over the places gathers what falls on each
/// element of the result.
fn gathered(v: &NodeView, a: &ConvTranspose, w: &Window) -> Result<Lowering> {
    let (dtype, dims) = (v.dtype(0), v.shape(0));
    let (groups, zero, one) = (Dim::from(a.groups), Dim::from(0i64), Dim::from(1i64));
    let depth = v.shape(1)[0].floor_div(&groups);
    let taps = Dim::from(w.kernel.iter().product::<i64>());
    let (rows, pixels) = (&v.shape(1)[1] * &taps, element_count(&dims[2..]));
    let mut k = Kernel::new(v.name());
    let (x, weights) = (k.add(Role::Input, dtype, dims), k.add(Role::Input, dtype, v.shape(1)));
    let out = k.add(Role::Output, dtype, &v.output(0).shape);
    let columns = k.add(Role::Local, dtype, &[dims[0].clone(), groups.clone(), rows.clone(), pixels.clone()]);
    let (mut batch, mut a_strides, mut b_strides) = (vec![dims[0].clone()], vec![zero.clone()], vec![&dims[1] * &pixels]);
    if a.groups > 1 {
        batch.push(groups);
        a_strides.push(&depth * &rows);
        b_strides.push(&depth * &pixels);
    }
    a_strides.extend([one.clone(), rows.clone()]);
    b_strides.extend([pixels.clone(), one]);
    let kind = ContractKind::MatMul {
        a: Access { buffer: weights, offset: zero.clone(), strides: a_strides },
        b: Access { buffer: x, offset: zero, strides: b_strides },
        batch,
        m: rows,
        n: pixels,
        k: depth,
    };
    k.stages.push(Stage::Contract(Contract { kind, out: columns, epilogue: None }));
    let stage = gather(&k, w, dims, columns, out);
    k.stages.push(stage);
    Ok(Lowering::Kernel(k))
}

/// `out[n, map, o]` as the sum of all `columns[n, map, tap, pixel]` that fall on it.
fn gather(k: &Kernel, w: &Window, x: &[Dim], columns: BufferId, out: BufferId) -> Stage {
    let (spatial, dims) = (w.kernel.len(), k.buffer(out).shape.clone());
    let mut body = Body::default();
    let (mut tap, mut pixel, mut inside) = (body.int(DType::I64, 0), body.int(DType::I64, 0), None);
    let mut inner = Vec::new();
    for i in 0..spatial {
        let axis = falling(&mut body, w, i, spatial, &x[i + 2]);
        inner.push(Dim::from(axis.count));
        let (kernel, extent) = (body.int(DType::I64, w.kernel[i]), body.push(Op::Size(x[i + 2].clone())));
        tap = body.binary(Binary::Mul, tap, kernel);
        tap = body.binary(Binary::Add, tap, axis.tap);
        pixel = body.binary(Binary::Mul, pixel, extent);
        pixel = body.binary(Binary::Add, pixel, axis.at);
        inside = Some(inside.map_or(axis.inside, |all| body.binary(Binary::And, all, axis.inside)));
    }
    let taps = Dim::from(w.kernel.iter().product::<i64>());
    let pixels = element_count(&x[2..]);
    let (image, map) = (body.push(Op::Index(0)), body.push(Op::Index(1)));
    let maps = body.push(Op::Size(dims[1].clone()));
    let mut at = body.binary(Binary::Mul, image, maps);
    at = body.binary(Binary::Add, at, map);
    for (extent, step) in [(taps, tap), (pixels, pixel)] {
        let extent = body.push(Op::Size(extent));
        at = body.binary(Binary::Mul, at, extent);
        at = body.binary(Binary::Add, at, step);
    }
    let v = body.push(Op::LoadAt(columns, at));
    let none = body.constant(k.buffer(columns).dtype, 0.0);
    body.push(Op::Select(inside.expect("a spatial axis"), v, none));
    Stage::Reduce { out: k.dense(out), outer: dims, inner, fold: Fold::Sum, value: body, finish: Body::acc() }
}

/// What falls on one axis of an element of the result.
struct Falling {
    /// Places of the window that are looked at.
    count: i64,
    /// The place of the window.
    tap: Val,
    /// The element of the data, inside its axis in any case.
    at: Val,
    /// Whether there is such an element.
    inside: Val,
}

fn falling(b: &mut Body, w: &Window, i: usize, spatial: usize, extent: &Dim) -> Falling {
    let (at, step) = (b.push(Op::Index(2 + i)), b.push(Op::Index(2 + spatial + i)));
    let (pad, stride) = (b.int(DType::I64, w.pad_begin[i]), b.int(DType::I64, w.stride[i]));
    let (zero, one) = (b.int(DType::I64, 0), b.int(DType::I64, 1));
    let at = b.binary(Binary::Add, at, pad);
    let (count, tap, from, mut inside);
    if w.dilation[i] == 1 {
        // Every `stride`th place of the window, from the one where the remainder is zero on.
        count = (w.kernel[i] + w.stride[i] - 1) / w.stride[i];
        let (kernel, last) = (b.int(DType::I64, w.kernel[i]), b.int(DType::I64, w.kernel[i] - 1));
        let (whole, rest) = (b.binary(Binary::Div, at, stride), b.binary(Binary::Rem, at, stride));
        let further = b.binary(Binary::Mul, step, stride);
        let place = b.binary(Binary::Add, rest, further);
        inside = b.binary(Binary::Less, place, kernel);
        tap = b.binary(Binary::Min, place, last);
        from = b.binary(Binary::Sub, whole, step);
    } else {
        count = w.kernel[i];
        let dilation = b.int(DType::I64, w.dilation[i]);
        let reach = b.binary(Binary::Mul, step, dilation);
        let back = b.binary(Binary::Sub, at, reach);
        let rest = b.binary(Binary::Rem, back, stride);
        inside = b.binary(Binary::Equal, rest, zero);
        tap = step;
        from = b.binary(Binary::Div, back, stride);
        let behind = b.binary(Binary::GreaterEqual, back, zero);
        inside = b.binary(Binary::And, inside, behind);
    }
    let extent = b.push(Op::Size(extent.clone()));
    let (low, high) = (b.binary(Binary::GreaterEqual, from, zero), b.binary(Binary::Less, from, extent));
    inside = b.binary(Binary::And, inside, low);
    inside = b.binary(Binary::And, inside, high);
    let last = b.binary(Binary::Sub, extent, one);
    let clamped = b.binary(Binary::Min, from, last);
    let at = b.binary(Binary::Max, clamped, zero);
    Falling { count, tap, at, inside }
}
