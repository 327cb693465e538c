//! Places for work that was claimed, and how much may be claimed ahead of them.
//!
//! A claim takes a few milliseconds, and a place that waits for one stands empty. So what is likely to be left while a claim is
//! made may be claimed before, and wait here. Invariants: nothing works without a place; no more is claimed ahead than half as
//! much again as claims saw leave of late, and nothing once somebody has waited in vain: work that another worker may have room for is not kept from it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How long something may wait for a place before it is given back.
const PATIENCE: Duration = Duration::from_millis(250);
/// Each claim that sees less leave has what is claimed ahead shrink by a part in so many. Runs that were started together end together, so a lull is
/// no sign that nothing will leave: what was needed once is kept for some turns.
const FADING: usize = 32;

/// The places of one kind of work; clones share them.
#[derive(Clone)]
pub(crate) struct Places {
    inner: Arc<Inner>,
}

struct Inner {
    free: Arc<Semaphore>,
    /// Claimed, and not in a place yet.
    coming: AtomicUsize,
    /// How many of those may have none to go to.
    ahead: AtomicUsize,
    ahead_most: usize,
    /// Places that were left, in all; wraps around.
    left: AtomicUsize,
    /// Only one waits for it.
    changed: Notify,
}

impl Places {
    /// `ahead_most` bounds what may be claimed ahead.
    pub(crate) fn new(places: usize, ahead_most: usize) -> Self {
        let inner = Inner {
            free: Arc::new(Semaphore::new(places)),
            coming: AtomicUsize::new(0),
            ahead: AtomicUsize::new(0),
            ahead_most,
            left: AtomicUsize::new(0),
            changed: Notify::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// How many more may be claimed, once there are enough to be worth a claim: a quarter of what is claimed ahead, or one. What is still
    /// ahead then is about what leaves while the claim is made.
    pub(crate) async fn room(&self) -> usize {
        let inner = &self.inner;
        loop {
            let ahead = inner.ahead.load(Ordering::Relaxed);
            let places = inner.free.available_permits() + ahead;
            let room = places.saturating_sub(inner.coming.load(Ordering::Relaxed));
            if room >= (ahead / 4).max(1) {
                return room;
            }
            inner.changed.notified().await;
        }
    }

    /// To be asked before a claim, and its answer given to [`Places::claimed`].
    pub(crate) fn claiming(&self) -> usize {
        self.inner.left.load(Ordering::Relaxed)
    }

    /// Learns from a claim how much to claim ahead: what leaves while one is made, and what leaves before the next, of late at most;
    /// nothing once a claim has `found` nothing, since then places wait for work.
    pub(crate) fn claimed(&self, left_before: usize, found: usize) {
        let left = self.inner.left.load(Ordering::Relaxed).wrapping_sub(left_before);
        let ahead = self.inner.ahead.load(Ordering::Relaxed);
        let fading = ahead - ahead.div_ceil(FADING);
        let next = if found == 0 { 0 } else { (left + left / 2).max(fading).min(self.inner.ahead_most) };
        self.inner.ahead.store(next, Ordering::Relaxed);
    }

    /// For something that was claimed.
    pub(crate) fn come(&self) -> Coming {
        self.inner.coming.fetch_add(1, Ordering::Relaxed);
        Coming { inner: Arc::clone(&self.inner) }
    }
}

/// Something that was claimed and has no place yet.
pub(crate) struct Coming {
    inner: Arc<Inner>,
}

impl Coming {
    /// A place; None when there is none in time, or it is time to stop.
    pub(crate) async fn place(self, stop: impl Future<Output = ()>) -> Option<Place> {
        let inner = Arc::clone(&self.inner);
        let permit = tokio::select! {
            biased;
            permit = Arc::clone(&inner.free).acquire_owned() => permit.ok(),
            () = stop => None,
            () = tokio::time::sleep(PATIENCE) => {
                inner.ahead.store(0, Ordering::Relaxed);
                None
            }
        };
        permit.map(|permit| Place { permit: Some(permit), inner })
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.inner.coming.fetch_sub(1, Ordering::Relaxed);
        self.inner.changed.notify_one();
    }
}

/// A place in use, left when dropped.
pub(crate) struct Place {
    permit: Option<OwnedSemaphorePermit>,
    inner: Arc<Inner>,
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.permit.take());
        self.inner.left.fetch_add(1, Ordering::Relaxed);
        self.inner.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_free_places_are_claimed_for_while_nothing_leaves() {
        let places = Places::new(8, 2);
        assert_eq!(places.room().await, 8);
        let coming: Vec<Coming> = (0..8).map(|_| places.come()).collect();
        assert!(tokio::time::timeout(Duration::ZERO, places.room()).await.is_err(), "all are spoken for");
        let mut taken = Vec::new();
        for one in coming {
            taken.push(one.place(std::future::pending()).await.unwrap());
        }
        places.claimed(places.claiming(), 8);
        let room = places.room();
        let leave = async { drop(taken.pop()) };
        assert_eq!(tokio::join!(room, leave).0, 1);
    }

    #[tokio::test]
    async fn as_much_is_claimed_ahead_as_leaves_meanwhile_and_nothing_after_a_wait_in_vain() {
        let places = Places::new(4, 2);
        let mut taken = Vec::new();
        for _ in 0..4 {
            taken.push(places.come().place(std::future::pending()).await.unwrap());
        }
        let before = places.claiming();
        drop(taken.pop());
        taken.push(places.come().place(std::future::pending()).await.unwrap());
        places.claimed(before, 1);
        assert_eq!(places.room().await, 1, "one left while the claim was made");
        let (next, last) = (places.come(), places.come());
        let waits = next.place(std::future::pending());
        drop(taken.pop());
        taken.push(waits.await.expect("the place that was left"));
        assert!(last.place(std::future::pending()).await.is_none(), "none was left in time");
        assert!(tokio::time::timeout(Duration::ZERO, places.room()).await.is_err());
        let stopped = places.come().place(std::future::ready(()));
        assert!(stopped.await.is_none());
    }

    #[tokio::test]
    async fn what_is_claimed_ahead_outlasts_a_lull_but_not_for_ever() {
        let places = Places::new(8, 8);
        let mut taken = Vec::new();
        for _ in 0..8 {
            taken.push(places.come().place(std::future::pending()).await.unwrap());
        }
        let before = places.claiming();
        for _ in 0..4 {
            taken.pop();
            taken.push(places.come().place(std::future::pending()).await.unwrap());
        }
        places.claimed(before, 4);
        assert_eq!(places.room().await, 6, "four left, and half as many more");
        for _ in 0..3 {
            places.claimed(places.claiming(), 1);
        }
        assert_eq!(places.room().await, 3, "each claim forgets one");
        places.claimed(places.claiming(), 0);
        assert!(tokio::time::timeout(Duration::ZERO, places.room()).await.is_err(), "nothing waits");
    }
}
