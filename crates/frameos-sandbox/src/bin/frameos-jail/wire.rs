//! The jail's end of the control socket.
//!
//! Reports are single small writes, so that those of the jail's processes never mix. A parent that has gone is not
//! an error here: the outer process notices by the socket's end and kills everything.

use std::io::{IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use frameos_sandbox::jail::{CONFIG_MAX, JailConfig, JailStep, Report};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send};

use crate::fault::{At as _, Fault};

/// What the parent sends first.
pub(crate) struct Request {
    pub(crate) config: JailConfig,
    /// The program's descriptor 3, to be.
    pub(crate) request: OwnedFd,
    /// The program's descriptor 4, to be.
    pub(crate) report: OwnedFd,
}

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

    pub(crate) fn receive(&self) -> Result<Request, Fault> {
        let step = JailStep::ReceiveConfig;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut length = [0_u8; 4];
        let got = recvmsg(
            &self.socket,
            &mut [IoSliceMut::new(&mut length)],
            &mut ancillary,
            RecvFlags::CMSG_CLOEXEC,
        )
        .at(step)?;
        let mut fds = Vec::with_capacity(2);
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                fds.extend(received);
            }
        }
        let (Some(report), Some(request), true) = (fds.pop(), fds.pop(), got.bytes == 4) else {
            return Err(Fault::own(step, "short message"));
        };
        let length = u32::from_le_bytes(length) as usize;
        if length > CONFIG_MAX {
            return Err(Fault::own(step, "configuration too long"));
        }
        let mut text = vec![0_u8; length];
        std::fs::File::from(self.socket.try_clone().at(step)?).read_exact(&mut text).at(step)?;
        // Above 3 and 4, so that placing them later cannot overwrite one with the other.
        let request = fcntl_dupfd_cloexec(&request, 10).at(step)?;
        let report = fcntl_dupfd_cloexec(&report, 10).at(step)?;
        let config = serde_json::from_slice(&text).map_err(|error| Fault::own(step, error))?;
        Ok(Request { config, request, report })
    }
}
