//! Rewrites of bodies that keep their meaning: repeated operations once, dead ones gone, narrow floats computed in `float32`.

use crate::loops::{Body, Op, Scalar, Val};
use crate::tensor::dtype::{DType, Element};
use half::{bf16, f16};
use std::collections::HashMap;

/// The body without repeated operations and without those that the result does not need.
pub fn tidy(body: &Body) -> Body {
    let mut live = vec![false; body.ops.len()];
    live[body.result.0 as usize] = true;
    for (i, op) in body.ops.iter().enumerate().rev() {
        if live[i] {
            op.operands().for_each(|v| live[v.0 as usize] = true);
        }
    }
    let mut out = Body::default();
    let (mut map, mut seen) = (Vec::with_capacity(body.ops.len()), HashMap::new());
    for (i, op) in body.ops.iter().enumerate() {
        if !live[i] {
            map.push(Val(u32::MAX));
            continue;
        }
        let op = op.with_operands(&mut |v| map[v.0 as usize]);
        // The text tells operations apart, NaN and signed zeros included.
        let new = *seen.entry(format!("{op:?}")).or_insert_with(|| out.push(op));
        map.push(new);
    }
    out.result = map[body.result.0 as usize];
    out
}

/// True for the floats that are stored narrow and computed in `float32`.
pub fn is_narrow(dtype: DType) -> bool {
    matches!(dtype, DType::F16 | DType::BF16)
}

/// The type in which values of `dtype` are computed.
pub fn computed(dtype: DType) -> DType {
    if is_narrow(dtype) { DType::F32 } else { dtype }
}

/// The body with arithmetic on narrow floats done in `float32`; `types` are those of its operations. Explicit conversions still round.
/// [`Op::Acc`] becomes `float32` where it was narrow. A narrow result is converted back unless `keep_wide`.
pub fn widen(body: &Body, types: &[DType], keep_wide: bool) -> Body {
    let mut out = Body::default();
    let mut map: Vec<Val> = Vec::with_capacity(body.ops.len());
    for (i, op) in body.ops.iter().enumerate() {
        let operand = |v: &Val| (map[v.0 as usize], types[v.0 as usize]);
        let new = match op {
            Op::Load(_) | Op::LoadAt(..) if is_narrow(types[i]) => {
                let raw = out.push(op.with_operands(&mut |v| map[v.0 as usize]));
                out.push(Op::Cast(DType::F32, raw))
            }
            Op::Const(d, Scalar::Float(v)) if is_narrow(*d) => {
                let v = if *d == DType::F16 { <f16 as Element>::from_f64(*v).to_f64() } else { <bf16 as Element>::from_f64(*v).to_f64() };
                out.float(DType::F32, v)
            }
            Op::Cast(to, v) => cast(&mut out, *to, operand(v)),
            Op::Bitcast(to, v) => {
                let (mut value, from) = operand(v);
                if is_narrow(from) {
                    value = out.push(Op::Cast(from, value));
                }
                let raw = out.push(Op::Bitcast(*to, value));
                if is_narrow(*to) { out.push(Op::Cast(DType::F32, raw)) } else { raw }
            }
            _ => out.push(op.with_operands(&mut |v| map[v.0 as usize])),
        };
        map.push(new);
    }
    out.result = map[body.result.0 as usize];
    let dtype = types[body.result.0 as usize];
    if is_narrow(dtype) && !keep_wide {
        out.push(Op::Cast(dtype, out.result));
    }
    out
}

fn cast(out: &mut Body, to: DType, (value, from): (Val, DType)) -> Val {
    match (is_narrow(from), is_narrow(to)) {
        (true, true) if from == to => value,
        (_, true) => {
            let narrow = out.push(Op::Cast(to, value));
            out.push(Op::Cast(DType::F32, narrow))
        }
        (true, false) if to == DType::F32 => value,
        _ => out.push(Op::Cast(to, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loops::verify::types;
    use crate::loops::{Binary, Kernel, Role, Unary};
    use crate::tensor::dim::Dim;

    #[test]
    fn repetitions_and_dead_operations_go() {
        let mut body = Body::default();
        let (a, b) = (body.float(DType::F32, 1.0), body.float(DType::F32, 1.0));
        body.unary(Unary::Exp, a);
        body.binary(Binary::Add, a, b);
        let tidied = tidy(&body);
        assert_eq!(tidied.ops, [Op::Const(DType::F32, Scalar::Float(1.0)), Op::Binary(Binary::Add, Val(0), Val(0))]);
    }

    #[test]
    fn narrow_floats_are_computed_wide() {
        let mut k = Kernel::new("test");
        let x = k.add(Role::Input, DType::F16, &[Dim::from(4i64)]);
        let mut body = Body::default();
        let v = body.load(k.dense(x));
        let c = body.float(DType::F16, 0.1);
        body.binary(Binary::Mul, v, c);
        let wide = widen(&body, &types(&k, &body).unwrap(), false);
        let wide_types = types(&k, &wide).unwrap();
        assert_eq!(wide_types.last(), Some(&DType::F16));
        assert!(wide.ops.contains(&Op::Const(DType::F32, Scalar::Float(0.0999755859375))));
        assert!(wide.ops.iter().zip(&wide_types).all(|(op, t)| matches!(op, Op::Load(_) | Op::Cast(..)) || *t == DType::F32));
    }
}
