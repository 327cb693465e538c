//! One HTTP request to a provider, and what its failure means: certainly nothing happened, or nobody knows.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use thiserror::Error;

use super::ProviderError;
use crate::error::GatewayError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// More than any answer of ours to expect has; a larger one is not read to its end.
const LONGEST_ANSWER: usize = 1 << 20;

/// An answer with its whole body.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

#[derive(Debug, Error)]
enum ReplyError {
    #[error("the answer is longer than {LONGEST_ANSWER} bytes")]
    TooLong,
    #[error("HTTP {status}: {text}")]
    Status { status: StatusCode, text: String },
    #[error("the answer is not what was agreed")]
    Unreadable(#[source] serde_json::Error),
}

pub(super) fn client(timeout: Duration) -> Result<Client, GatewayError> {
    Client::builder()
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .timeout(timeout)
        // A redirect would carry our secret to somewhere nobody configured.
        .redirect(redirect::Policy::none())
        .build()
        .map_err(GatewayError::internal)
}

pub(super) async fn send(provider: &'static str, request: RequestBuilder) -> Result<Reply, ProviderError> {
    let unknown = |source: Box<dyn std::error::Error + Send + Sync>| ProviderError::Unknown {
        provider,
        source: Some(source),
    };
    let mut response = request.send().await.map_err(|error| {
        // The URL of an error may carry what is nobody's business.
        let error = error.without_url();
        if error.is_connect() || error.is_builder() {
            ProviderError::NotReached { provider, source: Some(error.into()) }
        } else {
            unknown(error.into())
        }
    })?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unknown(error.without_url().into()))? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(unknown(ReplyError::TooLong.into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, body })
}

impl Reply {
    /// The body of an answer that should be readable.
    pub(super) fn read<T: serde::de::DeserializeOwned>(
        &self,
        provider: &'static str,
    ) -> Result<T, ProviderError> {
        serde_json::from_slice(&self.body).map_err(|error| ProviderError::Unknown {
            provider,
            source: Some(ReplyError::Unreadable(error).into()),
        })
    }

    /// What an answer without success means when something was to be created: 401, 403 and 429 say that it was not looked at.
    pub(super) fn failure(&self, provider: &'static str) -> ProviderError {
        let text = String::from_utf8_lossy(&self.body).chars().take(300).collect();
        let source = Some(ReplyError::Status { status: self.status, text }.into());
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
                ProviderError::NotReached { provider, source }
            }
            _ => ProviderError::Unknown { provider, source },
        }
    }
}
