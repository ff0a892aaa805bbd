//! Which nodes of a graph become narrow, by the rules and by what their neighbours are. Changes nothing.

use crate::ir::view::NodeView;
use crate::ir::{Graph, NodeId, ValueId};
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use crate::transform::precision::autocast::Autocast;
use crate::transform::precision::rules::{Class, Row, rule};
use half::f16;
use std::collections::{BTreeSet, HashMap};

/// What becomes of the nodes of a graph.
pub(super) struct Decision<'a> {
    graph: &'a Graph,
    options: &'a Autocast,
    /// For each node, whether it computes in the narrow type.
    pub narrow: Vec<bool>,
    /// For each node with float32 in it that stays as it is, why.
    pub why: Vec<Option<String>>,
    /// Constants as the narrow type holds them, or why it does not.
    pub constants: HashMap<ValueId, Result<Tensor, String>>,
    /// What a caller should know.
    pub warnings: Vec<String>,
    users: Vec<Vec<NodeId>>,
    /// Values whose type is fixed by more than the nodes that read them.
    fixed: BTreeSet<ValueId>,
}

impl<'a> Decision<'a> {
    /// The narrow type.
    pub fn to(&self) -> DType {
        self.options.to
    }

    /// Decides for every node: first from operands to results, then the nodes that only move elements from results to operands.
    pub fn new(graph: &'a Graph, options: &'a Autocast) -> Decision<'a> {
        let mut d = Decision {
            graph,
            options,
            narrow: vec![false; graph.nodes.len()],
            why: vec![None; graph.nodes.len()],
            constants: HashMap::new(),
            warnings: Vec::new(),
            users: graph.users(),
            fixed: graph.nodes.iter().filter(|n| !n.bodies.is_empty()).flat_map(|n| n.reads()).collect(),
        };
        for id in graph.node_ids() {
            let decided = d.forward(id);
            d.narrow[id.0 as usize] = decided.is_ok();
            d.why[id.0 as usize] = decided.err().flatten();
        }
        // An output is cast where it leaves: no reason for its node to be in float32, but none to go along with readers either.
        d.fixed.extend(graph.outputs.iter().map(|o| o.value));
        for id in graph.node_ids().rev() {
            if !d.narrow[id.0 as usize] && d.backward(id) {
                d.narrow[id.0 as usize] = true;
                d.why[id.0 as usize] = None;
            }
        }
        d
    }

    /// Whether a node becomes narrow by its rule and its operands; if not, why, where it has float32 in it.
    fn forward(&mut self, id: NodeId) -> Result<(), Option<String>> {
        let row = self.candidate(id)?;
        let view = NodeView::new(self.graph, id);
        match row.class {
            Class::Keep => Err(Some(row.why.into())),
            // A cast between would hide the scales.
            Class::Gain if self.is_of_int8(&view) => Err(Some("it is a product of int8 already".into())),
            Class::Gain => self.constants_fit(&view).map_err(|why| {
                self.warnings.push(format!("node '{}' ({}) stays in float32: {why}", view.name(), view.op().name));
                Some(why)
            }),
            Class::Exact | Class::Light => {
                let operands = self.computed(&view);
                if operands.is_empty() || !operands.iter().all(|v| self.is_narrow(*v)) {
                    return Err(Some("an operand is float32".into()));
                }
                self.constants_fit(&view).map_err(Some)
            }
        }
    }

    /// Whether a node that moves elements had better be narrow since all its readers are.
    fn backward(&mut self, id: NodeId) -> bool {
        let Ok(Row { class: Class::Exact, .. }) = self.candidate(id) else { return false };
        let view = NodeView::new(self.graph, id);
        let wanted = |v: &ValueId| {
            let users = &self.users[v.0 as usize];
            !self.fixed.contains(v) && !users.is_empty() && users.iter().all(|u| self.narrow[u.0 as usize])
        };
        let casts = self.computed(&view).iter().filter(|v| !self.is_narrow(**v)).count();
        view.node().outputs.iter().all(wanted) && casts <= 1 && self.constants_fit(&view).is_ok()
    }

    /// The rule of a node that could be narrow, or why it cannot.
    fn candidate(&self, id: NodeId) -> Result<&'static Row, Option<String>> {
        let view = NodeView::new(self.graph, id);
        let node = view.node();
        if !node.reads().any(|v| self.graph.fact(v).dtype == DType::F32) {
            return Err(None);
        }
        let keep = &self.options.keep;
        if keep.contains(&node.name) || keep.contains(node.op.name) {
            return Err(Some("asked for".into()));
        }
        if !node.bodies.is_empty() || node.outputs.iter().any(|v| self.fixed.contains(v)) {
            return Err(Some("there are graphs inside it, or in a node that reads it".into()));
        }
        let mut types = node.reads().chain(node.outputs.iter().copied()).map(|v| self.graph.fact(v).dtype);
        if types.any(|d| d.is_float() && d != DType::F32) {
            return Err(Some("it has more than one float type".into()));
        }
        rule(&view).ok_or_else(|| Some(format!("no rule names {}", node.op.name)))
    }

    /// Whether a node reads what was int8.
    fn is_of_int8(&self, view: &NodeView) -> bool {
        let producers = view.node().inputs.iter().filter_map(|v| self.graph.producer(*v));
        producers.into_iter().any(|n| self.graph.node(n).op.name == "qnn.dequantize")
    }

    /// The float32 operands that are no constants, each once.
    fn computed(&self, view: &NodeView) -> BTreeSet<ValueId> {
        let float32 = |v: &&ValueId| self.graph.fact(**v).dtype == DType::F32 && self.graph.constant(**v).is_none();
        view.node().inputs.iter().filter(float32).copied().collect()
    }

    /// Whether a float32 value of the graph comes out of a narrow node.
    fn is_narrow(&self, value: ValueId) -> bool {
        self.graph.producer(value).is_some_and(|n| self.narrow[n.0 as usize])
    }

    /// Converts the constants that a node reads; why the narrow type does not hold one.
    fn constants_fit(&mut self, view: &NodeView) -> Result<(), String> {
        let factors = matches!(rule(view), Some(Row { class: Class::Gain, .. })) || view.op().name == "multiply";
        for value in &view.node().inputs {
            let Some(tensor) = self.graph.constant(*value).filter(|t| t.dtype() == DType::F32) else { continue };
            let name = &self.graph.value(*value).name;
            let to = self.options.to;
            let held = self.constants.entry(*value).or_insert_with(|| held(tensor, to).map_err(|why| format!("constant '{name}': {why}")));
            let narrow = held.as_ref().map_err(Clone::clone)?;
            // A small addend is lost in any sum with numbers of common size; a small factor is all that its product has.
            if factors && to == DType::F16 && is_small(narrow) {
                return Err(format!("constant '{name}': all of it is below the smallest normal number of {to}"));
            }
        }
        Ok(())
    }
}

/// The tensor as `to`, where no element overflows.
fn held(tensor: &Tensor, to: DType) -> Result<Tensor, String> {
    let values = tensor.to_f64s();
    let narrow = Tensor::from_f64s(to, tensor.shape(), &values);
    let lost = values.iter().zip(narrow.to_f64s()).any(|(v, n)| v.is_finite() && !n.is_finite());
    if lost {
        let largest = values.iter().filter(|v| v.is_finite()).fold(0f64, |m, v| m.max(v.abs()));
        return Err(format!("its largest element, {largest:e}, overflows {to}"));
    }
    Ok(narrow)
}

/// True where there are elements that are not zero, and all of those are subnormal.
fn is_small(tensor: &Tensor) -> bool {
    let values = tensor.values::<f16>();
    let largest = values.iter().fold(0f32, |m, v| m.max(v.to_f32().abs()));
    !values.is_empty() && largest < f16::MIN_POSITIVE.to_f32() && largest > 0.0
}
