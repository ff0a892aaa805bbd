//! Multiply-accumulates of a node, from the shapes of its facts; used for sizes in explain and to tell compute from shape glue.
//! An estimate: nothing is right or wrong by it.

use crate::ir::attrs::Attr;
use crate::ir::view::NodeView;
use crate::tensor::dim::Dim;
use crate::tensor::shape::element_count;

/// Operators that make a region worth building: contractions, and reductions, which the peers count too.
pub const MAC_OPERATORS: &[&str] = &[
    "einsum",
    "max",
    "mean",
    "min",
    "nn.batch_matmul",
    "nn.conv1d",
    "nn.conv1d_transpose",
    "nn.conv2d",
    "nn.conv2d_transpose",
    "nn.conv3d",
    "nn.conv3d_transpose",
    "nn.dense",
    "nn.matmul",
    "prod",
    "sum",
];

/// Operators that move or relabel elements and compute nothing.
pub const GLUE_OPERATORS: &[&str] = &[
    "broadcast_to",
    "cast",
    "concatenate",
    "copy",
    "expand_dims",
    "full",
    "identity",
    "layout_transform",
    "nn.batch_flatten",
    "reshape",
    "shape_of",
    "split",
    "squeeze",
    "stack",
    "strided_slice",
    "transpose",
];

/// True for an operator of [`MAC_OPERATORS`].
pub fn is_mac(view: &NodeView) -> bool {
    MAC_OPERATORS.contains(&view.op().name)
}

/// True for a node that computes.
pub fn is_compute(view: &NodeView) -> bool {
    !GLUE_OPERATORS.contains(&view.op().name)
}

/// Multiply-accumulates of a contraction; 0 for anything else.
pub fn macs(view: &NodeView) -> Dim {
    let zero = Dim::from(0i64);
    let name = view.op().name;
    if view.input_count() < 2 || view.node().outputs.is_empty() {
        return zero;
    }
    let (x, w, out) = (view.shape(0), view.shape(1), element_count(&view.output(0).shape));
    let flag = |wanted: &str| view.node().attrs.named().any(|(n, v)| n == wanted && v == Attr::Bool(true));
    match name {
        // Weights are [out, in / groups, window] and, transposed, [in, out / groups, window].
        "nn.conv1d" | "nn.conv2d" | "nn.conv3d" if w.len() > 2 => &out * &element_count(&w[1..]),
        "nn.conv1d_transpose" | "nn.conv2d_transpose" | "nn.conv3d_transpose" if w.len() > 2 => &element_count(x) * &element_count(&w[1..]),
        "nn.dense" if w.len() == 2 => &out * &w[1],
        "nn.batch_matmul" | "nn.matmul" if x.len() >= 2 => &out * &x[x.len() - if flag("transpose_a") { 2 } else { 1 }],
        "einsum" => crate::ops::einsum::products(view).unwrap_or(zero),
        _ => zero,
    }
}

/// A count for people: `1.82 G`, `640 k`, a short expression, or the least that a long one can be.
pub fn short(count: &Dim) -> String {
    let Some(n) = count.as_const() else {
        let text = count.to_string();
        return if text.len() <= 20 { text } else { format!("{} or more", short(&Dim::from(count.interval().0))) };
    };
    match n {
        1_000_000_000.. => format!("{:.2} G", n as f64 / 1e9),
        1_000_000.. => format!("{:.2} M", n as f64 / 1e6),
        10_000.. => format!("{} k", n / 1000),
        _ => n.to_string(),
    }
}
