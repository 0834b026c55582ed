//! What accounts may be called, and which mail addresses they may have.

use super::mail::is_address;

pub const USERNAME_CHARACTERS_MAX: usize = 64;
/// RFC 5321 has no longer address.
pub const EMAIL_CHARACTERS_MAX: usize = 254;

/// Why an account cannot be made; the text is for the person who wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountFault {
    #[error("username must have 1 to {USERNAME_CHARACTERS_MAX} characters")]
    UsernameLength,
    #[error("username may have letters, digits and . _ - @, and begins with a letter or digit")]
    UsernameCharacters,
    #[error("email must have 1 to {EMAIL_CHARACTERS_MAX} characters")]
    EmailLength,
    #[error("email is not a mail address")]
    Email,
}

/// Whether an account that is to be made may have this name.
///
/// # Errors
/// [`AccountFault`]
pub fn check_username(name: &str) -> Result<(), AccountFault> {
    if !(1..=USERNAME_CHARACTERS_MAX).contains(&name.chars().count()) {
        return Err(AccountFault::UsernameLength);
    }
    let is_fine = name.chars().next().is_some_and(char::is_alphanumeric)
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@'));
    if is_fine { Ok(()) } else { Err(AccountFault::UsernameCharacters) }
}

/// A mail address, as it is compared and kept: in lower case, without spaces around it.
///
/// # Errors
/// [`AccountFault`]
pub fn read_email(typed: &str) -> Result<String, AccountFault> {
    if !(1..=EMAIL_CHARACTERS_MAX).contains(&typed.chars().count()) {
        return Err(AccountFault::EmailLength);
    }
    let email = typed.trim().to_lowercase();
    if is_address(&email) { Ok(email) } else { Err(AccountFault::Email) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_spaces_or_signs() {
        for name in ["alice", "a", "a.b-c_d@example.net", "Žofie", "王芳", "7of9"] {
            assert_eq!(check_username(name), Ok(()), "{name}");
        }
        for name in [" alice", "al ice", "-x", "@x", "a\u{202e}b", "a\nb", "a/b", "a,b", "token ls"] {
            assert_eq!(check_username(name), Err(AccountFault::UsernameCharacters), "{name}");
        }
        for name in ["", &"x".repeat(65)] {
            assert_eq!(check_username(name), Err(AccountFault::UsernameLength), "{name}");
        }
    }

    #[test]
    fn addresses_are_kept_in_one_form() {
        assert_eq!(read_email(" Alice@Example.net "), Ok("alice@example.net".to_owned()));
        assert_eq!(read_email("alice"), Err(AccountFault::Email));
        assert_eq!(read_email(&format!("{}@example.net", "x".repeat(254))), Err(AccountFault::EmailLength));
    }
}
