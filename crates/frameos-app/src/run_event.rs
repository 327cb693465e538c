//! A run as its owner follows it: states, what it says, its end, as numbered events.
//!
//! Invariants: the numbers of a run's events rise and never change, so whoever was cut off goes on from the last one seen; nothing
//! follows the end. What is stored is only what the run's row does not tell: states and the end are derived from it, and stdout
//! from the kept logs, once they are open to the owner. Signals are hints; whoever misses one finds out by looking again.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
    id::{ExecutionId, UserId},
};
use frameos_store::run_event::{
    ATTEMPT_IDS, LogStream, RunEvent, RunEventKind, RunEvents, RunHistory, run_events_list, run_history_get,
};
use tokio::sync::broadcast;

use crate::{
    app::App,
    error::{AppError, Result},
    execution::{ExecutionView, execution_get, execution_logs},
};

/// Runs that one user may follow at a time, in one process.
const WATCHED_MAX: usize = 16;
/// The safety net under the signals.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Lines of stdout told as events.
const STDOUT_EVENTS_MAX: usize = 5_000;

// Where derived events stand among an attempt's numbers; those that were stored come first.
const REQUEUED: i64 = 900_000;
const SETTLING: i64 = 910_000;
const STDOUT: i64 = 920_000;
const ENDED: i64 = 999_998;
const END: i64 = 999_999;
const QUEUED: i64 = 1;

/// An event with its number.
#[derive(Debug, Clone)]
pub struct WatchEvent {
    pub id: i64,
    pub attempt: i64,
    pub at: Timestamp,
    pub kind: WatchKind,
}

#[derive(Debug, Clone)]
pub enum WatchKind {
    /// The run is in another state; `reason` says why it went back to the queue.
    State {
        status: RunStatus,
        reason: Option<String>,
    },
    Said(RunEventKind),
    /// The last one: the run as it ended.
    End(Box<ExecutionView>),
}

/// Somebody who follows a run.
pub struct Watch {
    app: App,
    user: UserId,
    id: ExecutionId,
    after: i64,
    ready: VecDeque<WatchEvent>,
    /// There was more than is read at once.
    more: bool,
    ended: bool,
    signals: broadcast::Receiver<ExecutionId>,
    _place: Place,
}

/// Follows one of the user's runs from the event numbered `after` on; 0 is its beginning.
pub async fn execution_watch(app: &App, user: UserId, id: ExecutionId, after: i64) -> Result<Watch> {
    let place = Watchers::enter(&app.watchers, user)?;
    let (app, signals) = (app.clone(), app.store().execution_events());
    let ready = VecDeque::new();
    let mut watch = Watch { app, user, id, after, ready, more: false, ended: false, signals, _place: place };
    watch.look().await?;
    Ok(watch)
}

impl Watch {
    /// Whether all has been told already.
    pub fn is_over(&self) -> bool {
        self.ended && self.ready.is_empty()
    }

    /// The next event as soon as there is one; none after the end.
    pub async fn next(&mut self) -> Result<Option<WatchEvent>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            if !self.more {
                self.wait().await;
            }
            self.look().await?;
        }
    }

    async fn wait(&mut self) {
        let (signals, id) = (&mut self.signals, self.id);
        // One that lagged behind may have missed its own.
        let heard = async { while signals.recv().await.is_ok_and(|changed| changed != id) {} };
        let _ = tokio::time::timeout(LOOK_AGAIN, heard).await;
    }

    /// Reads what is new.
    async fn look(&mut self) -> Result<()> {
        let (user, id, after) = (self.user, self.id, self.after);
        let (history, stored) = self
            .app
            .store()
            .read(move |tx| {
                Box::pin(async move {
                    let history = run_history_get(tx, user, id).await?;
                    Ok((history, run_events_list(tx, user, id, after).await?))
                })
            })
            .await?;
        let history = history.ok_or(AppError::not_found("execution"))?;
        self.more = !stored.complete;
        let mut events = merge(states(&history), stored);
        if !self.more && history.status.is_final() {
            events.extend(self.finale(&history).await?);
            self.ended = true;
        }
        events.retain(|event| event.id > after);
        self.after = events.last().map_or(after, |event| event.id);
        self.ready.extend(events);
        Ok(())
    }

    /// What is told when the run has ended: its stdout, as far as the owner may read it, its state, and all of it.
    async fn finale(&self, history: &RunHistory) -> Result<Vec<WatchEvent>> {
        let (attempt, base) = (history.attempt, history.attempt * ATTEMPT_IDS);
        if self.after >= base + END {
            return Ok(Vec::new());
        }
        let logs = execution_logs(&self.app, self.user, self.id).await?;
        let view = execution_get(&self.app, self.user, self.id).await?;
        let at = history.completed_at.unwrap_or(history.created_at);
        let kinds = logs.stdout.lines().take(STDOUT_EVENTS_MAX).map(|line| RunEventKind::Log {
            stream: LogStream::Stdout,
            level: None,
            message: line.to_owned(),
        });
        let more = logs.stdout.lines().nth(STDOUT_EVENTS_MAX).map(|_| RunEventKind::Truncated);
        let mut events: Vec<WatchEvent> = (base + STDOUT..)
            .zip(kinds.chain(more))
            .map(|(id, kind)| WatchEvent { id, attempt, at, kind: WatchKind::Said(kind) })
            .collect();
        let state = WatchKind::State { status: history.status, reason: None };
        events.push(WatchEvent { id: base + ENDED, attempt, at, kind: state });
        events.push(WatchEvent { id: base + END, attempt, at, kind: WatchKind::End(Box::new(view)) });
        Ok(events)
    }
}

/// The states a run went through, but for its last.
fn states(history: &RunHistory) -> Vec<WatchEvent> {
    let state = |id, attempt, at, status, reason| WatchEvent {
        id,
        attempt,
        at,
        kind: WatchKind::State { status, reason },
    };
    let mut events = vec![state(QUEUED, 0, history.created_at, RunStatus::Queued, None)];
    for tried in &history.attempts {
        let base = tried.attempt * ATTEMPT_IDS;
        events.push(state(base, tried.attempt, tried.started_at, RunStatus::Running, None));
        if let (Some("requeued" | "lost"), Some(at)) = (tried.outcome.as_deref(), tried.ended_at) {
            let reason = tried.reason.clone();
            events.push(state(base + REQUEUED, tried.attempt, at, RunStatus::Queued, reason));
        }
    }
    let settled = matches!(history.status, RunStatus::Settling | RunStatus::Success)
        || history.failure_reason == Some(FailureReason::PaymentDeclined);
    if let Some(at) = history.completed_at.filter(|_| settled) {
        let id = history.attempt * ATTEMPT_IDS + SETTLING;
        events.push(state(id, history.attempt, at, RunStatus::Settling, None));
    }
    events
}

/// States and what was said between them, in order. What lies beyond the last that was read must wait for the rest.
fn merge(states: Vec<WatchEvent>, stored: RunEvents) -> Vec<WatchEvent> {
    let read_to = if stored.complete { i64::MAX } else { stored.events.last().map_or(0, |(id, _)| *id) };
    let said = stored.events.into_iter().map(|(id, RunEvent { at, kind })| WatchEvent {
        id,
        attempt: id / ATTEMPT_IDS,
        at,
        kind: WatchKind::Said(kind),
    });
    let mut events: Vec<WatchEvent> =
        states.into_iter().filter(|event| event.id <= read_to).chain(said).collect();
    events.sort_by_key(|event| event.id);
    events
}

/// How many runs each user follows.
#[derive(Default)]
pub(crate) struct Watchers {
    users: Mutex<HashMap<UserId, usize>>,
}

impl Watchers {
    fn enter(watchers: &Arc<Self>, user: UserId) -> Result<Place> {
        let mut users = watchers.users.lock().unwrap_or_else(PoisonError::into_inner);
        let watched = users.entry(user).or_default();
        if *watched >= WATCHED_MAX {
            return Err(AppError::RateLimited {
                message: format!(
                    "{WATCHED_MAX} runs may be followed at a time; close one of the streams first"
                ),
                retry_after: Duration::from_secs(5),
            });
        }
        *watched += 1;
        Ok(Place { watchers: Arc::clone(watchers), user })
    }
}

/// A place among the watchers; left when dropped.
struct Place {
    watchers: Arc<Watchers>,
    user: UserId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut users = self.watchers.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watched) = users.get_mut(&self.user) {
            *watched -= 1;
            if *watched == 0 {
                users.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use frameos_domain::id::Id;
    use frameos_store::run_event::RunAttempt;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros((1_795_000_000 + second) * 1_000_000)
    }

    fn tried(attempt: i64, outcome: Option<&str>) -> RunAttempt {
        RunAttempt {
            attempt,
            started_at: at(attempt * 10),
            ended_at: outcome.map(|_| at(attempt * 10 + 5)),
            outcome: outcome.map(str::to_owned),
            reason: outcome.map(|outcome| format!("it was {outcome}")),
        }
    }

    fn history(status: RunStatus, attempts: Vec<RunAttempt>) -> RunHistory {
        RunHistory {
            status,
            attempt: attempts.len() as i64,
            failure_reason: None,
            created_at: at(0),
            completed_at: status.is_final().then(|| at(99)),
            attempts,
        }
    }

    fn told(history: &RunHistory, stored: RunEvents) -> Vec<String> {
        let events = merge(states(history), stored);
        assert!(events.is_sorted_by(|left, right| left.id < right.id));
        let text = |event: WatchEvent| match event.kind {
            WatchKind::State { status, reason } => format!("{status} {}", reason.unwrap_or_default()),
            WatchKind::Said(_) => format!("said {}", event.id),
            WatchKind::End(_) => "end".to_owned(),
        };
        events.into_iter().map(|event| text(event).trim().to_owned()).collect()
    }

    fn stored(ids: &[i64], complete: bool) -> RunEvents {
        let event = RunEvent { at: at(1), kind: RunEventKind::Truncated };
        RunEvents { events: ids.iter().map(|id| (*id, event.clone())).collect(), complete }
    }

    #[test]
    fn states_and_what_was_said_come_in_order_whatever_happened() {
        let run = history(
            RunStatus::Success,
            vec![tried(1, Some("requeued")), tried(2, Some("lost")), tried(3, Some("ended"))],
        );
        assert_eq!(
            told(&run, stored(&[1_000_001, 2_000_001, 3_000_001], true)),
            [
                "queued",
                "running",
                "said 1000001",
                "queued it was requeued",
                "running",
                "said 2000001",
                "queued it was lost",
                "running",
                "said 3000001",
                "settling"
            ]
        );
        assert_eq!(told(&history(RunStatus::Queued, vec![]), stored(&[], true)), ["queued"]);
        let mut refused = history(RunStatus::Failed, vec![tried(1, Some("ended"))]);
        assert_eq!(told(&refused, stored(&[], true)), ["queued", "running"]);
        refused.failure_reason = Some(FailureReason::PaymentDeclined);
        assert_eq!(told(&refused, stored(&[], true)), ["queued", "running", "settling"]);
    }

    #[test]
    fn no_state_overtakes_what_is_still_to_be_read() {
        let run = history(RunStatus::Running, vec![tried(1, Some("requeued")), tried(2, None)]);
        assert_eq!(told(&run, stored(&[1_000_001], false)), ["queued", "running", "said 1000001"]);
    }

    #[test]
    fn a_user_follows_only_so_many_runs_at_a_time() {
        let watchers = Arc::<Watchers>::default();
        let (one, other) = (Id::new(at(0), [1; 10]), Id::new(at(0), [2; 10]));
        let mut places: Vec<_> = (0..WATCHED_MAX).map(|_| Watchers::enter(&watchers, one).unwrap()).collect();
        assert_eq!(Watchers::enter(&watchers, one).err().unwrap().code(), "RATE_LIMITED");
        assert!(Watchers::enter(&watchers, other).is_ok());
        places.pop();
        assert!(Watchers::enter(&watchers, one).is_ok());
        places.clear();
        assert!(watchers.users.lock().unwrap().is_empty());
    }
}
