//! The kernel of `image.resize2d`: tables of elements and weights per axis, made anew in each call, and a sum of products over them.

use crate::ir::opdef::Lowering;
use crate::ir::view::NodeView;
use crate::loops::{Access, Binary, Body, BufferId, Kernel, Op, Role, Unary, Val};
use crate::ops::resize::{Coordinates, Fields, Method, Resize2d, Rounding, fields};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;

/// Places are computed in this type: ties must be ties.
const PLACE: DType = DType::F64;

/// For each element of an axis of the result: which elements of the operand, and their weights.
struct Table {
    taps: usize,
    indices: BufferId,
    weights: Option<BufferId>,
}

/// How our kernels compute a resize.
pub fn lower(v: &NodeView) -> Result<Lowering> {
    let f = fields(v.attrs::<Resize2d>())?;
    let (dtype, from, to) = (v.dtype(0), v.shape(0), &v.output(0).shape);
    let mut k = Kernel::new(v.name());
    let x = k.add(Role::Input, dtype, from);
    for i in 1..v.input_count() {
        k.add(Role::Input, v.dtype(i), v.shape(i));
    }
    let out = k.add(Role::Output, dtype, to);
    let weight = if dtype == DType::F64 { DType::F64 } else { DType::F32 };
    let tables = [0, 1].map(|axis| table(&mut k, &f, axis, &from[axis + 2], &to[axis + 2], weight));
    let mut body = Body::default();
    let (image, channel) = (body.push(Op::Index(0)), body.push(Op::Index(1)));
    let [channels, height, width] = [1, 2, 3].map(|i| body.push(Op::Size(from[i].clone())));
    let plane = body.binary(Binary::Mul, image, channels);
    let plane = body.binary(Binary::Add, plane, channel);
    let first = body.binary(Binary::Mul, plane, height);
    let mut all = None;
    for row in 0..tables[0].taps {
        let (at, row_weight) = entry(&k, &mut body, &tables[0], row, 2, &to[2]);
        let line = body.binary(Binary::Add, first, at);
        let line = body.binary(Binary::Mul, line, width);
        let mut sum = None;
        for column in 0..tables[1].taps {
            let (at, weight) = entry(&k, &mut body, &tables[1], column, 3, &to[3]);
            let at = body.binary(Binary::Add, line, at);
            let element = body.push(Op::LoadAt(x, at));
            sum = Some(weighted(&mut body, element, weight, sum));
        }
        all = Some(weighted(&mut body, sum.expect("a column"), row_weight, all));
    }
    body.result = all.expect("a row");
    if f.method != Method::Nearest {
        body.push(Op::Cast(dtype, body.result));
    }
    k.map(out, body);
    Ok(Lowering::Kernel(k))
}

/// `sum + element * weight`, where there are weights.
fn weighted(b: &mut Body, element: Val, weight: Option<(DType, Val)>, sum: Option<Val>) -> Val {
    let Some((dtype, weight)) = weight else { return element };
    let element = b.push(Op::Cast(dtype, element));
    match sum {
        Some(sum) => b.push(Op::MulAdd(element, weight, sum)),
        None => b.binary(Binary::Mul, element, weight),
    }
}

/// Entry `tap` of a table for the element at index `axis`.
fn entry(k: &Kernel, b: &mut Body, t: &Table, tap: usize, axis: usize, extent: &Dim) -> (Val, Option<(DType, Val)>) {
    let mut strides = vec![Dim::from(0i64); 4];
    strides[axis] = Dim::from(1i64);
    let access = |buffer: BufferId| Access { buffer, offset: extent * &Dim::from(tap), strides: strides.clone() };
    let index = b.load(access(t.indices));
    let weight = t.weights.map(|w| (k.buffer(w).dtype, b.load(access(w))));
    (index, weight)
}

fn table(k: &mut Kernel, f: &Fields, axis: usize, from: &Dim, to: &Dim, weight: DType) -> Table {
    let taps = match f.method {
        Method::Nearest => 1,
        Method::Linear => 2,
        Method::Cubic => 4,
    };
    let dims = [Dim::from(taps), to.clone()];
    let indices = k.add(Role::Local, DType::I64, &dims);
    let mut body = Body::default();
    let (index, _) = element(&mut body, f, axis, from, to);
    let (zero, one, extent) = (body.int(DType::I64, 0), body.int(DType::I64, 1), body.push(Op::Size(from.clone())));
    let last = body.binary(Binary::Sub, extent, one);
    let low = body.binary(Binary::Max, index, zero);
    body.binary(Binary::Min, low, last);
    k.map(indices, body);
    if f.method == Method::Nearest {
        return Table { taps, indices, weights: None };
    }
    let mut weights = k.add(Role::Local, weight, &dims);
    let mut body = Body::default();
    let (index, place) = element(&mut body, f, axis, from, to);
    let w = weight_of(&mut body, f, index, place);
    let w = if f.exclude { only_inside(&mut body, index, from, w) } else { w };
    body.push(Op::Cast(weight, w));
    k.map(weights, body);
    if f.exclude {
        let raw = weights;
        weights = k.add(Role::Local, weight, &dims);
        let mut body = Body::default();
        let own = body.load(k.dense(raw));
        let at = |tap: usize| Access { buffer: raw, offset: to * &Dim::from(tap), strides: vec![Dim::from(0i64), Dim::from(1i64)] };
        let mut sum = body.load(at(0));
        for tap in 1..taps {
            let next = body.load(at(tap));
            sum = body.binary(Binary::Add, sum, next);
        }
        body.binary(Binary::Div, own, sum);
        k.map(weights, body);
    }
    Table { taps, indices, weights: Some(weights) }
}

/// The element that index (tap, element of the result) means, unclamped, and the place.
fn element(b: &mut Body, f: &Fields, axis: usize, from: &Dim, to: &Dim) -> (Val, Val) {
    let place = place(b, f, axis, from, to);
    let half = b.float(PLACE, 0.5);
    let first = match (f.method, f.rounding) {
        (Method::Nearest, Rounding::Even) => b.unary(Unary::Round, place),
        (Method::Nearest, Rounding::PreferFloor) => {
            let less = b.binary(Binary::Sub, place, half);
            b.unary(Unary::Ceil, less)
        }
        (Method::Nearest, Rounding::PreferCeil) => {
            let more = b.binary(Binary::Add, place, half);
            b.unary(Unary::Floor, more)
        }
        (Method::Nearest, Rounding::Ceil) => b.unary(Unary::Ceil, place),
        _ => b.unary(Unary::Floor, place),
    };
    let first = b.push(Op::Cast(DType::I64, first));
    let (tap, back) = (b.push(Op::Index(0)), b.int(DType::I64, if f.method == Method::Cubic { 1 } else { 0 }));
    let index = b.binary(Binary::Add, first, tap);
    (b.binary(Binary::Sub, index, back), place)
}

/// The place on an axis that an element of the result stands for.
fn place(b: &mut Body, f: &Fields, axis: usize, from: &Dim, to: &Dim) -> Val {
    let number = |b: &mut Body, op: Op| {
        let v = b.push(op);
        b.push(Op::Cast(PLACE, v))
    };
    let at = number(b, Op::Index(1));
    let (from, to) = (number(b, Op::Size(from.clone())), number(b, Op::Size(to.clone())));
    let (zero, half, one) = (b.float(PLACE, 0.0), b.float(PLACE, 0.5), b.float(PLACE, 1.0));
    let many = b.binary(Binary::Greater, to, one);
    let ratio = (f.scale[axis] > 0.0).then(|| b.float(PLACE, f.scale[axis]));
    let scaled = |b: &mut Body, v: Val| match ratio {
        Some(ratio) => b.binary(Binary::Div, v, ratio),
        None => {
            let product = b.binary(Binary::Mul, v, from);
            b.binary(Binary::Div, product, to)
        }
    };
    let middle = b.binary(Binary::Add, at, half);
    match f.coordinates {
        Coordinates::AlignCorners => {
            let (a, c) = (b.binary(Binary::Sub, from, one), b.binary(Binary::Sub, to, one));
            let product = b.binary(Binary::Mul, at, a);
            let place = b.binary(Binary::Div, product, c);
            b.push(Op::Select(many, place, zero))
        }
        Coordinates::Asymmetric => scaled(b, at),
        Coordinates::TfHalfPixelForNn => scaled(b, middle),
        kind => {
            let place = scaled(b, middle);
            let mut place = b.binary(Binary::Sub, place, half);
            if kind == Coordinates::PytorchHalfPixel {
                place = b.push(Op::Select(many, place, zero));
            }
            if kind == Coordinates::HalfPixelSymmetric
                && let Some(ratio) = ratio
            {
                // What rounding the extent down left out is left out on both sides.
                let exact = b.binary(Binary::Mul, ratio, from);
                let part = b.binary(Binary::Div, to, exact);
                let missing = b.binary(Binary::Sub, one, part);
                let centre = b.binary(Binary::Mul, from, half);
                let offset = b.binary(Binary::Mul, centre, missing);
                place = b.binary(Binary::Add, place, offset);
            }
            place
        }
    }
}

/// The weight of an element by its distance from the place.
fn weight_of(b: &mut Body, f: &Fields, index: Val, place: Val) -> Val {
    let index = b.push(Op::Cast(PLACE, index));
    let apart = b.binary(Binary::Sub, place, index);
    if f.method == Method::Linear {
        let (d, one) = (b.unary(Unary::Abs, apart), b.float(PLACE, 1.0));
        return b.binary(Binary::Sub, one, d);
    }
    cubic_weight(b, apart, f.cubic)
}

/// The weight of Keys' cubic convolution with the coefficient `a`, by the distance from the place.
pub(super) fn cubic_weight(b: &mut Body, apart: Val, a: f64) -> Val {
    let (d, one) = (b.unary(Unary::Abs, apart), b.float(PLACE, 1.0));
    let polynomial = |b: &mut Body, c: [f64; 4]| {
        let mut sum = b.float(PLACE, c[0]);
        for c in &c[1..] {
            let c = b.float(PLACE, *c);
            sum = b.push(Op::MulAdd(sum, d, c));
        }
        sum
    };
    let near = polynomial(b, [a + 2.0, -a - 3.0, 0.0, 1.0]);
    let far = polynomial(b, [a, -5.0 * a, 8.0 * a, -4.0 * a]);
    let close = b.binary(Binary::LessEqual, d, one);
    b.push(Op::Select(close, near, far))
}

fn only_inside(b: &mut Body, index: Val, from: &Dim, weight: Val) -> Val {
    let (none, zero, extent) = (b.float(PLACE, 0.0), b.int(DType::I64, 0), b.push(Op::Size(from.clone())));
    let (low, high) = (b.binary(Binary::GreaterEqual, index, zero), b.binary(Binary::Less, index, extent));
    let inside = b.binary(Binary::And, low, high);
    b.push(Op::Select(inside, weight, none))
}
