//! Magnitudes of a tensor over many runs, and the range that int8 should cover. Bounds are powers of two, so that the order of runs does
//! not matter.

use crate::tensor::host::Tensor;

/// Bins of a histogram; half of them are in use at least.
const BINS: usize = 16384;

/// Magnitudes that int8 tells apart.
const LEVELS: usize = 128;

/// The part of the elements that a percentile covers.
const PART: f64 = 0.9999;

/// How a range follows from what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Method {
    /// The largest magnitude: nothing is cut off.
    Max,
    /// Covers 99.99 % of the elements that are not zero.
    Percentile,
    /// Loses least information between the elements and their int8 form (Kullback-Leibler divergence).
    Entropy,
    /// Least mean square error of rounding and clipping together.
    #[default]
    Mse,
}

impl Method {
    /// Every method.
    pub const ALL: &[Method] = &[Method::Max, Method::Percentile, Method::Entropy, Method::Mse];

    /// The option's word.
    pub fn name(self) -> &'static str {
        match self {
            Method::Max => "max",
            Method::Percentile => "percentile",
            Method::Entropy => "entropy",
            Method::Mse => "mse",
        }
    }
}

/// How often which magnitudes were seen. Zeros are left out: every scale holds them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histogram {
    /// Magnitudes are below it; a power of two.
    bound: f64,
    bins: Vec<u64>,
    largest: f64,
    /// Elements that were no numbers.
    strange: u64,
}

impl Histogram {
    /// Counts the elements of a float tensor.
    pub fn observe(&mut self, tensor: &Tensor) {
        let Some(values) = tensor.to_f32s() else { return };
        let largest = values.iter().filter(|v| v.is_finite()).fold(0f32, |m, v| m.max(v.abs()));
        self.grow(f64::from(largest));
        let scale = BINS as f64 / self.bound;
        for v in values.iter() {
            match v.is_finite() {
                true if *v != 0.0 => self.bins[((f64::from(v.abs()) * scale) as usize).min(BINS - 1)] += 1,
                true => {}
                false => self.strange += 1,
            }
        }
    }

    /// Makes room for magnitudes up to `largest`.
    fn grow(&mut self, largest: f64) {
        self.largest = self.largest.max(largest);
        self.bins.resize(BINS, 0);
        if largest <= self.bound {
            return;
        }
        let bound = largest.log2().ceil().exp2().max(largest);
        if self.bound == 0.0 {
            self.bound = bound;
        }
        while self.bound < bound {
            let halves: Vec<u64> = self.bins.chunks(2).map(|pair| pair.iter().sum()).collect();
            self.bins = halves;
            self.bins.resize(BINS, 0);
            self.bound *= 2.0;
        }
    }

    /// The largest magnitude seen.
    pub fn largest(&self) -> f64 {
        self.largest
    }

    /// How many elements were infinite or no numbers.
    pub fn strange(&self) -> u64 {
        self.strange
    }

    /// The magnitude that the largest int8 should stand for; 0 where nothing but zeros was seen.
    pub fn range(&self, method: Method) -> f64 {
        let edge = |bins: usize| (self.bound * bins as f64 / BINS as f64).min(self.largest);
        match method {
            Method::Max => self.largest,
            Method::Percentile => edge(self.percentile()),
            Method::Entropy => edge(self.entropy()),
            Method::Mse => edge(self.mse()),
        }
    }

    /// The fewest bins that hold all but the rarest.
    fn percentile(&self) -> usize {
        let all: u64 = self.bins.iter().sum();
        let wanted = (all as f64 * PART).ceil() as u64;
        let mut sum = 0;
        let inside = self.bins.iter().take_while(|n| {
            let more = sum < wanted;
            sum += **n;
            more
        });
        inside.count()
    }

    /// The number of bins with which rounding and clipping make the least square error.
    fn mse(&self) -> usize {
        let used = self.bins.iter().rposition(|n| *n > 0).map_or(0, |i| i + 1);
        let step = (used / 512).max(1);
        let error = |end: usize| -> f64 {
            // Magnitudes in units of bins; a level is `unit` bins wide, and rounding makes its width squared, by twelve.
            let unit = end as f64 / (LEVELS - 1) as f64;
            let rounded = self.bins[..end].iter().sum::<u64>() as f64 * unit * unit / 12.0;
            let beyond = self.bins[end..].iter().enumerate();
            rounded + beyond.map(|(i, n)| *n as f64 * (i as f64 + 0.5).powi(2)).sum::<f64>()
        };
        let ends = (step..used).step_by(step).chain([used]);
        let best = ends.map(|end| (error(end), end)).min_by(|a, b| a.0.total_cmp(&b.0));
        best.map_or(used, |(_, end)| end)
    }

    /// The number of bins whose clipped distribution and its int8 form differ least.
    fn entropy(&self) -> usize {
        let used = self.bins.iter().rposition(|n| *n > 0).map_or(0, |i| i + 1);
        let step = (used / 512).max(1);
        let ends = (LEVELS..used).step_by(step).chain([used]);
        let best = ends.map(|end| (self.divergence(end), end)).min_by(|a, b| a.0.total_cmp(&b.0));
        best.map_or(used, |(_, end)| end)
    }

    /// The Kullback-Leibler divergence of the first `end` bins, what lies beyond put into the last, from their form in few levels.
    fn divergence(&self, end: usize) -> f64 {
        let beyond: u64 = self.bins[end..].iter().sum();
        let inside: u64 = self.bins[..end].iter().sum();
        let (all, inside) = ((inside + beyond) as f64, inside as f64);
        let mut sum = 0.0;
        for level in 0..LEVELS.min(end) {
            let group = level * end / LEVELS.min(end)..(level + 1) * end / LEVELS.min(end);
            let bins = &self.bins[group.clone()];
            let filled = bins.iter().filter(|n| **n > 0).count();
            let even = bins.iter().sum::<u64>() as f64 / filled.max(1) as f64 / inside;
            for (i, n) in group.zip(bins) {
                let p = (*n + if i + 1 == end { beyond } else { 0 }) as f64 / all;
                // A bin that only the clipped fill has next to nothing in the other distribution.
                let q = if *n > 0 { even } else { 1.0 / (all * LEVELS as f64) };
                sum += if p > 0.0 { p * (p / q).ln() } else { 0.0 };
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: Vec<f32>) -> Histogram {
        let mut h = Histogram::default();
        h.observe(&Tensor::from_vec(&[values.len()], values));
        h
    }

    /// Numbers like those of a normal distribution: sums of twelve steps of a small generator.
    fn normal(n: usize) -> Vec<f32> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        (0..n).map(|_| (0..12).map(|_| next()).sum::<f32>() - 6.0).collect()
    }

    #[test]
    fn order_of_runs_does_not_matter() {
        let (a, b) = (Tensor::from_vec(&[3], vec![0.1f32, -0.2, 0.0]), Tensor::from_vec(&[3], vec![900f32, -3.0, f32::NAN]));
        let (mut ab, mut ba) = (Histogram::default(), Histogram::default());
        [&a, &b].into_iter().for_each(|t| ab.observe(t));
        [&b, &a].into_iter().for_each(|t| ba.observe(t));
        assert_eq!(ab, ba);
        assert_eq!((ab.largest(), ab.strange()), (900.0, 1));
        assert_eq!(ab.range(Method::Max), 900.0);
    }

    #[test]
    fn rare_large_elements_are_cut_off() {
        let mut values = normal(200_000);
        values.push(400.0);
        let h = of(values);
        assert_eq!(h.range(Method::Max), 400.0);
        for method in [Method::Percentile, Method::Entropy] {
            let range = h.range(method);
            assert!((2.0..8.0).contains(&range), "{}: {range}", method.name());
        }
        // Its square error counts: half of it is cut off, where the rounding of all the others weighs as much.
        assert!((100.0..300.0).contains(&h.range(Method::Mse)), "{}", h.range(Method::Mse));
    }

    #[test]
    fn evenly_spread_elements_are_all_covered() {
        let h = of((0..100_000).map(|i| i as f32 / 100_000.0).collect());
        for method in Method::ALL {
            assert!((0.97..=1.0).contains(&h.range(*method)), "{}: {}", method.name(), h.range(*method));
        }
    }

    #[test]
    fn nothing_and_zeros_have_no_range() {
        for h in [Histogram::default(), of(vec![]), of(vec![0.0, -0.0])] {
            for method in Method::ALL {
                assert_eq!(h.range(*method), 0.0, "{}", method.name());
            }
        }
        // One magnitude is covered, to a bin.
        for method in Method::ALL {
            let range = of(vec![3.0, -3.0, 0.0]).range(*method);
            assert!((3.0 - 4.0 / BINS as f64..=3.0).contains(&range), "{}: {range}", method.name());
        }
    }
}
