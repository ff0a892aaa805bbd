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
    /// A file or folder. Empty: none.
    Path,
    /// Names, separated by commas.
    List,
    /// `name=value`, `name=min..max` or `name=min..opt..max`, separated by commas.
    Symbols,
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

const ALL_STAGES: &[Stage] = &[Stage::Load, Stage::Partition, Stage::Build, Stage::Run, Stage::Calibrate];
const TENSORRT: &[Stage] = &[Stage::Partition, Stage::Build];

/// Every option, sorted by key.
pub static OPTIONS: &[Row] = &[
    Row {
        key: "builder_optimization_level",
        kind: Kind::Integer(0, 5),
        default: "3",
        stages: &[Stage::Build],
        doc: "How long TensorRT searches for a fast engine: 0 builds fastest, 5 runs fastest.",
    },
    Row {
        key: "calibration",
        kind: Kind::Path,
        default: "",
        stages: &[Stage::Build],
        doc: "The file with the ranges of tensors that precision int8 needs; tvmtrt_calibration_write makes it.",
    },
    Row {
        key: "calibration_method",
        kind: Kind::Choice(&["max", "percentile", "entropy", "mse"]),
        default: "mse",
        stages: &[Stage::Calibrate],
        doc: "What int8 covers of a tensor: max all, percentile 99.99 % of what is not zero, entropy and mse what makes least loss or error.",
    },
    Row {
        key: "cpu_instruction_set",
        kind: Kind::Choice(&["auto", "portable", "avx2", "avx512", "neon"]),
        default: "auto",
        stages: &[Stage::Build],
        doc: "Instructions that CPU kernels may use. auto takes the best that this machine has.",
    },
    Row {
        key: "keep_float32",
        kind: Kind::List,
        default: "",
        stages: &[Stage::Build],
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
        key: "log_level",
        kind: Kind::Choice(&["off", "error", "warning", "info", "debug"]),
        default: "warning",
        stages: ALL_STAGES,
        doc: "Least important log lines that are written. The variable TVMTRT_LOG sets it where the program does not.",
    },
    Row {
        key: "max_regions",
        kind: Kind::Integer(0, 1_000_000),
        default: "0",
        stages: &[Stage::Partition],
        doc: "Most regions that are given to TensorRT; the largest are. 0: any number.",
    },
    Row {
        key: "max_workspace_size",
        kind: Kind::Integer(0, i64::MAX),
        default: "1073741824",
        stages: TENSORRT,
        doc: "Scratch memory in bytes that a TensorRT engine may use. At build, unset means what it was at partition.",
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
        stages: &[Stage::Partition],
        doc: "default: TensorRT where it can be used. on: an error where there is no library or no region for it. off: never.",
    },
    Row {
        key: "precision",
        kind: Kind::Choice(&["float32", "float16", "bfloat16", "int8"]),
        default: "float32",
        stages: &[Stage::Build],
        doc: "What TensorRT engines compute in, where that gains; inputs and outputs keep their types. bfloat16 needs TensorRT 10.0.",
    },
    Row {
        key: "remove_no_mac_subgraphs",
        kind: Kind::Switch,
        default: "false",
        stages: &[Stage::Partition],
        doc: "Give TensorRT no region that has neither a convolution nor a matrix product nor a reduction.",
    },
    Row {
        key: "symbols",
        kind: Kind::Symbols,
        default: "",
        stages: &[Stage::Partition],
        doc: "Values or bounds of free extents, by the symbol's name: batch=1..8, width=32..320..2048, height=48.",
    },
    Row {
        key: "target_sm",
        kind: Kind::ComputeCapability,
        default: "",
        stages: &[Stage::Build],
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
        doc: "TensorRT's library file, or the folder that holds it. Unset: it is searched; tvmtrt_tensorrt_info says where.",
    },
    Row {
        key: "tensorrt_version",
        kind: Kind::Version,
        default: "",
        stages: &[Stage::Partition],
        doc: "TensorRT version to partition for: 5.0 to 11.x; 1.x is TensorRT for RTX. Unset: the library found, else the newest known.",
    },
    Row {
        key: "threads",
        kind: Kind::Integer(0, 1024),
        default: "0",
        stages: &[Stage::Run, Stage::Calibrate],
        doc: "CPU threads of a session or a calibration. 0: one per core.",
    },
    Row {
        key: "use_implicit_batch",
        kind: Kind::Switch,
        default: "false",
        stages: &[Stage::Partition],
        doc: "Networks without a batch dimension. TensorRT 8.x and older only; an error with newer ones.",
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
