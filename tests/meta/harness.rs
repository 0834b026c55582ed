//! A database for each test, on both kinds.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use logseal::meta::{
    Actor, Location, Meta, NewSession, NewUser, Operation, OperationFilter, OperationPlace, Role, Session, User,
};

use crate::postgres;

/// A fresh database and what it takes to look into it.
pub(crate) struct Database {
    pub(crate) meta: Meta,
    pub(crate) location: Location,
    pub(crate) raw: Raw,
    _dir: tempfile::TempDir,
}

/// The database without `meta`.
pub(crate) enum Raw {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
}

impl Database {
    pub(crate) async fn sqlite() -> Self {
        Self::at("").await
    }

    pub(crate) async fn postgres() -> Self {
        let url = tokio::task::spawn_blocking(|| postgres::shared().database()).await.unwrap();
        Self::at(&url).await
    }

    async fn at(url: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let location = Location::parse(url, dir.path()).unwrap();
        let meta = Meta::open(&location, 3).await.unwrap();
        let raw = Raw::of(url, dir.path()).await;
        Self { meta, location, raw, _dir: dir }
    }

    /// Another daemon's handle to the same database.
    pub(crate) async fn other(&self, node: u16) -> Meta {
        Meta::open(&self.location, node).await.unwrap()
    }

    pub(crate) async fn user(&self, name: &str, role: Role) -> User {
        let new = NewUser { username: name, email: None, password_hash: "$argon2id$secret", role };
        self.meta.create_user(&new, &by(), at(0)).await.unwrap()
    }

    pub(crate) async fn session(&self, user: &User, token: u8) -> Session {
        let new = NewSession { user_id: user.id, refresh_hash: hash(token), refresh_expires_at: at(7 * 86_400) };
        self.meta.open_session(&new, &by(), at(0)).await.unwrap()
    }

    /// All entries of the operation log, newest first.
    pub(crate) async fn log(&self) -> Vec<Operation> {
        self.meta.operations(&OperationFilter::default(), OperationPlace::Page(1), 1000).await.unwrap().list
    }

    /// The actions in the operation log, in their order.
    pub(crate) async fn actions(&self) -> Vec<String> {
        let mut entries = self.log().await;
        entries.sort_by_key(|entry| entry.id);
        entries.into_iter().map(|entry| entry.action).collect()
    }
}

impl Raw {
    async fn of(url: &str, data_dir: &Path) -> Self {
        if url.is_empty() {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(data_dir.join("meta.sqlite"));
            Self::Sqlite(sqlx::SqlitePool::connect_with(options).await.unwrap())
        } else {
            Self::Postgres(sqlx::PgPool::connect(url).await.unwrap())
        }
    }

    pub(crate) async fn execute(&self, sql: &str) -> Result<u64, sqlx::Error> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        Ok(match self {
            Self::Sqlite(pool) => sqlx::query(sql).execute(pool).await?.rows_affected(),
            Self::Postgres(pool) => sqlx::query(sql).execute(pool).await?.rows_affected(),
        })
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
            Self::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
        }
    }
}

/// The admin who does things.
pub(crate) fn by() -> Actor {
    Actor {
        user_id: Some(900),
        username: Some("root".to_owned()),
        token_id: None,
        ip: Some("2001:db8::7".parse().unwrap()),
        user_agent: Some("test/1".to_owned()),
    }
}

/// So many seconds after the moment at which tests begin.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_795_132_800_123_456).unwrap() + TimeDelta::seconds(seconds)
}

pub(crate) fn hash(number: u8) -> [u8; 32] {
    [number; 32]
}

/// Each test, once on each database.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($db:ident) $body:block)+) => {
        $(
            mod $name {
                #[allow(unused_imports, reason = "a fact may need nothing but the database")]
                use super::*;

                async fn check($db: $crate::harness::Database) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    check($crate::harness::Database::sqlite().await).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    check($crate::harness::Database::postgres().await).await;
                }
            }
        )+
    };
}
pub(crate) use on_both;
