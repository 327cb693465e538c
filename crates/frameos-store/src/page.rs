//! Pages of a list, as `page` and `limit` ask for them.

use crate::{error::StoreError, value::Value};

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

/// Reads every row with the same function.
pub(crate) fn read_all<T>(
    rows: &[crate::row::Row],
    read: impl Fn(&crate::row::Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect()
}
