//! A facilitator and the token behind it, on loopback: signatures are checked for real, balances and used nonces are kept, and
//! faults happen when a test says so. Reasons are worded as the reference implementation words them.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

use super::payer::{hex0x, keccak, now_seconds, signer_of};

/// The bearer token it wants.
pub const TOKEN: &str = "facilitator-secret-0001";

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The money moves, and the answer never comes.
    DoneSilently,
    /// The money moves, and the answer is a server's fault.
    Done500,
    /// Nothing happens but a server's fault.
    Fails500,
    /// An answer that is none.
    Nonsense,
}

#[derive(Default)]
struct Chain {
    balances: HashMap<String, u128>,
    /// From and nonce, with the transaction.
    used: HashMap<(String, String), String>,
    /// From, to and amount of what moved.
    transfers: Vec<(String, String, u128)>,
    verify_faults: VecDeque<Fault>,
    settle_faults: VecDeque<Fault>,
    verified: usize,
    settles: Vec<Value>,
}

#[derive(Clone)]
struct Shared {
    chain: Arc<Mutex<Chain>>,
    /// A settlement arrived.
    arrived: Arc<Notify>,
}

pub struct Facilitator {
    pub url: String,
    shared: Shared,
    serving: JoinHandle<()>,
}

impl Drop for Facilitator {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Facilitator {
    pub async fn start() -> Self {
        let shared = Shared { chain: Arc::default(), arrived: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/{what}", post(answer)).with_state(shared.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, serving }
    }

    pub fn fund(&self, address: &str, amount: u128) {
        self.shared.chain.lock().unwrap().balances.insert(address.to_owned(), amount);
    }

    pub fn balance(&self, address: &str) -> u128 {
        self.shared.chain.lock().unwrap().balances.get(address).copied().unwrap_or(0)
    }

    pub fn verify_faults(&self, faults: &[Fault]) {
        self.shared.chain.lock().unwrap().verify_faults.extend(faults);
    }

    pub fn settle_faults(&self, faults: &[Fault]) {
        self.shared.chain.lock().unwrap().settle_faults.extend(faults);
    }

    pub fn transfers(&self) -> Vec<(String, String, u128)> {
        self.shared.chain.lock().unwrap().transfers.clone()
    }

    /// How often a payment was verified, and how often settling was asked for.
    pub fn asked(&self) -> (usize, usize) {
        let chain = self.shared.chain.lock().unwrap();
        (chain.verified, chain.settles.len())
    }

    /// What settling was asked with.
    pub fn settles(&self) -> Vec<Value> {
        self.shared.chain.lock().unwrap().settles.clone()
    }

    /// Until settling has been asked for so often.
    pub async fn settle_asked(&self, times: usize) {
        loop {
            let arrived = self.shared.arrived.notified();
            if self.asked().1 >= times {
                return;
            }
            arrived.await;
        }
    }
}

async fn answer(
    State(shared): State<Shared>,
    Path(what): Path<String>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> Response {
    let expected = format!("Bearer {TOKEN}");
    if headers.get("authorization").is_none_or(|given| given.as_bytes() != expected.as_bytes()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (fault, outcome) = {
        let mut chain = shared.chain.lock().unwrap();
        if what == "verify" {
            chain.verified += 1;
            let fault = chain.verify_faults.pop_front().unwrap_or(Fault::None);
            let said = match chain.check(&request) {
                Ok(payer) => json!({"isValid": true, "payer": payer}),
                Err(reason) => json!({"isValid": false, "invalidReason": reason}),
            };
            (fault, said)
        } else {
            chain.settles.push(request.clone());
            let fault = chain.settle_faults.pop_front().unwrap_or(Fault::None);
            let moves = matches!(fault, Fault::None | Fault::DoneSilently | Fault::Done500);
            (fault, if moves { chain.settle(&request) } else { Value::Null })
        }
    };
    shared.arrived.notify_waiters();
    match fault {
        Fault::None => Json(outcome).into_response(),
        Fault::DoneSilently => std::future::pending().await,
        Fault::Done500 | Fault::Fails500 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Fault::Nonsense => "<html>a proxy's page</html>".into_response(),
    }
}

impl Chain {
    /// Who pays, if the payment is good. In the reference's order: signature, nonce, balance.
    fn check(&self, request: &Value) -> Result<String, &'static str> {
        let payload = &request["paymentPayload"]["payload"];
        let (authorization, owed) = (&payload["authorization"], &request["paymentRequirements"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_ascii_lowercase();
        let from = text(&authorization["from"]);
        let signature = payload["signature"].as_str().unwrap_or_default();
        if signer_of(authorization, signature) != Some(from.clone()) {
            return Err("invalid_exact_evm_signature");
        }
        let amount = if request["x402Version"] == 1 { &owed["maxAmountRequired"] } else { &owed["amount"] };
        if text(&authorization["to"]) != text(&owed["payTo"]) {
            return Err("invalid_exact_evm_recipient_mismatch");
        }
        if authorization["value"] != *amount {
            return Err("invalid_exact_evm_payload_authorization_value_mismatch");
        }
        let until: u64 = text(&authorization["validBefore"]).parse().unwrap_or(0);
        if until < now_seconds() + 6 {
            return Err("invalid_exact_evm_payload_authorization_valid_before");
        }
        let value: u128 = text(amount).parse().unwrap_or(u128::MAX);
        if self.used.contains_key(&(from.clone(), text(&authorization["nonce"]))) {
            return Err("invalid_exact_evm_nonce_already_used");
        }
        if self.balances.get(&from).copied().unwrap_or(0) < value {
            return Err("invalid_exact_evm_insufficient_balance");
        }
        Ok(from)
    }

    fn settle(&mut self, request: &Value) -> Value {
        let network = &request["paymentRequirements"]["network"];
        let from = match self.check(request) {
            Ok(from) => from,
            Err(reason) => {
                return json!({"success": false, "errorReason": reason, "transaction": "", "network": network});
            }
        };
        let authorization = &request["paymentPayload"]["payload"]["authorization"];
        let nonce = authorization["nonce"].as_str().unwrap().to_owned();
        let value: u128 = authorization["value"].as_str().unwrap().parse().unwrap();
        let transaction = hex0x(&keccak(format!("{from}{nonce}").as_bytes()));
        *self.balances.get_mut(&from).unwrap() -= value;
        self.used.insert((from.clone(), nonce), transaction.clone());
        self.transfers.push((from.clone(), authorization["to"].as_str().unwrap().to_owned(), value));
        json!({"success": true, "payer": from, "transaction": transaction, "network": network})
    }
}
