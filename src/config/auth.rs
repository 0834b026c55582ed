//! The keys of `[auth]`: how people are known.

use std::num::{NonZeroU32, NonZeroUsize};

use serde::{Deserialize, Serialize};

use super::secret_text::SecretText;

/// A shorter secret could be guessed from one token.
pub const JWT_SECRET_BYTES_MIN: usize = 32;
/// A day: an access token is meant to be short-lived, refresh tokens are for the rest.
const ACCESS_TOKEN_MINUTES_MAX: u32 = 24 * 60;
const REFRESH_TOKEN_DAYS_MAX: u32 = 366;
/// Each password that is hashed takes 19 MiB while it lasts.
const PASSWORD_HASHES_MAX: usize = 64;

/// Accounts and sessions.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Signs access tokens; empty: made at the first start and kept in the data folder. Daemons that share users need the same.
    pub jwt_secret: SecretText,
    /// Of the admin that is made where there is no user yet; empty: drawn, and printed at that start.
    pub admin_password: SecretText,
    pub access_token_minutes: NonZeroU32,
    pub refresh_token_days: NonZeroU32,
    pub registration: Registration,
    /// Of one person; tokens have limits of their own.
    pub requests_per_second_per_user: NonZeroU32,
    /// Of an address whose requests carry no good credentials.
    pub requests_per_second_per_address: NonZeroU32,
    /// So many passwords are hashed or verified at once.
    pub password_hashes_max: NonZeroUsize,
}

/// Whether people may make an account for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    Closed,
    /// With a code sent to their address; needs `[smtp]`.
    Open,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            jwt_secret: SecretText::default(),
            admin_password: SecretText::default(),
            access_token_minutes: NonZeroU32::new(30).expect("30 is not 0"),
            refresh_token_days: NonZeroU32::new(7).expect("7 is not 0"),
            registration: Registration::Closed,
            requests_per_second_per_user: NonZeroU32::new(100).expect("100 is not 0"),
            requests_per_second_per_address: NonZeroU32::new(20).expect("20 is not 0"),
            password_hashes_max: NonZeroUsize::new(2).expect("2 is not 0"),
        }
    }
}

impl Auth {
    /// The first key that is wrong, with what is wrong about it.
    pub(super) fn check(&self, has_smtp: bool) -> Result<(), (&'static str, String)> {
        let secret_bytes = self.jwt_secret.expose().len();
        if (1..JWT_SECRET_BYTES_MIN).contains(&secret_bytes) {
            let detail = format!("has {secret_bytes} bytes; it needs {JWT_SECRET_BYTES_MIN}, or none to have one made");
            return Err(("auth.jwt_secret", detail));
        }
        if self.access_token_minutes.get() > ACCESS_TOKEN_MINUTES_MAX {
            let detail = format!("{} is not within 1 to {ACCESS_TOKEN_MINUTES_MAX}", self.access_token_minutes);
            return Err(("auth.access_token_minutes", detail));
        }
        if self.refresh_token_days.get() > REFRESH_TOKEN_DAYS_MAX {
            let detail = format!("{} is not within 1 to {REFRESH_TOKEN_DAYS_MAX}", self.refresh_token_days);
            return Err(("auth.refresh_token_days", detail));
        }
        if self.password_hashes_max.get() > PASSWORD_HASHES_MAX {
            let detail = format!("{} is not within 1 to {PASSWORD_HASHES_MAX}", self.password_hashes_max);
            return Err(("auth.password_hashes_max", detail));
        }
        if self.registration == Registration::Open && !has_smtp {
            return Err(("auth.registration", "\"open\" needs [smtp], which sends the codes".to_owned()));
        }
        Ok(())
    }
}
