//! Looking a payment up on its chain, over Ethereum's JSON-RPC: what a facilitator cannot be asked once its answer was lost.
//!
//! Invariants: it reads only; what cannot be told is an error, never a guess; the node's URL may hold a key and is never printed.

use std::time::Duration;

use frameos_domain::clock::Timestamp;
use frameos_store::gateway::x402::X402Row;
use reqwest::{Client, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use thiserror::Error;

use crate::error::GatewayError;

/// `authorizationState(address,bytes32)`.
const AUTHORIZATION_STATE: &str = "0xe94a0102";
/// `AuthorizationUsed(address,bytes32)`.
const AUTHORIZATION_USED: &str = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
/// `AuthorizationCanceled(address,bytes32)`.
const AUTHORIZATION_CANCELED: &str = "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81";
/// `Transfer(address,address,uint256)`.
const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/// How far back an event is looked for: hours, and within what public nodes allow.
const BLOCKS_BACK: u64 = 9_000;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Chain {
    client: Client,
    url: SecretString,
    pay_to: String,
}

/// What the chain says of an authorisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// It paid us.
    Moved { transaction: String },
    /// It is used up, and did not pay us.
    Lost,
    /// It was not used, as of a block of that time.
    Unused { at: Timestamp },
}

#[derive(Debug, Error)]
pub(super) enum ChainError {
    #[error("the chain's node did not answer")]
    NoAnswer(#[source] reqwest::Error),
    #[error("the chain's node refused `{method}`")]
    Refused { method: &'static str },
    #[error("the chain's node answered `{method}` with something else")]
    Unreadable { method: &'static str },
    #[error("the authorisation is used, but not by any block that was looked at")]
    TooOld,
}

impl Chain {
    pub(super) fn new(url: SecretString, pay_to: &str) -> Result<Self, GatewayError> {
        let parsed = Url::parse(url.expose_secret()).ok();
        if !parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https")) {
            return Err(GatewayError::internal("`x402.rpc_url` must be an http:// or https:// URL"));
        }
        let client = Client::builder()
            .timeout(ANSWER_TIMEOUT)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(GatewayError::internal)?;
        Ok(Self { client, url, pay_to: pay_to.to_owned() })
    }

    pub(super) async fn find(&self, row: &X402Row) -> Result<Found, ChainError> {
        let block = self.ask("eth_getBlockByNumber", json!(["latest", false])).await?;
        let (number, seconds) = (number(&block["number"]), number(&block["timestamp"]));
        let unreadable = ChainError::Unreadable { method: "eth_getBlockByNumber" };
        let (Some(number), Some(seconds)) = (number, seconds) else { return Err(unreadable) };
        let (payer, nonce) = (word(&row.payer), &row.nonce);
        let data = format!("{AUTHORIZATION_STATE}{}{}", &payer[2..], &nonce[2..]);
        let state = self.ask("eth_call", json!([{"to": row.asset, "data": data}, hex(number)])).await?;
        let used = state.as_str().filter(|text| text.len() == 66).and_then(|text| text.chars().last());
        match used {
            Some('0') => {
                let seconds = i64::try_from(seconds).map_err(|_| unreadable)?;
                return Ok(Found::Unused { at: Timestamp::from_micros(seconds.saturating_mul(1_000_000)) });
            }
            Some('1') => {}
            _ => return Err(ChainError::Unreadable { method: "eth_call" }),
        }
        let filter = json!([{
            "address": row.asset,
            "fromBlock": hex(number.saturating_sub(BLOCKS_BACK)),
            "toBlock": hex(number),
            "topics": [[AUTHORIZATION_USED, AUTHORIZATION_CANCELED], payer, nonce],
        }]);
        let logs = self.ask("eth_getLogs", filter).await?;
        let event = logs.as_array().and_then(|logs| logs.first()).ok_or(ChainError::TooOld)?;
        if event["topics"][0] != AUTHORIZATION_USED {
            return Ok(Found::Lost);
        }
        let transaction =
            event["transactionHash"].as_str().ok_or(ChainError::Unreadable { method: "eth_getLogs" })?;
        let receipt = self.ask("eth_getTransactionReceipt", json!([transaction])).await?;
        let logs = receipt["logs"].as_array();
        let logs = logs.ok_or(ChainError::Unreadable { method: "eth_getTransactionReceipt" })?;
        let paid = logs.iter().any(|log| self.is_payment(log, row, &payer));
        Ok(if paid { Found::Moved { transaction: transaction.to_owned() } } else { Found::Lost })
    }

    /// Whether an event is the token's word that the amount went to us.
    fn is_payment(&self, log: &Value, row: &X402Row, payer: &str) -> bool {
        let is =
            |value: &Value, text: &str| value.as_str().is_some_and(|said| said.eq_ignore_ascii_case(text));
        let amount = row.amount.parse::<u128>().map(|amount| format!("0x{amount:064x}"));
        is(&log["address"], &row.asset)
            && is(&log["topics"][0], TRANSFER)
            && is(&log["topics"][1], payer)
            && is(&log["topics"][2], &word(&self.pay_to))
            && amount.is_ok_and(|amount| is(&log["data"], &amount))
    }

    async fn ask(&self, method: &'static str, params: Value) -> Result<Value, ChainError> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        // Its URL would be in the error.
        let no_answer = |error: reqwest::Error| ChainError::NoAnswer(error.without_url());
        let response =
            self.client.post(self.url.expose_secret()).json(&request).send().await.map_err(no_answer)?;
        let mut answer: Value = response.json().await.map_err(no_answer)?;
        match answer.get_mut("result") {
            Some(result) if !result.is_null() => Ok(result.take()),
            _ => Err(ChainError::Refused { method }),
        }
    }
}

/// An address as a topic.
fn word(address: &str) -> String {
    format!("0x{:0>64}", address.trim_start_matches("0x").to_ascii_lowercase())
}

fn number(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}

fn hex(number: u64) -> String {
    format!("{number:#x}")
}
