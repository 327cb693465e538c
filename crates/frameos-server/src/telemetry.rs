//! What a process tells about itself to others: its log, its traces (OTLP) and its errors (Sentry).
//!
//! Invariants: the log alone is on by default, and what is off costs nothing; nothing told waits for whoever is told, so what comes
//! faster than it can be sent is dropped and counted; at the end of the process the rest is sent within a time limit.

mod batch;
mod otlp;
mod panics;
mod scrub;
mod sentry;

use std::{sync::Arc, time::Duration};

use frameos_app::TRACE;
use frameos_store::clock::SystemClock;
use opentelemetry::trace::TracerProvider;
use prometheus_client::registry::Registry;
use thiserror::Error;
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, Registry as Subscribers, filter::Targets, fmt, layer::SubscriberExt,
    util::SubscriberInitExt,
};

use self::batch::Batches;
pub(crate) use self::{otlp::TRACES_PATH, sentry::Dsn};
use crate::config::{Config, LogFormat};

/// How long the end of a process may be held up by what is still to be told.
const FLUSH: Duration = Duration::from_secs(5);

/// Why a process cannot tell what it is to tell.
#[derive(Debug, Error)]
pub enum TelemetryError {
    #[error("no client for `{key}` could be made")]
    Client { key: &'static str, source: reqwest::Error },
}

/// What is on; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Telemetry {
    traces: Option<Batches>,
    errors: Option<Batches>,
}

/// Starts telling as configured; call it inside the Tokio runtime, once in a process.
pub fn telemetry_start(config: &Config) -> Result<Telemetry, TelemetryError> {
    let telemetry = &config.telemetry;
    if telemetry.otlp_url.is_none() && telemetry.sentry_dsn.is_none() {
        log_start(config);
        panics::panics_log();
        return Ok(Telemetry::default());
    }
    let spans = match &telemetry.otlp_url {
        Some(url) => Some(otlp::traces_start(config, url)?),
        None => None,
    };
    let errors = match telemetry.sentry_dsn.as_ref().and_then(Dsn::read) {
        Some(dsn) => Some(sentry::errors_start(config, dsn, Arc::new(SystemClock))?),
        None => None,
    };
    let traces = spans.as_ref().map(|(_, batches)| batches.clone());
    let told = Telemetry { traces, errors: errors.as_ref().map(|(_, batches)| batches.clone()) };
    let spans = spans.map(|(provider, _)| {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("frameos"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false);
        opentelemetry::global::set_tracer_provider(provider);
        layer.with_filter(Targets::new().with_target(TRACE, LevelFilter::TRACE))
    });
    let errors = errors.map(|(layer, _)| layer.with_filter(sentry::filter()));
    let text = match config.log.format {
        LogFormat::Text => fmt::layer().with_writer(std::io::stderr).with_ansi(is_terminal()).boxed(),
        LogFormat::Json => fmt::layer().with_writer(std::io::stderr).json().flatten_event(true).boxed(),
    };
    let _already_set =
        Subscribers::default().with(text.with_filter(filter(config))).with(spans).with(errors).try_init();
    panics::panics_log();
    Ok(told)
}

impl Telemetry {
    /// Sends what is left, and gives up after a while.
    pub async fn flush(&self) {
        let all = self.traces.iter().chain(&self.errors);
        let all = futures::future::join_all(all.map(Batches::finish));
        if tokio::time::timeout(FLUSH, all).await.is_err() {
            tracing::warn!("some traces or errors could not be sent before the end");
        }
    }

    pub(crate) fn metrics_register(&self, registry: &mut Registry) {
        if let Some(traces) = &self.traces {
            traces.metrics_register(registry, "spans", "Spans for the collector");
        }
        if let Some(errors) = &self.errors {
            errors.metrics_register(registry, "error_reports", "Errors for Sentry");
        }
    }
}

/// The log alone, to stderr, in the configured form. It holds no secrets, bodies or query strings.
fn log_start(config: &Config) {
    let builder = fmt().with_env_filter(filter(config)).with_writer(std::io::stderr).with_target(true);
    // An error means that a subscriber is there already, which a test process may well have.
    let _already_set = match config.log.format {
        LogFormat::Text => builder.with_ansi(is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}

fn filter(config: &Config) -> EnvFilter {
    EnvFilter::try_new(&config.log.level).unwrap_or_else(|_| EnvFilter::new(Level::INFO.as_str()))
}

fn is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr())
}
