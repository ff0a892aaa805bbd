//! int8, and int8 with float16 behind it, in engines: near to what the float32 oracle computes.

use crate::networks::run;
use crate::suite::Random;
use crate::support::{gpu, shared};
use std::sync::{Arc, Mutex};
use tvmtrt::ir::attrs::Attr;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::reference;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::calibration::{Calibration, CalibrationOptions};
use tvmtrt::session::log::{Level, Log};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::precision::Request;
use tvmtrt::session::run::{Session, SessionOptions};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::transform::precision::Precision;

/// Two convolutions, one by channel between them, a sum that goes around it, and a dense layer.
fn graph() -> Graph {
    let mut b = Builder::new("mixed");
    let weight = |b: &mut Builder, name: &str, shape: &[usize]| {
        let t = Random(shape.iter().sum::<usize>() as u64).tensor(DType::F32, shape, false);
        b.constant(name, Tensor::from_vec(shape, t.values::<f32>().iter().map(|v| v * 0.2).collect()))
    };
    let op = |b: &mut Builder, name: &str, op: &str, attrs: &[(&str, Attr)], x: &[ValueId]| {
        let def = tvmtrt::ops::find(op).unwrap();
        let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
        b.node(name, def, attrs, x).unwrap_or_else(|e| panic!("{e}"))[0]
    };
    let padded = ("padding", Attr::Ints(vec![1, 1]));
    let x = b.input("x", Fact::new(DType::F32, [2usize, 8, 12, 12].map(Dim::from).to_vec())).unwrap();
    let w = weight(&mut b, "w1", &[32, 8, 3, 3]);
    let y = op(&mut b, "conv1", "nn.conv2d", std::slice::from_ref(&padded), &[x, w]);
    let c = weight(&mut b, "b1", &[32]);
    let y = op(&mut b, "bias1", "nn.bias_add", &[], &[y, c]);
    let one = op(&mut b, "relu1", "nn.relu", &[], &[y]);
    let w = weight(&mut b, "w2", &[32, 1, 3, 3]);
    let y = op(&mut b, "channels", "nn.conv2d", &[padded.clone(), ("groups", Attr::Int(32))], &[one, w]);
    let y = op(&mut b, "sum", "add", &[], &[y, one]);
    let w = weight(&mut b, "w3", &[16, 32, 3, 3]);
    let y = op(&mut b, "conv2", "nn.conv2d", &[padded], &[y, w]);
    let y = op(&mut b, "relu2", "nn.relu", &[], &[y]);
    let y = op(&mut b, "flat", "nn.batch_flatten", &[], &[y]);
    let w = weight(&mut b, "w4", &[10, 16 * 12 * 12]);
    let y = op(&mut b, "fc", "nn.dense", &[], &[y, w]);
    b.output("y", y).unwrap();
    b.finish()
}

#[test]
fn int8_alone_and_with_float16_is_near_float32() {
    let Some(gpu) = gpu() else { return };
    if !gpu.library.abi().at_least_major(10) {
        println!("{} makes floats of int8 constants: not applicable", gpu.library.release());
        return;
    }
    let model = shared(Model::new(graph(), Vec::new()));
    let partition = shared(Partition::new(&model, &[], &PartitionOptions::default()).unwrap());
    let x = |seed| Random(seed).tensor(DType::F32, &[2, 8, 12, 12], false);
    let mut calibration = Calibration::new(&partition, &CalibrationOptions::default()).unwrap();
    (1..9).for_each(|seed| calibration.add(&[x(seed)]).unwrap());
    let ranges = Arc::new(calibration.ranges().unwrap());
    let want = reference::run(&partition.parts.graph, &[x(20)]).unwrap()[0].to_f64s();
    let spread = (want.iter().map(|v| v * v).sum::<f64>() / want.len() as f64).sqrt();
    for precision in [Precision::Int8, Precision::Int8Float16] {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        let log = Log::new(Some(Level::Info), Some(Arc::new(move |_, line: &str| sink.lock().unwrap().push(line.to_string()))));
        let precision = Request { precision, ranges: Some(ranges.clone()), ..Request::default() };
        let name = precision.precision.name();
        let build = shared(Build::new(&partition, &BuildOptions { precision, log, ..BuildOptions::default() }).unwrap());
        assert!(build.loaded(0).is_some(), "{name}: {build:?} {:?}", lines.lock().unwrap());
        let mut session = Session::new(&build, &SessionOptions::default()).unwrap();
        let got = run(&mut session, &[x(20)])[0].to_f64s();
        let rms = (got.iter().zip(&want).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / want.len() as f64).sqrt() / spread;
        println!("{name}: rms {rms:.2e} of the spread; {:?}", lines.lock().unwrap());
        assert!(rms < 0.05 && rms > 0.0, "{name}: {rms}");
        assert_eq!(lines.lock().unwrap().iter().filter(|l| l.contains("3 of 3 products in int8")).count(), 1);
        let account = session.profile(
            &[tvmtrt::session::run::View {
                dtype: DType::F32,
                shape: &[2, 8, 12, 12],
                memory: tvmtrt::session::run::Memory::Host(x(20).bytes()),
            }],
            20,
        );
        println!("{}", account.unwrap());
    }
}
