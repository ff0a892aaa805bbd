//! A profile through the C functions, on our own kernels: text, JSON, what is refused.

use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;
use std::sync::Arc;
use tvmtrt::capi::build::tvmtrt_build_t;
use tvmtrt::capi::dlpack::{DLDevice, DLTensor, data_type};
use tvmtrt::capi::error::tvmtrt_error_t;
use tvmtrt::capi::given::Given;
use tvmtrt::capi::profile::{tvmtrt_build_engine_layers, tvmtrt_session_profile};
use tvmtrt::capi::run::tvmtrt_argument_t;
use tvmtrt::capi::session::tvmtrt_session_t;
use tvmtrt::capi::text::{TVMTRT_FORMAT_JSON, TVMTRT_FORMAT_TEXT, tvmtrt_text_data, tvmtrt_text_t};
use tvmtrt::ir::attrs::NoAttrs;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ops;
use tvmtrt::partition::options::{Offload, PartitionOptions as Plan};
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::run::{Session, SessionOptions};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

fn build() -> Build {
    let mut b = Builder::new("small");
    let op = |name: &str| ops::find(name).unwrap();
    let x = b.input("x", Fact::new(DType::F32, vec![Dim::symbol("N", 1, 64), Dim::from(4i64)])).unwrap();
    let w = b.constant("w", Tensor::from_vec(&[3, 4], vec![0.5f32; 12]));
    let product = b.op("product", op("nn.dense"), NoAttrs {}, &[x, w]).unwrap();
    let y = b.op("activation", op("nn.relu"), NoAttrs {}, &[product]).unwrap();
    b.output("y", y).unwrap();
    let model = Arc::new(Model::new(b.finish(), Vec::new()));
    let options = PartitionOptions { plan: Plan { offload: Offload::Off, ..Plan::default() }, ..PartitionOptions::default() };
    let partition = Arc::new(Partition::new(&model, &[], &options).unwrap());
    Build::new(&partition, &BuildOptions::default()).unwrap()
}

/// A profile of runs on x[rows, 4].
fn profile(session: &tvmtrt_session_t, rows: i64, runs: usize, format: u32) -> Result<String, Box<tvmtrt_error_t>> {
    let (mut shape, mut data) = ([rows, 4], vec![1f32; rows as usize * 4]);
    let x = DLTensor {
        data: data.as_mut_ptr().cast::<c_void>(),
        device: DLDevice { device_type: 1, device_id: 0 },
        ndim: 2,
        dtype: data_type(DType::F32),
        shape: shape.as_mut_ptr(),
        strides: std::ptr::null_mut(),
        byte_offset: 0,
    };
    let argument = tvmtrt_argument_t { name: std::ptr::null(), tensor: &x, managed: std::ptr::null_mut() };
    let mut text = MaybeUninit::<Box<tvmtrt_text_t>>::uninit();
    // SAFETY: a live session, arguments and tensors that live; the text is written where there is no error.
    #[allow(unsafe_code)]
    unsafe {
        match tvmtrt_session_profile(Some(session.into()), &argument, 1, runs, format, Some(&mut text)) {
            Some(error) => Err(error),
            None => Ok(CStr::from_ptr(tvmtrt_text_data(Some(&text.assume_init()))).to_str().unwrap().to_string()),
        }
    }
}

#[test]
fn own_kernels_are_timed_step_by_step() {
    let build = Arc::new(build());
    let session = tvmtrt_session_t::new(Session::new(&build, &SessionOptions { threads: 1, ..SessionOptions::default() }).unwrap());
    let text = profile(&session, 8, 5, TVMTRT_FORMAT_TEXT).unwrap();
    assert!(text.starts_with("mean of 5 runs: ") && text.contains("own kernels: ") && text.contains("product + activation"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&profile(&session, 8, 7, TVMTRT_FORMAT_JSON).unwrap()).unwrap();
    let layer = &json["parts"][0]["layers"][0];
    assert_eq!((&json["runs"], &layer["nodes"]), (&serde_json::json!(7), &serde_json::json!(["product", "activation"])), "{json}");
    assert!(json["run_microseconds"].as_f64().unwrap() > 0.0 && layer["share"].as_f64().unwrap() > 0.0);
    for (rows, runs, format, part) in [(8, 0, 0, "no runs"), (8, 1, 9, "format 9"), (65, 1, 0, "1..64")] {
        let error = profile(&session, rows, runs, format).unwrap_err();
        assert!(error.message().to_str().unwrap().contains(part), "{:?}", error.message());
    }
}

#[test]
fn only_engines_have_layers() {
    let build = tvmtrt_build_t::new(build(), Given::default());
    let mut text = MaybeUninit::uninit();
    let error = tvmtrt_build_engine_layers(Some(&build), 0, Some(&mut text)).unwrap();
    assert!(error.message().to_str().unwrap().contains("region"), "{:?}", error.message());
}
