//! How the time to partition grows when a graph doubles: `cargo bench --bench partition`. Linear time gives ratios of about 2.
//! Caches are emptied before each run: nobody partitions the same graph twice in a row, and a small graph that is still in a cache
//! would be measured against a large one that cannot be. For the same reason glibc is told to keep freed memory: it gives back that
//! of the largest graphs only. Prints medians; fails nothing.

#[path = "../tests/partition/toy.rs"]
mod toy;

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use toy::{MIX, Mix, Toy, f32s};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::partition::options::PartitionOptions;
use tvmtrt::partition::partition;

const SIZES: [usize; 5] = [6_250, 12_500, 25_000, 50_000, 100_000];
/// Each size runs again and again for this long.
const SECONDS: f64 = 3.0;

/// A graph of `n` nodes: `reads` gives the earlier nodes that a node reads, `accept` whether it is taken.
fn graph(name: &str, n: usize, reads: &mut dyn FnMut(usize) -> Vec<usize>, accept: &mut dyn FnMut(usize) -> bool) -> Arc<Graph> {
    let mut b = Builder::new(name);
    let input = b.input("x", f32s(&[1, 4])).expect("an input");
    let mut values: Vec<ValueId> = Vec::with_capacity(n);
    let mut read = vec![false; n];
    for i in 0..n {
        let from = reads(i);
        let mut inputs: Vec<ValueId> = from.iter().map(|j| values[*j]).collect();
        from.iter().for_each(|j| read[*j] = true);
        if inputs.is_empty() {
            inputs.push(input);
        }
        values.push(b.op(&format!("n{i}"), &MIX, Mix { accept: accept(i), ..Mix::default() }, &inputs).expect("a node"));
    }
    for (i, value) in values.iter().enumerate().filter(|(i, _)| !read[*i]) {
        b.output(&format!("y{i}"), *value).expect("an output");
    }
    Arc::new(b.finish())
}

fn chain(n: usize) -> Arc<Graph> {
    graph("chain", n, &mut |i| i.checked_sub(1).into_iter().collect(), &mut |i| i % 4 != 3)
}

/// Two rails; each node reads the one behind it and, on every other rung, the one across.
fn ladder(n: usize) -> Arc<Graph> {
    let mut reads = |i: usize| {
        let mut from: Vec<usize> = i.checked_sub(2).into_iter().collect();
        from.extend((i % 4 == 1).then(|| i - 1));
        from
    };
    graph("ladder", n, &mut reads, &mut |i| (i / 2 + i % 2) % 3 != 0)
}

/// A square grid; each node reads its left and upper neighbour; black is accepted.
fn checkerboard(n: usize) -> Arc<Graph> {
    let side = (n as f64).sqrt() as usize;
    let mut reads = |i: usize| {
        let left = (!i.is_multiple_of(side)).then(|| i - 1);
        left.into_iter().chain(i.checked_sub(side)).collect()
    };
    graph("checkerboard", n, &mut reads, &mut |i| (i / side + i % side).is_multiple_of(2))
}

fn random(n: usize) -> Arc<Graph> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut below = move |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % n
    };
    let mut choose = below;
    let mut reads = |i: usize| (0..(1 + choose(3)).min(i)).map(|_| i - 1 - choose(i.min(1000))).collect();
    graph("random", n, &mut reads, &mut |_| below(10) < 7)
}

/// Larger than any cache here.
const CACHES: usize = 256 << 20;

/// Reads and writes more memory than the caches hold.
fn empty_caches(memory: &mut [u64]) {
    memory.iter_mut().step_by(8).for_each(|v| *v = v.wrapping_add(1));
    std::hint::black_box(memory);
}

/// Starts the program again with an allocator that keeps what is freed, unless that was done.
fn keep_freed_memory() {
    let settings = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"];
    if settings.iter().any(|s| std::env::var_os(s).is_none()) {
        let mut again = Command::new(std::env::current_exe().expect("this program's file"));
        again.args(std::env::args_os().skip(1));
        again.envs(settings.map(|s| (s, "4000000000")));
        std::process::exit(again.status().expect("starts").code().unwrap_or(1));
    }
}

fn main() {
    keep_freed_memory();
    let mut memory = vec![1u64; CACHES / 8];
    println!("{:<14}{:>9}{:>10}{:>12}{:>14}", "graph", "nodes", "regions", "time, ms", "t(2n)/t(n)");
    for make in [chain, ladder, checkerboard, random] {
        let mut before: Option<f64> = None;
        for n in SIZES {
            let graph = make(n);
            let (mut regions, mut times) = (0, Vec::new());
            let begin = Instant::now();
            while begin.elapsed().as_secs_f64() < SECONDS {
                empty_caches(&mut memory);
                let start = Instant::now();
                let p = partition(graph.clone(), &Toy::default(), &PartitionOptions::default()).expect("partitions");
                times.push(start.elapsed().as_secs_f64());
                regions = p.regions.len();
            }
            times.sort_by(f64::total_cmp);
            let median = 1e3 * times[times.len() / 2];
            let ratio = before.map_or("".into(), |b| format!("{:.2}", median / b));
            println!("{:<14}{:>9}{:>10}{:>12.1}{:>14}", graph.name, graph.nodes.len(), regions, median, ratio);
            before = Some(median);
        }
    }
}
