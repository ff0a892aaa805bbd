//! Joins accepted nodes into the fewest regions that make no cycle, in linear time. Knows nothing of operators or targets.
//!
//! A region runs as a whole, so it must be ready before it starts and done before others read it; it need not be connected.
//! Along any path, two accepted nodes with a refused one between them cannot share a region: the path would leave the region and
//! come back. So no assignment has fewer regions than the most runs of accepted nodes on one path. Giving each node as its level
//! the number of runs on the worst path up to it reaches that number, and edges never lead to a lower level, so there is no cycle.
//!
//! Many nodes may take one of several levels. Two sweeps move them towards the neighbours that they share tensors with.

use crate::ir::NodeId;
use crate::partition::links::Links;

/// Levels of all nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// Accepted nodes: the region they belong to, from 1. Others: the last region that must be done before they run.
    pub level: Vec<u32>,
    /// Number of regions.
    pub count: u32,
}

/// Fewest regions for the nodes in `accepted`, which has an entry for each node.
pub fn grow(links: &Links, accepted: &[bool]) -> Levels {
    let nodes = accepted.len();
    let mut sweep = Sweep { links, accepted, level: vec![0; nodes], latest: Vec::new(), score: Vec::new(), seen: Vec::new() };
    for id in sweep.ids() {
        sweep.level[id.0 as usize] = sweep.earliest(id);
    }
    let count = accepted.iter().zip(&sweep.level).filter(|(a, _)| **a).map(|(_, l)| *l).max().unwrap_or(0);
    sweep.score = vec![0; count as usize + 1];
    sweep.latest = vec![count; nodes];
    sweep.towards_readers(count);
    sweep.towards_producers(count);
    Levels { level: sweep.level, count }
}

struct Sweep<'a> {
    links: &'a Links,
    accepted: &'a [bool],
    level: Vec<u32>,
    /// Accepted nodes: their level. Others: the last level that may lie before them.
    latest: Vec<u32>,
    /// Tensors shared with neighbours, by level; zero between uses.
    score: Vec<u32>,
    /// Levels with a score.
    seen: Vec<u32>,
}

impl Sweep<'_> {
    fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.accepted.len() as u32).map(NodeId)
    }

    fn is_accepted(&self, id: NodeId) -> bool {
        self.accepted[id.0 as usize]
    }

    /// Lowest level that the levels of the producers allow.
    fn earliest(&self, id: NodeId) -> u32 {
        let take = self.is_accepted(id);
        let producers = self.links.producers(id).iter();
        let lowest = producers.map(|p| self.level[p.0 as usize] + u32::from(take && !self.is_accepted(*p))).max();
        lowest.unwrap_or(0).max(u32::from(take))
    }

    /// Highest level that the levels of the readers allow.
    fn bound(&self, id: NodeId, count: u32) -> u32 {
        let give = !self.is_accepted(id);
        let readers = self.links.all_readers(id).iter();
        readers.map(|u| self.latest[u.0 as usize] - u32::from(give && self.is_accepted(*u))).min().unwrap_or(count)
    }

    /// Backwards: each node takes the level, up to that of its readers, where it shares most; the later one where they tie, since
    /// its producers may follow.
    fn towards_readers(&mut self, count: u32) {
        for id in self.ids().rev() {
            let (i, high) = (id.0 as usize, self.bound(id, count));
            if self.is_accepted(id) {
                self.level[i] = self.best(id, (self.level[i], high), true);
                self.latest[i] = self.level[i];
            } else {
                self.latest[i] = high;
            }
        }
    }

    /// Forwards: each node moves only to share more than where it is.
    fn towards_producers(&mut self, count: u32) {
        for id in self.ids() {
            let (i, low) = (id.0 as usize, self.earliest(id));
            if self.is_accepted(id) {
                let high = self.bound(id, count);
                self.level[i] = self.best(id, (low, high), false);
                self.latest[i] = self.level[i];
            } else {
                self.level[i] = low;
            }
        }
    }

    /// The level in `range` that keeps most tensors inside one region: operands made there, and results that only it reads.
    fn best(&mut self, id: NodeId, range: (u32, u32), later: bool) -> u32 {
        let current = self.level[id.0 as usize];
        debug_assert!(range.0 <= current && current <= range.1, "level {current} of node {} is outside {range:?}", id.0);
        if range.0 == range.1 {
            return current;
        }
        let links = self.links;
        for producer in links.producers(id) {
            if self.is_accepted(*producer) {
                self.count(self.level[producer.0 as usize], range);
            }
        }
        for result in links.results(id) {
            let mut levels = links.readers(result).iter().filter(|u| self.is_accepted(**u)).map(|u| self.level[u.0 as usize]);
            if let Some(first) = levels.next()
                && levels.all(|l| l == first)
            {
                self.count(first, range);
            }
        }
        let mut best = (self.score[current as usize], current);
        for level in &self.seen {
            let score = self.score[*level as usize];
            if score > best.0 || (score == best.0 && later && *level > best.1) {
                best = (score, *level);
            }
        }
        self.seen.drain(..).for_each(|level| self.score[level as usize] = 0);
        best.1
    }

    fn count(&mut self, level: u32, (low, high): (u32, u32)) {
        if (low..=high).contains(&level) {
            self.score[level as usize] += 1;
            self.seen.push(level);
        }
    }
}
