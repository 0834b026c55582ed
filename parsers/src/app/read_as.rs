//! Lines of a stream whose last line was in one of these formats: its parser is asked alone, where no other would have taken the line before it.

use super::{
    android, completed, dotnet, elasticsearch, erlang, exim, go, java, klog, mongodb, mysql, nagios, node, parse_dated,
    php, redis, ruby, rust,
};
use crate::{Context, Format, LogEvent, level_names, timestamp};

/// Reads `line` by the parser of `format` alone, where that is sure to give what asking all of them gives; `None` where it is not.
#[inline]
pub(crate) fn read_as<'a>(format: Format, line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let event = match (format, line) {
        (Format::Klog, _) if !has_mark(line) => klog::parse(line, cx),
        (Format::Redis, _) if redis::begins_with_role(line) && !has_mark(line) => redis::parse(line, cx),
        (Format::Elasticsearch, [b'[', b'0'..=b'9', ..]) if !has_tab(line) => elasticsearch::parse(line, cx),
        (Format::Nagios, [b'[', b'0'..=b'9', ..]) if !has_tab(line) => nagios::parse(line, cx),
        (Format::Php, [b'[', b'0'..=b'9', ..]) if !has_tab(line) => php::parse(line, cx),
        (Format::Ruby, [_, b',', b' ', b'[', ..]) if !has_tab(line) => ruby::parse(line, cx),
        (Format::Android, [_, _, b'-', ..]) if !has_mark(line) => android::parse(line, cx),
        // With a bracket behind the first word of its text the line would be .NET's.
        (Format::Node, [_, _, _, _, b'-', ..]) if !has_mark(line) => node::parse(line, cx),
        (Format::Go, [_, _, _, _, b'/', ..]) if is_plainly_gos(line) => go::parse(line, cx),
        (_, [_, _, _, _, b'-', ..]) if !has_tab(line) => return dated(format, line, cx),
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
        Format::Exim => exim::parse(line, cx),
        Format::Dotnet => dotnet::parse(line, cx),
        Format::Mysql => mysql::parse(line, cx),
        Format::Java if names_thread(line) => java::parse(line, cx),
        Format::Java
        | Format::App
        | Format::Mongodb
        | Format::Node
        | Format::Python
        | Format::Postgresql
        | Format::Ruby => {
            let (at, rest) = timestamp::iso_prefix(line, cx.zone)?;
            // A container runtime's lines hold those of others.
            if rest.starts_with(b" std") {
                return None;
            }
            return parse_dated(line, at, rest, cx).filter(|event| event.format == format.as_str());
        }
        _ => None,
    };
    event.map(completed)
}

/// Whether other programs' parsers look at the line: a web server's, or those of labelled values.
pub(crate) fn has_mark(line: &[u8]) -> bool {
    memchr::memchr2(b'[', b'\t', line).is_some()
}

/// With a tab a line may be labelled values.
fn has_tab(line: &[u8]) -> bool {
    memchr::memchr(b'\t', line).is_some()
}

/// `2023/11/14 22:13:20 text in small letters`, without what others have behind a name or around it.
fn is_plainly_gos(line: &[u8]) -> bool {
    let text = line.get(19..).and_then(|rest| rest.strip_prefix(b" "));
    text.is_some_and(|text| {
        text.first().is_some_and(u8::is_ascii_lowercase) && memchr::memchr3(b'[', b':', b'\t', text).is_none()
    })
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
