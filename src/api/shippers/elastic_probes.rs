//! What Elasticsearch's clients ask before they send anything: whether this is Elasticsearch, of which version and licence, whether it
//! is well, and whether the templates, policies, streams and pipelines are there that they would make.
//!
//! There are none of these here and none are needed. A client that asks for one is told that there is none; one that makes one is told
//! that it is made, since all that it wants is to go on.

use axum::Json;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::elastic::{self, error};

/// Beats go on only where the server is not older than they are, and none of them minds a newer one of the same or the next
/// major version.
const VERSION: &str = "9.99.0";
const CLUSTER: &str = "logseal";
/// Made up once, so that clients that remember it find the same cluster again.
const CLUSTER_UUID: &str = "bG9nc2VhbC1sb2dzZWFsLQ";
const NODE: &str = "logseal";

/// Whether who asks for `/` is a client of Elasticsearch: programs ask for JSON or say nothing, people's tools name themselves.
pub(in crate::api) fn asks_for_elasticsearch(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (accept, agent) = (text(header::ACCEPT), text(header::USER_AGENT));
    if accept.contains("json") {
        return true;
    }
    let is_a_persons = ["curl/", "Wget/", "HTTPie/", "Mozilla/"].iter().any(|tool| agent.starts_with(tool));
    !is_a_persons && !accept.contains("text/html") && !agent.is_empty()
}

/// `GET /`, for clients of Elasticsearch.
pub(in crate::api) fn greeting() -> Response {
    let greeting = json!({
        "name": NODE,
        "cluster_name": CLUSTER,
        "cluster_uuid": CLUSTER_UUID,
        "version": {
            "number": VERSION,
            "build_flavor": "default",
            "build_type": "logseal",
            "build_hash": "0",
            "build_date": "2026-01-01T00:00:00.000Z",
            "build_snapshot": false,
            "lucene_version": "10.0.0",
            "minimum_wire_compatibility_version": "8.0.0",
            "minimum_index_compatibility_version": "8.0.0",
        },
        "tagline": "You Know, for Search",
    });
    let mut response = Json(greeting).into_response();
    elastic::sign(response.headers_mut());
    response
}

/// `/_cluster/health`.
pub(in crate::api) async fn health() -> Json<Value> {
    Json(json!({
        "cluster_name": CLUSTER,
        "status": "green",
        "timed_out": false,
        "number_of_nodes": 1,
        "number_of_data_nodes": 1,
        "active_primary_shards": 1,
        "active_shards": 1,
        "relocating_shards": 0,
        "initializing_shards": 0,
        "unassigned_shards": 0,
        "delayed_unassigned_shards": 0,
        "number_of_pending_tasks": 0,
        "number_of_in_flight_fetch": 0,
        "task_max_waiting_in_queue_millis": 0,
        "active_shards_percent_as_number": 100.0,
    }))
}

/// `/_cat/health`.
pub(in crate::api) async fn health_line() -> &'static str {
    "logseal green 1 1 1 1 0 0 0 0 - 100.0%\n"
}

/// `/_license`.
pub(in crate::api) async fn license() -> Json<Value> {
    Json(json!({ "license": {
        "status": "active",
        "uid": "00000000-0000-0000-0000-000000000000",
        "type": "basic",
        "issue_date": "2026-01-01T00:00:00.000Z",
        "issue_date_in_millis": 1_767_225_600_000_u64,
        "max_nodes": 1000,
        "issued_to": CLUSTER,
        "issuer": CLUSTER,
        "start_date_in_millis": -1,
    } }))
}

/// `/_xpack`.
pub(in crate::api) async fn xpack() -> Json<Value> {
    let off = json!({ "available": true, "enabled": false });
    Json(json!({
        "build": { "hash": "0", "date": "2026-01-01T00:00:00.000Z" },
        "license": { "uid": "00000000-0000-0000-0000-000000000000", "type": "basic", "mode": "basic", "status": "active" },
        "features": { "ilm": off, "monitoring": off, "security": off },
        "tagline": "You know, for X",
    }))
}

/// `/_nodes` and what is below it: one node, at the address at which it was asked.
pub(in crate::api) async fn nodes(request: Request) -> Json<Value> {
    let address = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let processors = ["date", "geoip", "grok", "set", "user_agent"].map(|name| json!({ "type": name }));
    Json(json!({
        "_nodes": { "total": 1, "successful": 1, "failed": 0 },
        "cluster_name": CLUSTER,
        "nodes": { NODE: {
            "name": NODE,
            "version": VERSION,
            "roles": ["data", "ingest", "master"],
            "http": { "publish_address": address, "bound_address": [address] },
            "ingest": { "processors": processors },
            "plugins": [],
            "modules": [],
        } },
    }))
}

/// `/_refresh`: everything that was answered is on its way to search.
pub(in crate::api) async fn refresh() -> Json<Value> {
    Json(json!({ "_shards": { "total": 1, "successful": 1, "failed": 0 } }))
}

/// `PUT /{index}`, of clients that make an index before they write to it.
pub(in crate::api) async fn index(Path(index): Path<String>) -> Response {
    let made = json!({ "acknowledged": true, "shards_acknowledged": true, "index": index });
    let mut response = Json(made).into_response();
    elastic::sign(response.headers_mut());
    response
}

/// `/_cluster/settings`: all of them as they are by default.
pub(in crate::api) async fn settings() -> Json<Value> {
    Json(json!({ "acknowledged": true, "persistent": {}, "transient": {} }))
}

/// Templates, policies, streams, aliases and pipelines: nothing is there, and nothing is needed.
pub(in crate::api) async fn thing(request: Request) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        let reason = format!("there is no {}: nothing of the kind is needed here", request.uri().path());
        return error(StatusCode::NOT_FOUND, "resource_not_found_exception", &reason);
    }
    Json(json!({ "acknowledged": true })).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_people() {
        let asks = |accept: &'static str, agent: &'static str| {
            let mut headers = HeaderMap::new();
            for (name, value) in [(header::ACCEPT, accept), (header::USER_AGENT, agent)] {
                if !value.is_empty() {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            asks_for_elasticsearch(&headers)
        };
        assert!(asks("application/vnd.elasticsearch+json; compatible-with=9", "elasticsearch-py/9.5.1"));
        assert!(asks("application/json", "Elastic-filebeat/8.19.0 (linux; amd64)"));
        assert!(asks("", "Vector/0.57.0 (x86_64-unknown-linux-gnu)"));
        assert!(asks("*/*", "opensearch-py/3.2.0 (Python 3.11.7)"));
        assert!(!asks("*/*", "curl/8.14.1"));
        assert!(!asks("text/html,application/xhtml+xml", "Mozilla/5.0"));
        assert!(!asks("", ""));
    }
}
