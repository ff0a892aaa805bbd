//! Cases of operators with windows and layouts: convolutions, transposed ones, pools, padding, layouts.

use super::cases::{dims, ints, operand};
use super::{Case, D, In, c, case, free, x};
use tvmtrt::ir::attrs::Attr;
use tvmtrt::tensor::dtype::DType;

const N: D = D::Free("N", 3);
const W: D = D::Free("W", 7);

/// All of them.
pub fn all() -> Vec<Case> {
    [convolutions(), transposed(), pools(), adaptive(), pads(), layouts()].into_iter().flatten().collect()
}

fn convolutions() -> Vec<Case> {
    let conv = |name: &str, input: In, w: &[usize], s: &[i64], p: &[i64], d: &[i64], g: i64| {
        case(
            name,
            "nn.conv3d",
            &[("strides", ints(s)), ("padding", ints(p)), ("dilation", ints(d)), ("groups", Attr::Int(g))],
            &[input, c(w)],
        )
    };
    vec![
        conv("conv3d", x(&[1, 6, 5, 6, 7]), &[4, 6, 3, 3, 3], &[], &[], &[], 1),
        conv("conv3d_asymmetric", x(&[2, 4, 4, 4, 5]), &[5, 4, 3, 3, 3], &[], &[0, 0, 0, 1, 1, 1], &[], 1),
        conv("conv3d_all", x(&[1, 4, 7, 8, 9]), &[6, 2, 2, 3, 3], &[2, 1, 2], &[1, 0, 2, 0, 1, 1], &[1, 2, 1], 2),
        conv("conv3d_depthwise", x(&[1, 4, 4, 5, 6]), &[8, 1, 2, 3, 3], &[], &[1, 1, 1], &[], 4),
        conv("conv3d_pointwise", x(&[2, 5, 3, 4, 5]), &[7, 5, 1, 1, 1], &[], &[], &[], 1),
        conv("conv3d_free", free(&[N, D::Fixed(3), D::Fixed(4), D::Fixed(6), W]), &[4, 3, 3, 3, 3], &[1, 2, 2], &[1, 1, 1], &[], 1),
        case("conv3d_computed_weights", "nn.conv3d", &[], &[x(&[1, 2, 4, 4, 4]), x(&[3, 2, 2, 2, 2])]),
    ]
}

fn transposed() -> Vec<Case> {
    let conv = |name: &str, axes: usize, input: In, w: &[usize], s: &[i64], p: &[i64], more: &[i64], d: &[i64], g: i64| {
        let attrs =
            [("strides", ints(s)), ("padding", ints(p)), ("output_padding", ints(more)), ("dilation", ints(d)), ("groups", Attr::Int(g))];
        case(name, &format!("nn.conv{axes}d_transpose"), &attrs, &[input, c(w)])
    };
    let mut out = Vec::new();
    for p in [0, 1] {
        for s in [1, 2, 3] {
            for more in [0, 1] {
                let name = format!("conv2d_transpose_p{p}_s{s}_o{more}");
                out.push(conv(&name, 2, x(&[1, 6, 5, 4]), &[6, 4, 3, 3], &[s, s], &[p, p], &[more, more], &[], 1));
            }
        }
    }
    out.push(conv("conv2d_transpose_asymmetric", 2, x(&[2, 4, 5, 6]), &[4, 5, 4, 3], &[2, 3], &[0, 1, 2, 0], &[], &[], 1));
    out.push(conv("conv2d_transpose_dilated", 2, x(&[1, 4, 5, 6]), &[4, 3, 3, 2], &[1, 1], &[1, 2], &[], &[2, 3], 1));
    out.push(conv("conv2d_transpose_dilated_steps", 2, x(&[1, 4, 5, 6]), &[4, 3, 3, 2], &[2, 3], &[], &[1, 2], &[3, 2], 1));
    out.push(conv("conv2d_transpose_groups", 2, x(&[2, 6, 4, 5]), &[6, 2, 3, 3], &[2, 2], &[1, 1], &[1, 1], &[], 3));
    out.push(conv("conv2d_transpose_depthwise", 2, x(&[1, 4, 5, 5]), &[4, 1, 4, 4], &[2, 2], &[1, 1], &[], &[], 4));
    out.push(conv("conv2d_transpose_small_window", 2, x(&[1, 3, 4, 4]), &[3, 2, 1, 2], &[3, 3], &[], &[2, 0], &[], 1));
    let input = free(&[N, D::Fixed(4), D::Fixed(5), W]);
    out.push(conv("conv2d_transpose_free", 2, input, &[4, 3, 3, 3], &[2, 1], &[1, 1], &[1, 0], &[], 1));
    out.push(conv("conv1d_transpose", 1, x(&[2, 4, 7]), &[4, 3, 3], &[2], &[1, 0], &[1], &[], 1));
    out.push(conv("conv1d_transpose_free", 1, free(&[N, D::Fixed(4), W]), &[4, 3, 4], &[3], &[2, 1], &[], &[], 1));
    out.push(conv("conv3d_transpose", 3, x(&[1, 4, 3, 3, 4]), &[4, 3, 3, 3, 3], &[], &[1, 1, 1], &[], &[], 1));
    out.push(conv("conv3d_transpose_steps", 3, x(&[1, 4, 3, 3, 3]), &[4, 3, 3, 3, 3], &[2, 2, 2], &[], &[1, 1, 1], &[], 1));
    out.push(conv("conv3d_transpose_groups", 3, x(&[2, 4, 2, 3, 3]), &[4, 2, 2, 3, 2], &[2, 1, 2], &[0, 1, 0, 1, 0, 0], &[], &[], 2));
    out.push(case("conv2d_transpose_computed_weights", "nn.conv2d_transpose", &[], &[x(&[1, 3, 4, 4]), x(&[3, 2, 2, 2])]));
    out
}

fn pools() -> Vec<Case> {
    let mut out = Vec::new();
    let plain: &[(&str, &[i64], &[i64], &[i64], bool)] = &[
        ("plain", &[2, 2, 2], &[2, 2, 2], &[], false),
        ("steps", &[2, 2, 2], &[1, 1, 1], &[], false),
        ("asymmetric", &[2, 2, 2], &[2, 2, 2], &[0, 0, 0, 1, 1, 1], false),
        ("all", &[3, 2, 4], &[2, 1, 3], &[1, 0, 2], false),
        ("ceil", &[3, 2, 3], &[2, 2, 2], &[1, 1, 0], true),
    ];
    for (tag, size, stride, pad, ceil) in plain {
        let attrs = [("pool_size", ints(size)), ("strides", ints(stride)), ("padding", ints(pad)), ("ceil_mode", Attr::Bool(*ceil))];
        out.push(case(&format!("max_pool3d_{tag}"), "nn.max_pool3d", &attrs, &[x(&[1, 3, 6, 8, 9])]));
        for include in [false, true] {
            let attrs = [attrs.as_slice(), &[("count_include_pad", Attr::Bool(include))]].concat();
            out.push(case(&format!("avg_pool3d_{tag}_{include}"), "nn.avg_pool3d", &attrs, &[x(&[1, 3, 6, 8, 9])]));
        }
    }
    let dilated = [("pool_size", ints(&[2, 2, 3])), ("dilation", ints(&[2, 1, 2])), ("padding", ints(&[1, 0, 1]))];
    out.push(case("max_pool3d_dilation", "nn.max_pool3d", &dilated, &[x(&[1, 2, 5, 6, 7])]));
    out.push(case("avg_pool3d_dilation", "nn.avg_pool3d", &dilated, &[x(&[1, 2, 5, 6, 7])]));
    let input = free(&[N, D::Fixed(2), D::Fixed(4), D::Fixed(6), W]);
    out.push(case("max_pool3d_free", "nn.max_pool3d", &[("pool_size", ints(&[2, 3, 2])), ("strides", ints(&[2, 3, 2]))], &[input]));
    out.push(case("lrn", "nn.lrn", &[("size", Attr::Int(5)), ("alpha", Attr::Float(0.3))], &[x(&[2, 7, 4, 5])]));
    out.push(case("lrn_even", "nn.lrn", &[("size", Attr::Int(4)), ("alpha", Attr::Float(0.3))], &[x(&[1, 7, 4, 5])]));
    let last = [("size", Attr::Int(3)), ("axis", Attr::Int(-1)), ("bias", Attr::Float(1.0)), ("alpha", Attr::Float(0.5))];
    out.push(case("lrn_last", "nn.lrn", &last, &[x(&[2, 3, 6])]));
    out.push(case("lrn_wide", "nn.lrn", &[("size", Attr::Int(17))], &[x(&[1, 20, 2, 2])]));
    out.push(case("lrn_free", "nn.lrn", &[("size", Attr::Int(3))], &[free(&[N, D::Fixed(4), D::Fixed(3), W])]));
    out
}

fn adaptive() -> Vec<Case> {
    let mut out = Vec::new();
    for op in ["nn.adaptive_avg_pool2d", "nn.adaptive_max_pool2d"] {
        for (tag, size) in
            [("one", vec![1i64, 1]), ("single", vec![1]), ("equal", vec![4, 3]), ("uneven", vec![5, 7]), ("more", vec![3, 20])]
        {
            out.push(case(&format!("{op}_{tag}"), op, &[("output_size", ints(&size))], &[x(&[2, 3, 8, 9])]));
        }
        let input = free(&[N, D::Fixed(3), D::Fixed(8), W]);
        out.push(case(&format!("{op}_one_free"), op, &[("output_size", ints(&[1]))], std::slice::from_ref(&input)));
        out.push(case(&format!("{op}_free"), op, &[("output_size", ints(&[4, 3]))], &[input]));
    }
    out
}

fn pads() -> Vec<Case> {
    let mut out = Vec::new();
    let pad = |name: &str, mode: &str, width: &[i64], operands: &[In]| {
        case(name, "nn.pad", &[("pad_width", dims(width)), ("pad_mode", Attr::Str(mode.into()))], operands)
    };
    let value = || In::Floats(vec![], vec![1.5]);
    for mode in ["constant", "edge", "reflect", "wrap"] {
        out.push(pad(&format!("pad_{mode}"), mode, &[0, 0, 1, 0, 2, 1, 0, 3], &[x(&[2, 3, 4, 5])]));
        out.push(pad(&format!("pad_{mode}_far"), mode, &[7, 6, 4, 9], &[x(&[3, 5])]));
        out.push(pad(&format!("pad_{mode}_less"), mode, &[0, 0, -1, 2, 1, -2], &[x(&[2, 4, 5])]));
        out.push(pad(&format!("pad_{mode}_single"), mode, &[0, 0, 2, 3], &[x(&[3, 1])]));
        out.push(pad(&format!("pad_{mode}_int"), mode, &[2, 2, 1, 1], &[In::X(DType::I32, vec![D::Fixed(4), D::Fixed(3)])]));
        out.push(pad(&format!("pad_{mode}_free"), mode, &[0, 0, 0, 0, 1, 2], &[free(&[N, W, D::Fixed(5)])]));
        out.push(pad(&format!("pad_{mode}_free_axis"), mode, &[0, 0, 1, 2], &[free(&[N, W])]));
        out.push(pad(&format!("pad_{mode}_nothing"), mode, &[0; 4], &[free(&[N, W])]));
        out.push(pad(&format!("pad_{mode}_bool"), mode, &[1, 1, 0, 2], &[In::X(DType::Bool, vec![D::Fixed(2), D::Fixed(3)])]));
    }
    out.push(pad("pad_value", "constant", &[0, 0, 0, 0, 1, 1, 2, 0], &[x(&[1, 2, 3, 4]), value()]));
    out.push(pad("pad_value_free", "constant", &[0, 0, 1, 1], &[free(&[N, D::Fixed(4)]), value()]));
    out.push(pad("pad_value_vector", "constant", &[1, 0], &[x(&[4]), In::Floats(vec![1], vec![-2.0])]));
    out.push(pad("pad_value_computed", "constant", &[1, 2], &[x(&[4]), x(&[])]));
    out.push(pad("pad_all_away", "constant", &[0, 0, -2, -2], &[x(&[3, 4])]));
    out.push(case(
        "pad_width_operand",
        "nn.pad",
        &[("pad_width", operand(2))],
        &[x(&[2, 3]), value(), In::Ints(vec![4], vec![0, 1, 2, 0])],
    ));
    out
}

fn layouts() -> Vec<Case> {
    let transform = |from: &str, to: &str, input: In| {
        let attrs = [("src_layout", Attr::Str(from.into())), ("dst_layout", Attr::Str(to.into()))];
        case(&format!("layout_{from}_{to}"), "layout_transform", &attrs, &[input])
    };
    vec![
        transform("NCHW", "NHWC", x(&[1, 4, 8, 8])),
        transform("NHWC", "NCHW", x(&[2, 3, 4, 5])),
        transform("NCDHW", "NDHWC", x(&[1, 2, 3, 4, 5])),
        transform("NDHWC", "NCDHW", x(&[1, 2, 3, 4, 5])),
        transform("OIHW", "HWIO", x(&[4, 3, 2, 5])),
        transform("NCW", "NWC", free(&[N, D::Fixed(4), W])),
    ]
}
