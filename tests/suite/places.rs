//! Cases of operators whose elements depend on places: extremes, top-k, running sums, einsum, one-hot, triangles, ranges.

use super::cases::{N, W, dims, operand};
use super::{Case, D, In, c, case, free, x};
use tvmtrt::ir::attrs::Attr;
use tvmtrt::tensor::dtype::DType;

fn typed(dtype: DType, shape: &[usize]) -> In {
    In::X(dtype, shape.iter().map(|d| D::Fixed(*d)).collect())
}

/// Every case of the family.
pub fn all() -> Vec<Case> {
    [extremes(), tops(), running(), einsums(), made()].into_iter().flatten().collect()
}

fn extremes() -> Vec<Case> {
    let mut out = Vec::new();
    for op in ["argmax", "argmin"] {
        for (tag, axis, keep, shape) in [
            ("first", 0i64, false, vec![4usize, 5, 6]),
            ("middle", 1, true, vec![4, 5, 6]),
            ("last", -1, false, vec![4, 5, 6]),
            ("vector", 0, false, vec![7]),
            ("vector_keep", 0, true, vec![7]),
            ("one", 1, true, vec![3, 1]),
            ("deep", 0, false, vec![3, 2, 2, 2, 2]),
        ] {
            let attrs = [("axis", Attr::Int(axis)), ("keepdims", Attr::Bool(keep)), ("dtype", Attr::DType(DType::I64))];
            out.push(case(&format!("{op}_{tag}"), op, &attrs, &[x(&shape)]));
        }
        // Few values: many are equal.
        for (tag, last) in [("first_of_equal", false), ("last_of_equal", true)] {
            let attrs = [("axis", Attr::Int(1)), ("select_last_index", Attr::Bool(last))];
            out.push(case(&format!("{op}_{tag}"), op, &attrs, &[typed(DType::I32, &[5, 40])]));
        }
        let nan = In::Floats(vec![2, 3], vec![1.0, f32::NAN, 2.0, 5.0, -3.0, 5.0]);
        out.push(case(&format!("{op}_nan"), op, &[("axis", Attr::Int(-1))], &[nan]));
        out.push(case(&format!("{op}_free"), op, &[("axis", Attr::Int(-1))], &[free(&[N, D::Fixed(3), W])]));
        out.push(case(&format!("{op}_half"), op, &[("axis", Attr::Int(1))], &[typed(DType::F16, &[3, 9])]));
        out.push(case(&format!("{op}_long"), op, &[("axis", Attr::Int(0))], &[typed(DType::I64, &[3, 9])]));
        out.push(case(&format!("{op}_byte"), op, &[("axis", Attr::Int(0))], &[In::Positive(DType::U8, vec![D::Fixed(9)])]));
    }
    for op in ["any", "all"] {
        for (tag, axes, keep) in [("one", vec![1i64], false), ("two", vec![0, -1], true), ("every", vec![], false)] {
            let attrs = [("axis", dims(&axes)), ("keepdims", Attr::Bool(keep))];
            out.push(case(&format!("{op}_{tag}"), op, &attrs, &[typed(DType::Bool, &[3, 2, 4])]));
        }
        let shape = vec![N, D::Fixed(2), W];
        out.push(case(&format!("{op}_free"), op, &[("axis", dims(&[1]))], &[In::X(DType::Bool, shape)]));
    }
    out
}

fn tops() -> Vec<Case> {
    let mut out = Vec::new();
    let attrs = |k: i64, axis: i64, ascend: bool| [("k", dims(&[k])), ("axis", Attr::Int(axis)), ("is_ascend", Attr::Bool(ascend))];
    for (tag, k, axis, ascend, shape) in [
        ("last", 3i64, -1i64, false, vec![4usize, 6]),
        ("smallest", 2, -1, true, vec![4, 6]),
        ("first", 2, 0, false, vec![4, 6]),
        ("middle", 3, 1, false, vec![2, 5, 3]),
        ("whole", 6, 1, false, vec![2, 6]),
        ("vector", 4, 0, false, vec![9]),
        ("one", 1, -1, false, vec![2, 9]),
    ] {
        out.push(case(&format!("topk_{tag}"), "topk", &attrs(k, axis, ascend), &[x(&shape)]));
    }
    out.push(case("topk_equal", "topk", &attrs(7, -1, false), &[typed(DType::I32, &[3, 30])]));
    out.push(case("topk_long", "topk", &attrs(2, 0, true), &[typed(DType::I64, &[5, 2])]));
    out.push(case("topk_half", "topk", &attrs(2, -1, false), &[typed(DType::F16, &[3, 5])]));
    out.push(case("topk_double", "topk", &attrs(2, -1, false), &[typed(DType::F64, &[3, 5])]));
    out.push(case("topk_free", "topk", &attrs(2, -1, false), &[free(&[N, W, D::Fixed(5)])]));
    out.push(case("topk_many", "topk", &attrs(3841, -1, false), &[x(&[1, 4000])]));
    out.push(case("topk_operand", "topk", &[("k", operand(1))], &[x(&[3, 5]), In::Ints(vec![1], vec![2])]));
    out.push(case("topk_deep", "topk", &attrs(2, 0, false), &[x(&[3, 2, 2, 2, 2])]));
    out
}

fn running() -> Vec<Case> {
    let mut out = Vec::new();
    for op in ["cumsum", "cumprod"] {
        for (exclusive, reverse) in [(false, false), (true, false), (false, true), (true, true)] {
            for axis in [0i64, 1, -1] {
                let attrs = [("axis", Attr::Int(axis)), ("exclusive", Attr::Bool(exclusive)), ("reverse", Attr::Bool(reverse))];
                out.push(case(&format!("{op}_{axis}_{exclusive}_{reverse}"), op, &attrs, &[x(&[3, 4, 5])]));
            }
        }
        for dtype in [DType::I32, DType::I64, DType::U8, DType::F16, DType::F64] {
            out.push(case(&format!("{op}_{dtype}"), op, &[], &[In::Positive(dtype, vec![D::Fixed(4), D::Fixed(3)])]));
        }
        out.push(case(&format!("{op}_vector"), op, &[], &[x(&[9])]));
        out.push(case(&format!("{op}_free"), op, &[("axis", Attr::Int(-1))], &[free(&[N, W])]));
    }
    out
}

fn einsums() -> Vec<Case> {
    let mut out = Vec::new();
    let mut add = |name: &str, equation: &str, operands: &[In]| {
        out.push(case(&format!("einsum_{name}"), "einsum", &[("equation", Attr::Str(equation.into()))], operands));
    };
    add("product", "ij,jk->ik", &[x(&[3, 4]), x(&[4, 5])]);
    add("implied", "ij,jk", &[x(&[3, 4]), c(&[4, 5])]);
    add("batch", "bij, bjk -> bik", &[x(&[2, 3, 4]), x(&[2, 4, 5])]);
    add("attention", "bqhd,bkhd->bhqk", &[x(&[2, 3, 2, 4]), x(&[2, 5, 2, 4])]);
    add("values", "bhqk,bkhd->bqhd", &[x(&[2, 2, 3, 5]), x(&[2, 5, 2, 4])]);
    add("turned", "ij,jk->ki", &[x(&[3, 4]), x(&[4, 5])]);
    add("outer", "i,j->ij", &[x(&[3]), x(&[4])]);
    add("inner", "i,i->", &[x(&[6]), x(&[6])]);
    add("elementwise", "ij,ij->ij", &[x(&[3, 4]), x(&[3, 4])]);
    add("lone_letters", "ijl,jkm->ik", &[x(&[3, 4, 2]), x(&[4, 5, 3])]);
    add("two_inner", "aijb,ijc->bca", &[x(&[2, 3, 4, 5]), x(&[3, 4, 6])]);
    add("transpose", "ijk->kij", &[x(&[2, 3, 4])]);
    add("sum", "ij->", &[x(&[3, 4])]);
    add("sum_rows", "ij->j", &[x(&[3, 4])]);
    add("diagonal", "ii->i", &[x(&[4, 4])]);
    add("trace", "ii", &[x(&[4, 4])]);
    add("ellipsis", "...ij,...jk->...ik", &[x(&[2, 3, 4]), x(&[2, 4, 5])]);
    add("ellipsis_diagonal", "...ii->...i", &[x(&[2, 3, 3])]);
    add("broadcast", "bij,bjk->bik", &[x(&[1, 3, 4]), x(&[2, 4, 5])]);
    add("three", "ij,jk,kl->il", &[x(&[2, 3]), x(&[3, 4]), c(&[4, 5])]);
    add("itself", "ij,kj->ik", &[x(&[3, 4]), In::Same(0)]);
    add("free", "bij,bjk->bik", &[free(&[N, D::Fixed(3), W]), free(&[N, W, D::Fixed(5)])]);
    add("half", "ij,jk->ik", &[typed(DType::F16, &[3, 4]), typed(DType::F16, &[4, 5])]);
    add("bfloat", "ij,jk->ik", &[typed(DType::BF16, &[3, 4]), typed(DType::BF16, &[4, 5])]);
    add("double", "ij,jk->ik", &[typed(DType::F64, &[3, 4]), typed(DType::F64, &[4, 5])]);
    add("integers", "ij,jk->ik", &[typed(DType::I64, &[3, 4]), typed(DType::I64, &[4, 5])]);
    add("half_sum", "ij->i", &[typed(DType::F16, &[3, 40])]);
    out
}

fn made() -> Vec<Case> {
    let mut out = Vec::new();
    let on_off = [In::Floats(vec![], vec![3.0]), In::Floats(vec![1], vec![-1.0])];
    for (tag, axis) in [("last", -1i64), ("first", 0), ("middle", 1)] {
        let indices = In::X(DType::I64, vec![D::Fixed(2), D::Fixed(5)]);
        let operands = [[indices].as_slice(), &on_off].concat();
        out.push(case(&format!("one_hot_{tag}"), "one_hot", &[("depth", Attr::Int(5)), ("axis", Attr::Int(axis))], &operands));
    }
    let scalar = [In::Ints(vec![], vec![-1]), In::Ints(vec![], vec![7]), In::Ints(vec![], vec![0])];
    out.push(case("one_hot_scalar", "one_hot", &[("depth", Attr::Int(3))], &scalar));
    let free = [[In::X(DType::I32, vec![N, W])].as_slice(), &on_off].concat();
    out.push(case("one_hot_free", "one_hot", &[("depth", Attr::Int(4)), ("axis", Attr::Int(1))], &free));
    for upper in [false, true] {
        for k in [-2i64, 0, 1, 9] {
            let attrs = [("upper", Attr::Bool(upper))];
            out.push(case(&format!("trilu_{upper}_{k}"), "trilu", &attrs, &[x(&[2, 4, 5]), In::Ints(vec![], vec![k])]));
        }
    }
    out.push(case("trilu_int", "trilu", &[], &[typed(DType::I64, &[3, 3]), In::Ints(vec![1], vec![0])]));
    out.push(case("trilu_free", "trilu", &[], &[super::free(&[N, W]), In::Ints(vec![], vec![1])]));
    out.push(case("trilu_operand", "trilu", &[], &[x(&[4, 4]), In::X(DType::I64, vec![])]));
    for (tag, v) in [("up", [2i64, 11, 3]), ("exact", [0, 6, 2]), ("down", [10, 4, -2]), ("down_exact", [9, 0, -3]), ("none", [3, 3, 1])] {
        let operands = v.map(|v| In::Ints(vec![], vec![v]));
        out.push(case(&format!("arange_{tag}"), "arange", &[], &operands));
    }
    let operands = [1.5f32, 4.0, 0.5].map(|v| In::Floats(vec![], vec![v]));
    out.push(case("arange_float", "arange", &[], &operands));
    out.push(case("arange_long", "arange", &[], &[0i64, 100, 1].map(|v| In::Ints(vec![], vec![v]))));
    for (from, to) in [
        (DType::F32, DType::I32),
        (DType::I64, DType::F64),
        (DType::U16, DType::F16),
        (DType::I8, DType::U8),
        (DType::Bool, DType::U8),
        (DType::I8, DType::Bool),
    ] {
        let name = format!("reinterpret_{from}_{to}");
        out.push(case(&name, "reinterpret", &[("dtype", Attr::DType(to))], &[typed(from, &[3, 5])]));
    }
    out
}
