//! Passwords and one-time codes: argon2id (RFC 9106), bcrypt where it was imported, and TOTP (RFC 6238).
//!
//! Invariants: a password is never stored, logged or compared in the clear; checking costs the same whether the account
//! exists or not; a one-time code is accepted once (the caller stores the step it matched).

use argon2::{
    Argon2, Params,
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

/// Passwords of at least eight characters that lists of stolen ones begin with, one a line, in lower case.
const LEAKED_PASSWORDS: &str = include_str!("credential/leaked_passwords.txt");

/// Of imported hashes more work than this is refused: each step doubles it.
const BCRYPT_COST_MAX: u32 = 14;

/// Verified against when there is no such account, so that the answer takes as long as for one that exists.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzIQ$\
                            S5bnCtNqbSmAR3wmgmJ8yw0EQ0v3g5mCkCkXW0hX7nE";

/// Refuses passwords nobody should use, above all not whoever has this address and name.
pub(crate) fn password_check(field: &str, password: &SecretString, email: &str, name: &str) -> Result<()> {
    let text = password.expose_secret();
    let length = text.chars().count();
    if !(SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&length) {
        let message = format!("must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters");
        return Err(AppError::field(field, message));
    }
    if text.chars().all(|letter| text.starts_with(letter)) {
        return Err(AppError::field(field, "must not be one character repeated"));
    }
    let text = text.to_lowercase();
    if LEAKED_PASSWORDS.lines().any(|leaked| leaked == text) {
        return Err(AppError::field(field, "must not be one of the passwords everybody tries first"));
    }
    if password_tells_who(&text, email, name) {
        return Err(AppError::field(field, "must not be your e-mail address or name"));
    }
    Ok(())
}

/// Whether a password is the address, its local part or the name, with or without digits and signs at its ends.
fn password_tells_who(password: &str, email: &str, name: &str) -> bool {
    let core = |text: &str| {
        let letters = text.trim_matches(|letter: char| !letter.is_alphabetic());
        letters.split_whitespace().collect::<String>().to_lowercase()
    };
    let local = email.split('@').next().unwrap_or_default();
    let password = core(password);
    !password.is_empty() && [email, local, name].iter().any(|who| core(who) == password)
}

/// Whether no account can have this password, so that it need not be looked at to know that it is wrong.
fn password_is_too_long(password: &SecretString) -> bool {
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

/// Whether `password` matches `hash`; without a hash, or for a password that cannot be one, it takes as long and says no.
pub(crate) async fn password_verify(
    app: &App,
    password: SecretString,
    hash: Option<StoredHash>,
) -> Result<bool> {
    app.metrics().password_check();
    let hash = hash.filter(|_| !password_is_too_long(&password));
    let password = if password_is_too_long(&password) { SecretString::default() } else { password };
    hashing(app, move || match &hash {
        Some(hash) if is_bcrypt(hash.expose()) => bcrypt_fits(password.expose_secret(), hash.expose()),
        Some(hash) => argon2_fits(password.expose_secret(), hash.expose()),
        None => {
            argon2_fits(password.expose_secret(), NOBODYS_HASH);
            false
        }
    })
    .await
}

fn argon2_fits(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

/// Hashes of this kind come with accounts from elsewhere; a log-in replaces them.
fn is_bcrypt(hash: &str) -> bool {
    ["$2a$", "$2b$", "$2x$", "$2y$"].iter().any(|prefix| hash.starts_with(prefix))
}

fn bcrypt_fits(password: &str, hash: &str) -> bool {
    let cost = hash.get(4..6).and_then(|cost| cost.parse::<u32>().ok());
    // It looks at 72 bytes, and so did whoever made the hash.
    cost.is_some_and(|cost| cost <= BCRYPT_COST_MAX) && bcrypt::verify(password, hash).unwrap_or(false)
}

/// Whether a hash is not what [`password_hash`] makes today, so that the next log-in is to replace it.
pub(crate) fn password_hash_is_old(hash: &StoredHash) -> bool {
    !PasswordHash::new(hash.expose()).is_ok_and(|parsed| {
        parsed.algorithm.as_str() == "argon2id"
            && Params::try_from(&parsed).is_ok_and(|params| {
                let today = Params::DEFAULT;
                (params.m_cost(), params.t_cost(), params.p_cost())
                    == (today.m_cost(), today.t_cost(), today.p_cost())
            })
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> bool {
        password_check("password", &password.to_owned().into(), "jo.smith@example.com", "Jo Smith").is_err()
    }

    #[test]
    fn passwords_that_are_tried_first_are_refused() {
        for bad in [
            "short",
            "aaaaaaaaaaaa",
            "Password123",
            "QWERTYUIOP",
            "jo.smith@example.com",
            "JoSmith1987!",
            "jo.smith99",
        ] {
            assert!(refused(bad), "{bad}");
        }
        for good in [
            "correct horse battery 7",
            "SecurePass123!",
            "jo.smith likes tea",
            "12345678901234",
            "пароль-и-чай",
        ] {
            assert!(!refused(good), "{good}");
        }
        assert!(
            LEAKED_PASSWORDS
                .lines()
                .all(|line| line.len() >= SHORTEST_PASSWORD && line == line.to_lowercase())
        );
    }

    #[test]
    fn old_hashes_are_told_from_todays() {
        let old = |hash: &str| password_hash_is_old(&StoredHash::new(hash.to_owned()));
        assert!(!old(NOBODYS_HASH));
        assert!(old(&NOBODYS_HASH.replace("m=19456", "m=4096")));
        assert!(old("$2b$04$abcdefghijklmnopqrstuuVY2TSE1s1m0bd2mPs3YhyHYxj3p4V1C"));
        assert!(old("nonsense"));
    }

    #[test]
    fn bcrypt_hashes_are_verified_within_reason() {
        let hash = bcrypt::hash("correct horse", 4).unwrap();
        assert!(is_bcrypt(&hash) && bcrypt_fits("correct horse", &hash));
        assert!(!bcrypt_fits("wrong horse", &hash));
        assert!(
            !bcrypt_fits("correct horse", &hash.replace("$04$", "$31$")),
            "not tried: it would take days"
        );
        assert!(!bcrypt_fits("x", "$2b$zz$"));
    }
}
