//! A session: the memory and the threads in which one thread at a time runs a build.

use crate::cpu::compiled::Compiled;
use crate::cpu::exec;
use crate::cpu::pool::Pool;
use crate::cpu::staged;
use crate::cpu::state::State;
use crate::cuda::device::Device;
use crate::cuda::lane::{BufferId, Lane};
use crate::cuda::memory::Span;
use crate::cuda::stream::StreamRef;
use crate::reference;
use crate::session::build::Build;
use crate::session::log::Log;
use crate::session::mixed::{Host, Mixed};
use crate::session::stages::Own;
use crate::tensor::bind::{Given, bind, check_shape, check_type};
use crate::tensor::bytes::{as_bytes_mut, from_vec};
use crate::tensor::dim::Bindings;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::{Tensor, byte_len};
use crate::tensor::lists::{self, List, Lists};
use crate::{ensure, fail};
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// What a session is asked for.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// CPU threads; 0 is one per core.
    pub threads: usize,
    /// Runs of engines that repeat are recorded and queued as one CUDA graph.
    pub cuda_graph: bool,
    /// Where log lines go.
    pub log: Log,
}

/// Where the elements of a tensor are.
#[derive(Debug, Clone, Copy)]
pub enum Memory<'a> {
    /// In host memory.
    Host(&'a [u8]),
    /// In the memory of the GPU with this number.
    Device(Span, usize),
}

/// A dense row-major tensor that belongs to the caller, aligned for its element type.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub shape: &'a [usize],
    /// The elements.
    pub memory: Memory<'a>,
}

/// Where the elements of an output are to be.
#[derive(Debug)]
pub enum Room<'a> {
    /// In host memory.
    Host(&'a mut [u8]),
    /// In the memory of the GPU with this number.
    Device(Span, usize),
}

/// Where an output goes.
#[derive(Debug)]
pub enum Sink<'a> {
    /// Nowhere.
    Unwanted,
    /// Into the caller's memory: dense, row-major, aligned for its element type, of exactly this type and shape.
    Fill(DType, &'a [usize], Room<'a>),
    /// Into a new host tensor, which is `Some` after the run.
    Make(Option<Tensor>),
}

/// A build together with what running it needs.
pub struct Session {
    build: Arc<Build>,
    pub(super) pool: Pool,
    pub(super) state: State,
    memory: staged::Memory,
    mixed: Option<Mixed>,
    pub(super) stream: Option<StreamRef>,
    /// Types and shapes of the last run's inputs, and what the symbols were.
    pub(super) last: Option<(Vec<(DType, Vec<usize>)>, Bindings)>,
    /// The call that the last run was, in numbers of its caller's; empty where nobody said or where it cannot be queued again.
    last_call: Vec<u64>,
    /// Room for the present one.
    this_call: Vec<u64>,
    lists: Lists,
    pub(super) log: Log,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({:?}, {} threads)", self.build, self.pool.threads())
    }
}

impl Session {
    /// A session for `build`.
    pub fn new(build: &Arc<Build>, options: &SessionOptions) -> Result<Session> {
        let threads = match options.threads {
            0 => std::thread::available_parallelism().map_or(1, |n| n.get()),
            n => n,
        };
        build.compile()?;
        let graph = &build.partition.parts.graph;
        let mixed = build.device.map(|d| Mixed::new(d, graph, &build.stages, options.cuda_graph, &options.log)).transpose()?;
        let (state, memory, stream, last, log) = (State::new(), staged::Memory::default(), None, None, options.log.clone());
        let (last_call, this_call, lists, pool) = (Vec::new(), Vec::new(), Lists::new(), Pool::new(threads));
        Ok(Session { build: build.clone(), pool, state, memory, mixed, stream, last, last_call, this_call, lists, log })
    }

    /// From now on work is queued on this stream, and a run whose outputs are all on the device returns while it is under way. With
    /// `None` the session has a stream of its own, and runs return when they are done.
    pub fn set_stream(&mut self, stream: Option<StreamRef>) {
        if self.stream != stream {
            self.stream = stream;
            self.last_call.clear();
        }
    }

    /// Does the last run once more where that was the same call, in numbers that the caller writes: an engine on tensors of the GPU. False
    /// where arguments have to be looked at.
    pub fn again(&mut self, numbers: impl FnOnce(&mut Vec<u64>)) -> Result<bool> {
        numbers(&mut self.this_call);
        match &mut self.mixed {
            Some(mixed) if !self.this_call.is_empty() && self.last_call == self.this_call => {
                mixed.again(&self.build.stages, self.stream.is_some())
            }
            _ => Ok(false),
        }
    }

    /// The run that has just been queued was the call that [`Session::again`] was last asked for. The same numbers stand for the same
    /// memory, types and shapes.
    pub fn remember(&mut self) {
        if self.mixed.as_ref().is_some_and(Mixed::is_bare) {
            self.last_call.clone_from(&self.this_call);
        }
    }

    /// Waits for all that earlier runs have queued.
    pub fn synchronize(&mut self) -> Result<()> {
        self.mixed.as_mut().map_or(Ok(()), Mixed::wait)
    }

    /// What the session runs.
    pub fn build(&self) -> &Arc<Build> {
        &self.build
    }

    /// For each engine, in order, the addresses of its inputs and outputs in the last run.
    pub fn engine_addresses(&self) -> Result<Vec<Vec<u64>>> {
        self.mixed.as_ref().map_or(Ok(Vec::new()), Mixed::addresses)
    }

    /// Checks types and shapes of all arguments, in order, and reads the symbols off them. `None` is an output that is not the
    /// caller's or not wanted.
    pub fn check<'a>(
        &mut self,
        inputs: impl Iterator<Item = Given<'a>> + Clone,
        outputs: impl Iterator<Item = Option<Given<'a>>>,
    ) -> Result<()> {
        let same = |(last, given): (&(DType, Vec<usize>), Given)| last.0 == given.dtype && last.1 == given.shape;
        let known =
            self.last.as_ref().is_some_and(|(last, _)| last.len() == inputs.clone().count() && last.iter().zip(inputs.clone()).all(same));
        if !known {
            let declared: Vec<_> = self.build.inputs().iter().map(|v| v.declared()).collect();
            let given: Vec<Given> = inputs.collect();
            let bindings = bind(&declared, &given)?;
            self.last = Some((given.iter().map(|g| (g.dtype, g.shape.to_vec())).collect(), bindings));
        }
        let Some((_, bindings)) = &self.last else { return Ok(()) };
        for (value, given) in self.build.outputs().iter().zip(outputs) {
            let Some(given) = given else { continue };
            check_type(&value.declared(), &given, "output")?;
            check_shape(&value.declared(), &given, bindings, "output")?;
        }
        Ok(())
    }

    /// Computes the outputs. There is one view for each input and one sink for each output, in order.
    /// Types and shapes are checked first: an error of theirs leaves every sink as it was.
    pub fn run(&mut self, inputs: &[View], outputs: &mut [Sink]) -> Result<()> {
        let given = inputs.iter().map(|v| Given { dtype: v.dtype, shape: v.shape });
        let wanted = outputs.iter().map(|s| match s {
            Sink::Fill(dtype, shape, _) => Some(Given { dtype: *dtype, shape }),
            _ => None,
        });
        self.check(given, wanted)?;
        self.with_lists(|session, lists| session.run_checked(inputs, outputs, lists))
    }

    /// Lends memory for lists that live no longer than this.
    pub fn with_lists<T>(&mut self, work: impl FnOnce(&mut Session, &Lists) -> T) -> T {
        let mut lent = std::mem::take(&mut self.lists);
        let done = work(self, &lent);
        lists::clear(&mut lent);
        self.lists = lent;
        done
    }

    /// [`Session::run`] for arguments that [`Session::check`] has just accepted.
    pub fn run_checked(&mut self, inputs: &[View], outputs: &mut [Sink], lists: &Lists) -> Result<()> {
        let device = self.check_devices(inputs, outputs)?;
        self.last_call.clear();
        let build = self.build.clone();
        if let (Some(mixed), Some((_, bindings))) = (&mut self.mixed, &self.last) {
            return mixed.run(&build.stages, Host { pool: &self.pool, lists }, bindings, inputs, outputs, self.stream);
        }
        match device {
            Some(device) => self.run_bridged(device, inputs, outputs),
            None => self.run_on_host(inputs, outputs, lists),
        }
    }

    /// Refuses tensors on a GPU that is not there or not the session's. Gives the GPU that tensors lie on, if any do.
    pub(super) fn check_devices(&self, inputs: &[View], outputs: &[Sink]) -> Result<Option<&'static Device>> {
        let of_input = |v: &View| if let Memory::Device(_, device) = v.memory { Some(device) } else { None };
        let of_output = |s: &Sink| if let Sink::Fill(_, _, Room::Device(_, device)) = s { Some(*device) } else { None };
        let inputs = self.build.inputs().iter().zip(inputs.iter().map(of_input)).map(|(v, d)| ("input", v, d));
        let outputs = self.build.outputs().iter().zip(outputs.iter().map(of_output)).map(|(v, d)| ("output", v, d));
        let mut found = self.mixed.as_ref().map(Mixed::device);
        let mut used = None;
        for (what, value, device) in inputs.chain(outputs) {
            let Some(device) = device else { continue };
            let there = Device::get(device)
                .map_err(|e| Error::new(Code::WrongDevice, format!("{what} '{}' lies on GPU {device}, but {}", value.name, e.message)))?;
            let here = *found.get_or_insert(there);
            let (name, on) = (&value.name, here.ordinal());
            ensure!(on == device, WrongDevice, "{what} '{name}' lies on GPU {device}, but the session works on GPU {on}");
            used = Some(there);
        }
        Ok(used)
    }

    /// No engine: our own code computes in host memory.
    fn run_on_host(&mut self, inputs: &[View], outputs: &mut [Sink], lists: &Lists) -> Result<()> {
        let build = self.build.clone();
        match build.stages[0].own()? {
            Own::Compiled(compiled) => self.run_compiled(compiled, inputs, outputs, lists),
            Own::Staged(staged) => {
                let run = |x: &[Tensor]| staged.run(&self.pool, &mut self.memory, x);
                run_tensors(&build, inputs, outputs, run)
            }
            Own::Reference(_) => run_tensors(&build, inputs, outputs, |x| reference::run(&build.partition.parts.graph, x)),
        }
    }

    /// Our own code, with tensors of the caller that lie on a GPU: they are copied to the host and back.
    fn run_bridged(&mut self, device: &'static Device, inputs: &[View], outputs: &mut [Sink]) -> Result<()> {
        let _current = device.enter()?;
        let mut lane = Lane::new(device, 1)?;
        lane.begin(self.stream)?;
        let mut copies = Vec::new();
        for view in inputs {
            copies.push(match view.memory {
                Memory::Host(bytes) => aligned(bytes),
                Memory::Device(span, _) => {
                    lane.receive(BufferId(0), span)?;
                    aligned(lane.host(BufferId(0), span.bytes())?)
                }
            });
        }
        let views: Vec<View> = inputs.iter().zip(&copies).map(|(v, bytes)| View { memory: Memory::Host(bytes), ..*v }).collect();
        let mut made: Vec<Sink> =
            outputs.iter().map(|s| if matches!(s, Sink::Unwanted) { Sink::Unwanted } else { Sink::Make(None) }).collect();
        self.run(&views, &mut made)?;
        for (sink, made) in outputs.iter_mut().zip(made) {
            let Sink::Make(Some(tensor)) = made else { continue };
            match sink {
                Sink::Unwanted => {}
                Sink::Make(out) => *out = Some(tensor),
                Sink::Fill(_, shape, room) => {
                    ensure!(*shape == tensor.shape(), WrongShape, "an output has shape {shape:?}, but {:?} was computed", tensor.shape());
                    match room {
                        Room::Host(bytes) => bytes.copy_from_slice(tensor.bytes()),
                        Room::Device(span, _) => {
                            let from = lane.upload(BufferId(0), tensor.bytes())?;
                            lane.copy(*span, from)?;
                        }
                    }
                }
            }
        }
        lane.end()?;
        lane.wait()
    }

    fn run_compiled(&mut self, compiled: &Compiled, inputs: &[View], outputs: &mut [Sink], lists: &Lists) -> Result<()> {
        let Some((_, bindings)) = &self.last else { fail!(Internal, "a run that was not checked") };
        // Memory for the outputs that the caller has no memory for, and what all of them are to be.
        let mut made: List<Option<(Vec<usize>, Vec<u64>)>> = List::new_in(lists);
        let shapes = self.state.prepare(compiled, bindings)?;
        let sizes = self.build.outputs().iter().zip(shapes.clone()).map(|(v, s)| byte_len(v.dtype, s).unwrap_or(usize::MAX));
        let sizes = List::from_iter_in(sizes, lists);
        for ((sink, shape), bytes) in outputs.iter().zip(shapes).zip(&sizes) {
            let own = !matches!(sink, Sink::Fill(..));
            made.push(own.then(|| (shape.to_vec(), vec![0; bytes.div_ceil(8)])));
        }
        let given = List::from_iter_in(inputs.iter().map(View::host), lists);
        let mut memory: List<&mut [u8]> = List::new_in(lists);
        for ((sink, own), bytes) in outputs.iter_mut().zip(&mut made).zip(&sizes) {
            memory.push(match (sink, own) {
                (Sink::Fill(_, _, Room::Host(bytes)), _) => bytes,
                (_, Some((_, own))) => &mut as_bytes_mut(own)[..*bytes],
                _ => &mut [],
            });
        }
        exec::run(compiled, &self.pool, &mut self.state, bindings, &given, &mut memory)?;
        drop(memory);
        for (((value, sink), own), bytes) in self.build.outputs().iter().zip(outputs).zip(made).zip(sizes) {
            if let (Sink::Make(tensor), Some((shape, own))) = (sink, own) {
                *tensor = Some(Tensor::new(value.dtype, shape, from_vec(own).slice(..bytes))?);
            }
        }
        Ok(())
    }
}

/// Where extents of outputs may be known only after the run.
fn run_tensors(build: &Build, inputs: &[View], outputs: &mut [Sink], run: impl FnOnce(&[Tensor]) -> Result<Vec<Tensor>>) -> Result<()> {
    let inputs = inputs.iter().copied().map(View::to_tensor).collect::<Result<Vec<_>>>()?;
    let results = run(&inputs)?;
    // Extents that depend on data are known only now; nothing is written unless all fit.
    for ((value, sink), result) in build.outputs().iter().zip(outputs.iter()).zip(&results) {
        let Sink::Fill(_, shape, _) = sink else { continue };
        let (name, made) = (&value.name, result.shape());
        ensure!(*shape == made, WrongShape, "output '{name}' has shape {shape:?}, but {made:?} was computed");
    }
    for (sink, result) in outputs.iter_mut().zip(results) {
        match sink {
            Sink::Unwanted | Sink::Fill(_, _, Room::Device(..)) => {}
            Sink::Fill(_, _, Room::Host(bytes)) => bytes.copy_from_slice(result.bytes()),
            Sink::Make(made) => *made = Some(result),
        }
    }
    Ok(())
}

impl<'a> View<'a> {
    /// The elements, where they are in host memory.
    fn host(&self) -> &'a [u8] {
        match self.memory {
            Memory::Host(bytes) => bytes,
            Memory::Device(..) => &[],
        }
    }

    /// A copy, aligned for every element type.
    fn to_tensor(self) -> Result<Tensor> {
        Tensor::new(self.dtype, self.shape.to_vec(), aligned(self.host()))
    }
}

/// A copy that is aligned for every element type.
pub(super) fn aligned(bytes: &[u8]) -> Bytes {
    let mut words = vec![0u64; bytes.len().div_ceil(8)];
    as_bytes_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
    from_vec(words).slice(..bytes.len())
}
