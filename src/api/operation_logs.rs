//! What people and programs did, for auditors. It is only read here: nothing changes or deletes it.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};

use super::error::ApiError;
use super::listed::{Listed, Paging};
use super::openapi::parameters::{CursorParameter, OperationParameters, PageParameters};
use super::params::Params;
use super::state::Api;
use crate::meta::{Operation, OperationFilter, OperationPlace};

/// `GET /operation-logs`: newest first.
#[utoipa::path(
    get,
    path = "/api/v1/operation-logs",
    tag = "Evidence",
    operation_id = "list_operations",
    summary = "Who did what, newest first",
    security(("bearer" = ["auditor", "read"])),
    params(
        OperationParameters,
        PageParameters,
        CursorParameter,
    ),
    responses((status = 200, description = "A page", body = Listed<Operation>))
)]
pub(super) async fn list(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let filter = filter(&mut params);
    let paging = Paging::of(&mut params);
    let place = place(&mut params, paging);
    params.finish()?;
    let found = api.accounts.meta.operations(&filter, place, paging.size).await?;
    let page = matches!(place, OperationPlace::Page(_)).then(|| paging.page());
    let next_cursor = found.next.map(|next| next.to_string());
    let listed = Listed { total: found.total, list: found.list, page, size: paging.size, next_cursor };
    Ok(Json(listed).into_response())
}

fn filter(params: &mut Params) -> OperationFilter {
    let span = params.times();
    let time = |micros: Option<i64>| micros.and_then(DateTime::<Utc>::from_timestamp_micros);
    let action = params.text("action").and_then(|name| {
        let action = name.parse().ok();
        if action.is_none() {
            params.fault("action", "action is none that the operation log has");
        }
        action
    });
    OperationFilter {
        start: time(span.start),
        end: time(span.end),
        user_id: params.whole("user_id", 1..=1 << 53).and_then(|id| i64::try_from(id).ok()),
        action,
    }
}

fn place(params: &mut Params, paging: Paging) -> OperationPlace {
    let Some(cursor) = params.text("cursor") else { return OperationPlace::Page(paging.page()) };
    if paging.page.is_some() {
        params.fault("cursor", "page and cursor exclude each other");
    }
    match cursor.parse() {
        Ok(cursor) => OperationPlace::After(cursor),
        Err(()) => {
            params.fault("cursor", "cursor is not one that this list gave");
            OperationPlace::Page(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &'static str) -> (OperationFilter, OperationPlace, bool) {
        let mut params = Params::of(&axum::http::Uri::from_static(query));
        let filter = filter(&mut params);
        let paging = Paging::of(&mut params);
        let place = place(&mut params, paging);
        (filter, place, params.finish().is_ok())
    }

    #[test]
    fn filters_and_places_are_read() {
        let (filter, place, is_fine) =
            check("/?start_time=2026-11-20T00:00:00Z&user_id=7&action=login_failed&page=3&size=50");
        assert!(is_fine);
        assert_eq!(filter.start, DateTime::from_timestamp(1_795_132_800, 0));
        assert_eq!((filter.end, filter.user_id), (None, Some(7)));
        assert_eq!(filter.action, Some(crate::meta::Action::LoginFailed));
        assert!(matches!(place, OperationPlace::Page(3)));
        assert!(matches!(check("/?cursor=5.6").1, OperationPlace::After(_)));
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        for query in
            ["/?user_id=0", "/?action=stole", "/?cursor=x", "/?cursor=5.6&page=1", "/?start_time=soon", "/?levels=INFO"]
        {
            assert!(!check(query).2, "{query}");
        }
    }
}
