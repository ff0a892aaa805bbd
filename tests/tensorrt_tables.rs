//! The interface tables hold together: facts that must be true of every version, some known ones, and what becomes of versions
//! without tables. With TVMTRT_TENSORRT_HEADERS naming an archive of headers, the tables must also be what it says.

use std::collections::{BTreeMap, BTreeSet};
use tvmtrt::network::capabilities::Flavour;
use tvmtrt::tensor::error::Code;
use tvmtrt::tensorrt::abi::version::{Abi, Release, Runs};
use tvmtrt::tensorrt::abi::{BuilderFlag, DataType, ENUMS, INTERFACES, LAYOUTS, LayerType, METHODS, Method, VERSIONS};

fn abi(release: Release) -> Abi {
    Abi::of(release, false).unwrap_or_else(|e| panic!("{e}"))
}

fn full(major: u32, minor: u32, patch: u32) -> Release {
    Release::new(Flavour::Full, major, minor, patch)
}

fn method(class: &str, name: &str) -> &'static Method {
    METHODS.iter().find(|m| m.class == class && m.name == name).unwrap_or_else(|| panic!("{class}::{name}"))
}

fn assert_runs<T: Copy + PartialEq>(runs: Runs<T>, what: &str) {
    assert!(!runs.is_empty() && runs[0].1.is_some(), "{what} has no value anywhere");
    assert!(runs.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 != w[1].1), "{what}: runs out of order or without change");
    assert!(usize::from(runs[runs.len() - 1].0) < VERSIONS.len(), "{what}: a version that is not there");
}

#[test]
fn runs_are_in_order_and_minimal() {
    for method in METHODS.iter().copied().chain(INTERFACES.iter().flat_map(|i| i.methods.iter().copied())) {
        for row in method.rows {
            assert_runs(row.slots, &format!("{}::{}({})", method.class, method.name, row.signature));
        }
    }
    for values in ENUMS.iter().map(|e| e()) {
        for (name, runs) in values.values {
            assert_runs(runs, &format!("{}::{name}", values.name));
        }
    }
    for layout in LAYOUTS {
        assert_runs(layout.size, layout.name);
    }
    assert!(VERSIONS.windows(2).all(|w| w[0].flavour != w[1].flavour || w[0].version < w[1].version));
}

/// Slots of a class in a version; each at most once.
fn slots(methods: &[&'static Method], abi: &Abi, what: &str) -> BTreeSet<u8> {
    let mut seen = BTreeMap::new();
    for method in methods {
        let here: Vec<u8> = method.rows.iter().filter_map(|r| abi.at(r.slots)).collect();
        assert!(here.len() <= 1, "{what}: {} has {} signatures at once in {}", method.name, here.len(), abi.release);
        for slot in here {
            if let Some(other) = seen.insert(slot, method.name) {
                panic!("{what}: {other} and {} share slot {slot} in {}", method.name, abi.release);
            }
        }
    }
    seen.into_keys().collect()
}

#[test]
fn a_slot_belongs_to_one_method_and_none_is_a_destructors() {
    let mut classes: BTreeMap<&str, Vec<&'static Method>> = BTreeMap::new();
    for method in METHODS {
        classes.entry(method.class).or_default().push(method);
    }
    assert!(classes.len() > 60 && METHODS.len() > 800, "{} classes with {} methods", classes.len(), METHODS.len());
    for release in VERSIONS {
        let abi = abi(*release);
        for (class, methods) in &classes {
            let used = slots(methods, &abi, class);
            if abi.at(methods[0].holder).is_some() && !used.is_empty() {
                assert!(!used.contains(&0) && !used.contains(&1), "{class} has a method before its destructors in {release}");
            }
        }
        for interface in INTERFACES {
            let mut used = slots(interface.methods, &abi, interface.name);
            if let Some(destructor) = abi.at(interface.destructor) {
                assert!(used.insert(destructor) && used.insert(destructor + 1), "{} in {release}", interface.name);
            }
            // Every place of an interface that we implement is known: a gap would be a function that we do not provide.
            let most = used.last().map_or(0, |s| usize::from(*s) + 1);
            assert_eq!(used.len(), most, "{} in {release}: {used:?}", interface.name);
        }
    }
}

#[test]
fn a_number_means_one_thing_but_for_known_synonyms() {
    let synonyms = [
        ("BuilderFlag", "kWEIGHTLESS"),
        ("EngineCapability", "kDEFAULT"),
        ("EngineCapability", "kSAFE_DLA"),
        ("EngineCapability", "kSAFE_GPU"),
        ("ProfilingVerbosity", "kDEFAULT"),
        ("ProfilingVerbosity", "kVERBOSE"),
        ("SampleMode", "kDEFAULT"),
    ];
    for release in VERSIONS {
        let abi = abi(*release);
        for values in ENUMS.iter().map(|e| e()) {
            let mut seen = BTreeMap::new();
            for (name, runs) in values.values.iter().filter(|(n, _)| !synonyms.contains(&(values.name, n))) {
                if let Some(other) = abi.at(runs).and_then(|v| seen.insert(v, name)) {
                    panic!("{}: {other} and {name} are one number in {release}", values.name);
                }
            }
        }
    }
}

#[test]
fn known_facts() {
    let slot = |class: &str, name: &str, release: Release| method(class, name).slot(&abi(release)).unwrap().1;
    let rtx = Release::new(Flavour::Rtx, 1, 7, 1);
    assert_eq!((slot("INetworkDefinition", "addSlice", rtx), slot("INetworkDefinition", "addSlice", full(11, 4, 0))), (27, 29));
    let builder = |minor| slot("INetworkDefinition", "getBuilder", full(10, minor, 0));
    assert_eq!(builder(8), builder(7) + 1, "10.8 puts addCumulative before getBuilder");
    assert_eq!(builder(9), builder(7));
    let tf32 = |release| BuilderFlag::Tf32.raw(&abi(release)).unwrap();
    assert_eq!((tf32(full(8, 6, 1)), tf32(full(10, 6, 0))), (7, 6));
    let compatible = |release| BuilderFlag::VersionCompatible.raw(&abi(release)).unwrap();
    assert_eq!((compatible(full(8, 6, 1)), compatible(full(10, 0, 0)), compatible(rtx)), (15, 13, 12));
    assert_eq!(LayerType::from_raw(&abi(full(8, 6, 1)), 1), Some(LayerType::FullyConnected));
    assert_eq!(LayerType::from_raw(&abi(rtx), 1), Some(LayerType::Cast));
    assert_eq!(DataType::named("BF16"), Some(DataType::Bf16));
}

#[test]
fn what_is_absent_says_since_when_it_is_there() {
    let message = |class, name, release| method(class, name).slot(&abi(release)).unwrap_err().message;
    let cumulative = message("INetworkDefinition", "addCumulative", full(10, 7, 0));
    assert_eq!(cumulative, "INetworkDefinition::addCumulative is not in TensorRT 10.7.0: it came with TensorRT 10.8.0");
    let precision = message("ILayer", "setPrecision", full(11, 4, 0));
    assert_eq!(precision, "ILayer::setPrecision is not in TensorRT 11.4.0: it went after TensorRT 10.16.0");
    let capability = message("IBuilderConfig", "setComputeCapability", full(11, 4, 0));
    assert!(capability.ends_with("no known version of this flavour has it"), "{capability}");
    let error = DataType::Int64.raw(&abi(full(8, 6, 1))).unwrap_err();
    assert_eq!(error.code, Code::TensorRtUnsupported);
    assert_eq!(error.message, "DataType::kINT64 is not in TensorRT 8.6.1: it came with TensorRT 10.0.0");
}

#[test]
fn versions_without_tables() {
    // Another patch of a known minor version is driven by the nearest table at or below it, else by the one above.
    assert_eq!(abi(full(10, 14, 7)).table(), full(10, 14, 1));
    assert_eq!(abi(full(10, 14, 0)).table(), full(10, 14, 1));
    assert_eq!(abi(full(8, 6, 0)).table(), full(8, 6, 0));
    assert!(abi(full(8, 6, 5)).is_exact());
    // Between two known minor versions, what both have.
    let between = abi(full(10, 5, 0));
    assert!(!between.is_exact());
    let same = |class, name| method(class, name).slot(&between).unwrap() == method(class, name).slot(&abi(full(10, 6, 0))).unwrap();
    assert!(same("INetworkDefinition", "addConvolutionNd") && same("IBuilder", "buildSerializedNetwork"));
    let code = |release, force| Abi::of(release, force).unwrap_err().code;
    for old in [full(7, 2, 3), full(8, 4, 3), Release::new(Flavour::Rtx, 1, 2, 0)] {
        assert_eq!(code(old, true), Code::TensorRtTooOld, "{old}");
    }
    for (new, as_if) in [
        (full(12, 0, 0), full(11, 4, 0)),
        (full(11, 5, 0), full(11, 4, 0)),
        (full(10, 17, 0), full(10, 16, 0)),
        (full(9, 3, 0), full(8, 6, 1)),
    ] {
        assert_eq!(code(new, false), Code::TensorRtTooNew, "{new}");
        assert_eq!(Abi::of(new, true).unwrap().table(), as_if);
    }
    let message = Abi::of(full(8, 4, 3), false).unwrap_err().message;
    assert!(message.contains("8.4.3") && message.contains("8.5.1"), "{message}");
}

#[test]
fn numbers_of_libraries_are_read_as_versions() {
    for (number, release) in [
        (8501, full(8, 5, 1)),
        (8601, full(8, 6, 1)),
        (9300, full(9, 3, 0)),
        (100_600, full(10, 6, 0)),
        (101_401, full(10, 14, 1)),
        (110_400, full(11, 4, 0)),
        (10_701, Release::new(Flavour::Rtx, 1, 7, 1)),
    ] {
        assert_eq!(Release::decode(number), release);
    }
}

#[test]
fn the_tables_are_what_the_headers_say() {
    let Some(archive) = std::env::var_os("TVMTRT_TENSORRT_HEADERS") else {
        println!("SKIP headers: TVMTRT_TENSORRT_HEADERS names no archive");
        return;
    };
    let generator = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/abi/generate.py");
    let done = std::process::Command::new("python3").arg(generator).arg(archive).arg("--check").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
