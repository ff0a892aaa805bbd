//! Every rule by which this module refuses a layer or a network: its stable id and what it says. Ids are never reused for another rule.

/// A rule's id and one line on it, sorted by id.
pub const RULES: &[(&str, &str)] = &[
    ("activation.kind", "GELU activations exist since 10.0"),
    ("activation.parameters", "alpha and beta are finite where the activation uses them"),
    ("activation.type", "activations take floats; RELU takes int32 and int64 since 10.0"),
    ("batch.axis", "implicit batch: no layer works on axis 0"),
    ("batch.extent", "implicit batch: tensors begin with the batch, and those that follow from constants alone with 1"),
    ("batch.free-extent", "implicit batch: only the batch may be free"),
    ("batch.inputs", "implicit batch: the network has an input"),
    (
        "batch.layer",
        "implicit batch: no selection, scatter, resize, grid sample, einsum, quantising, plugin or bool; gathers mean something else",
    ),
    ("batch.mode", "implicit batch exists in TensorRT 8.x and older only"),
    ("batch.rank", "implicit batch: every tensor has a dimension behind the batch"),
    ("batch.unary", "implicit batch: there is no SIGN and no ROUND"),
    ("broadcast.extents", "extents of operands are equal or 1"),
    ("broadcast.rank", "operands have equal ranks"),
    ("concatenation.count", "a concatenation has 1 to 9999 operands"),
    ("concatenation.extents", "operands of a concatenation agree on all axes but one"),
    ("concatenation.rank", "operands of a concatenation have a dimension"),
    ("constant.bool", "constants are numbers"),
    ("constant.int8", "int8 constants exist since 10.0"),
    ("convolution.bias-shape", "a convolution has one bias value per map"),
    ("convolution.channels", "the number of channels of a convolution is fixed"),
    ("convolution.groups", "groups divide channels and maps of a convolution"),
    ("convolution.type", "convolutions take floats"),
    ("convolution.weights-shape", "weights of a convolution are [maps, channels / groups, kernel...]"),
    ("convolution.weights-type", "weights of a convolution have its operand's type"),
    ("cumulative.rank", "the operand of a cumulative layer has a dimension"),
    ("cumulative.type", "cumulative layers take numbers"),
    ("cumulative.version", "cumulative layers exist since 10.8"),
    ("deconvolution.channels", "the number of channels of a transposed convolution is fixed"),
    ("deconvolution.dilation", "a transposed convolution with dilation has no steps"),
    ("deconvolution.empty", "a transposed convolution has a result that is not empty"),
    ("deconvolution.groups", "groups divide channels and maps of a transposed convolution"),
    ("deconvolution.type", "transposed convolutions take float32 and float16"),
    ("deconvolution.weights-shape", "weights of a transposed convolution are [channels, maps / groups, kernel...]"),
    ("deconvolution.weights-type", "weights of a transposed convolution have its operand's type"),
    ("einsum.diagonal", "an einsum takes diagonals since 10.12"),
    ("einsum.equation", "an equation has an arrow and one letter per axis"),
    ("einsum.operands", "an einsum takes more than two operands since 10.12"),
    ("einsum.type", "einsum takes float32 and float16"),
    ("elementwise.type", "AND, OR and XOR take bool; POW takes floats, and since 10.12 integers; others take floats and integers"),
    ("elementwise.types-differ", "operands of an elementwise layer have one type"),
    ("extent.negative", "extents are not negative"),
    ("gather.batch-axes", "axes that data and indices of a gather have in common are fewer than the rank of the data less 1"),
    ("gather.index-type", "indices of a gather are int32, or int64 since 10.0"),
    ("gather.nd-axes", "the last extent of the indices of a gather by place is fixed, and no larger than the rank of the data"),
    ("gather.rank", "data of a gather has a dimension"),
    ("gather.ranks-differ", "data and indices of a gather by element have one rank"),
    ("gather.type", "data of a gather is numbers, or bool since 10.0"),
    ("grid_sample.cubic", "cubic grid samples are right since 10.0, and in TensorRT for RTX"),
    ("grid_sample.fields", "a grid sample fills, clamps or reflects, and its grid is pairs of its operand's type"),
    ("grid_sample.rank", "operands of a grid sample have rank 4"),
    ("grid_sample.type", "grid samples take float32 and float16"),
    ("layer.axis", "the axis of a layer is inside its operand's rank"),
    ("layer.types-differ", "operands of a layer have one type"),
    ("lrn.range", "normalisation across channels has an odd window up to 15, beta from 0.01 to 1e5, k from 1e-5 to 1e10"),
    ("lrn.rank", "the operand of normalisation across channels has rank 4"),
    ("lrn.type", "normalisation across channels takes floats"),
    ("matmul.inner", "inner extents of a matrix product are equal"),
    ("matmul.rank", "operands of a matrix product have one rank, at least 2"),
    ("matmul.type", "matrix products take floats"),
    ("matmul.vector", "vectors of a matrix product are spelled as matrices"),
    ("nms.candidates", "there are at most 5000 scores for an element of the batch: no more are looked at"),
    ("nms.flavour", "the best of overlapping boxes are chosen since 8.5, but not by TensorRT for RTX"),
    ("nms.shape", "boxes are [batch, boxes, 4], scores [batch, boxes, classes], limits single numbers"),
    ("nms.type", "boxes and scores are float32 or float16, limits int32 and float32"),
    ("nonzero.flavour", "elements that are not zero are found since 8.5, but not by TensorRT for RTX"),
    ("nonzero.rank", "what is searched for elements that are not zero has a dimension"),
    ("nonzero.type", "elements that are not zero are found in float32, float16, int32 and bool"),
    ("plugin.flavour", "plugin layers are TensorRT's, not TensorRT for RTX's"),
    ("pooling.dilation", "pooling has no dilation"),
    ("pooling.padding", "padding is smaller than the window where a maximum or an average leaves it out"),
    ("pooling.type", "pooling takes floats"),
    ("pooling.uneven-counted-padding", "averages that count padding have equal padding on both sides, but in TensorRT for RTX"),
    ("prelu.type", "parametric ReLUs take floats"),
    ("quantise.rank", "what is quantised has a dimension"),
    ("quantise.scale", "there is one float32 scale, or one per index of the axis"),
    ("quantise.type", "floats are quantised to int8, int8 is dequantised to floats"),
    ("rank.most", "tensors have at most 8 dimensions"),
    ("reduce.axes", "a reduction has axes, inside the rank and ascending"),
    ("reduce.integer-mean", "means are of floats"),
    ("reduce.rank", "the operand of a reduction has a dimension"),
    ("reduce.type", "reductions take numbers"),
    ("reshape.copy", "an extent that a reshape copies exists"),
    ("reshape.two-unknown-extents", "a reshape infers one extent at most"),
    ("resize.axes", "a resize changes the last axes only: three where it is linear, two where it is cubic"),
    ("resize.empty", "extents of a resize are not 0"),
    ("resize.rank", "a resize has an extent or a factor per axis"),
    ("resize.scale", "a factor of an extent that is not fixed is a fraction of small powers of two"),
    ("resize.type", "resizes take floats"),
    ("reverse-sequence.count", "there is one length for each sequence"),
    ("reverse-sequence.lengths", "lengths of sequences are int32"),
    ("reverse-sequence.rank", "sequences have a batch axis"),
    ("reverse-sequence.type", "sequences are of numbers, or bool since 10.0"),
    ("sample.version", "slices beyond their operand, resizes and grid samples are known since 8.5"),
    ("scale.channels", "a scale layer has one factor and one addend per channel, and the number of channels is fixed"),
    ("scale.rank", "the operand of a scale layer has rank 4 or more"),
    ("scale.type", "scale layers take floats"),
    ("scale.weights-type", "weights of a scale layer have its operand's type"),
    ("scatter.index-type", "indices of a scatter are int32, or int64 since 10.0"),
    ("scatter.nd-axes", "the last extent of the indices of a scatter by place is fixed, and no larger than the rank of the data"),
    ("scatter.rank", "data of a scatter has a dimension"),
    ("scatter.ranks-differ", "data and indices of a scatter by element have one rank"),
    ("scatter.type", "data of a scatter is numbers, or bool since 10.0"),
    ("scatter.updates", "there is one update for each place of a scatter"),
    ("select.condition", "the condition of a selection is bool"),
    ("select.type", "selections are between numbers, or bool since 10.0"),
    ("shuffle.order", "a transpose names each axis once"),
    ("shuffle.reshape", "a reshape infers one extent at most"),
    ("shuffle.wildcard-of-empty", "no extent is inferred where another that is copied may be 0"),
    ("slice.bool", "slices beyond their operand are of numbers, but in TensorRT for RTX"),
    ("slice.bounds", "a slice lies inside its operand for all values of the symbols"),
    ("slice.empty", "a slice that repeats elements has an operand that is not empty"),
    ("slice.fill", "a slice is filled with one value of its operand's type, in mode FILL"),
    ("slice.rank", "a slice has start, size and step for each axis"),
    ("softmax.rank", "the operand of a softmax has rank 2 or more"),
    ("softmax.type", "softmax takes floats"),
    ("topk.axis", "a top-k runs along one of the last four axes"),
    ("topk.extent", "a top-k wants no more elements than there are"),
    ("topk.k", "a top-k gives 1 to 3840 elements"),
    ("topk.rank", "the operand of a top-k has rank 2 or more"),
    ("topk.type", "top-k takes floats, and integers since 10.0"),
    ("type.int8-scale", "int8 is a quantised float: only quantising layers and constants make it, only dequantising layers read it"),
    ("type.none", "float64, int16 and the unsigned types do not exist in TensorRT networks"),
    ("type.version", "int64 and bfloat16 exist since 10.0"),
    ("unary.kind", "ISINF exists since 8.6, ISNAN since 10.1"),
    (
        "unary.type",
        "NOT takes bool; SIGN, and since 10.0 ABS, take numbers; others take floats, of which some functions leave out bfloat16",
    ),
    ("volume.most", "tensors have fewer than 2^31 elements before 10.11"),
    ("window.axes", "windows run over 2 axes of rank 4 or 3 axes of rank 5"),
    ("window.fields", "kernel, step and dilation of a window are positive, its padding is not negative"),
    ("window.image", "a window fits into its padded operand for all values of the symbols"),
    ("window.rank", "a window has one extent per spatial axis"),
    ("window.volume", "a window has fewer than 100000 elements, over three axes fewer than 31622777"),
];

#[cfg(test)]
mod tests {
    use super::RULES;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// The string literal that is the first argument of each call of `function` in `source`.
    fn first_arguments<'a>(source: &'a str, function: &str) -> Vec<&'a str> {
        let calls = source.split(function).skip(1);
        let literals = calls.filter_map(|rest| rest.trim_start().strip_prefix('"'));
        literals.filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn table_is_sorted_and_unique() {
        assert!(RULES.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn table_names_exactly_the_rules_of_the_source() {
        let mut used = BTreeSet::new();
        for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/network")).unwrap() {
            let path = file.unwrap().path();
            if path.ends_with("rules.rs") {
                continue;
            }
            let source = std::fs::read_to_string(path).unwrap();
            for function in ["Refusal::new(", "refuse("] {
                used.extend(first_arguments(&source, function).into_iter().map(str::to_string));
            }
            // Rules that are handed to a helper.
            let helpers = source.lines().filter(|l| l.contains("at.typed(") || l.contains("at.ranked(") || l.contains("same_rank(at, \""));
            used.extend(helpers.filter_map(|l| l.rsplit('"').nth(1)).map(str::to_string));
        }
        let listed: BTreeSet<String> = RULES.iter().map(|(id, _)| id.to_string()).collect();
        assert_eq!(used, listed);
    }
}
