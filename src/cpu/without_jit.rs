//! Stands for [`jit`](super) where the library is built without its part `cpu-jit`: the same names, and no machine code is made.
#![allow(missing_docs, unsafe_code)]

pub mod module {
    use crate::loops::Kernel;
    use crate::tensor::dim::Bindings;
    use crate::tensor::error::{Result, left_out};

    /// Nobody makes one.
    #[derive(Clone)]
    pub enum Rendered {}

    #[derive(Debug, Clone, Default)]
    pub struct Bound {
        pub params: Vec<i64>,
        pub outer: i64,
        pub inner: i64,
        pub work: i64,
    }

    impl Rendered {
        pub fn bind(&self, _: &Bindings) -> Result<Bound> {
            match *self {}
        }

        /// # Safety
        /// There is no value to call it with.
        pub unsafe fn call(&self, _: *const *mut u8, _: &Bound, _: (i64, i64), _: (i64, i64)) {
            match *self {}
        }
    }

    pub fn compile(_: &[(&Kernel, usize)], _: usize) -> Result<Vec<Option<Rendered>>> {
        Err(left_out("cpu-jit"))
    }
}
