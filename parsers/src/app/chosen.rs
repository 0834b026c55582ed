//! Lines of a stream of which it is known by many lines that a program of one kind writes it: that program's parser is asked alone.

use super::{
    Stamped, android, complete, dotnet, elasticsearch, erlang, exim, go, java, jul, klog, mongodb, mysql, nagios, node,
    parse, php, postgresql, python, redis, ruby, rust, trimmed,
};
use crate::syslog::shape;
use crate::{Context, Format, LogEvent};

/// Reads `line` by the parser of `format` alone; `None` where it refuses the line, or `format` is none of a program's own.
///
/// A line that several programs' parsers take is `format`'s, though [`parse`](super::parse) may ask another one before.
#[inline]
pub(crate) fn read_chosen<'a>(format: Format, line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let mut event = match format {
        Format::App => return apps(line, cx),
        Format::Android => android::parse(line, cx),
        Format::Dotnet => dotnet::parse(line, cx),
        Format::Elasticsearch => elasticsearch::parse(line, cx),
        Format::Erlang => erlang::parse(line, cx),
        Format::Exim => exim::parse(line, cx),
        Format::Go => gos(trimmed(line), cx),
        Format::Java => javas(trimmed(line), cx),
        Format::Klog => klog::parse(line, cx),
        Format::Mongodb => mongodb::parse(line, cx),
        Format::Mysql => mysql::parse(line, cx),
        Format::Nagios => nagios::parse(line, cx),
        Format::Node => node::parse(line, cx),
        Format::Php => php::parse(line, cx),
        // With a `T` in its date the line may be a container runtime's or a syslog daemon's, which hold those of others.
        Format::Postgresql if line.get(10) != Some(&b'T') && !shape::names_host_behind_stamp(line) => {
            postgresql::parse(line, cx)
        }
        Format::Python => pythons(trimmed(line), cx),
        Format::Redis => redis::parse(line, cx),
        Format::Ruby => ruby::parse(line, cx),
        Format::Rust => rust::parse(line, cx),
        _ => None,
    }?;
    complete(&mut event);
    Some(event)
}

/// Programs' formats that have no name of their own.
fn apps<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    // A web server's line may begin with a date in slashes; a container runtime's and a record of RFC 5424 hold those of others.
    let behind_stamp = memchr::memchr(b' ', line.get(..40).unwrap_or(line)).and_then(|at| line.get(at..));
    let is_others = line.get(4) == Some(&b'/')
        || behind_stamp.is_some_and(|rest| rest.starts_with(b" std") || shape::begins_as_5424(line, rest));
    if is_others || shape::names_host_behind_stamp(line) { None } else { parse(line, cx) }
}

fn gos<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let stamped = Stamped::read(text, cx)?;
    // A web server's line may have another date in the bracket.
    let may_be_web_servers = stamped.rest.trim_ascii_start().first() == Some(&b'[');
    if may_be_web_servers { None } else { go::any_after_stamp(&stamped, cx) }
}

// Without what is Java's or Python's only because it is said to be: a level, a name and a text.
fn javas<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    match text.first()? {
        b'[' => java::kafka(&Stamped::in_bracket(text, cx)?),
        b'A'..=b'Z' => jul::parse(text, cx).or_else(|| java::level_first(text, cx)),
        // Some lines are of loggers of several languages.
        _ => {
            let stamped = Stamped::read(text, cx)?;
            let event = java::after_stamp(&stamped).filter(|event| event.format == java::FORMAT);
            event.or_else(|| java::barred(&stamped))
        }
    }
}

fn pythons<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    match text.first()? {
        b'[' => python::bracketed_stamp(&Stamped::in_bracket(text, cx)?),
        b'A'..=b'Z' => python::level_first(text, cx),
        b'a'..=b'z' => python::file_first(text, cx),
        _ => python::any_after_stamp(&Stamped::read(text, cx)?),
    }
}
