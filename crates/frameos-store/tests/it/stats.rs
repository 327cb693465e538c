//! Statistics: every event is counted once, whoever rolls up.

use frameos_domain::{execution::RunStatus, histogram::DurationHistogram};
use frameos_store::{
    agent::agent_find_unscoped,
    execution::version_average_duration,
    on_both_engines,
    stats::{StatEvent, agent_stats, stat_event_insert, stats_by_day, stats_rollup_unscoped},
    testing::TestDb,
};

use crate::fixture::{World, at, developer, id, read, tx};

on_both_engines!(
    roll_ups_at_once_count_each_event_once,
    numbers_are_exact_before_and_after_a_roll_up,
    percentiles_survive_being_rolled_up_in_parts
);

async fn event(world: &World, status: RunStatus, duration_ms: i64, seconds: i64) {
    let new = StatEvent {
        id: id(),
        agent_id: world.agent,
        version: "1.0.0".into(),
        status,
        duration_ms,
        revenue: if status == RunStatus::Success { 35 } else { 0 },
        at: at(seconds),
    };
    tx!(world.store(), |tx| stat_event_insert(tx, &new));
}

async fn roll_ups_at_once_count_each_event_once(db: TestDb) {
    let world = World::new(db).await;
    for number in 0..30 {
        let status = if number % 3 == 0 { RunStatus::Failed } else { RunStatus::Success };
        event(&world, status, 100, number).await;
    }
    let rollers: Vec<_> = (0..4)
        .map(|_| {
            let store = world.store().clone();
            tokio::spawn(async move {
                let mut counted = 0;
                for _ in 0..10 {
                    counted += tx!(store, |tx| stats_rollup_unscoped(tx, 7, at(9)));
                }
                counted
            })
        })
        .collect();
    let mut counted = 0;
    for roller in rollers {
        counted += roller.await.unwrap();
    }
    assert_eq!(counted, 30);
    let agent = read!(world.store(), |tx| agent_find_unscoped(tx, "csv-profiler")).unwrap();
    assert_eq!((agent.total_executions, agent.avg_duration_ms), (30, 100));
    assert!((agent.success_rate - 2.0 / 3.0).abs() < 1e-9, "{}", agent.success_rate);
    let owner = world.developer;
    let days = read!(world.store(), |tx| stats_by_day(tx, owner, None, "2026-11-18"));
    let expected = DurationHistogram::from_iter([100; 30]);
    assert_eq!(days.iter().map(|day| &day.tally.durations).collect::<Vec<_>>(), [&expected]);
}

async fn numbers_are_exact_before_and_after_a_roll_up(db: TestDb) {
    let world = World::new(db).await;
    let (store, agent, owner) = (world.store(), world.agent, world.developer);
    let stranger = developer(store, "stranger@example.com").await;
    event(&world, RunStatus::Success, 100, 0).await;
    event(&world, RunStatus::Timeout, 300, 86_400).await;
    for rolled_up in [false, true] {
        if rolled_up {
            assert_eq!(tx!(store, |tx| stats_rollup_unscoped(tx, 10, at(9))), 2);
            assert_eq!(tx!(store, |tx| stats_rollup_unscoped(tx, 10, at(9))), 0);
        }
        let stats = read!(store, |tx| agent_stats(tx, owner));
        let only = stats.first().unwrap();
        assert_eq!((only.executions, only.succeeded, only.revenue, only.duration_ms_sum), (2, 1, 35, 400));
        let days = read!(store, |tx| stats_by_day(tx, owner, None, "2026-11-18"));
        let found: Vec<(&str, i64, i64)> =
            days.iter().map(|day| (day.day.as_str(), day.tally.total, day.tally.succeeded)).collect();
        assert_eq!(found, [("2026-11-18", 1, 1), ("2026-11-19", 1, 0)]);
        assert_eq!(read!(store, |tx| stats_by_day(tx, owner, Some(agent), "2026-11-19")).len(), 1);
        assert!(read!(store, |tx| stats_by_day(tx, owner, Some(id()), "2026-11-18")).is_empty());
        assert!(read!(store, |tx| stats_by_day(tx, stranger, None, "2026-11-18")).is_empty());
    }
    assert_eq!(read!(store, |tx| version_average_duration(tx, agent, "1.0.0")), Some(200));
    assert_eq!(read!(store, |tx| version_average_duration(tx, agent, "9.9.9")), None);
}

async fn percentiles_survive_being_rolled_up_in_parts(db: TestDb) {
    let world = World::new(db).await;
    let (store, owner) = (world.store(), world.developer);
    let durations = (1..=40).map(|number| number * 50);
    for (number, millis) in durations.clone().enumerate() {
        event(&world, RunStatus::Success, millis, 0).await;
        if number % 10 == 9 && number < 35 {
            assert_eq!(tx!(store, |tx| stats_rollup_unscoped(tx, 100, at(9))), 10);
        }
    }
    let days = read!(store, |tx| stats_by_day(tx, owner, None, "2026-11-18"));
    assert_eq!(days[0].tally.durations, DurationHistogram::from_iter(durations));
    let told = days[0].tally.durations.percentile(95).unwrap();
    assert!((1805..=1995).contains(&told), "{told} for 1900");
}
