//! Reductions over axes: sum, prod, max, min, mean.

use crate::ir::attrs::{AttrsDef, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::{Access, Binary, Body, Fold, Kernel, Op, Role, Stage};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{self, LayerKind};
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::elementwise::{from_ints, ints};
use crate::ops::movement::{constants, param_eval, param_value, strides};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of reductions.
    pub struct Reduce {
        /// Axes that are reduced; all where empty.
        pub axis: Param = Param::Static(vec![]),
        /// They stay, with extent 1.
        pub keepdims: bool = false,
    }
}

/// The axes, ascending; an error where they depend on data.
pub fn axes(a: &Reduce, x: &[&Fact]) -> Result<Vec<usize>> {
    let list = param_value(&a.axis, x)?.ok_or_else(|| Error::new(Code::NotImplemented, "the axes depend on data"))?;
    resolve(&constants(&list, "axis")?, x[0].rank())
}

pub fn resolve(list: &[i64], rank: usize) -> Result<Vec<usize>> {
    if list.is_empty() { Ok((0..rank).collect()) } else { shape::axes(list, rank) }
}

/// The shape without (or with extents of 1 in place of) `axes`.
pub fn reduced<T: Clone + From<usize>>(x: &[T], axes: &[usize], keep: bool) -> Vec<T> {
    let mut out = Vec::new();
    for (i, d) in x.iter().enumerate() {
        match (axes.contains(&i), keep) {
            (false, _) => out.push(d.clone()),
            (true, true) => out.push(T::from(1)),
            (true, false) => {}
        }
    }
    out
}

fn infer(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    let a: &Reduce = c.attrs.get();
    ensure!(x[0].dtype != DType::Bool, WrongDType, "bool is not reduced");
    let axes = axes(a, x)?;
    Ok(vec![Fact::new(x[0].dtype, reduced(&x[0].shape, &axes, a.keepdims))])
}

/// Groups of flat indices that fall on one element each.
pub fn groups(x: &[usize], axes: &[usize]) -> Vec<Vec<usize>> {
    let kept = reduced(x, axes, true);
    let own = strides(&kept);
    let mut out = vec![Vec::new(); kept.iter().product()];
    for (flat, at) in crate::ops::conv::indices(x).enumerate() {
        let to: i64 = (0..x.len()).filter(|i| !axes.contains(i)).map(|i| at[i] as i64 * own[i]).sum();
        out[to as usize].push(flat);
    }
    out
}

fn eval(c: &EvalCtx, x: &[Tensor], float: fn(&[f64]) -> f64, int: fn(&[i64]) -> i64) -> Result<Vec<Tensor>> {
    let a: &Reduce = c.attrs.get();
    let axes = resolve(&param_eval(&a.axis, c, x)?, x[0].shape().len())?;
    let (out, groups) = (reduced(x[0].shape(), &axes, a.keepdims), groups(x[0].shape(), &axes));
    if x[0].dtype().is_float() {
        let v = x[0].to_f64s();
        let y: Vec<f64> = groups.iter().map(|g| float(&g.iter().map(|i| v[*i]).collect::<Vec<_>>())).collect();
        return Ok(vec![Tensor::from_f64s(x[0].dtype(), &out, &y)]);
    }
    let v = ints(&x[0])?;
    let y: Vec<i64> = groups.iter().map(|g| int(&g.iter().map(|i| v[*i]).collect::<Vec<_>>())).collect();
    Ok(vec![from_ints(x[0].dtype(), &out, &y)])
}

pub fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId], kind: layer::Reduce) -> Accepted<Vec<TensorId>> {
    let a: &Reduce = v.attrs();
    let axes = axes(a, &v.inputs()).map_err(|e| Refusal::new("reduce.axes", e.message, "make the axes constants"))?;
    if axes.is_empty() {
        return Ok(vec![b.add(LayerKind::Identity, &x[..1])?]);
    }
    Ok(vec![b.add(LayerKind::Reduce { kind, axes, keep: a.keepdims }, &x[..1])?])
}

/// The stage that folds `axes` of a dense buffer into another, whose elements stand in the order of the kept axes.
pub fn reduce_stage(x: Access, x_shape: &[Dim], axes: &[usize], out: crate::loops::BufferId, fold: Fold, finish: Body) -> Stage {
    let kept: Vec<usize> = (0..x_shape.len()).filter(|i| !axes.contains(i)).collect();
    let pick = |list: &[usize]| list.iter().map(|i| x_shape[*i].clone()).collect::<Vec<Dim>>();
    let (outer, inner) = (pick(&kept), pick(axes));
    let order: Vec<usize> = [kept, axes.to_vec()].concat();
    let mut value = Body::default();
    value.load(Access { strides: order.iter().map(|i| x.strides[*i].clone()).collect(), ..x });
    let out = Access { buffer: out, offset: Dim::from(0i64), strides: shape::strides(&outer) };
    Stage::Reduce { out, outer, inner, fold, value, finish }
}

/// `Acc` divided by the number of elements folded.
pub fn mean_of(dtype: DType, count: &Dim) -> Body {
    let mut body = Body::acc();
    let count = body.push(Op::Size(count.clone()));
    let count = body.push(Op::Cast(dtype, count));
    body.binary(Binary::Div, crate::loops::Val(0), count);
    body
}

pub fn lower(v: &NodeView, fold: Fold, mean: bool) -> Result<Lowering> {
    let axes = axes(v.attrs(), &v.inputs())?;
    let mut k = Kernel::new(v.name());
    let inputs: Vec<_> = (0..v.input_count()).map(|i| k.add(Role::Input, v.dtype(i), v.shape(i))).collect();
    let out = k.add(Role::Output, v.output(0).dtype, &v.output(0).shape);
    let count = axes.iter().fold(Dim::from(1i64), |n, i| &n * &v.shape(0)[*i]);
    let finish = if mean { mean_of(v.dtype(0), &count) } else { Body::acc() };
    let stage = reduce_stage(k.dense(inputs[0]), v.shape(0), &axes, out, fold, finish);
    k.stages.push(stage);
    Ok(Lowering::Kernel(k))
}

macro_rules! reduce {
    ($name:ident = $relay:literal, $doc:literal, $float:expr, $int:expr, $layer:ident, $fold:ident, $mean:literal, $tolerance:ident) => {
        pub static $name: OpDef = OpDef {
            name: $relay,
            doc: $doc,
            arity: (1, 2),
            attrs: AttrsDef::of::<Reduce>(),
            infer,
            eval: |c, x| eval(c, x, $float, $int),
            convert: |v, b, x| convert(v, b, x, layer::Reduce::$layer),
            lower: |v| lower(v, Fold::$fold, $mean),
            tolerance: Tolerance::$tolerance,
        };
    };
}

fn max(v: &[f64]) -> f64 {
    v.iter().fold(f64::NEG_INFINITY, |m, x| if x.is_nan() || m.is_nan() { f64::NAN } else { m.max(*x) })
}

fn min(v: &[f64]) -> f64 {
    -max(&v.iter().map(|x| -x).collect::<Vec<_>>())
}

reduce! { MAX = "max", "Largest element.", max, |v| v.iter().copied().max().unwrap_or(i64::MIN), Max, Max, false, EXACT }
reduce! { MEAN = "mean", "Mean; integers round towards zero.", |v| v.iter().sum::<f64>() / v.len() as f64,
|v| if v.is_empty() { 0 } else { v.iter().sum::<i64>() / v.len() as i64 }, Avg, Sum, true, SUM }
reduce! { MIN = "min", "Smallest element.", min, |v| v.iter().copied().min().unwrap_or(i64::MAX), Min, Min, false, EXACT }
reduce! { PROD = "prod", "Product.", |v| v.iter().product(), |v| v.iter().fold(1, |p: i64, x| p.wrapping_mul(*x)), Prod, Prod, false, SUM }
reduce! { SUM = "sum", "Sum.", |v| v.iter().sum(), |v| v.iter().fold(0, |s: i64, x| s.wrapping_add(*x)), Sum, Sum, false, SUM }
