//! The values that go into and come out of both databases.
//!
//! Invariant: these six are all there is. Times are BIGINT microseconds, ids and statuses TEXT, JSON is TEXT, ciphertext
//! BLOB. A value that does not decode is [`StoreError::Corrupt`], never a default.

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
    pub(crate) const fn kind(&self) -> &'static str {
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

/// What a column can be read as.
pub trait FromValue: Sized {
    fn from_value(value: &Value) -> Result<Self, StoreError>;
}

fn mismatch<T>(expected: &str, found: &Value) -> Result<T, StoreError> {
    Err(StoreError::corrupt(format!("expected {expected}, found {}", found.kind())))
}

impl FromValue for String {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            other => mismatch("text", other),
        }
    }
}
impl FromValue for i64 {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        match value {
            Value::Int(number) => Ok(*number),
            other => mismatch("an integer", other),
        }
    }
}
impl FromValue for u32 {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        Self::try_from(i64::from_value(value)?).or_else(|_| mismatch("a small non-negative integer", value))
    }
}
impl FromValue for f64 {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        match value {
            Value::Real(number) => Ok(*number),
            // SQLite stores a whole REAL it was given as an integer literal (a default) as an integer.
            #[expect(clippy::cast_precision_loss, reason = "statistics, not money")]
            Value::Int(number) => Ok(*number as Self),
            other => mismatch("a real number", other),
        }
    }
}
impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        match value {
            Value::Bool(truth) => Ok(*truth),
            // SQLite has no boolean: TRUE is 1.
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            other => mismatch("a boolean", other),
        }
    }
}
impl FromValue for Vec<u8> {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        match value {
            Value::Blob(bytes) => Ok(bytes.clone()),
            other => mismatch("a blob", other),
        }
    }
}
impl FromValue for Timestamp {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        i64::from_value(value).map(Self::from_micros)
    }
}
impl<K: Kind> FromValue for Id<K> {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        String::from_value(value)?
            .parse()
            .map_err(|_| StoreError::corrupt(format!("not a `{}` id", K::PREFIX)))
    }
}
impl FromValue for Currency {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        String::from_value(value)?.parse().map_err(|_| StoreError::corrupt("not a currency code"))
    }
}
impl FromValue for RunStatus {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        String::from_value(value)?.parse().map_err(|_| StoreError::corrupt("not a run status"))
    }
}
impl FromValue for FailureReason {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        String::from_value(value)?.parse().map_err(|_| StoreError::corrupt("not a failure reason"))
    }
}

impl FromValue for Settlement {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        String::from_value(value)?.parse().map_err(|_| StoreError::corrupt("not a failure reason"))
    }
}
impl FromValue for PricingModel {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        String::from_value(value)?.parse().map_err(|_| StoreError::corrupt("not a pricing model"))
    }
}
impl FromValue for WebhookEvent {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        String::from_value(value)?.parse().map_err(|_| StoreError::corrupt("not a webhook event"))
    }
}
impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, StoreError> {
        match value {
            Value::Null => Ok(None),
            present => T::from_value(present).map(Some),
        }
    }
}
