//! Errors for Sentry: every log line of level ERROR, panics among them, as an event of its ingest interface (envelopes over HTTP).
//!
//! Invariants: an event holds what the log line holds, its error's causes and the request's id, all cleared by `scrub.rs`; no
//! person, address or body; a storm of errors becomes a few events, and the others are counted.

mod event;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::body::Bytes;
use frameos_domain::clock::Clock;
use reqwest::{
    Client, RequestBuilder, Url,
    header::{CONTENT_TYPE, HeaderMap},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tracing::{
    Event, Level, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id},
};
use tracing_subscriber::{
    filter::{FilterFn, filter_fn},
    layer::{Context, Layer},
    registry::LookupSpan,
};

use self::event::{RequestIdFound, Seen, event_build};
use super::{
    TelemetryError,
    batch::{Batches, Entry, Post, batches_start},
};
use crate::{assemble::host_name, config::Config};

/// Events that may wait.
const ROOM: usize = 64;
/// Events at once after a rest, and the time in which another one becomes possible.
const BURST: u32 = 20;
const ANOTHER: Duration = Duration::from_secs(3);

/// Where events go, and as whom.
#[derive(Debug, Clone)]
pub(crate) struct Dsn {
    envelope: Url,
    key: SecretString,
}

impl Dsn {
    /// Reads `https://KEY@HOST/PROJECT`; a path before the project belongs to the host.
    pub(crate) fn read(dsn: &SecretString) -> Option<Self> {
        let mut url = Url::parse(dsn.expose_secret()).ok()?;
        let key = url.username().to_owned();
        let (before, project) = url.path().rsplit_once('/')?;
        let fits = matches!(url.scheme(), "http" | "https")
            && !key.is_empty()
            && url.has_host()
            && !project.is_empty()
            && project.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !fits {
            return None;
        }
        let path = format!("{before}/api/{project}/envelope/");
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        Some(Self { envelope: url, key: key.into() })
    }

    /// For an operator.
    pub(crate) fn host(&self) -> String {
        self.envelope.origin().ascii_serialization()
    }
}

/// A layer that sends errors to `dsn`; it is to be given [`filter`].
pub(super) fn errors_start(
    config: &Config,
    dsn: Dsn,
    clock: Arc<dyn Clock>,
) -> Result<(Errors, Batches), TelemetryError> {
    let client = Client::builder().redirect(redirect::Policy::none()).build();
    let client = client.map_err(|source| TelemetryError::Client { key: "telemetry.sentry_dsn", source })?;
    let (entry, batches) = batches_start(Ingest { client, dsn }, ROOM);
    Ok((Errors::new(config, entry, clock), batches))
}

/// What all events of a process say.
fn of_all(config: &Config) -> Value {
    let roles: Vec<&str> = config.roles.iter().map(|role| role.name()).collect();
    json!({
        "platform": "other",
        "release": concat!("frameos@", env!("CARGO_PKG_VERSION")),
        "environment": config.telemetry.environment,
        "server_name": host_name(),
        "tags": {"roles": roles.join(",")},
        "sdk": {"name": "frameos", "version": env!("CARGO_PKG_VERSION")},
    })
}

/// Errors, and the spans that know the request's id.
pub(super) fn filter() -> FilterFn {
    fn wanted(metadata: &Metadata<'_>) -> bool {
        if metadata.is_span() {
            metadata.fields().field("request_id").is_some()
        } else {
            *metadata.level() == Level::ERROR
        }
    }
    filter_fn(wanted as fn(&Metadata<'_>) -> bool).with_max_level_hint(LevelFilter::INFO)
}

/// Makes events of errors.
pub(super) struct Errors {
    entry: Entry<Value>,
    /// What all events of this process say.
    of_all: Value,
    clock: Arc<dyn Clock>,
    pace: Mutex<Pace>,
}

impl Errors {
    fn new(config: &Config, entry: Entry<Value>, clock: Arc<dyn Clock>) -> Self {
        let pace = Mutex::new(Pace { left: BURST, at: Instant::now() });
        Self { entry, of_all: of_all(config), clock, pace }
    }
}

struct Pace {
    left: u32,
    at: Instant,
}

impl Pace {
    fn take(&mut self, now: Instant) -> bool {
        let waited = now.saturating_duration_since(self.at);
        let more = u32::try_from(waited.as_millis() / ANOTHER.as_millis()).unwrap_or(u32::MAX);
        if more > 0 {
            self.left = self.left.saturating_add(more).min(BURST);
            self.at = now;
        }
        let some = self.left > 0;
        self.left = self.left.saturating_sub(1);
        some
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Errors {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut found = RequestIdFound::default();
        attributes.record(&mut found);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(found);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if !self.pace.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()) {
            return self.entry.told.dropped(1);
        }
        let mut seen = Seen::default();
        event.record(&mut seen);
        let mut around = context.event_scope(event).into_iter().flatten();
        let request_id = around.find_map(|span| span.extensions().get::<RequestIdFound>()?.0.clone());
        self.entry.put(event_build(&self.of_all, event.metadata(), seen, request_id, self.clock.now()));
    }
}

struct Ingest {
    client: Client,
    dsn: Dsn,
}

impl Post<Value> for Ingest {
    const TO: &'static str = "Sentry";
    /// An envelope holds one event.
    const AT_ONCE: usize = 1;

    fn body(&self, events: Vec<Value>) -> Bytes {
        let mut body = String::new();
        for event in events {
            let text = event.to_string();
            let (head, item) =
                (json!({"event_id": event["event_id"]}), json!({"type": "event", "length": text.len()}));
            body.push_str(&format!("{head}\n{item}\n{text}\n"));
        }
        body.into()
    }

    fn request(&self, body: Bytes) -> RequestBuilder {
        let client = concat!("frameos/", env!("CARGO_PKG_VERSION"));
        let key = self.dsn.key.expose_secret();
        let auth = format!("Sentry sentry_version=7, sentry_client={client}, sentry_key={key}");
        let request = self.client.post(self.dsn.envelope.clone()).header("x-sentry-auth", auth);
        request.header(CONTENT_TYPE, "application/x-sentry-envelope").body(body)
    }

    /// `seconds:categories:scope`, more of them after commas; no category is every category.
    fn rest(&self, headers: &HeaderMap) -> Option<Duration> {
        let limits = headers.get("x-sentry-rate-limits")?.to_str().ok()?;
        let ours = limits.split(',').filter_map(|limit| {
            let mut parts = limit.trim().split(':');
            let seconds: u64 = parts.next()?.trim().parse().ok()?;
            let mut categories = parts.next().unwrap_or("").split(';');
            categories.any(|name| matches!(name, "" | "error" | "default")).then_some(seconds)
        });
        ours.max().map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use frameos_store::clock::SystemClock;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::telemetry::{batch::entry_open, panics::panics_log};

    #[test]
    fn a_panic_is_an_event_of_its_request_and_a_warning_none() {
        let (entry, mut waiting) = entry_open(4);
        let errors = Errors::new(&Config::default(), entry, Arc::new(SystemClock));
        let subscriber = tracing_subscriber::registry().with(errors.with_filter(filter()));
        panics_log();
        tracing::subscriber::with_default(subscriber, || {
            let _request = tracing::info_span!("request", request_id = %"req_of_this").entered();
            tracing::warn!("no event");
            let caught = std::panic::catch_unwind(|| panic!("no room for ana@example.com"));
            assert!(caught.is_err());
        });
        let event = waiting.try_recv().unwrap();
        assert_eq!((&event["level"], &event["tags"]["request_id"]), (&json!("fatal"), &json!("req_of_this")));
        let panic = &event["exception"]["values"][0];
        assert_eq!(panic["value"], "a thread panicked: no room for [removed]", "{event}");
        assert_eq!(panic["mechanism"]["handled"], false);
        assert!(event["culprit"].as_str().unwrap().contains("sentry.rs:"), "{event}");
        assert!(waiting.try_recv().is_err());
    }

    fn dsn(text: &str) -> Option<Dsn> {
        Dsn::read(&text.to_owned().into())
    }

    #[test]
    fn a_dsn_names_the_envelope_interface_of_its_project() {
        let url = |text| dsn(text).map(|dsn| dsn.envelope.to_string());
        let usual = "https://o1.ingest.example.com/api/42/envelope/";
        assert_eq!(url("https://abc@o1.ingest.example.com/42").as_deref(), Some(usual));
        assert_eq!(url("https://abc:old@o1.ingest.example.com/42").as_deref(), Some(usual));
        let below = "http://127.0.0.1:9000/errors/api/1/envelope/";
        assert_eq!(url("http://abc@127.0.0.1:9000/errors/1").as_deref(), Some(below));
        for wrong in
            ["", "abc", "https://host/42", "https://abc@host/", "ftp://abc@host/42", "https://abc@host/4 2"]
        {
            assert!(dsn(wrong).is_none(), "{wrong}");
        }
        assert!(!format!("{:?}", dsn("https://abcdef@host/1")).contains("abcdef"));
    }

    #[test]
    fn a_storm_becomes_a_few_events() {
        let begin = Instant::now();
        let mut pace = Pace { left: BURST, at: begin };
        let taken = |pace: &mut Pace, at| (0..1_000).filter(|_| pace.take(at)).count();
        assert_eq!(taken(&mut pace, begin), BURST as usize);
        assert_eq!(taken(&mut pace, begin + ANOTHER / 2), 0);
        assert_eq!(taken(&mut pace, begin + ANOTHER * 2), 2);
        assert_eq!(taken(&mut pace, begin + ANOTHER * 10_000), BURST as usize);
    }

    #[test]
    fn the_limits_of_errors_are_kept() {
        let client = Client::new();
        let ingest = Ingest { client, dsn: dsn("http://abc@127.0.0.1/1").unwrap() };
        let rest = |text: &str| {
            let headers = [("x-sentry-rate-limits".parse().unwrap(), text.parse().unwrap())];
            ingest.rest(&headers.into_iter().collect()).map(|rest| rest.as_secs())
        };
        assert_eq!(rest("60:error;transaction:organization, 2700:session:key"), Some(60));
        assert_eq!(rest("30::organization"), Some(30));
        assert_eq!(rest("2700:session:key"), None);
        assert_eq!(rest("nonsense"), None);
    }
}
