//! Refunds and payouts over HTTP: an admin gives money back, developers say where they are paid and are.

use std::time::Duration;

use frameos_domain::{clock::Timestamp, id::TicketId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, PASSWORD, TestApp, deploy, execute, node_agent};

const API_KEY: &str = "a-gateway-key-for-tests";

/// A server that pays small amounts to accounts that were just set. The payouts it begins by itself are behind it.
async fn payer() -> TestApp {
    const BEGUN: &str = "UPDATE payout_periods SET started_at = started_at \
                         WHERE NOT EXISTS (SELECT 1 FROM tickets WHERE kind = 'payout_run')";
    let app = TestApp::start_with(|config| {
        config.payouts.minimum = 30;
        config.payouts.account_hold_hours = 0;
    })
    .await;
    for _ in 0..600 {
        if app.database_tell([BEGUN, BEGUN]).await == 1 {
            return app;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the week's payouts were not begun");
}

/// A paid run of a developer's agent: the agent's id and the run.
async fn paid_run(app: &TestApp, developer: &Client, user: &Client, slug: &str) -> (String, Value) {
    let agent = node_agent(slug, "module.exports = () => ({ result: 'ok' });").publish(app, developer).await;
    let deployment = deploy(user, &agent, json!({})).await;
    let run = execute(user, &agent, &deployment, json!({})).await;
    assert_eq!(run["status"], "success", "{run}");
    (agent, run)
}

async fn account_set(developer: &Client, holder: &str) -> Answer {
    let body = json!({"type": "bank", "name": holder, "account_number": "026291800001191", "ifsc": "YESB0000262",
        "password": PASSWORD});
    developer.send(Method::PUT, "/developers/payout-account", Some(&body), None).await
}

/// The developer's newest payout once it is in `status`.
async fn payout_in(developer: &Client, status: &str) -> Value {
    for _ in 0..600 {
        let listed = developer.get("/developers/payouts").await.expect(200);
        if listed.data()["payouts"][0]["status"] == status {
            return listed.data().clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no payout is {status}: {}", developer.get("/developers/payouts").await.text);
}

fn mails(app: &TestApp) -> String {
    let files = std::fs::read_dir(app.data_dir().join("mail")).unwrap().flatten();
    files.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_refunds_a_run() {
    let app = payer().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let (_, run) = paid_run(&app, &developer, &user, "echo").await;
    let path = format!("/admin/executions/{}/refund", run["id"].as_str().unwrap());
    let admin = app.admin().await;
    let part = json!({"amount": 20, "reason": "half of it was wrong"});
    let first = admin.post_with_key(&path, &part, "refund-1").await.expect(200);
    assert_eq!((&first.data()["amount"], &first.data()["refunded_amount"]), (&json!(20), &json!(20)));
    assert_eq!(admin.post_with_key(&path, &part, "refund-1").await.expect(200).text, first.text);
    assert_eq!(user.balance().await, (970, 0));
    let history = user.get("/wallet/transactions").await.expect(200);
    let newest = &history.data()["transactions"][0];
    assert_eq!(
        (&newest["kind"], &newest["amount"], &newest["reference"]),
        (&json!("refund"), &json!(20), &run["id"])
    );
    let seen = user.get(&format!("/executions/{}", run["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(seen.data()["refunded_amount"], 20);
    assert_eq!((&seen.data()["payment"]["amount"], &seen.data()["status"]), (&json!(50), &json!("success")));

    let revenue = developer.get("/developers/revenue").await.expect(200);
    assert_eq!((&revenue.data()["total"], &revenue.data()["pending_payout"]), (&json!(2), &json!(21)));
    let taken = &revenue.data()["revenue"][0];
    assert_eq!((&taken["amount"], &taken["execution_id"]), (&json!(-14), &run["id"]));
    assert!(taken["refund_id"].as_str().unwrap().starts_with("rfd_"));
    let analytics = developer.get("/developers/analytics").await.expect(200);
    assert_eq!(analytics.data()["total_revenue"], 21);
    assert_eq!(analytics.data()["agents"][0]["revenue"], 21);
    assert_eq!(analytics.data()["recent_executions"][0]["revenue"], 21);

    let rest = admin.post(&path, &json!({"reason": "the rest was wrong too"})).await.expect(200);
    assert_eq!((&rest.data()["amount"], &rest.data()["refunded_amount"]), (&json!(30), &json!(50)));
    let more = admin.post(&path, &json!({"amount": 1, "reason": "one more"})).await;
    assert_eq!((more.status, more.code()), (409, "REFUND_TOO_MUCH"));
    for (body, status) in
        [(json!({"amount": 0, "reason": "none"}), 422), (json!({"reason": " "}), 422), (json!({}), 400)]
    {
        assert_eq!(admin.post(&path, &body).await.status, status, "{body}");
    }
    let keyless = admin.send(Method::POST, &path, Some(&part), None).await;
    assert_eq!((keyless.status, keyless.code()), (400, "IDEMPOTENCY_KEY_REQUIRED"));
    assert_eq!(user.balance().await, (1_000, 0));
    let audit = admin.get("/admin/audit").await.expect(200);
    let refunds = audit.data()["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["action"] == "execution.refund");
    assert_eq!(refunds.count(), 3, "also what was refused had been asked for");
    let mails = mails(&app);
    assert!(mails.contains("Refund of INR 0.20") && mails.contains("half of it was wrong"), "{mails}");
    assert!(mails.contains("INR 0.14, was taken off your earnings"), "{mails}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_paid_is_not_refunded() {
    let app = payer().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent = node_agent("broken", "module.exports = () => { throw new Error('no'); };");
    let agent = agent.publish(&app, &developer).await;
    let deployment = deploy(&user, &agent, json!({})).await;
    let run = execute(&user, &agent, &deployment, json!({})).await;
    let path = format!("/admin/executions/{}/refund", run["id"].as_str().unwrap());
    let refused = app.admin().await.post(&path, &json!({"reason": "it failed"})).await;
    assert_eq!((refused.status, refused.code()), (409, "REFUND_NOT_OFFERED"));
    let nothing = "/admin/executions/exec_00000000000000000000000000/refund";
    app.admin().await.post(nothing, &json!({"reason": "why not"})).await.expect(404);
    app.finish().await;
}

/// The process that was asked died before the gateway was: what it left behind is brought to its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_whose_process_died_is_finished_by_another() {
    let app = payer().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let (_, run) = paid_run(&app, &developer, &user, "echo").await;
    let id = run["id"].as_str().unwrap().to_owned();
    let request = format!(
        "INSERT INTO refund_requests (execution_id, request_key, admin_id, amount, reason, status, created_at) \
         VALUES ('{id}', 'left', 'adm_00000000000000000000000000', 10, 'it died', 'asked', 0)"
    );
    let ticket = format!(
        "INSERT INTO tickets (id, kind, job_key, payload, class, vtime, run_at, created_at) VALUES ('{}', 'refund_finish', \
         'left', '{{\"execution\": \"{id}\", \"key\": \"left\"}}', 2, 0, 0, 0)",
        TicketId::generate(Timestamp::from_micros(0))
    );
    for statement in [request, ticket] {
        let statement: &'static str = Box::leak(statement.into_boxed_str());
        app.database_tell([statement, statement]).await;
    }
    for _ in 0..600 {
        if user.balance().await == (960, 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(user.balance().await, (960, 0));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_developer_is_paid_every_week() {
    let app = payer().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let (_, run) = paid_run(&app, &developer, &user, "echo").await;
    developer.get("/developers/payout-account").await.expect(404);
    let mut body = json!({"type": "bank", "name": "Asha Rao", "account_number": "026291800001191", "ifsc": "YESB0000262"});
    let without = developer.send(Method::PUT, "/developers/payout-account", Some(&body), None).await;
    assert_eq!((without.status, without.code()), (401, "INVALID_CREDENTIALS"));
    body["password"] = json!("not the password");
    let wrong = developer.send(Method::PUT, "/developers/payout-account", Some(&body), None).await;
    assert_eq!((wrong.status, wrong.code()), (401, "INVALID_CREDENTIALS"));
    body["ifsc"] = json!("YESB1");
    let invalid = developer.send(Method::PUT, "/developers/payout-account", Some(&body), None).await;
    assert_eq!((invalid.status, invalid.code()), (422, "VALIDATION_FAILED"));
    let set = account_set(&developer, "Asha Rao").await.expect(200);
    assert_eq!(set.data()["account"], "****1191 at YESB0000262");
    assert!(!developer.get("/developers/payout-account").await.expect(200).text.contains("02629180"));
    assert!(mails(&app).contains("Your payout account was changed"));

    let run_path = "/admin/payouts/run";
    let period = app.admin().await.post(run_path, &json!({})).await.expect(200).text_of("period");
    let listed = payout_in(&developer, "paid").await;
    let payout = &listed["payouts"][0];
    assert_eq!((&payout["amount"], &payout["period"]), (&json!(35), &json!(period)));
    assert_eq!(listed["balance"], json!({"payable": 0, "in_transit": 0, "paid_out": 35}));
    assert!(payout.get("provider").is_none() && payout.get("developer_id").is_none(), "{payout}");

    let path = format!("/developers/payouts/{}", payout["id"].as_str().unwrap());
    let told = developer.get(&path).await.expect(200);
    let statement = &told.data()["statement"];
    assert_eq!(
        (&statement["gross"], &statement["shares"], &statement["net"]),
        (&json!(50), &json!(35), &json!(35))
    );
    assert_eq!(told.data()["lines"][0]["execution_id"], run["id"]);
    let csv = developer.get(&format!("{path}.csv")).await;
    assert_eq!((csv.status, csv.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let row = csv.text.lines().nth(1).unwrap();
    assert!(
        row.contains(&format!("sale,{},", run["id"].as_str().unwrap())) && row.contains(",0.50,0.35,INR,"),
        "{row}"
    );
    let accepted = developer.request(Method::GET, &path).header("accept", "text/csv");
    assert_eq!(accepted.send().await.unwrap().text().await.unwrap(), csv.text);
    let all = developer.request(Method::GET, "/developers/payouts").header("accept", "text/csv");
    let all = all.send().await.unwrap().text().await.unwrap();
    assert_eq!(all.lines().count(), 2, "{all}");

    // Revenue is marked and the developer told a moment after the payout is paid.
    for _ in 0..600 {
        if mails(&app).contains("Your payout was sent") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let revenue = developer.get("/developers/revenue").await.expect(200);
    assert_eq!(revenue.data()["revenue"][0]["status"], "paid_out");
    assert_eq!((&revenue.data()["pending_payout"], &revenue.data()["paid_out"]), (&json!(0), &json!(35)));
    assert_eq!(developer.get("/developers/analytics").await.data()["pending_payout"], 0);

    let stranger = app.developer("stranger").await;
    for path in [path.clone(), format!("{path}.csv"), "/developers/payouts/nonsense".to_owned()] {
        stranger.get(&path).await.expect(404);
    }
    // Once more in the same period: nothing new.
    app.admin().await.post(run_path, &json!({})).await.expect(200);
    let retry = format!("/admin/payouts/{}/retry", payout["id"].as_str().unwrap());
    let stands = app.admin().await.post(&retry, &json!({})).await;
    assert_eq!((stands.status, stands.code()), (409, "PAYOUT_STANDS"));
    let everybodys = app.admin().await.get("/admin/payouts").await.expect(200);
    assert_eq!(
        (&everybodys.data()["total"], &everybodys.data()["payouts"][0]["provider"]),
        (&json!(1), &json!("sandbox"))
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_payout_is_made_anew_and_a_suspended_developer_waits() {
    let app = payer().await;
    // The queue takes whoever registered first first.
    let (barred, unlucky) = (app.developer("barred").await, app.developer("unlucky").await);
    let user = app.user_with_money("buyer", 1_000).await;
    paid_run(&app, &unlucky, &user, "one").await;
    paid_run(&app, &barred, &user, "two").await;
    account_set(&unlucky, "Sandbox Fail").await.expect(200);
    account_set(&barred, "Asha Rao").await.expect(200);
    let id = barred.get("/me").await.text_of("id");
    let (suspend, reason) = (format!("/admin/developers/{id}/suspend"), json!({"reason": "fraud"}));
    app.admin().await.post(&suspend, &reason).await.expect(200);
    app.admin().await.post("/admin/payouts/run", &json!({})).await.expect(200);
    let failed = payout_in(&unlucky, "failed").await;
    assert_eq!(failed["balance"], json!({"payable": 35, "in_transit": 0, "paid_out": 0}));
    account_set(&unlucky, "Asha Rao").await.expect(200);
    let retry = format!("/admin/payouts/{}/retry", failed["payouts"][0]["id"].as_str().unwrap());
    let anew = app.admin().await.post(&retry, &json!({})).await.expect(200);
    assert_ne!(anew.data()["id"], failed["payouts"][0]["id"]);
    let paid = payout_in(&unlucky, "paid").await;
    assert_eq!((&paid["total"], &paid["balance"]["paid_out"]), (&json!(2), &json!(35)));
    let everybodys = app.admin().await.get("/admin/payouts").await.expect(200);
    assert!(
        everybodys.data()["payouts"]
            .as_array()
            .unwrap()
            .iter()
            .all(|payout| payout["developer_id"] != json!(id))
    );
    assert!(mails(&app).contains("Your payout failed"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_paid_to_an_account_that_was_just_set() {
    let app = payer().await;
    // The queue takes whoever registered first first.
    let (held, other) = (app.developer("held").await, app.developer("other").await);
    let user = app.user_with_money("buyer", 1_000).await;
    paid_run(&app, &held, &user, "one").await;
    paid_run(&app, &other, &user, "two").await;
    account_set(&held, "Asha Rao").await.expect(200);
    let later = "UPDATE payout_accounts SET usable_at = usable_at + 3600000000";
    app.database_tell([later, later]).await;
    account_set(&other, "Asha Rao").await.expect(200);
    app.admin().await.post("/admin/payouts/run", &json!({})).await.expect(200);
    payout_in(&other, "paid").await;
    let listed = held.get("/developers/payouts").await.expect(200);
    assert_eq!((&listed.data()["total"], &listed.data()["balance"]["payable"]), (&json!(0), &json!(35)));
    app.finish().await;

    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    let set = account_set(&developer, "Asha Rao").await.expect(200);
    let hours = |time: String| serde_json::from_value::<Timestamp>(json!(time)).unwrap().as_secs() / 3600;
    assert_eq!(hours(set.text_of("payable_from")) - hours(set.text_of("updated_at")), 72);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_through_a_gateway_elsewhere() {
    let c_layer = TestApp::start_with(|config| {
        config.gateway.listen = Some(([127, 0, 0, 1], 0).into());
        config.gateway.api_key = Some(API_KEY.to_owned().into());
    })
    .await;
    let url = format!("http://{}", c_layer.gateway_address.unwrap());
    let app = TestApp::start_with(|config| {
        config.gateway.url = Some(url);
        config.gateway.api_key = Some(API_KEY.to_owned().into());
        config.payouts.minimum = 20;
        config.payouts.account_hold_hours = 0;
    })
    .await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let (_, run) = paid_run(&app, &developer, &user, "echo").await;
    let path = format!("/admin/executions/{}/refund", run["id"].as_str().unwrap());
    app.admin().await.post(&path, &json!({"amount": 10, "reason": "a little"})).await.expect(200);
    assert_eq!(user.balance().await, (960, 0));
    account_set(&developer, "Asha Rao").await.expect(200);
    app.admin().await.post("/admin/payouts/run", &json!({})).await.expect(200);
    let paid = payout_in(&developer, "paid").await;
    assert_eq!(paid["payouts"][0]["amount"], 28);
    app.finish().await;
    c_layer.finish().await;
}
