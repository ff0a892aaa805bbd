//! `nn.rms_norm` and `nn.l2_normalize`: scaled by their own magnitude, without a mean.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::{Access, Binary, Body, Fold, Kernel, Op, Role, Stage, Unary};
use crate::network::layer::{self, ElementWise, LayerKind};
use crate::ops::elementwise::broadcast_indices;
use crate::ops::normalise::{self, Normal, eval_rows, narrowed, statistics_type, widened};
use crate::tensor::dim::Dim;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, text};
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `nn.rms_norm`.
    pub struct RmsNorm {
        /// The first normalised axis; all behind it are normalised too.
        pub axis: i64 = -1,
        /// Added to the mean square.
        pub epsilon: f64 = 1e-5,
    }
}

attributes! {
    /// Attributes of `nn.l2_normalize`.
    pub struct L2Normalize {
        /// The least that a sum of squares counts for.
        pub eps: f64 = 1e-12,
        /// The axes whose squares are added up.
        pub axis: Vec<i64> = vec![1],
    }
}

pub static RMS_NORM: OpDef = OpDef {
    name: "nn.rms_norm",
    doc: "x / sqrt(mean square + epsilon) * gamma over the last axes.",
    arity: (2, 2),
    attrs: AttrsDef::of::<RmsNorm>(),
    infer: |c, x| {
        let axis = shape::axis(c.attrs.get::<RmsNorm>().axis, x[0].rank())?;
        ensure!(x[0].dtype == x[1].dtype && x[0].dtype.is_float(), WrongDType, "operands are {} and {}", x[0].dtype, x[1].dtype);
        let out = shape::broadcast(&x[0].shape[axis..], &x[1].shape)?;
        let fits = out.len() == x[0].rank() - axis;
        ensure!(fits, BadGraph, "a scale of {} does not fit axes from {axis} of {}", text(&x[1].shape), text(&x[0].shape));
        Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
    },
    eval: |c, x| {
        let a: &RmsNorm = c.attrs.get();
        let group = &x[0].shape()[shape::axis(a.axis, x[0].shape().len())?..];
        let gamma = x[1].to_f64s();
        let from = broadcast_indices(x[1].shape(), group);
        let mut y = x[0].to_f64s();
        eval_rows(&mut y, from.len(), false, a.epsilon);
        y.iter_mut().enumerate().for_each(|(i, v)| *v *= gamma[from[i % from.len()]]);
        Ok(vec![Tensor::from_f64s(x[0].dtype(), x[0].shape(), &y)])
    },
    convert: |v, b, x| {
        let (a, rank): (&RmsNorm, usize) = (v.attrs(), v.input(0).rank());
        let axes: Vec<usize> = (shape::axis(a.axis, rank).unwrap_or(rank - 1)..rank).collect();
        let wide = widened(b, x[0])?;
        let normal = normalise::layers(b, wide, &axes, false, a.epsilon)?;
        let y = normalise::affine(b, normal, &x[1..])?;
        Ok(vec![narrowed(b, y, v.dtype(0))?])
    },
    lower: |v| {
        let (a, dims): (&RmsNorm, Vec<Dim>) = (v.attrs(), v.shape(0).to_vec());
        let axes = (shape::axis(a.axis, dims.len())?..dims.len()).collect();
        let normal = Normal { dims: dims.clone(), axes, centre: false, epsilon: a.epsilon };
        normalise::lower(v, &normal, &|k, p| k.broadcast(p, &dims))
    },
    tolerance: Tolerance::SUM,
};

pub static L2_NORMALIZE: OpDef = OpDef {
    name: "nn.l2_normalize",
    doc: "x / sqrt(max(sum of squares over axes, eps)).",
    arity: (1, 1),
    attrs: AttrsDef::of::<L2Normalize>(),
    infer: |c, x| {
        ensure!(x[0].dtype.is_float(), WrongDType, "the operand is {}", x[0].dtype);
        let axes = shape::axes(&c.attrs.get::<L2Normalize>().axis, x[0].rank())?;
        ensure!(!axes.is_empty(), BadGraph, "no axes are given");
        Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
    },
    eval: |c, x| {
        let (a, dims): (&L2Normalize, &[usize]) = (c.attrs.get(), x[0].shape());
        let axes = shape::axes(&a.axis, dims.len())?;
        let kept: Vec<usize> = (0..dims.len()).map(|i| if axes.contains(&i) { 1 } else { dims[i] }).collect();
        let (mut y, to) = (x[0].to_f64s(), broadcast_indices(&kept, dims));
        let mut sums = vec![0.0; kept.iter().product()];
        y.iter().zip(&to).for_each(|(v, i)| sums[*i] += v * v);
        y.iter_mut().zip(&to).for_each(|(v, i)| *v /= sums[*i].max(a.eps).sqrt());
        Ok(vec![Tensor::from_f64s(x[0].dtype(), dims, &y)])
    },
    convert: |v, b, x| {
        let a: &L2Normalize = v.attrs();
        let axes = shape::axes(&a.axis, v.input(0).rank()).unwrap_or_default();
        let wide = widened(b, x[0])?;
        let square = b.elementwise(ElementWise::Prod, wide, wide)?;
        let sum = b.add(LayerKind::Reduce { kind: layer::Reduce::Sum, axes, keep: true }, &[square])?;
        let least = b.constant(Tensor::from_f64s(b.dtype(wide), &[], &[a.eps]))?;
        let sum = b.elementwise(ElementWise::Max, sum, least)?;
        let norm = b.add(LayerKind::Unary(layer::Unary::Sqrt), &[sum])?;
        let y = b.elementwise(ElementWise::Div, wide, norm)?;
        Ok(vec![narrowed(b, y, v.dtype(0))?])
    },
    lower: |v| {
        let (a, dtype, dims): (&L2Normalize, _, &[Dim]) = (v.attrs(), v.dtype(0), v.shape(0));
        let (axes, wide) = (shape::axes(&a.axis, dims.len())?, statistics_type(dtype));
        let kept: Vec<usize> = (0..dims.len()).filter(|i| !axes.contains(i)).collect();
        let pick = |list: &[usize]| list.iter().map(|i| dims[*i].clone()).collect::<Vec<Dim>>();
        let (lanes, inner) = (pick(&kept), pick(&axes));
        let mut k = Kernel::new(v.name());
        let (x, out) = (k.add(Role::Input, dtype, dims), k.add(Role::Output, dtype, dims));
        let norm = k.add(Role::Local, wide, &lanes);
        let (own, order) = (shape::strides(dims), [kept.as_slice(), &axes].concat());
        let mut value = Body::default();
        let access = Access { buffer: x, offset: Dim::from(0i64), strides: order.iter().map(|i| own[*i].clone()).collect() };
        let element = value.load(access);
        let element = value.push(Op::Cast(wide, element));
        value.binary(Binary::Mul, element, element);
        let mut finish = Body::acc();
        let least = finish.float(wide, a.eps);
        let sum = finish.binary(Binary::Max, crate::loops::Val(0), least);
        finish.unary(Unary::Sqrt, sum);
        k.stages.push(Stage::Reduce { out: k.dense(norm), outer: lanes.clone(), inner, fold: Fold::Sum, value, finish });
        let mut strides = vec![Dim::from(0i64); dims.len()];
        kept.iter().zip(shape::strides(&lanes)).for_each(|(i, s)| strides[*i] = s);
        let mut body = Body::default();
        let element = body.load(k.dense(x));
        let element = body.push(Op::Cast(wide, element));
        let norm = body.load(Access { buffer: norm, offset: Dim::from(0i64), strides });
        let y = body.binary(Binary::Div, element, norm);
        body.push(Op::Cast(dtype, y));
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::SUM,
};
