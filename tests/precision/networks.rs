//! Whole networks: how far results move from float32, that the best class stays, and that TensorRT builds each as one engine.

use crate::data;
use crate::suite::cpu::Runner;
use crate::tensorrt_library::rtx;
use crate::widen::{cast, widened};
use std::collections::HashMap;
use std::sync::Arc;
use tvmtrt::cpu::isa::Isa;
use tvmtrt::import::onnx;
use tvmtrt::ir::rewrite::rewrite;
use tvmtrt::ir::{Def, Graph, ValueId};
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::precision::Request;
use tvmtrt::session::shapes::SymbolRange;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::transform;
use tvmtrt::transform::precision::autocast::{Autocast, autocast};
use tvmtrt::transform::precision::{Precision, rules};

/// Networks that are tried; those with free extents have the same layers.
const NAMES: &[&str] = &["mobilenet_v2", "resnet18", "recogniser"];

/// Most casts in a network: at its input, its outputs, and around what stays in float32.
fn most_casts(name: &str) -> usize {
    if name == "recogniser" { 20 } else { 4 }
}

/// How far results are from the oracle's: the mean square error's root and the largest error, in standard deviations of the oracle,
/// and how many rows have the same best class.
pub struct Distance {
    pub rms: f64,
    pub max: f64,
    pub rows: usize,
    pub same: usize,
}

pub fn distance(got: &Tensor, want: &Tensor) -> Distance {
    assert_eq!((got.dtype(), got.shape()), (want.dtype(), want.shape()));
    let (got, oracle) = (got.to_f64s(), want.to_f64s());
    let n = oracle.len() as f64;
    let mean = oracle.iter().sum::<f64>() / n;
    let spread = (oracle.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let errors = || got.iter().zip(&oracle).map(|(a, b)| (a - b).abs());
    let best = |row: &[f64]| row.iter().enumerate().fold(0, |b, (i, v)| if *v > row[b] { i } else { b });
    let classes = *want.shape().last().unwrap();
    let same = got.chunks(classes).zip(oracle.chunks(classes)).filter(|(a, b)| best(a) == best(b)).count();
    Distance {
        rms: (errors().map(|e| e * e).sum::<f64>() / n).sqrt() / spread,
        max: errors().fold(0.0, f64::max) / spread,
        rows: oracle.len() / classes,
        same,
    }
}

pub fn prepared(name: &str) -> Option<(data::Folder, Graph)> {
    let folder = data::folder(&data::root("networks")?.join(name));
    let model = onnx::load_file(&folder.model).unwrap();
    let mut symbols = transform::bind::Assignment::new();
    if name == "recogniser" {
        let height = model.graph.fact(model.graph.inputs[0]).shape[2].as_symbol().unwrap().name.clone();
        symbols.insert(height, tvmtrt::tensor::dim::Dim::from(48i64));
    }
    let graph = transform::prepare(&model.graph, &symbols).unwrap();
    Some((folder, graph))
}

/// The graph with nothing narrow but its inputs and its constants: what no engine with narrow products can do better.
fn unavoidable(graph: &Graph, to: DType) -> Graph {
    let mut rounded = HashMap::new();
    let copy = rewrite(graph, &mut |b, view, inputs| {
        let round = |(old, new): (&ValueId, &ValueId)| match &graph.value(*old).def {
            Def::Node(..) => *new,
            _ if graph.fact(*old).dtype != DType::F32 => *new,
            _ => *rounded.entry(*old).or_insert_with(|| {
                let narrow = cast(b, *new, to);
                cast(b, narrow, DType::F32)
            }),
        };
        let operands: Vec<ValueId> = view.node().inputs.iter().zip(inputs).map(round).collect();
        b.node(view.name(), view.op(), view.node().attrs.clone(), &operands).map(Some)
    });
    transform::fold::fold_constants(&copy.unwrap()).unwrap()
}

/// Holds the errors of one output against those that rounding the constants makes. `roundings` is how many nodes round for each product.
fn compare(name: &str, case: &data::Stored, to: DType, roundings: f64, runs: &mut [Runner; 2]) {
    let inputs: Vec<Tensor> = case.inputs.iter().map(|(_, t)| t.clone()).collect();
    let want = &case.outputs[0].1;
    let [least, all] = runs.each_mut().map(|r| distance(&r.run(&inputs).unwrap()[0], want));
    println!(
        "{name}/{} in {to}: rms {:.1e}, max {:.1e} of the spread (weights alone {:.1e}, {:.1e}); best class {} of {}",
        case.name, all.rms, all.max, least.rms, least.max, all.same, all.rows
    );
    // The constants of each product are rounded once; each narrow node rounds once more. At worst all of these add.
    assert!(all.rms <= (1.0 + roundings) * least.rms, "{name}/{} in {to}: {:e} against {:e}", case.name, all.rms, least.rms);
    // Where rounding the weights alone leaves the best class, so does the rest.
    assert!(all.same == all.rows || least.same < least.rows, "{name}/{} in {to}", case.name);
}

#[test]
fn results_stay_near_float32() {
    for name in NAMES {
        let Some((folder, graph)) = prepared(name) else { return };
        for to in [DType::F16, DType::BF16] {
            let narrowed = autocast(&graph, &Autocast { to, keep: Default::default() }).unwrap();
            assert!(narrowed.warnings.is_empty(), "{name}: {:?}", narrowed.warnings);
            let (all, narrow, casts) = (graph.nodes.len(), narrowed.narrow, narrowed.casts);
            println!("{name} in {to}: {narrow} of {all} nodes, {casts} casts");
            assert!(casts <= most_casts(name), "{name}: {casts} casts");
            let graphs = [unavoidable(&graph, to), widened(&narrowed.graph)];
            let mut runs = graphs.each_ref().map(|g| Runner::new(g, Isa::detect(), 2).unwrap());
            let products = graph.nodes.iter().filter(|n| rules::RULES[0].ops.contains(&n.op.name)).count();
            let roundings = narrow as f64 / products as f64;
            folder.cases.iter().take(2).for_each(|case| compare(name, case, to, roundings, &mut runs));
        }
    }
}

/// A network split for a TensorRT of any version, its free extents bounded.
pub fn partitioned(name: &str, version: Option<&str>) -> Option<Arc<Partition>> {
    let folder = data::folder(&data::root("networks")?.join(name));
    let model = Arc::new(Model::load_file(&folder.model, &Default::default()).unwrap());
    let mut options = PartitionOptions::default();
    options.plan.version = version.and_then(tvmtrt::network::capabilities::Version::parse);
    for (axis, dim) in model.inputs.iter().flat_map(|i| i.shape.iter().enumerate()) {
        let Some(symbol) = dim.as_symbol() else { continue };
        let (min, max) = [(1, 4), (3, 3), (48, 48), (8, 640)][axis];
        options.symbols.push(SymbolRange { name: symbol.name.to_string(), min, opt: None, max });
    }
    Some(Arc::new(Partition::new(&model, &[], &options).unwrap()))
}

#[test]
fn each_network_is_one_engine() {
    if rtx().is_none() {
        return;
    }
    for name in NAMES {
        let Some(partition) = partitioned(name, None) else { return };
        let mut sizes = Vec::new();
        for precision in [Precision::Float32, Precision::Float16, Precision::Bfloat16] {
            let precision = Request { precision, ..Request::default() };
            let options = BuildOptions { target_sm: Some((8, 6)), optimization_level: 0, precision, ..BuildOptions::default() };
            let build = Build::new(&partition, &options).unwrap();
            assert_eq!(partition.region_count(), 1, "{name}");
            sizes.push(build.engine(0).unwrap_or_else(|| panic!("{name}: {:?}", build.region_state(0))).len());
        }
        println!("{name}: engines of {sizes:?} bytes in float32, float16, bfloat16");
        // Weights are most of an engine.
        assert!(sizes[1] < sizes[0] * 7 / 10 && sizes[2] < sizes[0] * 7 / 10, "{name}: {sizes:?}");
    }
}

#[test]
fn what_a_version_lacks_is_said() {
    let Some(partition) = partitioned("resnet18", Some("8.6")) else { return };
    let options = |precision| BuildOptions { precision: Request { precision, ..Request::default() }, ..BuildOptions::default() };
    let error = Build::new(&partition, &options(Precision::Bfloat16)).unwrap_err();
    assert!(error.message.contains("bfloat16 needs TensorRT 10.0"), "{error}");
    Build::new(&partition, &options(Precision::Float16)).unwrap();
}
