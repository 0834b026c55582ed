//! The Journal Export Format, in which systemd-journal-upload sends entries (systemd.io/JOURNAL_EXPORT_FORMATS).
//!
//! ```text
//! __REALTIME_TIMESTAMP=1795198374000000          a field, its text to the end of the line
//! MESSAGE                                        a field with any bytes:
//! 0b 00 00 00 00 00 00 00 line1 LF line2 LF      their number (64 bits, the low byte first), they, and an LF
//! LF                                             the end of the entry
//! ```
//!
//! [`Splitter`] cuts a stream into entries, [`parse`] reads one. `MESSAGE` is the message; the fields of time, priority, facility, host,
//! program and process fill those of the event. All fields become attributes under their own names, but for the message and for those
//! that only say where the entry lies in its journal (`__CURSOR` and the like).

use std::borrow::Cow;

use memchr::{memchr, memmem};

use crate::{Context, Level, LogEvent, address, content, json, mentions};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "journal";

/// An entry is cut behind so many bytes.
pub const ENTRY_BYTES_MAX: usize = 1 << 20;

/// Why an entry is not read.
const NO_FIELD: &str = "no line of the entry is a field";

/// The longest name of a field.
const NAME_BYTES_MAX: usize = 64;

/// One entry of a stream, its last line's LF included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its fields as they were sent.
    pub bytes: &'a [u8],
    /// The rest of it, beyond [`ENTRY_BYTES_MAX`], is left out.
    pub is_cut: bool,
    /// Its fields cannot be told apart. It reaches to the next blank line, and may hold what was meant to be entries of their own.
    pub fault: Option<Fault>,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes behind a field's value are no line end.
    #[error("a value is not as long as it says")]
    Length,
    /// The stream ends within a value.
    #[error("its last value is cut off")]
    CutOff,
}

/// Where in an entry the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In a line of which `bytes` have come.
    Line { bytes: u64, has_equals: bool },
    /// In the number of a value's bytes.
    Length { bytes: u32, value: u64 },
    /// In a value of which `left` bytes are to come.
    Value { left: u64 },
    /// Behind a value.
    ValueEnd,
    /// Behind damage, on the way to a blank line; whether a line has just ended.
    Damaged { is_line_end: bool },
}

const LINE_START: State = State::Line { bytes: 0, has_equals: false };

/// Cuts a stream that comes in pieces into entries, in bounded memory.
#[derive(Debug)]
pub struct Splitter {
    open: Vec<u8>,
    is_cut: bool,
    /// Of the entry that is open.
    fault: Option<Fault>,
    state: State,
}

impl Default for Splitter {
    fn default() -> Self {
        Self { open: Vec::new(), is_cut: false, fault: None, state: LINE_START }
    }
}

impl Splitter {
    /// Takes the next piece; calls `each` with every entry that ends in it. Damage costs the entry that it is in, or those that a
    /// wrong length reaches into: they are one entry, with a [`fault`](Entry::fault).
    pub fn feed(&mut self, mut piece: &[u8], mut each: impl FnMut(Entry<'_>)) {
        while let Some(&first) = piece.first() {
            let taken = match self.state {
                State::Line { bytes, has_equals } => self.line(piece, bytes, has_equals, &mut each),
                State::Length { bytes, value } => {
                    let value = value | u64::from(first) << (8 * bytes);
                    self.state = if bytes == 7 {
                        if value == 0 { State::ValueEnd } else { State::Value { left: value } }
                    } else {
                        State::Length { bytes: bytes + 1, value }
                    };
                    1
                }
                State::Value { left } => {
                    let taken = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    let left = left - taken as u64;
                    self.state = if left == 0 { State::ValueEnd } else { State::Value { left } };
                    taken
                }
                State::ValueEnd if first == b'\n' => {
                    self.state = LINE_START;
                    1
                }
                State::ValueEnd => {
                    self.fault = Some(Fault::Length);
                    self.state = State::Damaged { is_line_end: false };
                    0
                }
                State::Damaged { is_line_end } => self.pass_damage(piece, is_line_end),
            };
            let (head, rest) = piece.split_at_checked(taken).unwrap_or((piece, b""));
            self.keep(head);
            piece = rest;
            if self.open == b"\n" {
                // A blank line before the entry's first field, left over from the entry before.
                self.open.clear();
            }
        }
    }

    /// Looks for the blank line behind damage; how many bytes of `piece` stand before it.
    fn pass_damage(&mut self, piece: &[u8], is_line_end: bool) -> usize {
        let blank = if is_line_end && piece.first() == Some(&b'\n') {
            Some(0)
        } else {
            memmem::find(piece, b"\n\n").map(|at| at + 1)
        };
        self.state = match blank {
            Some(_) => LINE_START,
            None => State::Damaged { is_line_end: piece.last() == Some(&b'\n') },
        };
        blank.unwrap_or(piece.len())
    }

    /// Reads on in a line; how many bytes of `piece` belong to it.
    fn line(&mut self, piece: &[u8], bytes: u64, has_equals: bool, each: &mut impl FnMut(Entry<'_>)) -> usize {
        let end = memchr(b'\n', piece);
        let text = piece.get(..end.unwrap_or(piece.len())).unwrap_or(piece);
        let has_equals = has_equals || memchr(b'=', text).is_some();
        let bytes = bytes + text.len() as u64;
        let Some(end) = end else {
            self.state = State::Line { bytes, has_equals };
            return piece.len();
        };
        self.state = match (bytes, has_equals) {
            (0, _) => {
                self.close(each);
                LINE_START
            }
            (_, true) => LINE_START,
            (_, false) => State::Length { bytes: 0, value: 0 },
        };
        end + 1
    }

    /// The stream has ended: gives the last entry where no blank line ended it.
    pub fn finish(&mut self, mut each: impl FnMut(Entry<'_>)) {
        // A line without an equals sign is the name of a value whose length would follow.
        let is_name = matches!(self.state, State::Line { bytes: 1.., has_equals: false });
        if is_name || matches!(self.state, State::Length { .. } | State::Value { .. }) {
            self.fault = Some(Fault::CutOff);
        }
        self.close(&mut each);
        self.state = LINE_START;
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = ENTRY_BYTES_MAX - self.open.len().min(ENTRY_BYTES_MAX);
        self.is_cut |= bytes.len() > room;
        self.open.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn close(&mut self, each: &mut impl FnMut(Entry<'_>)) {
        if !self.open.is_empty() {
            each(Entry { bytes: &self.open, is_cut: self.is_cut, fault: self.fault });
        }
        self.open.clear();
        (self.is_cut, self.fault) = (false, None);
    }
}

/// Reads one entry; `None` where it has nothing but its place in a journal. As in journald itself, what has a name that no field may have
/// is no field; where nothing else is there, the entry is kept with a [`parse_error`](LogEvent::parse_error).
#[must_use]
pub fn parse<'a>(entry: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let mut event = LogEvent { format: FORMAT, ..LogEvent::default() };
    let mut message = None;
    let (mut times, mut apps, mut pids) = ([None; 2], [None; 2], [None; 2]);
    let (mut account, mut address) = ("", None);
    let mut has_field = false;
    for (name, value) in fields(entry) {
        let text = String::from_utf8_lossy(value);
        match name {
            "__REALTIME_TIMESTAMP" => times[0] = text.parse().ok(),
            _ if name.starts_with("__") => {}
            _ => has_field = true,
        }
        match name {
            "_SOURCE_REALTIME_TIMESTAMP" => times[1] = text.parse().ok(),
            "SYSLOG_IDENTIFIER" => apps[0] = Some(value),
            "_COMM" => apps[1] = Some(value),
            "SYSLOG_PID" => pids[0] = Some(value),
            "_PID" => pids[1] = Some(value),
            "AUDIT_FIELD_ACCT" => account = std::str::from_utf8(value).unwrap_or_default(),
            "AUDIT_FIELD_ADDR" => address = address::parse(&text).map(|found| found.ip),
            "MESSAGE_ID" => event.msg_id = String::from_utf8_lossy(value),
            "_HOSTNAME" => event.host = String::from_utf8_lossy(value),
            "SYSLOG_FACILITY" => event.facility = text.parse().ok().filter(|&code: &u8| code < 24),
            "PRIORITY" => event.severity = text.parse().ok().filter(|&code: &u8| code < 8),
            _ => {}
        }
        match name {
            "MESSAGE" if message.is_none() => message = Some(value),
            _ if name.starts_with("__") => {}
            _ => event.attributes.push(name, &text),
        }
    }
    if !has_field {
        let is_place = entry.split(|byte| *byte == b'\n').all(|line| line.is_empty() || line.starts_with(b"__"));
        let kept = || LogEvent {
            message: entry.into(),
            parse_error: Some(NO_FIELD.into()),
            format: FORMAT,
            ..LogEvent::default()
        };
        return (!is_place).then(kept);
    }
    let first = |found: [Option<&'a [u8]>; 2]| {
        let stated = found.into_iter().flatten().find(|value| !value.is_empty());
        stated.map(String::from_utf8_lossy).unwrap_or_default()
    };
    event.timestamp = times.into_iter().flatten().next();
    event.app = first(apps);
    event.proc_id = first(pids);
    event.level = event.severity.map_or(Level::Unknown, Level::from_severity);
    event.message = Cow::Borrowed(message.unwrap_or(entry));
    json::complete_from_message(&mut event, cx);
    content::complete_enveloped(&mut event, cx);
    mentions::complete(&mut event);
    // Of messages of the audit system, which say it in a form of their own.
    event.ip = event.ip.or(address);
    if event.user_name.is_empty() && !account.starts_with(['?', '(']) {
        event.user_name = Cow::Borrowed(account.trim_matches('"'));
    }
    Some(event)
}

/// The fields of an entry that have a name which a field may have. The last one's value may be cut.
fn fields(entry: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    let mut rest = entry;
    let mut next = move || {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, behind) = rest.split_at_checked(end).filter(|_| !rest.is_empty())?;
        let behind = behind.get(1..).unwrap_or_default();
        if let Some(at) = memchr(b'=', line) {
            rest = behind;
            return Some((line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default()));
        }
        let (length, behind) = behind.split_first_chunk::<8>().unwrap_or((&[0; 8], b""));
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX).min(behind.len());
        let (value, behind) = behind.split_at_checked(length).unwrap_or_default();
        rest = behind.get(1..).unwrap_or_default();
        Some((line, value))
    };
    std::iter::from_fn(move || {
        loop {
            let (name, value) = next()?;
            if let Some(name) = std::str::from_utf8(name).ok().filter(|name| is_name(name)) {
                return Some((name, value));
            }
        }
    })
}

/// Capital letters, digits and underscores, no digit first.
fn is_name(name: &str) -> bool {
    let is_of_name = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    let starts_well = name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    starts_well && name.len() <= NAME_BYTES_MAX && name.bytes().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 1_795_000_000_000_000, zone: Zone::UTC };

    const TWO: &[u8] =
        b"\n__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795198374000001\nPRIORITY=3\nSYSLOG_FACILITY=4\n_HOSTNAME=web1\n\
        _COMM=sshd\n_PID=812\n_SYSTEMD_UNIT=ssh.service\nMESSAGE\n\x0b\0\0\0\0\0\0\0line1\nline2\n\n\
        \nMESSAGE=second=2\nEMPTY=\n";

    fn faults(stream: &[u8], piece: usize) -> Vec<(Vec<u8>, Option<Fault>)> {
        let (mut splitter, mut found) = (Splitter::default(), Vec::new());
        for piece in stream.chunks(piece) {
            splitter.feed(piece, |entry| found.push((entry.bytes.to_vec(), entry.fault)));
        }
        splitter.finish(|entry| found.push((entry.bytes.to_vec(), entry.fault)));
        found
    }

    fn entries(stream: &[u8], piece: usize) -> Vec<Vec<u8>> {
        faults(stream, piece).into_iter().map(|(bytes, _)| bytes).collect()
    }

    #[test]
    fn a_stream_is_cut_into_entries_however_it_comes() {
        let whole = entries(TWO, TWO.len());
        assert_eq!(whole.len(), 2);
        assert!(whole[0].starts_with(b"__CURSOR=") && whole[0].ends_with(b"line2\n"));
        assert_eq!(whole[1], b"MESSAGE=second=2\nEMPTY=\n");
        for piece in 1..TWO.len() {
            assert_eq!(entries(TWO, piece), whole, "pieces of {piece}");
        }
    }

    #[test]
    fn the_fields_fill_the_event_and_become_attributes() {
        let found = entries(TWO, 100);
        let event = parse(&found[0], &CX).unwrap();
        assert_eq!((&*event.message, event.timestamp), (&b"line1\nline2"[..], Some(1_795_198_374_000_001)));
        assert!(matches!(event.message, Cow::Borrowed(_)));
        assert_eq!((&*event.host, &*event.app, &*event.proc_id), ("web1", "sshd", "812"));
        assert_eq!((event.severity, event.facility, event.level), (Some(3), Some(4), Level::Error));
        assert_eq!(event.attributes.get("_SYSTEMD_UNIT"), Some("ssh.service"));
        assert_eq!((event.attributes.get("MESSAGE"), event.attributes.get("__CURSOR")), (None, None));
        let second = parse(&found[1], &CX).unwrap();
        assert_eq!((&*second.message, second.attributes.get("EMPTY")), (&b"second=2"[..], Some("")));
    }

    #[test]
    fn what_the_audit_system_says_of_a_login_gives_user_and_address() {
        let of = |account: &str| {
            format!(
                "_TRANSPORT=audit\nAUDIT_FIELD_ACCT={account}\nAUDIT_FIELD_ADDR=192.0.2.44\nAUDIT_FIELD_RES=failed\n\
                 MESSAGE=USER_LOGIN pid=9 uid=0 msg='op=login acct={account} hostname=? addr=192.0.2.44 res=failed'\n"
            )
        };
        for (account, user) in [("carol", "carol"), ("\"carol\"", "carol"), ("(unknown user)", ""), ("?", "")] {
            let entry = of(account);
            let event = parse(entry.as_bytes(), &CX).unwrap();
            assert_eq!((&*event.user_name, event.ip), (user, "192.0.2.44".parse().ok()), "{account}");
        }
        let none = parse(b"AUDIT_FIELD_ADDR=?\nMESSAGE=x\n", &CX).unwrap();
        assert_eq!((&*none.user_name, none.ip), ("", None));
    }

    #[test]
    fn an_entry_without_a_field_is_kept_and_a_place_is_none() {
        for entry in ["user=root logged in\n", "message=x\n", "1MESSAGE=x\n", "__CURSOR=s\n\u{dc}=x\n"] {
            let event = parse(entry.as_bytes(), &CX).unwrap();
            assert_eq!((&*event.message, event.parse_error.as_deref()), (entry.as_bytes(), Some(NO_FIELD)));
        }
        assert_eq!(parse(b"__CURSOR=s\n__REALTIME_TIMESTAMP=5\n", &CX), None);
        assert_eq!(parse(b"\n", &CX), None);
    }

    #[test]
    fn names_that_journald_does_not_allow_are_no_fields() {
        let none = parse(b"__REALTIME_TIMESTAMP=1\n1X=y\nlower=z\n\xff=1\n=2\n", &CX).unwrap();
        assert_eq!((none.attributes.len(), none.parse_error.as_deref()), (0, Some(NO_FIELD)));
        let event = parse(b"X=y\nbad name=z\n", &CX).unwrap();
        assert_eq!((event.attributes.len(), &*event.message), (1, &b"X=y\nbad name=z\n"[..]));
    }

    #[test]
    fn damage_costs_one_entry_and_those_around_it_are_given() {
        let damaged = b"A=1\n\nB\n\x01\0\0\0\0\0\0\0xyz\nD=2\n\nC=1\n\n";
        let expected: [(&[u8], _); 3] =
            [(b"A=1\n", None), (b"B\n\x01\0\0\0\0\0\0\0xyz\nD=2\n", Some(Fault::Length)), (b"C=1\n", None)];
        for piece in 1..damaged.len() {
            let found = faults(damaged, piece);
            let found: Vec<_> = found.iter().map(|(bytes, fault)| (&bytes[..], *fault)).collect();
            assert_eq!(found, expected, "pieces of {piece}");
        }
        // A length that reaches into the next entry, and one beyond the end: nothing is lost.
        let reaching = b"B\n\x06\0\0\0\0\0\0\0x\n\nC=12\n\nD=1\n";
        assert_eq!(
            faults(reaching, 3),
            [(b"B\n\x06\0\0\0\0\0\0\0x\n\nC=12\n".to_vec(), Some(Fault::Length)), (b"D=1\n".to_vec(), None),]
        );
        for cut_off in [&b"B\n\x09\0\0\0\0\0\0\0x\n\nC=12\n"[..], b"B\n\x05\0", b"plain text", b"A=1\nB"] {
            assert_eq!(faults(cut_off, 3), [(cut_off.to_vec(), Some(Fault::CutOff))]);
        }
        assert_eq!(faults(b"B\n\x03\0\0\0\0\0\0\0xyz", 3)[0].1, None);
    }

    #[test]
    fn a_huge_entry_is_cut_and_those_behind_it_are_whole() {
        let huge =
            [b"MESSAGE=x\nCORE\n".as_slice(), &(3_u64 << 20).to_le_bytes(), &vec![0; 3 << 20], b"\n\nA=1\n\n"].concat();
        let (mut splitter, mut found) = (Splitter::default(), Vec::new());
        for piece in huge.chunks(64 << 10) {
            splitter.feed(piece, |entry| found.push((entry.bytes.to_vec(), entry.is_cut)));
        }
        assert_eq!(
            found.iter().map(|(bytes, is_cut)| (bytes.len(), *is_cut)).collect::<Vec<_>>(),
            [(1 << 20, true), (4, false)]
        );
        assert_eq!(&*parse(&found[0].0, &CX).unwrap().message, b"x");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived_and_cut_alike(bytes: Vec<u8>, piece in 1_usize..20) {
            let pieces = faults(&bytes, piece);
            proptest::prop_assert_eq!(&pieces, &faults(&bytes, bytes.len().max(1)));
            for (entry, _) in pieces {
                drop(parse(&entry, &CX));
            }
            drop(parse(&bytes, &CX));
        }

        #[test]
        fn values_of_any_bytes_come_back(values in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..40), 1..6), piece in 1_usize..9) {
            let mut stream = Vec::new();
            for value in &values {
                stream.extend_from_slice(b"MESSAGE\n");
                stream.extend_from_slice(&(value.len() as u64).to_le_bytes());
                stream.extend_from_slice(value);
                stream.extend_from_slice(b"\n\n");
            }
            let found = entries(&stream, piece);
            let messages: Vec<_> = found.iter().map(|entry| parse(entry, &CX).unwrap().message.into_owned()).collect();
            proptest::prop_assert_eq!(messages, values);
        }
    }
}
