//! `doctor` finds nothing on a healthy installation, and what is wrong with a sick one.

use std::os::unix::fs::PermissionsExt;

use frameos_server::{Config, Finding, Verdict, config::Role, doctor};

use crate::harness::{Redis, TestApp, test_config};

#[track_caller]
fn found<'a>(findings: &'a [Finding], check: &str) -> &'a Finding {
    let mut of_check: Vec<_> = findings.iter().filter(|finding| finding.check == check).collect();
    of_check.sort_by_key(|finding| finding.verdict);
    of_check.last().unwrap_or_else(|| panic!("nothing on {check} in {findings:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_installation_passes_while_it_runs() {
    let redis = Redis::start();
    let app = TestApp::start().await;
    std::fs::set_permissions(app.data_dir(), PermissionsExt::from_mode(0o700)).unwrap();
    let mut config = app.config.clone();
    config.listen = app.address;
    config.redis_url = Some(redis.url().into());
    config.server.max_connections = 10;
    config.limits.enabled = true;
    config.telemetry.otlp_url = Some(format!("http://{}/v1/traces", app.address));
    config.telemetry.sentry_dsn = Some(format!("http://key@{}/1", app.address).into());
    let findings = doctor(&config).await;
    let failed: Vec<_> = findings.iter().filter(|finding| finding.verdict == Verdict::Fail).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    for check in
        ["file modes", "master key", "database", "objects", "redis", "gateway", "interpreter", "isolation"]
    {
        assert_eq!(found(&findings, check).verdict, Verdict::Ok, "{findings:#?}");
    }
    // A FrameOS is no collector, but answers, which is all that can be known of Sentry.
    assert_eq!(found(&findings, "traces").verdict, Verdict::Warn);
    assert!(found(&findings, "traces").found.contains("404"), "{findings:#?}");
    assert_eq!(found(&findings, "errors").verdict, Verdict::Ok);
    assert!(found(&findings, "ports").found.contains("in use"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_with_advice() {
    let app = TestApp::start().await;
    let mut config = app.config.clone();
    config.redis_url = Some("redis://127.0.0.1:1/0".to_owned().into());
    config.gateway.url = Some("http://127.0.0.1:1".to_owned());
    config.gateway.api_key = Some("0123456789abcdef".to_owned().into());
    config.sandbox.jail_path = Some("/nonexistent/frameos-jail".into());
    config.sandbox.backend = frameos_server::config::Backend::Linux;
    config.server.max_connections = 900_000_000;
    config.server.tls_cert = Some("/nonexistent/cert.pem".into());
    config.listen = ([192, 0, 2, 1], 1).into();
    config.telemetry.otlp_url = Some("http://127.0.0.1:1".to_owned());
    config.telemetry.sentry_dsn = Some("http://key@127.0.0.1:1/1".to_owned().into());
    let key = app.data_dir().join("keys/receipts.key");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
    let findings = doctor(&config).await;
    for (check, verdict, says) in [
        ("file modes", Verdict::Fail, "receipts.key has mode 644"),
        ("redis", Verdict::Warn, "refused"),
        ("gateway", Verdict::Fail, ""),
        ("isolation", Verdict::Fail, "frameos-jail"),
        ("open files", Verdict::Warn, "900001024 needed"),
        ("tls", Verdict::Fail, "missing"),
        ("traces", Verdict::Warn, "refused"),
        ("errors", Verdict::Warn, "refused"),
        ("ports", Verdict::Fail, "192.0.2.1:1"),
        ("exposure", Verdict::Warn, "limits are off"),
    ] {
        let finding = findings.iter().find(|finding| finding.check == check && finding.found.contains(says));
        let finding = finding.unwrap_or_else(|| panic!("{check}: {says} in {findings:#?}"));
        assert_eq!(finding.verdict, verdict, "{finding:?}");
        assert!(finding.advice.is_some(), "{finding:?}");
    }
    assert_eq!(found(&findings, "database").verdict, Verdict::Ok);
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_where_nothing_is() {
    let dir = tempfile::tempdir().unwrap();
    let (config, _database) = test_config(dir.path()).await;
    let config = Config { data_dir: dir.path().join("none"), roles: vec![Role::Api], ..config };
    let findings = doctor(&config).await;
    assert_eq!(found(&findings, "data directory").verdict, Verdict::Warn);
    assert!(!config.data_dir.exists());
}
