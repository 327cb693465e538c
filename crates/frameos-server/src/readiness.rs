//! Whether this process can do its work: each thing it depends on, asked with a time limit.
//!
//! Invariants: without database or objects it is not ready; without Redis, a gateway elsewhere or an answer from either it works on, and
//! says `degraded`. Nothing of an error is shown, only which part it is; many who ask at once cost one look.

use std::{
    collections::BTreeMap,
    error::Error,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use frameos_app::App;
use frameos_contract::operations::{Check as Part, CheckStatus as State};
use tokio::sync::Mutex;

use crate::limit::Shared;

/// For each part.
const ANSWER: Duration = Duration::from_secs(2);
/// For how long a look is good.
const FRESH: Duration = Duration::from_millis(200);

pub(crate) type Parts = BTreeMap<&'static str, Part>;

/// Looks at what the process depends on.
pub(crate) struct Readiness {
    app: App,
    redis: Option<Shared>,
    /// Where objects are, when that is a folder.
    objects: PathBuf,
    last: Mutex<Option<(Instant, Arc<Parts>)>>,
}

impl Readiness {
    pub(crate) fn new(app: App, redis: Option<Shared>, objects: PathBuf) -> Self {
        Self { app, redis, objects, last: Mutex::default() }
    }

    /// Every part, and whether the process is ready.
    pub(crate) async fn look(&self) -> (bool, Arc<Parts>) {
        let mut last = self.last.lock().await;
        let parts = match &*last {
            Some((at, parts)) if at.elapsed() < FRESH => Arc::clone(parts),
            _ => {
                let parts = Arc::new(self.ask().await);
                *last = Some((Instant::now(), Arc::clone(&parts)));
                parts
            }
        };
        (parts.values().all(|part| part.status != State::Failed), parts)
    }

    async fn ask(&self) -> Parts {
        let (database, objects, gateway, redis) = tokio::join!(
            part("database", State::Failed, async { Ok(self.app.store().schema_check().await?) }),
            part("objects", State::Failed, self.objects_ask()),
            part("gateway", State::Degraded, async { Ok(self.app.gateway_keys_refresh().await?) }),
            async {
                let shared = self.redis.as_ref()?;
                let asked =
                    async { if shared.is_there().await { Ok(()) } else { Err("no connection".into()) } };
                Some(part("redis", State::Degraded, asked).await)
            },
        );
        let mut parts = Parts::from([("database", database), ("objects", objects), ("gateway", gateway)]);
        parts.extend(redis.map(|part| ("redis", part)));
        if let Some(tier) = self.app.isolation() {
            parts.insert("sandbox", Part { status: State::Ok, ms: 0, detail: Some(tier) });
        }
        parts
    }

    async fn objects_ask(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        if !tokio::fs::metadata(&self.objects).await?.is_dir() {
            return Err("the objects' folder is no folder".into());
        }
        self.app.store().objects().get("readiness/never-there").await?;
        Ok(())
    }
}

async fn part(
    name: &'static str,
    without: State,
    asked: impl Future<Output = Result<(), Box<dyn Error + Send + Sync>>>,
) -> Part {
    let begun = Instant::now();
    let (status, detail) = match tokio::time::timeout(ANSWER, asked).await {
        Ok(Ok(())) => (State::Ok, None),
        Ok(Err(error)) => {
            tracing::warn!(part = name, error = &*error as &dyn Error, "not there");
            (without, Some("it does not answer as it should; the log says more".to_owned()))
        }
        Err(_) => {
            tracing::warn!(part = name, "no answer in time");
            (without, Some(format!("no answer within {} s", ANSWER.as_secs())))
        }
    };
    Part { status, ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX), detail }
}
