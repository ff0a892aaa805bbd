//! Single ONNX operators, opset by opset: the reference against ONNX's and onnxruntime's stored outputs.

mod data;
mod suite;

use std::collections::{BTreeMap, BTreeSet};
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

/// The same outputs by generated and tuned code. Where no extent depends on data, no node runs on the reference.
#[test]
fn generated_code_reproduces_them() {
    let Some(root) = data::root("cases") else { return };
    let (mut passed, mut failures, mut on_reference) = (0, Vec::new(), BTreeMap::<&str, String>::new());
    for folder in data::folders(&root).into_iter().filter(|f| SKIPS.iter().all(|s| s.0 != f.name)) {
        let Ok(graph) = onnx::load_file(&folder.model).and_then(|m| transform::prepare(&m.graph, &Default::default())) else { continue };
        let mut runner = match suite::cpu::Runner::new(&graph, tvmtrt::cpu::isa::Isa::detect(), 2) {
            Ok(runner) => runner,
            Err(e) if e.code == Code::NotImplemented => continue,
            Err(e) => {
                failures.push(format!("{}: {e}", folder.name));
                continue;
            }
        };
        let (known, mut used) = (graph.symbols(), BTreeSet::new());
        graph.values.iter().flat_map(|v| &v.fact.shape).for_each(|d| d.collect_symbols(&mut used));
        if used.is_subset(&known) {
            on_reference.extend(runner.on_reference().into_iter().map(|op| (op, folder.name.clone())));
        }
        for case in &folder.cases {
            let [inputs, want] = [&case.inputs, &case.outputs].map(|side| side.iter().map(|(_, t)| t.clone()).collect::<Vec<Tensor>>());
            let name = format!("{}/{}", folder.name, case.name);
            match runner.run(&inputs).map_err(|e| e.to_string()) {
                Ok(got) => match suite::compare_within(&name, tolerance(&case.outputs), &got, &want) {
                    Ok(()) => passed += 1,
                    Err(e) => failures.push(e),
                },
                Err(e) => failures.push(format!("{name}: {e}")),
            }
        }
    }
    println!("{passed} passed on generated code");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(on_reference.is_empty(), "operators that ran on the reference: {on_reference:?}");
}
