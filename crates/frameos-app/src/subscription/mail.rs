//! What subscribers are told by mail.
//!
//! Invariant: a message is enqueued in the transaction that it tells of, and handed over at least once.

use frameos_domain::{clock::Timestamp, id::SubscriptionId, money::Money};
use frameos_store::{
    status::NotificationKind,
    subscription::{Subscription, subscription_get_unscoped},
    user::user_get,
};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    error::Result,
    jobs::{Job, Next},
    mail::{Mail, mail_deliver},
};

/// Tells a subscriber something.
#[derive(Serialize, Deserialize)]
pub(crate) struct SubscriptionMail {
    pub(crate) id: SubscriptionId,
    pub(crate) news: News,
}

/// What there is to tell.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum News {
    /// Months that begin at `from` or later cost something else; without a price there are none.
    Terms {
        price: Option<i64>,
        from: Timestamp,
    },
    /// A month could not be paid for.
    Refused {
        reason: String,
        next_try: Timestamp,
    },
    Ended {
        reason: String,
    },
}

impl Job for SubscriptionMail {
    const NAME: &'static str = "subscription_mail";

    async fn run(self, app: &App) -> Result<Next> {
        let id = self.id;
        let found = app.store().read(move |tx| {
            Box::pin(async move {
                let Some(found) = subscription_get_unscoped(tx, id).await? else { return Ok(None) };
                let user = user_get(tx, found.user_id).await?;
                Ok(user.map(|user| (found, user.email)))
            })
        });
        let Some((found, to)) = found.await? else { return Ok(Next::Done) };
        let (subject, text) = text(&found, &self.news);
        mail_deliver(app, Mail { to, subject, text }, app.now()).await
    }
}

/// The same in the product, where what is to be done is at hand.
pub(super) fn in_short(agent_name: &str, news: &News) -> (NotificationKind, (String, String)) {
    match news {
        News::Refused { reason, next_try } => (
            NotificationKind::SubscriptionUnpaid,
            (
                format!("Your subscription to {agent_name} could not be renewed"),
                format!("{reason}. We try again on {}.", next_try.day()),
            ),
        ),
        News::Ended { .. } | News::Terms { .. } => (
            NotificationKind::SubscriptionEnded,
            (format!("Your subscription to {agent_name} has ended"), ended_because(news).to_owned()),
        ),
    }
}

fn ended_because(news: &News) -> &'static str {
    match news {
        News::Ended { reason } if reason == "not_paid" => "its month could not be paid",
        News::Ended { reason } if reason == "not_offered" => {
            "the agent is not offered as a subscription any more"
        }
        _ => "you cancelled it",
    }
}

fn text(found: &Subscription, news: &News) -> (String, String) {
    let (name, id) = (&found.agent_name, found.id);
    match news {
        News::Terms { price: Some(price), from } => {
            let price = Money::new(*price, found.price.currency);
            let text = format!(
                "The price of your subscription to {name} changes from {} to {price} a month, for months that begin \
                 on {} or later. Your month ends on {}. If you do not agree, cancel before: POST \
                 /subscriptions/{id}/cancel.",
                found.price,
                from.day(),
                found.period_end.day()
            );
            (format!("{name} will cost {price} a month"), text)
        }
        News::Terms { price: None, from } => {
            let text = format!(
                "{name} is not offered as a subscription any more. Months that begin before {} go on as before; then \
                 your subscription ends.",
                from.day()
            );
            (format!("Your subscription to {name} will end"), text)
        }
        News::Refused { reason, next_try } => {
            let text = format!(
                "The month from {} of your subscription to {name}, {}, could not be paid: {reason}.\n\nWe try again on \
                 {}. To go on before that, put it right and POST /subscriptions/{id}/pay.",
                found.period_start.day(),
                found.price,
                next_try.day()
            );
            (format!("Your subscription to {name} could not be renewed"), text)
        }
        News::Ended { .. } => {
            let why = ended_because(news);
            let text = format!("Your subscription to {name} has ended, because {why}.");
            (format!("Your subscription to {name} has ended"), text)
        }
    }
}
