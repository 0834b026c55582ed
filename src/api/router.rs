//! Every route of the API.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware;
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use super::access::{Access, gate};
use super::cors::cors;
use super::error::ApiError;
use super::guard::{Guard, guard};
use super::observe::{Observer, observe};
use super::shippers::{
    datadog, elastic, elastic_document, elastic_probes as probes, gelf, journal, logstash_http, loki, otlp, otlp_grpc,
    splunk,
};
use super::state::{Api, ApiState};
use super::{
    account, alerts, bulk, export, jobs, login, logs, openapi, operation_logs, post, registration, rules, settings,
    sources, stats, system, tail, tokens, users,
};
use crate::config;
use crate::metrics::Metrics;

/// What the daemon serves, by listener. All of it shares one set of bounds.
pub struct Routers {
    /// The API, with the protocols of shippers over HTTP.
    pub api: Router,
    /// OTLP over gRPC.
    pub otlp_grpc: Router,
}

/// The services.
pub fn routers(state: ApiState) -> Routers {
    let (metrics, config) = (state.metrics.clone(), Arc::clone(&state.config));
    let api = Api::new(state);
    Routers {
        otlp_grpc: surround(grpc_routes(&api), metrics.clone(), &config),
        api: surround(routes(api), metrics, &config),
    }
}

fn grpc_routes(api: &Api) -> Router {
    let gate = middleware::from_fn_with_state((api.clone(), Access::Ingest), gate);
    Router::new()
        .route(otlp_grpc::EXPORT, post(otlp_grpc::export).route_layer(gate))
        .fallback(no_route)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(api.clone())
}

fn routes(api: Api) -> Router {
    let only = |access: Access, methods: MethodRouter<Api>| {
        methods.route_layer(middleware::from_fn_with_state((api.clone(), access), gate))
    };
    // The uploads' own limit is another, and counts what is kept.
    let whole = |methods: MethodRouter<Api>| methods.layer(DefaultBodyLimit::disable());
    let thing = || get(probes::thing).put(probes::thing).post(probes::thing);
    let several = || post(elastic::bulk).put(elastic::bulk);
    let one = || post(elastic_document::create).put(elastic_document::create);
    let (search, auditor, ingest) = (Access::Search, Access::Auditor, Access::Ingest);
    let document = openapi::rendered();
    let (anyone, signed_in, admin) = (Access::Anyone, Access::SignedIn, Access::Admin);
    Router::new()
        // Open to all, without a look at who asks.
        .route("/", get(system::front_page).merge(only(ingest, post(logstash_http::create))))
        .route("/health", get(system::health))
        .route("/api/v1/health", get(system::health))
        .route("/docs", get(openapi::page::moved))
        .route("/docs/", get(openapi::page::index))
        .route("/docs/{file}", get(openapi::page::part))
        .route("/api/v1/openapi.json", get(|request| openapi::json(document, request)))
        .route("/metrics", only(auditor, get(system::metrics)))
        .route("/api/v1/metrics", only(auditor, get(system::metrics)))
        .route("/api/v1/logs", only(search, get(logs::list)).merge(only(ingest, post(post::create))))
        .route("/api/v1/logs/bulk", only(ingest, post(bulk::create)))
        .route("/api/v1/logs/export", only(auditor, get(export::export)))
        .route("/api/v1/logs/tail", only(Access::Stream, get(tail::tail)))
        .route("/api/v1/logs/facets", only(auditor, get(stats::facets)))
        .route("/api/v1/logs/{id}", only(auditor, get(logs::by_id)))
        .route("/api/v1/logs/{id}/context", only(auditor, get(logs::context)))
        .route("/api/v1/stats/logs-by-time", only(auditor, get(stats::by_time)))
        .route("/api/v1/stats/logs-by-level", only(auditor, get(stats::by_level)))
        .route("/api/v1/stats/top", only(auditor, get(stats::top)))
        .route("/api/v1/stats/patterns", only(auditor, get(stats::patterns)))
        // Anyone: to come in. Failed logins are throttled, codes are few.
        .route("/api/v1/auth/login", only(anyone, post(login::login)))
        .route("/api/v1/auth/refresh", only(anyone, post(login::refresh)))
        .route("/api/v1/user/register", only(anyone, post(registration::register)))
        .route("/api/v1/auth/verification-codes", only(anyone, post(registration::send_code)))
        .route("/api/v1/auth/password-reset", only(anyone, post(registration::reset_password)))
        // Persons, each for itself.
        .route("/api/v1/auth/logout", only(signed_in, post(login::logout)))
        .route("/api/v1/auth/me", only(signed_in, get(account::me)))
        .route("/api/v1/auth/password", only(signed_in, post(account::change_password)))
        .route("/api/v1/auth/sessions", only(signed_in, get(account::sessions)))
        .route("/api/v1/auth/sessions/{id}", only(signed_in, delete(account::end_session)))
        // Admins.
        .route("/api/v1/admin/users", only(admin, get(users::list).post(users::create)))
        .route("/api/v1/admin/users/{id}", only(admin, get(users::by_id).patch(users::update).delete(users::delete)))
        .route("/api/v1/admin/tokens", only(admin, get(tokens::list).post(tokens::create)))
        .route("/api/v1/admin/tokens/{id}", only(admin, delete(tokens::revoke)))
        .route("/api/v1/admin/config", only(admin, get(settings::list).put(settings::change)))
        .route("/api/v1/admin/sources", only(admin, get(sources::list)))
        .route("/api/v1/admin/retention/preview", only(admin, post(settings::preview_retention)))
        // Uploads.
        .route("/api/v1/logs/upload", whole(only(Access::Upload, post(jobs::upload::upload))))
        .route(
            "/api/v1/jobs",
            only(auditor, get(jobs::resource::list)).merge(whole(only(Access::Upload, post(jobs::upload::create)))),
        )
        .route(
            "/api/v1/jobs/{id}",
            only(auditor, get(jobs::resource::by_id))
                .merge(only(Access::Manage, patch(jobs::resource::update).delete(jobs::resource::delete))),
        )
        .route("/api/v1/jobs/{id}/file", only(auditor, get(jobs::file::download)))
        .route("/api/v1/jobs/{id}/results", only(auditor, get(jobs::resource::results)))
        .route("/api/v1/jobs/{id}/zip-contents", only(auditor, get(jobs::file::contents)))
        .route("/api/v1/jobs/{id}/zip-info", only(auditor, get(jobs::file::info)))
        .route("/api/v1/jobs/{id}/events", only(Access::Stream, get(jobs::live::events)))
        .route("/api/v1/ws/jobs/{id}", only(Access::Stream, get(jobs::live::socket)))
        // Analysers show tokens of their own, which the handlers check.
        .route("/api/v1/internal/jobs/{id}/file", only(anyone, get(jobs::completion::download)))
        .route("/api/v1/internal/jobs/{id}/completion", only(anyone, post(jobs::completion::complete)))
        // Alerts.
        .route("/api/v1/alerts", only(auditor, get(alerts::found::list)))
        .route("/api/v1/alerts/stream", only(Access::Stream, get(alerts::live::stream)))
        .route(
            "/api/v1/alerts/{id}",
            only(auditor, get(alerts::found::by_id)).merge(only(Access::Manage, patch(alerts::found::update))),
        )
        .route("/api/v1/ws/status", only(Access::Stream, get(alerts::live::status)))
        .route("/api/v1/faults", only(auditor, get(alerts::faults::list)))
        .route("/api/v1/faults/{id}", only(auditor, get(alerts::faults::by_id)))
        .route(
            "/api/v1/silences",
            only(auditor, get(alerts::silences::list)).merge(only(admin, post(alerts::silences::create))),
        )
        .route("/api/v1/silences/{id}", only(admin, delete(alerts::silences::delete)))
        .route(
            "/api/v1/clusters",
            only(auditor, get(alerts::clusters::list)).merge(only(admin, post(alerts::clusters::create))),
        )
        .route(
            "/api/v1/clusters/{id}",
            only(auditor, get(alerts::clusters::by_id))
                .merge(only(admin, patch(alerts::clusters::update).delete(alerts::clusters::delete))),
        )
        .route("/api/v1/channels", only(admin, get(alerts::channels::list).post(alerts::channels::create)))
        .route(
            "/api/v1/channels/{id}",
            only(admin, get(alerts::channels::by_id).put(alerts::channels::replace).delete(alerts::channels::delete)),
        )
        .route("/api/v1/channels/{id}/deliveries", only(admin, get(alerts::channels::deliveries)))
        .route("/api/v1/channels/{id}/test", only(admin, post(alerts::channels::test)))
        .route(
            "/api/v1/rules",
            only(auditor, get(rules::resource::list)).merge(only(admin, post(rules::resource::create))),
        )
        .route("/api/v1/rules/import", only(admin, post(rules::import::import)))
        .route("/api/v1/rules/backtest", only(auditor, post(rules::backtest::of_body)))
        .route(
            "/api/v1/rules/{id}",
            only(auditor, get(rules::resource::by_id))
                .merge(only(admin, put(rules::resource::replace).delete(rules::resource::delete))),
        )
        .route("/api/v1/rules/{id}/backtest", only(auditor, post(rules::backtest::of_stored)))
        // Auditors.
        .route("/api/v1/operation-logs", only(auditor, get(operation_logs::list)))
        // Shippers, in their own protocols.
        .route("/_bulk", only(ingest, several()))
        .route("/_bulk/", only(ingest, several()))
        .route("/{index}/_bulk", only(ingest, several()))
        .route("/{index}/_bulk/", only(ingest, several()))
        .route("/{index}/{type}/_bulk", only(ingest, several()))
        .route("/{index}/_doc/_bulk", only(ingest, several()))
        .route("/{index}/_doc", only(ingest, post(elastic_document::create)))
        .route("/{index}/_doc/", only(ingest, post(elastic_document::create)))
        .route("/{index}/_doc/{id}", only(ingest, one()))
        .route("/{index}/_create/{id}", only(ingest, one()))
        .route("/{index}", only(ingest, put(probes::index)).fallback(no_route))
        .route("/{index}/_alias/{name}", only(ingest, thing()))
        .route("/{index}/_mapping", only(ingest, thing()))
        .route("/{index}/_settings", only(ingest, thing()))
        .route("/_alias/{name}", only(ingest, thing()))
        .route("/_cluster/settings", only(ingest, get(probes::settings).put(probes::settings)))
        .route("/_cluster/health", only(ingest, get(probes::health)))
        .route("/_cluster/health/{index}", only(ingest, get(probes::health)))
        .route("/_cat/health", only(ingest, get(probes::health_line)))
        .route("/_license", only(ingest, get(probes::license)))
        .route("/_xpack", only(ingest, get(probes::xpack)))
        .route("/_nodes", only(ingest, get(probes::nodes)))
        .route("/_nodes/{*what}", only(ingest, get(probes::nodes)))
        .route("/_refresh", only(ingest, get(probes::refresh).post(probes::refresh)))
        .route("/{index}/_refresh", only(ingest, get(probes::refresh).post(probes::refresh)))
        .route("/_index_template/{name}", only(ingest, thing()))
        .route("/_component_template/{name}", only(ingest, thing()))
        .route("/_template/{name}", only(ingest, thing()))
        .route("/_data_stream/{name}", only(ingest, thing()))
        .route("/_data_stream/{name}/_lifecycle", only(ingest, thing()))
        .route("/_ilm/policy/{name}", only(ingest, thing()))
        .route("/_ingest/pipeline/{name}", only(ingest, thing()))
        .route("/services/collector", only(ingest, post(splunk::event)))
        .route("/services/collector/event", only(ingest, post(splunk::event)))
        .route("/services/collector/event/1.0", only(ingest, post(splunk::event)).options(splunk::options))
        .route("/services/collector/raw", only(ingest, post(splunk::raw)))
        .route("/services/collector/raw/1.0", only(ingest, post(splunk::raw)))
        .route("/services/collector/ack", only(ingest, post(splunk::ack)))
        .route("/services/collector/health", get(splunk::health))
        .route("/services/collector/health/1.0", get(splunk::health))
        .route("/gelf", only(ingest, post(gelf::create)))
        .route("/upload", only(ingest, post(journal::upload)))
        .route("/loki/api/v1/push", only(ingest, post(loki::push)))
        .route("/api/prom/push", only(ingest, post(loki::push)))
        .route("/v1/logs", only(ingest, post(otlp::logs)))
        .route("/otlp/v1/logs", only(ingest, post(otlp::logs)))
        .route("/api/v2/logs", only(ingest, post(datadog::logs)))
        .route("/v1/input", only(ingest, post(datadog::logs)))
        .fallback(no_route)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(api)
}

/// What every route has around it.
pub(super) fn surround(routes: Router, metrics: Metrics, config: &config::api::Api) -> Router {
    let guarded = routes.layer(middleware::from_fn_with_state(Arc::new(Guard::new(config)), guard));
    // Around the guard: a page that may ask may also read why it was refused.
    let guarded = match cors(&config.cors_origins) {
        Some(layer) => guarded.layer(layer),
        None => guarded,
    };
    // Outermost: also what the router itself refuses gets a trace id and the one form.
    guarded.layer(middleware::from_fn_with_state(Arc::new(Observer::new(metrics, config)), observe))
}

async fn no_route(request: Request) -> ApiError {
    ApiError::no_route(request.uri().path())
}

async fn method_not_allowed(request: Request) -> ApiError {
    ApiError::method_not_allowed(request.method().as_str(), request.uri().path())
}
