//! `nn.layer_norm`: normalises over the last axes, then scales and shifts.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::{Binary, Body, Fold, Kernel, Role, Unary};
use crate::network::layer::{self, ElementWise, LayerKind};
use crate::ops::reduce::{mean_of, reduce_stage};
use crate::tensor::dim::Dim;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, element_count, text};
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
        let mean = |b: &mut crate::network::builder::Builder, t| {
            b.add(LayerKind::Reduce { kind: layer::Reduce::Avg, axes: axes.clone(), keep: true }, &[t])
        };
        let m = mean(b, x[0])?;
        let centred = b.elementwise(ElementWise::Sub, x[0], m)?;
        let square = b.elementwise(ElementWise::Prod, centred, centred)?;
        let variance = mean(b, square)?;
        let epsilon = b.constant(Tensor::from_f64s(v.dtype(0), &[], &[a.epsilon]))?;
        let shifted = b.elementwise(ElementWise::Sum, variance, epsilon)?;
        let deviation = b.add(LayerKind::Unary(layer::Unary::Sqrt), &[shifted])?;
        let normal = b.elementwise(ElementWise::Div, centred, deviation)?;
        let mut y = b.elementwise(ElementWise::Prod, normal, x[1])?;
        if let Some(beta) = x.get(2) {
            y = b.elementwise(ElementWise::Sum, y, *beta)?;
        }
        Ok(vec![y])
    },
    lower: |v| {
        let a: &LayerNorm = v.attrs();
        let (dtype, dims) = (v.dtype(0), v.shape(0));
        let axis = shape::axis(a.axis, dims.len())?;
        let axes: Vec<usize> = (axis..dims.len()).collect();
        let lanes = [&dims[..axis], vec![Dim::from(1i64); axes.len()].as_slice()].concat();
        let count = element_count(&dims[axis..]);
        let mut k = Kernel::new(v.name());
        let inputs: Vec<_> = (0..v.input_count()).map(|i| k.add(Role::Input, v.dtype(i), v.shape(i))).collect();
        let out = k.add(Role::Output, dtype, dims);
        let (mean, scale) = (k.add(Role::Local, dtype, &lanes), k.add(Role::Local, dtype, &lanes));
        let squares = k.add(Role::Local, dtype, dims);
        let stage = reduce_stage(k.dense(inputs[0]), dims, &axes, mean, Fold::Sum, mean_of(dtype, &count));
        k.stages.push(stage);
        let centred = |k: &Kernel, body: &mut Body| {
            let (x, mean) = (body.load(k.dense(inputs[0])), body.load(k.broadcast(mean, dims)));
            body.binary(Binary::Sub, x, mean)
        };
        let mut body = Body::default();
        let d = centred(&k, &mut body);
        body.binary(Binary::Mul, d, d);
        k.map(squares, body);
        let mut finish = mean_of(dtype, &count);
        let (variance, epsilon, one) = (finish.result, finish.float(dtype, a.epsilon), finish.float(dtype, 1.0));
        let variance = finish.binary(Binary::Add, variance, epsilon);
        let deviation = finish.unary(Unary::Sqrt, variance);
        finish.binary(Binary::Div, one, deviation);
        let stage = reduce_stage(k.dense(squares), dims, &axes, scale, Fold::Sum, finish);
        k.stages.push(stage);
        let mut body = Body::default();
        let d = centred(&k, &mut body);
        let scale = body.load(k.broadcast(scale, dims));
        let mut y = body.binary(Binary::Mul, d, scale);
        for (i, op) in [(1, Binary::Mul), (2, Binary::Add)].into_iter().take(inputs.len() - 1) {
            let p = body.load(k.broadcast(inputs[i], dims));
            y = body.binary(op, y, p);
        }
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::SUM,
};
