//! Graphs of convolutions, products and normalisation.

use crate::graph::{Made, Make, ints, text};
use tvmtrt::ir::attrs::Attr;
use tvmtrt::tensor::dtype::DType;

pub fn all() -> Vec<Made> {
    [simple(), convolutions(), nhwc(), products(), transposed(), norms(), volumes(), free()].into_iter().flatten().collect()
}

fn simple() -> Vec<Made> {
    let mut out = Vec::new();
    for (dtype, constant) in [(DType::F16, false), (DType::F32, false), (DType::F32, true)] {
        let mut m = Make::new(&format!("simple_{dtype}_{constant}"), dtype);
        let x = m.x(&[1, 3, 2, 2]);
        let y = if constant { m.k(&[1, 3, 1, 1]) } else { m.x(&[1, 3, 1, 1]) };
        let z = m.x(&[1, 1, 1, 1]);
        let sum = m.op("add", &[], &[x, y]);
        let product = m.op("multiply", &[], &[z, sum]);
        let y = m.op("nn.relu", &[], &[product]);
        out.push(m.out(&[y]));
    }
    // Casts go to TensorRT too, and the sum has one operand twice.
    let mut m = Make::f32("not_compatible");
    let x = m.x(&[1, 32, 14, 14]);
    let sum = m.op("add", &[], &[x, x]);
    let whole = m.op("cast", &[("dtype", Attr::DType(DType::I32))], &[sum]);
    let back = m.op("cast", &[("dtype", Attr::DType(DType::F32))], &[whole]);
    let y = m.op("nn.relu", &[], &[back]);
    out.push(m.out(&[y]));
    out
}

fn window(s: &[i64], p: &[i64], d: &[i64], g: i64) -> [(&'static str, Attr); 4] {
    [("strides", ints(s)), ("padding", ints(p)), ("dilation", ints(d)), ("groups", Attr::Int(g))]
}

fn convolutions() -> Vec<Made> {
    let mut out = vec![Make::f16("conv1d").one("nn.conv1d", &window(&[1], &[1, 1], &[1], 1), &[1, 3, 224], &[&[10, 3, 3]])];
    for (k, g) in [([16usize, 32, 3, 3], 1), ([32, 1, 3, 3], 32)] {
        for p in [0, 1] {
            for s in [1, 2] {
                for d in [1, 2] {
                    let attrs = window(&[s, s], &[p, p], &[d, d], g);
                    out.push(Make::f16(&format!("conv2d_g{g}_p{p}_s{s}_d{d}")).one("nn.conv2d", &attrs, &[1, 32, 8, 8], &[&k]));
                }
            }
        }
    }
    let uneven = window(&[2, 2], &[2, 2, 3, 3], &[1, 1], 3);
    out.push(Make::f16("conv2d_uneven_padding").one("nn.conv2d", &uneven, &[1, 3, 16, 16], &[&[24, 1, 7, 7]]));
    out.push(Make::f32("conv2d_1x1").one("nn.conv2d", &[], &[1, 3, 16, 16], &[&[1, 3, 1, 1]]));
    let mut m = Make::f16("conv2d_ones");
    let (x, k) = (m.x(&[1, 32, 8, 8]), m.ones(&[16, 32, 3, 3]));
    let y = m.op("nn.conv2d", &[], &[x, k]);
    out.push(m.out(&[y]));
    out
}

/// What TVM's layout pass makes of a convolution of images whose channels stand last; and weights behind a transpose.
fn nhwc() -> Vec<Made> {
    let mut m = Make::f32("conv2d_nhwc").folded();
    let (x, k) = (m.x(&[1, 8, 8, 32]), m.k(&[3, 3, 32, 16]));
    let x = m.op("layout_transform", &[("src_layout", text("NHWC")), ("dst_layout", text("NCHW"))], &[x]);
    let k = m.op("layout_transform", &[("src_layout", text("HWIO")), ("dst_layout", text("OIHW"))], &[k]);
    let y = m.op("nn.conv2d", &[], &[x, k]);
    let y = m.op("layout_transform", &[("src_layout", text("NCHW")), ("dst_layout", text("NHWC"))], &[y]);
    let first = m.out(&[y]);
    let mut m = Make::f32("conv2d_weights_transposed").folded();
    let (x, k) = (m.x(&[1, 32, 9, 9]), m.k(&[3, 3, 32, 16]));
    let k = m.op("transpose", &[("axes", ints(&[3, 2, 0, 1]))], &[k]);
    let y = m.op("nn.conv2d", &[], &[x, k]);
    vec![first, m.out(&[y])]
}

fn products() -> Vec<Made> {
    let mut out: Vec<Made> =
        [32usize, 1].iter().map(|n| Make::f32(&format!("dense_{n}")).one("nn.dense", &[], &[1, 16], &[&[*n, 16]])).collect();
    for (a, b, ta, tb) in [
        ([12usize, 64, 128], [12usize, 128, 64], true, true),
        ([12, 64, 128], [12, 64, 128], true, false),
        ([12, 128, 64], [12, 128, 64], false, true),
        ([12, 128, 64], [12, 64, 128], false, false),
    ] {
        let mut m = Make::f32(&format!("batch_matmul_{ta}_{tb}"));
        let (x, y) = (m.x(&a), m.x(&b));
        let y = m.op("nn.batch_matmul", &[("transpose_a", Attr::Bool(ta)), ("transpose_b", Attr::Bool(tb))], &[x, y]);
        out.push(m.out(&[y]));
    }
    for (shape, n, axis) in [(vec![1usize, 16], 16usize, 1i64), (vec![1, 6, 3, 4], 6, 1), (vec![1, 6, 3, 4], 4, -1)] {
        let name = format!("bias_add_r{}_{axis}", shape.len());
        out.push(Make::f32(&name).one("nn.bias_add", &[("axis", Attr::Int(axis))], &shape, &[&[n]]));
    }
    out
}

fn transposed() -> Vec<Made> {
    let mut out = Vec::new();
    for p in [0, 1] {
        for s in [1, 2] {
            let attrs = window(&[s, s], &[p, p], &[1, 1], 1);
            let m = Make::f32(&format!("conv2d_transpose_p{p}_s{s}"));
            out.push(m.one("nn.conv2d_transpose", &attrs, &[1, 32, 8, 8], &[&[32, 16, 3, 3]]));
        }
    }
    for (s, more) in [(1, 0), (2, 0), (2, 1)] {
        let attrs = [("strides", ints(&[s; 3])), ("output_padding", ints(&[more; 3]))];
        let m = Make::f32(&format!("conv3d_transpose_s{s}_o{more}"));
        out.push(m.one("nn.conv3d_transpose", &attrs, &[1, 32, 8, 8, 8], &[&[32, 16, 3, 3, 3]]));
    }
    out
}

fn norms() -> Vec<Made> {
    let mut out = Vec::new();
    for (shape, axis, epsilon) in [
        (vec![1usize, 64, 56, 56], 1usize, 1e-5),
        (vec![1, 56, 56, 64], 3, 1.001e-5),
        (vec![1, 4, 8, 4], 2, 1e-5),
        (vec![1, 8, 4, 4, 4], 1, 1e-5),
        (vec![1, 4, 8, 4, 4], 2, 1e-5),
        (vec![1, 4, 4, 4, 8], 4, 1e-5),
        (vec![1, 8], 1, 1e-5),
        (vec![1, 3, 8], 2, 1e-5),
    ] {
        let mut m = Make::f32(&format!("batch_norm_r{}_{axis}", shape.len()));
        let n = shape[axis];
        let mut operands = vec![m.x(&shape), m.k(&[n]), m.k(&[n]), m.k(&[n])];
        operands.push(m.positive(n));
        let y = m.op("nn.batch_norm", &[("axis", Attr::Int(axis as i64)), ("epsilon", Attr::Float(epsilon))], &operands);
        out.push(m.out(&[y]));
    }
    // TVM normalises one axis; ours is the last one, so another is brought there.
    let mut m = Make::f32("layer_norm_1");
    let (x, gamma, beta) = (m.x(&[1, 32, 8, 8]), m.k(&[32]), m.k(&[32]));
    let last = m.op("transpose", &[("axes", ints(&[0, 2, 3, 1]))], &[x]);
    let y = m.op("nn.layer_norm", &[], &[last, gamma, beta]);
    let y = m.op("transpose", &[("axes", ints(&[0, 3, 1, 2]))], &[y]);
    out.push(m.out(&[y]));
    let epsilon = [("epsilon", Attr::Float(1.001e-5))];
    out.push(Make::f32("layer_norm_3").one("nn.layer_norm", &epsilon, &[1, 8, 8, 32], &[&[32], &[32]]));
    out.push(Make::f32("layer_norm_r2").one("nn.layer_norm", &[], &[1, 8], &[&[8], &[8]]));
    for (shape, axis, dtype) in [
        (vec![1usize, 1000], 1i64, DType::F32),
        (vec![1, 1000], -1, DType::F32),
        (vec![1, 3, 4], -2, DType::F16),
        (vec![1, 3, 4], 1, DType::F16),
    ] {
        let m = Make::new(&format!("softmax_r{}_{axis}", shape.len()), dtype);
        out.push(m.one("nn.softmax", &[("axis", Attr::Int(axis))], &shape, &[]));
    }
    out
}

fn volumes() -> Vec<Made> {
    let mut out = Vec::new();
    for pad in [vec![0i64, 0, 0, 0, 0, 0], vec![0, 0, 0, 1, 1, 1]] {
        let m = Make::f32(&format!("conv3d_p{}", pad[5]));
        out.push(m.one("nn.conv3d", &[("padding", ints(&pad))], &[1, 24, 8, 8, 8], &[&[16, 24, 3, 3, 3]]));
    }
    let pool = |name: &str, op: &str, stride: i64, pad: &[i64]| {
        let attrs = [("pool_size", ints(&[2; 3])), ("strides", ints(&[stride; 3])), ("padding", ints(pad))];
        Make::f32(name).one(op, &attrs, &[1, 3, 8, 32, 32], &[])
    };
    out.push(pool("avg_pool3d", "nn.avg_pool3d", 2, &[]));
    out.push(pool("max_pool3d", "nn.max_pool3d", 2, &[]));
    out.push(pool("max_pool3d_uneven_padding", "nn.max_pool3d", 2, &[0, 0, 0, 1, 1, 1]));
    out.push(pool("max_pool3d_s1", "nn.max_pool3d", 1, &[]));
    out
}

/// Extents that are known when it runs only.
fn free() -> Vec<Made> {
    let mut m = Make::f32("dynamic_offload");
    let (x, y, k) = (m.free(&[("", 1), ("", 32), ("H", 8), ("W", 8)]), m.x(&[1, 32, 8, 8]), m.k(&[1, 32, 3, 3]));
    let (a, b) = (m.op("nn.conv2d", &[], &[x, k]), m.op("nn.conv2d", &[], &[y, k]));
    let y = m.op("add", &[], &[a, b]);
    let mut out = vec![m.out(&[y])];
    let mut m = Make::f32("dynamic_batch");
    let x = m.free(&[("N", 3), ("", 1), ("", 8), ("", 8)]);
    let y = m.op("nn.relu", &[], &[x]);
    out.push(m.out(&[y]));
    let mut m = Make::f32("dynamic_batch_conv");
    let (x, k) = (m.free(&[("N", 3), ("", 32), ("", 8), ("", 8)]), m.k(&[16, 32, 3, 3]));
    let y = m.op("nn.conv2d", &[], &[x, k]);
    out.push(m.out(&[y]));
    out
}
