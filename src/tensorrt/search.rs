//! Where a TensorRT library may be: an ordered list of places, from what the caller says down to the system's folders.
//! Reads the environment and folders; opens nothing.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What to look for, and how strictly.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// A library file or a folder that holds one, at any depth that an unpacked archive has; nothing else is tried then.
    pub path: Option<PathBuf>,
    /// Drive a version that is newer than every table as if it were the newest known: at the caller's risk.
    pub any_version: bool,
}

/// The variable that names a library or a folder, as [`Search::path`] does.
pub const VARIABLE: &str = "TVMTRT_TENSORRT_LIBRARY";

/// Variables by which other tools find an unpacked archive.
const ROOTS: &[&str] = &["TENSORRT_ROOT", "TRT_ROOT", "TENSORRT_DIR", "TENSORRT_HOME", "TensorRT_ROOT", "TRT_LIBPATH"];

/// File names, best first: the full product before the one for RTX, newer majors before older.
const NAMES: &[&str] =
    &["libnvinfer.so.11", "libnvinfer.so.10", "libnvinfer.so.8", "libnvinfer.so", "libtensorrt_rtx.so.1", "libtensorrt_rtx.so"];

/// How names of libraries begin that run engines and build none: used where the caller names one, or a folder with nothing else.
const RUNTIMES: &[&str] = &["libnvinfer_lean.so", "libnvinfer_dispatch.so"];

/// A place to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file that is there.
    File(PathBuf),
    /// A name for the system's loader to find.
    Name(&'static str),
    /// Nothing to open, and why.
    Nothing(PathBuf, String),
}

/// The places to try, in order, each once.
pub fn places(search: &Search, variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<Place> {
    let set = |name: &str| variable(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(path) = search.path.clone().or_else(|| set(VARIABLE)) {
        return explicit(&path);
    }
    let mut out: Vec<Place> = ROOTS.iter().filter_map(|name| set(name)).flat_map(|root| explicit(&root)).collect();
    out.extend(NAMES.iter().map(|name| Place::Name(name)));
    let environments = ["VIRTUAL_ENV", "CONDA_PREFIX"].iter().filter_map(|name| set(name));
    let home = set("HOME").map(|h| h.join(".local"));
    let prefixes: Vec<PathBuf> = environments.chain(home).chain(["/usr/local", "/usr", "/opt/conda"].map(PathBuf::from)).collect();
    let packages: Vec<PathBuf> = prefixes.iter().flat_map(|p| site_packages(p)).collect();
    for folder in packages.iter().flat_map(|p| wheels(p)).chain(system_folders()) {
        out.extend(libraries(&folder).into_iter().map(Place::File));
    }
    let mut seen = BTreeSet::new();
    out.retain(|place| match place {
        Place::File(path) => seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())),
        Place::Nothing(path, _) => seen.insert(path.clone()),
        Place::Name(_) => true,
    });
    if let Some(last) = packages.is_empty().then(|| PathBuf::from("site-packages")) {
        out.push(Place::Nothing(last, "no Python environment in the usual places".into()));
    } else if !out.iter().any(|p| matches!(p, Place::File(f) if packages.iter().any(|s| f.starts_with(s)))) {
        out.extend(packages.into_iter().map(|p| Place::Nothing(p, "no TensorRT package in it".into())));
    }
    let bare = system_folders().filter(|folder| folder.is_dir() && libraries(folder).is_empty());
    out.extend(bare.map(|folder| Place::Nothing(folder, "no TensorRT library in it".into())));
    out
}

/// A file, or the best library of a folder that the caller names.
fn explicit(path: &Path) -> Vec<Place> {
    if path.is_file() {
        return vec![Place::File(path.to_owned())];
    }
    if !path.is_dir() {
        return vec![Place::Nothing(path.to_owned(), "no such file or folder".into())];
    }
    let mut folders = vec![path.to_owned(), path.join("lib"), path.join("lib64")];
    folders.extend(children(&path.join("targets"), |_| true).into_iter().map(|p| p.join("lib")));
    folders.extend(site_packages(path).iter().flat_map(|p| wheels(p)));
    folders.extend(wheels(path));
    let mut found: Vec<Place> = folders.iter().flat_map(|f| libraries(f)).map(Place::File).collect();
    if found.is_empty() {
        let runtimes = folders.iter().flat_map(|f| RUNTIMES.iter().flat_map(|name| children(f, |n| n.starts_with(name))));
        found = runtimes.map(Place::File).collect();
    }
    if found.is_empty() {
        let reason = format!("holds none of {}, nor do lib, lib64 and targets/*/lib in it", NAMES.join(", "));
        return vec![Place::Nothing(path.to_owned(), reason)];
    }
    found
}

/// Entries of a folder whose name passes, sorted, the last first: of several versions the newer.
fn children(folder: &Path, keep: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut out: Vec<PathBuf> =
        entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.file_name().and_then(|n| n.to_str()).is_some_and(&keep)).collect();
    out.sort();
    out.reverse();
    out
}

/// Libraries in a folder: those with a usual name, best first, else those whose name holds a full version.
fn libraries(folder: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = NAMES.iter().map(|name| folder.join(name)).filter(|p| p.is_file()).collect();
    if out.is_empty() {
        out = children(folder, |n| n.starts_with("libnvinfer.so.") || n.starts_with("libtensorrt_rtx.so."));
    }
    let mut seen = BTreeSet::new();
    out.retain(|p| seen.insert(p.canonicalize().unwrap_or_else(|_| p.clone())));
    out
}

/// The folders of Python packages under a prefix.
fn site_packages(prefix: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for lib in ["lib", "lib64"] {
        for python in children(&prefix.join(lib), |n| n.starts_with("python3")) {
            out.extend(["site-packages", "dist-packages"].map(|p| python.join(p)));
        }
    }
    out.retain(|p| p.is_dir());
    let mut seen = BTreeSet::new();
    out.retain(|p| seen.insert(p.canonicalize().unwrap_or_else(|_| p.clone())));
    out
}

/// Packages of TensorRT among Python packages: `tensorrt_libs`, `tensorrt_cu12_libs`, `tensorrt_rtx_libs` and the like.
fn wheels(packages: &Path) -> Vec<PathBuf> {
    let mut out = children(packages, |n| n.starts_with("tensorrt") && n.ends_with("_libs"));
    out.extend(children(packages, |n| n == "tensorrt" || n == "tensorrt_rtx"));
    out
}

/// Where distributions and archives put libraries.
fn system_folders() -> impl Iterator<Item = PathBuf> {
    let arch = std::env::consts::ARCH;
    let debian = [format!("/usr/lib/{arch}-linux-gnu"), format!("/usr/local/lib/{arch}-linux-gnu")];
    let fixed = ["/usr/lib64", "/usr/lib", "/usr/local/lib64", "/usr/local/lib", "/usr/local/tensorrt/lib", "/opt/tensorrt/lib"];
    let unpacked = ["/usr/local", "/opt"].map(Path::new).into_iter().flat_map(|p| children(p, |n| n.starts_with("TensorRT")));
    debian.map(PathBuf::from).into_iter().chain(fixed.map(PathBuf::from)).chain(unpacked.map(|p| p.join("lib")))
}

/// Folders that may hold what a library needs: its own, and those of the CUDA packages beside a Python package.
pub(super) fn companions(library: &Path) -> Vec<PathBuf> {
    let Some(own) = library.parent() else { return Vec::new() };
    let mut out = vec![own.to_owned()];
    if let Some(packages) = own.parent() {
        out.extend(children(&packages.join("nvidia"), |_| true).into_iter().map(|p| p.join("lib")));
    }
    out.push(PathBuf::from("/usr/local/cuda/lib64"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str, files: &[&str]) -> Tree {
            let root = std::env::temp_dir().join(format!("tvmtrt-search-{}-{name}", std::process::id()));
            for file in files {
                let path = root.join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, file).unwrap();
            }
            Tree(root)
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn files(places: &[Place]) -> Vec<PathBuf> {
        places.iter().filter_map(|p| if let Place::File(f) = p { Some(f.clone()) } else { None }).collect()
    }

    #[test]
    fn a_named_folder_is_the_only_place_and_the_newest_library_comes_first() {
        let tree =
            Tree::new("root", &["lib/libnvinfer.so.8", "lib/libnvinfer.so.10", "targets/x86_64-linux-gnu/lib/libnvinfer.so.10.16.0"]);
        let search = Search { path: Some(tree.0.clone()), any_version: false };
        let found = places(&search, &|_| Some("/elsewhere".into()));
        let expected = ["lib/libnvinfer.so.10", "lib/libnvinfer.so.8", "targets/x86_64-linux-gnu/lib/libnvinfer.so.10.16.0"];
        assert_eq!(files(&found), expected.map(|f| tree.0.join(f)));
        assert_eq!(found.len(), 3);
        let lean = Tree::new("lean", &["lib/libnvinfer_lean.so.10", "lib/libnvinfer_dispatch.so.10"]);
        let found = places(&Search { path: Some(lean.0.clone()), any_version: false }, &|_| None);
        assert_eq!(files(&found), ["lib/libnvinfer_lean.so.10", "lib/libnvinfer_dispatch.so.10"].map(|f| lean.0.join(f)));
        let absent = Search { path: Some(tree.0.join("none")), any_version: false };
        assert_eq!(places(&absent, &|_| None), [Place::Nothing(tree.0.join("none"), "no such file or folder".into())]);
    }

    #[test]
    fn variables_and_python_environments_are_searched_in_order() {
        let wheel = "lib/python3.11/site-packages/tensorrt_cu12_libs/libnvinfer.so.10";
        let rtx = "lib/python3.12/site-packages/tensorrt_rtx_libs/libtensorrt_rtx.so.1";
        let tree = Tree::new("env", &["trt/lib/libnvinfer.so.11", &format!("venv/{wheel}"), &format!("venv/{rtx}")]);
        let root = tree.0.clone();
        let found = places(&Search::default(), &move |name| match name {
            "TENSORRT_ROOT" => Some(root.join("trt").into()),
            "VIRTUAL_ENV" => Some(root.join("venv").into()),
            _ => None,
        });
        let ours: Vec<PathBuf> = files(&found).into_iter().filter(|p| p.starts_with(&tree.0)).collect();
        assert_eq!(ours, [tree.0.join("trt/lib/libnvinfer.so.11"), tree.0.join("venv").join(rtx), tree.0.join("venv").join(wheel)]);
        let first_name = found.iter().position(|p| *p == Place::Name("libnvinfer.so.11")).unwrap();
        assert_eq!(first_name, 1, "the loader comes after the roots and before Python environments");
    }
}
