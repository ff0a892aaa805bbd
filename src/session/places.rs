//! The values that cross between a caller and the stages of a run: their extents, where they lie, and their ways. Tensors on the device are used
//! where they lie; what our own code reads or writes, and host tensors of the caller, pass through pinned memory.

use crate::cuda::device::Device;
use crate::cuda::lane::{BufferId, Lane};
use crate::cuda::memory::Span;
use crate::ir::{Def, Graph, ValueId};
use crate::session::run::{Memory, Room, Sink, View, aligned};
use crate::session::stages::Stage;
use crate::tensor::bind::learn;
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::{Tensor, byte_len};
use crate::tensor::lists::Lists;
use crate::tensor::overlap::Ranges;
use crate::{ensure, fail};
use bytes::Bytes;
use std::ops::{Index, IndexMut};

/// A value that crosses between the caller and a stage, or between stages. Its buffer in the lane has the same number.
pub struct Place {
    pub dtype: DType,
    pub dims: Vec<Dim>,
    /// Its elements, where it is a constant.
    constant: Option<Bytes>,
    // Of the present extents, as far as they are known:
    pub known: bool,
    pub shape: Vec<usize>,
    pub bytes: usize,
    // Of the present run: the caller's memory for it, where it is now.
    pub given: Option<Span>,
    pub span: Option<Span>,
    pub on_host: bool,
}

impl Place {
    /// Its extents are known.
    fn measure(&mut self) -> Result<()> {
        let bytes = byte_len(self.dtype, &self.shape);
        self.bytes = bytes.ok_or_else(|| Error::new(Code::WrongShape, format!("shape {:?} is too large", self.shape)))?;
        self.known = true;
        Ok(())
    }
}

/// Everything that crosses, with the memory for it.
pub struct Places {
    /// The stream and the memory.
    pub lane: Lane,
    pub all: Vec<Place>,
    /// The whole graph's inputs and outputs.
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    /// What symbols are in the present run.
    pub bindings: Bindings,
    /// All extents follow from those of the inputs.
    pub fixed: bool,
}

impl Places {
    /// Places of what the graph and its stages read and make, without memory yet; and which of them each stage reads and makes.
    pub fn new(device: &'static Device, graph: &Graph, stages: &[Stage]) -> Result<(Places, Vec<[Vec<usize>; 2]>)> {
        let (mut known, mut all) = (vec![None; graph.values.len()], Vec::new());
        let mut place = |id: &ValueId| {
            *known[id.0 as usize].get_or_insert_with(|| {
                let value = graph.value(*id);
                let constant = if let Def::Const(t) = &value.def { Some(t.bytes().clone()) } else { None };
                let (dtype, dims) = (value.fact.dtype, value.fact.shape.clone());
                let (known, shape, bytes, given, span, on_host) = (false, Vec::new(), 0, None, None, false);
                all.push(Place { dtype, dims, constant, known, shape, bytes, given, span, on_host });
                all.len() - 1
            })
        };
        let inputs = graph.inputs.iter().map(&mut place).collect();
        let of_stages = stages.iter().map(|s| [&s.inputs, &s.outputs].map(|of| of.iter().map(&mut place).collect())).collect();
        let outputs = graph.outputs.iter().map(|o| place(&o.value)).collect();
        let lane = Lane::new(device, all.len())?;
        Ok((Places { lane, all, inputs, outputs, bindings: Bindings::new(), fixed: false }, of_stages))
    }

    /// Shapes and sizes for these values of the symbols; whether they may differ from the last run's. Those that depend on data follow
    /// while the run goes on.
    pub fn lay_out(&mut self, bindings: &Bindings) -> Result<bool> {
        let other = self.bindings != *bindings || !self.fixed;
        if other {
            self.fixed = false;
            self.bindings.clone_from(bindings);
            self.all.iter_mut().for_each(|s| s.known = false);
            self.extents()?;
            self.fixed = self.all.iter().all(|s| s.known);
        }
        for slot in &mut self.all {
            (slot.given, slot.span, slot.on_host) = (None, None, false);
        }
        Ok(other)
    }

    /// The extents that follow from the values that symbols have by now.
    pub fn extents(&mut self) -> Result<()> {
        for slot in self.all.iter_mut().filter(|s| !s.known) {
            let Some(shape) = slot.dims.iter().map(|d| d.eval(&self.bindings)).collect::<Option<Vec<i64>>>() else { continue };
            slot.shape = shape.into_iter().map(|d| usize::try_from(d).unwrap_or(0)).collect();
            slot.measure()?;
        }
        Ok(())
    }

    pub fn take_inputs(&mut self, inputs: &[View]) -> Result<()> {
        for (view, slot) in inputs.iter().zip(&self.inputs) {
            let slot = *slot;
            match view.memory {
                Memory::Host(bytes) => {
                    let to = self.lane.host_mut(BufferId(slot), bytes.len())?;
                    to.copy_from_slice(bytes);
                    self.all[slot].on_host = true;
                }
                Memory::Device(span, _) => self.all[slot].span = Some(span),
            }
        }
        Ok(())
    }

    /// Finds the caller's memory that an engine may write straight into: it shares none with an input.
    pub fn place_outputs(&mut self, inputs: &[View], outputs: &[Sink], lists: &Lists) {
        let of_input = |v: &View| if let Memory::Device(span, _) = v.memory { span.range() } else { (0, 0) };
        let read = Ranges::new(inputs.iter().map(of_input).enumerate(), lists);
        for (sink, slot) in outputs.iter().zip(&self.outputs) {
            let Sink::Fill(_, _, Room::Device(span, _)) = sink else { continue };
            if !read.touch(span.range()) {
                self.all[*slot].given = Some(*span);
            }
        }
    }

    /// The value on the device.
    pub fn on_device(&mut self, slot: usize) -> Result<Span> {
        if let Some(span) = self.all[slot].span {
            return Ok(span);
        }
        let bytes = self.all[slot].bytes;
        let span = match &self.all[slot].constant {
            Some(constant) => self.lane.upload(BufferId(slot), constant)?,
            None if self.all[slot].on_host => self.lane.send(BufferId(slot), bytes)?,
            None => fail!(Internal, "a value is read before it is made"),
        };
        self.all[slot].span = Some(span);
        Ok(span)
    }

    /// Sees to it that the value will be on the host once the lane has been waited for.
    pub fn bring_to_host(&mut self, slot: usize) -> Result<()> {
        let s = &self.all[slot];
        match (s.on_host, s.span, &s.constant) {
            (true, ..) => return Ok(()),
            (false, Some(span), _) => self.lane.receive(BufferId(slot), span)?,
            (false, None, Some(constant)) => self.lane.host_mut(BufferId(slot), s.bytes)?.copy_from_slice(constant),
            (false, None, None) => fail!(Internal, "a value is read before it is made"),
        }
        self.all[slot].on_host = true;
        Ok(())
    }

    /// The run that has just been queued was an engine, which took the caller's tensors where they lie.
    pub fn took_all(&self, outputs: &[Sink]) -> bool {
        let taken = self.inputs.iter().all(|s| self.all[*s].span.is_some() && !self.all[*s].on_host);
        // Nothing but an engine writes into the caller's memory on the device.
        let written = |(sink, slot): (&Sink, &usize)| match sink {
            Sink::Unwanted => true,
            Sink::Fill(_, _, Room::Device(span, _)) => [self.all[*slot].given, self.all[*slot].span] == [Some(*span); 2],
            _ => false,
        };
        taken && outputs.iter().zip(&self.outputs).all(written)
    }

    /// Extents that are known only now.
    pub fn learn(&mut self, slot: usize, shape: &[usize]) -> Result<()> {
        let s = &mut self.all[slot];
        learn(&s.dims, shape, &mut self.bindings);
        s.shape = shape.to_vec();
        s.measure()
    }

    /// A value whose extents may be known only now.
    pub fn take_result(&mut self, slot: usize, result: &Tensor) -> Result<()> {
        self.learn(slot, result.shape())?;
        self.all[slot].on_host = true;
        self.lane.host_mut(BufferId(slot), result.bytes().len())?.copy_from_slice(result.bytes());
        Ok(())
    }

    pub fn give_outputs(&mut self, outputs: &mut [Sink], lazily: bool) -> Result<()> {
        // Extents that depend on data are known only now; nothing is written unless all fit.
        for (sink, slot) in outputs.iter().zip(&self.outputs) {
            let (Sink::Fill(_, shape, _), made) = (sink, &self.all[*slot].shape) else { continue };
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
            let slot = &self.all[self.outputs[k]];
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

impl Index<usize> for Places {
    type Output = Place;
    fn index(&self, i: usize) -> &Place {
        &self.all[i]
    }
}

impl IndexMut<usize> for Places {
    fn index_mut(&mut self, i: usize) -> &mut Place {
        &mut self.all[i]
    }
}
