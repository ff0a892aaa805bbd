//! Where the elements of a caller's tensor lie, and copying them from and to dense row-major bytes.

use crate::cuda::memory::Span;
use crate::tensor::bytes::{as_bytes_mut, from_vec};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::lists::{List, Lists};
use crate::tensor::overlap::Range;
use crate::{ensure, fail};
use bytes::Bytes;

/// Element type, extents and places of a tensor.
#[derive(Debug, Clone)]
pub struct Layout<'a> {
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub shape: &'a [usize],
    /// Bytes from one index to the next.
    strides: &'a [isize],
    /// The strides are those of a row-major tensor.
    row_major: bool,
    /// Bytes of all elements.
    bytes: usize,
    /// The element at index 0.
    first: *mut u8,
    /// Addresses that elements lie in.
    range: Range,
    /// The GPU that the elements lie on; `None` for host memory.
    pub device: Option<usize>,
}

impl<'a> Layout<'a> {
    /// A layout without a place yet. `strides` count elements; `None` is dense row-major.
    pub fn new(dtype: DType, shape: &'a [usize], strides: Option<&[i64]>, lists: &'a Lists) -> Result<Layout<'a>> {
        let size = dtype.size() as isize;
        let own = lists.alloc_slice_fill_copy(shape.len(), 0);
        let (mut step, mut row_major) = (size, true);
        for i in (0..shape.len()).rev() {
            own[i] = match strides {
                Some(s) => isize::try_from(s[i]).ok().and_then(|s| s.checked_mul(size)),
                None => Some(step),
            }
            .ok_or_else(|| Error::new(Code::InvalidArgument, "a stride is too large"))?;
            row_major &= shape[i] <= 1 || own[i] == step;
            // Zero extents must not hide an overflow of the others' strides.
            let next = isize::try_from(shape[i].max(1)).ok().and_then(|extent| step.checked_mul(extent));
            step = next.ok_or_else(|| Error::new(Code::WrongShape, format!("shape {shape:?} of {dtype} is too large")))?;
        }
        let empty = shape.contains(&0);
        let bytes = if empty { 0 } else { step as usize };
        let (first, row_major) = (std::ptr::null_mut(), row_major || empty);
        Ok(Layout { dtype, shape, strides: own, row_major, bytes, first, range: (0, 0), device: None })
    }

    /// The same layout with its element at index 0 here; an error where an element's address would overflow.
    pub fn at(mut self, first: *mut u8) -> Result<Layout<'a>> {
        self.first = first;
        let Some(range) = self.reach() else {
            fail!(InvalidArgument, "strides of shape {:?} lead out of the address space", self.shape);
        };
        self.range = range;
        Ok(self)
    }

    /// The same layout on this GPU; only dense tensors are taken there.
    pub fn on_device(mut self, device: usize) -> Result<Layout<'a>> {
        ensure!(self.is_dense(), WrongShape, "a tensor on a GPU must be dense and row-major; shape {:?} has other strides", self.shape);
        self.device = Some(device);
        Ok(self)
    }

    /// The elements on the GPU.
    ///
    /// # Safety
    /// They live until the work that gets the span is done.
    pub unsafe fn span(&self) -> Span {
        // SAFETY: by this function's contract.
        unsafe { Span::lent(self.first as u64, self.byte_len()) }
    }

    /// True when there is no element.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Number of bytes of all elements, dense.
    pub fn byte_len(&self) -> usize {
        self.bytes
    }

    /// Addresses that elements lie in: first, and one past the last.
    pub fn range(&self) -> Range {
        self.range
    }

    /// The same, from the first element; `None` on overflow.
    fn reach(&self) -> Option<Range> {
        let at = self.first as usize;
        if self.row_major {
            return Some((at, at.checked_add(self.bytes)?));
        }
        let (mut low, mut high) = (at, at.checked_add(self.dtype.size())?);
        for (extent, stride) in self.shape.iter().zip(self.strides) {
            let reach = (extent - 1).checked_mul(stride.unsigned_abs())?;
            match *stride < 0 {
                true => low = low.checked_sub(reach)?,
                false => high = high.checked_add(reach)?,
            }
        }
        Some((low, high))
    }

    /// True when the elements lie as in a dense row-major tensor, aligned for their type, so that they can be used in place.
    pub fn is_dense(&self) -> bool {
        self.row_major && (self.is_empty() || (self.first as usize).is_multiple_of(self.dtype.size()))
    }

    /// Refuses a layout in which two elements share memory: it cannot be written.
    pub fn check_writable(&self, lists: &Lists) -> Result<()> {
        if self.row_major {
            return Ok(());
        }
        let mut axes = List::from_iter_in((0..self.shape.len()).filter(|i| self.shape[*i] > 1), lists);
        axes.sort_unstable_by_key(|i| self.strides[*i].unsigned_abs());
        let mut reach = self.dtype.size();
        for i in axes {
            let stride = self.strides[i].unsigned_abs();
            ensure!(stride >= reach || self.is_empty(), InvalidArgument, "strides of shape {:?} make elements share memory", self.shape);
            reach += (self.shape[i] - 1) * stride;
        }
        Ok(())
    }

    /// The elements in place.
    ///
    /// # Safety
    /// The layout is dense; its elements live and do not change for `'b`.
    pub unsafe fn bytes<'b>(&self) -> &'b [u8] {
        match self.byte_len() {
            0 => &[],
            // SAFETY: dense, not empty, so `n` bytes from `first`, by this function's contract.
            n => unsafe { std::slice::from_raw_parts(self.first, n) },
        }
    }

    /// The elements in place, to be written.
    ///
    /// # Safety
    /// The layout is dense; its elements live for `'b` and nobody else uses them.
    pub unsafe fn bytes_mut<'b>(&self) -> &'b mut [u8] {
        match self.byte_len() {
            0 => &mut [],
            // SAFETY: dense, not empty, so `n` bytes from `first`, by this function's contract.
            n => unsafe { std::slice::from_raw_parts_mut(self.first, n) },
        }
    }

    /// A copy of the elements, row-major and aligned; `bool` as 0 or 1.
    ///
    /// # Safety
    /// The elements live and do not change meanwhile.
    pub unsafe fn gather(&self) -> Bytes {
        let (len, size) = (self.byte_len(), self.dtype.size());
        // Whole words make the copy aligned for every element type.
        let mut words = vec![0u64; len.div_ceil(8)];
        let out = as_bytes_mut(&mut words);
        self.each(|place, index| {
            // SAFETY: `each` gives places of elements, which live; `out` has room for every index.
            unsafe { std::ptr::copy_nonoverlapping(place, out.as_mut_ptr().add(index * size), size) };
        });
        if self.dtype == DType::Bool {
            out.iter_mut().for_each(|b| *b = u8::from(*b != 0));
        }
        from_vec(words).slice(..len)
    }

    /// Writes row-major elements to their places.
    ///
    /// # Safety
    /// `bytes` are as many as `byte_len`; the elements live and nobody else uses them.
    pub unsafe fn scatter(&self, bytes: &[u8]) {
        let size = self.dtype.size();
        self.each(|place, index| {
            let from = &bytes[index * size..(index + 1) * size];
            // SAFETY: `each` gives places of elements, which live and are nobody else's.
            unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), place, size) };
        });
    }

    /// Calls `visit` with the place and the row-major index of each element.
    fn each(&self, mut visit: impl FnMut(*mut u8, usize)) {
        if self.is_empty() {
            return;
        }
        let (mut at, mut place, rank) = (vec![0usize; self.shape.len()], self.first, self.shape.len());
        for index in 0..self.shape.iter().product() {
            visit(place, index);
            for axis in (0..rank).rev() {
                at[axis] += 1;
                place = place.wrapping_offset(self.strides[axis]);
                if at[axis] < self.shape[axis] {
                    break;
                }
                place = place.wrapping_offset(-(self.shape[axis] as isize) * self.strides[axis]);
                at[axis] = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout<'a>(shape: &'a [usize], strides: Option<&[i64]>, first: *mut u8, lists: &'a Lists) -> Result<Layout<'a>> {
        Layout::new(DType::I16, shape, strides, lists)?.at(first)
    }

    #[test]
    fn strided_elements_are_gathered_and_scattered() {
        let (mut memory, lists): (Vec<i16>, _) = ((0..24).collect(), Lists::new());
        let first = memory.as_mut_ptr();
        let cases: &[(&[usize], &[i64], usize, &[i16])] = &[
            (&[2, 3], &[3, 1], 0, &[0, 1, 2, 3, 4, 5]),
            (&[3, 2], &[1, 3], 0, &[0, 3, 1, 4, 2, 5]),
            (&[2, 2], &[-12, 2], 12, &[12, 14, 0, 2]),
            (&[2, 2], &[0, 1], 5, &[5, 6, 5, 6]),
            (&[0, 7], &[100, 1], 0, &[]),
            (&[], &[], 9, &[9]),
        ];
        for (shape, strides, start, expect) in cases {
            // SAFETY: every case stays in `memory`, which nobody else uses.
            unsafe {
                let l = layout(shape, Some(strides), first.add(*start).cast(), &lists).unwrap();
                let got = l.gather();
                assert_eq!(got, crate::tensor::bytes::as_bytes(expect), "{shape:?} {strides:?}");
                if l.check_writable(&lists).is_ok() {
                    l.scatter(&got.iter().map(|b| b ^ 1).collect::<Vec<_>>());
                    l.scatter(&got);
                }
            }
        }
        assert_eq!(memory, (0..24).collect::<Vec<i16>>());
    }

    #[test]
    fn layouts_are_judged() {
        let (mut memory, lists) = ([0i16; 24], Lists::new());
        let first = memory.as_mut_ptr().cast::<u8>();
        let of = |shape: &'static [usize], strides: Option<&[i64]>| layout(shape, strides, first, &lists);
        assert!(of(&[2, 3], None).unwrap().is_dense() && of(&[1, 3], Some(&[77, 1])).unwrap().is_dense());
        assert!(!of(&[2, 3], Some(&[1, 2])).unwrap().is_dense());
        assert!(!layout(&[2], None, first.wrapping_add(1), &lists).unwrap().is_dense(), "not aligned");
        assert!(of(&[2, 3], Some(&[0, 1])).unwrap().check_writable(&lists).is_err());
        assert!(of(&[2, 3], Some(&[2, 1])).unwrap().check_writable(&lists).is_err());
        assert!(of(&[2, 3], Some(&[1, 2])).unwrap().check_writable(&lists).is_ok());
        let from = |l: Layout| (l.range().0 - first as usize, l.range().1 - first as usize);
        assert_eq!(from(of(&[4], None).unwrap()), (0, 8));
        assert_eq!(from(of(&[2, 3], Some(&[8, 2])).unwrap()), (0, 26));
        assert_eq!(from(layout(&[3], Some(&[-2]), first.wrapping_add(20), &lists).unwrap()), (12, 22));
        assert!(of(&[usize::MAX, 2], None).is_err() && of(&[1 << 62, 0, 4], None).is_err());
        assert!(of(&[2], Some(&[i64::MAX])).is_err() && of(&[1 << 40], Some(&[-(1 << 30)])).is_err());
    }
}
