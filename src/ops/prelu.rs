//! `nn.prelu`: a leaky activation whose slope is an operand.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::{Access, Binary, Body, Kernel, Op, Role};
use crate::network::layer::LayerKind;
use crate::ops::bias_add::along;
use crate::ops::elementwise::broadcast_indices;
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, text};
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `nn.prelu`.
    pub struct PRelu {
        /// The axis along which a slope of one axis lies; slopes of other ranks broadcast.
        pub axis: i64 = 1,
    }
}

/// The slope's shape as it broadcasts to data of `rank` axes.
fn slope_shape(a: &PRelu, slope: &[Dim], rank: usize) -> Result<Vec<Dim>> {
    match slope {
        [extent] => Ok(along(shape::axis(a.axis, rank)?, rank, extent)),
        other => Ok(other.to_vec()),
    }
}

pub static PRELU: OpDef = OpDef {
    name: "nn.prelu",
    doc: "x where it is not negative, else slope * x.",
    arity: (2, 2),
    attrs: AttrsDef::of::<PRelu>(),
    infer: |c, x| {
        ensure!(x[0].dtype == x[1].dtype && x[0].dtype.is_float(), WrongDType, "operands are {} and {}", x[0].dtype, x[1].dtype);
        let slope = slope_shape(c.attrs.get(), &x[1].shape, x[0].rank())?;
        let lead = x[0].rank().checked_sub(slope.len());
        let fits = lead.is_some_and(|lead| slope.iter().zip(&x[0].shape[lead..]).all(|(s, d)| s.is(1) || s.equals(d) != Answer::Never));
        ensure!(fits, BadGraph, "a slope of {} does not broadcast to {}", text(&x[1].shape), text(&x[0].shape));
        Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
    },
    eval: |c, x| {
        let dims = slope_shape(c.attrs.get(), &shape::from_usizes(x[1].shape()), x[0].shape().len())?;
        let from = broadcast_indices(&shape::as_usizes(&dims).unwrap_or_default(), x[0].shape());
        let slope = x[1].to_f64s();
        let y = x[0].to_f64s().into_iter().zip(from).map(|(v, i)| if v < 0.0 { slope[i] * v } else { v });
        Ok(vec![Tensor::from_f64s(x[0].dtype(), x[0].shape(), &y.collect::<Vec<_>>())])
    },
    convert: |v, b, x| {
        let rank = v.input(0).rank();
        let dims = slope_shape(v.attrs(), v.shape(1), rank).unwrap_or_default();
        let slope = if dims == v.shape(1) { x[1] } else { b.reshape(x[1], &dims)? };
        let slope = b.pad_rank(slope, rank)?;
        Ok(vec![b.add(LayerKind::ParametricRelu, &[x[0], slope])?])
    },
    lower: |v| {
        let (dtype, dims) = (v.dtype(0), v.shape(0));
        let mut k = Kernel::new(v.name());
        let x = k.add(Role::Input, dtype, dims);
        let slope = k.add(Role::Input, dtype, v.shape(1));
        let out = k.add(Role::Output, dtype, dims);
        let mut body = Body::default();
        let value = body.load(k.dense(x));
        let access = match v.shape(1) {
            [one] if one.is(1) => Access { buffer: slope, offset: Dim::from(0i64), strides: vec![Dim::from(0i64); dims.len()] },
            [_] => crate::ops::bias_add::access_along(slope, shape::axis(v.attrs::<PRelu>().axis, dims.len())?, dims.len()),
            _ => k.broadcast(slope, dims),
        };
        let slope = body.load(access);
        let zero = body.float(dtype, 0.0);
        let negative = body.binary(Binary::Less, value, zero);
        let scaled = body.binary(Binary::Mul, slope, value);
        body.push(Op::Select(negative, scaled, value));
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::ROUNDING,
};
