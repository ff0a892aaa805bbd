//! Cases of operators on quantised numbers.

use super::{Case, D, In, case, free, x};
use tvmtrt::ir::attrs::Attr;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

fn bytes(dtype: DType, shape: &[usize], v: &[f64]) -> In {
    In::Const(Tensor::from_f64s(dtype, shape, v))
}

fn scales(v: &[f32]) -> In {
    In::Floats(if v.len() == 1 { vec![] } else { vec![v.len()] }, v.to_vec())
}

fn zero(dtype: DType, v: &[f64]) -> In {
    bytes(dtype, if v.len() == 1 { &[] } else { std::slice::from_ref(&VECTOR) }, v)
}

/// Length of zero points per axis.
const VECTOR: usize = 3;

pub fn cases() -> Vec<Case> {
    let mut out = Vec::new();
    let q = |name: &str, axis: i64, to: DType, operands: &[In]| {
        case(name, "qnn.quantize", &[("axis", Attr::Int(axis)), ("out_dtype", Attr::DType(to))], operands)
    };
    let dq = |name: &str, axis: i64, operands: &[In]| case(name, "qnn.dequantize", &[("axis", Attr::Int(axis))], operands);
    out.push(q("quantize", -1, DType::I8, &[x(&[2, 3, 4]), scales(&[0.02]), zero(DType::I8, &[0.0])]));
    out.push(q("quantize_saturates", -1, DType::I8, &[x(&[2, 3, 4]), scales(&[0.005]), zero(DType::I8, &[0.0])]));
    out.push(q("quantize_zero_point", -1, DType::I8, &[x(&[2, 3, 4]), scales(&[0.02]), zero(DType::I8, &[-7.0])]));
    out.push(q("quantize_uint8", -1, DType::U8, &[x(&[2, 3, 4]), scales(&[0.02]), zero(DType::U8, &[128.0])]));
    out.push(q("quantize_axis", 1, DType::I8, &[x(&[2, 3, 4]), scales(&[0.02, 0.5, 0.1]), zero(DType::I8, &[0.0, 1.0, -2.0])]));
    out.push(q("quantize_free", -1, DType::I8, &[free(&[D::Free("N", 3), D::Fixed(2)]), scales(&[0.02]), zero(DType::I8, &[0.0])]));
    let ties = In::Floats(vec![6], vec![0.5, 1.5, -0.5, -2.5, 127.5, -128.5]);
    out.push(q("quantize_ties", -1, DType::I8, &[ties, scales(&[1.0]), zero(DType::I8, &[0.0])]));
    let whole = |dtype| In::X(dtype, vec![D::Fixed(2), D::Fixed(3), D::Fixed(4)]);
    out.push(dq("dequantize", -1, &[whole(DType::I8), scales(&[0.02]), zero(DType::I8, &[0.0])]));
    out.push(dq("dequantize_zero_point", -1, &[whole(DType::I8), scales(&[0.02]), zero(DType::I8, &[3.0])]));
    out.push(dq("dequantize_uint8", -1, &[In::Positive(DType::U8, vec![D::Fixed(5)]), scales(&[0.02]), zero(DType::U8, &[3.0])]));
    out.push(dq("dequantize_int32", -1, &[whole(DType::I32), scales(&[0.02]), zero(DType::I32, &[0.0])]));
    out.push(dq("dequantize_axis", -2, &[whole(DType::I8), scales(&[0.02, 0.5, 0.1]), zero(DType::I8, &[0.0, 0.0, 0.0])]));
    let weights = bytes(DType::I8, &[3, 2], &[1.0, -128.0, 127.0, 0.0, -3.0, 5.0]);
    out.push(dq("dequantize_weights", 0, &[weights, scales(&[0.02, 0.5, 0.1]), zero(DType::I8, &[0.0, 0.0, 0.0])]));
    out
}
