//! What a user spent, by day and by agent.

use std::{cmp::Reverse, collections::BTreeMap};

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, UserId},
};
use frameos_store::spending::{self, SpendingRow};

use crate::{
    app::App,
    developer::{DAY, DAYS, MOST_DAYS},
    error::{AppError, Result},
};

/// Paid and given back, in minor units, and for how many runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    pub executions: i64,
    pub paid: i64,
    pub refunded: i64,
}

/// What an agent was paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSpent {
    pub agent_id: AgentId,
    pub agent_name: String,
    pub agent_slug: String,
    pub spent: Spent,
}

/// The last days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spending {
    pub total: Spent,
    /// Every day, oldest first, also those without.
    pub days: Vec<(String, Spent)>,
    /// The most paid first.
    pub agents: Vec<AgentSpent>,
}

/// What a user spent in the last `days`, 30 unless said; today's, in UTC, is the last.
pub async fn spending_get(app: &App, user: UserId, days: Option<u32>) -> Result<Spending> {
    let days = days.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(AppError::field("days", format!("must be between 1 and {MOST_DAYS}")));
    }
    let now = app.now();
    let today = Timestamp::from_micros(now.as_micros() - now.as_micros().rem_euclid(DAY_MICROS));
    let from = today.minus(DAY * (days - 1));
    let read =
        app.store().read(move |tx| Box::pin(async move { spending::spending_list(tx, user, from).await }));
    Ok(added_up((0..days).map(|ago| from.plus(DAY * ago).day()), read.await?))
}

const DAY_MICROS: i64 = 86_400_000_000;

fn added_up(window: impl Iterator<Item = String>, rows: Vec<SpendingRow>) -> Spending {
    let mut days: BTreeMap<String, Spent> = window.map(|day| (day, Spent::default())).collect();
    let mut agents: BTreeMap<AgentId, AgentSpent> = BTreeMap::new();
    let mut total = Spent::default();
    for row in rows {
        let spent = Spent { executions: row.executions, paid: row.paid, refunded: row.refunded };
        let agent = agents.entry(row.agent_id).or_insert_with(|| AgentSpent {
            agent_id: row.agent_id,
            agent_name: row.agent_name,
            agent_slug: row.agent_slug,
            spent: Spent::default(),
        });
        for sum in [&mut agent.spent, &mut total, days.entry(row.day).or_default()] {
            sum.executions += spent.executions;
            sum.paid += spent.paid;
            sum.refunded += spent.refunded;
        }
    }
    let mut agents: Vec<_> = agents.into_values().collect();
    agents.sort_by_key(|agent| Reverse(agent.spent.paid));
    Spending { total, days: days.into_iter().collect(), agents }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_agents_add_up_to_the_same() {
        let agent_id = |last: u8| AgentId::new(Timestamp::from_micros(0), [last; 10]);
        let row = |day: &str, agent: u8, paid: i64| SpendingRow {
            day: day.into(),
            agent_id: agent_id(agent),
            agent_name: format!("A{agent}"),
            agent_slug: format!("a{agent}"),
            executions: 1,
            paid,
            refunded: 1,
        };
        let window = ["2026-11-16", "2026-11-17", "2026-11-18"].map(str::to_owned);
        let rows = vec![row("2026-11-16", 1, 10), row("2026-11-18", 1, 20), row("2026-11-18", 2, 50)];
        let found = added_up(window.into_iter(), rows);
        let days: Vec<_> = found.days.iter().map(|(_, spent)| spent.paid).collect();
        let agents: Vec<_> =
            found.agents.iter().map(|agent| (&*agent.agent_slug, agent.spent.paid)).collect();
        assert_eq!((days, agents), (vec![10, 0, 70], vec![("a2", 50), ("a1", 30)]));
        assert_eq!(found.total, Spent { executions: 3, paid: 80, refunded: 3 });
    }
}
