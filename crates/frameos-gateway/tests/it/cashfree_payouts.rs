//! Cashfree Payouts over the wire, against a double that speaks as its documentation says.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use frameos_domain::{
    money::Currency,
    payout::{PayoutAccount, PayoutStatus},
};
use frameos_gateway::{
    CashfreePayouts,
    wire::{Payout, PayoutNew},
};
use frameos_store::testing::{TestDb, TestEngine};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    harness::Bench,
    refunds::{balance, pay},
};

/// What the double does with the next transfer.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// Takes it, and says so.
    Take,
    /// Takes it and closes the connection.
    TakeAndDrop,
    /// Says that something is wrong on its side, having taken it.
    TakeAndFail,
    Status(u16, &'static str),
}

#[derive(Default)]
struct Double {
    answers: Mutex<VecDeque<Answer>>,
    /// By transfer id: the request, and its state now.
    transfers: Mutex<BTreeMap<String, (Value, &'static str)>>,
    requests: Mutex<Vec<String>>,
}

impl Double {
    async fn start(answers: &[Answer]) -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/payout", listener.local_addr().unwrap());
        let double =
            Arc::new(Self { answers: Mutex::new(answers.iter().copied().collect()), ..Self::default() });
        let served = Arc::clone(&double);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&served).serve(stream));
            }
        });
        (double, address)
    }

    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let (mut read, mut chunk) = (Vec::new(), [0; 4096]);
        let (head, body) = loop {
            let count = stream.read(&mut chunk).await.unwrap_or(0);
            if count == 0 {
                return;
            }
            read.extend_from_slice(&chunk[..count]);
            let text = String::from_utf8_lossy(&read).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length:")
                    .map(|length| length.trim().parse::<usize>())
            });
            if body.len() >= length.map_or(0, Result::unwrap) {
                break (head.to_owned(), body.to_owned());
            }
        };
        if let Some((status, body)) = self.answer(&head, &body) {
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    }

    fn answer(&self, head: &str, body: &str) -> Option<(u16, String)> {
        let line = head.lines().next().unwrap_or_default().to_owned();
        self.requests.lock().unwrap().push(line.clone());
        let header = |name: &str| head.lines().any(|line| line.to_lowercase() == name);
        if !header("x-client-id: id")
            || !header("x-client-secret: cashfree secret")
            || !header("x-api-version: 2024-01-01")
        {
            return Some((
                403,
                json!({"type": "authentication_error", "code": "forbidden", "message": "who?"}).to_string(),
            ));
        }
        if let Some(id) = line.strip_prefix("GET /payout/transfers?transfer_id=") {
            let id = id.split(' ').next().unwrap_or_default();
            return Some(match self.transfers.lock().unwrap().get(id) {
                Some((request, status)) => (200, told(request, status)),
                None => (404, json!({"type": "invalid_request_error", "code": "transfer_id_not_found", "message": "none"}).to_string()),
            });
        }
        assert!(line.starts_with("POST /payout/transfers "), "{line}");
        let request: Value = serde_json::from_str(body).unwrap();
        let id = request["transfer_id"].as_str().unwrap().to_owned();
        if self.transfers.lock().unwrap().contains_key(&id) {
            return Some((409, json!({"type": "invalid_request_error", "code": "transfer_id_already_exists", "message": "twice"}).to_string()));
        }
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Answer::Take);
        if matches!(answer, Answer::Take | Answer::TakeAndDrop | Answer::TakeAndFail) {
            self.transfers.lock().unwrap().insert(id, (request.clone(), "RECEIVED"));
        }
        match answer {
            Answer::Take => Some((200, told(&request, "RECEIVED"))),
            Answer::TakeAndDrop => None,
            Answer::TakeAndFail => Some((500, "<html>oops</html>".to_owned())),
            Answer::Status(status, code) => {
                Some((status, json!({"type": "error", "code": code, "message": "as told"}).to_string()))
            }
        }
    }

    /// All transfers that were taken are in this state from now on.
    fn set(&self, status: &'static str) {
        self.transfers.lock().unwrap().values_mut().for_each(|(_, state)| *state = status);
    }

    fn posts(&self) -> usize {
        self.requests.lock().unwrap().iter().filter(|line| line.starts_with("POST")).count()
    }
}

fn told(request: &Value, status: &str) -> String {
    json!({
        "transfer_id": request["transfer_id"],
        "cf_transfer_id": "123456",
        "status": status,
        "status_code": status,
        "status_description": "as documented",
        "beneficiary_details": request["beneficiary_details"],
        "transfer_amount": request["transfer_amount"],
        "transfer_mode": "BANK",
        "transfer_utr": if status == "SUCCESS" { json!("N351200478962883") } else { json!(null) },
        "added_on": "2026-11-24T13:39:25Z",
    })
    .to_string()
}

struct Scene {
    bench: Bench,
    double: Arc<Double>,
    payout: Payout,
    _db: TestDb,
}

impl Scene {
    async fn start(answers: &[Answer]) -> Self {
        let db = TestDb::open(TestEngine::Sqlite).await;
        let (double, address) = Double::start(answers).await;
        let provider =
            CashfreePayouts::new(&address, "id".into(), "cashfree secret".to_owned().into()).unwrap();
        assert!(!format!("{provider:?}").contains("secret"));
        let bench = Bench::new(&db.store);
        let gateway = bench.gateway.clone().with_payouts(Arc::new(provider));
        let bench = Bench { gateway, ..bench };
        pay(&bench, "dev_a", 100_007, None).await;
        let (account_number, ifsc) = ("026291800001191".to_owned(), "YESB0000262".to_owned());
        let new = PayoutNew {
            payee: "dev_a".into(),
            currency: Currency::INR,
            period: "2026-11-16".into(),
            round: 1,
            minimum: 1,
            account: PayoutAccount::Bank { name: "Asha Rao".into(), account_number, ifsc },
        };
        let payout = bench.gateway.payout_create(new).await.unwrap().payout.unwrap();
        Self { bench, double, payout, _db: db }
    }

    async fn advance(&self) -> Payout {
        self.bench.gateway.payout_advance(self.payout.payout_id).await.unwrap()
    }

    async fn end(&self, status: PayoutStatus) {
        assert_eq!(self.advance().await.status, status);
        let payable = balance(&self.bench, "dev_a").await.payable;
        assert_eq!(payable, if status.is_undone() { 70_004 } else { 0 });
        self.bench.assert_whole().await;
    }
}

#[tokio::test]
async fn a_transfer_is_taken_and_paid_later() {
    let scene = Scene::start(&[]).await;
    let sent = scene.advance().await;
    assert_eq!((sent.status, sent.provider_reference.as_deref()), (PayoutStatus::Sent, Some("123456")));
    let (request, _) = scene.double.transfers.lock().unwrap()[&scene.payout.payout_id.to_string()].clone();
    assert_eq!(request["transfer_amount"].to_string(), "700.04");
    let instrument = &request["beneficiary_details"]["beneficiary_instrument_details"];
    assert_eq!(*instrument, json!({"bank_account_number": "026291800001191", "bank_ifsc": "YESB0000262"}));
    scene.double.set("PENDING");
    assert_eq!(scene.advance().await.status, PayoutStatus::Sent);
    scene.double.set("SUCCESS");
    assert_eq!(scene.advance().await.bank_reference.as_deref(), Some("N351200478962883"));
    // A status that comes again, late or out of order changes nothing but by the bank's taking it back.
    scene.double.set("PENDING");
    assert_eq!(scene.advance().await.status, PayoutStatus::Paid);
    scene.double.set("REVERSED");
    scene.end(PayoutStatus::Returned).await;
    scene.double.set("SUCCESS");
    scene.end(PayoutStatus::Returned).await;
    assert_eq!(scene.double.posts(), 1);
}

#[tokio::test]
async fn answers_that_tell_nothing_are_looked_up() {
    for answer in [Answer::TakeAndDrop, Answer::TakeAndFail] {
        let scene = Scene::start(&[answer]).await;
        assert_eq!(scene.advance().await.status, PayoutStatus::Sent, "{answer:?}");
        scene.double.set("SUCCESS");
        scene.end(PayoutStatus::Paid).await;
        assert_eq!(scene.double.posts(), 1, "{answer:?}");
    }
    for (status, code) in
        [(403, "ip_not_whitelisted"), (429, "rate_limit"), (503, "unavailable"), (409, "odd")]
    {
        let scene = Scene::start(&[Answer::Status(status, code)]).await;
        assert_eq!(scene.advance().await.status, PayoutStatus::Sent, "{code}");
        // Cashfree has not heard of it: asked again under the same id.
        assert_eq!(scene.advance().await.status, PayoutStatus::Sent, "{code}");
        scene.double.set("SUCCESS");
        scene.end(PayoutStatus::Paid).await;
        assert_eq!(scene.double.transfers.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn refused_failed_and_rejected_transfers_are_payable_again() {
    let scene = Scene::start(&[Answer::Status(400, "bank_ifsc_invalid")]).await;
    assert!(scene.advance().await.reason.is_some_and(|reason| reason.contains("bank_ifsc_invalid")));
    scene.end(PayoutStatus::Failed).await;
    let scene = Scene::start(&[Answer::Status(422, "no_account_026291800001191")]).await;
    let reason = scene.advance().await.reason.unwrap();
    assert!(reason.contains("no_account_***") && !reason.contains("0262918"), "{reason}");
    for status in ["FAILED", "REJECTED", "MANUALLY_REJECTED"] {
        let scene = Scene::start(&[]).await;
        scene.advance().await;
        scene.double.set(status);
        scene.end(PayoutStatus::Failed).await;
        scene.end(PayoutStatus::Failed).await;
    }
}

#[tokio::test]
async fn an_answer_for_another_amount_or_of_unknown_meaning_is_none() {
    let scene = Scene::start(&[]).await;
    scene.advance().await;
    scene.double.set("LOST_IN_SPACE");
    assert_eq!(scene.advance().await.status, PayoutStatus::Sent);
    scene.double.set("SUCCESS");
    scene.double.transfers.lock().unwrap().values_mut().for_each(|(request, _)| {
        request["transfer_amount"] = json!(1);
    });
    assert_eq!(scene.advance().await.status, PayoutStatus::Sent);
    scene.bench.clock.advance(Duration::from_secs(1));
    scene.bench.assert_whole().await;
}
