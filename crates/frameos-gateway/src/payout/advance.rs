//! One payout's way: created, sent, then paid, failed or returned.
//!
//! Invariants: a payout counts as sent before the provider is asked, and from then on it is looked up before it is asked for
//! again, always under its own id; only the provider's word that money was not sent, or was sent back, makes it payable again,
//! in the transaction that says so. No answer is no such word; nor is a refusal while an earlier request may be on its way.

use std::time::Duration;

use frameos_domain::{
    clock::Timestamp,
    id::PayoutId,
    money::Money,
    payout::PayoutStatus::{self, Created, Failed, Paid, Returned, Sent},
};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        ledger::{LedgerKind, ledger_post},
        payout::{PayoutPass, PayoutRow, payout_claim, payout_get_unscoped, payout_pass},
    },
};

use super::{Transfer, TransferState, TransferUnknown, payout_postings, payout_view};
use crate::{
    error::GatewayError,
    gateway::{Decision, Gateway, corrupt},
    wire::Payout,
};

/// How long one process has a payout to itself: longer than a provider is waited for.
const CLAIM: Duration = Duration::from_secs(120);
/// How long after an answer that never came a refusal is not believed.
const DOUBT: Duration = Duration::from_secs(15 * 60);

impl Gateway {
    /// Has a payout sent, or asks what became of it, and notes the answer. May be called by anyone at any time: while one
    /// works on a payout, the others are told how it stands.
    pub async fn payout_advance(&self, payout_id: PayoutId) -> Result<Payout, GatewayError> {
        let (now, provider) = (self.now(), self.payouts.name());
        let taken = self.store.tx(move |tx| Box::pin(payout_take(tx, payout_id, provider, now))).await??;
        let (payout, fresh) = match taken {
            Taken::Mine { payout, fresh } => (*payout, fresh),
            Taken::Not { payout } => return Ok(payout_view(*payout)),
        };
        let state = self.transfer_state(&payout, fresh).await;
        if let Err(error) = &state {
            let error: &dyn std::error::Error = error;
            tracing::warn!(payout = %payout.id, error, "a payout's state is unknown; it will be looked up");
        }
        let now = self.now();
        let pass = judge(&payout, state, now);
        let row = self.store.tx(move |tx| Box::pin(payout_settle(tx, payout, pass, now))).await?;
        Ok(payout_view(row))
    }

    /// Asks the provider, outside of any transaction.
    async fn transfer_state(
        &self,
        payout: &PayoutRow,
        fresh: bool,
    ) -> Result<TransferState, TransferUnknown> {
        let transfer = Transfer {
            payout_id: payout.id,
            amount: Money::new(payout.amount, payout.currency),
            account: payout.account.clone(),
        };
        if !fresh {
            match self.payouts.lookup(transfer.clone()).await? {
                Some(state) => return Ok(state),
                // A provider may forget what it paid; it is paid all the same.
                None if payout.status == Paid => {
                    return Ok(TransferState::Paid { reference: None, bank_reference: None });
                }
                None => {}
            }
        }
        self.payouts.transfer(transfer).await
    }
}

enum Taken {
    /// `fresh`: nobody can have asked the provider before.
    Mine {
        payout: Box<PayoutRow>,
        fresh: bool,
    },
    Not {
        payout: Box<PayoutRow>,
    },
}

async fn payout_take(tx: &mut Tx, id: PayoutId, provider: &str, now: Timestamp) -> Decision<Taken> {
    let Some(row) = payout_get_unscoped(tx, id).await? else {
        return Ok(Err(GatewayError::PayoutNotFound { payout_id: id.to_string() }));
    };
    if row.provider != provider && matches!(row.status, Created | Sent) {
        let reason = format!("payout {id} is to be sent by `{}`, which is not configured", row.provider);
        return Ok(Err(GatewayError::unavailable(reason)));
    }
    if row.provider != provider || !payout_claim(tx, &row, now, now.plus(CLAIM)).await? {
        return Ok(Ok(Taken::Not { payout: Box::new(row) }));
    }
    let fresh = row.status == Created;
    let status = if fresh { Sent } else { row.status };
    let payout = Box::new(PayoutRow { claims: row.claims + 1, status, ..row });
    Ok(Ok(Taken::Mine { payout, fresh }))
}

/// What an answer means for a payout that is sent or paid.
fn judge(payout: &PayoutRow, state: Result<TransferState, TransferUnknown>, now: Timestamp) -> PayoutPass {
    let stays = PayoutPass {
        status: payout.status,
        reason: None,
        provider_reference: None,
        bank_reference: None,
        doubtful_until: None,
    };
    // Providers repeat the fields that they find wrong.
    let undone = |status: PayoutStatus, reason: String| PayoutPass {
        status,
        reason: Some(payout.account.hidden_in(&reason)),
        ..stays.clone()
    };
    let doubtful = payout.doubtful_until.is_some_and(|until| until > now);
    match state {
        Err(_) => PayoutPass { doubtful_until: Some(now.plus(DOUBT)), ..stays },
        Ok(TransferState::Pending { reference }) => PayoutPass { provider_reference: reference, ..stays },
        Ok(TransferState::Paid { reference, bank_reference }) => {
            PayoutPass { status: Paid, provider_reference: reference, bank_reference, ..stays }
        }
        Ok(TransferState::Refused { .. }) if doubtful || payout.status == Paid => stays,
        Ok(TransferState::Refused { reason }) => undone(Failed, reason),
        Ok(TransferState::Failed { reason }) if payout.status == Paid => undone(Returned, reason),
        Ok(TransferState::Failed { reason }) => undone(Failed, reason),
        Ok(TransferState::Returned { reason }) => undone(Returned, reason),
    }
}

async fn payout_settle(
    tx: &mut Tx,
    payout: PayoutRow,
    pass: PayoutPass,
    now: Timestamp,
) -> Result<PayoutRow, StoreError> {
    let noted = payout_pass(tx, &payout, &pass, now).await?;
    if noted && pass.status.is_undone() {
        let postings = payout_postings(&payout, -1)?;
        ledger_post(tx, LedgerKind::PayoutReturn, &payout.id.to_string(), &postings, now).await?;
    }
    // A claim that ran out while the provider was asked: whoever has it now will ask again.
    let row = payout_get_unscoped(tx, payout.id).await?;
    row.ok_or_else(|| corrupt("a payout that vanished"))
}
