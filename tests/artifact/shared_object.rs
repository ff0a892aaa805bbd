//! Artifacts as shared objects: by path, linked into a C program, opened by the loader, looked at by the system's tools.

use crate::capi_support::{library, root, run as command, scratch};
use crate::support::*;
use std::process::Command;
use tvmtrt::artifact::elf::Machine;
use tvmtrt::artifact::file::Form;

#[test]
fn a_shared_object_is_loaded_by_path() {
    let build = built(classifier());
    let x = [pictures(2)];
    for (machine, name) in Machine::ALL {
        let path = place(&format!("{name}.so"));
        saved_as(&build, &path, Form { machine: *machine, ..Form::default() });
        let again = loaded_with(&path, &[("artifact_verify", "on")]).unwrap().0;
        assert_eq!(run(&again, &x).unwrap(), run(&build, &x).unwrap(), "{name}");
        let sound = std::fs::read(&path).unwrap();
        for at in [0x3a, 0x3c, 0x3e, 0x28, 4] {
            let mut bytes = sound.clone();
            bytes[at] ^= 0x41;
            std::fs::write(&path, bytes).unwrap();
            let e = loaded(&path).unwrap_err();
            assert!(e.message.contains("no section '.tvmtrt'") && e.message.contains(&format!("{name}.so")), "byte {at}: {e}");
        }
        for len in [4, 64, 5000, sound.len() - 1] {
            std::fs::write(&path, &sound[..len]).unwrap();
            assert!(loaded(&path).is_err(), "{len} bytes");
        }
    }
}

/// `tests/c/linked_artifact.c` has no file: what it runs is linked into it, and then opened by the loader.
#[test]
fn a_program_links_with_it() {
    let folder = scratch("artifact-linked");
    let (build, x) = (built(classifier()), pictures(1));
    saved_as(&build, &folder.join("libmodel.so"), Form::default());
    std::os::unix::fs::symlink(library(), folder.join("libtvmtrt.so.0")).unwrap();
    let program = folder.join("linked_artifact");
    for (kind, flags) in [("pie", vec!["-fPIE", "-pie"]), ("fixed", vec!["-fno-pie", "-no-pie"])] {
        command(
            Command::new("gcc")
                .args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
                .args(&flags)
                .arg("-I")
                .arg(root().join("include"))
                .arg(root().join("tests/c/linked_artifact.c"))
                .arg("-o")
                .arg(&program)
                .arg(folder.join("libmodel.so"))
                .arg(folder.join("libtvmtrt.so.0"))
                .args(["-ldl", &format!("-Wl,-rpath,{}", folder.display())]),
        );
        let picture = folder.join("x.bin");
        std::fs::write(&picture, x.bytes()).unwrap();
        let mut running = Command::new(&program);
        running.arg(&picture).arg(folder.join("libmodel.so")).env("TVMTRT_TENSORRT_LIBRARY", "/no/such/folder");
        let want: Vec<String> =
            run(&build, std::slice::from_ref(&x)).unwrap()[0].values::<f32>().iter().map(|v| format!("{v:.5}")).collect();
        let text = command(&mut running);
        assert_eq!(text.lines().collect::<Vec<_>>(), [want.join(" ").as_str(); 2], "{kind}");
    }
}

/// The system's reader of ELF files finds nothing to complain about.
#[test]
fn readelf_understands_it() {
    let build = built(classifier());
    for (machine, name) in Machine::ALL {
        let path = place(&format!("readelf-{name}.so"));
        saved_as(&build, &path, Form { machine: *machine, ..Form::default() });
        let output =
            Command::new("readelf").args(["--wide", "--all"]).arg(&path).output().expect("readelf, of binutils, which gcc needs too");
        let (text, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && complaints.is_empty(), "{name}: {complaints}");
        for part in ["tvmtrt_artifact_data", "tvmtrt_artifact_size", ".tvmtrt", "DYN (Shared object file)", "SONAME"] {
            assert!(text.contains(part), "{name}: no {part} in\n{text}");
        }
    }
}
