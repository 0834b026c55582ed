//! Verification codes: six digits that are sent by mail.
//!
//! A million codes are quickly tried, so a plain hash of one hides nothing from who has read the database. What is stored is an
//! HMAC with the server's secret, which is not in the database, over purpose, address and code.

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngExt as _;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::secret::Secret;
use super::server_secret::ServerSecret;

const DIGITS: usize = 6;
const CODES: u32 = 1_000_000;

/// What a code allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Register,
    PasswordReset,
}

impl Purpose {
    /// Its name in requests and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::PasswordReset => "password_reset",
        }
    }
}

/// A purpose that there is not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("purpose must be register or password_reset")]
pub struct UnknownPurpose;

impl std::str::FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(text: &str) -> Result<Self, UnknownPurpose> {
        [Self::Register, Self::PasswordReset].into_iter().find(|p| p.as_str() == text).ok_or(UnknownPurpose)
    }
}

/// A new code; each is as likely as any other.
#[must_use]
pub fn draw() -> Secret {
    Secret::new(format!("{:0DIGITS$}", rand::rng().random_range(0..CODES)))
}

/// What is stored of a code that is sent to `email` for `purpose`.
#[must_use]
pub fn hash(secret: &ServerSecret, purpose: Purpose, email: &str, code: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("HMAC takes a key of any length");
    // What is signed for access tokens has no zero byte: neither can stand for the other.
    for part in ["verification code", purpose.as_str(), email, code] {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    mac.finalize().into_bytes().into()
}

/// Whether `code` is the one whose hash was `stored`. Takes the same time wherever they differ.
#[must_use]
pub fn matches(secret: &ServerSecret, purpose: Purpose, email: &str, code: &str, stored: &[u8]) -> bool {
    hash(secret, purpose, email, code).ct_eq(stored).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(fill: &str) -> ServerSecret {
        ServerSecret::given(&fill.repeat(32)).unwrap()
    }

    #[test]
    fn codes_have_six_digits_and_spread_over_all() {
        let mut by_first_digit = [0; 10];
        for _ in 0..10_000 {
            let code = draw();
            assert!(code.expose().len() == 6 && code.expose().bytes().all(|b| b.is_ascii_digit()));
            by_first_digit[usize::from(code.expose().as_bytes()[0] - b'0')] += 1;
        }
        // 1000 each, with a standard deviation of 30.
        assert!(by_first_digit.iter().all(|n| (800..1200).contains(n)), "{by_first_digit:?}");
    }

    #[test]
    fn a_code_is_good_for_its_address_purpose_and_server() {
        let stored = hash(&secret("a"), Purpose::Register, "m@example.net", "012345");
        assert!(matches(&secret("a"), Purpose::Register, "m@example.net", "012345", &stored));
        assert!(!matches(&secret("b"), Purpose::Register, "m@example.net", "012345", &stored));
        assert!(!matches(&secret("a"), Purpose::PasswordReset, "m@example.net", "012345", &stored));
        assert!(!matches(&secret("a"), Purpose::Register, "n@example.net", "012345", &stored));
        assert!(!matches(&secret("a"), Purpose::Register, "m@example.net", "012346", &stored));
        assert!(!matches(&secret("a"), Purpose::Register, "m@example.net", "012345", &stored[..31]));
        assert!(!matches(&secret("a"), Purpose::Register, "m@example.net", "012345", &[]));
    }

    #[test]
    fn purposes_are_read_back() {
        for purpose in [Purpose::Register, Purpose::PasswordReset] {
            assert_eq!(purpose.as_str().parse(), Ok(purpose));
        }
        assert_eq!("login".parse::<Purpose>(), Err(UnknownPurpose));
    }
}
