//! Charges: one provider asked once for one top-up.
//!
//! Invariants: a charge becomes `paid` once, whatever it was before, in the transaction that credits it; its id is stored
//! before the provider hears it. States: `new` (the provider has certainly not heard of it), `asking` (it may have), `lost`
//! (asked more than once without an answer; another charge goes on in its place), `open` (the payer can pay), and for good
//! unless it is paid after all `refused` and `closed`. A transaction that locks both locks the charge before its top-up. While `look_at` is set, somebody asks the provider how it stands.
//! Functions named `*_unscoped` are for what providers report: they know a charge and no owner.

use frameos_domain::{
    clock::Timestamp,
    id::TopUpId,
    money::{Currency, Money},
};

use crate::{Row, StoreError, Tx, params};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopUpChargeRow {
    pub id: String,
    pub top_up_id: TopUpId,
    pub owner: String,
    /// From 1 within the top-up.
    pub number: i64,
    pub provider: String,
    pub amount: i64,
    pub currency: Currency,
    pub status: String,
    /// The provider's own name for it.
    pub reference: Option<String>,
    pub checkout_url: Option<String>,
    pub checkout_session: Option<String>,
    pub reason: Option<String>,
    /// The provider's name for the payment, which refunds and disputes go by.
    pub payment_reference: Option<String>,
    /// What was credited, which is what was truly paid.
    pub credited: i64,
    /// What the provider took back: `taken` from the wallet, `debt` because there was no more in it.
    pub reversed: i64,
    pub taken: i64,
    pub debt: i64,
    /// Why an operator should look at it.
    pub flag: Option<String>,
    pub asks: i64,
    pub looks: i64,
    pub look_at: Option<Timestamp>,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
}

impl TopUpChargeRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            top_up_id: row.get(1)?,
            owner: row.get(2)?,
            number: row.get(3)?,
            provider: row.get(4)?,
            amount: row.get(5)?,
            currency: row.get(6)?,
            status: row.get(7)?,
            reference: row.get(8)?,
            checkout_url: row.get(9)?,
            checkout_session: row.get(10)?,
            reason: row.get(11)?,
            payment_reference: row.get(12)?,
            credited: row.get(13)?,
            reversed: row.get(14)?,
            taken: row.get(15)?,
            debt: row.get(16)?,
            flag: row.get(17)?,
            asks: row.get(18)?,
            looks: row.get(19)?,
            look_at: row.get(20)?,
            expires_at: row.get(21)?,
            created_at: row.get(22)?,
        })
    }

    pub fn money(&self) -> Money {
        Money::new(self.amount, self.currency)
    }
}

macro_rules! columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, top_up_id, owner, number, provider, amount, currency, status, reference, checkout_url, checkout_session, \
             reason, payment_reference, credited, reversed, taken, debt, flag, asks, looks, look_at, expires_at, created_at ",
            $after
        )
    };
}

/// Stores a charge that is about to be asked for.
pub async fn charge_insert(tx: &mut Tx, charge: &TopUpChargeRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO top_up_charges (id, top_up_id, owner, number, provider, amount, currency, status, credited, reversed, \
               taken, debt, asks, looks, look_at, expires_at, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, $9, 0, $10, $11, $12, $12)";
    let params = params![
        charge.id.as_str(),
        charge.top_up_id,
        charge.owner.as_str(),
        charge.number,
        charge.provider.as_str(),
        charge.amount,
        charge.currency,
        charge.status.as_str(),
        charge.asks,
        charge.look_at,
        charge.expires_at,
        charge.created_at
    ];
    tx.execute(sql, &params).await.map(drop)
}

/// All charges of a top-up, in their order.
pub async fn charges_of(tx: &mut Tx, owner: &str, id: TopUpId) -> Result<Vec<TopUpChargeRow>, StoreError> {
    let sql = columns!("SELECT", "FROM top_up_charges WHERE owner = $1 AND top_up_id = $2 ORDER BY number");
    tx.query(sql, &params![owner, id]).await?.iter().map(TopUpChargeRow::read).collect()
}

/// The charge of this id, if it is `provider`'s who speaks of it; none asks for anyone's.
pub async fn charge_get_unscoped(
    tx: &mut Tx,
    provider: Option<&str>,
    id: &str,
) -> Result<Option<TopUpChargeRow>, StoreError> {
    let sql = columns!("SELECT", "FROM top_up_charges WHERE id = $2 AND provider = COALESCE($1, provider)");
    tx.query_opt(sql, &params![provider.map(str::to_owned), id])
        .await?
        .as_ref()
        .map(TopUpChargeRow::read)
        .transpose()
}

/// The charge that was paid by a payment of this name.
pub async fn charge_get_by_payment_unscoped(
    tx: &mut Tx,
    provider: &str,
    payment_reference: &str,
) -> Result<Option<TopUpChargeRow>, StoreError> {
    let sql = columns!(
        "SELECT",
        "FROM top_up_charges WHERE provider = $1 AND payment_reference = $2 ORDER BY created_at LIMIT 1"
    );
    let found = tx.query_opt(sql, &params![provider, payment_reference]).await?;
    found.as_ref().map(TopUpChargeRow::read).transpose()
}

/// Notes that the provider is asked once more, before it is: when it is to be looked at and when it expires.
pub async fn charge_asked(tx: &mut Tx, charge: &TopUpChargeRow, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE top_up_charges SET status = 'asking', asks = asks + 1, look_at = $3, expires_at = $4, updated_at = $5 \
               WHERE owner = $1 AND id = $2 AND status IN ('new', 'asking')";
    let params = params![charge.owner.as_str(), charge.id.as_str(), charge.look_at, charge.expires_at, now];
    tx.execute(sql, &params).await.map(drop)
}

/// Moves a charge that is being asked for to `new` (it was certainly not heard) or `lost`.
pub async fn charge_unanswered(
    tx: &mut Tx,
    owner: &str,
    id: &str,
    status: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE top_up_charges SET status = $3, look_at = CASE WHEN CAST($3 AS TEXT) = 'new' THEN NULL ELSE look_at END, \
               updated_at = $4 WHERE owner = $1 AND id = $2 AND status = 'asking'";
    tx.execute(sql, &params![owner, id, status, now]).await.map(drop)
}

/// What the provider says of a charge that can be paid.
#[derive(Debug, Clone, Copy)]
pub struct ChargeOpen<'a> {
    pub reference: &'a str,
    pub checkout_url: Option<&'a str>,
    pub checkout_session: Option<&'a str>,
}

/// Notes that the payer can pay. A lost charge stays one: another has taken its place.
pub async fn charge_open_unscoped(
    tx: &mut Tx,
    id: &str,
    open: ChargeOpen<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE top_up_charges SET status = CASE status WHEN 'lost' THEN 'lost' ELSE 'open' END, reference = $2, \
               checkout_url = COALESCE($3, checkout_url), checkout_session = COALESCE($4, checkout_session), updated_at = $5 \
               WHERE id = $1 AND status IN ('asking', 'lost', 'open')";
    let (url, session) = (open.checkout_url.map(str::to_owned), open.checkout_session.map(str::to_owned));
    tx.execute(sql, &params![id, open.reference, url, session, now]).await.map(drop)
}

/// Ends a charge that was not paid: `refused` or `closed`. False when it had ended or was paid.
pub async fn charge_close_unscoped(
    tx: &mut Tx,
    id: &str,
    status: &str,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE top_up_charges SET status = $2, reason = $3, look_at = NULL, updated_at = $4 \
               WHERE id = $1 AND status IN ('new', 'asking', 'lost', 'open')";
    Ok(tx.execute(sql, &params![id, status, reason, now]).await? == 1)
}

/// What was paid.
#[derive(Debug, Clone, Copy)]
pub struct ChargePaid<'a> {
    pub reference: &'a str,
    pub payment_reference: &'a str,
    pub amount: Money,
}

/// Marks a charge paid. False when it was paid before: then nothing is to be credited.
pub async fn charge_paid_unscoped(
    tx: &mut Tx,
    id: &str,
    paid: ChargePaid<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE top_up_charges SET status = 'paid', reference = $2, payment_reference = $3, paid_amount = $4, \
               paid_currency = $5, reason = NULL, look_at = NULL, updated_at = $6 WHERE id = $1 AND status <> 'paid'";
    let params =
        params![id, paid.reference, paid.payment_reference, paid.amount.minor, paid.amount.currency, now];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Notes what a paid charge put into the wallet.
pub async fn charge_credited_unscoped(tx: &mut Tx, id: &str, credited: i64) -> Result<(), StoreError> {
    let sql = "UPDATE top_up_charges SET credited = $2 WHERE id = $1 AND status = 'paid'";
    tx.execute(sql, &params![id, credited]).await.map(drop)
}

/// Notes why an operator should look; the first reason stays.
pub async fn charge_flag_unscoped(tx: &mut Tx, id: &str, flag: &str) -> Result<(), StoreError> {
    let sql = "UPDATE top_up_charges SET flag = COALESCE(flag, $2) WHERE id = $1";
    tx.execute(sql, &params![id, flag]).await.map(drop)
}

/// Charges whose provider is to be asked how they stand, the longest due first.
pub async fn charges_due_unscoped(
    tx: &mut Tx,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<TopUpChargeRow>, StoreError> {
    let sql = columns!("SELECT", "FROM top_up_charges WHERE look_at <= $1 ORDER BY look_at, id LIMIT $2");
    tx.query(sql, &params![now, limit]).await?.iter().map(TopUpChargeRow::read).collect()
}

/// Takes a due charge, unless another process did since it was read.
pub async fn charge_look_begin_unscoped(
    tx: &mut Tx,
    charge: &TopUpChargeRow,
    next: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE top_up_charges SET look_at = $3, looks = looks + 1 WHERE id = $1 AND look_at = $2";
    Ok(tx.execute(sql, &params![charge.id.as_str(), charge.look_at, next]).await? == 1)
}

/// Has a charge that is not over looked at by `at`.
pub async fn charge_look_soon_unscoped(tx: &mut Tx, id: &str, at: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE top_up_charges SET look_at = $2 WHERE id = $1 AND look_at > $2";
    tx.execute(sql, &params![id, at]).await.map(drop)
}

/// Whether any money of this provider's was credited.
pub async fn charge_is_credited_unscoped(tx: &mut Tx, provider: &str) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM top_up_charges WHERE credited > 0 AND provider = $1 LIMIT 1";
    Ok(tx.query_opt(sql, &params![provider]).await?.is_some())
}

/// A provider other than `name` whose money is in these books.
pub async fn charge_of_others_unscoped(tx: &mut Tx, name: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT provider FROM top_up_charges WHERE credited > 0 AND provider <> $1 LIMIT 1";
    tx.query_opt(sql, &params![name]).await?.map(|row| row.get(0)).transpose()
}
