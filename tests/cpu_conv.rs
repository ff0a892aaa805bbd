//! Convolution and pooling against plain nested loops in double precision: every instruction set of the machine, one to three threads,
//! random windows and sizes. Bounds hold for any order of summation; they are never widened.
#![allow(unsafe_code)]

use std::sync::Mutex;
use tvmtrt::cpu::conv::{ConvParams, ConvPlan, Images, conv};
use tvmtrt::cpu::depthwise::depthwise;
use tvmtrt::cpu::gemm::{Epilogue, Output};
use tvmtrt::cpu::isa::Isa;
use tvmtrt::cpu::pool::Pool;
use tvmtrt::cpu::pool2d::{Count, PoolParams, Pooling, pool2d};
use tvmtrt::cpu::scratch::Scratch;
use tvmtrt::cpu::winograd::Winograd;

/// Numbers in -1..1 from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n
    }

    fn fill(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.below(1 << 30) as f32 / (1u64 << 29) as f32 - 1.0).collect()
    }
}

/// Calls `f(place in the plane or None in the padding)` for each element of the window of output pixel `o`.
fn window(p: &ConvParams, size: [usize; 3], o: [usize; 3], mut f: impl FnMut(Option<usize>)) {
    let [kd, kh, kw] = p.kernel;
    for t in 0..kd * kh * kw {
        let place = [t / (kh * kw), t / kw % kh, t % kw];
        let at: Vec<Option<usize>> =
            (0..3).map(|d| (o[d] * p.stride[d] + place[d] * p.dilation[d]).checked_sub(p.pad_begin[d]).filter(|&i| i < size[d])).collect();
        f(if let [Some(z), Some(y), Some(x)] = at[..] { Some((z * size[1] + y) * size[2] + x) } else { None });
    }
}

/// Value and sum of magnitudes of each output element.
fn reference(p: &ConvParams, x: Images, w: &[f32]) -> Vec<(f64, f64)> {
    let ([od, oh, ow], plane, places) = (p.output(x.size), x.size.iter().product::<usize>(), p.kernel.iter().product::<usize>());
    let (inner, outer) = (p.inputs / p.groups, p.outputs / p.groups);
    let mut all = vec![];
    for (image, channel, pixel) in (0..x.count).flat_map(|n| (0..p.outputs).flat_map(move |c| (0..od * oh * ow).map(move |o| (n, c, o)))) {
        let (mut sum, mut size) = (0f64, 0f64);
        for i in 0..inner {
            let from = (image * p.inputs + channel / outer * inner + i) * plane;
            let mut weights = w[(channel * inner + i) * places..].iter();
            window(p, x.size, [pixel / (oh * ow), pixel / ow % oh, pixel % ow], |at| {
                let weight = *weights.next().unwrap() as f64;
                let term = at.map_or(0.0, |at| x.data[from + at] as f64 * weight);
                (sum, size) = (sum + term, size + term.abs());
            });
        }
        all.push((sum, size));
    }
    all
}

/// Runs `f` with an output and an epilogue that adds 1; sees that each element is finished once; and compares with the reference.
fn check(expected: &[(f64, f64)], channels: usize, pixels: usize, terms: usize, what: &str, f: impl FnOnce(Output, Option<Epilogue>)) {
    let mut y = vec![f32::NAN; expected.len()];
    let seen = Mutex::new(vec![0u8; y.len()]);
    let base = y.as_mut_ptr() as usize;
    let epilogue = |n: usize, r0: usize, r1: usize, c0: usize, c1: usize| {
        assert!(r1 <= channels && c1 <= pixels);
        for i in (r0..r1).flat_map(|r| (c0..c1).map(move |c| (n * channels + r) * pixels + c)) {
            seen.lock().unwrap()[i] += 1;
            // SAFETY: inside the output, and this part is finished.
            unsafe { *(base as *mut f32).add(i) += 1.0 }
        }
    };
    // SAFETY: `y` lives on, and only the epilogue touches it.
    f(unsafe { Output::raw(base as *mut f32, expected.len()) }, Some(&epilogue));
    assert!(seen.lock().unwrap().iter().all(|&times| times == 1), "epilogue: {what}");
    for (i, (&got, &(sum, size))) in y.iter().zip(expected).enumerate() {
        let unit = (f32::EPSILON / 2.0) as f64;
        let bound = unit * ((terms + 1) as f64 * size + (1.0 + sum).abs() + unit);
        let error = (got as f64 - 1.0 - sum).abs();
        assert!(error <= bound || got as f64 == sum, "element {i}: {got}, not {}, off by {error:e} > {bound:e}: {what}", sum + 1.0);
    }
}

fn check_conv(isa: Isa, pool: &Pool, scratch: &mut Scratch, p: &ConvParams, count: usize, size: [usize; 3], random: &mut Random) {
    let data = random.fill(count * p.inputs * size.iter().product::<usize>());
    let weights = random.fill(p.outputs * p.depth());
    let images = Images { data: &data, count, size };
    let (expected, pixels) = (reference(p, images, &weights), p.output(size).iter().product());
    let what = format!("{} {} threads {count} x {size:?} {p:?}", isa.name(), pool.threads());
    let plan = ConvPlan::new(isa, *p, &weights);
    check(&expected, p.outputs, pixels, p.depth(), &what, |out, epilogue| plan.run(pool, scratch, images, out, epilogue));
    check(&expected, p.outputs, pixels, p.depth(), &what, |out, epilogue| conv(isa, p, &weights, pool, scratch, images, out, epilogue));
}

/// For each output of a 3x3 convolution at stride 1 the sum of magnitudes of all that Winograd's tile adds up for it: the transforms with
/// absolute values. Terms beyond the window cancel exactly, but not their rounding.
fn winograd_magnitudes(p: &ConvParams, x: Images, w: &[f32]) -> Vec<f64> {
    const B: [[f64; 4]; 4] = [[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]];
    const G: [[f64; 3]; 4] = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [0.0, 0.0, 1.0]];
    const A: [[f64; 4]; 2] = [[1.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 1.0]];
    let ([_, oh, ow], [_, h, wide]) = (p.output(x.size), x.size);
    let mut all = vec![];
    for (image, channel, pixel) in (0..x.count).flat_map(|n| (0..p.outputs).flat_map(move |c| (0..oh * ow).map(move |o| (n, c, o)))) {
        let (y, x0) = (pixel / ow, pixel % ow);
        let mut size = 0.0;
        for i in 0..p.inputs {
            let plane = &x.data[(image * p.inputs + i) * h * wide..][..h * wide];
            let weights = &w[(channel * p.inputs + i) * 9..][..9];
            let element = |r: usize, c: usize| {
                let at = ((y / 2 * 2 + r).checked_sub(p.pad_begin[1]), (x0 / 2 * 2 + c).checked_sub(p.pad_begin[2]));
                let inside = if let (Some(r), Some(c)) = at { (r < h && c < wide).then(|| plane[r * wide + c]) } else { None };
                inside.map_or(0.0, |v| v.abs() as f64)
            };
            for point in 0..16 {
                let (u, v) = (point / 4, point % 4);
                let d: f64 = (0..16).map(|t| B[u][t / 4] * element(t / 4, t % 4) * B[v][t % 4]).sum();
                let g: f64 = (0..9).map(|t| G[u][t / 3] * weights[t].abs() as f64 * G[v][t % 3]).sum();
                size += A[y % 2][u] * A[x0 % 2][v] * d * g;
            }
        }
        all.push(size);
    }
    all
}

/// Each term goes through four additions before the product (of weights: one rounding), the sum over the channels, and four after it.
fn check_winograd(isa: Isa, pool: &Pool, scratch: &mut Scratch, p: &ConvParams, count: usize, size: [usize; 2], random: &mut Random) {
    let size = [1, size[0], size[1]];
    let (data, weights) = (random.fill(count * p.inputs * size[1] * size[2]), random.fill(p.outputs * p.depth()));
    let images = Images { data: &data, count, size };
    let sizes = winograd_magnitudes(p, images, &weights);
    let expected: Vec<(f64, f64)> = reference(p, images, &weights).iter().zip(sizes).map(|((sum, _), size)| (*sum, size)).collect();
    let pixels = p.output(size).iter().product();
    let what = format!("winograd {} {} threads {count} x {size:?} {p:?}", isa.name(), pool.threads());
    let plan = Winograd::new(isa, *p, &weights);
    check(&expected, p.outputs, pixels, p.inputs + 9, &what, |out, epilogue| plan.run(pool, scratch, images, out, epilogue));
}

#[test]
fn winograd_agrees_with_nested_loops() {
    let (mut random, mut scratch) = (Random(7), Scratch::new());
    for isa in Isa::available() {
        for threads in 1..=3 {
            let pool = Pool::new(threads);
            for round in 0..9 {
                let (inputs, outputs) = (1 + random.below(5), 1 + random.below(12));
                let pad = |random: &mut Random| [random.below(4), random.below(4)];
                let p = ConvParams::new(inputs, outputs, 1, &[3, 3]).pad(&pad(&mut random), &pad(&mut random));
                // Rows of tiles that fill several blocks, less than one vector, or a part of a block.
                let size = [1 + random.below(12), 1 + random.below([9, 40, 110][round % 3])];
                check_winograd(isa, &pool, &mut scratch, &p, random.below(4), size, &mut random);
            }
            let p = ConvParams::new(20, 17, 1, &[3, 3]).pad(&[1, 1], &[1, 1]);
            check_winograd(isa, &pool, &mut scratch, &p, 1, [14, 14], &mut random);
        }
    }
}

/// A random window over `dims` dimensions, and a size of input.
fn any_window(random: &mut Random, dims: usize, channels: (usize, usize, usize)) -> (ConvParams, [usize; 3]) {
    let mut each = |low: usize, count: usize| (0..dims).map(|_| low + random.below(count)).collect::<Vec<usize>>();
    let (kernel, stride, dilation, begin, end) = (each(1, 4), each(1, 3), each(1, 2), each(0, 3), each(0, 3));
    let size = each(1, [0, 60, 24, 7][dims]);
    let p = ConvParams::new(channels.0, channels.1, channels.2, &kernel).stride(&stride).dilation(&dilation).pad(&begin, &end);
    (p, tvmtrt::cpu::conv::spatial(&size, 1))
}

#[test]
fn convolution_agrees_with_nested_loops() {
    let (mut random, mut scratch) = (Random(1), Scratch::new());
    for isa in Isa::available() {
        for threads in 1..=3 {
            let pool = Pool::new(threads);
            for round in 0..120 {
                let groups = [1, 1, 1, 2, 3][random.below(5)];
                let channels = (groups * (1 + random.below(6)), groups * (1 + random.below(20)), groups);
                let (p, size) = any_window(&mut random, 1 + round % 3, channels);
                check_conv(isa, &pool, &mut scratch, &p, random.below(4), size, &mut random);
            }
        }
    }
}

#[test]
fn shapes_of_known_networks() {
    let (mut random, mut scratch) = (Random(2), Scratch::new());
    let new = |i, o, kernel, stride, pad| ConvParams::new(i, o, 1, &[kernel; 2]).stride(&[stride; 2]).pad(&[pad; 2], &[pad; 2]);
    let cases = [
        (new(3, 16, 7, 2, 3), 64),
        (new(16, 24, 3, 1, 1), 56),
        (new(40, 32, 3, 2, 1), 28),
        (new(64, 48, 3, 1, 1), 7),
        (new(96, 40, 1, 1, 0), 14),
        (new(40, 64, 1, 2, 0), 14),
        (new(300, 70, 1, 1, 0), 1),
        (ConvParams::new(8, 8, 1, &[2, 5]).pad(&[1, 0], &[0, 4]), 17),
    ];
    for isa in Isa::available() {
        for threads in 1..=3 {
            let pool = Pool::new(threads);
            for (p, side) in &cases {
                check_conv(isa, &pool, &mut scratch, p, 1, [1, *side, *side], &mut random);
            }
        }
    }
}

fn check_depthwise(isa: Isa, pool: &Pool, scratch: &mut Scratch, p: &ConvParams, count: usize, size: [usize; 3], random: &mut Random) {
    let data = random.fill(count * p.inputs * size.iter().product::<usize>());
    let weights = random.fill(p.outputs * p.depth());
    let images = Images { data: &data, count, size };
    let (expected, pixels) = (reference(p, images, &weights), p.output(size).iter().product());
    let what = format!("{} {} threads {count} x {size:?} {p:?}", isa.name(), pool.threads());
    check(&expected, p.outputs, pixels, p.depth(), &what, |out, epilogue| {
        depthwise(isa, p, &weights, pool, scratch, images, out, epilogue)
    });
}

#[test]
fn depthwise_agrees_with_nested_loops() {
    let (mut random, mut scratch) = (Random(4), Scratch::new());
    for isa in Isa::available() {
        for threads in 1..=3 {
            let pool = Pool::new(threads);
            for round in 0..150 {
                let (channels, times) = (1 + random.below(5), 1 + random.below(3));
                let (mut p, size) = any_window(&mut random, 1 + round % 2, (channels, channels * times, channels));
                if round % 3 == 0 {
                    (p.kernel, p.dilation, p.stride) = ([1, 3 + round / 3 % 2 * 2, 0], [1; 3], [1, 1 + random.below(2), 0]);
                    (p.kernel[2], p.stride[2]) = (p.kernel[1], p.stride[1]);
                }
                check_depthwise(isa, &pool, &mut scratch, &p, random.below(4), size, &mut random);
            }
            for (side, kernel, stride) in [(112, 3, 1), (57, 3, 2), (40, 5, 1), (31, 5, 2), (7, 3, 1), (300, 3, 1)] {
                let p = ConvParams::new(4, 4, 4, &[kernel; 2]).stride(&[stride; 2]).pad(&[kernel / 2; 2], &[kernel / 2; 2]);
                check_depthwise(isa, &pool, &mut scratch, &p, 2, [1, side, side], &mut random);
            }
        }
    }
}

#[test]
fn pooling_agrees_with_nested_loops() {
    let (mut random, mut scratch) = (Random(5), Scratch::new());
    for (isa, threads) in Isa::available().into_iter().flat_map(|isa| (1..=3).map(move |threads| (isa, threads))) {
        let pool = Pool::new(threads);
        for round in 0..150 {
            let (channels, count) = (1 + random.below(4), random.below(4));
            let (p, size) = any_window(&mut random, 1 + round % 2, (channels, channels, 1));
            // Sometimes one more than fits, as rounding up gives.
            let to = p.output(size).map(|o| o + random.below(2));
            let data = random.fill(count * channels * size.iter().product::<usize>());
            let tail = |a: [usize; 3]| [a[1], a[2]];
            let params = PoolParams {
                kernel: tail(p.kernel),
                stride: tail(p.stride),
                dilation: tail(p.dilation),
                pad_begin: tail(p.pad_begin),
                pad_end: tail(p.pad_end),
            };
            let images = Images { data: &data, count, size };
            for pooling in [Pooling::Max, Pooling::Average(Count::Image), Pooling::Average(Count::Padded), Pooling::Average(Count::Window)]
            {
                let expected = pool_reference(&p, pooling, images, tail(to));
                let what = format!("{} {} threads {count} x {size:?} to {to:?} {pooling:?} {p:?}", isa.name(), pool.threads());
                check(&expected, channels, to[1] * to[2], p.kernel.iter().product::<usize>() + 1, &what, |out, epilogue| {
                    pool2d(isa, &params, pooling, &pool, &mut scratch, images, channels, tail(to), out, epilogue)
                });
            }
        }
    }
}

/// Value and magnitude of each pooled element.
fn pool_reference(p: &ConvParams, pooling: Pooling, x: Images, [oh, ow]: [usize; 2]) -> Vec<(f64, f64)> {
    let (plane, mut all) = (x.size.iter().product::<usize>(), vec![]);
    for (at, pixel) in (0..x.count * p.inputs).flat_map(|c| (0..oh * ow).map(move |o| (c * plane, o))) {
        let o = [0, pixel / ow, pixel % ow];
        let (mut max, mut sum, mut size, mut image, mut total) = (f64::NEG_INFINITY, 0f64, 0f64, 0, 0);
        window(p, x.size, o, |place| {
            total += 1;
            if let Some(place) = place {
                let v = x.data[at + place] as f64;
                (max, sum, size, image) = (max.max(v), sum + v, size + v.abs(), image + 1);
            }
        });
        let end = |d: usize| {
            (0..p.kernel[d]).filter(|t| o[d] * p.stride[d] + t * p.dilation[d] < x.size[d] + p.pad_begin[d] + p.pad_end[d]).count()
        };
        let count = match pooling {
            Pooling::Max => {
                all.push((max, max.abs()));
                continue;
            }
            Pooling::Average(Count::Image) => image,
            Pooling::Average(Count::Padded) => end(1) * end(2),
            Pooling::Average(Count::Window) => total,
        };
        let count = count.max(1) as f64;
        all.push((sum / count, size / count));
    }
    all
}

#[test]
fn a_maximum_keeps_nan() {
    let mut data = vec![0f32; 6 * 40];
    data[3 * 40 + 21] = f32::NAN;
    let params = PoolParams { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], pad_begin: [1, 1], pad_end: [1, 1] };
    for isa in Isa::available() {
        let mut y = vec![0f32; 6 * 40];
        let images = Images { data: &data, count: 1, size: [1, 6, 40] };
        pool2d(isa, &params, Pooling::Max, &Pool::new(1), &mut Scratch::new(), images, 1, [6, 40], Output::dense(&mut y), None);
        assert!(
            y.iter().enumerate().all(|(i, v)| v.is_nan() == ((i / 40).abs_diff(3) <= 1 && (i % 40).abs_diff(21) <= 1)),
            "{}",
            isa.name()
        );
    }
}

#[test]
fn an_image_smaller_than_the_window_gives_nothing() {
    let p = ConvParams::new(1, 1, 1, &[3, 3]);
    assert_eq!(p.output([1, 2, 9]), [1, 0, 7]);
    check_conv(Isa::detect(), &Pool::new(2), &mut Scratch::new(), &p, 2, [1, 2, 9], &mut Random(3));
}
