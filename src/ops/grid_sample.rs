//! `image.grid_sample`: pictures read at the places that a grid names. A place is (x, y) from -1 to 1.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{Interpolation, LayerKind, SampleMode};
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::grid_sample_lower::lower;
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::text;
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
pub const CUBIC: f64 = -0.75;

/// The attributes, read.
#[derive(Clone, Copy)]
pub struct Fields {
    /// How elements between elements are found.
    pub method: Interpolation,
    /// What lies outside.
    pub outside: SampleMode,
    /// -1 and 1 are centres.
    pub align: bool,
}

/// Reads the attributes.
pub fn fields(a: &GridSample) -> Result<Fields> {
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
