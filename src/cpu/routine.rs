//! Hand-written code for nodes that are no loops: found by the name that the operator's `lower` gives. Knows no operator but by its
//! attributes.

use crate::cpu::order;
use crate::ir::Node;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};

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
const ROUTINES: &[(&str, Routine)] = &[("cumprod", order::cumprod), ("cumsum", order::cumsum), ("topk", order::topk)];

/// The routine with this name.
pub fn find(name: &str) -> Result<Routine> {
    let found = ROUTINES.binary_search_by(|r| r.0.cmp(name)).ok().map(|i| ROUTINES[i].1);
    found.ok_or_else(|| Error::new(Code::Internal, format!("there is no routine '{name}'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routines_are_sorted() {
        assert!(ROUTINES.windows(2).all(|w| w[0].0 < w[1].0));
    }
}
