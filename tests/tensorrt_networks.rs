//! Whole networks through the session: one region each, and a real TensorRT builds its engine.

mod data;
mod tensorrt_library;

use std::sync::Arc;
use tensorrt_library::rtx;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};

#[test]
fn networks_are_one_region_and_build() {
    let (Some(root), Some(_)) = (data::root("networks"), rtx()) else { return };
    for folder in data::folders(&root) {
        let model = Arc::new(Model::load_file(&folder.model, &Default::default()).unwrap());
        let options = PartitionOptions { symbols: data::bounds(&folder, &model.inputs, 640), ..PartitionOptions::default() };
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
