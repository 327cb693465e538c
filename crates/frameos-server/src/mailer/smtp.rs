//! Mail by SMTP.
//!
//! Invariant: unless the URL says otherwise, nothing goes to another machine before the connection is encrypted and the server's
//! certificate is found good.

use std::{future::Future, net::IpAddr, pin::Pin, time::Duration};

use frameos_app::{Mail, MailError, Mailer};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::AddressError,
    message::{Mailbox, header::ContentType},
    transport::smtp,
};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

const TIME_LIMIT: Duration = Duration::from_secs(20);
/// Where the public URL has no name that mail could be from.
const NAMELESS: &str = "frameos.localhost";

/// Why mails cannot be sent. Does not repeat the URL, which may hold a password.
#[derive(Debug, Error)]
pub enum SmtpError {
    #[error("the URL of the mail server cannot be used")]
    Url(#[source] smtp::Error),
    #[error("the sender is not an address")]
    From(#[source] AddressError),
}

/// Hands mails to one server.
pub(crate) struct SmtpMailer {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    pub(crate) fn new(url: &SecretString, from: Option<&str>, public_url: &str) -> Result<Self, SmtpError> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(&with_tls(url.expose_secret()))
            .map_err(SmtpError::Url)?
            .timeout(Some(TIME_LIMIT))
            .build();
        let from = match from {
            Some(from) => from.parse(),
            None => sender(public_url).parse(),
        };
        Ok(Self { server, from: from.map_err(SmtpError::From)? })
    }

    /// Whether a URL can be used.
    pub(crate) fn check(url: &SecretString) -> Result<(), SmtpError> {
        let url = with_tls(url.expose_secret());
        AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).map(drop).map_err(SmtpError::Url)
    }

    /// Whether mails can be from this.
    pub(crate) fn from_check(from: &str) -> bool {
        from.parse::<Mailbox>().is_ok()
    }
}

impl Mailer for SmtpMailer {
    fn is_instant(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, mail: Mail) -> Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>> {
        Box::pin(async move {
            let to: Mailbox = mail.to.parse().map_err(refused::<AddressError>)?;
            let message = Message::builder()
                .from(self.from.clone())
                .to(to)
                .subject(mail.subject.replace(['\r', '\n'], " "))
                .header(ContentType::TEXT_PLAIN)
                .body(mail.text)
                .map_err(refused)?;
            match self.server.send(message).await {
                Ok(_) => Ok(()),
                Err(error) if error.is_permanent() => Err(refused(error)),
                Err(error) => Err(MailError::Failed(error.into())),
            }
        })
    }
}

fn refused<E: std::error::Error + Send + Sync + 'static>(error: E) -> MailError {
    MailError::Refused(error.into())
}

/// The URL with encryption asked for where it says nothing of it and leads to another machine.
fn with_tls(url: &str) -> String {
    let Some(rest) = url.strip_prefix("smtp://") else { return url.to_owned() };
    if let Some(plain) = url.strip_suffix("?tls=none") {
        return plain.to_owned();
    }
    if rest.contains("tls=") || is_this_machine(host_of(url)) {
        return url.to_owned();
    }
    let sign = if rest.contains('?') { '&' } else { '?' };
    format!("{url}{sign}tls=required")
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn sender(public_url: &str) -> String {
    let host = host_of(public_url);
    let is_name = !host.is_empty() && host.parse::<IpAddr>().is_err();
    format!("FrameOS <no-reply@{}>", if is_name { host } else { NAMELESS })
}

/// The host in a URL.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_leave_the_machine_encrypted_unless_told_otherwise() {
        for (url, used) in [
            ("smtp://mail.example:587", "smtp://mail.example:587?tls=required"),
            ("smtp://u:p@mail.example", "smtp://u:p@mail.example?tls=required"),
            ("smtp://mail.example?tls=none", "smtp://mail.example"),
            ("smtp://mail.example?tls=opportunistic", "smtp://mail.example?tls=opportunistic"),
            ("smtp://127.0.0.1:1025", "smtp://127.0.0.1:1025"),
            ("smtp://[::1]:1025", "smtp://[::1]:1025"),
            ("smtp://localhost@mail.example", "smtp://localhost@mail.example?tls=required"),
            ("smtps://mail.example", "smtps://mail.example"),
        ] {
            assert_eq!(with_tls(url), used);
            assert!(SmtpMailer::check(&url.to_owned().into()).is_ok(), "{url}");
        }
        assert!(SmtpMailer::check(&"smtp://".to_owned().into()).is_err());
    }
}
