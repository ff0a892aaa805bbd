//! Constants: every element type and field, data in other files, and that nothing is copied.

use super::*;
use crate::import::onnx::load_file;
use crate::ir::Def;
use crate::tensor::bytes::map_file;
use crate::tensor::dtype::DType;
use crate::tensor::error::Code;
use std::fs;
use std::path::PathBuf;

/// A folder for one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("tvmtrt-onnx-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn of_constant(t: TensorProto) -> GraphProto {
    let name = t.name.clone();
    graph(vec![], vec![t], vec![], &name)
}

fn constant(m: &Model, i: usize) -> &Tensor {
    match &m.graph.value(m.graph.outputs[i].value).def {
        Def::Const(t) => t,
        other => panic!("{other:?} is no constant"),
    }
}

fn inside(part: &[u8], whole: &[u8]) -> bool {
    whole.as_ptr_range().contains(&part.as_ptr()) && part.len() <= whole.len()
}

#[test]
fn weights_stay_in_the_mapped_file() {
    let folder = Folder::new("map");
    let path = folder.0.join("m.onnx");
    let weights = floats("w", &[64, 64], &vec![1.5; 4096]);
    let in_node = node("Constant", "", "c").tensor("value", floats("", &[4096], &vec![2.5; 4096]));
    let g = graph(vec![], vec![weights], vec![in_node], "w c");
    fs::write(&path, model(13, g).encode_to_vec()).unwrap();
    let mapped = map_file(&path).unwrap();
    let m = load_bytes(mapped.clone(), None).unwrap();
    for i in 0..2 {
        let data = constant(&m, i).bytes();
        assert!(inside(data, &mapped), "constant {i} is a copy");
    }
    assert_eq!(constant(&load_file(&path).unwrap(), 1).to_f64s()[7], 2.5);
}

#[test]
fn data_files_are_mapped_once_and_kept_inside_the_folder() {
    let folder = Folder::new("external");
    let outside = Folder::new("outside");
    let values: Vec<u8> = (0..8).flat_map(|v| (v as f32).to_le_bytes()).collect();
    fs::create_dir_all(folder.0.join("parts")).unwrap();
    fs::write(folder.0.join("parts/w.bin"), &values).unwrap();
    fs::write(outside.0.join("w.bin"), &values).unwrap();
    let load = |entries: &[(&str, &str)]| {
        let mut t = floats("w", &[2, 2], &[]);
        t.raw_data = None;
        t.data_location = 1;
        t.external_data = entries.iter().map(|(k, v)| EntryProto { key: (*k).into(), value: (*v).into() }).collect();
        load_bytes(model(13, of_constant(t)).encode_to_vec().into(), Some(&folder.0))
    };
    let m = load(&[("location", "parts/w.bin"), ("offset", "8"), ("length", "16"), ("checksum", "0")]).unwrap();
    assert_eq!(constant(&m, 0).to_f64s(), [2.0, 3.0, 4.0, 5.0]);
    assert_eq!(constant(&load(&[("location", "./parts/w.bin")]).unwrap(), 0).to_f64s(), [0.0, 1.0, 2.0, 3.0]);

    let absolute = outside.0.join("w.bin").display().to_string();
    let up = format!("../{}/w.bin", outside.0.file_name().unwrap().to_string_lossy());
    let mut bad: Vec<(Vec<(&str, &str)>, &str)> = vec![
        (vec![("location", &absolute)], "not a path inside"),
        (vec![("location", &up)], "not a path inside"),
        (vec![("location", "parts/../parts/w.bin")], "not a path inside"),
        (vec![("location", "")], "not a path inside"),
        (vec![("location", "parts")], "not a regular file"),
        (vec![("location", "missing.bin")], "cannot read"),
        (vec![], "not named"),
        (vec![("location", "parts/w.bin"), ("offset", "20")], "lie outside"),
        (vec![("location", "parts/w.bin"), ("offset", "18446744073709551615")], "lie outside"),
        (vec![("location", "parts/w.bin"), ("offset", "-1")], "not a number"),
        (vec![("location", "parts/w.bin"), ("length", "8")], "needs 16 bytes but 8"),
    ];
    if cfg!(unix) {
        #[cfg(unix)]
        std::os::unix::fs::symlink(outside.0.join("w.bin"), folder.0.join("link.bin")).unwrap();
        bad.push((vec![("location", "link.bin")], "leads out"));
    }
    for (entries, word) in bad {
        let e = load(&entries).unwrap_err();
        assert!(e.message.contains(word) && e.message.contains("'w'"), "{entries:?}: {e}");
    }
    let mut t = floats("w", &[1], &[]);
    t.data_location = 1;
    t.external_data = vec![EntryProto { key: "location".into(), value: "w.bin".into() }];
    assert_eq!(refused(&model(13, of_constant(t))).code, Code::MissingName);
}

#[test]
fn every_element_type_is_read_from_its_field() {
    let t = |data_type: i32, dims: &[i64]| TensorProto { name: "w".into(), dims: dims.to_vec(), data_type, ..TensorProto::default() };
    let ints32 = |data_type: i32, values: &[i32]| TensorProto { int32_data: values.to_vec(), ..t(data_type, &[values.len() as i64]) };
    let cases = [
        (TensorProto { float_data: vec![1.5, -2.0], ..t(1, &[2]) }, DType::F32, vec![1.5, -2.0]),
        (TensorProto { double_data: vec![0.25], ..t(11, &[]) }, DType::F64, vec![0.25]),
        (TensorProto { int64_data: vec![-9], ..t(7, &[1]) }, DType::I64, vec![-9.0]),
        (TensorProto { uint64_data: vec![9], ..t(13, &[1]) }, DType::U64, vec![9.0]),
        (TensorProto { uint64_data: vec![7], ..t(12, &[1]) }, DType::U32, vec![7.0]),
        (ints32(6, &[-5, 5]), DType::I32, vec![-5.0, 5.0]),
        (ints32(5, &[-300]), DType::I16, vec![-300.0]),
        (ints32(3, &[-128]), DType::I8, vec![-128.0]),
        (ints32(4, &[65535]), DType::U16, vec![65535.0]),
        (ints32(2, &[255]), DType::U8, vec![255.0]),
        (ints32(9, &[0, 1, 7]), DType::Bool, vec![0.0, 1.0, 1.0]),
        (ints32(10, &[0x3c00, 0xc000]), DType::F16, vec![1.0, -2.0]),
        (ints32(16, &[0x3f80]), DType::BF16, vec![1.0]),
        (TensorProto { raw_data: Some(Bytes::from_static(&[0, 2])), ..t(9, &[2]) }, DType::Bool, vec![0.0, 1.0]),
        (t(1, &[0, 5]), DType::F32, vec![]),
    ];
    for (proto, dtype, want) in cases {
        let m = load(&model(13, of_constant(proto))).unwrap();
        assert_eq!((constant(&m, 0).dtype(), constant(&m, 0).to_f64s()), (dtype, want));
    }
}

#[test]
fn constants_that_contradict_themselves_are_refused_before_anything_is_allocated() {
    let huge = floats("w", &[1 << 31, 1 << 28], &[1.0]);
    let overflow = floats("w", &[1 << 62, 1 << 62], &[1.0]);
    let short = floats("w", &[3], &[1.0]);
    let negative = floats("w", &[-1], &[1.0]);
    let ranks = floats("w", &[1; 65], &[1.0]);
    let cases = [(huge, "needs"), (overflow, "overflows"), (short, "needs 12 bytes but 4"), (negative, "negative"), (ranks, "axes")];
    for (t, word) in cases {
        let e = refused(&model(13, of_constant(t)));
        assert!(e.code == Code::MalformedModel && e.message.contains("constant 'w'") && e.message.contains(word), "{e}");
    }
    let mut wide = floats("w", &[1], &[]);
    (wide.raw_data, wide.data_type, wide.int32_data) = (None, 3, vec![300]);
    assert!(refused(&model(13, of_constant(wide))).message.contains("outside int8"));
    for (number, word) in [(8, "string"), (17, "float8e4m3fn"), (22, "int4"), (99, "99"), (0, "not given"), (-1, "-1")] {
        let mut t = floats("w", &[1], &[1.0]);
        t.data_type = number;
        let e = refused(&model(13, of_constant(t)));
        assert!(e.message.contains(word), "{e}");
    }
}
