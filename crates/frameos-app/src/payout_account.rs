//! Where a developer wants to be paid.
//!
//! Invariants: setting an account takes the password again, or the second factor; nothing is paid to it for some days, and the
//! developer is told by mail, so that a stolen session cannot turn a payout to a thief; it is shown with all but its end hidden.

use frameos_domain::{clock::Timestamp, id::DeveloperId, payout::PayoutAccount};
use frameos_store::payout_account::{self, AccountRow};
use secrecy::SecretString;

use crate::{
    app::App,
    error::{AppError, Result},
    login::{Proof, account_confirm},
    news::developer_tell,
    token::Principal,
};

/// A new account, and the proof that its developer wants it.
#[derive(Debug)]
pub struct PayoutAccountNew {
    pub account: PayoutAccount,
    /// Needed unless there is a second factor.
    pub password: Option<SecretString>,
    pub otp: Option<String>,
}

/// An account as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutAccountView {
    /// `upi` or `bank`.
    pub kind: &'static str,
    pub name: String,
    /// All but its end hidden.
    pub shown: String,
    /// Nothing is paid to it before.
    pub usable_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Sets or replaces the developer's account.
pub async fn payout_account_put(
    app: &App,
    principal: &Principal,
    new: PayoutAccountNew,
) -> Result<PayoutAccountView> {
    let developer = principal.developer().ok_or_else(|| AppError::internal("a developer without an id"))?;
    let account = new.account.checked().map_err(|wrong| AppError::field(wrong.field, wrong.message))?;
    account_confirm(app, principal, Proof { password: new.password, otp: new.otp }).await?;
    let now = app.now();
    let hold = app.settings.payouts.account_hold;
    let row = AccountRow { account, usable_at: now.plus(hold), updated_at: now };
    let stored = row.clone();
    app.store()
        .tx(move |tx| {
            Box::pin(async move { payout_account::payout_account_put(tx, developer, &stored).await })
        })
        .await?;
    let text = format!(
        "From {} on your earnings go to {} ({}).\n\nIf this was not you, change your password and write to us before then: \
         nothing is paid out until that time.\n",
        row.usable_at,
        row.account.shown(),
        row.account.name()
    );
    developer_tell(app, developer, "Your payout account was changed", text).await;
    Ok(view(&row))
}

/// The developer's account.
pub async fn payout_account_get(app: &App, developer: DeveloperId) -> Result<PayoutAccountView> {
    let row = payout_account_load(app, developer).await?;
    row.as_ref().map(view).ok_or(AppError::not_found("payout account"))
}

pub(crate) async fn payout_account_load(app: &App, developer: DeveloperId) -> Result<Option<AccountRow>> {
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { payout_account::payout_account_get(tx, developer).await }))
        .await?)
}

fn view(row: &AccountRow) -> PayoutAccountView {
    PayoutAccountView {
        kind: row.account.kind(),
        name: row.account.name().to_owned(),
        shown: row.account.shown(),
        usable_at: row.usable_at,
        updated_at: row.updated_at,
    }
}
