//! Where webhooks may lead, and the one HTTP client that goes there.
//!
//! Invariants: a URL is checked when it is saved and again at every try; a name is looked up once per connection, by the
//! client's own resolver, every address it has must be public, and the connection goes to exactly those addresses, so that a
//! name which changes its mind wins nothing; redirects are not followed and the environment's proxies not used.

use std::{net::IpAddr, sync::Arc, time::Duration};

use reqwest::{
    Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use thiserror::Error;

use super::address::address_is_public;
use crate::error::{AppError, Result};

const LONGEST_URL: usize = 2_048;
/// What web servers listen on. Others would make the platform a scanner of strangers' machines.
const PORTS: [u16; 4] = [80, 443, 8080, 8443];
/// For everything from looking up the name to the head of the answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Why a try did not get as far as the network.
#[derive(Debug, Error)]
pub(super) enum TargetError {
    #[error("the name has no address")]
    NoAddress,
    #[error("{0} is not a public address")]
    NotPublic(IpAddr),
}

/// The URL, if it is one that webhooks may lead to. `allow_private` is for tests and for trying things out on one machine.
pub(super) fn url_check(text: &str, allow_private: bool) -> Result<Url> {
    let refused = |message: &str| AppError::invalid("WEBHOOK_URL_REFUSED", format!("url {message}"));
    if text.len() > LONGEST_URL {
        return Err(refused("may have at most 2048 characters"));
    }
    let url = Url::parse(text).map_err(|_| refused("must be a URL such as https://example.com/hook"))?;
    let schemes: &[&str] = if allow_private { &["https", "http"] } else { &["https"] };
    if !schemes.contains(&url.scheme()) {
        return Err(refused("must begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("must not have a user name or password; check the signature instead"));
    }
    if url.fragment().is_some() {
        return Err(refused("must not have a fragment (`#…`)"));
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    if allow_private {
        return Ok(url);
    }
    if !url.port_or_known_default().is_some_and(|port| PORTS.contains(&port)) {
        return Err(refused("must use port 443, 8443, 80 or 8080"));
    }
    let is_public = match host.trim_matches(['[', ']']).parse() {
        Ok(address) => address_is_public(address),
        Err(_) => !is_local_name(&host),
    };
    if is_public { Ok(url) } else { Err(refused(&format!("leads to {host}, which is not a public address"))) }
}

/// Names that resolve to this machine whatever a name server says (RFC 6761).
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    host == "localhost" || host.ends_with(".localhost")
}

/// The client for every webhook of this process.
pub(super) fn client_build(allow_private: bool) -> Result<Client> {
    Client::builder()
        .dns_resolver(Arc::new(PublicOnly { allow_private }))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(TIMEOUT)
        // A kept connection would spare the next try its look-up and check.
        .pool_max_idle_per_host(0)
        .user_agent("FrameOS-Webhooks")
        .build()
        .map_err(AppError::internal)
}

/// The system's resolver, with every answer checked.
struct PublicOnly {
    allow_private: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0))
                .await
                .map_err(|_| TargetError::NoAddress)?
                .collect();
            let mut hidden = found.iter().map(|address| address.ip()).filter(|ip| !address_is_public(*ip));
            match hidden.next() {
                Some(ip) if !allow_private => Err(TargetError::NotPublic(ip).into()),
                _ if found.is_empty() => Err(TargetError::NoAddress.into()),
                _ => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_lead_nowhere_public_are_refused() {
        let refused = [
            "",
            "example.com",
            "http://example.com/",
            "ftp://example.com/",
            "https://user@example.com/",
            "https://:password@example.com/",
            "https://example.com/#part",
            "https://example.com:22/",
            "https://example.com:6379/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://api.localhost/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://127.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00::1]:8443/",
        ];
        for text in refused {
            let error = url_check(text, false).expect_err(text);
            assert_eq!(error.code(), "WEBHOOK_URL_REFUSED", "{text}");
        }
        assert!(url_check(&format!("https://example.com/{}", "x".repeat(2_048)), false).is_err());
        for text in [
            "https://example.com/hook?token=1",
            "https://example.com:8443/",
            "https://8.8.8.8/",
            "https://[2606:4700::1]/",
        ] {
            assert!(url_check(text, false).is_ok(), "{text}");
        }
        for text in ["http://127.0.0.1:49152/", "http://localhost:1/", "https://[::1]/"] {
            assert!(url_check(text, true).is_ok(), "{text}");
        }
        assert!(url_check("http://user@127.0.0.1/", true).is_err());
    }

    #[tokio::test]
    async fn a_name_for_a_private_address_is_not_resolved() {
        let resolve = async |allow_private| {
            PublicOnly { allow_private }.resolve("localhost".parse().unwrap()).await.map(Iterator::count)
        };
        let refused = resolve(false).await.unwrap_err();
        assert!(matches!(refused.downcast_ref(), Some(TargetError::NotPublic(ip)) if ip.is_loopback()));
        assert!(resolve(true).await.unwrap() > 0);
    }
}
