//! What is peculiar to some kinds of records: Nextcloud's and MySQL's levels, the names that authentik logs, what Datadog calls a level; and the level of records that state none, but are of a kind from which one follows: requests in the JSON of a web server or proxy
//! (nginx, Apache, Traefik, Envoy and those after them), requests to Kubernetes, and events of it ([`super::kubernetes`]).

use std::borrow::Cow;

use super::kubernetes;
use super::record::Record;
use crate::fields::Slot;
use crate::{Level, http_status, level_names};

/// The names of a request's status.
fn is_status(name: &str) -> bool {
    matches!(
        name,
        "status"
            | "status_code"
            | "statusCode"
            | "http_status"
            | "response_code"
            | "response.status"
            | "response.status_code"
            | "http.response.status_code"
            | "http.status_code"
            | "httpRequest.status"
            | "properties.httpStatus"
            | "properties.httpStatusCode"
            | "properties.ScStatus"
            | "DownstreamStatus"
            | "EdgeResponseStatus"
            | "sc-status"
    )
}

/// The names of what is asked for, without which a status is anything's.
fn is_request(name: &str) -> bool {
    matches!(
        name,
        "method"
            | "request_method"
            | "http_method"
            | "request"
            | "request.method"
            | "http.request.method"
            | "http.method"
            | "httpMethod"
            | "httpRequest.requestMethod"
            | "properties.httpMethod"
            | "properties.CsMethod"
            | "RequestMethod"
            | "ClientRequestMethod"
            | "cs-method"
    )
}

/// What Datadog's agents and libraries put into every record; its level is the `status`.
fn is_of_datadog(name: &str) -> bool {
    name.starts_with("dd") && matches!(name, "ddsource" | "ddtags" | "dd.trace_id")
}

impl<'a> Record<'a, '_> {
    /// Whether it is one of Nextcloud's or ownCloud's, which state the id of the request beside its client and its address.
    pub(super) fn is_nextcloud(&self) -> bool {
        // Most records have a word for a level, or a larger number.
        let has_small_level =
            self.winner(Slot::Level).is_some_and(|level| matches!(level.value.as_bytes(), [b'0'..=b'4']));
        let has = |name: &str| self.event.attributes.get(name).is_some();
        let has_client = || self.winner(Slot::Ip).is_some_and(|ip| ip.name == "remoteAddr") || has("remoteAddr");
        has_small_level && has("reqId") && has("url") && has_client()
    }

    /// Takes the level for one of Nextcloud's: 0 debug, 1 information, 2 warning, 3 error, 4 fatal. Syslog's numbers are others.
    pub(super) fn number_level_as_nextcloud(&mut self) {
        let level = match self.winner(Slot::Level).map(|level| level.value.as_bytes()) {
            Some(b"0") => Level::Debug,
            Some(b"1") => Level::Info,
            Some(b"2") => Level::Warn,
            Some(b"3") => Level::Error,
            Some(b"4") => Level::Fatal,
            _ => return,
        };
        self.event.level = level;
        self.event.severity = None;
    }

    /// Whether it is a record of MySQL's error log in JSON, whose numbers of levels are its own.
    pub(super) fn is_mysqls(&self) -> bool {
        let has = |name: &str| self.event.attributes.get(name).is_some();
        let is_numbered = self.winner(Slot::Level).is_some_and(|level| level.name == "prio");
        is_numbered && has("err_code") && has("label")
    }

    /// Takes the level for one of MySQL's, which stands beside it as a word, and the code of the error for the message's id.
    pub(super) fn complete_mysql(&mut self) {
        self.event.level = match self.event.attributes.get("label") {
            Some("System" | "Note") => Level::Info,
            Some("Warning") => Level::Warn,
            Some("Error") => Level::Error,
            _ => Level::Unknown,
        };
        self.event.severity = None;
        let code = self.event.attributes.get("err_code").and_then(|code| code.parse::<u32>().ok());
        if let Some(code) = code {
            self.event.msg_id = Cow::Owned(format!("MY-{code:06}"));
        }
    }

    /// The name that somebody typed whom authentik does not know.
    pub(super) fn typed_name(&self) -> Option<Cow<'a, str>> {
        let is_unknown = self.winner(Slot::Message).is_some_and(|message| message.value == "invalid_login");
        let name = is_unknown.then(|| self.event.attributes.get("identifier")).flatten()?;
        Some(Cow::Owned(name.to_owned()))
    }

    /// The level that follows from what the record is; [`Level::Unknown`] where none does.
    pub(super) fn level_of_kind(&self) -> Level {
        // One way through all attributes, most of which are told apart by their first bytes.
        let (mut status, mut has_request, mut is_datadogs) = (None, false, false);
        let mut cluster = kubernetes::Signs::default();
        for (name, value) in self.event.attributes.iter() {
            if is_status(name) {
                status = status.or(Some(value));
            } else if is_request(name) {
                has_request = true;
            } else {
                is_datadogs |= is_of_datadog(name);
                cluster.see(name, value);
            }
        }
        if let Some(level) = cluster.level() {
            return level;
        }
        if let Some(level) = status.filter(|_| is_datadogs).and_then(level_names::from_word) {
            return level;
        }
        match status.map(str::as_bytes) {
            // Below 100 and from 600 on there is none: a number of another kind.
            Some(status @ [b'1'..=b'5', ..]) if has_request && http_status::is_status(status) => {
                http_status::level(status)
            }
            _ => Level::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Level, Zone};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    #[test]
    fn a_level_of_mysqls_is_its_label_and_a_refused_login_names_who_was_refused() {
        let line = br#"{ "prio" : 2, "err_code" : 10926, "msg" : "Access denied for user 'bob'@'192.0.2.7' (using password: YES)", "time" : "2023-11-14T22:13:20Z", "thread" : 8, "err_symbol" : "ER_X", "subsystem" : "Server", "label" : "Warning" }"#;
        let event = parse(Format::Auto, line, &CX);
        assert_eq!((event.level, event.severity, &*event.msg_id), (Level::Warn, None, "MY-010926"));
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
    }

    #[test]
    fn nextclouds_levels_are_its_own_and_its_dashes_are_no_user() {
        let record = |level: u8| {
            format!(
                r#"{{"reqId":"aB3","level":{level},"time":"2023-11-14T22:13:20+00:00","remoteAddr":"2001:db8::7","user":"--","app":"core","method":"POST","url":"/login","message":"Login failed: bob (Remote IP: 2001:db8::7)","version":"27.0"}}"#
            )
        };
        let levels = [Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];
        for (number, level) in (0..).zip(levels) {
            let line = record(number);
            let event = parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.level, event.severity), (level, None), "{line}");
            assert_eq!((&*event.user_name, event.ip), ("bob", "2001:db8::7".parse().ok()), "{line}");
            assert_eq!(event.attributes.get("user"), Some("--"), "{line}");
        }
        // Syslog's numbers in a record of another kind.
        let other = br#"{"time":"2023-11-14T22:13:20Z","level":2,"remoteAddr":"192.0.2.7","message":"no"}"#;
        assert_eq!(parse(Format::Auto, other, &CX).level, Level::Fatal);
    }

    #[test]
    fn zaps_letters_are_level_and_message_where_the_level_is_a_word_and_no_plainer_name_is_there() {
        let line = br#"{"L":"WARN","T":"2023-11-14T22:13:19.250Z","N":"cart","C":"cart/main.go:17","M":"cart is full","user":"bob","n":7}"#;
        let event = parse(Format::Auto, line, &CX);
        assert_eq!((event.level, &*event.message), (Level::Warn, &b"cart is full"[..]));
        assert_eq!((event.timestamp, &*event.user_name), (Some(1_699_999_999_250_000), "bob"));
        assert_eq!((event.attributes.get("L"), event.attributes.get("C")), (None, Some("cart/main.go:17")));
        for (fields, level) in [
            (r#""L":"7.5 m","M":"steel""#, Level::Unknown),
            (r#""L":30,"M":"steel""#, Level::Unknown),
            (r#""LEVEL":"ERROR","M":"steel""#, Level::Error),
            (r#""l":"warn","m":"steel""#, Level::Unknown),
            (r#""L":"ERROR","M":"steel","level":"info","message":"weighed""#, Level::Info),
        ] {
            let line = format!("{{{fields}}}");
            let event = parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!(
                (event.level, event.attributes.get("M").or(event.attributes.get("m"))),
                (level, Some("steel")),
                "{line}"
            );
        }
    }

    #[test]
    fn who_typed_a_name_is_the_user_and_not_djangos_lack_of_one() {
        let failed = br#"{"action":"login_failed","client_ip":"192.0.2.7","context":{"username":"bob"},"event":"Created Event","level":"info","user":{"email":"","pk":2,"username":"AnonymousUser"}}"#;
        let unknown = br#"{"action":"invalid_identifier","client_ip":"192.0.2.7","event":"invalid_login","identifier":"bob","level":"info"}"#;
        for line in [&failed[..], unknown] {
            assert_eq!(parse(Format::Auto, line, &CX).user_name, "bob");
        }
        let other = br#"{"event":"order","identifier":"7f3a","level":"info"}"#;
        assert_eq!(parse(Format::Auto, other, &CX).user_name, "");
    }

    #[test]
    fn the_status_of_a_record_of_datadog_is_its_level() {
        for (fields, level) in [
            (r#""ddsource":"go","ddtags":"env:beta","hostname":"h1","service":"cart","status":"warn""#, Level::Warn),
            (r#""dd":{"trace_id":"7","span_id":"9"},"status":"error""#, Level::Error),
            (r#""ddsource":"go","status":"emergency","level":"info""#, Level::Info),
            (r#""ddsource":"go","status":"done""#, Level::Unknown),
            (r#""status":"error","job":7"#, Level::Unknown),
        ] {
            let line = format!(r#"{{{fields},"message":"cart emptied"}}"#);
            assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).level, level, "{line}");
        }
    }

    #[test]
    fn the_status_of_a_request_gives_the_level_that_the_record_does_not_state() {
        for (fields, level) in [
            (r#""time_iso8601":"2023-11-14T22:13:20Z","request":"GET / HTTP/1.1","status":"502""#, Level::Error),
            (r#""request_method":"GET","uri":"/","status":404"#, Level::Warn),
            (r#""method":"GET","path":"/","response_code":503,"protocol":"HTTP/1.1""#, Level::Error),
            (r#""method":"GET","path":"/","response_code":0"#, Level::Unknown),
            (r#""RequestMethod":"GET","DownstreamStatus":401,"OriginStatus":200"#, Level::Warn),
            (r#""RequestMethod":"GET","DownstreamStatus":500,"level":"info""#, Level::Info),
            (r#""request":{"method":"GET","uri":"/"},"status":200"#, Level::Info),
            (r#""request":{"method":"GET","uri":"/"},"status":500,"level":"error""#, Level::Error),
            (r#""http":{"request":{"method":"GET"},"response":{"status_code":499}}"#, Level::Warn),
            (r#""status":"404","order":7"#, Level::Unknown),
            (r#""method":"GET","status":"failed""#, Level::Unknown),
            (r#""method":"GET","status":700"#, Level::Unknown),
        ] {
            let line = format!("{{{fields}}}");
            assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).level, level, "{line}");
        }
    }
}
