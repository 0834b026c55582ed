//! The events of log4j's XML layouts, which Chainsaw and other viewers of logs take, and which NLog, log4net and log4cxx write as well.
//!
//! ```text
//! <log4j:event logger="c.e.App" timestamp="1700000000123" level="ERROR" thread="main"><log4j:message>text</log4j:message></log4j:event>
//! <Event xmlns="http://logging.apache.org/log4j/2.0/events" timeMillis="1700000000123" level="ERROR" …><Message>text</Message></Event>
//! ```
//!
//! What the logger's context, properties and place in the source say are attributes; an exception is `throwable`.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::FORMAT;
use super::scan::{attribute, event};
use crate::find::find;
use crate::{Level, LogEvent, address, level_names, timestamp};

/// Reads an event of either version; `None` where it is none.
pub(super) fn parse(text: &[u8]) -> Option<LogEvent<'_>> {
    let near = text.get(..256).unwrap_or(text);
    let is_second = || text.starts_with(b"<Event ") && find(near, b"logging.apache.org/log4j").is_some();
    if !(begins_first(text) || is_second()) {
        return None;
    }
    let mut reader = Reader::from_str(std::str::from_utf8(text).ok()?);
    reader.config_mut().allow_dangling_amp = true;
    let mut read = Read { event: event(FORMAT, None, Level::Unknown, b""), path: Vec::new(), said: String::new() };
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => read.open(&tag)?,
            Event::Empty(tag) => {
                read.open(&tag)?;
                read.close();
            }
            Event::End(_) => {
                read.close();
                if read.path.is_empty() {
                    break;
                }
            }
            Event::Text(text) => read.said.push_str(&text.into_inner()),
            Event::CData(text) => read.said.push_str(&text.into_inner()),
            Event::GeneralRef(entity) => read.said.push_str(&crate::winevent::resolved(&entity)),
            Event::DocType(_) => return None,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return None,
        }
    }
    (read.event.level != Level::Unknown && read.event.timestamp.is_some()).then_some(read.event)
}

/// Whether `text` begins as the events of the first version and of log4net.
pub(crate) fn begins_first(text: &[u8]) -> bool {
    text.starts_with(b"<log4j:event ") || text.starts_with(b"<log4net:event ")
}

/// An event in the making.
struct Read<'a> {
    event: LogEvent<'a>,
    /// The local names of the elements around the reader.
    path: Vec<String>,
    said: String,
}

impl Read<'_> {
    fn open(&mut self, tag: &BytesStart<'_>) -> Option<()> {
        const DEPTH_MAX: usize = 16;
        let name = local(tag.name().as_ref()).to_owned();
        self.said.clear();
        let (mut key, mut value) = (String::new(), String::new());
        for pair in tag.attributes() {
            let pair = pair.ok()?;
            let named = local(pair.key.as_ref()).to_owned();
            let text = pair.normalized_value(XmlVersion::Implicit1_0).ok()?;
            match (&*name, &*named) {
                ("data", "name") | ("item", "key") => key = text.into_owned(),
                ("data" | "item", "value") => value = text.into_owned(),
                _ => self.attribute(&name, &named, &text),
            }
        }
        if !key.is_empty() {
            self.property(&key, value);
        }
        self.path.push(name);
        (self.path.len() <= DEPTH_MAX).then_some(())
    }

    fn attribute(&mut self, element: &str, name: &str, value: &str) {
        match (&*element.to_ascii_lowercase(), name) {
            ("event", "timestamp" | "timeMillis") => self.event.timestamp = timestamp::parse(value, crate::Zone::UTC),
            ("instant", "epochSecond") => {
                self.event.timestamp = value.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000_000));
            }
            ("instant", "nanoOfSecond") => {
                let micros = value
                    .parse::<i64>()
                    .ok()
                    .filter(|nanos| (0..1_000_000_000).contains(nanos))
                    .map(|nanos| nanos / 1000);
                self.event.timestamp =
                    self.event.timestamp.zip(micros).map(|(at, micros)| at - at.rem_euclid(1_000_000) + micros);
            }
            ("event", "level") => self.event.level = level_names::from_word(value).unwrap_or_default(),
            ("event", "logger" | "loggerName") => attribute(&mut self.event, "logger", value),
            ("event", "domain" | "thread" | "username") | ("locationinfo" | "source", _) => {
                attribute(&mut self.event, name, value);
            }
            _ => {}
        }
    }

    fn property(&mut self, key: &str, value: String) {
        match key {
            "log4jmachinename" | "log4net:HostName" | "hostname" if self.event.host.is_empty() => {
                self.event.host = Cow::Owned(value);
            }
            "log4japp" | "application" if self.event.app.is_empty() => self.event.app = Cow::Owned(value),
            "user" | "username" | "userName" | "log4net:UserName" if self.event.user_name.is_empty() => {
                self.event.user_name = Cow::Owned(value);
            }
            "ip" | "clientIp" | "client_ip" | "remoteAddr" if self.event.ip.is_none() => {
                self.event.ip = address::parse(&value).map(|found| found.ip);
                attribute(&mut self.event, key, &value);
            }
            _ => attribute(&mut self.event, key, &value),
        }
    }

    fn close(&mut self) {
        let said = std::mem::take(&mut self.said);
        match self.path.pop().as_deref() {
            Some("message" | "Message") => self.event.message = Cow::Owned(said.into_bytes()),
            Some("throwable" | "exception") => attribute(&mut self.event, "throwable", said.trim()),
            Some("NDC" | "ContextStack") => attribute(&mut self.event, "ndc", said.trim()),
            _ => {}
        }
    }
}

/// A name without the prefix of its namespace.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn events_of_both_versions_are_read() {
        for (line, expected) in [
            (
                "<log4j:event logger=\"c.e.Cart\" timestamp=\"1700000000123\" level=\"ERROR\" thread=\"main\"><log4j:message><![CDATA[a < b]]></log4j:message>\
                 <log4j:throwable><![CDATA[x.Y: no]]></log4j:throwable><log4j:locationInfo class=\"c.e.Cart\" line=\"7\"/>\
                 <log4j:properties><log4j:data name=\"user\" value=\"bob\"/><log4j:data name=\"log4jmachinename\" value=\"web1\"/>\
                 <log4j:data name=\"order\" value=\"a &amp; b\"/></log4j:properties></log4j:event>",
                "app ERROR 22:13:20.123 host=web1 user=bob logger=c.e.Cart thread=main throwable=x.Y: no class=c.e.Cart line=7 order=a & b | a < b",
            ),
            (
                "<Event xmlns=\"http://logging.apache.org/log4j/2.0/events\" timeMillis=\"1700000000123\" thread=\"main\" level=\"WARN\" loggerName=\"c.e.Cart\" \
                 endOfBatch=\"true\"><Instant epochSecond=\"1700000000\" nanoOfSecond=\"123456789\"/><Message>a &lt; b</Message>\
                 <ContextMap><item key=\"ip\" value=\"192.0.2.7\"/></ContextMap></Event>",
                "app WARN 22:13:20.123456 ip=192.0.2.7 thread=main logger=c.e.Cart ip=192.0.2.7 | a < b",
            ),
        ] {
            check(crate::app::parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_documents_are_refused() {
        for line in [
            "<log4j:event >",
            "<log4j:event logger=\"a\" level=\"INFO\"></log4j:event>",
            "<Event xmlns=\"x\"></Event>",
            "<log4j:eventSet/>",
            "<log4j:event timestamp=\"1700000000123\" level=\"INFO\"><log4j:message>cut",
        ] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
    }
}
