//! The content of an object on its way out.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, try_unfold};
use futures_util::{StreamExt as _, TryStreamExt as _};
use uuid::Uuid;

use super::disk;
use super::error::StoreError;
use super::key::Key;

/// The bytes of an object, piece by piece.
pub type Content = BoxStream<'static, Result<Bytes, StoreError>>;

/// One read of a file.
const READ_BYTES: usize = 256 << 10;

/// The length and the content of a file.
pub(super) async fn of_file(key: &Key, file: File) -> Result<(u64, Content), StoreError> {
    let (file, bytes) = disk::blocking(move || file.metadata().map(|found| (file, found.len())))
        .await
        .map_err(|error| StoreError::disk("read", key, error))?;
    let key = key.clone();
    let content = try_unfold(Arc::new(file), move |file| {
        let key = key.clone();
        async move {
            let from = Arc::clone(&file);
            let piece = disk::blocking(move || read(&from)).await;
            let piece = piece.map_err(|error| StoreError::disk("read", &key, error))?;
            Ok((!piece.is_empty()).then_some((piece, file)))
        }
    });
    Ok((bytes, content.boxed()))
}

fn read(mut file: &File) -> std::io::Result<Bytes> {
    let mut piece = BytesMut::zeroed(READ_BYTES);
    let length = loop {
        match file.read(&mut piece) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            outcome => break outcome?,
        }
    };
    piece.truncate(length);
    Ok(piece.freeze())
}

/// `content`, with an error at its end if it has not the length `expected`.
pub(super) fn checked(key: &Key, expected: u64, content: Content) -> Content {
    let key = key.clone();
    try_unfold((content, 0_u64), move |(mut content, found)| {
        let key = key.clone();
        async move {
            match content.try_next().await? {
                Some(piece) => {
                    let found = found.saturating_add(piece.len() as u64);
                    Ok(Some((piece, (content, found))))
                }
                None if found == expected => Ok(None),
                None => Err(StoreError::Incomplete { key, expected, found }),
            }
        }
    })
    .boxed()
}

/// Writes `content` into a file of `folder` that has no name, and turns back to its start.
pub(super) async fn copy(
    key: &Key,
    mut content: Content,
    folder: &Path,
    free_bytes_min: u64,
) -> Result<File, StoreError> {
    let failed = |error| StoreError::disk("copy", key, error);
    let folder = folder.to_owned();
    let mut file = disk::blocking(move || {
        disk::create_folder(&folder)?;
        let path = folder.join(Uuid::new_v4().to_string());
        let file = disk::create_file(&path)?;
        disk::remove_file(&path)?;
        Ok(file)
    })
    .await
    .map_err(failed)?;
    while let Some(piece) = content.try_next().await? {
        let written = disk::blocking(move || {
            disk::check_room(&file, piece.len(), free_bytes_min)?;
            file.write_all(&piece)?;
            Ok(file)
        });
        file = written.await.map_err(failed)?;
    }
    disk::blocking(move || file.rewind().map(|()| file)).await.map_err(failed)
}
