//! How many requests each client of the gateway may send, by GCRA in this process.
//!
//! Invariant: each client has a limit of its own, so that one cannot use up another's; every answer says what is left.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};
use frameos_domain::id::ClientId;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};

type Limiter = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// A client's limit, and how much of it is left.
type Known = (NonZeroU32, Arc<Limiter>);

/// The limits of every client.
pub(crate) struct Limits {
    /// Requests a second for whoever has no limit of its own; none is no limit.
    default: Option<NonZeroU32>,
    clients: Mutex<HashMap<Option<ClientId>, Known>>,
}

/// Where a client stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    limit: u32,
    remaining: u32,
    /// Until the whole burst is there again.
    reset: u64,
}

/// A request too many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TooMany {
    pub(crate) standing: Standing,
    pub(crate) wait: Duration,
}

impl Limits {
    pub(crate) fn new(per_second: u32) -> Self {
        Self { default: NonZeroU32::new(per_second), clients: Mutex::default() }
    }

    /// Counts a request of `client`'s, whose own limit is `per_second`. None when it has no limit.
    pub(crate) fn count(
        &self,
        client: Option<ClientId>,
        per_second: Option<u32>,
    ) -> Result<Option<Standing>, TooMany> {
        let Some(limit) = per_second.and_then(NonZeroU32::new).or(self.default) else { return Ok(None) };
        let limiter = self.limiter(client, limit);
        let burst = burst(limit).get();
        let standing = |remaining: u32| Standing {
            limit: burst,
            remaining,
            reset: u64::from(burst - remaining.min(burst)).div_ceil(limit.get().into()),
        };
        match limiter.check() {
            Ok(left) => Ok(Some(standing(left.remaining_burst_capacity()))),
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                Err(TooMany { standing: standing(0), wait })
            }
        }
    }

    fn limiter(&self, client: Option<ClientId>, limit: NonZeroU32) -> Arc<Limiter> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        match clients.get(&client) {
            Some((known, limiter)) if *known == limit => Arc::clone(limiter),
            _ => {
                let quota = Quota::per_second(limit).allow_burst(burst(limit));
                let fresh = RateLimiter::direct(quota).with_middleware::<StateInformationMiddleware>();
                let fresh = Arc::new(fresh);
                clients.insert(client, (limit, Arc::clone(&fresh)));
                fresh
            }
        }
    }
}

/// What may come at once after a pause: two seconds' worth.
const fn burst(limit: NonZeroU32) -> NonZeroU32 {
    limit.saturating_mul(NonZeroU32::MIN.saturating_add(1))
}

impl Standing {
    /// Says it in the answer's headers.
    pub(crate) fn tell(self, response: &mut Response) {
        let values = [
            ("ratelimit-limit", HeaderValue::from(self.limit)),
            ("ratelimit-remaining", HeaderValue::from(self.remaining)),
            ("ratelimit-reset", HeaderValue::from(self.reset)),
        ];
        for (name, value) in values {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use frameos_domain::clock::Timestamp;

    use super::*;

    #[test]
    fn each_client_has_its_own_and_none_is_none() {
        let limits = Limits::new(1);
        let client = Some(ClientId::generate(Timestamp::from_micros(0)));
        let standing = limits.count(None, None).unwrap().unwrap();
        assert_eq!((standing.limit, standing.remaining, standing.reset), (2, 1, 1));
        assert_eq!(limits.count(None, None).unwrap().unwrap().remaining, 0);
        let refused = limits.count(None, None).unwrap_err();
        assert!(refused.wait <= Duration::from_secs(1) && !refused.wait.is_zero(), "{refused:?}");
        assert_eq!((refused.standing.remaining, refused.standing.reset), (0, 2));
        assert_eq!(limits.count(client, Some(50)).unwrap().unwrap().limit, 100);
        assert_eq!(
            limits.count(client, Some(60)).unwrap().unwrap().limit,
            120,
            "a changed limit counts at once"
        );
        let unlimited = Limits::new(0);
        assert!((0..1_000).all(|_| unlimited.count(None, None).unwrap().is_none()));
    }
}
