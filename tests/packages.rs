//! What is shipped beside the library is whole: examples are small projects that differ in their names only and are tested, the parts of
//! CMake are cargo's, and the Dockerfile takes the README's steps.

mod capi_support;

use capi_support::{read, root};
use std::os::unix::fs::PermissionsExt;

/// Folders of examples: the path of the source and the name.
fn examples(folder: &str, ending: &str) -> Vec<(String, String)> {
    let all = std::fs::read_dir(root().join(folder)).unwrap().map(|e| e.unwrap());
    let names = all.filter(|e| e.path().is_dir()).map(|e| e.file_name().into_string().unwrap());
    names.map(|name| (format!("{folder}/{name}/{name}.{ending}"), name)).collect()
}

#[test]
fn examples_are_small_projects() {
    let c = examples("examples-c", "c");
    for needed in ["partition_explain", "run", "export_load", "options_env", "resnet18"] {
        assert!(c.iter().any(|(_, name)| name == needed), "there is no example {needed}");
    }
    let (tests, cpp) = (read("cmake/tests.cmake"), examples("examples-cpp", "cpp"));
    let project = |folder: &str, name: &str| read(&format!("{folder}/{name}/CMakeLists.txt")).replace(name, "NAME");
    let first = project("examples-c", "run");
    for (source, name) in c.iter().chain(&cpp) {
        let lines = read(source).lines().count();
        assert!(lines <= 150, "{source} has {lines} lines");
        assert!(tests.contains(&format!(" {name} \"")), "cmake/tests.cmake does not run {name}");
    }
    c.iter().for_each(|(_, name)| assert_eq!(project("examples-c", name), first, "{name}/CMakeLists.txt"));
}

#[test]
fn cmake_has_cargos_parts() {
    let cargo = read("Cargo.toml");
    let default = cargo.lines().find(|l| l.starts_with("default = ")).unwrap();
    let mut features: Vec<String> = default.split('"').skip(1).step_by(2).map(|f| f.to_uppercase().replace('-', "_")).collect();
    let cmake = read("CMakeLists.txt");
    let mut options: Vec<String> =
        cmake.lines().filter_map(|l| l.strip_prefix("option(")).map(|l| l.split(' ').next().unwrap().to_string()).collect();
    features.sort();
    options.sort();
    assert_eq!(options, features);
}

#[test]
fn the_dockerfile_takes_the_readmes_steps() {
    let (dockerfile, readme) = (read("Dockerfile"), read("README.md"));
    let steps: Vec<&str> = dockerfile.lines().filter_map(|l| l.strip_prefix("RUN ")).filter(|l| l.starts_with("scripts/")).collect();
    for needed in ["scripts/release", "scripts/test"] {
        assert!(steps.iter().any(|s| s.starts_with(needed)), "no {needed} in {steps:?}");
    }
    for step in steps {
        let script = step.split(' ').next().unwrap();
        let about = std::fs::metadata(root().join(script)).unwrap_or_else(|e| panic!("{script}: {e}"));
        assert!(about.permissions().mode() & 0o111 != 0, "{script} cannot be run");
        assert!(readme.contains(script), "the README does not name {script}");
    }
    let wanted = read("Cargo.toml").lines().find_map(|l| l.strip_prefix("rust-version = ")).unwrap().replace('"', "");
    assert!(dockerfile.contains(&format!("--default-toolchain {wanted}")), "the Dockerfile has another Rust than {wanted}");
}
