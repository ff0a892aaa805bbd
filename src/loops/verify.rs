//! Checks the invariants of kernels and tells the element type of every operation. It changes nothing and proves no bounds: extents
//! and offsets are symbolic, so what lies inside a buffer is known only when a kernel is called.

use crate::loops::contract::{Attention, BLOCK, Contract, ContractKind, Window};
use crate::loops::{Access, Binary, Body, BufferId, Fold, Kernel, Op, Role, Scalar, Stage, Unary, Val};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Context, Result};
use crate::tensor::shape;
use crate::{ensure, fail};
use std::collections::BTreeSet;

/// Element type of each operation of a body without [`Op::Acc`].
pub fn types(kernel: &Kernel, body: &Body) -> Result<Vec<DType>> {
    types_with_acc(kernel, body, None)
}

/// Element type of each operation of a body in which [`Op::Acc`] has type `acc`.
pub fn types_with_acc(kernel: &Kernel, body: &Body, acc: Option<DType>) -> Result<Vec<DType>> {
    let mut types = Vec::with_capacity(body.ops.len());
    for (i, op) in body.ops.iter().enumerate() {
        for v in op.operands() {
            ensure!((v.0 as usize) < i, Internal, "operation {i} reads %{}, which does not stand before it", v.0);
        }
        types.push(op_type(kernel, op, &types, acc).context(|| format!("operation {i} ({op:?})"))?);
    }
    ensure!((body.result.0 as usize) < types.len(), Internal, "the result %{} is no operation of the body", body.result.0);
    Ok(types)
}

fn op_type(kernel: &Kernel, op: &Op, types: &[DType], acc: Option<DType>) -> Result<DType> {
    let of = |v: Val| types[v.0 as usize];
    Ok(match op {
        Op::Load(access) => buffer_type(kernel, access.buffer)?,
        Op::LoadAt(buffer, at) => {
            ensure!(of(*at) == DType::I64, Internal, "the offset is {}, not int64", of(*at));
            buffer_type(kernel, *buffer)?
        }
        Op::Const(dtype, Scalar::Float(_)) => {
            ensure!(dtype.is_float(), Internal, "a float constant of type {dtype}");
            *dtype
        }
        Op::Const(dtype, Scalar::Int(v)) => {
            ensure!(!dtype.is_float(), Internal, "an integer constant of type {dtype}");
            ensure!(*dtype != DType::Bool || (0..2).contains(v), Internal, "a bool constant of {v}");
            *dtype
        }
        Op::Index(_) | Op::Size(_) => DType::I64,
        Op::Acc => match acc {
            Some(dtype) => dtype,
            None => fail!(Internal, "there is no folded value here"),
        },
        Op::Unary(f, a) => unary_type(*f, of(*a))?,
        Op::Binary(f, a, b) => {
            ensure!(of(*a) == of(*b), Internal, "operands of {} and {}", of(*a), of(*b));
            binary_type(*f, of(*a))?
        }
        Op::Select(c, a, b) => {
            ensure!(of(*c) == DType::Bool, Internal, "a condition of {}", of(*c));
            ensure!(of(*a) == of(*b), Internal, "operands of {} and {}", of(*a), of(*b));
            of(*a)
        }
        Op::Cast(dtype, _) => *dtype,
        Op::MulAdd(a, b, c) => {
            ensure!(of(*a).is_float(), Internal, "operand of {}", of(*a));
            ensure!(of(*a) == of(*b) && of(*b) == of(*c), Internal, "operands of {}, {} and {}", of(*a), of(*b), of(*c));
            of(*a)
        }
        Op::Bitcast(dtype, a) => {
            let same = dtype.size() == of(*a).size() && *dtype != DType::Bool && of(*a) != DType::Bool;
            ensure!(same, Internal, "bits of {} as {dtype}", of(*a));
            *dtype
        }
    })
}

fn unary_type(f: Unary, dtype: DType) -> Result<DType> {
    let fits = match f {
        Unary::Not => dtype == DType::Bool,
        Unary::Neg | Unary::Abs | Unary::Floor | Unary::Ceil | Unary::Round => dtype != DType::Bool,
        _ => dtype.is_float(),
    };
    ensure!(fits, Internal, "operand of {dtype}");
    Ok(dtype)
}

fn binary_type(f: Binary, dtype: DType) -> Result<DType> {
    use Binary::*;
    let fits = match f {
        And | Or | Xor => !dtype.is_float(),
        Shl | Shr => dtype.is_int(),
        _ => f.compares() || dtype != DType::Bool,
    };
    ensure!(fits, Internal, "operands of {dtype}");
    Ok(if f.compares() { DType::Bool } else { dtype })
}

fn buffer_type(kernel: &Kernel, id: BufferId) -> Result<DType> {
    match kernel.buffers.get(id.0 as usize) {
        Some(buffer) => Ok(buffer.dtype),
        None => fail!(Internal, "there is no buffer {}", id.0),
    }
}

/// Checks a kernel; the error names the stage.
pub fn verify(kernel: &Kernel) -> Result<()> {
    let mut written = BTreeSet::new();
    for (i, stage) in kernel.stages.iter().enumerate() {
        check_stage(kernel, stage, &written).context(|| format!("kernel '{}', stage {i}", kernel.name))?;
        written.insert(stage.out());
    }
    for id in kernel.with_role(Role::Output) {
        ensure!(written.contains(&id), Internal, "kernel '{}': output {} is never written", kernel.name, id.0);
    }
    Ok(())
}

fn check_stage(kernel: &Kernel, stage: &Stage, written: &BTreeSet<BufferId>) -> Result<()> {
    buffer_type(kernel, stage.out())?;
    ensure!(kernel.buffer(stage.out()).role != Role::Input, Internal, "an input is written");
    for id in stage.reads() {
        buffer_type(kernel, id)?;
        let ready = kernel.buffer(id).role == Role::Input || written.contains(&id);
        ensure!(ready, Internal, "buffer {} is read before it is written", id.0);
    }
    match stage {
        Stage::Map { out, extents, value } => {
            check_access(kernel, out, extents.len())?;
            let types = check_body(kernel, value, extents.len(), None)?;
            check_result(kernel, out.buffer, types)
        }
        Stage::Reduce { out, outer, inner, fold, value, finish } => {
            check_access(kernel, out, outer.len())?;
            let folded = check_body(kernel, value, outer.len() + inner.len(), None)?;
            let fits = folded != DType::Bool || matches!(fold, Fold::Max | Fold::Min);
            ensure!(fits, Internal, "{fold:?} of bool");
            let types = check_body(kernel, finish, outer.len(), Some(folded))?;
            check_result(kernel, out.buffer, types)
        }
        Stage::Contract(contract) => check_contract(kernel, contract),
    }
}

fn check_access(kernel: &Kernel, access: &Access, rank: usize) -> Result<()> {
    buffer_type(kernel, access.buffer)?;
    ensure!(access.strides.len() == rank, Internal, "{} strides for {rank} indices", access.strides.len());
    Ok(())
}

/// Checks a body over `rank` indices and gives its result's type.
fn check_body(kernel: &Kernel, body: &Body, rank: usize, acc: Option<DType>) -> Result<DType> {
    for op in &body.ops {
        match op {
            Op::Load(access) => check_access(kernel, access, rank)?,
            Op::Index(k) => ensure!(*k < rank, Internal, "index {k} of {rank}"),
            _ => {}
        }
    }
    Ok(types_with_acc(kernel, body, acc)?[body.result.0 as usize])
}

fn check_result(kernel: &Kernel, out: BufferId, dtype: DType) -> Result<()> {
    let want = kernel.buffer(out).dtype;
    ensure!(dtype == want, Internal, "a value of {dtype} for a buffer of {want}");
    Ok(())
}

fn check_contract(kernel: &Kernel, contract: &Contract) -> Result<()> {
    ensure!(!contract.kind.operands().contains(&contract.out), Internal, "the result is an operand");
    let out = kernel.buffer(contract.out);
    let dtype = out.dtype;
    for operand in contract.kind.operands() {
        ensure!(buffer_type(kernel, operand)? == dtype, Internal, "operands and result differ in type");
    }
    let rank = match &contract.kind {
        ContractKind::MatMul { a, b, batch, .. } => {
            check_access(kernel, a, batch.len() + 2)?;
            check_access(kernel, b, batch.len() + 2)?;
            batch.len() + 2
        }
        ContractKind::Conv { x, w, groups, window } => {
            let spatial = check_window(kernel, *x, contract.out, window)?;
            let weights = &kernel.buffer(*w).shape;
            ensure!(weights.len() == spatial + 2, Internal, "weights of another rank than the data");
            ensure!(*groups > 0, Internal, "{groups} groups");
            let alone = *groups == 1 || weights[0].is(*groups) && weights[1].is(1);
            let blocks = [*x, contract.out].map(|b| contract.kind.in_blocks(kernel.buffer(b).shape.len()));
            ensure!(blocks == [false, false] || blocks[1] && alone, Internal, "{groups} groups of blocks, or blocks into planes");
            if blocks[1] { 4 } else { 3 }
        }
        ContractKind::Pool { x, window, .. } => {
            check_window(kernel, *x, contract.out, window)?;
            ensure!(kernel.buffer(*x).shape.len() == out.shape.len(), Internal, "a pooling between blocks and planes");
            if contract.kind.in_blocks(out.shape.len()) { 4 } else { 3 }
        }
        ContractKind::Attention(a) => {
            check_attention(kernel, contract, a)?;
            a.batch.len() + 2
        }
    };
    let index = match &contract.kind {
        ContractKind::Attention(a) => [a.batch.as_slice(), &[a.scores[0].clone(), a.columns.clone()]].concat(),
        kind => kind.index(&out.shape),
    };
    let fits = shape::element_count(&index).equals(&shape::element_count(&out.shape)) != Answer::Never;
    ensure!(fits, Internal, "a result of {} for a buffer of {}", shape::text(&index), shape::text(&out.shape));
    match &contract.epilogue {
        None => Ok(()),
        Some(body) => check_result(kernel, contract.out, check_body(kernel, body, rank, Some(dtype))?),
    }
}

fn check_attention(kernel: &Kernel, contract: &Contract, a: &Attention) -> Result<()> {
    let rank = a.batch.len() + 2;
    for access in [&a.queries, &a.keys, &a.values] {
        check_access(kernel, access, rank)?;
    }
    ensure!(a.out.len() == rank, Internal, "{} strides of the result for {rank} indices", a.out.len());
    let ops = contract.epilogue.iter().flat_map(|body| &body.ops);
    let reads = |op: &Op| matches!(op, Op::Load(Access { buffer, .. }) | Op::LoadAt(buffer, _) if *buffer == contract.out);
    ensure!(!ops.into_iter().any(reads), Internal, "scores read the result");
    Ok(())
}

fn check_window(kernel: &Kernel, x: BufferId, out: BufferId, window: &Window) -> Result<usize> {
    let n = window.kernel.len();
    let lengths = [&window.stride, &window.dilation, &window.pad_begin, &window.pad_end];
    ensure!(lengths.iter().all(|v| v.len() == n), Internal, "a window whose lists differ in length");
    ensure!((1..=3).contains(&n), Internal, "a window over {n} axes");
    for id in [x, out] {
        let shape: &[Dim] = &kernel.buffer(id).shape;
        let blocks = shape.len() == n + 3 && shape[n + 2].is(BLOCK as i64);
        ensure!(shape.len() == n + 2 || blocks, Internal, "a window over {n} axes of {}", shape::text(shape));
    }
    ensure!(window.stride.iter().chain(&window.dilation).chain(&window.kernel).all(|v| *v > 0), Internal, "a window of {window:?}");
    Ok(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `relu(x) * 2` of a vector, and the same with one operation replaced.
    fn kernel(change: impl Fn(&mut Kernel, &mut Body)) -> Result<()> {
        let mut k = Kernel::new("test");
        let x = k.add(Role::Input, DType::F32, &[Dim::symbol("N", 0, 100)]);
        let y = k.add(Role::Output, DType::F32, &[Dim::symbol("N", 0, 100)]);
        let mut body = Body::default();
        let v = body.load(k.dense(x));
        let zero = body.float(DType::F32, 0.0);
        body.binary(Binary::Max, v, zero);
        change(&mut k, &mut body);
        k.map(y, body);
        verify(&k)
    }

    #[test]
    fn a_sound_kernel_passes() {
        kernel(|_, _| {}).unwrap();
    }

    #[test]
    fn each_unsound_kernel_is_refused() {
        let refused = |want: &str, change: &dyn Fn(&mut Kernel, &mut Body)| {
            let message = kernel(change).unwrap_err().message;
            assert!(message.contains(want), "'{message}' does not say '{want}'");
        };
        refused("operands of float32 and int64", &|_, b| {
            let i = b.push(Op::Index(0));
            b.binary(Binary::Add, Val(0), i);
        });
        refused("does not stand before", &|_, b| {
            b.ops.push(Op::Unary(Unary::Neg, Val(9)));
        });
        refused("no folded value", &|_, b| {
            b.push(Op::Acc);
        });
        refused("1 strides for", &|k, b| {
            k.stages.push(Stage::Map { out: k.dense(BufferId(1)), extents: vec![], value: b.clone() });
        });
        refused("index 1 of 1", &|_, b| {
            let i = b.push(Op::Index(1));
            b.push(Op::Cast(DType::F32, i));
        });
        refused("a value of bool", &|_, b| {
            b.binary(Binary::Less, Val(0), Val(1));
        });
        refused("before it is written", &|k, b| {
            let local = k.add(Role::Local, DType::F32, &[Dim::from(1i64)]);
            b.load(Access { buffer: local, offset: Dim::from(0i64), strides: vec![Dim::from(0i64)] });
        });
        refused("never written", &|k, _| {
            k.add(Role::Output, DType::F32, &[]);
        });
    }

    #[test]
    fn each_unsound_attention_is_refused() {
        let check = |change: &dyn Fn(&mut Kernel, &mut Attention, &mut Body)| {
            let (size, mut k) = (Dim::from(4i64), Kernel::new("test"));
            let [x, y] = [Role::Input, Role::Output].map(|role| k.add(role, DType::F32, &[size.clone(), size.clone()]));
            let dense = k.dense(x);
            // So that the result is there to be read.
            let mut zero = Body::default();
            zero.float(DType::F32, 0.0);
            k.map(y, zero);
            let mut a = Attention {
                queries: dense.clone(),
                keys: dense.clone(),
                values: dense.clone(),
                out: dense.strides,
                batch: vec![],
                scores: [size.clone(), size.clone()],
                depth: size.clone(),
                columns: size,
            };
            let mut body = Body::acc();
            change(&mut k, &mut a, &mut body);
            let contract = Contract { kind: ContractKind::Attention(a), out: y, epilogue: Some(body) };
            k.stages.push(Stage::Contract(contract));
            verify(&k)
        };
        check(&|_, _, _| ()).unwrap();
        let refused = |want: &str, change: &dyn Fn(&mut Kernel, &mut Attention, &mut Body)| {
            let message = check(change).unwrap_err().message;
            assert!(message.contains(want), "'{message}' does not say '{want}'");
        };
        refused("2 strides for 3", &|_, a, _| a.batch.push(Dim::from(1i64)));
        refused("strides of the result", &|_, a, _| a.out.truncate(1));
        refused("differ in type", &|k, a, _| a.values.buffer = k.add(Role::Input, DType::F64, &[Dim::from(16i64)]));
        refused("the result is an operand", &|_, a, _| a.keys.buffer = BufferId(1));
        refused("scores read the result", &|k, _, body| {
            body.load(k.dense(BufferId(1)));
        });
        refused("for a buffer of", &|_, a, _| a.columns = Dim::from(5i64));
        refused("a value of bool", &|_, _, body| {
            body.binary(Binary::Less, Val(0), Val(0));
        });
    }
}
