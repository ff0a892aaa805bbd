//! An engine that was built earlier and kept with its build: what it was built with and for, and whether it can run here. Loads nothing.

use crate::ensure;
use crate::network::capabilities::{Flavour, Version};
use crate::session::slot::Wanted;
use crate::tensor::dim::Bindings;
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::HardwareCompatibilityLevel;
use crate::tensorrt::abi::version::Release;
use crate::tensorrt::config::Range;
use crate::tensorrt::settings::Settings;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What is known of an engine besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The batches that it is for.
    pub wanted: Wanted,
    /// What symbols may be, one range for each profile.
    pub profiles: Vec<Range<Bindings>>,
    /// The library that built it.
    pub release: Release,
    /// The same with its build.
    pub library: String,
    /// The GPU that it was built on or for, in words.
    pub device: String,
    /// Compute capabilities of the GPUs that it is for.
    pub capabilities: Vec<(u32, u32)>,
    /// Later versions of the same major can run it.
    pub version_compatible: bool,
    /// Which other GPUs can.
    pub hardware: HardwareCompatibilityLevel,
    /// Why nobody can run it as it is, if so.
    pub hindrance: Option<String>,
}

/// An engine.
#[derive(Debug, Clone)]
pub struct Stored {
    /// What is known of it.
    pub tag: Tag,
    /// The serialised engine.
    pub bytes: Bytes,
}

impl Tag {
    /// What an engine with these settings is for.
    pub fn of(
        wanted: Wanted,
        profiles: &[Range<Bindings>],
        settings: &Settings,
        library: (Release, String),
        device: (String, Vec<(u32, u32)>),
    ) -> Tag {
        Tag {
            wanted,
            profiles: profiles.to_vec(),
            release: library.0,
            library: library.1,
            device: device.0,
            capabilities: device.1,
            // Later versions run it by the lean runtime that is inside.
            version_compatible: settings.version_compatible && !settings.exclude_lean_runtime,
            hardware: settings.hardware_compatibility,
            hindrance: settings.hinders_running().map(str::to_string),
        }
    }

    /// Whether a library can run it on a GPU of this compute capability; TensorRT has the last word when it loads it.
    pub fn fits(&self, library: Release, capability: (u32, u32)) -> Result<()> {
        if let Some(why) = &self.hindrance {
            return Err(Error::new(Code::TensorRtUnsupported, why.clone()));
        }
        let (own, other) = (self.release.version, library.version);
        let later = self.version_compatible && own.major == other.major && own <= other;
        let same = self.release.flavour == library.flavour && (own == other || later);
        ensure!(same, TensorRtUnsupported, "it was built by {}, the library here is {library}", self.library);
        let fits = match self.hardware {
            HardwareCompatibilityLevel::AmperePlus => capability >= (8, 0),
            _ => self.capabilities.contains(&capability),
        };
        ensure!(fits, TensorRtUnsupported, "it was built for {}, the GPU here has sm {}.{}", self.device, capability.0, capability.1);
        Ok(())
    }

    /// As JSON.
    pub fn to_json(&self, region: usize) -> Map<String, Value> {
        let profiles: Vec<Value> = self
            .profiles
            .iter()
            .map(|Range { min, opt, max }| json!({ "min": numbers(min), "opt": numbers(opt), "max": numbers(max) }))
            .collect();
        let (batch, size) = match self.wanted {
            Wanted::All => ("all", None),
            Wanted::UpTo(n) => ("up_to", Some(n)),
            Wanted::Just(n) => ("just", Some(n)),
        };
        let all = json!({
            "region": region,
            "batch": batch,
            "batch_size": size,
            "profiles": profiles,
            "flavour": self.release.flavour.name(),
            "version": self.release.version.to_string(),
            "library": self.library,
            "device": self.device,
            "compute_capabilities": self.capabilities.iter().map(|(a, b)| json!([a, b])).collect::<Vec<_>>(),
            "version_compatible": self.version_compatible,
            "hardware_compatibility": self.hardware.name(),
            "hindrance": self.hindrance,
        });
        all.as_object().cloned().unwrap_or_default()
    }

    /// Reads what [`Tag::to_json`] wrote: the region and the tag.
    pub fn from_json(json: &Value) -> Result<(usize, Tag)> {
        let bad = |key: &str| Error::new(Code::MalformedModel, format!("'{key}' of an engine is missing or makes no sense"));
        let text = |key: &str| json[key].as_str().ok_or_else(|| bad(key));
        let size = || json["batch_size"].as_i64().filter(|n| *n > 0).ok_or_else(|| bad("batch_size"));
        let wanted = match text("batch")? {
            "all" => Wanted::All,
            "up_to" => Wanted::UpTo(size()?),
            "just" => Wanted::Just(size()?),
            _ => return Err(bad("batch")),
        };
        let flavour = Flavour::named(text("flavour")?).ok_or_else(|| bad("flavour"))?;
        let range = |v: &Value| Some(Range { min: bindings(&v["min"])?, opt: bindings(&v["opt"])?, max: bindings(&v["max"])? });
        let pair = |v: &Value| Some((u32::try_from(v[0].as_u64()?).ok()?, u32::try_from(v[1].as_u64()?).ok()?));
        let tag = Tag {
            wanted,
            profiles: each(&json["profiles"], range).ok_or_else(|| bad("profiles"))?,
            release: Release { flavour, version: Version::parse(text("version")?).ok_or_else(|| bad("version"))? },
            library: text("library")?.to_string(),
            device: text("device")?.to_string(),
            capabilities: each(&json["compute_capabilities"], pair).ok_or_else(|| bad("compute_capabilities"))?,
            version_compatible: json["version_compatible"].as_bool().ok_or_else(|| bad("version_compatible"))?,
            hardware: HardwareCompatibilityLevel::named(text("hardware_compatibility")?).ok_or_else(|| bad("hardware_compatibility"))?,
            hindrance: json["hindrance"].as_str().map(str::to_string),
        };
        let region = json["region"].as_u64().and_then(|r| usize::try_from(r).ok()).ok_or_else(|| bad("region"))?;
        Ok((region, tag))
    }

    /// What it is, in one line.
    pub fn text(&self) -> String {
        let batch = match self.wanted {
            Wanted::All => String::new(),
            Wanted::UpTo(n) => format!(" for batches to {n}"),
            Wanted::Just(n) => format!(" for a batch of {n}"),
        };
        format!("engine of {}{batch}, for {}", self.library, self.device)
    }
}

fn numbers(of: &Bindings) -> Map<String, Value> {
    of.iter().map(|(name, value)| (name.to_string(), json!(value))).collect()
}

fn bindings(json: &Value) -> Option<Bindings> {
    json.as_object()?.iter().map(|(name, value)| Some((Arc::from(name.as_str()), value.as_i64()?))).collect()
}

fn each<T>(json: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    json.as_array()?.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag() -> Tag {
        let at = |n| Bindings::from([(Arc::from("N"), n)]);
        Tag {
            wanted: Wanted::UpTo(4),
            profiles: vec![Range { min: at(1), opt: at(2), max: at(4) }],
            release: Release::new(Flavour::Full, 10, 6, 0),
            library: "TensorRT 10.6.0, build 26".into(),
            device: "A, sm 8.6".into(),
            capabilities: vec![(8, 6)],
            version_compatible: false,
            hardware: HardwareCompatibilityLevel::None,
            hindrance: None,
        }
    }

    #[test]
    fn json_comes_back() {
        for wanted in [Wanted::All, Wanted::UpTo(4), Wanted::Just(3)] {
            let tag = Tag { wanted, ..tag() };
            assert_eq!(Tag::from_json(&Value::Object(tag.to_json(7))).unwrap(), (7, tag));
        }
        for key in tag().to_json(0).keys().filter(|k| !matches!(k.as_str(), "hindrance")) {
            let mut json = tag().to_json(0);
            json.remove(key);
            assert_eq!(Tag::from_json(&Value::Object(json)).unwrap_err().code, Code::MalformedModel, "{key}");
        }
    }

    #[test]
    fn engines_fit_their_library_and_gpu() {
        let full = |minor, patch| Release::new(Flavour::Full, 10, minor, patch);
        let fits = |tag: &Tag, library, sm| tag.fits(library, sm).map_err(|e| e.message);
        assert_eq!(fits(&tag(), full(6, 0), (8, 6)), Ok(()));
        assert!(fits(&tag(), full(6, 0), (8, 9)).unwrap_err().contains("sm 8.9"));
        assert!(fits(&tag(), full(7, 0), (8, 6)).unwrap_err().contains("the library here is TensorRT 10.7.0"));
        assert!(fits(&tag(), Release::new(Flavour::Rtx, 10, 6, 0), (8, 6)).is_err());
        let lasting = Tag { version_compatible: true, ..tag() };
        assert_eq!(fits(&lasting, full(7, 0), (8, 6)), Ok(()));
        assert!(fits(&lasting, full(5, 0), (8, 6)).is_err() && fits(&lasting, Release::new(Flavour::Full, 11, 0, 0), (8, 6)).is_err());
        let wide = Tag { hardware: HardwareCompatibilityLevel::AmperePlus, ..tag() };
        assert!(fits(&wide, full(6, 0), (12, 0)).is_ok() && fits(&wide, full(6, 0), (7, 5)).is_err());
        assert!(fits(&Tag { hindrance: Some("no weights".into()), ..tag() }, full(6, 0), (8, 6)).is_err());
    }
}
