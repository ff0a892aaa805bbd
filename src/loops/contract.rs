//! Contractions: stages whose inner loops are tuned code. Only what they compute is said here, not how.
//!
//! The result of a contraction is a dense buffer seen as `[batch..., rows, columns]`: a product's batches, rows and columns; a
//! convolution's or pooling's images, channels and pixels (all spatial axes as one). Its epilogue's indices are those. An attention's result
//! may lie in another order, and its epilogue works on scores.
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
    /// A product of values with the softmax of another product.
    Attention(Attention),
}

impl ContractKind {
    /// The buffers that are contracted.
    pub fn operands(&self) -> Vec<BufferId> {
        match self {
            ContractKind::MatMul { a, b, .. } => vec![a.buffer, b.buffer],
            ContractKind::Conv { x, w, .. } => vec![*x, *w],
            ContractKind::Pool { x, .. } => vec![*x],
            ContractKind::Attention(a) => vec![a.queries.buffer, a.keys.buffer, a.values.buffer],
        }
    }

    /// Whether an operand or result of this rank lies in blocks of channels.
    pub fn in_blocks(&self, rank: usize) -> bool {
        match self {
            ContractKind::MatMul { .. } | ContractKind::Attention(_) => false,
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
            ContractKind::MatMul { batch, m, n, .. } => [batch.as_slice(), &[m.clone(), n.clone()]].concat(),
            ContractKind::Attention(a) => [a.batch.as_slice(), &a.scores].concat(),
            _ => self.index_axes(out.len()).into_iter().map(|axes| shape::element_count(&out[axes])).collect(),
        }
    }

    /// The same of other buffers.
    pub fn with_buffers(&self, buffer: &dyn Fn(BufferId) -> BufferId) -> ContractKind {
        let access = |a: &Access| Access { buffer: buffer(a.buffer), ..a.clone() };
        let mut kind = self.clone();
        match &mut kind {
            ContractKind::MatMul { a, b, .. } => (*a, *b) = (access(a), access(b)),
            ContractKind::Conv { x, w, .. } => (*x, *w) = (buffer(*x), buffer(*w)),
            ContractKind::Pool { x, .. } => *x = buffer(*x),
            ContractKind::Attention(a) => {
                (a.queries, a.keys, a.values) = (access(&a.queries), access(&a.keys), access(&a.values));
            }
        }
        kind
    }
}

/// `out[b, i, c] = sum over j of p[b, i, j] * values[b, j, c]`, where row `i` of `p` is the softmax of row `i` of the scores: the epilogue of
/// `sum over l of queries[b, i, l] * keys[b, j, l]`, whose indices are `[batch..., i, j]`. Without keys it is 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    /// Strides of the batch, then of rows, then of the depth.
    pub queries: Access,
    /// Strides of the batch, then of keys, then of the depth.
    pub keys: Access,
    /// Strides of the batch, then of keys, then of columns.
    pub values: Access,
    /// Strides of the result: of the batch, then of rows, then of columns. It is filled, each place once.
    pub out: Vec<Dim>,
    /// Batch extents, outermost first.
    pub batch: Vec<Dim>,
    /// Rows and keys.
    pub scores: [Dim; 2],
    /// Elements of a query and of a key.
    pub depth: Dim,
    /// Elements of a value.
    pub columns: Dim,
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
    /// Elementwise work on each finished element ([`crate::loops::Op::Acc`]), indices as [`ContractKind::index`] says; of an attention, on
    /// each score.
    pub epilogue: Option<Body>,
}
