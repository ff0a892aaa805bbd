//! Graphs of pools, movement and elementwise operators.

use crate::graph::{Made, Make, dims, ints};
use tvmtrt::ir::attrs::Attr;
use tvmtrt::tensor::dtype::DType;

const TYPES: [DType; 2] = [DType::F16, DType::F32];

pub fn all() -> Vec<Made> {
    [pools(), shapes(), joins(), pads(), unary(), binary(), reductions(), slices(), outputs()].into_iter().flatten().collect()
}

fn pools() -> Vec<Made> {
    let mut out = Vec::new();
    for pool in [2i64, 3] {
        for stride in [1i64, 2] {
            for pad in [vec![0i64, 0], vec![1, 1], vec![0, 0, 1, 1]] {
                if pool == 2 && pad.len() == 4 {
                    continue;
                }
                for ceil in [false, true] {
                    let tag = format!("{pool}_s{stride}_p{pad:?}_{ceil}");
                    let attrs = vec![
                        ("pool_size", ints(&[pool; 2])),
                        ("strides", ints(&[stride; 2])),
                        ("padding", ints(&pad)),
                        ("ceil_mode", Attr::Bool(ceil)),
                    ];
                    out.push(Make::f32(&format!("max_pool2d_{tag}")).one("nn.max_pool2d", &attrs, &[1, 3, 32, 32], &[]));
                    for include in [false, true] {
                        // TVM does not try these.
                        if include && (pad.len() == 4 || stride == 2) {
                            continue;
                        }
                        let attrs = [attrs.clone(), vec![("count_include_pad", Attr::Bool(include))]].concat();
                        let name = format!("avg_pool2d_{tag}_{include}");
                        out.push(Make::f32(&name).one("nn.avg_pool2d", &attrs, &[1, 3, 32, 32], &[]));
                    }
                }
            }
        }
    }
    for op in ["nn.global_max_pool2d", "nn.global_avg_pool2d"] {
        out.push(Make::f32(op).one(op, &[], &[1, 3, 32, 32], &[]));
    }
    for op in ["nn.adaptive_max_pool2d", "nn.adaptive_avg_pool2d"] {
        for dtype in TYPES {
            let m = Make::new(&format!("{op}_{dtype}"), dtype);
            out.push(m.one(op, &[("output_size", ints(&[1, 1]))], &[1, 3, 32, 32], &[]));
        }
    }
    out
}

fn shapes() -> Vec<Made> {
    let mut out = Vec::new();
    for dtype in TYPES {
        out.push(Make::new(&format!("batch_flatten_{dtype}"), dtype).one("nn.batch_flatten", &[], &[1, 3, 4, 6], &[]));
        for (shape, axes) in [(vec![1usize, 5, 1, 1], vec![2i64, 3]), (vec![1, 3, 1], vec![-1])] {
            let m = Make::new(&format!("squeeze_r{}_{dtype}", shape.len()), dtype);
            out.push(m.one("squeeze", &[("axis", ints(&axes))], &shape, &[]));
        }
    }
    let axis = [("axis", Attr::Int(1)), ("num_newaxis", Attr::Int(1))];
    out.push(Make::f32("expand_dims").one("expand_dims", &axis, &[1, 3], &[]));
    for (from, to) in [(vec![1usize, 1, 1, 10], vec![-1i64, 10]), (vec![1, 10, 2, 3], vec![1, -1]), (vec![1, 1, 2, 3], vec![1, 6])] {
        out.push(Make::f16(&format!("reshape_{to:?}")).one("reshape", &[("newshape", dims(&to))], &from, &[]));
    }
    for (shape, order) in [([1usize, 16, 7, 7], [0i64, 2, 3, 1]), ([1, 7, 7, 16], [0, 3, 1, 2])] {
        out.push(Make::f32(&format!("transpose_{order:?}")).one("transpose", &[("axes", ints(&order))], &shape, &[]));
    }
    out
}

fn joins() -> Vec<Made> {
    let mut m = Make::f32("concatenate");
    let (x, y) = (m.x(&[1, 2, 6, 6]), m.x(&[1, 3, 6, 6]));
    let y = m.op("concatenate", &[("axis", Attr::Int(1))], &[x, y]);
    let mut out = vec![m.out(&[y])];
    for (tag, indices) in [("2", vec![8i64]), ("4", vec![4, 8, 12]), ("at_8", vec![8]), ("many", vec![2, 3, 6, 10, 14])] {
        let attrs = [("indices", ints(&indices)), ("axis", Attr::Int(1))];
        out.push(Make::f32(&format!("split_{tag}")).one("split", &attrs, &[1, 16], &[]));
    }
    out
}

fn pads() -> Vec<Made> {
    let pad = |name: &str, shape: &[usize], width: &[i64]| Make::f32(name).one("nn.pad", &[("pad_width", dims(width))], shape, &[]);
    vec![
        pad("pad_nothing", &[1, 8, 16, 16], &[0; 8]),
        pad("pad_even", &[1, 8, 16, 16], &[0, 0, 0, 0, 1, 1, 1, 1]),
        pad("pad_uneven", &[1, 8, 16, 16], &[0, 0, 0, 0, 0, 1, 2, 0]),
        pad("pad_volume_nothing", &[1, 8, 3, 16, 16], &[0; 10]),
    ]
}

fn unary() -> Vec<Made> {
    let names = ["nn.relu", "sigmoid", "tanh", "exp", "log", "sqrt", "abs", "negative", "sin", "cos", "atan", "ceil", "floor", "erf"];
    let mut out: Vec<Made> = names.iter().map(|op| Make::f32(op).one(op, &[], &[1, 8, 3, 3], &[])).collect();
    let clip = [("a_min", Attr::Float(-0.2)), ("a_max", Attr::Float(0.4))];
    out.push(Make::f16("clip").one("clip", &clip, &[1, 8, 3, 3], &[]));
    out.push(Make::f16("relu_f16").one("nn.relu", &[], &[1, 8, 3, 4], &[]));
    out.push(Make::f16("leaky_relu").one("nn.leaky_relu", &[("alpha", Attr::Float(0.1))], &[1, 8, 3, 4], &[]));
    out
}

fn binary() -> Vec<Made> {
    let mut out = Vec::new();
    let shapes: [(&[usize], &[usize]); 5] =
        [(&[1, 8, 3, 3], &[1, 8, 3, 3]), (&[1, 8, 1, 3], &[1, 8, 3, 1]), (&[1, 10], &[10]), (&[1, 1, 1, 10], &[10]), (&[1, 1, 1], &[3])];
    for op in ["add", "subtract", "multiply", "divide", "power"] {
        for dtype in TYPES {
            for constant in [true, false] {
                for (i, (a, b)) in shapes.iter().enumerate() {
                    let mut m = Make::new(&format!("{op}_{dtype}_{constant}_{i}"), dtype);
                    let x = m.x(a);
                    let y = if constant { m.ones(b) } else { m.x(b) };
                    let y = m.op(op, &[], &[x, y]);
                    out.push(m.out(&[y]));
                }
            }
        }
    }
    for dtype in TYPES {
        let mut m = Make::new(&format!("float_const_{dtype}"), dtype);
        let (x, one) = (m.x(&[1, 16]), m.ones(&[]));
        let y = m.op("multiply", &[], &[x, one]);
        out.push(m.out(&[y]));
    }
    let mut m = Make::f16("add_f16");
    let (x, y) = (m.x(&[1, 1000]), m.x(&[1, 1000]));
    let y = m.op("add", &[], &[x, y]);
    out.push(m.out(&[y]));
    out
}

fn reductions() -> Vec<Made> {
    let mut out = Vec::new();
    for op in ["sum", "prod", "max", "min", "mean"] {
        for dtype in TYPES {
            for keep in [true, false] {
                for axes in [vec![1i64], vec![2, 3], vec![1, 2], vec![1, 2, 3]] {
                    let m = Make::new(&format!("{op}_{dtype}_{keep}_{axes:?}"), dtype);
                    out.push(m.one(op, &[("axis", dims(&axes)), ("keepdims", Attr::Bool(keep))], &[1, 2, 3, 4], &[]));
                }
            }
        }
    }
    out
}

/// TVM's two ways to say where a slice ends: its sizes (-1 is all that is left), or the index behind it (negative from the end).
fn slices() -> Vec<Made> {
    let mut out = Vec::new();
    let table: [(&[usize], &[i64], &[i64]); 5] = [
        (&[1, 3, 6, 7], &[0, 0, 0, 0], &[1, 1, 6, 7]),
        (&[1, 3, 6, 7], &[0, 1, 0, 0], &[1, 2, 6, 6]),
        (&[2, 3, 6, 7], &[0, 0, 0, 0], &[-1, -1, -1, -1]),
        (&[2, 3, 6, 7], &[0, 1, 0, 0], &[-1, -1, -1, -1]),
        (&[1, 6], &[0, 1], &[1, 3]),
    ];
    for (i, (shape, begin, end)) in table.iter().enumerate() {
        let size_end = |k: usize| if end[k] < 0 { shape[k] as i64 } else { begin[k] + end[k] };
        let by_size: Vec<i64> = (0..shape.len()).map(size_end).collect();
        for (mode, end) in [("size", by_size), ("end", end.to_vec())] {
            let attrs = [("begin", dims(begin)), ("end", dims(&end))];
            out.push(Make::f32(&format!("strided_slice_{mode}_{i}")).one("strided_slice", &attrs, shape, &[]));
        }
    }
    out
}

fn outputs() -> Vec<Made> {
    let make = |dtype: DType| {
        let mut m = Make::new(&format!("multiple_outputs_{dtype}"), dtype);
        let (x, y) = (m.x(&[1, 3]), m.x(&[1, 3]));
        let z = m.op("add", &[], &[x, y]);
        let w = m.op("add", &[], &[z, y]);
        m.out(&[z, w])
    };
    TYPES.into_iter().map(make).collect()
}
