//! Tries rendered kernels against the slow evaluator: every type, every function, strided and broadcast accesses, reductions both ways,
//! ranges that are split, and systems that refuse executable memory.
#![allow(unsafe_code)]

use super::module::{compile, compile_into};
use crate::loops::contract::{Contract, ContractKind};
use crate::loops::{Access, Binary, Body, BufferId, Fold, Kernel, Op, Role, Scalar, Stage, Unary, Val, eval, verify};
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::Code;
use crate::tensor::host::Tensor;
use crate::tensor::shape;

/// Repeatable numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) ^ self.0
    }

    fn tensor(&mut self, dtype: DType, shape: &[usize]) -> Tensor {
        let n: usize = shape.iter().product();
        let special =
            [0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.5, 1.5, 2.5, 300.0, -70000.0, 1e-7, 3e9, -1e19, 1e-40];
        let values = (0..n).map(|i| {
            let r = self.next();
            if dtype.is_float() {
                if r.is_multiple_of(7) { special[i % special.len()] } else { (r % 100_003) as f64 / 12_345.0 - 4.0 }
            } else if dtype == DType::Bool {
                (r % 2) as f64
            } else if r.is_multiple_of(5) {
                [0.0, 1.0, -1.0, 127.0, -128.0, 255.0, 65535.0, -32768.0, 2147483647.0, -2147483648.0, 9.3e18, -9.3e18][i % 12]
            } else {
                (r % 41) as f64 - 20.0
            }
        });
        Tensor::from_f64s(dtype, shape, &values.collect::<Vec<_>>())
    }
}

/// Bytes of 16 more than needed, so that empty buffers have an address.
fn memory(bytes: usize) -> Vec<u64> {
    vec![0; bytes / 8 + 2]
}

/// Runs a kernel's stages as machine code, each in `parts` by each range. Contractions are left out but for their epilogues.
fn run(kernel: &Kernel, inputs: &[Tensor], bindings: &Bindings, parts: i64) -> Vec<Tensor> {
    let stages: Vec<(&Kernel, usize)> = (0..kernel.stages.len()).map(|i| (kernel, i)).collect();
    let code = compile(&stages, 2).unwrap();
    let mut given = inputs.iter();
    let shapes: Vec<Vec<usize>> = kernel.buffers.iter().map(|b| shape::eval(&b.shape, bindings).unwrap()).collect();
    let mut held: Vec<Vec<u64>> = Vec::new();
    for (buffer, shape) in kernel.buffers.iter().zip(&shapes) {
        let mut m = memory(shape.iter().product::<usize>() * buffer.dtype.size());
        if buffer.role == Role::Input {
            let bytes = given.next().unwrap().bytes();
            crate::tensor::bytes::as_bytes_mut(&mut m)[..bytes.len()].copy_from_slice(bytes);
        }
        held.push(m);
    }
    let pointers: Vec<*mut u8> = held.iter_mut().map(|m| m.as_mut_ptr().cast()).collect();
    for f in code.iter().flatten() {
        let bound = f.bind(bindings).unwrap();
        let cut = |n: i64, i: i64| (n * i / parts, n * (i + 1) / parts);
        for (i, j) in (0..parts).flat_map(|i| (0..parts).map(move |j| (i, j))) {
            // SAFETY: the buffers have the sizes that the kernel says, and there is one thread.
            unsafe { f.call(pointers.as_ptr(), &bound, cut(bound.outer, i), cut(bound.inner, j)) }
        }
    }
    let outputs = kernel.with_role(Role::Output).map(|id| {
        let (buffer, shape) = (kernel.buffer(id), &shapes[id.0 as usize]);
        let len = shape.iter().product::<usize>() * buffer.dtype.size();
        let bytes = crate::tensor::bytes::as_bytes(&held[id.0 as usize])[..len].to_vec();
        Tensor::new(buffer.dtype, shape.clone(), bytes.into()).unwrap()
    });
    outputs.collect()
}

fn same(got: &Tensor, want: &Tensor, tolerance: f64, what: &str) {
    assert_eq!((got.dtype(), got.shape()), (want.dtype(), want.shape()), "{what}");
    let (a, b) = (got.to_f64s(), want.to_f64s());
    for (i, (g, w)) in a.iter().zip(&b).enumerate() {
        let fits = g == w || g.is_nan() && w.is_nan() || (g - w).abs() <= tolerance * w.abs().max(1e-30);
        assert!(fits, "{what}: element {i} is {g:e}, not {w:e}");
    }
}

/// Runs a kernel both ways, whole and in parts.
fn check(kernel: &Kernel, bindings: &Bindings, tolerance: f64) {
    check_on(kernel, bindings, tolerance, &|random, dtype, shape| random.tensor(dtype, shape));
}

fn check_on(kernel: &Kernel, bindings: &Bindings, tolerance: f64, make: &dyn Fn(&mut Random, DType, &[usize]) -> Tensor) {
    verify::verify(kernel).unwrap();
    let mut random = Random(kernel.name.bytes().fold(1u64, |h, b| h.wrapping_mul(31) + u64::from(b)));
    let inputs = kernel.with_role(Role::Input).map(|id| {
        let b = kernel.buffer(id);
        make(&mut random, b.dtype, &shape::eval(&b.shape, bindings).unwrap())
    });
    let inputs: Vec<Tensor> = inputs.collect();
    let want = eval::run(kernel, &inputs, bindings).unwrap();
    for parts in [1, 3] {
        for (got, want) in run(kernel, &inputs, bindings, parts).iter().zip(&want) {
            same(got, want, tolerance, &format!("{} in {parts}", kernel.name));
        }
    }
}

fn dims(v: &[i64]) -> Vec<Dim> {
    v.iter().map(|d| Dim::from(*d)).collect()
}

/// A map over inputs of one length.
fn elementwise(name: &str, inputs: &[DType], out: DType, n: i64, body: impl Fn(&mut Body, &[Val])) -> Kernel {
    let mut k = Kernel::new(name);
    let ids: Vec<BufferId> = inputs.iter().map(|d| k.add(Role::Input, *d, &dims(&[n]))).collect();
    let out = k.add(Role::Output, out, &dims(&[n]));
    let mut b = Body::default();
    let values: Vec<Val> = ids.iter().map(|id| b.load(k.dense(*id))).collect();
    body(&mut b, &values);
    k.map(out, b);
    k
}

#[test]
fn every_conversion() {
    for (from, to) in DType::ALL.iter().flat_map(|a| DType::ALL.iter().map(move |b| (*a, *b))) {
        // Results of arithmetic are converted too, so that nothing is read from memory as it is.
        let k = elementwise(&format!("{from} to {to}"), &[from], to, 61, |b, v| {
            b.push(Op::Cast(to, v[0]));
        });
        // Of a double to a narrow float there are two roundings.
        let twice = to.size() == 2 && to.is_float() && from.size() == 8;
        check(&k, &Bindings::new(), if twice { 1e-2 } else { 0.0 });
    }
}

#[test]
fn every_function_of_two() {
    use Binary::*;
    let arithmetic = [Add, Sub, Mul, Div, Rem, Pow, Max, Min, Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual];
    for dtype in DType::ALL {
        let functions: Vec<Binary> = match dtype {
            DType::Bool => vec![And, Or, Xor, Equal, NotEqual, Less, GreaterEqual],
            d if d.is_float() => arithmetic.to_vec(),
            _ => arithmetic.into_iter().chain([And, Or, Xor]).collect(),
        };
        for f in functions {
            let out = if f.compares() { DType::Bool } else { *dtype };
            let k = elementwise(&format!("{f:?} {dtype}"), &[*dtype, *dtype], out, 45, |b, v| {
                b.binary(f, v[0], v[1]);
            });
            let tolerance = match dtype {
                DType::F16 => 1e-3,
                DType::BF16 => 8e-3,
                DType::F32 if f == Pow => 1e-6,
                DType::F64 if f == Pow => 1e-15,
                _ => 0.0,
            };
            check(&k, &Bindings::new(), tolerance);
            let k = elementwise(&format!("{f:?} {dtype} with a constant"), &[*dtype], out, 45, |b, v| {
                let c = b.constant(*dtype, 1.0);
                b.binary(f, c, v[0]);
            });
            check(&k, &Bindings::new(), tolerance);
        }
    }
}

#[test]
fn shifts_and_bits() {
    for (dtype, f) in DType::ALL.iter().filter(|d| d.is_int()).flat_map(|d| [(*d, Binary::Shl), (*d, Binary::Shr)]) {
        let k = elementwise(&format!("{f:?} {dtype}"), &[dtype], dtype, 39, |b, v| {
            let c = b.int(dtype, 3);
            b.binary(f, v[0], c);
        });
        check(&k, &Bindings::new(), 0.0);
    }
    for (from, to) in [(DType::F32, DType::I32), (DType::I32, DType::F32), (DType::F64, DType::U64), (DType::F16, DType::U16)] {
        let k = elementwise(&format!("bits of {from} as {to}"), &[from], to, 39, |b, v| {
            b.push(Op::Bitcast(to, v[0]));
        });
        check(&k, &Bindings::new(), 0.0);
    }
}

#[test]
fn every_function_of_one() {
    use Unary::*;
    for dtype in DType::ALL {
        let functions: &[Unary] = match dtype {
            DType::Bool => &[Not],
            d if d.is_float() => {
                &[Neg, Abs, Sqrt, Exp, Log, Sin, Cos, Tan, Asin, Acos, Atan, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Erf, Floor, Ceil, Round]
            }
            _ => &[Neg, Abs, Floor],
        };
        for f in functions {
            let k = elementwise(&format!("{f:?} {dtype}"), &[*dtype], *dtype, 203, |b, v| {
                b.unary(*f, v[0]);
            });
            let tolerance = match (dtype, f) {
                (_, Neg | Abs | Floor | Ceil | Round | Not) => 0.0,
                (DType::F16, _) => 1e-3,
                (DType::BF16, _) => 8e-3,
                (DType::F32, _) => 1e-6,
                _ => 1e-15,
            };
            check(&k, &Bindings::new(), tolerance);
        }
    }
}

#[test]
fn choices_and_sums_of_products() {
    for dtype in DType::ALL {
        let k = elementwise(&format!("select {dtype}"), &[DType::Bool, *dtype, *dtype], *dtype, 45, |b, v| {
            b.push(Op::Select(v[0], v[1], v[2]));
        });
        check(&k, &Bindings::new(), 0.0);
    }
    for dtype in [DType::F32, DType::F64] {
        let k = elementwise(&format!("muladd {dtype}"), &[dtype; 3], dtype, 45, |b, v| {
            b.push(Op::MulAdd(v[0], v[1], v[2]));
        });
        check(&k, &Bindings::new(), 1e-4);
    }
}

/// `out[n, c, w] = x[n, c, w] * scale[c] + row[w] + i64(index sums)`, with free extents.
#[test]
fn broadcasts_and_free_extents() {
    let (n, w) = (Dim::symbol("N", 0, 100), Dim::symbol("W", 0, 100));
    for (nv, wv) in [(1, 1), (2, 3), (3, 37), (0, 5), (5, 0), (2, 64)] {
        let mut k = Kernel::new("broadcasts");
        let shape = [n.clone(), Dim::from(5i64), w.clone()];
        let x = k.add(Role::Input, DType::F32, &shape);
        let scale = k.add(Role::Input, DType::F32, &[Dim::from(5i64), Dim::from(1i64)]);
        let row = k.add(Role::Input, DType::F16, std::slice::from_ref(&w));
        let out = k.add(Role::Output, DType::F32, &shape);
        let mut b = Body::default();
        let (x, scale, row) = (b.load(k.dense(x)), b.load(k.broadcast(scale, &shape)), b.load(k.broadcast(row, &shape)));
        let row = b.push(Op::Cast(DType::F32, row));
        let y = b.binary(Binary::Mul, x, scale);
        let y = b.binary(Binary::Add, y, row);
        let (i, j, size) = (b.push(Op::Index(0)), b.push(Op::Index(2)), b.push(Op::Size(w.clone())));
        let at = b.binary(Binary::Mul, i, size);
        let at = b.binary(Binary::Add, at, j);
        let at = b.push(Op::Cast(DType::F32, at));
        b.binary(Binary::Add, y, at);
        k.map(out, b);
        check(&k, &Bindings::from([("N".into(), nv), ("W".into(), wv)]), 0.0);
    }
}

#[test]
fn strided_reads_and_writes() {
    for dtype in [DType::F32, DType::U8, DType::I64, DType::F16] {
        let mut k = Kernel::new(&format!("transpose {dtype}"));
        let x = k.add(Role::Input, dtype, &dims(&[7, 9, 11]));
        let out = k.add(Role::Output, dtype, &dims(&[11, 7, 9]));
        let mut b = Body::default();
        b.load(Access { buffer: x, offset: Dim::from(0i64), strides: dims(&[1, 99, 11]) });
        k.map(out, b);
        check(&k, &Bindings::new(), 0.0);
        // Two halves into one buffer, the second backwards and in steps of two; results in an order that is not that of memory.
        let mut k = Kernel::new(&format!("halves {dtype}"));
        let x = k.add(Role::Input, dtype, &dims(&[24, 10]));
        let out = k.add(Role::Output, dtype, &dims(&[24, 10]));
        for (half, step, first) in [(0i64, 2i64, 0i64), (12, -2, 23)] {
            let mut b = Body::default();
            b.load(Access { buffer: x, offset: Dim::from(first * 10), strides: dims(&[1, step * 10]) });
            let out = Access { buffer: out, offset: Dim::from(half * 10), strides: dims(&[1, 10]) };
            k.stages.push(Stage::Map { out, extents: dims(&[10, 12]), value: b });
        }
        check(&k, &Bindings::new(), 0.0);
    }
}

#[test]
fn computed_offsets() {
    // Rows of a table by an index that is kept in bounds, and a padded row by a choice.
    let mut k = Kernel::new("gather");
    let (table, index) = (k.add(Role::Input, DType::F32, &dims(&[6, 21])), k.add(Role::Input, DType::I32, &dims(&[13])));
    let out = k.add(Role::Output, DType::F32, &dims(&[13, 21]));
    let mut b = Body::default();
    let i = b.load(Access { buffer: index, offset: Dim::from(0i64), strides: dims(&[1, 0]) });
    let i = b.push(Op::Cast(DType::I64, i));
    let (low, high, width) = (b.int(DType::I64, 0), b.int(DType::I64, 5), b.int(DType::I64, 21));
    let i = b.binary(Binary::Max, i, low);
    let i = b.binary(Binary::Min, i, high);
    let at = b.binary(Binary::Mul, i, width);
    let j = b.push(Op::Index(1));
    let straight = b.binary(Binary::Add, at, j);
    let backwards = b.binary(Binary::Sub, high, j);
    let backwards = b.binary(Binary::Max, backwards, low);
    let (a, c) = (b.push(Op::LoadAt(table, straight)), b.push(Op::LoadAt(table, backwards)));
    let early = b.binary(Binary::Less, j, high);
    b.push(Op::Select(early, c, a));
    k.map(out, b);
    check(&k, &Bindings::new(), 0.0);
}

/// A reduction of `x[outer, inner]` (or `x[inner, outer]`) with a mean-like finish.
fn reduction(fold: Fold, dtype: DType, outer: Dim, inner: Dim, inner_first: bool) -> Kernel {
    let mut k = Kernel::new(&format!("{fold:?} {dtype} {inner_first}"));
    let shape = if inner_first { [inner.clone(), outer.clone()] } else { [outer.clone(), inner.clone()] };
    let x = k.add(Role::Input, dtype, &shape);
    let bias = k.add(Role::Input, dtype, std::slice::from_ref(&outer));
    let out = k.add(Role::Output, dtype, std::slice::from_ref(&outer));
    let mut value = Body::default();
    let mut access = k.dense(x);
    if inner_first {
        access.strides.reverse();
    }
    value.load(access);
    let mut finish = Body::acc();
    let b = finish.load(k.dense(bias));
    if dtype == DType::Bool {
        finish.binary(Binary::Xor, Val(0), b);
    } else {
        finish.binary(Binary::Max, Val(0), b);
    }
    k.stages.push(Stage::Reduce { out: k.dense(out), outer: vec![outer], inner: vec![inner], fold, value, finish });
    k
}

#[test]
fn reductions_both_ways() {
    let (m, n) = (Dim::symbol("M", 0, 5000), Dim::symbol("N", 0, 5000));
    for dtype in DType::ALL {
        let folds: &[Fold] = if *dtype == DType::Bool { &[Fold::Max, Fold::Min] } else { &[Fold::Sum, Fold::Prod, Fold::Max, Fold::Min] };
        for (fold, first) in folds.iter().flat_map(|f| [(*f, false), (*f, true)]) {
            for (mv, nv) in [(3, 37), (21, 5), (1, 0), (7, 300)] {
                let bindings = Bindings::from([("M".into(), mv), ("N".into(), nv)]);
                let _k = reduction(fold, *dtype, m.clone(), n.clone(), first);
                // Sums and products of numbers near 1: others overflow in one order and not in another.
                let sums = dtype.is_float() && matches!(fold, Fold::Sum | Fold::Prod);
                let tolerance = match (sums, dtype) {
                    (false, _) => 0.0,
                    (_, DType::F64) => 1e-13,
                    (_, DType::F32) => 1e-5,
                    (_, DType::F16) => 1e-3,
                    _ => 8e-3,
                };
                let make = |random: &mut Random, dtype: DType, shape: &[usize]| {
                    if !sums {
                        return random.tensor(dtype, shape);
                    }
                    let n: usize = shape.iter().product();
                    let values: Vec<f64> = (0..n).map(|_| 0.9 + (random.next() % 1000) as f64 / 5000.0).collect();
                    Tensor::from_f64s(dtype, shape, &values)
                };
                for (outer, inner) in [(m.clone(), n.clone()), (Dim::from(mv), Dim::from(nv))] {
                    check_on(&reduction(fold, *dtype, outer, inner, first), &bindings, tolerance, &make);
                }
            }
        }
    }
}

#[test]
fn reductions_over_several_axes() {
    // Batch statistics: over images and pixels, for each channel; and over all of a tensor.
    let mut k = Kernel::new("statistics");
    let x = k.add(Role::Input, DType::F32, &dims(&[3, 5, 29]));
    let (out, all) = (k.add(Role::Output, DType::F32, &dims(&[5])), k.add(Role::Output, DType::F32, &[]));
    let square = |k: &Kernel, strides: &[i64]| {
        let mut b = Body::default();
        let v = b.load(Access { buffer: x, offset: Dim::from(0i64), strides: dims(strides) });
        let limit = b.float(DType::F32, 3.0);
        let v = b.binary(Binary::Min, v, limit);
        let low = b.float(DType::F32, -3.0);
        let v = b.binary(Binary::Max, v, low);
        let nan = b.binary(Binary::Equal, v, v);
        let v = b.push(Op::Select(nan, v, low));
        b.binary(Binary::Mul, v, v);
        assert_eq!(k.buffers.len(), 3);
        b
    };
    let value = square(&k, &[29, 145, 1]);
    let stage = Stage::Reduce { out: k.dense(out), outer: dims(&[5]), inner: dims(&[3, 29]), fold: Fold::Sum, value, finish: Body::acc() };
    k.stages.push(stage);
    let value = square(&k, &[145, 29, 1]);
    let stage = Stage::Reduce { out: k.dense(all), outer: vec![], inner: dims(&[3, 5, 29]), fold: Fold::Sum, value, finish: Body::acc() };
    k.stages.push(stage);
    check(&k, &Bindings::new(), 1e-6);
}

#[test]
fn long_sums_stay_accurate() {
    let n = 3_000_000usize;
    let data: Vec<f32> = (0..n).map(|i| 1.0 + (i % 7) as f32 * 0.1).collect();
    let want: f64 = data.iter().map(|v| f64::from(*v)).sum();
    for first in [false, true] {
        let (outer, inner) = if first { (4i64, n as i64 / 4) } else { (1, n as i64) };
        let mut k = reduction(Fold::Sum, DType::F32, Dim::from(outer), Dim::from(inner), first);
        k.buffers[1].role = Role::Input;
        let shape: Vec<usize> = shape::eval(&k.buffers[0].shape, &Bindings::new()).unwrap();
        let inputs = [Tensor::from_vec(&shape, data.clone()), Tensor::zeros(DType::F32, &[outer as usize])];
        let got: f64 = run(&k, &inputs, &Bindings::new(), 1)[0].to_f64s().iter().sum();
        assert!((got / want - 1.0).abs() < 1e-6, "{got} for {want}");
    }
}

#[test]
fn epilogues_change_blocks_in_place() {
    let mut k = Kernel::new("epilogue");
    let (m, n) = (Dim::symbol("M", 1, 99), Dim::from(13i64));
    let (a, b) =
        (k.add(Role::Input, DType::F32, &[m.clone(), Dim::from(1i64)]), k.add(Role::Input, DType::F32, &[Dim::from(1i64), n.clone()]));
    let bias = k.add(Role::Input, DType::F32, std::slice::from_ref(&m));
    let out = k.add(Role::Output, DType::F32, &[m.clone(), n.clone()]);
    let mut body = Body::acc();
    let v = body.load(Access { buffer: bias, offset: Dim::from(0i64), strides: dims(&[1, 0]) });
    let v = body.binary(Binary::Add, Val(0), v);
    let zero = body.float(DType::F32, 0.0);
    body.binary(Binary::Max, v, zero);
    let (a, b) = (k.dense(a), k.dense(b));
    let kind = ContractKind::MatMul { a, b, batch: vec![], m: m.clone(), n: n.clone(), k: Dim::from(1i64) };
    k.stages.push(Stage::Contract(Contract { kind, out, epilogue: Some(body) }));
    verify::verify(&k).unwrap();
    let bindings = Bindings::from([("M".into(), 6)]);
    let f = compile(&[(&k, 0)], 1).unwrap().remove(0).unwrap();
    let bound = f.bind(&bindings).unwrap();
    assert_eq!((bound.outer, bound.inner), (6, 13));
    let bias: Vec<f32> = (0..6).map(|i| i as f32 - 2.0).collect();
    let mut c: Vec<f32> = (0..78).map(|i| (i % 11) as f32 - 5.0).collect();
    let before = c.clone();
    let none = std::ptr::null_mut();
    let buffers = [none, none, bias.as_ptr() as *mut u8, c.as_mut_ptr().cast()];
    // SAFETY: the buffers that the epilogue uses are there.
    unsafe { f.call(buffers.as_ptr(), &bound, (2, 5), (3, 12)) };
    for (i, (got, old)) in c.iter().zip(before).enumerate() {
        let inside = (2..5).contains(&(i / 13)) && (3..12).contains(&(i % 13));
        assert_eq!(*got, if inside { (old + bias[i / 13]).max(0.0) } else { old }, "element {i}");
    }
}

#[test]
fn constants_of_every_type() {
    for dtype in DType::ALL {
        let mut k = Kernel::new(&format!("constant {dtype}"));
        let out = k.add(Role::Output, *dtype, &dims(&[19]));
        let mut b = Body::default();
        match dtype {
            d if d.is_float() => b.push(Op::Const(*d, Scalar::Float(-1.75))),
            DType::Bool => b.push(Op::Const(*dtype, Scalar::Int(1))),
            _ => b.push(Op::Const(*dtype, Scalar::Int(101))),
        };
        k.map(out, b);
        check(&k, &Bindings::new(), 0.0);
    }
}

struct Refuses;

impl cranelift_jit::JITMemoryProvider for Refuses {
    fn allocate(&mut self, _: usize, _: u64, _: cranelift_jit::JITMemoryKind) -> std::io::Result<*mut u8> {
        Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied))
    }
    unsafe fn free_memory(&mut self) {}
    fn finalize(&mut self, _: cranelift_jit::BranchProtection) -> cranelift_module::ModuleResult<()> {
        Ok(())
    }
}

#[test]
fn refused_memory_is_an_error() {
    let k = elementwise("copy", &[DType::F32], DType::F32, 8, |b, v| b.result = v[0]);
    let error = compile_into(&[(&k, 0)], 1, Some(Box::new(Refuses))).err().unwrap();
    assert_eq!(error.code, Code::CpuCode, "{error}");
}
