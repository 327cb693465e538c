//! Ed25519 keys, JSON Web Keys and compact JWS over canonical JSON.
//!
//! Sources: RFC 8032 (Ed25519), RFC 8037 (OKP keys in JOSE), RFC 7515 (JWS), RFC 7638 (key ids are thumbprints).
//! Invariants: `alg` is always `EdDSA`; base64url is strict (no padding, no stray trailing bits), so a document has exactly
//! one valid text; the payload of a JWS is the canonical form of its document. Private keys are never printed.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use aws_lc_rs::{
    rand,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use thiserror::Error;

use crate::canonical::{self, CanonicalError};

/// Why a key or a signed document was not accepted.
#[derive(Debug, Error)]
pub enum SignatureError {
    #[error("not an Ed25519 key")]
    BadKey,
    #[error("not a compact JWS with three base64url parts")]
    NotJws,
    #[error("the JWS header is not the one FrameOS writes")]
    BadHeader,
    #[error("the document type is `{found}`, expected `{expected}`")]
    WrongType { found: String, expected: &'static str },
    #[error("signed with key `{kid}`, which is not in the key set")]
    UnknownKey { kid: String },
    #[error("the signature does not match: the document was changed or signed by somebody else")]
    BadSignature,
    #[error("the signed payload is not a well-formed document")]
    BadPayload(#[source] serde_json::Error),
    #[error("the payload cannot be put in canonical form")]
    Canonical(#[from] CanonicalError),
}

/// An Ed25519 public key as a JSON Web Key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKey {
    kty: String,
    crv: String,
    /// The 32 key bytes, base64url.
    x: String,
}

/// A published key: a JWK with its id and use.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublishedKey {
    #[serde(flatten)]
    pub key: PublishedKeyMaterial,
    pub kid: String,
    pub alg: String,
    #[serde(rename = "use")]
    pub usage: String,
}

/// The key material inside a published key.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublishedKeyMaterial {
    pub kty: String,
    pub crv: String,
    pub x: String,
    /// Only a P-256 key has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
}

/// A JSON Web Key Set, as served at `/.well-known/jwks.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeySet {
    pub keys: Vec<PublishedKey>,
}

impl KeySet {
    /// The set of the given public keys.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a PublicKey>) -> Self {
        let publish = |key: &PublicKey| PublishedKey {
            key: PublishedKeyMaterial {
                kty: key.kty.clone(),
                crv: key.crv.clone(),
                x: key.x.clone(),
                y: None,
            },
            kid: key.kid(),
            alg: "EdDSA".into(),
            usage: "sig".into(),
        };
        Self { keys: keys.into_iter().map(publish).collect() }
    }

    /// Whether `key` itself, not merely its id, is in the set.
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.keys.iter().any(|known| known.key.x == key.x && known.key.crv == key.crv)
    }
}

impl PublicKey {
    fn from_bytes(bytes: &[u8]) -> Self {
        Self { kty: "OKP".into(), crv: "Ed25519".into(), x: URL_SAFE_NO_PAD.encode(bytes) }
    }

    /// The key of 32 bytes in base64url, as [`PublicKey::x`] gives them.
    pub fn from_x(x: &str) -> Result<Self, SignatureError> {
        let key = Self { kty: "OKP".into(), crv: "Ed25519".into(), x: x.to_owned() };
        key.bytes().map(|_| key)
    }

    /// The 32 key bytes, base64url.
    pub fn x(&self) -> &str {
        &self.x
    }

    /// The RFC 7638 thumbprint.
    pub fn kid(&self) -> String {
        let canonical = format!(r#"{{"crv":"{}","kty":"{}","x":"{}"}}"#, self.crv, self.kty, self.x);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
        URL_SAFE_NO_PAD.encode(digest)
    }

    /// The 32 raw key bytes.
    pub fn bytes(&self) -> Result<[u8; 32], SignatureError> {
        if self.kty != "OKP" || self.crv != "Ed25519" {
            return Err(SignatureError::BadKey);
        }
        let bytes = URL_SAFE_NO_PAD.decode(&self.x).map_err(|_| SignatureError::BadKey)?;
        bytes.try_into().map_err(|_| SignatureError::BadKey)
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        UnparsedPublicKey::new(&ED25519, self.bytes()?)
            .verify(message, signature)
            .map_err(|_| SignatureError::BadSignature)
    }
}

/// A key to sign with, and those that were signed with before it.
#[derive(Debug)]
pub struct Keyring {
    pub active: SigningKey,
    /// Published so that what they signed keeps verifying.
    pub retired: Vec<PublicKey>,
}

impl Keyring {
    pub const fn new(active: SigningKey) -> Self {
        Self { active, retired: Vec::new() }
    }

    /// All public keys, the active one first.
    pub fn set(&self) -> KeySet {
        KeySet::of(std::iter::once(self.active.public()).chain(&self.retired))
    }
}

/// The keyring of a running process, which is replaced when a key is rotated.
#[derive(Debug)]
pub struct CurrentKeys(RwLock<Arc<Keyring>>);

impl CurrentKeys {
    pub fn new(keys: Keyring) -> Self {
        Self(RwLock::new(Arc::new(keys)))
    }

    /// The keyring as it stands: one document is signed with one.
    pub fn get(&self) -> Arc<Keyring> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn replace(&self, keys: Keyring) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}

/// A private Ed25519 key.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.kid())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    jwk: PublicKey,
    kid: String,
    typ: String,
}

impl SigningKey {
    /// A fresh random seed: what is stored of a private key.
    pub fn generate_seed() -> Result<[u8; 32], SignatureError> {
        let mut seed = [0; 32];
        rand::fill(&mut seed).map_err(|_| SignatureError::BadKey)?;
        Ok(seed)
    }

    /// The key of a 32-byte seed.
    pub fn from_seed(seed: &[u8]) -> Result<Self, SignatureError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| SignatureError::BadKey)?;
        let public = PublicKey::from_bytes(pair.public_key().as_ref());
        Ok(Self { pair, public })
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The private key in PKCS #8 DER, for libraries that sign JWTs.
    pub fn to_pkcs8(&self) -> Result<Vec<u8>, SignatureError> {
        let document = self.pair.to_pkcs8v1().map_err(|_| SignatureError::BadKey)?;
        Ok(document.as_ref().to_vec())
    }

    /// The 64 bytes of the signature over `message`.
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    /// Signs the canonical form of `document` as a compact JWS of type `typ`.
    pub fn sign<T: Serialize>(&self, typ: &str, document: &T) -> Result<String, SignatureError> {
        let header = json!({"alg": "EdDSA", "jwk": self.public, "kid": self.public.kid(), "typ": typ});
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(canonical::to_bytes(&header)?),
            URL_SAFE_NO_PAD.encode(canonical::to_bytes(document)?)
        );
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(message.as_bytes()));
        Ok(format!("{message}.{signature}"))
    }
}

/// Checks a compact JWS of type `typ` and returns its document and the key that signed it.
///
/// With `trusted`, the signing key must be in that set. Without, the document is only known to be unchanged since the holder
/// of the returned key signed it: show that key's id to whoever decides on trust.
pub fn verify<T: Serialize + DeserializeOwned>(
    jws: &str,
    typ: &'static str,
    trusted: Option<&KeySet>,
) -> Result<(T, PublicKey), SignatureError> {
    let (message, signature) = jws.rsplit_once('.').ok_or(SignatureError::NotJws)?;
    let (header, payload) = message.split_once('.').ok_or(SignatureError::NotJws)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| SignatureError::NotJws);
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| SignatureError::BadHeader)?;
    if header.alg != "EdDSA" || header.kid != header.jwk.kid() {
        return Err(SignatureError::BadHeader);
    }
    if header.typ != typ {
        return Err(SignatureError::WrongType { found: header.typ, expected: typ });
    }
    if trusted.is_some_and(|keys| !keys.contains(&header.jwk)) {
        return Err(SignatureError::UnknownKey { kid: header.kid });
    }
    header.jwk.verify(message.as_bytes(), &decode(signature)?)?;
    let payload = decode(payload)?;
    let document: T = serde_json::from_slice(&payload).map_err(SignatureError::BadPayload)?;
    if canonical::to_bytes(&document)? != payload {
        return Err(SignatureError::BadSignature);
    }
    Ok((document, header.jwk))
}

/// The document in a JWS whose exact text is already known to be the right one, by its hash. Checks no signature.
pub fn read_unverified<T: DeserializeOwned>(jws: &str) -> Result<T, SignatureError> {
    let payload = jws.split('.').nth(1).ok_or(SignatureError::NotJws)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| SignatureError::NotJws)?;
    serde_json::from_slice(&payload).map_err(SignatureError::BadPayload)
}

/// The `typ` that a compact JWS says it has. Checks nothing.
pub fn type_unverified(jws: &str) -> Option<String> {
    let header = URL_SAFE_NO_PAD.decode(jws.split('.').next()?).ok()?;
    serde_json::from_slice::<Header>(&header).ok().map(|header| header.typ)
}

#[cfg(test)]
mod tests;
