//! `einsum`: sums of products by an equation of numpy's notation.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::ops::einsum_lower::{convert, lower};
use crate::ops::elementwise::{from_ints, ints};
use crate::tensor::dim::Dim;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure, fail};

attributes! {
    /// Attributes of `einsum`.
    pub struct Einsum {
        /// For example `bij,bjk->bik`; without an arrow the letters that stand once, in order of the alphabet.
        pub equation: String = String::new(),
    }
}

/// An equation for operands of known ranks: the axes of an ellipsis have letters of their own, and letters are `a`, `b`, ... in the
/// order in which they come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equation {
    /// Letters of each operand's axes.
    pub terms: Vec<Vec<char>>,
    /// Letters of the result's axes.
    pub out: Vec<char>,
}

impl Equation {
    /// Reads `text` for operands of these ranks.
    pub fn parse(text: &str, ranks: &[usize]) -> Result<Equation> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (left, right) = text.split_once("->").map_or((text.as_str(), None), |(l, r)| (l, Some(r)));
        let given: Vec<&str> = left.split(',').collect();
        ensure!(given.len() == ranks.len(), BadGraph, "equation '{text}' has {} terms for {} operands", given.len(), ranks.len());
        // Ellipses line up at their ends: axis i from the end has the i-th letter.
        let named = |t: &str| t.replace("...", "").chars().count();
        let hidden = |t: &str, rank: usize| if t.contains("...") { rank.checked_sub(named(t)) } else { Some(0) };
        let most = given.iter().zip(ranks).filter_map(|(t, r)| hidden(t, *r)).max().unwrap_or(0);
        let dots: Vec<char> = (0..most as u32).filter_map(|i| char::from_u32(0x1000 + i)).collect();
        let spelled = |t: &str, count: usize| -> Result<Vec<char>> {
            let parts: Vec<&str> = t.splitn(2, "...").collect();
            let fits = parts.iter().flat_map(|p| p.chars()).all(|c| c.is_ascii_alphabetic());
            ensure!(fits, BadGraph, "term '{t}' of equation '{text}' has more than letters and one ellipsis");
            let middle = if parts.len() == 2 { &dots[most - count..] } else { &[] };
            Ok(parts[0].chars().chain(middle.iter().copied()).chain(parts.get(1).unwrap_or(&"").chars()).collect())
        };
        let mut terms = Vec::new();
        for (t, rank) in given.iter().zip(ranks) {
            let Some(count) = hidden(t, *rank) else {
                fail!(BadGraph, "term '{t}' of equation '{text}' has more letters than {rank} axes")
            };
            let term = spelled(t, count)?;
            ensure!(term.len() == *rank, BadGraph, "term '{t}' of equation '{text}' does not name {rank} axes");
            terms.push(term);
        }
        let out = match right {
            Some(t) => spelled(t, most)?,
            None => implied(&terms, &dots),
        };
        let twice = (1..out.len()).find(|i| out[..*i].contains(&out[*i]));
        let unknown = out.iter().find(|c| !terms.iter().any(|t| t.contains(c)));
        ensure!(
            twice.is_none() && unknown.is_none(),
            BadGraph,
            "the result of equation '{text}' names an axis twice, or one that is nowhere"
        );
        Equation { terms, out }.renamed()
    }

    /// With letters from `a` on.
    fn renamed(self) -> Result<Equation> {
        let letters = self.letters();
        ensure!(letters.len() <= 26, NotImplemented, "an equation of {} letters", letters.len());
        let new = |c: &char| (b'a' + letters.iter().position(|l| l == c).unwrap_or(0) as u8) as char;
        let terms = self.terms.iter().map(|t| t.iter().map(new).collect()).collect();
        Ok(Equation { terms, out: self.out.iter().map(new).collect() })
    }

    /// Every letter, in the order in which they come.
    pub fn letters(&self) -> Vec<char> {
        let mut all = Vec::new();
        self.terms.iter().flatten().for_each(|c| {
            if !all.contains(c) {
                all.push(*c);
            }
        });
        all
    }

    /// Letters that are summed.
    pub fn summed(&self) -> Vec<char> {
        self.letters().into_iter().filter(|c| !self.out.contains(c)).collect()
    }

    /// True where a term takes a diagonal.
    pub fn has_diagonal(&self) -> bool {
        self.terms.iter().any(|t| (1..t.len()).any(|i| t[..i].contains(&t[i])))
    }

    /// The extent of a letter: what its axes broadcast to.
    pub fn extent(&self, letter: char, shapes: &[&[Dim]]) -> Result<Dim> {
        let mut extent = vec![Dim::from(1i64)];
        for (_, d) in self.terms.iter().zip(shapes).flat_map(|(t, s)| t.iter().zip(*s)).filter(|(l, _)| **l == letter) {
            extent = shape::broadcast(&extent, std::slice::from_ref(d))?;
        }
        Ok(extent.remove(0))
    }
}

impl std::fmt::Display for Equation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let terms: Vec<String> = self.terms.iter().map(|t| t.iter().collect()).collect();
        write!(f, "{}->{}", terms.join(","), self.out.iter().collect::<String>())
    }
}

/// Without an arrow: the ellipsis, then letters that stand once.
fn implied(terms: &[Vec<char>], dots: &[char]) -> Vec<char> {
    let all: Vec<char> = terms.iter().flatten().copied().collect();
    let mut once: Vec<char> = all.iter().copied().filter(|c| c.is_ascii() && all.iter().filter(|d| *d == c).count() == 1).collect();
    once.sort_unstable();
    dots.iter().copied().chain(once).collect()
}

/// The equation of a node's operands.
pub fn equation(a: &Einsum, x: &[&Fact]) -> Result<Equation> {
    Equation::parse(&a.equation, &x.iter().map(|f| f.rank()).collect::<Vec<_>>())
}

/// How many products are added up: the extents of all letters.
pub fn products(v: &crate::ir::view::NodeView) -> Result<Dim> {
    let e = equation(v.attrs(), &v.inputs())?;
    let shapes: Vec<&[Dim]> = (0..v.input_count()).map(|i| v.shape(i)).collect();
    e.letters().into_iter().try_fold(Dim::from(1i64), |n, l| Ok(&n * &e.extent(l, &shapes)?))
}

/// Flat indices of one operand's elements, for every index of all letters.
fn places(e: &Equation, k: usize, own: &[usize], letters: &[char], extents: &[usize]) -> Vec<usize> {
    let steps = crate::ops::movement::strides(own);
    let mut at = vec![0usize];
    for (letter, extent) in letters.iter().zip(extents) {
        let axes = || (0..own.len()).filter(|i| e.terms[k][*i] == *letter && own[*i] != 1);
        let step: i64 = axes().map(|i| steps[i]).sum();
        at = at.iter().flat_map(|base| (0..*extent).map(move |j| base + j * step as usize)).collect();
    }
    at
}

fn eval(a: &Einsum, x: &[Tensor]) -> Result<Tensor> {
    let e = Equation::parse(&a.equation, &x.iter().map(|t| t.shape().len()).collect::<Vec<_>>())?;
    let shapes: Vec<Vec<Dim>> = x.iter().map(|t| shape::from_usizes(t.shape())).collect();
    let shapes: Vec<&[Dim]> = shapes.iter().map(|s| s.as_slice()).collect();
    let letters = [e.out.clone(), e.summed()].concat();
    let extents = letters.iter().map(|l| e.extent(*l, &shapes)).collect::<Result<Vec<Dim>>>()?;
    let extents = shape::as_usizes(&extents).unwrap_or_default();
    let (kept, total): (usize, usize) = (extents[..e.out.len()].iter().product(), extents.iter().product());
    let at: Vec<Vec<usize>> = x.iter().enumerate().map(|(k, t)| places(&e, k, t.shape(), &letters, &extents)).collect();
    let (out, per, dtype) = (&extents[..e.out.len()], total.checked_div(kept).unwrap_or(0), x[0].dtype());
    if dtype.is_float() {
        let v: Vec<Vec<f64>> = x.iter().map(Tensor::to_f64s).collect();
        let sum = |i: usize| (i * per..(i + 1) * per).map(|j| (0..x.len()).map(|k| v[k][at[k][j]]).product::<f64>()).sum();
        return Ok(Tensor::from_f64s(dtype, out, &(0..kept).map(sum).collect::<Vec<_>>()));
    }
    let v = x.iter().map(ints).collect::<Result<Vec<_>>>()?;
    let product = |j: usize| (0..x.len()).fold(1i64, |p, k| p.wrapping_mul(v[k][at[k][j]]));
    let sum = |i: usize| (i * per..(i + 1) * per).fold(0i64, |s, j| s.wrapping_add(product(j)));
    Ok(from_ints(dtype, out, &(0..kept).map(sum).collect::<Vec<_>>()))
}

pub static EINSUM: OpDef = OpDef {
    name: "einsum",
    doc: "Sums of products of operands, their axes named by letters.",
    arity: (1, 26),
    attrs: AttrsDef::of::<Einsum>(),
    infer: |c, x| {
        for f in x {
            ensure!(
                f.dtype == x[0].dtype && f.dtype != crate::tensor::dtype::DType::Bool,
                WrongDType,
                "operands are {} and {}",
                x[0].dtype,
                f.dtype
            );
        }
        let e = equation(c.attrs.get(), x)?;
        let shapes: Vec<&[Dim]> = x.iter().map(|f| f.shape.as_slice()).collect();
        // Of letters that are summed too, extents must fit.
        e.letters().into_iter().try_for_each(|l| e.extent(l, &shapes).map(drop))?;
        Ok(vec![Fact::new(x[0].dtype, e.out.iter().map(|l| e.extent(*l, &shapes)).collect::<Result<_>>()?)])
    },
    eval: |c, x| Ok(vec![eval(c.attrs.get(), x)?]),
    convert,
    lower,
    tolerance: Tolerance::SUM,
};

#[cfg(test)]
mod tests {
    use super::Equation;

    fn parsed(text: &str, ranks: &[usize]) -> String {
        Equation::parse(text, ranks).map_or_else(|e| e.message, |e| e.to_string())
    }

    #[test]
    fn equations_are_spelled_out() {
        assert_eq!(parsed("bij, bjk -> bik", &[3, 3]), "abc,acd->abd");
        assert_eq!(parsed("ij,jk", &[2, 2]), "ab,bc->ac");
        assert_eq!(parsed("ba", &[2]), "ab->ba");
        assert_eq!(parsed("...ii->...i", &[4]), "abcc->abc");
        assert_eq!(parsed("...ij,...jk->...ik", &[3, 4]), "abc,dace->dabe");
        assert_eq!(parsed("i,i->", &[1, 1]), "a,a->");
    }

    #[test]
    fn broken_equations_are_refused() {
        assert!(parsed("ij", &[3]).contains("does not name 3 axes"));
        assert!(parsed("ij,jk->ik", &[2]).contains("2 terms for 1"));
        assert!(parsed("ij->k", &[2]).contains("nowhere"));
        assert!(parsed("ij->ii", &[2]).contains("twice"));
        assert!(parsed("i1->i", &[2]).contains("more than letters"));
    }
}
