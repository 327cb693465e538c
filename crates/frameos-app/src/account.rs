//! Accounts: registering, logging in, sessions and second factors.
//!
//! Invariants: an e-mail address belongs to one account over all roles; a refresh token works once and its reuse ends the
//! session; the answer to a wrong password is the same, in words and time, whether the account exists, is locked or neither;
//! an attempt to log in is counted before it is judged.

use std::time::Duration;

use aws_lc_rs::{digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use frameos_domain::{
    clock::Timestamp,
    id::{AdminId, DeveloperId, SessionId, UserId},
};
use frameos_store::{
    account::{self, Account, PasswordHash},
    admin::{self, AdminNew},
    developer::{self, DeveloperNew},
    profile::{self, Profile},
    session::{self, Session, SessionRefresh},
    status::{AccountStatus, Role},
    user::{self, UserNew},
};
use secrecy::SecretString;

use crate::{
    app::App,
    credential,
    error::{AppError, Result},
    mail::Mail,
    token::{self, ACCESS_TTL, Principal},
};

const REFRESH_TTL: Duration = Duration::from_secs(30 * 24 * 3600);

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

/// What a log-in gives.
#[derive(Debug)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    /// Seconds.
    pub expires_in: u64,
    pub role: Role,
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
    pub created_at: Timestamp,
}

/// A second factor to put into an authenticator.
#[derive(Debug, Clone)]
pub struct Enrolled {
    pub secret: String,
    pub otpauth_url: String,
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
    credential::password_check(&registration.password)?;
    let password_hash = credential::password_hash(app, registration.password).await?;
    let new = NewAccount { identity, email: email.clone(), name, company, password_hash, verified: false };
    if !account_insert(app, new).await? {
        return Err(AppError::conflict(
            "EMAIL_TAKEN",
            "this e-mail address has an account already; log in or use another",
        ));
    }
    welcome_mail(app, &email).await;
    Ok(email)
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

/// Stores an account. False when its address is taken.
pub(crate) async fn account_insert(app: &App, new: NewAccount) -> Result<bool> {
    let created_at = app.now();
    let NewAccount { identity, email, name, company, password_hash, verified: verified_email } = new;
    let inserted = app.store().tx(move |tx| {
        Box::pin(async move {
            match identity {
                NewIdentity::Developer(id) => {
                    let new =
                        DeveloperNew { id, email, name, company, password_hash, verified_email, created_at };
                    developer::developer_insert(tx, &new).await
                }
                NewIdentity::User(id) => {
                    let new = UserNew { id, email, name, password_hash, verified_email, created_at };
                    user::user_insert(tx, &new).await
                }
                NewIdentity::Admin(id) => {
                    let new = AdminNew { id, email, name, password_hash, verified_email, created_at };
                    admin::admin_insert(tx, &new).await
                }
            }
        })
    });
    Ok(inserted.await?)
}

/// Mail that cannot be handed over does not undo a registration: the link can be asked for again.
async fn welcome_mail(app: &App, email: &str) {
    let token = match token::email_token_sign(app, email) {
        Ok(token) => token,
        Err(error) => return tracing::error!(?error, "no verification token could be signed"),
    };
    let text = format!(
        "Welcome to FrameOS.\n\nVerify this address by sending the token below to POST {}/auth/verify-email as \
         {{\"token\": \"…\"}}. It is valid for three days.\n\n{token}\n",
        app.settings.public_url
    );
    let mail = Mail { to: email.to_owned(), subject: "Verify your e-mail address".into(), text };
    if let Err(error) = app.mailer.send(mail).await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the verification mail was not handed over"
        );
    }
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

/// Opens a session for the account with this e-mail address and password, and one-time code if it has a second factor.
///
/// A locked account is answered like one that does not exist, also when the password is right: otherwise a lock would neither
/// stop guessing nor hide which addresses have accounts.
pub async fn account_login(
    app: &App,
    email: &str,
    password: SecretString,
    otp: Option<&str>,
) -> Result<Tokens> {
    let refused = || AppError::Unauthenticated {
        code: "INVALID_CREDENTIALS",
        message: "the e-mail address or password is wrong".into(),
    };
    if credential::password_is_too_long(&password) {
        return Err(refused());
    }
    let (allowed, found) = attempt_reserve(app, email.trim().to_lowercase()).await?;
    let hash = found.as_ref().map(|(_, profile)| profile.password_hash.clone());
    let matches = credential::password_verify(app, password, hash).await?;
    let (account, profile) = found.filter(|_| allowed && matches).ok_or_else(refused)?;
    second_factor_check(app, &account, otp).await?;
    status_check(&profile)?;
    let second_factor = account.totp.as_ref().is_some_and(|totp| totp.confirmed);
    if account.role == Role::Admin && !second_factor {
        return Err(AppError::Forbidden {
            code: "FORBIDDEN",
            message: "administrators need a second factor; this account has none".into(),
            details: None,
        });
    }
    session_open(app, profile.id, account.role).await
}

/// Counts an attempt, which covers the password and the one-time code, and says whether it may succeed. The statements are
/// the same whether there is such an account or not, so that they take equally long.
async fn attempt_reserve(app: &App, email: String) -> Result<(bool, Option<(Account, Profile)>)> {
    let now = app.now();
    Ok(app
        .store()
        .tx(move |tx| {
            Box::pin(async move {
                let allowed = account::account_login_reserve(tx, &email, now).await?;
                let Some(account) = account::account_get_by_email(tx, &email).await? else {
                    return Ok((allowed, None));
                };
                let profile = profile::profile_get(tx, account.role, &account.subject_id).await?;
                Ok((allowed, profile.map(|profile| (account, profile))))
            })
        })
        .await?)
}

async fn second_factor_check(app: &App, account: &Account, otp: Option<&str>) -> Result<()> {
    let Some(totp) = account.totp.as_ref().filter(|totp| totp.confirmed) else { return Ok(()) };
    let Some(code) = otp.filter(|code| !code.trim().is_empty()) else {
        return Err(AppError::Unauthenticated {
            code: "OTP_REQUIRED",
            message: "this account has a second factor; send its current code as `otp`".into(),
        });
    };
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

fn status_check(profile: &Profile) -> Result<()> {
    if profile.status == AccountStatus::Active {
        return Ok(());
    }
    let message = format!("this account is {}", profile.status);
    Err(AppError::Forbidden { code: "ACCOUNT_SUSPENDED", message, details: None })
}

async fn session_open(app: &App, subject: String, role: Role) -> Result<Tokens> {
    let now = app.now();
    let (refresh_token, refresh_hash) = refresh_token_create()?;
    let id = SessionId::generate(now);
    let session = Session {
        id,
        subject_id: subject.clone(),
        role,
        created_at: now,
        refreshed_at: now,
        expires_at: now.plus(REFRESH_TTL),
        revoked_at: None,
    };
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                account::account_login_succeeded(tx, &session.subject_id).await?;
                session::session_insert(tx, &session, &refresh_hash).await
            })
        })
        .await?;
    tokens(app, &Principal { role, subject, session: id }, refresh_token)
}

fn tokens(app: &App, principal: &Principal, refresh_token: String) -> Result<Tokens> {
    Ok(Tokens {
        access_token: token::access_token_sign(app, principal)?,
        refresh_token,
        expires_in: ACCESS_TTL.as_secs(),
        role: principal.role,
    })
}

/// Trades a refresh token for a new pair. Using one twice ends its session.
pub async fn session_refresh(app: &App, refresh_token: &str) -> Result<Tokens> {
    let now = app.now();
    let old_hash = refresh_hash(refresh_token);
    let (new_token, new_hash) = refresh_token_create()?;
    let refreshed = app.store().tx(move |tx| {
        Box::pin(async move {
            session::session_refresh(tx, &old_hash, &new_hash, now, now.plus(REFRESH_TTL)).await
        })
    });
    match refreshed.await? {
        SessionRefresh::Refreshed(session) => {
            let principal =
                Principal { role: session.role, subject: session.subject_id, session: session.id };
            tokens(app, &principal, new_token)
        }
        SessionRefresh::Reused(session) => {
            tracing::warn!(session = %session.id, "a refresh token was used twice; its session is closed");
            Err(token::refused())
        }
        SessionRefresh::Invalid => Err(token::refused()),
    }
}

/// Ends the session a refresh token belongs to. An unknown token is no error: the session is gone either way.
pub async fn session_logout(app: &App, refresh_token: &str) -> Result<()> {
    let now = app.now();
    let hash = refresh_hash(refresh_token);
    app.store()
        .tx(move |tx| Box::pin(async move { session::session_revoke_by_hash(tx, &hash, now).await }))
        .await?;
    Ok(())
}

/// Who a bearer token stands for, if it is genuine, its session is open and its account in good standing.
pub async fn principal_authenticate(app: &App, bearer: &str) -> Result<Principal> {
    let principal = token::access_token_verify(app, bearer)?;
    let now = app.now();
    let (session, role, subject) = (principal.session, principal.role, principal.subject.clone());
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let session = session::session_get(tx, &subject, session).await?;
            let open =
                session.is_some_and(|session| session.revoked_at.is_none() && session.expires_at > now);
            if open { profile::profile_get(tx, role, &subject).await } else { Ok(None) }
        })
    });
    let profile = found.await?.ok_or_else(token::refused)?;
    status_check(&profile)?;
    Ok(principal)
}

/// Proves once more that it is the account's owner who asks, before something that a stolen token must not do: by a one-time
/// code where the account has a second factor, else by the password. Attempts are counted and locked out like log-ins.
pub(crate) async fn account_confirm(
    app: &App,
    principal: &Principal,
    password: Option<SecretString>,
    otp: Option<&str>,
) -> Result<()> {
    let refused = || AppError::Unauthenticated {
        code: "INVALID_CREDENTIALS",
        message: "send your password again as `password`, or with a second factor its code as `otp`".into(),
    };
    let (account, _) = account_of(app, principal).await?;
    let (allowed, found) = attempt_reserve(app, account.email).await?;
    let (account, profile) = found.ok_or_else(refused)?;
    if account.totp.as_ref().is_some_and(|totp| totp.confirmed) {
        if !allowed {
            return Err(refused());
        }
        second_factor_check(app, &account, otp).await?;
    } else {
        let password = password.filter(|given| !credential::password_is_too_long(given));
        let password = password.ok_or_else(refused)?;
        let matches = credential::password_verify(app, password, Some(profile.password_hash)).await?;
        if !(allowed && matches) {
            return Err(refused());
        }
    }
    let subject = account.subject_id;
    Ok(app
        .store()
        .tx(move |tx| Box::pin(async move { account::account_login_succeeded(tx, &subject).await }))
        .await?)
}

/// The asker's own account.
pub async fn account_me(app: &App, principal: &Principal) -> Result<AccountView> {
    let (account, profile) = account_of(app, principal).await?;
    Ok(AccountView {
        id: profile.id,
        role: principal.role,
        email: profile.email,
        name: profile.name,
        company: profile.company,
        status: profile.status,
        verified_email: profile.verified_email,
        two_factor: account.totp.is_some_and(|totp| totp.confirmed),
        created_at: profile.created_at,
    })
}

async fn account_of(app: &App, principal: &Principal) -> Result<(Account, Profile)> {
    let (role, subject) = (principal.role, principal.subject.clone());
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let account = account::account_get(tx, &subject).await?;
            Ok(account.zip(profile::profile_get(tx, role, &subject).await?))
        })
    });
    found.await?.ok_or_else(token::refused)
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

/// Puts a begun second factor in force.
pub async fn two_factor_confirm(app: &App, principal: &Principal, otp: &str) -> Result<()> {
    let (account, _) = account_of(app, principal).await?;
    let totp = account.totp.filter(|totp| !totp.confirmed).ok_or_else(|| {
        AppError::conflict("CONFLICT", "there is no second factor to confirm; begin with POST /me/2fa/enroll")
    })?;
    let refused = || AppError::Unauthenticated {
        code: "INVALID_OTP",
        message: "the one-time code is wrong or too old".into(),
    };
    let step = credential::totp_step(&totp.secret, otp, app.now())?.ok_or_else(refused)?;
    let subject = account.subject_id;
    let confirmed = app
        .store()
        .tx(move |tx| Box::pin(async move { account::account_totp_confirm(tx, &subject, step).await }));
    if confirmed.await? { Ok(()) } else { Err(refused()) }
}

fn refresh_token_create() -> Result<(String, String)> {
    let mut bytes = [0_u8; 32];
    rand::fill(&mut bytes).map_err(|_| AppError::internal("the system random source failed"))?;
    let token = format!("fosr_{}", URL_SAFE_NO_PAD.encode(bytes));
    let hash = refresh_hash(&token);
    Ok((token, hash))
}

/// Tokens of 256 random bits need no slow hash.
fn refresh_hash(token: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, token.as_bytes()))
}

/// Enough to send mail to; whether somebody reads it, only mail can tell.
fn email_parse(text: &str) -> Result<String> {
    let email = text.trim().to_lowercase();
    let valid = email.len() <= 254
        && email.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty()
                && local.len() <= 64
                && host.contains('.')
                && host.split('.').all(|label| !label.is_empty())
                && !host.contains('@')
        })
        && email.chars().all(|letter| {
            !letter.is_whitespace() && !letter.is_control() && !"<>()[],;:\\\"".contains(letter)
        });
    if valid {
        Ok(email)
    } else {
        Err(AppError::field("email", "must be an e-mail address such as name@example.com"))
    }
}

fn name_parse(field: &str, text: &str) -> Result<String> {
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
