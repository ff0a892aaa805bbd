//! Arguments into a request, by the tables. A wrong one names the nearest that there is.

use crate::request::{Failure, Request};
use crate::table::{COMMANDS, Command, Flag, Takes, command, flags};
use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;
use std::ffi::OsString;
use tvmtrt::capi::nearest::nearest;
use tvmtrt::capi::option_table::{Kind, OPTIONS, Row, find};
use tvmtrt::capi::option_value::{canonical, takes};

/// Parses what stands behind the program's name.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Request, Failure> {
    let mut parser = Parser::from_args(arguments);
    let mut request = Request::default();
    let mut words = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => words.push(word),
            Long(name) => {
                let name = name.to_string();
                named(&mut parser, &name, &mut request)?;
            }
            Short(letter) => {
                let flag = flags().find(|f| f.short == Some(letter));
                let flag = flag.ok_or_else(|| Failure::Usage(format!("there is no flag -{letter}")))?;
                add(&mut parser, flag, &mut request)?;
            }
        }
    }
    let mut words = words.into_iter();
    if let Some(word) = words.next() {
        request.command = Some(named_command(&word.to_string_lossy())?);
    }
    request.operands = words.collect();
    check(&request)?;
    Ok(request)
}

/// The subcommand with this name, or an error with the nearest.
pub fn named_command(name: &str) -> Result<&'static Command, Failure> {
    let hint = || nearest(name, COMMANDS.iter().map(|c| c.name)).map_or(String::new(), |near| format!("; did you mean '{near}'?"));
    command(name).ok_or_else(|| Failure::Usage(format!("there is no command '{name}'{}", hint())))
}

/// The name of an option as a flag.
pub fn flag_of(row: &Row) -> String {
    row.key.replace('_', "-")
}

fn named(parser: &mut Parser, name: &str, request: &mut Request) -> Result<(), Failure> {
    if let Some(flag) = flags().find(|f| f.name == name) {
        return add(parser, flag, request);
    }
    let Some(row) = find(&name.replace('-', "_")) else {
        let options: Vec<String> = OPTIONS.iter().map(flag_of).collect();
        let known = flags().map(|f| f.name).chain(options.iter().map(String::as_str));
        let hint = nearest(&name.replace('_', "-"), known).map_or(String::new(), |near| format!("; did you mean --{near}?"));
        return Err(Failure::Usage(format!("there is no flag --{name}{hint}")));
    };
    // A switch needs no word behind it.
    let value = match (row.kind, parser.optional_value()) {
        (_, Some(value)) => value,
        (Kind::Switch, None) => "true".into(),
        (kind, None) => parser.value().map_err(|_| Failure::Usage(format!("--{name} needs a value: {}", takes(kind))))?,
    };
    let value = value.to_string_lossy().into_owned();
    canonical(row, &value).map_err(|e| Failure::Usage(e.message))?;
    request.options.push((row, value));
    Ok(())
}

fn add(parser: &mut Parser, flag: &'static Flag, request: &mut Request) -> Result<(), Failure> {
    let value = match flag.takes {
        Takes::Nothing => OsString::new(),
        takes => parser.value().map_err(|_| Failure::Usage(format!("--{} needs a value: {}", flag.name, placeholder(takes))))?,
    };
    if let Takes::Word(words) = flag.takes {
        one_of(&format!("--{}", flag.name), &value.to_string_lossy(), words)?;
    }
    if let (Takes::Number, text) = (flag.takes, value.to_string_lossy())
        && !text.parse::<f64>().is_ok_and(|n| n >= 0.0)
    {
        return Err(Failure::Usage(format!("--{} takes a number, not '{text}'", flag.name)));
    }
    request.flags.push((flag, value));
    Ok(())
}

/// What something takes, as help shows it.
pub fn placeholder(takes: Takes) -> String {
    match takes {
        Takes::Nothing => String::new(),
        Takes::Number => "NUMBER".to_string(),
        Takes::Text(word) | Takes::File(word) => word.to_string(),
        Takes::Word(words) => words.join("|"),
    }
}

fn one_of(place: &str, word: &str, words: &[&str]) -> Result<(), Failure> {
    if words.contains(&word) {
        return Ok(());
    }
    let hint = nearest(word, words.iter().copied()).map_or(String::new(), |near| format!("; did you mean '{near}'?"));
    Err(Failure::Usage(format!("{place} takes one of {}, not '{word}'{hint}", words.join(", "))))
}

/// Whether the subcommand takes all that is given, and has all that it needs.
fn check(request: &Request) -> Result<(), Failure> {
    let Some(command) = request.command else { return Ok(()) };
    if request.has("help") || request.has("version") {
        return Ok(());
    }
    let name = command.name;
    for (flag, _) in &request.flags {
        // Two subcommands may have a flag of the same name.
        if !command.all_flags().any(|f| f.name == flag.name) {
            return Err(Failure::Usage(format!("'{name}' does not take --{}", flag.name)));
        }
    }
    if let Some((row, _)) = request.options.iter().find(|(row, _)| !command.reads(row)) {
        let others: Vec<&str> = COMMANDS.iter().filter(|c| c.reads(row)).map(|c| c.name).collect();
        return Err(Failure::Usage(format!("'{name}' does not read --{}: {} do", flag_of(row), others.join(", "))));
    }
    let (least, many) = (command.operands.iter().filter(|o| !o.optional).count(), command.operands.iter().any(|o| o.many));
    if let Some(missing) = command.operands[..least].get(request.operands.len()) {
        return Err(Failure::Usage(format!("'{name}' needs {}", placeholder(missing.takes))));
    }
    if let Some(more) = request.operands.get(command.operands.len()).filter(|_| !many) {
        return Err(Failure::Usage(format!("'{name}' does not take '{}'", more.to_string_lossy())));
    }
    for (operand, word) in command.operands.iter().zip(&request.operands) {
        if let Takes::Word(words) = operand.takes {
            one_of(&format!("'{name}'"), &word.to_string_lossy(), words)?;
        }
    }
    Ok(())
}
