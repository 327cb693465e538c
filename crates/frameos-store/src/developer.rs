//! Developers: who publishes agents and earns.

use frameos_domain::{clock::Timestamp, id::DeveloperId};

use crate::{
    Row, StoreError, Tx,
    account::{PasswordHash, account_insert},
    page::{Page, Paged, read_all},
    params,
    status::{AccountStatus, Role},
};

/// One developer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Developer {
    pub id: DeveloperId,
    pub email: String,
    pub name: String,
    pub company: Option<String>,
    pub password_hash: PasswordHash,
    pub status: AccountStatus,
    pub verified_email: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A developer who registers.
#[derive(Debug, Clone)]
pub struct DeveloperNew {
    pub id: DeveloperId,
    pub email: String,
    pub name: String,
    pub company: Option<String>,
    pub password_hash: PasswordHash,
    pub verified_email: bool,
    pub created_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, email, name, company, password_hash, status, verified_email, created_at, updated_at \
             FROM developers ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<Developer, StoreError> {
    Ok(Developer {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        company: row.get(3)?,
        password_hash: PasswordHash::new(row.get(4)?),
        status: row.get(5)?,
        verified_email: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}

/// Registers a developer and takes the address. False when the address is taken, in whatever role.
pub async fn developer_insert(tx: &mut Tx, new: &DeveloperNew) -> Result<bool, StoreError> {
    if !account_insert(tx, &new.id.to_string(), Role::Developer, &new.email, new.created_at).await? {
        return Ok(false);
    }
    let sql = "INSERT INTO developers (id, email, name, company, password_hash, verified_email, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";
    let params = params![
        new.id,
        new.email.to_ascii_lowercase(),
        &new.name,
        new.company.clone(),
        new.password_hash.expose(),
        new.verified_email,
        new.created_at
    ];
    tx.execute(sql, &params).await?;
    Ok(true)
}

pub async fn developer_get(tx: &mut Tx, id: DeveloperId) -> Result<Option<Developer>, StoreError> {
    tx.query_opt(select!("WHERE id = $1"), &params![id]).await?.as_ref().map(read).transpose()
}

/// Every developer, newest first.
pub async fn developer_list_unscoped(tx: &mut Tx, page: Page) -> Result<Paged<Developer>, StoreError> {
    let total = tx.query_one("SELECT COUNT(*) FROM developers", &[]).await?.get(0)?;
    let sql = select!("ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2");
    let rows = tx.query(sql, &[page.limit_value(), page.offset_value()]).await?;
    Ok(Paged { items: read_all(&rows, read)?, total })
}

/// A developer's published agents, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DeveloperShown {
    pub agents: i64,
    pub total_executions: i64,
    /// The mean over all reviews; 0 without.
    pub rating: f64,
    pub review_count: i64,
}

/// What a developer has published.
pub async fn developer_shown(tx: &mut Tx, id: DeveloperId) -> Result<DeveloperShown, StoreError> {
    let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(total_executions), 0) AS BIGINT), \
               COALESCE(SUM(rating * review_count), 0.0), CAST(COALESCE(SUM(review_count), 0) AS BIGINT) \
               FROM agent_definitions WHERE developer_id = $1 AND status IN ('published', 'deprecated')";
    let row = tx.query_one(sql, &params![id]).await?;
    let (stars, review_count): (f64, i64) = (row.get(2)?, row.get(3)?);
    let rating = if review_count > 0 { stars / review_count as f64 } else { 0.0 };
    Ok(DeveloperShown { agents: row.get(0)?, total_executions: row.get(1)?, rating, review_count })
}

/// Suspends, bans or reinstates. False when there is no such developer.
pub async fn developer_set_status_unscoped(
    tx: &mut Tx,
    id: DeveloperId,
    status: AccountStatus,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE developers SET status = $2, updated_at = $3 WHERE id = $1";
    Ok(tx.execute(sql, &params![id, status, now]).await? == 1)
}

pub async fn developer_set_password(
    tx: &mut Tx,
    id: DeveloperId,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE developers SET password_hash = $2, updated_at = $3 WHERE id = $1";
    Ok(tx.execute(sql, &params![id, hash.expose(), now]).await? == 1)
}
