//! What only the Docker backend has to keep: clear errors of the engine, the flags it is given, and nothing left of a run.
//!
//! Needs an engine: `scripts/with-docker cargo nextest run -p frameos-sandbox`. Without one there is nothing to test here.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use frameos_sandbox::{Backend, DockerConfig, End, Language, RunEvent, Sandbox, SandboxConfig, SandboxError};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::harness::{Agent, config, docker_socket};

fn over(socket: PathBuf, oci_runtime: Option<&str>) -> SandboxConfig {
    let docker = DockerConfig { socket, oci_runtime: oci_runtime.map(str::to_owned) };
    SandboxConfig { backend: Backend::Docker(docker), ..config() }
}

/// What the engine answers to a GET, by the plainest client there is.
async fn ask(socket: &Path, path: &str) -> Value {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::UnixStream::connect(socket).await.expect("an engine");
    let request = format!("GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
}

/// Containers, running or not, of the run or owner that `label` names.
async fn containers(socket: &Path, label: &str) -> Vec<String> {
    let filters = json!({ "label": [label] }).to_string();
    let filters: String = filters.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let listed = ask(socket, &format!("/containers/json?all=1&filters={filters}")).await;
    let ids = listed.as_array().expect("a list").iter().filter_map(|one| one["Id"].as_str());
    ids.map(str::to_owned).collect()
}

/// A run that has said something, and goes on until it is cancelled.
async fn running(sandbox: &Sandbox, agent: &Agent, name: &str) -> (Run, mpsc::Receiver<RunEvent>) {
    let (sender, mut events) = mpsc::channel(8);
    let (sandbox, mut spec) = (sandbox.clone(), agent.spec.clone());
    spec.execution_id = name.to_owned();
    spec.limits.grace = Duration::from_millis(100);
    let cancel = tokio_util::sync::CancellationToken::new();
    let task = tokio::spawn({
        let cancel = cancel.clone();
        async move { sandbox.run(spec, Some(sender), cancel).await }
    });
    while events.recv().await.is_some_and(|event| !matches!(event, RunEvent::Stdout(_))) {}
    (Run { task, cancel }, events)
}

struct Run {
    task: tokio::task::JoinHandle<Result<frameos_sandbox::Outcome, SandboxError>>,
    cancel: tokio_util::sync::CancellationToken,
}

const WAITS: &str = "import time\nprint('up', flush=True)\ntime.sleep(600)\n";

#[tokio::test]
async fn an_engine_that_is_not_there_is_said_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let nowhere = dir.path().join("docker.sock");
    let error = Sandbox::open(over(nowhere.clone(), None)).await.expect_err("no engine");
    assert!(matches!(error, SandboxError::EngineUnreachable { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&nowhere.display().to_string()) && text.contains("start it"), "{text}");

    // Somebody else's socket: it takes the connection, and says nothing an engine would say.
    let other = tokio::net::UnixListener::bind(&nowhere).expect("a socket");
    let hang_up = tokio::spawn(async move {
        while let Ok((stream, _)) = other.accept().await {
            drop(stream);
        }
    });
    let error = Sandbox::open(over(nowhere, None)).await.expect_err("no engine");
    assert!(matches!(error, SandboxError::EngineUnreachable { .. }), "{error:?}");
    hang_up.abort();
}

#[tokio::test]
async fn an_unknown_oci_runtime_is_named_beside_those_there_are() {
    let Some(socket) = docker_socket() else { return };
    let error = Sandbox::open(over(socket, Some("kata-fc"))).await.expect_err("no such runtime");
    let SandboxError::OciRuntimeUnknown { name, known } = &error else { panic!("{error:?}") };
    assert_eq!(name, "kata-fc");
    assert!(
        known.iter().any(|known| known == "runc") && known.iter().any(|known| known == "crun"),
        "{known:?}"
    );
    assert!(error.to_string().contains("crun"), "{error}");
}

#[tokio::test]
async fn another_oci_runtime_runs_agents_by_its_name() {
    let Some(socket) = docker_socket() else { return };
    let sandbox = Sandbox::open(over(socket, Some("crun"))).await.expect("an engine with crun");
    let tier = sandbox.tier().to_string();
    assert!(tier.starts_with("docker:crun+seccomp"), "{tier}");
    let code = "import os\ndef main(inputs, ctx):\n    open('/tmp/x', 'w').write('x')\n    return os.listdir('/sys')\n";
    let outcome = Agent::python(code).run(&sandbox).await;
    assert_eq!(
        (outcome.end, outcome.outputs),
        (End::Exited(0), Some(json!([]))),
        "{}",
        outcome.stderr.text()
    );
    assert_eq!(outcome.tier, tier);
    let mut hog = Agent::python("kept = []\nwhile True: kept.append(bytearray(b'x' * (8 << 20)))\n");
    hog.spec.limits.memory_bytes = 96 << 20;
    assert_eq!(hog.run(&sandbox).await.end, End::OutOfMemory);
}

#[tokio::test]
async fn the_engine_is_given_the_promised_flags() {
    let Some(socket) = docker_socket() else { return };
    let sandbox = Sandbox::open(over(socket.clone(), None)).await.expect("an engine");
    let agent = Agent::python(WAITS);
    let name = format!("flags-{}", std::process::id());
    let (run, mut events) = running(&sandbox, &agent, &name).await;
    let ids = containers(&socket, &format!("frameos.execution={name}")).await;
    let seen = ask(&socket, &format!("/containers/{}/json", ids[0])).await;
    let host = &seen["HostConfig"];
    for (field, expect) in [
        ("NetworkMode", json!("none")),
        ("ReadonlyRootfs", json!(true)),
        ("NanoCpus", json!(1_000_000_000)),
        ("Memory", json!(512 << 20)),
        ("MemorySwap", json!(512 << 20)),
        ("PidsLimit", json!(50)),
        ("CapDrop", json!(["ALL"])),
        ("CapAdd", json!(null)),
        ("OomScoreAdj", json!(1000)),
        ("IpcMode", json!("none")),
        ("CgroupnsMode", json!("private")),
        ("Privileged", json!(false)),
        ("AutoRemove", json!(true)),
        ("PidMode", json!("")),
        ("UTSMode", json!("")),
        ("Devices", json!(null)),
        ("Binds", json!(null)),
    ] {
        assert_eq!(host[field], expect, "{field}");
    }
    assert_eq!(host["LogConfig"]["Type"], "none");
    let tmp = host["Tmpfs"]["/tmp"].as_str().expect("options");
    assert!(tmp.contains("noexec,nosuid,nodev,size=104857600,"), "{tmp}");
    let options = host["SecurityOpt"].as_array().expect("options");
    assert!(options.contains(&json!("no-new-privileges")), "{options:?}");
    assert!(options.iter().any(|option| option.as_str().is_some_and(|o| o.starts_with("seccomp={"))));
    let mounts = seen["Mounts"].as_array().expect("mounts");
    assert!(mounts.iter().all(|mount| mount["RW"] == false), "{mounts:?}");
    let code = mounts.iter().find(|mount| mount["Destination"] == "/agent").expect("the code");
    assert_eq!(code["Source"], json!(agent.path()));
    assert_eq!(seen["Config"]["Hostname"], "sandbox");
    let user = seen["Config"]["User"].as_str().and_then(|user| user.split_once(':')).expect("two ids");
    assert!(user.0 == user.1 && user.0.parse::<u32>().is_ok_and(|uid| uid >= 0x7000_0000), "{user:?}");
    // Nothing of the agent's is told in arguments or environment.
    assert_eq!(
        (&seen["Args"], seen["Config"]["Env"].to_string().contains("INPUT")),
        (&json!(["guest"]), false)
    );

    run.cancel.cancel();
    while events.recv().await.is_some() {}
    assert_eq!(run.task.await.expect("no panic").expect("a run").end, End::Cancelled);
    assert_eq!(containers(&socket, &format!("frameos.execution={name}")).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_container_that_somebody_removes_is_a_fault_of_the_platform() {
    let Some(socket) = docker_socket() else { return };
    let sandbox = Sandbox::open(over(socket.clone(), None)).await.expect("an engine");
    let agent = Agent::python(WAITS);
    let name = format!("removed-{}", std::process::id());
    let (run, _events) = running(&sandbox, &agent, &name).await;
    let ids = containers(&socket, &format!("frameos.execution={name}")).await;
    let remove = format!("DELETE /containers/{}?force=1 HTTP/1.0\r\nHost: docker\r\n\r\n", ids[0]);
    let mut stream = tokio::net::UnixStream::connect(&socket).await.expect("an engine");
    tokio::io::AsyncWriteExt::write_all(&mut stream, remove.as_bytes()).await.expect("a request");
    let error = run.task.await.expect("no panic").expect_err("no report");
    assert!(matches!(error, SandboxError::JailVanished { timed_out: false }), "{error:?}");
}

#[tokio::test]
async fn a_runtime_folder_that_is_broken_is_said_so() {
    let Some(socket) = docker_socket() else { return };
    let runtimes = tempfile::tempdir().expect("a folder");
    let root = runtimes.path().join("python-3");
    std::fs::create_dir_all(root.join("etc")).expect("mkdir");
    let marker = |digest: &str| {
        json!({"language": "python", "version": "3.11.0", "digest": digest, "fingerprint": ""}).to_string()
    };
    let path = root.join("etc/frameos-runtime.json");
    std::fs::write(&path, marker("")).expect("write");
    let open = || async {
        Sandbox::open(SandboxConfig { runtimes_dir: runtimes.path().into(), ..over(socket.clone(), None) })
            .await
    };
    let error = open().await.expect_err("no digest");
    assert!(matches!(error, SandboxError::ImageImport { .. }), "{error:?}");
    assert!(error.to_string().contains("build the runtime again"), "{error}");
    // Whole, but without an interpreter.
    std::fs::write(&path, marker(&"e".repeat(64))).expect("write");
    let sandbox = open().await.expect("opens");
    let error = Agent::python("").try_run(&sandbox).await.expect_err("no interpreter");
    let SandboxError::Jail { step, .. } = error else { panic!("{error:?}") };
    assert_eq!(step, frameos_sandbox::JailStep::Execute);
}

/// This test program itself, as the process that dies: the marker variable makes the test below play that part.
const PLAY_VICTIM: &str = "FRAMEOS_TEST_DOCKER_VICTIM";

#[tokio::test]
async fn containers_do_not_outlive_a_killed_process() {
    let Some(socket) = docker_socket() else { return };
    #[expect(clippy::disallowed_methods, reason = "how the test tells its child which part it plays")]
    if let Some(name) = std::env::var_os(PLAY_VICTIM) {
        let sandbox = Sandbox::open(over(socket, None)).await.expect("an engine");
        let agent = Agent::new(Language::Python, "main.py", WAITS);
        let (run, _events) = running(&sandbox, &agent, &name.to_string_lossy()).await;
        println!("up");
        println!("{:?}", run.task.await);
        return;
    }
    let name = format!("victim-{}", std::process::id());
    #[expect(clippy::disallowed_methods, reason = "a server that can be killed has to be a process")]
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "docker::containers_do_not_outlive_a_killed_process", "--nocapture"])
        .env(PLAY_VICTIM, &name)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("a child");
    let out = std::io::BufReader::new(child.stdout.take().expect("stdout"));
    let mut lines = std::io::BufRead::lines(out).map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with("up")), "the run started");
    let label = format!("frameos.execution={name}");
    let ids = containers(&socket, &label).await;
    assert_eq!(ids.len(), 1, "the test can fail");
    child.kill().expect("kill -9");
    child.wait().expect("its end");
    // The guest sees the end of its stdin, and the engine removes the container; opening removes what is slower.
    let _next = Sandbox::open(over(socket.clone(), None)).await.expect("an engine");
    let left = containers(&socket, &label).await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_container_that_never_started_is_reaped_unless_its_owner_lives() {
    let Some(socket) = docker_socket() else { return };
    let sandbox = Sandbox::open(over(socket.clone(), None)).await.expect("an engine");
    let agent = Agent::python(WAITS);
    let name = format!("living-{}", std::process::id());
    let (run, mut events) = running(&sandbox, &agent, &name).await;
    let ids = containers(&socket, &format!("frameos.execution={name}")).await;
    let living = ask(&socket, &format!("/containers/{}/json", ids[0])).await;
    let owner = living["Config"]["Labels"]["frameos.owner"].as_str().expect("a label");
    // The same namespace and pid, but another time of birth.
    let mut parts: Vec<&str> = owner.split('-').collect();
    parts[2] = "1";
    let dead = parts.join("-");
    let label = format!("frameos.owner={dead}");
    let body = json!({"Image": living["Config"]["Image"], "Cmd": ["x"], "Labels": {"frameos.owner": dead}})
        .to_string();
    let create = format!(
        "POST /containers/create HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = tokio::net::UnixStream::connect(&socket).await.expect("an engine");
    tokio::io::AsyncWriteExt::write_all(&mut stream, create.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.expect("an answer");
    assert!(answer.contains("201 Created"), "{answer}");
    assert_eq!(containers(&socket, &label).await.len(), 1, "the test can fail");
    let _next = Sandbox::open(over(socket.clone(), None)).await.expect("an engine");
    assert_eq!(containers(&socket, &label).await, Vec::<String>::new());
    assert_eq!(containers(&socket, &format!("frameos.execution={name}")).await, ids, "its owner lives");
    run.cancel.cancel();
    while events.recv().await.is_some() {}
}

/// Everything by which a program could reach the guest, which has its id, and speak in its place.
const FORGE: &str = r#"
import ctypes, errno, os, resource, signal
libc = ctypes.CDLL(None, use_errno=True)
FRAME = b'\x05\x26\x00\x00\x00{"type":"exited","code":0,"written":1}'
def tried(act, *args):
    try:
        act(*args)
        return 'done'
    except (OSError, ValueError) as error:
        return errno.errorcode.get(getattr(error, 'errno', 0), type(error).__name__)
def put(path):
    with open(path, 'wb', buffering=0) as f: f.write(FRAME)
def main(inputs, ctx):
    seen = {}
    for fd in range(0, 32): seen[f'/proc/1/fd/{fd}'] = tried(put, f'/proc/1/fd/{fd}')
    for name in ('mem', 'environ', 'maps', 'oom_score_adj', 'comm', 'timerslack_ns', 'clear_refs'): seen[name] = tried(put, '/proc/1/' + name)
    for name in ('root', 'cwd', 'fd', 'task/1/fd', 'map_files', 'ns'): seen[name] = tried(os.listdir, '/proc/1/' + name)
    for kind in (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_DATA):
        seen[f'limit {kind}'] = tried(resource.prlimit, 1, kind, (0, 0))
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV, signal.SIGCHLD, signal.SIGPIPE, signal.SIGQUIT):
        os.kill(1, number)
    # Its own stdout is a pipe to the guest, whatever it writes there is output.
    os.write(1, FRAME); os.write(2, FRAME); os.write(4, FRAME + b'\n')
    return [name for name, got in seen.items() if got == 'done']
"#;

#[tokio::test]
async fn the_guest_cannot_be_reached_or_impersonated() {
    let Some(socket) = docker_socket() else { return };
    let sandbox = Sandbox::open(over(socket, None)).await.expect("an engine");
    let outcome = Agent::python(FORGE).run(&sandbox).await;
    let text = outcome.stderr.text();
    assert_eq!((outcome.end, &outcome.outputs), (End::Exited(0), &Some(json!([]))), "{text}");
    assert_eq!((outcome.stdout.total, outcome.stderr.total), (43, 43));
}

#[tokio::test]
async fn floods_on_every_descriptor_and_a_full_container_end_well() {
    let Some(socket) = docker_socket() else { return };
    let sandbox = Sandbox::open(over(socket.clone(), None)).await.expect("an engine");
    let code = "import os, time\nfor fd in (1, 2, 4):\n    if os.fork() == 0:\n        os.setsid()\n        \
                block = bytes([255, fd]) * 32768\n        while True: os.write(fd, block)\n\
                try:\n    for n in range(1000): open(f'/tmp/{n}', 'wb').write(b'x' * (1 << 20))\nexcept OSError: pass\n\
                while True:\n    try:\n        if os.fork() == 0: time.sleep(600)\n    except OSError: time.sleep(0.01)\n";
    let mut agent = Agent::python(code);
    agent.spec.execution_id = format!("flood-{}", std::process::id());
    agent.spec.limits.wall = Duration::from_secs(3);
    agent.spec.limits.grace = Duration::from_millis(200);
    let outcome = agent.run(&sandbox).await;
    assert_eq!(outcome.end, End::TimedOut);
    assert!(outcome.stdout.truncated() && outcome.stderr.truncated());
    assert!(outcome.resources.wall_ms < 10_000, "{:?}", outcome.resources);
    let label = format!("frameos.execution={}", agent.spec.execution_id);
    assert_eq!(containers(&socket, &label).await, Vec::<String>::new());
}
