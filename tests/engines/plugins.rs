//! Plugins as far as TensorRT for RTX has them: it has a registry, but no plugin layers. With layers: `tests/gpu/plugins.rs`.

use crate::{folder, library, options};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use tvmtrt::capi::option_read;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::network;
use tvmtrt::network::layer::LayerKind;
use tvmtrt::network::plugin::{Field, Fields, Plugin as Layer, Value};
use tvmtrt::ops::plugin::{PLUGIN, Plugin};
use tvmtrt::session::build::Build;
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::Partition;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::Code;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensorrt::emit;
use tvmtrt::tensorrt::plugins::{knows, open_all};

/// The library of `tests/plugin`.
fn echo() -> PathBuf {
    let folder = folder("echo");
    std::fs::create_dir_all(&folder).unwrap();
    let (source, so) = (concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugin/echo.c"), folder.join("echo.so"));
    assert!(Command::new("gcc").args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"]).arg(&so).arg(source).status().unwrap().success());
    so
}

fn network(fields: Vec<Field>) -> network::Network {
    let mut b = network::builder::Builder::new("echo");
    b.scope("p");
    let dims = [Dim::from(2i64), Dim::from(3i64)];
    let x = b.input("x", DType::F32, &dims);
    let (name, version) = ("TvmtrtEcho".to_string(), "1".to_string());
    let plugin = Layer { name, version, namespace: String::new(), fields: Fields::new(fields), results: vec![(DType::F32, dims.to_vec())] };
    let y = b.add(LayerKind::Plugin(Box::new(plugin)), &[x]).unwrap();
    b.output(y, "y").unwrap();
    b.finish()
}

#[test]
fn a_plugin_is_made_with_its_fields_and_ended() {
    let Some(library) = library() else { return };
    let so = echo();
    assert!(!knows(library, "TvmtrtEcho", "1", "").unwrap());
    let options = emit::Options { plugins: vec![so], compute_capabilities: vec![(8, 6)], ..emit::Options::default() };
    let field = |name: &str, value| Field { name: name.into(), value };
    let fields = vec![
        field("wide", Value::Ints(vec![1 << 40])),
        field("scale", Value::Ints(vec![3])),
        field("pads", Value::Ints(vec![1, -2])),
        field("alpha", Value::Floats(vec![0.5])),
        field("mode", Value::Text("up".into())),
        field("table", Value::Tensor(Tensor::from_vec(&[2], vec![1i32, 2]))),
    ];
    let e = emit::build(library, &network(fields), &options).unwrap_err();
    assert!(e.code == Code::TensorRtUnsupported && e.message.contains("layer 'p' (Plugin)") && e.message.contains("addPluginV3"), "{e}");
    let said = std::env::var("TVMTRT_TEST_ECHO").unwrap();
    let expected = "p phase 0;wide type 10 length 1 1099511627776;scale type 1 length 1 3;pads type 5 length 2 1 -2;\
                    alpha type 1 length 1 0.5;mode type 6 length 2 u p;table type 5 length 2 1 2;freed";
    assert_eq!(said, expected);
    assert!(knows(library, "TvmtrtEcho", "1", "").unwrap() && !knows(library, "TvmtrtEcho", "2", "").unwrap());
    // It makes none without fields, and a library that is open is not opened again.
    assert_eq!(open_all(&options.plugins, library).unwrap(), options.plugins);
    let e = emit::build(library, &network(Vec::new()), &options).unwrap_err();
    assert!(e.code == Code::TensorRtBuild && e.message.contains("'TvmtrtEcho' version '1'") && e.message.contains("scale, wide"), "{e}");
}

#[test]
fn a_node_that_no_engine_can_hold_is_an_error_of_the_build() {
    let Some(_) = library() else { return };
    let mut b = Builder::new("g");
    let fact = Fact::new(DType::F32, vec![Dim::from(2i64)]);
    let x = b.input("x", fact.clone()).unwrap();
    let plugin = Plugin { plugin: "Ramp".into(), ..Plugin::default() }.with_results(&[fact]);
    let y = b.op("ramp", &PLUGIN, plugin, &[x]).unwrap();
    b.output("y", y).unwrap();
    let model = Arc::new(Model::new(b.finish(), Vec::new()));
    for (offload, why) in [("default", "plugin.flavour: layer 'ramp': TensorRT for RTX"), ("off", "offload is off")] {
        let (mut options, _) = options(&[]);
        options.set("offload", offload).unwrap();
        options.set("symbols", "").unwrap();
        let partition = Arc::new(Partition::new(&model, &[], &option_read::partition(&options).unwrap()).unwrap());
        assert_eq!(partition.region_count(), 0);
        let e = Build::new(&partition, &option_read::build(&options).unwrap()).unwrap_err();
        assert_eq!(e.code, Code::UnsupportedOperator, "{e}");
        assert!(e.message.contains("node 'ramp' (plugin 'Ramp' version '1')") && e.message.contains(why), "{e}");
    }
}
