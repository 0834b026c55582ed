//! The OpenAPI 3.1 document, made from the routes' own annotations, and the page that shows it.

pub(super) mod bodies;
mod errors;
pub(super) mod page;
pub(super) mod parameters;

use axum::extract::Request;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use errors::Errors;

use super::error::{ApiError, Envelope};
use super::params::Params;
use super::{
    account, alerts, bulk, export, jobs, login, logs, operation_logs, post, registration, rules, settings, sources,
    stats, system, tail, tokens, users,
};

/// The name under which operations ask for credentials. The roles behind it say who may use them.
const BEARER: &str = "bearer";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "logseal",
        description = "Log ingestion and audit pipeline. An answer of 201 to records means that they are durable. \
            Every answer has `X-Trace-Id`; every error has the form `Error`. The roles of an operation's security \
            requirement say who may use it: `user`, `auditor` and `admin` are persons, each may do what the ones before it may; \
            `ingest`, `read` and `admin` are scopes of API tokens; `admin` may read too.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        post::create, bulk::create, logs::list, logs::by_id, logs::context, export::export, tail::tail,
        stats::facets, stats::by_time, stats::by_level, stats::top, stats::patterns,
        login::login, login::refresh, login::logout, account::me, account::change_password, account::sessions,
        account::end_session, registration::register, registration::send_code, registration::reset_password,
        users::list, users::create, users::by_id, users::update, users::delete,
        tokens::list, tokens::create, tokens::revoke, settings::list, settings::change, settings::preview_retention,
        sources::list,
        alerts::found::list, alerts::found::by_id, alerts::found::update, alerts::live::stream,
        alerts::live::status,
        alerts::faults::list, alerts::faults::by_id, alerts::silences::list, alerts::silences::create,
        alerts::silences::delete, alerts::clusters::list, alerts::clusters::by_id, alerts::clusters::create,
        alerts::clusters::update, alerts::clusters::delete, alerts::channels::list, alerts::channels::by_id,
        alerts::channels::create, alerts::channels::replace, alerts::channels::delete, alerts::channels::deliveries,
        alerts::channels::test,
        rules::resource::list, rules::resource::by_id, rules::resource::create, rules::resource::replace,
        rules::resource::delete, rules::backtest::of_stored, rules::backtest::of_body, rules::import::import,
        jobs::upload::upload, jobs::upload::create, jobs::resource::list, jobs::resource::by_id, jobs::resource::update,
        jobs::resource::delete, jobs::resource::results, jobs::file::download, jobs::file::contents, jobs::file::info,
        jobs::live::events, jobs::live::socket, jobs::completion::complete, jobs::completion::download,
        operation_logs::list, system::health, system::metrics,
    ),
    components(schemas(Envelope<'static>)),
    tags(
        (name = "Records in", description = "Acknowledged when durable."),
        (name = "Uploads", description = "Files that are read into records, each of them once."),
        (name = "Search", description = "Records, their neighbours, exports, and the live tail."),
        (name = "Counts", description = "Numbers of the records that match."),
        (name = "Session and account", description = "Signing in, and what a person may do with its own account."),
        (name = "Administration", description = "Accounts, API tokens, settings."),
        (name = "Evidence", description = "Who did what."),
        (name = "System", description = "Whether the daemon works."),
    ),
    modifiers(&Credentials, &Errors)
)]
struct Api;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The access token of a session (`POST /api/v1/auth/login`), or an API token (`ls_…`)."));
        let components = document.components.get_or_insert_default();
        components.security_schemes.insert(BEARER.to_owned(), SecurityScheme::Http(scheme.build()).into());
    }
}

/// The document.
pub(super) fn document() -> Document {
    Api::openapi()
}

/// The document's JSON.
pub(super) fn rendered() -> Bytes {
    Bytes::from(serde_json::to_vec(&document()).expect("the document's keys are text"))
}

/// `GET /openapi.json`
pub(super) async fn json(document: Bytes, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document).into_response())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::record::LogRow;

    #[test]
    fn a_record_has_the_fields_that_the_document_says() {
        let row = LogRow { raw: std::borrow::Cow::Borrowed(b"\xff"), ..LogRow::default() };
        let json = serde_json::to_value(&row).unwrap();
        let document = serde_json::to_value(super::document()).unwrap();
        let shape = &document["components"]["schemas"]["Record"];
        let names = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let mut told = names(&shape["properties"]);
        let mut written = names(&json);
        told.sort_unstable();
        written.sort_unstable();
        assert_eq!(told, written);
        let optional: Vec<_> =
            told.iter().filter(|name| !shape["required"].as_array().unwrap().iter().any(|r| r == *name)).collect();
        assert_eq!(optional, ["raw_data_base64"]);
    }
}
