//! Ruby's `Logger`, Rails' requests, and Sidekiq:
//!
//! ```text
//! I, [2023-11-14T22:13:20.123456 #7]  INFO -- shop: ready
//! Started GET "/cart" for 192.0.2.7 at 2023-11-14 22:13:20 +0000
//! 2023-11-14T22:13:20.123Z pid=7 tid=gx8 class=Mailer jid=4f0 INFO: done
//! 2023-11-14T22:13:20.123Z 7 TID-gx8 INFO: done
//! ```
//!
//! The program's name is the app. Attributes: `method` and `path` of a request, and Sidekiq's names.

use super::scan::{attribute, blanks, capital_level, digits, event, some_blanks, until, word};
use super::{Stamped, stamp, trimmed};
use crate::{Context, Level, LogEvent, address};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "ruby";

/// Reads a line of a Ruby program; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    match text {
        [b'A'..=b'Z', b',', b' ', b'[', ..] => logger(text, cx),
        [b'S', ..] => request(text, cx),
        _ => after_stamp(&Stamped::read(text, cx)?),
    }
}

/// Reads what follows a time that begins the line: Sidekiq's lines.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let rest = stamped.rest.strip_prefix(b" ")?;
    let mut event = event(FORMAT, Some(stamped.at), Level::Unknown, rest);
    let mut rest = if rest.starts_with(b"pid=") {
        rest
    } else {
        let (pid, rest) = digits(rest)?;
        event.proc_id = pid.into();
        let (tid, rest) = word(rest.strip_prefix(b" TID-")?)?;
        attribute(&mut event, "tid", tid);
        some_blanks(rest)?
    };
    loop {
        if let Some((level, message)) = capital_level(rest) {
            event.level = level;
            event.message = blanks(message.strip_prefix(b":")?).into();
            return Some(event);
        }
        let (pair, after) = word(rest)?;
        match pair.split_once('=') {
            Some(("pid", pid)) => event.proc_id = pid.into(),
            Some((name, value)) => attribute(&mut event, name, value),
            // Before version 6: "Mailer JID-4f0 INFO: done".
            None => match pair.strip_prefix("JID-") {
                Some(jid) => attribute(&mut event, "jid", jid),
                None => attribute(&mut event, "class", pair),
            },
        }
        rest = some_blanks(after)?;
    }
}

/// `I, [2023-11-14T22:13:20.123456 #7]  INFO -- shop: ready`.
pub(super) fn logger<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (at, rest) = stamp::read(text.get(4..)?, cx)?;
    let (pid, rest) = digits(some_blanks(rest)?.strip_prefix(b"#")?)?;
    let rest = some_blanks(rest.strip_prefix(b"]")?)?;
    let (level, rest) = match rest.strip_prefix(b"ANY") {
        Some(rest) => (Level::Unknown, rest),
        None => capital_level(rest)?,
    };
    let rest = rest.strip_prefix(b" -- ")?;
    let (program, message) = until(rest, b": ").or_else(|| until(rest, b":").filter(|(_, rest)| rest.is_empty()))?;
    let mut event = event(FORMAT, Some(at), level, message);
    event.proc_id = pid.into();
    event.app = program.into();
    Some(event)
}

/// `Started GET "/cart" for 192.0.2.7 at 2023-11-14 22:13:20 +0000`.
pub(super) fn request<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (method, rest) = until(text.strip_prefix(b"Started ")?, b" \"")?;
    let (path, rest) = until(rest, b"\" for ")?;
    let (client, rest) = until(rest, b" at ")?;
    let (at, rest) = stamp::read(rest, cx)?;
    let mut event = event(FORMAT, Some(at), Level::Info, text);
    event.ip = address::parse(client).map(|found| found.ip);
    attribute(&mut event, "method", method);
    attribute(&mut event, "path", path);
    for line in rest.split(|b| *b == b'\n').skip(1) {
        about_request(&mut event, line);
    }
    matches!(rest.first(), None | Some(b'\n')).then_some(event)
}

/// What Rails says on further lines of a request, where they are one record with its first.
fn about_request(event: &mut LogEvent<'_>, line: &[u8]) -> Option<()> {
    if let Some(rest) = line.strip_prefix(b"Processing by ") {
        let (controller, rest) = until(rest, b"#")?;
        let (action, format) = until(rest, b" as ")?;
        attribute(event, "controller", controller);
        attribute(event, "action", action);
        attribute(event, "format", std::str::from_utf8(format).ok()?.trim_end());
    } else {
        let (status, _) = until(line.strip_prefix(b"Completed ")?, b" ")?;
        attribute(event, "status", status);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn the_usual_lines_are_read() {
        for (line, expected) in [
            (
                "I, [2023-11-14T22:13:20.123456 #7]  INFO -- shop: ready: yes",
                "ruby INFO 22:13:20.123456 app=shop pid=7 | ready: yes",
            ),
            ("E, [2023-11-14T22:13:20.123456 #7] ERROR -- : no", "ruby ERROR 22:13:20.123456 pid=7 | no"),
            ("A, [2023-11-14T22:13:20.123456 #7]   ANY -- : x", "ruby UNKNOWN 22:13:20.123456 pid=7 | x"),
            (
                "Started PUT \"/cart\" for 192.0.2.7 at 2023-11-14 22:13:20 +0000\nProcessing by CartsController#update as JSON\n  Parameters: {}\nCompleted 204 No Content in 3ms",
                "ruby INFO 22:13:20 ip=192.0.2.7 method=PUT path=/cart controller=CartsController action=update format=JSON status=204 | \
                 Started PUT \"/cart\" for 192.0.2.7 at 2023-11-14 22:13:20 +0000\nProcessing by CartsController#update as JSON\n  Parameters: {}\nCompleted 204 No Content in 3ms",
            ),
            (
                "Started GET \"/cart?a=1\" for 192.0.2.7 at 2023-11-14 23:13:20 +0100",
                "ruby INFO 22:13:20 ip=192.0.2.7 method=GET path=/cart?a=1 | Started GET \"/cart?a=1\" for 192.0.2.7 at 2023-11-14 23:13:20 +0100",
            ),
            (
                "2023-11-14T22:13:20.123Z pid=7 tid=gx8 class=Mailer jid=4f0 INFO: done",
                "ruby INFO 22:13:20.123 pid=7 tid=gx8 class=Mailer jid=4f0 | done",
            ),
            (
                "2023-11-14T22:13:20.123Z 7 TID-gx8 Mailer JID-4f0 WARN: late",
                "ruby WARN 22:13:20.123 pid=7 tid=gx8 class=Mailer jid=4f0 | late",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in
            ["", "I, [x", "Started late", "2023-11-14T22:13:20.123Z 7 INFO: x", "2023-11-14T22:13:20.123Z pid=7"]
        {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
