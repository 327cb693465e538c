//! Subscriptions: paid by the month, runs within one, renewals that fail, prices that change.

use frameos_server::config::Seed;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Agent, Client, TestApp, deploy, execute, node_agent};

const PRICE: i64 = 100;
/// Makes a month of each subscription pass. The months are the database's, the clock is not ours.
const MONTH_PASSES: [&str; 2] = {
    let sql = "UPDATE subscriptions SET anchor_at = anchor_at - 2678400000000, \
               period_start = period_start - 2678400000000, period_end = period_end - 2678400000000, \
               due_at = due_at - 2678400000000";
    [sql, sql]
};
/// Brings the next try of a payment forward.
const TRY_NOW: [&str; 2] = {
    let sql = "UPDATE subscriptions SET due_at = created_at WHERE status = 'past_due'";
    [sql, sql]
};
/// Leaves a renewal as a crash does after the payment was taken and before that was noted.
const CRASH: [&str; 2] = {
    let sql =
        "UPDATE subscription_charges SET status = 'open', payment_id = NULL, paid_at = NULL WHERE period = 1";
    [sql, sql]
};
const CRASHED: [&str; 2] = {
    let sql = "UPDATE subscriptions SET status = 'past_due', due_at = created_at";
    [sql, sql]
};

struct World {
    app: TestApp,
    developer: Client,
    user: Client,
    agent: String,
}

impl World {
    async fn start(money: i64, runs_per_month: Option<i64>) -> Self {
        let app = TestApp::start_with(|config| config.seed = Seed::None).await;
        let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", money).await);
        let mut agent =
            node_agent("monthly", "module.exports = (inputs) => ({ result: inputs.text.at(0) });");
        agent.manifest["pricing"] =
            json!({"model": "subscription", "amount": PRICE, "runs_per_month": runs_per_month});
        let agent = publish(&app, &developer, &agent).await;
        Self { app, developer, user, agent }
    }

    async fn subscribe(&self) -> String {
        let path = format!("/agents/{}/subscribe", self.agent);
        let begun = self.user.post(&path, &json!({})).await.expect(201);
        assert_eq!(begun.data()["status"], "active", "{begun:?}");
        begun.text_of("id")
    }

    async fn get(&self, id: &str) -> Value {
        self.user.get(&format!("/subscriptions/{id}")).await.expect(200).data().clone()
    }

    async fn act(&self, id: &str, action: &str) -> crate::harness::Answer {
        self.user.post(&format!("/subscriptions/{id}/{action}"), &json!({})).await
    }

    /// The subscription once `what` holds for it.
    async fn until(&self, id: &str, what: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..600 {
            let found = self.get(id).await;
            if what(&found) {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("it does not come to that: {}", self.get(id).await);
    }

    async fn trigger(&self, deployment: &str) -> crate::harness::Answer {
        let body = json!({"deployment_id": deployment, "inputs": {"text": "x"}});
        self.user.post(&format!("/agents/{}/execute", self.agent), &body).await
    }

    async fn set_pricing(&self, pricing: Value) {
        let path = format!("/agents/{}", self.agent);
        self.developer.send(Method::PATCH, &path, Some(&json!({"pricing": pricing})), None).await.expect(200);
    }

    /// Until a mail to the user has this in it.
    async fn mailed(&self, words: &str) -> String {
        for _ in 0..600 {
            for file in std::fs::read_dir(self.app.data_dir().join("mail")).unwrap().flatten() {
                let text = std::fs::read_to_string(file.path()).unwrap_or_default();
                if text.contains(&self.user.email) && text.contains(words) {
                    return text;
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("no mail says `{words}`");
    }

    async fn revenue(&self) -> i64 {
        let revenue = self.developer.get("/developers/analytics").await.expect(200);
        revenue.data()["total_revenue"].as_i64().unwrap()
    }
}

async fn publish(app: &TestApp, developer: &Client, agent: &Agent) -> String {
    let mut body = agent.body();
    for name in ["pricing_model", "price_amount", "price_currency"] {
        body.as_object_mut().unwrap().remove(name);
    }
    let submitted = developer.post("/agents/register", &body).await.expect(201);
    let path = format!("/admin/versions/{}/approve", submitted.text_of("version_id"));
    app.admin().await.post(&path, &json!({})).await.expect(200);
    submitted.text_of("agent_id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_paid_and_its_runs_are_free() {
    let world = World::start(1_000, None).await;
    let deployment = deploy(&world.user, &world.agent, json!({})).await;
    let refused = world.trigger(&deployment).await.expect(402);
    assert_eq!(refused.code(), "SUBSCRIPTION_REQUIRED");
    let id = world.subscribe().await;
    assert_eq!((world.user.balance().await, world.revenue().await), ((900, 0), 70));
    let again = world.user.post(&format!("/agents/{}/subscribe", world.agent), &json!({})).await.expect(409);
    assert_eq!(again.code(), "ALREADY_SUBSCRIBED");
    for _ in 0..2 {
        let run = execute(&world.user, &world.agent, &deployment, json!({"text": "x"})).await;
        assert_eq!((&run["status"], &run["payment"]), (&json!("success"), &Value::Null), "{run}");
        assert_eq!(run["subscription_id"], id.as_str());
    }
    assert_eq!((world.user.balance().await, world.get(&id).await["runs_used"].clone()), ((900, 0), json!(2)));

    let stranger = world.app.user("stranger").await;
    for path in [format!("/subscriptions/{id}"), "/subscriptions/sub_nonsense".into()] {
        stranger.get(&path).await.expect(404);
    }
    stranger.post(&format!("/subscriptions/{id}/cancel"), &json!({})).await.expect(404);
    assert_eq!(stranger.get("/subscriptions").await.data()["total"], 0);
    assert_eq!(world.user.get("/subscriptions").await.data()["subscriptions"][0]["id"], id.as_str());

    assert_eq!(world.act(&id, "cancel").await.expect(200).data()["status"], "cancelled");
    execute(&world.user, &world.agent, &deployment, json!({"text": "x"})).await;
    assert_eq!(world.act(&id, "resume").await.expect(200).data()["status"], "active");
    world.act(&id, "cancel").await.expect(200);
    world.app.database_tell(MONTH_PASSES).await;
    assert_eq!(world.until(&id, |found| found["status"] == "ended").await["end_reason"], "cancelled");
    assert_eq!(world.act(&id, "resume").await.expect(409).code(), "ALREADY_FINAL");
    assert_eq!(world.trigger(&deployment).await.expect(402).code(), "SUBSCRIPTION_REQUIRED");
    assert_eq!(world.user.balance().await, (900, 0));
    world.mailed("you cancelled it").await;
    world.subscribe().await;
    world.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capped_month_has_its_runs_and_failures_give_theirs_back() {
    let world = World::start(1_000, Some(3)).await;
    let id = world.subscribe().await;
    let deployment = deploy(&world.user, &world.agent, json!({})).await;
    let failed = execute(&world.user, &world.agent, &deployment, json!({})).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(world.get(&id).await["runs_used"], 0);
    let answers = futures::future::join_all((0..8).map(|_| world.trigger(&deployment))).await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 202);
    assert_eq!((taken.len(), refused.len()), (3, 5));
    for answer in refused {
        assert_eq!(answer.expect(429).code(), "SUBSCRIPTION_RUNS_USED");
    }
    for answer in taken {
        assert_eq!(world.user.run_to_end(&answer.text_of("execution_id")).await["status"], "success");
    }
    assert_eq!(world.user.balance().await, (900, 0));
    world.app.database_tell(MONTH_PASSES).await;
    world.trigger(&deployment).await.expect(202);
    assert_eq!(world.user.balance().await, (800, 0), "another month, other runs");
    world.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_renewed_once_whoever_asks_and_whatever_crashes() {
    let world = World::start(1_000, None).await;
    let id = world.subscribe().await;
    let deployment = deploy(&world.user, &world.agent, json!({})).await;
    world.app.database_tell(MONTH_PASSES).await;
    let answers = futures::future::join_all((0..8).map(|_| world.trigger(&deployment))).await;
    for answer in &answers {
        // Whoever comes while another pays is told to come again.
        assert!(answer.status == 202 || answer.code() == "CONFLICT" || answer.status == 503, "{answer:?}");
    }
    let found = world.until(&id, |found| found["status"] == "active" && found["period"] == 1).await;
    assert_eq!(found["charges"].as_array().unwrap().len(), 2, "{found}");
    assert_eq!((world.user.balance().await, world.revenue().await), ((800, 0), 140));

    world.app.database_tell(CRASH).await;
    world.app.database_tell(CRASHED).await;
    let found = world.until(&id, |found| found["status"] == "active").await;
    assert_eq!(found["charges"][0]["status"], "paid");
    assert_eq!(world.user.balance().await, (800, 0), "the payment that was taken is found");
    for answer in answers.iter().filter(|answer| answer.status == 202) {
        world.user.run_to_end(&answer.text_of("execution_id")).await;
    }
    world.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_cannot_be_paid_is_tried_again_and_then_ends() {
    let world = World::start(PRICE, None).await;
    let id = world.subscribe().await;
    let deployment = deploy(&world.user, &world.agent, json!({})).await;
    world.app.database_tell(MONTH_PASSES).await;
    let tried = |times: i64| {
        move |found: &Value| {
            found["status"] == "past_due" && found["charges"][0]["failed_tries"].as_i64() >= Some(times)
        }
    };
    let found = world.until(&id, tried(1)).await;
    assert!(found["next_try_at"].is_string() && found["charges"][0]["refusal"].is_string(), "{found}");
    assert!(world.mailed("could not be renewed").await.contains("/pay"));
    assert_eq!(world.trigger(&deployment).await.expect(402).code(), "SUBSCRIPTION_PAST_DUE");
    assert_eq!(world.act(&id, "pay").await.expect(402).code(), "INSUFFICIENT_FUNDS");
    assert_eq!(world.get(&id).await["charges"][0]["failed_tries"], 1, "asking is no try");

    world.user.post("/wallet/top-ups", &json!({"amount": PRICE})).await.expect(201);
    assert_eq!(world.act(&id, "pay").await.expect(200).data()["status"], "active");
    assert_eq!(world.user.balance().await, (0, 0));
    let run = execute(&world.user, &world.agent, &deployment, json!({"text": "x"})).await;
    assert_eq!(run["status"], "success");

    world.app.database_tell(MONTH_PASSES).await;
    for times in 1..=3 {
        world.until(&id, tried(times)).await;
        world.app.database_tell(TRY_NOW).await;
    }
    let ended = world.until(&id, |found| found["status"] == "ended").await;
    assert_eq!(
        (&ended["end_reason"], &ended["charges"][0]["status"]),
        (&json!("not_paid"), &json!("given_up"))
    );
    assert_eq!(ended["charges"][0]["failed_tries"], 4);
    world.mailed("has ended").await;
    assert_eq!(world.trigger(&deployment).await.expect(402).code(), "SUBSCRIPTION_REQUIRED");
    world.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_keep_their_price_until_it_was_told_a_week_before() {
    let world = World::start(2_000, None).await;
    let id = world.subscribe().await;
    world.app.database_tell(MONTH_PASSES).await;
    world.until(&id, |found| found["status"] == "active" && found["period"] == 1).await;
    world.set_pricing(json!({"model": "subscription", "amount": 300, "runs_per_month": 10})).await;
    let found = world.get(&id).await;
    assert_eq!((&found["price_amount"], &found["next"]["price_amount"]), (&json!(PRICE), &json!(300)));
    assert!(world.mailed("will cost").await.contains("cancel"), "the user can say no");
    assert_eq!(world.user.balance().await, (2_000 - 2 * PRICE, 0));
    // A month that begins before the week is over.
    world.app.database_tell(MONTH_PASSES).await;
    let found = world.until(&id, |found| found["status"] == "active" && found["period"] == 2).await;
    assert_eq!((&found["price_amount"], world.user.balance().await), (&json!(PRICE), (2_000 - 3 * PRICE, 0)));
    let told_long_ago = "UPDATE subscriptions SET next_from = next_from - 5184000000000";
    world.app.database_tell([told_long_ago, told_long_ago]).await;
    world.app.database_tell(MONTH_PASSES).await;
    let found = world.until(&id, |found| found["status"] == "active" && found["period"] == 3).await;
    assert_eq!((&found["price_amount"], &found["runs_per_month"]), (&json!(300), &json!(10)), "{found}");
    assert_eq!((found.get("next"), world.user.balance().await), (None, (2_000 - 3 * PRICE - 300, 0)));

    world.set_pricing(json!({"model": "per_execution", "amount": 5})).await;
    world.mailed("is not offered as a subscription any more").await;
    world.app.database_tell([told_long_ago, told_long_ago]).await;
    world.app.database_tell(MONTH_PASSES).await;
    let ended = world.until(&id, |found| found["status"] == "ended").await;
    assert_eq!(ended["end_reason"], "not_offered");
    let path = format!("/agents/{}/subscribe", world.agent);
    assert_eq!(world.user.post(&path, &json!({})).await.expect(409).code(), "NOT_A_SUBSCRIPTION");
    world.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_holds_for_months_too() {
    let world = World::start(1_000, None).await;
    let policy = json!({"currency": "INR", "confirm_above": 50});
    world.user.send(Method::PUT, "/policy", Some(&policy), None).await.expect(200);
    let path = format!("/agents/{}/subscribe", world.agent);
    assert_eq!(world.user.post(&path, &json!({})).await.expect(403).code(), "POLICY_REFUSED");
    assert_eq!(world.user.get("/subscriptions").await.data()["total"], 0, "it never was one");
    assert_eq!(world.user.balance().await, (1_000, 0));
    let begun = world.user.post(&path, &json!({"confirm": true})).await.expect(201);
    let id = begun.text_of("id");
    world.app.database_tell(MONTH_PASSES).await;
    world.until(&id, |found| found["status"] == "active" && found["period"] == 1).await;
    assert_eq!(world.user.balance().await, (800, 0), "the confirmation covers months to come");

    world.set_pricing(json!({"model": "subscription", "amount": 150})).await;
    let told_long_ago = "UPDATE subscriptions SET next_from = next_from - 5184000000000";
    world.app.database_tell([told_long_ago, told_long_ago]).await;
    world.app.database_tell(MONTH_PASSES).await;
    world.until(&id, |found| found["charges"][0]["failed_tries"] == 1).await;
    assert_eq!(world.act(&id, "pay").await.expect(403).code(), "POLICY_REFUSED", "but not a higher price");
    let paid =
        world.user.post(&format!("/subscriptions/{id}/pay"), &json!({"confirm": true})).await.expect(200);
    assert_eq!((&paid.data()["status"], world.user.balance().await), (&json!("active"), (650, 0)));
    world.app.finish().await;
}
