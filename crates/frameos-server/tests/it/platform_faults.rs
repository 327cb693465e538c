//! Sandboxes that cannot be built: the platform's fault, told as such and in no more words, tried again, never charged, and never
//! held against the agent.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::harness::{TestApp, deploy, execute, python_agent};

const AGENT: &str = "def main(inputs, ctx):\n    return {'result': 'ran'}\n";

/// A jail that is the real one until there is a file of this name beside it: then it does what the file says.
fn breakable_jail(dir: &Path) -> (PathBuf, PathBuf) {
    // Test programs are at <target>/<profile>/deps/<name>.
    let program = std::env::current_exe().unwrap();
    let real = program.ancestors().nth(2).unwrap().join("frameos-jail");
    let (jail, broken) = (dir.join("breakable-jail"), dir.join("broken"));
    let script = format!(
        "#!/bin/sh\n[ -e {broken} ] && . {broken}\nexec {real}\n",
        broken = broken.display(),
        real = real.display()
    );
    std::fs::write(&jail, script).unwrap();
    std::fs::set_permissions(&jail, PermissionsExt::from_mode(0o755)).unwrap();
    (jail, broken)
}

/// A jail that takes the next run, says on its socket where it failed, and is gone.
const FORGER: &str = r#"
import array, os, socket
_, brought, _, _ = socket.socket(fileno=0).recvmsg(1, socket.CMSG_SPACE(5 * 4))
fds = array.array("i")
fds.frombytes(brought[0][2])
os.write(fds[0], b'{"type":"failed","step":"mount_code","errno":13,"detail":"/srv/s3cret-place"}\n')
"#;

/// Without sandboxes that wait and would hide a jail that breaks.
async fn app_with(jail: PathBuf) -> TestApp {
    TestApp::start_with(|config| {
        config.sandbox.jail_path = Some(jail);
        config.sandbox.warm = 0;
    })
    .await
}

/// Ends the whole process that jails are forked from, so that the next run starts another. Only while none runs.
fn first_jail_kill() {
    let own = std::process::id().to_string();
    for process in std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()) {
        let stat = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1));
        if stat.contains("(frameos-jail)") && parent == Some(&own) {
            let pid = process.file_name().and_then(|pid| pid.to_str()?.parse().ok()).unwrap();
            let _ =
                nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_that_cannot_be_built_is_nobody_elses_fault() {
    let dir = tempfile::tempdir().unwrap();
    let (jail, broken) = breakable_jail(dir.path());
    let app = app_with(jail).await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = python_agent("fine", AGENT).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;

    let forger = dir.path().join("forger.py");
    std::fs::write(&forger, FORGER).unwrap();
    for fault in [format!("exec /usr/bin/python3 {}", forger.display()), "exit 3".to_owned()] {
        std::fs::write(&broken, fault).unwrap();
        first_jail_kill();
        let run = execute(&user, &agent_id, &deployment, json!({})).await;
        assert_eq!((&run["status"], &run["attempt"]), (&json!("failed"), &json!(3)), "{run}");
        let message = "the platform could not run this agent in 3 attempts; nothing was charged";
        assert_eq!((&run["error_message"], &run["failure_reason"]), (&json!(message), &json!("platform")));
        assert!(!run.to_string().contains("s3cret") && !run.to_string().contains("mount"), "{run}");
        for nothing in ["payment", "exit_code", "isolation", "resources", "outputs"] {
            assert_eq!(run[nothing], Value::Null, "{nothing} in {run}");
        }
        assert_eq!(user.balance().await, (1_000, 0));
        let path = format!("/executions/{}/receipt", run["id"].as_str().unwrap());
        let receipt = user.get(&path).await.expect(200);
        assert_eq!(receipt.data()["receipt"]["isolation"], Value::Null, "nothing was isolated");
        assert_eq!(receipt.data()["receipt"]["failure_reason"], "platform");
    }
    let analytics = developer.get("/developers/analytics").await.expect(200);
    assert_eq!(analytics.data()["total_executions"], 0, "the agent never had its chance");

    // Repaired, the same deployment runs.
    std::fs::remove_file(&broken).unwrap();
    let run = execute(&user, &agent_id, &deployment, json!({})).await;
    assert_eq!((&run["status"], &run["outputs"]["result"]), (&json!("success"), &json!("ran")), "{run}");
    assert_eq!(developer.get("/developers/analytics").await.data()["total_executions"], 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_passes_is_not_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let (jail, broken) = breakable_jail(dir.path());
    let app = app_with(jail).await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = python_agent("fine", AGENT).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    // Breaks once: it removes its own cause.
    std::fs::write(&broken, format!("/bin/rm {}; exit 3", broken.display())).unwrap();
    first_jail_kill();
    let run = execute(&user, &agent_id, &deployment, json!({})).await;
    assert_eq!((&run["status"], &run["attempt"]), (&json!("success"), &json!(2)), "{run}");
    assert_eq!(run["failure_reason"], Value::Null, "the first attempt is not held against it");
    assert_eq!(user.balance().await, (950, 0));
    app.finish().await;
}
