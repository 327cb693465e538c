//! Traces for a collector: OTLP, protobuf over HTTP.
//!
//! Which spans there are is decided where they are made (target [`frameos_app::TRACE`]); here they get this process's name and go out.

use std::time::Duration;

use axum::body::Bytes;
use frameos_domain::{clock::Clock, id::EventId};
use frameos_store::clock::SystemClock;
use opentelemetry::{Context, KeyValue};
use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, Span, SpanData, SpanProcessor},
};
use prost::Message;
use reqwest::{
    Client, RequestBuilder,
    header::{CONTENT_TYPE, HeaderMap},
    redirect,
};

use super::{
    TelemetryError,
    batch::{Batches, Entry, Post, batches_start},
};
use crate::{assemble::host_name, config::Config};

/// Spans that may wait: some megabytes.
const ROOM: usize = 8_192;
/// Where a collector takes traces, below its base.
pub(crate) const TRACES_PATH: &str = "/v1/traces";

/// A source of spans that are sent to the collector at `url`.
pub(super) fn traces_start(
    config: &Config,
    url: &str,
) -> Result<(SdkTracerProvider, Batches), TelemetryError> {
    let client = Client::builder().redirect(redirect::Policy::none()).build();
    let client = client.map_err(|source| TelemetryError::Client { key: "telemetry.otlp_url", source })?;
    let url = if url.ends_with(TRACES_PATH) { url.to_owned() } else { format!("{url}{TRACES_PATH}") };
    let resource = resource(config);
    let collector = Collector {
        client,
        url,
        headers: config.telemetry.otlp_headers.headers(),
        resource: ResourceAttributesWithSchema::from(&resource),
    };
    let (entry, batches) = batches_start(collector, ROOM);
    let share = Sampler::TraceIdRatioBased(f64::from(config.telemetry.trace_percent) / 100.0);
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(Sampler::ParentBased(Box::new(share)))
        .with_span_processor(Ended(entry))
        .build();
    Ok((provider, batches))
}

/// Who tells, by the semantic conventions.
fn resource(config: &Config) -> Resource {
    let roles: Vec<&str> = config.roles.iter().map(|role| role.name()).collect();
    let instance = format!("{}-{}", std::process::id(), EventId::generate(SystemClock.now()));
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", config.telemetry.service_name.clone()),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance),
            KeyValue::new("deployment.environment.name", config.telemetry.environment.clone()),
            KeyValue::new("host.name", host_name()),
            KeyValue::new("frameos.roles", roles.join(",")),
        ])
        .build()
}

/// Takes the spans that have ended and were sampled.
#[derive(Debug)]
struct Ended(Entry<SpanData>);

impl SpanProcessor for Ended {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            self.0.put(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

struct Collector {
    client: Client,
    url: String,
    headers: HeaderMap,
    resource: ResourceAttributesWithSchema,
}

impl Post<SpanData> for Collector {
    const TO: &'static str = "the collector of traces";
    const AT_ONCE: usize = 512;

    fn body(&self, spans: Vec<SpanData>) -> Bytes {
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        ExportTraceServiceRequest { resource_spans }.encode_to_vec().into()
    }

    fn request(&self, body: Bytes) -> RequestBuilder {
        let request = self.client.post(&self.url).headers(self.headers.clone());
        request.header(CONTENT_TYPE, "application/x-protobuf").body(body)
    }

    fn rest(&self, _headers: &HeaderMap) -> Option<Duration> {
        None
    }
}
