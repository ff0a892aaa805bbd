//! Functions of two operands with numpy's broadcasting: one row each.

use crate::ensure;
use crate::ir::attrs::{AttrsDef, NoAttrs};
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::loops::{Binary, Body, Unary, Val};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{self, ElementWise, LayerKind};
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::elementwise::{BinaryForms, broadcast_value, check_type, eval_binary, lower};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::shape;

type Value = fn(&Dim, &Dim) -> Option<Dim>;
type Element = fn(&mut Body, Val, Val, DType) -> Val;

macro_rules! binary {
    ($name:ident = $relay:literal, $doc:literal, $compares:literal, $float:expr, $int:expr, $value:expr, $convert:expr,
     $tolerance:ident, $element:expr) => {
        pub static $name: OpDef = OpDef {
            name: $relay,
            doc: $doc,
            arity: (2, 2),
            attrs: AttrsDef::of::<NoAttrs>(),
            infer: |_, x| infer(x, &BinaryForms { float: $float, int: $int }, $compares, $value),
            eval: |_, x| {
                let out = if $compares { DType::Bool } else { x[0].dtype() };
                Ok(vec![eval_binary(&BinaryForms { float: $float, int: $int }, &x[0], &x[1], out)?])
            },
            convert: |_, b, x| {
                let convert: fn(&mut Builder, TensorId, TensorId) -> Accepted<TensorId> = $convert;
                Ok(vec![convert(b, x[0], x[1])?])
            },
            lower: |view| {
                let (dtype, element): (DType, Element) = (view.dtype(0), $element);
                lower(view, |b, x| element(b, x[0], x[1], dtype))
            },
            tolerance: Tolerance::$tolerance,
        };
    };
}

fn infer(x: &[&Fact], forms: &BinaryForms, compares: bool, value: Value) -> Result<Vec<Fact>> {
    ensure!(x[0].dtype == x[1].dtype, WrongDType, "operands are {} and {}", x[0].dtype, x[1].dtype);
    check_type(forms, x[0].dtype)?;
    let out = shape::broadcast(&x[0].shape, &x[1].shape)?;
    let values = broadcast_value(x, &out, &|v| value(v[0], v[1]));
    Ok(vec![Fact::new(if compares { DType::Bool } else { x[0].dtype }, out).with_value(values)])
}

fn direct(op: ElementWise, b: &mut Builder, x: TensorId, y: TensorId) -> Accepted<TensorId> {
    b.elementwise(op, x, y)
}

fn negated(op: ElementWise, b: &mut Builder, x: TensorId, y: TensorId) -> Accepted<TensorId> {
    let z = b.elementwise(op, x, y)?;
    b.add(LayerKind::Unary(layer::Unary::Not), &[z])
}

/// Bools as 0 or 1 where a comparison is certain.
fn known(answer: Answer) -> Option<Dim> {
    match answer {
        Answer::Always => Some(Dim::from(1i64)),
        Answer::Never => Some(Dim::from(0i64)),
        Answer::Unknown => None,
    }
}

fn less(a: &Dim, b: &Dim) -> Option<Dim> {
    match (b - a).interval() {
        (low, _) if low > 0 => Some(Dim::from(1i64)),
        (_, high) if high <= 0 => Some(Dim::from(0i64)),
        _ => None,
    }
}

fn not(v: Option<Dim>) -> Option<Dim> {
    v.map(|v| Dim::from(i64::from(v.is(0))))
}

fn no_value(_: &Dim, _: &Dim) -> Option<Dim> {
    None
}

/// Python's `//` on integers; 0 for a zero divisor.
fn floor_div(a: i64, b: i64) -> i64 {
    if b == 0 { 0 } else { a.wrapping_div(b) - i64::from(a.wrapping_rem(b) != 0 && (a < 0) != (b < 0)) }
}

fn truncated_div(a: i64, b: i64) -> i64 {
    if b == 0 { 0 } else { a.wrapping_div(b) }
}

/// Wraps; a negative exponent rounds the fraction towards zero.
fn int_pow(a: i64, b: i64) -> i64 {
    match (u32::try_from(b), a) {
        (Ok(b), _) => a.wrapping_pow(b),
        (Err(_), 1) => 1,
        (Err(_), -1) => 1 - 2 * (b & 1),
        (Err(_), _) => 0,
    }
}

fn floor_mod(a: f64, b: f64) -> f64 {
    let r = a % b;
    if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r }
}

fn rem(a: i64, b: i64) -> i64 {
    if b == 0 { 0 } else { a.wrapping_rem(b) }
}

/// Integer division of extents: only where rounding down and towards zero agree.
fn div_value(a: &Dim, b: &Dim) -> Option<Dim> {
    (a.interval().0 >= 0 && b.interval().0 > 0).then(|| a.floor_div(b))
}

fn floor_div_value(a: &Dim, b: &Dim) -> Option<Dim> {
    (b.interval().0 > 0 || b.interval().1 < 0).then(|| a.floor_div(b))
}

fn mod_value(a: &Dim, b: &Dim) -> Option<Dim> {
    Some(a - &(b * &floor_div_value(a, b)?))
}

/// Numbers larger or NaN first, as ONNX's and numpy's maximum give them.
fn max(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

fn min(a: f64, b: f64) -> f64 {
    if a.is_nan() || a < b { a } else { b }
}

fn floor_div_element(b: &mut Body, x: Val, y: Val, d: DType) -> Val {
    let q = b.binary(Binary::Div, x, y);
    if d.is_float() {
        return b.unary(Unary::Floor, q);
    }
    let r = b.binary(Binary::Rem, x, y);
    let wrong = wrong_sign(b, r, y, d);
    let one = b.int(d, 1);
    let lower = b.binary(Binary::Sub, q, one);
    b.push(crate::loops::Op::Select(wrong, lower, q))
}

fn mod_element(b: &mut Body, x: Val, y: Val, d: DType) -> Val {
    let r = b.binary(Binary::Rem, x, y);
    let wrong = wrong_sign(b, r, y, d);
    let shifted = b.binary(Binary::Add, r, y);
    b.push(crate::loops::Op::Select(wrong, shifted, r))
}

/// True where a remainder is not zero and has not the divisor's sign.
fn wrong_sign(b: &mut Body, r: Val, divisor: Val, d: DType) -> Val {
    let zero = b.constant(d, 0.0);
    let some = b.binary(Binary::NotEqual, r, zero);
    let (r_neg, d_neg) = (b.binary(Binary::Less, r, zero), b.binary(Binary::Less, divisor, zero));
    let differ = b.binary(Binary::Xor, r_neg, d_neg);
    b.binary(Binary::And, some, differ)
}

/// a - b * (a / b), with the quotient rounded as `quotient` rounds it: exact for integers.
fn remainder(quotient: ElementWise, b: &mut Builder, x: TensorId, y: TensorId) -> Accepted<TensorId> {
    if b.dtype(x).is_float() {
        let reason = "a remainder of floats by way of a rounded quotient is off by a whole divisor near multiples of it";
        return Err(Refusal::new("mod.no-layer", reason, "run the node on our kernels"));
    }
    let q = b.elementwise(quotient, x, y)?;
    let whole = b.elementwise(ElementWise::Prod, q, y)?;
    b.elementwise(ElementWise::Sub, x, whole)
}

binary! { ADD = "add", "a + b.", false, Some(|a, b| a + b), Some(i64::wrapping_add), |a, b| Some(a + b),
|b, x, y| direct(ElementWise::Sum, b, x, y), ROUNDING, |b, x, y, _| b.binary(Binary::Add, x, y) }
binary! { DIVIDE = "divide", "a / b; integers round towards zero.", false, Some(|a, b| a / b), Some(truncated_div), div_value,
|b, x, y| direct(ElementWise::Div, b, x, y), ROUNDING, |b, x, y, _| b.binary(Binary::Div, x, y) }
binary! { EQUAL = "equal", "a == b.", true, Some(|a, b| f64::from(a == b)), Some(|a, b| i64::from(a == b)), |a, b| known(a.equals(b)),
|b, x, y| direct(ElementWise::Equal, b, x, y), EXACT, |b, x, y, _| b.binary(Binary::Equal, x, y) }
binary! { FLOOR_DIVIDE = "floor_divide", "floor(a / b).", false, Some(|a, b| (a / b).floor()), Some(floor_div), floor_div_value,
|b, x, y| direct(ElementWise::FloorDiv, b, x, y), EXACT, floor_div_element }
binary! { GREATER = "greater", "a > b.", true, Some(|a, b| f64::from(a > b)), Some(|a, b| i64::from(a > b)), |a, b| less(b, a),
|b, x, y| direct(ElementWise::Greater, b, x, y), EXACT, |b, x, y, _| b.binary(Binary::Greater, x, y) }
binary! { GREATER_EQUAL = "greater_equal", "a >= b.", true, Some(|a, b| f64::from(a >= b)), Some(|a, b| i64::from(a >= b)),
|a, b| not(less(a, b)), |b, x, y| negated(ElementWise::Less, b, x, y), EXACT, |b, x, y, _| b.binary(Binary::GreaterEqual, x, y) }
binary! { LESS = "less", "a < b.", true, Some(|a, b| f64::from(a < b)), Some(|a, b| i64::from(a < b)), less,
|b, x, y| direct(ElementWise::Less, b, x, y), EXACT, |b, x, y, _| b.binary(Binary::Less, x, y) }
binary! { LESS_EQUAL = "less_equal", "a <= b.", true, Some(|a, b| f64::from(a <= b)), Some(|a, b| i64::from(a <= b)),
|a, b| not(less(b, a)), |b, x, y| negated(ElementWise::Greater, b, x, y), EXACT, |b, x, y, _| b.binary(Binary::LessEqual, x, y) }
binary! { LOGICAL_AND = "logical_and", "Both, of bool.", false, None, Some(|a, b| i64::from(a != 0 && b != 0)), no_value,
|b, x, y| direct(ElementWise::And, b, x, y), EXACT, |b, x, y, _| b.binary(Binary::And, x, y) }
binary! { LOGICAL_OR = "logical_or", "Either, of bool.", false, None, Some(|a, b| i64::from(a != 0 || b != 0)), no_value,
|b, x, y| direct(ElementWise::Or, b, x, y), EXACT, |b, x, y, _| b.binary(Binary::Or, x, y) }
binary! { LOGICAL_XOR = "logical_xor", "One of both, of bool.", false, None, Some(|a, b| i64::from((a != 0) != (b != 0))), no_value,
|b, x, y| direct(ElementWise::Xor, b, x, y), EXACT, |b, x, y, _| b.binary(Binary::Xor, x, y) }
binary! { MAXIMUM = "maximum", "The larger.", false, Some(max), Some(|a, b| a.max(b)), |a, b| Some(a.max_with(b)),
|b, x, y| direct(ElementWise::Max, b, x, y), EXACT, |b, x, y, _| b.binary(Binary::Max, x, y) }
binary! { MINIMUM = "minimum", "The smaller.", false, Some(min), Some(|a, b| a.min(b)), |a, b| Some(a.min_with(b)),
|b, x, y| direct(ElementWise::Min, b, x, y), EXACT, |b, x, y, _| b.binary(Binary::Min, x, y) }
binary! { MOD = "mod", "Remainder with the sign of b, as Python's %.", false, Some(floor_mod),
Some(|a, b| rem(rem(a, b) + if b == 0 { 0 } else { b }, b)), mod_value, |b, x, y| remainder(ElementWise::FloorDiv, b, x, y), ROUNDING, mod_element }
binary! { MULTIPLY = "multiply", "a * b.", false, Some(|a, b| a * b), Some(i64::wrapping_mul), |a, b| Some(a * b),
|b, x, y| direct(ElementWise::Prod, b, x, y), ROUNDING, |b, x, y, _| b.binary(Binary::Mul, x, y) }
binary! { NOT_EQUAL = "not_equal", "a != b.", true, Some(|a, b| f64::from(a != b)), Some(|a, b| i64::from(a != b)),
|a, b| not(known(a.equals(b))), |b, x, y| negated(ElementWise::Equal, b, x, y), EXACT, |b, x, y, _| b.binary(Binary::NotEqual, x, y) }
binary! { POWER = "power", "a to the power of b.", false, Some(f64::powf), Some(int_pow), no_value,
|b, x, y| direct(ElementWise::Pow, b, x, y), FUNCTION, |b, x, y, _| b.binary(Binary::Pow, x, y) }
binary! { SUBTRACT = "subtract", "a - b.", false, Some(|a, b| a - b), Some(i64::wrapping_sub), |a, b| Some(a - b),
|b, x, y| direct(ElementWise::Sub, b, x, y), ROUNDING, |b, x, y, _| b.binary(Binary::Sub, x, y) }
binary! { TRUNCATE_MOD = "truncate_mod", "Remainder with the sign of a, as C's fmod.", false, Some(|a, b| a % b), Some(rem), no_value,
|b, x, y| remainder(ElementWise::Div, b, x, y), ROUNDING, |b, x, y, _| b.binary(Binary::Rem, x, y) }
