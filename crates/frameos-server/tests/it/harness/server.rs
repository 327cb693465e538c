//! A server for one test, and its end: every test stops its server in good order and audits the ledger.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use frameos_sandbox::{Language, runtime};
use frameos_server::{
    Config, LedgerAudit, ServeError, Server,
    config::{Backend, LimitsConfig, SandboxConfig, Seed},
    ledger_verify,
};
use frameos_store::{
    MasterKey, ObjectsConfig, Store, StoreConfig,
    testing::{TestDb, TestEngine},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{sync::OnceCell, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::client::Client;

/// A running server.
pub struct TestApp {
    pub config: Config,
    pub address: SocketAddr,
    pub gateway_address: Option<SocketAddr>,
    pub metrics_address: Option<SocketAddr>,
    shutdown: CancellationToken,
    running: Option<JoinHandle<Result<(), ServeError>>>,
    /// A one-time code works once, so there is one log-in.
    admin: OnceCell<Client>,
    /// What the server works on; gone with the test.
    ground: Option<(TempDir, Option<TestDb>)>,
}

impl TestApp {
    /// A server with an admin account and nothing else.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A server with the bundled agents and the demo accounts.
    pub async fn start_demo() -> Self {
        Self::start_with(|config| config.seed = Seed::Demo).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (mut config, database) = test_config(dir.path()).await;
        change(&mut config);
        Self::boot(config, (dir, database)).await
    }

    async fn boot(config: Config, ground: (TempDir, Option<TestDb>)) -> Self {
        let server = Box::pin(Server::start(&config))
            .await
            .unwrap_or_else(|error| panic!("the server starts: {}", chain(&error)));
        let (address, gateway_address) = (server.address().unwrap(), server.gateway_address());
        let metrics_address = server.metrics_address();
        let shutdown = CancellationToken::new();
        let running = Some(tokio::spawn(server.run(shutdown.clone())));
        let (admin, ground) = (OnceCell::new(), Some(ground));
        Self { config, address, gateway_address, metrics_address, shutdown, running, admin, ground }
    }

    /// Stops the server in good order and starts another on the same data.
    pub async fn restart(self) -> Self {
        Box::pin(self.restart_after(|_| {})).await
    }

    /// The same, with something done to the data directory in between.
    pub async fn restart_after(mut self, change: impl FnOnce(&Path)) -> Self {
        self.stop().await;
        self.database_closed().await;
        change(self.data_dir());
        Self::boot(self.config.clone(), self.ground.take().unwrap()).await
    }

    /// Changes the database past the server: by the first statement on SQLite, by the second on PostgreSQL. The rows it changed.
    pub async fn database_tell(&self, [sqlite, postgres]: [&'static str; 2]) -> u64 {
        let (url, statement) = match &self.config.database_url {
            Some(url) => (url.expose_secret().to_owned(), postgres),
            None => (format!("sqlite:{}", self.data_dir().join("frameos.db").display()), sqlite),
        };
        let config = StoreConfig {
            database_url: url,
            // Nothing that is encrypted is read.
            master_key: MasterKey::from_bytes([0; 32]),
            older_master_keys: Vec::new(),
            objects: ObjectsConfig::Folder(self.data_dir().join("unused")),
        };
        let store = Store::open(config).await.unwrap();
        store.tx(move |tx| Box::pin(async move { tx.execute(statement, &[]).await })).await.unwrap()
    }

    pub fn data_dir(&self) -> &Path {
        &self.config.data_dir
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client that is nobody.
    pub fn nobody(&self) -> Client {
        Client::new(self.url())
    }

    /// The credentials the first start left behind.
    pub fn first_run(&self) -> Value {
        let text = std::fs::read(self.data_dir().join("first-run.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// A signed-in admin, second factor and all.
    pub async fn admin(&self) -> &Client {
        let log_in = async || {
            let admin = &self.first_run()["admin"];
            let text = |name: &str| admin[name].as_str().unwrap().to_owned();
            self.nobody().login_with_totp(&text("email"), &text("password"), &text("totp_secret")).await
        };
        self.admin.get_or_init(log_in).await
    }

    /// A new, signed-in developer.
    pub async fn developer(&self, name: &str) -> Client {
        self.nobody().register_and_login("developers", name).await
    }

    /// A new, signed-in user without money.
    pub async fn user(&self, name: &str) -> Client {
        self.nobody().register_and_login("users", name).await
    }

    /// A new, signed-in user with `amount` paise of test money.
    pub async fn user_with_money(&self, name: &str, amount: i64) -> Client {
        let user = self.user(name).await;
        let answer = user.post("/wallet/top-ups", &serde_json::json!({"amount": amount})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        user
    }

    /// Until this process has no file of the database open any more: whoever closes it last removes its log by name, which would
    /// be the next one's if the database was replaced in between.
    async fn database_closed(&self) {
        let database = self.data_dir().join("frameos.db").display().to_string();
        let is_open = || {
            let mut open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
            open.any(|fd| {
                std::fs::read_link(fd.path()).is_ok_and(|file| file.to_string_lossy().starts_with(&database))
            })
        };
        while is_open() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Tells the server to stop, as a signal would.
    pub fn stop_begin(&self) {
        self.shutdown.cancel();
    }

    async fn stop(&mut self) {
        self.shutdown.cancel();
        let ended = self.running.take().unwrap().await.unwrap();
        ended.unwrap_or_else(|error| panic!("the server ends in good order: {}", chain(&error)));
    }

    /// Ends the test: the server stops, and the ledger is whole.
    pub async fn finish(mut self) {
        self.stop().await;
        if self.config.gateway.url.is_none() {
            let report = ledger_verify(self.config.clone(), LedgerAudit::default()).await.unwrap();
            assert!(report.is_whole(), "{report:?}");
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let finished = self.running.is_none();
        self.shutdown.cancel();
        assert!(finished || std::thread::panicking(), "a test ends with `app.finish().await`");
    }
}

/// A configuration that bothers nobody: a data directory below `dir`, a free port, the engine under test.
pub async fn test_config(dir: &Path) -> (Config, Option<TestDb>) {
    let database = match environment("FRAMEOS_TEST_DATABASE").as_deref() {
        Some("postgres") => Some(TestDb::open_empty(TestEngine::Postgres).await),
        _ => None,
    };
    let data_dir = dir.join("data");
    std::fs::create_dir(&data_dir).unwrap();
    std::os::unix::fs::symlink(shared_runtimes(), data_dir.join("runtimes")).unwrap();
    let mut sandbox = SandboxConfig::default();
    if is_docker() {
        let socket =
            environment("FRAMEOS_TEST_DOCKER_SOCKET").expect("the tests run under scripts/with-docker");
        sandbox.backend = Backend::Docker;
        sandbox.docker_socket = socket.into();
    }
    // Tests of limits turn them on.
    let mut limits = LimitsConfig::default();
    limits.enabled = false;
    let config = Config {
        limits,
        sandbox,
        listen: ([127, 0, 0, 1], 0).into(),
        data_dir,
        database_url: database.as_ref().map(|database| database.config.database_url.clone().into()),
        seed: Seed::None,
        ..Config::default()
    };
    (config, database)
}

/// Whether agents run in containers: `FRAMEOS_TEST_SANDBOX=docker`, below scripts/with-docker.
pub fn is_docker() -> bool {
    environment("FRAMEOS_TEST_SANDBOX").as_deref() == Some("docker")
}

/// How the isolation that is under test begins.
pub fn tier_prefix() -> &'static str {
    if is_docker() { "docker:" } else { "linux:" }
}

/// The runtime folders, built once for all tests of all processes.
fn shared_runtimes() -> PathBuf {
    // Test programs are at <target>/<profile>/deps/<name>.
    let program = std::env::current_exe().unwrap();
    let runtimes = program.ancestors().nth(3).unwrap().join("test-runtimes");
    std::fs::create_dir_all(&runtimes).unwrap();
    // `ensure` takes a lock of its own, so tests that start together build them once.
    for language in [Language::Nodejs, Language::Python] {
        runtime::ensure(&runtimes, language, None, &mut |_| {}).unwrap();
    }
    runtimes
}

#[expect(clippy::disallowed_methods, reason = "which engine is under test is up to the test script")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain(cause)),
        None => error.to_string(),
    }
}
