//! C programs against the shared library: misuse, arguments, layouts, threads. `tests/c/checked.sh` runs them under checkers.

mod capi_support;

use capi_support::{library, root, run, scratch, skip};
use std::mem::{offset_of, size_of};
use std::path::PathBuf;
use std::process::Command;
use tvmtrt::capi::dlpack::{DLDataType, DLDevice, DLManagedTensorVersioned, DLTensor};
use tvmtrt::capi::partition::tvmtrt_shape_t;
use tvmtrt::capi::run::tvmtrt_argument_t;

/// Compiles `tests/c/<source>.c` against the library that was built with this test, in a folder of this name.
fn compile(folder: &str, source: &str) -> PathBuf {
    let folder = scratch(folder);
    let program = folder.join(source);
    // Programs look for the library under its SONAME.
    std::os::unix::fs::symlink(library(), folder.join("libtvmtrt.so.0")).unwrap();
    run(Command::new("gcc")
        .args(["-std=c11", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
        .arg(root().join("include"))
        .arg(root().join(format!("tests/c/{source}.c")))
        .arg("-o")
        .arg(&program)
        .arg(folder.join("libtvmtrt.so.0"))
        .arg(format!("-Wl,-rpath,{}", folder.display()))
        .arg("-lpthread"));
    program
}

fn run_checked(name: &str) {
    let program = compile(name, name);
    run(&mut Command::new(&program));
}

#[test]
fn misuse_is_answered() {
    run_checked("misuse");
}

#[test]
fn arguments_are_checked_and_used() {
    run_checked("arguments");
}

#[test]
fn artifacts_are_saved_and_loaded() {
    run_checked("artifact");
}

#[test]
fn calibration_makes_a_table() {
    run_checked("calibration");
}

#[test]
fn regions_are_explained_and_filtered() {
    run_checked("regions");
}

#[test]
fn threads_share_a_build() {
    run_checked("threads");
}

#[test]
fn regions_are_built_by_a_real_library() {
    if std::env::var_os("TVMTRT_TENSORRT_LIBRARY").is_none() {
        return skip("tensorrt", "TVMTRT_TENSORRT_LIBRARY names no library");
    }
    println!("{}", run(Command::new(compile("regions_build", "regions")).arg("build").arg(scratch("regions_cache"))));
}

macro_rules! layout {
    ($($type:ident { $($field:ident),* })*) => {
        concat_lines(&[$(
            format!("{} {}", stringify!($type), size_of::<$type>()),
            $(format!("{}.{} {}", stringify!($type), stringify!($field), offset_of!($type, $field)),)*
        )*])
    };
}

fn concat_lines(lines: &[String]) -> String {
    lines.iter().map(|l| format!("{l}\n")).collect()
}

#[test]
fn structures_are_the_librarys() {
    let ours = layout! {
        DLDevice { device_type, device_id }
        DLDataType { code, bits, lanes }
        DLTensor { data, device, ndim, dtype, shape, strides, byte_offset }
        DLManagedTensorVersioned { version, manager_ctx, deleter, flags, dl_tensor }
        tvmtrt_shape_t { name, dims, rank, dtype }
        tvmtrt_argument_t { name, tensor, managed }
    };
    assert_eq!(run(&mut Command::new(compile("layout", "layout"))), ours);
}
