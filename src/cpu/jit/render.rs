//! Loops: maps, and reductions with vectors along the folded or along the kept axis. Bodies are made by `body`.

use crate::cpu::jit::body::{Cursor, Eval};
use crate::cpu::jit::gen_fn::Gen;
use crate::cpu::jit::nest::{Folded, Nest};
use crate::cpu::jit::rep::{LANES, Rep, has_vector};
use crate::loops::num::{highest, lowest};
use crate::loops::{Binary, Fold, Kernel, Scalar};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use cranelift_codegen::ir::{InstBuilder, Value, types};

/// Sums of more elements than this many vectors are begun anew, so that small addends are not lost in a large sum.
const CHUNK: i64 = 256;

/// Makes the whole function of a nest.
pub fn render(g: &mut Gen, kernel: &Kernel, nest: &Nest) {
    let mut value = Eval::new(g, kernel, nest, &nest.value, false);
    value.enter(g, 0, &[]);
    let out = Cursor::new(g, &nest.out, kernel.buffer(nest.out.buffer).dtype);
    let finish = nest.folded.as_ref().map(|f| Eval::new(g, kernel, nest, &f.finish, true));
    let r = Render { nest, copies: copies(nest, &value), lane_is_outer: nest.lane < nest.outer.len() };
    g.outer_loop(&nest.outer[..nest.split_axes()], &mut |g, index| {
        let axes: Vec<(usize, Value)> = index.iter().copied().enumerate().collect();
        let (mut value, mut out, mut finish) = (value.clone(), out.clone(), finish.clone());
        value.enter(g, 1, &axes);
        axes.iter().for_each(|(axis, i)| out.advance(g, *axis, *i));
        if let Some(f) = &mut finish {
            f.place(g, &axes);
        }
        if r.lane_is_outer {
            let [_, _, begin, end] = g.ranges;
            r.blocks(g, begin, end, &mut |g, i, copies, wide| r.block(g, &value, &out, finish.as_ref(), i, copies, wide));
        } else if let (Some(folded), Some(mut finish)) = (&nest.folded, finish) {
            let total = r.fold_lanes(g, &value, folded);
            finish.acc = vec![total];
            finish.make_all(g);
            r.store(g, &out, &finish, 1, false);
        }
    });
}

/// Vectors to make at a time: more hide the latency of short bodies, long ones need none.
fn copies(nest: &Nest, value: &Eval) -> usize {
    let types = &nest.value.types;
    let work: Vec<usize> = (0..types.len()).filter(|i| value.varies[*i]).collect();
    if work.iter().any(|i| !has_vector(types[*i])) {
        return 1;
    }
    match work.len() {
        0..=10 => 4,
        11..=30 => 2,
        _ => 1,
    }
}

struct Render<'a> {
    nest: &'a Nest,
    copies: usize,
    lane_is_outer: bool,
}

impl Render<'_> {
    /// Loops over `begin..end` of the vectors' axis: several vectors at a time, one, and single elements.
    fn blocks(&self, g: &mut Gen, begin: Value, end: Value, body: &mut dyn FnMut(&mut Gen, Value, usize, bool)) {
        let mut from = begin;
        let few = self.extent().as_const().is_some_and(|n| n < LANES as i64);
        for copies in [self.copies, 1] {
            let step = (copies * LANES) as i64;
            if few || (copies == 1 && self.copies == 1 && from != begin) {
                continue;
            }
            let to = g.whole_steps(from, end, step);
            g.looped(from, to, step, &[], &mut |g, i, _| {
                body(g, i, copies, true);
                Vec::new()
            });
            from = to;
        }
        g.looped(from, end, 1, &[], &mut |g, i, _| {
            body(g, i, 1, false);
            Vec::new()
        });
    }

    fn extent(&self) -> &Dim {
        let n = self.nest.outer.len();
        if self.lane_is_outer { &self.nest.outer[n - 1] } else { &self.nest.inner[self.nest.lane - n] }
    }

    /// One block of results along the vectors' axis, which is kept.
    fn block(&self, g: &mut Gen, value: &Eval, out: &Cursor, finish: Option<&Eval>, i: Value, copies: usize, wide: bool) {
        let (mut value, mut out) = (value.clone(), out.clone());
        let axis = [(self.nest.lane, i)];
        (value.copies, value.wide) = (copies, wide);
        value.enter(g, 2, &axis);
        out.advance(g, self.nest.lane, i);
        let (Some(folded), Some(finish)) = (&self.nest.folded, finish) else {
            return self.store(g, &out, &value, copies, wide);
        };
        let mut finish = finish.clone();
        (finish.copies, finish.wide) = (copies, wide);
        finish.place(g, &axis);
        let held = Held { dtype: folded.dtype, wide };
        let start = held.start(g, folded.fold, copies);
        let totals = self.fold_kept(g, &value, folded, 0, &start, &held);
        finish.acc = held.unpack(&totals);
        finish.make_all(g);
        self.store(g, &out, &finish, copies, wide);
    }

    fn store(&self, g: &mut Gen, out: &Cursor, e: &Eval, copies: usize, wide: bool) {
        let stride_is_one = out.strides.get(self.nest.lane).is_some_and(|s| s.is(1));
        for copy in 0..copies {
            let rep = e.result(copy);
            let first = if wide { copy * LANES } else { 0 };
            let (ptr, offset) = out.lane(g, self.nest.lane, first);
            if !wide {
                let v = g.one(rep, out.dtype);
                g.store_one(v, ptr, offset);
            } else if stride_is_one {
                g.store_four(rep, out.dtype, ptr, offset);
            } else {
                for (l, v) in g.lanes(rep, out.dtype).into_iter().enumerate() {
                    let (ptr, offset) = out.lane(g, self.nest.lane, first + l);
                    g.store_one(v, ptr, offset);
                }
            }
        }
    }

    /// Folds over inner axes from `k` on, with vectors along a kept axis; `carried` are the folded values so far.
    fn fold_kept(&self, g: &mut Gen, value: &Eval, folded: &Folded, k: usize, carried: &[Value], held: &Held) -> Vec<Value> {
        let (axis, last) = (self.nest.outer.len() + k, k + 1 == self.nest.inner.len());
        let level = self.nest.level(axis);
        let end = g.dim(&self.nest.inner[k]);
        let zero = g.b.ins().iconst(types::I64, 0);
        let mut step = |g: &mut Gen, i: Value, acc: &[Value]| {
            let mut value = value.clone();
            value.enter(g, level, &[(axis, i)]);
            if last { held.step(g, folded.fold, acc, &value) } else { self.fold_kept(g, &value, folded, k + 1, acc, held) }
        };
        if last && is_long_sum(folded, &self.nest.inner[k]) {
            return in_chunks(g, [zero, end], 2 * CHUNK, 1, carried, held, &mut step);
        }
        g.looped(zero, end, 1, carried, &mut step)
    }

    /// Folds all inner axes, with vectors along the last of them, to one value.
    fn fold_lanes(&self, g: &mut Gen, value: &Eval, folded: &Folded) -> Rep {
        let (wide, narrow) = (Held { dtype: folded.dtype, wide: true }, Held { dtype: folded.dtype, wide: false });
        let mut start = wide.start(g, folded.fold, self.copies);
        let vectors = start.len();
        start.extend(narrow.start(g, folded.fold, 1));
        let totals = self.fold_inner(g, value, folded, 0, &start, vectors);
        let mut reps = wide.unpack(&totals[..vectors]);
        let mut total = reps.remove(0);
        for rep in reps {
            total = combine(g, folded.fold, folded.dtype, total, rep);
        }
        let [a, b, c, d] = g.lanes(total, folded.dtype).map(Rep::One);
        let left = combine(g, folded.fold, folded.dtype, a, c);
        let right = combine(g, folded.fold, folded.dtype, b, d);
        let total = combine(g, folded.fold, folded.dtype, left, right);
        combine(g, folded.fold, folded.dtype, total, Rep::One(totals[vectors]))
    }

    /// Folds over inner axes from `k` on; `carried` are `vectors` machine values of wide accumulators, then a single one.
    fn fold_inner(&self, g: &mut Gen, value: &Eval, folded: &Folded, k: usize, carried: &[Value], vectors: usize) -> Vec<Value> {
        let axis = self.nest.outer.len() + k;
        let level = self.nest.level(axis);
        let end = g.dim(&self.nest.inner[k]);
        let zero = g.b.ins().iconst(types::I64, 0);
        if axis != self.nest.lane {
            return g.looped(zero, end, 1, carried, &mut |g, i, acc| {
                let mut value = value.clone();
                value.enter(g, level, &[(axis, i)]);
                self.fold_inner(g, &value, folded, k + 1, acc, vectors)
            });
        }
        let step = |g: &mut Gen, i: Value, acc: &[Value], copies: usize, held: &Held| {
            let mut value = value.clone();
            (value.copies, value.wide) = (copies, held.wide);
            value.enter(g, level, &[(axis, i)]);
            held.step(g, folded.fold, acc, &value)
        };
        let (wide, narrow) = (Held { dtype: folded.dtype, wide: true }, Held { dtype: folded.dtype, wide: false });
        let (mut acc, single) = (carried[..vectors].to_vec(), carried[vectors]);
        let stride = (self.copies * LANES) as i64;
        let many = g.whole_steps(zero, end, stride);
        let copies = self.copies;
        let mut several = |g: &mut Gen, i: Value, acc: &[Value]| step(g, i, acc, copies, &wide);
        acc = if is_long_sum(folded, &self.nest.inner[k]) {
            in_chunks(g, [zero, many], stride * CHUNK, stride, &acc, &wide, &mut several)
        } else {
            g.looped(zero, many, stride, &acc, &mut several)
        };
        let mut from = many;
        if self.copies > 1 {
            let first = vectors / self.copies;
            let to = g.whole_steps(from, end, LANES as i64);
            let head = g.looped(from, to, LANES as i64, &acc[..first], &mut |g, i, acc| step(g, i, acc, 1, &wide));
            acc[..first].copy_from_slice(&head);
            from = to;
        }
        acc.extend(g.looped(from, end, 1, &[single], &mut |g, i, acc| step(g, i, acc, 1, &narrow)));
        acc
    }
}

/// True for sums of floats over an axis that is, or may be, long.
fn is_long_sum(folded: &Folded, extent: &Dim) -> bool {
    folded.fold == Fold::Sum && folded.dtype.is_float() && extent.as_const().is_none_or(|n| n > 4 * CHUNK)
}

/// A loop over a range that sums stretches of `chunk` by themselves and adds those sums up.
fn in_chunks(
    g: &mut Gen,
    [begin, end]: [Value; 2],
    chunk: i64,
    step: i64,
    carried: &[Value],
    held: &Held,
    body: &mut dyn FnMut(&mut Gen, Value, &[Value]) -> Vec<Value>,
) -> Vec<Value> {
    g.looped(begin, end, chunk, carried, &mut |g, i, totals| {
        let stop = g.b.ins().iadd_imm_s(i, chunk);
        let stop = g.b.ins().smin(stop, end);
        let copies = held.unpack(totals).len();
        let start = held.start(g, Fold::Sum, copies);
        let part = g.looped(i, stop, step, &start, body);
        let sums: Vec<Rep> =
            held.unpack(totals).into_iter().zip(held.unpack(&part)).map(|(a, b)| combine(g, Fold::Sum, held.dtype, a, b)).collect();
        held.pack(g, &sums)
    })
}

fn combine(g: &mut Gen, fold: Fold, dtype: DType, a: Rep, b: Rep) -> Rep {
    let f = match (fold, dtype) {
        (Fold::Max, DType::Bool) => Binary::Or,
        (Fold::Min, DType::Bool) => Binary::And,
        (Fold::Sum, _) => Binary::Add,
        (Fold::Prod, _) => Binary::Mul,
        (Fold::Max, _) => Binary::Max,
        (Fold::Min, _) => Binary::Min,
    };
    g.binary(f, dtype, a, b)
}

/// How folded values are carried through loops: as machine values of one kind.
struct Held {
    dtype: DType,
    wide: bool,
}

impl Held {
    /// The values to begin with.
    fn start(&self, g: &mut Gen, fold: Fold, copies: usize) -> Vec<Value> {
        let float = |v| Scalar::Float(v);
        let int = |v: i128| Scalar::Int(v as i64);
        let first = match (fold, self.dtype.is_float()) {
            (Fold::Sum, true) => float(0.0),
            (Fold::Prod, true) => float(1.0),
            (Fold::Max, true) => float(f64::NEG_INFINITY),
            (Fold::Min, true) => float(f64::INFINITY),
            (Fold::Sum, false) => int(0),
            (Fold::Prod, false) => int(1),
            (Fold::Max, false) => int(lowest(self.dtype)),
            (Fold::Min, false) => int(highest(self.dtype)),
        };
        self.pack(g, &vec![Rep::Imm(first); copies])
    }

    fn pack(&self, g: &mut Gen, reps: &[Rep]) -> Vec<Value> {
        let mut out = Vec::new();
        for rep in reps {
            match (self.wide, has_vector(self.dtype)) {
                (true, true) => out.push(g.vector(*rep, self.dtype)),
                (true, false) => out.extend(g.lanes(*rep, self.dtype)),
                (false, _) => out.push(g.one(*rep, self.dtype)),
            }
        }
        out
    }

    fn unpack(&self, values: &[Value]) -> Vec<Rep> {
        match (self.wide, has_vector(self.dtype)) {
            (true, true) => values.iter().map(|v| Rep::Vec(*v)).collect(),
            (true, false) => values.chunks_exact(LANES).map(|v| Rep::Lanes(std::array::from_fn(|l| v[l]))).collect(),
            (false, _) => values.iter().map(|v| Rep::One(*v)).collect(),
        }
    }

    /// Folds the results of a body into carried values.
    fn step(&self, g: &mut Gen, fold: Fold, acc: &[Value], value: &Eval) -> Vec<Value> {
        let reps: Vec<Rep> = self.unpack(acc);
        let folded: Vec<Rep> =
            reps.into_iter().enumerate().map(|(copy, acc)| combine(g, fold, self.dtype, acc, value.result(copy))).collect();
        self.pack(g, &folded)
    }
}
