//! Where the API reads the clock: the arrival of records and what "now" means in a query.

use chrono::{DateTime, Utc};

/// Now, to the microsecond.
pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(now_micros()).unwrap_or_default()
}

/// Microseconds since 1970 (UTC).
pub(super) fn now_micros() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a request's time of arrival is read here, and handed on")]
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64)
}
