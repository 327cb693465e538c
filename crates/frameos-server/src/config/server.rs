//! What an operator says of the API's listener.

use std::path::PathBuf;

use super::{
    ForwardedHeader, Network,
    key::{Key, Raw, Refused, optional, set_optional},
    read::{names, path, url},
};

#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Peers whose word about the client behind them is taken.
    pub trusted_proxies: Vec<Network>,
    /// Where they say it.
    pub forwarded_header: ForwardedHeader,
    /// Whose pages may read answers.
    pub cors_origins: Vec<String>,
    pub max_connections: usize,
    /// For how long a process that is to stop says so before it stops listening.
    pub shutdown_delay_seconds: u32,
    /// PEM files; both or none.
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::XForwardedFor,
            cors_origins: Vec::new(),
            max_connections: 4_096,
            shutdown_delay_seconds: 0,
            tls_cert: None,
            tls_key: None,
        }
    }
}

pub(super) const TLS_CERT: Key = Key {
    name: "server.tls.cert",
    allowed: "a PEM file",
    set: |config, raw| set_optional(&mut config.server.tls_cert, raw, path),
    show: |config| optional(config.server.tls_cert.as_ref().map(|path| path.display())),
};
pub(super) const TLS_KEY: Key = Key {
    name: "server.tls.key",
    allowed: "a PEM file",
    set: |config, raw| set_optional(&mut config.server.tls_key, raw, path),
    show: |config| optional(config.server.tls_key.as_ref().map(|path| path.display())),
};
pub(super) const GATEWAY_TLS_CERT: Key = Key {
    name: "gateway.tls.cert",
    allowed: "a PEM file",
    set: |config, raw| set_optional(&mut config.gateway.tls_cert, raw, path),
    show: |config| optional(config.gateway.tls_cert.as_ref().map(|path| path.display())),
};
pub(super) const GATEWAY_TLS_KEY: Key = Key {
    name: "gateway.tls.key",
    allowed: "a PEM file",
    set: |config, raw| set_optional(&mut config.gateway.tls_key, raw, path),
    show: |config| optional(config.gateway.tls_key.as_ref().map(|path| path.display())),
};

/// Scheme, host and port, as browsers write them: lower case, nothing behind.
pub(super) fn origins(raw: Raw<'_>) -> Result<Vec<String>, Refused> {
    let given = names(raw)?;
    given.into_iter().filter(|text| !text.is_empty()).map(|text| origin(&text)).collect()
}

fn origin(text: &str) -> Result<String, Refused> {
    let origin = url(Raw::Text(text))?;
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    let fits = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && !b"/?#@*".contains(&byte);
    if origin == text && host.bytes().all(fits) { Ok(origin) } else { Err(Refused::NotAllowed) }
}
