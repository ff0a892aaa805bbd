//! How the engines of one region are made: from the cache or built, for a range of batches, loaded where they are to run. Whether that is
//! done ahead or while something runs is not known here.

use crate::cuda::device::Device;
use crate::network::capabilities::Flavour;
use crate::partition::region::Region;
use crate::partition::target::{Engine, Target};
use crate::session::build::BuildOptions;
use crate::session::engine::Loaded;
use crate::session::library::sink;
use crate::session::log::{Level, Log};
use crate::session::partition::Partition;
use crate::session::profiles::{batch_of, profiles, with_batch};
use crate::session::shapes::SymbolRange;
use crate::session::slot::{Batches, Wanted};
use crate::session::stored::{Stored, Tag};
use crate::session::target::{REFITTED, TensorRt};
use crate::tensor::dim::{Bindings, Symbol};
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::config::Range;
use crate::tensorrt::key::Place;
use crate::tensorrt::library::Library;
use crate::{ensure, fail};
use std::sync::Arc;

/// Makes engines of one region.
pub struct Maker {
    partition: Arc<Partition>,
    region: usize,
    target: TensorRt,
    library: &'static Library,
    device: Option<&'static Device>,
    hindrance: Option<&'static str>,
    listed: Vec<Vec<SymbolRange>>,
    batches: Batches,
    /// The batch, where it is in the region's inputs and engines differ by it.
    pub batch: Option<Symbol>,
    log: Log,
}

impl Maker {
    /// An error where no engine can be had for the region here.
    pub fn new(partition: &Arc<Partition>, region: usize, target: &TensorRt, options: &BuildOptions) -> Result<Maker> {
        let rtx = target.rules.planned.capabilities.flavour == Flavour::Rtx;
        ensure!(options.target_sm.is_none() || rtx, BadOption, "target_sm: only TensorRT for RTX builds for a GPU that is not there");
        let library = target.library.clone().map_err(|why| Error::new(Code::TensorRtNotFound, why))?;
        let device = target.build.device.filter(|_| options.target_sm.is_none());
        if device.is_none() && options.target_sm.is_none() {
            let why = Device::get(0).err().map_or_else(String::new, |e| format!(" ({})", e.message));
            fail!(Cuda, "there is no GPU to build for{why}; target_sm builds for one that is elsewhere");
        }
        let hindrance = options.engines.settings.hinders_running().or(device.is_none().then_some("it is for another GPU"));
        let batches = options.engines.batches;
        let maker = Maker {
            partition: partition.clone(),
            region,
            target: target.clone(),
            library,
            device,
            hindrance,
            listed: options.engines.profiles.clone(),
            batches,
            batch: batch_of(&partition.inputs, &partition.parts.regions[region]).filter(|_| batches != Batches::Dynamic),
            log: options.log.clone(),
        };
        if maker.batch.is_none() {
            // What makes every engine impossible is said now.
            maker.profiles(Wanted::All)?;
        }
        Ok(maker)
    }

    /// The region.
    pub fn region(&self) -> &Region {
        &self.partition.parts.regions[self.region]
    }

    /// The GPU that its engines run on, or why they cannot run here.
    pub fn device(&self) -> std::result::Result<&'static Device, &'static str> {
        match (self.device, self.hindrance) {
            (Some(device), None) => Ok(device),
            (_, why) => Err(why.unwrap_or_default()),
        }
    }

    /// What is built ahead: for the batches that the caller lists or is fastest at, else for the largest.
    pub fn ahead(&self) -> Result<Vec<Wanted>> {
        let Some(Symbol { name, max, .. }) = &self.batch else { return Ok(vec![Wanted::All]) };
        let of = |ranges: &[SymbolRange]| ranges.iter().find(|r| *r.name == **name).cloned();
        let mut sizes: Vec<i64> = self.listed.iter().filter_map(|l| of(l)).map(|r| r.max).collect();
        if sizes.is_empty() {
            let opt = of(&self.partition.symbols).and_then(|r| r.opt);
            let largest = Some(*max).filter(|m| *m < i64::from(i32::MAX));
            sizes.extend(opt.or(largest));
        }
        sizes.sort_unstable();
        sizes.dedup();
        ensure!(
            !sizes.is_empty(),
            BadOption,
            "no batch is known to build for; give the option symbols, such as {name}=1..4..8, or engine_build=first_use"
        );
        Ok(match self.batches {
            Batches::Each => sizes.into_iter().map(Wanted::Just).collect(),
            _ => sizes.pop().map(Wanted::UpTo).into_iter().collect(),
        })
    }

    fn profiles(&self, wanted: Wanted) -> Result<Vec<Range<Bindings>>> {
        let (region, said) = (self.region(), &self.partition.symbols);
        let range = match wanted {
            Wanted::All => None,
            Wanted::UpTo(n) => Some((1, n)),
            Wanted::Just(n) => Some((n, n)),
        };
        match (range, &self.batch) {
            (Some((min, max)), Some(batch)) => profiles(region, said, &with_batch(&self.listed, batch, min, max)),
            _ => profiles(region, said, &self.listed),
        }
    }

    fn plan(&self, wanted: Wanted) -> Result<(TensorRt, Box<dyn Engine>)> {
        let mut target = self.target.clone();
        target.build.profiles = self.profiles(wanted)?;
        let engine = target.compile(self.region(), &self.partition.parts.options)?;
        Ok((target, engine))
    }

    fn state(&self, engine: &dyn Engine, wanted: Wanted) -> String {
        let batch = match (&self.batch, wanted) {
            (Some(batch), Wanted::UpTo(n)) => format!(" for {}=1..{n}", batch.name),
            (Some(batch), Wanted::Just(n)) => format!(" for {}={n}", batch.name),
            _ => String::new(),
        };
        format!("engine of {}{batch}, {} bytes, {}", self.target.version().version, engine.bytes().len(), engine.note())
    }

    /// What is to be known of an engine that `target` has made.
    fn tag(&self, target: &TensorRt, wanted: Wanted) -> Result<Tag> {
        let build = &target.build;
        let capabilities = match (&build.compute_capabilities[..], build.device) {
            ([], Some(device)) => vec![device.compute_capability()],
            (listed, _) => listed.to_vec(),
        };
        let device = (Place::of(self.library, build)?.device, capabilities);
        let library = (self.library.release(), self.library.full_version());
        Ok(Tag::of(wanted, &build.profiles, &build.settings, library, device))
    }

    /// An engine that cannot run here, to be taken out, and what it is.
    pub fn export(&self, wanted: Wanted) -> Result<(Tag, Box<dyn Engine>, String)> {
        let _current = self.device.map(|d| d.enter()).transpose()?;
        let (target, engine) = self.plan(wanted)?;
        let state = format!("{}; run by own kernels: {}", self.state(&*engine, wanted), self.hindrance.unwrap_or_default());
        Ok((self.tag(&target, wanted)?, engine, state))
    }

    /// An engine that was built earlier, loaded here, and what it is.
    pub fn adopt(&self, stored: &Stored) -> Result<(Loaded, String)> {
        let device = self.device().map_err(|why| Error::new(Code::Cuda, why))?;
        stored.tag.fits(self.library.release(), device.compute_capability())?;
        let (profiles, log) = (stored.tag.profiles.clone(), Some(sink(&self.log)));
        let loaded = Loaded::new(self.library, device, &stored.bytes, &self.region().graph, profiles, log)?;
        let state = format!("{}, {} bytes, built earlier, on GPU {}", stored.tag.text(), stored.bytes.len(), device.ordinal());
        Ok((loaded.tagged(stored.tag.clone()), state))
    }

    /// An engine that runs here, and what it is.
    pub fn load(&self, wanted: Wanted) -> Result<(Loaded, String)> {
        let device = self.device().map_err(|why| Error::new(Code::Cuda, why))?;
        let _current = device.enter()?;
        let (target, engine) = self.plan(wanted)?;
        let (region, profiles) = (self.region(), &target.build.profiles);
        let load = |e: &dyn Engine| Loaded::new(self.library, device, e.bytes(), &region.graph, profiles.clone(), Some(sink(&self.log)));
        let (engine, loaded) = match load(&*engine) {
            Ok(loaded) => (engine, loaded),
            // What the cache has kept may be of no use any more: it is built once more.
            Err(e) if self.library.can_build() && (engine.note() == "cached" || engine.note().starts_with(REFITTED)) => {
                let why = format!("region '{}': the {} engine cannot be loaded: {}", region.name, engine.note(), e.message);
                self.log.say(Level::Warning, why);
                let engine = target.compile_anew(region)?;
                let loaded = load(&*engine)?;
                (engine, loaded)
            }
            Err(e) => return Err(e),
        };
        let state = format!("{}, on GPU {} ({})", self.state(&*engine, wanted), device.ordinal(), device.name());
        Ok((loaded.tagged(self.tag(&target, wanted)?), state))
    }
}
