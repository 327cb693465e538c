//! The envelope around every answer of the gateway.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `{"success":true,"data":…}` or `{"success":false,"error":{…}}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer<T> {
    Data { success: bool, data: T },
    Error { success: bool, error: WireError },
}

impl<T> Answer<T> {
    pub const fn data(data: T) -> Self {
        Self::Data { success: true, data }
    }

    pub const fn error(error: WireError) -> Self {
        Self::Error { success: false, error }
    }
}

/// What went wrong: a code for programs, a message for people, and what a program needs to act on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireError {
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}
