//! The end of an account: taking everything along, and leaving nothing but what the books need.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, PASSWORD, TestApp, deploy, execute, node_agent};

async fn delete(client: &Client, password: &str) -> Answer {
    client.send(Method::DELETE, "/me", Some(&json!({"password": password})), None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_everything_page_by_page() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("author").await, app.user_with_money("someone", 500).await);
    let source = "module.exports = (i) => ({ result: i.text });";
    let agent = node_agent("echo", source).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent, json!({})).await;
    let run = execute(&user, &agent, &deployment, json!({"text": "mine"})).await;
    // More deployments than a page holds.
    for _ in 0..101 {
        deploy(&user, &agent, json!({})).await;
    }
    let export = user.get("/me/export").await.expect(200);
    let data = export.data();
    assert_eq!(data["account"][0]["email"], "someone@example.com");
    assert_eq!(data["deployments"].as_array().map(Vec::len), Some(102));
    assert_eq!(data["executions"][0]["id"], run["id"]);
    assert_eq!(data["executions"][0]["outputs"]["result"], "mine");
    assert_eq!(data["wallet"][0]["available"], 450);
    assert_eq!(data["wallet_transactions"].as_array().map(Vec::is_empty), Some(false));
    assert_eq!((&data["truncated"], &data["tokens"]), (&json!([]), &json!([])));
    assert!(export.header("content-disposition").unwrap().starts_with("attachment"));
    let theirs = developer.get("/me/export").await.expect(200);
    assert_eq!(theirs.data()["agents"][0]["id"], Value::String(agent));
    assert_eq!(theirs.data()["revenue"].as_array().map(Vec::len), Some(1));
    app.admin().await.get("/me/export").await.expect(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_account_is_deleted_once_nothing_is_in_it() {
    let app = TestApp::start().await;
    let developer = app.developer("author").await;
    let user = app.user_with_money("someone", 100).await;
    let agent = node_agent("echo", "module.exports = (i) => ({ result: 'ok' });");
    let agent = agent.publish(&app, &developer).await;
    let deployment = deploy(&user, &agent, json!({})).await;
    execute(&user, &agent, &deployment, json!({})).await;
    assert_eq!(delete(&user, "wrong").await.expect(401).code(), "INVALID_CREDENTIALS");
    let refused = delete(&user, PASSWORD).await.expect(409);
    assert_eq!(refused.code(), "ACCOUNT_IN_USE");
    assert!(refused.text.contains("wallet"), "{}", refused.text);
    execute(&user, &agent, &deployment, json!({})).await;
    delete(&user, PASSWORD).await.expect(200);
    user.get("/me").await.expect(401);
    let login = json!({"email": "someone@example.com", "password": PASSWORD});
    assert_eq!(app.nobody().post("/auth/login", &login).await.expect(401).code(), "INVALID_CREDENTIALS");
    app.mail("someone@example.com", "Your account was deleted").await;
    // The address is free again, and what comes is another account.
    let next = app.user("someone").await;
    assert_eq!(next.get("/executions").await.data()["total"], 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_developers_account_is_deleted_once_nothing_is_offered() {
    let app = TestApp::start().await;
    let developer = app.developer("author").await;
    let agent = node_agent("echo", "module.exports = (i) => ({ result: 'ok' });");
    let agent = agent.publish(&app, &developer).await;
    let refused = delete(&developer, PASSWORD).await.expect(409);
    assert!(refused.text.contains("deprecate"), "{}", refused.text);
    let path = format!("/agents/{agent}/versions/1.0.0/deprecate");
    developer.post(&path, &json!({"message": "going away"})).await.expect(200);
    delete(&developer, PASSWORD).await.expect(200);
    developer.get("/me").await.expect(401);
    app.nobody().get(&format!("/agents/{agent}")).await.expect(404);
    let refused = delete(app.admin().await, PASSWORD).await.expect(403);
    assert_eq!(refused.code(), "FORBIDDEN");
    app.finish().await;
}
