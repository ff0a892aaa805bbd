//! Random graphs: fewest regions by brute force, no cycles, equal results in parts and as a whole.

use crate::toy::{MIX, Mix, Toy, f32s, op, start, step, take};
use std::collections::BTreeSet;
use std::sync::Arc;
use tvmtrt::ir::attrs::Attrs;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::{Body, Graph, ValueId};
use tvmtrt::partition::explain::crossings;
use tvmtrt::partition::options::PartitionOptions;
use tvmtrt::partition::region::Step;
use tvmtrt::partition::target::Target;
use tvmtrt::partition::{Partition, partition, tvm_json, tvm_json_read};
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

/// Small generator of random numbers.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// A graph of up to `most` nodes; some have two results, some refused ones hold a graph that captures values.
pub fn random_graph(random: &mut Random, most: usize) -> Graph {
    let mut b = Builder::new("random");
    let mut values: Vec<ValueId> = (0..2).map(|i| b.input(&format!("in{i}"), f32s(&[2])).unwrap()).collect();
    values.push(b.constant("c", Tensor::from_f64s(DType::F32, &[2], &[3.0, 5.0])));
    let accepts = 2 + random.below(7);
    for i in 0..1 + random.below(most) {
        let near = 3 + random.below(6);
        let pick = |random: &mut Random| values[values.len() - 1 - random.below(near.min(values.len()))];
        let inputs: Vec<ValueId> = (0..1 + random.below(3)).map(|_| pick(random)).collect();
        let attrs = Mix { accept: random.below(10) < accepts, results: 1 + (random.below(4) == 0) as i64, training: false };
        let body = Body { graph: Graph::default(), captures: vec![pick(random)] };
        let bodies = if !attrs.accept && random.below(4) == 0 { vec![body] } else { vec![] };
        values.extend(b.node_with_bodies(&format!("n{i}"), &MIX, Attrs::new(attrs), &inputs, bodies).unwrap());
    }
    let graph = b.graph();
    let read: BTreeSet<ValueId> = graph.nodes.iter().flat_map(|n| n.reads()).collect();
    let ends: Vec<ValueId> = values.iter().copied().filter(|v| !read.contains(v) || random.below(12) == 0).collect();
    for (i, v) in ends.into_iter().enumerate() {
        b.output(&format!("out{i}"), v).unwrap();
    }
    b.finish()
}

/// Edges between nodes.
fn edges(graph: &Graph) -> Vec<(usize, usize)> {
    let mut list = Vec::new();
    for id in graph.node_ids() {
        let node = graph.node(id);
        for value in node.inputs.iter().chain(node.bodies.iter().flat_map(|b| &b.captures)) {
            if let Some(p) = graph.producer(*value) {
                list.push((p.0 as usize, id.0 as usize));
            }
        }
    }
    list
}

/// True when the graph whose vertices are `class` has no cycle.
fn acyclic(edges: &[(usize, usize)], class: &[usize], classes: usize) -> bool {
    let mut left: BTreeSet<usize> = (0..classes).collect();
    loop {
        let blocked: BTreeSet<usize> =
            edges.iter().map(|(a, b)| (class[*a], class[*b])).filter(|(a, b)| a != b && left.contains(a)).map(|(_, b)| b).collect();
        let ready: Vec<usize> = left.iter().copied().filter(|c| !blocked.contains(c)).collect();
        if ready.is_empty() {
            return left.is_empty();
        }
        left.retain(|c| !ready.contains(c));
    }
}

/// Edges between different classes that start or end in a region: how far apart an assignment tears what belongs together.
fn torn(graph: &Graph, region: &[Option<usize>]) -> usize {
    let users = graph.users();
    let made = graph.node_ids().flat_map(|id| graph.node(id).outputs.iter().map(move |v| (id, v)));
    made.map(|(id, v)| {
        let from = region[id.0 as usize];
        let sides: BTreeSet<Option<usize>> = users[v.0 as usize].iter().map(|u| region[u.0 as usize]).filter(|s| *s != from).collect();
        usize::from(!sides.is_empty())
    })
    .sum()
}

/// Fewest regions over every assignment of the accepted nodes, and the fewest torn tensors among those.
fn brute_force(graph: &Graph) -> (usize, usize) {
    let accepted: Vec<usize> = (0..graph.nodes.len()).filter(|i| graph.nodes[*i].attrs.get::<Mix>().accept).collect();
    let edges = edges(graph);
    for k in 0..=accepted.len() {
        let mut label = vec![0usize; accepted.len()];
        let mut best: Option<usize> = None;
        loop {
            let mut class = vec![usize::MAX; graph.nodes.len()];
            let mut region = vec![None; graph.nodes.len()];
            accepted.iter().zip(&label).for_each(|(n, l)| (class[*n], region[*n]) = (*l, Some(*l)));
            let mut next = k;
            class.iter_mut().filter(|c| **c == usize::MAX).for_each(|c| {
                *c = next;
                next += 1;
            });
            if (k > 0 || accepted.is_empty()) && acyclic(&edges, &class, next) {
                let torn = torn(graph, &region);
                best = Some(best.map_or(torn, |b| b.min(torn)));
            }
            // The next assignment: region numbers appear in order, so that none is tried twice.
            let Some(i) = (1..label.len()).rev().find(|i| label[*i] + 1 < k && label[*i] <= *label[..*i].iter().max().unwrap()) else {
                break;
            };
            label[i] += 1;
            label[i + 1..].fill(0);
        }
        if let Some(torn) = best {
            return (k, torn);
        }
    }
    unreachable!("one region per node makes no cycle")
}

/// Runs the whole graph in parts, regions through the target's engines.
fn run_in_parts(p: &Partition, target: &dyn Target, inputs: &[Tensor]) -> Vec<Tensor> {
    let mut held = start(&p.graph, inputs);
    for s in &p.steps {
        match s {
            Step::Node(id) => step(&p.graph, *id, &mut held),
            Step::Region(i) => {
                let region = &p.regions[*i];
                let engine = target.compile(region, &p.options).unwrap();
                let results = engine.run(&take(&held, &region.inputs)).unwrap();
                assert_eq!(results.len(), region.outputs.len());
                region.outputs.iter().zip(results).for_each(|(v, t)| held[v.0 as usize] = Some(t));
            }
        }
    }
    take(&held, &p.graph.outputs.iter().map(|o| o.value).collect::<Vec<_>>())
}

fn check_regions(p: &Partition) {
    for region in &p.regions {
        let g = &region.graph;
        assert!(!g.outputs.is_empty(), "region {} gives nothing", region.name);
        let inputs = g.inputs.iter().map(|v| g.value(*v).name.clone());
        let names: Vec<String> = inputs.chain(g.outputs.iter().map(|o| o.name.clone())).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "names {names:?}");
        let text = Toy::default().serialise(region, &p.options).unwrap();
        let constants = tvm_json::constants(g);
        let constant = |name: &str| constants.iter().find(|(n, _)| n == name).and_then(|(_, v)| g.constant(*v).cloned());
        let back = tvm_json_read::read(&text, &constant, &op).unwrap();
        assert_eq!(format!("{back:?}"), format!("{g:?}"), "{text}");
    }
}

#[test]
fn regions_are_as_few_as_brute_force_finds_and_make_no_cycle() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let target = Toy::default();
    let (mut torn_here, mut torn_best) = (0, 0);
    for round in 0..2000 {
        let graph = Arc::new(random_graph(&mut random, 10));
        let p = partition(graph.clone(), &target, &PartitionOptions::default()).unwrap();
        let mut class: Vec<usize> = (0..graph.nodes.len()).map(|i| p.regions.len() + i).collect();
        p.regions.iter().enumerate().for_each(|(r, region)| region.nodes.iter().for_each(|n| class[n.0 as usize] = r));
        assert!(acyclic(&edges(&graph), &class, p.regions.len() + graph.nodes.len()), "cycle in graph {round}: {graph:?}");
        for (i, node) in graph.nodes.iter().enumerate() {
            assert_eq!(p.region_of[i].is_some(), node.attrs.get::<Mix>().accept && p.verdicts[i].accepted());
        }
        let (fewest, torn) = brute_force(&graph);
        assert_eq!(p.regions.len(), fewest, "graph {round}: {graph:?}");
        torn_here += crossings(&p).len();
        torn_best += torn;
        check_regions(&p);
        let inputs = [[1.0, 2.0], [4.0, 8.0]].map(|v| Tensor::from_f64s(DType::F32, &[2], &v));
        let mut held = start(&graph, &inputs);
        graph.node_ids().for_each(|id| step(&graph, id, &mut held));
        let whole = take(&held, &graph.outputs.iter().map(|o| o.value).collect::<Vec<_>>());
        assert_eq!(run_in_parts(&p, &target, &inputs), whole, "graph {round}");
    }
    println!("tensors between sides: {torn_here}, at best {torn_best}");
    assert!(torn_here * 100 <= torn_best * 105, "{torn_here} tensors cross, {torn_best} must");
}

/// Pruning, invalid regions and refused regions leave no cycle and no region that breaks an option.
#[test]
fn dropped_regions_leave_no_cycle() {
    let mut random = Random(77);
    for round in 0..1000 {
        let graph = Arc::new(random_graph(&mut random, 40));
        let mut options = PartitionOptions { min_region_size: random.below(4), ..PartitionOptions::default() };
        options.max_regions = (random.below(3) == 0).then(|| random.below(4));
        let salt = random.below(1000);
        options.filter = (round % 2 == 0).then(|| -> tvmtrt::partition::options::Filter {
            Arc::new(move |q| {
                use tvmtrt::partition::options::{FilterAnswer, FilterQuery};
                match q {
                    FilterQuery::Region { region, .. } if (region.nodes.len() * 7 + salt).is_multiple_of(3) => FilterAnswer::no("salt"),
                    _ => FilterAnswer::yes(),
                }
            })
        });
        let target = Toy { most: (round % 3 == 0).then(|| 2 + random.below(6)), broken: None };
        let p = partition(graph.clone(), &target, &options).unwrap();
        let mut class: Vec<usize> = (0..graph.nodes.len()).map(|i| p.regions.len() + i).collect();
        p.regions.iter().enumerate().for_each(|(r, region)| region.nodes.iter().for_each(|n| class[n.0 as usize] = r));
        assert!(acyclic(&edges(&graph), &class, p.regions.len() + graph.nodes.len()), "cycle in graph {round}");
        assert!(options.max_regions.is_none_or(|most| p.regions.len() <= most));
        for region in &p.regions {
            assert!(region.nodes.len() >= options.min_region_size && target.most.is_none_or(|most| region.nodes.len() <= most));
            assert!(options.filter.is_none() || !(region.nodes.len() * 7 + salt).is_multiple_of(3));
        }
        for (verdict, region) in p.verdicts.iter().zip(&p.region_of) {
            assert_eq!(verdict.accepted(), region.is_some(), "each node is in a region or has a reason");
        }
        check_regions(&p);
    }
}
