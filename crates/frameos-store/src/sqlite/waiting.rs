//! Jobs that wait for one of the database's threads.
//!
//! Invariants: a job wakes one thread (a channel behind a mutex would wake two); what is urgent is taken before what is not,
//! otherwise the oldest first; once closed, what waits is still handed out, and what comes later is dropped, so that whoever
//! waits for its answer learns of it.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// Whether a job goes before those that are not urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    InTurn,
    First,
}

pub(super) struct Waiting<J> {
    jobs: Mutex<Jobs<J>>,
    changed: Condvar,
}

struct Jobs<J> {
    first: VecDeque<J>,
    in_turn: VecDeque<J>,
    closed: bool,
}

impl<J> Default for Waiting<J> {
    fn default() -> Self {
        let jobs = Jobs { first: VecDeque::new(), in_turn: VecDeque::new(), closed: false };
        Self { jobs: Mutex::new(jobs), changed: Condvar::new() }
    }
}

impl<J> Jobs<J> {
    fn pop(&mut self) -> Option<(J, Urgency)> {
        let first = self.first.pop_front().map(|job| (job, Urgency::First));
        first.or_else(|| self.in_turn.pop_front().map(|job| (job, Urgency::InTurn)))
    }
}

impl<J> Waiting<J> {
    pub(super) fn push(&self, job: J, urgency: Urgency) {
        let mut jobs = self.lock();
        if jobs.closed {
            return;
        }
        match urgency {
            Urgency::First => jobs.first.push_back(job),
            Urgency::InTurn => jobs.in_turn.push_back(job),
        }
        drop(jobs);
        self.changed.notify_one();
    }

    /// The next job, once there is one. None when there will be none.
    pub(super) fn next(&self) -> Option<(J, Urgency)> {
        let idle = |jobs: &mut Jobs<J>| jobs.first.is_empty() && jobs.in_turn.is_empty() && !jobs.closed;
        self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// The next job, if one waits.
    pub(super) fn try_next(&self) -> Option<(J, Urgency)> {
        self.lock().pop()
    }

    /// The next urgent job, if one waits.
    pub(super) fn try_first(&self) -> Option<J> {
        self.lock().first.pop_front()
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Jobs<J>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the queue when its only thread ends, by a panic too, and drops what waits.
pub(super) struct Served<'a, J>(pub(super) &'a Waiting<J>);

impl<J> Drop for Served<'_, J> {
    fn drop(&mut self) {
        self.0.close();
        while self.0.try_next().is_some() {}
    }
}
