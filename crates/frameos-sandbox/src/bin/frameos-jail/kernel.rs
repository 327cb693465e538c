//! The few system calls that no safe wrapper covers, one thin function each.

use std::ffi::CStr;
use std::io::{Error, Result};
use std::mem::size_of;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::path::Path;

use rustix::io::Errno;
use rustix::path::Arg as _;

/// Wider than the C library's constant can say.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// The process made by `clone_into`.
pub(crate) enum Cloned {
    /// We are the new process.
    Child,
    /// We are the old one.
    Parent { pid: i32, pidfd: OwnedFd },
}

/// `clone3` with the semantics of `fork`: a copy of this process in the namespaces named by `flags`, born in the
/// control group `cgroup` when one is given (version 2 only).
pub(crate) fn clone_into(flags: libc::c_int, cgroup: Option<BorrowedFd<'_>>) -> Result<Cloned> {
    let mut pidfd: RawFd = -1;
    // SAFETY: clone_args is plain data for which all-zero is the documented "nothing" value.
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = flags as u64 | libc::CLONE_PIDFD as u64;
    args.pidfd = &raw mut pidfd as u64;
    args.exit_signal = libc::SIGCHLD as u64;
    if let Some(cgroup) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup.as_raw_fd() as u64;
    }
    // SAFETY: no stack is given and memory is not shared, so both processes return here on copies of one stack;
    // this program is single-threaded, so no lock can be held by a thread the child lacks; `args` outlives the call.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of::<libc::clone_args>()) };
    match pid {
        -1 => Err(Error::last_os_error()),
        0 => Ok(Cloned::Child),
        pid => {
            // SAFETY: CLONE_PIDFD stored a fresh descriptor that nobody else owns.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Cloned::Parent { pid: pid as i32, pidfd })
        }
    }
}

/// Closes every descriptor from `first` on.
pub(crate) fn close_from(first: u32) -> Result<()> {
    // SAFETY: called before this process owns any descriptor at or above `first`.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
    if result == 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

/// Marks every descriptor from `first` on to be closed by the next `execve`.
pub(crate) fn close_on_exec_from(first: u32) -> Result<()> {
    // SAFETY: only sets a flag; no descriptor changes owner.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if result == 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

/// Adds mount attributes to the mount at `path`, leaving the others as they are.
pub(crate) fn mount_attributes(path: &Path, set: u64) -> rustix::io::Result<()> {
    path.into_with_c_str(|path| set_attributes(libc::AT_FDCWD, path, 0, set, 0))
}

/// The same for the mount that `tree` stands for, which also lets go of those it was cloned from: what is mounted there later
/// does not show here.
pub(crate) fn mount_attributes_at(tree: BorrowedFd<'_>, set: u64) -> rustix::io::Result<()> {
    set_attributes(tree.as_raw_fd(), c"", libc::AT_EMPTY_PATH, set, libc::MS_PRIVATE)
}

fn set_attributes(
    dir: RawFd,
    path: &CStr,
    flags: libc::c_int,
    set: u64,
    propagation: libc::c_ulong,
) -> rustix::io::Result<()> {
    let attributes = libc::mount_attr { attr_set: set, attr_clr: 0, propagation, userns_fd: 0 };
    // SAFETY: path is a C string and `attributes` a valid mount_attr of the size given, both alive for the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            dir,
            path.as_ptr(),
            flags,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    if result == 0 { Ok(()) } else { Err(Errno::from_io_error(&Error::last_os_error()).unwrap_or(Errno::IO)) }
}

/// Ends this process without the C library's farewell, which touches thirty pages and has nothing to say.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: ends the process; nothing of it is used afterwards.
    unsafe { libc::_exit(code) }
}

/// Joins a new, empty, anonymous session keyring.
pub(crate) fn new_keyring() -> Result<()> {
    const JOIN_SESSION_KEYRING: libc::c_long = 1;
    // SAFETY: a null name is the documented way to ask for an anonymous keyring.
    let result =
        unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, std::ptr::null::<libc::c_char>()) };
    if result >= 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

/// Brings up the interface `lo` of the network namespace.
pub(crate) fn loopback_up() -> Result<()> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    // SAFETY: ifreq is plain data for which all-zero is valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads one ifreq, which is what it gets.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if result == 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

/// Installs one filter program; needs no-new-privileges.
pub(crate) fn seccomp_install(program: &'static [libc::sock_filter]) -> Result<()> {
    let length = u16::try_from(program.len()).map_err(|_| Error::from_raw_os_error(libc::E2BIG))?;
    let fprog = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    // SAFETY: the kernel only reads `len` instructions from `filter`, which are static.
    let result =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const fprog, 0, 0) };
    if result == 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

/// Gives every signal its default action again. Past the C library, which keeps two of them from its callers, but not from
/// being ignored by whoever started us.
pub(crate) fn signals_default() {
    const SIGNALS: libc::c_long = 64;
    // Handler (SIG_DFL), flags, restorer and mask as the kernel lays them out, on all architectures no longer than this.
    let action = [0_u64; 4];
    for signal in 1..=SIGNALS {
        // SAFETY: the kernel reads one action, which is all zeros and no shorter than it expects; the default action installs no
        // code. SIGKILL and SIGSTOP refuse, which is fine.
        unsafe {
            let none = std::ptr::null::<u64>();
            libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), none, size_of::<u64>());
        }
    }
}

/// Has the kernel reap children that end.
pub(crate) fn leave_children_to_the_kernel() -> Result<()> {
    // SAFETY: ignoring a signal installs no code.
    let before = unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    if before == libc::SIG_ERR { Err(Error::last_os_error()) } else { Ok(()) }
}

/// Closes a standard descriptor, whoever opened it.
pub(crate) fn close_standard(fd: RawFd) {
    // SAFETY: only used for 0, 1 and 2, which nothing in this program owns or uses afterwards.
    unsafe { libc::close(fd) };
}

/// Makes `target` name what `source` names, without close-on-exec.
pub(crate) fn place(source: BorrowedFd<'_>, target: RawFd) -> Result<()> {
    // SAFETY: the targets are the program's 0, 3 and 4; whatever they named in this process is used no more.
    let result = unsafe { libc::dup2(source.as_raw_fd(), target) };
    if result == target { Ok(()) } else { Err(Error::last_os_error()) }
}
