//! Amazon S3's server access log.
//!
//! ```text
//! owner bucket [time] ip requester request_id operation key "request" status error bytes size total turnaround "referrer" "agent" …
//! ```

use super::ip_of;
use crate::cursor::{Cursor, push, push_unescaped, text};
use crate::{LogEvent, http_status, request_line};

/// The fields behind the user agent, which were added one after another.
const LATER: [&str; 9] = [
    "version_id",
    "host_id",
    "signature_version",
    "cipher_suite",
    "authentication_type",
    "host_header",
    "tls_version",
    "access_point_arn",
    "acl_required",
];

/// Whether `head`, which stands before the time, is the id of a bucket's owner and the bucket; `after` stands behind the time. In examples the
/// id is shortened: then the kind of the operation tells it.
pub(super) fn is_head(head: &[u8], after: &[u8]) -> bool {
    let Some((owner, bucket)) = owner_and_bucket(head) else { return false };
    let is_whole = owner.len() == 64;
    let has_operation = || {
        let operation = after.trim_ascii_start().split(|b| *b == b' ').nth(3).unwrap_or_default();
        [&b"REST."[..], b"SOAP.", b"WEBSITE.", b"BATCH.", b"S3."].iter().any(|kind| operation.starts_with(kind))
    };
    is_whole || (!bucket.contains(&b' ') && has_operation())
}

fn owner_and_bucket(head: &[u8]) -> Option<(&[u8], &[u8])> {
    let (owner, bucket) = head.split_at_checked(memchr::memchr(b' ', head)?)?;
    (!owner.is_empty() && owner.iter().all(u8::is_ascii_hexdigit)).then_some((owner, bucket.trim_ascii()))
}

/// Reads what stands before and behind the time.
pub(super) fn read<'a>(head: &'a [u8], mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    let (owner, bucket) = owner_and_bucket(head)?;
    let (client, requester, id) = (cursor.word()?, cursor.word()?, cursor.word()?);
    let (operation, key) = (cursor.word()?, cursor.word()?);
    cursor.skip_blanks();
    let request = if cursor.skip(b"- ") { &b""[..] } else { cursor.quoted()? };
    let status = cursor.word()?;
    if !http_status::is_status(status) && status != b"-" {
        return None;
    }
    event.ip = ip_of(client);
    if requester != b"-" {
        event.user_name = text(requester);
    }
    event.level = http_status::level(status);
    let attributes = &mut event.attributes;
    for (name, value) in
        [("bucket_owner", owner), ("bucket", bucket), ("request_id", id), ("operation", operation), ("key", key)]
    {
        push(attributes, name, value);
    }
    request_line::push_parts(attributes, request);
    push(attributes, "status", status);
    for name in ["error_code", "bytes", "object_size", "total_time", "turn_around_time"] {
        push(attributes, name, cursor.word().unwrap_or_default());
    }
    for name in ["referrer", "user_agent"] {
        push_unescaped(attributes, name, cursor.value().map(crate::cursor::Value::bytes).unwrap_or_default());
    }
    for name in LATER {
        push(attributes, name, cursor.word().unwrap_or_default());
    }
    push(attributes, "more", cursor.rest().trim_ascii());
    Some(())
}
