//! Parsed events gathered as columns, encoded once into the block that is spooled and stored.

use std::net::IpAddr;

use logseal_parsers::LogEvent;
use logseal_parsers::timestamp::STORABLE;

use super::ABSENT;
use super::native::{DictionaryWriter, Map, put_string};

/// The most rows that one block holds, so that a reader's memory for it is bounded.
pub const MAX_BATCH_ROWS: usize = 65_536;

/// How much a batch holds: what the next one of the same stream will hold, too.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    rows: usize,
    proc_id: usize,
    message: usize,
    raw_head: usize,
    raw_tail: usize,
    attributes: usize,
}

/// What a record does not say of itself: who took it in, and when.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The name under which the listener, token or upload files its records.
    pub source: &'a str,
    /// The listener, token or upload itself.
    pub origin: &'a str,
    /// The peer's address, shown as the host of a record that names none.
    pub peer: &'a str,
    /// Arrival in microseconds since 1970 (UTC).
    pub received_at: i64,
}

/// Records as columns in wire form.
#[derive(Clone, Default)]
pub struct Batch {
    pub(super) rows: usize,
    pub(super) timestamp: Vec<u8>,
    pub(super) received_at: Vec<u8>,
    pub(super) level: DictionaryWriter,
    pub(super) severity: Vec<u8>,
    pub(super) facility: Vec<u8>,
    pub(super) source: DictionaryWriter,
    pub(super) host: DictionaryWriter,
    pub(super) app: DictionaryWriter,
    pub(super) proc_id: Vec<u8>,
    pub(super) msg_id: DictionaryWriter,
    pub(super) ip: Vec<u8>,
    pub(super) user_name: DictionaryWriter,
    pub(super) message: Vec<u8>,
    pub(super) raw_head: Vec<u8>,
    pub(super) raw_tail: Vec<u8>,
    pub(super) raw_whole: Vec<u8>,
    pub(super) attributes: Map,
    pub(super) format: DictionaryWriter,
    pub(super) parse_error: DictionaryWriter,
    pub(super) origin: DictionaryWriter,
    /// Arrival of the first and of the last record.
    received: Option<(i64, i64)>,
}

impl Batch {
    /// The number of records.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// About how many bytes the encoded block takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let fixed = self.rows * (8 + 8 + 8 + 1 + 1 + 16 + 1);
        let dictionaries = [
            &self.level,
            &self.source,
            &self.host,
            &self.app,
            &self.msg_id,
            &self.user_name,
            &self.format,
            &self.parse_error,
            &self.origin,
        ];
        let texts = [&self.proc_id, &self.message, &self.raw_head, &self.raw_tail];
        fixed
            + dictionaries.iter().map(|d| d.bytes()).sum::<usize>()
            + texts.iter().map(|t| t.len()).sum::<usize>()
            + self.attributes.bytes()
    }

    /// About how many bytes its attributes take, which may be more than the text that they came of: the names of nested objects are
    /// repeated with each of their members.
    #[must_use]
    pub fn attribute_bytes(&self) -> usize {
        self.attributes.bytes()
    }

    /// How much it holds.
    #[must_use]
    pub fn room(&self) -> Room {
        Room {
            rows: self.rows,
            proc_id: self.proc_id.len(),
            message: self.message.len(),
            raw_head: self.raw_head.len(),
            raw_tail: self.raw_tail.len(),
            attributes: self.attributes.values().len(),
        }
    }

    /// An empty batch that can hold about so much without growing.
    #[must_use]
    pub fn with_room(room: Room) -> Self {
        let rows = room.rows;
        // Texts differ in length: a little more, so that the last rows do not make all that were gathered move.
        let text = |bytes: usize| Vec::with_capacity(bytes + bytes / 16);
        let bytes = |width: usize| Vec::with_capacity(rows * width);
        let dictionary = || DictionaryWriter::with_capacity(rows);
        Self {
            rows: 0,
            timestamp: bytes(8),
            received_at: bytes(8),
            level: dictionary(),
            severity: bytes(1),
            facility: bytes(1),
            source: dictionary(),
            host: dictionary(),
            app: dictionary(),
            proc_id: text(room.proc_id),
            msg_id: dictionary(),
            ip: bytes(16),
            user_name: dictionary(),
            message: text(room.message),
            raw_head: text(room.raw_head),
            raw_tail: text(room.raw_tail),
            raw_whole: bytes(1),
            attributes: Map::with_capacity(rows, room.attributes + room.attributes / 16),
            format: dictionary(),
            parse_error: dictionary(),
            origin: dictionary(),
            received: None,
        }
    }

    /// The days since 1970 on which the first record arrived; `None` while empty.
    #[must_use]
    pub fn first_day(&self) -> Option<i64> {
        self.received.map(|(first, _)| day_of(first))
    }

    /// The days since 1970 on which the last record arrived; `None` while empty.
    #[must_use]
    pub fn last_day(&self) -> Option<i64> {
        self.received.map(|(_, last)| day_of(last))
    }

    /// Adds a record whose original bytes are `raw`.
    ///
    /// A message that lies within `raw` is stored once, between what stood before and after it.
    /// An event without a time of its own gets its arrival's; so does one whose time cannot be stored: the year 1 is what programs in Go
    /// write that know none.
    pub fn push(&mut self, event: &LogEvent<'_>, raw: &[u8], origin: &Origin<'_>) {
        let at = origin.received_at;
        let received_at = at.clamp(*STORABLE.start(), *STORABLE.end());
        self.timestamp.extend_from_slice(&time_of(event, received_at).to_le_bytes());
        self.received_at.extend_from_slice(&received_at.to_le_bytes());
        self.received = Some((self.received.map_or(at, |(first, _)| first), at));
        self.level.push(event.level.as_str().as_bytes());
        self.severity.push(event.severity.unwrap_or(ABSENT));
        self.facility.push(event.facility.unwrap_or(ABSENT));
        self.source.push(origin.source.as_bytes());
        let host = if event.host.is_empty() { origin.peer } else { &event.host };
        self.host.push(host.as_bytes());
        self.app.push(event.app.as_bytes());
        put_string(&mut self.proc_id, event.proc_id.as_bytes());
        self.msg_id.push(event.msg_id.as_bytes());
        self.ip.extend_from_slice(&ip_octets(event.ip));
        self.user_name.push(event.user_name.as_bytes());
        self.push_text(&event.message, raw);
        self.attributes.push(event.attributes.iter());
        self.format.push(event.format.as_bytes());
        self.parse_error.push(event.parse_error.as_deref().unwrap_or_default().as_bytes());
        self.origin.push(origin.origin.as_bytes());
        self.rows += 1;
    }

    fn push_text(&mut self, message: &[u8], raw: &[u8]) {
        put_string(&mut self.message, message);
        match split_around(message, raw) {
            Some((head, tail)) => {
                put_string(&mut self.raw_head, head);
                put_string(&mut self.raw_tail, tail);
                self.raw_whole.push(0);
            }
            None => {
                put_string(&mut self.raw_head, raw);
                put_string(&mut self.raw_tail, b"");
                self.raw_whole.push(1);
            }
        }
    }

    /// Adds the records of `other` behind its own.
    pub fn extend(&mut self, other: &Self) {
        self.rows += other.rows;
        self.received = match (self.received, other.received) {
            (Some((first, _)), Some((_, last))) => Some((first, last)),
            (mine, theirs) => mine.or(theirs),
        };
        for (mine, theirs) in [
            (&mut self.timestamp, &other.timestamp),
            (&mut self.received_at, &other.received_at),
            (&mut self.severity, &other.severity),
            (&mut self.facility, &other.facility),
            (&mut self.proc_id, &other.proc_id),
            (&mut self.ip, &other.ip),
            (&mut self.message, &other.message),
            (&mut self.raw_head, &other.raw_head),
            (&mut self.raw_tail, &other.raw_tail),
            (&mut self.raw_whole, &other.raw_whole),
        ] {
            mine.extend_from_slice(theirs);
        }
        for (mine, theirs) in [
            (&mut self.level, &other.level),
            (&mut self.source, &other.source),
            (&mut self.host, &other.host),
            (&mut self.app, &other.app),
            (&mut self.msg_id, &other.msg_id),
            (&mut self.user_name, &other.user_name),
            (&mut self.format, &other.format),
            (&mut self.parse_error, &other.parse_error),
            (&mut self.origin, &other.origin),
        ] {
            mine.extend(theirs);
        }
        self.attributes.extend(&other.attributes);
    }
}

/// The time under which `event` is stored.
#[must_use]
pub fn time_of(event: &LogEvent<'_>, received_at: i64) -> i64 {
    event.timestamp.filter(|micros| STORABLE.contains(micros)).unwrap_or(received_at)
}

fn day_of(micros: i64) -> i64 {
    micros.div_euclid(86_400_000_000)
}

/// The address as IPv6 (IPv4 mapped); all zero where there is none.
fn ip_octets(ip: Option<IpAddr>) -> [u8; 16] {
    match ip {
        None => [0; 16],
        Some(IpAddr::V4(v4)) => v4.to_ipv6_mapped().octets(),
        Some(IpAddr::V6(v6)) => v6.octets(),
    }
}

/// What stands before and after `message` in `raw`, where `message` is a part of `raw` itself.
fn split_around<'a>(message: &[u8], raw: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = (message.as_ptr() as usize).checked_sub(raw.as_ptr() as usize)?;
    let end = start.checked_add(message.len())?;
    // Bytes whose addresses lie within `raw` are bytes of `raw`.
    Some((raw.get(..start)?, raw.get(end..)?))
}
