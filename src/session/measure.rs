//! Measuring runs: the same work as in any run, in memory and contexts of its own, stage by stage, each waited for.

use crate::cuda::device::Device;
use crate::ensure;
use crate::session::mixed::{Host, Mixed};
use crate::session::profile::{Layer, Part, Profile, layers_of};
use crate::session::run::{Session, Sink, View};
use crate::session::stages::{Own, Stage};
use crate::tensor::bind::Given;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::lists::Lists;
use std::time::{Duration, Instant};

/// Runs before those that are timed.
const WARM: usize = 2;

impl Session {
    /// Where the time of runs on these inputs goes: `runs` of them as they are, and as many with each layer timed. Outputs are thrown away.
    /// An engine that a run would build is built.
    pub fn profile(&mut self, inputs: &[View], runs: usize) -> Result<Profile> {
        ensure!(runs > 0, InvalidArgument, "a profile of no runs");
        let given = inputs.iter().map(|v| Given { dtype: v.dtype, shape: v.shape });
        let outputs = self.build().outputs().len();
        self.check(given, (0..outputs).map(|_| None))?;
        self.check_devices(inputs, &[])?;
        match self.build().device {
            Some(device) => self.profile_stages(device, inputs, runs),
            None => self.profile_own(inputs, runs),
        }
    }

    fn profile_stages(&mut self, device: &'static Device, inputs: &[View], runs: usize) -> Result<Profile> {
        let (build, stream) = (self.build().clone(), self.stream);
        let Some(bindings) = self.last.as_ref().map(|(_, b)| b.clone()) else { return Err(unchecked()) };
        let mut mixed = Mixed::new(device, &build.partition.parts.graph, &build.stages, false, &self.log)?;
        let once = |mixed: &mut Mixed| {
            let mut outputs: Vec<Sink> = build.outputs().iter().map(|_| Sink::Unwanted).collect();
            mixed.run(&build.stages, Host { pool: &self.pool, lists: &Lists::new() }, &bindings, inputs, &mut outputs, stream)?;
            mixed.wait()
        };
        let microseconds = mean(runs, || once(&mut mixed))?;
        mixed.time_stages()?;
        (0..WARM).try_for_each(|_| once(&mut mixed))?;
        mixed.forget_times();
        (0..runs).try_for_each(|_| once(&mut mixed))?;
        let parts = build.stages.iter().enumerate().map(|(i, stage)| mixed.part(i, stage, runs)).collect::<Result<Vec<_>>>()?;
        Ok(Profile { runs, microseconds, parts })
    }

    fn profile_own(&mut self, inputs: &[View], runs: usize) -> Result<Profile> {
        let build = self.build().clone();
        let once = |session: &mut Session| {
            let mut outputs: Vec<Sink> = build.outputs().iter().map(|_| Sink::Make(None)).collect();
            session.run(inputs, &mut outputs)
        };
        let microseconds = mean(runs, || once(self))?;
        self.state.time_steps();
        let begin = Instant::now();
        let ran = (0..runs).try_for_each(|_| once(self));
        let took = begin.elapsed();
        let steps = self.state.step_times().to_vec();
        self.state.stop_timing();
        ran?;
        Ok(Profile { runs, microseconds, parts: vec![own_part(&build.stages[0], &steps, took, runs)?] })
    }
}

impl Mixed {
    /// From now on stages, layers of engines and steps of our own code are timed, and each is waited for.
    fn time_stages(&mut self) -> Result<()> {
        for seat in &mut self.seats {
            seat.state.time_steps();
            seat.engines.runner_mut().map_or(Ok(()), |r| r.time_layers())?;
        }
        self.meter = Some(vec![Duration::ZERO; self.seats.len()]);
        Ok(())
    }

    /// Times begin anew.
    fn forget_times(&mut self) {
        for seat in &mut self.seats {
            seat.state.time_steps();
            seat.engines.runner().into_iter().for_each(|r| drop(r.layer_times()));
        }
        self.meter.iter_mut().flatten().for_each(|t| *t = Duration::ZERO);
    }

    /// Where it is to be timed, when a stage begins.
    pub(super) fn begin_stage(&mut self) -> Result<Option<Instant>> {
        if self.meter.is_none() {
            return Ok(None);
        }
        self.places.lane.wait()?;
        Ok(Some(Instant::now()))
    }

    /// The stage that began then is queued.
    pub(super) fn end_stage(&mut self, i: usize, begin: Option<Instant>) -> Result<()> {
        let Some(begin) = begin else { return Ok(()) };
        self.places.lane.wait()?;
        self.meter.iter_mut().for_each(|m| m[i] += begin.elapsed());
        Ok(())
    }

    fn part(&self, i: usize, stage: &Stage, runs: usize) -> Result<Part> {
        let (seat, took) = (&self.seats[i], self.meter.as_ref().map_or(Duration::ZERO, |m| m[i]));
        let times = seat.engines.runner().map_or_else(Vec::new, |r| r.layer_times());
        let Some(engine) = seat.engines.engine().filter(|_| !times.is_empty()) else {
            return own_part(stage, seat.state.step_times(), took, runs);
        };
        let nodes: Vec<&str> = stage.graph.nodes.iter().map(|n| n.name.as_str()).collect();
        // Without an account, names of layers are all there is.
        let (layers, unnamed) = layers_of(&times, runs, &nodes, &engine.inspect().unwrap_or_default());
        Ok(Part { engine: Some(stage.graph.name.clone()), microseconds: each(took, runs), layers, unnamed })
    }
}

/// A part that our own code ran: by steps, where there are some.
fn own_part(stage: &Stage, steps: &[Duration], took: Duration, runs: usize) -> Result<Part> {
    let layers = match stage.own()? {
        Own::Compiled(compiled) if !steps.is_empty() => {
            let layer = |(step, time): (&crate::kernels::program::Step, &Duration)| {
                let name = if step.nodes.is_empty() { "extents".to_string() } else { step.nodes.join(" + ") };
                Layer { name, nodes: step.nodes.clone(), microseconds: each(*time, runs) }
            };
            compiled.program().steps.iter().zip(steps).map(layer).collect()
        }
        _ => {
            let nodes = stage.graph.nodes.iter().map(|n| n.name.clone()).collect();
            vec![Layer { name: "all nodes together".into(), nodes, microseconds: each(took, runs) }]
        }
    };
    let in_layers = |name: &String| layers.iter().any(|l: &Layer| l.nodes.contains(name));
    let unnamed = stage.graph.nodes.iter().map(|n| &n.name).filter(|n| !in_layers(n)).cloned().collect();
    Ok(Part { engine: None, microseconds: each(took, runs), layers, unnamed })
}

/// Mean microseconds, after some runs that do not count.
fn mean(runs: usize, mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    (0..WARM).try_for_each(|_| run())?;
    let begin = Instant::now();
    (0..runs).try_for_each(|_| run())?;
    Ok(each(begin.elapsed(), runs))
}

fn each(all: Duration, runs: usize) -> f64 {
    all.as_secs_f64() * 1e6 / runs as f64
}

fn unchecked() -> Error {
    Error::new(Code::Internal, "a profile that was not checked")
}
