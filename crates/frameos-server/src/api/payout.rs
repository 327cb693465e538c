//! Where developers are paid, and what was paid.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::payout::{
    Payout, PayoutAccount, PayoutAccountRequest, PayoutList, PayoutRun, PayoutStatement,
};
use frameos_domain::id::kind;

use super::{
    Api,
    extract::{Admin, Authenticated, Developer, Format, Json, Paging, PathFile, PathId},
    reply::{Answer, Csv, Data, Replying, csv, ok},
};
use crate::view::payout as view;

/// `GET /developers/payout-account`
pub(crate) async fn account_get(
    State(api): State<Api>,
    Developer(developer): Developer,
) -> Answer<PayoutAccount> {
    ok(view::account(app::payout_account_get(&api.app, developer).await?))
}

/// `PUT /developers/payout-account`
pub(crate) async fn account_put(
    State(api): State<Api>,
    _: Developer,
    Authenticated(principal): Authenticated,
    Json(body): Json<PayoutAccountRequest>,
) -> Answer<PayoutAccount> {
    let new = view::account_new(body)?;
    ok(view::account(app::payout_account_put(&api.app, &principal, new).await?))
}

/// `GET /developers/payouts`
pub(crate) async fn list(
    State(api): State<Api>,
    Developer(developer): Developer,
    Paging(page): Paging,
    format: Format,
) -> Replying<(Data<PayoutList>, Csv)> {
    if format == Format::Csv {
        return Ok(csv("payouts", app::payout_list_csv(&api.app, developer).await?)?.instead_of());
    }
    Ok(ok(view::list(app::payout_list(&api.app, developer, page).await?))?.or())
}

/// `GET /developers/payouts/:id`
pub(crate) async fn get(
    State(api): State<Api>,
    Developer(developer): Developer,
    PathFile(id, format): PathFile<kind::Payout>,
    Paging(page): Paging,
) -> Replying<(Data<PayoutStatement>, Csv)> {
    if format == Format::Csv {
        return Ok(csv(&id.to_string(), app::payout_csv(&api.app, developer, id).await?)?.instead_of());
    }
    let payout = app::payout_get(&api.app, developer, id).await?;
    Ok(ok(view::statement(payout, app::payout_lines(&api.app, developer, id, page).await?))?.or())
}

/// `GET /admin/payouts`
pub(crate) async fn list_all(State(api): State<Api>, _: Admin, Paging(page): Paging) -> Answer<PayoutList> {
    ok(view::list_all(app::payout_list_all(&api.app, page).await?))
}

/// `POST /admin/payouts/run`
pub(crate) async fn run(State(api): State<Api>, Admin(admin): Admin) -> Answer<PayoutRun> {
    ok(PayoutRun { period: app::payout_run(&api.app, admin).await? })
}

/// `POST /admin/payouts/:id/retry`
pub(crate) async fn retry(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathId(id): PathId<kind::Payout>,
) -> Answer<Payout> {
    ok(view::payout_for_admin(app::payout_retry(&api.app, admin, id).await?))
}
