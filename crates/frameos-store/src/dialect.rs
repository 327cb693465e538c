//! What must differ between SQLite and PostgreSQL, side by side.
//!
//! Everything else in this crate is one SQL text for both.

use crate::tx::Engine;

/// Rewrites `$1` to SQLite's `?1`: SQLite reads `$1` as a name and numbers it by first appearance.
pub(crate) fn sqlite_parameters(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        let numbered = letter == '$' && letters.peek().is_some_and(char::is_ascii_digit);
        out.push(if numbered { '?' } else { letter });
    }
    out
}

/// Chooses among the `{sqlite|postgres}` alternatives of a migration. Braces without a bar stay as they are.
pub(crate) fn choose(engine: Engine, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((alternatives, after)) = after.split_once('}') else { break };
        out.push_str(before);
        match (alternatives.split_once('|'), engine) {
            (Some((sqlite, _)), Engine::Sqlite) => out.push_str(sqlite),
            (Some((_, postgres)), Engine::Postgres) => out.push_str(postgres),
            (None, _) => out.push_str(&format!("{{{alternatives}}}")),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Keeps two processes from migrating one schema at once; SQLite's BEGIN IMMEDIATE already does.
pub(crate) const fn migration_lock(engine: Engine) -> Option<&'static str> {
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(
            "SELECT 1 FROM (SELECT pg_advisory_xact_lock(1179796813, hashtext(current_schema()))) AS locked",
        ),
    }
}

/// The database's own clock in microseconds, where it may be another machine's.
pub(crate) const fn database_time(engine: Engine) -> Option<&'static str> {
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some("SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT"),
    }
}

/// Whether a table of this name exists.
pub(crate) const fn table_exists(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = $1",
        Engine::Postgres => {
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1"
        }
    }
}

/// The tables that are there.
pub(crate) const fn table_names(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        }
        Engine::Postgres => {
            "SELECT table_name::TEXT FROM information_schema.tables WHERE table_schema = current_schema() \
             AND table_type = 'BASE TABLE' ORDER BY table_name"
        }
    }
}

/// Which table refers to which.
pub(crate) const PG_REFERENCES: &str = "SELECT child.relname::TEXT, parent.relname::TEXT FROM pg_constraint link \
     JOIN pg_class child ON child.oid = link.conrelid JOIN pg_class parent ON parent.oid = link.confrelid \
     WHERE link.contype = 'f' AND child.relnamespace = current_schema()::regnamespace";
/// The columns of a table: `$1`.
pub(crate) const PG_COLUMNS: &str = "SELECT column_name::TEXT FROM information_schema.columns \
     WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position";

/// Tickets of class `$1` that are due at `$2`, by an order: what waits, and what a lease ran out for. Each is read by an index of
/// its own, so that what is leased is never looked through. `$due` keeps a planner from the index of the other order with a sign.
macro_rules! tickets_due {
    (leased $leased:literal, $columns:literal, $order:literal, $due:literal, $if:literal, $lock:literal) => {
        concat!(
            "(SELECT ",
            $columns,
            " FROM tickets WHERE class = $1 AND ",
            $leased,
            " AND ",
            $due,
            " <= $2 ",
            $if,
            " ORDER BY ",
            $order,
            ", id LIMIT $3",
            $lock,
            ")"
        )
    };
    ($columns:literal, $order:literal, $due:literal, $if:literal, $lock:literal) => {
        concat!(
            "WITH expired AS MATERIALIZED ",
            tickets_due!(leased "lease_until <= $2", $columns, $order, $due, $if, $lock),
            ", waiting AS MATERIALIZED ",
            tickets_due!(leased "lease_until IS NULL", $columns, $order, $due, $if, $lock),
            ", due AS MATERIALIZED (SELECT * FROM (SELECT * FROM waiting UNION ALL SELECT * FROM expired) AS either ORDER BY ",
            $order,
            ", id LIMIT $3)"
        )
    };
}

/// Runs that may be started, in their order: `$1` class, `$2` now, `$3` how many. PostgreSQL skips rows that another
/// worker is claiming this moment; SQLite has one writer.
pub(crate) const fn ticket_due(engine: Engine) -> &'static str {
    macro_rules! due {
        ($lock:literal) => {
            concat!(
                tickets_due!("id, user_id, agent_id, vtime", "vtime", "+run_at", "AND kind = 'run'", $lock),
                " SELECT id, user_id, agent_id FROM due ORDER BY vtime, id"
            )
        };
    }
    match engine {
        Engine::Sqlite => due!(""),
        Engine::Postgres => due!(" FOR UPDATE SKIP LOCKED"),
    }
}

/// As [`ticket_due`], without those of users and agents that run as many as they may: `$4` and `$5`.
pub(crate) const fn ticket_due_below_caps(engine: Engine) -> &'static str {
    macro_rules! due {
        ($lock:literal) => {
            concat!(
                tickets_due!(
                    "id, user_id, agent_id, vtime",
                    "vtime",
                    "+run_at",
                    "AND kind = 'run' AND user_id NOT IN (SELECT user_id FROM tickets WHERE class IN (0, 1) AND lease_until > $2 \
                     AND kind = 'run' GROUP BY user_id HAVING COUNT(*) >= $4) \
                     AND agent_id NOT IN (SELECT agent_id FROM tickets WHERE class IN (0, 1) AND lease_until > $2 \
                     AND kind = 'run' GROUP BY agent_id HAVING COUNT(*) >= $5)",
                    $lock
                ),
                " SELECT id, user_id, agent_id FROM due ORDER BY vtime, id"
            )
        };
    }
    match engine {
        Engine::Sqlite => due!(""),
        Engine::Postgres => due!(" FOR UPDATE SKIP LOCKED"),
    }
}

/// Lets one claim of runs at a time count what runs; SQLite has one writer.
pub(crate) const fn claim_lock(engine: Engine) -> Option<&'static str> {
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(
            "SELECT 1 FROM (SELECT pg_advisory_xact_lock(1179796814, hashtext(current_schema()))) AS locked",
        ),
    }
}

/// Leases due tickets of a class, the longest due first: `$1` class, `$2` now, `$3` how many, `$4` owner, `$5` lease end.
///
/// Locks as [`ticket_due`] does. The choice is materialised, because a planner may otherwise run it more than once and
/// lease more than was asked.
pub(crate) const fn work_claim(engine: Engine) -> &'static str {
    macro_rules! claim {
        ($lock:literal) => {
            concat!(
                tickets_due!("id, run_at", "run_at", "run_at", "AND kind <> 'run'", $lock),
                " UPDATE tickets SET lease_owner = $4, lease_until = $5, attempt = attempt + 1, live = NULL \
                 WHERE id IN (SELECT id FROM due) RETURNING id, kind, execution_id, payload, attempt"
            )
        };
    }
    match engine {
        Engine::Sqlite => claim!(""),
        Engine::Postgres => claim!(" FOR UPDATE SKIP LOCKED"),
    }
}

/// Notes that attempts have begun, given by columns: `$1` runs, `$2` their numbers; `$3` the worker, `$4` now.
pub(crate) const PG_ATTEMPTS_INSERT: &str = "INSERT INTO execution_attempts (execution_id, attempt, worker, started_at) \
     SELECT execution_id, attempt, $3, $4 FROM UNNEST(CAST($1 AS TEXT[]), CAST($2 AS BIGINT[])) AS begun (execution_id, attempt)";

/// Adds jobs, given by columns: `$1` ids, `$2` kinds, `$3` keys, `$4` payloads, `$5` times; `$6` class, `$7` now.
pub(crate) const PG_JOBS_ENQUEUE: &str = "INSERT INTO tickets (id, kind, job_key, payload, run_at, class, vtime, created_at) \
     SELECT id, kind, job_key, payload, run_at, $6, 0, $7 \
     FROM UNNEST(CAST($1 AS TEXT[]), CAST($2 AS TEXT[]), CAST($3 AS TEXT[]), CAST($4 AS TEXT[]), CAST($5 AS BIGINT[])) \
     AS new (id, kind, job_key, payload, run_at) ON CONFLICT (kind, job_key) DO NOTHING RETURNING id";

/// Takes statistics events out of their table: `$1` how many. Locks as [`ticket_due`] does.
pub(crate) const fn stat_events_take(engine: Engine) -> &'static str {
    macro_rules! take {
        ($lock:literal) => {
            concat!(
                "WITH taken AS MATERIALIZED (SELECT id FROM stat_events ORDER BY id LIMIT $1",
                $lock,
                ") DELETE FROM stat_events WHERE id IN (SELECT id FROM taken) \
                 RETURNING agent_id, version, status, duration_ms, revenue, at"
            )
        };
    }
    match engine {
        Engine::Sqlite => take!(""),
        Engine::Postgres => take!(" FOR UPDATE SKIP LOCKED"),
    }
}

/// Takes events of changed reviews out of their table: `$1` how many. Locks as [`ticket_due`] does.
pub(crate) const fn rating_events_take(engine: Engine) -> &'static str {
    macro_rules! take {
        ($lock:literal) => {
            concat!(
                "WITH taken AS MATERIALIZED (SELECT id FROM rating_events ORDER BY id LIMIT $1",
                $lock,
                ") DELETE FROM rating_events WHERE id IN (SELECT id FROM taken) RETURNING agent_id"
            )
        };
    }
    match engine {
        Engine::Sqlite => take!(""),
        Engine::Postgres => take!(" FOR UPDATE SKIP LOCKED"),
    }
}

/// Sends signals when the transaction commits: `$1` channels, `$2` what they carry.
pub(crate) const PG_NOTIFY: &str = "SELECT pg_notify(channel, payload) FROM UNNEST(CAST($1 AS TEXT[]), CAST($2 AS TEXT[])) \
     AS told (channel, payload)";
/// Receives the signals of `postgres/listen.rs`.
pub(crate) const PG_LISTEN: &str =
    "LISTEN frameos_queue; LISTEN frameos_execution; LISTEN frameos_cancel; LISTEN frameos_catalogue";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_the_same_way() {
        assert_eq!(sqlite_parameters("a = $2 AND b = $1 OR c LIKE '$x'"), "a = ?2 AND b = ?1 OR c LIKE '$x'");
        assert_eq!(sqlite_parameters("VALUES ($10, $1)"), "VALUES (?10, ?1)");
    }

    #[test]
    fn alternatives_are_chosen_by_engine() {
        let text = "a {BLOB|BYTEA} DEFAULT '{}', b {|CASCADE}";
        assert_eq!(choose(Engine::Sqlite, text), "a BLOB DEFAULT '{}', b ");
        assert_eq!(choose(Engine::Postgres, text), "a BYTEA DEFAULT '{}', b CASCADE");
    }
    /// A claim that sorts what waits takes longer the more waits, and one that passes what is leased the more is.
    #[test]
    fn a_claim_reads_as_much_as_it_takes() {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        for migration in crate::migrate::MIGRATIONS {
            database.execute_batch(&choose(Engine::Sqlite, migration.text)).unwrap();
        }
        for (sql, order) in [
            (ticket_due(Engine::Sqlite), "tickets_order (class=?)"),
            (ticket_due_below_caps(Engine::Sqlite), "tickets_order (class=?)"),
            (work_claim(Engine::Sqlite), "tickets_due (class=? AND run_at<?)"),
        ] {
            let mut plan =
                database.prepare(&format!("EXPLAIN QUERY PLAN {}", sqlite_parameters(sql))).unwrap();
            let nothing = rusqlite::params_from_iter(vec![rusqlite::types::Null; plan.parameter_count()]);
            let lines = plan.query_map(nothing, |row| row.get("detail")).unwrap();
            let lines: Vec<String> = lines.map(|line| line.unwrap()).collect();
            let waiting = lines.iter().skip_while(|line| *line != "MATERIALIZE waiting");
            let steps: Vec<&String> = waiting.skip(1).take(2).collect();
            assert!(steps[0].contains("SEARCH") && steps[0].ends_with(order), "{lines:#?}");
            assert_ne!(steps[1], "USE TEMP B-TREE FOR ORDER BY", "{lines:#?}");
            let leased = "SEARCH tickets USING INDEX tickets_leased (class=? AND lease_until<?)";
            assert!(lines.iter().any(|line| line == leased), "{lines:#?}");
        }
    }
}
