//! One object being written, and what is done if it does not come to its end.

use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::error::StoreError;
use super::local::{self, NewFile};
use super::s3::{self, Upload};

/// How long a failed write waits until it is undone; it goes on in the background.
const UNDO_WAIT: Duration = Duration::from_secs(5);

/// Where the pieces go.
pub(super) enum To {
    File(NewFile),
    Upload(Upload),
}

/// Takes pieces. Unless it is finished, everything is undone when it goes.
pub(super) struct Writer {
    /// There until it is finished or being undone.
    to: Option<To>,
    undoing: TaskTracker,
}

impl Writer {
    pub(super) fn new(to: To, undoing: TaskTracker) -> Self {
        Self { to: Some(to), undoing }
    }

    /// The length of every piece but the last one.
    pub(super) fn piece_bytes(&self) -> usize {
        match &self.to {
            Some(To::File(_)) | None => local::PIECE_BYTES,
            Some(To::Upload(_)) => s3::PART_BYTES,
        }
    }

    /// The largest object that the place can take.
    pub(super) fn bytes_max(&self) -> u64 {
        match &self.to {
            Some(To::File(_)) | None => u64::MAX,
            Some(To::Upload(_)) => s3::BYTES_MAX,
        }
    }

    /// Takes a piece as soon as the one before it is written.
    pub(super) async fn write(&mut self, piece: Bytes) -> Result<(), StoreError> {
        match &mut self.to {
            Some(To::File(file)) => file.write(piece).await,
            Some(To::Upload(upload)) => upload.write(piece).await,
            None => Ok(()),
        }
    }

    /// Takes the last piece, which may be empty, and makes the object visible.
    pub(super) async fn finish(&mut self, last: Bytes) -> Result<(), StoreError> {
        match &mut self.to {
            Some(To::File(file)) => file.finish(last).await?,
            Some(To::Upload(upload)) => upload.finish(last).await?,
            None => {}
        }
        self.to = None;
        Ok(())
    }

    /// Undoes it, and waits for that a little.
    pub(super) async fn undo(mut self) {
        if let Some(undone) = self.undo_in_background() {
            drop(tokio::time::timeout(UNDO_WAIT, undone).await);
        }
    }

    fn undo_in_background(&mut self) -> Option<JoinHandle<()>> {
        let to = self.to.take()?;
        // Without a runtime the process is ending; the next start clears the folder, and the bucket has a rule for it.
        let runtime = Handle::try_current().ok()?;
        let undo = async move {
            match to {
                To::File(file) => file.undo().await,
                To::Upload(upload) => upload.undo().await,
            }
        };
        Some(self.undoing.spawn_on(undo, &runtime))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.undo_in_background());
    }
}
