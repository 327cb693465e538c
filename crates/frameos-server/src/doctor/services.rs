//! What answers elsewhere, or could: database, objects, Redis, gateway, and whether their clocks agree with ours.

use std::time::Duration;

use frameos_app::HttpGateway;
use frameos_domain::clock::{Clock, Timestamp};
use frameos_gateway::PaymentGateway;
use frameos_store::{Store, StoreError, clock::SystemClock};

use super::{Finding, LOOK, told};
use crate::{config::Config, data_dir::DataDir, limit::Shared, maintenance::store_beside};

/// Tokens, leases and signatures stand on clocks that agree about this well.
const SKEW_MS: i64 = 2_000;
const SKEW_MOST_MS: i64 = 30_000;

/// Database and objects.
pub(super) async fn stores(config: &Config, data: &DataDir) -> Vec<Finding> {
    let mut findings = Vec::new();
    if config.database_url.is_none() && !data.path("frameos.db").exists() {
        let advice = "nothing to do before a first start, which makes it; else give the right --data-dir";
        return vec![Finding::warn("database", "there is none in the data directory", advice)];
    }
    let advice = "check database.url, and that the server runs, lets this user in and has room";
    let store = match tokio::time::timeout(LOOK, store_beside(config, data)).await {
        Ok(Ok(store)) => store,
        Ok(Err(error)) => return vec![Finding::fail("database", told(&error), advice)],
        Err(_) => return vec![Finding::fail("database", "no answer in time", advice)],
    };
    findings.push(match tokio::time::timeout(LOOK, store.schema_check()).await {
        Ok(Ok(())) => Finding::ok("database", "answers, and has this program's schema"),
        Ok(Err(error)) => {
            let advice = "run `frameos migrate`, or the program that this database belongs to";
            Finding::fail("database", told(&error), advice)
        }
        Err(_) => Finding::fail("database", "no answer in time", advice),
    });
    let asked = SystemClock.now();
    if let Ok(Ok(Some(theirs))) = tokio::time::timeout(LOOK, store.database_time()).await {
        findings.push(skew("database", asked, theirs));
    }
    findings.push(match tokio::time::timeout(LOOK, objects_probe(&store)).await {
        Ok(Ok(())) => Finding::ok("objects", "written, read and removed"),
        Ok(Err(error)) => {
            let advice = "check objects.url: a folder must let this user write; a bucket must exist and let its access key get, put, \
                          delete and list";
            Finding::fail("objects", told(&error), advice)
        }
        Err(_) => {
            Finding::fail("objects", "no answer in time", "look at the disk or service behind objects.url")
        }
    });
    findings
}

async fn objects_probe(store: &Store) -> Result<(), StoreError> {
    store.objects().look().await?;
    store.objects().probe(&format!("doctor-{}", std::process::id())).await
}

pub(super) async fn redis(config: &Config) -> Finding {
    let Some(url) = &config.redis_url else {
        return Finding::ok("redis", "not used: each process counts requests for itself");
    };
    let advice = "check redis.url and that Redis runs; until then each process counts requests for itself";
    let asked = SystemClock.now();
    let time = async { Shared::new(url)?.time().await };
    match tokio::time::timeout(LOOK, time).await {
        Ok(Ok(micros)) => match skew("redis", asked, Timestamp::from_micros(micros)) {
            Finding { verdict: super::Verdict::Ok, .. } => Finding::ok("redis", "answers"),
            clock => clock,
        },
        Ok(Err(error)) => Finding::warn("redis", told(&error), advice),
        Err(_) => Finding::warn("redis", "no answer in time", advice),
    }
}

pub(super) async fn gateway(config: &Config) -> Finding {
    let Some(url) = &config.gateway.url else { return Finding::ok("gateway", "in this process") };
    let Some(key) = &config.gateway.api_key else {
        return Finding::fail(
            "gateway",
            "gateway.url is set, gateway.api_key is not",
            "set FRAMEOS_GATEWAY__API_KEY",
        );
    };
    let advice = "check gateway.url and that the gateway runs; until then paid runs wait";
    let gateway = match HttpGateway::new(url, key.clone()) {
        Ok(gateway) => gateway.within(LOOK / 2),
        Err(error) => return Finding::fail("gateway", told(&error), advice),
    };
    match tokio::time::timeout(LOOK, gateway.jwks()).await {
        Ok(Ok(keys)) => Finding::ok("gateway", format!("answers, keys: {}", keys.keys.len())),
        Ok(Err(error)) => Finding::fail("gateway", told(&error), advice),
        Err(_) => Finding::fail("gateway", "no answer in time", advice),
    }
}

/// Their time was told between `asked` and now.
fn skew(whose: &str, asked: Timestamp, theirs: Timestamp) -> Finding {
    let now = SystemClock.now();
    let (early, late) = (asked.as_millis() - theirs.as_millis(), theirs.as_millis() - now.as_millis());
    let off = Duration::from_millis(early.max(late).max(0).unsigned_abs());
    let found = format!("this machine's and the {whose}'s differ by {} ms at least", off.as_millis());
    let advice = "let all machines follow one time server (chrony, systemd-timesyncd)";
    match i64::try_from(off.as_millis()).unwrap_or(i64::MAX) {
        off if off > SKEW_MOST_MS => Finding::fail("clock", found, advice),
        off if off > SKEW_MS => Finding::warn("clock", found, advice),
        _ => Finding::ok("clock", format!("agrees with the {whose}'s")),
    }
}
