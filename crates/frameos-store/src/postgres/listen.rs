//! Signals between processes over LISTEN and NOTIFY.
//!
//! One connection outside the pool listens and passes on what it hears, and tells what this process committed. It does so after
//! the commit and not in it: PostgreSQL lets transactions that notify commit one after another only, each with its own wait for
//! the disk. While the connection is down, waiters fall back to looking from time to time; when it comes back it fires the queue's
//! and the catalogue's signal once, because it may have missed one.

use std::time::Duration;

use futures::{StreamExt, stream};
use tokio_postgres::AsyncMessage;

use super::connect::{CONNECT, Target};
use crate::{
    dialect,
    error::StoreError,
    signal::{Signal, Signals},
};

const QUEUE: &str = "frameos_queue";
const CATALOGUE: &str = "frameos_catalogue";
const EXECUTION: &str = "frameos_execution";
const CANCEL: &str = "frameos_cancel";
const RECONNECT: Duration = Duration::from_secs(2);

/// The channel and payload that carry a signal.
fn message(signal: Signal) -> (&'static str, String) {
    match signal {
        Signal::Queue => (QUEUE, String::new()),
        Signal::Catalogue => (CATALOGUE, String::new()),
        Signal::Execution(id) => (EXECUTION, id.to_string()),
        Signal::Cancel(id) => (CANCEL, id.to_string()),
    }
}

/// Listens until its task is aborted.
pub(super) async fn listen(target: Target, signals: Signals) {
    loop {
        if let Err(error) = listen_once(&target, &signals).await {
            tracing::warn!(%error, "not listening to PostgreSQL; trying again");
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

async fn listen_once(target: &Target, signals: &Signals) -> Result<(), StoreError> {
    let connected = tokio::time::timeout(CONNECT, target.config.connect(target.tls.clone())).await;
    let connected =
        connected.map_err(|elapsed| StoreError::unavailable("PostgreSQL does not answer", elapsed))?;
    let (client, mut connection) = connected.map_err(super::convert)?;
    // The client's requests make progress only while the connection is polled: both run side by side.
    let tell = async {
        client.batch_execute(dialect::PG_LISTEN).await.map_err(super::convert)?;
        signals.fire(Signal::Queue);
        signals.fire(Signal::Catalogue);
        let notify = client.prepare(dialect::PG_NOTIFY).await.map_err(super::convert)?;
        loop {
            let (channels, payloads): (Vec<_>, Vec<_>) =
                signals.posted().await.into_iter().map(message).unzip();
            client.execute(&notify, &[&channels, &payloads]).await.map_err(super::convert)?;
        }
    };
    let hear = async {
        let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
        while let Some(message) = messages.next().await {
            if let AsyncMessage::Notification(note) = message.map_err(super::convert)? {
                pass_on(note.channel(), note.payload(), signals);
            }
        }
        Ok(())
    };
    tokio::select! {
        result = tell => result,
        result = hear => result,
    }
}

fn pass_on(channel: &str, payload: &str, signals: &Signals) {
    match channel {
        QUEUE => signals.fire(Signal::Queue),
        CATALOGUE => signals.fire(Signal::Catalogue),
        EXECUTION => {
            if let Ok(id) = payload.parse() {
                signals.fire(Signal::Execution(id));
            }
        }
        CANCEL => {
            if let Ok(id) = payload.parse() {
                signals.fire(Signal::Cancel(id));
            }
        }
        _ => {}
    }
}
