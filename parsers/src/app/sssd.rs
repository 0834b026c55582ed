//! The logs of SSSD, which lets users of directories in:
//!
//! ```text
//! (2023-11-14 22:13:20): [be[example.com]] [dp_get_account_info_send] (0x0200): [RID#4] text
//! (Tue Nov 14 22:13:20 2023) [sssd] [server_setup] (0x0400): text             before 2.4
//! ```
//!
//! Attributes: `component`, `function`. The level follows from the bits that `debug_level` is made of.

use super::scan::{attribute, enclosed, event, until};
use crate::{Context, Level, LogEvent, timestamp};

/// The name of this format in [`LogEvent::format`].
const FORMAT: &str = "sssd";

/// Reads such a line; `None` where it is none.
pub(super) fn parse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (time, rest) = until(text.strip_prefix(b"(")?, b")")?;
    let at = timestamp::parse(time, cx.zone).or_else(|| timestamp::asctime(time.as_bytes(), cx.zone))?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    let (component, rest) = enclosed(rest.strip_prefix(b" ")?, b'[', b']')?;
    let (function, rest) = enclosed(rest.strip_prefix(b" ")?, b'[', b']')?;
    let (bits, rest) = until(rest.strip_prefix(b" (0x")?, b"): ")?;
    let level = level_of(u32::from_str_radix(bits, 16).ok()?);
    let mut record = event(FORMAT, Some(at), level, rest);
    record.app = FORMAT.into();
    attribute(&mut record, "component", component);
    attribute(&mut record, "function", function);
    Some(record)
}

/// The levels of sssd.conf(5), each of which is a bit.
fn level_of(bits: u32) -> Level {
    match bits {
        0x0010 | 0x0020 => Level::Fatal,
        0x0040 => Level::Error,
        0x0080 => Level::Warn,
        0x0100 => Level::Info,
        0x0200..=0x0800 => Level::Debug,
        _ => Level::Trace,
    }
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn both_heads_are_read() {
        for (line, expected) in [
            (
                "(2023-11-14 22:13:20): [be[a.example]] [dp_send] (0x0200): [RID#4] x",
                "sssd DEBUG 22:13:20 app=sssd component=be[a.example] function=dp_send | [RID#4] x",
            ),
            (
                "(Tue Nov 14 22:13:20 2023) [sssd] [server_setup] (0x0040): no",
                "sssd ERROR 22:13:20 app=sssd component=sssd function=server_setup | no",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
        for line in ["(7 rows)", "(2023-11-14 22:13:20) x", "(2023-11-14 22:13:20): [a] [b] (x): y"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
