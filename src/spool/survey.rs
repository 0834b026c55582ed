//! Reads a whole segment of which nothing is certain, and says what is in it.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::Path;

use crate::spool::format::{FRAMES_AT, SealRecord, SegmentHeader, mark};
use crate::spool::name::SegmentName;
use crate::spool::scan::{Damage, Scanned, Scanner};
use crate::spool::segment::read_block;

/// What the bytes of a segment file tell.
#[derive(Debug)]
pub(super) struct Survey {
    /// The header, if it is readable and fits the name.
    pub(super) header: Option<SegmentHeader>,
    /// The seal record, if there is a readable one.
    pub(super) seal: Option<SealRecord>,
    /// Ids that are missing although a whole frame is behind them.
    pub(super) holes: Vec<Hole>,
    /// Offset behind the last whole frame.
    pub(super) end: u64,
    /// The id behind the last whole frame.
    pub(super) next_id: u64,
    /// What is behind the last whole frame.
    pub(super) tail: Option<Damage>,
}

/// Ids without a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hole {
    pub(super) first_id: u64,
    pub(super) last_id: u64,
    /// Whether a later frame proves that these rows had been acknowledged.
    pub(super) acknowledged: bool,
}

/// Reads `path`; frames with ids behind `last_id` are not looked at.
pub(super) fn survey(path: &Path, name: &SegmentName, last_id: u64) -> io::Result<Survey> {
    let (block, _) = read_block(path)?;
    let header =
        SegmentHeader::decode(&block).filter(|header| header.id == name.id && header.first_id == name.first_id);
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(FRAMES_AT))?;
    let mut scanner = Scanner::new(file, FRAMES_AT, mark(name.id), name.first_id);

    let mut survey = Survey {
        header,
        seal: SealRecord::decode(&block, name.id),
        holes: Vec::new(),
        end: FRAMES_AT,
        next_id: name.first_id,
        tail: None,
    };
    let mut holes_at = Vec::new();
    let mut acked_len = 0;
    while let Some(scanned) = scanner.step()? {
        match scanned {
            Scanned::Damage(damage) => survey.tail = Some(joined(survey.tail, damage)),
            Scanned::Frame(header, _) if header.end_id() > last_id.saturating_add(1) => {}
            Scanned::Frame(header, _) => {
                if header.first_id > survey.next_id {
                    holes_at.push((survey.end, survey.next_id, header.first_id - 1));
                }
                acked_len = acked_len.max(header.acked_len);
                survey.next_id = header.end_id();
                survey.end = scanner.offset();
                survey.tail = None;
            }
        }
    }
    survey.holes = (holes_at.into_iter())
        .map(|(offset, first_id, last_id)| Hole { first_id, last_id, acknowledged: offset < acked_len })
        .collect();
    Ok(survey)
}

/// Two stretches of damage with no whole frame between them.
fn joined(before: Option<Damage>, damage: Damage) -> Damage {
    match before {
        None => damage,
        Some(before) => Damage {
            offset: before.offset,
            len: damage.offset + damage.len - before.offset,
            unfinished: before.unfinished && damage.unfinished,
        },
    }
}
