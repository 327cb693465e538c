//! A payment's reservation, made with the run and the mandate it is for, and its release.
//!
//! Invariant: a mandate of a payer without an account and its x402 payment are made, and leave their first state, in the same
//! transaction. Names of such payers are made here only.

use std::time::Duration;

use frameos_domain::{
    clock::Timestamp,
    id::{ExecutionId, MandateId},
};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        mandate::MandateRow,
        x402::{
            X402_OWNER, X402New, X402Row, X402Status, x402_get, x402_get_by_mandate_unscoped, x402_insert,
            x402_mark_released, x402_refusals,
        },
    },
};

use super::{Payment, Terms, payer_name};
use crate::{
    error::GatewayError,
    gateway::{Gateway, corrupt},
    purchase::Purchase,
    wire::IntentNew,
};

/// The longest a mandate may stand: what was settled can be booked however late that is known.
const STANDS: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long refusals count against a payer.
const REFUSALS_COUNT: Duration = Duration::from_secs(24 * 3600);

/// A purchase and the payment that is to be reserved for it.
pub struct Sale {
    pub purchase: Purchase,
    pub reservation: Reservation,
}

/// A payment on its way into the books.
pub struct Reservation(X402New);

/// What a proof of payment was used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    pub execution_id: ExecutionId,
    pub fingerprint: String,
    /// Whether the proof may be public by now.
    pub is_public: bool,
}

impl From<X402Row> for Reserved {
    fn from(row: X402Row) -> Self {
        let is_public = !matches!(row.status, X402Status::Reserved | X402Status::Released);
        Self { execution_id: row.execution_id, fingerprint: row.fingerprint, is_public }
    }
}

impl Gateway {
    /// Signs the mandate of a run that `payment` pays for. The payer's name is put into the intent here.
    pub fn sale_prepare(
        &self,
        intent: IntentNew,
        (payment, terms): (&Payment, &Terms),
        (execution_id, fingerprint): (ExecutionId, String),
    ) -> Result<Sale, GatewayError> {
        let network = terms.requirements.network.clone();
        let intent = IntentNew { agent_id: payer_name(&network, &payment.payer), ..intent };
        let purchase = self.purchase_draft(intent, STANDS)?;
        let reservation = Reservation(X402New {
            mandate_id: purchase.mandate_id(),
            network,
            payer: payment.payer.clone(),
            nonce: payment.nonce.clone(),
            execution_id,
            fingerprint,
            amount: terms.requirements.amount.clone(),
            asset: terms.requirements.asset.clone(),
            request: terms.request(payment),
            valid_before: Timestamp::from_micros(payment.valid_before.saturating_mul(1_000_000)),
            created_at: self.now(),
        });
        Ok(Sale { purchase, reservation })
    }

    /// What the payment was used for already, if it was.
    pub async fn x402_reserved(&self, payment: &Payment) -> Result<Option<Reserved>, GatewayError> {
        let Some(x402) = self.x402() else { return Ok(None) };
        let (network, payer) = (x402.config.network.clone(), payment.payer.clone());
        let nonce = payment.nonce.clone();
        let found = self
            .store
            .read(move |tx| Box::pin(async move { x402_get(tx, (&network, &payer), &nonce).await }));
        Ok(found.await?.map(Reserved::from))
    }

    /// How many settlements of the payer were refused within a day.
    pub async fn x402_refusals(&self, payment: &Payment) -> Result<i64, GatewayError> {
        let Some(x402) = self.x402() else { return Ok(0) };
        let (network, payer) = (x402.config.network.clone(), payment.payer.clone());
        let counted = i64::try_from(REFUSALS_COUNT.as_micros()).map_err(GatewayError::internal)?;
        let since = Timestamp::from_micros(self.now().as_micros() - counted);
        let count = self
            .store
            .read(move |tx| Box::pin(async move { x402_refusals(tx, (&network, &payer), since).await }));
        Ok(count.await?)
    }
}

/// Reserves the payment, after its purchase was placed in the same transaction. False when its nonce was used already.
pub async fn reservation_place(tx: &mut Tx, reservation: Reservation) -> Result<bool, StoreError> {
    x402_insert(tx, &reservation.0).await
}

/// Whether a name in the books is that of a payer without an account.
pub(crate) fn is_without_account(name: &str) -> bool {
    name.starts_with(X402_OWNER)
}

/// Refuses names that only a proof of payment gives.
pub(crate) fn account_check(field: &str, name: &str) -> Result<(), GatewayError> {
    if is_without_account(name) {
        let message = format!("names that begin with `{X402_OWNER}` are those of payers without an account");
        return Err(GatewayError::invalid(field, message));
    }
    Ok(())
}

/// Lets go of the payment of a mandate that was just closed.
pub(crate) async fn sale_release(
    tx: &mut Tx,
    mandate: &MandateRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    if x402_mark_released(tx, mandate.id, now).await? {
        return Ok(());
    }
    Err(corrupt(format!("the x402 payment of {} is being settled, so it cannot be released", mandate.id)))
}

/// Whether the mandate is that of a payment whose settlement has begun and not ended.
pub(crate) async fn sale_is_settling(tx: &mut Tx, id: MandateId) -> Result<bool, StoreError> {
    let row = x402_get_by_mandate_unscoped(tx, id).await?;
    Ok(row.is_some_and(|row| row.status == X402Status::Settling))
}
