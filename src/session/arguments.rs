//! Arguments of a run: which input or output each one is, whether types and shapes fit, and what the symbols are.
//! Everything is checked before anything is computed; each error names the input and what was expected.

use crate::session::value::{ValueInfo, names};
use crate::tensor::dim::Bindings;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::{ensure, fail};

/// For each argument the index of the value that it stands for: by its name, else by its position.
/// `what` is "input" or "output", for messages.
pub fn resolve(given: &[Option<&str>], known: &[ValueInfo], what: &str) -> Result<Vec<usize>> {
    ensure!(given.len() <= known.len(), WrongCount, "{} {what}s are given, but there are {} ({})", given.len(), known.len(), names(known));
    let mut taken = vec![false; known.len()];
    let mut out = Vec::with_capacity(given.len());
    for (position, name) in given.iter().enumerate() {
        let index = match name {
            None => position,
            Some(name) => match known.iter().position(|k| k.name == *name) {
                Some(index) => index,
                None => fail!(UnknownName, "there is no {what} '{name}'; the {what}s are {}", names(known)),
            },
        };
        ensure!(!taken[index], DuplicateName, "{what} '{}' is given twice", known[index].name);
        taken[index] = true;
        out.push(index);
    }
    Ok(out)
}

/// Every value must be given: an error names those that are not.
pub fn all_given(indices: &[usize], known: &[ValueInfo], by_name: bool) -> Result<()> {
    let missing: Vec<_> = known.iter().enumerate().filter(|(i, _)| !indices.contains(i)).map(|(_, k)| k.clone()).collect();
    match (missing.is_empty(), by_name) {
        (true, _) => Ok(()),
        (false, true) => fail!(MissingName, "input {} is not given", names(&missing)),
        (false, false) => {
            fail!(WrongCount, "{} inputs are given, but {} are needed ({})", indices.len(), known.len(), names(known))
        }
    }
}

/// Element type and shape of one argument.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub shape: &'a [usize],
}

/// Values of all symbols in the shapes of `inputs`, read off the arguments, which are in the same order.
pub fn bind(inputs: &[ValueInfo], given: &[Given]) -> Result<Bindings> {
    let mut bindings = Bindings::new();
    for (input, g) in inputs.iter().zip(given) {
        check_type(input, g, "input")?;
        for (axis, (dim, have)) in input.shape.iter().zip(g.shape).enumerate() {
            let Some(symbol) = dim.as_symbol() else { continue };
            let have = i64::try_from(*have).unwrap_or(i64::MAX);
            let before = *bindings.entry(symbol.name.clone()).or_insert(have);
            ensure!(
                before == have,
                WrongShape,
                "input '{}', extent {axis} is {have}, but {} is {before} in another place",
                input.name,
                symbol.name
            );
            ensure!(
                (symbol.min..=symbol.max).contains(&have),
                WrongShape,
                "input '{}', extent {axis} is {have}, but {} must be in {}..{}",
                input.name,
                symbol.name,
                symbol.min,
                symbol.max
            );
        }
    }
    inputs.iter().zip(given).try_for_each(|(input, g)| check_shape(input, g, &bindings, "input"))?;
    Ok(bindings)
}

/// Refuses an argument of another element type or rank.
pub fn check_type(value: &ValueInfo, given: &Given, what: &str) -> Result<()> {
    ensure!(
        value.dtype == given.dtype,
        WrongDType,
        "{what} '{}' is {}, but {} is expected ({value})",
        value.name,
        given.dtype,
        value.dtype
    );
    ensure!(
        value.shape.len() == given.shape.len(),
        WrongShape,
        "{what} '{}' has rank {}, but {} is expected ({value})",
        value.name,
        given.shape.len(),
        value.shape.len()
    );
    Ok(())
}

/// Refuses an extent that differs from the one that follows from the symbols. Extents that depend on data are not judged.
pub fn check_shape(value: &ValueInfo, given: &Given, bindings: &Bindings, what: &str) -> Result<()> {
    for (axis, (dim, have)) in value.shape.iter().zip(given.shape).enumerate() {
        let Some(need) = dim.eval(bindings) else { continue };
        ensure!(
            usize::try_from(need) == Ok(*have),
            WrongShape,
            "{what} '{}', extent {axis} is {have}, but {need} is expected ({value})",
            value.name
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::dim::Dim;
    use crate::tensor::error::Code;

    fn known() -> Vec<ValueInfo> {
        let n = Dim::symbol("N", 1, 8);
        vec![
            ValueInfo { name: "x".into(), dtype: DType::F32, shape: vec![n.clone(), Dim::from(3i64)] },
            ValueInfo { name: "y".into(), dtype: DType::I64, shape: vec![&n + &Dim::from(1i64), n] },
        ]
    }

    #[test]
    fn names_and_positions_mix() {
        assert_eq!(resolve(&[Some("y"), Some("x")], &known(), "input").unwrap(), [1, 0]);
        assert_eq!(resolve(&[None, Some("y")], &known(), "input").unwrap(), [0, 1]);
        let code = |given: &[Option<&str>]| resolve(given, &known(), "input").unwrap_err().code;
        assert_eq!(code(&[None, None, None]), Code::WrongCount);
        assert_eq!(code(&[Some("z")]), Code::UnknownName);
        assert_eq!(code(&[Some("y"), None]), Code::DuplicateName);
        assert_eq!(all_given(&[1], &known(), true).unwrap_err().code, Code::MissingName);
        assert_eq!(all_given(&[0], &known(), false).unwrap_err().code, Code::WrongCount);
    }

    #[test]
    fn shapes_bind_symbols() {
        let bound =
            |x: (DType, &[usize]), y: &[usize]| bind(&known(), &[Given { dtype: x.0, shape: x.1 }, Given { dtype: DType::I64, shape: y }]);
        assert_eq!(bound((DType::F32, &[2, 3]), &[3, 2]).unwrap()["N"], 2);
        let code = |x, y| bound(x, y).unwrap_err().code;
        assert_eq!(code((DType::F64, &[2, 3]), &[3, 2]), Code::WrongDType);
        assert_eq!(code((DType::F32, &[2, 3, 1]), &[3, 2]), Code::WrongShape);
        assert_eq!(code((DType::F32, &[2, 4]), &[3, 2]), Code::WrongShape);
        assert_eq!(code((DType::F32, &[9, 3]), &[10, 9]), Code::WrongShape);
        assert_eq!(code((DType::F32, &[2, 3]), &[4, 3]), Code::WrongShape);
        assert_eq!(code((DType::F32, &[2, 3]), &[4, 2]), Code::WrongShape);
    }
}
