//! One run, from the prepared sandbox to its outcome.
//!
//! Five things happen side by side: the request is written, stdout, stderr and reports are read, and the life of the
//! sandbox is watched. Only the last decides when the run is over; the readers then get what is still in the pipes.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::body::Body;
use crate::capture::Capture;
use crate::cgroup::Usage;
use crate::control::{Control, SETUP_LIMIT, fault};
use crate::error::SandboxError;
use crate::jail::{COMMAND_KILL, COMMAND_TERMINATE, Report};
use crate::meter::Meter;
use crate::outcome::{End, Outcome, Resources, RunEvent};
use crate::report::Reports;
use crate::sink::Sink;
use crate::spec::Limits;

/// How long the kernel may take to end a killed sandbox before harder means are tried, and before giving up.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// How often a running program is measured.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// A sandbox that has just been started. Dropping it kills and removes everything.
pub(crate) struct Started {
    pub(crate) body: Body,
    /// Reports come from here, commands go there; its end means that every process is gone. See `jail_protocol`.
    pub(crate) control: Control,
    pub(crate) stdout: Receiver,
    pub(crate) stderr: Receiver,
    pub(crate) reports: Receiver,
    pub(crate) request: Sender,
    pub(crate) message: Vec<u8>,
    pub(crate) limits: Limits,
    pub(crate) origin: Origin,
    pub(crate) tier: String,
}

/// From where a run's time and use are counted.
pub(crate) struct Origin {
    /// When `run` was called.
    pub(crate) called: Instant,
    /// When the program, if it was waiting, was let go on.
    pub(crate) begun: Option<Instant>,
    /// What it had used by then.
    pub(crate) used: Usage,
}

/// How the sandbox's life went.
struct Life {
    started: Option<Instant>,
    ended: Instant,
    report: Option<Report>,
    stopped: Option<Stop>,
}

#[derive(Clone, Copy, PartialEq)]
enum Stop {
    SetUp,
    WallClock,
    Cancelled,
}

enum Phase {
    SettingUp,
    Running,
    Grace,
    Killing,
    LastResort,
}

pub(crate) async fn supervise(
    started: Started,
    meter: Option<Meter>,
    sink: Sink,
    cancel: CancellationToken,
) -> Result<Outcome, SandboxError> {
    let Started { body, mut control, stdout, stderr, reports, request, message, limits, origin, tier } =
        started;
    let mut out = Capture::stdout(limits.stdout_bytes);
    let mut err = Capture::stderr(limits.stderr_bytes);
    let mut told = Reports::new(meter);
    let over = CancellationToken::new();

    let io = async {
        tokio::join!(
            send(request, &message),
            out.drain(stdout, &sink),
            err.drain(stderr, &sink),
            told.drain(reports, &sink)
        );
    };
    // Every writer dies with the sandbox; should one not, the run ends all the same.
    let bounded_io = async {
        tokio::select! {
            () = io => {}
            () = async { over.cancelled().await; sleep(KILL_PATIENCE).await } => {}
        }
    };
    let life = async {
        let watch =
            Watch { control: &mut control, limits: &limits, body: &body, sink: &sink, origin: &origin };
        let life = watch.until_end(cancel).await;
        over.cancel();
        life
    };
    let (life, ()) = tokio::join!(life, bounded_io);
    let life = life?;

    let usage = tokio::task::spawn_blocking(move || body.bury())
        .await
        .map_err(|_| SandboxError::JailVanished { timed_out: false })?;
    let end = decide(&life, &usage, &limits)?;
    let (stdout, printed) = out.finish();
    let (stderr, _) = err.finish();
    let told = told.finish();
    Ok(Outcome {
        end,
        stdout,
        stderr,
        outputs: told.outputs.or(if told.handler { None } else { printed }),
        outputs_error: told.outputs_error,
        agent_error: told.error,
        counts: told.counts,
        resources: resources(&life, &usage, &origin),
        tier,
    })
}

async fn send(mut pipe: Sender, message: &[u8]) {
    // A program that closes it early does not want it.
    let _ = pipe.write_all(message).await;
}

struct Watch<'a> {
    control: &'a mut Control,
    limits: &'a Limits,
    body: &'a Body,
    sink: &'a Sink,
    origin: &'a Origin,
}

impl Watch<'_> {
    /// Until every process of the sandbox is gone.
    async fn until_end(mut self, cancel: CancellationToken) -> Result<Life, SandboxError> {
        let (mut phase, mut deadline) = match self.origin.begun {
            Some(begun) => {
                self.sink.emit(RunEvent::Started).await;
                (Phase::Running, begun + self.limits.wall)
            }
            None => (Phase::SettingUp, Instant::now() + SETUP_LIMIT),
        };
        let mut life =
            Life { started: self.origin.begun, ended: Instant::now(), report: None, stopped: None };
        let mut samples = interval_at(Instant::now() + SAMPLE_EVERY, SAMPLE_EVERY);
        samples.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                report = self.control.next() => match report {
                    None => {
                        if life.report.is_none() { life.ended = Instant::now(); }
                        return Ok(life);
                    }
                    Some(Report::Started) => {
                        life.started = Some(Instant::now());
                        self.sink.emit(RunEvent::Started).await;
                        if matches!(phase, Phase::SettingUp) {
                            phase = Phase::Running;
                            deadline = Instant::now() + self.limits.wall;
                        }
                    }
                    Some(report @ (Report::Exited { .. } | Report::Signaled { .. })) => {
                        life.ended = Instant::now();
                        life.report = Some(report);
                    }
                    Some(report @ Report::Failed { .. }) => life.report = Some(report),
                    Some(Report::Mounted) => {}
                },
                _ = samples.tick(), if life.started.is_some() && life.report.is_none() => {
                    life.ended = Instant::now();
                    let sample = resources(&life, &self.body.usage(), self.origin);
                    self.sink.emit(RunEvent::Sample(sample)).await;
                }
                () = cancel.cancelled(), if life.stopped.is_none() => {
                    life.stopped = Some(Stop::Cancelled);
                    (phase, deadline) = self.advance(phase).await;
                }
                () = sleep_until(deadline) => {
                    match phase {
                        Phase::SettingUp => life.stopped = Some(Stop::SetUp),
                        Phase::Running => life.stopped = Some(Stop::WallClock),
                        Phase::Grace | Phase::Killing => {}
                        Phase::LastResort => return Err(SandboxError::JailVanished { timed_out: false }),
                    }
                    (phase, deadline) = self.advance(phase).await;
                }
            }
        }
    }

    /// The next harder means.
    async fn advance(&mut self, phase: Phase) -> (Phase, Instant) {
        let (next, patience) = match phase {
            Phase::Running => {
                self.control.command(COMMAND_TERMINATE).await;
                (Phase::Grace, self.limits.grace)
            }
            Phase::SettingUp | Phase::Grace => {
                self.control.command(COMMAND_KILL).await;
                (Phase::Killing, KILL_PATIENCE)
            }
            Phase::Killing | Phase::LastResort => {
                tracing::error!("a sandbox did not end when killed; killing what is in it");
                self.body.kill();
                (Phase::LastResort, KILL_PATIENCE)
            }
        };
        (next, Instant::now() + patience)
    }
}

/// What it was that ended the program.
fn decide(life: &Life, usage: &Usage, limits: &Limits) -> Result<End, SandboxError> {
    if let Some(report @ Report::Failed { .. }) = &life.report {
        fault(report.clone())?;
    }
    match life.stopped {
        Some(Stop::SetUp) => return Err(SandboxError::JailVanished { timed_out: true }),
        // A report that came before the stop is the truth; `stopped` is only set while there is none.
        Some(Stop::WallClock) => return Ok(End::TimedOut),
        Some(Stop::Cancelled) => return Ok(End::Cancelled),
        None => {}
    }
    let end = match &life.report {
        Some(Report::Exited { code, .. }) => End::Exited(*code),
        Some(Report::Signaled { signal, .. }) => End::Signaled(*signal),
        // The kernel may pick init itself, or kill the group as one.
        _ if usage.oom_kills > 0 => End::OutOfMemory,
        _ => return Err(SandboxError::JailVanished { timed_out: false }),
    };
    if !end.is_success() && (usage.oom_kills > 0 || gave_up_for_memory(end, usage, limits)) {
        return Ok(End::OutOfMemory);
    }
    Ok(end)
}

/// Allocators that are refused memory abort: close to the limit that is the same as running out.
fn gave_up_for_memory(end: End, usage: &Usage, limits: &Limits) -> bool {
    let aborted = matches!(end, End::Signaled(libc::SIGABRT | libc::SIGTRAP | libc::SIGILL));
    aborted && usage.peak_memory.is_some_and(|peak| peak >= limits.memory_bytes / 10 * 9)
}

fn resources(life: &Life, usage: &Usage, origin: &Origin) -> Resources {
    let since = |now: Option<Duration>, then: Option<Duration>| {
        now.map(|now| now.saturating_sub(then.unwrap_or_default()))
    };
    let before = origin.used.written.unwrap_or(0);
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let started = life.started.unwrap_or(life.ended);
    let written = match life.report {
        Some(Report::Exited { written, .. } | Report::Signaled { written, .. }) => written,
        _ => None,
    };
    Resources {
        wall_ms: millis(life.ended.saturating_duration_since(started)),
        startup_ms: millis(started.saturating_duration_since(origin.called)),
        cpu_user_ms: since(usage.cpu_user, origin.used.cpu_user).map(millis),
        cpu_system_ms: since(usage.cpu_system, origin.used.cpu_system).map(millis),
        throttled_ms: since(usage.throttled, origin.used.throttled).map(millis),
        peak_memory_bytes: usage.peak_memory,
        peak_pids: usage.peak_pids,
        bytes_written: written.max(usage.written).map(|all| all.saturating_sub(before)),
    }
}
