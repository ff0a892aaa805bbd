//! Hand-written code for nodes that are no loops: found by the name that the operator's `lower` gives. Knows no operator but by its
//! attributes.

use crate::cpu::{order, scatter, select};
use crate::ir::Node;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;

/// An operand: dense, row-major.
#[derive(Debug, Clone, Copy)]
pub struct Read<'a> {
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub shape: &'a [usize],
    /// The elements.
    pub bytes: &'a [u8],
}

/// One call of a routine.
#[derive(Debug)]
pub struct Call<'a> {
    /// The node.
    pub node: &'a Node,
    /// Its operands.
    pub inputs: Vec<Read<'a>>,
    /// The elements of its results, dense, row-major; what they hold before is not defined.
    pub outputs: Vec<&'a mut [u8]>,
}

/// Computes the results of a node.
pub type Routine = fn(&mut Call) -> Result<()>;

/// Every routine, sorted by name.
const ROUTINES: &[(&str, Routine)] = &[
    ("cumprod", order::cumprod),
    ("cumsum", order::cumsum),
    ("scatter_elements", scatter::elements),
    ("scatter_nd", scatter::nd),
    ("topk", order::topk),
];

/// Computes the results of a node whose extents depend on data.
pub type Maker = fn(&Node, &[Tensor]) -> Result<Vec<Tensor>>;

/// Every routine that makes tensors of its own, sorted by name.
const MAKERS: &[(&str, Maker)] =
    &[("argwhere", select::argwhere), ("non_max_suppression", select::non_max_suppression), ("topk", order::topk_of_computed_k)];

/// The routine with this name that makes tensors of its own.
pub fn maker(name: &str) -> Result<Maker> {
    let found = MAKERS.binary_search_by(|r| r.0.cmp(name)).ok().map(|i| MAKERS[i].1);
    found.ok_or_else(|| Error::new(Code::Internal, format!("there is no routine '{name}' for results of unknown extents")))
}

/// The routine with this name.
pub fn find(name: &str) -> Result<Routine> {
    let found = ROUTINES.binary_search_by(|r| r.0.cmp(name)).ok().map(|i| ROUTINES[i].1);
    found.ok_or_else(|| Error::new(Code::Internal, format!("there is no routine '{name}'")))
}

impl Read<'_> {
    /// Integer elements as `i64`.
    pub fn ints(&self) -> Vec<i64> {
        match self.dtype {
            DType::I64 => self.bytes.chunks_exact(8).map(|c| i64::from_le_bytes(c.try_into().unwrap_or_default())).collect(),
            _ => self.bytes.chunks_exact(4).map(|c| i64::from(i32::from_le_bytes(c.try_into().unwrap_or_default()))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routines_are_sorted() {
        assert!(ROUTINES.windows(2).all(|w| w[0].0 < w[1].0));
        assert!(MAKERS.windows(2).all(|w| w[0].0 < w[1].0));
    }
}
