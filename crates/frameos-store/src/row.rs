//! One result row, read by position.
//!
//! Invariant: a row owns its values, so it outlives the statement and the connection that produced it.

use std::{fmt::Display, str::FromStr};

use serde::de::DeserializeOwned;

use crate::{
    error::StoreError,
    value::{FromValue, Value},
};

/// The columns of one row in the order the statement lists them.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    values: Vec<Value>,
}

impl Row {
    pub(crate) const fn new(values: Vec<Value>) -> Self {
        Self { values }
    }

    /// The column at `index`, counted from 0.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, StoreError> {
        T::from_value(self.value(index)?).map_err(|error| match error {
            StoreError::Corrupt { what } => StoreError::Corrupt { what: format!("column {index}: {what}") },
            other => other,
        })
    }

    /// The text column at `index` as anything that parses from text: a status, a version.
    pub fn parse<T>(&self, index: usize) -> Result<T, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        self.get::<String>(index)?
            .parse()
            .map_err(|error| StoreError::corrupt(format!("column {index}: {error}")))
    }

    /// The text column at `index` as the JSON document it holds.
    pub fn json<T: DeserializeOwned>(&self, index: usize) -> Result<T, StoreError> {
        serde_json::from_str(&self.get::<String>(index)?)
            .map_err(|error| StoreError::corrupt(format!("column {index}: {error}")))
    }

    /// Like [`Row::json`], for a column that may be null.
    pub fn json_opt<T: DeserializeOwned>(&self, index: usize) -> Result<Option<T>, StoreError> {
        match self.value(index)? {
            Value::Null => Ok(None),
            _ => self.json(index).map(Some),
        }
    }

    fn value(&self, index: usize) -> Result<&Value, StoreError> {
        self.values.get(index).ok_or_else(|| StoreError::corrupt(format!("there is no column {index}")))
    }
}
