//! The few protobuf messages that OTLP's answers are made of.
//!
//! ```text
//! ExportLogsServiceResponse { partial_success = 1 { int64 rejected_log_records = 1; string error_message = 2 } }
//! google.rpc.Status         { int32 code = 1; string message = 2; repeated Any details = 3 }
//! google.rpc.RetryInfo      { Duration retry_delay = 1 { int64 seconds = 1 } }
//! ```

use axum::http::StatusCode;

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// Appends a field that is a number.
pub(super) fn put_number(field: u8, number: u64, out: &mut Vec<u8>) {
    out.push(field << 3);
    put_varint(number, out);
}

/// Appends a field that is a text or a message.
pub(super) fn put_bytes(field: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(field << 3 | 2);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A `google.rpc.Status`; with `retry_after_seconds` it says that the same may be sent again then.
pub(super) fn status(code: u32, text: &str, retry_after_seconds: Option<u32>) -> Vec<u8> {
    let mut status = Vec::new();
    put_number(1, u64::from(code), &mut status);
    put_bytes(2, text.as_bytes(), &mut status);
    if let Some(seconds) = retry_after_seconds {
        let (mut delay, mut info, mut any) = (Vec::new(), Vec::new(), Vec::new());
        put_number(1, u64::from(seconds), &mut delay);
        put_bytes(1, &delay, &mut info);
        put_bytes(1, RETRY_INFO.as_bytes(), &mut any);
        put_bytes(2, &info, &mut any);
        put_bytes(3, &any, &mut status);
    }
    status
}

/// gRPC's code for an error. A client repeats 8 where it is told when, and 14; the others it gives up.
pub(super) fn code_of(status: StatusCode) -> u32 {
    match status {
        StatusCode::REQUEST_TIMEOUT => 4,
        StatusCode::FORBIDDEN => 7,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => 8,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::UNSUPPORTED_MEDIA_TYPE => 12,
        StatusCode::SERVICE_UNAVAILABLE => 14,
        StatusCode::UNAUTHORIZED => 16,
        other if other.is_server_error() => 13,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_written_as_protobuf() {
        assert_eq!(status(3, "no", None), b"\x08\x03\x12\x02no");
        let with_retry = status(14, "no", Some(300));
        assert_eq!(with_retry.get(..8), Some(&b"\x08\x0e\x12\x02no\x1a\x31"[..]));
        assert!(with_retry.ends_with(b"\x12\x05\x0a\x03\x08\xac\x02"));
    }
}
