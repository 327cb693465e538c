//! The port through which mail leaves the process, and the job that carries it there.
//!
//! Invariants: no request waits for a mail server; what one does not take now is tried again for three days, what it refuses
//! for good is not.

use std::{error::Error, future::Future, pin::Pin, time::Duration};

use frameos_domain::{clock::Timestamp, id::EventId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    app::App,
    error::{AppError, Result},
    jobs::{Job, Next, job_new},
};

/// For how long a mail is tried.
const PATIENCE: Duration = Duration::from_secs(3 * 24 * 3600);

/// One plain-text message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// A message that was not handed over.
#[derive(Debug, Error)]
pub enum MailError {
    #[error("the mail could not be handed over")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
    /// Trying again will not help.
    #[error("the mail is refused")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
}

/// Hands mail over for delivery.
pub trait Mailer: Send + Sync {
    /// Whether it takes no more time than a write to disk, so that a request may wait for it.
    fn is_instant(&self) -> bool;

    fn send<'a>(
        &'a self,
        mail: Mail,
    ) -> Pin<Box<dyn Future<Output = std::result::Result<(), MailError>> + Send + 'a>>;
}

/// Sees to it that a mail without secrets is sent: at once where that takes no time, else by the queue.
pub(crate) async fn mail_post(app: &App, mail: Mail) -> Result<()> {
    let now = app.now();
    if app.mailer.is_instant() {
        return app.mailer.send(mail).await.map_err(AppError::internal);
    }
    let job = PlainMail { mail, since: now };
    app.jobs.add(job_new(&job, &EventId::generate(now).to_string(), now)?, now).await?;
    Ok(())
}

/// Hands over a mail that is wanted since a time.
pub(crate) async fn mail_deliver(app: &App, mail: Mail, since: Timestamp) -> Result<Next> {
    match app.mailer.send(mail).await {
        Ok(()) => Ok(Next::Done),
        Err(error @ MailError::Failed(_)) if app.now() < since.plus(PATIENCE) => {
            Err(AppError::internal(error))
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn Error, "a mail was given up");
            Ok(Next::Done)
        }
    }
}

/// Sends one mail.
#[derive(Serialize, Deserialize)]
pub(crate) struct PlainMail {
    mail: Mail,
    since: Timestamp,
}

impl Job for PlainMail {
    const NAME: &'static str = "mail";

    async fn run(self, app: &App) -> Result<Next> {
        mail_deliver(app, self.mail, self.since).await
    }
}
