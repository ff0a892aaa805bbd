//! Activations and other float functions of one operand that take more than one operation: one row each.

use crate::ir::attrs::{AttrsDef, NoAttrs};
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::loops::{Binary, Body, Op, Unary, Val};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{self, Activation, ElementWise, LayerKind};
use crate::network::refusal::Accepted;
use crate::ops::elementwise::lower;
use crate::ops::unary::sigmoid;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use crate::{attributes, ensure};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

macro_rules! activation {
    ($name:ident: $attrs:ty = $relay:literal, $doc:literal, $tolerance:ident, $eval:expr, $convert:expr, $element:expr) => {
        pub static $name: OpDef = OpDef {
            name: $relay,
            doc: $doc,
            arity: (1, 1),
            attrs: AttrsDef::of::<$attrs>(),
            infer: |_, x| {
                ensure!(x[0].dtype.is_float(), WrongDType, "operands of type {} are not defined", x[0].dtype);
                Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
            },
            eval: |c, x| {
                let (f, attrs): (fn(f64, &$attrs) -> f64, &$attrs) = ($eval, c.attrs.get());
                let y: Vec<f64> = x[0].to_f64s().into_iter().map(|v| f(v, attrs)).collect();
                Ok(vec![Tensor::from_f64s(x[0].dtype(), x[0].shape(), &y)])
            },
            convert: |v, b, x| {
                let f: fn(&mut Builder, TensorId, &$attrs) -> Accepted<TensorId> = $convert;
                Ok(vec![f(b, x[0], v.attrs())?])
            },
            lower: |v| {
                let element: fn(&mut Calc, Val, &$attrs) -> Val = $element;
                let (dtype, attrs) = (v.dtype(0), v.attrs::<$attrs>());
                lower(v, |b, x| element(&mut Calc { body: b, dtype }, x[0], attrs))
            },
            tolerance: Tolerance::$tolerance,
        };
    };
}

attributes! {
    /// Attributes of `nn.elu` and `nn.celu`.
    pub struct Elu {
        /// What is approached far below zero, negated.
        pub alpha: f64 = 1.0,
    }
}

attributes! {
    /// Attributes of `nn.selu`.
    pub struct Selu {
        /// What is approached far below zero before the scale, negated.
        pub alpha: f64 = 1.6732631921768188,
        /// Scale of the whole.
        pub gamma: f64 = 1.0507010221481323,
    }
}

attributes! {
    /// Attributes of `nn.hard_sigmoid`.
    pub struct HardSigmoid {
        /// Slope between the bounds.
        pub alpha: f64 = 0.2,
        /// Value at zero.
        pub beta: f64 = 0.5,
    }
}

attributes! {
    /// Attributes of `nn.shrink`.
    pub struct Shrink {
        /// Magnitudes up to this become 0.
        pub lambd: f64 = 0.5,
        /// By how much all others shrink.
        pub bias: f64 = 0.0,
    }
}

attributes! {
    /// Attributes of `nn.thresholded_relu`.
    pub struct ThresholdedRelu {
        /// Elements up to this become 0.
        pub alpha: f64 = 1.0,
    }
}

/// Writes expressions of one floating-point type.
struct Calc<'a> {
    body: &'a mut Body,
    dtype: DType,
}

impl Calc<'_> {
    fn c(&mut self, v: f64) -> Val {
        self.body.float(self.dtype, v)
    }
    fn f(&mut self, f: Unary, a: Val) -> Val {
        self.body.unary(f, a)
    }
    fn op(&mut self, f: Binary, a: Val, b: Val) -> Val {
        self.body.binary(f, a, b)
    }
    fn with(&mut self, f: Binary, a: Val, b: f64) -> Val {
        let b = self.c(b);
        self.op(f, a, b)
    }
    fn times(&mut self, a: Val, b: f64) -> Val {
        if b == 1.0 { a } else { self.with(Binary::Mul, a, b) }
    }
    fn select(&mut self, c: Val, a: Val, b: Val) -> Val {
        self.body.push(Op::Select(c, a, b))
    }
    /// exp(x) - 1 of an `x` up to 0, without loss near 0: 2 t / (1 - t) with t = tanh(x / 2).
    fn grown(&mut self, x: Val) -> Val {
        let half = self.times(x, 0.5);
        let t = self.f(Unary::Tanh, half);
        let one = self.c(1.0);
        let (twice, rest) = (self.op(Binary::Add, t, t), self.op(Binary::Sub, one, t));
        self.op(Binary::Div, twice, rest)
    }
    /// max(x, 0) scaled by `above`, plus (exp(min(x, 0) / beta) - 1) scaled by `below`.
    fn exponential_unit(&mut self, x: Val, above: f64, below: f64, beta: f64) -> Val {
        let (high, low) = (self.with(Binary::Max, x, 0.0), self.with(Binary::Min, x, 0.0));
        let (high, low) = (self.times(high, above), self.times(low, 1.0 / beta));
        let curve = self.grown(low);
        let curve = self.times(curve, below);
        self.op(Binary::Add, high, curve)
    }
    /// exp(-|x|)
    fn decay(&mut self, x: Val) -> Val {
        let a = self.f(Unary::Abs, x);
        let a = self.f(Unary::Neg, a);
        self.f(Unary::Exp, a)
    }
}

fn unary(b: &mut Builder, op: layer::Unary, x: TensorId) -> Accepted<TensorId> {
    b.add(LayerKind::Unary(op), &[x])
}

fn activate(b: &mut Builder, kind: Activation, alpha: f64, beta: f64, x: TensorId) -> Accepted<TensorId> {
    b.add(LayerKind::Activation(kind, alpha as f32, beta as f32), &[x])
}

/// An operation with a number of the operand's type on the right.
fn with(b: &mut Builder, op: ElementWise, x: TensorId, v: f64) -> Accepted<TensorId> {
    let number = b.constant(Tensor::from_f64s(b.dtype(x), &[], &[v]))?;
    b.elementwise(op, x, number)
}

/// x / 2 (1 + curve)
fn gated(b: &mut Builder, x: TensorId, curve: TensorId) -> Accepted<TensorId> {
    let gate = with(b, ElementWise::Sum, curve, 1.0)?;
    let half = with(b, ElementWise::Prod, x, 0.5)?;
    b.elementwise(ElementWise::Prod, half, gate)
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn gelu_tanh(x: f64) -> f64 {
    0.5 * x * (1.0 + (FRAC_2_PI.sqrt() * (x + 0.044715 * x * x * x)).tanh())
}

activation! { CELU: Elu = "nn.celu", "max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0).", FUNCTION,
|x, a| if x > 0.0 { x } else { a.alpha * (x / a.alpha).exp_m1() },
|b, x, a| {
    // ELU of x / alpha, times alpha.
    let inner = with(b, ElementWise::Div, x, a.alpha)?;
    let y = activate(b, Activation::Elu, 1.0, 0.0, inner)?;
    with(b, ElementWise::Prod, y, a.alpha)
},
|f, x, a| f.exponential_unit(x, 1.0, a.alpha, a.alpha) }

activation! { ELU: Elu = "nn.elu", "x where it is positive, else alpha * (exp(x) - 1).", FUNCTION,
|x, a| if x > 0.0 { x } else { a.alpha * x.exp_m1() },
|b, x, a| activate(b, Activation::Elu, a.alpha, 0.0, x),
|f, x, a| f.exponential_unit(x, 1.0, a.alpha, 1.0) }

// The layers of GELU's own kinds exist since 10.0 only: these fuse as well, and every version has them.
activation! { GELU: NoAttrs = "nn.gelu", "x / 2 * (1 + erf(x / sqrt(2))).", FUNCTION,
|x, _| 0.5 * x * (1.0 + libm::erf(x * FRAC_1_SQRT_2)),
|b, x, _| {
    let inner = with(b, ElementWise::Prod, x, FRAC_1_SQRT_2)?;
    let curve = unary(b, layer::Unary::Erf, inner)?;
    gated(b, x, curve)
},
|f, x, _| {
    let inner = f.times(x, FRAC_1_SQRT_2);
    let curve = f.f(Unary::Erf, inner);
    let gate = f.with(Binary::Add, curve, 1.0);
    let half = f.times(x, 0.5);
    f.op(Binary::Mul, half, gate)
} }

activation! { GELU_TANH: NoAttrs = "nn.gelu_tanh", "x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))).", FUNCTION,
|x, _| gelu_tanh(x),
|b, x, _| {
    let square = b.elementwise(ElementWise::Prod, x, x)?;
    let cubic = with(b, ElementWise::Prod, square, 0.044715)?;
    let factor = with(b, ElementWise::Sum, cubic, 1.0)?;
    let line = with(b, ElementWise::Prod, x, FRAC_2_PI.sqrt())?;
    let inner = b.elementwise(ElementWise::Prod, line, factor)?;
    let curve = activate(b, Activation::Tanh, 0.0, 0.0, inner)?;
    gated(b, x, curve)
},
|f, x, _| {
    let square = f.op(Binary::Mul, x, x);
    let cubic = f.times(square, 0.044715);
    let factor = f.with(Binary::Add, cubic, 1.0);
    let line = f.times(x, FRAC_2_PI.sqrt());
    let inner = f.op(Binary::Mul, line, factor);
    let curve = f.f(Unary::Tanh, inner);
    let gate = f.with(Binary::Add, curve, 1.0);
    let half = f.times(x, 0.5);
    f.op(Binary::Mul, half, gate)
} }

activation! { HARD_SIGMOID: HardSigmoid = "nn.hard_sigmoid", "alpha * x + beta between 0 and 1.", ROUNDING,
|x, a| (a.alpha * x + a.beta).clamp(0.0, 1.0),
|b, x, a| activate(b, Activation::HardSigmoid, a.alpha, a.beta, x),
|f, x, a| {
    let line = f.times(x, a.alpha);
    let line = f.with(Binary::Add, line, a.beta);
    let low = f.with(Binary::Max, line, 0.0);
    f.with(Binary::Min, low, 1.0)
} }

activation! { HARD_SWISH: NoAttrs = "nn.hard_swish", "x times (x / 6 + 1/2 between 0 and 1).", ROUNDING,
|x, _| x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
|b, x, _| {
    let gate = activate(b, Activation::HardSigmoid, 1.0 / 6.0, 0.5, x)?;
    b.elementwise(ElementWise::Prod, x, gate)
},
|f, x, _| {
    let line = f.times(x, 1.0 / 6.0);
    let line = f.with(Binary::Add, line, 0.5);
    let low = f.with(Binary::Max, line, 0.0);
    let gate = f.with(Binary::Min, low, 1.0);
    f.op(Binary::Mul, x, gate)
} }

activation! { MISH: NoAttrs = "nn.mish", "x * tanh(log(1 + exp(x))).", FUNCTION,
|x, _| x * softplus(x).tanh(),
|b, x, _| {
    let soft = activate(b, Activation::Softplus, 1.0, 1.0, x)?;
    let gate = activate(b, Activation::Tanh, 0.0, 0.0, soft)?;
    b.elementwise(ElementWise::Prod, x, gate)
},
|f, x, _| {
    // tanh(log(1 + exp(x))) = (g + 2) g / ((g + 2) g + 2) with g = exp(x), divided by g^2 where x is positive.
    let e = f.decay(x);
    let positive = f.with(Binary::Greater, x, 0.0);
    let one = f.c(1.0);
    let twice = f.op(Binary::Add, e, e);
    let square = f.op(Binary::Mul, e, e);
    let (above, below) = (f.op(Binary::Add, one, twice), f.op(Binary::Add, square, twice));
    let squares = f.op(Binary::Add, square, square);
    let (over, under) = (f.op(Binary::Add, above, squares), f.with(Binary::Add, below, 2.0));
    let (number, divisor) = (f.select(positive, above, below), f.select(positive, over, under));
    let gate = f.op(Binary::Div, number, divisor);
    f.op(Binary::Mul, x, gate)
} }

activation! { RSQRT: NoAttrs = "rsqrt", "1 / sqrt(x).", ROUNDING,
|x, _| 1.0 / x.sqrt(),
|b, x, _| {
    let root = unary(b, layer::Unary::Sqrt, x)?;
    unary(b, layer::Unary::Recip, root)
},
|f, x, _| {
    let (one, root) = (f.c(1.0), f.f(Unary::Sqrt, x));
    f.op(Binary::Div, one, root)
} }

activation! { SELU: Selu = "nn.selu", "gamma * x where it is positive, else gamma * alpha * (exp(x) - 1).", FUNCTION,
|x, a| a.gamma * if x > 0.0 { x } else { a.alpha * x.exp_m1() },
|b, x, a| activate(b, Activation::Selu, a.alpha, a.gamma, x),
|f, x, a| f.exponential_unit(x, a.gamma, a.alpha * a.gamma, 1.0) }

activation! { SHRINK: Shrink = "nn.shrink", "x moved towards zero by bias where its magnitude is above lambd, else 0.", ROUNDING,
|x, a| if x < -a.lambd { x + a.bias } else if x > a.lambd { x - a.bias } else { 0.0 },
|b, x, a| {
    let low = with(b, ElementWise::Less, x, -a.lambd)?;
    let high = with(b, ElementWise::Greater, x, a.lambd)?;
    let (raised, lowered) = (with(b, ElementWise::Sum, x, a.bias)?, with(b, ElementWise::Sub, x, a.bias)?);
    let zero = b.constant(Tensor::from_f64s(b.dtype(x), &[], &[0.0]))?;
    let zero = b.pad_rank(zero, b.dims(x).len())?;
    let upper = b.add(LayerKind::Select, &[high, lowered, zero])?;
    b.add(LayerKind::Select, &[low, raised, upper])
},
|f, x, a| {
    let (low, high) = (f.with(Binary::Less, x, -a.lambd), f.with(Binary::Greater, x, a.lambd));
    let (raised, lowered, zero) = (f.with(Binary::Add, x, a.bias), f.with(Binary::Sub, x, a.bias), f.c(0.0));
    let upper = f.select(high, lowered, zero);
    f.select(low, raised, upper)
} }

activation! { SILU: NoAttrs = "nn.silu", "x * sigmoid(x).", FUNCTION,
|x, _| x / (1.0 + (-x).exp()),
|b, x, _| {
    let gate = activate(b, Activation::Sigmoid, 0.0, 0.0, x)?;
    b.elementwise(ElementWise::Prod, x, gate)
},
|f, x, _| {
    let gate = sigmoid(f.body, x, f.dtype);
    f.op(Binary::Mul, x, gate)
} }

activation! { SOFTPLUS: NoAttrs = "nn.softplus", "log(1 + exp(x)).", FUNCTION,
|x, _| softplus(x),
|b, x, _| activate(b, Activation::Softplus, 1.0, 1.0, x),
|f, x, _| {
    // log(1 + e) = log(w) e / (w - 1) with w = 1 + e: what the sum loses of a small e comes back.
    let e = f.decay(x);
    let w = f.with(Binary::Add, e, 1.0);
    let rest = f.with(Binary::Sub, w, 1.0);
    let log = f.f(Unary::Log, w);
    let product = f.op(Binary::Mul, log, e);
    let exact = f.op(Binary::Div, product, rest);
    let lost = f.with(Binary::Equal, rest, 0.0);
    let log = f.select(lost, e, exact);
    let high = f.with(Binary::Max, x, 0.0);
    f.op(Binary::Add, high, log)
} }

activation! { SOFTSIGN: NoAttrs = "nn.softsign", "x / (1 + |x|).", ROUNDING,
|x, _| x / (1.0 + x.abs()),
|b, x, _| activate(b, Activation::Softsign, 0.0, 0.0, x),
|f, x, _| {
    let size = f.f(Unary::Abs, x);
    let divisor = f.with(Binary::Add, size, 1.0);
    f.op(Binary::Div, x, divisor)
} }

activation! { THRESHOLDED_RELU: ThresholdedRelu = "nn.thresholded_relu", "x where it is above alpha, else 0.", EXACT,
|x, a| if x > a.alpha { x } else { 0.0 },
|b, x, a| activate(b, Activation::ThresholdedRelu, a.alpha, 0.0, x),
|f, x, a| {
    let (above, zero) = (f.with(Binary::Greater, x, a.alpha), f.c(0.0));
    f.select(above, x, zero)
} }

activation! { TRUNC: NoAttrs = "trunc", "Nearest integer not larger in magnitude.", EXACT,
|x, _| x.trunc(),
|b, x, _| {
    let (sign, size) = (unary(b, layer::Unary::Sign, x)?, unary(b, layer::Unary::Abs, x)?);
    let whole = unary(b, layer::Unary::Floor, size)?;
    b.elementwise(ElementWise::Prod, sign, whole)
},
|f, x, _| {
    let negative = f.with(Binary::Less, x, 0.0);
    let (up, down) = (f.f(Unary::Ceil, x), f.f(Unary::Floor, x));
    f.select(negative, up, down)
} }
