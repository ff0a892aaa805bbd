//! Which tensors of a call share memory. Addresses are sorted, so that a call with hundreds of tensors is not slow.

use crate::tensor::lists::{List, Lists};

/// Addresses, from the first to one past the last.
pub type Range = (usize, usize);

/// Ranges of addresses in their order.
pub struct Ranges<'a>(List<'a, Entry>);

struct Entry {
    first: usize,
    /// Whose range it is.
    of: usize,
    /// The furthest end so far, and whose it is.
    reach: usize,
    furthest: usize,
}

impl<'a> Ranges<'a> {
    /// Of ranges that are numbered; empty ones share nothing.
    pub fn new(ranges: impl Iterator<Item = (usize, Range)>, lists: &'a Lists) -> Ranges<'a> {
        let mut all = List::new_in(lists);
        let some = ranges.filter(|(_, (first, end))| first < end);
        all.extend(some.map(|(of, (first, end))| Entry { first, of, reach: end, furthest: of }));
        all.sort_unstable_by_key(|e| (e.first, e.of));
        for i in 1..all.len() {
            let (reach, furthest) = (all[i - 1].reach, all[i - 1].furthest);
            if reach > all[i].reach {
                (all[i].reach, all[i].furthest) = (reach, furthest);
            }
        }
        Ranges(all)
    }

    /// One of them shares memory with this range.
    pub fn touch(&self, (first, end): Range) -> bool {
        let before = self.0.partition_point(|e| e.first < end);
        first < end && before > 0 && self.0[before - 1].reach > first
    }

    /// Two of them that share memory: the lower number first.
    pub fn pair(&self) -> Option<(usize, usize)> {
        let found = self.0.windows(2).find(|w| w[0].reach > w[1].first)?;
        let (a, b) = (found[0].furthest, found[1].of);
        Some((a.min(b), a.max(b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition, over all pairs.
    #[test]
    fn what_shares_memory_is_found() {
        let mut seed = 1u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((seed >> 33) % n) as usize
        };
        let share = |(a, b): Range, (c, d): Range| a < b && c < d && a < d && c < b;
        let (mut shared, mut apart) = (0, 0);
        for _ in 0..2000 {
            let count = next(6);
            let mut some = || (next(60), next(8));
            let ranges: Vec<Range> = (0..count).map(|_| some()).map(|(first, n)| (first, first + n)).collect();
            let lists = Lists::new();
            let made = Ranges::new(ranges.iter().copied().enumerate(), &lists);
            let (first, n) = some();
            let probe = (first, first + n);
            assert_eq!(made.touch(probe), ranges.iter().any(|r| share(*r, probe)), "{ranges:?} {probe:?}");
            let any = (0..ranges.len()).any(|i| (0..i).any(|k| share(ranges[i], ranges[k])));
            match made.pair() {
                Some((a, b)) => assert!(a < b && share(ranges[a], ranges[b]), "{ranges:?}"),
                None => assert!(!any, "{ranges:?}"),
            }
            *if any { &mut shared } else { &mut apart } += 1;
        }
        assert!(shared > 200 && apart > 200, "{shared} {apart}");
    }
}
