//! Convolutions: nn.conv1d, nn.conv2d, nn.conv3d. Data `[images, channels, spatial...]`, weights `[maps, channels / groups, kernel...]`.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::contract::{self, Contract, ContractKind};
use crate::loops::{Kernel, Role, Stage};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{self, LayerKind};
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::movement::strides;
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of convolutions; lists have one entry per spatial axis.
    pub struct Conv {
        /// Step of the window.
        pub strides: Vec<i64> = vec![],
        /// Zeros in front of each spatial axis, then behind each.
        pub padding: Vec<i64> = vec![],
        /// Distance between elements of the window.
        pub dilation: Vec<i64> = vec![],
        /// Groups of channels that are convolved apart.
        pub groups: i64 = 1,
    }
}

/// A window over the spatial axes, with defaults filled in. `padding` is empty, one entry per axis, or two.
pub fn window(kernel: Vec<i64>, strides: &[i64], padding: &[i64], dilation: &[i64]) -> Result<contract::Window> {
    let n = kernel.len();
    let filled = |list: &[i64], default: i64| if list.is_empty() { vec![default; n] } else { list.to_vec() };
    let (stride, dilation) = (filled(strides, 1), filled(dilation, 1));
    let padding = if padding.len() == n {
        [padding, padding].concat()
    } else if padding.is_empty() {
        vec![0; 2 * n]
    } else {
        padding.to_vec()
    };
    let fits = stride.len() == n && dilation.len() == n && padding.len() == 2 * n;
    ensure!(fits, BadGraph, "strides {strides:?}, padding {padding:?} or dilation {dilation:?} do not fit {n} spatial axes");
    let positive = |list: &[i64]| list.iter().all(|v| (1..=i32::MAX as i64).contains(v));
    ensure!(
        positive(&kernel) && positive(&stride) && positive(&dilation),
        BadGraph,
        "kernel {kernel:?}, strides {stride:?} and dilation {dilation:?} must be positive"
    );
    ensure!(padding.iter().all(|p| (0..=i32::MAX as i64).contains(p)), BadGraph, "padding {padding:?} must not be negative");
    Ok(contract::Window { kernel, stride, dilation, pad_begin: padding[..n].to_vec(), pad_end: padding[n..].to_vec() })
}

/// How many places the window has on a spatial axis.
pub fn places(w: &contract::Window, axis: usize, extent: &Dim, round_up: bool) -> Dim {
    let span = w.dilation[axis] * (w.kernel[axis] - 1) + 1;
    let room = extent + &Dim::from(w.pad_begin[axis] + w.pad_end[axis] - span);
    let (by, one) = (Dim::from(w.stride[axis]), Dim::from(1i64));
    if !round_up {
        return (&room.floor_div(&by) + &one).max_with(&Dim::from(0i64));
    }
    // The last window must begin inside the data or the padding in front of it.
    let begins = (extent + &Dim::from(w.pad_begin[axis])).ceil_div(&by);
    (&room.ceil_div(&by) + &one).min_with(&begins).max_with(&Dim::from(0i64))
}

fn conv_window(a: &Conv, w: &[Dim]) -> Result<contract::Window> {
    let kernel = w[2..].iter().map(|d| d.as_const()).collect::<Option<Vec<i64>>>();
    let Some(kernel) = kernel else { crate::fail!(BadGraph, "the kernel's extents {} are not fixed", shape::text(w)) };
    window(kernel, &a.strides, &a.padding, &a.dilation)
}

fn infer(c: &InferCtx, x: &[&Fact], spatial: usize) -> Result<Vec<Fact>> {
    let (a, data, weights): (&Conv, _, _) = (c.attrs.get(), x[0], x[1]);
    ensure!(data.dtype == weights.dtype && data.dtype.is_float(), WrongDType, "data are {}, weights {}", data.dtype, weights.dtype);
    let ranks = data.rank() == spatial + 2 && weights.rank() == spatial + 2;
    ensure!(ranks, BadGraph, "data and weights need rank {}", spatial + 2);
    let w = conv_window(a, &weights.shape)?;
    let maps = &weights.shape[0];
    ensure!(
        a.groups >= 1 && maps.as_const().is_none_or(|m| m % a.groups == 0),
        BadGraph,
        "{maps} maps do not split into {} groups",
        a.groups
    );
    let channels = &weights.shape[1] * &Dim::from(a.groups);
    ensure!(
        data.shape[1].equals(&channels) != Answer::Never,
        BadGraph,
        "{} channels do not match weights {}",
        data.shape[1],
        shape::text(&weights.shape)
    );
    let mut dims = vec![data.shape[0].clone(), maps.clone()];
    dims.extend((0..spatial).map(|i| places(&w, i, &data.shape[i + 2], false)));
    Ok(vec![Fact::new(data.dtype, dims)])
}

/// Calls `f(flat spatial index of the data, flat index in the kernel)` for each element of the window at place `at` that is no padding.
pub fn for_window(w: &contract::Window, extents: &[usize], at: &[usize], f: &mut dyn FnMut(usize, usize)) {
    let own = strides(extents);
    let count: i64 = w.kernel.iter().product();
    'next: for flat in 0..count {
        let (mut rest, mut offset) = (flat, 0);
        for i in (0..extents.len()).rev() {
            let k = rest % w.kernel[i];
            rest /= w.kernel[i];
            let p = at[i] as i64 * w.stride[i] + k * w.dilation[i] - w.pad_begin[i];
            if !(0..extents[i] as i64).contains(&p) {
                continue 'next;
            }
            offset += p * own[i];
        }
        f(offset as usize, flat as usize);
    }
}

/// Every index of a shape, in row-major order.
pub fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    (0..shape.iter().product::<usize>()).map(|mut flat| {
        let mut at = vec![0; shape.len()];
        for i in (0..shape.len()).rev() {
            at[i] = flat % shape[i];
            flat /= shape[i];
        }
        at
    })
}

fn eval(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let (a, data, weights): (&Conv, _, _) = (c.attrs.get(), &x[0], &x[1]);
    let w = conv_window(a, &shape::from_usizes(weights.shape()))?;
    let (extents, dims) = (&data.shape()[2..], shape::from_usizes(data.shape()));
    let out: Vec<usize> = (0..extents.len()).map(|i| places(&w, i, &dims[i + 2], false).as_const().unwrap_or(0) as usize).collect();
    let (images, maps, depth) = (data.shape()[0], weights.shape()[0], weights.shape()[1]);
    ensure!(
        data.shape()[1] == depth * a.groups as usize,
        BadGraph,
        "data of shape {:?} do not fit weights {:?}",
        data.shape(),
        weights.shape()
    );
    let (plane, taps) = (extents.iter().product::<usize>(), w.kernel.iter().product::<i64>() as usize);
    let (xs, ws) = (data.to_f64s(), weights.to_f64s());
    // Which elements a window meets is the same for all channels.
    let meets: Vec<Vec<(usize, usize)>> = indices(&out)
        .map(|at| {
            let mut list = Vec::new();
            for_window(&w, extents, &at, &mut |p, k| list.push((p, k)));
            list
        })
        .collect();
    let mut y = Vec::with_capacity(images * maps * meets.len());
    for n in 0..images {
        for m in 0..maps {
            let first = m / (maps / a.groups as usize) * depth;
            for list in &meets {
                let mut sum = 0.0;
                for channel in 0..depth {
                    let (xb, wb) = ((n * depth * a.groups as usize + first + channel) * plane, (m * depth + channel) * taps);
                    sum += list.iter().map(|(p, k)| xs[xb + p] * ws[wb + k]).sum::<f64>();
                }
                y.push(sum);
            }
        }
    }
    Ok(vec![Tensor::from_f64s(data.dtype(), &[&[images, maps], out.as_slice()].concat(), &y)])
}

fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId], spatial: usize) -> Accepted<Vec<TensorId>> {
    let a: &Conv = v.attrs();
    let Some(weights) = v.constant(1) else {
        if spatial > 1 && is_dequantised(v, 1) {
            let window = conv_window(a, v.shape(1)).map_err(|e| Refusal::new("conv.window", e.message, ""))?;
            let maps = v.output(0).shape[1].as_const().unwrap_or(0);
            let layer = LayerKind::KernelConvolution { maps, groups: a.groups, window: network_window(&window) };
            return Ok(vec![b.add(layer, x)?]);
        }
        return Err(Refusal::new("conv.weights-not-constant", "the weights are computed", "make them constants"));
    };
    let w = conv_window(a, v.shape(1)).map_err(|e| Refusal::new("conv.window", e.message, ""))?;
    let mut window = network_window(&w);
    let (mut weights, mut data) = (weights.clone(), x[0]);
    if spatial == 1 {
        window = with_unit_axis(window);
        weights = weights.reshaped(&[weights.shape(), &[1]].concat()).map_err(|e| Refusal::new("conv.window", e.message, ""))?;
        data = b.reshape(data, &[v.shape(0), &[Dim::from(1i64)]].concat())?;
    }
    let maps = weights.shape()[0] as i64;
    let y = b.add(LayerKind::Convolution { maps, groups: a.groups, window, weights, bias: None }, &[data])?;
    Ok(vec![if spatial == 1 { b.reshape(y, &v.output(0).shape)? } else { y }])
}

/// True where an operand is a constant of integers with scales: the one computed operand that TensorRT takes as weights.
fn is_dequantised(v: &NodeView, operand: usize) -> bool {
    let producer = v.graph.producer(v.node().inputs[operand]).map(|n| v.graph.node(n));
    producer.is_some_and(|n| n.op.name == "qnn.dequantize" && v.graph.constant(n.inputs[0]).is_some())
}

/// TensorRT's windows have two axes at least: with a further one of extent 1.
pub fn with_unit_axis(mut window: layer::Window) -> layer::Window {
    for list in [&mut window.kernel, &mut window.stride, &mut window.dilation] {
        list.push(1);
    }
    for list in [&mut window.pre_padding, &mut window.post_padding] {
        list.push(0);
    }
    window
}

/// The same window with TensorRT's field names.
pub fn network_window(w: &contract::Window) -> layer::Window {
    layer::Window {
        kernel: w.kernel.clone(),
        stride: w.stride.clone(),
        pre_padding: w.pad_begin.clone(),
        post_padding: w.pad_end.clone(),
        dilation: w.dilation.clone(),
    }
}

fn lower(v: &NodeView) -> Result<Lowering> {
    let a: &Conv = v.attrs();
    let mut k = Kernel::new(v.name());
    let x = k.add(Role::Input, v.dtype(0), v.shape(0));
    let w = k.add(Role::Input, v.dtype(1), v.shape(1));
    let out = k.add(Role::Output, v.output(0).dtype, &v.output(0).shape);
    let kind = ContractKind::Conv { x, w, groups: a.groups, window: conv_window(a, v.shape(1))? };
    k.stages.push(Stage::Contract(Contract { kind, out, epilogue: None }));
    Ok(Lowering::Kernel(k))
}

macro_rules! conv {
    ($name:ident = $relay:literal, $spatial:literal) => {
        pub static $name: OpDef = OpDef {
            name: $relay,
            doc: "Convolution (cross-correlation) of data with weights, without bias.",
            arity: (2, 2),
            attrs: AttrsDef::of::<Conv>(),
            infer: |c, x| infer(c, x, $spatial),
            eval,
            convert: |v, b, x| convert(v, b, x, $spatial),
            lower,
            tolerance: Tolerance::SUM,
        };
    };
}

conv! { CONV1D = "nn.conv1d", 1 }
conv! { CONV2D = "nn.conv2d", 2 }
conv! { CONV3D = "nn.conv3d", 3 }
