//! Calibration: runs a partition's graph in float32 on the caller's data and keeps the magnitudes of what int8 products read. Runs on the
//! CPU's code; engines have no part in it.

use crate::cpu::compiled::Compiled;
use crate::cpu::exec;
use crate::cpu::isa::Isa;
use crate::cpu::pool::Pool;
use crate::cpu::state::State;
use crate::ir::rewrite::rewrite;
use crate::ir::{Graph, Output};
use crate::kernels;
use crate::reference;
use crate::session::log::{Level, Log};
use crate::session::partition::Partition;
use crate::session::value::ValueInfo;
use crate::tensor::bind::{Given, bind};
use crate::tensor::bytes::{as_bytes_mut, from_vec};
use crate::tensor::dim::Bindings;
use crate::tensor::error::{Code, Context, Error, Result, left_out};
use crate::tensor::host::{Tensor, byte_len};
use crate::transform::precision::histogram::{Histogram, Method};
use crate::transform::precision::quantise::observed;
use crate::transform::precision::ranges::Ranges;
use std::fmt;
use std::path::Path;

/// What a calibration is asked for.
#[derive(Debug, Clone, Default)]
pub struct CalibrationOptions {
    /// How ranges follow from magnitudes.
    pub method: Method,
    /// CPU threads; 0 is one per core.
    pub threads: usize,
    /// Where log lines go.
    pub log: Log,
}

/// Machine code for the graph, and what running it needs.
struct Machine {
    compiled: Compiled,
    pool: Pool,
    state: State,
}

/// A calibration under way.
pub struct Calibration {
    /// The inputs, in order.
    pub inputs: Vec<ValueInfo>,
    method: Method,
    /// The float32 graph; its outputs are the values that are looked at.
    graph: Graph,
    names: Vec<String>,
    histograms: Vec<Histogram>,
    samples: usize,
    /// None where no machine code can be made: the reference runs the graph.
    machine: Option<Machine>,
}

impl fmt::Debug for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Calibration({} tensors, {} samples)", self.names.len(), self.samples)
    }
}

impl Calibration {
    /// A calibration without data yet.
    pub fn new(partition: &Partition, options: &CalibrationOptions) -> Result<Calibration> {
        if !cfg!(feature = "compiler") {
            return Err(left_out("compiler"));
        }
        let (graph, names) = observing(&partition.parts.graph)?;
        let threads = match options.threads {
            0 => std::thread::available_parallelism().map_or(1, |n| n.get()),
            n => n,
        };
        let compiled = kernels::compile(&graph).and_then(|program| Compiled::new(program, Isa::detect(), threads));
        let machine = match compiled {
            Ok(compiled) => Some(Machine { compiled, pool: Pool::new(threads), state: State::new() }),
            Err(e) if matches!(e.code, Code::CpuCode | Code::NotImplemented) => {
                options.log.say(Level::Warning, format_args!("{}: calibrates on the slow reference", e.message));
                None
            }
            Err(e) => return Err(e),
        };
        let histograms = vec![Histogram::default(); names.len()];
        let inputs = partition.inputs.clone();
        Ok(Calibration { inputs, method: options.method, graph, names, histograms, samples: 0, machine })
    }

    /// Runs on one set of inputs, in order. After an error nothing is counted.
    pub fn add(&mut self, inputs: &[Tensor]) -> Result<()> {
        let given: Vec<Given> = inputs.iter().map(|x| Given { dtype: x.dtype(), shape: x.shape() }).collect();
        let declared: Vec<_> = self.inputs.iter().map(|v| v.declared()).collect();
        let bindings = bind(&declared, &given)?;
        let values = match &mut self.machine {
            Some(machine) => machine.run(&self.graph, &bindings, inputs)?,
            None => reference::run(&self.graph, inputs)?,
        };
        self.histograms.iter_mut().zip(&values).for_each(|(h, t)| h.observe(t));
        self.samples += 1;
        Ok(())
    }

    /// The ranges of what was seen so far; an error where nothing was, or where a tensor had elements that are no numbers.
    pub fn ranges(&self) -> Result<Ranges> {
        if self.samples == 0 {
            return Err(Error::new(Code::InvalidArgument, "the calibration has seen no data; add some"));
        }
        let mut table = Ranges::new(self.method, self.samples);
        for (name, histogram) in self.names.iter().zip(&self.histograms) {
            if histogram.strange() > 0 {
                let what =
                    format!("{} elements of '{name}' were infinite or no numbers: has the model its right inputs?", histogram.strange());
                return Err(Error::new(Code::InvalidArgument, what));
            }
            table.add(name, histogram.range(self.method));
        }
        Ok(table)
    }

    /// Writes the table of ranges to a file.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = self.ranges()?.to_json();
        std::fs::write(path, text).map_err(|e| Error::new(Code::Io, format!("cannot write '{}': {e}", path.display())))
    }
}

/// Reads a table of ranges.
pub fn read(path: &Path) -> Result<Ranges> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::new(Code::Io, format!("cannot read '{}': {e}", path.display())))?;
    Ranges::from_json(&text).context(|| format!("'{}'", path.display()))
}

/// The graph with what int8 products read as its outputs, and their names.
fn observing(graph: &Graph) -> Result<(Graph, Vec<String>)> {
    let values = observed(graph);
    let names = values.iter().map(|v| graph.value(*v).name.clone()).collect();
    let mut copy = graph.clone();
    copy.outputs = values.iter().enumerate().map(|(i, value)| Output { name: format!("observed {i}"), value: *value }).collect();
    Ok((rewrite(&copy, &mut |_, _, _| Ok(None))?, names))
}

impl Machine {
    fn run(&mut self, graph: &Graph, bindings: &Bindings, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let shapes: Vec<Vec<usize>> = self.state.prepare(&self.compiled, bindings)?.map(<[usize]>::to_vec).collect();
        let dtypes: Vec<_> = graph.outputs.iter().map(|o| graph.fact(o.value).dtype).collect();
        let sizes: Vec<usize> = dtypes.iter().zip(&shapes).map(|(d, s)| byte_len(*d, s).unwrap_or(usize::MAX)).collect();
        let mut made: Vec<Vec<u64>> = sizes.iter().map(|bytes| vec![0; bytes.div_ceil(8)]).collect();
        let mut memory: Vec<&mut [u8]> = made.iter_mut().zip(&sizes).map(|(m, bytes)| &mut as_bytes_mut(m)[..*bytes]).collect();
        let given: Vec<&[u8]> = inputs.iter().map(|x| &x.bytes()[..]).collect();
        exec::run(&self.compiled, &self.pool, &mut self.state, bindings, &given, &mut memory)?;
        drop(memory);
        let tensors = made.into_iter().zip(sizes).zip(dtypes.iter().zip(shapes));
        tensors.map(|((m, bytes), (dtype, shape))| Tensor::new(*dtype, shape, from_vec(m).slice(..bytes))).collect()
    }
}
