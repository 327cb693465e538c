//! Payouts and refunds, as the contract shows them.

use frameos_app::{PayoutAccountNew, PayoutAccountView};
use frameos_contract::{
    ErrorCode,
    payout::{
        Balance, Payout, PayoutAccount, PayoutAccountRequest, PayoutLine, PayoutList, PayoutStatement,
        Refund, Statement,
    },
};
use frameos_domain::{id::ExecutionId, payout};
use frameos_gateway::wire;

use crate::api::failure::ApiFailure;

/// The account a request describes, with every field its kind has and no other.
pub(crate) fn account_new(request: PayoutAccountRequest) -> Result<PayoutAccountNew, ApiFailure> {
    let PayoutAccountRequest { kind, name, upi_id, account_number, ifsc, password, otp } = request;
    let account = match (kind.as_str(), upi_id, account_number, ifsc) {
        ("upi", Some(upi_id), None, None) => payout::PayoutAccount::Upi { name, upi_id },
        ("bank", None, Some(account_number), Some(ifsc)) => {
            payout::PayoutAccount::Bank { name, account_number, ifsc }
        }
        _ => {
            let message =
                "send `type` \"upi\" with `upi_id`, or \"bank\" with `account_number` and `ifsc`, and `name`";
            return Err(ApiFailure::new(ErrorCode::VALIDATION_FAILED, message));
        }
    };
    Ok(PayoutAccountNew { account, password: password.map(Into::into), otp })
}

pub(crate) fn account(view: PayoutAccountView) -> PayoutAccount {
    PayoutAccount {
        kind: view.kind.to_owned(),
        name: view.name,
        account: view.shown,
        payable_from: view.usable_at,
        updated_at: view.updated_at,
    }
}

/// As its developer sees it.
fn payout(row: wire::Payout) -> Payout {
    Payout { developer_id: None, provider: None, provider_reference: None, ..payout_for_admin(row) }
}

pub(crate) fn payout_for_admin(row: wire::Payout) -> Payout {
    Payout {
        id: row.payout_id.to_string(),
        developer_id: Some(row.payee),
        period: row.period,
        amount: row.amount,
        currency: row.currency.to_string(),
        status: row.status.to_string(),
        reason: row.reason,
        account: row.account,
        bank_reference: row.bank_reference,
        created_at: row.created_at,
        sent_at: row.sent_at,
        paid_at: row.paid_at,
        provider: Some(row.provider),
        provider_reference: row.provider_reference,
    }
}

pub(crate) fn list(page: wire::PayoutPage) -> PayoutList {
    let balance = page.balance.map(|balance| Balance {
        payable: balance.payable,
        in_transit: balance.in_transit,
        paid_out: balance.paid_out,
    });
    let payouts = page.payouts.into_iter().map(payout).collect();
    PayoutList { payouts, total: page.total, page: page.page, limit: page.limit, balance }
}

pub(crate) fn list_all(page: wire::PayoutPage) -> PayoutList {
    let payouts = page.payouts.into_iter().map(payout_for_admin).collect();
    PayoutList { payouts, total: page.total, page: page.page, limit: page.limit, balance: None }
}

pub(crate) fn statement(row: wire::Payout, lines: wire::PayoutLines) -> PayoutStatement {
    let sums = row.statement.unwrap_or_default();
    let line = |line: wire::PayoutLine| PayoutLine {
        at: line.at,
        kind: line.kind,
        execution_id: line.execution_id,
        reference: line.reference,
        gross: line.gross,
        amount: line.amount,
    };
    PayoutStatement {
        payout: payout(row),
        statement: Statement {
            sales: sums.sales,
            gross: sums.gross,
            shares: sums.shares,
            orchestration: sums.orchestration,
            refunds: sums.refunds,
            returned: sums.returned,
            net: sums.net,
        },
        lines: lines.lines.into_iter().map(line).collect(),
        total: lines.total,
        page: lines.page,
        limit: lines.limit,
    }
}

pub(crate) fn refund(execution: ExecutionId, refund: wire::Refund) -> Refund {
    Refund {
        refund_id: refund.refund_id.to_string(),
        execution_id: execution.to_string(),
        payment_id: refund.payment_id.to_string(),
        amount: refund.amount,
        refunded_amount: refund.refunded_total,
        currency: refund.currency.to_string(),
        reason: refund.reason,
        receipt_jws: refund.receipt_jws,
        created_at: refund.created_at,
    }
}
