//! Small models and their data, written to files.

use bytes::Bytes;
use prost::Message;
use std::path::{Path, PathBuf};
use tvmtrt::import::onnx::proto::*;

fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    let input = inputs.iter().map(|s| s.to_string()).collect();
    NodeProto { op_type: op.into(), name: output.into(), input, output: vec![output.into()], ..NodeProto::default() }
}

/// float32 values as ONNX has them.
pub fn tensor(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    TensorProto { name: name.into(), dims: dims.to_vec(), data_type: 1, raw_data: Some(Bytes::from(raw)), ..TensorProto::default() }
}

/// A value of float32; a word is a free extent.
fn value(name: &str, dims: &str) -> ValueInfoProto {
    let dim = |word: &str| match word.parse() {
        Ok(extent) => DimProto { dim_value: Some(extent), dim_param: None },
        Err(_) => DimProto { dim_value: None, dim_param: Some(word.into()) },
    };
    let shape = Some(ShapeProto { dim: dims.split(',').map(dim).collect() });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor: Some(TensorTypeProto { elem_type: 1, shape }) }) }
}

fn write(path: PathBuf, graph: GraphProto) -> PathBuf {
    let opset = OperatorSetProto { version: 13, ..OperatorSetProto::default() };
    let metadata = vec![EntryProto { key: "labels".into(), value: "cat,dog".into() }];
    let model = ModelProto { ir_version: 8, graph: Some(graph), opset_import: vec![opset], metadata, ..ModelProto::default() };
    std::fs::write(&path, model.encode_to_vec()).unwrap();
    path
}

/// `sum = a + b` and `y = relu(sum)`: float32 of shape [N, 3].
pub fn pair(folder: &Path) -> PathBuf {
    let nodes = vec![node("Add", &["a", "b"], "sum"), node("Relu", &["sum"], "y")];
    let graph = GraphProto {
        name: "pair".into(),
        node: nodes,
        input: vec![value("a", "N,3"), value("b", "N,3")],
        output: vec![value("y", "N,3"), value("sum", "N,3")],
        ..GraphProto::default()
    };
    write(folder.join("pair.onnx"), graph)
}

/// A network of `blocks` convolutions with what belongs to them, named as README names its model: `input` of shape [1, 3, 32, 32].
pub fn convolutions(folder: &Path, name: &str, blocks: usize) -> PathBuf {
    let (mut nodes, mut weights, mut x) = (Vec::new(), Vec::new(), "input".to_string());
    for i in 0..blocks {
        let channels = if i == 0 { 3 } else { 8 };
        let count = 8 * channels * 9;
        let values: Vec<f32> = (0..count).map(|j| ((j * 7 + i) % 13) as f32 / 40.0 - 0.15).collect();
        weights.push(tensor(&format!("w{i}"), &[8, channels as i64, 3, 3], &values));
        let pads = AttributeProto { name: "pads".into(), kind: 7, ints: vec![1; 4], ..AttributeProto::default() };
        nodes.push(NodeProto { attribute: vec![pads], ..node("Conv", &[&x, &format!("w{i}")], &format!("conv{i}")) });
        nodes.push(node("Relu", &[&format!("conv{i}")], &format!("relu{i}")));
        x = format!("relu{i}");
    }
    nodes.push(node("GlobalAveragePool", &[&x], "pool"));
    nodes.push(node("Flatten", &["pool"], "scores"));
    let graph = GraphProto {
        name: "convolutions".into(),
        node: nodes,
        initializer: weights,
        input: vec![value("input", "1,3,32,32")],
        output: vec![value("scores", "1,8")],
        ..GraphProto::default()
    };
    write(folder.join(name), graph)
}
