//! `nn.instance_norm` and `nn.group_norm`: each image's channel, or group of channels, normalised by itself, then scaled and shifted.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::ops::bias_add::{access_along, along};
use crate::ops::normalise::{self, Normal, eval_rows, narrowed, widened};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, element_count};
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `nn.instance_norm`.
    pub struct InstanceNorm {
        /// The axis of the channels.
        pub axis: i64 = 1,
        /// Added to the variance.
        pub epsilon: f64 = 1e-5,
    }
}

attributes! {
    /// Attributes of `nn.group_norm`.
    pub struct GroupNorm {
        /// Groups of neighbouring channels, of axis 1.
        pub num_groups: i64 = 1,
        /// Added to the variance.
        pub epsilon: f64 = 1e-5,
    }
}

/// Checks scale and shift, one of each per entry of `axis`, and gives the result's fact.
fn infer(x: &[&Fact], axis: usize) -> Result<Vec<Fact>> {
    ensure!(x[0].rank() >= 2, BadGraph, "the operand {} has no channels", x[0]);
    for f in &x[1..] {
        ensure!(f.dtype == x[0].dtype && f.dtype.is_float(), WrongDType, "operands are {} and {}", x[0].dtype, f.dtype);
        let fits = f.rank() == 1 && f.shape[0].equals(&x[0].shape[axis]) != Answer::Never;
        ensure!(fits, BadGraph, "parameter {f} does not fit axis {axis}");
    }
    Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
}

/// All axes but the first and that of the channels.
fn others(axis: usize, rank: usize) -> Vec<usize> {
    (1..rank).filter(|i| *i != axis).collect()
}

/// The channel of each element.
fn channels(shape: &[usize], axis: usize) -> impl Iterator<Item = usize> {
    let (inner, count) = (shape[axis + 1..].iter().product::<usize>(), shape[axis]);
    (0..shape.iter().product::<usize>()).map(move |i| i / inner % count)
}

pub static INSTANCE_NORM: OpDef = OpDef {
    name: "nn.instance_norm",
    doc: "(x - mean) / sqrt(variance + epsilon) * gamma + beta per image and channel.",
    arity: (3, 3),
    attrs: AttrsDef::of::<InstanceNorm>(),
    infer: |c, x| {
        let axis = shape::axis(c.attrs.get::<InstanceNorm>().axis, x[0].rank())?;
        ensure!(axis > 0, BadGraph, "the axis of the channels is that of the images");
        infer(x, axis)
    },
    eval: |c, x| {
        let (a, dims): (&InstanceNorm, &[usize]) = (c.attrs.get(), x[0].shape());
        let axis = shape::axis(a.axis, dims.len())?;
        let lane: Vec<usize> = (0..x[0].len()).map(|i| i / dims[1..].iter().product::<usize>() * dims[axis]).collect();
        let lane: Vec<usize> = lane.into_iter().zip(channels(dims, axis)).map(|(n, c)| n + c).collect();
        let mut groups = vec![Vec::new(); dims[0] * dims[axis]];
        let (mut y, gamma, beta) = (x[0].to_f64s(), x[1].to_f64s(), x[2].to_f64s());
        lane.iter().zip(&y).for_each(|(l, v)| groups[*l].push(*v));
        groups.iter_mut().for_each(|g| {
            let n = g.len();
            eval_rows(g, n, true, a.epsilon);
            g.reverse();
        });
        for (i, l) in lane.iter().enumerate() {
            let c = l % dims[axis];
            y[i] = groups[*l].pop().unwrap_or(f64::NAN) * gamma[c] + beta[c];
        }
        Ok(vec![Tensor::from_f64s(x[0].dtype(), dims, &y)])
    },
    convert: |v, b, x| {
        let (a, rank): (&InstanceNorm, usize) = (v.attrs(), v.input(0).rank());
        let axis = shape::axis(a.axis, rank).unwrap_or(1);
        let axes = others(axis, rank);
        let wide = widened(b, x[0])?;
        // Without further axes each element is its own mean.
        let normal = if axes.is_empty() {
            b.elementwise(crate::network::layer::ElementWise::Sub, wide, wide)?
        } else {
            normalise::layers(b, wide, &axes, true, a.epsilon)?
        };
        let dims = along(axis, rank, &v.shape(1)[0]);
        let params = [b.reshape(x[1], &dims)?, b.reshape(x[2], &dims)?];
        let y = normalise::affine(b, normal, &params)?;
        Ok(vec![narrowed(b, y, v.dtype(0))?])
    },
    lower: |v| {
        let (a, dims): (&InstanceNorm, &[Dim]) = (v.attrs(), v.shape(0));
        let (rank, axis) = (dims.len(), shape::axis(a.axis, dims.len())?);
        let normal = Normal { dims: dims.to_vec(), axes: others(axis, rank), centre: true, epsilon: a.epsilon };
        normalise::lower(v, &normal, &|_, p| access_along(p, axis, rank))
    },
    tolerance: Tolerance::SUM,
};

/// `[images, groups, channels per group, all else]`
fn grouped(dims: &[Dim], groups: i64) -> Vec<Dim> {
    let groups = Dim::from(groups);
    vec![dims[0].clone(), groups.clone(), dims[1].floor_div(&groups), element_count(&dims[2..])]
}

pub static GROUP_NORM: OpDef = OpDef {
    name: "nn.group_norm",
    doc: "(x - mean) / sqrt(variance + epsilon) per image and group of channels, times gamma plus beta per channel.",
    arity: (3, 3),
    attrs: AttrsDef::of::<GroupNorm>(),
    infer: |c, x| {
        let groups = c.attrs.get::<GroupNorm>().num_groups;
        let facts = infer(x, 1)?;
        let divides = groups > 0 && x[0].shape[1].as_const().is_some_and(|n| n % groups == 0);
        ensure!(divides, BadGraph, "the channels of {} do not make {groups} groups", x[0]);
        Ok(facts)
    },
    eval: |c, x| {
        let (a, dims): (&GroupNorm, &[usize]) = (c.attrs.get(), x[0].shape());
        let inner = dims[1] / a.num_groups as usize * dims[2..].iter().product::<usize>();
        let (mut y, gamma, beta) = (x[0].to_f64s(), x[1].to_f64s(), x[2].to_f64s());
        eval_rows(&mut y, inner, true, a.epsilon);
        y.iter_mut().zip(channels(dims, 1)).for_each(|(v, c)| *v = *v * gamma[c] + beta[c]);
        Ok(vec![Tensor::from_f64s(x[0].dtype(), dims, &y)])
    },
    convert: |v, b, x| {
        let (a, dims): (&GroupNorm, &[Dim]) = (v.attrs(), v.shape(0));
        let four = grouped(dims, a.num_groups);
        let rows = vec![four[0].clone(), four[1].clone(), &four[2] * &four[3]];
        let wide = widened(b, x[0])?;
        let rows = b.reshape(wide, &rows)?;
        let normal = normalise::layers(b, rows, &[2], true, a.epsilon)?;
        let normal = b.reshape(normal, dims)?;
        let one = along(1, dims.len(), &v.shape(1)[0]);
        let params = [b.reshape(x[1], &one)?, b.reshape(x[2], &one)?];
        let y = normalise::affine(b, normal, &params)?;
        Ok(vec![narrowed(b, y, v.dtype(0))?])
    },
    lower: |v| {
        let a: &GroupNorm = v.attrs();
        let dims = grouped(v.shape(0), a.num_groups);
        let per = dims[2].clone();
        let normal = Normal { dims, axes: vec![2, 3], centre: true, epsilon: a.epsilon };
        normalise::lower(v, &normal, &|_, p| {
            let (zero, one) = (Dim::from(0i64), Dim::from(1i64));
            crate::loops::Access { buffer: p, offset: zero.clone(), strides: vec![zero.clone(), per.clone(), one, zero] }
        })
    },
    tolerance: Tolerance::SUM,
};
