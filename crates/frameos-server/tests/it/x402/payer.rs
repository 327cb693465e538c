//! A payer with a key of its own: signs EIP-3009 authorisations by EIP-712, as a wallet does.

use base64::{Engine, engine::general_purpose::STANDARD};
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use serde_json::{Value, json};
use sha3::{Digest, Keccak256};

use crate::harness::Answer;

/// The token and its domain.
pub const ASSET: &str = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
pub const CHAIN: u64 = 84_532;

pub fn keccak(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

pub fn hex0x(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn word_of_hex(text: &str) -> [u8; 32] {
    let bytes = hex::decode(text.trim_start_matches("0x")).unwrap();
    let mut word = [0; 32];
    word[32 - bytes.len()..].copy_from_slice(&bytes);
    word
}

fn word_of_number(number: u128) -> [u8; 32] {
    let mut word = [0; 32];
    word[16..].copy_from_slice(&number.to_be_bytes());
    word
}

/// What is signed for an authorisation: the EIP-712 digest of `TransferWithAuthorization`.
pub fn authorization_digest(authorization: &Value) -> [u8; 32] {
    let number = |name: &str| word_of_number(authorization[name].as_str().unwrap().parse().unwrap());
    let word = |name: &str| word_of_hex(authorization[name].as_str().unwrap());
    let domain_type = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    let domain = [
        keccak(domain_type.as_bytes()),
        keccak(b"USDC"),
        keccak(b"2"),
        word_of_number(CHAIN.into()),
        word_of_hex(ASSET),
    ];
    let message_type = "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,\
                        uint256 validBefore,bytes32 nonce)";
    let message = [
        keccak(message_type.as_bytes()),
        word("from"),
        word("to"),
        number("value"),
        number("validAfter"),
        number("validBefore"),
        word("nonce"),
    ];
    keccak(&[&[0x19, 0x01][..], &keccak(&domain.concat()), &keccak(&message.concat())].concat())
}

fn address_of(key: &VerifyingKey) -> String {
    let point = key.to_sec1_point(false);
    hex0x(&keccak(&point.as_bytes()[1..])[12..])
}

/// Who signed an authorisation.
pub fn signer_of(authorization: &Value, signature: &str) -> Option<String> {
    let bytes = hex::decode(signature.strip_prefix("0x")?).ok()?;
    let recovery = RecoveryId::from_byte(bytes.get(64)?.checked_sub(27)?)?;
    let signature = Signature::from_slice(bytes.get(..64)?).ok()?;
    let digest = authorization_digest(authorization);
    VerifyingKey::recover_from_prehash(&digest, &signature, recovery).ok().map(|key| address_of(&key))
}

pub struct Payer(SigningKey);

impl Payer {
    pub fn new(number: u8) -> Self {
        Self(SigningKey::from_slice(&[number; 32]).unwrap())
    }

    pub fn address(&self) -> String {
        address_of(self.0.verifying_key())
    }

    /// The value of `PAYMENT-SIGNATURE` that answers a demand.
    pub fn pay(&self, demand: &Answer, nonce: u8) -> String {
        let required = header_json(demand, "payment-required");
        let accepted = required["accepts"][0].clone();
        let payload = self.payload(&accepted, accepted["amount"].as_str().unwrap(), nonce);
        encode(
            &json!({"x402Version": 2, "resource": required["resource"], "accepted": accepted, "payload": payload}),
        )
    }

    /// The value of `X-PAYMENT` that answers the body of a demand.
    pub fn pay_first_version(&self, demand: &Answer, nonce: u8) -> String {
        assert_eq!(demand.json["x402Version"], 1);
        let accepted = demand.json["accepts"][0].clone();
        let payload = self.payload(&accepted, accepted["maxAmountRequired"].as_str().unwrap(), nonce);
        encode(
            &json!({"x402Version": 1, "scheme": "exact", "network": accepted["network"], "payload": payload}),
        )
    }

    fn payload(&self, accepted: &Value, amount: &str, nonce: u8) -> Value {
        let until = now_seconds() + accepted["maxTimeoutSeconds"].as_u64().unwrap();
        let authorization = json!({
            "from": self.address(), "to": accepted["payTo"], "value": amount,
            "validAfter": "0", "validBefore": until.to_string(), "nonce": hex0x(&[nonce; 32]),
        });
        let digest = authorization_digest(&authorization);
        let (signature, recovery) = self.0.sign_prehash_recoverable(&digest);
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + recovery.to_byte());
        json!({"signature": hex0x(&bytes), "authorization": authorization})
    }
}

pub fn encode(value: &Value) -> String {
    STANDARD.encode(value.to_string())
}

/// A header of base64 of JSON.
pub fn header_json(answer: &Answer, name: &str) -> Value {
    let header = answer.header(name).unwrap_or_else(|| panic!("no {name} in {answer:?}"));
    serde_json::from_slice(&STANDARD.decode(header).unwrap()).unwrap()
}

pub fn now_seconds() -> u64 {
    let now = frameos_domain::clock::Clock::now(&frameos_store::clock::SystemClock);
    u64::try_from(now.as_secs()).unwrap()
}

#[test]
fn it_signs_what_the_reference_client_signs() {
    let vectors = include_str!("../../../../frameos-gateway/tests/x402/vectors.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    for version in ["v1_plain", "v2_plain"] {
        let payload = &vectors[version]["payload"];
        let signer = signer_of(&payload["authorization"], payload["signature"].as_str().unwrap()).unwrap();
        assert!(signer.eq_ignore_ascii_case(vectors["payer"].as_str().unwrap()), "{version}");
    }
    let mut altered = vectors["v2_plain"]["payload"].clone();
    altered["authorization"]["value"] = json!("1");
    let signer = signer_of(&altered["authorization"], altered["signature"].as_str().unwrap());
    assert!(!signer.is_some_and(|signer| signer.eq_ignore_ascii_case(vectors["payer"].as_str().unwrap())));
}
