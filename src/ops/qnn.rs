//! `qnn.quantize` and `qnn.dequantize`: between floats and integers with a scale and a zero point, for the whole tensor or per index of
//! an axis.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::{Access, Binary, Body, Kernel, Op, Role, Unary, Val};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::LayerKind;
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::elementwise::ints;
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `qnn.quantize`.
    pub struct Quantize {
        /// The axis along which scales differ, where there are several.
        pub axis: i64 = -1,
        /// Integer type of the result.
        pub out_dtype: DType = DType::I8,
    }
}

attributes! {
    /// Attributes of `qnn.dequantize`.
    pub struct Dequantize {
        /// The axis along which scales differ, where there are several.
        pub axis: i64 = -1,
        /// Floating-point type of the result.
        pub out_dtype: DType = DType::F32,
    }
}

/// Types that numbers can be quantised to.
const QUANTISED: &[DType] = &[DType::I8, DType::U8, DType::I16, DType::U16, DType::I32];

/// The axis of the scales; `None` where there is one for the whole tensor.
fn scale_axis(axis: i64, rank: usize, scale: &[Dim]) -> Result<Option<usize>> {
    if scale.is_empty() || (scale.len() == 1 && scale[0].is(1)) {
        return Ok(None);
    }
    shape::axis(axis, rank).map(Some)
}

fn infer(c: &InferCtx, x: &[&Fact], axis: i64, to: DType) -> Result<Vec<Fact>> {
    let (float, whole) = if to.is_float() { (to, x[0].dtype) } else { (x[0].dtype, to) };
    ensure!(float.is_float() && QUANTISED.contains(&whole), WrongDType, "no quantisation between {} and {to}", x[0].dtype);
    ensure!(x[1].dtype.is_float() && x[2].dtype == whole, WrongDType, "scale {} and zero point {} of {}", x[1], x[2], whole);
    ensure!(x[1].rank() <= 1 && x[2].rank() <= 1, BadGraph, "scale {} and zero point {}: one, or one per index of an axis", x[1], x[2]);
    for given in &x[1..] {
        if let Some(axis) = scale_axis(axis, x[0].rank(), &given.shape)? {
            let same = given.shape[0].equals(&x[0].shape[axis]) != Answer::Never;
            ensure!(same, BadGraph, "{given} for axis {axis} of {}, operand of node '{}'", x[0], c.node);
        }
    }
    Ok(vec![Fact::new(to, x[0].shape.clone())])
}

/// For each element, the index of its scale.
fn scale_of(x: &Tensor, scale: &Tensor, axis: i64) -> Result<Vec<usize>> {
    let found = scale_axis(axis, x.shape().len(), &shape::from_usizes(scale.shape()))?;
    let Some(axis) = found else { return Ok(vec![0; x.len()]) };
    let inner: usize = x.shape()[axis + 1..].iter().product();
    Ok((0..x.len()).map(|i| i / inner % x.shape()[axis]).collect())
}

/// The quotient is that of float32 numbers, as ONNX has it: ties are decided by it.
fn eval_quantize(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let a: &Quantize = c.attrs.get();
    let (at, zero_at) = (scale_of(&x[0], &x[1], a.axis)?, scale_of(&x[0], &x[2], a.axis)?);
    let (values, scales, zeros) = (x[0].to_f64s(), x[1].to_f64s(), ints(&x[2])?);
    let quantised = |i: usize| {
        let quotient = values[i] as f32 / scales[at[i]] as f32;
        f64::from(quotient.round_ties_even()) + zeros[zero_at[i]] as f64
    };
    Ok(vec![Tensor::from_f64s(a.out_dtype, x[0].shape(), &(0..x[0].len()).map(quantised).collect::<Vec<_>>())])
}

fn eval_dequantize(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let a: &Dequantize = c.attrs.get();
    let (at, zero_at) = (scale_of(&x[0], &x[1], a.axis)?, scale_of(&x[0], &x[2], a.axis)?);
    let (values, scales, zeros) = (ints(&x[0])?, x[1].to_f64s(), ints(&x[2])?);
    let real = |i: usize| (values[i] - zeros[zero_at[i]]) as f64 * scales[at[i]];
    Ok(vec![Tensor::from_f64s(a.out_dtype, x[0].shape(), &(0..x[0].len()).map(real).collect::<Vec<_>>())])
}

/// What TensorRT's layers ask of scale and zero point: constants, the one positive, the other 0. Gives scale and axis.
fn symmetric(v: &NodeView, b: &mut Builder, axis: i64) -> Accepted<(TensorId, Option<usize>)> {
    let refuse = |rule, reason: String, lift: &'static str| Err(Refusal::new(rule, reason, lift));
    let Some(scale) = v.constant(1) else {
        return refuse("qnn.scale-not-constant", "the scale is computed by the network".into(), "make it a constant");
    };
    if !scale.to_f64s().iter().all(|s| *s > 0.0 && s.is_finite()) {
        return refuse("qnn.scale-not-positive", "a scale is not positive and finite".into(), "make all scales positive");
    }
    if !v.constant(2).and_then(|z| z.to_i64s()).is_some_and(|z| z.iter().all(|z| *z == 0)) {
        return refuse("qnn.zero-point", "the zero point is not the constant 0".into(), "quantise symmetrically");
    }
    let axis = scale_axis(axis, v.input(0).rank(), v.shape(1)).unwrap_or(None);
    let dims: &[usize] = if axis.is_some() { scale.shape() } else { &[] };
    let scale = Tensor::from_f64s(DType::F32, dims, &scale.to_f64s());
    Ok((b.constant(scale)?, axis))
}

/// A load of a scale or zero point for each element.
fn load(k: &mut Kernel, body: &mut Body, v: &NodeView, operand: usize, axis: i64) -> Result<Val> {
    let buffer = k.add(Role::Input, v.dtype(operand), v.shape(operand));
    let mut strides = vec![Dim::from(0i64); v.input(0).rank()];
    if let Some(axis) = scale_axis(axis, strides.len(), v.shape(operand))? {
        strides[axis] = Dim::from(1i64);
    }
    Ok(body.load(Access { buffer, offset: Dim::from(0i64), strides }))
}

fn lower(v: &NodeView, axis: i64, to: DType, element: impl Fn(&mut Body, Val, Val, Val) -> Val) -> Result<Lowering> {
    let (mut k, mut body) = (Kernel::new(v.name()), Body::default());
    let data = k.add(Role::Input, v.dtype(0), v.shape(0));
    let x = body.load(k.dense(data));
    let scale = load(&mut k, &mut body, v, 1, axis)?;
    let zero = load(&mut k, &mut body, v, 2, axis)?;
    let out = k.add(Role::Output, to, v.shape(0));
    body.result = element(&mut body, x, scale, zero);
    k.map(out, body);
    Ok(Lowering::Kernel(k))
}

pub static QUANTIZE: OpDef = OpDef {
    name: "qnn.quantize",
    doc: "round(x / scale) + zero point, to the nearest even, saturated to an integer type.",
    arity: (3, 3),
    attrs: AttrsDef::of::<Quantize>(),
    infer: |c, x| infer(c, x, c.attrs.get::<Quantize>().axis, c.attrs.get::<Quantize>().out_dtype),
    eval: eval_quantize,
    convert: |v, b, x| {
        let a: &Quantize = v.attrs();
        if a.out_dtype != DType::I8 {
            let reason = format!("the result is {}; TensorRT quantises to int8", a.out_dtype);
            return Err(Refusal::new("qnn.type", reason, "quantise to int8"));
        }
        let (scale, axis) = symmetric(v, b, a.axis)?;
        if axis.is_some() && v.constant(0).is_none() {
            return Err(Refusal::new("qnn.axis", "TensorRT quantises constants only along an axis", "one scale for the whole tensor"));
        }
        Ok(vec![b.add(LayerKind::Quantize(axis), &[x[0], scale])?])
    },
    lower: |v| {
        let a: &Quantize = v.attrs();
        lower(v, a.axis, a.out_dtype, |b, x, scale, zero| {
            let [x, scale, zero] = [x, scale, zero].map(|v| b.push(Op::Cast(DType::F32, v)));
            let quotient = b.binary(Binary::Div, x, scale);
            let whole = b.unary(Unary::Round, quotient);
            let moved = b.binary(Binary::Add, whole, zero);
            b.push(Op::Cast(a.out_dtype, moved))
        })
    },
    tolerance: Tolerance::EXACT,
};

pub static DEQUANTIZE: OpDef = OpDef {
    name: "qnn.dequantize",
    doc: "(x - zero point) * scale.",
    arity: (3, 3),
    attrs: AttrsDef::of::<Dequantize>(),
    infer: |c, x| infer(c, x, c.attrs.get::<Dequantize>().axis, c.attrs.get::<Dequantize>().out_dtype),
    eval: eval_dequantize,
    convert: |v, b, x| {
        let a: &Dequantize = v.attrs();
        if v.dtype(0) != DType::I8 {
            let reason = format!("the operand is {}; TensorRT dequantises int8", v.dtype(0));
            return Err(Refusal::new("qnn.type", reason, "quantise to int8"));
        }
        let (scale, axis) = symmetric(v, b, a.axis)?;
        if axis.is_some() && v.constant(0).is_none() {
            return Err(Refusal::new("qnn.axis", "TensorRT dequantises constants only along an axis", "one scale for the whole tensor"));
        }
        Ok(vec![b.add(LayerKind::Dequantize(axis, a.out_dtype), &[x[0], scale])?])
    },
    lower: |v| {
        let a: &Dequantize = v.attrs();
        lower(v, a.axis, a.out_dtype, |b, x, scale, zero| {
            let [x, zero] = [x, zero].map(|v| b.push(Op::Cast(DType::I64, v)));
            let distance = b.binary(Binary::Sub, x, zero);
            let [distance, scale] = [distance, scale].map(|v| b.push(Op::Cast(DType::F32, v)));
            let real = b.binary(Binary::Mul, distance, scale);
            b.push(Op::Cast(a.out_dtype, real))
        })
    },
    tolerance: Tolerance::ROUNDING,
};
