//! Single ONNX operators, opset by opset: the reference against ONNX's and onnxruntime's stored outputs.

mod data;
mod suite;

use std::collections::BTreeMap;
use tvmtrt::import::onnx;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::reference;
use tvmtrt::tensor::error::Code;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::transform;

/// Cases whose stored outputs are not what the operator says, with the reason.
const SKIPS: &[(&str, &str)] = &[
    ("hand_dropout_mask_opset10", "the mask of a dropout that drops nothing is all true; onnxruntime's is all false before version 12"),
    ("onnx_averagepool_2d_ceil_last_window_starts_on_pad", "stored with 4 digits"),
];

/// Another implementation's rounding: float32 by default, coarser for narrower types by their own precision.
fn tolerance(outputs: &[(String, Tensor)]) -> Tolerance {
    use tvmtrt::tensor::dtype::DType;
    let narrow = outputs.iter().map(|(_, t)| match t.dtype() {
        DType::F16 => 2e-3,
        DType::BF16 => 1.6e-2,
        _ => 1e-5,
    });
    let relative = narrow.fold(0.0, f64::max);
    Tolerance { relative, scaled: relative }
}

#[test]
fn stored_outputs_are_reproduced() {
    let Some(root) = data::root("cases") else { return };
    let (mut passed, mut failures, mut refused) = (0, Vec::new(), BTreeMap::<String, Vec<String>>::new());
    let mut stale: Vec<&str> = SKIPS.iter().map(|s| s.0).collect();
    for folder in data::folders(&root) {
        let model = match onnx::load_file(&folder.model) {
            Ok(model) => model,
            Err(e) if matches!(e.code, Code::UnsupportedOperator | Code::UnsupportedModel | Code::NotImplemented) => {
                refused.entry(e.message.split(": ").last().unwrap_or("").into()).or_default().push(folder.name.clone());
                continue;
            }
            Err(e) => {
                failures.push(format!("{}: {e}", folder.name));
                continue;
            }
        };
        let prepared = transform::prepare(&model.graph, &Default::default());
        for case in &folder.cases {
            let inputs: Vec<Tensor> = case.inputs.iter().map(|(_, t)| t.clone()).collect();
            let want: Vec<Tensor> = case.outputs.iter().map(|(_, t)| t.clone()).collect();
            let name = format!("{}/{}", folder.name, case.name);
            for (stage, graph) in [("imported", Ok(&model.graph)), ("prepared", prepared.as_ref())] {
                let got = graph.map_err(Clone::clone).and_then(|g| reference::run(g, &inputs));
                match got {
                    Ok(got) => match suite::compare_within(&name, tolerance(&case.outputs), &got, &want) {
                        Ok(()) => passed += 1,
                        Err(_) if SKIPS.iter().any(|s| s.0 == folder.name) => stale.retain(|s| *s != folder.name),
                        Err(e) => failures.push(format!("{stage} {e}")),
                    },
                    Err(e) => failures.push(format!("{stage} {name}: {e}")),
                }
            }
        }
    }
    println!("{passed} passed, {} models refused:", refused.values().map(Vec::len).sum::<usize>());
    refused.iter().for_each(|(why, names)| println!("  {} x {why} (e.g. {})", names.len(), names[0]));
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(stale.is_empty(), "these skips are stale: {stale:?}");
}
