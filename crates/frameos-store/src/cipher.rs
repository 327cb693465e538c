//! Encryption at rest of columns and objects: AES-256-GCM.
//!
//! Format: version byte 1, 4-byte key id, 12-byte random nonce, ciphertext, 16-byte tag. The place a ciphertext belongs to
//! (table, column and row, or object path) is authenticated with it, so that moving one elsewhere is noticed. Several keys
//! can be read, one writes: that is how a master key is rotated. Which one may change while a process runs; one that has to follow
//! others' choice and has not heard of it for a while writes nothing (ADR 0029). Nothing here can be printed.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::key::MasterKey;

const FORMAT: u8 = 1;
const KEY_ID_LEN: usize = 4;
const NONCE_LEN: usize = 12;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;

/// Why something could not be sealed or opened.
#[derive(Debug, Error)]
pub enum CipherError {
    #[error("not an encrypted value of a known format")]
    UnknownFormat,
    #[error("encrypted with key {id}, which this process was not given")]
    UnknownKey { id: String },
    #[error("the encrypted value was changed, or belongs elsewhere than {place}")]
    NotAuthentic { place: String },
    #[error("it was not heard for too long which key writes")]
    Stale,
    #[error("the system cannot encrypt")]
    Unavailable,
    #[error("the decrypted value is not the expected JSON")]
    NotJson(#[source] serde_json::Error),
}

/// Where a ciphertext belongs; part of what is authenticated.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub table: &'a str,
    pub column: &'a str,
    pub row: &'a str,
}

impl<'a> Place<'a> {
    pub const fn new(table: &'a str, column: &'a str, row: &'a str) -> Self {
        Self { table, column, row }
    }

    fn text(&self) -> String {
        format!("{}/{}/{}", self.table, self.column, self.row)
    }
}

/// Seals and opens bytes with the installation's keys. Cheap to clone.
#[derive(Clone)]
pub struct Cipher {
    ring: Arc<RwLock<Ring>>,
}

/// Gives the keys that there are now.
pub type KeySource = Arc<dyn Fn() -> Vec<MasterKey> + Send + Sync>;

/// How often the same key nobody knows has the source asked: what is damaged must not cost a look at files each time.
const ASK_EVERY: Duration = Duration::from_millis(500);

struct Ring {
    /// The first one writes.
    keys: Vec<Arc<KeyEntry>>,
    source: Option<KeySource>,
    /// The key the source was last asked for in vain, and when.
    missed: Option<([u8; KEY_ID_LEN], Instant)>,
    /// Until when it may write; None: for ever.
    fresh_until: Option<Instant>,
}

struct KeyEntry {
    id: [u8; KEY_ID_LEN],
    key: LessSafeKey,
}

impl Cipher {
    /// `newest` writes; it and the `older` ones read.
    pub fn new(newest: &MasterKey, older: &[MasterKey]) -> Result<Self, CipherError> {
        let keys = std::iter::once(newest).chain(older).map(KeyEntry::new).collect::<Result<Vec<_>, _>>()?;
        let ring = Ring { keys, source: None, missed: None, fresh_until: None };
        Ok(Self { ring: Arc::new(RwLock::new(ring)) })
    }

    /// Has a key that is not known looked for.
    pub fn source_set(&self, source: KeySource) {
        self.ring.write().unwrap_or_else(PoisonError::into_inner).source = Some(source);
    }

    /// The id of the key that writes.
    pub fn active_key_id(&self) -> String {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        ring.keys.first().map(|entry| hex::encode(entry.id)).unwrap_or_default()
    }

    /// Has the key with this id write, until `fresh_until` if there is an end. False when there is no such key: nothing changes then.
    pub fn activate(&self, id: &str, fresh_until: Option<Instant>) -> bool {
        let Some(wanted) = hex::decode(id).ok().and_then(|id| self.find(&id)) else { return false };
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        ring.keys.retain(|entry| entry.id != wanted.id);
        ring.keys.insert(0, wanted);
        ring.fresh_until = fresh_until;
        true
    }

    /// The key with this id, looked for where it may have come since.
    fn find(&self, id: &[u8]) -> Option<Arc<KeyEntry>> {
        let known = |ring: &Ring| ring.keys.iter().find(|entry| entry.id == id).map(Arc::clone);
        let found = known(&self.ring.read().unwrap_or_else(PoisonError::into_inner));
        if found.is_some() {
            return found;
        }
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        // Another may have found it while this one waited.
        if let Some(found) = known(&ring) {
            return Some(found);
        }
        let source = ring.source.clone()?;
        if ring.missed.is_some_and(|(missed, asked)| missed == id && asked.elapsed() < ASK_EVERY) {
            return None;
        }
        for master in source() {
            if !ring.keys.iter().any(|entry| entry.id == master.id_bytes()) {
                ring.keys.extend(KeyEntry::new(&master).ok());
            }
        }
        let found = known(&ring);
        if found.is_none() {
            ring.missed = id.try_into().ok().map(|id| (id, Instant::now()));
        }
        found
    }

    /// Encrypts `plain` for one place.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        let entry = {
            let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
            if ring.fresh_until.is_some_and(|end| Instant::now() > end) {
                return Err(CipherError::Stale);
            }
            Arc::clone(ring.keys.first().ok_or(CipherError::Unavailable)?)
        };
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| CipherError::Unavailable)?;
        let mut out = Vec::with_capacity(HEADER_LEN + plain.len() + AES_256_GCM.tag_len());
        out.push(FORMAT);
        out.extend_from_slice(&entry.id);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plain);
        let tag = entry
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.text().as_bytes()),
                &mut out[HEADER_LEN..],
            )
            .map_err(|_| CipherError::Unavailable)?;
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Decrypts what [`Cipher::seal`] made for the same place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        let (header, body) = sealed.split_at_checked(HEADER_LEN).ok_or(CipherError::UnknownFormat)?;
        if header[0] != FORMAT {
            return Err(CipherError::UnknownFormat);
        }
        let (id, nonce) = header[1..].split_at(KEY_ID_LEN);
        let entry = self.find(id).ok_or_else(|| CipherError::UnknownKey { id: hex::encode(id) })?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CipherError::UnknownFormat)?;
        let mut bytes = body.to_vec();
        let plain_len = entry
            .key
            .open_in_place(nonce, Aad::from(place.text().as_bytes()), &mut bytes)
            .map_err(|_| CipherError::NotAuthentic { place: place.text() })?
            .len();
        bytes.truncate(plain_len);
        Ok(bytes)
    }

    /// Encrypts the JSON form of `value`.
    pub fn seal_json<T: Serialize + ?Sized>(
        &self,
        place: Place<'_>,
        value: &T,
    ) -> Result<Vec<u8>, CipherError> {
        self.seal(place, &serde_json::to_vec(value).map_err(CipherError::NotJson)?)
    }

    /// Decrypts what [`Cipher::seal_json`] made.
    pub fn open_json<T: DeserializeOwned>(&self, place: Place<'_>, sealed: &[u8]) -> Result<T, CipherError> {
        serde_json::from_slice(&self.open(place, sealed)?).map_err(CipherError::NotJson)
    }
}

impl KeyEntry {
    fn new(master: &MasterKey) -> Result<Arc<Self>, CipherError> {
        let key = UnboundKey::new(&AES_256_GCM, master.derive("frameos/at-rest").as_slice())
            .map_err(|_| CipherError::Unavailable)?;
        Ok(Arc::new(Self { id: master.id_bytes(), key: LessSafeKey::new(key) }))
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place::new("agent_executions", "inputs", "exec_1");

    #[test]
    fn a_ciphertext_opens_only_in_its_own_place() {
        let cipher = Cipher::new(&MasterKey::from_bytes([1; 32]), &[]).unwrap();
        let sealed = cipher.seal(HERE, b"secret").unwrap();
        assert_eq!(cipher.open(HERE, &sealed).unwrap(), b"secret");
        for elsewhere in [
            Place { row: "exec_2", ..HERE },
            Place { column: "outputs", ..HERE },
            Place { table: "agent_deployments", ..HERE },
        ] {
            assert!(matches!(cipher.open(elsewhere, &sealed), Err(CipherError::NotAuthentic { .. })));
        }
        assert_ne!(cipher.seal(HERE, b"secret").unwrap(), sealed, "each sealing has its own nonce");
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let cipher = Cipher::new(&MasterKey::from_bytes([1; 32]), &[]).unwrap();
        let sealed = cipher.seal(HERE, b"secret").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(cipher.open(HERE, &changed).is_err(), "byte {index}");
        }
        for length in 0..sealed.len() {
            assert!(cipher.open(HERE, &sealed[..length]).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn an_old_key_reads_and_the_newest_writes() {
        let (old, new) = (MasterKey::from_bytes([1; 32]), MasterKey::from_bytes([2; 32]));
        let before = Cipher::new(&old, &[]).unwrap();
        let after = Cipher::new(&new, &[old]).unwrap();
        let sealed = before.seal(HERE, b"secret").unwrap();
        assert_eq!(after.open(HERE, &sealed).unwrap(), b"secret");
        let rewritten = after.seal(HERE, b"secret").unwrap();
        assert!(matches!(before.open(HERE, &rewritten), Err(CipherError::UnknownKey { .. })));
    }

    #[test]
    fn keys_that_come_one_upon_the_other_are_found_and_one_that_is_missing_is_not_sought_each_time() {
        let keys: Vec<_> = (1..=3).map(|byte| MasterKey::from_bytes([byte; 32])).collect();
        let sealed = |key| Cipher::new(key, &[]).unwrap().seal(HERE, b"secret").unwrap();
        let (given, asked) = (Arc::new(RwLock::new(1)), Arc::new(RwLock::new(0)));
        let reader = Cipher::new(&keys[0], &[]).unwrap();
        reader.source_set({
            let (keys, given, asked) = (keys.clone(), Arc::clone(&given), Arc::clone(&asked));
            Arc::new(move || {
                *asked.write().unwrap() += 1;
                keys[..*given.read().unwrap()].to_vec()
            })
        });
        for count in [2, 3] {
            *given.write().unwrap() = count;
            assert_eq!(reader.open(HERE, &sealed(&keys[count - 1])).unwrap(), b"secret", "key {count}");
        }
        let stranger = sealed(&MasterKey::from_bytes([9; 32]));
        for _ in 0..3 {
            assert!(matches!(reader.open(HERE, &stranger), Err(CipherError::UnknownKey { .. })));
        }
        assert_eq!(*asked.read().unwrap(), 3);
    }
}
