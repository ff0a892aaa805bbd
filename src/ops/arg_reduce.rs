//! `argmax` and `argmin`: where the largest or smallest element of an axis is.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::{Access, Binary, Body, Fold, Kernel, Op, Role, Stage};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{ElementWise, LayerKind, TopK};
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::reduce::reduced;
use crate::ops::topk::{self, sorted_rows};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `argmax` and `argmin`.
    pub struct ArgReduce {
        /// The axis that is searched.
        pub axis: i64 = 0,
        /// It stays, with extent 1.
        pub keepdims: bool = false,
        /// Of equal elements the last counts, else the first.
        pub select_last_index: bool = false,
        /// Type of the indices: int32 or int64.
        pub dtype: DType = DType::I32,
    }
}

fn infer(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    let a: &ArgReduce = c.attrs.get();
    ensure!(matches!(a.dtype, DType::I32 | DType::I64), WrongDType, "indices of type {}", a.dtype);
    ensure!(x[0].dtype != DType::Bool, WrongDType, "bool has no order here");
    let axis = shape::axis(a.axis, x[0].rank())?;
    ensure!(!x[0].shape[axis].is(0), BadGraph, "axis {axis} of {} is empty", x[0]);
    Ok(vec![Fact::new(a.dtype, reduced(&x[0].shape, &[axis], a.keepdims))])
}

fn eval(c: &EvalCtx, x: &[Tensor], largest: bool) -> Result<Vec<Tensor>> {
    let (a, dims): (&ArgReduce, &[usize]) = (c.attrs.get(), x[0].shape());
    let axis = shape::axis(a.axis, dims.len())?;
    ensure!(dims[axis] > 0, BadGraph, "axis {axis} of {dims:?} is empty");
    let rows = sorted_rows(&x[0], axis, largest, a.select_last_index)?;
    let first: Vec<i64> = rows.into_iter().map(|row| row[0] as i64).collect();
    Ok(vec![crate::ir::fact::int_tensor(a.dtype, &reduced(dims, &[axis], a.keepdims), &first)])
}

fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId], kind: TopK) -> Accepted<Vec<TensorId>> {
    let a: &ArgReduce = v.attrs();
    let dims = v.shape(0);
    let axis = shape::axis(a.axis, dims.len()).unwrap_or(0);
    let data = if a.select_last_index { backwards(b, x[0], axis)? } else { x[0] };
    let mut indices = topk::layer(b, data, kind, 1, axis)?.1;
    if let (true, Some(extent)) = (a.select_last_index, dims[axis].as_const()) {
        // Places count from the end of what was turned around.
        let last = b.constant(Tensor::scalar(extent as i32 - 1))?;
        indices = b.elementwise(ElementWise::Sub, last, indices)?;
    }
    let indices = if a.dtype == DType::I32 { indices } else { b.add(LayerKind::Cast(a.dtype), &[indices])? };
    let wanted = &v.output(0).shape;
    Ok(vec![if b.dims(indices) == wanted.as_slice() { indices } else { b.reshape(indices, wanted)? }])
}

/// The tensor with one axis turned around: of equal elements a top-k gives the first.
fn backwards(b: &mut Builder, x: TensorId, axis: usize) -> Accepted<TensorId> {
    let fixed = b.dims(x).iter().map(|d| d.as_const()).collect::<Option<Vec<i64>>>();
    let Some(size) = fixed else {
        let reason = "of equal elements a top-k knows no last, and what has a free extent is not turned around";
        return Err(Refusal::new("argmax.last-index", reason, "let the first of equal elements count, or fix the extents"));
    };
    let (mut start, mut stride) = (vec![0; size.len()], vec![1; size.len()]);
    (start[axis], stride[axis]) = (size[axis] - 1, -1);
    b.add(LayerKind::Slice { start, size, stride }, &[x])
}

/// The extreme element of each row, then the first or last place where it stands; NaN is extreme both ways.
fn lower(v: &NodeView, fold: Fold) -> Result<Lowering> {
    let (a, dtype, dims): (&ArgReduce, DType, &[Dim]) = (v.attrs(), v.dtype(0), v.shape(0));
    let axis = shape::axis(a.axis, dims.len())?;
    let kept: Vec<usize> = (0..dims.len()).filter(|i| *i != axis).collect();
    let lanes: Vec<Dim> = kept.iter().map(|i| dims[*i].clone()).collect();
    let inner = vec![dims[axis].clone()];
    let mut k = Kernel::new(v.name());
    let (x, out) = (k.add(Role::Input, dtype, dims), k.add(Role::Output, a.dtype, &v.output(0).shape));
    let extreme = k.add(Role::Local, dtype, &lanes);
    let own = shape::strides(dims);
    let row = Access { buffer: x, offset: Dim::from(0i64), strides: kept.iter().chain([&axis]).map(|i| own[*i].clone()).collect() };
    let lane = |buffer, folded: usize| {
        let strides = shape::strides(&lanes).into_iter().chain(vec![Dim::from(0i64); folded]).collect();
        Access { buffer, offset: Dim::from(0i64), strides }
    };
    let mut value = Body::default();
    value.load(row.clone());
    k.stages.push(Stage::Reduce { out: lane(extreme, 0), outer: lanes.clone(), inner: inner.clone(), fold, value, finish: Body::acc() });
    let mut value = Body::default();
    let (element, best) = (value.load(row), value.load(lane(extreme, 1)));
    let mut here = value.binary(Binary::Equal, element, best);
    if dtype.is_float() {
        let nan = value.binary(Binary::NotEqual, element, element);
        here = value.binary(Binary::Or, here, nan);
    }
    let (at, place) = (value.push(Op::Index(lanes.len())), if a.select_last_index { -1 } else { i64::from(i32::MAX) });
    let (at, nowhere) = (value.push(Op::Cast(DType::I32, at)), value.int(DType::I32, place));
    value.push(Op::Select(here, at, nowhere));
    let mut finish = Body::acc();
    if a.dtype != DType::I32 {
        finish.push(Op::Cast(a.dtype, crate::loops::Val(0)));
    }
    let fold = if a.select_last_index { Fold::Max } else { Fold::Min };
    k.stages.push(Stage::Reduce { out: lane(out, 0), outer: lanes.clone(), inner, fold, value, finish });
    Ok(Lowering::Kernel(k))
}

macro_rules! arg {
    ($name:ident = $relay:literal, $doc:literal, $largest:literal, $kind:ident) => {
        pub static $name: OpDef = OpDef {
            name: $relay,
            doc: $doc,
            arity: (1, 1),
            attrs: AttrsDef::of::<ArgReduce>(),
            infer,
            eval: |c, x| eval(c, x, $largest),
            convert: |v, b, x| convert(v, b, x, TopK::$kind),
            lower: |v| lower(v, Fold::$kind),
            tolerance: Tolerance::EXACT,
        };
    };
}

arg! { ARGMAX = "argmax", "Index of the largest element along an axis.", true, Max }
arg! { ARGMIN = "argmin", "Index of the smallest element along an axis.", false, Min }
