//! What a caller says of engines: how TensorRT builds them, for which ranges of shapes, where they are kept, who watches.

use crate::cuda::device::Device;
use crate::ensure;
use crate::network::capabilities::Flavour;
use crate::session::library::sink;
use crate::session::log::{Level, Log};
use crate::session::shapes::SymbolRange;
use crate::session::slot::{Batches, When};
use crate::tensor::error::Result;
use crate::tensorrt::cache::timing::Timing;
use crate::tensorrt::cache::{Cache, Mode};
use crate::tensorrt::emit;
use crate::tensorrt::key::{self, Place};
use crate::tensorrt::library::Library;
use crate::tensorrt::logger::{Severity, Sink};
use crate::tensorrt::plugins;
use crate::tensorrt::settings::{Settings, TimingUse};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Told of each step of a build: region, phase, steps done, steps in all (0 where nobody knows); answers whether to go on.
/// Called by threads of TensorRT.
pub type Watch = Arc<dyn Fn(&str, &str, usize, usize) -> bool + Send + Sync>;

/// Where engines are kept.
#[derive(Debug, Clone, Default)]
pub struct CacheOptions {
    /// The folder.
    pub folder: PathBuf,
    /// Most bytes in it; none: any number.
    pub limit: Option<u64>,
    /// What may be done with it.
    pub mode: Mode,
}

/// What a caller says of engines.
#[derive(Clone, Default)]
pub struct EngineOptions {
    /// How TensorRT builds.
    pub settings: Settings,
    /// Libraries with plugins.
    pub plugins: Vec<PathBuf>,
    /// The GPU, counted from 0; none: the first, if there is one.
    pub device: Option<u32>,
    /// Ranges of symbols, one list for each profile of an engine; none: one profile for all that the partition allows.
    pub profiles: Vec<Vec<SymbolRange>>,
    /// Which engines a region has, by batch.
    pub batches: Batches,
    /// When they are built.
    pub when: When,
    /// Where engines are kept; none: nowhere.
    pub cache: Option<CacheOptions>,
    /// Where measurements are kept instead of in the cache's folder.
    pub timing_file: Option<PathBuf>,
    /// A folder for what each region was built from, what TensorRT said, and what came out.
    pub dump: Option<PathBuf>,
    /// Watches builds.
    pub watch: Option<Watch>,
}

impl fmt::Debug for EngineOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EngineOptions { settings, plugins, device, profiles, batches, when, cache, timing_file, dump, watch } = self;
        f.debug_struct("EngineOptions")
            .field("settings", settings)
            .field("plugins", plugins)
            .field("device", device)
            .field("profiles", profiles)
            .field("batches", batches)
            .field("when", when)
            .field("cache", cache)
            .field("timing_file", timing_file)
            .field("dump", dump)
            .field("watched", &watch.is_some())
            .finish()
    }
}

impl EngineOptions {
    /// Puts into `build` what is known only now: the GPU, and where measurements and log lines go. A choice that the library lacks
    /// is an error that names it.
    pub fn fill(&self, build: &mut emit::Options, library: &'static Library, log: &Log) -> Result<()> {
        self.settings.check(library.abi())?;
        // Engines of the cache need them too.
        build.plugins = plugins::open_all(&self.plugins, library)?;
        let (timing, kept) = (self.settings.timing_cache, self.cache.is_some() || self.timing_file.is_some());
        ensure!(timing != TimingUse::Off || self.timing_file.is_none(), BadOption, "option 'timing_cache_file': timing_cache is off");
        let text = "required needs measurements of earlier builds, in engine_cache or timing_cache_file";
        ensure!(timing != TimingUse::Required || kept, BadOption, "option 'timing_cache': {text}");
        build.log = Some(sink(log));
        if build.compute_capabilities.is_empty() {
            build.device = match self.device {
                Some(index) => Some(Device::get(index as usize)?),
                None => Device::get(0).ok(),
            };
        }
        build.timing = self.timing(library, build, log)?;
        Ok(())
    }

    fn timing(&self, library: &Library, build: &emit::Options, log: &Log) -> Result<Option<Timing>> {
        let folder = self.cache.as_ref().filter(|c| c.mode == Mode::ReadWrite).map(|c| &c.folder);
        Ok(match (&self.timing_file, folder) {
            _ if self.settings.timing_cache == TimingUse::Off => None,
            // Nothing can be built then.
            _ if build.compute_capabilities.is_empty() && build.device.is_none() => None,
            (Some(file), _) => Some(Timing::at(file, Some(cache_sink(log)))),
            // TensorRT for RTX measures nothing.
            (None, Some(_)) if library.release().flavour == Flavour::Rtx => None,
            (None, Some(folder)) => Some(Timing::in_folder(folder, key::timing(&Place::of(library, build)?), Some(cache_sink(log)))),
            (None, None) => None,
        })
    }

    /// The cache, where there is to be one, as a region with this name uses it.
    pub fn cache(&self, region: &str, log: &Log) -> Option<Cache> {
        let CacheOptions { folder, limit, mode } = self.cache.as_ref()?;
        let cache = Cache::open(folder, *limit).with_mode(*mode).with_log(cache_sink(log));
        Some(match self.watch.clone() {
            None => cache,
            Some(watch) => {
                let region = region.to_string();
                cache.with_go_on(Arc::new(move || watch(&region, "waiting for another build", 0, 0)))
            }
        })
    }
}

/// What the cache says, as lines of `log`.
fn cache_sink(log: &Log) -> Sink {
    let log = log.clone();
    Arc::new(move |severity, line| {
        let level = if severity <= Severity::Warning { Level::Warning } else { Level::Info };
        log.say(level, format_args!("engine cache: {line}"));
    })
}
