//! Sealing again, with the key that writes, what other master keys have sealed: columns row by row, objects one by one, while others
//! work on them.
//!
//! Invariants: a value is replaced only if it is still the one that was read, so that nobody's change is lost; each step is whole by
//! itself, so that it can be stopped at any moment and begun again. Every column that is sealed is in [`COLUMNS`]: a test looks for
//! others.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};

use crate::{CipherError, Place, Store, StoreError, row::Row, value::Value};

/// Rows that are read at once, and values that are replaced at once.
const BATCH: usize = 200;
const TOGETHER: usize = 16;

/// A column that holds sealed values.
#[derive(Debug, Clone, Copy)]
pub struct SealedColumn {
    pub table: &'static str,
    pub column: &'static str,
    /// What the place's row is made of, and whether it is a number.
    keys: &'static [(&'static str, bool)],
    /// The place's column, where it is another.
    place: &'static str,
    /// Text in hexadecimal digits rather than bytes.
    is_hex: bool,
    /// Which rows, if not all.
    only: &'static str,
}

const fn bytes(
    table: &'static str,
    column: &'static str,
    keys: &'static [(&'static str, bool)],
) -> SealedColumn {
    SealedColumn { table, column, keys, place: column, is_hex: false, only: "" }
}

/// Every column that holds sealed values.
pub const COLUMNS: &[SealedColumn] = &[
    bytes("accounts", "totp_secret", &[("subject_id", false)]),
    bytes("agent_deployments", "config", &[("id", false)]),
    bytes("agent_executions", "inputs", &[("id", false)]),
    bytes("agent_executions", "outputs", &[("id", false)]),
    bytes("agent_executions", "stdout", &[("id", false)]),
    bytes("agent_executions", "stderr", &[("id", false)]),
    bytes("execution_events", "body", &[("execution_id", false), ("last_id", true)]),
    bytes("idempotency_keys", "body", &[("account_id", false), ("idempotency_key", false)]),
    bytes("payouts", "account", &[("id", false)]),
    bytes("payout_accounts", "account", &[("developer_id", false)]),
    bytes("tickets", "live", &[("id", false)]),
    bytes("tickets", "said", &[("execution_id", false)]),
    bytes("webhooks", "url", &[("id", false)]),
    bytes("webhooks", "secret", &[("id", false)]),
    SealedColumn { place: "secret", ..bytes("webhooks", "old_secret", &[("id", false)]) },
    bytes("x402_payments", "request", &[("mandate_id", false)]),
    SealedColumn {
        is_hex: true,
        only: " AND name LIKE 'key.%'",
        ..bytes("settings", "value", &[("name", false)])
    },
    SealedColumn { is_hex: true, ..bytes("signing_keys", "sealed", &[("purpose", false), ("kid", false)]) },
];

/// What became of a column or of the objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rekeyed {
    pub done: u64,
    /// Those that cannot be opened with any key that was given.
    pub unreadable: u64,
}

/// How many values each master key has sealed, by its id.
pub type Sealed = BTreeMap<String, u64>;

impl SealedColumn {
    /// Where the id of a value's key is in it: after the format's byte.
    fn key_id(&self) -> String {
        let (from, length) = if self.is_hex { (3, 8) } else { (2, 4) };
        format!("substr({}, {from}, {length})", self.column)
    }

    fn value_of(&self, sealed: Vec<u8>) -> Value {
        if self.is_hex { Value::Text(hex::encode(sealed)) } else { Value::Blob(sealed) }
    }

    fn read(&self, row: &Row, index: usize) -> Result<Vec<u8>, StoreError> {
        if !self.is_hex {
            return row.get(index);
        }
        hex::decode(row.get::<String>(index)?).map_err(|_| StoreError::corrupt("a sealed value in hex"))
    }

    fn key_value(&self, index: usize, key: &str) -> Result<Value, StoreError> {
        if !self.keys[index].1 {
            return Ok(Value::Text(key.to_owned()));
        }
        key.parse().map(Value::Int).map_err(|_| StoreError::corrupt("a number in a row's key"))
    }

    /// The next values of other keys than `active`: their rows' keys, and themselves.
    async fn next(
        &'static self,
        store: &Store,
        active: &[u8],
        (from, is_after): (String, bool),
    ) -> Result<Vec<(Vec<String>, Vec<u8>)>, StoreError> {
        let Self { table, column, only, .. } = self;
        let first = self.keys[0].0;
        let keys = self.keys.iter().map(|(name, is_number)| {
            if *is_number { format!("CAST({name} AS TEXT)") } else { (*name).to_owned() }
        });
        let keys = keys.collect::<Vec<_>>().join(", ");
        let (id, then) = (self.key_id(), if is_after { ">" } else { ">=" });
        let sql = format!(
            "SELECT {keys}, {column} FROM {table} WHERE {column} IS NOT NULL AND {id} <> $1 AND {first} {then} $2{only} \
             ORDER BY {first} LIMIT {BATCH}"
        );
        let params = [self.value_of(active.to_vec()), Value::Text(from)];
        let count = self.keys.len();
        let found = store.read(move |tx| {
            Box::pin(async move {
                tx.take_long();
                tx.query_dynamic(sql, &params).await
            })
        });
        let found = found.await?;
        let found = found.iter().map(|row| {
            let keys = (0..count).map(|index| row.get(index)).collect::<Result<_, _>>()?;
            Ok((keys, self.read(row, count)?))
        });
        found.collect()
    }

    /// Seals one value again. False when somebody else has changed it; an error of the cipher when it cannot be read.
    async fn replace(
        &'static self,
        store: &Store,
        keys: &[String],
        sealed: Vec<u8>,
    ) -> Result<bool, StoreError> {
        let row = keys.join("/");
        let place = Place::new(self.table, self.place, &row);
        let plain = store.cipher().open(place, &sealed)?;
        let fresh = store.cipher().seal(place, &plain)?;
        let mut params = vec![self.value_of(fresh), self.value_of(sealed)];
        let mut sql = format!("UPDATE {0} SET {1} = $1 WHERE {1} = $2", self.table, self.column);
        for (index, key) in keys.iter().enumerate() {
            params.push(self.key_value(index, key)?);
            sql.push_str(&format!(" AND {} = ${}", self.keys[index].0, index + 3));
        }
        sql.push_str(" RETURNING 1");
        let changed =
            store.tx(move |tx| Box::pin(async move { tx.query_dynamic(sql, &params).await })).await?;
        Ok(!changed.is_empty())
    }

    /// Seals every value of the column again that another key has sealed.
    pub async fn rekey(
        &'static self,
        store: &Store,
        told: &(dyn Fn(u64) + Sync),
    ) -> Result<Rekeyed, StoreError> {
        let active = hex::decode(store.cipher().active_key_id()).unwrap_or_default();
        let mut result = Rekeyed::default();
        let mut from = (String::new(), false);
        let mut unreadable = BTreeSet::new();
        loop {
            let found = self.next(store, &active, from.clone()).await?;
            let Some((last, _)) = found.last() else { return Ok(result) };
            let last = last[0].clone();
            let replaced = stream::iter(found).map(async |(keys, sealed)| {
                match self.replace(store, &keys, sealed).await {
                    Err(StoreError::Cipher(error)) if is_unreadable(&error) => {
                        let (table, column, row) = (self.table, self.column, keys.join("/"));
                        tracing::error!(table, column, row, %error, "a sealed value cannot be read");
                        Ok(Err(row))
                    }
                    replaced => replaced.map(Ok),
                }
            });
            let mut replaced = replaced.buffer_unordered(TOGETHER);
            let before = result.done;
            while let Some(replaced) = replaced.try_next().await? {
                match replaced {
                    Ok(true) => result.done += 1,
                    // Somebody's newer value: the next pass finds it if need be.
                    Ok(false) => {}
                    Err(row) => drop(unreadable.insert(row)),
                }
            }
            told(result.done);
            // Several rows can share the first key; with nothing done among them there is nothing to come back for.
            let is_after = result.done == before;
            result.unreadable = unreadable.len() as u64;
            from = (last, is_after);
        }
    }

    /// Which keys have sealed the column's values, and how many each.
    pub async fn count(&'static self, store: &Store) -> Result<Sealed, StoreError> {
        let Self { table, column, only, .. } = self;
        let id = self.key_id();
        let sql =
            format!("SELECT {id}, COUNT(*) FROM {table} WHERE {column} IS NOT NULL{only} GROUP BY {id}");
        let rows = store.read(move |tx| {
            Box::pin(async move {
                tx.take_long();
                tx.query_dynamic(sql, &[]).await
            })
        });
        let mut counts = Sealed::new();
        for row in rows.await? {
            let id = if self.is_hex { row.get::<String>(0)? } else { hex::encode(row.get::<Vec<u8>>(0)?) };
            counts.insert(id, u64::try_from(row.get::<i64>(1)?).unwrap_or(0));
        }
        Ok(counts)
    }
}

const fn is_unreadable(error: &CipherError) -> bool {
    matches!(
        error,
        CipherError::UnknownFormat | CipherError::UnknownKey { .. } | CipherError::NotAuthentic { .. }
    )
}

/// Seals every object again that another key has sealed.
pub async fn objects_rekey(store: &Store, told: &(dyn Fn(u64) + Sync)) -> Result<Rekeyed, StoreError> {
    let active = store.cipher().active_key_id();
    let objects = store.objects();
    let mut result = Rekeyed::default();
    let rekeyed = objects.list().map(|path| {
        let active = active.clone();
        async move {
            let path = path?;
            match objects.key_id(&path).await? {
                Some(id) if id != active => match objects.get(&path).await {
                    // Objects are never changed, so what was read is what is there.
                    Ok(Some(plain)) => objects.put(&path, &plain).await.map(|()| Some(true)),
                    Ok(None) => Ok(Some(false)),
                    Err(StoreError::Cipher(error)) if is_unreadable(&error) => {
                        tracing::error!(object = path, %error, "an object cannot be read");
                        Ok(None)
                    }
                    Err(error) => Err(error),
                },
                _ => Ok(Some(false)),
            }
        }
    });
    let mut rekeyed = Box::pin(rekeyed.buffer_unordered(TOGETHER));
    while let Some(one) = rekeyed.try_next().await? {
        match one {
            Some(true) => {
                result.done += 1;
                told(result.done);
            }
            Some(false) => {}
            None => result.unreadable += 1,
        }
    }
    Ok(result)
}

/// Which keys have sealed objects, and how many each.
pub async fn objects_count(store: &Store) -> Result<Sealed, StoreError> {
    let objects = store.objects();
    let ids = objects.list().map(|path| async move { objects.key_id(&path?).await });
    let mut ids = Box::pin(ids.buffer_unordered(TOGETHER));
    let mut counts = Sealed::new();
    while let Some(id) = ids.try_next().await? {
        if let Some(id) = id {
            *counts.entry(id).or_default() += 1;
        }
    }
    Ok(counts)
}
