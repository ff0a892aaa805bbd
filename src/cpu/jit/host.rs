//! Functions that generated code calls, one element at a time: `float64` functions, remainders, integer powers, and the sines of huge
//! angles. They are looked up by the names in [`ALL`] and nothing else of the process is.
#![allow(unsafe_code)]

/// Shape of a function: operands, and whether they are `float32` ('f'), `float64` ('d') or `int64` ('i').
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostFn {
    /// Its name.
    pub name: &'static str,
    /// Type of the operands and the result.
    pub kind: char,
    /// Number of operands.
    pub arity: usize,
    /// Its address.
    pub address: *const u8,
}

// SAFETY: an address of code, which is constant.
unsafe impl Sync for HostFn {}
// SAFETY: as above.
unsafe impl Send for HostFn {}

macro_rules! host {
    ($($name:literal, $kind:literal, $t:ty, |$($arg:ident),*| $body:expr;)*) => {
        /// Every function that generated code may call.
        pub static ALL: &[HostFn] = &[$({
            extern "C" fn function($($arg: $t),*) -> $t { $body }
            HostFn { name: $name, kind: $kind, arity: [$(stringify!($arg)),*].len(), address: function as *const u8 }
        },)*];
    };
}

host! {
    "exp", 'd', f64, |x| x.exp();
    "log", 'd', f64, |x| x.ln();
    "sin", 'd', f64, |x| x.sin();
    "cos", 'd', f64, |x| x.cos();
    "tanh", 'd', f64, |x| x.tanh();
    "erf", 'd', f64, |x| libm::erf(x);
    "pow", 'd', f64, |x, y| x.powf(y);
    "rem", 'd', f64, |x, y| x % y;
    "sinf", 'f', f32, |x| x.sin();
    "cosf", 'f', f32, |x| x.cos();
    "remf", 'f', f32, |x, y| x % y;
    "tan", 'd', f64, |x| x.tan();
    "asin", 'd', f64, |x| x.asin();
    "acos", 'd', f64, |x| x.acos();
    "atan", 'd', f64, |x| x.atan();
    "sinh", 'd', f64, |x| x.sinh();
    "cosh", 'd', f64, |x| x.cosh();
    "asinh", 'd', f64, |x| x.asinh();
    "acosh", 'd', f64, |x| x.acosh();
    "atanh", 'd', f64, |x| x.atanh();
    "tanf", 'f', f32, |x| x.tan();
    "asinf", 'f', f32, |x| x.asin();
    "acosf", 'f', f32, |x| x.acos();
    "atanf", 'f', f32, |x| x.atan();
    "sinhf", 'f', f32, |x| x.sinh();
    "coshf", 'f', f32, |x| x.cosh();
    "asinhf", 'f', f32, |x| f64::from(x).asinh() as f32;
    "acoshf", 'f', f32, |x| f64::from(x).acosh() as f32;
    "atanhf", 'f', f32, |x| f64::from(x).atanh() as f32;
    "powi", 'i', i64, |x, y| int_pow(x, y);
    "powu", 'i', i64, |x, y| (x as u64).wrapping_pow(u32::try_from(y as u64).unwrap_or(u32::MAX)) as i64;
}

/// Index of a function in [`ALL`].
pub fn find(name: &str) -> usize {
    ALL.iter().position(|f| f.name == name).unwrap_or_else(|| panic!("no host function {name}"))
}

/// `x^y` with wrapping; for negative exponents the quotient rounded towards zero, 0 for a zero base.
fn int_pow(x: i64, y: i64) -> i64 {
    match (x, y) {
        (1, ..0) => 1,
        (-1, ..0) => {
            if y % 2 == 0 {
                1
            } else {
                -1
            }
        }
        (_, ..0) => 0,
        _ => x.wrapping_pow(y.min(i64::from(u32::MAX)) as u32),
    }
}
