//! Lines that programs write to their own logs: Java's and Python's loggers, databases, and many others.
//!
//! [`parse`] finds out by whom a line is, from its first byte and from what follows the time; the module of each format
//! reads its lines alone. They give the time, the level, the message (borrowed), the process id, and what the line says of a
//! logger, a thread or a place in the source as attributes `logger`, `thread`, `file`, `line`. Where the message plainly names an address or a
//! user, these are the record's.

mod activemq;
pub mod android;
pub mod axigen;
mod bacula;
mod ceph;
#[cfg(test)]
mod check;
mod chosen;
pub mod cluster;
mod couchdb;
mod daemons;
pub mod desktop;
pub mod dotnet;
pub mod elasticsearch;
pub mod erlang;
pub mod exim;
pub mod flow;
pub mod freeswitch;
pub mod go;
mod hdfs_audit;
mod ibm_mq;
pub mod java;
mod jul;
mod jvm;
pub mod klog;
mod letters;
pub mod litespeed;
mod log4j_xml;
mod minecraft;
pub mod mongodb;
pub mod mysql;
pub mod nagios;
pub mod name_servers;
mod nest;
pub mod node;
pub mod php;
pub mod postgresql;
pub mod python;
mod read_as;
pub mod redis;
pub mod ruby;
pub mod rust;
mod santa;
mod scan;
mod servers;
mod spdlog;
mod sqlserver;
mod sssd;
pub mod stalwart;
mod stamp;
pub mod tcpdump;
pub mod teamspeak;
mod vdsm;
pub mod vmware;
mod weblogic;
pub mod webmin;
pub mod xferlog;
mod zap;
pub mod zoneminder;

use crate::{Context, LogEvent, access, level_names, logins};

pub(crate) use chosen::read_chosen;
pub(crate) use log4j_xml::begins_first as begins_log4js;
pub(crate) use read_as::{has_mark, read_as};
pub(crate) use servers::begins_as_zabbix;

/// The name in [`LogEvent::format`] of lines that loggers of several languages write alike.
pub const FORMAT: &str = "app";

/// Reads a line of any of these formats; `None` where it is none.
///
/// A line that only begins with a time and a level is none: that is [`plain`](crate::plain) text.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    let event = match text.first()? {
        b'0'..=b'9' => digit_first(text, cx),
        b'[' => bracket_first(text, cx),
        b'A'..=b'Z' => capital_first(text, cx),
        // winston's "error: text" is left to plain text: every other tool says so too.
        b'd' if text.get(1) == Some(&b' ') => letters::cups(text, cx),
        b'a'..=b'z' => dotnet::console(text, None)
            .or_else(|| python::file_first(text, cx))
            .or_else(|| freeswitch::with_call(text, cx)),
        b'(' => sssd::parse(text, cx),
        0x1b => nest::parse(text, cx),
        b'#' => mysql::slow::parse(text, cx).or_else(|| weblogic::parse(text)),
        b'<' => postgresql::angled(text, cx).or_else(|| log4j_xml::parse(text)).or_else(|| weblogic::printed(text, cx)),
        b'-' => cluster::tagged(text, cx),
        b'=' => erlang::report(text, cx),
        _ => None,
    }?;
    Some(completed(event))
}

/// As [`parse`], for a line whose first bytes no other format's line has; it may quote one.
pub(crate) fn parse_headed<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let event = match line {
        [b'I' | b'W' | b'E' | b'F', b'0'..=b'2', b'0'..=b'9', ..] => klog::parse(line, cx),
        [b'A'..=b'Z', b',', b' ', b'[', ..] => ruby::parse(line, cx),
        // A date with slashes in a bracket is a web server's.
        [b'[', b'0'..=b'9', b'0'..=b'9', third, ..] if *third != b'/' => bracket_first(trimmed(line), cx),
        [b'0'..=b'9', ..] if redis::begins_with_role(line) => redis::parse(line, cx),
        [b'0' | b'1', b'0'..=b'9', b'-', b'0'..=b'9', b'0'..=b'9', b' ', ..] => android::parse(line, cx),
        [b'\t', ..] => mysql::untimed(line),
        _ => None,
    };
    event.map(completed)
}

/// As [`parse`], for a line whose date and time in ISO 8601 have been read; `rest` follows them.
pub(crate) fn parse_dated<'a>(line: &'a [u8], at: i64, rest: &[u8], cx: &Context) -> Option<LogEvent<'a>> {
    // The basic form, without dividers, is none that these programs write.
    if !matches!(line.get(4), Some(b'-' | b'/')) {
        return parse(line, cx);
    }
    let text = trimmed(line);
    let rest = text.get(line.len() - rest.len()..)?;
    let stamped = Stamped { line: text, at, rest };
    Some(completed(zap::after_stamp(&stamped, cx).or_else(|| after_stamp(&stamped))?))
}

/// A line whose time at the front has been read.
#[derive(Clone, Copy)]
struct Stamped<'a> {
    /// The whole line.
    line: &'a [u8],
    /// The instant that it states.
    at: i64,
    /// What follows the time.
    rest: &'a [u8],
}

impl<'a> Stamped<'a> {
    fn read(line: &'a [u8], cx: &Context) -> Option<Self> {
        let (at, rest) = stamp::read(line, cx)?;
        Some(Self { line, at, rest })
    }

    /// A line that begins with a bracket and a time in it; `line` is what follows the bracket.
    fn in_bracket(text: &'a [u8], cx: &Context) -> Option<Self> {
        Self::read(text.strip_prefix(b"[")?, cx)
    }

    /// Whether the time is `22:13:20`, without a date and a fraction.
    fn is_time_of_day(&self) -> bool {
        self.line.get(2) == Some(&b':') && self.line.len() == self.rest.len() + 8
    }

    /// Whether the time is in one of the short forms that only Hadoop and Spark write: `23/11/14 …`, `231114 221320`.
    fn is_short_date(&self) -> bool {
        self.line.get(2) == Some(&b'/') || self.line.iter().take(6).all(u8::is_ascii_digit)
    }
}

fn digit_first<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    // A date that is written as the language of a machine has it.
    if matches!(text, [_, _, b'/' | b'.', ..])
        && let Some(event) = ibm_mq::parse(text, cx)
    {
        return Some(event);
    }
    // Hadoop's date would be read of the same digits.
    if let Some(event) = zoneminder::parse(text, cx) {
        return Some(event);
    }
    // `7:M 14 Nov …` looks like no time, and need not be tried as one.
    let stamped = if redis::begins_with_role(text) { None } else { Stamped::read(text, cx) };
    let Some(stamped) = stamped else {
        return redis::parse(text, cx)
            .or_else(|| desktop::bars(text, cx))
            .or_else(|| cluster::hpc(text))
            .or_else(|| mysql::audit::parse(text, cx))
            .or_else(|| name_servers::windows(text, cx))
            .or_else(|| bacula::parse(text, cx))
            .or_else(|| servers::clickhouse(text, cx))
            .or_else(|| daemons::stunnel(text, cx))
            .or_else(|| servers::zabbix(text, cx))
            .or_else(|| flow::parse(text))
            .or_else(|| freeswitch::with_call(text, cx))
            .or_else(|| webmin::parse(text, cx))
            .or_else(|| postgresql::client_first(text, cx))
            .or_else(|| access::atlassian::bitbucket(text, cx))
            .or_else(|| java::relative(text));
    };
    zap::after_stamp(&stamped, cx).or_else(|| after_stamp(&stamped))
}

/// A line with its time at the front: what follows that tells most formats apart by its first byte.
fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    match scan::blanks(stamped.rest).first()? {
        b',' => desktop::cbs(stamped).or_else(|| postgresql::after_stamp(stamped)),
        b':' => postgresql::after_stamp(stamped).or_else(|| daemons::lighttpd(stamped)),
        b'|' => python::after_stamp(stamped)
            .or_else(|| dotnet::after_stamp(stamped))
            .or_else(|| activemq::after_stamp(stamped))
            .or_else(|| teamspeak::after_stamp(stamped))
            .or_else(|| java::barred(stamped))
            .or_else(|| servers::squid_cache(stamped)),
        b'[' => after_stamp_and_bracket(stamped),
        b'0'..=b'9' => exim::after_stamp(stamped)
            .or_else(|| mysql::after_stamp(stamped))
            .or_else(|| postgresql::pgbouncer::after_stamp(stamped))
            .or_else(|| android::after_stamp(stamped))
            .or_else(|| ruby::after_stamp(stamped))
            .or_else(|| python::after_stamp(stamped))
            .or_else(|| java::after_stamp(stamped))
            .or_else(|| postgresql::after_stamp(stamped))
            .or_else(|| axigen::after_stamp(stamped))
            .or_else(|| ceph::after_stamp(stamped))
            .or_else(|| freeswitch::after_stamp(stamped))
            .or_else(|| go::after_stamp(stamped)),
        b'-' => python::after_stamp(stamped)
            .or_else(|| java::after_stamp(stamped))
            .or_else(|| postgresql::after_stamp(stamped))
            .or_else(|| mysql::after_stamp(stamped)),
        b'H' if scan::blanks(stamped.rest).starts_with(b"H=") => exim::after_stamp(stamped),
        b'A'..=b'Z' => mongodb::after_stamp(stamped)
            .or_else(|| android::after_stamp(stamped))
            .or_else(|| rust::after_stamp(stamped))
            .or_else(|| go::zerolog(stamped))
            .or_else(|| go::lettered(stamped))
            .or_else(|| python::after_stamp(stamped))
            .or_else(|| java::after_stamp(stamped))
            .or_else(|| postgresql::after_stamp(stamped))
            .or_else(|| mysql::after_stamp(stamped))
            .or_else(|| sqlserver::after_stamp(stamped))
            .or_else(|| vmware::after_stamp(stamped))
            .or_else(|| stalwart::after_stamp(stamped))
            .or_else(|| tcpdump::after_stamp(stamped))
            .or_else(|| exim::after_stamp(stamped))
            .or_else(|| go::after_stamp(stamped)),
        // Only Go's logger divides its dates by slashes, and who sets .NET's so.
        b'a'..=b'z' if stamped.line.get(4) == Some(&b'/') => {
            servers::squid_cache(stamped).or_else(|| dotnet::after_stamp(stamped)).or_else(|| go::after_stamp(stamped))
        }
        b'a'..=b'z' => name_servers::bind(stamped)
            .or_else(|| sqlserver::after_stamp(stamped))
            .or_else(|| vmware::after_stamp(stamped))
            .or_else(|| dotnet::after_stamp(stamped))
            .or_else(|| python::with_process(stamped))
            .or_else(|| node::after_stamp(stamped))
            .or_else(|| ruby::after_stamp(stamped))
            .or_else(|| postgresql::after_stamp(stamped))
            .or_else(|| mysql::after_stamp(stamped))
            .or_else(|| exim::after_stamp(stamped))
            .or_else(|| erlang::after_pairs(stamped))
            .or_else(|| go::after_stamp(stamped)),
        _ => go::after_stamp(stamped),
    }
}

/// A line with a bracket behind its time: what is in it tells the formats apart.
fn after_stamp_and_bracket<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let Some((inner, _)) = scan::bracketed(scan::blanks(stamped.rest)) else {
        return go::after_stamp(stamped);
    };
    let is_level = inner.len() <= 9 && level_names::from_word(inner).is_some();
    let event = match inner.as_bytes().first() {
        Some(b'0'..=b'9') => postgresql::after_stamp(stamped)
            .or_else(|| servers::rsyncd(stamped))
            .or_else(|| exim::after_stamp(stamped))
            .or_else(|| java::after_stamp(stamped)),
        Some(b'a'..=b'z') if is_level => erlang::after_stamp(stamped).or_else(|| node::after_stamp(stamped)),
        _ if stamped.rest.starts_with(b" [AUDIT](") => activemq::artemis(stamped),
        _ if is_level || inner == "System" => litespeed::after_stamp(stamped)
            .or_else(|| name_servers::coredns_behind(stamped))
            .or_else(|| freeswitch::after_stamp(stamped))
            .or_else(|| go::harbor(stamped))
            .or_else(|| go::hashicorp(stamped))
            .or_else(|| mysql::after_stamp(stamped))
            .or_else(|| dotnet::after_stamp(stamped))
            .or_else(|| python::after_stamp(stamped))
            .or_else(|| java::after_stamp(stamped)),
        // A thread, a logger or a label.
        _ => java::after_stamp(stamped)
            .or_else(|| python::after_stamp(stamped))
            .or_else(|| node::after_stamp(stamped))
            .or_else(|| mongodb::after_stamp(stamped))
            .or_else(|| postgresql::after_stamp(stamped)),
    };
    event.or_else(|| go::after_stamp(stamped))
}

fn bracket_first<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let Some(stamped) = Stamped::in_bracket(text, cx) else {
        return letters::tornado(text, cx)
            .or_else(|| servers::websphere(text, cx))
            .or_else(|| redis::parse(text, cx))
            .or_else(|| name_servers::unbound(text))
            .or_else(|| name_servers::nsd(text))
            .or_else(|| name_servers::coredns(text))
            .or_else(|| nagios::parse(text, cx))
            .or_else(|| desktop::proxifier(text, cx))
            .or_else(|| nest::parse(text, cx))
            .or_else(|| couchdb::parse(text, cx))
            .or_else(|| rust::fern(text, cx))
            .or_else(|| go::nats(text, cx))
            .or_else(|| santa::syncthing(text, cx));
    };
    let stamped = &stamped;
    match stamped.rest {
        [b']', b'[', b'a'..=b'z' | b'0'..=b'9', ..] => jvm::after_stamp(stamped)
            .or_else(|| spdlog::after_stamp(stamped))
            .or_else(|| elasticsearch::after_stamp(stamped)),
        [b']', b'[', ..] => elasticsearch::after_stamp(stamped),
        [b']', b' ', b'n', b's', b'd', b'[', ..] => name_servers::nsd_after_time(stamped.at, stamped.rest),
        [b']', b' ', b'[', ..] => elasticsearch::audit(stamped)
            .or_else(|| minecraft::after_stamp(stamped))
            .or_else(|| other_bracketed(stamped)),
        [b' ', ..] if stamped.is_time_of_day() => {
            minecraft::after_stamp(stamped).or_else(|| rust::env_logger(stamped)).or_else(|| php::after_stamp(stamped))
        }
        [b' ', ..] => {
            dotnet::serilog_console(stamped).or_else(|| rust::env_logger(stamped)).or_else(|| php::after_stamp(stamped))
        }
        [b':', ..] => python::bracketed_stamp(stamped),
        [b',', b' ', ..] => daemons::samba(stamped).or_else(|| other_bracketed(stamped)),
        [b']', b' ', b'A'..=b'Z', ..] => santa::after_stamp(stamped)
            .or_else(|| rust::flexi_logger(stamped))
            .or_else(|| java::kafka(stamped))
            .or_else(|| python::bracketed_stamp(stamped))
            .or_else(|| php::after_stamp(stamped))
            .or_else(|| node::bracketed_stamp(stamped)),
        _ => other_bracketed(stamped),
    }
}

fn other_bracketed<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    nagios::icinga(stamped)
        .or_else(|| spdlog::after_stamp(stamped))
        .or_else(|| python::bracketed_stamp(stamped))
        .or_else(|| node::bracketed_stamp(stamped))
        .or_else(|| php::after_stamp(stamped))
        .or_else(|| dotnet::serilog_file(stamped))
}

fn capital_first<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    match text {
        [b'I' | b'W' | b'E' | b'F', b'0' | b'1' | b'2', ..] => klog::parse(text, cx),
        [_, b',', b' ', b'[', ..] => ruby::logger(text, cx),
        [_, b' ', b'[', ..] => letters::cups(text, cx),
        [_, b'/', ..] => android::brief(None, text),
        [b'S', b't', b'a', b'r', b't', b'e', b'd', b' ', ..] => ruby::request(text, cx),
        // The day of C's `asctime`.
        [_, b'a'..=b'z', _, b' ', b'A'..=b'Z', _, _, b' ', ..] => {
            xferlog::parse(text, cx).or_else(|| daemons::freeradius(text, cx))
        }
        // Prose, or the name of a month.
        [_, b'a'..=b'z', _, b' ', b'0'..=b'9', ..] => jul::parse(text, cx),
        [_, b'a'..=b'z', ..] => vdsm::parse(text, cx),
        _ => python::level_first(text, cx)
            .or_else(|| java::level_first(text, cx))
            .or_else(|| jul::parse(text, cx))
            .or_else(|| cluster::tagged(text, cx))
            .or_else(|| activemq::level_first(text, cx)),
    }
}

/// The time that `text` is, in any of the spellings that programs have; `None` where it is more or something else.
pub(crate) fn whole_time(text: &[u8], cx: &Context) -> Option<i64> {
    stamp::read(text, cx).filter(|(_, rest)| rest.is_empty()).map(|(at, _)| at)
}

/// Whether `text` may begin with the ids of Tine 2.0, `1a2b3 4c5d6 -- bob -- - `, behind which a time stands.
#[inline]
pub(crate) fn may_be_session(text: &[u8]) -> bool {
    text.get(11..15) == Some(b" -- ")
}

/// Whether a line begins with a time in any of the spellings that programs have.
pub(crate) fn begins_with_time(line: &[u8], cx: &Context) -> bool {
    stamp::read(line, cx).is_some()
}

/// Whether a line is the first of the two that `java.util.logging` writes.
pub(crate) fn is_jul_head(line: &[u8], cx: &Context) -> bool {
    jul::parse(line, cx).is_some()
}

/// `line` without a byte order mark, the white space at its front, and the line end.
fn trimmed(line: &[u8]) -> &[u8] {
    let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii_start();
    let end = text.iter().rposition(|b| !matches!(b, b'\n' | b'\r' | 0)).map_or(0, |last| last + 1);
    text.get(..end).unwrap_or(text)
}

/// Reads a time of the given shape; see [`stamp::shaped`].
pub(crate) fn time_of_shape<'a>(text: &'a [u8], shape: &[u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    stamp::shaped(text, shape, cx)
}

/// `event` with the address and the user that its message names.
pub(crate) fn completed(mut event: LogEvent<'_>) -> LogEvent<'_> {
    complete(&mut event);
    event
}

/// As [`completed`], in place.
#[inline]
fn complete(event: &mut LogEvent<'_>) {
    hdfs_audit::complete(event);
    logins::complete_from_app(event);
}

#[cfg(test)]
mod tests;
