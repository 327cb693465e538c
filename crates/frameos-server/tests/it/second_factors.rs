//! Second factors: asked for, each code once, recovered from, taken off.

use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, TestApp, totp_now};

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

/// Puts a second factor in force: the secret, the code that confirmed it, and the recovery codes.
async fn enroll(user: &Client) -> (String, String, Vec<String>) {
    let secret = user.post("/me/2fa/enroll", &json!({})).await.expect(200).text_of("secret");
    let code = totp_now(&secret);
    let confirmed = user.post("/me/2fa/confirm", &json!({"otp": code})).await.expect(200);
    let codes = confirmed.data()["recovery_codes"].as_array().unwrap().clone();
    (secret, code, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_once_and_recovery_codes_stand_in_once_each() {
    let app = TestApp::start().await;
    let user = app.user("careful").await;
    let (_, code, codes) = enroll(&user).await;
    assert_eq!(codes.len(), 10);
    assert_eq!(user.get("/me").await.data()["recovery_codes"], 10);
    let login = async |otp: &str| {
        let body = json!({"email": user.email, "password": PASSWORD, "otp": otp});
        app.nobody().post("/auth/login", &body).await
    };
    let replayed = login(&code).await.expect(401);
    assert_eq!(replayed.code(), "INVALID_OTP");
    login(&codes[0].to_uppercase().replace('-', " ")).await.expect(200);
    assert_eq!(login(&codes[0]).await.expect(401).code(), "INVALID_OTP");
    app.mail(&user.email, "A recovery code was used").await;
    assert_eq!(user.get("/me").await.data()["recovery_codes"], 9);
    // Somebody else's code is none here.
    let other = app.user("other").await;
    let (.., others) = enroll(&other).await;
    assert_eq!(login(&others[0]).await.expect(401).code(), "INVALID_OTP");

    let renewed = user.post("/me/2fa/recovery-codes", &json!({"otp": codes[1]})).await.expect(200);
    assert_eq!(renewed.data()["recovery_codes"].as_array().map(Vec::len), Some(10));
    assert_eq!(login(&codes[2]).await.expect(401).code(), "INVALID_OTP", "replaced");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_a_second_factor_off_needs_password_and_code() {
    let app = TestApp::start().await;
    let user = app.user("careful").await;
    let disable = async |body: Value| user.post("/me/2fa/disable", &body).await;
    assert_eq!(disable(json!({"password": PASSWORD})).await.expect(409).code(), "CONFLICT");
    let (_, _, codes) = enroll(&user).await;
    assert_eq!(user.post("/me/2fa/enroll", &json!({})).await.expect(409).code(), "CONFLICT");
    for (body, code) in [
        (json!({"password": PASSWORD}), "OTP_REQUIRED"),
        (json!({"otp": codes[0]}), "INVALID_CREDENTIALS"),
        (json!({"password": "wrong", "otp": codes[0]}), "INVALID_CREDENTIALS"),
    ] {
        assert_eq!(disable(body.clone()).await.expect(401).code(), code, "{body}");
    }
    disable(json!({"password": PASSWORD, "otp": codes[0]})).await.expect(200);
    app.nobody().post("/auth/login", &json!({"email": user.email, "password": PASSWORD})).await.expect(200);
    let refused = app.admin().await.post("/me/2fa/disable", &json!({})).await.expect(403);
    assert_eq!(refused.code(), "FORBIDDEN");
    app.finish().await;
}
