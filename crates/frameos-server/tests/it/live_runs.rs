//! A run that goes on says what it uses, how far it is and what isolates it; ended, it says what it used.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, TestApp, deploy, node_agent, python_agent, tier_prefix};

/// Works, tells of its progress with a secret in it, and ends when the last second has begun.
const WORKER: &str = "\
import time
def main(inputs, ctx):
    kept = bytearray(b'x' * (64 << 20))
    ctx.progress(0.25, 'key ' + inputs['key'] + '\\x1b[2J')
    print('y' * (1 << 20))
    time.sleep(5)
    return {'result': 'done'}
";

async fn start(user: &Client, agent_id: &str, inputs: Value) -> String {
    let deployment = deploy(user, agent_id, json!({})).await;
    let body = json!({"deployment_id": deployment, "inputs": inputs});
    user.post(&format!("/agents/{agent_id}/execute"), &body).await.expect(202).text_of("execution_id")
}

/// The run as soon as it is as wanted; it must not end before.
async fn once(user: &Client, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let run = user.get(&format!("/executions/{id}")).await.expect(200).data().clone();
        if wanted(&run) {
            return run;
        }
        assert!(["queued", "running"].contains(&run["status"].as_str().unwrap()), "{run}");
        // What is awaited comes once a second.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_run_says_what_it_uses() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let mut agent = python_agent("worker", WORKER);
    agent.manifest["inputs"] = json!([{"name": "key", "type": "string", "secret": true}]);
    let agent_id = agent.publish(&app, &developer).await;
    let id = start(&user, &agent_id, json!({"key": "hunter2-hunter2"})).await;

    let running = once(&user, &id, |run| run["status"] == "running").await;
    assert!(running["isolation"].as_str().unwrap().starts_with(tier_prefix()), "{running}");
    let measured = once(&user, &id, |run| run["resources"].is_object()).await;
    assert_eq!(measured["status"], "running");
    assert_eq!(measured["progress"], json!({"fraction": 0.25, "message": "key [redacted] [2J"}));
    let used = |run: &Value, name: &str| {
        run["resources"][name].as_i64().unwrap_or_else(|| panic!("{name} in {run}"))
    };
    assert!(used(&measured, "peak_memory_bytes") > 64 << 20, "{measured}");
    assert!(used(&measured, "bytes_written") > 1 << 20, "{measured}");
    let first = used(&measured, "wall_ms");
    let later = once(&user, &id, |run| used(run, "wall_ms") > first).await;
    assert_eq!(later["status"], "running", "there is more than one sample");
    // What was printed may be what is paid for.
    assert!(later["stdout"].is_null() && later["outputs"].is_null() && later["stderr"].is_null(), "{later}");

    let ended = user.run_to_end(&id).await;
    assert_eq!((&ended["status"], &ended["progress"]), (&json!("success"), &Value::Null));
    assert!(used(&ended, "wall_ms") >= 5_000 && used(&ended, "wall_ms") > used(&later, "wall_ms"), "{ended}");
    let receipt = user.get(&format!("/executions/{id}/receipt")).await.expect(200);
    assert_eq!(receipt.data()["receipt"]["resources"], ended["resources"]);
    assert_eq!(receipt.data()["receipt"]["isolation"], ended["isolation"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_a_run_ends_its_isolation_and_use_are_on_record() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let mut slow = node_agent("slow", "setInterval(() => {}, 1000);");
    slow.manifest["runtime"]["timeout_ms"] = json!(500);
    let cases = [
        (node_agent("thrower", "module.exports = () => { throw new Error('x'); };"), "failed"),
        (python_agent("crasher", "import signal\nsignal.raise_signal(11)\n"), "failed"),
        (python_agent("hog", "kept = []\nwhile True: kept.append(bytearray(b'x' * (8 << 20)))\n"), "failed"),
        (slow, "timeout"),
    ];
    for (agent, status) in cases {
        let agent_id = agent.publish(&app, &developer).await;
        let run = user.run_to_end(&start(&user, &agent_id, json!({})).await).await;
        assert_eq!(run["status"], status, "{run}");
        assert!(run["isolation"].as_str().is_some_and(|tier| tier.starts_with(tier_prefix())), "{run}");
        assert!(run["resources"]["bytes_written"].is_i64(), "{run}");
        let id = run["id"].as_str().unwrap();
        let receipt = user.get(&format!("/executions/{id}/receipt")).await.expect(200);
        assert_eq!(receipt.data()["receipt"]["resources"], run["resources"]);
        assert_eq!(receipt.data()["receipt"]["isolation"], run["isolation"]);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_that_cannot_be_stored_leave_the_run_alone() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id =
        python_agent("worker", &WORKER.replace("inputs['key']", "'x'")).publish(&app, &developer).await;
    let samples_refused = [
        "CREATE TRIGGER no_samples BEFORE UPDATE OF live ON tickets WHEN NEW.live IS NOT NULL \
         BEGIN SELECT RAISE(ABORT, 'no'); END",
        "CREATE TRIGGER no_samples BEFORE UPDATE OF live ON tickets FOR EACH ROW WHEN (NEW.live IS NOT NULL) \
         EXECUTE FUNCTION refuse_change()",
    ];
    app.database_tell(samples_refused).await;
    let id = start(&user, &agent_id, json!({"text": "x"})).await;
    let running = once(&user, &id, |run| run["status"] == "running").await;
    assert!(running["isolation"].is_string(), "{running}");
    loop {
        let run = user.get(&format!("/executions/{id}")).await.expect(200).data().clone();
        if run["status"] != "running" {
            break;
        }
        assert!(run["resources"].is_null() && run["progress"].is_null(), "the fault is there: {run}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let run = user.run_to_end(&id).await;
    assert_eq!((&run["status"], &run["attempt"]), (&json!("success"), &json!(1)), "{run}");
    assert!(run["resources"]["wall_ms"].as_i64().is_some_and(|millis| millis >= 5_000), "{run}");
    assert_eq!(user.balance().await, (950, 0));
    app.finish().await;
}
