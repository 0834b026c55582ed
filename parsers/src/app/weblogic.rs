//! Oracle's WebLogic Server:
//!
//! ```text
//! ####<Nov 14, 2023 10:13:20 PM UTC> <Error> <HTTP> <web1> <server1> <main> <bob> <> <ctx> <1700000000123> <BEA-101020> <text>
//! ```
//!
//! The date is written as the machine's language has it, so the time is the one in milliseconds. The machine is the host, the code the message's
//! id; the user is the record's, unless it is one of the server's own (`<WLS Kernel>`). Attributes: `subsystem`, `server`, `thread`,
//! `transaction_id`, `context`, and since version 12.2 `supplemental`.

use super::scan::{attribute, enclosed, event};
use crate::{LogEvent, level_names, timestamp};

/// The name of this format in [`LogEvent::format`].
const FORMAT: &str = "weblogic";

/// Reads a record.
pub(super) fn parse(text: &[u8]) -> Option<LogEvent<'_>> {
    let mut rest = text.strip_prefix(b"####")?;
    let mut field = || {
        let (value, behind) = enclosed(rest, b'<', b'>')?;
        rest = behind.strip_prefix(b" ")?;
        Some(value)
    };
    let (_date, severity, subsystem, machine, server) = (field()?, field()?, field()?, field()?, field()?);
    let (thread, user, transaction, context, millis) = (field()?, field()?, field()?, field()?, field()?);
    let mut code = field()?;
    let supplemental = if code.starts_with('[') { std::mem::replace(&mut code, field()?) } else { "" };
    let level = level_names::from_word(severity)?;
    let at = Some(millis).filter(|millis| millis.len() == 13).and_then(timestamp::epoch)?;
    let message = rest.strip_prefix(b"<")?;
    let message = message.trim_ascii_end().strip_suffix(b">").unwrap_or(message);
    let mut event = event(FORMAT, Some(at), level, message.trim_ascii_end());
    event.host = machine.into();
    event.msg_id = code.into();
    if !user.starts_with('<') {
        event.user_name = user.into();
    }
    for (name, value) in [
        ("subsystem", subsystem),
        ("server", server),
        ("thread", thread),
        ("transaction_id", transaction),
        ("context", context),
        ("supplemental", supplemental),
    ] {
        attribute(&mut event, name, value);
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn what_stands_in_angles_is_read() {
        for (line, expected) in [
            (
                "####<Nov 14, 2023 10:13:20,123 PM UTC> <Error> <HTTP> <web1> <server1> <[ACTIVE] ExecuteThread: '0'> <bob> <> <> <1700000000123> <BEA-101020> <Servlet failed\n\tat a.b.C>",
                "weblogic ERROR 22:13:20.123 host=web1 msgid=BEA-101020 user=bob subsystem=HTTP server=server1 \
                 thread=[ACTIVE] ExecuteThread: '0' | Servlet failed\n\tat a.b.C",
            ),
            (
                "####<14 nov. 2023 22:13:20> <Notice> <WebLogicServer> <web1> <server1> <main> <<WLS Kernel>> <> <c-1> <1700000000123> <[severity-value: 32] [rid: 0] > <BEA-000360> <Started. > ",
                "weblogic INFO 22:13:20.123 host=web1 msgid=BEA-000360 subsystem=WebLogicServer server=server1 thread=main context=c-1 \
                 supplemental=[severity-value: 32] [rid: 0] | Started.",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "####<a> <b>",
            "#### <Nov 14, 2023> text",
            "####<a> <Error> <HTTP> <h> <s> <t> <u> <> <> <17> <BEA-1> <x>",
            "####<a> <Odd> <HTTP> <h> <s> <t> <u> <> <> <1700000000123> <BEA-1> <x>",
        ] {
            assert_ne!(parse(line.as_bytes(), &CX).map(|event| event.format), Some("weblogic"), "{line}");
        }
    }
}
