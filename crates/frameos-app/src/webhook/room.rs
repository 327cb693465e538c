//! How many deliveries one process makes at a time, in all and for one user.
//!
//! Invariant: receivers that let us wait never take all of the room that settlements and other jobs have too, nor one user's all
//! of the deliveries'. Who finds no room is told when to come again: behind those who were told before, at the speed at which
//! that user's receivers answer, so that a long backlog does not ask in vain over and over.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use frameos_domain::id::UserId;
use tokio::time::Instant;

/// Fewer than the worker's places for work that is no run.
const IN_ALL: usize = 12;
const OF_ONE_USER: usize = 3;
const SHORTEST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// What an answer takes while nothing is known.
const FIRST_GUESS: Duration = Duration::from_millis(200);

#[derive(Clone, Default)]
pub(crate) struct Room {
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    in_all: usize,
    users: HashMap<UserId, Lane>,
}

struct Lane {
    taken: usize,
    /// What an answer takes: a moving average.
    mean: Duration,
    /// When those who were sent away are through.
    free_at: Instant,
}

/// Room for one delivery, until dropped.
pub(super) struct Place {
    room: Room,
    user: UserId,
    since: Instant,
}

impl Room {
    /// Room for a delivery to this user's webhook, or how long to wait.
    pub(super) fn enter(&self, user: UserId) -> Result<Place, Duration> {
        let now = Instant::now();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = taken.in_all >= IN_ALL;
        let lane = taken.users.entry(user).or_insert(Lane { taken: 0, mean: FIRST_GUESS, free_at: now });
        if is_full || lane.taken >= OF_ONE_USER {
            lane.free_at = lane.free_at.max(now) + lane.mean / OF_ONE_USER as u32;
            return Err((lane.free_at - now).clamp(SHORTEST_WAIT, LONGEST_WAIT));
        }
        lane.taken += 1;
        taken.in_all += 1;
        Ok(Place { room: self.clone(), user, since: now })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut taken = self.room.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.in_all = taken.in_all.saturating_sub(1);
        if let Some(lane) = taken.users.get_mut(&self.user) {
            lane.taken = lane.taken.saturating_sub(1);
            lane.mean = (lane.mean * 3 + (now - self.since)) / 4;
        }
        taken.users.retain(|_, lane| lane.taken > 0 || lane.free_at > now);
    }
}

#[cfg(test)]
mod tests {
    use frameos_domain::clock::Timestamp;

    use super::*;

    fn user() -> UserId {
        UserId::generate(Timestamp::from_micros(0))
    }

    #[test]
    fn no_user_takes_it_all_and_all_together_leave_some() {
        let (room, hog) = (Room::default(), user());
        let mut places: Vec<_> = (0..OF_ONE_USER).map(|_| room.enter(hog).ok().unwrap()).collect();
        let waits: Vec<_> = (0..30).map(|_| room.enter(hog).err().unwrap()).collect();
        assert!(waits.is_sorted() && waits[29] > waits[0] * 5, "{waits:?}");
        while places.len() < IN_ALL {
            places.push(room.enter(user()).ok().unwrap());
        }
        assert!(room.enter(user()).is_err());
        places.pop();
        assert!(room.enter(user()).is_ok());
    }
}
