//! The marketplace's list, and who sees which agent.

use frameos_domain::{id::AgentId, pricing::PricingModel};
use frameos_store::{
    Store,
    agent::{
        AgentFilter, AgentNew, AgentSort, agent_categories, agent_find_unscoped, agent_get,
        agent_go_live_unscoped, agent_insert, agent_list, agent_list_by_developer, agent_set_status_unscoped,
    },
    on_both_engines,
    page::Page,
    status::AgentStatus,
    testing::TestDb,
};

use crate::fixture::{agent, at, developer, face, id, read, tx};

on_both_engines!(
    the_list_filters_sorts_and_pages,
    only_published_agents_are_listed,
    a_slug_is_taken_once,
    going_live_changes_the_face_but_never_unbans,
);

async fn slugs(store: &Store, filter: AgentFilter, page: Page) -> (Vec<String>, i64) {
    let found = read!(store, |tx| agent_list(tx, &filter, page));
    (found.items.into_iter().map(|agent| agent.slug).collect(), found.total)
}

async fn sorted(store: &Store, sort: AgentSort) -> Vec<String> {
    slugs(store, AgentFilter { sort, ..AgentFilter::default() }, Page::new(1, 10)).await.0
}

async fn searched(store: &Store, search: &str) -> Vec<String> {
    let filter =
        AgentFilter { search: Some(search.into()), sort: AgentSort::Newest, ..AgentFilter::default() };
    slugs(store, filter, Page::new(1, 10)).await.0
}

async fn the_list_filters_sorts_and_pages(db: TestDb) {
    let store = &db.store;
    let dev = developer(store, "d@example.com").await;
    agent(store, dev, "alpha", face("Alpha 100%", "data", 30)).await;
    agent(store, dev, "beta", face("Beta Mail", "outreach", 10)).await;
    let mut free = face("Gämma", "data", 20);
    free.pricing.model = PricingModel::FreeTier;
    free.pricing.free_runs_per_month = 5;
    agent(store, dev, "gamma", free).await;
    for (slug, runs, rating) in [("alpha", 5, 4.0), ("beta", 9, 3.0), ("gamma", 1, 5.0)] {
        tx!(store, |tx| async {
            let sql = "UPDATE agent_definitions SET total_executions = $2, rating = $3 WHERE slug = $1";
            tx.execute(sql, &frameos_store::params![slug, runs, rating]).await
        });
    }
    assert_eq!(sorted(store, AgentSort::Popularity).await, ["beta", "alpha", "gamma"]);
    assert_eq!(sorted(store, AgentSort::Newest).await, ["gamma", "beta", "alpha"]);
    assert_eq!(sorted(store, AgentSort::PriceLow).await, ["beta", "gamma", "alpha"]);
    assert_eq!(sorted(store, AgentSort::PriceHigh).await, ["alpha", "gamma", "beta"]);
    assert_eq!(sorted(store, AgentSort::Rating).await, ["gamma", "alpha", "beta"]);
    assert_eq!(searched(store, "MAIL beta").await, ["beta"]);
    assert_eq!(searched(store, "GÄMMA").await, ["gamma"], "letters beyond ASCII fold as well");
    assert_eq!(searched(store, "100%").await, ["alpha"], "a percent sign is no wildcard");
    assert_eq!(searched(store, "l_ha").await, Vec::<String>::new(), "nor is an underscore");
    let filter = AgentFilter {
        category: Some("data".into()),
        pricing_model: Some(PricingModel::FreeTier),
        ..AgentFilter::default()
    };
    assert_eq!(slugs(store, filter, Page::new(1, 10)).await, (vec!["gamma".to_owned()], 1));
    let newest = || AgentFilter { sort: AgentSort::Newest, ..AgentFilter::default() };
    assert_eq!(slugs(store, newest(), Page::new(2, 2)).await, (vec!["alpha".to_owned()], 3));
    assert_eq!(slugs(store, newest(), Page::new(9, 2)).await, (Vec::new(), 3));
    let categories = read!(store, |tx| agent_categories(tx));
    let counts: Vec<(&str, i64)> =
        categories.iter().map(|entry| (entry.category.as_str(), entry.agents)).collect();
    assert_eq!(counts, [("data", 2), ("outreach", 1)]);
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
    assert_eq!(slugs(store, AgentFilter::default(), Page::new(1, 10)).await, (Vec::new(), 0));
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
    assert_eq!(searched(store, "mail").await, ["a"]);
    assert!(tx!(store, |tx| agent_set_status_unscoped(tx, agent, AgentStatus::Banned, at(6))));
    assert!(!tx!(store, |tx| agent_go_live_unscoped(tx, agent, "a", &second, at(7))));
}
