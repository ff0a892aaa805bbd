//! Exp, log, tanh, erf, sin, cos and pow of `float32` as sums, products and bit operations, for machines that have no such functions.
//! Holds for every renderer; knows none. Other element types keep their functions: renderers call a library or widen first.
//!
//! Bounds, in units in the last place against `float64`, with [`Op::MulAdd`] rounded once or twice, over all of `float32` including
//! subnormals, infinities and NaN (`tests` checks them):
//!
//! | exp | log | tanh | erf | sin, cos up to [`TURN_LIMIT`] | pow |
//! |---|---|---|---|---|---|
//! | 2 | 2 | 2 | 2 | 2 (or 1e-7 absolute) | 5 |

use crate::loops::{Binary, Body, Op, Scalar, Unary, Val};
use crate::tensor::dtype::DType;

/// The largest magnitude of which [`turn`] knows sine and cosine; beyond it a renderer calls its library.
pub const TURN_LIMIT: f32 = 8192.0;

/// The body with every exp, log, tanh, erf and pow of `float32` expanded; `types` are those of its operations. Sine and cosine stay,
/// for the renderer to use [`turn`] where that is exact.
pub fn expand(body: &Body, types: &[DType]) -> Body {
    let mut out = Body::default();
    let mut map: Vec<Val> = Vec::with_capacity(body.ops.len());
    for (i, op) in body.ops.iter().enumerate() {
        let is_f32 = types[i] == DType::F32;
        let new = match op {
            Op::Unary(Unary::Exp, x) if is_f32 => exp(&mut out, map[x.0 as usize]),
            Op::Unary(Unary::Log, x) if is_f32 => log(&mut out, map[x.0 as usize]),
            Op::Unary(Unary::Tanh, x) if is_f32 => tanh(&mut out, map[x.0 as usize]),
            Op::Unary(Unary::Erf, x) if is_f32 => erf(&mut out, map[x.0 as usize]),
            Op::Binary(Binary::Pow, x, y) if is_f32 => match body.ops[y.0 as usize] {
                Op::Const(_, Scalar::Float(y)) if has_simple_power(y) => simple_power(&mut out, map[x.0 as usize], y),
                _ => pow(&mut out, map[x.0 as usize], map[y.0 as usize]),
            },
            _ => out.push(op.with_operands(&mut |v| map[v.0 as usize])),
        };
        map.push(new);
    }
    out.result = map[body.result.0 as usize];
    out
}

/// Short names for the operations that the functions below are made of.
struct F<'a>(&'a mut Body);

impl F<'_> {
    fn c(&mut self, v: f32) -> Val {
        self.0.float(DType::F32, f64::from(v))
    }
    fn i(&mut self, v: i32) -> Val {
        self.0.int(DType::I32, i64::from(v))
    }
    fn add(&mut self, a: Val, b: Val) -> Val {
        self.0.binary(Binary::Add, a, b)
    }
    fn sub(&mut self, a: Val, b: Val) -> Val {
        self.0.binary(Binary::Sub, a, b)
    }
    fn mul(&mut self, a: Val, b: Val) -> Val {
        self.0.binary(Binary::Mul, a, b)
    }
    fn div(&mut self, a: Val, b: Val) -> Val {
        self.0.binary(Binary::Div, a, b)
    }
    fn mul_add(&mut self, a: Val, b: Val, c: Val) -> Val {
        self.0.push(Op::MulAdd(a, b, c))
    }
    /// `c + k * x` for a constant `k`.
    fn plus_times(&mut self, c: Val, k: f32, x: Val) -> Val {
        let k = self.c(k);
        self.mul_add(x, k, c)
    }
    /// `c[0] + c[1] * x + ...`
    fn poly(&mut self, x: Val, c: &[f32]) -> Val {
        let mut sum = self.c(c[c.len() - 1]);
        for k in c[..c.len() - 1].iter().rev() {
            let k = self.c(*k);
            sum = self.mul_add(sum, x, k);
        }
        sum
    }
    fn select(&mut self, c: Val, a: Val, b: Val) -> Val {
        self.0.push(Op::Select(c, a, b))
    }
    fn test(&mut self, f: Binary, a: Val, b: f32) -> Val {
        let b = self.c(b);
        self.0.binary(f, a, b)
    }
    fn abs(&mut self, a: Val) -> Val {
        self.0.unary(Unary::Abs, a)
    }
    fn bits(&mut self, a: Val) -> Val {
        self.0.push(Op::Bitcast(DType::I32, a))
    }
    fn value(&mut self, a: Val) -> Val {
        self.0.push(Op::Bitcast(DType::F32, a))
    }
    fn int_op(&mut self, f: Binary, a: Val, b: i32) -> Val {
        let b = self.i(b);
        self.0.binary(f, a, b)
    }
    /// The value with its low 12 bits cleared, so that a product of two such is exact.
    fn head(&mut self, a: Val) -> Val {
        let bits = self.bits(a);
        let bits = self.int_op(Binary::And, bits, !0xfff);
        self.value(bits)
    }
    /// The magnitude of `a` with the sign of `s`.
    fn with_sign(&mut self, a: Val, s: Val) -> Val {
        let s = self.bits(s);
        let s = self.int_op(Binary::And, s, i32::MIN);
        let a = self.bits(a);
        let r = self.0.binary(Binary::Or, a, s);
        self.value(r)
    }
    /// `p * 2^n` for `n` in `-252..=254`, also where the power alone is out of range.
    fn scale(&mut self, p: Val, n: Val) -> Val {
        let half = self.int_op(Binary::Shr, n, 1);
        let rest = self.sub(n, half);
        let mut r = p;
        for part in [half, rest] {
            let e = self.int_op(Binary::Add, part, 127);
            let e = self.int_op(Binary::Shl, e, 23);
            let e = self.value(e);
            r = self.mul(r, e);
        }
        r
    }
    /// `a = 2^e * m`, `m` between the roots of 1/2 and 2, of a positive `a`; the exponent as float.
    fn split(&mut self, a: Val) -> (Val, Val) {
        let tiny = self.test(Binary::Less, a, f32::MIN_POSITIVE);
        let up = self.c(8388608.0);
        let scaled = self.mul(a, up);
        let a = self.select(tiny, scaled, a);
        let bits = self.bits(a);
        let above = self.int_op(Binary::Sub, bits, 0x3f3504f3);
        let e = self.int_op(Binary::Shr, above, 23);
        let down = self.int_op(Binary::Shl, e, 23);
        let m = self.sub(bits, down);
        let m = self.value(m);
        let low = self.int_op(Binary::Sub, e, 23);
        let e = self.select(tiny, low, e);
        (self.0.push(Op::Cast(DType::F32, e)), m)
    }
}

/// Natural exponential.
pub fn exp(body: &mut Body, x: Val) -> Val {
    let f = &mut F(body);
    let (low, high) = (f.c(-104.0), f.c(89.0));
    let x = f.0.binary(Binary::Max, x, low);
    let x = f.0.binary(Binary::Min, x, high);
    let per = f.c(std::f32::consts::LOG2_E);
    let n = f.mul(x, per);
    let n = f.0.unary(Unary::Round, n);
    let r = f.plus_times(x, -0.693_145_75, n);
    let r = f.plus_times(r, -1.428_606_8e-6, n);
    let q = f.poly(r, &[0.5, 0.166_665_12, 0.041_666_187, 0.008_369_599, 0.001_395_169_8]);
    let r2 = f.mul(r, r);
    let p = f.mul_add(q, r2, r);
    let one = f.c(1.0);
    let p = f.add(p, one);
    let n = f.0.push(Op::Cast(DType::I32, n));
    f.scale(p, n)
}

/// Natural logarithm.
pub fn log(body: &mut Body, x: Val) -> Val {
    let f = &mut F(body);
    let (e, m) = f.split(x);
    let one = f.c(1.0);
    let t = f.sub(m, one);
    const P: [f32; 9] =
        [0.333_333_1, -0.249_999_87, 0.200_022_27, -0.166_692_51, 0.142_186_7, -0.123_843_394, 0.118_728_87, -0.117_898_3, 0.069_155_92];
    let p = f.poly(t, &P);
    let t2 = f.mul(t, t);
    let t3 = f.mul(t2, t);
    let y = f.mul(p, t3);
    let y = f.plus_times(y, 1.428_606_8e-6, e);
    let y = f.plus_times(y, -0.5, t2);
    let y = f.add(t, y);
    let y = f.plus_times(y, 0.693_145_75, e);
    let (infinite, minus, nan) = (f.c(f32::INFINITY), f.c(f32::NEG_INFINITY), f.c(f32::NAN));
    let finite = f.0.binary(Binary::Less, x, infinite);
    // Infinity and NaN are their own logarithms.
    let y = f.select(finite, y, x);
    let negative = f.test(Binary::Less, x, 0.0);
    let y = f.select(negative, nan, y);
    let zero = f.test(Binary::Equal, x, 0.0);
    f.select(zero, minus, y)
}

/// Hyperbolic tangent.
pub fn tanh(body: &mut Body, x: Val) -> Val {
    let f = &mut F(body);
    let a = f.abs(x);
    let z = f.mul(a, a);
    let p = f.poly(z, &[-0.333_332_78, 0.133_313_13, -0.053_729_404, 0.020_602_483, -0.005_661_249]);
    let az = f.mul(a, z);
    let small = f.mul_add(az, p, a);
    let twice = f.add(a, a);
    let e = exp(f.0, twice);
    let (one, two) = (f.c(1.0), f.c(2.0));
    let e = f.add(e, one);
    let q = f.div(two, e);
    let large = f.sub(one, q);
    let is_small = f.test(Binary::Less, a, 0.625);
    let r = f.select(is_small, small, large);
    f.with_sign(r, x)
}

/// Error function.
pub fn erf(body: &mut Body, x: Val) -> Val {
    let f = &mut F(body);
    let a = f.abs(x);
    let z = f.mul(a, a);
    let p = f.poly(z, &[0.128_379_15, -0.376_124_9, 0.112_817_59, -0.026_763_95, 0.004_988_575_4, -0.000_596_454_25]);
    let small = f.mul_add(a, p, a);
    let most = f.c(4.1);
    let t = f.0.binary(Binary::Min, a, most);
    const Q: [f32; 7] = [1.128_641, 0.635_181_5, 0.106_187_664, -0.023_720_236, 0.003_622_943_3, -0.000_318_065_96, 1.076_381_9e-5];
    let q = f.poly(t, &Q);
    let minus = f.0.unary(Unary::Neg, t);
    let q = f.mul(q, minus);
    let e = exp(f.0, q);
    let one = f.c(1.0);
    let large = f.sub(one, e);
    let is_small = f.test(Binary::Less, a, 0.93);
    let r = f.select(is_small, small, large);
    f.with_sign(r, x)
}

/// Sine, or cosine, of magnitudes up to [`TURN_LIMIT`].
pub fn turn(body: &mut Body, x: Val, cosine: bool) -> Val {
    let f = &mut F(body);
    let per = f.c(std::f32::consts::FRAC_2_PI);
    let n = f.mul(x, per);
    let n = f.0.unary(Unary::Round, n);
    let r = f.plus_times(x, -1.570_312_5, n);
    let r = f.plus_times(r, -0.000_483_751_3, n);
    let r = f.plus_times(r, -7.549_79e-8, n);
    let z = f.mul(r, r);
    let s = f.poly(z, &[-0.166_666_67, 0.008_333_329, -0.000_198_392_58, 2.717_567_7e-6]);
    let rz = f.mul(r, z);
    let sine = f.mul_add(rz, s, r);
    let c = f.poly(z, &[-0.5, 0.041_666_646, -0.001_388_730_7, 2.443_131e-5]);
    let one = f.c(1.0);
    let cos = f.mul_add(c, z, one);
    let n = f.0.push(Op::Cast(DType::I32, n));
    let n = if cosine { f.int_op(Binary::Add, n, 1) } else { n };
    let odd = f.int_op(Binary::And, n, 1);
    let zero = f.i(0);
    let even = f.0.binary(Binary::Equal, odd, zero);
    let y = f.select(even, sine, cos);
    let flip = f.int_op(Binary::Shl, n, 30);
    let flip = f.int_op(Binary::And, flip, i32::MIN);
    let y = f.bits(y);
    let y = f.0.binary(Binary::Xor, y, flip);
    f.value(y)
}

fn has_simple_power(y: f64) -> bool {
    [-1.0, -0.5, 0.5, 1.0, 2.0, 3.0].contains(&y)
}

/// `x^y` for the exponents of [`has_simple_power`].
fn simple_power(body: &mut Body, x: Val, y: f64) -> Val {
    let f = &mut F(body);
    let one = f.c(1.0);
    if y == 1.0 {
        return x;
    }
    if y == -1.0 {
        return f.div(one, x);
    }
    if y >= 2.0 {
        let square = f.mul(x, x);
        return if y == 2.0 { square } else { f.mul(square, x) };
    }
    // Unlike roots, powers of -0 are not negative and powers of -inf are numbers.
    let zero = f.c(0.0);
    let plus = f.add(x, zero);
    let root = f.0.unary(Unary::Sqrt, plus);
    let lowest = f.test(Binary::Equal, x, f32::NEG_INFINITY);
    let infinite = f.c(f32::INFINITY);
    let root = f.select(lowest, infinite, root);
    if y > 0.0 { root } else { f.div(one, root) }
}

/// `log2(a)` of a positive `a` as the sum of two, about 32 bits together.
fn log2_pair(f: &mut F, a: Val) -> (Val, Val) {
    let (e, m) = f.split(a);
    let one = f.c(1.0);
    let t = f.sub(m, one);
    let d = f.add(m, one);
    // s = t / (2 + t), its head exact in the products below.
    let s = f.div(t, d);
    let s_head = f.head(s);
    let d_head = f.head(d);
    let d_rest = f.sub(d_head, one);
    let d_rest = f.sub(m, d_rest);
    let product = f.mul(s_head, d_head);
    let rest = f.sub(t, product);
    let product = f.mul(s_head, d_rest);
    let rest = f.sub(rest, product);
    let s_rest = f.div(rest, d);
    // ln(m) = 2 s + s^3 p(s^2)
    let z = f.mul(s, s);
    let p = f.poly(z, &[0.666_666_6, 0.400_003_34, 0.285_372_97, 0.235_824_61]);
    let s3 = f.mul(z, s);
    let ln_rest = f.add(s_rest, s_rest);
    let ln_rest = f.mul_add(s3, p, ln_rest);
    let ln_head = f.add(s_head, s_head);
    // Times 1 / ln 2, itself in two parts.
    let (c_head, c_rest, c) = (f.c(1.442_871_1), f.c(-0.000_176_052_85), f.c(std::f32::consts::LOG2_E));
    let head = f.mul(ln_head, c_head);
    let rest = f.mul(ln_head, c_rest);
    let rest = f.mul_add(ln_rest, c, rest);
    let sum = f.add(e, head);
    let lost = f.sub(sum, e);
    let lost = f.sub(head, lost);
    (sum, f.add(lost, rest))
}

/// `2^(p + q)` for `p + q` in `-152..130`.
fn exp2_pair(f: &mut F, p: Val, q: Val) -> Val {
    let z = f.add(p, q);
    let n = f.0.unary(Unary::Round, z);
    let r = f.sub(p, n);
    let r = f.add(r, q);
    let c = f.poly(r, &[0.240_226_5, 0.055_503_596, 0.009_618_018, 0.001_339_158_3, 0.000_154_731_88]);
    let r2 = f.mul(r, r);
    let c = f.mul(c, r2);
    let c = f.plus_times(c, std::f32::consts::LN_2, r);
    let one = f.c(1.0);
    let c = f.add(c, one);
    let n = f.0.push(Op::Cast(DType::I32, n));
    f.scale(c, n)
}

/// `x^y` with the special cases of C's `pow`.
pub fn pow(body: &mut Body, x: Val, y: Val) -> Val {
    let f = &mut F(body);
    let a = f.abs(x);
    let (head, rest) = log2_pair(f, a);
    let log = f.add(head, rest);
    let log_head = f.head(log);
    let log_rest = f.sub(log_head, head);
    let log_rest = f.sub(rest, log_rest);
    let y_head = f.head(y);
    let y_rest = f.sub(y, y_head);
    let p = f.mul(y_head, log_head);
    let q = f.mul(y_rest, log_head);
    let q = f.mul_add(y, log_rest, q);
    let r = exp2_pair(f, p, q);
    // Where the exponent is out of range, the parts above may be infinite or worse.
    let z = f.mul(y, log);
    let (zero, one, infinite) = (f.c(0.0), f.c(1.0), f.c(f32::INFINITY));
    let over = f.test(Binary::Greater, z, 129.0);
    let r = f.select(over, infinite, r);
    let under = f.test(Binary::Less, z, -151.0);
    let r = f.select(under, zero, r);
    let r = magnitude_at_ends(f, a, y, r);
    let r = sign_of_power(f, x, y, r);
    let y_zero = f.test(Binary::Equal, y, 0.0);
    f.select(y_zero, one, r)
}

/// The magnitude of the power where the base's is 0, 1 or infinite.
fn magnitude_at_ends(f: &mut F, a: Val, y: Val, r: Val) -> Val {
    let (zero, one, infinite) = (f.c(0.0), f.c(1.0), f.c(f32::INFINITY));
    let (rising, falling) = (f.test(Binary::Greater, y, 0.0), f.test(Binary::Less, y, 0.0));
    let at_zero = f.select(rising, zero, y);
    let at_zero = f.select(falling, infinite, at_zero);
    let at_infinity = f.select(rising, infinite, y);
    let at_infinity = f.select(falling, zero, at_infinity);
    let is_zero = f.test(Binary::Equal, a, 0.0);
    let r = f.select(is_zero, at_zero, r);
    let is_infinite = f.test(Binary::Equal, a, f32::INFINITY);
    let r = f.select(is_infinite, at_infinity, r);
    let is_one = f.test(Binary::Equal, a, 1.0);
    let r = f.select(is_one, one, r);
    let is_number = f.test(Binary::LessEqual, a, f32::INFINITY);
    f.select(is_number, r, a)
}

/// The power with its sign: negative for odd powers of a negative base, NaN for broken ones.
fn sign_of_power(f: &mut F, x: Val, y: Val, r: Val) -> Val {
    let floor = f.0.unary(Unary::Floor, y);
    let whole = f.0.binary(Binary::Equal, floor, y);
    let half = f.c(0.5);
    let half = f.mul(y, half);
    let floor = f.0.unary(Unary::Floor, half);
    let odd = f.0.binary(Binary::NotEqual, floor, half);
    let odd = f.0.binary(Binary::And, odd, whole);
    let negative = f.with_sign(r, x);
    let signed = f.select(odd, negative, r);
    let (below, above) = (f.test(Binary::Less, x, 0.0), f.test(Binary::Greater, x, f32::NEG_INFINITY));
    let below = f.0.binary(Binary::And, below, above);
    let broken = f.0.unary(Unary::Not, whole);
    let broken = f.0.binary(Binary::And, broken, below);
    let nan = f.c(f32::NAN);
    let r = f.select(broken, nan, signed);
    // The only power of NaN that counts here is that of the base 1.
    let is_one = f.test(Binary::Equal, x, 1.0);
    let one = f.c(1.0);
    f.select(is_one, one, r)
}

#[cfg(test)]
mod tests;
