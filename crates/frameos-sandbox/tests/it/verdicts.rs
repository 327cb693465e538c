//! What is told of a run is kept whatever its end, and the end is the kernel's word, never the program's.

use std::time::Duration;

use frameos_sandbox::{End, Outcome, RunEvent, Sandbox};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::harness::{Agent, sandbox, slowness};

/// How it goes on after everything was said that can be said.
const PYTHON: &[(End, &str)] = &[
    (End::TimedOut, "while True: pass"),
    (End::TimedOut, "signal.signal(signal.SIGTERM, lambda *_: os._exit(0)); signal.pause()"),
    (End::OutOfMemory, "kept = [bytearray(b'x' * (4 << 20)) for _ in range(1000)]"),
    (End::Signaled(9), "os.kill(os.getpid(), signal.SIGKILL)"),
    (End::Signaled(11), "ctypes.string_at(8)"),
    (End::Signaled(31), "libc.unshare(0x10000000)"),
    (End::Exited(3), "os._exit(3)"),
];

const NODE: &[(End, &str)] = &[
    (End::TimedOut, "for (;;);"),
    (
        End::TimedOut,
        "process.on('SIGTERM', () => process.exit(0)); await new Promise(() => setInterval(() => {}, 1e3));",
    ),
    (End::OutOfMemory, "const kept = []; for (;;) kept.push(Buffer.alloc(4 << 20, 1));"),
    (End::Signaled(9), "process.kill(process.pid, 'SIGKILL'); for (;;);"),
    (End::Signaled(6), "process.abort();"),
    (End::Exited(3), "process.exit(3);"),
];

fn python(end: &str) -> Agent {
    Agent::probe(&format!(
        "
def main(inputs, ctx):
    print('to stdout', flush=True)
    print('to stderr', file=sys.stderr, flush=True)
    ctx.progress(0.5, 'half')
    ctx.log('a note')
    os.write(4, b'{{\"type\":\"outputs\",\"value\":{{\"early\":1}}}}\\n')
    {end}
"
    ))
}

fn node(end: &str) -> Agent {
    Agent::node_probe(&format!(
        "
module.exports = async (inputs, ctx) => {{
  fs.writeSync(1, 'to stdout\\n'); fs.writeSync(2, 'to stderr\\n');
  ctx.progress(0.5, 'half'); ctx.log('a note');
  fs.writeSync(4, '{{\"type\":\"outputs\",\"value\":{{\"early\":1}}}}\\n');
  {end}
}};"
    ))
}

/// The outcome, and what was told on the way.
async fn watched(sandbox: &Sandbox, agent: &Agent) -> (Outcome, Vec<RunEvent>) {
    let (sender, mut events) = tokio::sync::mpsc::channel(8);
    let run = sandbox.run(agent.spec.clone(), Some(sender), CancellationToken::new());
    let watch = async {
        let mut seen = Vec::new();
        while let Some(event) = events.recv().await {
            seen.push(event);
        }
        seen
    };
    let (outcome, seen) = tokio::join!(run, watch);
    (outcome.expect("no platform fault"), seen)
}

#[tokio::test]
async fn what_was_said_before_the_end_is_kept_whatever_the_end() {
    let sandbox = sandbox().await;
    let python = PYTHON.iter().map(|(end, code)| (*end, *code, python(code)));
    let node = NODE.iter().map(|(end, code)| (*end, *code, node(code)));
    for (end, code, mut agent) in python.chain(node) {
        agent.spec.limits.memory_bytes = 128 << 20;
        if end == End::TimedOut {
            agent.spec.limits.wall = Duration::from_secs(2) * slowness();
            agent.spec.limits.grace = Duration::from_millis(500) * slowness();
        }
        let (outcome, events) = watched(&sandbox, &agent).await;
        assert_eq!(outcome.end, end, "{code}: {}", outcome.stderr.text());
        assert_eq!(outcome.stdout.text(), "to stdout\n", "{code}");
        assert!(
            outcome.stderr.text().starts_with("to stderr\na note\n"),
            "{code}: {}",
            outcome.stderr.text()
        );
        // Told, and of no worth without the end that goes with it.
        assert_eq!(outcome.outputs, Some(json!({ "early": 1 })), "{code}");
        let progress = RunEvent::Progress { fraction: 0.5, message: "half".to_owned() };
        let log = RunEvent::Log { level: "info".to_owned(), message: "a note".to_owned() };
        for event in [RunEvent::Started, progress, log] {
            assert!(events.contains(&event), "{code}: {event:?} is not in {events:?}");
        }
        assert!(outcome.resources.peak_memory_bytes.is_some_and(|peak| peak > 0), "{code}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_program_cannot_tell_its_own_end() {
    // What the jail and the library say to each other, and a container's frames around it.
    let python = "
LINES = [b'{\"type\":\"exited\",\"code\":0,\"written\":7}\\n', b'{\"type\":\"signaled\",\"signal\":9,\"written\":7}\\n', b'{\"type\":\"started\"}\\n',
         b'{\"type\":\"failed\",\"step\":\"clone\",\"errno\":1,\"detail\":\"x\"}\\n', b'T', b'K', b'M\\x04\\x00/etc', b'\\x01\\x00\\x00\\x00\\x01x', bytes(64)]
def main(inputs, ctx):
    places = list(range(1024)) + [f'/proc/{pid}/fd/{fd}' for pid in ('1', 'self') for fd in range(64)]
    for place in places:
        try:
            fd = place if isinstance(place, int) else os.open(place, os.O_WRONLY | os.O_NONBLOCK)
            for line in LINES: os.write(fd, line)
        except OSError: pass
    os.write(4, b'\\n{\"type\":\"outputs\",\"value\":{\"paid\":true}}\\n')
    os._exit(3)
";
    let node = "
const lines = ['{\"type\":\"exited\",\"code\":0,\"written\":7}\\n', '{\"type\":\"failed\",\"step\":\"clone\",\"errno\":1,\"detail\":\"x\"}\\n', 'K', '\\x01\\0\\0\\0\\x01x'];
module.exports = () => {
  const open = (place) => { try { return fs.openSync(place, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK); } catch { return -1; } };
  const places = [0, 1, 2, 3, 4, ...Array.from({ length: 64 }, (_, fd) => open('/proc/1/fd/' + fd))];
  for (const fd of places) for (const line of lines) tried(() => fs.writeSync(fd, line));
  fs.writeSync(4, '\\n{\"type\":\"outputs\",\"value\":{\"paid\":true}}\\n');
  process.exit(3);
};";
    let sandbox = sandbox().await;
    for agent in [Agent::probe(python), Agent::node_probe(node)] {
        let (outcome, events) = watched(&sandbox, &agent).await;
        assert_eq!(outcome.end, End::Exited(3), "{outcome:?}");
        assert_eq!(outcome.outputs, Some(json!({ "paid": true })), "data like any other");
        assert!(outcome.stdout.text().contains("\"exited\""), "what was said on stdout is text");
        assert!(outcome.resources.bytes_written.is_none_or(|written| written > 100), "{outcome:?}");
        assert_eq!(events.iter().filter(|event| **event == RunEvent::Started).count(), 1, "{events:?}");
    }
}
