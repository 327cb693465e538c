//! A double of Stripe: Checkout Sessions and signed events.
//!
//! As Stripe does it: form-encoded requests with unknown parameters refused; the first answer under an idempotency key is
//! repeated for 24 hours, a 500 too, and another body under it is an error; what is refused for its parameters is not kept.

use std::{collections::BTreeMap, sync::Arc};

use frameos_domain::clock::Clock;
use frameos_gateway::wire::ProviderWebhook;
use serde_json::{Value, json};

use super::{Answers, Fault, Reply, Request, hmac_sha256};
use crate::harness::ManualClock;

pub(crate) const SECRET_KEY: &str = "sk_test_double";
pub(crate) const WEBHOOK_SECRET: &str = "whsec_double";

pub(crate) struct StripeDouble {
    clock: Arc<ManualClock>,
    pub(crate) sessions: Vec<Session>,
    /// Body, answer and time of the first request under a key.
    keys: BTreeMap<String, (String, Reply, i64)>,
    pub(crate) requests: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) charge: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) expires_at: i64,
    pub(crate) paid: bool,
    /// What the payer paid in all.
    pub(crate) amount_total: i64,
}

impl StripeDouble {
    pub(crate) fn new(clock: &Arc<ManualClock>) -> Self {
        Self { clock: Arc::clone(clock), sessions: Vec::new(), keys: BTreeMap::new(), requests: 0 }
    }

    fn now(&self) -> i64 {
        self.clock.now().as_secs()
    }

    fn create(&mut self, request: &Request) -> Result<Value, Reply> {
        expect(request, "content-type", "application/x-www-form-urlencoded")?;
        let mut form = parse(&request.body)?;
        let mut take = |name: &str| form.remove(name).ok_or_else(|| missing(name));
        if take("mode")? != "payment" || take("line_items[0][quantity]")? != "1" {
            return Err(refused("unsupported"));
        }
        let charge = take("client_reference_id")?;
        let of_session = take("metadata[frameos_charge]")?;
        let of_payment = take("payment_intent_data[metadata][frameos_charge]")?;
        assert_eq!((&of_session, &of_payment), (&charge, &charge));
        take("line_items[0][price_data][product_data][name]")?;
        let currency = take("line_items[0][price_data][currency]")?;
        if currency.len() != 3 || currency.bytes().any(|byte| !byte.is_ascii_lowercase()) {
            return Err(refused("Invalid currency"));
        }
        let amount = take("line_items[0][price_data][unit_amount]")?;
        let amount: i64 = amount.parse().map_err(|_| refused("Invalid integer"))?;
        if amount < 50 {
            return Err(refused("The Checkout Session's total amount due must add up to at least 50 cents"));
        }
        for name in ["success_url", "cancel_url"] {
            if !take(name)?.starts_with("http") {
                return Err(refused("Not a valid URL"));
            }
        }
        let expires_at: i64 = take("expires_at")?.parse().map_err(|_| refused("Invalid integer"))?;
        if !(1_800..=86_400).contains(&(expires_at - self.now())) {
            return Err(refused(
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from now",
            ));
        }
        form.remove("payment_method_types[0]");
        if let Some(unknown) = form.keys().next() {
            return Err(refused(&format!("Received unknown parameter: {unknown}")));
        }
        let id = format!("cs_test_{}", self.sessions.len() + 1);
        self.sessions.push(Session {
            id,
            charge,
            amount,
            currency,
            expires_at,
            paid: false,
            amount_total: amount,
        });
        Ok(self.show(self.sessions.len() - 1))
    }

    fn is_expired(&self, index: usize) -> bool {
        !self.sessions[index].paid && self.sessions[index].expires_at <= self.now()
    }

    fn show(&self, index: usize) -> Value {
        let session = &self.sessions[index];
        let status = match (session.paid, self.is_expired(index)) {
            (true, _) => "complete",
            (false, true) => "expired",
            (false, false) => "open",
        };
        json!({
            "id": session.id, "object": "checkout.session", "status": status,
            "payment_status": if session.paid { "paid" } else { "unpaid" },
            "payment_intent": session.paid.then(|| payment_of(&session.id)),
            "amount_total": session.amount_total, "currency": session.currency,
            "client_reference_id": session.charge, "metadata": {"frameos_charge": session.charge},
            "url": (status == "open").then(|| format!("https://checkout.stripe.example/c/pay/{}", session.id)),
        })
    }

    /// The payer pays, if there is still something to pay.
    pub(crate) fn pay(&mut self, index: usize, amount: i64) -> bool {
        if self.sessions[index].paid || self.is_expired(index) {
            return false;
        }
        self.sessions[index].paid = true;
        self.sessions[index].amount_total = amount;
        true
    }

    pub(crate) fn session_event(&self, kind: &str, index: usize) -> ProviderWebhook {
        self.event(kind, &self.show(index))
    }

    pub(crate) fn refund_event(&self, index: usize, amount_refunded: i64) -> ProviderWebhook {
        let session = &self.sessions[index];
        let object = json!({"id": format!("ch_{}", session.id), "object": "charge", "currency": session.currency,
            "payment_intent": payment_of(&session.id), "amount": session.amount_total, "amount_refunded": amount_refunded});
        self.event("charge.refunded", &object)
    }

    pub(crate) fn dispute_event(&self, kind: &str, index: usize, status: &str) -> ProviderWebhook {
        let session = &self.sessions[index];
        let object = json!({"id": format!("dp_{}", session.id), "object": "dispute", "charge": format!("ch_{}", session.id),
            "payment_intent": payment_of(&session.id), "amount": session.amount_total, "currency": session.currency, "status": status});
        self.event(kind, &object)
    }

    pub(crate) fn event(&self, kind: &str, object: &Value) -> ProviderWebhook {
        let body = json!({"id": "evt_1", "object": "event", "api_version": "2024-06-20", "type": kind,
            "livemode": false, "data": {"object": object}});
        // Spaced as Stripe spaces it: only the raw bytes fit the signature.
        signed(serde_json::to_string_pretty(&body).unwrap(), WEBHOOK_SECRET, self.now())
    }
}

pub(crate) fn signed(body: String, secret: &str, seconds: i64) -> ProviderWebhook {
    let tag = hmac_sha256(secret, format!("{seconds}.{body}").as_bytes());
    let header = format!(
        "t={seconds},v1={},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39",
        hex::encode(tag)
    );
    ProviderWebhook {
        provider: "stripe".to_owned(),
        headers: vec![("stripe-signature".to_owned(), header)],
        body: body.into_bytes(),
    }
}

fn payment_of(session: &str) -> String {
    format!("pi_{session}")
}

impl Answers for StripeDouble {
    fn answer(&mut self, request: &Request, fault: Option<Fault>) -> Reply {
        self.requests += 1;
        if request.headers.get("authorization") != Some(&format!("Bearer {SECRET_KEY}")) {
            return (
                401,
                json!({"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}})
                    .to_string(),
            );
        }
        if !request.headers.contains_key("stripe-version") {
            return refused("the tests pin a version");
        }
        if request.method == "GET" {
            let id = request.path.strip_prefix("/v1/checkout/sessions/").unwrap_or_default();
            let known = self.sessions.iter().position(|session| session.id == id);
            return match known {
                _ if fault == Some(Fault::FailedAfter) => failed(),
                Some(index) => (200, self.show(index).to_string()),
                None => (404, json!({"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such session"}}).to_string()),
            };
        }
        assert_eq!((&*request.method, &*request.path), ("POST", "/v1/checkout/sessions"));
        let key = request.headers.get("idempotency-key").expect("every POST has a key").clone();
        assert!(key.len() <= 255);
        let now = self.now();
        if let Some((body, reply, at)) = self.keys.get(&key).filter(|(_, _, at)| now - at < 86_400) {
            let _ = at;
            if *body != request.body {
                let message = "Keys for idempotent requests can only be used with the same parameters they were first used with.";
                return (
                    400,
                    json!({"error": {"type": "idempotency_error", "message": message}}).to_string(),
                );
            }
            return reply.clone();
        }
        let reply = match self.create(request) {
            // Not kept: it failed validation.
            Err(reply) => return reply,
            Ok(_) if fault == Some(Fault::FailedAfter) => failed(),
            Ok(session) => (200, session.to_string()),
        };
        self.keys.insert(key, (request.body.clone(), reply.clone(), now));
        reply
    }
}

fn failed() -> Reply {
    (500, json!({"error": {"type": "api_error", "message": "An unknown error occurred"}}).to_string())
}

fn missing(name: &str) -> Reply {
    refused(&format!("Missing required param: {name}."))
}

fn refused(message: &str) -> Reply {
    (400, json!({"error": {"type": "invalid_request_error", "message": message}}).to_string())
}

fn expect(request: &Request, name: &str, value: &str) -> Result<(), Reply> {
    let fits = request.headers.get(name).is_some_and(|given| given == value);
    if fits { Ok(()) } else { Err(refused(&format!("{name} must be {value}"))) }
}

fn parse(body: &str) -> Result<BTreeMap<String, String>, Reply> {
    let mut form = BTreeMap::new();
    for pair in body.split('&') {
        let (name, value) = pair.split_once('=').ok_or_else(|| refused("not a form"))?;
        if form.insert(decode(name)?, decode(value)?).is_some() {
            return Err(refused("a parameter twice"));
        }
    }
    Ok(form)
}

fn decode(text: &str) -> Result<String, Reply> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let hex = [rest.next(), rest.next()].map(Option::unwrap_or_default);
                let hex = String::from_utf8_lossy(&hex).into_owned();
                bytes.push(u8::from_str_radix(&hex, 16).map_err(|_| refused("not a form"))?);
            }
            b'[' | b']' | b':' | b'/' | b'?' | b' ' => return Err(refused("not encoded")),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| refused("not UTF-8"))
}
