//! The formats that stand within other records: what a syslog message holds, and what a line without any header is.
//!
//! One look at the program's name and one at the message's first byte say which parsers are asked, so that a message that
//! has nothing of this costs nearly nothing.

mod by_form;
mod by_logger;
mod by_program;
mod program;
mod slapd;

use std::borrow::Cow;

use memchr::memmem;

use self::by_form::by_first_byte;
pub(crate) use self::by_form::parse_tagged;
use self::by_program::by_program;
use self::program::Program;
use crate::devices::{self, Device};
use crate::plain::Sought;
use crate::syslog::big_ip;
use crate::{
    Context, Level, LogEvent, address, auditd, cef, cisco_asa, contained, divided, iptables, json, leef, logfmt,
    logins, pan_os, plain, programs, signs, squid, syslog, timestamp, unifi, winevent, wrapped,
};

/// Completes `event`, read from the syslog record `line`, by what its message holds.
///
/// The message stays as it is. What the header states of host, program, process and time is kept; the level is that
/// of the content where it states one; attributes are added.
pub(crate) fn complete<'a>(event: &mut LogEvent<'a>, line: &'a [u8], cx: &Context) {
    if unifi::may_be_device(&event.app)
        && let Some(mut inner) = unifi::complete(event)
    {
        complete(&mut inner, line, cx);
        let said = LogEvent { app: Cow::Borrowed(""), proc_id: Cow::Borrowed(""), ..inner };
        return absorb(event, said);
    }
    // In a syslog record the message always stands in the line.
    let Cow::Borrowed(message) = event.message else { return };
    if winevent::complete_escaped(event, line, cx) {
        return;
    }
    let is_big_ips = big_ip::code(message).is_some();
    let program = if is_big_ips { Program::Device(Device::BigIp) } else { Program::of(&event.app) };
    if let Some(inner) = tagged(program, &event.app, line, cx) {
        absorb(event, inner);
    } else {
        match message.trim_ascii_start().first() {
            Some(_) if program == Program::WinEvtLog => winevent::complete_from_message(event, cx),
            Some(b'{' | b'@') => json::complete_from_message(event, cx),
            Some(_) => by_name_or_first_byte(program, message, event, cx),
            None => {}
        }
    }
    if event.level == Level::Unknown && message.starts_with(b"[ID ") {
        event.level = programs::level_of_solaris(message);
    }
    structured(event);
    // A head without blanks passes for the name of a program.
    if event.app.contains(':')
        && let Some(head) = by_form::ems_head(&event.app).map(LogEvent::into_owned)
    {
        event.app = Cow::Borrowed("");
        absorb(event, head);
    }
    if event.app.starts_with("Microsoft-Windows-") {
        winevent::complete_from_text(event);
    } else if event.message.first().is_some_and(u8::is_ascii_digit) {
        winevent::complete_numbered(event);
    }
    if program == Program::Haproxy || wrapped::may_hold(message) {
        let accepted = wrapped::complete(event, cx).filter(|_| program == Program::Haproxy);
        event.timestamp = accepted.map_or(event.timestamp, |at| dated(event.timestamp, at, line, cx));
    }
    if program == Program::Snare || matches!(message.first(), Some(b'<' | b'M')) || winevent::is_snares(event, message)
    {
        winevent::complete_from_message(event, cx);
    }
    // The line of a file has no priority.
    if event.level == Level::Unknown && event.severity.is_none() {
        event.level = plain::leading_level(message);
    }
}

/// The time of the header of `line`, in the year of `stated` where it has none and is then less than a day from it.
fn dated(header: Option<i64>, stated: i64, line: &[u8], cx: &Context) -> Option<i64> {
    const DAY_MICROS: u64 = 86_400_000_000;
    let is_near = |at: &i64| at.abs_diff(stated) <= DAY_MICROS;
    if header.is_none_or(|at| is_near(&at)) {
        return header;
    }
    let then = syslog::parse(line, &Context { received_at: stated, ..*cx });
    then.timestamp.filter(is_near).or(header)
}

/// Fills the address and the user from the structured data of Junos, Synology, SecureAuth and Java's loggers, which name them there.
fn structured(event: &mut LogEvent<'_>) {
    // Most structured data is none of theirs, and its first name says so.
    let is_known = |name: &str| ["junos@", "synolog@", "mdc@", "SecureAuth@"].iter().any(|id| name.starts_with(id));
    let first = event.attributes.iter().next().map(|(name, _)| name);
    if first.is_some_and(|name| name.starts_with("NXLOG@")) {
        return winevent::complete_from_structured(event);
    }
    if !first.is_some_and(is_known) {
        return;
    }
    let of = |names: [&str; 5]| {
        let mut named = event.attributes.iter().filter_map(|(name, value)| Some((name.rsplit('.').next()?, value)));
        named.find(|(name, value)| names.contains(name) && !matches!(*value, "" | "N/A")).map(|(_, value)| value)
    };
    let ip = of(["source-address", "client-ip", "remote-address", "ip", "UserHostAddress"])
        .and_then(address::parse)
        .map(|found| found.ip);
    let user = of(["username", "user", "user-name", "login-name", "UserID"]).map(str::to_owned);
    event.ip = event.ip.or(ip);
    if let Some(user) = user.filter(|_| event.user_name.is_empty()) {
        event.user_name = Cow::Owned(user);
    }
}

fn by_name_or_first_byte<'a>(program: Program, message: &'a [u8], event: &mut LogEvent<'a>, cx: &Context) {
    let inner = inner(program, &event.app, message, cx);
    if let Some(inner) = inner.or_else(|| by_lossy(program, &event.app, message, cx)) {
        // A firewall's message has been read word by word; an address that is the destination's would be taken for the client's.
        let is_read = inner.format == cisco_asa::FORMAT
            && (matches!(event.facility, Some(16..=23))
                || inner.ip.is_none() && inner.attributes.get("dst_ip").is_some());
        absorb(event, inner);
        if is_read {
            return;
        }
    }
    if !event.user_name.is_empty() {
        return;
    }
    match event.facility {
        // 4 and 10 are syslog's facilities for logins; a file's lines do not state theirs.
        None | Some(4 | 10) => logins::complete(event),
        // Devices send by those for audits and alerts, and by the local ones; by the local ones of the newer syslog it is mostly applications, whose
        // messages a search for logins would make a quarter dearer.
        Some(13 | 14) => logins::complete_from_device(event),
        Some(16..=23) if event.format == "rfc3164" => logins::complete_from_device(event),
        Some(_) => {}
    }
}

/// What a message says by who wrote it, or else by its first bytes.
fn inner<'m>(program: Program, app: &str, message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let said = by_program(program, app, message, cx);
    if by_logger::may_begin(message) && said.as_ref().is_none_or(|said| said.level == Level::Unknown) {
        return match by_logger::read(message, cx) {
            Some(line) => {
                let mut said = said.unwrap_or_default();
                said.complete_from(line);
                Some(said)
            }
            None => said.or_else(|| by_first_byte(message, cx)),
        };
    }
    said.or_else(|| by_first_byte(message, cx))
}

/// Of a message that is not UTF-8: what stands in the place of a few bytes does not hide who did what.
fn by_lossy(program: Program, app: &str, message: &[u8], cx: &Context) -> Option<LogEvent<'static>> {
    if message.is_ascii() || std::str::from_utf8(message).is_ok() {
        return None;
    }
    let text = String::from_utf8_lossy(message);
    inner(program, app, text.as_bytes(), cx).map(LogEvent::into_owned)
}

/// Completes `event`, whose program is known from another header than syslog's, by what its message is.
///
/// As [`complete`], the message stays as it is, and what the header states is kept.
pub(crate) fn complete_named(event: &mut LogEvent<'_>, cx: &Context) {
    if let Cow::Borrowed(message) = event.message {
        by_name_or_first_byte(Program::of(&event.app), message, event, cx);
    }
}

/// Completes `event`, read from a shipper's or a logger's envelope, by what its message is: that of a program which is known by its
/// name, or a line of a file.
///
/// As [`complete`], the message stays as it is, and what the envelope states is kept.
pub(crate) fn complete_enveloped(event: &mut LogEvent<'_>, cx: &Context) {
    if matches!(event.message.first(), None | Some(b'{')) {
        return;
    }
    if winevent::text::may_be(&event.message) {
        let message = std::mem::take(&mut event.message);
        if let Some(inner) = winevent::text::parse(&message, cx) {
            absorb(event, inner);
        }
        event.message = message;
        return;
    }
    if !event.app.is_empty() {
        let message = std::mem::take(&mut event.message);
        let inner = by_program(Program::of(&event.app), &event.app, &message, cx);
        let is_known = inner.is_some();
        if let Some(inner) = inner {
            absorb(event, inner);
        }
        event.message = message;
        if is_known {
            return;
        }
    }
    contained::complete_from_line(event, cx);
}

/// Reads a line that says of itself that it is in CEF or LEEF or an audit record, whatever else is quoted in it.
pub(crate) fn parse_labelled<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    if winevent::text::may_be(line) {
        return winevent::text::parse(line, cx);
    }
    match line.first()? {
        b'C' if line.starts_with(b"CEF:") => cef::parse(line, cx),
        b'A' if line.starts_with(b"ASM:CEF:") => cef::parse(line, cx),
        b'L' if line.starts_with(b"LEEF:") => leef::parse(line, cx),
        b't' => parse_audit(line, cx),
        b'1' | b'2' if has_basic_stamp(line) => behind_basic_stamp(line, cx),
        _ => None,
    }
}

/// Whether `line` may be in CEF or LEEF behind a time in ISO 8601's basic form, `20231114T221320Z`.
#[inline]
fn has_basic_stamp(line: &[u8]) -> bool {
    const HEAD_BYTES_MAX: usize = 160;
    line.get(8) == Some(&b'T')
        && matches!(line.first(), Some(b'1' | b'2'))
        && memmem::find(line.get(..HEAD_BYTES_MAX).unwrap_or(line), b"EF:").is_some()
}

/// Reads what stands behind such a time, and the host that may stand between.
fn behind_basic_stamp<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (at, rest) = timestamp::iso_prefix(line, cx.zone)?;
    let is_label = |text: &[u8]| text.starts_with(b"CEF:") || text.starts_with(b"LEEF:");
    let rest = rest.strip_prefix(b" ")?;
    let (host, labelled) = match memchr::memchr(b' ', rest) {
        Some(end) if !is_label(rest) => (rest.get(..end)?, rest.get(end + 1..)?),
        _ => (&b""[..], rest),
    };
    let event = if labelled.starts_with(b"LEEF:") { leef::parse(labelled, cx) } else { cef::parse(labelled, cx) }?;
    let host = std::str::from_utf8(host).ok().filter(|host| !host.is_empty());
    let host = host.map_or(event.host, Cow::Borrowed);
    Some(LogEvent { host, timestamp: Some(at), ..event }).filter(|_| is_label(labelled))
}

/// Reads a line that is said to be of pairs, and what its words say of a login.
pub(crate) fn parse_stated_pairs<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let mut event = logfmt::parse(line, cx)?;
    complete_pairs(&mut event, cx);
    Some(event)
}

/// Completes a line of pairs by the name of its device, and what its words say of a login.
fn complete_pairs(event: &mut LogEvent<'_>, cx: &Context) {
    name_device(event);
    // What is a line of pairs as a whole begins as no program's line does.
    if logfmt::begins_with_pair(&event.message) {
        logins::complete_from_words(event);
    } else {
        logins::complete_from_line(event, cx);
    }
}

/// Fills the host of a line of pairs, which has no header, with the name that Fortinet's and Sophos' devices give themselves.
///
/// Beside Fortinet's, `hostname` is the name of the client or of the site that it asked for.
fn name_device(event: &mut LogEvent<'_>) {
    let of = |name| event.attributes.get(name);
    let is_own = event.host.is_empty() || of("devid").is_some();
    let name = of("devname").or_else(|| of("device_name").filter(|_| event.host.is_empty()));
    if let Some(name) = name.filter(|_| is_own).map(str::to_owned) {
        event.host = Cow::Owned(name);
    }
}

/// Reads a line of pairs, which no other format's line begins like but for an audit record and a packet filter's.
pub(crate) fn parse_pairs<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    if matches!(line.first(), Some(b'I' | b'%'))
        || auditd::looks_like(line)
        || devices::may_have_form(line)
        || winevent::text::may_be(line)
    {
        return None;
    }
    let mut event = logfmt::detect(line, cx)?;
    complete_pairs(&mut event, cx);
    Some(event)
}

/// Reads an audit record that begins with its type.
pub(crate) fn parse_audit<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    line.starts_with(b"type=").then(|| auditd::parse(line, cx))?
}

/// Reads a line that no other parser claims, by its first byte; what is in no format is plain text.
pub(crate) fn parse<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let known = match line.first() {
        None => None,
        Some(b'1') if line.starts_with(b"1,20") => pan_os::parse(line, cx),
        Some(b'0'..=b'9' | b'[') => iptables::parse(line, cx).or_else(|| cef::parse(line, cx)),
        // A day of one digit without the blank that fills it ("Nov 4 22:13:20").
        Some(b'A'..=b'Z') if crate::syslog::stamp::has_short_day(line) => {
            return crate::format::parse(crate::Format::Syslog, line, cx);
        }
        Some(_) => by_first_byte(line, cx),
    };
    let Some(mut event) = known else { return parse_plain(line, cx) };
    if event.format == logfmt::FORMAT {
        complete_pairs(&mut event, cx);
    }
    event
}

/// As [`parse`], for a line that begins with a time in ISO 8601, behind which `rest` stands.
pub(crate) fn parse_dated<'a>(line: &'a [u8], at: i64, rest: &'a [u8], cx: &Context) -> LogEvent<'a> {
    if let Some(event) = iptables::parse(line, cx) {
        return event;
    }
    if let Some(mut event) = tabbed(line, at, rest, cx) {
        complete_pairs(&mut event, cx);
        return event;
    }
    parse_plain_dated(line, at, rest, Sought::From(0), cx)
}

/// Reads the pairs behind the time and a tab that a line begins with, as Zscaler's feeds have them.
fn tabbed<'a>(line: &'a [u8], at: i64, rest: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let pairs = rest.strip_prefix(b"\t").filter(|pairs| logfmt::begins_with_pair(pairs))?;
    divided::by_tabs(line, pairs, cx).map(|event| LogEvent { timestamp: Some(at), ..event })
}

/// Reads a line as plain text, and what its words say of a login.
pub(crate) fn parse_plain<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let mut event = plain::parse(line, cx);
    logins::complete_from_line(&mut event, cx);
    event
}

/// As [`parse_plain`], for a line that is known to begin with no time.
pub(crate) fn parse_plain_untimed<'a>(line: &'a [u8], level: Sought, cx: &Context) -> LogEvent<'a> {
    let mut event = plain::parse_untimed(line, level);
    logins::complete_from_line(&mut event, cx);
    event
}

/// As [`parse_plain`], for a line that is said to be plain text, whatever else it looks like.
pub(crate) fn parse_stated_plain<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let is_dated = line.first().is_some_and(u8::is_ascii_digit);
    match is_dated.then(|| timestamp::iso_prefix(line, cx.zone)).flatten() {
        Some((at, rest)) => parse_plain_dated(line, at, rest, Sought::From(0), cx),
        None if signs::of(line, []).is_some_and(|signs| signs.is_without_address) => plain::parse(line, cx),
        None => parse_plain(line, cx),
    }
}

/// As [`parse_plain`], for a line that begins with a time in ISO 8601, behind which `rest` stands.
pub(crate) fn parse_plain_dated<'a>(
    line: &'a [u8],
    at: i64,
    rest: &'a [u8],
    level: Sought,
    cx: &Context,
) -> LogEvent<'a> {
    let mut event = plain::parse_dated(line, at, rest, level);
    logins::complete_from_dated_line(&mut event, cx);
    event
}

/// The event whose beginning syslog's header took for the program's name.
fn tagged<'a>(program: Program, app: &str, line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let from = |mark: &[u8]| line.get(memmem::find(line, mark)?..).map(<[u8]>::trim_ascii_end);
    match program {
        Program::Cef => cef::parse(from(b"CEF:")?, cx),
        Program::Leef => leef::parse(from(b"LEEF:")?, cx),
        Program::PanOs => pan_os::parse(from(app.as_bytes())?, cx),
        Program::Squid => squid::parse(from(app.as_bytes())?, cx),
        // The host that the pairs name is the firewall that saw it; who sent the record is for the header to say.
        Program::Pairs => {
            logfmt::parse(from(app.as_bytes())?, cx).map(|event| LogEvent { host: Cow::Borrowed(""), ..event })
        }
        _ => None,
    }
}

fn absorb(event: &mut LogEvent<'_>, inner: LogEvent<'_>) {
    event.severity = event.severity.or(inner.severity);
    event.complete_from(inner);
}

#[cfg(test)]
mod tests;
