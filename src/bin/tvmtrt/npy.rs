//! numpy's file format for one array, versions 1 to 3: little-endian numbers and bools in C order. bfloat16, which numpy lacks, is
//! written as float32, which holds every one of its values.

use bytes::Bytes;
use tvmtrt::tensor::bytes::{as_bytes_mut, from_vec};
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::{Tensor, byte_len};
use tvmtrt::{ensure, fail};

const MAGIC: &[u8] = b"\x93NUMPY";

/// numpy's names of element types.
const TYPES: &[(&str, DType)] = &[
    ("<f8", DType::F64),
    ("<f4", DType::F32),
    ("<f2", DType::F16),
    ("<i8", DType::I64),
    ("<i4", DType::I32),
    ("<i2", DType::I16),
    ("|i1", DType::I8),
    ("<u8", DType::U64),
    ("<u4", DType::U32),
    ("<u2", DType::U16),
    ("|u1", DType::U8),
    ("|b1", DType::Bool),
];

/// Reads an array. The elements are copied to where every type is aligned.
pub fn read(file: &[u8]) -> Result<Tensor> {
    let (major, rest) = match file.strip_prefix(MAGIC) {
        Some([major @ 1..=3, _, rest @ ..]) => (*major, rest),
        _ => fail!(InvalidArgument, "not an .npy file of version 1, 2 or 3"),
    };
    let width = if major == 1 { 2 } else { 4 };
    let length = rest.get(..width).map(|b| b.iter().rev().fold(0usize, |n, b| n << 8 | usize::from(*b)));
    let Some((header, data)) = length.and_then(|n| rest[width..].split_at_checked(n)) else { fail!(InvalidArgument, "the file is cut") };
    let header = String::from_utf8_lossy(header);
    let name = between(&header, "'descr':", ",").map(|d| d.trim_matches(['\'', '"', ' '])).unwrap_or_default();
    let Some((_, dtype)) = TYPES.iter().find(|(n, _)| *n == name) else {
        let known: Vec<&str> = TYPES.iter().map(|(_, d)| d.name()).collect();
        fail!(WrongDType, "elements of type '{name}' cannot be read; save them as one of {}", known.join(", "))
    };
    let c_order = between(&header, "'fortran_order':", ",").is_some_and(|w| w == "False");
    let Some(shape) = between(&header, "'shape':", ")").and_then(extents) else { fail!(InvalidArgument, "the header has no shape") };
    ensure!(c_order || shape.len() < 2, InvalidArgument, "the array is in Fortran order; save numpy.ascontiguousarray of it");
    let need = byte_len(*dtype, &shape).unwrap_or(usize::MAX);
    ensure!(data.len() == need, InvalidArgument, "shape {shape:?} of {dtype} needs {need} bytes, the file has {}", data.len());
    Tensor::new(*dtype, shape, aligned(data))
}

/// A copy that is aligned for every type.
pub fn aligned(data: &[u8]) -> Bytes {
    let mut words = vec![0u64; data.len().div_ceil(8)];
    as_bytes_mut(&mut words)[..data.len()].copy_from_slice(data);
    from_vec(words).slice(..data.len())
}

fn between<'a>(text: &'a str, key: &str, end: &str) -> Option<&'a str> {
    let rest = text.split_once(key)?.1;
    Some(rest.split(end).next()?.trim())
}

fn extents(tuple: &str) -> Option<Vec<usize>> {
    let inside = tuple.strip_prefix('(')?;
    inside.split(',').map(str::trim).filter(|w| !w.is_empty()).map(|w| w.parse().ok()).collect()
}

/// The array as a file.
pub fn write(tensor: &Tensor) -> Vec<u8> {
    let wide;
    let tensor = match tensor.dtype() {
        DType::BF16 => {
            wide = Tensor::from_f64s(DType::F32, tensor.shape(), &tensor.to_f64s());
            &wide
        }
        _ => tensor,
    };
    let name = TYPES.iter().find(|(_, d)| *d == tensor.dtype()).map_or("|V1", |(n, _)| n);
    let shape: Vec<String> = tensor.shape().iter().map(|d| format!("{d},")).collect();
    let mut header = format!("{{'descr': '{name}', 'fortran_order': False, 'shape': ({}), }}", shape.join(" "));
    // Elements begin at a multiple of 64.
    let prefix = MAGIC.len() + 4;
    header += &" ".repeat((64 - (prefix + header.len() + 1) % 64) % 64);
    header.push('\n');
    let mut out = MAGIC.to_vec();
    out.extend([1, 0]);
    out.extend((header.len() as u16).to_le_bytes());
    out.extend(header.as_bytes());
    out.extend_from_slice(tensor.bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_back() {
        for dtype in DType::ALL {
            for shape in [&[][..], &[0, 3], &[5], &[2, 1, 3]] {
                let values: Vec<f64> = (0..shape.iter().product()).map(|i| (i % 2) as f64).collect();
                let tensor = Tensor::from_f64s(*dtype, shape, &values);
                let back = read(&write(&tensor)).unwrap();
                assert_eq!((back.shape(), back.to_f64s()), (shape, values));
                assert!(back.dtype() == *dtype || *dtype == DType::BF16);
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let file = write(&Tensor::from_f64s(DType::F32, &[2, 2], &[1.0; 4]));
        let told = |from: &str, to: &str| {
            let text: Vec<u8> = file.clone();
            let at = text.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
            let changed = [&text[..at], to.as_bytes(), &text[at + from.len()..]].concat();
            read(&changed).unwrap_err().message
        };
        assert!(told("<f4", ">f4").contains("save them as one of float64"));
        assert!(told("False", "True ").contains("ascontiguousarray"));
        assert!(told("(2, 2,)", "(2, 3,)").contains("needs 24 bytes, the file has 16"));
        assert!(read(b"PK").unwrap_err().message.contains("not an .npy file"));
        assert!(read(&file[..20]).unwrap_err().message.contains("cut"));
    }
}
