//! Networks as plain data become engines: every kind of layer and every operation that `network::check` accepts builds with the
//! library that TVMTRT_TENSORRT_LIBRARY names. Without one, the names of operations are still held against the tables.

use std::collections::BTreeSet;
use std::sync::Arc;
use tvmtrt::network::builder::Builder;
use tvmtrt::network::capabilities::Flavour;
use tvmtrt::network::check::check;
use tvmtrt::network::layer::{
    Activation, ElementWise, Interpolation, LayerKind, MatrixOp, Pooling, Reduce, Resize, ResizeCoordinates, ResizeRound, ResizeTo,
    SampleMode, Unary, Window,
};
use tvmtrt::network::{Network, TensorId};
use tvmtrt::tensor::dim::{Bindings, Dim};
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::Code;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensorrt::abi;
use tvmtrt::tensorrt::abi::{ActivationType, ElementWiseOperation, MatrixOperation, PoolingType, ReduceOperation, UnaryOperation};
use tvmtrt::tensorrt::cache::timing::Timing;
use tvmtrt::tensorrt::config::Range;
use tvmtrt::tensorrt::emit::{Options, build};
use tvmtrt::tensorrt::info::Info;
use tvmtrt::tensorrt::library::Library;
use tvmtrt::tensorrt::search::{Search, VARIABLE};

const TYPES: &[DType] = &[DType::F32, DType::F16, DType::BF16, DType::I32, DType::I64, DType::Bool];

/// The library to test with, if it can build here.
fn library() -> Option<&'static Library> {
    let required = std::env::var("TVMTRT_REQUIRE").is_ok_and(|r| r.split(',').any(|t| t.trim() == "tensorrt"));
    if std::env::var_os(VARIABLE).is_none() && !required {
        println!("SKIP tensorrt: {VARIABLE} names no library");
        return None;
    }
    let library = Library::find(&Search::default()).unwrap_or_else(|e| panic!("{e}"));
    if let Err(e) = tvmtrt::tensorrt::builder::Builder::new(library, None) {
        println!("SKIP tensorrt: no device for {library:?}: {e}");
        return None;
    }
    Some(library)
}

fn options(library: &Library) -> Options {
    let rtx = library.release().flavour == Flavour::Rtx;
    Options { compute_capabilities: if rtx { vec![(8, 6)] } else { Vec::new() }, ..Options::default() }
}

fn shape(of: &[i64]) -> Vec<Dim> {
    of.iter().map(|d| Dim::from(*d)).collect()
}

/// One network with every layer of `kinds` that is accepted alone, on operands of each type; the number of them.
fn accepted(library: &Library, name: &str, kinds: &[LayerKind], operands: &[&[i64]]) -> (Network, usize) {
    let mut all = Builder::new(name);
    let mut count = 0;
    for dtype in TYPES {
        let inputs: Vec<TensorId> =
            operands.iter().enumerate().map(|(i, s)| all.input(&format!("{dtype}{i}"), *dtype, &shape(s))).collect();
        for (i, kind) in kinds.iter().enumerate() {
            let mut alone = Builder::new("alone");
            let operands: Vec<TensorId> =
                operands.iter().enumerate().map(|(i, s)| alone.input(&format!("x{i}"), *dtype, &shape(s))).collect();
            let Ok(out) = alone.add(kind.clone(), &operands) else { continue };
            alone.output(out, "y").unwrap();
            if check(&alone.finish(), &library.capabilities()).is_err() {
                continue;
            }
            all.scope(&format!("{}{i}.{dtype}", kind.name()));
            let out = all.add(kind.clone(), &inputs).unwrap();
            all.output(out, &format!("{}{i}_{dtype}", kind.name())).unwrap();
            count += 1;
        }
    }
    // An input that no layer takes would be refused.
    let mut network = all.finish();
    let used: BTreeSet<TensorId> = network.layers.iter().flat_map(|l| l.inputs.iter().copied()).collect();
    network.inputs.retain(|i| used.contains(i));
    (network, count)
}

fn builds(library: &'static Library, name: &str, kinds: &[LayerKind], operands: &[&[i64]], least: usize) {
    let (network, count) = accepted(library, name, kinds, operands);
    assert!(count >= least, "{name}: only {count} are accepted");
    let plan = build(library, &network, &options(library)).unwrap_or_else(|e| panic!("{e}"));
    assert!(plan.engine.len() > 1000);
}

#[test]
fn every_operation_has_its_name_in_the_tables() {
    assert!(Activation::ALL.iter().all(|k| ActivationType::named(k.name()).is_some()));
    assert!(Pooling::ALL.iter().all(|k| PoolingType::named(k.name()).is_some()));
    assert!(ElementWise::ALL.iter().all(|k| ElementWiseOperation::named(k.name()).is_some()));
    assert!(Reduce::ALL.iter().all(|k| ReduceOperation::named(k.name()).is_some()));
    assert!(MatrixOp::ALL.iter().all(|k| MatrixOperation::named(k.name()).is_some()));
    assert!(SampleMode::ALL.iter().all(|k| abi::SampleMode::named(k.name()).is_some()));
    assert!(Interpolation::ALL.iter().all(|k| abi::InterpolationMode::named(k.name()).is_some()));
    assert!(ResizeCoordinates::ALL.iter().all(|k| abi::ResizeCoordinateTransformation::named(k.name()).is_some()));
    assert!(ResizeRound::ALL.iter().all(|k| abi::ResizeRoundMode::named(k.name()).is_some()));
    let unknown: Vec<&str> = Unary::ALL.iter().map(|k| k.name()).filter(|n| UnaryOperation::named(n).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn operations_that_are_accepted_build() {
    let Some(library) = library() else { return };
    let unary: Vec<LayerKind> = Unary::ALL.iter().map(|op| LayerKind::Unary(*op)).collect();
    builds(library, "unary", &unary, &[&[2, 3, 4]], 40);
    let elementwise: Vec<LayerKind> = ElementWise::ALL.iter().map(|op| LayerKind::ElementWise(*op)).collect();
    builds(library, "elementwise", &elementwise, &[&[2, 3, 4], &[2, 1, 4]], 30);
    let activation: Vec<LayerKind> = Activation::ALL.iter().map(|k| LayerKind::Activation(*k, 0.5, 0.75)).collect();
    builds(library, "activation", &activation, &[&[2, 3, 4]], 30);
    let reduce: Vec<LayerKind> =
        Reduce::ALL.iter().flat_map(|kind| [true, false].map(|keep| LayerKind::Reduce { kind: *kind, axes: vec![1, 2], keep })).collect();
    builds(library, "reduce", &reduce, &[&[2, 3, 4]], 30);
    let casts: Vec<LayerKind> = TYPES.iter().map(|to| LayerKind::Cast(*to)).collect();
    builds(library, "cast", &casts, &[&[2, 3]], 25);
}

#[test]
fn layers_that_are_accepted_build() {
    let Some(library) = library() else { return };
    let shuffles = [
        LayerKind::Shuffle { first: Some(vec![1, 0, 2]), reshape: Some(vec![0, -1]), second: Some(vec![1, 0]) },
        LayerKind::Shuffle { first: None, reshape: Some(vec![1, 24]), second: None },
        LayerKind::Slice { start: vec![0, 1, 0], size: vec![2, 2, 2], stride: vec![1, 1, 2] },
        LayerKind::Softmax(2),
        LayerKind::Identity,
    ];
    builds(library, "movement", &shuffles, &[&[2, 3, 4]], 20);
    builds(library, "concatenation", &[LayerKind::Concatenation(1)], &[&[2, 3], &[2, 4]], 4);
    let products = [MatrixOp::None, MatrixOp::Transpose].map(|op| LayerKind::MatrixMultiply(MatrixOp::None, op));
    builds(library, "products", &products, &[&[2, 4, 4], &[1, 4, 4]], 2);
    let window = |kernel: i64, stride: i64| {
        let pair = |v: i64| vec![v, v];
        Window { kernel: pair(kernel), stride: pair(stride), pre_padding: pair(1), post_padding: pair(1), dilation: pair(1) }
    };
    let pools: Vec<LayerKind> = Pooling::ALL
        .iter()
        .flat_map(|kind| {
            [true, false].map(|flag| LayerKind::Pooling { kind: *kind, window: window(3, 2), exclude_padding: flag, round_up: flag })
        })
        .collect();
    builds(library, "pooling", &pools, &[&[1, 4, 10, 10]], 4);
    let mut typed = Vec::new();
    for dtype in [DType::F32, DType::F16] {
        let values = |shape: &[usize]| Tensor::from_f64s(dtype, shape, &vec![0.25; shape.iter().product()]);
        for bias in [None, Some(values(&[6]))] {
            let weights = values(&[6, 2, 3, 3]);
            typed.push(LayerKind::Convolution { maps: 6, groups: 2, window: window(3, 2), weights, bias });
        }
        typed.push(LayerKind::Scale { scale: values(&[4]), shift: values(&[4]) });
    }
    builds(library, "weights", &typed, &[&[1, 4, 10, 10]], 6);
}

#[test]
fn transposed_windows_that_are_accepted_build() {
    let Some(library) = library() else { return };
    let mut kinds = Vec::new();
    for dtype in [DType::F32, DType::F16, DType::BF16] {
        for (stride, dilation, groups) in [(1, 1, 1), (2, 1, 2), (1, 2, 1), (2, 2, 1)] {
            let all = |v: i64| vec![v; 2];
            let window =
                Window { kernel: all(3), stride: all(stride), pre_padding: all(1), post_padding: vec![0, 2], dilation: all(dilation) };
            let weights = Tensor::from_f64s(dtype, &[4, 6 / groups as usize, 3, 3], &vec![0.25; 36 * 6 / groups as usize]);
            kinds.push(LayerKind::Deconvolution { maps: 6, groups, window, weights });
        }
    }
    builds(library, "deconvolution", &kinds, &[&[1, 4, 10, 10]], 6);
    builds(library, "lrn", &[LayerKind::Lrn { window: 5, alpha: 0.1, beta: 0.75, k: 1.0 }], &[&[2, 6, 4, 4]], 3);
}

#[test]
fn samples_that_are_accepted_build() {
    let Some(library) = library() else { return };
    let slices = SampleMode::ALL.iter().map(|mode| LayerKind::SliceOutside { start: vec![-1, -2], size: vec![4, 9], mode: *mode });
    let slices: Vec<LayerKind> = slices.collect();
    builds(library, "slices", &slices, &[&[2, 3]], 20);
    builds(library, "filled slices", &slices, &[&[2, 3], &[]], 5);
    let mut resizes = Vec::new();
    for mode in Interpolation::ALL {
        for coordinates in ResizeCoordinates::ALL {
            for rounding in ResizeRound::ALL {
                for (to, single_is_first) in [
                    (ResizeTo::Extents(vec![1, 2, 7, 3]), false),
                    (ResizeTo::Extents(vec![1, 2, 1, 1]), true),
                    (ResizeTo::Scales(vec![1.0, 1.0, 1.5, 2.0]), false),
                ] {
                    let (mode, coordinates, rounding) = (*mode, *coordinates, *rounding);
                    resizes.push(LayerKind::Resize(Resize {
                        to,
                        mode,
                        coordinates,
                        rounding,
                        single_is_first,
                        cubic: -0.75,
                        exclude_outside: single_is_first,
                    }));
                }
            }
        }
    }
    builds(library, "resizes", &resizes, &[&[1, 2, 4, 5]], 108);
    let mut grids = Vec::new();
    for mode in Interpolation::ALL {
        for outside in [SampleMode::Fill, SampleMode::Clamp, SampleMode::Reflect] {
            grids.extend([true, false].map(|align_corners| LayerKind::GridSample { mode: *mode, outside, align_corners }));
        }
    }
    builds(library, "grids", &grids, &[&[1, 3, 4, 5], &[1, 6, 7, 2]], 18);
}

#[test]
fn constants_selections_and_gathers_build() {
    let Some(library) = library() else { return };
    let mut b = Builder::new("mixed");
    let x = b.input("x", DType::F32, &shape(&[2, 3]));
    let indices = b.constant(Tensor::from_vec(&[2], vec![1i32, 0])).unwrap();
    let rows = b.add(LayerKind::Gather(0), &[x, indices]).unwrap();
    let half = b.constant(Tensor::from_vec(&[1, 1], vec![0.5f32])).unwrap();
    let larger = b.add(LayerKind::ElementWise(ElementWise::Greater), &[rows, half]).unwrap();
    let chosen = b.add(LayerKind::Select, &[larger, rows, half]).unwrap();
    b.output(chosen, "y").unwrap();
    b.output(x, "same").unwrap();
    let network = b.finish();
    check(&network, &library.capabilities()).unwrap();
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("emit.timing");
    let _ = std::fs::remove_file(&file);
    // Measurements of one build serve the next; bytes that are none are passed over, and replaced.
    for before in [None, None, Some("no measurements")] {
        if let Some(text) = before {
            std::fs::write(&file, text).unwrap();
        }
        let timing = Some(Timing::at(&file, None));
        let plan = build(library, &network, &Options { timing, ..options(library) }).unwrap_or_else(|e| panic!("{e}"));
        assert!(!plan.engine.is_empty());
        let kept = std::fs::read(&file).unwrap_or_default();
        println!("{} bytes of measurements", kept.len());
        assert!(kept != b"no measurements");
    }
}

#[test]
fn dynamic_inputs_need_profiles_and_get_them_from_their_expressions() {
    let Some(library) = library() else { return };
    let (n, w) = (Dim::symbol("N", 1, 16), Dim::symbol("W", 8, 64));
    let mut b = Builder::new("dynamic");
    let x = b.input("x", DType::F32, &[n.clone(), Dim::from(2i64), &w + &Dim::from(1i64)]);
    let y = b.add(LayerKind::Unary(Unary::Exp), &[x]).unwrap();
    b.output(y, "y").unwrap();
    let network = b.finish();
    let refused = build(library, &network, &options(library)).unwrap_err();
    assert_eq!(refused.code, Code::BadOption);
    assert!(refused.message.contains("'x'"), "{refused}");
    let at = |n, w| Bindings::from([(Arc::from("N"), n), (Arc::from("W"), w)]);
    let profiles = vec![Range { min: at(1, 8), opt: at(4, 32), max: at(16, 64) }];
    build(library, &network, &Options { profiles: profiles.clone(), ..options(library) }).unwrap_or_else(|e| panic!("{e}"));
    let missing = vec![Range { min: Bindings::new(), ..profiles[0].clone() }];
    let refused = build(library, &network, &Options { profiles: missing, ..options(library) }).unwrap_err();
    assert!(refused.message.contains("input 'x'"), "{refused}");
}

#[test]
fn a_layer_that_is_wrong_is_named() {
    let Some(library) = library() else { return };
    let mut b = Builder::new("wrong");
    let x = b.input("x", DType::F32, &shape(&[2, 3]));
    b.scope("the node");
    let y = b.add(LayerKind::Unary(Unary::Exp), &[x]).unwrap();
    b.output(y, "y").unwrap();
    let mut network = b.finish();
    network.tensors[1].dims = shape(&[2, 4]);
    let error = build(library, &network, &options(library)).unwrap_err();
    assert_eq!(error.code, Code::Internal);
    assert!(error.message.contains("the node") && error.message.contains("wrong"), "{error}");
}

#[test]
fn what_was_found_is_told() {
    let absent = Info::search(&Search { path: Some("/nowhere".into()), any_version: false });
    assert!(absent.library.is_none());
    assert!(absent.to_string().contains("/nowhere: no such file or folder"), "{absent}");
    assert_eq!(absent.json()["places"][0]["place"], "/nowhere");
    assert_eq!(absent.json()["tables"][0]["support"], "table only");
    let Some(library) = library() else { return };
    let info = Info::search(&Search::default());
    assert_eq!(info.json()["library"]["version"], library.release().version.to_string());
    println!("{info}");
}
