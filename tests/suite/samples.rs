//! Cases of operators that sample between elements: resize, grid sample.

use super::cases::{dims, operand};
use super::{Case, D, In, case, free, x};
use tvmtrt::ir::attrs::{Attr, Param};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;

const N: D = D::Free("N", 3);
const W: D = D::Free("W", 7);

/// All of them.
pub fn all() -> Vec<Case> {
    [resizes(), grids()].into_iter().flatten().collect()
}

fn text(v: &str) -> Attr {
    Attr::Str(v.into())
}

fn resizes() -> Vec<Case> {
    let mut out = Vec::new();
    let resize = |name: &str, method: &str, mode: &str, rounding: &str, size: &[i64], input: In, more: &[(&str, Attr)]| {
        let attrs = [
            ("size", dims(size)),
            ("method", text(method)),
            ("coordinate_transformation_mode", text(mode)),
            ("rounding_method", text(rounding)),
        ];
        case(name, "image.resize2d", &[&attrs, more].concat(), &[input])
    };
    for mode in ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn"] {
        for (size, tag) in [([13i64, 11], "up"), ([3, 5], "down"), ([16, 4], "mixed")] {
            for method in ["linear", "cubic"] {
                let name = format!("resize2d_{method}_{mode}_{tag}");
                out.push(resize(&name, method, mode, "", &size, x(&[1, 3, 8, 8]), &[]));
            }
            for rounding in ["", "round", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"] {
                let name = format!("resize2d_nearest_{mode}_{tag}_{rounding}");
                out.push(resize(&name, "nearest_neighbor", mode, rounding, &size, x(&[1, 2, 8, 8]), &[]));
            }
        }
        for method in ["nearest_neighbor", "linear", "cubic"] {
            out.push(resize(&format!("resize2d_{method}_{mode}_one"), method, mode, "floor", &[1, 1], x(&[1, 1, 5, 7]), &[]));
        }
    }
    out.push(resize("resize2d_one_row", "linear", "pytorch_half_pixel", "", &[1, 9], x(&[1, 2, 4, 5]), &[]));
    let cubic = [("cubic_alpha", Attr::Float(-0.75)), ("cubic_exclude", Attr::Bool(true))];
    out.push(resize("resize2d_cubic_exclude", "cubic", "half_pixel", "", &[9, 5], x(&[1, 2, 6, 7]), &cubic));
    let ratio = [("scale_h", Attr::Float(2.3)), ("scale_w", Attr::Float(0.6))];
    for mode in ["half_pixel", "half_pixel_symmetric", "asymmetric", "align_corners"] {
        out.push(resize(&format!("resize2d_ratio_{mode}"), "linear", mode, "", &[11, 4], x(&[1, 2, 5, 7]), &ratio));
    }
    out.push(resize("resize2d_batch_free", "linear", "half_pixel", "", &[16, 12], free(&[N, D::Fixed(2), D::Fixed(8), D::Fixed(6)]), &[]));
    let uneven = free(&[N, D::Fixed(2), D::Fixed(7), D::Fixed(6)]);
    out.push(resize("resize2d_batch_free_uneven", "nearest_neighbor", "asymmetric", "floor", &[12, 9], uneven, &[]));
    // Twice as large, whatever that is.
    let symbol = |s: &str| &Dim::symbol(s, 1, 1 << 20) * &Dim::from(2i64);
    let size = Attr::Param(Param::Static(vec![symbol("H"), symbol("W")]));
    for (method, mode) in [("nearest_neighbor", "asymmetric"), ("linear", "half_pixel"), ("linear", "align_corners")] {
        let attrs = [
            ("size", size.clone()),
            ("scale_h", Attr::Float(2.0)),
            ("scale_w", Attr::Float(2.0)),
            ("method", text(method)),
            ("coordinate_transformation_mode", text(mode)),
        ];
        let input = free(&[N, D::Fixed(2), D::Free("H", 5), W]);
        out.push(case(&format!("resize2d_free_{method}_{mode}"), "image.resize2d", &attrs, &[input]));
    }
    out.push(case("resize2d_size_operand", "image.resize2d", &[("size", operand(1))], &[x(&[1, 2, 4, 4]), In::Ints(vec![2], vec![6, 8])]));
    let half = In::X(DType::F16, [1, 2, 4, 4].map(D::Fixed).to_vec());
    out.push(resize("resize2d_nearest_half", "nearest_neighbor", "asymmetric", "floor", &[8, 8], half, &[]));
    out
}

fn grids() -> Vec<Case> {
    let mut out = Vec::new();
    for method in ["nearest", "bilinear", "bicubic"] {
        for outside in ["zeros", "border", "reflection"] {
            for align in [false, true] {
                let attrs = [("method", text(method)), ("padding_mode", text(outside)), ("align_corners", Attr::Bool(align))];
                let name = format!("grid_sample_{method}_{outside}_{align}");
                // The grid's elements are from -2 to 2: half of them lie outside.
                out.push(case(&name, "image.grid_sample", &attrs, &[x(&[2, 3, 5, 6]), x(&[2, 2, 4, 7])]));
            }
        }
    }
    let one = [("padding_mode", text("reflection"))];
    out.push(case("grid_sample_single", "image.grid_sample", &one, &[x(&[1, 2, 1, 4]), x(&[1, 2, 3, 3])]));
    let inputs = [free(&[N, D::Fixed(2), D::Fixed(4), W]), free(&[N, D::Fixed(2), D::Free("H", 5), D::Fixed(3)])];
    out.push(case("grid_sample_free", "image.grid_sample", &[], &inputs));
    out
}
