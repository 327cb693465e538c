//! The port through which mail leaves the process.

use std::{future::Future, pin::Pin};

use thiserror::Error;

/// One plain-text message.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// A message that could not be handed over.
#[derive(Debug, Error)]
#[error("the mail could not be handed over")]
pub struct MailError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Hands mail over for delivery.
pub trait Mailer: Send + Sync {
    fn send<'a>(&'a self, mail: Mail) -> Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>>;
}
