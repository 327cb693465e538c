//! The guest's ends of the container's stdin and stdout. See `guest_protocol`.
//!
//! Until the program runs, reads and writes simply block; afterwards `guest_pump` has them to itself.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use frameos_sandbox::jail::{CONFIG_MAX, FrameKind, GuestConfig, JailStep, Report, frame_header};
use rustix::io::fcntl_dupfd_cloexec;

use crate::fault::{At as _, Fault};

pub(crate) struct Wires {
    pub(crate) input: OwnedFd,
    pub(crate) output: OwnedFd,
}

impl Wires {
    /// Away from 0 and 1, which become the program's, and above 3 and 4.
    pub(crate) fn take() -> Result<Self, ()> {
        let away = |fd: i32| {
            // SAFETY: the container's standard descriptors are open; they are only borrowed to be duplicated.
            fcntl_dupfd_cloexec(unsafe { BorrowedFd::borrow_raw(fd) }, 10).map_err(drop)
        };
        Ok(Self { input: away(0)?, output: away(1)? })
    }

    pub(crate) fn receive(&self) -> Result<GuestConfig, Fault> {
        let step = JailStep::ReceiveConfig;
        let length = self.length()?;
        if length > CONFIG_MAX {
            return Err(Fault::own(step, "configuration too long"));
        }
        let mut text = vec![0_u8; length];
        self.read(&mut text)?;
        serde_json::from_slice(&text).map_err(|error| Fault::own(step, error))
    }

    /// Of what comes next.
    pub(crate) fn length(&self) -> Result<usize, Fault> {
        let mut length = [0_u8; 4];
        self.read(&mut length)?;
        Ok(u32::from_le_bytes(length) as usize)
    }

    fn read(&self, into: &mut [u8]) -> Result<(), Fault> {
        let step = JailStep::ReceiveConfig;
        File::from(self.input.as_fd().try_clone_to_owned().at(step)?).read_exact(into).at(step)
    }

    /// There is nobody else to tell when that fails.
    pub(crate) fn send(&self, kind: FrameKind, data: &[u8]) {
        let frame = [&frame_header(kind, data.len()), data].concat();
        if let Ok(output) = self.output.try_clone() {
            let _ = File::from(output).write_all(&frame);
        }
    }

    pub(crate) fn report(&self, report: &Report) {
        if let Ok(text) = serde_json::to_vec(report) {
            self.send(FrameKind::Control, &text);
        }
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.report(&Report::Failed { step: fault.step, errno: fault.errno, detail: fault.detail });
    }
}
