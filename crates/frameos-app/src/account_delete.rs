//! Deleting an account.
//!
//! Invariants: nothing is deleted while money is in it, owed to it or on its way; what the books need stays, without name and
//! address; the proof is password and second factor, whatever token asks.

use frameos_domain::money::{Currency, Money};
use frameos_store::{
    erasure::{self, Kept},
    status::Role,
};

use crate::{
    account::account_of,
    account_mail::{AccountMail, AccountNews, account_mail_add},
    app::App,
    error::{AppError, Result},
    login::{Proof, account_confirm_fully},
    payout::payout_balance,
    token::{self, Principal},
    wallet::wallet_get,
};

/// Deletes the asker's account.
pub async fn account_delete(app: &App, principal: &Principal, proof: Proof) -> Result<()> {
    if principal.role == Role::Admin {
        return Err(AppError::Forbidden {
            code: "FORBIDDEN",
            message: "an administrator's account cannot be deleted".into(),
            details: None,
        });
    }
    account_confirm_fully(app, principal, proof).await?;
    money_check(app, principal).await?;
    let (account, _) = account_of(app, principal).await?;
    let (user, developer, now) = (principal.user(), principal.developer(), app.now());
    let erased = app.store().tx(move |tx| {
        Box::pin(async move {
            let kept = match (user, developer) {
                (Some(id), _) => erasure::user_erase(tx, id, now).await?,
                (None, Some(id)) => erasure::developer_erase(tx, id, now).await?,
                (None, None) => return Ok(Err(())),
            };
            if kept.is_none() {
                let mail = AccountMail::new(account.email, AccountNews::Deleted, now);
                account_mail_add(tx, &mail, now, now).await?;
            }
            Ok(Ok(kept))
        })
    });
    match erased.await? {
        Ok(None) => Ok(()),
        Ok(Some(Kept::Runs)) => Err(in_use("runs have not ended; wait for them or cancel them")),
        Ok(Some(Kept::Subscriptions)) => Err(in_use("subscriptions renew; cancel them first")),
        Ok(Some(Kept::Agents)) => Err(in_use(
            "agents are offered; deprecate each of their versions first, so that their users are told",
        )),
        Err(()) => Err(token::refused()),
    }
}

async fn money_check(app: &App, principal: &Principal) -> Result<()> {
    if let Some(user) = principal.user() {
        let wallet = wallet_get(app, user).await?;
        let money = |minor| Money::new(minor, wallet.currency);
        if wallet.held != 0 {
            return Err(in_use(format!(
                "{} of the wallet are held for runs; wait for them",
                money(wallet.held)
            )));
        }
        if wallet.available != 0 {
            let message =
                format!("{} are in the wallet; spend them, or ask the operator", money(wallet.available));
            return Err(in_use(message));
        }
    }
    if let Some(developer) = principal.developer() {
        let balance = payout_balance(app, developer).await?;
        if balance.payable > 0 || balance.in_transit != 0 {
            let owed = Money::new(balance.payable + balance.in_transit, Currency::INR);
            return Err(in_use(format!("{owed} are still to be paid out; wait for the next payout")));
        }
    }
    Ok(())
}

fn in_use(why: impl Into<String>) -> AppError {
    AppError::conflict("ACCOUNT_IN_USE", format!("the account cannot be deleted yet: {}", why.into()))
}
