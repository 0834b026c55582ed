//! Which passwords may be chosen.

/// Counted in characters, as a person counts.
pub const CHARACTERS_MIN: usize = 8;
pub const CHARACTERS_MAX: usize = 128;
/// The most bytes that [`CHARACTERS_MAX`] characters have.
pub const BYTES_MAX: usize = 4 * CHARACTERS_MAX;

/// A shorter user name may stand in a password: `al` is in too many words.
const USERNAME_CHARACTERS_MIN: usize = 3;

/// In lower case and sorted, at least [`CHARACTERS_MIN`] long.
const COMMON: &str = include_str!("common_passwords.txt");

/// Why a password may not be chosen; the text is for the person who chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("password must have at least {CHARACTERS_MIN} characters")]
    TooShort,
    #[error("password must have at most {CHARACTERS_MAX} characters")]
    TooLong,
    #[error("password is one of the commonest")]
    Common,
    #[error("password must not contain the user name")]
    HasUsername,
}

/// The commonest passwords, ready to be searched.
pub struct PasswordPolicy {
    common: Vec<&'static str>,
}

impl PasswordPolicy {
    #[must_use]
    pub fn new() -> Self {
        Self { common: COMMON.lines().collect() }
    }

    /// Whether `username` may have this password.
    ///
    /// # Errors
    /// [`WeakPassword`]: the first reason against it.
    pub fn check(&self, password: &str, username: &str) -> Result<(), WeakPassword> {
        // By the bytes first, so that a huge text is not walked through.
        if password.len() > BYTES_MAX || password.chars().count() > CHARACTERS_MAX {
            return Err(WeakPassword::TooLong);
        }
        if password.chars().count() < CHARACTERS_MIN {
            return Err(WeakPassword::TooShort);
        }
        let password = password.to_lowercase();
        if self.common.binary_search(&password.as_str()).is_ok() {
            return Err(WeakPassword::Common);
        }
        if username.chars().count() >= USERNAME_CHARACTERS_MIN && password.contains(&username.to_lowercase()) {
            return Err(WeakPassword::HasUsername);
        }
        Ok(())
    }
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str, expected: Result<(), WeakPassword>) {
        assert_eq!(PasswordPolicy::new().check(password, "marie"), expected, "{password}");
    }

    #[test]
    fn the_list_is_sorted_lower_case_and_long_enough() {
        let common = PasswordPolicy::new().common;
        assert!(common.len() >= 1000);
        assert!(common.is_sorted_by(|a, b| a < b));
        assert!(common.iter().all(|word| word.chars().count() >= CHARACTERS_MIN && word.to_lowercase() == **word));
    }

    #[test]
    fn passwords_are_measured_in_characters() {
        check("1s8!kQz", Err(WeakPassword::TooShort));
        check("1s8!kQzu", Ok(()));
        check("äöüßäöü", Err(WeakPassword::TooShort));
        check("äöüßäöüß", Ok(()));
        check(&"🗝️🔒🦭x".repeat(25), Ok(()));
        check(&"🔒".repeat(128), Ok(()));
        check(&"🔒".repeat(129), Err(WeakPassword::TooLong));
        check(&"a-".repeat(65), Err(WeakPassword::TooLong));
    }

    #[test]
    fn the_commonest_passwords_are_refused_in_any_case() {
        for password in ["password", "PassWord123", "12345678", "Qwertyuiop", "P@ssw0rd", "Summer2025", "Changeme123"] {
            check(password, Err(WeakPassword::Common));
        }
    }

    #[test]
    fn the_user_name_is_no_part_of_the_password() {
        check("x7-MARIE-7x", Err(WeakPassword::HasUsername));
        let policy = PasswordPolicy::new();
        assert_eq!(policy.check("JosephineB", "josephineb"), Err(WeakPassword::HasUsername));
        assert_eq!(policy.check("almighty-oak-7", "al"), Ok(()));
        assert_eq!(policy.check("almighty-oak-7", ""), Ok(()));
    }
}
