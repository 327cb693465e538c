//! The values that go into and come out of both databases.
//!
//! Invariant: these six are all there is. Times are BIGINT microseconds, ids and statuses TEXT, JSON is TEXT, ciphertext
//! BLOB. A value that does not decode is [`StoreError::Corrupt`], never a default.

use std::str::FromStr;

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus, Settlement},
    id::{Id, Kind},
    money::Currency,
    pricing::PricingModel,
    webhook::WebhookEvent,
};

use crate::error::StoreError;

/// One parameter or column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
    Blob(Vec<u8>),
    Real(f64),
}

/// Builds a parameter list: `params![id, now, "active"]` is `[Value; 3]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::Value::from($value)),*] };
}

impl Value {
    /// About how many bytes it takes.
    pub(crate) const fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Blob(bytes) => bytes.len(),
            Self::Null | Self::Int(_) | Self::Bool(_) | Self::Real(_) => size_of::<Self>(),
        }
    }

    pub(crate) fn cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Int(number) => Cell::Int(*number),
            Self::Bool(truth) => Cell::Bool(*truth),
            Self::Text(text) => Cell::Text(text),
            Self::Blob(bytes) => Cell::Blob(bytes),
            Self::Real(number) => Cell::Real(*number),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}
impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}
impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}
impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}
impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(bytes)
    }
}
impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Int(at.as_micros())
    }
}
impl<K: Kind> From<Id<K>> for Value {
    fn from(id: Id<K>) -> Self {
        Self::Text(id.to_string())
    }
}
impl From<Currency> for Value {
    fn from(currency: Currency) -> Self {
        Self::Text(currency.as_str().to_owned())
    }
}
impl From<RunStatus> for Value {
    fn from(status: RunStatus) -> Self {
        Self::Text(status.as_str().to_owned())
    }
}
impl From<FailureReason> for Value {
    fn from(reason: FailureReason) -> Self {
        Self::Text(reason.as_str().to_owned())
    }
}

impl From<Settlement> for Value {
    fn from(step: Settlement) -> Self {
        Self::Text(step.as_str().to_owned())
    }
}
impl From<PricingModel> for Value {
    fn from(model: PricingModel) -> Self {
        Self::Text(model.as_str().to_owned())
    }
}
impl From<WebhookEvent> for Value {
    fn from(event: WebhookEvent) -> Self {
        Self::Text(event.as_str().to_owned())
    }
}
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A value where it lies: in its row, or in a parameter.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Bool(bool),
    Text(&'a str),
    Blob(&'a [u8]),
    Real(f64),
}

impl Cell<'_> {
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "integer",
            Self::Bool(_) => "boolean",
            Self::Text(_) => "text",
            Self::Blob(_) => "blob",
            Self::Real(_) => "real",
        }
    }
}

/// What a column can be read as.
pub trait FromValue: Sized {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError>;
}

/// Something that is kept as a text.
pub(crate) fn parsed<T: FromStr>(
    cell: Cell<'_>,
    what: impl FnOnce(T::Err) -> String,
) -> Result<T, StoreError> {
    match cell {
        Cell::Text(text) => text.parse().map_err(|error| StoreError::corrupt(what(error))),
        other => mismatch("text", other),
    }
}

pub(crate) fn mismatch<T>(expected: &str, found: Cell<'_>) -> Result<T, StoreError> {
    Err(StoreError::corrupt(format!("expected {expected}, found {}", found.kind())))
}

impl FromValue for String {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        match cell {
            Cell::Text(text) => Ok(text.to_owned()),
            other => mismatch("text", other),
        }
    }
}
impl FromValue for i64 {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        match cell {
            Cell::Int(number) => Ok(number),
            other => mismatch("an integer", other),
        }
    }
}
impl FromValue for u32 {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        Self::try_from(i64::from_value(cell)?).or_else(|_| mismatch("a small non-negative integer", cell))
    }
}
impl FromValue for f64 {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        match cell {
            Cell::Real(number) => Ok(number),
            // SQLite stores a whole REAL it was given as an integer literal (a default) as an integer.
            #[expect(clippy::cast_precision_loss, reason = "statistics, not money")]
            Cell::Int(number) => Ok(number as Self),
            other => mismatch("a real number", other),
        }
    }
}
impl FromValue for bool {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        match cell {
            Cell::Bool(truth) => Ok(truth),
            // SQLite has no boolean: TRUE is 1.
            Cell::Int(0) => Ok(false),
            Cell::Int(1) => Ok(true),
            other => mismatch("a boolean", other),
        }
    }
}
impl FromValue for Vec<u8> {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        match cell {
            Cell::Blob(bytes) => Ok(bytes.to_vec()),
            other => mismatch("a blob", other),
        }
    }
}
impl FromValue for Timestamp {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        i64::from_value(cell).map(Self::from_micros)
    }
}
impl<K: Kind> FromValue for Id<K> {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        parsed(cell, |_| format!("not a `{}` id", K::PREFIX))
    }
}
impl FromValue for Currency {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        parsed(cell, |_| "not a currency code".to_owned())
    }
}
impl FromValue for RunStatus {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        parsed(cell, |_| "not a run status".to_owned())
    }
}
impl FromValue for FailureReason {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        parsed(cell, |_| "not a failure reason".to_owned())
    }
}

impl FromValue for Settlement {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        parsed(cell, |_| "not a settlement's step".to_owned())
    }
}
impl FromValue for PricingModel {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        parsed(cell, |_| "not a pricing model".to_owned())
    }
}
impl FromValue for WebhookEvent {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        parsed(cell, |_| "not a webhook event".to_owned())
    }
}
impl<T: FromValue> FromValue for Option<T> {
    fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
        match cell {
            Cell::Null => Ok(None),
            present => T::from_value(present).map(Some),
        }
    }
}
