//! `concatenate`: operands one after the other along an axis.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::{Access, Body, Kernel, Role, Stage};
use crate::network::layer::LayerKind;
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, text};
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `concatenate`.
    pub struct Concatenate {
        /// The axis along which operands stand.
        pub axis: i64 = 0,
    }
}

fn joined(shapes: &[&[Dim]], axis: usize) -> Result<Vec<Dim>> {
    let mut out = shapes[0].to_vec();
    for s in &shapes[1..] {
        ensure!(s.len() == out.len(), BadGraph, "ranks {} and {} differ", out.len(), s.len());
        for i in (0..out.len()).filter(|i| *i != axis) {
            ensure!(out[i].equals(&s[i]) != Answer::Never, BadGraph, "shapes {} and {} differ in axis {i}", text(shapes[0]), text(s));
            if s[i].as_const().is_some() {
                out[i] = s[i].clone();
            }
        }
        out[axis] = &out[axis] + &s[axis];
    }
    Ok(out)
}

pub static CONCATENATE: OpDef = OpDef {
    name: "concatenate",
    doc: "Operands one after the other along an axis.",
    arity: (1, usize::MAX),
    attrs: AttrsDef::of::<Concatenate>(),
    infer: |c, x| {
        ensure!(x.iter().all(|f| f.dtype == x[0].dtype), WrongDType, "operands are of several types");
        let axis = shape::axis(c.attrs.get::<Concatenate>().axis, x[0].rank())?;
        let dims = joined(&x.iter().map(|f| f.shape.as_slice()).collect::<Vec<_>>(), axis)?;
        let value = if axis == 0 { x.iter().map(|f| f.value.clone()).collect::<Option<Vec<_>>>().map(|v| v.concat()) } else { None };
        Ok(vec![Fact::new(x[0].dtype, dims).with_value(value)])
    },
    eval: |c, x| {
        let shapes: Vec<Vec<Dim>> = x.iter().map(|t| shape::from_usizes(t.shape())).collect();
        let axis = shape::axis(c.attrs.get::<Concatenate>().axis, shapes[0].len())?;
        let out = joined(&shapes.iter().map(|s| s.as_slice()).collect::<Vec<_>>(), axis)?;
        let out = shape::as_usizes(&out).unwrap_or_default();
        let rows: usize = out[..axis].iter().product();
        let mut bytes = Vec::new();
        for row in 0..rows {
            for t in x {
                let n = t.shape()[axis..].iter().product::<usize>() * t.dtype().size();
                bytes.extend_from_slice(&t.bytes()[row * n..(row + 1) * n]);
            }
        }
        Ok(vec![Tensor::new(x[0].dtype(), out, bytes.into())?])
    },
    convert: |v, b, x| {
        let rank = v.input(0).rank();
        let axis = shape::axis(v.attrs::<Concatenate>().axis, rank).unwrap_or(0);
        Ok(vec![b.add(LayerKind::Concatenation(axis), x)?])
    },
    lower: |v| {
        let axis = shape::axis(v.attrs::<Concatenate>().axis, v.input(0).rank())?;
        let mut k = Kernel::new(v.name());
        let inputs: Vec<_> = (0..v.input_count()).map(|i| k.add(Role::Input, v.dtype(i), v.shape(i))).collect();
        let out = k.add(Role::Output, v.output(0).dtype, &v.output(0).shape);
        let target = shape::strides(&v.output(0).shape);
        let mut start = Dim::from(0i64);
        for (i, input) in inputs.into_iter().enumerate() {
            let mut value = Body::default();
            value.load(k.dense(input));
            let out = Access { buffer: out, offset: &start * &target[axis], strides: target.clone() };
            k.stages.push(Stage::Map { out, extents: v.shape(i).to_vec(), value });
            start = &start + &v.shape(i)[axis];
        }
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::EXACT,
};
