//! Codes that prove an e-mail address: few, for a short time, each good once.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq as _;

use super::column::{Maybe, Time};
use super::role::names;
use super::transaction::Lock;
use super::{Action, Actor, Meta, MetaError, both, text};

/// Guesses that a code allows.
pub const CODE_ATTEMPTS_MAX: u32 = 5;
/// Between two codes to one address.
const BETWEEN: TimeDelta = TimeDelta::seconds(60);
/// Codes to one address within 24 hours.
const A_DAY_MAX: i64 = 10;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CodePurpose {
    Register,
    PasswordReset,
}

names!(CodePurpose: "register, password_reset", Register = "register", PasswordReset = "password_reset");

/// Whether a new code may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeStored {
    /// Older ones for the same purpose are void.
    Stored,
    /// The last one was sent less than a minute ago, or ten were within a day: not before `at`.
    NotBefore { at: DateTime<Utc> },
}

/// Whether a code that was shown is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeCheck {
    /// It is, and is spent.
    Accepted,
    Wrong {
        attempts_left: u32,
    },
    /// There is none: never sent, too old, spent, or guessed at too often.
    Missing,
}

impl Meta {
    /// Stores the hash of a code that is about to be sent to `email`, within the limits for an address.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn store_code(
        &self,
        email: &str,
        purpose: CodePurpose,
        hash: &[u8; 32],
        expires_at: DateTime<Utc>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<CodeStored, MetaError> {
        let key = text::key(email);
        let mut tx = self.begin().await?;
        tx.lock(Lock::Codes).await?;
        let (sent, first, last): (i64, Maybe<Time>, Maybe<Time>) = both!(in tx, db => sqlx::query_as(
            "SELECT COUNT(*), MIN(created_at), MAX(created_at) FROM verification_codes WHERE email_key = $1 AND created_at > $2")
            .bind(&key)
            .bind(Time(now - TimeDelta::days(1)))
            .fetch_one(db)
            .await?)?;
        if let (Some(first), Some(last)) = (first.into(), last.into()) {
            let (first, last): (DateTime<Utc>, DateTime<Utc>) = (first, last);
            let at = if sent >= A_DAY_MAX { first + TimeDelta::days(1) } else { last + BETWEEN };
            if at > now {
                return Ok(CodeStored::NotBefore { at });
            }
        }
        both!(in tx, db => sqlx::query(
            "UPDATE verification_codes SET used_at = $3 WHERE email_key = $1 AND purpose = $2 AND used_at IS NULL")
            .bind(&key)
            .bind(purpose)
            .bind(Time(now))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)?;
        both!(in tx, db => sqlx::query(
            "INSERT INTO verification_codes (email_key, purpose, code_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(&key)
            .bind(purpose)
            .bind(hash.as_slice())
            .bind(Time(now))
            .bind(Time(expires_at))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)?;
        tx.record(Action::CodeSent, Some(&key), json!({ "purpose": purpose }), by, now).await?;
        tx.commit().await?;
        Ok(CodeStored::Stored)
    }

    /// Checks the hash of a code that came back. Every call is one of its attempts; a right one spends it. A wrong one has an entry.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn check_code(
        &self,
        email: &str,
        purpose: CodePurpose,
        hash: &[u8; 32],
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<CodeCheck, MetaError> {
        let key = text::key(email);
        let mut tx = self.begin().await?;
        // The row is held from here on, so that guesses come one after the other.
        let tried: Option<(i64, i64, Vec<u8>)> = both!(in tx, db => sqlx::query_as(
            "UPDATE verification_codes SET attempts = attempts + 1
             WHERE email_key = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 AND attempts < $4
             RETURNING id, attempts, code_hash")
            .bind(&key)
            .bind(purpose)
            .bind(Time(now))
            .bind(i64::from(CODE_ATTEMPTS_MAX))
            .fetch_optional(db)
            .await?)?;
        let Some((id, attempts, stored)) = tried else { return Ok(CodeCheck::Missing) };
        if bool::from(stored.as_slice().ct_eq(hash)) {
            both!(in tx, db => sqlx::query("UPDATE verification_codes SET used_at = $2 WHERE id = $1")
                .bind(id)
                .bind(Time(now))
                .execute(db)
                .await?
                .rows_affected())
            .map(drop)?;
            tx.commit().await?;
            return Ok(CodeCheck::Accepted);
        }
        let attempts_left = CODE_ATTEMPTS_MAX.saturating_sub(u32::try_from(attempts).unwrap_or(CODE_ATTEMPTS_MAX));
        let detail = json!({ "purpose": purpose, "attempts_left": attempts_left });
        tx.record(Action::CodeRefused, Some(&key), detail, by, now).await?;
        tx.commit().await?;
        Ok(CodeCheck::Wrong { attempts_left })
    }
}
