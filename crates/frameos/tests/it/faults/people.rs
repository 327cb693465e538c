//! The people who use the installation while it breaks: they try again under the same key until they have an answer.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use frameos_domain::signing::KeySet;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::random::Random;

const PASSWORD: &str = "a long enough passphrase";
/// Nobody is kept waiting for longer, whatever is broken.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a request is tried again before its sender gives up on knowing.
const TRIES: Duration = Duration::from_secs(45);

/// One user, logged in, with every agent deployed.
pub(super) struct Person {
    http: Http,
    email: String,
    token: String,
    deployments: Vec<(String, String)>,
    pub(super) id: String,
    pub(super) runs: Runs,
}

/// What a user knows of the runs it asked for.
#[derive(Default)]
pub(super) struct Runs {
    /// By idempotency key.
    pub(super) accepted: BTreeMap<String, String>,
    /// Asked for without ever getting an answer: there or not.
    pub(super) unknown: Vec<String>,
    pub(super) refused: usize,
    pub(super) cancels: usize,
    /// Answers while something was broken.
    pub(super) unavailable: usize,
    pub(super) slowest: Duration,
}

#[derive(Clone)]
pub(super) struct Http {
    client: Client,
    urls: Arc<[String]>,
}

impl Http {
    pub(super) fn new(urls: Vec<String>) -> Self {
        let client = Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        Self { client, urls: urls.into() }
    }

    /// One request to the API at `node`; none when there was no answer.
    pub(super) async fn send(
        &self,
        node: usize,
        (method, path): (Method, &str),
        token: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<(StatusCode, Value), reqwest::Error> {
        let mut request = self.client.request(method, format!("{}{path}", self.urls[node % self.urls.len()]));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some((key, body)) = body {
            request = request.header("idempotency-key", key).json(body);
        }
        let response = request.send().await?;
        Ok((response.status(), response.json().await?))
    }

    /// The keys that receipts are verified with.
    pub(super) async fn keys(&self) -> KeySet {
        let url = format!("{}/.well-known/jwks.json", self.urls[0]);
        self.client.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// A request that must succeed: nothing is broken yet, or no longer.
    pub(super) async fn ask(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Value {
        let key = format!("{path}-setup");
        let body = body.map(|body| (key.as_str(), body));
        let (status, answer) = self.send(0, (method, path), token, body).await.unwrap();
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer["data"].clone()
    }
}

impl Person {
    /// Registers, pays `money` in and deploys `agents`.
    pub(super) async fn arrive(http: Http, name: &str, money: i64, agents: &[String]) -> Self {
        let email = format!("{name}@example.com");
        let account = json!({"email": email, "name": name, "password": PASSWORD});
        let made = http.ask(Method::POST, "/users/register", "", Some(&account)).await;
        let id = made["user_id"].as_str().unwrap().to_owned();
        let mut person =
            Self { http, email, token: String::new(), deployments: Vec::new(), id, runs: Runs::default() };
        person.log_in(0).await;
        if money > 0 {
            let amount = json!({"amount": money});
            person.http.ask(Method::POST, "/wallet/top-ups", &person.token, Some(&amount)).await;
        }
        for agent in agents {
            let path = format!("/agents/{agent}/deploy");
            let made =
                person.http.ask(Method::POST, &path, &person.token, Some(&json!({"config": {}}))).await;
            person.deployments.push((agent.clone(), made["deployment_id"].as_str().unwrap().to_owned()));
        }
        person
    }

    async fn log_in(&mut self, node: usize) {
        let account = json!({"email": self.email, "password": PASSWORD});
        let sent = self.http.send(node, (Method::POST, "/auth/login"), "", Some(("log-in", &account))).await;
        if let Ok((StatusCode::OK, answer)) = sent {
            self.token = answer["data"]["access_token"].as_str().unwrap().to_owned();
        }
    }

    /// Uses agents until `end`.
    pub(super) async fn go_on(mut self, mut random: Random, end: Instant) -> Self {
        while Instant::now() < end {
            let how = *random.pick(&["well", "well", "well", "well", "fail", "hang", "tempfail"]);
            let inputs = json!({"ms": random.below(1_200), "how": how});
            let (agent, deployment) = random.pick(&self.deployments).clone();
            let body = json!({"deployment_id": deployment, "inputs": inputs});
            let key = format!("{:016x}", random.next());
            if let Some(id) = self.execute(&mut random, &agent, &key, &body).await {
                match random.below(8) {
                    0 => self.cancel(&mut random, &id).await,
                    // As a client does whose answer was lost on the way.
                    1 => {
                        let again = self.execute(&mut random, &agent, &key, &body).await;
                        assert!(again.is_none_or(|again| again == id), "the same key gave another run");
                    }
                    _ => {}
                }
            }
            tokio::time::sleep(Duration::from_millis(100 + random.below(700))).await;
        }
        self
    }

    /// Asks for a run until there is an answer. None when it was refused, or nobody answered.
    async fn execute(&mut self, random: &mut Random, agent: &str, key: &str, body: &Value) -> Option<String> {
        let path = format!("/agents/{agent}/execute");
        let until = Instant::now() + TRIES;
        loop {
            match self.send(random, (Method::POST, &path), Some((key, body))).await {
                Some((StatusCode::ACCEPTED | StatusCode::OK, answer)) => {
                    let id = answer["data"]["execution_id"].as_str().unwrap().to_owned();
                    self.runs.accepted.insert(key.to_owned(), id.clone());
                    return Some(id);
                }
                Some((StatusCode::PAYMENT_REQUIRED, answer)) => {
                    assert_eq!(answer["error"]["code"], "INSUFFICIENT_FUNDS", "{answer}");
                    assert!(!self.runs.accepted.contains_key(key), "first accepted, then refused: {answer}");
                    self.runs.refused += 1;
                    return None;
                }
                Some((StatusCode::CONFLICT, answer)) => {
                    assert_eq!(answer["error"]["code"], "IDEMPOTENCY_IN_PROGRESS", "{answer}");
                }
                Some((status, answer)) => panic!("{status} {answer}"),
                None => {}
            }
            if Instant::now() > until {
                if !self.runs.accepted.contains_key(key) {
                    self.runs.unknown.push(key.to_owned());
                }
                return None;
            }
            tokio::time::sleep(Duration::from_millis(200 + random.below(600))).await;
        }
    }

    async fn cancel(&mut self, random: &mut Random, id: &str) {
        tokio::time::sleep(Duration::from_millis(random.below(900))).await;
        let (path, key) = (format!("/executions/{id}/cancel"), format!("{:016x}", random.next()));
        match self.send(random, (Method::POST, &path), Some((&key, &json!({})))).await {
            Some((StatusCode::OK, _)) => self.runs.cancels += 1,
            Some((StatusCode::CONFLICT, _)) | None => {}
            Some((status, answer)) => panic!("{status} {answer}"),
        }
    }

    /// One try at any of the APIs. None when the answer says nothing: the connection broke, or something is unavailable.
    async fn send(
        &mut self,
        random: &mut Random,
        what: (Method, &str),
        body: Option<(&str, &Value)>,
    ) -> Option<(StatusCode, Value)> {
        let node = usize::try_from(random.below(64)).unwrap();
        let asked = Instant::now();
        let sent = self.http.send(node, what, &self.token, body).await;
        let took = asked.elapsed();
        self.runs.slowest = self.runs.slowest.max(took);
        match sent {
            Ok((status, answer)) if status.is_server_error() => {
                assert!(answer["error"]["code"].is_string(), "{status} without a code: {answer}");
                assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
                self.runs.unavailable += 1;
                None
            }
            Ok((StatusCode::UNAUTHORIZED, _)) => {
                self.log_in(node).await;
                None
            }
            Ok(answered) => Some(answered),
            Err(error) => {
                assert!(!error.is_timeout(), "no answer in {took:?}");
                None
            }
        }
    }
}
