//! How runs end: by themselves, by the clock, by the caller, with or against their will.

use std::time::Duration;

use frameos_sandbox::{End, RunEvent};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::harness::{Agent, sandbox, sandbox_processes, slowness};

/// Forks twice, each in a session of its own, all deaf to SIGTERM, one stopped.
const UNDYING: &str = "import os, signal, sys, time\n\
    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
    print('{\"made\": true}', flush=True)\n\
    for _ in range(2):\n    \
        if os.fork() == 0:\n        os.setsid()\n        \
            if os.fork() == 0: os.kill(os.getpid(), signal.SIGSTOP)\n        time.sleep(600)\n\
    while True: pass\n";

#[tokio::test]
async fn the_wall_clock_ends_what_ignores_it() {
    let mut agent = Agent::python(UNDYING);
    let wall = Duration::from_secs(1) * slowness();
    agent.spec.limits.wall = wall;
    agent.spec.limits.grace = Duration::from_millis(300);
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(outcome.end, End::TimedOut);
    assert_eq!(outcome.outputs, Some(json!({"made": true})), "what was said before counts");
    let took = Duration::from_millis(outcome.resources.wall_ms);
    assert!(took >= wall + Duration::from_millis(300), "{took:?}");
    assert_eq!(sandbox_processes(agent.path()), 0);
}

#[tokio::test]
async fn sigterm_gives_time_to_say_goodbye() {
    let code =
        "process.on('SIGTERM', () => { console.log('bye'); process.exit(0); }); setInterval(() => {}, 1000);";
    let mut agent = Agent::node(code);
    agent.spec.limits.wall = Duration::from_secs(1) * slowness();
    agent.spec.limits.grace = Duration::from_secs(10) * slowness();
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!((outcome.end, outcome.stdout.text().as_str()), (End::TimedOut, "bye\n"));
    assert!(outcome.resources.wall_ms < 10_000 * u64::from(slowness()));
}

#[tokio::test]
async fn cancelling_ends_a_run() {
    let agent = Agent::python(UNDYING);
    let (sender, mut events) = tokio::sync::mpsc::channel(8);
    let cancel = CancellationToken::new();
    let mut spec = agent.spec.clone();
    spec.limits.grace = Duration::from_millis(100);
    let sandbox = sandbox().await;
    let run = sandbox.run(spec, Some(sender), cancel.clone());
    let stop = async {
        while events.recv().await.is_some_and(|event| !matches!(event, RunEvent::Stdout(_))) {}
        cancel.cancel();
        while events.recv().await.is_some() {}
    };
    let (outcome, ()) = tokio::join!(run, stop);
    let outcome = outcome.expect("a run");
    assert_eq!(outcome.end, End::Cancelled);
    assert_eq!(sandbox_processes(agent.path()), 0);
}

#[tokio::test]
async fn a_run_cancelled_before_it_starts_is_cancelled() {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let agent = Agent::python("while True: pass");
    let outcome = sandbox().await.run(agent.spec.clone(), None, cancel).await.expect("a run");
    assert_eq!(outcome.end, End::Cancelled);
}

#[tokio::test]
async fn a_dropped_run_is_ended_and_cleaned_up() {
    let agent = Agent::python(UNDYING);
    let (sender, mut events) = tokio::sync::mpsc::channel(8);
    let sandbox = sandbox().await;
    let task = tokio::spawn({
        let (sandbox, mut spec) = (sandbox.clone(), agent.spec.clone());
        spec.limits.grace = Duration::from_millis(100);
        async move { sandbox.run(spec, Some(sender), CancellationToken::new()).await }
    });
    while events.recv().await.is_some_and(|event| !matches!(event, RunEvent::Stdout(_))) {}
    assert!(sandbox_processes(agent.path()) > 0, "the test can fail");
    task.abort();
    // The channel closes when the run's own task has finished.
    while events.recv().await.is_some() {}
    assert_eq!(sandbox_processes(agent.path()), 0);
}

#[tokio::test]
async fn the_main_processes_end_is_the_runs_end() {
    // A grandchild in its own session keeps stdout open.
    let python =
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\nprint('{\"a\": 1}')\n";
    let node = "require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600000)'], \
                {detached: true, stdio: 'inherit'}).unref(); console.log('{\"a\": 1}');";
    for agent in [Agent::python(python), Agent::node(node)] {
        let outcome = agent.run(&sandbox().await).await;
        assert_eq!((outcome.end, outcome.outputs), (End::Exited(0), Some(json!({"a": 1}))));
        assert_eq!(sandbox_processes(agent.path()), 0);
    }
}

#[tokio::test]
async fn a_reader_that_stalls_neither_stalls_the_run_nor_loses_what_it_says_last() {
    let python = "for i in range(2000): print(i, 'x' * 100, flush=True)\n";
    let handler =
        "module.exports = () => { for (let i = 0; i < 2000; i += 1) console.log(i, 'x'.repeat(100)); };";
    let exiting = "for (let i = 0; i < 2000; i += 1) { console.log(i, 'x'.repeat(100)); console.error(i) } process.exit();";
    for agent in [Agent::python(python), Agent::node(handler), Agent::node(exiting)] {
        let (sender, events) = tokio::sync::mpsc::channel(1);
        let sandbox = sandbox().await;
        let running = sandbox.run(agent.spec.clone(), Some(sender), CancellationToken::new());
        let outcome = running.await.expect("a run");
        assert_eq!(outcome.end, End::Exited(0));
        let said = outcome.stdout.text();
        assert!(said.ends_with(&format!("1999 {}\n", "x".repeat(100))), "{} bytes", said.len());
        drop(events);
    }
}

#[tokio::test]
async fn signals_of_its_own_are_the_programs_own() {
    // Init ignores what the program sends it; orphans are reaped, so they do not use up the limit.
    let code = "import os, signal, time\ndef main(inputs, ctx):\n    os.kill(1, signal.SIGKILL); os.kill(1, signal.SIGINT)\n    \
                for _ in range(120):\n        \
                    if os.fork() == 0:\n            \
                        if os.fork() == 0: os._exit(0)\n            os._exit(0)\n        os.wait()\n    return 'alive'\n";
    let outcome = Agent::python(code).run(&sandbox().await).await;
    assert_eq!(outcome.outputs, Some(json!("alive")), "{:?} {}", outcome.end, outcome.stderr.text());
    // Real-time signals have no name, but they kill all the same.
    let outcome = Agent::python("import os; os.kill(os.getpid(), 40)").run(&sandbox().await).await;
    assert_eq!(outcome.end, End::Signaled(40));
}
