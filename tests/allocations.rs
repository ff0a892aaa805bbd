//! A run takes no memory from the heap, on any thread, once one with the same extents has been: through the C API, on outputs of the
//! caller, for a network with many of them and for every one of the test data.

mod data;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{CString, c_void};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use tvmtrt::capi::dlpack::{DLDevice, DLTensor, data_type};
use tvmtrt::capi::run::{tvmtrt_argument_t, tvmtrt_run};
use tvmtrt::capi::session::tvmtrt_session_t;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::partition::options::{Offload, PartitionOptions as Plan};
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::run::{Session, SessionOptions};
use tvmtrt::tensor::bytes::as_bytes_mut;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

/// Counts what the heap gives to all threads.
struct Counting;
static TAKEN: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes on to the system's allocator.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A tensor as C sees it; the memory is aligned for every type.
struct Lent {
    name: CString,
    shape: Vec<i64>,
    memory: Vec<u64>,
    tensor: DLTensor,
}

impl Lent {
    fn new(name: &str, t: &Tensor) -> Lent {
        let mut memory = vec![0u64; t.bytes().len().div_ceil(8)];
        as_bytes_mut(&mut memory)[..t.bytes().len()].copy_from_slice(t.bytes());
        let mut shape: Vec<i64> = t.shape().iter().map(|d| *d as i64).collect();
        let tensor = DLTensor {
            data: memory.as_mut_ptr().cast::<c_void>(),
            device: DLDevice { device_type: 1, device_id: 0 },
            ndim: shape.len() as i32,
            dtype: data_type(t.dtype()),
            shape: shape.as_mut_ptr(),
            strides: std::ptr::null_mut(),
            byte_offset: 0,
        };
        Lent { name: CString::new(name).unwrap(), shape, memory, tensor }
    }

    fn argument(&self) -> tvmtrt_argument_t {
        assert!(self.shape.len() == self.tensor.ndim as usize && !self.memory.is_empty());
        tvmtrt_argument_t { name: self.name.as_ptr(), tensor: &self.tensor, managed: std::ptr::null_mut() }
    }
}

/// How often runs 2 to `runs` of the network's first case asked the heap.
fn taken(folder: &data::Folder, runs: usize) -> u64 {
    let case = &folder.cases[0];
    let model = Model::load_file(&folder.model, &Default::default()).unwrap();
    taken_by(&folder.name, model, &case.inputs, &case.outputs, runs)
}

/// A network with so many inputs and outputs, as those have that keep a cache for each layer, and what it is run on.
fn many(arguments: usize) -> (Model, Vec<(String, Tensor)>, Vec<(String, Tensor)>) {
    let mut b = Builder::new("many");
    let relu = tvmtrt::ops::find("nn.relu").unwrap();
    for i in 0..arguments {
        let x = b.input(&format!("past_{i}"), Fact::new(DType::F32, vec![Dim::symbol("N", 1, 8), 4usize.into()])).unwrap();
        let y = b.node(&format!("relu_{i}"), relu, (relu.attrs.parse)(&mut |_| None).unwrap(), &[x]).unwrap()[0];
        b.output(&format!("present_{i}"), y).unwrap();
    }
    let named = |word: &str| (0..arguments).map(|i| (format!("{word}_{i}"), Tensor::from_vec(&[2, 4], vec![1f32; 8]))).collect();
    (Model::new(b.finish(), Vec::new()), named("past"), named("present"))
}

/// How often runs 2 to `runs` asked the heap.
#[allow(unsafe_code)]
fn taken_by(name: &str, model: Model, inputs: &[(String, Tensor)], outputs: &[(String, Tensor)], runs: usize) -> u64 {
    let plan = Plan { offload: Offload::Off, ..Plan::default() };
    let partition = Partition::new(&model.into(), &[], &PartitionOptions { plan, ..PartitionOptions::default() }).unwrap().into();
    let build = Build::new(&partition, &BuildOptions::default()).unwrap().into();
    let session = Session::new(&build, &SessionOptions { threads: 2, ..SessionOptions::default() }).unwrap();
    let mut session = tvmtrt_session_t::new(session);
    let lent = |all: &[(String, Tensor)]| all.iter().map(|(n, t)| Lent::new(n, t)).collect::<Vec<Lent>>();
    let (inputs, outputs) = (lent(inputs), lent(outputs));
    let arguments = |all: &[Lent]| all.iter().map(Lent::argument).collect::<Vec<_>>();
    let (given, wanted) = (arguments(&inputs), arguments(&outputs));
    let mut before = 0;
    for run in 1..=runs {
        // SAFETY: a live session, arguments and tensors that live.
        let error = unsafe { tvmtrt_run(Some((&mut session).into()), given.as_ptr(), given.len(), wanted.as_ptr(), wanted.len()) };
        assert!(error.is_none(), "{name}: run {run}");
        if run == 1 {
            before = TAKEN.load(Ordering::Relaxed);
        }
    }
    TAKEN.load(Ordering::Relaxed) - before
}

fn check(root: &Path, runs: usize) {
    let found: Vec<(String, u64)> = data::folders(root).iter().map(|f| (f.name.clone(), taken(f, runs))).filter(|(_, n)| *n > 0).collect();
    assert!(found.is_empty(), "runs 2 to {runs} asked the heap: {found:?}");
}

fn main() {
    let before = TAKEN.load(Ordering::Relaxed);
    drop(std::hint::black_box(vec![1u8]));
    assert!(TAKEN.load(Ordering::Relaxed) > before, "nothing is counted");
    let (model, inputs, outputs) = many(64);
    assert_eq!(taken_by("many", model, &inputs, &outputs, 100), 0, "asked the heap in runs with 64 inputs and outputs");
    if let Some(root) = data::root("networks") {
        check(&root, 100);
    }
    if let Some(root) = data::root("networks-large") {
        check(&root, 4);
    }
    println!("later runs take no memory: ok");
}
