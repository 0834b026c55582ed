//! Envoy's own access log format, and Istio's, which says more of how an answer came about.
//!
//! ```text
//! [time] "request" status flags received sent duration upstream_time "forwarded for" "user agent" "id" "authority" "upstream"
//! [time] "request" status flags details termination "failure" received sent duration upstream_time "forwarded for" …
//! ```
//!
//! Older versions of Istio write no `termination`, and before that no `details` either. Where no forwarded address is stated, the client is who
//! was connected to the proxy.

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
    cursor.skip_blanks();
    if !cursor.rest().first()?.is_ascii_digit() {
        for name in ["response_code_details", "connection_termination_details"] {
            cursor.skip_blanks();
            if cursor.rest().first() != Some(&b'"') {
                push(attributes, name, cursor.word()?);
            }
        }
        push_unescaped(attributes, "upstream_transport_failure_reason", cursor.quoted()?);
    }
    push(attributes, "bytes_received", cursor.word()?);
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
    if event.ip.is_none() {
        let peer = attributes.get("downstream_remote_address").and_then(address::parse);
        event.ip = peer.map(|found| found.ip);
    }
    event.level = http_status::level(status);
    Some(())
}
