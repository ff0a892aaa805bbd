//! Helpers to write kernels: buffers, accesses and bodies without counting by hand.

use crate::loops::{Access, Binary, Body, Buffer, BufferId, Kernel, Op, Role, Scalar, Stage, Unary, Val};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::shape;

impl Kernel {
    /// An empty kernel.
    pub fn new(name: &str) -> Kernel {
        Kernel { name: name.into(), ..Kernel::default() }
    }

    /// Adds a buffer.
    pub fn add(&mut self, role: Role, dtype: DType, shape: &[Dim]) -> BufferId {
        self.buffers.push(Buffer { role, dtype, shape: shape.to_vec() });
        BufferId(self.buffers.len() as u32 - 1)
    }

    /// The access to a dense buffer by its own indices.
    pub fn dense(&self, buffer: BufferId) -> Access {
        Access { buffer, offset: Dim::from(0i64), strides: shape::strides(&self.buffer(buffer).shape) }
    }

    /// The access to a dense buffer by the indices of `target`, to which its shape broadcasts (numpy's rules).
    pub fn broadcast(&self, buffer: BufferId, target: &[Dim]) -> Access {
        let own = &self.buffer(buffer).shape;
        let strides = shape::strides(own);
        let lead = target.len() - own.len();
        let strides = (0..target.len())
            .map(|i| match i.checked_sub(lead) {
                None => Dim::from(0i64),
                Some(j) => broadcast_stride(&own[j], &target[i], &strides[j]),
            })
            .collect();
        Access { buffer, offset: Dim::from(0i64), strides }
    }

    /// Adds a stage that fills the whole of `out`, index by index.
    pub fn map(&mut self, out: BufferId, value: Body) {
        let extents = self.buffer(out).shape.clone();
        let out = self.dense(out);
        self.stages.push(Stage::Map { out, extents, value });
    }
}

/// `stride`, or 0 where the operand's extent is 1 and the result's may not be; where that is not known before the call, an
/// expression that says it then.
pub fn broadcast_stride(own: &Dim, target: &Dim, stride: &Dim) -> Dim {
    if own == target {
        return stride.clone();
    }
    let one = Dim::from(1i64);
    stride * &(own - &one).max_with(&Dim::from(0i64)).min_with(&one)
}

impl Body {
    /// Adds an operation.
    pub fn push(&mut self, op: Op) -> Val {
        self.ops.push(op);
        self.result = Val(self.ops.len() as u32 - 1);
        self.result
    }

    /// Adds a load.
    pub fn load(&mut self, access: Access) -> Val {
        self.push(Op::Load(access))
    }

    /// Adds a constant of a floating-point type.
    pub fn float(&mut self, dtype: DType, v: f64) -> Val {
        self.push(Op::Const(dtype, Scalar::Float(v)))
    }

    /// Adds a constant of an integer type or `bool`.
    pub fn int(&mut self, dtype: DType, v: i64) -> Val {
        self.push(Op::Const(dtype, Scalar::Int(v)))
    }

    /// Adds a constant of any type.
    pub fn constant(&mut self, dtype: DType, v: f64) -> Val {
        if dtype.is_float() { self.float(dtype, v) } else { self.int(dtype, v as i64) }
    }

    /// Adds a function of one value.
    pub fn unary(&mut self, f: Unary, a: Val) -> Val {
        self.push(Op::Unary(f, a))
    }

    /// Adds a function of two values.
    pub fn binary(&mut self, f: Binary, a: Val, b: Val) -> Val {
        self.push(Op::Binary(f, a, b))
    }

    /// The body that is just [`Op::Acc`].
    pub fn acc() -> Body {
        Body { ops: vec![Op::Acc], result: Val(0) }
    }
}
