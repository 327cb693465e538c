//! What becomes of findings: shown to the reviewer with what changed, accepted with a reason, carried while nothing changes.

use serde_json::{Value, json};

use crate::harness::{Agent, Answer, Client, TestApp, node_agent};

const FLAGGED: &str = "const { createHash } = require('crypto');\nmodule.exports = (i) => ({ result: createHash('md5').update(i.text).digest('hex') });\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_flagged_version_is_reviewed_by_what_it_changes() {
    let app = TestApp::start().await;
    let (developer, admin) = (app.developer("maker").await, app.admin().await);
    let mut agent = node_agent("hasher", "module.exports = (i) => ({ result: i.text });");
    let first = developer.post("/agents/register", &agent.body()).await.expect(201);
    assert!(first.data().get("changes").is_none(), "{}", first.text);
    approve(&admin, &first).await;

    agent.files[0].1 = FLAGGED.to_owned();
    agent.files.push(("lib/extra.js".into(), "module.exports = 1;".into()));
    let second = submit(&developer, &agent, "1.1.0").await;
    assert_eq!(second.data()["status"], "pending_review");
    for changes in [&second.data()["changes"], &shown(&admin, &second).await["changes"]] {
        assert_eq!(changes["since"], "1.0.0");
        assert_eq!(changes["new"][0]["rule"], "hashing");
        assert_eq!((&changes["removed"], &changes["unchanged"]), (&json!([]), &json!([])));
        assert_eq!(changes["abilities"]["added"], json!(["hashing"]));
        assert_eq!(
            (&changes["files"]["added"], &changes["files"]["changed"]),
            (&json!(["lib/extra.js"]), &json!(["index.js"]))
        );
        assert_eq!(changes["risk_change"], 30);
    }
    let queue = admin.get("/admin/reviews").await.expect(200);
    let entry = &queue.data()["reviews"][0];
    assert_eq!((&entry["verdict"], &entry["risk"]), (&json!("flag"), &json!(30)));

    let accept = finding_path(&admin, &second, "hashing", "accept").await;
    assert_eq!(admin.post(&accept, &json!({})).await.expect(422).code(), "VALIDATION_FAILED");
    admin.post(&accept, &json!({"reason": "names cache entries"})).await.expect(200);
    admin.post(&accept, &json!({"reason": "again"})).await.expect(409);
    approve(&admin, &second).await;
    let version = shown(&admin, &second).await;
    let given = &version["acceptances"][0];
    assert_eq!(given["reason"], "names cache entries");
    assert_eq!(given["fingerprint"], version["scan_report"]["findings"][0]["fingerprint"]);
    let entry = audited(&admin, "finding.accept").await;
    assert!(entry["detail"].as_str().unwrap().contains("names cache entries"), "{entry}");
    assert_eq!(entry["subject"], second.text_of("version_id"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_and_did_not_change_needs_no_reviewer() {
    let app = TestApp::start().await;
    let (developer, admin) = (app.developer("maker").await, app.admin().await);
    let mut agent = node_agent("hasher", "module.exports = (i) => require('./id')(i.text);");
    agent.files.push(("id.js".into(), FLAGGED.to_owned()));
    let first = developer.post("/agents/register", &agent.body()).await.expect(201);
    approve(&admin, &first).await;

    agent.files[0].1 = "module.exports = (i) => require('./id')(i);".into();
    let second = submit(&developer, &agent, "1.1.0").await;
    assert_eq!(second.data()["status"], "pending_review", "approved, but the finding was never accepted");
    let accept = finding_path(&admin, &second, "hashing", "accept").await;
    admin.post(&accept, &json!({"reason": "names cache entries"})).await.expect(200);
    approve(&admin, &second).await;

    agent.files[0].1 = "module.exports = async (i) => require('./id')(i);".into();
    let third = submit(&developer, &agent, "1.2.0").await;
    assert_eq!(third.data()["status"], "published", "{}", third.text);
    assert_eq!(
        (&third.data()["changes"]["new"], &third.data()["scan_report"]["verdict"]),
        (&json!([]), &json!("flag"))
    );
    let given = shown(&admin, &third).await["acceptances"][0].clone();
    assert_eq!(
        (&given["carried_from"], &given["reason"]),
        (&json!(second.text_of("version_id")), &json!("names cache entries"))
    );
    assert_eq!(audited(&admin, "finding.carry").await["actor"], "platform");

    // The same line in a file that is another: the fingerprint stays, the acceptance does not.
    let accepted = agent.clone();
    agent.files[1].1 = format!("// more\n{FLAGGED}");
    let moved = submit(&developer, &agent, "1.3.0").await;
    assert_eq!(
        (&moved.data()["status"], &moved.data()["changes"]["new"]),
        (&json!("pending_review"), &json!([]))
    );
    reject(&admin, &moved).await;

    // The same finding in code that reaches for something new.
    agent = accepted.clone();
    agent.files[0].1 =
        "module.exports = async (i) => { if (i.url) await fetch(i.url); return require('./id')(i); };".into();
    let wider = submit(&developer, &agent, "1.4.0").await;
    assert_eq!(wider.data()["changes"]["abilities"]["added"], json!(["network"]));
    assert_eq!(wider.data()["status"], "pending_review", "{}", wider.text);
    let given = shown(&admin, &wider).await["acceptances"].clone();
    assert_eq!(
        given[0]["carried_from"],
        second.text_of("version_id"),
        "it is carried, and a person looks all the same"
    );
    approve(&admin, &wider).await;

    // Withdrawn, it is for a reviewer again.
    let withdraw = finding_path(&admin, &wider, "hashing", "withdraw").await;
    admin.post(&withdraw, &json!({"reason": "it is for sale"})).await.expect(200);
    admin.post(&withdraw, &json!({"reason": "it is for sale"})).await.expect(404);
    assert!(audited(&admin, "finding.withdraw").await["detail"].as_str().unwrap().contains("it is for sale"));
    let last = submit(&developer, &agent, "1.5.0").await;
    assert_eq!(last.data()["status"], "pending_review", "{}", last.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_flagged_findings_of_versions_that_stand_are_accepted() {
    let app = TestApp::start().await;
    let (developer, admin) = (app.developer("maker").await, app.admin().await);
    let code = "module.exports = async (i) => ({ result: String((await fetch(i.text)).status) });";
    let submitted = developer.post("/agents/register", &node_agent("caller", code).body()).await.expect(201);
    let accept = finding_path(&admin, &submitted, "network-library", "accept").await;
    let refused = admin.post(&accept, &json!({"reason": "it is harmless"})).await.expect(422);
    assert!(refused.text.contains("only flagged ones"), "{}", refused.text);
    let version = submitted.text_of("version_id");
    let unknown = format!("/admin/versions/{version}/findings/00000000000000000000000000000000/accept");
    admin.post(&unknown, &json!({"reason": "why not"})).await.expect(404);

    let flagged = developer.post("/agents/register", &node_agent("hasher", FLAGGED).body()).await.expect(201);
    let accept = finding_path(&admin, &flagged, "hashing", "accept").await;
    reject(&admin, &flagged).await;
    admin.post(&accept, &json!({"reason": "too late"})).await.expect(409);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn submission_review_and_rescan_say_the_same() {
    let app = TestApp::start().await;
    let (developer, admin) = (app.developer("maker").await, app.admin().await);
    let mut agent = node_agent("hasher", FLAGGED);
    let first = developer.post("/agents/register", &agent.body()).await.expect(201);
    let files = agent.files.iter().cloned().chain([("manifest.json".into(), agent.manifest.to_string())]);
    let files = files.map(|(path, text): (String, String)| (path, text.into_bytes()));
    let local = frameos_scanner::scan(&frameos_scanner::bundle::Bundle::from_files(files).unwrap());
    let local = serde_json::to_value(local).unwrap();
    assert_eq!(first.data()["scan_report"], local);
    assert_eq!(shown(&admin, &first).await["scan_report"], local);
    assert_eq!(local["scanner_version"], frameos_scanner::SCANNER_VERSION);
    approve(&admin, &first).await;
    agent.files[0].1 = format!("\n\n{FLAGGED}");
    let second = submit(&developer, &agent, "1.1.0").await;
    let (a, b) = (&second.data()["scan_report"]["findings"][0], &local["findings"][0]);
    assert_eq!(
        (&a["fingerprint"], &a["message"], &a["rule"]),
        (&b["fingerprint"], &b["message"], &b["rule"])
    );

    let rescanned = admin.post("/admin/rescan", &json!({})).await.expect(200);
    assert_eq!((&rescanned.data()["scanned"], &rescanned.data()["changed"]), (&json!(2), &json!([])));
    assert_eq!((&rescanned.data()["next"], &rescanned.data()["unreadable"]), (&Value::Null, &json!([])));
    assert!(audited(&admin, "versions.rescan").await["detail"].as_str().unwrap().contains("2 versions"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_point_that_only_the_request_names_is_scanned() {
    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    let mut agent = node_agent("hidden", "module.exports = () => ({ result: 'x' });");
    agent.files.push(("data.txt".into(), "module.exports = (i) => ({ result: eval(i.text) });".into()));
    let mut body = agent.body();
    body["manifest"]["runtime"]["entrypoint"] = json!("data.txt");
    let mut bundled = agent.clone();
    bundled.manifest["runtime"].as_object_mut().unwrap().remove("entrypoint");
    body["code_base64"] = json!(bundled.packed());
    let refused = developer.post("/agents/register", &body).await.expect(422);
    assert_eq!(refused.code(), "SCAN_REJECTED", "{}", refused.text);
    assert!(refused.text.contains("data.txt"), "{}", refused.text);
    app.finish().await;
}

async fn submit(developer: &Client, agent: &Agent, version: &str) -> Answer {
    let mut body = agent.body();
    body["version"] = json!(version);
    developer.post(&format!("/agents/{}/versions", agent.slug), &body).await
}

async fn approve(admin: &Client, submitted: &Answer) {
    let path = format!("/admin/versions/{}/approve", submitted.text_of("version_id"));
    admin.post(&path, &json!({})).await.expect(200);
}

async fn reject(admin: &Client, submitted: &Answer) {
    let path = format!("/admin/versions/{}/reject", submitted.text_of("version_id"));
    admin.post(&path, &json!({"reason": "not like this"})).await.expect(200);
}

async fn shown(admin: &Client, submitted: &Answer) -> Value {
    let path = format!("/admin/versions/{}", submitted.text_of("version_id"));
    admin.get(&path).await.expect(200).data().clone()
}

/// The path that decides about a version's finding of this rule.
async fn finding_path(admin: &Client, submitted: &Answer, rule: &str, verb: &str) -> String {
    let version = shown(admin, submitted).await;
    let findings = version["scan_report"]["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["rule"] == rule).unwrap();
    let fingerprint = finding["fingerprint"].as_str().unwrap();
    format!("/admin/versions/{}/findings/{fingerprint}/{verb}", submitted.text_of("version_id"))
}

/// The newest entry of the audit log with this action.
async fn audited(admin: &Client, action: &str) -> Value {
    let log = admin.get("/admin/audit").await.expect(200);
    let entries = log.data()["entries"].as_array().unwrap().clone();
    entries
        .into_iter()
        .find(|entry| entry["action"] == action)
        .unwrap_or_else(|| panic!("no {action} in {}", log.text))
}
