//! Pooling to a given output: nn.adaptive_avg_pool2d, nn.adaptive_max_pool2d. Window `i` of `n` over an extent `e` runs from
//! `floor(i e / n)` to `ceil((i + 1) e / n)`; where `n` does not divide `e`, windows overlap and differ.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::contract::{Contract, ContractKind, Window};
use crate::loops::{Binary, Body, Fold, Kernel, Op, Role, Stage, Val};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{self, LayerKind, MatrixOp, Pooling};
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::conv::{indices, network_window};
use crate::ops::pool::{global_convert, global_lower};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of adaptive pooling.
    pub struct AdaptivePool {
        /// Height and width of the result; one number stands for both.
        pub output_size: Vec<i64> = vec![],
    }
}

/// Most elements of a matrix that averages.
const MAX_MATRIX: i64 = 1 << 22;

fn output(a: &AdaptivePool) -> Result<[i64; 2]> {
    let size = match a.output_size.as_slice() {
        [n] => [*n, *n],
        [h, w] => [*h, *w],
        other => crate::fail!(BadGraph, "output_size {other:?} needs one or two entries"),
    };
    ensure!(size.iter().all(|n| (1..=i64::from(i32::MAX)).contains(n)), BadGraph, "output_size {size:?} must be positive");
    Ok(size)
}

fn infer(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    ensure!(x[0].dtype.is_float(), WrongDType, "the operand is {}", x[0].dtype);
    ensure!(x[0].rank() == 4, BadGraph, "the operand needs rank 4");
    let out = output(c.attrs.get())?.map(Dim::from);
    Ok(vec![Fact::new(x[0].dtype, [&x[0].shape[..2], out.as_slice()].concat())])
}

fn eval(c: &EvalCtx, x: &[Tensor], max: bool) -> Result<Vec<Tensor>> {
    let out = output(c.attrs.get())?.map(|n| n as usize);
    let (h, w) = (x[0].shape()[2], x[0].shape()[3]);
    ensure!(h > 0 && w > 0, BadGraph, "the planes are empty");
    let range = |i: usize, n: usize, extent: usize| (i * extent / n)..((i + 1) * extent).div_ceil(n);
    let mut y = Vec::new();
    for plane in x[0].to_f64s().chunks(h * w) {
        for at in indices(&out) {
            let columns = range(at[1], out[1], w);
            let met: Vec<f64> = range(at[0], out[0], h).flat_map(|row| &plane[row * w..][columns.clone()]).copied().collect();
            y.push(if max {
                met.iter().fold(f64::NEG_INFINITY, |m, v| if v.is_nan() || m.is_nan() { f64::NAN } else { m.max(*v) })
            } else {
                met.iter().sum::<f64>() / met.len() as f64
            });
        }
    }
    Ok(vec![Tensor::from_f64s(x[0].dtype(), &[&x[0].shape()[..2], &out].concat(), &y)])
}

/// The window where all are equal and none overlap.
fn equal_window(v: &NodeView, out: [i64; 2]) -> Option<Window> {
    let extents = [v.shape(0)[2].as_const()?, v.shape(0)[3].as_const()?];
    let divides = extents.iter().zip(out).all(|(e, n)| *e > 0 && e % n == 0);
    let kernel = vec![extents[0] / out[0], extents[1] / out[1]];
    let window = Window { stride: kernel.clone(), kernel, dilation: vec![1; 2], pad_begin: vec![0; 2], pad_end: vec![0; 2] };
    divides.then_some(window)
}

fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId], max: bool) -> Accepted<Vec<TensorId>> {
    let out = output(v.attrs()).map_err(|e| Refusal::new("adaptive_pool.output-size", e.message, ""))?;
    if out == [1, 1] {
        return global_convert(v, b, x, if max { layer::Reduce::Max } else { layer::Reduce::Avg });
    }
    let fixed = |i: usize| v.shape(0)[i].as_const().and_then(|e| usize::try_from(e).ok());
    let small = |e: usize, n: i64| e > 0 && (e as i64).saturating_mul(n) <= MAX_MATRIX;
    if let (None, false, Some(h), Some(w)) = (equal_window(v, out), max, fixed(2), fixed(3))
        && small(h, out[0])
        && small(w, out[1])
    {
        // A mean is a product: one matrix averages rows, another one columns.
        let rows = b.constant(averages(v.dtype(0), out[0] as usize, h))?;
        let columns = b.constant(averages(v.dtype(0), out[1] as usize, w))?;
        let y = b.add(LayerKind::MatrixMultiply(MatrixOp::None, MatrixOp::None), &[rows, x[0]])?;
        return Ok(vec![b.add(LayerKind::MatrixMultiply(MatrixOp::None, MatrixOp::Transpose), &[y, columns])?]);
    }
    let mut data = x[0];
    let window = match (equal_window(v, out), max, fixed(2), fixed(3)) {
        (Some(window), ..) => window,
        (None, true, Some(h), Some(w)) if small(h, out[0]) && small(w, out[1]) => {
            // An element that stands twice in a window is no larger: all windows become as long as the longest, side by side.
            let [(rows, height), (columns, width)] = [(h, out[0]), (w, out[1])].map(|(e, n)| side_by_side(e, n as usize));
            for (axis, list) in [(2, rows), (3, columns)] {
                let list = b.constant(Tensor::from_vec(&[list.len()], list))?;
                data = b.add(LayerKind::Gather(axis), &[data, list])?;
            }
            let kernel = vec![height as i64, width as i64];
            Window { stride: kernel.clone(), kernel, dilation: vec![1; 2], pad_begin: vec![0; 2], pad_end: vec![0; 2] }
        }
        _ => {
            let reason = format!("windows over {} and {} to {out:?} are not known", v.shape(0)[2], v.shape(0)[3]);
            return Err(Refusal::new("adaptive_pool.uneven-windows", reason, "fix the extents"));
        }
    };
    let kind = if max { Pooling::Max } else { Pooling::Average };
    let window = network_window(&window);
    Ok(vec![b.add(LayerKind::Pooling { kind, window, exclude_padding: true, round_up: false }, &[data])?])
}

/// The elements of `n` windows over an extent one after the other, all filled up to the longest with their last, and how long that is.
fn side_by_side(extent: usize, n: usize) -> (Vec<i32>, usize) {
    let windows = (0..n).map(|i| (i * extent / n, ((i + 1) * extent).div_ceil(n)));
    let longest = windows.clone().map(|(first, end)| end - first).max().unwrap_or(0);
    let list = windows.flat_map(|(first, end)| (first..first + longest).map(move |at| at.min(end - 1) as i32));
    (list.collect(), longest)
}

/// For each of `n` windows over an extent a row that is the reciprocal of its length inside it.
fn averages(dtype: DType, n: usize, extent: usize) -> Tensor {
    let element = |i: usize, j: usize| {
        let window = (i * extent / n)..((i + 1) * extent).div_ceil(n);
        if window.contains(&j) { 1.0 / window.len() as f64 } else { 0.0 }
    };
    let all: Vec<f64> = (0..n * extent).map(|k| element(k / extent, k % extent)).collect();
    Tensor::from_f64s(dtype, &[1, 1, n, extent], &all)
}

/// First element and end of the window at index `axis` of the result.
fn bounds(b: &mut Body, axis: usize, n: i64, extent: &Dim) -> (Val, Val) {
    let (at, extent) = (b.push(Op::Index(axis)), b.push(Op::Size(extent.clone())));
    let (n, rounding, one) = (b.int(DType::I64, n), b.int(DType::I64, n - 1), b.int(DType::I64, 1));
    let first = b.binary(Binary::Mul, at, extent);
    let first = b.binary(Binary::Div, first, n);
    let next = b.binary(Binary::Add, at, one);
    let end = b.binary(Binary::Mul, next, extent);
    let end = b.binary(Binary::Add, end, rounding);
    (first, b.binary(Binary::Div, end, n))
}

fn lower(v: &NodeView, max: bool) -> Result<Lowering> {
    let (out_size, dtype, dims) = (output(v.attrs())?, v.dtype(0), v.shape(0));
    let fold = if max { Fold::Max } else { Fold::Sum };
    if out_size == [1, 1] {
        return global_lower(v, fold, !max);
    }
    let mut k = Kernel::new(v.name());
    let x = k.add(Role::Input, dtype, dims);
    let out = k.add(Role::Output, dtype, &v.output(0).shape);
    if let Some(window) = equal_window(v, out_size) {
        let kind = ContractKind::Pool { x, max, count_padding: false, window };
        k.stages.push(Stage::Contract(Contract { kind, out, epilogue: None }));
        return Ok(Lowering::Kernel(k));
    }
    // Over the largest extent that a window can have; what is too much adds nothing.
    let inner: Vec<Dim> = (0..2).map(|i| &dims[i + 2].ceil_div(&Dim::from(out_size[i])) + &Dim::from(1i64)).collect();
    let mut body = Body::default();
    let (image, channel) = (body.push(Op::Index(0)), body.push(Op::Index(1)));
    let channels = body.push(Op::Size(dims[1].clone()));
    let mut at = body.binary(Binary::Mul, image, channels);
    at = body.binary(Binary::Add, at, channel);
    let mut inside = None;
    for i in 0..2 {
        let (first, end) = bounds(&mut body, 2 + i, out_size[i], &dims[i + 2]);
        let step = body.push(Op::Index(4 + i));
        let place = body.binary(Binary::Add, first, step);
        let within = body.binary(Binary::Less, place, end);
        inside = Some(inside.map_or(within, |all| body.binary(Binary::And, all, within)));
        let (extent, one) = (body.push(Op::Size(dims[i + 2].clone())), body.int(DType::I64, 1));
        let last = body.binary(Binary::Sub, extent, one);
        let place = body.binary(Binary::Min, place, last);
        at = body.binary(Binary::Mul, at, extent);
        at = body.binary(Binary::Add, at, place);
    }
    let element = body.push(Op::LoadAt(x, at));
    let nothing = body.float(dtype, if max { f64::NEG_INFINITY } else { 0.0 });
    body.push(Op::Select(inside.expect("two axes"), element, nothing));
    let mut finish = Body::acc();
    if !max {
        let mut count = finish.int(DType::I64, 1);
        for i in 0..2 {
            let (first, end) = bounds(&mut finish, 2 + i, out_size[i], &dims[i + 2]);
            let size = finish.binary(Binary::Sub, end, first);
            count = finish.binary(Binary::Mul, count, size);
        }
        let count = finish.push(Op::Cast(dtype, count));
        finish.binary(Binary::Div, Val(0), count);
    }
    let stage = Stage::Reduce { out: k.dense(out), outer: v.output(0).shape.clone(), inner, fold, value: body, finish };
    k.stages.push(stage);
    Ok(Lowering::Kernel(k))
}

macro_rules! adaptive {
    ($name:ident = $relay:literal, $doc:literal, $max:literal, $tolerance:ident) => {
        pub static $name: OpDef = OpDef {
            name: $relay,
            doc: $doc,
            arity: (1, 1),
            attrs: AttrsDef::of::<AdaptivePool>(),
            infer,
            eval: |c, x| eval(c, x, $max),
            convert: |v, b, x| convert(v, b, x, $max),
            lower: |v| lower(v, $max),
            tolerance: Tolerance::$tolerance,
        };
    };
}

adaptive! { ADAPTIVE_AVG_POOL2D = "nn.adaptive_avg_pool2d", "Means of windows that make an output of a given size.", false, SUM }
adaptive! { ADAPTIVE_MAX_POOL2D = "nn.adaptive_max_pool2d", "Largest elements of windows that make an output of a given size.", true, EXACT }
