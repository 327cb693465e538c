//! What a process tells others about itself: the log, traces and errors.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use toml::Value;

use super::{
    LogFormat,
    key::{Key, Raw, Refused, hidden, optional, set_optional, set_to, text},
    read::{choice, number, string, url},
};
use crate::telemetry::Dsn;

#[derive(Debug, Clone)]
pub struct LogConfig {
    pub format: LogFormat,
    /// A level, or `tracing` filter directives.
    pub level: String,
}

/// Where traces and errors go; by default nowhere.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// A collector's base, for OTLP over HTTP.
    pub otlp_url: Option<String>,
    pub otlp_headers: OtlpHeaders,
    /// Of the traces that begin here.
    pub trace_percent: u32,
    pub service_name: String,
    pub environment: String,
    /// Where errors go. Holds a key.
    pub sentry_dsn: Option<SecretString>,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            otlp_url: None,
            otlp_headers: OtlpHeaders(None),
            trace_percent: 100,
            service_name: "frameos".to_owned(),
            environment: "production".to_owned(),
            sentry_dsn: None,
        }
    }
}

/// What a collector asks for, such as an API key: names and values as OpenTelemetry writes them, `name=value,name=value`.
#[derive(Debug, Clone)]
pub struct OtlpHeaders(Option<SecretString>);

impl OtlpHeaders {
    pub(crate) fn headers(&self) -> HeaderMap {
        let text = self.0.as_ref().map_or("", |text| text.expose_secret());
        // The configuration has checked that they can be read.
        headers_read(text).unwrap_or_default()
    }
}

fn headers_read(text: &str) -> Option<HeaderMap> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let mut value = HeaderValue::from_str(&percent_decode(value.trim())?).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::from_bytes(name.trim().as_bytes()).ok()?, value))
    });
    pairs.collect()
}

/// Values may be written as in a URL, where they hold a comma.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, others) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = others;
    }
    String::from_utf8(bytes).ok()
}

pub(super) const LOG_FORMAT: Key = Key {
    name: "log.format",
    allowed: "text or json",
    set: |config, raw| set_to(&mut config.log.format, choice(raw, &FORMATS)),
    show: |config| text(&if config.log.format == LogFormat::Text { "text" } else { "json" }),
};
pub(super) const LOG_LEVEL: Key = Key {
    name: "log.level",
    allowed: "error, warn, info, debug, trace or filter directives such as info,frameos_app=debug",
    set: |config, raw| set_to(&mut config.log.level, log_level(raw)),
    show: |config| text(&config.log.level),
};
pub(super) const OTLP_URL: Key = Key {
    name: "telemetry.otlp_url",
    allowed: "an http:// or https:// URL, such as http://127.0.0.1:4318",
    set: |config, raw| set_optional(&mut config.telemetry.otlp_url, raw, url),
    show: |config| optional(config.telemetry.otlp_url.as_ref()),
};
pub(super) const OTLP_HEADERS: Key = Key {
    name: "telemetry.otlp_headers",
    allowed: "names and values of headers, such as api-key=secret,x-tenant=1",
    set: |config, raw| set_optional(&mut config.telemetry.otlp_headers.0, raw, otlp_headers),
    show: |config| hidden(config.telemetry.otlp_headers.0.as_ref()),
};
pub(super) const TRACE_PERCENT: Key = Key {
    name: "telemetry.trace_percent",
    allowed: "a whole number from 0 to 100",
    set: |config, raw| set_to(&mut config.telemetry.trace_percent, number(raw, 0, 100)),
    show: |config| super::key::Shown::Plain(Value::Integer(config.telemetry.trace_percent.into())),
};
pub(super) const SERVICE_NAME: Key = Key {
    name: "telemetry.service_name",
    allowed: "up to 64 visible ASCII characters",
    set: |config, raw| set_to(&mut config.telemetry.service_name, word(raw)),
    show: |config| text(&config.telemetry.service_name),
};
pub(super) const ENVIRONMENT: Key = Key {
    name: "telemetry.environment",
    allowed: "up to 64 visible ASCII characters, such as staging",
    set: |config, raw| set_to(&mut config.telemetry.environment, word(raw)),
    show: |config| text(&config.telemetry.environment),
};
pub(super) const SENTRY_DSN: Key = Key {
    name: "telemetry.sentry_dsn",
    allowed: "a DSN such as https://KEY@HOST/PROJECT",
    set: |config, raw| set_optional(&mut config.telemetry.sentry_dsn, raw, sentry_dsn),
    show: |config| hidden(config.telemetry.sentry_dsn.as_ref()),
};

const FORMATS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];

fn log_level(raw: Raw<'_>) -> Result<String, Refused> {
    let text = string(raw)?;
    let fits = !text.is_empty() && tracing_subscriber::EnvFilter::try_new(&text).is_ok();
    if fits { Ok(text) } else { Err(Refused::NotAllowed) }
}

fn otlp_headers(raw: Raw<'_>) -> Result<SecretString, Refused> {
    let text = string(raw)?;
    if headers_read(&text).is_some() { Ok(text.into()) } else { Err(Refused::NotAllowed) }
}

fn sentry_dsn(raw: Raw<'_>) -> Result<SecretString, Refused> {
    let dsn = SecretString::from(string(raw)?);
    if Dsn::read(&dsn).is_some() { Ok(dsn) } else { Err(Refused::NotAllowed) }
}

fn word(raw: Raw<'_>) -> Result<String, Refused> {
    let text = string(raw)?;
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(text) } else { Err(Refused::NotAllowed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_opentelemetry_writes_them() {
        let headers = headers_read("api-key=s%2Cecret, x-tenant = 1,").unwrap();
        assert_eq!(headers["api-key"], "s,ecret");
        assert_eq!(headers["x-tenant"], "1");
        assert!(headers_read("").unwrap().is_empty());
        for wrong in ["key", "ke y=1", "key=%2", "key=%zz", "key=a%0Ab"] {
            assert!(headers_read(wrong).is_none(), "{wrong}");
        }
    }
}
