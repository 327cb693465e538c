//! A migrated store on a throw-away database, for tests here and in the crates above.
//!
//! Invariant: the same test runs on both engines ([`crate::on_both_engines!`]). Without `FRAMEOS_TEST_POSTGRES_URL` the
//! PostgreSQL half fails and says what to do; it never passes unseen. Each test has a schema or file of its own.

mod bulk;
mod s3;

use frameos_domain::{clock::Clock, id::RequestId};
use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::{MasterKey, ObjectsConfig, Store, StoreConfig, clock::SystemClock};

pub use bulk::{ledger_insert, rows_insert};
pub use s3::S3Server;

/// A store that vanishes with the test.
pub struct TestDb {
    pub store: Store,
    /// What it was opened with, for opening it a second time.
    pub config: StoreConfig,
    folder: TempDir,
}

/// Which engine a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestEngine {
    Sqlite,
    Postgres,
}

/// Runs each `async fn name(db: TestDb)` as `sqlite::name` and `postgres::name`.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::testing::TestDb::open($crate::testing::TestEngine::Sqlite).await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::testing::TestDb::open($crate::testing::TestEngine::Postgres).await).await;
            })*
        }
    };
}

#[expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]
impl TestDb {
    /// A store with the newest schema.
    pub async fn open(engine: TestEngine) -> Self {
        let db = Self::open_empty(engine).await;
        db.store.migrate().await.expect("the migrations apply");
        db
    }

    /// A store without tables.
    pub async fn open_empty(engine: TestEngine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database_url = match engine {
            TestEngine::Sqlite => format!("sqlite:{}", folder.path().join("test.db").display()),
            TestEngine::Postgres => postgres_schema().await,
        };
        let config = StoreConfig {
            database_url,
            master_key: MasterKey::from_bytes([42; 32]),
            older_master_keys: Vec::new(),
            objects: ObjectsConfig::Folder(folder.path().join("objects")),
        };
        let store = Store::open(config.clone()).await.expect("the store opens");
        Self { store, config, folder }
    }

    /// A folder that is removed with the store.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

/// Makes an empty schema and returns the URL that works in it.
#[expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]
async fn postgres_schema() -> String {
    #[expect(clippy::disallowed_methods, reason = "where the throw-away server listens is up to the test script")]
    let url = std::env::var("FRAMEOS_TEST_POSTGRES_URL").expect(
        "FRAMEOS_TEST_POSTGRES_URL is not set: run `make test`, which starts a throw-away PostgreSQL, \
         or set it to the URL of a database that tests may fill, or leave this half out with -E 'not test(postgres::)'",
    );
    let schema =
        format!("test_{}", RequestId::generate(SystemClock.now()).to_string().trim_start_matches("req_"));
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("PostgreSQL answers");
    let connection = tokio::spawn(connection);
    client.batch_execute(&format!("CREATE SCHEMA {schema}")).await.expect("a schema can be made");
    drop(client);
    drop(connection.await);
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}options=-csearch_path%3D{schema}")
}
