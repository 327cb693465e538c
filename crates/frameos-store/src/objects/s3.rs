//! Objects in a bucket of any store that speaks S3.
//!
//! Invariants: every request has an end, its repetitions included; what a store answers is told by its code only, because its whole
//! answer repeats what was signed. Credentials cannot be printed. Nothing is made here: the bucket is the operator's.

use std::{fmt, sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, ClientOptions, Error as ObjectError, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    path::Path,
    prefix::PrefixStore,
};
use zeroize::Zeroizing;

use crate::error::StoreError;

/// To be connected.
const CONNECT: Duration = Duration::from_secs(3);
/// Between two pieces of an answer.
const PIECE: Duration = Duration::from_secs(5);
/// For one request, a bundle's transfer included.
const REQUEST: Duration = Duration::from_secs(10);
/// After this no further repetition begins.
const REPEATED: Duration = Duration::from_secs(8);
const REPETITIONS: usize = 3;

/// A bucket and how it is reached.
#[derive(Clone)]
pub struct S3Config {
    pub bucket: String,
    /// Before the path of every object; may be empty.
    pub prefix: String,
    /// `None`: us-east-1.
    pub region: Option<String>,
    /// `None`: AWS.
    pub endpoint: Option<String>,
    /// Whether the bucket is part of the host's name rather than of the path.
    pub virtual_hosted: bool,
    /// What else AWS's tools read from their environment, by the variable's name: credentials, or where to get them.
    pub settings: Vec<(String, Zeroizing<String>)>,
}

impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

pub(super) fn open(config: &S3Config) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let wrong = |what: String| StoreError::Config { what };
    let options = ClientOptions::new()
        .with_connect_timeout(CONNECT)
        .with_read_timeout(PIECE)
        .with_timeout(REQUEST)
        .with_allow_http(config.endpoint.as_ref().is_some_and(|url| url.starts_with("http://")));
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(2),
        base: 2.0,
    };
    let retry = RetryConfig { backoff, max_retries: REPETITIONS, retry_timeout: REPEATED };
    let mut builder = AmazonS3Builder::new();
    for (name, value) in &config.settings {
        let key: AmazonS3ConfigKey =
            name.to_lowercase().parse().map_err(|_| wrong(format!("{name} is nothing S3 knows")))?;
        builder = builder.with_config(key, value.as_str());
    }
    if let Some(region) = &config.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &config.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let store = builder
        .with_bucket_name(&config.bucket)
        .with_virtual_hosted_style_request(config.virtual_hosted)
        .with_client_options(options)
        .with_retry(retry)
        .build()
        .map_err(|error| wrong(format!("objects in S3: {}", cause(&error))))?;
    if config.prefix.is_empty() {
        return Ok(Arc::new(store));
    }
    let prefix =
        Path::parse(&config.prefix).map_err(|_| wrong("the prefix of objects in S3 is no path".into()))?;
    Ok(Arc::new(PrefixStore::new(store, prefix)))
}

/// The crate's wrapping says nothing; what it wraps does.
fn cause(error: &ObjectError) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), ToString::to_string)
}

/// What an S3 store answered, without what it repeats of the request.
#[derive(Debug, thiserror::Error)]
#[error("the store answered {code}")]
pub(super) struct Answer {
    code: String,
}

/// The code of an error answer, such as `NoSuchBucket`, if there is one.
pub(super) fn code(error: &ObjectError) -> Option<Answer> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if let Some((_, rest)) = text.split_once("<Code>")
            && let Some((code, _)) = rest.split_once("</Code>")
            && code.len() <= 100
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Some(Answer { code: code.to_owned() });
        }
        cause = error.source();
    }
    None
}

impl Answer {
    pub(super) fn is_bucket_missing(&self) -> bool {
        self.code == "NoSuchBucket"
    }
}
