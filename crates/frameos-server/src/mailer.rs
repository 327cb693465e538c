//! Mailers: one that makes files of messages, for want of a mail server, and one that speaks SMTP.
//!
//! A mail holds tokens, so its file is mode 0600, like everything else in the data directory. File names sort by time.

mod smtp;

use std::{future::Future, path::PathBuf, pin::Pin, sync::Arc};

use frameos_app::{Mail, MailError, Mailer};
use frameos_domain::{clock::Clock, id::EventId};

pub use smtp::SmtpError;
pub(crate) use smtp::SmtpMailer;

use crate::data_dir::file_put;

/// Writes mails into a folder.
pub(crate) struct FileMailer {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
}

impl FileMailer {
    /// Writes into `folder`, which must be there.
    pub(crate) fn new(folder: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { folder, clock }
    }
}

impl Mailer for FileMailer {
    fn is_instant(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, mail: Mail) -> Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>> {
        let path = self.folder.join(format!("{}.eml", EventId::generate(self.clock.now())));
        let header = |text: &str| text.replace(['\r', '\n'], " ");
        let text = format!(
            "To: {}\r\nSubject: {}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}",
            header(&mail.to),
            header(&mail.subject),
            mail.text
        );
        Box::pin(async move {
            let written = tokio::task::spawn_blocking(move || file_put(&path, text.as_bytes())).await;
            match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(MailError::Failed(error.into())),
                Err(error) => Err(MailError::Failed(error.into())),
            }
        })
    }
}
