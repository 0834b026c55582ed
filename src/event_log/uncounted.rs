//! Records that stand in a chunk though its header does not count them.
//!
//! Windows writes records first and the chunk's header later, so that a log which is copied meanwhile has a header that ends too early.
//! A header can be forged to the same effect: what it does not count, programs that believe it do not show.

use super::{CHUNK_HEADER_BYTES, RECORD_HEADER_BYTES, RECORD_MAGIC};

/// What the header of a chunk says of the records in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) first: u64,
    pub(super) last: u64,
    /// Where the free part begins.
    pub(super) free_at: usize,
}

/// Records behind those that are counted: one behind the other, with consecutive ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Uncounted {
    pub(super) first: u64,
    pub(super) last: u64,
    /// Where the first and the last of them begin, and where that ends.
    pub(super) at: usize,
    pub(super) last_at: usize,
    pub(super) end: usize,
}

impl Uncounted {
    /// Those of `chunk`, the last record before which has the id `before`.
    ///
    /// Whatever else stands in the free part is what the log held there in an earlier round, and no record of this one.
    pub(super) fn of(chunk: &[u8], counted: Counted, before: Option<u64>) -> Option<Self> {
        let mut places = vec![(counted.free_at, counted.last.wrapping_add(1))];
        match end_of_counted(chunk, counted) {
            Some((end, Some(last))) => places.push((end, last.wrapping_add(1))),
            Some((end, None)) => {
                places.push((end, counted.first));
                places.extend(before.map(|before| (end, before.wrapping_add(1))));
            }
            None => {}
        }
        places.into_iter().find_map(|(at, id)| run(chunk, at, id))
    }

    pub(super) fn holds(&self, id: u64) -> bool {
        (self.first..=self.last).contains(&id)
    }
}

/// Where the records that are counted end, and the id of the last of them; `None` where they do not stand one behind the other.
fn end_of_counted(chunk: &[u8], counted: Counted) -> Option<(usize, Option<u64>)> {
    let (mut at, mut last) = (CHUNK_HEADER_BYTES, None);
    while at < counted.free_at && last != Some(counted.last) {
        let record = Record::at(chunk, at)?;
        (at, last) = (at + record.size, Some(record.id));
    }
    Some((at, last))
}

/// The records from `at` on, of which the first has this `id`, and each other one the next.
fn run(chunk: &[u8], at: usize, id: u64) -> Option<Uncounted> {
    let mut found: Option<Uncounted> = None;
    loop {
        let (at, id) = found.map_or((at, id), |found| (found.end, found.last.wrapping_add(1)));
        match Record::at(chunk, at) {
            Some(record) if record.id == id && record.ends_with_its_size(chunk, at) => {
                let (first, first_at) = found.map_or((id, at), |found| (found.first, found.at));
                found = Some(Uncounted { first, last: id, at: first_at, last_at: at, end: at + record.size });
            }
            _ => return found,
        }
    }
}

/// The head of a record.
struct Record {
    id: u64,
    size: usize,
}

impl Record {
    fn at(chunk: &[u8], at: usize) -> Option<Self> {
        let head = chunk.get(at..at.checked_add(RECORD_HEADER_BYTES)?)?.strip_prefix(RECORD_MAGIC)?;
        let (size, rest) = head.split_first_chunk::<4>()?;
        let (id, _) = rest.split_first_chunk::<8>()?;
        let (id, size) = (u64::from_le_bytes(*id), usize::try_from(u32::from_le_bytes(*size)).ok()?);
        (size >= RECORD_HEADER_BYTES + 4 && at + size <= chunk.len()).then_some(Self { id, size })
    }

    fn ends_with_its_size(&self, chunk: &[u8], at: usize) -> bool {
        let end = at + self.size;
        let size = u32::try_from(self.size).unwrap_or_default();
        chunk.get(end - 4..end) == Some(&size.to_le_bytes()[..])
    }
}

#[cfg(test)]
mod tests {
    use super::super::evtx_writer::Chunk;
    use super::*;

    #[test]
    fn records_are_found_behind_the_counted_ones_and_no_others_are() {
        let mut chunk = Chunk::new();
        // The last one is of an earlier round of the log.
        for id in [5, 6, 7, 8, 2] {
            chunk.inline(id, "user");
        }
        let bytes = chunk.finish();
        let ends: Vec<usize> = memchr::memmem::find_iter(&bytes, RECORD_MAGIC).skip(1).collect();
        let found = |first, last, free_at, before| {
            Uncounted::of(&bytes, Counted { first, last, free_at }, before)
                .map(|found| (found.first, found.last, found.end))
        };
        let rest = Some((7, 8, ends[3]));
        // A stale header; one of which either half is wrong; one that ends within a record.
        assert_eq!(found(5, 6, ends[1], None), rest);
        assert_eq!(found(5, 6, ends[3], None), rest);
        assert_eq!(found(5, 8, ends[1], None), rest);
        assert_eq!(found(5, u64::MAX, ends[1], None), rest);
        assert_eq!(found(5, u64::MAX, ends[1] - 1, None), rest);
        // A header that counts none says at most where its records begin, and so does the chunk before it.
        assert_eq!(found(5, u64::MAX, 512, None), Some((5, 8, ends[3])));
        assert_eq!(found(0, u64::MAX, 0, Some(4)), Some((5, 8, ends[3])));
        assert_eq!(found(1, u64::MAX, 512, Some(3)), None);
        // All are counted.
        assert_eq!(found(5, 8, ends[3], None), None);
        assert_eq!(found(5, 8, usize::MAX, None), None);
        assert_eq!(found(0, u64::MAX, usize::MAX, None), None);
    }
}
