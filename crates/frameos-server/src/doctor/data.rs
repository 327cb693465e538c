//! Files: who can read the keys, what a first start left behind, the certificate.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use frameos_domain::clock::Clock;
use frameos_store::clock::SystemClock;

use super::{Finding, told};
use crate::{config::Config, data_dir::DataDir, listener::Tls, master_keys::master_keys};

/// A certificate that ends sooner is to be renewed.
const RENEWED_DAYS: i64 = 14;

/// The data directory's modes.
pub(super) fn files(config: &Config, data: &DataDir) -> Vec<Finding> {
    let keys = data.path("keys");
    let files = std::fs::read_dir(&keys).into_iter().flatten().flatten().map(|entry| entry.path());
    let secret = exposed([keys.clone(), data.path("first-run.json")].into_iter().chain(files));
    let personal = exposed(std::iter::once(config.data_dir.clone()));
    let advice = "chmod 0700 folders and 0600 files; replace keys that somebody may have read";
    let mut findings = vec![match (secret.is_empty(), personal.is_empty()) {
        (true, true) => Finding::ok("file modes", "only the owner reads keys and data"),
        (true, false) => Finding::warn("file modes", personal, advice),
        (false, _) => Finding::fail("file modes", secret, advice),
    }];
    let master = master_keys(config, &keys).is_ok();
    findings.push(if master {
        Finding::ok("master key", if config.master_key.is_some() { "by configuration" } else { "in keys/" })
    } else {
        let advice =
            "set FRAMEOS_MASTER_KEY or put keys/master.key back; without it what is encrypted is lost";
        Finding::fail("master key", "there is none", advice)
    });
    findings
}

/// Those that others than their owner may use.
fn exposed(paths: impl Iterator<Item = PathBuf>) -> String {
    let modes = paths.filter_map(|path| {
        let mode = std::fs::metadata(&path).ok()?.mode() & 0o777;
        (mode & 0o077 != 0).then(|| format!("{} has mode {mode:o}", path.display()))
    });
    modes.collect::<Vec<_>>().join("; ")
}

/// The certificates of both listeners that may have one.
pub(super) fn tls(config: &Config) -> Vec<Finding> {
    let server = pair("server", &config.server.tls_cert, &config.server.tls_key);
    let gateway = pair("gateway", &config.gateway.tls_cert, &config.gateway.tls_key);
    server.into_iter().chain(gateway).collect()
}

fn pair(section: &str, certificate: &Option<PathBuf>, key: &Option<PathBuf>) -> Option<Finding> {
    let (certificate, key) = match (certificate, key) {
        (None, None) => return None,
        (Some(certificate), Some(key)) => (certificate, key),
        _ => {
            let advice = format!("set both {section}.tls.cert and {section}.tls.key, or none");
            return Some(Finding::fail("tls", "one of certificate and key is missing", advice));
        }
    };
    Some(match Tls::open(certificate, key) {
        Ok(_) => ending(certificate),
        Err(error) => Finding::fail("tls", told(&error), "give PEM files of a certificate and its own key"),
    })
}

/// A certificate that fits its key, by when it ends.
fn ending(certificate: &Path) -> Finding {
    let name = certificate.display();
    let advice = "renew the certificate; a running server takes a new one within ten seconds";
    let Some(ends) = Tls::ends(certificate) else {
        return Finding::warn("tls", format!("when {name} ends cannot be read"), advice);
    };
    let left = ends.millis_since(SystemClock.now());
    let days = left.div_euclid(24 * 3_600_000);
    let day = ends.day();
    if left < 0 {
        Finding::fail("tls", format!("{name} has ended on {day}"), advice)
    } else if days < RENEWED_DAYS {
        Finding::warn("tls", format!("{name} ends in {days} days, on {day}"), advice)
    } else {
        Finding::ok("tls", format!("{name} and its key go together, until {day}"))
    }
}

/// What should be otherwise where strangers come.
pub(super) fn exposure(config: &Config) -> Vec<Finding> {
    let is_public = !config.listen.ip().is_loopback();
    let mut findings = Vec::new();
    let has_tls = config.server.tls_cert.is_some();
    let is_https = config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    if is_public && !has_tls && !is_https {
        let advice = "set server.tls.cert and key, or put a proxy with TLS in front and set public_url to its https URL";
        findings.push(Finding::warn("exposure", format!("{} takes plain HTTP", config.listen), advice));
    }
    if let Some(address) = config.gateway.listen.filter(|address| !address.ip().is_loopback())
        && config.gateway.tls_cert.is_none()
    {
        let advice = "set gateway.tls.cert and key, or have only machines of yours reach it";
        let found = format!("the payment gateway at {address} takes plain HTTP");
        findings.push(Finding::warn("exposure", found, advice));
    }
    if is_public && !config.limits.enabled {
        let advice = "unset FRAMEOS_LIMITS__ENABLED; single classes of requests can be set in [limits]";
        findings.push(Finding::warn("exposure", "request limits are off", advice));
    }
    if (is_public || is_https) && config.metrics.token.is_none() {
        let advice = "set metrics.token, or keep /metrics from the public at the proxy";
        findings.push(Finding::warn("exposure", "anyone can read /metrics", advice));
    }
    if is_https && !has_tls && config.server.trusted_proxies.is_empty() {
        let advice =
            "name the proxy in server.trusted_proxies, or all clients count as one for request limits";
        findings.push(Finding::warn("exposure", "TLS ends before this server, at no proxy it knows", advice));
    }
    findings
}
