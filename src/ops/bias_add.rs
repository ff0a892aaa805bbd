//! `nn.bias_add`: one addend per index of an axis.

use crate::attributes;
use crate::ensure;
use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::{Access, Binary, Body, Kernel, Role};
use crate::network::layer::{ElementWise, LayerKind};
use crate::ops::elementwise::{BinaryForms, eval_binary};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::host::Tensor;
use crate::tensor::shape;

attributes! {
    /// Attributes of `nn.bias_add`.
    pub struct BiasAdd {
        /// The axis whose extent the bias has.
        pub axis: i64 = 1,
    }
}

/// `[1, .., c, .., 1]`: the shape under which a list of `c` broadcasts along `axis` of `rank` axes.
pub fn along(axis: usize, rank: usize, c: &Dim) -> Vec<Dim> {
    (0..rank).map(|i| if i == axis { c.clone() } else { Dim::from(1i64) }).collect()
}

/// The access of a list along one axis.
pub fn access_along(buffer: crate::loops::BufferId, axis: usize, rank: usize) -> Access {
    let strides = (0..rank).map(|i| Dim::from(i64::from(i == axis))).collect();
    Access { buffer, offset: Dim::from(0i64), strides }
}

pub static BIAS_ADD: OpDef = OpDef {
    name: "nn.bias_add",
    doc: "x plus one addend per index of an axis.",
    arity: (2, 2),
    attrs: AttrsDef::of::<BiasAdd>(),
    infer: |c, x| {
        let axis = shape::axis(c.attrs.get::<BiasAdd>().axis, x[0].rank())?;
        ensure!(x[0].dtype == x[1].dtype, WrongDType, "data are {}, bias {}", x[0].dtype, x[1].dtype);
        let fits = x[1].rank() == 1 && x[1].shape[0].equals(&x[0].shape[axis]) != Answer::Never;
        ensure!(fits, BadGraph, "the bias {} does not fit axis {axis}", x[1]);
        Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
    },
    eval: |c, x| {
        let rank = x[0].shape().len();
        let axis = shape::axis(c.attrs.get::<BiasAdd>().axis, rank)?;
        let dims: Vec<usize> = (0..rank).map(|i| if i == axis { x[1].len() } else { 1 }).collect();
        let sum = BinaryForms { float: Some(|a, b| a + b), int: Some(i64::wrapping_add) };
        Ok(vec![eval_binary(&sum, &x[0], &x[1].reshaped(&dims)?, x[0].dtype())?])
    },
    convert: |v, b, x| {
        let rank = v.input(0).rank();
        let axis = shape::axis(v.attrs::<BiasAdd>().axis, rank).unwrap_or(0);
        if let (1, 4 | 5, Some(shift)) = (axis, rank, v.constant(1)) {
            // A scale layer folds into the convolution before it.
            let scale = Tensor::from_f64s(shift.dtype(), shift.shape(), &vec![1.0; shift.len()]);
            return Ok(vec![b.add(LayerKind::Scale { scale, shift: shift.clone() }, &x[..1])?]);
        }
        let bias = b.reshape(x[1], &along(axis, rank, &v.shape(1)[0]))?;
        Ok(vec![b.elementwise(ElementWise::Sum, x[0], bias)?])
    },
    lower: |v| {
        let rank = v.input(0).rank();
        let axis = shape::axis(v.attrs::<BiasAdd>().axis, rank)?;
        let mut k = Kernel::new(v.name());
        let (x, bias) = (k.add(Role::Input, v.dtype(0), v.shape(0)), k.add(Role::Input, v.dtype(1), v.shape(1)));
        let out = k.add(Role::Output, v.dtype(0), v.shape(0));
        let mut body = Body::default();
        let (x, bias) = (body.load(k.dense(x)), body.load(access_along(bias, axis, rank)));
        body.binary(Binary::Add, x, bias);
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::ROUNDING,
};
