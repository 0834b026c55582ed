//! Windows' events in JSON, whose names alone do not say all: the number that Windows has for a level is not syslog's.
//!
//! | who writes it | the level | the event |
//! |---|---|---|
//! | Fluent Bit's `winevtlog`, evtx_dump | `Level`, a number; `Keywords` tell a failed audit | `EventID` |
//! | Fluent Bit's `winlog` | `EventType`, a word | `EventID` |
//! | PowerShell's `Get-WinEvent` through `ConvertTo-Json` | `LevelDisplayName`, a word | `Id` |
//! | EvtxECmd, and who flattens events | `Level`, a word | `EventId`, `EventID`; the provider is `Provider` or `Provider_Name` |
//! | Wazuh | `severityValue`, a word | `eventID`, within `win.system` |
//! | Winlogbeat before version 7 | `level`, a word | `event_id` |

use super::record::Record;
use crate::fields::Slot;
use crate::{Level, Zone, timestamp, winevent};

/// Where each of them names the log that an event is from.
const CHANNELS: [&str; 3] = ["Channel", "LogName", "Event.System.Channel"];

/// The names of channel, computer, provider, event, process, kind and time, of those who write none that a field has.
const UNCOMMON: [[&str; 7]; 3] = [
    [
        "win.system.channel",
        "win.system.computer",
        "win.system.providerName",
        "win.system.eventID",
        "win.system.processID",
        "win.system.severityValue",
        "win.system.systemTime",
    ],
    [
        "data.win.system.channel",
        "data.win.system.computer",
        "data.win.system.providerName",
        "data.win.system.eventID",
        "data.win.system.processID",
        "data.win.system.severityValue",
        "data.win.system.systemTime",
    ],
    ["log_name", "computer_name", "source_name", "event_id", "process_id", "", ""],
];

/// The user of an event that names no target and no subject, as Sysmon's do.
const USERS: [&str; 5] = [
    "Event.EventData.User",
    "winlog.event_data.User",
    "event_data.User",
    "win.eventdata.user",
    "data.win.eventdata.user",
];

impl Record<'_, '_> {
    /// Completes a record that is a Windows event: one that names a provider or has an event's id, and says which log it is from.
    pub(super) fn complete_windows(&mut self) {
        let is_named = |slot: Slot, ends: [&str; 3]| {
            let name = self.winner(slot).map(|winner| winner.name.to_ascii_lowercase()).unwrap_or_default();
            ends.iter().any(|end| name.ends_with(end))
        };
        let has_provider = is_named(Slot::App, ["providername", "sourcename", "provider.#attributes.name"]);
        if !has_provider && !is_named(Slot::MsgId, ["eventid", "eventid.#text", "eventid"]) {
            return;
        }
        let attributes = &self.event.attributes;
        let stated = |names: &[&str]| names.iter().find_map(|name| attributes.get(name)).unwrap_or_default();
        if stated(&CHANNELS).is_empty() {
            return;
        }
        let number = match self.winner(Slot::Level) {
            Some(winner) if winner.name.eq_ignore_ascii_case("Level") => &*winner.value,
            Some(_) => "",
            None => stated(&["Event.System.Level"]),
        };
        let level = winevent::level_of(number, stated(&["Keywords", "Event.System.Keywords"]));
        let by_word = || winevent::level_of_type(stated(&["EventType", "KeywordsDisplayNames"])).unwrap_or_default();
        let id = if has_provider { stated(&["Id"]).to_owned() } else { String::new() };
        if level != Level::Unknown {
            self.event.level = level;
            self.event.severity = None;
        } else if self.event.level == Level::Unknown {
            self.event.level = by_word();
        }
        self.event.msg_id = id.into();
        self.is_windows = true;
    }

    /// Completes an event whose fields are known by what few give them as names. `is_relayed` says that the host is the one named `host`.
    pub(super) fn complete_flattened_windows(&mut self, is_relayed: bool) {
        let attributes = &self.event.attributes;
        let stated = |names: &[&str]| names.iter().find_map(|name| attributes.get(name)).map(str::to_owned);
        let provider = if self.event.app.is_empty() { stated(&["Provider_Name", "Provider"]) } else { None };
        let time = if self.event.timestamp.is_none() { stated(&["SystemTime", "UtcTime"]) } else { None };
        // Whoever passed the event on calls itself the host.
        let host = if is_relayed { stated(&["Hostname"]) } else { None };
        let user = if self.event.user_name.is_empty() { stated(&USERS) } else { None };
        if let Some(user) = user {
            self.event.user_name = user.into();
        }
        if let Some(provider) = provider {
            self.event.app = provider.into();
        }
        if let Some(host) = host {
            let relay = std::mem::replace(&mut self.event.host, host.into());
            self.event.attributes.push("host", &relay);
        }
        self.event.timestamp = self.event.timestamp.or_else(|| timestamp::parse(&time?, Zone::UTC));
    }

    /// Completes an event of those who write names of their own. No other record has a channel or a log under these.
    pub(super) fn complete_uncommon_windows(&mut self) {
        let attributes = &self.event.attributes;
        let Some(names) = UNCOMMON
            .iter()
            .find(|[channel, computer, ..]| attributes.get(channel).is_some() && attributes.get(computer).is_some())
        else {
            return;
        };
        let [_, host, app, id, process, kind, time] =
            names.map(|name| attributes.get(name).unwrap_or_default().to_owned());
        let is_failed_audit = attributes.get("keywords").is_some_and(|keywords| keywords.contains("Audit Failure"));
        let kind = if is_failed_audit { "Audit Failure" } else { &*kind };
        self.event.level = winevent::level_of_type(kind).unwrap_or(self.event.level);
        self.event.timestamp = self.event.timestamp.or_else(|| timestamp::parse(&time, Zone::UTC));
        self.event.host = host.into();
        self.event.app = app.into();
        self.event.msg_id = id.into();
        if self.event.proc_id.is_empty() {
            self.event.proc_id = process.into();
        }
        if self.event.user_name.is_empty() {
            let user = USERS.iter().find_map(|name| self.event.attributes.get(name)).unwrap_or_default().to_owned();
            self.event.user_name = user.into();
        }
    }
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
    fn a_number_that_is_a_level_elsewhere_stays_what_it_is() {
        check(r#"{"EventID":7,"Level":2,"time":"2023-11-14T22:13:20Z"}"#, "FATAL 1700000000   7   ");
        check(r#"{"Channel":"x","Level":2,"time":"2023-11-14T22:13:20Z"}"#, "FATAL 1700000000      ");
    }
}
