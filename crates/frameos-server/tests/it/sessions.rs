//! Registering, logging in and staying in.

use reqwest::Method;
use serde_json::json;

use crate::harness::{PASSWORD, TestApp, totp_now};

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
    for (name, password) in
        [("X", "aaaaaaaaaaaa"), ("X", "Password123"), ("X\u{202e}nimda", PASSWORD), ("X\u{7}", PASSWORD)]
    {
        let body = json!({"email": "x@example.com", "name": name, "password": password});
        let refused = app.nobody().post("/users/register", &body).await.expect(422);
        assert_eq!(refused.code(), "VALIDATION_FAILED", "{name:?} {password}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_account_answers_like_one_that_does_not_exist() {
    let app = TestApp::start().await;
    app.user("someone").await;
    let login = async |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        let answer = app.nobody().send(Method::POST, "/auth/login", Some(&body), None).await.expect(401);
        (answer.code().to_owned(), answer.json["error"]["message"].clone())
    };
    let unknown = login("nobody@example.com", "wrong password").await;
    assert_eq!(unknown.0, "INVALID_CREDENTIALS");
    let guesses = (0..12).map(|_| login("someone@example.com", "wrong password"));
    for answer in futures::future::join_all(guesses).await {
        assert_eq!(answer, unknown);
    }
    assert_eq!(login("someone@example.com", &"x".repeat(300)).await, unknown);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mail_link_verifies_the_address() {
    let app = TestApp::start().await;
    let user = app.user("someone").await;
    assert_eq!(user.get("/me").await.data()["verified_email"], false);
    let mail = std::fs::read_dir(app.data_dir().join("mail")).unwrap().next().unwrap().unwrap();
    let text = std::fs::read_to_string(mail.path()).unwrap();
    let token = text
        .split_whitespace()
        .find(|word| word.matches('.').count() == 2 && word.starts_with("ey"))
        .unwrap();
    app.nobody().post("/auth/verify-email", &json!({"token": token})).await.expect(200);
    assert_eq!(user.get("/me").await.data()["verified_email"], true);
    app.nobody().post("/auth/verify-email", &json!({"token": "nonsense"})).await.expect(401);
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
async fn a_second_factor_is_asked_for_once_it_is_confirmed() {
    let app = TestApp::start().await;
    let user = app.user("careful").await;
    let enrolled = user.post("/me/2fa/enroll", &json!({})).await.expect(200);
    assert!(enrolled.text_of("otpauth_url").starts_with("otpauth://totp/"));
    let secret = enrolled.text_of("secret");
    let body = json!({"email": "careful@example.com", "password": PASSWORD});
    app.nobody().post("/auth/login", &body).await.expect(200);
    assert_eq!(
        user.post("/me/2fa/confirm", &json!({"otp": "000000"})).await.expect(401).code(),
        "INVALID_OTP"
    );
    user.post("/me/2fa/confirm", &json!({"otp": totp_now(&secret)})).await.expect(200);
    assert_eq!(app.nobody().post("/auth/login", &body).await.expect(401).code(), "OTP_REQUIRED");
    let wrong = json!({"email": "careful@example.com", "password": PASSWORD, "otp": "12345x"});
    assert_eq!(app.nobody().post("/auth/login", &wrong).await.expect(401).code(), "INVALID_OTP");
    app.finish().await;
}
