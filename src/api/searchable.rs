//! `?wait=searchable`: the answer comes when search finds the records, not only when they are durable.

use std::time::Duration;

use axum::http::StatusCode;

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
        let mut stored = api.stored.clone();
        let reached = tokio::time::timeout(WAIT_MAX, stored.wait_for(|passed| *passed >= last)).await;
        match reached {
            Ok(Ok(_)) => (StatusCode::CREATED, Some(true)),
            // Too late, or the follower has ended because the daemon stops.
            Ok(Err(_)) | Err(_) => (StatusCode::ACCEPTED, Some(false)),
        }
    }
}
