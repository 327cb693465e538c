//! Mandates: a policy check, a hold and a signature; and the two ways a hold goes back.
//!
//! Invariants: the hold, the budgets and the mandate are one transaction; a mandate leaves `issued` once, and the same
//! transaction moves the hold. Budgets count in the day and month (UTC) the mandate was issued in, also when released later.

use std::{sync::Arc, time::Duration};

use frameos_domain::{
    canonical,
    clock::Timestamp,
    id::{IntentId, MandateId},
    mandate::{Mandate, MandateStatus},
    money::Money,
    policy::PolicyRefusal,
    signing::SignatureError,
};
use frameos_store::{
    Lane, StoreError, Tx,
    gateway::{
        budget::{budget_release, budget_used},
        hold::{HoldRefusal, hold_place},
        intent::{IntentRow, intent_get_unscoped},
        ledger::{LedgerKind, ledger_post},
        mandate::{
            MandateRow, mandate_get_by_intent_unscoped, mandate_get_unscoped, mandate_insert,
            mandate_is_settled, mandate_mark_expired, mandate_mark_voided, mandates_overdue_unscoped,
        },
        posting::{AccountKind, MAX_MINOR, Postings},
        wallet::{wallet_get, wallet_release},
    },
};

use crate::{
    GatewayKeys,
    account::account_beside,
    error::GatewayError,
    gateway::{Decision, Gateway, corrupt, refuse},
    metadata::Metadata,
    policy::policy_known,
    recent::{Policies, Recent},
    refusal::Subject,
    wire::{MandateNew, MandateState},
    x402::{is_without_account, sale_is_settling, sale_release},
};

const DEFAULT_TTL: u64 = 24 * 60 * 60;
const LONGEST_TTL: u64 = 30 * 24 * 60 * 60;
const LONGEST_REASON: usize = 500;
/// Mandates expired between two looks at the table.
const EXPIRY_BATCH: i64 = 200;

impl Gateway {
    /// Checks the payer's policy, holds the money and signs the mandate, or says what stands against it.
    ///
    /// An intent has one mandate: asking again gives it as it stands, also when it was voided since.
    pub async fn mandate_issue(&self, mandate: MandateNew) -> Result<MandateState, GatewayError> {
        let ttl = mandate.ttl_seconds.unwrap_or(DEFAULT_TTL);
        if !(1..=LONGEST_TTL).contains(&ttl) {
            return Err(GatewayError::invalid("ttl_seconds", format!("must be between 1 and {LONGEST_TTL}")));
        }
        let intent_id = mandate.intent_id;
        let intent = match self.recent.take(intent_id) {
            Some(intent) => intent,
            None => {
                let read = self.store.read(move |tx| Box::pin(intent_and_mandate(tx, intent_id)));
                let (intent, issued) = read.await?;
                if let Some(issued) = issued {
                    return Ok(mandate_view(issued));
                }
                intent.ok_or(GatewayError::IntentNotFound { intent_id })?
            }
        };
        // Signed before the transaction: the writer has better things to do.
        let draft = self.mandate_draft(&intent, Duration::from_secs(ttl))?;
        let subject = Subject::new(&intent, &draft.metadata);
        match self.store.tx_shared(Lane::Books, move |tx| Box::pin(mandate_place(tx, draft.clone()))).await? {
            Ok(issued) => Ok(mandate_view(issued)),
            Err(refusal) => Err(self.refusal_prove(&subject, refusal).await),
        }
    }

    pub async fn mandate_get(&self, mandate_id: MandateId) -> Result<MandateState, GatewayError> {
        let found = self.store.read(move |tx| Box::pin(mandate_get_unscoped(tx, mandate_id))).await?;
        found.map(mandate_view).ok_or(GatewayError::MandateNotFound { mandate_id })
    }

    /// Gives the hold back. Voiding a voided or expired mandate changes nothing; an executed one is refused.
    pub async fn mandate_void(
        &self,
        mandate_id: MandateId,
        reason: String,
    ) -> Result<MandateState, GatewayError> {
        if reason.chars().count() > LONGEST_REASON {
            return Err(GatewayError::invalid(
                "reason",
                format!("must have at most {LONGEST_REASON} characters"),
            ));
        }
        let (now, signed) = (self.now(), self.signed());
        let voided = self
            .store
            .tx_shared(Lane::Books, move |tx| {
                Box::pin(mandate_close(tx, mandate_id, reason.clone(), (now, signed.clone())))
            })
            .await??;
        Ok(mandate_view(voided))
    }

    /// Releases the holds of mandates whose time was over at `now`. Returns how many.
    ///
    /// A mandate that cannot be released is logged and left; the others go on.
    pub async fn mandates_expire(&self, now: Timestamp) -> Result<u64, GatewayError> {
        let (mut expired, mut after) = (0, None);
        loop {
            let page =
                self.store.read(move |tx| Box::pin(mandates_overdue_unscoped(tx, now, after, EXPIRY_BATCH)));
            let overdue = page.await?;
            let Some(last) = overdue.last() else { return Ok(expired) };
            after = Some(*last);
            for (_, id) in overdue {
                let signed = self.signed();
                // Looked at beforehand: in the lane it would have the payments beside it done again, each by itself.
                let looked = self.store.read(move |tx| Box::pin(mandate_get_unscoped(tx, id))).await?;
                if let Some(Err(altered)) = looked.map(|row| signed.check(&row)) {
                    unreleased(id, &altered);
                    continue;
                }
                let expire = self.store.tx_shared(Lane::Books, move |tx| {
                    let signed = signed.clone();
                    Box::pin(async move { mandate_expire(tx, id, now, &signed).await })
                });
                match expire.await {
                    Ok(is_expired) => expired += u64::from(is_expired),
                    Err(error) if error.is_transient() => return Err(error.into()),
                    Err(error) => unreleased(id, &error),
                }
            }
        }
    }

    pub(crate) fn mandate_draft(&self, intent: &IntentRow, ttl: Duration) -> Result<Draft, GatewayError> {
        let metadata = serde_json::from_str(&intent.metadata).map_err(GatewayError::internal)?;
        let metadata = Metadata::read(&metadata)?;
        let now = self.now();
        let beside = |name: &String| account_beside(&intent.agent_id, name);
        let mandate = Mandate {
            id: MandateId::generate(now),
            intent_id: intent.id,
            agent_id: intent.agent_id.clone(),
            vendor: intent.vendor.clone(),
            execution_id: metadata.execution_id.clone(),
            agent_definition_id: metadata.agent_definition_id.clone(),
            agent_version: metadata.agent_version.clone(),
            payee: beside(metadata.developer_id.as_ref().unwrap_or(&intent.vendor)),
            orchestrator: metadata.orchestrator.as_ref().map(beside),
            amount: intent.amount,
            currency: intent.currency,
            issued_at: now,
            expires_at: now.plus(ttl),
        };
        let jws = mandate.sign(&self.keys().active)?;
        let mandate_hash = canonical::sha256_hex(jws.as_bytes());
        self.signed.note(mandate.id, (mandate.clone(), mandate_hash.clone()));
        let row = MandateRow {
            id: mandate.id,
            intent_id: mandate.intent_id,
            agent_id: mandate.agent_id,
            amount: mandate.amount,
            currency: mandate.currency,
            execution_id: mandate.execution_id,
            payee: mandate.payee,
            orchestrator: mandate.orchestrator,
            status: MandateStatus::Issued,
            void_reason: None,
            mandate_hash,
            captured_amount: None,
            jws,
            expires_at: mandate.expires_at,
            created_at: now,
            updated_at: now,
        };
        Ok(Draft { row, metadata, policies: Arc::clone(&self.policies) })
    }
}

fn unreleased(id: MandateId, error: &StoreError) {
    tracing::error!(mandate_id = %id, error = error as &dyn std::error::Error, "cannot expire a mandate");
}

/// Tells whether a stored mandate is the one that was signed: whoever can write to the database cannot sign.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) keys: Arc<GatewayKeys>,
    pub(crate) recent: Arc<Recent<MandateId, (Mandate, String)>>,
}

impl Signed {
    /// Fails for a row that says otherwise than what was signed. To be asked before any money moves for it.
    pub(crate) fn check(&self, row: &MandateRow) -> Result<(), StoreError> {
        let hash = canonical::sha256_hex(row.jws.as_bytes());
        let mandate = match self.recent.take(row.id) {
            Some((mandate, signed)) if signed == hash => mandate,
            _ => Mandate::verify(&row.jws, &self.keys.set())
                .map_err(|error| doubt(format!("mandate {}", row.id), error))?,
        };
        let agrees = hash == row.mandate_hash
            && mandate.id == row.id
            && mandate.intent_id == row.intent_id
            && mandate.terms() == row.terms();
        if agrees {
            Ok(())
        } else {
            Err(corrupt(format!("mandate {} was altered after it was signed", row.id)))
        }
    }
}

/// What a signature that does not verify means: a key that is not known may be one that another process has just begun to sign with, and
/// is for later. It may be somebody's own, so it is told all the same.
pub(crate) fn doubt(of: String, error: SignatureError) -> StoreError {
    if matches!(error, SignatureError::UnknownKey { .. }) {
        tracing::error!(%error, "{of} cannot be checked");
        let what = "the key that something was signed with is not known here";
        return StoreError::Unavailable { what, source: Some(error.into()) };
    }
    corrupt(format!("{of}: {error}"))
}

/// A signed mandate that holds nothing yet.
#[derive(Clone)]
pub(crate) struct Draft {
    row: MandateRow,
    pub(crate) metadata: Metadata,
    policies: Arc<Policies>,
}

impl Draft {
    pub(crate) const fn mandate_id(&self) -> MandateId {
        self.row.id
    }
}

async fn intent_and_mandate(
    tx: &mut Tx,
    intent_id: IntentId,
) -> Result<(Option<IntentRow>, Option<MandateRow>), StoreError> {
    let intent = intent_get_unscoped(tx, intent_id).await?;
    let issued = match intent.as_ref().and_then(|intent| intent.mandate_id) {
        Some(mandate_id) => mandate_get_unscoped(tx, mandate_id).await?,
        None => None,
    };
    Ok((intent, issued))
}

pub(crate) async fn mandate_place(tx: &mut Tx, draft: Draft) -> Decision<MandateRow> {
    let Draft { row, metadata, policies } = draft;
    if is_without_account(&row.agent_id) {
        if !mandate_insert(tx, &row).await? {
            let issued = mandate_get_by_intent_unscoped(tx, row.intent_id).await?;
            return issued.map(Ok).ok_or_else(|| corrupt("a mandate that conflicts but cannot be found"));
        }
        // There is no wallet to hold anything in: its payment is reserved beside it.
        return Ok(Ok(row));
    }
    let names = metadata.agent_names();
    loop {
        let remembered = policies.get(&row.agent_id);
        let is_remembered = remembered.is_some();
        let known = match remembered {
            Some(known) => known,
            None => match policy_known(tx, &row.agent_id).await? {
                Ok(known) => known,
                Err(refusal) => return refuse(tx, refusal),
            },
        };
        if let Err(refusal) = known.policy.check(&metadata.purchase(row.money(), &names), row.created_at) {
            // What is remembered may be old: nothing is refused for its sake.
            if is_remembered {
                policies.forget(&row.agent_id);
                continue;
            }
            return match mandate_get_by_intent_unscoped(tx, row.intent_id).await? {
                Some(issued) => Ok(Ok(issued)),
                None => refuse(tx, GatewayError::policy(refusal, None)),
            };
        }
        let budgets = [
            (row.created_at.day(), known.policy.daily_limit),
            (row.created_at.month(), known.policy.monthly_limit),
        ];
        if !is_remembered {
            policies.note(&row.agent_id, known.clone());
        }
        match hold_place(tx, &row, &budgets, &known.document).await? {
            Ok(()) => break,
            Err(HoldRefusal::Policy) => policies.forget(&row.agent_id),
            Err(HoldRefusal::Issued) => {
                tx.set_rollback();
                let issued = mandate_get_by_intent_unscoped(tx, row.intent_id).await?;
                return issued.map(Ok).ok_or_else(|| corrupt("a mandate that conflicts but cannot be found"));
            }
            Err(HoldRefusal::Budget(place)) => {
                let rule = ["daily_limit", "monthly_limit"][place];
                let (period, limit) = &budgets[place];
                let used = budget_used(tx, &row.agent_id, period, row.currency).await?;
                // Without a limit of the payer's, what the ledger can carry is one.
                let refusal = PolicyRefusal::new(rule, limit.unwrap_or(MAX_MINOR), row.amount);
                return refuse(tx, GatewayError::policy(refusal, Some(used)));
            }
            Err(HoldRefusal::Funds) => {
                let wallet = wallet_get(tx, &row.agent_id, row.currency).await?;
                let available = wallet.map_or(0, |wallet| wallet.available);
                let (needed, currency) = (row.amount, row.currency);
                return refuse(
                    tx,
                    GatewayError::InsufficientFunds { available, needed, currency, receipt: None },
                );
            }
        }
    }
    let (wallet, hold) = ((AccountKind::Wallet, &*row.agent_id), (AccountKind::Hold, &*row.agent_id));
    let postings = transfer(wallet, hold, row.money())?;
    ledger_post(tx, LedgerKind::Hold, &row.id.to_string(), &postings, row.created_at).await?;
    Ok(Ok(row))
}

async fn mandate_close(
    tx: &mut Tx,
    id: MandateId,
    reason: String,
    (now, signed): (Timestamp, Signed),
) -> Decision<MandateRow> {
    let Some(mandate) = mandate_get_unscoped(tx, id).await? else {
        return refuse(tx, GatewayError::MandateNotFound { mandate_id: id });
    };
    if is_without_account(&mandate.agent_id) && sale_is_settling(tx, id).await? {
        return refuse(tx, GatewayError::SettlementPending { mandate_id: id });
    }
    if mandate_mark_voided(tx, id, &reason, now).await? {
        signed.check(&mandate)?;
        hold_release(tx, &mandate, now).await?;
        let status = MandateStatus::Voided;
        return Ok(Ok(MandateRow { status, void_reason: Some(reason), updated_at: now, ..mandate }));
    }
    // Somebody else may have closed it since it was read: look again.
    let closed = mandate_get_unscoped(tx, id).await?.ok_or_else(|| corrupt("a mandate that vanished"))?;
    match closed.status {
        MandateStatus::Executed => refuse(tx, GatewayError::MandateExecuted { mandate_id: id }),
        MandateStatus::Voided | MandateStatus::Expired => Ok(Ok(closed)),
        MandateStatus::Issued => Err(corrupt(format!("mandate {id} is issued but cannot be voided"))),
    }
}

/// Expires one mandate if it is issued and its time is over. Returns whether it did.
pub(crate) async fn mandate_expire(
    tx: &mut Tx,
    id: MandateId,
    now: Timestamp,
    signed: &Signed,
) -> Result<bool, StoreError> {
    let Some(mandate) = mandate_get_unscoped(tx, id).await? else { return Ok(false) };
    let expired = mandate_mark_expired(tx, id, now).await?;
    if expired {
        signed.check(&mandate)?;
        hold_release(tx, &mandate, now).await?;
    }
    Ok(expired)
}

/// Moves a hold back to its wallet and budgets. Only for whoever just took the mandate out of `issued`.
async fn hold_release(tx: &mut Tx, mandate: &MandateRow, now: Timestamp) -> Result<(), StoreError> {
    let owner = &*mandate.agent_id;
    if mandate_is_settled(tx, mandate.id).await? {
        return Err(corrupt(format!("mandate {} is issued, but its hold has left the ledger", mandate.id)));
    }
    if is_without_account(owner) {
        return sale_release(tx, mandate, now).await;
    }
    budgets_release(tx, mandate, mandate.money()).await?;
    if !wallet_release(tx, owner, mandate.money(), now).await? {
        return Err(corrupt(format!("the wallet of {owner} does not hold what {} holds", mandate.id)));
    }
    let postings = transfer((AccountKind::Hold, owner), (AccountKind::Wallet, owner), mandate.money())?;
    ledger_post(tx, LedgerKind::Release, &mandate.id.to_string(), &postings, now).await.map(drop)
}

/// Takes `amount` out of the budgets that the mandate was counted into.
pub(crate) async fn budgets_release(
    tx: &mut Tx,
    mandate: &MandateRow,
    amount: Money,
) -> Result<(), StoreError> {
    let owner = &*mandate.agent_id;
    for period in [mandate.created_at.day(), mandate.created_at.month()] {
        if !budget_release(tx, owner, &period, amount).await? {
            return Err(corrupt(format!("the budget of {owner} in {period} does not cover {}", mandate.id)));
        }
    }
    Ok(())
}

/// A balanced transfer; amounts were checked when they came in.
pub(crate) fn transfer(
    from: (AccountKind, &str),
    to: (AccountKind, &str),
    amount: Money,
) -> Result<Postings, StoreError> {
    Postings::transfer(from, to, amount).map_err(|error| corrupt(error.to_string()))
}

pub(crate) fn mandate_view(row: MandateRow) -> MandateState {
    let signature = row.jws.rsplit('.').next().unwrap_or_default().to_owned();
    MandateState {
        mandate_id: row.id,
        intent_id: row.intent_id,
        agent_id: row.agent_id,
        amount: row.amount,
        captured_amount: row.captured_amount,
        currency: row.currency,
        execution_id: row.execution_id,
        status: row.status,
        void_reason: row.void_reason,
        signature,
        jws: row.jws,
        mandate_hash: row.mandate_hash,
        issued_at: row.created_at,
        expires_at: row.expires_at,
    }
}
