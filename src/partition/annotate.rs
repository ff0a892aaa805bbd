//! Asks for each node on its own whether it may be offloaded: built-in policy, the caller's options, the target's rule, the caller's
//! filter. Collects every refusal, so that explain can name all that must be lifted. Does not look at neighbours.

use crate::ir::Graph;
use crate::ir::attrs::Attr;
use crate::ir::view::NodeView;
use crate::network::refusal::Refusal;
use crate::partition::links::Links;
use crate::partition::options::{FilterAnswer, FilterQuery, Offload, PartitionOptions};
use crate::partition::target::Target;
use std::collections::BTreeSet;

/// Who refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A rule for every target.
    Policy,
    /// An option.
    Option,
    /// The target's rule for nodes or regions.
    Target,
    /// The caller's filter.
    Filter,
}

impl Source {
    /// `policy`, `option`, `target` or `filter`.
    pub fn name(self) -> &'static str {
        match self {
            Source::Policy => "policy",
            Source::Option => "option",
            Source::Target => "target",
            Source::Filter => "filter",
        }
    }
}

/// What is known of one node's place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Why it is not offloaded; empty when it is.
    pub refusals: Vec<(Source, Refusal)>,
    /// The caller's answer for the node, where asked.
    pub filter: Option<Box<FilterAnswer>>,
}

impl Verdict {
    /// True while nothing speaks against offloading.
    pub fn accepted(&self) -> bool {
        self.refusals.is_empty()
    }

    /// Adds a refusal.
    pub fn refuse(&mut self, source: Source, refusal: Refusal) {
        self.refusals.push((source, refusal));
    }
}

/// One verdict per node. The target's rule is asked at most once for each.
pub fn annotate(graph: &Graph, links: &Links, target: &dyn Target, options: &PartitionOptions) -> Vec<Verdict> {
    let needed = needed_nodes(graph, links);
    graph.node_ids().map(|id| judge(NodeView::new(graph, id), needed[id.0 as usize], target, options)).collect()
}

fn judge(view: NodeView, needed: bool, target: &dyn Target, options: &PartitionOptions) -> Verdict {
    let mut verdict = Verdict::default();
    if options.offload == Offload::Off {
        verdict.refuse(Source::Option, Refusal::new("option.offload-off", "offload is off", "set offload to default"));
        return verdict;
    }
    policy(&mut verdict, view, needed, target);
    kept_off(&mut verdict, view, options);
    let hopeless = !view.node().bodies.is_empty() && !target.takes_bodies();
    if !hopeless && let Err(refusal) = target.accepts(&view) {
        verdict.refuse(Source::Target, refusal);
    }
    if verdict.accepted()
        && let Some(filter) = &options.filter
    {
        let answer = filter(&FilterQuery::Node(view));
        if !answer.offload {
            verdict.refuse(Source::Filter, filter_refusal("filter.node", &answer));
        }
        verdict.filter = Some(Box::new(answer));
    }
    verdict
}

fn policy(verdict: &mut Verdict, view: NodeView, needed: bool, target: &dyn Target) {
    let node = view.node();
    let may_train = node.op.attrs.specs.iter().any(|s| s.name == "training");
    if may_train && node.attrs.named().any(|(name, value)| name == "training" && value == Attr::Bool(true)) {
        let lift = "export the model for inference (training = false)";
        verdict.refuse(Source::Policy, Refusal::new("policy.training", "the node is in training mode", lift));
    }
    if !node.bodies.is_empty() && !target.takes_bodies() {
        let reason = format!("the node holds {} graph(s) and {} takes none", node.bodies.len(), target.name());
        verdict.refuse(Source::Policy, Refusal::new("policy.bodies", reason, ""));
    }
    if !needed {
        verdict.refuse(Source::Policy, Refusal::new("policy.unused", "no output of the model needs it", ""));
    }
}

fn kept_off(verdict: &mut Verdict, view: NodeView, options: &PartitionOptions) {
    let (op, name) = (view.op().name, view.name());
    if options.keep_off_operators.contains(op) {
        let refusal = Refusal::new("option.keep-off-operator", format!("keep_off_operators names {op}"), format!("take {op} out of it"));
        verdict.refuse(Source::Option, refusal);
    }
    if options.keep_off_nodes.contains(name) {
        let refusal = Refusal::new("option.keep-off-node", "keep_off_nodes names the node", format!("take '{name}' out of it"));
        verdict.refuse(Source::Option, refusal);
    }
}

/// A filter's no as a refusal.
pub fn filter_refusal(rule: &'static str, answer: &FilterAnswer) -> Refusal {
    let reason = if answer.reason.is_empty() { "the caller's filter said no".into() } else { answer.reason.clone() };
    Refusal::new(rule, reason, "change the filter's answer")
}

/// Nodes that an output needs.
fn needed_nodes(graph: &Graph, links: &Links) -> Vec<bool> {
    let mut needed = vec![false; graph.nodes.len()];
    for id in graph.node_ids().rev() {
        let given = links.results(id).any(|result| links.is_output(result));
        needed[id.0 as usize] = given || links.all_readers(id).iter().any(|u| needed[u.0 as usize]);
    }
    needed
}

/// What in the options fits nothing in the graph.
pub fn notes(graph: &Graph, options: &PartitionOptions) -> Vec<String> {
    if options.keep_off_nodes.is_empty() && options.keep_off_operators.is_empty() {
        return Vec::new();
    }
    let mut nodes: BTreeSet<&str> = options.keep_off_nodes.iter().map(String::as_str).collect();
    let mut ops: BTreeSet<&str> = options.keep_off_operators.iter().map(String::as_str).collect();
    for node in &graph.nodes {
        nodes.remove(node.name.as_str());
        ops.remove(node.op.name);
    }
    let notes = nodes.into_iter().map(|n| format!("keep_off_nodes: no node is named '{n}'"));
    notes.chain(ops.into_iter().map(|n| format!("keep_off_operators: no node is a '{n}'"))).collect()
}
