//! Passwords and one-time codes: argon2id (RFC 9106) and TOTP (RFC 6238).
//!
//! Invariants: a password is never stored, logged or compared in the clear; checking costs the same whether the account
//! exists or not; a one-time code is accepted once (the caller stores the step it matched).

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use totp_rs::{Algorithm, Builder, Secret, Totp};

use frameos_domain::clock::Timestamp;
use frameos_store::account::PasswordHash as StoredHash;

use crate::{
    app::App,
    error::{AppError, Result},
};

const STEP_SECONDS: u64 = 30;
const SHORTEST_PASSWORD: usize = 8;
const LONGEST_PASSWORD: usize = 256;

/// The ones of at least eight characters that lists of stolen passwords begin with.
const COMMON_PASSWORDS: [&str; 20] = [
    "12345678",
    "123456789",
    "1234567890",
    "123123123",
    "87654321",
    "987654321",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "abcd1234",
    "password",
    "password1",
    "password123",
    "passw0rd",
    "p@ssw0rd",
    "iloveyou",
    "qwerty123",
    "qwertyuiop",
    "sunshine",
    "football",
];

/// Verified against when there is no such account, so that the answer takes as long as for one that exists.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzIQ$\
                            S5bnCtNqbSmAR3wmgmJ8yw0EQ0v3g5mCkCkXW0hX7nE";

/// Refuses passwords nobody should use.
pub(crate) fn password_check(password: &SecretString) -> Result<()> {
    let length = password.expose_secret().chars().count();
    if !(SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&length) {
        let message = format!("must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters");
        return Err(AppError::field("password", message));
    }
    let text = password.expose_secret();
    if text.chars().all(|letter| text.starts_with(letter)) {
        return Err(AppError::field("password", "must not be one character repeated"));
    }
    if COMMON_PASSWORDS.contains(&text.to_lowercase().as_str()) {
        return Err(AppError::field("password", "must not be one of the passwords everybody tries first"));
    }
    Ok(())
}

/// Whether no account can have this password, so that it need not be hashed to know that it is wrong.
pub(crate) fn password_is_too_long(password: &SecretString) -> bool {
    password.expose_secret().chars().count() > LONGEST_PASSWORD
}

/// The PHC string of a password, with a random salt.
pub(crate) async fn password_hash(app: &App, password: SecretString) -> Result<StoredHash> {
    hashing(app, move || {
        let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
        hash.map(|hash| StoredHash::new(hash.to_string()))
            .map_err(|error| AppError::internal(error.to_string()))
    })
    .await?
}

/// Whether `password` matches `hash`; without a hash it takes as long and says no.
pub(crate) async fn password_verify(
    app: &App,
    password: SecretString,
    hash: Option<StoredHash>,
) -> Result<bool> {
    hashing(app, move || {
        let known = hash.is_some();
        let hash = hash.as_ref().map_or(NOBODYS_HASH, StoredHash::expose);
        let matches = PasswordHash::new(hash).is_ok_and(|parsed| {
            Argon2::default().verify_password(password.expose_secret().as_bytes(), &parsed).is_ok()
        });
        known && matches
    })
    .await
}

async fn hashing<T: Send + 'static>(app: &App, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _turn = app.hashing.acquire().await.map_err(AppError::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(AppError::internal)
}

/// A new second factor.
pub(crate) struct NewTotp {
    pub secret_bytes: Vec<u8>,
    pub secret_base32: String,
    /// `otpauth://…`
    pub url: String,
}

pub(crate) fn totp_create(email: &str) -> Result<NewTotp> {
    let mut bytes = [0_u8; 20];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| AppError::internal("the system random source failed"))?;
    let totp = totp(&bytes, email)?;
    let url = totp.to_url().map_err(|error| AppError::internal(error.to_string()))?;
    Ok(NewTotp { secret_bytes: bytes.to_vec(), secret_base32: Secret::from(bytes.to_vec()).to_base32(), url })
}

/// The bytes of a secret in base32.
pub(crate) fn totp_secret_parse(base32: &str) -> Result<Vec<u8>> {
    let secret = Secret::try_from_base32(base32).map_err(|error| AppError::internal(error.to_string()))?;
    Ok(secret.as_ref().to_vec())
}

/// The time step a code matches, within one step of `now`.
pub(crate) fn totp_step(secret: &[u8], code: &str, now: Timestamp) -> Result<Option<i64>> {
    let now = u64::try_from(now.as_secs()).unwrap_or(0);
    let code = code.trim().replace(' ', "");
    Ok(totp(secret, "account")?.check(&code, now).and_then(|step| i64::try_from(step).ok()))
}

fn totp(secret: &[u8], email: &str) -> Result<Totp> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(STEP_SECONDS)
        .with_secret(secret.to_vec())
        .with_account_name(email.replace(':', "_"))
        .with_issuer(Some("FrameOS"))
        .build()
        .map_err(|error| AppError::internal(error.to_string()))
}
