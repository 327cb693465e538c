//! Runtime folders: built once, however many ask at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};

use frameos_sandbox::{Language, runtime};
use tempfile::TempDir;

#[test]
fn whoever_waited_for_a_build_uses_it() {
    let dir = TempDir::new().expect("a folder");
    let builds = AtomicUsize::new(0);
    let ensure = || {
        let mut count = |line: &str| {
            builds.fetch_add(usize::from(line.starts_with("building")), Ordering::Relaxed);
        };
        runtime::ensure(dir.path(), Language::Nodejs, None, &mut count).expect("a runtime")
    };
    let digests = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..4).map(|_| scope.spawn(ensure)).collect();
        askers.into_iter().map(|asker| asker.join().expect("no panic").digest).collect::<Vec<_>>()
    });
    assert_eq!(
        builds.load(Ordering::Relaxed),
        1,
        "a second build would pull the folder from under a running program"
    );
    assert!(digests.iter().all(|digest| *digest == digests[0]));
}
