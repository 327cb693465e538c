//! The jail's end of the control socket.
//!
//! Reports are single small writes, so that those of the jail's processes never mix. A parent that has gone is not
//! an error here: the outer process notices by the socket's end and kills everything.

use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use frameos_sandbox::jail::{CONFIG_MAX, JailConfig, JailStep, Report};
use rustix::net::{SendFlags, send};

use crate::fault::{At as _, Fault};

pub(crate) struct Control {
    socket: OwnedFd,
}

impl Control {
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self { socket }
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Tells the parent; there is nobody else to tell when that fails.
    pub(crate) fn report(&self, report: &Report) {
        if let Ok(mut line) = serde_json::to_vec(report) {
            line.push(b'\n');
            let _ = send(&self.socket, &line, SendFlags::NOSIGNAL);
        }
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.report(&Report::Failed { step: fault.step, errno: fault.errno, detail: fault.detail });
    }

    /// The path that follows a command.
    pub(crate) fn receive_path(&self) -> Result<Vec<u8>, Fault> {
        let step = JailStep::ReceiveCommand;
        let mut socket = std::fs::File::from(self.socket.try_clone().at(step)?);
        let mut length = [0_u8; 2];
        socket.read_exact(&mut length).at(step)?;
        let mut path = vec![0_u8; u16::from_le_bytes(length).into()];
        socket.read_exact(&mut path).at(step)?;
        Ok(path)
    }

    /// What the parent sends first.
    pub(crate) fn receive(&self) -> Result<JailConfig, Fault> {
        let step = JailStep::ReceiveConfig;
        let mut socket = std::fs::File::from(self.socket.try_clone().at(step)?);
        let mut length = [0_u8; 4];
        socket.read_exact(&mut length).at(step)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > CONFIG_MAX {
            return Err(Fault::own(step, "configuration too long"));
        }
        let mut text = vec![0_u8; length];
        socket.read_exact(&mut text).at(step)?;
        serde_json::from_slice(&text).map_err(|error| Fault::own(step, error))
    }
}
