//! The fields that central and local headers share.

use chrono::{NaiveDate, NaiveDateTime};

use super::super::name::cp437;

pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
pub(super) const CENTRAL: [u8; 4] = *b"PK\x01\x02";
pub(super) const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// Bits of the general purpose flags (4.4.4).
pub(super) const ENCRYPTED: u16 = 1;
pub(super) const LZMA_END_MARKER: u16 = 1 << 1;
pub(super) const SIZES_FOLLOW: u16 = 1 << 3;
const UTF8: u16 = 1 << 11;
/// The method that stands for AES encryption; the real one is hidden in an extra field.
pub(super) const AES: u16 = 99;

/// What a field holds whose value stands in the zip64 extra field.
pub(super) const IN_ZIP64: u32 = u32::MAX;

/// The little-endian number at `at`; 0 where the bytes end before, which callers rule out by the array's size.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).copied().map_or(0, u16::from_le_bytes)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).copied().map_or(0, u32::from_le_bytes)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).copied().map_or(0, u64::from_le_bytes)
}

/// The extra fields of a header (4.5), as far as they are used.
#[derive(Default)]
pub(super) struct Extra<'e> {
    zip64: &'e [u8],
    unicode_path: &'e [u8],
    modified: Option<i64>,
}

impl<'e> Extra<'e> {
    pub(super) fn parse(mut bytes: &'e [u8]) -> Self {
        let mut extra = Self::default();
        while let Some((head, rest)) = bytes.split_at_checked(4) {
            let Some((data, rest)) = rest.split_at_checked(u16_at(head, 2).into()) else { break };
            match u16_at(head, 0) {
                0x0001 => extra.zip64 = data,
                0x7075 => extra.unicode_path = data,
                // NTFS times are finer than Unix ones, which win only where they stand alone.
                0x000a => extra.modified = ntfs_modified(data).or(extra.modified),
                0x5455 => extra.modified = extra.modified.or_else(|| unix_modified(data)),
                _ => {}
            }
            bytes = rest;
        }
        extra
    }

    /// `value`, or the next number of the zip64 field if it says that it stands there.
    pub(super) fn zip64_or(&mut self, value: u32) -> u64 {
        match self.zip64.split_first_chunk() {
            Some((number, rest)) if value == IN_ZIP64 => {
                self.zip64 = rest;
                u64::from_le_bytes(*number)
            }
            _ => value.into(),
        }
    }

    /// When the file was changed: as an extra field says it, else by the header's DOS date and time.
    pub(super) fn modified(&self, dos_time: u16, dos_date: u16) -> Option<i64> {
        self.modified.or_else(|| Some(dos_time_stamp(dos_time, dos_date)?.and_utc().timestamp_micros()))
    }

    /// The name, in the encoding that the header or an extra field says, or else that it most likely has.
    pub(super) fn name(&self, raw: &[u8], flags: u16) -> String {
        if let Some((&[1, ..], text)) = self.unicode_path.split_first_chunk::<5>()
            && u32_at(self.unicode_path, 1) == crc32(raw)
        {
            return String::from_utf8_lossy(text).into_owned();
        }
        match std::str::from_utf8(raw) {
            // Unix programs write UTF-8 without saying so; text in another encoding is hardly ever valid UTF-8.
            Ok(text) => text.to_owned(),
            Err(_) if flags & UTF8 != 0 => String::from_utf8_lossy(raw).into_owned(),
            Err(_) => cp437(raw),
        }
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Flags, of which bit 0 says that the time of change follows first.
fn unix_modified(data: &[u8]) -> Option<i64> {
    let (&[flags, a, b, c, d], _) = data.split_first_chunk()?;
    (flags & 1 != 0).then(|| i64::from(i32::from_le_bytes([a, b, c, d])) * 1_000_000)
}

/// Four reserved bytes, then attributes; the first has three times of 100 ns since 1601, that of change first.
fn ntfs_modified(data: &[u8]) -> Option<i64> {
    const MICROS_1601_TO_1970: i64 = 11_644_473_600_000_000;
    let is_times = data.len() >= 32 && u16_at(data, 4) == 1 && u16_at(data, 6) == 24;
    let micros = i64::try_from(u64_at(data, 8) / 10).ok()?;
    (is_times && micros > 0).then(|| micros - MICROS_1601_TO_1970)
}

fn dos_time_stamp(time: u16, date: u16) -> Option<NaiveDateTime> {
    let (year, month, day) = (1980 + i32::from(date >> 9), u32::from(date >> 5 & 0xf), u32::from(date & 0x1f));
    let (hour, minute, second) = (u32::from(time >> 11), u32::from(time >> 5 & 0x3f), u32::from(time & 0x1f) * 2);
    NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second)
}
