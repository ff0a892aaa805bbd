//! Operators that give the same elements another shape: reshape, squeeze, expand_dims, nn.batch_flatten.

use crate::attributes;
use crate::ir::attrs::{AttrsDef, NoAttrs, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::ops::movement::{data_dependent, param_eval, param_len, param_value};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, element_count, text};
use crate::{ensure, fail};

attributes! {
    /// Attributes of `reshape`.
    pub struct Reshape {
        /// Target extents: 0 copies the extent at the same place, one -1 is inferred.
        pub newshape: Param = Param::Static(vec![]),
        /// A 0 means an extent of zero.
        pub allowzero: bool = false,
    }
}

attributes! {
    /// Attributes of `squeeze`.
    pub struct Squeeze {
        /// Axes of extent 1 that go; all of extent 1 where not given.
        pub axis: Option<Vec<i64>> = None,
    }
}

attributes! {
    /// Attributes of `expand_dims`.
    pub struct ExpandDims {
        /// Where the new axes stand in the result.
        pub axis: i64 = 0,
        /// How many there are.
        pub num_newaxis: i64 = 1,
    }
}

/// A result with the operand's elements.
fn same_elements(x: &Fact, dims: Vec<Dim>) -> Vec<Fact> {
    vec![Fact::new(x.dtype, dims).with_value(x.value.clone())]
}

/// The target of a reshape with copies and the inferred extent filled in.
fn resolve(x: &[Dim], target: &[Dim], allowzero: bool) -> Result<Vec<Dim>> {
    let mut out = Vec::with_capacity(target.len());
    for (i, d) in target.iter().enumerate() {
        out.push(match d.as_const() {
            Some(0) if !allowzero => match x.get(i) {
                Some(d) => d.clone(),
                None => fail!(BadGraph, "newshape {} copies extent {i} of {}", text(target), text(x)),
            },
            _ => d.clone(),
        });
    }
    let inferred: Vec<usize> = (0..target.len()).filter(|i| target[*i].is(-1)).collect();
    match inferred.as_slice() {
        [] => {}
        [i] => {
            out[*i] = Dim::from(1i64);
            out[*i] = element_count(x).floor_div(&element_count(&out));
        }
        _ => fail!(BadGraph, "newshape {} has several -1", text(target)),
    }
    if element_count(x).equals(&element_count(&out)) == Answer::Never {
        fail!(BadGraph, "shape {} has not as many elements as newshape {}", text(x), text(target));
    }
    Ok(out)
}

pub static RESHAPE: OpDef = OpDef {
    name: "reshape",
    doc: "The same elements in another shape.",
    arity: (1, 2),
    attrs: AttrsDef::of::<Reshape>(),
    infer: |c, x| {
        let a: &Reshape = c.attrs.get();
        let dims = match param_value(&a.newshape, x)? {
            Some(target) => resolve(&x[0].shape, &target, a.allowzero)?,
            None => (0..param_len(&a.newshape, x)?).map(|i| data_dependent(c.node, i)).collect(),
        };
        Ok(same_elements(x[0], dims))
    },
    eval: |c, x| {
        let a: &Reshape = c.attrs.get();
        let target: Vec<Dim> = param_eval(&a.newshape, c, x)?.into_iter().map(Dim::from).collect();
        let dims = resolve(&shape::from_usizes(x[0].shape()), &target, a.allowzero)?;
        Ok(vec![reshaped(&x[0], &dims)?])
    },
    convert: |v, b, x| Ok(vec![b.reshape(x[0], &v.output(0).shape)?]),
    lower: |_| Ok(Lowering::View),
    tolerance: Tolerance::EXACT,
};

fn reshaped(x: &Tensor, dims: &[Dim]) -> Result<Tensor> {
    match shape::as_usizes(dims) {
        Some(dims) => x.reshaped(&dims),
        None => fail!(WrongShape, "shape {:?} cannot become {}", x.shape(), text(dims)),
    }
}

pub static BATCH_FLATTEN: OpDef = OpDef {
    name: "nn.batch_flatten",
    doc: "All axes but the first become one.",
    arity: (1, 1),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |_, x| {
        ensure!(x[0].rank() >= 1, BadGraph, "the operand has no batch axis");
        Ok(same_elements(x[0], vec![x[0].shape[0].clone(), element_count(&x[0].shape[1..])]))
    },
    eval: |_, x| {
        let rows = x[0].shape()[0];
        Ok(vec![x[0].reshaped(&[rows, x[0].shape()[1..].iter().product()])?])
    },
    convert: |v, b, x| Ok(vec![b.reshape(x[0], &v.output(0).shape)?]),
    lower: |_| Ok(Lowering::View),
    tolerance: Tolerance::EXACT,
};

fn squeezed(x: &[Dim], axis: &Option<Vec<i64>>) -> Result<Vec<Dim>> {
    let gone = match axis {
        Some(list) => shape::axes(list, x.len())?,
        None => {
            ensure!(
                x.iter().all(|d| d.equals(&Dim::from(1i64)) != Answer::Unknown),
                BadGraph,
                "which extents of {} are 1 is not known; name the axes",
                text(x)
            );
            (0..x.len()).filter(|i| x[*i].is(1)).collect()
        }
    };
    for i in &gone {
        ensure!(x[*i].equals(&Dim::from(1i64)) != Answer::Never, BadGraph, "axis {i} of {} has not extent 1", text(x));
    }
    Ok((0..x.len()).filter(|i| !gone.contains(i)).map(|i| x[i].clone()).collect())
}

pub static SQUEEZE: OpDef = OpDef {
    name: "squeeze",
    doc: "Without axes of extent 1.",
    arity: (1, 1),
    attrs: AttrsDef::of::<Squeeze>(),
    infer: |c, x| Ok(same_elements(x[0], squeezed(&x[0].shape, &c.attrs.get::<Squeeze>().axis)?)),
    eval: |c, x| Ok(vec![reshaped(&x[0], &squeezed(&shape::from_usizes(x[0].shape()), &c.attrs.get::<Squeeze>().axis)?)?]),
    convert: |v, b, x| Ok(vec![b.reshape(x[0], &v.output(0).shape)?]),
    lower: |_| Ok(Lowering::View),
    tolerance: Tolerance::EXACT,
};

fn expanded(x: &[Dim], a: &ExpandDims) -> Result<Vec<Dim>> {
    ensure!((0..=64).contains(&a.num_newaxis), BadGraph, "num_newaxis is {}", a.num_newaxis);
    let at = shape::axis(a.axis, x.len() + if a.axis < 0 { a.num_newaxis as usize } else { 1 })?;
    let mut out = x.to_vec();
    out.splice(at..at, vec![Dim::from(1i64); a.num_newaxis as usize]);
    Ok(out)
}

pub static EXPAND_DIMS: OpDef = OpDef {
    name: "expand_dims",
    doc: "With new axes of extent 1.",
    arity: (1, 1),
    attrs: AttrsDef::of::<ExpandDims>(),
    infer: |c, x| Ok(same_elements(x[0], expanded(&x[0].shape, c.attrs.get())?)),
    eval: |c, x| Ok(vec![reshaped(&x[0], &expanded(&shape::from_usizes(x[0].shape()), c.attrs.get())?)?]),
    convert: |v, b, x| Ok(vec![b.reshape(x[0], &v.output(0).shape)?]),
    lower: |_| Ok(Lowering::View),
    tolerance: Tolerance::EXACT,
};
