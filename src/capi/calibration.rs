//! `tvmtrt_calibration_t`: ranges of tensors, from the caller's data, for engines in int8.

use crate::capi::dlpack_copy::Layout;
use crate::capi::error::tvmtrt_error_t;
use crate::capi::guard::{array, guard, need, quiet, string};
use crate::capi::option_read;
use crate::capi::options::tvmtrt_options_t;
use crate::capi::partition::tvmtrt_partition_t;
use crate::capi::run::{read_inputs, tvmtrt_argument_t};
use crate::ensure;
use crate::session::calibration::Calibration;
use crate::tensor::error::{Context, Result};
use crate::tensor::host::Tensor;
use crate::tensor::lists::Lists;
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::path::Path;

/// A calibration under way: runs a partition in float32 and keeps the magnitudes of what int8 products read.
#[derive(Debug)]
pub struct tvmtrt_calibration_t(Calibration);

/// Begins a calibration, which makes the table of ranges that engines in int8 are built with (option `calibration`). It runs on the CPU
/// and needs neither a GPU nor TensorRT. A table is for its model: other weights need another one.
///
/// \param partition Lent; its inputs are those of the data.
/// \param options Read: `calibration_method`, `log_level`, `threads`. NULL for defaults.
/// \param out Gets the calibration: the caller's, to be deleted.
/// \return NULL, or an error.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn tvmtrt_calibration_new(
    partition: Option<&tvmtrt_partition_t>,
    options: Option<&tvmtrt_options_t>,
    out: Option<&mut MaybeUninit<Box<tvmtrt_calibration_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let (partition, out) = (need(partition, "partition")?, need(out, "out")?);
        let options = option_read::calibration(&option_read::or_default(options))?;
        out.write(Box::new(tvmtrt_calibration_t(Calibration::new(partition.partition(), &options)?)));
        Ok(())
    })
}

/// Runs once on data like those that the engine will see. Some hundred runs are usual; ranges grow or stay.
///
/// \param calibration Changed.
/// \param inputs The inputs, as for `tvmtrt_run`; copied.
/// \param input_count How many.
/// \return NULL, or an error that names the input, after which nothing has changed: those of `tvmtrt_run` for inputs.
///
/// Thread safety: one thread at a time for one calibration.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_calibration_add(
    calibration: Option<&mut tvmtrt_calibration_t>,
    inputs: *const tvmtrt_argument_t,
    input_count: usize,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let calibration = &mut need(calibration, "calibration")?.0;
        // SAFETY: an array of arguments, and what each points to, as the header demands.
        let inputs = unsafe { copies(array(inputs, input_count, "inputs")?, calibration) }?;
        calibration.add(&inputs)
    })
}

/// # Safety
/// What the arguments point to is as the header demands.
unsafe fn copies(inputs: &[tvmtrt_argument_t], calibration: &Calibration) -> Result<Vec<Tensor>> {
    let lists = Lists::new();
    // SAFETY: by this function's contract.
    let layouts = unsafe { read_inputs(inputs, &calibration.inputs, &lists) }?;
    let copy = |layout: &Layout| {
        ensure!(layout.device.is_none(), WrongDevice, "calibration takes tensors in host memory (kDLCPU)");
        // SAFETY: the caller lends the tensors for this call.
        Tensor::new(layout.dtype, layout.shape.to_vec(), unsafe { layout.gather() })
    };
    let named = layouts.iter().zip(&calibration.inputs);
    named.map(|(layout, input)| copy(layout).context(|| format!("input '{}'", input.name))).collect()
}

/// Writes the table of ranges to a file, as JSON: the method, the number of runs, and for each tensor the magnitude that 127 stands for.
///
/// \param calibration Lent.
/// \param path The file; one that is there is replaced.
/// \return NULL, or an error: TVMTRT_ERROR_IO; TVMTRT_ERROR_INVALID_ARGUMENT before any run, or where a tensor held infinite elements.
///
/// Thread safety: any thread, as long as none changes the calibration.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_calibration_write(
    calibration: Option<&tvmtrt_calibration_t>,
    path: *const c_char,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        // SAFETY: a NUL-terminated string or NULL, as the header demands.
        let path = unsafe { string(path, "path") }?;
        need(calibration, "calibration")?.0.write(Path::new(path))
    })
}

/// Deletes a calibration.
///
/// \param calibration Given away; NULL is allowed.
///
/// Thread safety: any thread, once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_calibration_delete(calibration: Option<Box<tvmtrt_calibration_t>>) {
    quiet((), || drop(calibration));
}
