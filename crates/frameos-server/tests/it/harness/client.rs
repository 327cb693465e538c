//! An HTTP client for one account, and what it gets back.

use std::time::Duration;

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use super::contract::{Sent, contract_check};

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// `null` when the body is not JSON.
    pub json: Value,
}

impl Answer {
    /// The envelope's data; the answer must be one of success.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert_eq!(self.json["success"], true, "{self:?}");
        &self.json["data"]
    }

    /// The envelope's error code; the answer must be one of failure.
    #[track_caller]
    pub fn code(&self) -> &str {
        assert_eq!(self.json["success"], false, "{self:?}");
        self.json["error"]["code"].as_str().unwrap()
    }

    #[track_caller]
    pub fn text_of(&self, name: &str) -> String {
        self.data()[name].as_str().unwrap_or_else(|| panic!("{name} is a text in {}", self.text)).to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

/// A client, signed in or not.
#[derive(Clone)]
pub struct Client {
    base: String,
    http: reqwest::Client,
    pub token: Option<String>,
    pub email: String,
}

impl Client {
    pub fn new(base: String) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(120)).build().unwrap();
        Self { base, http, token: None, email: String::new() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await
    }

    /// With an idempotency key of its own.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body), Some(&fresh_key())).await
    }

    pub async fn post_with_key(&self, path: &str, body: &Value, key: &str) -> Answer {
        self.send(Method::POST, path, Some(body), Some(key)).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>, key: Option<&str>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        answer(request).await
    }

    /// As [`Self::send`], of things the future keeps.
    pub async fn send_owned(self, method: Method, path: &'static str, body: Value) -> Answer {
        self.send(method, path, Some(&body), None).await
    }

    /// A request to be completed by the test.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Registers `name` and logs in. `kind` is `developers` or `users`.
    pub async fn register_and_login(mut self, kind: &str, name: &str) -> Self {
        self.email = format!("{name}@example.com");
        let body = json!({"email": self.email, "name": name, "password": PASSWORD});
        self.send(Method::POST, &format!("/{kind}/register"), Some(&body), None).await.expect(201);
        let body = json!({"email": self.email, "password": PASSWORD});
        let tokens = self.send(Method::POST, "/auth/login", Some(&body), None).await.expect(200);
        self.token = Some(tokens.text_of("access_token"));
        self
    }

    /// Logs in with a password and the current code of a second factor.
    pub async fn login_with_totp(mut self, email: &str, password: &str, secret: &str) -> Self {
        let body = json!({"email": email, "password": password, "otp": totp_now(secret)});
        let tokens = self.send(Method::POST, "/auth/login", Some(&body), None).await.expect(200);
        self.token = Some(tokens.text_of("access_token"));
        self.email = email.to_owned();
        self
    }

    /// The run once it has ended.
    pub async fn run_to_end(&self, execution_id: &str) -> Value {
        for _ in 0..1_200 {
            let answer = self.get(&format!("/executions/{execution_id}")).await.expect(200);
            let status = answer.text_of("status");
            if !["queued", "running", "settling"].contains(&status.as_str()) {
                return answer.data().clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{execution_id} has not ended after a minute");
    }

    /// Available and held, in paise.
    pub async fn balance(&self) -> (i64, i64) {
        let wallet = self.get("/wallet").await.expect(200);
        (wallet.data()["available"].as_i64().unwrap(), wallet.data()["held"].as_i64().unwrap())
    }
}

pub const PASSWORD: &str = "correct horse battery 7";

/// The code an authenticator shows now.
pub fn totp_now(secret: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).with_account_name("account").build().unwrap();
    totp.generate_current().to_string()
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let (http, request) = request.build_split();
    let request = request.unwrap();
    let body = request.body().and_then(reqwest::Body::as_bytes).map(<[u8]>::to_vec);
    let sent = Sent { method: request.method().clone(), path: request.url().path().to_owned(), body };
    let response = http.execute(request).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    contract_check(&sent, status, &headers, &text);
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer { status, headers, text, json }
}

fn fresh_key() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("key-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
