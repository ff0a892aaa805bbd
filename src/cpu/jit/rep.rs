//! How values are held while code is made: one for all lanes, a vector of four, or four scalars; and loads and stores of each.
//! What they mean is no matter here.

use crate::cpu::jit::gen_fn::Gen;
use crate::loops::Scalar;
use crate::tensor::dtype::DType;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value, types};

/// Lanes of a vector.
pub const LANES: usize = 4;

/// A value of one element type while code is made.
///
/// A vector's lanes are 32 bits wide: floats as they are; integers of 8 and 16 bits extended by their sign or zeros; `float16` and
/// `bfloat16` as their bits below zeros; `bool` as all ones or zeros. Types of 64 bits have no vector.
#[derive(Debug, Clone, Copy)]
pub enum Rep {
    /// A constant.
    Imm(Scalar),
    /// The same in all lanes, or the only one: a scalar of [`scalar_type`].
    One(Value),
    /// Four in a vector.
    Vec(Value),
    /// Four scalars.
    Lanes([Value; LANES]),
}

/// True where the type has a vector form.
pub fn has_vector(dtype: DType) -> bool {
    dtype.size() <= 4
}

/// Machine type of one element.
pub fn scalar_type(dtype: DType) -> Type {
    match dtype {
        DType::F64 => types::F64,
        DType::F32 => types::F32,
        DType::I64 | DType::U64 => types::I64,
        DType::I32 | DType::U32 => types::I32,
        DType::I16 | DType::U16 | DType::F16 | DType::BF16 => types::I16,
        DType::I8 | DType::U8 | DType::Bool => types::I8,
    }
}

/// Machine type of four elements.
pub fn vector_type(dtype: DType) -> Type {
    if dtype == DType::F32 { types::F32X4 } else { types::I32X4 }
}

/// True for the integers whose smaller forms are extended by their sign.
pub fn is_signed(dtype: DType) -> bool {
    matches!(dtype, DType::I64 | DType::I32 | DType::I16 | DType::I8)
}

/// Flags of all accesses: they do not trap, and need no alignment.
pub fn flags() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

/// The bits of a constant, in the low bits of the result.
fn constant_bits(dtype: DType, scalar: Scalar) -> u64 {
    let mask = if dtype.size() == 8 { u64::MAX } else { (1 << (8 * dtype.size())) - 1 };
    match (dtype, scalar) {
        (DType::F64, Scalar::Float(v)) => v.to_bits(),
        (DType::F32, Scalar::Float(v)) => u64::from((v as f32).to_bits()),
        (DType::F16, Scalar::Float(v)) => u64::from(half::f16::from_f64(v).to_bits()),
        (_, Scalar::Float(v)) => u64::from(half::bf16::from_f64(v).to_bits()),
        (_, Scalar::Int(v)) => v as u64 & mask,
    }
}

impl Gen<'_> {
    /// The value as one scalar; only of those that are the same in all lanes.
    pub fn one(&mut self, rep: Rep, dtype: DType) -> Value {
        match rep {
            Rep::One(v) => v,
            Rep::Imm(c) => {
                let bits = constant_bits(dtype, c);
                match dtype {
                    DType::F64 => self.b.ins().f64const(f64::from_bits(bits)),
                    DType::F32 => self.b.ins().f32const(f32::from_bits(bits as u32)),
                    _ => self.b.ins().iconst(scalar_type(dtype), bits as i64),
                }
            }
            Rep::Lanes(v) => v[0],
            Rep::Vec(_) => self.lanes(rep, dtype)[0],
        }
    }

    /// The value as a vector.
    pub fn vector(&mut self, rep: Rep, dtype: DType) -> Value {
        let ty = vector_type(dtype);
        match rep {
            Rep::Vec(v) => v,
            Rep::Imm(c) => {
                let bits = constant_bits(dtype, c);
                let lane = match dtype {
                    DType::Bool => (bits as u32).wrapping_neg(),
                    DType::I8 => bits as i8 as u32,
                    DType::I16 => bits as i16 as u32,
                    _ => bits as u32,
                };
                let bytes: Vec<u8> = std::iter::repeat_n(lane.to_le_bytes(), LANES).flatten().collect();
                let handle = self.b.func.dfg.constants.insert(bytes.into());
                self.b.ins().vconst(ty, handle)
            }
            Rep::One(v) => {
                let v = self.lane_form(v, dtype);
                self.b.ins().splat(ty, v)
            }
            Rep::Lanes(lanes) => {
                let first = self.lane_form(lanes[0], dtype);
                let mut vector = self.b.ins().scalar_to_vector(ty, first);
                for (i, lane) in lanes.iter().enumerate().skip(1) {
                    let lane = self.lane_form(*lane, dtype);
                    vector = self.b.ins().insertlane(vector, lane, i as u8);
                }
                vector
            }
        }
    }

    /// The value as four scalars.
    pub fn lanes(&mut self, rep: Rep, dtype: DType) -> [Value; LANES] {
        match rep {
            Rep::Lanes(v) => v,
            Rep::Vec(v) => std::array::from_fn(|i| {
                let lane = self.b.ins().extractlane(v, i as u8);
                self.scalar_form(lane, dtype)
            }),
            _ => [self.one(rep, dtype); LANES],
        }
    }

    /// A scalar as it stands in a vector.
    pub fn lane_form(&mut self, v: Value, dtype: DType) -> Value {
        match dtype {
            DType::I8 | DType::I16 => self.b.ins().sextend(types::I32, v),
            DType::Bool => {
                let wide = self.b.ins().uextend(types::I32, v);
                self.b.ins().ineg(wide)
            }
            _ if dtype.size() < 4 => self.b.ins().uextend(types::I32, v),
            _ => v,
        }
    }

    /// A vector's lane as a scalar.
    pub fn scalar_form(&mut self, v: Value, dtype: DType) -> Value {
        match dtype {
            DType::Bool => {
                let low = self.b.ins().ireduce(types::I8, v);
                self.b.ins().ineg(low)
            }
            _ if dtype.size() < 4 => self.b.ins().ireduce(scalar_type(dtype), v),
            _ => v,
        }
    }

    /// One element at `ptr + offset`.
    pub fn load_one(&mut self, dtype: DType, ptr: Value, offset: i32) -> Value {
        self.b.ins().load(scalar_type(dtype), flags(), ptr, offset)
    }

    /// Four neighbours at `ptr + offset`.
    pub fn load_four(&mut self, dtype: DType, ptr: Value, offset: i32) -> Rep {
        if !has_vector(dtype) {
            return Rep::Lanes(std::array::from_fn(|i| self.load_one(dtype, ptr, offset + (i * dtype.size()) as i32)));
        }
        Rep::Vec(match dtype.size() {
            4 => self.b.ins().load(vector_type(dtype), flags(), ptr, offset),
            2 if is_signed(dtype) => self.b.ins().sload16x4(flags(), ptr, offset),
            2 => self.b.ins().uload16x4(flags(), ptr, offset),
            _ => {
                let four = self.b.ins().load(types::I32, flags(), ptr, offset);
                let low = self.b.ins().scalar_to_vector(types::I32X4, four);
                let bytes = self.b.ins().bitcast(types::I8X16, little(), low);
                let wide = if is_signed(dtype) {
                    let half = self.b.ins().swiden_low(bytes);
                    self.b.ins().swiden_low(half)
                } else {
                    let half = self.b.ins().uwiden_low(bytes);
                    self.b.ins().uwiden_low(half)
                };
                if dtype == DType::Bool { self.b.ins().ineg(wide) } else { wide }
            }
        })
    }

    /// Stores one element.
    pub fn store_one(&mut self, v: Value, ptr: Value, offset: i32) {
        self.b.ins().store(flags(), v, ptr, offset);
    }

    /// Stores four neighbours.
    pub fn store_four(&mut self, rep: Rep, dtype: DType, ptr: Value, offset: i32) {
        if !has_vector(dtype) {
            let lanes = self.lanes(rep, dtype);
            for (i, lane) in lanes.into_iter().enumerate() {
                self.store_one(lane, ptr, offset + (i * dtype.size()) as i32);
            }
            return;
        }
        let v = self.vector(rep, dtype);
        match dtype.size() {
            4 => self.store_one(v, ptr, offset),
            2 => {
                // Lanes of signed types fit 16 bits with their sign, the others without.
                let half = if is_signed(dtype) { self.b.ins().snarrow(v, v) } else { self.b.ins().unarrow(v, v) };
                let low = self.b.ins().bitcast(types::I64X2, little(), half);
                let low = self.b.ins().extractlane(low, 0);
                self.store_one(low, ptr, offset);
            }
            _ => {
                let v = if dtype == DType::Bool { self.b.ins().ineg(v) } else { v };
                let half = self.b.ins().snarrow(v, v);
                let bytes = if is_signed(dtype) { self.b.ins().snarrow(half, half) } else { self.b.ins().unarrow(half, half) };
                let low = self.b.ins().bitcast(types::I32X4, little(), bytes);
                let low = self.b.ins().extractlane(low, 0);
                self.store_one(low, ptr, offset);
            }
        }
    }
}

/// Lane order of casts between vectors.
pub fn little() -> MemFlagsData {
    MemFlagsData::new().with_endianness(cranelift_codegen::ir::Endianness::Little)
}
