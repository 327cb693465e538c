//! What developers and users are told by mail about agents: decisions, bans, withdrawn versions.
//!
//! Invariants: a message is enqueued in the transaction that causes it, and handed over at least once, like every mail
//! (`mail.rs`); to which address is looked up then.

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, DeveloperId, UserId},
};
use frameos_store::{StoreError, Tx, deployment, developer, profile, status::Role};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    error::Result,
    jobs::{Job, Next, job_add},
    mail::{Mail, mail_deliver, mail_post},
};

/// Users in one transaction.
const AT_ONCE: u32 = 200;

/// Has a developer told something, with the transaction, once for each occasion.
pub(crate) async fn developer_mail_add(
    tx: &mut Tx,
    to: DeveloperId,
    (id, what): (&str, &str),
    (subject, text): (String, String),
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let mail = DeveloperMail { to, subject, text, since: Some(now) };
    job_add(tx, &mail, &format!("{what} {id}"), now, now).await.map(drop)
}

/// Tells a developer something.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeveloperMail {
    to: DeveloperId,
    subject: String,
    text: String,
    /// Not in jobs of a version before this one.
    since: Option<Timestamp>,
}

impl Job for DeveloperMail {
    const NAME: &'static str = "developer_mail";

    async fn run(self, app: &App) -> Result<Next> {
        let to = self.to;
        let found =
            app.store().read(move |tx| Box::pin(async move { developer::developer_get(tx, to).await }));
        // Whoever has gone need not be told.
        let Some(profile) = found.await? else { return Ok(Next::Done) };
        let mail = Mail { to: profile.email, subject: self.subject, text: self.text };
        mail_deliver(app, mail, self.since.unwrap_or_else(|| app.now())).await
    }
}

/// Tells a developer something that no transaction causes.
pub(crate) async fn developer_tell(app: &App, developer: DeveloperId, subject: &str, text: String) {
    let found =
        app.store().read(move |tx| Box::pin(async move { developer::developer_get(tx, developer).await }));
    let Ok(Some(profile)) = found.await else { return };
    if let Err(error) = mail_post(app, Mail { to: profile.email, subject: subject.to_owned(), text }).await {
        tracing::error!(error = &error as &dyn std::error::Error, "a developer was not mailed");
    }
}

/// Tells all who have deployed a version something: enqueues a mail for each, some at a time.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct DeployersMail {
    pub(crate) agent: AgentId,
    pub(crate) version: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) since: Timestamp,
}

impl Job for DeployersMail {
    const NAME: &'static str = "deployers_mail";

    async fn run(self, app: &App) -> Result<Next> {
        let mut after = None;
        loop {
            let (of, now, last) = (self.clone(), app.now(), after);
            let page = app.store().tx(move |tx| {
                Box::pin(async move {
                    let (agent, version) = (of.agent, of.version.as_str());
                    let users =
                        deployment::deployers_list_unscoped(tx, (agent, version), last, AT_ONCE).await?;
                    for to in &users {
                        let (subject, text) = (of.subject.clone(), of.text.clone());
                        let mail = UserMail { to: *to, subject, text, since: of.since };
                        let key = format!("{} {agent} {version} {to}", DeployersMail::NAME);
                        job_add(tx, &mail, &key, now, now).await?;
                    }
                    Ok(users)
                })
            });
            let page = page.await?;
            after = page.last().copied();
            if page.len() < AT_ONCE as usize {
                return Ok(Next::Done);
            }
        }
    }
}

/// Tells a user something.
#[derive(Serialize, Deserialize)]
pub(crate) struct UserMail {
    to: UserId,
    subject: String,
    text: String,
    since: Timestamp,
}

impl Job for UserMail {
    const NAME: &'static str = "user_mail";

    async fn run(self, app: &App) -> Result<Next> {
        let to = self.to.to_string();
        let found = app
            .store()
            .read(move |tx| Box::pin(async move { profile::profile_get(tx, Role::User, &to).await }));
        let Some(profile) = found.await? else { return Ok(Next::Done) };
        let mail = Mail { to: profile.email, subject: self.subject, text: self.text };
        mail_deliver(app, mail, self.since).await
    }
}
