//! Personal access tokens: what programs sign in with, for some of what their owner may do.
//!
//! Invariants: a token is `fos_`, 30 random letters and the checksum of what is before it, so that scanners of leaked secrets
//! find one without asking us; it is shown once and kept as a hash; it makes no tokens and changes nothing about how its
//! account is signed in to. Administrators have none.

use std::time::Duration;

use aws_lc_rs::rand;
use frameos_domain::{clock::Timestamp, id::PersonalTokenId};
use frameos_store::{
    personal_token::{self, PersonalToken},
    profile,
    status::Role,
};

use crate::{
    account::{account_of, name_parse, secret_hash},
    account_mail::{AccountMail, AccountNews, account_mail_add},
    app::App,
    error::{AppError, Result},
    login::status_check,
    token::{self, Principal, Via},
};

/// How every personal access token begins.
pub const PERSONAL_TOKEN_PREFIX: &str = "fos_";

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_LETTERS: usize = 30;
const CHECK_LETTERS: usize = 6;
/// Shown of a token in lists, prefix and all.
const SHOWN_LETTERS: usize = 10;
/// Tokens of one account.
const MOST: i64 = 50;
const DAY: Duration = Duration::from_secs(24 * 3600);
const DEFAULT_DAYS: u32 = 90;
const MOST_DAYS: u32 = 366;

/// What a personal access token may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Reading what is the account's own.
    Read,
    /// Starting and cancelling runs, at the price they have.
    Execute,
    /// Deployments and webhooks.
    Deploy,
    /// Agents and their versions.
    Publish,
    /// Top-ups and subscriptions.
    Wallet,
}

impl Scope {
    pub const ALL: [Self; 5] = [Self::Read, Self::Execute, Self::Deploy, Self::Publish, Self::Wallet];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Execute => "execute",
            Self::Deploy => "deploy",
            Self::Publish => "publish",
            Self::Wallet => "wallet",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A token to make.
#[derive(Debug, Clone, Default)]
pub struct PersonalTokenNew {
    pub name: String,
    pub scopes: Vec<String>,
    pub expires_at: Option<Timestamp>,
    /// Instead of a time.
    pub expires_in_days: Option<u32>,
}

/// Makes a token. Returns it, which nobody will see again, and what is kept of it.
pub async fn personal_token_create(
    app: &App,
    principal: &Principal,
    new: PersonalTokenNew,
) -> Result<(String, PersonalToken)> {
    if principal.role == Role::Admin {
        return Err(AppError::Forbidden {
            code: "FORBIDDEN",
            message: "administrators have no personal access tokens".into(),
            details: None,
        });
    }
    let name = name_parse("name", &new.name)?;
    let scopes = scopes_parse(&new.scopes)?;
    let now = app.now();
    let expires_at = expiry(&new, now)?;
    let (account, _) = account_of(app, principal).await?;
    let token = token_create()?;
    let kept = PersonalToken {
        id: PersonalTokenId::generate(now),
        subject_id: principal.subject.clone(),
        role: principal.role,
        name: name.clone(),
        shown: token.chars().take(SHOWN_LETTERS).collect(),
        scopes: scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "),
        expires_at: Some(expires_at),
        last_used_at: None,
        created_at: now,
    };
    let (row, hash) = (kept.clone(), secret_hash(&token));
    let made = app.store().tx(move |tx| {
        Box::pin(async move {
            if !personal_token::personal_token_insert(tx, &row, &hash, MOST).await? {
                return Ok(false);
            }
            let mail = AccountMail::new(account.email, AccountNews::TokenCreated { name }, now);
            account_mail_add(tx, &mail, now, now).await?;
            Ok(true)
        })
    });
    if made.await? {
        return Ok((token, kept));
    }
    let message = format!("an account has at most {MOST} personal access tokens; revoke one first");
    Err(AppError::conflict("CONFLICT", message))
}

/// The account's tokens, newest first.
pub async fn personal_token_list(app: &App, principal: &Principal) -> Result<Vec<PersonalToken>> {
    let subject = principal.subject.clone();
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { personal_token::personal_token_list(tx, &subject).await }))
        .await?)
}

/// Revokes one of the account's tokens.
pub async fn personal_token_revoke(app: &App, principal: &Principal, id: PersonalTokenId) -> Result<()> {
    let subject = principal.subject.clone();
    let revoked = app
        .store()
        .tx(move |tx| Box::pin(async move { personal_token::personal_token_delete(tx, &subject, id).await }));
    if revoked.await? { Ok(()) } else { Err(AppError::not_found("personal access token")) }
}

/// Who a personal access token stands for, and what it may.
pub(crate) async fn personal_token_authenticate(app: &App, bearer: &str) -> Result<Principal> {
    if !token_is_whole(bearer) {
        return Err(token::refused());
    }
    let (hash, now) = (secret_hash(bearer), app.now());
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let Some(kept) = personal_token::personal_token_find_unscoped(tx, &hash).await? else {
                return Ok(None);
            };
            let profile = profile::profile_get(tx, kept.role, &kept.subject_id).await?;
            Ok(profile.map(|profile| (kept, profile)))
        })
    });
    let found = found.await?.filter(|(kept, _)| kept.expires_at.is_none_or(|end| end > now));
    let (kept, profile) = found.ok_or_else(token::refused)?;
    status_check(&profile)?;
    if kept.is_touch_due(now) {
        let (subject, id) = (kept.subject_id.clone(), kept.id);
        app.store()
            .tx(move |tx| {
                Box::pin(async move { personal_token::personal_token_touch(tx, &subject, id, now).await })
            })
            .await?;
    }
    // A scope that this version does not know allows nothing.
    let scopes = kept.scopes.split(' ').filter_map(Scope::parse).collect();
    Ok(Principal {
        role: kept.role,
        subject: kept.subject_id,
        is_verified: profile.verified_email,
        via: Via::PersonalToken(scopes),
    })
}

fn scopes_parse(texts: &[String]) -> Result<Vec<Scope>> {
    let known = || Scope::ALL.map(Scope::as_str).join(", ");
    let refused = || AppError::field("scopes", format!("must name some of {}", known()));
    let mut scopes = Vec::new();
    for text in texts {
        let scope = Scope::parse(text).ok_or_else(refused)?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if scopes.is_empty() { Err(refused()) } else { Ok(scopes) }
}

fn expiry(new: &PersonalTokenNew, now: Timestamp) -> Result<Timestamp> {
    let latest = now.plus(DAY * MOST_DAYS);
    let (field, at) = match (new.expires_at, new.expires_in_days) {
        (Some(_), Some(_)) => {
            return Err(AppError::field("expires_at", "must not come with expires_in_days"));
        }
        (Some(at), None) => ("expires_at", at),
        (None, days) => ("expires_in_days", now.plus(DAY.saturating_mul(days.unwrap_or(DEFAULT_DAYS)))),
    };
    if at > now && at <= latest {
        Ok(at)
    } else {
        Err(AppError::field(field, format!("must be in the future, at most {MOST_DAYS} days")))
    }
}

fn token_create() -> Result<String> {
    let mut letters = String::from(PERSONAL_TOKEN_PREFIX);
    while letters.len() < PERSONAL_TOKEN_PREFIX.len() + RANDOM_LETTERS {
        let mut bytes = [0_u8; 64];
        rand::fill(&mut bytes).map_err(|_| AppError::internal("the system random source failed"))?;
        // 248 is the last multiple of 62: above it some letters would be likelier than others.
        let fair = bytes.iter().filter(|byte| **byte < 248).map(|byte| LETTERS[usize::from(byte % 62)]);
        let missing = PERSONAL_TOKEN_PREFIX.len() + RANDOM_LETTERS - letters.len();
        letters.extend(fair.take(missing).map(char::from));
    }
    let check = checksum(&letters);
    Ok(letters + &check)
}

/// Whether a text is a token by its own checksum, so that others need not be looked for.
fn token_is_whole(text: &str) -> bool {
    let length = PERSONAL_TOKEN_PREFIX.len() + RANDOM_LETTERS;
    text.len() == length + CHECK_LETTERS && text.is_ascii() && checksum(&text[..length]) == text[length..]
}

/// CRC-32 (ISO-HDLC) in base 62, most significant letter first.
fn checksum(text: &str) -> String {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    let mut rest = !crc as usize;
    let mut letters = [b'0'; CHECK_LETTERS];
    for letter in letters.iter_mut().rev() {
        *letter = LETTERS[rest % 62];
        rest /= 62;
    }
    letters.iter().map(|letter| char::from(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_everybody_computes() {
        // CRC-32 of "123456789" is 0xCBF43926 = 3421780262.
        let mut value = 0_u64;
        for letter in checksum("123456789").bytes() {
            let digit = LETTERS.iter().position(|known| *known == letter).unwrap();
            value = value * 62 + digit as u64;
        }
        assert_eq!(value, 0xCBF4_3926);
    }

    #[test]
    fn a_token_with_one_letter_wrong_is_none() {
        let token = token_create().unwrap();
        assert!(token_is_whole(&token), "{token}");
        assert_eq!(token.len(), 40);
        for at in 0..token.len() {
            let mut wrong = token.clone().into_bytes();
            wrong[at] = if wrong[at] == b'x' { b'y' } else { b'x' };
            assert!(!token_is_whole(std::str::from_utf8(&wrong).unwrap()), "letter {at}");
        }
        assert!(!token_is_whole("fos_é"));
    }
}
