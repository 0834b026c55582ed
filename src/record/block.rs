//! Reads back the blocks that [`Batch::encode`](super::Batch::encode) wrote, for the live tail and other followers.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use logseal_parsers::Level;

use super::{ABSENT, COLUMNS, LogRow, MAX_BATCH_ROWS};

/// A block that is not one of ours.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("block is not readable: {0}")]
pub struct Malformed(&'static str);

/// The records of `block`, borrowed from it.
///
/// # Errors
/// [`Malformed`] where the bytes are not a block of [`COLUMNS`] and a segment.
pub fn decode(block: &[u8]) -> Result<Vec<LogRow<'_>>, Malformed> {
    decode_columns(block, |_| true)
}

/// The same with those of [`COLUMNS`] alone that are `wanted`, by their names; the fields of the others are as in an empty record. The
/// original bytes are in `raw_head`, `raw_tail`, `raw_whole` and `message` together.
///
/// # Errors
/// As [`decode`].
pub fn decode_columns(block: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Vec<LogRow<'_>>, Malformed> {
    let mut bytes = Bytes(block);
    if bytes.varint()? != COLUMNS.len() + 1 {
        return Err(Malformed("number of columns"));
    }
    let rows = bytes.varint()?;
    if rows > MAX_BATCH_ROWS {
        return Err(Malformed("number of rows"));
    }
    let mut records: Vec<LogRow<'_>> = (0..rows).map(|_| LogRow::default()).collect();
    let mut tails = Vec::new();
    for (name, type_name) in COLUMNS {
        if bytes.string()? != name.as_bytes() {
            return Err(Malformed("column name"));
        }
        let type_name = match bytes.string()? {
            written if written == type_name.as_bytes() => type_name,
            // As the versions wrote it that may have left a spool behind.
            b"String" if name == "user_name" => "String",
            _ => return Err(Malformed("column type")),
        };
        if !wanted(name) {
            bytes.skip(type_name, rows)?;
            continue;
        }
        match name {
            "id" => bytes.numbers(&mut records, |r, n| r.id = n)?,
            "timestamp" => bytes.numbers(&mut records, |r, n| r.timestamp = n as i64)?,
            "received_at" => bytes.numbers(&mut records, |r, n| r.received_at = n as i64)?,
            "level" => bytes.words(&mut records, |r, w| r.level = w.parse().unwrap_or(Level::Unknown))?,
            "severity" => bytes.octets(&mut records, |r, n| r.severity = (n != ABSENT).then_some(n))?,
            "facility" => bytes.octets(&mut records, |r, n| r.facility = (n != ABSENT).then_some(n))?,
            "source" => bytes.words(&mut records, |r, w| r.source = w)?,
            "host" => bytes.words(&mut records, |r, w| r.host = w)?,
            "app" => bytes.words(&mut records, |r, w| r.app = w)?,
            "proc_id" => bytes.strings(&mut records, |r, s| r.proc_id = text(s))?,
            "msg_id" => bytes.words(&mut records, |r, w| r.msg_id = w)?,
            "ip" => bytes.addresses(&mut records)?,
            "user_name" if type_name == "String" => bytes.strings(&mut records, |r, s| r.user_name = text(s))?,
            "user_name" => bytes.words(&mut records, |r, w| r.user_name = w)?,
            "message" => bytes.strings(&mut records, |r, s| r.message = Cow::Borrowed(s))?,
            "raw_head" => bytes.strings(&mut records, |r, s| r.raw = Cow::Borrowed(s))?,
            "raw_tail" => tails = bytes.string_list(rows)?,
            "raw_whole" => join_raw(&mut records, &tails, bytes.take(rows)?),
            "attributes" => bytes.maps(&mut records)?,
            "format" => bytes.words(&mut records, |r, w| r.format = w)?,
            "parse_error" => bytes.words(&mut records, |r, w| r.parse_error = w)?,
            "origin" => bytes.words(&mut records, |r, w| r.origin = w)?,
            other => unreachable!("column {other} is not decoded"),
        }
    }
    Ok(records)
}

/// Puts head, message and tail together again where the message was cut out of the original bytes.
fn join_raw(records: &mut [LogRow<'_>], tails: &[&[u8]], whole: &[u8]) {
    for ((record, tail), whole) in records.iter_mut().zip(tails).zip(whole) {
        if *whole == 0 {
            record.raw = Cow::Owned([&record.raw, &record.message, *tail].concat());
        }
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.0.split_at_checked(n).ok_or(Malformed("cut short"))?;
        self.0 = tail;
        Ok(head)
    }

    fn varint(&mut self) -> Result<usize, Malformed> {
        let mut n = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.take(1)?.first().copied().unwrap_or_default();
            n |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(n as usize);
            }
        }
        Err(Malformed("length"))
    }

    fn u64(&mut self) -> Result<u64, Malformed> {
        let bytes = self.take(8)?;
        Ok(u64::from_le_bytes(bytes.try_into().map_err(|_| Malformed("number"))?))
    }

    fn string(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.varint()?;
        self.take(len)
    }

    /// Leaves out a column of `rows` values.
    fn skip(&mut self, type_name: &str, rows: usize) -> Result<(), Malformed> {
        let fixed = |width: usize| rows.checked_mul(width).ok_or(Malformed("number of rows"));
        match type_name {
            "UInt8" => self.take(rows).map(drop),
            "IPv6" => self.take(fixed(16)?).map(drop),
            "String" => self.skip_strings(rows),
            "LowCardinality(String)" if rows == 0 => Ok(()),
            "LowCardinality(String)" => {
                self.u64()?;
                self.skip_dictionary(rows)
            }
            "Map(LowCardinality(String), String)" if rows == 0 => Ok(()),
            "Map(LowCardinality(String), String)" => {
                self.u64()?;
                self.take(fixed(8)?.saturating_sub(8))?;
                let total = self.u64()? as usize;
                self.skip_dictionary(total)?;
                self.skip_strings(total)
            }
            // Numbers and times.
            _ => self.take(fixed(8)?).map(drop),
        }
    }

    fn skip_strings(&mut self, count: usize) -> Result<(), Malformed> {
        for _ in 0..count {
            self.string()?;
        }
        Ok(())
    }

    fn skip_dictionary(&mut self, rows: usize) -> Result<(), Malformed> {
        if rows > 0 {
            self.indexed(rows, Self::skip_strings)?;
        }
        Ok(())
    }

    /// The keys of a `LowCardinality` column behind its prefix, as `keys` reads so many of them, the width of an index, and the `rows` indexes.
    fn indexed<T>(
        &mut self,
        rows: usize,
        keys: impl FnOnce(&mut Self, usize) -> Result<T, Malformed>,
    ) -> Result<(T, usize, &'a [u8]), Malformed> {
        let width = 1usize << (self.u64()? & 0xff).min(3);
        let count = self.u64()? as usize;
        let keys = keys(self, count)?;
        if self.u64()? as usize != rows {
            return Err(Malformed("number of indexes"));
        }
        let indexes = self.take(rows.checked_mul(width).ok_or(Malformed("number of indexes"))?)?;
        Ok((keys, width, indexes))
    }

    fn string_list(&mut self, n: usize) -> Result<Vec<&'a [u8]>, Malformed> {
        // Each string takes a byte at least: a length that promises more is a lie, not a reason to allocate.
        if n > self.0.len() {
            return Err(Malformed("cut short"));
        }
        (0..n).map(|_| self.string()).collect()
    }

    fn numbers<'r>(&mut self, records: &mut [LogRow<'r>], set: impl Fn(&mut LogRow<'r>, u64)) -> Result<(), Malformed> {
        for record in records {
            set(record, self.u64()?);
        }
        Ok(())
    }

    fn octets<'r>(&mut self, records: &mut [LogRow<'r>], set: impl Fn(&mut LogRow<'r>, u8)) -> Result<(), Malformed> {
        let bytes = self.take(records.len())?;
        for (record, byte) in records.iter_mut().zip(bytes) {
            set(record, *byte);
        }
        Ok(())
    }

    fn strings(
        &mut self,
        records: &mut [LogRow<'a>],
        set: impl Fn(&mut LogRow<'a>, &'a [u8]),
    ) -> Result<(), Malformed> {
        for record in records {
            set(record, self.string()?);
        }
        Ok(())
    }

    fn words(
        &mut self,
        records: &mut [LogRow<'a>],
        set: impl Fn(&mut LogRow<'a>, Cow<'a, str>),
    ) -> Result<(), Malformed> {
        if records.is_empty() {
            return Ok(());
        }
        self.u64()?;
        let words = self.dictionary(records.len())?;
        for (record, word) in records.iter_mut().zip(words) {
            set(record, word?);
        }
        Ok(())
    }

    /// The `rows` values, at least one, of a `LowCardinality` column behind its prefix.
    fn dictionary(
        &mut self,
        rows: usize,
    ) -> Result<impl Iterator<Item = Result<Cow<'a, str>, Malformed>> + use<'a>, Malformed> {
        let (keys, width, indexes) = self.indexed(rows, Self::string_list)?;
        // Each key is looked at once, whether it is text, and not in each row.
        let words: Vec<_> = keys.into_iter().map(text).collect();
        Ok(indexes.chunks_exact(width).map(move |index| {
            let n = index.iter().rev().fold(0usize, |n, byte| n << 8 | usize::from(*byte));
            words.get(n).cloned().ok_or(Malformed("index"))
        }))
    }

    fn addresses(&mut self, records: &mut [LogRow<'_>]) -> Result<(), Malformed> {
        for record in records {
            let octets: [u8; 16] = self.take(16)?.try_into().map_err(|_| Malformed("address"))?;
            record.ip = (octets != [0; 16]).then(|| IpAddr::V6(Ipv6Addr::from(octets)).to_canonical());
        }
        Ok(())
    }

    fn maps(&mut self, records: &mut [LogRow<'a>]) -> Result<(), Malformed> {
        if records.is_empty() {
            return Ok(());
        }
        self.u64()?;
        let mut ends = Bytes(self.take(records.len().checked_mul(8).ok_or(Malformed("number of rows"))?)?);
        let total = Bytes(ends.0.last_chunk::<8>().map_or(&[], |last| last.as_slice())).u64()? as usize;
        // A column without entries has no keys either.
        let mut names = if total > 0 { Some(self.dictionary(total)?) } else { None };
        let mut start = 0;
        for record in records {
            let end = ends.u64()?;
            let count = end.checked_sub(start).ok_or(Malformed("attributes out of order"))?;
            let names = names.iter_mut().flatten().take(count as usize);
            record.attributes =
                names.map(|name| Ok((name?, text(self.string()?)))).collect::<Result<_, Malformed>>()?;
            start = end;
        }
        Ok(())
    }
}
