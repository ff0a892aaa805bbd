//! Random cases by seed: single operators with legal attributes and shapes ([`single`]), and graphs of many operators ([`graph`]). The same
//! seed gives the same case on every machine. A free extent is named after its value: `S7` is 7 in the case's inputs.

use super::recipes::{self, Plan};
use super::{Case, Random, cases};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use tvmtrt::ir::attrs::{Attr, Attrs, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::opdef::{OpDef, Tolerance};
use tvmtrt::ir::view::NodeView;
use tvmtrt::ir::{Def, Graph, ValueId};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensor::shape;

impl Random {
    /// From 0 to `n - 1`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// From `low` to `high`, both included.
    pub fn range(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as usize) as i64
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of a list.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// A shape of this rank.
    pub fn shape(&mut self, rank: usize) -> Vec<usize> {
        (0..rank).map(|_| if self.once_in(5) { 1 } else { self.range(2, 7) as usize }).collect()
    }
}

/// The symbol for an extent.
fn symbol(extent: usize) -> Dim {
    Dim::symbol(&format!("S{extent}"), 1, 1 << 20)
}

/// The value of a symbol of [`symbol`].
pub fn value_of(name: &str) -> Option<i64> {
    name.strip_prefix('S')?.parse().ok()
}

/// An extent at the values that its symbols stand for.
fn extent(d: &Dim) -> Option<i64> {
    let mut symbols = Default::default();
    d.collect_symbols(&mut symbols);
    d.eval(&symbols.into_iter().filter_map(|s| Some((s.name.clone(), value_of(&s.name)?))).collect())
}

/// Which extents of a case are free: those of some values, wherever they stand.
pub struct Free(Vec<usize>);

impl Free {
    pub fn new(random: &mut Random) -> Free {
        let all = random.once_in(3);
        Free((2..9).filter(|_| all && random.once_in(2)).collect())
    }

    pub fn dims(&self, shape: &[usize]) -> Vec<Dim> {
        shape.iter().map(|d| if self.0.contains(d) { symbol(*d) } else { Dim::from(*d) }).collect()
    }
}

/// A random case of an operator, or `None` where this seed gives none.
pub fn single(op: &'static OpDef, seed: u64) -> Option<Case> {
    let mut random = Random(op.name.bytes().fold(seed.wrapping_mul(0x9E37_79B9), |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b))));
    let (random, free) = (&mut random, Free::new(&mut Random(seed)));
    let name = format!("{} seed {seed}", op.name);
    match recipes::recipe(op.name, random) {
        Some(plan) => build(&name, op, plan, &free, random),
        None => mutated(&name, op, &free, random),
    }
}

fn parsed(op: &'static OpDef, attrs: &[(&'static str, Attr)]) -> Option<Attrs> {
    (op.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).ok()
}

fn build(name: &str, op: &'static OpDef, plan: Plan, free: &Free, random: &mut Random) -> Option<Case> {
    let (mut b, mut inputs, mut ids) = (Builder::new(name), Vec::new(), Vec::new());
    for (i, operand) in plan.operands.into_iter().enumerate() {
        let label = format!("x{i}");
        let constant = operand.always_constant || (!operand.never_constant && i > 0 && random.once_in(3));
        let id = match operand.same_as {
            Some(k) => ids[k],
            None if constant => b.constant(&label, operand.tensor),
            None => {
                let id = b.input(&label, Fact::new(operand.tensor.dtype(), free.dims(operand.tensor.shape()))).ok()?;
                inputs.push(operand.tensor);
                id
            }
        };
        ids.push(id);
    }
    finish(b, op, parsed(op, &plan.attrs)?, &ids, inputs, name)
}

fn finish(mut b: Builder, op: &'static OpDef, attrs: Attrs, ids: &[ValueId], inputs: Vec<Tensor>, name: &str) -> Option<Case> {
    let outs = b.node(op.name, op, attrs, ids).ok()?;
    // For these values of the symbols nothing is left: other values are meant.
    if outs.iter().flat_map(|v| &b.fact(*v).shape).any(|d| d.as_const().is_none() && extent(d).is_some_and(|n| n < 1)) {
        return None;
    }
    outs.iter().enumerate().for_each(|(i, v)| b.output(&format!("y{i}"), *v).expect("names differ"));
    let graph = b.finish();
    let tolerance = narrowed(op.tolerance, &graph);
    Some(Case { name: name.into(), graph, inputs, tolerance })
}

/// An operator that is composed of others rounds after each of them: a few units in the last place of a narrow type.
pub fn narrowed(tolerance: Tolerance, graph: &Graph) -> Tolerance {
    let has = |dtype: DType| graph.values.iter().any(|v| v.fact.dtype == dtype);
    let unit = if has(DType::BF16) { 2f64.powi(-8) } else { 2f64.powi(-11) };
    if tolerance == Tolerance::EXACT || !(has(DType::BF16) || has(DType::F16)) {
        return tolerance;
    }
    Tolerance { relative: tolerance.relative.max(4.0 * unit), scaled: tolerance.scaled.max(2.0 * unit) }
}

/// A case of the suite with other extents: for operators that no recipe knows.
fn mutated(name: &str, op: &'static OpDef, free: &Free, random: &mut Random) -> Option<Case> {
    static ALL: OnceLock<Vec<Case>> = OnceLock::new();
    let of_op: Vec<&Case> = ALL.get_or_init(cases::all).iter().filter(|c| c.graph.nodes[0].op == op).collect();
    if of_op.is_empty() {
        return None;
    }
    let case = *random.pick(&of_op);
    let node = &case.graph.nodes[0];
    if !node.bodies.is_empty() {
        return None;
    }
    let mut extents: BTreeMap<usize, usize> = BTreeMap::new();
    let mut shape = |s: &[usize], random: &mut Random| -> Vec<usize> {
        s.iter().map(|d| if *d < 2 { *d } else { *extents.entry(*d).or_insert_with(|| random.range(2, 8) as usize) }).collect()
    };
    let (mut b, mut given, mut inputs) = (Builder::new(name), case.inputs.iter(), Vec::new());
    let mut known: BTreeMap<ValueId, ValueId> = BTreeMap::new();
    let mut ids = Vec::new();
    for (i, old) in node.inputs.iter().enumerate() {
        if let Some(id) = known.get(old) {
            ids.push(*id);
            continue;
        }
        let value = case.graph.value(*old);
        let id = match &value.def {
            Def::Const(t) if t.dtype().is_float() && t.len() > 1 => {
                let positive = t.to_f64s().iter().all(|v| *v > 0.0);
                let dims = shape(t.shape(), random);
                b.constant(&value.name, random.tensor(t.dtype(), &dims, positive))
            }
            Def::Const(t) => b.constant(&value.name, t.clone()),
            _ => {
                let old = given.next()?;
                let positive = old.to_f64s().iter().all(|v| *v > 0.0);
                let dims = shape(old.shape(), random);
                inputs.push(random.tensor(old.dtype(), &dims, positive));
                b.input(&format!("x{i}"), Fact::new(old.dtype(), free.dims(&dims))).ok()?
            }
        };
        known.insert(*old, id);
        ids.push(id);
    }
    finish(b, op, node.attrs.clone(), &ids, inputs, name)
}

/// What a graph may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Any,
    /// Operators through which small errors stay small, so that results can be compared.
    Smooth,
}

/// A random graph of 2 to 30 nodes, each of which `accepts` takes.
pub fn graph(seed: u64, kind: Kind, accepts: &dyn Fn(&NodeView) -> bool) -> Case {
    let mut random = Random(seed ^ 0xA5A5_5A5A);
    let name = format!("graph seed {seed}");
    let mut g = Grow { b: Builder::new(&name), random: Random(seed), pool: Vec::new(), inputs: Vec::new(), kind };
    let free = Free::new(&mut random);
    let (rank, first) = (random.range(1, 4) as usize, random.range(1, 3));
    let shape = random.shape(rank);
    for i in 0..first {
        let dims = if random.once_in(3) { random.shape(rank) } else { shape.clone() };
        g.input(&format!("x{i}"), &dims, &free);
    }
    let wanted = random.range(2, 30) as usize;
    for _ in 0..wanted * 6 {
        if g.b.graph().nodes.len() >= wanted {
            break;
        }
        g.step(accepts);
    }
    g.outputs(&mut random);
    let graph = tvmtrt::ir::rewrite::rewrite(&g.b.finish(), &mut |_, _, _| Ok(None)).expect("a copy");
    let tolerance = tvmtrt::ir::opdef::Tolerance { relative: 1e-3, scaled: 1e-3 };
    Case { name, graph, inputs: g.inputs, tolerance }
}

struct Grow {
    b: Builder,
    random: Random,
    /// Values that nodes may read.
    pool: Vec<ValueId>,
    inputs: Vec<Tensor>,
    kind: Kind,
}

impl Grow {
    fn input(&mut self, name: &str, dims: &[usize], free: &Free) {
        let id = self.b.input(name, Fact::new(DType::F32, free.dims(dims))).expect("names differ");
        self.inputs.push(self.random.tensor(DType::F32, dims, false));
        self.pool.push(id);
    }

    fn add(&mut self, op: &str, attrs: &[(&'static str, Attr)], operands: &[ValueId], accepts: &dyn Fn(&NodeView) -> bool) {
        let Some(def) = tvmtrt::ops::find(op) else { return };
        let Some(attrs) = parsed(def, attrs) else { return };
        let Ok(results) = self.b.node(op, def, attrs, operands) else { return };
        let id = self.b.graph().node_ids().next_back().expect("one was added");
        let small = |v: &ValueId| {
            let fact = self.b.fact(*v);
            let extents: Option<Vec<i64>> = fact.shape.iter().map(extent).collect();
            fact.rank() <= 6 && extents.is_none_or(|e| e.iter().all(|d| *d > 0) && e.iter().product::<i64>() <= 1 << 12)
        };
        if results.iter().all(small) && accepts(&NodeView::new(self.b.graph(), id)) {
            self.pool.extend(results);
        }
    }

    fn shape_of(&self, v: ValueId) -> Vec<Dim> {
        self.b.fact(v).shape.clone()
    }

    /// A float value of the pool; the latest ones more often.
    fn any(&mut self) -> ValueId {
        let floats: Vec<ValueId> = self.pool.iter().copied().filter(|v| self.b.fact(*v).dtype == DType::F32).collect();
        let late = floats.len().saturating_sub(4);
        if self.random.once_in(3) { *self.random.pick(&floats) } else { *self.random.pick(&floats[late..]) }
    }

    /// Something that broadcasts with `x`: itself, another value or a constant.
    fn partner(&mut self, x: ValueId) -> ValueId {
        let dims = self.shape_of(x);
        if self.random.once_in(6) {
            return x;
        }
        let same: Vec<ValueId> =
            self.pool.iter().copied().filter(|v| self.b.fact(*v).dtype == DType::F32 && self.shape_of(*v) == dims).collect();
        if !same.is_empty() && self.random.once_in(2) {
            return *self.random.pick(&same);
        }
        let lead = self.random.below(dims.len() + 1);
        let extents: Vec<usize> =
            dims[lead..].iter().map(|d| d.as_const().filter(|_| !self.random.once_in(3)).map_or(1, |d| d as usize)).collect();
        let tensor = self.random.tensor(DType::F32, &extents, true);
        self.b.constant("c", tensor)
    }

    fn step(&mut self, accepts: &dyn Fn(&NodeView) -> bool) {
        let x = self.any();
        let dims = self.shape_of(x);
        let rank = dims.len();
        let statics = |v: &[i64]| Attr::Param(Param::Static(v.iter().map(|d| Dim::from(*d)).collect()));
        let axis = self.random.below(rank) as i64;
        let axis = if self.random.once_in(2) && rank > 0 { axis - rank as i64 } else { axis };
        match self.random.below(16) {
            0..=2 => {
                let smooth = ["tanh", "sigmoid", "nn.relu", "negative", "abs", "erf", "sin", "cos"];
                let any = ["exp", "sqrt", "floor", "ceil", "round", "log"];
                let op =
                    if self.kind == Kind::Smooth || self.random.once_in(2) { *self.random.pick(&smooth) } else { *self.random.pick(&any) };
                self.add(op, &[], &[x], accepts);
            }
            3..=6 => {
                let ops = ["add", "subtract", "multiply", "maximum", "minimum"];
                let mut pair = [x, self.partner(x)];
                if self.random.once_in(2) {
                    pair.reverse();
                }
                let op = if self.kind == Kind::Any && self.random.once_in(4) { "divide" } else { *self.random.pick(&ops) };
                self.add(op, &[], &pair, accepts);
            }
            7 => {
                let mut axes: Vec<i64> = (0..rank as i64).collect();
                (0..rank).for_each(|i| axes.swap(i, self.random.below(rank)));
                self.add("transpose", &[("axes", Attr::Ints(axes))], &[x], accepts);
            }
            8 => {
                let other = self.partner(x);
                let many = if self.random.once_in(2) { vec![x, x] } else { vec![x, other, x] };
                self.add("concatenate", &[("axis", Attr::Int(axis))], &many, accepts);
            }
            9 => self.slice(x, &dims, accepts),
            10 => {
                let op = if self.random.once_in(2) { "expand_dims" } else { "squeeze" };
                let attrs = if op == "squeeze" { vec![] } else { vec![("axis", Attr::Int(axis))] };
                self.add(op, &attrs, &[x], accepts);
            }
            11 => {
                let op = *self.random.pick(&["sum", "mean", "max", "min"]);
                let keep = Attr::Bool(self.random.once_in(2));
                self.add(op, &[("axis", statics(&[axis])), ("keepdims", keep)], &[x], accepts);
            }
            12 => {
                let op = *self.random.pick(&["nn.softmax", "nn.log_softmax"]);
                self.add(op, &[("axis", Attr::Int(axis))], &[x], accepts);
            }
            13 => self.product(x, &dims, accepts),
            14 if self.kind == Kind::Any && self.random.once_in(2) => self.quantised(x, rank, accepts),
            14 => self.flatten(x, &dims, accepts),
            _ => self.choose(x, accepts),
        }
    }

    fn slice(&mut self, x: ValueId, dims: &[Dim], accepts: &dyn Fn(&NodeView) -> bool) {
        let fixed: Vec<usize> = (0..dims.len()).filter(|i| dims[*i].as_const().is_some_and(|d| d > 1)).collect();
        if fixed.is_empty() {
            return;
        }
        let axis = *self.random.pick(&fixed);
        let extent = dims[axis].as_const().unwrap_or(1);
        let begin = self.random.range(0, extent - 1);
        let end = self.random.range(begin + 1, extent);
        let list = |v: i64| Attr::Param(Param::Static(vec![Dim::from(v)]));
        if self.random.once_in(3) {
            let cuts = Attr::Ints(vec![end.min(extent - 1).max(1)]);
            self.add("split", &[("indices", cuts), ("axis", Attr::Int(axis as i64))], &[x], accepts);
        } else {
            let step = self.random.range(1, 2);
            let attrs = [("begin", list(begin)), ("end", list(end)), ("strides", list(step)), ("axes", list(axis as i64))];
            self.add("strided_slice", &attrs, &[x], accepts);
        }
    }

    /// A convolution of images, a product with constant weights of all else.
    fn product(&mut self, x: ValueId, dims: &[Dim], accepts: &dyn Fn(&NodeView) -> bool) {
        let Some(inner) = dims.last().and_then(|d| d.as_const()) else { return };
        if dims.len() == 4 && self.random.once_in(2) {
            let Some(channels) = dims[1].as_const() else { return };
            let (maps, side) = (self.random.range(1, 5) as usize, *self.random.pick(&[1usize, 3]));
            let weights = self.random.tensor(DType::F32, &[maps, channels as usize, side, side], false);
            let w = self.b.constant("w", weights);
            let pad = (side / 2) as i64;
            self.add("nn.conv2d", &[("padding", Attr::Ints(vec![pad, pad]))], &[x, w], accepts);
            return;
        }
        let units = self.random.range(1, 6) as usize;
        let weights = self.random.tensor(DType::F32, &[units, inner as usize], false);
        let w = self.b.constant("w", weights);
        self.add("nn.dense", &[], &[x, w], accepts);
    }

    fn flatten(&mut self, x: ValueId, dims: &[Dim], accepts: &dyn Fn(&NodeView) -> bool) {
        if dims.len() < 2 {
            return;
        }
        let at = self.random.below(dims.len() - 1);
        let joined = &dims[at] * &dims[at + 1];
        let shape = [&dims[..at], &[joined], &dims[at + 2..]].concat();
        self.add("reshape", &[("newshape", Attr::Param(Param::Static(shape))), ("allowzero", Attr::Bool(true))], &[x], accepts);
    }

    /// To int8 and back, now and then with a transpose between.
    fn quantised(&mut self, x: ValueId, rank: usize, accepts: &dyn Fn(&NodeView) -> bool) {
        let scale = self.b.constant("scale", Tensor::scalar(0.02f32));
        let zero = self.b.constant("zero", Tensor::scalar(0i8));
        let before = self.pool.len();
        self.add("qnn.quantize", &[], &[x, scale, zero], accepts);
        let Some(mut whole) = self.pool.get(before).copied() else { return };
        if self.random.once_in(2) {
            self.add("transpose", &[("axes", Attr::Ints((0..rank as i64).rev().collect()))], &[whole], accepts);
            whole = *self.pool.last().expect("one was added");
        }
        self.add("qnn.dequantize", &[], &[whole, scale, zero], accepts);
    }

    /// Part of one value, part of another.
    fn choose(&mut self, x: ValueId, accepts: &dyn Fn(&NodeView) -> bool) {
        let other = self.partner(x);
        if self.kind == Kind::Smooth {
            return self.add("clip", &[("a_min", Attr::Float(-1.0)), ("a_max", Attr::Float(1.5))], &[x], accepts);
        }
        let before = self.pool.len();
        let op = *self.random.pick(&["less", "greater", "equal"]);
        self.add(op, &[], &[x, other], accepts);
        if self.pool.len() > before {
            let condition = self.pool[before];
            self.add("where", &[], &[condition, x, other], accepts);
        }
    }

    /// All that nothing reads, now and then an inner value or an input too.
    fn outputs(&mut self, random: &mut Random) {
        let read: Vec<ValueId> = self.b.graph().nodes.iter().flat_map(|n| n.inputs.clone()).collect();
        let inner = *random.pick(&self.pool);
        let ends: Vec<ValueId> = self.pool.iter().copied().filter(|v| !read.contains(v) || (*v == inner && random.once_in(3))).collect();
        let ends = if ends.is_empty() { vec![inner] } else { ends };
        ends.iter().enumerate().for_each(|(i, v)| self.b.output(&format!("y{i}"), *v).expect("names differ"));
    }
}

/// True where some extent of an input is free.
pub fn is_free(case: &Case) -> bool {
    case.graph.inputs.iter().any(|v| shape::as_usizes(&case.graph.fact(*v).shape).is_none())
}
