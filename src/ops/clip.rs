//! Functions of one operand with parameters: clip, nn.leaky_relu.

use crate::attributes;
use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::loops::{Binary, Op};
use crate::network::layer::{Activation, ElementWise, LayerKind};
use crate::ops::elementwise::{Forms, UnaryForms, check_type, from_ints, ints, lower};
use crate::tensor::host::Tensor;

attributes! {
    /// Attributes of `clip`.
    pub struct Clip {
        /// Lower bound.
        pub a_min: f64 = f64::NEG_INFINITY,
        /// Upper bound.
        pub a_max: f64 = f64::INFINITY,
    }
}

attributes! {
    /// Attributes of `nn.leaky_relu`.
    pub struct LeakyRelu {
        /// Slope below zero.
        pub alpha: f64 = 0.05,
    }
}

/// NaN stays NaN; bounds that cross give the upper one.
fn clip(v: f64, a: &Clip) -> f64 {
    let low = if v < a.a_min { a.a_min } else { v };
    if low > a.a_max { a.a_max } else { low }
}

pub static CLIP: OpDef = OpDef {
    name: "clip",
    doc: "min(max(x, a_min), a_max).",
    arity: (1, 1),
    attrs: AttrsDef::of::<Clip>(),
    infer: |_, x| Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())]),
    eval: |c, x| {
        let a: &Clip = c.attrs.get();
        if !x[0].dtype().is_float() {
            let values: Vec<i64> = ints(&x[0])?.into_iter().map(|v| v.max(a.a_min as i64).min(a.a_max as i64)).collect();
            return Ok(vec![from_ints(x[0].dtype(), x[0].shape(), &values)]);
        }
        Ok(vec![Tensor::from_f64s(x[0].dtype(), x[0].shape(), &x[0].to_f64s().into_iter().map(|v| clip(v, a)).collect::<Vec<_>>())])
    },
    convert: |v, b, x| {
        let (a, dtype) = (v.attrs::<Clip>(), v.dtype(0));
        if dtype.is_float() && a.a_min.is_finite() && a.a_max.is_finite() {
            return Ok(vec![b.add(LayerKind::Activation(Activation::Clip, a.a_min as f32, a.a_max as f32), x)?]);
        }
        // An activation's bounds are finite: one bound alone is a maximum or minimum.
        let mut out = x[0];
        for (bound, op) in [(a.a_min, ElementWise::Max), (a.a_max, ElementWise::Min)] {
            if bound.is_finite() {
                let bound = b.constant(Tensor::from_f64s(dtype, &[], &[bound]))?;
                out = b.elementwise(op, out, bound)?;
            }
        }
        Ok(vec![if out == x[0] { b.add(LayerKind::Identity, x)? } else { out }])
    },
    lower: |v| {
        let (a, dtype) = (v.attrs::<Clip>(), v.dtype(0));
        lower(v, |b, x| {
            let mut out = x[0];
            for (bound, op) in [(a.a_min, Binary::Max), (a.a_max, Binary::Min)] {
                if bound.is_finite() {
                    let bound = b.constant(dtype, bound);
                    out = b.binary(op, out, bound);
                }
            }
            out
        })
    },
    tolerance: Tolerance::EXACT,
};

pub static LEAKY_RELU: OpDef = OpDef {
    name: "nn.leaky_relu",
    doc: "x where it is positive, else alpha * x.",
    arity: (1, 1),
    attrs: AttrsDef::of::<LeakyRelu>(),
    infer: |_, x| {
        let forms: UnaryForms = Forms { float: Some(|v| v), int: None };
        check_type(&forms, x[0].dtype)?;
        Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
    },
    eval: |c, x| {
        let alpha = c.attrs.get::<LeakyRelu>().alpha;
        let y: Vec<f64> = x[0].to_f64s().into_iter().map(|v| if v > 0.0 { v } else { alpha * v }).collect();

        Ok(vec![Tensor::from_f64s(x[0].dtype(), x[0].shape(), &y)])
    },
    convert: |v, b, x| Ok(vec![b.add(LayerKind::Activation(Activation::LeakyRelu, v.attrs::<LeakyRelu>().alpha as f32, 0.0), x)?]),
    lower: |v| {
        let (alpha, dtype) = (v.attrs::<LeakyRelu>().alpha, v.dtype(0));
        lower(v, |b, x| {
            let (zero, alpha) = (b.float(dtype, 0.0), b.float(dtype, alpha));
            let positive = b.binary(Binary::Greater, x[0], zero);
            let scaled = b.binary(Binary::Mul, alpha, x[0]);
            b.push(Op::Select(positive, x[0], scaled))
        })
    },
    tolerance: Tolerance::ROUNDING,
};
