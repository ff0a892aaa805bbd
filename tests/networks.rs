//! Whole networks from ONNX files on the CPU's code, against onnxruntime's stored outputs.

mod data;
mod suite;

use suite::cpu::Runner;
use tvmtrt::cpu::isa::Isa;
use tvmtrt::import::onnx;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::kernels;
use tvmtrt::kernels::program::Action;
use tvmtrt::loops::Stage;
use tvmtrt::loops::contract::ContractKind;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::transform;

/// Two float32 implementations of a deep network that sum in other orders.
const DEEP: Tolerance = Tolerance { relative: 1e-3, scaled: 1e-4 };

#[test]
fn networks_give_onnxruntimes_outputs() {
    let count = all("networks");
    assert!(count.is_none_or(|n| n >= 16), "only {count:?} cases");
}

#[test]
fn large_networks_give_onnxruntimes_outputs() {
    let count = all("networks-large");
    assert!(count.is_none_or(|n| n >= 26), "only {count:?} cases");
}

/// Convolutions whose results are in planes, and in blocks of channels.
const LAYOUTS: &[(&str, [usize; 2])] = &[
    ("mobilenet_v2", [0, 52]),
    ("resnet18", [0, 20]),
    ("resnet50", [0, 53]),
    ("light_squeezenet", [0, 26]),
    ("light_shufflenet", [48, 1]),
    ("light_densenet121", [0, 121]),
    ("light_inception_v1", [0, 57]),
    ("light_inception_v2", [0, 69]),
    ("light_resnet50", [0, 53]),
    ("light_bvlc_alexnet", [4, 1]),
    ("light_vgg19", [16, 0]),
    ("light_zfnet512", [5, 0]),
    ("mobilenet_v2_dynamic", [0, 52]),
    ("resnet18_dynamic", [0, 20]),
];

/// Each network's convolutions are in the layout that costs least.
#[test]
fn layouts_are_chosen_per_network() {
    let folders = ["networks", "networks-large"].into_iter().filter_map(data::root).flat_map(|root| data::folders(&root));
    let mut wrong = Vec::new();
    for folder in folders {
        let Some((name, want)) = LAYOUTS.iter().find(|(name, _)| *name == folder.name) else { continue };
        let model = onnx::load_file(&folder.model).unwrap();
        let graph = transform::prepare(&model.graph, &Default::default()).unwrap();
        let got = kernels::compile(&graph).unwrap().convolutions();
        if got != *want {
            wrong.push(format!("{name}: {got:?}, not {want:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each layer is seven steps: projection, attention with all that moves elements around it, projection, two products, two normalisations. With
/// a free batch rows and batch change places before and after.
#[test]
fn attention_of_the_transformers_is_one_step() {
    let Some(root) = data::root("networks-large") else { return };
    let wanted = [("vit_b_16", 12, 7), ("encoder", 6, 7), ("encoder_dynamic", 6, 9)];
    for folder in data::folders(&root) {
        let Some((name, layers, each)) = wanted.iter().find(|(name, ..)| *name == folder.name) else { continue };
        let model = onnx::load_file(&folder.model).unwrap();
        let program = kernels::compile(&transform::prepare(&model.graph, &Default::default()).unwrap()).unwrap();
        let kernels = program.steps.iter().filter_map(|s| if let Action::Kernel(k) = &s.action { Some(k) } else { None });
        let attention = |s: &Stage| matches!(s, Stage::Contract(c) if matches!(c.kind, ContractKind::Attention(_)));
        let count = kernels.flat_map(|k| &k.stages).filter(|s| attention(s)).count();
        assert_eq!(count, *layers, "{name}: {program}");
        // Embedding and head are a few steps more.
        assert!(program.steps.len() <= layers * each + 7, "{name}: {} steps\n{program}", program.steps.len());
    }
}

/// Runs every case of every network of one kind; how many that were.
fn all(kind: &str) -> Option<usize> {
    let mut count = 0;
    for folder in data::folders(&data::root(kind)?) {
        let model = onnx::load_file(&folder.model).unwrap();
        let graph = transform::prepare(&model.graph, &Default::default()).unwrap();
        let mut runner = Runner::new(&graph, Isa::detect(), 2).unwrap();
        assert_eq!(runner.on_reference().len(), 0, "{}: operators on the reference", folder.name);
        for case in &folder.cases {
            let name = format!("{}/{}", folder.name, case.name);
            let inputs: Vec<Tensor> = case.inputs.iter().map(|(_, t)| t.clone()).collect();
            let want: Vec<Tensor> = case.outputs.iter().map(|(_, t)| t.clone()).collect();
            let got = runner.run(&inputs).unwrap_or_else(|e| panic!("{name}: {e}"));
            suite::compare_within(&name, DEEP, &got, &want).unwrap_or_else(|e| panic!("{e}"));
            count += 1;
        }
    }
    Some(count)
}
