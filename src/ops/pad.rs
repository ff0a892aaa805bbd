//! `nn.pad`: elements added in front of and behind each axis, or taken away where a width is negative.

use crate::ir::attrs::{AttrsDef, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::{Access, Binary, Body, BufferId, Kernel, Op, Role, Stage, Unary, Val};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{LayerKind, SampleMode};
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::conv::indices;
use crate::ops::movement::{data_dependent, param_eval, param_value, strides};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape::text;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `nn.pad`.
    pub struct Pad {
        /// For each axis in turn: how many elements in front, how many behind; a negative number takes elements away.
        pub pad_width: Param = Param::Static(vec![]),
        /// What is added: `constant` (the second operand, else zeros), `edge`, `reflect` or `wrap`.
        pub pad_mode: String = "constant".into(),
    }
}

/// Widest padding, and with it the largest result.
const MAX_WIDTH: i64 = 1 << 40;

/// Longest list of indices by which an axis is padded.
const MAX_INDICES: i64 = 1 << 24;

fn mode(a: &Pad) -> Result<SampleMode> {
    Ok(match a.pad_mode.as_str() {
        "constant" => SampleMode::Fill,
        "edge" => SampleMode::Clamp,
        "reflect" => SampleMode::Reflect,
        "wrap" => SampleMode::Wrap,
        other => crate::fail!(BadGraph, "pad_mode is '{other}', none of constant, edge, reflect, wrap"),
    })
}

/// Widths in front of and behind each axis; `None` where they depend on data.
fn widths(a: &Pad, x: &[&Fact]) -> Result<Option<Vec<[Dim; 2]>>> {
    let Some(list) = param_value(&a.pad_width, x)? else { return Ok(None) };
    let rank = x[0].rank();
    ensure!(list.len() == 2 * rank, BadGraph, "pad_width has {} entries, not two for each of {rank} axes", list.len());
    let bounded = |d: &Dim| d.as_const().is_none_or(|w| (-MAX_WIDTH..=MAX_WIDTH).contains(&w));
    ensure!(list.iter().all(bounded), BadGraph, "pad_width {} is beyond {MAX_WIDTH}", text(&list));
    Ok(Some(list.chunks(2).map(|w| [w[0].clone(), w[1].clone()]).collect()))
}

fn infer(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    let a: &Pad = c.attrs.get();
    mode(a)?;
    if let Some(value) = x.get(1).filter(|_| a.pad_width != Param::Input(1)) {
        let one = value.dtype == x[0].dtype && value.shape.iter().all(|d| d.is(1));
        ensure!(one, BadGraph, "the value to pad with is {value}, not one element of {}", x[0].dtype);
    }
    let Some(widths) = widths(a, x)? else {
        return Ok(vec![Fact::new(x[0].dtype, (0..x[0].rank()).map(|i| data_dependent(c.node, i)).collect())]);
    };
    let dims: Vec<Dim> = x[0].shape.iter().zip(&widths).map(|(d, [before, after])| &(d + before) + after).collect();
    ensure!(dims.iter().all(|d| d.interval().1 >= 0), BadGraph, "more is taken away than {} has", text(&x[0].shape));
    Ok(vec![Fact::new(x[0].dtype, dims.iter().map(|d| d.max_with(&Dim::from(0i64))).collect())])
}

/// The element of an axis that index `i`, counted from its first one, stands for; `None` for what is padded with.
fn source(i: i64, extent: i64, mode: SampleMode) -> Option<i64> {
    match mode {
        SampleMode::Fill => (0..extent).contains(&i).then_some(i),
        SampleMode::Clamp => Some(i.clamp(0, extent - 1)),
        SampleMode::Wrap => Some(i.rem_euclid(extent)),
        SampleMode::Reflect => {
            let period = (2 * (extent - 1)).max(1);
            let there = i.abs() % period;
            Some(if there < extent { there } else { period - there })
        }
    }
}

fn eval(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let a: &Pad = c.attrs.get();
    let (mode, list, own) = (mode(a)?, param_eval(&a.pad_width, c, x)?, strides(x[0].shape()));
    let fits = list.len() == 2 * own.len() && list.iter().all(|w| (-MAX_WIDTH..=MAX_WIDTH).contains(w));
    ensure!(fits, BadGraph, "pad_width is {list:?} for {} axes", own.len());
    let out: Vec<usize> = (0..own.len()).map(|i| (x[0].shape()[i] as i64 + list[2 * i] + list[2 * i + 1]).max(0) as usize).collect();
    let count = out.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).filter(|n| *n as i64 <= MAX_WIDTH);
    ensure!(count.is_some(), WrongShape, "a result of shape {out:?} is too large");
    let lacks = mode != SampleMode::Fill && x[0].is_empty() && !out.contains(&0);
    ensure!(!lacks, BadGraph, "an empty tensor has nothing to pad with");
    let size = x[0].dtype().size();
    let fill = match x.get(1).filter(|_| a.pad_width != Param::Input(1)) {
        Some(value) => value.bytes().to_vec(),
        None => vec![0; size],
    };
    let mut bytes = Vec::new();
    for at in indices(&out) {
        let places: Option<Vec<i64>> = (0..own.len()).map(|i| source(at[i] as i64 - list[2 * i], x[0].shape()[i] as i64, mode)).collect();
        match places {
            Some(p) => {
                let flat = p.iter().zip(&own).map(|(i, s)| i * s).sum::<i64>() as usize;
                bytes.extend_from_slice(&x[0].bytes()[flat * size..(flat + 1) * size]);
            }
            None => bytes.extend_from_slice(&fill),
        }
    }
    Ok(vec![Tensor::new(x[0].dtype(), out, bytes.into())?])
}

fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId]) -> Accepted<Vec<TensorId>> {
    let a: &Pad = v.attrs();
    let fixed = |w: &[Dim; 2]| Some((w[0].as_const()?, w[1].as_const()?));
    let widths = widths(a, &v.inputs()).ok().flatten().and_then(|w| w.iter().map(fixed).collect::<Option<Vec<_>>>());
    let (Some(widths), Ok(mode)) = (widths, mode(a)) else {
        return Err(Refusal::new("pad.dynamic-width", "how much is padded is not fixed", "make pad_width a constant"));
    };
    let fill = match x.get(1).filter(|_| a.pad_width != Param::Input(1) && mode == SampleMode::Fill) {
        Some(fill) if v.input(1).rank() > 0 => Some(b.reshape(*fill, &[])?),
        other => other.copied(),
    };
    if let Some(size) = v.output(0).shape.iter().map(|d| d.as_const()).collect::<Option<Vec<i64>>>() {
        let start = widths.iter().map(|w| -w.0).collect();
        let operands: Vec<TensorId> = [x[0]].into_iter().chain(fill).collect();
        return Ok(vec![b.add(LayerKind::SliceOutside { start, size, mode }, &operands)?]);
    }
    let mut out = x[0];
    for (axis, (before, after)) in widths.into_iter().enumerate().filter(|(_, w)| *w != (0, 0)) {
        let Some(extent) = v.shape(0)[axis].as_const() else {
            let reason = format!("axis {axis} is padded and its extent {} is not fixed", v.shape(0)[axis]);
            return Err(Refusal::new("pad.dynamic-axis", reason, "fix the extents of the padded axes"));
        };
        out = pad_axis(v, b, out, axis, extent, (before, after), mode, fill)?;
    }
    Ok(vec![if out == x[0] { b.add(LayerKind::Identity, &[out])? } else { out }])
}

/// One axis by a gather, and a selection where it is filled: other extents may be free.
fn pad_axis(
    v: &NodeView,
    b: &mut Builder,
    x: TensorId,
    axis: usize,
    extent: i64,
    (before, after): (i64, i64),
    mode: SampleMode,
    fill: Option<TensorId>,
) -> Accepted<TensorId> {
    let count = (extent + before + after).max(0);
    if count > MAX_INDICES {
        let reason = format!("axis {axis} becomes {count} elements long, too many to list");
        return Err(Refusal::new("pad.too-long", reason, "fix all extents, or pad less"));
    }
    let from: Vec<Option<i64>> = (0..count).map(|i| source(i - before, extent, mode)).collect();
    let list: Vec<i32> = from.iter().map(|i| i.unwrap_or(0) as i32).collect();
    let list = b.constant(Tensor::from_vec(&[list.len()], list))?;
    let out = b.add(LayerKind::Gather(axis), &[x, list])?;
    if from.iter().all(Option::is_some) {
        return Ok(out);
    }
    let rank = v.input(0).rank();
    let mut shape = vec![1; rank];
    shape[axis] = from.len();
    let inside = b.constant(Tensor::from_bools(&shape, from.iter().map(Option::is_some).collect()))?;
    let fill = match fill {
        Some(fill) => b.pad_rank(fill, rank)?,
        None => b.constant(Tensor::zeros(v.dtype(0), &vec![1; rank]))?,
    };
    b.add(LayerKind::Select, &[inside, out, fill])
}

fn lower(v: &NodeView) -> Result<Lowering> {
    let a: &Pad = v.attrs();
    let (mode, dims) = (mode(a)?, v.shape(0));
    let widths = widths(a, &v.inputs())?;
    let widths = widths.ok_or_else(|| Error::new(Code::NotImplemented, format!("node '{}': pad_width depends on data", v.name())))?;
    let mut k = Kernel::new(v.name());
    let inputs: Vec<BufferId> = (0..v.input_count()).map(|i| k.add(Role::Input, v.dtype(i), v.shape(i))).collect();
    let out = k.add(Role::Output, v.dtype(0), &v.output(0).shape);
    if mode == SampleMode::Fill {
        let mut value = Body::default();
        match inputs.get(1).filter(|_| a.pad_width != Param::Input(1)) {
            Some(fill) => value.load(Access { buffer: *fill, offset: Dim::from(0i64), strides: vec![Dim::from(0i64); dims.len()] }),
            None => value.constant(v.dtype(0), 0.0),
        };
        k.map(out, value);
        let stage = middle(&k, dims, &widths, inputs[0], out);
        k.stages.push(stage);
        return Ok(Lowering::Kernel(k));
    }
    let mut body = Body::default();
    let mut flat = body.int(DType::I64, 0);
    for (i, (extent, [before, _])) in dims.iter().zip(&widths).enumerate() {
        let (at, before, extent) = (body.push(Op::Index(i)), body.push(Op::Size(before.clone())), body.push(Op::Size(extent.clone())));
        let at = body.binary(Binary::Sub, at, before);
        let place = repeated(&mut body, at, extent, mode);
        flat = body.binary(Binary::Mul, flat, extent);
        flat = body.binary(Binary::Add, flat, place);
    }
    body.push(Op::LoadAt(inputs[0], flat));
    k.map(out, body);
    Ok(Lowering::Kernel(k))
}

/// What is left of the operand, at its place in the result.
fn middle(k: &Kernel, dims: &[Dim], widths: &[[Dim; 2]], x: BufferId, out: BufferId) -> Stage {
    let zero = Dim::from(0i64);
    let (mut from, mut to, mut extents) = (k.dense(x), k.dense(out), Vec::new());
    for (i, [before, after]) in widths.iter().enumerate() {
        from.offset = &from.offset + &(&from.strides[i] * &(-before).max_with(&zero));
        to.offset = &to.offset + &(&to.strides[i] * &before.max_with(&zero));
        let kept = &(&dims[i] + &before.min_with(&zero)) + &after.min_with(&zero);
        extents.push(kept.max_with(&zero));
    }
    let mut value = Body::default();
    value.load(from);
    Stage::Map { out: to, extents, value }
}

/// The element that an index outside stands for.
fn repeated(b: &mut Body, at: Val, extent: Val, mode: SampleMode) -> Val {
    let (zero, one) = (b.int(DType::I64, 0), b.int(DType::I64, 1));
    let last = b.binary(Binary::Sub, extent, one);
    match mode {
        SampleMode::Wrap => {
            let rest = b.binary(Binary::Rem, at, extent);
            let up = b.binary(Binary::Add, rest, extent);
            b.binary(Binary::Rem, up, extent)
        }
        SampleMode::Reflect => {
            let (size, twice) = (b.unary(Unary::Abs, at), b.binary(Binary::Add, last, last));
            let period = b.binary(Binary::Max, twice, one);
            let there = b.binary(Binary::Rem, size, period);
            let back = b.binary(Binary::Sub, period, there);
            b.binary(Binary::Min, there, back)
        }
        _ => {
            let low = b.binary(Binary::Max, at, zero);
            b.binary(Binary::Min, low, last)
        }
    }
}

pub static PAD: OpDef = OpDef {
    name: "nn.pad",
    doc: "Elements added in front of and behind each axis.",
    arity: (1, 3),
    attrs: AttrsDef::of::<Pad>(),
    infer,
    eval,
    convert,
    lower,
    tolerance: Tolerance::EXACT,
};
