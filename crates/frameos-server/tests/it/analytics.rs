//! What developers are told of their runs: by agent, by day and by version, and of nobody else's.

use serde_json::{Value, json};

use crate::harness::{TestApp, deploy, execute, node_agent};

const FLAKY: &str =
    "module.exports = ({ text }) => { if (text) throw new Error(text); return { result: 'ok' }; };";

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_told_by_day_and_version() {
    let app = TestApp::start_with(|config| config.worker.starts_per_second = 0).await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let mut agents = Vec::new();
    for (slug, inputs) in
        [("busy", vec![json!({}), json!({}), json!({"text": "no"})]), ("calm", vec![json!({})])]
    {
        let agent = node_agent(slug, FLAKY).publish(&app, &developer).await;
        let deployment = deploy(&user, &agent, json!({})).await;
        for inputs in inputs {
            execute(&user, &agent, &deployment, inputs).await;
        }
        agents.push(agent);
    }

    let all = developer.get("/developers/analytics").await.expect(200).data().clone();
    assert_eq!((&all["total_executions"], &all["total_revenue"]), (&json!(4), &json!(105)));
    let days = all["days"].as_array().unwrap();
    assert_eq!(days.len(), 30);
    // A run may have been the last of one day and the next the first of another.
    let of_days = |name: &str| days.iter().filter_map(|day| day[name].as_i64()).sum::<i64>();
    assert_eq!((of_days("executions"), of_days("revenue")), (4, 105));
    assert_eq!((&days[0]["executions"], &days[0]["success_rate"]), (&json!(0), &Value::Null));
    assert_eq!((&days[0]["avg_duration_ms"], &days[0]["p95_duration_ms"]), (&Value::Null, &Value::Null));
    assert!(days.last().unwrap()["p95_duration_ms"].as_i64().unwrap() > 0, "{days:?}");
    let versions = all["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    let busy = &versions[0];
    assert_eq!((&busy["agent_id"], &busy["version"]), (&json!(agents[0]), &json!("1.0.0")));
    assert_eq!((&busy["executions"], &busy["revenue"]), (&json!(3), &json!(70)));
    assert!((busy["success_rate"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9, "{busy}");
    let told = |name: &str| busy[name].as_i64().unwrap();
    assert!(told("p95_duration_ms") * 20 >= told("avg_duration_ms") * 19, "{busy}");

    let calm =
        developer.get(&format!("/developers/analytics?agent_id={}&days=7", agents[1])).await.expect(200);
    let calm = calm.data();
    assert_eq!((&calm["total_executions"], &calm["total_revenue"]), (&json!(1), &json!(35)));
    assert_eq!((&calm["pending_payout"], calm["agents"].as_array().unwrap().len()), (&json!(35), 1));
    let lengths = ["days", "versions", "recent_executions"].map(|name| calm[name].as_array().unwrap().len());
    assert_eq!(lengths, [7, 1, 1]);
    let today = days.last().unwrap()["day"].as_str().unwrap();
    let since = developer.get(&format!("/developers/analytics?from={today}")).await.expect(200);
    assert_eq!(since.data()["days"][0]["day"], today);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_and_others_agents_are_not_there() {
    let app = TestApp::start().await;
    let (owner, stranger) = (app.developer("owner").await, app.developer("stranger").await);
    let agent = node_agent("mine", FLAKY).publish(&app, &owner).await;
    owner.get(&format!("/developers/analytics?agent_id={agent}")).await.expect(200);
    let hidden = stranger.get(&format!("/developers/analytics?agent_id={agent}")).await;
    assert_eq!((hidden.status, hidden.code()), (404, "NOT_FOUND"));
    for (query, code) in [
        ("agent_id=mine", "VALIDATION_FAILED"),
        ("days=0", "VALIDATION_FAILED"),
        ("days=367", "VALIDATION_FAILED"),
        ("days=-1", "INVALID_REQUEST"),
        ("from=yesterday", "VALIDATION_FAILED"),
        ("from=2001-01-01", "VALIDATION_FAILED"),
    ] {
        let answer = owner.get(&format!("/developers/analytics?{query}")).await;
        assert_eq!((answer.status / 100, answer.code()), (4, code), "{query}");
    }
    app.finish().await;
}
