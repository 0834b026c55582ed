//! Accounts. The last active admin stays one.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::column::{Maybe, Time};
use super::sessions::end_sessions;
use super::transaction::{Lock, Tx};
use super::{Action, Actor, EndReason, Meta, MetaError, Role, UserStatus, both, text};

/// An account, without its password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct User {
    pub id: i64,
    pub username: String,
    pub email: Option<String>,
    pub role: Role,
    pub status: UserStatus,
    #[sqlx(try_from = "Time")]
    pub created_at: DateTime<Utc>,
    #[sqlx(try_from = "Maybe<Time>")]
    pub last_login_at: Option<DateTime<Utc>>,
}

/// An account with the hash of its password.
#[derive(Clone, sqlx::FromRow)]
pub struct Credentials {
    #[sqlx(flatten)]
    pub user: User,
    pub password_hash: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A user to be made.
#[derive(Clone, Copy)]
pub struct NewUser<'a> {
    pub username: &'a str,
    pub email: Option<&'a str>,
    pub password_hash: &'a str,
    pub role: Role,
}

/// What is to be changed; `None` leaves it.
#[derive(Clone, Copy, Default)]
pub struct UserPatch<'a> {
    pub password_hash: Option<&'a str>,
    pub role: Option<Role>,
    pub status: Option<UserStatus>,
    /// `Some(None)` takes the address away.
    pub email: Option<Option<&'a str>>,
}

/// A part of the list of users.
#[derive(Clone, Debug)]
pub struct UserPage {
    pub total: u64,
    pub list: Vec<User>,
}

impl Meta {
    /// # Errors
    /// [`MetaError::Conflict`] of `username` or `email`.
    pub async fn create_user(&self, new: &NewUser<'_>, by: &Actor, now: DateTime<Utc>) -> Result<User, MetaError> {
        let mut tx = self.begin().await?;
        tx.lock(Lock::Users).await?;
        let user = insert(&mut tx, new, by, now).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Makes an admin where there is no user at all, and says whether it did. One of several daemons that start at once does.
    /// `show` tells a person of it just before it is so: an admin whose password nobody saw would lock everybody out.
    ///
    /// # Errors
    /// [`MetaError`], and what `show` failed with. No admin was made.
    pub async fn ensure_first_admin<E: From<MetaError>>(
        &self,
        username: &str,
        password_hash: &str,
        show: impl FnOnce() -> Result<(), E>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool, E> {
        let mut tx = self.begin().await?;
        tx.lock(Lock::Users).await?;
        let users =
            both!(in tx, db => sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM users").fetch_one(db).await?)?;
        if users > 0 {
            return Ok(false);
        }
        insert(&mut tx, &NewUser { username, email: None, password_hash, role: Role::Admin }, by, now).await?;
        show()?;
        tx.commit().await?;
        Ok(true)
    }

    /// # Errors
    /// [`MetaError`].
    pub async fn user_by_id(&self, id: i64) -> Result<Option<User>, MetaError> {
        Ok(self.credentials_by_id(id).await?.map(|found| found.user))
    }

    /// Whatever the case of the name.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn user_by_username(&self, username: &str) -> Result<Option<User>, MetaError> {
        Ok(self.credentials_by_username(username).await?.map(|found| found.user))
    }

    /// Whatever the case of the address.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT id, username, email, role, status, created_at, last_login_at FROM users WHERE email_key = $1")
            .bind(text::key(email))
            .fetch_optional(db)
            .await?)
    }

    /// # Errors
    /// [`MetaError`].
    pub async fn credentials_by_id(&self, id: i64) -> Result<Option<Credentials>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT id, username, email, role, status, created_at, last_login_at, password_hash FROM users WHERE id = $1")
            .bind(id)
            .fetch_optional(db)
            .await?)
    }

    /// Whatever the case of the name.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn credentials_by_username(&self, username: &str) -> Result<Option<Credentials>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT id, username, email, role, status, created_at, last_login_at, password_hash FROM users WHERE username_key = $1")
            .bind(text::key(username))
            .fetch_optional(db)
            .await?)
    }

    /// Page `page` (from 1) in the order of names, of those that have `q` in their name or address (empty: all).
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn users(&self, page: u32, size: u32, q: &str) -> Result<UserPage, MetaError> {
        let pattern = text::containing(q);
        let mut tx = self.snapshot().await?;
        let total: i64 = both!(in tx, db => sqlx::query_scalar(
            "SELECT COUNT(*) FROM users WHERE username_key LIKE $1 ESCAPE '!' OR email_key LIKE $1 ESCAPE '!'")
            .bind(&pattern)
            .fetch_one(db)
            .await?)?;
        let list = both!(in tx, db => sqlx::query_as(
            "SELECT id, username, email, role, status, created_at, last_login_at FROM users
             WHERE username_key LIKE $1 ESCAPE '!' OR email_key LIKE $1 ESCAPE '!'
             ORDER BY username_key LIMIT $2 OFFSET $3")
            .bind(&pattern)
            .bind(i64::from(size))
            .bind(i64::from(page.max(1) - 1) * i64::from(size))
            .fetch_all(db)
            .await?)?;
        tx.commit().await?;
        Ok(UserPage { total: u64::try_from(total).unwrap_or_default(), list })
    }

    /// Changes a user. A new role, status or password ends all sessions of the user. Without a difference nothing is written.
    ///
    /// # Errors
    /// [`MetaError::NotFound`], [`MetaError::LastAdmin`], [`MetaError::Conflict`] of `email`.
    pub async fn update_user(
        &self,
        id: i64,
        patch: &UserPatch<'_>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<User, MetaError> {
        let mut tx = self.begin().await?;
        tx.lock(Lock::Users).await?;
        let Credentials { user: before, password_hash } = read(&mut tx, id).await?;
        let after = User {
            role: patch.role.unwrap_or(before.role),
            status: patch.status.unwrap_or(before.status),
            email: patch.email.map_or_else(|| before.email.clone(), |email| email.map(text::clean)),
            ..before.clone()
        };
        let (was, is) = differences(&before, &after, patch.password_hash.is_some());
        if is.is_empty() {
            return Ok(before);
        }
        if is_active_admin(&before) && !is_active_admin(&after) {
            keep_an_admin(&mut tx, id).await?;
        }
        write(&mut tx, &after, patch.password_hash.unwrap_or(&password_hash)).await?;
        if let Some(reason) = ends_sessions(&before, &after, patch.password_hash.is_some()) {
            end_sessions(&mut tx, id, None, reason, now).await?;
        }
        let detail = json!({ "username": after.username, "before": was, "after": is });
        tx.record(Action::UserUpdated, Some(&target(id)), detail, by, now).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Sets a user's own new password and ends the user's sessions but `kept`.
    ///
    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn set_password(
        &self,
        id: i64,
        password_hash: &str,
        kept: Option<i64>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<(), MetaError> {
        let mut tx = self.begin().await?;
        tx.lock(Lock::Users).await?;
        let Credentials { user, .. } = read(&mut tx, id).await?;
        write(&mut tx, &user, password_hash).await?;
        let ended = end_sessions(&mut tx, id, kept, EndReason::PasswordChanged, now).await?;
        let detail = json!({ "username": user.username, "sessions_ended": ended });
        tx.record(Action::PasswordChanged, Some(&target(id)), detail, by, now).await?;
        tx.commit().await
    }

    /// Deletes a user with all sessions. What the user did stays in the operation log.
    ///
    /// # Errors
    /// [`MetaError::NotFound`], [`MetaError::LastAdmin`].
    pub async fn delete_user(&self, id: i64, by: &Actor, now: DateTime<Utc>) -> Result<(), MetaError> {
        let mut tx = self.begin().await?;
        tx.lock(Lock::Users).await?;
        let Credentials { user, .. } = read(&mut tx, id).await?;
        if is_active_admin(&user) {
            keep_an_admin(&mut tx, id).await?;
        }
        both!(in tx, db => sqlx::query("DELETE FROM users WHERE id = $1").bind(id).execute(db).await?.rows_affected())
            .map(drop)?;
        let detail = json!({ "before": described(&user) });
        tx.record(Action::UserDeleted, Some(&target(id)), detail, by, now).await?;
        tx.commit().await
    }
}

pub(super) fn target(id: i64) -> String {
    format!("user {id}")
}

fn is_active_admin(user: &User) -> bool {
    user.role == Role::Admin && user.status == UserStatus::Active
}

fn ends_sessions(before: &User, after: &User, new_password: bool) -> Option<EndReason> {
    if after.status != before.status {
        return Some(EndReason::StatusChanged);
    }
    if after.role != before.role {
        return Some(EndReason::RoleChanged);
    }
    new_password.then_some(EndReason::PasswordChanged)
}

fn described(user: &User) -> Value {
    json!({ "username": user.username, "email": user.email, "role": user.role, "status": user.status })
}

/// What differs, as it was and as it is.
fn differences(before: &User, after: &User, new_password: bool) -> (Map<String, Value>, Map<String, Value>) {
    let (mut was, mut is) = (Map::new(), Map::new());
    if let (Value::Object(old), Value::Object(new)) = (described(before), described(after)) {
        for (field, value) in new {
            if old.get(&field) != Some(&value) {
                was.insert(field.clone(), old.get(&field).cloned().unwrap_or_default());
                is.insert(field, value);
            }
        }
    }
    if new_password {
        is.insert("password".to_owned(), json!("changed"));
    }
    (was, is)
}

async fn insert(tx: &mut Tx, new: &NewUser<'_>, by: &Actor, now: DateTime<Utc>) -> Result<User, MetaError> {
    let user: User = both!(in tx, db => sqlx::query_as(
        "INSERT INTO users (username, username_key, email, email_key, password_hash, role, status, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         RETURNING id, username, email, role, status, created_at, last_login_at")
        .bind(text::clean(new.username))
        .bind(text::key(new.username))
        .bind(new.email.map(text::clean))
        .bind(new.email.map(text::key))
        .bind(new.password_hash)
        .bind(new.role)
        .bind(UserStatus::Active)
        .bind(Time(now))
        .fetch_one(db)
        .await?)?;
    tx.record(Action::UserCreated, Some(&target(user.id)), json!({ "after": described(&user) }), by, now).await?;
    Ok(user)
}

async fn read(tx: &mut Tx, id: i64) -> Result<Credentials, MetaError> {
    both!(in tx, db => sqlx::query_as(
        "SELECT id, username, email, role, status, created_at, last_login_at, password_hash FROM users WHERE id = $1")
        .bind(id)
        .fetch_one(db)
        .await?)
}

async fn write(tx: &mut Tx, user: &User, password_hash: &str) -> Result<(), MetaError> {
    both!(in tx, db => sqlx::query(
        "UPDATE users SET email = $2, email_key = $3, password_hash = $4, role = $5, status = $6 WHERE id = $1")
        .bind(user.id)
        .bind(user.email.as_deref())
        .bind(user.email.as_deref().map(text::key))
        .bind(password_hash)
        .bind(user.role)
        .bind(user.status)
        .execute(db)
        .await?
        .rows_affected())
    .map(drop)
}

/// Refuses where `id` is the only active admin. The lock of users keeps two admins from removing each other.
async fn keep_an_admin(tx: &mut Tx, id: i64) -> Result<(), MetaError> {
    let others: i64 = both!(in tx, db => sqlx::query_scalar(
        "SELECT COUNT(*) FROM users WHERE role = $1 AND status = $2 AND id <> $3")
        .bind(Role::Admin)
        .bind(UserStatus::Active)
        .bind(id)
        .fetch_one(db)
        .await?)?;
    if others == 0 { Err(MetaError::LastAdmin) } else { Ok(()) }
}
