//! Reads values of configuration keys: each function takes one kind of value, or refuses it.
//!
//! Invariant: what is wrong with a value is not repeated, because it may be a secret.

use std::{net::SocketAddr, path::PathBuf};

use frameos_domain::client_key::client_signing_key_read;
use secrecy::{ExposeSecret, SecretString};
use toml::Value;

use super::{
    Backend, MailConfig, PayoutProviderKind, ProviderName, Role,
    key::{Raw, Refused},
};
use crate::mailer::SmtpMailer;

pub(super) fn string(raw: Raw<'_>) -> Result<String, Refused> {
    match raw {
        Raw::Text(text) => Ok(text.to_owned()),
        Raw::Toml(Value::String(text)) => Ok(text.clone()),
        Raw::Toml(_) => Err(Refused::NotAllowed),
    }
}

pub(super) fn address(raw: Raw<'_>) -> Result<SocketAddr, Refused> {
    string(raw)?.replace("localhost:", "127.0.0.1:").parse().map_err(|_| Refused::NotAllowed)
}

pub(super) fn path(raw: Raw<'_>) -> Result<PathBuf, Refused> {
    let text = string(raw)?;
    if text.is_empty() { Err(Refused::NotAllowed) } else { Ok(PathBuf::from(text)) }
}

pub(super) fn url(raw: Raw<'_>) -> Result<String, Refused> {
    let text = string(raw)?;
    let rest =
        text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(Refused::NotAllowed)?;
    if rest.is_empty() || rest.starts_with('/') || rest.contains(char::is_whitespace) {
        return Err(Refused::NotAllowed);
    }
    Ok(text.trim_end_matches('/').to_owned())
}

pub(super) fn folder(raw: Raw<'_>, planned: &str, what: &'static str) -> Result<PathBuf, Refused> {
    let text = string(raw)?;
    if text.starts_with(planned) {
        return Err(Refused::NotOffered(what));
    }
    let path =
        text.strip_prefix("file://").filter(|path| path.starts_with('/')).ok_or(Refused::NotAllowed)?;
    Ok(PathBuf::from(path))
}

pub(super) fn mail_url(mail: &mut MailConfig, raw: Raw<'_>) -> Result<(), Refused> {
    let text = string(raw)?;
    (mail.folder, mail.smtp) = (None, None);
    if text.starts_with("smtp://") || text.starts_with("smtps://") {
        let url = SecretString::from(text);
        // What is wrong with it is not repeated: it may hold a password.
        SmtpMailer::check(&url).map_err(|_| Refused::NotAllowed)?;
        mail.smtp = Some(url);
    } else if !text.is_empty() {
        let path = text.strip_prefix("file://").filter(|path| path.starts_with('/'));
        mail.folder = Some(path.ok_or(Refused::NotAllowed)?.into());
    }
    Ok(())
}

pub(super) fn mail_from(raw: Raw<'_>) -> Result<String, Refused> {
    let text = string(raw)?;
    if SmtpMailer::from_check(&text) { Ok(text) } else { Err(Refused::NotAllowed) }
}

pub(super) fn boolean_or_auto(raw: Raw<'_>) -> Result<Option<bool>, Refused> {
    if string(raw).is_ok_and(|text| text == "auto") { Ok(None) } else { boolean(raw).map(Some) }
}

pub(super) fn database_url(raw: Raw<'_>) -> Result<SecretString, Refused> {
    let text = string(raw)?;
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    if known { Ok(text.into()) } else { Err(Refused::NotAllowed) }
}

pub(super) fn redis_url(raw: Raw<'_>) -> Result<SecretString, Refused> {
    let text = string(raw)?;
    let known = ["redis://", "rediss://"].iter().any(|scheme| text.starts_with(scheme));
    if known && redis::Client::open(text.as_str()).is_ok() {
        Ok(text.into())
    } else {
        Err(Refused::NotAllowed)
    }
}

pub(super) fn master_key(raw: Raw<'_>) -> Result<SecretString, Refused> {
    let secret = SecretString::from(string(raw)?);
    match crate::keys::key_decode(secret.expose_secret()) {
        Some(_) => Ok(secret),
        None => Err(Refused::NotAllowed),
    }
}

pub(super) fn api_key(raw: Raw<'_>) -> Result<SecretString, Refused> {
    let text = string(raw)?;
    let fits = text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(text.into()) } else { Err(Refused::NotAllowed) }
}

pub(super) fn signing_key(raw: Raw<'_>) -> Result<SecretString, Refused> {
    let text = string(raw)?;
    if client_signing_key_read(&text).is_ok() { Ok(text.into()) } else { Err(Refused::NotAllowed) }
}

pub(super) fn visible(raw: Raw<'_>) -> Result<String, Refused> {
    let text = string(raw)?;
    if text.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(text) } else { Err(Refused::NotAllowed) }
}

pub(super) fn phone(raw: Raw<'_>) -> Result<String, Refused> {
    let text = string(raw)?;
    let fits = (10..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(text) } else { Err(Refused::NotAllowed) }
}

pub(super) fn scenario(raw: Raw<'_>) -> Result<String, Refused> {
    let text = string(raw)?;
    let known = frameos_gateway::SCENARIOS.iter().any(|(name, _)| *name == text);
    if known { Ok(text) } else { Err(Refused::NotAllowed) }
}

/// Each at most once; test money never beside real money.
pub(super) fn providers(raw: Raw<'_>) -> Result<Vec<ProviderName>, Refused> {
    let mut chosen = Vec::new();
    for name in names(raw)? {
        let known = ProviderName::ALL.into_iter().find(|known| known.name() == name);
        let known = known.filter(|known| !chosen.contains(known)).ok_or(Refused::NotAllowed)?;
        chosen.push(known);
    }
    if chosen.len() > 1 && chosen.contains(&ProviderName::Sandbox) {
        return Err(Refused::NotAllowed);
    }
    Ok(chosen)
}

pub(super) fn backend(raw: Raw<'_>) -> Result<Backend, Refused> {
    choice(raw, &BACKENDS.map(|backend| (backend_name(backend), backend)))
}

pub(super) const PAYOUT_PROVIDERS: [(&str, PayoutProviderKind); 2] =
    [("sandbox", PayoutProviderKind::Sandbox), ("cashfree", PayoutProviderKind::Cashfree)];
pub(super) const PAYOUT_ZONES: [(&str, i32); 2] = [("IST", 330), ("UTC", 0)];

/// The word for one of the choices.
pub(super) fn shown<T: PartialEq>(choices: &[(&'static str, T)], value: T) -> &'static str {
    choices.iter().find(|(_, choice)| *choice == value).map_or("", |(name, _)| name)
}

pub(super) const BACKENDS: [Backend; 3] = [Backend::Auto, Backend::Linux, Backend::Docker];

pub(super) fn backend_name(backend: Backend) -> &'static str {
    match backend {
        Backend::Auto => "auto",
        Backend::Linux => "linux",
        Backend::Docker => "docker",
    }
}

/// A list, or a text with commas.
pub(super) fn names(raw: Raw<'_>) -> Result<Vec<String>, Refused> {
    match raw {
        Raw::Text(text) => Ok(text.split(',').map(|name| name.trim().to_owned()).collect()),
        Raw::Toml(Value::Array(values)) => values.iter().map(|value| string(Raw::Toml(value))).collect(),
        Raw::Toml(_) => Err(Refused::NotAllowed),
    }
}

pub(super) fn roles(raw: Raw<'_>) -> Result<Vec<Role>, Refused> {
    let names = names(raw)?;
    let all = [Role::Api, Role::Worker, Role::Gateway];
    let known = |name: &String| all.iter().any(|role| role.name() == name);
    if names.is_empty() || !names.iter().all(known) {
        return Err(Refused::NotAllowed);
    }
    Ok(all.into_iter().filter(|role| names.iter().any(|name| name == role.name())).collect())
}

pub(super) fn choice<T: Copy>(raw: Raw<'_>, choices: &[(&str, T)]) -> Result<T, Refused> {
    let text = string(raw)?;
    choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or(Refused::NotAllowed)
}

pub(super) fn number(raw: Raw<'_>, low: u32, high: u32) -> Result<u32, Refused> {
    let value = match raw {
        Raw::Text(text) => text.trim().parse().map_err(|_| Refused::NotAllowed)?,
        Raw::Toml(Value::Integer(value)) => u32::try_from(*value).map_err(|_| Refused::NotAllowed)?,
        Raw::Toml(_) => return Err(Refused::NotAllowed),
    };
    if (low..=high).contains(&value) { Ok(value) } else { Err(Refused::NotAllowed) }
}

pub(super) fn boolean(raw: Raw<'_>) -> Result<bool, Refused> {
    match raw {
        Raw::Toml(Value::Boolean(value)) => Ok(*value),
        Raw::Toml(_) => Err(Refused::NotAllowed),
        Raw::Text(_) => choice(raw, &[("true", true), ("1", true), ("false", false), ("0", false)]),
    }
}
