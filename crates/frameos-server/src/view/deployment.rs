//! Deployments, as the contract shows them.

use frameos_app::{DeploymentView, VersionChanges};
use frameos_contract::deployment::{
    Deployed, Deployment, FieldChange, NamesChange, RuntimeChange, VersionChanges as ContractChanges,
};

pub(crate) fn deployed(view: DeploymentView) -> Deployed {
    Deployed {
        deployment_id: view.id.to_string(),
        agent_id: view.agent_id.to_string(),
        version: view.version,
        status: view.status.to_string(),
        message: "Agent deployed successfully. Ready to execute.".to_owned(),
    }
}

pub(crate) fn deployment(view: DeploymentView) -> Deployment {
    Deployment {
        id: view.id.to_string(),
        agent_id: view.agent_id.to_string(),
        agent_name: view.agent_name,
        agent_slug: view.agent_slug,
        version: view.version,
        config: view.config,
        secrets_set: view.secrets_set,
        status: view.status.to_string(),
        version_status: view.version_status.to_owned(),
        version_message: view.version_message,
        current_version: view.current_version,
        changes: None,
        created_at: view.created_at,
        updated_at: view.updated_at,
    }
}

pub(crate) fn changes(changes: VersionChanges) -> ContractChanges {
    let fields = |fields: Vec<frameos_app::FieldChange>| fields.into_iter().map(field_change).collect();
    let names = |names: frameos_app::NamesChange| NamesChange { added: names.added, removed: names.removed };
    let runtime = changes.runtime.into_iter();
    ContractChanges {
        from: changes.from,
        to: changes.to,
        inputs: fields(changes.inputs),
        outputs: fields(changes.outputs),
        capabilities: names(changes.capabilities),
        egress: names(changes.egress),
        runtime: runtime
            .map(|(what, before, after)| RuntimeChange { what: what.to_owned(), before, after })
            .collect(),
        price_changes: false,
    }
}

fn field_change(field: frameos_app::FieldChange) -> FieldChange {
    let change = match (&field.before, &field.after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    FieldChange {
        name: field.name,
        change: change.to_owned(),
        before: field.before,
        after: field.after,
        now_required: field.now_required,
        now_secret: field.now_secret,
    }
}
