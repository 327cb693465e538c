//! Faults of the platform are told apart from the agent's, and name what failed.

use std::os::unix::process::CommandExt as _;

use frameos_sandbox::{End, JailStep, Language, RunEvent, Sandbox, SandboxConfig, SandboxError, runtime};
use tokio_util::sync::CancellationToken;

use crate::harness::{Agent, config, is_linux, is_rootless, sandbox};

#[tokio::test]
async fn a_step_of_the_jail_that_fails_is_named() {
    if !is_linux("the jail") {
        return;
    }
    // A runtime folder without the mount points.
    let runtimes = tempfile::tempdir().expect("a folder");
    let root = runtimes.path().join("python-3");
    std::fs::create_dir_all(root.join("etc")).expect("mkdir");
    let marker = r#"{"language":"python","version":"3.11.0","digest":"","fingerprint":""}"#;
    std::fs::write(root.join("etc/frameos-runtime.json"), marker).expect("write");
    let sandbox = Sandbox::open(SandboxConfig { runtimes_dir: runtimes.path().into(), ..config() })
        .await
        .expect("opens");
    let error = Agent::python("").try_run(&sandbox).await.expect_err("no mount point");
    assert!(matches!(error, SandboxError::Jail { step: JailStep::MountCode, .. }), "{error:?}");
    assert!(error.to_string().starts_with("sandbox set-up failed at mount_code ("), "{error}");

    // With them, but without an interpreter.
    std::fs::remove_dir_all(&root).expect("rm");
    let whole = config().runtimes_dir.join("python-3");
    for dir in ["agent", "tmp", "proc", "dev", "etc", "var/empty"] {
        std::fs::create_dir_all(root.join(dir)).expect("mkdir");
    }
    for device in ["null", "zero", "full", "random", "urandom"] {
        std::fs::copy(whole.join("dev").join(device), root.join("dev").join(device)).expect("copy");
    }
    std::fs::write(root.join("etc/frameos-runtime.json"), marker).expect("write");
    let error = Agent::python("").try_run(&sandbox).await.expect_err("no interpreter");
    assert!(matches!(error, SandboxError::Jail { step: JailStep::Execute, .. }), "{error:?}");
}

#[tokio::test]
async fn a_missing_jail_is_an_error_that_says_where_it_was_looked_for() {
    if !is_linux("the jail") {
        return;
    }
    let error =
        Sandbox::open(SandboxConfig { jail_path: Some("/nowhere/frameos-jail".into()), ..config() }).await;
    let text = error.expect_err("no jail").to_string();
    assert_eq!(text, "frameos-jail not found; looked at /nowhere/frameos-jail");
}

const PLAY_NOBODY: &str = "FRAMEOS_TEST_NOBODY_STATE";

/// A user to whom nothing is delegated is refused with everything that is missing; one with a delegated group is served.
#[tokio::test]
async fn a_normal_user_is_served_wholly_or_refused() {
    if !is_linux("delegation") {
        return;
    }
    #[expect(clippy::disallowed_methods, reason = "how the test tells its child which part it plays")]
    if let Some(state) = std::env::var_os(PLAY_NOBODY) {
        let state = std::path::Path::new(&state);
        let config = SandboxConfig {
            jail_path: Some(state.join("frameos-jail")),
            ..SandboxConfig::new(state.join("own"), state.join("runtimes"))
        };
        return match Sandbox::open(config).await {
            Ok(sandbox) => assert!(sandbox.tier().to_string().ends_with("+rootless")),
            Err(SandboxError::Unsupported { missing }) => {
                assert!(missing.iter().any(|piece| piece.contains("cgroup")), "{missing:?}");
            }
            Err(error) => panic!("{error}"),
        };
    }
    let state = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(state.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777))
        .expect("chmod");
    // Copies, because the build may be in a folder that other users cannot enter.
    let program = state.path().join("program");
    std::fs::copy(std::env::current_exe().expect("this program"), &program).expect("copy");
    std::fs::copy(config().jail_path.expect("a jail"), state.path().join("frameos-jail")).expect("copy");
    #[expect(clippy::disallowed_methods, reason = "another user has to be another process")]
    let mut command = std::process::Command::new(&program);
    command
        .args(["--exact", "faults::a_normal_user_is_served_wholly_or_refused"])
        .env(PLAY_NOBODY, state.path());
    // Who is not root is a normal user already, and can be no other.
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.output().expect("a child");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn a_program_that_is_no_jail_is_not_trusted() {
    if !is_linux("the jail") {
        return;
    }
    let error = Sandbox::open(SandboxConfig { jail_path: Some("/bin/true".into()), ..config() }).await;
    assert!(matches!(error, Err(SandboxError::JailVanished { .. })), "{error:?}");
}

/// The host may kill what it likes: what runs goes on, and what comes finds another.
#[tokio::test]
async fn the_process_that_jails_come_from_may_be_killed() {
    if !is_linux("the jail") {
        return;
    }
    let sandbox = Sandbox::open(config()).await.expect("opens");
    let agent = Agent::python("import time\nprint('up', flush=True)\ntime.sleep(1.5)\nprint('done')");
    let (events, mut told) = tokio::sync::mpsc::channel(16);
    let running = sandbox.run(agent.spec.clone(), Some(events), CancellationToken::new());
    let killed = async {
        while let Some(event) = told.recv().await {
            if matches!(event, RunEvent::Stdout(_)) {
                let nursery = first_jail().expect("a process of the jail's");
                rustix::process::kill_process(nursery, rustix::process::Signal::KILL).expect("kill");
            }
        }
    };
    let (outcome, ()) = tokio::join!(running, killed);
    assert_eq!(outcome.expect("a run").end, End::Exited(0));
    assert_eq!(Agent::python("print(1)").run(&sandbox).await.end, End::Exited(0));
}

/// The jail that is a child of this process.
fn first_jail() -> Option<rustix::process::Pid> {
    let own = std::process::id().to_string();
    std::fs::read_dir("/proc").expect("processes").flatten().find_map(|entry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let (head, tail) = stat.rsplit_once(") ")?;
        let (pid, name) = head.split_once(" (")?;
        // State, then parent.
        let ours = name == "frameos-jail" && tail.split(' ').nth(1)? == own;
        ours.then(|| pid.parse().ok().and_then(rustix::process::Pid::from_raw))?
    })
}

#[tokio::test]
async fn the_jail_is_found_beside_the_executable_or_one_folder_up() {
    if !is_linux("the jail") {
        return;
    }
    // Test programs live in deps/, the jail above it.
    Sandbox::open(SandboxConfig { jail_path: None, ..config() }).await.expect("found");
}

#[tokio::test]
async fn a_missing_runtime_is_said_so() {
    let empty = tempfile::tempdir().expect("a folder");
    let sandbox =
        Sandbox::open(SandboxConfig { runtimes_dir: empty.path().into(), ..config() }).await.expect("opens");
    let error = Agent::node("").try_run(&sandbox).await.expect_err("no runtime");
    assert!(
        matches!(&error, SandboxError::RuntimeMissing { language, .. } if language == "nodejs"),
        "{error}"
    );
    assert!(sandbox.runtime("cobol").is_err());
}

#[tokio::test]
async fn specs_that_cannot_be_run_are_refused() {
    let sandbox = sandbox().await;
    let mut outside = Agent::python("");
    outside.spec.entrypoint = "../main.py".to_owned();
    let mut nowhere = Agent::python("");
    nowhere.spec.code_dir = "/nowhere".into();
    let mut variable = Agent::python("");
    variable.spec.env.push(("A=B".to_owned(), String::new()));
    let unreadable = Agent::python("");
    let closed = Agent::python("");
    for (path, mode) in [(unreadable.path().join("main.py"), 0o000), (closed.path().to_owned(), 0o700)] {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("chmod");
    }
    let mut refused = vec![outside, nowhere, variable, unreadable];
    // A normal user's programs have that user's own id and may read what it may.
    if !is_rootless(&sandbox) {
        refused.push(closed);
    }
    for agent in refused {
        let error = agent.try_run(&sandbox).await.expect_err("refused");
        assert!(matches!(error, SandboxError::BadSpec { .. }), "{error:?}");
    }
}

#[test]
fn an_interpreter_that_is_none_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let error = runtime::build(dir.path(), Language::Nodejs, Some("/bin/true".as_ref()), &mut |_| {});
    let text = error.expect_err("no node").to_string();
    assert_eq!(text, "no interpreter for nodejs: /bin/true: asked for its version, it did not answer");
}

#[test]
fn an_up_to_date_runtime_is_kept() {
    let dir = config().runtimes_dir;
    let mut stages = Vec::new();
    let first = runtime::ensure(&dir, Language::Nodejs, None, &mut |_| {}).expect("a runtime");
    let again = runtime::ensure(&dir, Language::Nodejs, None, &mut |stage| stages.push(stage.to_owned()));
    assert_eq!(again.expect("a runtime"), first);
    assert_eq!((stages, first.digest.len()), (Vec::new(), 64));
}
