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
    pub(crate) columns: &'static [(&'static str, Kind)],
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

/// Statements that are sent as one, and their parameters.
#[derive(Default)]
pub(crate) struct Write {
    pub(crate) parts: Vec<String>,
    pub(crate) columns: Vec<Column>,
}

/// What is still to be written. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Postponed(Arc<Mutex<Vec<Table>>>);

impl Postponed {
    pub(crate) fn push(&self, rows: &'static Rows, values: &[Value]) -> Result<(), StoreError> {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tables.iter().position(|table| table.rows.table == rows.table);
        let place = known.unwrap_or_else(|| {
            tables.push(Table::new(rows));
            tables.len() - 1
        });
        columns_push(&mut tables[place].columns, values)
    }

    /// What writes it all at once, and `also`, the parameters of which are counted on from the given number: at the end of the one statement
    /// the database looks whether what the rows name is there, and whether they keep its rules.
    pub(crate) fn take(&self, also: impl FnOnce(usize) -> Option<Write>) -> Option<Write> {
        let mut tables = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        // Always in the same order, so that the statements are few.
        tables.sort_by_key(|table| table.rows.table);
        let mut write = Write::default();
        for table in tables {
            write.add(table);
        }
        if let Some(also) = also(write.columns.len() + 1) {
            write.parts.extend(also.parts);
            write.columns.extend(also.columns);
        }
        (!write.parts.is_empty()).then_some(write)
    }
}

impl Rows {
    /// Its columns, still without rows.
    pub(crate) fn columns(&self) -> Vec<Column> {
        self.columns.iter().map(|(_, kind)| Column::new(*kind)).collect()
    }
}

/// Adds a row to columns: a value for each.
pub(crate) fn columns_push(columns: &mut [Column], values: &[Value]) -> Result<(), StoreError> {
    debug_assert_eq!(columns.len(), values.len(), "a value for each column");
    columns.iter_mut().zip(values).try_for_each(|(column, value)| column.push(value))
}

impl Table {
    fn new(rows: &'static Rows) -> Self {
        Self { rows, columns: rows.columns() }
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
        let table_name = table.rows.table;
        self.parts.push(format!("INSERT INTO {table_name} ({names}) SELECT * FROM UNNEST({arrays})"));
        self.columns.extend(table.columns);
    }

    /// The statement.
    pub(crate) fn sql(&self) -> String {
        let [part] = &self.parts[..] else {
            let parts =
                self.parts.iter().enumerate().map(|(number, part)| format!("part{number} AS ({part})"));
            return format!("WITH {} SELECT 1", parts.collect::<Vec<_>>().join(", "));
        };
        part.clone()
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

/// The [`Rows`] of a table: its name, its columns with their types.
macro_rules! rows {
    ($table:literal, ($($column:ident $kind:ident),* $(,)?)) => {
        $crate::postponed::Rows {
            table: $table,
            columns: &[$((stringify!($column), $crate::postponed::Kind::$kind)),*],
        }
    };
}
pub(crate) use rows;

#[cfg(test)]
mod tests {
    use super::*;

    const THINGS: Rows = rows!("things", (id Text, size BigInt));
    const PARTS: Rows = rows!("parts", (thing Text));

    #[test]
    fn rows_become_columns_of_one_statement() {
        let postponed = Postponed::default();
        let text = |text: &str| Value::Text(text.into());
        let some = |text: &str| Some(text.to_owned());
        postponed.push(&THINGS, &[text("a"), Value::Int(1)]).unwrap();
        postponed.push(&PARTS, &[text("a")]).unwrap();
        postponed.push(&THINGS, &[text("b"), Value::Null]).unwrap();
        let write = postponed
            .take(|number| {
                let parts = vec![format!("DELETE FROM others WHERE id = ANY(CAST(${number} AS TEXT[]))")];
                Some(Write { parts, columns: vec![Column::Text(vec![some("c")])] })
            })
            .unwrap();
        assert_eq!(
            write.sql(),
            "WITH part0 AS (INSERT INTO parts (thing) SELECT * FROM UNNEST(CAST($1 AS TEXT[]))), part1 AS (INSERT INTO things \
             (id, size) SELECT * FROM UNNEST(CAST($2 AS TEXT[]), CAST($3 AS BIGINT[]))), part2 AS (DELETE FROM others WHERE id = \
             ANY(CAST($4 AS TEXT[]))) SELECT 1"
        );
        assert_eq!(
            write.columns,
            [
                Column::Text(vec![some("a")]),
                Column::Text(vec![some("a"), some("b")]),
                Column::BigInt(vec![Some(1), None]),
                Column::Text(vec![some("c")]),
            ]
        );
        assert!(postponed.take(|_| None).is_none());
        postponed.push(&PARTS, &[text("a")]).unwrap();
        assert_eq!(
            postponed.take(|_| None).unwrap().sql(),
            "INSERT INTO parts (thing) SELECT * FROM UNNEST(CAST($1 AS TEXT[]))"
        );
        assert!(postponed.push(&THINGS, &[Value::Int(1), Value::Int(1)]).is_err());
    }
}
