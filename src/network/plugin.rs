//! What a plugin layer is told: which plugin it is, and its fields. What it computes nobody here knows.

use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use std::fmt;
use std::sync::Arc;

/// A plugin layer, by the name that its creator has in TensorRT's registry.
#[derive(Debug, Clone, PartialEq)]
pub struct Plugin {
    /// The plugin's name.
    pub name: String,
    /// Its version, a text.
    pub version: String,
    /// Its namespace, often empty.
    pub namespace: String,
    /// What it is made with.
    pub fields: Fields,
    /// Types and extents of its results: nobody but the plugin knows them, so that whoever asks for it has to say.
    pub results: Vec<(DType, Vec<Dim>)>,
}

/// The fields of a plugin, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fields(pub Arc<[Field]>);

/// A field of a plugin.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Integers; the plugin's own list of fields says of which width.
    Ints(Vec<i64>),
    /// Numbers of float32.
    Floats(Vec<f32>),
    /// A text.
    Text(String),
    /// Elements of any type.
    Tensor(Tensor),
}

impl Fields {
    /// Fields in this order.
    pub fn new(fields: Vec<Field>) -> Fields {
        Fields(fields.into())
    }

    /// The text form, with names and texts as `quoted` writes them and tensors as `tensor` does.
    pub fn text(&self, quoted: &dyn Fn(&str) -> String, tensor: &dyn Fn(&Tensor) -> String) -> String {
        let value = |value: &Value| match value {
            Value::Ints(v) => format!("ints{v:?}"),
            Value::Floats(v) => format!("floats{v:?}"),
            Value::Text(v) => format!("text{}", quoted(v)),
            Value::Tensor(v) => format!("tensor {}", tensor(v)),
        };
        let fields: Vec<String> = self.0.iter().map(|f| format!("{}: {}", quoted(&f.name), value(&f.value))).collect();
        format!("fields({})", fields.join(", "))
    }
}

impl fmt::Display for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plugin '{}' version '{}'", self.name, self.version)?;
        if self.namespace.is_empty() { Ok(()) } else { write!(f, " of namespace '{}'", self.namespace) }
    }
}
