//! Witnesses of refusals: for each rule by which a node is kept off TensorRT, networks that a conversion by force would give. TensorRT
//! must refuse them or compute something else than the oracle; what it was seen to do stands in a file per version. Rules that no
//! network can show stand in [`policies`] with the reason.
#![allow(dead_code)]

pub mod force;
pub mod kept;
mod kinds;
mod operators;
mod places;
pub mod policies;
pub mod seen;
mod windows;

use crate::suite::{Case, Random};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tvmtrt::ir::convert::to_network;
use tvmtrt::network::builder::Builder;
use tvmtrt::network::capabilities::{Capabilities, Flavour, Version};
use tvmtrt::network::check::check;
use tvmtrt::network::layer::{Layer, LayerKind};
use tvmtrt::network::{NetTensor, Network, TensorId};
use tvmtrt::tensor::bind::{Declared, Given, bind};
use tvmtrt::tensor::dim::{Bindings, Dim};
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensor::shape;
use tvmtrt::{network, reference};

/// The versions that are tried, by the names of their files.
pub const TARGETS: [(&str, Capabilities); 3] = [
    ("rtx-1.7", Capabilities { flavour: Flavour::Rtx, version: Version::new(1, 7, 1), implicit_batch: false }),
    ("10.6", Capabilities { flavour: Flavour::Full, version: Version::new(10, 6, 0), implicit_batch: false }),
    ("8.6", Capabilities { flavour: Flavour::Full, version: Version::new(8, 6, 1), implicit_batch: false }),
];

/// A free extent in the lists of extents here; a second one.
pub const N: i64 = -1000;
pub const W: i64 = -1001;

/// The value that free extents have where an engine is tuned and run.
const AT: i64 = 4;

/// Who says what a network should compute.
pub enum Oracle {
    /// The network, by the documented meaning of its layers.
    Network,
    /// The operator that is refused; its inputs are those of the network.
    Case(Box<Case>),
}

/// A network that a rule keeps off TensorRT.
pub struct Witness {
    /// The rule's id.
    pub rule: &'static str,
    /// What is tried, in words; with the rule unique.
    pub what: String,
    /// What a conversion by force gives.
    pub network: Network,
    /// Values to run it with; made up where there are none.
    given: Option<Vec<Tensor>>,
    oracle: Oracle,
    /// An operator's own rule: the layers by themselves may be in order.
    by_operator: bool,
}

impl Witness {
    /// Rule and what is tried, as files name it.
    pub fn name(&self) -> String {
        format!("{}: {}", self.rule, self.what)
    }

    /// True where the rules of this version refuse it, by this rule.
    pub fn fires(&self, capabilities: &Capabilities) -> bool {
        match &self.oracle {
            Oracle::Case(case) => to_network(&case.graph).err().is_some_and(|r| r.rule == self.rule),
            Oracle::Network if self.by_operator => true,
            Oracle::Network => found(&self.network, capabilities).contains(&Some(self.rule)),
        }
    }

    /// Values to run it with.
    pub fn inputs(&self) -> Vec<Tensor> {
        if let Some(given) = &self.given {
            return given.clone();
        }
        let mut random = Random(7);
        let value = |id: &TensorId| {
            let tensor = self.network.tensor(*id);
            let shape: Vec<usize> = shape::eval(&tensor.dims, &self.at(AT)).unwrap_or_default();
            // Integers may be indices.
            if tensor.dtype.is_float() || tensor.dtype == DType::Bool {
                return random.tensor(tensor.dtype, &shape, false);
            }
            let count = shape.iter().product::<usize>();
            Tensor::from_f64s(tensor.dtype, &shape, &(0..count).map(|i| (i % 2) as f64).collect::<Vec<_>>())
        };
        self.network.inputs.iter().map(value).collect()
    }

    /// Values of the symbols: those that the values to run with say, else this one.
    pub fn at(&self, otherwise: i64) -> Bindings {
        if let Some(given) = &self.given {
            let tensors = self.network.inputs.iter().map(|id| self.network.tensor(*id));
            let declared: Vec<Declared> = tensors.map(|t| Declared { name: &t.name, dtype: t.dtype, shape: &t.dims }).collect();
            let given: Vec<Given> = given.iter().map(|x| Given { dtype: x.dtype(), shape: x.shape() }).collect();
            return bind(&declared, &given).unwrap_or_else(|e| panic!("{}: {e}", self.name()));
        }
        let mut symbols = std::collections::BTreeSet::new();
        self.network.inputs.iter().flat_map(|i| &self.network.tensor(*i).dims).for_each(|d| d.collect_symbols(&mut symbols));
        symbols.iter().map(|s| (s.name.clone(), otherwise)).collect()
    }

    /// What the layers compute by their documents, where an operator has a word of its own.
    pub fn documented(&self) -> Option<Result<Vec<Tensor>>> {
        matches!(self.oracle, Oracle::Case(_)).then(|| network::eval::eval(&self.network, &self.inputs()))
    }

    /// What it should compute.
    pub fn want(&self) -> Result<Vec<Tensor>> {
        match &self.oracle {
            Oracle::Network => network::eval::eval(&self.network, &self.inputs()),
            Oracle::Case(case) => reference::run(&case.graph, &self.inputs()),
        }
    }
}

/// The rules that refuse a network, once when its layers are added and once when it is checked.
fn found(network: &Network, capabilities: &Capabilities) -> [Option<&'static str>; 2] {
    let added = || {
        let mut b = Builder::new("again");
        let mut known = vec![None; network.tensors.len()];
        for id in &network.inputs {
            let t = network.tensor(*id);
            known[id.0 as usize] = Some(b.input(&t.name, t.dtype, &t.dims));
        }
        for layer in &network.layers {
            let inputs: Vec<TensorId> = layer.inputs.iter().filter_map(|i| known[i.0 as usize]).collect();
            let made = b.add_all(layer.kind.clone(), &inputs)?;
            layer.outputs.iter().zip(made).for_each(|(id, new)| known[id.0 as usize] = Some(new));
        }
        Ok(())
    };
    // What is wrong enough may have no shape at all.
    let quiet =
        |f: &dyn Fn() -> network::refusal::Accepted<()>| catch_unwind(AssertUnwindSafe(f)).ok().and_then(|r| r.err()).map(|r| r.rule);
    [quiet(&added), quiet(&|| check(network, capabilities))]
}

/// All of them.
pub fn all() -> Vec<Witness> {
    let mut list = List::default();
    kinds::add(&mut list);
    windows::add(&mut list);
    places::add(&mut list);
    operators::add(&mut list);
    list.0
}

/// Extents, of which some are free.
pub fn dims(list: &[i64]) -> Vec<Dim> {
    let dim = |d: &i64| match *d {
        N => Dim::symbol("N", 1, 16),
        W => Dim::symbol("W", 1, 16),
        d => Dim::from(d),
    };
    list.iter().map(dim).collect()
}

/// A network whose types and shapes are what its writer says.
#[derive(Default)]
pub struct Net(Network);

impl Net {
    pub fn input(&mut self, dtype: DType, extents: &[i64]) -> TensorId {
        let name = format!("x{}", self.0.inputs.len());
        let id = self.tensor(name, dtype, extents);
        self.0.inputs.push(id);
        id
    }

    pub fn constant(&mut self, value: Tensor) -> TensorId {
        let extents: Vec<i64> = value.shape().iter().map(|d| *d as i64).collect();
        let dtype = value.dtype();
        self.add(LayerKind::Constant(value), &[], dtype, &extents)
    }

    pub fn add(&mut self, kind: LayerKind, inputs: &[TensorId], dtype: DType, extents: &[i64]) -> TensorId {
        self.add_all(kind, inputs, &[(dtype, extents)])[0]
    }

    pub fn add_all(&mut self, kind: LayerKind, inputs: &[TensorId], results: &[(DType, &[i64])]) -> Vec<TensorId> {
        let name = format!("layer {}", self.0.layers.len());
        let out = |(i, (dtype, extents)): (usize, &(DType, &[i64]))| self.tensor(format!("{name}.{i}"), *dtype, extents);
        let outputs: Vec<TensorId> = results.iter().enumerate().map(out).collect();
        self.0.layers.push(Layer { name, kind, inputs: inputs.to_vec(), outputs: outputs.clone() });
        outputs
    }

    pub fn output(mut self, id: TensorId) -> Network {
        self.0.tensors[id.0 as usize].name = "y".into();
        self.0.outputs.push(id);
        self.0.name = "witness".into();
        self.0
    }

    fn tensor(&mut self, name: String, dtype: DType, extents: &[i64]) -> TensorId {
        self.0.tensors.push(NetTensor { name, dtype, dims: dims(extents) });
        TensorId(self.0.tensors.len() as u32 - 1)
    }
}

/// One layer on inputs.
pub fn one(kind: LayerKind, operands: &[(DType, &[i64])], dtype: DType, extents: &[i64]) -> Network {
    let mut net = Net::default();
    let inputs: Vec<TensorId> = operands.iter().map(|(t, d)| net.input(*t, d)).collect();
    let y = net.add(kind, &inputs, dtype, extents);
    net.output(y)
}

/// Witnesses that are being written down.
#[derive(Default)]
pub struct List(Vec<Witness>);

impl List {
    /// A network that `network::check`, or adding its layers, refuses.
    pub fn net(&mut self, rule: &'static str, what: impl Into<String>, network: Network) -> &mut Witness {
        self.0.push(Witness { rule, what: what.into(), network, given: None, oracle: Oracle::Network, by_operator: false });
        self.0.last_mut().expect("one was added")
    }

    /// One layer, refused.
    pub fn one(&mut self, rule: &'static str, what: impl Into<String>, kind: LayerKind, x: &[(DType, &[i64])], y: (DType, &[i64])) {
        self.net(rule, what, one(kind, x, y.0, y.1));
    }

    /// The same layer on operands of each type that some version refuses by this rule.
    pub fn types(&mut self, rule: &'static str, what: &str, of: impl Fn(DType) -> Network) {
        for dtype in [DType::F32, DType::F16, DType::BF16, DType::I32, DType::I64, DType::Bool] {
            let network = of(dtype);
            if TARGETS.iter().any(|(_, c)| found(&network, c).contains(&Some(rule))) {
                self.net(rule, format!("{what} of {dtype}"), network);
            }
        }
    }

    /// Layers for a case of an operator that refuses to be converted; inputs are those of the case.
    pub fn case(&mut self, rule: &'static str, case: Case, network: Network) {
        let (what, given) = (case.name.clone(), Some(case.inputs.clone()));
        self.0.push(Witness { rule, what, network, given, oracle: Oracle::Case(Box::new(case)), by_operator: true });
    }

    /// Layers that an operator refuses to become, which say by themselves what they should compute.
    pub fn operator(&mut self, rule: &'static str, what: &str, network: Network) {
        self.net(rule, what, network).by_operator = true;
    }
}

impl Witness {
    /// Runs with these values.
    pub fn with(&mut self, given: Vec<Tensor>) {
        self.given = Some(given);
    }
}
