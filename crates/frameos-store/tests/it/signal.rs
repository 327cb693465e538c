//! Wake-up signals: after the commit, and on PostgreSQL in every process.

use frameos_domain::id::ExecutionId;
use frameos_store::{
    Store, on_both_engines,
    testing::{TestDb, TestEngine},
};

use crate::fixture::{id, tx};

on_both_engines!(followers_hear_of_a_run_after_its_commit);

async fn followers_hear_of_a_run_after_its_commit(db: TestDb) {
    let mut events = db.store.execution_events();
    let (undone, kept): (ExecutionId, ExecutionId) = (id(), id());
    tx!(db.store, |tx| async {
        tx.announce_execution(undone);
        tx.set_rollback();
        Ok(())
    });
    tx!(db.store, |tx| async {
        tx.announce_execution(kept);
        Ok(())
    });
    // On PostgreSQL this also hears the other tests, which share the database.
    loop {
        let heard = events.recv().await.unwrap();
        assert_ne!(heard, undone, "what was undone is not announced");
        if heard == kept {
            return;
        }
    }
}

mod only_postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn another_process_hears() {
        let db = TestDb::open(TestEngine::Postgres).await;
        let other = Store::open(db.config.clone()).await.unwrap();
        let (mut events, mut catalogue) = (other.execution_events(), other.catalogue_changes());
        catalogue.borrow_and_update();
        // The listener connects in the background: announce until it hears.
        let announced: ExecutionId = id();
        let announcer = async {
            loop {
                tx!(db.store, |tx| async {
                    tx.announce_execution(announced);
                    tx.announce_catalogue();
                    Ok(())
                });
                tokio::task::yield_now().await;
            }
        };
        let hear = async {
            while events.recv().await.unwrap() != announced {}
            catalogue.changed().await.unwrap();
        };
        tokio::select! {
            () = announcer => {}
            () = hear => {}
        }
    }
}
