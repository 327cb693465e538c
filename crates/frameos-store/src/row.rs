//! One result row, read by position.
//!
//! Invariant: a row owns its values, so it outlives the statement and the connection that produced it. What is read of it is
//! decoded then, from where it lies: most rows have columns of which nobody keeps a copy.

use std::{fmt::Display, ops::Range, str::FromStr};

use serde::de::DeserializeOwned;

use crate::{
    error::StoreError,
    postgres,
    value::{Cell, FromValue, mismatch},
};

/// The columns of one row in the order the statement lists them.
#[derive(Debug, Clone)]
pub struct Row(Columns);

#[derive(Debug, Clone)]
enum Columns {
    Sqlite(Packed),
    Postgres(tokio_postgres::Row),
}

/// Columns whose texts and bytes lie one after the other: two allocations for a row, not one for each of its columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packed {
    cells: Vec<Place>,
    text: String,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Place {
    Null,
    Int(i64),
    Real(f64),
    Text(Range<usize>),
    Blob(Range<usize>),
}

impl Packed {
    /// For a row with so many columns.
    pub(crate) fn new(columns: usize) -> Self {
        Self { cells: Vec::with_capacity(columns), ..Self::default() }
    }

    pub(crate) fn push(&mut self, cell: Cell<'_>) {
        let place = match cell {
            Cell::Null => Place::Null,
            Cell::Int(number) => Place::Int(number),
            Cell::Bool(truth) => Place::Int(truth.into()),
            Cell::Real(number) => Place::Real(number),
            Cell::Text(text) => {
                let from = self.text.len();
                self.text.push_str(text);
                Place::Text(from..self.text.len())
            }
            Cell::Blob(bytes) => {
                let from = self.bytes.len();
                self.bytes.extend_from_slice(bytes);
                Place::Blob(from..self.bytes.len())
            }
        };
        self.cells.push(place);
    }

    fn cell(&self, index: usize) -> Option<Cell<'_>> {
        Some(match self.cells.get(index)? {
            Place::Null => Cell::Null,
            Place::Int(number) => Cell::Int(*number),
            Place::Real(number) => Cell::Real(*number),
            Place::Text(place) => Cell::Text(&self.text[place.clone()]),
            Place::Blob(place) => Cell::Blob(&self.bytes[place.clone()]),
        })
    }
}

impl From<Packed> for Row {
    fn from(packed: Packed) -> Self {
        Self(Columns::Sqlite(packed))
    }
}

impl From<tokio_postgres::Row> for Row {
    fn from(row: tokio_postgres::Row) -> Self {
        Self(Columns::Postgres(row))
    }
}

impl Row {
    /// The column at `index`, counted from 0.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, StoreError> {
        T::from_value(self.cell(index)?).map_err(|error| in_column(index, error))
    }

    /// How many columns there are.
    pub(crate) fn len(&self) -> usize {
        match &self.0 {
            Columns::Sqlite(packed) => packed.cells.len(),
            Columns::Postgres(row) => row.len(),
        }
    }

    /// The text column at `index` as anything that parses from text: a status, a version.
    pub fn parse<T>(&self, index: usize) -> Result<T, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        self.text(index)?.parse().map_err(|error| StoreError::corrupt(format!("column {index}: {error}")))
    }

    /// The text column at `index` as the JSON document it holds.
    pub fn json<T: DeserializeOwned>(&self, index: usize) -> Result<T, StoreError> {
        serde_json::from_str(self.text(index)?)
            .map_err(|error| StoreError::corrupt(format!("column {index}: {error}")))
    }

    /// Like [`Row::json`], for a column that may be null.
    pub fn json_opt<T: DeserializeOwned>(&self, index: usize) -> Result<Option<T>, StoreError> {
        match self.cell(index)? {
            Cell::Null => Ok(None),
            _ => self.json(index).map(Some),
        }
    }

    /// The text column at `index` where it lies.
    pub(crate) fn text(&self, index: usize) -> Result<&str, StoreError> {
        match self.cell(index)? {
            Cell::Text(text) => Ok(text),
            other => mismatch("text", other).map_err(|error| in_column(index, error)),
        }
    }

    /// Like [`Row::text`], for a column that may be null.
    pub(crate) fn text_opt(&self, index: usize) -> Result<Option<&str>, StoreError> {
        match self.cell(index)? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            other => mismatch("text", other).map_err(|error| in_column(index, error)),
        }
    }

    fn cell(&self, index: usize) -> Result<Cell<'_>, StoreError> {
        let cell = match &self.0 {
            Columns::Sqlite(packed) => packed.cell(index),
            Columns::Postgres(row) => postgres::cell(row, index)?,
        };
        cell.ok_or_else(|| StoreError::corrupt(format!("there is no column {index}")))
    }
}

fn in_column(index: usize, error: StoreError) -> StoreError {
    match error {
        StoreError::Corrupt { what } => StoreError::Corrupt { what: format!("column {index}: {what}") },
        other => other,
    }
}
