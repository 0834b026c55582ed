//! Makes a sealed, sound segment of every file in `segments/`, whatever a crash or the disk has done to it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::spool::disk::{self, Layout};
use crate::spool::format::{SEAL_AT, SealRecord, SegmentHeader};
use crate::spool::ledger;
use crate::spool::name::SegmentName;
use crate::spool::recovery::{Cut, Loss, OpenError, Recovered, io_error};
use crate::spool::salvage::{self, Damaged};
use crate::spool::segment::{self, SealedSegment};
use crate::spool::survey::{Hole, Survey, survey};

/// Restores segments, and notes what it finds.
pub(super) struct Restorer<'a> {
    pub(super) layout: &'a Layout,
    pub(super) node: u16,
    pub(super) report: Recovered,
}

impl Restorer<'_> {
    /// All segments, sealed and in order.
    pub(super) fn segments(&mut self) -> Result<Vec<SealedSegment>, OpenError> {
        let names = (self.names()).map_err(io_error("list", &self.layout.segments))?;
        let mut segments: Vec<SealedSegment> = Vec::with_capacity(names.len());
        for name in names {
            let path = self.layout.segments.join(name.file_name());
            let before = segments.last().map(|s| s.last_id);
            let recovered = if before.is_some_and(|before| name.first_id <= before) {
                self.set_aside(&path, &name).map(|()| None)
            } else if let Some(last_id) = name.last_id {
                self.sealed(&path, &name, last_id).map(Some)
            } else {
                self.open(&path, &name)
            };
            let Some(segment) = recovered.map_err(io_error("recover segment", &path))? else {
                continue;
            };
            if let Some(before) = before.filter(|before| before + 1 < segment.first_id) {
                self.report.gaps.push(before + 1..=segment.first_id - 1);
            }
            segments.push(segment);
        }
        Ok(segments)
    }

    fn names(&mut self) -> io::Result<Vec<SegmentName>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.layout.segments)? {
            let entry = entry?;
            let name = entry.file_name().to_str().and_then(SegmentName::parse);
            let possible = |n: &SegmentName| n.first_id > 0 && n.last_id.is_none_or(|last| n.first_id <= last);
            match name.filter(possible) {
                Some(name) => names.push(name),
                None => self.report.foreign.push(entry.path()),
            }
        }
        names.sort_by_key(|n| (n.first_id, n.last_id.is_none(), n.id));
        // Of several with the same ids the sound one comes first, and the others are set aside.
        for same_ids in names.chunk_by_mut(|a, b| a.first_id == b.first_id) {
            if same_ids.len() > 1 {
                same_ids.sort_by_cached_key(|name| !self.is_sound(name));
            }
        }
        Ok(names)
    }

    fn is_sound(&self, name: &SegmentName) -> bool {
        let path = self.layout.segments.join(name.file_name());
        segment::check(&path, name).is_ok_and(|segment| segment.is_some())
    }

    /// A segment whose ids are in another one as well: someone copied files. The followers
    /// must not see an id twice, so the later one goes to `rejected/`.
    fn set_aside(&mut self, path: &Path, name: &SegmentName) -> io::Result<()> {
        let wanted = self.layout.rejected.join(name.file_name());
        let kept = disk::keep_as(path, &wanted)?;
        ledger::write_reason(&kept, "its ids are in another segment as well")?;
        fs::remove_file(path)?;
        self.report.repaired.push(kept);
        disk::sync_dir(&self.layout.segments)
    }

    fn sealed(&mut self, path: &Path, name: &SegmentName, last_id: u64) -> io::Result<SealedSegment> {
        if let Some(segment) = segment::check(path, name)? {
            return Ok(segment);
        }
        let survey = survey(path, name, last_id)?;
        self.rewrite(path, name, &survey, last_id, true)
    }

    /// Seals what is left of an open segment; `None`, and no file, when there is nothing.
    fn open(&mut self, path: &Path, name: &SegmentName) -> io::Result<Option<SealedSegment>> {
        let survey = survey(path, name, u64::MAX - 1)?;
        // A seal record here is from a seal that did not come to its end; its rows were acknowledged.
        let sealed_to = survey.seal.map_or(0, |seal| seal.last_id);
        let last_id = sealed_to.max(survey.next_id - 1);
        let is_empty = last_id < name.first_id;
        if is_empty {
            self.cut(path, name, &survey)?;
            fs::remove_file(path)?;
            disk::sync_dir(&self.layout.segments)?;
            return Ok(None);
        }
        let rows_lost = !survey.holes.is_empty() || survey.next_id <= last_id;
        match survey.header {
            Some(header) if !rows_lost => {
                self.cut(path, name, &survey)?;
                let seal = SealRecord { rows: last_id - name.first_id + 1, bytes: survey.end, last_id };
                self.seal(path, &header, &seal).map(Some)
            }
            _ => {
                let sealed = survey.next_id <= last_id;
                self.rewrite(path, name, &survey, last_id, sealed).map(Some)
            }
        }
    }

    /// Keeps the tail if it is suspicious, and reports it. The caller removes it from the segment.
    fn cut(&mut self, path: &Path, name: &SegmentName, survey: &Survey) -> io::Result<()> {
        let Some(tail) = survey.tail else {
            return Ok(());
        };
        let mut kept = None;
        if !tail.unfinished {
            let file_name = format!("{}.tail-{}", name.file_name(), survey.end);
            let to = self.layout.rejected.join(file_name);
            let mut bytes = Vec::new();
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(survey.end))?;
            file.read_to_end(&mut bytes)?;
            disk::write_durably(&to, &bytes)?;
            let reason = format!(
                "damaged end of an open segment, from offset {} and id {}: a torn write, or a damaged disk",
                survey.end, survey.next_id
            );
            ledger::write_reason(&to, &reason)?;
            kept = Some(to);
        }
        self.report.cuts.push(Cut {
            segment: name.id,
            offset: survey.end,
            bytes: tail.len,
            first_id: survey.next_id,
            kept,
        });
        Ok(())
    }

    fn seal(&self, path: &Path, header: &SegmentHeader, seal: &SealRecord) -> io::Result<SealedSegment> {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(seal.bytes)?;
        file.write_all_at(&seal.encode(header.id), SEAL_AT)?;
        file.sync_all()?;
        let name = SegmentName { first_id: header.first_id, last_id: Some(seal.last_id), id: header.id };
        let sealed = self.layout.segments.join(name.file_name());
        fs::rename(path, &sealed)?;
        disk::sync_dir(&self.layout.segments)?;
        Ok(SealedSegment::new(header, seal, sealed))
    }

    /// Replaces a damaged segment; `sealed` when all of its rows are known to have been acknowledged.
    fn rewrite(
        &mut self,
        path: &Path,
        name: &SegmentName,
        survey: &Survey,
        last_id: u64,
        sealed: bool,
    ) -> io::Result<SealedSegment> {
        let header = match survey.header {
            Some(header) => header,
            None => self.header_of(path, name)?,
        };
        let mut holes = survey.holes.clone();
        if survey.next_id <= last_id {
            let first_id = survey.next_id;
            holes.push(Hole { first_id, last_id, acknowledged: true });
        }
        // Original and reason first: a crash behind the rewrite must not leave a loss untold.
        let wanted = self.layout.rejected.join(path.file_name().unwrap_or_default());
        let kept = disk::keep_as(path, &wanted)?;
        ledger::write_reason(&kept, &reason(&holes))?;
        let damaged = Damaged { path, header, last_id };
        let segment = salvage::rewrite(&damaged, &self.layout.segments)?;
        self.report.losses.extend(holes.iter().map(|hole| Loss {
            segment: name.id,
            first_id: hole.first_id,
            last_id: hole.last_id,
            acknowledged: sealed || hole.acknowledged,
            kept: kept.clone(),
        }));
        if let Some(tail) = survey.tail.filter(|_| !sealed) {
            self.report.cuts.push(Cut {
                segment: name.id,
                offset: survey.end,
                bytes: tail.len,
                first_id: survey.next_id,
                kept: Some(kept.clone()),
            });
        }
        self.report.repaired.push(kept);
        Ok(segment)
    }

    /// The header that an unreadable one must have been. The time of the last write stands in for
    /// the time of creation, which is nowhere else.
    fn header_of(&self, path: &Path, name: &SegmentName) -> io::Result<SegmentHeader> {
        let modified = fs::metadata(path)?.modified()?;
        let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(SegmentHeader {
            id: name.id,
            first_id: name.first_id,
            created_at_ms: u64::try_from(since.as_millis()).unwrap_or(0),
            node: self.node,
        })
    }
}

fn reason(holes: &[Hole]) -> String {
    if holes.is_empty() {
        return "header, seal record or length is damaged; no row is lost".to_owned();
    }
    let ranges = holes.iter().map(|h| format!("{} to {}", h.first_id, h.last_id));
    format!("damaged; lost ids: {}", ranges.collect::<Vec<_>>().join(", "))
}
