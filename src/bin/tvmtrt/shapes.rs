//! Shapes from the command line: what `--shape` says to the partition, and which extents random inputs have.

use crate::request::{Failure, Request};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use tvmtrt::session::shapes::{InputSpec, SymbolRange};
use tvmtrt::session::value::{ValueInfo, names};
use tvmtrt::tensor::dim::{Bindings, Dim};
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

/// Extents of random inputs, in order. Free ones are what `--shape` says, else `--batch` where they come first, else the typical or
/// largest value of the option `symbols`, else 1 where they come first.
pub fn extents(request: &Request, inputs: &[ValueInfo], ranges: &[SymbolRange]) -> Result<Vec<Vec<usize>>, Failure> {
    let batch = request.number::<i64>("batch", 1)?;
    let specs = specs(request, inputs)?;
    let mut values: BTreeMap<String, i64> = BTreeMap::new();
    let said = |input: &ValueInfo, axis: usize| specs.iter().find(|s| s.name == input.name).and_then(|s| *s.dims.get(axis)?);
    let mut used = batch.is_none();
    for (first, wanted) in [(false, true), (true, false)] {
        for input in inputs {
            for (axis, dim) in input.shape.iter().enumerate() {
                let Some(symbol) = dim.as_symbol().map(|s| s.name.to_string()).filter(|name| !values.contains_key(name)) else { continue };
                let range = ranges.iter().find(|r| r.name == symbol).map(|r| r.opt.unwrap_or(r.max));
                let value = match said(input, axis) {
                    Some(value) => Some(value),
                    None if wanted => None,
                    None if first && axis == 0 => batch.or(range).or(Some(1)),
                    None => range,
                };
                used |= axis == 0 && first && value == batch;
                match value {
                    Some(value) => drop(values.insert(symbol, value)),
                    None if wanted => {}
                    None => return Err(free(input, dim)),
                }
            }
        }
    }
    if !used {
        return Err(Failure::Usage(
            "--batch: the first extents of the inputs are fixed; give --shape, or a model that leaves them free".into(),
        ));
    }
    let bindings: Bindings = values.into_iter().map(|(name, value)| (name.as_str().into(), value)).collect();
    inputs.iter().map(|input| Ok(shape::eval(&input.shape, &bindings).map_err(|e| e.context(format!("input '{}'", input.name)))?)).collect()
}

fn free(input: &ValueInfo, dim: &Dim) -> Failure {
    let example: Vec<String> = input.shape.iter().map(|d| d.as_const().map_or("8".to_string(), |v| v.to_string())).collect();
    let (name, example) = (&input.name, example.join(","));
    Failure::Usage(format!("extent {dim} of input {input} is free: say what it is, for example --shape {name}={example}, or give data"))
}
