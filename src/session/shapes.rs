//! Shapes that the caller fixes before partitioning: whole inputs by name, and symbols by name.
//! The result is what each symbol stands for; everything that contradicts the model is an error that names the input.

use crate::session::value::{ValueInfo, names};
use crate::tensor::dim::{Answer, Dim, Symbol};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::transform::bind::Assignment;
use crate::{ensure, fail};
use std::collections::BTreeSet;

/// What the caller says of one input.
#[derive(Debug, Clone, PartialEq)]
pub struct InputSpec {
    /// The input's name.
    pub name: String,
    /// Its element type, where the caller wants it checked.
    pub dtype: Option<DType>,
    /// Its extents; `None` leaves one free.
    pub dims: Vec<Option<i64>>,
}

/// What the caller says of one symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolRange {
    /// The symbol's name.
    pub name: String,
    /// Smallest value.
    pub min: i64,
    /// The value to be fastest at; `None` leaves the choice to us.
    pub opt: Option<i64>,
    /// Largest value.
    pub max: i64,
}

/// Checks what the caller says against the inputs and gives each symbol its meaning.
pub fn assign(inputs: &[ValueInfo], specs: &[InputSpec], ranges: &[SymbolRange]) -> Result<Assignment> {
    let symbols = symbols_of(inputs);
    let mut assignment = Assignment::new();
    for range in ranges {
        let symbol = find_symbol(&symbols, &range.name)?;
        narrow(symbol, range, &mut assignment)?;
    }
    let mut seen = BTreeSet::new();
    for spec in specs {
        let Some(input) = inputs.iter().find(|i| i.name == spec.name) else {
            fail!(UnknownName, "the model has no input '{}'; its inputs are {}", spec.name, names(inputs));
        };
        ensure!(seen.insert(&spec.name), DuplicateName, "the shape of input '{}' is given twice", spec.name);
        fix_input(input, spec, &mut assignment)?;
    }
    for spec in specs {
        let input = inputs.iter().find(|i| i.name == spec.name).expect("found above");
        check_input(input, spec, &assignment)?;
    }
    Ok(assignment)
}

fn symbols_of(inputs: &[ValueInfo]) -> BTreeSet<Symbol> {
    let mut symbols = BTreeSet::new();
    inputs.iter().flat_map(|i| &i.shape).for_each(|d| d.collect_symbols(&mut symbols));
    symbols
}

fn find_symbol<'a>(symbols: &'a BTreeSet<Symbol>, name: &str) -> Result<&'a Symbol> {
    let Some(symbol) = symbols.iter().find(|s| &*s.name == name) else {
        let known: Vec<_> = symbols.iter().map(|s| format!("'{}'", s.name)).collect();
        let known = if known.is_empty() { "none: all shapes are fixed".to_string() } else { known.join(", ") };
        fail!(UnknownName, "no input has a symbol '{name}' in its shape; the symbols are {known}");
    };
    Ok(symbol)
}

fn narrow(symbol: &Symbol, range: &SymbolRange, assignment: &mut Assignment) -> Result<()> {
    let SymbolRange { name, min, opt, max } = range;
    ensure!(!assignment.contains_key(&symbol.name), DuplicateName, "symbol '{name}' is given twice");
    let opt = opt.unwrap_or(*min);
    ensure!(*min <= opt && opt <= *max, InvalidArgument, "symbol '{name}': {min}..{opt}..{max} is not in ascending order");
    ensure!(
        symbol.min <= *min && *max <= symbol.max,
        WrongShape,
        "symbol '{name}': {min}..{max} is outside {}..{}, which the model allows",
        symbol.min,
        symbol.max
    );
    let dim = if min == max { Dim::from(*min) } else { Dim::symbol(name, *min, *max) };
    assignment.insert(symbol.name.clone(), dim);
    Ok(())
}

fn fix_input(input: &ValueInfo, spec: &InputSpec, assignment: &mut Assignment) -> Result<()> {
    let name = &input.name;
    if let Some(dtype) = spec.dtype {
        ensure!(dtype == input.dtype, WrongDType, "input '{name}' is {} in the model, not {dtype}; inputs are not converted", input.dtype);
    }
    ensure!(
        spec.dims.len() == input.shape.len(),
        WrongShape,
        "input '{name}' has rank {} in the model ({input}), but {} extents are given",
        input.shape.len(),
        spec.dims.len()
    );
    for (axis, (dim, given)) in input.shape.iter().zip(&spec.dims).enumerate() {
        let (Some(given), Some(symbol)) = (given, dim.as_symbol()) else { continue };
        ensure!(
            (symbol.min..=symbol.max).contains(given),
            WrongShape,
            "input '{name}', extent {axis}: {given} is outside {}..{}, which the model allows for {symbol}",
            symbol.min,
            symbol.max,
            symbol = symbol.name
        );
        let before = assignment.get(&symbol.name).cloned().unwrap_or_else(|| dim.clone());
        ensure!(
            before.equals(&Dim::from(*given)) != Answer::Never,
            WrongShape,
            "input '{name}', extent {axis}: {given} is given, but {} is already {}",
            symbol.name,
            described(&before)
        );
        assignment.insert(symbol.name.clone(), Dim::from(*given));
    }
    Ok(())
}

fn described(dim: &Dim) -> String {
    match dim.as_const() {
        Some(v) => v.to_string(),
        None => format!("in {}..{}", dim.interval().0, dim.interval().1),
    }
}

/// After all symbols have their meaning, every extent that is given must be the one that follows.
fn check_input(input: &ValueInfo, spec: &InputSpec, assignment: &Assignment) -> Result<()> {
    for (axis, (dim, given)) in input.shape.iter().zip(&spec.dims).enumerate() {
        let (Some(given), follows) = (given, dim.substitute(assignment)) else { continue };
        ensure!(*given >= 0, WrongShape, "input '{}', extent {axis}: {given} is negative; -1 leaves an extent free", input.name);
        match follows.as_const() {
            Some(v) if v == *given => {}
            Some(v) => fail!(WrongShape, "input '{}', extent {axis}: {given} is given, but the model has {v} ({input})", input.name),
            None => fail!(WrongShape, "input '{}', extent {axis} is {dim}: fix its symbols, not the extent", input.name),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::error::Code;

    fn inputs() -> Vec<ValueInfo> {
        let n = Dim::symbol("N", 1, 64);
        let w = Dim::symbol("W", 1, 4096);
        vec![
            ValueInfo { name: "x".into(), dtype: DType::F32, shape: vec![n.clone(), Dim::from(3i64), w.clone()] },
            ValueInfo { name: "y".into(), dtype: DType::I64, shape: vec![n, &w * &Dim::from(2i64)] },
        ]
    }

    fn spec(name: &str, dims: &[i64]) -> InputSpec {
        InputSpec { name: name.into(), dtype: None, dims: dims.iter().map(|d| (*d != -1).then_some(*d)).collect() }
    }

    fn range(name: &str, min: i64, max: i64) -> SymbolRange {
        SymbolRange { name: name.into(), min, opt: None, max }
    }

    #[test]
    fn shapes_fix_symbols() {
        let a = assign(&inputs(), &[spec("x", &[2, 3, -1])], &[range("W", 8, 16)]).unwrap();
        assert_eq!(a["N"], Dim::from(2i64));
        assert_eq!(a["W"].interval(), (8, 16));
        assert!(assign(&inputs(), &[spec("x", &[2, 3, 8]), spec("y", &[2, 16])], &[]).is_ok());
    }

    #[test]
    fn contradictions_are_named() {
        let cases: &[(&[InputSpec], &[SymbolRange], Code, &str)] = &[
            (&[spec("z", &[1])], &[], Code::UnknownName, "'z'"),
            (&[spec("x", &[1, 3, 4]), spec("x", &[1, 3, 4])], &[], Code::DuplicateName, "'x'"),
            (&[spec("x", &[1, 3])], &[], Code::WrongShape, "rank 3"),
            (&[spec("x", &[1, 4, 8])], &[], Code::WrongShape, "extent 1"),
            (&[spec("x", &[65, 3, 8])], &[], Code::WrongShape, "1..64"),
            (&[spec("x", &[1, 3, 8]), spec("y", &[2, 16])], &[], Code::WrongShape, "already 1"),
            (&[spec("x", &[1, 3, 8]), spec("y", &[1, 15])], &[], Code::WrongShape, "has 16"),
            (&[spec("y", &[1, 16])], &[], Code::WrongShape, "fix its symbols"),
            (&[spec("x", &[1, 3, 32])], &[range("W", 8, 16)], Code::WrongShape, "8..16"),
            (&[spec("x", &[-2, 3, 8])], &[], Code::WrongShape, "extent 0"),
            (&[], &[range("Q", 1, 2)], Code::UnknownName, "'N', 'W'"),
            (&[], &[range("N", 1, 65)], Code::WrongShape, "outside 1..64"),
            (&[], &[range("N", 3, 2)], Code::InvalidArgument, "ascending"),
            (&[], &[range("N", 1, 2), range("N", 1, 2)], Code::DuplicateName, "'N'"),
        ];
        for (specs, ranges, code, part) in cases {
            let e = assign(&inputs(), specs, ranges).unwrap_err();
            assert_eq!(e.code, *code, "{e}");
            assert!(e.message.contains(part), "{e} lacks {part}");
        }
        let wrong = InputSpec { dtype: Some(DType::F16), ..spec("x", &[-1, -1, -1]) };
        assert_eq!(assign(&inputs(), &[wrong], &[]).unwrap_err().code, Code::WrongDType);
    }
}
