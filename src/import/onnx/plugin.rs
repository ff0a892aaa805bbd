//! Nodes of operators that ONNX and we do not know, kept for a plugin of TensorRT's. Their attributes become the plugin's fields, as they
//! are; what its results are, the file has to state.

use crate::import::onnx::attributes::Any;
use crate::import::onnx::node::Cx;
use crate::ir::ValueId;
use crate::ir::fact::Fact;
use crate::network::plugin::{Field, Fields, Value};
use crate::ops::plugin::Plugin;
use crate::tensor::error::Result;

/// Attributes that say which plugin is meant.
const VERSION: &str = "plugin_version";
const NAMESPACE: &str = "plugin_namespace";

/// Imports a node as a plugin whose results have these facts.
pub fn import(cx: &mut Cx, results: &[Fact]) -> Result<Vec<ValueId>> {
    let version = match cx.attrs.has(VERSION) {
        true => match cx.attrs.any(VERSION)? {
            Any::Ints(v) => v.iter().map(i64::to_string).collect::<Vec<_>>().join("."),
            _ => cx.attrs.text_or(VERSION, "1")?.to_string(),
        },
        false => "1".to_string(),
    };
    let namespace = cx.attrs.text_or(NAMESPACE, "")?.to_string();
    let mut fields = Vec::new();
    for name in cx.attrs.unread() {
        let value = match cx.attrs.any(name)? {
            Any::Ints(v) => Value::Ints(v),
            Any::Floats(v) => Value::Floats(v),
            Any::Text(v) => Value::Text(v.to_string()),
            Any::Tensor(t) => Value::Tensor(cx.tensor(t)?),
        };
        fields.push(Field { name: name.to_string(), value });
    }
    let plugin = Plugin { plugin: cx.op_type().to_string(), version, namespace, fields: Fields::new(fields), ..Plugin::default() };
    let operands = cx.all_inputs()?;
    cx.emit_plugin(plugin.with_results(results), &operands)
}
