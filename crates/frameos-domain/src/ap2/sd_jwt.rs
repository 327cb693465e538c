//! SD-JWT (RFC 9901): the text, its disclosures, and what they disclose.
//!
//! Invariants: a disclosure that nothing refers to, one that is referred to twice, or one that is there twice makes the whole
//! invalid; key binding and chains of mandates are refused, not skipped; total on hostile input.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::Ap2Error;
use crate::{
    canonical,
    es256::{Es256Key, jws_verify},
    signing::{KeySet, SigningKey},
};

/// How deep values may be nested.
const DEEPEST: usize = 32;
const MOST_DISCLOSURES: usize = 64;
const PLACE: &str = "...";
const DIGESTS: &str = "_sd";
const ALGORITHM: &str = "_sd_alg";

/// SHA-256 in base64url, as digests and hashes are written.
pub(super) fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

/// 256 random bits in base64url.
pub(super) fn salt() -> Result<String, Ap2Error> {
    Ok(URL_SAFE_NO_PAD.encode(SigningKey::generate_seed().map_err(|_| Ap2Error::NoSalt)?))
}

/// Signs `claims` with `content` as the one element of the array `array`, disclosed beside it.
pub(super) fn sd_jwt_sign(
    key: &Es256Key,
    typ: &str,
    mut claims: Map<String, Value>,
    (array, content): (&str, &Value),
) -> Result<String, Ap2Error> {
    let disclosure =
        canonical::to_bytes(&json!([salt()?, content])).map_err(crate::signing::SignatureError::from)?;
    let disclosure = URL_SAFE_NO_PAD.encode(disclosure);
    claims.insert(array.to_owned(), json!([{ PLACE: hash(&disclosure) }]));
    claims.insert(ALGORITHM.to_owned(), json!("sha-256"));
    let jwt = key.sign(typ, &Value::Object(claims))?;
    Ok(format!("{jwt}~{disclosure}~"))
}

/// Checks the signature and puts what is disclosed in its place.
pub(super) fn sd_jwt_open(
    text: &str,
    typ: &'static str,
    keys: &KeySet,
) -> Result<Map<String, Value>, Ap2Error> {
    let not = |what| Ap2Error::NotSdJwt { what };
    let mut parts: Vec<&str> = text.split('~').collect();
    match parts.pop() {
        Some("") if !parts.is_empty() => {}
        _ => return Err(not("it must end with `~`; a key binding is not taken")),
    }
    let jwt = parts.remove(0);
    if parts.len() > MOST_DISCLOSURES {
        return Err(not("too many disclosures"));
    }
    let claims = jws_verify(jwt, typ, keys)?;
    match claims.get(ALGORITHM).map(|found| (found, found.as_str())) {
        None | Some((_, Some("sha-256"))) => {}
        Some((found, _)) => return Err(Ap2Error::HashAlgorithm { found: found.to_string() }),
    }
    let mut disclosures = Disclosures::default();
    for part in parts {
        disclosures.add(part)?;
    }
    let mut claims = disclosures.object(claims, 0)?;
    claims.remove(ALGORITHM);
    if disclosures.0.is_empty() { Ok(claims) } else { Err(not("a disclosure belongs nowhere")) }
}

/// Disclosures by their digests; one that is used is taken out.
#[derive(Default)]
struct Disclosures(BTreeMap<String, Disclosure>);

struct Disclosure {
    /// Of an object's member; an array's element has none.
    name: Option<String>,
    value: Value,
}

impl Disclosures {
    fn add(&mut self, text: &str) -> Result<(), Ap2Error> {
        let not = |what| Ap2Error::NotSdJwt { what };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| not("a disclosure is not base64url"))?;
        let parts: Vec<Value> =
            serde_json::from_slice(&bytes).map_err(|_| not("a disclosure is not a JSON array"))?;
        let disclosure = match <[Value; 2]>::try_from(parts) {
            Ok([Value::String(_), value]) => Disclosure { name: None, value },
            Ok(_) => return Err(not("a disclosure has no salt")),
            Err(parts) => match <[Value; 3]>::try_from(parts) {
                Ok([Value::String(_), Value::String(name), value]) => Disclosure { name: Some(name), value },
                _ => return Err(not("a disclosure has other parts than salt, name and value")),
            },
        };
        if self.0.insert(hash(text), disclosure).is_some() {
            return Err(not("a disclosure comes twice"));
        }
        Ok(())
    }

    fn value(&mut self, value: Value, depth: usize) -> Result<Value, Ap2Error> {
        if depth > DEEPEST {
            return Err(Ap2Error::NotSdJwt { what: "it is nested too deep" });
        }
        Ok(match value {
            Value::Object(object) => Value::Object(self.object(object, depth)?),
            Value::Array(elements) => {
                let mut shown = Vec::new();
                for element in elements {
                    if let Some(element) = self.element(element, depth)? {
                        shown.push(element);
                    }
                }
                Value::Array(shown)
            }
            other => other,
        })
    }

    /// An array's element; none when it is hidden.
    fn element(&mut self, element: Value, depth: usize) -> Result<Option<Value>, Ap2Error> {
        let place = element.as_object().and_then(|object| object.get(PLACE));
        let Some(place) = place else { return self.value(element, depth + 1).map(Some) };
        let not = |what| Ap2Error::NotSdJwt { what };
        let (Some(digest), Some(1)) = (place.as_str(), element.as_object().map(Map::len)) else {
            return Err(not("a hidden element is not written as one"));
        };
        match self.0.remove(digest) {
            None => Ok(None),
            Some(Disclosure { name: None, value }) => self.value(value, depth + 1).map(Some),
            Some(_) => Err(not("an array's element has a name")),
        }
    }

    fn object(
        &mut self,
        mut object: Map<String, Value>,
        depth: usize,
    ) -> Result<Map<String, Value>, Ap2Error> {
        let not = |what| Ap2Error::NotSdJwt { what };
        let digests = match object.remove(DIGESTS) {
            None => Vec::new(),
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(not("`_sd` is not an array")),
        };
        if object.contains_key(PLACE) {
            return Err(not("an object has the reserved member `...`"));
        }
        let mut shown = Map::new();
        for (name, value) in object {
            shown.insert(name, self.value(value, depth + 1)?);
        }
        for digest in digests {
            let digest = digest.as_str().ok_or_else(|| not("`_sd` holds something else than digests"))?;
            let Some(disclosure) = self.0.remove(digest) else { continue };
            let name = disclosure.name.ok_or_else(|| not("an object's member has no name"))?;
            if name == DIGESTS || name == PLACE || shown.contains_key(&name) {
                return Err(not("a member is disclosed that must not be, or is there already"));
            }
            let value = self.value(disclosure.value, depth + 1)?;
            shown.insert(name, value);
        }
        Ok(shown)
    }
}
