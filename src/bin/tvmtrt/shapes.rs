//! Shapes from the command line: what `--shape` says to the partition, and which extents random inputs have.

use crate::request::{Failure, Request};
use std::ffi::OsStr;
use tvmtrt::session::shapes::{InputSpec, SymbolRange};
use tvmtrt::session::value::{ValueInfo, names};
use tvmtrt::tensor::dim::{Bindings, Symbol};
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensor::shape;

fn wrong(text: &str, why: impl std::fmt::Display) -> Failure {
    Failure::Usage(format!("--shape {text}: {why}"))
}

/// What `--shape` says of inputs. A symbol's name leaves an extent free, if it is the right one.
pub fn specs(request: &Request, inputs: &[ValueInfo]) -> Result<Vec<InputSpec>, Failure> {
    request.all("shape").map(|text| spec(&OsStr::to_string_lossy(text), inputs)).collect()
}

fn spec(text: &str, inputs: &[ValueInfo]) -> Result<InputSpec, Failure> {
    let (name, dims) = match (text.rsplit_once('='), inputs) {
        (Some((name, dims)), _) => (name, dims),
        (None, [only]) => (only.name.as_str(), text),
        _ => return Err(wrong(text, format!("of which input? It looks like NAME=1,3,224,224, and the inputs are {}", names(inputs)))),
    };
    let input = inputs.iter().find(|i| i.name == name);
    let dim = |(axis, word): (usize, &str)| match (word.trim(), word.trim().parse::<i64>()) {
        ("?" | "-1", _) => Ok(None),
        (_, Ok(extent)) if extent >= 0 => Ok(Some(extent)),
        (word, _) => match input.and_then(|i| i.shape.get(axis)) {
            Some(dim) if dim.to_string() == word => Ok(None),
            Some(dim) => Err(wrong(text, format!("extent {axis} is {dim} in the model: a number, or ? to leave it so, not '{word}'"))),
            None => Err(wrong(text, format!("'{word}' is no extent"))),
        },
    };
    let dims = if dims.trim().is_empty() { Vec::new() } else { dims.split(',').enumerate().map(dim).collect::<Result<_, _>>()? };
    Ok(InputSpec { name: name.to_string(), dtype: None, dims })
}

/// Extents of random inputs, in order. Free ones are those of the tensors that are given, else what `--shape` says, else `--batch` where
/// they come first, else the typical or largest value of the option `symbols`, else 1 where they come first.
pub fn extents(
    request: &Request,
    inputs: &[ValueInfo],
    ranges: &[SymbolRange],
    given: &[Option<Tensor>],
) -> Result<Vec<Vec<usize>>, Failure> {
    let (batch, specs) = (request.number::<i64>("batch", 1)?, specs(request, inputs)?);
    let mut bindings = Bindings::new();
    let mut free: Vec<(&ValueInfo, usize, &Symbol)> = Vec::new();
    for (input, tensor) in inputs.iter().zip(given) {
        let spec = specs.iter().find(|s| s.name == input.name);
        for (axis, dim) in input.shape.iter().enumerate() {
            let Some(symbol) = dim.as_symbol() else { continue };
            let said = spec.and_then(|s| *s.dims.get(axis)?);
            match tensor.as_ref().and_then(|t| t.shape().get(axis)).map(|n| *n as i64).or(said) {
                Some(extent) => drop(bindings.insert(symbol.name.clone(), extent)),
                None => free.push((input, axis, symbol)),
            }
        }
    }
    let mut used = batch.is_none();
    // What stands first is the batch, wherever else it stands.
    free.sort_by_key(|(_, axis, _)| *axis > 0);
    for (input, axis, symbol) in free {
        if bindings.contains_key(&symbol.name) {
            continue;
        }
        let typical = ranges.iter().find(|r| *r.name == *symbol.name).map(|r| r.opt.unwrap_or(r.max));
        let first = axis == 0;
        used |= first;
        let value = if first { batch.or(typical).or(Some(1)) } else { typical };
        bindings.insert(symbol.name.clone(), value.ok_or_else(|| unsaid(input, symbol))?);
    }
    if !used {
        let why = "--batch: the first extents of the inputs are fixed; give --shape, or a model that leaves them free";
        return Err(Failure::Usage(why.into()));
    }
    let shape = |input: &ValueInfo| shape::eval(&input.shape, &bindings).map_err(|e| e.context(format!("input '{}'", input.name)));
    Ok(inputs.iter().map(shape).collect::<std::result::Result<_, _>>()?)
}

fn unsaid(input: &ValueInfo, symbol: &Symbol) -> Failure {
    let example: Vec<String> = input.shape.iter().map(|d| d.as_const().map_or("8".to_string(), |v| v.to_string())).collect();
    let (name, example) = (&input.name, example.join(","));
    let way = format!("say what it is, for example --shape {name}={example}, or give data");
    Failure::Usage(format!("extent {} of input {input} is free: {way}", symbol.name))
}
