//! Acceptances of findings.

use frameos_domain::id::AdminId;
use frameos_store::{
    finding::{Acceptance, acceptance_delete_unscoped, acceptance_insert_unscoped, acceptance_list_unscoped},
    on_both_engines,
    testing::TestDb,
    version::{version_insert, version_list_after_unscoped},
};

use crate::fixture::{World, at, id, read, tx, version};

on_both_engines!(a_finding_is_accepted_once_and_withdrawn, versions_are_walked_in_order);

async fn a_finding_is_accepted_once_and_withdrawn(db: TestDb) {
    let world = World::new(db).await;
    let (version_id, by): (_, AdminId) = (world.version, id());
    let acceptance = |fingerprint: &str, seconds| Acceptance {
        version_id,
        fingerprint: fingerprint.to_owned(),
        by,
        at: at(seconds),
        reason: "a cache key".into(),
        carried_from: None,
    };
    let (first, second) = (acceptance("ff", 1), acceptance("aa", 2));
    let second = Acceptance { carried_from: Some(id()), ..second };
    for new in [second.clone(), first.clone()] {
        assert!(tx!(world.store(), |tx| acceptance_insert_unscoped(tx, &new)));
    }
    let again = acceptance("ff", 9);
    assert!(!tx!(world.store(), |tx| acceptance_insert_unscoped(tx, &again)), "it is accepted already");
    assert_eq!(read!(world.store(), |tx| acceptance_list_unscoped(tx, version_id)), [first, second.clone()]);
    assert!(tx!(world.store(), |tx| acceptance_delete_unscoped(tx, version_id, "ff")));
    assert!(!tx!(world.store(), |tx| acceptance_delete_unscoped(tx, version_id, "ff")));
    assert_eq!(read!(world.store(), |tx| acceptance_list_unscoped(tx, version_id)), [second]);
    let other = id();
    assert_eq!(read!(world.store(), |tx| acceptance_list_unscoped(tx, other)), []);
}

async fn versions_are_walked_in_order(db: TestDb) {
    let world = World::new(db).await;
    let second = version(world.agent, "2.0.0");
    let (first, last) = (world.version, second.id);
    assert!(tx!(world.store(), |tx| version_insert(tx, &second)));
    let ids = |versions: Vec<frameos_store::version::Version>| -> Vec<_> {
        versions.into_iter().map(|version| version.id).collect()
    };
    let (all, after, one, none) = read!(world.store(), |tx| async move {
        let all = version_list_after_unscoped(tx, None, 10).await?;
        let after = version_list_after_unscoped(tx, Some(first), 10).await?;
        let one = version_list_after_unscoped(tx, None, 1).await?;
        let none = version_list_after_unscoped(tx, Some(last), 10).await?;
        Ok((all, after, one, none))
    });
    assert_eq!((ids(all), ids(after)), (vec![first, last], vec![last]));
    assert_eq!((ids(one), ids(none)), (vec![first], Vec::new()));
}
