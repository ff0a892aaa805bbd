//! The one list of operator cases that every executor runs. A case is a graph with inputs; what it must compute is the oracle's word.
#![allow(dead_code)]

pub mod cases;
pub mod cpu;
mod control;
mod index;
pub mod join;
pub mod normal;
pub mod places;
pub mod pointwise;
mod quantised;
pub mod random;
mod recipes;
pub mod samples;
pub mod types;
pub mod windows;

use tvmtrt::ir::Graph;
use tvmtrt::ir::attrs::Attr;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::{Fact, int_tensor};
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

/// A graph with inputs.
pub struct Case {
    pub name: String,
    pub graph: Graph,
    pub inputs: Vec<Tensor>,
    pub tolerance: Tolerance,
}

/// An extent: fixed, or a symbol with the value that the case's inputs give it.
#[derive(Clone, Copy)]
pub enum D {
    Fixed(usize),
    Free(&'static str, usize),
}

/// An operand of a case.
#[derive(Clone)]
pub enum In {
    /// An input with random elements.
    X(DType, Vec<D>),
    /// An input with random positive elements.
    Positive(DType, Vec<D>),
    /// A constant with random elements.
    C(DType, Vec<usize>),
    /// A constant with random positive elements.
    CPositive(Vec<usize>),
    /// An int64 constant.
    Ints(Vec<usize>, Vec<i64>),
    /// A float32 constant.
    Floats(Vec<usize>, Vec<f32>),
    /// A constant.
    Const(Tensor),
    /// An earlier operand again.
    Same(usize),
}

/// A float32 input of fixed shape.
pub fn x(shape: &[usize]) -> In {
    In::X(DType::F32, shape.iter().map(|d| D::Fixed(*d)).collect())
}

/// A float32 input of positive elements.
pub fn positive(shape: &[usize]) -> In {
    In::Positive(DType::F32, shape.iter().map(|d| D::Fixed(*d)).collect())
}

/// A float32 input with free extents.
pub fn free(shape: &[D]) -> In {
    In::X(DType::F32, shape.to_vec())
}

/// A float32 constant.
pub fn c(shape: &[usize]) -> In {
    In::C(DType::F32, shape.to_vec())
}

/// A small generator of repeatable numbers (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From -1 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// Random elements: floats of magnitude up to 2, integers from -6 to 6, bools.
    pub fn tensor(&mut self, dtype: DType, shape: &[usize], positive: bool) -> Tensor {
        let n: usize = shape.iter().product();
        if !dtype.is_float() {
            let values: Vec<i64> = (0..n).map(|_| (self.next() % 13) as i64 - 6).collect();
            let values: Vec<i64> = values
                .iter()
                .map(|v| {
                    if dtype == DType::Bool {
                        v & 1
                    } else if positive {
                        v.abs() + 1
                    } else {
                        *v
                    }
                })
                .collect();
            return int_tensor(dtype, shape, &values);
        }
        let values: Vec<f64> = (0..n).map(|_| if positive { self.unit().abs() * 2.0 + 0.1 } else { self.unit() * 2.0 }).collect();
        Tensor::from_f64s(dtype, shape, &values)
    }
}

/// A case of one operator.
pub fn case(name: &str, op: &str, attrs: &[(&str, Attr)], operands: &[In]) -> Case {
    let def = tvmtrt::ops::find(op).unwrap_or_else(|| panic!("no operator {op}"));
    let seed = name.bytes().fold(7u64, |h, b| h.wrapping_mul(31).wrapping_add(b as u64));
    let (mut random, mut b, mut inputs, mut ids) = (Random(seed), Builder::new(name), Vec::new(), Vec::new());
    for (i, operand) in operands.iter().enumerate() {
        let label = format!("x{i}");
        let id = match operand {
            In::X(dtype, dims) | In::Positive(dtype, dims) => {
                let shape: Vec<usize> = dims
                    .iter()
                    .map(|d| match d {
                        D::Fixed(n) | D::Free(_, n) => *n,
                    })
                    .collect();
                inputs.push(random.tensor(*dtype, &shape, matches!(operand, In::Positive(..))));
                let dims = dims.iter().map(|d| match d {
                    D::Fixed(n) => Dim::from(*n),
                    D::Free(s, _) => Dim::symbol(s, 1, 1 << 20),
                });
                b.input(&label, Fact::new(*dtype, dims.collect())).unwrap()
            }
            In::C(dtype, shape) => b.constant(&label, random.tensor(*dtype, shape, false)),
            In::CPositive(shape) => b.constant(&label, random.tensor(DType::F32, shape, true)),
            In::Ints(shape, v) => b.constant(&label, Tensor::from_vec(shape, v.clone())),
            In::Floats(shape, v) => b.constant(&label, Tensor::from_vec(shape, v.clone())),
            In::Const(t) => b.constant(&label, t.clone()),
            In::Same(j) => ids[*j],
        };
        ids.push(id);
    }
    let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
    let outs = b.node(op, def, attrs, &ids).unwrap_or_else(|e| panic!("{name}: {e}"));
    outs.iter().enumerate().for_each(|(i, v)| b.output(&format!("y{i}"), *v).unwrap());
    let graph = b.finish();
    let tolerance = graph.outputs.iter().fold(def.tolerance, |t, o| by_type(t, graph.fact(o.value).dtype));
    Case { name: name.into(), graph, inputs, tolerance }
}

/// An operator's bound for float32, and a few roundings of narrower floats; what is exact stays exact.
fn by_type(t: Tolerance, dtype: DType) -> Tolerance {
    let rounding = match dtype {
        DType::F16 => 2e-3,
        DType::BF16 => 1.6e-2,
        _ => 0.0,
    };
    if t == Tolerance::EXACT { t } else { Tolerance { relative: t.relative.max(rounding), scaled: t.scaled.max(rounding) } }
}

/// What one executor does with a case: skipped with a reason, or results.
pub fn compare(case: &Case, got: &[Tensor], want: &[Tensor]) -> Result<(), String> {
    compare_within(&case.name, case.tolerance, got, want)
}

/// Compares element by element; NaN equals NaN.
pub fn compare_within(name: &str, t: Tolerance, got: &[Tensor], want: &[Tensor]) -> Result<(), String> {
    compare_terms(name, t, 0.0, got, want)
}

/// As above, where results are sums of terms of up to this magnitude: what cancels leaves their error.
pub fn compare_terms(name: &str, t: Tolerance, terms: f64, got: &[Tensor], want: &[Tensor]) -> Result<(), String> {
    if got.len() != want.len() {
        return Err(format!("{name}: {} results, not {}", got.len(), want.len()));
    }
    for (k, (g, w)) in got.iter().zip(want).enumerate() {
        if g.dtype() != w.dtype() || g.shape() != w.shape() {
            return Err(format!("{name}[{k}]: {}{:?}, not {}{:?}", g.dtype(), g.shape(), w.dtype(), w.shape()));
        }
        let (g, w) = (g.to_f64s(), w.to_f64s());
        let scale = w.iter().filter(|v| v.is_finite()).fold(terms, |m, v| m.max(v.abs()));
        for (i, (a, b)) in g.iter().zip(&w).enumerate() {
            let bound = t.relative * b.abs() + t.scaled * scale;
            let same = a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= bound;
            if !same {
                return Err(format!("{name}[{k}] element {i}: {a}, not {b} (bound {bound:e})"));
            }
        }
    }
    Ok(())
}
