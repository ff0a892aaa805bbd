//! Runs kernels one element at a time, slowly and obviously: the oracle of every renderer. Arithmetic is `float64` or wide integers,
//! rounded to the operation's type after each operation; sums are kept in `float64` to the end.

use crate::loops::contract::{Attention, BLOCK, Contract, ContractKind, Window};
use crate::loops::verify::types_with_acc;
use crate::loops::{Access, Binary, Body, BufferId, Fold, Kernel, Op, Role, Scalar, Stage, Unary, Val};
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::dtype::{DType, Element};
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{dispatch, ensure};

/// A value of any element type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Num {
    /// Of a floating-point type.
    F(f64),
    /// Of an integer type or `bool`.
    I(i128),
}

impl Num {
    fn float(self) -> f64 {
        match self {
            Num::F(v) => v,
            Num::I(v) => v as f64,
        }
    }
    fn int(self) -> i128 {
        match self {
            Num::F(v) => v as i128,
            Num::I(v) => v,
        }
    }
    fn bool(v: bool) -> Num {
        Num::I(i128::from(v))
    }
}

/// Runs a kernel; the outputs in order.
pub fn run(kernel: &Kernel, inputs: &[Tensor], bindings: &Bindings) -> Result<Vec<Tensor>> {
    let mut memory: Vec<Vec<Num>> = Vec::new();
    let mut given = inputs.iter();
    for buffer in &kernel.buffers {
        let len = shape::eval(&buffer.shape, bindings)?.iter().product();
        memory.push(match buffer.role {
            Role::Input => {
                let tensor = given.next().ok_or_else(|| Error::new(Code::WrongCount, "an input is missing"))?;
                ensure!(tensor.len() == len && tensor.dtype() == buffer.dtype, WrongShape, "input of {} elements, not {len}", tensor.len());
                numbers(tensor)
            }
            _ => vec![rounded(buffer.dtype, Num::I(0)); len],
        });
    }
    let mut run = Run { kernel, bindings, memory };
    for stage in &kernel.stages {
        run.stage(stage)?;
    }
    let outputs = kernel.with_role(Role::Output).map(|id| {
        let buffer = kernel.buffer(id);
        Ok(tensor(buffer.dtype, &shape::eval(&buffer.shape, bindings)?, &run.memory[id.0 as usize]))
    });
    outputs.collect()
}

fn numbers(t: &Tensor) -> Vec<Num> {
    match t.dtype() {
        d if d.is_float() => t.to_f64s().into_iter().map(Num::F).collect(),
        DType::I64 => t.values::<i64>().iter().map(|v| Num::I(i128::from(*v))).collect(),
        DType::U64 => t.values::<u64>().iter().map(|v| Num::I(i128::from(*v))).collect(),
        _ => t.to_f64s().into_iter().map(|v| Num::I(v as i128)).collect(),
    }
}

fn tensor(dtype: DType, shape: &[usize], values: &[Num]) -> Tensor {
    match dtype {
        DType::I64 => Tensor::from_vec(shape, values.iter().map(|v| v.int() as i64).collect()),
        DType::U64 => Tensor::from_vec(shape, values.iter().map(|v| v.int() as u64).collect()),
        _ => Tensor::from_f64s(dtype, shape, &values.iter().map(|v| v.float()).collect::<Vec<_>>()),
    }
}

/// The value as `dtype` holds it: rounded, or its low bits.
pub fn rounded(dtype: DType, v: Num) -> Num {
    match dtype {
        d if d.is_float() => Num::F(dispatch!(d, T => <T as Element>::to_f64(<T as Element>::from_f64(v.float())))),
        DType::Bool => Num::bool(v.int() != 0),
        d => Num::I(low_bits(d, v.int())),
    }
}

fn low_bits(dtype: DType, v: i128) -> i128 {
    match dtype {
        DType::I64 => i128::from(v as i64),
        DType::I32 => i128::from(v as i32),
        DType::I16 => i128::from(v as i16),
        DType::I8 => i128::from(v as i8),
        DType::U64 => i128::from(v as u64),
        DType::U32 => i128::from(v as u32),
        DType::U16 => i128::from(v as u16),
        _ => i128::from(v as u8),
    }
}

struct Run<'a> {
    kernel: &'a Kernel,
    bindings: &'a Bindings,
    memory: Vec<Vec<Num>>,
}

impl Run<'_> {
    fn dim(&self, d: &Dim) -> Result<i64> {
        d.eval(self.bindings).ok_or_else(|| Error::new(Code::WrongShape, format!("{d} has no value")))
    }

    fn address(&self, access: &Access, index: &[i64]) -> Result<usize> {
        let mut at = self.dim(&access.offset)?;
        for (stride, i) in access.strides.iter().zip(index) {
            at += self.dim(stride)? * i;
        }
        let len = self.memory[access.buffer.0 as usize].len();
        ensure!((0..len as i64).contains(&at), Internal, "element {at} of buffer {} of {len}", access.buffer.0);
        Ok(at as usize)
    }

    fn stage(&mut self, stage: &Stage) -> Result<()> {
        match stage {
            Stage::Map { out, extents, value } => {
                let types = types_with_acc(self.kernel, value, None)?;
                for index in indices(&shape::eval(extents, self.bindings)?) {
                    let v = self.body(value, &types, &index, None)?;
                    self.store(out, &index, v)?;
                }
            }
            Stage::Reduce { out, outer, inner, fold, value, finish } => {
                let types = types_with_acc(self.kernel, value, None)?;
                let folded = types[value.result.0 as usize];
                let finish_types = types_with_acc(self.kernel, finish, Some(folded))?;
                let inner = indices(&shape::eval(inner, self.bindings)?);
                for i in indices(&shape::eval(outer, self.bindings)?) {
                    let mut acc = start(*fold, folded);
                    for j in &inner {
                        let index: Vec<i64> = i.iter().chain(j).copied().collect();
                        acc = step(*fold, acc, self.body(value, &types, &index, None)?);
                    }
                    let v = self.body(finish, &finish_types, &i, Some(rounded(folded, acc)))?;
                    self.store(out, &i, v)?;
                }
            }
            Stage::Contract(c) => self.contract(c)?,
        }
        Ok(())
    }

    fn store(&mut self, out: &Access, index: &[i64], v: Num) -> Result<()> {
        let at = self.address(out, index)?;
        self.memory[out.buffer.0 as usize][at] = v;
        Ok(())
    }

    fn body(&self, body: &Body, types: &[DType], index: &[i64], acc: Option<Num>) -> Result<Num> {
        let mut values: Vec<Num> = Vec::with_capacity(body.ops.len());
        for (i, op) in body.ops.iter().enumerate() {
            let of = |v: &Val| values[v.0 as usize];
            let v = match op {
                Op::Load(access) => self.memory[access.buffer.0 as usize][self.address(access, index)?],
                Op::LoadAt(buffer, at) => {
                    let at = Access { buffer: *buffer, offset: Dim::from(of(at).int() as i64), strides: vec![] };
                    self.memory[buffer.0 as usize][self.address(&at, &[])?]
                }
                Op::Const(_, Scalar::Float(v)) => Num::F(*v),
                Op::Const(_, Scalar::Int(v)) => Num::I(i128::from(*v)),
                Op::Index(k) => Num::I(i128::from(index[*k])),
                Op::Size(d) => Num::I(i128::from(self.dim(d)?)),
                Op::Acc => acc.ok_or_else(|| Error::new(Code::Internal, "no folded value"))?,
                Op::Unary(f, a) => unary(*f, of(a)),
                Op::Binary(f, a, b) => binary(*f, types[a.0 as usize], of(a), of(b)),
                Op::Select(c, a, b) => {
                    if of(c).int() != 0 {
                        of(a)
                    } else {
                        of(b)
                    }
                }
                Op::Cast(to, a) => cast(types[a.0 as usize], *to, of(a)),
                Op::MulAdd(a, b, c) => Num::F(of(a).float().mul_add(of(b).float(), of(c).float())),
                Op::Bitcast(to, a) => bitcast(types[a.0 as usize], *to, of(a)),
            };
            values.push(rounded(types[i], v));
        }
        Ok(values[body.result.0 as usize])
    }

    fn attention(&mut self, c: &Contract, a: &Attention) -> Result<()> {
        let body = c.epilogue.clone().unwrap_or_else(Body::acc);
        let dtype = self.kernel.buffer(c.out).dtype;
        let types = types_with_acc(self.kernel, &body, Some(dtype))?;
        let (keys, depth, columns) = (self.dim(&a.scores[1])?, self.dim(&a.depth)?, self.dim(&a.columns)?);
        let place = Access { buffer: c.out, offset: Dim::from(0i64), strides: a.out.clone() };
        let rows = [a.batch.as_slice(), &a.scores[..1]].concat();
        for row in indices(&shape::eval(&rows, self.bindings)?) {
            let (batch, i) = row.split_at(row.len() - 1);
            let at = |i: i64, j: i64| [batch, &[i, j]].concat();
            let mut scores = Vec::new();
            for j in 0..keys {
                let mut sum = 0.0;
                for l in 0..depth {
                    sum += self.element(&a.queries, &at(i[0], l))? * self.element(&a.keys, &at(j, l))?;
                }
                scores.push(self.body(&body, &types, &at(i[0], j), Some(rounded(dtype, Num::F(sum))))?.float());
            }
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = scores.iter().map(|s| (s - most).exp()).sum();
            for column in 0..columns {
                let mut sum = 0.0;
                for (j, score) in scores.iter().enumerate() {
                    sum += (score - most).exp() / total * self.element(&a.values, &at(j as i64, column))?;
                }
                self.store(&place, &at(i[0], column), rounded(dtype, Num::F(sum)))?;
            }
        }
        Ok(())
    }

    fn element(&self, access: &Access, index: &[i64]) -> Result<f64> {
        Ok(self.memory[access.buffer.0 as usize][self.address(access, index)?].float())
    }

    fn contract(&mut self, c: &Contract) -> Result<()> {
        if let ContractKind::Attention(a) = &c.kind {
            return self.attention(c, a);
        }
        let out = &self.kernel.buffer(c.out);
        let (index, shape) = (c.kind.index(&out.shape), shape::eval(&out.shape, self.bindings)?);
        let strides = shape::strides(&index);
        let place = Access { buffer: c.out, offset: Dim::from(0i64), strides };
        let body = c.epilogue.clone().unwrap_or_else(Body::acc);
        let types = types_with_acc(self.kernel, &body, Some(out.dtype))?;
        for i in indices(&shape::eval(&index, self.bindings)?) {
            let sum = match &c.kind {
                ContractKind::MatMul { a, b, k, .. } => self.dot(a, b, &i, self.dim(k)?)?,
                ContractKind::Conv { x, w, groups, window } => {
                    let images = self.images(&c.kind, *x)?;
                    let (channel, at) = output(&c.kind, &i, &shape);
                    let weights = shape::eval(&self.kernel.buffer(*w).shape, self.bindings)?;
                    let (per, maps) = (weights[1], weights[0] / *groups as usize);
                    let taps = if channel < weights[0] { taps(window, &images.size, &at) } else { Vec::new() };
                    let area: usize = weights[2..].iter().product();
                    let mut sum = 0.0;
                    for k in 0..per {
                        let product = |(tap, pixel): &(usize, usize)| {
                            images.element(self, i[0] as usize, channel / maps * per + k, *pixel)
                                * self.memory[w.0 as usize][(channel * per + k) * area + tap].float()
                        };
                        sum += taps.iter().map(product).sum::<f64>();
                    }
                    sum
                }
                ContractKind::Pool { x, max, count_padding, window } => {
                    let images = self.images(&c.kind, *x)?;
                    let (channel, at) = output(&c.kind, &i, &shape);
                    let taps = taps(window, &images.size, &at);
                    let values = taps.iter().map(|(_, pixel)| images.element(self, i[0] as usize, channel, *pixel));
                    if *max {
                        values.fold(f64::NEG_INFINITY, |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) })
                    } else {
                        let count = if *count_padding { padded_taps(window, &images.size, &at) } else { taps.len() };
                        values.sum::<f64>() / count as f64
                    }
                }
                ContractKind::Attention(_) => unreachable!("computed row by row"),
            };
            let v = self.body(&body, &types, &i, Some(rounded(out.dtype, Num::F(sum))))?;
            self.store(&place, &i, v)?;
        }
        Ok(())
    }

    /// The images that a window walks over.
    fn images(&self, kind: &ContractKind, x: BufferId) -> Result<Images> {
        let mut size = shape::eval(&self.kernel.buffer(x).shape, self.bindings)?;
        let block = if kind.in_blocks(size.len()) { size.pop().unwrap_or(1) } else { 1 };
        Ok(Images { x, outer: size[1], size: size.split_off(2), block })
    }

    fn dot(&self, a: &Access, b: &Access, index: &[i64], k: i64) -> Result<f64> {
        let (batch, [row, column]) = index.split_at(index.len() - 2) else { return Ok(f64::NAN) };
        let mut sum = 0.0;
        for j in 0..k {
            sum += self.element(a, &[batch, &[*row, j]].concat())? * self.element(b, &[batch, &[j, *column]].concat())?;
        }
        Ok(sum)
    }
}

/// Images in planes, or in blocks of channels.
struct Images {
    x: BufferId,
    /// Planes or blocks of an image.
    outer: usize,
    size: Vec<usize>,
    /// Channels of a block; 1 of a plane.
    block: usize,
}

impl Images {
    fn element(&self, run: &Run, image: usize, channel: usize, pixel: usize) -> f64 {
        let pixels: usize = self.size.iter().product();
        let outer = image * self.outer + channel / self.block;
        run.memory[self.x.0 as usize][(outer * pixels + pixel) * self.block + channel % self.block].float()
    }
}

/// Channel and spatial place that an epilogue's index means in a result of this shape.
fn output(kind: &ContractKind, index: &[i64], shape: &[usize]) -> (usize, Vec<i64>) {
    match index {
        [_, block, pixel, lane] if kind.in_blocks(shape.len()) => {
            (*block as usize * BLOCK + *lane as usize, unflatten(*pixel, &shape[2..shape.len() - 1]))
        }
        _ => (index[1] as usize, unflatten(index[2], &shape[2..])),
    }
}

/// Every index of these extents, row-major.
pub fn indices(extents: &[usize]) -> Vec<Vec<i64>> {
    (0..extents.iter().product::<usize>()).map(|i| unflatten(i as i64, extents)).collect()
}

fn unflatten(mut i: i64, extents: &[usize]) -> Vec<i64> {
    let mut index = vec![0; extents.len()];
    for k in (0..extents.len()).rev() {
        index[k] = i % extents[k] as i64;
        i /= extents[k] as i64;
    }
    index
}

/// Elements of a window that lie inside the padded data: one that overhangs behind it counts less.
fn padded_taps(window: &Window, extents: &[usize], at: &[i64]) -> usize {
    let inside = |i: usize| {
        let first = at[i] * window.stride[i] - window.pad_begin[i];
        let end = extents[i] as i64 + window.pad_end[i];
        (0..window.kernel[i]).filter(|k| first + k * window.dilation[i] < end).count()
    };
    (0..extents.len()).map(inside).product()
}

/// Taps of a window at one output pixel that lie on the data: (place in the window, pixel of the data).
fn taps(window: &Window, data: &[usize], at: &[i64]) -> Vec<(usize, usize)> {
    let kernel: Vec<usize> = window.kernel.iter().map(|k| *k as usize).collect();
    let all = indices(&kernel).into_iter().enumerate().filter_map(|(tap, offset)| {
        let mut pixel = 0;
        for k in 0..data.len() {
            let i = at[k] * window.stride[k] - window.pad_begin[k] + offset[k] * window.dilation[k];
            pixel = pixel * data[k] + usize::try_from(i).ok().filter(|i| *i < data[k])?;
        }
        Some((tap, pixel))
    });
    all.collect()
}

fn start(fold: Fold, dtype: DType) -> Num {
    let (float, int) = match fold {
        Fold::Sum => (0.0, 0),
        Fold::Prod => (1.0, 1),
        Fold::Max => (f64::NEG_INFINITY, lowest(dtype)),
        Fold::Min => (f64::INFINITY, highest(dtype)),
    };
    if dtype.is_float() { Num::F(float) } else { Num::I(int) }
}

/// The smallest value of an integer type or `bool`.
pub fn lowest(dtype: DType) -> i128 {
    match dtype {
        DType::I64 => i128::from(i64::MIN),
        DType::I32 => i128::from(i32::MIN),
        DType::I16 => i128::from(i16::MIN),
        DType::I8 => i128::from(i8::MIN),
        _ => 0,
    }
}

/// The largest value of an integer type or `bool`.
pub fn highest(dtype: DType) -> i128 {
    match dtype {
        DType::Bool => 1,
        _ => low_bits(dtype, -1).max(-1 - lowest(dtype)),
    }
}

fn step(fold: Fold, acc: Num, v: Num) -> Num {
    match (fold, acc, v) {
        (Fold::Sum, Num::F(a), Num::F(b)) => Num::F(a + b),
        (Fold::Prod, Num::F(a), Num::F(b)) => Num::F(a * b),
        (Fold::Sum, ..) => Num::I(acc.int().wrapping_add(v.int())),
        // Only the low 64 bits can matter.
        (Fold::Prod, ..) => Num::I(i128::from((acc.int() as i64).wrapping_mul(v.int() as i64))),
        (Fold::Max, ..) => binary(Binary::Max, DType::I64, acc, v),
        (Fold::Min, ..) => binary(Binary::Min, DType::I64, acc, v),
    }
}

fn unary(f: Unary, v: Num) -> Num {
    match (f, v) {
        (Unary::Not, Num::I(v)) => Num::bool(v == 0),
        (Unary::Neg, Num::I(v)) => Num::I(-v),
        (Unary::Abs, Num::I(v)) => Num::I(v.abs()),
        (_, Num::I(v)) => Num::I(v),
        (_, Num::F(v)) => Num::F(match f {
            Unary::Neg => -v,
            Unary::Abs => v.abs(),
            Unary::Sqrt => v.sqrt(),
            Unary::Exp => v.exp(),
            Unary::Log => v.ln(),
            Unary::Sin => v.sin(),
            Unary::Cos => v.cos(),
            Unary::Tan => v.tan(),
            Unary::Asin => v.asin(),
            Unary::Acos => v.acos(),
            Unary::Atan => v.atan(),
            Unary::Sinh => v.sinh(),
            Unary::Cosh => v.cosh(),
            Unary::Tanh => v.tanh(),
            Unary::Asinh => v.asinh(),
            Unary::Acosh => v.acosh(),
            Unary::Atanh => v.atanh(),
            Unary::Erf => erf(v),
            Unary::Floor => v.floor(),
            Unary::Ceil => v.ceil(),
            Unary::Round => v.round_ties_even(),
            Unary::Not => f64::NAN,
        }),
    }
}

fn binary(f: Binary, dtype: DType, a: Num, b: Num) -> Num {
    use Binary::*;
    if let (Num::F(a), Num::F(b)) = (a, b) {
        let either_nan = a.is_nan() || b.is_nan();
        return match f {
            Add => Num::F(a + b),
            Sub => Num::F(a - b),
            Mul => Num::F(a * b),
            Div => Num::F(a / b),
            Rem => Num::F(a % b),
            Pow => Num::F(a.powf(b)),
            Max => Num::F(if either_nan { f64::NAN } else { a.max(b) }),
            Min => Num::F(if either_nan { f64::NAN } else { a.min(b) }),
            Equal => Num::bool(a == b),
            NotEqual => Num::bool(a != b),
            Less => Num::bool(a < b),
            LessEqual => Num::bool(a <= b),
            Greater => Num::bool(a > b),
            GreaterEqual => Num::bool(a >= b),
            And | Or | Xor | Shl | Shr => Num::F(f64::NAN),
        };
    }
    let (a, b) = (a.int(), b.int());
    Num::I(match f {
        Add => a + b,
        Sub => a - b,
        Mul => i128::from((a as i64).wrapping_mul(b as i64)),
        Div => {
            if b == 0 {
                0
            } else {
                a / b
            }
        }
        Rem => {
            if b == 0 {
                0
            } else {
                a % b
            }
        }
        Pow => int_pow(a, b),
        Max => a.max(b),
        Min => a.min(b),
        And => a & b,
        Or => a | b,
        Xor => a ^ b,
        Shl => low_bits(dtype, a << (b & 63)),
        Shr => a >> (b & 63),
        Equal => i128::from(a == b),
        NotEqual => i128::from(a != b),
        Less => i128::from(a < b),
        LessEqual => i128::from(a <= b),
        Greater => i128::from(a > b),
        GreaterEqual => i128::from(a >= b),
    })
}

/// Low 64 bits of `a^b`; for negative exponents the quotient rounded towards zero, 0 for a zero base.
fn int_pow(a: i128, b: i128) -> i128 {
    if b < 0 {
        return match a {
            1 => 1,
            -1 => {
                if b % 2 == 0 {
                    1
                } else {
                    -1
                }
            }
            _ => 0,
        };
    }
    i128::from((a as i64).wrapping_pow(b.min(i128::from(u32::MAX)) as u32))
}

fn cast(from: DType, to: DType, v: Num) -> Num {
    match v {
        _ if to == DType::Bool => Num::bool(v.float() != 0.0),
        Num::F(v) if !to.is_float() => Num::I(if v.is_nan() { 0 } else { (v as i128).clamp(lowest(to), highest(to)) }),
        Num::I(v) if from.is_int() && to == DType::F32 => Num::F(f64::from(v as f32)),
        _ => v,
    }
}

fn bitcast(from: DType, to: DType, v: Num) -> Num {
    let bits = match (v, from) {
        (Num::F(v), DType::F64) => i128::from(v.to_bits()),
        (Num::F(v), DType::F32) => i128::from((v as f32).to_bits()),
        (Num::F(v), DType::F16) => i128::from(half::f16::from_f64(v).to_bits()),
        (Num::F(v), _) => i128::from(half::bf16::from_f64(v).to_bits()),
        (Num::I(v), _) => v,
    };
    match to {
        DType::F64 => Num::F(f64::from_bits(bits as u64)),
        DType::F32 => Num::F(f64::from(f32::from_bits(bits as u32))),
        DType::F16 => Num::F(half::f16::from_bits(bits as u16).to_f64()),
        DType::BF16 => Num::F(half::bf16::from_bits(bits as u16).to_f64()),
        _ => Num::I(bits),
    }
}

/// Error function to about 1e-15 of its value: a series near zero, a continued fraction further out.
pub fn erf(x: f64) -> f64 {
    let a = x.abs();
    if a.is_nan() {
        return x;
    }
    if a < 2.5 {
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while f64::abs(term) > 1e-18 * f64::abs(sum) {
            n += 1.0;
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
        }
        return sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let fraction = (1..200).rev().fold(a, |f, n| a + f64::from(n) / 2.0 / f);
    (1.0 - (-a * a).exp() / (fraction * std::f64::consts::PI.sqrt())).copysign(x)
}
