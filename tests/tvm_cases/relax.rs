//! Graphs of the tests of TVM's later path, from Relax.

use crate::graph::{Made, Make, dims, ints, text};
use tvmtrt::ir::attrs::Attr;

pub fn all() -> Vec<Made> {
    [contractions(), movement(), resizes()].into_iter().flatten().collect()
}

fn contractions() -> Vec<Made> {
    let pad = |n: i64, axes: usize| ("padding", ints(&vec![n; axes]));
    let mut m = Make::f32("relax_residual");
    let (x, k1, k2) = (m.x(&[1, 64, 56, 56]), m.k(&[64, 64, 3, 3]), m.k(&[64, 64, 3, 3]));
    let y = m.op("nn.conv2d", &[pad(1, 2)], &[x, k1]);
    let y = m.op("nn.relu", &[], &[y]);
    let y = m.op("nn.conv2d", &[pad(1, 2)], &[y, k2]);
    let y = m.op("add", &[], &[y, x]);
    let y = m.op("nn.relu", &[], &[y]);
    let mut out = vec![m.out(&[y])];
    out.push(Make::f32("relax_conv1d").one("nn.conv1d", &[pad(1, 1)], &[2, 8, 16], &[&[4, 8, 3]]));
    out.push(Make::f32("relax_conv2d_transpose").one("nn.conv2d_transpose", &[pad(1, 2)], &[2, 8, 16, 16], &[&[8, 4, 3, 3]]));
    out.push(Make::f32("relax_conv3d_transpose").one("nn.conv3d_transpose", &[pad(1, 3)], &[2, 4, 8, 8, 8], &[&[4, 2, 3, 3, 3]]));
    for (name, a, b) in [("relax_matmul", vec![4usize, 8], vec![8usize, 16]), ("relax_matmul_batched", vec![2, 4, 8], vec![2, 8, 16])] {
        let mut m = Make::f32(name);
        let (a, b) = (m.x(&a), m.x(&b));
        let y = m.op("nn.batch_matmul", &[("transpose_a", Attr::Bool(false)), ("transpose_b", Attr::Bool(false))], &[a, b]);
        out.push(m.out(&[y]));
    }
    let mut m = Make::f32("relax_constant_on_the_left");
    let (k, x) = (m.k(&[2, 3, 4]), m.x(&[2, 3, 4]));
    let y = m.op("subtract", &[], &[k, x]);
    out.push(m.out(&[y]));
    out.push(Make::f32("relax_layer_norm").one("nn.layer_norm", &[], &[2, 4, 8], &[&[8], &[8]]));
    let axis = [("axis", Attr::Int(-2))];
    out.push(Make::f32("relax_layer_norm_two_axes").one("nn.layer_norm", &axis, &[2, 3, 4, 5], &[&[4, 5], &[4, 5]]));
    let mut m = Make::f32("relax_partition");
    let (x, k) = (m.x(&[1, 8, 16, 16]), m.k(&[16, 8, 3, 3]));
    let y = m.op("nn.conv2d", &[pad(1, 2)], &[x, k]);
    let y = m.op("nn.relu", &[], &[y]);
    out.push(m.out(&[y]));
    let mut m = Make::f32("relax_silu");
    let x = m.x(&[1, 16, 8, 8]);
    let gate = m.op("sigmoid", &[], &[x]);
    let y = m.op("multiply", &[], &[x, gate]);
    out.push(m.out(&[y]));
    out
}

fn movement() -> Vec<Made> {
    let mut out = Vec::new();
    for op in ["nn.max_pool2d", "nn.avg_pool2d"] {
        let attrs = [("pool_size", ints(&[2, 2])), ("strides", ints(&[2, 2]))];
        out.push(Make::f32(&format!("relax_{op}")).one(op, &attrs, &[2, 8, 16, 16], &[]));
    }
    out.push(Make::f32("relax_softmax").one("nn.softmax", &[("axis", Attr::Int(1))], &[2, 8, 16, 16], &[]));
    for (tag, axes) in [("one", vec![1i64]), ("all", vec![])] {
        let attrs = [("axis", dims(&axes)), ("keepdims", Attr::Bool(true))];
        out.push(Make::f32(&format!("relax_sum_{tag}")).one("sum", &attrs, &[2, 3, 4], &[]));
    }
    let mut m = Make::f32("relax_expand_dims");
    let x = m.x(&[2, 4]);
    let y = m.op("expand_dims", &[("axis", Attr::Int(1))], &[x]);
    let y = m.op("expand_dims", &[("axis", Attr::Int(3))], &[y]);
    out.push(m.out(&[y]));
    let clip = [("a_min", Attr::Float(0.0)), ("a_max", Attr::Float(6.0))];
    out.push(Make::f32("relax_clip").one("clip", &clip, &[2, 8, 4, 4], &[]));
    out.push(Make::f32("relax_reshape").one("reshape", &[("newshape", dims(&[2, 8, 16]))], &[2, 8, 4, 4], &[]));
    for (tag, axes, begin, end, step) in
        [("steps", vec![1i64, 2], vec![2i64, 0], vec![6i64, 8], vec![2i64, 1]), ("plain", vec![1], vec![2], vec![6], vec![])]
    {
        let attrs = [("axes", dims(&axes)), ("begin", dims(&begin)), ("end", dims(&end)), ("strides", dims(&step))];
        out.push(Make::f32(&format!("relax_strided_slice_{tag}")).one("strided_slice", &attrs, &[4, 8, 16], &[]));
    }
    for (tag, op, at) in [("2", "subtract", 4i64), ("at_4", "add", 4)] {
        let mut m = Make::f32(&format!("relax_split_{tag}"));
        let x = m.x(&[4, 8, 16]);
        let parts = m.ops("split", &[("indices", ints(&[at])), ("axis", Attr::Int(1))], &[x]);
        let y = m.op(op, &[], &[parts[1], parts[0]]);
        out.push(m.out(&[y]));
    }
    let layouts = [("src_layout", text("NCHW")), ("dst_layout", text("NHWC"))];
    out.push(Make::f32("relax_layout_transform").one("layout_transform", &layouts, &[1, 4, 8, 8], &[]));
    out
}

fn resizes() -> Vec<Made> {
    let resize = |name: &str, method: &str, mode: &str, size: &[i64], shape: &[usize]| {
        let attrs = [
            ("size", dims(size)),
            ("method", text(method)),
            ("coordinate_transformation_mode", text(mode)),
            ("rounding_method", text("floor")),
            ("cubic_alpha", Attr::Float(-0.5)),
        ];
        Make::f32(name).one("image.resize2d", &attrs, shape, &[])
    };
    vec![
        resize("relax_resize_nearest", "nearest_neighbor", "asymmetric", &[13, 11], &[1, 3, 8, 8]),
        resize("relax_resize_linear", "linear", "half_pixel", &[13, 11], &[1, 3, 8, 8]),
        resize("relax_resize_cubic", "cubic", "half_pixel", &[16, 16], &[1, 3, 8, 8]),
        resize("relax_resize_one", "linear", "pytorch_half_pixel", &[1, 1], &[1, 1, 5, 7]),
    ]
}
