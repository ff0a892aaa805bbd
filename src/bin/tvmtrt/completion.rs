//! `tvmtrt completion`: scripts for shells, from the tables.

use crate::arguments::flag_of;
use crate::request::{Answer, Request};
use crate::table::{COMMANDS, Command, Flag, Takes};
use tvmtrt::capi::option_table::{Kind, OPTIONS, Row};

/// Shells that there are scripts for.
pub const SHELLS: &[&str] = &["bash", "zsh", "fish"];

/// `tvmtrt completion`.
pub fn completion(request: &Request) -> Answer {
    let script = match request.operand(0).and_then(|w| w.to_str()) {
        Some("zsh") => zsh(),
        Some("fish") => fish(),
        _ => bash(),
    };
    Ok((script, true))
}

/// What stands behind a flag.
enum Value {
    None,
    Words(Vec<&'static str>),
    File,
    Any,
}

/// A flag or an option, as a shell sees it.
struct Item {
    name: String,
    doc: &'static str,
    value: Value,
}

fn item(flag: &Flag) -> Item {
    let value = match flag.takes {
        Takes::Nothing => Value::None,
        Takes::File(_) => Value::File,
        Takes::Word(words) => Value::Words(words.to_vec()),
        Takes::Text(_) | Takes::Number => Value::Any,
    };
    Item { name: flag.name.into(), doc: flag.doc, value }
}

fn option(row: &Row) -> Item {
    let value = match row.kind {
        Kind::Switch => Value::None,
        Kind::Choice(words) | Kind::Words(words) => Value::Words(words.to_vec()),
        Kind::Path => Value::File,
        _ => Value::Any,
    };
    Item { name: flag_of(row), doc: row.doc, value }
}

/// All that a subcommand takes.
fn items(command: &Command) -> Vec<Item> {
    let options = OPTIONS.iter().filter(|row| command.reads(row)).map(option);
    command.all_flags().map(item).chain(options).collect()
}

/// The words that a subcommand's first operand is one of.
fn words(command: &Command) -> Vec<&'static str> {
    match command.operands.first().map(|o| o.takes) {
        Some(Takes::Word(words)) => words.to_vec(),
        _ if command.name == "help" => COMMANDS.iter().map(|c| c.name).collect(),
        _ if command.name == "options" => OPTIONS.iter().map(|row| row.key).collect(),
        _ => Vec::new(),
    }
}

fn names(items: &[Item]) -> String {
    items.iter().map(|i| format!("--{}", i.name)).collect::<Vec<_>>().join(" ")
}

fn bash() -> String {
    let commands: Vec<&str> = COMMANDS.iter().map(|c| c.name).collect();
    let (mut flags, mut operands) = (String::new(), String::new());
    for command in COMMANDS {
        flags += &format!("    {}) flags=\"{}\" ;;\n", command.name, names(&items(command)));
        if !words(command).is_empty() {
            operands += &format!("    {}) operands=\"{}\" ;;\n", command.name, words(command).join(" "));
        }
    }
    let mut values = String::new();
    let mut seen = Vec::new();
    let (mut files, mut others) = (Vec::new(), Vec::new());
    for item in COMMANDS.iter().flat_map(items) {
        if seen.contains(&item.name) {
            continue;
        }
        match &item.value {
            Value::Words(words) => values += &format!("    --{}) words=\"{}\" ;;\n", item.name, words.join(" ")),
            Value::File => files.push(format!("--{}", item.name)),
            Value::Any => others.push(format!("--{}", item.name)),
            Value::None => {}
        }
        seen.push(item.name);
    }
    BASH.replace("{commands}", &commands.join(" "))
        .replace("{flags}", &flags)
        .replace("{operands}", &operands)
        .replace("{values}", &values)
        .replace("{files}", &files.join("|"))
        .replace("{others}", &others.join("|"))
}

const BASH: &str = r#"# Completion of tvmtrt for bash. Made by: tvmtrt completion bash
_tvmtrt() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= flags= operands= words= i
  # bash takes --flag=value apart at the sign.
  if [ "$current" = "=" ]; then current=; elif [ "$before" = "=" ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case " {commands} " in *" ${COMP_WORDS[i]} "*) command=${COMP_WORDS[i]}; break ;; esac
  done
  COMPREPLY=()
  case $before in
{values}    -o|{files}) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return ;;
    {others}) return ;;
  esac
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); return; fi
  case $command in
    "") COMPREPLY=($(compgen -W "{commands} --help --version" -- "$current")); return ;;
{flags}  esac
  case $command in
{operands}  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
    *)
      if [ -n "$operands" ] && [ "$before" = "$command" ]; then
        COMPREPLY=($(compgen -W "$operands" -- "$current"))
      else
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$current"))
      fi ;;
  esac
}
complete -F _tvmtrt tvmtrt
"#;

/// Text inside single quotes of zsh's `_arguments`, where brackets and colons mean something.
fn in_zsh(text: &str) -> String {
    text.replace('\'', "'\\''").replace('[', "\\[").replace(']', "\\]").replace(':', "\\:")
}

fn zsh() -> String {
    let mut out = "#compdef tvmtrt\n# Completion of tvmtrt for zsh. Made by: tvmtrt completion zsh\n_tvmtrt() {\n".to_string();
    out += "  local -a commands=(\n";
    for command in COMMANDS {
        out += &format!("    '{}:{}'\n", command.name, in_zsh(command.does));
    }
    out += "  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n";
    out += "  local command=$words[2]\n  shift words; (( CURRENT-- ))\n  case $command in\n";
    for command in COMMANDS {
        out += &format!("    {})\n      _arguments \\\n", command.name);
        for item in items(command) {
            let value = match &item.value {
                Value::None => String::new(),
                Value::Words(words) => format!(":value:({})", words.join(" ")),
                Value::File => ":file:_files".into(),
                Value::Any => ":value:".into(),
            };
            out += &format!("        '*--{}[{}]{value}' \\\n", item.name, in_zsh(item.doc));
        }
        let operand =
            if words(command).is_empty() { String::new() } else { format!("        '1:what:({})' \\\n", words(command).join(" ")) };
        out += &format!("{operand}        '*:file:_files' ;;\n");
    }
    out + "  esac\n}\nif [ \"$funcstack[1]\" = _tvmtrt ]; then _tvmtrt \"$@\"; else compdef _tvmtrt tvmtrt; fi\n"
}

/// Text inside single quotes of fish.
fn in_fish(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

fn fish() -> String {
    let mut out = "# Completion of tvmtrt for fish. Made by: tvmtrt completion fish\n".to_string();
    let complete = "complete -c tvmtrt";
    for command in COMMANDS {
        out += &format!("{complete} -n __fish_use_subcommand -f -a {} -d '{}'\n", command.name, in_fish(command.does));
        let seen = format!("-n '__fish_seen_subcommand_from {}'", command.name);
        for item in items(command) {
            let value = match &item.value {
                Value::None => String::new(),
                Value::Words(words) => format!(" -x -a '{}'", words.join(" ")),
                Value::File => " -r -F".into(),
                Value::Any => " -x".into(),
            };
            out += &format!("{complete} {seen} -l {}{value} -d '{}'\n", item.name, in_fish(item.doc));
        }
        if !words(command).is_empty() {
            out += &format!("{complete} {seen} -f -a '{}'\n", words(command).join(" "));
        }
    }
    out
}
