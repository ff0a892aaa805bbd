//! The one table of options. The parser, the manual, the header's constants and the bindings all follow from it.
//! A row only: what an option means is the business of the stage that reads it.

/// What values an option has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// `true` or `false`; also `1`, `0`, `on`, `off`, `yes`, `no`.
    Switch,
    /// A whole number in an inclusive range.
    Integer(i64, i64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A TensorRT version such as `10.6`; 1.x is TensorRT for RTX. Empty: none.
    Version,
    /// A compute capability such as `8.6`. Empty: none.
    ComputeCapability,
    /// A number of bytes, also with K, M, G or T behind it for powers of 1024. Empty: none.
    Bytes,
    /// A file or folder. Empty: none.
    Path,
    /// Names, separated by commas.
    List,
    /// Some of these words, separated by commas.
    Words(&'static [&'static str]),
    /// `name=value`, `name=min..max` or `name=min..opt..max`, separated by commas.
    Symbols,
    /// Lists as of [`Kind::Symbols`], separated by semicolons.
    Profiles,
}

/// Which functions read an option. Others ignore it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// `tvmtrt_model_load`, `tvmtrt_model_load_memory`.
    Load,
    /// `tvmtrt_partition`.
    Partition,
    /// `tvmtrt_build`.
    Build,
    /// `tvmtrt_build_save`.
    BuildSave,
    /// `tvmtrt_build_load`, `tvmtrt_build_load_memory`.
    BuildLoad,
    /// `tvmtrt_session_new`, `tvmtrt_run`.
    Run,
    /// `tvmtrt_calibration_new`.
    Calibrate,
}

/// One option.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub key: &'static str,
    /// Its values.
    pub kind: Kind,
    /// Its value when it is not set, in canonical form.
    pub default: &'static str,
    /// Who reads it.
    pub stages: &'static [Stage],
    /// What it does, in a line or two.
    pub doc: &'static str,
}

const ALL_STAGES: &[Stage] =
    &[Stage::Load, Stage::Partition, Stage::Build, Stage::BuildSave, Stage::BuildLoad, Stage::Run, Stage::Calibrate];
/// Read by builds, those of artifacts too.
pub const BUILD: &[Stage] = &[Stage::Build, Stage::BuildLoad];
const TENSORRT: &[Stage] = &[Stage::Partition, Stage::Build, Stage::BuildLoad];

/// TensorRT's preview features, all of them but the one that is always on where it is one.
pub const PREVIEW_FEATURES: &[&str] = &[
    "faster_dynamic_shapes_0805",
    "disable_external_tactic_sources_for_core_0805",
    "aliased_plugin_io_10_03",
    "runtime_activation_resize_10_10",
    "multidevice_runtime_10_16",
];

/// TensorRT's sources of kernels; `none` is none of them.
pub const TACTIC_SOURCES: &[&str] = &["none", "cublas", "cublas_lt", "cudnn", "edge_mask_convolutions", "jit_convolutions"];

/// Every option, sorted by key.
pub static OPTIONS: &[Row] = &[
    Row {
        key: "artifact_engines",
        kind: Kind::Choice(&["inside", "beside", "none"]),
        default: "inside",
        stages: &[Stage::BuildSave],
        doc: "Where tvmtrt_build_save keeps engines. beside: in the folder NAME.engines next to the file NAME. none: nowhere.",
    },
    Row {
        key: "artifact_machine",
        kind: Kind::Choice(&["host", "x86_64", "aarch64"]),
        default: "host",
        stages: &[Stage::BuildSave],
        doc: "The kind of processor for which a path that ends in .so becomes a shared object.",
    },
    Row {
        key: "artifact_verify",
        kind: Kind::Switch,
        default: "false",
        stages: &[Stage::BuildLoad],
        doc: "Every byte of an artifact is held against its digest before it is used. Without it, weights are trusted.",
    },
    Row {
        key: "avg_timing_iterations",
        kind: Kind::Integer(1, 1000),
        default: "1",
        stages: BUILD,
        doc: "How often TensorRT measures each candidate kernel; it takes the mean.",
    },
    Row {
        key: "builder_optimization_level",
        kind: Kind::Integer(0, 5),
        default: "3",
        stages: BUILD,
        doc: "How long TensorRT searches for a fast engine: 0 builds fastest, 5 runs fastest.",
    },
    Row {
        key: "builder_threads",
        kind: Kind::Integer(1, 1024),
        default: "1",
        stages: BUILD,
        doc: "Threads that TensorRT may use to build an engine.",
    },
    Row {
        key: "calibration",
        kind: Kind::Path,
        default: "",
        stages: BUILD,
        doc: "The file with the ranges of tensors that int8 needs; tvmtrt_calibration_write makes it.",
    },
    Row {
        key: "calibration_method",
        kind: Kind::Choice(&["max", "percentile", "entropy", "mse"]),
        default: "mse",
        stages: &[Stage::Calibrate],
        doc: "What int8 covers of a tensor: max all, percentile 99.99 % of what is not zero, entropy and mse what makes least loss or error.",
    },
    Row {
        key: "compilation_cache",
        kind: Kind::Switch,
        default: "true",
        stages: BUILD,
        doc: "Kernels that TensorRT compiles are kept with its measurements. TensorRT 10 and newer.",
    },
    Row {
        key: "cpu_instruction_set",
        kind: Kind::Choice(&["auto", "portable", "avx2", "avx512", "neon"]),
        default: "auto",
        stages: BUILD,
        doc: "Instructions that CPU kernels may use. auto takes the best that this machine has.",
    },
    Row {
        key: "cuda_graph",
        kind: Kind::Switch,
        default: "false",
        stages: &[Stage::Run],
        doc: "Runs that repeat, with the same addresses and shapes, are queued as one recorded CUDA graph.",
    },
    Row {
        key: "device",
        kind: Kind::Integer(-1, 127),
        default: "-1",
        stages: BUILD,
        doc: "GPU that engines are built on, counted from 0 as CUDA does. -1: the first, if there is one; another must be there. target_sm needs none.",
    },
    Row {
        key: "distributive_independence",
        kind: Kind::Switch,
        default: "false",
        stages: BUILD,
        doc: "An element has the same result whatever else is in its batch. TensorRT 10.12 and newer.",
    },
    Row {
        key: "dump_folder",
        kind: Kind::Path,
        default: "",
        stages: BUILD,
        doc: "Folder for files on each region: the network, the key, what TensorRT said, the engine and, with a GPU, its layers.",
    },
    Row {
        key: "engine_batch",
        kind: Kind::Choice(&["dynamic", "grow", "each"]),
        default: "dynamic",
        stages: BUILD,
        doc: "Engines by batch, the first free leading extent of an input. dynamic: one for all. grow: one for 1..the largest so far, made anew for a larger one. each: one for each.",
    },
    Row {
        key: "engine_build",
        kind: Kind::Choice(&["ahead", "first_use"]),
        default: "ahead",
        stages: BUILD,
        doc: "ahead: tvmtrt_build builds engines, for the batches in profiles, else the typical one of symbols, else the largest. first_use: the first run that needs one builds it; other sessions wait. tvmtrt_build_load builds what its file lacks for this GPU where it is given ahead; unset, nothing.",
    },
    Row {
        key: "engine_cache",
        kind: Kind::Path,
        default: "",
        stages: BUILD,
        doc: "Folder that keeps engines, so that none is built twice. Processes may share it; no stranger should write to it.",
    },
    Row {
        key: "engine_cache_limit",
        kind: Kind::Bytes,
        default: "10737418240",
        stages: BUILD,
        doc: "Most bytes in engine_cache; what was not used for longest goes first. Empty: any number.",
    },
    Row {
        key: "engine_cache_mode",
        kind: Kind::Choice(&["read_write", "read_only", "never_build"]),
        default: "read_write",
        stages: BUILD,
        doc: "read_only: the folder is not changed. never_build: nor is an engine built; a region whose engine is not there has own kernels.",
    },
    Row {
        key: "exclude_lean_runtime",
        kind: Kind::Switch,
        default: "false",
        stages: BUILD,
        doc: "A version_compatible engine without the runtime that runs it elsewhere. TensorRT 8.6 and newer.",
    },
    Row {
        key: "hardware_compatibility",
        kind: Kind::Choice(&["none", "ampere_plus", "same_compute_capability"]),
        default: "none",
        stages: BUILD,
        doc: "GPUs besides the one at hand that engines must run on. TensorRT 8.6 and newer; same_compute_capability 10.9 and newer.",
    },
    Row {
        key: "keep_float32",
        kind: Kind::List,
        default: "",
        stages: BUILD,
        doc: "Nodes, by name, and operators, such as nn.dense, that engines compute in float32 whatever the precision is.",
    },
    Row {
        key: "keep_off_nodes",
        kind: Kind::List,
        default: "",
        stages: &[Stage::Partition],
        doc: "Nodes, by name, that are not given to TensorRT.",
    },
    Row {
        key: "keep_off_operators",
        kind: Kind::List,
        default: "",
        stages: &[Stage::Partition],
        doc: "Operators, such as nn.softmax, that are not given to TensorRT.",
    },
    Row {
        key: "l2_limit_for_tiling",
        kind: Kind::Bytes,
        default: "",
        stages: BUILD,
        doc: "Second-level cache that a tiling may use. Unset: TensorRT chooses. TensorRT 10.8 and newer.",
    },
    Row {
        key: "log_level",
        kind: Kind::Choice(&["off", "error", "warning", "info", "debug"]),
        default: "warning",
        stages: ALL_STAGES,
        doc: "Least important log lines that are written. The variable TVMTRT_LOG sets it where the program does not.",
    },
    Row {
        key: "max_aux_streams",
        kind: Kind::Integer(-1, 1024),
        default: "-1",
        stages: BUILD,
        doc: "Streams that an engine may use besides the one that it runs on. -1: TensorRT chooses. TensorRT 8.6 and newer.",
    },
    Row {
        key: "max_regions",
        kind: Kind::Integer(0, 1_000_000),
        default: "0",
        stages: &[Stage::Partition],
        doc: "Most regions that are given to TensorRT; the largest are. 0: any number.",
    },
    Row {
        key: "max_tactics",
        kind: Kind::Integer(-1, 1_000_000),
        default: "-1",
        stages: BUILD,
        doc: "Most candidate kernels that TensorRT measures for a layer. -1: it chooses. TensorRT 10.4 and newer.",
    },
    Row {
        key: "max_workspace_size",
        kind: Kind::Bytes,
        default: "",
        stages: TENSORRT,
        doc: "Scratch memory that each TensorRT engine may use. Unset: what is free on the GPU; at build, what it was at partition.",
    },
    Row {
        key: "min_region_size",
        kind: Kind::Integer(1, 1_000_000),
        default: "1",
        stages: &[Stage::Partition],
        doc: "Regions with fewer nodes than this run on our own kernels.",
    },
    Row {
        key: "offload",
        kind: Kind::Choice(&["default", "on", "off"]),
        default: "default",
        stages: &[Stage::Partition, Stage::BuildLoad],
        doc: "default: TensorRT where it can be used. on: an error where there is no library or no region for it. off: never.",
    },
    Row {
        key: "plugin_libraries",
        kind: Kind::List,
        default: "",
        stages: &[Stage::Load, Stage::Partition, Stage::Build, Stage::BuildLoad],
        doc: "Files with TensorRT plugins; a name without folder is also looked for beside TensorRT. Unknown operators of a model are taken for plugins.",
    },
    Row {
        key: "precision",
        kind: Kind::Choice(&["float32", "float16", "bfloat16", "int8", "int8_float16"]),
        default: "float32",
        stages: BUILD,
        doc: "What TensorRT engines compute in, where that gains; inputs and outputs keep their types. int8_float16: float16 where int8 is not. bfloat16 needs TensorRT 10.0.",
    },
    Row {
        key: "preview_features",
        kind: Kind::Words(PREVIEW_FEATURES),
        default: "",
        stages: BUILD,
        doc: "TensorRT features to turn on that are off by default. The number behind each is the version that it came with.",
    },
    Row {
        key: "profiles",
        kind: Kind::Profiles,
        default: "",
        stages: BUILD,
        doc: "Ranges that each engine is tuned for, one profile each: batch=1..1..4,width=64;batch=5..8..16. Unset: one over all of symbols.",
    },
    Row {
        key: "profiling_verbosity",
        kind: Kind::Choice(&["layer_names_only", "none", "detailed"]),
        default: "layer_names_only",
        stages: BUILD,
        doc: "What of an engine its profiler and inspector can see.",
    },
    Row {
        key: "refit",
        kind: Kind::Choice(&["off", "any", "identical"]),
        default: "off",
        stages: BUILD,
        doc: "any: an engine's weights can be changed; one of engine_cache with other weights is refitted, not built. identical: to the same only; TensorRT 10 and newer.",
    },
    Row {
        key: "remove_no_mac_subgraphs",
        kind: Kind::Switch,
        default: "false",
        stages: &[Stage::Partition],
        doc: "Give TensorRT no region that has neither a convolution nor a matrix product nor a reduction.",
    },
    Row {
        key: "runtime_platform",
        kind: Kind::Choice(&["same_as_build", "windows_amd64"]),
        default: "same_as_build",
        stages: BUILD,
        doc: "System that engines are for. TensorRT 10.2 and newer.",
    },
    Row {
        key: "sparse_weights",
        kind: Kind::Switch,
        default: "false",
        stages: BUILD,
        doc: "TensorRT looks for weights of which two in four are zero and uses kernels for them.",
    },
    Row {
        key: "strict_nans",
        kind: Kind::Switch,
        default: "false",
        stages: BUILD,
        doc: "TensorRT keeps NaN and infinity: no 0*x = 0. TensorRT 10.6 and newer.",
    },
    Row {
        key: "strip_weights",
        kind: Kind::Switch,
        default: "false",
        stages: BUILD,
        doc: "Engines without the weights that a refit brings back, to be taken out: they do not run here. TensorRT 10 and newer.",
    },
    Row {
        key: "symbols",
        kind: Kind::Symbols,
        default: "",
        stages: &[Stage::Partition],
        doc: "Values or bounds of free extents, by the symbol's name: batch=1..8, width=32..320..2048, height=48.",
    },
    Row {
        key: "tactic_dram_size",
        kind: Kind::Bytes,
        default: "",
        stages: BUILD,
        doc: "Device memory that TensorRT may use to measure kernels. Unset: what is there. TensorRT 8.6 and newer.",
    },
    Row {
        key: "tactic_shared_memory_size",
        kind: Kind::Bytes,
        default: "",
        stages: BUILD,
        doc: "Shared memory that a kernel may use, less than 1G. Unset: what is there. TensorRT 10 and newer.",
    },
    Row {
        key: "tactic_sources",
        kind: Kind::Words(TACTIC_SOURCES),
        default: "",
        stages: BUILD,
        doc: "Where TensorRT may take kernels from; none: from nowhere but itself. Unset: it chooses.",
    },
    Row {
        key: "target_sm",
        kind: Kind::ComputeCapability,
        default: "",
        stages: BUILD,
        doc: "Compute capability of the GPU to build engines for, such as 8.6. Unset: the GPU that is found. Needed to build without one.",
    },
    Row {
        key: "tensorrt_force_version",
        kind: Kind::Switch,
        default: "false",
        stages: TENSORRT,
        doc: "Use a TensorRT that is newer than every known interface table as if it were the newest known. May crash.",
    },
    Row {
        key: "tensorrt_library",
        kind: Kind::Path,
        default: "",
        stages: TENSORRT,
        doc: "TensorRT's library file, or the folder that holds it. Unset: it is searched; tvmtrt_tensorrt_info says where. A lean or dispatch runtime only runs engines of engine_cache.",
    },
    Row {
        key: "tensorrt_version",
        kind: Kind::Version,
        default: "",
        stages: &[Stage::Partition],
        doc: "TensorRT version to partition for: 5.0 to 11.x; 1.x is TensorRT for RTX. Unset: the library found, else the newest known.",
    },
    Row {
        key: "tf32",
        kind: Kind::Switch,
        default: "false",
        stages: BUILD,
        doc: "Products of float32 with inputs of 10 bits precision, on GPUs that have it: faster, errors of 1e-3.",
    },
    Row {
        key: "threads",
        kind: Kind::Integer(0, 1024),
        default: "0",
        stages: &[Stage::Run, Stage::Calibrate],
        doc: "CPU threads of a session or a calibration. 0: one per core.",
    },
    Row {
        key: "tiling_optimization_level",
        kind: Kind::Choice(&["none", "fast", "moderate", "full"]),
        default: "none",
        stages: BUILD,
        doc: "How long TensorRT looks for ways to keep parts of tensors in cache. TensorRT 10.8 and newer.",
    },
    Row {
        key: "timing_cache",
        kind: Kind::Choice(&["on", "off", "required"]),
        default: "on",
        stages: BUILD,
        doc: "Measurements of earlier builds, in engine_cache. off: all is measured anew. required: one that is missing is an error; TensorRT 10 and newer. TensorRT for RTX measures nothing.",
    },
    Row {
        key: "timing_cache_file",
        kind: Kind::Path,
        default: "",
        stages: BUILD,
        doc: "File of measurements in the form of TensorRT and trtexec, instead of one in engine_cache.",
    },
    Row {
        key: "use_implicit_batch",
        kind: Kind::Switch,
        default: "false",
        stages: &[Stage::Partition],
        doc: "Networks of single samples, which one engine runs for any batch up to the largest. TensorRT 8.x only; an error with newer ones.",
    },
    Row {
        key: "version_compatible",
        kind: Kind::Switch,
        default: "false",
        stages: BUILD,
        doc: "Engines that later versions of the same major, and lean runtimes, can run. TensorRT 8.6 and newer.",
    },
    Row {
        key: "weight_streaming",
        kind: Kind::Switch,
        default: "false",
        stages: BUILD,
        doc: "Weights may stay in host memory where they do not fit the GPU. TensorRT 10 and newer.",
    },
];

/// The row of `key`.
pub fn find(key: &str) -> Option<&'static Row> {
    OPTIONS.iter().find(|r| r.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capi::option_value::canonical;
    use crate::transform::precision::histogram::Method;

    #[test]
    fn table_is_sound() {
        assert!(OPTIONS.windows(2).all(|w| w[0].key < w[1].key), "sorted and unique");
        for row in OPTIONS {
            assert!(row.key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{}", row.key);
            assert!(row.doc.ends_with('.') && !row.stages.is_empty(), "{}", row.key);
            assert_eq!(canonical(row, row.default).unwrap(), row.default, "{}", row.key);
        }
        assert!(find(crate::tensorrt::abi::version::FORCE).is_some(), "an error names this option");
    }

    #[test]
    fn precisions_are_the_words_of_their_option() {
        let names: Vec<&str> = crate::transform::precision::Precision::ALL.iter().map(|p| p.name()).collect();
        assert!(matches!(find("precision"), Some(Row { kind: Kind::Choice(words), .. }) if *words == names));
        let names: Vec<&str> = Method::ALL.iter().map(|m| m.name()).collect();
        assert!(matches!(find("calibration_method"), Some(Row { kind: Kind::Choice(words), default, .. })
            if *words == names && *default == Method::default().name()));
    }

    #[test]
    fn instruction_sets_of_this_machine_can_be_chosen() {
        let Some(Row { kind: Kind::Choice(words), .. }) = find("cpu_instruction_set") else { panic!("a choice") };
        for isa in crate::cpu::isa::Isa::available() {
            assert!(words.contains(&isa.name()), "{}", isa.name());
        }
    }
}
