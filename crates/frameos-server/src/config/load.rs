//! Puts a configuration together from its sources, in their order of precedence.
//!
//! Invariant: nothing is skipped silently. A key nobody knows, in the file or as a `FRAMEOS_…` variable, is an error.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{
    Config, ConfigError, Source,
    key::{KEYS, Key, Raw, Refused},
};

/// Variables with our prefix that are not configuration: the client commands' own, and the tests'.
const OTHER_VARIABLES: &[&str] =
    &["FRAMEOS_CONFIG", "FRAMEOS_SERVER", "FRAMEOS_TOKEN", "FRAMEOS_PASSWORD", "FRAMEOS_PROFILE"];
const TEST_PREFIX: &str = "FRAMEOS_TEST_";
const PREFIX: &str = "FRAMEOS_";
/// Variables that all programs of the field know, and our keys for what they say. Ours come before them.
const STANDARD: &[(&str, &str)] = &[
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "telemetry.otlp_url"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "telemetry.otlp_headers"),
    ("OTEL_SERVICE_NAME", "telemetry.service_name"),
];

/// The process environment's variables that say something of the configuration.
pub fn environment() -> Vec<(String, String)> {
    let ours = |(name, value): (OsString, OsString)| {
        let is_ours =
            |name: &String| name.starts_with(PREFIX) || STANDARD.iter().any(|(known, _)| known == name);
        let name = name.into_string().ok().filter(is_ours)?;
        Some((name, value.to_string_lossy().into_owned()))
    };
    std::env::vars_os().filter_map(ours).collect()
}

impl Config {
    /// Defaults, then `file`, then `environment` (names and values; see [`environment`]), then `flags` (key names and values).
    pub fn load(
        file: Option<&Path>,
        environment: &[(String, String)],
        flags: &[(&str, String)],
    ) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        if let Some(path) = file {
            config.apply_file(path)?;
        }
        for (variable, key) in STANDARD {
            if let Some((_, value)) = environment.iter().find(|(name, _)| name == variable)
                && !value.is_empty()
            {
                let source = Source::Environment((*variable).to_owned());
                config.apply(key_find(key, &source)?, Raw::Text(value), source)?;
            }
        }
        for (name, value) in environment {
            config.apply_variable(name, value)?;
        }
        for (name, value) in flags {
            let source = Source::Flag(name.replace('_', "-"));
            config.apply(key_find(name, &source)?, Raw::Text(value), source)?;
        }
        Ok(config)
    }

    fn apply_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let table: Table = text
            .parse()
            .map_err(|source| ConfigError::NotToml { path: path.to_owned(), source: Box::new(source) })?;
        self.apply_table("", &table, path)
    }

    fn apply_table(&mut self, prefix: &str, table: &Table, path: &Path) -> Result<(), ConfigError> {
        for (name, value) in table {
            let name = format!("{prefix}{name}");
            match value {
                Value::Table(inner) if is_section(&name) => {
                    self.apply_table(&format!("{name}."), inner, path)?;
                }
                _ => {
                    let source = Source::File(PathBuf::from(path));
                    self.apply(key_find(&name, &source)?, Raw::Toml(value), source)?;
                }
            }
        }
        Ok(())
    }

    fn apply_variable(&mut self, name: &str, value: &str) -> Result<(), ConfigError> {
        if OTHER_VARIABLES.contains(&name) || name.starts_with(TEST_PREFIX) {
            return Ok(());
        }
        let Some(rest) = name.strip_prefix(PREFIX) else { return Ok(()) };
        let source = Source::Environment(name.to_owned());
        let key = rest.to_lowercase().replace("__", ".");
        self.apply(key_find(&key, &source)?, Raw::Text(value), source)
    }

    fn apply(&mut self, key: &'static Key, raw: Raw<'_>, from: Source) -> Result<(), ConfigError> {
        (key.set)(self, raw).map_err(|refused| match refused {
            Refused::NotOffered(what) => {
                ConfigError::NotOffered { key: key.name.to_owned(), from, what, allowed: key.allowed }
            }
            Refused::NotAllowed => ConfigError::BadValue {
                key: key.name,
                from,
                found: found(self, key, raw),
                allowed: key.allowed,
            },
        })
    }
}

fn key_find(name: &str, from: &Source) -> Result<&'static Key, ConfigError> {
    KEYS.iter().find(|key| key.name == name).ok_or_else(|| ConfigError::UnknownKey {
        key: name.to_owned(),
        from: from.clone(),
        known: KEYS.iter().map(|key| key.name).collect::<Vec<_>>().join(", "),
    })
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The refused value for the message; never a secret's.
fn found(config: &Config, key: &Key, raw: Raw<'_>) -> String {
    const SECRET: &[&str] = &[
        "master_key",
        "database.url",
        "redis.url",
        "gateway.api_key",
        "gateway.sandbox_webhook_secret",
        "stripe.secret_key",
        "stripe.webhook_secret",
        "cashfree.client_secret",
        "telemetry.otlp_headers",
        "telemetry.sentry_dsn",
    ];
    if SECRET.contains(&key.name) || (key.show)(config) == super::key::Shown::Hidden {
        return "the given value (not shown)".to_owned();
    }
    match raw {
        Raw::Text(text) => format!("`{text}`"),
        Raw::Toml(value) => format!("`{value}`"),
    }
}
