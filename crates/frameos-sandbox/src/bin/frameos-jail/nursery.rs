//! The first process: forks an outer process for each sandbox that the library asks for.
//!
//! A fork costs a fifth of what starting a program from its file costs. Of a sandbox it sees five descriptors, which it passes on
//! unread and closes: what one run is told never lies in memory that the next one is copied from. All jails have one
//! layout of memory in common, therefore; none of their processes takes anything from agents.

use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use frameos_sandbox::jail::JailStep;
use nix::unistd::{ForkResult, fork};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::setsid;

use crate::fault::{At as _, Fault};
use crate::wire::Control;
use crate::{kernel, outer};

/// What one message brings, in this order.
struct Birth {
    control: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
    request: OwnedFd,
    report: OwnedFd,
}

/// Until the library is gone.
pub(crate) fn run() -> Result<(), ()> {
    // First of all: nothing that the parent forgot to close may travel further. The standard three are ours.
    kernel::close_from(3).map_err(|_| ())?;
    // A parent that ignores SIGCHLD would have taught us to, and no end would ever be seen.
    kernel::signals_default();
    // Away from the parent's terminal: its Ctrl-C is not ours, and no controlling terminal gets inside.
    setsid().map_err(|_| ())?;
    // SAFETY: descriptor 0 is open for the whole life of the process; it is only borrowed to be duplicated.
    let stdin = unsafe { BorrowedFd::borrow_raw(0) };
    // Away from the numbers that mean something in an outer process.
    let door = fcntl_dupfd_cloexec(stdin, 10).map_err(|_| ())?;
    // Outer processes tell the library of their end themselves.
    kernel::leave_children_to_the_kernel().map_err(|_| ())?;
    loop {
        let Some(birth) = receive(&door).map_err(|_| ())? else { return Ok(()) };
        // SAFETY: single-threaded, so the child may call anything.
        match unsafe { fork() } {
            Ok(ForkResult::Child) => {
                drop(door);
                birth.live()
            }
            Ok(ForkResult::Parent { .. }) => {}
            Err(error) => {
                let fault: Result<(), Fault> = Err(error).at(JailStep::Fork);
                fault.unwrap_or_else(|fault| Control::new(birth.control).fault(fault));
            }
        }
    }
}

impl Birth {
    /// As an outer process, to its end. The processes that come from it end here as well.
    fn live(self) -> ! {
        let Self { control, stdout, stderr, request, report } = self;
        let placed = [(&control, 0), (&stdout, 1), (&stderr, 2)]
            .into_iter()
            .try_for_each(|(fd, number)| kernel::place(fd.as_fd(), number))
            .at(JailStep::Descriptors);
        drop((stdout, stderr));
        let control = Control::new(control);
        match placed.and_then(|()| outer::start(&control, request, report)) {
            Ok(()) => kernel::exit_now(0),
            Err(fault) => {
                control.fault(fault);
                kernel::exit_now(1)
            }
        }
    }
}

/// `None` when nobody is left to send any.
fn receive(door: &OwnedFd) -> Result<Option<Birth>, Errno> {
    loop {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(5))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut word = [0_u8; 1];
        let received =
            recvmsg(door, &mut [IoSliceMut::new(&mut word)], &mut ancillary, RecvFlags::CMSG_CLOEXEC);
        let got = match received {
            Err(Errno::INTR) => continue,
            other => other?,
        };
        if got.bytes == 0 {
            return Ok(None);
        }
        let mut fds = Vec::with_capacity(5);
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                // Away from the numbers that are given out later.
                fds.extend(received.map(|fd| fcntl_dupfd_cloexec(&fd, 10)));
            }
        }
        let fds: Vec<OwnedFd> = fds.into_iter().collect::<Result<_, _>>()?;
        // With fewer the kernel had no room for them; the library sees the control socket's end.
        if let Ok([control, stdout, stderr, request, report]) = <[OwnedFd; 5]>::try_from(fds) {
            return Ok(Some(Birth { control, stdout, stderr, request, report }));
        }
    }
}
