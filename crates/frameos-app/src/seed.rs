//! What a new installation holds: an administrator, and for a first look a developer, a user with test money and the
//! bundled agents, published through the same use cases as anybody's.
//!
//! Invariant: every step may be repeated, so that a first start that was interrupted is completed by the next. The credentials
//! are written down by the caller before the first step, so that they are never lost.

use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use frameos_domain::{
    id::{AdminId, DeveloperId, UserId},
    money::Currency,
};
use frameos_gateway::{GatewayError, wire::TopUpNew};
use frameos_store::{account, page::Page, setting, status::Role, version};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{
    account::{NewAccount, NewIdentity, account_insert},
    agent::agent_register,
    app::App,
    credential,
    error::{AppError, Result},
    idempotency::Mint,
    review::version_approve,
    submission::Submission,
};

const MARKER: &str = "seeded";
/// ₹1,000 in paise.
const DEMO_MONEY: i64 = 100_000;

/// The accounts of a new installation, as kept in `first-run.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FirstRun {
    pub admin: AdminCredentials,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub developer: Option<Credentials>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Credentials>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    pub email: String,
    pub password: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct AdminCredentials {
    pub email: String,
    pub password: String,
    /// Base32, for any authenticator.
    pub totp_secret: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({})", self.email)
    }
}
impl std::fmt::Debug for AdminCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AdminCredentials({})", self.email)
    }
}

/// An agent that ships with FrameOS: the files of its bundle.
#[derive(Debug, Clone)]
pub struct BundledAgent {
    pub files: Vec<(String, Vec<u8>)>,
}

/// Fresh random credentials; with `demo`, for a developer and a user too.
pub fn first_run_generate(demo: bool) -> Result<FirstRun> {
    let credentials =
        |email: &str| Ok::<_, AppError>(Credentials { email: email.into(), password: password()? });
    let admin = credentials("admin@frameos.example")?;
    let totp_secret = credential::totp_create(&admin.email)?.secret_base32;
    Ok(FirstRun {
        admin: AdminCredentials { email: admin.email, password: admin.password, totp_secret },
        developer: if demo { Some(credentials("developer@frameos.example")?) } else { None },
        user: if demo { Some(credentials("user@frameos.example")?) } else { None },
    })
}

fn password() -> Result<String> {
    let mut bytes = [0_u8; 18];
    rand::fill(&mut bytes).map_err(|_| AppError::internal("the system random source failed"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether this installation still has to be seeded.
pub async fn seed_needed(app: &App) -> Result<bool> {
    let marker =
        app.store().read(|tx| Box::pin(async move { setting::setting_get(tx, MARKER).await })).await?;
    Ok(marker.is_none())
}

/// Brings a new installation to its first state.
pub async fn seed(app: &App, first_run: &FirstRun, agents: Vec<BundledAgent>) -> Result<()> {
    let admin = admin_seed(app, &first_run.admin).await?;
    if let Some(user) = &first_run.user {
        let id: UserId =
            account_seed(app, Role::User, user, "Demo User").await?.parse().map_err(AppError::internal)?;
        money_seed(app, id).await?;
    }
    if let Some(developer) = &first_run.developer {
        let id = account_seed(app, Role::Developer, developer, "FrameOS").await?;
        let id: DeveloperId = id.parse().map_err(AppError::internal)?;
        for agent in agents {
            agent_seed(app, id, admin, agent).await?;
        }
    }
    Ok(app.store().tx(|tx| Box::pin(async move { setting::setting_set(tx, MARKER, "1").await })).await?)
}

/// Test money for the demo user, where there is any: a real provider is not asked.
async fn money_seed(app: &App, user: UserId) -> Result<()> {
    let new = TopUpNew {
        scenario: Some("settled".into()),
        ..TopUpNew::new(DEMO_MONEY, Currency::INR, Some("first-run".into()))
    };
    match app.payments().wallet_top_up(user.to_string(), new).await {
        // A conflict is an interrupted start of an older version that got this far.
        Ok(_) | Err(GatewayError::IdempotencyConflict { .. }) => Ok(()),
        Err(error @ (GatewayError::InvalidRequest { .. } | GatewayError::ProviderRefused { .. })) => {
            tracing::info!(%error, "the demo user gets no test money");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

async fn admin_seed(app: &App, admin: &AdminCredentials) -> Result<AdminId> {
    let credentials = Credentials { email: admin.email.clone(), password: admin.password.clone() };
    let id = account_seed(app, Role::Admin, &credentials, "Administrator").await?;
    let (subject, secret) = (id.clone(), credential::totp_secret_parse(&admin.totp_secret)?);
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                account::account_totp_enroll(tx, &subject, &secret).await?;
                // Step 0 is long over: it confirms without using up a code.
                account::account_totp_confirm(tx, &subject, 1).await
            })
        })
        .await?;
    id.parse().map_err(AppError::internal)
}

/// The id of the account, made now or at an earlier, interrupted start.
async fn account_seed(app: &App, role: Role, credentials: &Credentials, name: &str) -> Result<String> {
    let email = credentials.email.clone();
    let found = app
        .store()
        .read(move |tx| Box::pin(async move { account::account_get_by_email(tx, &email).await }))
        .await?;
    if let Some(found) = found {
        return Ok(found.subject_id);
    }
    let now = app.now();
    let (identity, subject) = match role {
        Role::Admin => {
            let id = AdminId::generate(now);
            (NewIdentity::Admin(id), id.to_string())
        }
        Role::Developer => {
            let id = DeveloperId::generate(now);
            (NewIdentity::Developer(id), id.to_string())
        }
        Role::User => {
            let id = UserId::generate(now);
            (NewIdentity::User(id), id.to_string())
        }
    };
    let password_hash =
        credential::password_hash(app, SecretString::from(credentials.password.clone())).await?;
    let (email, name) = (credentials.email.clone(), name.to_owned());
    account_insert(app, NewAccount { identity, email, name, company: None, password_hash, verified: true })
        .await?;
    Ok(subject)
}

async fn agent_seed(app: &App, developer: DeveloperId, admin: AdminId, agent: BundledAgent) -> Result<()> {
    let readme = agent.files.iter().find(|(path, _)| path == "README.md");
    let long_description = readme.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned());
    let code = frameos_scanner::bundle::pack(agent.files).map_err(AppError::internal)?;
    let submission = Submission { long_description, code, ..Submission::default() };
    match agent_register(app, developer, submission, Mint::fresh(app.now())).await {
        Ok(_) => {}
        // An earlier, interrupted start published it; what is left is the approval.
        Err(AppError::Conflict { code: "SLUG_TAKEN", .. }) => {}
        Err(error) => return Err(error),
    }
    let pending = app
        .store()
        .read(|tx| {
            Box::pin(async move { version::version_list_pending_unscoped(tx, Page::new(1, 100)).await })
        })
        .await?
        .items
        .into_iter()
        .filter(|pending| pending.developer_id == developer);
    for row in pending {
        version_approve(app, admin, row.version.id, Some("ships with FrameOS".into())).await?;
    }
    Ok(())
}
