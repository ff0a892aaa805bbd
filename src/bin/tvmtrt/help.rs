//! Help from the tables.

use crate::arguments::{flag_of, named_command, placeholder};
use crate::request::{Answer, Request};
use crate::table::{COMMANDS, Command, Flag, Operand, Reads, Takes};
use std::fmt::Write;
use tvmtrt::capi::environment::VARIABLES;
use tvmtrt::capi::option_table::{Kind, OPTIONS, Row, Stage};
use tvmtrt::capi::option_value::takes;

/// Columns of a text.
const WIDTH: usize = 100;
/// Where the words begin that say what a flag does.
const INDENT: usize = 8;

const STAGES: &[(Stage, &str)] = &[
    (Stage::Load, "Options of loading"),
    (Stage::Partition, "Options of partitioning"),
    (Stage::Build, "Options of building"),
    (Stage::BuildSave, "Options of saving an artifact"),
    (Stage::BuildLoad, "Options of loading an artifact"),
    (Stage::Run, "Options of running"),
    (Stage::Calibrate, "Options of calibrating"),
];

/// `tvmtrt help`.
pub fn help(request: &Request) -> Answer {
    match request.operand(0) {
        None => Ok((all(), true)),
        Some(name) => Ok((of(named_command(&name.to_string_lossy())?), true)),
    }
}

/// What there is.
pub fn all() -> String {
    let mut out =
        "tvmtrt: runs a trained network with TensorRT where there is one and with generated kernels where there is not\n\n".to_string();
    for command in COMMANDS {
        let _ = writeln!(out, "  tvmtrt {}", usage(command));
        out += &wrapped(command.does, INDENT);
    }
    let variables: Vec<&str> = VARIABLES.iter().map(|(name, _)| *name).collect();
    out += "\n";
    out += &wrapped(
        &format!("Reads TVM's and MXNet's variables ({}) unless --no-env is given; flags go before them.", variables.join(", ")),
        0,
    );
    out += "tvmtrt COMMAND --help has the flags of each. --json is for programs, --version tells the version.\n";
    out + "Ends with 0, with 1 after an error or where results differ, with 2 where it was called in a wrong way, with 130 after Ctrl-C.\n"
}

/// All about one subcommand.
pub fn of(command: &Command) -> String {
    let mut out = format!("tvmtrt {}\n{}\n", usage(command), wrapped(command.does, INDENT));
    for line in command.more.lines() {
        let indent = if line.starts_with("tvmtrt ") { "  " } else { "" };
        let _ = writeln!(out, "{indent}{line}");
    }
    out += "\nFlags\n";
    command.all_flags().for_each(|f| out += &flag(f));
    for (stage, title) in STAGES {
        let rows: Vec<&Row> = OPTIONS.iter().filter(|row| first_stage(command, row) == Some(*stage)).collect();
        if !rows.is_empty() {
            let _ = writeln!(out, "\n{title}");
            rows.iter().for_each(|row| out += &option(row));
        }
    }
    out
}

/// The first of an option's stages that a subcommand has.
fn first_stage(command: &Command, row: &Row) -> Option<Stage> {
    match command.reads {
        Reads::Stages(stages) => stages.iter().copied().find(|s| row.stages.contains(s)),
        Reads::Keys(keys) => keys.contains(&row.key).then(|| row.stages[0]),
    }
}

/// `run MODEL [flags]`.
fn usage(command: &Command) -> String {
    let operand = |o: &Operand| {
        let word = placeholder(o.takes) + if o.many { "..." } else { "" };
        if o.optional { format!("[{word}]") } else { word }
    };
    let operands: Vec<String> = command.operands.iter().map(operand).collect();
    format!("{} {}", command.name, operands.join(" ")).trim_end().to_string()
}

fn flag(flag: &Flag) -> String {
    let short = flag.short.map_or(String::new(), |c| format!("-{c}, "));
    let value = if matches!(flag.takes, Takes::Nothing) { String::new() } else { format!(" {}", placeholder(flag.takes)) };
    format!("  {short}--{}{value}\n{}", flag.name, wrapped(flag.doc, INDENT))
}

fn option(row: &Row) -> String {
    let value = match row.kind {
        Kind::Switch => "[=true|false]".to_string(),
        Kind::Choice(words) => format!(" {}", words.join("|")),
        Kind::Integer(..) => " NUMBER".to_string(),
        Kind::Version => " VERSION".to_string(),
        Kind::ComputeCapability => " MAJOR.MINOR".to_string(),
        Kind::Bytes => " BYTES".to_string(),
        Kind::Path => " PATH".to_string(),
        Kind::List => " NAME,...".to_string(),
        Kind::Words(_) => " WORD,...".to_string(),
        Kind::Symbols | Kind::Profiles => " NAME=MIN..MAX,...".to_string(),
    };
    let range = match row.kind {
        Kind::Switch | Kind::Choice(_) | Kind::Path | Kind::List => String::new(),
        kind => format!(" Takes {}.", takes(kind)),
    };
    let default = if row.default.is_empty() { String::new() } else { format!(" Default {}.", row.default) };
    format!("  --{}{value}\n{}", flag_of(row), wrapped(&format!("{}{range}{default}", row.doc), INDENT))
}

/// Lines of at most [`WIDTH`] columns.
fn wrapped(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut line = " ".repeat(indent);
    for word in text.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH && line.trim() != "" {
            out += line.trim_end();
            out.push('\n');
            line = " ".repeat(indent);
        }
        line += word;
        line.push(' ');
    }
    out + line.trim_end() + "\n"
}
