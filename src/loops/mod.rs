//! Kernel IR: what a generated kernel computes, over loop nests with symbolic extents. Knows neither Cranelift nor CUDA.
//!
//! A [`Kernel`] has buffers and stages. A stage fills one buffer and is one of
//! * [`Stage::Map`]: an expression for every index (elementwise work, views that move data, gathers);
//! * [`Stage::Reduce`]: an expression folded over inner axes, then finished per outer index;
//! * [`Stage::Contract`]: a matrix product, convolution or pooling, done by tuned code, with an elementwise epilogue.
//!
//! Buffers are dense. An [`Access`] maps an index to an element by an affine form with symbolic strides, so transposes, slices,
//! broadcasts and concatenations are strides and offsets; what is not affine is a computed offset ([`Op::LoadAt`]).
//!
//! Invariants (checked by [`verify`]): operands stand before their users; types agree; an access has one stride per index; every
//! output and local is written by a stage before it is read; only a reduction's `finish` and an epilogue use [`Op::Acc`].

pub mod build;
pub mod contract;
pub mod eval;
pub mod index;
pub mod math;
pub mod num;
pub mod text;
pub mod tidy;
pub mod verify;

use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use contract::Contract;

/// Index of a buffer in [`Kernel::buffers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BufferId(pub u32);

/// What a buffer is to its kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Read only, given by the caller.
    Input,
    /// Written, given by the caller.
    Output,
    /// Lives as long as one call.
    Local,
}

/// A dense row-major array.
#[derive(Debug, Clone, PartialEq)]
pub struct Buffer {
    /// What it is to the kernel.
    pub role: Role,
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub shape: Vec<Dim>,
}

/// Element `offset + sum(strides[k] * index[k])` of a buffer, in elements.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// The buffer.
    pub buffer: BufferId,
    /// Element at index zero.
    pub offset: Dim,
    /// Step per index; 0 broadcasts.
    pub strides: Vec<Dim>,
}

/// A constant element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar {
    /// Of a floating-point type.
    Float(f64),
    /// Of an integer type or `bool` (0 or 1).
    Int(i64),
}

/// Functions of one operand; the result has the operand's type unless said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Unary {
    Neg,
    Abs,
    Sqrt,
    Exp,
    Log,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Erf,
    Floor,
    Ceil,
    /// To the nearest, ties to even.
    Round,
    /// Logical, of `bool`.
    Not,
}

/// Functions of two operands of one type; comparisons give `bool`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    /// Integers: rounded towards zero, and 0 for a zero divisor.
    Div,
    /// Sign of the dividend (C's `fmod` and `%`).
    Rem,
    Pow,
    /// NaN if either is NaN.
    Max,
    /// NaN if either is NaN.
    Min,
    And,
    Or,
    Xor,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    /// Bits moved up, of integers; the count is in `0..bits`.
    Shl,
    /// Bits moved down, of integers; copies of the sign come in for signed ones; the count is in `0..bits`.
    Shr,
}

impl Binary {
    /// True where the result is `bool` whatever the operands are.
    pub fn compares(self) -> bool {
        use Binary::*;
        matches!(self, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual)
    }
}

/// Index of an operation in [`Body::ops`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Val(pub u32);

/// One operation of a body.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// An element by affine access; has the buffer's type.
    Load(Access),
    /// The element at a computed `int64` offset, which must lie inside the buffer.
    LoadAt(BufferId, Val),
    /// A constant.
    Const(DType, Scalar),
    /// The running index of one axis, `int64`.
    Index(usize),
    /// A value known when the kernel is called, `int64`.
    Size(Dim),
    /// The finished sum, maximum, ... of a reduction, or the finished element of a contraction.
    Acc,
    /// A function of one value.
    Unary(Unary, Val),
    /// A function of two values of one type.
    Binary(Binary, Val, Val),
    /// The second where the first (`bool`) holds, else the third.
    Select(Val, Val, Val),
    /// Conversion; float to integer truncates and saturates (NaN gives 0), integer to integer keeps the low bits, anything to
    /// `bool` compares with zero.
    Cast(DType, Val),
    /// `a * b + c` of a floating-point type, rounded once or twice as the machine likes.
    MulAdd(Val, Val, Val),
    /// The same bits as another type of that size; not of `bool`.
    Bitcast(DType, Val),
}

impl Op {
    /// The values that it reads.
    pub fn operands(&self) -> impl Iterator<Item = Val> {
        let three = match self {
            Op::Load(_) | Op::Const(..) | Op::Index(_) | Op::Size(_) | Op::Acc => [None; 3],
            Op::LoadAt(_, a) | Op::Unary(_, a) | Op::Cast(_, a) | Op::Bitcast(_, a) => [Some(*a), None, None],
            Op::Binary(_, a, b) => [Some(*a), Some(*b), None],
            Op::Select(a, b, c) | Op::MulAdd(a, b, c) => [Some(*a), Some(*b), Some(*c)],
        };
        three.into_iter().flatten()
    }

    /// The same operation on other values.
    pub fn with_operands(&self, f: &mut dyn FnMut(Val) -> Val) -> Op {
        match self {
            Op::Load(_) | Op::Const(..) | Op::Index(_) | Op::Size(_) | Op::Acc => self.clone(),
            Op::LoadAt(buffer, a) => Op::LoadAt(*buffer, f(*a)),
            Op::Unary(g, a) => Op::Unary(*g, f(*a)),
            Op::Cast(dtype, a) => Op::Cast(*dtype, f(*a)),
            Op::Bitcast(dtype, a) => Op::Bitcast(*dtype, f(*a)),
            Op::Binary(g, a, b) => Op::Binary(*g, f(*a), f(*b)),
            Op::Select(a, b, c) => Op::Select(f(*a), f(*b), f(*c)),
            Op::MulAdd(a, b, c) => Op::MulAdd(f(*a), f(*b), f(*c)),
        }
    }
}

/// A straight-line program for one element.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Body {
    /// Operations; operands stand before users.
    pub ops: Vec<Op>,
    /// The element.
    pub result: Val,
}

impl Body {
    /// The same on other buffers.
    pub fn with_buffers(&self, buffer: &mut dyn FnMut(BufferId) -> BufferId) -> Body {
        let ops = self.ops.iter().map(|op| match op {
            Op::Load(a) => Op::Load(Access { buffer: buffer(a.buffer), ..a.clone() }),
            Op::LoadAt(b, v) => Op::LoadAt(buffer(*b), *v),
            other => other.clone(),
        });
        Body { ops: ops.collect(), result: self.result }
    }
}

/// What a reduction does with its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Fold {
    Sum,
    Prod,
    Max,
    Min,
}

/// One step of a kernel; fills (a part of) one buffer.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// `out[i] = value(i)` for every index `i` of `extents`.
    Map {
        /// Where element `i` goes.
        out: Access,
        /// Extents of the index.
        extents: Vec<Dim>,
        /// The element.
        value: Body,
    },
    /// `out[i] = finish(fold over j of value(i, j))`: `i` runs over `outer`, `j` over `inner`; indices of `value` are `i` then `j`.
    Reduce {
        /// Where element `i` goes.
        out: Access,
        /// Extents that are kept.
        outer: Vec<Dim>,
        /// Extents that are folded.
        inner: Vec<Dim>,
        /// How.
        fold: Fold,
        /// What is folded.
        value: Body,
        /// What becomes of the folded value; sees the indices `i` only.
        finish: Body,
    },
    /// A matrix product, convolution or pooling.
    Contract(Contract),
}

impl Stage {
    /// The buffer that it fills.
    pub fn out(&self) -> BufferId {
        match self {
            Stage::Map { out, .. } | Stage::Reduce { out, .. } => out.buffer,
            Stage::Contract(c) => c.out,
        }
    }

    /// Its bodies.
    pub fn bodies(&self) -> impl Iterator<Item = &Body> {
        let two = match self {
            Stage::Map { value, .. } => [Some(value), None],
            Stage::Reduce { value, finish, .. } => [Some(value), Some(finish)],
            Stage::Contract(c) => [c.epilogue.as_ref(), None],
        };
        two.into_iter().flatten()
    }

    /// The same on other buffers.
    pub fn with_buffers(&self, buffer: &dyn Fn(BufferId) -> BufferId) -> Stage {
        let access = |a: &Access| Access { buffer: buffer(a.buffer), ..a.clone() };
        let body = |b: &Body| b.with_buffers(&mut |id| buffer(id));
        match self {
            Stage::Map { out, extents, value } => Stage::Map { out: access(out), extents: extents.clone(), value: body(value) },
            Stage::Reduce { out, outer, inner, fold, value, finish } => Stage::Reduce {
                out: access(out),
                outer: outer.clone(),
                inner: inner.clone(),
                fold: *fold,
                value: body(value),
                finish: body(finish),
            },
            Stage::Contract(c) => {
                let kind = c.kind.with_buffers(buffer);
                Stage::Contract(Contract { kind, out: buffer(c.out), epilogue: c.epilogue.as_ref().map(body) })
            }
        }
    }

    /// The buffers that it reads, with repetitions.
    pub fn reads(&self) -> Vec<BufferId> {
        let mut all = match self {
            Stage::Contract(c) => c.kind.operands(),
            _ => Vec::new(),
        };
        all.extend(self.body_reads());
        all
    }

    /// The buffers that its bodies load from, with repetitions.
    pub fn body_reads(&self) -> impl Iterator<Item = BufferId> + '_ {
        self.bodies().flat_map(|b| &b.ops).filter_map(|op| match op {
            Op::Load(access) => Some(access.buffer),
            Op::LoadAt(buffer, _) => Some(*buffer),
            _ => None,
        })
    }
}

/// A kernel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kernel {
    /// For people: which nodes it comes from.
    pub name: String,
    /// All buffers; inputs and outputs in the order of the call.
    pub buffers: Vec<Buffer>,
    /// Run in order.
    pub stages: Vec<Stage>,
}

impl Kernel {
    /// The buffer with this id.
    pub fn buffer(&self, id: BufferId) -> &Buffer {
        &self.buffers[id.0 as usize]
    }

    /// Buffers of one role, in order.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = BufferId> + '_ {
        (0..self.buffers.len() as u32).map(BufferId).filter(move |b| self.buffer(*b).role == role)
    }
}
