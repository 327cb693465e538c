//! `kill -9` of payment gateways, or of their database, amid issuing, executing, voiding and topping up: no money is lost, made or spent
//! twice, nobody spends more than they have or allow themselves, and what was answered stays.
//!
//! `FRAMEOS_TEST_SEED=N` chooses other moments, `FRAMEOS_TEST_INTERLEAVINGS=N` more purchases (a few hundred by default).

use std::time::Duration;

use frameos_app::HttpGateway;
use frameos_domain::{
    clock::Clock,
    id::{MandateId, PaymentId},
    mandate::MandateStatus,
    money::Currency,
    policy::Policy,
};
use frameos_gateway::{
    GatewayError, PaymentGateway,
    wire::{Execute, IntentNew, MandateNew, TopUpNew, TopUpStatus},
};
use frameos_store::clock::SystemClock;
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    faults::postgres::Postgres,
    program::{Frameos, finish},
    random::{Random, setting},
    server::Server,
};

const PAYERS: u64 = 3;
/// What each payer allows themselves: less than they are given, so that both limits are met.
const BUDGET: i64 = 500;
const TOP_UP: i64 = 400;
const AT_ONCE: u64 = 40;
const KEY: &str = "a-gateway-key-for-tests";
/// The kill comes within this time after the purchases have begun.
const LATEST_KILL_MS: u64 = 250;

#[test]
fn no_kill_makes_or_loses_money_on_sqlite() {
    eprintln!("{}", Storm::new(Victims::Gateways(None)).run());
}

#[test]
fn no_kill_makes_or_loses_money_with_two_gateways_on_postgres() {
    let postgres = Postgres::start();
    eprintln!("{}", Storm::new(Victims::Gateways(Some(Postgres::url_at(postgres.port)))).run());
}

#[test]
fn no_crash_of_the_database_takes_back_what_was_answered() {
    eprintln!("{}", Storm::new(Victims::Database(Postgres::start())).run());
}

/// What is killed: gateways, on SQLite or the PostgreSQL named, or the database of those that live on.
enum Victims {
    Gateways(Option<String>),
    Database(Postgres),
}

/// One purchase, as far as its buyer knows.
#[derive(Debug, Clone)]
struct Known {
    payer: String,
    amount: i64,
    key: String,
    take: i64,
    /// What was answered; none where the answer was lost.
    mandate: Option<MandateId>,
    paid: Option<(PaymentId, i64)>,
    voided: bool,
}

struct Storm {
    frameos: Frameos,
    database: Option<String>,
    /// The database, where that is the victim.
    postgres: Option<Postgres>,
    random: Random,
    runtime: Runtime,
    purchases: Vec<Known>,
    top_ups: Vec<(String, String)>,
}

impl Storm {
    fn new(victims: Victims) -> Self {
        let (database, postgres) = match victims {
            Victims::Gateways(database) => (database, None),
            Victims::Database(postgres) => (Some(Postgres::url_at(postgres.port)), Some(postgres)),
        };
        Self {
            frameos: Frameos::new(),
            database,
            postgres,
            random: Random::new(setting("FRAMEOS_TEST_SEED").unwrap_or(0x60D5)),
            runtime: Runtime::new().unwrap(),
            purchases: Vec::new(),
            top_ups: Vec::new(),
        }
    }

    fn start(&self, address: &str) -> Server {
        let mut more = vec![("FRAMEOS_GATEWAY__API_KEY", KEY)];
        more.extend(self.database.as_deref().map(|url| ("FRAMEOS_DATABASE__URL", url)));
        Server::gateway_at(&self.frameos, address, &more)
    }

    /// Returns what happened.
    fn run(mut self) -> String {
        let wanted: usize = setting("FRAMEOS_TEST_INTERLEAVINGS").unwrap_or(400);
        let count = if self.database.is_some() { 2 } else { 1 };
        let mut servers: Vec<Server> = (0..count).map(|_| self.start("127.0.0.1:0")).collect();
        let addresses: Vec<String> = servers.iter().map(|server| server.address().to_owned()).collect();
        let month = SystemClock.now().month();
        let first = gateway(&servers[0].url);
        for payer in 0..PAYERS {
            let policy = Policy { monthly_limit: Some(BUDGET), ..Policy::default() };
            self.runtime.block_on(first.policy_put(name(payer), policy)).unwrap();
        }
        let mut kills = 0;
        while self.purchases.len() < wanted {
            let urls: Vec<String> = servers.iter().map(|server| server.url.clone()).collect();
            let mut going = self.flood(&urls);
            let moment = Duration::from_millis(self.random.below(LATEST_KILL_MS));
            let victim = usize::try_from(self.random.below(servers.len() as u64)).unwrap();
            // The moment of the kill is what is random here.
            std::thread::sleep(moment);
            kills += 1;
            if let Some(postgres) = &mut self.postgres {
                postgres.crash();
                postgres.start_again();
            } else {
                servers.swap_remove(victim).kill();
                servers.push(self.start(&addresses[victim]));
                let last = servers.len() - 1;
                servers.swap(victim, last);
            }
            while let Some(known) = self.runtime.block_on(going.join_next()) {
                self.purchases.push(known.unwrap());
            }
            self.check(&servers[0].url, &month);
        }
        let answered = self.purchases.iter().filter(|known| known.paid.is_some()).count();
        let lost = self.purchases.iter().filter(|known| known.mandate.is_none()).count();
        let told = format!(
            "{} purchases, {answered} paid, {lost} refused or lost, {kills} kills",
            self.purchases.len()
        );
        assert!(answered > 0, "not one purchase was made");
        for server in servers {
            assert_eq!(server.stop().code(), Some(0));
        }
        let data = self.frameos.path("data");
        let args = ["ledger", "verify", "--data-dir", data.to_str().unwrap()];
        let mut command = self.frameos.command(args);
        if let Some(url) = &self.database {
            command.env("FRAMEOS_DATABASE__URL", url);
        }
        finish(command, "").expect(0);
        told
    }

    /// Begins purchases and top-ups, all at once.
    fn flood(&mut self, urls: &[String]) -> JoinSet<Known> {
        let mut going = JoinSet::new();
        for payer in 0..PAYERS {
            let top_up = (name(payer), format!("top-{}", self.random.next()));
            self.top_ups.push(top_up.clone());
            let gateway = gateway(self.random.pick::<String>(urls));
            self.runtime.spawn(async move { gateway.wallet_top_up(top_up.0, top_up_new(&top_up.1)).await });
        }
        for _ in 0..AT_ONCE {
            let amount = 1 + self.random.below(60).cast_signed();
            let known = Known {
                payer: name(self.random.below(PAYERS)),
                amount,
                key: format!("buy-{}", self.random.next()),
                take: self.random.below(amount.cast_unsigned() + 1).cast_signed(),
                mandate: None,
                paid: None,
                voided: false,
            };
            let (gateway, what) = (gateway(self.random.pick::<String>(urls)), self.random.below(4));
            going.spawn_on(buy(gateway, known, what), self.runtime.handle());
        }
        going
    }

    /// Whether what the gateway has agrees with itself and with everything that was ever answered.
    fn check(&self, url: &str, month: &str) {
        let gateway = gateway(url);
        for payer in 0..PAYERS {
            let payer = name(payer);
            let (mut funded, mut held, mut spent) = (0, 0, 0);
            for (_, key) in self.top_ups.iter().filter(|(owner, _)| *owner == payer) {
                // The same key again: whether the answer was lost or not, it is credited once.
                let again =
                    self.runtime.block_on(gateway.wallet_top_up(payer.clone(), top_up_new(key))).unwrap();
                assert_eq!(again.status, TopUpStatus::Settled);
                funded += again.amount;
            }
            for known in self.purchases.iter().filter(|known| known.payer == payer) {
                let (still, taken) = self.runtime.block_on(standing(&gateway, known));
                held += still;
                spent += taken;
            }
            let wallet = self.runtime.block_on(gateway.wallet_get(payer.clone())).unwrap();
            assert_eq!((wallet.available, wallet.held), (funded - held - spent, held), "of {payer}");
            if SystemClock.now().month() == month {
                assert!(held + spent <= BUDGET.min(funded), "{payer} overspent: {held} + {spent}");
            }
        }
    }
}

/// What a purchase holds and what it took, after checking that it is as it was answered.
async fn standing(gateway: &HttpGateway, known: &Known) -> (i64, i64) {
    let intent = gateway.intent_create(intent_new(known)).await.unwrap();
    let Some(id) = intent.mandate_id else {
        assert_eq!(known.mandate, None, "{known:?} was answered and is gone");
        return (0, 0);
    };
    let mandate = gateway.mandate_get(id).await.unwrap();
    assert_eq!((mandate.amount, known.mandate.unwrap_or(id)), (known.amount, id));
    if let Some((payment_id, amount)) = known.paid {
        let again = gateway.execute(execute_new(known, id)).await.unwrap();
        assert_eq!((again.payment_id, again.amount), (payment_id, amount), "one payment, the same answer");
    }
    match mandate.status {
        MandateStatus::Issued => {
            assert!(known.paid.is_none() && !known.voided, "{known:?}");
            (known.amount, 0)
        }
        MandateStatus::Executed => {
            assert!(!known.voided, "{known:?}");
            assert_eq!(mandate.captured_amount, Some(known.take));
            (0, known.take)
        }
        MandateStatus::Voided | MandateStatus::Expired => {
            assert_eq!(known.paid, None, "{known:?}");
            (0, 0)
        }
    }
}

/// Buys, then executes, voids, does both at once, or leaves it there.
async fn buy(gateway: HttpGateway, mut known: Known, what: u64) -> Known {
    let Ok(intent) = gateway.intent_create(intent_new(&known)).await else { return known };
    let new = MandateNew { intent_id: intent.intent_id, ttl_seconds: Some(3_600) };
    let mandate = match gateway.mandate_issue(new).await {
        Ok(mandate) => mandate.mandate_id,
        Err(error) => {
            let expected = matches!(
                error,
                GatewayError::Unavailable { .. }
                    | GatewayError::InsufficientFunds { .. }
                    | GatewayError::PolicyRefused { .. }
            );
            assert!(expected, "{error:?}");
            return known;
        }
    };
    known.mandate = Some(mandate);
    let call = execute_new(&known, mandate);
    let (paid, voided) = match what {
        0 => (Some(gateway.execute(call).await), None),
        1 => (None, Some(gateway.mandate_void(mandate, "changed my mind".into()).await)),
        2 => {
            let both = tokio::join!(gateway.execute(call), gateway.mandate_void(mandate, String::new()));
            (Some(both.0), Some(both.1))
        }
        _ => (None, None),
    };
    known.paid = paid.and_then(Result::ok).map(|paid| (paid.payment_id, paid.amount));
    known.voided = voided.is_some_and(|voided| voided.is_ok());
    known
}

fn gateway(url: &str) -> HttpGateway {
    HttpGateway::new(url, KEY.to_owned().into()).unwrap()
}

fn name(payer: u64) -> String {
    format!("agt_user_{payer}")
}

fn top_up_new(key: &str) -> TopUpNew {
    TopUpNew::new(TOP_UP, Currency::INR, Some(key.to_owned()))
}

fn intent_new(known: &Known) -> IntentNew {
    IntentNew {
        agent_id: known.payer.clone(),
        vendor: "frameos_marketplace".into(),
        amount: known.amount,
        currency: Currency::INR,
        description: "one run".into(),
        metadata: serde_json::Map::new(),
        idempotency_key: Some(known.key.clone()),
    }
}

fn execute_new(known: &Known, mandate_id: MandateId) -> Execute {
    Execute { mandate_id, amount: Some(known.take), idempotency_key: Some(known.key.clone()) }
}
