//! Request limits: the specification's numbers, whose they are, and what Redis adds to them.

use std::time::{Duration, Instant};

use frameos_server::config::{Config, LimitClass, Rate};
use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Client, Redis, TestApp, answer};

fn limited(change: impl FnOnce(&mut Config)) -> impl FnOnce(&mut Config) {
    |config| {
        config.limits.enabled = true;
        change(config);
    }
}

/// Asks until it is refused, and says how many were not.
async fn passed(client: &Client, method: Method, path: &str) -> (u32, Answer) {
    for passed in 0..1_000 {
        let answer = client.send(method.clone(), path, Some(&json!({})), Some(&format!("k{passed}"))).await;
        if answer.status == 429 {
            return (passed, answer);
        }
    }
    panic!("{path} was never refused");
}

fn number(answer: &Answer, name: &str) -> u64 {
    answer.header(name).unwrap_or_else(|| panic!("{name} in {answer:?}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_the_specification_hold_for_each_account() {
    let app = TestApp::start_with(limited(|_| {})).await;
    let (developer, user) = (app.developer("maker").await, app.user("buyer").await);
    let (count, refused) = passed(&developer, Method::POST, "/agents/register").await;
    assert_eq!((count, refused.code()), (10, "RATE_LIMITED"));
    assert!((350..=360).contains(&number(&refused, "retry-after")), "{refused:?}");
    assert_eq!((number(&refused, "ratelimit-limit"), number(&refused, "ratelimit-remaining")), (10, 0));
    assert_eq!(refused.header("ratelimit-policy"), Some("10;w=3600"));
    assert!((3_590..=3_600).contains(&number(&refused, "ratelimit-reset")), "{refused:?}");
    // Others, and other requests, have counters of their own.
    let other = app.developer("other").await.post("/agents/register", &json!({})).await.expect(400);
    assert_eq!(number(&other, "ratelimit-remaining"), 9);
    developer.get("/me").await.expect(200);

    assert_eq!(passed(&user, Method::POST, "/agents/agt_def_1/execute").await.0, 100);
    let list = app.nobody().get("/agents").await.expect(200);
    assert_eq!(list.header("ratelimit-policy"), Some("1000;w=3600"));
    let run = user.get("/executions/exec_1").await.expect(404);
    assert_eq!((run.header("ratelimit-policy"), number(&run, "ratelimit-limit")), (Some("500;w=3600"), 500));
    assert_eq!(user.get("/healthz").await.expect(200).header("ratelimit-limit"), None);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_account_the_address_counts_and_no_header_changes_it() {
    let app = TestApp::start_with(limited(|config| {
        config.limits.rate_set(LimitClass::Login, Rate::hourly(5));
        config.limits.rate_set(LimitClass::AgentsList, Rate::hourly(7));
    }))
    .await;
    let asked = async |from: &str| {
        let request = app.nobody().request(Method::POST, "/auth/login").json(&json!({}));
        answer(request.header("x-forwarded-for", from).header("forwarded", format!("for={from}"))).await
    };
    for at in 0..5 {
        asked(&format!("192.0.2.{at}")).await.expect(400);
    }
    asked("192.0.2.99").await.expect(429);
    // A forged token makes nobody somebody.
    for at in 0..8 {
        let mut forger = app.nobody();
        forger.token = Some(format!("forged-{at}"));
        forger.get("/agents").await.expect(if at < 7 { 401 } else { 429 });
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_each_client_counts_for_itself() {
    let app = TestApp::start_with(limited(|config| {
        config.limits.rate_set(LimitClass::Login, Rate::hourly(1));
        let trusted = [("FRAMEOS_SERVER__TRUSTED_PROXIES".to_owned(), "127.0.0.1".to_owned())];
        config.server = Config::load(None, &trusted, &[]).unwrap().server;
    }))
    .await;
    let asked = async |from: &str| {
        let request = app.nobody().request(Method::POST, "/auth/login").json(&json!({}));
        answer(request.header("x-forwarded-for", from)).await.status
    };
    assert_eq!((asked("192.0.2.1").await, asked("192.0.2.2").await), (400, 400));
    assert_eq!(asked("203.0.113.7, 192.0.2.1").await, 429, "what a client writes itself is not believed");
    assert_eq!((asked("2001:db8::1").await, asked("2001:db8::2").await), (400, 429), "a /64 is one client");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_a_limit_over_all_its_accounts() {
    let app = TestApp::start_with(limited(|_| {})).await;
    let (one, two) = (app.user("one").await, app.user("two").await);
    app.finish().await;
    let app = TestApp::start_with(limited(|config| {
        config.limits.rate_set(LimitClass::Address, Rate::hourly(6));
    }))
    .await;
    // Registering and logging in took two each.
    let (one, two) =
        (app.user(&one.email.replace("@example.com", "")).await, app.user(&two.email[..3]).await);
    one.get("/me").await.expect(200);
    two.get("/me").await.expect(200);
    let refused = two.get("/me").await.expect(429);
    assert_eq!(refused.header("ratelimit-policy"), Some("6;w=3600"));
    app.finish().await;
}

/// How many of `most` log-ins pass on a server.
async fn logins(app: &TestApp, most: u32) -> u32 {
    let mut passed = 0;
    for _ in 0..most {
        let asked = Instant::now();
        let request = app.nobody().request(Method::POST, "/auth/login").json(&json!({}));
        passed += u32::from(answer(request).await.status != 429);
        assert!(asked.elapsed() < Duration::from_secs(5), "a request waited for Redis");
    }
    passed
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_share_their_limits_in_redis_and_keep_them_without_it() {
    let mut redis = Redis::start();
    let node = || {
        let url = redis.url();
        TestApp::start_with(limited(move |config| {
            config.redis_url = Some(url.into());
            config.limits.rate_set(LimitClass::Login, Rate::hourly(6));
        }))
    };
    let (one, two) = (node().await, node().await);
    shared_again(&one, &two).await;
    assert_eq!((logins(&one, 3).await, logins(&two, 3).await), (3, 3));
    assert_eq!((logins(&one, 2).await, logins(&two, 2).await), (0, 0), "six in all");

    redis.kill();
    // Each goes on from what it saw itself: limited, not closed and not open.
    assert_eq!((logins(&one, 6).await, logins(&two, 6).await), (3, 3));

    redis.start_again();
    shared_again(&one, &two).await;
    assert_eq!((logins(&one, 4).await, logins(&two, 4).await), (4, 2), "it begins anew, and is shared");
    one.finish().await;
    two.finish().await;
}

/// Waits until what one server counts, the other knows.
async fn shared_again(one: &TestApp, two: &TestApp) {
    for _ in 0..400 {
        let left = async |app: &TestApp| {
            number(&app.nobody().get("/agents").await.expect(200), "ratelimit-remaining")
        };
        let (first, second) = (left(one).await, left(two).await);
        let third = left(one).await;
        if (second, third) == (first - 1, first - 2) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the servers do not count together");
}
