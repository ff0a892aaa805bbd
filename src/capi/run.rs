//! `tvmtrt_run`: arguments by name or index, as DLPack tensors in host memory or on a GPU.
//!
//! Tensors on a GPU are used in place. Of host tensors, inputs that are dense are used in place, others are copied. Outputs are computed in place where the caller's tensor is dense and
//! shares no memory with an input; otherwise they are written when everything is computed.

use crate::capi::call::numbers;
pub use crate::capi::call::tvmtrt_argument_t;
use crate::capi::dlpack::{DLManagedTensorVersioned, manage};
use crate::capi::dlpack_copy::Layout;
use crate::capi::error::tvmtrt_error_t;
use crate::capi::guard::{array, guard, need, null, optional_string};
use crate::capi::session::tvmtrt_session_t;
use crate::session::arguments::{all_given, resolve};
use crate::session::build::Build;
use crate::session::run::{Memory, Room, Session, Sink, View};
use crate::session::value::ValueInfo;
use crate::tensor::bind::Given;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Context, Result};
use crate::tensor::host::Tensor;
use crate::tensor::lists::{CollectIn, List, Lists};
use crate::tensor::overlap::{Range, Ranges};
use crate::{ensure, fail};
use std::ptr::NonNull;

/// Computes outputs from inputs.
///
/// Every input must be given, and at least one output. Tensors are `kDLCPU` (or `kDLCUDAHost`), with any strides and `byte_offset`, or
/// `kDLCUDA` (or `kDLCUDAManaged`), dense, with any `byte_offset`: engines use these where they lie.
/// Element type and shape must be the input's own: nothing is converted.
///
/// With the option `engine_build` at `first_use`, a run may build an engine first, or wait for another session's run that does.
///
/// It returns when the outputs are complete, but for one case: after `tvmtrt_session_set_stream`, a run whose outputs are all on the GPU
/// returns when its work is queued on that stream. Tensors on the GPU must live, and inputs there must not change, until it is done.
/// All this is checked first; an error of it leaves every
/// output as it was. After an error of the computation itself, the elements of the caller's output tensors are unspecified.
///
/// \param session Changed.
/// \param inputs The inputs, in any order if they have names.
/// \param input_count How many.
/// \param outputs The outputs wanted, in any order if they have names.
/// \param output_count How many.
/// \return NULL, or an error that names the input or output: TVMTRT_ERROR_UNKNOWN_NAME, TVMTRT_ERROR_DUPLICATE_NAME,
///     TVMTRT_ERROR_MISSING_NAME, TVMTRT_ERROR_WRONG_COUNT, TVMTRT_ERROR_WRONG_DTYPE, TVMTRT_ERROR_WRONG_SHAPE,
///     TVMTRT_ERROR_WRONG_DEVICE, TVMTRT_ERROR_NULL_POINTER; TVMTRT_ERROR_INVALID_ARGUMENT while another thread runs the session;
///     TVMTRT_ERROR_CANCELLED (by the progress callback of a build).
///
/// Thread safety: one thread at a time for one session; a second one gets an error.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_run(
    session: Option<NonNull<tvmtrt_session_t>>,
    inputs: *const tvmtrt_argument_t,
    input_count: usize,
    outputs: *const tvmtrt_argument_t,
    output_count: usize,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        // SAFETY: a live session or NULL, as the header demands; it is only borrowed, so that a second thread can be refused.
        let mut session = unsafe { need(session, "session")?.as_ref() }.take()?;
        // SAFETY: arrays of arguments, and what each points to, as the header demands.
        unsafe { run(&mut session, array(inputs, input_count, "inputs")?, array(outputs, output_count, "outputs")?) }
    })
}

/// # Safety
/// What the arguments point to is as the header demands.
unsafe fn run(session: &mut Session, inputs: &[tvmtrt_argument_t], outputs: &[tvmtrt_argument_t]) -> Result<()> {
    let build = session.build().clone();
    // SAFETY: by this function's contract.
    if session.again(|call| unsafe { numbers([(inputs, build.inputs()), (outputs, build.outputs())], call) })? {
        return Ok(());
    }
    // SAFETY: by this function's contract.
    session.with_lists(|session, lists| unsafe { look_and_run(session, &build, inputs, outputs, lists) })?;
    session.remember();
    Ok(())
}

/// # Safety
/// What the arguments point to is as the header demands.
unsafe fn look_and_run(
    session: &mut Session,
    build: &Build,
    inputs: &[tvmtrt_argument_t],
    outputs: &[tvmtrt_argument_t],
    lists: &Lists,
) -> Result<()> {
    // SAFETY: by this function's contract.
    let (inputs, targets) = unsafe { (read_inputs(inputs, build.inputs(), lists)?, read_outputs(outputs, build.outputs(), lists)?) };
    session.check(inputs.iter().map(given), targets.iter().map(|t| t.layout().map(given)))?;
    let read = Ranges::new(inputs.iter().map(Layout::range).enumerate(), lists);
    // SAFETY: the caller lends the outputs for this call; no two of these slices share memory, nor with a view.
    let mut sinks = List::from_iter_in(targets.iter().map(|t| unsafe { t.sink(&read) }), lists);
    // SAFETY: the caller lends the inputs for this call.
    unsafe { with_views(&inputs, lists, |views| session.run_checked(views, &mut sinks, lists)) }?;
    let made = sinks.into_iter().map(|s| if let Sink::Make(made) = s { made } else { None });
    let made = List::from_iter_in(made, lists);
    targets.iter().zip(&made).zip(build.outputs()).try_for_each(|((t, m), v)| t.check(m.as_ref(), v))?;
    // SAFETY: the views are not used any more, so that outputs may be written even where they share memory with inputs.
    targets.iter().zip(&made).for_each(|(t, m)| unsafe { t.write(m.as_ref()) });
    Ok(())
}

/// Hands inputs on as views; those that cannot be used in place are copied.
///
/// # Safety
/// What the layouts describe lives; tensors on a GPU do so until the work on them is done.
pub(super) unsafe fn with_views<T>(inputs: &[Layout], lists: &Lists, run: impl FnOnce(&[View]) -> Result<T>) -> Result<T> {
    // SAFETY: by this function's contract.
    let copies = List::from_iter_in(inputs.iter().map(|l| (!usable_in_place(l)).then(|| unsafe { l.gather() })), lists);
    let memory = copies.iter().zip(inputs).map(|(copy, l)| match (copy, l.device) {
        // SAFETY: by this function's contract.
        (_, Some(device)) => Memory::Device(unsafe { l.span() }, device),
        (Some(copy), None) => Memory::Host(copy),
        // SAFETY: usable in place where there is no copy; alive by this function's contract.
        (None, None) => Memory::Host(unsafe { l.bytes() }),
    });
    let views = inputs.iter().zip(memory).map(|(l, memory)| View { dtype: l.dtype, shape: l.shape, memory });
    run(&List::from_iter_in(views, lists))
}

fn given<'a>(layout: &Layout<'a>) -> Given<'a> {
    Given { dtype: layout.dtype, shape: layout.shape }
}

/// Kernels rely on `bool` being 0 or 1, which a caller's bytes need not be.
fn usable_in_place(layout: &Layout) -> bool {
    layout.device.is_some() || layout.is_dense() && layout.dtype != DType::Bool
}

/// The layouts of all inputs, in the build's order.
///
/// # Safety
/// What the arguments point to is as the header demands.
pub(super) unsafe fn read_inputs<'a>(
    arguments: &[tvmtrt_argument_t],
    known: &[ValueInfo],
    lists: &'a Lists,
) -> Result<List<'a, Layout<'a>>> {
    // SAFETY: by this function's contract.
    let names = unsafe { names(arguments, "inputs", lists) }?;
    let positions = resolve(&names, known, "input", lists)?;
    all_given(&positions, known, names.iter().any(Option::is_some))?;
    let mut layouts = List::with_capacity_in(known.len(), lists);
    for (value, argument) in known.iter().zip(positions.iter().flatten().map(|p| &arguments[*p])) {
        // SAFETY: a tensor or NULL, by this function's contract.
        let layout = unsafe { argument.tensor.as_ref().ok_or_else(|| null("tensor")).and_then(|t| t.layout(lists)) };
        layouts.push(layout.context(|| format!("input '{}'", value.name))?);
    }
    Ok(layouts)
}

/// Where an output goes.
enum Target<'a> {
    Unwanted,
    Caller(Layout<'a>),
    Managed(*mut *mut DLManagedTensorVersioned),
}

/// The targets of all outputs, in the build's order.
///
/// # Safety
/// What the arguments point to is as the header demands.
unsafe fn read_outputs<'a>(arguments: &[tvmtrt_argument_t], known: &[ValueInfo], lists: &'a Lists) -> Result<List<'a, Target<'a>>> {
    // SAFETY: by this function's contract.
    let names = unsafe { names(arguments, "outputs", lists) }?;
    ensure!(!names.is_empty(), WrongCount, "no output is asked for");
    let positions = resolve(&names, known, "output", lists)?;
    let mut targets = List::with_capacity_in(known.len(), lists);
    for (value, position) in known.iter().zip(&positions) {
        targets.push(match position {
            None => Target::Unwanted,
            // SAFETY: by this function's contract.
            Some(p) => unsafe { Target::read(&arguments[*p], lists) }.context(|| format!("output '{}'", value.name))?,
        });
    }
    if let Some((other, one)) = Ranges::new(targets.iter().map(Target::range).enumerate(), lists).pair() {
        fail!(InvalidArgument, "outputs '{}' and '{}' share memory", known[one].name, known[other].name);
    }
    Ok(targets)
}

impl<'a> Target<'a> {
    /// # Safety
    /// What the argument points to is as the header demands.
    unsafe fn read(argument: &tvmtrt_argument_t, lists: &'a Lists) -> Result<Target<'a>> {
        // SAFETY: a tensor or NULL, by this function's contract.
        let Some(tensor) = (unsafe { argument.tensor.as_ref() }) else {
            ensure!(!argument.managed.is_null(), NullPointer, "tensor and managed are both NULL; one of them says where it goes");
            return Ok(Target::Managed(argument.managed));
        };
        // SAFETY: `ndim` numbers, by this function's contract.
        let layout = unsafe { tensor.layout(lists) }?;
        layout.check_writable(lists)?;
        Ok(Target::Caller(layout))
    }

    fn layout(&self) -> Option<&Layout<'a>> {
        match self {
            Target::Caller(layout) => Some(layout),
            _ => None,
        }
    }

    /// Addresses that it writes to.
    fn range(&self) -> Range {
        match self {
            Target::Unwanted => (0, 0),
            Target::Caller(layout) => layout.range(),
            Target::Managed(out) => (out.addr(), out.addr() + size_of_val(out)),
        }
    }

    /// # Safety
    /// The elements live for `'a` and nobody but the inputs' views, which read those ranges, uses them.
    unsafe fn sink(&self, read: &Ranges) -> Sink<'a> {
        match self {
            Target::Unwanted => Sink::Unwanted,
            Target::Caller(layout) if layout.device.is_some() => {
                let device = layout.device.unwrap_or(0);
                // SAFETY: the caller keeps tensors on a GPU until the work is done, as the header demands.
                Sink::Fill(layout.dtype, layout.shape, Room::Device(unsafe { layout.span() }, device))
            }
            Target::Caller(layout) if layout.is_dense() && !read.touch(layout.range()) => {
                // SAFETY: dense, lives, and shares memory with no input and no other output.
                Sink::Fill(layout.dtype, layout.shape, Room::Host(unsafe { layout.bytes_mut() }))
            }
            Target::Caller(_) | Target::Managed(_) => Sink::Make(None),
        }
    }

    /// Refuses a result of another shape than the caller's tensor has.
    fn check(&self, made: Option<&Tensor>, value: &ValueInfo) -> Result<()> {
        match (self, made) {
            (Target::Caller(layout), Some(made)) => {
                let given = given(layout);
                let (have, need) = (given.shape, made.shape());
                ensure!(have == need, WrongShape, "output '{}' has shape {have:?}, but {need:?} was computed", value.name);
                Ok(())
            }
            (Target::Managed(_), None) => fail!(Internal, "output '{}' was not computed", value.name),
            _ => Ok(()),
        }
    }

    /// # Safety
    /// `made` has passed `check`; the elements live and nobody uses them.
    unsafe fn write(&self, made: Option<&Tensor>) {
        match (self, made) {
            // SAFETY: not NULL by `read`, and the caller's to be written.
            (Target::Managed(out), Some(made)) => unsafe { out.write(manage(made)) },
            // SAFETY: as many bytes as the layout has, by `check`; the rest by this function's contract.
            (Target::Caller(layout), Some(made)) => unsafe { layout.scatter(made.bytes()) },
            _ => {}
        }
    }
}

/// # Safety
/// The names are NULL or NUL-terminated strings that live for `'a`.
unsafe fn names<'a>(arguments: &'a [tvmtrt_argument_t], what: &str, lists: &'a Lists) -> Result<List<'a, Option<&'a str>>> {
    let one = |(i, a): (usize, &tvmtrt_argument_t)| {
        // SAFETY: by this function's contract.
        unsafe { optional_string(a.name, "name") }.context(|| format!("{what}[{i}]"))
    };
    arguments.iter().enumerate().map(one).collect_in(lists)
}
