//! Every rule by which an operator or the partitioner keeps a node off TensorRT: its stable id and what it says. Those of layers stand
//! in [`crate::network::rules`]. Ids are never reused for another rule.

/// A rule's id and one line on it, sorted by id.
pub const RULES: &[(&str, &str)] = &[
    ("adaptive_pool.output-size", "an output size has two positive extents"),
    ("adaptive_pool.uneven-windows", "windows of an adaptive pooling are known before it runs"),
    ("arange.dynamic", "start, stop and step of a range are constants"),
    ("argmax.last-index", "the last of equal elements is found where all extents are fixed"),
    ("batch_norm.parameters-not-constant", "parameters of a batch norm are constants"),
    ("batch_norm.training", "a batch norm uses statistics that are given"),
    ("bitwise.no-layer", "operations on bits stay off"),
    ("broadcast_to.dynamic", "the shape of a broadcast is fixed, and which axes it repeats"),
    ("control.host", "branches and loops stay off"),
    ("conv.weights-not-constant", "weights of a convolution are constants, or dequantised ones"),
    ("conv.window", "the attributes of a convolution make a window"),
    ("conv_transpose.too-many-zeros", "weights with zeros for dilation and output_padding have few enough elements"),
    ("conv_transpose.weights-not-constant", "weights of a transposed convolution are constants"),
    ("conv_transpose.window", "the attributes of a transposed convolution make a window"),
    ("convert.result-differs", "the layers of a node give the types and shapes that the operator says"),
    ("cumprod.no-layer", "running products stay off"),
    ("einsum.equation", "an equation fits its operands"),
    ("extent.data-dependent", "extents that show only in the run have bounds and layers that are right where there is nothing"),
    ("filter.node", "the caller's filter takes the node"),
    ("filter.region", "the caller's filter takes the region"),
    ("full.dynamic", "shape and value of a fill are constants"),
    ("grid_sample.attributes", "method and padding of a grid sample are known ones"),
    ("index.dynamic-extent", "indices that may be negative select from fixed extents"),
    ("layout_transform.layouts", "layouts name the same axes"),
    ("lrn.even-size", "a window of normalisation is odd"),
    ("mod.no-layer", "remainders are of integers"),
    ("nms.dynamic", "shapes of boxes and scores are fixed"),
    ("nms.limits", "limits of a suppression are constants, at least one box and an overlap from 0 to 1"),
    ("operator.version", "operators are offloaded from the version on in which TVM names them"),
    ("option.keep-off-node", "the option keep_off_nodes does not name the node"),
    ("option.keep-off-operator", "the option keep_off_operators does not name the operator"),
    ("option.offload-off", "the option offload is not off"),
    ("pad.dynamic-axis", "padded axes have fixed extents where others are free"),
    ("pad.dynamic-width", "how much is padded is a constant"),
    ("pad.too-long", "an axis that is padded beside free ones is short enough for a list of indices"),
    ("policy.bodies", "nodes hold no graphs"),
    ("policy.training", "nodes in training mode stay off"),
    ("policy.unused", "some output of the model needs the node"),
    ("pool.average-ceil", "averages that count padding have no windows that overhang it"),
    ("pool.ceil-window", "each window of a pooling begins inside the padded data"),
    ("pool.dilation", "windows of a pooling are dense"),
    ("pool.padding", "padding of a pooling is smaller than its window"),
    ("pool.window", "the attributes of a pooling make a window"),
    ("prune.no-mac", "a region multiplies, where remove_no_mac_subgraphs asks for it"),
    ("prune.too-many-regions", "there are no more regions than max_regions"),
    ("prune.too-small", "a region has min_region_size nodes"),
    ("qnn.axis", "only constants have scales along an axis"),
    ("qnn.scale-not-constant", "scales are constants"),
    ("qnn.scale-not-positive", "scales are positive and finite"),
    ("qnn.type", "quantised numbers are int8"),
    ("qnn.zero-point", "zero points are the constant 0"),
    ("reduce.axes", "axes of a reduction are constants"),
    ("region.batch-sizes-differ", "implicit batch: inputs of a region have one batch size"),
    ("region.hidden-extent", "extents that a region finds and others need show in its outputs"),
    ("region.no-inputs", "a region reads more than constants"),
    ("region.scalar-input", "implicit batch: inputs of a region have a batch"),
    ("reinterpret.no-layer", "views of bits as another type stay off"),
    ("repeat.dynamic-axis", "the extent of a repeated axis is fixed, and short enough for a list of indices"),
    ("resize2d.coordinates", "places are half_pixel, pytorch_half_pixel, align_corners or asymmetric"),
    ("resize2d.dynamic-size", "the size of a resize is a constant"),
    ("resize2d.fields", "method, coordinates and rounding of a resize are known ones"),
    ("resize2d.ratio", "places of a resize are computed from the ratio of its extents"),
    ("resize2d.rounding", "nearest elements are not found by rounding ties to even"),
    ("resize2d.single", "where extents of 1 count extra, all resized ones are 1 or none is"),
    ("scatter_elements.reduction", "updates replace elements"),
    ("scatter_nd.reduction", "updates replace elements"),
    ("shape_of.host", "shapes are computed on the host"),
    ("strided_slice.dynamic-part", "the part of each axis is known before it runs"),
    ("take.dynamic-axis", "indices are clipped or wrapped at a fixed extent"),
    ("tile.reps", "repetitions are constants from 1 to 64"),
    ("topk.dynamic-k", "how many elements are wanted is a constant"),
    ("trilu.dynamic", "extents of the matrix and the diagonal are constants"),
];

#[cfg(test)]
mod tests {
    use super::RULES;
    use crate::ops;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// String literals that look like ids of rules, in the code before a file's tests.
    fn literals(source: &str) -> impl Iterator<Item = &str> {
        let code = source.split("#[cfg(test)]").next().unwrap_or("");
        let parts = code.lines().filter(|l| !l.trim_start().starts_with("//")).flat_map(|l| l.split('"').skip(1).step_by(2));
        parts.filter(|s| {
            let fits = |p: &str| {
                p.starts_with(|c: char| c.is_ascii_lowercase())
                    && p.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
            };
            s.split_once('.').is_some_and(|(a, b)| fits(a) && fits(b))
        })
    }

    #[test]
    fn table_is_sorted_and_names_exactly_the_rules_of_the_source() {
        assert!(RULES.windows(2).all(|w| w[0].0 < w[1].0));
        let mut used = BTreeSet::new();
        let mut left = ["src/ops", "src/partition"].map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).to_vec();
        while let Some(path) = left.pop() {
            if path.is_dir() {
                left.extend(std::fs::read_dir(path).unwrap().map(|file| file.unwrap().path()));
                continue;
            }
            if path.ends_with("partition/rules.rs") {
                continue;
            }
            let source = std::fs::read_to_string(path).unwrap();
            // Operators are named in the same way.
            let ids = literals(&source).filter(|id| ops::find(id).is_none() && !id.starts_with("nn."));
            used.extend(ids.map(str::to_string));
        }
        let listed: BTreeSet<String> = RULES.iter().map(|(id, _)| id.to_string()).collect();
        assert_eq!(used, listed);
    }
}
