//! Tries the expansions against `float64` over the whole range of `float32`, with both ways of rounding [`Op::MulAdd`].

use super::*;
use crate::loops::{Access, Kernel, Role, eval};
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::host::Tensor;

/// Evaluates an expanded body directly in `float32`, with [`Op::MulAdd`] rounded once or twice.
fn run(body: &Body, args: [f32; 2], fused: bool) -> f32 {
    let mut v: Vec<u32> = Vec::with_capacity(body.ops.len());
    for op in &body.ops {
        let (f, i) = (|a: &Val| f32::from_bits(v[a.0 as usize]), |a: &Val| v[a.0 as usize] as i32);
        let is_float = |a: &Val| match &body.ops[a.0 as usize] {
            Op::Const(d, _) | Op::Cast(d, _) | Op::Bitcast(d, _) => d.is_float(),
            Op::Binary(Binary::And | Binary::Or | Binary::Xor | Binary::Shl | Binary::Shr, ..) => false,
            Op::Binary(Binary::Add | Binary::Sub, x, _) => kind(body, x),
            Op::Select(_, x, _) => kind(body, x),
            _ => true,
        };
        v.push(match op {
            Op::Size(d) => args[d.as_const().unwrap() as usize].to_bits(),
            Op::Const(_, Scalar::Float(c)) => (*c as f32).to_bits(),
            Op::Const(_, Scalar::Int(c)) => *c as i32 as u32,
            Op::Bitcast(_, a) => v[a.0 as usize],
            Op::Cast(d, a) if d.is_float() => (i(a) as f32).to_bits(),
            Op::Cast(_, a) => f(a) as i32 as u32,
            Op::MulAdd(a, b, c) => (if fused { f(a).mul_add(f(b), f(c)) } else { f(a) * f(b) + f(c) }).to_bits(),
            Op::Select(c, a, b) => v[if v[c.0 as usize] != 0 { a.0 } else { b.0 } as usize],
            Op::Unary(g, a) => match g {
                Unary::Neg => (-f(a)).to_bits(),
                Unary::Abs => f(a).abs().to_bits(),
                Unary::Sqrt => f(a).sqrt().to_bits(),
                Unary::Floor => f(a).floor().to_bits(),
                Unary::Round => f(a).round_ties_even().to_bits(),
                Unary::Not => 1 - v[a.0 as usize],
                _ => panic!("{g:?} is no primitive"),
            },
            Op::Binary(g, a, b) => match g {
                Binary::Add if is_float(a) => (f(a) + f(b)).to_bits(),
                Binary::Sub if is_float(a) => (f(a) - f(b)).to_bits(),
                Binary::Add => i(a).wrapping_add(i(b)) as u32,
                Binary::Sub => i(a).wrapping_sub(i(b)) as u32,
                Binary::Mul => (f(a) * f(b)).to_bits(),
                Binary::Div => (f(a) / f(b)).to_bits(),
                Binary::Max => (if f(a).is_nan() { f(a) } else { f(a).max(f(b)) }).to_bits(),
                Binary::Min => (if f(a).is_nan() { f(a) } else { f(a).min(f(b)) }).to_bits(),
                Binary::And => v[a.0 as usize] & v[b.0 as usize],
                Binary::Or => v[a.0 as usize] | v[b.0 as usize],
                Binary::Xor => v[a.0 as usize] ^ v[b.0 as usize],
                Binary::Shl => v[a.0 as usize] << i(b),
                Binary::Shr => (i(a) >> i(b)) as u32,
                Binary::LessEqual => u32::from(f(a) <= f(b)),
                Binary::Less => u32::from(f(a) < f(b)),
                Binary::Greater => u32::from(f(a) > f(b)),
                Binary::Equal if is_float(a) => u32::from(f(a) == f(b)),
                Binary::Equal => u32::from(i(a) == i(b)),
                Binary::NotEqual => u32::from(f(a) != f(b)),
                _ => panic!("{g:?} is no primitive"),
            },
            _ => panic!("{op:?} is no primitive"),
        });
    }
    f32::from_bits(v[body.result.0 as usize])
}

/// True where a value is a float, for the operations whose meaning depends on it.
fn kind(body: &Body, v: &Val) -> bool {
    match &body.ops[v.0 as usize] {
        Op::Const(d, _) | Op::Cast(d, _) | Op::Bitcast(d, _) => d.is_float(),
        Op::Binary(Binary::And | Binary::Or | Binary::Xor | Binary::Shl | Binary::Shr, ..) => false,
        Op::Binary(Binary::Add | Binary::Sub, a, _) | Op::Select(_, a, _) => kind(body, a),
        _ => true,
    }
}

/// Distance in units in the last place of `want` as `float32`; 0 for equal and for two NaN, huge where only one is.
fn ulps(got: f32, want: f64) -> f64 {
    let near = want as f32;
    if got == near || got.is_nan() && near.is_nan() {
        return 0.0;
    }
    if got.is_nan() || near.is_nan() || near.is_infinite() != got.is_infinite() && (got.abs() < 3.4028e38 && near.abs() < 3.4028e38) {
        return f64::INFINITY;
    }
    let exponent = want.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor().min(127.0) - 23.0;
    let got = if got.is_infinite() { f64::from(got.signum()) * 2f64.powi(128) } else { f64::from(got) };
    (got - want).abs() / 2f64.powf(exponent)
}

/// Every 5003rd float of both signs, and the special ones.
fn samples() -> Vec<f32> {
    let special =
        [0.0, f32::MIN_POSITIVE, 1e-45, 1.0, f32::MAX, f32::INFINITY, f32::NAN, 88.72284, 103.97, 103.98, 0.5, 2.0, 0.625, 0.93, 4.1];
    let grid = (0..0x7f80_0000u32).step_by(5003).map(f32::from_bits);
    special.into_iter().chain(grid).flat_map(|v| [v, -v]).collect()
}

fn arguments(body: &mut Body) -> (Val, Val) {
    (body.push(Op::Size(Dim::from(0i64))), body.push(Op::Size(Dim::from(1i64))))
}

fn check(name: &str, bound: f64, make: impl Fn(&mut Body, Val) -> Val, want: impl Fn(f64) -> f64) {
    let mut body = Body::default();
    let (x, _) = arguments(&mut body);
    body.result = make(&mut body, x);
    let mut worst = (0.0, 0.0f32);
    for x in samples() {
        for fused in [false, true] {
            let error = ulps(run(&body, [x, 0.0], fused), want(f64::from(x)));
            worst = if error > worst.0 { (error, x) } else { worst };
        }
    }
    assert!(worst.0 <= bound, "{name}: {} ulp at {:e}", worst.0, worst.1);
}

#[test]
fn functions_keep_their_bounds() {
    check("exp", 2.0, exp, f64::exp);
    check("log", 2.0, log, f64::ln);
    check("tanh", 2.0, tanh, f64::tanh);
    check("erf", 2.0, erf, libm::erf);
}

#[test]
fn sine_and_cosine_keep_their_bounds() {
    for cosine in [false, true] {
        let mut body = Body::default();
        let (x, _) = arguments(&mut body);
        body.result = turn(&mut body, x, cosine);
        for x in samples().into_iter().filter(|x| x.abs() <= TURN_LIMIT) {
            let want = if cosine { f64::from(x).cos() } else { f64::from(x).sin() };
            for fused in [false, true] {
                let got = run(&body, [x, 0.0], fused);
                let fits = ulps(got, want) <= 2.0 || (f64::from(got) - want).abs() < 1e-7;
                assert!(fits, "{x:e}: {got:e}, not {want:e}");
            }
        }
    }
}

#[test]
fn pow_keeps_its_bound() {
    let mut body = Body::default();
    let (x, y) = arguments(&mut body);
    body.result = pow(&mut body, x, y);
    let special = [0.0, 1.0, 2.0, 3.0, 0.5, 2.5, 1e-40, 1e30, 16777216.0, 16777215.0, f32::INFINITY, f32::NAN];
    let mut cases: Vec<[f32; 2]> = Vec::new();
    let both: Vec<f32> = special.into_iter().flat_map(|v| [v, -v]).collect();
    both.iter().for_each(|x| cases.extend(both.iter().map(|y| [*x, *y])));
    // Bases of all magnitudes with exponents that keep the result in range, and bases near 1 with large exponents.
    for (i, x) in samples().into_iter().step_by(7).enumerate() {
        let x = x.abs();
        let limit = 126.0 / x.log2().abs().max(1e-6);
        let y = limit * (((i * 2654435761) % 2001) as f32 / 1000.0 - 1.0) * 1.15;
        cases.push([x, y]);
        let near = 1.0 + ((i * 40503) % 65536) as f32 / 65536.0 / 50.0 - 0.01;
        cases.push([near, 80.0 / near.ln().abs().max(1e-3) * (y / limit)]);
    }
    let mut worst = (0.0, [0.0; 2]);
    for case in cases {
        let want = f64::from(case[0]).powf(f64::from(case[1]));
        for fused in [false, true] {
            let error = ulps(run(&body, case, fused), want);
            worst = if error > worst.0 { (error, case) } else { worst };
        }
    }
    assert!(worst.0 <= 5.0, "{} ulp at {:?}", worst.0, worst.1);
}

#[test]
fn simple_powers_agree_with_the_general_one() {
    for y in [-1.0, -0.5, 0.5, 1.0, 2.0, 3.0] {
        let mut body = Body::default();
        let (x, _) = arguments(&mut body);
        body.result = simple_power(&mut body, x, y);
        for x in samples().into_iter().step_by(101) {
            assert!(ulps(run(&body, [x, 0.0], false), f64::from(x).powf(y)) <= 2.0, "{x:e}^{y}");
        }
    }
}

#[test]
fn expansion_leaves_other_work_alone() {
    let mut k = Kernel::new("test");
    let n = [Dim::from(5i64)];
    let (x, y) = (k.add(Role::Input, DType::F32, &n), k.add(Role::Output, DType::F64, &n));
    let mut body = Body::default();
    let v = body.load(Access { buffer: x, offset: Dim::from(0i64), strides: vec![Dim::from(1i64)] });
    let e = body.unary(Unary::Exp, v);
    let wide = body.push(Op::Cast(DType::F64, e));
    body.unary(Unary::Log, wide);
    let types = crate::loops::verify::types(&k, &body).unwrap();
    let expanded = expand(&body, &types);
    assert!(!expanded.ops.iter().any(|op| matches!(op, Op::Unary(Unary::Exp, _))));
    assert!(expanded.ops.iter().any(|op| matches!(op, Op::Unary(Unary::Log, _))));
    k.map(y, expanded);
    crate::loops::verify::verify(&k).unwrap();
    let given = [-3.0f32, -0.5, 0.0, 1.5, 60.0];
    let got = eval::run(&k, &[Tensor::from_vec(&[5], given.to_vec())], &Bindings::new()).unwrap();
    for (got, want) in got[0].to_f64s().into_iter().zip(given) {
        assert!((got - f64::from(want)).abs() < 2e-7 * f64::from(want.abs()).max(1.0), "{got}, not {want}");
    }
}
