//! Autocast: a copy of a graph in which what gains computes in float16 or bfloat16. Constants are converted here; casts stand only
//! where a narrow and a float32 node meet, one for each value.

use crate::ir::attrs::Attrs;
use crate::ir::build::Builder;
use crate::ir::rewrite::rewrite;
use crate::ir::view::NodeView;
use crate::ir::{Graph, ValueId};
use crate::ops;
use crate::ops::cast::Cast;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::transform::precision::narrow::Decision;
use std::collections::{BTreeSet, HashMap};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Autocast {
    /// The narrow type: float16 or bfloat16.
    pub to: DType,
    /// Nodes by name, and operators by name, that stay in float32.
    pub keep: BTreeSet<String>,
}

/// What became of a graph.
#[derive(Debug)]
pub struct Narrowed {
    /// The copy.
    pub graph: Graph,
    /// Nodes that compute in the narrow type.
    pub narrow: usize,
    /// Casts that were added.
    pub casts: usize,
    /// Nodes with float32 in them that stay as they are, with the reason.
    pub kept: Vec<(String, String)>,
    /// What a caller should know.
    pub warnings: Vec<String>,
}

/// The copy of `graph` that computes in the narrow type where that gains.
pub fn autocast(graph: &Graph, options: &Autocast) -> Result<Narrowed> {
    let decision = Decision::new(graph, options);
    let outputs: BTreeSet<ValueId> = graph.outputs.iter().map(|o| o.value).collect();
    let mut casts = Casts { decision: &decision, cast: HashMap::new() };
    let copy = rewrite(graph, &mut |b, view, inputs| casts.node(b, view, inputs, &outputs))?;
    // Once more, without what nothing reads any longer: the constants in float32.
    let copy = rewrite(&copy, &mut |_, _, _| Ok(None))?;
    let count = |g: &Graph| g.nodes.iter().filter(|n| n.op.name == "cast").count();
    let kept = graph.nodes.iter().zip(&decision.why).filter_map(|(n, why)| Some((n.name.clone(), why.clone()?)));
    Ok(Narrowed {
        narrow: decision.narrow.iter().filter(|n| **n).count(),
        casts: count(&copy).saturating_sub(count(graph)),
        kept: kept.collect(),
        warnings: decision.warnings.clone(),
        graph: copy,
    })
}

/// The casts of a copy in the making.
struct Casts<'a> {
    decision: &'a Decision<'a>,
    /// Values of the copy under another type.
    cast: HashMap<(ValueId, DType), ValueId>,
}

impl Casts<'_> {
    fn node(&mut self, b: &mut Builder, view: &NodeView, inputs: &[ValueId], outputs: &BTreeSet<ValueId>) -> Result<Option<Vec<ValueId>>> {
        let node = view.node();
        let narrow = self.decision.narrow[view.id.0 as usize];
        if !node.bodies.is_empty() {
            return Ok(None);
        }
        if node.op.name == "cast" {
            return self.cast_node(b, view, inputs[0]);
        }
        let mut operands = Vec::with_capacity(inputs.len());
        for (old, new) in node.inputs.iter().zip(inputs) {
            let dtype = view.graph.fact(*old).dtype;
            let wanted = if narrow && dtype == DType::F32 { self.decision.to() } else { dtype };
            operands.push(self.typed(b, *old, *new, wanted)?);
        }
        if !narrow && operands == inputs {
            return Ok(None);
        }
        let results = b.node(&node.name, node.op, node.attrs.clone(), &operands)?;
        for (old, new) in node.outputs.iter().zip(&results) {
            b.name_value(*new, &view.graph.value(*old).name);
        }
        // An output of the graph has its own type again.
        let own = node.outputs.iter().zip(results).map(|(old, new)| match outputs.contains(old) {
            true => self.typed(b, *old, new, view.graph.fact(*old).dtype),
            false => Ok(new),
        });
        own.collect::<Result<Vec<_>>>().map(Some)
    }

    /// A cast of the model's own takes any type. One that has become its operand's is no work.
    fn cast_node(&self, b: &mut Builder, view: &NodeView, operand: ValueId) -> Result<Option<Vec<ValueId>>> {
        let node = view.node();
        let from = source(b.graph(), operand, self.decision.to()).unwrap_or(operand);
        if view.dtype(0) == DType::F32 && b.fact(from).dtype == view.output(0).dtype {
            return Ok(Some(vec![from]));
        }
        b.node(&node.name, node.op, node.attrs.clone(), &[from]).map(Some)
    }

    /// The value under type `to`; `old` is the value of the original that it stands for.
    fn typed(&mut self, b: &mut Builder, old: ValueId, new: ValueId, to: DType) -> Result<ValueId> {
        let from = b.fact(new).dtype;
        if from == to {
            return Ok(new);
        }
        if let Some(known) = self.cast.get(&(new, to)) {
            return Ok(*known);
        }
        let name = format!("{}:{to}", b.graph().value(new).name);
        let constant: Option<Tensor> = self.decision.constants.get(&old).and_then(|t| t.clone().ok()).filter(|t| t.dtype() == to);
        let value = match (constant, source(b.graph(), new, to)) {
            (Some(tensor), _) => b.constant(&name, tensor),
            (None, Some(source)) => source,
            (None, None) => b.node(&name, &ops::cast::CAST, Attrs::new(Cast { dtype: to }), &[new])?[0],
        };
        self.cast.insert((new, to), value);
        Ok(value)
    }
}

/// What a widening cast made `value` from, where that is of type `to`: casting back would give it again.
fn source(graph: &Graph, value: ValueId, to: DType) -> Option<ValueId> {
    let node = graph.node(graph.producer(value)?);
    let from = *node.inputs.first()?;
    let widens = node.op.name == "cast" && graph.fact(value).dtype == DType::F32;
    (widens && graph.fact(from).dtype == to).then_some(from)
}
