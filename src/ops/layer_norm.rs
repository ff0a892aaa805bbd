//! `nn.layer_norm`: normalises over the last axes, then scales and shifts.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::ops::normalise::{self, Normal, narrowed, widened};
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, text};
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `nn.layer_norm`.
    pub struct LayerNorm {
        /// The first normalised axis; all behind it are normalised too.
        pub axis: i64 = -1,
        /// Added to the variance.
        pub epsilon: f64 = 1e-5,
    }
}

pub static LAYER_NORM: OpDef = OpDef {
    name: "nn.layer_norm",
    doc: "(x - mean) / sqrt(variance + epsilon) * gamma + beta over the last axes.",
    arity: (2, 3),
    attrs: AttrsDef::of::<LayerNorm>(),
    infer: |c, x| {
        let axis = shape::axis(c.attrs.get::<LayerNorm>().axis, x[0].rank())?;
        for f in &x[1..] {
            ensure!(f.dtype == x[0].dtype && f.dtype.is_float(), WrongDType, "operands are {} and {}", x[0].dtype, f.dtype);
            let out = shape::broadcast(&x[0].shape[axis..], &f.shape)?;
            ensure!(
                out.len() == x[0].rank() - axis,
                BadGraph,
                "parameter {} does not fit axes from {axis} of {}",
                text(&f.shape),
                text(&x[0].shape)
            );
        }
        Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
    },
    eval: |c, x| {
        let a: &LayerNorm = c.attrs.get();
        let axis = shape::axis(a.axis, x[0].shape().len())?;
        let group = &x[0].shape()[axis..];
        let n: usize = group.iter().product();
        let param = |t: &Tensor| -> Vec<f64> {
            let v = t.to_f64s();
            crate::ops::elementwise::broadcast_indices(t.shape(), group).into_iter().map(|i| v[i]).collect()
        };
        let (gamma, beta) = (param(&x[1]), x.get(2).map_or(vec![0.0; n], param));
        let mut y = x[0].to_f64s();
        for row in y.chunks_mut(n.max(1)) {
            let mean = row.iter().sum::<f64>() / n as f64;
            let variance = row.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
            let scale = 1.0 / (variance + a.epsilon).sqrt();
            row.iter_mut().enumerate().for_each(|(i, v)| *v = (*v - mean) * scale * gamma[i] + beta[i]);
        }
        Ok(vec![Tensor::from_f64s(x[0].dtype(), x[0].shape(), &y)])
    },
    convert: |v, b, x| {
        let a: &LayerNorm = v.attrs();
        let rank = v.input(0).rank();
        let axes: Vec<usize> = (shape::axis(a.axis, rank).unwrap_or(rank - 1)..rank).collect();
        let wide = widened(b, x[0])?;
        let normal = normalise::layers(b, wide, &axes, true, a.epsilon)?;
        let y = normalise::affine(b, normal, &x[1..])?;
        Ok(vec![narrowed(b, y, v.dtype(0))?])
    },
    lower: |v| {
        let a: &LayerNorm = v.attrs();
        let dims = v.shape(0).to_vec();
        let axes = (shape::axis(a.axis, dims.len())?..dims.len()).collect();
        let normal = Normal { dims: dims.clone(), axes, centre: true, epsilon: a.epsilon };
        normalise::lower(v, &normal, &|k, p| k.broadcast(p, &dims))
    },
    tolerance: Tolerance::SUM,
};
