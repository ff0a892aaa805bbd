//! An opened TensorRT library: found, checked, kept for the life of the process. Must not build or run anything.

#![allow(unsafe_code)]

use crate::network::capabilities::{Capabilities, Flavour};
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::P;
use crate::tensorrt::abi::VERSIONS;
use crate::tensorrt::abi::version::{Abi, Release};
use crate::tensorrt::logger::Logger;
use crate::tensorrt::search::{Place, Search, companions, places};
use libloading::os::unix::{Library as Handle, RTLD_LOCAL, RTLD_NOW};
use std::collections::BTreeMap;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

/// A place where a library was looked for, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// A path, or a name that the system's loader was asked for.
    pub place: String,
    /// The release that was opened, or why none was.
    pub outcome: std::result::Result<String, Error>,
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Ok(release) => write!(f, "{}: {release}", self.place),
            Err(error) => write!(f, "{}: {}", self.place, error.message),
        }
    }
}

type Create = unsafe extern "C" fn(P, i32) -> P;
type CreateOf = unsafe extern "C" fn(P, P, i32) -> P;
type InitPlugins = unsafe extern "C" fn(P, *const c_char) -> bool;

/// How TensorRT gets to know of the plugins in a library that is open; where neither is said, by the library itself.
pub(in crate::tensorrt) struct Announcement {
    /// TensorRT is told to ask it.
    pub(in crate::tensorrt) asked: bool,
    /// It is told to register them: TensorRT's own library of plugins.
    pub(in crate::tensorrt) init: Option<InitPlugins>,
}

/// An opened library. There is one per file, never closed: TensorRT does not survive it.
pub struct Library {
    path: PathBuf,
    number: i32,
    build: Option<i32>,
    abi: Abi,
    logger: &'static Logger,
    builder: Option<Create>,
    runtime: Create,
    registry: Option<unsafe extern "C" fn() -> P>,
    refitter: Option<CreateOf>,
    siblings: Once,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.abi.release, self.path.display())
    }
}

static OPENED: Mutex<BTreeMap<PathBuf, &'static Library>> = Mutex::new(BTreeMap::new());

impl Library {
    /// The first library that can be driven. Where there is none, the error lists each place and why not.
    pub fn find(search: &Search) -> Result<&'static Library> {
        let (found, probes) = Library::probe(search);
        found.ok_or_else(|| {
            let listed: String = probes.iter().map(|p| format!("\n  {p}")).collect();
            // One library of the wrong version is an error of that kind; several problems are "not found".
            let mut refused = probes.iter().filter_map(|p| p.outcome.as_ref().err()).filter(|e| e.code != Code::TensorRtNotFound);
            match (refused.next(), refused.next()) {
                (Some(only), None) => Error::new(only.code, format!("{}; tried:{listed}", only.message)),
                _ => Error::new(Code::TensorRtNotFound, format!("no TensorRT library that can be driven; tried:{listed}")),
            }
        })
    }

    /// As [`Library::find`], with what came of each place up to the first success.
    pub fn probe(search: &Search) -> (Option<&'static Library>, Vec<Probe>) {
        let mut probes = Vec::new();
        for place in places(search, &|name| std::env::var_os(name)) {
            let (place, outcome) = match place {
                Place::File(path) => (path.display().to_string(), open_file(&path, search.any_version)),
                Place::Name(name) => (name.to_owned(), open_name(name, search.any_version)),
                Place::Nothing(path, why) => (path.display().to_string(), Err(Error::new(Code::TensorRtNotFound, why))),
            };
            let found = outcome.as_ref().ok().copied();
            probes.push(Probe { place, outcome: outcome.map(|l| l.abi.release.to_string()) });
            if found.is_some() {
                return (found, probes);
            }
        }
        (None, probes)
    }

    /// Where the library is, without links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its flavour and version, as it gives them itself.
    pub fn release(&self) -> Release {
        self.abi.release
    }

    /// Flavour, version and, where it tells (from 10 on), the number of its build.
    pub fn full_version(&self) -> String {
        match self.build {
            Some(build) => format!("{}, build {build}", self.release()),
            None => self.release().to_string(),
        }
    }

    /// The tables that drive it.
    pub fn abi(&self) -> &Abi {
        &self.abi
    }

    /// What a network for it may hold.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities { flavour: self.abi.release.flavour, version: self.abi.release.version, implicit_batch: false }
    }

    /// Its logger.
    pub fn logger(&self) -> &'static Logger {
        self.logger
    }

    /// False for a runtime that cannot build.
    pub fn can_build(&self) -> bool {
        self.builder.is_some()
    }

    /// A new `IRefitter` of an engine, or null.
    ///
    /// # Safety
    /// `engine` is a live engine of this library.
    pub(in crate::tensorrt) unsafe fn create_refitter(&self, engine: P) -> Result<P> {
        let Some(create) = self.refitter else {
            crate::fail!(TensorRtUnsupported, "{self:?} has no refitter");
        };
        // SAFETY: as for the builder; the caller vouches for the engine.
        Ok(unsafe { create(engine, self.logger.as_object(), self.number) })
    }

    /// Its registry of plugins, or null.
    pub(in crate::tensorrt) fn plugin_registry(&self) -> P {
        // SAFETY: the symbol has this type in every version that has it.
        self.registry.map_or(std::ptr::null_mut(), |registry| unsafe { registry() })
    }

    /// Opens a library with plugins for as long as the process lives, and tells how TensorRT gets to know of them.
    pub(in crate::tensorrt) fn open_plugins(&self, path: &Path) -> Result<Announcement> {
        let handle = load(path.as_os_str()).map_err(|why| Error::new(Code::BadOption, format!("cannot be opened: {why}")))?;
        // Engines that use its plugins have no other hold on it.
        let handle = std::mem::ManuallyDrop::new(handle);
        let has = |name| symbol::<*const c_void>(&handle, name).is_ok();
        let asked = has(c"getCreators") || has(c"getPluginCreators");
        Ok(Announcement { asked, init: symbol::<InitPlugins>(&handle, c"initLibNvInferPlugins").ok() })
    }

    /// A new `IBuilder`, or null.
    pub(in crate::tensorrt) fn create_builder(&self) -> Result<P> {
        let Some(create) = self.builder else {
            crate::fail!(TensorRtUnsupported, "{self:?} has no builder: it can only run engines");
        };
        self.siblings.call_once(|| open_siblings(&self.path));
        // SAFETY: the symbol has this type in every version; the logger is never freed, and the library gets its own version.
        Ok(unsafe { create(self.logger.as_object(), self.number) })
    }

    /// A new `IRuntime`, or null.
    pub(in crate::tensorrt) fn create_runtime(&self) -> P {
        // SAFETY: as for the builder.
        unsafe { (self.runtime)(self.logger.as_object(), self.number) }
    }
}

fn not_found(text: impl Into<String>) -> Error {
    Error::new(Code::TensorRtNotFound, text)
}

fn open_file(path: &Path, any_version: bool) -> Result<&'static Library> {
    let path = path.canonicalize().map_err(|e| not_found(e.to_string()))?;
    if let Some(library) = opened(&path) {
        Abi::of(library.abi.release, any_version)?;
        return Ok(library);
    }
    let handle = open_with_companions(&path).map_err(|e| too_old_by_name(&path, &e).unwrap_or(e))?;
    adopt(path, handle, any_version)
}

/// A file that cannot be opened, and whose name tells of a version that would be refused anyway: no reason to mend the former.
fn too_old_by_name(path: &Path, why: &Error) -> Option<Error> {
    let name = path.file_name()?.to_str()?;
    let mut numbers = name.strip_prefix("libnvinfer.so.")?.split('.').map(|n| n.parse().ok());
    // What the name leaves open may be any.
    let mut next = || numbers.next().unwrap_or(Some(u32::MAX));
    let release = Release::new(Flavour::Full, next()?, next()?, next()?);
    let oldest = VERSIONS.iter().find(|v| v.flavour == Flavour::Full)?;
    let refused = Abi::of(release, false).err().filter(|e| e.code == Code::TensorRtTooOld)?;
    Some(Error::new(refused.code, format!("{name} is too old: the oldest that can be driven is {oldest} (besides, it {})", why.message)))
}

fn open_name(name: &str, any_version: bool) -> Result<&'static Library> {
    let handle = load(name.as_ref()).map_err(not_found)?;
    let version = symbol::<unsafe extern "C" fn() -> i32>(&handle, c"getInferLibVersion")?;
    let path = file_of(version as *const c_void).unwrap_or_else(|| PathBuf::from(name));
    if let Some(library) = opened(&path) {
        Abi::of(library.abi.release, any_version)?;
        return Ok(library);
    }
    adopt(path, handle, any_version)
}

fn opened(path: &Path) -> Option<&'static Library> {
    OPENED.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied()
}

/// Makes a library of an opened file, once per path.
fn adopt(path: PathBuf, handle: Handle, any_version: bool) -> Result<&'static Library> {
    // A handle that is dropped closes the file, which no version of TensorRT is made for; also where it is refused.
    let handle = std::mem::ManuallyDrop::new(handle);
    let version = symbol::<unsafe extern "C" fn() -> i32>(&handle, c"getInferLibVersion")?;
    let runtime = symbol::<Create>(&handle, c"createInferRuntime_INTERNAL")?;
    let builder = symbol::<Create>(&handle, c"createInferBuilder_INTERNAL").ok();
    let registry = symbol::<unsafe extern "C" fn() -> P>(&handle, c"getPluginRegistry").ok();
    let refitter = symbol::<CreateOf>(&handle, c"createInferRefitter_INTERNAL").ok();
    let build = symbol::<unsafe extern "C" fn() -> i32>(&handle, c"getInferLibBuildVersion").ok();
    // SAFETY: the function has this type in every version that has it.
    let build = build.map(|build| unsafe { build() });
    // SAFETY: the function has this type in every version.
    let number = unsafe { version() };
    if number <= 0 {
        return Err(not_found(format!("answers version {number}: a stub to link with, not TensorRT itself")));
    }
    let abi = Abi::of(Release::decode(number), any_version)?;
    let mut all = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(library) = all.get(&path) {
        return Ok(library);
    }
    let logger = Logger::leaked(abi);
    let library = Library { path: path.clone(), number, build, abi, logger, builder, runtime, registry, refitter, siblings: Once::new() };
    let library = Box::leak(Box::new(library));
    all.insert(path, library);
    Ok(library)
}

fn load(path: &OsStr) -> std::result::Result<Handle, String> {
    // SAFETY: runs the file's constructors; which files those are is the caller's choice or the system's.
    unsafe { Handle::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map_err(|e| {
        let cause = std::error::Error::source(&e).map(ToString::to_string);
        cause.unwrap_or_else(|| e.to_string())
    })
}

/// Opens a file; what it needs and the loader does not find is looked for in the folders that usually hold it.
fn open_with_companions(path: &Path) -> Result<Handle> {
    const MOST: usize = 16;
    for _ in 0..MOST {
        let text = match load(path.as_os_str()) {
            Ok(handle) => return Ok(handle),
            Err(text) => text,
        };
        let needed = text.split_once(": cannot open shared object file").map(|(name, _)| Path::new(name));
        let Some(needed) = needed.filter(|n| n.is_relative() && *n != path) else {
            return Err(not_found(format!("cannot be opened: {text}")));
        };
        let there = companions(path).into_iter().map(|folder| folder.join(needed)).find(|p| p.is_file());
        let Some(there) = there else { return Err(not_found(format!("needs {}, which is not found", needed.display()))) };
        match load(there.as_os_str()) {
            Ok(handle) => std::mem::forget(handle),
            Err(text) => return Err(not_found(format!("needs {}, which cannot be opened: {text}", there.display()))),
        }
    }
    Err(not_found("needs too many other libraries"))
}

/// Opens the builder's resources beside the library by their paths: TensorRT asks the loader for them by name only.
fn open_siblings(path: &Path) {
    let Some(folder) = path.parent() else { return };
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let of = |name: &str| name.starts_with("libnvinfer_builder_resource") || name.starts_with("libtensorrt_builder_resource");
    let mut siblings: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    siblings.retain(|p| p.file_name().and_then(OsStr::to_str).is_some_and(|n| of(n) && n.contains(".so")));
    siblings.sort();
    for sibling in siblings {
        // One that cannot be opened is none that the builder will need; if it does, TensorRT says so.
        if let Ok(handle) = load(sibling.as_os_str()) {
            std::mem::forget(handle);
        }
    }
}

fn symbol<T: Copy>(handle: &Handle, name: &CStr) -> Result<T> {
    // SAFETY: every caller asks for the type that the symbol has in all versions.
    let found = unsafe { handle.get::<T>(name.to_bytes_with_nul()) };
    found.map(|s| *s).map_err(|_| not_found(format!("has no symbol {}: not TensorRT, or a stub of it", name.to_string_lossy())))
}

/// The file that holds an address.
fn file_of(address: *const c_void) -> Option<PathBuf> {
    #[repr(C)]
    struct Info {
        file: *const c_char,
        base: *const c_void,
        symbol: *const c_char,
        symbol_address: *const c_void,
    }
    unsafe extern "C" {
        fn dladdr(address: *const c_void, info: *mut Info) -> c_int;
    }
    let mut info = Info { file: std::ptr::null(), base: std::ptr::null(), symbol: std::ptr::null(), symbol_address: std::ptr::null() };
    // SAFETY: `info` is a `Dl_info`; the name that it gets belongs to the loader and outlives this function.
    let name = unsafe {
        if dladdr(address, &mut info) == 0 || info.file.is_null() {
            return None;
        }
        CStr::from_ptr(info.file)
    };
    use std::os::unix::ffi::OsStrExt;
    Path::new(OsStr::from_bytes(name.to_bytes())).canonicalize().ok()
}
