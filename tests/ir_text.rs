//! Text of graphs: what is printed reads back to an equal graph, and faults are named.

mod common;
mod suite;

use common::golden;
use tvmtrt::ir::attrs::{Attrs, AttrsDef, NoAttrs, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::opdef::{OpDef, Tolerance, not_lowered};
use tvmtrt::ir::parse::parse;
use tvmtrt::ir::verify::verify;
use tvmtrt::ir::{Body, Def, Graph, ValueId};
use tvmtrt::network::refusal::Refusal;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::{attributes, fail};

attributes! {
    /// One attribute of each type.
    pub struct Every {
        /// An integer.
        pub int: i64 = 3,
        /// A float.
        pub float: f64 = 0.0,
        /// A flag.
        pub flag: bool = false,
        /// A string.
        pub string: String = String::from("plain"),
        /// Integers.
        pub ints: Vec<i64> = vec![1],
        /// A type.
        pub dtype: DType = DType::F32,
        /// A shape.
        pub shape: Param = Param::Static(vec![]),
        /// Perhaps an integer.
        pub maybe: Option<i64> = Some(1),
    }
}

/// Gives each operand again.
static EVERY: OpDef = OpDef {
    name: "test.every",
    doc: "Its operands.",
    arity: (1, 3),
    attrs: AttrsDef::of::<Every>(),
    infer: |_, x| Ok(x.iter().map(|f| (*f).clone()).collect()),
    eval: |_, x| Ok(x.to_vec()),
    convert: |_, _, _| Err(Refusal::new("test.never", "", "")),
    lower: not_lowered,
    tolerance: Tolerance::EXACT,
};

/// What its body gives.
static CALL: OpDef = OpDef {
    name: "call",
    doc: "Its body's outputs.",
    arity: (0, 2),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |c, _| {
        let Some(Body { graph: body, .. }) = c.bodies.first() else { fail!(BadGraph, "a body is missing") };
        Ok(body.outputs.iter().map(|o| body.fact(o.value).clone()).collect())
    },
    ..EVERY
};

fn ops(name: &str) -> Option<&'static OpDef> {
    [&EVERY, &CALL].into_iter().find(|op| op.name == name)
}

fn constants(graph: &Graph) -> impl Fn(&str) -> Option<Tensor> {
    let mut all: Vec<Tensor> =
        graph.values.iter().filter_map(|v| if let Def::Const(t) = &v.def { Some(t.clone()) } else { None }).collect();
    all.extend(graph.nodes.iter().flat_map(|n| &n.bodies).flat_map(|b| b.graph.values.iter()).filter_map(|v| match &v.def {
        Def::Const(t) => Some(t.clone()),
        _ => None,
    }));
    move |digest| all.iter().find(|t| t.digest().to_string() == digest).cloned()
}

/// Prints, reads back, and compares everything that text does not show by being equal.
#[track_caller]
fn round_trip(graph: &Graph) -> String {
    verify(graph).unwrap();
    let text = graph.to_string();
    let again = parse(&text, &ops, &constants(graph)).unwrap_or_else(|e| panic!("{e}\n{text}"));
    verify(&again).unwrap();
    assert_eq!(again.to_string(), text);
    assert_eq!(again.nodes.len(), graph.nodes.len());
    for (a, b) in again.nodes.iter().zip(&graph.nodes) {
        assert_eq!((&a.name, a.op), (&b.name, b.op));
        assert_eq!(format!("{:?}", a.attrs), format!("{:?}", b.attrs));
    }
    text
}

const STRANGE: &str = "a \"b\"\\\n\t{é} 𝄞 \u{7f}\u{2028}%0 = x // (,)";

/// A graph with every kind of name, attribute, constant and body.
fn everything(scope: &str) -> Graph {
    let mut b = Builder::new(scope);
    let (n, odd) = (Dim::symbol("N", 1, 64), Dim::symbol(STRANGE, 0, i64::MAX));
    let x = b.input("x", Fact::new(DType::F32, vec![n.clone(), &n * &odd, Dim::from(3i64)])).unwrap();
    let length = Fact::new(DType::I64, vec![Dim::from(2i64)]).with_value(Some(vec![odd.clone(), &n + &Dim::from(1i64)]));
    let l = b.input(STRANGE, length).unwrap();
    let small = b.constant("small", Tensor::from_vec(&[2, 2], vec![0.1f32, -0.0, f32::INFINITY, 1e-45]));
    let nan = b.constant("nan", Tensor::from_vec(&[], vec![f32::from_bits(0x7fc0_0001)]));
    let large = b.constant(STRANGE, Tensor::zeros(DType::U8, &[5, 5]));
    let wide = b.constant("wide", Tensor::from_vec(&[1], vec![u64::MAX]));
    let empty = b.constant("empty", Tensor::zeros(DType::BF16, &[0, 4]));
    let flags = b.constant("flags", Tensor::from_bools(&[2], vec![true, false]));
    let attrs = Every {
        int: i64::MIN,
        float: -0.0,
        flag: true,
        string: STRANGE.into(),
        ints: vec![],
        dtype: DType::Bool,
        shape: Param::Static(vec![odd.floor_div(&n), n.max_with(&Dim::from(5i64)), Dim::from(-1i64)]),
        maybe: None,
    };
    let many = b.node(STRANGE, &EVERY, Attrs::new(attrs), &[x, l, small]).unwrap();
    b.name_value(many[1], STRANGE);
    let one = b.op("one", &EVERY, Every { shape: Param::Input(0), float: 1e300, ..Every::default() }, &[many[0]]).unwrap();
    for (i, id) in [nan, large, wide, empty, flags].into_iter().enumerate() {
        b.op(&format!("c{i}"), &EVERY, Every { float: f64::NEG_INFINITY, ..Every::default() }, &[id]).unwrap();
    }
    let mut inner = Builder::new(STRANGE);
    let own = inner.input("own", Fact::new(DType::F32, vec![n.clone()])).unwrap();
    let captured = inner.input("captured", b.fact(one).clone()).unwrap();
    let weight = inner.constant("w", Tensor::zeros(DType::F32, &[100]));
    inner.op("n", &EVERY, Every::default(), &[own]).unwrap();
    inner.output("o", captured).unwrap();
    inner.output("w", weight).unwrap();
    let body = Body { graph: inner.finish(), captures: vec![one] };
    let called = b.node_with_bodies("call", &CALL, Attrs::new(NoAttrs {}), &[x], vec![body]).unwrap();
    b.output("y", called[0]).unwrap();
    b.output(STRANGE, called[0]).unwrap();
    b.output("x", x).unwrap();
    b.finish()
}

#[test]
fn text_reads_back() {
    let text = round_trip(&everything("g"));
    golden("ir_everything", &text);
    round_trip(&Graph::default());
    round_trip(&everything(STRANGE));
}

#[test]
fn every_case_of_the_suite_is_sound_and_reads_back() {
    for case in suite::cases::all() {
        verify(&case.graph).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let text = case.graph.to_string();
        let again = parse(&text, &tvmtrt::ops::find, &constants(&case.graph)).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        assert_eq!(again.to_string(), text, "{}", case.name);
    }
}

#[test]
fn every_cut_text_is_an_error() {
    let graph = everything("g");
    let (text, constants) = (graph.to_string(), constants(&graph));
    for end in (0..text.trim_end().len()).filter(|i| text.is_char_boundary(*i)) {
        assert!(parse(&text[..end], &ops, &constants).is_err(), "cut at {end}");
    }
    // Any one character less, or another in its place, is read or refused, never a panic.
    for (i, c) in text.char_indices() {
        for with in ["", "(", "9", "%"] {
            let _ = parse(&format!("{}{with}{}", &text[..i], &text[i + c.len_utf8()..]), &ops, &constants);
        }
    }
}

#[track_caller]
fn refused(text: &str, what: &str) {
    let error = parse(&format!("graph \"g\" {{\n{text}\n}}"), &ops, &|_| None).unwrap_err();
    assert!(error.message.contains(what), "{error}");
}

#[test]
fn faults_are_named() {
    let x = "%0 = input \"x\": float32[2]\n";
    refused("%0 = input \"x\": float32[N]", "'N'");
    refused("%0 = const \"x\": float32[2] = [1]", "not float32[2]");
    refused("%0 = const \"x\": float32[2] #00", "no constant #00");
    refused("output \"y\" = %1", "no %1");
    refused(&format!("{x}%1 = nope(%0) \"n\""), "no operator 'nope'");
    refused(&format!("{x}%1 = test.every(%0) {{size = 1}} \"n\""), "no attribute 'size'");
    refused(&format!("{x}%1 = test.every(%0) {{int = \"1\"}} \"n\""), "'int' must be int");
    refused(&format!("{x}%1 = test.every(%0) \"n\": float32[3]"), "is float32[2], not float32[3]");
    refused(&format!("{x}%1 = dyn.test.every(%0) \"n\""), "dyn.");
    refused(&format!("{x}%1 = test.every(%0) \"n\"\n%2 = test.every(%0) \"n\""), "two nodes are named 'n'");
    refused(&format!("{x}%0 = test.every(%0) \"n\""), "line 3: %0 is defined twice");
    refused(&format!("{x}%1, %2 = test.every(%0) \"n\""), "are 1, not 2");
}

/// Breaks a graph in one way and gives the verifier's word on it.
fn broken(f: impl FnOnce(&mut Graph)) -> String {
    let mut graph = everything("g");
    f(&mut graph);
    verify(&graph).unwrap_err().message
}

#[test]
fn verifier_finds_each_fault() {
    let node = |g: &Graph, name: &str| g.nodes.iter().position(|n| n.name == name).unwrap();
    let has = |message: String, what: &str| assert!(message.contains(what), "{message}");
    has(broken(|g| g.outputs[0].value = ValueId(999)), "there are");
    has(broken(|g| g.outputs[1].name = "y".into()), "two outputs are named 'y'");
    has(broken(|g| g.nodes.swap(0, 1)), "does not know it");
    has(broken(|g| g.nodes[2].name = "one".into()), "two nodes are named 'one'");
    has(broken(|g| g.nodes[2].name = String::new()), "has no name");
    has(broken(|g| g.nodes[1].inputs.clear()), "node 'one' (test.every): 0 operands");
    has(broken(|g| g.nodes[0].inputs[0] = g.nodes[1].outputs[0]), "read before it is made");
    has(broken(|g| g.values[g.nodes[1].outputs[0].0 as usize].fact.dtype = DType::F16), "value 'one' is float16");
    has(broken(|g| g.values[2].fact.shape = vec![]), "constant 'small'");
    has(broken(|g| g.values[0].def = Def::Input(1)), "value 'x' (0)");
    has(broken(|g| g.values[0].fact.value = Some(vec![Dim::from(1i64)])), "cannot have the fact");
    has(
        broken(|g| {
            let n = node(g, "call");
            g.nodes[n].bodies[0].captures[0] = ValueId(1)
        }),
        "body 0: input 'captured'",
    );
    has(
        broken(|g| {
            let n = node(g, "call");
            g.nodes[n].bodies[0].graph.nodes[0].inputs.clear()
        }),
        "body 0: node 'n'",
    );
}
