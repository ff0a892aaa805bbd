//! Scatter by element and by place: the data are copied, then updates go where the indices say, one after the other.

use crate::cpu::routine::{Call, Read};
use crate::ensure;
use crate::ops::scatter::{ScatterElements, ScatterNd};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::shape;
use half::{bf16, f16};

/// `scatter_elements`.
pub fn elements(call: &mut Call) -> Result<()> {
    let a: &ScatterElements = call.node.attrs.get();
    let [data, indices, updates] = operands(call)?;
    let axis = shape::axis(a.axis, data.shape.len())?;
    let (own, given) = (strides(data.shape), updates.shape);
    scattered(call, &a.reduction, data, updates, &|dtype, out, updates| {
        let fits = (0..own.len()).all(|i| i == axis || indices.shape[i] <= data.shape[i]) && indices.shape == given;
        ensure!(fits, WrongShape, "data of {:?}, indices of {:?} and updates of {given:?}", data.shape, indices.shape);
        let mut index = vec![0usize; indices.shape.len()];
        for (n, chosen) in indices.ints().into_iter().enumerate() {
            let along = place(chosen, data.shape[axis])?;
            let at = (0..index.len()).map(|i| if i == axis { along * own[i] } else { index[i] * own[i] }).sum();
            combine(dtype, &a.reduction, out, at, updates, n, 1);
            advance(&mut index, indices.shape);
        }
        Ok(())
    })
}

/// `scatter_nd`.
pub fn nd(call: &mut Call) -> Result<()> {
    let a: &ScatterNd = call.node.attrs.get();
    let [data, indices, updates] = operands(call)?;
    let (m, own) = (indices.shape[0], strides(data.shape));
    let (count, part): (usize, usize) = (indices.shape[1..].iter().product(), data.shape[m..].iter().product());
    let chosen = indices.ints();
    let fits = updates.shape == [&indices.shape[1..], &data.shape[m..]].concat();
    ensure!(fits, WrongShape, "data of {:?}, indices of {:?} and updates of {:?}", data.shape, indices.shape, updates.shape);
    scattered(call, &a.mode, data, updates, &|dtype, out, updates| {
        for n in 0..count {
            let mut at = 0;
            for k in 0..m {
                at += place(chosen[k * count + n], data.shape[k])? * own[k];
            }
            combine(dtype, &a.mode, out, at, updates, n * part, part);
        }
        Ok(())
    })
}

fn operands<'a>(call: &Call<'a>) -> Result<[Read<'a>; 3]> {
    call.inputs.as_slice().try_into().map_err(|_| Error::new(Code::Internal, "a scatter has three operands"))
}

/// Copies the data and runs `work` on the copy. Numbers of 16 bits are combined in float32, and rounded once.
fn scattered(call: &mut Call, mode: &str, data: Read, updates: Read, work: &dyn Fn(DType, &mut [u8], &[u8]) -> Result<()>) -> Result<()> {
    let out = &mut *call.outputs[0];
    if mode == "update" || !matches!(data.dtype, DType::F16 | DType::BF16) {
        out.copy_from_slice(data.bytes);
        return work(data.dtype, out, updates.bytes);
    }
    let half = data.dtype == DType::F16;
    let wide = |bytes: &[u8]| -> Vec<u8> {
        let one = |c: &[u8]| if half { f16::read(c).to_f32() } else { bf16::read(c).to_f32() };
        bytes.chunks_exact(2).flat_map(|c| one(c).to_le_bytes()).collect()
    };
    let mut sums = wide(data.bytes);
    work(DType::F32, &mut sums, &wide(updates.bytes))?;
    for (to, from) in out.chunks_exact_mut(2).zip(sums.chunks_exact(4)) {
        let v = f32::read(from);
        if half { f16::from_f32(v).write(to) } else { bf16::from_f32(v).write(to) }
    }
    Ok(())
}

fn strides(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|i| shape[i + 1..].iter().product()).collect()
}

/// The next index of a shape in row-major order.
fn advance(index: &mut [usize], shape: &[usize]) {
    for (i, extent) in index.iter_mut().zip(shape).rev() {
        *i += 1;
        if *i < *extent {
            return;
        }
        *i = 0;
    }
}

/// An index from the front; one outside the axis is the caller's mistake.
fn place(index: i64, extent: usize) -> Result<usize> {
    let front = if index < 0 { index.saturating_add(extent as i64) } else { index };
    let found = usize::try_from(front).ok().filter(|i| *i < extent);
    found.ok_or_else(|| Error::new(Code::InvalidArgument, format!("index {index} is outside an axis of extent {extent}")))
}

/// Numbers that updates are combined in.
trait Number: Copy {
    fn read(bytes: &[u8]) -> Self;
    fn write(self, bytes: &mut [u8]);
    fn combined(self, mode: &str, other: Self) -> Self;
}

macro_rules! number {
    ($t:ty, $a:ident, $b:ident, $add:expr, $mul:expr, $min:expr, $max:expr) => {
        impl Number for $t {
            fn read(bytes: &[u8]) -> $t {
                <$t>::from_le_bytes(bytes.try_into().unwrap_or_default())
            }
            fn write(self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_le_bytes());
            }
            fn combined(self, mode: &str, other: $t) -> $t {
                let ($a, $b) = (self, other);
                match mode {
                    "add" => $add,
                    "mul" => $mul,
                    "min" => $min,
                    _ => $max,
                }
            }
        }
    };
}
macro_rules! integers {
    ($($t:ty),*) => { $(number! { $t, a, b, a.wrapping_add(b), a.wrapping_mul(b), a.min(b), a.max(b) })* };
}
integers!(i64, i32, i16, i8, u64, u32, u16, u8);
number! { f64, a, b, a + b, a * b, a.min(b), a.max(b) }
number! { f32, a, b, a + b, a * b, a.min(b), a.max(b) }
number! { f16, a, b, a + b, a * b, a.min(b), a.max(b) }
number! { bf16, a, b, a + b, a * b, a.min(b), a.max(b) }

/// Combines `count` updates from element `from` on with elements from `at` on.
fn combine(dtype: DType, mode: &str, out: &mut [u8], at: usize, updates: &[u8], from: usize, count: usize) {
    let size = dtype.size();
    let (out, updates) = (&mut out[at * size..(at + count) * size], &updates[from * size..(from + count) * size]);
    if mode == "update" {
        out.copy_from_slice(updates);
        return;
    }
    match dtype {
        DType::F64 => each::<f64>(mode, out, updates),
        DType::F32 => each::<f32>(mode, out, updates),
        DType::I64 => each::<i64>(mode, out, updates),
        DType::I32 => each::<i32>(mode, out, updates),
        DType::I16 => each::<i16>(mode, out, updates),
        DType::I8 => each::<i8>(mode, out, updates),
        DType::U64 => each::<u64>(mode, out, updates),
        DType::U32 => each::<u32>(mode, out, updates),
        DType::U16 => each::<u16>(mode, out, updates),
        DType::U8 | DType::Bool => each::<u8>(mode, out, updates),
        DType::F16 | DType::BF16 => unreachable!("combined in float32"),
    }
}

fn each<T: Number>(mode: &str, out: &mut [u8], updates: &[u8]) {
    let size = std::mem::size_of::<T>();
    for (a, b) in out.chunks_exact_mut(size).zip(updates.chunks_exact(size)) {
        T::read(a).combined(mode, T::read(b)).write(a);
    }
}
