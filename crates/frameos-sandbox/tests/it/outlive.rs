//! Nothing outlives its run, whatever it does to, and whoever in the sandbox is killed from outside.

use std::collections::BTreeSet;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use frameos_sandbox::{End, Outcome, RunEvent, Sandbox, SandboxConfig, SandboxError, WarmConfig};
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::harness::{
    Agent, Under, config, groups_left, is_docker, is_linux, open, sandbox, sandbox_processes, slowness,
};

/// Ways to be there still when the run is over. Each says so, then lets its first process end, or not.
const PYTHON: &[(&str, bool, &str)] = &[
    ("a deaf daemon", true, "if os.fork() == 0:\n    deaf(); os.setsid(); forever()"),
    (
        "a daemon",
        true,
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: forever()\n    os._exit(0)\nos.wait()",
    ),
    (
        "a daemon that lets go of everything",
        true,
        "if os.fork() == 0:\n    os.setsid(); os.closerange(0, 100)\n    if os.fork() == 0: forever()\n    os._exit(0)\nos.wait()",
    ),
    (
        "one in a stopped group",
        true,
        "if os.fork() == 0:\n    os.setpgid(0, 0); os.kill(0, signal.SIGSTOP); forever()",
    ),
    (
        "all stopped but one",
        true,
        "for _ in range(5):\n    if os.fork() == 0: forever()\nos.kill(-1, signal.SIGSTOP)",
    ),
    (
        "a crowd that forks as it dies",
        true,
        "def crowd():\n    while True:\n        try: os.fork()\n        except OSError: pass\nif os.fork() == 0: crowd()\nos.sched_yield()",
    ),
    (
        "a reaper of its own",
        true,
        "libc.prctl(36, 1, 0, 0, 0)\nif os.fork() == 0:\n    if os.fork() == 0: forever()\n    os._exit(0)\nos.wait()",
    ),
    (
        "a sibling",
        true,
        "if libc.syscall(ctypes.c_long(inputs['clone']), 0x8000 | 17, 0, 0, 0, 0) == 0: forever()",
    ),
    (
        "another program",
        true,
        "if os.fork() == 0:\n    os.setsid(); os.execv(sys.executable, [sys.executable, '-I', '-S', '-c', 'import signal; signal.pause()'])",
    ),
    ("one deaf to every signal", false, "deaf()\nforever()"),
    ("one that stops itself", false, "os.kill(os.getpid(), signal.SIGSTOP)"),
    (
        "threads without their first",
        false,
        "import threading\nthreading.Thread(target=forever).start()\nlibc.syscall(ctypes.c_long(inputs['exit']), 0)",
    ),
    (
        "one that waits for a stopped child",
        false,
        "pid = os.fork()\nif pid == 0:\n    os.kill(os.getpid(), signal.SIGSTOP)\nos.waitpid(pid, 0)",
    ),
];

fn python(code: &str) -> Agent {
    let prelude = "
import json
inputs = json.loads(os.environ['FRAMEOS_INPUTS'])
def forever():
    while True: signal.pause()
def deaf():
    for number in range(1, 64):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
print('{\"up\": true}', flush=True)
";
    Agent::probe(&format!("{prelude}\n{code}\nos._exit(0)\n"))
        .with_input("clone", libc::SYS_clone)
        .with_input("exit", libc::SYS_exit)
}

const NODE: &[(&str, bool, &str)] = &[
    (
        "a detached child",
        true,
        "cp.spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { detached: true, stdio: 'ignore' }).unref();",
    ),
    (
        "a child with its output",
        true,
        "cp.spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { detached: true, stdio: 'inherit' }).unref();",
    ),
    ("a worker", true, "new (require('worker_threads').Worker)('for (;;) {}', { eval: true }).unref();"),
    ("one deaf to SIGTERM", false, "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e3); return;"),
    ("an endless loop", false, "for (;;) {}"),
    ("a promise that holds on", false, "setInterval(() => {}, 1e6); return;"),
];

fn node(code: &str) -> Agent {
    Agent::node_probe(&format!("console.log('{{\"up\":true}}'); (() => {{ {code} process.exit(0); }})();"))
}

async fn assert_gone(sandbox: &Sandbox, name: &str, ends: bool, mut agent: Agent) {
    agent.spec.limits.wall = Duration::from_secs(if ends { 20 } else { 1 }) * slowness();
    agent.spec.limits.grace = Duration::from_millis(200);
    let outcome = agent.run(sandbox).await;
    let expect = if ends { End::Exited(0) } else { End::TimedOut };
    assert_eq!(outcome.end, expect, "{name}: {}", outcome.stderr.text());
    assert_eq!(outcome.outputs, Some(json!({ "up": true })), "{name}: what was said before counts");
    assert_eq!(sandbox_processes(agent.path()), 0, "{name}");
}

#[tokio::test]
async fn nothing_of_python_outlives_its_run() {
    let sandbox = sandbox().await;
    for (name, ends, code) in PYTHON {
        assert_gone(&sandbox, name, *ends, python(code)).await;
    }
}

#[tokio::test]
async fn nothing_of_node_outlives_its_run() {
    let sandbox = sandbox().await;
    for (name, ends, code) in NODE {
        assert_gone(&sandbox, name, *ends, node(code)).await;
    }
}

/// Runs an agent that never ends, and `act` once it is up.
async fn interrupted(sandbox: &Sandbox, agent: &Agent, act: impl FnOnce()) -> Result<Outcome, SandboxError> {
    let (sender, mut events) = tokio::sync::mpsc::channel(8);
    let run = sandbox.run(agent.spec.clone(), Some(sender), CancellationToken::new());
    let interrupt = async {
        while events.recv().await.is_some_and(|event| !matches!(event, RunEvent::Stdout(_))) {}
        act();
        while events.recv().await.is_some() {}
    };
    tokio::join!(run, interrupt).0
}

/// The processes inside, as the host knows them.
fn inside(code_dir: &Path) -> BTreeSet<i32> {
    let name = code_dir.file_name().and_then(|name| name.to_str()).expect("a name");
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        let mounts = std::fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap_or_default();
        mounts.contains(name) && mounts.contains(" /agent ")
    })
    .collect()
}

fn status(pid: i32, key: &str) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.unwrap_or_else(|| panic!("{pid} has no {key}")).trim().to_owned()
}

#[tokio::test]
async fn a_sandbox_whose_keeper_is_killed_dies_with_it() {
    if !is_linux("the jail") {
        return;
    }
    let state = tempfile::tempdir().expect("a folder");
    let sandbox = open(SandboxConfig { state_dir: state.path().into(), ..config() }).await;
    for outer in [true, false] {
        let agent = python("deaf()\nif os.fork() == 0:\n    os.setsid()\n    forever()\nforever()");
        let error = interrupted(&sandbox, &agent, || {
            let members = inside(agent.path());
            assert!(members.len() >= 2, "init and the program: {members:?}");
            // Init is the one whose parent is not inside.
            let parent = |pid: i32| status(pid, "PPid:").parse::<i32>().expect("a number");
            let init = *members.iter().find(|pid| !members.contains(&parent(**pid))).expect("init");
            let victim = if outer { parent(init) } else { init };
            kill(Pid::from_raw(victim), Signal::SIGKILL).expect("kill");
        })
        .await
        .expect_err("a fault of the platform, not of the agent");
        assert!(matches!(error, SandboxError::JailVanished { .. }), "{error}");
        assert_eq!(sandbox_processes(agent.path()), 0);
        sandbox.warmed().await;
        assert_eq!(groups_left(state.path()), Vec::<PathBuf>::new());
        assert_eq!(python("").run(&sandbox).await.end, End::Exited(0), "the next run finds all well");
    }
}

/// Where the links of a folder of `/proc` lead.
fn links(dir: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(dir).expect("a folder").flatten();
    entries.filter_map(|entry| std::fs::read_link(entry.path()).ok()?.to_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_run_has_namespaces_of_its_own_and_leaves_none() {
    let state = tempfile::tempdir().expect("a folder");
    let sandbox = open(SandboxConfig { state_dir: state.path().into(), ..config() }).await;
    let code = "
def main(inputs, ctx):
    daemon = os.fork()
    if daemon == 0:
        os.setsid(); signal.pause()
    return [os.readlink('/proc/self/ns/' + name) for name in ('user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup')]
";
    let agent = Agent::probe(code);
    let outcome = agent.run(&sandbox).await;
    let held: Vec<&str> = match &outcome.outputs {
        Some(Value::Array(links)) => links.iter().filter_map(Value::as_str).collect(),
        other => panic!("{other:?} {}", outcome.stderr.text()),
    };
    let host = links("/proc/self/ns");
    let shared: Vec<&&str> = held.iter().filter(|link| host.contains(**link)).collect();
    // Containers are in their engine's user namespace.
    assert!(
        held.len() == 7 && shared.iter().all(|link| is_docker() && link.starts_with("user:")),
        "{held:?}"
    );
    // A namespace lives by its processes, descriptors and mounts; its number alone says nothing, since the next one made
    // anywhere gets it.
    assert_eq!(sandbox_processes(agent.path()), 0);
    let kept: Vec<String> =
        links("/proc/self/fd").into_iter().filter(|link| held.contains(&link.as_str())).collect();
    assert_eq!(kept, Vec::<String>::new());
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    assert!(!mounts.contains(&agent.path().display().to_string()), "{mounts}");
    // An engine keeps some mounted while their container lives, the next one's among them.
    assert!(is_docker() || !held.iter().any(|link| mounts.contains(link)), "{mounts}");
    // Interpreters that wait have ids of their own.
    assert!(Under::chosen() == Under::Warm || no_slot_is_taken(state.path()));
}

/// Ids are locked bytes of a file: asked whether a lock of its whole length would be granted.
fn no_slot_is_taken(state: &Path) -> bool {
    let Ok(file) = std::fs::File::options().read(true).write(true).open(state.join("slots")) else {
        return true;
    };
    let mut lock = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    fcntl(file.as_fd(), FcntlArg::F_OFD_GETLK(&mut lock)).expect("an answer");
    i32::from(lock.l_type) == libc::F_UNLCK
}

#[tokio::test]
async fn an_id_is_taken_while_a_run_goes_on() {
    if !is_linux("the file of ids") {
        return;
    }
    let state = tempfile::tempdir().expect("a folder");
    let sandbox =
        open(SandboxConfig { state_dir: state.path().into(), warm: WarmConfig::OFF, ..config() }).await;
    let mut agent = python("forever()");
    agent.spec.limits.wall = Duration::from_secs(1) * slowness();
    let outcome =
        interrupted(&sandbox, &agent, || assert!(!no_slot_is_taken(state.path()), "the test can fail")).await;
    assert_eq!(outcome.expect("a run").end, End::TimedOut);
    assert!(no_slot_is_taken(state.path()));
}
