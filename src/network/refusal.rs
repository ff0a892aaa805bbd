//! Why TensorRT is not given a node. Rule ids are stable: users and tests name them.

use std::borrow::Cow;
use std::fmt;

/// A node is kept off TensorRT, with what would change that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable id of the rule, for example `conv.weights-not-constant`.
    pub rule: &'static str,
    /// What is wrong with this node, in its own numbers.
    pub reason: Cow<'static, str>,
    /// What would make the node acceptable; empty when nothing would.
    pub lift: Cow<'static, str>,
}

impl Refusal {
    /// A refusal by `rule`.
    pub fn new(rule: &'static str, reason: impl Into<Cow<'static, str>>, lift: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal { rule, reason: reason.into(), lift: lift.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.reason)?;
        if self.lift.is_empty() { Ok(()) } else { write!(f, " (to lift it: {})", self.lift) }
    }
}

/// Result of converting a node.
pub type Accepted<T> = std::result::Result<T, Refusal>;
