//! Speed of the kernels at the shapes of known networks, next to the multiply-add rate that the machine reaches.
//! Run with `cargo bench --bench kernels [filter]`; it prints and judges nothing.
#![allow(unsafe_code)]

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tvmtrt::cpu::conv::{ConvParams, ConvPlan, Images};
use tvmtrt::cpu::depthwise;
use tvmtrt::cpu::gemm::{Gemm, Lhs, Output, Rhs, gemm};
use tvmtrt::cpu::isa::Isa;
use tvmtrt::cpu::pack::{PackedA, PackedB, Strided};
use tvmtrt::cpu::pool::Pool;
use tvmtrt::cpu::pool2d::{Count, PoolParams, Pooling, pool2d};
use tvmtrt::cpu::scratch::Scratch;

/// Best time of one call in seconds, over at least a fifth of a second.
fn seconds(mut f: impl FnMut()) -> f64 {
    let (begin, mut best) = (Instant::now(), f64::MAX);
    let mut rounds = 0;
    while rounds < 3 || begin.elapsed() < Duration::from_millis(200) {
        let at = Instant::now();
        f();
        best = best.min(at.elapsed().as_secs_f64());
        rounds += 1;
    }
    best
}

/// GFLOP/s of all threads at a product that never leaves the first caches: what the arithmetic units give.
fn peak(isa: Isa, pool: &Pool) -> f64 {
    let (m, n, k) = (isa.tile_rows(), isa.tile_columns(), 64);
    let (a, b) = (vec![1f32; m * k], vec![1f32; n * k]);
    let (a, b) = ([PackedA::pack(isa, m, k, &a, k, 1)], [PackedB::pack(isa, k, n, &b, n, 1)]);
    let serial = Pool::new(1);
    let time = seconds(|| {
        pool.run(pool.threads(), &|_| {
            let (mut c, mut scratch) = (vec![0f32; m * n], Scratch::new());
            let g = Gemm { m, n, k, batch: &[], a: Lhs::Packed(&a), b: Rhs::Packed(&b), epilogue: None };
            for _ in 0..500 {
                gemm(isa, &serial, &mut scratch, &g, Output::dense(black_box(&mut c)));
            }
        });
    });
    (pool.threads() * 500 * 2 * m * n * k) as f64 / time / 1e9
}

#[cfg(target_arch = "x86_64")]
fn fma_rate(isa: Isa, pool: &Pool) -> f64 {
    use std::arch::x86_64::*;
    /// # Safety
    /// The machine has AVX-512F.
    #[target_feature(enable = "avx512f")]
    unsafe fn wide(rounds: usize) -> f32 {
        let mut x = [_mm512_set1_ps(1.0); 16];
        let (a, b) = (_mm512_set1_ps(black_box(0.999)), _mm512_set1_ps(black_box(0.001)));
        for _ in 0..rounds {
            for v in &mut x {
                *v = _mm512_fmadd_ps(*v, a, b);
            }
        }
        x.iter().map(|&v| _mm512_reduce_add_ps(v)).sum()
    }
    if isa.name() != "avx512" {
        return f64::NAN;
    }
    let rounds = 10000;
    let time = seconds(|| {
        pool.run(pool.threads(), &|_| {
            // SAFETY: tested above.
            black_box(unsafe { wide(rounds) });
        });
    });
    (pool.threads() * rounds * 16 * 32) as f64 / time / 1e9
}

#[cfg(not(target_arch = "x86_64"))]
fn fma_rate(_: Isa, _: &Pool) -> f64 {
    f64::NAN
}

/// Time of a loop of two tasks that wait for each other, so that both threads must take part.
fn meeting(pool: &Pool) -> f64 {
    let loops = 50;
    let time = seconds(|| {
        for _ in 0..loops {
            let here = AtomicUsize::new(0);
            pool.run(2, &|_| {
                here.fetch_add(1, Relaxed);
                while here.load(Relaxed) < 2 {
                    std::hint::spin_loop();
                }
            });
        }
    });
    time / loops as f64
}

struct Bench {
    isa: Isa,
    pools: Vec<Pool>,
    peaks: Vec<f64>,
    scratch: Scratch,
    filter: String,
}

impl Bench {
    fn line(&mut self, name: &str, flops: usize, mut f: impl FnMut(&Pool, &mut Scratch)) {
        if !name.contains(&self.filter) {
            return;
        }
        print!("{name:<44}");
        for (pool, peak) in self.pools.iter().zip(&self.peaks) {
            let time = seconds(|| f(pool, &mut self.scratch));
            let rate = flops as f64 / time / 1e9;
            print!("  {:8.1} us {rate:7.1} GFLOP/s {:3.0} %", time * 1e6, 100.0 * rate / peak);
        }
        println!();
    }

    fn conv(&mut self, net: &str, p: ConvParams, side: usize) {
        let (size, to) = ([1, side, side], p.output([1, side, side]));
        let pixels: usize = to.iter().product();
        let (x, w) = (vec![0.5f32; p.inputs * side * side], vec![0.25f32; p.outputs * p.depth()]);
        let mut y = vec![0f32; p.outputs * pixels];
        let net = if p.groups > 1 { format!("{net} dw") } else { net.to_string() };
        let name = format!("{net} {}x{} s{} {}->{} at {side}", p.kernel[1], p.kernel[2], p.stride[2], p.inputs, p.outputs);
        let flops = 2 * p.outputs * p.depth() * pixels;
        let (isa, images) = (self.isa, Images { data: &x, count: 1, size });
        if depthwise::fits(&p) {
            self.line(&name, flops, |pool, scratch| depthwise::depthwise(isa, &p, &w, pool, scratch, images, Output::dense(&mut y), None));
        } else {
            let plan = ConvPlan::new(isa, p, &w);
            self.line(&name, flops, |pool, scratch| plan.run(pool, scratch, images, Output::dense(&mut y), None));
        }
    }

    fn pooling(&mut self, channels: usize, side: usize, kernel: usize, pooling: Pooling) {
        let (x, mut y) = (vec![0.5f32; channels * side * side], vec![0f32; channels * side * side / 4]);
        let p = PoolParams { kernel: [kernel; 2], stride: [2; 2], dilation: [1; 2], pad_begin: [kernel / 2; 2], pad_end: [kernel / 2; 2] };
        let (isa, images, to) = (self.isa, Images { data: &x, count: 1, size: [1, side, side] }, [side / 2; 2]);
        let name = format!("pool {pooling:?} {kernel}x{kernel} s2 {channels} at {side}");
        self.line(&name, y.len() * kernel * kernel, |pool, scratch| {
            pool2d(isa, &p, pooling, pool, scratch, images, channels, to, Output::dense(&mut y), None)
        });
    }

    fn product(&mut self, name: &str, (m, n, k): (usize, usize, usize), batch: usize, packed: bool, b_strides: (usize, usize)) {
        let (a, b) = (vec![0.5f32; batch * m * k], vec![0.25f32; batch * n * k]);
        let mut c = vec![0f32; batch * m * n];
        let constant = [PackedB::pack(self.isa, k, n, &b, b_strides.0, b_strides.1)];
        let (sa, sb) = ([m * k], [n * k]);
        let lhs = Lhs::Strided(Strided { data: &a, row: k, col: 1, batch: &sa });
        let rhs = if packed {
            Rhs::Packed(&constant)
        } else {
            Rhs::Strided(Strided { data: &b, row: b_strides.0, col: b_strides.1, batch: &sb })
        };
        let (name, dims) = (format!("{name} {batch} x {m}x{n}x{k}"), [batch]);
        let g = Gemm { m, n, k, batch: &dims, a: lhs, b: rhs, epilogue: None };
        let isa = self.isa;
        self.line(&name, 2 * batch * m * n * k, |pool, scratch| gemm(isa, pool, scratch, &g, Output::dense(&mut c)));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let isa = arguments.iter().find_map(|a| Isa::named(a)).unwrap_or(Isa::detect());
    let filter = arguments.iter().find(|a| Isa::named(a).is_none()).cloned().unwrap_or_default();
    let pools = vec![Pool::new(1), Pool::new(2)];
    let peaks: Vec<f64> = pools.iter().map(|p| peak(isa, p).max(fma_rate(isa, p))).collect();
    println!(
        "{}: tile {:.1} and {:.1}, fma {:.1} and {:.1} GFLOP/s at 1 and 2 threads",
        isa.name(),
        peak(isa, &pools[0]),
        peak(isa, &pools[1]),
        fma_rate(isa, &pools[0]),
        fma_rate(isa, &pools[1])
    );
    println!("fork, meeting of both threads and join: {:.2} us", meeting(&pools[1]) * 1e6);
    let mut bench = Bench { isa, pools, peaks, scratch: Scratch::new(), filter };
    let new = |i, o, kernel, stride, pad| ConvParams::new(i, o, 1, &[kernel; 2]).stride(&[stride; 2]).pad(&[pad; 2], &[pad; 2]);
    bench.conv("resnet18", new(3, 64, 7, 2, 3), 224);
    for (i, (channels, side)) in [(64, 56), (128, 28), (256, 14), (512, 7)].into_iter().enumerate() {
        if i > 0 {
            bench.conv("resnet18", new(channels / 2, channels, 3, 2, 1), side * 2);
            bench.conv("resnet18", new(channels / 2, channels, 1, 2, 0), side * 2);
        }
        bench.conv("resnet18", new(channels, channels, 3, 1, 1), side);
    }
    bench.product("resnet18 dense", (1, 1000, 512), 1, true, (1, 512));
    let points = [
        (32, 16, 112),
        (16, 96, 112),
        (96, 24, 56),
        (24, 144, 56),
        (144, 32, 28),
        (192, 64, 14),
        (64, 384, 14),
        (384, 96, 14),
        (576, 160, 7),
        (960, 320, 7),
        (320, 1280, 7),
    ];
    bench.conv("mobilenet_v2", new(3, 32, 3, 2, 1), 224);
    for (i, o, side) in points {
        bench.conv("mobilenet_v2", new(i, o, 1, 1, 0), side);
    }
    for (channels, side, stride) in
        [(32, 112, 1), (96, 112, 2), (144, 56, 1), (144, 56, 2), (192, 28, 1), (384, 14, 1), (576, 14, 2), (960, 7, 1)]
    {
        bench.conv("mobilenet_v2", ConvParams::new(channels, channels, channels, &[3, 3]).stride(&[stride; 2]).pad(&[1; 2], &[1; 2]), side);
    }
    bench.conv("efficientnet", ConvParams::new(240, 240, 240, &[5, 5]).pad(&[2; 2], &[2; 2]), 28);
    bench.pooling(64, 112, 3, Pooling::Max);
    bench.pooling(64, 56, 2, Pooling::Average(Count::Window));
    bench.conv("squeeze", new(960, 240, 1, 1, 0), 1);
    bench.product("attention QK", (128, 128, 64), 12, false, (1, 64));
    bench.product("attention PV", (128, 64, 128), 12, false, (64, 1));
    bench.product("bert dense", (128, 768, 768), 1, true, (1, 768));
    bench.product("square", (1024, 1024, 1024), 1, false, (1024, 1));
    bench.product("decode QK", (1, 512, 64), 12, false, (1, 64));
    bench.product("decode PV", (1, 64, 512), 12, false, (64, 1));
}
