//! The error logs of MySQL and MariaDB, MySQL's general query log, and the slow query log.
//!
//! ```text
//! 2023-11-14T22:13:20.123456Z 0 [System] [MY-010116] [Server] ready   MySQL 8
//! 2023-11-14T22:13:20.123456Z 0 [Note] ready                          MySQL 5.7
//! 2023-11-14 22:13:20 0 [Note] ready                                  MySQL 5.6, MariaDB 10; an hour of one digit is filled with a blank
//! 231114 22:13:20 [Note] ready                                        MySQL 5.5
//! 2023-11-14 22:13:20 7f2a InnoDB: Warning: slow                      InnoDB in MySQL 5.6 and MariaDB 10.0, behind its thread
//! 2023-11-14T22:13:20.123456Z mysqld_safe Starting mysqld             the script that starts the server
//! 2023-11-14T22:13:20.123456Z     8 Connect   bob@192.0.2.7 on shop   general query log
//! <tab><tab>    8 Query<tab>select 1                                  the same before 5.7 and in MariaDB, in the second of the line before
//! ```
//!
//! The error code is the message id; `thread` (the connection's id, or in 5.6 and MariaDB the process's or thread's) and
//! `subsystem` are attributes.

pub(super) mod audit;
pub(super) mod slow;

use super::scan::{attribute, blanks, bracketed, event, some_blanks, span, word};
use super::{Stamped, go, trimmed};
use crate::{Context, Level, LogEvent, address, plain, programs};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "mysql";

/// Reads a line of MySQL's logs, or an entry of its slow query log; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    if line.first() == Some(&b'\t') {
        return untimed(line);
    }
    let text = trimmed(line);
    if text.first() == Some(&b'#') { slow::parse(text, cx) } else { after_stamp(&Stamped::read(text, cx)?) }
}

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    // Python's and Java's loggers put a comma before the milliseconds, and MySQL nowhere.
    let stamp = stamped.line.get(..stamped.line.len() - stamped.rest.len()).unwrap_or_default();
    if stamp.contains(&b',') {
        return None;
    }
    let rest = some_blanks(stamped.rest)?;
    let (thread, rest) = match span(rest, |b| b.is_ascii_digit()) {
        Some((thread, rest)) if matches!(rest.first(), Some(b' ' | b'\t')) => (thread, blanks(rest)),
        _ => ("", rest),
    };
    // With a `T` in its date the line has the thread as well: else another program's level is in the bracket.
    if thread.is_empty() && stamped.line.get(10) == Some(&b'T') {
        return unlevelled(stamped, rest);
    }
    if rest.first() != Some(&b'[') {
        // Behind the number of a thread no other stands.
        let may_be_unlevelled = thread.is_empty() || has_old_stamp(stamped);
        let event = if may_be_unlevelled { unlevelled(stamped, rest) } else { None };
        return event.or_else(|| {
            let may_be_untabbed = stamped.line.get(10) == Some(&b'T');
            general(Some(stamped.at), thread, rest, may_be_untabbed)
        });
    }
    if rest.starts_with(b"[ERROR]") && thread.is_empty() && go::hashicorp(stamped).is_some() {
        return None;
    }
    levelled(Some(stamped.at), thread, rest)
}

/// Reads a message in the record of a syslog or a journal, which has a time of its own; the server's may stand before it.
pub(crate) fn in_syslog<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let text = trimmed(message);
    let event = match Stamped::read(text, cx) {
        Some(stamped) => after_stamp(&stamped),
        None => levelled(None, "", text),
    };
    event.map(|event| LogEvent { timestamp: None, ..event })
}

/// `[Warning] [MY-010055] [Server] text`
fn levelled<'a>(at: Option<i64>, thread: &'a str, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let (word, rest) = bracketed(text)?;
    let level = match word {
        "System" | "Note" => Level::Info,
        "Warning" => Level::Warn,
        "ERROR" | "Error" => Level::Error,
        _ => return None,
    };
    let rest = some_blanks(rest)?;
    let coded = bracketed(rest).filter(|(code, _)| code.starts_with("MY-"));
    let (code, subsystem, message) = match coded {
        None => ("", "", rest),
        Some((code, rest)) => {
            let (subsystem, rest) = bracketed(some_blanks(rest)?)?;
            (code, subsystem, blanks(rest))
        }
    };
    let mut event = event(FORMAT, at, level, message);
    event.msg_id = code.into();
    attribute(&mut event, "thread", thread);
    attribute(&mut event, "subsystem", subsystem);
    programs::complete(&mut event, "mysqld");
    Some(event)
}

/// InnoDB's own lines before 5.7, and those of the script that starts the server and of the server's end, have no level in brackets.
fn unlevelled<'a>(stamped: &Stamped<'a>, rest: &'a [u8]) -> Option<LogEvent<'a>> {
    let has_old_stamp = has_old_stamp(stamped);
    let message = blanks(rest);
    let (thread, behind) = word(message).map_or(("", message), |(thread, rest)| (thread, blanks(rest)));
    if !has_old_stamp && is_hexadecimal(thread) && behind.starts_with(b"InnoDB: ") {
        let stated = behind.get(b"InnoDB: ".len()..).unwrap_or_default();
        let mut event = event(FORMAT, Some(stamped.at), plain::stated_level(stated), behind);
        attribute(&mut event, "thread", thread);
        return Some(event);
    }
    let signal = message.strip_prefix(b"UTC ").filter(|rest| rest.starts_with(b"- mysqld got "));
    let innodb = message.strip_prefix(b"InnoDB: ").filter(|_| has_old_stamp);
    let ends = [&b"mysqld started"[..], b"mysqld restarted", b"mysqld ended", b"mysqld stopped", b"- mysqld got "];
    let is_of_server = || has_old_stamp && ends.iter().any(|begin| message.starts_with(begin));
    // `mysqld_safe Starting: text` is a host and a tag of syslog.
    let is_no_tag = |text: &&[u8]| !text.split(|b| *b == b' ').next().is_some_and(|word| word.ends_with(b":"));
    let stated = innodb
        .or_else(|| message.strip_prefix(b"mysqld_safe ").filter(is_no_tag))
        .or_else(|| is_of_server().then_some(message))
        .or(signal);
    Some(event(FORMAT, Some(stamped.at), plain::stated_level(stated?), message))
}

/// Whether the date has six digits, as before 5.7.
fn has_old_stamp(stamped: &Stamped<'_>) -> bool {
    stamped.line.get(6) == Some(&b' ')
}

/// Whether `text` is the id of a thread as InnoDB writes it: `7f2a4c0b1700`, `0x7f2a4c0b1700`.
fn is_hexadecimal(text: &str) -> bool {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    (3..=16).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// What clients ask of a server, and its own threads.
#[rustfmt::skip]
const COMMANDS: [&str; 33] = [
    "Query", "Execute", "Prepare", "Connect", "Quit", "Close stmt", "Reset stmt", "Reset Connection", "Init DB", "Statistics", "Ping",
    "Field List", "Change user", "Binlog Dump", "Binlog Dump GTID", "Register Slave", "Register Replica", "Connect Out", "Table Dump",
    "Processlist", "Kill", "Refresh", "Shutdown", "Create DB", "Drop DB", "Long Data", "Fetch", "Set option", "Debug", "Time",
    "Delayed insert", "Daemon", "Error",
];

/// Reads a line of the general log of MariaDB and of MySQL before 5.7 that states no time, since it is of the second of the one before it:
/// `<tab><tab>    8 Connect<tab>bob@192.0.2.7 on shop`.
pub(super) fn untimed(line: &[u8]) -> Option<LogEvent<'_>> {
    let (thread, text) = behind_tabs(trimmed_end(line))?;
    general(None, thread, text, false)
}

/// Whether `line` is such a line.
pub(crate) fn is_untimed(line: &[u8]) -> bool {
    let text = behind_tabs(trimmed_end(line));
    text.is_some_and(|(_, text)| command(text).is_some_and(|(_, rest)| matches!(rest, [] | [b'\t', ..])))
}

/// The number of the thread behind the tabs in place of a time, and what follows it.
fn behind_tabs(line: &[u8]) -> Option<(&str, &[u8])> {
    let rest = line.strip_prefix(b"\t")?;
    let (thread, rest) = span(blanks(rest.strip_prefix(b"\t").unwrap_or(rest)), |b| b.is_ascii_digit())?;
    Some((thread, rest.strip_prefix(b" ")?))
}

/// `line` without its line end.
fn trimmed_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The command that `text` begins with, and what follows it.
fn command(text: &[u8]) -> Option<(&'static str, &[u8])> {
    COMMANDS.into_iter().find_map(|command| {
        let rest = text.strip_prefix(command.as_bytes())?;
        matches!(rest, [] | [b'\t', ..] | [b' ', b' ', ..]).then_some((command, rest))
    })
}

/// `8 Connect   bob@192.0.2.7 on shop using TCP/IP`: the command, a tab, or what blanks were made of it, and its argument.
fn general<'a>(at: Option<i64>, thread: &'a str, text: &'a [u8], may_be_untabbed: bool) -> Option<LogEvent<'a>> {
    let (command, rest) = command(text)?;
    let is_untabbed = may_be_untabbed && rest.starts_with(b"  ");
    let is_general = !thread.is_empty() && (rest.is_empty() || rest.first() == Some(&b'\t') || is_untabbed);
    let message = if is_untabbed { blanks(rest) } else { rest.strip_prefix(b"\t").unwrap_or(rest) };
    let mut event = event(FORMAT, at, Level::Info, message);
    attribute(&mut event, "thread", thread);
    attribute(&mut event, "command", command);
    if matches!(command, "Connect" | "Change user")
        && let Some((account, _)) = word(message)
        && let Some((user, host)) = account.split_once('@')
    {
        event.user_name = user.into();
        event.ip = address::parse(host).map(|found| found.ip);
        if event.ip.is_none() {
            attribute(&mut event, "client_host", host);
        }
    } else if command == "Connect" {
        programs::complete(&mut event, "mysqld");
    }
    is_general.then_some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn lines_of_the_general_log_may_have_no_time() {
        for (line, expected) in [
            (
                "\t\t    9 Connect\tAccess denied for user 'bob'@'192.0.2.7' (using password: NO)",
                "mysql INFO user=bob ip=192.0.2.7 thread=9 command=Connect outcome=failure | Access denied for user 'bob'@'192.0.2.7' (using password: NO)",
            ),
            (
                "\t   12 Connect\tbob@192.0.2.7 as anonymous on shop",
                "mysql INFO user=bob ip=192.0.2.7 thread=12 command=Connect | bob@192.0.2.7 as anonymous on shop",
            ),
            ("\t\t    9 Quit\t", "mysql INFO thread=9 command=Quit | "),
            ("\t\t    9 Init DB\tshop", "mysql INFO thread=9 command=Init DB | shop"),
        ] {
            assert!(is_untimed(line.as_bytes()), "{line}");
            check(parse(line.as_bytes(), &CX), line, expected);
            let alone = crate::format::parse(crate::Format::Auto, line.as_bytes(), &CX);
            check(Some(alone), line, expected);
        }
        for line in
            ["\tat 7 Query\tx", "\t7 rows", "\t\tQuery\tx", "\t\t 7 Queryx", "\t\t 7 Query  x", "7 Query\tx", "\t"]
        {
            assert!(!is_untimed(line.as_bytes()), "{line}");
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    #[test]
    fn error_logs_of_every_version_are_read() {
        for (line, expected) in [
            (
                "2023-11-14T22:13:20.123456Z 0 [System] [MY-010116] [Server] /usr/sbin/mysqld starting",
                "mysql INFO 22:13:20.123456 msgid=MY-010116 thread=0 subsystem=Server | /usr/sbin/mysqld starting",
            ),
            (
                "2023-11-14T22:13:20.123456Z 8 [Note] Access denied for user 'bob'@'192.0.2.7'",
                "mysql INFO 22:13:20.123456 user=bob ip=192.0.2.7 thread=8 outcome=failure | Access denied for user 'bob'@'192.0.2.7'",
            ),
            (
                "2023-11-14 22:13:20 37 [Warning] Access denied for user 'bob'@'localhost' (using password: NO)",
                "mysql WARN 22:13:20 user=bob thread=37 rhost=localhost outcome=failure | Access denied for user 'bob'@'localhost' (using password: NO)",
            ),
            (
                "2023-11-14T22:13:20.123456Z         8 Query     select 1",
                "mysql INFO 22:13:20.123456 thread=8 command=Query | select 1",
            ),
            ("231114 22:13:20  InnoDB: Error: no", "mysql ERROR 22:13:20 | InnoDB: Error: no"),
            ("231114 22:13:20 mysqld_safe Starting", "mysql UNKNOWN 22:13:20 | mysqld_safe Starting"),
            (
                "2023-11-14T22:13:20Z UTC - mysqld got signal 6 ;",
                "mysql UNKNOWN 22:13:20 | UTC - mysqld got signal 6 ;",
            ),
            ("231114 22:13:20 - mysqld got signal 6 ;", "mysql UNKNOWN 22:13:20 | - mysqld got signal 6 ;"),
            ("231114 22:13:20  mysqld ended", "mysql UNKNOWN 22:13:20 | mysqld ended"),
            (
                "2023-11-14T22:13:20.123456Z mysqld_safe Logging to '/var/log/a.err'.",
                "mysql UNKNOWN 22:13:20.123456 | mysqld_safe Logging to '/var/log/a.err'.",
            ),
            (
                "2023-11-14 22:13:20 7f2a4c0b1700 InnoDB: Warning: slow",
                "mysql WARN 22:13:20 thread=7f2a4c0b1700 | InnoDB: Warning: slow",
            ),
            (
                "2023-11-14 22:13:20 0x7f2a4c0b1700  InnoDB: Assertion failure in file a.cc line 7",
                "mysql UNKNOWN 22:13:20 thread=0x7f2a4c0b1700 | InnoDB: Assertion failure in file a.cc line 7",
            ),
            (
                "2023-11-14T22:13:20.123456Z\t    8 Connect\tAccess denied for user 'bob'@'localhost' (using password: YES)",
                "mysql INFO 22:13:20.123456 user=bob thread=8 command=Connect rhost=localhost outcome=failure | Access denied for user 'bob'@'localhost' (using password: YES)",
            ),
            (
                "2023-11-14T22:13:20.123456Z\t    8 Connect\tbob@web1 on  using SSL/TLS",
                "mysql INFO 22:13:20.123456 user=bob thread=8 command=Connect client_host=web1 | bob@web1 on  using SSL/TLS",
            ),
            (
                "2023-11-14T22:13:20.123456Z\t    8 Binlog Dump GTID\tLog: 'bin.000001' Pos: 4",
                "mysql INFO 22:13:20.123456 thread=8 command=Binlog Dump GTID | Log: 'bin.000001' Pos: 4",
            ),
            ("2023-11-14 22:13:20 0 [Warning] slow", "mysql WARN 22:13:20 thread=0 | slow"),
            ("231114 22:13:20 [ERROR] no", "mysql ERROR 22:13:20 | no"),
            ("2023-11-14  5:13:20 7 [Warning] slow", "mysql WARN 05:13:20 thread=7 | slow"),
            (
                "2023-11-14T22:13:20.123456Z\t    8 Connect\tbob@192.0.2.7 on shop using TCP/IP",
                "mysql INFO 22:13:20.123456 user=bob ip=192.0.2.7 thread=8 command=Connect | bob@192.0.2.7 on shop using TCP/IP",
            ),
            (
                "2023-11-14T22:13:20.123456Z\t    8 Query\tselect 1",
                "mysql INFO 22:13:20.123456 thread=8 command=Query | select 1",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn a_message_in_syslog_states_its_level_behind_a_time_or_without() {
        for (message, level, user) in [
            ("2023-11-14T22:13:20.123456Z 8 [Warning] [MY-010055] [Server] x", Level::Warn, ""),
            ("[Warning] Aborted connection 8 to db: 'shop' user: 'bob' host: 'web1' (Got timeout)", Level::Warn, "bob"),
            (
                "231114 22:13:20 [ERROR] Access denied for user 'bob'@'localhost' (using password: YES)",
                Level::Error,
                "bob",
            ),
            ("Access denied for user 'bob'@'192.0.2.7' (using password: YES)", Level::Info, "bob"),
            ("x", Level::Info, ""),
        ] {
            let line = format!("<29>Nov 14 22:13:20 db7 mysqld[7]: {message}");
            let event = crate::format::parse(crate::Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.level, &*event.user_name), (level, user), "{message}");
            assert_eq!(&*event.message, message.as_bytes());
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "2023-11-14 22:13:20 [note] x",
            "2023-11-14T22:13:20Z [ERROR] x",
            "2023-11-14T22:13:20Z mysqld_safe Starting: x",
            "2023-11-14 22:13:20,123 [ERROR] shop.cart: x",
            "2023-11-14 22:13:20 Query x",
            "231114 22:13:20 x",
            "2023-11-14 22:13:20 face text",
            "2023-11-14T22:13:20Z InnoDB: x",
            "# comment",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
