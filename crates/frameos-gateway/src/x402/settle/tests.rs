//! What each answer of a facilitator means, by what was sent before.

use frameos_domain::id::ExecutionId;
use serde_json::json;

use super::*;

const AT: i64 = 1_795_000_000_000_000;

fn row(sent: bool) -> X402Row {
    let at = Timestamp::from_micros(AT);
    X402Row {
        mandate_id: MandateId::generate(at),
        network: "eip155:84532".into(),
        payer: "0x1".into(),
        nonce: "0x2".into(),
        execution_id: ExecutionId::generate(at),
        fingerprint: String::new(),
        amount: "1".into(),
        asset: "0x3".into(),
        request: json!({}),
        valid_before: at.plus(Duration::from_secs(300)),
        status: X402Status::Settling,
        sent,
        attempts: 0,
        lease_until: None,
        transaction_hash: None,
        reason: None,
    }
}

fn refused(reason: &str) -> Settled {
    Settled::Refused { reason: reason.into() }
}

#[test]
fn a_first_answer_is_taken_at_its_word() {
    let now = Timestamp::from_micros(AT);
    let done = Settled::Done { transaction: Some("0xabc".into()) };
    assert_eq!(
        judge(&row(false), done, now),
        Verdict::Paid { proof: "facilitator", transaction: Some("0xabc".into()) }
    );
    for reason in ["insufficient_funds", "invalid_exact_evm_nonce_already_used", "authorization is used"] {
        let verdict = judge(&row(false), refused(reason), now);
        assert_eq!(verdict, Verdict::Refused { reason: reason.into() }, "nothing of ours used it up");
    }
    assert_eq!(judge(&row(false), Settled::Unknown, now), Verdict::Wait { sent: true });
    assert_eq!(judge(&row(false), Settled::NotAsked, now), Verdict::Wait { sent: false });
}

#[test]
fn the_chain_has_the_last_word() {
    let (row, at) = (row(true), Timestamp::from_micros(AT));
    let moved = Found::Moved { transaction: "0x1".into() };
    assert_eq!(judge_found(&row, moved), Verdict::Paid { proof: "chain", transaction: Some("0x1".into()) });
    assert!(matches!(judge_found(&row, Found::Lost), Verdict::Refused { .. }));
    assert_eq!(judge_found(&row, Found::Unused { at }), Verdict::Wait { sent: true }, "it may be on its way");
    let later = at.plus(Duration::from_secs(301));
    assert!(matches!(judge_found(&row, Found::Unused { at: later }), Verdict::Refused { .. }));
}

#[test]
fn after_a_lost_answer_only_a_used_nonce_or_a_success_ends_it() {
    let now = Timestamp::from_micros(AT);
    let paid = Verdict::Paid { proof: "nonce", transaction: None };
    for reason in ["invalid_exact_evm_nonce_already_used", "FiatTokenV2: authorization is used or canceled"] {
        assert_eq!(judge(&row(true), refused(reason), now), paid);
    }
    // The lost try may have taken the payer's last token.
    for reason in
        ["invalid_exact_evm_insufficient_balance", "invalid_exact_evm_payload_authorization_valid_before"]
    {
        assert_eq!(judge(&row(true), refused(reason), now), Verdict::Wait { sent: true });
    }
    assert_eq!(judge(&row(true), Settled::NotAsked, now), Verdict::Wait { sent: true }, "it stays sent");
    let much_later = now.plus(GIVE_UP_AFTER + Duration::from_secs(301));
    assert!(matches!(judge(&row(true), refused("expired"), much_later), Verdict::Refused { .. }));
    assert!(matches!(judge(&row(true), Settled::Unknown, much_later), Verdict::Refused { .. }));
    assert_eq!(judge(&row(true), refused("nonce_already_used"), much_later), paid);
}
