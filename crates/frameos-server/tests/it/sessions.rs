//! Registering, logging in and staying in.

use reqwest::Method;
use serde_json::json;

use crate::harness::{PASSWORD, TestApp, answer, node_agent, token_in};

#[tokio::test(flavor = "multi_thread")]
async fn accounts_answer_as_the_specification_says() {
    let app = TestApp::start().await;
    let body = json!({"email": "Dev@Example.com", "name": "John Doe", "password": "SecurePass123!", "company": "Acme Inc"});
    let registered = app.nobody().post("/developers/register", &body).await.expect(201);
    assert!(registered.text_of("developer_id").starts_with("dev_"));
    assert_eq!(registered.data()["email"], "dev@example.com");
    assert_eq!(registered.data()["message"], "Account created. Please verify your email.");
    // An address is one account, whatever its role.
    let taken = app.nobody().post("/users/register", &body).await.expect(409);
    assert_eq!(taken.code(), "EMAIL_TAKEN");
    let weak = json!({"email": "x@example.com", "name": "X", "password": "short"});
    assert_eq!(app.nobody().post("/users/register", &weak).await.expect(422).code(), "VALIDATION_FAILED");
    for (name, password) in [
        ("X", "aaaaaaaaaaaa"),
        ("X", "Password123"),
        ("Jane Roe", "JaneRoe2024!"),
        ("X\u{202e}nimda", PASSWORD),
        ("X\u{7}", PASSWORD),
    ] {
        let body = json!({"email": "x@example.com", "name": name, "password": password});
        let refused = app.nobody().post("/users/register", &body).await.expect(422);
        assert_eq!(refused.code(), "VALIDATION_FAILED", "{name:?} {password}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_slowed_down_whether_there_is_such_an_account_or_not() {
    let app = TestApp::start().await;
    app.user("someone").await;
    let guesses = async |email: &'static str| {
        let before = checks(&app).await;
        let body = json!({"email": email, "password": "wrong password"});
        let login = || app.nobody().send_owned(Method::POST, "/auth/login", body.clone());
        let answers = futures::future::join_all((0..12).map(|_| login())).await;
        let (wrong, wait): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 401);
        assert!(wrong.iter().all(|answer| answer.code() == "INVALID_CREDENTIALS"));
        for answer in &wait {
            assert_eq!((answer.status, answer.code()), (429, "RATE_LIMITED"));
            assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
        }
        let message = wrong[0].json["error"]["message"].clone();
        (wrong.len(), wait.len(), message, checks(&app).await - before)
    };
    let (known, unknown) = (guesses("someone@example.com").await, guesses("nobody@example.com").await);
    assert_eq!(known, unknown, "same answers, and as many hashes computed");
    assert_eq!((known.0, known.1, known.3), (5, 7, 5));
    // The right password has to wait too, but not for long, and then begins anew.
    let body = json!({"email": "someone@example.com", "password": PASSWORD});
    while app.nobody().post("/auth/login", &body).await.status == 429 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for _ in 0..4 {
        let wrong = json!({"email": "someone@example.com", "password": "wrong password"});
        app.nobody().post("/auth/login", &wrong).await.expect(401);
    }
    app.nobody().post("/auth/login", &body).await.expect(200);
    let long = json!({"email": "nobody2@example.com", "password": "x".repeat(300)});
    let answer = app.nobody().post("/auth/login", &long).await.expect(401);
    assert_eq!(answer.json["error"]["message"], known.2);
    app.finish().await;
}

/// Passwords compared with a hash so far.
async fn checks(app: &TestApp) -> u64 {
    let metrics = app.nobody().get("/metrics").await.text;
    let line = metrics.lines().find(|line| line.starts_with("frameos_password_checks_total ")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mail_link_verifies_the_address() {
    let app = TestApp::start().await;
    let user = app.user("someone").await;
    assert_eq!(user.get("/me").await.data()["verified_email"], false);
    // The mail is there with the answer: no queue has to be waited for.
    let token = token_in(&app.mails("someone@example.com")[0]);
    let resend = async |email: &str| {
        let answer =
            app.nobody().post("/auth/resend-verification", &json!({"email": email})).await.expect(200);
        answer.text
    };
    assert_eq!(resend("someone@example.com").await, resend("nobody@example.com").await);
    while app.mails("someone@example.com").len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    app.nobody().post("/auth/verify-email", &json!({"token": token})).await.expect(200);
    assert_eq!(user.get("/me").await.data()["verified_email"], true);
    app.nobody().post("/auth/verify-email", &json!({"token": "nonsense"})).await.expect(401);
    assert!(app.mails("nobody@example.com").is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_and_paying_take_a_verified_address_where_that_is_asked_for() {
    let app = TestApp::start_with(|config| config.require_verified_email = Some(true)).await;
    let (user, developer) = (app.user("someone").await, app.developer("author").await);
    let agent = node_agent("echo", "module.exports = (i) => ({ result: 'ok' });");
    for (client, path, body) in
        [(&user, "/wallet/top-ups", json!({"amount": 100})), (&developer, "/agents/register", agent.body())]
    {
        let refused = client.post(path, &body).await.expect(403);
        assert_eq!(refused.code(), "EMAIL_UNVERIFIED");
    }
    user.get("/wallet").await.expect(200);
    for (client, path, body) in
        [(&user, "/wallet/top-ups", json!({"amount": 100})), (&developer, "/agents/register", agent.body())]
    {
        let token = token_in(&app.mails(&client.email)[0]);
        app.nobody().post("/auth/verify-email", &json!({"token": token})).await.expect(200);
        client.post(path, &body).await.expect(201);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_ascii_so_that_no_two_look_alike() {
    let app = TestApp::start().await;
    app.user("kate").await;
    // U+212A is a letter of its own that becomes `k` in lower case.
    for email in ["\u{212a}ate@example.com", "kаte@example.com", "ka\u{200b}te@example.com"] {
        let body = json!({"email": email, "name": "K", "password": PASSWORD});
        let refused = app.nobody().post("/users/register", &body).await.expect(422);
        assert_eq!(refused.code(), "VALIDATION_FAILED", "{email}");
        let login = json!({"email": email, "password": PASSWORD});
        app.nobody().post("/auth/login", &login).await.expect(401);
    }
    let login = json!({"email": " KATE@Example.com ", "password": PASSWORD});
    app.nobody().post("/auth/login", &login).await.expect(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_ended_and_ended_everywhere() {
    let app = TestApp::start().await;
    let first = app.user("someone").await;
    let mut second = first.clone();
    let body = json!({"email": "someone@example.com", "password": PASSWORD});
    let log_in = || second.request(Method::POST, "/auth/login").header("user-agent", "other/2").json(&body);
    // A token that is sent along is not taken over: each log-in is a session of its own.
    let opened = answer(log_in()).await.expect(200);
    second.token = Some(opened.text_of("access_token"));
    let listed = second.get("/me/sessions").await.expect(200);
    let sessions = listed.data()["sessions"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2);
    let current: Vec<_> = sessions.iter().filter(|session| session["current"] == true).collect();
    assert_eq!((current.len(), &current[0]["client"]), (1, &json!("other/2")));
    assert_eq!(current[0]["address"], "127.0.0.1");
    let other = sessions.iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/me/sessions/{}", other["id"].as_str().unwrap());
    let stranger = app.user("stranger").await;
    stranger.send(Method::DELETE, &path, None, None).await.expect(404);
    second.send(Method::DELETE, &path, None, None).await.expect(200);
    first.get("/me").await.expect(401);
    second.send(Method::DELETE, &path, None, None).await.expect(404);

    let third = app.nobody().post("/auth/login", &body).await.expect(200);
    second.post("/auth/logout-everywhere", &json!({})).await.expect(200);
    second.get("/me").await.expect(401);
    let refresh = json!({"refresh_token": third.text_of("refresh_token")});
    app.nobody().post("/auth/refresh", &refresh).await.expect(401);
    stranger.get("/me").await.expect(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_works_once_and_a_log_out_ends_the_session() {
    let app = TestApp::start().await;
    let mut user = app.user("someone").await;
    let body = json!({"email": "someone@example.com", "password": PASSWORD});
    let first = app.nobody().post("/auth/login", &body).await.expect(200);
    assert_eq!(first.data()["token_type"], "Bearer");
    let refresh =
        async |token: &str| app.nobody().post("/auth/refresh", &json!({"refresh_token": token})).await;
    let second = refresh(&first.text_of("refresh_token")).await.expect(200);
    refresh(&first.text_of("refresh_token")).await.expect(401);
    refresh(&second.text_of("refresh_token")).await.expect(401);

    let third = app.nobody().post("/auth/login", &body).await.expect(200);
    user.token = Some(third.text_of("access_token"));
    user.get("/me").await.expect(200);
    app.nobody()
        .post("/auth/logout", &json!({"refresh_token": third.text_of("refresh_token")}))
        .await
        .expect(200);
    user.get("/me").await.expect(401);

    // A token that was used already stands for its session too.
    let fourth = app.nobody().post("/auth/login", &body).await.expect(200);
    let retired = json!({"refresh_token": fourth.text_of("refresh_token")});
    let fifth = app.nobody().post("/auth/refresh", &retired).await.expect(200);
    user.token = Some(fifth.text_of("access_token"));
    user.get("/me").await.expect(200);
    app.nobody().post("/auth/logout", &retired).await.expect(200);
    user.get("/me").await.expect(401);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_tells_nobody_who_has_an_account_where_that_is_hidden() {
    let app = TestApp::start_with(|config| config.hide_accounts = true).await;
    let (nobody, mine, others) = (app.nobody(), "correct horse battery 7", "another horse battery 8");
    let register = async |email: &str, password: &str| {
        let body = json!({"email": email, "name": "Kim", "password": password});
        nobody.post("/users/register", &body).await.expect(201)
    };
    let login = async |email: &str, password: &str| {
        nobody.post("/auth/login", &json!({"email": email, "password": password})).await
    };
    let first = register("kim@example.com", mine).await;
    // Not yet: whoever registered would know by this that the address was free.
    let early = login("kim@example.com", mine).await.expect(401);
    let token = token_in(&app.mail("kim@example.com", "Verify").await);
    nobody.post("/auth/verify-email", &json!({"token": token})).await.expect(200);
    login("kim@example.com", mine).await.expect(200);

    let second = register("kim@example.com", others).await;
    let shape = |answer: &crate::harness::Answer| {
        let mut data = answer.data().clone();
        assert!(data["user_id"].as_str().unwrap().starts_with("agt_user_"));
        data["user_id"] = "some".into();
        let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        (data, names)
    };
    assert_eq!(shape(&first), shape(&second));
    let other_role = json!({"email": "kim@example.com", "name": "Kim", "password": others});
    nobody.post("/developers/register", &other_role).await.expect(201);
    let refused = login("kim@example.com", others).await.expect(401);
    assert_eq!(
        (refused.code(), &refused.json["error"]["message"]),
        (early.code(), &early.json["error"]["message"])
    );
    login("kim@example.com", mine).await.expect(200);
    app.mail("kim@example.com", "You have an account already").await;
    app.finish().await;
}
