//! Records of syslog that a relay wrote as JSON: Vector's, Papertrail's, and rsyslog's with `%jsonmesg%`.

use std::borrow::Cow;

use super::record::Record;
use crate::fields::Slot;
use crate::syslog::tag;
use crate::{LogEvent, address};

/// The address of whoever sent the record to the relay, which may be the next relay.
const SENDER: &str = "source_ip";

/// The program and the id of its process in a tag that stands alone: `sshd[7]:`. Other loggers have tags of their own, without a colon.
pub(super) fn tag_of(text: &str) -> Option<(&str, &str)> {
    let read = tag::read(text.strip_suffix(':').map(|_| text.as_bytes())?);
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"._-/()".contains(b);
    let is_tag = read.colon
        && read.message.is_empty()
        && !read.app.is_empty()
        && read.app.iter().all(is_name)
        && read.proc_id.iter().all(u8::is_ascii_digit);
    is_tag.then(|| Some((std::str::from_utf8(read.app).ok()?, std::str::from_utf8(read.proc_id).ok()?)))?
}

/// Whether a field of this name is syslog's tag.
pub(super) fn is_tag(name: &str) -> bool {
    name.eq_ignore_ascii_case("tag") || name.eq_ignore_ascii_case("syslogtag")
}

impl Record<'_, '_> {
    /// Divides the tag that is taken for the program.
    pub(super) fn divide_tag(&mut self) {
        let Some(app) = self.winner(Slot::App).filter(|app| is_tag(&app.name)) else { return };
        let Some((name, id)) = tag_of(&app.value).map(|(name, id)| (name.to_owned(), id.to_owned())) else { return };
        if let Some(app) = self.winner_mut(Slot::App) {
            app.value = Cow::Owned(name);
        }
        if !id.is_empty() && self.winner(Slot::ProcId).is_none() {
            self.put(Slot::ProcId, id);
        }
    }

    /// Makes the sender's address an attribute where the record is one of syslog: what its message says of an address counts before.
    pub(super) fn set_sender_aside(&mut self) {
        let is_sender = self.winner(Slot::Ip).is_some_and(|ip| ip.name == SENDER);
        let has_program = || self.winner(Slot::App).is_some();
        if is_sender && is_of_syslog(&self.event, has_program) {
            self.demote(Slot::Ip);
            self.event.ip = None;
        }
    }
}

/// Fills the address of `event` with the sender's, where nothing else has stated one.
pub(crate) fn complete(event: &mut LogEvent<'_>) {
    if event.ip.is_none() && is_relayed(event) {
        event.ip = event.attributes.get(SENDER).and_then(address::parse).map(|found| found.ip);
    }
}

/// Whether `event` is a record of syslog whose sender's address is an attribute.
pub(crate) fn is_relayed(event: &LogEvent<'_>) -> bool {
    is_of_syslog(event, || !event.app.is_empty()) && event.attributes.get(SENDER).is_some()
}

/// Vector says so; others state syslog's facility and the program.
fn is_of_syslog(event: &LogEvent<'_>, has_program: impl Fn() -> bool) -> bool {
    event.facility.is_some() && has_program() || event.attributes.get("source_type") == Some("syslog")
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Level, LineParser, LogEvent, Zone};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    fn read(line: &str) -> LogEvent<'_> {
        parse(Format::Auto, line.as_bytes(), &CX)
    }

    #[test]
    fn an_address_that_the_message_states_goes_before_the_senders() {
        let vectors =
            r#""facility":"auth","host":"web1","severity":"info","source_ip":"192.0.2.1","source_type":"syslog""#;
        for (app, message, ip) in [
            ("sshd", "Failed password for bob from 192.0.2.7 port 5 ssh2", "192.0.2.7"),
            ("kernel", "[UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.7 DST=198.51.100.1 PROTO=TCP SPT=1 DPT=2", "192.0.2.7"),
            (
                "haproxy",
                "192.0.2.7:5 [14/Nov/2023:22:13:20.123] fe be/s1 0/0/1/2/3 200 5 - - ---- 1/1/0/0/0 0/0 \\\"GET / HTTP/1.1\\\"",
                "192.0.2.7",
            ),
            ("shop", "started", "192.0.2.1"),
        ] {
            let line = format!(r#"{{"appname":"{app}","message":"{message}",{vectors}}}"#);
            let event = read(&line);
            assert_eq!(event.ip, ip.parse().ok(), "{line}");
            assert_eq!(event.attributes.get("source_ip"), Some("192.0.2.1"), "{line}");
        }
        // That of a firewall's or an application's client.
        for line in [
            r#"{"source_ip":"192.0.2.1","message":"redirected from 192.0.2.7"}"#,
            r#"{"source_ip":"192.0.2.1","app":"shop","severity":"info","message":"redirected from 192.0.2.7"}"#,
        ] {
            let event = read(line);
            assert_eq!((event.ip, event.attributes.get("source_ip")), ("192.0.2.1".parse().ok(), None), "{line}");
        }
    }

    #[test]
    fn papertrails_columns_have_the_senders_address() {
        let mut parser = LineParser::new(Format::Tsv);
        let header = "id\tgenerated_at\treceived_at\tsource_id\tsource_name\tsource_ip\tfacility_name\tseverity_name\tprogram\tmessage";
        drop(parser.parse(header.as_bytes(), &CX));
        for (message, ip) in
            [("Failed password for bob from 192.0.2.7 port 5 ssh2", "192.0.2.7"), ("started", "192.0.2.1")]
        {
            let row = format!(
                "7\t2023-11-14T22:13:20Z\t2023-11-14T22:13:21Z\t9\tweb1\t192.0.2.1\tAuth\tWarning\tsshd\t{message}"
            );
            let event = parser.parse(row.as_bytes(), &CX);
            assert_eq!((event.ip, event.facility, event.level), (ip.parse().ok(), Some(4), Level::Warn), "{row}");
            assert_eq!((event.timestamp, &*event.app), (Some(1_700_000_000_000_000), "sshd"), "{row}");
        }
    }

    #[test]
    fn rsyslogs_own_json_names_program_level_and_the_time_that_was_stated() {
        let line = r#"{"msg":" Failed password for bob from 192.0.2.7 port 5 ssh2","timereported":"2023-11-14T22:13:20+00:00","hostname":"web1","syslogtag":"sshd[7]:","pri":"36","syslogfacility":"4","syslogseverity":"4","timegenerated":"2023-11-14T22:15:00+00:00","programname":"sshd","app-name":"sshd","procid":"7","msgid":"-"}"#;
        let event = read(line);
        assert_eq!((event.timestamp, event.level), (Some(1_700_000_000_000_000), Level::Warn));
        assert_eq!((&*event.app, &*event.proc_id, event.facility), ("sshd", "7", Some(4)));
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
    }

    #[test]
    fn a_tag_of_syslogs_form_is_the_program_and_its_process() {
        for name in ["tag", "syslogtag"] {
            for (tag, app, id) in [("sshd[7]:", "sshd", "7"), ("su:", "su", "")] {
                let line = format!(r#"{{"{name}":"{tag}","message":"x"}}"#);
                let event = read(&line);
                assert_eq!((&*event.app, &*event.proc_id), (app, id), "{line}");
                assert_eq!(event.attributes.get(name), Some(tag), "{line}");
            }
        }
        for tag in ["docker.web", "v1.2", "a b:", "sale:summer", "sshd[x]:"] {
            let line = format!(r#"{{"tag":"{tag}","message":"x"}}"#);
            let event = read(&line);
            assert_eq!((&*event.app, event.attributes.get("tag")), ("", Some(tag)), "{line}");
        }
    }
}
