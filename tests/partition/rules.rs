//! Rules and options: who may refuse a node, what is dropped afterwards, what the caller is told.

use crate::toy::{DENSE, MIX, Mix, RELU, RESHAPE, Reshape, Toy, f32s};
use std::sync::{Arc, Mutex};
use tvmtrt::ir::attrs::{NoAttrs, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::partition::options::{Filter, FilterAnswer, FilterQuery, Offload, PartitionOptions};
use tvmtrt::partition::{Partition, partition};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::{Code, Result};
use tvmtrt::tensor::host::Tensor;

/// A line of `mix` nodes: letters are accepted, `.` is not, each reads the one before.
pub fn line(b: &mut Builder, mut from: ValueId, letters: &str) -> ValueId {
    for (i, letter) in letters.chars().enumerate() {
        let name = if letter == '.' { format!("gap{}_{i}", from.0) } else { letter.to_string() };
        from = b.op(&name, &MIX, Mix { accept: letter != '.', ..Mix::default() }, &[from]).unwrap();
    }
    from
}

/// One line per text, each from its own input to its own output.
fn lines(texts: &[&str]) -> Arc<Graph> {
    let mut b = Builder::new("lines");
    for (i, text) in texts.iter().enumerate() {
        let x = b.input(&format!("x{i}"), f32s(&[1, 4])).unwrap();
        let end = line(&mut b, x, text);
        b.output(&format!("y{i}"), end).unwrap();
    }
    Arc::new(b.finish())
}

fn split(graph: &Arc<Graph>, options: PartitionOptions) -> Partition {
    partition(graph.clone(), &Toy::default(), &options).unwrap()
}

/// Regions as the names of their nodes.
fn regions(p: &Partition) -> Vec<String> {
    p.regions.iter().map(|r| r.graph.nodes.iter().map(|n| n.name.as_str()).collect::<String>()).collect()
}

fn rules(p: &Partition, node: &str) -> Vec<&'static str> {
    let i = p.graph.nodes.iter().position(|n| n.name == node).unwrap();
    p.verdicts[i].refusals.iter().map(|(_, r)| r.rule).collect()
}

fn keep(names: &[&str]) -> std::collections::BTreeSet<String> {
    names.iter().map(|s| s.to_string()).collect()
}

#[test]
fn unconnected_lines_share_regions() {
    assert_eq!(regions(&split(&lines(&["ab.c", "d.e.f"]), PartitionOptions::default())), ["abd", "ce", "f"]);
}

#[test]
fn nodes_with_a_choice_stay_with_their_readers() {
    // p could run in the first region, but only q, in the second, reads it.
    let mut b = Builder::new("slack");
    let x = b.input("x", f32s(&[1, 4])).unwrap();
    let a = line(&mut b, x, "a.");
    let p = line(&mut b, x, "op");
    let q = b.op("q", &MIX, Mix::default(), &[a, p]).unwrap();
    b.output("y", q).unwrap();
    assert_eq!(regions(&split(&Arc::new(b.finish()), PartitionOptions::default())), ["a", "opq"]);
}

#[test]
fn options_keep_nodes_off_and_name_what_fits_nothing() {
    let graph = lines(&["abc"]);
    let p = split(&graph, PartitionOptions { keep_off_nodes: keep(&["b", "zz"]), ..PartitionOptions::default() });
    assert_eq!((regions(&p), rules(&p, "b")), (vec!["a".into(), "c".into()], vec!["option.keep-off-node"]));
    assert_eq!(p.notes, ["keep_off_nodes: no node is named 'zz'"]);
    let p = split(&graph, PartitionOptions { keep_off_operators: keep(&["mix", "nn.lrn"]), ..PartitionOptions::default() });
    assert_eq!((p.regions.len(), rules(&p, "a")), (0, vec!["option.keep-off-operator"]));
    assert_eq!(p.notes, ["keep_off_operators: no node is a 'nn.lrn'"]);
}

#[test]
fn training_nodes_and_unused_nodes_stay() {
    let mut b = Builder::new("policy");
    let x = b.input("x", f32s(&[1, 4])).unwrap();
    let t = b.op("t", &MIX, Mix { training: true, ..Mix::default() }, &[x]).unwrap();
    b.op("dead", &MIX, Mix::default(), &[t]).unwrap();
    b.output("y", t).unwrap();
    let p = split(&Arc::new(b.finish()), PartitionOptions::default());
    assert_eq!((rules(&p, "t"), rules(&p, "dead")), (vec!["policy.training"], vec!["policy.unused"]));
}

#[test]
fn offload_off_and_on() {
    let graph = lines(&["a"]);
    let with = |offload, target: &Toy, graph: &Arc<Graph>| -> Result<Partition> {
        partition(graph.clone(), target, &PartitionOptions { offload, ..PartitionOptions::default() })
    };
    let p = with(Offload::Off, &Toy::default(), &graph).unwrap();
    assert_eq!((p.regions.len(), rules(&p, "a")), (0, vec!["option.offload-off"]));
    assert_eq!(with(Offload::On, &Toy::default(), &graph).unwrap().regions.len(), 1);

    let broken = Toy { broken: Some("libtoy.so is not in /opt; install toy".into()), most: None };
    assert_eq!(with(Offload::Default, &broken, &graph).unwrap().regions.len(), 1);
    let e = with(Offload::On, &broken, &graph).unwrap_err();
    assert!(e.code == Code::OffloadImpossible && e.message.contains("install toy"), "{e}");
    let e = with(Offload::On, &Toy::default(), &lines(&[".."])).unwrap_err();
    assert!(e.code == Code::OffloadImpossible && e.message.contains("2 x mix.not-wanted: accept is false (to lift it: set accept)"), "{e}");
}

#[test]
fn small_regions_return_and_others_merge() {
    let graph = lines(&["ab.c", "de.f.gh"]);
    let least = |min_region_size| split(&graph, PartitionOptions { min_region_size, ..PartitionOptions::default() });
    assert_eq!(regions(&least(1)), ["abde", "cf", "gh"]);
    assert_eq!(regions(&least(2)), ["abde", "cf", "gh"]);
    let p = least(3);
    assert_eq!((regions(&p), rules(&p, "c")), (vec!["abde".into()], vec!["prune.too-small"]));

    // Without the small region m there is no reason left to keep k from the first region.
    let mut b = Builder::new("merge");
    let x = b.input("x", f32s(&[1, 4])).unwrap();
    let small = line(&mut b, x, "m.kk");
    let large = line(&mut b, x, "abcd");
    b.output("small", small).unwrap();
    b.output("large", large).unwrap();
    let graph = Arc::new(b.finish());
    let filter: Filter = Arc::new(|q| match q {
        FilterQuery::Node(v) if v.name() == "m" => FilterAnswer::no("too hot"),
        _ => FilterAnswer::yes(),
    });
    assert_eq!(split(&graph, PartitionOptions::default()).regions.len(), 2);
    let p = split(&graph, PartitionOptions { filter: Some(filter), ..PartitionOptions::default() });
    assert_eq!((p.regions.len(), rules(&p, "m")), (1, vec!["filter.node"]));
}

#[test]
fn parts_without_multiply_accumulate_return() {
    let mut b = Builder::new("mac");
    let x = b.input("x", f32s(&[2, 4])).unwrap();
    let w = b.constant("w", Tensor::from_f64s(DType::F32, &[3, 4], &[0.5; 12]));
    let d = b.op("d", &DENSE, NoAttrs {}, &[x, w]).unwrap();
    let r = b.op("r", &RELU, NoAttrs {}, &[d]).unwrap();
    let lone = b.op("lone", &RELU, NoAttrs {}, &[x]).unwrap();
    b.output("y", r).unwrap();
    b.output("z", lone).unwrap();
    let graph = Arc::new(b.finish());
    assert_eq!(split(&graph, PartitionOptions::default()).regions[0].nodes.len(), 3);
    let p = split(&graph, PartitionOptions { remove_no_mac_subgraphs: true, ..PartitionOptions::default() });
    assert_eq!((regions(&p), rules(&p, "lone")), (vec!["dr".into()], vec!["prune.no-mac"]));
}

#[test]
fn glue_does_not_count_as_compute() {
    let mut b = Builder::new("glue");
    let x = b.input("x", f32s(&[1, 4])).unwrap();
    let newshape = Param::Static(vec![Dim::from(4i64)]);
    let r = b.op("r", &RESHAPE, Reshape { newshape }, &[x]).unwrap();
    b.output("y", r).unwrap();
    let graph = Arc::new(b.finish());
    struct All;
    impl tvmtrt::partition::target::Target for All {
        fn name(&self) -> &str {
            "all"
        }
        fn accepts(&self, _: &tvmtrt::ir::view::NodeView) -> tvmtrt::network::refusal::Accepted<()> {
            Ok(())
        }
        fn serialise(&self, _: &tvmtrt::partition::region::Region, _: &PartitionOptions) -> Result<String> {
            Ok(String::new())
        }
        fn compile(
            &self,
            _: &tvmtrt::partition::region::Region,
            _: &PartitionOptions,
        ) -> Result<Box<dyn tvmtrt::partition::target::Engine>> {
            unreachable!()
        }
    }
    let p = partition(graph, &All, &PartitionOptions::default()).unwrap();
    assert_eq!((p.regions.len(), rules(&p, "r")), (0, vec!["prune.too-small"]));
}

#[test]
fn the_largest_regions_are_kept() {
    let p = split(&lines(&["a.bcd.ef"]), PartitionOptions { max_regions: Some(1), ..PartitionOptions::default() });
    assert_eq!((regions(&p), rules(&p, "a")), (vec!["bcd".into()], vec!["prune.too-many-regions"]));
}

#[test]
fn an_invalid_region_falls_into_its_parts() {
    let target = Toy { most: Some(4), broken: None };
    let p = partition(lines(&["abc", "d", "efghi"]), &target, &PartitionOptions::default()).unwrap();
    assert_eq!((regions(&p), rules(&p, "e")), (vec!["abcd".into()], vec!["toy.too-large"]));
}

#[test]
fn the_filter_is_asked_last_and_once() {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = asked.clone();
    let filter: Filter = Arc::new(move |q| match q {
        FilterQuery::Node(v) => {
            log.lock().unwrap().push(v.name().into());
            FilterAnswer { offload: v.name() != "b", reason: format!("about {}", v.name()) }
        }
        FilterQuery::Region { graph, region } => {
            let names: String = region.nodes.iter().map(|n| graph.node(*n).name.as_str()).collect();
            log.lock().unwrap().push(format!("region {names}"));
            FilterAnswer { offload: names != "c", reason: "c is not worth it".into() }
        }
    });
    let p = split(&lines(&["ab.c"]), PartitionOptions { filter: Some(filter), ..PartitionOptions::default() });
    assert_eq!(*asked.lock().unwrap(), ["a", "b", "c", "region a", "region c"]);
    assert_eq!((regions(&p), rules(&p, "b"), rules(&p, "c")), (vec!["a".into()], vec!["filter.node"], vec!["filter.region"]));
    let json = p.explain_json();
    assert_eq!(json["nodes"][1]["filter"], serde_json::json!({"offload": false, "reason": "about b"}));
    assert_eq!(json["nodes"][1]["refusals"][0]["source"], "filter");
    assert_eq!(json["nodes"][3]["refusals"][0]["reason"], "c is not worth it");
}

#[test]
fn a_partition_is_shared_across_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&split(&lines(&["a"]), PartitionOptions::default()));
}
