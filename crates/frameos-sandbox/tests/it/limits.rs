//! What a program may use, and what it meets when it wants more.

use frameos_sandbox::{End, Language, Sandbox, SandboxConfig};
use serde_json::json;

use crate::harness::{Agent, config, is_docker, sandbox, slowness};

#[tokio::test]
async fn a_memory_hog_is_told_from_a_crash() {
    for agent in [
        Agent::node("const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1));"),
        Agent::node("const all = []; for (;;) all.push({ a: [1, 2, 3], b: String(all.length) });"),
        Agent::python("kept = []\nwhile True:\n    kept.append(bytearray(b'x' * (8 << 20)))\n"),
    ] {
        let mut agent = agent;
        agent.spec.limits.memory_bytes = 128 << 20;
        let outcome = agent.run(&sandbox().await).await;
        assert_eq!(outcome.end, End::OutOfMemory, "{outcome:?}");
        let peak = outcome.resources.peak_memory_bytes.expect("a peak");
        assert!((90 << 20..=128 << 20).contains(&peak), "{peak}");
    }
    for (code, signal) in [("import os; os.abort()", 6), ("import os; os.kill(os.getpid(), 9)", 9)] {
        let outcome = Agent::python(code).run(&sandbox().await).await;
        assert_eq!(outcome.end, End::Signaled(signal), "{code}");
    }
}

#[tokio::test]
async fn the_default_memory_is_512_mb_and_enough_for_honest_work() {
    let code = "def main(inputs, ctx):\n    return len(bytearray(b'x' * (200 << 20)))\n";
    assert_eq!(Agent::python(code).run(&sandbox().await).await.outputs, Some(json!(200 << 20)));
    // Node is not told of the limit; with garbage around a large heap it has to manage all the same.
    let code = "module.exports = () => {
        const live = []; for (let i = 0; i < 1.5e6; i++) live.push({ i, s: 'k' + i });
        let sum = 0; for (let i = 0; i < 4e6; i++) sum += [i, i + 1, i + 2].length;
        for (let i = 0; i < 100; i++) sum += Buffer.alloc(8 << 20, 1).length / (8 << 20);
        return [live.length, sum];
    };";
    let outcome = Agent::node(code).run(&sandbox().await).await;
    assert_eq!(outcome.outputs, Some(json!([1_500_000, 12_000_100])), "{outcome:?}");
    let code = "kept = [bytearray(b'x' * (100 << 20)) for _ in range(6)]";
    assert_eq!(Agent::python(code).run(&sandbox().await).await.end, End::OutOfMemory);
}

#[tokio::test]
async fn a_child_that_runs_out_of_memory_fails_the_run_unless_it_is_survived() {
    let code = "import os, sys\nif os.fork() == 0:\n    kept = []\n    while True: kept.append(bytearray(b'x' * (8 << 20)))\n\
                _, status = os.wait()\nsys.exit(int(sys.argv[0] == '' or {}))\n";
    for (exit, expect) in [("1", End::OutOfMemory), ("0", End::Exited(0))] {
        let mut agent = Agent::python(&code.replace("int(sys.argv[0] == '' or {})", exit));
        agent.spec.limits.memory_bytes = 96 << 20;
        assert_eq!(agent.run(&sandbox().await).await.end, expect);
    }
}

/// Processes and threads besides the first: a container's own first one counts among the 50.
fn others() -> u32 {
    if is_docker() { 48 } else { 49 }
}

#[tokio::test]
async fn a_fork_bomb_is_contained() {
    let code = "import os, time\ndef main(inputs, ctx):\n    made = 0\n    \
                while True:\n        try:\n            if os.fork() == 0:\n                time.sleep(60)\n            made += 1\n        \
                except BlockingIOError:\n            return made\n";
    let outcome = Agent::python(code).run(&sandbox().await).await;
    assert_eq!(outcome.outputs, Some(json!(others())), "50 with itself: {outcome:?}");

    let mut agent = Agent::python("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n");
    agent.spec.limits.wall = std::time::Duration::from_secs(2);
    assert_eq!(agent.run(&sandbox().await).await.end, End::TimedOut);
}

#[tokio::test]
async fn threads_count_as_processes() {
    let code = "import threading, time\ndef main(inputs, ctx):\n    made = 0\n    try:\n        while True:\n            \
                threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); made += 1\n    \
                except RuntimeError:\n        return made\n";
    assert_eq!(Agent::python(code).run(&sandbox().await).await.outputs, Some(json!(others())));
}

#[tokio::test]
async fn tmp_holds_100_mb_and_a_bounded_number_of_files() {
    let code = "import errno\ndef main(inputs, ctx):\n    written = files = 0\n    \
                with open('/tmp/big', 'wb') as f:\n        try:\n            while True: written += f.write(b'x' * (1 << 20))\n        \
                except OSError as error: full = errno.errorcode[error.errno]\n    \
                open('/tmp/big', 'wb').close()\n    \
                try:\n        while True:\n            open(f'/tmp/{files}', 'w').close(); files += 1\n    \
                except OSError as error: many = errno.errorcode[error.errno]\n    \
                return [written >> 20, full, files > 10000, many]\n";
    let outcome = Agent::python(code).run(&sandbox().await).await;
    assert_eq!(outcome.outputs, Some(json!([100, "ENOSPC", true, "ENOSPC"])), "{}", outcome.stderr.text());
}

#[tokio::test]
async fn deep_folders_and_many_descriptors_are_survived() {
    let code = "import os, errno\ndef main(inputs, ctx):\n    os.chdir('/tmp'); depth = 0\n    \
                try:\n        while True: os.mkdir('d'); os.chdir('d'); depth += 1\n    \
                except OSError as error: deep = errno.errorcode[error.errno]\n    \
                kept = []\n    \
                try:\n        while True: kept.append(os.open('/dev/null', os.O_RDONLY))\n    \
                except OSError as error: many = errno.errorcode[error.errno]\n    \
                return [depth > 1000, deep, len(kept) < 1024, many]\n";
    let mut agent = Agent::python(code);
    // Every folder is looked at from the root down, so going deep takes the program's own time.
    agent.spec.limits.tmp_files = 3000;
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(outcome.outputs, Some(json!([true, "ENOSPC", true, "EMFILE"])), "{}", outcome.stderr.text());
}

#[tokio::test]
async fn a_flood_of_output_is_cut_and_counted() {
    for agent in [
        Agent::node(
            "for (let i = 0; i < 64; i++) { process.stdout.write('x'.repeat(1 << 20)); process.stderr.write('y'.repeat(1 << 18)); } console.log('\\n{\"end\":true}')",
        ),
        Agent::python(
            "import sys\nfor _ in range(64): sys.stdout.write('x' * (1 << 20)); sys.stderr.write('y' * (1 << 18))\nprint('\\n{\"end\":true}')",
        ),
    ] {
        let outcome = agent.run(&sandbox().await).await;
        assert_eq!(outcome.end, End::Exited(0), "{:?}", outcome.end);
        assert!(outcome.stdout.truncated() && outcome.stderr.truncated());
        assert_eq!((outcome.stdout.bytes.len(), outcome.stderr.bytes.len()), (1 << 20, 1 << 20));
        assert_eq!(outcome.stdout.total, (64 << 20) + 14);
        assert_eq!(outcome.stderr.total, 16 << 20);
        assert_eq!(outcome.outputs, Some(json!({"end": true})));
    }
}

#[tokio::test]
async fn nonsense_on_the_report_descriptor_is_tolerated() {
    let code = "import os\ndef main(inputs, ctx):\n    os.write(4, b'\\xff\\n{}\\n[[[[\\n{\"type\":\"outputs\"}\\n' + b'x' * 100)\n    os.write(4, b'\\n')\n    \
                big = b'y' * (1 << 16)\n    for _ in range(64): os.write(4, big)\n    os.write(4, b'\\n')\n    return 'fine'\n";
    let outcome = Agent::python(code).run(&sandbox().await).await;
    assert_eq!((outcome.end, outcome.outputs), (End::Exited(0), Some(json!("fine"))));
    let outcome = Agent::python("import os\nos.close(4)\nprint('{\"a\":1}')\n").run(&sandbox().await).await;
    assert_eq!((outcome.end, outcome.outputs), (End::Exited(0), Some(json!({"a": 1}))));
}

#[tokio::test]
async fn children_do_not_inherit_the_report_descriptor() {
    // By the pipe's name: a fresh interpreter has a descriptor 4 of its own.
    let node = "const list = 'fs.readdirSync(\"/proc/self/fd\").map((fd) => { try { return fs.readlinkSync(\"/proc/self/fd/\" + fd) } catch { return \"\" } })';
        module.exports = () => {
            const own = require('fs').readlinkSync('/proc/self/fd/4');
            const names = require('child_process').execFileSync(process.execPath, ['-p', `JSON.stringify(${list})`], {encoding: 'utf8'});
            return own.startsWith('pipe:') && names.includes(own) ? 'open' : 'closed';
        };";
    assert_eq!(Agent::node(node).run(&sandbox().await).await.outputs, Some(json!("closed")));
    let python = "import os, sys\ndef main(inputs, ctx):\n    read, write = os.pipe(); os.set_inheritable(write, True)\n    \
                  if os.fork() == 0:\n        os.dup2(write, 1)\n        os.execv(sys.executable, [sys.executable, '-c', \
                  'import os\\ntry: os.fstat(4); print(\"open\")\\nexcept OSError: print(\"closed\")'])\n    \
                  os.wait(); return os.read(read, 99).decode().strip()\n";
    assert_eq!(Agent::python(python).run(&sandbox().await).await.outputs, Some(json!("closed")));
}

#[tokio::test]
async fn cpu_time_is_bounded_and_measured() {
    // Two busy processes on one processor's worth of time: throttled where there is more than one processor.
    let code = "import os, time\ndef main(inputs, ctx):\n    os.fork()\n    end = time.monotonic() + 1\n    while time.monotonic() < end: pass\n";
    let mut agent = Agent::new(Language::Python, "main.py", code);
    agent.spec.limits.cpu_millis = 100;
    let used = agent.run(&sandbox().await).await.resources;
    let cpu = used.cpu_user_ms.expect("user") + used.cpu_system_ms.expect("system");
    let wall = used.wall_ms;
    // A tenth is the limit; unlimited, two busy processes would use at least as much as the clock shows. Between the two
    // there is room for the tick of the accounting and for the start-up before the limit bites.
    assert!(cpu > 10 && cpu <= wall / 4 + 100, "{used:?}");
    assert!(used.throttled_ms.is_some_and(|ms| ms > 0), "{used:?}");
}

#[tokio::test]
async fn floods_that_look_like_results_cost_the_reader_little() {
    let flood = "
import os, time
def flood(fd, line):
    block = (line + '\\n').encode() * (65536 // (len(line) + 1))
    end = time.monotonic() + 3
    while time.monotonic() < end: os.write(fd, block)
if os.fork() == 0:
    flood(4, '{\"type\": \"outputs\", \"value\": 1}')
    os._exit(0)
if os.fork() == 0:
    flood(2, 'x')
    os._exit(0)
flood(1, '{\"a\":1}')
os.wait(); os.wait()
os.write(4, b'{\"type\": \"outputs\", \"value\": 2}\\n')
";
    // The runtime of a test lives in one thread, which does all the reading.
    let cpu = || {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("schedstat");
        stat.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).expect("nanoseconds") / 1_000_000
    };
    let before = cpu();
    let outcome = Agent::python(flood).run(&sandbox().await).await;
    let (spent, wall) = (cpu() - before, outcome.resources.wall_ms);
    assert_eq!(outcome.outputs, Some(json!(2)), "{:?} {}", outcome.end, outcome.stderr.truncated());
    // Most of it is a debug build's slowness; where that alone fills a processor, there is nothing to be told from it.
    assert!(slowness() > 1 || spent < wall / 4 * 3, "{spent} ms of {wall}");
}

#[tokio::test]
async fn what_is_written_is_counted_whoever_wrote_it() {
    // By itself, by a child that was waited for, and by one that outlives it: a megabyte each.
    let code = "import os, time\nread, write = os.pipe()\ndef fill(name):\n    \
                with open('/tmp/' + name, 'wb') as f: f.write(b'x' * (1 << 20))\n\
                fill('a')\nif os.fork() == 0:\n    fill('b'); os._exit(0)\nos.wait()\n\
                if os.fork() == 0:\n    os.setsid(); fill('c'); os.write(write, b'x'); time.sleep(600)\n\
                os.read(read, 1)\n";
    let outcome = Agent::python(code).run(&sandbox().await).await;
    let written = outcome.resources.bytes_written.expect("a figure");
    assert!((3 << 20..4 << 20).contains(&written), "{outcome:?}");
}

#[tokio::test]
async fn a_run_is_measured_while_it_goes_on() {
    let code = "import time\nkept = bytearray(b'x' * (64 << 20))\nopen('/tmp/x', 'wb').write(b'y' * (8 << 20))\ntime.sleep(2.5)\n";
    let (sender, mut events) = tokio::sync::mpsc::channel(8);
    let (agent, sandbox) = (Agent::python(code), sandbox().await);
    let run = sandbox.run(agent.spec.clone(), Some(sender), tokio_util::sync::CancellationToken::new());
    let watch = async {
        let mut samples = Vec::new();
        while let Some(event) = events.recv().await {
            if let frameos_sandbox::RunEvent::Sample(sample) = event {
                samples.push(sample);
            }
        }
        samples
    };
    let (outcome, samples) = tokio::join!(run, watch);
    assert_eq!(outcome.expect("a run").end, End::Exited(0));
    assert!(samples.len() >= 2 && samples.is_sorted_by_key(|sample| sample.wall_ms), "{samples:?}");
    let last = samples.last().expect("a sample");
    assert!(last.peak_memory_bytes.is_some_and(|peak| peak > 64 << 20), "{last:?}");
    assert!(last.bytes_written.is_some_and(|written| written >= 8 << 20), "{last:?}");
}

#[tokio::test]
async fn limits_cannot_be_taken_away_from_above() {
    let state = tempfile::tempdir().expect("a folder");
    let config = SandboxConfig { state_dir: state.path().to_path_buf(), ..config() };
    let sandbox = Sandbox::open(config).await.expect("a sandbox");
    // Version 1 has no such switch.
    if !matches!(sandbox.tier(), frameos_sandbox::Tier::Linux { cgroup: 2, .. }) {
        return;
    }
    let mut bases = Vec::new();
    for owner in std::fs::read_dir(state.path().join("owners")).expect("owners").flatten() {
        let text = std::fs::read_to_string(owner.path()).expect("an owner");
        bases.extend(text.lines().map(std::path::PathBuf::from));
    }
    assert_eq!(bases.len(), 1, "{bases:?}");
    // As systemd does in a service without delegation.
    for controller in ["cpu", "memory", "pids"] {
        let control = bases[0].parent().expect("a group above").join("cgroup.subtree_control");
        let error = std::fs::write(control, format!("-{controller}")).expect_err("in use below");
        assert_eq!(error.kind(), std::io::ErrorKind::ResourceBusy, "{controller}");
    }
}
