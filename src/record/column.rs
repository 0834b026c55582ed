//! One column of a block, read value by value.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use logseal_parsers::Level;

use super::block::Malformed;
use super::wire::Bytes;
use super::{ABSENT, LogRow};

/// The values that are left of a column, and where they belong.
pub(super) enum Column<'a> {
    Number(Bytes<'a>, fn(&mut LogRow<'a>, u64)),
    Octet(Bytes<'a>, fn(&mut LogRow<'a>, u8)),
    Level(DictionaryReader<'a, Level>),
    Word(DictionaryReader<'a, Cow<'a, str>>, fn(&mut LogRow<'a>, Cow<'a, str>)),
    Text(Bytes<'a>, fn(&mut LogRow<'a>, &'a [u8])),
    Address(Bytes<'a>),
    RawTail(Bytes<'a>),
    RawWhole(Bytes<'a>),
    Attributes(Attributes<'a>),
}

/// The rows of a `LowCardinality` column: each key is read once, and not in each row.
pub(super) struct DictionaryReader<'a, T> {
    keys: Vec<T>,
    width: usize,
    indexes: Bytes<'a>,
}

pub(super) struct Attributes<'a> {
    ends: Bytes<'a>,
    /// How many there were in the rows before.
    end: u64,
    /// None where no row has any.
    names: Option<DictionaryReader<'a, Cow<'a, str>>>,
    values: Bytes<'a>,
}

impl<'a> Column<'a> {
    /// The column of this name and type, whose `rows` values, at least one, begin at `bytes`.
    pub(super) fn new(name: &str, type_name: &str, mut bytes: Bytes<'a>, rows: usize) -> Result<Self, Malformed> {
        let word = |set| Ok(Self::Word(DictionaryReader::of_column(bytes, rows, text)?, set));
        Ok(match name {
            "id" => Self::Number(bytes, |r, n| r.id = n),
            "timestamp" => Self::Number(bytes, |r, n| r.timestamp = n as i64),
            "received_at" => Self::Number(bytes, |r, n| r.received_at = n as i64),
            "level" => Self::Level(DictionaryReader::of_column(bytes, rows, |key| {
                text(key).parse().unwrap_or(Level::Unknown)
            })?),
            "severity" => Self::Octet(bytes, |r, n| r.severity = (n != ABSENT).then_some(n)),
            "facility" => Self::Octet(bytes, |r, n| r.facility = (n != ABSENT).then_some(n)),
            "source" => return word(|r, w| r.source = w),
            "host" => return word(|r, w| r.host = w),
            "app" => return word(|r, w| r.app = w),
            "proc_id" => Self::Text(bytes, |r, s| r.proc_id = text(s)),
            "msg_id" => return word(|r, w| r.msg_id = w),
            "ip" => Self::Address(bytes),
            "user_name" if type_name == "String" => Self::Text(bytes, |r, s| r.user_name = text(s)),
            "user_name" => return word(|r, w| r.user_name = w),
            "message" => Self::Text(bytes, |r, s| r.message = Cow::Borrowed(s)),
            "raw_head" => Self::Text(bytes, |r, s| r.raw = Cow::Borrowed(s)),
            "raw_tail" => Self::RawTail(bytes),
            "raw_whole" => Self::RawWhole(bytes),
            "attributes" => Self::Attributes(Attributes::new(&mut bytes, rows)?),
            "format" => return word(|r, w| r.format = w),
            "parse_error" => return word(|r, w| r.parse_error = w),
            "origin" => return word(|r, w| r.origin = w),
            other => unreachable!("column {other} is not decoded"),
        })
    }

    /// Puts the next value into `row`. `tail` keeps the tail of the original bytes until it is known whether they stand there whole.
    pub(super) fn fill(&mut self, row: &mut LogRow<'a>, tail: &mut Option<&'a [u8]>) -> Result<(), Malformed> {
        match self {
            Self::Number(bytes, set) => set(row, bytes.u64()?),
            Self::Octet(bytes, set) => set(row, bytes.octet()?),
            Self::Level(levels) => row.level = *levels.next()?,
            Self::Word(words, set) => set(row, words.next()?.clone()),
            Self::Text(bytes, set) => set(row, bytes.string()?),
            Self::Address(bytes) => {
                let octets: [u8; 16] = bytes.array()?;
                row.ip = (octets != [0; 16]).then(|| IpAddr::V6(Ipv6Addr::from(octets)).to_canonical());
            }
            Self::RawTail(bytes) => *tail = Some(bytes.string()?),
            Self::RawWhole(bytes) => {
                // Head, message and tail belong together where the message was cut out of the original bytes.
                let is_whole = bytes.octet()? != 0;
                if let (false, Some(tail)) = (is_whole, tail) {
                    row.raw = Cow::Owned([&row.raw, &row.message, *tail].concat());
                }
            }
            Self::Attributes(attributes) => attributes.fill(row)?,
        }
        Ok(())
    }
}

impl<'a, T> DictionaryReader<'a, T> {
    /// The values of a column that begins at `bytes`.
    fn of_column(mut bytes: Bytes<'a>, rows: usize, key: impl Fn(&'a [u8]) -> T) -> Result<Self, Malformed> {
        bytes.u64()?;
        Self::new(&mut bytes, rows, key)
    }

    /// The same behind the column's prefix.
    fn new(bytes: &mut Bytes<'a>, rows: usize, key: impl Fn(&'a [u8]) -> T) -> Result<Self, Malformed> {
        let (keys, width, indexes) = bytes.indexed(rows, Bytes::string_list)?;
        Ok(Self { keys: keys.into_iter().map(key).collect(), width, indexes: Bytes(indexes) })
    }

    fn next(&mut self) -> Result<&T, Malformed> {
        let index = self.indexes.take(self.width)?;
        let n = index.iter().rev().fold(0usize, |n, byte| n << 8 | usize::from(*byte));
        self.keys.get(n).ok_or(Malformed("index"))
    }
}

impl<'a> Attributes<'a> {
    fn new(bytes: &mut Bytes<'a>, rows: usize) -> Result<Self, Malformed> {
        bytes.u64()?;
        let ends = Bytes(bytes.take(rows.checked_mul(8).ok_or(Malformed("number of rows"))?)?);
        let total = Bytes(ends.0.last_chunk::<8>().map_or(&[], |last| last.as_slice())).u64()? as usize;
        // A column without entries has no keys either.
        let names = if total > 0 { Some(DictionaryReader::new(bytes, total, text)?) } else { None };
        Ok(Self { ends, end: 0, names, values: *bytes })
    }

    fn fill(&mut self, row: &mut LogRow<'a>) -> Result<(), Malformed> {
        let start = std::mem::replace(&mut self.end, self.ends.u64()?);
        let count = self.end.checked_sub(start).ok_or(Malformed("attributes out of order"))?;
        row.attributes.clear();
        for _ in 0..count {
            let names = self.names.as_mut().ok_or(Malformed("attributes out of order"))?;
            let name = names.next()?.clone();
            row.attributes.push((name, text(self.values.string()?)));
        }
        Ok(())
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
