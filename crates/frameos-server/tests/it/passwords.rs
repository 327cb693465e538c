//! Passwords: forgotten, reset, changed, and brought along.

use serde_json::json;

use crate::harness::{PASSWORD, TestApp, token_in};

const OTHER: &str = "a wholly different one 8";

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_reset_by_mail_once() {
    let app = TestApp::start().await;
    let user = app.user("someone").await;
    let made = json!({"name": "ci", "scopes": ["read"]});
    let mut program = app.nobody();
    program.token = Some(user.post("/me/tokens", &made).await.expect(201).text_of("token"));
    program.get("/me").await.expect(200);
    let forgot = async |email: &str| {
        let answer = app.nobody().post("/auth/forgot-password", &json!({"email": email})).await.expect(200);
        answer.text
    };
    assert_eq!(forgot("someone@example.com").await, forgot("nobody@example.com").await);
    let token = token_in(&app.mail("someone@example.com", "Set a new password").await);
    let reset = async |token: &str, password: &str| {
        let body = json!({"token": token, "password": password});
        app.nobody().post("/auth/reset-password", &body).await
    };
    reset("nonsense", OTHER).await.expect(401);
    assert_eq!(reset(&token, "Password123").await.expect(422).code(), "VALIDATION_FAILED");
    reset(&token, OTHER).await.expect(200);
    reset(&token, OTHER).await.expect(401);
    user.get("/me").await.expect(401);
    program.get("/me").await.expect(401);
    app.mail("someone@example.com", "Your password was reset").await;
    let login = async |password: &str| {
        let body = json!({"email": "someone@example.com", "password": password});
        app.nobody().post("/auth/login", &body).await
    };
    login(PASSWORD).await.expect(401);
    let tokens = login(OTHER).await.expect(200);
    program.token = Some(tokens.text_of("access_token"));
    assert_eq!(program.get("/me").await.data()["verified_email"], true, "the mail has arrived");
    assert!(app.mails("nobody@example.com").is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_have_somebody_flooded_with_mails() {
    let app = TestApp::start().await;
    app.user("someone").await;
    for _ in 0..12 {
        let body = json!({"email": "someone@example.com"});
        app.nobody().post("/auth/forgot-password", &body).await.expect(200);
    }
    app.mail("someone@example.com", "Set a new password").await;
    let resets = |mails: Vec<String>| mails.iter().filter(|text| text.contains("Set a new password")).count();
    assert!(resets(app.mails("someone@example.com")) <= 3);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_password_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let user = app.user("someone").await;
    let mut other = app.nobody();
    let body = json!({"email": "someone@example.com", "password": PASSWORD});
    other.token = Some(app.nobody().post("/auth/login", &body).await.expect(200).text_of("access_token"));
    let change = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        user.post("/me/password", &body).await
    };
    assert_eq!(change("wrong", OTHER).await.expect(401).code(), "INVALID_CREDENTIALS");
    assert_eq!(change(PASSWORD, "someone2024").await.expect(422).code(), "VALIDATION_FAILED");
    other.get("/me").await.expect(200);
    change(PASSWORD, OTHER).await.expect(200);
    other.get("/me").await.expect(401);
    user.get("/me").await.expect(200);
    app.nobody().post("/auth/login", &body).await.expect(401);
    app.mail("someone@example.com", "Your password was changed").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bcrypt_hash_is_accepted_and_replaced_by_the_next_log_in() {
    let app = TestApp::start().await;
    let user = app.user("someone").await;
    let hash = bcrypt::hash(OTHER, 4).unwrap();
    let tell = async |statement: String| {
        let statement: &'static str = statement.leak();
        app.database_tell([statement, statement]).await;
    };
    // The store takes a dollar sign and a digit for a parameter, wherever it stands.
    let hash = hash.replace('$', "#");
    tell(format!("UPDATE users SET password_hash = replace('{hash}', '#', '$')")).await;
    let body = json!({"email": "someone@example.com", "password": OTHER});
    app.nobody().post("/auth/login", &body).await.expect(200);
    tell("UPDATE users SET name = 'upgraded' WHERE password_hash LIKE '$argon2id$%'".into()).await;
    assert_eq!(user.get("/me").await.text_of("name"), "upgraded");
    app.nobody().post("/auth/login", &body).await.expect(200);
    app.finish().await;
}
