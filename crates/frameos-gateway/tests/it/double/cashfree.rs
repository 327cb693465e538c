//! A double of Cashfree: Orders, their payments, and signed webhooks.
//!
//! As Cashfree does it: keys in headers, rupees with at most two decimals, an order id once; the same idempotency key with
//! another body is an error; webhooks carry base64(HMAC-SHA256(timestamp + raw body)).

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use frameos_domain::clock::{Clock, Timestamp};
use frameos_gateway::wire::ProviderWebhook;
use serde_json::{Value, json};

use super::{Answers, Fault, Reply, Request, hmac_sha256};
use crate::harness::ManualClock;

pub(crate) const CLIENT_ID: &str = "cf_double";
pub(crate) const CLIENT_SECRET: &str = "cf_double_secret";

pub(crate) struct CashfreeDouble {
    clock: Arc<ManualClock>,
    pub(crate) orders: Vec<Order>,
    keys: BTreeMap<String, (String, Reply)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: String,
    /// Paise.
    pub(crate) amount: i64,
    expires_at: i64,
    pub(crate) paid: Option<i64>,
}

impl CashfreeDouble {
    pub(crate) fn new(clock: &Arc<ManualClock>) -> Self {
        Self { clock: Arc::clone(clock), orders: Vec::new(), keys: BTreeMap::new() }
    }

    fn create(&mut self, request: &Request) -> Result<Value, Reply> {
        if request.headers.get("content-type").map(String::as_str) != Some("application/json") {
            return Err(failure(400, "request_invalid", "content-type must be application/json"));
        }
        let body: Value = serde_json::from_str(&request.body)
            .map_err(|_| failure(400, "request_invalid", "the body is not JSON"))?;
        let text = |pointer: &str| {
            let found = body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            found.ok_or_else(|| {
                failure(400, "request_invalid", &format!("{pointer} is missing in the request"))
            })
        };
        let (id, currency) = (text("/order_id")?, text("/order_currency")?);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !(3..=45).contains(&id.len()) || !id.bytes().all(fits) {
            return Err(failure(
                400,
                "order_id_invalid",
                "order_id : should be alphanumeric and may contain - or _",
            ));
        }
        if currency != "INR" {
            return Err(failure(400, "order_currency_invalid", "order_currency : currency is not enabled"));
        }
        let phone = text("/customer_details/customer_phone")?;
        let customer = text("/customer_details/customer_id")?;
        if phone.len() < 10 || !(3..=50).contains(&customer.len()) || !customer.bytes().all(fits) {
            return Err(failure(400, "customer_details_invalid", "customer_details : invalid"));
        }
        let amount = amount(&request.body).ok_or_else(|| {
            failure(400, "order_amount_invalid", "order_amount : should be at most two decimals")
        })?;
        if amount < 100 {
            return Err(failure(400, "order_amount_invalid", "order_amount : should be at least 1"));
        }
        let expiry: Timestamp = serde_json::from_value(body["order_expiry_time"].clone())
            .map_err(|_| failure(400, "order_expiry_time_invalid", "order_expiry_time : invalid"))?;
        if expiry.as_secs() - self.clock.now().as_secs() < 900 {
            return Err(failure(
                400,
                "order_expiry_time_invalid",
                "order_expiry_time : at least 15 minutes from now",
            ));
        }
        if self.orders.iter().any(|order| order.id == id) {
            return Err(failure(409, "order_already_exists", "order with same id is already present"));
        }
        self.orders.push(Order { id, amount, expires_at: expiry.as_secs(), paid: None });
        Ok(self.show(self.orders.len() - 1))
    }

    fn status(&self, index: usize) -> &'static str {
        let order = &self.orders[index];
        match order.paid {
            Some(_) => "PAID",
            None if order.expires_at <= self.clock.now().as_secs() => "EXPIRED",
            None => "ACTIVE",
        }
    }

    fn show(&self, index: usize) -> Value {
        let order = &self.orders[index];
        json!({"cf_order_id": format!("21496{index}"), "order_id": order.id, "entity": "order", "order_currency": "INR",
            "order_status": self.status(index), "payment_session_id": format!("session_{}payment", order.id)})
    }

    pub(crate) fn pay(&mut self, index: usize, amount: i64) -> bool {
        if self.status(index) != "ACTIVE" {
            return false;
        }
        self.orders[index].paid = Some(amount);
        true
    }

    pub(crate) fn success_event(&self, index: usize) -> ProviderWebhook {
        let order = &self.orders[index];
        let paid = order.paid.unwrap_or(order.amount);
        // Two decimals as Cashfree writes them: what was parsed and written again does not fit the signature.
        let body = format!(
            "{{\"data\":{{\"order\":{{\"order_id\":\"{}\",\"order_amount\":{}.{:02},\"order_currency\":\"INR\",\"order_tags\":null}},\
             \"payment\":{{\"cf_payment_id\":\"{}\",\"payment_status\":\"SUCCESS\",\"payment_amount\":{}.{:02},\
             \"payment_currency\":\"INR\",\"payment_group\":\"upi\"}},\"customer_details\":{{\"customer_id\":\"u1\"}}}},\
             \"event_time\":\"2026-11-18T16:40:00+05:30\",\"type\":\"PAYMENT_SUCCESS_WEBHOOK\"}}",
            order.id,
            order.amount / 100,
            order.amount % 100,
            payment_of(index),
            paid / 100,
            paid % 100
        );
        self.signed(body)
    }

    pub(crate) fn dropped_event(&self, index: usize) -> ProviderWebhook {
        let body = json!({"type": "PAYMENT_USER_DROPPED_WEBHOOK", "data": {"order": {"order_id": self.orders[index].id},
            "payment": {"payment_status": "USER_DROPPED"}}});
        self.signed(body.to_string())
    }

    pub(crate) fn refund_event(&self, index: usize, refund: &str, amount: i64) -> ProviderWebhook {
        let body = format!(
            "{{\"type\":\"REFUND_STATUS_WEBHOOK\",\"data\":{{\"refund\":{{\"cf_refund_id\":\"{refund}\",\"cf_payment_id\":{},\
             \"order_id\":\"{}\",\"refund_amount\":{}.{:02},\"refund_currency\":\"INR\",\"refund_status\":\"SUCCESS\"}}}}}}",
            payment_of(index),
            self.orders[index].id,
            amount / 100,
            amount % 100
        );
        self.signed(body)
    }

    pub(crate) fn signed(&self, body: String) -> ProviderWebhook {
        signed(body, CLIENT_SECRET, self.clock.now().as_millis())
    }
}

pub(crate) fn signed(body: String, secret: &str, stamp: i64) -> ProviderWebhook {
    let tag = STANDARD.encode(hmac_sha256(secret, format!("{stamp}{body}").as_bytes()));
    let headers = [("x-webhook-signature", tag), ("x-webhook-timestamp", stamp.to_string())];
    ProviderWebhook {
        provider: "cashfree".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        body: body.into_bytes(),
    }
}

fn payment_of(index: usize) -> String {
    format!("14530027{index:02}")
}

/// The order's amount in paise, from the digits in the request.
fn amount(body: &str) -> Option<i64> {
    let rest = body.split_once("\"order_amount\":")?.1;
    let number: String =
        rest.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect();
    let (rupees, paise) = number.split_once('.').unwrap_or((&number, "00"));
    (paise.len() == 2).then(|| Some(rupees.parse::<i64>().ok()? * 100 + paise.parse::<i64>().ok()?))?
}

impl Answers for CashfreeDouble {
    fn answer(&mut self, request: &Request, fault: Option<Fault>) -> Reply {
        let header = |name: &str| request.headers.get(name).map(String::as_str);
        if header("x-client-id") != Some(CLIENT_ID) || header("x-client-secret") != Some(CLIENT_SECRET) {
            return failure(401, "request_failed", "authentication Failed");
        }
        if header("x-api-version") != Some("2025-01-01") {
            return failure(400, "request_invalid", "x-api-version is missing in the request");
        }
        if request.method == "GET" {
            let path = request.path.strip_prefix("/pg/orders/").expect("the path of an order");
            let (id, payments) = path.strip_suffix("/payments").map_or((path, false), |id| (id, true));
            let known = self.orders.iter().position(|order| order.id == id);
            return match (known, payments) {
                _ if fault == Some(Fault::FailedAfter) => {
                    failure(500, "internal_error", "something is not quite right")
                }
                (None, _) => failure(404, "order_not_found", "order Reference Id does not exist"),
                (Some(index), false) => (200, self.show(index).to_string()),
                (Some(index), true) => (200, self.payments(index)),
            };
        }
        assert_eq!((&*request.method, &*request.path), ("POST", "/pg/orders"));
        let key = header("x-idempotency-key").expect("every POST has a key").to_owned();
        if let Some((body, reply)) = self.keys.get(&key) {
            if *body != request.body {
                let message = "same idempotency key was used with another request body";
                return (
                    422,
                    json!({"message": message, "code": "request_invalid", "type": "idempotency_error"})
                        .to_string(),
                );
            }
            return reply.clone();
        }
        match self.create(request) {
            Err(reply) => reply,
            // Not kept: the repeat finds the order.
            Ok(_) if fault == Some(Fault::FailedAfter) => {
                failure(500, "internal_error", "something is not quite right")
            }
            Ok(order) => {
                let reply = (200, order.to_string());
                self.keys.insert(key, (request.body.clone(), reply.clone()));
                reply
            }
        }
    }
}

impl CashfreeDouble {
    fn payments(&self, index: usize) -> String {
        let failed = "{\"cf_payment_id\":\"1\",\"payment_status\":\"FAILED\",\"payment_amount\":1,\"payment_currency\":\"INR\"}";
        match self.orders[index].paid {
            None => format!("[{failed}]"),
            Some(paid) => format!(
                "[{failed},{{\"cf_payment_id\":\"{}\",\"payment_status\":\"SUCCESS\",\"payment_amount\":{}.{:02},\"payment_currency\":\"INR\"}}]",
                payment_of(index),
                paid / 100,
                paid % 100
            ),
        }
    }
}

fn failure(status: u16, code: &str, message: &str) -> Reply {
    let kind = match status {
        401 => "authentication_error",
        500 => "api_error",
        _ => "invalid_request_error",
    };
    (status, json!({"message": message, "code": code, "type": kind}).to_string())
}
