//! The main job, end to end: publish, review, deploy, run, pay, prove.

use frameos_domain::{receipt::RunReceiptDocument, signing::KeySet};
use serde_json::json;

use crate::harness::{TestApp, deploy, execute, node_agent, python_agent, tier_prefix};

const NODE_HANDLER: &str = r#"
module.exports = async (inputs, ctx) => {
  ctx.log("working on", ctx.executionId);
  console.log("to stdout");
  return { result: inputs.text.toUpperCase() };
};
"#;

const PYTHON_PROGRAM: &str = r#"
import json, os
print("starting")
print(json.dumps({"result": os.environ["INPUT_TEXT"][::-1]}))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_published_bought_run_and_paid_for() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);

    let agent = node_agent("shouter", NODE_HANDLER);
    let submitted = developer.post("/agents/register", &agent.body()).await.expect(201);
    assert_eq!(submitted.data()["status"], "pending_review");
    assert_eq!(submitted.data()["scan_passed"], true);
    let agent_id = submitted.text_of("agent_id");

    // Before approval nobody but its developer sees it, and nobody can deploy it.
    user.get("/agents/shouter").await.expect(404);
    developer.get("/agents/shouter").await.expect(200);
    user.post(&format!("/agents/{agent_id}/deploy"), &json!({})).await.expect(404);
    assert_eq!(app.nobody().get("/agents").await.data()["total"], 0);

    let admin = app.admin().await;
    let queue = admin.get("/admin/reviews").await.expect(200);
    assert_eq!(queue.data()["reviews"][0]["slug"], "shouter");
    let version_id = submitted.text_of("version_id");
    let shown = admin.get(&format!("/admin/versions/{version_id}")).await.expect(200);
    assert_eq!(shown.data()["files"].as_array().unwrap().len(), 2);
    admin.post(&format!("/admin/versions/{version_id}/approve"), &json!({})).await.expect(200);

    let found = app.nobody().get("/agents?search=shouter&category=testing&sort=price_low").await;
    assert_eq!(found.data()["agents"][0]["id"], agent_id.as_str());
    assert_eq!(found.data()["agents"][0]["developer"]["name"], "maker");
    let detail = app.nobody().get("/agents/shouter").await.expect(200);
    assert_eq!(detail.data()["price_amount"], 50);
    assert_eq!(detail.data()["manifest"]["runtime"]["language"], "nodejs");

    let deployment = deploy(&user, &agent_id, json!({})).await;
    let run = execute(&user, &agent_id, &deployment, json!({"text": "quiet"})).await;
    assert_eq!(run["status"], "success", "{run}");
    assert_eq!(run["outputs"], json!({"result": "QUIET"}));
    assert!(run["stdout"].as_str().unwrap().contains("to stdout"), "{run}");
    assert_eq!((&run["payment"]["amount"], &run["payment"]["currency"]), (&json!(50), &json!("INR")));
    assert!(run["isolation"].as_str().unwrap().starts_with(tier_prefix()), "{run}");
    assert_eq!(user.balance().await, (950, 0));

    let analytics = developer.get("/developers/analytics").await.expect(200);
    assert_eq!(analytics.data()["total_revenue"], 35, "70 % of 50");
    assert_eq!(analytics.data()["total_executions"], 1);
    assert_eq!(analytics.data()["recent_executions"][0]["revenue"], 35);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_verifies_and_a_changed_one_does_not() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = python_agent("reverser", PYTHON_PROGRAM).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({"text": "desserts"})).await;
    let run = execute(&user, &agent_id, &deployment, json!({})).await;
    assert_eq!(run["outputs"], json!({"result": "stressed"}), "{run}");

    let keys: KeySet = serde_json::from_str(&app.nobody().get("/.well-known/jwks.json").await.text).unwrap();
    let id = run["id"].as_str().unwrap();
    let receipt = user.get(&format!("/executions/{id}/receipt")).await.expect(200);
    let document = RunReceiptDocument::parse(&receipt.text).unwrap();
    document.verify(Some(&keys)).unwrap();
    assert_eq!(document.receipt.payment.as_ref().unwrap().amount, 50);
    assert_eq!(document.receipt.execution_id.to_string(), id);

    let changed = receipt.text.replacen("\"amount\":50", "\"amount\":51", 1);
    assert_ne!(changed, receipt.text);
    let refused =
        RunReceiptDocument::parse(&changed).is_ok_and(|document| document.verify(Some(&keys)).is_ok());
    assert!(!refused, "a changed amount is noticed");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prefer_wait_answers_with_the_finished_run() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = node_agent("shouter", NODE_HANDLER).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let body = json!({"deployment_id": deployment, "inputs": {"text": "x"}});
    let request = user.request(reqwest::Method::POST, &format!("/agents/{agent_id}/execute"));
    let request = request.header("idempotency-key", "wait-1").header("prefer", "wait=60").json(&body);
    let answer = crate::harness::answer(request).await.expect(200);
    assert_eq!(answer.data()["status"], "success");
    assert_eq!(answer.header("preference-applied"), Some("wait=60"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_installation_can_be_used_at_once_and_stays_as_it_is() {
    let app = TestApp::start_demo().await;
    let listed = app.nobody().get("/agents?sort=newest").await.expect(200);
    let slugs: Vec<_> =
        listed.data()["agents"].as_array().unwrap().iter().map(|agent| agent["slug"].clone()).collect();
    assert_eq!(listed.data()["total"], 3, "{slugs:?}");
    assert!(slugs.contains(&json!("csv-profiler")), "{slugs:?}");

    let first_run = app.first_run();
    let user = &first_run["user"];
    let body = json!({"email": user["email"], "password": user["password"]});
    let mut client = app.nobody();
    client.token = Some(client.post("/auth/login", &body).await.expect(200).text_of("access_token"));
    assert_eq!(client.balance().await, (100_000, 0));

    let app = app.restart().await;
    assert_eq!(app.first_run(), first_run);
    assert_eq!(app.nobody().get("/agents").await.data()["total"], 3);
    app.finish().await;
}
