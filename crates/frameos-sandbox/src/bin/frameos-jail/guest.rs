//! The first process of a container: checks the walls that the engine built, adds its own, and starts the program.
//!
//! It has no privilege to build what `inner` builds; what the engine was asked for and is not there is a fault. It runs under
//! the program's id, so being non-dumpable is what keeps the program away from its memory and descriptors.

use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use frameos_sandbox::jail::{FrameKind, JailStep, Report};
use rustix::fs::Mode;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::fault::{At as _, Fault};
use crate::guest_pump::{Pump, Sources};
use crate::guest_wire::Wires;
use crate::init::{self, ProgramFds, Spawned};
use crate::{kernel, privileges, walls};

pub(crate) fn run() -> Result<(), ()> {
    let closed = kernel::close_from(3).at(JailStep::CloseInherited);
    let wires = Wires::take()?;
    // Both processes of a fork come back here; only the program-to-be returns a fault after it.
    closed.and_then(|()| start(&wires)).map_err(|fault| wires.fault(fault))
}

fn start(wires: &Wires) -> Result<(), Fault> {
    let config = wires.receive()?;
    let request = wires.length()?;
    kernel::signals_default();
    rustix::process::umask(Mode::from_raw_mode(0o022));
    verify()?;
    privileges::limit_resources(config.open_files, config.tmp_bytes)?;
    // Its file belongs to root as soon as we are sealed.
    let account = File::open("/proc/self/io").at(JailStep::OpenAccount)?;
    privileges::seal()?;
    // Landlock before the filter, which knows no Landlock calls.
    let landlock = walls::landlock_if_known()?;
    walls::seccomp()?;
    wires.send(FrameKind::Walls, &[u8::from(landlock)]);
    if config.probe {
        wires.report(&Report::Started);
        wires.report(&Report::Exited { code: 0, written: None });
        return Ok(());
    }
    let (sources, feed, fds) = pipes()?;
    let waited = init::block_signals()?;
    match init::spawn(&config.argv, &config.env, fds)? {
        Spawned::Running(program) => {
            wires.report(&Report::Started);
            let until = Instant::now().checked_add(Duration::from_millis(config.lifetime_ms));
            Pump::new(wires, sources, feed, request)?.run(&waited, program, &account, until)
        }
        Spawned::Failed(child) => {
            init::serve(&waited, child);
            Ok(())
        }
    }
}

/// What the engine was told and what its runtime made of it need not be the same.
fn verify() -> Result<(), Fault> {
    let step = JailStep::VerifyContainer;
    let status = std::fs::read_to_string("/proc/self/status").at(step)?;
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:"] {
        let value = status.lines().find_map(|line| line.strip_prefix(set)).unwrap_or("missing").trim();
        if u64::from_str_radix(value, 16) != Ok(0) {
            return Err(Fault::own(step, format_args!("{set} {value}")));
        }
    }
    if rustix::process::getuid().is_root() || rustix::process::getgid().is_root() {
        return Err(Fault::own(step, "root"));
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").at(step)?;
    let closed: [(&str, &[&str]); 3] =
        [("/", &["ro"]), ("/agent", &["ro"]), ("/tmp", &["noexec", "nosuid", "nodev"])];
    for (point, needed) in closed {
        let mut fields = mounts.lines().map(|line| line.split(' ').skip(4));
        // The last one covers the others.
        let options = fields.rfind(|fields| fields.clone().next() == Some(point)).and_then(|mut f| f.nth(1));
        let options: Vec<&str> = options.unwrap_or_default().split(',').collect();
        if !needed.iter().all(|option| options.contains(option)) {
            return Err(Fault::own(step, format_args!("{point} is {}", options.join(","))));
        }
    }
    // Interfaces other than the loopback mean a network.
    let interfaces = std::fs::read_to_string("/proc/self/net/dev").at(step)?;
    let names = interfaces.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim());
    match names.into_iter().find(|name| *name != "lo") {
        Some(name) => Err(Fault::own(step, format_args!("network interface {name}"))),
        None => Ok(()),
    }
}

/// Our ends and the program's. Its stdout and stderr take the places of the container's.
fn pipes() -> Result<(Sources, OwnedFd, ProgramFds), Fault> {
    let pipe = || pipe_with(PipeFlags::CLOEXEC).at(JailStep::MakePipe);
    let (stdin, _) = pipe()?;
    let ((stdout, out), (stderr, err)) = (pipe()?, pipe()?);
    let ((reports, report), (request, feed)) = (pipe()?, pipe()?);
    kernel::place(out.as_fd(), 1).at(JailStep::Descriptors)?;
    kernel::place(err.as_fd(), 2).at(JailStep::Descriptors)?;
    // Above 3 and 4, so that placing them later cannot overwrite one with the other.
    let away = |fd: OwnedFd| rustix::io::fcntl_dupfd_cloexec(&fd, 10).at(JailStep::Descriptors);
    let fds = ProgramFds { stdin: away(stdin)?, request: away(request)?, report: away(report)? };
    Ok((Sources { stdout, stderr, reports }, feed, fds))
}
