//! Spending policies: what a payer allows.
//!
//! Invariant: a stored policy that this version cannot read in full refuses every purchase; nothing in it is ignored.

use frameos_domain::policy::{Policy, PolicyRefusal};
use frameos_store::{
    StoreError, Tx,
    gateway::policy::{policy_get, policy_put},
};

use crate::{error::GatewayError, gateway::Gateway, metadata::name_check};

/// Entries in each list of a policy.
const LONGEST_LIST: usize = 1_000;

impl Gateway {
    /// The owner's policy; one without limits when none was set.
    pub async fn policy_get(&self, owner: String) -> Result<Policy, GatewayError> {
        name_check("owner", &owner)?;
        self.store.read(move |tx| Box::pin(async move { policy_of(tx, &owner).await })).await?
    }

    /// Replaces the owner's policy. Holds that stand are not touched.
    pub async fn policy_put(&self, owner: String, policy: Policy) -> Result<Policy, GatewayError> {
        name_check("owner", &owner)?;
        policy.validate().map_err(|message| GatewayError::invalid("policy", message))?;
        let lists = [
            &policy.allowed_agents,
            &policy.blocked_agents,
            &policy.allowed_categories,
            &policy.blocked_categories,
        ];
        if lists.into_iter().any(|list| list.len() > LONGEST_LIST) {
            return Err(GatewayError::invalid(
                "policy",
                format!("a list must have at most {LONGEST_LIST} entries"),
            ));
        }
        let document = serde_json::to_string(&policy).map_err(GatewayError::internal)?;
        let now = self.now();
        self.store
            .tx(move |tx| Box::pin(async move { policy_put(tx, &owner, &document, now).await }))
            .await?;
        Ok(policy)
    }
}

/// The policy in force for `owner`, or the refusal an unreadable one means.
pub(crate) async fn policy_of(tx: &mut Tx, owner: &str) -> Result<Result<Policy, GatewayError>, StoreError> {
    let Some(document) = policy_get(tx, owner).await? else { return Ok(Ok(Policy::default())) };
    Ok(serde_json::from_str(&document).map_err(|error| GatewayError::PolicyRefused {
        refusal: PolicyRefusal::new("policy", format!("unreadable ({error})"), "a purchase"),
        used: None,
    }))
}
