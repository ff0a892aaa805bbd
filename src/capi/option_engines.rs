//! Options of engines: from checked values to what `session` takes.

use crate::capi::option_read::{is_on, number, size, value};
use crate::capi::option_value::{list, profiles};
use crate::capi::options::tvmtrt_options_t;
use crate::ensure;
use crate::session::engines::{CacheOptions, EngineOptions};
use crate::session::slot::{Batches, When};
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::{
    HardwareCompatibilityLevel, PreviewFeature, ProfilingVerbosity, RuntimePlatform, TacticSource, TilingOptimizationLevel,
};
use crate::tensorrt::cache::Mode;
use crate::tensorrt::settings::{Refit, Settings, TimingUse};
use std::path::PathBuf;

/// Options of `tvmtrt_build` that are on engines.
pub fn read(options: &tvmtrt_options_t) -> Result<EngineOptions> {
    let (mode, folder) = (value(options, "engine_cache_mode"), path(options, "engine_cache"));
    ensure!(folder.is_some() || mode == "read_write", BadOption, "option 'engine_cache_mode': {mode}, but no engine_cache is given");
    Ok(EngineOptions {
        settings: settings(options)?,
        plugins: plugins(options),
        device: at_least_0(options, "device")?,
        profiles: profiles(value(options, "profiles")).unwrap_or_default(),
        batches: match value(options, "engine_batch") {
            "grow" => Batches::Grow,
            "each" => Batches::Each,
            _ => Batches::Dynamic,
        },
        when: if value(options, "engine_build") == "first_use" { When::FirstUse } else { When::Ahead },
        cache: folder.map(|folder| CacheOptions {
            folder,
            limit: size(options, "engine_cache_limit"),
            mode: match mode {
                "read_only" => Mode::ReadOnly,
                "never_build" => Mode::NeverBuild,
                _ => Mode::ReadWrite,
            },
        }),
        timing_file: path(options, "timing_cache_file"),
        dump: path(options, "dump_folder"),
        watch: options.watch.clone(),
    })
}

/// Libraries with plugins.
pub fn plugins(options: &tvmtrt_options_t) -> Vec<PathBuf> {
    list(value(options, "plugin_libraries")).into_iter().map(PathBuf::from).collect()
}

fn settings(options: &tvmtrt_options_t) -> Result<Settings> {
    let on = |key| is_on(options, key);
    // 1 is TensorRT's own.
    let more_than_1 = |key| number::<u32>(options, key).map(|n| Some(n).filter(|n| *n > 1));
    Ok(Settings {
        tf32: on("tf32"),
        version_compatible: on("version_compatible"),
        exclude_lean_runtime: on("exclude_lean_runtime"),
        hardware_compatibility: named(options, "hardware_compatibility", HardwareCompatibilityLevel::named)?,
        runtime_platform: named(options, "runtime_platform", RuntimePlatform::named)?,
        sparse_weights: on("sparse_weights"),
        strict_nans: on("strict_nans"),
        distributive_independence: on("distributive_independence"),
        refit: match value(options, "refit") {
            "any" => Refit::Any,
            "identical" => Refit::Identical,
            _ => Refit::Off,
        },
        strip_weights: on("strip_weights"),
        weight_streaming: on("weight_streaming"),
        profiling_verbosity: named(options, "profiling_verbosity", ProfilingVerbosity::named)?,
        timing_cache: match value(options, "timing_cache") {
            "off" => TimingUse::Off,
            "required" => TimingUse::Required,
            _ => TimingUse::On,
        },
        compilation_cache: on("compilation_cache"),
        tactic_sources: tactic_sources(options)?,
        preview_features: words(options, "preview_features", PreviewFeature::named)?,
        tactic_dram_size: size(options, "tactic_dram_size"),
        tactic_shared_memory_size: size(options, "tactic_shared_memory_size"),
        max_aux_streams: at_least_0(options, "max_aux_streams")?,
        avg_timing_iterations: more_than_1("avg_timing_iterations")?,
        max_tactics: at_least_0(options, "max_tactics")?,
        tiling_optimization_level: named(options, "tiling_optimization_level", TilingOptimizationLevel::named)?,
        l2_limit_for_tiling: size(options, "l2_limit_for_tiling"),
        builder_threads: more_than_1("builder_threads")?,
    })
}

fn tactic_sources(options: &tvmtrt_options_t) -> Result<Option<Vec<TacticSource>>> {
    match value(options, "tactic_sources") {
        "" => Ok(None),
        "none" => Ok(Some(Vec::new())),
        _ => words(options, "tactic_sources", TacticSource::named).map(Some),
    }
}

fn path(options: &tvmtrt_options_t, key: &str) -> Option<PathBuf> {
    Some(value(options, key)).filter(|v| !v.is_empty()).map(PathBuf::from)
}

/// A number, where it is not -1.
fn at_least_0(options: &tvmtrt_options_t, key: &str) -> Result<Option<u32>> {
    Ok(u32::try_from(number::<i64>(options, key)?).ok())
}

/// The enumerator of TensorRT's that a word stands for: its name in small letters, without the `k`.
fn named<T>(options: &tvmtrt_options_t, key: &str, of: fn(&str) -> Option<T>) -> Result<T> {
    word(key, value(options, key), of)
}

fn words<T>(options: &tvmtrt_options_t, key: &str, of: fn(&str) -> Option<T>) -> Result<Vec<T>> {
    list(value(options, key)).iter().map(|w| word(key, w, of)).collect()
}

fn word<T>(key: &str, word: &str, of: fn(&str) -> Option<T>) -> Result<T> {
    of(&word.to_ascii_uppercase())
        .ok_or_else(|| Error::new(Code::BadOption, format!("option '{key}': '{word}' cannot stand beside others")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capi::option_read;
    use crate::capi::option_table::{BUILD, Kind, OPTIONS, Row, Stage, find};
    use crate::network::Network;
    use crate::network::capabilities::Flavour;
    use crate::tensorrt::abi::VERSIONS;
    use crate::tensorrt::abi::version::Abi;
    use crate::tensorrt::key::{self, Place};
    use std::collections::BTreeSet;

    /// Options of a build that make no other engine, and why.
    const NOT_IN_KEYS: &[(&str, &str)] = &[
        ("calibration", "scales are in the network's text"),
        ("cpu_instruction_set", "is for our own kernels"),
        ("device", "what kind of GPU it is, is in the key"),
        ("dump_folder", "is told about builds"),
        ("engine_batch", "the ranges of a region's inputs are in the key"),
        ("engine_build", "is about when"),
        ("engine_cache", "is the cache"),
        ("engine_cache_limit", "is the cache"),
        ("engine_cache_mode", "is the cache"),
        ("keep_float32", "casts are in the network's text"),
        ("log_level", "is told about builds"),
        ("precision", "types are in the network's text"),
        ("profiles", "the ranges of a region's inputs are in the key; tests/engine_cache.rs"),
        ("tensorrt_force_version", "the library's version is in the key"),
        ("tensorrt_library", "the library's version is in the key"),
        ("timing_cache_file", "measurements of any device and version that fit are as good as others"),
    ];

    /// Every value of an option that differs from its default, or some of them.
    pub fn others(row: &Row) -> Vec<String> {
        let all: Vec<String> = match row.kind {
            Kind::Switch => ["true", "false"].map(String::from).to_vec(),
            Kind::Integer(min, _) => [min, min + 1, min + 2, min + 3].map(|n| n.to_string()).to_vec(),
            Kind::Choice(words) | Kind::Words(words) => words.iter().map(|w| w.to_string()).collect(),
            Kind::Bytes => vec!["16384".into()],
            Kind::ComputeCapability => vec!["8.6".into(), "8.9".into()],
            Kind::Path | Kind::List => vec![concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into()],
            Kind::Version | Kind::Symbols | Kind::Profiles => vec![],
        };
        all.into_iter().filter(|v| v != row.default).collect()
    }

    fn with(key: &str, value: &str) -> EngineOptions {
        let mut options = tvmtrt_options_t::default();
        options.set("engine_cache", "/a").unwrap();
        options.set(key, value).unwrap();
        read(&options).unwrap()
    }

    #[test]
    fn every_option_of_a_build_is_in_the_key_or_has_a_reason_not_to_be() {
        let place = Place { library: "a".into(), device: "b".into(), system: "c".into() };
        let key_of = |options: &tvmtrt_options_t| {
            key::engine(&Network::default(), &option_read::build(options).unwrap().emit(None), &place).unwrap().stem()
        };
        let mut seen = BTreeSet::from([key_of(&tvmtrt_options_t::default())]);
        for row in OPTIONS.iter().filter(|r| r.stages.contains(&Stage::Build)) {
            let exempt = NOT_IN_KEYS.iter().any(|(key, _)| *key == row.key);
            for value in others(row) {
                let mut options = tvmtrt_options_t::default();
                options.set("engine_cache", "/a").unwrap();
                options.set(row.key, &value).unwrap();
                assert_ne!(seen.insert(key_of(&options)), exempt, "{}={value}", row.key);
            }
            assert!(exempt || !others(row).is_empty(), "{} is not tried", row.key);
        }
        assert!(NOT_IN_KEYS.iter().all(|(key, why)| find(key).is_some() && !why.is_empty()));
    }

    #[test]
    fn every_version_has_an_option_or_an_error_names_it_and_who_has_it() {
        let (mut has, mut lacks) = (0, 0);
        for row in OPTIONS.iter().filter(|r| r.stages == BUILD) {
            for (value, release) in others(row).into_iter().flat_map(|v| VERSIONS.iter().map(move |r| (v.clone(), *r))) {
                if NOT_IN_KEYS.iter().any(|(key, _)| *key == row.key) || row.key == "exclude_lean_runtime" {
                    continue;
                }
                match with(row.key, &value).settings.check(&Abi::of(release, false).unwrap()) {
                    Ok(()) => has += 1,
                    Err(e) => {
                        lacks += 1;
                        assert_eq!(e.code, Code::TensorRtUnsupported, "{e}");
                        assert!(e.message.starts_with(&format!("option '{}': ", row.key)), "{e}");
                        assert!(e.message.contains(&release.to_string()), "{e}");
                        assert!(
                            e.message.contains("it came with")
                                || e.message.contains("it went after")
                                || e.message.contains("no known version"),
                            "{e}"
                        );
                    }
                }
            }
        }
        assert!(has > 300 && lacks > 100, "{has} {lacks}");
    }

    #[test]
    fn manuals_say_which_version_is_the_first() {
        let full: Vec<Abi> = VERSIONS.iter().filter_map(|r| Abi::of(*r, false).ok().filter(|_| r.flavour == Flavour::Full)).collect();
        for row in OPTIONS.iter().filter(|r| r.stages == BUILD && !matches!(r.kind, Kind::Words(_))) {
            for value in others(row).into_iter().filter(|_| row.key != "exclude_lean_runtime") {
                let settings = with(row.key, &value).settings;
                let first = full.iter().find(|abi| settings.check(abi).is_ok()).unwrap_or_else(|| panic!("{}", row.key)).release.version;
                let text = if first.minor == 0 { first.major.to_string() } else { format!("{}.{}", first.major, first.minor) };
                let said = row.doc.contains(&format!("{text} and newer"));
                assert!(said || first == full[0].release.version, "{}={value}: since {text}, but the manual says: {}", row.key, row.doc);
            }
        }
    }

    #[test]
    fn the_default_options_are_the_default_settings() {
        assert_eq!(read(&tvmtrt_options_t::default()).unwrap().settings, Settings::default());
        assert_eq!(with("tactic_sources", "none").settings.tactic_sources, Some(Vec::new()));
        assert_eq!(with("engine_cache", "/a").cache.unwrap().limit, Some(10 << 30));
        assert_eq!(with("device", "0").device, Some(0));
        assert_eq!(with("profiles", "n=1..2;n=3..4").profiles.len(), 2);
        let mut none = tvmtrt_options_t::default();
        none.set("engine_cache_mode", "never_build").unwrap();
        assert!(read(&none).unwrap_err().message.contains("no engine_cache is given"));
        let mut both = tvmtrt_options_t::default();
        both.set("tactic_sources", "none,cudnn").unwrap();
        assert!(read(&both).unwrap_err().message.contains("cannot stand beside others"));
        let lean = with("exclude_lean_runtime", "true").settings;
        assert_eq!(lean.check(&Abi::of(VERSIONS[5], false).unwrap()).unwrap_err().code, Code::BadOption);
    }
}
