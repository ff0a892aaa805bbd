//! Bodies inside loops: each operation is made once, in the outermost loop where its operands are known, and pointers move with the
//! indices. How a single operation is made is in `ops`.

use crate::cpu::jit::gen_fn::Gen;
use crate::cpu::jit::nest::{Nest, Typed};
use crate::cpu::jit::rep::{LANES, Rep};
use crate::loops::{Access, Binary, Op, Scalar, Val};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use cranelift_codegen::ir::{InstBuilder, Value};

/// A pointer that moves with the indices.
#[derive(Debug, Clone)]
pub struct Cursor {
    /// Strides by axis, in elements.
    pub strides: Vec<Dim>,
    /// Element type.
    pub dtype: DType,
    /// Where it stands for the indices given so far.
    pub ptr: Value,
}

impl Cursor {
    /// The pointer at index zero.
    pub fn new(g: &mut Gen, access: &Access, dtype: DType) -> Cursor {
        let base = g.buffer(access.buffer);
        let ptr = if access.offset.is(0) {
            base
        } else {
            let offset = g.dim(&access.offset);
            let bytes = g.scaled(offset, &Dim::from(1i64), dtype.size());
            g.b.ins().iadd(base, bytes)
        };
        Cursor { strides: access.strides.clone(), dtype, ptr }
    }

    /// Moves along one axis.
    pub fn advance(&mut self, g: &mut Gen, axis: usize, index: Value) {
        if let Some(stride) = self.strides.get(axis).filter(|s| !s.is(0)) {
            let bytes = g.scaled(index, stride, self.dtype.size());
            self.ptr = g.b.ins().iadd(self.ptr, bytes);
        }
    }

    /// Pointer and offset of the element `lanes` further along the vectors' axis.
    pub fn lane(&self, g: &mut Gen, axis: usize, lanes: usize) -> (Value, i32) {
        let Some(stride) = self.strides.get(axis) else { return (self.ptr, 0) };
        match stride.as_const().map(|s| s.wrapping_mul((lanes * self.dtype.size()) as i64)).map(i32::try_from) {
            Some(Ok(offset)) => (self.ptr, offset),
            _ if lanes == 0 => (self.ptr, 0),
            _ => {
                let lanes = g.dim(&Dim::from(lanes));
                let bytes = g.scaled(lanes, stride, self.dtype.size());
                (g.b.ins().iadd(self.ptr, bytes), 0)
            }
        }
    }
}

/// A body while it is made: what is known of each operation, and its value once there is one.
#[derive(Debug, Clone)]
pub struct Eval<'n> {
    /// The operations.
    pub typed: &'n Typed,
    /// The vectors' axis.
    pub lane: usize,
    /// Level of the loop in which each operation can be made.
    level: Vec<usize>,
    /// Operations that differ from lane to lane.
    pub varies: Vec<bool>,
    /// One pointer per load.
    pub cursors: Vec<Option<Cursor>>,
    /// Values made so far: one, or one per unrolled vector.
    pub values: Vec<Vec<Rep>>,
    /// Running indices by axis.
    pub index: Vec<Option<Value>>,
    /// What [`Op::Acc`] is: one, or one per unrolled vector.
    pub acc: Vec<Rep>,
    /// Vectors made at a time.
    pub copies: usize,
    /// Four lanes, or one.
    pub wide: bool,
}

impl<'n> Eval<'n> {
    /// Sets up a body of the nest; `finish` is the one that sees the outer axes only and is made in one go.
    pub fn new(g: &mut Gen, kernel: &crate::loops::Kernel, nest: &Nest, typed: &'n Typed, finish: bool) -> Eval<'n> {
        let n = typed.body.ops.len();
        let rank = nest.outer.len() + if finish { 0 } else { nest.inner.len() };
        let mut e = Eval {
            typed,
            lane: nest.lane,
            level: vec![0; n],
            varies: vec![false; n],
            cursors: vec![None; n],
            values: vec![Vec::new(); n],
            index: vec![None; rank],
            acc: Vec::new(),
            copies: 1,
            wide: false,
        };
        for (i, op) in typed.body.ops.iter().enumerate() {
            let mut level = op.operands().map(|v| e.level[v.0 as usize]).max().unwrap_or(0);
            let mut varies = op.operands().any(|v| e.varies[v.0 as usize]);
            match op {
                Op::Load(access) => {
                    let moving = (0..rank).filter(|a| !access.strides[*a].is(0));
                    level = moving.clone().map(|a| nest.level(a)).max().unwrap_or(0);
                    varies = moving.clone().any(|a| a == nest.lane);
                    e.cursors[i] = Some(Cursor::new(g, access, kernel.buffer(access.buffer).dtype));
                }
                Op::Index(axis) => (level, varies) = (nest.level(*axis), *axis == nest.lane),
                Op::Acc => varies = nest.lane < nest.outer.len(),
                _ => {}
            }
            (e.level[i], e.varies[i]) = (level, varies);
        }
        e
    }

    /// Enters the loop over these axes with their indices, and makes what can be made at `level`.
    pub fn enter(&mut self, g: &mut Gen, level: usize, axes: &[(usize, Value)]) {
        self.place(g, axes);
        self.make(g, |l| l == level);
    }

    /// Sets indices of axes.
    pub fn place(&mut self, g: &mut Gen, axes: &[(usize, Value)]) {
        for (axis, index) in axes {
            if *axis < self.index.len() {
                self.index[*axis] = Some(*index);
            }
            for cursor in self.cursors.iter_mut().flatten() {
                cursor.advance(g, *axis, *index);
            }
        }
    }

    /// Makes all that is not made yet.
    pub fn make_all(&mut self, g: &mut Gen) {
        self.make(g, |_| true);
    }

    fn make(&mut self, g: &mut Gen, wanted: impl Fn(usize) -> bool) {
        for i in 0..self.values.len() {
            if !wanted(self.level[i]) || !self.values[i].is_empty() {
                continue;
            }
            let copies = if self.varies[i] { self.copies } else { 1 };
            self.values[i] = (0..copies).map(|copy| g.operation(self, i, copy)).collect();
        }
    }

    /// Value of an operation for one of the unrolled vectors.
    pub fn value(&self, v: Val, copy: usize) -> Rep {
        let values = &self.values[v.0 as usize];
        values[copy.min(values.len() - 1)]
    }

    /// The body's result for one of the unrolled vectors.
    pub fn result(&self, copy: usize) -> Rep {
        self.value(self.typed.body.result, copy)
    }

    /// The first lane of the vectors at hand, counted from the index of the vectors' axis.
    pub fn first_lane(&self, copy: usize) -> usize {
        if self.wide { copy * LANES } else { 0 }
    }

    /// How much an `int64` operation grows from lane to lane, where that is a constant.
    pub fn step(&self, v: Val) -> Option<i64> {
        let i = v.0 as usize;
        if !self.varies[i] {
            return Some(0);
        }
        match &self.typed.body.ops[i] {
            Op::Index(_) => Some(1),
            Op::Binary(Binary::Add, a, b) => self.step(*a)?.checked_add(self.step(*b)?),
            Op::Binary(Binary::Sub, a, b) => self.step(*a)?.checked_sub(self.step(*b)?),
            Op::Binary(Binary::Mul, a, b) => match (self.constant(*a), self.constant(*b)) {
                (Some(k), _) => self.step(*b)?.checked_mul(k),
                (_, Some(k)) => self.step(*a)?.checked_mul(k),
                _ => None,
            },
            _ => None,
        }
    }

    fn constant(&self, v: Val) -> Option<i64> {
        match &self.typed.body.ops[v.0 as usize] {
            Op::Const(_, Scalar::Int(c)) => Some(*c),
            Op::Size(d) => d.as_const(),
            _ => None,
        }
    }
}
