//! Remembers what names stand for while definitions that refer to each other are followed.
//!
//! Invariant: an answer is final only if it did not depend on a name that was still being looked into; other answers
//! are provisional and forgotten when that name is done. This is what keeps cyclic definitions both complete and cheap.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// A map by ids that the parsers number; input cannot choose them so that they collide.
pub(crate) type ById<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, id: u32) {
        self.write_u64(u64::from(id));
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = (self.0.rotate_left(5) ^ id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, id: usize) {
        self.write_u64(id as u64);
    }
}

pub(crate) struct Memo<K, V> {
    known: RefCell<ById<K, Vec<V>>>,
    /// Answers with the depth of the outermost open name they depend on.
    provisional: RefCell<ById<K, (Vec<V>, usize)>>,
    /// Names being looked into, with their depth.
    open: RefCell<ById<K, usize>>,
    /// The outermost open name the current one has come by.
    lowest: Cell<usize>,
}

/// What to do about a name.
pub(crate) enum Step<V> {
    /// This is what it stands for, as far as can be said now.
    Answer(Vec<V>),
    /// Look into it, then call [`Memo::close`] with this.
    Open(Visit),
}

pub(crate) struct Visit {
    depth: usize,
    outer_lowest: usize,
}

impl<K: Copy + Eq + Hash, V: Clone> Memo<K, V> {
    pub(crate) fn new() -> Self {
        Self {
            known: RefCell::default(),
            provisional: RefCell::default(),
            open: RefCell::default(),
            lowest: Cell::new(usize::MAX),
        }
    }

    /// Whether no name is being looked into, so that any answer is final.
    pub(crate) fn is_idle(&self) -> bool {
        self.open.borrow().is_empty()
    }

    pub(crate) fn open(&self, key: K) -> Step<V> {
        if let Some(known) = self.known.borrow().get(&key) {
            return Step::Answer(known.clone());
        }
        if let Some(&depth) = self.open.borrow().get(&key) {
            self.lowest.set(self.lowest.get().min(depth));
            return Step::Answer(Vec::new());
        }
        if let Some((answer, lowest)) = self.provisional.borrow().get(&key) {
            self.lowest.set(self.lowest.get().min(*lowest));
            return Step::Answer(answer.clone());
        }
        let mut open = self.open.borrow_mut();
        let depth = open.len();
        open.insert(key, depth);
        Step::Open(Visit { depth, outer_lowest: self.lowest.replace(usize::MAX) })
    }

    /// Records the answer for a name that was opened.
    pub(crate) fn close(&self, key: K, visit: &Visit, answer: Vec<V>) {
        self.open.borrow_mut().remove(&key);
        let lowest = self.lowest.get();
        if lowest >= visit.depth {
            self.provisional.borrow_mut().retain(|_, (_, lowest)| *lowest < visit.depth);
            self.known.borrow_mut().insert(key, answer);
            self.lowest.set(visit.outer_lowest);
        } else {
            self.provisional.borrow_mut().insert(key, (answer, lowest));
            self.lowest.set(visit.outer_lowest.min(lowest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks up `key` in a graph of names with their own values and the names they refer to.
    fn look_up(memo: &Memo<usize, usize>, graph: &[(Option<usize>, Vec<usize>)], key: usize) -> Vec<usize> {
        let visit = match memo.open(key) {
            Step::Answer(answer) => return answer,
            Step::Open(visit) => visit,
        };
        let (own, others) = &graph[key];
        let mut answer: Vec<usize> = own.iter().copied().collect();
        for &other in others {
            answer.extend(look_up(memo, graph, other));
        }
        answer.sort_unstable();
        answer.dedup();
        memo.close(key, &visit, answer.clone());
        answer
    }

    #[test]
    fn answers_do_not_depend_on_where_a_cycle_is_entered() {
        let graph = [
            (None, vec![1]),
            (Some(10), vec![2, 3]),
            (None, vec![0]),
            (Some(30), vec![1]),
            (None, vec![3, 0]),
        ];
        for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]] {
            let memo = Memo::new();
            for key in order {
                assert_eq!(look_up(&memo, &graph, key), [10, 30], "{key} in {order:?}");
                assert!(memo.is_idle());
            }
        }
    }
}
