//! Runs side by side, and what holds a run: neither reaches the other, and neither outlives what holds it.

use std::path::PathBuf;
use std::time::Duration;

use frameos_sandbox::{RunEvent, SandboxError};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::harness::{Agent, is_linux, result, sandbox, sandbox_processes, until};

/// Puts something of its own wherever a neighbour might look, then looks itself for as long as the other may be there.
const NEIGHBOUR: &str = "import ctypes, os, socket, time
def tried(act, *args):
    try:
        act(*args)
        return 'done'
    except OSError as error:
        return type(error).__name__
def look(other):
    found = []
    for name in os.listdir('/proc'):
        if not name.isdigit() or int(name) == os.getpid(): continue
        if name != '1': found.append(name)
        for file in ('environ', 'cmdline'):
            try: text = open('/proc/%s/%s' % (name, file), 'rb').read()
            except OSError: continue
            if other.encode() in text: found.append(name + ' ' + file)
    found += [path for path in ('/tmp/' + other, '/dev/shm/' + other) if os.path.exists(path)]
    def connect(family, address):
        with socket.socket(family, socket.SOCK_STREAM) as s: s.connect(address)
    if tried(connect, socket.AF_UNIX, chr(0) + other) == 'done': found.append('abstract socket')
    if tried(connect, socket.AF_INET, ('127.0.0.1', 4000 + ord(other[-1]))) == 'done': found.append('port')
    return found
def main(inputs, ctx):
    own, other = inputs['own'], inputs['other']
    open('/tmp/' + own, 'w').write(own); open('/dev/shm/' + own, 'w').write(own)
    server = socket.create_server(('127.0.0.1', 4000 + ord(own[-1])))
    abstract = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM); abstract.bind(chr(0) + own); abstract.listen()
    libc = ctypes.CDLL(None)
    seen = set()
    end = time.monotonic() + 2
    while time.monotonic() < end:
        seen.update(look(other))
        time.sleep(0.02)
    return {'seen': sorted(seen), 'itself': bool(look(own)), 'shm': libc.shmget(77, 4096, 0o1600)}
";

#[tokio::test]
async fn concurrent_runs_cannot_see_each_other() {
    let sandbox = sandbox().await;
    let agent =
        |own: &str, other: &str| Agent::python(NEIGHBOUR).with_input("own", own).with_input("other", other);
    let (one, other) = (agent("neighbour-a", "neighbour-b"), agent("neighbour-b", "neighbour-a"));
    let (one, other) = tokio::join!(one.run(&sandbox), other.run(&sandbox));
    for seen in [result(one), result(other)] {
        assert_eq!(seen, json!({"seen": [], "itself": true, "shm": -1}));
    }
}

#[tokio::test]
async fn a_crash_leaves_no_core() {
    let code = "import os\ndef main(inputs, ctx):\n    os.chdir('/tmp')\n    if os.fork() == 0: os.abort()\n    \
                _, status = os.wait()\n    return [os.WTERMSIG(status), os.WCOREDUMP(status), os.listdir('/tmp'), os.getsid(0) == os.getpid()]\n";
    let seen = result(Agent::python(code).run(&sandbox().await).await);
    assert_eq!(seen, json!([6, false, [], true]), "a signal, no core, and a session of its own");
}

/// Jails that hold something: those of this process that have children.
fn jails() -> Vec<i32> {
    let stat = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let parent = |stat: &str| {
        stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<i32>().ok())
    };
    let names = std::fs::read_dir("/proc").expect("/proc").flatten().map(|entry| entry.file_name());
    let pids: Vec<String> =
        names.filter_map(|name| name.into_string().ok()).filter(|name| name.parse::<i32>().is_ok()).collect();
    let parents: Vec<i32> = pids.iter().filter_map(|pid| parent(&stat(pid))).collect();
    let own = i32::try_from(std::process::id()).expect("a pid");
    let ours = |pid: &&String| stat(pid).contains("(frameos-jail)") && parent(&stat(pid)) == Some(own);
    pids.iter().filter(ours).filter_map(|pid| pid.parse().ok()).filter(|pid| parents.contains(pid)).collect()
}

#[tokio::test]
async fn a_killed_jail_takes_its_run_along_and_is_the_platforms_fault() {
    if !is_linux("the jail's outer process") {
        return;
    }
    let agent = Agent::python(
        "import os, time\nif os.fork() == 0: os.setsid()\nprint('up', flush=True)\ntime.sleep(600)\n",
    );
    let (sender, mut events) = tokio::sync::mpsc::channel(8);
    let sandbox = sandbox().await;
    let run = sandbox.run(agent.spec.clone(), Some(sender), CancellationToken::new());
    let path: PathBuf = agent.path().into();
    let kill = async {
        while events.recv().await.is_some_and(|event| !matches!(event, RunEvent::Stdout(_))) {}
        assert!(sandbox_processes(&path) > 0, "the test can fail");
        for jail in jails() {
            let jail = rustix::process::Pid::from_raw(jail).expect("a pid");
            rustix::process::kill_process(jail, rustix::process::Signal::KILL).expect("kill -9");
        }
        while events.recv().await.is_some() {}
    };
    let (ended, ()) = tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(run, kill) })
        .await
        .expect("an end");
    assert!(matches!(ended, Err(SandboxError::JailVanished { .. })), "{ended:?}");
    until("everything of it is gone", || sandbox_processes(&path) == 0).await;
}
