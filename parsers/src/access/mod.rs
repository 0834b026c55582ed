//! Access logs of web servers: NCSA common and combined, as Apache, nginx and those after them write them.
//!
//! ```text
//! [vhost] host ident user [time] "request" status bytes ["referrer" "user agent" [more]]
//! ```
//!
//! - The client is `ip` (`remote_host` where the server resolved its name), the authenticated user `user_name`.
//! - Attributes: `vhost`, `ident`, `method`, `path`, `protocol`, `status`, `bytes`, `referrer`, `user_agent`, and those of
//!   `extras.rs`. What is `-` or empty is absent. A request that is none (a scanner's bytes) is `request`, as it was written.
//! - `\"` and `\\` (nginx: `\x22` and `\x5C`) are resolved; other escapes stand for bytes that are no text and stay.
//! - The level is ERROR for status 5xx, WARN for 4xx, else INFO.
//! - The message is the whole line: each part of it is what an auditor may search for.
//! - A user agent that was cut off before its closing quote is taken as it is.
//!
//! Relatives that order the same facts otherwise are read as well: see `proxy_manager.rs`, `envoy.rs`, `zoraxy.rs`, `s3.rs`,
//! `ssl_request.rs`, `runserver.rs`, `gin.rs`, `uwsgi.rs` and `atlassian.rs`.

pub(crate) mod atlassian;
mod envoy;
mod extras;
pub(crate) mod gin;
mod head;
pub(crate) mod months;
mod proxy_manager;
mod runserver;
mod s3;
mod ssl_request;
mod time;
pub(crate) mod uwsgi;
mod zoraxy;

use std::borrow::Cow;
use std::net::IpAddr;

use crate::cursor::{Cursor, push, push_unescaped};
use crate::{Attributes, Context, LogEvent, address, http_status, request_line};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "access";

/// A time in square brackets stands this near to the front, or the line is no access log's.
pub(crate) const HEAD_BYTES_MAX: usize = 1024;

/// Reads a line of an access log; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    if gin::begins(line) {
        return gin::read(line, cx);
    }
    if uwsgi::begins(line) {
        return uwsgi::read(line, cx);
    }
    let searched = line.get(..HEAD_BYTES_MAX).unwrap_or(line);
    // Three are before the time at most, where a format repeats the client in brackets.
    for start in memchr::memchr_iter(b'[', searched).take(4) {
        let inside = line.get(start + 1..)?;
        if let Some((stamp, after)) = time::read(inside, cx.zone) {
            let head = line.get(..start)?.trim_ascii();
            // A line that begins with a time of its own is another's, which holds this one.
            let is_dated = matches!(head, [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-' | b'/', ..]);
            if is_dated && !zoraxy::is_head(head) {
                return None;
            }
            return around(head, stamp, after, line);
        }
    }
    None
}

/// Reads what stands before and behind the time.
fn around<'a>(head: &'a [u8], stamp: i64, after: &'a [u8], line: &'a [u8]) -> Option<LogEvent<'a>> {
    let mut event = LogEvent {
        timestamp: Some(stamp),
        message: Cow::Borrowed(line),
        format: FORMAT,
        attributes: Attributes::with_capacity(line.len() + 64, 12),
        ..LogEvent::default()
    };
    let cursor = Cursor::new(after);
    if head.is_empty() {
        runserver::read(cursor, &mut event)
            .or_else(|| envoy::read(cursor, &mut event))
            .or_else(|| proxy_manager::read(cursor, &mut event))
            .or_else(|| ssl_request::read(cursor, &mut event))
            .or_else(|| atlassian::read(cursor, &mut event))?;
    } else if s3::is_head(head, after) {
        s3::read(head, cursor, &mut event)?;
    } else if zoraxy::is_head(head) {
        zoraxy::read(cursor, &mut event)?;
    } else {
        head::read(head, &mut event)?;
        tail(cursor, &mut event)?;
    }
    Some(event)
}

/// Reads the request and what follows it.
fn tail<'a>(mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    // Some name the server that was asked behind the time.
    if !matches!(cursor.rest(), [b' ', b'"', ..] | [b'"', ..]) {
        let vhost = cursor.word().filter(|word| word.contains(&b'.') && !word.contains(&b'"'))?;
        push(&mut event.attributes, "vhost", vhost);
        cursor.skip_blanks();
    }
    let request = cursor.quoted()?;
    let (status, bytes) = (cursor.word()?, cursor.word());
    // Squid writes 0 where nothing was answered.
    if !http_status::is_status(status) && !matches!(status, b"-" | b"0") {
        return None;
    }
    request_line::push_parts(&mut event.attributes, request);
    event.level = http_status::level(status);
    push(&mut event.attributes, "status", status);
    push(&mut event.attributes, "bytes", bytes.unwrap_or_default());
    let words = before_referrer(&mut cursor);
    for name in ["referrer", "user_agent"] {
        cursor.skip_blanks();
        if !matches!(cursor.rest(), [b'"', ..] | [b'-'] | [b'-', b' ', ..]) {
            break;
        }
        let value = cursor.quoted_or_cut().or_else(|| cursor.word())?;
        push_unescaped(&mut event.attributes, name, value);
    }
    let first = extras::push_words(&mut event.attributes, words);
    extras::push_all(&mut event.attributes, cursor, first);
    Some(())
}

/// Takes the words that Tomcat may be told to write between the bytes and the referrer; none where no referrer and user agent follow them in
/// quotes.
fn before_referrer<'a>(cursor: &mut Cursor<'a>) -> &'a [u8] {
    const WORDS_MAX: usize = 4;
    cursor.skip_blanks();
    let start = cursor.rest();
    // The usual line, whose next values are these two.
    if matches!(start, [] | [b'"' | b'-', ..]) {
        return &[];
    }
    let mut ahead = *cursor;
    for _ in 0..WORDS_MAX {
        if matches!(ahead.rest(), [] | [b'"', ..]) {
            break;
        }
        let _ = ahead.word();
        ahead.skip_blanks();
    }
    let mut behind = ahead;
    let has_both = behind.quoted().is_some_and(|text| text == b"-" || memchr::memmem::find(text, b"://").is_some())
        && behind.quoted().is_some();
    if !has_both {
        return &[];
    }
    *cursor = ahead;
    start.get(..start.len() - ahead.rest().len()).unwrap_or_default()
}

/// The address that `client` is, with its port or without.
fn ip_of(client: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(client).ok().and_then(address::parse).map(|found| found.ip)
}

#[cfg(test)]
mod tests;
