//! Mails that are sent behind an answer, so that the answer does not tell whether there was one to send.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::error::ApiError;
use crate::auth::code::Purpose;
use crate::auth::mail::Mailer;
use crate::auth::secret::Secret;
use crate::telemetry::chain;

/// So many are on their way at once.
const ON_THE_WAY_MAX: usize = 32;

/// The letters on their way.
pub(super) struct Letters {
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Room for one letter, which need not be used.
pub(super) struct Place(OwnedSemaphorePermit);

/// A code for an address.
pub(super) struct Letter {
    pub(super) to: String,
    pub(super) purpose: Purpose,
    pub(super) code: Secret,
    pub(super) minutes: u32,
}

impl Letters {
    /// Until `stop`: then what is on its way is given up.
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self { places: Arc::new(Semaphore::new(ON_THE_WAY_MAX)), tasks: TaskTracker::new(), stop }
    }

    /// To be asked for before it is known whether there is something to send.
    ///
    /// # Errors
    /// 503 while too many are on their way.
    pub(super) fn place(&self) -> Result<Place, ApiError> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map(Place).map_err(|_| ApiError::unavailable("too many mails are on their way", 5))
    }

    /// Sends behind the caller's back. What fails is in the log alone.
    pub(super) fn send(&self, place: Place, mailer: Arc<Mailer>, letter: Letter) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let Place(_held) = place;
            let Letter { to, purpose, code, minutes } = letter;
            tokio::select! {
                sent = mailer.send_code(&to, purpose, &code, minutes, crate::clock::now()) => match sent {
                    Ok(()) => info!(purpose = purpose.as_str(), "sent a verification code"),
                    Err(error) => {
                        warn!(purpose = purpose.as_str(), error = %chain(&error), "a verification code was not sent");
                    }
                },
                () = stop.cancelled() => warn!("a verification code was not sent: the daemon stops"),
            }
        });
    }
}
