//! A partition as a graph for graphviz: regions as boxes, reasons in tooltips and in the caption. Lays nothing out.

use crate::ir::{Def, NodeId, ValueId};
use crate::partition::Partition;
use crate::partition::explain_text::{by_rule, summary};
use crate::partition::picture::{colours, hover, legend, region_line, short_fact, why};
use crate::partition::region::Step;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The graph in graphviz's language.
pub fn dot(p: &Partition) -> String {
    let rules = by_rule(p);
    let caption: Vec<String> = summary(p).lines().map(str::to_string).chain(legend(&rules)).collect();
    let mut out = format!("digraph {} {{\n", quoted(&p.graph.name));
    let label: String = caption.iter().map(|line| escaped(line) + "\\l").collect();
    let _ = writeln!(out, "  graph [label=\"{label}\", labelloc=b, labeljust=l, fontname=\"monospace\", fontsize=10];");
    out += "  node [shape=box, style=\"filled,rounded\", fontname=\"monospace\", fontsize=10, margin=\"0.08,0.03\", height=0.2];\n";
    out += "  edge [arrowsize=0.6, color=\"#888888\", fontname=\"monospace\", fontsize=8];\n";
    for (i, value) in p.graph.inputs.iter().enumerate() {
        let text = format!("input {}\n{}", p.graph.value(*value).name, p.graph.fact(*value));
        let _ = writeln!(out, "  input{i} [label={}, shape=ellipse, fillcolor=white];", quoted(&text));
    }
    for step in &p.steps {
        match step {
            Step::Node(id) => node(&mut out, p, *id, why(p, *id, &rules)),
            Step::Region(i) => {
                let (ground, ink) = colours(Some(*i as u32));
                let _ = writeln!(out, "  subgraph cluster_{i} {{");
                let _ = writeln!(
                    out,
                    "  label={}; style=\"filled,rounded\"; fillcolor=\"{ground}\"; color=\"{ink}\";",
                    quoted(&region_line(p, *i))
                );
                p.regions[*i].nodes.iter().for_each(|id| node(&mut out, p, *id, None));
                out += "  }\n";
            }
        }
    }
    edges(&mut out, p);
    out + "}\n"
}

fn node(out: &mut String, p: &Partition, id: NodeId, why: Option<String>) {
    let (node, side) = (p.graph.node(id), p.region_of[id.0 as usize]);
    let (ground, ink) = colours(side);
    let ground = if side.is_some() { "white" } else { ground };
    let text: Vec<String> = [Some(node.op.name.to_string()), Some(node.name.clone()), why].into_iter().flatten().collect();
    let (text, tip) = (quoted(&text.join("\n")), quoted(&hover(p, id)));
    let _ = writeln!(out, "  n{} [label={text}, fillcolor=\"{ground}\", color=\"{ink}\", tooltip={tip}];", id.0);
}

/// One edge for each result that a node reads; those between sides are thick and have a label.
fn edges(out: &mut String, p: &Partition) {
    let from = |value: ValueId| match p.graph.value(value).def {
        Def::Node(node, _) => Some((format!("n{}", node.0), p.region_of[node.0 as usize])),
        Def::Input(i) => Some((format!("input{i}"), None)),
        Def::Const(_) => None,
    };
    for id in p.graph.node_ids() {
        let values: BTreeSet<ValueId> = p.graph.node(id).reads().collect();
        for value in values {
            let Some((from, side)) = from(value) else { continue };
            let style = if side != p.region_of[id.0 as usize] && from.starts_with('n') { ", penwidth=2, color=black" } else { "" };
            let _ = writeln!(out, "  {from} -> n{} [label={}{style}];", id.0, quoted(&short_fact(p.graph.fact(value))));
        }
    }
    for (i, output) in p.graph.outputs.iter().enumerate() {
        let text = format!("output {}\n{}", output.name, p.graph.fact(output.value));
        let _ = writeln!(out, "  output{i} [label={}, shape=ellipse, fillcolor=white];", quoted(&text));
        if let Some((from, _)) = from(output.value) {
            let _ = writeln!(out, "  {from} -> output{i};");
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
