//! Developers' shares: once per run, summed exactly.

use frameos_domain::{
    id::ExecutionId,
    money::{Currency, Money},
};
use frameos_store::{
    execution::{ExecutionFilter, execution_list_by_developer},
    on_both_engines,
    page::Page,
    revenue::{Revenue, revenue_by_agent, revenue_insert, revenue_list, revenue_totals},
    status::RevenueStatus,
    testing::TestDb,
};

use crate::fixture::{World, at, developer, id, read, tx};

on_both_engines!(a_run_earns_once, sums_are_per_developer);

fn share(world: &World, execution_id: ExecutionId, amount: i64) -> Revenue {
    Revenue {
        id: id(),
        developer_id: world.developer,
        agent_id: Some(world.agent),
        execution_id: Some(execution_id),
        refund_id: None,
        amount: Money::new(amount, Currency::INR),
        status: RevenueStatus::Pending,
        paid_out_at: None,
        created_at: at(30),
    }
}

async fn a_run_earns_once(db: TestDb) {
    let world = World::new(db).await;
    let (store, developer) = (world.store(), world.developer);
    let run = world.execution().await;
    let (first, second) = (share(&world, run, 35), share(&world, run, 35));
    assert!(tx!(store, |tx| revenue_insert(tx, &first)));
    assert!(!tx!(store, |tx| revenue_insert(tx, &second)));
    let totals = read!(store, |tx| revenue_totals(tx, developer, None, Currency::INR));
    assert_eq!((totals.total, totals.pending, totals.paid_out), (35, 35, 0));
    let (all, page) = (ExecutionFilter::default(), Page::new(1, 5));
    let seen = read!(store, |tx| execution_list_by_developer(tx, developer, &all, page)).items;
    assert_eq!(seen[0].revenue, 35);
}

async fn sums_are_per_developer(db: TestDb) {
    let world = World::new(db).await;
    let (store, owner) = (world.store(), world.developer);
    for amount in [10, 20] {
        let entry = share(&world, world.execution().await, amount);
        assert!(tx!(store, |tx| revenue_insert(tx, &entry)));
    }
    let mut paid = share(&world, world.execution().await, 5);
    (paid.status, paid.paid_out_at) = (RevenueStatus::PaidOut, Some(at(40)));
    assert!(tx!(store, |tx| revenue_insert(tx, &paid)));
    let totals = read!(store, |tx| revenue_totals(tx, owner, None, Currency::INR));
    assert_eq!((totals.total, totals.pending, totals.paid_out), (35, 30, 5));
    let by_agent = read!(store, |tx| revenue_by_agent(tx, owner, Currency::INR));
    assert_eq!(
        by_agent.iter().map(|entry| (entry.agent_id, entry.amount)).collect::<Vec<_>>(),
        [(world.agent, 35)]
    );
    let list = read!(store, |tx| revenue_list(tx, owner, Page::new(1, 2)));
    assert_eq!((list.items.len(), list.total), (2, 3));
    let stranger = developer(store, "s@example.com").await;
    assert_eq!(read!(store, |tx| revenue_totals(tx, stranger, None, Currency::INR)).total, 0);
    assert_eq!(read!(store, |tx| revenue_list(tx, stranger, Page::new(1, 2))).total, 0);
}
