//! Windows' events in JSON, whose names alone do not say all: the number that Windows has for a level is not syslog's.
//!
//! | who writes it | the level | the event |
//! |---|---|---|
//! | Fluent Bit's `winevtlog`, evtx_dump | `Level`, a number; `Keywords` tell a failed audit | `EventID` |
//! | Fluent Bit's `winlog` | `EventType`, a word | `EventID` |
//! | PowerShell's `Get-WinEvent` through `ConvertTo-Json` | `LevelDisplayName`, a word | `Id` |

use super::record::Record;
use crate::fields::Slot;
use crate::{Level, winevent};

/// Where each of them names the log that an event is from.
const CHANNELS: [&str; 3] = ["Channel", "LogName", "Event.System.Channel"];

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
    fn a_number_that_is_a_level_elsewhere_stays_what_it_is() {
        check(r#"{"EventID":7,"Level":2,"time":"2023-11-14T22:13:20Z"}"#, "FATAL 1700000000   7   ");
        check(r#"{"Channel":"x","Level":2,"time":"2023-11-14T22:13:20Z"}"#, "FATAL 1700000000      ");
    }
}
