//! Payouts and their lines as tables for spreadsheets.

use frameos_domain::money::Money;
use frameos_gateway::wire::{Payout, PayoutLine};

use crate::csv::{Table, amount};

pub(super) fn lines(payout: &Payout, lines: &[PayoutLine]) -> String {
    let mut table = Table::default();
    table.row([
        "time",
        "kind",
        "execution_id",
        "reference",
        "gross",
        "amount",
        "currency",
        "payout_id",
        "period",
    ]);
    let (id, currency) = (payout.payout_id.to_string(), payout.currency.to_string());
    for line in lines {
        let gross = amount(Money::new(line.gross, payout.currency));
        let net = amount(Money::new(line.amount, payout.currency));
        let run = line.execution_id.as_deref().unwrap_or_default();
        table.row([
            &*line.at.to_string(),
            &line.kind,
            run,
            &line.reference,
            &gross,
            &net,
            &currency,
            &id,
            &payout.period,
        ]);
    }
    table.into_text()
}

pub(super) fn payouts(payouts: &[Payout]) -> String {
    let mut table = Table::default();
    table.row([
        "payout_id",
        "period",
        "status",
        "amount",
        "currency",
        "account",
        "bank_reference",
        "created",
        "paid",
        "reason",
    ]);
    for payout in payouts {
        table.row([
            &*payout.payout_id.to_string(),
            &payout.period,
            payout.status.as_str(),
            &amount(Money::new(payout.amount, payout.currency)),
            payout.currency.as_str(),
            &payout.account,
            payout.bank_reference.as_deref().unwrap_or_default(),
            &payout.created_at.to_string(),
            &payout.paid_at.map(|at| at.to_string()).unwrap_or_default(),
            payout.reason.as_deref().unwrap_or_default(),
        ]);
    }
    table.into_text()
}
