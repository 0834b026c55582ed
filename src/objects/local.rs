//! Objects as files of a folder.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tracing::warn;
use uuid::Uuid;

use super::disk;
use super::error::{OpenError, StoreError};
use super::key::Key;

/// What is being written lies here; no key begins with a dot.
const INCOMING: &str = ".incoming";

/// One write to the file.
pub(super) const PIECE_BYTES: usize = 1 << 20;

/// So much is written before the disk has to have it, so that one large file does not hold up the spool's own syncs for seconds.
const UNSYNCED_BYTES_MAX: u64 = 32 << 20;

/// The folder, and below it one file for each object.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn open(path: PathBuf) -> Result<Self, OpenError> {
        let failed = |doing| {
            let path = path.clone();
            move |source| OpenError::Folder { doing, path, source }
        };
        let incoming = path.join(INCOMING);
        disk::create_folder(&incoming).map_err(failed("make"))?;
        clear(&incoming).map_err(failed("clear"))?;
        let probe = incoming.join(Uuid::new_v4().to_string());
        let written = disk::create_file(&probe).and_then(|mut file| file.write_all(b"probe"));
        written.and(disk::remove_file(&probe)).map_err(failed("write into"))?;
        disk::sync_folder(&path).map_err(failed("sync"))?;
        if let Some(parent) = path.parent() {
            disk::sync_folder(parent).map_err(failed("sync the folder of"))?;
        }
        Ok(Self { path })
    }

    /// Begins a new object. Where nobody waits for it any more, `undoing` waits until the file is gone again.
    pub(super) async fn create(
        &self,
        key: &Key,
        free_bytes_min: u64,
        undoing: &TaskTracker,
    ) -> Result<NewFile, StoreError> {
        let incoming = self.path.join(INCOMING).join(Uuid::new_v4().to_string());
        let path = incoming.clone();
        let root = self.path.clone();
        let (created, file) = oneshot::channel();
        undoing.spawn_blocking(move || created.send(Created::below(&root, path)).ok());
        let file = file.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        let file = file.and_then(Created::keep).map_err(|error| StoreError::disk("begin", key, error))?;
        Ok(NewFile {
            key: key.clone(),
            file: Arc::new(file),
            incoming,
            path: self.file_path(key),
            root: self.path.clone(),
            unsynced: 0,
            free_bytes_min,
            writing: None,
            finishing: false,
        })
    }

    pub(super) async fn file(&self, key: &Key) -> Result<File, StoreError> {
        let path = self.file_path(key);
        disk::blocking(move || File::open(path)).await.map_err(|error| StoreError::disk("open", key, error))
    }

    pub(super) async fn exists(&self, key: &Key) -> Result<bool, StoreError> {
        let path = self.file_path(key);
        disk::blocking(move || path.try_exists()).await.map_err(|error| StoreError::disk("look for", key, error))
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let path = self.file_path(key);
        let removed = disk::blocking(move || remove_durably(&path)).await;
        removed.map_err(|error| StoreError::disk("remove", key, error))
    }

    fn file_path(&self, key: &Key) -> PathBuf {
        self.path.join(key.as_str())
    }
}

/// A file that is removed again unless somebody takes it.
struct Created {
    file: Option<File>,
    path: PathBuf,
}

impl Created {
    /// Makes the folders again that somebody took away meanwhile.
    fn below(root: &Path, path: PathBuf) -> io::Result<Self> {
        let file = match disk::create_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                disk::create_folder(&root.join(INCOMING))?;
                disk::sync_folder(root)?;
                root.parent().map_or(Ok(()), disk::sync_folder)?;
                disk::create_file(&path)?
            }
            created => created?,
        };
        Ok(Self { file: Some(file), path })
    }

    fn keep(mut self) -> io::Result<File> {
        self.file.take().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        if self.file.take().is_some()
            && let Err(error) = disk::remove_file(&self.path)
        {
            warn!("an unfinished file is left until the next start: {error}");
        }
    }
}

/// An object on its way. Pieces are written one after the other, each while the next one is collected.
pub(super) struct NewFile {
    key: Key,
    file: Arc<File>,
    incoming: PathBuf,
    path: PathBuf,
    root: PathBuf,
    unsynced: u64,
    free_bytes_min: u64,
    writing: Option<JoinHandle<io::Result<()>>>,
    /// The object may have its name already.
    finishing: bool,
}

impl NewFile {
    /// Waits for the piece before, and begins to write this one.
    pub(super) async fn write(&mut self, piece: Bytes) -> Result<(), StoreError> {
        self.written().await?;
        self.unsynced = self.unsynced.saturating_add(piece.len() as u64);
        let is_to_sync = self.unsynced >= UNSYNCED_BYTES_MAX;
        if is_to_sync {
            self.unsynced = 0;
        }
        let (file, free_bytes_min) = (Arc::clone(&self.file), self.free_bytes_min);
        self.writing = Some(tokio::task::spawn_blocking(move || {
            disk::check_room(&file, piece.len(), free_bytes_min)?;
            (&*file).write_all(&piece)?;
            if is_to_sync { file.sync_data() } else { Ok(()) }
        }));
        Ok(())
    }

    /// Writes the last piece and gives the object its name, all of it durable.
    pub(super) async fn finish(&mut self, last: Bytes) -> Result<(), StoreError> {
        self.write(last).await?;
        self.written().await?;
        let (file, incoming, path, root) =
            (Arc::clone(&self.file), self.incoming.clone(), self.path.clone(), self.root.clone());
        self.finishing = true;
        self.writing = Some(tokio::task::spawn_blocking(move || {
            file.sync_all()?;
            name_durably(&incoming, &path, &root)
        }));
        self.written().await
    }

    /// Removes what there is of it, after the write that is under way.
    pub(super) async fn undo(mut self) {
        // What came of it is of no interest any more.
        drop(self.written().await);
        let Self { key, file, incoming, path, finishing, .. } = self;
        let removed = disk::blocking(move || {
            drop(file);
            disk::remove_file(&incoming)?;
            if finishing { remove_durably(&path) } else { Ok(()) }
        });
        if let Err(error) = removed.await {
            warn!("an unfinished file of the object {key} is left until the next start: {error}");
        }
    }

    async fn written(&mut self) -> Result<(), StoreError> {
        // It stays where it is until it has ended: whoever is dropped here can still wait for it in `undo`.
        let Some(writing) = &mut self.writing else { return Ok(()) };
        let outcome = writing.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        self.writing = None;
        outcome.map_err(|error| StoreError::disk("write", &self.key, error))
    }
}

/// Moves what is incoming to `path`, below `root`, and syncs each folder between: another write may have made one, and not have synced it yet.
fn name_durably(incoming: &Path, path: &Path, root: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        disk::create_folder(folder)?;
    }
    std::fs::rename(incoming, path)?;
    path.ancestors().skip(1).take_while(|folder| folder.starts_with(root)).try_for_each(disk::sync_folder)
}

fn remove_durably(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        outcome => outcome?,
    }
    path.parent().map_or(Ok(()), disk::sync_folder)
}

fn clear(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        disk::remove_file(&entry?.path())?;
    }
    Ok(())
}
