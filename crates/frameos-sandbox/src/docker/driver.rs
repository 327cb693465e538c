//! One container's life: what the jail's outer process is to a jail, a task of ours is to a container.
//!
//! It takes the guest's frames apart and puts them into pipes and a control socket, from which `supervise` reads as it does
//! from a jail; it obeys the same commands; and it lets go of the socket only when the container is gone, having removed it
//! in every case. Should this process die, the guest finds its stdin at its end, and the container removes itself.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bollard::Docker as Engine;
use bollard::container::AttachContainerResults;
use bollard::errors::Error;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, EventsOptionsBuilder, KillContainerOptionsBuilder, StatsOptionsBuilder,
    WaitContainerOptionsBuilder,
};
use futures::TryStreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, pipe};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, timeout};

use super::connect::is_missing;
use super::delivery::{Delivery, Ends};
use super::meter::Meter;
use super::names::Names;
use super::reap;
use crate::body::Body;
use crate::cgroup::{Foreign, Usage};
use crate::control::Control;
use crate::error::SandboxError;
use crate::jail::{COMMAND_KILL, COMMAND_TERMINATE, GUEST_ACK, GuestConfig};
use crate::slot::Slot;
use crate::spec::Limits;
use crate::supervise::{Origin, Started};

/// How long what a container wrote may take to arrive after its end, and how long the engine may take to remove it.
const LAST_PATIENCE: Duration = Duration::from_secs(5);
/// How often a silent container is looked after.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often an engine that does not answer is asked again.
const ATTEMPTS: u32 = 5;

/// What a container's id stands on, dropped in this order when the container is gone: only then the id is free.
pub(super) struct Held {
    pub(super) names: Names,
    pub(super) slot: Slot,
}

/// A container that was created and not yet started.
pub(super) struct Launch {
    pub(super) engine: Engine,
    pub(super) id: String,
    pub(super) held: Arc<Held>,
    pub(super) guest: GuestConfig,
    pub(super) message: Vec<u8>,
    /// What the tier says of Landlock; `None` if it is the question.
    pub(super) landlock: Option<bool>,
}

/// What `supervise` holds of a container.
pub(crate) struct Container {
    meter: Arc<Meter>,
    landlock: Arc<OnceLock<bool>>,
    kill: Arc<Notify>,
}

impl Container {
    pub(crate) fn usage(&self) -> Usage {
        self.meter.measure()
    }

    /// By the driver, and at once where that is possible: the engine may not answer.
    pub(crate) fn kill(&self) {
        self.meter.kill();
        self.kill.notify_one();
    }

    /// What the guest said; `None` if it never did.
    pub(super) fn landlock(&self) -> Option<bool> {
        self.landlock.get().copied()
    }
}

impl Launch {
    /// A container that does not start is removed.
    pub(super) async fn start(
        self,
        limits: Limits,
        called: Instant,
        tier: String,
    ) -> Result<Started, SandboxError> {
        let (engine, id, _held) = (self.engine.clone(), self.id.clone(), Arc::clone(&self.held));
        match self.try_start(limits, called, tier).await {
            Err(error) => {
                if let Err(left) = reap::remove(&engine, &id).await {
                    tracing::error!(container = id, error = %left, "a container cannot be removed");
                }
                Err(error)
            }
            started => started,
        }
    }

    async fn try_start(self, limits: Limits, called: Instant, tier: String) -> Result<Started, SandboxError> {
        let (engine, id) = (&self.engine, &self.id);
        // Before it starts, or its first words would be lost.
        let all = AttachContainerOptionsBuilder::new().stream(true).stdin(true).stdout(true).stderr(true);
        let attached = engine.attach_container(id, Some(all.build())).await;
        let attached = attached.map_err(SandboxError::engine("attach to a container"))?;
        engine.start_container(id, None).await.map_err(SandboxError::engine("start a container"))?;
        let inspected = engine.inspect_container(id, None).await;
        let inspected = inspected.map_err(SandboxError::engine("inspect a container"))?;
        let pid = inspected.state.and_then(|state| state.pid).and_then(|pid| u32::try_from(pid).ok());
        let meter = Arc::new(Meter::new(pid.and_then(|pid| Foreign::of(pid, id))));

        let watched = || SandboxError::io("watch", "a pipe");
        let (stdout, out) = channel()?;
        let (stderr, err) = channel()?;
        let (reports, report) = channel()?;
        // The request travels on the container's stdin.
        let (_, request) = channel()?;
        let (ours, theirs) = StdStream::pair().map_err(watched())?;
        theirs.set_nonblocking(true).map_err(watched())?;
        let (commands, control) = UnixStream::from_std(theirs).map_err(watched())?.into_split();
        let body = Container { meter: Arc::clone(&meter), landlock: Arc::default(), kill: Arc::default() };
        let (ended, acknowledge) = oneshot::channel();
        let delivery = Delivery {
            ends: Ends { stdout: out, stderr: err, reports: report, control },
            meter: Arc::clone(&meter),
            expected: self.landlock,
            landlock: Arc::clone(&body.landlock),
            ended: Some(ended),
            over: false,
        };
        let driver = Driver {
            meter,
            kill: Arc::clone(&body.kill),
            since: called,
            engine: self.engine,
            id: self.id,
            _held: self.held,
        };
        let words = [framed(&config(&self.guest)?), framed(&self.message)].concat();
        let talk = Talk { words, acknowledge, commands };
        tokio::spawn(driver.drive(attached, delivery, talk));
        Ok(Started {
            body: Body::Container(body),
            control: Control::new(ours)?,
            stdout,
            stderr,
            reports,
            request,
            message: Vec::new(),
            limits,
            origin: Origin { called, begun: None, used: Usage::default() },
            tier,
        })
    }
}

fn config(guest: &GuestConfig) -> Result<Vec<u8>, SandboxError> {
    serde_json::to_vec(guest).map_err(|error| SandboxError::BadSpec { reason: error.to_string() })
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes(), bytes].concat()
}

fn channel() -> Result<(pipe::Receiver, pipe::Sender), SandboxError> {
    let failed = || SandboxError::io("make", "a pipe");
    let (read, write) = std::io::pipe().map_err(failed())?;
    let read = pipe::Receiver::from_owned_fd(OwnedFd::from(read)).map_err(failed())?;
    Ok((read, pipe::Sender::from_owned_fd(OwnedFd::from(write)).map_err(failed())?))
}

/// What is said to the container, and by `supervise` about it.
struct Talk {
    words: Vec<u8>,
    acknowledge: oneshot::Receiver<()>,
    commands: OwnedReadHalf,
}

struct Driver {
    engine: Engine,
    id: String,
    meter: Arc<Meter>,
    kill: Arc<Notify>,
    since: Instant,
    _held: Arc<Held>,
}

impl Driver {
    async fn drive(self, attached: AttachContainerResults, mut delivery: Delivery, talk: Talk) {
        let Talk { words, acknowledge, mut commands } = talk;
        let AttachContainerResults { output, input } = attached;
        {
            let speak = speak(input, words, acknowledge, &self);
            let listen = delivery.deliver(output);
            let quiet = Notify::new();
            let gone = async {
                tokio::select! {
                    () = wait_gone(&self.engine, &self.id) => {}
                    () = look_gone(&self.engine, &self.id, &quiet) => {}
                }
            };
            tokio::pin!(speak, listen, gone);
            let (mut heard, mut abandoned) = (false, false);
            loop {
                let mut command = [0_u8; 1];
                tokio::select! {
                    () = &mut gone => break,
                    // Holds the container's stdin for as long as it is there.
                    never = &mut speak => match never {},
                    sound = &mut listen, if !heard => {
                        heard = true;
                        quiet.notify_one();
                        if !sound {
                            tracing::error!(container = self.id, "a container said what no guest says");
                            self.signal("KILL").await;
                        }
                    }
                    () = self.kill.notified() => self.remove().await,
                    read = commands.read(&mut command), if !abandoned => match read {
                        Ok(1) if command[0] == COMMAND_TERMINATE => self.signal("TERM").await,
                        Ok(1) if command[0] == COMMAND_KILL => self.signal("KILL").await,
                        Ok(1) => {}
                        _ => {
                            abandoned = true;
                            self.remove().await;
                        }
                    },
                }
            }
            // The engine passes on the last output while it cleans up.
            if !heard {
                let _ = timeout(LAST_PATIENCE, &mut listen).await;
            }
        }
        self.remove().await;
        if !delivery.over {
            self.look_for_oom().await;
        }
        // What says that all is over, last.
        drop(self);
        drop(delivery);
    }

    async fn signal(&self, signal: &str) {
        let options = KillContainerOptionsBuilder::new().signal(signal).build();
        let killed = timeout(LAST_PATIENCE, self.engine.kill_container(&self.id, Some(options))).await;
        match killed {
            // It may have ended by itself in the meantime.
            Ok(Ok(()) | Err(Error::DockerResponseServerError { status_code: 404 | 409, .. })) => {}
            Ok(Err(error)) => tracing::warn!(container = self.id, %error, "a container cannot be signalled"),
            Err(_) => tracing::warn!(container = self.id, "a container is not signalled in time"),
        }
    }

    async fn remove(&self) {
        match timeout(LAST_PATIENCE, reap::remove(&self.engine, &self.id)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                tracing::error!(container = self.id, %error, "a container cannot be removed");
            }
            Err(_) => tracing::error!(container = self.id, "a container is not removed in time"),
        }
        // The engine may be gone, and its containers live on: what runs in one must not.
        self.meter.kill();
    }

    /// An end without a word: the kernel may have picked the guest itself. The container is gone, but the engine remembers.
    async fn look_for_oom(&self) {
        let since = self.since.elapsed() + Duration::from_secs(1);
        #[expect(clippy::disallowed_methods, reason = "the engine knows its past by the wall clock only")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let stamp = |time: Duration| format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
        let filters = HashMap::from([("container", vec![self.id.as_str()]), ("event", vec!["oom"])]);
        let options = EventsOptionsBuilder::new()
            .since(&stamp(now.saturating_sub(since)))
            .until(&stamp(now))
            .filters(&filters)
            .build();
        let events = self.engine.events(Some(options)).try_collect::<Vec<_>>();
        if let Ok(Ok(events)) = timeout(LAST_PATIENCE, events).await
            && !events.is_empty()
        {
            self.meter.note_oom();
        }
    }
}

/// Says what the guest waits for, and at last that it may go. The container's stdin stays open for as long as this lives.
async fn speak(
    mut input: std::pin::Pin<Box<dyn AsyncWrite + Send>>,
    words: Vec<u8>,
    acknowledge: oneshot::Receiver<()>,
    driver: &Driver,
) -> std::convert::Infallible {
    // A guest that does not listen any more has ended, which is seen elsewhere.
    let _ = input.write_all(&words).await;
    let _ = input.flush().await;
    drop(words);
    if acknowledge.await.is_ok() {
        if driver.meter.is_blind() {
            let options = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
            let stats = driver.engine.stats(&driver.id, Some(options)).try_collect::<Vec<_>>();
            if let Ok(Ok(stats)) = timeout(LAST_PATIENCE, stats).await {
                stats.iter().for_each(|stats| driver.meter.note(stats));
            }
        }
        let _ = input.write_all(&[GUEST_ACK]).await;
        let _ = input.flush().await;
    }
    std::future::pending().await
}

/// Until the engine has removed the container, or cannot be asked.
async fn wait_gone(engine: &Engine, id: &str) {
    for _ in 0..ATTEMPTS {
        let options = WaitContainerOptionsBuilder::new().condition("removed").build();
        match engine.wait_container(id, Some(options)).try_collect::<Vec<_>>().await {
            // A code other than 0 comes as an error.
            Ok(_) | Err(Error::DockerContainerWaitError { .. }) => return,
            Err(error) if is_missing(&error) => return,
            Err(error) => {
                tracing::warn!(container = id, %error, "waiting for a container failed");
                sleep(Duration::from_millis(200)).await;
            }
        }
    }
    tracing::error!(
        container = id,
        "the container engine went away; a container may be left to the next start"
    );
}

/// Once the container is silent. Engines before 23.0 sometimes miss a waiter that comes while the container goes.
async fn look_gone(engine: &Engine, id: &str, quiet: &Notify) {
    quiet.notified().await;
    loop {
        sleep(LOOK_EVERY).await;
        if engine.inspect_container(id, None).await.is_err_and(|error| is_missing(&error)) {
            return;
        }
    }
}
