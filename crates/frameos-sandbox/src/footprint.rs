//! What of the own program stays in memory.
//!
//! Starting runs through most of it once, and pages once mapped count as the process's until the system is short of memory, which
//! on a small machine is late.

use std::{ffi::c_void, fs, io, ptr::NonNull};

use nix::sys::mman::{MmapAdvise, madvise};

/// Unmaps the pages of this process's code and constants. What runs again is mapped again from the system's cache of the file: some
/// hundred faults that read no disk.
pub fn program_unmap() -> io::Result<()> {
    let program = fs::read_link("/proc/self/exe")?;
    let maps = fs::read_to_string("/proc/self/maps")?;
    for (start, length) in maps.lines().filter_map(|line| unwritten(line, &program.to_string_lossy())) {
        let Some(address) = NonNull::new(std::ptr::with_exposed_provenance_mut::<c_void>(start)) else {
            continue;
        };
        // SAFETY: the range is a private mapping of the program's file that nobody has written to, nor may: its pages are the
        // file's, and are the same when they are mapped again. The file cannot change while it is run (ETXTBSY).
        unsafe { madvise(address, length, MmapAdvise::MADV_DONTNEED)? };
    }
    Ok(())
}

/// The address and length of a mapping of `program`, a line of proc(5)'s `maps`, if it was never written to: code, or what the file
/// begins with. The other constants are not: their addresses were written at the start.
fn unwritten(line: &str, program: &str) -> Option<(usize, usize)> {
    let mut fields = line.splitn(6, ' ');
    let (range, access, offset) = (fields.next()?, fields.next()?, fields.next()?);
    let path = fields.nth(2)?.trim_start();
    let is_first = offset.bytes().all(|digit| digit == b'0');
    if path != program || !(access == "r-xp" || access == "r--p" && is_first) {
        return None;
    }
    let (start, end) = range.split_once('-')?;
    let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    Some((start, end.checked_sub(start)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_never_written_is_unmapped() {
        let maps = "55d0c0000000-55d0c1753000 r--p 00000000 fe:00 131  /opt/frame os/frameos\n\
                    55d0c1753000-55d0c4d1f000 r-xp 01752000 fe:00 131                        /opt/frame os/frameos\n\
                    55d0c4d1f000-55d0c4eab000 r--p 04d1d000 fe:00 131                        /opt/frame os/frameos\n\
                    55d0c4eab000-55d0c4eb4000 rw-p 04ea8000 fe:00 131                        /opt/frame os/frameos\n\
                    7f0000000000-7f0000001000 r-xp 00000000 fe:00 131                        /lib/libc.so.6\n\
                    7f0000001000-7f0000002000 rw-p 00000000 00:00 0 \n\
                    nonsense";
        let found: Vec<_> =
            maps.lines().filter_map(|line| unwritten(line, "/opt/frame os/frameos")).collect();
        assert_eq!(found, [(0x55d0_c000_0000, 0x0175_3000), (0x55d0_c175_3000, 0x035c_c000)]);
    }

    #[test]
    fn the_program_goes_on_after_its_pages_were_unmapped() {
        let mapped = || {
            let status = fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("RssFile:")).unwrap().to_owned();
            line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap()
        };
        let before = mapped();
        program_unmap().unwrap();
        let after = mapped();
        assert!(after < before, "{after} kB of {before}");
    }
}
