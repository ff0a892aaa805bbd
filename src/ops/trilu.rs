//! `trilu`: one triangle of each matrix, zeros elsewhere.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::{Access, Binary, Body, Kernel, Op, Role};
use crate::network::layer::LayerKind;
use crate::network::refusal::Refusal;
use crate::ops::elementwise::ints;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, element_count};
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `trilu`.
    pub struct Trilu {
        /// The upper triangle is kept, else the lower.
        pub upper: bool = true,
    }
}

/// True where row `i`, column `j` is kept; the diagonal `k` above the main one is.
fn kept(upper: bool, i: i64, j: i64, k: i64) -> bool {
    if upper { j - i >= k } else { j - i <= k }
}

pub static TRILU: OpDef = OpDef {
    name: "trilu",
    doc: "The upper (or lower) triangle of each matrix from diagonal k on, zeros elsewhere.",
    arity: (2, 2),
    attrs: AttrsDef::of::<Trilu>(),
    infer: |_, x| {
        ensure!(x[0].rank() >= 2, BadGraph, "the operand {} is no matrix", x[0]);
        let single = matches!(x[1].dtype, DType::I64 | DType::I32) && element_count(&x[1].shape).is(1);
        ensure!(single, BadGraph, "the diagonal is {}, not one integer", x[1]);
        Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
    },
    eval: |c, x| {
        let (upper, k) = (c.attrs.get::<Trilu>().upper, ints(&x[1])?[0]);
        let (dims, size) = (x[0].shape(), x[0].dtype().size());
        let (rows, columns) = (dims[dims.len() - 2], dims[dims.len() - 1]);
        let mut bytes = x[0].bytes().to_vec();
        for (at, element) in bytes.chunks_mut(size).enumerate() {
            if !kept(upper, (at / columns % rows) as i64, (at % columns) as i64, k) {
                element.fill(0);
            }
        }
        Ok(vec![Tensor::new(x[0].dtype(), dims.to_vec(), bytes.into())?])
    },
    convert: |v, b, x| {
        let (dims, rank) = (v.shape(0), v.input(0).rank());
        let fixed = shape::as_usizes(&dims[rank - 2..]);
        let (Some(fixed), Some(k)) = (fixed, v.constant(1).and_then(|t| t.to_i64s())) else {
            return Err(Refusal::new("trilu.dynamic", "the matrix's extents or the diagonal are not fixed", "fix them"));
        };
        let upper = v.attrs::<Trilu>().upper;
        let at = |flat: usize| ((flat / fixed[1]) as i64, (flat % fixed[1]) as i64);
        let mask = (0..fixed.iter().product()).map(at).map(|(i, j)| kept(upper, i, j, k[0])).collect();
        let mask = b.constant(Tensor::from_bools(&fixed, mask))?;
        let zero = b.constant(Tensor::zeros(v.dtype(0), &[]))?;
        let (mask, zero) = (b.pad_rank(mask, rank)?, b.pad_rank(zero, rank)?);
        Ok(vec![b.add(LayerKind::Select, &[mask, x[0], zero])?])
    },
    lower: |v| {
        let (dtype, dims) = (v.dtype(0), v.shape(0));
        let rank = dims.len();
        let mut k = Kernel::new(v.name());
        let (x, diagonal) = (k.add(Role::Input, dtype, dims), k.add(Role::Input, v.dtype(1), v.shape(1)));
        let out = k.add(Role::Output, dtype, dims);
        let mut body = Body::default();
        let value = body.load(k.dense(x));
        let first = body.load(Access { buffer: diagonal, offset: Dim::from(0i64), strides: vec![Dim::from(0i64); rank] });
        let first = body.push(Op::Cast(DType::I64, first));
        let (i, j) = (body.push(Op::Index(rank - 2)), body.push(Op::Index(rank - 1)));
        let above = body.binary(Binary::Sub, j, i);
        let test = if v.attrs::<Trilu>().upper { Binary::GreaterEqual } else { Binary::LessEqual };
        let keep = body.binary(test, above, first);
        let zero = body.constant(dtype, 0.0);
        body.push(Op::Select(keep, value, zero));
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::EXACT,
};
