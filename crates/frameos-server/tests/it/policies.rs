//! Spending policies over the API: confirmation, names, revisions, and the signed refusal in the error.

use frameos_domain::{refusal::Refusal, signing::KeySet};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, TestApp, deploy, node_agent};

const ECHO: &str = "module.exports = (i) => ({ result: i.text });";

async fn put(user: &Client, policy: Value, status: u16) -> Value {
    let answer = user.send(Method::PUT, "/policy", Some(&policy), None).await.expect(status);
    if status == 200 { answer.data().clone() } else { answer.json["error"].clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_above_the_threshold_wants_a_confirmation_of_it() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = node_agent("echo", ECHO).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let path = format!("/agents/{agent_id}/execute");
    let body = |more: Value| {
        let mut body = json!({"deployment_id": deployment, "inputs": {"text": "x"}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    put(&user, json!({"confirm_above": 49}), 200).await;

    let refused = user.post(&path, &body(json!({}))).await.expect(403);
    let error = &refused.json["error"];
    assert_eq!(
        (&error["code"], &error["details"]["rule"], &error["details"]["limit"], &error["details"]["asked"]),
        (&json!("POLICY_REFUSED"), &json!("confirm_above"), &json!(49), &json!(50))
    );
    assert!(error["message"].as_str().unwrap().contains("\"confirmed_amount\": 50"), "{error}");
    let keys: KeySet = serde_json::from_str(&app.nobody().get("/.well-known/jwks.json").await.text).unwrap();
    let jws = error["details"]["receipt"]["jws"].as_str().unwrap();
    let proof = Refusal::verify(jws, Some(&keys)).unwrap();
    assert_eq!(json!(proof), error["details"]["receipt"]["receipt"]);
    assert_eq!((proof.amount, proof.agent_definition_id.as_deref()), (50, Some(&*agent_id)));
    assert_eq!(json!(proof.agent_id), user.get("/me").await.data()["id"]);

    // An agreement to a lower price is none to this one.
    let refused = user.post(&path, &body(json!({"confirmed_amount": 49}))).await.expect(403);
    assert_eq!(refused.json["error"]["details"]["rule"], "confirmed_amount");
    assert_eq!(user.balance().await, (1_000, 0));
    user.post(&path, &body(json!({"confirmed_amount": 50}))).await.expect(202);
    user.post(&path, &body(json!({"confirm": true}))).await.expect(202);
    put(&user, json!({}), 200).await;
    user.post(&path, &body(json!({"confirmed_amount": 10}))).await.expect(403);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_nothing_has_and_unseen_changes_are_refused() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = node_agent("echo", ECHO).publish(&app, &developer).await;
    let agent = user.get(&format!("/agents/{agent_id}")).await.expect(200);
    let category = agent.data()["category"].as_str().unwrap().to_owned();
    for (field, name) in [
        ("blocked_agents", "ecko"),
        ("allowed_agents", "agt_def_06nrg76c2r0000410408106g31"),
        ("blocked_categories", "no-such-category"),
    ] {
        let error = put(&user, json!({field: [name]}), 422).await;
        assert_eq!(error["code"], "VALIDATION_FAILED");
        assert!(error["message"].as_str().unwrap().contains(name), "{error}");
    }
    put(&user, json!({"weekly_limit": 5}), 400).await;
    put(&user, json!({"daily_limit": -5}), 422).await;

    let policy = json!({"blocked_agents": ["echo", agent_id], "blocked_categories": [category]});
    assert_eq!(put(&user, policy, 200).await["revision"], 1);
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let body = json!({"deployment_id": deployment, "inputs": {"text": "x"}});
    let refused = user.post(&format!("/agents/{agent_id}/execute"), &body).await.expect(403);
    assert_eq!(refused.json["error"]["details"]["rule"], "blocked_agents");

    assert_eq!(put(&user, json!({"daily_limit": 10, "revision": 1}), 200).await["revision"], 2);
    assert_eq!(put(&user, json!({"daily_limit": 20, "revision": 1}), 409).await["code"], "POLICY_CHANGED");
    assert_eq!(user.get("/policy").await.data()["daily_limit"], 10);
    let admin = app.admin().await;
    let audit = admin.get("/admin/audit").await.expect(200);
    assert_eq!(audit.text.matches("policy.change").count(), 2, "{}", audit.text);
    app.finish().await;
}
