//! Rules that no network shows, each with the reason.

use Kind::*;

/// Why there is no witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No TensorRT has what it would take.
    NoLayer,
    /// TensorRT has what it would take; our networks have not.
    NotHere,
    /// A version's documentation says so; nothing that can be tried shows it.
    Documented,
    /// The caller asks for it.
    Asked,
    /// Decided for another reason.
    Policy,
    /// Nothing that a model holds gets there: earlier checks refuse it.
    Malformed,
}

impl Kind {
    /// As a reader is told.
    pub fn name(self) -> &'static str {
        match self {
            NoLayer => "TensorRT cannot",
            NotHere => "not built here",
            Documented => "documented",
            Asked => "asked for",
            Policy => "policy",
            Malformed => "malformed",
        }
    }
}

/// Id, kind and reason, sorted by id.
pub const POLICIES: &[(&str, Kind, &str)] = &[
    ("adaptive_pool.output-size", Malformed, "shape inference refuses the attribute first"),
    ("adaptive_pool.uneven-windows", NoLayer, "windows are fields of a pooling; they do not follow an extent"),
    ("arange.dynamic", NotHere, "a fill layer with computed ends"),
    ("batch.axis", NoLayer, "layers of an implicit batch count axes from behind the batch"),
    ("batch.extent", NoLayer, "the batch is one number for the whole network"),
    ("batch.free-extent", Documented, "8.6: free extents need an explicit batch"),
    ("batch.inputs", NoLayer, "the batch is that of the inputs"),
    ("batch.layer", Documented, "8.6: the layers need an explicit batch, or count their axes differently"),
    ("batch.mode", Documented, "10.0: implicit batch is gone"),
    ("batch.rank", Documented, "8.6: a tensor has a dimension behind the batch"),
    ("batch.unary", Documented, "8.6: SIGN and ROUND need an explicit batch"),
    ("batch_norm.parameters-not-constant", NotHere, "the same by elementwise layers; exported models have constants"),
    ("batch_norm.training", Policy, "a model in training mode is no model to run: its results depend on what else is in the batch"),
    ("broadcast_to.dynamic", NotHere, "a slice with computed extents and steps"),
    ("control.host", NotHere, "IIfConditional and ILoop"),
    ("conv.window", Malformed, "shape inference refuses the attributes first"),
    ("conv_transpose.too-many-zeros", Policy, "weights of zeros would take more memory than the model"),
    ("conv_transpose.weights-not-constant", NotHere, "a transposed convolution whose weights are its second operand"),
    ("conv_transpose.window", Malformed, "shape inference refuses the attributes first"),
    ("convert.result-differs", Policy, "a fault of a converter must not become a wrong result"),
    ("extent.data-dependent", Policy, "a profile has bounds; an engine cannot be left in the middle of a run that finds nothing"),
    ("filter.node", Asked, "the callback answers"),
    ("filter.region", Asked, "the callback answers"),
    ("full.dynamic", NotHere, "a fill layer with computed extents"),
    ("grid_sample.attributes", Malformed, "shape inference refuses the attributes first"),
    ("grid_sample.cubic", Policy, "8.6.1 was seen to compute six cases of the suite wrongly"),
    ("layout_transform.layouts", Malformed, "shape inference refuses the attributes first"),
    ("nms.dynamic", NotHere, "ranks and places as numbers to compute with"),
    ("nms.limits", NotHere, "limits as operands of the layer"),
    ("operator.version", Documented, "TVM's own table, for versions older than our tables of interfaces"),
    ("option.keep-off-node", Asked, "keep_off_nodes"),
    ("option.keep-off-operator", Asked, "keep_off_operators"),
    ("option.offload-off", Asked, "offload"),
    ("pad.dynamic-axis", NotHere, "a slice with computed extents"),
    ("pad.dynamic-width", NotHere, "a slice with computed start and extents"),
    ("pad.too-long", Policy, "the list of indices would be larger than the data"),
    ("policy.bodies", Policy, "see control.host: asked before a converter is"),
    ("policy.training", Policy, "a model in training mode is no model to run"),
    ("policy.unused", Policy, "nothing would read the result"),
    ("pool.dilation", NoLayer, "windows of a pooling have no dilation"),
    ("pool.window", Malformed, "shape inference refuses the attributes first"),
    ("pooling.dilation", NoLayer, "windows of a pooling have no dilation"),
    ("prune.no-mac", Asked, "remove_no_mac_subgraphs"),
    ("prune.too-many-regions", Asked, "max_regions"),
    ("prune.too-small", Asked, "min_region_size"),
    ("region.batch-sizes-differ", NoLayer, "the batch is one number for the whole network"),
    ("region.hidden-extent", Policy, "own code behind the region could not be given its extents"),
    ("region.no-inputs", Policy, "what is constant is folded before, not run again and again"),
    ("region.scalar-input", Documented, "8.6: an input has a dimension behind the batch"),
    ("reinterpret.no-layer", NoLayer, "no layer reads bits as another type"),
    ("repeat.dynamic-axis", NotHere, "a gather by computed indices; a list of them would be larger than the data"),
    ("resize.scale", Policy, "the extent of the result has no expression that is the same in all arithmetics"),
    ("resize2d.dynamic-size", NotHere, "a resize to computed extents"),
    ("resize2d.fields", Malformed, "shape inference refuses the attributes first"),
    ("sample.version", Policy, "there are tables of interfaces from 8.5 on"),
    ("shape_of.host", Policy, "shapes of outputs are expressions over those of inputs; the host has them before a run"),
    ("strided_slice.dynamic-part", NotHere, "a slice with computed start and extents"),
    ("take.dynamic-axis", NotHere, "an extent as a number to compute with"),
    ("tile.reps", NotHere, "a slice in mode WRAP with computed extents; many repetitions as one layer"),
    ("topk.dynamic-k", NotHere, "a top-k whose number is an operand"),
    ("trilu.dynamic", NotHere, "places as numbers to compute with"),
];
