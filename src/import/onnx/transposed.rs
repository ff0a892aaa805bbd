//! Transposed convolution.

use crate::import::onnx::node::Cx;
use crate::import::onnx::table::{Row, by};
use crate::import::onnx::window::Window;
use crate::ir::ValueId;
use crate::ir::attrs::Attr;
use crate::tensor::dim::Dim;
use crate::tensor::error::Result;
use crate::{ensure, fail};

/// The family's operators.
pub const ROWS: &[Row] = &[by("ConvTranspose", 1, conv_transpose)];

fn conv_transpose(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, weight, bias) = (cx.input(0)?, cx.input(1)?, cx.optional(2));
    let same = cx.rank(weight) == cx.rank(x);
    ensure!(same, MalformedModel, "its operand is {} but its weights are {}", cx.fact(x), cx.fact(weight));
    let size: Option<Vec<i64>> = cx.shape(weight).iter().skip(2).map(|d| d.as_const()).collect();
    let mut window = Window::unpadded(cx, x, size)?;
    let axes = window.axes();
    let mut more = cx.attrs.ints("output_padding")?.unwrap_or_else(|| vec![0; axes]);
    let fits = more.len() == axes && more.iter().all(|m| (0..=i64::from(i32::MAX)).contains(m));
    ensure!(fits, MalformedModel, "attribute 'output_padding' is {more:?}; {axes} numbers from 0 on are needed");
    let extents = cx.shape(x)[2..].to_vec();
    let mode = cx.attrs.text_or("auto_pad", "NOTSET")?;
    let wanted = match (cx.attrs.ints("output_shape")?, mode) {
        (Some(shape), _) => {
            let own = shape.len().checked_sub(axes).map(|first| shape[first..].iter().map(|d| Dim::from(*d)).collect::<Vec<_>>());
            let Some(own) = own else { fail!(MalformedModel, "attribute 'output_shape' is {shape:?} for {axes} axes") };
            Some(own)
        }
        (None, "SAME_UPPER" | "SAME_LOWER") => Some((0..axes).map(|i| &extents[i] * &Dim::from(window.strides[i])).collect()),
        (None, "NOTSET" | "" | "VALID") => None,
        (None, other) => fail!(MalformedModel, "attribute 'auto_pad' is '{other}', none of NOTSET, SAME_UPPER, SAME_LOWER, VALID"),
    };
    match wanted {
        Some(wanted) => {
            cx.attrs.ignore("pads");
            pad_to(&mut window, &mut more, &extents, &wanted, mode == "SAME_UPPER")?;
        }
        None if mode == "VALID" => cx.attrs.ignore("pads"),
        None => window.stated_padding(cx)?,
    }
    let mut attrs = window.attrs();
    attrs.push(("output_padding", Attr::Ints(more)));
    attrs.push(("groups", Attr::Int(cx.attrs.int_or("group", 1)?)));
    let op = format!("nn.conv{axes}d_transpose");
    ensure!(cx.has_op(&op), UnsupportedOperator, "it needs operator '{op}', which is not known here");
    let result = cx.one(&op, &attrs, &[x, weight])?;
    match bias {
        Some(bias) => Ok(vec![cx.one("nn.bias_add", &[("axis", Attr::Int(1))], &[result, bias])?]),
        None => Ok(vec![result]),
    }
}

/// Padding that makes the result as large as is wanted; what it lacks even without padding is added behind.
fn pad_to(window: &mut Window, more: &mut [i64], extents: &[Dim], wanted: &[Dim], more_at_end: bool) -> Result<()> {
    let axes = extents.len();
    for i in 0..axes {
        let span = (window.size[i] - 1).saturating_mul(window.dilation[i]).saturating_add(1 + more[i]);
        let whole = &(&(&extents[i] - &Dim::from(1i64)) * &Dim::from(window.strides[i])) + &Dim::from(span);
        let Some(total) = (&whole - &wanted[i]).as_const() else {
            fail!(UnsupportedModel, "its padding depends on the extent {}; fix that to a number, or export with 'pads'", extents[i])
        };
        more[i] = more[i].saturating_add(total.saturating_neg().max(0));
        let total = total.max(0);
        let (less, rest) = (total / 2, total - total / 2);
        let (begin, end) = if more_at_end { (less, rest) } else { (rest, less) };
        (window.padding[i], window.padding[axes + i]) = (begin, end);
    }
    Ok(())
}
