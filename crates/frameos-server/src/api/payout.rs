//! Where developers are paid, and what was paid.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::payout::{PayoutAccountRequest, PayoutRun};
use frameos_domain::id::kind;

use super::{
    Api,
    extract::{Admin, Authenticated, Developer, Format, Json, Paging, PathFile, PathId},
    reply::{Answer, csv, ok},
};
use crate::view::payout as view;

/// `GET /developers/payout-account`
pub(crate) async fn account_get(State(api): State<Api>, Developer(developer): Developer) -> Answer {
    ok(view::account(app::payout_account_get(&api.app, developer).await?))
}

/// `PUT /developers/payout-account`
pub(crate) async fn account_put(
    State(api): State<Api>,
    _: Developer,
    Authenticated(principal): Authenticated,
    Json(body): Json<PayoutAccountRequest>,
) -> Answer {
    let new = view::account_new(body)?;
    ok(view::account(app::payout_account_put(&api.app, &principal, new).await?))
}

/// `GET /developers/payouts`
pub(crate) async fn list(
    State(api): State<Api>,
    Developer(developer): Developer,
    Paging(page): Paging,
    format: Format,
) -> Answer {
    if format == Format::Csv {
        return csv("payouts", app::payout_list_csv(&api.app, developer).await?);
    }
    ok(view::list(app::payout_list(&api.app, developer, page).await?))
}

/// `GET /developers/payouts/:id`
pub(crate) async fn get(
    State(api): State<Api>,
    Developer(developer): Developer,
    PathFile(id, format): PathFile<kind::Payout>,
    Paging(page): Paging,
) -> Answer {
    if format == Format::Csv {
        return csv(&id.to_string(), app::payout_csv(&api.app, developer, id).await?);
    }
    let payout = app::payout_get(&api.app, developer, id).await?;
    ok(view::statement(payout, app::payout_lines(&api.app, developer, id, page).await?))
}

/// `GET /admin/payouts`
pub(crate) async fn list_all(State(api): State<Api>, _: Admin, Paging(page): Paging) -> Answer {
    ok(view::list_all(app::payout_list_all(&api.app, page).await?))
}

/// `POST /admin/payouts/run`
pub(crate) async fn run(State(api): State<Api>, Admin(admin): Admin) -> Answer {
    ok(PayoutRun { period: app::payout_run(&api.app, admin).await? })
}

/// `POST /admin/payouts/:id/retry`
pub(crate) async fn retry(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathId(id): PathId<kind::Payout>,
) -> Answer {
    ok(view::payout_for_admin(app::payout_retry(&api.app, admin, id).await?))
}
