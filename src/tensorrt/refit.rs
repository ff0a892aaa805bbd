//! Other weights for an engine that is built (`IRefitter`): a network that differs from another in its weights alone need not be built
//! again. All or nothing: an engine that cannot get every weight that it should have is not given out.

#![allow(unsafe_code)]

use crate::cuda::device::Device;
use crate::network::Network;
use crate::network::weights::{Role, Weights, may_change};
use crate::tensor::error::Result;
use crate::tensorrt::abi::{P, WeightsRole, refitter};
use crate::tensorrt::engine::{Engine, Runtime};
use crate::tensorrt::library::Library;
use crate::tensorrt::logger::Sink;
use crate::tensorrt::object::{Object, c_string, refused, text};
use crate::tensorrt::weights::HostWeights;
use crate::{ensure, fail};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ffi::c_char;

/// The engine `plan` with the weights of `network`, serialised. `differ` says which of those that may change are others than those it
/// was built with, in the order of [`Network::weights`].
pub fn refit(
    library: &'static Library,
    device: &'static Device,
    plan: &[u8],
    network: &Network,
    differ: &[bool],
    log: Option<Sink>,
) -> Result<Bytes> {
    let _current = device.enter()?;
    let engine = Runtime::new(library, log)?.deserialize(plan)?;
    let weights = network.weights();
    let mut marks = differ.iter().copied();
    let differ: Vec<bool> = weights.iter().map(|w| may_change(w.tensor) && marks.next().unwrap_or(true)).collect();
    give(&engine, &weights, &differ)?;
    Ok(engine.serialize()?.into())
}

/// TensorRT's name of a role.
fn role(role: Role) -> WeightsRole {
    match role {
        Role::Kernel => WeightsRole::Kernel,
        Role::Bias => WeightsRole::Bias,
        Role::Shift => WeightsRole::Shift,
        Role::Scale => WeightsRole::Scale,
        Role::Constant => WeightsRole::Constant,
    }
}

/// A way to ask a refitter for layers and roles: how many of them to write, and where to.
type List = unsafe fn(&Object, i32, *mut *const c_char, *mut i32) -> Result<i32>;

unsafe fn all(r: &Object, size: i32, names: *mut *const c_char, roles: *mut i32) -> Result<i32> {
    // SAFETY: by the contract of `listed`.
    unsafe { refitter::get_all(r.abi(), r.pointer, size, names, roles) }
}

unsafe fn missing(r: &Object, size: i32, names: *mut *const c_char, roles: *mut i32) -> Result<i32> {
    // SAFETY: by the contract of `listed`.
    unsafe { refitter::get_missing(r.abi(), r.pointer, size, names, roles) }
}

/// Layers and roles that a refitter tells.
fn listed(object: &Object, list: List) -> Result<Vec<(String, i32)>> {
    // SAFETY: the object is a live refitter; nothing is written where nothing may be.
    let count = unsafe { list(object, 0, std::ptr::null_mut(), std::ptr::null_mut()) }?;
    let size = usize::try_from(count).unwrap_or(0);
    let (mut names, mut roles) = (vec![std::ptr::null(); size], vec![0i32; size]);
    // SAFETY: the object is a live refitter; both lists have room for as many as it may write, and the names live as long as its engine.
    unsafe {
        list(object, count, names.as_mut_ptr(), roles.as_mut_ptr())?;
        Ok(names.into_iter().map(|n| text(n)).zip(roles).collect())
    }
}

/// Changes the weights of an engine that nobody runs.
fn give(engine: &Engine, weights: &[Weights], differ: &[bool]) -> Result<()> {
    let (library, abi) = (engine.object.library, engine.object.abi());
    // SAFETY: the engine is live, and of this library.
    let pointer: P = unsafe { library.create_refitter(engine.object.pointer) }?;
    let object = Object::new(library, Some(engine.object.clone()), pointer, &engine.listener, "a refitter")?;
    let can = listed(&object, all)?;
    let mut own: BTreeMap<(String, i32), usize> = BTreeMap::new();
    for (i, w) in weights.iter().enumerate() {
        let twice = own.insert((w.layer.to_string(), role(w.role).raw(abi)?), i).is_some();
        ensure!(!twice, TensorRtUnsupported, "two layers are named '{}'", w.layer);
    }
    let mut given = vec![false; weights.len()];
    // Their bytes are read until the refit is done.
    let mut kept = Vec::new();
    for at in can.iter().filter_map(|place| own.get(place).copied()) {
        let weights = &weights[at];
        let (name, host) = (c_string(weights.layer)?, HostWeights::of(weights.tensor)?);
        let raw =
            crate::tensorrt::abi::Weights { dtype: host.dtype.raw(abi)?, values: host.bytes.as_ptr().cast(), count: host.count as i64 };
        kept.push(host);
        // SAFETY: the object is a live refitter; the name is read during the call, the bytes are kept until after the refit.
        let taken = unsafe { refitter::set_weights(abi, object.pointer, name.as_ptr(), role(weights.role).raw(abi)?, raw) }?;
        if !taken {
            return Err(refused(library, &engine.listener, &format!("other weights for layer '{}'", weights.layer)));
        }
        given[at] = true;
    }
    if let Some(lost) = (0..weights.len()).find(|i| differ[*i] && !given[*i]) {
        fail!(TensorRtUnsupported, "weights of layer '{}' ({:?}) cannot be changed in the engine", weights[lost].layer, weights[lost].role);
    }
    if let Some((layer, _)) = listed(&object, missing)?.first() {
        fail!(TensorRtUnsupported, "the engine wants weights for layer '{layer}' that the network does not have");
    }
    // SAFETY: the object is a live refitter, and nobody runs the engine: it was loaded for this.
    let done = unsafe { refitter::refit_cuda_engine(abi, object.pointer) }?;
    drop(kept);
    if done { Ok(()) } else { Err(refused(library, &engine.listener, "to change the weights")) }
}
