//! Convolution of one to three spatial dimensions as an implicit product: rows are output channels, columns output pixels, and the
//! windows of the image are packed straight into panels. Weights that never change are packed once; sizes of images are free.
//! A convolution with one input channel per group is better off in `depthwise`.
#![allow(unsafe_code)]

use crate::cpu::gemm::{Epilogue, Gemm, Lhs, Output, Rhs, gemm};
use crate::cpu::im2col::{self, Windows};
use crate::cpu::isa::Isa;
use crate::cpu::pack::{PackedA, Strided};
use crate::cpu::pool::Pool;
use crate::cpu::scratch::Scratch;

/// What a convolution or pooling does, whatever the size of its input. Spatial dimensions are (depth, height, width); the leading
/// ones of fewer dimensions are 1 with no padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvParams {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Groups of channels that do not see each other; divides both.
    pub groups: usize,
    /// Size of the window.
    pub kernel: [usize; 3],
    /// Distance between windows.
    pub stride: [usize; 3],
    /// Distance between elements of a window.
    pub dilation: [usize; 3],
    /// Zeros before the first element.
    pub pad_begin: [usize; 3],
    /// Zeros after the last element.
    pub pad_end: [usize; 3],
}

/// Spatial sizes of one to three dimensions as three.
pub fn spatial(sizes: &[usize], missing: usize) -> [usize; 3] {
    assert!((1..=3).contains(&sizes.len()), "one to three spatial dimensions, not {}", sizes.len());
    let mut all = [missing; 3];
    all[3 - sizes.len()..].copy_from_slice(sizes);
    all
}

impl ConvParams {
    /// Windows of size `kernel`, one to three sizes; stride and dilation 1, no padding.
    pub fn new(inputs: usize, outputs: usize, groups: usize, kernel: &[usize]) -> ConvParams {
        assert!(groups > 0 && inputs.is_multiple_of(groups) && outputs.is_multiple_of(groups), "groups must divide the channels");
        let kernel = spatial(kernel, 1);
        assert!(!kernel.contains(&0), "a window has no elements");
        ConvParams { inputs, outputs, groups, kernel, stride: [1; 3], dilation: [1; 3], pad_begin: [0; 3], pad_end: [0; 3] }
    }

    /// The same with these strides.
    pub fn stride(self, stride: &[usize]) -> ConvParams {
        let stride = spatial(stride, 1);
        assert!(!stride.contains(&0), "a stride is zero");
        ConvParams { stride, ..self }
    }

    /// The same with these dilations.
    pub fn dilation(self, dilation: &[usize]) -> ConvParams {
        let dilation = spatial(dilation, 1);
        assert!(!dilation.contains(&0), "a dilation is zero");
        ConvParams { dilation, ..self }
    }

    /// The same with this padding before and after.
    pub fn pad(self, begin: &[usize], end: &[usize]) -> ConvParams {
        ConvParams { pad_begin: spatial(begin, 0), pad_end: spatial(end, 0), ..self }
    }

    /// Size of the output for an input of this size: windows that fit wholly into the padded input.
    pub fn output(&self, size: [usize; 3]) -> [usize; 3] {
        std::array::from_fn(|d| {
            let (padded, window) = (size[d] + self.pad_begin[d] + self.pad_end[d], (self.kernel[d] - 1) * self.dilation[d] + 1);
            if padded < window { 0 } else { (padded - window) / self.stride[d] + 1 }
        })
    }

    /// Elements of a window over the channels of one group.
    pub fn depth(&self) -> usize {
        self.inputs / self.groups * self.kernel.iter().product::<usize>()
    }

    /// Each output pixel sees just the input pixel at its place.
    fn pointwise(&self) -> bool {
        self.kernel == [1; 3] && self.stride == [1; 3] && self.pad_begin == [0; 3] && self.pad_end == [0; 3]
    }
}

/// A batch of images: `count` times the channels of the convolution times `size`.
#[derive(Clone, Copy)]
pub struct Images<'a> {
    /// Their elements, densely, channel by channel.
    pub data: &'a [f32],
    /// How many.
    pub count: usize,
    /// (depth, height, width).
    pub size: [usize; 3],
}

/// A convolution with constant weights.
pub struct ConvPlan {
    isa: Isa,
    params: ConvParams,
    weights: Vec<PackedA>,
}

impl ConvPlan {
    /// Packs `weights`: output channels x input channels of a group x window.
    pub fn new(isa: Isa, params: ConvParams, weights: &[f32]) -> ConvPlan {
        let (rows, depth) = (params.outputs / params.groups, params.depth());
        assert_eq!(weights.len(), params.outputs * depth, "number of weights");
        let pack = |g: usize| PackedA::pack(isa, rows, depth, &weights[g * rows * depth..], depth, 1);
        ConvPlan { isa, params, weights: (0..params.groups).map(pack).collect() }
    }

    /// What it does.
    pub fn params(&self) -> &ConvParams {
        &self.params
    }

    /// Convolves `images` into `out`, dense. The epilogue gets (image, channel0, channel1, pixel0, pixel1) of the whole output.
    pub fn run(&self, pool: &Pool, scratch: &mut Scratch, images: Images, out: Output, epilogue: Option<Epilogue>) {
        run(self.isa, &self.params, Lhs::Packed(&self.weights), pool, scratch, images, out, epilogue);
    }
}

/// Convolves with weights that are known only now. As [`ConvPlan::run`] otherwise.
pub fn conv(
    isa: Isa,
    params: &ConvParams,
    weights: &[f32],
    pool: &Pool,
    scratch: &mut Scratch,
    images: Images,
    out: Output,
    epilogue: Option<Epilogue>,
) {
    let depth = params.depth();
    assert_eq!(weights.len(), params.outputs * depth, "number of weights");
    let batch = [0, params.outputs / params.groups * depth];
    let weights = Lhs::Strided(Strided { data: weights, row: depth, col: 1, batch: &batch });
    run(isa, params, weights, pool, scratch, images, out, epilogue);
}

fn run(
    isa: Isa,
    params: &ConvParams,
    weights: Lhs,
    pool: &Pool,
    scratch: &mut Scratch,
    images: Images,
    out: Output,
    epilogue: Option<Epilogue>,
) {
    let (plane, to) = (images.size.iter().product::<usize>(), params.output(images.size));
    assert_eq!(images.data.len(), images.count * params.inputs * plane, "number of input elements");
    let (m, n, k) = (params.outputs / params.groups, to.iter().product(), params.depth());
    out.plain(images.count * params.outputs * n);
    let batch = [images.count, params.groups];
    let outer = [params.inputs * plane, params.inputs / params.groups * plane];
    let windows = Windows { isa, params, images, out: to };
    let b = match params.pointwise() {
        true => Rhs::Strided(Strided { data: images.data, row: plane, col: 1, batch: &outer }),
        false => {
            // This thread may get its first panel in a later run.
            im2col::reserve();
            Rhs::Source(&windows)
        }
    };
    let translated = |element: usize, r0: usize, r1: usize, c0: usize, c1: usize| {
        if let Some(epilogue) = epilogue {
            let first = element % params.groups * m;
            epilogue(element / params.groups, first + r0, first + r1, c0, c1);
        }
    };
    let hook: Option<Epilogue> = if epilogue.is_some() { Some(&translated) } else { None };
    gemm(isa, pool, scratch, &Gemm { m, n, k, batch: &batch, a: weights, b, epilogue: hook }, out);
}
