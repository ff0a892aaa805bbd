//! Index spaces: which axes are one axis in disguise, and how two dense spaces over the same elements correspond. Decided from symbolic
//! extents and strides alone; what cannot be shown counts as different.

use crate::loops::{Access, Body, Op, Scalar};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;

/// Axes to join, outermost first: each entry lists old axes that every access walks as one. Axes of extent 1 are in none, unless pinned.
///
/// `pinned` axes and those that begin at a `fence` are not joined to the one before.
pub fn joinable(extents: &[Dim], accesses: &[&[Dim]], pinned: &[bool], fences: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut fenced = false;
    for axis in 0..extents.len() {
        fenced |= fences.contains(&axis);
        if extents[axis].is(1) && !pinned[axis] {
            continue;
        }
        let joins = |before: usize| {
            let one = |s: &&[Dim]| s[before] == &s[axis] * &extents[axis];
            !fenced && !pinned[before] && !pinned[axis] && accesses.iter().all(one)
        };
        match groups.last_mut() {
            Some(group) if joins(*group.last().unwrap_or(&0)) => group.push(axis),
            _ => groups.push(vec![axis]),
        }
        fenced = false;
    }
    groups
}

/// Extents of joined axes.
pub fn join_extents(extents: &[Dim], groups: &[Vec<usize>]) -> Vec<Dim> {
    groups.iter().map(|g| g.iter().fold(Dim::from(1i64), |n, a| &n * &extents[*a])).collect()
}

/// Strides of joined axes: those of the innermost.
pub fn join_strides(strides: &[Dim], groups: &[Vec<usize>]) -> Vec<Dim> {
    groups.iter().map(|g| strides[g[g.len() - 1]].clone()).collect()
}

/// The body over joined axes.
pub fn join_body(body: &Body, groups: &[Vec<usize>]) -> Body {
    let ops = body.ops.iter().map(|op| match op {
        Op::Load(a) => Op::Load(Access { strides: join_strides(&a.strides, groups), ..a.clone() }),
        Op::Index(k) => match groups.iter().position(|g| g.contains(k)) {
            Some(axis) => Op::Index(axis),
            None => Op::Const(DType::I64, Scalar::Int(0)),
        },
        _ => op.clone(),
    });
    Body { ops: ops.collect(), result: body.result }
}

/// The axes whose running index a body reads.
pub fn indexed(bodies: &[&Body], rank: usize) -> Vec<bool> {
    let mut used = vec![false; rank];
    for op in bodies.iter().flat_map(|b| &b.ops) {
        if let Op::Index(k) = op
            && *k < rank
        {
            used[*k] = true;
        }
    }
    used
}

/// A common axis of two spaces: a stretch of one axis of each, with the step of that axis per index here.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// Extent.
    pub extent: Dim,
    /// Axis of the first space and its step.
    pub from: (usize, Dim),
    /// Axis of the second space and its step.
    pub to: (usize, Dim),
}

/// The axes of a space that are not yet cut off, outermost first, and the step of the last one's next piece.
struct Uncut {
    axes: Vec<(usize, Dim)>,
    step: Dim,
}

impl Uncut {
    fn new(extents: &[Dim]) -> Uncut {
        let axes = extents.iter().cloned().enumerate().filter(|(_, d)| !d.is(1));
        Uncut { axes: axes.collect(), step: Dim::from(1i64) }
    }

    /// Cuts a piece off the last axis, whose extent `extent` divides; gives the axis and the piece's step.
    fn cut(&mut self, extent: &Dim) -> Option<(usize, Dim)> {
        let (axis, whole) = self.axes.pop()?;
        let piece = (axis, self.step.clone());
        let left = exact_quotient(&whole, extent)?;
        if left.is(1) {
            self.step = Dim::from(1i64);
        } else {
            self.axes.push((axis, left));
            self.step = &self.step * extent;
        }
        Some(piece)
    }
}

/// Cuts two dense row-major spaces over the same elements into common axes, innermost first; `None` where that cannot be shown.
pub fn align(from: &[Dim], to: &[Dim]) -> Option<Vec<Common>> {
    let (mut from, mut to) = (Uncut::new(from), Uncut::new(to));
    let mut out = Vec::new();
    while let (Some((_, a)), Some((_, b))) = (from.axes.last(), to.axes.last()) {
        let extent = if exact_quotient(a, b).is_some() {
            b.clone()
        } else if exact_quotient(b, a).is_some() {
            a.clone()
        } else {
            return None;
        };
        out.push(Common { extent: extent.clone(), from: from.cut(&extent)?, to: to.cut(&extent)? });
    }
    (from.axes.is_empty() && to.axes.is_empty()).then_some(out)
}

/// `a / b` where it is whole for all values of the symbols.
pub fn exact_quotient(a: &Dim, b: &Dim) -> Option<Dim> {
    if b.is(0) {
        return None;
    }
    let q = a.floor_div(b);
    (&q * b == *a).then_some(q)
}

/// Strides of an access to the second space of `common`, given its strides over the first; `None` where an axis of the second space
/// is no single step.
pub fn translate(strides: &[Dim], common: &[Common], rank: usize) -> Option<Vec<Dim>> {
    let mut out: Vec<Option<Dim>> = vec![None; rank];
    for c in common {
        // Element step per index of the common axis, and what that says of the second space's axis.
        let step = &strides[c.from.0] * &c.from.1;
        let unit = exact_quotient(&step, &c.to.1)?;
        match &out[c.to.0] {
            None => out[c.to.0] = Some(unit),
            Some(known) if *known == unit => {}
            Some(_) => return None,
        }
    }
    Some(out.into_iter().map(|s| s.unwrap_or(Dim::from(0i64))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dims(v: &[i64]) -> Vec<Dim> {
        v.iter().map(|d| Dim::from(*d)).collect()
    }

    #[test]
    fn axes_join_where_all_accesses_walk_them_as_one() {
        let (n, c, w) = (Dim::symbol("N", 1, 9), Dim::from(8i64), Dim::symbol("W", 1, 99));
        let extents = [n, c, Dim::from(1i64), w.clone()];
        let dense = crate::tensor::shape::strides(&extents);
        assert_eq!(joinable(&extents, &[&dense], &[false; 4], &[]), [vec![0, 1, 3]]);
        assert_eq!(joinable(&extents, &[&dense], &[false; 4], &[3]), [vec![0, 1], vec![3]]);
        assert_eq!(joinable(&extents, &[&dense, &dims(&[0, 1, 0, 0])], &[false; 4], &[]), [vec![0], vec![1], vec![3]]);
        assert_eq!(joinable(&extents, &[&dense], &[false, false, true, false], &[]), [vec![0, 1], vec![2], vec![3]]);
        assert_eq!(join_extents(&extents, &[vec![0, 1], vec![3]])[0], &extents[0] * &extents[1]);
    }

    #[test]
    fn spaces_align_across_reshapes() {
        let (n, hw) = (Dim::symbol("N", 1, 9), Dim::from(20i64));
        let from = [n.clone(), Dim::from(3i64), Dim::from(4i64), Dim::from(5i64)];
        let to = [n.clone(), Dim::from(3i64), hw];
        let common = align(&from, &to).unwrap();
        assert_eq!(common.len(), 4);
        // A bias along axis 1 stays one; a dense access stays dense; a transposed one does not fit.
        assert_eq!(translate(&dims(&[0, 1, 0, 0]), &common, 3), Some(dims(&[0, 1, 0])));
        assert_eq!(translate(&crate::tensor::shape::strides(&from), &common, 3), Some(crate::tensor::shape::strides(&to)));
        assert_eq!(translate(&dims(&[60, 20, 1, 4]), &common, 3), None);
        // And back: a bias per axis 1 of the joined space.
        let back = align(&to, &from).unwrap();
        assert_eq!(translate(&dims(&[0, 1, 0]), &back, 4), Some(dims(&[0, 1, 0, 0])));
        assert_eq!(align(&dims(&[6, 4]), &dims(&[4, 6])).map(|c| c.len()), None);
    }
}
