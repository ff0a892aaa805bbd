//! Where each of our own buffers lies for given extents: one arena, places shared by buffers that never live at once.

use crate::kernels::program::{BufId, Kind, Program};
use crate::tensor::dim::Bindings;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::byte_len;
use crate::tensor::shape;

/// Buffers begin at multiples of this many bytes.
pub const ALIGNMENT: usize = 64;

/// Where a buffer's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The caller's input.
    Input(usize),
    /// The memory of a constant.
    Const(BufId),
    /// At this offset of the arena.
    Arena(usize),
    /// The caller's memory for this output.
    Output(usize),
    /// Nothing uses it.
    Nowhere,
}

/// The memory of a program for given extents.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Extents of every buffer.
    pub shapes: Vec<Vec<usize>>,
    /// Place of every buffer.
    pub places: Vec<Place>,
    /// Bytes of the arena.
    pub arena: usize,
    /// Outputs that are filled by a copy from a buffer after the last step.
    pub copies: Vec<(usize, BufId)>,
}

/// Lays out the memory of `program`.
pub fn plan(program: &Program, bindings: &Bindings) -> Result<Plan> {
    let shapes = program.buffers.iter().map(|b| shape::eval(&b.shape, bindings)).collect::<Result<Vec<_>>>()?;
    let count = program.buffers.len();
    let mut places = vec![Place::Nowhere; count];
    let mut copies = Vec::new();
    for (i, b) in program.buffers.iter().enumerate() {
        match b.kind {
            Kind::Input(k) => places[i] = Place::Input(k),
            Kind::Const(_) => places[i] = Place::Const(BufId(i as u32)),
            _ => {}
        }
    }
    for (k, out) in program.outputs.iter().enumerate() {
        let root = program.root(*out).0 as usize;
        let ours = program.buffers[root].kind == Kind::Temp && places[root] == Place::Nowhere;
        if ours {
            places[root] = Place::Output(k);
        } else {
            copies.push((k, *out));
        }
    }
    let arena = lay_out(program, &shapes, &mut places)?;
    for i in 0..count {
        places[i] = places[program.root(BufId(i as u32)).0 as usize];
    }
    Ok(Plan { shapes, places, arena, copies })
}

/// First and last step of each root buffer that is still nowhere, and its bytes; largest first, each at the lowest offset that is free
/// for as long as it lives.
fn lay_out(program: &Program, shapes: &[Vec<usize>], places: &mut [Place]) -> Result<usize> {
    let mut lives: Vec<Option<(usize, usize)>> = vec![None; program.buffers.len()];
    for (i, step) in program.steps.iter().enumerate() {
        for arg in &step.args {
            let root = program.root(*arg).0 as usize;
            lives[root] = Some(lives[root].map_or((i, i), |(first, _)| (first, i)));
        }
    }
    for out in &program.outputs {
        if let Some(life) = &mut lives[program.root(*out).0 as usize] {
            life.1 = program.steps.len();
        }
    }
    let mut wanted = Vec::new();
    for (i, life) in lives.iter().enumerate() {
        let (Some(life), Place::Nowhere) = (life, places[i]) else { continue };
        let bytes = byte_len(program.buffers[i].dtype, &shapes[i]).filter(|n| *n < isize::MAX as usize / 2);
        let bytes = bytes.ok_or_else(|| Error::new(Code::WrongShape, format!("a buffer of shape {:?} is too large", shapes[i])))?;
        wanted.push((i, *life, bytes.next_multiple_of(ALIGNMENT)));
    }
    wanted.sort_by_key(|(i, _, bytes)| (std::cmp::Reverse(*bytes), *i));
    let (mut placed, mut arena): (Vec<(usize, usize, (usize, usize))>, usize) = (Vec::new(), 0);
    for (i, life, bytes) in wanted {
        let mut offset = 0;
        // `placed` is kept in order of offset.
        for (begin, end, other) in &placed {
            let apart = other.1 < life.0 || life.1 < other.0;
            if !apart && offset < *end && *begin < offset + bytes {
                offset = *end;
            }
        }
        let at = placed.partition_point(|p| p.0 <= offset);
        placed.insert(at, (offset, offset + bytes, life));
        places[i] = Place::Arena(offset);
        arena = arena.max(offset + bytes);
    }
    Ok(arena)
}
