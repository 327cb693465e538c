//! Bombs: whatever a program uses up is its own, its run ends as promised, and an honest run beside it and after it succeeds.

use std::path::{Path, PathBuf};

use frameos_sandbox::{End, Outcome, Sandbox, SandboxConfig};
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{Agent, config, groups_left, open, sandbox, sandbox_processes};

const MEMORY: u64 = 96 << 20;
/// On version 1 control groups the buffers of TCP connections are counted apart.
const MEMORY_MOST: u64 = MEMORY / 8 * 9;

/// A sandbox with a state folder of its own, so that what it leaves can be told.
async fn alone() -> (TempDir, Sandbox) {
    let state = TempDir::new().expect("a folder");
    let sandbox = open(SandboxConfig { state_dir: state.path().into(), ..config() }).await;
    (state, sandbox)
}

async fn assert_nothing_left(state: &Path, sandbox: &Sandbox) {
    sandbox.warmed().await;
    assert_eq!(groups_left(state), Vec::<PathBuf>::new());
}

/// Runs a bomb beside an honest program, then an honest one after it.
async fn explode(sandbox: &Sandbox, name: &str, bomb: &Agent) -> Outcome {
    let mut spec = bomb.spec.clone();
    spec.limits.memory_bytes = MEMORY;
    spec.limits.wall = std::time::Duration::from_secs(6);
    spec.limits.grace = std::time::Duration::from_millis(200);
    let honest = Agent::python("def main(inputs, ctx):\n    return sum(range(1000))\n");
    let (outcome, beside) = tokio::join!(sandbox.run(spec, None, Default::default()), honest.run(sandbox));
    let outcome = outcome.unwrap_or_else(|fault| panic!("{name} is no fault of the platform: {fault}"));
    for neighbour in [beside, honest.run(sandbox).await] {
        assert_eq!((neighbour.end, neighbour.outputs), (End::Exited(0), Some(json!(499_500))), "{name}");
    }
    assert_eq!(sandbox_processes(bomb.path()), 0, "{name}");
    let used = &outcome.resources;
    assert!(used.peak_memory_bytes.is_none_or(|peak| peak <= MEMORY_MOST), "{name}: {used:?}");
    assert!(used.peak_pids.is_none_or(|peak| peak <= 51), "{name}: {used:?}");
    outcome
}

/// Contained, and told as what it was.
fn assert_contained(name: &str, outcome: &Outcome) {
    let stopped = matches!(outcome.end, End::TimedOut | End::OutOfMemory);
    // What met a limit and lives tells which.
    let refused = outcome.end == End::Exited(0)
        && outcome.outputs.as_ref().is_some_and(|out| out["refused"].is_string());
    assert!(stopped || refused, "{name}: {:?} {:?} {}", outcome.end, outcome.outputs, outcome.stderr.text());
}

/// Each uses up one thing without end; the loop around it tells which error stopped it.
const PYTHON: &[(&str, &str)] = &[
    ("anonymous memory", "kept.append(bytearray(b'x' * (4 << 20)))"),
    ("shared memory", "m = mmap.mmap(-1, 4 << 20); m.write(b'x' * (4 << 20)); kept.append(m)"),
    ("mappings", "kept.append(mmap.mmap(-1, 4096, mmap.MAP_PRIVATE, [1, 3][len(kept) % 2]))"),
    ("files in /tmp", "open(f'/tmp/{len(kept)}', 'wb').write(b'x' * (4 << 20)); kept.append(1)"),
    ("names in /tmp", "os.symlink('y' * 4000, f'/tmp/{len(kept)}' + 'x' * 200); kept.append(1)"),
    ("attributes", "os.setxattr('/tmp', f'user.{len(kept)}', b'x' * 60000); kept.append(1)"),
    ("folders", "os.makedirs('d/' * 50); os.chdir('d/' * 50)"),
    (
        "pipes",
        "r, w = os.pipe(); os.set_blocking(w, False); kept.append((r, w)); fill(lambda: os.write(w, bytes(1 << 16)))",
    ),
    (
        "large pipes",
        "r, w = os.pipe(); fcntl.fcntl(w, 1031, 1 << 20); os.set_blocking(w, False); kept.append((r, w)); fill(lambda: os.write(w, bytes(1 << 20)))",
    ),
    (
        "unix sockets",
        "a, b = socket.socketpair(); a.setblocking(False); kept.append((a, b)); fill(lambda: a.send(bytes(1 << 16)))",
    ),
    (
        "connections",
        "c = socket.create_connection(server.getsockname()); s = server.accept()[0]; c.setblocking(False); kept.append((c, s)); fill(lambda: c.send(bytes(1 << 16)))",
    ),
    (
        "descriptors in flight",
        "a, b = socket.socketpair(); a.setblocking(False); [socket.send_fds(a, [b'x'], [0] * 200) for _ in range(50)]; a.detach(); b.detach()",
    ),
    ("descriptors", "kept.append(os.open('/dev/null', os.O_RDONLY))"),
    ("event files", "kept.append(os.eventfd(0)) if hasattr(os, 'eventfd') else kept.append(os.dup(0))"),
    ("processes", "kept.append(os.fork() or signal.pause())"),
    ("processes unwaited for", "kept.append(os.fork() or os._exit(0))"),
    ("threads", "t = threading.Thread(target=signal.pause, daemon=True); t.start(); kept.append(t)"),
    ("signals", "signal.pthread_sigmask(signal.SIG_BLOCK, {40}); queue(os.getpid(), 40); kept.append(1)"),
    ("a sparse giant", "f = open('/tmp/giant', 'wb'); f.truncate(1 << 40)"),
    ("recursion", "sys.setrecursionlimit(1 << 30); deep = lambda n: deep(n + 1) + 1; deep(0)"),
    ("names that are not there", "os.path.exists('/agent/' + str(len(kept)) + 'x' * 200); kept.append(None)"),
    ("time", "pass"),
];

fn python(expression: &str) -> Agent {
    let code = format!(
        "import fcntl, mmap, threading
os.chdir('/tmp')
server = socket.create_server(('127.0.0.1', 0), backlog=100)
def fill(act):
    try:
        while True: act()
    except BlockingIOError: pass
def queue(pid, number):
    if libc.sigqueue(pid, number, None) != 0: raise OSError(ctypes.get_errno(), '')
def main(inputs, ctx):
    kept = []
    try:
        while True:
            {expression}
    except (OSError, MemoryError, RuntimeError, OverflowError) as error:
        return {{'refused': repr(error)[:100], 'kept': len(kept)}}
"
    );
    Agent::probe(&code)
}

const NODE: &[(&str, &str)] = &[
    ("buffers", "kept.push(Buffer.alloc(4 << 20, 1));"),
    ("objects", "for (let i = 0; i < 1e4; i++) kept.push({ i, text: 'x' + i });"),
    ("strings", "kept.push(('x' + kept.length).repeat(1 << 20)); kept.at(-1).charCodeAt(5);"),
    ("files in /tmp", "fs.writeFileSync('/tmp/' + kept.push(1), Buffer.alloc(4 << 20, 1));"),
    ("names in /tmp", "fs.writeFileSync('/tmp/' + kept.push(1), '');"),
    ("descriptors", "kept.push(fs.openSync('/dev/null'));"),
    (
        "processes",
        "const child = cp.spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)']); kept.push(child); await new Promise((done, no) => { child.on('spawn', done); child.on('error', no); });",
    ),
    (
        "threads",
        "const worker = new (require('worker_threads').Worker)('setInterval(() => {}, 1e3)', { eval: true, resourceLimits: { maxOldGenerationSizeMb: 2 } }); kept.push(worker); await new Promise((done, no) => { worker.on('online', done); worker.on('error', no); });",
    ),
    (
        "connections",
        "const s = net.createServer().listen(0); kept.push(s); await new Promise((done, no) => { s.on('listening', done); s.on('error', no); });",
    ),
    ("compressed memory", "kept.push(require('zlib').gunzipSync(bomb));"),
    ("a regular expression", "/^(a+)+$/.test('a'.repeat(40) + 'b');"),
    ("promises", "await null;"),
];

fn node(statement: &str) -> Agent {
    let code = format!(
        "const bomb = require('zlib').gzipSync(Buffer.alloc(16 << 20));
module.exports = async () => {{
  const kept = [];
  try {{ for (;;) {{ {statement} }} }} catch (error) {{ return {{ refused: String(error.code || error), kept: kept.length }}; }}
}};"
    );
    Agent::node_probe(&code)
}

#[tokio::test]
async fn nothing_that_python_uses_up_is_anyone_elses() {
    let (state, sandbox) = alone().await;
    for (name, expression) in PYTHON {
        let outcome = explode(&sandbox, name, &python(expression)).await;
        assert_contained(name, &outcome);
    }
    assert_nothing_left(state.path(), &sandbox).await;
}

#[tokio::test]
async fn nothing_that_node_uses_up_is_anyone_elses() {
    let (state, sandbox) = alone().await;
    for (name, statement) in NODE {
        let outcome = explode(&sandbox, name, &node(statement)).await;
        // Node is killed for want of threads, too: it cannot start without its own.
        let aborted = matches!(outcome.end, End::Signaled(_) | End::Exited(1..))
            && ["threads", "processes"].contains(name);
        if !aborted {
            assert_contained(name, &outcome);
        }
    }
    assert_nothing_left(state.path(), &sandbox).await;
}

#[tokio::test]
async fn floods_on_every_descriptor_are_cut_and_never_fatal() {
    let python = "
def main(inputs, ctx):
    block = b'x' * (1 << 16)
    for fd in (1, 2, 4):
        for _ in range(160): os.write(fd, block)
        os.write(fd, b'\\n')
    return 'alive'
";
    let node = "
module.exports = () => {
  const block = Buffer.alloc(1 << 16, 'x');
  for (const fd of [1, 2, 4]) {
    for (let i = 0; i < 160; i++) for (let at = 0; at < block.length;) at += fs.writeSync(fd, block, at);
    fs.writeSync(fd, '\\n');
  }
  return 'alive';
};";
    let sandbox = sandbox().await;
    for agent in [Agent::probe(python), Agent::node_probe(node)] {
        let outcome = agent.run(&sandbox).await;
        assert_eq!(
            (outcome.end, outcome.outputs),
            (End::Exited(0), Some(json!("alive"))),
            "{:?}",
            outcome.agent_error
        );
        for stream in [&outcome.stdout, &outcome.stderr] {
            assert_eq!((stream.bytes.len(), stream.total), (1 << 20, (10 << 20) + 1));
        }
    }
}

#[tokio::test]
async fn reading_more_than_memory_holds_is_no_bomb() {
    // The page cache of what a run reads is counted as the run's, and given back when it is in the way.
    let code = "
def main(inputs, ctx):
    with open('/agent/large', 'rb', buffering=0) as file: return sum(len(block) for block in iter(lambda: file.read(1 << 20), b''))
";
    let mut agent = Agent::probe(code);
    agent.spec.limits.memory_bytes = MEMORY;
    let large = std::fs::File::create(agent.path().join("large")).expect("a file");
    large.set_len(2 * MEMORY).expect("a size");
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!((outcome.end, &outcome.outputs), (End::Exited(0), &Some(json!(2 * MEMORY))), "{outcome:?}");
    assert!(outcome.resources.peak_memory_bytes.is_none_or(|peak| peak <= MEMORY_MOST), "{outcome:?}");
}
