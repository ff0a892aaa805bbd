//! Fits tensors to what is declared of them: element types, ranks, and what each symbol is for them. Knows shapes and names, no graphs.

use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::shape::text;
use crate::{ensure, fail};

/// An input or output as it is declared.
#[derive(Debug, Clone, Copy)]
pub struct Declared<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its element type.
    pub dtype: DType,
    /// Its extents.
    pub shape: &'a [Dim],
}

/// Element type and shape of a tensor that is given for it.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub shape: &'a [usize],
}

/// Values of all symbols in the declared shapes, read off the tensors given in the same order. An error names the input.
pub fn bind(declared: &[Declared], given: &[Given]) -> Result<Bindings> {
    ensure!(declared.len() == given.len(), WrongCount, "{} inputs are given, but {} are needed", given.len(), declared.len());
    let mut bindings = Bindings::new();
    for (d, g) in declared.iter().zip(given) {
        check_type(d, g, "input")?;
        for (axis, (dim, have)) in d.shape.iter().zip(g.shape).enumerate() {
            let Some(symbol) = dim.as_symbol() else { continue };
            let have = i64::try_from(*have).unwrap_or(i64::MAX);
            let before = *bindings.entry(symbol.name.clone()).or_insert(have);
            let name = &symbol.name;
            if before != have {
                fail!(WrongShape, "input '{}', extent {axis} is {have}, but {name} is {before} in another place", d.name);
            }
            if !(symbol.min..=symbol.max).contains(&have) {
                fail!(WrongShape, "input '{}', extent {axis} is {have}, but {name} must be in {}..{}", d.name, symbol.min, symbol.max);
            }
        }
    }
    declared.iter().zip(given).try_for_each(|(d, g)| check_shape(d, g, &bindings, "input"))?;
    Ok(bindings)
}

/// Adds the symbols that these extents give a value, of those that have none yet: extents that depend on data are known when they are
/// there.
pub fn learn(declared: &[Dim], found: &[usize], bindings: &mut Bindings) {
    for (dim, have) in declared.iter().zip(found) {
        if let Some(symbol) = dim.as_symbol()
            && !bindings.contains_key(&symbol.name)
        {
            bindings.insert(symbol.name.clone(), i64::try_from(*have).unwrap_or(i64::MAX));
        }
    }
}

/// Refuses a tensor of another element type or rank; `what` is "input" or "output".
pub fn check_type(declared: &Declared, given: &Given, what: &str) -> Result<()> {
    let (name, want, have) = (declared.name, declared.dtype, given.dtype);
    ensure!(want == have, WrongDType, "{what} '{name}' is {have}, but {want} is expected");
    if declared.shape.len() != given.shape.len() {
        let (have, want) = (given.shape.len(), declared.shape.len());
        fail!(WrongShape, "{what} '{name}' has rank {have}, but {want} is expected ({})", text(declared.shape));
    }
    Ok(())
}

/// Refuses an extent that differs from the one that follows from the symbols. Extents that depend on data are not judged.
pub fn check_shape(declared: &Declared, given: &Given, bindings: &Bindings, what: &str) -> Result<()> {
    for (axis, (dim, have)) in declared.shape.iter().zip(given.shape).enumerate() {
        let Some(need) = dim.eval(bindings) else { continue };
        if usize::try_from(need) != Ok(*have) {
            let (name, shape) = (declared.name, text(declared.shape));
            fail!(WrongShape, "{what} '{name}', extent {axis} is {have}, but {need} is expected ({shape})");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::error::Code;

    #[test]
    fn shapes_bind_symbols() {
        let n = Dim::symbol("N", 1, 8);
        let (x, y) = (vec![n.clone(), Dim::from(3i64)], vec![&n + &Dim::from(1i64), n]);
        let declared = [Declared { name: "x", dtype: DType::F32, shape: &x }, Declared { name: "y", dtype: DType::I64, shape: &y }];
        let bound =
            |t: DType, a: &[usize], b: &[usize]| bind(&declared, &[Given { dtype: t, shape: a }, Given { dtype: DType::I64, shape: b }]);
        assert_eq!(bound(DType::F32, &[2, 3], &[3, 2]).unwrap()["N"], 2);
        let code = |t, a, b| bound(t, a, b).unwrap_err().code;
        assert_eq!(code(DType::F64, &[2, 3], &[3, 2]), Code::WrongDType);
        assert_eq!(code(DType::F32, &[2, 3, 1], &[3, 2]), Code::WrongShape);
        assert_eq!(code(DType::F32, &[2, 4], &[3, 2]), Code::WrongShape);
        assert_eq!(code(DType::F32, &[9, 3], &[10, 9]), Code::WrongShape);
        assert_eq!(code(DType::F32, &[2, 3], &[4, 3]), Code::WrongShape);
        assert_eq!(code(DType::F32, &[2, 3], &[4, 2]), Code::WrongShape);
    }
}
