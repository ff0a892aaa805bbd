//! Elementwise layers: activation, unary, binary, scale, select, cast. Part of [`crate::network::eval`].

use crate::network::eval::{Values, broadcast, broadcast_offset, floats, indices, ints, load, strides};
use crate::network::layer::{Activation, ElementWise, Unary};
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;

pub(super) fn activation(x: &Tensor, kind: Activation, alpha: f64, beta: f64) -> Tensor {
    use Activation::*;
    if let Values::Ints(v) = load(x) {
        return ints(x.dtype(), x.shape(), v.into_iter().map(|v| v.max(0)).collect());
    }
    let f = |x: f64| match kind {
        Relu => maximum(x, 0.0),
        Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Tanh => x.tanh(),
        LeakyRelu => if_positive(x >= 0.0, x, alpha * x),
        Elu => if_positive(x >= 0.0, x, alpha * x.exp_m1()),
        Selu => if_positive(x > 0.0, beta * x, beta * (alpha * x.exp() - alpha)),
        Softsign => x / (1.0 + x.abs()),
        Softplus => alpha * softplus(beta * x),
        Clip => maximum(alpha, minimum(beta, x)),
        HardSigmoid => maximum(0.0, minimum(1.0, alpha * x + beta)),
        ThresholdedRelu => if_positive(x > alpha, x, 0.0),
        GeluErf => 0.5 * x * (1.0 + libm::erf(0.5f64.sqrt() * x)),
        GeluTanh => 0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (0.044715 * x.powi(3) + x)).tanh()),
    };
    floats(x.dtype(), x.shape(), x.to_f64s().into_iter().map(f).collect())
}

fn if_positive(condition: bool, then: f64, otherwise: f64) -> f64 {
    if condition { then } else { otherwise }
}

/// `log(exp(x) + 1)` without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn maximum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

fn minimum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

pub(super) fn unary(op: Unary, x: &Tensor) -> Tensor {
    use Unary::*;
    let v = match load(x) {
        Values::Ints(v) => {
            let f = |x: i64| match op {
                Abs => x.wrapping_abs(),
                Neg => x.wrapping_neg(),
                Sign => x.signum(),
                Not => i64::from(x == 0),
                _ => x,
            };
            return ints(x.dtype(), x.shape(), v.into_iter().map(f).collect());
        }
        Values::Floats(v) => v,
    };
    let test = |f: fn(f64) -> bool| Tensor::from_bools(x.shape(), v.iter().map(|x| f(*x)).collect());
    let f: fn(f64) -> f64 = match op {
        IsInf => return test(f64::is_infinite),
        IsNan => return test(f64::is_nan),
        Exp => f64::exp,
        Log => f64::ln,
        Sqrt => f64::sqrt,
        Recip => |x| 1.0 / x,
        Abs => f64::abs,
        Neg => |x| -x,
        Sin => f64::sin,
        Cos => f64::cos,
        Tan => f64::tan,
        Sinh => f64::sinh,
        Cosh => f64::cosh,
        Asin => f64::asin,
        Acos => f64::acos,
        Atan => f64::atan,
        Asinh => f64::asinh,
        Acosh => f64::acosh,
        Atanh => f64::atanh,
        Ceil => f64::ceil,
        Floor => f64::floor,
        Erf => libm::erf,
        Sign => |x| f64::from(i8::from(x > 0.0) - i8::from(x < 0.0)),
        Round => f64::round_ties_even,
        Not => |x| f64::from(u8::from(x == 0.0)),
    };
    floats(x.dtype(), x.shape(), v.into_iter().map(f).collect())
}

pub(super) fn elementwise(op: ElementWise, a: &Tensor, b: &Tensor) -> Tensor {
    let shape = broadcast(a.shape(), b.shape());
    let pairs = indices(&shape).map(|i| (broadcast_offset(&i, a.shape()), broadcast_offset(&i, b.shape())));
    match (load(a), load(b)) {
        (Values::Floats(x), Values::Floats(y)) => float_pairs(op, a.dtype(), &shape, pairs.map(|(i, j)| (x[i], y[j])).collect()),
        (Values::Ints(x), Values::Ints(y)) => int_pairs(op, a.dtype(), &shape, pairs.map(|(i, j)| (x[i], y[j])).collect()),
        _ => unreachable!("operands of one type"),
    }
}

fn float_pairs(op: ElementWise, dtype: DType, shape: &[usize], pairs: Vec<(f64, f64)>) -> Tensor {
    use ElementWise::*;
    let compare = |f: fn(&f64, &f64) -> bool| Tensor::from_bools(shape, pairs.iter().map(|(x, y)| f(x, y)).collect());
    let f: fn(f64, f64) -> f64 = match op {
        Equal => return compare(|x, y| x == y),
        Greater => return compare(|x, y| x > y),
        Less => return compare(|x, y| x < y),
        Sum => |x, y| x + y,
        Prod => |x, y| x * y,
        Max => maximum,
        Min => minimum,
        Sub => |x, y| x - y,
        Div => |x, y| x / y,
        Pow => f64::powf,
        FloorDiv => |x, y| (x / y).floor(),
        And => |x, y| f64::from(u8::from(x != 0.0 && y != 0.0)),
        Or => |x, y| f64::from(u8::from(x != 0.0 || y != 0.0)),
        Xor => |x, y| f64::from(u8::from((x != 0.0) != (y != 0.0))),
    };
    floats(dtype, shape, pairs.into_iter().map(|(x, y)| f(x, y)).collect())
}

fn int_pairs(op: ElementWise, dtype: DType, shape: &[usize], pairs: Vec<(i64, i64)>) -> Tensor {
    use ElementWise::*;
    let compare = |f: fn(&i64, &i64) -> bool| Tensor::from_bools(shape, pairs.iter().map(|(x, y)| f(x, y)).collect());
    let f: fn(i64, i64) -> i64 = match op {
        Equal => return compare(|x, y| x == y),
        Greater => return compare(|x, y| x > y),
        Less => return compare(|x, y| x < y),
        Sum => i64::wrapping_add,
        Prod => i64::wrapping_mul,
        Max => i64::max,
        Min => i64::min,
        Sub => i64::wrapping_sub,
        Div => |x, y| if y == 0 { 0 } else { x.wrapping_div(y) },
        FloorDiv => |x, y| if y == 0 { 0 } else { x.wrapping_div(y) - i64::from(x.wrapping_rem(y) != 0 && (x < 0) != (y < 0)) },
        Pow => power,
        And => |x, y| i64::from(x != 0 && y != 0),
        Or => |x, y| i64::from(x != 0 || y != 0),
        Xor => |x, y| i64::from((x != 0) != (y != 0)),
    };
    ints(dtype, shape, pairs.into_iter().map(|(x, y)| f(x, y)).collect())
}

/// `x` to the power of `y`; a negative power is the truncated reciprocal.
fn power(x: i64, y: i64) -> i64 {
    match u32::try_from(y) {
        Ok(y) => x.wrapping_pow(y),
        Err(_) => match x {
            1 => 1,
            -1 => 1 - 2 * (y & 1),
            _ => 0,
        },
    }
}

pub(super) fn scale(x: &Tensor, scale: &Tensor, shift: &Tensor) -> Tensor {
    let (factor, addend, inner) = (scale.to_f64s(), shift.to_f64s(), strides(x.shape())[1].max(1));
    let channel = |i: usize| i / inner % x.shape()[1];
    let v = x.to_f64s().into_iter().enumerate();
    floats(x.dtype(), x.shape(), v.map(|(i, v)| v * factor[channel(i)] + addend[channel(i)]).collect())
}

pub(super) fn parametric_relu(x: &Tensor, slope: &Tensor) -> Tensor {
    let (v, s) = (x.to_f64s(), slope.to_f64s());
    let at = indices(x.shape()).map(|i| broadcast_offset(&i, slope.shape()));
    floats(x.dtype(), x.shape(), v.into_iter().zip(at).map(|(v, i)| if v < 0.0 { s[i] * v } else { v }).collect())
}

pub(super) fn select(condition: &Tensor, then: &Tensor, otherwise: &Tensor) -> Tensor {
    let shape = broadcast(&broadcast(condition.shape(), then.shape()), otherwise.shape());
    let flags = condition.values::<u8>();
    let choices = indices(&shape).map(|i| {
        let yes = flags[broadcast_offset(&i, condition.shape())] != 0;
        let source = if yes { then } else { otherwise };
        (yes, broadcast_offset(&i, source.shape()))
    });
    match (load(then), load(otherwise)) {
        (Values::Floats(x), Values::Floats(y)) => {
            floats(then.dtype(), &shape, choices.map(|(yes, i)| if yes { x[i] } else { y[i] }).collect())
        }
        (Values::Ints(x), Values::Ints(y)) => ints(then.dtype(), &shape, choices.map(|(yes, i)| if yes { x[i] } else { y[i] }).collect()),
        _ => unreachable!("operands of one type"),
    }
}

pub(super) fn cast(x: &Tensor, to: DType) -> Tensor {
    match load(x) {
        Values::Ints(v) if to.is_float() => floats(to, x.shape(), v.into_iter().map(|v| v as f64).collect()),
        Values::Ints(v) => ints(to, x.shape(), v),
        Values::Floats(v) => floats(to, x.shape(), v),
    }
}
