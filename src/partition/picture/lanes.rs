//! Where things of a picture go: a row for each, in the order in which they run, and a lane for each result that is still to be read.
//! Rows are folded into columns. Numbers only: knows neither text nor colours.

use crate::ir::{Def, Graph, NodeId, ValueId};
use crate::partition::Partition;
use crate::partition::region::Step;
use std::collections::BTreeMap;
use std::ops::Range;

/// Most rows of a picture of one column.
const SHORT: usize = 48;

/// What a row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// An input of the graph.
    Input(ValueId),
    /// The head of a side's box.
    Head,
    /// The head of a box that began in the column before.
    HeadAgain,
    /// A node.
    Node(NodeId),
    /// The output of the graph at this position.
    Output(usize),
}

/// What rows that follow each other belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    /// Inputs and outputs of the graph.
    Ends,
    /// The region at this position.
    Region(usize),
    /// Nodes of the default side that run one after the other.
    Default,
}

/// A row.
#[derive(Debug)]
pub struct Row {
    /// What it shows.
    pub what: What,
    /// The position of its band.
    pub band: usize,
    /// Where its dot is.
    pub lane: usize,
}

/// A result on its way from the row that makes it to the rows that read it.
#[derive(Debug)]
pub struct Thread {
    /// The row that makes it.
    pub from: usize,
    /// The rows that read it, ascending.
    pub to: Vec<usize>,
    /// The lane it runs in.
    pub lane: usize,
}

/// Where everything goes.
#[derive(Debug)]
pub struct Layout {
    /// Rows from top to bottom.
    pub rows: Vec<Row>,
    /// Bands in the order of their rows.
    pub bands: Vec<Band>,
    /// Results that are read.
    pub threads: Vec<Thread>,
    /// How many lanes there are.
    pub lanes: usize,
    /// The rows of each column.
    pub columns: Vec<Range<usize>>,
}

impl Layout {
    /// The layout of a partition.
    pub fn new(p: &Partition) -> Layout {
        let (mut rows, bands) = rows(p);
        let columns = fold(&mut rows, &bands);
        let mut layout = Layout { rows, bands, threads: Vec::new(), lanes: 0, columns };
        layout.thread(&p.graph);
        layout
    }

    /// Gives each result a lane from the row that makes it to the last that reads it. A row's dot takes the lane of the first result
    /// that ends there, so that chains run straight.
    fn thread(&mut self, graph: &Graph) {
        let reads = reads(graph, &self.rows);
        let mut thread_of: BTreeMap<usize, usize> = BTreeMap::new();
        for (row, sources) in reads.iter().enumerate() {
            for from in sources {
                let at = *thread_of.entry(*from).or_insert_with(|| {
                    self.threads.push(Thread { from: *from, to: Vec::new(), lane: 0 });
                    self.threads.len() - 1
                });
                self.threads[at].to.push(row);
            }
        }
        let mut taken: Vec<bool> = Vec::new();
        for (row, sources) in reads.iter().enumerate() {
            if matches!(self.rows[row].what, What::Head | What::HeadAgain) {
                continue;
            }
            let ended: Vec<usize> =
                sources.iter().map(|s| &self.threads[thread_of[s]]).filter(|t| t.to.last() == Some(&row)).map(|t| t.lane).collect();
            ended.iter().for_each(|lane| taken[*lane] = false);
            let lane = ended.first().copied().or_else(|| taken.iter().position(|t| !t)).unwrap_or(taken.len());
            if lane == taken.len() {
                taken.push(false);
            }
            self.rows[row].lane = lane;
            if let Some(at) = thread_of.get(&row) {
                self.threads[*at].lane = lane;
                taken[lane] = true;
            }
        }
        self.lanes = taken.len();
    }
}

/// The rows that each row reads from, each once, operands in their order.
fn reads(graph: &Graph, rows: &[Row]) -> Vec<Vec<usize>> {
    let (mut inputs, mut nodes) = (BTreeMap::new(), BTreeMap::new());
    for (i, row) in rows.iter().enumerate() {
        match row.what {
            What::Input(value) => drop(inputs.insert(value.0, i)),
            What::Node(id) => drop(nodes.insert(id.0, i)),
            _ => {}
        }
    }
    let source = |value: ValueId| match graph.value(value).def {
        Def::Node(node, _) => nodes.get(&node.0).copied(),
        Def::Input(_) => inputs.get(&value.0).copied(),
        Def::Const(_) => None,
    };
    let of_row = |row: &Row| {
        let values: Vec<ValueId> = match row.what {
            What::Node(id) => graph.node(id).reads().collect(),
            What::Output(i) => vec![graph.outputs[i].value],
            _ => Vec::new(),
        };
        let mut sources: Vec<usize> = Vec::new();
        for from in values.into_iter().filter_map(source) {
            if !sources.contains(&from) {
                sources.push(from);
            }
        }
        sources
    };
    rows.iter().map(of_row).collect()
}

fn rows(p: &Partition) -> (Vec<Row>, Vec<Band>) {
    let mut bands = vec![Band::Ends];
    let row = |what, band| Row { what, band, lane: 0 };
    let mut rows: Vec<Row> = p.graph.inputs.iter().map(|v| row(What::Input(*v), 0)).collect();
    for step in &p.steps {
        let (band, nodes) = match step {
            Step::Region(i) => (Band::Region(*i), p.regions[*i].nodes.as_slice()),
            Step::Node(id) => (Band::Default, std::slice::from_ref(id)),
        };
        if band != Band::Default || bands.last() != Some(&Band::Default) {
            bands.push(band);
            rows.push(row(What::Head, bands.len() - 1));
        }
        rows.extend(nodes.iter().map(|id| row(What::Node(*id), bands.len() - 1)));
    }
    bands.push(Band::Ends);
    rows.extend((0..p.graph.outputs.len()).map(|i| row(What::Output(i), bands.len() - 1)));
    (rows, bands)
}

/// Cuts the rows in columns; a box that goes on in the next one has a head there too.
fn fold(rows: &mut Vec<Row>, bands: &[Band]) -> Vec<Range<usize>> {
    if rows.len() <= SHORT {
        return std::iter::once(0..rows.len()).collect();
    }
    let mut cut = rows.len().div_ceil(2);
    while rows[cut - 1].what == What::Head {
        cut -= 1;
    }
    if rows[cut].what != What::Head && bands[rows[cut].band] != Band::Ends {
        rows.insert(cut, Row { what: What::HeadAgain, band: rows[cut].band, lane: 0 });
    }
    vec![0..cut, cut..rows.len()]
}
