//! Pools: windows over the spatial axes, and over all of them.

use crate::fail;
use crate::import::onnx::node::{Cx, statics};
use crate::import::onnx::table::{Row, by};
use crate::import::onnx::window::{Window, ranked};
use crate::ir::ValueId;
use crate::ir::attrs::Attr;
use crate::tensor::error::Result;

/// The family's operators.
pub const ROWS: &[Row] = &[
    by("MaxPool", 1, max_pool),
    by("AveragePool", 1, average_pool),
    by("GlobalMaxPool", 1, global_pool),
    by("GlobalAveragePool", 1, global_pool),
];

fn window_attrs(cx: &Cx, x: ValueId) -> Result<(Window, Vec<(&'static str, Attr)>)> {
    let window = Window::new(cx, x, None)?;
    let mut attrs = window.attrs();
    attrs.push(("pool_size", Attr::Ints(window.size.clone())));
    // With automatic padding the windows fit exactly: there is nothing to round up.
    let ceil = cx.attrs.flag("ceil_mode")? && window.explicit;
    attrs.push(("ceil_mode", Attr::Bool(ceil)));
    Ok((window, attrs))
}

fn max_pool(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    if cx.wants(1) {
        fail!(UnsupportedModel, "its second result, the positions of the maxima, is used; that is not supported");
    }
    // The order in which positions are counted.
    cx.attrs.ignore("storage_order");
    let (window, attrs) = window_attrs(cx, x)?;
    let op = ranked(cx, "nn.max_pool", window.axes())?;
    Ok(vec![cx.one(&op, &attrs, &[x])?])
}

fn average_pool(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let (window, mut attrs) = window_attrs(cx, x)?;
    attrs.push(("count_include_pad", Attr::Bool(cx.attrs.flag("count_include_pad")?)));
    let op = ranked(cx, "nn.avg_pool", window.axes())?;
    Ok(vec![cx.one(&op, &attrs, &[x])?])
}

fn global_pool(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let (image, reduction) = match cx.op_type() {
        "GlobalMaxPool" => ("nn.global_max_pool2d", "max"),
        _ => ("nn.global_avg_pool2d", "mean"),
    };
    let rank = cx.rank(x) as i64;
    if rank == 4 {
        return Ok(vec![cx.call(image, &[x])?]);
    }
    if rank < 3 {
        fail!(MalformedModel, "its operand is {}, without axes behind batch and channel", cx.fact(x));
    }
    let axes: Vec<i64> = (2..rank).collect();
    Ok(vec![cx.one(reduction, &[("axis", statics(&axes)), ("keepdims", Attr::Bool(true))], &[x])?])
}
