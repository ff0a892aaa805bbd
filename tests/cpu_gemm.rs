//! Matrix products against a plain triple loop in double precision: every instruction set of the machine, one to three threads,
//! every kind of operand. The bound is the one that holds for any order of summation; it is never widened.
#![allow(unsafe_code)]

use std::sync::Mutex;
use tvmtrt::cpu::gemm::{Gemm, Lhs, Output, Rhs, gemm};
use tvmtrt::cpu::isa::Isa;
use tvmtrt::cpu::pack::{PackedA, PackedB, PanelSource, Strided};
use tvmtrt::cpu::pool::Pool;
use tvmtrt::cpu::scratch::Scratch;

/// Numbers in -1..1 from a seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 33
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    fn fill(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.next() as f32 / (1u64 << 30) as f32 - 1.0).collect()
    }
}

/// Where element (row, column) of a matrix of a batch is.
#[derive(Clone)]
struct Layout {
    row: usize,
    col: usize,
    batch: Vec<usize>,
    len: usize,
}

impl Layout {
    /// Row-major or transposed or with gaps, by `kind`; the first batch dimension is broadcast where `broadcast`.
    fn new(kind: usize, rows: usize, cols: usize, batch: &[usize], broadcast: bool) -> Layout {
        let (row, col) = [(cols, 1), (1, rows), (2 * cols + 3, 2)][kind];
        let mut size = rows * row + cols * col + 1;
        let mut strides = vec![0; batch.len()];
        for i in (0..batch.len()).rev() {
            strides[i] = if broadcast && i == 0 { 0 } else { size };
            size *= batch[i].max(1);
        }
        Layout { row, col, batch: strides, len: size }
    }

    fn at(&self, batch: usize, dims: &[usize], row: usize, col: usize) -> usize {
        let (mut at, mut rest) = (row * self.row + col * self.col, batch);
        for i in (0..dims.len()).rev() {
            at += rest % dims[i] * self.batch[i];
            rest /= dims[i];
        }
        at
    }
}

struct Case<'a> {
    isa: Isa,
    pool: &'a Pool,
    size: (usize, usize, usize),
    batch: &'a [usize],
    kinds: (usize, usize),
    broadcast: (bool, bool),
    packed: (bool, bool),
    source: bool,
}

struct FromClosure<'a>(&'a (dyn Fn(usize, usize, usize) -> f32 + Sync));

impl PanelSource for FromClosure<'_> {
    fn pack(&self, batch: usize, k: std::ops::Range<usize>, columns: std::ops::Range<usize>, dst: &mut [f32], width: usize) {
        assert_eq!(dst.len(), k.len() * width);
        for (row, p) in dst.chunks_mut(width).zip(k) {
            row.fill(0.0);
            for (to, j) in row.iter_mut().zip(columns.clone()) {
                *to = (self.0)(batch, p, j);
            }
        }
    }
}

fn check(case: &Case, random: &mut Random, scratch: &mut Scratch) {
    let ((m, n, k), count) = (case.size, case.batch.iter().product::<usize>());
    let (la, lb) =
        (Layout::new(case.kinds.0, m, k, case.batch, case.broadcast.0), Layout::new(case.kinds.1, k, n, case.batch, case.broadcast.1));
    let (a, b) = (random.fill(la.len), random.fill(lb.len));
    let packed_a: Vec<PackedA> =
        (0..count).map(|e| PackedA::pack(case.isa, m, k, &a[la.at(e, case.batch, 0, 0)..], la.row, la.col)).collect();
    let packed_b: Vec<PackedB> =
        (0..count).map(|e| PackedB::pack(case.isa, k, n, &b[lb.at(e, case.batch, 0, 0)..], lb.row, lb.col)).collect();
    let element = |e: usize, p: usize, j: usize| b[lb.at(e, case.batch, p, j)];
    let source = FromClosure(&element);
    let lhs = if case.packed.0 && count > 0 {
        Lhs::Packed(&packed_a)
    } else {
        Lhs::Strided(Strided { data: &a, row: la.row, col: la.col, batch: &la.batch })
    };
    let rhs = match (case.packed.1 && count > 0, case.source) {
        (true, _) => Rhs::Packed(&packed_b),
        (_, true) => Rhs::Source(&source),
        _ => Rhs::Strided(Strided { data: &b, row: lb.row, col: lb.col, batch: &lb.batch }),
    };
    let mut c = vec![f32::NAN; count * m * n];
    let seen = Mutex::new(vec![0u8; c.len()]);
    let base = c.as_mut_ptr() as usize;
    // Adds 1 to what is finished and counts how often each element was.
    let epilogue = |e: usize, r0: usize, r1: usize, c0: usize, c1: usize| {
        let mut seen = seen.lock().unwrap();
        for i in (r0..r1).flat_map(|r| (c0..c1).map(move |j| (e * m + r) * n + j)) {
            seen[i] += 1;
            // SAFETY: inside the output, and this part is finished.
            unsafe { *(base as *mut f32).add(i) += 1.0 }
        }
    };
    let g = Gemm { m, n, k, batch: case.batch, a: lhs, b: rhs, epilogue: Some(&epilogue) };
    // SAFETY: `c` lives on, and only the epilogue touches it.
    gemm(case.isa, case.pool, scratch, &g, unsafe { Output::raw(base as *mut f32, count * m * n) });
    let what = || {
        format!(
            "{} {} threads, {:?} batch {:?} kinds {:?} packed {:?} source {}",
            case.isa.name(),
            case.pool.threads(),
            case.size,
            case.batch,
            case.kinds,
            case.packed,
            case.source
        )
    };
    assert!(seen.lock().unwrap().iter().all(|&times| times == 1), "epilogue: {}", what());
    for (i, &got) in c.iter().enumerate() {
        let (e, r, j) = (i / (m * n), i / n % m, i % n);
        let (mut sum, mut size) = (0f64, 0f64);
        for p in 0..k {
            let term = a[la.at(e, case.batch, r, p)] as f64 * b[lb.at(e, case.batch, p, j)] as f64;
            sum += term;
            size += term.abs();
        }
        let unit = (f32::EPSILON / 2.0) as f64;
        let bound = unit * ((k + 1) as f64 * size + (1.0 + sum).abs() + unit);
        let error = (got as f64 - 1.0 - sum).abs();
        assert!(error <= bound, "element {i}: {got}, not {}, off by {error:e} > {bound:e}: {}", sum + 1.0, what());
    }
}

#[test]
fn agrees_with_the_triple_loop() {
    let (mut random, mut scratch) = (Random(7), Scratch::new());
    let edges = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 24, 25, 47, 48, 49, 64, 97];
    for isa in Isa::available() {
        for threads in 1..=3 {
            let pool = Pool::new(threads);
            for round in 0..120 {
                let mut pick = |large: usize| if random.below(4) == 0 { 1 + random.below(large) } else { edges[random.below(edges.len())] };
                let size = (pick(150), pick(200), pick(700));
                let batch: &[usize] = [&[][..], &[], &[1], &[3], &[2, 3], &[13], &[0]][random.below(7)];
                let mut flip = || random.below(2) == 0;
                let (broadcast, packed, source) = ((flip(), flip()), (flip(), flip()), flip());
                let kinds = (round % 3, round / 3 % 3);
                check(&Case { isa, pool: &pool, size, batch, kinds, broadcast, packed, source }, &mut random, &mut scratch);
            }
        }
    }
}

#[test]
fn large_and_thin_products_are_split_right() {
    let (mut random, mut scratch) = (Random(11), Scratch::new());
    let sizes =
        [(1, 1000, 512), (512, 49, 300), (1000, 1, 512), (64, 784, 147), (300, 2, 600), (3, 3000, 40), (2100, 20, 30), (5, 5, 3000)];
    for isa in Isa::available() {
        for threads in 1..=3 {
            let pool = Pool::new(threads);
            for (i, &size) in sizes.iter().enumerate() {
                for way in 0..4 {
                    let (packed, source, kinds) = ((way & 1 == 0, way == 2), way == 1, (i % 2, way / 2));
                    check(
                        &Case { isa, pool: &pool, size, batch: &[], kinds, broadcast: (false, false), packed, source },
                        &mut random,
                        &mut scratch,
                    );
                }
            }
        }
    }
}

#[test]
fn writes_between_gaps_and_interleaved_heads() {
    // Two heads of a batch of three, side by side in each row, as attention writes them.
    let (heads, batch, m, n, k) = (2, 3, 5, 7, 4);
    for isa in Isa::available() {
        let mut random = Random(3);
        let (a, b) = (random.fill(batch * heads * m * k), random.fill(k * n));
        let mut c = vec![-9f32; batch * m * (heads * n + 1)];
        let row = heads * n + 1;
        let lhs = Lhs::Strided(Strided { data: &a, row: k, col: 1, batch: &[heads * m * k, m * k] });
        let rhs = Rhs::Strided(Strided { data: &b, row: n, col: 1, batch: &[0, 0] });
        let g = Gemm { m, n, k, batch: &[batch, heads], a: lhs, b: rhs, epilogue: None };
        let places = [m * row, n];
        // SAFETY: heads lie `n` apart in rows of `heads * n + 1`.
        let out = unsafe { Output::strided(c.as_mut_ptr(), c.len(), row, &places) };
        gemm(isa, &Pool::new(2), &mut Scratch::new(), &g, out);
        for (i, &got) in c.iter().enumerate() {
            let (e, r, j) = (i / row / m, i / row % m, i % row);
            let expected: f32 =
                if j == heads * n { -9.0 } else { (0..k).map(|p| a[((e * heads + j / n) * m + r) * k + p] * b[p * n + j % n]).sum() };
            assert!((got - expected).abs() < 1e-5, "{got} is not {expected} at {i}");
        }
    }
}

#[test]
fn repeated_runs_take_no_more_memory() {
    let (isa, pool, mut scratch, mut random) = (Isa::detect(), Pool::new(2), Scratch::new(), Random(5));
    let mut sizes = vec![];
    for _ in 0..3 {
        check(
            &Case {
                isa,
                pool: &pool,
                size: (64, 300, 200),
                batch: &[],
                kinds: (0, 0),
                broadcast: (false, false),
                packed: (true, false),
                source: true,
            },
            &mut random,
            &mut scratch,
        );
        sizes.push(scratch.bytes());
    }
    assert!(sizes[0] > 0 && sizes.iter().all(|&s| s == sizes[0]));
}

#[test]
#[should_panic(expected = "output is smaller")]
fn refuses_an_output_that_is_too_small() {
    let (a, mut c) = ([0f32; 16], [0f32; 15]);
    let s = Strided { data: &a, row: 4, col: 1, batch: &[] };
    let g = Gemm { m: 4, n: 4, k: 4, batch: &[], a: Lhs::Strided(s), b: Rhs::Strided(s), epilogue: None };
    gemm(Isa::detect(), &Pool::new(1), &mut Scratch::new(), &g, Output::dense(&mut c));
}
