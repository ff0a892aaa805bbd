//! Who reads whom, in a few flat arrays: the sweeps of the partitioner run over these instead of the graph itself.

use crate::ir::{Graph, NodeId};
use std::ops::Range;

/// Edges of a graph between nodes. Results of nodes are numbered through, node by node.
#[derive(Debug, Clone)]
pub struct Links {
    producer_row: Vec<u32>,
    producers: Vec<NodeId>,
    result_row: Vec<u32>,
    reader_row: Vec<u32>,
    readers: Vec<NodeId>,
    output: Vec<bool>,
}

const NONE: u32 = u32::MAX;

impl Links {
    /// The edges of `graph`.
    pub fn new(graph: &Graph) -> Links {
        let mut result_of = vec![NONE; graph.values.len()];
        let mut result_row = vec![0];
        let mut results = 0u32;
        for node in &graph.nodes {
            for value in &node.outputs {
                result_of[value.0 as usize] = results;
                results += 1;
            }
            result_row.push(results);
        }
        let mut output = vec![false; results as usize];
        for out in &graph.outputs {
            if let Some(flag) = output.get_mut(result_of[out.value.0 as usize] as usize) {
                *flag = true;
            }
        }
        // One edge for each result that a node reads, however often it reads it.
        let (mut edges, mut producers, mut producer_row) =
            (Vec::with_capacity(results as usize), Vec::with_capacity(results as usize), vec![0]);
        let mut last_reader = vec![NONE; results as usize];
        for id in graph.node_ids() {
            for value in graph.node(id).reads() {
                let result = result_of[value.0 as usize];
                if let Some(producer) = graph.producer(value).filter(|_| last_reader[result as usize] != id.0) {
                    last_reader[result as usize] = id.0;
                    edges.push((result, id));
                    producers.push(producer);
                }
            }
            producer_row.push(producers.len() as u32);
        }
        let (reader_row, readers) = by_result(&edges, results);
        Links { producer_row, producers, result_row, reader_row, readers, output }
    }

    /// Nodes whose results `node` reads: one per result.
    pub fn producers(&self, node: NodeId) -> &[NodeId] {
        let i = node.0 as usize;
        &self.producers[self.producer_row[i] as usize..self.producer_row[i + 1] as usize]
    }

    /// Numbers of the results of `node`, in order.
    pub fn results(&self, node: NodeId) -> Range<usize> {
        let i = node.0 as usize;
        self.result_row[i] as usize..self.result_row[i + 1] as usize
    }

    /// Nodes that read a result, each once, in running order.
    pub fn readers(&self, result: usize) -> &[NodeId] {
        &self.readers[self.reader_row[result] as usize..self.reader_row[result + 1] as usize]
    }

    /// Nodes that read any result of `node`.
    pub fn all_readers(&self, node: NodeId) -> &[NodeId] {
        let results = self.results(node);
        &self.readers[self.reader_row[results.start] as usize..self.reader_row[results.end] as usize]
    }

    /// True where a result is an output of the graph.
    pub fn is_output(&self, result: usize) -> bool {
        self.output[result]
    }
}

/// Sorts the readers by result, keeping their order.
fn by_result(edges: &[(u32, NodeId)], results: u32) -> (Vec<u32>, Vec<NodeId>) {
    let mut row = vec![0u32; results as usize + 1];
    edges.iter().for_each(|(result, _)| row[*result as usize + 1] += 1);
    for i in 1..row.len() {
        row[i] += row[i - 1];
    }
    let mut next = row.clone();
    let mut readers = vec![NodeId(0); edges.len()];
    for (result, reader) in edges {
        let place = &mut next[*result as usize];
        readers[*place as usize] = *reader;
        *place += 1;
    }
    (row, readers)
}
