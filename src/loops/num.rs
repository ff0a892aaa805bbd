//! Numbers of any element type, and the arithmetic of kernels on them one by one: `float64` or wide integers, rounded to the operation's
//! type after each operation.

use crate::dispatch;
use crate::loops::{Binary, Fold, Unary};
use crate::tensor::dtype::{DType, Element};

/// A value of any element type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Num {
    /// Of a floating-point type.
    F(f64),
    /// Of an integer type or `bool`.
    I(i128),
}

impl Num {
    pub(super) fn float(self) -> f64 {
        match self {
            Num::F(v) => v,
            Num::I(v) => v as f64,
        }
    }
    pub(super) fn int(self) -> i128 {
        match self {
            Num::F(v) => v as i128,
            Num::I(v) => v,
        }
    }
    pub(super) fn bool(v: bool) -> Num {
        Num::I(i128::from(v))
    }
}

/// The value as `dtype` holds it: rounded, or its low bits.
pub fn rounded(dtype: DType, v: Num) -> Num {
    match dtype {
        d if d.is_float() => Num::F(dispatch!(d, T => <T as Element>::to_f64(<T as Element>::from_f64(v.float())))),
        DType::Bool => Num::bool(v.int() != 0),
        d => Num::I(low_bits(d, v.int())),
    }
}

fn low_bits(dtype: DType, v: i128) -> i128 {
    match dtype {
        DType::I64 => i128::from(v as i64),
        DType::I32 => i128::from(v as i32),
        DType::I16 => i128::from(v as i16),
        DType::I8 => i128::from(v as i8),
        DType::U64 => i128::from(v as u64),
        DType::U32 => i128::from(v as u32),
        DType::U16 => i128::from(v as u16),
        _ => i128::from(v as u8),
    }
}

/// The smallest value of an integer type or `bool`.
pub fn lowest(dtype: DType) -> i128 {
    match dtype {
        DType::I64 => i128::from(i64::MIN),
        DType::I32 => i128::from(i32::MIN),
        DType::I16 => i128::from(i16::MIN),
        DType::I8 => i128::from(i8::MIN),
        _ => 0,
    }
}

/// The largest value of an integer type or `bool`.
pub fn highest(dtype: DType) -> i128 {
    match dtype {
        DType::Bool => 1,
        _ => low_bits(dtype, -1).max(-1 - lowest(dtype)),
    }
}

/// Where a fold begins.
pub(super) fn start(fold: Fold, dtype: DType) -> Num {
    let (float, int) = match fold {
        Fold::Sum => (0.0, 0),
        Fold::Prod => (1.0, 1),
        Fold::Max => (f64::NEG_INFINITY, lowest(dtype)),
        Fold::Min => (f64::INFINITY, highest(dtype)),
    };
    if dtype.is_float() { Num::F(float) } else { Num::I(int) }
}

/// A fold and one value more.
pub(super) fn step(fold: Fold, acc: Num, v: Num) -> Num {
    match (fold, acc, v) {
        (Fold::Sum, Num::F(a), Num::F(b)) => Num::F(a + b),
        (Fold::Prod, Num::F(a), Num::F(b)) => Num::F(a * b),
        (Fold::Sum, ..) => Num::I(acc.int().wrapping_add(v.int())),
        // Only the low 64 bits can matter.
        (Fold::Prod, ..) => Num::I(i128::from((acc.int() as i64).wrapping_mul(v.int() as i64))),
        (Fold::Max, ..) => binary(Binary::Max, DType::I64, acc, v),
        (Fold::Min, ..) => binary(Binary::Min, DType::I64, acc, v),
    }
}

/// An operation of one operand, not rounded.
pub(super) fn unary(f: Unary, v: Num) -> Num {
    match (f, v) {
        (Unary::Not, Num::I(v)) => Num::bool(v == 0),
        (Unary::Neg, Num::I(v)) => Num::I(-v),
        (Unary::Abs, Num::I(v)) => Num::I(v.abs()),
        (_, Num::I(v)) => Num::I(v),
        (_, Num::F(v)) => Num::F(match f {
            Unary::Neg => -v,
            Unary::Abs => v.abs(),
            Unary::Sqrt => v.sqrt(),
            Unary::Exp => v.exp(),
            Unary::Log => v.ln(),
            Unary::Sin => v.sin(),
            Unary::Cos => v.cos(),
            Unary::Tan => v.tan(),
            Unary::Asin => v.asin(),
            Unary::Acos => v.acos(),
            Unary::Atan => v.atan(),
            Unary::Sinh => v.sinh(),
            Unary::Cosh => v.cosh(),
            Unary::Tanh => v.tanh(),
            Unary::Asinh => v.asinh(),
            Unary::Acosh => v.acosh(),
            Unary::Atanh => v.atanh(),
            Unary::Erf => libm::erf(v),
            Unary::Floor => v.floor(),
            Unary::Ceil => v.ceil(),
            Unary::Round => v.round_ties_even(),
            Unary::Not => f64::NAN,
        }),
    }
}

/// An operation of two operands of this type, not rounded.
pub(super) fn binary(f: Binary, dtype: DType, a: Num, b: Num) -> Num {
    use Binary::*;
    if let (Num::F(a), Num::F(b)) = (a, b) {
        let either_nan = a.is_nan() || b.is_nan();
        return match f {
            Add => Num::F(a + b),
            Sub => Num::F(a - b),
            Mul => Num::F(a * b),
            Div => Num::F(a / b),
            Rem => Num::F(a % b),
            Pow => Num::F(a.powf(b)),
            Max => Num::F(if either_nan { f64::NAN } else { a.max(b) }),
            Min => Num::F(if either_nan { f64::NAN } else { a.min(b) }),
            Equal => Num::bool(a == b),
            NotEqual => Num::bool(a != b),
            Less => Num::bool(a < b),
            LessEqual => Num::bool(a <= b),
            Greater => Num::bool(a > b),
            GreaterEqual => Num::bool(a >= b),
            And | Or | Xor | Shl | Shr => Num::F(f64::NAN),
        };
    }
    let (a, b) = (a.int(), b.int());
    Num::I(match f {
        Add => a + b,
        Sub => a - b,
        Mul => i128::from((a as i64).wrapping_mul(b as i64)),
        Div => {
            if b == 0 {
                0
            } else {
                a / b
            }
        }
        Rem => {
            if b == 0 {
                0
            } else {
                a % b
            }
        }
        Pow => int_pow(a, b),
        Max => a.max(b),
        Min => a.min(b),
        And => a & b,
        Or => a | b,
        Xor => a ^ b,
        Shl => low_bits(dtype, a << (b & 63)),
        Shr => a >> (b & 63),
        Equal => i128::from(a == b),
        NotEqual => i128::from(a != b),
        Less => i128::from(a < b),
        LessEqual => i128::from(a <= b),
        Greater => i128::from(a > b),
        GreaterEqual => i128::from(a >= b),
    })
}

/// Low 64 bits of `a^b`; for negative exponents the quotient rounded towards zero, 0 for a zero base.
fn int_pow(a: i128, b: i128) -> i128 {
    if b < 0 {
        return match a {
            1 => 1,
            -1 => {
                if b % 2 == 0 {
                    1
                } else {
                    -1
                }
            }
            _ => 0,
        };
    }
    i128::from((a as i64).wrapping_pow(b.min(i128::from(u32::MAX)) as u32))
}

/// The value in another type, not rounded.
pub(super) fn cast(from: DType, to: DType, v: Num) -> Num {
    match v {
        _ if to == DType::Bool => Num::bool(v.float() != 0.0),
        Num::F(v) if !to.is_float() => Num::I(if v.is_nan() { 0 } else { (v as i128).clamp(lowest(to), highest(to)) }),
        Num::I(v) if from.is_int() && to == DType::F32 => Num::F(f64::from(v as f32)),
        _ => v,
    }
}

/// The bits of a value as another type's.
pub(super) fn bitcast(from: DType, to: DType, v: Num) -> Num {
    let bits = match (v, from) {
        (Num::F(v), DType::F64) => i128::from(v.to_bits()),
        (Num::F(v), DType::F32) => i128::from((v as f32).to_bits()),
        (Num::F(v), DType::F16) => i128::from(half::f16::from_f64(v).to_bits()),
        (Num::F(v), _) => i128::from(half::bf16::from_f64(v).to_bits()),
        (Num::I(v), _) => v,
    };
    match to {
        DType::F64 => Num::F(f64::from_bits(bits as u64)),
        DType::F32 => Num::F(f64::from(f32::from_bits(bits as u32))),
        DType::F16 => Num::F(half::f16::from_bits(bits as u16).to_f64()),
        DType::BF16 => Num::F(half::bf16::from_bits(bits as u16).to_f64()),
        _ => Num::I(bits),
    }
}
