//! Constants, and operators that give another shape to the same elements or tell shapes.

use crate::import::onnx::node::{Cx, statics};
use crate::import::onnx::table::{Row, by};
use crate::ir::ValueId;
use crate::ir::attrs::{Attr, Param};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{ensure, fail};

/// The family's operators.
pub const ROWS: &[Row] = &[
    by("Constant", 1, constant),
    by("ConstantOfShape", 9, constant_of_shape),
    by("Identity", 1, identity),
    by("Dropout", 7, dropout_by_attributes),
    by("Dropout", 12, dropout_by_operands),
    by("Shape", 1, shape_of),
    by("Size", 1, size),
    by("Reshape", 5, reshape),
    by("Flatten", 1, flatten),
    by("Squeeze", 1, squeeze),
    by("Unsqueeze", 1, unsqueeze),
    by("Expand", 8, expand),
];

fn constant(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let tensor = if let Some(t) = cx.attrs.tensor("value")? {
        cx.tensor(t)?
    } else if let Some(v) = cx.attrs.int("value_int")? {
        Tensor::scalar(v)
    } else if let Some(v) = cx.attrs.float("value_float")? {
        Tensor::scalar(v)
    } else if let Some(v) = cx.attrs.ints("value_ints")? {
        Tensor::from_vec(&[v.len()], v)
    } else if let Some(v) = cx.attrs.floats("value_floats")? {
        Tensor::from_vec(&[v.len()], v)
    } else {
        let other = ["value_string", "value_strings", "sparse_value"].into_iter().find(|a| cx.attrs.has(a));
        match other {
            Some(name) => fail!(UnsupportedModel, "attribute '{name}' is not supported; constants are dense numbers here"),
            None => fail!(MalformedModel, "it has no attribute that holds its value"),
        }
    };
    Ok(vec![cx.add_constant(tensor)])
}

fn constant_of_shape(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let extents = cx.input(0)?;
    let fill = match cx.attrs.tensor("value")? {
        Some(t) => cx.tensor(t)?,
        None => Tensor::scalar(0f32),
    };
    ensure!(fill.len() == 1, MalformedModel, "attribute 'value' has {} elements, not one", fill.len());
    let mut operands = vec![cx.add_constant(fill.reshaped(&[])?)];
    let extents = cx.param(extents, &mut operands)?;
    Ok(vec![cx.one("full", &[("shape", extents)], &operands)?])
}

fn identity(cx: &mut Cx) -> Result<Vec<ValueId>> {
    Ok(vec![cx.input(0)?])
}

fn dropout_by_attributes(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    cx.attrs.ignore("ratio");
    // Until version 10 the mask had the operand's type.
    let mask = if cx.opset < 10 { cx.dtype(x) } else { DType::Bool };
    dropped_nothing(cx, x, mask)
}

fn dropout_by_operands(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, ratio, training) = (cx.input(0)?, cx.optional(1), cx.optional(2));
    cx.attrs.ignore("seed");
    let (ratio, training) = (ratio.map_or(Some(0.5), |v| cx.number(v)), training.map_or(Some(0.0), |v| cx.number(v)));
    match (training, ratio) {
        (Some(0.0), _) | (_, Some(0.0)) => dropped_nothing(cx, x, DType::Bool),
        (Some(_), Some(rate)) if cx.has_op("nn.dropout") && !cx.wants(1) => {
            Ok(vec![cx.one("nn.dropout", &[("rate", Attr::Float(rate))], &[x])?])
        }
        (Some(_), _) => fail!(UnsupportedModel, "operand 'training_mode' is true; export the model for inference"),
        (None, _) => fail!(UnsupportedModel, "operand 'training_mode' is computed by the network; export the model for inference"),
    }
}

fn dropped_nothing(cx: &mut Cx, x: ValueId, mask: DType) -> Result<Vec<ValueId>> {
    if !cx.wants(1) {
        return Ok(vec![x]);
    }
    let yes = cx.scalar(mask, 1.0)?;
    let attrs = [("shape", Attr::Param(Param::Static(cx.shape(x))))];
    Ok(vec![x, cx.one("full", &attrs, &[yes])?])
}

fn shape_of(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let whole = cx.one("shape_of", &[("dtype", Attr::DType(DType::I64))], &[x])?;
    let (start, end) = (cx.attrs.int_or("start", 0)?, cx.attrs.int_or("end", i64::MAX)?);
    let rank = cx.rank(x) as i64;
    let clamp = |v: i64| if v < 0 { v.saturating_add(rank).max(0) } else { v.min(rank) };
    let (start, end) = (clamp(start), clamp(end));
    if (start, end) == (0, rank) {
        return Ok(vec![whole]);
    }
    let attrs = [("begin", statics(&[start])), ("end", statics(&[end.max(start)])), ("strides", statics(&[1])), ("axes", statics(&[0]))];
    Ok(vec![cx.one("strided_slice", &attrs, &[whole])?])
}

fn size(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    if let Some(count) = shape::element_count(&cx.shape(x)).as_const() {
        return Ok(vec![cx.add_constant(Tensor::scalar(count))]);
    }
    let extents = cx.one("shape_of", &[("dtype", Attr::DType(DType::I64))], &[x])?;
    Ok(vec![cx.one("prod", &[("axis", statics(&[0])), ("keepdims", Attr::Bool(false))], &[extents])?])
}

fn reshape(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, extents) = (cx.input(0)?, cx.input(1)?);
    let allowzero = cx.attrs.flag("allowzero")?;
    let mut operands = vec![x];
    let newshape = cx.param(extents, &mut operands)?;
    Ok(vec![cx.one("reshape", &[("newshape", newshape), ("allowzero", Attr::Bool(allowzero))], &operands)?])
}

fn flatten(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let full = cx.shape(x);
    let rank = full.len() as i64;
    let axis = cx.attrs.int_or("axis", 1)?;
    ensure!((-rank..=rank).contains(&axis), MalformedModel, "attribute 'axis' is {axis}, outside rank {rank}");
    let axis = if axis < 0 { axis + rank } else { axis } as usize;
    if axis == 1 && rank >= 2 {
        return Ok(vec![cx.call("nn.batch_flatten", &[x])?]);
    }
    Ok(vec![cx.reshape(x, vec![shape::element_count(&full[..axis]), shape::element_count(&full[axis..])])?])
}

fn squeeze(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let axes = cx.attribute_or_operand("axes", 1)?.map_or(Attr::None, Attr::Ints);
    Ok(vec![cx.one("squeeze", &[("axis", axes)], &[x])?])
}

fn unsqueeze(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let mut x = cx.input(0)?;
    let Some(axes) = cx.attribute_or_operand("axes", 1)? else { fail!(MalformedModel, "its axes are missing") };
    // They count in the result; from the front, each run of neighbours is one step.
    let axes = shape::axes(&axes, cx.rank(x) + axes.len())?;
    for run in axes.chunk_by(|a, b| a + 1 == *b) {
        let attrs = [("axis", Attr::Int(run[0] as i64)), ("num_newaxis", Attr::Int(run.len() as i64))];
        x = cx.one("expand_dims", &attrs, &[x])?;
    }
    Ok(vec![x])
}

fn expand(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, extents) = (cx.input(0)?, cx.input(1)?);
    let mut operands = vec![x];
    let extents = cx.param(extents, &mut operands)?;
    Ok(vec![cx.one("broadcast_to", &[("shape", extents)], &operands)?])
}
