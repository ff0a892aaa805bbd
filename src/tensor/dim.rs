//! Dimension expressions: integers over named symbols, kept in one normal form so that equal expressions look equal.
//!
//! A [`Dim`] is a polynomial with integer coefficients over atoms; an atom is a symbol or a floor division, minimum or maximum
//! that does not simplify. Sums and products are expanded and sorted; a quotient that divides out vanishes. Every expression has
//! an interval that follows from its symbols' bounds. Arithmetic saturates: no input can overflow or panic.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::ops::{Add, Mul, Neg, Sub};
use std::sync::Arc;

/// Products with more terms than this stay unexpanded, so that no model can make expressions explode.
const MAX_TERMS: usize = 48;

/// A named unknown with inclusive bounds. Two symbols with one name are the same symbol.
#[derive(Debug, Clone)]
pub struct Symbol {
    /// The name, unique in a graph.
    pub name: Arc<str>,
    /// Smallest value it can have.
    pub min: i64,
    /// Largest value it can have.
    pub max: i64,
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Symbol) -> bool {
        self.name == other.name
    }
}
impl Eq for Symbol {}
impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Symbol) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Symbol {
    fn cmp(&self, other: &Symbol) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }
}
impl Hash for Symbol {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// Answer to a question about expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// For every value of the symbols.
    Always,
    /// For no value of the symbols.
    Never,
    /// It depends, or cannot be told.
    Unknown,
}

/// Values of symbols by name.
pub type Bindings = BTreeMap<Arc<str>, i64>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Atom {
    Symbol(Symbol),
    FloorDiv(Dim, Dim),
    Min(Dim, Dim),
    Max(Dim, Dim),
    Product(Dim, Dim),
}

/// Atoms of one product, sorted; empty for the constant term.
pub(super) type Monomial = Vec<Atom>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Repr {
    Const(i64),
    Sum(Arc<BTreeMap<Monomial, i64>>),
}

/// An integer expression over symbols, in normal form. `==` compares the forms; [`Dim::equals`] reasons.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dim(Repr);

impl From<i64> for Dim {
    fn from(v: i64) -> Dim {
        Dim(Repr::Const(v))
    }
}

impl From<usize> for Dim {
    fn from(v: usize) -> Dim {
        Dim(Repr::Const(i64::try_from(v).unwrap_or(i64::MAX)))
    }
}

impl Dim {
    /// The symbol `name` with inclusive bounds.
    pub fn symbol(name: &str, min: i64, max: i64) -> Dim {
        Dim::atom(Atom::Symbol(Symbol { name: name.into(), min, max }))
    }

    fn atom(atom: Atom) -> Dim {
        Dim(Repr::Sum(Arc::new(BTreeMap::from([(vec![atom], 1)]))))
    }

    fn from_terms(mut terms: BTreeMap<Monomial, i64>) -> Dim {
        terms.retain(|_, c| *c != 0);
        match terms.len() {
            0 => Dim::from(0i64),
            1 if terms.contains_key(&Monomial::new()) => Dim::from(terms[&Monomial::new()]),
            _ => Dim(Repr::Sum(Arc::new(terms))),
        }
    }

    pub(super) fn terms(&self) -> BTreeMap<Monomial, i64> {
        match &self.0 {
            Repr::Const(0) => BTreeMap::new(),
            Repr::Const(v) => BTreeMap::from([(Monomial::new(), *v)]),
            Repr::Sum(terms) => (**terms).clone(),
        }
    }

    /// The value, where it is the same for all symbols.
    pub fn as_const(&self) -> Option<i64> {
        match self.0 {
            Repr::Const(v) => Some(v),
            Repr::Sum(_) => None,
        }
    }

    /// True for the constant `v`.
    pub fn is(&self, v: i64) -> bool {
        self.as_const() == Some(v)
    }

    /// The symbol, where the expression is nothing else.
    pub fn as_symbol(&self) -> Option<&Symbol> {
        let Repr::Sum(terms) = &self.0 else { return None };
        match terms.first_key_value() {
            Some((m, 1)) if terms.len() == 1 => match m.as_slice() {
                [Atom::Symbol(s)] => Some(s),
                _ => None,
            },
            _ => None,
        }
    }

    /// Quotient rounded down. Division by a possible zero is kept as it is written.
    pub fn floor_div(&self, by: &Dim) -> Dim {
        if by.is(1) {
            return self.clone();
        }
        if let (Some(a), Some(b)) = (self.as_const(), by.as_const())
            && b != 0
        {
            return Dim::from(a.wrapping_div_euclid(b) - i64::from(b < 0 && a.wrapping_rem_euclid(b) != 0));
        }
        // The terms that divide exactly leave the quotient; the rest stays under the bar.
        let (mut whole, mut rest) = (BTreeMap::new(), BTreeMap::new());
        for (m, c) in self.terms() {
            match divide_term(&m, c, by) {
                Some((m, c)) => whole.insert(m, c),
                None => rest.insert(m, c),
            };
        }
        let (whole, rest) = (Dim::from_terms(whole), Dim::from_terms(rest));
        if rest.is(0) {
            return whole;
        }
        let (low, high) = rest.interval();
        match by.as_const() {
            Some(b) if b > 0 && low.div_euclid(b) == high.div_euclid(b) && low > i64::MIN / 4 && high < i64::MAX / 4 => {
                return &whole + &Dim::from(low.div_euclid(b));
            }
            Some(b) if b > 1 => {
                // Bring the constant under the bar into 0..b, so that one quotient has one form.
                let constant = rest.terms().get(&Monomial::new()).copied().unwrap_or(0);
                let shift = constant.div_euclid(b);
                if shift != 0 {
                    let rest = &rest - &Dim::from(shift.saturating_mul(b));
                    return &(&whole + &Dim::from(shift)) + &rest.floor_div(by);
                }
                // floor((floor(a / i) + k) / b) = floor((a + i k) / (i b))
                let k = Dim::from(constant);
                if let Repr::Sum(terms) = &(&rest - &k).0
                    && let (1, Some((m, 1))) = (terms.len(), terms.first_key_value())
                    && let [Atom::FloorDiv(a, inner)] = m.as_slice()
                    && inner.as_const().is_some_and(|i| i > 0)
                {
                    return &whole + &(a + &(inner * &k)).floor_div(&(inner * by));
                }
            }
            _ => {}
        }
        &whole + &Dim::atom(Atom::FloorDiv(rest, by.clone()))
    }

    /// Quotient rounded up.
    pub fn ceil_div(&self, by: &Dim) -> Dim {
        match by.as_const() {
            Some(b) if b > 0 => (self + &Dim::from(b - 1)).floor_div(by),
            _ => -&(-self).floor_div(by),
        }
    }

    /// The smaller of two.
    pub fn min_with(&self, other: &Dim) -> Dim {
        match (other - self).interval() {
            (low, _) if low >= 0 => self.clone(),
            (_, high) if high <= 0 => other.clone(),
            _ if self < other => Dim::atom(Atom::Min(self.clone(), other.clone())),
            _ => Dim::atom(Atom::Min(other.clone(), self.clone())),
        }
    }

    /// The larger of two.
    pub fn max_with(&self, other: &Dim) -> Dim {
        match (other - self).interval() {
            (low, _) if low >= 0 => other.clone(),
            (_, high) if high <= 0 => self.clone(),
            _ if self < other => Dim::atom(Atom::Max(self.clone(), other.clone())),
            _ => Dim::atom(Atom::Max(other.clone(), self.clone())),
        }
    }

    /// Inclusive bounds that follow from the symbols' bounds; not always the tightest.
    pub fn interval(&self) -> (i64, i64) {
        match &self.0 {
            Repr::Const(v) => (*v, *v),
            Repr::Sum(terms) => terms.iter().fold((0i64, 0i64), |(low, high), (m, c)| {
                let (a, b) = m.iter().fold((*c, *c), |range, atom| product_range(range, atom_range(atom)));
                (low.saturating_add(a), high.saturating_add(b))
            }),
        }
    }

    /// Whether the two have the same value.
    pub fn equals(&self, other: &Dim) -> Answer {
        match (self - other).interval() {
            (0, 0) => Answer::Always,
            (low, high) if low > 0 || high < 0 => Answer::Never,
            _ => Answer::Unknown,
        }
    }

    /// The value under `bindings`; `None` when a symbol is missing or a divisor is zero.
    pub fn eval(&self, bindings: &Bindings) -> Option<i64> {
        let terms = match &self.0 {
            Repr::Const(v) => return Some(*v),
            Repr::Sum(terms) => terms,
        };
        let mut sum = 0i64;
        for (m, c) in terms.iter() {
            let mut product = *c;
            for atom in m {
                let value = match atom {
                    Atom::Symbol(s) => *bindings.get(&s.name)?,
                    Atom::FloorDiv(a, b) => Dim::from(a.eval(bindings)?).floor_div(&Dim::from(b.eval(bindings)?)).as_const()?,
                    Atom::Min(a, b) => a.eval(bindings)?.min(b.eval(bindings)?),
                    Atom::Max(a, b) => a.eval(bindings)?.max(b.eval(bindings)?),
                    Atom::Product(a, b) => a.eval(bindings)?.saturating_mul(b.eval(bindings)?),
                };
                product = product.saturating_mul(value);
            }
            sum = sum.saturating_add(product);
        }
        Some(sum)
    }

    /// The expression with some symbols replaced.
    pub fn substitute(&self, with: &BTreeMap<Arc<str>, Dim>) -> Dim {
        let Repr::Sum(terms) = &self.0 else { return self.clone() };
        terms.iter().fold(Dim::from(0i64), |sum, (m, c)| {
            let product = m.iter().fold(Dim::from(*c), |product, atom| {
                let value = match atom {
                    Atom::Symbol(s) => with.get(&s.name).cloned().unwrap_or_else(|| Dim::atom(atom.clone())),
                    Atom::FloorDiv(a, b) => a.substitute(with).floor_div(&b.substitute(with)),
                    Atom::Min(a, b) => a.substitute(with).min_with(&b.substitute(with)),
                    Atom::Max(a, b) => a.substitute(with).max_with(&b.substitute(with)),
                    Atom::Product(a, b) => &a.substitute(with) * &b.substitute(with),
                };
                &product * &value
            });
            &sum + &product
        })
    }

    /// True when the expression, written out, has more than `limit` symbols and functions. Takes no longer than that.
    pub fn exceeds(&self, limit: usize) -> bool {
        fn spend(dim: &Dim, left: &mut usize) -> Option<()> {
            let Repr::Sum(terms) = &dim.0 else { return Some(()) };
            for (monomial, _) in terms.iter() {
                *left = left.checked_sub(1)?;
                for atom in monomial {
                    *left = left.checked_sub(1)?;
                    if let Atom::FloorDiv(a, b) | Atom::Min(a, b) | Atom::Max(a, b) | Atom::Product(a, b) = atom {
                        spend(a, left)?;
                        spend(b, left)?;
                    }
                }
            }
            Some(())
        }
        spend(self, &mut limit.clone()).is_none()
    }

    /// Adds every symbol of the expression to `to`.
    pub fn collect_symbols(&self, to: &mut BTreeSet<Symbol>) {
        let Repr::Sum(terms) = &self.0 else { return };
        for atom in terms.keys().flatten() {
            match atom {
                Atom::Symbol(s) => {
                    to.insert(s.clone());
                }
                Atom::FloorDiv(a, b) | Atom::Min(a, b) | Atom::Max(a, b) | Atom::Product(a, b) => {
                    a.collect_symbols(to);
                    b.collect_symbols(to);
                }
            }
        }
    }
}

/// `c * m / by` where that is a whole term.
fn divide_term(m: &Monomial, c: i64, by: &Dim) -> Option<(Monomial, i64)> {
    let divisor = by.terms();
    let (dm, dc) = divisor.first_key_value().filter(|_| divisor.len() == 1)?;
    if *dc == 0 || c % dc != 0 {
        return None;
    }
    let mut left = m.clone();
    for atom in dm {
        left.remove(left.iter().position(|a| a == atom)?);
    }
    Some((left, c / dc))
}

fn product_range((a, b): (i64, i64), (c, d): (i64, i64)) -> (i64, i64) {
    let all = [a.saturating_mul(c), a.saturating_mul(d), b.saturating_mul(c), b.saturating_mul(d)];
    (all.into_iter().min().unwrap_or(0), all.into_iter().max().unwrap_or(0))
}

fn atom_range(atom: &Atom) -> (i64, i64) {
    match atom {
        Atom::Symbol(s) => (s.min, s.max),
        Atom::Min(a, b) => {
            let (a, b) = (a.interval(), b.interval());
            (a.0.min(b.0), a.1.min(b.1))
        }
        Atom::Max(a, b) => {
            let (a, b) = (a.interval(), b.interval());
            (a.0.max(b.0), a.1.max(b.1))
        }
        Atom::Product(a, b) => product_range(a.interval(), b.interval()),
        Atom::FloorDiv(a, b) => match (a.interval(), b.interval()) {
            ((low, high), (c, d)) if c > 0 => {
                let all = [low.div_euclid(c), low.div_euclid(d), high.div_euclid(c), high.div_euclid(d)];
                (all.into_iter().min().unwrap_or(0), all.into_iter().max().unwrap_or(0))
            }
            _ => (i64::MIN, i64::MAX),
        },
    }
}

impl Add for &Dim {
    type Output = Dim;
    fn add(self, other: &Dim) -> Dim {
        if let (Some(a), Some(b)) = (self.as_const(), other.as_const()) {
            return Dim::from(a.saturating_add(b));
        }
        let mut terms = self.terms();
        for (m, c) in other.terms() {
            let sum = terms.entry(m).or_insert(0);
            *sum = sum.saturating_add(c);
        }
        Dim::from_terms(terms)
    }
}

impl Neg for &Dim {
    type Output = Dim;
    fn neg(self) -> Dim {
        Dim::from_terms(self.terms().into_iter().map(|(m, c)| (m, c.saturating_neg())).collect())
    }
}

impl Sub for &Dim {
    type Output = Dim;
    fn sub(self, other: &Dim) -> Dim {
        self + &-other
    }
}

impl Mul for &Dim {
    type Output = Dim;
    fn mul(self, other: &Dim) -> Dim {
        if let (Some(a), Some(b)) = (self.as_const(), other.as_const()) {
            return Dim::from(a.saturating_mul(b));
        }
        let (left, right) = (self.terms(), other.terms());
        if left.len() * right.len() > MAX_TERMS {
            let (a, b) = if self < other { (self, other) } else { (other, self) };
            return Dim::atom(Atom::Product(a.clone(), b.clone()));
        }
        let mut terms = BTreeMap::new();
        for (m, c) in &left {
            for (n, d) in &right {
                let mut product: Monomial = m.iter().chain(n).cloned().collect();
                product.sort();
                let sum = terms.entry(product).or_insert(0i64);
                *sum = sum.saturating_add(c.saturating_mul(*d));
            }
        }
        Dim::from_terms(terms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n() -> Dim {
        Dim::symbol("N", 1, 64)
    }
    fn w() -> Dim {
        Dim::symbol("W", 1, 4096)
    }
    fn c(v: i64) -> Dim {
        Dim::from(v)
    }

    #[test]
    fn equal_expressions_have_one_form() {
        assert_eq!(&(&n() + &w()) - &w(), n());
        assert_eq!(&(&n() * &c(3)) + &n(), &c(4) * &n());
        assert_eq!((&(&n() * &w()) * &c(120)).floor_div(&(&n() * &c(120))), w());
        assert_eq!((&(&w() * &c(8)) + &c(3)).floor_div(&c(4)), &w() * &c(2));
        assert_eq!((&w() - &c(1)).floor_div(&c(2)).floor_div(&c(2)), (&w() - &c(1)).floor_div(&c(4)));
    }

    #[test]
    fn questions_have_three_answers() {
        assert_eq!(n().equals(&n()), Answer::Always);
        assert_eq!(n().equals(&c(65)), Answer::Never);
        assert_eq!(n().equals(&w()), Answer::Unknown);
        assert_eq!(n().max_with(&c(1)), n());
        assert_eq!(n().min_with(&c(100)), n());
    }

    #[test]
    fn simplification_keeps_values() {
        // Every rule is tried against plain integer arithmetic on a grid of values.
        for (a, b) in (-9..10).flat_map(|a| (-5..6).map(move |b| (a, b))).filter(|(_, b)| *b != 0) {
            let floor = (a as f64 / b as f64).floor() as i64;
            assert_eq!(c(a).floor_div(&c(b)), c(floor), "{a} // {b}");
            assert_eq!(c(a).ceil_div(&c(b)), c((a as f64 / b as f64).ceil() as i64), "{a} up // {b}");
            if b > 0 {
                for v in 1..9 {
                    let e = (&(&w() * &c(6)) + &c(a)).floor_div(&c(b)).floor_div(&c(3));
                    let expect = ((6 * v + a).div_euclid(b)).div_euclid(3);
                    assert_eq!(e.eval(&Bindings::from([("W".into(), v)])), Some(expect), "(6*{v}+{a}) // {b} // 3");
                }
            }
        }
    }

    #[test]
    fn huge_values_saturate() {
        let big = Dim::symbol("B", 0, i64::MAX);
        let e = (0..40).fold(big.clone(), |e, _| &(&e * &big) + &c(i64::MAX));
        assert_eq!(e.interval().1, i64::MAX);
    }
}
