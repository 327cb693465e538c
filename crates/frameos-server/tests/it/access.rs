//! Every route of the table as everybody: nobody gets in without a token, nor with a token of the wrong role, nor to what is
//! somebody else's.

use std::collections::BTreeSet;

use frameos_server::api::{
    openapi::document,
    routes::{Access, Route, routes},
};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, TestApp, deploy, execute, node_agent};

/// Operations of the interface's description that the matrix does not walk, one a line. It must stay empty.
const UNCOVERED: &str = include_str!("access.uncovered.txt");

/// Everybody there is.
struct People {
    nobody: Client,
    forger: Client,
    developer: Client,
    user: Client,
    admin: Client,
}

/// Ids of things that exist and belong to somebody else.
struct Things {
    agent: String,
    version: String,
    deployment: String,
    execution: String,
    developer: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_keeps_out_whom_it_must() {
    let app = TestApp::start().await;
    let (people, things) = (people(&app).await, things(&app).await);
    let mut walked = BTreeSet::new();
    for route in routes() {
        let path = filled(route.path, &things);
        walked.insert(format!("{} {}", route.method, route.path.replace("{*", "{")));
        let nobody = ask(&people.nobody, &route, &path).await;
        let forger = ask(&people.forger, &route, &path).await;
        if matches!(route.access, Access::Public | Access::Open) {
            assert!(
                !(nobody.status == 401 && nobody.code() == "UNAUTHENTICATED"),
                "{} {}",
                route.method,
                route.path
            );
        } else {
            expect(&nobody, 401, &route, "nobody");
            expect(&forger, 401, &route, "a forged token");
            assert_eq!(nobody.header("www-authenticate"), Some("Bearer"));
        }
        if route.access == Access::Open {
            expect(&forger, 401, &route, "a forged token");
        }
        for (name, client, role) in [
            ("a developer", &people.developer, Access::Developer),
            ("a user", &people.user, Access::User),
            ("an admin", &people.admin, Access::Admin),
        ] {
            let guarded = matches!(route.access, Access::Developer | Access::User | Access::Admin);
            if guarded && route.access != role {
                expect(&ask(client, &route, &path).await, 403, &route, name);
            }
            if route.access == Access::Run {
                expect(&ask(client, &route, &path).await, 401, &route, name);
            }
        }
    }
    let described = described();
    let uncovered: Vec<_> = described.difference(&walked).map(String::as_str).collect();
    assert_eq!(uncovered, UNCOVERED.lines().collect::<Vec<_>>());
    let untold: Vec<_> = walked.difference(&described).collect();
    assert!(untold.is_empty(), "{untold:?} are routes that the description does not have");
    app.finish().await;
}

#[test]
fn nothing_is_left_uncovered() {
    assert_eq!(UNCOVERED, "", "cover it in the matrix instead of listing it");
}

/// Every operation of the description.
fn described() -> BTreeSet<String> {
    let document = document();
    let mut operations = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            operations.insert(format!("{} {path}", method.to_ascii_uppercase()));
        }
    }
    operations
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_somebody_elses_does_not_exist() {
    let app = TestApp::start().await;
    let (people, things) = (people(&app).await, things(&app).await);
    let hidden: [(&Client, &str, String, Value); 12] = [
        (&people.user, "GET", format!("/deployments/{}", things.deployment), Value::Null),
        (&people.user, "PATCH", format!("/deployments/{}", things.deployment), json!({"status": "paused"})),
        (&people.user, "DELETE", format!("/deployments/{}", things.deployment), Value::Null),
        (&people.user, "GET", format!("/executions/{}", things.execution), Value::Null),
        (&people.user, "POST", format!("/executions/{}/cancel", things.execution), json!({})),
        (&people.user, "GET", format!("/executions/{}/logs", things.execution), Value::Null),
        (&people.user, "GET", format!("/executions/{}/receipt", things.execution), Value::Null),
        (&people.user, "GET", format!("/executions/{}/ap2", things.execution), Value::Null),
        (&people.user, "GET", format!("/executions/{}/events", things.execution), Value::Null),
        (&people.developer, "GET", format!("/developers/executions/{}/logs", things.execution), Value::Null),
        (
            &people.user,
            "POST",
            format!("/agents/{}/execute", things.agent),
            json!({"deployment_id": things.deployment, "inputs": {}}),
        ),
        (&people.developer, "POST", format!("/agents/{}/versions/1.0.0/deprecate", things.agent), json!({})),
    ];
    for (client, method, path, body) in hidden {
        let body = (!body.is_null()).then_some(body);
        let key = format!("stranger {method} {path}").replace(' ', "-");
        let answer = client.send(method.parse().unwrap(), &path, body.as_ref(), Some(&key)).await;
        assert_eq!((answer.status, answer.code()), (404, "NOT_FOUND"), "{method} {path}");
    }
    for path in ["/deployments/nonsense", "/executions/exec_1", "/executions/dep_00000000000000000000000000"]
    {
        people.user.get(path).await.expect(404);
    }
    app.finish().await;
}

async fn people(app: &TestApp) -> People {
    let mut forger = app.nobody();
    forger.token = Some("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsInJvbGUiOiJhZG1pbiJ9.".to_owned());
    People {
        nobody: app.nobody(),
        forger,
        developer: app.developer("stranger-dev").await,
        user: app.user_with_money("stranger", 500).await,
        admin: app.admin().await.clone(),
    }
}

async fn things(app: &TestApp) -> Things {
    let (owner, user) = (app.developer("owner").await, app.user_with_money("holder", 500).await);
    let agent = node_agent("echo", "module.exports = (i) => ({ result: 'ok' });").publish(app, &owner).await;
    let deployment = deploy(&user, &agent, json!({})).await;
    let run = execute(&user, &agent, &deployment, json!({})).await;
    let versions = owner.get(&format!("/agents/{agent}/versions")).await;
    Things {
        version: versions.data()["versions"][0]["id"].as_str().unwrap().to_owned(),
        developer: owner.get("/me").await.text_of("id"),
        execution: run["id"].as_str().unwrap().to_owned(),
        agent,
        deployment,
    }
}

/// The path with ids of real things in it. Admin paths that would change them get ids of nothing.
fn filled(path: &str, things: &Things) -> String {
    let version = if path.starts_with("/admin") { &things.version } else { "1.0.0" };
    path.replace("{agent}", &things.agent)
        .replace("{version}", version)
        .replace("{deployment}", &things.deployment)
        .replace("{execution}", &things.execution)
        .replace("{finding}", "0123456789abcdef0123456789abcdef")
        .replace("{developer}", &things.developer)
        .replace("{*path}", "index.js")
        .replace("{review}", "rvw_00000000000000000000000000")
        .replace("{payout}", "pout_00000000000000000000000000")
        .replace("{subscription}", "sub_00000000000000000000000000")
        .replace("{session}", "ses_00000000000000000000000000")
        .replace("{token}", "pat_00000000000000000000000000")
        .replace("{provider}", "sandbox")
        .replace("{top_up}", "top_00000000000000000000000000")
        .replace("{webhook}", "whk_00000000000000000000000000")
        .replace("{delivery}", "dlv_00000000000000000000000000")
}

async fn ask(client: &Client, route: &Route, path: &str) -> Answer {
    let body = json!({});
    let sends = route.method != "GET" && route.method != "DELETE";
    client.send(route.method.clone(), path, sends.then_some(&body), None).await
}

#[track_caller]
fn expect(answer: &Answer, status: u16, route: &Route, who: &str) {
    assert_eq!(answer.status, status, "{} {} as {who}: {}", route.method, route.path, answer.text);
    let code = if status == 401 { "UNAUTHENTICATED" } else { "FORBIDDEN" };
    assert_eq!(answer.code(), code);
}
