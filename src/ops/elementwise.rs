//! What the elementwise operators share: evaluation with numpy's broadcasting, values of facts, kernels. No entries.

use crate::ensure;
use crate::ir::fact::{Fact, MAX_VALUE_LEN};
use crate::ir::opdef::Lowering;
use crate::ir::view::NodeView;
use crate::loops::{Body, Kernel, Role, Val};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;

/// A float (computed as `f64`) and an integer (as `i64`) form of one function.
#[derive(Clone, Copy)]
pub struct Forms<F, I> {
    /// For floating-point types.
    pub float: Option<F>,
    /// For integers and `bool`.
    pub int: Option<I>,
}

/// The function of one operand.
pub type UnaryForms = Forms<fn(f64) -> f64, fn(i64) -> i64>;
/// The function of two operands.
pub type BinaryForms = Forms<fn(f64, f64) -> f64, fn(i64, i64) -> i64>;

/// Refuses element types that a function has no form for.
pub fn check_type<F, I>(forms: &Forms<F, I>, dtype: DType) -> Result<()> {
    let has = if dtype.is_float() { forms.float.is_some() } else { forms.int.is_some() };
    ensure!(has, WrongDType, "operands of type {dtype} are not defined");
    Ok(())
}

/// `bool` and integer elements as `i64`.
pub fn ints(t: &Tensor) -> Result<Vec<i64>> {
    t.to_i64s().ok_or_else(|| Error::new(Code::WrongDType, format!("{} values beyond int64", t.dtype())))
}

/// A tensor of integer type from `i64`, wrapping to its width.
pub fn from_ints(dtype: DType, shape: &[usize], values: &[i64]) -> Tensor {
    let wrapped: Vec<i64> = values
        .iter()
        .map(|v| match dtype {
            DType::I8 => *v as i8 as i64,
            DType::U8 => *v as u8 as i64,
            DType::I16 => *v as i16 as i64,
            DType::U16 => *v as u16 as i64,
            DType::I32 => *v as i32 as i64,
            DType::U32 => *v as u32 as i64,
            _ => *v,
        })
        .collect();
    crate::ir::fact::int_tensor(dtype, shape, &wrapped)
}

/// `f` of every element.
pub fn eval_unary(forms: &UnaryForms, x: &Tensor) -> Result<Tensor> {
    if x.dtype().is_float() {
        let f = forms.float.ok_or_else(|| Error::new(Code::WrongDType, "no float form"))?;
        Ok(Tensor::from_f64s(x.dtype(), x.shape(), &x.to_f64s().into_iter().map(f).collect::<Vec<_>>()))
    } else {
        let f = forms.int.ok_or_else(|| Error::new(Code::WrongDType, "no integer form"))?;
        Ok(from_ints(x.dtype(), x.shape(), &ints(x)?.into_iter().map(f).collect::<Vec<_>>()))
    }
}

/// `f` of every pair of elements, broadcast; the result has type `out`.
pub fn eval_binary(forms: &BinaryForms, a: &Tensor, b: &Tensor, out: DType) -> Result<Tensor> {
    let shape = broadcast_shape(&[a.shape(), b.shape()])?;
    let (ia, ib) = (broadcast_indices(a.shape(), &shape), broadcast_indices(b.shape(), &shape));
    if a.dtype().is_float() {
        let f = forms.float.ok_or_else(|| Error::new(Code::WrongDType, "no float form"))?;
        let (x, y) = (a.to_f64s(), b.to_f64s());
        let values: Vec<f64> = ia.iter().zip(&ib).map(|(i, j)| f(x[*i], y[*j])).collect();
        Ok(Tensor::from_f64s(out, &shape, &values))
    } else {
        let f = forms.int.ok_or_else(|| Error::new(Code::WrongDType, "no integer form"))?;
        let (x, y) = (ints(a)?, ints(b)?);
        let values: Vec<i64> = ia.iter().zip(&ib).map(|(i, j)| f(x[*i], y[*j])).collect();
        Ok(from_ints(out, &shape, &values))
    }
}

/// numpy's broadcast of constant shapes.
pub fn broadcast_shape(shapes: &[&[usize]]) -> Result<Vec<usize>> {
    let dims = shapes.iter().map(|s| shape::from_usizes(s)).try_fold(Vec::new(), |a: Vec<Dim>, b| shape::broadcast(&a, &b))?;
    let out = shape::as_usizes(&dims).unwrap_or_default();
    for s in shapes {
        let fits = s.iter().rev().zip(out.iter().rev()).all(|(d, o)| *d == 1 || d == o);
        ensure!(fits, BadGraph, "shapes {shapes:?} do not broadcast");
    }
    Ok(out)
}

/// For each element of `target`, the flat index of the element of `from` that broadcasts to it.
pub fn broadcast_indices(from: &[usize], target: &[usize]) -> Vec<usize> {
    let lead = target.len() - from.len();
    let mut out = vec![0usize];
    let mut stride: Vec<usize> = vec![1; from.len()];
    for i in (1..from.len()).rev() {
        stride[i - 1] = stride[i] * from[i];
    }
    for (i, extent) in target.iter().enumerate() {
        let step = if i < lead || from[i - lead] == 1 { 0 } else { stride[i - lead] };
        out = out.iter().flat_map(|base| (0..*extent).map(move |j| base + j * step)).collect();
    }
    out
}

/// The value of an elementwise result, from the operands' values; `f` gives `None` where it cannot tell.
pub fn broadcast_value(facts: &[&Fact], out: &[Dim], f: &dyn Fn(&[&Dim]) -> Option<Dim>) -> Option<Vec<Dim>> {
    // Larger results have no value; their extents may be beyond any memory.
    let target = shape::as_usizes(out)?;
    target.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).filter(|n| *n <= MAX_VALUE_LEN)?;
    let operands = facts
        .iter()
        .map(|x| Some((x.value.as_ref()?, broadcast_indices(&shape::as_usizes(&x.shape)?, &target))))
        .collect::<Option<Vec<_>>>()?;
    (0..target.iter().product()).map(|i| f(&operands.iter().map(|(v, at)| &v[at[i]]).collect::<Vec<_>>())).collect()
}

/// A kernel that computes `element` of the broadcast operands for every element of the node's only result.
pub fn lower(view: &NodeView, element: impl Fn(&mut Body, &[Val]) -> Val) -> Result<Lowering> {
    let mut k = Kernel::new(view.name());
    let out = view.output(0);
    let inputs: Vec<_> = (0..view.input_count()).map(|i| k.add(Role::Input, view.dtype(i), view.shape(i))).collect();
    let target = k.add(Role::Output, out.dtype, &out.shape);
    let mut body = Body::default();
    let operands: Vec<Val> = inputs.iter().map(|b| body.load(k.broadcast(*b, &out.shape))).collect();
    body.result = element(&mut body, &operands);
    k.map(target, body);
    Ok(Lowering::Kernel(k))
}
