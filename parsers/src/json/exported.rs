//! Records that other stores of logs wrote out: Elasticsearch's documents (elasticdump), Splunk's results and Loki's lines (logcli).

use super::record::{Place, Record};
use crate::fields::{Found, LETTER_RANK, Slot};

/// The name under which Splunk and Cribl keep an event as it came.
pub(crate) const RAW: &str = "_raw";

/// The name under which Loki keeps one, beside the object of its labels.
const LINE: &str = "line";
const LABELS: &str = "labels.";

impl Record<'_, '_> {
    /// Whether the object `key` at the top is a record as it was stored, whose names count as if they stood at the top.
    pub(super) fn is_stored_in(&self, key: &str) -> bool {
        let beside = match key {
            "_source" => "_index",
            "result" => "preview",
            _ => return false,
        };
        self.event.attributes.get(beside).is_some()
    }

    /// What `line` means in a record of Loki's.
    pub(super) fn of_loki(&self, place: &Place<'_, '_>) -> Option<Found> {
        let is_line = place.path.is_none() && place.key == LINE;
        let has_labels = || self.event.attributes.iter().any(|(name, _)| name.starts_with(LABELS));
        (is_line && has_labels()).then_some(Found { slot: Slot::Message, rank: LETTER_RANK, name: LINE })
    }

    /// Whether the message is a line as a program or a device wrote it.
    pub(super) fn holds_line(&self) -> bool {
        self.winner(Slot::Message).is_some_and(|message| message.name == RAW || message.name == LINE)
    }
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::table::delimited;
    use crate::{Context, Format, Level, LogEvent, Zone};

    const CX: Context = Context { received_at: 1_800_000_000_000_000, zone: Zone::UTC };
    const AT: Option<i64> = Some(1_700_000_000_000_000);

    fn read(line: &str) -> LogEvent<'_> {
        parse(Format::Auto, line.as_bytes(), &CX)
    }

    #[test]
    fn a_document_of_elasticsearch_is_what_was_stored() {
        let line = r#"{"_index":"logs","_id":"7","_score":1,"_source":{"@timestamp":"2023-11-14T22:13:20Z","message":"cart is empty","log":{"level":"error"},"host":{"name":"shop"},"user":{"name":"bob"},"source":{"ip":"192.0.2.7"},"cart":{"id":4}}}"#;
        let event = read(line);
        assert_eq!((event.timestamp, event.level, &*event.message), (AT, Level::Error, &b"cart is empty"[..]));
        assert_eq!((&*event.host, &*event.user_name, event.ip), ("shop", "bob", "192.0.2.7".parse().ok()));
        let attributes: Vec<_> = event.attributes.iter().collect();
        assert_eq!(attributes, [("_index", "logs"), ("_id", "7"), ("_score", "1"), ("cart.id", "4")]);
        // Without an index it is any object of that name.
        let event = read(r#"{"_source":{"message":"x"},"_index":"logs"}"#);
        assert_eq!(event.attributes.get("_source.message"), Some("x"));
    }

    #[test]
    fn a_result_of_splunk_is_the_line_that_it_keeps() {
        let line = r#"{"preview":false,"offset":0,"result":{"_raw":"Nov 14 22:13:21 shop sshd[7]: Failed password for bob from 192.0.2.7 port 4 ssh2","_time":"2023-11-14 22:13:20.000 UTC","host":"shop","sourcetype":"linux_secure"}}"#;
        let event = read(line);
        assert_eq!((event.timestamp, &*event.host, &*event.app, &*event.proc_id), (AT, "shop", "sshd", "7"));
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
        assert!(event.message.starts_with(b"Nov 14 22:13:21 shop sshd[7]: Failed"));
        assert_eq!(event.attributes.get("sourcetype"), Some("linux_secure"));
        let line = r#"{"preview":false,"result":{"_raw":"{\"level\":\"warn\",\"cart\":4}","_time":"2023-11-14T22:13:20.000+00:00"}}"#;
        let event = read(line);
        assert_eq!((event.timestamp, event.level, event.attributes.get("cart")), (AT, Level::Warn, Some("4")));
    }

    #[test]
    fn a_row_of_splunk_is_the_line_that_it_keeps() {
        let table = delimited::header(br#""_raw","_time",host,sourcetype"#);
        let row = br#""level=warn msg=""cart is empty"" cart=4","2023-11-14T22:13:20.000+0000",shop,cart"#;
        let event = table.row(row, false, &CX).unwrap();
        assert_eq!((event.timestamp, event.level, &*event.host), (AT, Level::Warn, "shop"));
        assert_eq!(
            (&*event.message, event.attributes.get("cart")),
            (&b"level=warn msg=\"cart is empty\" cart=4"[..], Some("4"))
        );
    }

    #[test]
    fn a_line_of_loki_stands_beside_its_labels() {
        let line = r#"{"labels":{"app":"cart","pod":"c-1"},"line":"E1114 22:13:19.000000       1 main.go:7] no stock","timestamp":"2023-11-14T22:13:20Z"}"#;
        let event = read(line);
        assert_eq!((event.timestamp, event.level), (AT, Level::Error));
        assert_eq!(&*event.message, b"E1114 22:13:19.000000       1 main.go:7] no stock");
        assert_eq!(event.attributes.get("labels.pod"), Some("c-1"));
        let line = r#"{"timestamp":"2023-11-14T22:13:20Z","line":"7","file":"a.c"}"#;
        assert_eq!(&*read(line).message, line.as_bytes());
    }
}
