//! Thousands of agents, put into the store as if they had been published, and a storm of publications.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use frameos_domain::{
    clock::{Clock, Timestamp},
    id::{AgentId, DeveloperId, VersionId},
    money::{Currency, Money},
    pricing::{Pricing, PricingModel, Terms},
};
use frameos_store::{
    MasterKey, ObjectsConfig, Store, StoreConfig,
    account::PasswordHash,
    agent::{AgentFace, AgentNew, agent_go_live_unscoped, agent_insert},
    clock::SystemClock,
    developer::{DeveloperNew, developer_insert},
    status::{ReviewStatus, VersionStatus},
    version::{Version, version_insert},
};
use serde_json::json;

pub(crate) const CATEGORIES: &[&str] =
    &["outreach", "data", "finance", "text", "media", "support", "ops", "legal"];
pub(crate) const SUBJECTS: &[&str] = &[
    "linkedin",
    "invoice",
    "csv",
    "calendar",
    "podcast",
    "contract",
    "ticket",
    "payroll",
    "newsletter",
    "inventory",
    "translation",
    "thumbnail",
    "survey",
    "webhook",
    "resume",
    "receipt",
    "shipment",
    "forecast",
    "glossary",
    "meeting",
];
const WORK: &[&str] = &[
    "reader",
    "writer",
    "profiler",
    "sorter",
    "summarizer",
    "watcher",
    "planner",
    "checker",
    "scorer",
    "builder",
];
const MANNER: &[&str] =
    &["fast", "careful", "quiet", "daily", "bulk", "smart", "tiny", "global", "local", "strict"];

/// A store of the installation in `home`.
pub(crate) async fn open(home: &Path) -> Store {
    let config = StoreConfig {
        database_url: format!("sqlite:{}", home.join("data/frameos.db").display()),
        // Nothing that is encrypted is touched.
        master_key: MasterKey::from_bytes([0; 32]),
        older_master_keys: Vec::new(),
        objects: ObjectsConfig::Folder(home.join("unused")),
    };
    Store::open(config).await.unwrap()
}

fn pick<'a>(from: &[&'a str], number: usize) -> &'a str {
    from[number % from.len()]
}

pub(crate) fn slug(number: usize) -> String {
    format!("{}-{}-{}-{number}", pick(MANNER, number / 200), pick(SUBJECTS, number), pick(WORK, number / 20))
}

fn face(number: usize) -> AgentFace {
    let (manner, subject, work) =
        (pick(MANNER, number / 200), pick(SUBJECTS, number), pick(WORK, number / 20));
    AgentFace {
        name: format!("{manner} {subject} {work} {number}"),
        description: format!(
            "A {manner} {work} for every {subject} of your team: connects what you have, explains what it did, and says \
             what it could not do. Model {number} of its kind."
        ),
        long_description: Some(format!("## {subject}\n\n{}", "What it does, in many words. ".repeat(20))),
        icon_url: Some(format!("https://icons.example.com/{number}.png")),
        category: pick(CATEGORIES, number / 3).to_owned(),
        pricing: Pricing {
            model: PricingModel::PerExecution,
            price: Money::new(i64::try_from(number % 40).unwrap() * 25, Currency::INR),
            free_runs_per_month: 0,
            terms: Terms::default(),
        },
        tags: vec![subject.to_owned(), work.to_owned(), format!("team{}", number % 50)],
        capabilities: if number.is_multiple_of(4) { vec!["http_request".into()] } else { Vec::new() },
        version: "1.0.0".into(),
    }
}

fn version(agent_id: AgentId, number: usize, now: Timestamp) -> Version {
    let language = if number.is_multiple_of(3) { "python" } else { "nodejs" };
    let field = |name: &str| json!({"name": name, "type": "string", "required": true, "description": "What it is given"});
    Version {
        id: VersionId::generate(now),
        agent_id,
        version: "1.0.0".into(),
        manifest: json!({
            "runtime": {"language": language, "version": "20", "entrypoint": "index.js", "timeout_ms": 1000, "memory_mb": 128},
            "inputs": [field("source"), field("target"), field("language")], "outputs": [field("result")],
        }),
        code_s3_key: "code/none".into(),
        code_hash: "00".into(),
        packed_size: 10,
        runtime_language: language.into(),
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
        review_status: ReviewStatus::Approved,
        reviewed_by: None,
        reviewed_at: None,
        review_note: None,
        submitted_at: now,
        created_at: now,
        yanked_at: None,
        yank_reason: None,
    }
}

/// Publishes `agents` agents; their developer.
pub(crate) async fn seed(store: &Store, agents: usize) -> DeveloperId {
    let now = SystemClock.now();
    let developer = DeveloperNew {
        id: DeveloperId::generate(now),
        email: "seeded@example.com".into(),
        name: "Seeded Developer".into(),
        company: Some("Acme".into()),
        password_hash: PasswordHash::new("$none".into()),
        verified_email: true,
        created_at: now,
    };
    let id = developer.id;
    store.tx(move |tx| Box::pin(async move { developer_insert(tx, &developer).await })).await.unwrap();
    for from in (0..agents).step_by(500) {
        let numbers = from..(from + 500).min(agents);
        store
            .tx(move |tx| {
                Box::pin(async move {
                    for number in numbers {
                        publish(tx, id, number, now).await?;
                    }
                    let sql = "UPDATE agent_definitions SET total_executions = (length(slug) * 7919) % 5000, \
                               review_count = (length(slug) * 31 + length(description)) % 90, rating = 3.0 + length(name) % 3";
                    tx.execute(sql, &[]).await.map(drop)
                })
            })
            .await
            .unwrap();
    }
    id
}

async fn publish(
    tx: &mut frameos_store::Tx,
    developer_id: DeveloperId,
    number: usize,
    now: Timestamp,
) -> Result<(), frameos_store::StoreError> {
    let face = face(number);
    let new = AgentNew {
        id: AgentId::generate(now),
        developer_id,
        slug: slug(number),
        face: face.clone(),
        created_at: now.plus(Duration::from_micros(u64::try_from(number).unwrap())),
    };
    assert!(agent_insert(tx, &new).await?, "{}", new.slug);
    version_insert(tx, &version(new.id, number, now)).await?;
    agent_go_live_unscoped(tx, new.id, &new.slug, &face, now).await?;
    Ok(())
}

/// Publishes 20 agents a second, as another node would, until `stop`. Returns how many.
pub(crate) async fn storm(store: &Store, developer: DeveloperId, from: usize, stop: &AtomicBool) -> usize {
    let (begun, mut published) = (Instant::now(), 0);
    while !stop.load(Ordering::Relaxed) {
        let (number, now) = (from + published, SystemClock.now());
        store.tx(move |tx| Box::pin(async move { publish(tx, developer, number, now).await })).await.unwrap();
        published += 1;
        let due = begun + Duration::from_millis(50) * u32::try_from(published).unwrap();
        tokio::time::sleep_until(due.into()).await;
    }
    published
}
