//! CouchDB's log, and its requests:
//!
//! ```text
//! [info] 2023-11-14T22:13:20.123456Z couchdb@db1 <0.9.0> -------- Apache CouchDB has started.
//! [notice] 2023-11-14T22:13:20.123456Z couchdb@db1 <0.17.12> e1fed412f8 db.example 192.0.2.7 bob GET /shop 404 ok 1
//! [Tue, 14 Nov 2023 22:13:20 GMT] [info] [<0.9.0>] 192.0.2.7 - - GET /shop 404                                    version 1
//! ```
//!
//! The format is [`erlang`]'s, and the Erlang process the process id. Attributes: `node`, the request's id (`request_id`), and of a request
//! `vhost`, `method`, `path`, `status` and `duration_ms`.

use super::scan::{attribute, blanks, bracketed, event, some_blanks, word};
use super::{Stamped, erlang};
use crate::{Context, LogEvent, address, http_status, level_names, timestamp};

/// Reads a line that begins with a level in a bracket.
pub(super) fn parse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    if text.get(4) == Some(&b',') {
        return first_version(text, cx);
    }
    let (level, rest) = bracketed(text)?;
    let [b' ', rest @ ..] = rest else { return None };
    let is_plain = text.get(level.len() + 1) == Some(&b']') && level.bytes().all(|b| b.is_ascii_lowercase());
    if !rest.first()?.is_ascii_digit() || !is_plain {
        return None;
    }
    let level = level_names::from_word(level)?;
    let stamped = Stamped::read(rest, cx)?;
    let (node, rest) = word(some_blanks(stamped.rest)?).filter(|(node, _)| node.contains('@'))?;
    let (process, rest) = word(some_blanks(rest)?)?;
    let process = process.strip_prefix('<').and_then(|process| process.strip_suffix('>')).map(|_| process)?;
    let (request, rest) = word(some_blanks(rest)?)?;
    let message = blanks(rest);
    let mut event = event(erlang::FORMAT, Some(stamped.at), level, message);
    event.proc_id = process.into();
    attribute(&mut event, "node", node);
    if request != "--------" {
        attribute(&mut event, "request_id", request);
        read_request(&mut event, message);
    }
    Some(event)
}

/// A line of version 1, whose time is in the first of three brackets.
fn first_version<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (date, rest) = bracketed(text)?;
    let (level, rest) = bracketed(rest.strip_prefix(b" ")?)?;
    let (process, rest) = bracketed(rest.strip_prefix(b" ")?).filter(|(process, _)| process.starts_with('<'))?;
    let at = timestamp::parse(date, cx.zone)?;
    let message = rest.strip_prefix(b" ")?;
    let mut event = event(erlang::FORMAT, Some(at), level_names::from_word(level)?, message);
    event.proc_id = process.into();
    let mut words = std::str::from_utf8(message).unwrap_or_default().split(' ');
    let parts: [&str; 6] = std::array::from_fn(|_| words.next().unwrap_or_default());
    if let [client, "-", "-", method, path, status] = parts
        && http_status::is_status(status.as_bytes())
        && words.next().is_none()
    {
        event.ip = address::parse(client).map(|found| found.ip);
        for (name, value) in [("method", method), ("path", path), ("status", status)] {
            attribute(&mut event, name, value);
        }
    }
    Some(event)
}

/// `db.example 192.0.2.7 bob GET /shop 404 ok 1`: host, client, user (`undefined` where nobody logged in), request, outcome, milliseconds.
fn read_request(event: &mut LogEvent<'_>, message: &[u8]) {
    let Ok(text) = std::str::from_utf8(message) else { return };
    let mut words = text.split(' ');
    let parts: [&str; 8] = std::array::from_fn(|_| words.next().unwrap_or_default());
    let [host, client, user, method, path, status, _, duration] = parts;
    let is_request = method.bytes().all(|b| b.is_ascii_uppercase()) && http_status::is_status(status.as_bytes());
    let Some(found) = address::parse(client).filter(|_| is_request && words.next().is_none()) else { return };
    event.ip = Some(found.ip);
    if user != "undefined" {
        event.user_name = user.to_owned().into();
    }
    let fields = [("vhost", host), ("method", method), ("path", path), ("status", status), ("duration_ms", duration)];
    for (name, value) in fields {
        attribute(event, name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn lines_and_requests_are_read() {
        for (line, expected) in [
            (
                "[notice] 2023-11-14T22:13:20.123456Z couchdb@db1 <0.17.12> e1fed412f8 db.example 192.0.2.7 bob GET /shop?a=1 404 ok 1",
                "erlang INFO 22:13:20.123456 pid=<0.17.12> user=bob ip=192.0.2.7 node=couchdb@db1 request_id=e1fed412f8 vhost=db.example method=GET path=/shop?a=1 \
                 status=404 duration_ms=1 | db.example 192.0.2.7 bob GET /shop?a=1 404 ok 1",
            ),
            (
                "[notice] 2023-11-14T22:13:20.123456Z couchdb@db1 <0.17.12> e1fed412f8 db.example:5984 192.0.2.7 undefined GET / 401 ok 6",
                "erlang INFO 22:13:20.123456 pid=<0.17.12> ip=192.0.2.7 node=couchdb@db1 request_id=e1fed412f8 vhost=db.example:5984 method=GET path=/ status=401 \
                 duration_ms=6 | db.example:5984 192.0.2.7 undefined GET / 401 ok 6",
            ),
            (
                "[Tue, 14 Nov 2023 22:13:20 GMT] [info] [<0.9.0>] 192.0.2.7 - - GET /shop?a=1 404",
                "erlang INFO 22:13:20 pid=<0.9.0> ip=192.0.2.7 method=GET path=/shop?a=1 status=404 | 192.0.2.7 - - GET /shop?a=1 404",
            ),
            (
                "[error] 2023-11-14T22:13:20.123456Z couchdb@db1 <0.9.0> -------- no quorum",
                "erlang ERROR 22:13:20.123456 pid=<0.9.0> node=couchdb@db1 | no quorum",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "[info] 2023-11-14T22:13:20Z text",
            "[info] 2023-11-14T22:13:20Z a@b text <0.1.0>",
            "[shop] 2023-11-14T22:13:20Z a@b <0.1.0> -------- text",
            "[info] text",
            "[info",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
