//! What a session keeps of one region's engines: a context for each that it has run, and which of them the present run takes.

use crate::cuda::lane::Lane;
use crate::cuda::memory::DeviceMemory;
use crate::session::engine::Loaded;
use crate::session::log::{Level, Log};
use crate::session::slot::Slot;
use crate::tensor::dim::Bindings;
use crate::tensor::error::Result;
use crate::tensorrt::runner::Runner;
use std::sync::Arc;

/// An engine, and what this session needs to run it.
struct Held {
    runner: Option<Runner>,
    /// There was no memory for it: our own code runs instead.
    refused: bool,
    engine: Arc<Loaded>,
}

/// A session's share of a slot.
#[derive(Default)]
pub struct Seated {
    held: Vec<Held>,
    current: Option<usize>,
    /// The slot's generation that `held` is of; none before the first look.
    generation: Option<u64>,
}

/// Scratch memory that the engines of a session share: they run one after the other. None before the first asks.
#[derive(Default)]
pub struct Scratch(Option<Arc<DeviceMemory>>);

impl Scratch {
    /// At least this much. Contexts that work in a smaller piece keep that.
    pub fn room(&mut self, lane: &Lane, bytes: u64) -> Result<&Arc<DeviceMemory>> {
        let memory = match &self.0 {
            Some(memory) if memory.bytes() as u64 >= bytes => memory.clone(),
            _ => Arc::new(DeviceMemory::new(lane.device(), bytes as usize)?),
        };
        Ok(self.0.insert(memory))
    }
}

impl Seated {
    /// Whether the slot's engines have changed since the last look.
    pub fn is_stale(&self, slot: &Slot<Loaded>) -> bool {
        self.generation != Some(slot.generation())
    }

    /// Takes the engine that is there already, before any run.
    pub fn begin(&mut self, slot: &Slot<Loaded>, lane: &Lane, scratch: &mut Scratch, log: &Log) {
        self.refresh(slot);
        self.current = (!self.held.is_empty()).then_some(0);
        self.seat(slot, lane, scratch, log);
    }

    /// Finds the engine for a run with these symbols; where there is none, asks the slot, which may build. Without one the run is for our
    /// own code.
    pub fn prepare(&mut self, slot: &Slot<Loaded>, bindings: &Bindings, lane: &Lane, scratch: &mut Scratch, log: &Log) -> Result<()> {
        if self.is_stale(slot) {
            self.refresh(slot);
        }
        if !self.select(bindings) {
            slot.ask(bindings)?;
            self.refresh(slot);
            self.select(bindings);
        }
        self.seat(slot, lane, scratch, log);
        Ok(())
    }

    /// The profile in which the chosen engine takes these symbols.
    pub fn profile(&self, bindings: &Bindings) -> Option<usize> {
        let held = &self.held[self.current?];
        held.engine.profile(bindings, held.runner.as_ref()?.profile())
    }

    /// The chosen engine.
    pub fn engine(&self) -> Option<&Arc<Loaded>> {
        Some(&self.held[self.current?].engine)
    }

    /// What runs the chosen engine.
    pub fn runner(&self) -> Option<&Runner> {
        self.held[self.current?].runner.as_ref()
    }

    /// The same, to run it.
    pub fn runner_mut(&mut self) -> Option<&mut Runner> {
        self.held[self.current?].runner.as_mut()
    }

    fn refresh(&mut self, slot: &Slot<Loaded>) {
        let (engines, generation) = slot.engines();
        let chosen = self.engine().cloned();
        self.held.retain(|h| engines.iter().any(|e| Arc::ptr_eq(e, &h.engine)));
        for engine in engines {
            if !self.held.iter().any(|h| Arc::ptr_eq(&engine, &h.engine)) {
                self.held.push(Held { engine, runner: None, refused: false });
            }
        }
        self.current = chosen.and_then(|c| self.held.iter().position(|h| Arc::ptr_eq(&c, &h.engine)));
        self.generation = Some(generation);
    }

    fn select(&mut self, bindings: &Bindings) -> bool {
        let fits = |h: &Held| h.engine.profile(bindings, h.runner.as_ref().map_or(0, Runner::profile)).is_some();
        if self.current.is_none_or(|c| !fits(&self.held[c])) {
            self.current = self.held.iter().position(fits);
        }
        self.current.is_some()
    }

    fn seat(&mut self, slot: &Slot<Loaded>, lane: &Lane, scratch: &mut Scratch, log: &Log) {
        let Some(held) = self.current.map(|c| &mut self.held[c]) else { return };
        if held.runner.is_some() || held.refused {
            return;
        }
        let made = held.engine.scratch().and_then(|bytes| held.engine.runner(lane, scratch.room(lane, bytes)?));
        match made {
            Ok(runner) => held.runner = Some(runner),
            // Without memory for its engine a region runs on our own code, and is right.
            Err(e) => {
                held.refused = true;
                log.say(Level::Warning, format_args!("region '{}' runs on own kernels: {}", slot.region, e.message));
            }
        }
    }
}
