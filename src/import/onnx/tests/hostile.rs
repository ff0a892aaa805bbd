//! Cut, damaged and malicious files: an error, never a panic, a hang or memory out of proportion.

use super::*;
use crate::tensor::error::Code;

/// A model with a bit of everything.
fn sample() -> ModelProto {
    let then = graph(vec![], vec![floats("k", &[1], &[2.0])], vec![node("Mul", "r k", "t")], "t");
    let other = graph(vec![], vec![], vec![node("Neg", "r", "e")], "e");
    let nodes = vec![
        node("Conv", "x w b", "c").named("conv").ints("pads", &[1, 1, 1, 1]).text("auto_pad", "NOTSET"),
        node("Shape", "c", "s"),
        node("Constant", "", "zero").tensor("value", ints("", &[0])),
        node("Gather", "s zero", "n").int("axis", 0),
        node("Concat", "n rest", "shape").int("axis", 0),
        node("Reshape", "c shape", "r"),
        node("Constant", "", "yes").int("value_int", 1),
        node("Cast", "yes", "cond").int("to", 9),
        node("If", "cond", "y").graph("then_branch", then).graph("else_branch", other),
    ];
    let constants = vec![floats("w", &[2, 3, 3, 3], &[0.5; 54]), floats("b", &[2], &[0.1, 0.2]), ints("rest", &[-1])];
    let mut m = model(13, graph(vec![input("x", "N 3 ? 8")], constants, nodes, "y"));
    m.metadata.push(EntryProto { key: "author".into(), value: "nobody".into() });
    m
}

#[test]
fn the_sample_itself_is_fine() {
    let m = load(&sample()).unwrap();
    assert_eq!(m.graph.fact(m.graph.outputs[0].value).to_string(), "float32[N, 16*x.2]");
}

#[test]
fn every_cut_is_an_error_or_a_smaller_model() {
    let whole = sample().encode_to_vec();
    let mut errors = 0;
    for end in 0..whole.len() {
        errors += usize::from(load_bytes(Bytes::copy_from_slice(&whole[..end]), None).is_err());
    }
    // Only cuts between the last fields, behind the graph and the version, leave a whole model.
    assert!(errors + 4 >= whole.len(), "{errors} of {} cuts are errors", whole.len());
}

#[test]
fn flipped_bytes_never_panic() {
    let whole = sample().encode_to_vec();
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    for _ in 0..6000 {
        let mut bytes = whole.clone();
        for _ in 0..1 + random(3) {
            let at = random(bytes.len());
            bytes[at] = match random(3) {
                0 => random(256) as u8,
                1 => bytes[at] ^ (1 << random(8)),
                _ => 0xff,
            };
        }
        let _ = load_bytes(bytes.into(), None);
    }
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: usize| {
        let mut g = graph(vec![], vec![], vec![node("Neg", "x", "z")], "z");
        for _ in 0..depth {
            g = graph(vec![], vec![], vec![node("If", "c", "z").graph("then_branch", g)], "z");
        }
        g.input = vec![input("x", "2"), typed_input("c", 9, "")];
        model(13, g)
    };
    // Deeper than is followed, and deeper than is even decoded.
    for depth in [20, 60] {
        let e = refused(&nested(depth));
        assert!(matches!(e.code, Code::UnsupportedModel | Code::MalformedModel), "{e}");
    }
}

#[test]
fn expressions_that_grow_without_end_are_refused() {
    // Each step squares, or nests, a value made of extents: after 60 steps it would not fit any memory.
    for op in ["Mul", "Max", "Add"] {
        let mut nodes = vec![node("Shape", "x", "v0"), node("Gather", "v0 flip", "w0")];
        for i in 0..60 {
            nodes.push(node(op, &format!("v{i} w{i}"), &format!("v{}", i + 1)));
            nodes.push(node("Mul", &format!("v{i} w{i}"), &format!("u{i}")));
            nodes.push(node("Sub", &format!("u{i} w{i}"), &format!("w{}", i + 1)));
        }
        nodes.push(node("Expand", "one v60", "y"));
        let constants = vec![floats("one", &[1], &[1.0]), ints("flip", &[1, 0])];
        let started = std::time::Instant::now();
        let result = load(&model(13, graph(vec![input("x", "A B")], constants, nodes, "y")));
        assert!(started.elapsed().as_secs() < 20, "{op} takes {:?}", started.elapsed());
        if let Err(e) = result {
            assert!(e.code == Code::UnsupportedModel && e.message.contains("expression"), "{op}: {e}");
        }
    }
}

#[test]
fn huge_extents_cost_nothing() {
    let huge = i64::MAX / 2;
    let big = || ints("big", &[huge]);
    let cases = vec![
        vec![node("Expand", "seven big", "y")],
        vec![node("Tile", "seven big", "y")],
        vec![node("ConstantOfShape", "big", "y").tensor("value", ints("", &[7]))],
        vec![node("Reshape", "seven big", "y")],
        vec![node("Concat", "big big", "two").int("axis", 0), node("Expand", "seven two", "y")],
        vec![node("Concat", "big big", "two").int("axis", 0), node("Expand", "x two", "e"), node("Add", "e e", "y")],
        vec![node("Expand", "x big", "e"), node("Shape", "e", "s"), node("ReduceProd", "s", "p"), node("Mul", "p p", "y")],
        vec![node("Expand", "seven big", "e"), node("Gather", "e seven", "y")],
        vec![node("Expand", "seven big", "e"), node("Slice", "e zero big", "y")],
        vec![node("Slice", "x low big zero big", "y")],
        vec![node("Expand", "seven big", "e"), node("Split", "e", "y z").int("axis", 0)],
        vec![node("Expand", "seven big", "e"), node("Concat", "e e e", "y").int("axis", 0)],
        vec![node("Unsqueeze", "x big", "y")],
        vec![node("Expand", "x many", "y")],
        vec![node("Transpose", "x", "y").ints("perm", &[huge])],
        vec![node("Gather", "x zero", "y").int("axis", huge)],
        vec![node("MaxPool", "image", "y").ints("kernel_shape", &[1 << 30]).ints("dilations", &[1 << 30]).ints("strides", &[1 << 30])],
        vec![node("MaxPool", "image", "y").ints("kernel_shape", &[i64::MAX])],
        vec![node("AveragePool", "image", "y").ints("kernel_shape", &[1 << 30]).ints("pads", &[1 << 30, 1 << 30])],
        vec![node("Conv", "image kernel", "y").int("group", i64::MIN)],
        vec![node("Conv", "image kernel", "y").int("group", 0)],
        vec![node("DepthToSpace", "x", "y").int("blocksize", i64::MIN)],
        vec![node("LRN", "image", "y").int("size", (1 << 31) - 1)],
        vec![node("Div", "seven zero", "y")],
        vec![node("Mod", "big zero", "d"), node("Expand", "x d", "y")],
        vec![
            node("Constant", "", "min").int("value_int", i64::MIN),
            node("Neg", "min", "n"),
            node("Abs", "min", "a"),
            node("Div", "n a", "y"),
        ],
        vec![node("ReduceSum", "x big", "y")],
        vec![node("Softmax", "x", "y").int("axis", i64::MIN)],
        vec![node("Flatten", "x", "y").int("axis", i64::MIN)],
    ];
    for nodes in cases {
        let words = nodes.iter().map(|n| n.op_type.as_str()).collect::<Vec<_>>().join(" ");
        let constants =
            vec![big(), ints("seven", &[7]), ints("zero", &[0]), ints("low", &[i64::MIN]), floats("kernel", &[1, 1, 1], &[1.0])];
        let inputs = vec![input("x", "N"), input("image", "1 1 8"), typed_input("many", 7, "1000000000000")];
        let started = std::time::Instant::now();
        if let Ok(m) = load(&model(13, graph(inputs, constants, nodes, "y"))) {
            let fact = m.graph.fact(m.graph.outputs[0].value);
            assert!(crate::import::onnx::weights::check_extents(fact).is_ok(), "{words} gives {fact}");
        }
        assert!(started.elapsed().as_secs() < 5, "{words} takes {:?}", started.elapsed());
    }
}

#[test]
fn long_names_do_not_multiply() {
    // One name of a megabyte, on a node that becomes thousands.
    let name = "n".repeat(1 << 20);
    let operands = "x ".repeat(5000);
    let m = load(&model(13, graph(vec![input("x", "2")], vec![], vec![node("Sum", &operands, "y").named(&name)], "y"))).unwrap();
    assert_eq!(m.graph.nodes.len(), 4999);
    assert!(m.graph.nodes.iter().map(|n| n.name.len()).sum::<usize>() < 4999 * 256);
}
