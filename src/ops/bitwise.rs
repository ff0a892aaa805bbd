//! Operations on the bits of integers: and, or, xor, not, shifts. TensorRT has none of them.

use crate::ensure;
use crate::ir::attrs::{AttrsDef, NoAttrs};
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::loops::{Binary, Body, Op, Val};
use crate::network::TensorId;
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::elementwise::{broadcast_indices, broadcast_shape, from_ints, ints, lower};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;

macro_rules! bitwise {
    ($name:ident = $relay:literal, $doc:literal, $eval:expr, $element:expr) => {
        pub static $name: OpDef = OpDef {
            name: $relay,
            doc: $doc,
            arity: (2, 2),
            attrs: AttrsDef::of::<NoAttrs>(),
            infer: |_, x| {
                ensure!(x[0].dtype == x[1].dtype && x[0].dtype.is_int(), WrongDType, "operands are {} and {}", x[0].dtype, x[1].dtype);
                Ok(vec![Fact::new(x[0].dtype, shape::broadcast(&x[0].shape, &x[1].shape)?)])
            },
            eval: |_, x| eval(x, $eval),
            convert: |_, _, _| refused(),
            lower: |v| {
                let (f, dtype): (fn(&mut Body, Val, Val, DType) -> Val, DType) = ($element, v.dtype(0));
                lower(v, |b, x| f(b, x[0], x[1], dtype))
            },
            tolerance: Tolerance::EXACT,
        };
    };
}

fn refused() -> Accepted<Vec<TensorId>> {
    Err(Refusal::new("bitwise.no-layer", "TensorRT has no operations on bits", "run the node on our kernels"))
}

/// Elements as `i64` of the same bits.
fn bits(t: &Tensor) -> Result<Vec<i64>> {
    if t.dtype() == DType::U64 { Ok(t.values::<u64>().iter().map(|v| *v as i64).collect()) } else { ints(t) }
}

fn eval(x: &[Tensor], f: fn(i64, i64, DType) -> i64) -> Result<Vec<Tensor>> {
    let (dtype, out) = (x[0].dtype(), broadcast_shape(&[x[0].shape(), x[1].shape()])?);
    let (a, b) = (bits(&x[0])?, bits(&x[1])?);
    let pairs = broadcast_indices(x[0].shape(), &out).into_iter().zip(broadcast_indices(x[1].shape(), &out));
    let y: Vec<i64> = pairs.map(|(i, j)| f(a[i], b[j], dtype)).collect();
    Ok(vec![from_ints(dtype, &out, &y)])
}

/// A shift of `a` by `b` bits; where `b` is outside the width, all of them go.
fn shifted(a: i64, b: i64, dtype: DType, left: bool) -> i64 {
    if !(0..8 * dtype.size() as i64).contains(&b) {
        return if left || dtype == DType::U64 { 0 } else { a >> 63 };
    }
    match (left, dtype) {
        (true, _) => a << b,
        (false, DType::U64) => (a as u64 >> b) as i64,
        (false, _) => a >> b,
    }
}

fn shift(b: &mut Body, f: Binary, x: Val, by: Val, dtype: DType) -> Val {
    let (zero, width) = (b.int(dtype, 0), b.int(dtype, 8 * dtype.size() as i64));
    let (low, high) = (b.binary(Binary::GreaterEqual, by, zero), b.binary(Binary::Less, by, width));
    let inside = b.binary(Binary::And, low, high);
    // All bits go: downwards all become the sign.
    let most = b.int(dtype, if f == Binary::Shr { 8 * dtype.size() as i64 - 1 } else { 0 });
    let by = b.push(Op::Select(inside, by, most));
    let shifted = b.binary(f, x, by);
    if f == Binary::Shr && matches!(dtype, DType::I8 | DType::I16 | DType::I32 | DType::I64) {
        return shifted;
    }
    b.push(Op::Select(inside, shifted, zero))
}

bitwise! { BITWISE_AND = "bitwise_and", "Bits that both have.", |a, b, _| a & b, |b, x, y, _| b.binary(Binary::And, x, y) }
bitwise! { BITWISE_OR = "bitwise_or", "Bits that either has.", |a, b, _| a | b, |b, x, y, _| b.binary(Binary::Or, x, y) }
bitwise! { BITWISE_XOR = "bitwise_xor", "Bits that one of both has.", |a, b, _| a ^ b, |b, x, y, _| b.binary(Binary::Xor, x, y) }
bitwise! { LEFT_SHIFT = "left_shift", "Bits of a moved up by b; where b is not a place inside the width, all bits go.",
|a, b, d| shifted(a, b, d, true), |b, x, y, d| shift(b, Binary::Shl, x, y, d) }
bitwise! { RIGHT_SHIFT = "right_shift", "Bits of a moved down by b, its sign kept; where b is not a place inside the width, all bits go.",
|a, b, d| shifted(a, b, d, false), |b, x, y, d| shift(b, Binary::Shr, x, y, d) }

pub static BITWISE_NOT: OpDef = OpDef {
    name: "bitwise_not",
    doc: "Every bit turned over.",
    arity: (1, 1),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |_, x| {
        ensure!(x[0].dtype.is_int(), WrongDType, "the operand is {}", x[0].dtype);
        Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
    },
    eval: |_, x| Ok(vec![from_ints(x[0].dtype(), x[0].shape(), &bits(&x[0])?.into_iter().map(|v| !v).collect::<Vec<_>>())]),
    convert: |_, _, _| refused(),
    lower: |v| {
        let dtype = v.dtype(0);
        lower(v, |b, x| {
            let ones = b.int(dtype, -1);
            b.binary(Binary::Xor, x[0], ones)
        })
    },
    tolerance: Tolerance::EXACT,
};
