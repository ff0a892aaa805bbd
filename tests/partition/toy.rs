//! Small operators and a second target, for tests of the partitioner. Not a copy of any real operator's entry.
#![allow(dead_code)]

use std::cell::Cell;
use tvmtrt::attributes;
use tvmtrt::ir::attrs::{AttrsDef, NoAttrs, Param};
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::opdef::{EvalCtx, OpDef, Tolerance, not_lowered};
use tvmtrt::ir::view::NodeView;
use tvmtrt::ir::{Def, Graph, NodeId, ValueId};
use tvmtrt::network::layer::{Activation, LayerKind, MatrixOp};
use tvmtrt::network::refusal::{Accepted, Refusal};
use tvmtrt::partition::options::PartitionOptions;
use tvmtrt::partition::region::Region;
use tvmtrt::partition::target::{Engine, Target, TargetVersion};
use tvmtrt::partition::tvm_json;
use tvmtrt::tensor::dim::{Bindings, Dim};
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::{Code, Error, Result};
use tvmtrt::tensor::host::Tensor;

thread_local! {
    /// How often a converter of this file ran on this thread.
    pub static CONVERTS: Cell<usize> = const { Cell::new(0) };
}

attributes! {
    /// Attributes of `mix`.
    pub struct Mix {
        /// Whether the target accepts it.
        pub accept: bool = true,
        /// Number of results.
        pub results: i64 = 1,
        /// Training mode.
        pub training: bool = false,
    }
}

attributes! {
    /// Attributes of `reshape`.
    pub struct Reshape {
        /// The new extents.
        pub newshape: Param = Param::Static(vec![]),
    }
}

attributes! {
    /// One attribute of each type.
    pub struct Every {
        /// An integer.
        pub int: i64 = 3,
        /// A float.
        pub float: f64 = 0.1,
        /// A flag.
        pub flag: bool = true,
        /// A text.
        pub text: String = String::new(),
        /// A list.
        pub ints: Vec<i64> = vec![],
        /// A type.
        pub dtype: DType = DType::F16,
        /// Extents.
        pub dims: Param = Param::Static(vec![]),
        /// An operand.
        pub operand: Param = Param::Input(1),
        /// An integer that may be unset.
        pub maybe_int: Option<i64> = None,
        /// A text that may be unset.
        pub maybe_text: Option<String> = None,
        /// A list that may be unset.
        pub maybe_ints: Option<Vec<i64>> = None,
        /// A type that may be unset.
        pub maybe_dtype: Option<DType> = None,
        /// Extents that may be unset.
        pub maybe_dims: Option<Param> = None,
    }
}

fn count_convert() {
    CONVERTS.with(|c| c.set(c.get() + 1));
}

/// Sum of all operands and of the captures of its bodies, plus 1; result `i` has `i` added. Every operand has the first one's shape.
pub static MIX: OpDef = OpDef {
    name: "mix",
    doc: "Sum.",
    arity: (1, 1000),
    attrs: AttrsDef::of::<Mix>(),
    infer: |c, x| Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone()); c.attrs.get::<Mix>().results as usize]),
    eval: |c, x| {
        let mut sum = vec![1.0; x[0].len()];
        x.iter().for_each(|t| sum.iter_mut().zip(t.to_f64s()).for_each(|(s, v)| *s += v));
        let shifted = |i: i64| Tensor::from_f64s(x[0].dtype(), x[0].shape(), &sum.iter().map(|s| s + i as f64).collect::<Vec<_>>());
        Ok((0..c.attrs.get::<Mix>().results).map(shifted).collect())
    },
    convert: |v, b, x| {
        count_convert();
        let attrs = v.attrs::<Mix>();
        if !attrs.accept {
            return Err(Refusal::new("mix.not-wanted", "accept is false", "set accept"));
        }
        (0..attrs.results).map(|_| b.add(LayerKind::Identity, &x[..1])).collect()
    },
    lower: not_lowered,
    tolerance: Tolerance::EXACT,
};

/// Rectifier.
pub static RELU: OpDef = OpDef {
    name: "nn.relu",
    doc: "max(x, 0).",
    arity: (1, 1),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |_, x| Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())]),
    eval: |_, x| Ok(vec![Tensor::from_f64s(x[0].dtype(), x[0].shape(), &x[0].to_f64s().iter().map(|v| v.max(0.0)).collect::<Vec<_>>())]),
    convert: |_, b, x| {
        count_convert();
        Ok(vec![b.add(LayerKind::Activation(Activation::Relu, 0.0, 0.0), x)?])
    },
    lower: not_lowered,
    tolerance: Tolerance::EXACT,
};

/// `x[N, K]` by weights `[U, K]`, which must be constant.
pub static DENSE: OpDef = OpDef {
    name: "nn.dense",
    doc: "x times weights.",
    arity: (2, 2),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |_, x| Ok(vec![Fact::new(x[0].dtype, vec![x[0].shape[0].clone(), x[1].shape[0].clone()])]),
    eval: |_, x| {
        let (n, k, u) = (x[0].shape()[0], x[0].shape()[1], x[1].shape()[0]);
        let (a, w) = (x[0].to_f64s(), x[1].to_f64s());
        let dot = |i: usize| (0..k).map(|j| a[i / u * k + j] * w[i % u * k + j]).sum();
        Ok(vec![Tensor::from_f64s(x[0].dtype(), &[n, u], &(0..n * u).map(dot).collect::<Vec<f64>>())])
    },
    convert: |v, b, x| {
        count_convert();
        if v.constant(1).is_none() {
            return Err(Refusal::new("dense.weights-not-constant", "the weights are computed", "make the weights constant"));
        }
        Ok(vec![b.add(LayerKind::MatrixMultiply(MatrixOp::None, MatrixOp::Transpose), x)?])
    },
    lower: not_lowered,
    tolerance: Tolerance::EXACT,
};

/// New extents; the second operand, where there is one, says them too and is not read.
pub static RESHAPE: OpDef = OpDef {
    name: "reshape",
    doc: "New extents.",
    arity: (1, 2),
    attrs: AttrsDef::of::<Reshape>(),
    infer: |c, x| {
        let Param::Static(dims) = &c.attrs.get::<Reshape>().newshape else { unreachable!() };
        Ok(vec![Fact::new(x[0].dtype, dims.clone())])
    },
    eval: |c, x| {
        let Param::Static(dims) = &c.attrs.get::<Reshape>().newshape else { unreachable!() };
        Ok(vec![x[0].reshaped(&tvmtrt::tensor::shape::eval(dims, c.bindings)?)?])
    },
    convert: |v, b, x| {
        count_convert();
        Ok(vec![b.reshape(x[0], &v.output(0).shape)?])
    },
    lower: not_lowered,
    tolerance: Tolerance::EXACT,
};

/// Carries one attribute of each type.
pub static EVERY: OpDef =
    OpDef { name: "every", attrs: AttrsDef::of::<Every>(), arity: (2, 2), infer: first, eval: copy, convert: none, ..BASE };

const BASE: OpDef = OpDef {
    name: "",
    doc: "",
    arity: (1, 1),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: first,
    eval: copy,
    convert: none,
    lower: not_lowered,
    tolerance: Tolerance::EXACT,
};

fn first(_: &tvmtrt::ir::opdef::InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
}
fn copy(_: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    Ok(vec![x[0].clone()])
}
fn none(
    _: &NodeView,
    _: &mut tvmtrt::network::builder::Builder,
    x: &[tvmtrt::network::TensorId],
) -> Accepted<Vec<tvmtrt::network::TensorId>> {
    count_convert();
    Ok(vec![x[0]])
}

/// The operator with this name.
pub fn op(name: &str) -> Option<&'static OpDef> {
    [&MIX, &RELU, &DENSE, &RESHAPE, &EVERY].into_iter().find(|op| op.name == name)
}

/// A second target: takes `mix` unless its attribute says no, everything else but `reshape`; runs regions by `eval`.
#[derive(Default)]
pub struct Toy {
    /// Why it cannot build.
    pub broken: Option<String>,
    /// Most nodes of a region; unset means any number.
    pub most: Option<usize>,
}

impl Target for Toy {
    fn name(&self) -> &str {
        "toy"
    }

    fn version(&self) -> TargetVersion {
        TargetVersion { version: "toy 1".into(), source: "built in".into() }
    }

    fn unavailable(&self) -> Option<String> {
        self.broken.clone()
    }

    fn accepts(&self, view: &NodeView) -> Accepted<()> {
        match view.op().name {
            "mix" if !view.attrs::<Mix>().accept => Err(Refusal::new("mix.not-wanted", "accept is false", "set accept")),
            "reshape" => Err(Refusal::new("toy.no-reshape", format!("'{}' moves elements", view.name()), "")),
            _ => Ok(()),
        }
    }

    fn valid_region(&self, _: &Graph, nodes: &[NodeId]) -> Accepted<()> {
        match self.most {
            Some(most) if nodes.len() > most => {
                Err(Refusal::new("toy.too-large", format!("{} nodes are more than {most}", nodes.len()), "cut the graph"))
            }
            _ => Ok(()),
        }
    }

    fn serialise(&self, region: &Region, _: &PartitionOptions) -> Result<String> {
        tvm_json::write(&region.graph, "toy", &[("speed", vec!["1".into(), "2".into()])])
    }

    fn compile(&self, region: &Region, options: &PartitionOptions) -> Result<Box<dyn Engine>> {
        if let Some(why) = &self.broken {
            return Err(Error::new(Code::NotImplemented, why.clone()));
        }
        Ok(Box::new(ToyEngine { text: self.serialise(region, options)?, region: region.clone() }))
    }
}

/// A region and its text.
pub struct ToyEngine {
    text: String,
    region: Region,
}

impl Engine for ToyEngine {
    fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let graph = &self.region.graph;
        let mut held = start(graph, inputs);
        graph.node_ids().for_each(|id| step(graph, id, &mut held));
        Ok(graph.outputs.iter().map(|o| held[o.value.0 as usize].clone().expect("computed")).collect())
    }
}

/// Tensors by value: inputs and constants.
pub fn start(graph: &Graph, inputs: &[Tensor]) -> Vec<Option<Tensor>> {
    let held = |v: &tvmtrt::ir::Value| match &v.def {
        Def::Input(i) => Some(inputs[*i].clone()),
        Def::Const(t) => Some(t.clone()),
        Def::Node(..) => None,
    };
    graph.values.iter().map(held).collect()
}

/// Computes one node; captures count as operands.
pub fn step(graph: &Graph, id: NodeId, held: &mut [Option<Tensor>]) {
    let node = graph.node(id);
    let x: Vec<Tensor> = node.reads().map(|v| held[v.0 as usize].clone().expect("computed before it is read")).collect();
    let ctx = EvalCtx { attrs: &node.attrs, bindings: &Bindings::new(), bodies: &node.bodies, run: &|_, _| unreachable!() };
    let results = (node.op.eval)(&ctx, &x).expect("evaluates");
    node.outputs.iter().zip(results).for_each(|(v, t)| held[v.0 as usize] = Some(t));
}

/// `float32` of constant extents.
pub fn f32s(shape: &[usize]) -> Fact {
    Fact::new(DType::F32, shape.iter().map(|d| Dim::from(*d)).collect())
}

/// Values of a list of ids.
pub fn take(held: &[Option<Tensor>], ids: &[ValueId]) -> Vec<Tensor> {
    ids.iter().map(|v| held[v.0 as usize].clone().expect("computed before it is read")).collect()
}
