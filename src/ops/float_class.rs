//! What kind of number each element is: isfinite, isinf, isnan.

use crate::ensure;
use crate::ir::attrs::{AttrsDef, NoAttrs};
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::loops::{Binary, Body, Unary, Val};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{self, LayerKind};
use crate::network::refusal::Accepted;
use crate::ops::elementwise::lower;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;

macro_rules! class {
    ($name:ident = $relay:literal, $doc:literal, $eval:expr, $convert:expr, $element:expr) => {
        pub static $name: OpDef = OpDef {
            name: $relay,
            doc: $doc,
            arity: (1, 1),
            attrs: AttrsDef::of::<NoAttrs>(),
            infer: |_, x| {
                ensure!(x[0].dtype.is_float(), WrongDType, "operands of type {} are not defined", x[0].dtype);
                Ok(vec![Fact::new(DType::Bool, x[0].shape.clone())])
            },
            eval: |_, x| Ok(vec![Tensor::from_bools(x[0].shape(), x[0].to_f64s().into_iter().map($eval).collect())]),
            convert: |_, b, x| {
                let f: fn(&mut Builder, TensorId) -> Accepted<TensorId> = $convert;
                Ok(vec![f(b, x[0])?])
            },
            lower: |v| {
                let (f, dtype): (fn(&mut Body, Val, DType) -> Val, DType) = ($element, v.dtype(0));
                lower(v, |b, x| f(b, x[0], dtype))
            },
            tolerance: Tolerance::EXACT,
        };
    };
}

fn test(b: &mut Builder, op: layer::Unary, x: TensorId) -> Accepted<TensorId> {
    b.add(LayerKind::Unary(op), &[x])
}

/// |x| compared with infinity.
fn against_infinity(b: &mut Body, f: Binary, x: Val, dtype: DType) -> Val {
    let (size, limit) = (b.unary(Unary::Abs, x), b.float(dtype, f64::INFINITY));
    b.binary(f, size, limit)
}

class! { ISFINITE = "isfinite", "True for numbers that are neither infinite nor NaN.", f64::is_finite,
|b, x| {
    let infinite = test(b, layer::Unary::IsInf, x)?;
    let nan = test(b, layer::Unary::IsNan, x)?;
    let either = b.elementwise(layer::ElementWise::Or, infinite, nan)?;
    test(b, layer::Unary::Not, either)
},
|b, x, d| against_infinity(b, Binary::Less, x, d) }
class! { ISINF = "isinf", "True for infinity of either sign.", f64::is_infinite,
|b, x| test(b, layer::Unary::IsInf, x), |b, x, d| against_infinity(b, Binary::Equal, x, d) }
class! { ISNAN = "isnan", "True for NaN.", f64::is_nan,
|b, x| test(b, layer::Unary::IsNan, x), |b, x, _| b.binary(Binary::NotEqual, x, x) }
