//! Asking the jail for sandboxes and talking to them.
//!
//! The jail is started once, with `posix_spawn`, and forks for each sandbox. Descriptors and configurations travel over
//! sockets, so that nothing in this process is ever inheritable and nothing is told in arguments or environment.

use std::io::{BufRead as _, BufReader, IoSlice, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, sendmsg,
    socketpair,
};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

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

/// The jail's first process. It is started again when it is found dead: the host may kill what it likes.
#[derive(Debug)]
pub(crate) struct Nursery {
    program: PathBuf,
    process: Mutex<Process>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    door: OwnedFd,
}

impl Nursery {
    pub(crate) fn open(program: PathBuf) -> Result<Self, SandboxError> {
        let process = Mutex::new(Process::start(&program)?);
        Ok(Self { program, process })
    }

    /// A new outer process, which waits for its configuration. Returns before it runs.
    pub(crate) fn bear(&self, ends: &ProgramEnds) -> Result<Unconfigured, SandboxError> {
        let failed = || SandboxError::io("ask for a sandbox from", &self.program);
        let (ours, theirs) = StdStream::pair().map_err(failed())?;
        let fds = [
            theirs.as_fd(),
            ends.stdout.as_fd(),
            ends.stderr.as_fd(),
            ends.request.as_fd(),
            ends.report.as_fd(),
        ];
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if process.ask(&fds).is_err() {
            *process = Process::start(&self.program)?;
            process.ask(&fds).map_err(|_| SandboxError::JailVanished { timed_out: false })?;
        }
        Ok(Unconfigured(Jail { socket: ours }))
    }
}

impl Process {
    fn start(program: &Path) -> Result<Self, SandboxError> {
        let failed = || SandboxError::io("start", program);
        let (door, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
                .map_err(std::io::Error::from)
                .map_err(failed())?;
        #[expect(clippy::disallowed_methods, reason = "this is the crate that spawns processes")]
        let child = Command::new(program)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed())?;
        Ok(Self { child, door })
    }

    fn ask(&self, fds: &[BorrowedFd<'_>; 5]) -> std::io::Result<()> {
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(5))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(fds));
        sendmsg(&self.door, &[IoSlice::new(b"s")], &mut ancillary, SendFlags::NOSIGNAL)?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The sandboxes it made do not need it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sandbox's outer process. Letting go of the socket kills what is inside, and then it ends as well.
pub(crate) struct Jail {
    pub(crate) socket: StdStream,
}

/// A jail that has been told nothing.
pub(crate) struct Unconfigured(Jail);

impl Unconfigured {
    /// Lets it go on.
    pub(crate) fn configure(self, config: &JailConfig) -> Result<Jail, SandboxError> {
        let Self(mut jail) = self;
        let text = serde_json::to_vec(config)
            .map_err(|error| SandboxError::io("configure", "frameos-jail")(error.into()))?;
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
        // A jail that dies now has said why, or its silence is noticed by whoever reads its reports.
        let _ = jail.socket.write_all(&[&length, text.as_slice()].concat());
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
