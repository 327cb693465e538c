//! The outer process: on the host, makes the namespaces, then waits for their end.
//!
//! It keeps the parent's privileges because only they can map ids and signal the inner process; it is never reachable
//! from inside. Its end means that every process of the sandbox is gone, because it reaps the pid namespace's init.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use frameos_sandbox::jail::{
    COMMAND_KILL, COMMAND_MOUNT, COMMAND_TERMINATE, INNER_ID, JailCgroup, JailConfig, JailStep,
};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, WaitId, WaitIdOptions, pidfd_send_signal, setsid, umask, waitid};

use crate::fault::{At as _, Fault};
use crate::hand_over::Namespaces;
use crate::inner::{self, Inside};
use crate::kernel::{self, Cloned};
use crate::wire::Control;

const NAMESPACES: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS;

/// The control group, opened while host paths still resolve.
pub(crate) enum CgroupFds {
    V1(Vec<File>),
    V2(OwnedFd),
}

/// `request` and `report` become the program's descriptors 3 and 4; `control` is 0 as well, and 1 and 2 are the program's.
pub(crate) fn start(control: &Control, request: OwnedFd, report: OwnedFd) -> Result<(), Fault> {
    let config = control.receive()?;
    // Our own child's end is ours to see.
    kernel::signals_default();
    setsid().at(JailStep::NewSession)?;
    umask(Mode::from_raw_mode(0o022));
    // Before the user namespace, which can only freeze the groups, not drop them.
    if config.privileged {
        rustix::thread::set_thread_groups(&[]).at(JailStep::DropGroups)?;
    }
    let cgroup = open_cgroup(&config.cgroup)?;
    let (await_maps, release) = pipe_with(PipeFlags::CLOEXEC).at(JailStep::MakePipe)?;
    let born_in = match &cgroup {
        CgroupFds::V1(_) => None,
        CgroupFds::V2(dir) => Some(dir.as_fd()),
    };
    // All namespaces in one call, so that the user namespace owns the others. The cgroup namespace comes later, when
    // the process is in its group.
    match kernel::clone_into(NAMESPACES, born_in).at(JailStep::Clone)? {
        Cloned::Child => {
            drop(release);
            inner::run(Inside { config, control, request, report, cgroup, await_maps })
        }
        Cloned::Parent { pid, pidfd } => {
            // Only the program may hold the ends it writes to, or their readers would never see the end.
            drop((request, report, await_maps, cgroup));
            for fd in 0..=2 {
                kernel::close_standard(fd);
            }
            let released = map_ids(&config, pid).and_then(|()| {
                let ways_back = config.code.is_none().then(|| Namespaces::open(&config, pid)).transpose()?;
                go(release.as_fd())?;
                Ok(ways_back)
            });
            if released.is_err() {
                let _ = pidfd_send_signal(&pidfd, Signal::KILL);
            }
            let sandbox = Sandbox { pidfd, namespaces: released.as_ref().ok().and_then(Option::as_ref) };
            let waited = supervise(control, &sandbox);
            if matches!(waited, Ok(Parent::Gone)) {
                remove_cgroup(&config.cgroup);
            }
            released.map(drop).and(waited.map(drop))
        }
    }
}

fn open_cgroup(cgroup: &JailCgroup) -> Result<CgroupFds, Fault> {
    let step = JailStep::OpenCgroup;
    match cgroup {
        JailCgroup::V1 { tasks } => tasks
            .iter()
            .map(|path| OpenOptions::new().write(true).open(path).at_with(step, path.display()))
            .collect::<Result<_, _>>()
            .map(CgroupFds::V1),
        JailCgroup::V2 { dir } => {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            rustix::fs::open(dir, flags, Mode::empty()).at_with(step, dir.display()).map(CgroupFds::V2)
        }
    }
}

/// One user and one group id exist inside; `setgroups` is forbidden first because the kernel wants that order.
fn map_ids(config: &JailConfig, pid: i32) -> Result<(), Fault> {
    let put = |step: JailStep, file: &str, text: String| {
        let path = format!("/proc/{pid}/{file}");
        let written =
            OpenOptions::new().write(true).open(&path).and_then(|mut f| f.write_all(text.as_bytes()));
        written.at_with(step, path)
    };
    put(JailStep::DenySetgroups, "setgroups", "deny".to_owned())?;
    put(JailStep::MapUid, "uid_map", format!("{INNER_ID} {} 1", config.host_uid))?;
    put(JailStep::MapGid, "gid_map", format!("{INNER_ID} {} 1", config.host_gid))?;
    // When the whole host runs short, a sandbox goes before anything else.
    put(JailStep::OomScore, "oom_score_adj", "1000".to_owned())
}

fn go(release: BorrowedFd<'_>) -> Result<(), Fault> {
    rustix::io::write(release, b"g").at(JailStep::Release)?;
    Ok(())
}

/// What is inside, seen from here.
struct Sandbox<'a> {
    pidfd: OwnedFd,
    /// Of one that waits for its code.
    namespaces: Option<&'a Namespaces>,
}

/// The library, on the other end of the socket.
enum Parent {
    There,
    Gone,
}

/// Nobody else is left to do it. All members are dead and reaped.
fn remove_cgroup(cgroup: &JailCgroup) {
    let dirs: Vec<&Path> = match cgroup {
        JailCgroup::V1 { tasks } => tasks.iter().filter_map(|path| path.parent()).collect(),
        JailCgroup::V2 { dir } => vec![dir],
    };
    for dir in dirs {
        // What stays is removed when a sandbox is opened next.
        let _ = std::fs::remove_dir(dir);
    }
}

/// Until the inner process is gone. A parent that went away takes the sandbox with it.
fn supervise(control: &Control, sandbox: &Sandbox<'_>) -> Result<Parent, Fault> {
    let mut listening = true;
    loop {
        let mut fds = vec![PollFd::new(&sandbox.pidfd, PollFlags::IN)];
        if listening {
            fds.push(PollFd::from_borrowed_fd(control.fd(), PollFlags::IN));
        }
        match poll(&mut fds, None) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error).at(JailStep::Supervise),
        }
        let ended = !fds[0].revents().is_empty();
        let spoken = fds.get(1).is_some_and(|fd| !fd.revents().is_empty());
        if ended {
            waitid(WaitId::PidFd(sandbox.pidfd.as_fd()), WaitIdOptions::EXITED).at(JailStep::Supervise)?;
            return Ok(if listening { Parent::There } else { Parent::Gone });
        }
        if spoken && !obey(control, sandbox)? {
            listening = false;
        }
    }
}

/// Acts on one command; false when the parent is gone.
fn obey(control: &Control, sandbox: &Sandbox<'_>) -> Result<bool, Fault> {
    let mut command = [0_u8; 1];
    let signal = match rustix::io::read(control.fd(), &mut command) {
        Ok(1) if command[0] == COMMAND_TERMINATE => Signal::TERM,
        Ok(1) if command[0] == COMMAND_MOUNT => {
            let code = control.receive_path()?;
            if let Some(namespaces) = sandbox.namespaces {
                namespaces.mount(control, &code)?;
            }
            return Ok(true);
        }
        Ok(1) if command[0] == COMMAND_KILL => Signal::KILL,
        Ok(1) | Err(Errno::INTR | Errno::AGAIN) => return Ok(true),
        _ => {
            let _ = pidfd_send_signal(&sandbox.pidfd, Signal::KILL);
            return Ok(false);
        }
    };
    // The process may have ended by itself in the meantime.
    let _ = pidfd_send_signal(&sandbox.pidfd, signal);
    Ok(true)
}
