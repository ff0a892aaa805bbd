//! Facts of a model's inputs: its named extents become symbols of that name, nameless ones are named after input and axis.

use crate::fail;
use crate::import::onnx::order::short;
use crate::import::onnx::proto::{DimProto, ValueInfoProto};
use crate::import::onnx::weights::{check_extents, element_type};
use crate::ir::fact::Fact;
use crate::tensor::dim::Dim;
use crate::tensor::error::{Context, Result};
use std::collections::{HashMap, HashSet};

/// Largest extent that a symbol stands for.
const MAX_EXTENT: i64 = i32::MAX as i64;

/// Why a file has to state what it need not state elsewhere.
const WHO_KNOWS: &str = "nobody but the plugin could tell; add it to the file's value_info";

/// Names of symbols, each given once.
#[derive(Debug, Default)]
pub struct Symbols<'a> {
    nodes: HashSet<&'a str>,
    /// Symbol by the model's name.
    named: HashMap<String, String>,
    taken: HashSet<String>,
}

impl<'a> Symbols<'a> {
    /// Symbols for a model with these nodes: symbols that come up later are named `node.0`, `node.1`, ..., which ours must not be.
    pub fn new(nodes: HashSet<&'a str>) -> Symbols<'a> {
        Symbols { nodes, ..Symbols::default() }
    }

    /// What is known of an input.
    pub fn fact(&mut self, input: &ValueInfoProto) -> Result<Fact> {
        let place = || format!("input '{}'", input.name);
        let Some(tensor) = input.r#type.as_ref().and_then(|t| t.tensor.as_ref()) else {
            fail!(UnsupportedModel, "{} is not a dense tensor; sequences, maps and optionals are not supported", place())
        };
        let dtype = element_type(i64::from(tensor.elem_type)).context(place)?;
        let Some(shape) = &tensor.shape else {
            fail!(UnsupportedModel, "{} has no shape; export the model with one, at least the number of axes", place())
        };
        let dims = shape.dim.iter().enumerate().map(|(axis, dim)| match dim {
            DimProto { dim_value: Some(v), .. } if *v > 0 => Dim::from(*v),
            DimProto { dim_param: Some(name), .. } if !matches!(name.trim(), "" | "?") => self.named(name),
            _ => {
                let name = self.free(&format!("{}.{axis}", input.name));
                Dim::symbol(&name, 0, MAX_EXTENT)
            }
        });
        let fact = Fact::new(dtype, dims.collect());
        check_extents(&fact).context(place)?;
        Ok(fact)
    }

    /// What the file states of a value that only a plugin can compute: in numbers, and names of extents of inputs.
    pub fn stated(&self, value: &ValueInfoProto) -> Result<Fact> {
        let place = || format!("result '{}'", value.name);
        let shape = value.r#type.as_ref().and_then(|t| t.tensor.as_ref()).and_then(|t| Some((t.elem_type, t.shape.as_ref()?)));
        let Some((dtype, shape)) = shape else {
            fail!(UnsupportedModel, "the file does not state type and shape of {}: {WHO_KNOWS}", place())
        };
        let dims = shape.dim.iter().enumerate().map(|(axis, dim)| match dim {
            DimProto { dim_value: Some(v), .. } if *v >= 0 => Ok(Dim::from(*v)),
            DimProto { dim_param: Some(name), .. } if self.named.contains_key(name) => Ok(Dim::symbol(&self.named[name], 0, MAX_EXTENT)),
            _ => {
                fail!(UnsupportedModel, "extent {axis} of {} is neither a number nor named as an extent of an input: {WHO_KNOWS}", place())
            }
        });
        let fact = Fact::new(element_type(i64::from(dtype)).context(place)?, dims.collect::<Result<Vec<_>>>()?);
        check_extents(&fact).context(place)?;
        Ok(fact)
    }

    fn named(&mut self, name: &str) -> Dim {
        if !self.named.contains_key(name) {
            let symbol = self.free(name);
            self.named.insert(name.into(), symbol);
        }
        Dim::symbol(&self.named[name], 0, MAX_EXTENT)
    }

    /// A name that no other symbol has, as near to `wish` as the text of expressions allows.
    fn free(&mut self, wish: &str) -> String {
        let mut name: String = wish.trim().chars().map(|c| if c.is_alphanumeric() || "_.?#:/".contains(c) { c } else { '_' }).collect();
        name = short(&name).into();
        if name.starts_with(|c: char| c.is_numeric()) {
            name.insert(0, '_');
        }
        while self.is_taken(&name) {
            name.push('_');
        }
        self.taken.insert(name.clone());
        name
    }

    fn is_taken(&self, name: &str) -> bool {
        let of_node = |(node, number): (&str, &str)| self.nodes.contains(node) && number.bytes().all(|b| b.is_ascii_digit());
        self.taken.contains(name) || name.rsplit_once('.').is_some_and(of_node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::onnx::proto::{ShapeProto, TensorTypeProto, TypeProto};

    fn input(name: &str, dims: &[Result<i64, &str>]) -> ValueInfoProto {
        let dim = dims.iter().map(|d| match d {
            Ok(v) => DimProto { dim_value: Some(*v), dim_param: None },
            Err(name) => DimProto { dim_value: None, dim_param: Some((*name).into()) },
        });
        let tensor = TensorTypeProto { elem_type: 1, shape: Some(ShapeProto { dim: dim.collect() }) };
        ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor: Some(tensor) }) }
    }

    type Result<T, E> = std::result::Result<T, E>;

    #[test]
    fn symbols_have_the_models_names_and_never_meet() {
        let mut s = Symbols::new(HashSet::from(["y"]));
        let text = |s: &mut Symbols, i: &ValueInfoProto| s.fact(i).unwrap().to_string();
        assert_eq!(text(&mut s, &input("a", &[Err("N"), Ok(3), Err("?"), Ok(0)])), "float32[N, 3, a.2, a.3]");
        // One name is one symbol, in every input.
        assert_eq!(text(&mut s, &input("b", &[Err("N"), Err("a.2"), Err("a.2"), Ok(-1)])), "float32[N, a.2_, a.2_, b.3]");
        // Names that differ only in characters that expressions cannot have stay apart.
        assert_eq!(text(&mut s, &input("c", &[Err("w*2"), Err("w+2"), Err("2w")])), "float32[w_2, w_2_, _2w]");
        // A node named as an input might make a symbol of this name.
        assert_eq!(text(&mut s, &input("y", &[Ok(0)])), "float32[y.0_]");
    }
}
