//! Logging in: password, second factor, and the waits after attempts without success.
//!
//! Invariants: the answer to a wrong password is the same, in words and work, whether the account exists or not; an attempt is
//! counted before it is judged, for an address that nobody has too; waits end, so nobody is locked out for good. Where an
//! account has logged in from before, its owner is not kept out by those who guess from elsewhere.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use frameos_domain::{clock::Timestamp, id::SessionId};
use frameos_store::{
    StoreError, Tx,
    account::{self, Account},
    profile::{self, Profile},
    session::{self, Session},
    status::{AccountStatus, Role},
    throttle::{self, ThrottleRule},
};
use secrecy::SecretString;

use crate::{
    account::{account_of, email_key, secret_hash},
    app::App,
    credential,
    error::{AppError, Result},
    second_factor::second_factor_check,
    session::{REFRESH_TTL, refresh_token_create},
    token::{self, ACCESS_TTL, Principal},
};

/// Guesses at one account.
const ACCOUNT: ThrottleRule =
    ThrottleRule { free: 4, wait: Duration::from_secs(1), forget: Duration::from_secs(24 * 3600) };
/// Failures from one network address, whatever the accounts; many people may share it.
const ADDRESS: ThrottleRule =
    ThrottleRule { free: 100, wait: Duration::from_secs(1), forget: Duration::from_secs(15 * 60) };
/// Mails of one kind to one address.
const MAILS: ThrottleRule =
    ThrottleRule { free: 2, wait: Duration::from_secs(60), forget: Duration::from_secs(24 * 3600) };
/// How long a count that does not change is of use.
pub(crate) const THROTTLES_KEPT: Duration = Duration::from_secs(24 * 3600);

/// Where a request comes from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub address: Option<IpAddr>,
    /// What the program calls itself.
    pub client: Option<String>,
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

/// An attempt that was let through.
struct Attempt {
    found: Option<(Account, Profile)>,
    /// What it was counted against.
    counted: String,
}

/// Opens a session for the account with this e-mail address and password, and one-time code if it has a second factor.
pub async fn account_login(
    app: &App,
    origin: &Origin,
    email: &str,
    password: SecretString,
    otp: Option<&str>,
) -> Result<Tokens> {
    let attempt = attempt_reserve(app, origin.address, email_key(email)).await?;
    let hash = attempt.found.as_ref().map(|(_, profile)| profile.password_hash.clone());
    let fits = credential::password_verify(app, password.clone(), hash).await?;
    let hides = app.settings.hide_accounts;
    // Where registering does not tell who has an account, the new password's fitting must not, either.
    let is_open = |profile: &Profile| fits && (!hides || profile.verified_email);
    let Some((account, profile)) = attempt.found.filter(|(_, profile)| is_open(profile)) else {
        failure_count(app, origin.address).await?;
        let message = if hides {
            "the e-mail address or password is wrong, or the address is not verified yet: look into its mail"
        } else {
            "the e-mail address or password is wrong"
        };
        return Err(AppError::Unauthenticated { code: "INVALID_CREDENTIALS", message: message.into() });
    };
    if let Err(refused) = second_factor_check(app, &account, otp).await {
        failure_count(app, origin.address).await?;
        return Err(refused);
    }
    status_check(&profile)?;
    let second_factor = account.totp.as_ref().is_some_and(|totp| totp.confirmed);
    if account.role == Role::Admin && !second_factor {
        return Err(AppError::Forbidden {
            code: "FORBIDDEN",
            message: "administrators need a second factor; this account has none".into(),
            details: None,
        });
    }
    if credential::password_hash_is_old(&profile.password_hash) {
        let (role, subject, now) = (account.role, profile.id.clone(), app.now());
        let hash = credential::password_hash(app, password).await?;
        app.store()
            .tx(move |tx| {
                Box::pin(async move { profile::profile_set_password(tx, role, &subject, &hash, now).await })
            })
            .await?;
    }
    session_open(app, origin, (profile.id, account.role), attempt.counted).await
}

/// Counts an attempt, which covers the password and the one-time code, unless it has to wait. The statements are the same
/// whether there is such an account or not, so that they take equally long.
async fn attempt_reserve(app: &App, address: Option<IpAddr>, email: String) -> Result<Attempt> {
    let now = app.now();
    let reserved = app.store().tx(move |tx| {
        Box::pin(async move {
            let address = address.map(network_of);
            if let Some(address) = &address
                && let Some(until) = throttle::throttle_look(tx, &address_key(address), now).await?
            {
                return Ok(Err(until));
            }
            let account = account::account_get_by_email(tx, &email).await?;
            let subject = account.as_ref().map_or("", |account| &account.subject_id);
            let profile_role = account.as_ref().map_or(Role::User, |account| account.role);
            let profile = profile::profile_get(tx, profile_role, subject).await?;
            let mut counted = format!("login:{}", secret_hash(&email));
            if let Some(address) = &address
                && session::session_knows_address(tx, subject, address).await?
            {
                counted = format!("{counted}@{address}");
            }
            match throttle::throttle_take(tx, &counted, &ACCOUNT, now).await? {
                Some(until) => Ok(Err(until)),
                None => Ok(Ok(Attempt { found: account.zip(profile), counted })),
            }
        })
    });
    reserved.await?.map_err(|until| wait(until, now))
}

fn wait(until: Timestamp, now: Timestamp) -> AppError {
    let seconds = u64::try_from(until.millis_since(now)).unwrap_or(0).div_ceil(1_000).max(1);
    AppError::RateLimited {
        message: format!("too many attempts without success; try again in {seconds} s"),
        retry_after: Duration::from_secs(seconds),
    }
}

async fn failure_count(app: &App, address: Option<IpAddr>) -> Result<()> {
    let Some(address) = address.map(network_of) else { return Ok(()) };
    let now = app.now();
    app.store()
        .tx(move |tx| {
            Box::pin(async move { throttle::throttle_take(tx, &address_key(&address), &ADDRESS, now).await })
        })
        .await?;
    Ok(())
}

fn address_key(address: &str) -> String {
    format!("address:{address}")
}

/// Who has one address of version 6 has all of its /64.
fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            format!("{}/64", Ipv6Addr::from(network))
        }
    }
}

/// Counts a mail of a kind to an address that somebody typed; false when there were too many of late.
pub(crate) async fn mail_allowed(
    tx: &mut Tx,
    kind: &str,
    email: &str,
    now: Timestamp,
) -> std::result::Result<bool, StoreError> {
    let counted = format!("mail:{kind}:{}", secret_hash(email));
    Ok(throttle::throttle_take(tx, &counted, &MAILS, now).await?.is_none())
}

pub(crate) fn status_check(profile: &Profile) -> Result<()> {
    if profile.status == AccountStatus::Active {
        return Ok(());
    }
    let message = format!("this account is {}", profile.status);
    Err(AppError::Forbidden { code: "ACCOUNT_SUSPENDED", message, details: None })
}

async fn session_open(
    app: &App,
    origin: &Origin,
    (subject, role): (String, Role),
    counted: String,
) -> Result<Tokens> {
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
        client: origin.client.as_deref().map(|client| client.chars().take(200).collect()),
        address: origin.address.map(network_of),
    };
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                throttle::throttle_forget(tx, &counted).await?;
                session::session_insert(tx, &session, &refresh_hash).await
            })
        })
        .await?;
    tokens(app, (&subject, role, id), refresh_token)
}

pub(crate) fn tokens(
    app: &App,
    (subject, role, session): (&str, Role, SessionId),
    refresh_token: String,
) -> Result<Tokens> {
    Ok(Tokens {
        access_token: token::access_token_sign(app, subject, role, session)?,
        refresh_token,
        expires_in: ACCESS_TTL.as_secs(),
        role,
    })
}

/// What somebody who is logged in already shows of themselves once more.
#[derive(Debug, Default)]
pub struct Proof {
    pub password: Option<SecretString>,
    /// A one-time code, or a recovery code.
    pub otp: Option<String>,
}

/// Proves once more that it is the account's owner who asks, before something that a stolen token must not do: by a one-time
/// code where the account has a second factor, else by the password. Attempts are counted and slowed down like log-ins.
pub(crate) async fn account_confirm(app: &App, principal: &Principal, proof: Proof) -> Result<()> {
    confirm(app, principal, proof, false).await
}

/// The same, by the password and, where there is a second factor, its code too.
pub(crate) async fn account_confirm_fully(app: &App, principal: &Principal, proof: Proof) -> Result<()> {
    confirm(app, principal, proof, true).await
}

async fn confirm(app: &App, principal: &Principal, proof: Proof, fully: bool) -> Result<()> {
    let refused = |message: &str| AppError::Unauthenticated {
        code: "INVALID_CREDENTIALS",
        message: message.to_owned(),
    };
    let (account, _) = account_of(app, principal).await?;
    let attempt = attempt_reserve(app, None, account.email).await?;
    let (account, profile) = attempt.found.ok_or_else(token::refused)?;
    let second_factor = account.totp.as_ref().is_some_and(|totp| totp.confirmed);
    if fully || !second_factor {
        let message = if fully {
            "send your password as `password`, and with a second factor its code as `otp`"
        } else {
            "send your password again as `password`, or with a second factor its code as `otp`"
        };
        let password = proof.password.ok_or_else(|| refused(message))?;
        if !credential::password_verify(app, password, Some(profile.password_hash)).await? {
            return Err(refused(message));
        }
    }
    if second_factor {
        second_factor_check(app, &account, proof.otp.as_deref()).await?;
    }
    let counted = attempt.counted;
    Ok(app
        .store()
        .tx(move |tx| Box::pin(async move { throttle::throttle_forget(tx, &counted).await }))
        .await?)
}

#[cfg(test)]
mod tests {
    use super::network_of;

    #[test]
    fn addresses_are_counted_by_who_can_have_them() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2::9"), "2001:db8:1:2::/64");
    }
}
