//! The cases: per operator the shapes, attributes and edges that have broken peers.

use super::{Case, D, In, c, case, free, positive, x};
use tvmtrt::ir::attrs::{Attr, Param};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;

pub fn ints(v: &[i64]) -> Attr {
    Attr::Ints(v.to_vec())
}

pub fn dims(v: &[i64]) -> Attr {
    Attr::Param(Param::Static(v.iter().map(|d| Dim::from(*d)).collect()))
}

pub fn operand(i: usize) -> Attr {
    Attr::Param(Param::Input(i))
}

pub const N: D = D::Free("N", 3);
pub const W: D = D::Free("W", 7);

/// Every case.
pub fn all() -> Vec<Case> {
    [
        elementwise(),
        movement(),
        convolutions(),
        pools(),
        products(),
        norms(),
        reductions(),
        super::index::cases(),
        super::quantised::cases(),
        super::control::cases(),
        super::windows::all(),
        super::samples::all(),
        super::normal::all(),
        super::places::all(),
        super::pointwise::all(),
        super::types::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn elementwise() -> Vec<Case> {
    let mut out = Vec::new();
    for op in ["abs", "ceil", "cos", "erf", "exp", "floor", "negative", "nn.relu", "round", "sigmoid", "sin", "tanh"] {
        out.push(case(op, op, &[], &[x(&[1, 8, 3, 3])]));
        out.push(case(&format!("{op}_free"), op, &[], &[free(&[N, D::Fixed(5), W])]));
    }
    out.extend(["log", "sqrt"].map(|op| case(op, op, &[], &[positive(&[1, 8, 3, 3])])));
    out.push(case("log_of_negatives", "log", &[], &[x(&[1, 8, 3, 3])]));
    out.push(case("logical_not", "logical_not", &[], &[In::X(DType::Bool, vec![D::Fixed(7)])]));
    out.push(case("abs_int", "abs", &[], &[In::X(DType::I32, vec![D::Fixed(3), D::Fixed(9)])]));
    let pairs: [(&str, In, In); 8] = [
        ("same", x(&[1, 8, 3, 3]), x(&[1, 8, 3, 3])),
        ("cross", x(&[1, 8, 1, 3]), x(&[1, 8, 3, 1])),
        ("rank", x(&[1, 10]), x(&[10])),
        ("left_rank", x(&[10]), x(&[4, 1])),
        ("right_const", x(&[2, 8, 3, 3]), c(&[8, 1, 1])),
        ("left_const", c(&[2, 1, 3]), x(&[2, 4, 3])),
        ("scalar", x(&[2, 5]), c(&[])),
        ("free", free(&[N, D::Fixed(4), W]), free(&[N, D::Fixed(1), W])),
    ];
    for op in [
        "add",
        "subtract",
        "multiply",
        "divide",
        "maximum",
        "minimum",
        "equal",
        "greater",
        "less",
        "less_equal",
        "greater_equal",
        "not_equal",
        "floor_divide",
        "mod",
        "truncate_mod",
    ] {
        for (tag, a, b) in &pairs {
            out.push(case(&format!("{op}_{tag}"), op, &[], &[a.clone(), b.clone()]));
        }
        out.push(case(
            &format!("{op}_int"),
            op,
            &[],
            &[In::X(DType::I64, vec![D::Fixed(6), D::Fixed(5)]), In::Positive(DType::I64, vec![D::Fixed(5)])],
        ));
    }
    out.push(case("power", "power", &[], &[positive(&[2, 8, 3]), x(&[8, 1])]));
    out.push(case("power_two", "power", &[], &[x(&[2, 8, 3]), In::Floats(vec![], vec![2.0])]));
    out.push(case("add_itself", "add", &[], &[x(&[1, 4, 6]), In::Same(0)]));
    out.push(case("multiply_itself", "multiply", &[], &[x(&[1, 4, 6]), In::Same(0)]));
    for op in ["logical_and", "logical_or", "logical_xor"] {
        let bools = |n| In::X(DType::Bool, vec![D::Fixed(n), D::Fixed(5)]);
        out.push(case(op, op, &[], &[bools(4), bools(1)]));
    }
    let condition = In::X(DType::Bool, vec![D::Fixed(4), D::Fixed(1)]);
    out.push(case("where", "where", &[], &[condition.clone(), x(&[4, 6]), c(&[6])]));
    out.push(case("where_scalar", "where", &[], &[condition, c(&[]), x(&[2, 4, 6])]));
    for (tag, low, high) in [("both", -0.2, 0.4), ("relu6", 0.0, 6.0), ("low", -0.5, f64::INFINITY), ("high", f64::NEG_INFINITY, 0.5)] {
        out.push(case(&format!("clip_{tag}"), "clip", &[("a_min", Attr::Float(low)), ("a_max", Attr::Float(high))], &[x(&[1, 8, 3, 3])]));
    }
    out.push(case("leaky_relu", "nn.leaky_relu", &[("alpha", Attr::Float(0.1))], &[x(&[1, 8, 3, 4])]));
    for (from, to) in [
        (DType::F32, DType::I32),
        (DType::F32, DType::I64),
        (DType::I64, DType::F32),
        (DType::I32, DType::I64),
        (DType::I64, DType::I32),
        (DType::F32, DType::Bool),
        (DType::Bool, DType::F32),
        (DType::I64, DType::Bool),
        (DType::F32, DType::F16),
        (DType::F16, DType::F32),
    ] {
        out.push(case(&format!("cast_{from}_{to}"), "cast", &[("dtype", Attr::DType(to))], &[In::X(from, vec![D::Fixed(3), D::Fixed(7)])]));
    }
    out
}

fn movement() -> Vec<Case> {
    let mut out = Vec::new();
    for (tag, from, to) in [
        ("infer", vec![1, 1, 1, 10], vec![-1, 10]),
        ("flat", vec![1, 10, 2, 3], vec![1, -1]),
        ("copy", vec![2, 3, 4], vec![0, 0, 2, 2]),
        ("scalar", vec![1, 1], vec![]),
    ] {
        out.push(case(&format!("reshape_{tag}"), "reshape", &[("newshape", dims(&to))], &[x(&from)]));
    }
    out.push(case("reshape_operand", "reshape", &[("newshape", operand(1))], &[x(&[2, 6]), In::Ints(vec![3], vec![3, 2, 2])]));
    out.push(case("reshape_free", "reshape", &[("newshape", dims(&[0, -1, 5]))], &[free(&[N, D::Fixed(10), W])]));
    out.push(case("batch_flatten", "nn.batch_flatten", &[], &[x(&[1, 3, 4, 6])]));
    out.push(case("batch_flatten_free", "nn.batch_flatten", &[], &[free(&[N, D::Fixed(3), D::Fixed(4)])]));
    out.push(case("squeeze", "squeeze", &[("axis", ints(&[2, 3]))], &[x(&[1, 5, 1, 1])]));
    out.push(case("squeeze_last", "squeeze", &[("axis", ints(&[-1]))], &[x(&[1, 3, 1])]));
    out.push(case("squeeze_all", "squeeze", &[], &[x(&[1, 3, 1, 2])]));
    out.push(case("expand_dims", "expand_dims", &[("axis", Attr::Int(1))], &[x(&[1, 3])]));
    out.push(case("squeeze_free", "squeeze", &[("axis", ints(&[0]))], &[free(&[D::Fixed(1), N, D::Fixed(8), W, D::Fixed(5)])]));
    out.push(case("expand_dims_free", "expand_dims", &[("axis", Attr::Int(0))], &[free(&[N, D::Fixed(8), W])]));
    out.push(case(
        "expand_dims_last",
        "expand_dims",
        &[("axis", Attr::Int(-1)), ("num_newaxis", Attr::Int(1))],
        &[free(&[N, D::Fixed(3)])],
    ));
    for (tag, from, axes) in [
        ("nhwc", vec![1, 16, 7, 7], vec![0, 2, 3, 1]),
        ("nchw", vec![2, 7, 5, 16], vec![0, 3, 1, 2]),
        ("reversed", vec![2, 3, 4], vec![]),
        ("heads", vec![2, 5, 3, 4, 6], vec![2, 0, 3, 1, 4]),
    ] {
        out.push(case(&format!("transpose_{tag}"), "transpose", &[("axes", ints(&axes))], &[x(&from)]));
    }
    out.push(case("transpose_free", "transpose", &[("axes", ints(&[0, 2, 1]))], &[free(&[N, D::Fixed(4), W])]));
    out.push(case("concatenate", "concatenate", &[("axis", Attr::Int(1))], &[x(&[2, 2, 6, 6]), x(&[2, 3, 6, 6])]));
    out.push(case("concatenate_itself", "concatenate", &[("axis", Attr::Int(-1))], &[x(&[1, 3]), In::Same(0)]));
    out.push(case("concatenate_const", "concatenate", &[("axis", Attr::Int(1))], &[c(&[1, 2, 4]), x(&[1, 3, 4])]));
    out.push(case("concatenate_free", "concatenate", &[("axis", Attr::Int(1))], &[free(&[N, D::Fixed(2), W]), free(&[N, D::Fixed(3), W])]));
    for (tag, indices) in [("two", vec![8]), ("many", vec![2, 3, 6, 10, 14]), ("one", vec![])] {
        out.push(case(&format!("split_{tag}"), "split", &[("indices", ints(&indices)), ("axis", Attr::Int(1))], &[x(&[2, 16])]));
    }
    out.push(case("split_free", "split", &[("indices", ints(&[2, 4])), ("axis", Attr::Int(-1))], &[free(&[N, W, D::Fixed(6)])]));
    let slice = |name: &str, input: In, b: &[i64], e: &[i64], s: &[i64], a: &[i64]| {
        case(name, "strided_slice", &[("begin", dims(b)), ("end", dims(e)), ("strides", dims(s)), ("axes", dims(a))], &[input])
    };
    out.push(slice("slice_lead", x(&[2, 3, 6, 7]), &[0, 1], &[1, 2], &[], &[]));
    out.push(slice("slice_axes", x(&[4, 8, 16]), &[2, 0], &[6, 8], &[2, 1], &[1, 2]));
    out.push(slice("slice_negative", x(&[2, 3, 6, 7]), &[-2], &[i64::MAX], &[1], &[3]));
    out.push(slice("slice_backwards", x(&[2, 9]), &[-1], &[i64::MIN], &[-2], &[1]));
    out.push(slice("slice_free", free(&[D::Fixed(3), N, D::Fixed(8), W]), &[1], &[2], &[], &[0]));
    out.push(slice("slice_empty", x(&[4, 5]), &[3], &[3], &[], &[0]));
    out.push(case("take_scalar", "take", &[("axis", Attr::Int(1))], &[x(&[2, 5, 3]), In::Ints(vec![], vec![-2])]));
    out.push(case("take_list", "take", &[("axis", Attr::Int(0))], &[c(&[10, 4]), In::X(DType::I64, vec![D::Fixed(2), D::Fixed(3)])]));
    out.push(case("take_free", "take", &[("axis", Attr::Int(2))], &[free(&[N, W, D::Fixed(6)]), In::Ints(vec![2], vec![0, 3])]));
    out.push(case("broadcast_to", "broadcast_to", &[("shape", dims(&[2, 4, 3]))], &[x(&[4, 1])]));
    out.push(case("full", "full", &[("shape", dims(&[2, 3]))], &[In::Floats(vec![1], vec![1.5])]));
    out.push(case("tile", "tile", &[("reps", dims(&[2, 1, 3]))], &[x(&[1, 4, 5])]));
    out.push(case("shape_of_free", "shape_of", &[], &[free(&[N, D::Fixed(3), W])]));
    out
}

fn convolutions() -> Vec<Case> {
    let mut out = Vec::new();
    let conv = |name: &str, op: &str, input: In, w: &[usize], s: &[i64], p: &[i64], d: &[i64], g: i64| {
        case(name, op, &[("strides", ints(s)), ("padding", ints(p)), ("dilation", ints(d)), ("groups", Attr::Int(g))], &[input, c(w)])
    };
    for (k, g) in [([16usize, 32, 3, 3], 1), ([32, 1, 3, 3], 32)] {
        for p in [[0i64, 0], [1, 1]] {
            for s in [[1i64, 1], [2, 2]] {
                for d in [[1i64, 1], [2, 2]] {
                    let name = format!("conv2d_g{g}_p{}_s{}_d{}", p[0], s[0], d[0]);
                    out.push(conv(&name, "nn.conv2d", x(&[1, 32, 8, 8]), &k, &s, &p, &d, g));
                }
            }
        }
    }
    out.push(conv("conv2d_asymmetric", "nn.conv2d", x(&[2, 3, 16, 16]), &[24, 1, 7, 7], &[2, 2], &[2, 2, 3, 3], &[], 3));
    out.push(conv("conv2d_pads_differ", "nn.conv2d", x(&[1, 4, 6, 9]), &[5, 4, 3, 2], &[1, 2], &[0, 1, 2, 0], &[], 1));
    out.push(conv("conv2d_1x1", "nn.conv2d", x(&[2, 8, 5, 5]), &[7, 8, 1, 1], &[], &[], &[], 1));
    out.push(conv("conv2d_groups", "nn.conv2d", x(&[2, 6, 5, 5]), &[8, 3, 3, 3], &[], &[1, 1], &[], 2));
    out.push(conv("conv2d_multiplier", "nn.conv2d", x(&[1, 4, 9, 9]), &[8, 1, 3, 3], &[], &[1, 1], &[], 4));
    out.push(conv("conv2d_depthwise_5x5", "nn.conv2d", x(&[1, 12, 6, 20]), &[12, 1, 5, 5], &[2, 1], &[2, 2], &[], 12));
    out.push(conv("conv2d_row", "nn.conv2d", x(&[1, 6, 1, 20]), &[5, 6, 1, 3], &[], &[0, 1], &[], 1));
    out.push(conv("conv2d_free", "nn.conv2d", free(&[N, D::Fixed(3), D::Fixed(12), W]), &[6, 3, 3, 3], &[2, 1], &[1, 1], &[], 1));
    out.push(conv("conv1d", "nn.conv1d", x(&[2, 8, 16]), &[4, 8, 3], &[1], &[1, 1], &[], 1));
    out.push(conv("conv1d_asymmetric", "nn.conv1d", x(&[1, 3, 24]), &[10, 3, 3], &[2], &[0, 2], &[1], 1));
    out.push(case("conv2d_computed_weights", "nn.conv2d", &[], &[x(&[1, 3, 5, 5]), x(&[4, 3, 3, 3])]));
    out
}

fn pools() -> Vec<Case> {
    let mut out = Vec::new();
    for size in [2i64, 3] {
        for stride in [1i64, 2] {
            for pad in [vec![0i64, 0], vec![1, 1], vec![0, 0, 1, 1]] {
                for ceil in [false, true] {
                    let tag = format!("{size}_s{stride}_p{}{}_{ceil}", pad[0], pad.last().unwrap());
                    let attrs = [
                        ("pool_size", ints(&[size, size])),
                        ("strides", ints(&[stride, stride])),
                        ("padding", ints(&pad)),
                        ("ceil_mode", Attr::Bool(ceil)),
                    ];
                    out.push(case(&format!("max_pool2d_{tag}"), "nn.max_pool2d", &attrs, &[x(&[1, 3, 13, 14])]));
                    for include in [false, true] {
                        let attrs = [attrs.as_slice(), &[("count_include_pad", Attr::Bool(include))]].concat();
                        out.push(case(&format!("avg_pool2d_{tag}_{include}"), "nn.avg_pool2d", &attrs, &[x(&[1, 3, 13, 14])]));
                    }
                }
            }
        }
    }
    out.push(case(
        "max_pool2d_dilation",
        "nn.max_pool2d",
        &[("pool_size", ints(&[2, 2])), ("dilation", ints(&[2, 3]))],
        &[x(&[1, 3, 9, 9])],
    ));
    out.push(case(
        "avg_pool2d_free",
        "nn.avg_pool2d",
        &[("pool_size", ints(&[3, 2])), ("strides", ints(&[3, 2]))],
        &[free(&[N, D::Fixed(3), D::Fixed(6), W])],
    ));
    out.push(case(
        "max_pool1d",
        "nn.max_pool1d",
        &[("pool_size", ints(&[3])), ("strides", ints(&[2])), ("padding", ints(&[1, 1]))],
        &[x(&[2, 3, 15])],
    ));
    out.push(case("avg_pool1d", "nn.avg_pool1d", &[("pool_size", ints(&[2])), ("strides", ints(&[2]))], &[x(&[2, 3, 15])]));
    for op in ["nn.global_avg_pool2d", "nn.global_max_pool2d"] {
        out.push(case(op, op, &[], &[x(&[2, 3, 9, 8])]));
        out.push(case(&format!("{op}_free"), op, &[], &[free(&[N, D::Fixed(3), D::Fixed(4), W])]));
    }
    out
}

fn products() -> Vec<Case> {
    let mut out = Vec::new();
    for (shape, units) in [(vec![1usize, 16], 32usize), (vec![3, 16], 1), (vec![2, 5, 16], 8), (vec![2, 3, 5, 16], 8), (vec![16], 4)] {
        out.push(case(&format!("dense_rank{}_{units}", shape.len()), "nn.dense", &[], &[x(&shape), c(&[units, 16])]));
    }
    out.push(case("dense_free", "nn.dense", &[], &[free(&[N, W, D::Fixed(16)]), c(&[9, 16])]));
    let mm = |name: &str, a: In, b: In, ta: bool, tb: bool| {
        case(name, "nn.batch_matmul", &[("transpose_a", Attr::Bool(ta)), ("transpose_b", Attr::Bool(tb))], &[a, b])
    };
    out.push(mm("matmul", x(&[4, 8]), x(&[8, 16]), false, false));
    out.push(mm("matmul_const", x(&[4, 8]), c(&[8, 16]), false, false));
    out.push(mm("matmul_left_const", c(&[4, 8]), x(&[8, 16]), false, false));
    out.push(mm("matmul_batched", x(&[3, 12, 9]), x(&[3, 9, 7]), false, false));
    out.push(mm("matmul_ta", x(&[3, 9, 12]), x(&[3, 9, 7]), true, false));
    out.push(mm("matmul_tb", x(&[3, 12, 9]), x(&[3, 7, 9]), false, true));
    out.push(mm("matmul_ta_tb", x(&[3, 9, 12]), x(&[3, 7, 9]), true, true));
    out.push(mm("matmul_broadcast", x(&[2, 3, 4, 5]), x(&[3, 5, 6]), false, false));
    out.push(mm("matmul_rank3_by_2", x(&[2, 7, 5]), c(&[5, 6]), false, false));
    out.push(mm("matmul_free", free(&[N, D::Fixed(2), W, D::Fixed(5)]), free(&[N, D::Fixed(2), D::Fixed(5), W]), false, false));
    out
}

fn norms() -> Vec<Case> {
    let mut out = Vec::new();
    for (shape, axis) in [
        (vec![1usize, 8, 5, 5], 1i64),
        (vec![1, 5, 5, 8], 3),
        (vec![2, 4, 8, 4], 2),
        (vec![1, 8], 1),
        (vec![2, 3, 8], -1),
        (vec![1, 8, 4, 4, 4], 1),
    ] {
        let p = [c(&[8]), c(&[8]), c(&[8]), In::CPositive(vec![8])];
        let attrs = [("axis", Attr::Int(axis)), ("epsilon", Attr::Float(1.001e-5))];
        out.push(case(&format!("batch_norm_r{}_a{axis}", shape.len()), "nn.batch_norm", &attrs, &[[x(&shape)].as_slice(), &p].concat()));
    }
    out.push(case("bias_add_1", "nn.bias_add", &[("axis", Attr::Int(1))], &[x(&[1, 6, 3, 4]), c(&[6])]));
    out.push(case("bias_add_last", "nn.bias_add", &[("axis", Attr::Int(-1))], &[x(&[1, 6, 3, 4]), c(&[4])]));
    out.push(case("bias_add_free", "nn.bias_add", &[("axis", Attr::Int(1))], &[free(&[N, D::Fixed(6), W]), c(&[6])]));
    for (tag, shape, axis) in
        [("last", vec![1usize, 100], 1i64), ("negative", vec![1, 3, 4], -2), ("first", vec![5, 3], 0), ("long", vec![3, 1000], -1)]
    {
        out.push(case(&format!("softmax_{tag}"), "nn.softmax", &[("axis", Attr::Int(axis))], &[x(&shape)]));
        out.push(case(&format!("log_softmax_{tag}"), "nn.log_softmax", &[("axis", Attr::Int(axis))], &[x(&shape)]));
    }
    out.push(case("softmax_free", "nn.softmax", &[("axis", Attr::Int(3))], &[free(&[N, D::Fixed(2), W, W])]));
    out.push(case("layer_norm", "nn.layer_norm", &[], &[x(&[2, 4, 8]), c(&[8]), c(&[8])]));
    out.push(case("layer_norm_axes", "nn.layer_norm", &[("axis", Attr::Int(-2))], &[x(&[2, 3, 4, 5]), c(&[4, 5]), c(&[4, 5])]));
    out.push(case("layer_norm_no_beta", "nn.layer_norm", &[], &[free(&[N, W, D::Fixed(8)]), c(&[8])]));
    out
}

fn reductions() -> Vec<Case> {
    let mut out = Vec::new();
    for op in ["sum", "prod", "max", "min", "mean"] {
        for keep in [false, true] {
            for axes in [vec![1i64], vec![2, 3], vec![1, 2], vec![1, 2, 3], vec![-1], vec![]] {
                let name = format!("{op}_{axes:?}_{keep}");
                out.push(case(&name, op, &[("axis", dims(&axes)), ("keepdims", Attr::Bool(keep))], &[x(&[2, 3, 4, 5])]));
            }
        }
        out.push(case(&format!("{op}_free"), op, &[("axis", dims(&[-1])), ("keepdims", Attr::Bool(true))], &[free(&[N, W, D::Fixed(6)])]));
        out.push(case(&format!("{op}_int"), op, &[("axis", dims(&[0]))], &[In::X(DType::I32, vec![D::Fixed(4), D::Fixed(3)])]));
    }
    out.push(case(
        "mean_operand",
        "mean",
        &[("axis", operand(1)), ("keepdims", Attr::Bool(true))],
        &[x(&[2, 3, 4]), In::Ints(vec![1], vec![1])],
    ));
    out
}
