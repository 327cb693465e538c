//! Finding agents, new versions, bans and suspensions over HTTP.

use serde_json::json;

use crate::harness::{TestApp, deploy, execute, node_agent};

#[tokio::test(flavor = "multi_thread")]
async fn lists_filter_sort_and_page() {
    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    for (slug, price) in [("alpha", 30), ("beta", 10), ("gamma", 20)] {
        let mut agent = node_agent(slug, "module.exports = () => ({ result: 'x' });");
        agent.price = price;
        agent.publish(&app, &developer).await;
    }
    let slugs = async |query: &str| {
        let listed = app.nobody().get(&format!("/agents{query}")).await.expect(200);
        let agents = listed.data()["agents"].as_array().unwrap().clone();
        let slugs: Vec<_> = agents.iter().map(|agent| agent["slug"].as_str().unwrap().to_owned()).collect();
        (slugs.join(" "), listed.data()["total"].as_i64().unwrap())
    };
    assert_eq!(slugs("?sort=price_low").await, ("beta gamma alpha".to_owned(), 3));
    assert_eq!(slugs("?sort=price_high&limit=2").await, ("alpha gamma".to_owned(), 3));
    assert_eq!(slugs("?sort=price_high&limit=2&page=2").await, ("beta".to_owned(), 3));
    assert_eq!(slugs("?sort=newest").await, ("gamma beta alpha".to_owned(), 3));
    assert_eq!(slugs("?search=gam").await, ("gamma".to_owned(), 1));
    assert_eq!(slugs("?category=none").await, (String::new(), 0));
    assert_eq!(slugs("?pricing_model=per_execution").await.1, 3);
    let categories = app.nobody().get("/categories").await.expect(200);
    assert_eq!(categories.data()["categories"][0], json!({"category": "testing", "agents": 3}));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deployments_stay_on_their_version_until_moved() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let mut agent = node_agent("echo", "module.exports = () => ({ result: 'one' });");
    let agent_id = agent.publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;

    agent.files[0].1 = "module.exports = () => ({ result: 'two' });".to_owned();
    let mut body = agent.body();
    body["version"] = json!("1.1.0");
    let path = format!("/agents/{agent_id}/versions");
    let submitted = developer.post(&path, &body).await.expect(201);
    assert_eq!(submitted.data()["status"], "published", "a clean version of a published agent goes live");
    body["version"] = json!("1.0.5");
    assert_eq!(developer.post(&path, &body).await.expect(409).code(), "VERSION_NOT_NEWER");

    let run = execute(&user, &agent_id, &deployment, json!({})).await;
    assert_eq!(run["outputs"]["result"], "one");
    let patch = json!({"version": "1.1.0"});
    let moved =
        user.send(reqwest::Method::PATCH, &format!("/deployments/{deployment}"), Some(&patch), None).await;
    assert_eq!(moved.expect(200).data()["version"], "1.1.0");
    let run = execute(&user, &agent_id, &deployment, json!({})).await;
    assert_eq!(run["outputs"]["result"], "two");

    developer.post(&format!("{path}/1.0.0/deprecate"), &json!({"message": "use 1.1.0"})).await.expect(200);
    let versions = app.nobody().get(&path).await.expect(200);
    let old = versions.data()["versions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|v| v["version"] == "1.0.0")
        .unwrap()
        .clone();
    assert_eq!((&old["status"], &old["deprecation_message"]), (&json!("deprecated"), &json!("use 1.1.0")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_banned_and_suspended_are_out() {
    let app = TestApp::start().await;
    let (developer, admin) = (app.developer("maker").await, app.admin().await);
    let agent = node_agent("echo", "module.exports = () => ({ result: 'one' });");
    let submitted = developer.post("/agents/register", &agent.body()).await.expect(201);
    let version = submitted.text_of("version_id");
    let reject = format!("/admin/versions/{version}/reject");
    admin.post(&reject, &json!({})).await.expect(422);
    admin.post(&reject, &json!({"reason": "says nothing about its inputs"})).await.expect(200);
    admin.post(&format!("/admin/versions/{version}/approve"), &json!({})).await.expect(409);
    let seen = developer.get("/agents/echo/versions").await.expect(200);
    assert_eq!(seen.data()["versions"][0]["review_note"], "says nothing about its inputs");

    let other =
        node_agent("other", "module.exports = () => ({ result: 'one' });").publish(&app, &developer).await;
    admin.post(&format!("/admin/agents/{other}/ban"), &json!({"reason": "spam"})).await.expect(200);
    app.nobody().get("/agents/other").await.expect(404);
    admin.post(&format!("/admin/agents/{other}/unban"), &json!({})).await.expect(200);
    app.nobody().get("/agents/other").await.expect(200);

    let id = developer.get("/me").await.text_of("id");
    admin.post(&format!("/admin/developers/{id}/suspend"), &json!({"reason": "spam"})).await.expect(200);
    let refused = developer.get("/me").await;
    assert!(refused.status == 401 || refused.status == 403, "{refused:?}");
    admin.post(&format!("/admin/developers/{id}/reinstate"), &json!({})).await.expect(200);
    let audit = admin.get("/admin/audit").await.expect(200);
    assert!(audit.data()["total"].as_i64().unwrap() >= 5, "{}", audit.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secret_inputs_are_never_shown() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let source = "module.exports = (i) => { console.log('key', i.api_key); return { result: String(i.api_key.length) }; };";
    let mut agent = node_agent("caller", source);
    agent.manifest["inputs"] =
        json!([{"name": "api_key", "type": "string", "required": true, "secret": true}]);
    let agent_id = agent.publish(&app, &developer).await;
    let secret = "sk-test-4242424242";
    let deployment = deploy(&user, &agent_id, json!({"api_key": secret})).await;
    let shown = user.get(&format!("/deployments/{deployment}")).await.expect(200);
    assert_eq!(shown.data()["secrets_set"], json!(["api_key"]));
    let run = execute(&user, &agent_id, &deployment, json!({})).await;
    assert_eq!(run["outputs"]["result"], "18", "{run}");
    let id = run["id"].as_str().unwrap();
    let logs = user.get(&format!("/executions/{id}/logs")).await.expect(200);
    for text in [shown.text, run.to_string(), logs.text] {
        assert!(!text.contains(secret), "{text}");
    }
    app.finish().await;
}
