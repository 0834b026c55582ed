//! One chunk, from its bytes to its records.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use evtx::err::EvtxError;
use evtx::{EvtxChunkData, EvtxRecord, IterChunkRecords, SerializedEvtxRecord};
use logseal_parsers::{Context, FileRecord};

use super::report::Report;
use super::uncounted::{Counted, Uncounted};
use super::{CHUNK_BYTES, EventLog, RECORD_MAGIC};
use crate::telemetry::chain;

/// How much text the events of a chunk may come to: a few times what Windows' own come to, and far below what a file that is
/// made for it could ask for.
const TEXT_BYTES_MAX: usize = 64 * CHUNK_BYTES;

/// What each record that its chunk's header does not count says.
const UNCOUNTED: &str = "its header does not count this record";

/// An event as text, or why there is none.
enum Found {
    Event {
        record: u64,
        text: Vec<u8>,
    },
    /// Of the record with this id, or at this byte of the chunk.
    Damage {
        record: Option<u64>,
        at: Option<u64>,
        reason: String,
    },
    /// Nothing more can be read of the chunk.
    Failed,
}

impl EventLog {
    /// Gives the records of the chunk that `bytes` are. Only the last one of a file may be shorter than others.
    pub(super) fn chunk(&mut self, bytes: &[u8], cx: &Context, emit: &mut dyn FnMut(FileRecord<'_>)) {
        self.chunks += 1;
        // Windows makes room for chunks that it has not written yet.
        if bytes.iter().all(|byte| *byte == 0) {
            return;
        }
        let mut report = Report {
            chunk: self.chunks,
            chunk_offset: self.offset,
            records: &mut self.records,
            is_damaged: &mut self.is_damaged,
            doubt: None,
            cx,
            emit,
        };
        let mut data = match EvtxChunkData::new(bytes.to_vec(), false) {
            Ok(data) => data,
            Err(_) if bytes.len() < CHUNK_BYTES => return report.damage(None, 0, "the file ends within it"),
            Err(error) => return report.damage(None, 0, &chain(&error)),
        };
        let doubt = match bytes.len() {
            0..CHUNK_BYTES => Some("the file ends within it"),
            _ if !data.validate_header_checksum() => Some("the checksum of its header is wrong"),
            _ if !data.validate_data_checksum() => Some("the checksum of its records is wrong"),
            _ => None,
        };
        if let Some(reason) = doubt {
            report.damage(None, 0, reason);
        }
        let uncounted = count(&mut data, self.ids.last());
        if let Some(Uncounted { first, last, at, .. }) = uncounted {
            report.damage(None, at as u64, &format!("its header does not count the records {first} to {last}"));
        }
        // The crate checks what it reads and has no `unsafe`. But it reads what anyone may have made, and a panic of it would
        // end the job's thread, with a file that does so again at each start.
        let (settings, data) = (Arc::clone(&self.settings), &mut data);
        let parsed = catch_unwind(AssertUnwindSafe(move || data.parse(settings)));
        let mut chunk = match parsed {
            Ok(Ok(chunk)) => chunk,
            Ok(Err(error)) => return report.damage(None, 0, &chain(&error)),
            Err(_) => return report.damage(None, 0, "it cannot be read"),
        };
        let mut records = chunk.iter();
        let mut text_bytes = 0;
        // Nothing that a panic may have left half done is used again: it is the chunk's last.
        while let Some(found) = catch_unwind(AssertUnwindSafe(|| next(&mut records))).unwrap_or(Some(Found::Failed)) {
            match found {
                Found::Event { record, text } => {
                    self.ids.see(record);
                    text_bytes += text.len();
                    if text_bytes > TEXT_BYTES_MAX {
                        let reason = format!("its events come to more than {} MiB as text", TEXT_BYTES_MAX >> 20);
                        return report.damage(None, 0, &reason);
                    }
                    let is_uncounted = uncounted.is_some_and(|uncounted| uncounted.holds(record));
                    report.doubt = doubt.or(is_uncounted.then_some(UNCOUNTED));
                    report.event(&text);
                }
                Found::Damage { record, at, reason } => {
                    record.into_iter().for_each(|record| self.ids.see(record));
                    let at = at.or_else(|| place_of(record?, bytes)).unwrap_or(0);
                    report.damage(record, at, &reason);
                }
                Found::Failed => return report.damage(None, 0, "what follows in it cannot be read"),
            }
        }
    }
}

/// Makes the header count the records that it does not, and says which these are. `before` is the id of the last record before the chunk.
fn count(data: &mut EvtxChunkData, before: Option<u64>) -> Option<Uncounted> {
    let (header, bytes) = (&mut data.header, &data.data);
    let (first, last) = (header.first_event_record_id, header.last_event_record_id);
    let free_at = usize::try_from(header.free_space_offset).unwrap_or(usize::MAX);
    let uncounted = Uncounted::of(bytes, Counted { first, last, free_at }, before)?;
    header.last_event_record_id = uncounted.last;
    // Both lie within the chunk.
    header.last_event_record_data_offset = u32::try_from(uncounted.last_at).unwrap_or(u32::MAX);
    header.free_space_offset = u32::try_from(uncounted.end).unwrap_or(u32::MAX);
    Some(uncounted)
}

fn next(records: &mut IterChunkRecords<'_>) -> Option<Found> {
    let rendered = records.next()?.and_then(EvtxRecord::into_xml_bytes);
    let event = |event: SerializedEvtxRecord<Vec<u8>>| Found::Event { record: event.event_record_id, text: event.data };
    Some(rendered.map_or_else(|error| damage(&error), event))
}

/// What an error of the crate says: which record, where in the chunk, and why.
fn damage(mut error: &EvtxError) -> Found {
    let (mut record, mut at) = (None, None);
    loop {
        error = match error {
            EvtxError::FailedToParseRecord { record_id, source } => {
                record = Some(*record_id);
                source
            }
            EvtxError::FailedToReadRecordAt { offset, source, .. } => {
                at = Some(*offset);
                source
            }
            _ => return Found::Damage { record, at, reason: chain(error) },
        };
    }
}

/// Where in the chunk the record with the id `record` begins.
fn place_of(record: u64, chunk: &[u8]) -> Option<u64> {
    let is_it = |at: &usize| chunk.get(at + 8..at + 16) == Some(&record.to_le_bytes()[..]);
    memchr::memmem::find_iter(chunk, RECORD_MAGIC).find(is_it).map(|at| at as u64)
}
