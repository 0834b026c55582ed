//! Waiting for the store: `?wait=searchable` answers when search finds the records, not only when they are durable, and who asks for a
//! record by its id finds it as soon as it is acknowledged.

use std::time::Duration;

use axum::http::StatusCode;

use super::error::ApiError;
use super::params::Params;
use super::state::Api;

/// The store takes a record about a second after it is durable; longer than this it is away.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// What an ingesting request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Durable,
    Searchable,
}

impl Wait {
    pub(super) fn of(params: &mut Params) -> Self {
        params.choice("wait", &[("durable", Self::Durable), ("searchable", Self::Searchable)]).unwrap_or(Self::Durable)
    }

    /// Waits for record `last`. The status of the answer, and whether search finds the record, where that was asked.
    ///
    /// 202 says that the records are durable and will be searchable, but were not in time.
    pub(super) async fn reached(self, api: &Api, last: Option<u64>) -> (StatusCode, Option<bool>) {
        let last = match (self, last) {
            (Self::Durable, _) => return (StatusCode::CREATED, None),
            (Self::Searchable, None) => return (StatusCode::CREATED, Some(true)),
            (Self::Searchable, Some(last)) => last,
        };
        if is_stored(api, last).await { (StatusCode::CREATED, Some(true)) } else { (StatusCode::ACCEPTED, Some(false)) }
    }
}

/// Waits for record `id` where this daemon has acknowledged it and the store has not taken it yet.
///
/// # Errors
/// 503 where the store does not take it in time: it is durable, so it is not one that does not exist.
pub(super) async fn wait_for_acknowledged(api: &Api, id: u64) -> Result<(), ApiError> {
    let is_on_its_way = id > *api.stored.borrow() && id <= api.monitor.stats().last_id;
    if is_on_its_way && !is_stored(api, id).await {
        return Err(ApiError::unavailable(format!("record {id} is durable, and the store has not taken it yet"), 1));
    }
    Ok(())
}

/// Whether the store takes record `id` in time; not where its follower has ended because the daemon stops.
async fn is_stored(api: &Api, id: u64) -> bool {
    let mut stored = api.stored.clone();
    tokio::time::timeout(WAIT_MAX, stored.wait_for(|passed| *passed >= id)).await.is_ok_and(|reached| reached.is_ok())
}
