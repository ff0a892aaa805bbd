//! Working memory that a session owns and hands to each kernel, and the shared view of an output that tasks write in parts.
//! Nothing here is freed or made smaller between runs, so repeated runs allocate nothing.
#![allow(unsafe_code)]

use std::marker::PhantomData;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Working memory of one session. It grows to the largest need and stays there.
#[derive(Default)]
pub struct Scratch {
    lines: Vec<Line>,
}

impl Scratch {
    /// Empty working memory.
    pub fn new() -> Scratch {
        Scratch::default()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.lines.len() * size_of::<Line>()
    }

    pub(crate) fn ptr(&self) -> *const f32 {
        self.lines.as_ptr().cast()
    }

    /// At least `len` elements of any content, aligned to 64 bytes.
    pub(crate) fn take(&mut self, len: usize) -> Shared<'_> {
        let lines = len.div_ceil(16);
        if lines > self.lines.len() {
            self.lines.clear();
            self.lines.resize(lines, Line([0.0; 16]));
        }
        // SAFETY: the lines are `len` elements at least, borrowed mutably for the lifetime of the result.
        unsafe { Shared::new(self.lines.as_mut_ptr().cast(), lines * 16) }
    }
}

/// Rounds a length up so that what follows it is aligned to 64 bytes.
pub(crate) fn aligned(len: usize) -> usize {
    len.next_multiple_of(16)
}

/// Memory that several tasks write at once, each its own part.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    ptr: *mut f32,
    len: usize,
    life: PhantomData<&'a mut [f32]>,
}

// SAFETY: access goes through `slice` and `at`, whose callers vouch that parts used at one time are disjoint or only read.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    /// # Safety
    /// `len` elements at `ptr` are valid for reading and writing for `'a`, and nobody else uses them in a way that races with the tasks.
    pub(crate) unsafe fn new(ptr: *mut f32, len: usize) -> Shared<'a> {
        Shared { ptr, len, life: PhantomData }
    }

    /// The two parts before and after `at`.
    pub(crate) fn split(self, at: usize) -> (Shared<'a>, Shared<'a>) {
        (self.part(0, at), self.part(at, self.len - at))
    }

    /// The part of `len` elements from `at`.
    pub(crate) fn part(self, at: usize, len: usize) -> Shared<'a> {
        assert!(at <= self.len && len <= self.len - at, "part of a shared buffer out of range");
        // SAFETY: inside by the test above.
        unsafe { Shared::new(self.ptr.add(at), len) }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Address of the first element.
    pub(crate) fn ptr(&self) -> *mut f32 {
        self.ptr
    }

    /// All of it as a slice.
    ///
    /// # Safety
    /// For the slice's life nobody else reads or writes this part.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn slice(&self) -> &'a mut [f32] {
        // SAFETY: valid memory by `new`, unshared by the caller's word.
        unsafe { std::slice::from_raw_parts_mut(self.ptr, self.len) }
    }
}
