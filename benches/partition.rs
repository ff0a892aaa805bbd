//! How the time to partition grows when a graph doubles: `cargo bench --bench partition`. Linear time gives ratios of about 2,
//! somewhat more where the graph outgrows a cache.
//! Prints a table; fails nothing.

#[path = "../tests/partition/toy.rs"]
mod toy;

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
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

/// Processor time of this thread, which other work on the machine hardly lengthens; the clock's time where the system tells none.
fn processor_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.as_ref().and_then(|t| t.split_whitespace().next()?.parse::<f64>().ok());
    nanoseconds.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_nanos() as f64)) * 1e-9
}

fn main() {
    println!("{:<14}{:>9}{:>10}{:>12}{:>14}", "graph", "nodes", "regions", "time, ms", "t(2n)/t(n)");
    for make in [chain, ladder, checkerboard, random] {
        let mut before: Option<f64> = None;
        for n in SIZES {
            let graph = make(n);
            let (mut regions, mut runs) = (0, 0);
            let (begin, mut spent) = (Instant::now(), 0.0);
            while begin.elapsed().as_secs_f64() < SECONDS {
                let start = processor_seconds();
                let p = partition(graph.clone(), &Toy::default(), &PartitionOptions::default()).expect("partitions");
                spent += processor_seconds() - start;
                regions = p.regions.len();
                runs += 1;
            }
            spent *= 1e3 / f64::from(runs);
            let ratio = before.map_or("".into(), |b| format!("{:.2}", spent / b));
            println!("{:<14}{:>9}{:>10}{:>12.1}{:>14}", graph.name, graph.nodes.len(), regions, spent, ratio);
            before = Some(spent);
        }
    }
}
