//! Between the program's four pipes and the container's two: one loop, one small buffer each way.
//!
//! Nothing is read for which there is no room, so a program that prints faster than the host reads waits, and one that
//! does not read its request holds up nothing else. The host's end of the wire is watched throughout: without it, nobody
//! would enforce the wall clock.

use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use frameos_sandbox::jail::{FRAME_HEADER, FRAME_MAX, FrameKind, GUEST_ACK, JailStep, frame_header};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{Errno, read, write};

use crate::fault::{At as _, Fault};
use crate::guest_wire::Wires;
use crate::init::{self, End};

/// Frames wait here while the host reads slowly.
const OUTGOING_MAX: usize = 2 * FRAME_MAX;
/// How long the host may take to measure a program that has ended.
const ACK_PATIENCE: Duration = Duration::from_secs(1);

/// Where the program writes.
pub(crate) struct Sources {
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
    pub(crate) reports: OwnedFd,
}

pub(crate) struct Pump<'a> {
    wires: &'a Wires,
    /// Closed ones are gone.
    sources: Vec<(FrameKind, OwnedFd)>,
    outgoing: Vec<u8>,
    /// Where the program reads its request; gone when it has got all, or does not want it.
    feed: Option<OwnedFd>,
    /// A piece of the request.
    piece: Vec<u8>,
    /// Of the request, not yet read from the wire.
    remaining: usize,
    /// What we ourselves wrote, which is no doing of the program's.
    own: u64,
    acknowledged: bool,
    host_gone: bool,
}

/// What is ready.
#[derive(Default)]
struct Ready {
    output: bool,
    input: bool,
    feed: bool,
    signals: bool,
    sources: Vec<FrameKind>,
}

impl<'a> Pump<'a> {
    pub(crate) fn new(
        wires: &'a Wires,
        sources: Sources,
        feed: OwnedFd,
        request: usize,
    ) -> Result<Self, Fault> {
        let Sources { stdout, stderr, reports } = sources;
        // The sources block, but are only read when there is something.
        for fd in [&wires.input, &wires.output, &feed] {
            fcntl_setfl(fd, OFlags::NONBLOCK).at(JailStep::Descriptors)?;
        }
        Ok(Self {
            wires,
            sources: vec![
                (FrameKind::Stdout, stdout),
                (FrameKind::Stderr, stderr),
                (FrameKind::Report, reports),
            ],
            outgoing: Vec::with_capacity(OUTGOING_MAX + 3 * (FRAME_MAX + FRAME_HEADER)),
            feed: (request > 0).then_some(feed),
            piece: Vec::new(),
            remaining: request,
            own: 0,
            acknowledged: false,
            host_gone: false,
        })
    }

    /// Until the program has ended and the host knows all about it, or is gone, or has left us alone for too long.
    pub(crate) fn run(
        mut self,
        waited: &SigSet,
        program: Pid,
        account: &File,
        until: Option<Instant>,
    ) -> Result<(), Fault> {
        let signals = SignalFd::with_flags(waited, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
            .at(JailStep::BlockSignals)?;
        let mut end = None;
        while !self.host_gone && (end.is_none() || !self.sources.is_empty() || !self.outgoing.is_empty()) {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            self.host_gone = left.is_some_and(|left| left.is_zero());
            let ready = self.wait(end.is_none().then(|| signals.as_fd()), left)?;
            if ready.signals {
                end = heed(&signals, program);
                if end.is_some() {
                    init::end_others();
                    self.feed = None;
                }
            }
            self.move_on(&ready);
        }
        let Some(end): Option<End> = end else { return Ok(()) };
        let written = init::written(account).map(|all| all.saturating_sub(self.own));
        if let Ok(text) = serde_json::to_vec(&end.report(written)) {
            self.put(FrameKind::Control, &text);
        }
        let deadline = Instant::now() + ACK_PATIENCE;
        while !self.host_gone && !self.acknowledged {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let ready = self.wait(None, Some(left))?;
            self.move_on(&ready);
        }
        Ok(())
    }

    fn wait(&self, signals: Option<BorrowedFd<'_>>, patience: Option<Duration>) -> Result<Ready, Fault> {
        let when = |wanted: bool, flag: PollFlags| if wanted { flag } else { PollFlags::empty() };
        // When nobody wants the request, its rest is thrown away: the host's last word comes after it.
        let hear = self.piece.is_empty() || self.feed.is_none();
        let room = self.outgoing.len() < OUTGOING_MAX;
        let mut fds = vec![
            PollFd::new(&self.wires.input, when(hear, PollFlags::IN)),
            PollFd::new(&self.wires.output, when(!self.outgoing.is_empty(), PollFlags::OUT)),
        ];
        let mut names = vec![None, None];
        for (kind, source) in self.sources.iter().filter(|_| room) {
            fds.push(PollFd::new(source, PollFlags::IN));
            names.push(Some(*kind));
        }
        let feed = self.feed.as_ref().filter(|_| !self.piece.is_empty());
        let (mut feed_at, mut signals_at) = (usize::MAX, usize::MAX);
        if let Some(feed) = feed {
            feed_at = fds.len();
            fds.push(PollFd::new(feed, PollFlags::OUT));
        }
        if let Some(signals) = signals {
            signals_at = fds.len();
            fds.push(PollFd::from_borrowed_fd(signals, PollFlags::IN));
        }
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        match poll(&mut fds, patience.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error).at(JailStep::Supervise),
        }
        let spoke = |at: usize| fds.get(at).is_some_and(|fd| !fd.revents().is_empty());
        Ok(Ready {
            input: spoke(0),
            output: spoke(1),
            feed: spoke(feed_at),
            signals: spoke(signals_at),
            sources: names
                .iter()
                .enumerate()
                .filter(|(at, _)| spoke(*at))
                .filter_map(|(_, kind)| *kind)
                .collect(),
        })
    }

    fn move_on(&mut self, ready: &Ready) {
        for kind in &ready.sources {
            self.gather(*kind);
        }
        if ready.output {
            self.flush();
        }
        if ready.input {
            self.hear();
        }
        if ready.feed {
            self.supply();
        }
    }

    /// One frame of one source.
    fn gather(&mut self, kind: FrameKind) {
        let Some(at) = self.sources.iter().position(|(name, _)| *name == kind) else { return };
        let mut data = [0_u8; FRAME_MAX];
        match read(&self.sources[at].1, &mut data) {
            Ok(0) => drop(self.sources.remove(at)),
            Ok(count) => self.put(kind, &data[..count]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => drop(self.sources.remove(at)),
        }
    }

    fn put(&mut self, kind: FrameKind, data: &[u8]) {
        self.outgoing.extend_from_slice(&frame_header(kind, data.len()));
        self.outgoing.extend_from_slice(data);
    }

    fn flush(&mut self) {
        match write(&self.wires.output, &self.outgoing) {
            Ok(count) => {
                self.own += count as u64;
                self.outgoing.drain(..count);
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => self.host_gone = true,
        }
    }

    /// The request, then the host's last word. Called with `piece` full only to notice the host's end.
    fn hear(&mut self) {
        if self.feed.is_some() && !self.piece.is_empty() {
            self.host_gone = true;
            return;
        }
        let mut data = [0_u8; FRAME_MAX];
        let most = if self.remaining > 0 { self.remaining.min(FRAME_MAX) } else { 1 };
        match read(&self.wires.input, &mut data[..most]) {
            Ok(0) => self.host_gone = true,
            Ok(count) if self.remaining > 0 => {
                self.remaining -= count;
                if self.feed.is_some() {
                    self.piece.extend_from_slice(&data[..count]);
                }
            }
            Ok(_) => self.acknowledged |= data[0] == GUEST_ACK,
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => self.host_gone = true,
        }
    }

    fn supply(&mut self) {
        let Some(feed) = &self.feed else { return };
        match write(feed, &self.piece) {
            Ok(count) => {
                self.own += count as u64;
                self.piece.drain(..count);
            }
            Err(Errno::INTR | Errno::AGAIN) => return,
            // It was closed: the program does not want it.
            Err(_) => self.feed = None,
        }
        if self.feed.is_none() || (self.piece.is_empty() && self.remaining == 0) {
            self.feed = None;
            self.piece = Vec::new();
        }
    }
}

/// Passes SIGTERM on, collects the dead; the program's end if it is among them.
fn heed(signals: &SignalFd, program: Pid) -> Option<End> {
    while let Ok(Some(signal)) = signals.read_signal() {
        if signal.ssi_signo == Signal::SIGTERM as u32 {
            let _ = kill(program, Signal::SIGTERM);
        }
    }
    init::reap(program)
}
