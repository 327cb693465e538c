//! What accounts are told by mail about themselves.
//!
//! Invariants: a message is enqueued in the transaction that causes it, and handed over at least once; tokens are made when it
//! is handed over, so that none waits in the queue in the clear.

use std::time::Duration;

use frameos_domain::{clock::Timestamp, id::EventId};
use frameos_store::{StoreError, Tx, account, job, profile};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    error::{AppError, Result},
    jobs::{Job, Next, job_add},
    mail::{Mail, mail_deliver},
    password::reset_token_create,
    token,
};

/// How long a mail is left to the process that caused it, before the queue hands it over.
const HURRY: Duration = Duration::from_secs(30);

/// Tells the account with this address something; if there is none, nobody.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccountMail {
    email: String,
    news: AccountNews,
    since: Timestamp,
}

/// What there is to tell.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountNews {
    Verify,
    /// Somebody wanted to register with it.
    AddressTaken,
    PasswordReset,
    PasswordWasReset,
    PasswordChanged,
    SecondFactorOn,
    SecondFactorOff,
    RecoveryCodeUsed {
        left: i64,
    },
    TokenCreated {
        name: String,
    },
    Deleted,
}

impl AccountMail {
    pub(crate) const fn new(email: String, news: AccountNews, now: Timestamp) -> Self {
        Self { email, news, since: now }
    }

    /// One of the same kind to the same address at a time, where each says the same.
    fn key(&self) -> String {
        match self.news {
            AccountNews::Verify => format!("verify {}", self.email),
            AccountNews::PasswordReset => format!("reset {}", self.email),
            AccountNews::AddressTaken => format!("taken {}", self.email),
            _ => EventId::generate(self.since).to_string(),
        }
    }
}

/// Enqueues a mail with the transaction.
pub(crate) async fn account_mail_add(
    tx: &mut Tx,
    mail: &AccountMail,
    run_at: Timestamp,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    job_add(tx, mail, &mail.key(), run_at, now).await.map(drop)
}

/// When a mail is to be taken by the queue that [`account_mail_hurry`] may hand over before.
pub(crate) fn account_mail_when(app: &App) -> Timestamp {
    if app.mailer.is_instant() { app.now().plus(HURRY) } else { app.now() }
}

/// Hands a mail over at once where that takes no time, instead of leaving it to the queue. What goes wrong is left to the
/// queue.
pub(crate) async fn account_mail_hurry(app: &App, mail: AccountMail) {
    if !app.mailer.is_instant() {
        return;
    }
    let key = mail.key();
    let told = async {
        mail.run(app).await?;
        let withdrawn = app
            .store()
            .tx(move |tx| Box::pin(async move { job::job_withdraw(tx, AccountMail::NAME, &key).await }));
        Ok::<_, AppError>(withdrawn.await?)
    };
    if let Err(error) = told.await {
        tracing::warn!(error = &error as &dyn std::error::Error, "a mail was not handed over yet");
    }
}

impl Job for AccountMail {
    const NAME: &'static str = "account_mail";

    async fn run(self, app: &App) -> Result<Next> {
        let Self { email, news, since } = self;
        let name = email.clone();
        let found = app.store().read(move |tx| {
            Box::pin(async move {
                let Some(account) = account::account_get_by_email(tx, &name).await? else {
                    return Ok(None);
                };
                profile::profile_get(tx, account.role, &account.subject_id).await
            })
        });
        let profile = found.await?;
        let url = &app.settings.public_url;
        let (subject, text) = match (&news, profile) {
            // An account that is gone is told so at its old address.
            (AccountNews::Deleted, _) => told(&news, url),
            (_, None) => return Ok(Next::Done),
            (AccountNews::Verify, Some(profile)) if profile.verified_email => return Ok(Next::Done),
            (AccountNews::Verify, Some(_)) => verify_text(url, &token::email_token_sign(app, &email)?),
            (AccountNews::PasswordReset, Some(profile)) => {
                reset_text(url, &reset_token_create(app, profile.id).await?)
            }
            (AccountNews::AddressTaken, Some(_)) => taken_text(url),
            (news, Some(_)) => told(news, url),
        };
        mail_deliver(app, Mail { to: email, subject, text }, since).await
    }
}

/// Tokens are in the fragment of a link, which is sent to no server and is in no log.
fn link(url: &str, page: &str, token: &str) -> String {
    format!("{}/{page}#token={token}", url.trim_end_matches('/'))
}

fn verify_text(url: &str, token: &str) -> (String, String) {
    let text = format!(
        "Welcome to FrameOS.\n\nVerify this address by opening\n\n{}\n\nwithin three days, or by sending the token below to \
         POST {url}/auth/verify-email as {{\"token\": \"…\"}}.\n\n{token}\n",
        link(url, "verify-email", token)
    );
    ("Verify your e-mail address".into(), text)
}

fn reset_text(url: &str, token: &str) -> (String, String) {
    let text = format!(
        "Somebody, you we hope, asked for a new password for this address.\n\nSet one by opening\n\n{}\n\nor by sending the \
         token below to POST {url}/auth/reset-password as {{\"token\": \"…\", \"password\": \"…\"}}. It works once, within \
         an hour. If it was not you, there is nothing to do: without the token nothing changes.\n\n{token}\n",
        link(url, "reset-password", token)
    );
    ("Set a new password".into(), text)
}

fn taken_text(url: &str) -> (String, String) {
    let text = format!(
        "Somebody, you perhaps, wanted to register at FrameOS with this address, which has an account already. Nothing was \
         changed.\n\nLog in, or set a new password: POST {url}/auth/forgot-password. If it was not you, there is nothing to do.\n"
    );
    ("You have an account already".into(), text)
}

fn told(news: &AccountNews, url: &str) -> (String, String) {
    let (subject, what) = match news {
        AccountNews::PasswordWasReset => (
            "Your password was reset",
            "The password of your account was set anew by a token from a mail. All sessions were ended and all personal \
             access tokens revoked."
                .to_owned(),
        ),
        AccountNews::PasswordChanged => (
            "Your password was changed",
            "The password of your account was changed, and all other sessions were ended.".to_owned(),
        ),
        AccountNews::SecondFactorOn => (
            "Your account has a second factor",
            "From now on a log-in to your account needs a code of the authenticator that was set up.".to_owned(),
        ),
        AccountNews::SecondFactorOff => (
            "Your account has no second factor any more",
            "The second factor of your account was taken off.".to_owned(),
        ),
        AccountNews::RecoveryCodeUsed { left } => (
            "A recovery code was used",
            format!(
                "A recovery code stood in for your second factor. {left} are left; POST /me/2fa/recovery-codes makes new \
                 ones."
            ),
        ),
        AccountNews::TokenCreated { name } => (
            "A personal access token was made",
            format!(
                "The personal access token `{name}` was made for your account. DELETE /me/tokens/{{id}} revokes it."
            ),
        ),
        AccountNews::Deleted
        | AccountNews::Verify
        | AccountNews::AddressTaken
        | AccountNews::PasswordReset => (
            "Your account was deleted",
            "Your account was deleted as you asked. What the books need of it is kept without your name and address."
                .to_owned(),
        ),
    };
    let text = format!(
        "{what}\n\nIf this was not you, set a new password at once: POST {url}/auth/forgot-password.\n"
    );
    (subject.to_owned(), text)
}
