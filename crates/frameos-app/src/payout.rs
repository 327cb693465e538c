//! Payouts as developers and administrators see them, and who is paid when. The money is the gateway's business; whom it goes
//! to, and whether, is decided here. The jobs are in `payout/job.rs`.

mod csv;
mod job;

use frameos_domain::{
    clock::Timestamp,
    id::{AdminId, DeveloperId, PayoutId},
    money::Currency,
    payout::{PayoutStatus, payout_period},
};
use frameos_gateway::wire::{
    PayeeBalance, Payout, PayoutLine, PayoutLines, PayoutNew, PayoutPage, PayoutQuery,
};
use frameos_store::{
    audit as audit_log, developer, page::Page, payout::payout_period_begin, payout_account::AccountRow,
    status::AccountStatus,
};

use crate::{
    app::App,
    error::{AppError, Result},
    jobs::job_add,
    payout_account::payout_account_load,
    review::audit,
};

pub(crate) use job::{DeveloperPayout, PayoutFollow, PayoutRun};

/// Entries per call while all of a payout's are read.
const LINES_AT_ONCE: u32 = 1_000;
const PAYOUTS_AT_ONCE: u32 = 100;

/// A developer's payouts, newest first, with the balance.
pub async fn payout_list(app: &App, developer: DeveloperId, page: Page) -> Result<PayoutPage> {
    let payee = Some(developer.to_string());
    Ok(app.payments().payout_list(PayoutQuery { payee, page: page.page, limit: page.limit }).await?)
}

/// What is owed to a developer, as the gateway's ledger has it.
pub async fn payout_balance(app: &App, developer: DeveloperId) -> Result<PayeeBalance> {
    Ok(payout_list(app, developer, Page::new(1, 1)).await?.balance.unwrap_or_default())
}

/// One of the developer's payouts, with its statement.
pub async fn payout_get(app: &App, developer: DeveloperId, id: PayoutId) -> Result<Payout> {
    let payout = app.payments().payout_get(id).await?;
    if payout.payee == developer.to_string() { Ok(payout) } else { Err(AppError::not_found("payout")) }
}

/// The entries that one of the developer's payouts consists of, oldest first.
pub async fn payout_lines(
    app: &App,
    developer: DeveloperId,
    id: PayoutId,
    page: Page,
) -> Result<PayoutLines> {
    payout_get(app, developer, id).await?;
    Ok(app.payments().payout_lines(id, page.page, page.limit).await?)
}

/// A payout's entries as a table for spreadsheets.
pub async fn payout_csv(app: &App, developer: DeveloperId, id: PayoutId) -> Result<String> {
    let payout = payout_get(app, developer, id).await?;
    Ok(csv::lines(&payout, &lines_all(app, id).await?))
}

/// All of a developer's payouts as a table for spreadsheets.
pub async fn payout_list_csv(app: &App, developer: DeveloperId) -> Result<String> {
    let mut payouts = Vec::new();
    for page in 1.. {
        let listed = payout_list(app, developer, Page::new(page, PAYOUTS_AT_ONCE)).await?;
        let last = listed.payouts.len() < PAYOUTS_AT_ONCE as usize;
        payouts.extend(listed.payouts);
        if last {
            break;
        }
    }
    Ok(csv::payouts(&payouts))
}

async fn lines_all(app: &App, id: PayoutId) -> Result<Vec<PayoutLine>> {
    let mut lines = Vec::new();
    for page in 1.. {
        let read = app.payments().payout_lines(id, page, LINES_AT_ONCE).await?.lines;
        let last = read.len() < LINES_AT_ONCE as usize;
        lines.extend(read);
        if last {
            break;
        }
    }
    Ok(lines)
}

/// Everybody's payouts, newest first.
pub async fn payout_list_all(app: &App, page: Page) -> Result<PayoutPage> {
    Ok(app.payments().payout_list(PayoutQuery { payee: None, page: page.page, limit: page.limit }).await?)
}

/// Begins the current period's payouts for whoever has none in it yet. Returns the period.
pub async fn payout_run(app: &App, admin: AdminId) -> Result<String> {
    let period = payout_period(app.now(), app.settings.payouts.offset_minutes);
    let entry = audit(app, admin, "payout.run", period.clone(), None);
    let (run, now) = (PayoutRun { period: period.clone() }, app.now());
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                payout_period_begin(tx, &run.period, now).await?;
                job_add(tx, &run, &run.period, now, now).await?;
                audit_log::audit_insert(tx, &entry).await
            })
        })
        .await?;
    Ok(period)
}

/// Makes a payout that failed or came back anew, or has one that is on its way looked up at once.
pub async fn payout_retry(app: &App, admin: AdminId, id: PayoutId) -> Result<Payout> {
    let old = app.payments().payout_get(id).await?;
    let developer: DeveloperId = old.payee.parse().map_err(AppError::internal)?;
    let payout = match old.status {
        PayoutStatus::Paid => {
            let message = "this payout is paid; only one that failed or was returned can be made anew";
            return Err(AppError::conflict("PAYOUT_STANDS", message));
        }
        PayoutStatus::Created | PayoutStatus::Sent => app.payments().payout_advance(id).await?,
        PayoutStatus::Failed | PayoutStatus::Returned => payout_renew(app, developer, &old).await?,
    };
    let entry = audit(app, admin, "payout.retry", id.to_string(), Some(payout.payout_id.to_string()));
    let (follow, now) = (PayoutFollow::new(developer, payout.payout_id), app.now());
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                follow.enqueue(tx, now).await?;
                audit_log::audit_insert(tx, &entry).await
            })
        })
        .await?;
    Ok(payout)
}

async fn payout_renew(app: &App, developer: DeveloperId, old: &Payout) -> Result<Payout> {
    let cannot = |message: String| AppError::conflict("CONFLICT", message);
    let account = match payee_ready(app, developer).await? {
        Ready::Yes(account) => account,
        Ready::At(time) => {
            return Err(cannot(format!("the developer's new account is not paid to before {time}")));
        }
        Ready::No(why) => return Err(cannot(why.to_owned())),
    };
    let new = payout_new(app, developer, (&old.period, old.round + 1), account);
    let made = app.payments().payout_create(new).await?;
    made.payout
        .ok_or_else(|| cannot(format!("{} minor units are payable, less than the minimum", made.payable)))
}

fn payout_new(
    app: &App,
    developer: DeveloperId,
    (period, round): (&str, i64),
    account: AccountRow,
) -> PayoutNew {
    PayoutNew {
        payee: developer.to_string(),
        currency: Currency::INR,
        period: period.to_owned(),
        round,
        minimum: app.settings.payouts.minimum,
        account: account.account,
    }
}

/// Whether a developer can be paid now.
enum Ready {
    Yes(AccountRow),
    /// Not before, because the account was just set.
    At(Timestamp),
    No(&'static str),
}

async fn payee_ready(app: &App, developer: DeveloperId) -> Result<Ready> {
    let profile = app
        .store()
        .read(move |tx| Box::pin(async move { developer::developer_get(tx, developer).await }))
        .await?;
    if profile.is_none_or(|profile| profile.status != AccountStatus::Active) {
        return Ok(Ready::No("the developer is suspended, and suspended developers are not paid"));
    }
    Ok(match payout_account_load(app, developer).await? {
        None => Ready::No("the developer has no payout account"),
        Some(account) if account.usable_at > app.now() => Ready::At(account.usable_at),
        Some(account) => Ready::Yes(account),
    })
}

/// Begins the period's payouts when its Monday has come, once in all processes. `begun` is the one this process knows of.
pub(crate) async fn payouts_begin(app: &App, begun: &mut Option<String>) -> Result<()> {
    let now = app.now();
    let period = payout_period(now, app.settings.payouts.offset_minutes);
    if begun.as_ref() == Some(&period) {
        return Ok(());
    }
    let run = PayoutRun { period: period.clone() };
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                if payout_period_begin(tx, &run.period, now).await? {
                    job_add(tx, &run, &run.period, now, now).await?;
                }
                Ok(())
            })
        })
        .await?;
    *begun = Some(period);
    Ok(())
}
