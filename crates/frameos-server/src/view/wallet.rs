//! Wallets, as the contract shows them.

use frameos_contract::wallet::{TopUp, Transaction, TransactionList, Wallet};
use frameos_gateway::wire;

pub(crate) fn wallet(wallet: &wire::Wallet) -> Wallet {
    Wallet { available: wallet.available, held: wallet.held, currency: wallet.currency.to_string() }
}

pub(crate) fn top_up(top_up: wire::TopUp) -> TopUp {
    let status = match top_up.status {
        wire::TopUpStatus::Pending => "pending",
        wire::TopUpStatus::Settled => "settled",
        wire::TopUpStatus::Failed => "failed",
    };
    TopUp {
        id: top_up.top_up_id.to_string(),
        amount: top_up.amount,
        currency: top_up.currency.to_string(),
        provider: top_up.provider,
        status: status.to_owned(),
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
