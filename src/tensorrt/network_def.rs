//! A network under construction (`INetworkDefinition`), its tensors and what all layers have. Knows no kind of layer.

#![allow(unsafe_code)]

use crate::ensure;
use crate::tensor::error::Result;
use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::{DataType, Dims, LayerType, P, Weights, layer, network_definition, tensor};
use crate::tensorrt::library::Library;
use crate::tensorrt::logger::Listener;
use crate::tensorrt::object::{Object, OneThread, c_string, refused, text};
use crate::tensorrt::weights::HostWeights;
use bytes::Bytes;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

/// A network under construction. It keeps its builder, and the bytes of all weights, for as long as it lives.
pub struct NetworkDefinition {
    pub(super) object: Object,
    pub(super) listener: Arc<Listener>,
    kept: RefCell<Vec<Bytes>>,
    _thread: OneThread,
}

/// A tensor of a network.
#[derive(Clone, Copy)]
pub struct TensorRef<'n> {
    network: &'n NetworkDefinition,
    pointer: P,
}

/// A layer of a network.
#[derive(Clone, Copy)]
pub struct Layer<'n> {
    pub(super) network: &'n NetworkDefinition,
    pub(super) pointer: P,
}

impl NetworkDefinition {
    pub(super) fn new(object: Object, listener: Arc<Listener>) -> NetworkDefinition {
        NetworkDefinition { object, listener, kept: RefCell::default(), _thread: OneThread::default() }
    }

    pub(super) fn abi(&self) -> &'static Abi {
        self.object.abi()
    }

    /// The library that it is of.
    pub fn library(&self) -> &'static Library {
        self.object.library
    }

    /// Names the network, for messages and inspection.
    pub fn set_name(&self, name: &str) -> Result<()> {
        let name = c_string(name)?;
        // SAFETY: the object is a live network; TensorRT copies the name.
        unsafe { network_definition::set_name(self.abi(), self.object.pointer, name.as_ptr()) }
    }

    /// Adds an input; an extent of -1 is given at run time and needs an optimisation profile.
    pub fn add_input(&self, name: &str, dtype: DataType, dims: &Dims) -> Result<TensorRef<'_>> {
        let (c_name, raw) = (c_string(name)?, dtype.raw(self.abi())?);
        // SAFETY: the object is a live network; TensorRT copies name and extents.
        let pointer = unsafe { network_definition::add_input(self.abi(), self.object.pointer, c_name.as_ptr(), raw, dims) }?;
        self.tensor(pointer, &format!("the input '{name}'"))
    }

    /// Makes a tensor an output of the engine, under the name that it has.
    pub fn mark_output(&self, tensor: TensorRef<'_>) -> Result<()> {
        let tensor = self.own(tensor)?;
        // SAFETY: the object is a live network and the tensor is one of its own.
        unsafe { network_definition::mark_output(self.abi(), self.object.pointer, tensor) }
    }

    /// Whether there are cast layers: before 8.6 an identity layer with an output type casts.
    pub fn has_cast(&self) -> bool {
        network_definition::rows::add_cast.slot(self.abi()).is_ok()
    }

    /// Whether quantising layers are told their output's type, from 10.0 on.
    pub fn has_typed_quantisation(&self) -> bool {
        network_definition::rows::add_quantize_v2.slot(self.abi()).is_ok()
    }

    /// Whether tensors are those of one sample: then the batch is given when the engine runs.
    pub fn has_implicit_batch(&self) -> bool {
        // Versions that have none warn of being asked.
        if crate::tensorrt::abi::cuda_engine::rows::get_max_batch_size.slot(self.abi()).is_err() {
            return false;
        }
        // SAFETY: the object is a live network.
        unsafe { network_definition::has_implicit_batch_dimension(self.abi(), self.object.pointer) }.unwrap_or(false)
    }

    /// Layers so far.
    pub fn layer_count(&self) -> Result<usize> {
        // SAFETY: the object is a live network.
        let count = unsafe { network_definition::get_nb_layers(self.abi(), self.object.pointer) }?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// What TensorRT said about this network and its builder since the last call; empty where it said nothing.
    pub fn words(&self) -> String {
        self.listener.take()
    }

    /// The pointer of a tensor that must belong to this network.
    pub(super) fn own(&self, tensor: TensorRef<'_>) -> Result<P> {
        ensure!(std::ptr::eq(tensor.network, self), InvalidArgument, "a tensor of another network");
        Ok(tensor.pointer)
    }

    /// Weights as TensorRT takes them; their bytes are kept.
    pub(super) fn keep(&self, weights: &HostWeights) -> Result<Weights> {
        let dtype = weights.dtype.raw(self.abi())?;
        if weights.count == 0 {
            return Ok(Weights { dtype, values: std::ptr::null(), count: 0 });
        }
        self.kept.borrow_mut().push(weights.bytes.clone());
        Ok(Weights { dtype, values: weights.bytes.as_ptr().cast(), count: weights.count as i64 })
    }

    pub(super) fn tensor(&self, pointer: P, what: &str) -> Result<TensorRef<'_>> {
        if pointer.is_null() {
            return Err(refused(self.object.library, &self.listener, what));
        }
        Ok(TensorRef { network: self, pointer })
    }

    pub(super) fn layer(&self, pointer: P, what: &str) -> Result<Layer<'_>> {
        if pointer.is_null() {
            return Err(refused(self.object.library, &self.listener, what));
        }
        Ok(Layer { network: self, pointer })
    }
}

impl TensorRef<'_> {
    /// Names the tensor: for inputs and outputs the name by which they are bound.
    pub fn set_name(&self, name: &str) -> Result<()> {
        let name = c_string(name)?;
        // SAFETY: the tensor lives as long as its network; TensorRT copies the name.
        unsafe { tensor::set_name(self.network.abi(), self.pointer, name.as_ptr()) }
    }

    /// Its name.
    pub fn name(&self) -> Result<String> {
        // SAFETY: the tensor lives as long as its network, and so does its name until it is set anew.
        Ok(unsafe { text(tensor::get_name(self.network.abi(), self.pointer)?) })
    }

    /// Its extents; -1 where one is not known, and no extents at all where TensorRT finds the layers before it wrong.
    pub fn dims(&self) -> Result<Dims> {
        // SAFETY: the tensor lives as long as its network.
        unsafe { tensor::get_dimensions(self.network.abi(), self.pointer) }
    }

    /// Its element type; `None` for one that is not known here.
    pub fn dtype(&self) -> Result<Option<DataType>> {
        // SAFETY: the tensor lives as long as its network.
        let raw = unsafe { tensor::get_type(self.network.abi(), self.pointer) }?;
        Ok(DataType::from_raw(self.network.abi(), raw))
    }

    /// Fixes the type of an output of a weakly typed network: what its layer computes is converted to it.
    pub fn set_type(&self, dtype: DataType) -> Result<()> {
        let raw = dtype.raw(self.network.abi())?;
        // SAFETY: the tensor lives as long as its network.
        unsafe { tensor::set_type(self.network.abi(), self.pointer, raw) }
    }

    /// Names one of its extents, so that TensorRT knows equal names for equal extents.
    pub fn set_dimension_name(&self, axis: usize, name: &str) -> Result<()> {
        let name = c_string(name)?;
        // SAFETY: the tensor lives as long as its network; TensorRT copies the name and ignores an axis that is not there.
        unsafe { tensor::set_dimension_name(self.network.abi(), self.pointer, axis as i32, name.as_ptr()) }
    }
}

impl<'n> Layer<'n> {
    /// Names the layer.
    pub fn set_name(&self, name: &str) -> Result<()> {
        let name = c_string(name)?;
        // SAFETY: the layer lives as long as its network; TensorRT copies the name.
        unsafe { layer::set_name(self.network.abi(), self.pointer, name.as_ptr()) }
    }

    /// What the inspector of a detailed engine says of its origin, where the version has that.
    pub fn set_metadata(&self, text: &str) -> Result<()> {
        const MOST: usize = 4095;
        let abi = self.network.abi();
        if text.len() > MOST || layer::rows::set_metadata.slot(abi).is_err() {
            return Ok(());
        }
        let text = c_string(text)?;
        // SAFETY: the layer lives as long as its network; TensorRT copies the text.
        unsafe { layer::set_metadata(abi, self.pointer, text.as_ptr()) }
    }

    /// Its name.
    pub fn name(&self) -> Result<String> {
        // SAFETY: the layer lives as long as its network, and so does its name until it is set anew.
        Ok(unsafe { text(layer::get_name(self.network.abi(), self.pointer)?) })
    }

    /// Its kind, as TensorRT says; `None` for one that is not known here.
    pub fn kind(&self) -> Result<Option<LayerType>> {
        // SAFETY: the layer lives as long as its network.
        let raw = unsafe { layer::get_type(self.network.abi(), self.pointer) }?;
        Ok(LayerType::from_raw(self.network.abi(), raw))
    }

    /// An output.
    pub fn output(&self, index: usize) -> Result<TensorRef<'n>> {
        // SAFETY: the layer lives as long as its network; an index that is not there gives null.
        let pointer = unsafe { layer::get_output(self.network.abi(), self.pointer, index as i32) }?;
        self.network.tensor(pointer, &format!("output {index} of a layer"))
    }

    /// Replaces or adds an input: layers whose further inputs are optional take them this way.
    pub fn set_input(&self, index: usize, input: TensorRef<'_>) -> Result<()> {
        let input = self.network.own(input)?;
        // SAFETY: the layer lives as long as its network, to which the tensor belongs.
        unsafe { layer::set_input(self.network.abi(), self.pointer, index as i32, input) }
    }

    /// Fixes the type that a weakly typed network computes in.
    pub fn set_precision(&self, dtype: DataType) -> Result<()> {
        let raw = dtype.raw(self.network.abi())?;
        // SAFETY: the layer lives as long as its network.
        unsafe { layer::set_precision(self.network.abi(), self.pointer, raw) }
    }

    /// Fixes the type of an output of a weakly typed network.
    pub fn set_output_type(&self, index: usize, dtype: DataType) -> Result<()> {
        let raw = dtype.raw(self.network.abi())?;
        // SAFETY: the layer lives as long as its network; TensorRT ignores an index that is not there.
        unsafe { layer::set_output_type(self.network.abi(), self.pointer, index as i32, raw) }
    }
}

/// A layer of a known kind: derefs to what all layers have.
pub struct Typed<'n, K> {
    pub(super) layer: Layer<'n>,
    pub(super) kind: PhantomData<K>,
}

impl<'n, K> Deref for Typed<'n, K> {
    type Target = Layer<'n>;
    fn deref(&self) -> &Layer<'n> {
        &self.layer
    }
}
