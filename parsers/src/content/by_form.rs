//! What the first bytes of a message say of how it is read.

use super::{has_basic_stamp, parse_labelled};
use crate::find::find_by;
use crate::syslog::cisco;
use crate::{
    Context, Level, LogEvent, auditd, cisco_asa, connections, devices, iptables, level_names, logfmt, pan_os, programs,
};

/// The parser that the first bytes of a message call for.
pub(super) fn by_first_byte<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    match message.first()? {
        b'C' | b'L' => parse_labelled(message, cx).or_else(|| logfmt::detect(message, cx)),
        b'%' => parse_tagged(message, cx).or_else(|| behind_tag(message, cx)),
        b't' | b'n' | b'a' if auditd::looks_like(message) => auditd::parse(message, cx),
        b'I' if message.starts_with(b"IN=") => iptables::parse(message, cx),
        b'f' if message.starts_with(b"firewall,") => connections::parse(message, cx),
        b'1' | b'2' if has_basic_stamp(message) => parse_labelled(message, cx),
        b'1' if message.starts_with(b"1,") => pan_os::parse(message, cx),
        b'[' => behind_bracket(message, cx),
        b'w' if message.starts_with(b"wireguard: ") => programs::read("kernel", message, cx),
        b'm' | b'(' | b'f' if devices::may_have_form(message) => devices::by_form(message, cx),
        b'd' | b'F' | b'N' | b'P' | b':' => devices::by_form(message, cx).or_else(|| logfmt::detect(message, cx)),
        _ => logfmt::detect(message, cx),
    }
}

/// Reads a message that begins with a bracket.
fn behind_bracket<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    // UniFi's consoles name a rule, and no kernel, before a packet.
    if find_by(3, message, b" IN=").is_some() {
        return iptables::parse(message, cx).or_else(|| logfmt::detect(message, cx));
    }
    if let Some(pairs) = behind_label(message) {
        return logfmt::detect(pairs, cx);
    }
    if let Some(event) = ems(message) {
        return Some(event);
    }
    // WireGuard speaks through the kernel, which may put its uptime before.
    if find_by(9, message.get(..40).unwrap_or(message), b"wireguard: ").is_some() {
        return programs::read("kernel", message, cx);
    }
    logfmt::detect(message, cx)
}

/// Reads the head of an event of NetApp's ONTAP, `[node: process: event.name:severity]: text`; older ones name no process.
fn ems(message: &[u8]) -> Option<LogEvent<'_>> {
    const HEAD_BYTES_MAX: usize = 160;
    let near = message.get(..HEAD_BYTES_MAX).unwrap_or(message);
    ems_head(std::str::from_utf8(near.get(1..find_by(1, near, b"]: ")?)?).ok()?)
}

/// What stands in the brackets of such a head.
pub(super) fn ems_head(head: &str) -> Option<LogEvent<'_>> {
    let (node, rest) = head.split_once(':')?;
    let (rest, severity) = rest.rsplit_once(':')?;
    let (process, name) = rest.split_once(':').unwrap_or(("", rest));
    let is_word = |word: &str| !word.is_empty() && !word.contains([' ', ':', '[']);
    let name = name.trim();
    let severity = level_names::severity_keyword(severity)?;
    (is_word(node) && is_word(name) && name.contains('.')).then(|| LogEvent {
        level: Level::from_severity(severity),
        host: node.into(),
        app: process.trim().into(),
        msg_id: name.into(),
        ..LogEvent::default()
    })
}

/// Reads a message that begins with the tag of a switch, which Arista's put behind the name of a program.
fn behind_tag<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let (tag, behind) = cisco::tag(message)?;
    cisco::severity(tag)?;
    programs::read("cisco-ios", behind.strip_prefix(b": ")?, cx)
}

/// The pairs behind a label in brackets, as Wallix' bastions begin their messages: `[SSH Session] session_id="7" …`.
fn behind_label(message: &[u8]) -> Option<&[u8]> {
    const LABEL_BYTES_MAX: usize = 32;
    let end = memchr::memchr(b']', message.get(..LABEL_BYTES_MAX).unwrap_or(message))?;
    let pairs = message.get(end + 1..)?.strip_prefix(b" ")?;
    logfmt::begins_with_pair(pairs).then_some(pairs)
}

/// Reads the message of a Cisco firewall, which begins with its tag.
pub(crate) fn parse_tagged<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let end = memchr::memchr2(b':', b' ', message.get(..40).unwrap_or(message))?;
    let tag = std::str::from_utf8(message.get(..end)?).ok()?;
    cisco_asa::is_tag(tag).then(|| cisco_asa::parse(message, cx))?
}
