//! What is known of a value before it is computed: element type, shape, and the elements of small integer tensors as expressions.

use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use std::fmt;

/// Tensors with more elements than this have no value in their fact.
pub const MAX_VALUE_LEN: usize = 64;

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub shape: Vec<Dim>,
    /// The elements, row-major, where they follow from shapes and constants. Only integer and `bool` tensors of constant shape with
    /// at most [`MAX_VALUE_LEN`] elements have one.
    pub value: Option<Vec<Dim>>,
}

impl Fact {
    /// A fact without value.
    pub fn new(dtype: DType, shape: Vec<Dim>) -> Fact {
        Fact { dtype, shape, value: None }
    }

    /// The fact of a constant.
    pub fn of_tensor(t: &Tensor) -> Fact {
        let fact = Fact::new(t.dtype(), shape::from_usizes(t.shape()));
        match t.to_i64s() {
            Some(v) if v.len() <= MAX_VALUE_LEN => fact.with_value(Some(v.into_iter().map(Dim::from).collect())),
            _ => fact,
        }
    }

    /// The same fact with a value, where facts may have one: other values are dropped.
    pub fn with_value(mut self, value: Option<Vec<Dim>>) -> Fact {
        let len = shape::as_usizes(&self.shape).and_then(|s| s.iter().try_fold(1usize, |n, d| n.checked_mul(*d)));
        self.value = value.filter(|v| !self.dtype.is_float() && v.len() <= MAX_VALUE_LEN && len == Some(v.len()));
        self
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The value as a constant tensor, where every element is a constant.
    pub fn as_tensor(&self) -> Option<Tensor> {
        let values = self.value.as_ref()?.iter().map(|d| d.as_const()).collect::<Option<Vec<i64>>>()?;
        Some(int_tensor(self.dtype, &shape::as_usizes(&self.shape)?, &values))
    }
}

/// An integer or `bool` tensor with these elements.
pub fn int_tensor(dtype: DType, shape: &[usize], values: &[i64]) -> Tensor {
    match dtype {
        DType::I64 => Tensor::from_vec(shape, values.to_vec()),
        DType::U64 => Tensor::from_vec(shape, values.iter().map(|v| *v as u64).collect()),
        _ => Tensor::from_f64s(dtype, shape, &values.iter().map(|v| *v as f64).collect::<Vec<_>>()),
    }
}

impl fmt::Display for Fact {
    /// For example `float32[N, 3, 224, 224]`, or `int64[2] = [N, 512]` with a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.dtype, shape::text(&self.shape))?;
        match &self.value {
            Some(v) => write!(f, " = {}", shape::text(v)),
            None => Ok(()),
        }
    }
}
