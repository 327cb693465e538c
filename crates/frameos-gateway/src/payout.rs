//! Payouts: what is payable to a developer, taken out of the books and sent to a bank account.
//!
//! Invariants: a payout takes all of one range of the ledger, and the next begins where it ended, so no earning is in two; its
//! id is the idempotency key towards the provider; no provider is called inside a transaction. How one moves on is in
//! `payout/advance.rs`.

mod advance;
mod cashfree;
mod provider;

use frameos_domain::{
    clock::Timestamp,
    id::PayoutId,
    money::{Currency, Money},
    payout::{PayoutAccount, PayoutStatus},
};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        chain::{LEDGER_CHAIN, chain_head_unscoped},
        ledger::{LedgerKind, ledger_post},
        payout::{
            Payable, PayoutLine as LineRow, PayoutRow, StatementPart, payable_sum, payout_get_by_period,
            payout_get_unscoped, payout_insert, payout_last_sequence, payout_list_unscoped, payout_sums,
            statement_parts,
        },
        posting::{AccountKind, Posting, Postings},
    },
    page::Page,
};

use crate::{
    error::GatewayError,
    gateway::{Decision, Gateway, corrupt, refuse},
    metadata::{amount_check, name_check, wallet_currency_check},
    wire::{
        PayeeBalance, Payout, PayoutLine, PayoutLines, PayoutMade, PayoutNew, PayoutPage, PayoutQuery,
        Statement,
    },
};

pub use cashfree::CashfreePayouts;
pub use provider::{PayoutProvider, SandboxPayouts, Transfer, TransferState, TransferUnknown};

const LONGEST_PAGE: u32 = 100;
const MOST_LINES: u32 = 1_000;
/// The whole ledger after some entry.
const END: i64 = i64::MAX;

impl Gateway {
    /// Takes all that is payable to a payee for one payout, unless it is less than the minimum. A round of a period has one
    /// payout, however often it is asked for.
    pub async fn payout_create(&self, payout: PayoutNew) -> Result<PayoutMade, GatewayError> {
        name_check("payee", &payout.payee)?;
        name_check("period", &payout.period)?;
        amount_check(payout.minimum)?;
        wallet_currency_check(payout.currency)?;
        if payout.round < 1 {
            return Err(GatewayError::invalid("round", "must be at least 1"));
        }
        let account = payout.account.clone().checked();
        let account = account.map_err(|error| GatewayError::invalid(error.field, error.message))?;
        let ask = Ask { provider: self.payouts.name(), account, new: payout, now: self.now() };
        self.store.tx(move |tx| Box::pin(payout_make(tx, ask))).await?
    }

    /// One payout, with its statement.
    pub async fn payout_get(&self, payout_id: PayoutId) -> Result<Payout, GatewayError> {
        let found = self.store.read(move |tx| Box::pin(payout_and_statement(tx, payout_id))).await?;
        let (row, parts) =
            found.ok_or_else(|| GatewayError::PayoutNotFound { payout_id: payout_id.to_string() })?;
        Ok(Payout { statement: Some(statement(&parts)), ..payout_view(row) })
    }

    /// Payouts, newest first; of one payee with the balance.
    pub async fn payout_list(&self, query: PayoutQuery) -> Result<PayoutPage, GatewayError> {
        query.payee.as_deref().map_or(Ok(()), |payee| name_check("payee", payee))?;
        let page = page_check(query.page, query.limit, LONGEST_PAGE)?;
        let (rows, total, balance) = self
            .store
            .read(move |tx| {
                Box::pin(async move {
                    let (rows, total) = payout_list_unscoped(tx, query.payee.as_deref(), page).await?;
                    let balance = match &query.payee {
                        Some(payee) => Some(payee_balance(tx, payee, Currency::INR).await?),
                        None => None,
                    };
                    Ok((rows, total, balance))
                })
            })
            .await?;
        let payouts = rows.into_iter().map(payout_view).collect();
        Ok(PayoutPage { payouts, total, page: page.page, limit: page.limit, balance })
    }

    /// The ledger's entries that a payout consists of, oldest first.
    pub async fn payout_lines(
        &self,
        payout_id: PayoutId,
        page: u32,
        limit: u32,
    ) -> Result<PayoutLines, GatewayError> {
        let page = page_check(page, limit, MOST_LINES)?;
        let found = self.store.read(move |tx| {
            Box::pin(async move {
                let Some(row) = payout_get_unscoped(tx, payout_id).await? else { return Ok(None) };
                let range = (row.from_sequence, row.to_sequence);
                frameos_store::gateway::payout::payout_lines(tx, &row.payee, row.currency, range, page)
                    .await
                    .map(Some)
            })
        });
        let (lines, total) =
            found.await?.ok_or_else(|| GatewayError::PayoutNotFound { payout_id: payout_id.to_string() })?;
        let lines = lines.into_iter().map(line_view).collect();
        Ok(PayoutLines { lines, total, page: page.page, limit: page.limit })
    }
}

/// What one call brings along, checked.
struct Ask {
    new: PayoutNew,
    account: PayoutAccount,
    provider: &'static str,
    now: Timestamp,
}

async fn payout_make(tx: &mut Tx, ask: Ask) -> Decision<PayoutMade> {
    let (payee, currency) = (&*ask.new.payee, ask.new.currency);
    let round = (&*ask.new.period, ask.new.round);
    if let Some(known) = payout_get_by_period(tx, payee, currency, round).await? {
        return Ok(Ok(made(tx, known).await?));
    }
    // Entries come to be one after the other under the lock of the chain's head, so whoever sees the head sees all up to it.
    let (head, _) = chain_head_unscoped(tx, LEDGER_CHAIN).await?;
    let last = payout_last_sequence(tx, payee, currency).await?;
    let payable = payable_sum(tx, payee, currency, (last, head)).await?;
    let total = total(payable)?;
    if total < ask.new.minimum {
        return Ok(Ok(PayoutMade { payout: None, payable: total }));
    }
    let row = payout_row(&ask, payable.orchestrator, total, (last, head));
    if !payout_insert(tx, &row).await? {
        // Somebody else made one at the same moment: of the same round, or one that begins where this would.
        return match payout_get_by_period(tx, payee, currency, round).await? {
            Some(known) => Ok(Ok(made(tx, known).await?)),
            None => refuse(tx, GatewayError::unavailable("another payout of the payee was being made")),
        };
    }
    let postings = payout_postings(&row, 1)?;
    ledger_post(tx, LedgerKind::Payout, &row.id.to_string(), &postings, ask.now).await?;
    Ok(Ok(PayoutMade { payout: Some(payout_view(row)), payable: 0 }))
}

async fn made(tx: &mut Tx, known: PayoutRow) -> Result<PayoutMade, StoreError> {
    let payable = payee_balance(tx, &known.payee, known.currency).await?.payable;
    Ok(PayoutMade { payout: Some(payout_view(known)), payable })
}

fn payout_row(ask: &Ask, orchestrator: i64, total: i64, (from, to): (i64, i64)) -> PayoutRow {
    PayoutRow {
        id: PayoutId::generate(ask.now),
        payee: ask.new.payee.clone(),
        currency: ask.new.currency,
        period: ask.new.period.clone(),
        round: ask.new.round,
        amount: total,
        orchestrator_amount: orchestrator,
        from_sequence: from,
        to_sequence: to,
        account: ask.account.clone(),
        provider: ask.provider.to_owned(),
        provider_reference: None,
        bank_reference: None,
        status: PayoutStatus::Created,
        reason: None,
        claims: 0,
        doubtful_until: None,
        created_at: ask.now,
        sent_at: None,
        paid_at: None,
        undone_at: None,
    }
}

/// Payable to clearing for a sign of 1, and back for -1.
fn payout_postings(payout: &PayoutRow, sign: i64) -> Result<Postings, StoreError> {
    let money = |minor: i64| Money::new(sign * minor, payout.currency);
    let developer = payout.amount - payout.orchestrator_amount;
    Postings::balanced([
        Posting::new(AccountKind::DeveloperPayable, &payout.payee, money(-developer)),
        Posting::new(AccountKind::OrchestratorPayable, &payout.payee, money(-payout.orchestrator_amount)),
        Posting::new(AccountKind::PayoutClearing, &payout.provider, money(payout.amount)),
    ])
    .map_err(|error| corrupt(error.to_string()))
}

fn total(payable: Payable) -> Result<i64, StoreError> {
    let total = payable.developer.checked_add(payable.orchestrator);
    total.ok_or_else(|| corrupt("more is payable than the ledger can carry"))
}

async fn payee_balance(tx: &mut Tx, payee: &str, currency: Currency) -> Result<PayeeBalance, StoreError> {
    let last = payout_last_sequence(tx, payee, currency).await?;
    let payable = total(payable_sum(tx, payee, currency, (last, END)).await?)?;
    let (in_transit, paid_out) = payout_sums(tx, payee, currency).await?;
    Ok(PayeeBalance { payable, in_transit, paid_out })
}

async fn payout_and_statement(
    tx: &mut Tx,
    id: PayoutId,
) -> Result<Option<(PayoutRow, Vec<StatementPart>)>, StoreError> {
    let Some(row) = payout_get_unscoped(tx, id).await? else { return Ok(None) };
    let range = (row.from_sequence, row.to_sequence);
    let parts = statement_parts(tx, &row.payee, row.currency, range).await?;
    Ok(Some((row, parts)))
}

/// The kind of an entry, as developers are told.
fn line_kind(kind: &str, account_kind: &str) -> &'static str {
    match kind {
        "refund" => "refund",
        "payout_return" => "returned_payout",
        _ if account_kind == AccountKind::OrchestratorPayable.as_str() => "orchestration",
        _ => "sale",
    }
}

fn statement(parts: &[StatementPart]) -> Statement {
    let mut sum = Statement::default();
    for part in parts {
        let slot = match line_kind(&part.kind, &part.account_kind) {
            "refund" => &mut sum.refunds,
            "returned_payout" => &mut sum.returned,
            "orchestration" => &mut sum.orchestration,
            _ => {
                sum.sales += part.entries;
                sum.gross += part.gross;
                &mut sum.shares
            }
        };
        *slot += part.amount;
        sum.net += part.amount;
    }
    sum
}

fn line_view(row: LineRow) -> PayoutLine {
    PayoutLine {
        kind: line_kind(&row.kind, &row.account_kind).to_owned(),
        at: row.at,
        reference: row.reference,
        execution_id: row.execution_id,
        gross: row.gross,
        amount: row.amount,
    }
}

fn payout_view(row: PayoutRow) -> Payout {
    Payout {
        payout_id: row.id,
        payee: row.payee,
        period: row.period,
        round: row.round,
        amount: row.amount,
        currency: row.currency,
        status: row.status,
        reason: row.reason,
        account: row.account.shown(),
        provider: row.provider,
        provider_reference: row.provider_reference,
        bank_reference: row.bank_reference,
        created_at: row.created_at,
        sent_at: row.sent_at,
        paid_at: row.paid_at,
        undone_at: row.undone_at,
        statement: None,
    }
}

fn page_check(page: u32, limit: u32, longest: u32) -> Result<Page, GatewayError> {
    if page == 0 {
        return Err(GatewayError::invalid("page", "must be at least 1"));
    }
    if !(1..=longest).contains(&limit) {
        return Err(GatewayError::invalid("limit", format!("must be between 1 and {longest}")));
    }
    Ok(Page::new(page, limit))
}
