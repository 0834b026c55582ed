//! Builds one event from the leaves of a record: fields where a name and a value say so, attributes otherwise.

use std::borrow::Cow;

use super::reader::Value;
use super::relayed;
use super::times;
use super::unescape::{Text, unescape_into};
use crate::detect::coloured::without_colours;
use crate::fields::{self, Found, Slot};
use crate::timestamp::STORABLE;
use crate::{Attributes, Context, Level, LogEvent, address, cef, level_names, programs, winevent};

/// Added to the rank of a level that is a number: a word beside it is plainer.
const NUMBER_RANK: u8 = 100;

/// What becomes of the leaves that fill a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// They are in their field only.
    Field,
    /// They are attributes as well.
    FieldAndAttribute,
}

/// An event in the making.
pub(crate) struct Record<'a, 'c> {
    pub(super) event: LogEvent<'a>,
    cx: &'c Context,
    keep: Keep,
    /// The leaf that fills each field, by [`Slot::field`].
    winners: [Option<Winner<'a>>; Slot::COUNT],
    /// Whether it is a Windows event, whose message may name what no field does.
    pub(super) is_windows: bool,
    /// A message that was written as an array of bytes.
    message_bytes: Option<Vec<u8>>,
    /// Resolved text of the leaf at hand, where it has escapes.
    scratch: String,
}

pub(super) struct Winner<'a> {
    rank: u8,
    pub(super) name: Cow<'a, str>,
    pub(super) value: Cow<'a, str>,
}

/// Where a leaf stands.
pub(super) struct Place<'p, 'a> {
    /// The path of the object it is in; empty at the top.
    pub scope: &'p str,
    /// Its own name.
    pub key: &'p Cow<'a, str>,
    /// The whole path, where the leaf is not at the top.
    pub path: Option<&'p str>,
    /// The path by which fields know such a leaf: without the object that only wraps the record.
    pub known: &'p str,
}

impl<'a, 'c> Record<'a, 'c> {
    /// An empty record whose attributes will need about `text_bytes`.
    pub(crate) fn new(cx: &'c Context, keep: Keep, text_bytes: usize) -> Self {
        let attributes = Attributes::with_capacity(text_bytes.min(4096), (text_bytes / 16).min(256));
        let event = LogEvent { attributes, format: super::FORMAT, ..LogEvent::default() };
        Self {
            event,
            cx,
            keep,
            winners: [const { None }; Slot::COUNT],
            is_windows: false,
            message_bytes: None,
            scratch: String::new(),
        }
    }

    /// Takes a leaf that may fill a field.
    pub(super) fn leaf(&mut self, place: &Place<'_, 'a>, value: Value<'a>) {
        let found = match place.path {
            None => fields::find(place.key),
            Some(_) => fields::find(place.known)
                .or_else(|| fields::find_nested(place.key))
                .or_else(|| self.beside_message(place)),
        };
        let found = found.or_else(|| self.of_zap(place, value)).or_else(|| self.of_loki(place));
        let filled = found.is_some_and(|found| self.offer(found, place, value));
        if !filled || self.keep == Keep::FieldAndAttribute {
            self.attribute(place.scope, place.key, value);
        }
    }

    /// What an address's or a user's name means beside the message in an object of both, as `tracing` writes an event's `fields`.
    fn beside_message(&self, place: &Place<'_, 'a>) -> Option<Found> {
        let message = self.winner(Slot::Message)?.name.strip_prefix(place.scope)?;
        let is_beside = !place.scope.is_empty() && message.strip_prefix('.').is_some_and(|name| !name.contains('.'));
        fields::find(place.key).filter(|found| is_beside && matches!(found.slot, Slot::Ip | Slot::UserName))
    }

    /// What a letter means in a record of zap's development configuration, which writes the level `L` first and the message `M` behind it.
    fn of_zap(&self, place: &Place<'_, 'a>, value: Value<'_>) -> Option<Found> {
        if !matches!(value, Value::Text(_)) {
            return None;
        }
        let (slot, name) = match if place.path.is_some() { place.known } else { place.key } {
            "L" => (Slot::Level, "L"),
            "M" => (Slot::Message, "M"),
            _ => return None,
        };
        let has_letter = |level: &Winner<'_>| level.name == "L" || level.name.ends_with(".L");
        if slot == Slot::Message && !self.winner(Slot::Level).is_some_and(has_letter) {
            return None;
        }
        Some(Found { slot, rank: fields::LETTER_RANK, name })
    }

    /// Takes a leaf that is an attribute whatever its name.
    pub(super) fn attribute(&mut self, scope: &str, key: &str, value: Value<'a>) {
        match value {
            Value::Text(Text { raw, escaped: true }) => {
                self.scratch.clear();
                unescape_into(raw, &mut self.scratch);
                self.event.attributes.push_scoped(scope, key, &self.scratch);
            }
            Value::Text(Text { raw: text, .. }) | Value::Number(text) | Value::Literal(text) => {
                self.event.attributes.push_scoped(scope, key, text);
            }
            Value::Null | Value::Object | Value::Array => {}
        }
    }

    /// Takes an array by its JSON text. journald writes a message that is no text as an array of its bytes.
    pub(super) fn array(&mut self, place: &Place<'_, 'a>, json: &'a str) {
        let is_message = place.path.is_none() && place.key == "MESSAGE";
        if is_message
            && self.message_bytes.is_none()
            && let Some(bytes) = bytes_of(json)
        {
            self.demote(Slot::Message);
            self.message_bytes = Some(bytes);
            return;
        }
        // A list of addresses (Kubernetes' `sourceIPs`): the first is the client's.
        let found = fields::find(if place.path.is_some() { place.known } else { place.key });
        // A field that journald was given more than once, whose names are in capitals.
        let is_journals = place.path.is_none() && !place.key.bytes().any(|b| b.is_ascii_lowercase());
        if let (Some(found), Some(first)) = (found.filter(|_| is_journals), first_text(json)) {
            self.offer_text(found, place, first.resolve(), true);
        }
        let found = found.filter(|_| !is_journals);
        if let Some(found) = found.filter(|found| found.slot == Slot::Timestamp)
            && let Some(stamp) = times::of_array(json)
            && self.offer_text(found, place, Cow::Owned(stamp), true)
        {
            // As with other times, it is an attribute only where all leaves are.
            if self.keep == Keep::Field {
                return;
            }
        }
        let first = json.strip_prefix("[\"").and_then(|rest| rest.split('"').next());
        if let (Some(found), Some(first)) = (found.filter(|found| found.slot == Slot::Ip), first) {
            self.offer_text(found, place, Cow::Borrowed(first), true);
        }
        self.event.attributes.push_scoped(place.scope, place.key, json);
    }

    /// Fills a field with a leaf if the leaf is fit for it and better than what is there.
    fn offer(&mut self, found: Found, place: &Place<'_, 'a>, value: Value<'a>) -> bool {
        let slot = found.slot;
        let (text, quoted) = match value {
            Value::Text(text) if slot == Slot::Message && place.key == "log" => {
                (text.without_line_ending().resolve(), true)
            }
            Value::Text(text) => (text.resolve(), true),
            Value::Number(digits) => (Cow::Borrowed(digits), false),
            Value::Literal(_) | Value::Null | Value::Object | Value::Array => return false,
        };
        self.offer_text(found, place, text, quoted)
    }

    /// Takes a cell of a table, which has a name and a text.
    pub(crate) fn cell(&mut self, name: &str, found: Option<Found>, text: Cow<'a, str>) {
        let filled = found.is_some_and(|found| {
            let place = Place { scope: "", key: &Cow::Owned(name.to_owned()), path: None, known: "" };
            self.offer_text(found, &place, text.clone(), true)
        });
        if !filled {
            self.grade(name, found, &text);
            self.event.attributes.push(name, &text);
        }
    }

    /// Takes the level from a word with which security products grade what they found (`High`), where the column says that it does.
    fn grade(&mut self, name: &str, found: Option<Found>, text: &str) {
        let is_severity = name.to_ascii_lowercase().contains("severity");
        let is_level = found.is_some_and(|found| found.slot == Slot::Level) && self.winner(Slot::Level).is_none();
        if is_severity && is_level && !text.bytes().all(|b| b.is_ascii_digit()) {
            self.event.level = cef::severity::level(text);
        }
    }

    /// Fills a field with a text if it is fit for it and better than what is there.
    fn offer_text(&mut self, found: Found, place: &Place<'_, 'a>, text: Cow<'a, str>, quoted: bool) -> bool {
        let Found { slot, rank, name } = found;
        let is_level = slot.field() == Slot::Level;
        let rank = if is_level && text.bytes().all(|b| b.is_ascii_digit()) { rank + NUMBER_RANK } else { rank };
        let worse = self.winner(slot).is_some_and(|winner| winner.rank <= rank);
        let bytes_stand = slot == Slot::Message && self.message_bytes.is_some();
        if worse || bytes_stand {
            return false;
        }
        match self.fits(slot, place, &text, quoted) {
            Fit::No => return false,
            Fit::Exactly => {}
            Fit::InPart if self.keep == Keep::Field => self.event.attributes.push_scoped(place.scope, place.key, &text),
            Fit::InPart => {}
        }
        self.demote(slot);
        let name = match place.path {
            Some(path) if path == name => Cow::Borrowed(name),
            Some(path) => Cow::Owned(path.to_owned()),
            None => place.key.clone(),
        };
        if let Some(winner) = self.winners.get_mut(slot.field() as usize) {
            *winner = Some(Winner { rank, name, value: text });
        }
        true
    }

    /// Whether `text` is fit for a field; sets the fields whose value is not the text itself.
    fn fits(&mut self, slot: Slot, place: &Place<'_, 'a>, text: &str, quoted: bool) -> Fit {
        match slot {
            Slot::Timestamp => {
                let midnight = || (place.key.as_ref() == "@timestamp").then(|| times::midnight(text, self.cx.zone))?;
                match times::read(text, self.cx).or_else(midnight).filter(|micros| STORABLE.contains(micros)) {
                    Some(micros) => self.event.timestamp = Some(micros),
                    None => return Fit::No,
                }
            }
            Slot::Level | Slot::Priority | Slot::PythonLevel | Slot::OtelLevel | Slot::LevelLetter => {
                let Some((level, severity)) = level_of(slot, place.key, text) else {
                    return Fit::No;
                };
                self.event.level = level;
                self.event.severity = severity;
            }
            Slot::Facility => {
                let number = text.parse().ok().filter(|&code: &u8| code < 24);
                match number.or_else(|| level_names::facility_keyword(text)) {
                    Some(code) => self.event.facility = Some(code),
                    None => return Fit::No,
                }
            }
            Slot::Ip => match address::parse(text) {
                Some(found) => {
                    self.event.ip = Some(found.ip);
                    return if found.whole { Fit::Exactly } else { Fit::InPart };
                }
                None => return Fit::No,
            },
            Slot::InstantNanos if text.len() > 9 => return Fit::No,
            Slot::Message if !quoted => return Fit::No,
            Slot::Host | Slot::App | Slot::UserName if !quoted || is_blank(text) => return Fit::No,
            Slot::App if relayed::is_tag(place.key) => {
                return if relayed::tag_of(text).is_some() { Fit::InPart } else { Fit::No };
            }
            // Before a session has a program or a user, PostgreSQL writes so.
            Slot::App | Slot::UserName if text == "[unknown]" => return Fit::No,
            Slot::UserName if is_nobody(text) => return Fit::No,
            Slot::ProcId | Slot::MsgId if is_blank(text) => return Fit::No,
            // Windows' EventID is the kind of an event; CloudTrail's eventID is a number of its own for each.
            Slot::MsgId if place.key.eq_ignore_ascii_case("eventid") && !text.bytes().all(|b| b.is_ascii_digit()) => {
                return Fit::No;
            }
            Slot::InstantNanos
            | Slot::Message
            | Slot::Host
            | Slot::App
            | Slot::ProcId
            | Slot::MsgId
            | Slot::UserName => {}
        }
        Fit::Exactly
    }

    /// Makes the leaf that fills a field an attribute, if there is one.
    pub(super) fn demote(&mut self, slot: Slot) {
        let Some(old) = self.winners.get_mut(slot.field() as usize).and_then(Option::take) else {
            return;
        };
        let kept_already = match slot {
            Slot::Ip => address::parse(&old.value).is_some_and(|found| !found.whole),
            Slot::App => relayed::is_tag(&old.name),
            _ => false,
        };
        if self.keep == Keep::Field && !kept_already {
            self.event.attributes.push(&old.name, &old.value);
        }
    }

    pub(super) fn winner(&self, slot: Slot) -> Option<&Winner<'a>> {
        self.winners.get(slot.field() as usize).and_then(Option::as_ref)
    }

    pub(super) fn winner_mut(&mut self, slot: Slot) -> Option<&mut Winner<'a>> {
        self.winners.get_mut(slot.field() as usize).and_then(Option::as_mut)
    }

    /// All leaves that fill fields.
    pub(super) fn winners(&self) -> impl Iterator<Item = &Winner<'a>> {
        self.winners.iter().flatten()
    }

    /// Makes the leaf that fills a field an attribute as well.
    pub(super) fn keep_as_attribute(&mut self, slot: Slot) {
        if self.keep == Keep::Field
            && let Some(Some(winner)) = self.winners.get(slot.field() as usize)
            && self.event.attributes.get(&winner.name).is_none()
        {
            self.event.attributes.push(&winner.name, &winner.value);
        }
    }

    /// Fills a field with what the record says elsewhere, whatever filled it before.
    pub(super) fn put(&mut self, slot: Slot, value: String) {
        if self.winner(slot).is_some_and(|winner| winner.value == value) {
            return;
        }
        self.demote(slot);
        if let Some(winner) = self.winners.get_mut(slot.field() as usize) {
            *winner = Some(Winner { rank: 0, name: Cow::Borrowed(""), value: Cow::Owned(value) });
        }
    }

    fn take(&mut self, slot: Slot) -> Option<Cow<'a, str>> {
        self.winners.get_mut(slot as usize).and_then(Option::take).map(|winner| winner.value)
    }

    /// The event. Where no leaf is a message, `line` is.
    pub(crate) fn finish(&mut self, line: &'a [u8]) -> LogEvent<'a> {
        self.add_instant_nanos();
        self.complete_time();
        self.divide_tag();
        if self.keep == Keep::Field {
            self.set_sender_aside();
        }
        let is_compact = self.winner(Slot::Timestamp).is_some_and(|stamp| stamp.name == "@t");
        if is_compact && self.winner(Slot::Level).is_none() {
            self.event.level = Level::Info;
        }
        self.complete_windows();
        if !self.is_windows {
            self.complete_cloud();
        }
        if self.event.level == Level::Unknown {
            self.event.level = self.level_of_kind();
        }
        let is_nextcloud = self.is_nextcloud();
        if is_nextcloud {
            self.number_level_as_nextcloud();
        }
        let is_mysqls = self.is_mysqls();
        if is_mysqls {
            self.complete_mysql();
        }
        let typed_name = self.typed_name();
        let is_bunyan = self.is_bunyan();
        let is_relayed = self.winner(Slot::Host).is_some_and(|winner| winner.name == "host");
        self.event.message = match (self.message_bytes.take(), self.take(Slot::Message)) {
            (Some(bytes), _) => Cow::Owned(bytes),
            (None, Some(Cow::Borrowed(text))) => Cow::Borrowed(text.as_bytes()),
            (None, Some(Cow::Owned(text))) => Cow::Owned(text.into_bytes()),
            (None, None) => Cow::Borrowed(line),
        };
        self.event.host = self.take(Slot::Host).unwrap_or_default();
        self.event.app = self.take(Slot::App).unwrap_or_default();
        self.event.proc_id = self.take(Slot::ProcId).unwrap_or_default();
        if let Some(id) = self.take(Slot::MsgId) {
            self.event.msg_id = id;
        }
        self.event.user_name = self.take(Slot::UserName).or(typed_name).unwrap_or_default();
        if is_nextcloud {
            programs::complete(&mut self.event, "nextcloud");
        }
        if is_mysqls {
            programs::complete(&mut self.event, "mysqld");
        }
        if is_bunyan && let Some(name) = self.event.attributes.get("name") {
            self.event.app = Cow::Owned(name.to_owned());
        }
        if self.is_windows {
            winevent::complete_from_text(&mut self.event);
            self.complete_relayed_windows(is_relayed);
        }
        std::mem::take(&mut self.event)
    }

    /// Whether it is one of Bunyan or pino, whose `name` is the program's: they state host and process beside it.
    fn is_bunyan(&self) -> bool {
        let is_named = |slot, name: &str| self.winner(slot).is_some_and(|winner| winner.name == name);
        is_named(Slot::Host, "hostname") && is_named(Slot::ProcId, "pid") && self.winner(Slot::App).is_none()
    }

    /// Reads what states a time in several leaves: PHP's date with its zone beside it, a day and a time of day.
    fn complete_time(&mut self) {
        if let Some(stamp) = self.winner(Slot::Timestamp) {
            let zone = stamp
                .name
                .strip_suffix("datetime.date")
                .and_then(|scope| times::zone(self.event.attributes.get(&format!("{scope}datetime.timezone"))?));
            if let Some(zone) = zone {
                self.event.timestamp = times::read(&stamp.value, &Context { zone, ..*self.cx });
            }
        } else if self.keep == Keep::Field
            && self.event.timestamp.is_none()
            && let (Some(day), Some(time)) = (self.event.attributes.get("date"), self.event.attributes.get("time"))
        {
            let at = times::of_parts(day, time, self.cx).filter(|micros| STORABLE.contains(micros));
            self.event.timestamp = at;
        }
    }

    fn add_instant_nanos(&mut self) {
        let Some(nanos) = self.winners.get_mut(Slot::InstantNanos as usize).and_then(Option::take) else {
            return;
        };
        // Log4j's, and two spellings of Google Cloud's agents.
        const SECONDS: [&str; 4] =
            ["instant.epochSecond", "timestamp.epochSecond", "timestamp.seconds", "timestampSeconds"];
        let whole_seconds = self.winner(Slot::Timestamp).is_some_and(|stamp| {
            SECONDS.iter().any(|name| stamp.name.eq_ignore_ascii_case(name)) && !stamp.value.contains('.')
        });
        match (self.event.timestamp.as_mut(), nanos.value.parse::<i64>()) {
            (Some(stamp), Ok(value)) if whole_seconds => *stamp = stamp.saturating_add(value / 1000),
            _ if self.keep == Keep::Field => self.event.attributes.push(&nanos.name, &nanos.value),
            _ => {}
        }
    }
}

/// How well a value fits a field.
enum Fit {
    No,
    Exactly,
    /// The field holds less than the value says (an address without its port): the attribute stays.
    InPart,
}

fn is_blank(text: &str) -> bool {
    matches!(text, "" | "-")
}

/// What stands for the lack of a user: Nextcloud's dashes, the name that Django has for it, and what CloudTrail writes for a name that
/// nobody has.
fn is_nobody(text: &str) -> bool {
    matches!(text, "--" | "AnonymousUser" | "HIDDEN_DUE_TO_SECURITY_REASONS")
}

/// The level that `text` states under a name of `slot`, and the syslog severity if it is one.
fn level_of(slot: Slot, key: &str, text: &str) -> Option<(Level, Option<u8>)> {
    // winston puts a terminal's colours around it where it is told to, in JSON, too.
    if text.starts_with('\u{1b}')
        && let Some(plain) = without_colours(text.as_bytes())
    {
        return level_of(slot, key, std::str::from_utf8(&plain).ok()?);
    }
    let number = text.parse::<u32>().ok();
    let severity = number.and_then(|n| u8::try_from(n).ok()).filter(|&n| n < 8);
    match (slot, number) {
        (Slot::LevelLetter, _) => Some((level_names::from_letter(text)?, None)),
        (Slot::PythonLevel, Some(n)) => Some((level_names::from_python_number(n)?, None)),
        (Slot::OtelLevel, Some(n)) => Some((level_names::from_otel_number(n)?, None)),
        // "priority": 1 in lower case is a ticket's or a rule's; journald and syslog-ng write capitals.
        (Slot::Priority, _) => {
            let is_syslogs = key.ends_with("PRIORITY") || matches!(key, "code" | "syslogseverity") || number.is_none();
            let severity = severity.or_else(|| level_names::severity_keyword(text)).filter(|_| is_syslogs)?;
            Some((Level::from_severity(severity), Some(severity)))
        }
        (_, Some(n)) if key.eq_ignore_ascii_case("severitylevel") => Some((application_insights(n)?, None)),
        (_, Some(n)) => Some((level_names::from_number(n)?, severity)),
        (_, None) => {
            let word = level_names::from_word(text.trim()).or_else(|| level_names::from_letter(text));
            Some((word.or_else(|| winevent::level_of_type(text))?, None))
        }
    }
}

/// The levels of Azure's Application Insights.
fn application_insights(number: u32) -> Option<Level> {
    [Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal].get(number as usize).copied()
}

/// The text that an array begins with.
fn first_text(json: &str) -> Option<Text<'_>> {
    let inner = json.strip_prefix('[')?.trim_start().strip_prefix('"')?;
    let mut is_escape = false;
    let end = inner.bytes().position(|b| {
        let ends = b == b'"' && !is_escape;
        is_escape = b == b'\\' && !is_escape;
        ends
    })?;
    let raw = inner.get(..end)?;
    Some(Text { raw, escaped: raw.contains('\\') })
}

/// The bytes that an array of numbers below 256 stands for.
fn bytes_of(json: &str) -> Option<Vec<u8>> {
    let inner = json.strip_prefix('[')?.strip_suffix(']')?;
    inner.split(',').map(|number| number.trim().parse().ok()).collect()
}
