//! Small builds, files of a test's own, and runs of whatever is loaded.

use crate::suite::Random;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tvmtrt::artifact::file::{Artifact, Form};
use tvmtrt::artifact::zip::read::Archive;
use tvmtrt::artifact::zip::write::Writer;
use tvmtrt::capi::artifact::build as load_build;
use tvmtrt::capi::options::tvmtrt_options_t;
use tvmtrt::ir::attrs::{Attr, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::network::capabilities::Version;
use tvmtrt::session::artifact::{SaveOptions, save};
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::log::Log;
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::run::{Memory, Session, SessionOptions, Sink, View};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::Tensor;

/// A path in a folder of the tests' own, where nothing lies.
pub fn place(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("artifact");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    path
}

/// Adds a node by the operator's name.
pub fn node(b: &mut Builder, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]) -> ValueId {
    let def = tvmtrt::ops::find(op).unwrap_or_else(|| panic!("no operator {op}"));
    let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
    b.node(op, def, attrs, operands).unwrap_or_else(|e| panic!("{e}"))[0]
}

/// A small convolutional network on x[N, 3, 8, 8].
pub fn classifier() -> Graph {
    let (mut b, mut random) = (Builder::new("classifier"), Random(3));
    let fixed = |d: usize| Dim::from(d);
    let x = b.input("x", Fact::new(DType::F32, vec![Dim::symbol("N", 1, 64), fixed(3), fixed(8), fixed(8)])).unwrap();
    let w = b.constant("conv.weight", random.tensor(DType::F32, &[4, 3, 3, 3], false));
    let conv = node(&mut b, "nn.conv2d", &[("padding", Attr::Ints(vec![1, 1, 1, 1]))], &[x, w]);
    let relu = node(&mut b, "nn.relu", &[], &[conv]);
    let pooled = node(&mut b, "mean", &[("axis", Attr::Param(Param::Static(vec![Dim::from(2i64), Dim::from(3i64)])))], &[relu]);
    let fc = b.constant("fc.weight", random.tensor(DType::F32, &[5, 4], false));
    let product = node(&mut b, "nn.dense", &[], &[pooled, fc]);
    let y = node(&mut b, "nn.softmax", &[], &[product]);
    b.output("y", y).unwrap();
    b.finish()
}

/// Rows of x[N, 4] whose first column is positive: their number shows in the run.
pub fn positive_rows() -> Graph {
    let mut b = Builder::new("positive_rows");
    let x = b.input("x", Fact::new(DType::F32, vec![Dim::symbol("N", 1, 64), Dim::from(4i64)])).unwrap();
    let zero = b.constant("zero", Tensor::scalar(0i64));
    let nothing = b.constant("nothing", Tensor::scalar(0f32));
    let column = node(&mut b, "take", &[("axis", Attr::Int(1))], &[x, zero]);
    let positive = node(&mut b, "greater", &[], &[column, nothing]);
    let rows = node(&mut b, "argwhere", &[], &[positive]);
    let rows = node(&mut b, "squeeze", &[("axis", Attr::Ints(vec![1]))], &[rows]);
    let kept = node(&mut b, "take", &[("axis", Attr::Int(0))], &[x, rows]);
    let y = node(&mut b, "tanh", &[], &[kept]);
    b.output("y", y).unwrap();
    b.finish()
}

/// Planned for TensorRT 10.6, of which there is none: regions, and our own code for them.
pub fn partition(graph: Graph) -> Arc<Partition> {
    let mut options = PartitionOptions::default();
    options.library.path = Some("/no/such/folder".into());
    options.plan.version = Some(Version::new(10, 6, 0));
    let model = Model::new(graph, vec![("author".into(), "nobody".into())]);
    Arc::new(Partition::new(&Arc::new(model), &[], &options).unwrap_or_else(|e| panic!("{e}")))
}

/// Options of builds that use no TensorRT.
pub fn build_options() -> BuildOptions {
    let mut options = BuildOptions { log: Log::new(None, None), ..BuildOptions::default() };
    options.library.path = Some("/no/such/folder".into());
    options
}

pub fn built(graph: Graph) -> Arc<Build> {
    Arc::new(Build::new(&partition(graph), &build_options()).unwrap_or_else(|e| panic!("{e}")))
}

/// Saves a build without options of a caller's.
pub fn saved(build: &Build, path: &Path) {
    save(build, path, &SaveOptions::default()).unwrap_or_else(|e| panic!("{e}"));
}

/// Saves it in this form.
pub fn saved_as(build: &Build, path: &Path, form: Form) {
    save(build, path, &SaveOptions { form, ..SaveOptions::default() }).unwrap_or_else(|e| panic!("{e}"));
}

pub type Lines = Arc<Mutex<Vec<String>>>;

/// Options of a call, and what is logged with them.
pub fn options(pairs: &[(&str, &str)]) -> (tvmtrt_options_t, Lines) {
    let mut options = tvmtrt_options_t::default();
    options.set("tensorrt_library", "/no/such/folder").unwrap();
    options.set("log_level", "info").unwrap();
    pairs.iter().for_each(|(k, v)| options.set(k, v).unwrap());
    let lines = Lines::default();
    let copy = lines.clone();
    options.log = Some(Arc::new(move |level, line| copy.lock().unwrap().push(format!("{level:?}: {line}"))));
    (options, lines)
}

/// Loads a file with options of a call.
pub fn loaded_with(path: &Path, pairs: &[(&str, &str)]) -> Result<(Arc<Build>, Vec<String>)> {
    let (options, lines) = options(pairs);
    let build = load_build(&Artifact::open(path)?, &options)?.build().clone();
    let said = lines.lock().unwrap().clone();
    Ok((build, said))
}

pub fn loaded(path: &Path) -> Result<Arc<Build>> {
    loaded_with(path, &[]).map(|(b, _)| b)
}

/// One run in a session of its own.
pub fn run(build: &Arc<Build>, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let mut session = Session::new(build, &SessionOptions { threads: 1, log: Log::new(None, None), ..SessionOptions::default() })?;
    let view = |t: &Tensor| (t.dtype(), t.shape().to_vec(), t.bytes().clone());
    let given: Vec<_> = inputs.iter().map(view).collect();
    let views: Vec<View> = given.iter().map(|(dtype, shape, b)| View { dtype: *dtype, shape, memory: Memory::Host(b) }).collect();
    let mut sinks: Vec<Sink> = build.outputs().iter().map(|_| Sink::Make(None)).collect();
    session.run(&views, &mut sinks)?;
    let made = |s: Sink| if let Sink::Make(Some(t)) = s { t } else { panic!("no output was made") };
    Ok(sinks.into_iter().map(made).collect())
}

/// Random pictures for [`classifier`].
pub fn pictures(n: usize) -> Tensor {
    Random(n as u64).tensor(DType::F32, &[n, 3, 8, 8], false)
}

/// The same file with other bytes in one entry, and a CRC-32 that fits them; an entry that is not there is added.
pub fn with_entry(file: &[u8], name: &str, change: &dyn Fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let archive = Archive::open(file.to_vec().into()).unwrap();
    let mut names: Vec<String> = archive.names().map(str::to_string).collect();
    if !names.iter().any(|n| n == name) {
        names.push(name.to_string());
    }
    let mut out = Writer::new(false);
    for entry in &names {
        let bytes = archive.get(entry).unwrap_or_default().to_vec();
        out.add(entry, vec![if entry == name { change(bytes) } else { bytes }.into()]).unwrap();
    }
    out.finish().concat()
}
