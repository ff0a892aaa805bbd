//! A region's engine on a GPU: loaded once, shared by all sessions of a build. Which shapes it takes, what its inputs and outputs are
//! called. How it is run is `device`'s business.

use crate::cuda::device::Device;
use crate::cuda::lane::{BufferId, Lane};
use crate::cuda::memory::DeviceMemory;
use crate::ensure;
use crate::ir::Graph;
use crate::session::stored::Tag;
use crate::tensor::bind::{Declared, Given, bind};
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::{Tensor, byte_len};
use crate::tensor::shape;
use crate::tensorrt::config::Range;
use crate::tensorrt::engine::{Engine, Runtime};
use crate::tensorrt::library::Library;
use crate::tensorrt::logger::Sink;
use crate::tensorrt::runner::{Argument, Contexts, Runner};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::ffi::CString;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// An input or output of an engine.
#[derive(Debug)]
pub struct Port {
    /// Its name in the engine.
    pub name: CString,
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub dims: Vec<Dim>,
    /// False for an input that no layer reads: the engine does not have it.
    pub used: bool,
    /// True for an output whose extents show only in the run.
    pub open: bool,
}

/// An engine that can run here.
pub struct Loaded {
    engine: Engine,
    device: &'static Device,
    /// Inputs in the region's order.
    pub inputs: Vec<Port>,
    /// Outputs in the region's order.
    pub outputs: Vec<Port>,
    /// What symbols may be, one range for each profile; none where all extents are fixed.
    profiles: Vec<Range<Bindings>>,
    /// The most samples of a run, where the engine's batch is implicit: such an engine has no profiles.
    max_batch: Option<i32>,
    contexts: Arc<Contexts>,
    bytes: OnceLock<Bytes>,
    tag: Option<Tag>,
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an engine on {:?}", self.device)
    }
}

impl Loaded {
    /// Loads a serialised engine that was built from `graph`.
    pub fn new(
        library: &'static Library,
        device: &'static Device,
        plan: &[u8],
        graph: &Graph,
        profiles: Vec<Range<Bindings>>,
        log: Option<Sink>,
    ) -> Result<Loaded> {
        let _current = device.enter()?;
        let runtime = Runtime::new(library, log)?;
        // Built by this process, or by one that may write to the cache's folder.
        runtime.allow_host_code()?;
        let engine = runtime.deserialize(plan)?;
        let known = engine.bindings()?;
        let given = graph.symbols();
        let port = |name: &str, id| {
            let (fact, used) = (graph.fact(id), known.iter().any(|b| b.name == name));
            let c_name = CString::new(name).map_err(|_| Error::new(Code::Internal, format!("{name:?} holds a zero byte")))?;
            let (dims, mut symbols) = (fact.shape.clone(), BTreeSet::new());
            dims.iter().for_each(|d| d.collect_symbols(&mut symbols));
            Ok(Port { name: c_name, dtype: fact.dtype, dims, used, open: !symbols.is_subset(&given) })
        };
        let inputs = graph.inputs.iter().map(|id| port(&graph.value(*id).name, *id)).collect::<Result<Vec<_>>>()?;
        let outputs = graph.outputs.iter().map(|o| port(&o.name, o.value)).collect::<Result<Vec<_>>>()?;
        let expected = inputs.iter().filter(|p| p.used).count() + outputs.len();
        ensure!(
            outputs.iter().all(|p| p.used) && known.len() == expected,
            Internal,
            "the engine has the inputs and outputs {}, not those of its region",
            known.iter().map(|b| b.name.as_str()).collect::<Vec<_>>().join(", ")
        );
        // No layer of ours computes an extent from a tensor that is not constant, and so asks for none on the host.
        if let Some(b) = known.iter().find(|b| b.on_host) {
            return Err(Error::new(Code::NotImplemented, format!("the engine wants '{}' in host memory", b.name)));
        }
        let max_batch = engine.max_batch()?;
        Ok(Loaded { engine, device, inputs, outputs, profiles, max_batch, contexts: Arc::default(), bytes: OnceLock::new(), tag: None })
    }

    /// The same with what is to be known of it where it is kept.
    pub fn tagged(self, tag: Tag) -> Loaded {
        Loaded { tag: Some(tag), ..self }
    }

    /// What is known of it, where it may be kept.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The GPU that it was loaded on.
    pub fn device(&self) -> &'static Device {
        self.device
    }

    /// TensorRT's account of it.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// TensorRT's own account of its layers, as JSON.
    pub fn inspect(&self) -> Result<String> {
        let _current = self.device.enter()?;
        self.engine.inspect()
    }

    /// Scratch memory that a run needs, in bytes.
    pub fn scratch(&self) -> Result<u64> {
        self.engine.device_memory()
    }

    /// What one session needs to run it. The device is current.
    pub fn runner(&self, lane: &Lane, scratch: &Arc<DeviceMemory>) -> Result<Runner> {
        let mut runner = Runner::new(&self.engine, &self.contexts, lane, scratch)?;
        self.outputs.iter().filter(|p| p.open).try_for_each(|p| runner.open_output(&p.name))?;
        Ok(runner)
    }

    /// The profile for these values of the symbols: `current` if it fits, else the first that does. With an implicit batch the first stands
    /// for all batches that the engine takes.
    pub fn profile(&self, bindings: &Bindings, current: usize) -> Option<usize> {
        if let Some(most) = self.max_batch {
            let batch = self.inputs.first()?.dims.first()?.eval(bindings)?;
            return (1..=i64::from(most)).contains(&batch).then_some(0);
        }
        if self.profiles.is_empty() {
            return Some(0);
        }
        let inside = |r: &Range<Bindings>| {
            let within =
                |(name, value): (&_, &i64)| r.min.get(name).is_none_or(|m| m <= value) && r.max.get(name).is_none_or(|m| value <= m);
            bindings.iter().all(within)
        };
        std::iter::once(current).chain(0..self.profiles.len()).find(|i| self.profiles.get(*i).is_some_and(inside))
    }

    /// The engine as bytes. They are not kept beside the loaded engine, but made when first asked for.
    pub fn bytes(&self) -> Result<&[u8]> {
        if self.bytes.get().is_none() {
            let _current = self.device.enter()?;
            let bytes: Bytes = self.engine.serialize()?.into();
            let _ = self.bytes.set(bytes);
        }
        Ok(self.bytes.get().map_or(&[], |b| b))
    }
}

/// Runs the engine once on host tensors, in the order of the region's inputs and outputs, with memory taken for this run only. For tools
/// and tests; sessions keep theirs.
pub fn run_once(loaded: &Loaded, given: &[Tensor]) -> Result<Vec<Tensor>> {
    let _current = loaded.device.enter()?;
    let names: Vec<_> = loaded.inputs.iter().map(|p| p.name.to_string_lossy()).collect();
    let declared = loaded.inputs.iter().zip(&names).map(|(p, name)| Declared { name, dtype: p.dtype, shape: &p.dims });
    let declared: Vec<Declared> = declared.collect();
    let shapes: Vec<Given> = given.iter().map(|t| Given { dtype: t.dtype(), shape: t.shape() }).collect();
    let bindings = bind(&declared, &shapes)?;
    let profile =
        loaded.profile(&bindings, 0).ok_or_else(|| Error::new(Code::WrongShape, "no profile of the engine takes these shapes"))?;
    let mut lane = Lane::new(loaded.device, given.len() + loaded.outputs.len())?;
    let scratch = Arc::new(DeviceMemory::new(loaded.device, loaded.scratch()? as usize)?);
    let mut runner = loaded.runner(&lane, &scratch)?;
    lane.begin(None)?;
    let mut arguments = Vec::new();
    for (i, (port, tensor)) in loaded.inputs.iter().zip(given).enumerate().filter(|(_, (p, _))| p.used) {
        arguments.push(Argument { name: &port.name, shape: Some(tensor.shape()), span: lane.upload(BufferId(i), tensor.bytes())? });
    }
    let mut outputs = Vec::new();
    for (k, port) in loaded.outputs.iter().enumerate() {
        let (shape, span) = match port.open {
            true => Default::default(),
            false => {
                let shape = shape::eval(&port.dims, &bindings)?;
                let span = lane.span(BufferId(given.len() + k), byte_len(port.dtype, &shape).unwrap_or(usize::MAX))?;
                (shape, span)
            }
        };
        arguments.push(Argument { name: &port.name, shape: None, span });
        outputs.push((shape, span));
    }
    runner.run(&lane, profile, arguments.iter().copied(), false)?;
    lane.end()?;
    let made = loaded.outputs.iter().zip(outputs).enumerate().map(|(k, (port, known))| {
        let (shape, span) = if port.open { runner.made(&port.name)? } else { known };
        let (id, bytes) = (BufferId(given.len() + k), byte_len(port.dtype, &shape).unwrap_or(usize::MAX));
        lane.receive(id, span.first(bytes))?;
        Tensor::new(port.dtype, shape, Bytes::copy_from_slice(lane.host(id, bytes)?))
    });
    made.collect()
}
