//! The request line of HTTP as servers log it: `GET /index.html HTTP/1.1`.

use crate::Attributes;
use crate::cursor::{push, push_unescaped};

/// The longest method that is taken for one.
const METHOD_BYTES_MAX: usize = 32;

/// The parts of a request line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestLine<'a> {
    pub method: &'a [u8],
    /// The target as it was asked for; may hold blanks.
    pub path: &'a [u8],
    /// Empty for HTTP/0.9, which states none.
    pub protocol: &'a [u8],
}

/// Reads `line`; `None` where it is no request line (a scanner's bytes, TLS spoken to a plain port).
pub(crate) fn parse(line: &[u8]) -> Option<RequestLine<'_>> {
    let end = memchr::memchr(b' ', line)?;
    let (method, target) = (line.get(..end)?, line.get(end + 1..)?);
    let is_method = !method.is_empty()
        && method.len() <= METHOD_BYTES_MAX
        && method.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_'));
    if !is_method {
        return None;
    }
    let (path, protocol) = match memchr::memrchr(b' ', target) {
        Some(at) if is_protocol(target.get(at + 1..)?) => (target.get(..at)?, target.get(at + 1..)?),
        _ => (target, &b""[..]),
    };
    let is_plain = !protocol.is_empty() || (path.first() == Some(&b'/') && method.iter().all(u8::is_ascii_uppercase));
    (is_plain && !path.is_empty()).then_some(RequestLine { method, path, protocol })
}

/// Adds `method`, `path` and `protocol` of a request line, or the line itself as `request` where it is none.
pub(crate) fn push_parts(attributes: &mut Attributes, line: &[u8]) {
    match parse(line) {
        Some(RequestLine { method, path, protocol }) => {
            push(attributes, "method", method);
            push_unescaped(attributes, "path", path);
            push(attributes, "protocol", protocol);
        }
        // Left as it was written: here an escape says more than what it stands for.
        None => push(attributes, "request", line),
    }
}

/// `HTTP/1.1`, `HTTP/2`, `RTSP/1.0`.
fn is_protocol(word: &[u8]) -> bool {
    let Some(slash) = word.iter().position(|b| *b == b'/') else {
        return false;
    };
    let (name, version) = (word.get(..slash).unwrap_or_default(), word.get(slash + 1..).unwrap_or_default());
    let is_version = |b: &u8| b.is_ascii_digit() || *b == b'.';
    (1..=8).contains(&name.len())
        && name.iter().all(u8::is_ascii_uppercase)
        && (1..=8).contains(&version.len())
        && version.iter().all(is_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        for (line, parts) in [
            ("GET / HTTP/1.1", ("GET", "/", "HTTP/1.1")),
            ("M-SEARCH * HTTP/2", ("M-SEARCH", "*", "HTTP/2")),
            ("GET /a b c HTTP/1.0", ("GET", "/a b c", "HTTP/1.0")),
            ("CONNECT example.com:443 HTTP/1.1", ("CONNECT", "example.com:443", "HTTP/1.1")),
            ("GET /old", ("GET", "/old", "")),
            ("OPTIONS rtsp://example.com RTSP/1.0", ("OPTIONS", "rtsp://example.com", "RTSP/1.0")),
        ] {
            let (method, path, protocol) = parts;
            let expected =
                RequestLine { method: method.as_bytes(), path: path.as_bytes(), protocol: protocol.as_bytes() };
            assert_eq!(parse(line.as_bytes()), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_request_is_not_taken_for_one() {
        for line in ["", "-", "HELP", r"\x16\x03\x01\x00", "lv|x|y /a", " / HTTP/1.1", "hello world", "GET  HTTP/1.1"] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
    }
}
