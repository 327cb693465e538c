//! What administrators look for and find, and what a developer sees of runs, errors and reviews of their agents.

use reqwest::{Method, header::ACCEPT};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, TestApp, answer, deploy, execute, node_agent};

const FLAKY: &str = "module.exports = ({ text }) => { if (text) throw new Error(`no city ${text}, line 12`); return { result: 'ok' }; };";

async fn total(client: &Client, path: &str) -> i64 {
    client.get(path).await.expect(200).data()["total"].as_i64().unwrap()
}

async fn put(client: &Client, path: &str, body: Value) -> Answer {
    client.send(Method::PUT, path, Some(&body), None).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_find_accounts_agents_runs_and_refunds() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let admin = app.admin().await;
    let agent = node_agent("echo", FLAKY).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent, json!({})).await;
    let run = execute(&user, &agent, &deployment, json!({})).await;
    let failed = execute(&user, &agent, &deployment, json!({"text": "Berlin"})).await;
    let (user_id, me) = (user.get("/me").await.text_of("id"), developer.get("/me").await.text_of("id"));

    let found = admin.get("/admin/developers?search=MAKER").await.expect(200);
    let first = &found.data()["developers"][0];
    assert_eq!((&first["id"], &first["published_agents"]), (&json!(me), &json!(1)));
    assert!(!found.text.contains("password"), "{}", found.text);
    assert_eq!(total(admin, "/admin/developers?status=suspended").await, 0);
    assert_eq!(admin.get("/admin/developers?status=gone").await.expect(422).code(), "VALIDATION_FAILED");
    let found = admin.get("/admin/users?search=buyer@&plan=standard").await.expect(200);
    assert_eq!(found.data()["users"][0]["total_executions"], 2);
    let found = admin.get("/admin/agents?status=published&search=ech").await.expect(200);
    assert_eq!(found.data()["agents"][0]["developer_id"], json!(me));
    assert_eq!(total(admin, "/admin/agents?status=banned").await, 0);

    let found = admin.get(&format!("/admin/executions?user_id={user_id}")).await.expect(200);
    assert_eq!(found.data()["executions"][0]["id"], failed["id"]);
    assert!(!found.text.contains("Berlin") && !found.text.contains("inputs"), "{}", found.text);
    let one = admin.get(&format!("/admin/executions?id={}", run["id"].as_str().unwrap())).await.expect(200);
    let one = &one.data()["executions"][0];
    assert_eq!((&one["user_email"], &one["price_amount"]), (&json!("buyer@example.com"), &json!(50)));
    assert!(one["payment_id"].is_string(), "{one}");
    assert_eq!(total(admin, &format!("/admin/executions?agent_id={agent}&status=failed")).await, 1);
    admin.get("/admin/executions?id=nonsense").await.expect(422);

    let refund = format!("/admin/executions/{}/refund", run["id"].as_str().unwrap());
    admin.post(&refund, &json!({"amount": 20, "reason": "slow"})).await.expect(200);
    let refunds = admin.get("/admin/refunds").await.expect(200);
    let only = &refunds.data()["refunds"][0];
    assert_eq!(
        (&only["status"], &only["amount"], &only["refunded_amount"]),
        (&json!("done"), &json!(20), &json!(20))
    );

    assert_eq!(total(admin, "/admin/audit?action=execution.refund").await, 1);
    assert_eq!(total(admin, &format!("/admin/audit?subject={}", run["id"].as_str().unwrap())).await, 1);
    assert_eq!(total(admin, "/admin/audit?action=&to=2020-01-01T00:00:00Z").await, 0);
    admin.get("/admin/audit?from=yesterday").await.expect(400);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_developer_sees_runs_errors_and_reviews_and_no_inputs() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let stranger = app.developer("stranger").await;
    let agent = node_agent("echo", FLAKY).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent, json!({})).await;
    execute(&user, &agent, &deployment, json!({})).await;
    for city in ["Berlin", "Mumbai"] {
        execute(&user, &agent, &deployment, json!({"text": city})).await;
    }
    let runs = developer.get(&format!("/developers/executions?agent_id={agent}&status=failed&limit=1")).await;
    let first = &runs.clone().expect(200).data()["executions"][0].clone();
    assert_eq!((&first["failure_reason"], &first["revenue"]), (&json!("exit"), &json!(0)));
    assert_eq!((&runs.data()["total"], &first["version"]), (&json!(2), &json!("1.0.0")));
    let errors = developer.get("/developers/errors?days=7").await.expect(200);
    assert_eq!(errors.data()["reasons"], json!([{"reason": "exit", "executions": 2}]));
    let head = &errors.data()["errors"][0];
    assert_eq!((&head["executions"], &head["execution_id"]), (&json!(2), &first["id"]), "{head}");
    assert!(head["message"].as_str().unwrap().contains("no city [redacted], line #"), "{head}");
    assert!(!errors.text.contains("Berlin") && !runs.text.contains("Berlin"));
    developer.get("/developers/errors?days=0").await.expect(422);
    for path in ["/developers/executions", "/developers/reviews"] {
        assert_eq!(total(&stranger, path).await, 0);
    }
    assert_eq!(stranger.get("/developers/errors").await.expect(200).data()["errors"], json!([]));

    let csv =
        answer(developer.request(Method::GET, "/developers/analytics").header(ACCEPT, "text/csv")).await;
    let same = developer.get("/developers/analytics?format=csv").await.expect(200);
    assert_eq!(
        (csv.expect(200).text, same.header("content-type")),
        (same.text.clone(), Some("text/csv; charset=utf-8"))
    );
    let lines: Vec<_> = same.text.lines().collect();
    assert!(lines[0].starts_with("day,agent_id,agent,version,executions"), "{}", same.text);
    assert!(lines[1..].iter().any(|line| line.contains(&agent)), "{}", same.text);
    let analytics = developer.get("/developers/analytics").await.expect(200);
    assert!(analytics.data()["versions"][0]["p50_duration_ms"].is_i64(), "{}", analytics.text);

    let written =
        put(&user, "/agents/echo/reviews", json!({"rating": 2, "text": "slow"})).await.text_of("id");
    let open = developer.get("/developers/reviews?unanswered=true").await.expect(200);
    let entry = &open.data()["reviews"][0];
    assert_eq!((&entry["review"]["id"], &entry["agent_slug"]), (&json!(written), &json!("echo")));
    assert!(!open.text.contains("buyer@"), "{}", open.text);
    put(&developer, &format!("/agents/echo/reviews/{written}/reply"), json!({"text": "faster now"})).await;
    let open = developer.get("/developers/reviews?unanswered=true").await.expect(200);
    assert_eq!((&open.data()["total"], &open.data()["unanswered"]), (&json!(0), &json!(0)));
    assert_eq!(total(&developer, &format!("/developers/reviews?agent_id={agent}")).await, 1);
    app.finish().await;
}
