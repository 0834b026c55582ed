//! One sealed segment is one insert, idempotent by the segment's id.

use std::time::Duration;

use clickhouse::insert_formatted::InsertFormatted;
use tokio::sync::mpsc;

use super::{LogStore, StoreError};
use crate::record::{COLUMNS, SEGMENT_COLUMN};
use crate::spool::frames::{Entry, ReadError};
use crate::spool::segment::SealedSegment;

/// The index that costs most of an insert's time; see [`Indexing`].
pub(super) const TEXT_INDEX: &str = "message_words";
/// A store that takes nothing for so long, or does not answer an insert that was sent, is asked anew. An insert that it
/// has done all the same is known by its token.
const SEND_MAX: Duration = Duration::from_secs(60);
const ANSWER_MAX: Duration = Duration::from_secs(300);
/// Frames read ahead of the engine.
const FRAMES_AHEAD: usize = 4;

/// When the text index of a segment's records is built. Until then a search for words reads the records themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// With the insert.
    AtOnce,
    /// By a merge, or when the store has caught up, because more segments are waiting:
    /// it costs half of the rate at which records are stored.
    Later,
}

/// What is done about frames of a segment that are damaged on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damaged {
    /// Nothing of the segment is stored, and the damage is reported.
    Refuse,
    /// They are left out, and the rest is stored.
    LeaveOut,
}

/// Why a segment was not stored.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    #[error("read segment {id}")]
    Read { id: uuid::Uuid, source: ReadError },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LogStore {
    /// Stores the records of `segment`; repeated, it stores them no second time.
    ///
    /// # Errors
    /// [`InsertError`]; nothing is stored then, or all of it: the same call again finds out.
    pub async fn insert(
        &self,
        segment: &SealedSegment,
        indexing: Indexing,
        damaged: Damaged,
    ) -> Result<(), InsertError> {
        let (sender, mut frames) = mpsc::channel(FRAMES_AHEAD);
        let reader = tokio::task::spawn_blocking({
            let segment = segment.clone();
            move || -> Result<(), ReadError> {
                for entry in segment.frames()? {
                    let entry = match entry {
                        Err(ReadError::Corrupt { .. }) if damaged == Damaged::LeaveOut => continue,
                        entry => entry?,
                    };
                    // The insert ended early: its own error says why.
                    if sender.blocking_send(entry).is_err() {
                        break;
                    }
                }
                Ok(())
            }
        });
        let mut insert = self.start_insert(segment, indexing);
        let mut sent = Ok(());
        while let Some(entry) = frames.recv().await {
            if let Entry::Frame { payload, .. } = entry {
                sent = insert.send(payload).await;
                if sent.is_err() {
                    break;
                }
            }
        }
        drop(frames);
        let read = reader.await.expect("reading a segment does not panic");
        // An insert that is not ended is aborted: a segment that cannot be read to its end stores nothing.
        read.map_err(|source| InsertError::Read { id: segment.id, source })?;
        sent.map_err(StoreError::from)?;
        insert.end().await.map_err(StoreError::from)?;
        Ok(())
    }

    fn start_insert(&self, segment: &SealedSegment, indexing: Indexing) -> InsertFormatted {
        let columns: Vec<&str> = COLUMNS.iter().chain([&SEGMENT_COLUMN]).map(|(name, _)| *name).collect();
        let sql = format!("INSERT INTO logs ({}) FORMAT Native", columns.join(", "));
        let left_out = match indexing {
            Indexing::AtOnce => "",
            Indexing::Later => TEXT_INDEX,
        };
        self.client
            .clone()
            .with_database(&self.database)
            .insert_formatted_with(sql)
            .with_timeouts(Some(SEND_MAX), Some(ANSWER_MAX))
            .with_setting("insert_deduplication_token", segment.id.to_string())
            .with_setting("async_insert", "0")
            .with_setting("input_format_skip_unknown_fields", "0")
            .with_setting("exclude_materialize_skip_indexes_on_insert", left_out)
            // One insert is one part, so that it is there whole or not at all.
            .with_setting("max_insert_threads", "1")
            .with_setting("min_insert_block_size_rows", "100000000")
            .with_setting("min_insert_block_size_bytes", "10000000000")
    }
}
