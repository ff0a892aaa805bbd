//! `scatter_elements` and `scatter_nd`: the data with some elements replaced, or combined with updates.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::network::layer::LayerKind;
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::conv::indices as places;
use crate::ops::elementwise::{from_ints, ints};
use crate::ops::gather_nd::{coordinates, coordinates_last};
use crate::ops::index::{check_indices, from_front, inside};
use crate::ops::movement::{affine_indices, strides};
use crate::tensor::dim::Answer;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure, fail};

attributes! {
    /// Attributes of `scatter_elements`.
    pub struct ScatterElements {
        /// The axis of the data along which indices count.
        pub axis: i64 = 0,
        /// What an update does: `update` replaces; `add`, `mul`, `min`, `max` combine with what is there.
        pub reduction: String = "update".into(),
    }
}

attributes! {
    /// Attributes of `scatter_nd`.
    pub struct ScatterNd {
        /// What an update does: `update` replaces; `add`, `mul`, `min`, `max` combine with what is there.
        pub mode: String = "update".into(),
    }
}

/// What updates can do.
pub const MODES: &[&str] = &["update", "add", "mul", "min", "max"];

fn check(x: &[&Fact], mode: &str, axes: &[crate::tensor::dim::Dim]) -> Result<Vec<Fact>> {
    check_indices(x[1])?;
    ensure!(MODES.contains(&mode), BadGraph, "'{mode}' is none of {}", MODES.join(", "));
    ensure!(x[0].dtype == x[2].dtype, WrongDType, "data are {} and updates {}", x[0].dtype, x[2].dtype);
    let bool_fits = x[0].dtype != crate::tensor::dtype::DType::Bool || mode == "update";
    ensure!(bool_fits, WrongDType, "bool is replaced only");
    let same = axes.len() == x[2].rank() && axes.iter().zip(&x[2].shape).all(|(a, b)| a.equals(b) != Answer::Never);
    ensure!(same, BadGraph, "updates have shape {}, not {}", shape::text(&x[2].shape), shape::text(axes));
    Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
}

/// The data with update `i` applied to element `to[i]`, in order.
fn apply(x: &[Tensor], mode: &str, to: &[usize]) -> Result<Vec<Tensor>> {
    ensure!(to.len() == x[2].len(), WrongShape, "{} updates for {} places", x[2].len(), to.len());
    if mode == "update" {
        let size = x[0].dtype().size();
        let mut bytes = x[0].bytes().to_vec();
        for (i, at) in to.iter().enumerate() {
            bytes[at * size..(at + 1) * size].copy_from_slice(&x[2].bytes()[i * size..(i + 1) * size]);
        }
        return Ok(vec![Tensor::new(x[0].dtype(), x[0].shape().to_vec(), bytes.into())?]);
    }
    if x[0].dtype().is_float() {
        let (mut v, updates) = (x[0].to_f64s(), x[2].to_f64s());
        for (at, u) in to.iter().zip(updates) {
            v[*at] = match mode {
                "add" => v[*at] + u,
                "mul" => v[*at] * u,
                "min" => v[*at].min(u),
                _ => v[*at].max(u),
            };
        }
        return Ok(vec![Tensor::from_f64s(x[0].dtype(), x[0].shape(), &v)]);
    }
    let (mut v, updates) = (ints(&x[0])?, ints(&x[2])?);
    for (at, u) in to.iter().zip(updates) {
        v[*at] = match mode {
            "add" => v[*at].wrapping_add(u),
            "mul" => v[*at].wrapping_mul(u),
            "min" => v[*at].min(u),
            _ => v[*at].max(u),
        };
    }
    Ok(vec![from_ints(x[0].dtype(), x[0].shape(), &v)])
}

fn refuse_reduction(mode: &str, rule: &'static str) -> Accepted<()> {
    if mode == "update" {
        return Ok(());
    }
    Err(Refusal::new(rule, format!("updates are combined by '{mode}'; TensorRT's scatter layer replaces only"), "replace elements instead"))
}

fn infer_elements(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    let a: &ScatterElements = c.attrs.get();
    let axis = shape::axis(a.axis, x[0].rank())?;
    ensure!(x[0].rank() == x[1].rank(), BadGraph, "data of rank {} and indices of rank {}", x[0].rank(), x[1].rank());
    let fits = |i: usize| i == axis || (&x[0].shape[i] - &x[1].shape[i]).interval().1 >= 0;
    let (data, indices) = (shape::text(&x[0].shape), shape::text(&x[1].shape));
    ensure!((0..x[0].rank()).all(fits), BadGraph, "indices of shape {indices} do not fit into data of {data}");
    check(x, &a.reduction, &x[1].shape)
}

fn eval_elements(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let a: &ScatterElements = c.attrs.get();
    let axis = shape::axis(a.axis, x[0].shape().len())?;
    let (own, chosen) = (strides(x[0].shape()), ints(&x[1])?);
    let fits = (0..own.len()).all(|i| i == axis || x[1].shape()[i] <= x[0].shape()[i]);
    ensure!(fits, WrongShape, "indices of shape {:?} do not fit into data of {:?}", x[1].shape(), x[0].shape());
    let mut to = Vec::with_capacity(chosen.len());
    for (mut place, index) in places(x[1].shape()).zip(&chosen) {
        place[axis] = inside(*index, x[0].shape()[axis])?;
        to.push(place.iter().zip(&own).map(|(i, s)| i * *s as usize).sum());
    }
    apply(x, &a.reduction, &to)
}

pub static SCATTER_ELEMENTS: OpDef = OpDef {
    name: "scatter_elements",
    doc: "The data with the element at the place of each index, but for one axis, where the index says, updated.",
    arity: (3, 3),
    attrs: AttrsDef::of::<ScatterElements>(),
    infer: infer_elements,
    eval: eval_elements,
    convert: |v, b, x| {
        let a: &ScatterElements = v.attrs();
        refuse_reduction(&a.reduction, "scatter_elements.reduction")?;
        let axis = shape::axis(a.axis, v.input(0).rank()).unwrap_or(0);
        let indices = from_front(b, v, x[1], v.constant(1).cloned(), &v.shape(0)[axis..=axis])?;
        Ok(vec![b.add(LayerKind::ScatterElements(axis), &[x[0], indices, x[2]])?])
    },
    lower: |_| Ok(Lowering::Routine("scatter_elements")),
    tolerance: Tolerance::SUM,
};

fn infer_nd(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    check_indices(x[1])?;
    let m = coordinates(x[1])?;
    if m > x[0].rank() {
        fail!(BadGraph, "{m} coordinates for data of {}", shape::text(&x[0].shape));
    }
    check(x, &c.attrs.get::<ScatterNd>().mode, &[&x[1].shape[1..], &x[0].shape[m..]].concat())
}

fn eval_nd(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let (data, m, outer) = (x[0].shape(), x[1].shape()[0], &x[1].shape()[1..]);
    let (own, chosen, count) = (strides(data), ints(&x[1])?, outer.iter().product::<usize>());
    let rest = affine_indices(&data[m..], 0, &own[m..]);
    let mut to = Vec::with_capacity(count * rest.len());
    for n in 0..count {
        let mut first = 0;
        for k in 0..m {
            first += inside(chosen[k * count + n], data[k])? * own[k] as usize;
        }
        to.extend(rest.iter().map(|r| first + r));
    }
    apply(x, &c.attrs.get::<ScatterNd>().mode, &to)
}

fn convert_nd(
    v: &NodeView,
    b: &mut crate::network::builder::Builder,
    x: &[crate::network::TensorId],
) -> Accepted<Vec<crate::network::TensorId>> {
    refuse_reduction(&v.attrs::<ScatterNd>().mode, "scatter_nd.reduction")?;
    let (indices, constant) = coordinates_last(v, b, x[1])?;
    let m = coordinates(v.input(1)).unwrap_or(0);
    let indices = from_front(b, v, indices, constant, &v.shape(0)[..m])?;
    Ok(vec![b.add(LayerKind::ScatterNd, &[x[0], indices, x[2]])?])
}

pub static SCATTER_ND: OpDef = OpDef {
    name: "scatter_nd",
    doc: "The data with the part at each place updated; the first axis of the indices runs over coordinates.",
    arity: (3, 3),
    attrs: AttrsDef::of::<ScatterNd>(),
    infer: infer_nd,
    eval: eval_nd,
    convert: convert_nd,
    lower: |_| Ok(Lowering::Routine("scatter_nd")),
    tolerance: Tolerance::SUM,
};
