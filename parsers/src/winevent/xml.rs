//! An event as XML: `<Event><System>…</System><EventData>…</EventData><RenderingInfo>…</RenderingInfo></Event>`.

use std::borrow::Cow;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::subject::Subject;
use super::{FORMAT, level_of, level_of_type, rendered};
use crate::{Level, LogEvent, Zone, address, timestamp};

/// Reads the event in `text`; `line` is its message where it brings none.
pub(super) fn parse<'a>(line: &'a [u8], text: &'a [u8]) -> Option<LogEvent<'a>> {
    if !(text.starts_with(b"<Event") || text.starts_with(b"<?xml")) {
        return None;
    }
    let Ok(text) = std::str::from_utf8(text) else {
        return parse(line, String::from_utf8_lossy(text).as_bytes()).map(LogEvent::into_owned);
    };
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    let mut walk = Walk { event: LogEvent { format: FORMAT, ..LogEvent::default() }, ..Walk::default() };
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => walk.open(&tag)?,
            Event::Empty(tag) => {
                walk.open(&tag)?;
                walk.close();
            }
            Event::End(_) => {
                walk.close();
                // Another event behind it is not to be mixed with it.
                if walk.is_whole() {
                    break;
                }
            }
            Event::Text(text) => walk.text(text.into_inner()),
            Event::CData(text) => walk.text(text.into_inner()),
            Event::GeneralRef(entity) => walk.text(resolved(&entity)),
            // Whoever declares entities wants something else than to log.
            Event::DocType(_) => return None,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    walk.finish(line)
}

/// What an entity stands for: a character, or one of XML's five; any other stays as it is written.
pub(crate) fn resolved<'a>(entity: &BytesRef<'_>) -> Cow<'a, str> {
    if let Ok(Some(character)) = entity.resolve_char_ref() {
        return Cow::Owned(character.to_string());
    }
    Cow::Borrowed(match &**entity {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        other => return Cow::Owned(format!("&{other};")),
    })
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Section {
    #[default]
    None,
    System,
    EventData,
    UserData,
    RenderingInfo,
}

/// The way through one event.
#[derive(Default)]
struct Walk<'a> {
    event: LogEvent<'a>,
    /// Elements that are open.
    depth: usize,
    section: Section,
    /// The name of the innermost element, or its attribute `Name`; empty between elements.
    name: String,
    /// Its text, in one piece as long as it stands in the line so.
    value: Cow<'a, str>,
    message: Option<Cow<'a, str>>,
    level: String,
    keywords: String,
    /// How many values had no name.
    unnamed: usize,
    subject: Subject,
    has_id: bool,
}

impl<'a> Walk<'a> {
    fn open(&mut self, tag: &BytesStart<'_>) -> Option<()> {
        let local = tag.local_name();
        let local: &str = local.as_ref();
        match self.depth {
            // One event, and a list of events around it at the most.
            0 if local == "Events" => return Some(()),
            0 if local != "Event" => return None,
            0 => {}
            1 => {
                self.section = match local {
                    "System" => Section::System,
                    "EventData" => Section::EventData,
                    "UserData" => Section::UserData,
                    "RenderingInfo" => Section::RenderingInfo,
                    _ => Section::None,
                };
            }
            _ => {
                self.name.clear();
                self.name.push_str(local);
                self.value = Cow::Borrowed("");
                self.attributes(tag, local);
            }
        }
        self.depth += 1;
        Some(())
    }

    /// Reads the attributes of an element inside a section.
    fn attributes(&mut self, tag: &BytesStart<'_>, local: &str) {
        for attribute in tag.attributes().with_checks(false).flatten() {
            let key: &str = attribute.key.as_ref();
            let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) else { continue };
            match (self.section, local, key) {
                (Section::System, "Provider", "Name") => self.event.app = Cow::Owned(value.into_owned()),
                (Section::System, "TimeCreated", "SystemTime") => {
                    self.event.timestamp = timestamp::parse(&value, Zone::UTC);
                }
                (Section::System, "Execution", "ProcessID") => self.event.proc_id = Cow::Owned(value.into_owned()),
                (Section::EventData, "Data", "Name") => value.as_ref().clone_into(&mut self.name),
                (Section::System, "Provider", "Guid") => self.push("ProviderGuid", &value),
                (Section::System, ..) => self.push(key, &value),
                _ => {}
            }
        }
    }

    fn text(&mut self, piece: Cow<'a, str>) {
        if self.name.is_empty() {
            return;
        }
        if self.value.is_empty() {
            self.value = piece;
        } else {
            self.value.to_mut().push_str(&piece);
        }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        let name = std::mem::take(&mut self.name);
        let value = std::mem::take(&mut self.value);
        if self.depth <= 1 {
            self.section = Section::None;
            return;
        }
        if name.is_empty() || matches!(value.trim(), "" | "-") {
            return;
        }
        match self.section {
            Section::None => {}
            Section::System => self.system(&name, value.trim()),
            Section::EventData | Section::UserData => self.data(&name, value.trim()),
            Section::RenderingInfo if name == "Message" => self.message = Some(value),
            Section::RenderingInfo => {
                if name == "Level" && self.event.level == Level::Unknown {
                    self.event.level = level_of_type(value.trim()).unwrap_or_default();
                }
                self.event.attributes.push_scoped("RenderingInfo", &name, value.trim());
            }
        }
    }

    /// Whether an event has been read to its end.
    fn is_whole(&self) -> bool {
        self.depth == 0 && self.has_id
    }

    fn system(&mut self, name: &str, value: &str) {
        match name {
            "EventID" => {
                self.has_id = true;
                self.event.msg_id = Cow::Owned(value.to_owned());
            }
            "Level" => {
                self.level = value.to_owned();
                self.push(name, value);
            }
            "Computer" => self.event.host = Cow::Owned(value.to_owned()),
            "Keywords" => {
                value.clone_into(&mut self.keywords);
                self.push(name, value);
            }
            _ => self.push(name, value),
        }
    }

    fn data(&mut self, name: &str, value: &str) {
        if name == "Data" {
            // Older sources give their values no names: the second is `Data.2`, lest one hide the other.
            self.unnamed += 1;
            let numbered = format!("Data.{}", self.unnamed);
            self.push(if self.unnamed == 1 { name } else { &numbered }, value);
            if self.event.app.starts_with("MSSQL") {
                self.sql_server(value);
            }
            return;
        }
        self.push(name, value);
        self.subject.see(name, value);
    }

    /// SQL Server's logins: the first value is the account, and the client stands in a bracket behind the reason.
    fn sql_server(&mut self, value: &str) {
        let is_login = matches!(&*self.event.msg_id, "18453" | "18454" | "18455" | "18456" | "18470");
        if is_login && self.unnamed == 1 {
            self.event.user_name = Cow::Owned(value.to_owned());
        } else if is_login && let Some(client) = value.strip_prefix("[CLIENT: ").and_then(|rest| rest.strip_suffix(']'))
        {
            self.event.ip = address::parse(client).map(|found| found.ip);
        }
    }

    fn push(&mut self, name: &str, value: &str) {
        if !matches!(value, "" | "-") {
            self.event.attributes.push(name, value);
        }
    }

    fn finish(mut self, line: &'a [u8]) -> Option<LogEvent<'a>> {
        let by_number = level_of(&self.level, &self.keywords);
        if by_number != Level::Unknown {
            self.event.level = by_number;
        }
        if let Some(user) = self.subject.user(&self.event.msg_id) {
            self.event.user_name = Cow::Owned(user.into_string());
        }
        self.event.ip = self.event.ip.or_else(|| self.subject.address(&self.event.msg_id));
        self.event.message = match self.message.take() {
            Some(message) => {
                rendered::complete(&mut self.event, &message);
                match message {
                    Cow::Borrowed(message) => Cow::Borrowed(message.as_bytes()),
                    Cow::Owned(message) => Cow::Owned(message.into_bytes()),
                }
            }
            None => Cow::Borrowed(line),
        };
        // What is still open was cut off.
        self.is_whole().then_some(self.event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<LogEvent<'_>> {
        super::parse(text.as_bytes(), text.as_bytes())
    }

    const LOGON: &str = r#"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>
<Provider Name="Microsoft-Windows-Security-Auditing" Guid="{1}"/><EventID Qualifiers="">4625</EventID><Version>0</Version>
<Level>0</Level><Task>12544</Task><Opcode>0</Opcode><Keywords>0x8010000000000000</Keywords>
<TimeCreated SystemTime="2023-11-14T22:13:20.1234567Z"/><EventRecordID>99</EventRecordID><Correlation/>
<Execution ProcessID="640" ThreadID="7"/><Channel>Security</Channel><Computer>pc1.example.com</Computer><Security/></System>
<EventData><Data Name="SubjectUserName">PC1$</Data><Data Name="TargetUserName">bob &amp; co</Data><Data Name="LogonType">3</Data>
<Data Name="IpAddress">192.0.2.7</Data><Data Name="WorkstationName">-</Data><Data>loose</Data><Data>second</Data></EventData></Event>"#;

    #[test]
    fn a_login_to_sql_server_names_its_account_and_its_client() {
        let event = |id: &str| {
            format!(
                "<Event><System><Provider Name='MSSQL$SHOP'/><EventID>{id}</EventID><Level>0</Level><Computer>db1</Computer></System><EventData>\
                 <Data>bob</Data><Data> Reason: Password did not match.</Data><Data> [CLIENT: 192.0.2.7]</Data></EventData></Event>"
            )
        };
        let login = event("18456");
        let login = parse(&login).unwrap();
        assert_eq!((&*login.user_name, login.ip), ("bob", "192.0.2.7".parse().ok()));
        let other = event("17137");
        let other = parse(&other).unwrap();
        assert_eq!((&*other.user_name, other.ip), ("", None));
    }

    #[test]
    fn a_request_of_iis_names_its_client() {
        let event = parse(
            "<Event><System><Provider Name='Microsoft-Windows-IIS-Logging'/><EventID>6200</EventID></System><EventData><Data Name='c-ip'>192.0.2.7</Data>\
             <Data Name='cs-username'>bob</Data><Data Name='s-ip'>192.0.2.1</Data></EventData></Event>",
        )
        .unwrap();
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
    }

    #[test]
    fn a_failed_logon_fills_the_fields() {
        let event = parse(LOGON).unwrap();
        assert_eq!(event.timestamp, Some(1_700_000_000_123_456));
        assert_eq!(event.level, Level::Warn);
        assert_eq!((&*event.host, &*event.msg_id, &*event.proc_id), ("pc1.example.com", "4625", "640"));
        assert_eq!((&*event.app, &*event.user_name), ("Microsoft-Windows-Security-Auditing", "bob & co"));
        assert_eq!(event.ip, "192.0.2.7".parse().ok());
        assert_eq!(&*event.message, LOGON.as_bytes());
        for (name, value) in [
            ("Channel", Some("Security")),
            ("EventRecordID", Some("99")),
            ("ThreadID", Some("7")),
            ("ProviderGuid", Some("{1}")),
            ("LogonType", Some("3")),
            ("SubjectUserName", Some("PC1$")),
            ("Data", Some("loose")),
            ("Data.2", Some("second")),
            ("WorkstationName", None),
            ("Qualifiers", None),
        ] {
            assert_eq!(event.attributes.get(name), value, "{name}");
        }
    }

    #[test]
    fn a_rendered_message_is_the_message() {
        let text = "<?xml version=\"1.0\"?><Event><System><EventID>7</EventID><Level>3</Level></System><UserData><Cleared xmlns=\"x\">\
                    <SubjectUserName>bob</SubjectUserName></Cleared></UserData><RenderingInfo Culture=\"en-US\"><Message>It is\r\nlate.</Message>\
                    <Level>Warning</Level></RenderingInfo></Event>";
        let event = parse(text).unwrap();
        assert!(matches!(event.message, Cow::Borrowed(b"It is\r\nlate.")));
        assert_eq!((event.level, &*event.user_name), (Level::Warn, "bob"));
        assert_eq!(event.attributes.get("RenderingInfo.Level"), Some("Warning"));
        let escaped = text.replace("late", "&#x6c;&lt;te&unknown;");
        assert_eq!(&*parse(&escaped).unwrap().message, b"It is\r\nl<te&unknown;.");
    }

    #[test]
    fn of_two_events_in_one_record_the_first_fills_its_fields() {
        let event = |id: u8, user: &str| {
            format!(
                "<Event><System><EventID>{id}</EventID></System><EventData><Data Name='TargetUserName'>{user}</Data></EventData></Event>"
            )
        };
        let both = format!("<Events>{}{}</Events>", event(7, "bob"), event(8, "ada"));
        let read = parse(&both).unwrap();
        assert_eq!((&*read.msg_id, &*read.user_name, &*read.message), ("7", "bob", both.as_bytes()));
    }

    #[test]
    fn other_documents_and_cut_ones_are_refused() {
        let cut = LOGON.get(..LOGON.len() - 8).unwrap();
        for text in [
            "",
            "<Event",
            "<Event/>",
            "<Event></Event>",
            "<Events/>",
            "<a/>",
            "<EventLog/>",
            "<!DOCTYPE x [<!ENTITY a \"b\">]><Event/>",
            "<?xml version=\"1.0\"?><!DOCTYPE x><Event><System><EventID>7</EventID></System></Event>",
            cut,
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
