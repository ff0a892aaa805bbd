//! `broadcast_to`: a tensor repeated along axes of extent 1.

use crate::attributes;
use crate::ir::attrs::{AttrsDef, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::loops::Kernel;
use crate::loops::Role;
use crate::network::layer::LayerKind;
use crate::network::refusal::Refusal;
use crate::ops::elementwise::{broadcast_indices, broadcast_shape, broadcast_value};
use crate::ops::movement::{data_dependent, lower_affine, param_eval, param_len, param_value, pick};
use crate::tensor::dim::Dim;
use crate::tensor::shape;

attributes! {
    /// Attributes of `broadcast_to`.
    pub struct BroadcastTo {
        /// A shape that the operand's shape is broadcast with; extents of 1 leave the operand's.
        pub shape: Param = Param::Static(vec![]),
    }
}

pub static BROADCAST_TO: OpDef = OpDef {
    name: "broadcast_to",
    doc: "The operand repeated along axes of extent 1.",
    arity: (1, 2),
    attrs: AttrsDef::of::<BroadcastTo>(),
    infer: |c, x| {
        let param = &c.attrs.get::<BroadcastTo>().shape;
        let Some(target) = param_value(param, x)? else {
            let rank = param_len(param, x)?.max(x[0].rank());
            return Ok(vec![Fact::new(x[0].dtype, (0..rank).map(|i| data_dependent(c.node, i)).collect())]);
        };
        let dims = shape::broadcast(&x[0].shape, &target)?;
        let value = broadcast_value(&x[..1], &dims, &|v| Some(v[0].clone()));
        Ok(vec![Fact::new(x[0].dtype, dims).with_value(value)])
    },
    eval: |c, x| {
        let target: Vec<usize> = param_eval(&c.attrs.get::<BroadcastTo>().shape, c, x)?.into_iter().map(|d| d.max(0) as usize).collect();
        let out = broadcast_shape(&[x[0].shape(), &target])?;
        Ok(vec![pick(&x[0], &out, &broadcast_indices(x[0].shape(), &out))])
    },
    convert: |v, b, x| {
        let Some(size) = v.output(0).shape.iter().map(|d| d.as_const()).collect::<Option<Vec<i64>>>() else {
            return Err(Refusal::new("broadcast_to.dynamic", "the shape of the result is not fixed", "fix the symbols of its extents"));
        };
        let x = b.pad_rank(x[0], size.len())?;
        let strides = b.dims(x).iter().zip(&size).map(|(d, s)| match d.as_const() {
            Some(n) => Some(i64::from(n == *s)),
            // One that cannot be 1 is what the result's is.
            None => (d.interval().0 > 1).then_some(1),
        });
        let Some(stride) = strides.collect::<Option<Vec<i64>>>() else {
            let reason = format!("which axes of {} are repeated is not known before it runs", crate::tensor::shape::text(b.dims(x)));
            return Err(Refusal::new("broadcast_to.dynamic", reason, "fix the symbols of its extents"));
        };
        Ok(vec![b.add(LayerKind::Slice { start: vec![0; size.len()], size, stride }, &[x])?])
    },
    lower: |v| {
        let mut k = Kernel::new(v.name());
        let input = k.add(Role::Input, v.dtype(0), v.shape(0));
        let access = k.broadcast(input, &v.output(0).shape);
        lower_affine(v, Dim::from(0i64), access.strides)
    },
    tolerance: Tolerance::EXACT,
};
