//! `POST /payouts`, `GET /payouts`, `GET /payouts/:id`, `POST /payouts/:id/advance` and `GET /payouts/:id/lines`.

use frameos_domain::{
    clock::Timestamp,
    id::PayoutId,
    money::Currency,
    payout::{PayoutAccount, PayoutStatus},
};
use serde::{Deserialize, Serialize};

/// Asks for all that is payable to a payee to be paid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayoutNew {
    pub payee: String,
    pub currency: Currency,
    /// Names the period; with the round it is the idempotency key.
    pub period: String,
    /// 1, and one more for each new try of a period whose payout failed or came back.
    pub round: i64,
    /// Minor units, at least 1; with less payable there is no payout.
    pub minimum: i64,
    pub account: PayoutAccount,
}

/// The answer: the payout, or none because too little is payable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutMade {
    pub payout: Option<Payout>,
    /// What is payable after it, in minor units.
    pub payable: i64,
}

/// Earnings on their way to a bank account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    pub payout_id: PayoutId,
    pub payee: String,
    pub period: String,
    pub round: i64,
    pub amount: i64,
    pub currency: Currency,
    pub status: PayoutStatus,
    /// Why it failed or came back.
    pub reason: Option<String>,
    /// The account, all but its end hidden.
    pub account: String,
    pub provider: String,
    pub provider_reference: Option<String>,
    /// What the bank calls the transfer (UTR).
    pub bank_reference: Option<String>,
    pub created_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub paid_at: Option<Timestamp>,
    /// When it failed or came back.
    pub undone_at: Option<Timestamp>,
    /// Only when one payout is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
}

/// What a payout consists of, in minor units. `shares + orchestration + refunds + returned = net`, which is the amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Payments.
    pub sales: i64,
    /// What users paid.
    pub gross: i64,
    /// The developer's share of it.
    pub shares: i64,
    /// Shares as orchestrator: of runs that the developer's agents called.
    pub orchestration: i64,
    /// What was taken back for refunds; negative or zero.
    pub refunds: i64,
    /// Earlier payouts that failed or came back.
    pub returned: i64,
    pub net: i64,
}

/// Which payouts to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutQuery {
    /// One payee's, with the balance; everybody's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee: Option<String>,
    /// From 1.
    pub page: u32,
    /// 1 to 100.
    pub limit: u32,
}

/// What is owed to a payee, in minor units of the wallets' currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayeeBalance {
    /// Earned and in no payout. Negative after refunds of what was paid out: later earnings make up for it.
    pub payable: i64,
    /// In payouts that are on their way.
    pub in_transit: i64,
    pub paid_out: i64,
}

/// A page of payouts, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutPage {
    pub payouts: Vec<Payout>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
    /// When one payee was asked about.
    pub balance: Option<PayeeBalance>,
}

/// One ledger entry of a payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutLine {
    pub at: Timestamp,
    /// `sale`, `orchestration`, `refund` or `returned_payout`.
    pub kind: String,
    /// The mandate, payment, refund or payout it belongs to.
    pub reference: String,
    pub execution_id: Option<String>,
    /// What the user paid, negative when it went back; 0 where that is another line's.
    pub gross: i64,
    /// What of it is the payee's.
    pub amount: i64,
}

/// A page of a payout's entries, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutLines {
    pub lines: Vec<PayoutLine>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}
