//! Facts about the whole spool, on a real directory.

mod append;
mod crash;
mod damage;
mod following;
mod full;
mod sequences;

use std::fs;
use std::io::IoSlice;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::spool::SpoolConfig;
use crate::spool::follower::Follower;
use crate::spool::frames::{Entry, ReadError};
use crate::spool::group::Frame;
use crate::spool::recovery::Recovered;
use crate::spool::refusal::AppendError;
use crate::spool::segment::SealedSegment;
use crate::spool::writer::{Moment, Spool};

fn config(dir: &Path) -> SpoolConfig {
    SpoolConfig {
        dir: dir.join("spool"),
        node: 3,
        segment_rows_max: 1000,
        segment_bytes_max: 1 << 20,
        disk_bytes_max: 1 << 30,
        disk_free_bytes_min: 0,
    }
}

/// For tests that open a spool hundreds of times: in memory where the machine has such a place,
/// because there an fsync takes no time. What they show does not depend on the disk.
fn quick_dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn open(dir: &Path) -> (Spool, Recovered) {
    Spool::open(config(dir)).unwrap()
}

fn now() -> Moment {
    Moment { unix_ms: 1_700_000_000_000, at: Instant::now() }
}

/// A payload that no other id has.
fn payload(first_id: u64, len: usize) -> Vec<u8> {
    (0..len as u64).map(|i| (first_id * 31 + i * 7 + 1) as u8).collect()
}

/// Appends one group with a frame for each `(rows, payload length)`.
fn append(spool: &mut Spool, frames: &[(u32, usize)]) -> Result<(), AppendError> {
    let mut next_id = spool.next_id();
    let mut payloads = Vec::new();
    for (rows, len) in frames {
        payloads.push((next_id, *rows, payload(next_id, *len)));
        next_id += u64::from(*rows);
    }
    // Each payload in two pieces, the first of them empty for a payload of one byte.
    let pieces: Vec<[IoSlice<'_>; 2]> = payloads
        .iter()
        .map(|(_, _, bytes)| {
            let (a, b) = bytes.split_at(bytes.len() / 2);
            [IoSlice::new(a), IoSlice::new(b)]
        })
        .collect();
    let frames: Vec<Frame<'_>> = payloads
        .iter()
        .zip(&pieces)
        .map(|((first_id, rows, _), payload)| Frame { first_id: *first_id, rows: *rows, payload })
        .collect();
    spool.append(&frames, now())
}

/// The one segment file with this extension.
fn segment_file(dir: &Path, extension: &str) -> PathBuf {
    let files = segment_files(dir);
    let mut found = files.iter().filter(|f| f.extension().is_some_and(|e| e == extension));
    let file = found.next().unwrap_or_else(|| panic!("no {extension} in {files:?}"));
    assert_eq!(found.next(), None);
    file.clone()
}

fn segment_files(dir: &Path) -> Vec<PathBuf> {
    files(&dir.join("spool/segments"))
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

/// `next` if it is ready now.
fn poll_next(follower: &mut Follower) -> Option<Option<SealedSegment>> {
    use std::task::{Context, Poll, Waker};
    let next = std::pin::pin!(follower.next());
    match next.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(segment) => Some(segment),
        Poll::Pending => None,
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(future)
}

/// What a reader learned about ids: first id, rows, and whether the rows were there.
type Seen = (u64, u64, bool);

/// Reads a segment; every frame must have the payload it was appended with.
fn read(segment: &SealedSegment) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut next_id = segment.first_id;
    for entry in segment.frames().unwrap() {
        let (first_id, rows, there) = match entry {
            Ok(Entry::Frame { first_id, rows, payload: bytes }) => {
                assert_eq!(bytes, payload(first_id, bytes.len()), "wrong data for id {first_id}");
                (first_id, u64::from(rows), true)
            }
            Ok(Entry::Lost { first_id, rows }) => (first_id, u64::from(rows), false),
            Err(ReadError::Corrupt { first_id, last_id }) => (first_id, last_id - first_id + 1, false),
            Err(ReadError::Io(e)) => panic!("{e}"),
        };
        assert_eq!(first_id, next_id, "ids go on without a gap");
        next_id += rows;
        seen.push((first_id, rows, there));
    }
    assert_eq!(next_id, segment.last_id + 1, "the last id is told of");
    assert_eq!(segment.rows, segment.last_id - segment.first_id + 1);
    seen
}

/// Reads all sealed segments through a follower that passes them.
fn read_all(spool: &mut Spool) -> Vec<Seen> {
    let [mut reader] = spool.register(["reader"]).unwrap();
    let mut seen = Vec::new();
    while let Some(Some(segment)) = poll_next(&mut reader) {
        seen.extend(read(&segment));
        wait(reader.advance(&segment)).unwrap();
    }
    seen
}
