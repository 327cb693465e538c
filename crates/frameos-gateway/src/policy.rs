//! Spending policies: what a payer allows.
//!
//! Invariants: a stored policy that this version cannot read in full refuses every purchase; nothing in it is ignored. Every
//! change is in the audit log, in the transaction that makes it.

use frameos_domain::{
    clock::Timestamp,
    id::EventId,
    policy::{Policy, PolicyRefusal},
};
use frameos_store::{
    StoreError, Tx,
    audit::{AuditEntry, audit_insert},
    gateway::policy::{policy_get, policy_put},
};
use serde_json::{Map, Value, json};

use crate::{
    error::GatewayError,
    gateway::{Decision, Gateway, corrupt, refuse},
    metadata::name_check,
    recent::KnownPolicy,
};

/// Looks at a policy that others change, when the caller does not say which revision they saw.
const TRIES: usize = 16;
/// Names of a changed list that the audit log repeats.
const NAMES_NOTED: usize = 20;

impl Gateway {
    /// The owner's policy; one without limits when none was set.
    pub async fn policy_get(&self, owner: String) -> Result<Policy, GatewayError> {
        name_check("owner", &owner)?;
        self.store.read(move |tx| Box::pin(async move { policy_of(tx, &owner).await })).await?
    }

    /// Replaces the owner's policy, if it still has the revision that the new one names. Holds that stand are not touched.
    pub async fn policy_put(&self, owner: String, policy: Policy) -> Result<Policy, GatewayError> {
        name_check("owner", &owner)?;
        policy.validate().map_err(|message| GatewayError::invalid("policy", message))?;
        let now = self.now();
        self.store.tx(move |tx| Box::pin(policy_replace(tx, owner, policy, now))).await?
    }
}

/// The policy in force for `owner`, or the refusal an unreadable one means.
pub(crate) async fn policy_of(tx: &mut Tx, owner: &str) -> Result<Result<Policy, GatewayError>, StoreError> {
    Ok(policy_known(tx, owner).await?.map(|known| known.policy))
}

/// The same, with what is stored.
pub(crate) async fn policy_known(
    tx: &mut Tx,
    owner: &str,
) -> Result<Result<KnownPolicy, GatewayError>, StoreError> {
    let Some((document, revision)) = policy_get(tx, owner).await? else {
        return Ok(Ok(KnownPolicy { policy: Policy::default(), document: String::new() }));
    };
    let policy = policy_read(&document, revision).map_err(|error| {
        GatewayError::policy(
            PolicyRefusal::new("policy", format!("unreadable ({error})"), "a purchase"),
            None,
        )
    });
    Ok(policy.map(|policy| KnownPolicy { policy, document }))
}

fn policy_read(document: &str, revision: i64) -> Result<Policy, serde_json::Error> {
    let policy: Policy = serde_json::from_str(document)?;
    Ok(Policy { revision: Some(revision), ..policy })
}

async fn policy_replace(tx: &mut Tx, owner: String, policy: Policy, now: Timestamp) -> Decision<Policy> {
    let expected = policy.revision;
    let new = Policy { revision: None, ..policy };
    let document = serde_json::to_string(&new).map_err(|error| corrupt(error.to_string()))?;
    for _ in 0..TRIES {
        let stored = policy_get(tx, &owner).await?;
        let seen = stored.as_ref().map_or(0, |(_, revision)| *revision);
        if expected.is_some_and(|expected| expected != seen) {
            return refuse(tx, GatewayError::PolicyChanged { revision: seen });
        }
        if stored.as_ref().is_some_and(|(stored, _)| *stored == document) {
            return Ok(Ok(Policy { revision: Some(seen), ..new }));
        }
        if let Some(revision) = policy_put(tx, &owner, &document, seen, now).await? {
            let changes = changes(stored.as_ref().map(|(document, _)| document.as_str()), &new);
            let entry = AuditEntry {
                id: EventId::generate(now),
                at: now,
                actor: owner.clone(),
                action: "policy.change".into(),
                subject: owner,
                detail: json!({"revision": revision, "changes": changes}).to_string(),
            };
            audit_insert(tx, &entry).await?;
            return Ok(Ok(Policy { revision: Some(revision), ..new }));
        }
    }
    let seen = policy_get(tx, &owner).await?.map_or(0, |(_, revision)| revision);
    refuse(tx, GatewayError::PolicyChanged { revision: seen })
}

/// What a replacement changes, for the audit log: the old and new value of each field, of a list what came and went.
fn changes(stored: Option<&str>, new: &Policy) -> Value {
    let old = match stored.map(serde_json::from_str::<Policy>) {
        None => Policy::default(),
        Some(Ok(policy)) => policy,
        Some(Err(_)) => return json!("replaces one that this version cannot read"),
    };
    let (Ok(Value::Object(old)), Ok(Value::Object(new))) =
        (serde_json::to_value(old), serde_json::to_value(new))
    else {
        return Value::Null;
    };
    let changed = new.into_iter().filter_map(|(name, after)| {
        let before = old.get(&name).cloned().unwrap_or_default();
        let change = match (&before, &after) {
            _ if before == after => return None,
            (Value::Array(before), Value::Array(after)) => {
                json!({"added": without(after, before), "removed": without(before, after)})
            }
            _ => json!([before, after]),
        };
        Some((name, change))
    });
    Value::Object(changed.collect::<Map<_, _>>())
}

fn without(these: &[Value], those: &[Value]) -> Vec<Value> {
    let left: Vec<&Value> = these.iter().filter(|entry| !those.contains(entry)).collect();
    let more = left.len().saturating_sub(NAMES_NOTED);
    let noted = left.into_iter().take(NAMES_NOTED).cloned();
    noted.chain((more > 0).then(|| json!(format!("and {more} more")))).collect()
}
