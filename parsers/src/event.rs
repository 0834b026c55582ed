//! The write side's shape of a record: what a parser found, borrowed from the bytes it read.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::Level;
use crate::zone::Zone;

/// What a parser must know of the surroundings of a line.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// When the line arrived, in microseconds since 1970 (UTC). Completes stamps that lack a year or a date.
    pub received_at: i64,
    /// The zone of the sender's clock where its stamps do not say.
    pub zone: Zone,
}

/// One record as its parser understood it. Text is borrowed from the line where it stands there verbatim.
///
/// Absent text fields are empty, never `"-"`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogEvent<'a> {
    /// The event's own time in microseconds since 1970 (UTC); `None` where the line states none.
    pub timestamp: Option<i64>,
    /// The level that the record states or its severity maps to.
    pub level: Level,
    /// Syslog's severity, 0 to 7, where the record had one.
    pub severity: Option<u8>,
    /// Syslog's facility, 0 to 23, where the record had one.
    pub facility: Option<u8>,
    /// The host that the record names.
    pub host: Cow<'a, str>,
    /// The program that the record names.
    pub app: Cow<'a, str>,
    /// The process id or name.
    pub proc_id: Cow<'a, str>,
    /// The message type (RFC 5424's MSGID).
    pub msg_id: Cow<'a, str>,
    /// The address that the record is about.
    pub ip: Option<IpAddr>,
    /// The user that the record is about.
    pub user_name: Cow<'a, str>,
    /// The message. Borrowed exactly when it stands verbatim in the line.
    pub message: Cow<'a, [u8]>,
    /// What the format says beyond these fields.
    pub attributes: Attributes,
    /// The name of the parser that understood the line.
    pub format: &'static str,
    /// Why the line was not understood; `None` where it was.
    pub parse_error: Option<Cow<'static, str>>,
}

impl LogEvent<'_> {
    /// The same event with text of its own.
    #[must_use]
    pub fn into_owned(self) -> LogEvent<'static> {
        LogEvent {
            host: Cow::Owned(self.host.into_owned()),
            app: Cow::Owned(self.app.into_owned()),
            proc_id: Cow::Owned(self.proc_id.into_owned()),
            msg_id: Cow::Owned(self.msg_id.into_owned()),
            user_name: Cow::Owned(self.user_name.into_owned()),
            message: Cow::Owned(self.message.into_owned()),
            timestamp: self.timestamp,
            level: self.level,
            severity: self.severity,
            facility: self.facility,
            ip: self.ip,
            attributes: self.attributes,
            format: self.format,
            parse_error: self.parse_error,
        }
    }

    /// Completes it by what its message holds, which was read as `inner`: a level that `inner` states replaces its own, since many
    /// senders give all records the same; fields are filled only where they are empty; attributes are added.
    pub(crate) fn complete_from(&mut self, inner: LogEvent<'_>) {
        if inner.level != Level::Unknown {
            self.level = inner.level;
        }
        self.timestamp = self.timestamp.or(inner.timestamp);
        self.ip = self.ip.or(inner.ip);
        for (field, value) in [
            (&mut self.host, inner.host),
            (&mut self.app, inner.app),
            (&mut self.proc_id, inner.proc_id),
            (&mut self.msg_id, inner.msg_id),
            (&mut self.user_name, inner.user_name),
        ] {
            if field.is_empty() && !value.is_empty() {
                *field = Cow::Owned(value.into_owned());
            }
        }
        self.attributes.append(inner.attributes);
    }
}

/// Names with values, in the order in which the record has them, in one flat buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    text: String,
    /// End of each name and of its value in `text`.
    ends: Vec<(u32, u32)>,
}

impl Attributes {
    /// None yet, with room for `count` of them in `text_bytes` of text.
    #[must_use]
    pub fn with_capacity(text_bytes: usize, count: usize) -> Self {
        Self { text: String::with_capacity(text_bytes), ends: Vec::with_capacity(count) }
    }

    /// Adds `name` with `value`.
    pub fn push(&mut self, name: &str, value: &str) {
        self.push_scoped("", name, value);
    }

    /// Adds `scope.name` with `value` (`name` alone where the scope is empty).
    pub fn push_scoped(&mut self, scope: &str, name: &str, value: &str) {
        self.text.reserve(scope.len() + 1 + name.len() + value.len());
        if !scope.is_empty() {
            self.text.push_str(scope);
            self.text.push('.');
        }
        self.text.push_str(name);
        let name_end = self.text.len();
        self.text.push_str(value);
        self.ends.push((name_end as u32, self.text.len() as u32));
    }

    /// Adds those of `other`, in their order.
    pub(crate) fn append(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
        } else {
            for (name, value) in other.iter() {
                self.push(name, value);
            }
        }
    }

    /// The number of attributes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The first value under `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut start = 0;
        for &(name_end, value_end) in &self.ends {
            let (name_end, value_end) = (name_end as usize, value_end as usize);
            // Most names are told apart by their length.
            let is_as_long = name_end - start == name.len();
            if is_as_long && self.text.as_bytes().get(start..name_end) == Some(name.as_bytes()) {
                return self.text.get(name_end..value_end);
            }
            start = value_end;
        }
        None
    }

    /// Names with values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |&(name_end, value_end)| {
            let (name_end, value_end) = (name_end as usize, value_end as usize);
            let name = self.text.get(start..name_end).unwrap_or_default();
            let value = self.text.get(name_end..value_end).unwrap_or_default();
            start = value_end;
            (name, value)
        })
    }
}
