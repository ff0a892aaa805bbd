//! Engines with an implicit batch, which only TensorRT 8.x has: the suite's cases, and one network with every batch up to its largest.

use crate::data;
use crate::engines::{apart, run, set_aside_known};
use crate::kinds::Kinds;
use crate::networks::{build_as, run_cases};
use crate::suite::compare_within;
use crate::suite::{Case, cases};
use crate::support::{Gpu, accepted, gpu, shared};
use std::collections::BTreeMap;
use tvmtrt::ir::attrs::Attr;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::partition::options::PartitionOptions as Plan;
use tvmtrt::reference;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::run::{Session, SessionOptions};
use tvmtrt::session::shapes::SymbolRange;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

/// The GPU with a library that knows implicit batch.
fn implicit() -> Option<Gpu> {
    let gpu = Gpu { implicit: true, ..gpu()? };
    if gpu.library.release().version.major >= 10 {
        println!("{} has no implicit batch: not applicable", gpu.library.release());
        return None;
    }
    Some(gpu)
}

#[test]
fn cases_run_with_an_implicit_batch() {
    let Some(gpu) = implicit() else { return };
    let all = cases::all();
    // What runs together has one batch.
    let mut by_batch: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    for case in all.iter().filter(|c| accepted(&gpu, &c.graph)) {
        let batch = &case.graph.fact(case.graph.inputs[0]).shape[0];
        by_batch.entry(batch.to_string()).or_default().push(case);
    }
    let (mut ran, mut failures) = (0, Vec::new());
    for (batch, cases) in &by_batch {
        let count: usize = apart(&gpu, cases).iter().map(|cases| run(&gpu, cases, &mut Kinds::default(), &mut failures)).sum();
        println!("batch {batch}: {count} cases");
        ran += count;
    }
    set_aside_known(&by_batch.values().flatten().copied().collect::<Vec<_>>(), &mut failures);
    println!("{ran} of {} cases ran with an implicit batch in engines of {}", all.len(), gpu.library.release());
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(ran >= 200, "only {ran}");
}

/// Convolution, bias, pool, product and softmax.
fn small() -> Graph {
    let mut b = Builder::new("small");
    let x = b.input("x", Fact::new(DType::F32, vec![Dim::symbol("N", 1, 64), Dim::from(3i64), Dim::from(8i64), Dim::from(8i64)])).unwrap();
    let weights = |shape: &[usize], seed: usize| {
        let n = shape.iter().product::<usize>();
        Tensor::from_vec(shape, (0..n).map(|i| ((i * 31 + seed) % 17) as f32 / 17.0 - 0.45).collect::<Vec<f32>>())
    };
    let constants = [weights(&[6, 3, 3, 3], 1), weights(&[6], 2), weights(&[10, 6], 3)];
    let [kernel, bias, dense] = constants.map(|t| b.constant("w", t));
    let op = |b: &mut Builder, name: &str, attrs: &[(&str, Attr)], inputs: &[ValueId]| {
        let def = tvmtrt::ops::find(name).unwrap();
        let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
        b.node(name, def, attrs, inputs).unwrap()[0]
    };
    let y = op(&mut b, "nn.conv2d", &[("padding", Attr::Ints(vec![1, 1, 1, 1]))], &[x, kernel]);
    let y = op(&mut b, "nn.bias_add", &[], &[y, bias]);
    let y = op(&mut b, "nn.relu", &[], &[y]);
    let y = op(&mut b, "nn.global_avg_pool2d", &[], &[y]);
    let y = op(&mut b, "nn.batch_flatten", &[], &[y]);
    let y = op(&mut b, "nn.dense", &[], &[y, dense]);
    let y = op(&mut b, "nn.softmax", &[], &[y]);
    b.output("y", y).unwrap();
    b.finish()
}

#[test]
fn one_engine_takes_every_batch() {
    let Some(_) = implicit() else { return };
    let graph = small();
    let model = shared(Model::new(graph.clone(), Vec::new()));
    let plan = Plan { use_implicit_batch: true, ..Plan::default() };
    let symbols = vec![SymbolRange { name: "N".into(), min: 1, opt: None, max: 4 }];
    let partition = shared(Partition::new(&model, &[], &PartitionOptions { plan, symbols, ..PartitionOptions::default() }).unwrap());
    assert_eq!(partition.region_count(), 1, "{}", partition.explain_text());
    assert_eq!(partition.parts.offloaded(), partition.parts.graph.nodes.len(), "{}", partition.explain_text());
    let build = shared(Build::new(&partition, &BuildOptions { optimization_level: 1, ..BuildOptions::default() }).unwrap());
    let loaded = build.loaded(0).unwrap_or_else(|| panic!("{:?}", build.region_state(0)));
    assert_eq!(loaded.engine().max_batch().unwrap(), Some(4));
    let mut runs = 0;
    for cuda_graph in [false, true] {
        let mut session = Session::new(&build, &SessionOptions { cuda_graph, ..SessionOptions::default() }).unwrap();
        for n in [1, 4, 2, 2, 2, 3, 1, 1] {
            let x = Tensor::from_vec(&[n, 3, 8, 8], (0..n * 192).map(|i| ((i * 7) % 101) as f32 / 50.0 - 1.0).collect::<Vec<f32>>());
            let want = reference::run(&graph, std::slice::from_ref(&x)).unwrap();
            let got = crate::networks::run(&mut session, &[x]);
            compare_within(&format!("batch {n}"), Tolerance { relative: 1e-4, scaled: 1e-5 }, &got, &want)
                .unwrap_or_else(|e| panic!("{e}"));
            let addresses = session.engine_addresses().unwrap();
            assert!(addresses[0].iter().all(|a| *a != 0), "the engine ran");
            runs += 1;
        }
    }
    println!("one engine with an implicit batch of up to 4: {runs} runs");
}

/// The recogniser's width is free, which only the batch may be.
#[test]
fn networks_run_with_an_implicit_batch() {
    let (Some(_), Some(root)) = (implicit(), data::root("networks")) else { return };
    let mut count = 0;
    for folder in data::folders(&root).iter().filter(|f| f.name != "recogniser") {
        let build = build_as(folder, 0, Plan { use_implicit_batch: true, ..Plan::default() });
        count += run_cases(folder, &build);
    }
    println!("{count} runs of networks with an implicit batch");
}
