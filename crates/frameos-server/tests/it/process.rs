//! A process and its data directory: private, owned by one, whole after a stop.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use frameos_server::{ServeError, Server, ledger_verify};

use crate::harness::{TestApp, test_config};

#[tokio::test(flavor = "multi_thread")]
async fn secrets_on_disk_are_for_their_owner_only() {
    let app = TestApp::start().await;
    app.developer("maker").await;
    let mode = |name: &str| std::fs::metadata(app.data_dir().join(name)).unwrap().mode() & 0o777;
    for key in ["master", "tokens", "receipts", "gateway"] {
        assert_eq!(mode(&format!("keys/{key}.key")), 0o600, "{key}");
    }
    assert_eq!((mode("keys"), mode("mail"), mode("first-run.json")), (0o700, 0o700, 0o600));
    let mails: Vec<_> = std::fs::read_dir(app.data_dir().join("mail")).unwrap().collect();
    assert_eq!(mails.len(), 1, "the verification mail");
    let mail = mails[0].as_ref().unwrap();
    assert_eq!(mail.metadata().unwrap().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(mail.path()).unwrap().starts_with("To: maker@example.com\r\n"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_refused_on_a_sqlite_directory() {
    let app = TestApp::start_with(|config| config.database_url = None).await;
    let mut config = app.config.clone();
    config.roles = vec![frameos_server::config::Role::Api];
    let refused = Server::start(&config).await.err().expect("the directory is taken");
    assert!(matches!(refused, ServeError::DataDir(_)), "{refused}");
    assert!(refused.to_string().contains("another FrameOS process"), "{refused}");
    // Looking does not need the directory for itself.
    assert!(ledger_verify(config).await.unwrap().is_whole());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exposed_key_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let (config, _database) = test_config(dir.path()).await;
    let keys = config.data_dir.join("keys");
    std::fs::create_dir(&keys).unwrap();
    std::fs::write(keys.join("master.key"), "00".repeat(32)).unwrap();
    std::fs::set_permissions(keys.join("master.key"), PermissionsExt::from_mode(0o644)).unwrap();
    let refused = Server::start(&config).await.err().expect("the key may be known to others");
    assert!(matches!(refused, ServeError::Key(_)), "{refused}");
    assert!(refused.to_string().contains("can be read by others"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listening_gateway_needs_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let (mut config, _database) = test_config(dir.path()).await;
    config.gateway.listen = Some(([127, 0, 0, 1], 0).into());
    let refused = Server::start(&config).await.err().expect("anyone could spend");
    assert!(matches!(refused, ServeError::ApiKeyMissing { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_jail_stops_a_worker_but_not_an_api() {
    let dir = tempfile::tempdir().unwrap();
    let (mut config, _database) = test_config(dir.path()).await;
    config.sandbox.jail_path = Some("/nonexistent/frameos-jail".into());
    let refused = Server::start(&config).await.err().expect("agents are never run without isolation");
    assert!(matches!(refused, ServeError::Sandbox(_)), "{refused}");
    config.roles = vec![frameos_server::config::Role::Api];
    Server::start(&config).await.unwrap();
}
