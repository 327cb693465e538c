//! The warm pool: what waits, for whom, how long, and how much of it.

use std::time::{Duration, Instant};

use frameos_sandbox::{Backend, End, Sandbox, SandboxConfig, WarmConfig};
use serde_json::{Value, json};

use crate::harness::{Agent, config, groups_of, slowness, until};

/// A pool in a state folder of its own, so that what it leaves can be told.
struct Pool {
    state: tempfile::TempDir,
    sandbox: Sandbox,
}

async fn open(warm: WarmConfig) -> Pool {
    let state = tempfile::tempdir().expect("a folder");
    let config = SandboxConfig { warm, backend: Backend::Linux, state_dir: state.path().into(), ..config() };
    let sandbox = Sandbox::open(config).await.expect("a sandbox");
    sandbox.warmed().await;
    Pool { state, sandbox }
}

/// Milliseconds that the interpreter has lived.
const AGE: &str = "module.exports = () => process.uptime() * 1000;";
const PYTHON_AGE: &str = "import time\ndef main(inputs, ctx):\n    \
    start = int(open('/proc/self/stat').read().rsplit(')', 1)[1].split()[19]) / 100\n    \
    return (time.clock_gettime(time.CLOCK_BOOTTIME) - start) * 1000\n";

/// Whether the interpreter was there before the run was asked for.
async fn is_warm(sandbox: &Sandbox, agent: &Agent) -> bool {
    let begun = Instant::now();
    let outcome = agent.run(sandbox).await;
    let age = outcome.outputs.as_ref().and_then(Value::as_f64).unwrap_or_else(|| panic!("{outcome:?}"));
    // The process's clock ticks a hundred times a second.
    age > begun.elapsed().as_secs_f64() * 1000.0 + 10.0
}

/// Process ids, on this machine, of interpreters that wait in sandboxes with this state folder.
fn waiting(pool: &Pool) -> Vec<u32> {
    let members =
        |group: &std::path::PathBuf| std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    let mut pids: Vec<u32> = groups_of(pool.state.path())
        .iter()
        .map(members)
        .flat_map(|text| text.lines().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect();
    pids.sort_unstable();
    pids.dedup();
    let waits = |pid: &u32| {
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.contains("/runner/") && line.split('\0').any(|word| word == "warm")
    };
    pids.into_iter().filter(waits).collect()
}

#[tokio::test]
async fn runs_find_an_interpreter_that_is_there_already() {
    let pool = open(WarmConfig::default()).await;
    assert_eq!(waiting(&pool).len(), 4, "two of each runtime");
    let agents = [Agent::node(AGE), Agent::python(PYTHON_AGE)];
    for _ in 0..3 {
        for agent in &agents {
            tokio::time::sleep(Duration::from_millis(50)).await;
            pool.sandbox.warmed().await;
            assert!(is_warm(&pool.sandbox, agent).await);
        }
    }
    // Without a pool the same test tells the opposite.
    let cold = open(WarmConfig::OFF).await;
    for agent in &agents {
        assert!(!is_warm(&cold.sandbox, agent).await);
    }
}

#[tokio::test]
async fn a_runtime_that_cannot_boot_keeps_no_other_from_being_filled() {
    let (runtimes, state) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let shared = config();
    for entry in std::fs::read_dir(&shared.runtimes_dir).expect("runtimes").flatten() {
        let (name, marker) = (entry.file_name().to_string_lossy().into_owned(), "etc/frameos-runtime.json");
        if name.starts_with("python") {
            std::os::unix::fs::symlink(entry.path(), runtimes.path().join(name)).expect("link");
        } else if name.starts_with("nodejs") {
            // It claims to be whole, and has nothing to start.
            std::fs::create_dir_all(runtimes.path().join(&name).join("etc")).expect("mkdir");
            std::fs::copy(entry.path().join(marker), runtimes.path().join(&name).join(marker)).expect("copy");
        }
    }
    let (runtimes_dir, state_dir) = (runtimes.path().into(), state.path().into());
    let config = SandboxConfig { warm: WarmConfig::default(), runtimes_dir, state_dir, ..shared };
    let sandbox = Sandbox::open(config).await.expect("a sandbox");
    let full = tokio::time::timeout(Duration::from_secs(60), sandbox.warmed()).await;
    assert!(full.is_ok(), "the pool never is as full as it gets");
    assert_eq!(waiting(&Pool { state, sandbox }).len(), 2, "two of the runtime that can");
}

#[tokio::test]
async fn each_is_used_once() {
    let pool = open(WarmConfig { per_runtime: 1, ..WarmConfig::default() }).await;
    let code = "const fs = require('fs');
        module.exports = (inputs) => {
            const seen = [fs.existsSync('/tmp/left'), typeof globalThis.left, process.env.LEFT || null, inputs.n];
            fs.writeFileSync('/tmp/left', 'x'); globalThis.left = 1; process.env.LEFT = 'x';
            return seen;
        };";
    let mut before = waiting(&pool);
    for n in 0..3 {
        let outcome = Agent::node(code).with_input("n", n).run(&pool.sandbox).await;
        assert_eq!(outcome.outputs, Some(json!([false, "undefined", null, n])));
        pool.sandbox.warmed().await;
        let after = waiting(&pool);
        assert_eq!(after.iter().filter(|pid| !before.contains(pid)).count(), 1, "{before:?} {after:?}");
        before = after;
    }
}

#[tokio::test]
async fn an_empty_pool_starts_cold() {
    let pool = open(WarmConfig { per_runtime: 1, ..WarmConfig::default() }).await;
    let agent = Agent::python("def main(inputs, ctx):\n    return 1\n");
    let runs = (0..6).map(|_| agent.run(&pool.sandbox));
    for outcome in futures(runs.collect()).await {
        assert_eq!(outcome, Some(json!(1)));
    }
}

async fn futures(runs: Vec<impl Future<Output = frameos_sandbox::Outcome>>) -> Vec<Option<Value>> {
    let mut outputs = Vec::new();
    let mut runs: Vec<_> = runs.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        runs.retain_mut(|run| match run.as_mut().poll(context) {
            std::task::Poll::Ready(outcome) => {
                outputs.push(outcome.outputs);
                false
            }
            std::task::Poll::Pending => true,
        });
        if runs.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    outputs
}

#[tokio::test]
async fn no_more_memory_waits_than_configured() {
    let none = open(WarmConfig { memory_bytes: 1 << 20, ..WarmConfig::default() }).await;
    until("the one that was too large is gone", || waiting(&none).is_empty()).await;
    assert!(!is_warm(&none.sandbox, &Agent::node(AGE)).await, "and runs start all the same");
    let some = open(WarmConfig { per_runtime: 20, memory_bytes: 100 << 20, ..WarmConfig::default() }).await;
    let count = waiting(&some).len();
    assert!((2..30).contains(&count), "{count}");
    let memory = |group: &std::path::PathBuf| -> u64 {
        let read = |name: &str| std::fs::read_to_string(group.join(name)).ok()?.trim().parse().ok();
        read("memory.usage_in_bytes").or_else(|| read("memory.current")).unwrap_or(0)
    };
    let held: u64 = groups_of(some.state.path()).iter().map(memory).sum();
    assert!((50 << 20..100 << 20).contains(&held), "{held}");
}

#[tokio::test]
async fn one_that_waited_too_long_is_replaced() {
    let pool =
        open(WarmConfig { idle: Duration::from_millis(500) * slowness(), ..WarmConfig::default() }).await;
    let first = waiting(&pool);
    assert!(!first.is_empty());
    until("all are new", || {
        let now = waiting(&pool);
        now.len() == 4 && first.iter().all(|pid| !now.contains(pid))
    })
    .await;
}

#[tokio::test]
async fn lower_limits_hold_and_others_start_cold() {
    let pool = open(WarmConfig::default()).await;
    let hog = "kept = []\nwhile True:\n    kept.append(bytearray(b'x' * (8 << 20)))\n";
    let mut agent = Agent::python(hog);
    agent.spec.limits.memory_bytes = 96 << 20;
    let outcome = agent.run(&pool.sandbox).await;
    assert_eq!(outcome.end, End::OutOfMemory);
    assert!(outcome.resources.peak_memory_bytes.is_some_and(|peak| peak <= 96 << 20), "{outcome:?}");

    pool.sandbox.warmed().await;
    let forks = "import os, time\ndef main(inputs, ctx):\n    made = 0\n    \
        while True:\n        try:\n            if os.fork() == 0: time.sleep(60)\n            made += 1\n        \
        except BlockingIOError: return made\n";
    let mut agent = Agent::python(forks);
    agent.spec.limits.pids = 10;
    assert_eq!(agent.run(&pool.sandbox).await.outputs, Some(json!(9)));

    pool.sandbox.warmed().await;
    let mut agent = Agent::node(AGE);
    agent.spec.limits.tmp_bytes = 1 << 20;
    assert!(!is_warm(&pool.sandbox, &agent).await, "what is part of its walls cannot be changed");
}

#[tokio::test]
async fn what_it_used_while_waiting_is_not_the_runs() {
    let pool = open(WarmConfig::default()).await;
    let outcome = Agent::node("module.exports = () => 1;").run(&pool.sandbox).await;
    let used = outcome.resources;
    // Booting alone takes longer than such a run.
    let cold = open(WarmConfig::OFF).await;
    let whole = Agent::node("module.exports = () => 1;").run(&cold.sandbox).await.resources;
    let cpu = |used: &frameos_sandbox::Resources| {
        used.cpu_user_ms.zip(used.cpu_system_ms).map(|(user, system)| user + system)
    };
    assert!(cpu(&used) < cpu(&whole), "{used:?} {whole:?}");
    assert!(used.bytes_written.is_some_and(|written| written < 4096), "{used:?}");
}

#[tokio::test]
async fn one_that_died_while_waiting_is_no_loss() {
    let pool = open(WarmConfig::default()).await;
    let nodes: Vec<u32> = waiting(&pool);
    for pid in &nodes {
        let pid = rustix::process::Pid::from_raw(*pid as i32).expect("a pid");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("kill -9");
    }
    // Init and all: it tells of the end before it goes.
    let members =
        |group: &std::path::PathBuf| std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    until("they are gone", || groups_of(pool.state.path()).iter().all(|group| members(group).is_empty()))
        .await;
    let agent = Agent::node("module.exports = () => 1;");
    assert_eq!(agent.run(&pool.sandbox).await.outputs, Some(json!(1)));
}

#[tokio::test]
async fn code_that_is_not_there_is_told_as_ever() {
    let pool = open(WarmConfig::default()).await;
    let mut agent = Agent::python("");
    agent.spec.code_dir = "/nowhere".into();
    let error = agent.try_run(&pool.sandbox).await.expect_err("refused");
    assert!(error.to_string().contains("/nowhere"), "{error}");
}

#[tokio::test]
async fn a_pool_that_ends_leaves_nothing() {
    let Pool { state, sandbox } = open(WarmConfig::default()).await;
    let groups = groups_of(state.path());
    assert!(groups.len() >= 4, "the test can fail");
    Agent::node("module.exports = () => 1;").run(&sandbox).await;
    drop(sandbox);
    until("no group is left", || groups.iter().all(|group| !group.exists())).await;
}

#[tokio::test]
async fn waiting_leaves_the_pipes_as_they_were() {
    let pool = open(WarmConfig::default()).await;
    // Larger than a pipe: whoever writes directly has to be able to wait for the reader.
    let code = "const fs = require('fs'); fs.writeSync(1, 'x'.repeat(1 << 20)); fs.writeSync(2, 'y'.repeat(1 << 20));";
    let outcome = Agent::node(code).run(&pool.sandbox).await;
    assert_eq!(
        (outcome.end, outcome.stdout.total, outcome.stderr.total),
        (End::Exited(0), 1 << 20, 1 << 20),
        "{}",
        outcome.stderr.text()
    );
}
