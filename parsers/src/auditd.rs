//! The records of Linux' audit daemon, one a line:
//!
//! ```text
//! node=web1 type=USER_LOGIN msg=audit(1700000000.123:42): pid=7 uid=0 msg='acct="bob" addr=192.0.2.7 res=failed'
//! ```
//!
//! The kernel's own log has them as `audit: type=1400 audit(1700000000.123:42): …`. What the enriched log adds
//! stands behind the byte 0x1d. Several records of one event have the same number; they are joined by
//! [`Rule::Auditd`](crate::multiline::Rule), and read as one.

mod event;
mod fields;
mod saddr;

use std::borrow::Cow;

use memchr::memmem;

use crate::{Attributes, Context, LogEvent, address, cursor, timestamp};
pub(crate) use event::{Identity, ends_event, id};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "auditd";

/// Reads a record of the audit daemon, or those of one event on a line each; `None` where the first line is none.
///
/// The attributes are `type`, `serial`, and the record's fields under their names, hexadecimal texts decoded, those of an
/// inner `msg='…'` among them. What is unset (`?`, `(null)`) is left out. The user is the account (`acct`), else
/// the login user's or user's name in an enriched record, or one that stands in the place of an id; the address is `addr`, else `hostname` if it is one. The fields of
/// an event's further records are attributes under the record's type (`path.name`).
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let Some((first, others)) = memchr::memchr(b'\n', line).and_then(|end| line.split_at_checked(end)) else {
        return record(line, cx);
    };
    let mut event = record(first, cx)?;
    event::complete(&mut event, others, cx);
    event.message = Cow::Borrowed(line);
    Some(event)
}

/// Reads one record.
fn record<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let header = header(line, cx)?;
    let mut event = LogEvent {
        timestamp: Some(header.micros),
        host: cursor::text(header.node),
        message: Cow::Borrowed(line),
        format: FORMAT,
        ..LogEvent::default()
    };
    let body = cursor::text(header.body);
    let mut attributes = Attributes::with_capacity(body.len() + 32, 24);
    let kind = cursor::text(header.kind);
    if !kind.is_empty() {
        attributes.push("type", &kind);
    }
    attributes.push("serial", &header.serial.to_string());
    let (plain, enriched) = divided(&body);
    fields::read(plain, &kind, &mut attributes);
    fields::read(enriched, &kind, &mut attributes);
    // The enriched log has it in words.
    if kind == "SOCKADDR"
        && attributes.get("saddr_fam").is_none()
        && let Some(address) = attributes.get("saddr").map(str::to_owned)
    {
        saddr::read(&address, &mut attributes);
    }
    fill(&mut event, &attributes);
    state_outcome(&kind, &mut attributes);
    event.attributes = attributes;
    Some(event)
}

/// Reads a record as journald writes it, under the name of its type and without stamp and number:
/// `USER_LOGIN pid=7 uid=0 auid=4294967295 msg='op=login acct="bob" … res=failed'`.
pub(crate) fn of_journal(message: &[u8]) -> Option<LogEvent<'static>> {
    let (kind, body) = split_at_blank(message)?;
    let is_kind = kind.len() > 2 && kind.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    if !is_kind || !body.starts_with(b"pid=") {
        return None;
    }
    let (kind, body) = (cursor::text(kind), cursor::text(body));
    let mut attributes = Attributes::with_capacity(body.len() + 32, 16);
    attributes.push("type", &kind);
    fields::read(&body, &kind, &mut attributes);
    let mut event = LogEvent::default();
    fill(&mut event, &attributes);
    state_outcome(&kind, &mut attributes);
    event.attributes = attributes;
    Some(event)
}

/// Adds the outcome where the record is about somebody who logs in.
fn state_outcome(kind: &str, attributes: &mut Attributes) {
    if !matches!(kind, "USER_AUTH" | "USER_LOGIN" | "USER_ACCT") {
        return;
    }
    let outcome = match attributes.get("res").or_else(|| attributes.get("result")) {
        Some("success") => "success",
        Some("failed") => "failure",
        _ => return,
    };
    attributes.push("outcome", outcome);
}

/// What the kernel wrote, and what the daemon added. rsyslog writes the byte between them as `#035`.
fn divided(body: &str) -> (&str, &str) {
    let escaped = || {
        let mut marks = memchr::memchr_iter(b'#', body.as_bytes()).filter_map(|at| body.split_at_checked(at));
        marks.find_map(|(plain, mark)| {
            let enriched = mark.strip_prefix("#035")?;
            enriched.starts_with(|c: char| c.is_ascii_uppercase()).then_some((plain, enriched))
        })
    };
    body.split_once('\u{1d}').or_else(escaped).unwrap_or((body, ""))
}

/// Fills the user, the process and the address, of several fields for one the first of these lists.
fn fill(event: &mut LogEvent<'_>, attributes: &Attributes) {
    let (mut users, mut pid, mut addresses) = ([None; 6], None, [None; 3]);
    for (name, value) in attributes.iter() {
        let place = match name {
            "acct" => users.first_mut(),
            "AUID" => users.get_mut(1),
            "UID" => users.get_mut(2),
            "user" => users.get_mut(3),
            "auid" => users.get_mut(4),
            "uid" => users.get_mut(5),
            "pid" => Some(&mut pid),
            "addr" => addresses.first_mut(),
            "hostname" => addresses.get_mut(1),
            "laddr" => addresses.get_mut(2),
            _ => None,
        };
        if let Some(place) = place {
            place.get_or_insert(value);
        }
    }
    let is_set = |value: &&str| *value != "unset";
    // The ids of users are numbers, but for those that `ausearch -i` resolved.
    // sshd has "(invalid user)" and "(unknown)" in the place of one that nobody has.
    let is_name = |value: &&str| {
        is_set(value) && !value.starts_with('(') && !value.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    };
    let user = users.into_iter().flatten().find(is_name).unwrap_or_default();
    event.user_name = Cow::Owned(user.to_owned());
    event.proc_id = Cow::Owned(pid.filter(is_set).unwrap_or_default().to_owned());
    // A socket that listens anywhere has none.
    let ip = addresses.into_iter().flatten().find_map(address::parse).map(|found| found.ip);
    event.ip = ip.filter(|ip| !ip.is_unspecified());
}

/// What precedes the fields of a record.
struct Header<'a> {
    node: &'a [u8],
    kind: &'a [u8],
    micros: i64,
    serial: u64,
    body: &'a [u8],
}

fn header<'a>(line: &'a [u8], cx: &Context) -> Option<Header<'a>> {
    let (node, rest) = match line.strip_prefix(b"node=") {
        Some(rest) => split_at_blank(rest)?,
        None => (&b""[..], line),
    };
    let rest = rest.strip_prefix(b"audit: ").unwrap_or(rest);
    let (kind, rest) = match rest.strip_prefix(b"type=") {
        Some(rest) => split_at_blank(rest)?,
        None => (&b""[..], rest),
    };
    let rest = rest.strip_prefix(b"msg=").unwrap_or(rest);
    let inner = rest.strip_prefix(b"audit(")?;
    let end = memchr::memchr(b')', inner.get(..48).unwrap_or(inner))?;
    let (id, rest) = inner.split_at_checked(end)?;
    let (stamp, serial) = std::str::from_utf8(id).ok()?.rsplit_once(':')?;
    let micros = instant(stamp, cx)?;
    let rest = rest.strip_prefix(b")")?;
    Some(Header {
        node,
        kind,
        micros,
        serial: serial.parse().ok()?,
        body: rest.strip_prefix(b" ").unwrap_or(rest).strip_prefix(b":").unwrap_or(rest),
    })
}

/// The time of a record: seconds since 1970, or what `ausearch -i` makes of them, `11/14/2023 22:13:20.123`.
fn instant(stamp: &str, cx: &Context) -> Option<i64> {
    if let [m, n, b'/', d, e, b'/', year @ ..] = stamp.as_bytes() {
        let (year, clock) = std::str::from_utf8(year).ok()?.split_once(' ')?;
        let [m, n, d, e] = [m, n, d, e].map(|b| char::from(*b));
        return timestamp::parse(&format!("{year}-{m}{n}-{d}{e} {clock}"), cx.zone);
    }
    let (seconds, fraction) = stamp.split_once('.').unwrap_or((stamp, ""));
    let millis = millis(fraction)?;
    let seconds: i64 = seconds.parse().ok().filter(|seconds| (0..=99_999_999_999).contains(seconds))?;
    Some(seconds * 1_000_000 + millis * 1_000)
}

/// The milliseconds of a fraction of a second; finer digits are cut off.
fn millis(fraction: &str) -> Option<i64> {
    let digits = fraction.as_bytes();
    (0..3).try_fold(0, |millis, place| match digits.get(place) {
        Some(digit @ b'0'..=b'9') => Some(millis * 10 + i64::from(digit - b'0')),
        Some(_) => None,
        None => Some(millis * 10),
    })
}

fn split_at_blank(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b' ', text)?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

/// Whether `message` is a record as the kernel or a dispatcher hands it to syslog.
pub(crate) fn looks_like(message: &[u8]) -> bool {
    let begins = message.starts_with(b"type=") || message.starts_with(b"node=") || message.starts_with(b"audit: ");
    let near = message.get(..160).unwrap_or(message);
    (begins && memmem::find(near, b"audit(").is_some()) || message.starts_with(b"audit(")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn what_ausearch_makes_readable_is_read() {
        let line = b"type=USER_LOGIN msg=audit(11/14/2023 22:13:20.123:42) : pid=7 uid=root auid=unset msg='op=login acct=bob addr=192.0.2.7 res=failed'";
        let cx = Context { received_at: 0, zone: crate::Zone::UTC };
        let event = parse(line, &cx).unwrap();
        assert_eq!((event.timestamp, &*event.user_name), (Some(1_700_000_000_123_000), "bob"));
        assert_eq!((event.ip, event.attributes.get("serial")), ("192.0.2.7".parse().ok(), Some("42")));
        assert_eq!(parse(b"type=X msg=audit(99/99/2023 22:13:20.123:42) : a=b", &cx), None);
        let line = b"type=SYSCALL msg=audit(11/14/2023 22:13:20.123:42) : ppid=1 pid=7 auid=bob uid=root comm=ls";
        assert_eq!(parse(line, &cx).unwrap().user_name, "bob");
        let line = b"type=VIRT_CONTROL msg=audit(1700000000.1:42): pid=7 uid=0 auid=1000 msg='user=bob op=create vm=?'";
        assert_eq!(parse(line, &cx).unwrap().user_name, "bob");
        assert_eq!(parse(b"type=SYSCALL msg=audit(1700000000.1:42): auid=1000 uid=0", &cx).unwrap().user_name, "");
    }

    #[test]
    fn a_failed_login_names_its_user_and_address() {
        let line = b"node=web1 type=USER_LOGIN msg=audit(1700000000.123:42): pid=7 uid=0 auid=4294967295 ses=1 \
            msg='op=login acct=626F6220782E exe=\"/usr/sbin/sshd\" hostname=? addr=192.0.2.7 terminal=sshd res=failed'\x1dUID=\"root\" AUID=\"unset\"";
        let event = parse(line, &CX).unwrap();
        assert_eq!(event.timestamp, Some(1_700_000_000_123_000));
        assert_eq!((&*event.host, &*event.user_name, &*event.proc_id), ("web1", "bob x.", "7"));
        assert_eq!(event.ip, Some("192.0.2.7".parse().unwrap()));
        let get = |name| event.attributes.get(name);
        assert_eq!((get("type"), get("serial"), get("res")), (Some("USER_LOGIN"), Some("42"), Some("failed")));
        assert_eq!((get("hostname"), get("UID"), get("msg")), (None, Some("root"), None));
        assert_eq!(&*event.message, &line[..]);
    }

    #[test]
    fn who_logs_in_does_so_with_an_outcome() {
        for (kind, result, outcome) in [
            ("USER_AUTH", "failed", Some("failure")),
            ("USER_LOGIN", "success", Some("success")),
            ("USER_LOGIN", "1", None),
            ("SERVICE_START", "success", None),
        ] {
            let line = format!("type={kind} msg=audit(1700000000.1:42): pid=7 uid=0 msg='acct=\"bob\" res={result}'");
            assert_eq!(parse(line.as_bytes(), &CX).unwrap().attributes.get("outcome"), outcome, "{line}");
        }
    }

    #[test]
    fn the_journals_lines_name_who_logs_in() {
        let line = b"Nov 14 22:13:20 web1 audit[7]: USER_LOGIN pid=7 uid=0 auid=4294967295 ses=4294967295 msg='op=login acct=\"bob\" exe=\"/usr/sbin/sshd\" hostname=? addr=192.0.2.7 terminal=ssh res=failed'";
        let event = crate::format::parse(crate::Format::Auto, line, &CX);
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
        let get = |name| event.attributes.get(name);
        assert_eq!((get("type"), get("outcome")), (Some("USER_LOGIN"), Some("failure")));
        for other in ["USER_LOGIN failed", "user pid=7", ""] {
            assert_eq!(of_journal(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn what_rsyslog_makes_of_the_divider_divides() {
        let line = b"type=SYSCALL msg=audit(1700000000.1:42): auid=1000 uid=0 key=(null)#035ARCH=x86_64 UID=\"root\" AUID=\"bob\"";
        let event = parse(line, &CX).unwrap();
        let get = |name| event.attributes.get(name);
        assert_eq!(
            (&*event.user_name, get("ARCH"), get("key"), get("UID")),
            ("bob", Some("x86_64"), None, Some("root"))
        );
        let line = b"type=SYSCALL msg=audit(1700000000.1:42): key=\"a#0357\" uid=0";
        assert_eq!(parse(line, &CX).unwrap().attributes.get("key"), Some("a#0357"));
    }

    #[test]
    fn a_user_that_nobody_has_is_no_user() {
        let line = b"type=USER_LOGIN msg=audit(1700000000.1:42): pid=7 uid=0 msg='op=login acct=\"(invalid user)\" addr=192.0.2.7 res=failed'";
        let event = parse(line, &CX).unwrap();
        assert_eq!((&*event.user_name, event.attributes.get("acct")), ("", Some("(invalid user)")));
    }

    #[test]
    fn the_kernels_form_is_read() {
        let event = parse(b"audit: type=1400 audit(1700000000.5:9): apparmor=\"DENIED\" pid=3", &CX).unwrap();
        assert_eq!((event.timestamp, event.attributes.get("apparmor")), (Some(1_700_000_000_500_000), Some("DENIED")));
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "type=X",
            "type=X msg=audit(",
            "type=X msg=audit(1.2): a=b",
            "type=X msg=audit(a:1): a=b",
            "audit(1:x)",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(tail: Vec<u8>, text in "(=|'|\"|a|msg| |acct|41|\u{1d}|avc:|\\{|é){0,60}") {
            let mut line = b"type=EXECVE msg=audit(1.2:3):".to_vec();
            line.extend(tail);
            drop(parse(&line, &CX));
            drop(parse(format!("type=AVC msg=audit(1.2:3): {text}").as_bytes(), &CX));
        }
    }
}
