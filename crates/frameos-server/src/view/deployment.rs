//! Deployments, as the contract shows them.

use frameos_app::DeploymentView;
use frameos_contract::deployment::{Deployed, Deployment};

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
        created_at: view.created_at,
        updated_at: view.updated_at,
    }
}
