//! A small marketplace to test against: one developer, one published agent, one user with a deployment.

use std::sync::atomic::{AtomicI64, Ordering};

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, DeploymentId, DeveloperId, ExecutionId, Id, Kind, TicketId, UserId, VersionId},
    money::{Currency, Money},
    pricing::{Pricing, PricingModel},
};
use frameos_store::{
    Store,
    account::PasswordHash,
    agent::{AgentFace, AgentNew, agent_go_live_unscoped, agent_insert},
    deployment::{Deployment, deployment_insert},
    developer::{DeveloperNew, developer_insert},
    execution::{ExecutionNew, execution_insert},
    status::{DeploymentStatus, ReviewStatus, VersionStatus},
    testing::TestDb,
    ticket::{TicketNew, ticket_enqueue},
    user::{UserNew, user_insert},
    version::{Version, version_insert},
};
use serde_json::{Map, Value, json};

/// Runs one function in a transaction of its own: `tx!(store, |tx| user_get(tx, id))`.
macro_rules! tx {
    ($store:expr, |$tx:ident| $work:expr) => {
        $store.tx(move |$tx| Box::pin(async move { $work.await })).await.unwrap()
    };
}
/// Like `tx!`, over a snapshot.
macro_rules! read {
    ($store:expr, |$tx:ident| $work:expr) => {
        $store.read(move |$tx| Box::pin(async move { $work.await })).await.unwrap()
    };
}
pub(crate) use {read, tx};

/// Seconds after a fixed moment: 2026-11-18T11:06:40Z.
pub(crate) const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000 + seconds * 1_000_000)
}

/// A fresh id; ids made later sort later, also within a millisecond.
pub(crate) fn id<K: Kind>() -> Id<K> {
    static NEXT: AtomicI64 = AtomicI64::new(0);
    Id::generate(
        at(0).plus(std::time::Duration::from_millis(NEXT.fetch_add(1, Ordering::Relaxed).unsigned_abs())),
    )
}

pub(crate) fn map(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("not an object: {value}") };
    map
}

pub(crate) fn face(name: &str, category: &str, price: i64) -> AgentFace {
    AgentFace {
        name: name.to_owned(),
        description: format!("What {name} does"),
        long_description: None,
        icon_url: None,
        category: category.to_owned(),
        pricing: Pricing {
            model: PricingModel::PerExecution,
            price: Money::new(price, Currency::INR),
            free_runs_per_month: 0,
            terms: frameos_domain::pricing::Terms::default(),
        },
        tags: vec!["b2b".into()],
        capabilities: Vec::new(),
        version: "1.0.0".into(),
    }
}

pub(crate) fn version(agent_id: AgentId, number: &str) -> Version {
    Version {
        id: id(),
        agent_id,
        version: number.to_owned(),
        manifest: json!({"runtime": {}}),
        code_s3_key: "code/x".into(),
        code_hash: "00".into(),
        packed_size: 10,
        runtime_language: "nodejs".into(),
        runtime_version: "20".into(),
        entrypoint: "index.js".into(),
        timeout_ms: 1000,
        memory_mb: 128,
        inputs_schema: json!({}),
        outputs_schema: json!({}),
        scan_passed: true,
        scan_report: None,
        listing: json!({}),
        status: VersionStatus::Active,
        deprecation_message: None,
        review_status: ReviewStatus::PendingReview,
        reviewed_by: None,
        reviewed_at: None,
        review_note: None,
        submitted_at: at(0),
        created_at: at(0),
        yanked_at: None,
        yank_reason: None,
    }
}

pub(crate) async fn developer(store: &Store, email: &str) -> DeveloperId {
    let new = DeveloperNew {
        id: id(),
        email: email.to_owned(),
        name: "Dev".into(),
        company: Some("Acme".into()),
        password_hash: PasswordHash::new("$hash".into()),
        verified_email: false,
        created_at: at(0),
    };
    let id = new.id;
    assert!(tx!(store, |tx| developer_insert(tx, &new)));
    id
}

pub(crate) async fn user(store: &Store, email: &str) -> UserId {
    let new = UserNew {
        id: id(),
        email: email.to_owned(),
        name: "User".into(),
        password_hash: PasswordHash::new("$hash".into()),
        verified_email: false,
        created_at: at(0),
    };
    let id = new.id;
    assert!(tx!(store, |tx| user_insert(tx, &new)));
    id
}

/// Publishes an agent and returns its id.
pub(crate) async fn agent(store: &Store, developer_id: DeveloperId, slug: &str, face: AgentFace) -> AgentId {
    let new =
        AgentNew { id: id(), developer_id, slug: slug.to_owned(), face: face.clone(), created_at: at(0) };
    let (id, slug) = (new.id, slug.to_owned());
    assert!(tx!(store, |tx| agent_insert(tx, &new)));
    assert!(tx!(store, |tx| agent_go_live_unscoped(tx, id, &slug, &face, at(1))));
    id
}

/// The whole set.
pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) developer: DeveloperId,
    pub(crate) user: UserId,
    pub(crate) agent: AgentId,
    pub(crate) version: VersionId,
    pub(crate) deployment: DeploymentId,
}

impl World {
    pub(crate) async fn new(db: TestDb) -> Self {
        let store = db.store.clone();
        let developer = developer(&store, "dev@example.com").await;
        let user = user(&store, "user@example.com").await;
        let agent = agent(&store, developer, "csv-profiler", face("CSV Profiler", "data", 50)).await;
        let first = version(agent, "1.0.0");
        let version = first.id;
        assert!(tx!(store, |tx| version_insert(tx, &first)));
        let deployment = Deployment {
            id: id(),
            user_id: user,
            agent_id: agent,
            version: "1.0.0".into(),
            config: map(json!({"api_key": "s3cret-config"})),
            status: DeploymentStatus::Configured,
            created_at: at(0),
            updated_at: at(0),
        };
        let deployment_id = deployment.id;
        tx!(store, |tx| deployment_insert(tx, &deployment));
        Self { db, developer, user, agent, version, deployment: deployment_id }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.db.store
    }

    pub(crate) fn execution_new(&self, key: &str) -> ExecutionNew {
        ExecutionNew {
            id: id(),
            deployment_id: self.deployment,
            agent_id: self.agent,
            user_id: self.user,
            version_id: self.version,
            version: "1.0.0".into(),
            inputs: map(json!({"csv": "s3cret-input"})),
            salt: "salt".into(),
            timeout_ms: 1000,
            price: Money::new(50, Currency::INR),
            terms: None,
            free_month: None,
            confirmed: false,
            idempotency_key: key.to_owned(),
            request_fingerprint: format!("fingerprint of {key}"),
            estimated_duration_ms: 700,
            purchase: None,
            created_at: at(2),
        }
    }

    /// A queued run without a ticket.
    pub(crate) async fn execution(&self) -> ExecutionId {
        let new = self.execution_new(&id::<frameos_domain::id::kind::Request>().to_string());
        let id = new.id;
        assert!(tx!(self.store(), |tx| execution_insert(tx, &new)));
        id
    }

    /// A queued run with its ticket, as if `user` had asked for it.
    pub(crate) async fn queued(&self, user_id: UserId, class: i64) -> (ExecutionId, TicketId) {
        let execution_id = self.execution().await;
        let new =
            TicketNew { id: id(), kind: "run", execution_id, class, user_id, run_at: at(2), trace: None };
        let ticket_id = new.id;
        tx!(self.store(), |tx| ticket_enqueue(tx, &new, at(2)));
        (execution_id, ticket_id)
    }
}
