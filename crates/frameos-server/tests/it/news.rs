//! Who is told by mail of what administrators and developers do to agents and accounts.

use serde_json::json;

use crate::harness::{TestApp, deploy, node_agent};

const ECHO: &str = "module.exports = () => ({ result: 'ok' });";

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_and_a_suspension_are_told_with_their_reasons() {
    let app = TestApp::start().await;
    let developer = app.developer("author").await;
    let id = node_agent("told", ECHO).publish(&app, &developer).await;
    let admin = app.admin().await;
    let reason = |text: &str| json!({"reason": text});
    admin.post(&format!("/admin/agents/{id}/ban"), &reason("it sells what is not its own")).await.expect(200);
    let mail = app.mail(&developer.email, "Agent told was banned").await;
    assert!(mail.contains("it sells what is not its own"), "{mail}");
    admin.post(&format!("/admin/agents/{id}/unban"), &reason("it was cleared up")).await.expect(200);
    let mail = app.mail(&developer.email, "no longer banned").await;
    assert!(mail.contains("it was cleared up"), "{mail}");

    let me = developer.get("/me").await.text_of("id");
    let suspend = format!("/admin/developers/{me}/suspend");
    admin.post(&suspend, &reason("the address is not yours")).await.expect(200);
    let mail = app.mail(&developer.email, "Your account was suspended").await;
    assert!(mail.contains("the address is not yours"), "{mail}");
    admin.post(&format!("/admin/developers/{me}/reinstate"), &json!({})).await.expect(200);
    app.mail(&developer.email, "Your account is open again").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_deployed_a_version_is_told_when_it_is_withdrawn() {
    let app = TestApp::start().await;
    let developer = app.developer("author").await;
    let id = node_agent("leaky", ECHO).publish(&app, &developer).await;
    let (one, two, other) = (app.user("one").await, app.user("two").await, app.user("other").await);
    for user in [&one, &two, &two] {
        deploy(user, &id, json!({})).await;
    }
    let yank = format!("/agents/{id}/versions/1.0.0/yank");
    developer.post(&yank, &json!({"reason": "it leaks what it is given"})).await.expect(200);
    for user in [&one, &two] {
        let mail = app.mail(&user.email, "Agent leaky 1.0.0 was withdrawn").await;
        assert!(mail.contains("it leaks what it is given"), "{mail}");
    }
    let told = |email: &str| {
        let mails = app.mails(email);
        mails.iter().filter(|mail| mail.contains("was withdrawn")).count()
    };
    assert_eq!((told(&two.email), told(&other.email), told(&developer.email)), (1, 0, 0));
    app.finish().await;
}
