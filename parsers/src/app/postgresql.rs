//! PostgreSQL's server log on stderr, with the usual values of `log_line_prefix`, and its `csvlog`.
//!
//! ```text
//! 2023-11-14 22:13:20.123 UTC [7] LOG:  ready                                '%m [%p] ', the default
//! 2023-11-14 22:13:20.123 UTC [7] bob@shop ERROR:  no                        '%m [%p] %q%u@%d ', Debian
//! 2023-11-14 22:13:20 UTC:192.0.2.7(5432):bob@shop:[7]:FATAL:  no            '%t:%r:%u@%d:[%p]:', Amazon RDS; Aurora adds more
//! 2023-11-14 22:13:20 UTC-6553f2a0.7-LOG:  ready                             '%t-%c-', Azure
//! <2023-11-14 22:13:20.123 UTC >LOG:  ready                                  '< %m >', Red Hat
//! 2023-11-14 22:13:20.123 UTC [7] shop psql bob 192.0.2.7 6553f2a0.7 LOG:  x '%m [%p] %d %a %u %h %c ', Datadog's
//! 192.0.2.7 2023-11-14 22:13:20.123 UTC [7] bob@shop FATAL:  no               '%h %m [%p] %q%u@%d ', Supabase
//! 2023-11-14 22:13:20 UTC [7]: [3-1] user=bob,db=shop,app=psql,client=192.0.2.7 LOG:  x   pgBadger's
//! ```
//!
//! The user is the record's user, the client its address, the process its process id; `database`, `application_name`, `session_id`,
//! `session_line_num` and `sql_state_code` are attributes. `DETAIL`, `HINT`, `CONTEXT` and the like are lines of their own that belong to
//! the one before; the attribute `error_severity` has the word of each line, in whichever language the server speaks.
//!
//! Another `log_line_prefix` is read as far as its parts show what they are: a process id, a client with its port, `user@database`.
//! What a message says of a connection or a login gives the user, the address and the outcome.

mod csvlog;
pub(super) mod pgbouncer;
mod prefix;
mod severity;
mod syslog;

pub(crate) use self::syslog::in_syslog;
use super::scan::{blanks, event, until, word};
use super::{Stamped, trimmed};
use crate::find::find;
use crate::{Context, LogEvent, address, programs};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "postgresql";

/// The prefix is looked at this far.
const PREFIX_BYTES_MAX: usize = 300;

/// Reads a line of PostgreSQL's log; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    match Stamped::read(text, cx) {
        Some(stamped) => after_stamp(&stamped),
        None if text.first() == Some(&b'<') => angled(text, cx),
        None => client_first(text, cx),
    }
}

/// Reads a line whose whole prefix stands in angle brackets: `<2023-11-14 22:13:20 UTC >LOG:  text`.
pub(super) fn angled<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let Stamped { at, rest, .. } = Stamped::read(blanks(text.strip_prefix(b"<")?), cx)?;
    let (inside, rest) = until(rest, b">")?;
    let (severity, message) = until(blanks(rest), b":  ")?;
    let mut event = event(FORMAT, Some(at), severity::level(severity)?, blanks(message));
    prefix::read(&mut event, inside);
    event.attributes.push("error_severity", severity);
    programs::complete(&mut event, "postgres");
    Some(event)
}

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    // Its times begin with the year.
    if !stamped.line.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let Stamped { at, rest, .. } = *stamped;
    if rest.first() == Some(&b',') {
        return csvlog::after_stamp(at, rest);
    }
    if let Some(event) = pgbouncer::after_zone(at, rest) {
        return Some(event);
    }
    let (prefix, severity, message) = severity(rest)?;
    let level = severity::level(severity)?;
    let mut event = event(FORMAT, Some(at), level, blanks(message));
    // The default prefix states the zone; where nothing else does, that tells the line from others.
    let stamp = stamped.line.get(..stamped.line.len() - rest.len()).unwrap_or_default();
    let states_zone = stamp.last().is_some_and(u8::is_ascii_uppercase);
    let is_known = prefix::read(&mut event, prefix) || (states_zone && prefix.trim().is_empty());
    if !is_known {
        return None;
    }
    event.attributes.push("error_severity", severity);
    programs::complete(&mut event, "postgres");
    Some(event)
}

/// Reads a line whose prefix begins with the client, as Supabase sets it (`%h %m [%p] %q%u@%d `).
pub(super) fn client_first<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (client, rest) = word(text)?;
    let rest = rest.strip_prefix(b" ").filter(|rest| rest.first().is_some_and(u8::is_ascii_digit))?;
    let ip = address::parse(client).filter(|found| found.whole)?.ip;
    let event = after_stamp(&Stamped::read(rest, cx)?)?;
    (event.format == FORMAT).then(|| LogEvent { ip: event.ip.or(Some(ip)), ..event })
}

/// Divides what follows the time into prefix, severity and message.
fn severity(text: &[u8]) -> Option<(&str, &str, &[u8])> {
    let near = text.get(..PREFIX_BYTES_MAX).unwrap_or(text);
    let end = find(near, b":  ").or_else(|| end_behind_process(near))?;
    let before = std::str::from_utf8(text.get(..end)?).ok()?;
    let start = before.rfind([' ', ':', ']', ',', '-', '|']).map_or(0, |at| at + 1);
    let (prefix, word) = before.split_at_checked(start)?;
    Some((prefix, word, text.get(end + 1..)?))
}

/// Where the severity ends that stands directly behind Amazon's process id, `…:[7]:ERROR: text`: some collectors leave one blank of two.
fn end_behind_process(text: &[u8]) -> Option<usize> {
    let start = find(text.strip_prefix(b":")?, b"]:")? + 3;
    let end = start + find(text.get(start..)?, b": ")?;
    text.get(start..end)?.iter().all(u8::is_ascii_uppercase).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn the_usual_prefixes_are_read() {
        for (line, expected) in [
            (
                "2023-11-14 22:13:20.123 UTC [7] LOG:  ready: yes",
                "postgresql INFO 22:13:20.123 pid=7 error_severity=LOG | ready: yes",
            ),
            (
                "2023-11-14 23:13:20.123 CET [7-1] bob@shop ERROR:  relation \"x\"",
                "postgresql ERROR 22:13:20.123 pid=7 user=bob session_line_num=1 database=shop error_severity=ERROR | relation \"x\"",
            ),
            (
                "2023-11-14 22:13:20 UTC:192.0.2.7(5432):bob@shop:[7]:FATAL:  no",
                "postgresql FATAL 22:13:20 pid=7 user=bob ip=192.0.2.7 database=shop error_severity=FATAL | no",
            ),
            (
                "2023-11-14 22:13:20 UTC [7]: [3-1] user=bob,db=shop,app=[unknown],client=192.0.2.7 LOG:  x",
                "postgresql INFO 22:13:20 pid=7 user=bob ip=192.0.2.7 session_line_num=3 database=shop error_severity=LOG | x",
            ),
            (
                "2023-11-14 22:13:20 UTC [7]: [3-1] user=bob,db=shop,app=My App 2 - Main,client=192.0.2.7 LOG:  x",
                "postgresql INFO 22:13:20 pid=7 user=bob ip=192.0.2.7 application_name=My App 2 - Main session_line_num=3 database=shop \
                 error_severity=LOG | x",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7] [unknown]@[unknown] LOG:  x",
                "postgresql INFO 22:13:20.123 pid=7 error_severity=LOG | x",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [client backend] bob@shop [7] ERROR:  deadlock",
                "postgresql ERROR 22:13:20.123 pid=7 user=bob backend_type=client backend database=shop error_severity=ERROR | deadlock",
            ),
            (
                "192.0.2.7 2023-11-14 22:13:20.123 UTC [7] bob@shop ERROR:  deadlock",
                "postgresql ERROR 22:13:20.123 pid=7 user=bob ip=192.0.2.7 database=shop error_severity=ERROR | deadlock",
            ),
            (
                "2023-11-14 22:13:20 UTC:2001:db8::7(5432):bob@shop:[7]:ERROR: no",
                "postgresql ERROR 22:13:20 pid=7 user=bob ip=2001:db8::7 database=shop error_severity=ERROR | no",
            ),
            (
                "2023-11-14 22:13:20.123 UTC:192.0.2.7(5432):bob@shop:[7]:12:42P01:2023-11-14 22:00:00 UTC:5/20:28:6553f2a0.7:My App:ERROR:  no",
                "postgresql ERROR 22:13:20.123 pid=7 user=bob ip=192.0.2.7 database=shop session_line_num=12 sql_state_code=42P01 \
                 session_id=6553f2a0.7 application_name=My App error_severity=ERROR | no",
            ),
            (
                "2023-11-14 22:13:20.123 UTC::@:[7]:1:00000:2023-11-14 22:00:00 UTC:5/20:0:6553f2a0.7:LOG:  vacuum",
                "postgresql INFO 22:13:20.123 pid=7 session_line_num=1 sql_state_code=00000 session_id=6553f2a0.7 \
                 error_severity=LOG | vacuum",
            ),
            (
                "2023-11-14 22:13:20 UTC-6553f2a0.7-LOG:  ready",
                "postgresql INFO 22:13:20 session_id=6553f2a0.7 error_severity=LOG | ready",
            ),
            ("< 2023-11-14 22:13:20.123 UTC >LOG:  ready", "postgresql INFO 22:13:20.123 error_severity=LOG | ready"),
            (
                "<2023-11-14 22:13:20 UTC 192.0.2.7(5432) app shop bob 7 6553f2a0.7 idle>ERROR:  no",
                "postgresql ERROR 22:13:20 ip=192.0.2.7 session_id=6553f2a0.7 error_severity=ERROR | no",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7] shop my app bob [local] 6553f2a0.7 LOG:  x",
                "postgresql INFO 22:13:20.123 pid=7 user=bob session_id=6553f2a0.7 database=shop application_name=my app \
                 error_severity=LOG | x",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7][client backend]: [10-1] db=shop,user=bob LOG:  x",
                "postgresql INFO 22:13:20.123 pid=7 user=bob backend_type=client backend session_line_num=10 database=shop \
                 error_severity=LOG | x",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7] [user=bob@x,db=shop,app=psql] LOG:  x",
                "postgresql INFO 22:13:20.123 pid=7 user=bob@x database=shop application_name=psql error_severity=LOG | x",
            ),
            (
                "2023-11-14 22:13:20 UTC LOG:  autovacuum launcher started",
                "postgresql INFO 22:13:20 error_severity=LOG | autovacuum launcher started",
            ),
            (
                "2023-11-14 22:13:20 UTC 65e7.9 7 bob shop 192.0.2.7(51234) ERROR:  no",
                "postgresql ERROR 22:13:20 ip=192.0.2.7 error_severity=ERROR | no",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7] FEHLER:  Relation »x« existiert nicht",
                "postgresql ERROR 22:13:20.123 pid=7 error_severity=FEHLER | Relation »x« existiert nicht",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7] СООБЩЕНИЕ:  система готова",
                "postgresql INFO 22:13:20.123 pid=7 error_severity=СООБЩЕНИЕ | система готова",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7] DÉTAIL:  x",
                "postgresql UNKNOWN 22:13:20.123 pid=7 error_severity=DÉTAIL | x",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7] STATEMENT:  select 1",
                "postgresql UNKNOWN 22:13:20.123 pid=7 error_severity=STATEMENT | select 1",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn a_connection_or_a_login_gives_the_user_and_the_address() {
        for (message, user, ip, outcome) in [
            ("LOG:  connection received: host=192.0.2.7 port=51234", "", "192.0.2.7", ""),
            ("LOG:  connection received: host=[local]", "", "", ""),
            (
                "LOG:  connection authorized: user=bob database=shop SSL enabled (protocol=TLSv1.3)",
                "bob",
                "",
                "success",
            ),
            ("LOG:  connection authenticated: identity=\"bob\" method=md5 (/x:9)", "bob", "", "success"),
            (
                "LOG:  disconnection: session time: 0:00:10.1 user=bob database=shop host=192.0.2.7 port=51234",
                "bob",
                "192.0.2.7",
                "",
            ),
            ("FATAL:  password authentication failed for user \"bob\"", "bob", "", "failure"),
            ("FATAL:  Peer authentication failed for user \"bob\"", "bob", "", "failure"),
            (
                "FATAL:  no pg_hba.conf entry for host \"192.0.2.7\", user \"bob\", database \"shop\", no encryption",
                "bob",
                "192.0.2.7",
                "failure",
            ),
            (
                "FATAL:  pg_hba.conf rejects connection for host \"2001:db8::7\", user \"bob\", database \"shop\"",
                "bob",
                "2001:db8::7",
                "failure",
            ),
            ("LOG:  checkpoint starting: time", "", "", ""),
        ] {
            let line = format!("2023-11-14 22:13:20.123 UTC [7] {message}");
            let event = parse(line.as_bytes(), &CX).unwrap();
            assert_eq!((&*event.user_name, event.ip), (user, ip.parse().ok()), "{message}");
            assert_eq!(event.attributes.get("outcome").unwrap_or_default(), outcome, "{message}");
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "2023-11-14 22:13:20.123 LOG:  no zone",
            "2023-11-14 22:13:20.123 UTC bob shop 7 ERROR:  x",
            "2023-11-14 22:13:20.123 UTC",
            "2023-11-14 22:13:20.123 UTC [7] LOGS:  x",
            "2023-11-14 22:13:20.123 UTC some text ERROR:  x",
            "2023-11-14 22:13:20.123 UTC [7] LOG: x",
            "2023-11-14 22:13:20 UTC-x-LOG:  no",
            "<2023-11-14 22:13:20 UTC>text:  no",
            "<b>LOG:  no</b>",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
