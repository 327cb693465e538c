//! Wallets as their owners see them.

use frameos_store::{
    Tx,
    gateway::{
        history::{WalletEntryRow, wallet_entries, wallet_entries_count},
        wallet::wallet_get,
    },
};

use crate::{
    error::GatewayError,
    gateway::{Decision, Gateway},
    metadata::name_check,
    policy::policy_of,
    wire::{Wallet, WalletEntry, WalletPage},
};

const LONGEST_PAGE: u32 = 100;

impl Gateway {
    /// The owner's balances in the currency of the owner's policy; zero when there never was money.
    pub async fn wallet_get(&self, owner: String) -> Result<Wallet, GatewayError> {
        name_check("owner", &owner)?;
        self.store.read(move |tx| Box::pin(wallet_of(tx, owner))).await?
    }

    /// The owner's history, newest first. `page` counts from 1; `limit` is 1 to 100.
    pub async fn wallet_transactions(
        &self,
        owner: String,
        page: u32,
        limit: u32,
    ) -> Result<WalletPage, GatewayError> {
        name_check("owner", &owner)?;
        let offset = page_offset(page, limit)?;
        let (entries, total) = self
            .store
            .read(move |tx| {
                Box::pin(async move {
                    let entries = wallet_entries(tx, &owner, limit.into(), offset).await?;
                    Ok((entries, wallet_entries_count(tx, &owner).await?))
                })
            })
            .await?;
        Ok(WalletPage { transactions: entries.into_iter().map(entry_view).collect(), total, page, limit })
    }
}

/// How many rows come before a page; refuses a page that there cannot be.
pub(crate) fn page_offset(page: u32, limit: u32) -> Result<i64, GatewayError> {
    if page == 0 {
        return Err(GatewayError::invalid("page", "must be at least 1"));
    }
    if !(1..=LONGEST_PAGE).contains(&limit) {
        return Err(GatewayError::invalid("limit", format!("must be between 1 and {LONGEST_PAGE}")));
    }
    Ok(i64::from(page - 1) * i64::from(limit))
}

async fn wallet_of(tx: &mut Tx, owner: String) -> Decision<Wallet> {
    // An unreadable policy stops purchases, not looking at one's money.
    let currency = policy_of(tx, &owner).await?.unwrap_or_default().currency;
    let row = wallet_get(tx, &owner, currency).await?;
    let (available, held) = row.map_or((0, 0), |row| (row.available, row.held));
    Ok(Ok(Wallet { owner, currency, available, held }))
}

fn entry_view(row: WalletEntryRow) -> WalletEntry {
    WalletEntry {
        transaction_id: row.transaction_id,
        kind: row.kind,
        reference: row.reference,
        currency: row.currency,
        available_change: row.available_change,
        held_change: row.held_change,
        execution_id: row.execution_id,
        description: row.description,
        at: row.at,
    }
}
