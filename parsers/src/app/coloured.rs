//! Lines with a terminal's colours (`ESC [ 3 2 m`), as loggers write them into files and containers' output alike: what is left without
//! the colours is a line of one of these formats. `tracing-subscriber` writes colours unless it is told not to.

use crate::{Context, LogEvent};

/// No head is longer: a colour that begins behind it does not tell the format.
const HEAD_BYTES_MAX: usize = 4096;

/// Reads a line that begins with a colour; `None` where it is of no format without its colours either.
pub(super) fn parse(text: &[u8], cx: &Context) -> Option<LogEvent<'static>> {
    code(text)?;
    let plain = without_colours(text);
    // What follows is read once: a line that begins with another escape is of no format.
    let first = *plain.trim_ascii_start().first()?;
    let may_be_headed = first.is_ascii_digit() || first == b'[' || first.is_ascii_uppercase();
    may_be_headed.then(|| super::parse(&plain, cx).map(LogEvent::into_owned))?
}

/// The length of the colour that `text` begins with.
fn code(text: &[u8]) -> Option<usize> {
    let codes = text.strip_prefix(b"\x1b[")?;
    let length = codes.iter().take(16).take_while(|b| b.is_ascii_digit() || **b == b';').count();
    (codes.get(length) == Some(&b'm')).then_some(length + 3)
}

fn without_colours(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len().min(HEAD_BYTES_MAX));
    let mut rest = text;
    while let Some(at) = memchr::memchr(0x1b, rest) {
        let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, b""));
        plain.extend_from_slice(before);
        let skipped = code(escape).unwrap_or_else(|| {
            plain.push(0x1b);
            1
        });
        rest = escape.get(skipped..).unwrap_or_default();
    }
    plain.extend_from_slice(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn a_line_in_colours_is_read_as_without_them() {
        for (line, expected) in [
            (
                "\x1b[2m2023-11-14T22:13:20.123456Z\x1b[0m \x1b[32m INFO\x1b[0m \x1b[2mshop\x1b[0m\x1b[2m:\x1b[0m ready \x1b[3mn\x1b[0m\x1b[2m=\x1b[0m7",
                "rust INFO 22:13:20.123456 target=shop | ready n=7",
            ),
            (
                "\x1b[90m[\x1b[0m2023-11-14T22:13:20Z \x1b[1m\x1b[31mERROR\x1b[0m shop::cart\x1b[90m]\x1b[0m no",
                "rust ERROR 22:13:20 target=shop::cart | no",
            ),
        ] {
            check(crate::app::parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_escapes_are_no_colours() {
        for line in
            ["\x1b", "\x1b[", "\x1b[2J2023-11-14T22:13:20Z  INFO a: b", "\x1b[31mred\x1b[0m", "\x1b[31m\x1b[2J1"]
        {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line:?}");
        }
        assert_eq!(without_colours(b"a\x1b[0mb\x1b[2Jc\x1b"), b"ab\x1b[2Jc\x1b");
    }
}
