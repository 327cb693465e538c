//! Cashfree Payouts, version 2 of its interface: `POST /transfers` and `GET /transfers?transfer_id=`.
//!
//! The payout's id is the `transfer_id`, which Cashfree accepts once. Written from the public documentation and tested against
//! a double of ours, not against the live service (docs/payouts.md says what that leaves open). Invariants: the secret is
//! never printed; an answer that does not name our transfer and its amount is no answer.

use std::{fmt, time::Duration};

use frameos_domain::{money::Money, payout::PayoutAccount};
use reqwest::{Client, RequestBuilder, StatusCode, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use super::{PayoutProvider, Transfer, TransferState, TransferUnknown};
use crate::{error::GatewayError, port::BoxFuture};

const NAME: &str = "cashfree";
const API_VERSION: &str = "2024-01-01";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Well within the time a payout is claimed for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The account at Cashfree that money is sent from.
pub struct CashfreePayouts {
    client: Client,
    base: Url,
    client_id: String,
    client_secret: SecretString,
}

impl fmt::Debug for CashfreePayouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CashfreePayouts({})", self.base)
    }
}

/// Why an answer tells nothing.
#[derive(Debug, Error)]
enum CashfreeError {
    #[error("the address of Cashfree Payouts must be an http:// or https:// URL without a query")]
    BadUrl,
    #[error("Cashfree could not be reached, or not heard")]
    Unreachable(#[source] reqwest::Error),
    #[error("Cashfree answered HTTP {status}: {code}: {message}")]
    Answered { status: StatusCode, code: String, message: String },
    #[error("Cashfree's answer is not what its documentation says")]
    Unreadable(#[source] serde_json::Error),
    #[error("Cashfree answered for another transfer or amount")]
    Other,
    #[error("Cashfree answered with the unknown status `{0}`")]
    UnknownStatus(String),
    #[error("the amount cannot be written in rupees")]
    Amount,
}

#[derive(Serialize)]
struct TransferRequest<'a> {
    transfer_id: String,
    /// Rupees with two decimals, as a number: written by hand, so that no float comes near it.
    transfer_amount: Box<RawValue>,
    transfer_currency: &'a str,
    transfer_mode: &'a str,
    beneficiary_details: Beneficiary<'a>,
    transfer_remarks: &'a str,
}

#[derive(Serialize)]
struct Beneficiary<'a> {
    beneficiary_name: &'a str,
    beneficiary_instrument_details: Instrument<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Instrument<'a> {
    Upi { vpa: &'a str },
    Bank { bank_account_number: &'a str, bank_ifsc: &'a str },
}

/// What both calls answer.
#[derive(Deserialize)]
struct TransferAnswer {
    transfer_id: String,
    #[serde(default)]
    cf_transfer_id: Option<String>,
    status: String,
    #[serde(default)]
    status_code: Option<String>,
    #[serde(default)]
    status_description: Option<String>,
    transfer_amount: Box<RawValue>,
    #[serde(default)]
    transfer_utr: Option<String>,
}

#[derive(Default, Deserialize)]
struct ErrorAnswer {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl CashfreePayouts {
    /// `base` is such as `https://api.cashfree.com/payout`.
    pub fn new(base: &str, client_id: String, client_secret: SecretString) -> Result<Self, GatewayError> {
        let base = Url::parse(base).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let base = base.filter(|url| !url.cannot_be_a_base() && url.query().is_none());
        let base = base.ok_or_else(|| GatewayError::internal(CashfreeError::BadUrl))?;
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            // A redirect would carry the secret to somewhere nobody configured.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(GatewayError::internal)?;
        Ok(Self { client, base, client_id, client_secret })
    }

    fn url(&self) -> Result<Url, CashfreeError> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| CashfreeError::BadUrl)?.pop_if_empty().push("transfers");
        Ok(url)
    }

    async fn answer(&self, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), CashfreeError> {
        let response = request
            .header("x-api-version", API_VERSION)
            .header("x-client-id", &self.client_id)
            .header("x-client-secret", self.client_secret.expose_secret())
            .send()
            .await
            .map_err(CashfreeError::Unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(CashfreeError::Unreachable)?;
        Ok((status, body.to_vec()))
    }

    async fn send(&self, transfer: &Transfer) -> Result<TransferState, CashfreeError> {
        let body = serde_json::to_vec(&request(transfer)?).map_err(CashfreeError::Unreadable)?;
        let call = self.client.post(self.url()?).header("content-type", "application/json").body(body);
        let (status, body) = self.answer(call).await?;
        match status {
            status if status.is_success() => read(transfer, &body),
            // Told what is wrong with the request; everything else may be told of a transfer that was taken.
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                let ErrorAnswer { code, message } = serde_json::from_slice(&body).unwrap_or_default();
                Ok(TransferState::Refused { reason: format!("{code}: {message}") })
            }
            status => Err(answered(transfer, status, &body)),
        }
    }

    async fn find(&self, transfer: &Transfer) -> Result<Option<TransferState>, CashfreeError> {
        let mut url = self.url()?;
        url.query_pairs_mut().append_pair("transfer_id", &transfer.payout_id.to_string());
        let (status, body) = self.answer(self.client.get(url)).await?;
        match status {
            status if status.is_success() => read(transfer, &body).map(Some),
            // A proxy's 404 has no code of Cashfree's.
            StatusCode::NOT_FOUND
                if serde_json::from_slice::<ErrorAnswer>(&body).is_ok_and(|error| !error.code.is_empty()) =>
            {
                Ok(None)
            }
            status => Err(answered(transfer, status, &body)),
        }
    }
}

impl PayoutProvider for CashfreePayouts {
    fn name(&self) -> &'static str {
        NAME
    }

    fn transfer(&self, transfer: Transfer) -> BoxFuture<'_, Result<TransferState, TransferUnknown>> {
        Box::pin(async move { self.send(&transfer).await.map_err(unknown) })
    }

    fn lookup(&self, transfer: Transfer) -> BoxFuture<'_, Result<Option<TransferState>, TransferUnknown>> {
        Box::pin(async move { self.find(&transfer).await.map_err(unknown) })
    }
}

fn unknown(error: CashfreeError) -> TransferUnknown {
    TransferUnknown { provider: NAME, source: Box::new(error) }
}

/// For the log, so without what it may repeat of the account.
fn answered(transfer: &Transfer, status: StatusCode, body: &[u8]) -> CashfreeError {
    let ErrorAnswer { code, message } = serde_json::from_slice(body).unwrap_or_default();
    let hidden = |text: String| transfer.account.hidden_in(&text);
    CashfreeError::Answered { status, code: hidden(code), message: hidden(message) }
}

fn request(transfer: &Transfer) -> Result<TransferRequest<'_>, CashfreeError> {
    let (transfer_mode, instrument) = match &transfer.account {
        PayoutAccount::Upi { upi_id, .. } => ("upi", Instrument::Upi { vpa: upi_id }),
        PayoutAccount::Bank { account_number, ifsc, .. } => {
            ("banktransfer", Instrument::Bank { bank_account_number: account_number, bank_ifsc: ifsc })
        }
    };
    Ok(TransferRequest {
        transfer_id: transfer.payout_id.to_string(),
        transfer_amount: RawValue::from_string(rupees(transfer.amount)).map_err(|_| CashfreeError::Amount)?,
        transfer_currency: "INR",
        transfer_mode,
        beneficiary_details: Beneficiary {
            beneficiary_name: transfer.account.name(),
            beneficiary_instrument_details: instrument,
        },
        transfer_remarks: "FrameOS payout",
    })
}

fn rupees(amount: Money) -> String {
    format!("{}.{:02}", amount.minor / 100, amount.minor.rem_euclid(100))
}

/// Whether a number in an answer is this amount, however many decimals it is written with.
fn is_amount(number: &str, amount: Money) -> bool {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let decimals = decimals.trim_end_matches('0');
    decimals.len() <= 2 && format!("{whole}.{decimals:0<2}") == rupees(amount)
}

fn read(transfer: &Transfer, body: &[u8]) -> Result<TransferState, CashfreeError> {
    let answer: TransferAnswer = serde_json::from_slice(body).map_err(CashfreeError::Unreadable)?;
    if answer.transfer_id != transfer.payout_id.to_string()
        || !is_amount(answer.transfer_amount.get(), transfer.amount)
    {
        return Err(CashfreeError::Other);
    }
    let reason = [answer.status_code, answer.status_description];
    let reason = reason.into_iter().flatten().collect::<Vec<_>>().join(": ");
    let reference = answer.cf_transfer_id;
    match answer.status.as_str() {
        "RECEIVED" | "APPROVAL_PENDING" | "PENDING" | "QUEUED" | "SCHEDULED" => {
            Ok(TransferState::Pending { reference })
        }
        "SUCCESS" => Ok(TransferState::Paid { reference, bank_reference: answer.transfer_utr }),
        "FAILED" | "REJECTED" | "MANUALLY_REJECTED" => Ok(TransferState::Failed { reason }),
        "REVERSED" => Ok(TransferState::Returned { reason }),
        // Whatever else there may be: not knowing what it means is not knowing what happened.
        other => Err(CashfreeError::UnknownStatus(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use frameos_domain::money::Currency;

    use super::*;

    #[test]
    fn amounts_are_rupees_with_two_decimals() {
        let amount = |minor| Money::new(minor, Currency::INR);
        assert_eq!(rupees(amount(50_005)), "500.05");
        assert_eq!(rupees(amount(7)), "0.07");
        for (number, minor) in [("500.05", 50_005), ("500", 50_000), ("500.5", 50_050), ("500.500", 50_050)] {
            assert!(is_amount(number, amount(minor)), "{number}");
        }
        for (number, minor) in [("500.05", 50_050), ("500.051", 50_005), ("5e2", 50_000), ("", 0)] {
            assert!(!is_amount(number, amount(minor)), "{number}");
        }
    }
}
