//! The secret by which a gateway knows its client: `gwk_` and 32 random bytes in base64url.
//!
//! Invariant: what is stored of a key is its SHA-256, which is enough because a key cannot be guessed; a key is never printed by
//! accident, and whoever means to show it asks for it by name.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    canonical,
    signing::{SignatureError, SigningKey},
};

/// What a client's API key begins with.
pub const CLIENT_KEY_PREFIX: &str = "gwk_";
/// What a client's signing key begins with, in a configuration.
pub const CLIENT_SIGNING_KEY_PREFIX: &str = "gws_";

/// An API key, shown once.
pub struct ClientKey(String);

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientKey")
    }
}

impl ClientKey {
    /// A fresh key.
    pub fn generate() -> Result<Self, SignatureError> {
        let bytes = SigningKey::generate_seed()?;
        Ok(Self(format!("{CLIENT_KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The key itself, to be shown to its owner.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> String {
        client_key_hash(&self.0)
    }
}

/// What is stored of a key.
pub fn client_key_hash(key: &str) -> String {
    canonical::sha256_hex(key.as_bytes())
}

/// The text of a client's private signing key.
pub fn client_signing_key_text(seed: &[u8; 32]) -> String {
    format!("{CLIENT_SIGNING_KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(seed))
}

/// The private signing key that `text` holds.
pub fn client_signing_key_read(text: &str) -> Result<SigningKey, SignatureError> {
    let encoded = text.strip_prefix(CLIENT_SIGNING_KEY_PREFIX).ok_or(SignatureError::BadKey)?;
    let seed = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| SignatureError::BadKey)?;
    if seed.len() == 32 { SigningKey::from_seed(&seed) } else { Err(SignatureError::BadKey) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_and_do_not_print() {
        let (one, two) = (ClientKey::generate().unwrap(), ClientKey::generate().unwrap());
        assert_ne!(one.expose(), two.expose());
        assert_eq!((one.expose().len(), one.hash().len()), (47, 64));
        assert!(!format!("{one:?}").contains(&one.expose()[4..]));
    }

    #[test]
    fn a_signing_key_is_read_back() {
        let text = client_signing_key_text(&[7; 32]);
        let read = client_signing_key_read(&text).unwrap();
        assert_eq!(read.public(), SigningKey::from_seed(&[7; 32]).unwrap().public());
        for bad in ["", "gws_", "gwk_AAAA", &text[..40], &text.replace("gws_", "gwk_")] {
            assert!(client_signing_key_read(bad).is_err(), "{bad}");
        }
    }
}
