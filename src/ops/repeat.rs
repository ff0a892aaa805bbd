//! `repeat` and `stack`: each element several times along an axis; operands side by side along a new axis.

use crate::ir::Graph;
use crate::ir::attrs::{Attrs, AttrsDef};
use crate::ir::build::Builder;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::{Binary, Body, Kernel, Op, Role};
use crate::network::layer::LayerKind;
use crate::network::refusal::Refusal;
use crate::ops::concatenate::CONCATENATE;
use crate::ops::index::step;
use crate::ops::movement::{pick, pick_value};
use crate::ops::reshape::EXPAND_DIMS;
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `repeat`.
    pub struct Repeat {
        /// How often each element follows itself.
        pub repeats: i64 = 1,
        /// The axis that grows.
        pub axis: i64 = 0,
    }
}

attributes! {
    /// Attributes of `stack`.
    pub struct Stack {
        /// Where the new axis stands in the result.
        pub axis: i64 = 0,
    }
}

fn repeated(x: &[usize], axis: usize, repeats: usize) -> (Vec<usize>, Vec<usize>) {
    let mut out = x.to_vec();
    out[axis] *= repeats;
    let inner: usize = x[axis + 1..].iter().product();
    let from = (0..out.iter().product()).map(|i: usize| {
        let (outer, rest) = (i / (out[axis] * inner), i % (out[axis] * inner));
        (outer * x[axis] + rest / inner / repeats) * inner + rest % inner
    });
    let from = from.collect();
    (out, from)
}

pub static REPEAT: OpDef = OpDef {
    name: "repeat",
    doc: "Each element of an axis several times.",
    arity: (1, 1),
    attrs: AttrsDef::of::<Repeat>(),
    infer: |c, x| {
        let a: &Repeat = c.attrs.get();
        let axis = shape::axis(a.axis, x[0].rank())?;
        ensure!(a.repeats > 0, BadGraph, "{} repeats", a.repeats);
        let mut dims = x[0].shape.clone();
        dims[axis] = &dims[axis] * &Dim::from(a.repeats);
        Ok(vec![Fact::new(x[0].dtype, dims).with_value(pick_value(x[0], |s| repeated(s, axis, a.repeats as usize).1))])
    },
    eval: |c, x| {
        let a: &Repeat = c.attrs.get();
        let axis = shape::axis(a.axis, x[0].shape().len())?;
        let (out, from) = repeated(x[0].shape(), axis, a.repeats as usize);
        Ok(vec![pick(&x[0], &out, &from)])
    },
    convert: |v, b, x| {
        let a: &Repeat = v.attrs();
        let axis = shape::axis(a.axis, v.input(0).rank()).unwrap_or(0);
        let Some(extent) = v.shape(0)[axis].as_const().filter(|n| *n > 0 && n.saturating_mul(a.repeats) <= 1 << 24) else {
            let reason = format!("the extent {} that is repeated is not fixed, or too large for a list of indices", v.shape(0)[axis]);
            return Err(Refusal::new("repeat.dynamic-axis", reason, "fix it"));
        };
        let from: Vec<i32> = (0..extent * a.repeats).map(|i| (i / a.repeats) as i32).collect();
        let indices = b.constant(Tensor::from_vec(&[from.len()], from))?;
        Ok(vec![b.add(LayerKind::Gather(axis), &[x[0], indices])?])
    },
    lower: |v| {
        let a: &Repeat = v.attrs();
        let axis = shape::axis(a.axis, v.input(0).rank())?;
        let mut k = Kernel::new(v.name());
        let data = k.add(Role::Input, v.dtype(0), v.shape(0));
        let out = k.add(Role::Output, v.dtype(0), &v.output(0).shape);
        let mut body = Body::default();
        let mut offset = body.int(DType::I64, 0);
        for (i, stride) in shape::strides(v.shape(0)).iter().enumerate() {
            let mut at = body.push(Op::Index(i));
            if i == axis {
                let repeats = body.int(DType::I64, a.repeats);
                at = body.binary(Binary::Div, at, repeats);
            }
            offset = step(&mut body, offset, at, stride);
        }
        body.push(Op::LoadAt(data, offset));
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::EXACT,
};

fn new_axis(axis: i64, rank: usize) -> Result<usize> {
    shape::axis(axis, rank + 1)
}

/// New axes, then a concatenation.
fn expanded(v: &NodeView) -> Result<Graph> {
    let (mut b, axis) = (Builder::new(v.name()), new_axis(v.attrs::<Stack>().axis, v.input(0).rank())? as i64);
    let mut parts = Vec::new();
    for (i, fact) in v.inputs().into_iter().enumerate() {
        let x = b.input(&format!("x{i}"), Fact::new(fact.dtype, fact.shape.clone()))?;
        let attrs = (EXPAND_DIMS.attrs.parse)(&mut |n| (n == "axis").then_some(crate::ir::attrs::Attr::Int(axis)))?;
        parts.push(b.node("", &EXPAND_DIMS, attrs, &[x])?[0]);
    }
    let attrs: Attrs = (CONCATENATE.attrs.parse)(&mut |n| (n == "axis").then_some(crate::ir::attrs::Attr::Int(axis)))?;
    let y = b.node("", &CONCATENATE, attrs, &parts)?[0];
    b.output("y", y)?;
    Ok(b.finish())
}

pub static STACK: OpDef = OpDef {
    name: "stack",
    doc: "Operands of one shape side by side along a new axis.",
    arity: (1, 1 << 16),
    attrs: AttrsDef::of::<Stack>(),
    infer: |c, x| {
        let axis = new_axis(c.attrs.get::<Stack>().axis, x[0].rank())?;
        for other in &x[1..] {
            let same = other.rank() == x[0].rank() && other.shape.iter().zip(&x[0].shape).all(|(a, b)| a.equals(b) != Answer::Never);
            ensure!(same && other.dtype == x[0].dtype, BadGraph, "{other} beside {}", x[0]);
        }
        let mut dims = x[0].shape.clone();
        dims.insert(axis, Dim::from(x.len()));
        let values: Option<Vec<&Vec<Dim>>> = x.iter().map(|f| f.value.as_ref()).collect();
        let value = values.filter(|_| axis == 0).map(|v| v.into_iter().flatten().cloned().collect());
        Ok(vec![Fact::new(x[0].dtype, dims).with_value(value)])
    },
    eval: |c, x| {
        let axis = new_axis(c.attrs.get::<Stack>().axis, x[0].shape().len())?;
        let mut out = x[0].shape().to_vec();
        out.insert(axis, x.len());
        let (outer, part): (usize, usize) = (out[..axis].iter().product(), out[axis + 1..].iter().product());
        let bytes = part * x[0].dtype().size();
        let pieces = (0..outer).flat_map(|o| x.iter().map(move |t| &t.bytes()[o * bytes..(o + 1) * bytes]));
        Ok(vec![Tensor::new(x[0].dtype(), out, pieces.flatten().copied().collect::<Vec<u8>>().into())?])
    },
    convert: |v, b, x| {
        let axis = new_axis(v.attrs::<Stack>().axis, v.input(0).rank()).unwrap_or(0);
        let mut parts = Vec::new();
        for part in x {
            let mut dims = b.dims(*part).to_vec();
            dims.insert(axis, Dim::from(1i64));
            parts.push(b.reshape(*part, &dims)?);
        }
        Ok(vec![b.add(LayerKind::Concatenation(axis), &parts)?])
    },
    lower: |v| expanded(v).map(Lowering::Expand).map_err(|e| Error::new(Code::Internal, e.message)),
    tolerance: Tolerance::EXACT,
};
