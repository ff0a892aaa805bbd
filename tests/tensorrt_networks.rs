//! Whole networks through the session: one region each, and a real TensorRT builds its engine.

mod data;

use std::sync::Arc;
use tvmtrt::network::capabilities::Flavour;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::shapes::SymbolRange;
use tvmtrt::tensorrt::library::Library;
use tvmtrt::tensorrt::search::Search;

/// The library, or `None` with a printed SKIP; `TVMTRT_REQUIRE=tensorrt` makes that a failure.
fn library() -> Option<&'static Library> {
    match Library::find(&Search::default()) {
        Ok(library) if library.release().flavour == Flavour::Rtx => Some(library),
        other => {
            let why = other.map_or_else(|e| e.message, |l| format!("{l:?} builds only for a GPU that is here"));
            let required = std::env::var("TVMTRT_REQUIRE").is_ok_and(|r| r.split(',').any(|t| t == "tensorrt"));
            assert!(!required, "TensorRT is required: {why}");
            println!("SKIP tensorrt: {}", why.lines().next().unwrap_or(""));
            None
        }
    }
}

#[test]
fn networks_are_one_region_and_build() {
    let (Some(root), Some(_)) = (data::root("networks"), library()) else { return };
    for folder in data::folders(&root) {
        let model = Arc::new(Model::load_file(&folder.model, &Default::default()).unwrap());
        let mut options = PartitionOptions::default();
        for dim in model.inputs.iter().flat_map(|i| &i.shape) {
            // The recogniser's height is that of its pictures; batch and widths are free within bounds.
            let Some(symbol) = dim.as_symbol() else { continue };
            let height = folder.name == "recogniser" && *dim == model.inputs[0].shape[2];
            let batch = *dim == model.inputs[0].shape[0];
            let (min, max) = if height {
                (48, 48)
            } else if batch {
                (1, 4)
            } else {
                (8, 640)
            };
            options.symbols.push(SymbolRange { name: symbol.name.to_string(), min, opt: None, max });
        }
        let partition = Arc::new(Partition::new(&model, &[], &options).unwrap());
        assert_eq!(partition.region_count(), 1, "{}:\n{}", folder.name, partition.explain_text());
        assert_eq!(partition.parts.offloaded(), partition.parts.graph.nodes.len(), "{}", folder.name);
        let options = BuildOptions { target_sm: Some((8, 6)), optimization_level: 0, ..BuildOptions::default() };
        let build = Build::new(&partition, &options).unwrap();
        let engine = build.engine(0).unwrap_or_else(|| panic!("{}: {:?}", folder.name, build.region_state(0)));
        println!("{}: an engine of {} bytes", folder.name, engine.len());
        assert!(engine.len() > 100_000, "{}", folder.name);
    }
}
