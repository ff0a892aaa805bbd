//! Cases of contractions in element types that tuned code does not have.

use super::{Case, D, In, case};
use tvmtrt::ir::attrs::{Attr, Param};
use tvmtrt::tensor::dtype::DType;

fn typed(dtype: DType, shape: &[usize]) -> In {
    In::X(dtype, shape.iter().map(|d| D::Fixed(*d)).collect())
}

fn ints(v: &[i64]) -> Attr {
    Attr::Ints(v.to_vec())
}

/// Every case of the family.
pub fn all() -> Vec<Case> {
    let mut out = Vec::new();
    for dtype in [DType::F16, DType::BF16, DType::F64] {
        windows(&mut out, dtype);
    }
    for dtype in [DType::F16, DType::BF16, DType::F64, DType::I32, DType::I64, DType::U8] {
        products(&mut out, dtype);
        for op in ["sum", "max", "prod"] {
            let axes = Attr::Param(Param::Static(vec![1i64.into()]));
            out.push(case(&format!("{op}_of_{dtype}"), op, &[("axis", axes)], &[typed(dtype, &[3, 4, 5])]));
        }
    }
    out
}

fn products(out: &mut Vec<Case>, dtype: DType) {
    let weights = |shape: &[usize]| In::C(dtype, shape.to_vec());
    out.push(case(&format!("dense_{dtype}"), "nn.dense", &[], &[typed(dtype, &[2, 3, 16]), weights(&[5, 16])]));
    out.push(case(&format!("dense_computed_{dtype}"), "nn.dense", &[], &[typed(dtype, &[3, 16]), typed(dtype, &[5, 16])]));
    let plain = [("transpose_b", Attr::Bool(false))];
    let both = [typed(dtype, &[2, 3, 4, 5]), typed(dtype, &[3, 5, 6])];
    out.push(case(&format!("matmul_{dtype}"), "nn.batch_matmul", &plain, &both));
    let turned = [("transpose_a", Attr::Bool(true)), ("transpose_b", Attr::Bool(true))];
    out.push(case(&format!("matmul_turned_{dtype}"), "nn.batch_matmul", &turned, &[typed(dtype, &[5, 4]), weights(&[6, 5])]));
    let n = D::Free("N", 3);
    let free = In::X(dtype, vec![n, D::Fixed(8)]);
    out.push(case(&format!("dense_free_{dtype}"), "nn.dense", &[], &[free, weights(&[4, 8])]));
}

fn windows(out: &mut Vec<Case>, dtype: DType) {
    let conv = |tag: &str, x: &[usize], w: &[usize], s: &[i64], p: &[i64], d: &[i64], g: i64| {
        let attrs = [("strides", ints(s)), ("padding", ints(p)), ("dilation", ints(d)), ("groups", Attr::Int(g))];
        let op = if x.len() == 3 { "nn.conv1d" } else { "nn.conv2d" };
        case(&format!("{op}_{tag}_{dtype}"), op, &attrs, &[typed(dtype, x), In::C(dtype, w.to_vec())])
    };
    out.push(conv("plain", &[2, 3, 7, 8], &[4, 3, 3, 3], &[1, 1], &[1, 1], &[1, 1], 1));
    out.push(conv("uneven", &[1, 4, 9, 7], &[6, 2, 3, 2], &[2, 1], &[0, 1, 2, 0], &[1, 2], 2));
    out.push(conv("depthwise", &[1, 4, 6, 6], &[4, 1, 3, 3], &[1, 1], &[1, 1], &[1, 1], 4));
    out.push(conv("row", &[2, 3, 12], &[4, 3, 3], &[2], &[1, 1], &[1], 1));
    let computed = [typed(dtype, &[1, 3, 5, 5]), typed(dtype, &[2, 3, 3, 3])];
    out.push(case(&format!("conv2d_computed_{dtype}"), "nn.conv2d", &[], &computed));
    for (tag, ceil, include) in [("plain", false, false), ("ceil", true, false), ("counted", false, true), ("ceil_counted", true, true)] {
        let attrs =
            [("pool_size", ints(&[3, 2])), ("strides", ints(&[2, 2])), ("padding", ints(&[1, 0, 1, 1])), ("ceil_mode", Attr::Bool(ceil))];
        let input = [typed(dtype, &[2, 3, 8, 7])];
        if !include {
            out.push(case(&format!("max_pool2d_{tag}_{dtype}"), "nn.max_pool2d", &attrs, &input));
        }
        let attrs = [attrs.as_slice(), &[("count_include_pad", Attr::Bool(include))]].concat();
        out.push(case(&format!("avg_pool2d_{tag}_{dtype}"), "nn.avg_pool2d", &attrs, &input));
    }
    out.push(case(&format!("global_avg_pool2d_{dtype}"), "nn.global_avg_pool2d", &[], &[typed(dtype, &[2, 3, 5, 4])]));
}
