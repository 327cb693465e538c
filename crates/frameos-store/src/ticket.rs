//! The queue of runs: one ticket per run, whose kind moves with the run's stage (`authorize`, `run`, `settle`). Other jobs are
//! in `job.rs`, on the same table.
//!
//! Invariants: a ticket is enqueued in the transaction that makes it necessary; delivery is at least once; every claim raises
//! `attempt`, and every later write names it, so that a holder whose lease ran out changes nothing any more. Order of runs: paid
//! before free, but a free run that has waited long gets its turn; inside a class fair between users: a user's tickets are
//! spaced along a virtual time, the closer the more the user's plan weighs, and a newcomer starts level with what is being
//! served, so one user's thousand tickets delay nobody else's first. No user and no agent runs more at once than the caps say.

mod wait;

use std::{collections::BTreeMap, sync::LazyLock};

use frameos_domain::{
    clock::Timestamp,
    id::{ExecutionId, TicketId, UserId},
};
use serde_json::{Value as Json, json};

use crate::{
    Row, StoreError, Tx, dialect,
    gathered::{Gathered, gathered},
    page::read_all,
    params,
    run_token::TOKEN_LONGEST_MS,
};

pub use wait::{TicketWait, ticket_wait};

/// Money of runs, which somebody waits for and which is soon done.
pub(crate) const CLASS_MONEY: i64 = -1;
const CLASS_PAID: i64 = 0;
const CLASS_FREE: i64 = 1;

/// A ticket to put into the queue.
#[derive(Debug, Clone)]
pub struct TicketNew {
    pub id: TicketId,
    /// `run`, or `authorize` for one that is not to be started before its money is held.
    pub kind: &'static str,
    pub execution_id: ExecutionId,
    /// 0 paid, 1 free.
    pub class: i64,
    pub user_id: UserId,
    /// Not before this time.
    pub run_at: Timestamp,
    /// The trace its work goes on in, as W3C writes it.
    pub trace: Option<String>,
}

/// A claimed ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    pub id: TicketId,
    pub kind: String,
    pub execution_id: ExecutionId,
    pub payload: Json,
    /// The claim's number, from 1: the fencing token.
    pub attempt: i64,
}

/// Who claims, and until when.
#[derive(Debug, Clone)]
pub struct Lease {
    pub owner: String,
    pub now: Timestamp,
    pub until: Timestamp,
}

/// What bounds a claim besides the order.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClaimRules {
    /// Runs of one user at the same time; 0 for no bound.
    pub user_cap: u32,
    /// Runs of one agent at the same time; 0 for no bound.
    pub agent_cap: u32,
    /// When set, a free run enqueued before this time goes first of all: the order's answer to starvation.
    pub overdue_since: Option<Timestamp>,
}

pub(crate) fn read(row: &Row) -> Result<Ticket, StoreError> {
    Ok(Ticket {
        id: row.get(0)?,
        kind: row.get(1)?,
        execution_id: row.get(2)?,
        payload: row.json(3)?,
        attempt: row.get(4)?,
    })
}

/// Puts a ticket into the queue and wakes workers after the commit.
pub async fn ticket_enqueue(tx: &mut Tx, new: &TicketNew, now: Timestamp) -> Result<(), StoreError> {
    let user = new.user_id.to_string();
    let clock = "INSERT INTO queue_clocks (class, user_id, vtime) VALUES ($1, $2, 1 + COALESCE( \
                 (SELECT MIN(t.vtime) FROM tickets t WHERE t.class = $1 AND t.kind = 'run' AND t.lease_until IS NULL), \
                 (SELECT MIN(t.vtime) FROM tickets t WHERE t.class = $1 AND t.lease_until IS NOT NULL), \
                 (SELECT MAX(c.vtime) FROM queue_clocks c WHERE c.class = $1), 0)) \
                 ON CONFLICT (class, user_id) DO UPDATE SET vtime = \
                 CASE WHEN queue_clocks.vtime >= excluded.vtime THEN queue_clocks.vtime + \
                 COALESCE((SELECT CASE u.plan WHEN 'pro' THEN 250 WHEN 'plus' THEN 500 ELSE 1000 END \
                 FROM users u WHERE u.id = $2), 1000) \
                 ELSE excluded.vtime END RETURNING vtime";
    let vtime: i64 = tx.query_one(clock, &params![new.class, &user]).await?.get(0)?;
    let class = if new.kind == "authorize" { CLASS_MONEY } else { new.class };
    let sql = "INSERT INTO tickets (id, kind, execution_id, agent_id, payload, class, user_id, vtime, run_at, created_at) \
               VALUES ($1, $2, $3, (SELECT agent_id FROM agent_executions WHERE id = $3), $9, $4, $5, $6, $7, $8)";
    let payload =
        new.trace.as_ref().map_or_else(|| "{}".to_owned(), |trace| json!({"trace": trace}).to_string());
    let params = params![new.id, new.kind, new.execution_id, class, user, vtime, new.run_at, now, payload];
    tx.execute(sql, &params).await?;
    tx.wake_queue();
    Ok(())
}

/// Makes room for one more run of the user, of whom at most `most` may wait and go on. False when there is none: the transaction is to
/// be undone. Counts only when the user may have too many, for a queue of thousands takes longer to count than to join.
pub async fn ticket_room(tx: &mut Tx, user_id: UserId, most: u32) -> Result<bool, StoreError> {
    let sql = "INSERT INTO queue_depths (user_id, at_most) VALUES ($1, 1) \
               ON CONFLICT (user_id) DO UPDATE SET at_most = queue_depths.at_most + 1 RETURNING at_most";
    let at_most: i64 = tx.query_one(sql, &params![user_id]).await?.get(0)?;
    if at_most <= i64::from(most) {
        return Ok(true);
    }
    let sql = "UPDATE queue_depths SET at_most = 1 + (SELECT COUNT(*) FROM tickets WHERE user_id = $1) \
               WHERE user_id = $1 RETURNING at_most";
    let exact: i64 = tx.query_one(sql, &params![user_id]).await?.get(0)?;
    Ok(exact <= i64::from(most))
}

/// Leases due runs, in their order: new ones, and those whose lease ran out. Each is given a token of which one of `hashes` is kept,
/// in their order (`run_token.rs`), so that there are no more runs than hashes.
pub async fn ticket_claim(
    tx: &mut Tx,
    lease: &Lease,
    hashes: &[String],
    rules: ClaimRules,
) -> Result<Vec<Ticket>, StoreError> {
    let most = u32::try_from(hashes.len()).unwrap_or(u32::MAX);
    let mut claim = Claim::begin(tx, (lease, hashes), rules).await?;
    let mut claimed = Vec::new();
    if let Some(since) = rules.overdue_since
        && let Some(overdue) = claim.overdue(tx, since).await?
    {
        claimed.extend(claim.take(tx, vec![overdue]).await?);
    }
    for class in [CLASS_PAID, CLASS_FREE] {
        loop {
            let wanted = most.saturating_sub(u32::try_from(claimed.len()).unwrap_or(u32::MAX));
            if wanted == 0 {
                return Ok(claimed);
            }
            let due = claim.due(tx, class, wanted).await?;
            let (found, before) = (due.len(), claimed.len());
            claimed.extend(claim.take(tx, due).await?);
            // Fewer than asked for: there are no more. None taken: all of them are at a cap.
            if found < wanted as usize || claimed.len() == before {
                break;
            }
        }
    }
    Ok(claimed)
}

/// A run that may be started.
struct Candidate {
    id: TicketId,
    user: String,
    agent: String,
}

/// One claim's count of what runs.
struct Claim<'a> {
    lease: &'a Lease,
    /// Those that are not given yet.
    hashes: &'a [String],
    rules: ClaimRules,
    by_user: BTreeMap<String, u32>,
    by_agent: BTreeMap<String, u32>,
}

impl<'a> Claim<'a> {
    async fn begin(
        tx: &mut Tx,
        (lease, hashes): (&'a Lease, &'a [String]),
        rules: ClaimRules,
    ) -> Result<Self, StoreError> {
        let (by_user, by_agent) = (BTreeMap::new(), BTreeMap::new());
        let mut claim = Self { lease, hashes, rules, by_user, by_agent };
        if rules.user_cap == 0 && rules.agent_cap == 0 {
            return Ok(claim);
        }
        if let Some(lock) = dialect::claim_lock(tx.engine()) {
            tx.query(lock, &[]).await?;
        }
        let sql = "SELECT user_id, agent_id FROM tickets WHERE class IN (0, 1) AND lease_until > $1 AND kind = 'run'";
        for row in tx.query(sql, &params![lease.now]).await? {
            claim.count(row.get(0)?, row.get(1)?);
        }
        Ok(claim)
    }

    fn count(&mut self, user: String, agent: String) {
        *self.by_user.entry(user).or_default() += 1;
        *self.by_agent.entry(agent).or_default() += 1;
    }

    fn may_run(&self, candidate: &Candidate) -> bool {
        let below = |running: Option<&u32>, cap: u32| cap == 0 || running.is_none_or(|runs| *runs < cap);
        below(self.by_user.get(&candidate.user), self.rules.user_cap)
            && below(self.by_agent.get(&candidate.agent), self.rules.agent_cap)
    }

    fn some_at_cap(&self) -> bool {
        let reached =
            |running: &BTreeMap<String, u32>, cap: u32| cap > 0 && running.values().any(|runs| *runs >= cap);
        reached(&self.by_user, self.rules.user_cap) || reached(&self.by_agent, self.rules.agent_cap)
    }

    async fn due(&self, tx: &mut Tx, class: i64, most: u32) -> Result<Vec<Candidate>, StoreError> {
        // The sum over what runs is spared a queue in which nobody is at a cap.
        let rows = if self.some_at_cap() {
            let cap = |cap: u32| if cap == 0 { i64::MAX } else { i64::from(cap) };
            let (user_cap, agent_cap) = (cap(self.rules.user_cap), cap(self.rules.agent_cap));
            let params = params![class, self.lease.now, most, user_cap, agent_cap];
            tx.query(dialect::ticket_due_below_caps(tx.engine()), &params).await?
        } else {
            tx.query(dialect::ticket_due(tx.engine()), &params![class, self.lease.now, most]).await?
        };
        read_all(&rows, candidate)
    }

    /// The next free run, if it has waited since before `since`.
    async fn overdue(&self, tx: &mut Tx, since: Timestamp) -> Result<Option<Candidate>, StoreError> {
        let Some(next) = self.due(tx, CLASS_FREE, 1).await?.pop() else { return Ok(None) };
        let sql = "SELECT 1 FROM tickets WHERE id = $1 AND created_at < $2";
        Ok(tx.query_opt(sql, &params![next.id, since]).await?.map(|_| next))
    }

    /// Takes those of the candidates that no cap keeps back.
    async fn take(&mut self, tx: &mut Tx, candidates: Vec<Candidate>) -> Result<Vec<Ticket>, StoreError> {
        let mut taken = Vec::new();
        for candidate in candidates {
            if self.may_run(&candidate)
                && let Some((hash, left)) = self.hashes.split_first()
            {
                self.hashes = left;
                taken.push((candidate.id, hash));
                self.count(candidate.user, candidate.agent);
            }
        }
        tickets_lease(tx, self.lease, &taken).await
    }
}

static LEASE: LazyLock<Gathered> = gathered!(
    "UPDATE tickets SET lease_owner = $3, lease_until = $4, attempt = attempt + 1, live = NULL, token_hash = $2, \
     token_attempt = attempt + 1, events = 0, said = NULL, token_until = $5 + 1000 * \
     (SELECT CASE WHEN e.timeout_ms < $6 THEN e.timeout_ms ELSE $6 END FROM agent_executions e \
     WHERE e.id = tickets.execution_id){from} WHERE id = $1 RETURNING id, kind, execution_id, payload, attempt{n}",
    (Text, Text, Text, BigInt, BigInt, BigInt)
);

/// Leases those that this transaction has locked, in their order, and gives each its token.
async fn tickets_lease(
    tx: &mut Tx,
    Lease { owner, now, until }: &Lease,
    taken: &[(TicketId, &String)],
) -> Result<Vec<Ticket>, StoreError> {
    let longest = i64::try_from(TOKEN_LONGEST_MS).unwrap_or(i64::MAX);
    let values: Vec<_> =
        taken.iter().map(|(id, hash)| params![*id, *hash, owner, *until, *now, longest]).collect();
    tx.query_each(&LEASE, &values).await?.iter().flatten().map(read).collect()
}

fn candidate(row: &Row) -> Result<Candidate, StoreError> {
    Ok(Candidate { id: row.get(0)?, user: row.get(1)?, agent: row.get(2)? })
}

/// Leases the run's ticket of this kind, if it is there and nobody has it.
pub async fn ticket_take_unleased(
    tx: &mut Tx,
    execution: ExecutionId,
    kind: &str,
    lease: &Lease,
) -> Result<Option<Ticket>, StoreError> {
    let sql = "UPDATE tickets SET lease_owner = $3, lease_until = $5, attempt = attempt + 1, live = NULL \
               WHERE execution_id = $1 AND kind = $2 AND (lease_until IS NULL OR lease_until <= $4) \
               RETURNING id, kind, execution_id, payload, attempt";
    let row = tx.query_opt(sql, &params![execution, kind, &lease.owner, lease.now, lease.until]).await?;
    row.as_ref().map(read).transpose()
}

/// Prolongs a lease. False when it is not this holder's any more: stop the work.
pub async fn ticket_renew(
    tx: &mut Tx,
    id: TicketId,
    attempt: i64,
    owner: &str,
    lease_until: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE tickets SET lease_until = $4 WHERE id = $1 AND attempt = $2 AND lease_owner = $3";
    Ok(tx.execute(sql, &params![id, attempt, owner, lease_until]).await? == 1)
}

/// Keeps others from taking the ticket until this transaction ends. False when it is not this claim's any more.
pub async fn ticket_hold(tx: &mut Tx, id: TicketId, attempt: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE tickets SET attempt = attempt WHERE id = $1 AND attempt = $2";
    Ok(tx.execute(sql, &params![id, attempt]).await? == 1)
}

static TO_SETTLE: LazyLock<Gathered> = gathered!(
    "UPDATE tickets SET kind = 'settle', payload = $4, class = $5, live = NULL{from} \
     WHERE id = $1 AND attempt = $2 AND lease_owner = $3 RETURNING id{n}",
    (Text, BigInt, Text, Text, BigInt)
);

/// Moves a held ticket on to settling, keeping its lease. False when it is not this holder's any more.
pub async fn ticket_to_settle(
    tx: &mut Tx,
    id: TicketId,
    attempt: i64,
    owner: &str,
    payload: &Json,
) -> Result<bool, StoreError> {
    let params = params![id, attempt, owner, payload.to_string(), CLASS_MONEY];
    Ok(tx.gather(&TO_SETTLE, &params).await?.len() == 1)
}

/// Turns a run's `authorize` ticket into a `run` ticket that is due now. False when there is none.
pub async fn ticket_authorized(
    tx: &mut Tx,
    execution: ExecutionId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE tickets SET kind = 'run', class = $3, run_at = $2, lease_owner = NULL, lease_until = NULL \
               WHERE execution_id = $1 AND kind = 'authorize'";
    let changed = tx.execute(sql, &params![execution, now, CLASS_PAID]).await? == 1;
    tx.wake_queue();
    Ok(changed)
}

/// Gives a ticket back to the queue, not before `run_at`. False when it is not this holder's any more.
pub async fn ticket_release(
    tx: &mut Tx,
    id: TicketId,
    attempt: i64,
    owner: &str,
    run_at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE tickets SET lease_owner = NULL, lease_until = NULL, run_at = $4, live = NULL \
               WHERE id = $1 AND attempt = $2 AND lease_owner = $3";
    Ok(tx.execute(sql, &params![id, attempt, owner, run_at]).await? == 1)
}

static DELETE: LazyLock<Gathered> =
    gathered!("DELETE FROM tickets{using} WHERE id = $1 AND attempt = $2 RETURNING id{n}", (Text, BigInt));

/// Removes a ticket whose work is done. False when it is not this claim's any more.
pub async fn ticket_delete(tx: &mut Tx, id: TicketId, attempt: i64) -> Result<bool, StoreError> {
    Ok(tx.gather(&DELETE, &params![id, attempt]).await?.len() == 1)
}

/// Removes tickets as [`ticket_delete`] does: for each, whether it was this claim's still.
pub(crate) async fn tickets_delete(
    tx: &mut Tx,
    claims: impl Iterator<Item = (TicketId, i64)>,
) -> Result<Vec<bool>, StoreError> {
    let values: Vec<_> = claims.map(|(id, attempt)| params![id, attempt]).collect();
    Ok(tx.query_each(&DELETE, &values).await?.iter().map(|rows| rows.len() == 1).collect())
}

/// Ends every lease: for the start of a process that is its database's only one.
pub async fn ticket_release_all_unscoped(tx: &mut Tx) -> Result<u64, StoreError> {
    let sql = "UPDATE tickets SET lease_owner = NULL, lease_until = NULL, live = NULL WHERE lease_until IS NOT NULL";
    tx.execute(sql, &[]).await
}
