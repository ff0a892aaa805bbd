//! The command `tvmtrt`: arguments in, one text out. What it shows is found by the library.

use lexopt::Arg::{Long, Short, Value};
use serde_json::json;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use tvmtrt::session::library::{LibraryOptions, json as info_json, search};
use tvmtrt::session::log::Log;
use tvmtrt::tensor::error::Error;
use tvmtrt::tensorrt::cache::Cache;
use tvmtrt::tensorrt::cache::shelf::Item;

const HELP: &str = "\
tvmtrt: runs a trained network with TensorRT where there is one and with generated kernels where there is not

  tvmtrt info                  which TensorRT is found, what can be done with it, and where else was looked
  tvmtrt cache list            engines and measurements that are kept, those that were used last first
  tvmtrt cache verify          the same, each checked from the first byte to the last; ends with 1 where one is damaged
  tvmtrt cache clear           removes all but what another process is working on

  --folder FOLDER   the cache's folder, as in the option engine_cache; without it the variable TVM_TENSORRT_CACHE_DIR
  --library PATH    TensorRT's library or its folder, as in the option tensorrt_library
  --json            for programs: one JSON value with a schema_version
  --help, --version

A damaged file does no harm: it is passed over, and written anew when its engine is built again.
Ends with 0, with 1 after an error, with 2 where it was called in a wrong way.
";

/// What was asked for.
#[derive(Default)]
struct Request {
    words: Vec<String>,
    folder: Option<PathBuf>,
    library: Option<PathBuf>,
    json: bool,
    help: bool,
    version: bool,
}

/// Why nothing was done.
enum Failure {
    /// The arguments make no sense.
    Usage(String),
    /// What was asked for failed.
    Failed(Error),
}

impl From<lexopt::Error> for Failure {
    fn from(e: lexopt::Error) -> Failure {
        Failure::Usage(e.to_string())
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Failure {
        Failure::Failed(e)
    }
}

/// A text to print, and whether all is well.
type Answer = Result<(String, bool), Failure>;

fn main() -> ExitCode {
    let answer = parse(std::env::args_os().skip(1)).and_then(|request| answer(&request));
    let (text, code) = match answer {
        Ok((text, well)) => (text, u8::from(!well)),
        Err(Failure::Usage(why)) => {
            eprintln!("tvmtrt: {why}; tvmtrt --help says what there is");
            return ExitCode::from(2);
        }
        Err(Failure::Failed(e)) => {
            eprintln!("tvmtrt: {}", e.message);
            return ExitCode::from(1);
        }
    };
    // A reader that has enough closes the pipe: no error.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::from(code)
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Request, Failure> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut request = Request::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => request.words.push(word.to_string_lossy().into_owned()),
            Long("folder") => request.folder = Some(parser.value()?.into()),
            Long("library") => request.library = Some(parser.value()?.into()),
            Long("json") => request.json = true,
            Long("help") | Short('h') => request.help = true,
            Long("version") | Short('V') => request.version = true,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(request)
}

fn answer(request: &Request) -> Answer {
    if request.version {
        return Ok((format!("tvmtrt {}\n", env!("CARGO_PKG_VERSION")), true));
    }
    let words: Vec<&str> = request.words.iter().map(String::as_str).collect();
    if request.help || words == ["help"] {
        return Ok((HELP.to_string(), true));
    }
    match words[..] {
        [] => Err(Failure::Usage("no command is given".into())),
        ["info"] => Ok((info(request), true)),
        ["cache", "list"] => files(request, false),
        ["cache", "verify"] => files(request, true),
        ["cache", "clear"] => clear(request),
        _ => Err(Failure::Usage(format!("there is no command '{}'", words.join(" ")))),
    }
}

fn info(request: &Request) -> String {
    let options = LibraryOptions { path: request.library.clone(), force_version: false };
    let info = search(&options, &Log::default());
    if request.json { info_json(&info) + "\n" } else { info.to_string() }
}

fn cache(request: &Request) -> Result<Cache, Failure> {
    let folder = request.folder.clone().or_else(|| std::env::var_os("TVM_TENSORRT_CACHE_DIR").filter(|v| !v.is_empty()).map(PathBuf::from));
    let folder = folder.ok_or_else(|| Failure::Usage("which folder? give --folder".into()))?;
    Ok(Cache::open(&folder, None))
}

/// A line of a key.
fn field<'a>(item: &'a Item, name: &str) -> &'a str {
    item.key.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": ")).unwrap_or("")
}

fn files(request: &Request, full: bool) -> Answer {
    let cache = cache(request)?;
    let items = if full { cache.verify()? } else { cache.list()? };
    let (well, bytes) = (items.iter().all(|i| i.fault.is_none()), items.iter().map(|i| i.bytes).sum::<u64>());
    let folder = cache.folder().display();
    if request.json {
        let files: Vec<_> = items.iter().map(object).collect();
        let all = json!({ "schema_version": 1, "folder": folder.to_string(), "bytes": bytes, "files": files });
        return Ok((format!("{all:#}\n"), well || !full));
    }
    let mut text: String = items.iter().map(line).collect();
    text += &format!("{} files, {} in {folder}\n", items.len(), size(bytes));
    Ok((text, well || !full))
}

fn object(item: &Item) -> serde_json::Value {
    let used = item.used.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    json!({
        "path": item.path.display().to_string(),
        "kind": item.kind.name(),
        "bytes": item.bytes,
        "used": used,
        "library": field(item, "library"),
        "device": field(item, "device"),
        "fault": item.fault,
    })
}

fn line(item: &Item) -> String {
    let name = item.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let age = SystemTime::now().duration_since(item.used).map_or(0, |d| d.as_secs());
    let what = match &item.fault {
        Some(fault) => fault.clone(),
        None => format!("{}; {}", field(item, "library"), field(item, "device")),
    };
    format!("{:>10}  {:>10}  {:6}  {name:.12}  {what}\n", size(item.bytes), ago(age), item.kind.name())
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

/// A span of time for people.
fn ago(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s ago"),
        120..7200 => format!("{} min ago", seconds / 60),
        7200..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

fn clear(request: &Request) -> Answer {
    let cache = cache(request)?;
    let (count, bytes) = cache.clear()?;
    let folder = cache.folder().display();
    let text = if request.json {
        format!("{:#}\n", json!({ "schema_version": 1, "folder": folder.to_string(), "removed": count, "bytes": bytes }))
    } else {
        format!("{count} files, {} removed from {folder}\n", size(bytes))
    };
    Ok((text, true))
}
