//! Whether whoever is told of traces and errors is there. Without them everything works, so nothing here is worse than a warning.

use reqwest::{Client, RequestBuilder, StatusCode, header::CONTENT_TYPE, redirect};

use super::{Finding, LOOK, told};
use crate::{
    config::Config,
    telemetry::{Dsn, TRACES_PATH},
};

pub(super) async fn told_to(config: &Config) -> Vec<Finding> {
    let telemetry = &config.telemetry;
    let client = match Client::builder().redirect(redirect::Policy::none()).timeout(LOOK).build() {
        Ok(client) => client,
        Err(error) => {
            let advice = "install the system's certificates (ca-certificates)";
            return vec![Finding::warn("telemetry", told(&error), advice)];
        }
    };
    let mut findings = Vec::new();
    if let Some(url) = &telemetry.otlp_url {
        let url = if url.ends_with(TRACES_PATH) { url.clone() } else { format!("{url}{TRACES_PATH}") };
        // A message without spans.
        let request = client.post(url).headers(telemetry.otlp_headers.headers());
        let request = request.header(CONTENT_TYPE, "application/x-protobuf").body(Vec::new());
        let advice = "check telemetry.otlp_url and telemetry.otlp_headers, and that the collector takes OTLP over HTTP (its port is \
                      4318 as a rule, not 4317)";
        findings.push(asked("traces", request, StatusCode::is_success, advice).await);
    }
    if let Some(dsn) = telemetry.sentry_dsn.as_ref().and_then(Dsn::read) {
        // Whether it takes the key only an event would tell.
        let request = client.get(dsn.host());
        let there = |status: &StatusCode| !status.is_server_error();
        let advice = "check telemetry.sentry_dsn, and that this machine reaches its host";
        findings.push(asked("errors", request, there, advice).await);
    }
    if findings.is_empty() {
        findings.push(Finding::ok("telemetry", "not used: no traces or errors are sent"));
    }
    findings
}

async fn asked(
    what: &'static str,
    request: RequestBuilder,
    is_well: impl Fn(&StatusCode) -> bool,
    advice: &str,
) -> Finding {
    match request.send().await.map(|answer| answer.status()) {
        Ok(status) if is_well(&status) => Finding::ok(what, "who is told of them answers"),
        Ok(status) => Finding::warn(what, format!("who is told of them answers HTTP {status}"), advice),
        // The URL may hold a key.
        Err(error) => Finding::warn(what, told(&error.without_url()), advice),
    }
}
