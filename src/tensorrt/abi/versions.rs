//! The versions that have tables, oldest first, and the layout of TensorRT's structs in each.
//! Written by tools/abi from TensorRT's public headers; not to be edited by hand.

use crate::network::capabilities::Flavour;
use crate::tensorrt::abi::layout::layouts;
use crate::tensorrt::abi::version::Release;

/// The versions that have tables: TensorRT's, then those of TensorRT for RTX. Runs count in this order.
#[rustfmt::skip]
pub static VERSIONS: &[Release] = &[
    Release::new(Flavour::Full, 8, 5, 1),
    Release::new(Flavour::Full, 8, 6, 0),
    Release::new(Flavour::Full, 8, 6, 1),
    Release::new(Flavour::Full, 10, 0, 0),
    Release::new(Flavour::Full, 10, 1, 0),
    Release::new(Flavour::Full, 10, 2, 0),
    Release::new(Flavour::Full, 10, 3, 0),
    Release::new(Flavour::Full, 10, 4, 0),
    Release::new(Flavour::Full, 10, 6, 0),
    Release::new(Flavour::Full, 10, 7, 0),
    Release::new(Flavour::Full, 10, 8, 0),
    Release::new(Flavour::Full, 10, 9, 0),
    Release::new(Flavour::Full, 10, 11, 0),
    Release::new(Flavour::Full, 10, 12, 0),
    Release::new(Flavour::Full, 10, 13, 0),
    Release::new(Flavour::Full, 10, 14, 1),
    Release::new(Flavour::Full, 10, 15, 1),
    Release::new(Flavour::Full, 10, 16, 0),
    Release::new(Flavour::Full, 11, 0, 0),
    Release::new(Flavour::Full, 11, 1, 0),
    Release::new(Flavour::Full, 11, 4, 0),
    Release::new(Flavour::Rtx, 1, 3, 0),
    Release::new(Flavour::Rtx, 1, 4, 0),
    Release::new(Flavour::Rtx, 1, 5, 0),
    Release::new(Flavour::Rtx, 1, 6, 1),
    Release::new(Flavour::Rtx, 1, 7, 1),
];

layouts! {
    "Dims" [0 36, 3 72] { "nbDims" [0 0] "d" [0 4, 3 8] }
    "InterfaceInfo" [3 16] { "kind" [3 0] "major" [3 8] "minor" [3 12] }
    "Permutation" [0 32] { "order" [0 0] }
    "PluginField" [0 24] { "name" [0 0] "data" [0 8] "type" [0 16] "length" [0 20] }
    "PluginFieldCollection" [0 16] { "nbFields" [0 0] "fields" [0 8] }
    "PluginTensorDesc" [0 48, 3 88] { "dims" [0 0] "type" [0 36, 3 72] "format" [0 40, 3 76] "scale" [0 44, 3 80] }
    "Weights" [0 24] { "type" [0 0] "values" [0 8] "count" [0 16] }
}
