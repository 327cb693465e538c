//! Accounts: registering, proving an address, and what an account says of itself.
//!
//! Invariants: an e-mail address belongs to one account over all roles, and is ASCII in lower case; a mail is enqueued in the
//! transaction that causes it.

use aws_lc_rs::digest;
use frameos_domain::{
    clock::Timestamp,
    id::{AdminId, DeveloperId, UserId},
};
use frameos_store::{
    StoreError, Tx,
    account::{self, Account, PasswordHash},
    admin::{self, AdminNew},
    developer::{self, DeveloperNew},
    profile::{self, Profile},
    recovery_code,
    status::{AccountStatus, Role},
    user::{self, UserNew},
};
use secrecy::SecretString;

use crate::{
    account_mail::{AccountMail, AccountNews, account_mail_add, account_mail_hurry, account_mail_when},
    app::App,
    credential,
    error::{AppError, Result},
    login::mail_allowed,
    token::{self, Principal},
};

/// What a new account says of itself.
#[derive(Debug)]
pub struct Registration {
    pub email: String,
    pub name: String,
    pub password: SecretString,
    pub company: Option<String>,
}

/// A new account.
#[derive(Debug, Clone)]
pub struct Registered<I> {
    pub id: I,
    pub email: String,
}

/// An account as its owner sees it.
#[derive(Debug, Clone)]
pub struct AccountView {
    pub id: String,
    pub role: Role,
    pub email: String,
    pub name: String,
    pub company: Option<String>,
    pub status: AccountStatus,
    pub verified_email: bool,
    pub two_factor: bool,
    /// Left, when there is a second factor.
    pub recovery_codes: Option<i64>,
    pub created_at: Timestamp,
}

/// Opens a developer account.
pub async fn developer_register(app: &App, registration: Registration) -> Result<Registered<DeveloperId>> {
    let id = DeveloperId::generate(app.now());
    let email = register(app, NewIdentity::Developer(id), registration).await?;
    Ok(Registered { id, email })
}

/// Opens a user account.
pub async fn user_register(app: &App, registration: Registration) -> Result<Registered<UserId>> {
    let id = UserId::generate(app.now());
    let email = register(app, NewIdentity::User(id), registration).await?;
    Ok(Registered { id, email })
}

async fn register(app: &App, identity: NewIdentity, registration: Registration) -> Result<String> {
    let email = email_parse(&registration.email)?;
    let name = name_parse("name", &registration.name)?;
    let company =
        registration.company.as_deref().map(|company| name_parse("company", company)).transpose()?;
    credential::password_check("password", &registration.password, &email, &name)?;
    let password_hash = credential::password_hash(app, registration.password).await?;
    let new = NewAccount { identity, email: email.clone(), name, company, password_hash, verified: false };
    if app.settings.hide_accounts {
        // Both ways hash a password, write a job and leave the mail to the queue.
        account_insert_or_tell(app, new).await?;
        return Ok(email);
    }
    if !account_insert(app, new).await? {
        return Err(AppError::conflict(
            "EMAIL_TAKEN",
            "this e-mail address has an account already; log in or use another",
        ));
    }
    account_mail_hurry(app, verification(&email, app.now())).await;
    Ok(email)
}

fn verification(email: &str, now: Timestamp) -> AccountMail {
    AccountMail::new(email.to_owned(), AccountNews::Verify, now)
}

/// The id, and with it the role, of an account to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NewIdentity {
    Developer(DeveloperId),
    User(UserId),
    Admin(AdminId),
}

/// Everything a new account's rows hold.
pub(crate) struct NewAccount {
    pub identity: NewIdentity,
    pub email: String,
    pub name: String,
    pub company: Option<String>,
    pub password_hash: PasswordHash,
    pub verified: bool,
}

/// Stores an account, and with it the mail that asks to prove its address. False when the address is taken.
pub(crate) async fn account_insert(app: &App, new: NewAccount) -> Result<bool> {
    let (created_at, mail_at) = (app.now(), account_mail_when(app));
    let inserted =
        app.store().tx(move |tx| Box::pin(async move { rows_insert(tx, new, created_at, mail_at).await }));
    Ok(inserted.await?)
}

/// The same; whoever has the address is told that somebody tried.
async fn account_insert_or_tell(app: &App, new: NewAccount) -> Result<()> {
    let now = app.now();
    let done = app.store().tx(move |tx| {
        Box::pin(async move {
            let email = new.email.clone();
            let inserted = rows_insert(tx, new, now, now).await?;
            if mail_allowed(tx, "taken", &email, now).await? && !inserted {
                let mail = AccountMail::new(email, AccountNews::AddressTaken, now);
                account_mail_add(tx, &mail, now, now).await?;
            }
            Ok(())
        })
    });
    Ok(done.await?)
}

async fn rows_insert(
    tx: &mut Tx,
    new: NewAccount,
    created_at: Timestamp,
    mail_at: Timestamp,
) -> std::result::Result<bool, StoreError> {
    let NewAccount { identity, email, name, company, password_hash, verified: verified_email } = new;
    let mail = verification(&email, created_at);
    let inserted = match identity {
        NewIdentity::Developer(id) => {
            let new = DeveloperNew { id, email, name, company, password_hash, verified_email, created_at };
            developer::developer_insert(tx, &new).await?
        }
        NewIdentity::User(id) => {
            let new = UserNew { id, email, name, password_hash, verified_email, created_at };
            user::user_insert(tx, &new).await?
        }
        NewIdentity::Admin(id) => {
            let new = AdminNew { id, email, name, password_hash, verified_email, created_at };
            admin::admin_insert(tx, &new).await?
        }
    };
    if inserted && !verified_email {
        account_mail_add(tx, &mail, mail_at, created_at).await?;
    }
    Ok(inserted)
}

/// Marks the address a verification token proves as verified.
pub async fn email_verify(app: &App, token: &str) -> Result<()> {
    let email = token::email_token_verify(app, token)?;
    let now = app.now();
    Ok(app
        .store()
        .tx(move |tx| Box::pin(async move { profile::profile_verify_email(tx, &email, now).await }))
        .await?)
}

/// Mails the proof of an address again, if it has an account that is not verified. The work done here is the same if not.
pub async fn verification_resend(app: &App, email: &str) -> Result<()> {
    let email = email_parse(email)?;
    let now = app.now();
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                if mail_allowed(tx, "verify", &email, now).await? {
                    account_mail_add(tx, &verification(&email, now), now, now).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(())
}

/// The asker's own account.
pub async fn account_me(app: &App, principal: &Principal) -> Result<AccountView> {
    let (account, profile) = account_of(app, principal).await?;
    let two_factor = account.totp.is_some_and(|totp| totp.confirmed);
    let subject = account.subject_id;
    let left = app
        .store()
        .read(move |tx| Box::pin(async move { recovery_code::recovery_code_count(tx, &subject).await }));
    let recovery_codes = if two_factor { Some(left.await?) } else { None };
    Ok(AccountView {
        id: profile.id,
        role: principal.role,
        email: profile.email,
        name: profile.name,
        company: profile.company,
        status: profile.status,
        verified_email: profile.verified_email,
        two_factor,
        recovery_codes,
        created_at: profile.created_at,
    })
}

pub(crate) async fn account_of(app: &App, principal: &Principal) -> Result<(Account, Profile)> {
    let (role, subject) = (principal.role, principal.subject.clone());
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let account = account::account_get(tx, &subject).await?;
            Ok(account.zip(profile::profile_get(tx, role, &subject).await?))
        })
    });
    found.await?.ok_or_else(token::refused)
}

/// Tokens and codes of 80 random bits and more need no slow hash.
pub(crate) fn secret_hash(secret: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, secret.as_bytes()))
}

/// How an address is compared: nobody's mail server tells case apart, and other alphabets' look-alikes are no addresses here.
pub(crate) fn email_key(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

/// Enough to send mail to; whether somebody reads it, only mail can tell.
pub(crate) fn email_parse(text: &str) -> Result<String> {
    let email = email_key(text);
    let valid = email.len() <= 254
        && email.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty()
                && local.len() <= 64
                && host.contains('.')
                && host.split('.').all(|label| !label.is_empty())
                && !host.contains('@')
        })
        && email.chars().all(|letter| letter.is_ascii_graphic() && !"<>()[],;:\\\"".contains(letter));
    if valid {
        Ok(email)
    } else {
        Err(AppError::field("email", "must be an e-mail address such as name@example.com"))
    }
}

pub(crate) fn name_parse(field: &str, text: &str) -> Result<String> {
    let name = text.trim();
    if !(1..=100).contains(&name.chars().count()) {
        return Err(AppError::field(field, "must have 1 to 100 characters"));
    }
    if name.chars().any(|letter| letter.is_control() || reorders_text(letter)) {
        return Err(AppError::field(field, "must not have control characters or ones that reorder text"));
    }
    Ok(name.to_owned())
}

/// Whether a character makes what follows it read in another order than it is written, so that a name can look like another.
const fn reorders_text(letter: char) -> bool {
    matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
