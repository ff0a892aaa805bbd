//! Cases of operators that address elements by computed indices.

use super::{Case, D, In, c, case, free, x};
use tvmtrt::ir::attrs::Attr;
use tvmtrt::tensor::dtype::DType;

const N: D = D::Free("N", 3);
const W: D = D::Free("W", 7);

fn text(v: &str) -> Attr {
    Attr::Str(v.into())
}

fn ints(shape: &[usize], v: &[i64]) -> In {
    In::Ints(shape.to_vec(), v.to_vec())
}

/// Random integers from -6 to 6.
fn random(shape: &[usize]) -> In {
    In::X(DType::I64, shape.iter().map(|d| D::Fixed(*d)).collect())
}

pub fn cases() -> Vec<Case> {
    [takes(), gathers(), scatters(), moves(), selections()].into_iter().flatten().collect()
}

fn takes() -> Vec<Case> {
    let mut out = Vec::new();
    let take = |name: &str, axis: i64, mode: &str, operands: &[In]| {
        case(name, "take", &[("axis", Attr::Int(axis)), ("mode", text(mode))], operands)
    };
    for mode in ["clip", "wrap"] {
        out.push(take(&format!("take_{mode}"), 1, mode, &[x(&[2, 5, 3]), random(&[4])]));
        out.push(take(&format!("take_{mode}_const"), -2, mode, &[x(&[2, 5, 3]), ints(&[3], &[-1, 7, 2])]));
        out.push(take(&format!("take_{mode}_free"), 1, mode, &[free(&[N, W]), ints(&[2], &[-9, 4])]));
    }
    out.push(take("take_first_of_free", 1, "fast", &[free(&[N, W, D::Fixed(4)]), ints(&[], &[0])]));
    out.push(take("take_last_of_free", 1, "fast", &[free(&[N, W, D::Fixed(4)]), ints(&[1], &[-1])]));
    out.push(take("take_bool", 0, "fast", &[In::X(DType::Bool, vec![D::Fixed(7), D::Fixed(2)]), random(&[3])]));
    out.push(take("take_int64", 0, "fast", &[random(&[7, 2]), random(&[2, 2])]));
    out
}

fn gathers() -> Vec<Case> {
    let mut out = Vec::new();
    let gather = |name: &str, axis: i64, operands: &[In]| case(name, "gather", &[("axis", Attr::Int(axis))], operands);
    out.push(gather("gather_rows", 0, &[x(&[7, 4]), random(&[3, 4])]));
    out.push(gather("gather_columns", -1, &[x(&[3, 7]), random(&[3, 2])]));
    out.push(gather("gather_part", 1, &[x(&[4, 8, 5]), random(&[2, 6, 3])]));
    out.push(gather("gather_const", 1, &[x(&[2, 4]), ints(&[2, 3], &[0, -1, 2, 3, 3, -4])]));
    out.push(gather("gather_of_const", 0, &[c(&[7, 2]), In::X(DType::I32, vec![D::Fixed(5), D::Fixed(2)])]));
    out.push(gather("gather_free", 2, &[free(&[N, W, D::Fixed(7)]), In::X(DType::I64, vec![N, W, D::Fixed(2)])]));
    out.push(gather("gather_free_axis", 1, &[free(&[N, W]), In::X(DType::I64, vec![N, D::Fixed(2)])]));
    out.push(gather("gather_ints", 0, &[random(&[7]), random(&[4])]));
    let nd = |name: &str, batch: i64, operands: &[In]| case(name, "gather_nd", &[("batch_dims", Attr::Int(batch))], operands);
    out.push(nd("gather_nd_whole", 0, &[x(&[7, 8]), random(&[2, 5])]));
    out.push(nd("gather_nd_rows", 0, &[x(&[7, 8, 3]), random(&[1, 4])]));
    out.push(nd("gather_nd_one", 0, &[x(&[7, 8, 3]), random(&[2])]));
    out.push(nd("gather_nd_places", 0, &[x(&[7, 8, 3]), random(&[2, 2, 3])]));
    out.push(nd("gather_nd_const", 0, &[x(&[3, 4, 2]), ints(&[2, 3], &[0, -1, 2, -4, 3, 1])]));
    out.push(nd("gather_nd_batch", 1, &[x(&[2, 7, 8]), random(&[1, 2, 3])]));
    out.push(nd("gather_nd_batch_whole", 1, &[x(&[2, 7, 8]), random(&[2, 2])]));
    out.push(nd("gather_nd_batches", 2, &[x(&[2, 3, 7, 5]), random(&[1, 2, 3, 2])]));
    out.push(nd("gather_nd_batch_line", 1, &[x(&[4, 7]), random(&[1, 4, 2])]));
    out.push(nd("gather_nd_free", 1, &[free(&[N, D::Fixed(7), W]), In::X(DType::I64, vec![D::Fixed(1), N, D::Fixed(2)])]));
    out
}

fn moves() -> Vec<Case> {
    let mut out = Vec::new();
    let axis = |v: i64| ("axis", Attr::Int(v));
    out.push(case("reverse", "reverse", &[axis(1)], &[x(&[2, 5, 3])]));
    out.push(case("reverse_last", "reverse", &[axis(-1)], &[random(&[2, 5])]));
    out.push(case("reverse_beside_free", "reverse", &[axis(1)], &[free(&[N, D::Fixed(4), W])]));
    out.push(case("reverse_free", "reverse", &[axis(0)], &[free(&[N, D::Fixed(4)])]));
    let sequence = |name: &str, seq: i64, batch: i64, operands: &[In]| {
        case(name, "reverse_sequence", &[("seq_axis", Attr::Int(seq)), ("batch_axis", Attr::Int(batch))], operands)
    };
    out.push(sequence("reverse_sequence", 1, 0, &[x(&[3, 5]), ints(&[3], &[5, 1, 3])]));
    out.push(sequence("reverse_sequence_time_first", 0, 1, &[x(&[5, 3, 2]), ints(&[3], &[0, 4, 2])]));
    out.push(sequence("reverse_sequence_input", -1, 1, &[x(&[2, 3, 5]), In::Positive(DType::I32, vec![D::Fixed(3)])]));
    out.push(sequence("reverse_sequence_free", 1, 0, &[free(&[N, W]), In::Positive(DType::I64, vec![N])]));
    let repeat = |name: &str, n: i64, a: i64, input: In| case(name, "repeat", &[("repeats", Attr::Int(n)), axis(a)], &[input]);
    out.push(repeat("repeat", 3, 1, x(&[2, 4, 3])));
    out.push(repeat("repeat_last", 2, -1, random(&[2, 4])));
    out.push(repeat("repeat_free", 2, 0, free(&[N, D::Fixed(2)])));
    out.push(case("stack", "stack", &[axis(1)], &[x(&[2, 3]), c(&[2, 3]), x(&[2, 3])]));
    out.push(case("stack_last", "stack", &[axis(-1)], &[free(&[N, W]), In::Same(0)]));
    out.push(case("stack_one", "stack", &[axis(0)], &[x(&[4])]));
    out
}

/// Results with as many rows as the data say.
fn selections() -> Vec<Case> {
    let mut out = Vec::new();
    let bools = |d: Vec<D>| In::X(DType::Bool, d);
    out.push(case("argwhere_bool", "argwhere", &[], &[bools(vec![D::Fixed(3), D::Fixed(4)])]));
    out.push(case("argwhere", "argwhere", &[], &[random(&[2, 3, 7])]));
    out.push(case("argwhere_float", "argwhere", &[], &[x(&[5])]));
    out.push(case("argwhere_int64", "argwhere", &[], &[In::X(DType::I64, vec![D::Fixed(4), D::Fixed(6)])]));
    out.push(case("argwhere_free", "argwhere", &[], &[bools(vec![N, W])]));
    out.push(case("argwhere_none", "argwhere", &[], &[In::Const(tvmtrt::tensor::host::Tensor::zeros(DType::F32, &[3]))]));
    let limits = |most: i64, iou: f32, least: f32| [ints(&[], &[most]), In::Floats(vec![], vec![iou]), In::Floats(vec![], vec![least])];
    for (name, center, batch, classes, boxes) in
        [("nms", false, 1usize, 1usize, 20usize), ("nms_classes", false, 2, 3, 12), ("nms_center", true, 1, 2, 15)]
    {
        let fixed = |d: &[usize]| d.iter().map(|d| D::Fixed(*d)).collect::<Vec<D>>();
        let corners = if center { In::Positive(DType::F32, fixed(&[batch, boxes, 4])) } else { x(&[batch, boxes, 4]) };
        let operands = [vec![corners, x(&[batch, classes, boxes])], limits(5, 0.3, -0.5).to_vec()].concat();
        out.push(case(name, "vision.all_class_non_max_suppression", &[("center_point_box", Attr::Bool(center))], &operands));
    }
    // Boxes of equal scores, and some without a score; boxes on top of each other.
    let equal: Vec<f32> = (0..24).map(|i| [0.5, 0.25, f32::NAN, 0.5, 0.75, 0.5][i % 6]).collect();
    let near: Vec<f32> = (0..12).flat_map(|i| [0.0, 0.1 * (i % 4) as f32, 1.0, 1.0 + 0.1 * (i % 4) as f32]).collect();
    for (name, most, iou) in [("nms_equal", 12i64, 1.0f32), ("nms_equal_apart", 3, 0.75), ("nms_equal_one", 1, 0.0)] {
        let operands = [x(&[1, 12, 4]), In::Floats(vec![1, 2, 12], equal.clone())];
        let operands = [operands.to_vec(), limits(most, iou, 0.25).to_vec()].concat();
        out.push(case(name, "vision.all_class_non_max_suppression", &[], &operands));
        let operands = [In::Floats(vec![1, 12, 4], near.clone()), x(&[1, 2, 12])];
        let operands = [operands.to_vec(), limits(most, iou, -0.5).to_vec()].concat();
        out.push(case(&format!("{name}_near"), "vision.all_class_non_max_suppression", &[], &operands));
    }
    out
}

fn scatters() -> Vec<Case> {
    let mut out = Vec::new();
    let elements = |name: &str, axis: i64, mode: &str, operands: &[In]| {
        case(name, "scatter_elements", &[("axis", Attr::Int(axis)), ("reduction", text(mode))], operands)
    };
    let nd = |name: &str, mode: &str, operands: &[In]| case(name, "scatter_nd", &[("mode", text(mode))], operands);
    out.push(elements("scatter_rows", 0, "update", &[x(&[3, 3]), ints(&[2, 3], &[1, 0, 2, 0, -1, 1]), x(&[2, 3])]));
    out.push(elements("scatter_columns", -1, "update", &[x(&[2, 5]), ints(&[1, 2], &[-2, 1]), x(&[1, 2])]));
    out.push(elements("scatter_const_data", 1, "update", &[c(&[2, 3, 4]), ints(&[1, 2, 1], &[2, 0]), x(&[1, 2, 1])]));
    out.push(elements("scatter_free", 1, "update", &[free(&[N, D::Fixed(6)]), ints(&[2, 2], &[1, 4, 0, 5]), x(&[2, 2])]));
    out.push(elements("scatter_free_axis", 0, "update", &[free(&[W, D::Fixed(2)]), ints(&[1, 2], &[-1, 0]), x(&[1, 2])]));
    out.push(elements("scatter_int64", 0, "update", &[random(&[5]), ints(&[2], &[4, 0]), random(&[2])]));
    out.push(elements(
        "scatter_bool",
        0,
        "update",
        &[In::X(DType::Bool, vec![D::Fixed(5)]), ints(&[2], &[4, 0]), In::X(DType::Bool, vec![D::Fixed(2)])],
    ));
    out.push(nd("scatter_nd_rows", "update", &[x(&[5, 4]), ints(&[1, 2], &[3, -5]), x(&[2, 4])]));
    out.push(nd("scatter_nd_elements", "update", &[x(&[4, 4, 2]), ints(&[3, 2], &[1, 0, 2, 3, 0, -1]), x(&[2])]));
    out.push(nd("scatter_nd_places", "update", &[x(&[4, 3]), ints(&[1, 2, 1], &[2, 0]), x(&[2, 1, 3])]));
    out.push(nd("scatter_nd_free", "update", &[free(&[D::Fixed(5), W]), ints(&[1, 1], &[2]), In::X(DType::F32, vec![D::Fixed(1), W])]));
    out.push(nd("scatter_nd_input_indices", "update", &[x(&[7, 2]), In::X(DType::I64, vec![D::Fixed(1), D::Fixed(1)]), x(&[1, 2])]));
    for mode in ["add", "mul", "min", "max"] {
        for (tag, dtype) in [("", DType::F32), ("_int", DType::I32), ("_half", DType::F16)] {
            let of = |d: &[usize]| In::X(dtype, d.iter().map(|d| D::Fixed(*d)).collect());
            let twice = ints(&[3, 2], &[1, 0, 1, 2, 1, 0]);
            out.push(elements(&format!("scatter_{mode}{tag}"), 0, mode, &[of(&[3, 2]), twice, of(&[3, 2])]));
            let twice = ints(&[1, 3], &[1, -2, 1]);
            out.push(nd(&format!("scatter_nd_{mode}{tag}"), mode, &[of(&[3, 2]), twice, of(&[3, 2])]));
        }
    }
    out
}
