//! The records of a sealed segment, through the evaluator. Blocking.

use crate::record::block::Rows;
use crate::rules::evaluator::Evaluator;
use crate::spool::frames::{Entry, ReadError};
use crate::spool::segment::SealedSegment;

/// Shows the evaluator each record of `segment` from `first_id` on, in order. Damage is told where it was found; it says nothing of what is whole.
///
/// # Errors
/// The disk does not answer. The evaluator has seen the records before [`Interrupted::next_id`], and can go on there.
pub(super) fn observe(evaluator: &mut Evaluator, segment: &SealedSegment, first_id: u64) -> Result<(), Interrupted> {
    let columns = evaluator.columns();
    let mut next_id = first_id;
    let interrupted = |next_id, source| Interrupted { next_id, source };
    let frames = segment.frames().map_err(|source| interrupted(next_id, source))?;
    for entry in frames {
        let payload = match entry {
            Ok(Entry::Frame { payload, .. }) => payload,
            Ok(Entry::Lost { .. }) | Err(ReadError::Corrupt { .. }) => continue,
            Err(source @ ReadError::Io(_)) => return Err(interrupted(next_id, source)),
        };
        let Ok(mut rows) = Rows::new(&payload, |name| columns.holds(name)) else { continue };
        while let Ok(Some(record)) = rows.read() {
            if record.id >= first_id {
                evaluator.observe(record);
                next_id = record.id + 1;
            }
        }
    }
    Ok(())
}

/// Why a segment was not read to its end.
#[derive(Debug, thiserror::Error)]
#[error("read a segment for the alert rules")]
pub(super) struct Interrupted {
    /// The record to go on with.
    pub(super) next_id: u64,
    pub(super) source: ReadError,
}
