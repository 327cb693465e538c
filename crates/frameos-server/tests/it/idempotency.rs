//! One key, one effect: repeats get the first answer, other requests under the key are refused.

use futures::future::join_all;
use serde_json::json;

use crate::harness::{TestApp, deploy, node_agent};

const ECHO: &str = "module.exports = (i) => ({ result: i.text ?? 'none' });";

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_answer_byte_for_byte() {
    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    let body = node_agent("echo", ECHO).body();
    let first = developer.post_with_key("/agents/register", &body, "publish-1").await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    let again = developer.post_with_key("/agents/register", &body, "publish-1").await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("location"), first.header("location"));
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));

    // The key belongs to its account: another account's is another key.
    let other = app.developer("other").await;
    assert_eq!(
        other.post_with_key("/agents/register", &body, "publish-1").await.expect(409).code(),
        "SLUG_TAKEN"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stands_for_one_request() {
    let app = TestApp::start().await;
    let user = app.user("buyer").await;
    user.post_with_key("/wallet/top-ups", &json!({"amount": 100}), "money-1").await.expect(201);
    let other_body =
        user.post_with_key("/wallet/top-ups", &json!({"amount": 200}), "money-1").await.expect(422);
    assert_eq!(other_body.code(), "IDEMPOTENCY_KEY_REUSED");
    let other_path =
        user.post_with_key("/me/2fa/enroll", &json!({"amount": 100}), "money-1").await.expect(422);
    assert_eq!(other_path.code(), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(user.balance().await, (100, 0));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_under_one_key_have_one_effect() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = node_agent("echo", ECHO).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let body = json!({"deployment_id": deployment, "inputs": {"text": "x"}});
    let path = format!("/agents/{agent_id}/execute");
    let answers = join_all((0..12).map(|_| user.post_with_key(&path, &body, "run-1"))).await;
    let first = &answers[0];
    assert!(answers.iter().all(|answer| answer.status == 202 && answer.text == first.text));
    let replayed = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_some()).count();
    assert_eq!(replayed, 11);
    user.run_to_end(&first.text_of("execution_id")).await;
    assert_eq!(user.get("/executions").await.data()["total"], 1);
    assert_eq!(user.balance().await, (950, 0));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_remembers_its_request() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = node_agent("echo", ECHO).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let path = format!("/agents/{agent_id}/execute");
    let body = json!({"deployment_id": deployment, "inputs": {"text": "x"}});
    let first = user.post_with_key(&path, &body, "run-1").await.expect(202);
    assert_eq!(first.header("idempotency-replayed"), None);
    user.run_to_end(&first.text_of("execution_id")).await;
    let again = user.post_with_key(&path, &body, "run-1").await.expect(202);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!((&again.text, again.header("location")), (&first.text, first.header("location")));

    let other_body = json!({"deployment_id": deployment, "inputs": {"text": "y"}});
    let by_slug = "/agents/echo/execute".to_owned();
    let elsewhere = json!({"amount": 100});
    for (path, body) in [(&path, &other_body), (&by_slug, &body), (&"/wallet/top-ups".to_owned(), &elsewhere)]
    {
        let reused = user.post_with_key(path, body, "run-1").await.expect(422);
        assert_eq!(reused.code(), "IDEMPOTENCY_KEY_REUSED", "{path}");
    }
    user.post_with_key("/wallet/top-ups", &elsewhere, "money-1").await.expect(201);
    let reused = user.post_with_key(&path, &body, "money-1").await.expect(422);
    assert_eq!(reused.code(), "IDEMPOTENCY_KEY_REUSED");
    // The refusals took no key's place.
    assert_eq!(user.post_with_key(&path, &body, "run-1").await.expect(202).text, first.text);
    assert_eq!(user.get("/executions").await.data()["total"], 1);
    assert_eq!(user.balance().await, (1_050, 0));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_run_stays_refused_under_its_key_and_leaves_nothing() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user("buyer").await);
    let agent_id = node_agent("echo", ECHO).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let path = format!("/agents/{agent_id}/execute");
    let body = json!({"deployment_id": deployment, "inputs": {}});
    let poor = user.post_with_key(&path, &body, "run-1").await.expect(402);
    assert_eq!((poor.code(), poor.header("idempotency-replayed")), ("INSUFFICIENT_FUNDS", None));
    assert_eq!(user.get("/executions").await.data()["total"], 0);
    user.post_with_key("/wallet/top-ups", &json!({"amount": 100}), "money-1").await.expect(201);
    let again = user.post_with_key(&path, &body, "run-1").await.expect(402);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &poor.text));
    let other = json!({"deployment_id": deployment, "inputs": {"text": "x"}});
    assert_eq!(user.post_with_key(&path, &other, "run-1").await.expect(422).code(), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(
        (user.get("/executions").await.data()["total"].clone(), user.balance().await),
        (json!(0), (100, 0))
    );
    let accepted = user.post_with_key(&path, &body, "run-2").await.expect(202);
    user.run_to_end(&accepted.text_of("execution_id")).await;
    assert_eq!(user.balance().await, (50, 0));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_needed_and_must_be_usable() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = node_agent("echo", ECHO).publish(&app, &developer).await;
    let body = json!({});
    for (client, path) in [
        (&developer, "/agents/register".to_owned()),
        (&developer, format!("/agents/{agent_id}/versions")),
        (&user, format!("/agents/{agent_id}/deploy")),
        (&user, format!("/agents/{agent_id}/execute")),
    ] {
        for key in [None, Some(""), Some("with space"), Some("ümlaut")] {
            let mut request = client.request(reqwest::Method::POST, &path).json(&body);
            if let Some(key) = key {
                request = request.header("idempotency-key", key.as_bytes());
            }
            let answer = crate::harness::answer(request).await.expect(400);
            assert_eq!(answer.code(), "IDEMPOTENCY_KEY_REQUIRED", "{path} {key:?}");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_malformed_leaves_its_key_unused() {
    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    developer.post_with_key("/agents/register", &json!({}), "publish-1").await.expect(400);
    let body = node_agent("echo", ECHO).body();
    developer.post_with_key("/agents/register", &body, "publish-1").await.expect(201);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_kept_over_a_restart() {
    let app = TestApp::start().await;
    let user = app.user("buyer").await;
    let body = json!({"amount": 300});
    let first = user.post_with_key("/wallet/top-ups", &body, "money-1").await.expect(201);
    let app = app.restart().await;
    let mut again = app.nobody();
    again.token = user.token.clone();
    let replayed = again.post_with_key("/wallet/top-ups", &body, "money-1").await.expect(201);
    assert_eq!(replayed.text, first.text);
    assert_eq!(again.balance().await, (300, 0));
    app.finish().await;
}

/// What is left of requests whose process was killed after their effect and before their answer.
const UNANSWERED: [&str; 2] = ["UPDATE idempotency_keys SET status = NULL, body = NULL, locked_until = 0"; 2];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_before_the_process_died_is_found_and_not_done_again() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user("buyer").await);
    let agent = node_agent("echo", ECHO);
    let registered = developer.post_with_key("/agents/register", &agent.body(), "a").await.expect(201);
    let agent_id = registered.text_of("agent_id");
    app.database_tell(UNANSWERED).await;
    let again = developer.post_with_key("/agents/register", &agent.body(), "a").await.expect(201);
    assert_eq!((&again.text, again.header("location")), (&registered.text, registered.header("location")));
    assert_eq!(again.header("idempotency-replayed"), None, "it was worked out again");

    let version = registered.text_of("version_id");
    app.admin().await.post(&format!("/admin/versions/{version}/approve"), &json!({})).await.expect(200);
    let deploy = format!("/agents/{agent_id}/deploy");
    let hook = json!({"url": "https://example.com/hook"});
    let deployed = user.post_with_key(&deploy, &json!({"config": {}}), "d").await.expect(201);
    let hooked = user.post_with_key("/webhooks", &hook, "h").await.expect(201);
    app.database_tell(UNANSWERED).await;
    let again = user.post_with_key(&deploy, &json!({"config": {}}), "d").await.expect(201);
    assert_eq!(again.text, deployed.text);
    let again = user.post_with_key("/webhooks", &hook, "h").await.expect(201);
    assert_eq!(again.text, hooked.text, "secret and all");
    assert_eq!(user.get("/deployments").await.data()["total"], 1);
    assert_eq!(user.get("/webhooks").await.data()["total"], 1);
    // From now on there is an answer again.
    let replayed = user.post_with_key(&deploy, &json!({"config": {}}), "d").await.expect(201);
    assert_eq!(replayed.header("idempotency-replayed"), Some("true"));
    // The key is still one request's.
    app.database_tell(UNANSWERED).await;
    let other = user.post_with_key(&deploy, &json!({"config": {"text": "x"}}), "d").await.expect(422);
    assert_eq!(other.code(), "IDEMPOTENCY_KEY_REUSED");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_at_work_keeps_its_key_to_itself() {
    let app = TestApp::start().await;
    let user = app.user("buyer").await;
    let body = json!({"amount": 100});
    user.post_with_key("/wallet/top-ups", &body, "money-1").await.expect(201);
    const AT_WORK: &str =
        "UPDATE idempotency_keys SET status = NULL, body = NULL, locked_until = 9000000000000000";
    app.database_tell([AT_WORK; 2]).await;
    let running = user.post_with_key("/wallet/top-ups", &body, "money-1").await.expect(409);
    assert_eq!(running.code(), "IDEMPOTENCY_IN_PROGRESS");
    app.database_tell(UNANSWERED).await;
    user.post_with_key("/wallet/top-ups", &body, "money-1").await.expect(201);
    assert_eq!(user.balance().await, (100, 0), "once, however often it is asked for");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_honour_keys_too() {
    let app = TestApp::start().await;
    let user = app.user("buyer").await;
    let hook = user.post("/webhooks", &json!({"url": "https://example.com/hook"})).await.expect(201);
    let path = format!("/webhooks/{}", hook.text_of("id"));
    let delete = async || user.send(reqwest::Method::DELETE, &path, None, Some("gone")).await;
    let first = delete().await.expect(200);
    let again = delete().await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
    user.send(reqwest::Method::DELETE, &path, None, Some("other")).await.expect(404);
    app.finish().await;
}
