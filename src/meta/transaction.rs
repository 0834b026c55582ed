//! A transaction on either database.

use sqlx::{Postgres, Sqlite, Transaction};

use super::{Meta, MetaError, Pool, answer, both};

/// What is done in it is done together. Dropped without [`Tx::commit`], nothing of it was.
pub(super) struct Tx {
    pub(super) on: On,
    pub(super) node: u16,
}

pub(super) enum On {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// What is changed by one transaction at a time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lock {
    Users,
    Settings,
    Codes,
    Rules,
    Alerts,
}

impl Lock {
    fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Settings => "settings",
            Self::Codes => "verification_codes",
            Self::Rules => "rules",
            Self::Alerts => "alerts",
        }
    }
}

impl Meta {
    /// A transaction that writes.
    pub(super) async fn begin(&self) -> Result<Tx, MetaError> {
        let on = match &self.pool {
            // One that reads first and wants to write later would be refused where another has written in between.
            Pool::Sqlite(pool) => On::Sqlite(answer(pool.begin_with("BEGIN IMMEDIATE")).await?),
            Pool::Postgres(pool) => On::Postgres(answer(pool.begin()).await?),
        };
        Ok(Tx { on, node: self.node })
    }

    /// A transaction whose reads all see one state.
    pub(super) async fn snapshot(&self) -> Result<Tx, MetaError> {
        let on = match &self.pool {
            Pool::Sqlite(pool) => On::Sqlite(answer(pool.begin()).await?),
            Pool::Postgres(pool) => {
                On::Postgres(answer(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")).await?)
            }
        };
        Ok(Tx { on, node: self.node })
    }
}

impl Tx {
    /// Waits until no other transaction has `lock`, holds it to the end, and returns its version. What is read afterwards has what the others did.
    ///
    /// It is taken before anything else, so that two transactions never wait for each other.
    pub(super) async fn lock(&mut self, lock: Lock) -> Result<i64, MetaError> {
        both!(in self, db => sqlx::query_scalar("UPDATE versions SET version = version + 1 WHERE name = $1 RETURNING version")
            .bind(lock.name())
            .fetch_one(db)
            .await?)
    }

    /// # Errors
    /// [`MetaError::Unavailable`] where the answer was lost: whether it is done is unknown then.
    pub(super) async fn commit(self) -> Result<(), MetaError> {
        match self.on {
            On::Sqlite(tx) => answer(tx.commit()).await,
            On::Postgres(tx) => answer(tx.commit()).await,
        }
    }
}
