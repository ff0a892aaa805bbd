//! `arange`: numbers from a start by a step up to a bound.

use crate::ir::attrs::{AttrsDef, NoAttrs};
use crate::ir::fact::{Fact, MAX_VALUE_LEN, int_tensor};
use crate::ir::opdef::{InferCtx, Lowering, OpDef, Tolerance};
use crate::loops::{Access, Binary, Body, Kernel, Op, Role};
use crate::network::refusal::Refusal;
use crate::ops::elementwise::ints;
use crate::ops::movement::data_dependent;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::element_count;
use crate::{ensure, fail};

/// Numbers of start, bound and step: `max(ceil((bound - start) / step), 0)`.
fn count(v: [f64; 3]) -> Result<usize> {
    let [start, stop, step] = v;
    ensure!(step != 0.0 && v.iter().all(|v| v.is_finite()), BadGraph, "a range from {start} to {stop} by {step}");
    let n = ((stop - start) / step).ceil().max(0.0);
    ensure!((0.0..f64::from(i32::MAX)).contains(&n), BadGraph, "a range of {n} numbers");
    Ok(n as usize)
}

fn int_count(v: &[i64]) -> Result<usize> {
    ensure!(v[2] != 0, BadGraph, "a range from {} to {} by 0", v[0], v[1]);
    let (span, step) = (i128::from(v[1]) - i128::from(v[0]), i128::from(v[2]));
    // Rounded up, of a span and a step that both point upwards.
    let (span, step) = if step > 0 { (span, step) } else { (-span, -step) };
    let n = ((span + step - 1).div_euclid(step)).max(0);
    ensure!(n < i128::from(i32::MAX), BadGraph, "a range of {n} numbers");
    Ok(n as usize)
}

/// Extent and value of the result, as far as they are known.
fn known(c: &InferCtx, x: &[&Fact]) -> Result<(Dim, Option<Vec<Dim>>)> {
    let unknown = data_dependent(c.node, 0);
    if x[0].dtype.is_float() {
        let [Some(a), Some(b), Some(s)] = [0, 1, 2].map(|i| c.constants.get(i).copied().flatten().map(|t| t.to_f64s()[0])) else {
            return Ok((unknown, None));
        };
        return Ok((Dim::from(count([a, b, s])?), None));
    }
    let one = |f: &Fact| f.value.as_ref().map(|v| v[0].clone());
    let (Some(start), Some(stop), Some(step)) = (one(x[0]), one(x[1]), one(x[2])) else { return Ok((unknown, None)) };
    let Some(by) = step.as_const() else { return Ok((unknown, None)) };
    ensure!(by != 0, BadGraph, "a range by steps of 0");
    let extent = if by > 0 { (&stop - &start).ceil_div(&step) } else { (&start - &stop).ceil_div(&Dim::from(-by)) };
    let extent = extent.max_with(&Dim::from(0i64));
    let few = extent.as_const().filter(|n| *n <= MAX_VALUE_LEN as i64);
    let value = few.map(|n| (0..n).map(|i| &start + &Dim::from(i * by)).collect());
    Ok((extent, value))
}

pub static ARANGE: OpDef = OpDef {
    name: "arange",
    doc: "start, start + step, ... as long as stop is not reached.",
    arity: (3, 3),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |c, x| {
        for f in x {
            ensure!(f.dtype == x[0].dtype && f.dtype != DType::Bool, WrongDType, "operands are {} and {}", x[0].dtype, f.dtype);
            ensure!(element_count(&f.shape).is(1), BadGraph, "{f} is not one number");
        }
        let (extent, value) = known(c, x)?;
        Ok(vec![Fact::new(x[0].dtype, vec![extent]).with_value(value)])
    },
    eval: |_, x| {
        if x[0].dtype().is_float() {
            let v = [0, 1, 2].map(|i| x[i].to_f64s()[0]);
            let y: Vec<f64> = (0..count(v)?).map(|i| v[0] + i as f64 * v[2]).collect();
            return Ok(vec![Tensor::from_f64s(x[0].dtype(), &[y.len()], &y)]);
        }
        let v = [ints(&x[0])?[0], ints(&x[1])?[0], ints(&x[2])?[0]];
        let y: Vec<i64> = (0..int_count(&v)? as i64).map(|i| v[0] + i * v[2]).collect();
        Ok(vec![int_tensor(x[0].dtype(), &[y.len()], &y)])
    },
    convert: |v, b, _| {
        let (extent, constants) = (v.output(0).shape[0].as_const(), [0, 1, 2].map(|i| v.constant(i)));
        let (Some(n), [Some(start), Some(_), Some(step)]) = (extent, constants) else {
            return Err(Refusal::new("arange.dynamic", "start, stop or step are not fixed", "fix the symbols of the range"));
        };
        let value = match (start.to_i64s(), step.to_i64s()) {
            (Some(a), Some(s)) => int_tensor(start.dtype(), &[n as usize], &(0..n).map(|i| a[0] + i * s[0]).collect::<Vec<_>>()),
            _ => {
                let (a, s) = (start.to_f64s()[0], step.to_f64s()[0]);
                Tensor::from_f64s(start.dtype(), &[n as usize], &(0..n).map(|i| a + i as f64 * s).collect::<Vec<_>>())
            }
        };
        Ok(vec![b.constant(value)?])
    },
    lower: |v| {
        let dtype = v.dtype(0);
        if v.output(0).shape[0].as_symbol().is_some_and(|s| s.name.starts_with(v.name())) {
            fail!(NotImplemented, "node '{}' ({}) has as many numbers as its operands say", v.name(), v.op().name);
        }
        let wide = if dtype.is_float() { crate::ops::normalise::statistics_type(dtype) } else { dtype };
        let mut k = Kernel::new(v.name());
        let inputs: Vec<_> = (0..3).map(|i| k.add(Role::Input, dtype, v.shape(i))).collect();
        let out = k.add(Role::Output, dtype, &v.output(0).shape);
        let mut body = Body::default();
        let mut load = |i: usize| {
            let x = body.load(Access { buffer: inputs[i], offset: Dim::from(0i64), strides: vec![Dim::from(0i64)] });
            body.push(Op::Cast(wide, x))
        };
        let (start, step) = (load(0), load(2));
        let i = body.push(Op::Index(0));
        let i = body.push(Op::Cast(wide, i));
        let far = body.binary(Binary::Mul, i, step);
        let y = body.binary(Binary::Add, start, far);
        body.push(Op::Cast(dtype, y));
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::ROUNDING,
};
