//! `any` and `all`: bool over axes.

use crate::ensure;
use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::Fold;
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{self, LayerKind};
use crate::network::refusal::Accepted;
use crate::ops::movement::param_eval;
use crate::ops::reduce::{self, Reduce, axes, groups, reduced, resolve};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;

fn infer(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    let a: &Reduce = c.attrs.get();
    ensure!(x[0].dtype == DType::Bool, WrongDType, "the operand is {}, not bool", x[0].dtype);
    Ok(vec![Fact::new(DType::Bool, reduced(&x[0].shape, &axes(a, x)?, a.keepdims))])
}

fn eval(c: &EvalCtx, x: &[Tensor], any: bool) -> Result<Vec<Tensor>> {
    let a: &Reduce = c.attrs.get();
    let axes = resolve(&param_eval(&a.axis, c, x)?, x[0].shape().len())?;
    let v = x[0].values::<u8>();
    let groups = groups(x[0].shape(), &axes);
    let y = groups.iter().map(|g| if any { g.iter().any(|i| v[*i] != 0) } else { g.iter().all(|i| v[*i] != 0) });
    Ok(vec![Tensor::from_bools(&reduced(x[0].shape(), &axes, a.keepdims), y.collect())])
}

/// Reductions are of numbers: of 0 and 1 here.
fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId], kind: layer::Reduce) -> Accepted<Vec<TensorId>> {
    let number = b.add(LayerKind::Cast(DType::I32), &x[..1])?;
    let folded = reduce::convert(v, b, &[number], kind)?;
    Ok(vec![b.add(LayerKind::Cast(DType::Bool), &folded)?])
}

pub static ALL: OpDef = OpDef {
    name: "all",
    doc: "Whether all elements are true; also where there are none.",
    arity: (1, 2),
    attrs: AttrsDef::of::<Reduce>(),
    infer,
    eval: |c, x| eval(c, x, false),
    convert: |v, b, x| convert(v, b, x, layer::Reduce::Min),
    lower: |v| reduce::lower(v, Fold::Min, false),
    tolerance: Tolerance::EXACT,
};

pub static ANY: OpDef = OpDef {
    name: "any",
    doc: "Whether an element is true.",
    arity: (1, 2),
    attrs: AttrsDef::of::<Reduce>(),
    infer,
    eval: |c, x| eval(c, x, true),
    convert: |v, b, x| convert(v, b, x, layer::Reduce::Max),
    lower: |v| reduce::lower(v, Fold::Max, false),
    tolerance: Tolerance::EXACT,
};
