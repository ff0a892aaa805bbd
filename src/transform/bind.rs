//! Fixes or bounds what a caller knows of the inputs: extents, symbols, element types.

use crate::ir::fact::Fact;
use crate::ir::rewrite::rewrite_with_inputs;
use crate::ir::{Graph, ValueId};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::shape::text;
use crate::{ensure, fail};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a caller says of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSpec {
    /// The input's name.
    pub name: String,
    /// Its extents; `None` leaves one free. No list leaves all free.
    pub dims: Option<Vec<Option<i64>>>,
    /// Its element type, which is checked, never converted.
    pub dtype: Option<DType>,
}

/// The graph with its inputs as `specs` say. Fixing an extent fixes its symbol everywhere.
pub fn bind_inputs(graph: &Graph, specs: &[InputSpec]) -> Result<Graph> {
    let mut symbols: BTreeMap<Arc<str>, Dim> = BTreeMap::new();
    for (i, spec) in specs.iter().enumerate() {
        ensure!(specs[..i].iter().all(|s| s.name != spec.name), DuplicateName, "input '{}' is given twice", spec.name);
        bind_one(graph.fact(find_input(graph, &spec.name)?), spec, &mut symbols)?;
    }
    let fact = |_: &str, f: &Fact| Fact::new(f.dtype, f.shape.iter().map(|d| d.substitute(&symbols)).collect());
    if symbols.is_empty() {
        return Ok(graph.clone());
    }
    rewrite_with_inputs(graph, &fact, &mut |_, _, _| Ok(None))
}

/// The input with this name; the error names those there are.
pub fn find_input(graph: &Graph, name: &str) -> Result<ValueId> {
    graph.inputs.iter().copied().find(|v| graph.value(*v).name == name).ok_or_else(|| {
        let names: Vec<&str> = graph.inputs.iter().map(|v| graph.value(*v).name.as_str()).collect();
        Error::new(Code::UnknownName, format!("no input is named '{name}'; there are: {}", names.join(", ")))
    })
}

fn bind_one(fact: &Fact, spec: &InputSpec, symbols: &mut BTreeMap<Arc<str>, Dim>) -> Result<()> {
    let name = &spec.name;
    if let Some(dtype) = spec.dtype {
        ensure!(dtype == fact.dtype, WrongDType, "input '{name}' is {}, not {dtype}", fact.dtype);
    }
    let Some(dims) = &spec.dims else { return Ok(()) };
    if dims.len() != fact.rank() {
        fail!(WrongShape, "input '{name}' has {} extents {}, not {}", fact.rank(), text(&fact.shape), dims.len());
    }
    for (axis, (given, declared)) in dims.iter().zip(&fact.shape).enumerate() {
        let Some(given) = given else { continue };
        ensure!(*given >= 0, WrongShape, "extent {axis} of input '{name}' is {given}");
        let declared = declared.substitute(symbols);
        match declared.as_symbol() {
            Some(s) => {
                let fits = (s.min..=s.max).contains(given);
                ensure!(fits, WrongShape, "extent {axis} of input '{name}' is {given}, outside {} to {}", s.min, s.max);
                symbols.insert(s.name.clone(), Dim::from(*given));
            }
            None => {
                let fits = declared.equals(&Dim::from(*given)) == Answer::Always;
                ensure!(fits, WrongShape, "extent {axis} of input '{name}' is {declared} in {}, not {given}", text(&fact.shape));
            }
        }
    }
    Ok(())
}
