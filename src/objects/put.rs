//! From a body to pieces of one length, counted and hashed.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};

use super::error::PutError;
use super::writer::Writer;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub bytes: u64,
    pub sha256: [u8; 32],
}

/// Writes all of `body`, or undoes what was written of it.
pub(super) async fn put<E>(
    mut writer: Writer,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    bytes_max: u64,
) -> Result<Stored, PutError<E>> {
    let outcome = write(&mut writer, body, bytes_max).await;
    if outcome.is_err() {
        writer.undo().await;
    }
    outcome
}

async fn write<E>(
    writer: &mut Writer,
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    bytes_max: u64,
) -> Result<Stored, PutError<E>> {
    let bytes_max = bytes_max.min(writer.bytes_max());
    let piece_bytes = writer.piece_bytes();
    let (mut bytes, mut hash, mut piece) = (0_u64, Sha256::new(), BytesMut::new());
    while let Some(chunk) = body.next().await {
        let mut chunk = chunk.map_err(PutError::Body)?;
        bytes = bytes.saturating_add(chunk.len() as u64);
        if bytes > bytes_max {
            return Err(PutError::TooLarge { bytes_max });
        }
        hash.update(&chunk);
        // Copied, so that many small chunks do not keep the large buffers alive that they are slices of.
        while piece.len().saturating_add(chunk.len()) >= piece_bytes {
            let rest = chunk.split_to(piece_bytes.saturating_sub(piece.len()));
            piece.extend_from_slice(&rest);
            writer.write(piece.split().freeze()).await?;
            piece.reserve(piece_bytes);
        }
        piece.extend_from_slice(&chunk);
    }
    writer.finish(piece.freeze()).await?;
    Ok(Stored { bytes, sha256: hash.finalize().into() })
}
