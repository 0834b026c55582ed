//! Windows' events in JSON, whose names alone do not say all: the number that Windows has for a level is not syslog's, and an event's
//! data has names that elsewhere are a program's or a process's.
//!
//! | who writes it | known by | the level |
//! |---|---|---|
//! | Winlogbeat | `winlog.channel` | `log.level`, a word |
//! | NXLog, Fluent Bit, Azure, EvtxECmd, who flattens events | `Channel` beside an event's id | `Severity`, `Level`, `EventType` |
//! | PowerShell's `Get-WinEvent` through `ConvertTo-Json` | `LogName`, or the level's name alone | `LevelDisplayName`, a word |
//! | evtx_dump, also with attributes beside elements | `Event.System.Channel` | `Level`, a number |
//! | Velociraptor | `System.Channel` | the same |
//! | Wazuh | `win.system.channel` | `severityValue`, a word |
//! | Winlogbeat before version 7 | `log_name` | `level`, a word |
//! | OpenTelemetry's and Grafana's receivers | `channel` beside `computer` and `event_id` | `level`, a word; `levelText` beside a number |
//!
//! Whatever the form, a failed audit is WARN, which most state in `Keywords` only.

mod forms;

use std::borrow::Cow;

use self::forms::Form;
use super::record::Record;
use crate::fields::Slot;
use crate::winevent::{self, Subject};
use crate::{Level, Zone, timestamp};

/// What a record says under the names of its form.
struct Said {
    level: String,
    word: String,
    is_failed_audit: bool,
    host: Option<String>,
    provider: Option<String>,
    id: Option<String>,
    process: Option<String>,
    time: Option<i64>,
    message: Option<String>,
    user: Option<String>,
    address: Option<std::net::IpAddr>,
}

impl Record<'_, '_> {
    /// Completes a record that is a Windows event: one that says which log it is from and has an event's id.
    pub(super) fn complete_windows(&mut self) {
        let Some(form) = self.form_of_windows() else { return };
        let said = self.said_of_windows(form);
        self.is_windows = true;
        let by_number = winevent::level_of(&said.level, "");
        if by_number != Level::Unknown {
            self.event.level = by_number;
            self.event.severity = None;
        }
        if self.event.level == Level::Unknown {
            self.event.level = winevent::level_of_type(&said.word).unwrap_or_default();
        }
        if said.is_failed_audit && matches!(self.event.level, Level::Info | Level::Unknown) {
            self.event.level = Level::Warn;
        }
        self.event.timestamp = self.event.timestamp.or(said.time);
        if let Some(address) = said.address {
            self.put(Slot::Ip, address.to_string());
            self.event.ip = Some(address);
        }
        if self.is_in_hex(Slot::ProcId) {
            self.demote(Slot::ProcId);
        }
        for (slot, value) in [
            (Slot::Host, said.host),
            (Slot::App, said.provider),
            (Slot::MsgId, said.id),
            (Slot::ProcId, said.process),
            (Slot::Message, said.message),
            (Slot::UserName, said.user),
        ] {
            if let Some(value) = value {
                self.put(slot, value);
            }
        }
        // The number of its level and its data are attributes in any case.
        if self.winner(Slot::Level).is_some_and(|level| form.is_level(&level.name)) {
            self.keep_as_attribute(Slot::Level);
        }
        for slot in [Slot::UserName, Slot::Ip] {
            if self.winner(slot).is_some_and(|winner| !winner.name.is_empty() && form.data_name(&winner.name).is_some())
            {
                self.keep_as_attribute(slot);
            }
        }
    }

    /// How the record writes a Windows event; `None` where it is none.
    fn form_of_windows(&self) -> Option<&'static Form> {
        let has_level_of_powershell =
            self.winner(Slot::Level).is_some_and(|level| level.name.eq_ignore_ascii_case("LevelDisplayName"));
        let form = if has_level_of_powershell {
            &forms::FLAT
        } else {
            self.event.attributes.iter().find_map(|(name, _)| Form::of_channel(name))?
        };
        let is_number = |id: String| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        let has_id = self.stated(form.id).is_some_and(is_number);
        let is_whole = self.stated(form.provider).is_some() || self.stated(form.host).is_some();
        // Flat records of others have an `Id` and a `Channel` too.
        let is_events = form.strict.is_empty() || form.strict.iter().any(|name| self.stated(&[name]).is_some());
        (has_id && is_whole && is_events).then_some(form)
    }

    fn said_of_windows(&self, form: &Form) -> Said {
        let id = self.stated(form.id).unwrap_or_default();
        let mut subject = Subject::default();
        for (name, value) in self.all() {
            if let Some(name) = form.data_name(name) {
                subject.see(name, value);
            } else if form.markup == Some(name) {
                forms::see_markup(&mut subject, value);
            }
        }
        let word = self.stated(form.word).unwrap_or_default();
        let keywords = self.stated(form.keywords).unwrap_or_default();
        let level = match self.winner(Slot::Level) {
            Some(winner) if form.is_level(&winner.name) => winner.value.to_string(),
            Some(_) => String::new(),
            None => self.stated(form.level).unwrap_or_default(),
        };
        let is_missing = |slot: Slot| self.winner(slot).is_none();
        // The user that the record names itself, outside of the event's data, counts.
        let names_user = self.winner(Slot::UserName).is_some_and(|user| form.data_name(&user.name).is_none());
        let names_address = self.winner(Slot::Ip).is_some_and(|ip| form.data_name(&ip.name).is_none());
        let is_process = |process: &String| !process.is_empty() && process.bytes().all(|b| b.is_ascii_digit());
        let keeps_process = form.process_is_last && !is_missing(Slot::ProcId) && !self.is_in_hex(Slot::ProcId);
        let address = subject.address(&id);
        let user = subject.user(&id).map(Into::into);
        let is_groups = user.is_none() && winevent::is_about_group(&id);
        Said {
            is_failed_audit: winevent::is_failed_audit(&keywords) || word.eq_ignore_ascii_case("AUDIT_FAILURE"),
            level,
            host: self.stated(form.host).filter(|_| is_missing(Slot::Host)),
            provider: self.stated(form.provider),
            process: self.stated(form.process).filter(|process| is_process(process) && !keeps_process),
            time: self
                .stated(form.time)
                .filter(|_| self.event.timestamp.is_none())
                .and_then(|time| timestamp::parse(&time, Zone::UTC)),
            message: self.stated(form.message).filter(|_| is_missing(Slot::Message)).map(unquoted),
            user: if is_groups { Some(String::new()) } else { user.filter(|_| !names_user || form.markup.is_some()) },
            address: address.filter(|_| !names_address),
            id: Some(id),
            word,
        }
    }

    /// The value of the first of `names` that the record has.
    fn stated(&self, names: &[&str]) -> Option<String> {
        let value = |name: &str| {
            let named = self.winners().find(|winner| winner.name == name).map(|winner| &*winner.value);
            named.or_else(|| self.event.attributes.get(name)).filter(|value| !value.is_empty())
        };
        names.iter().find_map(|name| value(name)).map(str::to_owned)
    }

    /// All that the record says, by its names.
    fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let taken = self.winners().map(|winner| (&*winner.name, &*winner.value));
        taken.chain(self.event.attributes.iter())
    }

    /// Whether a process's number is one of an event's data, which are written `0x1a4`.
    fn is_in_hex(&self, slot: Slot) -> bool {
        self.winner(slot).is_some_and(|winner| winner.value.starts_with("0x"))
    }

    /// Completes an event whose fields are known. `is_relayed` says that the host is the one named `host`.
    pub(super) fn complete_relayed_windows(&mut self, is_relayed: bool) {
        // Whoever passed the event on calls itself the host.
        let host = self.event.attributes.get("Hostname").filter(|_| is_relayed).map(str::to_owned);
        if let Some(host) = host {
            let relay = std::mem::replace(&mut self.event.host, Cow::Owned(host));
            self.event.attributes.push("host", &relay);
        }
    }
}

/// Wazuh puts a message into quotes.
fn unquoted(text: String) -> String {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(str::to_owned);
    inner.unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Zone};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    /// `LEVEL time host app msgid pid user ip` of a line.
    fn check(line: &str, expected: &str) {
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        let at = event.timestamp.unwrap_or_default() / 1_000_000;
        let ip = event.ip.map(|ip| ip.to_string()).unwrap_or_default();
        let found = [&event.host, &event.app, &event.msg_id, &event.proc_id, &event.user_name].map(|field| &**field);
        assert_eq!(format!("{} {at} {} {ip}", event.level, found.join(" ")), expected, "{line}");
    }

    #[test]
    fn each_exporters_shape_gives_the_events_fields() {
        check(
            r#"{"ProviderName":"Auditing","EventID":4625,"Level":0,"Keywords":"0x8010000000000000","TimeCreated":"2023-11-14 23:13:20 +0100","ProcessID":6,"Channel":"Security","Computer":"pc1","Message":"An account failed.\r\n\tAccount Name:\t\tbob\r\n\tSource Network Address:\t192.0.2.7"}"#,
            "WARN 1700000000 pc1 Auditing 4625 6 bob 192.0.2.7",
        );
        check(
            r#"{"SourceName":"Auditing","EventID":4625,"ComputerName":"pc1","TimeGenerated":"2023-11-14 22:13:20 +0000","EventType":"FailureAudit","Message":"x","Channel":"Security"}"#,
            "WARN 1700000000 pc1 Auditing 4625   ",
        );
        check(
            r#"{"Id":4624,"ProviderName":"Auditing","LogName":"Security","ProcessId":6,"MachineName":"pc1","TimeCreated":"\/Date(1700000000123)\/","LevelDisplayName":"Information","Message":"x"}"#,
            "INFO 1700000000 pc1 Auditing 4624 6  ",
        );
        let evtx = r##"{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":{"Name":"Auditing"}},"EventID":4625,"Level":0,"Keywords":"0x8010000000000000","TimeCreated":{"#attributes":{"SystemTime":"2023-11-14T22:13:20Z"}},"Channel":"Security","Computer":"pc1","Execution":{"#attributes":{"ProcessID":6}}},"EventData":{"TargetUserName":"bob","SubjectUserName":"PC1$","IpAddress":"192.0.2.7"}}}"##;
        check(evtx, "WARN 1700000000 pc1 Auditing 4625 6 bob 192.0.2.7");
        check(
            r#"{"ProviderName":"Disk","EventID":7,"Level":2,"TimeCreated":"2023-11-14T22:13:20Z","Channel":"System","Computer":"pc1","Message":"bad"}"#,
            "ERROR 1700000000 pc1 Disk 7   ",
        );
    }

    #[test]
    fn flattened_events_and_those_under_other_names_are_known() {
        check(
            r#"{"SystemTime":"2023-11-14T22:13:20.123Z","Channel":"Security","Computer":"pc1","EventID":4624,"Provider_Name":"Auditing","TargetUserName":"bob","IpAddress":"192.0.2.7"}"#,
            "UNKNOWN 1700000000 pc1 Auditing 4624  bob 192.0.2.7",
        );
        check(
            r#"{"EventId":4624,"Channel":"Security","Computer":"pc1","Provider":"Auditing","TimeCreated":"2023-11-14T22:13:20+00:00","ProcessId":6}"#,
            "UNKNOWN 1700000000 pc1 Auditing 4624 6  ",
        );
        check(
            r#"{"EventTime":"2023-11-14T22:13:20Z","Hostname":"pc1","EventID":4624,"Channel":"Security","SourceName":"Auditing","host":"relay.example","port":6}"#,
            "UNKNOWN 1700000000 pc1 Auditing 4624   ",
        );
        check(
            r#"{"win":{"system":{"providerName":"Auditing","eventID":"4625","systemTime":"2023-11-14T22:13:20.1Z","processID":"6","channel":"Security","computer":"pc1","severityValue":"AUDIT_FAILURE"},"eventdata":{"targetUserName":"bob","ipAddress":"192.0.2.7"}}}"#,
            "WARN 1700000000 pc1 Auditing 4625 6 bob 192.0.2.7",
        );
        check(
            r#"{"@timestamp":"2023-11-14T22:13:20Z","log_name":"Security","event_id":4625,"computer_name":"pc1","source_name":"Auditing","level":"Information","keywords":["Audit Failure"],"event_data":{"TargetUserName":"bob","IpAddress":"192.0.2.7"},"message":"x"}"#,
            "WARN 1700000000 pc1 Auditing 4625  bob 192.0.2.7",
        );
    }

    #[test]
    fn the_user_among_the_events_data_counts_where_no_other_is_named() {
        check(
            r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"Sysmon"}},"EventID":1,"Level":4,"TimeCreated":{"#attributes":{"SystemTime":"2023-11-14T22:13:20Z"}},"Channel":"Sysmon/Operational","Computer":"pc1"},"EventData":{"User":"DOM\\bob"}}}"##,
            "INFO 1700000000 pc1 Sysmon 1  DOM\\bob ",
        );
    }

    #[test]
    fn a_failed_audit_is_a_warning_however_it_is_written() {
        check(
            r#"{"@timestamp":"2023-11-14T22:13:20Z","host":{"name":"pc1"},"log":{"level":"information"},"event":{"code":"4625"},"winlog":{"channel":"Security","computer_name":"pc1","event_id":"4625","provider_name":"Auditing","process":{"pid":6},"keywords":["Audit Failure"],"event_data":{"SubjectUserName":"PC1$","TargetUserName":"bob","IpAddress":"192.0.2.7"}},"message":"x"}"#,
            "WARN 1700000000 pc1 Auditing 4625 6 bob 192.0.2.7",
        );
        check(
            r#"{"Id":4625,"ProviderName":"Auditing","LogName":"Security","ProcessId":6,"MachineName":"pc1","TimeCreated":"2023-11-14T22:13:20Z","LevelDisplayName":"Information","KeywordsDisplayNames":["Audit Failure"],"Message":"x"}"#,
            "WARN 1700000000 pc1 Auditing 4625 6  ",
        );
    }

    #[test]
    fn an_events_data_are_attributes_in_any_case() {
        let line = r#"{"EventID":4624,"Channel":"Security","Computer":"pc1","Provider_Name":"Auditing","TargetUserName":"bob","SubjectUserName":"PC1$","IpAddress":"192.0.2.7","Level":4}"#;
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        for (name, value) in
            [("TargetUserName", "bob"), ("SubjectUserName", "PC1$"), ("IpAddress", "192.0.2.7"), ("Level", "4")]
        {
            assert_eq!(event.attributes.iter().filter(|attribute| *attribute == (name, value)).count(), 1, "{name}");
        }
    }

    #[test]
    fn an_events_data_are_no_program_and_no_process() {
        check(
            r#"{"EventTime":"2023-11-14T22:13:20Z","Hostname":"pc1","EventID":4769,"SourceName":"Auditing","ExecutionProcessID":6,"Channel":"Security","ServiceName":"PC2$","ProcessId":"0x3d0","TargetUserName":"bob@EXAMPLE","IpAddress":"::ffff:192.0.2.7"}"#,
            "UNKNOWN 1700000000 pc1 Auditing 4769 6 bob@EXAMPLE 192.0.2.7",
        );
        check(
            r#"{"Channel":"Security","Computer":"pc1","EventID":5156,"Provider_Name":"Auditing","SystemTime":"2023-11-14T22:13:20Z","Application":"a.exe","ProcessId":"0x3d0","SourceAddress":"192.0.2.7","DestAddress":"192.0.2.1"}"#,
            "UNKNOWN 1700000000 pc1 Auditing 5156   192.0.2.7",
        );
    }

    #[test]
    fn collectors_of_other_makes_are_known_by_their_channel() {
        check(
            r##"{"Event":{"System":{"Provider_attributes":{"Name":"Auditing"},"EventID":4625,"Level":0,"Keywords":"0x8010000000000000","TimeCreated_attributes":{"SystemTime":"2023-11-14T22:13:20Z"},"Channel":"Security","Computer":"pc1","Execution_attributes":{"ProcessID":6}},"EventData":{"TargetUserName":"bob"}}}"##,
            "WARN 1700000000 pc1 Auditing 4625 6 bob ",
        );
        check(
            r#"{"System":{"Provider":{"Name":"Auditing"},"EventID":{"Value":4625},"Level":0,"Keywords":-9218868437227405312,"TimeCreated":{"SystemTime":1700000000.5},"Execution":{"ProcessID":6},"Channel":"Security","Computer":"pc1"},"EventData":{"TargetUserName":"bob","IpAddress":"192.0.2.7"}}"#,
            "WARN 1700000000 pc1 Auditing 4625 6 bob 192.0.2.7",
        );
        check(
            r#"{"event_id":{"id":4625},"provider":{"name":"Auditing"},"system_time":"2023-11-14T22:13:20Z","computer":"pc1","channel":"Security","level":"Information","keywords":["Audit Failure"],"event_data":{"TargetUserName":"bob"},"execution":{"process_id":6},"message":"x"}"#,
            "WARN 1700000000 pc1 Auditing 4625 6 bob ",
        );
        check(
            r#"{"source":"Auditing","channel":"Security","computer":"pc1","event_id":4624,"level":0,"levelText":"Information","timeCreated":"2023-11-14T22:13:20Z","execution":{"processId":6},"security":{"userName":"SYSTEM"},"event_data":"<Data Name='TargetUserName'>bob</Data><Data Name='IpAddress'>192.0.2.7</Data>","message":"x"}"#,
            "INFO 1700000000 pc1 Auditing 4624 6 bob 192.0.2.7",
        );
        let wazuhs = r#"{"win":{"system":{"providerName":"Auditing","eventID":"4625","channel":"Security","computer":"pc1","severityValue":"AUDIT_FAILURE","message":"\"An account failed.\r\nWhy\""}}}"#;
        let event = parse(Format::Auto, wazuhs.as_bytes(), &CX);
        assert_eq!(&*event.message, b"An account failed.\r\nWhy");
    }

    #[test]
    fn a_script_says_nothing_of_its_event() {
        check(
            r#"{"ProviderName":"Microsoft-Windows-PowerShell","EventID":4104,"Level":3,"TimeCreated":"2023-11-14T22:13:20Z","Channel":"Microsoft-Windows-PowerShell/Operational","Computer":"pc1","Message":"iex from 192.0.2.7 user 'bob'"}"#,
            "WARN 1700000000 pc1 Microsoft-Windows-PowerShell 4104   ",
        );
    }

    #[test]
    fn a_channel_of_others_is_no_log() {
        check(
            r#"{"channel":"orders","computer":"a","event_id":"7","level":"info","time":"2023-11-14T22:13:20Z"}"#,
            "INFO 1700000000 a     ",
        );
        check(
            r#"{"Channel":"web","Id":"7","Source":"shop","level":2,"time":"2023-11-14T22:13:20Z"}"#,
            "FATAL 1700000000      ",
        );
    }

    #[test]
    fn a_number_that_is_a_level_elsewhere_stays_what_it_is() {
        check(r#"{"EventID":7,"Level":2,"time":"2023-11-14T22:13:20Z"}"#, "FATAL 1700000000   7   ");
        check(r#"{"Channel":"x","Level":2,"time":"2023-11-14T22:13:20Z"}"#, "FATAL 1700000000      ");
    }
}
