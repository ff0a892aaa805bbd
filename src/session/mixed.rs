//! Runs a build that has engines: stage by stage on one stream. Where values lie, and how they get there, is `places`' business.

use crate::cpu::exec;
use crate::cpu::pool::Pool;
use crate::cpu::staged;
use crate::cpu::state::State;
use crate::cuda::device::Device;
use crate::cuda::lane::BufferId;
use crate::cuda::memory::Span;
use crate::cuda::stream::StreamRef;
use crate::ir::Graph;
use crate::reference;
use crate::session::engine::{Loaded, Port};
use crate::session::log::{Level, Log};
use crate::session::places::{Place, Places};
use crate::session::run::{Sink, View, aligned};
use crate::session::seated::{Scratch, Seated};
use crate::session::stages::{Own, Stage};
use crate::tensor::dim::Bindings;
use crate::tensor::error::{Code, Result};
use crate::tensor::host::Tensor;
use crate::tensor::lists::{List, Lists};
use crate::tensorrt::runner::{Argument, Runner};
use crate::{ensure, fail};
use std::time::Duration;

/// What a session keeps for one stage.
pub(super) struct Seat {
    /// Places of what it reads and makes.
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    pub(super) engines: Seated,
    pub(super) state: State,
    memory: staged::Memory,
}

/// What our own code works with.
#[derive(Clone, Copy)]
pub struct Host<'a> {
    pub pool: &'a Pool,
    pub lists: &'a Lists,
}

/// Everything that runs of a build with engines change.
pub struct Mixed {
    // Before the lane: a runner waits for its work.
    pub(super) seats: Vec<Seat>,
    pub(super) places: Places,
    scratch: Scratch,
    cuda_graph: bool,
    /// The last run was nothing but an engine on the caller's tensors.
    bare: bool,
    /// There was no room for a run, and a warning has said so.
    short: bool,
    log: Log,
    /// Time of each stage, all runs together; only while someone measures.
    pub(super) meter: Option<Vec<Duration>>,
}

impl Mixed {
    /// Takes what a session needs: a stream, contexts and their scratch memory.
    pub fn new(device: &'static Device, graph: &Graph, stages: &[Stage], cuda_graph: bool, log: &Log) -> Result<Mixed> {
        let _current = device.enter()?;
        let (places, of_stages) = Places::new(device, graph, stages)?;
        let seat = |[inputs, outputs]: [Vec<usize>; 2]| {
            let (engines, state, memory) = (Seated::default(), State::new(), staged::Memory::default());
            Seat { inputs, outputs, engines, state, memory }
        };
        let mut seats: Vec<Seat> = of_stages.into_iter().map(seat).collect();
        let mut scratch = Scratch::default();
        let sizes = stages.iter().filter_map(|s| s.engine()).map(|e| e.scratch()).collect::<Result<Vec<u64>>>()?;
        // Without that memory each engine tries for its own.
        let _ = scratch.room(&places.lane, sizes.into_iter().max().unwrap_or(0));
        for (seat, stage) in seats.iter_mut().zip(stages) {
            stage.slot().into_iter().for_each(|slot| seat.engines.begin(slot, &places.lane, &mut scratch, log));
        }
        Ok(Mixed { seats, places, scratch, cuda_graph, bare: false, short: false, log: log.clone(), meter: None })
    }

    /// Queues, and where host memory is concerned does, the work of one run. With a stream of the caller's and all outputs on the device
    /// it returns while the work is under way.
    pub fn run(
        &mut self,
        stages: &[Stage],
        host: Host,
        bindings: &Bindings,
        inputs: &[View],
        outputs: &mut [Sink],
        stream: Option<StreamRef>,
    ) -> Result<()> {
        let _current = self.places.lane.device().enter()?;
        self.bare = false;
        let other = self.places.lay_out(bindings)?;
        // A run that fails leaves nothing to build upon.
        let fixed = std::mem::replace(&mut self.places.fixed, false);
        self.prepare(stages, other)?;
        self.places.lane.begin(stream)?;
        let result = self.all(stages, other, host, inputs, outputs, stream.is_some());
        self.places.fixed = fixed && result.is_ok();
        let ended = self.places.lane.end();
        if result.is_err() {
            // What was queued may use memory that the caller takes away after an error.
            self.places.lane.wait()?;
        }
        self.bare = result.is_ok() && self.seats.len() == 1 && self.meter.is_none() && self.places.took_all(outputs);
        result.and(ended)
    }

    /// Whether [`Mixed::again`] may do.
    pub fn is_bare(&self) -> bool {
        self.bare
    }

    /// Does the last run once more, with its tensors and on its stream; lazily as in [`Mixed::run`] where that is the caller's. False
    /// where it has to be run as ever.
    pub fn again(&mut self, stages: &[Stage], lazily: bool) -> Result<bool> {
        let ([seat], [stage], true) = (&mut self.seats[..], stages, self.bare) else { return Ok(false) };
        if stage.slot().is_none_or(|slot| seat.engines.is_stale(slot)) {
            return Ok(false);
        }
        let Some(runner) = seat.engines.runner_mut() else { return Ok(false) };
        let _current = self.places.lane.device().enter()?;
        let result = runner.again(&self.places.lane, self.cuda_graph);
        if matches!(result, Ok(false)) {
            return result;
        }
        self.bare = result.is_ok();
        if !lazily || !self.bare {
            self.places.lane.wait()?;
        }
        self.places.lane.end().and(result)
    }

    /// Waits for all that earlier runs have queued.
    pub fn wait(&mut self) -> Result<()> {
        let _current = self.places.lane.device().enter()?;
        self.places.lane.wait()
    }

    fn all(&mut self, stages: &[Stage], other: bool, host: Host, inputs: &[View], outputs: &mut [Sink], lazily: bool) -> Result<()> {
        self.places.take_inputs(inputs)?;
        self.places.place_outputs(inputs, outputs, host.lists);
        for i in 0..stages.len() {
            if other {
                stages[i].check(&self.places.bindings)?;
            }
            let profile = if self.none_empty(i) { self.seats[i].engines.profile(&self.places.bindings) } else { None };
            let begin = self.begin_stage()?;
            match profile {
                Some(profile) if self.has_room(i, Mixed::place)? && self.has_room(i, |m, i| m.engine(i, profile))? => {}
                _ => self.own(i, &stages[i], host)?,
            }
            self.end_stage(i, begin)?;
        }
        self.places.give_outputs(outputs, lazily)
    }

    /// Sees to engines and contexts for the run, before anything is queued: what is not there may be built now. `other`: symbols are not
    /// what they were.
    fn prepare(&mut self, stages: &[Stage], other: bool) -> Result<()> {
        for (seat, stage) in self.seats.iter_mut().zip(stages) {
            let Some(slot) = stage.slot().filter(|s| other || seat.engines.is_stale(s)) else { continue };
            // Engines take no empty tensors, and none is built for them.
            let empty = seat.inputs.iter().chain(&seat.outputs).any(|s| self.places[*s].known && self.places[*s].bytes == 0);
            if !empty {
                seat.engines.prepare(slot, &self.places.bindings, &self.places.lane, &mut self.scratch, &self.log)?;
            }
        }
        Ok(())
    }

    /// True when the engine of a stage meets no empty tensor, but for those whose extents it finds itself.
    fn none_empty(&self, stage: usize) -> bool {
        let seat = &self.seats[stage];
        seat.inputs.iter().chain(&seat.outputs).all(|s| !self.places[*s].known || self.places[*s].bytes > 0)
    }

    /// The GPU that it works on.
    pub fn device(&self) -> &'static Device {
        self.places.lane.device()
    }

    /// For each engine, in order, the addresses that TensorRT was last given.
    pub fn addresses(&self) -> Result<Vec<Vec<u64>>> {
        self.seats.iter().filter_map(|s| s.engines.runner()).map(Runner::addresses).collect()
    }

    /// Does a step of an engine's stage that takes memory on the device. Without that memory the stage runs on our own code.
    fn has_room(&mut self, i: usize, step: impl FnOnce(&mut Mixed, usize) -> Result<()>) -> Result<bool> {
        match step(self, i) {
            Err(e) if e.code == Code::OutOfMemory => {
                self.seats[i].outputs.iter().for_each(|s| self.places[*s].span = None);
                if !std::mem::replace(&mut self.short, true) {
                    self.log.say(Level::Warning, format_args!("runs on own kernels while the GPU has no room for tensors: {}", e.message));
                }
                Ok(false)
            }
            done => done.map(|()| true),
        }
    }

    /// Puts what an engine reads and makes on the device.
    fn place(&mut self, i: usize) -> Result<()> {
        let Some(engine) = self.seats[i].engines.engine().cloned() else { fail!(Internal, "a stage without an engine") };
        for k in 0..engine.inputs.len() {
            if engine.inputs[k].used {
                self.places.on_device(self.seats[i].inputs[k])?;
            }
        }
        for k in 0..engine.outputs.len() {
            let slot = self.seats[i].outputs[k];
            let span = match self.places[slot].given {
                Some(span) => span,
                None if engine.outputs[k].open => Span::default(),
                None => self.places.lane.span(BufferId(slot), self.places[slot].bytes)?,
            };
            self.places[slot].span = Some(span);
        }
        Ok(())
    }

    /// Queues an engine's run. Where extents show in it, TensorRT may ask for memory.
    fn engine(&mut self, i: usize, profile: usize) -> Result<()> {
        let Some(engine) = self.seats[i].engines.engine().cloned() else { fail!(Internal, "a stage without an engine") };
        let places = &self.places;
        let Seat { inputs, outputs, engines, .. } = &mut self.seats[i];
        let inputs = engine.inputs.iter().zip(&*inputs).filter(|(p, _)| p.used).map(|(p, s)| argument(p, &places[*s], true));
        let outputs = engine.outputs.iter().zip(&*outputs).map(|(p, s)| argument(p, &places[*s], false));
        let Some(runner) = engines.runner_mut() else { fail!(Internal, "a stage without a runner") };
        runner.run(&self.places.lane, profile, inputs.chain(outputs).flatten(), self.cuda_graph)?;
        self.take_open(i, &engine)
    }

    /// The outputs of an engine's run whose extents have shown in it.
    fn take_open(&mut self, i: usize, engine: &Loaded) -> Result<()> {
        for (k, port) in engine.outputs.iter().enumerate().filter(|(_, p)| p.open) {
            let Some(runner) = self.seats[i].engines.runner() else { fail!(Internal, "a stage without a runner") };
            let (slot, (shape, span)) = (self.seats[i].outputs[k], runner.made(&port.name)?);
            self.places.learn(slot, &shape)?;
            let bytes = self.places[slot].bytes;
            ensure!(span.bytes() >= bytes, Internal, "{} bytes for output {:?} of shape {shape:?}", span.bytes(), port.name);
            self.places[slot].span = Some(span.first(bytes));
        }
        self.places.extents()
    }

    /// Our own code, in pinned memory.
    fn own(&mut self, i: usize, stage: &Stage, Host { pool, lists }: Host) -> Result<()> {
        for k in 0..self.seats[i].inputs.len() {
            self.places.bring_to_host(self.seats[i].inputs[k])?;
        }
        let (seat, Places { lane, all, bindings, .. }) = (&mut self.seats[i], &mut self.places);
        let sized = |slot: &usize| (BufferId(*slot), all[*slot].bytes);
        let reads = List::from_iter_in(seat.inputs.iter().map(sized), lists);
        let compiled = match stage.own()? {
            Own::Compiled(compiled) => Some(compiled),
            _ => None,
        };
        let writes = List::from_iter_in(seat.outputs.iter().filter(|_| compiled.is_some()).map(sized), lists);
        let (read, written) = lane.hosts(&reads, &writes, lists)?;
        if let Some(compiled) = compiled {
            exec::run(compiled, pool, &mut seat.state, bindings, read, written)?;
            seat.outputs.iter().for_each(|slot| all[*slot].on_host = true);
            return Ok(());
        }
        let tensor = |(slot, bytes): (&usize, &&[u8])| Tensor::new(all[*slot].dtype, all[*slot].shape.clone(), aligned(bytes));
        let given = seat.inputs.iter().zip(read).map(tensor).collect::<Result<Vec<_>>>()?;
        let results = match stage.own()? {
            Own::Staged(staged) => staged.run(pool, &mut seat.memory, &given)?,
            _ => reference::run(&stage.graph, &given)?,
        };
        for (k, result) in results.iter().enumerate() {
            self.places.take_result(self.seats[i].outputs[k], result)?;
        }
        self.places.extents()
    }
}

fn argument<'a>(port: &'a Port, slot: &'a Place, input: bool) -> Option<Argument<'a>> {
    slot.span.map(|span| Argument { name: &port.name, shape: input.then_some(slot.shape.as_slice()), span })
}
