//! What accounts are told in the product, runs that are shown by a link, and what a user spent.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, TestApp, deploy, execute, node_agent, token_in};

const ECHO: &str =
    "module.exports = ({ text }) => { console.log('printed'); return { result: text || 'ok' }; };";

/// The kinds of what a client was told, newest first, and how much of it was not read.
async fn told(client: &Client) -> (Vec<String>, i64) {
    let listed = client.get("/me/notifications").await.expect(200);
    let kinds = listed.data()["notifications"].as_array().unwrap().iter();
    let kinds = kinds.map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect();
    (kinds, listed.data()["unread"].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_what_concerns_them_and_ordinary_runs_do_not() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let admin = app.admin().await;
    let agent = node_agent("echo", ECHO).publish(&app, &developer).await;
    assert_eq!(told(&developer).await, (vec!["version.approved".to_owned()], 1));
    let (before, _) = told(&user).await;
    assert!(before.iter().all(|kind| kind == "top_up.credited") && !before.is_empty(), "{before:?}");
    let deployment = deploy(&user, &agent, json!({})).await;
    let run = execute(&user, &agent, &deployment, json!({})).await;
    assert_eq!(told(&user).await.0, before, "a run that went well is no news");
    user.post("/me/notifications/read", &json!({"all": true})).await.expect(200);

    let body = json!({"rating": 5, "text": "good"});
    let written = user.send(Method::PUT, "/agents/echo/reviews", Some(&body), None).await.expect(200);
    user.send(Method::PUT, "/agents/echo/reviews", Some(&json!({"rating": 4})), None).await.expect(200);
    let reply = format!("/agents/echo/reviews/{}/reply", written.text_of("id"));
    developer.send(Method::PUT, &reply, Some(&json!({"text": "thanks"})), None).await.expect(200);
    developer.post("/agents/echo/versions/1.0.0/deprecate", &json!({"message": "use 2"})).await.expect(200);
    let refund = format!("/admin/executions/{}/refund", run["id"].as_str().unwrap());
    admin.post(&refund, &json!({"reason": "slow"})).await.expect(200);
    developer.post("/agents/echo/versions/1.0.0/yank", &json!({"reason": "unsafe"})).await.expect(200);
    let (kinds, unread) = told(&user).await;
    assert_eq!(kinds[..4], ["version.yanked", "refund.received", "version.deprecated", "review.replied"]);
    assert_eq!(unread, 4);
    admin.post(&format!("/admin/agents/{agent}/ban"), &json!({"reason": "spam"})).await.expect(200);
    let listed = developer.get("/me/notifications?unread=true&limit=2").await.expect(200);
    assert_eq!(listed.data()["total"], 3, "one for a review, however often it is changed: {}", listed.text);
    let newest = &listed.data()["notifications"][0];
    assert_eq!(
        (&newest["kind"], &newest["subject"], &newest["text"]),
        (&json!("agent.banned"), &json!("echo"), &json!("spam"))
    );

    let read = json!({"ids": [newest["id"]]});
    let left = user.post("/me/notifications/read", &read).await.expect(200);
    assert_eq!(left.data()["unread"], 4, "what is another's is not read");
    let left = developer.post("/me/notifications/read", &read).await.expect(200);
    assert_eq!(left.data()["unread"], 2);
    for wrong in [json!({}), json!({"ids": ["x"]}), json!({"ids": [], "all": true})] {
        developer.post("/me/notifications/read", &wrong).await.expect(422);
    }
    app.nobody().get("/me/notifications").await.expect(401);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_shown_by_a_link_until_it_is_taken_back() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let stranger = app.user("stranger").await;
    let agent = node_agent("echo", ECHO).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent, json!({})).await;
    let run = execute(&user, &agent, &deployment, json!({"text": "from Berlin"})).await;
    let share = format!("/executions/{}/share", run["id"].as_str().unwrap());
    stranger.post(&share, &json!({})).await.expect(404);
    user.post(&share, &json!({"days": 91})).await.expect(422);
    let first = user.post(&share, &json!({})).await.expect(201);
    let path = format!("/shared-runs/{}", first.text_of("token"));
    assert!(first.text_of("url").ends_with(&format!("/shared/{}", first.text_of("token"))), "{first:?}");
    let shown = app.nobody().get(&path).await.expect(200);
    assert_eq!(shown.header("cache-control"), Some("private, no-store"));
    let data = shown.data();
    assert_eq!((&data["status"], &data["outputs"]["result"]), (&json!("success"), &json!("from Berlin")));
    assert_eq!((&data["cost_amount"], &data["stdout"]), (&json!(50), &json!("printed\n")));
    for hidden in ["inputs", "user_id", "deployment_id", "receipt_salt", "payment"] {
        assert!(data.get(hidden).is_none(), "{hidden} in {}", shown.text);
    }
    assert!(!shown.text.contains("buyer"), "{}", shown.text);

    let second = format!("/shared-runs/{}", user.post(&share, &json!({"days": 1})).await.text_of("token"));
    app.nobody().get(&path).await.expect(404);
    app.nobody().get(&second).await.expect(200);
    assert!(user.get(&share).await.expect(200).data()["expires_at"].is_string());
    stranger.get(&share).await.expect(404);
    stranger.send(Method::DELETE, &share, None, None).await.expect(404);
    user.send(Method::DELETE, &share, None, None).await.expect(200);
    user.send(Method::DELETE, &share, None, None).await.expect(404);
    assert_eq!(user.get(&share).await.expect(200).data()["expires_at"], Value::Null);
    app.nobody().get(&second).await.expect(404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_is_told_by_day_and_agent() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let mut last = Value::Null;
    for (slug, runs) in [("one", 1), ("two", 2)] {
        let agent = node_agent(slug, ECHO).publish(&app, &developer).await;
        let deployment = deploy(&user, &agent, json!({})).await;
        for _ in 0..runs {
            last = execute(&user, &agent, &deployment, json!({})).await;
        }
    }
    let refund = format!("/admin/executions/{}/refund", last["id"].as_str().unwrap());
    app.admin().await.post(&refund, &json!({"amount": 20, "reason": "slow"})).await.expect(200);
    let spent = user.get("/wallet/spending?days=7").await.expect(200);
    let data = spent.data();
    assert_eq!(data["total"], json!({"paid": 150, "refunded": 20, "executions": 3}));
    let days = data["days"].as_array().unwrap();
    assert_eq!((days.len(), days.iter().filter_map(|day| day["paid"].as_i64()).sum::<i64>()), (7, 150));
    let agents: Vec<_> = data["agents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|agent| (&agent["agent_slug"], &agent["paid"]))
        .collect();
    assert_eq!(agents, [(&json!("two"), &json!(100)), (&json!("one"), &json!(50))]);
    assert_eq!(app.user("other").await.get("/wallet/spending").await.expect(200).data()["total"]["paid"], 0);
    user.get("/wallet/spending?days=400").await.expect(422);

    let csv = user.get("/wallet/transactions?format=csv").await.expect(200);
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"transactions.csv\""));
    assert!(csv.text.starts_with("time,kind,available_change"), "{}", csv.text);
    assert!(
        csv.text.lines().any(|line| line.contains(",refund,0.20,") || line.contains(",refund,")),
        "{}",
        csv.text
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_lead_to_pages_with_their_tokens_in_the_fragment() {
    let app = TestApp::start().await;
    app.user("someone").await;
    app.nobody().post("/auth/forgot-password", &json!({"email": "someone@example.com"})).await.expect(200);
    let reset = app.mail("someone@example.com", "Set a new password").await;
    for (mail, page) in [(&app.mails("someone@example.com")[0], "verify-email"), (&reset, "reset-password")] {
        let link = format!("/{page}#token={}", token_in(mail));
        assert!(mail.contains(&link), "{link} in {mail}");
    }
    app.finish().await;
}
