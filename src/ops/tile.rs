//! `tile`: a tensor repeated as a whole along each axis.

use crate::ir::attrs::{AttrsDef, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::{Binary, Body, Kernel, Op, Role};
use crate::network::layer::LayerKind;
use crate::network::refusal::Refusal;
use crate::ops::movement::{data_dependent, param_eval, param_len, param_value, pick, strides};
use crate::tensor::dtype::DType;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `tile`.
    pub struct Tile {
        /// How often per axis.
        pub reps: Param = Param::Static(vec![]),
    }
}

pub static TILE: OpDef = OpDef {
    name: "tile",
    doc: "The operand repeated as a whole along each axis.",
    arity: (1, 2),
    attrs: AttrsDef::of::<Tile>(),
    infer: |c, x| {
        let param = &c.attrs.get::<Tile>().reps;
        ensure!(param_len(param, x)? == x[0].rank(), BadGraph, "reps has {} entries for rank {}", param_len(param, x)?, x[0].rank());
        let dims = match param_value(param, x)? {
            Some(reps) => x[0].shape.iter().zip(&reps).map(|(d, r)| d * r).collect(),
            None => (0..x[0].rank()).map(|i| data_dependent(c.node, i)).collect(),
        };
        Ok(vec![Fact::new(x[0].dtype, dims)])
    },
    eval: |c, x| {
        let reps = param_eval(&c.attrs.get::<Tile>().reps, c, x)?;
        let (own, from) = (strides(x[0].shape()), x[0].shape());
        let out: Vec<usize> = from.iter().zip(&reps).map(|(d, r)| d * (*r).max(0) as usize).collect();
        let mut at = vec![0usize];
        for ((extent, total), stride) in from.iter().zip(&out).zip(&own) {
            at = at.iter().flat_map(|base| (0..*total).map(move |j| base + j % extent * *stride as usize)).collect();
        }
        Ok(vec![pick(&x[0], &out, &at)])
    },
    convert: |v, b, x| {
        let reps = match &v.attrs::<Tile>().reps {
            Param::Static(reps) => Some(reps.clone()),
            Param::Input(i) => v.input(*i).value.clone(),
        };
        let reps = reps.and_then(|r| r.iter().map(|d| d.as_const()).collect::<Option<Vec<i64>>>());
        let reps = reps.filter(|r| r.iter().all(|n| (1..=64).contains(n)));
        let reps = reps.ok_or_else(|| Refusal::new("tile.reps", "the repetitions are not constants from 1 to 64", "fix them"))?;
        let mut out = x[0];
        for (axis, n) in reps.iter().enumerate().filter(|(_, n)| **n > 1) {
            out = b.add(LayerKind::Concatenation(axis), &vec![out; *n as usize])?;
        }
        Ok(vec![if out == x[0] { b.add(LayerKind::Identity, &[out])? } else { out }])
    },
    lower: |v| {
        let mut k = Kernel::new(v.name());
        let input = k.add(Role::Input, v.dtype(0), v.shape(0));
        if v.input_count() > 1 {
            k.add(Role::Input, v.dtype(1), v.shape(1));
        }
        let out = k.add(Role::Output, v.dtype(0), &v.output(0).shape);
        let mut body = Body::default();
        let mut offset = body.int(DType::I64, 0);
        for (i, stride) in shape::strides(v.shape(0)).iter().enumerate() {
            let (at, extent) = (body.push(Op::Index(i)), body.push(Op::Size(v.shape(0)[i].clone())));
            let inside = body.binary(Binary::Rem, at, extent);
            let stride = body.push(Op::Size(stride.clone()));
            let step = body.binary(Binary::Mul, inside, stride);
            offset = body.binary(Binary::Add, offset, step);
        }
        body.push(Op::LoadAt(input, offset));
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::EXACT,
};
