//! What the normalisations share: kernels and layers that centre and scale groups of elements. Statistics of narrow floats are kept
//! in float32, in kernels and layers alike: their squares would overflow. No entries.

use crate::ir::opdef::Lowering;
use crate::ir::view::NodeView;
use crate::loops::{Access, Binary, Body, BufferId, Fold, Kernel, Op, Role, Stage, Unary, Val};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{self, ElementWise, LayerKind};
use crate::network::refusal::Accepted;
use crate::ops::reduce::mean_of;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, element_count};

/// The type of statistics of data of type `dtype`.
pub fn statistics_type(dtype: DType) -> DType {
    if matches!(dtype, DType::F16 | DType::BF16) { DType::F32 } else { dtype }
}

/// What is normalised, and by what.
pub struct Normal {
    /// The data's extents as they are grouped: element count and order are the data's own.
    pub dims: Vec<Dim>,
    /// Axes of `dims` over which statistics are taken; ascending.
    pub axes: Vec<usize>,
    /// The mean is taken away first.
    pub centre: bool,
    /// Added to the mean square.
    pub epsilon: f64,
}

/// `(x - mean) / sqrt(mean square + epsilon)`, times the second operand, plus the third where there is one; `place` says how
/// parameters lie over the data, whose own axes before `group_axis` and that axis, cut into groups, are the lanes of `normal`.
pub fn lower(v: &NodeView, normal: &Normal, place: &dyn Fn(&Kernel, BufferId) -> Access) -> Result<Lowering> {
    let (dtype, dims) = (v.dtype(0), v.shape(0));
    let wide = statistics_type(dtype);
    let kept: Vec<usize> = (0..normal.dims.len()).filter(|i| !normal.axes.contains(i)).collect();
    let pick = |list: &[usize]| list.iter().map(|i| normal.dims[*i].clone()).collect::<Vec<Dim>>();
    let (lanes, inner) = (pick(&kept), pick(&normal.axes));
    let mut k = Kernel::new(v.name());
    let inputs: Vec<BufferId> = (0..v.input_count()).map(|i| k.add(Role::Input, v.dtype(i), v.shape(i))).collect();
    let out = k.add(Role::Output, dtype, dims);
    let count = element_count(&inner);
    let order: Vec<usize> = [kept.as_slice(), &normal.axes].concat();
    let own = shape::strides(&normal.dims);
    let grouped = Access { buffer: inputs[0], offset: Dim::from(0i64), strides: order.iter().map(|i| own[*i].clone()).collect() };
    let lane = |buffer: BufferId, folded: usize| {
        let strides = shape::strides(&lanes).into_iter().chain(vec![Dim::from(0i64); folded]).collect();
        Access { buffer, offset: Dim::from(0i64), strides }
    };
    let mean = normal.centre.then(|| k.add(Role::Local, wide, &lanes));
    if let Some(mean) = mean {
        let mut value = Body::default();
        load_wide(&mut value, grouped.clone(), dtype);
        let finish = mean_of(wide, &count);
        k.stages.push(Stage::Reduce { out: lane(mean, 0), outer: lanes.clone(), inner: inner.clone(), fold: Fold::Sum, value, finish });
    }
    let scale = k.add(Role::Local, wide, &lanes);
    let mut value = Body::default();
    let mut d = load_wide(&mut value, grouped, dtype);
    if let Some(mean) = mean {
        let mean = value.load(lane(mean, inner.len()));
        d = value.binary(Binary::Sub, d, mean);
    }
    value.binary(Binary::Mul, d, d);
    let mut finish = mean_of(wide, &count);
    let (variance, epsilon, one) = (finish.result, finish.float(wide, normal.epsilon), finish.float(wide, 1.0));
    let variance = finish.binary(Binary::Add, variance, epsilon);
    let deviation = finish.unary(Unary::Sqrt, variance);
    finish.binary(Binary::Div, one, deviation);
    k.stages.push(Stage::Reduce { out: lane(scale, 0), outer: lanes.clone(), inner, fold: Fold::Sum, value, finish });
    finish_stage(&mut k, normal, &kept, &inputs, out, mean, scale, place);
    Ok(Lowering::Kernel(k))
}

/// The last stage: over the data's own axes where their lanes are a part of them, else over the grouped ones.
#[allow(clippy::too_many_arguments)]
fn finish_stage(
    k: &mut Kernel,
    normal: &Normal,
    kept: &[usize],
    inputs: &[BufferId],
    out: BufferId,
    mean: Option<BufferId>,
    scale: BufferId,
    place: &dyn Fn(&Kernel, BufferId) -> Access,
) {
    let dtype = k.buffer(out).dtype;
    let wide = statistics_type(dtype);
    let own = k.buffer(out).shape.clone() == normal.dims;
    let lanes = shape::strides(&kept.iter().map(|i| normal.dims[*i].clone()).collect::<Vec<_>>());
    let over = |buffer: BufferId| {
        let mut strides = vec![Dim::from(0i64); normal.dims.len()];
        kept.iter().zip(&lanes).for_each(|(i, s)| strides[*i] = s.clone());
        Access { buffer, offset: Dim::from(0i64), strides }
    };
    let whole = |buffer: BufferId| Access { buffer, offset: Dim::from(0i64), strides: shape::strides(&normal.dims) };
    let mut body = Body::default();
    let mut y = load_wide(&mut body, whole(inputs[0]), dtype);
    if let Some(mean) = mean {
        let mean = body.load(over(mean));
        y = body.binary(Binary::Sub, y, mean);
    }
    let scale = body.load(over(scale));
    y = body.binary(Binary::Mul, y, scale);
    for (input, op) in inputs[1..].iter().zip([Binary::Mul, Binary::Add]) {
        let p = load_wide(&mut body, place(k, *input), dtype);
        y = body.binary(op, y, p);
    }
    if wide != dtype {
        body.push(Op::Cast(dtype, y));
    }
    match own {
        true => k.map(out, body),
        false => {
            let out = whole(out);
            k.stages.push(Stage::Map { out, extents: normal.dims.clone(), value: body });
        }
    }
}

fn load_wide(body: &mut Body, access: Access, dtype: DType) -> Val {
    let value = body.load(access);
    let wide = statistics_type(dtype);
    if wide == dtype { value } else { body.push(Op::Cast(wide, value)) }
}

/// The tensor in the type of statistics.
pub fn widened(b: &mut Builder, x: TensorId) -> Accepted<TensorId> {
    let wide = statistics_type(b.dtype(x));
    if wide == b.dtype(x) { Ok(x) } else { b.add(LayerKind::Cast(wide), &[x]) }
}

/// The tensor in `dtype`.
pub fn narrowed(b: &mut Builder, x: TensorId, dtype: DType) -> Accepted<TensorId> {
    if b.dtype(x) == dtype { Ok(x) } else { b.add(LayerKind::Cast(dtype), &[x]) }
}

/// Layers for `(x - mean) / sqrt(mean square + epsilon)` over axes of a tensor in the type of statistics.
pub fn layers(b: &mut Builder, x: TensorId, axes: &[usize], centre: bool, epsilon: f64) -> Accepted<TensorId> {
    let mean = |b: &mut Builder, t| b.add(LayerKind::Reduce { kind: layer::Reduce::Avg, axes: axes.to_vec(), keep: true }, &[t]);
    let centred = if centre {
        let m = mean(b, x)?;
        b.elementwise(ElementWise::Sub, x, m)?
    } else {
        x
    };
    let square = b.elementwise(ElementWise::Prod, centred, centred)?;
    let variance = mean(b, square)?;
    let epsilon = b.constant(Tensor::from_f64s(b.dtype(x), &[], &[epsilon]))?;
    let shifted = b.elementwise(ElementWise::Sum, variance, epsilon)?;
    let deviation = b.add(LayerKind::Unary(layer::Unary::Sqrt), &[shifted])?;
    b.elementwise(ElementWise::Div, centred, deviation)
}

/// `y * gamma + beta` of parameters that are given in the type of statistics first; without beta nothing is added.
pub fn affine(b: &mut Builder, y: TensorId, params: &[TensorId]) -> Accepted<TensorId> {
    let mut y = y;
    for (p, op) in params.iter().zip([ElementWise::Prod, ElementWise::Sum]) {
        let p = widened(b, *p)?;
        y = b.elementwise(op, y, p)?;
    }
    Ok(y)
}

/// Each group normalised, slowly: groups are `inner` neighbouring elements.
pub fn eval_rows(y: &mut [f64], inner: usize, centre: bool, epsilon: f64) {
    for row in y.chunks_mut(inner.max(1)) {
        let n = row.len() as f64;
        let mean = if centre { row.iter().sum::<f64>() / n } else { 0.0 };
        let square = row.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        let scale = 1.0 / (square + epsilon).sqrt();
        row.iter_mut().for_each(|v| *v = (*v - mean) * scale);
    }
}
