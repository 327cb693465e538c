//! Reviews over HTTP: who may write, answer, report and hide them, and what readers see.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, TestApp, deploy, execute, node_agent};

async fn put(client: &Client, path: &str, body: Value) -> Answer {
    client.send(Method::PUT, path, Some(&body), None).await
}

/// The agent's rating once the roll-up has come to `count` reviews.
async fn rating(app: &TestApp, count: i64) -> f64 {
    for _ in 0..200 {
        let agent = app.nobody().get("/agents/echo").await.expect(200);
        if agent.data()["review_count"] == count {
            return agent.data()["rating"].as_f64().unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the rating was never rolled up to {count} reviews");
}

#[tokio::test(flavor = "multi_thread")]
async fn reviews_need_a_run_and_make_the_rating() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent =
        node_agent("echo", "module.exports = () => ({ result: 'one' });").publish(&app, &developer).await;
    let path = "/agents/echo/reviews";
    let review = json!({"rating": 4, "title": " Good\u{202e} ", "text": "<b>fast</b>\r\nand cheap"});
    assert_eq!(put(&user, path, review.clone()).await.expect(403).code(), "REVIEW_NEEDS_RUN");
    assert_eq!(put(&developer, path, review.clone()).await.expect(403).code(), "FORBIDDEN");

    let deployment = deploy(&user, &agent, json!({})).await;
    execute(&user, &agent, &deployment, json!({})).await;
    for wrong in [json!({"rating": 0}), json!({"rating": 6}), json!({"rating": 4, "title": "x".repeat(121)})]
    {
        assert_eq!(put(&user, path, wrong).await.expect(422).code(), "VALIDATION_FAILED");
    }
    put(&user, path, json!({"rating": 4.5})).await.expect(400);
    put(&user, path, json!({"rating": 5, "stars": 5})).await.expect(400);
    let written = put(&user, path, review).await.expect(200);
    let id = written.text_of("id");
    assert!(id.starts_with("rvw_"), "{id}");
    assert_eq!((&written.data()["title"], &written.data()["version"]), (&json!("Good"), &json!("1.0.0")));
    assert_eq!(written.data()["text"], "<b>fast</b>\nand cheap", "text stays text");
    assert_eq!(rating(&app, 1).await.to_string(), "4");
    let changed = put(&user, &format!("/agents/{agent}/reviews"), json!({"rating": 2})).await.expect(200);
    assert_eq!((changed.text_of("id"), &changed.data()["text"]), (id.clone(), &Value::Null));

    let listed = app.nobody().get(&format!("{path}?sort=lowest")).await.expect(200);
    assert_eq!(listed.data()["total"], 1);
    assert_eq!(listed.data()["histogram"], json!({"1": 0, "2": 1, "3": 0, "4": 0, "5": 0}));
    assert_eq!(listed.data()["reviews"][0]["author"], json!({"name": "buyer"}));
    assert!(!listed.text.contains("example.com") && !listed.text.contains("agt_user_"), "{}", listed.text);
    assert_eq!(user.get(path).await.data()["own"]["rating"], 2);
    app.nobody().get(&format!("{path}?sort=best")).await.expect(422);
    app.nobody().get("/agents/no-such/reviews").await.expect(404);

    user.send(Method::DELETE, path, None, None).await.expect(200);
    user.send(Method::DELETE, path, None, None).await.expect(404);
    assert_eq!(rating(&app, 0).await.to_string(), "0");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reviews_are_answered_reported_and_hidden() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent =
        node_agent("echo", "module.exports = () => ({ result: 'one' });").publish(&app, &developer).await;
    let deployment = deploy(&user, &agent, json!({})).await;
    execute(&user, &agent, &deployment, json!({})).await;
    let path = "/agents/echo/reviews";
    let id = put(&user, path, json!({"rating": 1, "text": "buy at spam.example"})).await.text_of("id");

    let (reply, report) = (format!("{path}/{id}/reply"), format!("{path}/{id}/report"));
    let stranger = app.developer("stranger").await;
    put(&stranger, &reply, json!({"text": "mine?"})).await.expect(404);
    let answered = put(&developer, &reply, json!({"text": "Sorry to hear that"})).await.expect(200);
    assert_eq!(answered.data()["reply"]["text"], "Sorry to hear that");
    put(&developer, &format!("{path}/rvw_00000000000000000000000000/reply"), json!({"text": "x"}))
        .await
        .expect(404);

    app.nobody().post(&report, &json!({"reason": "spam"})).await.expect(401);
    developer.post(&report, &json!({"reason": " "})).await.expect(422);
    developer.post(&report, &json!({"reason": "spam"})).await.expect(200);
    let admin = app.admin().await;
    let reports = admin.get("/admin/review-reports").await.expect(200);
    let first = &reports.data()["reports"][0];
    assert_eq!(
        (&first["review"]["id"], &first["slug"], &first["reports"]),
        (&json!(id), &json!("echo"), &json!(1))
    );
    let hide = format!("/admin/user-reviews/{id}/hide");
    admin.post(&hide, &json!({})).await.expect(422);
    admin.post(&hide, &json!({"reason": "advertising"})).await.expect(200);
    assert_eq!(app.nobody().get(path).await.data()["total"], 0);
    assert_eq!(admin.get("/admin/review-reports").await.data()["total"], 0);
    assert_eq!(user.get(path).await.data()["own"]["hidden_reason"], "advertising");
    put(&developer, &reply, json!({"text": "again"})).await.expect(404);
    admin.post(&format!("/admin/user-reviews/{id}/show"), &json!({})).await.expect(200);
    assert_eq!(app.nobody().get(path).await.data()["total"], 1);
    let audit = admin.get("/admin/audit").await.expect(200);
    assert_eq!(audit.data()["entries"][1]["action"], "review.hide", "{}", audit.text);

    admin.post(&format!("/admin/agents/{agent}/ban"), &json!({"reason": "spam"})).await.expect(200);
    app.nobody().get(path).await.expect(404);
    put(&user, path, json!({"rating": 1})).await.expect(404);
    app.finish().await;
}
