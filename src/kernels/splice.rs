//! Puts one body into another: where a kernel loads what another kernel computes, the computation itself.

use crate::loops::{Access, Body, Op, Scalar, Val};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::shape;

/// For each axis of a producer, the consumer's axis that it runs along; `None` where its index is always 0.
pub type AxisMap = Vec<Option<usize>>;

/// How a consumer's access walks over a dense producer of `shape`: axis by axis, each once, and nothing repeated. `None` where it does not.
pub fn axis_map(produced: &[Dim], access: &Access, extents: &[Dim]) -> Option<AxisMap> {
    if !access.offset.is(0) {
        return None;
    }
    let strides = shape::strides(produced);
    let mut taken = vec![false; extents.len()];
    let mut map = Vec::with_capacity(produced.len());
    for (extent, stride) in produced.iter().zip(&strides) {
        if extent.is(1) {
            map.push(None);
            continue;
        }
        let at = (0..extents.len()).find(|k| !taken[*k] && access.strides[*k] == *stride && extents[*k] == *extent)?;
        taken[at] = true;
        map.push(Some(at));
    }
    // An axis that is left would compute elements again, or is one in disguise.
    (0..extents.len()).all(|k| taken[k] || extents[k].is(1)).then_some(map)
}

/// The access over the consumer's `rank` axes.
pub fn mapped_access(access: &Access, map: &AxisMap, rank: usize) -> Access {
    let mut strides = vec![Dim::from(0i64); rank];
    for (axis, to) in map.iter().enumerate() {
        if let Some(to) = to {
            strides[*to] = access.strides[axis].clone();
        }
    }
    Access { strides, ..access.clone() }
}

/// The body over the consumer's `rank` axes.
pub fn mapped_body(body: &Body, map: &AxisMap, rank: usize) -> Body {
    let ops = body.ops.iter().map(|op| match op {
        Op::Load(a) => Op::Load(mapped_access(a, map, rank)),
        Op::Index(k) => map[*k].map_or(Op::Const(DType::I64, Scalar::Int(0)), Op::Index),
        other => other.clone(),
    });
    Body { ops: ops.collect(), result: body.result }
}

/// `body` with each operation that `replace` chooses replaced by `by`.
pub fn splice(body: &Body, by: &Body, replace: &dyn Fn(&Op) -> bool) -> Body {
    let mut out = Body::default();
    let mut map: Vec<Val> = Vec::with_capacity(body.ops.len());
    let mut inserted = None;
    for op in &body.ops {
        let new = if replace(op) {
            *inserted.get_or_insert_with(|| append(&mut out, by))
        } else {
            out.push(op.with_operands(&mut |v| map[v.0 as usize]))
        };
        map.push(new);
    }
    out.result = map[body.result.0 as usize];
    out
}

fn append(out: &mut Body, by: &Body) -> Val {
    let mut map: Vec<Val> = Vec::with_capacity(by.ops.len());
    for op in &by.ops {
        let new = out.push(op.with_operands(&mut |v| map[v.0 as usize]));
        map.push(new);
    }
    map[by.result.0 as usize]
}

/// The body over axes of which runs are walked as one; `None` where an access or an index does not allow it.
pub fn joined(body: &Body, extents: &[Dim], groups: &[std::ops::Range<usize>]) -> Option<Body> {
    let ops = body.ops.iter().map(|op| match op {
        Op::Load(a) => Some(Op::Load(Access { strides: joined_strides(&a.strides, extents, groups)?, ..a.clone() })),
        Op::Index(k) => groups.iter().position(|g| g.len() == 1 && g.start == *k).map(Op::Index),
        other => Some(other.clone()),
    });
    Some(Body { ops: ops.collect::<Option<Vec<Op>>>()?, result: body.result })
}

fn joined_strides(strides: &[Dim], extents: &[Dim], groups: &[std::ops::Range<usize>]) -> Option<Vec<Dim>> {
    let one = |g: &std::ops::Range<usize>| {
        // Axes of extent 1 say nothing; the others must each be a whole run of the next.
        let real: Vec<usize> = g.clone().filter(|i| !extents[*i].is(1)).collect();
        let runs = real.windows(2).all(|w| strides[w[0]].equals(&(&strides[w[1]] * &extents[w[1]])) == Answer::Always);
        runs.then(|| real.last().map_or(Dim::from(0i64), |i| strides[*i].clone()))
    };
    groups.iter().map(one).collect()
}
