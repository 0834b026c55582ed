//! The id under which a request is found in the daemon's log, and in the client's traces.

use std::fmt;

use axum::http::{HeaderMap, HeaderValue};
use uuid::Uuid;

/// A request's trace id: that of the client's `traceparent` (W3C Trace Context, section 3.2), or a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceId(Uuid);

impl TraceId {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let given = headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(parse);
        Self(given.unwrap_or_else(Uuid::new_v4))
    }

    pub(super) fn header_value(self) -> HeaderValue {
        let mut text = Uuid::encode_buffer();
        let text: &str = self.0.hyphenated().encode_lower(&mut text);
        HeaderValue::from_str(text).expect("hex digits and hyphens are allowed in a header")
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// The trace id of `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`; versions after 00 may say more behind that.
fn parse(traceparent: &str) -> Option<Uuid> {
    let mut parts = traceparent.trim().split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let well_formed = is_hex(version, 2) && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    let known_length = version != "00" || parts.next().is_none();
    if !well_formed || !known_length || version == "ff" || parent.bytes().all(|b| b == b'0') {
        return None;
    }
    Uuid::try_parse(trace).ok().filter(|id| !id.is_nil())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_traceparent_gives_its_trace_id_and_any_other_is_ignored() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse(text).map(|id| id.to_string()).as_deref(), expected, "{text}");
        };
        let id = Some("4bf92f35-77b3-4da6-a3ce-929d0e0e4736");
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", id);
        check("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", id);
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", None);
        check("00-00000000000000000000000000000000-00f067aa0ba902b7-01", None);
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", None);
        check("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None);
        check("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", None);
        check("00-4bf92f3577b34da6a3ce929d0e0e47-00f067aa0ba902b7-01", None);
        check("", None);
    }
}
