//! The table of configuration keys: each one's name, what it allows, how it is set and how it is shown.
//!
//! The table is the only place that knows the names; the loader, `frameos config` and the test of the documented defaults use it.

use secrecy::SecretString;
use toml::Value;

use super::{
    Config, LimitClass, Role, Seed,
    limits::rate_key,
    network::{self, FORWARDED},
    objects,
    read::{
        PAYOUT_PROVIDERS, PAYOUT_ZONES, address, api_key, backend, backend_name, boolean, boolean_or_auto,
        choice, database_url, mail_from, mail_url, master_key, number, path, phone, providers, redis_url,
        roles, scenario, shown, signing_key, string, url, visible,
    },
    server, telemetry, x402,
};

/// A value on its way into the tree: typed when it is from the file, text when from the environment or a flag.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Raw<'a> {
    Toml(&'a Value),
    Text(&'a str),
}

/// Why a setter did not take a value.
#[derive(Debug)]
pub(crate) enum Refused {
    NotAllowed,
}

/// How a value is shown.
#[derive(Debug, PartialEq)]
pub(crate) enum Shown {
    /// Not set: the default applies.
    Unset,
    Plain(Value),
    Hidden,
}

type Set = fn(&mut Config, Raw<'_>) -> Result<(), Refused>;

/// One configuration key.
#[derive(Debug)]
pub struct Key {
    /// Dotted, as in the file's tables.
    pub name: &'static str,
    /// What a value may be, in words.
    pub allowed: &'static str,
    pub(super) set: Set,
    pub(super) show: fn(&Config) -> Shown,
}

impl Key {
    /// The environment variable that sets this key.
    pub fn variable(&self) -> String {
        format!("FRAMEOS_{}", self.name.to_uppercase().replace('.', "__"))
    }
}

/// Every key, in the order of the documented default file.
pub static KEYS: &[Key] = &[
    Key {
        name: "listen",
        allowed: "an address and port such as 127.0.0.1:8080",
        set: |config, raw| set_to(&mut config.listen, address(raw)),
        show: |config| text(&config.listen),
    },
    Key {
        name: "data_dir",
        allowed: "a directory",
        set: |config, raw| set_to(&mut config.data_dir, path(raw)),
        show: |config| text(&config.data_dir.display()),
    },
    Key {
        name: "roles",
        allowed: "some of api, worker, gateway",
        set: |config, raw| set_to(&mut config.roles, roles(raw)),
        show: |config| Shown::Plain(config.roles.iter().map(|role| role.name()).collect::<Vec<_>>().into()),
    },
    Key {
        name: "public_url",
        allowed: "an http:// or https:// URL",
        set: |config, raw| set_optional(&mut config.public_url, raw, url),
        show: |config| optional(config.public_url.as_ref()),
    },
    Key {
        name: "seed",
        allowed: "demo or none",
        set: |config, raw| {
            set_to(&mut config.seed, choice(raw, &[("demo", Seed::Demo), ("none", Seed::None)]))
        },
        show: |config| text(&if config.seed == Seed::Demo { "demo" } else { "none" }),
    },
    Key {
        name: "master_key",
        allowed: "32 bytes in hex or base64; several with commas between, of which all read",
        set: |config, raw| set_optional(&mut config.master_key, raw, master_key),
        show: |config| hidden(config.master_key.as_ref()),
    },
    Key {
        name: "server.trusted_proxies",
        allowed: "addresses and networks such as 10.0.0.0/8, with commas between",
        set: |config, raw| set_to(&mut config.server.trusted_proxies, network::networks(raw)),
        show: |config| network::shown(&config.server.trusted_proxies),
    },
    Key {
        name: "server.forwarded_header",
        allowed: "x-forwarded-for or forwarded",
        set: |config, raw| set_to(&mut config.server.forwarded_header, choice(raw, &FORWARDED)),
        show: |config| text(&shown(&FORWARDED, config.server.forwarded_header)),
    },
    Key {
        name: "server.cors_origins",
        allowed: "origins such as https://app.example.com, with commas between; no path, no wildcard",
        set: |config, raw| set_to(&mut config.server.cors_origins, server::origins(raw)),
        show: |config| Shown::Plain(config.server.cors_origins.clone().into()),
    },
    Key {
        name: "server.max_connections",
        allowed: "a whole number from 10 to 1000000",
        set: |config, raw| {
            set_to(&mut config.server.max_connections, number(raw, 10, 1_000_000).map(|n| n as usize))
        },
        show: |config| Shown::Plain(Value::Integer(config.server.max_connections as i64)),
    },
    Key {
        name: "server.shutdown_delay_seconds",
        allowed: "a whole number of seconds from 0 to 300",
        set: |config, raw| set_to(&mut config.server.shutdown_delay_seconds, number(raw, 0, 300)),
        show: |config| Shown::Plain(Value::Integer(config.server.shutdown_delay_seconds.into())),
    },
    server::TLS_CERT,
    server::TLS_KEY,
    Key {
        name: "redis.url",
        allowed: "redis:// or rediss://, user:password@host:port/number",
        set: |config, raw| set_optional(&mut config.redis_url, raw, redis_url),
        show: |config| hidden(config.redis_url.as_ref()),
    },
    Key {
        name: "database.url",
        allowed: "sqlite:/path/to/file.db or postgres://user:password@host:port/name",
        set: |config, raw| set_optional(&mut config.database_url, raw, database_url),
        show: |config| hidden(config.database_url.as_ref()),
    },
    Key {
        name: "objects.url",
        allowed: "file:///absolute/directory, or s3://bucket/prefix?region=…&endpoint=…&style=path (or virtual), without credentials",
        set: |config, raw| set_optional(&mut config.objects.place, raw, objects::place),
        show: |config| optional(config.objects.place.as_ref()),
    },
    Key {
        name: "objects.access_key_id",
        allowed: "the id of an access key of S3",
        set: |config, raw| set_optional(&mut config.objects.access_key_id, raw, objects::access_key_id),
        show: |config| optional(config.objects.access_key_id.as_ref()),
    },
    Key {
        name: "objects.secret_access_key",
        allowed: "the secret of an access key of S3",
        set: |config, raw| set_optional(&mut config.objects.secret_access_key, raw, objects::secret),
        show: |config| hidden(config.objects.secret_access_key.as_ref()),
    },
    Key {
        name: "objects.session_token",
        allowed: "the token of a temporary access key of S3",
        set: |config, raw| set_optional(&mut config.objects.session_token, raw, objects::secret),
        show: |config| hidden(config.objects.session_token.as_ref()),
    },
    Key {
        name: "gateway.url",
        allowed: "an http:// or https:// URL",
        set: |config, raw| set_optional(&mut config.gateway.url, raw, url),
        show: |config| optional(config.gateway.url.as_ref()),
    },
    Key {
        name: "gateway.api_key",
        allowed: "at least 16 visible ASCII characters",
        set: |config, raw| set_optional(&mut config.gateway.api_key, raw, api_key),
        show: |config| hidden(config.gateway.api_key.as_ref()),
    },
    Key {
        name: "gateway.signing_key",
        allowed: "a key as `frameos gateway client add --sign` shows it: gws_ and 43 characters",
        set: |config, raw| set_optional(&mut config.gateway.signing_key, raw, signing_key),
        show: |config| hidden(config.gateway.signing_key.as_ref()),
    },
    Key {
        name: "gateway.timeout_ms",
        allowed: "a whole number of milliseconds from 100 to 9000",
        set: |config, raw| set_to(&mut config.gateway.timeout_ms, number(raw, 100, 9_000)),
        show: |config| Shown::Plain(Value::Integer(config.gateway.timeout_ms.into())),
    },
    Key {
        name: "gateway.listen",
        allowed: "an address and port such as 127.0.0.1:8081",
        set: |config, raw| set_optional(&mut config.gateway.listen, raw, address),
        show: |config| optional(config.gateway.listen),
    },
    server::GATEWAY_TLS_CERT,
    server::GATEWAY_TLS_KEY,
    Key {
        name: "gateway.requests_per_second",
        allowed: "a whole number from 0 (no limit) to 100000",
        set: |config, raw| set_to(&mut config.gateway.requests_per_second, number(raw, 0, 100_000)),
        show: |config| Shown::Plain(Value::Integer(config.gateway.requests_per_second.into())),
    },
    Key {
        name: "gateway.providers",
        allowed: "some of sandbox, stripe, cashfree, in order of preference; sandbox only alone",
        set: |config, raw| set_optional_list(&mut config.providers.names, raw, providers),
        show: |config| {
            let names = config.providers.names.as_ref();
            names.map_or(Shown::Unset, |names| {
                Shown::Plain(names.iter().map(|name| name.name()).collect::<Vec<_>>().into())
            })
        },
    },
    Key {
        name: "gateway.provider_timeout_seconds",
        allowed: "a whole number of seconds from 1 to 20",
        set: |config, raw| set_to(&mut config.providers.timeout_seconds, number(raw, 1, 20)),
        show: |config| Shown::Plain(Value::Integer(config.providers.timeout_seconds.into())),
    },
    Key {
        name: "gateway.return_url",
        allowed: "an http:// or https:// URL",
        set: |config, raw| set_optional(&mut config.providers.return_url, raw, url),
        show: |config| optional(config.providers.return_url.as_ref()),
    },
    Key {
        name: "gateway.sandbox_scenario",
        allowed: "a scenario of docs/providers.md such as settled, pending, declined or timeout_paid",
        set: |config, raw| set_optional(&mut config.providers.sandbox_scenario, raw, scenario),
        show: |config| optional(config.providers.sandbox_scenario.as_ref()),
    },
    Key {
        name: "gateway.sandbox_webhook_secret",
        allowed: "at least 16 visible ASCII characters",
        set: |config, raw| set_optional(&mut config.providers.sandbox_webhook_secret, raw, api_key),
        show: |config| hidden(config.providers.sandbox_webhook_secret.as_ref()),
    },
    Key {
        name: "stripe.secret_key",
        allowed: "at least 16 visible ASCII characters",
        set: |config, raw| set_optional(&mut config.providers.stripe.secret_key, raw, api_key),
        show: |config| hidden(config.providers.stripe.secret_key.as_ref()),
    },
    Key {
        name: "stripe.webhook_secret",
        allowed: "at least 16 visible ASCII characters",
        set: |config, raw| set_optional(&mut config.providers.stripe.webhook_secret, raw, api_key),
        show: |config| hidden(config.providers.stripe.webhook_secret.as_ref()),
    },
    Key {
        name: "stripe.base_url",
        allowed: "an http:// or https:// URL",
        set: |config, raw| set_optional(&mut config.providers.stripe.base_url, raw, url),
        show: |config| optional(config.providers.stripe.base_url.as_ref()),
    },
    Key {
        name: "cashfree.client_id",
        allowed: "the client id of a Cashfree account",
        set: |config, raw| set_optional(&mut config.providers.cashfree.client_id, raw, visible),
        show: |config| optional(config.providers.cashfree.client_id.as_ref()),
    },
    Key {
        name: "cashfree.client_secret",
        allowed: "at least 16 visible ASCII characters",
        set: |config, raw| set_optional(&mut config.providers.cashfree.client_secret, raw, api_key),
        show: |config| hidden(config.providers.cashfree.client_secret.as_ref()),
    },
    Key {
        name: "cashfree.base_url",
        allowed: "an http:// or https:// URL",
        set: |config, raw| set_optional(&mut config.providers.cashfree.base_url, raw, url),
        show: |config| optional(config.providers.cashfree.base_url.as_ref()),
    },
    Key {
        name: "cashfree.customer_phone",
        allowed: "10 to 15 digits",
        set: |config, raw| set_optional(&mut config.providers.cashfree.customer_phone, raw, phone),
        show: |config| optional(config.providers.cashfree.customer_phone.as_ref()),
    },
    Key {
        name: "sandbox.backend",
        allowed: "auto, linux or docker",
        set: |config, raw| set_to(&mut config.sandbox.backend, backend(raw)),
        show: |config| text(&backend_name(config.sandbox.backend)),
    },
    Key {
        name: "sandbox.jail_path",
        allowed: "the path of the frameos-jail program",
        set: |config, raw| set_optional(&mut config.sandbox.jail_path, raw, path),
        show: |config| optional(config.sandbox.jail_path.as_ref().map(|path| path.display())),
    },
    Key {
        name: "sandbox.warm",
        allowed: "a whole number from 0 (none) to 100",
        set: |config, raw| set_to(&mut config.sandbox.warm, number(raw, 0, 100).map(|warm| warm as usize)),
        show: |config| Shown::Plain(Value::Integer(config.sandbox.warm as i64)),
    },
    Key {
        name: "sandbox.warm_memory_mb",
        allowed: "a whole number of MiB from 1 to 1000000",
        set: |config, raw| set_to(&mut config.sandbox.warm_memory_mb, number(raw, 1, 1_000_000)),
        show: |config| Shown::Plain(Value::Integer(config.sandbox.warm_memory_mb.into())),
    },
    Key {
        name: "sandbox.warm_idle_seconds",
        allowed: "a whole number of seconds from 1 to 86400",
        set: |config, raw| set_to(&mut config.sandbox.warm_idle_seconds, number(raw, 1, 86_400)),
        show: |config| Shown::Plain(Value::Integer(config.sandbox.warm_idle_seconds.into())),
    },
    Key {
        name: "sandbox.docker_socket",
        allowed: "the path of a Docker Engine's unix socket",
        set: |config, raw| set_to(&mut config.sandbox.docker_socket, path(raw)),
        show: |config| text(&config.sandbox.docker_socket.display()),
    },
    Key {
        name: "sandbox.oci_runtime",
        allowed: "the name of an OCI runtime that the Docker Engine knows",
        set: |config, raw| set_optional(&mut config.sandbox.oci_runtime, raw, string),
        show: |config| optional(config.sandbox.oci_runtime.as_ref()),
    },
    Key {
        name: "worker.slots",
        allowed: "a whole number from 1 to 1000",
        set: |config, raw| set_to(&mut config.worker.slots, number(raw, 1, 1000).map(|slots| slots as usize)),
        show: |config| Shown::Plain(Value::Integer(config.worker.slots as i64)),
    },
    Key {
        name: "worker.starts_per_second",
        allowed: "a whole number from 0 (no limit) to 1000",
        set: |config, raw| set_to(&mut config.worker.starts_per_second, number(raw, 0, 1000)),
        show: |config| Shown::Plain(Value::Integer(config.worker.starts_per_second.into())),
    },
    Key {
        name: "worker.lease_seconds",
        allowed: "a whole number of seconds from 2 to 3600",
        set: |config, raw| set_to(&mut config.worker.lease_seconds, number(raw, 2, 3600)),
        show: |config| Shown::Plain(Value::Integer(config.worker.lease_seconds.into())),
    },
    Key {
        name: "queue.user_concurrency",
        allowed: "a whole number from 0 (no limit) to 100000",
        set: |config, raw| set_to(&mut config.queue.user_concurrency, number(raw, 0, 100_000)),
        show: |config| Shown::Plain(Value::Integer(config.queue.user_concurrency.into())),
    },
    Key {
        name: "queue.agent_concurrency",
        allowed: "a whole number from 0 (no limit) to 100000",
        set: |config, raw| set_to(&mut config.queue.agent_concurrency, number(raw, 0, 100_000)),
        show: |config| Shown::Plain(Value::Integer(config.queue.agent_concurrency.into())),
    },
    Key {
        name: "queue.user_depth",
        allowed: "a whole number from 1 to 1000000",
        set: |config, raw| set_to(&mut config.queue.user_depth, number(raw, 1, 1_000_000)),
        show: |config| Shown::Plain(Value::Integer(config.queue.user_depth.into())),
    },
    Key {
        name: "queue.free_patience_seconds",
        allowed: "a whole number of seconds from 1 to 86400",
        set: |config, raw| set_to(&mut config.queue.free_patience_seconds, number(raw, 1, 86_400)),
        show: |config| Shown::Plain(Value::Integer(config.queue.free_patience_seconds.into())),
    },
    Key {
        name: "metrics.listen",
        allowed: "an address and port such as 127.0.0.1:9100",
        set: |config, raw| set_optional(&mut config.metrics.listen, raw, address),
        show: |config| optional(config.metrics.listen),
    },
    Key {
        name: "metrics.token",
        allowed: "at least 16 visible ASCII characters",
        set: |config, raw| set_optional(&mut config.metrics.token, raw, api_key),
        show: |config| hidden(config.metrics.token.as_ref()),
    },
    Key {
        name: "mail.url",
        allowed: "file:///absolute/directory, or smtp:// or smtps:// with user:password@host:port",
        set: |config, raw| mail_url(&mut config.mail, raw),
        show: |config| match &config.mail.folder {
            Some(path) => text(&format!("file://{}", path.display())),
            None => hidden(config.mail.smtp.as_ref()),
        },
    },
    Key {
        name: "mail.from",
        allowed: "an address such as FrameOS <no-reply@example.com>",
        set: |config, raw| set_optional(&mut config.mail.from, raw, mail_from),
        show: |config| optional(config.mail.from.as_ref()),
    },
    Key {
        name: "accounts.require_verified_email",
        allowed: "true, false, or auto",
        set: |config, raw| set_to(&mut config.require_verified_email, boolean_or_auto(raw)),
        show: |config| match config.require_verified_email {
            Some(required) => Shown::Plain(Value::Boolean(required)),
            None => text(&"auto"),
        },
    },
    Key {
        name: "accounts.hide",
        allowed: "true or false",
        set: |config, raw| set_to(&mut config.hide_accounts, boolean(raw)),
        show: |config| Shown::Plain(Value::Boolean(config.hide_accounts)),
    },
    Key {
        name: "webhooks.allow_private",
        allowed: "true or false",
        set: |config, raw| set_to(&mut config.webhooks_allow_private, boolean(raw)),
        show: |config| Shown::Plain(Value::Boolean(config.webhooks_allow_private)),
    },
    Key {
        name: "x402.facilitator_url",
        allowed: "an http:// or https:// URL",
        set: |config, raw| set_optional(&mut config.x402.facilitator_url, raw, url),
        show: |config| optional(config.x402.facilitator_url.as_ref()),
    },
    Key {
        name: "x402.facilitator_token",
        allowed: "at least 16 visible ASCII characters",
        set: |config, raw| set_optional(&mut config.x402.facilitator_token, raw, api_key),
        show: |config| hidden(config.x402.facilitator_token.as_ref()),
    },
    Key {
        name: "x402.network",
        allowed: "a CAIP-2 name such as eip155:8453",
        set: |config, raw| set_optional(&mut config.x402.network, raw, x402::network),
        show: |config| optional(config.x402.network.as_ref()),
    },
    Key {
        name: "x402.asset",
        allowed: "the address of a token's contract, 0x and 40 hexadecimal digits",
        set: |config, raw| set_optional(&mut config.x402.asset, raw, x402::chain_address),
        show: |config| optional(config.x402.asset.as_ref()),
    },
    Key {
        name: "x402.asset_name",
        allowed: "the name in the token's EIP-712 domain",
        set: |config, raw| set_to(&mut config.x402.asset_name, x402::domain_word(raw)),
        show: |config| text(&config.x402.asset_name),
    },
    Key {
        name: "x402.asset_version",
        allowed: "the version in the token's EIP-712 domain",
        set: |config, raw| set_to(&mut config.x402.asset_version, x402::domain_word(raw)),
        show: |config| text(&config.x402.asset_version),
    },
    Key {
        name: "x402.pay_to",
        allowed: "an address, 0x and 40 hexadecimal digits",
        set: |config, raw| set_optional(&mut config.x402.pay_to, raw, x402::chain_address),
        show: |config| optional(config.x402.pay_to.as_ref()),
    },
    Key {
        name: "x402.rates",
        allowed: "a list such as [\"INR=117.95\"]: the token's smallest units that a currency's minor unit is worth",
        set: |config, raw| set_to(&mut config.x402.rates, x402::rates(raw)),
        show: |config| {
            Shown::Plain(config.x402.rates.iter().map(ToString::to_string).collect::<Vec<_>>().into())
        },
    },
    Key {
        name: "x402.rpc_url",
        allowed: "an http:// or https:// URL",
        set: |config, raw| set_optional(&mut config.x402.rpc_url, raw, x402::rpc_url),
        show: |config| hidden(config.x402.rpc_url.as_ref()),
    },
    Key {
        name: "x402.answer_seconds",
        allowed: "a whole number of seconds from 1 to 60",
        set: |config, raw| set_to(&mut config.x402.answer_seconds, number(raw, 1, 60)),
        show: |config| Shown::Plain(Value::Integer(config.x402.answer_seconds.into())),
    },
    Key {
        name: "x402.payer_runs",
        allowed: "a whole number from 1 to 1000",
        set: |config, raw| set_to(&mut config.x402.payer_runs, number(raw, 1, 1_000)),
        show: |config| Shown::Plain(Value::Integer(config.x402.payer_runs.into())),
    },
    Key {
        name: "limits.enabled",
        allowed: "true or false",
        set: |config, raw| set_to(&mut config.limits.enabled, boolean(raw)),
        show: |config| Shown::Plain(Value::Boolean(config.limits.enabled)),
    },
    rate_key::<{ LimitClass::Address as usize }>("limits.address"),
    rate_key::<{ LimitClass::Reads as usize }>("limits.reads"),
    rate_key::<{ LimitClass::Writes as usize }>("limits.writes"),
    rate_key::<{ LimitClass::AgentsRegister as usize }>("limits.agents_register"),
    rate_key::<{ LimitClass::AgentVersions as usize }>("limits.agent_versions"),
    rate_key::<{ LimitClass::AgentsCheck as usize }>("limits.agents_check"),
    rate_key::<{ LimitClass::AgentsList as usize }>("limits.agents_list"),
    rate_key::<{ LimitClass::Execute as usize }>("limits.execute"),
    rate_key::<{ LimitClass::ExecutionGet as usize }>("limits.execution_get"),
    rate_key::<{ LimitClass::Login as usize }>("limits.login"),
    rate_key::<{ LimitClass::Register as usize }>("limits.register"),
    rate_key::<{ LimitClass::Mail as usize }>("limits.mail"),
    rate_key::<{ LimitClass::Reports as usize }>("limits.reports"),
    Key {
        name: "payouts.provider",
        allowed: "sandbox or cashfree",
        set: |config, raw| set_to(&mut config.payouts.provider, choice(raw, &PAYOUT_PROVIDERS)),
        show: |config| text(&shown(&PAYOUT_PROVIDERS, config.payouts.provider)),
    },
    Key {
        name: "payouts.minimum",
        allowed: "a whole number of paise from 100 to 100000000",
        set: |config, raw| set_to(&mut config.payouts.minimum, number(raw, 100, 100_000_000)),
        show: |config| Shown::Plain(Value::Integer(config.payouts.minimum.into())),
    },
    Key {
        name: "payouts.time_zone",
        allowed: "IST or UTC",
        set: |config, raw| set_to(&mut config.payouts.offset_minutes, choice(raw, &PAYOUT_ZONES)),
        show: |config| text(&shown(&PAYOUT_ZONES, config.payouts.offset_minutes)),
    },
    Key {
        name: "payouts.account_hold_hours",
        allowed: "a whole number of hours from 0 to 720",
        set: |config, raw| set_to(&mut config.payouts.account_hold_hours, number(raw, 0, 720)),
        show: |config| Shown::Plain(Value::Integer(config.payouts.account_hold_hours.into())),
    },
    Key {
        name: "payouts.cashfree_url",
        allowed: "an http:// or https:// URL",
        set: |config, raw| set_to(&mut config.payouts.cashfree_url, url(raw)),
        show: |config| text(&config.payouts.cashfree_url),
    },
    Key {
        name: "payouts.cashfree_client_id",
        allowed: "the client id of Cashfree Payouts",
        set: |config, raw| set_optional(&mut config.payouts.cashfree_client_id, raw, string),
        show: |config| optional(config.payouts.cashfree_client_id.as_ref()),
    },
    Key {
        name: "payouts.cashfree_client_secret",
        allowed: "the client secret of Cashfree Payouts, at least 16 visible ASCII characters",
        set: |config, raw| set_optional(&mut config.payouts.cashfree_client_secret, raw, api_key),
        show: |config| hidden(config.payouts.cashfree_client_secret.as_ref()),
    },
    telemetry::LOG_FORMAT,
    telemetry::LOG_LEVEL,
    telemetry::OTLP_URL,
    telemetry::OTLP_HEADERS,
    telemetry::TRACE_PERCENT,
    telemetry::SERVICE_NAME,
    telemetry::ENVIRONMENT,
    telemetry::SENTRY_DSN,
];

impl Role {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Worker => "worker",
            Self::Gateway => "gateway",
        }
    }
}

pub(super) fn set_to<T>(slot: &mut T, value: Result<T, Refused>) -> Result<(), Refused> {
    *slot = value?;
    Ok(())
}

/// An empty text unsets, so that an environment variable can take back what the file says.
pub(super) fn set_optional<T>(
    slot: &mut Option<T>,
    raw: Raw<'_>,
    read: impl FnOnce(Raw<'_>) -> Result<T, Refused>,
) -> Result<(), Refused> {
    *slot = if string(raw)?.is_empty() { None } else { Some(read(raw)?) };
    Ok(())
}

/// As [`set_optional`], for a list: an empty one unsets.
fn set_optional_list<T>(
    slot: &mut Option<T>,
    raw: Raw<'_>,
    read: impl FnOnce(Raw<'_>) -> Result<T, Refused>,
) -> Result<(), Refused> {
    let is_empty = match raw {
        Raw::Text(text) => text.is_empty(),
        Raw::Toml(value) => value.as_array().is_some_and(Vec::is_empty),
    };
    *slot = if is_empty { None } else { Some(read(raw)?) };
    Ok(())
}

pub(super) fn text(value: &impl ToString) -> Shown {
    Shown::Plain(Value::String(value.to_string()))
}

pub(super) fn optional(value: Option<impl ToString>) -> Shown {
    value.map_or(Shown::Unset, |value| text(&value))
}

pub(super) fn hidden(value: Option<&SecretString>) -> Shown {
    value.map_or(Shown::Unset, |_| Shown::Hidden)
}
