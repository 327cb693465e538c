//! Containers of processes that are no more.
//!
//! A guest ends when its host is gone, and an ended container removes itself; what is left is one that was made and never
//! started, or whose engine was away at the time.

use std::collections::HashMap;

use bollard::Docker as Engine;
use bollard::query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder};

use super::connect::is_missing;
use super::container::OWNER_LABEL;
use crate::error::SandboxError;
use crate::owner;

/// Those of the dead only; of processes in other pid namespaces nobody here can know.
pub(super) async fn reap(engine: &Engine) -> Result<(), SandboxError> {
    let filters = HashMap::from([("label", vec![OWNER_LABEL])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let listed = engine.list_containers(Some(options)).await;
    for container in listed.map_err(SandboxError::engine("list containers"))? {
        let owner = container.labels.as_ref().and_then(|labels| labels.get(OWNER_LABEL));
        let (Some(id), Some(owner)) = (&container.id, owner) else { continue };
        if owner::is_dead(owner) {
            tracing::warn!(container = id, "removing a container left by a dead process");
            remove(engine, id).await.map_err(SandboxError::engine("remove a container"))?;
        }
    }
    Ok(())
}

/// Kills and removes it. One that is gone, or on its way, is as good.
pub(super) async fn remove(engine: &Engine, id: &str) -> Result<(), bollard::errors::Error> {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    match engine.remove_container(id, Some(options)).await {
        Err(error) if !is_missing(&error) && !is_on_its_way(&error) => Err(error),
        _ => Ok(()),
    }
}

fn is_on_its_way(error: &bollard::errors::Error) -> bool {
    matches!(error, bollard::errors::Error::DockerResponseServerError { status_code: 409, .. })
}
