//! Pooling of `[images, channels, spatial...]`: windows of 1 to 3 axes, and over whole planes.

use crate::ir::attrs::{AttrsDef, NoAttrs, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::contract::{Contract, ContractKind, Window};
use crate::loops::{Body, Fold, Kernel, Role, Stage};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{self, LayerKind, Pooling};
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::conv::{for_window, indices, network_window, places, window, with_unit_axis};
use crate::ops::reduce::{mean_of, reduce_stage};
use crate::ops::reshape::{RESHAPE, Reshape};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::element_count;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of pooling; lists have one entry per spatial axis.
    pub struct Pool {
        /// Extent of the window.
        pub pool_size: Vec<i64> = vec![],
        /// Step of the window.
        pub strides: Vec<i64> = vec![],
        /// Padding in front of each spatial axis, then behind each.
        pub padding: Vec<i64> = vec![],
        /// Distance between elements of the window.
        pub dilation: Vec<i64> = vec![],
        /// Extents of the result round up.
        pub ceil_mode: bool = false,
        /// Averages count padding.
        pub count_include_pad: bool = false,
    }
}

fn pool_window(a: &Pool, spatial: usize) -> Result<Window> {
    ensure!(a.pool_size.len() == spatial, BadGraph, "pool_size {:?} needs {spatial} entries", a.pool_size);
    window(a.pool_size.clone(), &a.strides, &a.padding, &a.dilation)
}

fn infer(c: &InferCtx, x: &[&Fact], max: bool, spatial: usize) -> Result<Vec<Fact>> {
    let a: &Pool = c.attrs.get();
    ensure!(x[0].dtype.is_float() || (max && x[0].dtype.is_int()), WrongDType, "the operand is {}", x[0].dtype);
    ensure!(x[0].rank() == spatial + 2, BadGraph, "the operand needs rank {}", spatial + 2);
    let w = pool_window(a, spatial)?;
    let dims = (0..spatial).map(|i| places(&w, i, &x[0].shape[i + 2], a.ceil_mode));
    Ok(vec![Fact::new(x[0].dtype, x[0].shape[..2].iter().cloned().chain(dims).collect())])
}

fn eval(c: &EvalCtx, x: &[Tensor], max: bool) -> Result<Vec<Tensor>> {
    let a: &Pool = c.attrs.get();
    let extents = &x[0].shape()[2..];
    let w = pool_window(a, extents.len())?;
    let out: Vec<usize> =
        (0..extents.len()).map(|i| places(&w, i, &Dim::from(extents[i]), a.ceil_mode).as_const().unwrap_or(0) as usize).collect();
    let (v, plane) = (x[0].to_f64s(), extents.iter().product::<usize>());
    let planes = x[0].shape()[0] * x[0].shape()[1];
    let mut y = Vec::new();
    for p in 0..planes {
        for at in indices(&out) {
            let mut met = Vec::new();
            for_window(&w, extents, &at, &mut |i, _| met.push(v[p * plane + i]));
            y.push(if max {
                met.iter().fold(f64::NEG_INFINITY, |m, v| if v.is_nan() || m.is_nan() { f64::NAN } else { m.max(*v) })
            } else {
                met.iter().sum::<f64>() / divisor(a, &w, extents, &at, met.len())
            });
        }
    }
    Ok(vec![Tensor::from_f64s(x[0].dtype(), &[&x[0].shape()[..2], out.as_slice()].concat(), &y)])
}

/// What an average divides by: elements met, or with padding counted those of the window inside the padded data.
fn divisor(a: &Pool, w: &Window, extents: &[usize], at: &[usize], met: usize) -> f64 {
    if !a.count_include_pad {
        return met as f64;
    }
    let inside = |i: usize| {
        let first = at[i] as i64 * w.stride[i] - w.pad_begin[i];
        (0..w.kernel[i]).filter(|k| first + k * w.dilation[i] < extents[i] as i64 + w.pad_end[i]).count()
    };
    (0..extents.len()).map(inside).product::<usize>() as f64
}

fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId], max: bool, spatial: usize) -> Accepted<Vec<TensorId>> {
    let a: &Pool = v.attrs();
    let w = pool_window(a, spatial).map_err(|e| Refusal::new("pool.window", e.message, ""))?;
    if w.dilation.iter().any(|d| *d != 1) {
        return Err(Refusal::new(
            "pool.dilation",
            format!("dilation {:?}: TensorRT's windows are dense", w.dilation),
            "use a dilation of 1",
        ));
    }
    if w.kernel.iter().zip(w.pad_begin.iter().zip(&w.pad_end)).any(|(k, (p, q))| p >= k || q >= k) {
        return Err(Refusal::new("pool.padding", "padding is not smaller than the window", "pad less"));
    }
    // Where windows fit exactly there is nothing to round.
    let exact = |i: usize| places(&w, i, &v.shape(0)[i + 2], true).equals(&places(&w, i, &v.shape(0)[i + 2], false));
    let round_up = a.ceil_mode && (0..spatial).any(|i| exact(i) != Answer::Always);
    if round_up && !max && a.count_include_pad {
        return Err(Refusal::new(
            "pool.average-ceil",
            "windows overhang the padding, which is counted",
            "use ceil_mode = false or count_include_pad = false",
        ));
    }
    let mut window = network_window(&w);
    let mut data = x[0];
    if spatial == 1 {
        window = with_unit_axis(window);
        data = b.reshape(data, &[v.shape(0), &[Dim::from(1i64)]].concat())?;
    }
    let kind = if max { Pooling::Max } else { Pooling::Average };
    let layer = LayerKind::Pooling { kind, window, exclude_padding: !a.count_include_pad, round_up };
    let mut y = b.add(layer, &[data])?;
    let expected = &v.output(0).shape;
    if b.dims(y).iter().zip(expected).any(|(p, q)| p.equals(q) != Answer::Always) {
        return Err(Refusal::new("pool.ceil-window", "a last window begins behind the data", "use ceil_mode = false or fix the extents"));
    }
    if spatial == 1 {
        y = b.reshape(y, expected)?;
    }
    Ok(vec![y])
}

fn lower(v: &NodeView, max: bool, spatial: usize) -> Result<Lowering> {
    let a: &Pool = v.attrs();
    if spatial == 3 {
        return lower_slices(v, a, max);
    }
    let mut k = Kernel::new(v.name());
    let x = k.add(Role::Input, v.dtype(0), v.shape(0));
    let out = k.add(Role::Output, v.dtype(0), &v.output(0).shape);
    let kind = ContractKind::Pool { x, max, count_padding: a.count_include_pad, window: pool_window(a, spatial)? };
    k.stages.push(Stage::Contract(Contract { kind, out, epilogue: None }));
    Ok(Lowering::Kernel(k))
}

/// A window over three axes is one over the last two of each slice, and then one over the slices.
fn lower_slices(v: &NodeView, a: &Pool, max: bool) -> Result<Lowering> {
    let w = pool_window(a, 3)?;
    let pool = |axes: std::ops::Range<usize>| {
        let pick = |list: &[i64], missing: i64| list[axes.clone()].iter().copied().chain(vec![missing; 2 - axes.len()]).collect::<Vec<_>>();
        Pool {
            pool_size: pick(&w.kernel, 1),
            strides: pick(&w.stride, 1),
            padding: [pick(&w.pad_begin, 0), pick(&w.pad_end, 0)].concat(),
            dilation: pick(&w.dilation, 1),
            ceil_mode: a.ceil_mode,
            count_include_pad: a.count_include_pad,
        }
    };
    let (x, y) = (v.shape(0), &v.output(0).shape);
    let mut b = crate::ir::build::Builder::new(v.name());
    let of = |dims: [Dim; 4]| Reshape { newshape: Param::Static(dims.into()), allowzero: true };
    let op = if max { &MAX_POOL2D } else { &AVG_POOL2D };
    let data = b.input("data", Fact::new(v.dtype(0), x.to_vec()))?;
    let slices = of([x[0].clone(), &x[1] * &x[2], x[3].clone(), x[4].clone()]);
    let slices = b.op("slices", &RESHAPE, slices, &[data])?;
    let slices = b.op("over slices", op, pool(1..3), &[slices])?;
    let rows = of([x[0].clone(), x[1].clone(), x[2].clone(), &y[3] * &y[4]]);
    let rows = b.op("rows", &RESHAPE, rows, &[slices])?;
    let rows = b.op("over rows", op, pool(0..1), &[rows])?;
    let all = Reshape { newshape: Param::Static(y.clone()), allowzero: true };
    let all = b.op("result", &RESHAPE, all, &[rows])?;
    b.output("result", all)?;
    Ok(Lowering::Expand(b.finish()))
}

macro_rules! pool {
    ($name:ident = $relay:literal, $doc:literal, $max:literal, $spatial:literal, $tolerance:ident) => {
        pub static $name: OpDef = OpDef {
            name: $relay,
            doc: $doc,
            arity: (1, 1),
            attrs: AttrsDef::of::<Pool>(),
            infer: |c, x| infer(c, x, $max, $spatial),
            eval: |c, x| eval(c, x, $max),
            convert: |v, b, x| convert(v, b, x, $max, $spatial),
            lower: |v| lower(v, $max, $spatial),
            tolerance: Tolerance::$tolerance,
        };
    };
}

pool! { AVG_POOL1D = "nn.avg_pool1d", "Mean of each window.", false, 1, SUM }
pool! { AVG_POOL2D = "nn.avg_pool2d", "Mean of each window.", false, 2, SUM }
pool! { AVG_POOL3D = "nn.avg_pool3d", "Mean of each window.", false, 3, SUM }
pool! { MAX_POOL1D = "nn.max_pool1d", "Largest element of each window.", true, 1, EXACT }
pool! { MAX_POOL2D = "nn.max_pool2d", "Largest element of each window.", true, 2, EXACT }
pool! { MAX_POOL3D = "nn.max_pool3d", "Largest element of each window.", true, 3, EXACT }

fn global_infer(x: &[&Fact]) -> Result<Vec<Fact>> {
    ensure!(x[0].rank() >= 3, BadGraph, "the operand has no spatial axes");
    let ones = vec![Dim::from(1i64); x[0].rank() - 2];
    Ok(vec![Fact::new(x[0].dtype, [&x[0].shape[..2], ones.as_slice()].concat())])
}

fn global_eval(x: &Tensor, f: fn(&[f64]) -> f64) -> Result<Vec<Tensor>> {
    let plane: usize = x.shape()[2..].iter().product();
    ensure!(plane > 0, BadGraph, "the planes are empty");
    let y: Vec<f64> = x.to_f64s().chunks(plane).map(f).collect();
    let ones = vec![1; x.shape().len() - 2];
    Ok(vec![Tensor::from_f64s(x.dtype(), &[&x.shape()[..2], ones.as_slice()].concat(), &y)])
}

pub fn global_convert(v: &NodeView, b: &mut Builder, x: &[TensorId], kind: layer::Reduce) -> Accepted<Vec<TensorId>> {
    Ok(vec![b.add(LayerKind::Reduce { kind, axes: (2..v.input(0).rank()).collect(), keep: true }, x)?])
}

pub fn global_lower(v: &NodeView, fold: Fold, mean: bool) -> Result<Lowering> {
    let mut k = Kernel::new(v.name());
    let x = k.add(Role::Input, v.dtype(0), v.shape(0));
    let out = k.add(Role::Output, v.dtype(0), &v.output(0).shape);
    let axes: Vec<usize> = (2..v.input(0).rank()).collect();
    let finish = if mean { mean_of(v.dtype(0), &element_count(&v.shape(0)[2..])) } else { Body::acc() };
    let stage = reduce_stage(k.dense(x), v.shape(0), &axes, out, fold, finish);
    k.stages.push(stage);
    Ok(Lowering::Kernel(k))
}

pub static GLOBAL_AVG_POOL2D: OpDef = OpDef {
    name: "nn.global_avg_pool2d",
    doc: "Mean of each plane; spatial axes stay with extent 1.",
    arity: (1, 1),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |_, x| global_infer(x),
    eval: |_, x| global_eval(&x[0], |v| v.iter().sum::<f64>() / v.len() as f64),
    convert: |v, b, x| global_convert(v, b, x, layer::Reduce::Avg),
    lower: |v| global_lower(v, Fold::Sum, true),
    tolerance: Tolerance::SUM,
};

pub static GLOBAL_MAX_POOL2D: OpDef = OpDef {
    name: "nn.global_max_pool2d",
    doc: "Largest element of each plane; spatial axes stay with extent 1.",
    arity: (1, 1),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |_, x| global_infer(x),
    eval: |_, x| {
        global_eval(&x[0], |v| v.iter().fold(f64::NEG_INFINITY, |m, x| if x.is_nan() || m.is_nan() { f64::NAN } else { m.max(*x) }))
    },
    convert: |v, b, x| global_convert(v, b, x, layer::Reduce::Max),
    lower: |v| global_lower(v, Fold::Max, false),
    tolerance: Tolerance::EXACT,
};
