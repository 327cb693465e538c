//! System calls: the dangerous ones kill, the others fail, and interpreters live well with what is left.

use frameos_sandbox::End;
use serde_json::Value;

use crate::harness::{Agent, is_docker, sandbox};

/// Calls by number in a child each, and says how it went: `SIGSYS`, `done`, or the error's name.
const PROBE: &str = "
import ctypes, errno, os, signal
libc = ctypes.CDLL(None, use_errno=True)
def attempt(number, *args):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        got = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in args])
        os.write(write, b'done' if got != -1 else errno.errorcode.get(ctypes.get_errno(), '?').encode())
        os._exit(0)
    os.close(write)
    _, status = os.waitpid(pid, 0)
    said = os.read(read, 99).decode()
    os.close(read)
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else said
def main(inputs, ctx):
    return {name: attempt(*call) for name, call in inputs['calls'].items()}
";

/// A call by its number on this architecture, and arguments that would make it do something.
type Call = (&'static str, i64, &'static [i64]);

/// Those of the table with their number and arguments, as the probe takes them.
fn calls(table: &[Call]) -> Value {
    let call = |(name, number, args): &Call| {
        ((*name).to_owned(), [&[*number], *args].concat().into_iter().map(Value::from).collect())
    };
    Value::Object(table.iter().map(call).collect())
}

async fn verdicts(calls: Value) -> serde_json::Map<String, Value> {
    let outcome = Agent::python(PROBE).with_input("calls", calls).run(&sandbox().await).await;
    let (end, stderr) = (outcome.end, outcome.stderr.text());
    match outcome.outputs {
        Some(Value::Object(verdicts)) => verdicts,
        other => panic!("{other:?} {end:?} {stderr}"),
    }
}

/// Whoever tries one of these is up to something.
const KILLED: &[Call] = &[
    ("ptrace", libc::SYS_ptrace, &[0, 0, 0, 0]),
    ("ptrace attach", libc::SYS_ptrace, &[16, 1, 0, 0]),
    ("process_vm_readv", libc::SYS_process_vm_readv, &[1, 0, 0, 0, 0, 0]),
    ("process_vm_writev", libc::SYS_process_vm_writev, &[1, 0, 0, 0, 0, 0]),
    ("process_madvise", libc::SYS_process_madvise, &[0, 0, 0, 0, 0]),
    ("kcmp", libc::SYS_kcmp, &[1, 2, 0, 0, 0]),
    ("pidfd_getfd", libc::SYS_pidfd_getfd, &[0, 0, 0]),
    ("bpf", libc::SYS_bpf, &[0, 0, 0]),
    ("perf_event_open", libc::SYS_perf_event_open, &[0, 0, -1, -1, 0]),
    ("userfaultfd", libc::SYS_userfaultfd, &[0]),
    ("userfaultfd user mode", libc::SYS_userfaultfd, &[1]),
    ("keyctl", libc::SYS_keyctl, &[0, -3, 0]),
    ("add_key", libc::SYS_add_key, &[0, 0, 0, 0, 0]),
    ("request_key", libc::SYS_request_key, &[0, 0, 0, 0]),
    ("mount", libc::SYS_mount, &[0, 0, 0, 0, 0]),
    ("umount2", libc::SYS_umount2, &[0, 2]),
    ("pivot_root", libc::SYS_pivot_root, &[0, 0]),
    ("chroot", libc::SYS_chroot, &[0]),
    ("fsopen", libc::SYS_fsopen, &[0, 0]),
    ("fsconfig", libc::SYS_fsconfig, &[0, 0, 0, 0, 0]),
    ("fsmount", libc::SYS_fsmount, &[0, 0, 0]),
    ("fspick", libc::SYS_fspick, &[0, 0, 0]),
    ("move_mount", libc::SYS_move_mount, &[0, 0, 0, 0, 0]),
    ("open_tree", libc::SYS_open_tree, &[0, 0, 1]),
    ("mount_setattr", libc::SYS_mount_setattr, &[0, 0, 0, 0, 0]),
    ("unshare user", libc::SYS_unshare, &[libc::CLONE_NEWUSER as i64]),
    ("unshare time", libc::SYS_unshare, &[0x80]),
    ("setns", libc::SYS_setns, &[0, 0]),
    ("clone user", libc::SYS_clone, &[libc::CLONE_NEWUSER as i64 | 17, 0, 0, 0, 0]),
    ("clone net", libc::SYS_clone, &[libc::CLONE_NEWNET as i64 | 17, 0, 0, 0, 0]),
    ("clone mount", libc::SYS_clone, &[libc::CLONE_NEWNS as i64 | 17, 0, 0, 0, 0]),
    ("clone pid", libc::SYS_clone, &[libc::CLONE_NEWPID as i64 | 17, 0, 0, 0, 0]),
    ("clone ipc", libc::SYS_clone, &[libc::CLONE_NEWIPC as i64 | 17, 0, 0, 0, 0]),
    ("clone uts", libc::SYS_clone, &[libc::CLONE_NEWUTS as i64 | 17, 0, 0, 0, 0]),
    ("clone cgroup", libc::SYS_clone, &[libc::CLONE_NEWCGROUP as i64 | 17, 0, 0, 0, 0]),
    ("open_by_handle_at", libc::SYS_open_by_handle_at, &[-100, 0, 0]),
    ("kexec_load", libc::SYS_kexec_load, &[0, 0, 0, 0]),
    ("init_module", libc::SYS_init_module, &[0, 0, 0]),
    ("finit_module", libc::SYS_finit_module, &[0, 0, 0]),
    ("delete_module", libc::SYS_delete_module, &[0, 0]),
    ("reboot", libc::SYS_reboot, &[0, 0, 0, 0]),
    ("swapon", libc::SYS_swapon, &[0, 0]),
    ("fanotify_init", libc::SYS_fanotify_init, &[0, 0]),
];

/// What programs may try in good faith, or by way of a library; it does not work.
const FAILING: &[Call] = &[
    ("prlimit of init", libc::SYS_prlimit64, &[1, 0, 0, 0]),
    ("io_uring_setup", libc::SYS_io_uring_setup, &[8, 0]),
    ("io_uring_enter", libc::SYS_io_uring_enter, &[0, 0, 0, 0, 0]),
    ("io_uring_register", libc::SYS_io_uring_register, &[0, 0, 0, 0]),
    ("clone3", libc::SYS_clone3, &[0, 0]),
    ("memfd_create", libc::SYS_memfd_create, &[0, 0]),
    ("memfd_secret", libc::SYS_memfd_secret, &[0]),
    ("name_to_handle_at", libc::SYS_name_to_handle_at, &[-100, 0, 0, 0, 0]),
    ("sethostname", libc::SYS_sethostname, &[0, 0]),
    ("settimeofday", libc::SYS_settimeofday, &[0, 0]),
    ("clock_settime", libc::SYS_clock_settime, &[0, 0]),
    ("adjtimex", libc::SYS_adjtimex, &[0]),
    ("syslog", libc::SYS_syslog, &[3, 0, 0]),
    ("acct", libc::SYS_acct, &[0]),
    ("quotactl", libc::SYS_quotactl, &[0, 0, 0, 0]),
    ("sync", libc::SYS_sync, &[]),
    ("vhangup", libc::SYS_vhangup, &[]),
    ("splice", libc::SYS_splice, &[0, 0, 0, 0, 0, 0]),
    ("vmsplice", libc::SYS_vmsplice, &[0, 0, 0, 0]),
    ("seccomp listener", libc::SYS_seccomp, &[1, 8, 0]),
    ("landlock", libc::SYS_landlock_create_ruleset, &[0, 0, 1]),
    ("no address randomisation", libc::SYS_personality, &[0x0040_0000]),
    ("readable means executable", libc::SYS_personality, &[0x0040_0000 | 0x0004_0000]),
    ("ioprio_set", libc::SYS_ioprio_set, &[1, 0, 0]),
    ("mbind", libc::SYS_mbind, &[0, 0, 0, 0, 0, 0]),
    ("move_pages", libc::SYS_move_pages, &[0, 0, 0, 0, 0, 0]),
    ("shmget", libc::SYS_shmget, &[0, 4096, 0x380]),
    ("semget", libc::SYS_semget, &[0, 1, 0x380]),
    ("msgget", libc::SYS_msgget, &[0, 0x380]),
    ("mq_open", libc::SYS_mq_open, &[0, 0, 0, 0]),
    ("setgroups", libc::SYS_setgroups, &[0, 0]),
    // Of a kernel newer than the C library: asked for by number, which is one for all architectures.
    ("statmount", 457, &[0, 0, 0, 0]),
    ("listmount", 458, &[0, 0, 0, 0]),
    ("open_tree_attr", 467, &[-100, 0, 0, 0, 0]),
    ("netlink", libc::SYS_socket, &[16, 3, 0]),
    ("packet", libc::SYS_socket, &[17, 3, 0]),
    ("vsock", libc::SYS_socket, &[40, 1, 0]),
    ("alg", libc::SYS_socket, &[38, 5, 0]),
    ("xdp", libc::SYS_socket, &[44, 3, 0]),
    ("key", libc::SYS_socket, &[15, 3, 2]),
    ("rds", libc::SYS_socket, &[21, 5, 0]),
    ("tipc", libc::SYS_socket, &[30, 1, 0]),
    ("bluetooth", libc::SYS_socket, &[31, 3, 0]),
    ("raw", libc::SYS_socket, &[2, 3, 1]),
    ("udp", libc::SYS_socket, &[2, 2, 0]),
    ("udp6", libc::SYS_socket, &[10, 0x0008_0002, 17]),
    ("seqpacket", libc::SYS_socket, &[2, 5, 0]),
    ("sctp", libc::SYS_socket, &[2, 1, 132]),
    ("mptcp", libc::SYS_socket, &[2, 1, 262]),
    ("a family with a high half", libc::SYS_socket, &[0x1_0000_0010, 3, 0]),
    ("a pair of tipc", libc::SYS_socketpair, &[30, 1, 0, 0]),
    ("input for a terminal", libc::SYS_ioctl, &[0, 0x5412, 0]),
    ("the same with a high half", libc::SYS_ioctl, &[0, 0x1_0000_5412, 0]),
    ("console selection", libc::SYS_ioctl, &[0, 0x541c, 0]),
    ("unknown", 999, &[]),
];

#[tokio::test]
async fn denied_calls_kill_or_fail() {
    for (name, verdict) in verdicts(calls(KILLED)).await {
        assert_eq!(verdict, "SIGSYS", "{name}");
    }
    for (name, verdict) in verdicts(calls(FAILING)).await {
        assert!(verdict.as_str().is_some_and(|verdict| verdict.starts_with('E')), "{name}: {verdict}");
    }
    // Huge pages are mapped if the host keeps some; ENOMEM would be the host's answer, EPERM is ours.
    let huge = calls(&[("mmap", libc::SYS_mmap, &[0, 2 << 20, 3, 0x40022, -1, 0])]);
    assert_eq!(verdicts(huge).await["mmap"], "EPERM");
}

/// Doors that only this architecture has.
#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn the_other_numberings_of_calls_are_shut() {
    let killed = [("iopl", libc::SYS_iopl, &[3][..]), ("ioperm", libc::SYS_ioperm, &[0x70, 1, 1])];
    for (name, verdict) in verdicts(calls(&killed)).await {
        assert_eq!(verdict, "SIGSYS", "{name}");
    }
    let x32 = |number: i64| 0x4000_0000 | number;
    let failing = [
        ("x32 getpid", x32(39), &[][..]),
        ("x32 ptrace", x32(521), &[0, 0, 0, 0]),
        ("x32 execve", x32(520), &[0, 0, 0]),
        ("modify_ldt", libc::SYS_modify_ldt, &[0, 0, 0]),
        ("sysfs", libc::SYS_sysfs, &[3]),
    ];
    for (name, verdict) in verdicts(calls(&failing)).await {
        // An engine's filter kills what comes through this door, ours refuses it.
        let outer = is_docker() && name.starts_with("x32") && verdict == "SIGSYS";
        assert!(
            outer || verdict.as_str().is_some_and(|verdict| verdict.starts_with('E')),
            "{name}: {verdict}"
        );
    }
}

/// What is known of an inode would be known to every sandbox that shares it.
#[tokio::test]
async fn there_are_no_locks_leases_and_watches() {
    let locks = [
        ("getlk", 5),
        ("setlk", 6),
        ("setlkw", 7),
        ("setown", 8),
        ("setsig", 10),
        ("ofd getlk", 36),
        ("ofd setlk", 37),
        ("ofd setlkw", 38),
        ("setlease", 1024),
        ("getlease", 1025),
        ("notify", 1026),
        ("dupfd query", 1027),
        ("cancellk", 1029),
        ("seals", 1033),
        ("rw hint", 1036),
        ("high half", 0x1_0000_0006),
    ];
    let own = [("dupfd", 0), ("getfd", 1), ("getfl", 3), ("dupfd cloexec", 1030), ("pipe size", 1032)];
    let fcntl = |commands: &[(&str, i64)]| {
        let call = |(name, command): &(&str, i64)| {
            ((*name).to_owned(), serde_json::json!([libc::SYS_fcntl, 2, command, 0]))
        };
        Value::Object(commands.iter().map(call).collect())
    };
    let flock = calls(&[("flock", libc::SYS_flock, &[2, 1])]);
    let absent = calls(&[
        ("inotify_init1", libc::SYS_inotify_init1, &[0]),
        ("inotify_add_watch", libc::SYS_inotify_add_watch, &[0, 0, 0]),
        ("inotify_rm_watch", libc::SYS_inotify_rm_watch, &[0, 0]),
    ]);
    for (calls, expect) in
        [(fcntl(&locks), "ENOLCK"), (flock, "ENOLCK"), (absent, "ENOSYS"), (fcntl(&own), "done")]
    {
        for (name, verdict) in verdicts(calls).await {
            assert_eq!(verdict, expect, "{name}");
        }
    }
}

#[tokio::test]
async fn sockets_of_other_families_say_unsupported() {
    let code = "import socket\ndef main(inputs, ctx):\n    \
        try:\n        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)\n    \
        except OSError as error:\n        return error.errno\n";
    assert_eq!(Agent::python(code).run(&sandbox().await).await.outputs, Some(Value::from(97)));
}

#[tokio::test]
async fn a_denied_call_in_the_main_process_is_a_signal() {
    let code = "import ctypes\nctypes.CDLL(None).unshare(0x10000000)\n";
    assert_eq!(Agent::python(code).run(&sandbox().await).await.end, End::Signaled(31));
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn the_32_bit_door_is_shut() {
    // int 0x80 enters the kernel through the i386 table, where the numbers mean other calls.
    let code = "
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3]))
call = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
call()
";
    let end = Agent::python(code).run(&sandbox().await).await.end;
    // Killed by the filter, or by a kernel without the door at all.
    assert!(matches!(end, End::Signaled(31 | 11)), "{end:?}");
}

#[tokio::test]
async fn node_finds_what_it_needs() {
    let code = "
const os = require('os'), fs = require('fs'), crypto = require('crypto'), zlib = require('zlib'), cp = require('child_process');
const { Worker } = require('worker_threads');
module.exports = async () => {
    const worked = await new Promise((resolve, reject) => {
        const worker = new Worker('require(\"worker_threads\").parentPort.postMessage(1)', { eval: true });
        worker.on('message', resolve); worker.on('error', reject);
    });
    fs.writeFileSync('/tmp/a', 'x'); fs.copyFileSync('/tmp/a', '/tmp/b'); fs.renameSync('/tmp/b', '/tmp/c');
    const child = cp.execFileSync(process.execPath, ['-p', '1+1'], { encoding: 'utf8' });
    const module = await WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    fs.watchFile('/tmp/a', () => {}); fs.unwatchFile('/tmp/a');
    return { worked, child, cpus: os.cpus().length > 0, mem: os.totalmem() > 0, hash: crypto.scryptSync('a', 'b', 8).length,
             zip: zlib.gunzipSync(zlib.gzipSync('x')).toString(), wasm: typeof module.instance, read: fs.readFileSync('/tmp/c', 'utf8') };
};";
    let outcome = Agent::node(code).run(&sandbox().await).await;
    let expect = serde_json::json!({
        "worked": 1, "child": "2\n", "cpus": true, "mem": true, "hash": 8, "zip": "x", "wasm": "object", "read": "x",
    });
    assert_eq!(outcome.outputs, Some(expect), "{:?} {}", outcome.end, outcome.stderr.text());
}
