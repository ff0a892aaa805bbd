//! Fields of plugins as TensorRT wants them: each in the type that the plugin's own list of fields names, where it names one.

use crate::network::plugin::{Field, Value};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Context, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::{PluginField, PluginFieldType};
use crate::{ensure, fail};
use std::ffi::CString;

/// A field's elements, and their type; what its raw form points to.
pub(super) struct Encoded {
    name: CString,
    data: Tensor,
    dtype: PluginFieldType,
    length: usize,
}

impl Encoded {
    /// The field as the plugin wants it; `wanted` is what its list of fields says.
    pub fn new(field: &Field, wanted: Option<PluginFieldType>) -> Result<Encoded> {
        Encoded::of(field, wanted).context(|| format!("field '{}'", field.name))
    }

    fn of(field: &Field, wanted: Option<PluginFieldType>) -> Result<Encoded> {
        let name = CString::new(field.name.as_str()).map_err(|_| Error::new(Code::InvalidArgument, "the name holds a zero byte"))?;
        let made = |dtype, data: Tensor| Encoded { name: name.clone(), length: data.len(), data, dtype };
        let narrow = |dtype: DType, v: &[i64]| {
            let data = Tensor::from_f64s(dtype, &[v.len()], &v.iter().map(|v| *v as f64).collect::<Vec<_>>());
            ensure!(data.to_i64s().as_deref() == Some(v), InvalidArgument, "{v:?} does not fit {dtype}, which the plugin wants");
            Ok(data)
        };
        use PluginFieldType as T;
        Ok(match (&field.value, wanted) {
            (Value::Ints(v), Some(T::Int64)) => made(T::Int64, Tensor::from_vec(&[v.len()], v.clone())),
            (Value::Ints(v), Some(T::Int8)) => made(T::Int8, narrow(DType::I8, v)?),
            (Value::Ints(v), Some(T::Int16)) => made(T::Int16, narrow(DType::I16, v)?),
            (Value::Ints(v), Some(T::Float32)) => {
                made(T::Float32, Tensor::from_vec(&[v.len()], v.iter().map(|v| *v as f32).collect::<Vec<f32>>()))
            }
            (Value::Ints(v), _) => made(T::Int32, narrow(DType::I32, v)?),
            (Value::Floats(v), Some(T::Float64)) => {
                made(T::Float64, Tensor::from_vec(&[v.len()], v.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>()))
            }
            (Value::Floats(v), _) => made(T::Float32, Tensor::from_vec(&[v.len()], v.clone())),
            // A zero stands behind the text for those who read up to it; it does not count.
            (Value::Text(v), _) => {
                let bytes: Vec<u8> = v.bytes().chain([0]).collect();
                Encoded { name, length: v.len(), data: Tensor::from_vec(&[bytes.len()], bytes), dtype: T::Char }
            }
            (Value::Tensor(t), _) => made(field_type(t.dtype())?, t.clone()),
        })
    }

    /// The raw form, which points into this.
    pub fn field(&self, abi: &Abi) -> Result<PluginField> {
        let length = i32::try_from(self.length);
        let length = length.map_err(|_| Error::new(Code::TensorRtUnsupported, format!("{} elements in a field", self.length)))?;
        let dtype = self.dtype.raw(abi)?;
        Ok(PluginField { name: self.name.as_ptr(), data: self.data.bytes().as_ptr().cast(), dtype, length })
    }
}

/// The type of a field with elements of this type.
fn field_type(dtype: DType) -> Result<PluginFieldType> {
    Ok(match dtype {
        DType::F16 => PluginFieldType::Float16,
        DType::F32 => PluginFieldType::Float32,
        DType::F64 => PluginFieldType::Float64,
        DType::I8 => PluginFieldType::Int8,
        DType::I16 => PluginFieldType::Int16,
        DType::I32 => PluginFieldType::Int32,
        DType::I64 => PluginFieldType::Int64,
        DType::BF16 => PluginFieldType::Bf16,
        DType::Bool | DType::U8 | DType::U16 | DType::U32 | DType::U64 => {
            fail!(TensorRtUnsupported, "fields of plugins have no elements of {dtype}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensorrt::abi::VERSIONS;

    fn encoded(value: Value, wanted: Option<PluginFieldType>) -> Result<(PluginFieldType, usize, Vec<f64>)> {
        let e = Encoded::new(&Field { name: "f".into(), value }, wanted)?;
        Ok((e.dtype, e.length, e.data.to_f64s()))
    }

    #[test]
    fn fields_have_the_type_that_the_plugin_wants() {
        use PluginFieldType as T;
        let ints = || Value::Ints(vec![3, -4]);
        assert_eq!(encoded(ints(), None).unwrap(), (T::Int32, 2, vec![3.0, -4.0]));
        for wanted in [T::Int8, T::Int16, T::Int32, T::Int64, T::Float32] {
            assert_eq!(encoded(ints(), Some(wanted)).unwrap(), (wanted, 2, vec![3.0, -4.0]));
        }
        let e = encoded(Value::Ints(vec![1 << 40]), None).unwrap_err();
        assert!(e.message.contains("field 'f'") && e.message.contains("does not fit int32"), "{e}");
        assert_eq!(encoded(Value::Floats(vec![0.5]), Some(T::Float64)).unwrap(), (T::Float64, 1, vec![0.5]));
        assert_eq!(encoded(Value::Text("ab".into()), None).unwrap(), (T::Char, 2, vec![97.0, 98.0, 0.0]));
        let tensor = Tensor::from_vec(&[2, 1], vec![1i64, 2]);
        assert_eq!(encoded(Value::Tensor(tensor), None).unwrap(), (T::Int64, 2, vec![1.0, 2.0]));
        assert!(encoded(Value::Tensor(Tensor::zeros(DType::U8, &[1])), None).is_err());
    }

    #[test]
    fn a_type_that_a_version_lacks_is_an_error() {
        let field = Encoded::new(&Field { name: "f".into(), value: Value::Ints(vec![1]) }, Some(PluginFieldType::Int64)).unwrap();
        let has = |release| field.field(&Abi::of(release, false).unwrap()).is_ok();
        assert!(VERSIONS.iter().all(|v| has(*v) == (v.version.major != 8)));
    }
}
