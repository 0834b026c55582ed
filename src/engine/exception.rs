//! ClickHouse's exceptions: their text, their HTTP status, and the frame that ends a broken result.

use http::StatusCode;

use super::chdb::ChdbError;

/// The longest message put on the wire, in bytes; ClickHouse's own limit.
const MESSAGE_MAX: usize = 16 * 1024;

/// An error as a client of ClickHouse sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exception {
    /// ClickHouse's number of the error.
    pub(super) code: i32,
    /// `Code: N. DB::Exception: …`
    pub(super) message: String,
}

/// Codes this server gives itself, under ClickHouse's names.
pub(super) mod code {
    pub(in super::super) const CANNOT_READ_ALL_DATA: i32 = 33;
    pub(in super::super) const BAD_ARGUMENTS: i32 = 36;
    pub(in super::super) const NOT_IMPLEMENTED: i32 = 48;
    pub(in super::super) const SYNTAX_ERROR: i32 = 62;
    pub(in super::super) const UNKNOWN_SETTING: i32 = 115;
    pub(in super::super) const QUERY_IS_TOO_LARGE: i32 = 307;
    pub(in super::super) const TOO_MANY_SIMULTANEOUS_QUERIES: i32 = 202;
    pub(in super::super) const SOCKET_TIMEOUT: i32 = 209;
    pub(in super::super) const QUERY_WAS_CANCELLED: i32 = 394;
    pub(in super::super) const AUTHENTICATION_FAILED: i32 = 516;
    pub(in super::super) const UNKNOWN_EXCEPTION: i32 = 1002;
}

impl Exception {
    /// An error of this server, in ClickHouse's form.
    pub(super) fn new(code: i32, name: &str, text: impl std::fmt::Display) -> Self {
        Self { code, message: format!("Code: {code}. DB::Exception: {text}. ({name})") }
    }

    /// A request that cannot be understood.
    pub(super) fn bad_request(text: impl std::fmt::Display) -> Self {
        Self::new(code::BAD_ARGUMENTS, "BAD_ARGUMENTS", text)
    }

    /// Something that is right in ClickHouse and does not exist here.
    pub(super) fn unsupported(text: impl std::fmt::Display) -> Self {
        Self::new(code::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", text)
    }

    /// The HTTP status, as ClickHouse chooses it.
    pub(super) fn status(&self) -> StatusCode {
        match self.code {
            // Cannot parse, syntax, wrong types and values.
            6 | 25 | 26 | 27 | 33 | 36 | 38 | 41 | 42 | 43 | 53 | 62 | 70 | 72 | 117 | 321 | 379 | 457 | 675 | 676 => {
                StatusCode::BAD_REQUEST
            }
            // Unknown function, identifier, type, storage, table, aggregate, format, database, setting …
            46 | 47 | 50 | 56 | 60 | 63 | 73 | 78 | 81 | 115 | 336 | 511 => StatusCode::NOT_FOUND,
            164 | 192 | 193 | 291 | 497 | 516 => StatusCode::FORBIDDEN,
            194 => StatusCode::UNAUTHORIZED,
            48 => StatusCode::NOT_IMPLEMENTED,
            159 => StatusCode::REQUEST_TIMEOUT,
            202 | 203 | 209 | 439 => StatusCode::SERVICE_UNAVAILABLE,
            307 => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The frame that follows the data of a result that broke off:
    ///
    /// ```text
    /// \r\n__exception__\r\n TAG \r\n message \n length(message + \n) space TAG \r\n__exception__\r\n
    /// ```
    pub(super) fn frame(&self, tag: &str) -> Vec<u8> {
        let mut end = self.message.len().min(MESSAGE_MAX);
        while !self.message.is_char_boundary(end) {
            end -= 1;
        }
        let message = self.message.get(..end).unwrap_or_default();
        let length = message.len() + 1;
        format!("\r\n__exception__\r\n{tag}\r\n{message}\n{length} {tag}\r\n__exception__\r\n").into_bytes()
    }
}

impl From<ChdbError> for Exception {
    fn from(error: ChdbError) -> Self {
        let message = match error {
            ChdbError::Query(message) => message,
            other => return Self::new(code::UNKNOWN_EXCEPTION, "UNKNOWN_EXCEPTION", other),
        };
        Self { code: parse_code(&message).unwrap_or(code::UNKNOWN_EXCEPTION), message }
    }
}

/// The number in `Code: N.`
fn parse_code(message: &str) -> Option<i32> {
    let (_, rest) = message.split_once("Code: ")?;
    let (number, _) = rest.split_once('.')?;
    number.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_comes_from_the_engines_text() {
        let check = |text: &str, expected: i32| {
            assert_eq!(Exception::from(ChdbError::Query(text.to_owned())).code, expected);
        };
        check("Code: 60. DB::Exception: Table x. (UNKNOWN_TABLE)", 60);
        check("\nCode: 241. DB::Exception: Memory limit: Code: 1. nested", 241);
        check("no code at all", code::UNKNOWN_EXCEPTION);
        check("Code: x. y", code::UNKNOWN_EXCEPTION);
    }

    #[test]
    fn the_frame_states_the_length_of_its_message() {
        let exception = Exception { code: 395, message: "Code: 395. boom é".to_owned() };
        let frame = String::from_utf8(exception.frame("abcdefghijklmnop")).unwrap();
        assert_eq!(
            frame,
            "\r\n__exception__\r\nabcdefghijklmnop\r\nCode: 395. boom é\n19 abcdefghijklmnop\r\n__exception__\r\n"
        );
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let exception = Exception { code: 1, message: "é".repeat(MESSAGE_MAX) };
        assert!(exception.frame("t").len() < MESSAGE_MAX + 100);
    }
}
