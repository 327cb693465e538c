//! The configured providers: which of them takes a top-up, in the operator's order, and which are left alone for a while.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use frameos_domain::{clock::Timestamp, money::Money};

use super::PaymentProvider;
use crate::{error::GatewayError, wire::Instrument};

/// So many failures in a row, and a provider is not asked for [`COOL_DOWN`].
const FAILURES: u32 = 5;
const COOL_DOWN: Duration = Duration::from_secs(30);

/// Payment providers in order of preference.
#[derive(Clone, Default)]
pub struct Providers(Arc<Vec<Entry>>);

pub(crate) struct Entry {
    pub(crate) provider: Arc<dyn PaymentProvider>,
    breaker: Mutex<Breaker>,
}

#[derive(Default)]
struct Breaker {
    failures: u32,
    closed_until: Option<Timestamp>,
}

/// What a top-up asks of a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) amount: Money,
    pub(crate) instrument: Option<Instrument>,
    pub(crate) scenario: Option<&'a str>,
}

impl Providers {
    pub fn new(providers: impl IntoIterator<Item = Arc<dyn PaymentProvider>>) -> Self {
        let entry = |provider| Entry { provider, breaker: Mutex::default() };
        Self(Arc::new(providers.into_iter().map(entry).collect()))
    }

    /// The names, in order of preference.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|entry| entry.provider.name()).collect()
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.provider.name() == name)
    }

    /// Who can take it, the preferred one first; never nobody.
    pub(crate) fn route(&self, wanted: Wanted<'_>) -> Result<Vec<&Entry>, GatewayError> {
        if self.0.is_empty() {
            return Err(GatewayError::ProviderRefused {
                provider: "none".to_owned(),
                reason: "this installation has no payment provider; its operator sets `gateway.providers`"
                    .to_owned(),
            });
        }
        let only_tests = |entry: &&Entry| wanted.scenario.is_none() || entry.provider.name() == "sandbox";
        let mut obstacles = Vec::new();
        let mut takers = Vec::new();
        for entry in self.0.iter().filter(only_tests) {
            match entry.provider.capabilities().obstacle(wanted.amount, wanted.instrument) {
                None => takers.push(entry),
                Some(obstacle) => obstacles.push(format!("{} {obstacle}", entry.provider.name())),
            }
        }
        if !takers.is_empty() {
            return Ok(takers);
        }
        if obstacles.is_empty() {
            let message =
                "scenarios are for test money, and this installation does not use the sandbox provider";
            return Err(GatewayError::invalid("scenario", message));
        }
        let field = if wanted.instrument.is_some() { "instrument" } else { "amount" };
        Err(GatewayError::invalid(field, format!("no payment provider takes this: {}", obstacles.join("; "))))
    }
}

impl Entry {
    /// Whether it may be asked: it works as far as known, or has been left alone for long enough to be tried once.
    pub(crate) fn is_usable(&self, now: Timestamp) -> bool {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        match breaker.closed_until {
            Some(until) if until > now => false,
            // One caller tries; the others wait for what it finds.
            Some(_) => {
                breaker.closed_until = Some(now.plus(COOL_DOWN));
                true
            }
            None => true,
        }
    }

    pub(crate) fn worked(&self) {
        *self.breaker.lock().unwrap_or_else(PoisonError::into_inner) = Breaker::default();
    }

    pub(crate) fn failed(&self, now: Timestamp) {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        breaker.failures += 1;
        if breaker.failures >= FAILURES {
            breaker.closed_until = Some(now.plus(COOL_DOWN));
            tracing::warn!(
                provider = self.provider.name(),
                "a payment provider fails; it is left alone for a while"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use frameos_domain::money::Currency;

    use super::*;
    use crate::provider::{Cashfree, CashfreeConfig, Sandbox, SandboxConfig, Stripe, StripeConfig};

    fn providers() -> Providers {
        let timeout = Duration::from_secs(1);
        let stripe = StripeConfig::new("sk_live_x".to_owned().into(), "whsec_x".to_owned().into(), timeout);
        let cashfree = CashfreeConfig::new("id".to_owned(), "secret".to_owned().into(), timeout);
        Providers::new([
            Arc::new(Stripe::new(stripe).unwrap()) as Arc<dyn PaymentProvider>,
            Arc::new(Cashfree::new(cashfree).unwrap()),
        ])
    }

    fn route(
        amount: i64,
        currency: &str,
        instrument: Option<Instrument>,
    ) -> Result<Vec<&'static str>, String> {
        let amount = Money::new(amount, currency.parse().unwrap());
        let providers = providers();
        let taken = providers.route(Wanted { amount, instrument, scenario: None });
        taken
            .map(|takers| takers.iter().map(|entry| entry.provider.name()).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_top_up_goes_to_whoever_takes_its_currency_amount_and_instrument() {
        assert_eq!(route(10_000, "INR", None).unwrap(), ["stripe", "cashfree"]);
        assert_eq!(route(10_000, "INR", Some(Instrument::Upi)).unwrap(), ["cashfree"]);
        assert_eq!(route(10_000, "USD", None).unwrap(), ["stripe"]);
        assert_eq!(route(99_999_999_99, "INR", None).unwrap(), ["cashfree"]);
        assert!(route(1, "INR", None).unwrap_err().contains("stripe takes 50 to"));
        assert!(route(10_000, "USD", Some(Instrument::Upi)).unwrap_err().starts_with("instrument:"));
        let none = Providers::default();
        let wanted = Wanted { amount: Money::new(1, Currency::INR), instrument: None, scenario: None };
        assert_eq!(none.route(wanted).err().unwrap().code(), "PROVIDER_REFUSED");
        let refused = providers();
        let refused = refused.route(Wanted { scenario: Some("pending"), ..wanted }).err().unwrap();
        assert!(refused.to_string().starts_with("scenario:"), "{refused}");
    }

    #[test]
    fn who_fails_in_a_row_is_left_alone_and_then_tried_once() {
        let providers =
            Providers::new([Arc::new(Sandbox::new(SandboxConfig::default())) as Arc<dyn PaymentProvider>]);
        let entry = providers.find("sandbox").unwrap();
        let at = Timestamp::from_micros(0);
        for _ in 0..FAILURES {
            assert!(entry.is_usable(at));
            entry.failed(at);
        }
        assert!(!entry.is_usable(at));
        let later = at.plus(COOL_DOWN);
        assert!(entry.is_usable(later) && !entry.is_usable(later), "one try");
        entry.worked();
        assert!(entry.is_usable(later) && entry.is_usable(later));
    }
}
