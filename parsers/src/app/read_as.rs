//! Lines of a stream whose last line was in one of these formats: its parser is asked alone, where no other would have taken the line before it.

use super::scan::{blanks, some_blanks};
use super::{
    Stamped, android, bracket_first, completed, dotnet, elasticsearch, erlang, exim, go, java, klog, mongodb, mysql,
    nagios, node, parse_dated, php, python, redis, ruby, rust, trimmed,
};
use crate::find::find;
use crate::syslog::shape;
use crate::{Context, Format, LogEvent, level_names, timestamp};

/// Reads `line` by the parser of `format` alone, where that is sure to give what asking all of them gives; `None` where it is not.
///
/// What is looked at before is what the parsers that are asked earlier would stop at: they know their lines by the first bytes.
#[inline]
pub(crate) fn read_as<'a>(format: Format, line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let event = match (format, line) {
        (Format::Klog, [_, b'0'..=b'2', b'0'..=b'9', ..]) => klog::parse(line, cx),
        (Format::Redis, _) if redis::begins_with_role(line) => redis::parse(line, cx),
        (Format::Elasticsearch, [b'[', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..]) => elasticsearch::parse(line, cx),
        (Format::Nagios, [b'[', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..]) => nagios::parse(line, cx),
        (Format::Php, [b'[', b'0'..=b'9', b'0'..=b'9', b'-' | b'0'..=b'9', ..]) => php::parse(line, cx),
        (Format::Ruby, [_, b',', b' ', b'[', ..]) => ruby::parse(line, cx),
        (Format::Android, [b'0' | b'1', b'0'..=b'9', b'-', b'0'..=b'9', b'0'..=b'9', b' ', ..]) => {
            android::parse(line, cx)
        }
        (Format::Node, [_, _, _, _, b'-', ..]) if is_plainly_nodes(line) => node::parse(line, cx),
        (Format::Go, [_, _, _, _, b'/', ..]) => gos(line, cx),
        (
            Format::Java | Format::Python | Format::Rust | Format::Node | Format::Dotnet,
            [b'[', b'0'..=b'9', b'0'..=b'9', third, ..],
        ) if *third != b'/' => bracket_first(trimmed(line), cx).filter(|event| event.format == format.as_str()),
        // With a tab the line may be labelled values, with a bracket a web server's.
        (Format::Python, [b'A'..=b'Z', b'A'..=b'Z', b'A'..=b'Z', b'A'..=b'Z', ..]) if !has_mark(line) => {
            python::parse(line, cx)
        }
        (_, [_, _, _, _, b'-', ..]) => return dated(format, line, cx),
        _ => None,
    };
    event.map(completed)
}

/// As [`read_as`], for a line with a date at its front.
#[inline]
fn dated<'a>(format: Format, line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let event = match format {
        Format::Rust => rust::parse(line, cx),
        // With the letter of a severity; without one the line may be Java's.
        Format::Mongodb if matches!(line.get(28..31), Some([b' ', b'A'..=b'Z', b' '])) => mongodb::parse(line, cx),
        Format::Erlang => erlang::parse(line, cx),
        // But for ids that begin with a digit PostgreSQL is asked before, whose severity has a colon and two blanks.
        Format::Exim if begins_with_id(line) || find(line, b":  ").is_none() => exim::parse(line, cx),
        Format::Dotnet => dotnet::parse(line, cx),
        Format::Mysql => mysql::parse(line, cx),
        Format::Java if names_thread(line) => java::parse(line, cx),
        Format::Java if has_level_first(line) => {
            let event = level_first_java(line, cx);
            return match event {
                Some(event) => Some(completed(event)),
                None => all_dated(format, line, cx),
            };
        }
        Format::Java
        | Format::App
        | Format::Mongodb
        | Format::Node
        | Format::Go
        | Format::Python
        | Format::Postgresql
        | Format::Ruby => {
            return all_dated(format, line, cx);
        }
        _ => None,
    };
    event.map(completed)
}

/// Whether a digit, as Exim's ids have it, follows the second of a time that begins `line`.
fn begins_with_id(line: &[u8]) -> bool {
    matches!(line.get(19..), Some([b' ', b'0'..=b'9', ..]))
}

/// As [`dated`], by asking all parsers of such lines in their order.
fn all_dated<'a>(format: Format, line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (at, rest) = timestamp::iso_prefix(line, cx.zone)?;
    // The lines of a container runtime, and of hosts, hold those of others.
    if shape::begins_as_5424(line, rest) || rest.starts_with(b" std") || shape::names_host(line, rest) {
        return None;
    }
    parse_dated(line, at, rest, cx).filter(|event| event.format == format.as_str())
}

/// `2023/11/14 22:13:20 text`: what begins with a letter in lower case is nobody else's but for .NET's console, whose levels have four letters.
fn gos<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let stamped = Stamped::read(trimmed(line), cx)?;
    match stamped.rest {
        [b' ', _, _, _, _, b':', b' ', ..] => None,
        [b' ', b'a'..=b'z', ..] => go::after_stamp(&stamped),
        _ => None,
    }
}

/// Whether other programs' parsers look at the line: a web server's, or those of labelled values.
pub(crate) fn has_mark(line: &[u8]) -> bool {
    memchr::memchr2(b'[', b'\t', line).is_some()
}

/// Whether behind the level no name with a bracket stands, as .NET's console has it, and before it no other word.
fn is_plainly_nodes(line: &[u8]) -> bool {
    let text = match line.get(19..).unwrap_or_default() {
        [b'.' | b',', _, _, _, b'Z', b' ', text @ ..] | [b'.' | b',', _, _, _, b' ', text @ ..] => text,
        [b'Z', b' ', text @ ..] | [b' ', text @ ..] => text,
        _ => return false,
    };
    match text {
        [b'i', b'n', b'f', b'o', b':', b' ', name @ ..] | [b'w', b'a', b'r', b'n', b':', b' ', name @ ..] => {
            !matches!(name.iter().find(|b| matches!(b, b' ' | b'[')), Some(b'['))
        }
        [b'a'..=b'z', ..] => true,
        _ => false,
    }
}

/// Whether a word in capitals stands behind the time.
fn has_level_first(line: &[u8]) -> bool {
    let rest = match line.get(19..).unwrap_or_default() {
        [b',' | b'.', _, _, _, b'Z', rest @ ..] | [b',' | b'.', _, _, _, rest @ ..] | [b'Z', rest @ ..] | rest => rest,
    };
    matches!(rest, [b' ', b'A'..=b'Z', ..] | [b' ', b' ', b'A'..=b'Z', ..])
}

/// A level in capitals, and behind it a thread in brackets or a process id: of all that begin so, Java's loggers are asked first.
fn level_first_java<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    /// Shorter words may be other formats' letters.
    const LEVEL_BYTES_MIN: usize = 4;
    let stamped = Stamped::read(trimmed(line), cx)?;
    let text = blanks(stamped.rest);
    let letters = text.iter().take(10).take_while(|b| b.is_ascii_uppercase()).count();
    let is_javas = letters >= LEVEL_BYTES_MIN
        && matches!(some_blanks(text.get(letters..)?)?, [b'[' | b'0'..=b'9', ..])
        && !stamped.rest.starts_with(b",");
    let event = if is_javas { java::after_stamp(&stamped) } else { None };
    event.filter(|event| event.format == java::FORMAT)
}

/// Whether a thread stands in brackets behind the time: of all these formats Java's are asked first then.
fn names_thread(line: &[u8]) -> bool {
    const THREAD_BYTES_MAX: usize = 64;
    /// No word for a level is longer.
    const LEVEL_BYTES_MAX: usize = 16;
    // With milliseconds or without, and with or without a zone of one letter.
    let inside = match line.get(16..).unwrap_or_default() {
        [b':', _, _, b' ', b'[', inside @ ..] | [b':', _, _, b'Z', b' ', b'[', inside @ ..] => inside,
        [b':', _, _, b'.' | b',', _, _, b'0'..=b'9', b' ', b'[', inside @ ..] => inside,
        [b':', _, _, b'.' | b',', _, _, b'0'..=b'9', b'Z', b' ', b'[', inside @ ..] => inside,
        _ => return false,
    };
    let near = inside.get(..THREAD_BYTES_MAX).unwrap_or(inside);
    let thread = memchr::memchr(b']', near).and_then(|end| inside.get(..end)).map(<[u8]>::trim_ascii);
    thread.is_some_and(|thread| {
        let is_long = thread.len() > LEVEL_BYTES_MAX;
        let is_level = || std::str::from_utf8(thread).is_ok_and(|word| level_names::from_word(word).is_some());
        thread != b"System" && !thread.first().is_none_or(u8::is_ascii_digit) && (is_long || !is_level())
    })
}
