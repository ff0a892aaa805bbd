//! Builds the graphs: inputs and weights are random between -1 and 1, as in TVM's tests.

use crate::suite::Random;
use tvmtrt::ir::Graph;
use tvmtrt::ir::ValueId;
use tvmtrt::ir::attrs::{Attr, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

/// A graph with inputs.
pub struct Made {
    pub name: String,
    pub graph: Graph,
    pub inputs: Vec<Tensor>,
    /// Rewrite before it is split: constants behind a transpose become constants.
    pub fold: bool,
}

/// A graph under construction.
pub struct Make {
    name: String,
    b: Builder,
    inputs: Vec<Tensor>,
    random: Random,
    dtype: DType,
    fold: bool,
}

pub fn ints(v: &[i64]) -> Attr {
    Attr::Ints(v.to_vec())
}

pub fn dims(v: &[i64]) -> Attr {
    Attr::Param(Param::Static(v.iter().map(|d| Dim::from(*d)).collect()))
}

pub fn text(v: &str) -> Attr {
    Attr::Str(v.into())
}

impl Make {
    pub fn new(name: &str, dtype: DType) -> Make {
        let seed = name.bytes().fold(42u64, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b)));
        Make { name: name.into(), b: Builder::new(name), inputs: Vec::new(), random: Random(seed), dtype, fold: false }
    }

    pub fn f32(name: &str) -> Make {
        Make::new(name, DType::F32)
    }

    pub fn f16(name: &str) -> Make {
        Make::new(name, DType::F16)
    }

    pub fn folded(mut self) -> Make {
        self.fold = true;
        self
    }

    fn values(&mut self, shape: &[usize]) -> Tensor {
        let v: Vec<f64> = (0..shape.iter().product()).map(|_| self.random.unit()).collect();
        Tensor::from_f64s(self.dtype, shape, &v)
    }

    /// An input.
    pub fn x(&mut self, shape: &[usize]) -> ValueId {
        let fixed: Vec<(&str, usize)> = shape.iter().map(|d| ("", *d)).collect();
        self.free(&fixed)
    }

    /// An input some of whose extents have names; the numbers are those of the tensor that is tried.
    pub fn free(&mut self, shape: &[(&str, usize)]) -> ValueId {
        let dims = shape.iter().map(|(s, d)| if s.is_empty() { Dim::from(*d) } else { Dim::symbol(s, 1, 64) }).collect();
        let tensor = self.values(&shape.iter().map(|(_, d)| *d).collect::<Vec<_>>());
        let name = format!("x{}", self.inputs.len());
        self.inputs.push(tensor);
        self.b.input(&name, Fact::new(self.dtype, dims)).unwrap()
    }

    /// Weights.
    pub fn k(&mut self, shape: &[usize]) -> ValueId {
        let tensor = self.values(shape);
        self.b.constant("k", tensor)
    }

    /// A constant of ones.
    pub fn ones(&mut self, shape: &[usize]) -> ValueId {
        self.b.constant("ones", Tensor::from_f64s(self.dtype, shape, &vec![1.0; shape.iter().product()]))
    }

    /// Positive weights.
    pub fn positive(&mut self, n: usize) -> ValueId {
        let v: Vec<f64> = (0..n).map(|_| self.random.unit().abs() + 0.1).collect();
        self.b.constant("k", Tensor::from_f64s(self.dtype, &[n], &v))
    }

    /// A node with one result.
    pub fn op(&mut self, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]) -> ValueId {
        self.ops(op, attrs, operands)[0]
    }

    /// A node.
    pub fn ops(&mut self, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]) -> Vec<ValueId> {
        let def = tvmtrt::ops::find(op).unwrap_or_else(|| panic!("no operator {op}"));
        let known = |n: &str| def.attrs.specs.iter().any(|s| s.name == n);
        assert!(attrs.iter().all(|(n, _)| known(n)), "{op}: an attribute that it does not have");
        let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
        self.b.node(op, def, attrs, operands).unwrap_or_else(|e| panic!("{}: {e}", self.name))
    }

    /// The graph with these outputs.
    pub fn out(mut self, outputs: &[ValueId]) -> Made {
        for (i, v) in outputs.iter().enumerate() {
            self.b.output(&format!("y{i}"), *v).unwrap();
        }
        Made { name: self.name, graph: self.b.finish(), inputs: self.inputs, fold: self.fold }
    }

    /// A graph of one operator on one input and weights.
    pub fn one(mut self, op: &str, attrs: &[(&str, Attr)], input: &[usize], weights: &[&[usize]]) -> Made {
        let mut operands = vec![self.x(input)];
        operands.extend(weights.iter().map(|w| self.k(w)).collect::<Vec<_>>());
        let y = self.ops(op, attrs, &operands);
        self.out(&y)
    }
}
