//! Transposed convolutions: nn.conv1d_transpose, nn.conv2d_transpose, nn.conv3d_transpose. Data `[images, channels, spatial...]`,
//! weights `[channels, maps / groups, kernel...]`; each element of the data is spread over its window of the result.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::contract::Window;
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::LayerKind;
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::conv::{indices, network_window, window, with_unit_axis};
use crate::ops::conv_transpose_lower::lower;
use crate::ops::movement::strides;
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, text};
use crate::{attributes, ensure};

attributes! {
    /// Attributes of transposed convolutions; lists have one entry per spatial axis.
    pub struct ConvTranspose {
        /// Step of the window.
        pub strides: Vec<i64> = vec![],
        /// What is cut off the result in front of each spatial axis, then behind each.
        pub padding: Vec<i64> = vec![],
        /// What the result has more behind each spatial axis.
        pub output_padding: Vec<i64> = vec![],
        /// Distance between elements of the window.
        pub dilation: Vec<i64> = vec![],
        /// Groups of channels that are convolved apart.
        pub groups: i64 = 1,
    }
}

/// Most elements of weights that zeros are written into.
const MAX_WEIGHTS: i64 = 1 << 28;

/// The window, and what the result has more behind each axis.
pub fn transposed_window(a: &ConvTranspose, w: &[Dim]) -> Result<(Window, Vec<i64>)> {
    let kernel = w[2..].iter().map(|d| d.as_const()).collect::<Option<Vec<i64>>>();
    let Some(kernel) = kernel else { crate::fail!(BadGraph, "the kernel's extents {} are not fixed", text(w)) };
    let more = if a.output_padding.is_empty() { vec![0; kernel.len()] } else { a.output_padding.clone() };
    let fits = more.len() == kernel.len() && more.iter().all(|m| (0..=i64::from(i32::MAX)).contains(m));
    ensure!(fits, BadGraph, "output_padding {more:?} needs {} numbers from 0 on", kernel.len());
    Ok((window(kernel, &a.strides, &a.padding, &a.dilation)?, more))
}

/// Extent of the result on a spatial axis.
fn extent(w: &Window, more: &[i64], axis: usize, x: &Dim) -> Dim {
    let span = w.dilation[axis] * (w.kernel[axis] - 1) + 1;
    let steps = &(x - &Dim::from(1i64)) * &Dim::from(w.stride[axis]);
    let all = &steps + &Dim::from(span - w.pad_begin[axis] - w.pad_end[axis] + more[axis]);
    // Nothing is spread by an axis without elements.
    &all.max_with(&Dim::from(0i64)) * &x.min_with(&Dim::from(1i64))
}

fn infer(c: &InferCtx, x: &[&Fact], spatial: usize) -> Result<Vec<Fact>> {
    let (a, data, weights): (&ConvTranspose, _, _) = (c.attrs.get(), x[0], x[1]);
    ensure!(data.dtype == weights.dtype && data.dtype.is_float(), WrongDType, "data are {}, weights {}", data.dtype, weights.dtype);
    let ranks = data.rank() == spatial + 2 && weights.rank() == spatial + 2;
    ensure!(ranks, BadGraph, "data and weights need rank {}", spatial + 2);
    let (w, more) = transposed_window(a, &weights.shape)?;
    let channels = weights.shape[0].as_const();
    ensure!(
        a.groups >= 1 && channels.is_none_or(|c| c % a.groups == 0) && data.shape[1].equals(&weights.shape[0]) != Answer::Never,
        BadGraph,
        "data {} and weights {} do not fit in {} groups",
        text(&data.shape),
        text(&weights.shape),
        a.groups
    );
    let mut dims = vec![data.shape[0].clone(), &weights.shape[1] * &Dim::from(a.groups)];
    dims.extend((0..spatial).map(|i| extent(&w, &more, i, &data.shape[i + 2])));
    Ok(vec![Fact::new(data.dtype, dims)])
}

fn eval(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let (a, data, weights): (&ConvTranspose, _, _) = (c.attrs.get(), &x[0], &x[1]);
    let (w, more) = transposed_window(a, &shape::from_usizes(weights.shape()))?;
    let (extents, per_group) = (&data.shape()[2..], weights.shape()[1]);
    let (images, channels, groups) = (data.shape()[0], data.shape()[1], a.groups as usize);
    ensure!(channels == weights.shape()[0], BadGraph, "data {:?} do not fit weights {:?}", data.shape(), weights.shape());
    let out: Vec<usize> =
        (0..extents.len()).map(|i| extent(&w, &more, i, &Dim::from(extents[i])).as_const().unwrap_or(0) as usize).collect();
    let (own, kernel) = (strides(&out), w.kernel.iter().map(|k| *k as usize).collect::<Vec<_>>());
    let (plane, taps) = (out.iter().product::<usize>(), kernel.iter().product::<usize>());
    // Where in the result an element at `at` times the weight at `k` falls.
    let falls = |at: &[usize], k: &[usize]| -> Option<usize> {
        let mut flat = 0;
        for i in 0..at.len() {
            let to = at[i] as i64 * w.stride[i] + k[i] as i64 * w.dilation[i] - w.pad_begin[i];
            if !(0..out[i] as i64).contains(&to) {
                return None;
            }
            flat += to * own[i];
        }
        Some(flat as usize)
    };
    let (xs, ws, pixels) = (data.to_f64s(), weights.to_f64s(), extents.iter().product::<usize>());
    let mut y = vec![0.0; images * per_group * groups * plane];
    for (pixel, at) in indices(extents).enumerate() {
        for (tap, k) in indices(&kernel).enumerate() {
            let Some(to) = falls(&at, &k) else { continue };
            for (n, channel) in (0..images).flat_map(|n| (0..channels).map(move |c| (n, c))) {
                let v = xs[(n * channels + channel) * pixels + pixel];
                let first = n * per_group * groups + channel / (channels / groups) * per_group;
                for m in 0..per_group {
                    y[(first + m) * plane + to] += v * ws[(channel * per_group + m) * taps + tap];
                }
            }
        }
    }
    Ok(vec![Tensor::from_f64s(data.dtype(), &[&[images, per_group * groups], out.as_slice()].concat(), &y)])
}

fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId], spatial: usize) -> Accepted<Vec<TensorId>> {
    let a: &ConvTranspose = v.attrs();
    let fault = |e: crate::tensor::error::Error| Refusal::new("conv_transpose.window", e.message, "");
    let Some(weights) = v.constant(1) else {
        return Err(Refusal::new("conv_transpose.weights-not-constant", "the weights are computed", "make them constants"));
    };
    let (mut w, more) = transposed_window(a, v.shape(1)).map_err(fault)?;
    // TensorRT has no dilation together with steps: then the window is written out, with zeros in between.
    let spread = if w.stride.iter().any(|s| *s > 1) { std::mem::replace(&mut w.dilation, vec![1; spatial]) } else { vec![1; spatial] };
    for i in 0..spatial {
        w.kernel[i] = (w.kernel[i] - 1) * spread[i] + 1;
        // What the result has more is cut off less; beyond that there are zeros, as further weights of zero give them.
        let missing = (more[i] - w.pad_end[i]).max(0);
        let taps = (missing + w.dilation[i] - 1) / w.dilation[i];
        w.kernel[i] += taps;
        w.pad_end[i] += taps * w.dilation[i] - more[i];
    }
    let elements = w.kernel.iter().fold(v.shape(1)[0].interval().1.saturating_mul(v.shape(1)[1].interval().1), |n, k| n.saturating_mul(*k));
    if elements > MAX_WEIGHTS {
        let reason = format!("with zeros for dilation and output_padding the weights have {elements} elements");
        return Err(Refusal::new("conv_transpose.too-many-zeros", reason, "less dilation, or less output_padding"));
    }
    let mut weights = with_zeros(weights, &w.kernel, &spread);
    let (mut window, mut data) = (network_window(&w), x[0]);
    if spatial == 1 {
        window = with_unit_axis(window);
        weights = weights.reshaped(&[weights.shape(), &[1]].concat()).map_err(fault)?;
        data = b.reshape(data, &[v.shape(0), &[Dim::from(1i64)]].concat())?;
    }
    let maps = weights.shape()[1] as i64 * a.groups;
    let y = b.add(LayerKind::Deconvolution { maps, groups: a.groups, window, weights }, &[data])?;
    Ok(vec![if spatial == 1 { b.reshape(y, &v.output(0).shape)? } else { y }])
}

/// The weights `spread` apart on each spatial axis, and zeros elsewhere up to the extents of `kernel`.
fn with_zeros(weights: &Tensor, kernel: &[i64], spread: &[i64]) -> Tensor {
    let shape: Vec<usize> = weights.shape()[..2].iter().copied().chain(kernel.iter().map(|k| *k as usize)).collect();
    if weights.shape() == shape {
        return weights.clone();
    }
    let (own, v) = (strides(weights.shape()), weights.to_f64s());
    let element = |at: Vec<usize>| {
        let mut flat = 0;
        for (i, at) in at.iter().enumerate() {
            let step = if i < 2 { 1 } else { spread[i - 2] as usize };
            if at % step != 0 || at / step >= weights.shape()[i] {
                return 0.0;
            }
            flat += (at / step) as i64 * own[i];
        }
        v[flat as usize]
    };
    Tensor::from_f64s(weights.dtype(), &shape, &indices(&shape).map(element).collect::<Vec<_>>())
}

macro_rules! conv_transpose {
    ($name:ident = $relay:literal, $spatial:literal) => {
        pub static $name: OpDef = OpDef {
            name: $relay,
            doc: "Transposed convolution of data with weights, without bias.",
            arity: (2, 2),
            attrs: AttrsDef::of::<ConvTranspose>(),
            infer: |c, x| infer(c, x, $spatial),
            eval,
            convert: |v, b, x| convert(v, b, x, $spatial),
            lower,
            tolerance: Tolerance::SUM,
        };
    };
}

conv_transpose! { CONV1D_TRANSPOSE = "nn.conv1d_transpose", 1 }
conv_transpose! { CONV2D_TRANSPOSE = "nn.conv2d_transpose", 2 }
conv_transpose! { CONV3D_TRANSPOSE = "nn.conv3d_transpose", 3 }
