//! ES256 keys (ECDSA on P-256 with SHA-256) and compact JWS as other systems sign them: for what FrameOS gives out in their formats.
//!
//! Sources: RFC 7515 (JWS), RFC 7518 section 3.4 (ES256), RFC 7638 (key ids). Invariants: a signature is made with fresh randomness,
//! so signing twice gives two texts; what is verified is the text as it came; base64url is strict. Private keys are never printed.

use std::fmt;

use aws_lc_rs::{
    agreement::{self, ECDH_P256},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::{
    canonical,
    signing::{KeySet, PublishedKey, PublishedKeyMaterial, SignatureError},
};

/// The bytes of one coordinate.
const COORDINATE: usize = 32;

/// A P-256 public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Es256PublicKey {
    x: String,
    y: String,
}

/// A private P-256 key.
pub struct Es256Key {
    pair: EcdsaKeyPair,
    public: Es256PublicKey,
}

impl fmt::Debug for Es256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Es256Key({})", self.public.kid())
    }
}

impl Es256Key {
    /// The key whose private number is these 32 bytes. Almost any 32 bytes are one.
    pub fn from_scalar(scalar: &[u8]) -> Result<Self, SignatureError> {
        let private = agreement::PrivateKey::from_private_key(&ECDH_P256, scalar)
            .map_err(|_| SignatureError::BadKey)?;
        let public = private.compute_public_key().map_err(|_| SignatureError::BadKey)?;
        let point = public.as_ref();
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, scalar, point)
                .map_err(|_| SignatureError::BadKey)?;
        // Uncompressed: a four, and the two coordinates.
        let coordinates = point.get(1..).filter(|rest| rest.len() == 2 * COORDINATE);
        let (x, y) = coordinates.ok_or(SignatureError::BadKey)?.split_at(COORDINATE);
        let public = Es256PublicKey { x: URL_SAFE_NO_PAD.encode(x), y: URL_SAFE_NO_PAD.encode(y) };
        Ok(Self { pair, public })
    }

    pub const fn public(&self) -> &Es256PublicKey {
        &self.public
    }

    /// Signs `payload` as a compact JWS of type `typ`.
    pub fn sign(&self, typ: &str, payload: &Value) -> Result<String, SignatureError> {
        let header = json!({"alg": "ES256", "kid": self.public.kid(), "typ": typ});
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(canonical::to_bytes(&header)?),
            URL_SAFE_NO_PAD.encode(canonical::to_bytes(payload)?)
        );
        let signature =
            self.pair.sign(&SystemRandom::new(), message.as_bytes()).map_err(|_| SignatureError::BadKey)?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl Es256PublicKey {
    /// The RFC 7638 thumbprint.
    pub fn kid(&self) -> String {
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, self.x, self.y);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, members.as_bytes());
        URL_SAFE_NO_PAD.encode(digest)
    }

    /// As it stands in a key set.
    pub fn published(&self) -> PublishedKey {
        PublishedKey {
            key: PublishedKeyMaterial {
                kty: "EC".into(),
                crv: "P-256".into(),
                x: self.x.clone(),
                y: Some(self.y.clone()),
            },
            kid: self.kid(),
            alg: "ES256".into(),
            usage: "sig".into(),
        }
    }

    /// The ES256 key called `kid` in a key set; it must be what its id says.
    pub fn find(keys: &KeySet, kid: &str) -> Result<Self, SignatureError> {
        let unknown = || SignatureError::UnknownKey { kid: kid.to_owned() };
        let found = keys.keys.iter().find(|key| key.kid == kid && key.alg == "ES256").ok_or_else(unknown)?;
        let material = &found.key;
        let y = material.y.clone().filter(|_| material.kty == "EC" && material.crv == "P-256");
        let key = Self { x: material.x.clone(), y: y.ok_or(SignatureError::BadKey)? };
        if key.kid() == kid { Ok(key) } else { Err(SignatureError::BadKey) }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let mut point = vec![4];
        for coordinate in [&self.x, &self.y] {
            let bytes = URL_SAFE_NO_PAD.decode(coordinate).map_err(|_| SignatureError::BadKey)?;
            if bytes.len() != COORDINATE {
                return Err(SignatureError::BadKey);
            }
            point.extend(bytes);
        }
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(message, signature)
            .map_err(|_| SignatureError::BadSignature)
    }
}

/// Checks a compact JWS of type `typ` by a key of the set and returns its payload.
///
/// The header has `alg`, `kid` and `typ` and nothing else: what is not understood (`crit`, `jwk`, …) must not be passed over.
pub fn jws_verify(jws: &str, typ: &'static str, keys: &KeySet) -> Result<Map<String, Value>, SignatureError> {
    let (message, signature) = jws.rsplit_once('.').ok_or(SignatureError::NotJws)?;
    let (header, payload) = message.split_once('.').ok_or(SignatureError::NotJws)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| SignatureError::NotJws);
    let header: Map<String, Value> =
        serde_json::from_slice(&decode(header)?).map_err(|_| SignatureError::BadHeader)?;
    let text = |name: &str| header.get(name).and_then(Value::as_str).ok_or(SignatureError::BadHeader);
    if header.len() != 3 || text("alg")? != "ES256" {
        return Err(SignatureError::BadHeader);
    }
    if text("typ")? != typ {
        return Err(SignatureError::WrongType { found: text("typ")?.to_owned(), expected: typ });
    }
    let key = Es256PublicKey::find(keys, text("kid")?)?;
    key.verify(message.as_bytes(), &decode(signature)?)?;
    serde_json::from_slice(&decode(payload)?).map_err(SignatureError::BadPayload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Es256Key {
        Es256Key::from_scalar(&[7; 32]).unwrap()
    }

    fn keys(key: &Es256Key) -> KeySet {
        KeySet { keys: vec![key.public().published()] }
    }

    #[test]
    fn the_public_key_is_that_of_the_standard() {
        // RFC 7515, appendix A.3: an ES256 key.
        let scalar = URL_SAFE_NO_PAD.decode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI").unwrap();
        let key = Es256Key::from_scalar(&scalar).unwrap();
        assert_eq!(key.public().x, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        assert_eq!(key.public().y, "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        // And the signature of that example, over its own base.
        let message = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature =
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        key.public().verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    }

    #[test]
    fn signatures_are_random_and_all_verify() {
        let payload = json!({"a": 1});
        let (one, two) = (key().sign("t", &payload).unwrap(), key().sign("t", &payload).unwrap());
        assert_ne!(one, two);
        for jws in [&one, &two] {
            assert_eq!(Value::Object(jws_verify(jws, "t", &keys(&key())).unwrap()), payload);
        }
    }

    #[test]
    fn another_type_key_or_header_is_refused() {
        let jws = key().sign("t", &json!({})).unwrap();
        assert!(matches!(jws_verify(&jws, "u", &keys(&key())), Err(SignatureError::WrongType { .. })));
        let other = Es256Key::from_scalar(&[8; 32]).unwrap();
        assert!(matches!(jws_verify(&jws, "t", &keys(&other)), Err(SignatureError::UnknownKey { .. })));
        // A key under another's name.
        let mut posing = other.public().published();
        posing.kid = key().public().kid();
        assert!(matches!(jws_verify(&jws, "t", &KeySet { keys: vec![posing] }), Err(SignatureError::BadKey)));
        let (_, rest) = jws.split_once('.').unwrap();
        for header in [
            json!({"alg": "none", "kid": key().public().kid(), "typ": "t"}),
            json!({"alg": "ES256", "kid": key().public().kid(), "typ": "t", "crit": ["x"]}),
            json!({"alg": "ES256", "typ": "t"}),
        ] {
            let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
            assert!(matches!(jws_verify(&forged, "t", &keys(&key())), Err(SignatureError::BadHeader)));
        }
        for scalar in [&[0; 32][..], &[0xff; 32], &[7; 31], &[]] {
            assert!(Es256Key::from_scalar(scalar).is_err());
        }
    }
}
