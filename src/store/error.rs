//! What a failed statement means for its caller.

use clickhouse::error::Error;

/// Why the store did not do it, as what the caller should do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or is busy: the same again later may work.
    #[error("the store cannot be reached")]
    Unavailable(#[source] Error),
    /// The query went over a limit of time or memory: a narrower one may work.
    #[error("the query went over its limit of {limit}")]
    OverLimit { limit: &'static str, source: Error },
    /// The data itself is refused, and will be each time.
    #[error("the store refuses the data")]
    Refused(#[source] Error),
    /// Anything else; a fault of ours or of the store.
    #[error("the store failed")]
    Failed(#[source] Error),
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match &error {
            Error::Network(_) | Error::TimedOut => Self::Unavailable(error),
            Error::BadResponse(text) => match exception_code(text) {
                // TIMEOUT_EXCEEDED, TOO_SLOW
                Some(159 | 160) => Self::OverLimit { limit: "time", source: error },
                // MEMORY_LIMIT_EXCEEDED
                Some(241) => Self::OverLimit { limit: "memory", source: error },
                // TOO_MANY_SIMULTANEOUS_QUERIES, NO_FREE_CONNECTION, NETWORK_ERROR, NOT_ENOUGH_SPACE, TOO_MANY_PARTS, ABORTED
                Some(202 | 203 | 210 | 236 | 243 | 252) => Self::Unavailable(error),
                // Input that cannot be read: CANNOT_PARSE_*, CANNOT_READ_ALL_DATA, INCORRECT_DATA, UNKNOWN_TYPE, TYPE_MISMATCH, SIZES_OF_COLUMNS_DOESNT_MATCH, TOO_LARGE_*
                Some(6 | 9 | 26 | 27 | 33 | 50 | 53 | 69 | 72 | 117 | 131) => Self::Refused(error),
                // What a gateway or a starting server answers has no exception code.
                None => Self::Unavailable(error),
                Some(_) => Self::Failed(error),
            },
            _ => Self::Failed(error),
        }
    }
}

/// The number in `Code: N. DB::Exception: …`.
fn exception_code(text: &str) -> Option<u32> {
    let rest = text.split_once("Code: ")?.1;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| rest.get(..end).unwrap_or_default());
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(text: &str) -> &'static str {
        match StoreError::from(Error::BadResponse(text.to_owned())) {
            StoreError::Unavailable(_) => "again",
            StoreError::OverLimit { limit, .. } => limit,
            StoreError::Refused(_) => "refused",
            StoreError::Failed(_) => "failed",
        }
    }

    #[test]
    fn a_code_decides_what_to_do() {
        assert_eq!(decision("Code: 241. DB::Exception: Memory limit (total) exceeded"), "memory");
        assert_eq!(decision("Code: 159. DB::Exception: Timeout exceeded"), "time");
        assert_eq!(decision("Code: 117. DB::Exception: Unknown column"), "refused");
        assert_eq!(decision("Code: 243. DB::Exception: Cannot reserve 1.00 MiB"), "again");
        assert_eq!(decision("Code: 60. DB::Exception: Table does not exist"), "failed");
        assert_eq!(decision("<html>502 Bad Gateway</html>"), "again");
    }
}
