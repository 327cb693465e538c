//! Payments that come with a request: settled once over any interleaving, released when not needed, and part of the audit.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use frameos_domain::{
    clock::Timestamp,
    id::{ExecutionId, MandateId},
    money::{Currency, Money},
};
use frameos_gateway::{
    Gateway, GatewayError,
    wire::{Execute, Execution, TopUpNew},
    x402::{Payment, ProtocolVersion, Resource, X402Config, payer_name, reservation_place},
};
use frameos_store::{
    Store,
    gateway::x402::x402_get_by_mandate_unscoped,
    testing::{TestDb, TestEngine},
};
use serde_json::{Value, json};

use crate::harness::{Bench, intent};

frameos_store::on_both_engines!(
    any_number_of_captures_settle_once,
    an_answer_that_is_lost_is_found_out,
    the_chain_is_asked_where_it_can_be,
    a_capture_that_dies_is_taken_up,
    what_is_not_needed_is_released,
    a_refusal_closes_the_mandate,
    one_proof_is_one_reservation,
    names_of_payers_are_not_to_be_had,
    the_audit_sees_what_was_altered,
);

const PAYER: &str = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";

/// How the facilitator settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Honest,
    /// The money moves and no answer comes.
    Silent,
    /// Nothing moves and no answer comes.
    Lost,
    Broke,
}

#[derive(Default)]
struct Seen {
    mode: Option<Mode>,
    settles: usize,
    /// Whether the one authorisation there is was used.
    moved: bool,
    /// The chain's clock, in seconds.
    time: u64,
    /// Kept open, unanswered.
    silent: Vec<TcpStream>,
}

/// A gateway that takes x402, and its facilitator.
struct Till {
    bench: Bench,
    seen: Arc<Mutex<Seen>>,
}

impl Till {
    fn open(store: &Store, mode: Mode) -> Self {
        Self::open_at(store, mode, false)
    }

    /// With a node of the chain to look at, or without.
    fn open_at(store: &Store, mode: Mode, looks: bool) -> Self {
        let seen = Arc::new(Mutex::new(Seen { mode: Some(mode), ..Seen::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let held = Arc::clone(&seen);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (connection, held) = (connection.unwrap(), Arc::clone(&held));
                std::thread::spawn(move || serve(connection, &held));
            }
        });
        let mut bench = Bench::new(store);
        let rpc_url = Some(format!("{url}/rpc").into()).filter(|_| looks);
        bench.gateway = bench.gateway.with_x402(X402Config { rpc_url, ..config(url) }).unwrap();
        Self { bench, seen }
    }

    fn gateway(&self) -> &Gateway {
        &self.bench.gateway
    }

    fn mode(&self, mode: Mode) {
        self.seen.lock().unwrap().mode = Some(mode);
    }

    fn settles(&self) -> (usize, bool) {
        let seen = self.seen.lock().unwrap();
        (seen.settles, seen.moved)
    }

    /// Reserves the committed payment for a run; the mandate, or that it was used before.
    async fn reserve(&self, store: &Store) -> Option<MandateId> {
        let x402 = self.gateway().x402().unwrap();
        let resource = Resource { url: String::new(), description: String::new(), mime_type: String::new() };
        let terms = x402.terms(Money::new(50, Currency::INR), 20_000, resource).unwrap();
        let payment = payment();
        payment.check(&terms, Timestamp::from_micros(1_795_000_000_000_000)).unwrap();
        let execution = ExecutionId::generate(Timestamp::from_micros(1_795_000_000_000_000));
        let intent = intent("whoever", 50);
        let sale = self
            .gateway()
            .sale_prepare(intent, (&payment, &terms), (execution, "fingerprint".into()))
            .unwrap();
        let id = sale.purchase.mandate_id();
        let placed = store.tx(move |tx| {
            Box::pin(async move {
                frameos_gateway::purchase_place(tx, sale.purchase).await?.unwrap();
                let placed = reservation_place(tx, sale.reservation).await?;
                if !placed {
                    tx.set_rollback();
                }
                Ok(placed)
            })
        });
        placed.await.unwrap().then_some(id)
    }

    async fn execution(&self, store: &Store, id: MandateId) -> ExecutionId {
        let row = store.read(move |tx| Box::pin(async move { x402_get_by_mandate_unscoped(tx, id).await }));
        row.await.unwrap().unwrap().execution_id
    }

    async fn capture(&self, id: MandateId) -> Result<Execution, GatewayError> {
        self.gateway()
            .execute(Execute { mandate_id: id, amount: None, idempotency_key: Some("run".into()) })
            .await
    }
}

fn config(facilitator_url: String) -> X402Config {
    X402Config {
        facilitator_url,
        facilitator_token: None,
        network: "eip155:84532".into(),
        asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e".into(),
        asset_name: "USDC".into(),
        asset_version: "2".into(),
        pay_to: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C".into(),
        rates: vec!["INR=117.95".parse().unwrap()],
        answer_timeout: Duration::from_secs(1),
        payer_runs: 5,
        rpc_url: None,
    }
}

fn payment() -> Payment {
    let vectors: Value = serde_json::from_str(include_str!("../x402/vectors.json")).unwrap();
    Payment::read(ProtocolVersion::Two, vectors["v2"].as_str().unwrap().as_bytes()).unwrap()
}

fn serve(mut connection: TcpStream, seen: &Mutex<Seen>) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    loop {
        let lines: Vec<String> =
            reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let Some(first) = lines.first() else { return };
        let length = lines.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap()];
        reader.read_exact(&mut body).unwrap();
        let said = if first.contains("/rpc") {
            node(&seen.lock().unwrap(), &serde_json::from_slice(&body).unwrap())
        } else {
            let mut seen = seen.lock().unwrap();
            seen.settles += 1;
            let refused = |reason: &str| json!({"success": false, "errorReason": reason, "transaction": ""});
            match seen.mode.unwrap() {
                _ if seen.moved => refused("invalid_exact_evm_nonce_already_used"),
                Mode::Broke => refused("invalid_exact_evm_insufficient_balance"),
                Mode::Honest => {
                    seen.moved = true;
                    json!({"success": true, "transaction": "0xabc", "network": "eip155:84532"})
                }
                Mode::Silent | Mode::Lost => {
                    seen.moved = seen.mode == Some(Mode::Silent);
                    seen.silent.push(connection.try_clone().unwrap());
                    return;
                }
            }
        };
        let body = said.to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        write!(connection, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    }
}

/// The chain's answers, as a node words them.
fn node(seen: &Seen, request: &Value) -> Value {
    let word = |hex: &str| format!("0x{hex:0>64}");
    let asset = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
    let result = match request["method"].as_str().unwrap() {
        "eth_getBlockByNumber" => json!({"number": "0x20000", "timestamp": format!("{:#x}", seen.time)}),
        "eth_call" => {
            assert!(request["params"][0]["data"].as_str().unwrap().starts_with("0xe94a0102"), "{request}");
            json!(word(if seen.moved { "1" } else { "0" }))
        }
        "eth_getLogs" => {
            assert_eq!(request["params"][0]["topics"][1], word(&PAYER[2..]));
            let topic = &request["params"][0]["topics"][0][usize::from(seen.mode == Some(Mode::Broke))];
            json!([{"topics": [topic], "transactionHash": "0xfeed"}])
        }
        _ => json!({"logs": [{
            "address": asset,
            "topics": [
                "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
                word(&PAYER[2..]),
                word("209693bc6afc0c5328ba36faf03c514ef312287c"),
            ],
            "data": word("170a"),
        }]}),
    };
    json!({"jsonrpc": "2.0", "id": 1, "result": result})
}

async fn any_number_of_captures_settle_once(db: TestDb) {
    let till = Till::open(&db.store, Mode::Honest);
    let id = till.reserve(&db.store).await.unwrap();
    till.bench.assert_whole().await;
    let answers = futures::future::join_all((0..12).map(|_| till.capture(id))).await;
    for answer in answers {
        // Whoever finds another at it hears that it is not known yet.
        assert!(matches!(answer, Ok(_) | Err(GatewayError::Unavailable { .. })), "{answer:?}");
    }
    let paid = till.capture(id).await.unwrap();
    assert_eq!(
        (paid.amount, paid.split.developer, paid.split.platform + paid.split.orchestrator),
        (50, 35, 15)
    );
    assert_eq!(till.settles(), (1, true));
    till.bench.assert_whole().await;
    let report = till.gateway().ledger_verify().await.unwrap();
    assert_eq!((report.payments, report.transactions, report.wallets), (1, 1, 0));
}

async fn an_answer_that_is_lost_is_found_out(db: TestDb) {
    let till = Till::open(&db.store, Mode::Silent);
    let id = till.reserve(&db.store).await.unwrap();
    assert_eq!(till.capture(id).await.unwrap_err().code(), "UNAVAILABLE");
    // It may have been paid, so it can neither be given back nor forgotten.
    let kept = till.gateway().mandate_void(id, "no".into()).await.unwrap_err();
    assert_eq!(kept.code(), "SETTLEMENT_PENDING");
    till.bench.clock.advance(Duration::from_secs(3_600));
    assert_eq!(till.gateway().mandates_expire(till.bench.clock_now()).await.unwrap(), 0);
    till.bench.assert_whole().await;
    let paid = till.capture(id).await.unwrap();
    assert_eq!((paid.amount, till.settles()), (50, (2, true)));
    assert_eq!(till.capture(id).await.unwrap().payment_id, paid.payment_id);
    assert_eq!(till.settles().0, 2, "what is known is not asked");
    till.bench.assert_whole().await;
}

async fn the_chain_is_asked_where_it_can_be(db: TestDb) {
    let till = Till::open_at(&db.store, Mode::Silent, true);
    let id = till.reserve(&db.store).await.unwrap();
    till.capture(id).await.unwrap_err();
    assert_eq!(till.capture(id).await.unwrap().amount, 50);
    let execution = till.execution(&db.store, id).await;
    let (_, settled) = till.gateway().x402_settlement(execution).await.unwrap().unwrap();
    assert_eq!((settled.success, settled.transaction.as_str()), (true, "0xfeed"));
    till.bench.assert_whole().await;

    // Used up by a cancellation: no facilitator tells that from a payment.
    let cancelled = TestDb::open(TestEngine::Sqlite).await;
    let till = Till::open_at(&cancelled.store, Mode::Silent, true);
    let id = till.reserve(&cancelled.store).await.unwrap();
    till.capture(id).await.unwrap_err();
    till.mode(Mode::Broke);
    assert_eq!(till.capture(id).await.unwrap_err().code(), "PROVIDER_REFUSED");
    till.bench.assert_whole().await;

    // Never used: waited for until its time is over on the chain.
    let unused = TestDb::open(TestEngine::Sqlite).await;
    let till = Till::open_at(&unused.store, Mode::Lost, true);
    let id = till.reserve(&unused.store).await.unwrap();
    till.capture(id).await.unwrap_err();
    till.mode(Mode::Broke);
    assert_eq!(till.capture(id).await.unwrap_err().code(), "UNAVAILABLE");
    till.seen.lock().unwrap().time = 1_795_000_201;
    assert_eq!(till.capture(id).await.unwrap_err().code(), "PROVIDER_REFUSED");
    till.bench.assert_whole().await;
}

async fn a_capture_that_dies_is_taken_up(db: TestDb) {
    let till = Till::open(&db.store, Mode::Silent);
    let id = till.reserve(&db.store).await.unwrap();
    let gateway = till.gateway().clone();
    let dying = tokio::spawn(async move {
        gateway.execute(Execute { mandate_id: id, amount: None, idempotency_key: None }).await
    });
    while till.settles().0 == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    dying.abort();
    assert!(dying.await.is_err());
    assert_eq!(till.capture(id).await.unwrap_err().code(), "UNAVAILABLE", "the dead one may still be at it");
    assert_eq!(till.settles().0, 1);
    till.bench.clock.advance(Duration::from_secs(10));
    assert_eq!(till.capture(id).await.unwrap().amount, 50);
    till.bench.assert_whole().await;
}

async fn what_is_not_needed_is_released(db: TestDb) {
    let till = Till::open(&db.store, Mode::Honest);
    let id = till.reserve(&db.store).await.unwrap();
    till.gateway().mandate_void(id, "the run failed".into()).await.unwrap();
    till.gateway().mandate_void(id, "again".into()).await.unwrap();
    assert_eq!(till.capture(id).await.unwrap_err().code(), "MANDATE_VOIDED");
    assert_eq!(till.settles(), (0, false));
    till.bench.assert_whole().await;
}

async fn a_refusal_closes_the_mandate(db: TestDb) {
    let till = Till::open(&db.store, Mode::Broke);
    let id = till.reserve(&db.store).await.unwrap();
    let refused = till.capture(id).await.unwrap_err();
    assert!(
        matches!(&refused, GatewayError::ProviderRefused { reason, .. } if reason.contains("balance")),
        "{refused}"
    );
    till.mode(Mode::Honest);
    assert_eq!(till.capture(id).await.unwrap_err().code(), "MANDATE_VOIDED");
    assert_eq!(till.settles(), (1, false), "not asked again");
    assert_eq!(till.gateway().x402_refusals(&payment()).await.unwrap(), 1);
    till.bench.assert_whole().await;
    // Too late to be settled: nothing is sent.
    let late = TestDb::open(TestEngine::Sqlite).await;
    let till = Till::open(&late.store, Mode::Honest);
    let id = till.reserve(&late.store).await.unwrap();
    till.bench.clock.advance(Duration::from_secs(300));
    assert_eq!(till.capture(id).await.unwrap_err().code(), "PROVIDER_REFUSED");
    assert_eq!(till.settles(), (0, false));
    assert_eq!(
        till.gateway().x402_refusals(&payment()).await.unwrap(),
        0,
        "our delay, not the payer's doing"
    );
    till.bench.assert_whole().await;
}

async fn one_proof_is_one_reservation(db: TestDb) {
    let till = Till::open(&db.store, Mode::Honest);
    assert!(till.gateway().x402_reserved(&payment()).await.unwrap().is_none());
    let both = futures::future::join_all([till.reserve(&db.store), till.reserve(&db.store)]).await;
    assert_eq!(both.iter().flatten().count(), 1, "{both:?}");
    let reserved = till.gateway().x402_reserved(&payment()).await.unwrap().unwrap();
    assert_eq!((reserved.fingerprint.as_str(), reserved.is_public), ("fingerprint", false));
    till.bench.assert_whole().await;
}

async fn names_of_payers_are_not_to_be_had(db: TestDb) {
    let till = Till::open(&db.store, Mode::Honest);
    let name = payer_name("eip155:84532", PAYER);
    let refused = till.gateway().intent_create(intent(&name, 5)).await.unwrap_err();
    assert_eq!(refused.code(), "INVALID_REQUEST");
    let refused =
        till.gateway().purchase_prepare(intent(&name, 5), Duration::from_secs(60)).map(drop).unwrap_err();
    assert_eq!(refused.code(), "INVALID_REQUEST");
    let top_up = TopUpNew::new(5, Currency::INR, None);
    assert_eq!(till.gateway().wallet_top_up(name, top_up).await.unwrap_err().code(), "INVALID_REQUEST");
}

async fn the_audit_sees_what_was_altered(db: TestDb) {
    let till = Till::open(&db.store, Mode::Honest);
    let id = till.reserve(&db.store).await.unwrap();
    for (sql, undo) in [
        ("UPDATE x402_payments SET status = 'released'", "UPDATE x402_payments SET status = 'reserved'"),
        (
            "UPDATE x402_payments SET status = 'settled', proof = 'facilitator'",
            "UPDATE x402_payments SET status = 'reserved', proof = NULL",
        ),
        ("UPDATE mandates SET status = 'executed'", "UPDATE mandates SET status = 'issued'"),
        ("UPDATE mandates SET agent_id = 'u1'", "UPDATE mandates SET agent_id = 'x402:eip155:84532:0x1'"),
    ] {
        alter(&db.store, sql).await;
        let report = till.gateway().ledger_verify().await.unwrap();
        let bad = report.first_bad.unwrap_or_else(|| panic!("{sql} was not seen"));
        assert_eq!(bad.entry, id.to_string(), "{sql}: {bad:?}");
        alter(&db.store, undo).await;
        till.bench.assert_whole().await;
    }
    alter(&db.store, "DELETE FROM x402_payments").await;
    assert!(!till.gateway().ledger_verify().await.unwrap().is_whole());
}

async fn alter(store: &Store, sql: &'static str) {
    store.tx(move |tx| Box::pin(async move { tx.execute(sql, &[]).await })).await.unwrap();
}
