//! Numbers for people.

use tvmtrt::tensor::host::Tensor;

/// Elements of a tensor that are shown.
const SHOWN: usize = 6;

/// Bytes.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

/// A number of things.
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// A span of time that is over.
pub fn ago(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s ago"),
        120..7200 => format!("{} min ago", seconds / 60),
        7200..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// The first elements.
pub fn first(tensor: &Tensor) -> Vec<f64> {
    let mut values = tensor.to_f64s();
    values.truncate(SHOWN);
    values
}

/// A tensor in a line: type, shape, the first elements.
pub fn tensor(tensor: &Tensor) -> String {
    let more = if tensor.len() > SHOWN { " ..." } else { "" };
    let values: Vec<String> = first(tensor).into_iter().map(number).collect();
    format!("{}{:?} {}{more}", tensor.dtype(), tensor.shape(), values.join(" "))
}

/// A number with five figures or so.
pub fn number(v: f64) -> String {
    match v.abs() {
        a if v == v.trunc() && a < 1e9 => format!("{v}"),
        a if (1e-3..1e6).contains(&a) => format!("{v:.5}"),
        _ => format!("{v:.4e}"),
    }
}
