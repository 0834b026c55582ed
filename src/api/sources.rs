//! The inventory of what sends, for admins.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::By;
use super::error::ApiError;
use super::listed::{Listed, Paging};
use super::openapi::parameters::{PageParameters, SourceParameters};
use super::params::Params;
use super::recording;
use super::state::Api;
use crate::clock::now_micros;
use crate::query::ast::{Cmp, Expr, Term};
use crate::query::field::TimeField;
use crate::store::{InventoryPage, InventorySort, Sender, Span};

const SECOND_MICROS: i64 = 1_000_000;
/// A hundred years.
const SILENT_SECONDS_MAX: u64 = 3_155_760_000;

/// A source and a host in it.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = SourceSeen)]
struct Seen {
    source: String,
    /// Null where the records name none.
    host: Option<String>,
    records: u64,
    /// Of them, those that arrived within the last hour.
    records_last_hour: u64,
    /// Of their original form; null unless they were asked for.
    bytes: Option<u64>,
    /// Records that were not understood.
    unparsed: u64,
    /// The same as a part of all: 0 to 1.
    unparsed_share: f64,
    /// Arrival of the first record that is still kept.
    first_seen: DateTime<Utc>,
    /// Arrival of the last one.
    last_seen: DateTime<Utc>,
    /// Whole seconds since then.
    silent_for_seconds: u64,
}

impl Seen {
    fn new(sender: Sender, now: i64) -> Self {
        let time = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        Self {
            source: sender.source,
            host: Some(sender.host).filter(|host| !host.is_empty()),
            records: sender.records,
            records_last_hour: sender.records_last_hour,
            bytes: sender.bytes,
            unparsed: sender.unparsed,
            unparsed_share: sender.unparsed as f64 / sender.records.max(1) as f64,
            first_seen: time(sender.first_seen),
            last_seen: time(sender.last_seen),
            // A clock that was set back must not make it negative.
            silent_for_seconds: u64::try_from((now - sender.last_seen) / SECOND_MICROS).unwrap_or(0),
        }
    }
}

/// `GET /admin/sources`: each source and host among the stored records.
#[utoipa::path(
    get,
    path = "/api/v1/admin/sources",
    tag = "Administration",
    operation_id = "list_sources",
    summary = "Each source and host that has sent records",
    security(("bearer" = ["admin"])),
    params(SourceParameters, PageParameters),
    responses((status = 200, description = "A page", body = Listed<Seen>))
)]
pub(super) async fn list(State(api): State<Api>, by: By, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let now = now_micros();
    let paging = Paging::of(&mut params);
    let (filter, page) = asked(&mut params, paging, now);
    params.finish()?;
    let _turn = api.read_turn().await?;
    let (total, senders) = api.store.inventory(&filter, page, now).await?;
    let records = senders.iter().map(|sender| sender.records).sum();
    recording::counted(&api, &by, request.uri(), records).await?;
    let seen = senders.into_iter().map(|sender| Seen::new(sender, now)).collect();
    Ok(Json(paging.listed(total, seen)).into_response())
}

/// Which records are counted, and which part of the list is shown.
fn asked(params: &mut Params, paging: Paging, now: i64) -> (Expr, InventoryPage) {
    let sender = params.sender();
    let arrival = arrived(params.times());
    let sorts = [
        ("source", InventorySort::Source),
        ("host", InventorySort::Host),
        ("records", InventorySort::Records),
        ("bytes", InventorySort::Bytes),
        ("first_seen", InventorySort::FirstSeen),
        ("last_seen", InventorySort::LastSeen),
    ];
    let silent_for_min = params.whole("silent_for_min", 0..=SILENT_SECONDS_MAX);
    let sort = params.choice("sort", &sorts).unwrap_or_default();
    let page = InventoryPage {
        sort,
        bytes: params.flag("bytes") || sort == InventorySort::Bytes,
        descending: params.choice("order", &[("asc", false), ("desc", true)]).unwrap_or(false),
        size: paging.size,
        offset: paging.offset(),
        silent_since: silent_for_min.map(|seconds| now - seconds as i64 * SECOND_MICROS),
    };
    (Expr::and([sender, arrival]), page)
}

/// Records that arrived within `span`.
fn arrived(span: Span) -> Expr {
    let time = |op, micros| Expr::Term(Term::Time { field: TimeField::ReceivedAt, op, micros });
    let bounds = [span.start.map(|micros| time(Cmp::Ge, micros)), span.end.map(|micros| time(Cmp::Lt, micros))];
    Expr::and(bounds.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000_000;

    fn check(query: &'static str) -> Option<(String, InventoryPage)> {
        let mut params = Params::of(&axum::http::Uri::from_static(query));
        let paging = Paging::of(&mut params);
        let (filter, page) = asked(&mut params, paging, NOW);
        params.finish().ok().map(|()| (filter.to_string(), page))
    }

    #[test]
    fn the_parameters_choose_senders_their_order_and_a_page() {
        let (filter, page) = check("/?source=web&host=h1,h2&sort=records&order=desc&page=3&size=10").unwrap();
        assert!(filter.contains("web") && filter.contains("h1") && filter.contains("h2"), "{filter}");
        assert_eq!((page.sort, page.descending, page.size, page.offset), (InventorySort::Records, true, 10, 20));
        assert!(!page.bytes && check("/?bytes").unwrap().1.bytes && check("/?sort=bytes").unwrap().1.bytes);
        assert_eq!(check("/?silent_for_min=60").unwrap().1.silent_since, Some(NOW - 60_000_000));
        for query in ["/?sort=colour", "/?order=up", "/?silent_for_min=-1", "/?q=x", "/?levels=INFO", "/?page=0"] {
            assert!(check(query).is_none(), "{query}");
        }
    }

    #[test]
    fn silence_is_counted_in_whole_seconds_and_never_below_none() {
        let sender = |last_seen| Sender {
            source: "web".to_owned(),
            host: String::new(),
            records: 8,
            records_last_hour: 0,
            bytes: None,
            unparsed: 2,
            first_seen: 0,
            last_seen,
        };
        let seen = Seen::new(sender(NOW - 61_900_000), NOW);
        assert_eq!((seen.silent_for_seconds, seen.unparsed_share, seen.host), (61, 0.25, None));
        assert_eq!(Seen::new(sender(NOW + 5_000_000), NOW).silent_for_seconds, 0);
    }
}
