//! An administrator's refunds.

use axum::extract::State;
use frameos_app::{self as app, RefundAsk};
use frameos_contract::payout::{Refund, RefundRequest};
use frameos_domain::id::kind;

use super::{
    Api,
    extract::{Admin, IdempotencyKey, Json, PathId},
    reply::{Answer, ok},
};
use crate::view::payout as view;

/// `POST /admin/executions/:id/refund`
pub(crate) async fn create(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathId(id): PathId<kind::Execution>,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<RefundRequest>,
) -> Answer<Refund> {
    let ask = RefundAsk { amount: body.amount, reason: body.reason, idempotency_key: key };
    ok(view::refund(id, app::execution_refund(&api.app, admin, id, ask).await?))
}
