//! Versions after their first: which one leads, what a move changes, withdrawal, and how reviews of them go.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Agent, Client, TestApp, deploy, execute, node_agent};

const SOURCE: &str = "module.exports = () => ({ result: 'one' });";

/// Submits another version; its id and where it stands.
async fn submit(developer: &Client, agent: &Agent, number: &str, status: u16) -> Value {
    let mut body = agent.body();
    body["version"] = json!(number);
    let path = format!("/agents/{}/versions", agent.slug);
    developer.post(&path, &body).await.expect(status).json
}

async fn current(app: &TestApp) -> String {
    app.nobody().get("/agents/echo").await.expect(200).text_of("current_version")
}

/// A mail that has these words, once there is one.
async fn mailed(app: &TestApp, words: &str) -> String {
    for _ in 0..200 {
        let files = std::fs::read_dir(app.data_dir().join("mail")).into_iter().flatten().flatten();
        for text in files.filter_map(|file| std::fs::read_to_string(file.path()).ok()) {
            if text.contains(words) {
                return text;
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no mail says `{words}`");
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_lead_and_pre_releases_do_not() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent = node_agent("echo", SOURCE);
    agent.publish(&app, &developer).await;
    let beta = submit(&developer, &agent, "2.0.0-beta.1", 201).await;
    assert_eq!(beta["data"]["status"], "published", "{beta}");
    assert_eq!(current(&app).await, "1.0.0");
    submit(&developer, &agent, "1.0.1", 201).await;
    assert_eq!(current(&app).await, "1.0.1", "a coming release is in no fix's way");
    assert_eq!(submit(&developer, &agent, "2.0.0-alpha", 409).await["error"]["code"], "VERSION_NOT_NEWER");
    assert_eq!(submit(&developer, &agent, "1.0.0", 409).await["error"]["code"], "VERSION_EXISTS");
    let asked = json!({"version": "2.0.0-beta.1", "config": {}});
    let deployed = user.post("/agents/echo/deploy", &asked).await.expect(201);
    assert_eq!(deployed.data()["version"], "2.0.0-beta.1", "who names a pre-release gets it");

    // Two that wait for a reviewer, decided on in the wrong order.
    let mut wider = agent.clone();
    wider.manifest["capabilities"] = json!(["http_request"]);
    let first = submit(&developer, &wider, "1.1.0", 201).await["data"]["version_id"].clone();
    let second = submit(&developer, &wider, "1.2.0", 201).await["data"]["version_id"].clone();
    for version in [&second, &first] {
        let path = format!("/admin/versions/{}/approve", version.as_str().unwrap());
        app.admin().await.post(&path, &json!({})).await.expect(200);
        assert_eq!(current(&app).await, "1.2.0", "an older one does not come back");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_version_does_not_run() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent = node_agent("echo", SOURCE);
    let id = agent.publish(&app, &developer).await;
    let mut newer = agent.clone();
    newer.manifest["inputs"] = json!([
        {"name": "text", "type": "string"},
        {"name": "extra", "type": "string", "required": true},
    ]);
    submit(&developer, &newer, "1.1.0", 201).await;
    let deployment = deploy(&user, &id, json!({})).await;
    assert_eq!(user.get(&format!("/deployments/{deployment}")).await.data()["version"], "1.1.0");

    let yank = format!("/agents/{id}/versions/1.1.0/yank");
    let why = json!({"reason": "it leaks its inputs"});
    app.nobody().post(&yank, &why).await.expect(401);
    user.post(&yank, &why).await.expect(403);
    app.developer("stranger").await.post(&yank, &why).await.expect(404);
    developer.post(&yank, &json!({})).await.expect(422);
    developer.post(&format!("/agents/{id}/versions/9.9.9/yank"), &why).await.expect(404);
    developer.post(&yank, &why).await.expect(200);
    app.admin().await.post(&yank, &why).await.expect(409);

    assert_eq!(current(&app).await, "1.0.0", "the newest release that is left leads");
    let refused = user
        .post(
            &format!("/agents/{id}/execute"),
            &json!({"deployment_id": deployment, "inputs": {"extra": "x"}}),
        )
        .await
        .expect(409);
    assert_eq!(refused.code(), "VERSION_YANKED");
    assert!(refused.text.contains("it leaks its inputs"), "{}", refused.text);
    let again = user.post(&format!("/agents/{id}/deploy"), &json!({"version": "1.1.0", "config": {}})).await;
    assert_eq!(again.expect(409).code(), "VERSION_YANKED");
    let shown = user.get(&format!("/deployments/{deployment}")).await.expect(200);
    assert_eq!(
        (&shown.data()["version_status"], &shown.data()["current_version"]),
        (&json!("yanked"), &json!("1.0.0"))
    );
    let versions = app.nobody().get(&format!("/agents/{id}/versions")).await.expect(200);
    assert_eq!(versions.data()["versions"][0]["status"], "yanked");

    let preview = user.get(&format!("/deployments/{deployment}/changes")).await.expect(200);
    let inputs = preview.data()["changes"]["inputs"].clone();
    assert_eq!(
        (&inputs[0]["name"], &inputs[0]["change"]),
        (&json!("extra"), &json!("removed")),
        "{}",
        preview.text
    );
    assert_eq!(preview.data()["config_fits"], true);
    let patch = json!({"version": "1.0.0"});
    let moved =
        user.send(Method::PATCH, &format!("/deployments/{deployment}"), Some(&patch), None).await.expect(200);
    assert_eq!(moved.data()["changes"]["inputs"], inputs);
    assert_eq!(execute(&user, &id, &deployment, json!({})).await["outputs"]["result"], "one");
    let back = json!({"version": "1.1.0"});
    let back = user.send(Method::PATCH, &format!("/deployments/{deployment}"), Some(&back), None).await;
    assert_eq!(back.expect(409).code(), "VERSION_YANKED");

    app.admin().await.post(&format!("/agents/{id}/versions/1.0.0/yank"), &why).await.expect(200);
    assert_eq!(app.nobody().get("/agents").await.data()["total"], 0, "nothing is left to be listed");
    submit(&developer, &agent, "1.2.0", 201).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reviewers_see_age_and_code() {
    let app = TestApp::start().await;
    let (developer, admin) = (app.developer("maker").await, app.admin().await);
    let submitted = developer.post("/agents/register", &node_agent("echo", SOURCE).body()).await.expect(201);
    let version = submitted.text_of("version_id");
    let queue = admin.get("/admin/reviews").await.expect(200);
    let entry = &queue.data()["reviews"][0];
    assert_eq!((&entry["version_id"], &entry["overdue"]), (&json!(version), &json!(false)));
    let day_older = "UPDATE agent_versions SET submitted_at = submitted_at - 90000000000";
    app.database_tell([day_older, day_older]).await;
    let queue = admin.get("/admin/reviews").await.expect(200);
    let entry = &queue.data()["reviews"][0];
    assert_eq!(entry["overdue"], true);
    assert!(entry["age_seconds"].as_i64().unwrap() >= 90_000 && entry["due_at"].is_string(), "{entry}");

    let files = format!("/admin/versions/{version}/files");
    let listed = admin.get(&files).await.expect(200);
    let paths: Vec<_> = listed.data()["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert!(paths.contains(&"index.js") && paths.contains(&"manifest.json"), "{paths:?}");
    let shown = admin.get(&format!("{files}/index.js")).await.expect(200);
    assert_eq!(shown.text, SOURCE);
    assert_eq!(shown.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(shown.header("x-file-truncated"), Some("false"));
    for missing in ["no-such.js", "..%2f..%2fetc%2fpasswd", "lib/index.js"] {
        admin.get(&format!("{files}/{missing}")).await.expect(404);
    }

    let reject = format!("/admin/versions/{version}/reject");
    admin.post(&reject, &json!({"reason": "says nothing about its inputs"})).await.expect(200);
    admin.post(&reject, &json!({"reason": "again"})).await.expect(409);
    let mail = mailed(&app, "says nothing about its inputs").await;
    assert!(mail.contains("maker@example.com"), "{mail}");
    app.finish().await;
}
