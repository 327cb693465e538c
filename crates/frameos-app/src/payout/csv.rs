//! Tables for spreadsheets: RFC 4180, and no cell that a spreadsheet would take for a formula.

use frameos_domain::money::Money;
use frameos_gateway::wire::{Payout, PayoutLine};

/// Rows of cells, each line ended by CR LF.
#[derive(Default)]
struct Table(String);

impl Table {
    fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        let cells: Vec<String> = cells.into_iter().map(cell).collect();
        self.0.push_str(&cells.join(","));
        self.0.push_str("\r\n");
    }
}

/// A text that begins like a formula gets an apostrophe before it, which spreadsheets do not show; a plain number may begin
/// with its sign.
fn cell(text: &str) -> String {
    let is_number = text.strip_prefix('-').is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    let starts_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_number;
    let text = if starts_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// Major units with two decimals, without the currency.
fn amount(money: Money) -> String {
    let shown = money.to_string();
    shown.split_once(' ').map_or(shown.clone(), |(_, number)| number.to_owned())
}

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
    table.0
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
    table.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("plain", "plain"),
            ("-70.00", "-70.00"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1+1", "'-1+1"),
            ("-", "'-"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("two\r\nlines", "\"two\r\nlines\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
