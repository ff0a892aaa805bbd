//! `image.grid_sample`: pictures read at the places that a grid names. A place is (x, y) from -1 to 1.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::{Access, Binary, Body, BufferId, Kernel, Op, Role, Unary, Val};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{Interpolation, LayerKind, SampleMode};
use crate::network::refusal::{Accepted, Refusal};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, text};
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `image.grid_sample`.
    pub struct GridSample {
        /// `nearest`, `bilinear` or `bicubic`.
        pub method: String = "bilinear".into(),
        /// Order of the axes: `NCHW`.
        pub layout: String = "NCHW".into(),
        /// What lies outside: `zeros`, `border` or `reflection`.
        pub padding_mode: String = "zeros".into(),
        /// -1 and 1 are the centres of the outermost elements, else their outer edges.
        pub align_corners: bool = true,
    }
}

/// Coefficient of cubic interpolation.
const CUBIC: f64 = -0.75;

/// Places are computed in this type: ties must be ties.
const PLACE: DType = DType::F64;

#[derive(Clone, Copy)]
struct Fields {
    method: Interpolation,
    outside: SampleMode,
    align: bool,
}

fn fields(a: &GridSample) -> Result<Fields> {
    ensure!(a.layout == "NCHW", NotImplemented, "layout '{}'; only NCHW is supported", a.layout);
    let method = match a.method.as_str() {
        "nearest" => Interpolation::Nearest,
        "bilinear" => Interpolation::Linear,
        "bicubic" => Interpolation::Cubic,
        other => crate::fail!(BadGraph, "method is '{other}', none of nearest, bilinear, bicubic"),
    };
    let outside = match a.padding_mode.as_str() {
        "zeros" => SampleMode::Fill,
        "border" => SampleMode::Clamp,
        "reflection" => SampleMode::Reflect,
        other => crate::fail!(BadGraph, "padding_mode is '{other}', none of zeros, border, reflection"),
    };
    Ok(Fields { method, outside, align: a.align_corners })
}

fn infer(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    fields(c.attrs.get())?;
    let (data, grid) = (x[0], x[1]);
    ensure!(data.dtype.is_float() && grid.dtype.is_float(), WrongDType, "data are {}, the grid {}", data.dtype, grid.dtype);
    let fits = data.rank() == 4 && grid.rank() == 4 && grid.shape[1].equals(&Dim::from(2i64)) != Answer::Never;
    ensure!(fits, BadGraph, "data {} and grid {}: [n, c, h, w] and [n, 2, h', w'] are needed", text(&data.shape), text(&grid.shape));
    ensure!(data.shape[0].equals(&grid.shape[0]) != Answer::Never, BadGraph, "the grid has {} pictures", grid.shape[0]);
    ensure!(data.shape[2..].iter().all(|d| d.interval().1 > 0), BadGraph, "the pictures are empty");
    Ok(vec![Fact::new(data.dtype, [&data.shape[..2], &grid.shape[2..]].concat())])
}

/// A place brought inside, where what lies outside repeats the picture.
fn settled(v: f64, extent: f64, f: Fields) -> f64 {
    match f.outside {
        SampleMode::Clamp => v.clamp(0.0, extent - 1.0),
        SampleMode::Reflect => {
            // The mirrors stand at the outermost centres, or at the outer edges.
            let (low, span) = if f.align { (0.0, extent - 1.0) } else { (-0.5, extent) };
            if span == 0.0 {
                return 0.0;
            }
            let there = ((v - low) / span).abs();
            let (turns, rest) = (there.floor(), there.fract() * span);
            let back = if turns % 2.0 == 0.0 { rest } else { span - rest };
            (back + low).clamp(0.0, extent - 1.0)
        }
        _ => v,
    }
}

/// Elements of an axis with their weights; those outside are left out.
fn taps(v: f64, extent: usize, f: Fields) -> Vec<(usize, f64)> {
    let e = extent as f64;
    let place = if f.align { (v + 1.0) / 2.0 * (e - 1.0) } else { ((v + 1.0) * e - 1.0) / 2.0 };
    let at = settled(place, e, f);
    let weight = |d: f64| {
        let (a, d) = (CUBIC, d.abs());
        if d <= 1.0 { (a + 2.0) * d.powi(3) - (a + 3.0) * d * d + 1.0 } else { a * (d.powi(3) - 5.0 * d * d + 8.0 * d - 4.0) }
    };
    let all: Vec<(f64, f64)> = match f.method {
        Interpolation::Nearest => vec![(at.round_ties_even(), 1.0)],
        Interpolation::Linear => vec![(at.floor(), 1.0 - (at - at.floor())), (at.floor() + 1.0, at - at.floor())],
        // Found around the place as it is; each is brought inside by itself.
        Interpolation::Cubic => {
            (-1..3).map(|k| place.floor() + f64::from(k)).map(|i| (settled(i, e, f).round(), weight(place - i))).collect()
        }
    };
    all.into_iter().filter(|(i, _)| (0.0..e).contains(i)).map(|(i, w)| (i as usize, w)).collect()
}

fn eval(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let (f, s, g) = (fields(c.attrs.get())?, x[0].shape(), x[1].shape());
    ensure!(s[0] == g[0] && g[1] == 2, BadGraph, "data {s:?} do not fit grid {g:?}");
    let (v, places, pixels) = (x[0].to_f64s(), x[1].to_f64s(), g[2] * g[3]);
    let mut y = Vec::new();
    for (n, channel) in (0..s[0]).flat_map(|n| (0..s[1]).map(move |c| (n, c))) {
        let plane = &v[(n * s[1] + channel) * s[2] * s[3]..];
        for pixel in 0..pixels {
            let [px, py] = [0, 1].map(|k| places[(n * 2 + k) * pixels + pixel]);
            let (rows, columns) = (taps(py, s[2], f), taps(px, s[3], f));
            let along = |row: usize| columns.iter().map(|(i, w)| plane[row * s[3] + i] * w).sum::<f64>();
            y.push(rows.iter().map(|(row, w)| along(*row) * w).sum::<f64>());
        }
    }
    Ok(vec![Tensor::from_f64s(x[0].dtype(), &[s[0], s[1], g[2], g[3]], &y)])
}

fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId]) -> Accepted<Vec<TensorId>> {
    let f = fields(v.attrs()).map_err(|e| Refusal::new("grid_sample.attributes", e.message, ""))?;
    // The layer's pairs stand in the last axis.
    let grid = b.transpose(x[1], &[0, 2, 3, 1])?;
    Ok(vec![b.add(LayerKind::GridSample { mode: f.method, outside: f.outside, align_corners: f.align }, &[x[0], grid])?])
}

/// Elements and weights of one axis for every place of the grid: `[n, tap, h', w']`.
struct Table {
    taps: usize,
    indices: BufferId,
    weights: BufferId,
}

fn lower(v: &NodeView) -> Result<Lowering> {
    let (f, dtype, dims, to) = (fields(v.attrs())?, v.dtype(0), v.shape(0), &v.output(0).shape);
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
            let weight = cubic(b, apart);
            (settle(b, f, index, extent), weight)
        }
    }
}

fn cubic(b: &mut Body, apart: Val) -> Val {
    let (d, one) = (b.unary(Unary::Abs, apart), b.float(PLACE, 1.0));
    let polynomial = |b: &mut Body, c: [f64; 4]| {
        let mut sum = b.float(PLACE, c[0]);
        for c in &c[1..] {
            let c = b.float(PLACE, *c);
            sum = b.push(Op::MulAdd(sum, d, c));
        }
        sum
    };
    let near = polynomial(b, [CUBIC + 2.0, -CUBIC - 3.0, 0.0, 1.0]);
    let far = polynomial(b, [CUBIC, -5.0 * CUBIC, 8.0 * CUBIC, -4.0 * CUBIC]);
    let close = b.binary(Binary::LessEqual, d, one);
    b.push(Op::Select(close, near, far))
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

pub static GRID_SAMPLE: OpDef = OpDef {
    name: "image.grid_sample",
    doc: "Pictures read at the places that a grid names.",
    arity: (2, 2),
    attrs: AttrsDef::of::<GridSample>(),
    infer,
    eval,
    convert,
    lower,
    tolerance: Tolerance::SUM,
};
