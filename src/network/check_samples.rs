//! Rules of layers that reach outside their operand or sample between its elements: slices, resize, grid sample, LRN.

use crate::network::check::At;
use crate::network::check_layers::FLOATS;
use crate::network::layer::{Interpolation, LayerKind, Resize, SampleMode};
use crate::network::refusal::{Accepted, Refusal};
use crate::tensor::dim::Answer;
use crate::tensor::dtype::DType;
use crate::tensor::shape;

/// Most channels in a window of normalisation.
const MAX_LRN: i64 = 15;

/// The rules of a layer of these kinds; others pass.
pub(super) fn check(at: &At) -> Accepted<()> {
    match &at.layer.kind {
        LayerKind::SliceOutside { start, size, mode } => slice_outside(at, start, size, *mode),
        LayerKind::Lrn { window, alpha, beta, k } => lrn(at, *window, [*alpha, *beta, *k]),
        LayerKind::Resize(r) => resize(at, r),
        LayerKind::GridSample { mode, outside, .. } => grid_sample(at, *mode, *outside),
        _ => Ok(()),
    }
}

/// What our tables of TensorRT's interface begin with.
fn since_tables(at: &At, what: &str) -> Accepted<()> {
    if at.capabilities.at_least(8, 5, 0) {
        return Ok(());
    }
    let reason = format!("{what} of {} is not known here", at.version());
    Err(Refusal::new("sample.version", reason, "TensorRT 8.5 or newer"))
}

fn slice_outside(at: &At, start: &[i64], size: &[i64], mode: SampleMode) -> Accepted<()> {
    since_tables(at, "a slice beyond its operand")?;
    if at.dtype(0) == DType::Bool && mode != SampleMode::Wrap && !at.rtx() {
        let reason = format!("{} has no slice of bool in mode {}", at.version(), mode.name());
        return Err(Refusal::new("slice.bool", reason, "a cast to int32 before it and back after it"));
    }
    let dims = &at.input(0).dims;
    if [start.len(), size.len()] != [dims.len(); 2] || size.iter().any(|s| *s < 0) {
        let reason = format!("start {start:?} and size {size:?} for shape {}", shape::text(dims));
        return Err(Refusal::new("slice.rank", reason, ""));
    }
    if mode != SampleMode::Fill && dims.iter().any(|d| d.interval().0 < 1) {
        let reason = format!("mode {} of {}, whose extents may be 0", mode.name(), shape::text(dims));
        return Err(Refusal::new("slice.empty", reason, "bounds of symbols that keep the extents at 1 or more"));
    }
    match (at.layer.inputs.len(), mode) {
        (1, _) => Ok(()),
        (2, SampleMode::Fill) if at.rank(1) == 0 && at.dtype(1) == at.dtype(0) => Ok(()),
        _ => {
            let reason = format!("{} operands in mode {}", at.layer.inputs.len(), mode.name());
            Err(Refusal::new("slice.fill", reason, "one value of the operand's type, in mode FILL"))
        }
    }
}

fn lrn(at: &At, window: i64, [alpha, beta, k]: [f32; 3]) -> Accepted<()> {
    at.typed(0, FLOATS, "lrn.type")?;
    if at.rank(0) != 4 {
        return Err(Refusal::new("lrn.rank", format!("an operand of rank {}; 4 is taken", at.rank(0)), "a reshape to rank 4"));
    }
    let fits = window % 2 == 1 && (1..=MAX_LRN).contains(&window);
    let ranges = alpha.abs() <= 1e20 && (0.01..=1e5).contains(&beta) && (1e-5..=1e10).contains(&k);
    if !fits || !ranges {
        let reason = format!("window {window}, alpha {alpha}, beta {beta}, k {k}");
        let lift = "an odd window up to 15, beta from 0.01 to 1e5, k from 1e-5 to 1e10";
        return Err(Refusal::new("lrn.range", reason, lift));
    }
    Ok(())
}

fn resize(at: &At, r: &Resize) -> Accepted<()> {
    since_tables(at, "a resize")?;
    at.typed(0, FLOATS, "resize.type")?;
    let (from, to) = (&at.input(0).dims, &at.network.tensor(at.layer.outputs[0]).dims);
    let first = (0..from.len()).find(|i| from[*i].equals(&to[*i]) != Answer::Always).unwrap_or(from.len());
    let most = match r.mode {
        Interpolation::Nearest => from.len(),
        Interpolation::Linear => 3,
        Interpolation::Cubic => 2,
    };
    if from.len() - first > most {
        let reason = format!("{} from {} to {}: only the last {most} axes change", r.mode.name(), shape::text(from), shape::text(to));
        return Err(Refusal::new("resize.axes", reason, "a resize of fewer axes, the last ones"));
    }
    if from.iter().chain(to).any(|d| d.interval().1 < 1) {
        return Err(Refusal::new("resize.empty", format!("from {} to {}", shape::text(from), shape::text(to)), "extents that are not 0"));
    }
    Ok(())
}

fn grid_sample(at: &At, mode: Interpolation, outside: SampleMode) -> Accepted<()> {
    since_tables(at, "a grid sample")?;
    for i in 0..2 {
        at.typed(i, &FLOATS[..2], "grid_sample.type")?;
    }
    let grid = &at.input(1).dims;
    if outside == SampleMode::Wrap || !grid[3].is(2) || at.dtype(0) != at.dtype(1) {
        let reason = format!("{} with {} of {}, grid {}{}", mode.name(), outside.name(), at.dtype(0), at.dtype(1), shape::text(grid));
        return Err(Refusal::new("grid_sample.fields", reason, "FILL, CLAMP or REFLECT, and a grid of pairs of the operand's type"));
    }
    if mode == Interpolation::Cubic && !at.rtx() && !at.capabilities.at_least(10, 0, 0) {
        let reason = format!("cubic grid samples of {} are wrong", at.version());
        return Err(Refusal::new("grid_sample.cubic", reason, "TensorRT 10.0 or newer"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::check::tests::{full, rtx, rule};
    use crate::network::layer::{ResizeCoordinates, ResizeRound, ResizeTo};
    use crate::tensor::dtype::DType::{self, BF16, F16, F32};

    #[test]
    fn samples() {
        let outside = |mode, size: &[i64]| LayerKind::SliceOutside { start: vec![-1, 0], size: size.to_vec(), mode };
        let x: &[(DType, &[i64])] = &[(F32, &[2, 3])];
        assert_eq!(rule(&full(8, 5), outside(SampleMode::Reflect, &[4, 3]), x), "");
        assert_eq!(rule(&full(8, 4), outside(SampleMode::Reflect, &[4, 3]), x), "sample.version");
        assert_eq!(rule(&rtx(), outside(SampleMode::Clamp, &[4, 3]), &[(F32, &[0, 3])]), "slice.empty");
        assert_eq!(rule(&rtx(), outside(SampleMode::Fill, &[4, 3]), &[(F32, &[2, 3]), (F32, &[])]), "");
        assert_eq!(rule(&rtx(), outside(SampleMode::Fill, &[4, 3]), &[(F32, &[2, 3]), (F16, &[])]), "slice.fill");
        assert_eq!(rule(&rtx(), outside(SampleMode::Wrap, &[4, 3]), &[(F32, &[2, 3]), (F32, &[])]), "slice.fill");
        let lrn = |window, k| LayerKind::Lrn { window, alpha: 1e-4, beta: 0.75, k };
        let x: &[(DType, &[i64])] = &[(F32, &[1, 8, 4, 4])];
        assert_eq!(rule(&rtx(), lrn(15, 1.0), x), "");
        assert_eq!(rule(&rtx(), lrn(17, 1.0), x), "lrn.range");
        assert_eq!(rule(&rtx(), lrn(4, 1.0), x), "lrn.range");
        assert_eq!(rule(&rtx(), lrn(5, 0.0), x), "lrn.range");
        assert_eq!(rule(&rtx(), lrn(5, 1.0), &[(F32, &[1, 8, 4])]), "lrn.rank");
        let resize = |mode, to: &[i64]| {
            LayerKind::Resize(Resize {
                to: ResizeTo::Extents(to.to_vec()),
                mode,
                coordinates: ResizeCoordinates::HalfPixel,
                rounding: ResizeRound::Floor,
                single_is_first: false,
                cubic: -0.75,
                exclude_outside: false,
            })
        };
        assert_eq!(rule(&rtx(), resize(Interpolation::Nearest, &[2, 9, 3, 3]), x), "");
        assert_eq!(rule(&rtx(), resize(Interpolation::Linear, &[1, 9, 3, 3]), x), "");
        assert_eq!(rule(&rtx(), resize(Interpolation::Linear, &[2, 9, 3, 3]), x), "resize.axes");
        assert_eq!(rule(&rtx(), resize(Interpolation::Cubic, &[1, 9, 3, 3]), x), "resize.axes");
        assert_eq!(rule(&rtx(), resize(Interpolation::Linear, &[1, 8, 0, 3]), x), "resize.empty");
        let grid = |outside| LayerKind::GridSample { mode: Interpolation::Linear, outside, align_corners: true };
        let pair = |last: i64| -> Vec<i64> { vec![1, 5, 5, last] };
        let ask = |outside, dtype, last| rule(&rtx(), grid(outside), &[(F32, &[1, 8, 4, 4]), (dtype, &pair(last))]);
        assert_eq!(ask(SampleMode::Clamp, F32, 2), "");
        let cubic = LayerKind::GridSample { mode: Interpolation::Cubic, outside: SampleMode::Clamp, align_corners: true };
        let x: &[(DType, &[i64])] = &[(F32, &[1, 8, 4, 4]), (F32, &pair(2))];
        assert_eq!([rule(&full(8, 6), cubic.clone(), x), rule(&full(10, 6), cubic, x)], ["grid_sample.cubic", ""]);
        assert_eq!(ask(SampleMode::Clamp, F32, 3), "grid_sample.fields");
        assert_eq!(ask(SampleMode::Clamp, F16, 2), "grid_sample.fields");
        assert_eq!(ask(SampleMode::Wrap, F32, 2), "grid_sample.fields");
        assert_eq!(ask(SampleMode::Clamp, BF16, 2), "grid_sample.type");
    }
}
