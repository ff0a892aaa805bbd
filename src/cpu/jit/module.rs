//! Code in memory: compiles the stages of a program together, on several threads, and keeps what it made until the last user is gone.
//! Where the system refuses executable memory there is an error with [`Code::CpuCode`], never a crash.
#![allow(unsafe_code)]

use crate::cpu::jit::gen_fn::{Gen, host_signature, signature};
use crate::cpu::jit::host;
use crate::cpu::jit::nest::{Nest, nest};
use crate::cpu::jit::render::render;
use crate::loops::{BufferId, Kernel, Op};
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::error::{Code, Error, Result};
use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{Function, UserFuncName};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITMemoryProvider, JITModule};
use cranelift_module::{FuncId, Linkage, Module, ModuleReloc, ModuleRelocTarget};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The machine code of a program. It is freed with its last [`Rendered`] function.
struct Memory(Mutex<Option<JITModule>>);

impl Drop for Memory {
    fn drop(&mut self) {
        let module = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(module) = module {
            // SAFETY: every function holds this memory, so none is left that could be called.
            unsafe { module.free_memory() }
        }
    }
}

type Entry = unsafe extern "C" fn(*const *mut u8, *const i64, i64, i64, i64, i64);

/// A stage as machine code.
#[derive(Clone)]
pub struct Rendered {
    entry: Entry,
    /// Keeps the code.
    _memory: Arc<Memory>,
    /// Values that a call needs, in order.
    pub params: Vec<Dim>,
    /// Extents that together make the outer range of a call.
    pub outer: Vec<Dim>,
    /// Extent of the inner range of a call.
    pub inner: Dim,
    /// Operations per index of both ranges: those per element, times the elements folded.
    pub work: Dim,
}

/// A function with the values of its dims.
#[derive(Debug, Clone, Default)]
pub struct Bound {
    /// Values of [`Rendered::params`].
    pub params: Vec<i64>,
    /// End of the outer range.
    pub outer: i64,
    /// End of the inner range.
    pub inner: i64,
    /// Operations per index of both ranges.
    pub work: i64,
}

impl Rendered {
    /// Evaluates the dims.
    pub fn bind(&self, bindings: &Bindings) -> Result<Bound> {
        let eval = |d: &Dim| d.eval(bindings).ok_or_else(|| Error::new(Code::WrongShape, format!("extent {d} has no value")));
        let params = self.params.iter().map(eval).collect::<Result<Vec<i64>>>()?;
        let outer = self.outer.iter().map(eval).collect::<Result<Vec<i64>>>()?;
        let outer = if outer.iter().any(|n| *n <= 0) { 0 } else { outer.iter().product() };
        Ok(Bound { params, outer, inner: eval(&self.inner)?.max(0), work: eval(&self.work)?.max(1) })
    }

    /// Runs the stage on parts of its ranges.
    ///
    /// # Safety
    /// `buffers` points to one address per buffer of the kernel; each is valid for all that the stage reads and writes there with the
    /// values of `bound`, which are those of its ranges; and no other thread writes what is read or written meanwhile.
    pub unsafe fn call(&self, buffers: *const *mut u8, bound: &Bound, outer: (i64, i64), inner: (i64, i64)) {
        debug_assert_eq!(bound.params.len(), self.params.len());
        // SAFETY: the code is alive; the rest is the caller's word.
        unsafe { (self.entry)(buffers, bound.params.as_ptr(), outer.0, outer.1, inner.0, inner.1) }
    }
}

fn fault(e: impl Display) -> Error {
    Error::new(Code::CpuCode, format!("machine code cannot be made here: {e}"))
}

/// Compiles stages, each of a kernel; `None` for a contraction without epilogue. Uses up to `threads` threads.
pub fn compile(stages: &[(&Kernel, usize)], threads: usize) -> Result<Vec<Option<Rendered>>> {
    compile_into(stages, threads, None)
}

/// [`compile`] with a given source of memory.
pub fn compile_into(
    stages: &[(&Kernel, usize)],
    threads: usize,
    memory: Option<Box<dyn JITMemoryProvider + Send>>,
) -> Result<Vec<Option<Rendered>>> {
    let isa = target()?;
    let mut builder = JITBuilder::with_isa(isa.clone(), cranelift_module::default_libcall_names());
    host::ALL.iter().for_each(|f| {
        builder.symbol(format!("tvmtrt.{}", f.name), f.address);
    });
    if let Some(memory) = memory {
        builder.memory_provider(memory);
    }
    let mut module = JITModule::new(builder);
    let call_conv = isa.default_call_conv();
    let host_ids = host::ALL.iter().map(|f| {
        let id = module.declare_function(&format!("tvmtrt.{}", f.name), Linkage::Import, &host_signature(f, call_conv));
        id.map(|id| id.as_u32()).map_err(fault)
    });
    let host_ids = host_ids.collect::<Result<Vec<u32>>>()?;
    let made = make_all(stages, &isa, &host_ids, threads)?;
    let mut ids: Vec<Option<FuncId>> = Vec::new();
    for one in &made {
        let Some(one) = one else {
            ids.push(None);
            continue;
        };
        let id = module.declare_anonymous_function(&signature(call_conv)).map_err(fault)?;
        module.define_function_bytes(id, u64::from(one.alignment), &one.bytes, &one.relocs(id)).map_err(fault)?;
        ids.push(Some(id));
    }
    module.finalize_definitions().map_err(fault)?;
    let entries: Vec<Option<*const u8>> = ids.iter().map(|id| id.map(|id| module.get_finalized_function(id))).collect();
    let memory = Arc::new(Memory(Mutex::new(Some(module))));
    Ok(made.into_iter().zip(entries).map(|(one, entry)| Some(one?.rendered(entry?, &memory))).collect())
}

fn target() -> Result<OwnedTargetIsa> {
    let mut flags = settings::builder();
    let verify = if cfg!(debug_assertions) { "true" } else { "false" };
    let wanted = [("opt_level", "speed"), ("use_colocated_libcalls", "false"), ("is_pic", "false"), ("enable_verifier", verify)];
    for (key, value) in wanted {
        flags.set(key, value).map_err(fault)?;
    }
    cranelift_native::builder().map_err(fault)?.finish(settings::Flags::new(flags)).map_err(fault)
}

/// True where a multiply-add of vectors is one instruction.
fn is_fused(isa: &OwnedTargetIsa) -> bool {
    match isa.triple().architecture.to_string().as_str() {
        "x86_64" => isa.isa_flags().iter().any(|f| f.name == "has_fma" && f.as_bool() == Some(true)),
        name => name.starts_with("aarch64"),
    }
}

/// A compiled function that is not yet in its place: no more of it than is needed there, for all of a program are held at once.
struct Made {
    bytes: Vec<u8>,
    alignment: u32,
    /// As if it were function 0.
    relocs: Vec<ModuleReloc>,
    params: Vec<Dim>,
    nest: Nest,
}

impl Made {
    fn relocs(&self, id: FuncId) -> Vec<ModuleReloc> {
        let own = |target: &ModuleRelocTarget| match target {
            ModuleRelocTarget::FunctionOffset(_, offset) => ModuleRelocTarget::FunctionOffset(id, *offset),
            other => other.clone(),
        };
        self.relocs.iter().map(|r| ModuleReloc { name: own(&r.name), ..r.clone() }).collect()
    }

    fn rendered(self, entry: *const u8, memory: &Arc<Memory>) -> Rendered {
        let n = self.nest.split_axes();
        let inner = self.nest.outer.get(n).cloned().unwrap_or(Dim::from(1i64));
        let folded = self.nest.inner.iter().fold(Dim::from(1i64), |n, d| &n * d);
        Rendered {
            // SAFETY: the code was made with this signature.
            entry: unsafe { std::mem::transmute::<*const u8, Entry>(entry) },
            _memory: memory.clone(),
            params: self.params,
            outer: self.nest.outer[..n].to_vec(),
            inner,
            work: &folded * &Dim::from(self.nest.value.body.ops.len()),
        }
    }
}

fn make_all(stages: &[(&Kernel, usize)], isa: &OwnedTargetIsa, host_ids: &[u32], threads: usize) -> Result<Vec<Option<Made>>> {
    let results: Vec<Mutex<Option<Result<Option<Made>>>>> = stages.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut frontend, mut context) = (FunctionBuilderContext::new(), Context::new());
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some((kernel, stage)) = stages.get(i) else { break };
            *results[i].lock().unwrap_or_else(PoisonError::into_inner) =
                Some(make(kernel, *stage, isa, host_ids, &mut frontend, &mut context));
        }
    };
    std::thread::scope(|scope| {
        (1..threads.min(stages.len())).for_each(|_| {
            scope.spawn(work);
        });
        work();
    });
    results.into_iter().map(|r| r.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or(Ok(None))).collect()
}

fn make(
    kernel: &Kernel,
    stage: usize,
    isa: &OwnedTargetIsa,
    host_ids: &[u32],
    frontend: &mut FunctionBuilderContext,
    context: &mut Context,
) -> Result<Option<Made>> {
    let Some(nest) = nest(kernel, &kernel.stages[stage])? else { return Ok(None) };
    context.clear();
    context.func = Function::with_name_signature(UserFuncName::user(1, 0), signature(isa.default_call_conv()));
    let builder = FunctionBuilder::new(&mut context.func, frontend);
    let (buffers, dims) = mentioned(&nest);
    let mut g = Gen::new(builder, &buffers, &dims, host_ids, isa.default_call_conv(), is_fused(isa));
    render(&mut g, kernel, &nest);
    let params = g.finish(isa.frontend_config());
    let place = |e: cranelift_codegen::CompileError| {
        fault(format!("kernel '{}': {}", kernel.name, cranelift_codegen::print_errors::pretty_error(e.func, e.inner)))
    };
    let code = context.compile(&**isa, &mut ControlPlane::default()).map_err(place)?;
    let (bytes, alignment) = (code.code_buffer().to_vec(), code.buffer.alignment);
    let code = context.compiled_code().into_iter();
    let relocs = code.flat_map(|c| c.buffer.relocs()).map(|r| ModuleReloc::from_mach_reloc(r, &context.func, FuncId::from_u32(0)));
    Ok(Some(Made { relocs: relocs.collect(), bytes, alignment, params, nest }))
}

/// The buffers and dims that a function needs.
fn mentioned(nest: &Nest) -> (Vec<BufferId>, Vec<Dim>) {
    let mut buffers = BTreeSet::from([nest.out.buffer]);
    let mut dims: BTreeSet<Dim> =
        nest.outer.iter().chain(&nest.inner).chain(&nest.out.strides).chain([&nest.out.offset]).cloned().collect();
    let bodies = [Some(&nest.value), nest.folded.as_ref().map(|f| &f.finish)];
    for op in bodies.into_iter().flatten().flat_map(|t| &t.body.ops) {
        match op {
            Op::Load(a) => {
                buffers.insert(a.buffer);
                dims.extend(a.strides.iter().chain([&a.offset]).cloned());
            }
            Op::LoadAt(buffer, _) => {
                buffers.insert(*buffer);
            }
            Op::Size(d) => {
                dims.insert(d.clone());
            }
            _ => {}
        }
    }
    (buffers.into_iter().collect(), dims.into_iter().collect())
}
