//! How an einsum is computed: two operands by a matrix product of their axes in groups, more of them two at a time, what is left
//! (diagonals, broadcasts, single operands) by plain loops; and its layers. No entries.

use crate::ir::Graph;
use crate::ir::attrs::Param;
use crate::ir::build::Builder as GraphBuilder;
use crate::ir::fact::Fact;
use crate::ir::opdef::Lowering;
use crate::ir::view::NodeView;
use crate::ir::{ValueId, convert::inline};
use crate::loops::build::broadcast_stride;
use crate::loops::{Access, Binary, Body, Fold, Kernel, Op, Role, Stage, Val};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::LayerKind;
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::batch_matmul::{BATCH_MATMUL, BatchMatmul};
use crate::ops::einsum::{EINSUM, Einsum, Equation, equation};
use crate::ops::normalise::statistics_type;
use crate::ops::reduce::{Reduce, SUM};
use crate::ops::reshape::{RESHAPE, Reshape};
use crate::ops::transpose::{TRANSPOSE, Transpose};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::shape::{self, element_count};

pub fn lower(v: &NodeView) -> Result<Lowering> {
    let e = equation(v.attrs(), &v.inputs())?;
    match v.input_count() {
        2 if fits_product(&e, v) => Ok(Lowering::Expand(product(&e, v)?)),
        n if n > 2 => Ok(Lowering::Expand(by_two(&e, v)?)),
        _ => Ok(Lowering::Kernel(loops(&e, v)?)),
    }
}

pub fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId]) -> Accepted<Vec<TensorId>> {
    let refused = |e: crate::tensor::error::Error| Refusal::new("einsum.equation", e.message, "");
    let e = equation(v.attrs(), &v.inputs()).map_err(refused)?;
    // The layer takes these types; products of others are spelled out.
    if !matches!(v.dtype(0), DType::F32 | DType::F16) && x.len() == 2 && fits_product(&e, v) {
        return inline(&product(&e, v).map_err(refused)?, b, x);
    }
    let (mut sum, mut letters) = (x[0], e.terms[0].clone());
    if x.len() == 1 {
        return Ok(vec![b.add(LayerKind::Einsum(e.to_string()), x)?]);
    }
    for (i, next) in x.iter().enumerate().skip(1) {
        let step = pair(&e, &letters, i);
        sum = b.add(LayerKind::Einsum(step.to_string()), &[sum, *next])?;
        letters = step.out;
    }
    Ok(vec![sum])
}

/// The equation that joins operand `i` to what those before it came to: letters that nothing reads any more are summed.
fn pair(e: &Equation, letters: &[char], i: usize) -> Equation {
    let terms = vec![letters.to_vec(), e.terms[i].clone()];
    if i + 1 == e.terms.len() {
        return Equation { terms, out: e.out.clone() };
    }
    let needed = |c: &char| e.out.contains(c) || e.terms[i + 1..].iter().any(|t| t.contains(c));
    let mut out: Vec<char> = Vec::new();
    terms.iter().flatten().filter(|c| needed(c)).for_each(|c| {
        if !out.contains(c) {
            out.push(*c);
        }
    });
    Equation { terms, out }
}

/// A graph with the node's operands as inputs, and their ids.
fn graph(v: &NodeView) -> Result<(GraphBuilder, Vec<ValueId>)> {
    let mut g = GraphBuilder::new(v.name());
    let ids = (0..v.input_count()).map(|i| g.input(&format!("x{i}"), Fact::new(v.dtype(i), v.shape(i).to_vec()))).collect::<Result<_>>()?;
    Ok((g, ids))
}

fn by_two(e: &Equation, v: &NodeView) -> Result<Graph> {
    let (mut g, ids) = graph(v)?;
    let (mut sum, mut letters) = (ids[0], e.terms[0].clone());
    for (i, next) in ids.iter().enumerate().skip(1) {
        let step = pair(e, &letters, i);
        sum = g.op("", &EINSUM, Einsum { equation: step.to_string() }, &[sum, *next])?;
        letters = step.out;
    }
    g.output("y", sum)?;
    Ok(g.finish())
}

/// Two operands without diagonals, whose common letters have equal extents.
fn fits_product(e: &Equation, v: &NodeView) -> bool {
    let extent = |k: usize, c: &char| e.terms[k].iter().position(|l| l == c).map(|i| &v.shape(k)[i]);
    let equal = |c: &char| match (extent(0, c), extent(1, c)) {
        (Some(a), Some(b)) => a.equals(b) == Answer::Always,
        _ => true,
    };
    !e.has_diagonal() && e.terms[0].iter().all(equal)
}

/// Letters of a product in groups: common and kept, left and right only, common and summed.
struct Groups {
    batch: Vec<char>,
    left: Vec<char>,
    right: Vec<char>,
    inner: Vec<char>,
}

fn product(e: &Equation, v: &NodeView) -> Result<Graph> {
    let (a, b) = (&e.terms[0], &e.terms[1]);
    let of = |t: &[char], f: &dyn Fn(&char) -> bool| t.iter().copied().filter(|c| f(c)).collect::<Vec<char>>();
    let groups = Groups {
        batch: of(a, &|c| b.contains(c) && e.out.contains(c)),
        left: of(a, &|c| !b.contains(c) && e.out.contains(c)),
        right: of(b, &|c| !a.contains(c) && e.out.contains(c)),
        inner: of(a, &|c| b.contains(c) && !e.out.contains(c)),
    };
    let extents = |list: &[char]| -> Vec<Dim> {
        let find = |c: &char| (0..2).find_map(|k| e.terms[k].iter().position(|l| l == c).map(|i| v.shape(k)[i].clone()));
        list.iter().filter_map(find).collect()
    };
    let (mut g, ids) = graph(v)?;
    let batch = extents(&groups.batch);
    let count = |list: &[char]| element_count(&extents(list));
    let side = |g: &mut GraphBuilder, k: usize, order: [&[char]; 3]| -> Result<ValueId> {
        let (x, letters) = without_lone(g, ids[k], &e.terms[k], &order.concat())?;
        let axes = order.concat().iter().map(|c| letters.iter().position(|l| l == c).unwrap_or(0) as i64).collect::<Vec<_>>();
        let x = transposed(g, x, axes)?;
        reshaped(g, x, [batch.as_slice(), &[count(order[1]), count(order[2])]].concat())
    };
    let left = side(&mut g, 0, [&groups.batch, &groups.left, &groups.inner])?;
    let right = side(&mut g, 1, [&groups.batch, &groups.inner, &groups.right])?;
    let y = g.op("", &BATCH_MATMUL, BatchMatmul { transpose_a: false, transpose_b: false }, &[left, right])?;
    let letters = [groups.batch, groups.left, groups.right].concat();
    let y = reshaped(&mut g, y, extents(&letters))?;
    let axes = e.out.iter().map(|c| letters.iter().position(|l| l == c).unwrap_or(0) as i64).collect();
    let y = transposed(&mut g, y, axes)?;
    g.output("y", y)?;
    Ok(g.finish())
}

/// The operand summed over letters that nothing else has, and the letters left.
fn without_lone(g: &mut GraphBuilder, x: ValueId, letters: &[char], kept: &[char]) -> Result<(ValueId, Vec<char>)> {
    let lone: Vec<Dim> = (0..letters.len()).filter(|i| !kept.contains(&letters[*i])).map(Dim::from).collect();
    if lone.is_empty() {
        return Ok((x, letters.to_vec()));
    }
    let sum = g.op("", &SUM, Reduce { axis: Param::Static(lone), keepdims: false }, &[x])?;
    Ok((sum, letters.iter().copied().filter(|c| kept.contains(c)).collect()))
}

fn transposed(g: &mut GraphBuilder, x: ValueId, axes: Vec<i64>) -> Result<ValueId> {
    if axes.is_sorted() { Ok(x) } else { g.op("", &TRANSPOSE, Transpose { axes }, &[x]) }
}

fn reshaped(g: &mut GraphBuilder, x: ValueId, dims: Vec<Dim>) -> Result<ValueId> {
    if g.fact(x).shape == dims {
        return Ok(x);
    }
    g.op("", &RESHAPE, Reshape { newshape: Param::Static(dims), allowzero: true }, &[x])
}

/// One loop nest over all letters.
fn loops(e: &Equation, v: &NodeView) -> Result<Kernel> {
    let dtype = v.dtype(0);
    let wide = statistics_type(dtype);
    let shapes: Vec<&[Dim]> = (0..v.input_count()).map(|i| v.shape(i)).collect();
    let extents = |list: &[char]| list.iter().map(|l| e.extent(*l, &shapes)).collect::<Result<Vec<Dim>>>();
    let (outer, inner) = (extents(&e.out)?, extents(&e.summed())?);
    let letters = [e.out.clone(), e.summed()].concat();
    let all = [outer.as_slice(), &inner].concat();
    let mut k = Kernel::new(v.name());
    let inputs: Vec<_> = (0..v.input_count()).map(|i| k.add(Role::Input, v.dtype(i), v.shape(i))).collect();
    let out = k.add(Role::Output, dtype, &v.output(0).shape);
    let mut value = Body::default();
    let mut product: Option<Val> = None;
    for (i, buffer) in inputs.iter().enumerate() {
        let own = shape::strides(v.shape(i));
        let stride = |letter: &char, extent: &Dim| {
            let axes = (0..own.len()).filter(|a| e.terms[i][*a] == *letter);
            axes.fold(Dim::from(0i64), |sum, a| &sum + &broadcast_stride(&v.shape(i)[a], extent, &own[a]))
        };
        let strides = letters.iter().zip(&all).map(|(l, d)| stride(l, d)).collect();
        let x = value.load(Access { buffer: *buffer, offset: Dim::from(0i64), strides });
        let x = if wide == dtype { x } else { value.push(Op::Cast(wide, x)) };
        product = Some(product.map_or(x, |p| value.binary(Binary::Mul, p, x)));
    }
    value.result = product.unwrap_or_default();
    let mut finish = Body::acc();
    if wide != dtype {
        finish.push(Op::Cast(dtype, Val(0)));
    }
    k.stages.push(Stage::Reduce { out: k.dense(out), outer, inner, fold: Fold::Sum, value, finish });
    Ok(k)
}
