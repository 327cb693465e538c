//! Rows that the jobs of a batch add, written together, one statement a table, before the commit (ADR 0017).
//!
//! A statement costs several times what a row does. Invariants: only rows are postponed that nothing else in their batch reads, and
//! that are there already only when something is asked for again; when one turns out to be there, the batch is undone and its jobs are
//! done one after the other, with every row written at once.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value as Json};

use crate::{error::StoreError, tx::Statement, value::Value};

/// How rows are added to a table. PostgreSQL only.
pub(crate) struct Rows {
    /// Rows of a lower rank are written first, because those of a higher one name them. Each table has its own.
    pub(crate) rank: usize,
    pub(crate) columns: &'static [&'static str],
    /// Adds the objects of a JSON array, `$1`, whose members are named as the columns.
    pub(crate) insert: &'static str,
}

/// What is still to be written. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Postponed(Arc<Mutex<Vec<Table>>>);

struct Table {
    rows: &'static Rows,
    values: Vec<Json>,
}

impl Postponed {
    pub(crate) fn push(&self, rows: &'static Rows, values: &[Value]) -> Result<(), StoreError> {
        debug_assert_eq!(rows.columns.len(), values.len(), "a value for each column");
        let mut row = Map::with_capacity(values.len());
        for (column, value) in rows.columns.iter().zip(values) {
            row.insert((*column).to_owned(), json(value)?);
        }
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match tables.iter_mut().find(|table| table.rows.rank == rows.rank) {
            Some(table) => table.values.push(Json::Object(row)),
            None => tables.push(Table { rows, values: vec![Json::Object(row)] }),
        }
        Ok(())
    }

    /// The statements that write it all, in order, and how many rows each must add.
    pub(crate) fn take(&self) -> (Vec<Statement>, Vec<u64>) {
        let mut tables = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        tables.sort_by_key(|table| table.rows.rank);
        let counts = tables.iter().map(|table| table.values.len() as u64).collect();
        let statement =
            |table: Table| (table.rows.insert, vec![Value::Text(Json::Array(table.values).to_string())]);
        (tables.into_iter().map(statement).collect(), counts)
    }
}

fn json(value: &Value) -> Result<Json, StoreError> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Int(number) => Json::from(*number),
        Value::Bool(flag) => Json::from(*flag),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Real(number) => Json::from(*number),
        Value::Blob(_) => return Err(StoreError::corrupt("bytes in a postponed row")),
    })
}

/// The [`Rows`] of a table: rank, table, columns with their types, what to do on a conflict.
macro_rules! rows {
    ($rank:literal, $table:literal, ($first:ident $first_type:ident $(, $column:ident $type:ident)* $(,)?), $conflict:literal) => {
        $crate::postponed::Rows {
            rank: $rank,
            columns: &[stringify!($first) $(, stringify!($column))*],
            insert: concat!(
                "INSERT INTO ", $table, " (", stringify!($first) $(, ", ", stringify!($column))*,
                ") SELECT ", stringify!($first) $(, ", ", stringify!($column))*,
                " FROM json_to_recordset(CAST(CAST($1 AS TEXT) AS JSON)) AS new (",
                stringify!($first), " ", stringify!($first_type) $(, ", ", stringify!($column), " ", stringify!($type))*,
                ") ", $conflict
            ),
        }
    };
}
pub(crate) use rows;
