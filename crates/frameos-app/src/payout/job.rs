//! The jobs behind payouts: a period's run, one developer's payout in it, and following a payout to its end.
//!
//! Invariants: all bear repetition, because the gateway makes one payout per developer, period and round and sends it once; a
//! payout is followed until it is undone, and two weeks beyond its being paid, because banks send money back.

use std::time::Duration;

use frameos_domain::{
    clock::Timestamp,
    id::{DeveloperId, ExecutionId, PayoutId, RefundId},
    money::Money,
    payout::PayoutStatus,
};
use frameos_gateway::wire::Payout;
use frameos_store::{
    StoreError, Tx,
    payout::{payout_is_noted_unscoped, payout_note_unscoped},
    payout_account::payout_accounts_page_unscoped,
    revenue,
    status::NotificationKind,
};
use serde::{Deserialize, Serialize};

use super::{Ready, lines_all, payee_ready, payout_new};
use crate::{
    app::App,
    error::Result,
    jobs::{Job, Next, job_add},
    news::developer_tell,
    notification::notify,
};

const DEVELOPERS_AT_ONCE: u32 = 200;
const REVENUE_AT_ONCE: usize = 200;
/// How often a payout on its way is looked up, at first and later on.
const LOOK_SOON: Duration = Duration::from_secs(15);
const LOOK_LATER: Duration = Duration::from_secs(15 * 60);
const SOON: Duration = Duration::from_secs(10 * 60);
/// How often, and how long, a paid one is asked about.
const LOOK_PAID: Duration = Duration::from_secs(6 * 3600);
const RETURNABLE: Duration = Duration::from_secs(14 * 24 * 3600);
/// How long a payout that is not sent yet waits for its developer to be reinstated, before it is looked at again.
const SUSPENDED: Duration = Duration::from_secs(3600);

/// A period's payouts: a job for every developer with an account.
#[derive(Serialize, Deserialize)]
pub(crate) struct PayoutRun {
    pub(crate) period: String,
}

impl Job for PayoutRun {
    const NAME: &'static str = "payout_run";

    async fn run(self, app: &App) -> Result<Next> {
        let mut after = String::new();
        loop {
            let (from, period, now) = (after.clone(), self.period.clone(), app.now());
            let developers = app.store().tx(move |tx| {
                Box::pin(async move {
                    let developers = payout_accounts_page_unscoped(tx, &from, DEVELOPERS_AT_ONCE).await?;
                    for developer in &developers {
                        let job = DeveloperPayout { developer: *developer, period: period.clone() };
                        job_add(tx, &job, &format!("{developer}:{period}"), now, now).await?;
                    }
                    Ok(developers)
                })
            });
            match developers.await?.last() {
                Some(last) => after = last.to_string(),
                None => return Ok(Next::Done),
            }
        }
    }
}

/// One developer's payout of a period, if there is enough to pay.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeveloperPayout {
    developer: DeveloperId,
    period: String,
}

impl Job for DeveloperPayout {
    const NAME: &'static str = "developer_payout";

    async fn run(self, app: &App) -> Result<Next> {
        let account = match payee_ready(app, self.developer).await? {
            Ready::Yes(account) => account,
            Ready::At(time) => {
                let wait = time.millis_since(app.now()).unsigned_abs() + 1;
                return Ok(Next::Again(Duration::from_millis(wait)));
            }
            // What was earned stays payable.
            Ready::No(_) => return Ok(Next::Done),
        };
        let new = payout_new(app, self.developer, (&self.period, 1), account);
        let Some(payout) = app.payments().payout_create(new).await?.payout else { return Ok(Next::Done) };
        let (follow, now) = (PayoutFollow::new(self.developer, payout.payout_id), app.now());
        app.store().tx(move |tx| Box::pin(async move { follow.enqueue(tx, now).await.map(drop) })).await?;
        Ok(Next::Done)
    }
}

/// Has a payout sent, and follows it.
#[derive(Serialize, Deserialize)]
pub(crate) struct PayoutFollow {
    developer: DeveloperId,
    payout: PayoutId,
}

impl PayoutFollow {
    pub(crate) const fn new(developer: DeveloperId, payout: PayoutId) -> Self {
        Self { developer, payout }
    }

    pub(crate) async fn enqueue(&self, tx: &mut Tx, now: Timestamp) -> std::result::Result<bool, StoreError> {
        job_add(tx, self, &self.payout.to_string(), now, now).await
    }
}

impl Job for PayoutFollow {
    const NAME: &'static str = "payout_follow";

    async fn run(self, app: &App) -> Result<Next> {
        let known = app.payments().payout_get(self.payout).await?;
        if known.status == PayoutStatus::Created
            && !matches!(payee_ready(app, self.developer).await?, Ready::Yes(_))
        {
            return Ok(Next::Again(SUSPENDED));
        }
        let payout = app.payments().payout_advance(self.payout).await?;
        payout_note(app, self.developer, &payout).await?;
        let now = app.now();
        Ok(match payout.status {
            PayoutStatus::Failed | PayoutStatus::Returned => Next::Done,
            PayoutStatus::Paid if payout.paid_at.is_none_or(|at| at.plus(RETURNABLE) < now) => Next::Done,
            PayoutStatus::Paid => Next::Again(LOOK_PAID),
            _ if payout.sent_at.is_some_and(|at| at.plus(SOON) < now) => Next::Again(LOOK_LATER),
            _ => Next::Again(LOOK_SOON),
        })
    }
}

/// Does what a payout's new state asks for here: marks the revenue it stands for, and tells the developer.
async fn payout_note(app: &App, developer: DeveloperId, payout: &Payout) -> Result<()> {
    let (id, status) = (payout.payout_id, payout.status);
    let noted = app
        .store()
        .read(move |tx| Box::pin(async move { payout_is_noted_unscoped(tx, id, status.as_str()).await }));
    if matches!(status, PayoutStatus::Created | PayoutStatus::Sent) || noted.await? {
        return Ok(());
    }
    match status {
        PayoutStatus::Paid => revenue_mark(app, developer, id, payout.paid_at).await?,
        PayoutStatus::Returned => revenue_mark(app, developer, id, None).await?,
        _ => {}
    }
    let (subject, text) = told(payout);
    developer_tell(app, developer, subject, text.clone()).await;
    let now = app.now();
    let kind = match status {
        PayoutStatus::Paid => NotificationKind::PayoutPaid,
        _ => NotificationKind::PayoutFailed,
    };
    let news = (kind, id.to_string(), (subject.to_owned(), text));
    let noted = app.store().tx(move |tx| {
        Box::pin(async move {
            if payout_note_unscoped(tx, id, status.as_str(), now).await? {
                notify(tx, &developer.to_string(), news, now).await?;
            }
            Ok(())
        })
    });
    Ok(noted.await?)
}

/// Marks the shares that a payout consists of, and those of earlier ones that failed or came back and are in it again.
async fn revenue_mark(
    app: &App,
    developer: DeveloperId,
    payout: PayoutId,
    paid_at: Option<Timestamp>,
) -> Result<()> {
    let mut left = vec![payout];
    while let Some(id) = left.pop() {
        let lines = lines_all(app, id).await?;
        left.extend(
            lines
                .iter()
                .filter(|line| line.kind == "returned_payout")
                .filter_map(|line| line.reference.parse::<PayoutId>().ok()),
        );
        for lines in lines.chunks(REVENUE_AT_ONCE) {
            let of_kind = |kind: &'static str| lines.iter().filter(move |line| line.kind == kind);
            let runs: Vec<ExecutionId> =
                of_kind("sale").filter_map(|line| line.execution_id.as_ref()?.parse().ok()).collect();
            let refunds: Vec<RefundId> =
                of_kind("refund").filter_map(|line| line.reference.parse().ok()).collect();
            app.store()
                .tx(move |tx| {
                    Box::pin(async move {
                        revenue::revenue_pay_out(tx, developer, (&runs, &refunds), paid_at).await
                    })
                })
                .await?;
        }
    }
    Ok(())
}

fn told(payout: &Payout) -> (&'static str, String) {
    let amount = Money::new(payout.amount, payout.currency);
    let reason = payout.reason.as_deref().unwrap_or("the bank gave no reason");
    let (id, account) = (payout.payout_id, &payout.account);
    match payout.status {
        PayoutStatus::Returned => (
            "Your payout came back",
            format!(
                "The bank of {account} sent your payout {id} of {amount} back: {reason}.\n\nThe money is yours and will be in the \
                 next payout. Please check your payout account.\n"
            ),
        ),
        PayoutStatus::Failed => (
            "Your payout failed",
            format!(
                "Your payout {id} of {amount} could not be sent to {account}: {reason}.\n\nThe money is yours and will be in the \
                 next payout. Please check your payout account.\n"
            ),
        ),
        _ => (
            "Your payout was sent",
            format!(
                "{amount} were paid to {account}. The bank calls it {}; the statement is GET /developers/payouts/{id}.\n",
                payout.bank_reference.as_deref().unwrap_or("by no reference that we know")
            ),
        ),
    }
}
