//! Personal access tokens: made, shown once, and held to their scopes on every route.

use frameos_app::Scope;
use frameos_server::api::routes::{Access, routes};
use reqwest::Method;
use serde_json::json;

use crate::harness::{Client, PASSWORD, TestApp};

async fn make(app: &TestApp, owner: &Client, scopes: &[&str]) -> Client {
    let made = owner.post("/me/tokens", &json!({"name": "ci", "scopes": scopes})).await.expect(201);
    let mut program = app.nobody();
    program.token = Some(made.text_of("token"));
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_listed_and_revoked() {
    let app = TestApp::start().await;
    let user = app.user("someone").await;
    let body = json!({"name": "laptop", "scopes": ["read", "execute", "read"], "expires_in_days": 7});
    let made = user.post("/me/tokens", &body).await.expect(201);
    let token = made.text_of("token");
    assert!(token.starts_with("fos_") && token.len() == 40, "{token}");
    assert_eq!(made.data()["scopes"], json!(["read", "execute"]));
    app.mail("someone@example.com", "A personal access token was made").await;
    let mut program = app.nobody();
    program.token = Some(token.clone());
    assert_eq!(program.get("/me").await.expect(200).text_of("id"), user.get("/me").await.text_of("id"));
    let listed = user.get("/me/tokens").await.expect(200);
    let item = &listed.data()["tokens"][0];
    assert!(!listed.text.contains(&token) && token.starts_with(item["prefix"].as_str().unwrap()));
    assert!(item["last_used_at"].is_string() && item["expires_at"].is_string(), "{item}");

    let mut guess = app.nobody();
    guess.token = Some(token[..39].to_owned() + if token.ends_with('0') { "1" } else { "0" });
    guess.get("/me").await.expect(401);
    let path = format!("/me/tokens/{}", item["id"].as_str().unwrap());
    app.user("stranger").await.send(Method::DELETE, &path, None, None).await.expect(404);
    user.send(Method::DELETE, &path, None, None).await.expect(200);
    program.get("/me").await.expect(401);

    for wrong in [
        json!({"name": "x", "scopes": []}),
        json!({"name": "x", "scopes": ["admin"]}),
        json!({"name": "", "scopes": ["read"]}),
        json!({"name": "x", "scopes": ["read"], "expires_in_days": 0}),
        json!({"name": "x", "scopes": ["read"], "expires_in_days": 4000}),
        json!({"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}),
    ] {
        assert_eq!(user.post("/me/tokens", &wrong).await.expect(422).code(), "VALIDATION_FAILED", "{wrong}");
    }
    let admin = app.admin().await.post("/me/tokens", &json!({"name": "x", "scopes": ["read"]})).await;
    assert_eq!(admin.expect(403).code(), "FORBIDDEN");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_gets_no_further_than_its_scopes_on_any_route() {
    let app = TestApp::start().await;
    let (user, developer) = (app.user("someone").await, app.developer("author").await);
    for (owner, role) in [(&user, Access::User), (&developer, Access::Developer)] {
        for scope in Scope::ALL {
            let program = make(&app, owner, &[scope.as_str()]).await;
            for route in routes() {
                if matches!(route.access, Access::Public | Access::Run) {
                    continue;
                }
                let path = of_nothing(route.path);
                let body = json!({});
                let sends = route.method != "GET" && route.method != "DELETE";
                let answer = program.send(route.method.clone(), &path, sends.then_some(&body), None).await;
                let what =
                    format!("{} {} with {}: {}", route.method, route.path, scope.as_str(), answer.text);
                let fits = route.needs.scope == Some(scope);
                let refused = answer.status == 403 && answer.code() == "INSUFFICIENT_SCOPE";
                assert_eq!(refused, !fits, "{what}");
                let is_its_role =
                    matches!(route.access, Access::Open | Access::Account) || route.access == role;
                if fits && !is_its_role {
                    assert_eq!((answer.status, answer.code()), (403, "FORBIDDEN"), "{what}");
                }
                assert!(answer.status < 500, "{what}");
            }
        }
    }
    app.finish().await;
}

/// The path with ids of nothing.
fn of_nothing(path: &str) -> String {
    let kinds = [
        ("{agent}", "agt_def"),
        ("{deployment}", "dep"),
        ("{execution}", "exec"),
        ("{subscription}", "sub"),
        ("{top_up}", "top"),
        ("{webhook}", "whk"),
        ("{delivery}", "dlv"),
        ("{payout}", "pout"),
    ];
    kinds.iter().fold(path.to_owned(), |path, (name, kind)| {
        path.replace(name, &format!("{kind}_00000000000000000000000000"))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_developers_tokens_are_gone_for_good() {
    let app = TestApp::start().await;
    let developer = app.developer("author").await;
    let program = make(&app, &developer, &["read", "publish"]).await;
    let id = program.get("/me").await.expect(200).text_of("id");
    let admin = app.admin().await;
    let reason = json!({"reason": "testing suspension"});
    admin.post(&format!("/admin/developers/{id}/suspend"), &reason).await.expect(200);
    program.get("/me").await.expect(401);
    admin.post(&format!("/admin/developers/{id}/reinstate"), &reason).await.expect(200);
    program.get("/me").await.expect(401);
    let body = json!({"email": "author@example.com", "password": PASSWORD});
    app.nobody().post("/auth/login", &body).await.expect(200);
    app.finish().await;
}
