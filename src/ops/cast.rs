//! `cast`: another element type.

use crate::attributes;
use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::loops::Op;
use crate::network::layer::LayerKind;
use crate::ops::elementwise::{from_ints, ints, lower};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;

attributes! {
    /// Attributes of `cast`.
    pub struct Cast {
        /// The new type.
        pub dtype: DType = DType::F32,
    }
}

/// `t` as `to`: to integers truncated and saturated, to `bool` compared with zero, between integers wrapped.
fn convert(t: &Tensor, to: DType) -> Result<Tensor> {
    Ok(match (t.dtype().is_float(), to) {
        (true, DType::Bool) => Tensor::from_bools(t.shape(), t.to_f64s().iter().map(|v| *v != 0.0).collect()),
        (true, _) => Tensor::from_f64s(to, t.shape(), &t.to_f64s()),
        (false, DType::Bool) => Tensor::from_bools(t.shape(), ints(t)?.iter().map(|v| *v != 0).collect()),
        (false, to) if to.is_float() => Tensor::from_f64s(to, t.shape(), &ints(t)?.iter().map(|v| *v as f64).collect::<Vec<_>>()),
        (false, to) => from_ints(to, t.shape(), &ints(t)?),
    })
}

/// Values go through where the new type holds them all.
fn value(x: &Fact, to: DType) -> Option<Vec<Dim>> {
    let (low, high) = match to {
        DType::I64 | DType::U64 => (i64::MIN, i64::MAX),
        DType::I32 => (i32::MIN as i64, i32::MAX as i64),
        DType::Bool => {
            let known = |d: &Dim| Some(Dim::from(i64::from(d.as_const()? != 0)));
            return x.value.as_ref()?.iter().map(known).collect();
        }
        _ => return None,
    };
    let fits = |d: &Dim| {
        let (a, b) = d.interval();
        // Extents are below 2^31 on any machine; expressions over them may have wider bounds on paper.
        d.as_const().is_none() || (low <= a && b <= high)
    };
    x.value.clone().filter(|v| v.iter().all(fits))
}

pub static CAST: OpDef = OpDef {
    name: "cast",
    doc: "The operand as another element type.",
    arity: (1, 1),
    attrs: AttrsDef::of::<Cast>(),
    infer: |c, x| {
        let to = c.attrs.get::<Cast>().dtype;
        Ok(vec![Fact::new(to, x[0].shape.clone()).with_value(value(x[0], to))])
    },
    eval: |c, x| Ok(vec![convert(&x[0], c.attrs.get::<Cast>().dtype)?]),
    convert: |v, b, x| Ok(vec![b.add(LayerKind::Cast(v.attrs::<Cast>().dtype), x)?]),
    lower: |v| {
        let to = v.attrs::<Cast>().dtype;
        lower(v, |b, x| b.push(Op::Cast(to, x[0])))
    },
    tolerance: Tolerance::EXACT,
};
