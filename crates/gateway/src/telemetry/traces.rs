//! Logs, and traces by OTLP over HTTP where a collector is configured. Where none is, no span is ever made.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::middleware::Next;
use actix_web::web;
use anyhow::Context as _;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::Instrument as _;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, filter};
use unionhall_storage::SPANS;
use unionhall_web::App;
use unionhall_web::contract::meant;

use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(5);

/// What is traced and not sent yet.
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Whether requests are traced.
    pub const fn on(&self) -> bool {
        self.0.is_some()
    }

    /// Sends what is left. Not to be called on a runtime's thread: it waits.
    pub fn finish(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(PATIENCE)
        {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Starts the log, and traces where `config` names a collector. Commands that only print have no `config`.
///
/// # Errors
/// When the collector's address makes no exporter.
pub fn start(config: Option<&Config>, runtime: &Handle) -> anyhow::Result<Traces> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // Spans are for traces; in the log each would repeat what its line says.
    let filter = filter.add_directive(format!("{SPANS}=off").parse()?);
    let log = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).with_filter(filter);
    let to = config.and_then(|c| Some((c.otlp_endpoint.as_deref()?, c.otlp_ratio)));
    let provider = to.map(|(endpoint, ratio)| provider(endpoint, ratio, runtime)).transpose()?;
    let spans = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("unionhall"))
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter::filter_fn(|about| about.is_span() && about.target() == SPANS))
    });
    tracing_subscriber::registry().with(spans).with(log).init();
    Ok(Traces(provider))
}

fn provider(endpoint: &str, ratio: f64, runtime: &Handle) -> anyhow::Result<SdkTracerProvider> {
    let http = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(PATIENCE)
        .with_http_client(Post { http, runtime: runtime.clone() })
        .build()
        .context("otlp_endpoint")?;
    // Whoever called us decides for the whole of their trace.
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio)));
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_service_name("unionhall").with_attribute(version).build();
    Ok(SdkTracerProvider::builder()
        .with_sampler(sampler)
        .with_resource(resource)
        .with_batch_exporter(exporter)
        .build())
}

// The exporter has a thread of its own and no runtime on it, so requests are made on ours.
#[derive(Debug)]
struct Post {
    http: reqwest::Client,
    runtime: Handle,
}

#[async_trait::async_trait]
impl HttpClient for Post {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (http, request) = (self.http.clone(), request.try_into()?);
        let sent = self.runtime.spawn(async move {
            let answer = http.execute(request).await?;
            Ok::<_, reqwest::Error>((answer.status(), answer.bytes().await?))
        });
        let (status, body) = sent.await??;
        Ok(Response::builder().status(status).body(body)?)
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}

/// Middleware that makes the span of a request, below the caller's where there is a `traceparent`. What becomes of it is
/// noted by the gate, which knows.
///
/// # Errors
/// None of its own.
pub async fn traced<B: MessageBody>(
    app: web::Data<App>,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    // The pattern, not the path: ids stay out of traces as out of the log.
    let (route, method) = (req.match_pattern(), meant(&req));
    let operation = route.as_deref().and_then(|route| app.contract.operation(route, &method));
    let span = tracing::info_span!(
        target: SPANS,
        "request",
        otel.name = operation.map_or("none", |o| o.id.as_str()),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = %method,
        http.route = route.as_deref().unwrap_or("none"),
        http.response.status_code = Empty,
        request_id = Empty,
    );
    let caller = TraceContextPropagator::new().extract(&Headers(req.headers()));
    if let Err(error) = span.set_parent(caller) {
        tracing::debug!(%error, "the caller's trace is not taken over");
    }
    next.call(req).instrument(span).await
}
