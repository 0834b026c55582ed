//! Files that people upload, kept whole under a key: in the data folder, or in storage that speaks S3's protocol.
//!
//! ```text
//! <data_dir>/objects/                 mode 0700; an object is a file named by its key, mode 0600
//!     uploads/<uuid>
//!     .incoming/<uuid>                what is being written; emptied at the start
//! s3://bucket/prefix/uploads/<uuid>   parts of 8 MiB; one request for what is smaller
//! ```
//!
//! An object is written once and never changed. It is there whole or not at all: what is not finished has another name (in the folder) or
//! none (in S3), and a write that fails or is dropped is undone in the background. What [`Objects::put`] has returned survives a crash.

mod connector;
mod content;
mod disk;
mod error;
mod key;
mod local;
mod put;
mod ranged;
mod s3;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use reqwest::Url;
use tokio_util::task::TaskTracker;

use crate::config::storage::Storage;

pub use content::Content;
pub use error::{OpenError, PutError, StoreError};
pub use key::{Key, NotAKey};
pub use put::Stored;
pub use ranged::Ranged;

use local::Folder;
use s3::S3;
use writer::Writer;

/// Where uploaded files are kept. Clones are handles of the same.
#[derive(Clone)]
pub struct Objects {
    place: Arc<Place>,
    /// What undoes writes that did not come to their end.
    undoing: TaskTracker,
    disk_free_bytes_min: u64,
}

enum Place {
    Folder(Folder),
    S3(S3),
}

impl Objects {
    /// Opens what `config` names. In the data folder, `objects` is made, seen to be writable, and cleared of what was being written when the last
    /// daemon ended: call it once the data folder is known to be this daemon's alone. For S3 nothing is sent: its first use tells whether it is there.
    /// Blocking.
    ///
    /// # Errors
    /// [`OpenError`] names the folder or the key of the configuration.
    pub fn open(config: &Storage, data_dir: &Path) -> Result<Self, OpenError> {
        let place = match config.bucket() {
            None => Place::Folder(Folder::open(data_dir.join("objects"))?),
            Some(bucket) => Place::S3(S3::new(config, &bucket)?),
        };
        let undoing = TaskTracker::new();
        Ok(Self { place: Arc::new(place), undoing, disk_free_bytes_min: config.disk_free_bytes_min })
    }

    /// What files and their copies leave free on the disk, in bytes.
    #[must_use]
    pub const fn disk_free_bytes_min(&self) -> u64 {
        self.disk_free_bytes_min
    }

    /// Streams `body` into the new object `key`, in constant memory (16 MiB at most), while its length and SHA-256 are computed. When it returns,
    /// the object is on disk, its name too. `key` must not have been used before.
    ///
    /// On an error, and if the future is dropped, nothing is left under the key: what was written is removed in the background, and
    /// [`Objects::settle`] waits for that. An error waits up to five seconds for it itself.
    ///
    /// # Errors
    /// [`PutError`]: the body is larger than `bytes_max` or fails, there is no room, or the storage fails.
    pub async fn put<E>(
        &self,
        key: &Key,
        body: impl Stream<Item = Result<Bytes, E>> + Unpin,
        bytes_max: u64,
    ) -> Result<Stored, PutError<E>> {
        let to = match &*self.place {
            Place::Folder(folder) => {
                writer::To::File(folder.create(key, self.disk_free_bytes_min, &self.undoing).await?)
            }
            Place::S3(s3) => writer::To::Upload(s3.upload(key)),
        };
        put::put(Writer::new(to, self.undoing.clone()), body, bytes_max).await
    }

    /// The object as a file of this machine, to be read from its start: the file itself where it lies in the data folder, else a copy without a name
    /// in `dir_for_copies` (which is made if it is not there), whose room is given back when the file is closed.
    ///
    /// # Errors
    /// [`StoreError`]; `Incomplete` if the copy has not the length that the storage told.
    pub async fn open_local(&self, key: &Key, dir_for_copies: &Path) -> Result<std::fs::File, StoreError> {
        match &*self.place {
            Place::Folder(folder) => folder.file(key).await,
            Place::S3(s3) => {
                let (bytes, content) = s3.get(key).await?;
                content::copy(key, content::checked(key, bytes, content), dir_for_copies, self.disk_free_bytes_min)
                    .await
            }
        }
    }

    /// The object, to be read at any place, where a little of it is wanted; `None` in the data folder, where [`Objects::open_local`] costs
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn ranged(&self, key: &Key) -> Result<Option<Ranged>, StoreError> {
        match &*self.place {
            Place::Folder(_) => Ok(None),
            Place::S3(s3) => s3.ranged(key).await.map(Some),
        }
    }

    /// The object's length and content. A content that ends early is an error at its end, never a short success.
    ///
    /// # Errors
    /// [`StoreError`], now or from the stream.
    pub async fn stream(&self, key: &Key) -> Result<(u64, Content), StoreError> {
        let (bytes, content) = match &*self.place {
            Place::Folder(folder) => content::of_file(key, folder.file(key).await?).await?,
            Place::S3(s3) => s3.get(key).await?,
        };
        Ok((bytes, content::checked(key, bytes, content)))
    }

    /// An address that whoever has it may fetch the object from, for `valid_for` (a week at most), to be saved as `file_name`. `None` in the data
    /// folder. Nothing is sent; whether there is such an object is not looked at.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be signed.
    pub async fn signed_url(&self, key: &Key, file_name: &str, valid_for: Duration) -> Result<Option<Url>, StoreError> {
        match &*self.place {
            Place::Folder(_) => Ok(None),
            Place::S3(s3) => s3.signed_url(key, file_name, valid_for).await.map(Some),
        }
    }

    /// Removes the object; that it does not exist is fine.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        match &*self.place {
            Place::Folder(folder) => folder.delete(key).await,
            Place::S3(s3) => s3.delete(key).await,
        }
    }

    /// Removes the object in the background; [`Objects::settle`] waits for that.
    pub fn discard(&self, key: Key) {
        let objects = self.clone();
        self.undoing.spawn(async move {
            if let Err(error) = objects.delete(&key).await {
                tracing::warn!(object = %key, error = %crate::telemetry::chain(&error), "an object that is not wanted could not be removed");
            }
        });
    }

    /// Whether there is such an object.
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be found out.
    pub async fn exists(&self, key: &Key) -> Result<bool, StoreError> {
        match &*self.place {
            Place::Folder(folder) => folder.exists(key).await,
            Place::S3(s3) => s3.exists(key).await,
        }
    }

    /// Whether other daemons see the same objects.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(&*self.place, Place::S3(_))
    }

    /// Waits until writes that ended early are undone: at the stop, after the last of those who use it. Where S3 is away that takes minutes, so give
    /// it a deadline.
    pub async fn settle(&self) {
        self.undoing.close();
        self.undoing.wait().await;
    }
}
