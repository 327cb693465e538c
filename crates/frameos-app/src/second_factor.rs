//! Second factors: one-time codes of an authenticator, and recovery codes for when it is lost.
//!
//! Invariants: a code works once; an administrator's second factor cannot be taken off; taking one off needs the password and
//! a code. Recovery codes are shown once, when they are made.

use aws_lc_rs::rand;
use frameos_store::{
    account::{self, Account},
    recovery_code,
    status::Role,
};

use crate::{
    account::{account_of, secret_hash},
    account_mail::{AccountMail, AccountNews, account_mail_add},
    app::App,
    credential,
    error::{AppError, Result},
    login::{Proof, account_confirm, account_confirm_fully},
    token::Principal,
};

const RECOVERY_CODES: usize = 10;
/// Of five bits each.
const RECOVERY_LETTERS: usize = 16;
/// Crockford's base 32: no letter looks like another.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A second factor to put into an authenticator.
#[derive(Debug, Clone)]
pub struct Enrolled {
    pub secret: String,
    pub otpauth_url: String,
}

/// Begins a second factor; it counts once a code of it was shown.
pub async fn two_factor_enroll(app: &App, principal: &Principal) -> Result<Enrolled> {
    let (account, _) = account_of(app, principal).await?;
    let totp = credential::totp_create(&account.email)?;
    let secret = totp.secret_bytes;
    let begun = app.store().tx(move |tx| {
        Box::pin(async move { account::account_totp_enroll(tx, &account.subject_id, &secret).await })
    });
    if begun.await? {
        Ok(Enrolled { secret: totp.secret_base32, otpauth_url: totp.url })
    } else {
        Err(AppError::conflict("CONFLICT", "this account has a second factor already"))
    }
}

/// Puts a begun second factor in force. Returns its recovery codes.
pub async fn two_factor_confirm(app: &App, principal: &Principal, otp: &str) -> Result<Vec<String>> {
    let (account, _) = account_of(app, principal).await?;
    let totp = account.totp.filter(|totp| !totp.confirmed).ok_or_else(|| {
        AppError::conflict("CONFLICT", "there is no second factor to confirm; begin with POST /me/2fa/enroll")
    })?;
    let refused = || AppError::Unauthenticated {
        code: "INVALID_OTP",
        message: "the one-time code is wrong or too old".into(),
    };
    let now = app.now();
    let step = credential::totp_step(&totp.secret, otp, now)?.ok_or_else(refused)?;
    let (codes, hashes) = recovery_codes_make(&account.subject_id)?;
    let (subject, email) = (account.subject_id, account.email);
    let confirmed = app.store().tx(move |tx| {
        Box::pin(async move {
            if !account::account_totp_confirm(tx, &subject, step).await? {
                return Ok(false);
            }
            recovery_code::recovery_codes_replace(tx, &subject, &hashes, now).await?;
            let mail = AccountMail::new(email, AccountNews::SecondFactorOn, now);
            account_mail_add(tx, &mail, now, now).await?;
            Ok(true)
        })
    });
    if confirmed.await? { Ok(codes) } else { Err(refused()) }
}

/// Takes the second factor off.
pub async fn two_factor_disable(app: &App, principal: &Principal, proof: Proof) -> Result<()> {
    if principal.role == Role::Admin {
        return Err(AppError::Forbidden {
            code: "FORBIDDEN",
            message: "an administrator's second factor cannot be taken off".into(),
            details: None,
        });
    }
    has_second_factor(app, principal).await?;
    account_confirm_fully(app, principal, proof).await?;
    let (account, _) = account_of(app, principal).await?;
    let (subject, email, now) = (account.subject_id, account.email, app.now());
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                if account::account_totp_remove(tx, &subject).await? {
                    recovery_code::recovery_codes_delete(tx, &subject).await?;
                    let mail = AccountMail::new(email, AccountNews::SecondFactorOff, now);
                    account_mail_add(tx, &mail, now, now).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(())
}

/// Makes new recovery codes; the ones before work no more.
pub async fn recovery_codes_regenerate(
    app: &App,
    principal: &Principal,
    proof: Proof,
) -> Result<Vec<String>> {
    has_second_factor(app, principal).await?;
    account_confirm(app, principal, proof).await?;
    let (codes, hashes) = recovery_codes_make(&principal.subject)?;
    let (subject, now) = (principal.subject.clone(), app.now());
    app.store()
        .tx(move |tx| {
            Box::pin(async move { recovery_code::recovery_codes_replace(tx, &subject, &hashes, now).await })
        })
        .await?;
    Ok(codes)
}

async fn has_second_factor(app: &App, principal: &Principal) -> Result<()> {
    let (account, _) = account_of(app, principal).await?;
    if account.totp.is_some_and(|totp| totp.confirmed) {
        return Ok(());
    }
    let message = "this account has no second factor; begin with POST /me/2fa/enroll";
    Err(AppError::conflict("CONFLICT", message))
}

/// Uses up the code of an account that has a second factor.
pub(crate) async fn second_factor_check(app: &App, account: &Account, otp: Option<&str>) -> Result<()> {
    let Some(totp) = account.totp.as_ref().filter(|totp| totp.confirmed) else { return Ok(()) };
    let Some(code) = otp.filter(|code| !code.trim().is_empty()) else {
        return Err(AppError::Unauthenticated {
            code: "OTP_REQUIRED",
            message: "this account has a second factor; send its current code, or a recovery code, as `otp`"
                .into(),
        });
    };
    if let Some(code) = recovery_code_read(code) {
        return recovery_code_use(app, account, &code).await;
    }
    let refused = |message: &str| AppError::Unauthenticated { code: "INVALID_OTP", message: message.into() };
    let subject = account.subject_id.clone();
    let Some(step) = credential::totp_step(&totp.secret, code, app.now())? else {
        return Err(refused("the one-time code is wrong or too old"));
    };
    let fresh = app
        .store()
        .tx(move |tx| Box::pin(async move { account::account_totp_use(tx, &subject, step).await }));
    if fresh.await? {
        Ok(())
    } else {
        Err(refused("this one-time code was used already; wait for the next one"))
    }
}

async fn recovery_code_use(app: &App, account: &Account, code: &str) -> Result<()> {
    let (subject, email) = (account.subject_id.clone(), account.email.clone());
    let (hash, now) = (recovery_hash(&subject, code), app.now());
    let used = app.store().tx(move |tx| {
        Box::pin(async move {
            if !recovery_code::recovery_code_use(tx, &subject, &hash).await? {
                return Ok(false);
            }
            let left = recovery_code::recovery_code_count(tx, &subject).await?;
            let mail = AccountMail::new(email, AccountNews::RecoveryCodeUsed { left }, now);
            account_mail_add(tx, &mail, now, now).await?;
            Ok(true)
        })
    });
    if used.await? {
        return Ok(());
    }
    let message = "this recovery code is wrong, or was used already";
    Err(AppError::Unauthenticated { code: "INVALID_OTP", message: message.into() })
}

/// The letters of a recovery code however it was typed; none if it is no such code by its length.
fn recovery_code_read(text: &str) -> Option<String> {
    let letters = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
    let letters: String = letters
        .map(|letter| match letter.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    (letters.chars().count() == RECOVERY_LETTERS).then_some(letters)
}

fn recovery_hash(subject: &str, code: &str) -> String {
    secret_hash(&format!("{subject} {code}"))
}

/// Codes as they are shown, and their hashes with whose they are.
fn recovery_codes_make(subject: &str) -> Result<(Vec<String>, Vec<String>)> {
    let mut codes = (Vec::new(), Vec::new());
    for _ in 0..RECOVERY_CODES {
        let mut bytes = [0_u8; RECOVERY_LETTERS];
        rand::fill(&mut bytes).map_err(|_| AppError::internal("the system random source failed"))?;
        let letters: Vec<char> =
            bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
        codes.1.push(recovery_hash(subject, &letters.iter().collect::<String>()));
        let parts: Vec<String> = letters.chunks(4).map(|part| part.iter().collect()).collect();
        codes.0.push(parts.join("-"));
    }
    Ok(codes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_read_however_it_is_typed() {
        let (shown, hashes) = recovery_codes_make("dev_1").unwrap();
        assert_eq!((shown.len(), hashes.len()), (RECOVERY_CODES, RECOVERY_CODES));
        let sloppy = shown[0].to_uppercase().replace('-', " ").replace('0', "O").replace('1', "l");
        assert_eq!(recovery_hash("dev_1", &recovery_code_read(&sloppy).unwrap()), hashes[0]);
        assert_ne!(recovery_hash("dev_2", &recovery_code_read(&sloppy).unwrap()), hashes[0]);
        assert_eq!(recovery_code_read("123 456"), None, "a one-time code is none");
    }
}
