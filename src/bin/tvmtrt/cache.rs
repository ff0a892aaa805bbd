//! `tvmtrt cache`: the folder of engines, from outside.

use crate::request::{Answer, Failure, Request};
use crate::words::{self, ago, size};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tvmtrt::tensorrt::cache::Cache;
use tvmtrt::tensorrt::cache::shelf::Item;

/// What can be done with a cache.
pub const ACTIONS: &[&str] = &["list", "verify", "clear"];

/// `tvmtrt cache`.
pub fn cache(request: &Request) -> Answer {
    let cache = Cache::open(&folder(request)?, None);
    match request.operand(0).and_then(|w| w.to_str()) {
        Some("clear") => clear(request, &cache),
        action => files(request, &cache, action == Some("verify")),
    }
}

fn folder(request: &Request) -> Result<PathBuf, Failure> {
    let options = request.options()?;
    let option = options.given("engine_cache").filter(|f| !f.is_empty()).map(Path::new);
    let folder = request.operand(1).map(Path::new).or(option);
    folder.map(Path::to_path_buf).ok_or_else(|| Failure::Usage("which folder? give it, or set TVM_TENSORRT_CACHE_DIR".into()))
}

/// A line of a key.
fn field<'a>(item: &'a Item, name: &str) -> &'a str {
    item.key.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": ")).unwrap_or("")
}

fn files(request: &Request, cache: &Cache, full: bool) -> Answer {
    let items = if full { cache.verify()? } else { cache.list()? };
    let (well, bytes) = (items.iter().all(|i| i.fault.is_none()), items.iter().map(|i| i.bytes).sum::<u64>());
    let folder = cache.folder().display();
    if request.json() {
        let files: Vec<_> = items.iter().map(object).collect();
        let all = json!({ "schema_version": 1, "folder": folder.to_string(), "bytes": bytes, "files": files });
        return Ok((format!("{all:#}\n"), well || !full));
    }
    let mut text: String = items.iter().map(line).collect();
    text += &format!("{}, {} in {folder}\n", words::count(items.len(), "file"), size(bytes));
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

fn clear(request: &Request, cache: &Cache) -> Answer {
    let (count, bytes) = cache.clear()?;
    let folder = cache.folder().display();
    let text = if request.json() {
        format!("{:#}\n", json!({ "schema_version": 1, "folder": folder.to_string(), "removed": count, "bytes": bytes }))
    } else {
        format!("{}, {} removed from {folder}\n", words::count(count, "file"), size(bytes))
    };
    Ok((text, true))
}
