//! The one table of subcommands and flags. Parsing, help and completion follow from it. Options of the library have their own table,
//! `capi::option_table`; of those a row here says only which ones a subcommand reads.

use crate::request::{Answer, Request};
use crate::{bench, build, cache, calibrate, completion, explain, help, info, run};
use tvmtrt::capi::option_table::Stage;

/// What stands behind a flag, or as an operand.
#[derive(Clone, Copy)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A number that is not negative.
    Number,
    /// A text; the word is for help.
    Text(&'static str),
    /// A file or folder; the word is for help.
    File(&'static str),
    /// One of these words.
    Word(&'static [&'static str]),
}

/// A flag of the command itself.
pub struct Flag {
    /// Its name, behind two dashes.
    pub name: &'static str,
    /// Its letter, behind one dash.
    pub short: Option<char>,
    /// What stands behind it.
    pub takes: Takes,
    /// What it does.
    pub doc: &'static str,
}

/// What stands behind a subcommand.
pub struct Operand {
    /// What it is.
    pub takes: Takes,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether there may be several.
    pub many: bool,
}

/// Which options of the library a subcommand reads.
pub enum Reads {
    /// Those of these stages.
    Stages(&'static [Stage]),
    /// These.
    Keys(&'static [&'static str]),
}

/// A subcommand.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line.
    pub does: &'static str,
    /// What else is to be known, with examples.
    pub more: &'static str,
    /// What stands behind it.
    pub operands: &'static [Operand],
    /// Its flags besides those of [`COMMON`].
    pub flags: &'static [&'static Flag],
    /// The library's options that it reads.
    pub reads: Reads,
    /// Does it.
    pub run: fn(&Request) -> Answer,
}

const fn flag(name: &'static str, takes: Takes, doc: &'static str) -> Flag {
    Flag { name, short: None, takes, doc }
}

const fn one(takes: Takes) -> Operand {
    Operand { takes, optional: false, many: false }
}

const MODEL: Operand = one(Takes::File("MODEL"));
const EITHER: Operand = one(Takes::File("MODEL|ARTIFACT"));

static JSON: Flag = flag("json", Takes::Nothing, "For programs: one JSON value with a schema_version.");
static NO_ENV: Flag = flag("no-env", Takes::Nothing, "Pass over TVM's and MXNet's variables.");
static HELP: Flag = Flag { name: "help", short: Some('h'), takes: Takes::Nothing, doc: "This text." };
static VERSION: Flag = Flag { name: "version", short: Some('V'), takes: Takes::Nothing, doc: "The version." };

static PROGRESS: Flag = flag(
    "progress",
    Takes::Word(&["auto", "line", "plain", "none"]),
    "How long work is told on standard error: a line that is rewritten, plain lines, or not. auto: a line on a terminal, else plain lines after 5 s.",
);
static SHAPE: Flag = flag(
    "shape",
    Takes::Text("NAME=DIM,..."),
    "Shape of an input, such as input=1,3,224,224; ? or the symbol's name leaves an extent free. May be given for each input.",
);
static INPUT: Flag = flag(
    "input",
    Takes::File("[NAME=]FILE"),
    "Data of an input (.npy, .pb with an ONNX tensor) or of several (.npz, a folder with input_0.pb ...). May be given several times.",
);
static SEED: Flag = flag("seed", Takes::Number, "Seed of random inputs: floats in -1..1, integers 0 or 1. Default 1.");
static BATCH: Flag = flag("batch", Takes::Number, "First extent of random inputs, where it is free. Default 1.");
static FORMAT: Flag =
    flag("format", Takes::Word(explain::FORMATS), "Form of the explanation. Default: as the file's name ends, else text.");
static OUT: Flag = Flag { name: "out", short: Some('o'), takes: Takes::File("FILE"), doc: "File to write." };
static OUT_FOLDER: Flag =
    Flag { name: "out", short: Some('o'), takes: Takes::File("FOLDER"), doc: "Folder to write each region's graph to, as TVM's JSON." };
static EXPECT: Flag = flag(
    "expect",
    Takes::File("FILE"),
    "Outputs that are expected (.npz, .npy, .pb, a folder with output_0.pb ...): ends with 1 where one differs.",
);
static RTOL: Flag = flag("rtol", Takes::Number, "What an output may differ relative to what is expected. Default 1e-3.");
static ATOL: Flag = flag("atol", Takes::Number, "What it may differ besides. Default 1e-5.");
static RUNS: Flag = flag("runs", Takes::Number, "How many runs are timed. Default: as many as take 2 s, at least 5.");
static PROFILE: Flag = flag("profile", Takes::Nothing, "Also where a run's time goes, by layer and node.");
static OUT_ARTIFACT: Flag = Flag {
    name: "out",
    short: Some('o'),
    takes: Takes::File("FILE"),
    doc: "Artifact to write: all that a run needs, here or on another machine. A name that ends in .so makes it a shared object.",
};
static SO: Flag =
    flag("so", Takes::File("FILE.so"), "Shared object to write, with the artifact inside: it loads by path or links into a program.");
static ENGINES: Flag = flag("engines", Takes::File("FOLDER"), "Folder to write the TensorRT engine of each region to.");

/// Flags of every subcommand.
pub static COMMON: &[&Flag] = &[&JSON, &NO_ENV, &HELP, &VERSION];

const LOAD_PARTITION: Reads = Reads::Stages(&[Stage::Load, Stage::Partition]);
const TO_RUN: Reads = Reads::Stages(&[Stage::Load, Stage::Partition, Stage::Build, Stage::BuildLoad, Stage::Run]);
const TO_BUILD: Reads = Reads::Stages(&[Stage::Load, Stage::Partition, Stage::Build, Stage::BuildSave, Stage::BuildLoad]);

/// Every subcommand, in the order in which help has them.
pub static COMMANDS: &[Command] = &[
    Command {
        name: "info",
        does: "which TensorRT is found and what it can do here; of a model or artifact its inputs, outputs and operators",
        more: "tvmtrt info\ntvmtrt info resnet18.onnx",
        operands: &[Operand { optional: true, ..EITHER }],
        flags: &[],
        reads: Reads::Keys(&["artifact_verify", "log_level", "plugin_libraries", "tensorrt_force_version", "tensorrt_library"]),
        run: info::info,
    },
    Command {
        name: "partition",
        does: "split a model between TensorRT and our own kernels: the regions",
        more: "Needs neither TensorRT nor a GPU.\ntvmtrt partition resnet18.onnx --tensorrt-version 8.6\ntvmtrt partition resnet18.onnx -o regions",
        operands: &[EITHER],
        flags: &[&SHAPE, &OUT_FOLDER, &PROGRESS],
        reads: LOAD_PARTITION,
        run: explain::partition,
    },
    Command {
        name: "explain",
        does: "for each node where it goes and why, and what would lift each refusal",
        more: "Needs neither TensorRT nor a GPU. A browser shows the .svg; graphviz reads the .dot.\ntvmtrt explain resnet18.onnx\ntvmtrt explain resnet18.onnx -o why.svg",
        operands: &[EITHER],
        flags: &[&SHAPE, &FORMAT, &OUT, &PROGRESS],
        reads: LOAD_PARTITION,
        run: explain::explain,
    },
    Command {
        name: "build",
        does: "build engines and kernels, say where each region runs, and write an artifact",
        more: "Of an artifact, builds what it lacks for this machine.\ntvmtrt build resnet18.onnx -o resnet18.tvmtrt\ntvmtrt run resnet18.tvmtrt\ntvmtrt build resnet18.onnx --precision float16 --engine-cache engines",
        operands: &[EITHER],
        flags: &[&SHAPE, &OUT_ARTIFACT, &PROGRESS],
        reads: TO_BUILD,
        run: build::build,
    },
    Command {
        name: "run",
        does: "run a model once, on data of yours or random ones",
        more: "tvmtrt run resnet18.onnx\ntvmtrt run resnet18.onnx --input input=image.npy -o scores.npz\ntvmtrt run resnet18.onnx --input image.npy --expect scores.npz",
        operands: &[EITHER],
        flags: &[&INPUT, &SHAPE, &BATCH, &SEED, &OUT, &EXPECT, &RTOL, &ATOL, &PROGRESS],
        reads: TO_RUN,
        run: run::run,
    },
    Command {
        name: "bench",
        does: "time runs: the first, then median, 90th percentile and least of many",
        more: "tvmtrt bench resnet18.onnx --threads 2\ntvmtrt bench resnet18.onnx --runs 100 --json",
        operands: &[EITHER],
        flags: &[&INPUT, &SHAPE, &BATCH, &SEED, &RUNS, &PROFILE, &PROGRESS],
        reads: TO_RUN,
        run: bench::bench,
    },
    Command {
        name: "calibrate",
        does: "make the table of ranges that engines in int8 need, from data like those that they will see",
        more: "Each file is a run: .npz, .npy, .pb or a folder with input_0.pb ...\ntvmtrt calibrate resnet18.onnx image.npy -o ranges.json",
        operands: &[MODEL, Operand { many: true, ..one(Takes::File("DATA")) }],
        flags: &[&SHAPE, &OUT, &PROGRESS],
        reads: Reads::Stages(&[Stage::Load, Stage::Partition, Stage::Calibrate]),
        run: calibrate::calibrate,
    },
    Command {
        name: "export",
        does: "build, and write what other programs take: a shared object, TensorRT's engines",
        more: "tvmtrt export resnet18.onnx --so resnet18.so\ntvmtrt export resnet18.onnx --engines engines --target-sm 8.6",
        operands: &[EITHER],
        flags: &[&SHAPE, &SO, &ENGINES, &PROGRESS],
        reads: TO_BUILD,
        run: build::export,
    },
    Command {
        name: "cache",
        does: "list, verify or clear the engines and measurements that a folder keeps",
        more: "The folder is the option engine_cache, or TVM_TENSORRT_CACHE_DIR, where none is given. list: what was used last comes first. verify:\n\
               each file from first byte to last; ends with 1 where one is damaged. clear: removes all but what another process works on. A\n\
               damaged file does no harm: it is passed over, and written anew when its engine is built again.\ntvmtrt cache list engines",
        operands: &[one(Takes::Word(cache::ACTIONS)), Operand { optional: true, ..one(Takes::File("FOLDER")) }],
        flags: &[],
        reads: Reads::Keys(&["engine_cache"]),
        run: cache::cache,
    },
    Command {
        name: "options",
        does: "the manual of the library's options; each is a flag here: max_workspace_size is --max-workspace-size",
        more: "tvmtrt options precision",
        operands: &[Operand { optional: true, many: true, ..one(Takes::Text("OPTION")) }],
        flags: &[],
        reads: Reads::Keys(&[]),
        run: info::options,
    },
    Command {
        name: "completion",
        does: "a script with which a shell completes subcommands, flags, values and files",
        more: "bash: eval \"$(tvmtrt completion bash)\" in ~/.bashrc\nzsh: tvmtrt completion zsh > ~/.zfunc/_tvmtrt\nfish: tvmtrt completion fish > ~/.config/fish/completions/tvmtrt.fish",
        operands: &[one(Takes::Word(completion::SHELLS))],
        flags: &[],
        reads: Reads::Keys(&[]),
        run: completion::completion,
    },
    Command {
        name: "help",
        does: "what there is, or all about one subcommand",
        more: "tvmtrt help run",
        operands: &[Operand { optional: true, ..one(Takes::Text("COMMAND")) }],
        flags: &[],
        reads: Reads::Keys(&[]),
        run: help::help,
    },
];

/// The subcommand with this name.
pub fn command(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|c| c.name == name)
}

/// Every flag, some more than once.
pub fn flags() -> impl Iterator<Item = &'static Flag> {
    COMMON.iter().copied().chain(COMMANDS.iter().flat_map(|c| c.flags.iter().copied()))
}

impl Command {
    /// Its flags, its own first.
    pub fn all_flags(&self) -> impl Iterator<Item = &'static Flag> + use<> {
        self.flags.iter().copied().chain(COMMON.iter().copied())
    }
}
