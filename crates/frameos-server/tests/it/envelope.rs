//! What every answer has in common: the envelope, request ids, headers, and what bodies and queries are refused for.

use reqwest::Method;

use crate::harness::{TestApp, answer};

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_every_kind_come_in_the_envelope() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    for (method, path, status, code) in [
        (Method::GET, "/nowhere", 404, "NOT_FOUND"),
        (Method::DELETE, "/agents", 405, "METHOD_NOT_ALLOWED"),
        (Method::GET, "/me", 401, "UNAUTHENTICATED"),
        (Method::GET, "/agents?limit=0", 400, "INVALID_REQUEST"),
        (Method::GET, "/agents?limit=101", 400, "INVALID_REQUEST"),
        (Method::GET, "/agents?page=x", 400, "INVALID_REQUEST"),
        (Method::GET, "/agents?search=a%00b", 400, "INVALID_REQUEST"),
        (Method::GET, "/agents/a%00b", 404, "NOT_FOUND"),
        (Method::GET, "/agents?sort=best", 422, "VALIDATION_FAILED"),
        (Method::GET, "/agents/no-such-agent", 404, "NOT_FOUND"),
    ] {
        let answer = answer(nobody.request(method.clone(), path)).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{method} {path}");
        let id = answer.json["error"]["request_id"].as_str().unwrap();
        assert!(id.starts_with("req_"), "{id}");
        assert_eq!(answer.header("x-request-id"), Some(id));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let allowed = answer(nobody.request(Method::DELETE, "/agents")).await;
    assert!(allowed.header("allow").unwrap().contains("GET"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_refused_for_what_they_are() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    let send = async |body: &str, content_type: Option<&str>| {
        let mut request = nobody.request(Method::POST, "/auth/login").body(body.to_owned());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        answer(request).await
    };
    let json = Some("application/json");
    assert_eq!(send("{\"email\":", json).await.expect(400).code(), "INVALID_JSON");
    assert_eq!(send("", json).await.expect(400).code(), "INVALID_JSON");
    let shape = send("{\"email\": \"a@b.example\"}", json).await.expect(400);
    assert_eq!(shape.code(), "INVALID_REQUEST");
    assert!(shape.text.contains("password"), "{}", shape.text);
    let nul = send(r#"{"email": "a\u0000@b.example", "password": "x"}"#, json).await.expect(400);
    assert_eq!(nul.code(), "INVALID_REQUEST");
    assert!(nul.text.contains("U+0000"), "{}", nul.text);
    let form = send("email=a", Some("application/x-www-form-urlencoded")).await.expect(415);
    assert_eq!(form.code(), "UNSUPPORTED_MEDIA_TYPE");
    let credentials = r#"{"email": "a@b.example", "password": "x"}"#;
    send(credentials, None).await.expect(401);
    send(credentials, Some("application/json; charset=utf-8")).await.expect(401);
    let large = format!("{{\"email\": \"{}\"}}", "x".repeat(3 << 20));
    assert_eq!(send(&large, json).await.expect(413).code(), "PAYLOAD_TOO_LARGE");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_carry_the_security_headers() {
    let app = TestApp::start().await;
    for (client, path) in
        [(app.nobody(), "/agents"), (app.user("someone").await, "/wallet"), (app.nobody(), "/nowhere")]
    {
        let answer = client.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
        assert_eq!(answer.header("strict-transport-security"), None, "this server is not reached by HTTPS");
        let private = path != "/agents";
        assert_eq!(answer.header("cache-control") == Some("no-store"), private, "{path}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn https_installations_say_so() {
    let app =
        TestApp::start_with(|config| config.public_url = Some("https://frameos.example".to_owned())).await;
    let answer = app.nobody().get("/healthz").await.expect(200);
    assert!(answer.header("strict-transport-security").is_some());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_find_their_routes() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    assert_eq!(nobody.get("/").await.expect(200).data()["name"], "frameos");
    nobody.get("/healthz").await.expect(200);
    assert_eq!(nobody.get("/readyz").await.expect(200).data()["status"], "ready");
    let keys = nobody.get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(
        keys.json["keys"].as_array().unwrap().len(),
        3,
        "the platform's and the gateway's two: {}",
        keys.text
    );
    app.finish().await;
}
