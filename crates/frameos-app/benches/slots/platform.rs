//! A platform with a priced agent and users who can pay for it, whose runs are sleeps.

use std::{sync::Arc, time::Duration};

use frameos_app::{
    App, BundledAgent, DeploymentNew, ExecutionFilter, ExecutionNew, Mail, MailError, Mailer, Mint, Parts,
    PayoutSettings, PlatformKeys, Registration, Trigger, deployment_create, execution_list, execution_start,
    first_run_generate, seed, user_register,
};
use frameos_domain::{
    execution::RunStatus,
    id::{DeploymentId, UserId},
    money::Currency,
    signing::{CurrentKeys, Keyring, SigningKey},
};
use frameos_gateway::{BoxFuture, Gateway, GatewayKeys, wire::TopUpNew};
use frameos_store::{
    Page,
    clock::SystemClock,
    testing::{TestDb, TestEngine},
};
use futures::{StreamExt, stream};
use secrecy::SecretString;
use serde_json::{Map, json};

use crate::sleeper::Sleeper;

/// Triggers under way at once.
const TRIGGERS: usize = 16;

#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) slots: u32,
    pub(crate) sleep: Duration,
    pub(crate) users: usize,
}

pub(crate) struct Platform {
    pub(crate) app: App,
    pub(crate) sleeper: Arc<Sleeper>,
    users: Vec<(UserId, DeploymentId)>,
    _db: TestDb,
}

struct NoMail;

impl Mailer for NoMail {
    fn is_instant(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, _: Mail) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(async { Ok(()) })
    }
}

impl Platform {
    pub(crate) async fn open(engine: TestEngine, settings: Settings) -> Self {
        let db = TestDb::open(engine).await;
        let key = |seed: u8| SigningKey::from_seed(&[seed; 32]).unwrap();
        let (clock, sleeper) = (Arc::new(SystemClock), Arc::new(Sleeper::new(settings.sleep)));
        let gateway = Gateway::new(db.store.clone(), clock.clone(), GatewayKeys::new(key(1)));
        let app = App::new(Parts {
            store: db.store.clone(),
            clock,
            payments: Arc::new(gateway),
            runner: Some(sleeper.clone()),
            keys: PlatformKeys { tokens: key(2), receipts: CurrentKeys::new(Keyring::new(key(3))) },
            mailer: Arc::new(NoMail),
            settings: frameos_app::Settings {
                slots: settings.slots as usize,
                starts_per_second: 0,
                cache_dir: db.folder().join("cache"),
                public_url: "http://127.0.0.1".into(),
                lease: Duration::from_secs(30),
                user_concurrency: 100,
                agent_concurrency: 0,
                user_depth: 1_000_000,
                free_patience: Duration::from_secs(60),
                worker_name: "bench".into(),
                webhooks_allow_private: false,
                require_verified_email: false,
                hide_accounts: false,
                host: "bench".into(),
                payouts: PayoutSettings {
                    minimum: 50_000,
                    offset_minutes: 0,
                    account_hold: Duration::from_secs(86_400),
                },
            },
        });
        seed(&app, &first_run_generate(true).unwrap(), vec![agent()]).await.unwrap();
        let mut users = Vec::new();
        for number in 0..settings.users {
            let registration = Registration {
                email: format!("user-{number}@frameos.example"),
                name: "A user".into(),
                password: SecretString::from("a long enough pass phrase"),
                company: None,
            };
            let user = user_register(&app, registration).await.unwrap().id;
            let money = TopUpNew::new(100_000_000, Currency::INR, None);
            app.payments().wallet_top_up(user.to_string(), money).await.unwrap();
            let deployed =
                deployment_create(&app, user, "sleeper", (DeploymentNew::default(), Mint::fresh(app.now())))
                    .await
                    .unwrap();
            users.push((user, deployed.id));
        }
        Self { app, sleeper, users, _db: db }
    }

    /// Triggers so many runs of a user.
    pub(crate) async fn queue(&self, user: usize, runs: u32) {
        stream::iter(0..runs)
            .for_each_concurrent(TRIGGERS, |_| async { drop(self.trigger(user).await) })
            .await;
    }

    /// Triggers one run of a user; its id.
    pub(crate) async fn trigger(&self, user: usize) -> String {
        let (user, deployment) = self.users[user];
        let new = ExecutionNew {
            deployment_id: deployment.to_string(),
            inputs: Map::new(),
            timeout_ms: None,
            confirm: false,
            confirmed_amount: None,
            idempotency_key: frameos_domain::id::RequestId::generate(self.app.now()).to_string(),
            fingerprint: "bench".into(),
        };
        match execution_start(&self.app, user, "sleeper", new).await.unwrap() {
            Trigger::Started(started) => started.execution_id.to_string(),
            Trigger::Refused { status, .. } => panic!("the trigger was refused with {status}"),
        }
    }

    /// How many of a user's runs wait.
    pub(crate) async fn waiting(&self, user: usize) -> u64 {
        self.count(user, RunStatus::Queued).await
    }

    /// Once all runs, so many of each user, are paid and published.
    pub(crate) async fn settled(&self, runs: u32) {
        let each = u64::from(runs) / self.users.len() as u64;
        for user in 0..self.users.len() {
            let mut changes = self.app.store().execution_events();
            while self.count(user, RunStatus::Success).await < each {
                drop(changes.recv().await);
            }
        }
    }

    async fn count(&self, user: usize, status: RunStatus) -> u64 {
        let filter = ExecutionFilter { status: Some(status), ..ExecutionFilter::default() };
        let listed = execution_list(&self.app, self.users[user].0, filter, Page::new(1, 1)).await.unwrap();
        listed.total.try_into().unwrap()
    }
}

fn agent() -> BundledAgent {
    let manifest = json!({
        "name": "Sleeper", "slug": "sleeper", "description": "Sleeps for a while, which is all there is to it.",
        "category": "utilities", "version": "1.0.0", "tags": [],
        "pricing": {"model": "per_execution", "amount": 50, "currency": "INR"},
        "runtime": {"language": "nodejs", "version": "20", "entrypoint": "index.js", "timeout_ms": 60000, "memory_mb": 512},
        "inputs": [], "outputs": [],
    });
    let files = vec![
        ("manifest.json".to_owned(), manifest.to_string().into_bytes()),
        ("index.js".to_owned(), b"module.exports = async () => ({});\n".to_vec()),
    ];
    BundledAgent { files }
}
