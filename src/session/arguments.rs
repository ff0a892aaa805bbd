//! Arguments of a run: which input or output each one is. Each error names the input or output. Types and shapes are
//! [`crate::ir::bind`]'s business.

use crate::session::value::{ValueInfo, names};
use crate::tensor::error::Result;
use crate::{ensure, fail};
use smallvec::SmallVec;

/// A list that takes no memory of the heap while it is short, as lists of arguments are.
pub type Few<T> = SmallVec<[T; 8]>;

/// For each argument the index of the value that it stands for: by its name, else by its position.
/// `what` is "input" or "output", for messages.
pub fn resolve(given: &[Option<&str>], known: &[ValueInfo], what: &str) -> Result<Few<usize>> {
    ensure!(given.len() <= known.len(), WrongCount, "{} {what}s are given, but there are {} ({})", given.len(), known.len(), names(known));
    let mut taken: Few<bool> = SmallVec::from_elem(false, known.len());
    let mut out = Few::new();
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
    if (0..known.len()).all(|i| indices.contains(&i)) {
        return Ok(());
    }
    let missing: Vec<_> = known.iter().enumerate().filter(|(i, _)| !indices.contains(i)).map(|(_, k)| k.clone()).collect();
    match (missing.is_empty(), by_name) {
        (true, _) => Ok(()),
        (false, true) => fail!(MissingName, "input {} is not given", names(&missing)),
        (false, false) => {
            fail!(WrongCount, "{} inputs are given, but {} are needed ({})", indices.len(), known.len(), names(known))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::dtype::DType;
    use crate::tensor::error::Code;

    fn known() -> Vec<ValueInfo> {
        ["x", "y"].map(|name| ValueInfo { name: name.into(), dtype: DType::F32, shape: Vec::new() }).to_vec()
    }

    #[test]
    fn names_and_positions_mix() {
        assert_eq!(resolve(&[Some("y"), Some("x")], &known(), "input").unwrap()[..], [1, 0]);
        assert_eq!(resolve(&[None, Some("y")], &known(), "input").unwrap()[..], [0, 1]);
        let code = |given: &[Option<&str>]| resolve(given, &known(), "input").unwrap_err().code;
        assert_eq!(code(&[None, None, None]), Code::WrongCount);
        assert_eq!(code(&[Some("z")]), Code::UnknownName);
        assert_eq!(code(&[Some("y"), None]), Code::DuplicateName);
        assert_eq!(all_given(&[1], &known(), true).unwrap_err().code, Code::MissingName);
        assert_eq!(all_given(&[0], &known(), false).unwrap_err().code, Code::WrongCount);
    }
}
