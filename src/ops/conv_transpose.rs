//! Transposed convolutions: nn.conv1d_transpose, nn.conv2d_transpose, nn.conv3d_transpose. Data `[images, channels, spatial...]`,
//! weights `[channels, maps / groups, kernel...]`; each element of the data is spread over its window of the result.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::contract::{Contract, ContractKind, Window};
use crate::loops::{Access, Binary, Body, BufferId, Fold, Kernel, Op, Role, Stage, Val};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::LayerKind;
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::conv::{indices, network_window, window, with_unit_axis};
use crate::ops::movement::strides;
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, element_count, text};
use crate::{attributes, ensure};

attributes! {
    /// Attributes of transposed convolutions; lists have one entry per spatial axis.
    pub struct ConvTranspose {
        /// Step of the window.
        pub strides: Vec<i64> = vec![],
        /// What is cut off the result in front of each spatial axis, then behind each.
        pub padding: Vec<i64> = vec![],
        /// What the result has more behind each spatial axis.
        pub output_padding: Vec<i64> = vec![],
        /// Distance between elements of the window.
        pub dilation: Vec<i64> = vec![],
        /// Groups of channels that are convolved apart.
        pub groups: i64 = 1,
    }
}

/// The window, and what the result has more behind each axis.
fn transposed_window(a: &ConvTranspose, w: &[Dim]) -> Result<(Window, Vec<i64>)> {
    let kernel = w[2..].iter().map(|d| d.as_const()).collect::<Option<Vec<i64>>>();
    let Some(kernel) = kernel else { crate::fail!(BadGraph, "the kernel's extents {} are not fixed", text(w)) };
    let more = if a.output_padding.is_empty() { vec![0; kernel.len()] } else { a.output_padding.clone() };
    let fits = more.len() == kernel.len() && more.iter().all(|m| (0..=i64::from(i32::MAX)).contains(m));
    ensure!(fits, BadGraph, "output_padding {more:?} needs {} numbers from 0 on", kernel.len());
    Ok((window(kernel, &a.strides, &a.padding, &a.dilation)?, more))
}

/// Extent of the result on a spatial axis.
fn extent(w: &Window, more: &[i64], axis: usize, x: &Dim) -> Dim {
    let span = w.dilation[axis] * (w.kernel[axis] - 1) + 1;
    let steps = &(x - &Dim::from(1i64)) * &Dim::from(w.stride[axis]);
    let all = &steps + &Dim::from(span - w.pad_begin[axis] - w.pad_end[axis] + more[axis]);
    // Nothing is spread by an axis without elements.
    &all.max_with(&Dim::from(0i64)) * &x.min_with(&Dim::from(1i64))
}

fn infer(c: &InferCtx, x: &[&Fact], spatial: usize) -> Result<Vec<Fact>> {
    let (a, data, weights): (&ConvTranspose, _, _) = (c.attrs.get(), x[0], x[1]);
    ensure!(data.dtype == weights.dtype && data.dtype.is_float(), WrongDType, "data are {}, weights {}", data.dtype, weights.dtype);
    let ranks = data.rank() == spatial + 2 && weights.rank() == spatial + 2;
    ensure!(ranks, BadGraph, "data and weights need rank {}", spatial + 2);
    let (w, more) = transposed_window(a, &weights.shape)?;
    let channels = weights.shape[0].as_const();
    ensure!(
        a.groups >= 1 && channels.is_none_or(|c| c % a.groups == 0) && data.shape[1].equals(&weights.shape[0]) != Answer::Never,
        BadGraph,
        "data {} and weights {} do not fit in {} groups",
        text(&data.shape),
        text(&weights.shape),
        a.groups
    );
    let mut dims = vec![data.shape[0].clone(), &weights.shape[1] * &Dim::from(a.groups)];
    dims.extend((0..spatial).map(|i| extent(&w, &more, i, &data.shape[i + 2])));
    Ok(vec![Fact::new(data.dtype, dims)])
}

fn eval(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let (a, data, weights): (&ConvTranspose, _, _) = (c.attrs.get(), &x[0], &x[1]);
    let (w, more) = transposed_window(a, &shape::from_usizes(weights.shape()))?;
    let (extents, per_group) = (&data.shape()[2..], weights.shape()[1]);
    let (images, channels, groups) = (data.shape()[0], data.shape()[1], a.groups as usize);
    ensure!(channels == weights.shape()[0], BadGraph, "data {:?} do not fit weights {:?}", data.shape(), weights.shape());
    let out: Vec<usize> =
        (0..extents.len()).map(|i| extent(&w, &more, i, &Dim::from(extents[i])).as_const().unwrap_or(0) as usize).collect();
    let (own, kernel) = (strides(&out), w.kernel.iter().map(|k| *k as usize).collect::<Vec<_>>());
    let (plane, taps) = (out.iter().product::<usize>(), kernel.iter().product::<usize>());
    // Where in the result an element at `at` times the weight at `k` falls.
    let falls = |at: &[usize], k: &[usize]| -> Option<usize> {
        let mut flat = 0;
        for i in 0..at.len() {
            let to = at[i] as i64 * w.stride[i] + k[i] as i64 * w.dilation[i] - w.pad_begin[i];
            if !(0..out[i] as i64).contains(&to) {
                return None;
            }
            flat += to * own[i];
        }
        Some(flat as usize)
    };
    let (xs, ws, pixels) = (data.to_f64s(), weights.to_f64s(), extents.iter().product::<usize>());
    let mut y = vec![0.0; images * per_group * groups * plane];
    for (pixel, at) in indices(extents).enumerate() {
        for (tap, k) in indices(&kernel).enumerate() {
            let Some(to) = falls(&at, &k) else { continue };
            for (n, channel) in (0..images).flat_map(|n| (0..channels).map(move |c| (n, c))) {
                let v = xs[(n * channels + channel) * pixels + pixel];
                let first = n * per_group * groups + channel / (channels / groups) * per_group;
                for m in 0..per_group {
                    y[(first + m) * plane + to] += v * ws[(channel * per_group + m) * taps + tap];
                }
            }
        }
    }
    Ok(vec![Tensor::from_f64s(data.dtype(), &[&[images, per_group * groups], out.as_slice()].concat(), &y)])
}

fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId], spatial: usize) -> Accepted<Vec<TensorId>> {
    let a: &ConvTranspose = v.attrs();
    let fault = |e: crate::tensor::error::Error| Refusal::new("conv_transpose.window", e.message, "");
    let Some(weights) = v.constant(1) else {
        return Err(Refusal::new("conv_transpose.weights-not-constant", "the weights are computed", "make them constants"));
    };
    let (mut w, more) = transposed_window(a, v.shape(1)).map_err(fault)?;
    // TensorRT has no dilation together with steps: then the window is written out, with zeros in between.
    let spread = if w.stride.iter().any(|s| *s > 1) { std::mem::replace(&mut w.dilation, vec![1; spatial]) } else { vec![1; spatial] };
    for i in 0..spatial {
        w.kernel[i] = (w.kernel[i] - 1) * spread[i] + 1;
        // What the result has more is cut off less; beyond that there are zeros, as further weights of zero give them.
        let missing = (more[i] - w.pad_end[i]).max(0);
        let taps = (missing + w.dilation[i] - 1) / w.dilation[i];
        w.kernel[i] += taps;
        w.pad_end[i] += taps * w.dilation[i] - more[i];
    }
    let mut weights = with_zeros(weights, &w.kernel, &spread);
    let (mut window, mut data) = (network_window(&w), x[0]);
    if spatial == 1 {
        window = with_unit_axis(window);
        weights = weights.reshaped(&[weights.shape(), &[1]].concat()).map_err(fault)?;
        data = b.reshape(data, &[v.shape(0), &[Dim::from(1i64)]].concat())?;
    }
    let maps = weights.shape()[1] as i64 * a.groups;
    let y = b.add(LayerKind::Deconvolution { maps, groups: a.groups, window, weights }, &[data])?;
    Ok(vec![if spatial == 1 { b.reshape(y, &v.output(0).shape)? } else { y }])
}

/// The weights `spread` apart on each spatial axis, and zeros elsewhere up to the extents of `kernel`.
fn with_zeros(weights: &Tensor, kernel: &[i64], spread: &[i64]) -> Tensor {
    let shape: Vec<usize> = weights.shape()[..2].iter().copied().chain(kernel.iter().map(|k| *k as usize)).collect();
    if weights.shape() == shape {
        return weights.clone();
    }
    let (own, v) = (strides(weights.shape()), weights.to_f64s());
    let element = |at: Vec<usize>| {
        let mut flat = 0;
        for (i, at) in at.iter().enumerate() {
            let step = if i < 2 { 1 } else { spread[i - 2] as usize };
            if at % step != 0 || at / step >= weights.shape()[i] {
                return 0.0;
            }
            flat += (at / step) as i64 * own[i];
        }
        v[flat as usize]
    };
    Tensor::from_f64s(weights.dtype(), &shape, &indices(&shape).map(element).collect::<Vec<_>>())
}

/// A product gives what each element of the data adds to each place of its window; a sum over the places gathers what falls on each
/// element of the result.
fn lower(v: &NodeView) -> Result<Lowering> {
    let a: &ConvTranspose = v.attrs();
    let (w, _) = transposed_window(a, v.shape(1))?;
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
    let stage = gather(&k, &w, dims, columns, out);
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

macro_rules! conv_transpose {
    ($name:ident = $relay:literal, $spatial:literal) => {
        pub static $name: OpDef = OpDef {
            name: $relay,
            doc: "Transposed convolution of data with weights, without bias.",
            arity: (2, 2),
            attrs: AttrsDef::of::<ConvTranspose>(),
            infer: |c, x| infer(c, x, $spatial),
            eval,
            convert: |v, b, x| convert(v, b, x, $spatial),
            lower,
            tolerance: Tolerance::SUM,
        };
    };
}

conv_transpose! { CONV1D_TRANSPOSE = "nn.conv1d_transpose", 1 }
conv_transpose! { CONV2D_TRANSPOSE = "nn.conv2d_transpose", 2 }
conv_transpose! { CONV3D_TRANSPOSE = "nn.conv3d_transpose", 3 }
