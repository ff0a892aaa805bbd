//! `tvmtrt bench`: how long runs take, outputs into memory that is there already.

use crate::data::inputs;
use crate::flow::{Flow, name_of, regions_json};
use crate::request::{Answer, Failure, Request};
use crate::run::once;
use crate::words::count;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tvmtrt::session::run::{Room, Session, Sink, View};
use tvmtrt::tensor::bytes::as_bytes_mut;
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::Tensor;

/// Runs that are not timed, behind the first.
const WARM: usize = 2;
/// Time that runs are to fill where their number is not given.
const ENOUGH: Duration = Duration::from_secs(2);
/// Least runs then.
const LEAST: usize = 5;
/// Runs of a profile.
const PROFILED: usize = 20;

/// `tvmtrt bench`.
pub fn bench(request: &Request) -> Answer {
    let mut flow = Flow::new(request)?;
    let build = flow.build()?.build().clone();
    let data = inputs(request, build.inputs(), &build.partition.symbols)?;
    let runs = request.number::<usize>("runs", 1)?;
    let mut session = flow.session(&build)?;
    let begin = Instant::now();
    let made = flow.console.work("first run", || once(&mut session, &data.views()))?;
    flow.took("first run", begin);
    let times = flow.console.work("timing runs", || timed(&mut session, &data.views(), &made, runs))?;
    let profile = request.has("profile").then(|| session.profile(&data.views(), PROFILED)).transpose()?;
    let figures = Figures::of(times);
    let batch = data.tensors.first().and_then(|t| t.shape().first()).copied().unwrap_or(1);
    let threads = threads(&flow)?;
    if request.json() {
        let shapes: Vec<Value> =
            build.inputs().iter().zip(&data.tensors).map(|(v, t)| json!({ "name": v.name, "shape": t.shape() })).collect();
        let profile = profile.map(|p| serde_json::from_str::<Value>(&p.json()).unwrap_or_default());
        let all = json!({
            "schema_version": 1,
            "model": name_of(request.path(0)),
            "threads": threads,
            "batch": batch,
            "inputs": shapes,
            "milliseconds": flow.times_json(),
            "runs": figures.runs,
            "median_ms": figures.median,
            "p90_ms": figures.p90,
            "min_ms": figures.min,
            "mean_ms": figures.mean,
            "samples_per_second": 1000.0 * batch as f64 / figures.median,
            "regions": regions_json(&build),
            "profile": profile,
        });
        return Ok((format!("{all:#}\n"), true));
    }
    let engines = (0..build.partition.region_count()).filter(|r| build.loaded(*r).is_some()).count();
    let on = if engines > 0 { format!("{} on the GPU, ", count(engines, "engine")) } else { String::new() };
    let mut text = format!("{}: batch {batch}, {on}{}\n", name_of(request.path(0)), count(threads, "CPU thread"));
    text += &format!("{}\n", flow.times_text());
    let Figures { runs, median, p90, min, mean } = figures;
    text += &format!("{}: median {median:.3} ms, p90 {p90:.3} ms, min {min:.3} ms, mean {mean:.3} ms\n", count(runs, "run"));
    text += &format!("{:.1} samples per second\n", 1000.0 * batch as f64 / median);
    if let Some(profile) = profile {
        text += &profile.to_string();
    }
    Ok((text, true))
}

/// Threads of the session.
fn threads(flow: &Flow) -> std::result::Result<usize, Failure> {
    let given = flow.options.get("threads")?.parse().unwrap_or(0);
    Ok(if given == 0 { std::thread::available_parallelism().map_or(1, |n| n.get()) } else { given })
}

/// Milliseconds of each run; outputs have the shapes of those that an earlier run made.
fn timed(session: &mut Session, inputs: &[View], made: &[Tensor], runs: Option<usize>) -> Result<Vec<f64>> {
    let mut memory: Vec<Vec<u64>> = made.iter().map(|t| vec![0; t.bytes().len().div_ceil(8)]).collect();
    let mut sinks: Vec<Sink> = made
        .iter()
        .zip(&mut memory)
        .map(|(t, memory)| Sink::Fill(t.dtype(), t.shape(), Room::Host(&mut as_bytes_mut(memory)[..t.bytes().len()])))
        .collect();
    let mut run = || {
        let begin = Instant::now();
        session.run(inputs, &mut sinks)?;
        session.synchronize()?;
        Ok(1000.0 * begin.elapsed().as_secs_f64())
    };
    (0..WARM).try_for_each(|_| run().map(drop))?;
    let begin = Instant::now();
    let mut times = Vec::new();
    while runs.map_or(times.len() < LEAST || begin.elapsed() < ENOUGH, |n| times.len() < n) {
        times.push(run()?);
    }
    Ok(times)
}

/// What the times of runs come to, in milliseconds.
struct Figures {
    runs: usize,
    median: f64,
    p90: f64,
    min: f64,
    mean: f64,
}

impl Figures {
    fn of(mut times: Vec<f64>) -> Figures {
        times.sort_by(f64::total_cmp);
        let runs = times.len();
        let median = (times[(runs - 1) / 2] + times[runs / 2]) / 2.0;
        // The least time that nine of ten runs do not exceed.
        let p90 = times[(9 * runs).div_ceil(10) - 1];
        Figures { runs, median, p90, min: times[0], mean: times.iter().sum::<f64>() / runs as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_their_names() {
        let f = Figures::of((1..=10).rev().map(f64::from).collect());
        assert_eq!((f.runs, f.median, f.p90, f.min, f.mean), (10, 5.5, 9.0, 1.0, 5.5));
        let f = Figures::of(vec![3.0]);
        assert_eq!((f.median, f.p90, f.min), (3.0, 3.0, 3.0));
    }
}
