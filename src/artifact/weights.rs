//! Constants as a safetensors entry: written so that every tensor lies aligned for its elements, read without copies. Each has its
//! digest in the entry's metadata; [`Weights::verify`] is who computes them again.

use crate::ensure;
use crate::tensor::digest::Digest;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Context, Error, Result};
use crate::tensor::host::Tensor;
use bytes::Bytes;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Tensors of this many bytes or a multiple come first: all of them begin at such a multiple, for the header is filled up.
const ALIGNMENT: usize = 64;

const NAMES: &[(DType, Dtype, &str)] = &[
    (DType::F64, Dtype::F64, "F64"),
    (DType::F32, Dtype::F32, "F32"),
    (DType::F16, Dtype::F16, "F16"),
    (DType::BF16, Dtype::BF16, "BF16"),
    (DType::I64, Dtype::I64, "I64"),
    (DType::I32, Dtype::I32, "I32"),
    (DType::I16, Dtype::I16, "I16"),
    (DType::I8, Dtype::I8, "I8"),
    (DType::U64, Dtype::U64, "U64"),
    (DType::U32, Dtype::U32, "U32"),
    (DType::U16, Dtype::U16, "U16"),
    (DType::U8, Dtype::U8, "U8"),
    (DType::Bool, Dtype::BOOL, "BOOL"),
];

/// Constants that are to be written: of equal ones, one.
#[derive(Debug, Default)]
pub struct Shelf {
    names: BTreeSet<String>,
    known: BTreeMap<Digest, String>,
    tensors: Vec<(String, Digest, Tensor)>,
}

impl Shelf {
    /// Adds a constant and gives its name in the entry: `name`, with a number where another tensor has it.
    pub fn put(&mut self, name: &str, tensor: &Tensor) -> String {
        let digest = tensor.digest();
        if let Some(known) = self.known.get(&digest) {
            return known.clone();
        }
        // The format has one name for itself.
        let base = if matches!(name, "" | "__metadata__") { "constant" } else { name };
        let mut own = base.to_string();
        let mut i = 1;
        while !self.names.insert(own.clone()) {
            i += 1;
            own = format!("{base}#{i}");
        }
        self.known.insert(digest, own.clone());
        self.tensors.push((own.clone(), digest, tensor.clone()));
        own
    }

    /// The bytes of the entry, in pieces.
    pub fn pieces(&self) -> Vec<Cow<'_, [u8]>> {
        let mut order: Vec<&(String, Digest, Tensor)> = self.tensors.iter().collect();
        let unaligned = |t: &Tensor| !t.bytes().len().is_multiple_of(ALIGNMENT);
        order.sort_by_key(|(_, _, t)| (unaligned(t), std::cmp::Reverse(t.dtype().size())));
        let digests: Map<String, Value> = order.iter().map(|(name, digest, _)| (name.clone(), json!(digest.to_string()))).collect();
        let (mut header, mut at) = (Map::from_iter([("__metadata__".to_string(), Value::Object(digests))]), 0);
        for (name, _, t) in &order {
            let (_, _, dtype) = NAMES.iter().find(|n| n.0 == t.dtype()).expect("every element type is in the table");
            let end = at + t.bytes().len();
            header.insert(name.clone(), json!({ "dtype": dtype, "shape": t.shape(), "data_offsets": [at, end] }));
            at = end;
        }
        let mut header = Value::Object(header).to_string().into_bytes();
        header.resize((8 + header.len()).next_multiple_of(ALIGNMENT) - 8, b' ');
        let mut first = (header.len() as u64).to_le_bytes().to_vec();
        first.extend(header);
        std::iter::once(Cow::Owned(first)).chain(order.iter().map(|(_, _, t)| Cow::Borrowed(&t.bytes()[..]))).collect()
    }
}

/// Constants of a file, in place.
#[derive(Debug)]
pub struct Weights {
    tensors: HashMap<String, Tensor>,
    digests: HashMap<String, String>,
}

impl Weights {
    /// Reads the header; tensors are parts of `bytes`.
    pub fn read(bytes: &Bytes) -> Result<Weights> {
        let bad = |e: safetensors::SafeTensorError| Error::new(Code::MalformedModel, e.to_string());
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(bad)?;
        let digests = header.metadata().clone().unwrap_or_default();
        let mut tensors = HashMap::new();
        for (name, view) in SafeTensors::deserialize(bytes).map_err(bad)?.iter() {
            let place = || format!("tensor '{name}'");
            let dtype = NAMES.iter().find(|n| n.1 == view.dtype()).map(|n| n.0);
            let dtype = dtype.ok_or_else(|| Error::new(Code::MalformedModel, format!("its type {:?} is not used here", view.dtype())));
            let tensor = Tensor::new(dtype.context(place)?, view.shape().to_vec(), bytes.slice_ref(view.data())).context(place)?;
            ensure!(digests.contains_key(name), MalformedModel, "tensor '{name}' has no digest");
            tensors.insert(name.to_string(), tensor);
        }
        Ok(Weights { tensors, digests })
    }

    /// The tensor of this name.
    pub fn get(&self, name: &str) -> Result<Tensor> {
        let found = self.tensors.get(name).cloned();
        found.ok_or_else(|| Error::new(Code::MalformedModel, format!("there is no tensor '{name}' among the weights")))
    }

    /// Computes every digest anew; an error names the first tensor that is not what was written.
    pub fn verify(&self) -> Result<()> {
        for (name, tensor) in &self.tensors {
            let found = tensor.digest().to_string();
            ensure!(self.digests.get(name) == Some(&found), MalformedModel, "tensor '{name}' is damaged: its digest is another");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_come_back_in_place_and_aligned() {
        let mut shelf = Shelf::default();
        let odd = Tensor::from_vec(&[3], vec![1u8, 2, 3]);
        let wide = Tensor::from_vec(&[2], vec![-1i64, 1]);
        let large = Tensor::from_vec(&[4, 8], (0..32).map(|v| v as f32).collect());
        let names: Vec<String> = [&odd, &wide, &large, &odd].map(|t| shelf.put("w", t)).to_vec();
        assert_eq!(names, ["w", "w#2", "w#3", "w"], "equal tensors are one");
        let all = Bytes::from(shelf.pieces().concat());
        let weights = Weights::read(&all).unwrap();
        for (name, t) in names.iter().zip([&odd, &wide, &large]) {
            let got = weights.get(name).unwrap();
            assert_eq!(got, *t);
            let at = got.bytes().as_ptr() as usize - all.as_ptr() as usize;
            assert!(at.is_multiple_of(t.dtype().size()), "{name} at {at}");
        }
        weights.verify().unwrap();
        let mut damaged = all.to_vec();
        *damaged.last_mut().unwrap() ^= 1;
        assert!(Weights::read(&damaged.into()).unwrap().verify().unwrap_err().message.contains("tensor 'w' is damaged"));
        for cut in [0, 7, 8, 40, all.len() - 1] {
            assert_eq!(Weights::read(&all.slice(..cut)).unwrap_err().code, Code::MalformedModel, "{cut}");
        }
    }

    #[test]
    fn every_element_type_has_a_name() {
        for dtype in DType::ALL {
            let mut shelf = Shelf::default();
            shelf.put("t", &Tensor::zeros(*dtype, &[2, 0, 3]));
            shelf.put("u", &Tensor::zeros(*dtype, &[5]));
            let weights = Weights::read(&Bytes::from(shelf.pieces().concat())).unwrap();
            assert_eq!((weights.get("t").unwrap().dtype(), weights.get("u").unwrap().shape()), (*dtype, &[5][..]));
        }
    }
}
