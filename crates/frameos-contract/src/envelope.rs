//! The envelope around every answer: `{"success":true,"data":…}` or `{"success":false,"error":{…}}`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::ErrorCode;

/// An answer of the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Envelope<T> {
    Data { success: bool, data: T },
    Error { success: bool, error: ApiError },
}

impl<T> Envelope<T> {
    pub const fn data(data: T) -> Self {
        Self::Data { success: true, data }
    }

    pub const fn error(error: ApiError) -> Self {
        Self::Error { success: false, error }
    }
}

/// What went wrong, in a form for programs (`code`) and one for people (`message`, which says what to change).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiError {
    /// One of the codes in `docs/errors/`.
    #[schema(value_type = ErrorCode)]
    pub code: String,
    pub message: String,
    /// The offending fields, findings or limits, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    pub request_id: String,
}

/// The paging of a list request: `?page=1&limit=20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// From 1.
    pub page: u32,
    /// 1 to 100.
    pub limit: u32,
}

/// The same as a query, where both may be left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageQuery {
    /// Pages count from 1.
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    pub page: Option<u32>,
    /// Entries of a page.
    #[schema(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}
