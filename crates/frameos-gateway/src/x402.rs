//! x402: payment that comes with a request, from a payer who has no account here.
//!
//! Invariants: what is owed is stated before anything is done; a proof of payment stands for one run; money is taken only for a
//! run that succeeded, through a facilitator, and an answer of it that was lost is neither a success nor a failure. There is
//! no wallet in between: a mandate of such a payer holds nothing, and its capture is a direct sale. `docs/x402.md` and ADR 0022
//! say what that means for payers and operators.

mod chain;
mod facilitator;
mod payment;
mod sale;
mod settle;
mod terms;

use std::{fmt, time::Duration};

use frameos_domain::{
    clock::Timestamp,
    id::{ExecutionId, Id, UserId},
};
use frameos_store::gateway::x402::{X402_OWNER, X402Status, x402_get_by_execution_unscoped};
use secrecy::SecretString;
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::{error::GatewayError, gateway::Gateway};

use chain::Chain;
use facilitator::Facilitator;
pub use payment::{Payment, PaymentError, ProtocolVersion};
pub use sale::{Reservation, Reserved, Sale, reservation_place};
pub use terms::{Offer, PaymentRequired, Rate, RateError, Requirements, RequirementsV1, Resource, Terms};

pub(crate) use sale::{account_check, is_without_account, sale_is_settling, sale_release};

/// The name of x402 among providers: its clearing account in the ledger.
pub(crate) const PROVIDER: &str = "x402";
/// Proofs checked with the facilitator at once: anybody may send some.
const VERIFICATIONS: usize = 32;

/// What an operator says of x402. The same in every process.
#[derive(Clone)]
pub struct X402Config {
    /// Without a trailing slash.
    pub facilitator_url: String,
    /// Sent to the facilitator as a bearer token.
    pub facilitator_token: Option<SecretString>,
    /// CAIP-2, such as `eip155:8453`.
    pub network: String,
    /// The token's contract.
    pub asset: String,
    /// The token's EIP-712 domain.
    pub asset_name: String,
    pub asset_version: String,
    /// Who is paid.
    pub pay_to: String,
    /// What a currency's minor unit is worth in the token's smallest.
    pub rates: Vec<Rate>,
    /// How long the facilitator may take to answer.
    pub answer_timeout: Duration,
    /// Runs that one payer may have under way.
    pub payer_runs: u32,
    /// A node of the chain, to look up payments whose settlement's answer was lost.
    pub rpc_url: Option<SecretString>,
}

/// x402 as this installation offers it.
pub struct X402 {
    config: X402Config,
    facilitator: Facilitator,
    chain: Option<Chain>,
    verifications: Semaphore,
}

impl fmt::Debug for X402 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X402").field("network", &self.config.network).finish_non_exhaustive()
    }
}

/// What is known of how a run's payment was settled, as the header `PAYMENT-RESPONSE` says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SettlementResponse {
    pub success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_reason: Option<String>,
    pub payer: String,
    /// The transaction's hash; empty when it is not known.
    pub transaction: String,
    pub network: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
}

impl X402 {
    pub(crate) fn new(config: X402Config) -> Result<Self, GatewayError> {
        let facilitator = Facilitator::new(&config)?;
        let chain = config.rpc_url.clone().map(|url| Chain::new(url, &config.pay_to)).transpose()?;
        Ok(Self { config, facilitator, chain, verifications: Semaphore::new(VERIFICATIONS) })
    }

    /// Runs that one payer may have under way.
    pub const fn payer_runs(&self) -> u32 {
        self.config.payer_runs
    }

    /// Asks the facilitator whether a payment would be good. The inner error says why not.
    pub async fn verify(&self, payment: &Payment, terms: &Terms) -> Result<Result<(), String>, GatewayError> {
        let _turn = self.verifications.acquire().await.map_err(GatewayError::internal)?;
        self.facilitator.verify(&terms.request(payment)).await
    }
}

impl Gateway {
    /// The same gateway, taking x402 payments too.
    pub fn with_x402(self, config: X402Config) -> Result<Self, GatewayError> {
        Ok(Self { x402: Some(std::sync::Arc::new(X402::new(config)?)), ..self })
    }

    /// x402, if it is offered.
    pub fn x402(&self) -> Option<&X402> {
        self.x402.as_deref()
    }

    /// How the payment of a run was settled; none while that is open, and for a run that was not paid by x402.
    pub async fn x402_settlement(
        &self,
        execution: ExecutionId,
    ) -> Result<Option<(ProtocolVersion, SettlementResponse)>, GatewayError> {
        let row = self.store.read(move |tx| Box::pin(x402_get_by_execution_unscoped(tx, execution))).await?;
        Ok(row.and_then(|row| {
            let success = match row.status {
                X402Status::Settled => true,
                X402Status::Refused => false,
                X402Status::Reserved | X402Status::Settling | X402Status::Released => return None,
            };
            let version = ProtocolVersion::of_request(&row.request);
            let network = version.network_name(&row.network);
            let response = SettlementResponse {
                success,
                error_reason: row.reason,
                payer: row.payer,
                transaction: row.transaction_hash.unwrap_or_default(),
                network,
                amount: success.then_some(row.amount),
            };
            Some((version, response))
        }))
    }
}

/// The name of a payer without an account in the gateway's books.
pub fn payer_name(network: &str, address: &str) -> String {
    format!("{X402_OWNER}{network}:{address}")
}

/// The id under which a payer without an account owns runs. It is made of network and address, and begins like no account's:
/// its time is the beginning of time.
pub fn payer_id(network: &str, address: &str) -> UserId {
    let hash = frameos_domain::canonical::sha256_hex(payer_name(network, address).as_bytes());
    let mut entropy = [0; 10];
    for (index, byte) in entropy.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hash[2 * index..2 * index + 2], 16).unwrap_or(0);
    }
    Id::new(Timestamp::from_micros(0), entropy)
}
