//! Lines that a program's logger wrote with a time of its own, to its output or a file: what systemd and syslog's clients pass on of it
//! has a priority that says nothing of the line.

use crate::{Context, Level, LogEvent, apache_error, app, nginx_error, plain};

/// Whether [`read`] may read a message: a look at its first byte.
pub(super) fn may_begin(message: &[u8]) -> bool {
    matches!(message.first(), Some(b'2' | b'[' | b'I' | b'W' | b'E' | b'F'))
}

/// Reads a message that begins with a logger's time, or as klog's lines do; `None` where it does not, or says nothing by that.
///
/// Host, program and process are what the header says, or nothing.
pub(super) fn read<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let event = match message {
        // Read by `crate::wrapped`, whatever the program.
        [b'2', b'0', _, _, b'/', ..] if nginx_error::begins(message, cx) => None,
        [b'2', b'0', _, _, b'-' | b'/', b'0' | b'1', ..] => app::parse(message, cx).or_else(|| dated(message, cx)),
        [b'[', b'2', b'0', _, _, b'-' | b'/', ..] | [b'[', b'0'..=b'3', b'0'..=b'9', b'-', ..] => {
            app::parse(message, cx).or_else(|| dated(message, cx))
        }
        [b'[', inside @ ..] if apache_error::begins_with_asctime(inside) => apache_error::parse(message, cx),
        [b'I' | b'W' | b'E' | b'F', b'0' | b'1', b'0'..=b'9', b'0'..=b'3', b'0'..=b'9', b' ', ..] => {
            app::klog::parse(message, cx)
        }
        _ => None,
    }?;
    Some(LogEvent { host: "".into(), app: "".into(), proc_id: "".into(), ..event })
}

/// A line with nothing but a level behind its time.
fn dated<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let level = plain::leading_level(plain::body(message, cx));
    (level != Level::Unknown).then(|| LogEvent { level, ..LogEvent::default() })
}
