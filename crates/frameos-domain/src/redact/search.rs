//! Finding many needles in one pass over a text, whatever they are (Aho and Corasick, 1975).
//!
//! Invariant: time is linear in the text and memory in the needles, for any of both. Its own, because a stream has to know how much
//! of a needle has been seen, which libraries do not tell.

use std::collections::VecDeque;

/// The longest needle there may be.
pub(super) const LONGEST: usize = u16::MAX as usize;
const ROOT: u32 = 0;
const NONE: u32 = u32::MAX;

/// An automaton: a tree of the needles' beginnings, and from each one the way to the longest other one that ends it.
#[derive(Default)]
pub(super) struct Search {
    nodes: Vec<Node>,
    /// The root's children by their byte: most steps begin there.
    first: Vec<u32>,
}

struct Node {
    fail: u32,
    child: u32,
    sibling: u32,
    depth: u16,
    /// Length of the longest needle that ends here.
    found: u16,
    byte: u8,
}

impl Node {
    const fn new(byte: u8, depth: u16, sibling: u32) -> Self {
        Self { fail: ROOT, child: NONE, sibling, depth, found: 0, byte }
    }
}

impl Search {
    pub(super) fn new<T: AsRef<[u8]>>(needles: &[T]) -> Self {
        let mut search = Self::default();
        if needles.is_empty() {
            return search;
        }
        search.nodes.push(Node::new(0, 0, NONE));
        search.first = vec![ROOT; 256];
        for needle in needles {
            search.insert(needle.as_ref());
        }
        search.link();
        search
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// From a node to the next by one byte of text.
    pub(super) fn step(&self, mut node: u32, byte: u8) -> u32 {
        while node != ROOT {
            if let Some(child) = self.child(node, byte) {
                return child;
            }
            node = self.nodes[node as usize].fail;
        }
        self.first[usize::from(byte)]
    }

    /// Length of the longest needle that the text ends with at this node; 0 for none.
    pub(super) fn found(&self, node: u32) -> usize {
        usize::from(self.nodes[node as usize].found)
    }

    /// Length of the longest beginning of a needle that the text ends with.
    pub(super) fn depth(&self, node: u32) -> usize {
        self.nodes.get(node as usize).map_or(0, |node| usize::from(node.depth))
    }

    fn child(&self, node: u32, byte: u8) -> Option<u32> {
        let mut child = self.nodes[node as usize].child;
        while child != NONE {
            let found = &self.nodes[child as usize];
            if found.byte == byte {
                return Some(child);
            }
            child = found.sibling;
        }
        None
    }

    fn insert(&mut self, needle: &[u8]) {
        let mut node = ROOT;
        for (index, byte) in needle.iter().take(LONGEST).enumerate() {
            let known = if node == ROOT {
                Some(self.first[usize::from(*byte)]).filter(|child| *child != ROOT)
            } else {
                self.child(node, *byte)
            };
            node = known.unwrap_or_else(|| {
                let new = u32::try_from(self.nodes.len()).unwrap_or(ROOT);
                let depth = u16::try_from(index + 1).unwrap_or(u16::MAX);
                let sibling = std::mem::replace(&mut self.nodes[node as usize].child, new);
                self.nodes.push(Node::new(*byte, depth, sibling));
                if node == ROOT {
                    self.first[usize::from(*byte)] = new;
                }
                new
            });
        }
        let end = &mut self.nodes[node as usize];
        end.found = end.depth;
    }

    /// Breadth first, so that whatever a node leads to has been linked before it.
    fn link(&mut self) {
        let mut waiting = VecDeque::from([ROOT]);
        while let Some(node) = waiting.pop_front() {
            let (fail, mut child) = (self.nodes[node as usize].fail, self.nodes[node as usize].child);
            while child != NONE {
                waiting.push_back(child);
                let byte = self.nodes[child as usize].byte;
                let to = if node == ROOT { ROOT } else { self.step(fail, byte) };
                let found = self.nodes[to as usize].found;
                let linked = &mut self.nodes[child as usize];
                linked.fail = to;
                linked.found = linked.found.max(found);
                child = linked.sibling;
            }
        }
    }
}
