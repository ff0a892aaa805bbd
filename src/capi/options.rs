//! `tvmtrt_options_t`: key-value settings and callbacks. Values are checked when they are set and copied when they are used.

use crate::capi::callback::{Callback, tvmtrt_finalizer_t};
use crate::capi::environment;
use crate::capi::error::tvmtrt_error_t;
use crate::capi::guard::{guard, need, optional_string, quiet, string};
use crate::capi::option_text::{json_manual, manual};
use crate::capi::option_value::{canonical, row};
use crate::capi::text::{c_string, is_json, tvmtrt_text_t};
use crate::session::engines::Watch;
use crate::session::log::Sink;
use crate::session::partition::RegionFilter;
use crate::tensor::error::Result;
use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::fmt;
use std::mem::MaybeUninit;
use std::sync::Arc;

/// Settings. One object may serve every function: each reads the keys of its stage and ignores the others.
#[derive(Clone, Default)]
pub struct tvmtrt_options_t {
    values: BTreeMap<&'static str, String>,
    /// Where log lines go; `None` is standard error.
    pub log: Option<Sink>,
    /// The caller's say on regions.
    pub filter: Option<RegionFilter>,
    /// Watches builds.
    pub watch: Option<Watch>,
}

impl fmt::Debug for tvmtrt_options_t {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.values).finish()
    }
}

impl tvmtrt_options_t {
    /// Sets one option; a later value wins.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let row = row(key)?;
        self.values.insert(row.key, canonical(row, value)?);
        Ok(())
    }

    /// Goes back to the default.
    pub fn unset(&mut self, key: &str) -> Result<()> {
        self.values.remove(row(key)?.key);
        Ok(())
    }

    /// The value, or the default.
    pub fn get(&self, key: &str) -> Result<&str> {
        let row = row(key)?;
        Ok(self.values.get(row.key).map_or(row.default, String::as_str))
    }

    /// Keys and values that were set.
    pub fn all_given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.values.iter().map(|(k, v)| (*k, v.as_str()))
    }

    /// The value, where one was set.
    pub fn given(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }
}

/// The caller's say on a region that would go to TensorRT, after all built-in rules: the names of its nodes and their operators,
/// such as `nn.conv2d`, `count` of each, in the order in which they run. All live until the function returns.
///
/// Returns 0 to keep the region off TensorRT; anything else accepts it.
///
/// Called by the thread that is inside `tvmtrt_partition`. Must not unwind, must not call tvmtrt.
pub type tvmtrt_region_filter_t =
    Option<unsafe extern "C" fn(user: *mut c_void, nodes: *const *const c_char, operators: *const *const c_char, count: usize) -> i32>;

/// Makes options that all have their defaults.
///
/// \return The options: the caller's, to be deleted.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_options_new() -> Option<Box<tvmtrt_options_t>> {
    quiet(None, || Some(Box::default()))
}

/// Sets one option. A later value wins.
///
/// \param options Changed.
/// \param key One of the keys that `tvmtrt_options_keys` lists.
/// \param value Its value as text; copied. NULL goes back to the default.
/// \return NULL, or an error that leaves the options as they were: TVMTRT_ERROR_UNKNOWN_OPTION names the nearest key,
///     TVMTRT_ERROR_BAD_OPTION says what the option takes.
///
/// Thread safety: one thread at a time for one options object.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_options_set(
    options: Option<&mut tvmtrt_options_t>,
    key: *const c_char,
    value: *const c_char,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        // SAFETY: NUL-terminated strings or NULL, as the header demands.
        let (key, value) = unsafe { (string(key, "key")?, optional_string(value, "value")?) };
        let options = need(options, "options")?;
        match value {
            Some(value) => options.set(key, value),
            None => options.unset(key),
        }
    })
}

/// Gives the value of one option, or its default.
///
/// \param options Lent.
/// \param key One of the keys that `tvmtrt_options_keys` lists.
/// \param out Gets the value in canonical form (switches are `true` or `false`): the caller's, to be deleted.
/// \return NULL, or an error: TVMTRT_ERROR_UNKNOWN_OPTION.
///
/// Thread safety: any thread, as long as none changes the options.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_options_get(
    options: Option<&tvmtrt_options_t>,
    key: *const c_char,
    out: Option<&mut MaybeUninit<Box<tvmtrt_text_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        // SAFETY: a NUL-terminated string or NULL, as the header demands.
        let key = unsafe { string(key, "key") }?;
        tvmtrt_text_t::put(need(options, "options")?.get(key)?, out)
    })
}

/// Gives the manual of all options: key, type, default, range, the functions that read it, and what it does.
///
/// \param format `TVMTRT_FORMAT_TEXT` or `TVMTRT_FORMAT_JSON`.
/// \param out Gets the manual: the caller's, to be deleted.
/// \return NULL, or an error: TVMTRT_ERROR_INVALID_ARGUMENT.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn tvmtrt_options_keys(format: u32, out: Option<&mut MaybeUninit<Box<tvmtrt_text_t>>>) -> Option<Box<tvmtrt_error_t>> {
    guard(|| tvmtrt_text_t::put(&if is_json(format)? { json_manual() } else { manual() }, out))
}

/// Sets options from the environment variables of TVM and MXNet, as they are at this call.
///
/// `TVM_TENSORRT_MAX_WORKSPACE_SIZE` sets `max_workspace_size` (0: nothing). `USE_TENSORRT` and `MXNET_USE_TENSORRT` set `offload`
/// (1: `default`, 0: `off`). `TVM_TENSORRT_CACHE_DIR` sets `engine_cache`. `TVM_TENSORRT_USE_FP16` and `TVM_TENSORRT_USE_INT8` set
/// `precision`, to `int8_float16` where both are 1. `TVM_TENSORRT_MULTI_ENGINE` sets `engine_batch` (1: `each`, 0: `dynamic`); engines are
/// built at run time, as TVM does, only where `engine_build` says so. Unset and empty variables change nothing.
///
/// \param options Changed.
/// \return NULL, or an error that names the variable and leaves the options as they were: TVMTRT_ERROR_BAD_OPTION.
///
/// Thread safety: one thread at a time for one options object, and no thread may change the environment meanwhile.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn tvmtrt_options_from_env(options: Option<&mut tvmtrt_options_t>) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let lookup = |name: &str| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned());
        environment::apply(need(options, "options")?, &lookup)
    })
}

/// Gives the caller a say on each region that would go to TensorRT. `tvmtrt_partition_explain` shows the answers.
///
/// \param options Changed.
/// \param filter The function; NULL for none.
/// \param user Handed to the function. Given away on success: `finalizer` ends it.
/// \param finalizer Called once with `user`, when the options and every object made with them are deleted; may be NULL.
/// \return NULL, or an error, after which `user` is still the caller's: TVMTRT_ERROR_NULL_POINTER.
///
/// Thread safety: one thread at a time for one options object.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_options_set_region_filter(
    options: Option<&mut tvmtrt_options_t>,
    filter: tvmtrt_region_filter_t,
    user: *mut c_void,
    finalizer: tvmtrt_finalizer_t,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let options = need(options, "options")?;
        let held = Callback::new(filter, user, finalizer);
        options.filter = held.function.is_some().then(|| region_filter(held));
        Ok(())
    })
}

fn region_filter(held: Callback<tvmtrt_region_filter_t>) -> RegionFilter {
    Arc::new(move |region| {
        let held = &held;
        let texts: Vec<_> = region.iter().map(|(node, operator)| (c_string(node), c_string(operator))).collect();
        let (nodes, operators): (Vec<_>, Vec<_>) = texts.iter().map(|(n, o)| (n.as_ptr(), o.as_ptr())).unzip();
        // SAFETY: the caller promised a function that takes these; all texts outlive the call.
        held.function.is_none_or(|f| unsafe { f(held.user, nodes.as_ptr(), operators.as_ptr(), nodes.len()) } != 0)
    })
}

/// Deletes options. Objects made with them keep what they copied.
///
/// \param options Given away; NULL is allowed.
///
/// Thread safety: any thread, once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_options_delete(options: Option<Box<tvmtrt_options_t>>) {
    quiet((), || drop(options));
}
