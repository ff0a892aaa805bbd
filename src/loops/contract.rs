//! Contractions: stages whose inner loops are tuned code. Only what they compute is said here, not how.
//!
//! The result of a contraction is a dense buffer seen as `[batch..., rows, columns]`: a product's batches, rows and columns; a
//! convolution's or pooling's images, channels and pixels (all spatial axes as one). Its epilogue's indices are those.
//!
//! Images of a convolution or pooling lie in planes, `[images, channels, spatial...]`, or in blocks of channels,
//! `[images, blocks, spatial..., BLOCK]`, which the rank says; then the epilogue's indices are image, block, pixel and channel of the
//! block. What the last block holds beyond the channels is no one's: nothing depends on it.

use crate::loops::{Access, Body, BufferId};
use crate::tensor::dim::Dim;
use crate::tensor::shape;
use std::ops::Range;

/// Channels of a block: the floats of a cache line.
pub const BLOCK: usize = 16;

/// What is contracted.
#[derive(Debug, Clone, PartialEq)]
pub enum ContractKind {
    /// `out[b, i, j] = sum over k of a[b, i, k] * b[b, k, j]`. Strides of `a` are those of `batch`, then row, then k; of `b` those of
    /// `batch`, then k, then column. A batch stride of 0 broadcasts.
    MatMul {
        /// Left operand.
        a: Access,
        /// Right operand.
        b: Access,
        /// Batch extents, outermost first.
        batch: Vec<Dim>,
        /// Rows of the result.
        m: Dim,
        /// Columns of the result.
        n: Dim,
        /// Inner extent.
        k: Dim,
    },
    /// Convolution of a dense `[images, channels, spatial...]` with a dense `[maps, channels / groups, kernel...]`, without bias.
    /// Where the result is in blocks, there is one group or a group for each channel and map, and the data may still be in planes.
    Conv {
        /// Data.
        x: BufferId,
        /// Weights.
        w: BufferId,
        /// Groups of channels.
        groups: i64,
        /// The window; its kernel extents are those of `w`.
        window: Window,
    },
    /// Pooling of a dense `[images, channels, spatial...]`; data and result are both in planes or both in blocks.
    Pool {
        /// Data.
        x: BufferId,
        /// Maximum, else average.
        max: bool,
        /// Averages count padding; what of a window lies behind the padding is never counted.
        count_padding: bool,
        /// The window.
        window: Window,
    },
}

impl ContractKind {
    /// The buffers that are contracted; a pooling's only one twice.
    pub fn operands(&self) -> [BufferId; 2] {
        match self {
            ContractKind::MatMul { a, b, .. } => [a.buffer, b.buffer],
            ContractKind::Conv { x, w, .. } => [*x, *w],
            ContractKind::Pool { x, .. } => [*x, *x],
        }
    }

    /// Whether an operand or result of this rank lies in blocks of channels.
    pub fn in_blocks(&self, rank: usize) -> bool {
        match self {
            ContractKind::MatMul { .. } => false,
            ContractKind::Conv { window, .. } | ContractKind::Pool { window, .. } => rank == window.kernel.len() + 3,
        }
    }

    /// Which axes of the result, of this rank, each of the epilogue's indices walks.
    pub fn index_axes(&self, rank: usize) -> Vec<Range<usize>> {
        match self {
            ContractKind::MatMul { batch, .. } if batch.is_empty() => vec![0..rank - 1, rank - 1..rank],
            ContractKind::MatMul { .. } => (0..rank).map(|i| i..i + 1).collect(),
            _ if self.in_blocks(rank) => vec![0..1, 1..2, 2..rank - 1, rank - 1..rank],
            _ => vec![0..1, 1..2, 2..rank],
        }
    }

    /// Extents of the epilogue's index, given the shape of the result.
    pub fn index(&self, out: &[Dim]) -> Vec<Dim> {
        match self {
            ContractKind::MatMul { batch, m, n, .. } => batch.iter().chain([m, n]).cloned().collect(),
            _ => self.index_axes(out.len()).into_iter().map(|axes| shape::element_count(&out[axes])).collect(),
        }
    }
}

/// A window over 1 to 3 spatial axes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Extent per axis.
    pub kernel: Vec<i64>,
    /// Step per axis.
    pub stride: Vec<i64>,
    /// Distance between elements per axis.
    pub dilation: Vec<i64>,
    /// Padding in front of each axis.
    pub pad_begin: Vec<i64>,
    /// Padding behind each axis.
    pub pad_end: Vec<i64>,
}

/// A contraction with its epilogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    /// What is contracted.
    pub kind: ContractKind,
    /// The result: dense, and not an operand.
    pub out: BufferId,
    /// Elementwise work on each finished element ([`crate::loops::Op::Acc`]), indices as [`ContractKind::index`] says.
    pub epilogue: Option<Body>,
}
