//! What surrounds every answer: headers, origins, compression, request ids, the log, readiness, and the end of a process.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{TestApp, answer};

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_the_security_headers() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    let answers = [
        nobody.get("/agents").await.expect(200),
        nobody.get("/nothing/here").await.expect(404),
        nobody.send(Method::DELETE, "/agents", None, None).await.expect(405),
        nobody.get("/me").await.expect(401),
        nobody.get("/metrics").await.expect(200),
    ];
    for answer in answers {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{answer:?}");
        }
        assert!(answer.header("permissions-policy").unwrap().contains("geolocation=()"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(answer.header("strict-transport-security"), None, "not over plain HTTP");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_listed_origins_may_read_answers() {
    let app = TestApp::start_with(|config| {
        config.server.cors_origins = vec!["https://app.example".to_owned()];
    })
    .await;
    let asked = async |method: Method, path: &str, origin: &str, preflight: bool| {
        let mut request = app.nobody().request(method, path).header("origin", origin);
        if preflight {
            request = request.header("access-control-request-method", "POST");
            request = request.header("access-control-request-headers", "authorization,idempotency-key");
        }
        answer(request).await
    };
    let ours = "https://app.example";
    let preflight = asked(Method::OPTIONS, "/agents/x/execute", ours, true).await.expect(200);
    assert_eq!(preflight.header("access-control-allow-origin"), Some(ours));
    for name in ["authorization", "idempotency-key", "content-type"] {
        assert!(preflight.header("access-control-allow-headers").unwrap().contains(name), "{preflight:?}");
    }
    assert!(preflight.header("access-control-allow-methods").unwrap().contains("POST"));
    assert_eq!(preflight.header("access-control-allow-credentials"), None);
    let read = asked(Method::GET, "/agents", ours, false).await.expect(200);
    assert_eq!(read.header("access-control-allow-origin"), Some(ours));
    assert!(read.header("access-control-expose-headers").unwrap().contains("retry-after"));
    let varies = read.headers.get_all("vary").iter().any(|names| names.to_str().unwrap().contains("origin"));
    assert!(varies, "{read:?}");
    // Refusals can be read, too.
    let refused = asked(Method::GET, "/me", ours, false).await.expect(401);
    assert_eq!(refused.header("access-control-allow-origin"), Some(ours));
    for theirs in ["https://app.example.evil.example", "http://app.example", "null"] {
        for (method, preflight) in [(Method::GET, false), (Method::OPTIONS, true)] {
            let answer = asked(method, "/agents", theirs, preflight).await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{theirs}");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_everybody_may_see_is_compressed() {
    let app = TestApp::start().await;
    let user = app.user("buyer").await;
    let encoding = async |client: &crate::harness::Client, method: Method, path: &str, accept: &str| {
        let request = client.request(method, path).header("accept-encoding", accept);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned())
    };
    for (accept, expected) in [("gzip", "gzip"), ("br", "br"), ("zstd", "zstd")] {
        assert_eq!(encoding(&app.nobody(), Method::GET, "/metrics", accept).await.as_deref(), Some(expected));
    }
    assert_eq!(encoding(&app.nobody(), Method::GET, "/metrics", "identity").await, None);
    assert_eq!(encoding(&user, Method::GET, "/metrics", "gzip").await, None, "whoever shows a token");
    assert_eq!(encoding(&app.nobody(), Method::GET, "/", "gzip").await, None, "what is small");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_request_id_is_taken_when_it_is_well_formed() {
    let app = TestApp::start().await;
    let asked = async |id: &str| {
        answer(app.nobody().request(Method::GET, "/me").header("x-request-id", id)).await.expect(401)
    };
    let taken = asked("trace-0af7651916cd43dd").await;
    assert_eq!(taken.header("x-request-id"), Some("trace-0af7651916cd43dd"));
    assert_eq!(taken.json["error"]["request_id"], "trace-0af7651916cd43dd");
    let long = "x".repeat(65);
    for bad in ["short", "with space in it", "quote\"quote\"", "a\tb\tc\td\te", &long] {
        assert!(asked(bad).await.header("x-request-id").unwrap().starts_with("req_"), "{bad}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_end_is_refused() {
    let app = TestApp::start().await;
    let asked = async |head: String| {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        // The server may close before all of it is written.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    let many: String = (0..200).map(|at| format!("x-{at}: 1\r\n")).collect();
    assert_eq!(asked(format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n")).await, "HTTP/1.1 431");
    let long = "x".repeat(300 << 10);
    assert_eq!(asked(format!("GET / HTTP/1.1\r\nhost: a\r\nx: {long}\r\n\r\n")).await, "HTTP/1.1 431");
    app.finish().await;
}

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_nobody() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        // Not the test's own client.
        .with_env_filter(
            "info,frameos_server=debug,frameos_app=debug,frameos_store=debug,frameos_gateway=debug",
        )
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let app = TestApp::start_with(|config| config.limits.enabled = true).await;
    let user = app.user("somebody").await;
    let wrong = json!({"email": "somebody@example.com", "password": "wrong-password-9"});
    app.nobody().send(Method::POST, "/auth/login", Some(&wrong), None).await.expect(401);
    user.get("/agents?search=private-words").await.expect(200);
    user.post("/wallet/top-ups", &json!({"amount": 100})).await.expect(201);
    let proxied = user.request(Method::GET, "/me").header("x-forwarded-for", "198.51.100.77");
    answer(proxied).await.expect(200);
    let token = user.token.clone().unwrap();
    app.finish().await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("answered") && text.contains("/auth/login"), "{text}");
    for secret in
        ["somebody@", "correct horse", "wrong-password", &token, "private-words", "198.51.100", "127.0.0.1:"]
    {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_names_what_is_missing() {
    let app = TestApp::start_with(|config| {
        // Nobody listens there.
        config.redis_url = Some("redis://127.0.0.1:1/0".to_owned().into());
        config.limits.enabled = true;
    })
    .await;
    let ready = app.nobody().get("/readyz").await.expect(200);
    let checks = &ready.data()["checks"];
    assert_eq!(ready.data()["status"], "ready");
    for part in ["database", "objects", "gateway", "sandbox"] {
        assert_eq!(checks[part]["status"], "ok", "{checks}");
    }
    assert_eq!(checks["redis"]["status"], "degraded", "limits are counted here instead");

    let objects = app.data_dir().join("objects");
    let aside = app.data_dir().join("objects-aside");
    std::fs::rename(&objects, &aside).unwrap();
    let gone = loop {
        let answer = app.nobody().get("/readyz").await;
        if answer.status != 200 {
            break answer.expect(503);
        }
    };
    assert_eq!((gone.code(), gone.header("retry-after")), ("UNAVAILABLE", Some("2")));
    let details = &gone.json["error"]["details"];
    assert_eq!(details["checks"]["objects"]["status"], "failed", "{details}");
    assert_eq!(details["checks"]["database"]["status"], "ok", "{details}");
    assert!(!gone.text.contains(app.data_dir().to_str().unwrap()), "{}", gone.text);
    std::fs::rename(&aside, &objects).unwrap();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stops_says_so_before_it_stops_listening() {
    let app = TestApp::start_with(|config| config.server.shutdown_delay_seconds = 2).await;
    let before = app.nobody().get("/readyz").await.expect(200);
    assert_eq!(before.header("connection"), None);
    app.stop_begin();
    let stopping = app.nobody().get("/readyz").await.expect(503);
    assert_eq!(stopping.json["error"]["details"]["status"], "stopping");
    assert_eq!(stopping.header("connection"), Some("close"));
    app.nobody().get("/agents").await.expect(200);
    let address = app.address;
    app.finish().await;
    assert!(TcpStream::connect(address).await.is_err());
}
