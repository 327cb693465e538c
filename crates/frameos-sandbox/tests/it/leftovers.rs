//! After a run, and after a crash: no process, mount, control group, file or slot stays.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use frameos_sandbox::{End, Sandbox, SandboxConfig};
use serde_json::json;

use crate::harness::{
    self, Agent, config, groups_left, groups_of, is_docker, is_linux, sandbox_processes, shared, until,
};

async fn open(state: &Path) -> Sandbox {
    harness::open(SandboxConfig { state_dir: state.to_path_buf(), ..config() }).await
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a folder").flatten() {
        found.push(entry.path());
        // Not through links, which lead into /proc.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files(&entry.path()));
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_runs_at_once_leave_nothing() {
    let state = tempfile::tempdir().expect("a folder");
    let sandbox = open(state.path()).await;
    let (before, mounts) = (files(state.path()), std::fs::read_to_string("/proc/mounts").expect("mounts"));
    let code = "import os, time\ndef main(inputs, ctx):\n    open('/tmp/x', 'w').write('x')\n    \
                if os.fork() == 0:\n        os.setsid()\n        time.sleep(600)\n    return inputs['n']\n";
    let agents: Vec<Agent> = (0..20)
        .map(|n| match n % 2 {
            0 => Agent::python(code).with_input("n", n),
            _ => Agent::node("module.exports = (i) => i.n").with_input("n", n),
        })
        .collect();
    let mut runs = tokio::task::JoinSet::new();
    for (n, agent) in agents.iter().enumerate() {
        let (sandbox, mut spec) = (sandbox.clone(), agent.spec.clone());
        // Twenty on a small machine take their time.
        spec.limits.wall = std::time::Duration::from_secs(120);
        runs.spawn(async move { (n, sandbox.run(spec, None, Default::default()).await) });
    }
    while let Some(done) = runs.join_next().await {
        let (n, outcome) = done.expect("no panic");
        let outcome = outcome.expect("no platform fault");
        assert_eq!((outcome.end, outcome.outputs), (End::Exited(0), Some(json!(n))));
    }
    assert_eq!(files(state.path()), before);
    // An engine mounts on the host for each container, and other tests have theirs at the same time.
    assert!(is_docker() || std::fs::read_to_string("/proc/mounts").expect("mounts") == mounts);
    sandbox.warmed().await;
    assert_eq!(groups_left(state.path()), Vec::<PathBuf>::new());
    assert!(agents.iter().all(|agent| sandbox_processes(agent.path()) == 0));
    drop(sandbox);
    let registered =
        || files(state.path()).iter().any(|path| path.parent().is_some_and(|p| p.ends_with("owners")));
    until("it is not registered any more", || !registered()).await;
}

#[tokio::test]
async fn runs_leak_no_descriptor_of_the_parent() {
    let sandbox = harness::sandbox().await;
    let agent = Agent::python("print(1)");
    // Kept open by the library or the runtime from the first run on.
    agent.run(&sandbox).await;
    let open = || std::fs::read_dir("/proc/self/fd").expect("descriptors").count();
    sandbox.warmed().await;
    let before = open();
    for _ in 0..20 {
        assert_eq!(agent.run(&sandbox).await.end, End::Exited(0));
    }
    sandbox.warmed().await;
    until("what runs held is closed", || open() <= before).await;
}

/// This test program itself, as the process that dies: the marker variable makes the test below play that part.
const PLAY_VICTIM: &str = "FRAMEOS_TEST_VICTIM_STATE";

#[tokio::test]
async fn a_killed_server_takes_its_runs_along_and_the_next_one_cleans_up() {
    if !is_linux("a jail that notices its parent's end") {
        return;
    }
    #[expect(clippy::disallowed_methods, reason = "how the test tells its child which part it plays")]
    if let Some(state) = std::env::var_os(PLAY_VICTIM) {
        return victim(Path::new(&state)).await;
    }
    let state = tempfile::tempdir().expect("a folder");
    drop(open(state.path()).await);
    #[expect(clippy::disallowed_methods, reason = "a server that can be killed has to be a process")]
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--exact",
            "leftovers::a_killed_server_takes_its_runs_along_and_the_next_one_cleans_up",
            "--nocapture",
        ])
        .env(PLAY_VICTIM, state.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let out = std::io::BufReader::new(child.stdout.take().expect("stdout"));
    // Kept: a child that cannot write any more would end by itself.
    let mut lines = std::io::BufRead::lines(out);
    let code = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("bundle at ").map(|(_, code)| PathBuf::from(code)))
        .expect("the run started");
    // The groups of containers are their engine's.
    let there = (sandbox_processes(&code) > 0, is_docker() || !groups_of(state.path()).is_empty());
    assert_eq!(there, (true, true), "the test can fail");
    child.kill().expect("kill -9");
    child.wait().expect("its end");
    // The jail removes the group when it finds itself alone; the next one to open would, too, and need not even know the
    // dead one's state folder. Whoever is first, when it is open all is gone.
    let groups = groups_of(state.path());
    let stranger = tempfile::tempdir().expect("a folder");
    drop(open(stranger.path()).await);
    assert!(groups.iter().all(|group| !group.exists()), "{groups:?}");
    let _next = open(state.path()).await;
    assert_eq!(sandbox_processes(&code), 0);
    let owners = std::fs::read_dir(state.path().join("owners")).expect("owners").count();
    assert_eq!((owners, groups_left(state.path())), (1, Vec::new()));
    std::fs::remove_dir_all(code).expect("the victim's bundle");
}

async fn victim(state: &Path) {
    let agent = Agent::python("import time\nprint('up', flush=True)\ntime.sleep(600)\n");
    let (sender, mut events) = tokio::sync::mpsc::channel(8);
    let sandbox = open(state).await;
    let mut spec = agent.spec.clone();
    spec.limits.wall = std::time::Duration::from_secs(600);
    let run = sandbox.run(spec, Some(sender), Default::default());
    let tell = async {
        while events.recv().await.is_some() {
            writeln!(std::io::stdout(), "bundle at {}", agent.path().display()).expect("a reader");
        }
    };
    let _ = tokio::join!(run, tell);
}

#[tokio::test]
async fn the_runtime_folder_is_not_changed_by_runs() {
    let sandbox = harness::sandbox().await;
    let root = sandbox.runtime("python").expect("a runtime").root.clone();
    assert!(root.starts_with(shared("runtimes")));
    let before = files(&root);
    let code = "import os, shutil\nfor top in ('/', '/usr', '/agent', '/runner', '/etc'):\n    \
                shutil.rmtree(top, ignore_errors=True)\n";
    Agent::python(code).run(&sandbox).await;
    assert_eq!(files(&root), before);
}
