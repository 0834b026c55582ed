//! Where the clock is read. What must not depend on it is given the time.

use chrono::{DateTime, Utc};

/// Now, to the microsecond.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(now_micros()).unwrap_or_default()
}

/// Microseconds since 1970 (UTC).
pub(crate) fn now_micros() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the time is read here, and handed on")]
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64)
}
