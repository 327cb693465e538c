//! A process and its data directory: private, owned by one, whole after a stop.

use std::{
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use frameos_server::{Config, LedgerAudit, ServeError, Server, ledger_verify};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::harness::{TestApp, deploy, node_agent, test_config};

#[tokio::test(flavor = "multi_thread")]
async fn secrets_on_disk_are_for_their_owner_only() {
    let app = TestApp::start().await;
    app.developer("maker").await;
    let mode = |name: &str| std::fs::metadata(app.data_dir().join(name)).unwrap().mode() & 0o777;
    for key in ["master", "tokens", "receipts", "gateway", "gateway-es256"] {
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
    assert!(ledger_verify(config, LedgerAudit::default()).await.unwrap().is_whole());
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

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_a_running_agent_finish() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let source =
        "module.exports = () => new Promise((done) => setTimeout(() => done({ result: 'slept' }), 1500));";
    let agent_id = node_agent("sleeper", source).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let body = json!({"deployment_id": deployment, "inputs": {}});
    let queued = user.post(&format!("/agents/{agent_id}/execute"), &body).await.expect(202);
    let id = queued.text_of("execution_id");
    while user.get(&format!("/executions/{id}")).await.data()["status"] == "queued" {
        tokio::task::yield_now().await;
    }
    let app = app.restart().await;
    let mut again = app.nobody();
    again.token = user.token.clone();
    let run = again.get(&format!("/executions/{id}")).await.expect(200);
    let seen = (&run.data()["status"], &run.data()["attempt"], &run.data()["outputs"]["result"]);
    assert_eq!(seen, (&json!("success"), &json!(1), &json!("slept")), "{}", run.text);
    assert_eq!(again.balance().await, (950, 0));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_was_cut_short_goes_on_with_the_same_credentials() {
    let app = TestApp::start_with(|config| config.database_url = None).await;
    let first_run = app.first_run();
    // As if the process had died between writing the credentials and using them.
    let forget = |data: &Path| {
        for name in ["frameos.db", "frameos.db-wal", "frameos.db-shm"] {
            // The last connection takes the latter two with it.
            let _gone = std::fs::remove_file(data.join(name));
        }
    };
    let app = app.restart_after(forget).await;
    assert_eq!(app.first_run(), first_run);
    app.admin().await.get("/admin/overview").await.expect(200);
    app.finish().await;
}

/// Processes that share a database need one that several can use.
mod postgres {
    use frameos_server::config::Role;
    use frameos_store::testing::{TestDb, TestEngine};

    use super::*;
    use crate::run_events::Events;

    #[tokio::test(flavor = "multi_thread")]
    async fn an_api_and_a_worker_work_together() {
        let database = TestDb::open_empty(TestEngine::Postgres).await;
        let url = database.config.database_url.clone();
        let app = TestApp::start_with(|config| {
            config.database_url = Some(url.into());
            config.roles = vec![Role::Api, Role::Gateway];
        })
        .await;
        let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
        let source = "module.exports = (i, ctx) => new Promise((done) => { ctx.log('heard ' + i.text); \
                      setTimeout(() => done({ result: i.text }), i.text === 'x' ? 0 : 4000); });";
        let agent_id = node_agent("echo", source).publish(&app, &developer).await;
        let deployment = deploy(&user, &agent_id, json!({})).await;
        let body = json!({"deployment_id": deployment, "inputs": {"text": "x"}});
        let path = format!("/agents/{agent_id}/execute");
        let queued = user.post(&path, &body).await.expect(202).text_of("execution_id");
        assert_eq!(user.get(&format!("/executions/{queued}")).await.data()["status"], "queued");

        let worker =
            Server::start(&Config { roles: vec![Role::Worker], ..app.config.clone() }).await.unwrap();
        let stop = CancellationToken::new();
        let working = tokio::spawn(worker.run(stop.clone()));
        assert_eq!(user.run_to_end(&queued).await["status"], "success");
        let body = json!({"deployment_id": deployment, "inputs": {"text": "y"}});
        let later = user.post(&path, &body).await.expect(202).text_of("execution_id");
        // What one process hears and measures, another tells.
        let mut events = Events::open(&user, &later, None).await;
        let heard = events.until(|event| event.is_log("log")).await;
        assert_eq!(heard.last().unwrap().message(), "heard y");
        assert_eq!(user.get(&format!("/executions/{later}")).await.data()["status"], "running");
        let mut run = json!({});
        while run["resources"].is_null() {
            run = user.get(&format!("/executions/{later}")).await.expect(200).data().clone();
            assert_ne!(run["status"], "success", "{run}");
        }
        assert_eq!(run["status"], "running", "{run}");
        assert_eq!(user.run_to_end(&later).await["outputs"]["result"], "y");
        assert_eq!(events.rest().await.last().unwrap().name, "end");
        stop.cancel();
        working.await.unwrap().unwrap();
        assert_eq!(user.balance().await, (900, 0));
        app.finish().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn another_node_gets_the_installations_keys_or_is_refused() {
        let database = TestDb::open_empty(TestEngine::Postgres).await;
        let url = database.config.database_url.clone();
        let app = TestApp::start_with(|config| {
            config.database_url = Some(url.into());
            config.roles = vec![Role::Api, Role::Gateway];
        })
        .await;
        let elsewhere = tempfile::tempdir().unwrap();
        let mut node = Config { data_dir: elsewhere.path().join("data"), ..app.config.clone() };
        let refused = Server::start(&node).await.err().expect("it could read nothing that is encrypted");
        assert!(refused.to_string().contains("FRAMEOS_MASTER_KEY"), "{refused}");

        let key =
            |data: &Path, name: &str| std::fs::read_to_string(data.join(format!("keys/{name}.key"))).unwrap();
        node.master_key = Some(key(app.data_dir(), "master").into());
        Server::start(&node).await.unwrap();
        for name in ["tokens", "receipts", "gateway", "gateway-es256"] {
            assert_eq!(key(&node.data_dir, name), key(app.data_dir(), name), "{name}");
        }
        // After a rotation, nodes that are there go on, and one that comes gets the new key.
        frameos_server::key_rotate(node.clone(), "receipts").await.unwrap().unwrap();
        Server::start(&node).await.unwrap();
        let late = Config { data_dir: elsewhere.path().join("late"), ..node.clone() };
        Server::start(&late).await.unwrap();
        assert_ne!(key(&late.data_dir, "receipts"), key(&node.data_dir, "receipts"));
        assert_eq!(key(&late.data_dir, "gateway"), key(&node.data_dir, "gateway"));
        let path = node.data_dir.join("keys/receipts.key");
        std::fs::write(path, "00".repeat(32)).unwrap();
        let refused = Server::start(&node).await.err().expect("its receipts would not verify");
        assert!(refused.to_string().contains("receipts.key is not the key"), "{refused}");
        app.finish().await;
    }
}
