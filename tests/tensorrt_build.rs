//! Networks built by hand with a real TensorRT library, where one is named by TVMTRT_TENSORRT_LIBRARY.

use bytes::Bytes;
use std::sync::{Arc, Mutex};
use tvmtrt::network::capabilities::Flavour;
use tvmtrt::tensor::error::Code;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensorrt::abi::{
    ActivationType, DataType, Dims, ElementWiseOperation, LayerType, MatrixOperation, Permutation, UnaryOperation,
};
use tvmtrt::tensorrt::builder::{Builder, Typing};
use tvmtrt::tensorrt::config::{BuilderConfig, Range};
use tvmtrt::tensorrt::engine::Runtime;
use tvmtrt::tensorrt::host_memory::HostMemory;
use tvmtrt::tensorrt::library::Library;
use tvmtrt::tensorrt::logger::Severity;
use tvmtrt::tensorrt::network_def::NetworkDefinition;
use tvmtrt::tensorrt::search::{Search, VARIABLE};
use tvmtrt::tensorrt::weights::HostWeights;

/// The library to test with, or the reason why there is none.
fn library() -> Option<&'static Library> {
    let required = std::env::var("TVMTRT_REQUIRE").is_ok_and(|r| r.split(',').any(|t| t.trim() == "tensorrt"));
    if std::env::var_os(VARIABLE).is_none() && !required {
        println!("SKIP tensorrt: {VARIABLE} names no library");
        return None;
    }
    Some(Library::find(&Search::default()).unwrap_or_else(|e| panic!("{e}")))
}

fn builder(library: &'static Library) -> Option<Builder> {
    match Builder::new(library, None) {
        Ok(builder) => Some(builder),
        Err(e) if e.message.contains("CUDA") || e.message.contains("no reason") => {
            println!("SKIP tensorrt: no device for {library:?}: {e}");
            None
        }
        Err(e) => panic!("{e}"),
    }
}

fn config(builder: &Builder) -> BuilderConfig {
    let mut config = builder.config().unwrap();
    if builder.library().release().flavour == Flavour::Rtx {
        config.set_compute_capabilities(&[(8, 6)]).unwrap();
    }
    config
}

fn network(builder: &Builder) -> NetworkDefinition {
    let strong = builder.library().release().version.major != 8;
    builder.network(if strong { Typing::Strong } else { Typing::Weak }).unwrap()
}

fn dims(of: &[i64]) -> Dims {
    Dims::new(of).unwrap()
}

fn weights(shape: &[usize]) -> HostWeights {
    let values = (0..shape.iter().product::<usize>()).map(|i| (i % 7) as f32 * 0.1 - 0.3).collect();
    HostWeights::of(&Tensor::from_vec::<f32>(shape, values)).unwrap()
}

/// `x` of the given batch through a convolution to 8 channels and an activation.
fn convolution(network: &NetworkDefinition, batch: i64) {
    let x = network.add_input("x", DataType::Float, &dims(&[batch, 3, 16, 16])).unwrap();
    let conv = network.add_convolution_nd(x, 8, &dims(&[3, 3]), &weights(&[8, 3, 3, 3]), &weights(&[8])).unwrap();
    conv.set_name("conv").unwrap();
    conv.set_stride_nd(&dims(&[2, 2])).unwrap();
    conv.set_pre_padding(&dims(&[1, 1])).unwrap();
    conv.set_post_padding(&dims(&[1, 0])).unwrap();
    assert_eq!(conv.output(0).unwrap().dims().unwrap(), dims(&[batch, 8, 8, 8]));
    let relu = network.add_activation(conv.output(0).unwrap(), ActivationType::Relu).unwrap();
    relu.set_name("relu").unwrap();
    assert_eq!((conv.kind().unwrap(), relu.kind().unwrap()), (Some(LayerType::Convolution), Some(LayerType::Activation)));
    let y = relu.output(0).unwrap();
    y.set_name("y").unwrap();
    network.mark_output(y).unwrap();
    assert_eq!((relu.name().unwrap(), y.name().unwrap(), y.dtype().unwrap()), ("relu".into(), "y".into(), Some(DataType::Float)));
    assert_eq!(network.layer_count().unwrap(), 2);
}

fn holds(plan: &HostMemory) {
    assert!(plan.as_ref().len() > 1000, "a plan of {} bytes", plan.as_ref().len());
}

#[test]
fn builds_a_convolution_and_reports_what_it_says() {
    let Some(builder) = library().and_then(builder) else { return };
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = said.clone();
    let listener = builder.library().logger().listen(Some(Arc::new(move |severity, text: &str| {
        heard.lock().unwrap().push((severity, text.to_owned()));
    })));
    let net = network(&builder);
    net.set_name("small").unwrap();
    convolution(&net, 2);
    let plan = builder.build(&net, &config(&builder)).unwrap();
    drop(listener);
    holds(&plan);
    assert!(said.lock().unwrap().iter().any(|(s, _)| *s >= Severity::Info), "a build says something");
    drop((net, builder));
    // The plan lives on without its builder.
    let plan = Bytes::from(plan);
    println!("{} bytes", plan.len());
    match Runtime::new(library().unwrap(), None).and_then(|r| r.deserialize(&plan)) {
        Ok(engine) => {
            let bindings = engine.bindings().unwrap();
            let names: Vec<(&str, bool)> = bindings.iter().map(|b| (b.name.as_str(), b.input)).collect();
            assert_eq!(names, [("x", true), ("y", false)]);
            assert_eq!(bindings[1].shape, [2, 8, 8, 8]);
        }
        // Loading needs the device that it was built for.
        Err(e) => println!("SKIP tensorrt: the engine cannot be loaded here: {e}"),
    }
}

#[test]
fn builds_for_a_range_of_shapes_and_refuses_a_range_that_is_none() {
    let Some(builder) = library().and_then(builder) else { return };
    let net = network(&builder);
    convolution(&net, -1);
    let shape = |n: i64| vec![n, 3, 16, 16];
    let mut profile = builder.profile().unwrap();
    profile.set_dimensions("x", &Range { min: shape(1), opt: shape(4), max: shape(8) }).unwrap();
    assert!(profile.is_valid().unwrap());
    let mut config = config(&builder);
    assert_eq!(config.add_profile(&profile).unwrap(), 0);
    holds(&builder.build(&net, &config).unwrap());

    let mut wrong = builder.profile().unwrap();
    let refused = wrong.set_dimensions("x", &Range { min: shape(8), opt: shape(4), max: shape(1) }).and_then(|()| wrong.is_valid());
    assert!(!matches!(refused, Ok(true)), "{refused:?}");
}

#[test]
fn a_failed_build_holds_the_words_of_tensorrt() {
    let Some(builder) = library().and_then(builder) else { return };
    let net = network(&builder);
    let x = net.add_input("x", DataType::Float, &dims(&[1, 3, 16, 16])).unwrap();
    // Weights for 2 input channels where the input has 3.
    let built = net
        .add_convolution_nd(x, 8, &dims(&[3, 3]), &weights(&[8, 2, 3, 3]), &HostWeights::none(DataType::Float))
        .and_then(|conv| conv.output(0))
        .and_then(|y| net.mark_output(y))
        .and_then(|()| builder.build(&net, &config(&builder)).map(drop));
    let error = built.unwrap_err();
    assert_eq!(error.code, Code::TensorRtBuild);
    assert!(error.message.contains("weights"), "{}", error.message);
    println!("{error}");
}

#[test]
fn what_the_version_lacks_is_named_with_the_version_that_has_it() {
    let Some(builder) = library().and_then(builder) else { return };
    let release = builder.library().release();
    let net = network(&builder);
    let x = net.add_input("x", DataType::Float, &dims(&[1, 4])).unwrap();
    let layer = net.add_unary(x, UnaryOperation::Exp).unwrap();
    let refused = if release.flavour == Flavour::Rtx && release.version.minor >= 5 || release.version.major >= 11 {
        layer.set_precision(DataType::Half).unwrap_err()
    } else {
        builder.config().unwrap().set_compute_capabilities(&[(8, 6)]).unwrap_err()
    };
    assert_eq!(refused.code, Code::TensorRtUnsupported);
    println!("{refused}");
    assert!(refused.message.contains(&release.to_string()), "{refused}");
    let other = network(&builder);
    assert_eq!(other.add_unary(x, UnaryOperation::Exp).err().map(|e| e.code), Some(Code::InvalidArgument));
}

#[test]
fn builds_layers_of_many_kinds() {
    let Some(builder) = library().and_then(builder) else { return };
    let net = network(&builder);
    let x = net.add_input("x", DataType::Float, &dims(&[2, 4, 6])).unwrap();
    let constant = net.add_constant(&dims(&[1, 6, 5]), &weights(&[1, 6, 5])).unwrap().output(0).unwrap();
    let product = net.add_matrix_multiply(x, MatrixOperation::None, constant, MatrixOperation::None).unwrap().output(0).unwrap();
    assert_eq!(product.dims().unwrap(), dims(&[2, 4, 5]));
    let exp = net.add_unary(product, UnaryOperation::Exp).unwrap().output(0).unwrap();
    let sum = net.add_element_wise(product, exp, ElementWiseOperation::Sum).unwrap().output(0).unwrap();
    let shuffle = net.add_shuffle(sum).unwrap();
    shuffle.set_first_transpose(&Permutation::new(&[1, 0, 2]).unwrap()).unwrap();
    shuffle.set_reshape_dimensions(&dims(&[0, -1])).unwrap();
    let flat = shuffle.output(0).unwrap();
    assert_eq!(flat.dims().unwrap(), dims(&[4, 10]));
    let soft = net.add_soft_max(flat).unwrap();
    soft.set_axes(&[1]).unwrap();
    let soft = soft.output(0).unwrap();
    let slice = net.add_slice(soft, &dims(&[0, 2]), &dims(&[4, 4]), &dims(&[1, 2])).unwrap().output(0).unwrap();
    assert_eq!(slice.dims().unwrap(), dims(&[4, 4]));
    let joined = net.add_concatenation(&[slice, soft]).unwrap();
    joined.set_axis(1).unwrap();
    let joined = joined.output(0).unwrap();
    assert_eq!(joined.dims().unwrap(), dims(&[4, 14]));
    let half = net.add_cast(joined, DataType::Half).unwrap().output(0).unwrap();
    assert_eq!(half.dtype().unwrap(), Some(DataType::Half));
    half.set_name("half").unwrap();
    net.mark_output(half).unwrap();
    holds(&builder.build(&net, &config(&builder)).unwrap());
}

#[test]
fn a_build_can_be_watched_and_stopped() {
    let Some(builder) = library().and_then(builder) else { return };
    let net = network(&builder);
    convolution(&net, 1);
    let phases = Arc::new(Mutex::new(Vec::new()));
    let seen = phases.clone();
    let mut config = config(&builder);
    let watched = config.set_progress(Arc::new(move |phase: &str, _, _| {
        seen.lock().unwrap().push(phase.to_owned());
        true
    }));
    if !watched.unwrap() {
        return;
    }
    holds(&builder.build(&net, &config).unwrap());
    assert!(!phases.lock().unwrap().is_empty());
    config.set_progress(Arc::new(|_, _, _| false)).unwrap();
    assert_eq!(builder.build(&net, &config).err().map(|e| e.code), Some(Code::Cancelled));
    config.set_progress(Arc::new(|_, _, _| panic!("in a callback"))).unwrap();
    assert_eq!(builder.build(&net, &config).err().map(|e| e.code), Some(Code::Cancelled));
}
