//! Lists that narrow down: administrators' of everything, and developers' of what is theirs.

use frameos_domain::{
    execution::{FailureReason, RunStatus},
    id::ExecutionId,
};
use frameos_store::{
    Store,
    audit::{AuditEntry, AuditFilter, audit_insert, audit_search_unscoped},
    directory::{
        AccountFilter, AgentFilter, ExecutionFilter, agent_search_unscoped, developer_search_unscoped,
        execution_search_unscoped, refund_list_unscoped, user_search_unscoped,
    },
    execution::{self, execution_failures, execution_list_by_developer, execution_list_failed},
    on_both_engines,
    page::Page,
    params,
    refund_request::{RefundRequest, refund_request_insert},
    review::{Review, review_list_by_developer, review_put, review_reply},
    status::{AccountStatus, AgentStatus, Plan},
    testing::TestDb,
};

use crate::fixture::{World, agent, at, developer, face, id, read, tx, user};

on_both_engines!(
    accounts_are_found_by_parts_of_what_they_say,
    agents_are_found_in_every_state,
    runs_are_found_by_whose_they_are,
    a_developer_sees_their_own_runs_and_reviews,
    the_log_is_narrowed_down,
);

const PAGE: Page = Page::new(1, 10);

async fn failed(store: &Store, run: ExecutionId, reason: FailureReason, message: &'static str) {
    let sql = "UPDATE agent_executions SET status = 'failed', failure_reason = $2, error_message = $3 WHERE id = $1";
    tx!(store, |tx| async { tx.execute(sql, &params![run, reason, message]).await.map(drop) });
}

async fn accounts_are_found_by_parts_of_what_they_say(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let odd = developer(store, "per_cent%@example.com").await;
    let search = |text: &str| AccountFilter { search: Some(text.to_owned()), ..AccountFilter::default() };
    for (text, expected) in [
        ("EXAMPLE.com", vec![odd, world.developer]),
        ("r_c", vec![odd]),
        ("t%@", vec![odd]),
        ("dev@", vec![world.developer]),
        ("nobody", vec![]),
        ("", vec![odd, world.developer]),
    ] {
        let filter = search(text);
        let found = read!(store, |tx| developer_search_unscoped(tx, filter, PAGE));
        assert_eq!(found.items.iter().map(|entry| entry.id).collect::<Vec<_>>(), expected, "{text}");
        assert_eq!(found.total, expected.len() as i64, "{text}");
    }
    let filter = search(&world.developer.to_string());
    let found = read!(store, |tx| developer_search_unscoped(tx, filter, PAGE)).items;
    assert_eq!((found[0].agents, found[0].published_agents, found[0].revenue), (1, 1, 0));
    let banned = AccountFilter { status: Some(AccountStatus::Banned), ..AccountFilter::default() };
    assert_eq!(read!(store, |tx| developer_search_unscoped(tx, banned, PAGE)).total, 0);

    world.execution().await;
    let plain = AccountFilter { plan: Some(Plan::Standard), ..search("user") };
    let found = read!(store, |tx| user_search_unscoped(tx, plain, PAGE));
    assert_eq!((found.items[0].id, found.items[0].total_executions), (world.user, 1));
    let paying = AccountFilter { plan: Some(Plan::Pro), ..search("user") };
    assert_eq!(read!(store, |tx| user_search_unscoped(tx, paying, PAGE)).total, 0);
}

async fn agents_are_found_in_every_state(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let other = developer(store, "other@example.com").await;
    let echo = agent(store, other, "echo", face("Echo", "text", 10)).await;
    let named = |text: &str| AgentFilter { search: Some(text.to_owned()), ..AgentFilter::default() };
    let banned = AgentFilter { status: Some(AgentStatus::Banned), ..AgentFilter::default() };
    for (filter, expected) in [
        (AgentFilter::default(), 2),
        (named("profil"), 1),
        (named(&echo.to_string()), 1),
        (AgentFilter { developer_id: Some(other), ..AgentFilter::default() }, 1),
        (banned, 0),
    ] {
        let shown = format!("{filter:?}");
        let found = read!(store, |tx| agent_search_unscoped(tx, filter, PAGE));
        assert_eq!((found.total, found.items.len()), (expected, expected as usize), "{shown}");
    }
    let filter = named("csv");
    assert_eq!(read!(store, |tx| agent_search_unscoped(tx, filter, PAGE)).items[0].pending_versions, 1);
}

async fn runs_are_found_by_whose_they_are(db: TestDb) {
    let world = World::new(db).await;
    let (store, user, agent) = (world.store(), world.user, world.agent);
    let runs = [world.execution().await, world.execution().await];
    failed(store, runs[0], FailureReason::Oom, "too much").await;
    let all = ExecutionFilter::default();
    for (filter, expected) in [
        (all, vec![runs[1], runs[0]]),
        (ExecutionFilter { id: Some(runs[0]), ..all }, vec![runs[0]]),
        (ExecutionFilter { user_id: Some(user), agent_id: Some(agent), ..all }, vec![runs[1], runs[0]]),
        (ExecutionFilter { user_id: Some(id()), ..all }, vec![]),
        (ExecutionFilter { status: Some(RunStatus::Failed), ..all }, vec![runs[0]]),
    ] {
        let found = read!(store, |tx| execution_search_unscoped(tx, filter, PAGE));
        let ids: Vec<_> = found.items.iter().map(|entry| entry.id).collect();
        assert_eq!((ids, found.total), (expected.clone(), expected.len() as i64), "{filter:?}");
    }
    let request = RefundRequest {
        execution_id: runs[0],
        request_key: "k".into(),
        admin_id: id(),
        amount: None,
        reason: "sorry".into(),
        created_at: at(9),
    };
    assert!(tx!(store, |tx| refund_request_insert(tx, &request)));
    let refunds = read!(store, |tx| refund_list_unscoped(tx, PAGE));
    let only = &refunds.items[0];
    assert_eq!((refunds.total, only.execution_id, only.status.as_str()), (1, runs[0], "asked"));
    assert_eq!((only.user_email.as_deref(), only.amount), (Some("user@example.com"), None));
}

async fn a_developer_sees_their_own_runs_and_reviews(db: TestDb) {
    let world = World::new(db).await;
    let (store, own) = (world.store(), world.developer);
    let stranger = developer(store, "stranger@example.com").await;
    let other = agent(store, own, "other", face("Other", "text", 10)).await;
    let runs = [world.execution().await, world.execution().await, world.execution().await];
    failed(store, runs[0], FailureReason::Exit, "bad").await;
    failed(store, runs[1], FailureReason::Exit, "bad").await;
    let all = execution::ExecutionFilter::default();
    for (whose, agent_id, status, expected) in [
        (own, None, None, vec![runs[2], runs[1], runs[0]]),
        (own, Some(world.agent), Some(RunStatus::Failed), vec![runs[1], runs[0]]),
        (own, Some(other), None, vec![]),
        (stranger, None, None, vec![]),
        (stranger, Some(world.agent), None, vec![]),
    ] {
        let filter = execution::ExecutionFilter { agent_id, status };
        let found = read!(store, |tx| execution_list_by_developer(tx, whose, &filter, PAGE));
        let ids: Vec<_> = found.items.iter().map(|run| run.id).collect();
        assert_eq!((ids, found.total), (expected.clone(), expected.len() as i64));
    }
    let page = read!(store, |tx| execution_list_by_developer(tx, own, &all, Page::new(2, 2)));
    assert_eq!((page.items.len(), page.items[0].id), (1, runs[0]));
    let reasons = read!(store, |tx| execution_failures(tx, own, None, at(0)));
    assert_eq!(reasons, [(FailureReason::Exit, 2)]);
    assert!(read!(store, |tx| execution_failures(tx, own, None, at(3))).is_empty());
    assert!(read!(store, |tx| execution_failures(tx, stranger, None, at(0))).is_empty());
    let found = read!(store, |tx| execution_list_failed(tx, own, None, at(0), (1, 1_000)));
    assert_eq!((found.len(), found[0].id), (1, runs[1]));
    assert_eq!(found[0].inputs.as_ref().unwrap()["csv"], "s3cret-input");
    let large = read!(store, |tx| execution_list_failed(tx, own, Some(world.agent), at(0), (9, 3)));
    assert!(large.len() == 2 && large[0].inputs.is_none());
    assert!(read!(store, |tx| execution_list_failed(tx, stranger, None, at(0), (9, 99))).is_empty());

    let reviewer = user(store, "second@example.com").await;
    let mut written = Vec::new();
    for (user_id, seconds) in [(world.user, 5), (reviewer, 6)] {
        let review = Review {
            id: id(),
            agent_id: world.agent,
            user_id,
            rating: 4,
            title: None,
            body: None,
            version: None,
            created_at: at(seconds),
            updated_at: at(seconds),
        };
        written.push(review.id);
        tx!(store, |tx| review_put(tx, &review));
    }
    let (agent_id, first) = (world.agent, written[0]);
    assert!(tx!(store, |tx| review_reply(tx, agent_id, first, Some("thanks"), at(7))));
    for (whose, unanswered, expected) in
        [(own, false, vec![written[1], written[0]]), (own, true, vec![written[1]]), (stranger, false, vec![])]
    {
        let (found, open) = read!(store, |tx| review_list_by_developer(tx, whose, None, unanswered, PAGE));
        let ids: Vec<_> = found.items.iter().map(|item| item.published.review.id).collect();
        assert_eq!((ids, found.total), (expected.clone(), expected.len() as i64));
        assert_eq!(open, i64::from(whose == own));
    }
    let (none, _) = read!(store, |tx| review_list_by_developer(tx, own, Some(other), false, PAGE));
    assert_eq!(none.total, 0);
}

async fn the_log_is_narrowed_down(db: TestDb) {
    let store = &db.store;
    for (second, actor, action, subject) in [
        (1, "adm_1", "version.approve", "v1"),
        (2, "adm_2", "version.reject", "v2"),
        (3, "adm_1", "agent.ban", "a1"),
    ] {
        let entry = AuditEntry {
            id: frameos_domain::id::EventId::generate(at(second)),
            at: at(second),
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            detail: String::new(),
        };
        tx!(store, |tx| audit_insert(tx, &entry));
    }
    let by = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (AuditFilter::default(), vec!["a1", "v2", "v1"]),
        (AuditFilter { actor: by("adm_1"), ..AuditFilter::default() }, vec!["a1", "v1"]),
        (AuditFilter { actor: by("adm_1"), action: by("agent.ban"), ..AuditFilter::default() }, vec!["a1"]),
        (AuditFilter { subject: by("v2"), ..AuditFilter::default() }, vec!["v2"]),
        (AuditFilter { from: Some(at(2)), ..AuditFilter::default() }, vec!["a1", "v2"]),
        (AuditFilter { from: Some(at(2)), to: Some(at(3)), ..AuditFilter::default() }, vec!["v2"]),
    ] {
        let shown = format!("{filter:?}");
        let found = read!(store, |tx| audit_search_unscoped(tx, filter, PAGE));
        let subjects: Vec<_> = found.items.iter().map(|entry| entry.subject.as_str()).collect();
        assert_eq!((subjects, found.total), (expected.clone(), expected.len() as i64), "{shown}");
    }
}
