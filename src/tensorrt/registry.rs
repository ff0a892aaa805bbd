//! TensorRT's registry of plugins, and the plugins that it makes. There is one registry per opened library, for builders and runtimes
//! alike, and it lives as long as the library.

#![allow(unsafe_code)]

use crate::network::plugin::Plugin;
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::{P, PluginField, PluginFieldCollection, PluginFieldType, TensorRTPhase};
use crate::tensorrt::abi::{plugin_creator, plugin_creator_v3_one, plugin_registry, plugin_v2, plugin_v3};
use crate::tensorrt::library::Library;
use crate::tensorrt::object::{c_string, refused, text};
use crate::tensorrt::plugin_fields::Encoded;
use crate::{ensure, fail};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The registry of a library.
#[derive(Clone, Copy)]
pub(super) struct Registry {
    library: &'static Library,
    pointer: P,
}

/// What makes plugins of one name and version.
pub(super) struct Creator {
    library: &'static Library,
    pointer: P,
    kind: Kind,
}

/// A plugin that is ours to end; networks take copies.
pub(super) struct Instance {
    library: &'static Library,
    pub(super) pointer: P,
    pub(super) kind: Kind,
}

/// The generations of plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `IPluginV2` and what is derived from it: gone from 11 on.
    V2,
    /// `IPluginV3`, from 10 on.
    V3,
}

/// Pairs of a TensorRT library and a library with plugins that it knows.
static OPENED: Mutex<BTreeSet<(PathBuf, PathBuf)>> = Mutex::new(BTreeSet::new());

impl Registry {
    /// The registry of a library.
    pub fn of(library: &'static Library) -> Result<Registry> {
        let pointer = library.plugin_registry();
        ensure!(!pointer.is_null(), TensorRtUnsupported, "{library:?} has no registry of plugins");
        Ok(Registry { library, pointer })
    }

    fn abi(&self) -> &'static Abi {
        self.library.abi()
    }

    /// Opens a library with plugins for as long as the process lives. Those that it does not announce by itself when it is opened,
    /// TensorRT is told to take from it.
    pub fn open(&self, path: &Path) -> Result<()> {
        let pair = (self.library.path().to_path_buf(), path.canonicalize().unwrap_or_else(|_| path.to_path_buf()));
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.contains(&pair) {
            return Ok(());
        }
        let announces = self.library.open_plugins(path)?;
        let listener = self.library.logger().listen(None);
        if announces.asked {
            let name = c_string(&path.to_string_lossy())?;
            // SAFETY: the registry lives as long as its library; the name is copied.
            let handle = unsafe { plugin_registry::load_library(self.abi(), self.pointer, name.as_ptr()) }?;
            if handle.is_null() {
                return Err(refused(self.library, &listener, "its plugins"));
            }
        } else if let Some(init) = announces.init {
            // SAFETY: the logger is never freed; the function has this type in every version and copies the namespace.
            if !unsafe { init(self.library.logger().as_object(), c"".as_ptr()) } {
                return Err(refused(self.library, &listener, "its plugins"));
            }
        }
        opened.insert(pair);
        Ok(())
    }

    /// The creator of a plugin, if there is one.
    pub fn creator(&self, name: &str, version: &str, namespace: &str) -> Result<Option<Creator>> {
        let (abi, at) = (self.abi(), self.pointer);
        let (name, version, namespace) = (c_string(name)?, c_string(version)?, c_string(namespace)?);
        let (n, v, s) = (name.as_ptr(), version.as_ptr(), namespace.as_ptr());
        // SAFETY: the registry lives as long as its library; the texts are read during the call only.
        let pointer = unsafe {
            match plugin_registry::rows::get_creator.slot(abi) {
                Ok(_) => plugin_registry::get_creator(abi, at, n, v, s),
                Err(_) => plugin_registry::get_plugin_creator(abi, at, n, v, s),
            }
        }?;
        if pointer.is_null() {
            return Ok(None);
        }
        let mut kind = Kind::V2;
        if plugin_creator_v3_one::rows::get_interface_info.slot(abi).is_ok() {
            // SAFETY: from 10 on the registry gives objects that begin with this method, and their answer is a static text.
            let told = unsafe { text(plugin_creator_v3_one::get_interface_info(abi, pointer)?.kind) };
            kind = match told.as_str() {
                "PLUGIN CREATOR_V1" => Kind::V2,
                "PLUGIN CREATOR_V3ONE" => Kind::V3,
                other => fail!(TensorRtUnsupported, "its creator is a '{other}', not one of IPluginV2 or IPluginV3"),
            };
        }
        Ok(Some(Creator { library: self.library, pointer, kind }))
    }
}

impl Creator {
    /// The fields that the plugin knows, with the types that it wants them in.
    fn fields(&self) -> Result<BTreeMap<String, PluginFieldType>> {
        let abi = self.library.abi();
        // SAFETY: the registry keeps its creators; their list of fields lives as long, and holds as many as it says.
        unsafe {
            let list = match self.kind {
                Kind::V2 => plugin_creator::get_field_names(abi, self.pointer),
                Kind::V3 => plugin_creator_v3_one::get_field_names(abi, self.pointer),
            }?;
            let Some(list) = list.cast::<PluginFieldCollection>().as_ref() else { return Ok(BTreeMap::new()) };
            let count = if list.fields.is_null() { 0 } else { usize::try_from(list.count).unwrap_or(0) };
            let fields = (0..count).map(|i| &*list.fields.add(i));
            Ok(fields.filter_map(|f| Some((text(f.name), PluginFieldType::from_raw(abi, f.dtype)?))).collect())
        }
    }

    /// A plugin for the layer `layer`.
    pub fn create(&self, layer: &str, plugin: &Plugin) -> Result<Instance> {
        let abi = self.library.abi();
        let (wanted, layer) = (self.fields()?, c_string(layer)?);
        let values = plugin.fields.0.iter().map(|f| Encoded::new(f, wanted.get(&f.name).copied()));
        let values = values.collect::<Result<Vec<_>>>()?;
        let fields = values.iter().map(|v| v.field(abi)).collect::<Result<Vec<PluginField>>>()?;
        let list = PluginFieldCollection { count: fields.len() as i32, fields: fields.as_ptr() };
        let list: P = std::ptr::from_ref(&list).cast_mut().cast();
        let listener = self.library.logger().listen(None);
        // SAFETY: the registry keeps its creators; name and fields live until the call returns, and the plugin copies what it needs.
        let pointer = unsafe {
            match self.kind {
                Kind::V2 => plugin_creator::create_plugin(abi, self.pointer, layer.as_ptr(), list),
                Kind::V3 => plugin_creator_v3_one::create_plugin(abi, self.pointer, layer.as_ptr(), list, TensorRTPhase::Build.raw(abi)?),
            }
        }?;
        if pointer.is_null() {
            let known: Vec<&str> = wanted.keys().map(String::as_str).collect();
            let refused = refused(self.library, &listener, &format!("{plugin}"));
            return Err(Error::new(Code::TensorRtBuild, format!("{}; its fields are: {}", refused.message, known.join(", "))));
        }
        Ok(Instance { library: self.library, pointer, kind: self.kind })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let abi = self.library.abi();
        match self.kind {
            // SAFETY: the plugin is ours and is not used after this.
            Kind::V2 => drop(unsafe { plugin_v2::destroy(abi, self.pointer) }),
            Kind::V3 => {
                let Some(first) = abi.at(plugin_v3::INTERFACE.destructor) else { return };
                // SAFETY: the tables give the place of the two destructors, of which the second also frees; the plugin is ours and is
                // not used after this.
                unsafe {
                    let table = *self.pointer.cast::<*const unsafe extern "C" fn(P)>();
                    (*table.add(usize::from(first) + 1))(self.pointer);
                }
            }
        }
    }
}
