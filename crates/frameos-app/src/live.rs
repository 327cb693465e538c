//! What running agents use and say, told to the store while they run.
//!
//! Invariants: whoever measures a run never waits for the store: a run's news are only held here, and one task per worker writes
//! what changed, all runs in one transaction, a few times a second at most. A sample that cannot be written is dropped, because
//! the next one says more; events wait for the next write, and those left at the run's end are given to whoever stores its
//! result. Runs that end before their first write cost nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use frameos_domain::{id::TicketId, receipt::Resources, redact::Redactor};
use frameos_store::{
    live::{Live, Progress, live_set},
    run_event::{RunEvent, RunEventKind, run_events_append},
    ticket::Ticket,
};
use tokio::sync::{Notify, mpsc};

use crate::{
    app::App,
    tell::{Teller, Told},
};

/// The least time between two writes of one worker, and from the first news to their write.
const WRITE_EVERY: Duration = Duration::from_millis(250);

/// The runs of one worker; clones share them.
#[derive(Clone, Default)]
pub(crate) struct LiveRuns {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    runs: Mutex<BTreeMap<Claim, Followed>>,
    changed: Notify,
    written: Notify,
}

/// A ticket and the number of its claim: attempts of one run never mix.
type Claim = (TicketId, i64);

struct Followed {
    ticket: Ticket,
    /// The run's attempt, which numbers its events.
    attempt: i64,
    resources: Option<Resources>,
    /// What is not written yet.
    progress: Option<Progress>,
    events: Vec<RunEvent>,
    changed: bool,
    /// Some events are on their way to the store.
    writing: bool,
}

/// What changed of one run.
#[derive(Debug, Clone, PartialEq)]
struct News {
    ticket: Ticket,
    attempt: i64,
    live: Live,
    events: Vec<RunEvent>,
}

impl News {
    const fn claim(&self) -> Claim {
        (self.ticket.id, self.ticket.attempt)
    }
}

impl LiveRuns {
    /// Takes a run's events until it has ended. Returns those that are not stored.
    pub(crate) async fn follow(
        &self,
        app: &App,
        (ticket, attempt): (&Ticket, i64),
        redactor: Redactor,
        mut events: mpsc::Receiver<frameos_sandbox::RunEvent>,
    ) -> Vec<RunEvent> {
        let run = self.enter(ticket, attempt);
        let mut teller = Teller::new(redactor);
        while let Some(heard) = events.recv().await {
            run.told(teller.tell(heard, app.now()));
        }
        run.told(teller.finish(app.now()));
        run.leave().await
    }

    /// Writes what changes, for ever.
    pub(crate) async fn write(self, app: App) {
        loop {
            self.inner.changed.notified().await;
            // A run that ends meanwhile needs no write of its own.
            tokio::time::sleep(WRITE_EVERY).await;
            let news = Arc::new(self.take_changed());
            if news.is_empty() {
                continue;
            }
            let stored = store(&app, Arc::clone(&news)).await;
            if let Err(error) = &stored {
                tracing::debug!(
                    error = error as &dyn std::error::Error,
                    "samples of running agents were not stored"
                );
            }
            self.written(&news, stored.is_ok());
        }
    }

    fn enter(&self, ticket: &Ticket, attempt: i64) -> Run<'_> {
        let claim = (ticket.id, ticket.attempt);
        let followed = Followed {
            ticket: ticket.clone(),
            attempt,
            resources: None,
            progress: None,
            events: Vec::new(),
            changed: false,
            writing: false,
        };
        self.runs().insert(claim, followed);
        Run { live: self, claim }
    }

    /// What changed since it was last taken.
    fn take_changed(&self) -> Vec<News> {
        let mut news = Vec::new();
        for run in self.runs().values_mut().filter(|run| run.changed) {
            run.changed = false;
            run.writing = true;
            news.push(News {
                ticket: run.ticket.clone(),
                attempt: run.attempt,
                live: Live { resources: run.resources.clone(), progress: run.progress.take() },
                events: std::mem::take(&mut run.events),
            });
        }
        news
    }

    /// Notes that what was taken has been stored, or has to be kept.
    fn written(&self, news: &[News], stored: bool) {
        let mut runs = self.runs();
        for told in news {
            let Some(run) = runs.get_mut(&told.claim()) else { continue };
            run.writing = false;
            if !stored {
                run.events.splice(0..0, told.events.iter().cloned());
                run.progress = run.progress.take().or_else(|| told.live.progress.clone());
            }
        }
        drop(runs);
        self.inner.written.notify_waiters();
    }

    fn runs(&self) -> MutexGuard<'_, BTreeMap<Claim, Followed>> {
        self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn store(app: &App, news: Arc<Vec<News>>) -> Result<(), frameos_store::StoreError> {
    let owner = app.settings.worker_name.clone();
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                for News { ticket, attempt, live, events } in news.iter() {
                    if live_set(tx, ticket, &owner, live).await? {
                        run_events_append(tx, ticket, &owner, *attempt, events).await?;
                    }
                }
                Ok(())
            })
        })
        .await
}

/// One run's place in the list; left when dropped.
struct Run<'a> {
    live: &'a LiveRuns,
    claim: Claim,
}

impl Run<'_> {
    fn told(&self, told: Vec<Told>) {
        if told.is_empty() {
            return;
        }
        if let Some(run) = self.live.runs().get_mut(&self.claim) {
            for told in told {
                match told.kind() {
                    RunEventKind::Resources { used } => run.resources = Some(used.clone()),
                    RunEventKind::Progress { fraction, message } => {
                        run.progress = Some(Progress { fraction: *fraction, message: message.clone() });
                    }
                    RunEventKind::Log { .. } | RunEventKind::Charge { .. } | RunEventKind::Truncated => {}
                }
                told.add_to(&mut run.events);
            }
            run.changed = true;
        }
        self.live.inner.changed.notify_one();
    }

    /// The events that are left, once none is on its way any more.
    async fn leave(self) -> Vec<RunEvent> {
        loop {
            let written = self.live.inner.written.notified();
            let mut written = std::pin::pin!(written);
            written.as_mut().enable();
            match self.live.runs().get_mut(&self.claim) {
                Some(run) if run.writing => {}
                Some(run) => return std::mem::take(&mut run.events),
                None => return Vec::new(),
            }
            written.await;
        }
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.live.runs().remove(&self.claim);
    }
}

#[cfg(test)]
mod tests {
    use frameos_domain::{
        clock::Timestamp,
        id::{ExecutionId, Id},
    };
    use serde_json::json;

    use super::*;

    const AT: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

    fn ticket(attempt: i64) -> Ticket {
        Ticket {
            id: Id::new(AT, [1; 10]),
            kind: "run".into(),
            execution_id: ExecutionId::new(AT, [2; 10]),
            payload: json!({}),
            attempt,
        }
    }

    fn new(events: &[RunEvent]) -> Vec<Told> {
        events.iter().cloned().map(Told::New).collect()
    }

    fn sample(wall_ms: i64) -> RunEvent {
        let used = Resources { wall_ms, ..Resources::default() };
        RunEvent { at: AT, kind: RunEventKind::Resources { used } }
    }

    fn said(message: &str) -> RunEvent {
        RunEvent { at: AT, kind: RunEventKind::Progress { fraction: 0.5, message: message.into() } }
    }

    #[test]
    fn what_changed_is_told_once() {
        let live = LiveRuns::default();
        let run = live.enter(&ticket(1), 1);
        run.told(new(&[said("early"), sample(1), sample(2)]));
        let taken = live.take_changed().pop().unwrap();
        assert_eq!(taken.live.resources.map(|used| used.wall_ms), Some(2));
        assert_eq!(taken.live.progress.map(|said| said.message).as_deref(), Some("early"));
        assert_eq!(taken.events, [said("early"), sample(1), sample(2)]);
        assert_eq!(live.take_changed(), []);
        run.told(new(&[sample(3)]));
        let taken = live.take_changed().pop().unwrap();
        assert_eq!(
            (taken.live.progress, taken.events),
            (None, vec![sample(3)]),
            "others may have said more since"
        );
    }

    #[test]
    fn attempts_do_not_mix_and_ended_runs_are_forgotten() {
        let live = LiveRuns::default();
        let old = live.enter(&ticket(1), 1);
        let new = live.enter(&ticket(2), 2);
        new.told(self::new(&[sample(7)]));
        drop(old);
        assert_eq!(live.take_changed().len(), 1);
        new.told(self::new(&[sample(8)]));
        drop(new);
        assert_eq!(live.take_changed(), []);
    }

    #[tokio::test]
    async fn a_run_leaves_with_what_was_not_written_and_in_order() {
        let live = LiveRuns::default();
        let run = live.enter(&ticket(1), 1);
        run.told(new(&[said("a")]));
        let news = live.take_changed();
        run.told(new(&[said("b")]));
        let leaving = tokio::spawn({
            let live = live.clone();
            // The test's own place, under the same claim.
            async move { Run { live: &live, claim: (ticket(1).id, 1) }.leave().await }
        });
        tokio::task::yield_now().await;
        assert!(!leaving.is_finished(), "something is on its way");
        live.written(&news, false);
        assert_eq!(leaving.await.unwrap(), [said("a"), said("b")]);
    }
}
