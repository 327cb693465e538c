//! Configuration: precedence, the documented defaults, and errors that name key, source and what is allowed.

use std::path::Path;

use frameos_server::{
    Config,
    config::{Backend, ConfigError, DEFAULT_FILE, KEYS, Role, Seed},
};

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn refused(text: &str, environment: &[(&str, &str)]) -> String {
    let file = file(text);
    let error = Config::load(Some(file.path()), &variables(environment), &[]).unwrap_err();
    error.to_string().replace(&file.path().display().to_string(), "FILE")
}

#[test]
fn the_default_file_says_what_is_built_in_and_names_every_key() {
    let file = file(DEFAULT_FILE);
    let documented = Config::load(Some(file.path()), &[], &[]).unwrap();
    assert_eq!(documented.effective_toml(), Config::default().effective_toml());
    for key in KEYS {
        assert!(DEFAULT_FILE.contains(&format!("# {}", key.variable())), "{} is not documented", key.name);
    }
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let file = file("listen = \"127.0.0.1:1\"\n[worker]\nslots = 1\nstarts_per_second = 1\n");
    let environment =
        variables(&[("FRAMEOS_WORKER__SLOTS", "2"), ("FRAMEOS_WORKER__STARTS_PER_SECOND", "2")]);
    let flags = [("worker.slots", "3".to_owned())];
    let config = Config::load(Some(file.path()), &environment, &flags).unwrap();
    assert_eq!(config.listen.port(), 1);
    assert_eq!((config.worker.slots, config.worker.starts_per_second), (3, 2));
    assert_eq!(config.sandbox.backend, Backend::Auto);
}

#[test]
fn every_key_can_be_set_by_its_variable() {
    let values = [
        ("listen", "0.0.0.0:9"),
        ("data_dir", "/srv/x"),
        ("roles", "api,worker"),
        ("public_url", "https://x.example"),
        ("seed", "none"),
        ("master_key", "0000000000000000000000000000000000000000000000000000000000000001"),
        ("database.url", "postgres://u:secret@h/db"),
        ("objects.url", "s3://bucket/p?endpoint=https://s3.example.com"),
        ("objects.access_key_id", "AKIAEXAMPLE"),
        ("objects.secret_access_key", "s3cret-access"),
        ("objects.session_token", "s3cret-token"),
        ("gateway.url", "http://c.example:1"),
        ("gateway.api_key", "0123456789abcdef"),
        ("gateway.signing_key", "gws_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"),
        ("gateway.timeout_ms", "1234"),
        ("gateway.listen", "127.0.0.1:2"),
        ("gateway.requests_per_second", "321"),
        ("gateway.providers", "cashfree,stripe"),
        ("gateway.provider_timeout_seconds", "17"),
        ("gateway.return_url", "https://back.example/paid"),
        ("gateway.sandbox_scenario", "timeout_unpaid"),
        ("gateway.sandbox_webhook_secret", "sandbox-secret-0"),
        ("stripe.secret_key", "sk_test_0123456789"),
        ("stripe.webhook_secret", "whsec_0123456789"),
        ("stripe.base_url", "http://stripe.example"),
        ("cashfree.client_id", "cf-client"),
        ("cashfree.client_secret", "cfsk_0123456789ab"),
        ("cashfree.base_url", "http://cashfree.example/pg"),
        ("cashfree.customer_phone", "9000000001"),
        ("sandbox.backend", "docker"),
        ("sandbox.jail_path", "/usr/lib/frameos-jail"),
        ("sandbox.warm", "0"),
        ("sandbox.warm_memory_mb", "64"),
        ("sandbox.warm_idle_seconds", "60"),
        ("sandbox.docker_socket", "/run/docker.sock"),
        ("sandbox.oci_runtime", "runsc"),
        ("worker.slots", "4"),
        ("worker.starts_per_second", "0"),
        ("worker.lease_seconds", "5"),
        ("queue.user_concurrency", "7"),
        ("queue.agent_concurrency", "6"),
        ("queue.user_depth", "5000"),
        ("queue.free_patience_seconds", "90"),
        ("metrics.listen", "127.0.0.1:3"),
        ("metrics.token", "fedcba9876543210"),
        ("mail.url", "file:///srv/mail"),
        ("mail.from", "FrameOS <no-reply@frameos.example>"),
        ("accounts.require_verified_email", "true"),
        ("accounts.hide", "true"),
        ("webhooks.allow_private", "true"),
        ("payouts.provider", "cashfree"),
        ("payouts.minimum", "100"),
        ("payouts.time_zone", "UTC"),
        ("payouts.account_hold_hours", "0"),
        ("payouts.cashfree_url", "https://c.example/payout"),
        ("payouts.cashfree_client_id", "id"),
        ("payouts.cashfree_client_secret", "0123456789abcdef"),
        ("x402.facilitator_url", "https://f.example"),
        ("x402.facilitator_token", "0011223344556677"),
        ("x402.network", "eip155:8453"),
        ("x402.asset", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
        ("x402.asset_name", "USD Coin"),
        ("x402.asset_version", "3"),
        ("x402.pay_to", "0x209693Bc6afc0C5328bA36FaF03C514EF312287C"),
        ("x402.rates", "INR=117.95"),
        ("x402.rpc_url", "https://node.example/secret-key"),
        ("x402.answer_seconds", "20"),
        ("x402.payer_runs", "9"),
        ("limits.enabled", "false"),
        ("limits.address", "1/second burst 2"),
        ("limits.reads", "2/second burst 3"),
        ("limits.writes", "3/second burst 4"),
        ("limits.agents_register", "4/second burst 5"),
        ("limits.agent_versions", "5/second burst 6"),
        ("limits.agents_check", "6/second burst 7"),
        ("limits.agents_list", "6/second burst 7"),
        ("limits.execute", "7/second burst 8"),
        ("limits.execution_get", "8/second burst 9"),
        ("limits.login", "9/second burst 10"),
        ("limits.register", "10/second burst 11"),
        ("limits.mail", "11/second burst 12"),
        ("limits.reports", "off"),
        ("server.trusted_proxies", "10.0.0.0/8,::1"),
        ("server.forwarded_header", "forwarded"),
        ("server.cors_origins", "https://app.example.com,http://localhost:5173"),
        ("server.max_connections", "77"),
        ("server.shutdown_delay_seconds", "13"),
        ("gateway.tls.cert", "/etc/tls/gateway.pem"),
        ("gateway.tls.key", "/etc/tls/gateway-key.pem"),
        ("server.tls.cert", "/etc/tls/cert.pem"),
        ("server.tls.key", "/etc/tls/key.pem"),
        ("redis.url", "redis://:secret@r.example:6379/0"),
        ("log.format", "json"),
        ("log.level", "debug"),
        ("telemetry.otlp_url", "http://127.0.0.1:4318"),
        ("telemetry.otlp_headers", "api-key=0123"),
        ("telemetry.trace_percent", "7"),
        ("telemetry.service_name", "shop-agents"),
        ("telemetry.environment", "staging"),
        ("telemetry.sentry_dsn", "https://abcdef@errors.example/7"),
    ];
    let mut environment = Vec::new();
    for key in KEYS {
        let (_, value) = values.iter().find(|(name, _)| *name == key.name).expect("this test sets every key");
        environment.push((key.variable(), (*value).to_owned()));
    }
    let config = Config::load(None, &environment, &[]).unwrap();
    assert_eq!(config.roles, [Role::Api, Role::Worker]);
    assert_eq!(config.seed, Seed::None);
    assert!(!config.limits.enabled);
    let shown = config.effective_toml();
    for (name, value) in values {
        let secrets = [
            "master_key",
            "database.url",
            "gateway.api_key",
            "gateway.signing_key",
            "metrics.token",
            "objects.secret_access_key",
            "objects.session_token",
            "redis.url",
            "x402.facilitator_token",
            "x402.rpc_url",
            "telemetry.otlp_headers",
            "telemetry.sentry_dsn",
        ];
        let secret = secrets.contains(&name) || name.ends_with("_secret") || name == "stripe.secret_key";
        let list =
            ["roles", "gateway.providers", "server.trusted_proxies", "server.cors_origins"].contains(&name);
        assert_eq!(shown.contains(value), !secret && !list, "{name} in\n{shown}");
    }
    assert_eq!(shown.matches("\"(hidden)\"").count(), 17, "{shown}");
    assert!(!format!("{config:?}").contains("secret@"), "secrets are not printed");
}

#[test]
fn errors_name_key_source_and_what_is_allowed() {
    let unknown = refused("[worker]\nslot = 1\n", &[]);
    assert!(unknown.starts_with("unknown configuration key `worker.slot` from file FILE"), "{unknown}");
    assert!(unknown.contains("worker.slots"), "{unknown}");
    assert_eq!(
        refused("[worker]\nslots = 0\n", &[]),
        "configuration key `worker.slots` from file FILE: `0` is not allowed; allowed: a whole number from 1 to 1000"
    );
    assert_eq!(
        refused("", &[("FRAMEOS_LOG__FORMAT", "xml")]),
        "configuration key `log.format` from environment variable FRAMEOS_LOG__FORMAT: `xml` is not allowed; \
         allowed: text or json"
    );
    assert_eq!(
        refused("", &[("FRAMEOS_SANDBOX__BACKEND", "podman")]),
        "configuration key `sandbox.backend` from environment variable FRAMEOS_SANDBOX__BACKEND: \
         `podman` is not allowed; allowed: auto, linux or docker"
    );
    assert!(refused("", &[("FRAMEOS_TYPO", "1")]).starts_with("unknown configuration key `typo`"));
    for variable in ["FRAMEOS_MASTER_KEY", "FRAMEOS_STRIPE__SECRET_KEY", "FRAMEOS_CASHFREE__CLIENT_SECRET"] {
        let secret = refused("", &[(variable, "hunter2")]);
        assert!(secret.contains("not shown") && !secret.contains("hunter2"), "{secret}");
    }
    for providers in ["sandbox,stripe", "stripe,stripe", "paypal", "stripe,"] {
        let both = refused("", &[("FRAMEOS_GATEWAY__PROVIDERS", providers)]);
        assert!(both.contains("sandbox only alone"), "{both}");
    }
    let missing = Config::load(Some(Path::new("/nonexistent/frameos.toml")), &[], &[]).unwrap_err();
    assert!(matches!(missing, ConfigError::Unreadable { .. }));
    let broken = Config::load(Some(file("listen = ").path()), &[], &[]).unwrap_err();
    assert!(matches!(broken, ConfigError::NotToml { .. }));
}

#[test]
fn variables_of_the_client_are_none_of_the_servers_business() {
    let environment =
        variables(&[("FRAMEOS_SERVER", "http://x"), ("FRAMEOS_TOKEN", "t"), ("FRAMEOS_TEST_X", "y")]);
    Config::load(None, &environment, &[]).unwrap();
}

#[test]
fn the_fields_own_variables_say_where_traces_go_unless_ours_do() {
    let variables = |given: &[(&str, &str)]| {
        let given: Vec<_> =
            given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::load(None, &given, &[])
    };
    let theirs = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example:4318/"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=0123"),
        ("OTEL_SERVICE_NAME", "agents"),
    ];
    let config = variables(&theirs).unwrap().telemetry;
    assert_eq!(config.otlp_url.as_deref(), Some("http://collector.example:4318"));
    assert_eq!(config.service_name, "agents");
    let ours = ("FRAMEOS_TELEMETRY__OTLP_URL", "");
    let config = variables(&[theirs[0], ours]).unwrap().telemetry;
    assert_eq!(config.otlp_url, None, "an empty one of ours takes back what theirs says");
    let wrong = variables(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")]).unwrap_err().to_string();
    assert!(wrong.contains("OTEL_EXPORTER_OTLP_ENDPOINT") && wrong.contains("4318"), "{wrong}");
}
