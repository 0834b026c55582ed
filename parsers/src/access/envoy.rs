//! Envoy's own access log format, and Istio's, which says more of how an answer came about.
//!
//! ```text
//! [time] "request" status flags received sent duration upstream_time "forwarded for" "user agent" "id" "authority" "upstream"
//! [time] "request" status flags details termination "failure" received sent duration upstream_time "forwarded for" …
//! ```

use crate::cursor::{Cursor, push, push_unescaped};
use crate::{LogEvent, address, http_status, request_line};

/// Reads what follows the time.
pub(super) fn read<'a>(mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    let (request, status, flags) = (cursor.quoted()?, cursor.word()?, cursor.word()?);
    // Status 0: nothing was answered.
    if !http_status::is_status(status) && status != b"0" {
        return None;
    }
    let attributes = &mut event.attributes;
    request_line::push_parts(attributes, request);
    push(attributes, "status", status);
    push(attributes, "response_flags", flags);
    let mut received = cursor.word()?;
    if received.iter().any(|b| !b.is_ascii_digit()) {
        push(attributes, "response_code_details", received);
        push(attributes, "connection_termination_details", cursor.word()?);
        push_unescaped(attributes, "upstream_transport_failure_reason", cursor.quoted()?);
        received = cursor.word()?;
    }
    push(attributes, "bytes_received", received);
    for name in ["bytes", "duration", "upstream_service_time"] {
        push(attributes, name, cursor.word()?);
    }
    let forwarded = cursor.quoted()?;
    let client = forwarded.split(|b| *b == b',').next().and_then(|first| std::str::from_utf8(first.trim_ascii()).ok());
    event.ip = client.and_then(address::parse).map(|found| found.ip);
    if forwarded.contains(&b',') {
        push(attributes, "x_forwarded_for", forwarded);
    }
    for name in ["user_agent", "request_id", "vhost", "upstream_host"] {
        push_unescaped(attributes, name, cursor.quoted_or_cut().unwrap_or_default());
    }
    for name in ["upstream_cluster", "upstream_local_address", "downstream_local_address", "downstream_remote_address"]
    {
        push(attributes, name, cursor.word().unwrap_or_default());
    }
    push(attributes, "requested_server_name", cursor.word().unwrap_or_default());
    push(attributes, "route_name", cursor.word().unwrap_or_default());
    event.level = http_status::level(status);
    Some(())
}
