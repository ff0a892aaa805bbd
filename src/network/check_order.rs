//! Rules of layers whose elements depend on many others by place: top-k, running sums, einsum. Part of [`crate::network::check`].

use crate::network::check::At;
use crate::network::check_layers::{FLOATS, NUMBERS, axis_inside, same_types};
use crate::network::layer::LayerKind;
use crate::network::refusal::{Accepted, Refusal};
use crate::tensor::dtype::DType::{F16, F32};

/// Most elements that a top-k gives.
const MAX_K: i64 = 3840;

/// Axes, counted from the last, along which a top-k can run.
const TOP_K_AXES: usize = 4;

/// The rules of one layer.
pub(super) fn check(at: &At) -> Accepted<()> {
    match &at.layer.kind {
        LayerKind::TopK { k, axis, .. } => top_k(at, *k, *axis),
        LayerKind::Cumulative { axis, .. } => cumulative(at, *axis),
        LayerKind::Einsum(equation) => einsum(at, equation),
        _ => Ok(()),
    }
}

fn top_k(at: &At, k: i64, axis: usize) -> Accepted<()> {
    at.ranked(0, 2, "topk.rank")?;
    axis_inside(at, axis)?;
    if axis + TOP_K_AXES < at.rank(0) {
        let reason = format!("axis {axis} of rank {} is none of the last {TOP_K_AXES}", at.rank(0));
        return Err(Refusal::new("topk.axis", reason, "a transpose that moves the axis to the end"));
    }
    if !(1..=MAX_K).contains(&k) {
        return Err(Refusal::new("topk.k", format!("{k} elements are wanted; 1 to {MAX_K} can be had"), format!("a k of at most {MAX_K}")));
    }
    let extent = &at.input(0).dims[axis];
    if extent.interval().0 < k {
        let reason = format!("{k} elements of axis {axis}, whose extent {extent} may be less");
        return Err(Refusal::new("topk.extent", reason, "a larger least value of the axis's symbols"));
    }
    at.typed(0, if at.capabilities.at_least(10, 0, 0) { NUMBERS } else { FLOATS }, "topk.type")
}

fn cumulative(at: &At, axis: usize) -> Accepted<()> {
    if !at.capabilities.at_least(10, 8, 0) {
        let reason = format!("{} has no cumulative layer", at.version());
        return Err(Refusal::new("cumulative.version", reason, "TensorRT 10.8 or newer"));
    }
    at.ranked(0, 1, "cumulative.rank")?;
    axis_inside(at, axis)?;
    at.typed(0, NUMBERS, "cumulative.type")
}

fn einsum(at: &At, equation: &str) -> Accepted<()> {
    let recent = at.capabilities.at_least(10, 12, 0);
    let terms: Vec<&str> = equation.split("->").next().unwrap_or("").split(',').collect();
    if terms.len() > 2 && !recent {
        let reason = format!("'{equation}' has {} operands; {} takes two", terms.len(), at.version());
        return Err(Refusal::new("einsum.operands", reason, "TensorRT 10.12 or newer, or products of two operands at a time"));
    }
    let repeats = |t: &&&str| t.char_indices().any(|(i, c)| t[..i].contains(c));
    if let (Some(term), false) = (terms.iter().find(repeats), recent) {
        let reason = format!("'{term}' of '{equation}' takes a diagonal");
        return Err(Refusal::new("einsum.diagonal", reason, "TensorRT 10.12 or newer"));
    }
    for i in 0..at.layer.inputs.len() {
        at.typed(i, &[F32, F16], "einsum.type")?;
        same_types(at, 0, i)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::network::builder::Builder;
    use crate::network::capabilities::{Capabilities, Flavour, Version};
    use crate::network::check::check;
    use crate::network::layer::{LayerKind, TopK};
    use crate::tensor::dim::Dim;
    use crate::tensor::dtype::DType::{self, F32, F64, I32, I64};

    fn full(major: u32, minor: u32) -> Capabilities {
        Capabilities { flavour: Flavour::Full, version: Version::new(major, minor, 0), implicit_batch: false }
    }

    /// The rule that refuses one layer on inputs of these types and shapes, or "".
    fn rule(c: &Capabilities, kind: LayerKind, inputs: &[(DType, &[i64])]) -> &'static str {
        let mut b = Builder::new("t");
        let dims = |s: &[i64]| s.iter().map(|d| Dim::from(*d)).collect::<Vec<_>>();
        let ids: Vec<_> = inputs.iter().enumerate().map(|(i, (t, s))| b.input(&format!("i{i}"), *t, &dims(s))).collect();
        match b.add(kind, &ids).and_then(|out| b.output(out, "out")) {
            Ok(()) => check(&b.finish(), c).err().map_or("", |r| r.rule),
            Err(r) => r.rule,
        }
    }

    #[test]
    fn top_k() {
        let k = |k, axis| LayerKind::TopK { kind: TopK::Max, k, axis };
        let wide: &[i64] = &[2, 5000];
        for (version, kind, dtype, shape, want) in [
            (full(8, 6), k(3, 1), F32, wide, ""),
            (full(8, 6), k(3, 1), I32, wide, "topk.type"),
            (full(10, 0), k(3, 1), I64, wide, ""),
            (full(10, 0), k(3840, 1), F32, wide, ""),
            (full(10, 0), k(3841, 1), F32, wide, "topk.k"),
            (full(10, 0), k(0, 1), F32, wide, "topk.k"),
            (full(10, 0), k(3, 0), F32, wide, "topk.extent"),
            (full(10, 0), k(1, 0), F32, &[3], "topk.rank"),
            (full(10, 0), k(1, 0), F32, &[3, 1, 1, 1, 1], "topk.axis"),
        ] {
            assert_eq!(rule(&version, kind.clone(), &[(dtype, shape)]), want, "{kind:?} of {dtype}{shape:?}");
        }
    }

    #[test]
    fn cumulative_layers_are_new() {
        let sum = || LayerKind::Cumulative { axis: 0, exclusive: false, reverse: false };
        assert_eq!(rule(&full(10, 7), sum(), &[(F32, &[3])]), "cumulative.version");
        assert_eq!(rule(&full(10, 8), sum(), &[(F32, &[3])]), "");
        assert_eq!(rule(&full(10, 8), sum(), &[(I64, &[3])]), "");
        assert_eq!(rule(&full(10, 8), sum(), &[(DType::Bool, &[3])]), "cumulative.type");
    }

    #[test]
    fn einsums() {
        let e = |text: &str| LayerKind::Einsum(text.into());
        let (m, v): ((DType, &[i64]), (DType, &[i64])) = ((F32, &[3, 3]), (F32, &[3]));
        assert_eq!(rule(&full(8, 5), e("ab,bc->ac"), &[m, m]), "");
        assert_eq!(rule(&full(10, 11), e("aa->a"), &[m]), "einsum.diagonal");
        assert_eq!(rule(&full(10, 12), e("aa->a"), &[m]), "");
        assert_eq!(rule(&full(10, 11), e("a,a,a->a"), &[v, v, v]), "einsum.operands");
        assert_eq!(rule(&full(10, 12), e("a,a,a->a"), &[v, v, v]), "");
        assert_eq!(rule(&full(10, 12), e("ab"), &[m]), "einsum.equation");
        assert_eq!(rule(&full(10, 12), e("a->a"), &[(I32, &[3])]), "einsum.type");
        assert_eq!(rule(&full(10, 12), e("a->a"), &[(F64, &[3])]), "type.none");
        assert_eq!(rule(&full(10, 12), LayerKind::ParametricRelu, &[(I32, &[3]), (I32, &[3])]), "prelu.type");
    }
}
