//! Talking to a FrameOS server: requests, the answer envelope, and the login they are made with.
//!
//! Invariants: a saved login goes to no server but its own; an expired access token is renewed once, under the lock of the
//! credentials file; a POST carries an idempotency key where the API takes one, and only then is it sent again after a lost connection.

use std::time::Duration;

use anyhow::Context;
use clap::Args;
use frameos_contract::{
    ApiError, Envelope,
    account::{RefreshRequest, TokenPair},
};
use frameos_domain::{id::RequestId, signing::KeySet};
use reqwest::{Method, Response, StatusCode, Url};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    clock,
    credentials::{self, Credentials, Profile, Role},
    environment::Variable,
    failure::{Failure, Refusal, Result},
};

/// Where a server is when nothing says otherwise: where `frameos serve` listens by default.
const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";
const TRIES: u32 = 3;

/// Which server to talk to, and as whom.
#[derive(Debug, Clone, Default, Args)]
pub struct Connection {
    /// Base URL of the server [env: FRAMEOS_SERVER; default: the saved login's, else http://127.0.0.1:8080]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Saved login to use [env: FRAMEOS_PROFILE; default: the one saved for the role the command needs]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

impl Connection {
    fn server(&self) -> Option<String> {
        self.server.clone().or_else(|| Variable::Server.get()).map(|url| url.trim_end_matches('/').to_owned())
    }

    /// The saved login asked for by name, if any.
    pub fn profile(&self) -> Option<String> {
        self.profile.clone().or_else(|| Variable::Profile.get())
    }
}

/// With which login a request is made.
enum Login {
    None,
    Token(String),
    Saved { name: String, profile: Box<Profile> },
}

/// A server, and a login for it.
pub struct Client {
    http: reqwest::Client,
    server: Url,
    login: Login,
}

struct Request<'a> {
    method: Method,
    url: Url,
    body: Option<Vec<u8>>,
    key: Option<&'a str>,
}

impl Client {
    /// A client for a command that anybody may use, signed in with whatever login is there.
    pub fn anyone(connection: &Connection) -> Result<Self> {
        match Self::signed_in(connection, &Role::ALL) {
            Err(Failure::Usage(_)) if connection.profile().is_none() => Self::signed_out(connection),
            result => result,
        }
    }

    /// A client for every saved login that fits, or one without a login; never empty.
    pub fn each(connection: &Connection) -> Result<Vec<Self>> {
        if connection.profile().is_none() && Variable::Token.get().is_none() {
            let fitting: Vec<Self> =
                Role::ALL.iter().filter_map(|role| Self::signed_in(connection, &[*role]).ok()).collect();
            if !fitting.is_empty() {
                return Ok(fitting);
            }
        }
        Ok(vec![Self::anyone(connection)?])
    }

    /// A client without a login.
    pub fn signed_out(connection: &Connection) -> Result<Self> {
        let saved = || {
            let credentials = Credentials::load().ok()?;
            credentials.profiles().next().map(|(_, profile)| profile.server.clone())
        };
        let server = connection.server().or_else(saved).unwrap_or_else(|| DEFAULT_SERVER.to_owned());
        Self::new(&server, Login::None)
    }

    /// A client for a command that needs one of `roles`.
    pub fn signed_in(connection: &Connection, roles: &[Role]) -> Result<Self> {
        if let Some(token) = Variable::Token.get() {
            let server = connection.server().unwrap_or_else(|| DEFAULT_SERVER.to_owned());
            return Self::new(&server, Login::Token(token));
        }
        let credentials = Credentials::load()?;
        let names = match connection.profile() {
            Some(name) => vec![name],
            None => roles.iter().map(|role| role.as_str().to_owned()).collect(),
        };
        let found = names.iter().find_map(|name| Some((name, credentials.profile(name)?.clone())));
        let Some((name, profile)) = found else {
            let who = names.join(" or ");
            return Err(Failure::usage(format!(
                "not logged in as {who}: run `frameos login --email …`, or set FRAMEOS_TOKEN"
            )));
        };
        match connection.server() {
            Some(server) if server != profile.server => Err(Failure::usage(format!(
                "the login `{name}` is for {}, not for {server}: run `frameos login --server {server} --email …`",
                profile.server
            ))),
            _ => {
                let server = profile.server.clone();
                Self::new(&server, Login::Saved { name: name.clone(), profile: Box::new(profile) })
            }
        }
    }

    fn new(server: &str, login: Login) -> Result<Self> {
        let url = Url::parse(server)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                Failure::usage(format!("`{server}` is not a server's URL such as {DEFAULT_SERVER}"))
            })?;
        let mut builder = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(120))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("frameos/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&url) {
            builder = builder.no_proxy();
        }
        Ok(Self { http: builder.build().context("cannot set up HTTP")?, server: url, login })
    }

    /// The server's base URL as it is saved with a login.
    pub fn server(&self) -> &str {
        self.server.as_str().trim_end_matches('/')
    }

    /// Whether a password sent to this server can be read on the way.
    pub fn is_exposed(&self) -> bool {
        self.server.scheme() == "http" && !is_loopback(&self.server)
    }

    /// The keys this server publishes, which is no answer in the API's envelope.
    pub async fn key_set(&self) -> Result<KeySet> {
        let url = self.url(&[".well-known", "jwks.json"])?;
        let failed = || format!("cannot fetch the keys of {}", self.server());
        let answer = self.http.get(url).send().await.with_context(failed)?;
        let answer = answer.error_for_status().with_context(failed)?;
        Ok(answer.json().await.with_context(failed)?)
    }

    pub async fn get(&mut self, path: &[&str], query: &[(&str, Option<String>)]) -> Result<Value> {
        let mut url = self.url(path)?;
        for (name, value) in query.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
            url.query_pairs_mut().append_pair(name, value);
        }
        self.send(Request { method: Method::GET, url, body: None, key: None }).await
    }

    /// A POST that may be sent again after a lost connection, under an idempotency key (a fresh one when `None`).
    pub async fn post(&mut self, path: &[&str], key: Option<&str>, body: &impl Serialize) -> Result<Value> {
        let fresh = RequestId::generate(clock::now()).to_string();
        let body = Some(serde_json::to_vec(body)?);
        let request =
            Request { method: Method::POST, url: self.url(path)?, body, key: Some(key.unwrap_or(&fresh)) };
        self.send(request).await
    }

    /// A POST that is sent once and carries no key: logging in and the like.
    pub async fn post_once(&mut self, path: &[&str], body: &impl Serialize) -> Result<Value> {
        let body = Some(serde_json::to_vec(body)?);
        self.send(Request { method: Method::POST, url: self.url(path)?, body, key: None }).await
    }

    pub async fn delete(&mut self, path: &[&str]) -> Result<Value> {
        let url = self.url(path)?;
        self.send(Request { method: Method::DELETE, url, body: None, key: None }).await
    }

    fn url(&self, path: &[&str]) -> Result<Url> {
        let mut url = self.server.clone();
        url.path_segments_mut()
            .map_err(|()| Failure::usage(format!("`{}` cannot carry a path", self.server)))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    async fn send(&mut self, request: Request<'_>) -> Result<Value> {
        match answer(self.exchange(&request).await?).await {
            Err(Failure::Refused(refusal)) if refusal.status == 401 && self.is_renewable() => {
                self.renew().await?;
                answer(self.exchange(&request).await?).await
            }
            result => result,
        }
    }

    fn is_renewable(&self) -> bool {
        matches!(self.login, Login::Saved { .. })
    }

    fn bearer(&self) -> Option<&str> {
        match &self.login {
            Login::None => None,
            Login::Token(token) => Some(token),
            Login::Saved { profile, .. } => Some(&profile.access_token),
        }
    }

    async fn exchange(&self, request: &Request<'_>) -> Result<Response> {
        let repeatable = request.method == Method::GET || request.key.is_some();
        let mut tries = 0;
        loop {
            tries += 1;
            let mut builder = self.http.request(request.method.clone(), request.url.clone());
            if let Some(body) = &request.body {
                builder = builder.header("content-type", "application/json").body(body.clone());
            }
            if let Some(key) = request.key {
                builder = builder.header("idempotency-key", key);
            }
            if let Some(token) = self.bearer() {
                builder = builder.bearer_auth(token);
            }
            match builder.send().await {
                Ok(response) => return Ok(response),
                Err(error) if error.is_connect() => {
                    let cause = root_cause(&error);
                    let hint = "is it running (`frameos serve`), and is --server right?";
                    return Err(Failure::failed(format!(
                        "cannot reach {}: {cause}\nhint: {hint}",
                        self.server()
                    )));
                }
                Err(error) if repeatable && !error.is_timeout() && tries < TRIES => {}
                Err(error) => {
                    let message = format!("the connection to {} broke", self.server());
                    return Err(Failure::Failed(anyhow::Error::new(error.without_url()).context(message)));
                }
            }
        }
    }

    /// Trades the refresh token for new tokens, unless another process has just done so.
    async fn renew(&mut self) -> Result<()> {
        let Login::Saved { name, profile } = &self.login else { return Ok(()) };
        let (name, stale) = (name.clone(), profile.access_token.clone());
        let _guard = credentials::lock()?;
        let mut saved = Credentials::load()?;
        let Some(mut profile) = saved.profile(&name).cloned() else {
            return Err(Failure::failed(format!(
                "logged out of `{name}` meanwhile: run `frameos login` again"
            )));
        };
        if profile.access_token == stale {
            let body = serde_json::to_vec(&RefreshRequest { refresh_token: profile.refresh_token.clone() })?;
            let url = self.url(&["auth", "refresh"])?;
            let response = self
                .http
                .post(url)
                .header("content-type", "application/json")
                .body(body)
                .send()
                .await
                .map_err(reqwest::Error::without_url)
                .context("cannot renew the login")?;
            let tokens: TokenPair = read(match answer(response).await {
                Err(Failure::Refused(_)) => {
                    let message = format!("the login `{name}` has expired: run `frameos login` again");
                    return Err(Failure::failed(message));
                }
                result => result?,
            })?;
            profile.access_token = tokens.access_token;
            profile.refresh_token = tokens.refresh_token;
            saved.set(&name, profile.clone());
            saved.save()?;
        }
        self.login = Login::Saved { name, profile: Box::new(profile) };
        Ok(())
    }
}

/// What the operating system said, below the layers that passed it on.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str().unwrap_or_default() {
        "localhost" => true,
        host => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
    }
}

/// Reads the `data` of an answer as one of the contract's types.
pub fn read<T: DeserializeOwned>(data: Value) -> Result<T> {
    serde_json::from_value(data).map_err(|error| {
        Failure::failed(format!("the server's answer is not what this version of frameos expects: {error}"))
    })
}

async fn answer(response: Response) -> Result<Value> {
    let status = response.status();
    let text = response.text().await.map_err(reqwest::Error::without_url).context("the answer broke off")?;
    match serde_json::from_str::<Envelope<Value>>(&text) {
        Ok(Envelope::Data { success: true, data }) => Ok(data),
        Ok(Envelope::Error { error, .. }) => Err(refused(status, error)),
        _ => Err(Failure::failed(format!(
            "the server answered {status} with something that is not FrameOS's: is --server right?"
        ))),
    }
}

fn refused(status: StatusCode, error: ApiError) -> Failure {
    let hint = match error.code.as_str() {
        "UNAUTHENTICATED" => Some("run `frameos login --email …`"),
        "OTP_REQUIRED" => Some("add --otp with the six digits of your authenticator"),
        "FORBIDDEN" => Some("this needs another role: choose a login with --profile"),
        "INSUFFICIENT_FUNDS" => Some("add money with `frameos top-up AMOUNT`"),
        _ => None,
    };
    Failure::Refused(Box::new(Refusal { status: status.as_u16(), error, hint }))
}
