//! A gateway on a throw-away database, with a clock that tests set by hand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use frameos_domain::{
    clock::{Clock, Timestamp},
    es256::Es256Key,
    money::Currency,
    signing::SigningKey,
};
use frameos_gateway::{
    Gateway, GatewayError, GatewayKeys,
    wire::{Execute, IntentNew, MandateNew, MandateState, TopUpNew},
};
use frameos_store::Store;

/// 2026-11-18T11:06:40Z, a Wednesday in the middle of a month.
const START: i64 = 1_795_000_000_000_000;

pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct Bench {
    pub(crate) gateway: Gateway,
    pub(crate) clock: Arc<ManualClock>,
}

impl Bench {
    pub(crate) fn new(store: &Store) -> Self {
        let clock = Arc::new(ManualClock(AtomicI64::new(START)));
        let gateway = Gateway::new(store.clone(), Arc::<ManualClock>::clone(&clock), keys())
            .with_es256(Es256Key::from_scalar(&[3; 32]).unwrap());
        Self { gateway, clock }
    }

    pub(crate) fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) async fn fund(&self, owner: &str, amount: i64) {
        let top_up = TopUpNew::new(amount, Currency::INR, None);
        self.gateway.wallet_top_up(owner.to_owned(), top_up).await.unwrap();
    }

    pub(crate) async fn intend(&self, owner: &str, amount: i64) -> MandateNew {
        let intent = self.gateway.intent_create(intent(owner, amount)).await.unwrap();
        MandateNew { intent_id: intent.intent_id, ttl_seconds: Some(600) }
    }

    pub(crate) async fn issue(&self, owner: &str, amount: i64) -> Result<MandateState, GatewayError> {
        let new = self.intend(owner, amount).await;
        self.gateway.mandate_issue(new).await
    }

    /// `(available, held)` of the owner.
    pub(crate) async fn balances(&self, owner: &str) -> (i64, i64) {
        let wallet = self.gateway.wallet_get(owner.to_owned()).await.unwrap();
        (wallet.available, wallet.held)
    }

    pub(crate) async fn assert_whole(&self) {
        let report = self.gateway.ledger_verify().await.unwrap();
        assert_eq!(report.first_bad, None);
        assert!(report.chain_whole && report.balanced && report.receipts_whole);
        assert!(report.wallets_agree && report.mandates_agree && report.payouts_agree);
    }
}

pub(crate) fn keys() -> GatewayKeys {
    let key = SigningKey::from_seed(&[9; 32]).unwrap();
    GatewayKeys::new(key)
}

pub(crate) fn intent(owner: &str, amount: i64) -> IntentNew {
    IntentNew {
        agent_id: owner.to_owned(),
        vendor: "frameos_marketplace".to_owned(),
        amount,
        currency: Currency::INR,
        description: "one run".to_owned(),
        metadata: serde_json::Map::new(),
        idempotency_key: None,
    }
}

pub(crate) fn execute(mandate: &MandateState) -> Execute {
    Execute { mandate_id: mandate.mandate_id, amount: None, idempotency_key: None }
}
