//! Whole uploads, made here byte by byte or by the crates that pack.

mod limits;
mod listing;
mod nested;
mod packed;
mod properties;
mod tars;
mod zip_places;
mod zips;

use std::fs::File;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use super::entry::{Entry, EntryKind};
use super::limits::Limits;
use super::problem::{ArchiveError, EntryProblem};
use super::walk::{Upload, walk};

/// What the visitor saw of an entry that it read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    number: u64,
    path: String,
    kind: EntryKind,
    renamed_from: Option<String>,
    modified: Option<i64>,
    content: Vec<u8>,
    problem: Option<EntryProblem>,
}

impl Seen {
    fn of(entry: Entry<'_>) -> Self {
        let mut content = Vec::new();
        let problem = match entry.content {
            Ok(reader) => {
                reader.read_to_end(&mut content).err().map(|error| EntryProblem::of(&error).expect("a problem"))
            }
            Err(problem) => Some(problem),
        };
        Self {
            number: entry.number,
            path: entry.unique_path.to_owned(),
            kind: entry.kind,
            renamed_from: entry.renamed_from.map(str::to_owned),
            modified: entry.modified,
            content,
            problem,
        }
    }
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn walk_bytes(
    bytes: &[u8],
    limits: &Limits,
    visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
) -> Result<(), EntryProblem> {
    let (file, consumed) = (file(bytes), AtomicU64::new(0));
    let scratch = std::env::temp_dir();
    let result = walk(Upload { file: &file, name: "upload", scratch: &scratch, consumed: &consumed }, limits, visit);
    assert!(consumed.load(Ordering::Relaxed) <= bytes.len() as u64);
    result.map_err(|error| match error {
        ArchiveError::Incomplete(problem) => problem,
        ArchiveError::Read(error) => panic!("{error}"),
    })
}

/// All entries, read, and why there are no more.
fn read_within(bytes: &[u8], limits: &Limits) -> (Vec<Seen>, Result<(), EntryProblem>) {
    let mut seen = Vec::new();
    let result = walk_bytes(bytes, limits, &mut |entry| {
        seen.push(Seen::of(entry));
        ControlFlow::Continue(())
    });
    (seen, result)
}

fn read(bytes: &[u8]) -> (Vec<Seen>, Result<(), EntryProblem>) {
    read_within(bytes, &Limits::default())
}

/// Path, content as text, problem.
fn told(seen: &[Seen]) -> Vec<(&str, &str, Option<EntryProblem>)> {
    let text = |seen: &Seen| seen.content.len();
    assert!(seen.iter().map(text).all(|len| len < 1 << 20));
    seen.iter().map(|seen| (seen.path.as_str(), std::str::from_utf8(&seen.content).unwrap(), seen.problem)).collect()
}

/// Lines that pack as those of a log do.
fn log(lines: u64) -> Vec<u8> {
    (0..lines)
        .flat_map(|n| format!("line {n} of host-{} took {} us\n", n % 7, n * 7919 % 10_007).into_bytes())
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mtime(1_700_000_000);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipMaker::default();
    for (name, content) in members {
        zip.add(Member::deflated(name, content));
    }
    zip.finish()
}

/// A member of a zip, to be made wrong in any way.
#[derive(Clone)]
struct Member {
    name: Vec<u8>,
    method: u16,
    flags: u16,
    crc: u32,
    size: u32,
    packed: Vec<u8>,
    extra: Vec<u8>,
    attributes: u32,
}

impl Member {
    fn new(name: &str, content: &[u8], method: u16, packed: Vec<u8>) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let (name, size) = (name.as_bytes().to_vec(), content.len().try_into().unwrap());
        Self { name, method, flags: 0, crc: crc.sum(), size, packed, extra: Vec::new(), attributes: 0 }
    }

    fn deflated(name: &str, content: &[u8]) -> Self {
        Self::new(name, content, 8, deflate(content))
    }

    fn stored(name: &str, content: &[u8]) -> Self {
        Self::new(name, content, 0, content.to_vec())
    }
}

#[derive(Default)]
struct ZipMaker {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl ZipMaker {
    /// With flag bit 3 the sizes stand behind the data only.
    fn add(&mut self, member: Member) {
        let at = self.bytes.len() as u32;
        let follows = member.flags & 8 != 0;
        let told = |value: u32| if follows { 0 } else { value };
        self.bytes.extend(b"PK\x03\x04\x14\0");
        let common = |bytes: &mut Vec<u8>, told: &dyn Fn(u32) -> u32| {
            // 2024-02-03 04:05:06
            for half in [member.flags, member.method, 4 << 11 | 5 << 5 | 3, 44 << 9 | 2 << 5 | 3] {
                bytes.extend(half.to_le_bytes());
            }
            for word in [member.crc, member.packed.len() as u32, member.size] {
                bytes.extend(told(word).to_le_bytes());
            }
            bytes.extend((member.name.len() as u16).to_le_bytes());
            bytes.extend((member.extra.len() as u16).to_le_bytes());
        };
        common(&mut self.bytes, &told);
        self.bytes.extend(&member.name);
        self.bytes.extend(&member.extra);
        self.bytes.extend(&member.packed);
        if follows {
            self.bytes.extend(b"PK\x07\x08");
            for word in [member.crc, member.packed.len() as u32, member.size] {
                self.bytes.extend(word.to_le_bytes());
            }
        }
        self.directory.extend(b"PK\x01\x02\x14\x03\x14\0");
        common(&mut self.directory, &|value| value);
        self.directory.extend([0; 6]);
        self.directory.extend(member.attributes.to_le_bytes());
        self.directory.extend(at.to_le_bytes());
        self.directory.extend(&member.name);
        self.directory.extend(&member.extra);
        self.count += 1;
    }

    fn finish(mut self) -> Vec<u8> {
        let (at, size) = (self.bytes.len() as u32, self.directory.len() as u32);
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(size.to_le_bytes());
        self.bytes.extend(at.to_le_bytes());
        self.bytes.extend([0; 2]);
        self.bytes
    }
}
