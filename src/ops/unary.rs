//! Functions of one operand, element by element: one row each.

use crate::ir::attrs::{AttrsDef, NoAttrs};
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::loops::{Binary, Body, Op, Unary, Val};
use crate::network::layer::{self, Activation, LayerKind};
use crate::ops::elementwise::{UnaryForms, check_type, eval_unary, lower};
use crate::tensor::dtype::DType;

macro_rules! unary {
    ($name:ident = $relay:literal, $doc:literal, $float:expr, $int:expr, $layer:expr, $tolerance:ident, $element:expr) => {
        pub static $name: OpDef = OpDef {
            name: $relay,
            doc: $doc,
            arity: (1, 1),
            attrs: AttrsDef::of::<NoAttrs>(),
            infer: |_, x| {
                let forms: UnaryForms = UnaryForms { float: $float, int: $int };
                check_type(&forms, x[0].dtype)?;
                Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone()).with_value(value($relay, x[0]))])
            },
            eval: |_, x| Ok(vec![eval_unary(&UnaryForms { float: $float, int: $int }, &x[0])?]),
            convert: |_, b, x| Ok(vec![b.add($layer, x)?]),
            lower: |view| {
                let dtype = view.dtype(0);
                let element: fn(&mut Body, Val, DType) -> Val = $element;
                lower(view, |b, x| element(b, x[0], dtype))
            },
            tolerance: Tolerance::$tolerance,
        };
    };
}

/// The value of `-x` and of functions that leave integers as they are.
fn value(op: &str, x: &Fact) -> Option<Vec<crate::tensor::dim::Dim>> {
    match op {
        "negative" => Some(x.value.as_ref()?.iter().map(|d| -d).collect()),
        "floor" | "ceil" | "round" => x.value.clone(),
        _ => None,
    }
}

unary! { ABS = "abs", "Magnitude.", Some(f64::abs), Some(i64::wrapping_abs),
LayerKind::Unary(layer::Unary::Abs), EXACT, |b, x, _| b.unary(Unary::Abs, x) }
unary! { ACOS = "acos", "Angle whose cosine is x, in radians.", Some(f64::acos), None,
LayerKind::Unary(layer::Unary::Acos), FUNCTION, |b, x, _| b.unary(Unary::Acos, x) }
unary! { ACOSH = "acosh", "Inverse of the hyperbolic cosine.", Some(f64::acosh), None,
LayerKind::Unary(layer::Unary::Acosh), FUNCTION, |b, x, _| b.unary(Unary::Acosh, x) }
unary! { ASIN = "asin", "Angle whose sine is x, in radians.", Some(f64::asin), None,
LayerKind::Unary(layer::Unary::Asin), FUNCTION, |b, x, _| b.unary(Unary::Asin, x) }
unary! { ASINH = "asinh", "Inverse of the hyperbolic sine.", Some(f64::asinh), None,
LayerKind::Unary(layer::Unary::Asinh), FUNCTION, |b, x, _| b.unary(Unary::Asinh, x) }
unary! { ATAN = "atan", "Angle whose tangent is x, in radians.", Some(f64::atan), None,
LayerKind::Unary(layer::Unary::Atan), FUNCTION, atan }
unary! { ATANH = "atanh", "Inverse of the hyperbolic tangent.", Some(f64::atanh), None,
LayerKind::Unary(layer::Unary::Atanh), FUNCTION, |b, x, _| b.unary(Unary::Atanh, x) }
unary! { CEIL = "ceil", "Smallest integer not below x.", Some(f64::ceil), Some(|v| v),
LayerKind::Unary(layer::Unary::Ceil), EXACT, |b, x, d| if d.is_float() { b.unary(Unary::Ceil, x) } else { x } }
unary! { COS = "cos", "Cosine of radians.", Some(f64::cos), None,
LayerKind::Unary(layer::Unary::Cos), FUNCTION, |b, x, _| b.unary(Unary::Cos, x) }
unary! { COSH = "cosh", "Hyperbolic cosine.", Some(f64::cosh), None,
LayerKind::Unary(layer::Unary::Cosh), FUNCTION, |b, x, _| b.unary(Unary::Cosh, x) }
unary! { ERF = "erf", "Error function.", Some(libm::erf), None,
LayerKind::Unary(layer::Unary::Erf), FUNCTION, |b, x, _| b.unary(Unary::Erf, x) }
unary! { EXP = "exp", "Exponential.", Some(f64::exp), None,
LayerKind::Unary(layer::Unary::Exp), FUNCTION, |b, x, _| b.unary(Unary::Exp, x) }
unary! { FLOOR = "floor", "Largest integer not above x.", Some(f64::floor), Some(|v| v),
LayerKind::Unary(layer::Unary::Floor), EXACT, |b, x, d| if d.is_float() { b.unary(Unary::Floor, x) } else { x } }
unary! { LOG = "log", "Natural logarithm.", Some(f64::ln), None,
LayerKind::Unary(layer::Unary::Log), FUNCTION, |b, x, _| b.unary(Unary::Log, x) }
unary! { LOGICAL_NOT = "logical_not", "Negation of bool.", None, Some(|v| i64::from(v == 0)),
LayerKind::Unary(layer::Unary::Not), EXACT, |b, x, _| b.unary(Unary::Not, x) }
unary! { NEGATIVE = "negative", "-x.", Some(|v| -v), Some(i64::wrapping_neg),
LayerKind::Unary(layer::Unary::Neg), EXACT, |b, x, _| b.unary(Unary::Neg, x) }
unary! { RELU = "nn.relu", "max(x, 0).", Some(|v| if v < 0.0 { 0.0 } else { v }), Some(|v| v.max(0)),
LayerKind::Activation(Activation::Relu, 0.0, 0.0), EXACT, |b, x, d| { let zero = b.constant(d, 0.0); b.binary(Binary::Max, x, zero) } }
unary! { ROUND = "round", "Nearest integer, ties to even.", Some(f64::round_ties_even), Some(|v| v),
LayerKind::Unary(layer::Unary::Round), EXACT, |b, x, d| if d.is_float() { b.unary(Unary::Round, x) } else { x } }
unary! { SIGMOID = "sigmoid", "1 / (1 + exp(-x)).", Some(|v| 1.0 / (1.0 + (-v).exp())), None,
LayerKind::Activation(Activation::Sigmoid, 0.0, 0.0), FUNCTION, sigmoid }
unary! { SIGN = "sign", "1 above zero, -1 below it, else 0.", Some(|v| f64::from(i8::from(v > 0.0) - i8::from(v < 0.0))), Some(i64::signum),
LayerKind::Unary(layer::Unary::Sign), EXACT, sign }
unary! { SIN = "sin", "Sine of radians.", Some(f64::sin), None,
LayerKind::Unary(layer::Unary::Sin), FUNCTION, |b, x, _| b.unary(Unary::Sin, x) }
unary! { SINH = "sinh", "Hyperbolic sine.", Some(f64::sinh), None,
LayerKind::Unary(layer::Unary::Sinh), FUNCTION, |b, x, _| b.unary(Unary::Sinh, x) }
unary! { SQRT = "sqrt", "Square root.", Some(f64::sqrt), None,
LayerKind::Unary(layer::Unary::Sqrt), ROUNDING, |b, x, _| b.unary(Unary::Sqrt, x) }
unary! { TAN = "tan", "Tangent of radians.", Some(f64::tan), None,
LayerKind::Unary(layer::Unary::Tan), FUNCTION, |b, x, _| b.unary(Unary::Tan, x) }
unary! { TANH = "tanh", "Hyperbolic tangent.", Some(f64::tanh), None,
LayerKind::Activation(Activation::Tanh, 0.0, 0.0), FUNCTION, |b, x, _| b.unary(Unary::Tanh, x) }

fn sign(b: &mut Body, x: Val, dtype: DType) -> Val {
    let zero = b.constant(dtype, 0.0);
    let (above, below) = (b.binary(Binary::Greater, x, zero), b.binary(Binary::Less, x, zero));
    let (above, below) = (b.push(Op::Cast(dtype, above)), b.push(Op::Cast(dtype, below)));
    b.binary(Binary::Sub, above, below)
}

/// 1 / (1 + exp(-x))
pub fn sigmoid(b: &mut Body, x: Val, dtype: DType) -> Val {
    let (negated, one) = (b.unary(Unary::Neg, x), b.constant(dtype, 1.0));
    let e = b.unary(Unary::Exp, negated);
    let sum = b.binary(Binary::Add, one, e);
    b.binary(Binary::Div, one, sum)
}

/// Arc tangent of narrower types as float32's.
fn atan(b: &mut Body, x: Val, dtype: DType) -> Val {
    match dtype {
        DType::F16 | DType::BF16 => {
            let wide = b.push(Op::Cast(DType::F32, x));
            let y = atan(b, wide, DType::F32);
            b.push(Op::Cast(dtype, y))
        }
        _ => atan_series(b, x, dtype),
    }
}

/// Two reductions bring the angle to 1/16 of a turn at most: `atan(x) = pi / 2 - atan(1 / x)` and
/// `atan(x) = pi / 4 + atan((x - 1) / (x + 1))`; there the odd Taylor series converges fast.
fn atan_series(b: &mut Body, x: Val, dtype: DType) -> Val {
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};
    let (zero, one) = (b.float(dtype, 0.0), b.float(dtype, 1.0));
    let size = b.unary(Unary::Abs, x);
    let large = b.binary(Binary::Greater, size, one);
    let inverse = b.binary(Binary::Div, one, size);
    let unit = b.push(Op::Select(large, inverse, size));
    // tan(pi / 8)
    let bound = b.float(dtype, std::f64::consts::SQRT_2 - 1.0);
    let upper = b.binary(Binary::Greater, unit, bound);
    let (less, more) = (b.binary(Binary::Sub, unit, one), b.binary(Binary::Add, unit, one));
    let turned = b.binary(Binary::Div, less, more);
    let t = b.push(Op::Select(upper, turned, unit));
    let square = b.binary(Binary::Mul, t, t);
    let terms = if dtype == DType::F64 { 21 } else { 9 };
    let term = |n: i32| if n % 2 == 0 { 1.0 } else { -1.0 } / f64::from(2 * n + 1);
    let mut sum = b.float(dtype, term(terms));
    for n in (1..terms).rev() {
        let c = b.float(dtype, term(n));
        sum = b.push(Op::MulAdd(sum, square, c));
    }
    let cube = b.binary(Binary::Mul, square, t);
    let angle = b.push(Op::MulAdd(cube, sum, t));
    let (quarter, half) = (b.float(dtype, FRAC_PI_4), b.float(dtype, FRAC_PI_2));
    let offset = b.push(Op::Select(upper, quarter, zero));
    let angle = b.binary(Binary::Add, angle, offset);
    let other = b.binary(Binary::Sub, half, angle);
    let angle = b.push(Op::Select(large, other, angle));
    let negative = b.binary(Binary::Less, x, zero);
    let below = b.unary(Unary::Neg, angle);
    b.push(Op::Select(negative, below, angle))
}
