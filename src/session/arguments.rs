//! Arguments of a run: which input or output each one is. Each error names the input or output. Types and shapes are
//! [`crate::tensor::bind`]'s business.

use crate::session::value::{ValueInfo, names};
use crate::tensor::error::Result;
use crate::tensor::lists::{List, Lists};
use crate::{ensure, fail};

/// For each known value the position of the argument that stands for it: by its name, else by its position.
/// `what` is "input" or "output", for messages.
pub fn resolve<'a>(given: &[Option<&str>], known: &[ValueInfo], what: &str, lists: &'a Lists) -> Result<List<'a, Option<usize>>> {
    ensure!(given.len() <= known.len(), WrongCount, "{} {what}s are given, but there are {} ({})", given.len(), known.len(), names(known));
    let mut out = List::new_in(lists);
    out.resize(known.len(), None);
    for (position, name) in given.iter().enumerate() {
        let index = match name {
            // Most callers keep the order.
            Some(name) if known[position].name != *name => match known.iter().position(|k| k.name == *name) {
                Some(index) => index,
                None => fail!(UnknownName, "there is no {what} '{name}'; the {what}s are {}", names(known)),
            },
            _ => position,
        };
        ensure!(out[index].is_none(), DuplicateName, "{what} '{}' is given twice", known[index].name);
        out[index] = Some(position);
    }
    Ok(out)
}

/// Every value must be given: an error names those that are not.
pub fn all_given<T>(given: &[Option<T>], known: &[ValueInfo], by_name: bool) -> Result<()> {
    let missing = || known.iter().zip(given).filter(|(_, g)| g.is_none()).map(|(k, _)| k);
    match (missing().count(), by_name) {
        (0, _) => Ok(()),
        (_, true) => fail!(MissingName, "input {} is not given", names(&missing().cloned().collect::<Vec<_>>())),
        (n, false) => {
            fail!(WrongCount, "{} inputs are given, but {} are needed ({})", known.len() - n, known.len(), names(known))
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
        let lists = Lists::new();
        let of = |given: &[Option<&str>]| resolve(given, &known(), "input", &lists);
        assert_eq!(of(&[Some("y"), Some("x")]).unwrap()[..], [Some(1), Some(0)]);
        assert_eq!(of(&[None, Some("y")]).unwrap()[..], [Some(0), Some(1)]);
        assert_eq!(of(&[Some("y")]).unwrap()[..], [None, Some(0)]);
        let code = |given: &[Option<&str>]| of(given).unwrap_err().code;
        assert_eq!(code(&[None, None, None]), Code::WrongCount);
        assert_eq!(code(&[Some("z")]), Code::UnknownName);
        assert_eq!(code(&[Some("y"), None]), Code::DuplicateName);
        assert_eq!(all_given(&[None, Some(0)], &known(), true).unwrap_err().code, Code::MissingName);
        assert_eq!(all_given(&[Some(0), None], &known(), false).unwrap_err().code, Code::WrongCount);
    }
}
