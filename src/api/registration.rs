//! What somebody may do who has no account or has lost its password: prove an address, register, choose a new password.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;

use super::account_fields::{chosen_password, email, new_username, required_email, weak};
use super::accounts::Accounts;
use super::caller::By;
use super::error::{ApiError, FieldFault};
use super::fields::Fields;
use super::letters::Letter;
use super::openapi::bodies;
use super::params::Params;
use super::state::Api;
use crate::auth::code::{self, Purpose, UnknownPurpose};
use crate::auth::mail::Mailer;
use crate::clock::now;
use crate::config::auth::Registration;
use crate::meta::{Actor, CodeCheck, CodePurpose, CodeStored, NewUser, Role, User, UserStatus};

const CODE_MINUTES: u32 = 10;
const CODE_CHARACTERS: usize = 6;

/// `POST /user/register`: makes an account of role `user` whose address is proven.
#[utoipa::path(
    post,
    path = "/api/v1/user/register",
    tag = "Session and account",
    operation_id = "register",
    summary = "Make an own account",
    request_body = bodies::RegistrationForm,
    responses((status = 201, description = "The account, of role user", body = User), (status = 409, description = "The name is taken"))
)]
pub(super) async fn register(State(api): State<Api>, By(by): By, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let accounts = &api.accounts;
    check_open(accounts)?;
    let mut fields = Fields::of(&api, request).await?;
    let username = new_username(&mut fields);
    let password = chosen_password(&mut fields, "password", accounts, &username);
    let password = fields.required("password", password).unwrap_or_default();
    let proof = if accounts.mailer.is_some() {
        Some((required_email(&mut fields), fields.required_text("code", CODE_CHARACTERS..=CODE_CHARACTERS)))
    } else {
        None
    };
    let unproven = if proof.is_none() { email(&mut fields) } else { None };
    fields.finish()?;

    // Before anything is told of names: only who has a code learns which are taken.
    if let Some((email, code)) = &proof {
        check_code(accounts, Purpose::Register, email, code, &by).await?;
    }
    let email = proof.map(|(email, _)| email).or(unproven);
    let password_hash = accounts.passwords.hash(password).await?;
    let new = NewUser { username: &username, email: email.as_deref(), password_hash: &password_hash, role: Role::User };
    let user = accounts.meta.create_user(&new, &by, now()).await?;
    Ok((StatusCode::CREATED, Json(user)).into_response())
}

/// `POST /auth/verification-codes`: sends a code, where there is a reason to. The answer is the same where there is none.
#[utoipa::path(
    post,
    path = "/api/v1/auth/verification-codes",
    tag = "Session and account",
    operation_id = "send_code",
    summary = "Have a code mailed",
    request_body = bodies::CodeRequest,
    responses((status = 202, description = "Whether or not the address is known"))
)]
pub(super) async fn send_code(State(api): State<Api>, By(by): By, request: Request) -> Result<StatusCode, ApiError> {
    Params::of(request.uri()).finish()?;
    let accounts = &api.accounts;
    let mailer = mailer(accounts)?;
    let mut fields = Fields::of(&api, request).await?;
    let email = required_email(&mut fields);
    let purpose = fields.parsed::<Purpose>("purpose");
    let purpose = fields.required("purpose", purpose);
    fields.finish()?;
    let purpose = purpose.ok_or_else(|| ApiError::body(UnknownPurpose.to_string()))?;
    if purpose == Purpose::Register {
        check_open(accounts)?;
    }

    let (now, place, code) = (now(), api.letters.place()?, code::draw());
    let hash = code::hash(&accounts.secret, purpose, &email, code.expose());
    let expires_at = now + TimeDelta::minutes(i64::from(CODE_MINUTES));
    match accounts.meta.store_code(&email, stored_as(purpose), &hash, expires_at, &by, now).await? {
        CodeStored::Stored => {}
        CodeStored::NotBefore { at } => {
            let milliseconds = (at - now).num_milliseconds().max(0).unsigned_abs();
            let seconds = u32::try_from(milliseconds.div_ceil(1000)).unwrap_or(u32::MAX);
            return Err(ApiError::too_many("this address was sent a code a moment ago, or too many today", seconds));
        }
    }
    let user = accounts.meta.user_by_email(&email).await?;
    if wants_code(purpose, user.as_ref()) {
        api.letters.send(place, mailer, Letter { to: email, purpose, code, minutes: CODE_MINUTES });
    }
    Ok(StatusCode::ACCEPTED)
}

/// `POST /auth/password-reset`: a new password for who has a code; ends all sessions.
#[utoipa::path(
    post,
    path = "/api/v1/auth/password-reset",
    tag = "Session and account",
    operation_id = "reset_password",
    summary = "Set a new password with a code",
    request_body = bodies::PasswordReset,
    responses((status = 204, description = "Set; all sessions of the user have ended"))
)]
pub(super) async fn reset_password(
    State(api): State<Api>,
    By(by): By,
    request: Request,
) -> Result<StatusCode, ApiError> {
    Params::of(request.uri()).finish()?;
    let accounts = &api.accounts;
    mailer(accounts)?;
    let mut fields = Fields::of(&api, request).await?;
    let email = required_email(&mut fields);
    let code = fields.required_text("code", CODE_CHARACTERS..=CODE_CHARACTERS);
    let password = chosen_password(&mut fields, "new_password", accounts, "");
    let password = fields.required("new_password", password).unwrap_or_default();
    fields.finish()?;

    check_code(accounts, Purpose::PasswordReset, &email, &code, &by).await?;
    let user = accounts.meta.user_by_email(&email).await?;
    // A code that was never sent cannot be known, but it can be guessed.
    let user = user.filter(|user| user.status == UserStatus::Active).ok_or_else(wrong_code)?;
    accounts.policy.check(&password, &user.username).map_err(|reason| weak("new_password", reason))?;
    let hash = accounts.passwords.hash(password).await?;
    let by = Actor { user_id: Some(user.id), username: Some(user.username.clone()), ..by };
    accounts.meta.set_password(user.id, &hash, None, &by, now()).await?;
    // Who is locked out because somebody else guessed may come in.
    accounts.meta.clear_failures(&user.username).await?;
    accounts.forget_all();
    Ok(StatusCode::NO_CONTENT)
}

/// A new password is for who has an account, a registration for who has none.
fn wants_code(purpose: Purpose, user: Option<&User>) -> bool {
    match purpose {
        Purpose::Register => user.is_none(),
        Purpose::PasswordReset => user.is_some_and(|user| user.status == UserStatus::Active),
    }
}

async fn check_code(
    accounts: &Accounts,
    purpose: Purpose,
    email: &str,
    code: &str,
    by: &Actor,
) -> Result<(), ApiError> {
    let hash = code::hash(&accounts.secret, purpose, email, code);
    match accounts.meta.check_code(email, stored_as(purpose), &hash, by, now()).await? {
        CodeCheck::Accepted => Ok(()),
        CodeCheck::Wrong { .. } | CodeCheck::Missing => Err(wrong_code()),
    }
}

/// The same for a wrong code, an old one, and one that was never sent.
fn wrong_code() -> ApiError {
    ApiError::parameters(vec![FieldFault::new("code", "code is wrong, too old, or was tried too often")])
}

fn check_open(accounts: &Accounts) -> Result<(), ApiError> {
    match accounts.config.registration {
        Registration::Open => Ok(()),
        Registration::Closed => {
            Err(ApiError::forbidden("Registration closed", "an admin makes the accounts of this server"))
        }
    }
}

fn mailer(accounts: &Accounts) -> Result<Arc<Mailer>, ApiError> {
    let missing = || ApiError::forbidden("No mail", "this server has no mail server (smtp) to send codes through");
    accounts.mailer.clone().ok_or_else(missing)
}

fn stored_as(purpose: Purpose) -> CodePurpose {
    match purpose {
        Purpose::Register => CodePurpose::Register,
        Purpose::PasswordReset => CodePurpose::PasswordReset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_only_where_they_are_of_use() {
        let user = |status| User {
            id: 1,
            username: "alice".to_owned(),
            email: Some("alice@example.net".to_owned()),
            role: Role::User,
            status,
            created_at: chrono::DateTime::UNIX_EPOCH,
            last_login_at: None,
        };
        let (active, disabled) = (user(UserStatus::Active), user(UserStatus::Disabled));
        assert!(wants_code(Purpose::PasswordReset, Some(&active)));
        assert!(!wants_code(Purpose::PasswordReset, Some(&disabled)));
        assert!(!wants_code(Purpose::PasswordReset, None));
        assert!(wants_code(Purpose::Register, None));
        assert!(!wants_code(Purpose::Register, Some(&disabled)));
    }

    #[test]
    fn a_purpose_has_one_name() {
        for purpose in [Purpose::Register, Purpose::PasswordReset] {
            assert_eq!(stored_as(purpose).to_string(), purpose.as_str());
        }
    }
}
