//! Runs a build that has engines: stage by stage on one stream. Tensors on the device are used where they lie; what our own code reads
//! or writes, and host tensors of the caller, pass through pinned memory.

use crate::cpu::exec::{self, State};
use crate::cpu::pool::Pool;
use crate::cpu::staged;
use crate::cuda::device::Device;
use crate::cuda::lane::{BufferId, Lane};
use crate::cuda::memory::Span;
use crate::cuda::stream::StreamRef;
use crate::ir::{Def, Graph, ValueId};
use crate::reference;
use crate::session::engine::{Loaded, Port};
use crate::session::log::{Level, Log};
use crate::session::run::{Memory, Room, Sink, View, aligned};
use crate::session::seated::{Scratch, Seated};
use crate::session::stages::{Own, Stage};
use crate::tensor::bind::learn;
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::{Tensor, byte_len};
use crate::tensorrt::runner::{Argument, Runner};
use crate::{ensure, fail};
use bytes::Bytes;
use std::time::Duration;

/// A value that crosses between the caller and a stage, or between stages. Its buffer in the lane has the same number.
struct Slot {
    dtype: DType,
    dims: Vec<Dim>,
    /// Its elements, where it is a constant.
    constant: Option<Bytes>,
    // Of the present extents, as far as they are known:
    known: bool,
    shape: Vec<usize>,
    bytes: usize,
    // Of the present run: the caller's memory for it, where it is now.
    given: Option<Span>,
    span: Option<Span>,
    on_host: bool,
}

/// What a session keeps for one stage.
pub(super) struct Seat {
    /// Slots that it reads and makes.
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    pub(super) engines: Seated,
    pub(super) state: State,
    memory: staged::Memory,
}

/// Everything that runs of a build with engines change.
pub struct Mixed {
    // Before the lane: a runner waits for its work.
    pub(super) seats: Vec<Seat>,
    pub(super) lane: Lane,
    scratch: Scratch,
    slots: Vec<Slot>,
    /// Slots of the whole graph's inputs and outputs.
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    /// What symbols are in the present run.
    bindings: Bindings,
    /// All extents follow from those of the inputs.
    fixed: bool,
    cuda_graph: bool,
    /// The last run was nothing but an engine on the caller's tensors.
    bare: bool,
    /// There was no room for a run, and a warning has said so.
    short: bool,
    log: Log,
    /// Time of each stage, all runs together; only while someone measures.
    pub(super) meter: Option<Vec<Duration>>,
}

impl Slot {
    /// Its extents are known.
    fn measure(&mut self) -> Result<()> {
        let bytes = byte_len(self.dtype, &self.shape);
        self.bytes = bytes.ok_or_else(|| Error::new(Code::WrongShape, format!("shape {:?} is too large", self.shape)))?;
        self.known = true;
        Ok(())
    }
}

impl Mixed {
    /// Takes what a session needs: a stream, contexts and their scratch memory.
    pub fn new(device: &'static Device, graph: &Graph, stages: &[Stage], cuda_graph: bool, log: &Log) -> Result<Mixed> {
        let _current = device.enter()?;
        let mut places: Vec<Option<usize>> = vec![None; graph.values.len()];
        let mut slots = Vec::new();
        let mut slot = |id: ValueId| {
            *places[id.0 as usize].get_or_insert_with(|| {
                let value = graph.value(id);
                let constant = if let Def::Const(t) = &value.def { Some(t.bytes().clone()) } else { None };
                let (dtype, dims) = (value.fact.dtype, value.fact.shape.clone());
                slots.push(Slot {
                    dtype,
                    dims,
                    constant,
                    known: false,
                    shape: Vec::new(),
                    bytes: 0,
                    given: None,
                    span: None,
                    on_host: false,
                });
                slots.len() - 1
            })
        };
        let inputs: Vec<usize> = graph.inputs.iter().map(|v| slot(*v)).collect();
        let mut seats = Vec::new();
        for stage in stages {
            let (inputs, outputs) = (stage.inputs.iter().map(|v| slot(*v)).collect(), stage.outputs.iter().map(|v| slot(*v)).collect());
            seats.push(Seat { inputs, outputs, engines: Seated::default(), state: State::new(), memory: staged::Memory::default() });
        }
        let outputs = graph.outputs.iter().map(|o| slot(o.value)).collect();
        let lane = Lane::new(device, slots.len())?;
        let mut scratch = Scratch::default();
        let sizes = stages.iter().filter_map(|s| s.engine()).map(|e| e.scratch()).collect::<Result<Vec<u64>>>()?;
        // Without that memory each engine tries for its own.
        let _ = scratch.room(&lane, sizes.into_iter().max().unwrap_or(0));
        for (seat, stage) in seats.iter_mut().zip(stages) {
            stage.slot().into_iter().for_each(|slot| seat.engines.begin(slot, &lane, &mut scratch, log));
        }
        let (bindings, log) = (Bindings::new(), log.clone());
        Ok(Mixed {
            seats,
            lane,
            scratch,
            slots,
            inputs,
            outputs,
            bindings,
            fixed: false,
            cuda_graph,
            bare: false,
            short: false,
            log,
            meter: None,
        })
    }

    /// Queues, and where host memory is concerned does, the work of one run. With a stream of the caller's and all outputs on the device
    /// it returns while the work is under way.
    pub fn run(
        &mut self,
        stages: &[Stage],
        pool: &Pool,
        bindings: &Bindings,
        inputs: &[View],
        outputs: &mut [Sink],
        stream: Option<StreamRef>,
    ) -> Result<()> {
        let _current = self.lane.device().enter()?;
        self.bare = false;
        let other = self.lay_out(bindings)?;
        // A run that fails leaves nothing to build upon.
        let fixed = std::mem::replace(&mut self.fixed, false);
        self.prepare(stages, other)?;
        self.lane.begin(stream)?;
        let result = self.all(stages, other, pool, inputs, outputs, stream.is_some());
        self.fixed = fixed && result.is_ok();
        let ended = self.lane.end();
        if result.is_err() {
            // What was queued may use memory that the caller takes away after an error.
            self.lane.wait()?;
        }
        self.bare = result.is_ok() && self.took_all(outputs);
        result.and(ended)
    }

    /// The run that has just been queued was an engine, which took the caller's tensors where they lie.
    fn took_all(&self, outputs: &[Sink]) -> bool {
        let taken = self.inputs.iter().all(|s| self.slots[*s].span.is_some() && !self.slots[*s].on_host);
        // Nothing but an engine writes into the caller's memory on the device.
        let written = |(sink, slot): (&Sink, &usize)| match sink {
            Sink::Unwanted => true,
            Sink::Fill(_, _, Room::Device(span, _)) => [self.slots[*slot].given, self.slots[*slot].span] == [Some(*span); 2],
            _ => false,
        };
        self.seats.len() == 1 && self.meter.is_none() && taken && outputs.iter().zip(&self.outputs).all(written)
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
        let _current = self.lane.device().enter()?;
        let result = runner.again(&self.lane, self.cuda_graph);
        if matches!(result, Ok(false)) {
            return result;
        }
        self.bare = result.is_ok();
        if !lazily || !self.bare {
            self.lane.wait()?;
        }
        self.lane.end().and(result)
    }

    /// Waits for all that earlier runs have queued.
    pub fn wait(&mut self) -> Result<()> {
        let _current = self.lane.device().enter()?;
        self.lane.wait()
    }

    fn all(&mut self, stages: &[Stage], other: bool, pool: &Pool, inputs: &[View], outputs: &mut [Sink], lazily: bool) -> Result<()> {
        self.take_inputs(inputs)?;
        self.place_outputs(inputs, outputs);
        for i in 0..stages.len() {
            if other {
                stages[i].check(&self.bindings)?;
            }
            let profile = if self.none_empty(i) { self.seats[i].engines.profile(&self.bindings) } else { None };
            let begin = self.begin_stage()?;
            match profile {
                Some(profile) if self.has_room(i, Mixed::place)? && self.has_room(i, |m, i| m.engine(i, profile))? => {}
                _ => self.own(i, &stages[i], pool)?,
            }
            self.end_stage(i, begin)?;
        }
        self.give_outputs(outputs, lazily)
    }

    /// Sees to engines and contexts for the run, before anything is queued: what is not there may be built now. `other`: symbols are not
    /// what they were.
    fn prepare(&mut self, stages: &[Stage], other: bool) -> Result<()> {
        for (seat, stage) in self.seats.iter_mut().zip(stages) {
            let Some(slot) = stage.slot().filter(|s| other || seat.engines.is_stale(s)) else { continue };
            // Engines take no empty tensors, and none is built for them.
            let empty = seat.inputs.iter().chain(&seat.outputs).any(|s| self.slots[*s].known && self.slots[*s].bytes == 0);
            if !empty {
                seat.engines.prepare(slot, &self.bindings, &self.lane, &mut self.scratch, &self.log)?;
            }
        }
        Ok(())
    }

    /// Shapes and sizes for these values of the symbols; whether they may differ from the last run's. Those that depend on data follow
    /// while the run goes on.
    fn lay_out(&mut self, bindings: &Bindings) -> Result<bool> {
        let other = self.bindings != *bindings || !self.fixed;
        if other {
            self.fixed = false;
            self.bindings.clone_from(bindings);
            self.slots.iter_mut().for_each(|s| s.known = false);
            self.extents()?;
            self.fixed = self.slots.iter().all(|s| s.known);
        }
        for slot in &mut self.slots {
            (slot.given, slot.span, slot.on_host) = (None, None, false);
        }
        Ok(other)
    }

    /// The extents that follow from the values that symbols have by now.
    fn extents(&mut self) -> Result<()> {
        for slot in self.slots.iter_mut().filter(|s| !s.known) {
            let Some(shape) = slot.dims.iter().map(|d| d.eval(&self.bindings)).collect::<Option<Vec<i64>>>() else { continue };
            slot.shape = shape.into_iter().map(|d| usize::try_from(d).unwrap_or(0)).collect();
            slot.measure()?;
        }
        Ok(())
    }

    /// True when the engine of a stage meets no empty tensor, but for those whose extents it finds itself.
    fn none_empty(&self, stage: usize) -> bool {
        let seat = &self.seats[stage];
        seat.inputs.iter().chain(&seat.outputs).all(|s| !self.slots[*s].known || self.slots[*s].bytes > 0)
    }

    /// The GPU that it works on.
    pub fn device(&self) -> &'static Device {
        self.lane.device()
    }

    /// For each engine, in order, the addresses that TensorRT was last given.
    pub fn addresses(&self) -> Result<Vec<Vec<u64>>> {
        self.seats.iter().filter_map(|s| s.engines.runner()).map(Runner::addresses).collect()
    }

    fn take_inputs(&mut self, inputs: &[View]) -> Result<()> {
        for (view, slot) in inputs.iter().zip(&self.inputs) {
            let slot = *slot;
            match view.memory {
                Memory::Host(bytes) => {
                    let to = self.lane.host_mut(BufferId(slot), bytes.len())?;
                    to.copy_from_slice(bytes);
                    self.slots[slot].on_host = true;
                }
                Memory::Device(span, _) => self.slots[slot].span = Some(span),
            }
        }
        Ok(())
    }

    /// Finds the caller's memory that an engine may write straight into: it shares none with an input.
    fn place_outputs(&mut self, inputs: &[View], outputs: &[Sink]) {
        for (sink, slot) in outputs.iter().zip(&self.outputs) {
            let Sink::Fill(_, _, Room::Device(span, _)) = sink else { continue };
            let shared = inputs.iter().any(|v| matches!(v.memory, Memory::Device(input, _) if input.overlaps(*span)));
            if !shared {
                self.slots[*slot].given = Some(*span);
            }
        }
    }

    /// The value on the device.
    fn on_device(&mut self, slot: usize) -> Result<Span> {
        if let Some(span) = self.slots[slot].span {
            return Ok(span);
        }
        let bytes = self.slots[slot].bytes;
        let span = match &self.slots[slot].constant {
            Some(constant) => self.lane.upload(BufferId(slot), constant)?,
            None if self.slots[slot].on_host => self.lane.send(BufferId(slot), bytes)?,
            None => fail!(Internal, "a value is read before it is made"),
        };
        self.slots[slot].span = Some(span);
        Ok(span)
    }

    /// Sees to it that the value will be on the host once the lane has been waited for.
    fn bring_to_host(&mut self, slot: usize) -> Result<()> {
        let s = &self.slots[slot];
        match (s.on_host, s.span, &s.constant) {
            (true, ..) => return Ok(()),
            (false, Some(span), _) => self.lane.receive(BufferId(slot), span)?,
            (false, None, Some(constant)) => self.lane.host_mut(BufferId(slot), s.bytes)?.copy_from_slice(constant),
            (false, None, None) => fail!(Internal, "a value is read before it is made"),
        }
        self.slots[slot].on_host = true;
        Ok(())
    }

    /// Does a step of an engine's stage that takes memory on the device. Without that memory the stage runs on our own code.
    fn has_room(&mut self, i: usize, step: impl FnOnce(&mut Mixed, usize) -> Result<()>) -> Result<bool> {
        match step(self, i) {
            Err(e) if e.code == Code::OutOfMemory => {
                self.seats[i].outputs.iter().for_each(|s| self.slots[*s].span = None);
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
                self.on_device(self.seats[i].inputs[k])?;
            }
        }
        for k in 0..engine.outputs.len() {
            let slot = self.seats[i].outputs[k];
            let span = match self.slots[slot].given {
                Some(span) => span,
                None if engine.outputs[k].open => Span::default(),
                None => self.lane.span(BufferId(slot), self.slots[slot].bytes)?,
            };
            self.slots[slot].span = Some(span);
        }
        Ok(())
    }

    /// Queues an engine's run. Where extents show in it, TensorRT may ask for memory.
    fn engine(&mut self, i: usize, profile: usize) -> Result<()> {
        let Some(engine) = self.seats[i].engines.engine().cloned() else { fail!(Internal, "a stage without an engine") };
        let slots = &self.slots;
        let Seat { inputs, outputs, engines, .. } = &mut self.seats[i];
        let inputs = engine.inputs.iter().zip(&*inputs).filter(|(p, _)| p.used).map(|(p, s)| argument(p, &slots[*s], true));
        let outputs = engine.outputs.iter().zip(&*outputs).map(|(p, s)| argument(p, &slots[*s], false));
        let Some(runner) = engines.runner_mut() else { fail!(Internal, "a stage without a runner") };
        runner.run(&self.lane, profile, inputs.chain(outputs).flatten(), self.cuda_graph)?;
        self.take_open(i, &engine)
    }

    /// The outputs of an engine's run whose extents have shown in it.
    fn take_open(&mut self, i: usize, engine: &Loaded) -> Result<()> {
        for (k, port) in engine.outputs.iter().enumerate().filter(|(_, p)| p.open) {
            let Some(runner) = self.seats[i].engines.runner() else { fail!(Internal, "a stage without a runner") };
            let (slot, (shape, span)) = (self.seats[i].outputs[k], runner.made(&port.name)?);
            self.learn(slot, &shape)?;
            let bytes = self.slots[slot].bytes;
            ensure!(span.bytes() >= bytes, Internal, "{} bytes for output {:?} of shape {shape:?}", span.bytes(), port.name);
            self.slots[slot].span = Some(span.first(bytes));
        }
        self.extents()
    }

    /// Extents that are known only now.
    fn learn(&mut self, slot: usize, shape: &[usize]) -> Result<()> {
        let s = &mut self.slots[slot];
        learn(&s.dims, shape, &mut self.bindings);
        s.shape = shape.to_vec();
        s.measure()
    }

    /// Our own code, in pinned memory.
    fn own(&mut self, i: usize, stage: &Stage, pool: &Pool) -> Result<()> {
        for k in 0..self.seats[i].inputs.len() {
            self.bring_to_host(self.seats[i].inputs[k])?;
        }
        let seat = &mut self.seats[i];
        let sized = |slot: &usize| (BufferId(*slot), self.slots[*slot].bytes);
        let reads: Vec<_> = seat.inputs.iter().map(sized).collect();
        let compiled = match stage.own()? {
            Own::Compiled(compiled) => Some(compiled),
            _ => None,
        };
        let writes: Vec<_> = seat.outputs.iter().filter(|_| compiled.is_some()).map(sized).collect();
        let (read, mut written) = self.lane.hosts(&reads, &writes)?;
        if let Some(compiled) = compiled {
            exec::run(compiled, pool, &mut seat.state, &self.bindings, &read, &mut written)?;
            seat.outputs.iter().for_each(|slot| self.slots[*slot].on_host = true);
            return Ok(());
        }
        let tensor =
            |(slot, bytes): (&usize, &&[u8])| Tensor::new(self.slots[*slot].dtype, self.slots[*slot].shape.clone(), aligned(bytes));
        let given = seat.inputs.iter().zip(&read).map(tensor).collect::<Result<Vec<_>>>()?;
        let results = match stage.own()? {
            Own::Staged(staged) => staged.run(pool, &mut seat.memory, &given)?,
            _ => reference::run(&stage.graph, &given)?,
        };
        for (k, result) in results.iter().enumerate() {
            self.take_result(self.seats[i].outputs[k], result)?;
        }
        self.extents()
    }

    /// A value whose extents may be known only now.
    fn take_result(&mut self, slot: usize, result: &Tensor) -> Result<()> {
        self.learn(slot, result.shape())?;
        self.slots[slot].on_host = true;
        self.lane.host_mut(BufferId(slot), result.bytes().len())?.copy_from_slice(result.bytes());
        Ok(())
    }

    fn give_outputs(&mut self, outputs: &mut [Sink], lazily: bool) -> Result<()> {
        // Extents that depend on data are known only now; nothing is written unless all fit.
        for (sink, slot) in outputs.iter().zip(&self.outputs) {
            let (Sink::Fill(_, shape, _), made) = (sink, &self.slots[*slot].shape) else { continue };
            ensure!(shape == made, WrongShape, "an output has shape {shape:?}, but {made:?} was computed");
        }
        let mut to_host = false;
        for k in 0..outputs.len() {
            let slot = self.outputs[k];
            match &outputs[k] {
                Sink::Unwanted => {}
                Sink::Fill(_, _, Room::Device(to, _)) => {
                    let (to, from) = (*to, self.on_device(slot)?);
                    if to != from {
                        self.lane.copy(to, from)?;
                    }
                }
                Sink::Fill(..) | Sink::Make(_) => {
                    self.bring_to_host(slot)?;
                    to_host = true;
                }
            }
        }
        if to_host || !lazily {
            self.lane.wait()?;
        }
        for (k, sink) in outputs.iter_mut().enumerate() {
            let slot = &self.slots[self.outputs[k]];
            let id = BufferId(self.outputs[k]);
            match sink {
                Sink::Fill(_, _, Room::Host(to)) => to.copy_from_slice(self.lane.host(id, slot.bytes)?),
                Sink::Make(made) => {
                    let bytes = aligned(self.lane.host(id, slot.bytes)?);
                    *made = Some(Tensor::new(slot.dtype, slot.shape.clone(), bytes)?);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn argument<'a>(port: &'a Port, slot: &'a Slot, input: bool) -> Option<Argument<'a>> {
    slot.span.map(|span| Argument { name: &port.name, shape: input.then_some(slot.shape.as_slice()), span })
}
