//! Turns: what several want at once is got by one of them, while the others wait to find it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedMutexGuard;

/// One at a time for each key; clones share it. What nobody wants any more is forgotten.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<HashMap<String, Place>>>);

#[derive(Default)]
struct Place {
    lock: Arc<tokio::sync::Mutex<()>>,
    failures: u64,
}

/// It is this one's turn until it is dropped.
pub(crate) struct Turn {
    key: String,
    guard: Option<OwnedMutexGuard<()>>,
    turns: Turns,
}

impl Turns {
    /// None when one whose turn it was meanwhile has failed: its failure is everyone's who waited for it, or each would wait for
    /// all that fail before.
    pub(crate) async fn turn(&self, key: &str) -> Option<Turn> {
        let (lock, failures) = {
            let mut wanted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let place = wanted.entry(key.to_owned()).or_default();
            (Arc::clone(&place.lock), place.failures)
        };
        // Here before it has the lock, so that one who leaves while waiting is forgotten too.
        let mut turn = Turn { key: key.to_owned(), guard: None, turns: self.clone() };
        turn.guard = Some(lock.lock_owned().await);
        (turn.failures(|failures| *failures) == failures).then_some(turn)
    }
}

impl Turn {
    /// Ends the turn, and what the others wait for.
    pub(crate) fn failed(self) {
        self.failures(|failures| *failures += 1);
    }

    fn failures<T>(&self, with: impl FnOnce(&mut u64) -> T) -> T {
        let mut wanted = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        with(&mut wanted.entry(self.key.clone()).or_default().failures)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut wanted = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.guard = None;
        // Whoever waits shares the lock.
        if wanted.get(&self.key).is_some_and(|place| Arc::strong_count(&place.lock) == 1) {
            wanted.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_for_each_key_and_nothing_is_left() {
        let (turns, under_way) = (Turns::default(), Mutex::new([0; 2]));
        let one = async |key: usize| {
            let turn = turns.turn(&key.to_string()).await.unwrap();
            under_way.lock().unwrap()[key] += 1;
            tokio::task::yield_now().await;
            let seen = *under_way.lock().unwrap();
            assert_eq!(seen[key], 1);
            under_way.lock().unwrap()[key] -= 1;
            drop(turn);
            seen.iter().sum::<i32>()
        };
        let seen = join_all((0..20).map(|number| one(number % 2))).await;
        assert_eq!(seen.iter().max(), Some(&2), "other keys do not wait");
        assert!(turns.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn whoever_leaves_while_waiting_holds_nobody_up() {
        let turns = Turns::default();
        let first = turns.turn("key").await.unwrap();
        assert!(tokio::time::timeout(std::time::Duration::ZERO, turns.turn("key")).await.is_err());
        drop(first);
        drop(turns.turn("key").await.unwrap());
        assert!(turns.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_failure_is_everyones_who_waited_for_it() {
        let turns = Turns::default();
        let first = turns.turn("key").await.unwrap();
        let mut waiting = Box::pin(join_all((0..3).map(|_| turns.turn("key"))));
        assert!(futures::poll!(&mut waiting).is_pending());
        first.failed();
        assert!(waiting.await.iter().all(Option::is_none));
        assert!(turns.0.lock().unwrap().is_empty());
        assert!(turns.turn("key").await.is_some(), "whoever comes later tries again");
    }
}
