//! What follows from a try: the schedule, and when it ends.

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

fn tally(http_status: Option<u16>, error: Option<DeliveryError>, asked: Option<u64>) -> Tally {
    let attempt = Attempt { at: NOW, duration_ms: 1, http_status, error };
    Tally { attempt, asked: asked.map(Duration::from_secs) }
}

fn status_500() -> Tally {
    tally(Some(500), Some(DeliveryError::HttpStatus), None)
}

fn pause(tried: &Tried) -> Duration {
    assert_eq!(tried.status, DeliveryStatus::Pending);
    until(tried.next_at.unwrap(), NOW).unwrap()
}

#[test]
fn eight_tries_each_later_than_the_last() {
    for jitter in [0.0, 1.0] {
        let pauses: Vec<_> = (0..7).map(|tries| pause(&plan(tries, status_500(), NOW, jitter))).collect();
        for (pause, least) in pauses.iter().zip(PAUSES) {
            assert!(*pause >= least && *pause <= least.mul_f64(1.2), "{pauses:?}");
        }
        assert!(pauses.is_sorted(), "{pauses:?}");
    }
    let last = plan(7, status_500(), NOW, 0.5);
    assert_eq!((last.status, last.next_at), (DeliveryStatus::Failed, None));
}

#[test]
fn what_the_receiver_says_counts() {
    let delivered = plan(3, tally(Some(204), None, None), NOW, 0.0);
    assert_eq!((delivered.status, delivered.next_at), (DeliveryStatus::Delivered, None));
    let gone = plan(0, tally(Some(410), Some(DeliveryError::HttpStatus), None), NOW, 0.0);
    assert_eq!(gone.status, DeliveryStatus::Failed);
    assert_eq!(disable(&gone, 0), Some(WebhookDisabled::Gone));
    let asked = |seconds| tally(Some(503), Some(DeliveryError::HttpStatus), Some(seconds));
    assert_eq!(pause(&plan(0, asked(90), NOW, 0.0)), Duration::from_secs(90));
    assert_eq!(pause(&plan(1, asked(1), NOW, 0.0)), Duration::from_secs(300), "never sooner than planned");
    assert_eq!(pause(&plan(0, asked(u64::MAX), NOW, 0.0)), LONGEST_ASKED);
}

#[test]
fn a_webhook_that_failed_for_days_ends_with_the_delivery() {
    let (again, over) = (plan(6, status_500(), NOW, 0.0), plan(7, status_500(), NOW, 0.0));
    assert_eq!(disable(&over, FAILING_FOR_MS), Some(WebhookDisabled::Failing));
    assert_eq!(disable(&over, FAILING_FOR_MS - 1), None);
    assert_eq!(disable(&again, FAILING_FOR_MS), None, "there are tries left");
}
