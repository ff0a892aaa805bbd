//! One more executor of the suite: saved, loaded, run.

use crate::suite::{cases, compare};
use crate::support::*;
use tvmtrt::artifact::file::Artifact;
use tvmtrt::ops;
use tvmtrt::reference;
use tvmtrt::tensor::dtype::DType;

#[test]
fn cases_compute_the_same_after_a_round_trip() {
    let (path, mut failures) = (place("case.tvmtrt"), Vec::new());
    let all = cases::all();
    for case in &all {
        let build = built(case.graph.clone());
        saved(&build, &path);
        let artifact = Artifact::open(&path).unwrap();
        artifact.verify().unwrap();
        // Numbers of values differ, the text does not show them.
        let (graph, again) = (&build.partition.parts.graph, artifact.graph(&ops::find).unwrap());
        assert_eq!(again.to_string(), graph.to_string(), "{}", case.name);
        let again = loaded(&path).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let (want, got) = (run(&build, &case.inputs), run(&again, &case.inputs));
        match (want, got) {
            (Ok(want), Ok(got)) if got == want || compare(case, &got, &want).is_ok() => {
                let oracle = reference::run(&case.graph, &case.inputs).unwrap();
                failures.extend(compare(case, &got, &oracle).err());
            }
            (want, got) => failures.push(format!("{}: {:?}, before it was saved {:?}", case.name, got.err(), want.err())),
        }
    }
    assert!(all.len() > 300, "{}", all.len());
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn shapes_stay_free() {
    let (build, path) = (built(classifier()), place("free.tvmtrt"));
    saved(&build, &path);
    let again = loaded(&path).unwrap();
    assert_eq!((again.inputs(), again.outputs()), (build.inputs(), build.outputs()));
    for n in [1, 5, 64] {
        let x = [pictures(n)];
        assert_eq!(run(&again, &x).unwrap(), run(&build, &x).unwrap(), "batch {n}");
    }
    assert!(run(&again, &[pictures(65)]).is_err(), "bounds stay");
}

#[test]
fn extents_that_depend_on_data_are_found_again() {
    let (build, path) = (built(positive_rows()), place("rows.tvmtrt"));
    saved(&build, &path);
    let again = loaded(&path).unwrap();
    for n in [1, 7, 33] {
        let x = [crate::suite::Random(n as u64).tensor(DType::F32, &[n, 4], false)];
        assert_eq!(run(&again, &x).unwrap(), run(&build, &x).unwrap(), "{n} rows");
    }
}

/// Regions, reasons and order come back, so that explain tells the same.
#[test]
fn what_was_decided_is_known() {
    for (name, graph) in [("decided.tvmtrt", classifier()), ("decided_rows.tvmtrt", positive_rows())] {
        let (build, path) = (built(graph), place(name));
        saved(&build, &path);
        let again = loaded(&path).unwrap();
        assert!(again.partition.region_count() > 0);
        let explained = |p: &tvmtrt::session::partition::Partition| {
            let mut json: serde_json::Value = serde_json::from_str(&p.explain_json()).unwrap();
            // Whether a library is here is a matter of the machine.
            json.as_object_mut().unwrap().retain(|k, _| k != "unavailable" && k != "target");
            json
        };
        assert_eq!(explained(&again.partition), explained(&build.partition));
        assert_eq!(again.partition.parts.steps, build.partition.parts.steps);
        for (a, b) in again.partition.parts.regions.iter().zip(&build.partition.parts.regions) {
            assert_eq!((a.name.as_str(), a.graph.to_string()), (b.name.as_str(), b.graph.to_string()));
        }
        assert_eq!(again.partition.model.metadata, [("author".to_string(), "nobody".to_string())]);
    }
}

/// What is loaded can be saved again: nothing is lost or added.
#[test]
fn saving_what_was_loaded_gives_the_same_file() {
    let (first, second) = (place("first.tvmtrt"), place("second.tvmtrt"));
    saved(&built(classifier()), &first);
    saved(&loaded(&first).unwrap(), &second);
    assert!(std::fs::read(&first).unwrap() == std::fs::read(&second).unwrap());
    // Also under the name that is mapped.
    let build = loaded(&second).unwrap();
    saved(&build, &second);
    let x = [pictures(2)];
    assert_eq!(run(&build, &x).unwrap(), run(&loaded(&second).unwrap(), &x).unwrap());
}
