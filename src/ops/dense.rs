//! `nn.dense`: a fully connected layer without bias; all axes but the last are rows.

use crate::ensure;
use crate::ir::attrs::{AttrsDef, NoAttrs};
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::contract::{Contract, ContractKind};
use crate::loops::{Access, Kernel, Role, Stage};
use crate::network::layer::{LayerKind, MatrixOp};
use crate::ops::elementwise::{from_ints, ints};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{element_count, text};

pub static DENSE: OpDef = OpDef {
    name: "nn.dense",
    doc: "x[.., k] times the transpose of w[units, k].",
    arity: (2, 2),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |_, x| {
        ensure!(x[0].dtype == x[1].dtype && x[0].dtype != DType::Bool, WrongDType, "operands are {} and {}", x[0].dtype, x[1].dtype);
        ensure!(x[0].rank() >= 1 && x[1].rank() == 2, BadGraph, "weights {} must have rank 2", text(&x[1].shape));
        let (k, rest) = x[0].shape.split_last().expect("rank 1 at least");
        ensure!(
            k.equals(&x[1].shape[1]) != Answer::Never,
            BadGraph,
            "inner extents of {} and {} differ",
            text(&x[0].shape),
            text(&x[1].shape)
        );
        Ok(vec![Fact::new(x[0].dtype, [rest, &x[1].shape[..1]].concat())])
    },
    eval: |_, x| {
        let (units, k) = (x[1].shape()[0], x[1].shape()[1]);
        ensure!(x[0].shape().last() == Some(&k), BadGraph, "inner extents of {:?} and {:?} differ", x[0].shape(), x[1].shape());
        let out = [&x[0].shape()[..x[0].shape().len() - 1], &[units]].concat();
        let rows: usize = x[0].shape()[..x[0].shape().len() - 1].iter().product();
        if !x[0].dtype().is_float() {
            let (a, w) = (ints(&x[0])?, ints(&x[1])?);
            let dot = |i: usize, j: usize| (0..k).fold(0i64, |s, l| s.wrapping_add(a[i * k + l].wrapping_mul(w[j * k + l])));
            let y: Vec<i64> = (0..rows * units).map(|i| dot(i / units, i % units)).collect();
            return Ok(vec![from_ints(x[0].dtype(), &out, &y)]);
        }
        let (a, w) = (x[0].to_f64s(), x[1].to_f64s());
        let dot = |i: usize, j: usize| -> f64 { (0..k).map(|l| a[i * k + l] * w[j * k + l]).sum() };
        let y: Vec<f64> = (0..rows * units).map(|i| dot(i / units, i % units)).collect();
        Ok(vec![Tensor::from_f64s(x[0].dtype(), &out, &y)])
    },
    convert: |v, b, x| {
        let rank = v.input(0).rank().max(2);
        let (data, w) = (b.pad_rank(x[0], rank)?, b.pad_rank(x[1], rank)?);
        let y = b.add(LayerKind::MatrixMultiply(MatrixOp::None, MatrixOp::Transpose), &[data, w])?;
        Ok(vec![if v.input(0).rank() < 2 { b.reshape(y, &v.output(0).shape)? } else { y }])
    },
    lower: |v| {
        let mut k = Kernel::new(v.name());
        let (x, w) = (k.add(Role::Input, v.dtype(0), v.shape(0)), k.add(Role::Input, v.dtype(1), v.shape(1)));
        let out = k.add(Role::Output, v.dtype(0), &v.output(0).shape);
        let (inner, rows) = v.shape(0).split_last().expect("rank 1 at least");
        let (zero, one) = (Dim::from(0i64), Dim::from(1i64));
        let a = Access { buffer: x, offset: zero.clone(), strides: vec![inner.clone(), one.clone()] };
        let b = Access { buffer: w, offset: zero, strides: vec![one, inner.clone()] };
        let kind = ContractKind::MatMul { a, b, batch: vec![], m: element_count(rows), n: v.shape(1)[0].clone(), k: inner.clone() };
        k.stages.push(Stage::Contract(Contract { kind, out, epilogue: None }));
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::SUM,
};
