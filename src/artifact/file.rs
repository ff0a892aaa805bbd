//! The whole of an artifact: which entries there are, who wrote them, in which version of the format. Writes it and reads it; whether its
//! engines fit a machine is not known here.

use crate::artifact::elf::{self, Machine};
use crate::artifact::elf_read;
use crate::artifact::graph_read::{self, Names};
use crate::artifact::json::{bad, int, list, members, parse, switch, text};
use crate::artifact::weights::{Shelf, Weights};
use crate::artifact::zip::is_safe;
use crate::artifact::zip::read::Archive;
use crate::artifact::zip::write::Writer;
use crate::artifact::{graph, plan};
use crate::ir::Graph;
use crate::ir::opdef::OpDef;
use crate::ir::verify::verify;
use crate::partition::Partition;
use crate::partition::restore::Decided;
use crate::tensor::bytes::map_file;
use crate::tensor::digest::Digest;
use crate::tensor::error::{Code, Context, Error, Result};
use crate::tensor::file::write_parts;
use crate::{ensure, fail};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Version of the format: what has another major number is another format; of the same one every version up to this is read.
pub const FORMAT: (u64, u64) = (1, 0);

/// The entry that says what there is.
pub const MANIFEST: &str = "manifest.json";
const GRAPH: &str = "graph.json";
/// The entry with what was decided of the graph.
pub const PLAN: &str = "partition.json";
const WEIGHTS: &str = "weights.safetensors";

/// Where engines are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engines {
    /// In the artifact.
    #[default]
    Inside,
    /// In files next to it.
    Beside,
    /// Nowhere.
    Nowhere,
}

/// An engine, and what its owner says of it.
#[derive(Debug, Clone)]
pub struct Engine {
    /// Its bytes.
    pub bytes: Bytes,
    /// An object; its members are added to those that say where the bytes are.
    pub about: Map<String, Value>,
}

/// What is written.
pub struct Content<'a> {
    /// The graph and what was decided of it.
    pub parts: &'a Partition,
    /// What the model says of itself.
    pub metadata: &'a [(String, String)],
    /// Options, by key.
    pub options: &'a [(String, String)],
    /// What a build needs to know besides; an object.
    pub build: Value,
    /// The engines of regions.
    pub engines: &'a [Engine],
    /// Further texts, by the name of their entry.
    pub texts: &'a [(String, String)],
}

/// How it is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Form {
    /// Where engines go.
    pub engines: Engines,
    /// For a path that ends in `.so`: the kind of processor.
    pub machine: Machine,
    /// Every number of the zip in 64 bits.
    pub always_wide: bool,
}

/// Writes an artifact to `path`: a shared object where that ends in `.so`.
pub fn write(path: &Path, content: &Content, form: Form) -> Result<()> {
    let fault = |path: &Path, e: std::io::Error| Error::new(Code::Io, format!("cannot write '{}': {e}", path.display()));
    let name = path.file_name().and_then(|n| n.to_str()).filter(|n| is_safe(n));
    let Some(name) = name else { fail!(InvalidArgument, "'{}' is no name for an artifact", path.display()) };
    let (mut shelf, folder) = (Shelf::default(), format!("{name}.engines"));
    let described = describe(content.engines, form.engines, &folder);
    if form.engines == Engines::Beside && !described.is_empty() {
        let beside = path.with_file_name(&folder);
        std::fs::create_dir_all(&beside).map_err(|e| fault(&beside, e))?;
        for (file, engine) in described.iter().map(|(f, _)| f).zip(content.engines) {
            let file = path.with_file_name(file);
            write_parts(&file, &[&engine.bytes]).map_err(|e| fault(&file, e))?;
        }
    }
    let graph = graph::write(&content.parts.graph, &mut shelf);
    let map = |pairs: &[(String, String)]| pairs.iter().map(|(k, v)| (k.clone(), json!(v))).collect::<Map<String, Value>>();
    let manifest = json!({
        "format": format!("{}.{}", FORMAT.0, FORMAT.1),
        "writer": format!("tvmtrt {}", env!("CARGO_PKG_VERSION")),
        "metadata": map(content.metadata),
        "options": map(content.options),
        "build": content.build,
        "engines": described.iter().map(|(_, about)| Value::Object(about.clone())).collect::<Vec<_>>(),
    });
    let text = |v: &Value| -> Vec<Cow<[u8]>> { vec![Cow::Owned(format!("{v:#}\n").into_bytes())] };
    let mut zip = Writer::new(form.always_wide);
    zip.add(MANIFEST, text(&manifest))?;
    zip.add(PLAN, text(&plan::write(content.parts)))?;
    zip.add(GRAPH, vec![Cow::Owned(graph.to_string().into_bytes())])?;
    zip.add(WEIGHTS, shelf.pieces())?;
    content.texts.iter().try_for_each(|(name, text)| zip.add(name, vec![Cow::Borrowed(text.as_bytes())]))?;
    if form.engines == Engines::Inside {
        described.iter().zip(content.engines).try_for_each(|((file, _), e)| zip.add(file, vec![Cow::Borrowed(&e.bytes)]))?;
    }
    let parts = zip.finish();
    let mut parts: Vec<&[u8]> = parts.iter().map(|p| &p[..]).collect();
    let wrapping;
    if path.extension().is_some_and(|e| e == "so") {
        wrapping = elf::wrap(parts.iter().map(|p| p.len() as u64).sum(), form.machine, name);
        parts.insert(0, &wrapping.0);
        parts.push(&wrapping.1);
    }
    write_parts(path, &parts).map_err(|e| fault(path, e))
}

/// Where each engine's bytes go, and all that is said of it.
fn describe(engines: &[Engine], place: Engines, folder: &str) -> Vec<(String, Map<String, Value>)> {
    if place == Engines::Nowhere {
        return Vec::new();
    }
    let one = |(i, engine): (usize, &Engine)| {
        let (digest, inside) = (Digest::of(&engine.bytes).to_string(), place == Engines::Inside);
        // Beside, the name tells the content: a file is never another's.
        let file = if inside { format!("engines/{i}.engine") } else { format!("{folder}/{digest:.16}.engine") };
        let mut about = engine.about.clone();
        about.insert("file".into(), json!(file));
        about.insert("inside".into(), json!(inside));
        about.insert("size".into(), json!(engine.bytes.len()));
        about.insert("digest".into(), json!(digest));
        (file, about)
    };
    engines.iter().enumerate().map(one).collect()
}

/// An artifact that is read.
#[derive(Debug)]
pub struct Artifact {
    label: String,
    folder: Option<PathBuf>,
    archive: Archive,
    manifest: Value,
}

impl Artifact {
    /// Maps a file. As with every mapped file, shortening it while it is used ends the process; replacing it does not.
    pub fn open(path: &Path) -> Result<Artifact> {
        let folder = path.parent().map(Path::to_owned);
        Artifact::read(map_file(path)?, format!("artifact '{}'", path.display()), folder)
    }

    /// Reads from memory. Engines beside it are out of reach.
    pub fn of_bytes(bytes: Bytes) -> Result<Artifact> {
        Artifact::read(bytes, "artifact in memory".into(), None)
    }

    fn read(bytes: Bytes, label: String, folder: Option<PathBuf>) -> Result<Artifact> {
        let read = || {
            let bytes = match bytes.starts_with(elf::MAGIC) {
                true => bytes.slice(elf_read::artifact(&bytes)?),
                false => bytes.clone(),
            };
            let archive = Archive::open(bytes)?;
            let manifest = entry(&archive, MANIFEST)?;
            check_format(&manifest).context(|| format!("entry '{MANIFEST}'"))?;
            Ok((archive, manifest))
        };
        let (archive, manifest) = read().context(|| &label)?;
        Ok(Artifact { label, folder, archive, manifest })
    }

    /// Where it comes from, for messages.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The version of tvmtrt that wrote it.
    pub fn writer(&self) -> &str {
        self.manifest["writer"].as_str().unwrap_or("an unknown program")
    }

    /// Its entries, by name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.archive.names()
    }

    /// The options that were set, by key.
    pub fn options(&self) -> Result<Vec<(String, String)>> {
        self.pairs("options")
    }

    /// What the model said of itself.
    pub fn metadata(&self) -> Result<Vec<(String, String)>> {
        self.pairs("metadata")
    }

    fn pairs(&self, key: &str) -> Result<Vec<(String, String)>> {
        let all = members(&self.manifest, key).and_then(|all| {
            let text = |(k, v): (&String, &Value)| Some((k.clone(), v.as_str()?.to_string()));
            all.iter().map(text).collect::<Option<_>>().ok_or_else(|| bad(format!("'{key}' has a member that is no text")))
        });
        self.at(MANIFEST, all)
    }

    /// What [`Content::build`] was.
    pub fn build(&self) -> &Value {
        &self.manifest["build"]
    }

    /// The graph, its weights in place.
    pub fn graph(&self, ops: &dyn Fn(&str) -> Option<&'static OpDef>) -> Result<Graph> {
        let weights = self.at(WEIGHTS, self.weights())?;
        let json = entry(&self.archive, GRAPH).context(|| &self.label)?;
        let graph = self.at(GRAPH, graph_read::read(&json, &Names { ops, weights: &weights }))?;
        self.at(GRAPH, verify(&graph))?;
        Ok(graph)
    }

    fn weights(&self) -> Result<Weights> {
        Weights::read(&self.archive.get(WEIGHTS).ok_or_else(|| bad("it is missing"))?)
    }

    /// What was decided of a graph of `nodes` nodes.
    pub fn decided(&self, nodes: usize) -> Result<Decided> {
        let json = entry(&self.archive, PLAN).context(|| &self.label)?;
        self.at(PLAN, plan::read(&json, nodes))
    }

    /// A text of [`Content::texts`].
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        let bytes = self.archive.checked(name).context(|| &self.label)?;
        let text = |b: Bytes| String::from_utf8(b.to_vec()).map_err(|_| bad("it is no UTF-8"));
        self.at(name, bytes.map(text).transpose())
    }

    /// What is said of each engine.
    pub fn engines(&self) -> Result<&[Value]> {
        self.at(MANIFEST, list(&self.manifest, "engines"))
    }

    /// The bytes of an engine of [`Artifact::engines`], which are those that were written.
    pub fn engine(&self, about: &Value) -> Result<Bytes> {
        let find = || {
            let (file, inside) = (text(about, "file")?, switch(about, "inside")?);
            let (size, digest) = (int(about, "size")?, text(about, "digest")?);
            ensure!(is_safe(file), MalformedModel, "the name {file:?} is refused: names are relative and have no '..', '\\' or ':'");
            let bytes = match (inside, &self.folder) {
                (true, _) => self.archive.get(file).ok_or_else(|| bad(format!("there is no entry '{file}'")))?,
                (false, Some(folder)) => map_file(&folder.join(file))?,
                (false, None) => fail!(Io, "the engine is in the file '{file}' beside the artifact, which was given as bytes in memory"),
            };
            let same = bytes.len() as i64 == size && Digest::of(&bytes).to_string() == digest;
            ensure!(same, MalformedModel, "the engine '{file}' is damaged: it is not what was written");
            Ok(bytes)
        };
        find().context(|| &self.label)
    }

    /// Reads everything and holds it against its digests; loading trusts weights.
    pub fn verify(&self) -> Result<()> {
        self.archive.names().try_for_each(|name| self.archive.checked(name).map(drop)).context(|| &self.label)?;
        self.at(WEIGHTS, self.weights().and_then(|w| w.verify()))?;
        self.engines()?.iter().try_for_each(|about| self.engine(about).map(drop))
    }

    /// An error with the file and the entry that it is about.
    pub fn at<T>(&self, entry: &str, result: Result<T>) -> Result<T> {
        result.context(|| format!("{}, entry '{entry}'", self.label))
    }
}

/// The JSON of an entry that must be there, and be what was written.
fn entry(archive: &Archive, name: &str) -> Result<Value> {
    let bytes = archive.checked(name)?.ok_or_else(|| bad(format!("there is no entry '{name}'")))?;
    parse(&bytes).context(|| format!("entry '{name}'"))
}

fn check_format(manifest: &Value) -> Result<()> {
    let written = text(manifest, "format")?;
    let numbers = written.split_once('.').and_then(|(a, b)| Some((a.parse::<u64>().ok()?, b.parse::<u64>().ok()?)));
    let Some((major, minor)) = numbers else { return Err(bad(format!("format '{written}' is no version"))) };
    let (own, writer) = (format!("{}.{}", FORMAT.0, FORMAT.1), manifest["writer"].as_str().unwrap_or("an unknown program"));
    ensure!(
        major == FORMAT.0 && minor <= FORMAT.1,
        UnsupportedModel,
        "it has format {written}, written by {writer}; tvmtrt {} reads formats {}.0 to {own}: load it with the version that wrote it, or save it again",
        env!("CARGO_PKG_VERSION"),
        FORMAT.0
    );
    Ok(())
}
