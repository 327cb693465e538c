//! What this process counts of the engine: runs stage by stage, claims, slots, and how deep the queue is.
//!
//! Invariants: labels are few and fixed, never an id or a text of a user or an agent; counting takes no lock that a query
//! holds; whoever reads the numbers causes at most one query of the queue every few seconds.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
};
use frameos_sandbox::Resources;
use frameos_store::overview::{self, QueueDepth};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use tokio::time::Instant;

use crate::app::App;

/// Seconds: 1 ms to the longest a run may take.
const BUCKETS: [f64; 17] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
/// How old the numbers of the queue may be.
const QUEUE_EVERY: Duration = Duration::from_secs(5);
/// A database that hangs must not hang whoever asks for numbers.
const QUEUE_PATIENCE: Duration = Duration::from_secs(2);

/// A stretch of a run's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// From the request to its answer, money held.
    Trigger,
    /// From acceptance to a worker's first attempt.
    Queue,
    /// From an attempt's beginning to the agent's first instruction.
    Start,
    /// From the agent's first instruction to its end.
    Run,
    /// From the result to its being published.
    Settle,
}

impl Stage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Queue => "queue",
            Self::Start => "start",
            Self::Run => "run",
            Self::Settle => "settle",
        }
    }
}

/// Why a run goes back to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// Something of ours failed.
    Platform,
    /// The agent asked for it, or its manifest allows it.
    Agent,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabel {
    stage: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    status: &'static str,
    /// Empty for a success.
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClaimLabels {
    work: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkLabel {
    work: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabel {
    class: &'static str,
}

/// A handle on the numbers; clones share them.
#[derive(Clone)]
pub struct Metrics {
    stages: Family<StageLabel, Histogram>,
    runs: Family<RunLabels, Counter>,
    retries: Family<ReasonLabel, Counter>,
    leases_lost: Counter,
    taken_over: Counter,
    claims: Family<ClaimLabels, Counter>,
    claimed: Family<WorkLabel, Counter>,
    warm: Family<ResultLabel, Counter>,
    password_checks: Counter,
    slots: Gauge,
    busy: Gauge,
    queue_depth: Family<ClassLabel, Gauge>,
    queue_wait: Family<ClassLabel, Gauge<f64, std::sync::atomic::AtomicU64>>,
    queue_read: Arc<Mutex<Option<Instant>>>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            stages: Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram),
            runs: Family::default(),
            retries: Family::default(),
            leases_lost: Counter::default(),
            taken_over: Counter::default(),
            claims: Family::default(),
            claimed: Family::default(),
            warm: Family::default(),
            password_checks: Counter::default(),
            slots: Gauge::default(),
            busy: Gauge::default(),
            queue_depth: Family::default(),
            queue_wait: Family::default(),
            queue_read: Arc::default(),
        }
    }
}

impl Metrics {
    /// Has these numbers shown by `registry`.
    pub fn register(&self, registry: &mut Registry) {
        let stages = "Time of runs in each stage: trigger, queue, start, run, settle";
        registry.register("frameos_stage_seconds", stages, self.stages.clone());
        let runs = "Runs that this process brought to their end, by state and reason of failure";
        registry.register("frameos_runs", runs, self.runs.clone());
        let retries = "Attempts after which a run went back to the queue";
        registry.register("frameos_retries", retries, self.retries.clone());
        let lost = "Leases that this worker lost while it held them";
        registry.register("frameos_leases_lost", lost, self.leases_lost.clone());
        let taken_over = "Attempts at runs whose last worker stopped answering";
        registry.register("frameos_attempts_taken_over", taken_over, self.taken_over.clone());
        let claims = "Looks into the queue, by whether they found work";
        registry.register("frameos_claims", claims, self.claims.clone());
        let claimed = "Tickets that looks into the queue found";
        registry.register("frameos_tickets_claimed", claimed, self.claimed.clone());
        let warm = "Runs by whether a warm sandbox waited for them";
        registry.register("frameos_sandbox_warm", warm, self.warm.clone());
        let checks = "Passwords compared with a hash, also where there is no such account";
        registry.register("frameos_password_checks", checks, self.password_checks.clone());
        registry.register("frameos_worker_slots", "Runs this worker takes at a time", self.slots.clone());
        registry.register("frameos_worker_busy", "Slots of this worker in use", self.busy.clone());
        let depth = "Tickets that wait, in the whole installation, by what they wait for";
        registry.register("frameos_queue_depth", depth, self.queue_depth.clone());
        let wait = "How long the first ticket of a class has waited, in the whole installation";
        registry.register("frameos_queue_oldest_wait_seconds", wait, self.queue_wait.clone());
    }

    pub(crate) fn password_check(&self) {
        self.password_checks.inc();
    }

    /// Counts a stage that took so long.
    pub fn stage(&self, stage: Stage, took: Duration) {
        self.stages.get_or_create(&StageLabel { stage: stage.as_str() }).observe(took.as_secs_f64());
    }

    /// The same between two times that may be of different machines' clocks.
    pub(crate) fn stage_between(&self, stage: Stage, from: Timestamp, to: Timestamp) {
        let micros = to.as_micros().saturating_sub(from.as_micros());
        self.stage(stage, Duration::from_micros(u64::try_from(micros).unwrap_or(0)));
    }

    /// Counts an agent's start and run. `prepared` is how long it took to come as far as its sandbox.
    pub(crate) fn ran(&self, prepared: Duration, used: &Resources) {
        self.stage(Stage::Start, prepared + Duration::from_millis(used.startup_ms));
        self.stage(Stage::Run, Duration::from_millis(used.wall_ms));
    }

    pub(crate) fn run_ended(&self, status: RunStatus, reason: Option<FailureReason>) {
        let reason = reason.map_or("", FailureReason::as_str);
        self.runs.get_or_create(&RunLabels { status: status.as_str(), reason }).inc();
    }

    pub(crate) fn retried(&self, why: Retry) {
        let reason = match why {
            Retry::Platform => "platform",
            Retry::Agent => "agent",
        };
        self.retries.get_or_create(&ReasonLabel { reason }).inc();
    }

    pub(crate) fn lease_lost(&self) {
        self.leases_lost.inc();
    }

    /// Counts an attempt at a run whose last worker stopped answering.
    pub(crate) fn attempt_taken_over(&self) {
        self.taken_over.inc();
    }

    /// Counts a look into the queue for `runs` or `errands`, and what it found.
    pub(crate) fn claimed(&self, work: &'static str, found: usize) {
        let result = if found > 0 { "found" } else { "empty" };
        self.claims.get_or_create(&ClaimLabels { work, result }).inc();
        self.claimed.get_or_create(&WorkLabel { work }).inc_by(found as u64);
    }

    /// Says how many slots there are, so that `busy` can be judged.
    pub(crate) fn slots_set(&self, slots: usize) {
        self.slots.set(i64::try_from(slots).unwrap_or(i64::MAX));
    }

    /// Slots in use.
    pub(crate) fn busy(&self) -> i64 {
        self.busy.get()
    }

    /// Counts a slot as in use while the guard lives.
    pub(crate) fn slot_use(&self) -> SlotInUse {
        self.busy.inc();
        SlotInUse(self.busy.clone())
    }

    fn warm_set(&self, result: &'static str, total: u64) {
        let counter = self.warm.get_or_create_owned(&ResultLabel { result });
        counter.inc_by(total.saturating_sub(counter.get()));
    }

    fn queue_set(&self, depths: &[QueueDepth], now: Timestamp) {
        for depth in depths {
            let class = ClassLabel { class: depth.class.as_str() };
            let wait = depth.since.map_or(0, |since| now.millis_since(since));
            self.queue_depth.get_or_create(&class).set(depth.depth);
            self.queue_wait.get_or_create(&class).set(wait as f64 / 1000.0);
        }
    }

    /// Shows nothing rather than what is no longer so.
    fn queue_clear(&self) {
        self.queue_depth.clear();
        self.queue_wait.clear();
    }

    /// Whether it is this caller's turn to read the queue.
    fn queue_is_due(&self) -> bool {
        let mut read = self.queue_read.lock().unwrap_or_else(PoisonError::into_inner);
        let due = read.is_none_or(|read| read.elapsed() >= QUEUE_EVERY);
        if due {
            *read = Some(Instant::now());
        }
        due
    }
}

/// A slot that a run uses.
pub(crate) struct SlotInUse(Gauge);

impl Drop for SlotInUse {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Brings what is only looked up when asked for up to date: the queue's depth, the warm pool.
pub async fn metrics_refresh(app: &App) {
    let metrics = app.metrics();
    if let Some(runner) = &app.runner {
        let warm = runner.warm_use();
        metrics.warm_set("hit", warm.hits);
        metrics.warm_set("miss", warm.misses);
    }
    if !metrics.queue_is_due() {
        return;
    }
    let now = app.now();
    let read =
        app.store().read(move |tx| Box::pin(async move { overview::queue_depth_unscoped(tx, now).await }));
    match tokio::time::timeout(QUEUE_PATIENCE, read).await {
        Ok(Ok(depths)) => metrics.queue_set(&depths, now),
        Ok(Err(error)) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "the queue's depth is unknown");
            metrics.queue_clear();
        }
        Err(_) => metrics.queue_clear(),
    }
}
