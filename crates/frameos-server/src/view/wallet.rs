//! Wallets, as the contract shows them.

use frameos_app as app;
use frameos_contract::wallet::{
    Spending, SpendingAgent, SpendingDay, Spent, TopUp, TopUpList, Transaction, TransactionList, Wallet,
};
use frameos_domain::money::Currency;
use frameos_gateway::wire;

pub(crate) fn wallet(wallet: &wire::Wallet) -> Wallet {
    Wallet { available: wallet.available, held: wallet.held, currency: wallet.currency.to_string() }
}

pub(crate) fn top_up(top_up: wire::TopUp) -> TopUp {
    let status = match top_up.status {
        wire::TopUpStatus::Pending => "pending",
        wire::TopUpStatus::Settled => "settled",
        wire::TopUpStatus::Failed => "failed",
        wire::TopUpStatus::Expired => "expired",
        wire::TopUpStatus::Reversed => "reversed",
    };
    // What is flagged is for operators.
    TopUp {
        top_up_id: top_up.top_up_id.to_string(),
        id: top_up.top_up_id.to_string(),
        amount: top_up.amount,
        currency: top_up.currency.to_string(),
        provider: top_up.provider,
        status: status.to_owned(),
        credited: top_up.credited,
        reversed: top_up.reversed,
        debt: top_up.debt,
        instrument: top_up.instrument,
        checkout_url: top_up.checkout_url,
        payment_session_id: top_up.payment_session_id,
        expires_at: top_up.expires_at,
        reason: top_up.reason,
        created_at: top_up.created_at,
    }
}

pub(crate) fn top_ups(page: wire::TopUpPage) -> TopUpList {
    TopUpList {
        top_ups: page.top_ups.into_iter().map(top_up).collect(),
        total: page.total,
        page: page.page,
        limit: page.limit,
    }
}

pub(crate) fn transactions(page: wire::WalletPage) -> TransactionList {
    TransactionList {
        transactions: page.transactions.into_iter().map(transaction).collect(),
        total: page.total,
        page: page.page,
        limit: page.limit,
    }
}

fn transaction(entry: wire::WalletEntry) -> Transaction {
    Transaction {
        id: entry.transaction_id,
        kind: entry.kind,
        amount: entry.available_change,
        currency: entry.currency.to_string(),
        // A run is what its owner knows; the mandate behind it is not.
        reference: entry.execution_id.unwrap_or(entry.reference),
        created_at: entry.at,
    }
}

pub(crate) fn spending(found: app::Spending) -> Spending {
    let days = found.days.into_iter().map(|(day, sum)| SpendingDay { day, spent: spent(sum) });
    let agents = found.agents.into_iter().map(|agent| SpendingAgent {
        agent_id: agent.agent_id.to_string(),
        agent_name: agent.agent_name,
        agent_slug: agent.agent_slug,
        spent: spent(agent.spent),
    });
    Spending {
        total: spent(found.total),
        currency: Currency::INR.to_string(),
        days: days.collect(),
        agents: agents.collect(),
    }
}

const fn spent(sum: app::Spent) -> Spent {
    Spent { paid: sum.paid, refunded: sum.refunded, executions: sum.executions }
}
