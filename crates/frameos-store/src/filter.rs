//! Conditions of a list that may or may not be asked for, with their parameters in order.
//!
//! Invariant: what is asked for is a parameter, never a part of the statement.

use crate::{page::Page, value::Value};

/// The conditions so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    sql: String,
    params: Vec<Value>,
}

impl Filter {
    /// Adds a condition if there is a value; `?` in it stands for the value, however often.
    pub(crate) fn and<T: Into<Value>>(mut self, condition: &str, value: Option<T>) -> Self {
        if let Some(value) = value {
            self.params.push(value.into());
            let place = format!("${}", self.params.len());
            self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
            self.sql.push_str(&condition.replace('?', &place));
        }
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.params.is_empty()
    }

    /// `WHERE …`, or nothing.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    pub(crate) fn params(&self) -> &[Value] {
        &self.params
    }

    /// `LIMIT … OFFSET …` and all parameters.
    pub(crate) fn paged(mut self, page: Page) -> (String, Vec<Value>) {
        let next = self.params.len() + 1;
        self.params.extend([page.limit_value(), page.offset_value()]);
        (format!(" LIMIT ${next} OFFSET ${}", next + 1), self.params)
    }
}

/// What finds a text anywhere in another that is in lower case, by `LIKE ? ESCAPE '!'`.
pub(crate) fn anywhere(text: &str) -> String {
    let escaped = text.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_for_is_no_condition() {
        let filter =
            Filter::default().and("a = ?", None::<i64>).and("b = ? OR c = ?", Some(1)).and("d > ?", Some(2));
        assert_eq!(filter.sql(), " WHERE b = $1 OR c = $1 AND d > $2");
        let (page, params) = filter.paged(Page::new(2, 10));
        assert_eq!((page.as_str(), params.len()), (" LIMIT $3 OFFSET $4", 4));
        assert!(Filter::default().and("a = ?", None::<i64>).is_empty());
        assert_eq!(anywhere("50%_A!"), "%50!%!_a!!%");
    }
}
