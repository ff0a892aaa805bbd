//! `where`: one of two operands, element by element.

use crate::ensure;
use crate::ir::attrs::{AttrsDef, NoAttrs};
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::loops::Op;
use crate::network::layer::LayerKind;
use crate::ops::elementwise::{broadcast_indices, broadcast_shape, broadcast_value, lower};
use crate::ops::movement::pick;
use crate::tensor::dtype::DType;
use crate::tensor::shape;

pub static WHERE: OpDef = OpDef {
    name: "where",
    doc: "The second operand where the first (bool) holds, else the third; broadcasts.",
    arity: (3, 3),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |_, x| {
        ensure!(x[0].dtype == DType::Bool, WrongDType, "the condition is {}, not bool", x[0].dtype);
        ensure!(x[1].dtype == x[2].dtype, WrongDType, "the branches are {} and {}", x[1].dtype, x[2].dtype);
        let out = shape::broadcast(&shape::broadcast(&x[0].shape, &x[1].shape)?, &x[2].shape)?;
        let value = broadcast_value(x, &out, &|v| match v[0].as_const() {
            Some(0) => Some(v[2].clone()),
            Some(_) => Some(v[1].clone()),
            None => None,
        });
        Ok(vec![Fact::new(x[1].dtype, out).with_value(value)])
    },
    eval: |_, x| {
        let out = broadcast_shape(&[x[0].shape(), x[1].shape(), x[2].shape()])?;
        let at: Vec<Vec<usize>> = x.iter().map(|t| broadcast_indices(t.shape(), &out)).collect();
        let condition = x[0].values::<u8>();
        let (yes, no) = (pick(&x[1], &out, &at[1]), pick(&x[2], &out, &at[2]));
        let size = yes.dtype().size();
        let bytes: Vec<u8> = (0..yes.len())
            .flat_map(|i| {
                let from = if condition[at[0][i]] != 0 { &yes } else { &no };
                from.bytes()[i * size..(i + 1) * size].to_vec()
            })
            .collect();
        Ok(vec![crate::tensor::host::Tensor::new(yes.dtype(), out, bytes.into())?])
    },
    convert: |_, b, x| {
        let rank = x.iter().map(|t| b.dims(*t).len()).max().unwrap_or(0);
        let padded = x.iter().map(|t| b.pad_rank(*t, rank)).collect::<Result<Vec<_>, _>>()?;
        Ok(vec![b.add(LayerKind::Select, &padded)?])
    },
    lower: |view| lower(view, |b, x| b.push(Op::Select(x[0], x[1], x[2]))),
    tolerance: Tolerance::EXACT,
};
