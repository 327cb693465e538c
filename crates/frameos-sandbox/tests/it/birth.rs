//! What a program is born with, in the process and in each of its threads: nothing of its parents', and no way to get more.

use std::os::fd::AsFd as _;

use rustix::io::FdFlags;
use serde_json::{Value, json};

use crate::harness::{Agent, is_docker, result, sandbox};

/// Asks the kernel, not `/proc`, and then for more.
const PRIVILEGES: &str = "
BOUNDING, SET_BOUNDING, KEEP, SET_KEEP, BITS, SET_BITS, AMBIENT = 23, 24, 7, 8, 27, 28, 47
def prctl(*args):
    got = libc.prctl(*[ctypes.c_ulong(a) for a in args])
    if got == -1: raise OSError(ctypes.get_errno(), '')
    return got
def known(act, capability):
    try: return act(capability)
    except OSError: return 0
def capset(version=0x20080522):
    header, all = (ctypes.c_uint32 * 2)(version, 0), (ctypes.c_uint32 * 6)(*[1 << 21] * 6)
    if libc.capset(header, all) == -1: raise OSError(ctypes.get_errno(), '')
def main(inputs, ctx):
    return {
        'bounding': [c for c in range(64) if known(lambda c: prctl(BOUNDING, c), c)],
        'ambient': [c for c in range(64) if known(lambda c: prctl(AMBIENT, 1, c, 0, 0), c)],
        'bits': prctl(BITS), 'no new privileges': prctl(39, 0, 0, 0, 0), 'keep': prctl(KEEP),
        'raised': {
            'sets': tried(capset), 'ambient': tried(prctl, AMBIENT, 2, 21, 0, 0), 'bounding': tried(prctl, SET_BOUNDING, 21),
            'bits': tried(prctl, SET_BITS, 0), 'privileges again': tried(prctl, 38, 0, 0, 0, 0),
            'no filter': tried(prctl, 22, 0), 'memory map': tried(prctl, 35, 1, 4096, 0, 0),
        },
    }
";

#[tokio::test]
async fn no_set_of_capabilities_holds_one_and_none_can_be_raised() {
    let seen = result(Agent::probe(PRIVILEGES).run(&sandbox().await).await);
    for set in ["bounding", "ambient"] {
        assert_eq!(seen[set], json!([]), "{set}");
    }
    assert_eq!((&seen["no new privileges"], &seen["keep"]), (&json!(1), &json!(0)));
    // All that can be locked, locked; an engine sets no such bits, and there is no capability to use them.
    assert_eq!(seen["bits"], if is_docker() { 0 } else { 0xef });
    for (what, got) in seen["raised"].as_object().expect("attempts") {
        assert!(got.as_str().is_some_and(|got| got.starts_with('E')), "{what}: {got}");
    }
}

#[tokio::test]
async fn every_thread_is_held_alike() {
    // Among them those that Node started before the program's first line.
    let code = "
module.exports = async () => {
  const worker = new (require('worker_threads').Worker)('setInterval(() => {}, 1e3)', { eval: true });
  await new Promise((done, no) => { worker.on('online', done); worker.on('error', no); });
  const status = (tid) => Object.fromEntries(fs.readFileSync(`/proc/self/task/${tid}/status`, 'utf8').split('\\n').map((l) => l.split(':\\t')));
  const held = ({ CapInh, CapPrm, CapEff, CapBnd, CapAmb, NoNewPrivs, Seccomp }) => [CapInh, CapPrm, CapEff, CapBnd, CapAmb, NoNewPrivs, Seccomp];
  return fs.readdirSync('/proc/self/task').map((tid) => held(status(tid)).join());
};";
    let seen = result(Agent::node_probe(code).run(&sandbox().await).await);
    let threads = seen.as_array().expect("threads");
    assert!(threads.len() > 3, "{threads:?}");
    let none = "0000000000000000";
    let expect = format!("{none},{none},{none},{none},{none},1,2");
    assert!(threads.iter().all(|held| *held == expect), "{threads:?}");
}

/// An ordinary signal, and one that the C library keeps for itself.
#[expect(unsafe_code, reason = "no safe wrapper ignores a signal past the C library")]
fn ignore_signals() {
    let action = [libc::SIG_IGN as u64, 0, 0, 0];
    for signal in [libc::SIGUSR1, 33] {
        // SAFETY: the kernel reads one action from memory that is long enough; ignoring a signal runs no code, and nothing in a test
        // waits for these two.
        let ignored = unsafe {
            let none = std::ptr::null::<u64>();
            libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), none, size_of::<u64>())
        };
        assert_eq!(ignored, 0, "{signal}");
    }
}

#[tokio::test]
async fn a_program_inherits_nothing() {
    ignore_signals();
    // As a library might that knows nothing of close-on-exec.
    let secret = tempfile::tempfile().expect("a file");
    let leaked = rustix::io::dup(&secret).expect("dup");
    let flags = rustix::io::fcntl_getfd(leaked.as_fd()).expect("flags");
    assert!(!flags.contains(FdFlags::CLOEXEC), "the test can fail");
    let code = "
def main(inputs, ctx):
    status = dict(line[:-1].split(':\\t', 1) for line in open('/proc/self/status') if ':\\t' in line)
    mask = os.umask(0)
    return {'descriptors': sorted(int(fd) for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}') and int(fd) > 2),
            'blocked': status['SigBlk'], 'ignored': status['SigIgn'], 'pending': status['ShdPnd'],
            'umask': mask, 'nice': os.getpriority(os.PRIO_PROCESS, 0), 'policy': os.sched_getscheduler(0) == os.SCHED_OTHER,
            'session': [os.getsid(0), os.getpgid(0)] == [os.getpid()] * 2, 'terminal': tried(os.open, '/dev/tty', os.O_RDWR),
            'folder': os.getcwd(), 'timer': signal.getitimer(signal.ITIMER_REAL), 'groups': [g for g in os.getgroups() if g != os.getgid()]}
";
    let mut seen = result(Agent::probe(code).run(&sandbox().await).await);
    let terminal = seen["terminal"].take();
    assert!(["ENOENT", "ENXIO", "EACCES"].contains(&terminal.as_str().unwrap_or_default()), "{terminal}");
    let expect = json!({
        "descriptors": [4], "blocked": "0000000000000000", "pending": "0000000000000000",
        // SIGPIPE and SIGXFSZ: the interpreter's own doing.
        "ignored": "0000000001001000", "umask": 0o022, "nice": 0, "policy": true, "session": true, "terminal": Value::Null,
        "folder": "/agent", "timer": [0.0, 0.0], "groups": [],
    });
    assert_eq!(seen, expect);
}
