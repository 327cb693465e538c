//! Subscriptions, as the contract shows them.

use frameos_app::SubscriptionView;
use frameos_contract::subscription::{Subscription, SubscriptionCharge, SubscriptionNext};
use frameos_store::{status::SubscriptionStatus, subscription::MonthCharge};

pub(crate) fn subscription(view: SubscriptionView) -> Subscription {
    let SubscriptionView { subscription: found, charges } = view;
    let past_due = found.status == SubscriptionStatus::PastDue;
    Subscription {
        id: found.id.to_string(),
        agent_id: found.agent_id.to_string(),
        agent_slug: found.agent_slug,
        agent_name: found.agent_name,
        status: found.status.to_string(),
        price_amount: found.price.minor,
        price_currency: found.price.currency.to_string(),
        runs_per_month: found.runs_per_month,
        runs_used: found.runs_used,
        period: found.period,
        period_start: found.period_start,
        period_end: found.period_end,
        next: found.next.map(|next| SubscriptionNext {
            from: next.from,
            price_amount: next.price,
            runs_per_month: next.runs_per_month,
        }),
        next_try_at: found.due_at.filter(|_| past_due),
        created_at: found.created_at,
        ended_at: found.ended_at,
        end_reason: found.end_reason,
        charges: charges.into_iter().map(charge).collect(),
    }
}

fn charge(row: MonthCharge) -> SubscriptionCharge {
    SubscriptionCharge {
        period: row.period,
        amount: row.amount.minor,
        currency: row.amount.currency.to_string(),
        status: row.status.to_string(),
        failed_tries: row.failed_tries,
        refusal: row.refusal,
        payment_id: row.payment_id.map(|id| id.to_string()),
        receipt_id: row.receipt_id.map(|id| id.to_string()),
        paid_at: row.paid_at,
    }
}
