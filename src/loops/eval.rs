//! Runs kernels one element at a time, slowly and obviously: the oracle of every renderer. Arithmetic is that of `num`; sums are kept in
//! `float64` to the end.

use crate::ensure;
use crate::loops::contract::{Attention, BLOCK, Contract, ContractKind, Window};
use crate::loops::num::{Num, binary, bitcast, cast, rounded, start, step, unary};
use crate::loops::verify::types_with_acc;
use crate::loops::{Access, Body, BufferId, Kernel, Op, Role, Scalar, Stage, Val};
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;

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
