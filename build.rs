//! Gives the shared library its SONAME: Rust sets none, and a program would then record the path that it was linked by.

fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libtvmtrt.so.0");
    println!("cargo:rerun-if-changed=build.rs");
}
