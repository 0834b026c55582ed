//! Tokens of shippers and scripts. Only a hash of the secret is kept.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::column::{Maybe, Time};
use super::{Action, Actor, Meta, MetaError, Scope, Scopes, both, text};

/// A token to be made.
#[derive(Clone, Copy)]
pub struct NewToken<'a> {
    pub name: &'a str,
    pub secret_hash: [u8; 32],
    /// The beginning of the secret, by which a person knows it again.
    pub prefix: &'a str,
    pub scopes: Scopes,
    /// The source of all that it sends.
    pub source: Option<&'a str>,
    /// Requests a second.
    pub rate_limit: Option<u32>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token as an admin sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct ApiToken {
    pub id: i64,
    pub name: String,
    pub prefix: String,
    #[schema(value_type = Vec<super::Scope>)]
    pub scopes: Scopes,
    pub source: Option<String>,
    #[sqlx(try_from = "Maybe<i64>")]
    pub rate_limit: Option<u32>,
    #[sqlx(try_from = "Time")]
    pub created_at: DateTime<Utc>,
    /// The name of who made it.
    pub created_by: Option<String>,
    #[sqlx(try_from = "Maybe<Time>")]
    pub expires_at: Option<DateTime<Utc>>,
    #[sqlx(try_from = "Maybe<Time>")]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// While the database cannot be reached, a token that was good so recently may still send records.
pub const TOKEN_TRUSTED_FOR: TimeDelta = TimeDelta::minutes(15);

/// What the holder of a token may do.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TokenAccess {
    pub id: i64,
    pub name: String,
    pub scopes: Scopes,
    pub source: Option<String>,
    #[sqlx(try_from = "Maybe<i64>")]
    pub rate_limit: Option<u32>,
    /// For who keeps this answer for a while.
    #[sqlx(try_from = "Maybe<Time>")]
    pub expires_at: Option<DateTime<Utc>>,
}

impl TokenAccess {
    /// Whether it is over.
    #[must_use]
    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether records may be sent with it.
    #[must_use]
    pub fn may_send(&self, now: DateTime<Utc>) -> bool {
        self.scopes.contains(Scope::Ingest) && !self.has_expired(now)
    }
}

impl Meta {
    /// # Errors
    /// [`MetaError::Conflict`] of `name`.
    pub async fn create_token(
        &self,
        new: &NewToken<'_>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<ApiToken, MetaError> {
        let mut tx = self.begin().await?;
        let token: ApiToken = both!(in tx, db => sqlx::query_as(
            "INSERT INTO api_tokens (name, secret_hash, prefix, scopes, source, rate_limit, created_at, created_by, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             RETURNING id, name, prefix, scopes, source, rate_limit, created_at, created_by, expires_at, last_used_at")
            .bind(text::clean(new.name))
            .bind(new.secret_hash.as_slice())
            .bind(new.prefix)
            .bind(new.scopes)
            .bind(new.source.map(text::clean))
            .bind(new.rate_limit.map(i64::from))
            .bind(Time(now))
            .bind(by.username.as_deref().map(text::clean))
            .bind(new.expires_at.map(Time))
            .fetch_one(db)
            .await?)?;
        let detail = json!({ "after": {
            "name": token.name, "scopes": token.scopes, "source": token.source,
            "rate_limit": token.rate_limit, "expires_at": token.expires_at,
        } });
        tx.record(Action::TokenCreated, Some(&target(token.id)), detail, by, now).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// All tokens in the order of names.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn tokens(&self) -> Result<Vec<ApiToken>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT id, name, prefix, scopes, source, rate_limit, created_at, created_by, expires_at, last_used_at
             FROM api_tokens ORDER BY name")
            .fetch_all(db)
            .await?)
    }

    /// Ends a token for good. Its id is not given again.
    ///
    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn revoke_token(&self, id: i64, by: &Actor, now: DateTime<Utc>) -> Result<(), MetaError> {
        let mut tx = self.begin().await?;
        let (name, scopes): (String, Scopes) = both!(in tx, db => sqlx::query_as(
            "DELETE FROM api_tokens WHERE id = $1 RETURNING name, scopes")
            .bind(id)
            .fetch_one(db)
            .await?)?;
        let detail = json!({ "before": { "name": name, "scopes": scopes } });
        tx.record(Action::TokenRevoked, Some(&target(id)), detail, by, now).await?;
        tx.commit().await
    }

    /// What the token with this hash may do; `None` where there is none or it has expired. One query by an index.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn token_access(&self, hash: &[u8; 32], now: DateTime<Utc>) -> Result<Option<TokenAccess>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT id, name, scopes, source, rate_limit, expires_at FROM api_tokens
             WHERE secret_hash = $1 AND (expires_at IS NULL OR expires_at > $2)")
            .bind(hash.as_slice())
            .bind(Time(now))
            .fetch_optional(db)
            .await?)
    }

    /// The token of this name, also one that has expired. One query by an index.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn token_named(&self, name: &str) -> Result<Option<TokenAccess>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT id, name, scopes, source, rate_limit, expires_at FROM api_tokens WHERE name = $1")
            .bind(text::clean(name))
            .fetch_optional(db)
            .await?)
    }

    /// Notes when tokens were last used, many at once. Bookkeeping: no entry.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn touch_tokens(&self, uses: &[(i64, DateTime<Utc>)]) -> Result<(), MetaError> {
        if uses.is_empty() {
            return Ok(());
        }
        let mut uses = uses.to_vec();
        // In one order, so that two daemons do not wait for each other.
        uses.sort_unstable();
        let mut tx = self.begin().await?;
        for (id, used_at) in uses {
            both!(in tx, db => sqlx::query(
                "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)")
                .bind(id)
                .bind(Time(used_at))
                .execute(db)
                .await?
                .rows_affected())
            .map(drop)?;
        }
        tx.commit().await
    }
}

fn target(id: i64) -> String {
    format!("token {id}")
}
