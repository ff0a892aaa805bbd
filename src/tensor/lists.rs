//! Lists that live no longer than one call, in memory that is kept from call to call: however many tensors a call has, it takes none from
//! the heap once one like it has been.

use bumpalo::Bump;
pub use bumpalo::collections::CollectIn;

/// Memory of lists.
pub type Lists = Bump;

/// A list in such memory.
pub type List<'a, T> = bumpalo::collections::Vec<'a, T>;

/// Makes the memory of lists that are gone by now ready for the next ones. It becomes one piece, so that the next time it is enough.
pub fn clear(lists: &mut Lists) {
    if lists.iter_allocated_chunks().count() > 1 {
        *lists = Lists::with_capacity(lists.allocated_bytes());
    }
    lists.reset();
}
