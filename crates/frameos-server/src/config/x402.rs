//! What an operator says of x402, and how its values are read. Whether it is all there is checked when a process starts.

use frameos_gateway::x402::Rate;
use secrecy::SecretString;
use toml::Value;

use super::{
    key::{Raw, Refused},
    read::{string, url},
};

/// x402: payment with the request. Off without a facilitator.
#[derive(Debug, Clone)]
pub struct X402Config {
    /// Who checks and settles payments.
    pub facilitator_url: Option<String>,
    /// The bearer secret for it.
    pub facilitator_token: Option<SecretString>,
    /// CAIP-2.
    pub network: Option<String>,
    /// The token's contract.
    pub asset: Option<String>,
    /// The token's EIP-712 domain.
    pub asset_name: String,
    pub asset_version: String,
    /// The address that is paid.
    pub pay_to: Option<String>,
    /// What a currency's minor unit is worth in the token's smallest.
    pub rates: Vec<Rate>,
    /// How long the facilitator may take to answer.
    pub answer_seconds: u32,
    /// Runs that one payer may have under way.
    pub payer_runs: u32,
    /// A node of the chain. Its URL may hold a key.
    pub rpc_url: Option<SecretString>,
}

impl Default for X402Config {
    fn default() -> Self {
        Self {
            facilitator_url: None,
            facilitator_token: None,
            network: None,
            asset: None,
            asset_name: "USDC".to_owned(),
            asset_version: "2".to_owned(),
            pay_to: None,
            rates: Vec::new(),
            answer_seconds: 30,
            payer_runs: 5,
            rpc_url: None,
        }
    }
}

/// A node's URL.
pub(super) fn rpc_url(raw: Raw<'_>) -> Result<SecretString, Refused> {
    url(raw).map(SecretString::from)
}

/// A network of the Ethereum family, by its CAIP-2 name.
pub(super) fn network(raw: Raw<'_>) -> Result<String, Refused> {
    let text = string(raw)?;
    let chain = text.strip_prefix("eip155:").unwrap_or_default();
    let fits = (1..=18).contains(&chain.len()) && chain.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(text) } else { Err(Refused::NotAllowed) }
}

/// An address of that family.
pub(super) fn chain_address(raw: Raw<'_>) -> Result<String, Refused> {
    let text = string(raw)?;
    let digits = text.strip_prefix("0x").unwrap_or_default();
    let fits = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fits { Ok(text) } else { Err(Refused::NotAllowed) }
}

/// A word of the token's signing domain.
pub(super) fn domain_word(raw: Raw<'_>) -> Result<String, Refused> {
    let text = string(raw)?;
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if fits { Ok(text) } else { Err(Refused::NotAllowed) }
}

/// Rates such as `INR=117.95`, one a currency.
pub(super) fn rates(raw: Raw<'_>) -> Result<Vec<Rate>, Refused> {
    let texts: Vec<String> = match raw {
        Raw::Text(text) => text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
        Raw::Toml(Value::Array(values)) => {
            values.iter().map(|value| string(Raw::Toml(value))).collect::<Result<_, _>>()?
        }
        Raw::Toml(_) => return Err(Refused::NotAllowed),
    };
    let read = texts.iter().map(|text| text.parse::<Rate>().map_err(|_| Refused::NotAllowed));
    let rates = read.collect::<Result<Vec<_>, _>>()?;
    let twice = rates
        .iter()
        .enumerate()
        .any(|(at, rate)| rates.iter().skip(at + 1).any(|other| other.currency == rate.currency));
    if twice { Err(Refused::NotAllowed) } else { Ok(rates) }
}
