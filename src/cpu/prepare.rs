//! Contractions made ready before any run: which tuned code computes each, and its constant operands packed.

use crate::cpu::attend::Scores;
use crate::cpu::blocks::BlockConv;
use crate::cpu::channelwise::ChannelWeights;
use crate::cpu::conv::{ConvParams, ConvPlan};
use crate::cpu::depthwise;
use crate::cpu::isa::Isa;
use crate::cpu::pack::{PackedA, PackedB};
use crate::cpu::pool2d::{Count, PoolParams, Pooling};
use crate::cpu::winograd::{self, Winograd};
use crate::loops::contract::{Contract, ContractKind, Window};
use crate::loops::{Access, BufferId, Kernel};
use crate::tensor::dim::Dim;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;

/// A contraction with everything that does not change from run to run.
pub enum Prepared {
    /// Convolution with packed weights.
    Conv(ConvPlan),
    /// Convolution by windows of 3x3 after Winograd.
    Winograd(Winograd),
    /// Convolution into blocks of channels.
    Blocks(BlockConv),
    /// Convolution channel by channel in blocks of channels.
    Channelwise(ConvParams, ChannelWeights),
    /// Convolution channel by channel, or with weights that are computed.
    ConvWith(ConvParams, bool),
    /// Product; a packed operand serves every batch element.
    MatMul(Option<PackedA>, Option<PackedB>),
    /// Pooling.
    Pool(PoolParams, Pooling),
    /// Attention; what scores are multiplied by and what is added, where there is nothing else to their epilogue.
    Attention(Option<Scores>),
}

impl Prepared {
    /// The operands that a run reads from their buffers; the others are here, packed.
    pub fn reads(&self, c: &Contract) -> Vec<BufferId> {
        let packed = match self {
            Prepared::Conv(_) | Prepared::Winograd(_) | Prepared::Blocks(_) | Prepared::Channelwise(..) => [false, true],
            Prepared::MatMul(left, right) => [left.is_some(), right.is_some()],
            Prepared::ConvWith(..) | Prepared::Pool(..) | Prepared::Attention(_) => [false; 2],
        };
        let operands = c.kind.operands().into_iter().enumerate();
        operands.filter(|(i, _)| packed.get(*i) != Some(&true)).map(|(_, buffer)| buffer).collect()
    }
}

/// Prepares a contraction; `constant` gives the tensor behind a buffer that is one.
pub fn prepare(isa: Isa, kernel: &Kernel, c: &Contract, constant: &dyn Fn(BufferId) -> Option<Tensor>) -> Result<Prepared> {
    match &c.kind {
        ContractKind::Attention(_) => Ok(Prepared::Attention(Scores::of(kernel, c))),
        ContractKind::Conv { x, w, groups, window } => {
            let params = conv_params(kernel, *w, *groups, window)?;
            let rank = kernel.buffer(*x).shape.len();
            if c.kind.in_blocks(kernel.buffer(c.out).shape.len()) {
                return in_blocks(isa, params, !c.kind.in_blocks(rank), constant(*w));
            }
            let channelwise = depthwise::fits(&params) && rank <= 4;
            let planes = rank == 4 && winograd::fits(&params) && winograd::pays(&params, plane(&kernel.buffer(c.out).shape));
            match constant(*w) {
                Some(weights) if planes => Ok(Prepared::Winograd(Winograd::new(isa, params, &weights.values::<f32>()))),
                Some(weights) if !channelwise => Ok(Prepared::Conv(ConvPlan::new(isa, params, &weights.values::<f32>()))),
                _ => Ok(Prepared::ConvWith(params, channelwise)),
            }
        }
        ContractKind::MatMul { a, b, batch, .. } => {
            let alone = |x: &Access| x.offset.is(0) && x.strides[..batch.len()].iter().all(|s| s.is(0));
            let matrix = |x: &Access| constant(x.buffer).filter(|t| alone(x) && !t.is_empty());
            let fixed = |d: &Dim| usize::try_from(d.as_const()?).ok();
            let sizes = |x: &Access| Some((fixed(&x.strides[batch.len()])?, fixed(&x.strides[batch.len() + 1])?));
            let ContractKind::MatMul { m, n, k, .. } = &c.kind else { unreachable!("matched above") };
            let left = matrix(a).and_then(|t| {
                let ((row, col), m, k) = (sizes(a)?, fixed(m)?, fixed(k)?);
                Some(PackedA::pack_bytes(isa, m, k, &t.read(), row, col))
            });
            let right = matrix(b).and_then(|t| {
                let ((row, col), k, n) = (sizes(b)?, fixed(k)?, fixed(n)?);
                Some(PackedB::pack_bytes(isa, k, n, &t.read(), row, col))
            });
            Ok(Prepared::MatMul(left, right))
        }
        ContractKind::Pool { max, count_padding, window, .. } => {
            let count = if *count_padding { Count::Padded } else { Count::Image };
            let pooling = if *max { Pooling::Max } else { Pooling::Average(count) };
            let pair = |v: &[i64], missing: usize| two(&sizes(v), missing);
            let params = PoolParams {
                kernel: pair(&window.kernel, 1)?,
                stride: pair(&window.stride, 1)?,
                dilation: pair(&window.dilation, 1)?,
                pad_begin: pair(&window.pad_begin, 0)?,
                pad_end: pair(&window.pad_end, 0)?,
            };
            Ok(Prepared::Pool(params, pooling))
        }
    }
}

/// A convolution into blocks of channels, of data in planes or blocks.
fn in_blocks(isa: Isa, params: ConvParams, planes: bool, weights: Option<Tensor>) -> Result<Prepared> {
    let weights = weights.ok_or_else(|| Error::new(Code::Internal, "weights of a convolution into blocks are no constant"))?;
    let weights = weights.values::<f32>();
    Ok(match params.groups {
        1 => Prepared::Blocks(BlockConv::new(isa, params, planes, &weights)),
        _ => Prepared::Channelwise(params, ChannelWeights::new(&params, &weights)),
    })
}

/// Height and width of images, where they are known.
fn plane(shape: &[Dim]) -> Option<[usize; 2]> {
    let fixed = |d: &Dim| usize::try_from(d.as_const()?).ok();
    Some([fixed(&shape[2])?, fixed(&shape[3])?])
}

fn sizes(v: &[i64]) -> Vec<usize> {
    v.iter().map(|d| usize::try_from(*d).unwrap_or(0)).collect()
}

fn two(v: &[usize], missing: usize) -> Result<[usize; 2]> {
    match v {
        [w] => Ok([missing, *w]),
        [h, w] => Ok([*h, *w]),
        _ => Err(Error::new(Code::NotImplemented, format!("pooling over {} axes", v.len()))),
    }
}

fn conv_params(kernel: &Kernel, w: BufferId, groups: i64, window: &Window) -> Result<ConvParams> {
    let channels = |b: BufferId, axis: usize| {
        let extent = &kernel.buffer(b).shape[axis];
        let fixed = extent.as_const().and_then(|v| usize::try_from(v).ok());
        fixed.ok_or_else(|| Error::new(Code::NotImplemented, format!("a convolution of {extent} channels, which is not fixed")))
    };
    // The weights' channels are fixed where the data's may be an expression.
    let inputs = channels(w, 1)? * groups as usize;
    let params = ConvParams::new(inputs, channels(w, 0)?, groups as usize, &sizes(&window.kernel))
        .stride(&sizes(&window.stride))
        .dilation(&sizes(&window.dilation))
        .pad(&sizes(&window.pad_begin), &sizes(&window.pad_end));
    Ok(params)
}
