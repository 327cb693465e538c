//! The queue as users see it: places and reasons, limits, attempts, and settlements that are broken at each of their steps.

use std::time::Duration;

use frameos_store::testing::{TestDb, TestEngine};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, TestApp, deploy, node_agent, python_agent};

const QUICK: &str = "module.exports = async () => ({ result: 'kept' });";
/// Ends when it is told to, or never.
const ENDLESS: &str = "module.exports = () => new Promise(() => setInterval(() => {}, 1000));";

/// A user with a deployment.
struct Buyer {
    user: Client,
    agent_id: String,
    deployment: String,
}

impl Buyer {
    async fn new(user: Client, agent_id: &str) -> Self {
        let deployment = deploy(&user, agent_id, json!({})).await;
        Self { user, agent_id: agent_id.to_owned(), deployment }
    }

    async fn ask(&self) -> Answer {
        let body = json!({"deployment_id": self.deployment, "inputs": {}});
        self.user.post(&format!("/agents/{}/execute", self.agent_id), &body).await
    }

    async fn start(&self) -> String {
        self.ask().await.expect(202).text_of("execution_id")
    }

    async fn see(&self, id: &str) -> Value {
        self.user.get(&format!("/executions/{id}")).await.expect(200).data().clone()
    }

    async fn once(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let run = self.see(id).await;
            if wanted(&run) {
                return run;
            }
            let ended =
                ["success", "failed", "timeout", "cancelled"].contains(&run["status"].as_str().unwrap());
            assert!(!ended, "{run}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn cancel(&self, id: &str) {
        self.user.post(&format!("/executions/{id}/cancel"), &json!({})).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_run_tells_its_place_and_what_it_waits_for() {
    let app = TestApp::start_with(|config| {
        config.worker.slots = 2;
        config.queue.user_concurrency = 1;
    })
    .await;
    let developer = app.developer("maker").await;
    let agent_id = node_agent("endless", ENDLESS).publish(&app, &developer).await;
    let first = Buyer::new(app.user_with_money("first", 1_000).await, &agent_id).await;
    let second = Buyer::new(app.user_with_money("second", 1_000).await, &agent_id).await;
    let third = Buyer::new(app.user_with_money("third", 1_000).await, &agent_id).await;

    let running = first.start().await;
    first.once(&running, |run| run["status"] == "running").await;
    let held_back = first.start().await;
    let waiting = first.see(&held_back).await;
    assert_eq!((&waiting["status"], &waiting["waiting_for"]), (&json!("queued"), &json!("user_limit")));
    assert!(waiting["estimated_start_ms"].is_i64(), "{waiting}");
    // The free slot is the next user's, although the first one's run came before.
    let other = second.start().await;
    second.once(&other, |run| run["status"] == "running").await;
    let last = third.start().await;
    let waiting = third.see(&last).await;
    assert_eq!(
        (&waiting["waiting_for"], &waiting["queue_position"]),
        (&json!("slot"), &json!(1)),
        "{waiting}"
    );
    assert!(waiting["estimated_start_ms"].as_i64().unwrap() > 0, "{waiting}");

    // A queued run is cancelled at once, and for nothing; the next one moves up.
    first.cancel(&held_back).await;
    assert_eq!(first.see(&held_back).await["status"], "cancelled");
    assert_eq!(third.see(&last).await["queue_position"], json!(0));
    second.cancel(&other).await;
    let started = third.once(&last, |run| run["status"] == "running").await;
    for gone in ["queue_position", "estimated_start_ms", "waiting_for"] {
        assert_eq!(started[gone], Value::Null, "{gone}");
    }
    first.cancel(&running).await;
    third.cancel(&last).await;
    for (buyer, id) in [(&first, &running), (&second, &other), (&third, &last)] {
        assert_eq!(buyer.user.run_to_end(id).await["status"], "cancelled");
        assert_eq!(buyer.user.balance().await, (1_000, 0));
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_too_deep_says_so_to_its_user_alone() {
    let app = TestApp::start_with(|config| {
        config.worker.slots = 1;
        config.queue.user_depth = 2;
    })
    .await;
    let developer = app.developer("maker").await;
    let agent_id = node_agent("endless", ENDLESS).publish(&app, &developer).await;
    let heavy = Buyer::new(app.user_with_money("heavy", 1_000).await, &agent_id).await;
    let light = Buyer::new(app.user_with_money("light", 1_000).await, &agent_id).await;
    let mut runs = vec![heavy.start().await, heavy.start().await];
    let refused = heavy.ask().await.expect(429);
    assert_eq!(refused.code(), "QUEUE_FULL");
    assert!(refused.text.contains("2 of your runs"), "{}", refused.text);
    assert_eq!(heavy.user.balance().await, (900, 100), "nothing is held for what was refused");
    let other = light.start().await;
    // What has ended makes room.
    heavy.cancel(&runs.pop().unwrap()).await;
    runs.push(heavy.start().await);
    for id in &runs {
        heavy.cancel(id).await;
        heavy.user.run_to_end(id).await;
    }
    light.cancel(&other).await;
    light.user.run_to_end(&other).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attempt_is_told_with_its_reason() {
    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    let source = "import sys\ndef main(inputs, ctx):\n    sys.exit(75)\n";
    let agent_id = python_agent("later", source).publish(&app, &developer).await;
    let buyer = Buyer::new(app.user_with_money("buyer", 1_000).await, &agent_id).await;
    let id = buyer.start().await;
    let retrying = buyer.once(&id, |run| run["waiting_for"] == "retry").await;
    assert!((1..=5_000).contains(&retrying["estimated_start_ms"].as_i64().unwrap()), "{retrying}");
    let run = buyer.user.run_to_end(&id).await;
    assert_eq!((&run["status"], &run["attempt"]), (&json!("failed"), &json!(3)), "{run}");
    let attempts = run["attempts"].as_array().unwrap();
    let outcomes: Vec<_> = attempts.iter().map(|tried| (&tried["attempt"], &tried["outcome"])).collect();
    let expected = [(json!(1), json!("requeued")), (json!(2), json!("requeued")), (json!(3), json!("ended"))];
    assert_eq!(outcomes, expected.iter().map(|(number, word)| (number, word)).collect::<Vec<_>>());
    for tried in attempts {
        assert!(tried["reason"].as_str().unwrap().contains("75"), "{tried}");
        assert!(tried["ended_at"].as_str() > tried["started_at"].as_str(), "{tried}");
    }
    assert_eq!(buyer.user.balance().await, (1_000, 0));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_the_admins_to_give() {
    let app = TestApp::start().await;
    let user = app.user("buyer").await;
    let me = user.get("/me").await.expect(200);
    let path = format!("/admin/users/{}/plan", me.text_of("id"));
    user.post(&path, &json!({"plan": "pro"})).await.expect(403);
    let given = app.admin().await.post(&path, &json!({"plan": "pro"})).await.expect(200);
    assert_eq!(given.text_of("status"), "pro");
    let unknown = app.admin().await.post(&path, &json!({"plan": "gold"})).await.expect(422);
    assert!(unknown.text.contains("standard, plus, pro"), "{}", unknown.text);
    let nobody = format!("/admin/users/{}/plan", me.text_of("id").replace(|c: char| c.is_ascii_digit(), "0"));
    app.admin().await.post(&nobody, &json!({"plan": "pro"})).await.expect(404);
    app.finish().await;
}

/// The database itself refuses a step: what is done stays done, the outputs stay sealed, and when it gives in, the run is settled
/// as if nothing had been.
async fn settles_in_spite_of(reached: Option<&str>, broken: [&'static str; 2], mended: [&'static str; 2]) {
    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    let agent_id = node_agent("quick", QUICK).publish(&app, &developer).await;
    let buyer = Buyer::new(app.user_with_money("buyer", 1_000).await, &agent_id).await;
    app.database_tell(broken).await;
    let id = buyer.start().await;
    let waiting =
        buyer.once(&id, |run| run["status"] == "settling" && run["settlement"] == json!(reached)).await;
    for sealed in ["outputs", "stdout", "payment", "duration_ms"] {
        assert_eq!(waiting[sealed], Value::Null, "{sealed} in {waiting}");
    }
    let late = buyer.user.post(&format!("/executions/{id}/cancel"), &json!({})).await.expect(409);
    assert_eq!(late.code(), "TOO_LATE");
    app.database_tell(mended).await;
    let run = buyer.user.run_to_end(&id).await;
    assert_eq!((&run["status"], &run["outputs"]["result"]), (&json!("success"), &json!("kept")), "{run}");
    assert_eq!(run["payment"]["amount"], 50, "{run}");
    assert_eq!(buyer.user.balance().await, (950, 0), "charged once");
    let earned = developer.get("/developers/analytics").await.expect(200);
    assert_eq!(
        (&earned.data()["total_executions"], &earned.data()["total_revenue"]),
        (&json!(1), &json!(35))
    );
    buyer.user.get(&format!("/executions/{id}/receipt")).await.expect(200);
    app.finish().await;
}

macro_rules! broken_step {
    ($name:ident, $reached:literal, $sqlite:literal, $postgres:literal) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let broken = [
                concat!("CREATE TRIGGER broken ", $sqlite, " BEGIN SELECT RAISE(ABORT, 'broken'); END"),
                concat!("CREATE TRIGGER broken ", $postgres, " EXECUTE FUNCTION refuse_change()"),
            ];
            let on = if $sqlite.contains("developer_revenue") {
                "DROP TRIGGER broken ON developer_revenue"
            } else {
                "DROP TRIGGER broken ON agent_executions"
            };
            settles_in_spite_of(Some($reached), broken, ["DROP TRIGGER broken", on]).await;
        }
    };
}

broken_step!(
    a_charge_that_cannot_be_noted_is_noted_later,
    "sealed",
    "BEFORE UPDATE OF settlement ON agent_executions WHEN NEW.settlement IN ('charged', 'published')",
    "BEFORE UPDATE ON agent_executions FOR EACH ROW WHEN (NEW.settlement IN ('charged', 'published'))"
);
broken_step!(
    a_share_that_cannot_be_credited_is_credited_later,
    "charged",
    "BEFORE INSERT ON developer_revenue",
    "BEFORE INSERT ON developer_revenue FOR EACH ROW"
);
broken_step!(
    an_end_that_cannot_be_published_is_published_later,
    "credited",
    "BEFORE UPDATE OF settlement ON agent_executions WHEN NEW.settlement = 'published'",
    "BEFORE UPDATE ON agent_executions FOR EACH ROW WHEN (NEW.settlement = 'published')"
);

/// What is run by a lease that is over may be run by somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_outlasts_its_lease_starts_nothing() {
    let db = TestDb::open_empty(TestEngine::Postgres).await;
    let app = TestApp::start_with(|config| {
        config.database_url = Some(db.config.database_url.clone().into());
        config.worker.lease_seconds = 3;
        config.worker.slots = 1;
    })
    .await;
    let developer = app.developer("maker").await;
    let mut buyers = Vec::new();
    for (name, code) in [("endless", ENDLESS), ("quick", QUICK)] {
        let agent_id = node_agent(name, code).publish(&app, &developer).await;
        buyers.push(Buyer::new(app.user_with_money(name, 1_000).await, &agent_id).await);
    }
    let [first, second] = &buyers[..] else { unreachable!("two") };
    // Nothing is claimed while there is no room, so that the next claim finds what waits by then.
    let running = first.start().await;
    first.once(&running, |run| run["status"] == "running").await;
    let waiting = second.start().await;
    // Claims wait for each other here, and for us.
    let lock =
        "SELECT 1 FROM (SELECT pg_advisory_xact_lock(1179796814, hashtext(current_schema()))) AS locked";
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let hold = db.store.tx(move |tx| {
        Box::pin(async move {
            tx.query(lock, &[]).await?;
            locked.send(()).unwrap();
            let claims = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                          AND CAST(objid AS BIGINT) = CAST(hashtext(current_schema()) AS BIGINT) & 4294967295)";
            while !tx.query_one(claims, &[]).await?.get::<bool>(0)? {}
            tx.query("SELECT 1 FROM (SELECT pg_sleep(3.1)) AS slept", &[]).await.map(drop)
        })
    });
    let give_room = async {
        is_locked.await.unwrap();
        first.cancel(&running).await;
        second.once(&waiting, |run| run["status"] == "success").await
    };
    let (held, run) = tokio::join!(hold, give_room);
    held.unwrap();
    assert_eq!(run["attempt"], 2, "{run}");
    // Once nothing runs any more, all that started has been counted.
    let metrics = loop {
        let metrics = app.nobody().get("/metrics").await.expect(200).text;
        if metrics.contains("frameos_worker_busy 0") {
            break metrics;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    };
    assert!(
        metrics.contains("frameos_stage_seconds_count{stage=\"start\"} 2\n"),
        "it started twice: {metrics}"
    );
    app.finish().await;
}
