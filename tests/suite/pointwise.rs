//! Cases of elementwise operators: functions, activations, bits, number classes.

use super::cases::{N, W};
use super::{Case, D, In, c, case, free, positive, x};
use tvmtrt::ir::attrs::Attr;
use tvmtrt::tensor::dtype::DType;

fn typed(dtype: DType, shape: &[usize]) -> In {
    In::X(dtype, shape.iter().map(|d| D::Fixed(*d)).collect())
}

fn float(name: &'static str, v: f64) -> (&'static str, Attr) {
    (name, Attr::Float(v))
}

/// Every case of the family.
pub fn all() -> Vec<Case> {
    [functions(), activations(), prelus(), bits(), classes(), powers()].into_iter().flatten().collect()
}

fn functions() -> Vec<Case> {
    let mut out = Vec::new();
    for op in ["asinh", "atan", "cosh", "sign", "sinh", "tan", "trunc"] {
        out.push(case(op, op, &[], &[x(&[1, 8, 3, 3])]));
        out.push(case(&format!("{op}_free"), op, &[], &[free(&[N, D::Fixed(5), W])]));
        out.push(case(&format!("{op}_half"), op, &[], &[typed(DType::F16, &[3, 7])]));
        out.push(case(&format!("{op}_double"), op, &[], &[typed(DType::F64, &[3, 7])]));
        out.push(case(&format!("{op}_scalar"), op, &[], &[x(&[])]));
    }
    // These are defined on a part of the numbers only: elsewhere they give NaN.
    for op in ["acos", "acosh", "asin", "atanh", "rsqrt"] {
        out.push(case(op, op, &[], &[x(&[1, 8, 3, 3])]));
        out.push(case(&format!("{op}_positive"), op, &[], &[positive(&[2, 5])]));
    }
    out.push(case("sign_int", "sign", &[], &[typed(DType::I32, &[3, 9])]));
    out.push(case("sign_long", "sign", &[], &[typed(DType::I64, &[3, 9])]));
    let wide = vec![-300.0, -88.0, -20.0, -1e-3, -1e-6, 0.0, 1e-6, 1e-3, 20.0, 88.0, 300.0, 3e4];
    for op in ["sinh", "cosh", "atan", "asinh", "tan", "trunc", "sign"] {
        out.push(case(&format!("{op}_wide"), op, &[], &[In::Floats(vec![12], wide.clone())]));
    }
    out
}

const PLAIN: &[&str] = &["nn.gelu", "nn.gelu_tanh", "nn.hard_swish", "nn.mish", "nn.silu", "nn.softplus", "nn.softsign"];

fn activations() -> Vec<Case> {
    let mut out = Vec::new();
    let mut add = |name: &str, op: &str, attrs: &[(&str, Attr)]| {
        out.push(case(name, op, attrs, &[x(&[1, 8, 3, 3])]));
        out.push(case(&format!("{name}_free"), op, attrs, &[free(&[N, D::Fixed(5), W])]));
        out.push(case(&format!("{name}_half"), op, attrs, &[typed(DType::F16, &[2, 11])]));
        out.push(case(&format!("{name}_double"), op, attrs, &[typed(DType::F64, &[2, 11])]));
        // What would overflow or vanish in a careless formula.
        let wide = vec![-3e4, -100.0, -20.0, -5.0, -1e-3, -1e-6, 0.0, 1e-6, 1e-3, 5.0, 20.0, 100.0, 3e4];
        out.push(case(&format!("{name}_wide"), op, attrs, &[In::Floats(vec![13], wide)]));
    };
    for op in PLAIN {
        add(op, op, &[]);
    }
    for op in ["nn.celu", "nn.elu", "nn.hard_sigmoid", "nn.selu", "nn.shrink", "nn.thresholded_relu"] {
        add(&format!("{op}_default"), op, &[]);
    }
    add("nn.celu_other", "nn.celu", &[float("alpha", 0.7)]);
    add("nn.elu_other", "nn.elu", &[float("alpha", 2.5)]);
    add("nn.hard_sigmoid_other", "nn.hard_sigmoid", &[float("alpha", 0.5), float("beta", 0.6)]);
    add("nn.selu_other", "nn.selu", &[float("alpha", 2.0), float("gamma", 3.0)]);
    add("nn.shrink_other", "nn.shrink", &[float("lambd", 0.75), float("bias", 0.25)]);
    add("nn.thresholded_relu_other", "nn.thresholded_relu", &[float("alpha", -0.25)]);
    out
}

fn prelus() -> Vec<Case> {
    let mut out = Vec::new();
    let along = |name: &str, axis: i64, input: In, slope: In| case(name, "nn.prelu", &[("axis", Attr::Int(axis))], &[input, slope]);
    out.push(along("prelu", 1, x(&[2, 6, 3, 4]), c(&[6])));
    out.push(along("prelu_last", -1, x(&[2, 6, 3]), c(&[3])));
    out.push(along("prelu_one", 0, x(&[2, 6]), c(&[1])));
    out.push(along("prelu_scalar", 1, x(&[2, 6]), c(&[])));
    out.push(along("prelu_planes", 1, x(&[2, 6, 3, 4]), c(&[6, 1, 1])));
    out.push(along("prelu_computed", 1, x(&[2, 6, 3, 4]), x(&[6])));
    out.push(along("prelu_free", 1, free(&[N, D::Fixed(6), W]), c(&[6])));
    out.push(along("prelu_half", 1, typed(DType::F16, &[2, 6]), In::C(DType::F16, vec![6])));
    out
}

fn bits() -> Vec<Case> {
    let mut out = Vec::new();
    for dtype in [DType::U8, DType::I8, DType::I16, DType::U16, DType::I32, DType::U32, DType::I64, DType::U64] {
        for op in ["bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"] {
            let shape = [D::Fixed(3), D::Fixed(7)];
            let unsigned = matches!(dtype, DType::U8 | DType::U16 | DType::U32 | DType::U64);
            let left = if unsigned { In::Positive(dtype, shape.to_vec()) } else { In::X(dtype, shape.to_vec()) };
            out.push(case(&format!("{op}_{dtype}"), op, &[], &[left, In::Positive(dtype, vec![D::Fixed(7)])]));
        }
        out.push(case(&format!("bitwise_not_{dtype}"), "bitwise_not", &[], &[In::Positive(dtype, vec![D::Fixed(5)])]));
    }
    out.push(case("shift_outside", "left_shift", &[], &[typed(DType::I64, &[3]), In::Ints(vec![3], vec![-1, 63, 64])]));
    out.push(case("shift_down_outside", "right_shift", &[], &[typed(DType::I64, &[3]), In::Ints(vec![3], vec![-1, 63, 64])]));
    out.push(case("bitwise_and_itself", "bitwise_and", &[], &[typed(DType::I32, &[4]), In::Same(0)]));
    out
}

fn classes() -> Vec<Case> {
    let odd = In::Floats(vec![6], vec![1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 0.0, f32::MAX]);
    let mut out = Vec::new();
    for op in ["isfinite", "isinf", "isnan"] {
        out.push(case(op, op, &[], &[x(&[2, 5])]));
        out.push(case(&format!("{op}_odd"), op, &[], std::slice::from_ref(&odd)));
        out.push(case(&format!("{op}_half"), op, &[], &[typed(DType::F16, &[2, 5])]));
        out.push(case(&format!("{op}_free"), op, &[], &[free(&[N, W])]));
    }
    out
}

fn powers() -> Vec<Case> {
    let mut out = Vec::new();
    for dtype in [DType::I32, DType::I64, DType::I8, DType::U16] {
        let base = In::Positive(dtype, vec![D::Fixed(4), D::Fixed(5)]);
        out.push(case(&format!("power_{dtype}"), "power", &[], &[base, In::Positive(dtype, vec![D::Fixed(5)])]));
    }
    out.push(case("power_negative_int", "power", &[], &[typed(DType::I64, &[4, 5]), typed(DType::I64, &[5])]));
    for dtype in [DType::F16, DType::BF16, DType::F64] {
        let shape = vec![D::Fixed(4), D::Fixed(5)];
        out.push(case(&format!("power_{dtype}"), "power", &[], &[In::Positive(dtype, shape), typed(dtype, &[5])]));
        for op in ["add", "divide", "maximum", "mod", "truncate_mod", "exp", "erf", "sigmoid"] {
            let operands = [In::Positive(dtype, vec![D::Fixed(2), D::Fixed(5)]), In::Positive(dtype, vec![D::Fixed(5)])];
            let arity = tvmtrt::ops::find(op).unwrap().arity.0;
            out.push(case(&format!("{op}_{dtype}"), op, &[], &operands[..arity]));
        }
    }
    for dtype in [DType::I32, DType::I16, DType::U8] {
        for op in ["add", "subtract", "multiply", "divide", "floor_divide", "mod", "truncate_mod", "maximum", "minimum", "less", "equal"] {
            let left = In::Positive(dtype, vec![D::Fixed(3), D::Fixed(5)]);
            out.push(case(&format!("{op}_{dtype}"), op, &[], &[left, In::Positive(dtype, vec![D::Fixed(5)])]));
        }
    }
    out
}
