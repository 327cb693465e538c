//! SQLite's copy: a database file of its own, which SQLite writes from one snapshot while others go on writing.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};

use super::{DatabaseCopy, OBJECTS, SQLITE_FILE, TableCopy, Told};
use crate::{dialect, error::StoreError, sqlite::convert, tx::Engine};

/// How long the connections of a dropped store may take to close.
const CLOSING: Duration = Duration::from_secs(10);

pub(super) fn copy(
    path: &Path,
    folder: &Path,
    told: &Told,
) -> Result<(DatabaseCopy, Vec<String>), StoreError> {
    let target = folder.join(SQLITE_FILE);
    let source =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let source = source.map_err(convert)?;
    source.busy_timeout(Duration::from_secs(10)).map_err(convert)?;
    told("database", 0);
    let name = target
        .to_str()
        .ok_or_else(|| StoreError::Config { what: "the folder's name is not UTF-8".into() })?;
    source.execute("VACUUM INTO ?1", [name]).map_err(convert)?;
    drop(source);
    // What is counted is the copy: the source has gone on.
    let copy = Connection::open_with_flags(&target, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(convert)?;
    let checked: String = copy.query_row("PRAGMA quick_check", [], |row| row.get(0)).map_err(convert)?;
    if checked != "ok" {
        return Err(StoreError::corrupt("the database does not pass SQLite's own check"));
    }
    let schema_version = copy
        .query_row("SELECT MAX(version) FROM schema_migrations", [], |row| row.get(0))
        .map_err(convert)?;
    let names = texts(&copy, dialect::table_names(Engine::Sqlite))?;
    let tables = names.into_iter().map(|name| {
        let columns = texts(&copy, &format!("SELECT name FROM pragma_table_info('{name}')"))?;
        let rows =
            copy.query_row(&format!("SELECT COUNT(*) FROM \"{name}\""), [], |row| row.get::<_, i64>(0));
        let rows = u64::try_from(rows.map_err(convert)?).unwrap_or(0);
        told(&name, rows);
        Ok(TableCopy { name, columns, rows })
    });
    let tables = tables.collect::<Result<_, StoreError>>()?;
    let objects = texts(&copy, OBJECTS)?;
    Ok((DatabaseCopy { engine: "sqlite".into(), schema_version, tables }, objects))
}

fn texts(connection: &Connection, sql: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(sql).map_err(convert)?;
    let rows = statement.query_map([], |row| row.get(0)).map_err(convert)?;
    rows.collect::<Result<_, _>>().map_err(convert)
}

/// Where a database is made ready before it gets its name.
pub(super) fn aside(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".restoring");
    PathBuf::from(name)
}

pub(super) fn put_aside(from: &Path, aside: &Path) -> Result<(), StoreError> {
    // What an earlier attempt left is of no use, its log least of all.
    for end in ["", "-wal", "-shm"] {
        let mut name = aside.as_os_str().to_owned();
        name.push(end);
        match fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    fs::copy(from, aside).map(drop).map_err(failed)
}

pub(super) fn put_in_place(aside: &Path, target: &Path) -> Result<(), StoreError> {
    // The log goes into the file, and the file to disk, before it is somebody's database.
    let connection = Connection::open(aside).map_err(convert)?;
    let begun = Instant::now();
    loop {
        // A store that was just dropped closes its connections in its own time, and SQLite waits for none of them here.
        match connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE") {
            Ok(()) => break,
            Err(error) => match convert(error) {
                error if error.is_transient() && begun.elapsed() < CLOSING => {
                    thread::sleep(Duration::from_millis(10));
                }
                error => return Err(error),
            },
        }
    }
    drop(connection);
    File::open(aside).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(aside, target).map_err(failed)?;
    let parent = target.parent().unwrap_or(Path::new("."));
    File::open(parent).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn failed(error: std::io::Error) -> StoreError {
    StoreError::unavailable("the database's file cannot be written", error)
}
