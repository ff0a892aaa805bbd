//! A graph with narrow types as one in float32 that rounds where the narrow one would: products are summed in float32, as by tensor
//! cores, and our tuned code runs it.

use tvmtrt::ir::Graph;
use tvmtrt::ir::ValueId;
use tvmtrt::ir::attrs::{Attr, Attrs};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::rewrite::rewrite;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

fn is_narrow(dtype: DType) -> bool {
    matches!(dtype, DType::F16 | DType::BF16)
}

/// The graph in float32, rounded to the type that each value has.
pub fn widened(graph: &Graph) -> Graph {
    let copy = rewrite(graph, &mut |b, view, inputs| {
        let operands: Vec<ValueId> = inputs.iter().map(|v| float32(b, *v)).collect();
        let node = view.node();
        let to = view.output(0).dtype;
        if node.op.name == "cast" && (is_narrow(to) || is_narrow(view.dtype(0))) {
            let wide = if to.is_float() { operands[0] } else { cast(b, operands[0], to) };
            return Ok(Some(vec![rounded(b, wide, to)]));
        }
        let results = b.node(&node.name, node.op, node.attrs.clone(), &operands)?;
        Ok(Some(results.iter().zip(&node.outputs).map(|(new, old)| rounded(b, *new, graph.fact(*old).dtype)).collect()))
    });
    rewrite(&copy.unwrap(), &mut |_, _, _| Ok(None)).unwrap()
}

fn float32(b: &mut Builder, value: ValueId) -> ValueId {
    match b.graph().constant(value).cloned() {
        Some(t) if is_narrow(t.dtype()) => b.constant("wide", Tensor::from_f64s(DType::F32, t.shape(), &t.to_f64s())),
        _ => value,
    }
}

fn rounded(b: &mut Builder, value: ValueId, to: DType) -> ValueId {
    if !is_narrow(to) {
        return value;
    }
    let narrow = cast(b, value, to);
    cast(b, narrow, DType::F32)
}

/// A cast.
pub fn cast(b: &mut Builder, value: ValueId, to: DType) -> ValueId {
    let op = tvmtrt::ops::find("cast").unwrap();
    let attrs: Attrs = (op.attrs.parse)(&mut |_| Some(Attr::DType(to))).unwrap();
    b.node("", op, attrs, &[value]).unwrap()[0]
}
