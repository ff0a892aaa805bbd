//! Makes single operations of a body, for scalars, vectors or lane by lane.

use crate::cpu::jit::body::Eval;
use crate::cpu::jit::gen_fn::Gen;
use crate::cpu::jit::rep::{LANES, Rep, has_vector, is_signed};
use crate::loops::math::{TURN_LIMIT, turn};
use crate::loops::{Binary, Body, BufferId, Op, Scalar, Unary, Val};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{BlockArg, InstBuilder, Value, types};

impl Gen<'_> {
    /// Makes operation `i` for one of the unrolled vectors.
    pub fn operation(&mut self, e: &Eval, i: usize, copy: usize) -> Rep {
        let dtype = e.typed.types[i];
        let of = |v: &Val| e.value(*v, copy);
        let from = |v: &Val| e.typed.types[v.0 as usize];
        match &e.typed.body.ops[i] {
            Op::Load(_) => self.load(e, i, copy),
            Op::LoadAt(buffer, at) => self.load_at(e, *buffer, dtype, *at, copy),
            Op::Const(_, c) => Rep::Imm(*c),
            Op::Index(axis) => self.running_index(e, *axis, copy),
            Op::Size(d) => Rep::One(self.dim(d)),
            Op::Acc => e.acc[copy.min(e.acc.len() - 1)],
            Op::Unary(f, a) => self.unary(*f, dtype, of(a)),
            Op::Binary(f, a, b) => self.binary(*f, from(a), of(a), of(b)),
            Op::Select(c, a, b) => self.select(dtype, of(c), of(a), of(b)),
            Op::Cast(_, a) => self.cast(of(a), from(a), dtype),
            Op::MulAdd(a, b, c) => self.mul_add(dtype, of(a), of(b), of(c)),
            Op::Bitcast(_, a) => self.bitcast(of(a), from(a), dtype),
        }
    }

    fn load(&mut self, e: &Eval, i: usize, copy: usize) -> Rep {
        let Some(cursor) = &e.cursors[i] else { unreachable!("a load has a pointer") };
        let (ptr, offset) = cursor.lane(self, e.lane, if e.varies[i] { e.first_lane(copy) } else { 0 });
        if !e.wide || !e.varies[i] {
            return Rep::One(self.load_one(cursor.dtype, ptr, offset));
        }
        if cursor.strides[e.lane].is(1) {
            return self.load_four(cursor.dtype, ptr, offset);
        }
        Rep::Lanes(std::array::from_fn(|l| {
            let (ptr, offset) = cursor.lane(self, e.lane, e.first_lane(copy) + l);
            self.load_one(cursor.dtype, ptr, offset)
        }))
    }

    fn load_at(&mut self, e: &Eval, buffer: BufferId, dtype: DType, at: Val, copy: usize) -> Rep {
        let (base, one) = (self.buffer(buffer), Dim::from(1i64));
        let address = |g: &mut Self, at: Value| {
            let bytes = g.scaled(at, &one, dtype.size());
            g.b.ins().iadd(base, bytes)
        };
        match e.value(at, copy) {
            Rep::Lanes(lanes) if e.step(at) == Some(1) => {
                let ptr = address(self, lanes[0]);
                self.load_four(dtype, ptr, 0)
            }
            Rep::Lanes(lanes) => Rep::Lanes(lanes.map(|at| {
                let ptr = address(self, at);
                self.load_one(dtype, ptr, 0)
            })),
            at => {
                let at = self.one(at, DType::I64);
                let ptr = address(self, at);
                Rep::One(self.load_one(dtype, ptr, 0))
            }
        }
    }

    fn running_index(&mut self, e: &Eval, axis: usize, copy: usize) -> Rep {
        let Some(i) = e.index[axis] else { unreachable!("the loop over axis {axis} is entered") };
        if axis != e.lane || !e.wide {
            return Rep::One(i);
        }
        Rep::Lanes(std::array::from_fn(|l| self.b.ins().iadd_imm_s(i, (e.first_lane(copy) + l) as i64)))
    }

    /// Applies `f` to scalars: once where all operands are the same in all lanes, else lane by lane.
    fn by_lane(&mut self, operands: &[(Rep, DType)], f: &mut dyn FnMut(&mut Self, &[Value]) -> Value) -> Rep {
        if operands.iter().all(|(r, _)| matches!(r, Rep::Imm(_) | Rep::One(_))) {
            let values: Vec<Value> = operands.iter().map(|(r, d)| self.one(*r, *d)).collect();
            return Rep::One(f(self, &values));
        }
        let lanes: Vec<[Value; LANES]> = operands.iter().map(|(r, d)| self.lanes(*r, *d)).collect();
        Rep::Lanes(std::array::from_fn(|l| {
            let values: Vec<Value> = lanes.iter().map(|v| v[l]).collect();
            f(self, &values)
        }))
    }

    fn is_one(reps: &[Rep]) -> bool {
        reps.iter().all(|r| matches!(r, Rep::Imm(_) | Rep::One(_)))
    }

    fn select(&mut self, dtype: DType, c: Rep, a: Rep, b: Rep) -> Rep {
        if has_vector(dtype) && !Self::is_one(&[c, a, b]) {
            let (a, b) = (self.vector(a, dtype), self.vector(b, dtype));
            return Rep::Vec(match c {
                Rep::Imm(_) | Rep::One(_) => {
                    let c = self.one(c, DType::Bool);
                    self.b.ins().select(c, a, b)
                }
                _ => {
                    let c = self.vector(c, DType::Bool);
                    self.pick(c, a, b)
                }
            });
        }
        self.by_lane(&[(c, DType::Bool), (a, dtype), (b, dtype)], &mut |g, v| g.b.ins().select(v[0], v[1], v[2]))
    }

    fn mul_add(&mut self, dtype: DType, a: Rep, b: Rep, c: Rep) -> Rep {
        let fused = self.fused;
        let f = &mut |g: &mut Self, v: &[Value]| {
            if fused {
                return g.b.ins().fma(v[0], v[1], v[2]);
            }
            let product = g.b.ins().fmul(v[0], v[1]);
            g.b.ins().fadd(product, v[2])
        };
        if dtype == DType::F32 && !Self::is_one(&[a, b, c]) {
            let v = [a, b, c].map(|r| self.vector(r, dtype));
            return Rep::Vec(f(self, &v));
        }
        self.by_lane(&[(a, dtype), (b, dtype), (c, dtype)], f)
    }

    fn bitcast(&mut self, v: Rep, from: DType, to: DType) -> Rep {
        use crate::cpu::jit::rep::{scalar_type, vector_type};
        let (have, want) = (scalar_type(from), scalar_type(to));
        match v {
            Rep::Vec(v) if from.size() == 4 => {
                let same = vector_type(from) == vector_type(to);
                Rep::Vec(if same { v } else { self.b.ins().bitcast(vector_type(to), cranelift_codegen::ir::MemFlagsData::new(), v) })
            }
            _ => self.by_lane(&[(v, from)], &mut |g, v| {
                if have == want { v[0] } else { g.b.ins().bitcast(want, cranelift_codegen::ir::MemFlagsData::new(), v[0]) }
            }),
        }
    }

    fn unary(&mut self, f: Unary, dtype: DType, a: Rep) -> Rep {
        if let (DType::F32, Unary::Sin | Unary::Cos) = (dtype, f) {
            return self.turned(f == Unary::Cos, a);
        }
        let in_vector = has_vector(dtype) && dtype.size() == 4 && !on_host(f) || f == Unary::Not;
        if in_vector && !Self::is_one(&[a]) {
            let v = self.vector(a, dtype);
            return Rep::Vec(self.unary_value(f, dtype, v));
        }
        self.by_lane(&[(a, dtype)], &mut |g, v| g.unary_value(f, dtype, v[0]))
    }

    fn unary_value(&mut self, f: Unary, dtype: DType, v: Value) -> Value {
        if !dtype.is_float() {
            return match f {
                Unary::Not if self.is_vector(v) => self.b.ins().bnot(v),
                Unary::Not => self.b.ins().icmp_imm_s(IntCC::Equal, v, 0),
                Unary::Neg => self.b.ins().ineg(v),
                Unary::Abs if is_signed(dtype) && dtype.size() < 4 => {
                    let wide = self.b.ins().sextend(types::I32, v);
                    let wide = self.b.ins().iabs(wide);
                    self.b.ins().ireduce(super::rep::scalar_type(dtype), wide)
                }
                Unary::Abs if is_signed(dtype) => self.b.ins().iabs(v),
                _ => v,
            };
        }
        match f {
            Unary::Neg => self.b.ins().fneg(v),
            Unary::Abs => self.b.ins().fabs(v),
            Unary::Sqrt => self.b.ins().sqrt(v),
            Unary::Floor => self.b.ins().floor(v),
            Unary::Ceil => self.b.ins().ceil(v),
            Unary::Round => self.b.ins().nearest(v),
            Unary::Exp => self.call("exp", &[v]),
            Unary::Log => self.call("log", &[v]),
            Unary::Sin => self.call("sin", &[v]),
            Unary::Cos => self.call("cos", &[v]),
            Unary::Tanh => self.call("tanh", &[v]),
            Unary::Tan => self.by_type(dtype, "tan", "tanf", v),
            Unary::Asin => self.by_type(dtype, "asin", "asinf", v),
            Unary::Acos => self.by_type(dtype, "acos", "acosf", v),
            Unary::Atan => self.by_type(dtype, "atan", "atanf", v),
            Unary::Sinh => self.by_type(dtype, "sinh", "sinhf", v),
            Unary::Cosh => self.by_type(dtype, "cosh", "coshf", v),
            Unary::Asinh => self.by_type(dtype, "asinh", "asinhf", v),
            Unary::Acosh => self.by_type(dtype, "acosh", "acoshf", v),
            Unary::Atanh => self.by_type(dtype, "atanh", "atanhf", v),
            Unary::Erf => self.call("erf", &[v]),
            Unary::Not => unreachable!("not of a float"),
        }
    }

    /// A host function of the operand's own type.
    fn by_type(&mut self, dtype: DType, double: &str, single: &str, v: Value) -> Value {
        self.call(if dtype == DType::F64 { double } else { single }, &[v])
    }

    /// Sine or cosine of `float32`: a polynomial, and a host function where some angle is too large for it.
    fn turned(&mut self, cosine: bool, a: Rep) -> Rep {
        let mut body = Body::acc();
        body.result = turn(&mut body, Val(0), cosine);
        let fast = self.straight(&body, a);
        let size = self.unary(Unary::Abs, DType::F32, a);
        let limit = Rep::Imm(Scalar::Float(f64::from(TURN_LIMIT)));
        let large = self.binary(Binary::Greater, DType::F32, size, limit);
        let name = if cosine { "cosf" } else { "sinf" };
        let (is_one, any) = match large {
            Rep::Vec(v) => (false, self.b.ins().vany_true(v)),
            _ => (true, self.one(large, DType::Bool)),
        };
        let fast = if is_one { self.one(fast, DType::F32) } else { self.vector(fast, DType::F32) };
        let (slow, done) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(slow);
        let result = self.params_like(done, &[fast])[0];
        self.b.ins().brif(any, slow, [], done, &[BlockArg::Value(fast)]);
        self.b.switch_to_block(slow);
        let called = self.by_lane(&[(a, DType::F32)], &mut |g, v| g.call(name, v));
        let called = if is_one { self.one(called, DType::F32) } else { self.vector(called, DType::F32) };
        self.b.ins().jump(done, &[BlockArg::Value(called)]);
        self.b.switch_to_block(done);
        if is_one { Rep::One(result) } else { Rep::Vec(result) }
    }

    /// A body of `float32` and `int32` operations on one argument, its [`Op::Acc`].
    fn straight(&mut self, body: &Body, argument: Rep) -> Rep {
        let mut values: Vec<(Rep, DType)> = Vec::with_capacity(body.ops.len());
        for op in &body.ops {
            let of = |v: &Val| values[v.0 as usize];
            let value = match op {
                Op::Acc => (argument, DType::F32),
                Op::Const(d, c) => (Rep::Imm(*c), *d),
                Op::Unary(f, a) => (self.unary(*f, of(a).1, of(a).0), of(a).1),
                Op::Binary(f, a, b) => {
                    let r = self.binary(*f, of(a).1, of(a).0, of(b).0);
                    (r, if f.compares() { DType::Bool } else { of(a).1 })
                }
                Op::Select(c, a, b) => (self.select(of(a).1, of(c).0, of(a).0, of(b).0), of(a).1),
                Op::Cast(d, a) => (self.cast(of(a).0, of(a).1, *d), *d),
                Op::MulAdd(a, b, c) => (self.mul_add(of(a).1, of(a).0, of(b).0, of(c).0), of(a).1),
                Op::Bitcast(d, a) => (self.bitcast(of(a).0, of(a).1, *d), *d),
                Op::Load(_) | Op::LoadAt(..) | Op::Index(_) | Op::Size(_) => unreachable!("a function reads no memory"),
            };
            values.push(value);
        }
        values[body.result.0 as usize].0
    }

    /// A function of two operands of type `dtype`.
    pub fn binary(&mut self, f: Binary, dtype: DType, a: Rep, b: Rep) -> Rep {
        use Binary::*;
        let shift = matches!(f, Shl | Shr);
        let host = matches!(f, Rem | Pow) || f == Div && !dtype.is_float();
        let narrow = dtype.size() < 4 && dtype != DType::Bool;
        let bool_order = dtype == DType::Bool && matches!(f, Less | LessEqual | Greater | GreaterEqual);
        let in_vector = has_vector(dtype) && !host && !narrow && !bool_order && (!shift || Self::is_one(&[b]));
        if !in_vector || Self::is_one(&[a, b]) {
            return self.by_lane(&[(a, dtype), (b, dtype)], &mut |g, v| g.binary_scalar(f, dtype, v[0], v[1]));
        }
        let left = self.vector(a, dtype);
        if shift {
            let count = self.one(b, dtype);
            return Rep::Vec(self.int_binary(f, dtype, left, count));
        }
        if let (Max | Min, DType::F32, Some((c, x))) = (f, dtype, constant_and_other(a, b)) {
            // A constant is no NaN: where the comparison is false, `x` is taken, be it NaN or not.
            let (c, x) = (self.vector(c, dtype), self.vector(x, dtype));
            let test = if f == Max { FloatCC::GreaterThan } else { FloatCC::LessThan };
            let test = self.b.ins().fcmp(test, c, x);
            return Rep::Vec(self.pick(test, c, x));
        }
        let right = self.vector(b, dtype);
        Rep::Vec(if dtype == DType::F32 { self.float_binary(f, dtype, left, right) } else { self.int_binary(f, dtype, left, right) })
    }

    fn binary_scalar(&mut self, f: Binary, dtype: DType, a: Value, b: Value) -> Value {
        if dtype.is_float() {
            return self.float_binary(f, dtype, a, b);
        }
        if dtype.size() >= 4 || dtype == DType::Bool {
            return self.int_binary(f, dtype, a, b);
        }
        let (a, b) = (self.extend(a, dtype, types::I32), self.extend(b, dtype, types::I32));
        let as_wide = if is_signed(dtype) { DType::I32 } else { DType::U32 };
        let r = self.int_binary(f, as_wide, a, b);
        if f.compares() { r } else { self.b.ins().ireduce(super::rep::scalar_type(dtype), r) }
    }

    fn float_binary(&mut self, f: Binary, dtype: DType, a: Value, b: Value) -> Value {
        use Binary::*;
        let cc = match f {
            Add => return self.b.ins().fadd(a, b),
            Sub => return self.b.ins().fsub(a, b),
            Mul => return self.b.ins().fmul(a, b),
            Div => return self.b.ins().fdiv(a, b),
            Rem => return self.call(if dtype == DType::F64 { "rem" } else { "remf" }, &[a, b]),
            Pow => return self.call("pow", &[a, b]),
            Max | Min => return self.float_extreme(f, a, b),
            Equal => FloatCC::Equal,
            NotEqual => FloatCC::NotEqual,
            Less => FloatCC::LessThan,
            LessEqual => FloatCC::LessThanOrEqual,
            Greater => FloatCC::GreaterThan,
            GreaterEqual => FloatCC::GreaterThanOrEqual,
            And | Or | Xor | Shl | Shr => unreachable!("{f:?} of floats"),
        };
        self.b.ins().fcmp(cc, a, b)
    }

    /// The larger or smaller; NaN where either is.
    fn float_extreme(&mut self, f: Binary, a: Value, b: Value) -> Value {
        let cc = if f == Binary::Max { FloatCC::GreaterThan } else { FloatCC::LessThan };
        let test = self.b.ins().fcmp(cc, a, b);
        let r = self.pick(test, a, b);
        let nan = self.b.ins().fcmp(FloatCC::Unordered, a, a);
        self.pick(nan, a, r)
    }

    fn int_binary(&mut self, f: Binary, dtype: DType, a: Value, b: Value) -> Value {
        use Binary::*;
        let signed = is_signed(dtype);
        let order = |s, u| if signed { s } else { u };
        let cc = match f {
            Add => return self.b.ins().iadd(a, b),
            Sub => return self.b.ins().isub(a, b),
            Mul => return self.b.ins().imul(a, b),
            Max if signed => return self.b.ins().smax(a, b),
            Max => return self.b.ins().umax(a, b),
            Min if signed => return self.b.ins().smin(a, b),
            Min => return self.b.ins().umin(a, b),
            And => return self.b.ins().band(a, b),
            Or => return self.b.ins().bor(a, b),
            Xor => return self.b.ins().bxor(a, b),
            Shl => return self.b.ins().ishl(a, b),
            Shr if signed => return self.b.ins().sshr(a, b),
            Shr => return self.b.ins().ushr(a, b),
            Div | Rem => return self.int_divide(f == Rem, signed, a, b),
            Pow => return self.int_power(dtype, a, b),
            Equal => IntCC::Equal,
            NotEqual => IntCC::NotEqual,
            Less => order(IntCC::SignedLessThan, IntCC::UnsignedLessThan),
            LessEqual => order(IntCC::SignedLessThanOrEqual, IntCC::UnsignedLessThanOrEqual),
            Greater => order(IntCC::SignedGreaterThan, IntCC::UnsignedGreaterThan),
            GreaterEqual => order(IntCC::SignedGreaterThanOrEqual, IntCC::UnsignedGreaterThanOrEqual),
        };
        self.b.ins().icmp(cc, a, b)
    }

    /// Quotient or remainder of scalars; 0 for a zero divisor, and no trap for the smallest value by -1.
    fn int_divide(&mut self, rem: bool, signed: bool, a: Value, b: Value) -> Value {
        let ty = self.b.func.dfg.value_type(a);
        let (zero, one) = (self.b.ins().iconst(ty, 0), self.b.ins().iconst(ty, 1));
        let is_zero = self.b.ins().icmp_imm_s(IntCC::Equal, b, 0);
        if !signed {
            let by = self.b.ins().select(is_zero, one, b);
            let r = if rem { self.b.ins().urem(a, by) } else { self.b.ins().udiv(a, by) };
            return self.b.ins().select(is_zero, zero, r);
        }
        let is_minus = self.b.ins().icmp_imm_s(IntCC::Equal, b, -1);
        let special = self.b.ins().bor(is_zero, is_minus);
        let by = self.b.ins().select(special, one, b);
        let r = if rem { self.b.ins().srem(a, by) } else { self.b.ins().sdiv(a, by) };
        let negated = if rem { zero } else { self.b.ins().ineg(a) };
        let r = self.b.ins().select(is_minus, negated, r);
        self.b.ins().select(is_zero, zero, r)
    }

    fn int_power(&mut self, dtype: DType, a: Value, b: Value) -> Value {
        let ty = self.b.func.dfg.value_type(a);
        if ty == types::I64 {
            return self.call(if is_signed(dtype) { "powi" } else { "powu" }, &[a, b]);
        }
        let (a, b) = (self.extend(a, dtype, types::I64), self.extend(b, dtype, types::I64));
        let r = self.call(if is_signed(dtype) { "powi" } else { "powu" }, &[a, b]);
        self.b.ins().ireduce(ty, r)
    }
}

/// Functions of `float32` that no polynomial stands for.
fn on_host(f: Unary) -> bool {
    use Unary::*;
    matches!(f, Tan | Asin | Acos | Atan | Sinh | Cosh | Asinh | Acosh | Atanh)
}

/// The constant among two operands, if it is a number, and the other one.
fn constant_and_other(a: Rep, b: Rep) -> Option<(Rep, Rep)> {
    let number = |r: &Rep| matches!(r, Rep::Imm(Scalar::Float(v)) if !v.is_nan());
    match (number(&a), number(&b)) {
        (true, _) => Some((a, b)),
        (_, true) => Some((b, a)),
        _ => None,
    }
}
