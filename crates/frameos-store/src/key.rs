//! The installation's master key and what is derived from it.
//!
//! Invariants: a key is 32 random bytes, wiped from memory when dropped and never printable. Everything that encrypts or
//! signs uses a key derived for that one purpose (HKDF-SHA-256, RFC 5869), never the master key itself. Where the key is kept
//! is the configuration's business.

use std::fmt;

use aws_lc_rs::{digest, hkdf, rand};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

/// 32 secret bytes from which all other keys follow.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Why a master key was not accepted or could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("a master key is 64 hexadecimal digits")]
    NotHex,
    #[error("the system random source failed")]
    NoRandomness,
}

impl MasterKey {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads 64 hexadecimal digits, as [`MasterKey::to_hex`] writes them.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).map_err(|_| KeyError::NotHex)?;
        Ok(Self(bytes))
    }

    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        rand::fill(bytes.as_mut_slice()).map_err(|_| KeyError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// The text for the key file. Wiped when dropped.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }

    /// The key for one purpose; the same `purpose` always gives the same key.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"frameos");
        let secret = salt.extract(self.0.as_slice());
        let mut out = Zeroizing::new([0; 32]);
        // Expanding to 32 bytes cannot fail: the limit of RFC 5869 is 255 times the hash length.
        #[expect(clippy::expect_used, reason = "the length is a constant within HKDF's limit")]
        secret
            .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|key| key.fill(out.as_mut_slice()))
            .expect("32 bytes are within HKDF's limit");
        out
    }

    /// Names the key without revealing it: eight hexadecimal digits.
    pub fn id(&self) -> String {
        hex::encode(self.id_bytes())
    }

    /// The same, as ciphertexts carry it.
    pub(crate) fn id_bytes(&self) -> [u8; 4] {
        let mut named = b"frameos key id".to_vec();
        named.extend_from_slice(self.0.as_slice());
        let digest = digest::digest(&digest::SHA256, &named);
        named.zeroize();
        let mut id = [0; 4];
        id.copy_from_slice(&digest.as_ref()[..4]);
        id
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_and_are_not_shown() {
        let key = MasterKey::generate().unwrap();
        let hex = key.to_hex();
        assert_eq!(MasterKey::parse(&format!("{}\n", *hex)).unwrap().id(), key.id());
        assert_eq!(MasterKey::parse("abc").unwrap_err(), KeyError::NotHex);
        assert!(!format!("{key:?}").contains(&hex[..8]));
    }

    #[test]
    fn each_purpose_has_its_own_key() {
        let key = MasterKey::from_bytes([7; 32]);
        assert_ne!(key.derive("a"), key.derive("b"));
        assert_eq!(key.derive("a"), MasterKey::from_bytes([7; 32]).derive("a"));
        assert_ne!(key.derive("a"), MasterKey::from_bytes([8; 32]).derive("a"));
    }
}
