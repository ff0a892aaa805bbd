//! With an implicit batch no layer touches axis 0, however a node names it: TVM compares axes as they are written and lets -4 of rank 4
//! through.

use crate::graph::{Make, dims, ints, text};
use crate::{VERSIONS, split};
use tvmtrt::ir::attrs::Attr;

type Row = (&'static str, Vec<(&'static str, Attr)>, Vec<(&'static str, Attr)>);

/// Operator, attributes by which it works on the batch, attributes by which it does not; on an operand of shape `[2, 4, 4, 4]`.
fn rows() -> Vec<Row> {
    let axis = |a: i64| vec![("axis", Attr::Int(a))];
    let list = |a: i64| vec![("axis", dims(&[a])), ("keepdims", Attr::Bool(true))];
    let split = |a: i64| vec![("axis", Attr::Int(a)), ("indices", ints(&[1]))];
    let slice = |a: i64| vec![("axes", dims(&[a])), ("begin", dims(&[0])), ("end", dims(&[1]))];
    let order = |o: [i64; 4]| vec![("axes", ints(&o))];
    let layout = |to: &str| vec![("src_layout", text("NCHW")), ("dst_layout", text(to))];
    let pad = |at: usize| {
        let mut width = [0; 8];
        width[at] = 1;
        vec![("pad_width", dims(&width))]
    };
    let mut all = vec![
        ("nn.softmax", axis(-4), axis(-3)),
        ("nn.softmax", axis(0), axis(1)),
        ("expand_dims", axis(-5), axis(-4)),
        ("split", split(-4), split(-3)),
        ("strided_slice", slice(-4), slice(-3)),
        ("transpose", order([1, 0, 2, 3]), order([0, 3, 1, 2])),
        ("layout_transform", layout("CNHW"), layout("NHWC")),
        ("nn.pad", pad(1), pad(3)),
        ("nn.layer_norm", axis(-4), axis(-1)),
        ("reshape", vec![("newshape", dims(&[1, -1]))], vec![("newshape", dims(&[0, -1]))]),
    ];
    all.extend(["sum", "prod", "max", "min", "mean"].map(|op| (op, list(-4), list(-3))));
    all.extend(["sum", "mean"].map(|op| (op, vec![("axis", dims(&[]))], list(2))));
    all
}

fn offloaded(op: &str, attrs: &[(&str, Attr)], touches: bool) -> bool {
    let mut m = Make::f32(op);
    let mut operands = vec![m.x(&[2, 4, 4, 4])];
    if op == "nn.layer_norm" {
        let shape: &[usize] = if touches { &[2, 4, 4, 4] } else { &[4] };
        operands.extend([m.k(shape), m.k(shape)]);
    }
    let y = m.ops(op, attrs, &operands);
    !split(&m.out(&y).graph, VERSIONS[0], true).regions.is_empty()
}

#[test]
fn the_batch_is_left_alone_however_it_is_named() {
    for (op, touches, spares) in rows() {
        assert!(!offloaded(op, &touches, true), "{op} {touches:?}");
        assert!(offloaded(op, &spares, false), "{op} {spares:?}");
    }
}

#[test]
fn operands_are_joined_on_other_axes_only() {
    for (axis, taken) in [(-4, false), (0, false), (-3, true), (3, true)] {
        let mut m = Make::f32("concatenate");
        let x = m.x(&[2, 4, 4, 4]);
        let y = m.op("concatenate", &[("axis", Attr::Int(axis))], &[x, x]);
        assert_eq!(!split(&m.out(&[y]).graph, VERSIONS[0], true).regions.is_empty(), taken, "{axis}");
    }
}
