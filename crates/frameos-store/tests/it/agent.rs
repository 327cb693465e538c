//! What the catalogue is made of, and who sees which agent.

use frameos_domain::{id::AgentId, pricing::PricingModel};
use frameos_store::{
    Store,
    agent::{
        AgentNew, agent_categories, agent_find_unscoped, agent_get, agent_go_live_unscoped, agent_insert,
        agent_list_by_developer, agent_set_pricing, agent_set_status_unscoped, catalogue_agent_unscoped,
        catalogue_changes_unscoped, catalogue_load_unscoped,
    },
    on_both_engines,
    status::AgentStatus,
    testing::TestDb,
    version::version_insert,
};

use crate::fixture::{agent, at, developer, face, id, read, tx, version};

on_both_engines!(
    the_catalogue_tells_what_changed,
    only_published_agents_are_listed,
    a_slug_is_taken_once,
    going_live_changes_the_face_but_never_unbans,
);

/// The published agents' slugs, in the order they were published in.
async fn slugs(store: &Store) -> Vec<String> {
    let found = read!(store, |tx| catalogue_load_unscoped(tx, None, 100));
    found.into_iter().map(|listed| listed.agent.slug).collect()
}

async fn the_catalogue_tells_what_changed(db: TestDb) {
    let store = &db.store;
    let dev = developer(store, "d@example.com").await;
    let mut free = face("Gamma", "data", 20);
    free.pricing.model = PricingModel::FreeTier;
    let alpha = agent(store, dev, "alpha", face("Alpha", "data", 30)).await;
    let beta = agent(store, dev, "beta", face("Beta", "outreach", 10)).await;
    agent(store, dev, "gamma", free.clone()).await;
    let first = version(alpha, "1.0.0");
    assert!(tx!(store, |tx| version_insert(tx, &first)));
    assert_eq!(slugs(store).await, ["alpha", "beta", "gamma"]);
    let listed = read!(store, |tx| catalogue_agent_unscoped(tx, alpha)).unwrap();
    assert_eq!((listed.language.as_str(), listed.changed_at), ("nodejs", at(1)));
    let changed = async |since| -> Vec<AgentId> {
        let found = read!(store, |tx| catalogue_changes_unscoped(tx, since));
        found.iter().map(|change| change.id).collect()
    };
    assert!(changed(at(2)).await.is_empty());
    let heard = *store.catalogue_changes().borrow();
    assert!(tx!(store, |tx| agent_set_pricing(tx, dev, alpha, &free.pricing, at(3))));
    assert!(tx!(store, |tx| agent_set_status_unscoped(tx, beta, AgentStatus::Banned, at(4))));
    assert!(*store.catalogue_changes().borrow() >= heard + 2, "each change is announced");
    assert_eq!(changed(at(3)).await.len(), 2);
    assert_eq!(changed(at(4)).await, [beta], "also of what is published no more");
    assert!(read!(store, |tx| catalogue_agent_unscoped(tx, beta)).is_none());
    let categories = read!(store, |tx| agent_categories(tx));
    let counts: Vec<(&str, i64)> =
        categories.iter().map(|entry| (entry.category.as_str(), entry.agents)).collect();
    assert_eq!(counts, [("data", 2)]);
}

async fn only_published_agents_are_listed(db: TestDb) {
    let store = &db.store;
    let dev = developer(store, "d@example.com").await;
    let pending = AgentNew {
        id: id(),
        developer_id: dev,
        slug: "pending".into(),
        face: face("P", "data", 1),
        created_at: at(0),
    };
    let pending_id = pending.id;
    assert!(tx!(store, |tx| agent_insert(tx, &pending)));
    let banned = agent(store, dev, "banned", face("B", "data", 1)).await;
    assert!(tx!(store, |tx| agent_set_status_unscoped(tx, banned, AgentStatus::Banned, at(2))));
    assert!(slugs(store).await.is_empty());
    assert!(read!(store, |tx| agent_categories(tx)).is_empty());
    assert_eq!(read!(store, |tx| agent_list_by_developer(tx, dev)).len(), 2);
    let found = read!(store, |tx| agent_find_unscoped(tx, "pending")).unwrap();
    assert_eq!((found.id, found.status), (pending_id, AgentStatus::PendingReview));
    assert_eq!(read!(store, |tx| agent_find_unscoped(tx, &pending_id.to_string())).unwrap().slug, "pending");
    let stranger = developer(store, "s@example.com").await;
    assert!(read!(store, |tx| agent_get(tx, stranger, pending_id)).is_none(), "not another developer's");
    assert!(read!(store, |tx| agent_get(tx, dev, pending_id)).is_some());
}

async fn a_slug_is_taken_once(db: TestDb) {
    let store = &db.store;
    let dev = developer(store, "d@example.com").await;
    agent(store, dev, "taken", face("T", "data", 1)).await;
    let second = AgentNew {
        id: id(),
        developer_id: dev,
        slug: "taken".into(),
        face: face("T", "data", 1),
        created_at: at(0),
    };
    assert!(!tx!(store, |tx| agent_insert(tx, &second)));
}

async fn going_live_changes_the_face_but_never_unbans(db: TestDb) {
    let store = &db.store;
    let dev = developer(store, "d@example.com").await;
    let agent: AgentId = agent(store, dev, "a", face("Old", "data", 1)).await;
    let mut new = face("New", "mail", 2);
    new.version = "1.1.0".into();
    let (first, second) = (new.clone(), new);
    assert!(tx!(store, |tx| agent_go_live_unscoped(tx, agent, "a", &first, at(5))));
    let found = read!(store, |tx| agent_find_unscoped(tx, "a")).unwrap();
    assert_eq!((found.name.as_str(), found.current_version.as_str()), ("New", "1.1.0"));
    assert_eq!((found.pricing.price.minor, found.updated_at), (2, at(5)));
    assert!(tx!(store, |tx| agent_set_status_unscoped(tx, agent, AgentStatus::Banned, at(6))));
    assert!(!tx!(store, |tx| agent_go_live_unscoped(tx, agent, "a", &second, at(7))));
}
