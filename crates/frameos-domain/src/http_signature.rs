//! HTTP message signatures of requests, as a gateway's client makes them and the gateway checks them.
//!
//! Sources: RFC 9421 (HTTP Message Signatures) with `ed25519`, RFC 9530 (`Content-Digest`), RFC 8941 (the syntax of both).
//! Invariants: a signature covers method, path, query, the body's digest and the idempotency key; it has `created`, `nonce` and
//! `keyid`; it counts for [`WINDOW_SECONDS`] around its making. That a nonce counts once is the business of whoever remembers it.

use base64::{Engine, engine::general_purpose::STANDARD};
use thiserror::Error;

use crate::signing::{PublicKey, SigningKey};

/// How far `created` may be from now, in either direction.
pub const WINDOW_SECONDS: i64 = 60;
const LABEL: &str = "frameos";
const ALGORITHM: &str = "ed25519";
const NONCE_LENGTHS: std::ops::RangeInclusive<usize> = 16..=128;

/// Why a signature was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HttpSignatureError {
    #[error("`{header}` is not what RFC 9421 asks for with one signature")]
    Malformed { header: &'static str },
    #[error("the signature must cover `{component}`")]
    NotCovered { component: &'static str },
    #[error("the signature covers `{component}`, which this gateway does not look at")]
    Unsupported { component: String },
    #[error("the signature needs the parameter `{parameter}`")]
    NoParameter { parameter: &'static str },
    #[error("`alg` must be `ed25519`")]
    Algorithm,
    #[error("`keyid` is not the id of this client's signing key")]
    UnknownKey,
    #[error("`nonce` must have 16 to 128 characters")]
    Nonce,
    #[error("`created` is more than {WINDOW_SECONDS} seconds from now; compare the clocks")]
    OutsideWindow,
    #[error("`Content-Digest` is not the SHA-256 of the body")]
    WrongDigest,
    #[error("the signature does not match")]
    WrongSignature,
}

/// The parts of a request that a signature speaks of.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    pub method: &'a str,
    /// As it is sent: percent-encoded, without the query.
    pub path: &'a str,
    pub query: Option<&'a str>,
    /// The value of `Content-Digest`; needed with a body.
    pub content_digest: Option<&'a str>,
    /// The value of `Idempotency-Key`.
    pub idempotency_key: Option<&'a str>,
}

/// The two headers that carry a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureHeaders {
    pub signature_input: String,
    pub signature: String,
}

/// The value of `Content-Digest` for a body.
pub fn content_digest(body: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
    format!("sha-256=:{}:", STANDARD.encode(digest))
}

/// Whether a `Content-Digest`, which may hold several digests, has the right SHA-256 of `body`.
pub fn content_digest_check(value: &str, body: &[u8]) -> Result<(), HttpSignatureError> {
    let expected = content_digest(body);
    let holds = value.split(',').any(|member| member.trim() == expected);
    if holds { Ok(()) } else { Err(HttpSignatureError::WrongDigest) }
}

impl<'a> SignedRequest<'a> {
    /// The components that a signature of this request has to cover.
    fn components(&self) -> Vec<&'static str> {
        let mut components = vec!["@method", "@path", "@query"];
        components.extend(self.content_digest.map(|_| "content-digest"));
        components.extend(self.idempotency_key.map(|_| "idempotency-key"));
        components
    }

    fn value(&self, component: &str) -> Option<std::borrow::Cow<'a, str>> {
        Some(match component {
            "@method" => self.method.into(),
            "@path" => if self.path.is_empty() { "/" } else { self.path }.into(),
            "@query" => format!("?{}", self.query.unwrap_or_default()).into(),
            "content-digest" => self.content_digest?.trim().into(),
            "idempotency-key" => self.idempotency_key?.trim().into(),
            _ => return None,
        })
    }

    /// What is signed: one line for each component, and the parameters.
    fn base(&self, components: &[&str], parameters: &str) -> Result<String, HttpSignatureError> {
        let mut base = String::new();
        for component in components {
            let value = self
                .value(component)
                .ok_or_else(|| HttpSignatureError::Unsupported { component: (*component).to_owned() })?;
            base.push_str(&format!("\"{component}\": {value}\n"));
        }
        base.push_str(&format!("\"@signature-params\": {parameters}"));
        Ok(base)
    }

    /// Signs the request at `created` (seconds since 1970) with a nonce that is never used again.
    pub fn sign(
        &self,
        key: &SigningKey,
        created: i64,
        nonce: &str,
    ) -> Result<SignatureHeaders, HttpSignatureError> {
        let components = self.components();
        let quoted: Vec<String> = components.iter().map(|component| format!("\"{component}\"")).collect();
        let parameters = format!(
            "({});created={created};keyid=\"{}\";alg=\"{ALGORITHM}\";nonce=\"{nonce}\"",
            quoted.join(" "),
            key.public().kid()
        );
        let base = self.base(&components, &parameters)?;
        let signature = STANDARD.encode(key.sign_bytes(base.as_bytes()));
        Ok(SignatureHeaders {
            signature_input: format!("{LABEL}={parameters}"),
            signature: format!("{LABEL}=:{signature}:"),
        })
    }

    /// Checks the signature of the request and returns its nonce, which the caller must refuse to see again.
    pub fn verify(
        &self,
        headers: &SignatureHeaders,
        key: &PublicKey,
        now: i64,
    ) -> Result<String, HttpSignatureError> {
        let input = Input::read(&headers.signature_input)?;
        for component in self.components() {
            if !input.components.contains(&component) {
                return Err(HttpSignatureError::NotCovered { component });
            }
        }
        let created = input.created.ok_or(HttpSignatureError::NoParameter { parameter: "created" })?;
        let nonce = input.nonce.ok_or(HttpSignatureError::NoParameter { parameter: "nonce" })?;
        let keyid = input.keyid.ok_or(HttpSignatureError::NoParameter { parameter: "keyid" })?;
        if input.algorithm.is_some_and(|algorithm| algorithm != ALGORITHM) {
            return Err(HttpSignatureError::Algorithm);
        }
        if keyid != key.kid() {
            return Err(HttpSignatureError::UnknownKey);
        }
        if !NONCE_LENGTHS.contains(&nonce.len()) {
            return Err(HttpSignatureError::Nonce);
        }
        let away = now.checked_sub(created).map(i64::unsigned_abs);
        let window = WINDOW_SECONDS.unsigned_abs();
        if away.is_none_or(|away| away > window) || input.expires.is_some_and(|expires| expires < now) {
            return Err(HttpSignatureError::OutsideWindow);
        }
        let base = self.base(&input.components, input.parameters)?;
        let signature = signature_read(&headers.signature, input.label)?;
        key.verify(base.as_bytes(), &signature).map_err(|_| HttpSignatureError::WrongSignature)?;
        Ok(nonce.to_owned())
    }
}

/// A `Signature-Input` of one signature, taken apart.
struct Input<'a> {
    label: &'a str,
    /// The inner list and its parameters as they were sent, which is what was signed.
    parameters: &'a str,
    components: Vec<&'a str>,
    created: Option<i64>,
    expires: Option<i64>,
    keyid: Option<&'a str>,
    algorithm: Option<&'a str>,
    nonce: Option<&'a str>,
}

impl<'a> Input<'a> {
    fn read(text: &'a str) -> Result<Self, HttpSignatureError> {
        Self::parse(text.trim()).ok_or(HttpSignatureError::Malformed { header: "Signature-Input" })
    }

    fn parse(text: &'a str) -> Option<Self> {
        let (label, parameters) = text.split_once('=')?;
        if !is_label(label) {
            return None;
        }
        let (list, mut rest) = parameters.strip_prefix('(')?.split_once(')')?;
        let mut components = Vec::new();
        for component in list.split(' ').filter(|component| !component.is_empty()) {
            let name = component.strip_prefix('"')?.strip_suffix('"')?;
            if !is_component(name) || components.contains(&name) {
                return None;
            }
            components.push(name);
        }
        let mut input = Self {
            label,
            parameters,
            components,
            created: None,
            expires: None,
            keyid: None,
            algorithm: None,
            nonce: None,
        };
        while let Some(next) = rest.strip_prefix(';') {
            let (name, value) = next.split_once('=')?;
            let (value, after) = match value.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => value.split_at(value.find(';').unwrap_or(value.len())),
            };
            if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'\\') {
                return None;
            }
            input.parameter_set(name, value)?;
            rest = after;
        }
        rest.is_empty().then_some(input)
    }

    /// A parameter that comes twice, or that nobody knows, is refused: it might be meant as a limit.
    fn parameter_set(&mut self, name: &str, value: &'a str) -> Option<()> {
        let is_new = match name {
            "created" => self.created.replace(value.parse().ok()?).is_none(),
            "expires" => self.expires.replace(value.parse().ok()?).is_none(),
            "keyid" => self.keyid.replace(value).is_none(),
            "alg" => self.algorithm.replace(value).is_none(),
            "nonce" => self.nonce.replace(value).is_none(),
            _ => false,
        };
        is_new.then_some(())
    }
}

fn is_label(text: &str) -> bool {
    let starts_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    starts_well
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte))
}

fn is_component(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || b"@-".contains(&byte))
}

fn signature_read(text: &str, label: &str) -> Result<Vec<u8>, HttpSignatureError> {
    let malformed = HttpSignatureError::Malformed { header: "Signature" };
    let bytes = text.trim().strip_prefix(label).and_then(|rest| rest.strip_prefix("=:"));
    let bytes = bytes.and_then(|rest| rest.strip_suffix(':')).ok_or_else(|| malformed.clone())?;
    STANDARD.decode(bytes).map_err(|_| malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"mandate_id":"mdt_1"}"#;
    const NOW: i64 = 1_795_000_000;
    const NONCE: &str = "0123456789abcdef";

    fn key() -> SigningKey {
        SigningKey::from_seed(&[3; 32]).unwrap()
    }

    fn request(digest: &str) -> SignedRequest<'_> {
        SignedRequest {
            method: "POST",
            path: "/execute",
            query: None,
            content_digest: Some(digest),
            idempotency_key: Some("exec_1"),
        }
    }

    #[test]
    fn the_digest_is_that_of_the_standard() {
        // RFC 9530, appendix D: the SHA-256 of `{"hello": "world"}` and a line feed.
        let value = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
        assert_eq!(content_digest(b"{\"hello\": \"world\"}\n"), value);
        content_digest_check(&format!("sha-512=:AA==:, {value}"), b"{\"hello\": \"world\"}\n").unwrap();
        assert_eq!(content_digest_check(value, b"other"), Err(HttpSignatureError::WrongDigest));
    }

    #[test]
    fn ed25519_over_the_base_as_the_standard_writes_it() {
        // RFC 9421, appendix B.2.6, checks the syntax of its own; here: the exact base of one request of ours.
        let request = SignedRequest { query: Some("page=1"), ..request("sha-256=:AA==:") };
        let headers = request.sign(&key(), NOW, NONCE).unwrap();
        let parameters = headers.signature_input.strip_prefix("frameos=").unwrap();
        let base = format!(
            "\"@method\": POST\n\"@path\": /execute\n\"@query\": ?page=1\n\"content-digest\": sha-256=:AA==:\n\
             \"idempotency-key\": exec_1\n\"@signature-params\": {parameters}"
        );
        let signature = STANDARD.encode(key().sign_bytes(base.as_bytes()));
        assert_eq!(headers.signature, format!("frameos=:{signature}:"));
        assert!(parameters.starts_with(
            "(\"@method\" \"@path\" \"@query\" \"content-digest\" \"idempotency-key\");created=1795000000;"
        ));
    }

    #[test]
    fn what_was_signed_is_accepted_and_nothing_else() {
        let digest = content_digest(BODY);
        let good = request(&digest);
        let headers = good.sign(&key(), NOW, NONCE).unwrap();
        assert_eq!(good.verify(&headers, key().public(), NOW).unwrap(), NONCE);
        assert_eq!(good.verify(&headers, key().public(), NOW + WINDOW_SECONDS).unwrap(), NONCE);
        let others = [
            SignedRequest { method: "PUT", ..good },
            SignedRequest { path: "/mandates", ..good },
            SignedRequest { query: Some("a=1"), ..good },
            SignedRequest { content_digest: Some("sha-256=:AA==:"), ..good },
            SignedRequest { idempotency_key: Some("exec_2"), ..good },
        ];
        for other in others {
            let refused = other.verify(&headers, key().public(), NOW);
            assert_eq!(refused, Err(HttpSignatureError::WrongSignature), "{other:?}");
        }
        let bare = SignedRequest { idempotency_key: None, ..good };
        assert!(matches!(
            bare.verify(&headers, key().public(), NOW),
            Err(HttpSignatureError::Unsupported { .. })
        ));
        for at in [NOW + WINDOW_SECONDS + 1, NOW - WINDOW_SECONDS - 1, i64::MIN, i64::MAX] {
            let refused = good.verify(&headers, key().public(), at);
            assert_eq!(refused, Err(HttpSignatureError::OutsideWindow), "{at}");
        }
        let stranger = SigningKey::from_seed(&[4; 32]).unwrap();
        assert_eq!(good.verify(&headers, stranger.public(), NOW), Err(HttpSignatureError::UnknownKey));
    }

    #[test]
    fn a_signature_that_leaves_something_out_is_refused() {
        let digest = content_digest(BODY);
        let (good, key) = (request(&digest), key());
        let short = SignedRequest { content_digest: None, ..good }.sign(&key, NOW, NONCE).unwrap();
        let refused = good.verify(&short, key.public(), NOW);
        assert_eq!(refused, Err(HttpSignatureError::NotCovered { component: "content-digest" }));
        let headers = good.sign(&key, NOW, NONCE).unwrap();
        let without = |from: &str, to: &str| {
            let signature_input = headers.signature_input.replace(from, to);
            good.verify(&SignatureHeaders { signature_input, ..headers.clone() }, key.public(), NOW)
        };
        let missing = |parameter| Err(HttpSignatureError::NoParameter { parameter });
        assert_eq!(without(";created=1795000000", ""), missing("created"));
        assert_eq!(without(&format!(";nonce=\"{NONCE}\""), ""), missing("nonce"));
        assert_eq!(without(NONCE, "short"), Err(HttpSignatureError::Nonce));
        assert_eq!(without("ed25519", "hmac-sha256"), Err(HttpSignatureError::Algorithm));
        assert_eq!(without(NONCE, "fedcba9876543210"), Err(HttpSignatureError::WrongSignature));
    }

    #[test]
    fn nonsense_in_the_headers_is_said_so() {
        let digest = content_digest(BODY);
        let (good, key) = (request(&digest), key());
        let headers = good.sign(&key, NOW, NONCE).unwrap();
        let input = &headers.signature_input;
        let bad = [
            String::new(),
            "frameos".to_owned(),
            "frameos=()x".to_owned(),
            "Frameos=();created=1".to_owned(),
            format!("{input};tag=\"a\""),
            format!("{input};created=1"),
            format!("{input}, other=(\"@method\")"),
            input.replace("\"@method\"", "\"@method\" \"@method\""),
            input.replace("\"@method\"", "@method"),
        ];
        for signature_input in bad {
            let refused = good.verify(
                &SignatureHeaders { signature_input: signature_input.clone(), ..headers.clone() },
                key.public(),
                NOW,
            );
            assert!(
                matches!(refused, Err(HttpSignatureError::Malformed { .. })),
                "{signature_input}: {refused:?}"
            );
        }
        for signature in ["", "frameos=", "frameos=:!:", "other=:AAAA:"] {
            let headers = SignatureHeaders { signature: signature.to_owned(), ..headers.clone() };
            let refused = good.verify(&headers, key.public(), NOW);
            assert_eq!(refused, Err(HttpSignatureError::Malformed { header: "Signature" }), "{signature}");
        }
    }
}
