//! Oracle's WebLogic Server:
//!
//! ```text
//! ####<Nov 14, 2023 10:13:20 PM UTC> <Error> <HTTP> <web1> <server1> <main> <bob> <> <ctx> <1700000000123> <BEA-101020> <text>
//! <Nov 14, 2023 10:13:20 PM UTC> <Error> <HTTP> <BEA-101020> <text>                                   on its standard output
//! ```
//!
//! The date is written as the machine's language has it, so the time is the one in milliseconds, or where there is none the date in English. The machine is the host, the code the message's
//! id; the user is the record's, unless it is one of the server's own (`<WLS Kernel>`). Attributes: `subsystem`, `server`, `thread`,
//! `transaction_id`, `context`, and since version 12.2 `supplemental`.

use super::scan::{attribute, enclosed, event};
use super::stamp;
use crate::{Context, LogEvent, level_names, timestamp};

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

/// Reads a record as the server prints it.
pub(super) fn printed<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let mut rest = text;
    let mut field = || {
        let (value, behind) = enclosed(rest, b'<', b'>')?;
        rest = behind.strip_prefix(b" ")?;
        Some(value)
    };
    let (date, severity, subsystem, code) = (field()?, field()?, field()?, field()?);
    let level = level_names::from_word(severity)?;
    let (letters, number) = code.split_once('-')?;
    let is_code = letters.bytes().all(|b| b.is_ascii_uppercase()) && number.bytes().all(|b| b.is_ascii_digit());
    if !is_code || letters.is_empty() || number.is_empty() {
        return None;
    }
    let message = rest.strip_prefix(b"<")?.trim_ascii_end();
    let message = message.strip_suffix(b">").unwrap_or(message);
    let mut event = event(FORMAT, instant(date, cx), level, message.trim_ascii_end());
    event.msg_id = code.into();
    attribute(&mut event, "subsystem", subsystem);
    Some(event)
}

/// `Nov 14, 2023 10:13:20,123 PM CET`: a fraction stands before the half of the day, and the zone has a name.
fn instant(date: &str, cx: &Context) -> Option<i64> {
    let is_fraction = |digits: &str| digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit());
    let divided = date.rsplit_once(',').and_then(|(clock, behind)| {
        let (digits, rest) = behind.split_at_checked(3).filter(|(digits, _)| is_fraction(digits))?;
        Some((format!("{clock}{rest}"), digits.parse::<i64>().ok()? * 1000))
    });
    let (clock, micros) = divided.unwrap_or_else(|| (date.to_owned(), 0));
    let (at, _) = stamp::read(clock.as_bytes(), cx)?;
    Some(at + micros)
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
            (
                "<Nov 14, 2023 11:13:20 PM CET> <Error> <Security> <BEA-090403> <Authentication for user ada denied.>",
                "weblogic ERROR 22:13:20 msgid=BEA-090403 subsystem=Security | Authentication for user ada denied.",
            ),
            (
                "<Nov 14, 2023 5:13:20,123 PM EST> <Notice> <WebLogicServer> <BEA-000360> <Started\nas <it> does> ",
                "weblogic INFO 22:13:20.123 msgid=BEA-000360 subsystem=WebLogicServer | Started\nas <it> does",
            ),
            (
                "<14 nov. 2023 22:13:20> <Warning> <Server> <BEA-002611> <x>",
                "weblogic WARN msgid=BEA-002611 subsystem=Server | x",
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
            "<a> <Error> <HTTP> <text>",
            "<a> <Odd> <HTTP> <BEA-1> <x>",
            "<b> <Error> <i> <u-1> <x>",
            "####<a> <Odd> <HTTP> <h> <s> <t> <u> <> <> <1700000000123> <BEA-1> <x>",
        ] {
            assert_ne!(parse(line.as_bytes(), &CX).map(|event| event.format), Some("weblogic"), "{line}");
        }
    }
}
