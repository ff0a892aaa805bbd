//! `nn.batch_matmul`: matrix products of any rank from 2; leading extents broadcast.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::contract::{Contract, ContractKind};
use crate::loops::{Access, Kernel, Role, Stage};
use crate::network::layer::{LayerKind, MatrixOp};
use crate::ops::elementwise::{broadcast_indices, broadcast_shape, from_ints, ints};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, text};
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `nn.batch_matmul`.
    pub struct BatchMatmul {
        /// The last two axes of the left operand are swapped.
        pub transpose_a: bool = false,
        /// The last two axes of the right operand are swapped.
        pub transpose_b: bool = true,
    }
}

/// Rows and columns of an operand after its transpose.
fn matrix<T: Clone>(shape: &[T], transposed: bool) -> (T, T) {
    let (r, c) = (shape[shape.len() - 2].clone(), shape[shape.len() - 1].clone());
    if transposed { (c, r) } else { (r, c) }
}

fn dims(a: &[Dim], b: &[Dim], at: &BatchMatmul) -> Result<Vec<Dim>> {
    ensure!(a.len() >= 2 && b.len() >= 2, BadGraph, "operands {} and {} are no matrices", text(a), text(b));
    let ((m, k), (k2, n)) = (matrix(a, at.transpose_a), matrix(b, at.transpose_b));
    ensure!(k.equals(&k2) != Answer::Never, BadGraph, "inner extents of {} and {} differ", text(a), text(b));
    Ok([shape::broadcast(&a[..a.len() - 2], &b[..b.len() - 2])?, vec![m, n]].concat())
}

pub static BATCH_MATMUL: OpDef = OpDef {
    name: "nn.batch_matmul",
    doc: "Matrix product over the last two axes; leading extents broadcast.",
    arity: (2, 2),
    attrs: AttrsDef::of::<BatchMatmul>(),
    infer: |c, x| {
        ensure!(x[0].dtype == x[1].dtype && x[0].dtype != DType::Bool, WrongDType, "operands are {} and {}", x[0].dtype, x[1].dtype);
        Ok(vec![Fact::new(x[0].dtype, dims(&x[0].shape, &x[1].shape, c.attrs.get())?)])
    },
    eval: |c, x| {
        let at: &BatchMatmul = c.attrs.get();
        let (sa, sb) = (x[0].shape(), x[1].shape());
        let ((m, k), (k2, n)) = (matrix(sa, at.transpose_a), matrix(sb, at.transpose_b));
        ensure!(k == k2, BadGraph, "inner extents of {sa:?} and {sb:?} differ");
        let batch = broadcast_shape(&[&sa[..sa.len() - 2], &sb[..sb.len() - 2]])?;
        let (ia, ib) = (broadcast_indices(&sa[..sa.len() - 2], &batch), broadcast_indices(&sb[..sb.len() - 2], &batch));
        // For each element of the result, where its factors are.
        let mut factors = Vec::with_capacity(ia.len() * m * n);
        for (ba, bb) in ia.iter().zip(&ib) {
            let at_a = move |i: usize, j: usize| ba * m * k + if at.transpose_a { j * m + i } else { i * k + j };
            let at_b = move |i: usize, j: usize| bb * n * k + if at.transpose_b { j * k + i } else { i * n + j };
            factors.extend((0..m * n).map(|e| (0..k).map(move |l| (at_a(e / n, l), at_b(l, e % n)))));
        }
        let out = [batch.as_slice(), &[m, n]].concat();
        if !x[0].dtype().is_float() {
            let (va, vb) = (ints(&x[0])?, ints(&x[1])?);
            let y = factors.into_iter().map(|f| f.fold(0i64, |s, (i, j)| s.wrapping_add(va[i].wrapping_mul(vb[j]))));
            return Ok(vec![from_ints(x[0].dtype(), &out, &y.collect::<Vec<_>>())]);
        }
        let (va, vb) = (x[0].to_f64s(), x[1].to_f64s());
        let y: Vec<f64> = factors.into_iter().map(|f| f.map(|(i, j)| va[i] * vb[j]).sum()).collect();
        Ok(vec![Tensor::from_f64s(x[0].dtype(), &out, &y)])
    },
    convert: |v, b, x| {
        let at: &BatchMatmul = v.attrs();
        let rank = v.output(0).rank();
        let op = |t: bool| if t { MatrixOp::Transpose } else { MatrixOp::None };
        let (left, right) = (b.pad_rank(x[0], rank)?, b.pad_rank(x[1], rank)?);
        Ok(vec![b.add(LayerKind::MatrixMultiply(op(at.transpose_a), op(at.transpose_b)), &[left, right])?])
    },
    lower: |v| {
        let at: &BatchMatmul = v.attrs();
        let mut k = Kernel::new(v.name());
        let (a, b) = (k.add(Role::Input, v.dtype(0), v.shape(0)), k.add(Role::Input, v.dtype(1), v.shape(1)));
        let out = k.add(Role::Output, v.dtype(0), &v.output(0).shape);
        let rank = v.output(0).rank();
        let batch = v.output(0).shape[..rank - 2].to_vec();
        let access = |buffer, transposed: bool| {
            // Leading axes as they broadcast, then the matrix's two.
            let own = &k.buffer(buffer).shape;
            let target = [batch.as_slice(), &own[own.len() - 2..]].concat();
            let mut access: Access = k.broadcast(buffer, &target);
            if transposed {
                access.strides.swap(rank - 2, rank - 1);
            }
            access
        };
        let (a, b) = (access(a, at.transpose_a), access(b, at.transpose_b));
        let (m, inner) = matrix(v.shape(0), at.transpose_a);
        let n = v.output(0).shape[rank - 1].clone();
        k.stages.push(Stage::Contract(Contract { kind: ContractKind::MatMul { a, b, batch, m, n, k: inner }, out, epilogue: None }));
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::SUM,
};
