//! What publishing would say, asked before publishing; and what a version's page shows to whom.

use serde_json::{Value, json};

use crate::harness::{Client, TestApp, deploy, execute, node_agent};

const CLEAN: &str = "module.exports = (i) => ({ result: i.text });\n";
const FLAGGED: &str = "const { createHash } = require('crypto');\nmodule.exports = (i) => ({ result: createHash('md5').update(i.text).digest('hex') });\n";
const REJECTED: &str = "const a = 1;\nmodule.exports = (i) => ({ result: eval(i.text) });\n";

async fn check(client: &Client, body: Value) -> Value {
    client.post("/agents/check", &body).await.expect(200).data().clone()
}

fn told(checked: &Value) -> Vec<(&str, Option<&str>)> {
    let errors = checked["errors"].as_array().unwrap().iter();
    errors.map(|error| (error["code"].as_str().unwrap(), error["path"].as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_is_checked_while_it_is_written_and_nothing_is_stored() {
    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    let checked =
        check(&developer, json!({"manifest": {"runtime": {"language": "nodejs"}, "slug": "No"}})).await;
    assert_eq!((&checked["accepted"], &checked["needs_review"]), (&json!(false), &Value::Null));
    assert_eq!(told(&checked), [("INVALID_MANIFEST", Some("$.slug"))]);
    let mut manifest = json!({"runtime": {"language": "nodejs"}});
    let missing = check(&developer, json!({"manifest": manifest})).await;
    let paths: Vec<_> = told(&missing).into_iter().map(|(_, path)| path.unwrap()).collect();
    assert_eq!(paths, ["$.version", "$.name", "$.description", "$.category", "$.pricing", "$.slug"]);
    for (field, value) in [
        ("version", json!("1.0.0")),
        ("name", json!("Echo")),
        ("description", json!("says it again")),
        ("category", json!("text")),
        ("slug", json!("register")),
        ("pricing", json!({"model": "per_execution", "amount": 50, "currency": "INR"})),
    ] {
        manifest[field] = value;
    }
    let reserved = check(&developer, json!({"manifest": manifest})).await;
    assert_eq!(told(&reserved), [("VALIDATION_FAILED", Some("$.slug"))], "{reserved}");
    manifest["slug"] = json!("echo");
    let fine = check(&developer, json!({"manifest": manifest})).await;
    assert_eq!((&fine["accepted"], &fine["manifest"]["slug"]), (&json!(true), &json!("echo")), "{fine}");

    let junk = check(&developer, json!({"code_base64": "anVuaw=="})).await;
    assert_eq!(told(&junk), [("BUNDLE_NOT_GZIP", None)]);
    let refused = developer.post("/agents/check", &json!({"code_base64": "!"})).await.expect(422);
    assert_eq!(refused.code(), "BUNDLE_NOT_BASE64");
    developer.post("/agents/check", &json!({"code": "x"})).await.expect(400);
    developer.post("/agents/check", &json!({"agent": "echo"})).await.expect(404);
    assert_eq!(developer.get("/agents?mine=true").await.data()["total"], 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_checked_as_it_would_be_submitted() {
    let app = TestApp::start().await;
    let (developer, admin) = (app.developer("maker").await, app.admin().await);
    let mut agent = node_agent("echo", CLEAN);
    let body = agent.body();
    let manifest = json!({
        "name": body["name"], "slug": "echo", "description": body["description"], "category": body["category"],
        "version": "1.0.0", "pricing": {"model": "per_execution", "amount": 50, "currency": "INR"},
    });
    let first = check(&developer, json!({"manifest": manifest, "code_base64": body["code_base64"]})).await;
    assert_eq!((&first["accepted"], &first["needs_review"]), (&json!(true), &json!(true)), "{first}");
    assert_eq!(first["files"][0]["path"], "index.js");
    agent.publish(&app, &developer).await;
    let taken = check(&developer, json!({"manifest": manifest, "code_base64": body["code_base64"]})).await;
    assert_eq!(told(&taken), [("SLUG_TAKEN", Some("$.slug"))]);
    let stranger = app.developer("stranger").await;
    stranger.post("/agents/check", &json!({"agent": "echo"})).await.expect(404);

    let version = |number: &str| json!({"version": number});
    let same = check(
        &developer,
        json!({"agent": "echo", "manifest": version("1.0.0"), "code_base64": agent.packed()}),
    )
    .await;
    assert_eq!(told(&same), [("VERSION_EXISTS", Some("$.version"))]);
    let next = check(
        &developer,
        json!({"agent": "echo", "manifest": version("1.1.0"), "code_base64": agent.packed()}),
    )
    .await;
    assert_eq!((&next["accepted"], &next["needs_review"]), (&json!(true), &json!(false)), "{next}");
    assert_eq!(next["changes"]["since"], "1.0.0");
    for (source, accepted, needs_review) in
        [(FLAGGED, json!(true), json!(true)), (REJECTED, json!(false), Value::Null)]
    {
        agent.files[0].1 = source.to_owned();
        let body = json!({"agent": "echo", "manifest": version("1.1.0"), "code_base64": agent.packed()});
        let checked = check(&developer, body).await;
        assert_eq!((&checked["accepted"], &checked["needs_review"]), (&accepted, &needs_review), "{checked}");
        let frame = &checked["frames"][0];
        assert_eq!((&frame["file"], &frame["first_line"]), (&json!("index.js"), &json!(1)));
        let known = checked["scan_report"]["findings"].as_array().unwrap();
        assert!(known.iter().any(|finding| finding["fingerprint"] == frame["fingerprint"]), "{checked}");
        assert_eq!(checked["changes"]["files"]["changed"], json!(["index.js"]));
    }
    let versions = developer.get("/agents/echo/versions").await.expect(200);
    assert_eq!(versions.data()["versions"].as_array().unwrap().len(), 1);
    assert_eq!(admin.get("/admin/reviews").await.data()["total"], 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_shows_its_code_to_its_developer_alone() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let mut agent = node_agent("echo", CLEAN);
    let id = agent.publish(&app, &developer).await;
    agent.files[0].1 = FLAGGED.to_owned();
    agent.manifest["inputs"] = json!([{"name": "text", "type": "string", "required": true}]);
    let changed = json!(["index.js", "manifest.json"]);
    let mut body = agent.body();
    body["version"] = json!("1.1.0");
    let second = developer.post("/agents/echo/versions", &body).await.expect(201);
    let path = "/agents/echo/versions/1.1.0";
    for stranger in [&app.nobody(), &user, &app.developer("stranger").await] {
        stranger.get(path).await.expect(404);
    }
    let own = developer.get(path).await.expect(200);
    let inside = &own.data()["inside"];
    assert_eq!(own.data()["review_status"], "pending_review");
    assert_eq!(inside["scan_report"]["verdict"], "flag");
    assert!(inside["frames"][0]["lines"][0].as_str().unwrap().contains("createHash"), "{own:?}");
    assert!(inside["review_due_at"].is_string() && inside["reviewed_at"].is_null());
    assert_eq!(inside["code_changes"]["files"]["changed"], changed);
    assert_eq!(own.data()["changes"]["inputs"][0]["now_required"], true);

    let admin = app.admin().await;
    let review = format!("/admin/versions/{}", second.text_of("version_id"));
    let shown = admin.get(&review).await.expect(200);
    assert_eq!(shown.data()["frames"], inside["frames"]);
    let base = shown.text_of("base_version_id");
    let file = admin.get(&format!("/admin/versions/{base}/files/index.js")).await.expect(200);
    assert_eq!(file.text, CLEAN);
    admin.post(&format!("{review}/approve"), &json!({})).await.expect(200);
    let public = app.nobody().get(path).await.expect(200);
    assert!(public.data().get("inside").is_none() && !public.text.contains("createHash"), "{}", public.text);
    assert_eq!(public.data()["changes"]["from"], "1.0.0");
    assert_eq!(
        (&public.data()["scan"]["verdict"], &public.data()["scan"]["findings"]),
        (&json!("flag"), &json!(1))
    );
    let (passed, of) = (&public.data()["scan"]["rules_passed"], &public.data()["scan"]["rules"]);
    assert_eq!(passed.as_i64().unwrap() + 1, of.as_i64().unwrap());
    assert_eq!(public.data()["inputs_schema"]["required"], json!(["text"]));
    let backwards = app.nobody().get("/agents/echo/versions/1.0.0?since=1.1.0").await.expect(200);
    assert_eq!(backwards.data()["changes"]["to"], "1.0.0");
    app.nobody().get("/agents/echo/versions/1.0.0?since=3.0.0").await.expect(422);
    app.nobody().get("/agents/echo/versions/9.0.0").await.expect(404);

    let deployment = deploy(&user, &id, json!({})).await;
    execute(&user, &id, &deployment, json!({"text": "a"})).await;
    let me = developer.get("/me").await.text_of("id");
    let recent = page_with_run(&app).await;
    assert_eq!((&recent["success_rate"], &recent["executions"]), (&json!(1.0), &json!(1)));
    assert!(recent["p50_duration_ms"].is_i64() && recent["p95_duration_ms"].is_i64(), "{recent}");
    let profile = app.nobody().get(&format!("/developers/{me}")).await.expect(200);
    assert_eq!((&profile.data()["agents"], &profile.data()["total_executions"]), (&json!(1), &json!(1)));
    assert!(!profile.text.contains("@"), "{}", profile.text);
    let stranger = app.developer("nothing-yet").await.get("/me").await.text_of("id");
    app.nobody().get(&format!("/developers/{stranger}")).await.expect(404);
    admin.post(&format!("/admin/developers/{me}/suspend"), &json!({"reason": "spam"})).await.expect(200);
    app.nobody().get(&format!("/developers/{me}")).await.expect(404);
    app.finish().await;
}

/// The agent's recent runs, once the roll-up has come to the first.
async fn page_with_run(app: &TestApp) -> Value {
    for _ in 0..200 {
        let page = app.nobody().get("/agents/echo").await.expect(200);
        if page.data()["recent"]["executions"] == 1 {
            assert_eq!(page.data()["scan"]["verdict"], "flag");
            return page.data()["recent"].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the run was never rolled up");
}
