//! Outputs against what is expected: each element may differ by `atol + rtol * |expected|`.

use crate::data::{placed, read};
use crate::request::{Failure, Request};
use crate::words::number;
use serde_json::{Value, json};
use tvmtrt::session::value::ValueInfo;
use tvmtrt::tensor::host::Tensor;

/// An output against what is expected of it.
pub struct Difference {
    name: String,
    /// Types or shapes differ: nothing else is compared.
    form: Option<String>,
    /// Elements that differ by more than they may.
    over: usize,
    count: usize,
    /// The greatest difference, and where it is.
    greatest: f64,
    at: usize,
    found: f64,
    expected: f64,
}

/// Compares with the file of `--expect`, where it is given: the outputs that it has, at least one.
pub fn expected(request: &Request, known: &[ValueInfo], outputs: &[Tensor]) -> Result<Option<Vec<Difference>>, Failure> {
    let Some(path) = request.file("expect") else { return Ok(None) };
    let (rtol, atol) = (request.number("rtol", 0.0)?.unwrap_or(1e-3), request.number("atol", 0.0)?.unwrap_or(1e-5));
    let expected = placed(read(path, "output")?, known, "output").map_err(|e| e.context(format!("'{}'", path.display())))?;
    if expected.iter().all(Option::is_none) {
        return Err(Failure::Usage(format!("--expect: '{}' has no array", path.display())));
    }
    let compare = |((value, found), expected): ((&ValueInfo, &Tensor), &Option<Tensor>)| {
        expected.as_ref().map(|expected| difference(&value.name, found, expected, rtol, atol))
    };
    Ok(Some(known.iter().zip(outputs).zip(&expected).filter_map(compare).collect()))
}

fn difference(name: &str, found: &Tensor, expected: &Tensor, rtol: f64, atol: f64) -> Difference {
    let form = |t: &Tensor| format!("{}{:?}", t.dtype(), t.shape());
    let same = found.shape() == expected.shape();
    let mut result =
        Difference { name: name.into(), form: None, over: 0, count: found.len(), greatest: 0.0, at: 0, found: 0.0, expected: 0.0 };
    if !same || found.dtype().is_float() != expected.dtype().is_float() {
        result.form = Some(format!("{} instead of {}", form(found), form(expected)));
        return result;
    }
    for (i, (a, b)) in found.to_f64s().into_iter().zip(expected.to_f64s()).enumerate() {
        let distance = if a == b || a.is_nan() && b.is_nan() { 0.0 } else { (a - b).abs() };
        // A NaN on one side alone, or an infinity, is as far as can be.
        let distance = if distance.is_nan() { f64::INFINITY } else { distance };
        let near = distance == 0.0 || distance <= atol + rtol * b.abs() && b.is_finite();
        result.over += usize::from(!near);
        if distance > result.greatest {
            (result.greatest, result.at, result.found, result.expected) = (distance, i, a, b);
        }
    }
    result
}

impl Difference {
    /// Whether it is as expected.
    pub fn well(&self) -> bool {
        self.form.is_none() && self.over == 0
    }

    /// In a line.
    pub fn text(&self) -> String {
        let Difference { name, form, over, count, greatest, at, found, expected } = self;
        match (form, over) {
            (Some(form), _) => format!("expected '{name}': {form}\n"),
            (None, 0) => format!("expected '{name}': as expected, greatest difference {}\n", number(*greatest)),
            (None, over) => {
                let (greatest, found, expected) = (number(*greatest), number(*found), number(*expected));
                format!(
                    "expected '{name}': {over} of {count} elements differ, most by {greatest} (element {at} is {found} instead of {expected})\n"
                )
            }
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "name": self.name,
            "same": self.well(),
            "form": self.form,
            "different_elements": self.over,
            "elements": self.count,
            // JSON has no infinity.
            "greatest_difference": self.greatest.is_finite().then_some(self.greatest),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tvmtrt::tensor::dtype::DType;

    #[test]
    fn what_differs_is_found() {
        let tensor = |values: &[f64]| Tensor::from_f64s(DType::F32, &[values.len()], values);
        let of = |a: &[f64], b: &[f64]| difference("y", &tensor(a), &tensor(b), 0.01, 0.001);
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        assert!(of(&[1.0, nan, inf, -inf], &[1.009, nan, inf, -inf]).well());
        let d = of(&[1.0, 5.0, 7.0], &[1.02, 6.0, 7.0]);
        assert_eq!((d.over, d.at, d.well()), (2, 1, false));
        assert!(d.text().contains("2 of 3 elements differ, most by 1 (element 1 is 5 instead of 6)"), "{}", d.text());
        for (a, b) in [(nan, 1.0), (1.0, nan), (inf, 1.0), (1.0, inf), (inf, -inf)] {
            assert_eq!(of(&[a], &[b]).over, 1, "{a} {b}");
        }
        assert!(of(&[1.0], &[1.0, 2.0]).text().contains("float32[1] instead of float32[2]"));
        assert!(!difference("y", &tensor(&[1.0]), &Tensor::from_f64s(DType::I32, &[1], &[1.0]), 0.1, 0.1).well());
    }
}
