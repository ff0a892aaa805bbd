//! Attributes and operands of random cases, operator by operator: legal ones, edges included. Operators that are not here are tried with
//! the suite's own cases at other extents.

use super::Random;
use tvmtrt::ir::attrs::{Attr, Param};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

/// One operand.
pub struct Operand {
    pub tensor: Tensor,
    /// Never an input.
    pub always_constant: bool,
    /// Never a constant.
    pub never_constant: bool,
    /// Another operand again.
    pub same_as: Option<usize>,
}

/// A node to be.
pub struct Plan {
    pub attrs: Vec<(&'static str, Attr)>,
    pub operands: Vec<Operand>,
}

const F: DType = DType::F32;

fn operand(tensor: Tensor) -> Operand {
    Operand { tensor, always_constant: false, never_constant: false, same_as: None }
}

/// Elements of any type, mostly float32: for operators that only move them.
fn elements(r: &mut Random, shape: &[usize]) -> Operand {
    let types = [F, F, F, F, DType::F16, DType::I32, DType::I64, DType::Bool, DType::I8];
    let dtype = *r.pick(&types);
    operand(r.tensor(dtype, shape, false))
}

fn constant(tensor: Tensor) -> Operand {
    Operand { always_constant: true, ..operand(tensor) }
}

fn float(r: &mut Random, shape: &[usize]) -> Operand {
    operand(r.tensor(F, shape, false))
}

fn plan(attrs: Vec<(&'static str, Attr)>, operands: Vec<Operand>) -> Option<Plan> {
    Some(Plan { attrs, operands })
}

fn dims(v: &[i64]) -> Attr {
    Attr::Param(Param::Static(v.iter().map(|d| Dim::from(*d)).collect()))
}

/// An axis of a rank, from the front or from the end.
fn axis(r: &mut Random, rank: usize) -> i64 {
    let at = r.below(rank) as i64;
    if r.once_in(2) { at - rank as i64 } else { at }
}

fn some_shape(r: &mut Random, least: usize, most: usize) -> Vec<usize> {
    let rank = r.range(least as i64, most as i64) as usize;
    r.shape(rank)
}

/// Indices into an axis, some from its end.
fn indices(r: &mut Random, extent: usize, shape: &[usize]) -> Tensor {
    let v: Vec<i64> = (0..shape.iter().product()).map(|_| r.range(-(extent as i64), extent as i64 - 1)).collect();
    if r.once_in(2) { Tensor::from_vec(shape, v) } else { Tensor::from_vec(shape, v.into_iter().map(|v| v as i32).collect()) }
}

/// A shape that broadcasts to `shape`.
fn broadcasting(r: &mut Random, shape: &[usize]) -> Vec<usize> {
    let lead = if r.once_in(2) { r.below(shape.len() + 1) } else { 0 };
    shape[lead..].iter().map(|d| if r.once_in(3) { 1 } else { *d }).collect()
}

const UNARY: &[&str] =
    &["abs", "ceil", "cos", "erf", "exp", "floor", "negative", "nn.relu", "round", "sigmoid", "sin", "tanh", "log", "sqrt"];
const BINARY: &[&str] = &[
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
    "power",
];
const REDUCE: &[&str] = &["sum", "prod", "max", "min", "mean"];

/// A recipe's outcome, or `None` where there is no recipe.
pub fn recipe(op: &str, r: &mut Random) -> Option<Plan> {
    match op {
        _ if UNARY.contains(&op) => {
            let shape = some_shape(r, 0, 5);
            let tensor = r.tensor(F, &shape, matches!(op, "log" | "sqrt"));
            plan(vec![], vec![operand(tensor)])
        }
        _ if BINARY.contains(&op) => binary(op, r),
        _ if REDUCE.contains(&op) => {
            let shape = some_shape(r, 1, 5);
            let mut axes: Vec<i64> = (0..shape.len() as i64).filter(|_| r.once_in(2)).collect();
            axes.iter_mut().for_each(|a| *a -= if r.once_in(2) { shape.len() as i64 } else { 0 });
            let dtype = *r.pick(&[F, F, F, DType::I32, DType::I64]);
            let tensor = r.tensor(dtype, &shape, false);
            plan(vec![("axis", dims(&axes)), ("keepdims", Attr::Bool(r.once_in(2)))], vec![operand(tensor)])
        }
        "nn.softmax" | "nn.log_softmax" => {
            let shape = some_shape(r, 1, 5);
            plan(vec![("axis", Attr::Int(axis(r, shape.len())))], vec![float(r, &shape)])
        }
        "where" => {
            let shape = some_shape(r, 0, 4);
            let (c, a, b) = (broadcasting(r, &shape), broadcasting(r, &shape), broadcasting(r, &shape));
            let condition = r.tensor(DType::Bool, &c, false);
            let dtype = *r.pick(&[F, F, DType::I32, DType::Bool]);
            let (a, b) = (r.tensor(dtype, &a, false), r.tensor(dtype, &b, false));
            plan(vec![], vec![operand(condition), operand(a), operand(b)])
        }
        "clip" => {
            let shape = some_shape(r, 0, 5);
            let (low, high) = (r.unit(), r.unit());
            let low = if r.once_in(4) { f64::NEG_INFINITY } else { low.min(high) };
            let high = if r.once_in(4) { f64::INFINITY } else { high.max(low) };
            plan(vec![("a_min", Attr::Float(low)), ("a_max", Attr::Float(high))], vec![float(r, &shape)])
        }
        "cast" => {
            let types = [F, DType::F16, DType::I32, DType::I64, DType::Bool];
            let (from, to, shape) = (*r.pick(&types), *r.pick(&types), some_shape(r, 0, 4));
            plan(vec![("dtype", Attr::DType(to))], vec![operand(r.tensor(from, &shape, false))])
        }
        _ => moving(op, r).or_else(|| indexing(op, r)).or_else(|| windows(op, r)),
    }
}

fn binary(op: &str, r: &mut Random) -> Option<Plan> {
    let shape = some_shape(r, 0, 5);
    let (mut a, mut b) = (shape.clone(), broadcasting(r, &shape));
    if r.once_in(2) {
        std::mem::swap(&mut a, &mut b);
    }
    let dtype = if op != "power" && r.once_in(5) { DType::I32 } else { F };
    let positive = matches!(op, "divide" | "floor_divide" | "power");
    let left = operand(r.tensor(dtype, &a, op == "power"));
    let mut right = operand(r.tensor(dtype, &b, positive));
    if a == b && r.once_in(5) {
        right.same_as = Some(0);
    }
    plan(vec![], vec![left, right])
}

/// Operators that move elements.
fn moving(op: &str, r: &mut Random) -> Option<Plan> {
    let shape = some_shape(r, 1, 5);
    let rank = shape.len();
    match op {
        "transpose" => {
            let mut axes: Vec<i64> = (0..rank as i64).collect();
            (0..rank).for_each(|i| axes.swap(i, r.below(rank)));
            plan(vec![("axes", Attr::Ints(axes))], vec![elements(r, &shape)])
        }
        "reshape" => {
            let at = r.below(rank);
            let mut to: Vec<i64> = shape.iter().map(|d| *d as i64).collect();
            if at + 1 < rank {
                let joined = to[at] * to.remove(at + 1);
                to[at] = if r.once_in(2) { -1 } else { joined };
            }
            (0..at.min(to.len())).for_each(|i| to[i] = if r.once_in(2) { 0 } else { to[i] });
            plan(vec![("newshape", dims(&to))], vec![elements(r, &shape)])
        }
        "expand_dims" => plan(vec![("axis", Attr::Int(axis(r, rank)))], vec![elements(r, &shape)]),
        "squeeze" => plan(vec![], vec![elements(r, &shape)]),
        "concatenate" | "stack" => {
            let along = axis(r, rank);
            let count = r.range(1, 4);
            let at = along.rem_euclid(rank as i64) as usize;
            let dtype = *r.pick(&[F, F, DType::I32, DType::F16, DType::Bool]);
            let mut operands = Vec::new();
            for i in 0..count as usize {
                let mut part = shape.clone();
                part[at] = if op == "stack" { part[at] } else { r.range(1, 4) as usize };
                let mut made = operand(r.tensor(dtype, &part, false));
                made.same_as = (i > 0 && r.once_in(4)).then(|| r.below(i));
                operands.push(made);
            }
            plan(vec![("axis", Attr::Int(along))], operands)
        }
        "split" => {
            let along = axis(r, rank);
            let extent = shape[along.rem_euclid(rank as i64) as usize] as i64;
            let mut cuts: Vec<i64> = (1..extent).filter(|_| r.once_in(2)).collect();
            cuts.truncate(4);
            plan(vec![("indices", Attr::Ints(cuts)), ("axis", Attr::Int(along))], vec![elements(r, &shape)])
        }
        "strided_slice" => {
            let axes: Vec<i64> = (0..rank as i64).filter(|_| r.once_in(2)).collect();
            let (mut begin, mut end, mut step) = (Vec::new(), Vec::new(), Vec::new());
            for a in &axes {
                let extent = shape[*a as usize] as i64;
                let s = *r.pick(&[1, 1, 2, 3, -1, -2]);
                let (low, high) = (r.range(0, extent - 1), r.range(0, extent - 1));
                let (low, high) = (low.min(high), low.max(high));
                let from_end = if r.once_in(3) { extent } else { 0 };
                begin.push(if s > 0 { low } else { high } - from_end);
                end.push(if s > 0 {
                    high + 1
                } else if low == 0 {
                    -extent - 1
                } else {
                    low - 1
                });
                step.push(s);
            }
            let attrs = vec![("begin", dims(&begin)), ("end", dims(&end)), ("strides", dims(&step)), ("axes", dims(&axes))];
            plan(attrs, vec![elements(r, &shape)])
        }
        "tile" => {
            let reps: Vec<i64> = shape.iter().map(|_| r.range(1, 3)).collect();
            plan(vec![("reps", dims(&reps))], vec![elements(r, &shape)])
        }
        "repeat" => plan(vec![("repeats", Attr::Int(r.range(1, 3))), ("axis", Attr::Int(axis(r, rank)))], vec![elements(r, &shape)]),
        "reverse" => plan(vec![("axis", Attr::Int(axis(r, rank)))], vec![elements(r, &shape)]),
        "broadcast_to" => {
            let from = broadcasting(r, &shape);
            let to: Vec<i64> = shape.iter().map(|d| *d as i64).collect();
            plan(vec![("shape", dims(&to))], vec![elements(r, &from)])
        }
        _ => None,
    }
}

/// Operators with indices.
fn indexing(op: &str, r: &mut Random) -> Option<Plan> {
    let shape = some_shape(r, 1, 4);
    let rank = shape.len();
    let along = axis(r, rank);
    let at = along.rem_euclid(rank as i64) as usize;
    let data = if op.starts_with("scatter") || op == "qnn.quantize" { float(r, &shape) } else { elements(r, &shape) };
    match op {
        "take" => {
            let places = some_shape(r, 0, 2);
            let mode = *r.pick(&["fast", "fast", "clip", "wrap"]);
            let chosen = indices(r, shape[at], &places);
            plan(vec![("axis", Attr::Int(along)), ("mode", Attr::Str(mode.into()))], vec![data, operand(chosen)])
        }
        "gather" => {
            let part: Vec<usize> =
                (0..rank).map(|i| if i == at { r.range(1, 5) as usize } else { r.range(1, shape[i] as i64) as usize }).collect();
            let chosen = indices(r, shape[at], &part);
            plan(vec![("axis", Attr::Int(along))], vec![data, operand(chosen)])
        }
        "gather_nd" | "scatter_nd" => {
            let coordinates = r.range(1, rank as i64) as usize;
            let batch = if op == "gather_nd" { r.below((rank - coordinates).min(2) + 1) } else { 0 };
            let least = *shape[batch..batch + coordinates].iter().min()?;
            let extra = r.range(usize::from(op == "scatter_nd") as i64, 2) as usize;
            let places = [&shape[..batch], &r.shape(extra)].concat();
            let chosen = if op == "gather_nd" {
                indices(r, least, &[&[coordinates], places.as_slice()].concat())
            } else {
                return scatter_nd(r, &shape, coordinates);
            };
            plan(vec![("batch_dims", Attr::Int(batch as i64))], vec![data, operand(chosen)])
        }
        "scatter_elements" => {
            // Each place once along the axis: the order of updates is nobody's promise.
            let mut part = shape.clone();
            part[at] = r.range(1, shape[at] as i64) as usize;
            let inner: usize = part[at + 1..].iter().product();
            let v: Vec<i64> = (0..part.iter().product::<usize>()).map(|i| (i / inner % part[at]) as i64).collect();
            plan(vec![("axis", Attr::Int(along))], vec![data, operand(Tensor::from_vec(&part, v)), float(r, &part)])
        }
        "reverse_sequence" if rank > 1 => {
            let other = (at + 1) % rank;
            let lengths: Vec<i32> = (0..shape[other]).map(|_| r.range(0, shape[at] as i64) as i32).collect();
            let attrs = vec![("seq_axis", Attr::Int(along)), ("batch_axis", Attr::Int(other as i64))];
            plan(attrs, vec![data, operand(Tensor::from_vec(&[lengths.len()], lengths))])
        }
        "qnn.quantize" => {
            let scale = Tensor::scalar(0.01f32 * r.range(1, 9) as f32);
            plan(vec![], vec![data, constant(scale), constant(Tensor::zeros(DType::I8, &[]))])
        }
        "qnn.dequantize" => {
            let whole = Operand { never_constant: r.once_in(2), ..operand(r.tensor(DType::I8, &shape, false)) };
            let scale = Tensor::scalar(0.01f32 * r.range(1, 9) as f32);
            plan(vec![], vec![whole, constant(scale), constant(Tensor::zeros(DType::I8, &[]))])
        }
        _ => None,
    }
}

/// Places that differ.
fn scatter_nd(r: &mut Random, shape: &[usize], coordinates: usize) -> Option<Plan> {
    let count = r.range(1, shape[0] as i64) as usize;
    let first = (0..count).map(|i| i as i64);
    let rest: Vec<i64> = (0..count * (coordinates - 1)).map(|k| r.range(0, shape[1 + k / count] as i64 - 1)).collect();
    let chosen = Tensor::from_vec(&[coordinates, count], first.chain(rest).collect());
    let updates = [&[count], &shape[coordinates..]].concat();
    let (data, updates) = (float(r, shape), float(r, &updates));
    plan(vec![], vec![data, operand(chosen), updates])
}

/// Convolutions, pooling, products, normalisation.
fn windows(op: &str, r: &mut Random) -> Option<Plan> {
    let two = |r: &mut Random, low: i64, high: i64| Attr::Ints(vec![r.range(low, high), r.range(low, high)]);
    let image = [r.range(1, 3) as usize, r.range(1, 6) as usize, r.range(5, 9) as usize, r.range(5, 9) as usize];
    match op {
        "nn.conv2d" => {
            let groups = if r.once_in(3) { image[1] } else { 1 };
            let maps = groups * r.range(1, 3) as usize;
            let weights = [maps, image[1] / groups, r.range(1, 3) as usize, r.range(1, 3) as usize];
            let pads = Attr::Ints((0..4).map(|_| r.range(0, 2)).collect());
            let attrs =
                vec![("strides", two(r, 1, 2)), ("padding", pads), ("dilation", two(r, 1, 2)), ("groups", Attr::Int(groups as i64))];
            plan(attrs, vec![float(r, &image), constant(r.tensor(F, &weights, false))])
        }
        "nn.max_pool2d" | "nn.avg_pool2d" => {
            let pads = Attr::Ints((0..4).map(|_| r.range(0, 1)).collect());
            let mut attrs =
                vec![("pool_size", two(r, 2, 4)), ("strides", two(r, 1, 3)), ("padding", pads), ("ceil_mode", Attr::Bool(r.once_in(3)))];
            if op == "nn.avg_pool2d" {
                attrs.push(("count_include_pad", Attr::Bool(r.once_in(2))));
            }
            plan(attrs, vec![float(r, &image)])
        }
        "nn.dense" => {
            let shape = some_shape(r, 1, 4);
            let weights = [r.range(1, 6) as usize, shape[shape.len() - 1]];
            plan(vec![], vec![float(r, &shape), float(r, &weights)])
        }
        "nn.batch_matmul" => {
            let (lead, m, k, n) = (some_shape(r, 0, 2), r.range(1, 6) as usize, r.range(1, 6) as usize, r.range(1, 6) as usize);
            let (turn_a, turn_b) = (r.once_in(2), r.once_in(2));
            let a = [lead.clone(), if turn_a { vec![k, m] } else { vec![m, k] }].concat();
            let other = broadcasting(r, &lead);
            let b = [other, if turn_b { vec![n, k] } else { vec![k, n] }].concat();
            plan(vec![("transpose_a", Attr::Bool(turn_a)), ("transpose_b", Attr::Bool(turn_b))], vec![float(r, &a), float(r, &b)])
        }
        "nn.bias_add" | "nn.batch_norm" => {
            let shape = some_shape(r, if op == "nn.bias_add" { 1 } else { 2 }, 5);
            let along = axis(r, shape.len());
            let n = shape[along.rem_euclid(shape.len() as i64) as usize];
            let mut operands = vec![float(r, &shape)];
            for i in 0..if op == "nn.bias_add" { 1 } else { 4 } {
                operands.push(constant(r.tensor(F, &[n], i == 3)));
            }
            plan(vec![("axis", Attr::Int(along))], operands)
        }
        _ => None,
    }
}
