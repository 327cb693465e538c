//! What running agents use and how far they are, told to the store while they run.
//!
//! Invariants: whoever measures a run never waits for the store: a run's events only replace what is held here, and one task per
//! worker writes what changed, all runs in one transaction, once a second at most. A write that fails is dropped, because the
//! next sample says more. Runs that end before their first sample cost nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use frameos_domain::{id::TicketId, receipt::Resources, redact::Redactor};
use frameos_sandbox::RunEvent;
use frameos_store::{
    live::{Live, Progress, live_set},
    ticket::Ticket,
};
use tokio::sync::{Notify, mpsc};

use crate::{app::App, bare_run::run_resources, outcome::message_clean};

/// The least time between two writes of one worker.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// Characters of a progress message.
const LONGEST_PROGRESS: usize = 500;

/// The runs of one worker; clones share them.
#[derive(Clone, Default)]
pub(crate) struct LiveRuns {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    runs: Mutex<BTreeMap<Claim, Followed>>,
    changed: Notify,
}

/// A ticket and the number of its claim: attempts of one run never mix.
type Claim = (TicketId, i64);

struct Followed {
    ticket: Ticket,
    redactor: Arc<Redactor>,
    resources: Option<Resources>,
    /// As the agent said it, secrets and all.
    progress: Option<Progress>,
    changed: bool,
}

impl LiveRuns {
    /// Takes a run's events until it has ended.
    pub(crate) async fn follow(
        &self,
        ticket: &Ticket,
        redactor: Redactor,
        mut events: mpsc::Receiver<RunEvent>,
    ) {
        let run = self.enter(ticket, redactor);
        while let Some(event) = events.recv().await {
            match event {
                RunEvent::Sample(used) => run.sampled(run_resources(&used)),
                RunEvent::Progress { fraction, message } => run.progressed(Progress { fraction, message }),
                // What is printed is kept by the sandbox itself, and nobody may read it before the end.
                RunEvent::Started | RunEvent::Stdout(_) | RunEvent::Stderr(_) | RunEvent::Log { .. } => {}
            }
        }
    }

    /// Writes what changes, for ever.
    pub(crate) async fn write(self, app: App) {
        loop {
            self.inner.changed.notified().await;
            let news = self.take_changed();
            if news.is_empty() {
                continue;
            }
            if let Err(error) = store(&app, news).await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "samples of running agents were not stored"
                );
            }
            tokio::time::sleep(WRITE_EVERY).await;
        }
    }

    fn enter(&self, ticket: &Ticket, redactor: Redactor) -> Run<'_> {
        let claim = (ticket.id, ticket.attempt);
        let followed = Followed {
            ticket: ticket.clone(),
            redactor: Arc::new(redactor),
            resources: None,
            progress: None,
            changed: false,
        };
        self.runs().insert(claim, followed);
        Run { live: self, claim }
    }

    /// What changed since it was last taken, of runs that have been measured.
    fn take_changed(&self) -> Vec<(Ticket, Live)> {
        let mut news = Vec::new();
        for run in self.runs().values_mut().filter(|run| run.changed && run.resources.is_some()) {
            run.changed = false;
            let said = (Arc::clone(&run.redactor), run.progress.clone());
            news.push((run.ticket.clone(), run.resources.clone(), said));
        }
        // Clearing a message of secrets takes its time; the lock is released by now.
        let live = |(ticket, resources, (redactor, progress)): (_, _, (Arc<Redactor>, Option<Progress>))| {
            (ticket, Live { resources, progress: progress.map(|said| progress_clean(&redactor, said)) })
        };
        news.into_iter().map(live).collect()
    }

    fn runs(&self) -> MutexGuard<'_, BTreeMap<Claim, Followed>> {
        self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn progress_clean(redactor: &Redactor, said: Progress) -> Progress {
    // Cut last: half a secret would not be found.
    let message = message_clean(&redactor.redact(&said.message));
    Progress { fraction: said.fraction, message: message.chars().take(LONGEST_PROGRESS).collect() }
}

async fn store(app: &App, news: Vec<(Ticket, Live)>) -> Result<(), frameos_store::StoreError> {
    let owner = app.settings.worker_name.clone();
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                for (ticket, live) in &news {
                    live_set(tx, ticket, &owner, live).await?;
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
    fn sampled(&self, used: Resources) {
        self.change(|run| run.resources = Some(used));
    }

    fn progressed(&self, said: Progress) {
        self.change(|run| run.progress = Some(said));
    }

    fn change(&self, change: impl FnOnce(&mut Followed)) {
        if let Some(run) = self.live.runs().get_mut(&self.claim) {
            change(run);
            run.changed = true;
            // Before the first sample there is nothing to write.
            if run.resources.is_some() {
                self.live.inner.changed.notify_one();
            }
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

    fn ticket(attempt: i64) -> Ticket {
        let at = Timestamp::from_micros(1_795_000_000_000_000);
        Ticket {
            id: Id::new(at, [1; 10]),
            kind: "run".into(),
            execution_id: ExecutionId::new(at, [2; 10]),
            payload: json!({}),
            attempt,
        }
    }

    fn sample(wall_ms: i64) -> Resources {
        Resources { wall_ms, ..Resources::default() }
    }

    fn said(message: &str) -> Progress {
        Progress { fraction: 0.5, message: message.into() }
    }

    #[test]
    fn the_latest_is_told_once_and_only_of_measured_runs() {
        let live = LiveRuns::default();
        let run = live.enter(&ticket(1), Redactor::default());
        run.progressed(said("early"));
        assert_eq!(live.take_changed(), [], "a short run costs no write");
        run.sampled(sample(1));
        run.sampled(sample(2));
        let told = Live { resources: Some(sample(2)), progress: Some(said("early")) };
        assert_eq!(live.take_changed(), [(ticket(1), told)]);
        assert_eq!(live.take_changed(), []);
        run.progressed(said("late"));
        assert_eq!(live.take_changed().len(), 1);
    }

    #[test]
    fn attempts_do_not_mix_and_ended_runs_are_forgotten() {
        let live = LiveRuns::default();
        let old = live.enter(&ticket(1), Redactor::default());
        let new = live.enter(&ticket(2), Redactor::default());
        new.sampled(sample(7));
        drop(old);
        assert_eq!(live.take_changed().len(), 1);
        new.sampled(sample(8));
        drop(new);
        assert_eq!(live.take_changed(), []);
    }

    #[test]
    fn progress_is_cleared_of_secrets_and_of_what_terminals_obey() {
        let live = LiveRuns::default();
        let run = live.enter(&ticket(1), Redactor::new(["hunter2-hunter2"]));
        run.sampled(sample(1));
        run.progressed(said(&format!("{}hunter2-hunter2\u{1b}[2J", "x".repeat(LONGEST_PROGRESS - 5))));
        let told = live.take_changed().pop().unwrap().1.progress.unwrap().message;
        assert_eq!(told.chars().count(), LONGEST_PROGRESS);
        assert!(told.ends_with("x[reda"), "{told}");
        run.progressed(said("\u{1b}[2Jhunter2-hunter2"));
        assert_eq!(live.take_changed().pop().unwrap().1.progress.unwrap().message, " [2J[redacted]");
    }
}
