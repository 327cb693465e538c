//! Versions and their review.

use frameos_domain::{
    id::AdminId,
    scan::{Action, Finding, ScanReport, Severity},
};
use frameos_store::{
    on_both_engines,
    page::Page,
    status::{ReviewStatus, VersionStatus},
    testing::TestDb,
    version::{
        VersionReview, VersionYank, version_deprecate, version_get, version_get_unscoped, version_insert,
        version_list, version_list_pending_unscoped, version_review_unscoped, version_yank,
    },
};

use crate::fixture::{World, at, developer, id, read, tx, version};

on_both_engines!(
    a_version_comes_back_as_it_went,
    a_review_decides_once,
    the_queue_is_oldest_first,
    only_the_owner_withdraws_and_once,
    only_the_owner_deprecates,
);

async fn a_version_comes_back_as_it_went(db: TestDb) {
    let world = World::new(db).await;
    let mut new = version(world.agent, "2.0.0");
    let finding = Finding {
        rule: "dynamic-code".into(),
        severity: Severity::High,
        action: Action::Flag,
        file: "index.js".into(),
        line: 3,
        column: 1,
        message: "eval".into(),
        snippet: "eval(x)".into(),
        ..Finding::default()
    };
    new.scan_report = Some(ScanReport::new(vec![finding], 1, "1"));
    let stored = new.clone();
    assert!(tx!(world.store(), |tx| version_insert(tx, &stored)));
    let again = new.clone();
    assert!(!tx!(world.store(), |tx| version_insert(tx, &again)), "a number is used once");
    let agent = world.agent;
    assert_eq!(read!(world.store(), |tx| version_get(tx, agent, "2.0.0")).unwrap(), new);
    let numbers: Vec<String> = read!(world.store(), |tx| version_list(tx, agent))
        .into_iter()
        .map(|version| version.version)
        .collect();
    assert_eq!(numbers, ["2.0.0", "1.0.0"]);
}

async fn a_review_decides_once(db: TestDb) {
    let world = World::new(db).await;
    let (version, admin): (_, AdminId) = (world.version, id());
    let decide = async |decision| {
        let review = VersionReview { decision, by: Some(admin), note: Some("ok".into()), at: at(9) };
        tx!(world.store(), |tx| version_review_unscoped(tx, version, &review))
    };
    let (approved, rejected) = tokio::join!(decide(ReviewStatus::Approved), decide(ReviewStatus::Rejected));
    assert!(approved != rejected, "exactly one decision stands");
    let found = read!(world.store(), |tx| version_get_unscoped(tx, version)).unwrap();
    let expected = if approved { ReviewStatus::Approved } else { ReviewStatus::Rejected };
    assert_eq!(
        (found.review_status, found.reviewed_by, found.reviewed_at),
        (expected, Some(admin), Some(at(9)))
    );
}

async fn the_queue_is_oldest_first(db: TestDb) {
    let world = World::new(db).await;
    for (number, submitted) in [("1.2.0", 30), ("1.1.0", 20)] {
        let mut new = version(world.agent, number);
        new.submitted_at = at(submitted);
        assert!(tx!(world.store(), |tx| version_insert(tx, &new)));
    }
    let pending = read!(world.store(), |tx| version_list_pending_unscoped(tx, Page::new(1, 2)));
    let numbers: Vec<&str> = pending.items.iter().map(|entry| entry.version.version.as_str()).collect();
    assert_eq!((numbers.as_slice(), pending.total), (["1.0.0", "1.1.0"].as_slice(), 3));
    assert_eq!(pending.items[0].agent_slug, "csv-profiler");
    assert_eq!(
        (pending.items[0].developer_id, pending.items[0].developer_name.as_str()),
        (world.developer, "Dev")
    );
}

async fn only_the_owner_deprecates(db: TestDb) {
    let world = World::new(db).await;
    let (agent, owner) = (world.agent, world.developer);
    let stranger = developer(world.store(), "s@example.com").await;
    assert!(!tx!(world.store(), |tx| version_deprecate(tx, stranger, agent, "1.0.0", None)));
    assert!(tx!(world.store(), |tx| version_deprecate(tx, owner, agent, "1.0.0", Some("use 2"))));
    let found = read!(world.store(), |tx| version_get(tx, agent, "1.0.0")).unwrap();
    assert_eq!(
        (found.status, found.deprecation_message.as_deref()),
        (VersionStatus::Deprecated, Some("use 2"))
    );
}

async fn only_the_owner_withdraws_and_once(db: TestDb) {
    let world = World::new(db).await;
    let (agent, owner, id) = (world.agent, world.developer, world.version);
    let stranger = developer(world.store(), "s@example.com").await;
    let yank = |seconds| VersionYank { by: "dev_x".into(), reason: "leaks".into(), at: at(seconds) };
    let (first, second, third) = (yank(5), yank(6), yank(7));
    assert!(!tx!(world.store(), |tx| version_yank(tx, stranger, id, &first)));
    assert!(tx!(world.store(), |tx| version_yank(tx, owner, id, &second)));
    assert!(!tx!(world.store(), |tx| version_yank(tx, owner, id, &third)));
    let found = read!(world.store(), |tx| version_get(tx, agent, "1.0.0")).unwrap();
    assert_eq!((found.yanked_at, found.yank_reason.as_deref()), (Some(at(6)), Some("leaks")));
}
