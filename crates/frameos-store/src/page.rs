//! Pages of a list, as `page` and `limit` ask for them.

use std::marker::PhantomData;

use crate::{
    error::StoreError,
    row::Row,
    value::{FromValue, Value},
};

/// Which part of a list: pages count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub page: u32,
    pub limit: u32,
}

impl Page {
    pub const fn new(page: u32, limit: u32) -> Self {
        Self { page, limit }
    }

    pub(crate) fn limit_value(self) -> Value {
        Value::from(self.limit)
    }

    pub(crate) fn offset_value(self) -> Value {
        Value::Int(i64::from(self.page.saturating_sub(1)) * i64::from(self.limit))
    }
}

/// One page of a list, and how long the whole list is.
#[derive(Debug, Clone, PartialEq)]
pub struct Paged<T> {
    pub items: Vec<T>,
    pub total: i64,
}

/// What a row says, its texts where they lie.
pub trait FromRow {
    /// The same for as long as the row lives.
    type From<'a>;

    fn from_row(row: &Row) -> Result<Self::From<'_>, StoreError>;
}

/// A page that is not decoded yet, so that whoever has the time may do it.
pub struct Unread<T> {
    rows: Vec<Row>,
    kind: PhantomData<fn() -> T>,
}

impl<T: FromRow> Unread<T> {
    pub(crate) const fn new(rows: Vec<Row>) -> Self {
        Self { rows, kind: PhantomData }
    }

    pub fn read(&self) -> Result<Vec<T::From<'_>>, StoreError> {
        self.rows.iter().map(T::from_row).collect()
    }

    /// The key of the last row, its first column; None when there are no rows.
    pub fn last<K: FromValue>(&self) -> Result<Option<K>, StoreError> {
        self.rows.last().map(|row| row.get(0)).transpose()
    }

    /// Of each row the first column, a position, and the text at `index`.
    pub(crate) fn texts(&self, index: usize) -> Result<Vec<(i64, &str)>, StoreError> {
        self.rows.iter().map(|row| Ok((row.get(0)?, row.text(index)?))).collect()
    }
}

/// Reads every row with the same function.
pub(crate) fn read_all<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect()
}
