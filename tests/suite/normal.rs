//! Cases of normalisations.

use super::cases::{N, W};
use super::{Case, D, In, c, case, free, x};
use tvmtrt::ir::attrs::Attr;
use tvmtrt::tensor::dtype::DType;

fn typed(dtype: DType, shape: &[usize]) -> In {
    In::X(dtype, shape.iter().map(|d| D::Fixed(*d)).collect())
}

/// Every case of the family.
pub fn all() -> Vec<Case> {
    [instances(), groups(), magnitudes(), narrow()].into_iter().flatten().collect()
}

fn instances() -> Vec<Case> {
    let mut out = Vec::new();
    let mut add = |name: &str, axis: i64, input: In, channels: usize| {
        let attrs = [("axis", Attr::Int(axis)), ("epsilon", Attr::Float(1e-3))];
        out.push(case(name, "nn.instance_norm", &attrs, &[input, c(&[channels]), c(&[channels])]));
    };
    add("instance_norm", 1, x(&[2, 3, 4, 5]), 3);
    add("instance_norm_1d", 1, x(&[2, 3, 7]), 3);
    add("instance_norm_3d", 1, x(&[1, 2, 3, 4, 5]), 2);
    add("instance_norm_last", -1, x(&[2, 4, 5, 3]), 3);
    add("instance_norm_alone", 1, x(&[2, 3]), 3);
    add("instance_norm_free", 1, free(&[N, D::Fixed(3), D::Fixed(4), W]), 3);
    out.push(case("instance_norm_computed", "nn.instance_norm", &[], &[x(&[2, 3, 4]), x(&[3]), x(&[3])]));
    out
}

fn groups() -> Vec<Case> {
    let mut out = Vec::new();
    let mut add = |name: &str, groups: i64, input: In, channels: usize| {
        let attrs = [("num_groups", Attr::Int(groups)), ("epsilon", Attr::Float(1e-3))];
        out.push(case(name, "nn.group_norm", &attrs, &[input, c(&[channels]), c(&[channels])]));
    };
    add("group_norm", 2, x(&[2, 6, 4, 5]), 6);
    add("group_norm_one", 1, x(&[2, 6, 4]), 6);
    add("group_norm_each", 6, x(&[2, 6, 4]), 6);
    add("group_norm_flat", 3, x(&[4, 6]), 6);
    add("group_norm_free", 3, free(&[N, D::Fixed(6), D::Fixed(4), W]), 6);
    out
}

fn magnitudes() -> Vec<Case> {
    let mut out = vec![
        case("rms_norm", "nn.rms_norm", &[], &[x(&[2, 4, 8]), c(&[8])]),
        case("rms_norm_axes", "nn.rms_norm", &[("axis", Attr::Int(1))], &[x(&[2, 3, 4]), c(&[3, 4])]),
        case("rms_norm_scalar", "nn.rms_norm", &[("axis", Attr::Int(-2))], &[x(&[2, 3, 4]), c(&[])]),
        case("rms_norm_free", "nn.rms_norm", &[], &[free(&[N, W, D::Fixed(8)]), c(&[8])]),
    ];
    for (tag, axes) in [("one", vec![1i64]), ("two", vec![-1, 1]), ("last", vec![2])] {
        let attrs = [("axis", Attr::Ints(axes)), ("eps", Attr::Float(1e-6))];
        out.push(case(&format!("l2_normalize_{tag}"), "nn.l2_normalize", &attrs, &[x(&[2, 3, 4])]));
    }
    out.push(case("l2_normalize_zeros", "nn.l2_normalize", &[], &[In::Floats(vec![2, 3], vec![0.0, 0.0, 0.0, 3.0, 0.0, 4.0])]));
    out.push(case("l2_normalize_free", "nn.l2_normalize", &[], &[free(&[N, D::Fixed(3), W])]));
    out
}

/// Statistics of narrow floats, whose squares are beyond float16, and of float64.
fn narrow() -> Vec<Case> {
    let mut out = Vec::new();
    for dtype in [DType::F16, DType::BF16, DType::F64] {
        let param = |n: usize| In::C(dtype, vec![n]);
        let data = typed(dtype, &[2, 6, 4, 5]);
        out.push(case(&format!("instance_norm_{dtype}"), "nn.instance_norm", &[], &[data.clone(), param(6), param(6)]));
        let two = [("num_groups", Attr::Int(2))];
        out.push(case(&format!("group_norm_{dtype}"), "nn.group_norm", &two, &[data.clone(), param(6), param(6)]));
        out.push(case(&format!("rms_norm_{dtype}"), "nn.rms_norm", &[], &[data.clone(), param(5)]));
        out.push(case(&format!("layer_norm_{dtype}"), "nn.layer_norm", &[], &[data.clone(), param(5), param(5)]));
        out.push(case(&format!("l2_normalize_{dtype}"), "nn.l2_normalize", &[], std::slice::from_ref(&data)));
        out.push(case(&format!("softmax_{dtype}"), "nn.softmax", &[], std::slice::from_ref(&data)));
        out.push(case(&format!("log_softmax_{dtype}"), "nn.log_softmax", &[], &[data]));
    }
    let far = In::Floats(vec![2, 3], vec![-300.0, 0.0, 12.0, 5e4, -5e4, 0.0]);
    out.push(case("log_softmax_far", "nn.log_softmax", &[], std::slice::from_ref(&far)));
    out.push(case("softmax_far", "nn.softmax", &[], &[far]));
    out
}
