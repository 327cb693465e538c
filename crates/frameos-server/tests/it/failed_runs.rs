//! Runs that fail cost nothing: no charge, the hold released, and a message that says why.

use serde_json::{Value, json};

use crate::harness::{Agent, TestApp, deploy, execute, node_agent, python_agent};

struct Failure {
    agent: Agent,
    status: &'static str,
    reason: &'static str,
    /// What the message must mention, in lower case.
    mentions: &'static str,
}

fn failures() -> Vec<Failure> {
    let mut slow = node_agent("slow", "setInterval(() => {}, 1000);");
    slow.manifest["runtime"]["timeout_ms"] = json!(1_500);
    vec![
        Failure {
            agent: node_agent("quitter", "console.error('no session'); process.exit(1);"),
            status: "failed",
            reason: "exit",
            mentions: "1",
        },
        Failure {
            agent: node_agent(
                "thrower",
                "module.exports = async () => { throw new Error('no such page'); };",
            ),
            status: "failed",
            reason: "exit",
            mentions: "no such page",
        },
        Failure { agent: slow, status: "timeout", reason: "timeout", mentions: "time" },
        Failure {
            agent: python_agent(
                "hog",
                "def main(inputs, ctx):\n    hoard = []\n    while True:\n        hoard.append(bytearray(8 << 20))\n",
            ),
            status: "failed",
            reason: "oom",
            mentions: "memory",
        },
        Failure {
            agent: node_agent("liar", "module.exports = () => ({ result: 42 });"),
            status: "failed",
            reason: "outputs_invalid",
            mentions: "result",
        },
        Failure {
            agent: python_agent("mute", "print('nothing to say')\n"),
            status: "failed",
            reason: "outputs_invalid",
            mentions: "output",
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_runs_are_free_and_say_why() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    for failure in failures() {
        let agent_id = failure.agent.publish(&app, &developer).await;
        let deployment = deploy(&user, &agent_id, json!({})).await;
        let run = execute(&user, &agent_id, &deployment, json!({"text": "x"})).await;
        assert_eq!(
            (&run["status"], &run["failure_reason"]),
            (&json!(failure.status), &json!(failure.reason)),
            "{run}"
        );
        assert_eq!(run["payment"], Value::Null, "{run}");
        assert!(run["outputs"].is_null(), "{run}");
        let message = run["error_message"].as_str().unwrap().to_lowercase();
        assert!(message.contains(failure.mentions), "{} says {message}", failure.agent.slug);
        assert_eq!(user.balance().await, (1_000, 0), "{}", failure.agent.slug);
        // A run that failed is proven, too.
        let id = run["id"].as_str().unwrap();
        let receipt = user.get(&format!("/executions/{id}/receipt")).await.expect(200);
        assert_eq!(receipt.data()["receipt"]["failure_reason"], failure.reason);
        let newest = user.get("/executions?limit=1").await.expect(200).data()["executions"][0].clone();
        assert_eq!((&newest["id"], &newest["failure_reason"]), (&run["id"], &json!(failure.reason)));
    }
    assert_eq!(developer.get("/developers/analytics").await.data()["total_revenue"], 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_runs_without_money_or_against_the_policy() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 40).await);
    let agent_id =
        node_agent("echo", "module.exports = (i) => ({ result: i.text });").publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let path = format!("/agents/{agent_id}/execute");
    let body = json!({"deployment_id": deployment, "inputs": {"text": "x"}});
    assert_eq!(user.post(&path, &body).await.expect(402).code(), "INSUFFICIENT_FUNDS");

    user.post("/wallet/top-ups", &json!({"amount": 100})).await.expect(201);
    let policy = json!({"per_execution_limit": 10});
    user.send(reqwest::Method::PUT, "/policy", Some(&policy), None).await.expect(200);
    let refused = user.post(&path, &body).await.expect(403);
    assert_eq!(refused.code(), "POLICY_REFUSED");
    assert_eq!(refused.json["error"]["details"]["rule"], "per_execution_limit");
    assert_eq!(user.balance().await, (140, 0));
    assert_eq!(user.get("/executions?status=success").await.data()["total"], 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_that_do_not_fit_are_refused_by_name() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id =
        node_agent("echo", "module.exports = (i) => ({ result: i.text });").publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let body = json!({"deployment_id": deployment, "inputs": {"text": 5}});
    let refused = user.post(&format!("/agents/{agent_id}/execute"), &body).await.expect(422);
    assert_eq!(refused.code(), "INPUTS_INVALID");
    assert!(refused.text.contains("text"), "{}", refused.text);
    assert_eq!(user.balance().await, (1_000, 0));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_is_free() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = node_agent("slow", "setInterval(() => {}, 1000);").publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let body = json!({"deployment_id": deployment, "inputs": {}});
    let queued = user.post(&format!("/agents/{agent_id}/execute"), &body).await.expect(202);
    let id = queued.text_of("execution_id");
    assert_eq!(user.balance().await, (950, 50));
    assert_eq!(user.get(&format!("/executions/{id}")).await.data()["failure_reason"], Value::Null);
    user.post(&format!("/executions/{id}/cancel"), &json!({})).await.expect(200);
    let run = user.run_to_end(&id).await;
    assert_eq!((&run["status"], &run["failure_reason"]), (&json!("cancelled"), &json!("cancelled")), "{run}");
    assert_eq!(user.balance().await, (1_000, 0));
    let again = user.post(&format!("/executions/{id}/cancel"), &json!({})).await.expect(409);
    assert_eq!(again.code(), "ALREADY_FINAL");
    app.finish().await;
}
