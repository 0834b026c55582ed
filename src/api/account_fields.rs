//! The fields that accounts are made of, and what each may be.

use super::accounts::Accounts;
use super::error::{ApiError, FieldFault};
use super::fields::Fields;
use crate::auth::account_name::{EMAIL_CHARACTERS_MAX, USERNAME_CHARACTERS_MAX, check_username, read_email};
use crate::auth::password_policy::WeakPassword;

/// What may be typed as a password; the policy says what may be chosen.
pub(super) const PASSWORD_TYPED_MAX: usize = 1024;

/// The name of an account that is to be made.
pub(super) fn new_username(fields: &mut Fields) -> String {
    let name = fields.required_text("username", 1..=USERNAME_CHARACTERS_MAX);
    if !name.is_empty()
        && let Err(fault) = check_username(&name)
    {
        fields.fault("username", fault.to_string());
    }
    name
}

/// A mail address, as it is compared and kept: in lower case, without spaces around it.
pub(super) fn email(fields: &mut Fields) -> Option<String> {
    nullable_email(fields).flatten()
}

/// As [`email`]; null is `Some(None)`.
pub(super) fn nullable_email(fields: &mut Fields) -> Option<Option<String>> {
    let Some(typed) = fields.nullable_text("email", 1..=EMAIL_CHARACTERS_MAX)? else { return Some(None) };
    match read_email(&typed) {
        Ok(email) => Some(Some(email)),
        Err(fault) => {
            fields.fault("email", fault.to_string());
            None
        }
    }
}

/// A mail address that must be there; empty where it is not.
pub(super) fn required_email(fields: &mut Fields) -> String {
    let email = email(fields);
    fields.required("email", email).unwrap_or_default()
}

/// A password that is chosen for `username`; `None` where it is not sent, or may not be chosen.
pub(super) fn chosen_password(
    fields: &mut Fields,
    name: &'static str,
    accounts: &Accounts,
    username: &str,
) -> Option<String> {
    let password = fields.text(name, 0..=PASSWORD_TYPED_MAX)?;
    match accounts.policy.check(&password, username) {
        Ok(()) => Some(password),
        Err(weak) => {
            fields.fault(name, told(name, weak));
            None
        }
    }
}

/// 422 for a password that turned out to be weak when its user was known.
pub(super) fn weak(name: &'static str, weak: WeakPassword) -> ApiError {
    ApiError::parameters(vec![FieldFault::new(name, told(name, weak))])
}

/// The policy's sentence begins with "password".
fn told(name: &str, weak: WeakPassword) -> String {
    weak.to_string().replacen("password", name, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_password_is_told_under_the_name_of_its_field() {
        assert_eq!(told("new_password", WeakPassword::Common), "new_password is one of the commonest");
    }
}
