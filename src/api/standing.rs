//! Whether who watches still may: a stream outlives the request whose credentials were looked at.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tracing::debug;

use super::access::Access;
use super::accounts::Holder;
use super::error::ApiError;
use super::state::Api;
use crate::clock::now;
use crate::telemetry::chain;

/// A log-out on this daemon ends a stream after so long at most, one by another daemon after a second more, for which a look-up is believed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Who was admitted to a stream. It is among the extensions of a request that [`Access::Stream`] has let in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) holder: Holder,
    pub(super) access: Access,
}

impl Standing {
    /// Waits until the holder may not watch any more: logged out, disabled, deleted, revoked, expired, or of a lower role.
    ///
    /// The session counts, not the access token that showed it: that one is good for minutes, and an open stream has no way to show
    /// the next. While the database cannot be asked, who was admitted stays.
    pub(super) async fn ended(self, api: Api) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            match api.accounts.current(self.holder, now()).await {
                Ok(caller) if self.access.check(caller.as_ref()).is_ok() => {}
                Ok(_) => return,
                Err(error) => debug!(error = %chain(&error), "a watcher was not looked up: it stays"),
            }
        }
    }
}

impl FromRequestParts<Api> for Standing {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _api: &Api) -> Result<Self, ApiError> {
        parts.extensions.get().copied().ok_or_else(ApiError::not_authenticated)
    }
}
