//! The level of records that state none, but are of a kind from which one follows: requests in the JSON of a web server or proxy
//! (nginx, Apache, Traefik, Envoy and those after them), requests to Kubernetes, and events of it ([`super::kubernetes`]).

use super::kubernetes;
use super::record::Record;
use crate::fields::Slot;
use crate::{Level, http_status};

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
            | "DownstreamStatus"
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
            | "RequestMethod"
            | "cs-method"
    )
}

impl Record<'_, '_> {
    /// Takes the level of a record of Nextcloud's or ownCloud's, which begins with the request's id, and says whether it is one.
    ///
    /// They number levels from 0 (debug) to 4 (fatal).
    pub(super) fn take_nextclouds_level(&mut self) -> bool {
        let begins = self.event.attributes.iter().next().is_some_and(|(name, _)| name == "reqId");
        let number = self.winner(Slot::Level).filter(|level| begins && level.name == "level");
        let level = match number.map(|level| &*level.value) {
            Some("0") => Level::Debug,
            Some("1") => Level::Info,
            Some("2") => Level::Warn,
            Some("3") => Level::Error,
            Some("4") => Level::Fatal,
            _ => return false,
        };
        self.event.level = level;
        self.event.severity = None;
        true
    }

    /// The level that follows from what the record is; [`Level::Unknown`] where none does.
    pub(super) fn level_of_kind(&self) -> Level {
        // One way through all attributes, most of which are told apart by their first bytes.
        let (mut status, mut has_request) = (None, false);
        let mut cluster = kubernetes::Signs::default();
        for (name, value) in self.event.attributes.iter() {
            if is_status(name) {
                status = status.or(Some(value));
            } else if is_request(name) {
                has_request = true;
            } else {
                cluster.see(name, value);
            }
        }
        if let Some(level) = cluster.level() {
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
    fn the_levels_of_nextcloud_are_its_own_and_two_dashes_are_no_user() {
        for (number, level) in
            [(0, Level::Debug), (1, Level::Info), (2, Level::Warn), (3, Level::Error), (4, Level::Fatal)]
        {
            let line = format!(
                r#"{{"reqId":"x1","level":{number},"time":"2023-11-14T22:13:20+00:00","remoteAddr":"192.0.2.7","user":"--","app":"core","message":"Login failed: bob (Remote IP: 192.0.2.7)"}}"#
            );
            let event = parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.level, event.severity, &*event.user_name), (level, None, ""), "{line}");
        }
        let other = br#"{"reqId":"req-1","level":30,"time":1700000000123,"msg":"x"}"#;
        assert_eq!(parse(Format::Auto, other, &CX).level, Level::Info);
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
