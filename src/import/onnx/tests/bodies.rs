//! Graphs inside nodes: captures of enclosing graphs, inputs given by the operator, names, and branches that are known.

use super::*;
use crate::import::onnx::load_with;
use crate::import::onnx::node::Cx;
use crate::import::onnx::table::{FAMILIES, Row, by};
use crate::ir::attrs::{AttrsDef, NoAttrs};
use crate::ir::opdef::{OpDef, Tolerance, not_lowered};
use crate::ir::{Body, Graph, ValueId};
use crate::network::refusal::Refusal;
use crate::ops;
use crate::tensor::error::Code;

/// A choice between two bodies.
static IF: OpDef = OpDef {
    name: "if",
    doc: "The outputs of one of two graphs.",
    arity: (1, 1),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |ctx, _| Ok(ctx.bodies[0].graph.outputs.iter().map(|o| ctx.bodies[0].graph.fact(o.value).clone()).collect()),
    eval: |ctx, x| (ctx.run)(&ctx.bodies[usize::from(x[0].to_f64s()[0] == 0.0)].graph, &[]),
    convert: |_, _, _| Err(Refusal::new("test", "only in tests", "")),
    lower: not_lowered,
    tolerance: Tolerance::EXACT,
};

/// A body applied twice to the operand.
static TWICE: OpDef = OpDef {
    name: "twice",
    doc: "Body of body of x.",
    arity: (1, 1),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |_, x| Ok(vec![x[0].clone()]),
    eval: |ctx, x| {
        let once = (ctx.run)(&ctx.bodies[0].graph, x)?;
        (ctx.run)(&ctx.bodies[0].graph, &once)
    },
    convert: |_, _, _| Err(Refusal::new("test", "only in tests", "")),
    lower: not_lowered,
    tolerance: Tolerance::EXACT,
};

fn twice(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let body = cx.body("body", &[cx.fact(x).clone()])?;
    cx.emit_with_bodies("twice", &[], &[x], vec![body])
}

const TEST_ROWS: &[Row] = &[by("Twice", 1, twice).needing(&["twice"])];

fn load(g: GraphProto) -> Result<Graph> {
    let rows = [FAMILIES, &[TEST_ROWS]].concat();
    let find = |name: &str| [&IF, &TWICE].into_iter().find(|op| op.name == name).or_else(|| ops::find(name));
    Ok(load_with(&rows, &find, model(13, g).encode_to_vec().into(), None, crate::import::onnx::Unknown::Refuse)?.graph)
}

fn captured<'a>(outer: &'a Graph, body: &Body) -> Vec<&'a str> {
    body.captures.iter().map(|v| outer.value(*v).name.as_str()).collect()
}

fn choice(condition: &str, output: &str, then: GraphProto, other: GraphProto) -> NodeProto {
    node("If", condition, output).named("choice").graph("then_branch", then).graph("else_branch", other)
}

fn condition(v: bool) -> Tensor {
    Tensor::from_bools(&[], vec![v])
}

#[test]
fn outer_values_are_captured_and_constants_shared() {
    let then = graph(vec![], vec![], vec![node("Add", "a w", "s"), node("Mul", "s x", "t")], "t");
    let other = graph(vec![], vec![], vec![], "a");
    let nodes = vec![choice("c", "y", then, other), node("Relu", "x", "a")];
    let inputs = vec![input("x", "2"), typed_input("c", 9, "")];
    let g = load(graph(inputs, vec![floats("w", &[2], &[10.0, 20.0])], nodes, "y")).unwrap();
    // The node stands behind what its branches read, though the file has it first.
    let names: Vec<&str> = g.nodes.iter().map(|n| n.name.as_str()).collect();
    assert_eq!(names, ["a", "choice"]);
    let [then, other] = g.nodes[1].bodies.as_slice() else { panic!("two branches") };
    assert_eq!((captured(&g, then), captured(&g, other)), (vec!["a", "x"], vec!["a"]));
    assert_eq!(then.graph.inputs.len(), 2);
    assert!(then.graph.values.iter().any(|v| v.name == "w" && matches!(v.def, crate::ir::Def::Const(_))));
    assert_eq!(then.graph.nodes[0].name, "choice.then_branch/s");
    let x = Tensor::from_vec(&[2], vec![3f32, -1.0]);
    assert_close(&reference::run(&g, &[x.clone(), condition(true)]).unwrap()[0], &[2], &[39.0, -20.0]);
    assert_close(&reference::run(&g, &[x, condition(false)]).unwrap()[0], &[2], &[3.0, 0.0]);
}

#[test]
fn captures_pass_through_every_graph_in_between() {
    let deep = graph(vec![], vec![], vec![node("Sub", "far near", "d")], "d");
    let flat = graph(vec![], vec![], vec![node("Neg", "near", "d")], "d");
    let middle = graph(vec![], vec![], vec![node("Abs", "x", "near"), choice("c", "m", deep, flat)], "m");
    let other = graph(vec![], vec![], vec![node("Neg", "x", "m")], "m");
    let nodes = vec![node("Relu", "x", "far"), choice("c", "y", middle, other)];
    let g = load(graph(vec![input("x", "2"), typed_input("c", 9, "")], vec![], nodes, "y")).unwrap();
    let middle = &g.nodes[1].bodies[0];
    assert_eq!(captured(&g, middle), ["x", "c", "far"]);
    let deep = &middle.graph.nodes[1].bodies[0];
    assert_eq!(captured(&middle.graph, deep), ["far", "near"]);
    let x = Tensor::from_vec(&[2], vec![3f32, -1.0]);
    assert_close(&reference::run(&g, &[x, condition(true)]).unwrap()[0], &[2], &[0.0, -1.0]);
}

#[test]
fn inputs_of_the_operator_come_first_and_hide_outer_names() {
    // `x` inside is the body's own; `k` is captured.
    let body = graph(vec![input("x", "2")], vec![], vec![node("Mul", "x k", "z")], "z");
    let nodes = vec![node("Abs", "x", "k"), node("Twice", "x", "y").graph("body", body)];
    let g = load(graph(vec![input("x", "2")], vec![], nodes, "y")).unwrap();
    let body = &g.nodes[1].bodies[0];
    let names: Vec<&str> = body.graph.inputs.iter().map(|v| body.graph.value(*v).name.as_str()).collect();
    assert_eq!((names, captured(&g, body)), (vec!["x", "k"], vec!["k"]));
    let x = Tensor::from_vec(&[2], vec![3f32, -2.0]);
    assert_close(&reference::run(&g, &[x]).unwrap()[0], &[2], &[27.0, -8.0]);

    let wrong = graph(vec![input("p", "2"), input("q", "2")], vec![], vec![node("Mul", "p q", "z")], "z");
    let e = load(graph(vec![input("x", "2")], vec![], vec![node("Twice", "x", "y").graph("body", wrong)], "y")).unwrap_err();
    assert!(e.code == Code::MalformedModel && e.message.contains("has 2 inputs, not 1"), "{e}");
}

#[test]
fn names_that_no_graph_defines_are_found_at_any_depth() {
    let deep = graph(vec![], vec![], vec![node("Neg", "ghost", "d")], "d");
    let middle = graph(vec![], vec![], vec![choice("c", "m", deep.clone(), deep)], "m");
    let nodes = vec![choice("c", "y", middle.clone(), middle)];
    let e = load(graph(vec![typed_input("c", 9, "")], vec![], nodes, "y")).unwrap_err();
    assert!(e.code == Code::MalformedModel && e.message.contains("'choice'") && e.message.contains("'ghost'"), "{e}");
    // A body that reads its own node's result is a cycle.
    let own = graph(vec![], vec![], vec![node("Neg", "y", "d")], "d");
    let nodes = vec![choice("c", "y", own.clone(), own)];
    let e = load(graph(vec![typed_input("c", 9, "")], vec![], nodes, "y")).unwrap_err();
    assert!(e.code == Code::MalformedModel && e.message.contains("cycle"), "{e}");
}

#[test]
fn a_known_condition_leaves_one_branch_and_no_choice() {
    // Is the operand of rank 3? The answer is in its type.
    let then = graph(vec![], vec![floats("k", &[], &[5.0])], vec![node("Mul", "x k", "t"), node("Add", "t x", "u")], "u");
    let other = graph(vec![], vec![], vec![node("Sqrt", "x", "e")], "e");
    let nodes = vec![node("Shape", "x", "s"), node("Size", "s", "r"), node("Equal", "r three", "c"), choice("c", "y", then, other)];
    let three = TensorProto { dims: vec![], ..ints("three", &[3]) };
    let g = graph(vec![input("x", "1 1 2")], vec![three], nodes, "y");
    let m = super::load(&model(13, g)).unwrap();
    assert!(ops_of(&m).iter().all(|op| !matches!(*op, "sqrt" | "if")));
    assert_eq!(m.graph.value(m.graph.outputs[0].value).name, "y");
    let x = Tensor::from_vec(&[1, 1, 2], vec![1f32, 2.0]);
    assert_close(&reference::run(&m.graph, &[x]).unwrap()[0], &[1, 1, 2], &[6.0, 12.0]);
}

#[test]
fn an_unknown_condition_keeps_both_branches() {
    let then = graph(vec![], vec![], vec![], "x");
    let g = graph(vec![input("x", "2"), typed_input("c", 9, "")], vec![], vec![choice("c", "y", then.clone(), then)], "y");
    let g = load_bytes(model(13, g).encode_to_vec().into(), None).unwrap().graph;
    assert_eq!((g.nodes[0].op.name, g.nodes[0].bodies.len()), ("if", 2));
    let inputs = [Tensor::from_vec(&[2], vec![1f32, 2.0]), Tensor::from_bools(&[], vec![false])];
    assert_eq!(crate::reference::run(&g, &inputs).unwrap(), [inputs[0].clone()]);
}
