//! Elasticsearch's document API: one document a request, as simple clients send, and rsyslog where it is not told to send many.
//!
//! A document is kept as one of a bulk request is: its index is the record's source, and an `_id` is given back and no more.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use logseal_parsers::push::elastic::{Action, Content, document};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::elastic::{ORIGIN, SOURCE, error};
use super::intake::Intake;
use crate::api::body::{on_body, whole};
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::state::Api;

/// Takes the document of `/{index}/_doc` and `/{index}/_create`, each with an id behind it or without.
pub(in crate::api) async fn create(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let (index, id) = place(parts.uri.path());
    let body = whole(&api, &parts.headers, body).await?;
    let mut intake = Intake::new(caller.filing(ORIGIN));
    let source = index.clone();
    let (intake, fault) = on_body(body.bytes.clone(), move |body| {
        let cx = intake.context();
        let fault = match document(Action::Index, body.trim_ascii(), &cx) {
            Content::Record { event, raw } => {
                intake.add(&event, raw, &source, SOURCE);
                None
            }
            Content::BadDocument(reason) | Content::BadAction(reason) => Some(reason),
            Content::Change => Some("there is no document to change".to_owned()),
        };
        (intake, fault)
    })
    .await?;
    if let Some(reason) = fault {
        return Ok(error(StatusCode::BAD_REQUEST, "document_parsing_exception", &reason));
    }
    let record_id = intake.store(&api).await?.unwrap_or_default();
    let answer = json!({
        "_index": index,
        "_id": if id.is_empty() { record_id.to_string() } else { id },
        "_version": 1,
        "result": "created",
        "_shards": { "total": 1, "successful": 1, "failed": 0 },
        "_seq_no": record_id,
        "_primary_term": 1,
    });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// The index and the id of `/{index}/_doc/{id}`.
fn place(path: &str) -> (String, String) {
    let decoded = |part: Option<&str>| percent_decode_str(part.unwrap_or_default()).decode_utf8_lossy().into_owned();
    let mut parts = path.trim_start_matches('/').split('/');
    (decoded(parts.next()), decoded(parts.nth(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_index_and_perhaps_the_id() {
        let of = |path| {
            let (index, id) = place(path);
            format!("{index} {id}")
        };
        assert_eq!(of("/logs/_doc"), "logs ");
        assert_eq!(of("/logs%20a/_doc/"), "logs a ");
        assert_eq!(of("/logs/_create/a%2Fb"), "logs a/b");
    }
}
