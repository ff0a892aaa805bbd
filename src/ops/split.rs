//! `split`: consecutive parts of one axis, each a result.

use crate::attributes;
use crate::ensure;
use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::{Access, Body, Kernel, Role, Stage};
use crate::ops::movement::{affine_indices, pick, pick_value, strides};
use crate::ops::strided_slice::{Part, slice_layers};
use crate::tensor::dim::Dim;
use crate::tensor::error::Result;
use crate::tensor::shape;

attributes! {
    /// Attributes of `split`.
    pub struct Split {
        /// Where each part but the first begins, ascending.
        pub indices: Vec<i64> = vec![],
        /// The axis that is cut.
        pub axis: i64 = 0,
    }
}

/// Axis, and start and extent of each part.
fn parts(x: &[Dim], a: &Split) -> Result<(usize, Vec<(i64, Dim)>)> {
    let axis = shape::axis(a.axis, x.len())?;
    let starts = [&[0], a.indices.as_slice()].concat();
    ensure!(starts.windows(2).all(|w| w[0] <= w[1]), BadGraph, "indices {:?} do not ascend", a.indices);
    let ends = a.indices.iter().map(|i| Dim::from(*i)).chain([x[axis].clone()]);
    let parts: Vec<(i64, Dim)> = starts.iter().zip(ends).map(|(s, e)| (*s, &e - &Dim::from(*s))).collect();
    ensure!(parts.iter().all(|(_, n)| n.interval().1 >= 0), BadGraph, "indices {:?} pass extent {}", a.indices, x[axis]);
    Ok((axis, parts))
}

fn with_axis(x: &[Dim], axis: usize, size: &Dim) -> Vec<Dim> {
    let mut out = x.to_vec();
    out[axis] = size.clone();
    out
}

fn source(x: &[usize], axis: usize, start: i64, size: usize) -> (Vec<usize>, Vec<usize>) {
    let mut out = x.to_vec();
    out[axis] = size;
    let own = strides(x);
    let from = affine_indices(&out, start * own[axis], &own);
    (out, from)
}

pub static SPLIT: OpDef = OpDef {
    name: "split",
    doc: "Consecutive parts of one axis.",
    arity: (1, 1),
    attrs: AttrsDef::of::<Split>(),
    infer: |c, x| {
        let (axis, parts) = parts(&x[0].shape, c.attrs.get())?;
        Ok(parts
            .into_iter()
            .map(|(start, size)| {
                let value = pick_value(x[0], |s| source(s, axis, start, size.as_const().unwrap_or(0) as usize).1);
                Fact::new(x[0].dtype, with_axis(&x[0].shape, axis, &size)).with_value(value)
            })
            .collect())
    },
    eval: |c, x| {
        let (axis, parts) = parts(&shape::from_usizes(x[0].shape()), c.attrs.get())?;
        Ok(parts
            .into_iter()
            .map(|(start, size)| {
                let (out, from) = source(x[0].shape(), axis, start, size.as_const().unwrap_or(0).max(0) as usize);
                pick(&x[0], &out, &from)
            })
            .collect())
    },
    convert: |v, b, x| {
        let Ok((axis, parts)) = parts(v.shape(0), v.attrs()) else { unreachable!("inferred before") };
        parts
            .into_iter()
            .map(|(start, size)| {
                let all = b.dims(x[0]).iter().enumerate().map(|(i, d)| match i == axis {
                    true => Some(Part { start: Dim::from(start), step: 1, size: size.clone() }),
                    false => Some(Part { start: Dim::from(0i64), step: 1, size: d.clone() }),
                });
                let all: Vec<Option<Part>> = all.collect();
                slice_layers(b, x[0], &all)
            })
            .collect()
    },
    lower: |v| {
        let (axis, parts) = parts(v.shape(0), v.attrs())?;
        let mut k = Kernel::new(v.name());
        let input = k.add(Role::Input, v.dtype(0), v.shape(0));
        let own = shape::strides(v.shape(0));
        for (i, (start, _)) in parts.iter().enumerate() {
            let out = k.add(Role::Output, v.dtype(0), &v.output(i).shape);
            let mut value = Body::default();
            value.load(Access { buffer: input, offset: &own[axis] * &Dim::from(*start), strides: own.clone() });
            let (extents, out) = (v.output(i).shape.clone(), k.dense(out));
            k.stages.push(Stage::Map { out, extents, value });
        }
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::EXACT,
};
