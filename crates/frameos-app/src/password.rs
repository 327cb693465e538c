//! Passwords: forgotten, reset and changed.
//!
//! Invariants: asking for a reset is the same answer and the same work for every address; a reset token works once, for an
//! hour; whoever sets a password ends every session that somebody else may have.

use std::time::Duration;

use frameos_store::{
    account,
    mail_token::{self, MailPurpose},
    personal_token, profile, session, throttle,
};
use secrecy::SecretString;

use crate::{
    account::{account_of, email_parse, secret_hash},
    account_mail::{AccountMail, AccountNews, account_mail_add},
    app::App,
    credential,
    error::{AppError, Result},
    login::{Proof, account_confirm_fully, mail_allowed},
    session::secret_create,
    token::{self, Principal},
};

const RESET_TTL: Duration = Duration::from_secs(3600);

/// Mails a token that sets a new password, if this address has an account.
pub async fn password_forgotten(app: &App, email: &str) -> Result<()> {
    let email = email_parse(email)?;
    let now = app.now();
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                if mail_allowed(tx, "reset", &email, now).await? {
                    // The job looks whether there is such an account; whoever asks cannot tell from here.
                    let mail = AccountMail::new(email, AccountNews::PasswordReset, now);
                    account_mail_add(tx, &mail, now, now).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(())
}

/// A token for the mail, kept as a hash.
pub(crate) async fn reset_token_create(app: &App, subject: String) -> Result<String> {
    let (token, hash) = secret_create("fosp_")?;
    let now = app.now();
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                let purpose = MailPurpose::PasswordReset;
                let times = (now, now.plus(RESET_TTL));
                mail_token::mail_token_insert(tx, &subject, purpose, &hash, times).await
            })
        })
        .await?;
    Ok(token)
}

/// Sets a new password by a mailed token. Ends every session and revokes every personal access token; the mail having
/// arrived, the address is proved.
pub async fn password_reset(app: &App, token: &str, password: SecretString) -> Result<()> {
    let (hash, now) = (secret_hash(token.trim()), app.now());
    let purpose = MailPurpose::PasswordReset;
    let shown = hash.clone();
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let Some(subject) = mail_token::mail_token_find(tx, purpose, &shown, now).await? else {
                return Ok(None);
            };
            let Some(account) = account::account_get(tx, &subject).await? else { return Ok(None) };
            profile::profile_get(tx, account.role, &subject).await
        })
    });
    let profile = found.await?.ok_or_else(reset_refused)?;
    credential::password_check("password", &password, &profile.email, &profile.name)?;
    let password = credential::password_hash(app, password).await?;
    let done = app.store().tx(move |tx| {
        Box::pin(async move {
            if mail_token::mail_token_take(tx, purpose, &hash, now).await?.is_none() {
                return Ok(false);
            }
            profile::profile_set_password(tx, profile.role, &profile.id, &password, now).await?;
            profile::profile_verify_email(tx, &profile.email, now).await?;
            session::session_revoke_all(tx, &profile.id, now).await?;
            personal_token::personal_tokens_delete(tx, &profile.id).await?;
            throttle::throttle_forget(tx, &format!("login:{}", secret_hash(&profile.email))).await?;
            let mail = AccountMail::new(profile.email, AccountNews::PasswordWasReset, now);
            account_mail_add(tx, &mail, now, now).await?;
            Ok(true)
        })
    });
    if done.await? { Ok(()) } else { Err(reset_refused()) }
}

fn reset_refused() -> AppError {
    AppError::Unauthenticated {
        code: "UNAUTHENTICATED",
        message:
            "the token is wrong, used or older than an hour; ask for another with POST /auth/forgot-password"
                .into(),
    }
}

/// Sets another password. Ends every session but the one that asks.
pub async fn password_change(
    app: &App,
    principal: &Principal,
    proof: Proof,
    password: SecretString,
) -> Result<()> {
    let kept = principal.session().ok_or_else(token::refused)?;
    let (_, profile) = account_of(app, principal).await?;
    credential::password_check("new_password", &password, &profile.email, &profile.name)?;
    account_confirm_fully(app, principal, proof).await?;
    let password = credential::password_hash(app, password).await?;
    let now = app.now();
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                profile::profile_set_password(tx, profile.role, &profile.id, &password, now).await?;
                mail_token::mail_tokens_delete(tx, &profile.id, MailPurpose::PasswordReset).await?;
                session::session_revoke_others(tx, &profile.id, kept, now).await?;
                let mail = AccountMail::new(profile.email, AccountNews::PasswordChanged, now);
                account_mail_add(tx, &mail, now, now).await
            })
        })
        .await?;
    Ok(())
}
