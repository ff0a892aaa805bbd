//! Engines as they are, not as they run: loading one (`IRuntime`, `ICudaEngine`) and reading what it takes, gives and holds.

#![allow(unsafe_code)]

use crate::ensure;
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::*;
use crate::tensorrt::config::Range;
use crate::tensorrt::host_memory::HostMemory;
use crate::tensorrt::library::Library;
use crate::tensorrt::logger::{Listener, Sink};
use crate::tensorrt::object::{NotShared, Object, c_string, refused, text};
use std::sync::Arc;

/// Loads engines.
pub struct Runtime {
    object: Arc<Object>,
    listener: Arc<Listener>,
    _shared: NotShared,
}

/// A loaded engine. Threads may share it.
pub struct Engine {
    pub(super) object: Arc<Object>,
    pub(super) listener: Arc<Listener>,
}

/// An input or output of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The name by which it is bound.
    pub name: String,
    /// Input or output.
    pub input: bool,
    /// Element type; `None` for one that is not known here.
    pub dtype: Option<DataType>,
    /// Extents; -1 where it is given at run time.
    pub shape: Vec<i64>,
    /// Its values are extents of other tensors: it lies in host memory.
    pub on_host: bool,
}

impl Runtime {
    /// A runtime. What TensorRT says from now on, until the runtime and its engines are gone, also goes to `sink`.
    pub fn new(library: &'static Library, sink: Option<Sink>) -> Result<Runtime> {
        let listener = Arc::new(library.logger().listen(sink));
        let object = Object::new(library, None, library.create_runtime(), &listener, "a runtime")?;
        Ok(Runtime { object: Arc::new(object), listener, _shared: NotShared::default() })
    }

    /// Lets engines bring code for the host, as version-compatible ones do: only for those that are known to be our own.
    pub fn allow_host_code(&self) -> Result<()> {
        let abi = self.object.abi();
        if runtime::rows::set_engine_host_code_allowed.slot(abi).is_err() {
            return Ok(());
        }
        // SAFETY: the object is a live runtime.
        unsafe { runtime::set_engine_host_code_allowed(abi, self.object.pointer, true) }
    }

    /// Loads a serialised engine, which must be of this very version unless it was built to be compatible.
    pub fn deserialize(&self, plan: &[u8]) -> Result<Engine> {
        ensure!(!plan.is_empty(), InvalidArgument, "an engine of no bytes");
        let (abi, at, len) = (self.object.abi(), plan.as_ptr().cast_mut().cast(), plan.len() as u64);
        // SAFETY: the object is a live runtime; the bytes are read during the call only.
        let pointer = unsafe {
            if runtime::rows::deserialize_cuda_engine_of_2.slot(abi).is_ok() {
                runtime::deserialize_cuda_engine_of_2(abi, self.object.pointer, at, len)
            } else {
                runtime::deserialize_cuda_engine(abi, self.object.pointer, at, len, std::ptr::null_mut())
            }
        }?;
        let object = Object::new(self.object.library, Some(self.object.clone()), pointer, &self.listener, "the engine")?;
        Ok(Engine { object: Arc::new(object), listener: self.listener.clone() })
    }
}

impl Engine {
    fn abi(&self) -> &'static Abi {
        self.object.abi()
    }

    /// The name of the network that it was built from.
    pub fn name(&self) -> Result<String> {
        // SAFETY: the object is a live engine, and its name lives as long.
        Ok(unsafe { text(cuda_engine::get_name(self.abi(), self.object.pointer)?) })
    }

    /// Layers after fusion.
    pub fn layer_count(&self) -> Result<usize> {
        // SAFETY: the object is a live engine.
        let count = unsafe { cuda_engine::get_nb_layers(self.abi(), self.object.pointer) }?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Optimisation profiles.
    pub fn profile_count(&self) -> Result<usize> {
        // SAFETY: the object is a live engine.
        let count = unsafe { cuda_engine::get_nb_optimization_profiles(self.abi(), self.object.pointer) }?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Bytes of device memory that a context needs besides the weights.
    pub fn device_memory(&self) -> Result<u64> {
        let (abi, object) = (self.abi(), self.object.pointer);
        // SAFETY: the object is a live engine.
        unsafe {
            if cuda_engine::rows::get_device_memory_size_v2.slot(abi).is_ok() {
                Ok(u64::try_from(cuda_engine::get_device_memory_size_v2(abi, object)?).unwrap_or(0))
            } else {
                cuda_engine::get_device_memory_size(abi, object)
            }
        }
    }

    /// The engine as bytes that a runtime loads.
    pub fn serialize(&self) -> Result<HostMemory> {
        // SAFETY: the object is a live engine.
        let pointer = unsafe { cuda_engine::serialize(self.abi(), self.object.pointer) }?;
        HostMemory::new(Object::new(self.object.library, None, pointer, &self.listener, "to write the engine")?)
    }

    /// The most samples of a run, where the batch is implicit: TensorRT 8.x only.
    pub fn max_batch(&self) -> Result<Option<i32>> {
        let (abi, object) = (self.abi(), self.object.pointer);
        if cuda_engine::rows::get_max_batch_size.slot(abi).is_err() {
            return Ok(None);
        }
        // SAFETY: the object is a live engine. Others than those with an implicit batch complain when they are asked for it.
        unsafe {
            match cuda_engine::has_implicit_batch_dimension(abi, object)? {
                true => cuda_engine::get_max_batch_size(abi, object).map(Some),
                false => Ok(None),
            }
        }
    }

    /// Inputs and outputs, in binding order.
    pub fn bindings(&self) -> Result<Vec<Binding>> {
        if self.max_batch()?.is_some() {
            // SAFETY: the object is a live engine.
            let count = unsafe { cuda_engine::get_nb_bindings(self.abi(), self.object.pointer) }?;
            return (0..count).map(|i| self.binding_of_samples(i)).collect();
        }
        // SAFETY: the object is a live engine.
        let count = unsafe { cuda_engine::get_nb_io_tensors(self.abi(), self.object.pointer) }?;
        (0..count).map(|i| self.binding(i)).collect()
    }

    /// By number, as engines with an implicit batch know them; they begin with the batch.
    fn binding_of_samples(&self, index: i32) -> Result<Binding> {
        let (abi, object) = (self.abi(), self.object.pointer);
        // SAFETY: the object is a live engine, and its bindings' names live as long; the index is below their count.
        unsafe {
            let dims = cuda_engine::get_binding_dimensions(abi, object, index)?;
            Ok(Binding {
                name: text(cuda_engine::get_binding_name(abi, object, index)?),
                input: cuda_engine::binding_is_input(abi, object, index)?,
                dtype: DataType::from_raw(abi, cuda_engine::get_binding_data_type(abi, object, index)?),
                shape: [&[-1], dims.get().unwrap_or_default()].concat(),
                on_host: false,
            })
        }
    }

    fn binding(&self, index: i32) -> Result<Binding> {
        let (abi, object) = (self.abi(), self.object.pointer);
        // SAFETY: the object is a live engine, and its tensors' names live as long; the index is below their count.
        unsafe {
            let name = cuda_engine::get_io_tensor_name(abi, object, index)?;
            let mode = TensorIOMode::from_raw(abi, cuda_engine::get_tensor_io_mode(abi, object, name)?);
            let location = TensorLocation::from_raw(abi, cuda_engine::get_tensor_location(abi, object, name)?);
            let shape = cuda_engine::get_tensor_shape(abi, object, name)?;
            Ok(Binding {
                name: text(name),
                input: mode == Some(TensorIOMode::Input),
                dtype: DataType::from_raw(abi, cuda_engine::get_tensor_data_type(abi, object, name)?),
                shape: shape.get().unwrap_or_default().to_vec(),
                on_host: location == Some(TensorLocation::Host),
            })
        }
    }

    /// The shapes that an input can have in a profile.
    pub fn profile_shape(&self, input: &str, profile: usize) -> Result<Range<Vec<i64>>> {
        let name = c_string(input)?;
        let profile = i32::try_from(profile).map_err(|_| Error::new(Code::InvalidArgument, format!("profile {profile}")))?;
        let get = |selector: OptProfileSelector| -> Result<Vec<i64>> {
            let raw = selector.raw(self.abi())?;
            // SAFETY: the object is a live engine; an input or profile that it has not gives a shape without rank.
            let dims = unsafe { cuda_engine::get_profile_shape(self.abi(), self.object.pointer, name.as_ptr(), profile, raw) }?;
            let dims = dims.get().map(<[i64]>::to_vec);
            dims.ok_or_else(|| Error::new(Code::UnknownName, format!("the engine has no input '{input}' in profile {profile}")))
        };
        Ok(Range { min: get(OptProfileSelector::Min)?, opt: get(OptProfileSelector::Opt)?, max: get(OptProfileSelector::Max)? })
    }

    /// TensorRT's own account of the engine's layers, as JSON. How much it says was set when the engine was built.
    pub fn inspect(&self) -> Result<String> {
        let abi = self.abi();
        // SAFETY: the object is a live engine.
        let pointer = unsafe { cuda_engine::create_engine_inspector(abi, self.object.pointer) }?;
        let inspector = Object::new(self.object.library, Some(self.object.clone()), pointer, &self.listener, "an inspector")?;
        let format = LayerInformationFormat::Json.raw(abi)?;
        // SAFETY: the object is a live inspector; its text lives until the next call on it.
        let found = unsafe { text(engine_inspector::get_engine_information(abi, inspector.pointer, format)?) };
        if found.is_empty() {
            return Err(refused(self.object.library, &self.listener, "to inspect the engine"));
        }
        Ok(found)
    }
}
