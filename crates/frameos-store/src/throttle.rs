//! Back-off: attempts without success make the next one wait, ever longer, up to a bound.
//!
//! Invariants: an attempt is counted in the statement that allows it, so that of attempts made at once no more pass than of
//! attempts in turn; nothing is blocked for ever; what is counted need not exist, so that a block tells nobody what does.

use std::time::Duration;

use frameos_domain::clock::Timestamp;

use crate::{StoreError, Tx, params};

/// How attempts of one kind are slowed down.
#[derive(Debug, Clone, Copy)]
pub struct ThrottleRule {
    /// Attempts in a row that cost no wait.
    pub free: i64,
    /// The first wait; the following ones are 2, 4, 8, 16, 32 and 60 times as long.
    pub wait: Duration,
    /// After so long without an attempt those before are forgotten.
    pub forget: Duration,
}

/// Counts an attempt and lets it pass, or says until when none passes.
pub async fn throttle_take(
    tx: &mut Tx,
    subject: &str,
    rule: &ThrottleRule,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "INSERT INTO throttles (subject, failures, blocked_until, updated_at) VALUES ($1, 1, 0, $2) \
               ON CONFLICT (subject) DO UPDATE SET \
               failures = CASE WHEN throttles.updated_at < $3 THEN 1 ELSE throttles.failures + 1 END, \
               blocked_until = CASE WHEN throttles.updated_at < $3 OR throttles.failures < $4 THEN CAST(0 AS BIGINT) \
               WHEN throttles.failures - $4 = 0 THEN $5 WHEN throttles.failures - $4 = 1 THEN $6 \
               WHEN throttles.failures - $4 = 2 THEN $7 WHEN throttles.failures - $4 = 3 THEN $8 \
               WHEN throttles.failures - $4 = 4 THEN $9 WHEN throttles.failures - $4 = 5 THEN $10 ELSE $11 END, \
               updated_at = $2 WHERE throttles.blocked_until <= $2";
    let forget = i64::try_from(rule.forget.as_micros()).unwrap_or(i64::MAX);
    let forgotten = Timestamp::from_micros(now.as_micros().saturating_sub(forget));
    let after = |times: u32| now.plus(rule.wait.saturating_mul(times));
    let params = params![
        subject,
        now,
        forgotten,
        rule.free,
        after(1),
        after(2),
        after(4),
        after(8),
        after(16),
        after(32),
        after(60)
    ];
    if tx.execute(sql, &params).await? == 1 { Ok(None) } else { throttle_look(tx, subject, now).await }
}

/// Until when nothing passes, without counting.
pub async fn throttle_look(
    tx: &mut Tx,
    subject: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT blocked_until FROM throttles WHERE subject = $1 AND blocked_until > $2";
    tx.query_opt(sql, &params![subject, now]).await?.map(|row| row.get(0)).transpose()
}

/// Forgets the attempts counted so far, after a success.
pub async fn throttle_forget(tx: &mut Tx, subject: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM throttles WHERE subject = $1", &params![subject]).await.map(drop)
}

/// Removes what was not counted since `before`. Returns how many.
pub async fn throttles_purge_unscoped(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM throttles WHERE updated_at < $1", &params![before]).await
}
