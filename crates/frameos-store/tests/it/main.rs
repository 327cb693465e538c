//! The store's suite: the same tests on SQLite and on PostgreSQL.
//!
//! `cargo nextest run -p frameos-store` wants `FRAMEOS_TEST_POSTGRES_URL`; `-E 'not test(postgres::)'` leaves that half out.

mod schema;
mod transaction;
