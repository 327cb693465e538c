//! Slots: numbers that give each concurrent sandbox a user id of its own.
//!
//! A slot is held by an open-file-description lock on one byte of one file in the state folder, so that several
//! processes that share the folder never share an id, and a dead process holds none.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::fcntl::{FcntlArg, fcntl};

use crate::error::SandboxError;

/// How many sandboxes may run at once on one state folder.
const SLOTS: u32 = 1024;
/// The first host user id of sandboxes: above what distributions and service managers hand out, below the sign bit.
const UID_BASE: u32 = 0x7000_0000;

#[derive(Debug, Clone)]
pub(crate) struct Slots {
    file: Arc<File>,
    held: Arc<Mutex<BTreeSet<u32>>>,
}

/// Held for a run.
#[derive(Debug)]
pub(crate) struct Slot {
    number: u32,
    slots: Slots,
}

impl Slots {
    pub(crate) fn open(state_dir: &Path) -> Result<Self, SandboxError> {
        let path = state_dir.join("slots");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        Ok(Self { file: Arc::new(file.map_err(SandboxError::io("open", &path))?), held: Arc::default() })
    }

    pub(crate) fn take(&self) -> Result<Slot, SandboxError> {
        let mut held = self.held();
        for number in 0..SLOTS {
            if !held.contains(&number) && self.lock(number, libc::F_WRLCK) {
                held.insert(number);
                return Ok(Slot { number, slots: self.clone() });
            }
        }
        Err(SandboxError::SlotsExhausted { slots: SLOTS })
    }

    fn lock(&self, number: u32, kind: libc::c_int) -> bool {
        let lock = libc::flock {
            l_type: kind as libc::c_short,
            l_whence: libc::SEEK_SET as libc::c_short,
            l_start: libc::off_t::from(number),
            l_len: 1,
            l_pid: 0,
        };
        fcntl(&*self.file, FcntlArg::F_OFD_SETLK(&lock)).is_ok()
    }

    fn held(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// The host's user and group id of this slot.
    pub(crate) fn uid(&self) -> u32 {
        UID_BASE + self.number
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.slots.held();
        self.slots.lock(self.number, libc::F_UNLCK);
        held.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_holders_of_one_folder_never_share_a_slot() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let (one, other) = (Slots::open(dir.path())?, Slots::open(dir.path())?);
        let first = one.take()?;
        let second = other.take()?;
        assert_eq!((first.uid(), second.uid()), (UID_BASE, UID_BASE + 1));
        drop(first);
        assert_eq!(other.take()?.uid(), UID_BASE);
        Ok(())
    }
}
