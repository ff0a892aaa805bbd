//! The kernel of `image.grid_sample`: tables of elements and weights for every place of the grid, and a sum of products over them.

use crate::ir::opdef::Lowering;
use crate::ir::view::NodeView;
use crate::loops::{Access, Binary, Body, BufferId, Kernel, Op, Role, Unary, Val};
use crate::network::layer::{Interpolation, SampleMode};
use crate::ops::grid_sample::{CUBIC, Fields, GridSample, fields};
use crate::ops::resize_lower::cubic_weight;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::shape;

/// Places are computed in this type: ties must be ties.
const PLACE: DType = DType::F64;

/// Elements and weights of one axis for every place of the grid: `[n, tap, h', w']`.
struct Table {
    taps: usize,
    indices: BufferId,
    weights: BufferId,
}

/// How our kernels sample a grid.
pub fn lower(v: &NodeView) -> Result<Lowering> {
    let (f, dtype, dims, to) = (fields(v.attrs::<GridSample>())?, v.dtype(0), v.shape(0), &v.output(0).shape);
    let mut k = Kernel::new(v.name());
    let (x, grid) = (k.add(Role::Input, dtype, dims), k.add(Role::Input, v.dtype(1), v.shape(1)));
    let out = k.add(Role::Output, dtype, to);
    let weight = if dtype == DType::F64 { DType::F64 } else { DType::F32 };
    let [rows, columns] = [(1usize, 2usize), (0, 3)].map(|(pair, axis)| table(&mut k, f, grid, pair, &dims[axis], weight));
    let mut body = Body::default();
    let (image, channel) = (body.push(Op::Index(0)), body.push(Op::Index(1)));
    let [channels, height, width] = [1, 2, 3].map(|i| body.push(Op::Size(dims[i].clone())));
    let plane = body.binary(Binary::Mul, image, channels);
    let plane = body.binary(Binary::Add, plane, channel);
    let first = body.binary(Binary::Mul, plane, height);
    let mut sum = body.float(weight, 0.0);
    for row in 0..rows.taps {
        let (at, row_weight) = entry(&k, &mut body, &rows, row);
        let line = body.binary(Binary::Add, first, at);
        let line = body.binary(Binary::Mul, line, width);
        for column in 0..columns.taps {
            let (at, weight_here) = entry(&k, &mut body, &columns, column);
            let at = body.binary(Binary::Add, line, at);
            let element = body.push(Op::LoadAt(x, at));
            let element = body.push(Op::Cast(weight, element));
            let product = body.binary(Binary::Mul, row_weight, weight_here);
            sum = body.push(Op::MulAdd(element, product, sum));
        }
    }
    body.push(Op::Cast(dtype, sum));
    k.map(out, body);
    Ok(Lowering::Kernel(k))
}

/// Entry `tap` of a table at the indices (image, channel, row, column) of the result.
fn entry(k: &Kernel, b: &mut Body, t: &Table, tap: usize) -> (Val, Val) {
    let own = shape::strides(&k.buffer(t.indices).shape);
    let access = |buffer: BufferId| Access {
        buffer,
        offset: &own[1] * &Dim::from(tap),
        strides: vec![own[0].clone(), Dim::from(0i64), own[2].clone(), own[3].clone()],
    };
    (b.load(access(t.indices)), b.load(access(t.weights)))
}

/// The table of the axis that entry `pair` of the grid's pairs is for.
fn table(k: &mut Kernel, f: Fields, grid: BufferId, pair: usize, extent: &Dim, weight: DType) -> Table {
    let taps = match f.method {
        Interpolation::Nearest => 1,
        Interpolation::Linear => 2,
        Interpolation::Cubic => 4,
    };
    let g = k.buffer(grid).shape.clone();
    let dims = [g[0].clone(), Dim::from(taps), g[2].clone(), g[3].clone()];
    let (indices, weights) = (k.add(Role::Local, DType::I64, &dims), k.add(Role::Local, weight, &dims));
    let own = shape::strides(&g);
    let strides = vec![own[0].clone(), Dim::from(0i64), own[2].clone(), own[3].clone()];
    let access = Access { buffer: grid, offset: &own[1] * &Dim::from(pair), strides };
    for (buffer, wants_index) in [(indices, true), (weights, false)] {
        let mut b = Body::default();
        let place = b.load(access.clone());
        let e = b.push(Op::Size(extent.clone()));
        let (place, e) = (b.push(Op::Cast(PLACE, place)), b.push(Op::Cast(PLACE, e)));
        let (index, w) = tap(&mut b, f, place, e);
        let (zero, one) = (b.float(PLACE, 0.0), b.float(PLACE, 1.0));
        let last = b.binary(Binary::Sub, e, one);
        if wants_index {
            let low = b.binary(Binary::Max, index, zero);
            let inside = b.binary(Binary::Min, low, last);
            b.push(Op::Cast(DType::I64, inside));
        } else {
            let (low, high) = (b.binary(Binary::GreaterEqual, index, zero), b.binary(Binary::LessEqual, index, last));
            let inside = b.binary(Binary::And, low, high);
            let w = b.push(Op::Select(inside, w, zero));
            b.push(Op::Cast(weight, w));
        }
        k.map(buffer, b);
    }
    Table { taps, indices, weights }
}

/// The element, which may lie outside, and the weight of the tap that index 1 says.
fn tap(b: &mut Body, f: Fields, v: Val, extent: Val) -> (Val, Val) {
    let (one, two, half) = (b.float(PLACE, 1.0), b.float(PLACE, 2.0), b.float(PLACE, 0.5));
    let from_zero = b.binary(Binary::Add, v, one);
    let place = if f.align {
        let (part, last) = (b.binary(Binary::Div, from_zero, two), b.binary(Binary::Sub, extent, one));
        b.binary(Binary::Mul, part, last)
    } else {
        let scaled = b.binary(Binary::Mul, from_zero, extent);
        let less = b.binary(Binary::Sub, scaled, one);
        b.binary(Binary::Mul, less, half)
    };
    let step = b.push(Op::Index(1));
    let step = b.push(Op::Cast(PLACE, step));
    match f.method {
        Interpolation::Nearest => {
            let at = settle(b, f, place, extent);
            (b.unary(Unary::Round, at), one)
        }
        Interpolation::Linear => {
            let at = settle(b, f, place, extent);
            let floor = b.unary(Unary::Floor, at);
            let index = b.binary(Binary::Add, floor, step);
            let apart = b.binary(Binary::Sub, at, index);
            let apart = b.unary(Unary::Abs, apart);
            (index, b.binary(Binary::Sub, one, apart))
        }
        Interpolation::Cubic => {
            let floor = b.unary(Unary::Floor, place);
            let back = b.binary(Binary::Sub, step, one);
            let index = b.binary(Binary::Add, floor, back);
            let apart = b.binary(Binary::Sub, place, index);
            let weight = cubic_weight(b, apart, CUBIC);
            (settle(b, f, index, extent), weight)
        }
    }
}

/// A place brought inside, as in `settled`.
fn settle(b: &mut Body, f: Fields, place: Val, extent: Val) -> Val {
    let (zero, one, two) = (b.float(PLACE, 0.0), b.float(PLACE, 1.0), b.float(PLACE, 2.0));
    let last = b.binary(Binary::Sub, extent, one);
    let mut at = place;
    if f.outside == SampleMode::Fill {
        return at;
    }
    if f.outside == SampleMode::Reflect {
        let (low, span) = if f.align { (zero, last) } else { (b.float(PLACE, -0.5), extent) };
        let behind = b.binary(Binary::Sub, place, low);
        let size = b.unary(Unary::Abs, behind);
        let period = b.binary(Binary::Mul, span, two);
        let there = b.binary(Binary::Rem, size, period);
        let back = b.binary(Binary::Sub, period, there);
        let folded = b.binary(Binary::Min, there, back);
        let moved = b.binary(Binary::Add, folded, low);
        // A single element is its own mirror image.
        let many = b.binary(Binary::Greater, span, zero);
        at = b.push(Op::Select(many, moved, zero));
    }
    let low = b.binary(Binary::Max, at, zero);
    b.binary(Binary::Min, low, last)
}
