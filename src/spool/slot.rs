//! A number that survives crashes and a full disk: the `sequence` file and every cursor.
//!
//! ```text
//!    0 │ slot 0: magic "LSSLOT01" 8 │ version u64 │ value u64 │ crc32c u32 of the 24 bytes before │
//!  512 │ slot 1: the same
//! ```
//!
//! Each write goes to the slot that is not the newest, in place, and is fsynced: it needs no new disk
//! block (a cursor that could not move on a full disk would keep the segments that fill it), and a torn
//! write leaves the newest value before it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::spool::disk;

const MAGIC: &[u8; 8] = b"LSSLOT01";
const SLOT_BYTES: usize = 512;
const BODY_LEN: usize = 24;

/// An open slot file and the value it holds.
#[derive(Debug)]
pub struct Slot {
    file: File,
    version: u64,
    value: u64,
}

/// How a slot file was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// There was none; it now holds 0.
    Absent,
    /// It held a value.
    Whole,
    /// Neither slot was readable; it now holds 0.
    Damaged,
}

impl Slot {
    /// Opens the file, or creates it with the value 0.
    pub fn open(path: &Path) -> io::Result<(Self, Found)> {
        let found = match read(path) {
            Ok(Some((version, value))) => {
                let file = OpenOptions::new().read(true).write(true).open(path)?;
                return Ok((Self { file, version, value }, Found::Whole));
            }
            Ok(None) => Found::Damaged,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Found::Absent,
            Err(e) => return Err(e),
        };
        let mut content = vec![0; 2 * SLOT_BYTES];
        for (slot, bytes) in content.chunks_exact_mut(SLOT_BYTES).zip([encode(0, 0), encode(1, 0)]) {
            for (to, byte) in slot.iter_mut().zip(bytes) {
                *to = byte;
            }
        }
        disk::write_durably(path, &content)?;
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok((Self { file, version: 1, value: 0 }, found))
    }

    /// The value last stored.
    pub fn value(&self) -> u64 {
        self.value
    }

    /// Stores a value durably. After an error the file holds the old or the new one.
    pub fn store(&mut self, value: u64) -> io::Result<()> {
        let version = self.version + 1;
        let at = (version % 2) * SLOT_BYTES as u64;
        self.file.write_all_at(&encode(version, value), at)?;
        self.file.sync_data()?;
        self.version = version;
        self.value = value;
        Ok(())
    }
}

/// Version and value of the newest whole slot; `None` when both are damaged.
pub fn read(path: &Path) -> io::Result<Option<(u64, u64)>> {
    let mut content = Vec::new();
    let limit = 2 * SLOT_BYTES as u64;
    File::open(path)?.take(limit).read_to_end(&mut content)?;
    Ok(content.chunks(SLOT_BYTES).filter_map(decode).max())
}

fn encode(version: u64, value: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(BODY_LEN + 4);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&version.to_le_bytes());
    out.extend_from_slice(&value.to_le_bytes());
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

fn decode(slot: &[u8]) -> Option<(u64, u64)> {
    let (body, rest) = slot.split_at_checked(BODY_LEN)?;
    let crc = u32::from_le_bytes(*rest.first_chunk()?);
    let version = u64::from_le_bytes(*body.get(8..)?.first_chunk()?);
    let value = u64::from_le_bytes(*body.get(16..)?.first_chunk()?);
    (body.starts_with(MAGIC) && crc32c::crc32c(body) == crc).then_some((version, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_before_survives_any_damage_to_the_newest_slot() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cursor");
        let (mut slot, found) = Slot::open(&path).unwrap();
        assert_eq!((found, slot.value()), (Found::Absent, 0));
        for value in [7, 9, 12] {
            slot.store(value).unwrap();
        }
        let good = std::fs::read(&path).unwrap();
        let newest = (slot.version % 2) as usize * SLOT_BYTES;
        for bit in 0..(BODY_LEN + 4) * 8 {
            let mut bad = good.clone();
            bad[newest + bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &bad).unwrap();
            assert_eq!(read(&path).unwrap().map(|(_, value)| value), Some(9), "bit {bit}");
        }
        for len in 0..good.len() {
            std::fs::write(&path, &good[..len]).unwrap();
            let value = read(&path).unwrap().map(|(_, value)| value);
            assert!([None, Some(9), Some(12)].contains(&value), "cut at {len}: {value:?}");
        }
    }

    #[test]
    fn a_wholly_damaged_file_is_said_to_be_damaged_and_works_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cursor");
        std::fs::write(&path, b"garbage").unwrap();
        let (mut slot, found) = Slot::open(&path).unwrap();
        assert_eq!((found, slot.value()), (Found::Damaged, 0));
        slot.store(3).unwrap();
        let (slot, found) = Slot::open(&path).unwrap();
        assert_eq!((found, slot.value()), (Found::Whole, 3));
    }
}
