//! `reinterpret`: the same bits as another element type of that size.

use crate::attributes;
use crate::ensure;
use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::loops::Op;
use crate::network::refusal::Refusal;
use crate::ops::elementwise::lower;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;

attributes! {
    /// Attributes of `reinterpret`.
    pub struct Reinterpret {
        /// The new type.
        pub dtype: DType = DType::F32,
    }
}

pub static REINTERPRET: OpDef = OpDef {
    name: "reinterpret",
    doc: "The same bits as another element type of that size.",
    arity: (1, 1),
    attrs: AttrsDef::of::<Reinterpret>(),
    infer: |c, x| {
        let to = c.attrs.get::<Reinterpret>().dtype;
        ensure!(to.size() == x[0].dtype.size(), WrongDType, "bits of {} as {to}", x[0].dtype);
        Ok(vec![Fact::new(to, x[0].shape.clone())])
    },
    eval: |c, x| {
        let to = c.attrs.get::<Reinterpret>().dtype;
        if to == DType::Bool {
            return Ok(vec![Tensor::from_bools(x[0].shape(), x[0].bytes().iter().map(|b| *b != 0).collect())]);
        }
        Ok(vec![Tensor::new(to, x[0].shape().to_vec(), x[0].bytes().clone())?])
    },
    convert: |_, _, _| {
        Err(Refusal::new("reinterpret.no-layer", "TensorRT has no view of bits as another type", "run the node on our kernels"))
    },
    lower: |v| {
        let (from, to) = (v.dtype(0), v.attrs::<Reinterpret>().dtype);
        lower(v, |b, x| match (from, to) {
            _ if from == to => x[0],
            // The bytes of bool are 0 and 1.
            (DType::Bool, _) | (_, DType::Bool) => b.push(Op::Cast(to, x[0])),
            _ => b.push(Op::Bitcast(to, x[0])),
        })
    },
    tolerance: Tolerance::EXACT,
};
