//! From the fields of a `LogRecord`, in whichever form it came, to an event.

use std::borrow::Cow;

use super::value::Any;
use crate::fields::{self, Slot};
use crate::{Attributes, Context, Level, LogEvent, address, content, json, level_names, mentions, plain};

/// Attributes that name the user, the plainest first (OpenTelemetry's semantic conventions, present and past).
const USER_NAMES: [&str; 5] = ["enduser.id", "user.name", "user.id", "user.email", "username"];
/// Attributes that hold the address that a record is about.
const ADDRESSES: [&str; 8] = [
    "client.address",
    "source.address",
    "client.ip",
    "source.ip",
    "http.client_ip",
    "net.sock.peer.addr",
    "net.peer.ip",
    "network.peer.address",
];
const SERVICE: &str = "resource.service.name";
const HOSTS: [&str; 3] = ["resource.host.name", "resource.k8s.node.name", "host.name"];
const PROCESS_IDS: [&str; 2] = ["resource.process.pid", "process.pid"];

/// What the records of one resource, and of one scope, have in common: attributes under the names that they get.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    pub(super) attributes: Attributes,
    pub(super) bytes: usize,
}

impl Shared {
    /// Adds `prefix` + `name`, unless the value is empty.
    pub(super) fn push(&mut self, prefix: &str, name: &str, value: &Any<'_>) {
        if let Some(text) = value.as_text() {
            self.attributes.push_scoped(prefix, name, &text);
            self.bytes += prefix.len() + 1 + name.len() + text.len();
        }
    }

    /// Adds what `other` holds.
    pub(super) fn extend(&mut self, other: Self) {
        for (name, value) in other.attributes.iter() {
            self.attributes.push(name, value);
        }
        self.bytes += other.bytes;
    }

    /// Adds a text, unless it is empty.
    pub(super) fn push_text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.attributes.push(name, text);
            self.bytes += name.len() + text.len();
        }
    }
}

/// A resource and a scope in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'s> {
    pub(super) resource: &'s Shared,
    pub(super) scope: &'s Shared,
}

impl<'s> Around<'s> {
    /// How many bytes each record repeats.
    pub(super) fn bytes(self) -> usize {
        self.resource.bytes.saturating_add(self.scope.bytes)
    }

    /// The service that sends.
    pub(super) fn service(self) -> &'s str {
        self.resource.attributes.get(SERVICE).unwrap_or_default()
    }
}

/// The id of a trace or span, in hexadecimal digits. With one that is invalid a record belongs to no trace (logs.proto), but is as good as others.
#[derive(Clone, Debug, Default)]
pub(super) enum Id<'a> {
    #[default]
    None,
    Valid(Cow<'a, str>),
    /// As it was written.
    Invalid(Cow<'a, str>),
}

impl Id<'_> {
    /// The id under the name that it gets.
    fn named(&self, valid: &'static str, invalid: &'static str) -> (&'static str, &str) {
        match self {
            Self::None => (valid, ""),
            Self::Valid(id) => (valid, id),
            Self::Invalid(id) => (invalid, id),
        }
    }
}

/// The fields of a `LogRecord`.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) time_unix_nano: u64,
    pub(super) observed_time_unix_nano: u64,
    /// Of the enum; senders have been seen that make up values of their own.
    pub(super) severity_number: i32,
    pub(super) severity_text: Cow<'a, str>,
    pub(super) body: Any<'a>,
    pub(super) attributes: Vec<(Cow<'a, str>, Any<'a>)>,
    pub(super) dropped_attributes_count: u64,
    pub(super) flags: u64,
    pub(super) trace_id: Id<'a>,
    pub(super) span_id: Id<'a>,
    /// Empty where there is none.
    pub(super) event_name: Cow<'a, str>,
}

impl<'a> Fields<'a> {
    /// The event.
    pub(super) fn into_event(self, around: Around<'a>, cx: &Context) -> LogEvent<'a> {
        let stated = self.stated_level();
        let mut event = LogEvent {
            timestamp: [self.time_unix_nano, self.observed_time_unix_nano].into_iter().find_map(micros),
            level: stated.unwrap_or_default(),
            app: Cow::Borrowed(around.service()),
            attributes: self.named(around),
            format: super::FORMAT,
            ..LogEvent::default()
        };
        let first = |names: &[&str]| names.iter().find_map(|name| event.attributes.get(name)).map(str::to_owned);
        event.host = first(&HOSTS).map(Cow::Owned).unwrap_or_default();
        event.proc_id = first(&PROCESS_IDS).map(Cow::Owned).unwrap_or_default();
        // Behind the names of the conventions those that programs give their attributes.
        let user =
            first(&USER_NAMES).or_else(|| Some(fields::of_slot(&event.attributes, Slot::UserName).next()?.to_owned()));
        event.user_name = user.map(Cow::Owned).unwrap_or_default();
        let addresses = ADDRESSES.iter().filter_map(|name| event.attributes.get(name));
        let addresses = addresses.chain(fields::of_slot(&event.attributes, Slot::Ip));
        event.ip = addresses.filter_map(address::parse).map(|found| found.ip).next();
        event.message = match self.body {
            Any::Text(text) => text,
            Any::Json(Cow::Borrowed(json)) => Cow::Borrowed(json.as_bytes()),
            Any::Json(Cow::Owned(json)) => Cow::Owned(json.into_bytes()),
            Any::Empty => match self.event_name {
                Cow::Borrowed(name) => Cow::Borrowed(name.as_bytes()),
                Cow::Owned(name) => Cow::Owned(name.into_bytes()),
            },
        };
        json::complete_from_message(&mut event, cx);
        content::complete_enveloped(&mut event, cx);
        mentions::complete(&mut event);
        event.level = stated.unwrap_or(event.level);
        if event.level == Level::Unknown {
            event.level = plain::stated_level(&event.message);
        }
        event
    }

    fn stated_level(&self) -> Option<Level> {
        let number = u32::try_from(self.severity_number).ok();
        number.and_then(level_names::from_otel_number).or_else(|| level_names::from_word(self.severity_text.trim()))
    }

    /// Everything under its name: what the protocol says first, so that it is what its names find.
    fn named(&self, around: Around<'_>) -> Attributes {
        let mut attributes = Attributes::default();
        if self.severity_number != 0 {
            attributes.push("severity_number", &self.severity_number.to_string());
        }
        let numbers = [("flags", self.flags), ("dropped_attributes_count", self.dropped_attributes_count)];
        for (name, number) in numbers.into_iter().filter(|(_, number)| *number != 0) {
            attributes.push(name, &number.to_string());
        }
        // Beside the event's own time it says when the collector saw it.
        if self.time_unix_nano != 0 && self.observed_time_unix_nano != 0 {
            attributes.push("observed_time_unix_nano", &self.observed_time_unix_nano.to_string());
        }
        let texts = [
            ("severity_text", &*self.severity_text),
            self.trace_id.named("trace_id", "invalid_trace_id"),
            self.span_id.named("span_id", "invalid_span_id"),
            ("event_name", &*self.event_name),
        ];
        for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            attributes.push(name, text);
        }
        for (name, value) in &self.attributes {
            if let Some(text) = value.as_text() {
                attributes.push(name, &text);
            }
        }
        for (name, value) in around.scope.attributes.iter().chain(around.resource.attributes.iter()) {
            attributes.push(name, value);
        }
        attributes
    }
}

/// Nanoseconds since 1970 as microseconds; zero is what the protocol has for "unknown".
fn micros(nanos: u64) -> Option<i64> {
    if nanos == 0 { None } else { i64::try_from(nanos / 1_000).ok() }
}
