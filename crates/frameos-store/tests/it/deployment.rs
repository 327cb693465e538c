//! Deployments: scoped to their user, configuration encrypted.

use frameos_store::{
    deployment::{
        DeploymentChange, deployment_get, deployment_get_unscoped, deployment_list, deployment_update,
    },
    on_both_engines,
    page::Page,
    status::DeploymentStatus,
    testing::TestDb,
};
use serde_json::json;

use crate::fixture::{World, at, map, read, tx, user};

on_both_engines!(a_deployment_is_its_users_alone, the_configuration_is_encrypted, deleting_hides_but_keeps);

async fn a_deployment_is_its_users_alone(db: TestDb) {
    let world = World::new(db).await;
    let (owner, id) = (world.user, world.deployment);
    let other = user(world.store(), "other@example.com").await;
    assert!(read!(world.store(), |tx| deployment_get(tx, other, id)).is_none());
    assert_eq!(read!(world.store(), |tx| deployment_list(tx, other, Page::new(1, 10))).total, 0);
    let pause = DeploymentChange { status: Some(DeploymentStatus::Paused), ..DeploymentChange::default() };
    let theirs = pause.clone();
    assert!(!tx!(world.store(), |tx| deployment_update(tx, other, id, &theirs, at(5))));
    assert!(tx!(world.store(), |tx| deployment_update(tx, owner, id, &pause, at(5))));
    let found = read!(world.store(), |tx| deployment_get(tx, owner, id)).unwrap();
    assert_eq!((found.status, found.updated_at), (DeploymentStatus::Paused, at(5)));
    assert_eq!(found.config, map(json!({"api_key": "s3cret-config"})), "what is not changed stays");
}

async fn the_configuration_is_encrypted(db: TestDb) {
    let world = World::new(db).await;
    let (owner, id) = (world.user, world.deployment);
    let config = Some(map(json!({"api_key": "n3w-s3cret"})));
    let change = DeploymentChange { config: config.clone(), ..DeploymentChange::default() };
    assert!(tx!(world.store(), |tx| deployment_update(tx, owner, id, &change, at(5))));
    let found = read!(world.store(), |tx| deployment_get(tx, owner, id)).unwrap();
    assert_eq!(Some(&found.config), config.as_ref());
    assert!(!format!("{found:?}").contains("s3cret"));
    let raw: Vec<u8> = read!(world.store(), |tx| async {
        tx.query_one("SELECT config FROM agent_deployments", &[]).await?.get(0)
    });
    assert!(!raw.windows(6).any(|part| part == b"s3cret"));
}

async fn deleting_hides_but_keeps(db: TestDb) {
    let world = World::new(db).await;
    let (owner, id) = (world.user, world.deployment);
    let delete = DeploymentChange { status: Some(DeploymentStatus::Deleted), ..DeploymentChange::default() };
    let again = delete.clone();
    assert!(tx!(world.store(), |tx| deployment_update(tx, owner, id, &delete, at(5))));
    assert!(read!(world.store(), |tx| deployment_get(tx, owner, id)).is_none());
    assert_eq!(read!(world.store(), |tx| deployment_list(tx, owner, Page::new(1, 10))).total, 0);
    assert!(!tx!(world.store(), |tx| deployment_update(tx, owner, id, &again, at(6))));
    assert!(read!(world.store(), |tx| deployment_get_unscoped(tx, id)).is_some(), "runs still find it");
}
