//! Ranges of extents for which a region's engine is built: from what is known of symbols, or as the caller lists them.

use crate::ensure;
use crate::partition::region::Region;
use crate::session::shapes::SymbolRange;
use crate::session::value::ValueInfo;
use crate::tensor::dim::{Bindings, Symbol};
use crate::tensor::error::Result;
use crate::tensorrt::config::Range;
use std::collections::BTreeSet;

/// The profiles of a region's engine; none where all extents of its inputs are fixed. `said` is what the caller said of symbols at
/// partition, `wanted` the profiles that he wants: none is one over all that symbols can be.
pub fn profiles(region: &Region, said: &[SymbolRange], wanted: &[Vec<SymbolRange>]) -> Result<Vec<Range<Bindings>>> {
    let mut symbols = BTreeSet::new();
    let inputs = region.graph.inputs.iter().map(|v| region.graph.fact(*v));
    inputs.flat_map(|f| &f.shape).for_each(|d| d.collect_symbols(&mut symbols));
    if symbols.is_empty() {
        return Ok(Vec::new());
    }
    let whole = [Vec::new()];
    let wanted = if wanted.is_empty() { &whole[..] } else { wanted };
    let mut out = Vec::new();
    for listed in wanted {
        let mut range = profile(&symbols, said, listed)?;
        raise(region, &mut range)?;
        // Profiles that differ only in symbols which this region does not have are one.
        if !out.contains(&range) {
            out.push(range);
        }
    }
    Ok(out)
}

/// The batch: the symbol that is the first extent of the first input of the model whose first extent is free. `None` where there is none,
/// or where it says nothing about the inputs of the region.
pub fn batch_of(inputs: &[ValueInfo], region: &Region) -> Option<Symbol> {
    let batch = inputs.iter().find_map(|i| i.shape.first()?.as_symbol())?;
    let mut symbols = BTreeSet::new();
    region.graph.inputs.iter().flat_map(|v| &region.graph.fact(*v).shape).for_each(|d| d.collect_symbols(&mut symbols));
    symbols.contains(batch).then(|| batch.clone())
}

/// The profiles that the caller wants, with this range of batches in each.
pub fn with_batch(wanted: &[Vec<SymbolRange>], batch: &Symbol, min: i64, max: i64) -> Vec<Vec<SymbolRange>> {
    let range = SymbolRange { name: batch.name.to_string(), min: min.max(batch.min), opt: Some(max), max };
    let mut out = if wanted.is_empty() { vec![Vec::new()] } else { wanted.to_vec() };
    for listed in &mut out {
        listed.retain(|r| r.name != range.name);
        listed.push(range.clone());
    }
    out
}

/// Every symbol that profiles name must be one of these inputs.
pub fn check_names(inputs: &[ValueInfo], wanted: &[Vec<SymbolRange>]) -> Result<()> {
    let mut symbols = BTreeSet::new();
    inputs.iter().flat_map(|i| &i.shape).for_each(|d| d.collect_symbols(&mut symbols));
    for listed in wanted.iter().flatten() {
        let names: Vec<&str> = symbols.iter().map(|s| &*s.name).collect();
        let (name, known) = (listed.name.as_str(), if names.is_empty() { "none: all shapes are fixed".into() } else { names.join(", ") });
        ensure!(names.contains(&name), UnknownName, "profiles: no input has a symbol '{name}' in its shape; the symbols are {known}");
    }
    Ok(())
}

fn profile(symbols: &BTreeSet<Symbol>, said: &[SymbolRange], listed: &[SymbolRange]) -> Result<Range<Bindings>> {
    let mut range = Range { min: Bindings::new(), opt: Bindings::new(), max: Bindings::new() };
    for Symbol { name, min, max } in symbols {
        let of = |ranges: &[SymbolRange]| ranges.iter().find(|s| *s.name == **name).map(|s| (s.min, s.opt, s.max));
        let (low, opt, high) = of(listed).unwrap_or_else(|| (*min, of(said).and_then(|s| s.1), *max));
        ensure!(
            *min <= low && high <= *max,
            BadOption,
            "profiles: {name}={low}..{high} is outside {min}..{max}, which the partition allows for '{name}'"
        );
        ensure!(
            high < i64::from(i32::MAX),
            BadOption,
            "an engine needs bounds on '{name}'; give the option symbols, such as {name}=1..8, or the input's whole shape"
        );
        range.min.insert(name.clone(), low.max(1));
        range.opt.insert(name.clone(), opt.unwrap_or(high));
        range.max.insert(name.clone(), high);
    }
    Ok(range)
}

/// Raises the smallest values until no tensor of the region is empty: smaller ones run on our own code.
fn raise(region: &Region, range: &mut Range<Bindings>) -> Result<()> {
    let dims = || region.graph.values.iter().flat_map(|v| &v.fact.shape).filter(|d| d.as_const().is_none());
    while let Some(empty) = dims().find(|d| d.eval(&range.min).is_some_and(|v| v < 1)) {
        let mut symbols = BTreeSet::new();
        empty.collect_symbols(&mut symbols);
        let mut raised = false;
        for Symbol { name, .. } in &symbols {
            let (low, high) = (range.min[name], range.max[name]);
            raised |= low < high;
            range.min.insert(name.clone(), (low + 1).min(high));
        }
        ensure!(raised, BadOption, "region '{}': the extent {empty} is 0 at the largest values of its symbols", region.name);
    }
    for (name, min) in &range.min {
        let opt = range.opt[name].max(*min);
        range.opt.insert(name.clone(), opt);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::error::Code;

    fn range(name: &str, min: i64, opt: Option<i64>, max: i64) -> SymbolRange {
        SymbolRange { name: name.into(), min, opt, max }
    }

    fn symbols() -> BTreeSet<Symbol> {
        [("N", 1, 16), ("W", 8, i64::MAX)].map(|(name, min, max)| Symbol { name: name.into(), min, max }).into()
    }

    #[test]
    fn what_is_listed_counts_before_what_is_allowed() {
        let said = [range("N", 1, Some(4), 16)];
        let listed = [range("W", 8, Some(32), 64)];
        let found = profile(&symbols(), &said, &listed).unwrap();
        let values = |b: &Bindings| b.values().copied().collect::<Vec<_>>();
        assert_eq!((values(&found.min), values(&found.opt), values(&found.max)), (vec![1, 8], vec![4, 32], vec![16, 64]));
        let both = profile(&symbols(), &said, &[range("N", 5, None, 8), range("W", 8, None, 9)]).unwrap();
        assert_eq!((values(&both.min), values(&both.opt), values(&both.max)), (vec![5, 8], vec![8, 9], vec![8, 9]));
    }

    #[test]
    fn profiles_outside_of_what_is_allowed_are_refused() {
        for (listed, part) in [
            (vec![range("N", 1, None, 17), range("W", 8, None, 9)], "outside 1..16"),
            (vec![range("W", 1, None, 9)], "outside 8.."),
            (vec![range("N", 1, None, 2)], "bounds on 'W'"),
        ] {
            let e = profile(&symbols(), &[], &listed).unwrap_err();
            assert_eq!(e.code, Code::BadOption);
            assert!(e.message.contains(part), "{e}");
        }
        let e = check_names(&[], &[vec![range("Q", 1, None, 2)]]).unwrap_err();
        assert!(e.code == Code::UnknownName && e.message.contains("'Q'"), "{e}");
    }
}
