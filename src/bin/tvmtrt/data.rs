//! Tensors of runs: read from files by name or position, else random from a seed; results into files.

use crate::request::{Failure, Request, io, write};
use crate::{npy, npz, shapes};
use std::path::{Path, PathBuf};
use tvmtrt::import::onnx;
use tvmtrt::session::arguments::resolve;
use tvmtrt::session::run::{Memory, View};
use tvmtrt::session::shapes::SymbolRange;
use tvmtrt::session::value::ValueInfo;
use tvmtrt::tensor::bytes::map_file;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::{Context, Result};
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensor::lists::Lists;
use tvmtrt::{ensure, fail};

/// A tensor and the name that its file gives it, where it gives one.
pub type Named = (Option<String>, Tensor);

/// Inputs of a run.
pub struct Inputs {
    /// In the model's order.
    pub tensors: Vec<Tensor>,
    /// Names of those that are random.
    pub random: Vec<String>,
    /// What those were made from.
    pub seed: u64,
}

/// Inputs from `--input`, and random ones for the rest.
pub fn inputs(request: &Request, known: &[ValueInfo], ranges: &[SymbolRange]) -> std::result::Result<Inputs, Failure> {
    let mut given: Vec<Named> = Vec::new();
    for text in request.all("input") {
        let (name, path) = match text.to_str().and_then(|t| t.split_once('=')).filter(|(name, _)| known.iter().any(|k| k.name == *name)) {
            Some((name, path)) => (Some(name.to_string()), Path::new(path)),
            None => (None, Path::new(text)),
        };
        let mut tensors = read(path, "input")?;
        if let (Some(name), [(at, _)]) = (name, tensors.as_mut_slice()) {
            *at = Some(name);
        }
        given.extend(tensors);
    }
    let seed = request.number::<u64>("seed", 0)?.unwrap_or(1);
    let tensors = placed(given, known, "input")?;
    if tensors.iter().all(Option::is_some) {
        return Ok(Inputs { tensors: tensors.into_iter().flatten().collect(), random: Vec::new(), seed });
    }
    let extents = shapes::extents(request, known, ranges, &tensors)?;
    let mut random = Random(seed);
    let mut names = Vec::new();
    let mut fill = |(i, tensor): (usize, Option<Tensor>)| {
        tensor.unwrap_or_else(|| {
            names.push(known[i].name.clone());
            random.tensor(known[i].dtype, &extents[i])
        })
    };
    let tensors = tensors.into_iter().enumerate().map(&mut fill).collect();
    Ok(Inputs { tensors, random: names, seed })
}

/// For each known value the tensor that is given for it: by its name, else by its position. Names that the model does not have count as none where
/// files name no tensor of the model at all: exporters name them as they like.
pub fn placed(given: Vec<Named>, known: &[ValueInfo], what: &str) -> Result<Vec<Option<Tensor>>> {
    let named = given.iter().any(|(name, _)| known.iter().any(|k| Some(&k.name) == name.as_ref()));
    let names: Vec<Option<&str>> = given.iter().map(|(name, _)| name.as_deref().filter(|_| named || given.len() > known.len())).collect();
    let lists = Lists::new();
    let positions = resolve(&names, known, what, &lists)?;
    // Tensors share their bytes with their copies.
    Ok(positions.iter().map(|position| position.map(|p| given[p].1.clone())).collect())
}

impl Inputs {
    /// The tensors as a run takes them.
    pub fn views(&self) -> Vec<View<'_>> {
        self.tensors.iter().map(|t| View { dtype: t.dtype(), shape: t.shape(), memory: Memory::Host(t.bytes()) }).collect()
    }

    /// Says where random inputs come from; empty where there is none.
    pub fn note(&self) -> String {
        if self.random.is_empty() { String::new() } else { format!("random from seed {}: {}\n", self.seed, self.random.join(", ")) }
    }
}

/// Reads tensors from a file by its kind, or from a folder with `input_0.pb`, `input_1.pb` and so on as ONNX's test data have them.
pub fn read(path: &Path, what: &str) -> Result<Vec<Named>> {
    if path.is_dir() {
        return folder(path, what);
    }
    let bytes = || map_file(path);
    match path.extension().and_then(|e| e.to_str()) {
        Some("npy") => Ok(vec![(None, npy::read(&bytes()?).context(|| format!("'{}'", path.display()))?)]),
        Some("npz") => Ok(npz::read(path)?.into_iter().map(|(name, tensor)| (Some(name), tensor)).collect()),
        Some("pb") => Ok(vec![protobuf(path)?]),
        _ => fail!(InvalidArgument, "'{}' is neither .npy nor .npz nor .pb nor a folder with {what}_0.pb", path.display()),
    }
}

fn protobuf(path: &Path) -> Result<Named> {
    let (name, tensor) = onnx::read_tensor(path)?;
    // Bytes of a message lie anywhere; a run wants them aligned.
    let tensor = Tensor::new(tensor.dtype(), tensor.shape().to_vec(), npy::aligned(tensor.bytes()))?;
    Ok((Some(name).filter(|n| !n.is_empty()), tensor))
}

fn folder(path: &Path, what: &str) -> Result<Vec<Named>> {
    let mut files: Vec<(u64, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(path).map_err(|e| io(path, e))? {
        let file = entry.map_err(|e| io(path, e))?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let number = name.strip_prefix(what).and_then(|n| n.strip_prefix('_')).and_then(|n| n.strip_suffix(".pb"));
        if let Some(number) = number.and_then(|n| n.parse().ok()) {
            files.push((number, file));
        }
    }
    files.sort();
    ensure!(!files.is_empty(), InvalidArgument, "folder '{}' has no {what}_0.pb", path.display());
    files.iter().map(|(_, file)| protobuf(file)).collect()
}

/// Writes results: one to a `.npy` file, any number to a `.npz` file.
pub fn write_outputs(path: &Path, known: &[ValueInfo], tensors: &[Tensor]) -> Result<()> {
    match (path.extension().and_then(|e| e.to_str()), tensors) {
        (Some("npy"), [only]) => write(path, &npy::write(only)),
        (Some("npy"), _) => fail!(InvalidArgument, "'{}': there are {} outputs; write them to an .npz file", path.display(), tensors.len()),
        (Some("npz"), _) => npz::write(path, &known.iter().map(|k| k.name.as_str()).zip(tensors).collect::<Vec<_>>()),
        _ => fail!(InvalidArgument, "'{}' is neither .npy nor .npz", path.display()),
    }
}

/// Numbers that look random, the same for the same seed everywhere (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn tensor(&mut self, dtype: DType, shape: &[usize]) -> Tensor {
        let count = shape.iter().product();
        let values: Vec<f64> = match dtype.is_float() {
            true => (0..count).map(|_| (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0).collect(),
            // What indices, lengths and masks can be whatever the model is.
            false => (0..count).map(|_| (self.next() >> 63) as f64).collect(),
        };
        Tensor::from_f64s(dtype, shape, &values)
    }
}
