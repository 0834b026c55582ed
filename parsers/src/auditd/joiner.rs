//! Puts the records of one event together: a system call, its paths, its command line.
//!
//! The records of an event have one number and arrive close together, but those of two events may be mixed. An event is
//! complete with its `EOE` or `PROCTITLE` record, with a record of a kind that is always alone, when more than
//! [`OPEN_EVENTS_MAX`] are open or one grows beyond [`EVENT_BYTES_MAX`], and at [`Joiner::flush`].

use std::borrow::Cow;

use crate::{Attributes, Context, LogEvent};

/// The most events that are open at a time; beyond it the oldest is given out as it is.
pub const OPEN_EVENTS_MAX: usize = 16;

/// The most bytes of one event; a larger one is given out in parts.
pub const EVENT_BYTES_MAX: usize = 64 << 10;

/// Joins lines of one stream, in the order of their arrival.
#[derive(Debug, Default)]
pub struct Joiner {
    open: Vec<Open>,
}

/// An event that may get more records.
#[derive(Debug)]
struct Open {
    /// The stamp and number, and the node, as they stand in the lines.
    id: Vec<u8>,
    lines: Vec<u8>,
}

/// One event: its lines as they were, divided by line feeds; or one line that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The lines.
    pub lines: Vec<u8>,
}

impl Joiner {
    /// Nothing open yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a line; returns the events that are complete with it, in order. No line is ever dropped: one that is no
    /// record comes back at once, before what is open.
    pub fn push(&mut self, line: &[u8]) -> Vec<Joined> {
        let line = line.trim_ascii_end();
        let Some(header) = super::header(line) else {
            return vec![Joined { lines: line.to_vec() }];
        };
        let start = header.body.as_ptr() as usize - line.as_ptr() as usize;
        let id = id_in(line.get(..start).unwrap_or(line), header.node);
        let position = self.open.iter().position(|open| open.id == id);
        if position.is_none() && stands_alone(header.kind) {
            return vec![Joined { lines: line.to_vec() }];
        }
        let mut complete = Vec::new();
        let mut open = position.map_or_else(|| Open { id, lines: Vec::new() }, |at| self.open.remove(at));
        if open.lines.len() + line.len() > EVENT_BYTES_MAX && !open.lines.is_empty() {
            complete.push(Joined { lines: std::mem::take(&mut open.lines) });
        }
        if !open.lines.is_empty() {
            open.lines.push(b'\n');
        }
        open.lines.extend_from_slice(line);
        if matches!(header.kind, b"EOE" | b"PROCTITLE" | b"1320" | b"1327") {
            complete.push(Joined { lines: open.lines });
            return complete;
        }
        // Back to its place, so that the first is always the one opened first.
        self.open.insert(position.unwrap_or(self.open.len()), open);
        if self.open.len() > OPEN_EVENTS_MAX {
            complete.push(Joined { lines: self.open.remove(0).lines });
        }
        complete
    }

    /// Gives out what is open: at the end of the stream, or when nothing has come for a while.
    pub fn flush(&mut self) -> Vec<Joined> {
        self.open.drain(..).map(|open| Joined { lines: open.lines }).collect()
    }
}

impl Joined {
    /// The event of the lines: that of the first record, with the fields of the others as attributes under the
    /// record's type in lower case (`path.name`). Message and raw form are all lines.
    #[must_use]
    pub fn event(&self, cx: &Context) -> Option<LogEvent<'_>> {
        let mut lines = self.lines.split(|b| *b == b'\n');
        let mut event = super::parse(lines.next()?, cx)?;
        let mut attributes = std::mem::take(&mut event.attributes);
        for line in lines {
            let Some(other) = super::parse(line, cx) else { continue };
            add(&mut attributes, &other);
            event.ip = event.ip.or(other.ip);
            if event.user_name.is_empty() {
                event.user_name = other.user_name;
            }
        }
        event.attributes = attributes;
        event.message = Cow::Borrowed(&self.lines);
        Some(event)
    }
}

fn add(attributes: &mut Attributes, record: &LogEvent<'_>) {
    let kind = record.attributes.get("type").unwrap_or_default().to_ascii_lowercase();
    for (name, value) in record.attributes.iter().filter(|(name, _)| !matches!(*name, "type" | "serial")) {
        attributes.push_scoped(&kind, name, value);
    }
}

/// The node and what stands within `audit(…)`.
fn id_in(head: &[u8], node: &[u8]) -> Vec<u8> {
    let start = memchr::memchr(b'(', head).unwrap_or_default();
    let mut id = node.to_vec();
    let stated = head.get(start..).unwrap_or_default();
    // `audit(…):` and `audit(…)` are the same event.
    id.extend_from_slice(stated.strip_suffix(b":").unwrap_or(stated));
    id
}

/// Whether records of this kind are events of their own: what user space sends (1100 to 1299 and 2100 to 2999), and
/// what the daemon says of itself.
fn stands_alone(kind: &[u8]) -> bool {
    const PREFIXES: [&[u8]; 13] = [
        b"USER_",
        b"CRED_",
        b"DAEMON_",
        b"SERVICE_",
        b"SYSTEM_",
        b"CRYPTO_",
        b"ADD_",
        b"DEL_",
        b"GRP_",
        b"VIRT_",
        b"ANOM_LOGIN",
        b"ACCT_",
        b"USYS_",
    ];
    PREFIXES.iter().any(|prefix| kind.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    fn text(joined: &[Joined]) -> Vec<String> {
        joined.iter().map(|one| String::from_utf8_lossy(&one.lines).into_owned()).collect()
    }

    fn record(kind: &str, serial: u32, rest: &str) -> String {
        format!("type={kind} msg=audit(1700000000.1:{serial}): {rest}")
    }

    #[test]
    fn the_records_of_one_event_come_out_together_though_others_are_between_them() {
        let mut joiner = Joiner::new();
        let (a1, b1) = (record("SYSCALL", 1, "pid=1"), record("SYSCALL", 2, "pid=2"));
        let (a2, a3) = (record("PATH", 1, "name=\"/x\""), record("PROCTITLE", 1, "proctitle=\"ls\""));
        assert!(joiner.push(a1.as_bytes()).is_empty());
        assert!(joiner.push(b1.as_bytes()).is_empty());
        assert!(joiner.push(a2.as_bytes()).is_empty());
        let complete = joiner.push(a3.as_bytes());
        assert_eq!(text(&complete), [format!("{a1}\n{a2}\n{a3}")]);
        let event = complete[0].event(&Context { received_at: 0, zone: Zone::UTC }).unwrap();
        assert_eq!(event.attributes.get("path.name"), Some("/x"));
        assert_eq!(&*event.message, complete[0].lines);
        assert_eq!(text(&joiner.flush()), [b1]);
    }

    #[test]
    fn lone_records_and_other_lines_come_out_at_once() {
        let mut joiner = Joiner::new();
        for line in [record("USER_LOGIN", 1, "acct=\"bob\""), "no record".to_owned()] {
            assert_eq!(text(&joiner.push(line.as_bytes())), [line]);
        }
    }

    #[test]
    fn what_is_open_is_bounded_in_number_and_bytes() {
        let mut joiner = Joiner::new();
        let complete: usize = (0..100).map(|serial| joiner.push(record("SYSCALL", serial, "").as_bytes()).len()).sum();
        assert_eq!((complete, joiner.flush().len()), (100 - OPEN_EVENTS_MAX, OPEN_EVENTS_MAX));
        let long = record("PATH", 1, &"x".repeat(EVENT_BYTES_MAX / 2));
        let parts: usize = (0..9).map(|_| joiner.push(long.as_bytes()).len()).sum();
        assert_eq!(parts, 8);
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_lost(serials in proptest::collection::vec((0_u32..20, 0_usize..4), 0..200)) {
            let kinds = ["SYSCALL", "PATH", "EOE", "USER_LOGIN"];
            let mut joiner = Joiner::new();
            let mut out = Vec::new();
            for (serial, kind) in &serials {
                out.extend(joiner.push(record(kinds[*kind], *serial, "").as_bytes()));
            }
            out.extend(joiner.flush());
            let lines: usize = out.iter().map(|one| one.lines.split(|b| *b == b'\n').count()).sum();
            proptest::prop_assert_eq!(lines, serials.len());
        }
    }
}
