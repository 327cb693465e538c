//! Rows that the jobs of a batch add, written together before the commit (ADR 0017).
//!
//! A statement costs several times what a row does. Invariants: only rows are postponed that nothing else in their batch reads, and
//! that are there already only when something is asked for again; one that is there is refused by the database, so that nothing of the
//! batch is kept, and its jobs are done one after the other, with every row written at once.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{error::StoreError, value::Value};

/// How rows are added to a table. PostgreSQL only.
pub(crate) struct Rows {
    pub(crate) table: &'static str,
    pub(crate) stage: Stage,
    pub(crate) columns: &'static [(&'static str, Kind)],
}

/// All rows of a stage are written by one statement, at whose end the database looks whether what they name is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Has to be there when the rest comes.
    First,
    Rest,
}

/// The type of a column, as the migrations name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    BigInt,
    Bytes,
}

/// One column of the rows that one table gets: an array each, which PostgreSQL takes apart in a tenth of the time that JSON takes it.
#[derive(Debug, PartialEq)]
pub(crate) enum Column {
    Text(Vec<Option<String>>),
    BigInt(Vec<Option<i64>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

/// The rows that one table gets.
struct Table {
    rows: &'static Rows,
    columns: Vec<Column>,
}

/// A statement that writes rows, and its parameters.
pub(crate) struct Write {
    pub(crate) sql: String,
    pub(crate) columns: Vec<Column>,
}

/// What is still to be written. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Postponed(Arc<Mutex<Vec<Table>>>);

impl Postponed {
    pub(crate) fn push(&self, rows: &'static Rows, values: &[Value]) -> Result<(), StoreError> {
        debug_assert_eq!(rows.columns.len(), values.len(), "a value for each column");
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tables.iter().position(|table| table.rows.table == rows.table);
        let place = known.unwrap_or_else(|| {
            tables.push(Table::new(rows));
            tables.len() - 1
        });
        tables[place].columns.iter_mut().zip(values).try_for_each(|(column, value)| column.push(value))
    }

    /// What writes it all, in order.
    pub(crate) fn take(&self) -> Vec<Write> {
        let mut tables = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        // Always in the same order within a stage, so that the statements are few.
        tables.sort_by_key(|table| (table.rows.stage, table.rows.table));
        let mut inserts = Vec::new();
        let mut tables = tables.into_iter().peekable();
        while let Some(first) = tables.next() {
            let stage = first.rows.stage;
            let mut insert = Write { sql: String::new(), columns: Vec::new() };
            insert.add(first);
            if tables.peek().is_some_and(|next| next.rows.stage == stage) {
                insert.sql = format!("WITH part AS ({})", insert.sql);
                let mut part = 0;
                while let Some(next) = tables.next_if(|next| next.rows.stage == stage) {
                    part += 1;
                    let _ = write!(insert.sql, ", part{part} AS (");
                    insert.add(next);
                    insert.sql.push(')');
                }
                insert.sql.push_str(" SELECT 1");
            }
            inserts.push(insert);
        }
        inserts
    }
}

impl Table {
    fn new(rows: &'static Rows) -> Self {
        Self { rows, columns: rows.columns.iter().map(|(_, kind)| Column::new(*kind)).collect() }
    }
}

impl Write {
    fn add(&mut self, table: Table) {
        let (mut names, mut arrays) = (String::new(), String::new());
        for (index, (name, kind)) in table.rows.columns.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let _ = write!(names, "{comma}{name}");
            let number = self.columns.len() + index + 1;
            let _ = write!(arrays, "{comma}CAST(${number} AS {}[])", kind.as_str());
        }
        let _ = write!(self.sql, "INSERT INTO {} ({names}) SELECT * FROM UNNEST({arrays})", table.rows.table);
        self.columns.extend(table.columns);
    }
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::BigInt => "BIGINT",
            Self::Bytes => "BYTEA",
        }
    }
}

impl Column {
    pub(crate) const fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(Vec::new()),
            Kind::BigInt => Self::BigInt(Vec::new()),
            Kind::Bytes => Self::Bytes(Vec::new()),
        }
    }

    pub(crate) fn texts(texts: impl IntoIterator<Item: ToString>) -> Self {
        Self::Text(texts.into_iter().map(|text| Some(text.to_string())).collect())
    }

    pub(crate) fn numbers(numbers: impl IntoIterator<Item = i64>) -> Self {
        Self::BigInt(numbers.into_iter().map(Some).collect())
    }

    pub(crate) fn push(&mut self, value: &Value) -> Result<(), StoreError> {
        match (self, value) {
            (Self::Text(column), Value::Text(text)) => column.push(Some(text.clone())),
            (Self::Text(column), Value::Null) => column.push(None),
            (Self::BigInt(column), Value::Int(number)) => column.push(Some(*number)),
            (Self::BigInt(column), Value::Null) => column.push(None),
            (Self::Bytes(column), Value::Blob(bytes)) => column.push(Some(bytes.clone())),
            (Self::Bytes(column), Value::Null) => column.push(None),
            _ => return Err(StoreError::corrupt("a value of another type than its column's")),
        }
        Ok(())
    }
}

/// The [`Rows`] of a table: its name, its stage, its columns with their types.
macro_rules! rows {
    ($table:literal, $stage:ident, ($($column:ident $kind:ident),* $(,)?)) => {
        $crate::postponed::Rows {
            table: $table,
            stage: $crate::postponed::Stage::$stage,
            columns: &[$((stringify!($column), $crate::postponed::Kind::$kind)),*],
        }
    };
}
pub(crate) use rows;

#[cfg(test)]
mod tests {
    use super::*;

    const THINGS: Rows = rows!("things", Rest, (id Text, size BigInt));
    const PARTS: Rows = rows!("parts", Rest, (thing Text));
    const LINES: Rows = rows!("lines", First, (number BigInt));

    #[test]
    fn rows_become_columns_and_stages_statements() {
        let postponed = Postponed::default();
        let text = |text: &str| Value::Text(text.into());
        postponed.push(&THINGS, &[text("a"), Value::Int(1)]).unwrap();
        postponed.push(&PARTS, &[text("a")]).unwrap();
        postponed.push(&LINES, &[Value::Int(7)]).unwrap();
        postponed.push(&THINGS, &[text("b"), Value::Null]).unwrap();
        let [lines, rest] = postponed.take().try_into().ok().unwrap();
        assert_eq!(lines.sql, "INSERT INTO lines (number) SELECT * FROM UNNEST(CAST($1 AS BIGINT[]))");
        assert_eq!(
            rest.sql,
            "WITH part AS (INSERT INTO parts (thing) SELECT * FROM UNNEST(CAST($1 AS TEXT[]))), part1 AS (INSERT INTO things \
             (id, size) SELECT * FROM UNNEST(CAST($2 AS TEXT[]), CAST($3 AS BIGINT[]))) SELECT 1"
        );
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            rest.columns,
            [
                Column::Text(vec![some("a")]),
                Column::Text(vec![some("a"), some("b")]),
                Column::BigInt(vec![Some(1), None])
            ]
        );
        assert!(postponed.take().is_empty());
        assert!(postponed.push(&THINGS, &[Value::Int(1), Value::Int(1)]).is_err());
    }
}
