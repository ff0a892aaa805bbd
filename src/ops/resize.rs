//! `image.resize2d`: pictures at another height and width, by the nearest element or by interpolation.

use crate::ir::attrs::{AttrsDef, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{Interpolation, LayerKind, Resize as ResizeLayer, ResizeCoordinates, ResizeRound, ResizeTo};
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::movement::{data_dependent, param_eval, param_value};
use crate::ops::resize_lower::lower;
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::text;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `image.resize2d`.
    pub struct Resize2d {
        /// Height and width of the result.
        pub size: Param = Param::Static(vec![]),
        /// Result height over operand height, where places are computed from another ratio than that of the extents; 0 is that ratio.
        pub scale_h: f64 = 0.0,
        /// The same for the width.
        pub scale_w: f64 = 0.0,
        /// Order of the axes: `NCHW`.
        pub layout: String = "NCHW".into(),
        /// `nearest_neighbor`, `linear` or `cubic`.
        pub method: String = "linear".into(),
        /// Which place of the operand an element stands for: `half_pixel`, `half_pixel_symmetric`, `pytorch_half_pixel`,
        /// `align_corners`, `asymmetric` or `tf_half_pixel_for_nn`.
        pub coordinate_transformation_mode: String = "half_pixel".into(),
        /// How a place is rounded to the nearest element: `round` (ties to even), `round_prefer_floor`, `round_prefer_ceil`, `floor`,
        /// `ceil`; empty is `round` with `align_corners`, else `floor`.
        pub rounding_method: String = String::new(),
        /// Coefficient of cubic interpolation.
        pub cubic_alpha: f64 = -0.5,
        /// Weights outside the operand do not count.
        pub cubic_exclude: bool = false,
    }
}

/// `method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Method {
    Nearest,
    Linear,
    Cubic,
}

/// `coordinate_transformation_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Coordinates {
    HalfPixel,
    HalfPixelSymmetric,
    PytorchHalfPixel,
    AlignCorners,
    Asymmetric,
    TfHalfPixelForNn,
}

/// `rounding_method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Rounding {
    Even,
    PreferFloor,
    PreferCeil,
    Floor,
    Ceil,
}

/// The attributes, read.
#[derive(Debug, Clone, Copy)]
pub struct Fields {
    /// How elements between elements are found.
    pub method: Method,
    /// Which place an element stands for.
    pub coordinates: Coordinates,
    /// How a place is rounded.
    pub rounding: Rounding,
    /// Ratio per axis; 0 is that of the extents.
    pub scale: [f64; 2],
    /// Coefficient of cubic interpolation.
    pub cubic: f64,
    /// Weights outside do not count.
    pub exclude: bool,
}

/// Reads the attributes.
pub fn fields(a: &Resize2d) -> Result<Fields> {
    ensure!(a.layout == "NCHW", NotImplemented, "layout '{}'; only NCHW is supported", a.layout);
    let scale = [a.scale_h, a.scale_w];
    ensure!(scale.iter().all(|s| s.is_finite() && *s >= 0.0), BadGraph, "factors {scale:?} must be positive");
    let method = match a.method.as_str() {
        "nearest_neighbor" => Method::Nearest,
        "linear" => Method::Linear,
        "cubic" => Method::Cubic,
        other => crate::fail!(BadGraph, "method is '{other}', none of nearest_neighbor, linear, cubic"),
    };
    let coordinates = match a.coordinate_transformation_mode.as_str() {
        "half_pixel" => Coordinates::HalfPixel,
        "half_pixel_symmetric" => Coordinates::HalfPixelSymmetric,
        "pytorch_half_pixel" => Coordinates::PytorchHalfPixel,
        "align_corners" => Coordinates::AlignCorners,
        "asymmetric" => Coordinates::Asymmetric,
        "tf_half_pixel_for_nn" => Coordinates::TfHalfPixelForNn,
        other => crate::fail!(NotImplemented, "coordinate_transformation_mode '{other}' is not supported"),
    };
    let rounding = match a.rounding_method.as_str() {
        "" if coordinates == Coordinates::AlignCorners => Rounding::Even,
        "" | "floor" => Rounding::Floor,
        "round" => Rounding::Even,
        "round_prefer_floor" => Rounding::PreferFloor,
        "round_prefer_ceil" => Rounding::PreferCeil,
        "ceil" => Rounding::Ceil,
        other => crate::fail!(BadGraph, "rounding_method is '{other}'"),
    };
    Ok(Fields { method, coordinates, rounding, scale, cubic: a.cubic_alpha, exclude: a.cubic_exclude })
}

fn infer(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    let a: &Resize2d = c.attrs.get();
    fields(a)?;
    ensure!(x[0].dtype.is_float(), WrongDType, "the operand is {}", x[0].dtype);
    ensure!(x[0].rank() == 4, BadGraph, "the operand needs rank 4");
    let size = match param_value(&a.size, x)? {
        Some(size) => size,
        None => (2..4).map(|i| data_dependent(c.node, i)).collect(),
    };
    ensure!(size.len() == 2, BadGraph, "size {} needs height and width", text(&size));
    let empty = (0..2).any(|i| x[0].shape[i + 2].interval().1 < 1 && size[i].interval().0 > 0);
    ensure!(!empty && size.iter().all(|d| d.interval().1 >= 0), BadGraph, "{} cannot become {}", text(&x[0].shape), text(&size));
    Ok(vec![Fact::new(x[0].dtype, [&x[0].shape[..2], size.as_slice()].concat())])
}

/// The place on an axis that element `at` of the result stands for.
fn place(f: &Fields, axis: usize, from: usize, to: usize, at: usize) -> f64 {
    let (from, to, at) = (from as f64, to as f64, at as f64);
    // Products first: a place that is an element, or half way between two, is so exactly.
    let scaled = |v: f64| if f.scale[axis] > 0.0 { v / f.scale[axis] } else { v * from / to };
    match f.coordinates {
        Coordinates::AlignCorners if to > 1.0 => at * (from - 1.0) / (to - 1.0),
        Coordinates::AlignCorners => 0.0,
        Coordinates::PytorchHalfPixel if to <= 1.0 => 0.0,
        Coordinates::HalfPixel | Coordinates::PytorchHalfPixel => scaled(at + 0.5) - 0.5,
        Coordinates::HalfPixelSymmetric => {
            let exact = if f.scale[axis] > 0.0 { f.scale[axis] * from } else { to };
            from / 2.0 * (1.0 - to / exact) + scaled(at + 0.5) - 0.5
        }
        Coordinates::Asymmetric => scaled(at),
        Coordinates::TfHalfPixelForNn => scaled(at + 0.5),
    }
}

/// Elements of an axis with their weights.
fn taps(f: &Fields, axis: usize, from: usize, to: usize, at: usize) -> Vec<(usize, f64)> {
    let p = place(f, axis, from, to, at);
    let inside = |i: f64| i >= 0.0 && i < from as f64;
    let index = |i: f64| i.clamp(0.0, from as f64 - 1.0) as usize;
    let (floor, t) = (p.floor(), p - p.floor());
    match f.method {
        Method::Nearest => {
            let i = match f.rounding {
                Rounding::Even => p.round_ties_even(),
                Rounding::PreferFloor => (p - 0.5).ceil(),
                Rounding::PreferCeil => (p + 0.5).floor(),
                Rounding::Floor => floor,
                Rounding::Ceil => p.ceil(),
            };
            vec![(index(i), 1.0)]
        }
        Method::Linear => vec![(index(floor), 1.0 - t), (index(floor + 1.0), t)],
        Method::Cubic => {
            let weight = |d: f64| {
                let (a, d) = (f.cubic, d.abs());
                if d <= 1.0 { (a + 2.0) * d.powi(3) - (a + 3.0) * d * d + 1.0 } else { a * (d.powi(3) - 5.0 * d * d + 8.0 * d - 4.0) }
            };
            let all: Vec<(f64, f64)> = (-1..3).map(|k| (floor + f64::from(k), weight(t - f64::from(k)))).collect();
            let counted: Vec<(f64, f64)> = all.into_iter().filter(|(i, _)| !f.exclude || inside(*i)).collect();
            let sum = if f.exclude { counted.iter().map(|(_, w)| w).sum() } else { 1.0 };
            counted.into_iter().map(|(i, w)| (index(i), w / sum)).collect()
        }
    }
}

fn eval(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let a: &Resize2d = c.attrs.get();
    let (f, size) = (fields(a)?, param_eval(&a.size, c, x)?);
    let (s, size) = (x[0].shape(), [size[0].max(0) as usize, size[1].max(0) as usize]);
    ensure!(s[2] * s[3] > 0 || size[0] * size[1] == 0, BadGraph, "the pictures are empty");
    let rows: Vec<_> = (0..size[0]).map(|i| taps(&f, 0, s[2], size[0], i)).collect();
    let columns: Vec<_> = (0..size[1]).map(|i| taps(&f, 1, s[3], size[1], i)).collect();
    let (v, mut y) = (x[0].to_f64s(), Vec::new());
    for plane in v.chunks((s[2] * s[3]).max(1)).take(s[0] * s[1]) {
        for row in &rows {
            for column in &columns {
                let along = |r: usize| column.iter().map(|(i, w)| plane[r * s[3] + i] * w).sum::<f64>();
                y.push(row.iter().map(|(r, w)| along(*r) * w).sum::<f64>());
            }
        }
    }
    Ok(vec![Tensor::from_f64s(x[0].dtype(), &[s[0], s[1], size[0], size[1]], &y)])
}

/// A factor per axis. TensorRT computes places from the ratio of the extents: refused where that is another.
fn layer_scales(f: &Fields, from: &[Dim], to: &[Dim]) -> Accepted<Vec<f32>> {
    let mut scales = vec![1.0, 1.0];
    for i in 0..2 {
        let (e, n) = (&from[i + 2], &to[i + 2]);
        let exact = match (e.as_const(), n.as_const()) {
            (Some(e), Some(n)) => f.scale[i] == 0.0 || f.coordinates == Coordinates::AlignCorners || f.scale[i] * e as f64 == n as f64,
            _ => f.scale[i].fract() == 0.0 && f.scale[i] > 0.0 && (e * &Dim::from(f.scale[i] as i64)).equals(n) == Answer::Always,
        };
        if !exact {
            let reason = format!("places are computed from a ratio of {}, not that of the extents {e} and {n}", f.scale[i]);
            return Err(Refusal::new("resize2d.ratio", reason, "fix the extents, or use a factor that makes them whole"));
        }
        scales.push(match (e.as_const(), n.as_const()) {
            (Some(e), Some(n)) => n as f32 / e as f32,
            _ => f.scale[i] as f32,
        });
    }
    Ok(scales)
}

fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId]) -> Accepted<Vec<TensorId>> {
    let refuse = |rule, reason: String, lift: &'static str| Err(Refusal::new(rule, reason, lift));
    let (a, from, to): (&Resize2d, _, _) = (v.attrs(), v.shape(0), &v.output(0).shape);
    let f = fields(a).map_err(|e| Refusal::new("resize2d.fields", e.message, ""))?;
    let (coordinates, mut single_is_first) = match f.coordinates {
        Coordinates::HalfPixel => (ResizeCoordinates::HalfPixel, false),
        Coordinates::PytorchHalfPixel => (ResizeCoordinates::HalfPixel, true),
        Coordinates::AlignCorners => (ResizeCoordinates::AlignCorners, true),
        Coordinates::Asymmetric => (ResizeCoordinates::Asymmetric, false),
        other => return refuse("resize2d.coordinates", format!("TensorRT has no coordinates {other:?}"), "use half_pixel"),
    };
    let rounding = match f.rounding {
        Rounding::PreferFloor => ResizeRound::HalfDown,
        Rounding::PreferCeil => ResizeRound::HalfUp,
        Rounding::Floor => ResizeRound::Floor,
        Rounding::Ceil => ResizeRound::Ceil,
        Rounding::Even if f.method != Method::Nearest => ResizeRound::Floor,
        Rounding::Even => {
            return refuse(
                "resize2d.rounding",
                "TensorRT does not round ties to even".into(),
                "use round_prefer_floor or round_prefer_ceil",
            );
        }
    };
    if a.size == Param::Input(1) && v.input(1).value.is_none() {
        return refuse("resize2d.dynamic-size", "the size depends on data".into(), "make it a constant");
    }
    let scales = layer_scales(&f, from, to)?;
    single_is_first &= to[2..].iter().all(|d| d.is(1)) || to[2..].iter().all(|d| d.interval().0 > 1);
    if matches!(f.coordinates, Coordinates::PytorchHalfPixel | Coordinates::AlignCorners) && !single_is_first {
        let reason = format!("whether extents of {} are 1 is not known, or not so for both", text(to));
        return refuse("resize2d.single", reason, "fix the extents");
    }
    let extents = to.iter().map(|d| d.as_const()).collect::<Option<Vec<i64>>>();
    let mode = match f.method {
        Method::Nearest => Interpolation::Nearest,
        Method::Linear => Interpolation::Linear,
        Method::Cubic => Interpolation::Cubic,
    };
    let to_layer = extents.map_or(ResizeTo::Scales(scales), ResizeTo::Extents);
    let cubic = f.cubic as f32;
    let layer = ResizeLayer { to: to_layer, mode, coordinates, rounding, single_is_first, cubic, exclude_outside: f.exclude };
    let y = b.add(LayerKind::Resize(layer), &x[..1])?;
    if b.dims(y).iter().zip(to).any(|(p, q)| p.equals(q) != Answer::Always) {
        let reason = format!("TensorRT's factors make {}, not {}", text(b.dims(y)), text(to));
        return refuse("resize2d.ratio", reason, "fix all extents");
    }
    Ok(vec![y])
}

pub static RESIZE2D: OpDef = OpDef {
    name: "image.resize2d",
    doc: "Pictures at another height and width.",
    arity: (1, 2),
    attrs: AttrsDef::of::<Resize2d>(),
    infer,
    eval,
    convert,
    lower,
    tolerance: Tolerance::SUM,
};
