//! The versions of TensorRT from which on operators are offloaded: those that TVM names, for planning versions older than our tables of
//! TensorRT's interface. What newer versions lack is known layer by layer, by `network::check`.

use crate::network::capabilities::{Capabilities, Version};
use crate::network::refusal::{Accepted, Refusal};

/// Operators and the first version that takes them, sorted by operator.
pub const SINCE: &[(&str, Version)] = &[
    ("atan", Version::new(5, 1, 5)),
    ("ceil", Version::new(5, 1, 5)),
    ("clip", Version::new(5, 1, 5)),
    ("cos", Version::new(5, 1, 5)),
    ("erf", Version::new(7, 0, 0)),
    ("floor", Version::new(5, 1, 5)),
    ("nn.avg_pool3d", Version::new(6, 0, 1)),
    ("nn.conv3d", Version::new(6, 0, 1)),
    ("nn.conv3d_transpose", Version::new(6, 0, 1)),
    ("nn.leaky_relu", Version::new(5, 1, 5)),
    ("nn.max_pool3d", Version::new(6, 0, 1)),
    ("sin", Version::new(5, 1, 5)),
    ("split", Version::new(5, 1, 5)),
    ("strided_slice", Version::new(5, 1, 5)),
];

/// Refuses an operator that is newer than the planned TensorRT.
pub fn check(operator: &str, capabilities: &Capabilities) -> Accepted<()> {
    let Ok(at) = SINCE.binary_search_by_key(&operator, |(name, _)| name) else { return Ok(()) };
    let since = SINCE[at].1;
    if capabilities.gate() >= since {
        return Ok(());
    }
    let reason =
        format!("{operator} is offloaded from TensorRT {since} on; {} {} is planned for", capabilities.flavour, capabilities.version);
    Err(Refusal::new("operator.version", reason, format!("TensorRT {since} or newer")))
}
