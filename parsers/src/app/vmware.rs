//! The files of VMware's ESXi and vCenter:
//!
//! ```text
//! 2023-11-14T22:13:20.123Z info hostd[7] [Originator@6876 sub=Vimsvc opID=1] text
//! 2023-11-14T22:13:20.123Z In(166) Hostd[7]: [Originator@6876 sub=Vimsvc] text
//! 2023-11-14T22:13:20.123Z In(14) vobd[7]:  [UserLevelCorrelator] text
//! 2023-11-14T22:13:20.123Z In(05) vmx - text
//! 2023-11-14T22:13:20.123Z cpu3:1234 opID=a1)WARNING: NMP: text
//! 2023-11-14T22:13:20.123Z Wa(180) vmkwarning: cpu3:1234)WARNING: NMP: text
//! ```
//!
//! Attributes: `sub` and `opID`; of the kernel's lines `cpu` and `world`, the thread that ran. The message begins behind the bracket,
//! the kernel's behind `)`. Behind syslog's header the kernel's messages stay whole (`kernel`).

use super::Stamped;
use super::scan::{attribute, bracketed, digits, event, some_blanks, span};
use crate::{Level, LogEvent, level_names, programs};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "vmware";

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let text = stamped.rest.strip_prefix(b" ")?;
    if let Some(event) = kernel(text) {
        return Some(LogEvent { timestamp: Some(stamped.at), ..event });
    }
    let (word, rest) = span(text, |b| b.is_ascii_alphabetic())?;
    // Since version 8: the severity's first letters, and syslog's priority.
    match rest.strip_prefix(b"(") {
        Some(priority) => standardized(stamped.at, short_level(word)?, priority),
        None => originated(stamped.at, level_names::from_word(word)?, rest),
    }
}

/// Reads the message of ESXi's kernel, `cpu3:1234 opID=a1)WARNING: text`; what follows `)` is the event's.
pub(crate) fn kernel(text: &[u8]) -> Option<LogEvent<'_>> {
    let (cpu, rest) = digits(text.strip_prefix(b"cpu")?)?;
    let (world, rest) = digits(rest.strip_prefix(b":")?)?;
    let (operation, rest) = match rest.strip_prefix(b" opID=") {
        Some(rest) => span(rest, |b| b.is_ascii_graphic() && b != b')')?,
        None => ("", rest),
    };
    let message = rest.strip_prefix(b")")?;
    let level = match message {
        [b'W', b'A', b'R', b'N', b'I', b'N', b'G', b':', ..] => Level::Warn,
        [b'A', b'L', b'E', b'R', b'T', b':', ..] => Level::Fatal,
        _ => Level::Unknown,
    };
    let mut event = event(FORMAT, None, level, message);
    for (name, value) in [("cpu", cpu), ("world", world), ("opID", operation)] {
        attribute(&mut event, name, value);
    }
    Some(event)
}

/// What ESXi writes since version 8, behind the severity's letters and a bracket: `166) Hostd[7]: text`, `05)+ vmx - text`.
fn standardized(at: i64, level: Level, priority: &[u8]) -> Option<LogEvent<'_>> {
    let rest = digits(priority)?.1.strip_prefix(b")")?;
    // A plus marks the further lines of one message.
    let (app, rest) = name(rest.strip_prefix(b"+").unwrap_or(rest))?;
    let (pid, rest) = pid(rest).unwrap_or(("", rest));
    let text = match rest {
        [b':', text @ ..] => some_blanks(text)?,
        [b' ', b'-', text @ ..] if pid.is_empty() => some_blanks(text)?,
        // Version 8's first lines have no colon before the origin.
        _ if !pid.is_empty() => some_blanks(rest).filter(|text| text.starts_with(b"[Originator@"))?,
        _ => return None,
    };
    let mut event = match kernel(text) {
        Some(kernel) => LogEvent { timestamp: Some(at), level, ..kernel },
        None => with_origin(at, level, text).unwrap_or_else(|| event(FORMAT, Some(at), level, text)),
    };
    event.app = app.into();
    event.proc_id = pid.into();
    programs::complete(&mut event, "hostd");
    Some(event)
}

/// What the services wrote before, behind the level: ` hostd[7] [Originator@6876 sub=Vimsvc] text`.
fn originated<'a>(at: i64, level: Level, rest: &'a [u8]) -> Option<LogEvent<'a>> {
    let (app, rest) = name(rest)?;
    let (pid, rest) = pid(rest)?;
    let mut event = with_origin(at, level, some_blanks(rest.strip_prefix(b":").unwrap_or(rest))?)?;
    event.app = app.into();
    event.proc_id = pid.into();
    programs::complete(&mut event, "hostd");
    Some(event)
}

/// `[Originator@6876 sub=Vimsvc opID=1] text`.
fn with_origin(at: i64, level: Level, text: &[u8]) -> Option<LogEvent<'_>> {
    let (origin, message) = bracketed(text).filter(|(origin, _)| origin.starts_with("Originator@"))?;
    let mut event = event(FORMAT, Some(at), level, message.trim_ascii_start());
    for (name, value) in origin.split(' ').filter_map(|pair| pair.split_once('=')) {
        if matches!(name, "sub" | "opID") {
            attribute(&mut event, name, value);
        }
    }
    Some(event)
}

fn name(rest: &[u8]) -> Option<(&str, &[u8])> {
    span(some_blanks(rest)?, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn pid(rest: &[u8]) -> Option<(&str, &[u8])> {
    bracketed(rest).filter(|(pid, _)| !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()))
}

fn short_level(word: &str) -> Option<Level> {
    Some(match word {
        "Em" | "Al" | "Cr" => Level::Fatal,
        "Er" => Level::Error,
        "Wa" => Level::Warn,
        "No" | "In" => Level::Info,
        "Db" => Level::Debug,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn both_versions_lines_are_read() {
        for (line, expected) in [
            (
                "2023-11-14T22:13:20.123Z info hostd[7] [Originator@6876 sub=Vimsvc.ha-eventmgr opID=1f] Event 9 : User bob@192.0.2.7 logged in as x",
                "vmware INFO 22:13:20.123 app=hostd pid=7 user=bob ip=192.0.2.7 sub=Vimsvc.ha-eventmgr opID=1f outcome=success | \
                 Event 9 : User bob@192.0.2.7 logged in as x",
            ),
            (
                "2023-11-14T22:13:20.123Z Wa(180) Hostd[7]: [Originator@6876 sub=Default] no",
                "vmware WARN 22:13:20.123 app=Hostd pid=7 sub=Default | no",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
        for rest in [
            "info hostd[7] text",
            "In(166) Hostd text",
            "In(166) Hostd[7] text",
            "In() Hostd[7]: text",
            "cpu3:1234",
            "cpu3:12x)text",
            "cpu:1)text",
            "Xx(1) a[7]: [Originator@6876] text",
            "info [Originator@6876] x",
        ] {
            let line = format!("2023-11-14T22:13:20.123Z {rest}");
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    #[test]
    fn the_kernels_lines_are_read() {
        for (rest, expected) in [
            (
                "cpu3:2099084 opID=a9f5cca4)SunRPC: 1096: Destroying world 0x1",
                "vmware UNKNOWN 22:13:20.123 cpu=3 world=2099084 opID=a9f5cca4 | SunRPC: 1096: Destroying world 0x1",
            ),
            ("cpu0:262792)WARNING: NMP: x", "vmware WARN 22:13:20.123 cpu=0 world=262792 | WARNING: NMP: x"),
            ("cpu0:7)ALERT: Bootbank", "vmware FATAL 22:13:20.123 cpu=0 world=7 | ALERT: Bootbank"),
            (
                "In(182) vmkernel: cpu1:131211)Config: 727: x",
                "vmware INFO 22:13:20.123 app=vmkernel cpu=1 world=131211 | Config: 727: x",
            ),
            (
                "Wa(180) vmkwarning: cpu68:2098009)WARNING: HBX: 2723: x",
                "vmware WARN 22:13:20.123 app=vmkwarning cpu=68 world=2098009 | WARNING: HBX: 2723: x",
            ),
            ("In(182) vmkernel: 9127.5:D:x", "vmware INFO 22:13:20.123 app=vmkernel | 9127.5:D:x"),
            (
                "In(14) vobd[2097521]:  [UserLevelCorrelator] 7us: [vob.user.x] y",
                "vmware INFO 22:13:20.123 app=vobd pid=2097521 | [UserLevelCorrelator] 7us: [vob.user.x] y",
            ),
            ("In(05)+ vmx - more", "vmware INFO 22:13:20.123 app=vmx | more"),
        ] {
            let line = format!("2023-11-14T22:13:20.123Z {rest}");
            check(parse(line.as_bytes(), &CX), &line, expected);
            let event = crate::format::parse(crate::Format::Auto, line.as_bytes(), &CX);
            assert_eq!(event.format, "vmware", "{line}");
        }
    }

    #[test]
    fn the_kernels_messages_behind_a_header_give_their_fields() {
        let line = b"<182>2023-11-14T22:13:20.123Z esx1 vmkernel: cpu3:1234 opID=a1)WARNING: NMP: x";
        let event = crate::format::parse(crate::Format::Auto, line, &CX);
        assert_eq!((&*event.host, &*event.app, event.level), ("esx1", "vmkernel", crate::Level::Warn));
        assert_eq!(&*event.message, b"cpu3:1234 opID=a1)WARNING: NMP: x");
        assert_eq!((event.attributes.get("world"), event.attributes.get("opID")), (Some("1234"), Some("a1")));
    }
}
