//! Output type and shape of each layer kind, by TensorRT's documented rules, and what the rules refuse.

use crate::network::NetTensor;
use crate::network::layer::{ElementWise, LayerKind, MatrixOp, ResizeTo, Unary, Window};
use crate::network::refusal::{Accepted, Refusal};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::shape::{self, text};

type Shape = (DType, Vec<Dim>);

fn refuse<T>(rule: &'static str, reason: String) -> Accepted<T> {
    Err(Refusal::new(rule, reason, ""))
}

/// Type and shape of each of a layer's outputs.
pub fn infer_all(kind: &LayerKind, x: &[&NetTensor]) -> Accepted<Vec<Shape>> {
    if let LayerKind::Plugin(plugin) = kind {
        return Ok(plugin.results.clone());
    }
    let first = infer(kind, x)?;
    Ok(match kind {
        LayerKind::TopK { .. } => vec![first.clone(), (DType::I32, first.1)],
        _ => vec![first],
    })
}

/// Type and shape of a layer's first output.
fn infer(kind: &LayerKind, x: &[&NetTensor]) -> Accepted<Shape> {
    let dims = |i: usize| x[i].dims.as_slice();
    match kind {
        LayerKind::Constant(t) => Ok((t.dtype(), shape::from_usizes(t.shape()))),
        LayerKind::Convolution { maps, window, .. } | LayerKind::KernelConvolution { maps, window, .. } => {
            let spatial = windowed(window, dims(0), false)?;
            Ok((x[0].dtype, [vec![dims(0)[0].clone(), Dim::from(*maps)], spatial].concat()))
        }
        LayerKind::Deconvolution { maps, window, .. } => {
            let spatial = unwindowed(window, dims(0))?;
            Ok((x[0].dtype, [vec![dims(0)[0].clone(), Dim::from(*maps)], spatial].concat()))
        }
        LayerKind::Pooling { window, round_up, .. } => {
            let spatial = windowed(window, dims(0), *round_up)?;
            Ok((x[0].dtype, [dims(0)[..2].to_vec(), spatial].concat()))
        }
        LayerKind::Activation(..) | LayerKind::Scale { .. } | LayerKind::Softmax(_) | LayerKind::Identity | LayerKind::Lrn { .. } => {
            Ok((x[0].dtype, dims(0).to_vec()))
        }
        LayerKind::Unary(op) => {
            let boolean = matches!(op, Unary::IsInf | Unary::IsNan);
            Ok((if boolean { DType::Bool } else { x[0].dtype }, dims(0).to_vec()))
        }
        LayerKind::Cast(to) => Ok((*to, dims(0).to_vec())),
        LayerKind::ElementWise(op) => {
            if x[0].dtype != x[1].dtype {
                return refuse("elementwise.types-differ", format!("operands are {} and {}", x[0].dtype, x[1].dtype));
            }
            let boolean = matches!(op, ElementWise::Equal | ElementWise::Greater | ElementWise::Less);
            Ok((if boolean { DType::Bool } else { x[0].dtype }, broadcast(dims(0), dims(1))?))
        }
        LayerKind::Select => Ok((x[1].dtype, broadcast(&broadcast(dims(0), dims(1))?, dims(2))?)),
        LayerKind::Reduce { axes, keep, .. } => Ok((x[0].dtype, reduced(dims(0), axes, *keep))),
        LayerKind::MatrixMultiply(a, b) => Ok((x[0].dtype, matmul(dims(0), *a, dims(1), *b)?)),
        LayerKind::Shuffle { first, reshape, second } => {
            let mut d = permuted(dims(0), first.as_deref());
            if let Some(spec) = reshape {
                d = resolve_reshape(&d, spec)?;
            }
            Ok((x[0].dtype, permuted(&d, second.as_deref())))
        }
        LayerKind::Concatenation(axis) => {
            let mut d = dims(0).to_vec();
            d[*axis] = x.iter().fold(Dim::from(0i64), |sum, t| &sum + &t.dims[*axis]);
            Ok((x[0].dtype, d))
        }
        LayerKind::Resize(resize) => Ok((x[0].dtype, resized(dims(0), &resize.to)?)),
        LayerKind::GridSample { .. } => {
            if dims(0).len() != 4 || dims(1).len() != 4 {
                return refuse("grid_sample.rank", format!("operands of shapes {} and {}, not of rank 4", text(dims(0)), text(dims(1))));
            }
            Ok((x[0].dtype, [&dims(0)[..2], &dims(1)[1..3]].concat()))
        }
        LayerKind::Slice { size, .. } | LayerKind::SliceOutside { size, .. } => {
            Ok((x[0].dtype, size.iter().map(|s| Dim::from(*s)).collect()))
        }
        LayerKind::ParametricRelu | LayerKind::Cumulative { .. } => Ok((x[0].dtype, dims(0).to_vec())),
        LayerKind::TopK { k, axis, .. } => {
            let mut d = dims(0).to_vec();
            d[*axis] = Dim::from(*k);
            Ok((x[0].dtype, d))
        }
        LayerKind::Einsum(equation) => Ok((x[0].dtype, einsum(equation, x)?)),
        LayerKind::Gather(axis) => Ok((x[0].dtype, [&dims(0)[..*axis], dims(1), &dims(0)[axis + 1..]].concat())),
        LayerKind::ReverseSequence { .. } => Ok((x[0].dtype, dims(0).to_vec())),
        LayerKind::NonZero(count) => Ok((DType::I32, vec![Dim::from(dims(0).len()), count.clone()])),
        LayerKind::Nms { count, .. } => Ok((DType::I32, vec![count.clone(), Dim::from(3i64)])),
        LayerKind::Quantize(_) => Ok((DType::I8, dims(0).to_vec())),
        LayerKind::Dequantize(_, to) => Ok((*to, dims(0).to_vec())),
        LayerKind::GatherElements(_) => Ok((x[0].dtype, dims(1).to_vec())),
        LayerKind::GatherNd(batch) => Ok((x[0].dtype, gathered(dims(0), dims(1), *batch)?)),
        LayerKind::ScatterElements(_) | LayerKind::ScatterNd => Ok((x[0].dtype, dims(0).to_vec())),
        LayerKind::Plugin(plugin) => Ok(plugin.results[0].clone()),
    }
}

/// Extents behind the first two after a window has run over them.
fn windowed(w: &Window, x: &[Dim], round_up: bool) -> Accepted<Vec<Dim>> {
    if x.len() != w.kernel.len() + 2 {
        return refuse("window.rank", format!("a window over {} axes needs rank {}, not {}", w.kernel.len(), w.kernel.len() + 2, x.len()));
    }
    Ok((0..w.kernel.len())
        .map(|i| {
            let span = w.dilation[i] * (w.kernel[i] - 1) + 1;
            let room = &x[i + 2] + &Dim::from(w.pre_padding[i] + w.post_padding[i] - span);
            let by = Dim::from(w.stride[i]);
            &(if round_up { room.ceil_div(&by) } else { room.floor_div(&by) }) + &Dim::from(1i64)
        })
        .collect())
}

/// Extents behind the first two after a transposed window has run over them.
fn unwindowed(w: &Window, x: &[Dim]) -> Accepted<Vec<Dim>> {
    if x.len() != w.kernel.len() + 2 {
        return refuse("window.rank", format!("a window over {} axes needs rank {}, not {}", w.kernel.len(), w.kernel.len() + 2, x.len()));
    }
    let extent = |i: usize| {
        let span = w.dilation[i] * (w.kernel[i] - 1) + 1;
        let steps = &(&x[i + 2] - &Dim::from(1i64)) * &Dim::from(w.stride[i]);
        &steps + &Dim::from(span - w.pre_padding[i] - w.post_padding[i])
    };
    Ok((0..w.kernel.len()).map(extent).collect())
}

/// Extents of a resized tensor. A factor of an extent that is not fixed must be a fraction of small powers of two: then the result is
/// the same expression in TensorRT's arithmetic and in ours.
fn resized(x: &[Dim], to: &ResizeTo) -> Accepted<Vec<Dim>> {
    match to {
        ResizeTo::Extents(list) if list.len() == x.len() => Ok(list.iter().map(|e| Dim::from(*e)).collect()),
        ResizeTo::Scales(list) if list.len() == x.len() => x.iter().zip(list).map(|(d, s)| scaled(d, *s)).collect(),
        _ => refuse("resize.rank", format!("{to:?} of {}", text(x))),
    }
}

fn scaled(d: &Dim, scale: f32) -> Accepted<Dim> {
    const PARTS: f32 = 1024.0;
    let parts = scale * PARTS;
    match d.as_const() {
        Some(d) => Ok(Dim::from((d as f32 * scale).floor() as i64)),
        None if parts.fract() == 0.0 && (1.0..=PARTS * PARTS).contains(&parts) => {
            Ok((d * &Dim::from(parts as i64)).floor_div(&Dim::from(PARTS as i64)))
        }
        None => refuse("resize.scale", format!("extent {d} times {scale} is not the same in all arithmetics")),
    }
}

/// TensorRT broadcasts extents of 1 between operands of equal rank.
fn broadcast(a: &[Dim], b: &[Dim]) -> Accepted<Vec<Dim>> {
    if a.len() != b.len() {
        return refuse("broadcast.rank", format!("operands have ranks {} and {}", a.len(), b.len()));
    }
    shape::broadcast(a, b).or_else(|e| refuse("broadcast.extents", e.message))
}

fn reduced(x: &[Dim], axes: &[usize], keep: bool) -> Vec<Dim> {
    let dims = x.iter().enumerate();
    match keep {
        true => dims.map(|(i, d)| if axes.contains(&i) { Dim::from(1i64) } else { d.clone() }).collect(),
        false => dims.filter(|(i, _)| !axes.contains(i)).map(|(_, d)| d.clone()).collect(),
    }
}

fn permuted(x: &[Dim], order: Option<&[usize]>) -> Vec<Dim> {
    order.map_or(x.to_vec(), |o| o.iter().map(|i| x[*i].clone()).collect())
}

fn matmul(a: &[Dim], op_a: MatrixOp, b: &[Dim], op_b: MatrixOp) -> Accepted<Vec<Dim>> {
    if a.len() != b.len() || a.len() < 2 {
        return refuse("matmul.rank", format!("operands have shapes {} and {}", text(a), text(b)));
    }
    let n = a.len();
    let flip = |op: MatrixOp, d: &[Dim]| match op {
        MatrixOp::Transpose => (d[n - 1].clone(), d[n - 2].clone()),
        _ => (d[n - 2].clone(), d[n - 1].clone()),
    };
    let ((m, k), (k2, cols)) = (flip(op_a, a), flip(op_b, b));
    if k.equals(&k2) == Answer::Never {
        return refuse("matmul.inner", format!("inner extents {k} and {k2} differ"));
    }
    Ok([broadcast(&a[..n - 2], &b[..n - 2])?, vec![m, cols]].concat())
}

/// The places that the indices name, then what is left of the data at each.
fn gathered(data: &[Dim], indices: &[Dim], batch: usize) -> Accepted<Vec<Dim>> {
    let length = indices.last().and_then(|d| d.as_const()).and_then(|n| usize::try_from(n).ok());
    match length.map(|n| n + batch) {
        Some(n) if n <= data.len() && batch < indices.len() => Ok([&indices[..indices.len() - 1], &data[n..]].concat()),
        _ => refuse("gather.nd-axes", format!("indices of shape {} name no places of {}", text(indices), text(data))),
    }
}

/// Extents of the letters behind the arrow; of several extents of one letter, what they broadcast to.
fn einsum(equation: &str, x: &[&NetTensor]) -> Accepted<Vec<Dim>> {
    let Some((terms, out)) = equation.split_once("->") else {
        return refuse("einsum.equation", format!("'{equation}' has no arrow"));
    };
    let terms: Vec<&str> = terms.split(',').collect();
    if terms.len() != x.len() || terms.iter().zip(x).any(|(t, x)| t.len() != x.dims.len()) {
        return refuse("einsum.equation", format!("'{equation}' does not fit the ranks of its operands"));
    }
    let mut out_dims = Vec::new();
    for letter in out.chars() {
        let mut extent = vec![Dim::from(1i64)];
        let uses = terms.iter().zip(x).flat_map(|(t, x)| t.chars().zip(&x.dims)).filter(|(l, _)| *l == letter);
        for (_, d) in uses {
            extent = broadcast(&extent, std::slice::from_ref(d))?;
        }
        out_dims.append(&mut extent);
    }
    Ok(out_dims)
}

/// Shape that `spec` (0 copies, -1 infers) gives.
fn resolve_reshape(x: &[Dim], spec: &[i64]) -> Accepted<Vec<Dim>> {
    let mut out: Vec<Dim> = Vec::with_capacity(spec.len());
    for (i, s) in spec.iter().enumerate() {
        out.push(match s {
            0 if i >= x.len() => return refuse("reshape.copy", format!("no extent {i} to copy in {}", text(x))),
            0 => x[i].clone(),
            s => Dim::from(*s),
        });
    }
    if let Some(i) = spec.iter().position(|s| *s == -1) {
        out[i] = Dim::from(1i64);
        out[i] = shape::element_count(x).floor_div(&shape::element_count(&out));
    }
    Ok(out)
}

/// The shuffle that reshapes `x` to `target` for every value of the symbols.
pub fn reshape_layer(x: &[Dim], target: &[Dim]) -> Accepted<LayerKind> {
    let failure = match reshape_spec(x, target) {
        Ok(spec) => return Ok(LayerKind::Shuffle { first: None, reshape: Some(spec), second: None }),
        Err(refusal) => refusal,
    };
    // Copies are by place: with extents of 1 out of the way more of the others stand where they are copied from.
    let split = |d: &[Dim]| (0..d.len()).partition::<Vec<usize>, _>(|i| !d[*i].is(1));
    let ((kept, ones), (wanted, new_ones)) = (split(x), split(target));
    let pick = |d: &[Dim], at: &[usize]| at.iter().map(|i| d[*i].clone()).collect::<Vec<Dim>>();
    let Ok(mut spec) = reshape_spec(&pick(x, &kept), &pick(target, &wanted)) else { return Err(failure) };
    spec.extend(new_ones.iter().map(|_| 1));
    let first = [kept, ones].concat();
    let order = [wanted, new_ones].concat();
    let second: Vec<usize> = (0..order.len()).map(|i| order.iter().position(|o| *o == i).unwrap_or(i)).collect();
    let moved = |order: Vec<usize>| order.iter().enumerate().any(|(i, o)| i != *o).then_some(order);
    Ok(LayerKind::Shuffle { first: moved(first), reshape: Some(spec), second: moved(second) })
}

/// Spells `target` as constants, copies and at most one inferred extent.
fn reshape_spec(x: &[Dim], target: &[Dim]) -> Accepted<Vec<i64>> {
    let mut spec: Vec<i64> = Vec::with_capacity(target.len());
    for (i, d) in target.iter().enumerate() {
        spec.push(match d.as_const() {
            // A constant 0 would mean "copy": an empty tensor is spelled as a copy or not at all.
            Some(v) if v > 0 => v,
            _ if x.get(i).is_some_and(|e| e.equals(d) == Answer::Always) => 0,
            _ if spec.contains(&-1) || d.is(0) => {
                return Err(Refusal::new(
                    "reshape.two-unknown-extents",
                    format!("reshape from {} to {} leaves more than one extent to infer", text(x), text(target)),
                    format!("fix the symbols of {d}"),
                ));
            }
            _ => -1,
        });
    }
    Ok(spec)
}
