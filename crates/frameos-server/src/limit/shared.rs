//! The counters that all processes share, in Redis: one script, one round trip per request.
//!
//! Invariants: a request never dials and never waits long: without an answer in time the connection is given up and requests
//! are counted in their process until [`Shared::follow`] has another; each change is logged once.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use redis::{AsyncConnectionConfig, Client, RedisError, Script, aio::MultiplexedConnection};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Check, Counted, gcra};

/// Many times what Redis takes.
const ANSWER: Duration = Duration::from_millis(150);
const DIAL: Duration = Duration::from_secs(2);
const DIAL_EVERY: Duration = Duration::from_secs(1);

/// Counters in Redis; clones share the connection.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Inner>);

struct Inner {
    client: Client,
    script: Script,
    connection: RwLock<Option<MultiplexedConnection>>,
    lost: Notify,
}

impl Shared {
    /// Not connected yet; see [`Self::follow`].
    pub(crate) fn new(url: &SecretString) -> Result<Self, RedisError> {
        Ok(Self(Arc::new(Inner {
            client: Client::open(url.expose_secret())?,
            script: Script::new(include_str!("shared.lua")),
            connection: RwLock::default(),
            lost: Notify::new(),
        })))
    }

    /// `None`: Redis does not answer.
    pub(super) async fn count(&self, checks: &[Check]) -> Option<Counted> {
        let mut connection = self.connection()?;
        let mut invocation = self.0.script.prepare_invoke();
        for check in checks {
            invocation.key(format!("frameos:limit:{}", check.key));
            invocation.arg(gcra::interval(check.rate)).arg(gcra::allowed(check.rate));
        }
        let answer: Vec<u64> = self.heard(invocation.invoke_async(&mut connection)).await?;
        let (which, ahead) = answer.split_first()?;
        match usize::try_from(*which).ok()?.checked_sub(1) {
            None => Some(Counted::Passed(ahead.to_vec())),
            Some(which) => Some(Counted::Refused { which, ahead: *ahead.first()? }),
        }
    }

    /// Whether Redis answers now.
    pub(crate) async fn is_there(&self) -> bool {
        let Some(mut connection) = self.connection() else { return false };
        self.heard(redis::cmd("PING").query_async::<()>(&mut connection)).await.is_some()
    }

    /// Redis' clock in microseconds, over a connection for this alone.
    pub(crate) async fn time(&self) -> Result<i64, RedisError> {
        let mut connection = self.dial().await?;
        let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(&mut connection).await?;
        Ok(seconds * 1_000_000 + micros)
    }

    /// Keeps a connection until `shutdown`.
    pub(crate) async fn follow(self, shutdown: CancellationToken) {
        let mut is_new_loss = true;
        loop {
            match tokio::time::timeout(DIAL, self.dial()).await {
                Ok(Ok(connection)) => {
                    *self.0.connection.write().unwrap_or_else(PoisonError::into_inner) = Some(connection);
                    tracing::info!("Redis answers; request limits are shared");
                    // Whoever gave it up has said so.
                    is_new_loss = false;
                    tokio::select! {
                        () = self.0.lost.notified() => {}
                        () = shutdown.cancelled() => return,
                    }
                }
                failed => {
                    if is_new_loss {
                        let error = failed.map_or("no answer".to_owned(), |failed| {
                            failed.err().map_or_else(String::new, |error| error.to_string())
                        });
                        tracing::warn!(
                            error,
                            "Redis does not answer; request limits are counted in this process"
                        );
                        is_new_loss = false;
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(DIAL_EVERY) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn dial(&self) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(DIAL))
            .set_response_timeout(Some(ANSWER));
        let mut connection = self.0.client.get_multiplexed_async_connection_with_config(&config).await?;
        redis::cmd("PING").query_async::<()>(&mut connection).await?;
        Ok(connection)
    }

    fn connection(&self) -> Option<MultiplexedConnection> {
        self.0.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The answer, if it comes in time; else the connection is given up.
    async fn heard<T>(&self, answer: impl Future<Output = Result<T, RedisError>>) -> Option<T> {
        let error = match tokio::time::timeout(ANSWER, answer).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        let given_up = self.0.connection.write().unwrap_or_else(PoisonError::into_inner).take();
        if given_up.is_some() {
            tracing::warn!(error, "Redis does not answer; request limits are counted in this process");
            self.0.lost.notify_one();
        }
        None
    }
}
