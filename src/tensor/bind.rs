//! Values of symbols from the shapes of given tensors. Knows shapes and names, no graphs.

use crate::fail;
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::error::Result;
use crate::tensor::shape::text;

/// The shape that is expected of a named tensor, and the one that it has.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The tensor's name, for messages.
    pub name: &'a str,
    /// What is expected.
    pub expected: &'a [Dim],
    /// What it is.
    pub shape: &'a [usize],
}

/// Binds each symbol that is an extent by itself to that extent, then holds every other extent against the values found.
/// Two extents of one symbol must agree, and lie in the symbol's bounds.
pub fn bind(given: &[Given]) -> Result<Bindings> {
    let mut bindings = Bindings::new();
    for g in given {
        if g.expected.len() != g.shape.len() {
            fail!(WrongShape, "'{}' has shape {:?} of rank {}; {} is expected", g.name, g.shape, g.shape.len(), text(g.expected));
        }
        for (dim, extent) in g.expected.iter().zip(g.shape) {
            let Some(symbol) = dim.as_symbol() else { continue };
            let extent = i64::try_from(*extent).unwrap_or(i64::MAX);
            if !(symbol.min..=symbol.max).contains(&extent) {
                let bounds = format!("{} to {}", symbol.min, symbol.max);
                fail!(WrongShape, "'{}' has shape {:?}: {dim} is {extent}, outside its bounds {bounds}", g.name, g.shape);
            }
            let known = *bindings.entry(symbol.name.clone()).or_insert(extent);
            if known != extent {
                fail!(WrongShape, "'{}' has shape {:?}: {dim} is {extent} here and {known} elsewhere", g.name, g.shape);
            }
        }
    }
    for g in given {
        for (axis, (dim, extent)) in g.expected.iter().zip(g.shape).enumerate() {
            let Some(value) = dim.eval(&bindings) else {
                fail!(WrongShape, "'{}': extent {dim} of axis {axis} has symbols that no input's shape gives", g.name)
            };
            if usize::try_from(value) != Ok(*extent) {
                fail!(WrongShape, "'{}' has shape {:?}: axis {axis} must be {value}, which is {dim}", g.name, g.shape);
            }
        }
    }
    Ok(bindings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(given: &[(&[Dim], &[usize])]) -> std::result::Result<Bindings, String> {
        let given: Vec<Given> = given.iter().map(|(expected, shape)| Given { name: "x", expected, shape }).collect();
        bind(&given).map_err(|e| e.message)
    }

    #[test]
    fn symbols_bind_and_contradictions_are_named() {
        let (n, w) = (Dim::symbol("N", 1, 8), Dim::symbol("W", 2, 100));
        let half = w.floor_div(&Dim::from(2i64));
        assert_eq!(outcome(&[(&[n.clone(), half.clone()], &[3, 5]), (std::slice::from_ref(&w), &[10])]).unwrap()["W"], 10);
        let fault = |given: &[(&[Dim], &[usize])]| outcome(given).unwrap_err();
        assert!(fault(&[(&[n.clone(), n.clone()], &[3, 4])]).contains("N is 4 here and 3 elsewhere"));
        assert!(fault(&[(std::slice::from_ref(&n), &[9])]).contains("outside its bounds 1 to 8"));
        assert!(fault(&[(&[w.clone(), half.clone()], &[10, 6])]).contains("axis 1 must be 5, which is floordiv(W, 2)"));
        assert!(fault(&[(&[half], &[6])]).contains("no input's shape gives"));
        assert!(fault(&[(&[n], &[3, 4])]).contains("of rank 2"));
        assert!(fault(&[(&[Dim::from(4i64)], &[5])]).contains("must be 4"));
    }
}
