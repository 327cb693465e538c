//! The sandbox's init: starts the program, reaps orphans, says how the program ended.
//!
//! It lives inside all walls. Its own end makes the kernel kill every other process of the pid namespace, so a program
//! that ended leaves nothing running, whatever it forked.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::FileExt as _;

use frameos_sandbox::jail::{JailConfig, JailStep, REPORT_FD, REQUEST_FD, Report};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::{ForkResult, Pid, fork};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{WaitOptions, wait};

use crate::fault::{At as _, Fault};
use crate::kernel;
use crate::wire::Control;

/// The descriptors that the program gets besides stdout and stderr.
pub(crate) struct ProgramFds {
    pub(crate) stdin: OwnedFd,
    pub(crate) request: OwnedFd,
    pub(crate) report: OwnedFd,
}

/// `account` is our own `/proc/self/io`.
pub(crate) fn run(
    config: &JailConfig,
    control: &Control,
    fds: ProgramFds,
    account: &File,
) -> Result<(), Fault> {
    let waited = block_signals()?;
    match spawn(&config.argv, &config.env, fds)? {
        Spawned::Running(program) => {
            control.report(&Report::Started);
            let end = serve(&waited, program);
            end_others();
            control.report(&end.report(written(account)));
        }
        Spawned::Failed(child) => {
            serve(&waited, child);
        }
    }
    Ok(())
}

/// Blocked, not handled: they are waited for. To be called before the program is made, so that none is lost.
pub(crate) fn block_signals() -> Result<SigSet, Fault> {
    let waited = SigSet::from_iter([Signal::SIGCHLD, Signal::SIGTERM]);
    waited.thread_block().at(JailStep::BlockSignals)?;
    Ok(waited)
}

/// What became of a new process.
pub(crate) enum Spawned {
    /// It has become the program.
    Running(Pid),
    /// It has not; it reports why, and its end is no news.
    Failed(Pid),
}

/// Starts the program on our own stdout and stderr, which are closed here. The child returns too, only when it failed.
pub(crate) fn spawn(argv: &[String], env: &[String], fds: ProgramFds) -> Result<Spawned, Fault> {
    let (argv, env) = (strings(argv)?, strings(env)?);
    // Closed by the program's execve: its end is the news that the program runs.
    let (started, failed) = pipe_with(PipeFlags::CLOEXEC).at(JailStep::MakePipe)?;
    // SAFETY: single-threaded, so the child may call anything.
    match unsafe { fork() }.at(JailStep::Fork)? {
        ForkResult::Child => {
            let fault = become_program(&argv, &env, &fds);
            let _ = rustix::io::write(&failed, b"f");
            Err(fault)
        }
        ForkResult::Parent { child } => {
            drop((fds, failed));
            for fd in 0..=2 {
                kernel::close_standard(fd);
            }
            // A byte means that it did not come to the program.
            if matches!(rustix::io::read(&started, &mut [0_u8; 1]), Ok(0)) {
                Ok(Spawned::Running(child))
            } else {
                Ok(Spawned::Failed(child))
            }
        }
    }
}

/// Returns only when it failed.
fn become_program(argv: &[CString], env: &[CString], fds: &ProgramFds) -> Fault {
    match place_descriptors(fds) {
        Err(fault) => return fault,
        // A session of its own inside the namespace: what it does to "its group" stays with it.
        Ok(()) => {
            if let Err(fault) = rustix::process::setsid().at(JailStep::NewSession) {
                return fault;
            }
        }
    }
    // A mask would be inherited through execve.
    if let Err(fault) = SigSet::all().thread_unblock().at(JailStep::BlockSignals) {
        return fault;
    }
    let Some(program) = argv.first() else { return Fault::own(JailStep::Execute, "no program") };
    match nix::unistd::execve(program, argv, env).at_with(JailStep::Execute, program.to_string_lossy()) {
        Err(fault) => fault,
        Ok(never) => match never {},
    }
}

/// 0 to 4 and no other.
fn place_descriptors(fds: &ProgramFds) -> Result<(), Fault> {
    let step = JailStep::Descriptors;
    kernel::place(fds.stdin.as_fd(), 0).at(step)?;
    kernel::place(fds.request.as_fd(), REQUEST_FD).at(step)?;
    kernel::place(fds.report.as_fd(), REPORT_FD).at(step)?;
    kernel::close_on_exec_from(5).at(step)
}

/// How the program's first process ended.
pub(crate) enum End {
    Exited(i32),
    Signaled(i32),
}

impl End {
    pub(crate) fn report(&self, written: Option<u64>) -> Report {
        match *self {
            Self::Exited(code) => Report::Exited { code, written },
            Self::Signaled(signal) => Report::Signaled { signal, written },
        }
    }
}

/// Whatever outlived the program: our own end would do it too, but then nobody would count what it wrote.
pub(crate) fn end_others() {
    while kill(Pid::from_raw(-1), Signal::SIGKILL).is_ok() {
        while matches!(wait(WaitOptions::empty()), Ok(Some(_)) | Err(Errno::INTR)) {}
    }
}

/// The kernel adds what a process wrote to the account of whoever reaps it.
pub(crate) fn written(account: &File) -> Option<u64> {
    let mut text = [0_u8; 512];
    let count = account.read_at(&mut text, 0).ok()?;
    let text = std::str::from_utf8(&text[..count]).ok()?;
    text.lines().find_map(|line| line.strip_prefix("wchar: ")?.parse().ok())
}

/// Until the program's first process ends.
pub(crate) fn serve(waited: &SigSet, program: Pid) -> End {
    loop {
        match waited.wait() {
            Ok(Signal::SIGTERM) => {
                let _ = kill(program, Signal::SIGTERM);
            }
            Ok(_) | Err(_) => {
                if let Some(end) = reap(program) {
                    return end;
                }
            }
        }
    }
}

/// Collects every ended child; orphans become init's children, and unreaped they would use up the pids limit.
pub(crate) fn reap(program: Pid) -> Option<End> {
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        if pid.as_raw_nonzero().get() != program.as_raw() {
            continue;
        }
        if let Some(code) = status.exit_status() {
            return Some(End::Exited(code));
        }
        if let Some(signal) = status.terminating_signal() {
            return Some(End::Signaled(signal));
        }
    }
    None
}

fn strings(texts: &[String]) -> Result<Vec<CString>, Fault> {
    texts
        .iter()
        .map(|text| CString::new(text.as_str()).map_err(|_| Fault::own(JailStep::Execute, "a zero byte")))
        .collect()
}
