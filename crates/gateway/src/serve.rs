//! The listeners.

use std::net::SocketAddr;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::{Server, Service as _};
use actix_web::http::header;
use actix_web::middleware::{Condition, DefaultHeaders, from_fn};
use actix_web::{App, HttpResponse, HttpServer, web};
use futures_util::TryFutureExt as _;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::training;
use unionhall_web::Fault;
use unionhall_web::contract::gate;
use unionhall_web::problem::finish;
use utoipa_actix_web::AppExt as _;
use utoipa_swagger_ui::{Config as SwaggerConfig, SwaggerUi};

use crate::dev;
use crate::document::{self, AUDIENCES};
use crate::ready::readyz;
use crate::services::{Services, routes};
use crate::telemetry::{self, traced};

/// How the public listener behaves.
#[derive(Debug, Clone)]
pub struct ListenerConfig {
    /// Where.
    pub listen: SocketAddr,
    /// Threads.
    pub workers: usize,
    /// Origins browsers may call from.
    pub cors_origins: Vec<String>,
    /// Whether `/docs` and the internal documents are served.
    pub docs: bool,
    /// How long requests under way are given when it stops.
    pub shutdown: Duration,
    /// Whether requests are traced.
    pub traced: bool,
}

/// On every answer of a training system.
const TRAINING: &str = "x-training";

fn cors(origins: &[String]) -> Cors {
    let allowed = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::ACCEPT_LANGUAGE,
            header::HeaderName::from_static("idempotency-key"),
            header::HeaderName::from_static("x-client"),
            header::HeaderName::from_static("x-http-method-override"),
        ])
        .expose_headers([header::ETAG, header::LOCATION, header::RETRY_AFTER])
        .expose_headers(["ratelimit", "ratelimit-policy", "x-request-id", TRAINING])
        .max_age(3600);
    origins.iter().fold(allowed, |cors, origin| cors.allowed_origin(origin))
}

/// Starts the public listener; the address is known at once, also for port 0.
///
/// # Errors
/// When the address cannot be bound.
pub fn public(services: &Services, config: &ListenerConfig) -> std::io::Result<(Server, SocketAddr)> {
    let services = services.clone();
    let settings = config.clone();
    let in_training = services.app.environment == training::PROFILE;
    let documents: Vec<(&'static str, String)> = AUDIENCES
        .iter()
        .filter(|a| settings.docs || !a.internal)
        .map(|a| (a.name, document::of(a).to_string()))
        .collect();
    let server = HttpServer::new(move || {
        let documents = documents.clone();
        let docs = settings.docs;
        let (app, _) = App::new()
            .wrap(from_fn(gate))
            .wrap(cors(&settings.cors_origins))
            .wrap(Condition::new(in_training, DefaultHeaders::new().add((TRAINING, "1"))))
            .wrap(Condition::new(settings.traced, from_fn(traced)))
            .into_utoipa_app()
            .configure(routes)
            .split_for_parts();
        app.configure(|c| services.provide(c))
            .configure(move |c| operations(c, documents, docs))
            .configure(|c| dev::routes(c, services.dev.as_ref()))
            .default_service(web::to(async || Err::<HttpResponse, _>(Fault(Problem::new(Code::NotFound)))))
    })
    .workers(config.workers)
    .disable_signals()
    .client_request_timeout(Duration::from_secs(10))
    .shutdown_timeout(config.shutdown.as_secs())
    .bind(config.listen)?;
    let address = server.addrs().first().copied().unwrap_or(config.listen);
    Ok((server.run(), address))
}

// What operators and clients need beside the API. Not part of any document.
fn operations(config: &mut web::ServiceConfig, documents: Vec<(&'static str, String)>, docs: bool) {
    config.route("/livez", web::get().to(async || HttpResponse::Ok().json(json!({"status": "ok"}))));
    config.route("/readyz", web::get().to(readyz));
    config.route("/.well-known/jwks.json", web::get().to(jwks));
    config.route("/openapi/errors.json", web::get().to(async || HttpResponse::Ok().json(document::errors())));
    let mut urls = Vec::new();
    for (name, text) in documents {
        let path = format!("/openapi/{name}.json");
        urls.push(path.clone());
        config.route(
            &path,
            web::get().to(move || {
                let text = text.clone();
                async move { HttpResponse::Ok().content_type("application/json").body(text) }
            }),
        );
    }
    if docs {
        config.service(SwaggerUi::new("/docs/{_:.*}").config(SwaggerConfig::new(urls)));
        config.route(
            "/docs",
            web::get()
                .to(async || HttpResponse::SeeOther().insert_header((header::LOCATION, "/docs/")).finish()),
        );
    }
}

// Whoever verifies tokens elsewhere must have asked again before a new key signs, two minutes after it was made.
async fn jwks(identity: web::Data<unionhall_identity::Identity>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .json(identity.tokens.jwks())
}

/// Starts the internal listener: metrics and health, for operators only.
///
/// # Errors
/// When the address cannot be bound.
pub fn internal(
    services: &Services,
    handle: PrometheusHandle,
    listen: SocketAddr,
) -> std::io::Result<(Server, SocketAddr)> {
    let services = services.clone();
    let server = HttpServer::new(move || {
        let handle = handle.clone();
        let sampled = services.clone();
        App::new()
            // Outside of the gate a problem is written here.
            .wrap_fn(|req, inner| inner.call(req).map_ok(finish))
            .configure(|c| services.provide(c))
            .route("/livez", web::get().to(async || HttpResponse::Ok().json(json!({"status": "ok"}))))
            .route("/readyz", web::get().to(readyz))
            .route(
                "/metrics",
                web::get().to(move || {
                    let (handle, services) = (handle.clone(), sampled.clone());
                    async move {
                        telemetry::sample(&services).await;
                        HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(handle.render())
                    }
                }),
            )
    })
    .workers(1)
    .disable_signals()
    .bind(listen)?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    Ok((server.run(), address))
}
