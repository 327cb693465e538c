//! Starting the jail and talking to it.
//!
//! The jail is started with `posix_spawn`; it gets its configuration and two descriptors over a socket, so that nothing
//! in this process is ever inheritable and nothing is told in arguments or environment.

use std::io::{BufRead as _, BufReader, IoSlice, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use crate::body::Outer;
use crate::error::SandboxError;
use crate::jail::{COMMAND_MOUNT, JailConfig, Report};

/// How long set-up may take before it counts as stuck.
pub(crate) const SETUP_LIMIT: Duration = Duration::from_secs(10);

/// What becomes the program's descriptors 1 to 4.
pub(crate) struct ProgramEnds {
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
    pub(crate) request: OwnedFd,
    pub(crate) report: OwnedFd,
}

/// A started jail. Letting go of the socket kills what is inside.
pub(crate) struct Jail {
    pub(crate) outer: Outer,
    pub(crate) socket: StdStream,
}

/// Starts a jail, which waits for its configuration. Returns before it runs.
pub(crate) fn spawn(program: &Path, ends: ProgramEnds) -> Result<Unconfigured, SandboxError> {
    let failed = || SandboxError::io("start", program);
    let (ours, theirs) = StdStream::pair().map_err(failed())?;
    #[expect(clippy::disallowed_methods, reason = "this is the crate that spawns processes")]
    let child = Command::new(program)
        .env_clear()
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::from(ends.stdout))
        .stderr(Stdio::from(ends.stderr))
        .spawn()
        .map_err(failed())?;
    let jail = Jail { outer: Outer(child), socket: ours };
    Ok(Unconfigured { jail, request: ends.request, report: ends.report })
}

/// A jail that has been started and told nothing.
pub(crate) struct Unconfigured {
    jail: Jail,
    request: OwnedFd,
    report: OwnedFd,
}

impl Unconfigured {
    /// Whether it still waits: nothing comes from one that does, and the end from one that is gone.
    pub(crate) fn lives(&self) -> bool {
        let mut fds = [PollFd::new(&self.jail.socket, PollFlags::IN)];
        matches!(poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(0))
    }

    /// Lets it go on.
    pub(crate) fn configure(self, config: &JailConfig) -> Result<Jail, SandboxError> {
        let Self { mut jail, request, report } = self;
        let text = serde_json::to_vec(config)
            .map_err(|error| SandboxError::io("configure", "frameos-jail")(error.into()))?;
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
        let fds = [request.as_fd(), report.as_fd()];
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&fds));
        // A jail that dies now has said why, or its silence is noticed by whoever reads its reports.
        let _ = sendmsg(&jail.socket, &[IoSlice::new(&length)], &mut ancillary, SendFlags::NOSIGNAL)
            .map_err(std::io::Error::from)
            .and_then(|_| jail.socket.write_all(&text));
        Ok(jail)
    }
}

impl Jail {
    /// Waits for a probe's verdict.
    pub(crate) fn probe(self) -> Result<(), SandboxError> {
        let failed = |error| SandboxError::io("read the reports of", "frameos-jail")(error);
        self.socket.set_read_timeout(Some(SETUP_LIMIT)).map_err(failed)?;
        let mut passed = false;
        for line in BufReader::new(&self.socket).lines() {
            let Ok(line) = line else { break };
            match serde_json::from_str(&line) {
                Ok(Report::Exited { code: 0, .. }) => passed = true,
                Ok(report) => fault(report)?,
                Err(_) => break,
            }
        }
        if passed { Ok(()) } else { Err(SandboxError::JailVanished { timed_out: false }) }
    }
}

/// The error in a report, if it is one.
pub(crate) fn fault(report: Report) -> Result<(), SandboxError> {
    match report {
        Report::Failed { step, errno, detail } => {
            Err(SandboxError::Jail { step, detail, source: std::io::Error::from_raw_os_error(errno) })
        }
        _ => Ok(()),
    }
}

/// The socket, for a run.
pub(crate) struct Control {
    reports: Lines<tokio::io::BufReader<OwnedReadHalf>>,
    commands: OwnedWriteHalf,
}

impl Control {
    pub(crate) fn new(socket: StdStream) -> Result<Self, SandboxError> {
        let failed = || SandboxError::io("talk to", "frameos-jail");
        socket.set_nonblocking(true).map_err(failed())?;
        let (read, commands) = UnixStream::from_std(socket).map_err(failed())?.into_split();
        Ok(Self { reports: tokio::io::BufReader::new(read).lines(), commands })
    }

    /// The next report; `None` when every process of the sandbox is gone. Safe to drop and call again.
    pub(crate) async fn next(&mut self) -> Option<Report> {
        loop {
            // Only the jail writes here; a line it could not finish is the same as none.
            let line = self.reports.next_line().await.ok()??;
            if let Ok(report) = serde_json::from_str(&line) {
                return Some(report);
            }
        }
    }

    /// A jail that is gone needs no command.
    pub(crate) async fn command(&mut self, command: u8) {
        let _ = self.commands.write_all(&[command]).await;
    }

    /// Has code mounted in a sandbox that waits for it.
    pub(crate) async fn mount(&mut self, code: &Path) -> Result<(), SandboxError> {
        let path = code.as_os_str().as_encoded_bytes();
        let length = u16::try_from(path.len()).map_err(|_| SandboxError::BadSpec {
            reason: format!("{} is too long a path", code.display()),
        })?;
        let mut command = vec![COMMAND_MOUNT];
        command.extend(length.to_le_bytes());
        command.extend(path);
        let vanished = || SandboxError::JailVanished { timed_out: false };
        self.commands.write_all(&command).await.map_err(|_| vanished())?;
        loop {
            match self.next().await {
                Some(Report::Mounted) => return Ok(()),
                Some(report @ (Report::Failed { .. } | Report::Exited { .. } | Report::Signaled { .. })) => {
                    fault(report)?;
                    return Err(vanished());
                }
                Some(Report::Started) => {}
                None => return Err(vanished()),
            }
        }
    }
}
