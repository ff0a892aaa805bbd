//! Witnesses of the rules of layers that move elements, address them by indices or order them.

use super::{List, N, Net, W, one};
use tvmtrt::network::Network;
use tvmtrt::network::layer::{LayerKind, TopK};
use tvmtrt::network::plugin::{Fields, Plugin};
use tvmtrt::tensor::dtype::DType::{self, F16, F32, I32, I64};
use tvmtrt::tensor::host::Tensor;

pub fn add(list: &mut List) {
    shuffles(list);
    concatenations(list);
    gathers(list);
    scatters(list);
    sequences(list);
    orders(list);
    boxes(list);
}

fn shuffles(list: &mut List) {
    let shuffle = |first: Option<&[usize]>, reshape: Option<&[i64]>| LayerKind::Shuffle {
        first: first.map(<[usize]>::to_vec),
        reshape: reshape.map(<[i64]>::to_vec),
        second: None,
    };
    list.one("shuffle.order", "axis 0 twice", shuffle(Some(&[0, 0]), None), &[(F32, &[2, 3])], (F32, &[2, 2]));
    list.one("shuffle.order", "one of two axes", shuffle(Some(&[0]), None), &[(F32, &[2, 3])], (F32, &[2]));
    list.one("shuffle.reshape", "two extents to infer", shuffle(None, Some(&[-1, -1])), &[(F32, &[2, 3])], (F32, &[2, 3]));
    list.one("shuffle.reshape", "an extent of -2", shuffle(None, Some(&[-2, 3])), &[(F32, &[2, 3])], (F32, &[2, 3]));
    list.one("shuffle.wildcard-of-empty", "[0, 4] to [0, -1]", shuffle(None, Some(&[0, -1])), &[(F32, &[0, 4])], (F32, &[0, 4]));
    list.one("reshape.copy", "a third extent of two", shuffle(None, Some(&[0, 0, 0])), &[(F32, &[2, 3])], (F32, &[2, 3, 1]));
    let unknown = one(shuffle(None, Some(&[-1, -1])), &[(F32, &[N, W, 2])], F32, &[N, W]);
    list.operator("reshape.two-unknown-extents", "[N, W, 2] to two extents", unknown);
}

fn concatenations(list: &mut List) {
    let join = LayerKind::Concatenation;
    list.net("concatenation.count", "nothing", {
        let mut net = Net::default();
        let y = net.add(join(0), &[], F32, &[0]);
        net.output(y)
    });
    list.net("concatenation.count", "10000 vectors", {
        let mut net = Net::default();
        let x = net.input(F32, &[1]);
        let y = net.add(join(0), &vec![x; 10000], F32, &[10000]);
        net.output(y)
    });
    list.one("concatenation.extents", "[2, 3] and [3, 4] on axis 1", join(1), &[(F32, &[2, 3]), (F32, &[3, 4])], (F32, &[2, 7]));
    list.one("concatenation.extents", "[2, 3] and [2, 3, 1]", join(1), &[(F32, &[2, 3]), (F32, &[2, 3, 1])], (F32, &[2, 6]));
    list.one("concatenation.rank", "scalars", join(0), &[(F32, &[]), (F32, &[])], (F32, &[2]));
    list.one("layer.types-differ", "float32 and float16 joined", join(0), &[(F32, &[2]), (F16, &[2])], (F32, &[4]));
    list.one("layer.types-differ", "int32 and float32 joined", join(0), &[(I32, &[2]), (F32, &[2])], (I32, &[4]));
    list.one("layer.axis", "axis 2 of matrices joined", join(2), &[(F32, &[2, 3]), (F32, &[2, 3])], (F32, &[2, 3]));
}

fn gathers(list: &mut List) {
    let rows = |data: DType, indices: DType| one(LayerKind::Gather(0), &[(data, &[4, 3]), (indices, &[2])], data, &[2, 3]);
    list.types("gather.type", "rows", |d| rows(d, I32));
    list.types("gather.index-type", "indices", |d| rows(F32, d));
    list.one("gather.rank", "a scalar", LayerKind::Gather(0), &[(F32, &[]), (I32, &[1])], (F32, &[1]));
    let elements = LayerKind::GatherElements(0);
    list.one("gather.ranks-differ", "a vector of indices into a matrix", elements, &[(F32, &[4, 3]), (I32, &[2])], (F32, &[2]));
    list.one("layer.axis", "axis 2 of a matrix gathered", LayerKind::Gather(2), &[(F32, &[4, 3]), (I32, &[2])], (F32, &[4, 3, 2]));
    let nd = LayerKind::GatherNd;
    list.one("gather.nd-axes", "places of three axes in two", nd(0), &[(F32, &[4, 3]), (I32, &[2, 3])], (F32, &[2]));
    let all: &[(DType, &[i64])] = &[(F32, &[2, 3, 4]), (I32, &[2, 3, 1])];
    list.one("gather.batch-axes", "2 of rank 3", nd(2), all, (F32, &[2, 3]));
    list.one("gather.batch-axes", "1 of rank 2", nd(1), &[(F32, &[2, 3]), (I32, &[2, 1])], (F32, &[2]));
    list.one("gather.batch-axes", "2 and 3", nd(1), &[(F32, &[2, 3, 4]), (I32, &[3, 1])], (F32, &[3, 4]));
}

fn scatters(list: &mut List) {
    let elements = |data: DType, indices: DType, updates: DType| {
        one(LayerKind::ScatterElements(0), &[(data, &[4, 3]), (indices, &[2, 3]), (updates, &[2, 3])], data, &[4, 3])
    };
    list.types("scatter.type", "elements", |d| elements(d, I32, d));
    list.types("scatter.index-type", "indices", |d| elements(F32, d, F32));
    list.net("layer.types-differ", "updates of float16 for float32", elements(F32, I32, F16));
    let mut of = |rule, what: &str, kind, data: &[i64], indices: &[i64], updates: &[i64]| {
        list.one(rule, what, kind, &[(F32, data), (I32, indices), (F32, updates)], (F32, data));
    };
    let (by_element, nd) = (LayerKind::ScatterElements(0), LayerKind::ScatterNd);
    of("scatter.rank", "a scalar", by_element.clone(), &[], &[1], &[1]);
    of("scatter.ranks-differ", "a vector of indices for a matrix", by_element.clone(), &[4, 3], &[2], &[2]);
    of("scatter.updates", "3 for 2 places", by_element, &[4, 3], &[2, 3], &[3, 3]);
    of("scatter.nd-axes", "places of three axes in two", nd.clone(), &[4, 3], &[2, 3], &[2]);
    of("scatter.updates", "3 rows for 2 places", nd, &[4, 3], &[2, 1], &[3, 3]);
}

fn sequences(list: &mut List) {
    let reverse = |data: DType, shape: &[i64], lengths: DType, count: i64| {
        let layer = LayerKind::ReverseSequence { batch: 0, sequence: 1 };
        let mut net = Net::default();
        let (x, l) = (net.input(data, shape), net.input(lengths, &[count]));
        let y = net.add(layer, &[x, l], data, shape);
        net.output(y)
    };
    list.types("reverse-sequence.type", "sequences", |d| reverse(d, &[2, 3], I32, 2));
    list.types("reverse-sequence.lengths", "lengths", |d| reverse(F32, &[2, 3], d, 2));
    list.net("reverse-sequence.count", "3 lengths for 2 sequences", reverse(F32, &[2, 3], I32, 3));
    let layer = LayerKind::ReverseSequence { batch: 0, sequence: 0 };
    list.one("reverse-sequence.rank", "a vector", layer, &[(F32, &[3]), (I32, &[3])], (F32, &[3]));
    let found = |dtype: DType, shape: &[i64]| {
        let mut net = Net::default();
        let x = net.input(dtype, shape);
        let places = net.add(LayerKind::NonZero(super::dims(&[N])[0].clone()), &[x], I32, &[shape.len() as i64, N]);
        net.output(places)
    };
    list.net("nonzero.flavour", "of float32", found(F32, &[2, 3]));
    let mut net = Net::default();
    let operands = [(F32, &[1, 6, 4][..]), (F32, &[1, 6, 2]), (I32, &[]), (F32, &[]), (F32, &[])];
    let operands = operands.map(|(dtype, dims)| net.input(dtype, dims));
    let layer = LayerKind::Nms { center: false, count: super::dims(&[N])[0].clone() };
    let chosen = net.add(layer, &operands, I32, &[N, 3]);
    list.net("nms.flavour", "of two classes", net.output(chosen));
    list.net("nonzero.rank", "of a scalar", found(F32, &[]));
    for dtype in [DType::BF16, I64] {
        list.net("nonzero.type", format!("of {dtype}"), found(dtype, &[2, 3]));
    }
}

fn orders(list: &mut List) {
    let top = |k: i64, axis: usize, dtype: DType, shape: &[i64], result: &[i64]| {
        let mut net = Net::default();
        let x = net.input(dtype, shape);
        let made = net.add_all(LayerKind::TopK { kind: TopK::Max, k, axis }, &[x], &[(dtype, result), (I32, result)]);
        net.output(made[0])
    };
    list.types("topk.type", "largest", |d| top(2, 1, d, &[2, 3], &[2, 2]));
    list.net("topk.axis", "the first of five", top(2, 0, F32, &[3, 1, 2, 1, 2], &[2, 1, 2, 1, 2]));
    list.net("topk.k", "3841", top(3841, 1, F32, &[1, 4000], &[1, 3841]));
    list.net("topk.k", "0", top(0, 1, F32, &[2, 3], &[2, 0]));
    list.net("topk.rank", "a vector", top(2, 0, F32, &[3], &[2]));
    list.net("topk.extent", "3 of 2", top(3, 1, F32, &[2, 2], &[2, 3]));
    let few = top(3, 1, F32, &[2, N], &[2, 3]);
    list.net("topk.extent", "3 of what may be 2", few).with(vec![Tensor::from_vec(&[2, 2], vec![1f32, 2.0, 4.0, 3.0])]);
    let sum = |axis| LayerKind::Cumulative { axis, exclusive: false, reverse: false };
    let of = |dtype: DType, shape: &[i64], axis| -> Network { one(sum(axis), &[(dtype, shape)], dtype, shape) };
    list.types("cumulative.type", "sums", |d| of(d, &[2, 3], 1));
    list.net("cumulative.version", "of float32", of(F32, &[2, 3], 1));
    list.net("cumulative.rank", "a scalar", of(F32, &[], 0));
    list.net("layer.axis", "axis 2 of a matrix summed", of(F32, &[2, 3], 2));
}

fn boxes(list: &mut List) {
    let chosen = |dtype: DType, boxes: &[i64], scores: &[i64], most: Tensor| {
        let mut net = Net::default();
        let (b, s) = (net.input(dtype, boxes), net.input(dtype, scores));
        let limits = [most, Tensor::scalar(0.5f32), Tensor::scalar(0f32)].map(|t| net.constant(t));
        let count = super::dims(&[N])[0].clone();
        let kind = LayerKind::Nms { center: false, count };
        let y = net.add(kind, &[&[b, s][..], &limits].concat(), I32, &[N, 3]);
        net.output(y)
    };
    let most = || Tensor::scalar(2i32);
    list.net("nms.flavour", "of 4 boxes", chosen(F32, &[1, 4, 4], &[1, 4, 1], most()));
    for dtype in [I32, DType::BF16] {
        list.net("nms.type", format!("boxes of {dtype}"), chosen(dtype, &[1, 4, 4], &[1, 4, 1], most()));
    }
    list.net("nms.type", "a limit of float32", chosen(F32, &[1, 4, 4], &[1, 4, 1], Tensor::scalar(2f32)));
    list.net("nms.shape", "boxes of three numbers", chosen(F32, &[1, 4, 3], &[1, 4, 1], most()));
    list.net("nms.shape", "4 boxes and 3 scores", chosen(F32, &[1, 4, 4], &[1, 3, 1], most()));
    // All as good, and none near another.
    let all = chosen(F32, &[1, 6000, 4], &[1, 6000, 1], Tensor::scalar(6000i32));
    let corners = (0..6000).flat_map(|i| [0.0, 2.0 * i as f32, 1.0, 2.0 * i as f32 + 1.0]).collect();
    let scores = (0..6000).map(|i| 1.0 - i as f32 / 10000.0).collect();
    let given = vec![Tensor::from_vec(&[1, 6000, 4], corners), Tensor::from_vec(&[1, 6000, 1], scores)];
    list.net("nms.candidates", "6000 boxes", all).with(given);
    let results = vec![(F32, super::dims(&[2, 3]))];
    let (name, version) = ("CustomGeluPluginDynamic".into(), "1".into());
    let plugin = Plugin { name, version, namespace: String::new(), fields: Fields::default(), results };
    list.one("plugin.flavour", "of TensorRT's own", LayerKind::Plugin(Box::new(plugin)), &[(F32, &[2, 3])], (F32, &[2, 3]));
}
