//! Convolution and products of matrices.

use crate::import::onnx::node::Cx;
use crate::import::onnx::table::{Row, by};
use crate::import::onnx::window::{Window, ranked};
use crate::ir::ValueId;
use crate::ir::attrs::Attr;
use crate::tensor::error::Result;
use crate::{ensure, fail};

/// The family's operators.
pub const ROWS: &[Row] = &[by("Conv", 1, conv), by("Gemm", 7, gemm), by("MatMul", 1, matmul), by("Einsum", 12, einsum)];

fn conv(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, weight, bias) = (cx.input(0)?, cx.input(1)?, cx.optional(2));
    let result = convolution(cx, x, weight)?;
    match bias {
        Some(bias) => Ok(vec![cx.one("nn.bias_add", &[("axis", Attr::Int(1))], &[result, bias])?]),
        None => Ok(vec![result]),
    }
}

/// A convolution with the node's attributes, without bias.
pub(super) fn convolution(cx: &mut Cx, x: ValueId, weight: ValueId) -> Result<ValueId> {
    let same = cx.rank(weight) == cx.rank(x);
    ensure!(same, MalformedModel, "its operand is {} but its weights are {}", cx.fact(x), cx.fact(weight));
    let size: Option<Vec<i64>> = cx.shape(weight).iter().skip(2).map(|d| d.as_const()).collect();
    let window = Window::new(cx, x, size)?;
    let mut attrs = window.attrs();
    attrs.push(("groups", Attr::Int(cx.attrs.int_or("group", 1)?)));
    let op = ranked(cx, "nn.conv", window.axes())?;
    cx.one(&op, &attrs, &[x, weight])
}

/// alpha A B + beta C, each factor transposed on demand
fn gemm(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (a, b, c) = (cx.input(0)?, cx.input(1)?, cx.optional(2));
    let matrices = cx.rank(a) == 2 && cx.rank(b) == 2;
    ensure!(matrices, MalformedModel, "its operands are {} and {}, not matrices", cx.fact(a), cx.fact(b));
    let (alpha, beta) = (cx.attrs.float_or("alpha", 1.0)?, cx.attrs.float_or("beta", 1.0)?);
    let (turn_a, turn_b) = (cx.attrs.int_or("transA", 0)? != 0, cx.attrs.int_or("transB", 0)? != 0);
    let mut result = if turn_b && !turn_a {
        cx.call("nn.dense", &[a, b])?
    } else {
        cx.one("nn.batch_matmul", &[("transpose_a", Attr::Bool(turn_a)), ("transpose_b", Attr::Bool(turn_b))], &[a, b])?
    };
    if alpha != 1.0 {
        let alpha = cx.scalar_like(result, alpha)?;
        result = cx.call("multiply", &[result, alpha])?;
    }
    match c {
        Some(mut c) if beta != 0.0 => {
            if beta != 1.0 {
                let beta = cx.scalar_like(c, beta)?;
                c = cx.call("multiply", &[c, beta])?;
            }
            Ok(vec![cx.call("add", &[result, c])?])
        }
        _ => Ok(vec![result]),
    }
}

fn matmul(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (a, b) = (cx.input(0)?, cx.input(1)?);
    Ok(vec![product(cx, a, b)?])
}

/// The matrix product as numpy has it: operands of rank 1 are vectors.
pub(super) fn product(cx: &mut Cx, mut a: ValueId, mut b: ValueId) -> Result<ValueId> {
    let vectors = (cx.rank(a) == 1, cx.rank(b) == 1);
    if cx.rank(a) == 0 || cx.rank(b) == 0 {
        fail!(MalformedModel, "its operands are {} and {}; neither may be a single number", cx.fact(a), cx.fact(b));
    }
    // A vector is a row on the left and a column on the right; the axis that this adds goes again.
    let axis = |v: i64| [("axis", Attr::Int(v)), ("num_newaxis", Attr::Int(1))];
    if vectors.0 {
        a = cx.one("expand_dims", &axis(0), &[a])?;
    }
    if vectors.1 {
        b = cx.one("expand_dims", &axis(1), &[b])?;
    }
    let attrs = [("transpose_a", Attr::Bool(false)), ("transpose_b", Attr::Bool(false))];
    let mut result = cx.one("nn.batch_matmul", &attrs, &[a, b])?;
    let added: Vec<i64> = [(vectors.0, -2), (vectors.1, -1)].into_iter().filter(|(v, _)| *v).map(|(_, axis)| axis).collect();
    if !added.is_empty() {
        result = cx.one("squeeze", &[("axis", Attr::Ints(added))], &[result])?;
    }
    Ok(result)
}

fn einsum(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let equation = cx.attrs.text_or("equation", "")?.to_string();
    let operands = cx.all_inputs()?;
    Ok(vec![cx.one("einsum", &[("equation", Attr::Str(equation))], &operands)?])
}
