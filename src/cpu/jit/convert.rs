//! Conversions between element types, of scalars and of vectors.

use crate::cpu::jit::gen_fn::Gen;
use crate::cpu::jit::rep::{Rep, has_vector, is_signed, scalar_type};
use crate::tensor::dtype::DType;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value, types};

/// Smallest and largest value of an integer type of 8 or 16 bits.
fn narrow_range(dtype: DType) -> (i64, i64) {
    match dtype {
        DType::I8 => (-128, 127),
        DType::U8 => (0, 255),
        DType::I16 => (-32768, 32767),
        _ => (0, 65535),
    }
}

impl Gen<'_> {
    /// Conversion of any value.
    pub fn cast(&mut self, rep: Rep, from: DType, to: DType) -> Rep {
        match rep {
            _ if from == to => rep,
            Rep::Imm(_) | Rep::One(_) => {
                let v = self.one(rep, from);
                Rep::One(self.cast_scalar(v, from, to))
            }
            _ if has_vector(from) && has_vector(to) => {
                let v = self.vector(rep, from);
                Rep::Vec(self.cast_vector(v, from, to))
            }
            _ => {
                let lanes = self.lanes(rep, from);
                Rep::Lanes(lanes.map(|v| self.cast_scalar(v, from, to)))
            }
        }
    }

    fn cast_scalar(&mut self, v: Value, from: DType, to: DType) -> Value {
        if from.is_float() {
            return self.float_to(v, from, to);
        }
        if to == DType::Bool {
            return self.b.ins().icmp_imm_s(IntCC::NotEqual, v, 0);
        }
        if to.is_float() {
            return self.int_to_float(v, from, to);
        }
        let (have, want) = (scalar_type(from), scalar_type(to));
        match have.bits().cmp(&want.bits()) {
            std::cmp::Ordering::Equal => v,
            std::cmp::Ordering::Greater => self.b.ins().ireduce(want, v),
            std::cmp::Ordering::Less => self.extend(v, from, want),
        }
    }

    /// A scalar integer or `bool` in a wider machine type.
    pub fn extend(&mut self, v: Value, from: DType, to: Type) -> Value {
        if is_signed(from) { self.b.ins().sextend(to, v) } else { self.b.ins().uextend(to, v) }
    }

    fn float_to(&mut self, v: Value, from: DType, to: DType) -> Value {
        let v = match from {
            DType::F16 | DType::BF16 => {
                let bits = self.b.ins().uextend(types::I32, v);
                self.narrow_to_f32(bits, from)
            }
            _ => v,
        };
        let is_f64 = from == DType::F64;
        match to {
            DType::F64 if !is_f64 => self.b.ins().fpromote(types::F64, v),
            DType::F32 if is_f64 => self.b.ins().fdemote(types::F32, v),
            DType::F64 | DType::F32 => v,
            DType::F16 | DType::BF16 => {
                let v = if is_f64 { self.b.ins().fdemote(types::F32, v) } else { v };
                let bits = self.f32_to_narrow(v, to);
                self.b.ins().ireduce(types::I16, bits)
            }
            DType::Bool => {
                let zero = if is_f64 { self.b.ins().f64const(0.0) } else { self.b.ins().f32const(0.0) };
                self.b.ins().fcmp(FloatCC::NotEqual, v, zero)
            }
            DType::I64 | DType::I32 => self.b.ins().fcvt_to_sint_sat(scalar_type(to), v),
            DType::U64 | DType::U32 => self.b.ins().fcvt_to_uint_sat(scalar_type(to), v),
            _ => {
                let wide = self.b.ins().fcvt_to_sint_sat(types::I32, v);
                let clamped = self.clamp(wide, to);
                self.b.ins().ireduce(scalar_type(to), clamped)
            }
        }
    }

    /// 32-bit integers inside the range of a narrower type; scalar or vector.
    fn clamp(&mut self, v: Value, to: DType) -> Value {
        let (low, high) = narrow_range(to);
        let (low, high) = (self.i32_like(v, low as u32), self.i32_like(v, high as u32));
        let v = self.b.ins().smax(v, low);
        self.b.ins().smin(v, high)
    }

    fn int_to_float(&mut self, v: Value, from: DType, to: DType) -> Value {
        let ty = if to == DType::F64 { types::F64 } else { types::F32 };
        let v = match from {
            DType::I64 | DType::I32 => self.b.ins().fcvt_from_sint(ty, v),
            DType::U64 => self.b.ins().fcvt_from_uint(ty, v),
            DType::U32 => {
                let wide = self.b.ins().uextend(types::I64, v);
                self.b.ins().fcvt_from_sint(ty, wide)
            }
            _ => {
                let wide = self.extend(v, from, types::I32);
                self.b.ins().fcvt_from_sint(ty, wide)
            }
        };
        if matches!(to, DType::F16 | DType::BF16) {
            let bits = self.f32_to_narrow(v, to);
            return self.b.ins().ireduce(types::I16, bits);
        }
        v
    }

    fn cast_vector(&mut self, v: Value, from: DType, to: DType) -> Value {
        let v = match from {
            DType::F16 | DType::BF16 => self.narrow_to_f32(v, from),
            _ => v,
        };
        if from.is_float() {
            return match to {
                DType::F32 => v,
                DType::F16 | DType::BF16 => self.f32_to_narrow(v, to),
                DType::Bool => {
                    let zero = self.vector(Rep::Imm(crate::loops::Scalar::Float(0.0)), DType::F32);
                    self.b.ins().fcmp(FloatCC::NotEqual, v, zero)
                }
                DType::I32 => self.b.ins().fcvt_to_sint_sat(types::I32X4, v),
                DType::U32 => self.b.ins().fcvt_to_uint_sat(types::I32X4, v),
                _ => {
                    let wide = self.b.ins().fcvt_to_sint_sat(types::I32X4, v);
                    self.clamp(wide, to)
                }
            };
        }
        let v = if from == DType::Bool { self.b.ins().ineg(v) } else { v };
        match to {
            DType::F32 | DType::F16 | DType::BF16 => {
                let f = match from {
                    DType::U32 => self.b.ins().fcvt_from_uint(types::F32X4, v),
                    _ => self.b.ins().fcvt_from_sint(types::F32X4, v),
                };
                if to == DType::F32 { f } else { self.f32_to_narrow(f, to) }
            }
            DType::Bool => {
                let zero = self.i32_like(v, 0);
                self.b.ins().icmp(IntCC::NotEqual, v, zero)
            }
            DType::I32 | DType::U32 => v,
            _ if is_signed(to) => {
                let up = self.b.ins().ishl_imm_u(v, 32 - 8 * to.size() as i64);
                self.b.ins().sshr_imm_u(up, 32 - 8 * to.size() as i64)
            }
            _ => {
                let mask = self.i32_like(v, (1u32 << (8 * to.size())) - 1);
                self.b.ins().band(v, mask)
            }
        }
    }

    /// A 32-bit constant, scalar or vector as `like` is.
    pub fn i32_like(&mut self, like: Value, c: u32) -> Value {
        let imm = Rep::Imm(crate::loops::Scalar::Int(i64::from(c)));
        if self.is_vector(like) { self.vector(imm, DType::U32) } else { self.one(imm, DType::U32) }
    }

    /// True for a vector.
    pub fn is_vector(&self, v: Value) -> bool {
        self.b.func.dfg.value_type(v).is_vector()
    }

    /// The bits of 32-bit floats, scalar or vector, as integers.
    pub fn bits(&mut self, v: Value) -> Value {
        let ty = if self.is_vector(v) { types::I32X4 } else { types::I32 };
        self.b.ins().bitcast(ty, MemFlagsData::new(), v)
    }

    /// 32-bit integers, scalar or vector, as floats.
    pub fn float_of_bits(&mut self, v: Value) -> Value {
        let ty = if self.is_vector(v) { types::F32X4 } else { types::F32 };
        self.b.ins().bitcast(ty, MemFlagsData::new(), v)
    }

    /// `a` where `c` holds, else `b`: scalars by a condition, vectors by a mask.
    pub fn pick(&mut self, c: Value, a: Value, b: Value) -> Value {
        if !self.is_vector(c) {
            return self.b.ins().select(c, a, b);
        }
        let ty = self.b.func.dfg.value_type(a);
        let mask = if ty == types::I32X4 { c } else { self.b.ins().bitcast(ty, MemFlagsData::new(), c) };
        self.b.ins().bitselect(mask, a, b)
    }

    /// `float16` or `bfloat16` bits (32 bits wide) as `float32`.
    fn narrow_to_f32(&mut self, h: Value, from: DType) -> Value {
        if from == DType::BF16 {
            let up = self.b.ins().ishl_imm_u(h, 16);
            return self.float_of_bits(up);
        }
        let (low, sign_bit) = (self.i32_like(h, 0x7fff), self.i32_like(h, 0x8000));
        let magnitude = self.b.ins().band(h, low);
        let up = self.b.ins().ishl_imm_u(magnitude, 13);
        // The exponent is off by 112, for subnormals too.
        let (up, scale) = (self.float_of_bits(up), self.i32_like(h, 0x7780_0000));
        let scale = self.float_of_bits(scale);
        let scaled = self.b.ins().fmul(up, scale);
        let (scaled, finite) = (self.bits(scaled), self.i32_like(h, 0x7bff));
        let special = self.b.ins().icmp(IntCC::SignedGreaterThan, magnitude, finite);
        let exponent = self.i32_like(h, 0x7f80_0000);
        let with_exponent = self.b.ins().bor(scaled, exponent);
        let r = self.pick(special, with_exponent, scaled);
        let sign = self.b.ins().band(h, sign_bit);
        let sign = self.b.ins().ishl_imm_u(sign, 16);
        let r = self.b.ins().bor(r, sign);
        self.float_of_bits(r)
    }

    /// `float32` as `float16` or `bfloat16` bits, to the nearest, ties to even.
    fn f32_to_narrow(&mut self, f: Value, to: DType) -> Value {
        let f = self.bits(f);
        let magnitude = self.i32_like(f, 0x7fff_ffff);
        let a = self.b.ins().band(f, magnitude);
        let infinite = self.i32_like(f, 0x7f80_0000);
        let nan = self.b.ins().icmp(IntCC::SignedGreaterThan, a, infinite);
        let shift = if to == DType::BF16 { 16 } else { 13 };
        let down = self.b.ins().ushr_imm_u(a, shift);
        let one = self.i32_like(f, 1);
        let odd = self.b.ins().band(down, one);
        let (bias, quiet) = if to == DType::BF16 { (0x7fff, 0x7fc0) } else { (0xc800_0fff, 0x7e00) };
        let (bias, quiet) = (self.i32_like(f, bias), self.i32_like(f, quiet));
        let rounded = self.b.ins().iadd(a, bias);
        let rounded = self.b.ins().iadd(rounded, odd);
        let mut r = self.b.ins().ushr_imm_u(rounded, shift);
        if to == DType::F16 {
            // Below the normal range the float adder does the rounding; above it all is infinite.
            let magic = self.i32_like(f, 0x3f00_0000);
            let (small, half) = (self.float_of_bits(a), self.float_of_bits(magic));
            let small = self.b.ins().fadd(small, half);
            let small = self.bits(small);
            let small = self.b.ins().isub(small, magic);
            let least = self.i32_like(f, 0x3880_0000);
            let is_small = self.b.ins().icmp(IntCC::SignedLessThan, a, least);
            r = self.pick(is_small, small, r);
            let (most, top) = (self.i32_like(f, 0x477f_ffff), self.i32_like(f, 0x7c00));
            let is_large = self.b.ins().icmp(IntCC::SignedGreaterThan, a, most);
            r = self.pick(is_large, top, r);
        }
        r = self.pick(nan, quiet, r);
        let sign = self.b.ins().ushr_imm_u(f, 16);
        let sign_bit = self.i32_like(f, 0x8000);
        let sign = self.b.ins().band(sign, sign_bit);
        self.b.ins().bor(r, sign)
    }
}
