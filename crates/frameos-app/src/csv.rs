//! Tables for spreadsheets: RFC 4180, and no cell that a spreadsheet would take for a formula.

use frameos_domain::money::Money;

/// Rows of cells, each line ended by CR LF.
#[derive(Default)]
pub(crate) struct Table(String);

impl Table {
    pub(crate) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        let cells: Vec<String> = cells.into_iter().map(cell).collect();
        self.0.push_str(&cells.join(","));
        self.0.push_str("\r\n");
    }

    pub(crate) fn into_text(self) -> String {
        self.0
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
pub(crate) fn amount(money: Money) -> String {
    let shown = money.to_string();
    shown.split_once(' ').map_or(shown.clone(), |(_, number)| number.to_owned())
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
