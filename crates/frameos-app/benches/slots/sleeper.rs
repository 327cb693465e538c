//! Runs that sleep in place of agents, and what became of them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use frameos_app::Runner;
use frameos_gateway::BoxFuture;
use frameos_sandbox::{Captured, End, Outcome, Resources, RunEvent, RunSpec, SandboxError, WarmUse};
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

pub(crate) struct Sleeper {
    sleep: Duration,
    starts: Mutex<HashMap<String, Instant>>,
    started: watch::Sender<usize>,
    ended: watch::Sender<usize>,
    /// Microseconds, of all together.
    slept: AtomicU64,
}

impl Sleeper {
    pub(crate) fn new(sleep: Duration) -> Self {
        Self {
            sleep,
            starts: Mutex::default(),
            started: watch::Sender::default(),
            ended: watch::Sender::default(),
            slept: AtomicU64::new(0),
        }
    }

    /// How long all have slept together.
    pub(crate) fn slept(&self) -> Duration {
        Duration::from_micros(self.slept.load(Ordering::Relaxed))
    }

    /// Once so many runs have ended.
    pub(crate) async fn ended(&self, runs: usize) {
        self.ended.subscribe().wait_for(|ended| *ended >= runs).await.unwrap();
    }

    /// When the run was started, once it is.
    pub(crate) async fn started(&self, run: &str) -> Instant {
        let mut started = self.started.subscribe();
        loop {
            if let Some(at) = self.starts.lock().unwrap_or_else(PoisonError::into_inner).get(run) {
                return *at;
            }
            started.changed().await.unwrap();
        }
    }
}

impl Runner for Sleeper {
    fn run(
        &self,
        spec: RunSpec,
        _events: mpsc::Sender<RunEvent>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<Outcome, SandboxError>> {
        Box::pin(async move {
            let begun = Instant::now();
            self.starts.lock().unwrap_or_else(PoisonError::into_inner).insert(spec.execution_id, begun);
            self.started.send_modify(|started| *started += 1);
            let sleep = self.sleep;
            // As a process would, on the system's clock: the runtime's wakes up to two milliseconds late.
            let sleeping = tokio::task::spawn_blocking(move || std::thread::sleep(sleep));
            let end = tokio::select! {
                _ = sleeping => End::Exited(0),
                () = cancel.cancelled() => End::Cancelled,
            };
            let slept = u64::try_from(begun.elapsed().as_micros()).unwrap();
            self.slept.fetch_add(slept, Ordering::Relaxed);
            self.ended.send_modify(|ended| *ended += 1);
            Ok(Outcome {
                end,
                stdout: Captured::default(),
                stderr: Captured::default(),
                outputs: Some(json!({})),
                outputs_error: None,
                agent_error: None,
                resources: Resources::default(),
                tier: self.tier(),
                counts: BTreeMap::default(),
            })
        })
    }

    fn tier(&self) -> String {
        "none: a sleep".into()
    }

    fn warm_use(&self) -> WarmUse {
        WarmUse::default()
    }
}
