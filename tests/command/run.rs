//! `tvmtrt run`, `bench`, `build`, `calibrate`, `export`.

use crate::{command, fault, folder, json, models, path, tensorrt_library, text};
use prost::Message;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use zip::write::{SimpleFileOptions, ZipWriter};

/// A float32 array as numpy writes it.
fn npy(shape: &str, values: &[f32]) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    header += &" ".repeat(117 - header.len());
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), b"\n", &data].concat()
}

fn npz(file: &Path, arrays: &[(&str, &str, &[f32])], method: zip::CompressionMethod) {
    let mut archive = ZipWriter::new(std::fs::File::create(file).unwrap());
    for (name, shape, values) in arrays {
        archive.start_file(format!("{name}.npy"), SimpleFileOptions::default().compression_method(method)).unwrap();
        archive.write_all(&npy(shape, values)).unwrap();
    }
    archive.finish().unwrap();
}

/// The first elements of the outputs `y` and `sum`.
fn outputs(arguments: &[&str]) -> (Vec<f64>, Vec<f64>) {
    let all = json(arguments);
    let first = |i: usize| all["outputs"][i]["first"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!((&all["outputs"][0]["name"], &all["outputs"][1]["name"]), (&Value::from("y"), &Value::from("sum")));
    (first(0), first(1))
}

#[test]
fn data_come_from_files_of_every_kind() {
    let folder = folder("data");
    let model = path(&models::pair(&folder));
    let (a, b) = ([1.0f32, -2.0, 3.0], [0.5f32, 0.5, 0.5]);
    let file = |name: &str, bytes: &[u8]| {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, bytes).unwrap();
        path(&file)
    };
    let (a_npy, b_npy) = (file("a.npy", &npy("1, 3", &a)), file("b.npy", &npy("1, 3", &b)));
    let b_pb = file("b.pb", &models::tensor("b", &[1, 3], &b).encode_to_vec());
    file("set/input_0.pb", &models::tensor("", &[1, 3], &a).encode_to_vec());
    file("set/input_1.pb", &models::tensor("", &[1, 3], &b).encode_to_vec());
    let set = path(&folder.join("set"));
    let (stored, packed) = (folder.join("stored.npz"), folder.join("packed.npz"));
    npz(&stored, &[("b", "1, 3", &b), ("a", "1, 3", &a)], zip::CompressionMethod::Stored);
    npz(&packed, &[("a", "1, 3", &a), ("b", "1, 3", &b)], zip::CompressionMethod::Deflated);
    let (a_named, b_named) = (format!("a={a_npy}"), format!("b={b_npy}"));
    let ways: [&[&str]; 6] = [&[&b_named, &a_named], &[&a_npy, &b_npy], &[&a_named, &b_pb], &[&set], &[&path(&stored)], &[&path(&packed)]];
    for way in ways {
        let flags: Vec<&str> = way.iter().flat_map(|w| ["--input", *w]).collect();
        let got = outputs(&[&["run", &model], flags.as_slice()].concat());
        assert_eq!(got, (vec![1.5, 0.0, 3.5], vec![1.5, -1.5, 3.5]), "{way:?}");
    }
    assert!(fault(&["run", &model, "--input", "a=/nowhere.npy"], 1).contains("/nowhere.npy"));
    assert!(fault(&["run", &model, "--input", &model], 1).contains("neither .npy nor .npz nor .pb"));
    assert!(fault(&["run", &model, "--input", &a_named, "--input", &a_named], 1).contains("given twice"));
    let wrong = file("wrong.npy", &npy("3, 1", &a));
    assert!(fault(&["run", &model, "--input", &format!("a={wrong}")], 1).contains("input 'a'"));
    // What is not given is random, and fits what is.
    let four = file("four.npy", &npy("4, 3", &[1.0; 12]));
    let said = text(&["run", &model, "--input", &format!("b={four}")], 0);
    assert!(said.contains("random from seed 1: a\n") && said.contains("y: float32[4, 3]"), "{said}");
}

#[test]
fn results_are_written_and_compared() {
    let folder = folder("results");
    let model = path(&models::pair(&folder));
    let results = path(&folder.join("results.npz"));
    let said = text(&["run", &model, "--seed", "7", "-o", &results], 0);
    assert!(said.contains("random from seed 7: a, b") && said.contains("y: float32[1, 3] ") && said.contains("run "), "{said}");
    assert_eq!(said.split("load").next(), text(&["run", &model, "--seed", "7"], 0).split("load").next());
    let same = text(&["run", &model, "--seed", "7", "--expect", &results], 0);
    assert!(same.contains("expected 'y': as expected, greatest difference 0"), "{same}");
    let other = text(&["run", &model, "--seed", "8", "--expect", &results], 1);
    assert!(other.contains("expected 'sum': 3 of 3 elements differ"), "{other}");
    text(&["run", &model, "--seed", "8", "--expect", &results, "--atol", "10"], 0);
    let shape = text(&["run", &model, "--seed", "7", "--expect", &results, "--batch", "2"], 1);
    assert!(shape.contains("float32[2, 3] instead of float32[1, 3]"), "{shape}");
    assert!(fault(&["run", &model, "-o", "y.npy"], 1).contains("there are 2 outputs"));
    assert!(fault(&["run", &model, "--rtol", "tight"], 2).contains("--rtol takes a number, not 'tight'"));
    // numpy reads what is written.
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/venv/bin/python");
    if !python.exists() {
        println!("SKIP numpy: no .cache/venv; scripts/setup makes it");
        return;
    }
    let program = "import sys, numpy; z = numpy.load(sys.argv[1]); print(sorted(z.files), z['y'].dtype, z['y'].shape, (z['y'] == z['sum'].clip(0)).all())";
    let output = Command::new(python).args(["-c", program, &results]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "['sum', 'y'] float32 (1, 3) True\n");
}

#[test]
fn runs_are_timed() {
    let folder = folder("bench");
    let model = path(&models::pair(&folder));
    let all = json(&["bench", &model, "--runs", "20", "--batch", "4", "--threads", "1", "--profile"]);
    let ms = |key: &str| all[key].as_f64().unwrap();
    assert!(0.0 < ms("min_ms") && ms("min_ms") <= ms("median_ms") && ms("median_ms") <= ms("p90_ms"), "{all}");
    assert_eq!((&all["batch"], &all["runs"], &all["threads"]), (&Value::from(4), &Value::from(20), &Value::from(1)));
    assert!(all["milliseconds"]["first_run"].is_number() && all["profile"]["parts"].is_array());
    let said = text(&["bench", &model, "--runs", "5", "--symbols", "N=1..2..8"], 0);
    assert!(said.contains("batch 2, ") && said.contains("5 runs: median ") && said.contains("samples per second"), "{said}");
    let fixed = path(&models::convolutions(&folder, "fixed.onnx", 2));
    assert!(fault(&["bench", &fixed, "--batch", "2"], 2).contains("--batch"));
}

#[test]
fn builds_tell_where_regions_run_and_progress_stays_off_standard_output() {
    let folder = folder("build");
    let model = path(&models::convolutions(&folder, "net.onnx", 3));
    let arguments = ["build", &model, "--tensorrt-library", "/nowhere", "--progress", "plain"];
    let output = command().args(arguments).output().unwrap();
    let (told, progress) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && told.contains("own kernels: ") && told.contains("1 region, 0 with an engine"), "{told}");
    for part in ["tvmtrt: loading net.onnx, 0 s\n", "tvmtrt: partitioning, 0 s\n", "tvmtrt: building, 0 s"] {
        assert!(progress.contains(part) && !told.contains(part), "{part} in {progress}");
    }
    let output = command().args(["build", &model, "--tensorrt-library", "/nowhere"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "what is quick is not told");
    let none = text(&["export", &model, "--tensorrt-library", "/nowhere", "--engines", &path(&folder.join("engines"))], 1);
    assert!(none.contains("no engine: own kernels"), "{none}");
}

#[test]
fn int8_is_calibrated() {
    let folder = folder("calibrate");
    let model = path(&models::convolutions(&folder, "net.onnx", 2));
    let data: Vec<f32> = (0..3 * 32 * 32).map(|i| (i % 17) as f32 / 17.0).collect();
    let file = folder.join("image.npy");
    std::fs::write(&file, npy("1, 3, 32, 32", &data)).unwrap();
    let (file, table) = (path(&file), path(&folder.join("ranges.json")));
    let said = text(&["calibrate", &model, &file, &file, "-o", &table, "--calibration-method", "max"], 0);
    assert!(said.contains("ranges of 2 runs"), "{said}");
    let ranges: Value = serde_json::from_str(&std::fs::read_to_string(&table).unwrap()).unwrap();
    assert!(ranges.to_string().contains("max"));
    text(&["build", &model, "--precision", "int8", "--calibration", &table], 0);
    assert!(fault(&["calibrate", &model, &file], 2).contains("--out FILE"));
}

#[test]
fn engines_are_exported() {
    let Some(_) = tensorrt_library::rtx() else { return };
    let folder = folder("export");
    let (model, out) = (path(&models::convolutions(&folder, "net.onnx", 2)), folder.join("engines"));
    let all = json(&["export", &model, "--engines", &path(&out), "--target-sm", "8.9"]);
    let file = std::fs::metadata(all["engines"][0]["path"].as_str().unwrap()).unwrap();
    assert_eq!(all["engines"][0]["bytes"], file.len());
}

/// Ctrl-C in a build: TensorRT is told to stop, nothing is left behind, and the code is a shell's for it.
#[test]
fn a_build_can_be_stopped() {
    let Some(_) = tensorrt_library::rtx() else { return };
    let folder = folder("stopped");
    let (model, cache) = (path(&models::convolutions(&folder, "deep.onnx", 60)), folder.join("cache"));
    let arguments = ["build", &model, "--target-sm", "8.9", "--engine-cache", &path(&cache), "--progress", "plain"];
    let mut child = command().args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("building")));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(rest.last().is_some_and(|l| l == "tvmtrt: stopped"), "{rest:?}");
    assert!(text(&["cache", "verify", &path(&cache)], 0).starts_with("0 files"));
}
