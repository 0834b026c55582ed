//! The logs of the mail server Axigen:
//!
//! ```text
//! 2023-11-14 22:13:20 +0000 08 mail.example.com IMAP:00001F2A: [192.0.2.1:993] connection accepted from [192.0.2.7:5000]
//! ```
//!
//! Behind the time stand the level (1 critical, 2 errors, 4 warnings, 8 information, 16 the protocol), the host, and the service, which is the
//! program, with the attribute `session`.

use super::Stamped;
use super::scan::{attribute, blanks, event, some_blanks, span, until, word};
use crate::{Level, LogEvent, programs};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "axigen";

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let [b' ', tens @ b'0'..=b'1', ones @ b'0'..=b'9', rest @ ..] = stamped.rest else { return None };
    let level = match (tens - b'0') * 10 + (ones - b'0') {
        1 => Level::Fatal,
        2 => Level::Error,
        4 => Level::Warn,
        8 => Level::Info,
        16 => Level::Debug,
        _ => return None,
    };
    let (host, rest) = word(some_blanks(rest)?)?;
    let (service, rest) = span(some_blanks(rest)?, |b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')?;
    let (session, message) = until(rest.strip_prefix(b":")?, b": ")?;
    if session.contains(' ') || !service.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let mut event = event(FORMAT, Some(stamped.at), level, blanks(message));
    event.host = host.into();
    event.app = service.into();
    attribute(&mut event, "session", session);
    programs::complete(&mut event, "axigen");
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    fn parse(line: &str) -> Option<LogEvent<'_>> {
        after_stamp(&Stamped::read(line.as_bytes(), &CX)?)
    }

    #[test]
    fn a_session_names_its_client_and_its_user() {
        for (text, level, expected) in [
            ("[192.0.2.1:993] connection accepted from [192.0.2.7:5000]", "08", " ip=192.0.2.7"),
            ("Closing connection from [2001:db8::7]:5000", "08", " ip=2001:db8::7"),
            ("SPF result for EHLO domain <localhost> connected from <192.0.2.7>: None", "08", " ip=192.0.2.7"),
            ("SSL alert remote 192.0.2.7:5000, error:0A000102:SSL routines", "04", " ip=192.0.2.7"),
            ("Remote address updated from '192.0.2.1' to '192.0.2.7'", "08", " ip=192.0.2.7"),
        ] {
            let line = format!("2023-11-14 22:13:20 +0000 {level} mx1.example SMTP-IN:1F2A: {text}");
            let level = if level == "08" { "INFO" } else { "WARN" };
            let expected =
                format!("axigen {level} 22:13:20 host=mx1.example app=SMTP-IN{expected} session=1F2A | {text}");
            check(parse(&line), &line, &expected);
        }
        for (text, outcome) in [
            ("Authentication error for user 'bob@example.com': invalid credentials", "failure"),
            ("User [bob@example.com] successfully authorized!", "success"),
        ] {
            let line = format!("2023-11-14 22:13:20 +0000 08 mx1 IMAP:1F2A: {text}");
            let expected = format!(
                "axigen INFO 22:13:20 host=mx1 app=IMAP user=bob@example.com session=1F2A outcome={outcome} | {text}"
            );
            check(parse(&line), &line, &expected);
        }
    }

    #[test]
    fn a_request_of_the_webmail_names_who_has_the_session() {
        for (user, expected) in [("bob@example.com", " user=bob@example.com"), ("", "")] {
            let text = format!("<a1b2> POST /api/login HTTP/1.1 u={user} code=401 time=7");
            let line = format!("2023-11-14 22:13:20 +0000 08 mx1 WEBMAIL:1F2A: {text}");
            let expected = format!(
                "axigen INFO 22:13:20 host=mx1 app=WEBMAIL{expected} session=1F2A method=POST path=/api/login status=401 | {text}"
            );
            check(parse(&line), &line, &expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "2023-11-14 22:13:20 08 mx1 text",
            "2023-11-14 22:13:20 08 mx1 IMAP: text",
            "2023-11-14 22:13:20 07 mx1 IMAP:1: text",
            "2023-11-14 22:13:20 8 mx1 IMAP:1: text",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
