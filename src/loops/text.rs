//! Text form of a kernel, for people and for golden tests of lowering and fusion. Deterministic; nothing reads it back.
//!
//! Buffers are `b0`, `b1`, ...; indices of a stage are `i0`, `i1`, ...; an access is written as the position that it computes. What a
//! body computes stands in one expression; a value that is used more than once has a line of its own, `t3 = ...`.

use crate::loops::contract::{Contract, ContractKind, Window};
use crate::loops::{Access, Body, BufferId, Fold, Kernel, Op, Role, Scalar, Stage, Val};
use crate::tensor::dim::Dim;
use crate::tensor::shape;
use std::fmt;

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "kernel {:?}", self.name)?;
        for (i, b) in self.buffers.iter().enumerate() {
            let role = match b.role {
                Role::Input => "input",
                Role::Output => "output",
                Role::Local => "local",
            };
            writeln!(f, "  b{i}: {role} {}{}", b.dtype, shape::text(&b.shape))?;
        }
        self.stages.iter().try_for_each(|stage| write!(f, "{stage}"))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stage::Map { out, extents, value } => {
                writeln!(f, "  map {}", indices(extents, 0))?;
                write_body(f, value, &element(out))
            }
            Stage::Reduce { out, outer, inner, fold, value, finish } => {
                writeln!(f, "  reduce {} by {} over {}", indices(outer, 0), fold_name(*fold), indices(inner, outer.len()))?;
                write_body(f, value, "acc")?;
                write_body(f, finish, &element(out))
            }
            Stage::Contract(contract) => write!(f, "{contract}"),
        }
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let out = name(self.out);
        match &self.kind {
            ContractKind::MatMul { a, b, batch, m, n, k } => {
                writeln!(f, "  matmul {out}: batch {} rows {m} columns {n} inner {k}", shape::text(batch))?;
                writeln!(f, "    a = {} by {}", name(a.buffer), strides(a))?;
                writeln!(f, "    b = {} by {}", name(b.buffer), strides(b))?;
            }
            ContractKind::Conv { x, w, groups, window } => {
                writeln!(f, "  conv {out} = {} * {}: groups {groups} {window}", name(*x), name(*w))?;
            }
            ContractKind::Pool { x, max, count_padding, window } => {
                let kind = match (max, count_padding) {
                    (true, _) => "max",
                    (false, true) => "average with padding",
                    (false, false) => "average",
                };
                writeln!(f, "  pool {out} = {kind} of {}: {window}", name(*x))?;
            }
            ContractKind::Attention(a) => {
                let (batch, [rows, keys], depth, columns) = (shape::text(&a.batch), &a.scores, &a.depth, &a.columns);
                writeln!(f, "  attention {out}: batch {batch} rows {rows} keys {keys} depth {depth} columns {columns}")?;
                for (what, access) in [("queries", &a.queries), ("keys", &a.keys), ("values", &a.values)] {
                    writeln!(f, "    {what} = {} by {}", name(access.buffer), strides(access))?;
                }
                writeln!(f, "    {out} by {}", shape::text(&a.out))?;
                return self.epilogue.as_ref().map_or(Ok(()), |body| write_body(f, body, "score"));
            }
        }
        self.epilogue.as_ref().map_or(Ok(()), |body| write_body(f, body, &format!("{out} element")))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Window { kernel, stride, dilation, pad_begin, pad_end } = self;
        write!(f, "kernel {kernel:?} stride {stride:?} dilation {dilation:?} padding {pad_begin:?} {pad_end:?}")
    }
}

fn name(id: BufferId) -> String {
    format!("b{}", id.0)
}

fn fold_name(fold: Fold) -> String {
    format!("{fold:?}").to_lowercase()
}

/// `[i0 < N, i1 < 3]`.
fn indices(extents: &[Dim], first: usize) -> String {
    let list: Vec<String> = extents.iter().enumerate().map(|(i, e)| format!("i{} < {e}", first + i)).collect();
    format!("[{}]", list.join(", "))
}

/// `offset + [strides]`, for accesses whose indices have no names.
fn strides(a: &Access) -> String {
    if a.offset.is(0) { shape::text(&a.strides) } else { format!("{} from {}", shape::text(&a.strides), a.offset) }
}

/// An expression as a factor.
fn factor(d: &Dim) -> String {
    let text = d.to_string();
    if text.contains(' ') && !text.ends_with(')') || text.starts_with('-') { format!("({text})") } else { text }
}

/// `b0[i0*N + i1 + 3]`.
fn element(a: &Access) -> String {
    let terms = a.strides.iter().enumerate().filter(|(_, s)| !s.is(0)).map(|(i, s)| match s.as_const() {
        Some(1) => format!("i{i}"),
        _ => format!("i{i}*{}", factor(s)),
    });
    let offset = Some(a.offset.to_string()).filter(|_| !a.offset.is(0) || a.strides.iter().all(|s| s.is(0)));
    let sum: Vec<String> = terms.chain(offset).collect();
    format!("{}[{}]", name(a.buffer), sum.join(" + "))
}

/// The lines of a body: values used more than once, then `target = result`.
fn write_body(f: &mut fmt::Formatter<'_>, body: &Body, target: &str) -> fmt::Result {
    let mut uses = vec![0usize; body.ops.len()];
    let mut used = vec![false; body.ops.len()];
    if let Some(result) = used.get_mut(body.result.0 as usize) {
        *result = true;
    }
    // Only what the result needs counts.
    for i in (0..body.ops.len()).rev().filter(|i| *i <= body.result.0 as usize) {
        if used[i] {
            body.ops[i].operands().filter(|v| (v.0 as usize) < i).for_each(|v| {
                uses[v.0 as usize] += 1;
                used[v.0 as usize] = true;
            });
        }
    }
    let mut texts: Vec<String> = Vec::with_capacity(body.ops.len());
    for (i, op) in body.ops.iter().enumerate() {
        let text = expression(op, &texts);
        let simple = matches!(op, Op::Const(..) | Op::Index(_) | Op::Acc);
        if uses[i] > 1 && !simple {
            writeln!(f, "    t{i} = {text}")?;
            texts.push(format!("t{i}"));
        } else {
            texts.push(text);
        }
    }
    writeln!(f, "    {target} = {}", texts.get(body.result.0 as usize).map_or("?", String::as_str))
}

fn expression(op: &Op, texts: &[String]) -> String {
    let of = |v: &Val| texts.get(v.0 as usize).map_or("?", String::as_str);
    match op {
        Op::Load(access) => element(access),
        Op::LoadAt(buffer, at) => format!("{}[{}]", name(*buffer), of(at)),
        Op::Const(dtype, Scalar::Float(v)) => format!("{v:?}:{dtype}"),
        Op::Const(dtype, Scalar::Int(v)) => format!("{v}:{dtype}"),
        Op::Index(axis) => format!("i{axis}"),
        Op::Size(dim) => format!("size({dim})"),
        Op::Acc => "acc".into(),
        Op::Unary(function, a) => format!("{}({})", format!("{function:?}").to_lowercase(), of(a)),
        Op::Binary(function, a, b) => format!("{}({}, {})", snake(&format!("{function:?}")), of(a), of(b)),
        Op::Select(a, b, c) => format!("select({}, {}, {})", of(a), of(b), of(c)),
        Op::MulAdd(a, b, c) => format!("mul_add({}, {}, {})", of(a), of(b), of(c)),
        Op::Cast(dtype, a) => format!("{dtype}({})", of(a)),
        Op::Bitcast(dtype, a) => format!("bits_as_{dtype}({})", of(a)),
    }
}

/// `LessEqual` as `less_equal`.
fn snake(camel: &str) -> String {
    let mut out = String::new();
    for c in camel.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loops::contract::Attention;
    use crate::loops::{Binary, Unary};
    use crate::tensor::dtype::DType;

    #[test]
    fn golden() {
        let (n, m) = (Dim::symbol("N", 1, 64), Dim::from(4i64));
        let mut k = Kernel::new("softmax \"s\"");
        let x = k.add(Role::Input, DType::F32, &[n.clone(), m.clone()]);
        let y = k.add(Role::Output, DType::F32, &[n.clone(), m.clone()]);
        let s = k.add(Role::Local, DType::F32, std::slice::from_ref(&n));
        let mut value = Body::default();
        let a = value.load(k.dense(x));
        value.unary(Unary::Exp, a);
        let mut finish = Body::acc();
        let one = finish.float(DType::F32, 1.0);
        finish.binary(Binary::Div, one, Val(0));
        let (inner, out) = (vec![m.clone()], k.dense(s));
        k.stages.push(Stage::Reduce { out, outer: vec![n.clone()], inner, fold: Fold::Sum, value, finish });
        let mut value = Body::default();
        let a = value.load(Access { buffer: x, offset: &n - &Dim::from(1i64), strides: vec![Dim::from(-4i64), &n + &m] });
        let b = value.load(Access { buffer: s, offset: Dim::from(0i64), strides: vec![Dim::from(1i64), Dim::from(0i64)] });
        let p = value.binary(Binary::Mul, a, b);
        let big = value.binary(Binary::LessEqual, p, a);
        value.push(Op::Select(big, p, a));
        k.map(y, value);
        let expect = "kernel \"softmax \\\"s\\\"\"\n  \
             b0: input float32[N, 4]\n  \
             b1: output float32[N, 4]\n  \
             b2: local float32[N]\n  \
             reduce [i0 < N] by sum over [i1 < 4]\n    \
             acc = exp(b0[i0*4 + i1])\n    \
             b2[i0] = div(1.0:float32, acc)\n  \
             map [i0 < N, i1 < 4]\n    \
             t0 = b0[i0*(-4) + i1*(N + 4) + N - 1]\n    \
             t2 = mul(t0, b2[i0])\n    \
             b1[i0*4 + i1] = select(less_equal(t2, t0), t2, t0)\n";
        assert_eq!(k.to_string(), expect);
    }

    #[test]
    fn attention_by_its_strides_and_scores() {
        let (n, t, d) = (Dim::symbol("N", 1, 8), Dim::symbol("T", 1, 64), Dim::from(4i64));
        let mut k = Kernel::new("attention");
        let x = k.add(Role::Input, DType::F32, &[n.clone(), t.clone(), Dim::from(12i64)]);
        let m = k.add(Role::Input, DType::F32, std::slice::from_ref(&t));
        let y = k.add(Role::Output, DType::F32, &[n.clone(), t.clone(), d.clone()]);
        let part =
            |at: i64| Access { buffer: x, offset: Dim::from(at), strides: vec![&t * &Dim::from(12i64), Dim::from(12i64), Dim::from(1i64)] };
        let kind = ContractKind::Attention(Attention {
            queries: part(0),
            keys: part(4),
            values: part(8),
            out: k.dense(y).strides,
            batch: vec![n],
            scores: [t.clone(), t],
            depth: d.clone(),
            columns: d,
        });
        let mut body = Body::acc();
        let mask = body.load(k.broadcast(m, &kind.index(&[])));
        body.binary(Binary::Add, Val(0), mask);
        k.stages.push(Stage::Contract(Contract { kind, out: y, epilogue: Some(body) }));
        crate::loops::verify::verify(&k).unwrap();
        let expect = "kernel \"attention\"\n  \
             b0: input float32[N, T, 12]\n  \
             b1: input float32[T]\n  \
             b2: output float32[N, T, 4]\n  \
             attention b2: batch [N] rows T keys T depth 4 columns 4\n    \
             queries = b0 by [12*T, 12, 1]\n    \
             keys = b0 by [12*T, 12, 1] from 4\n    \
             values = b0 by [12*T, 12, 1] from 8\n    \
             b2 by [4*T, 4, 1]\n    \
             score = add(acc, b1[i2])\n";
        assert_eq!(k.to_string(), expect);
    }
}
