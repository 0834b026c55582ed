//! Opens the database and brings its tables up to date.

use std::borrow::Cow;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqlSafeStr as _};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Location, Meta, MetaError, Pool};
use crate::telemetry::chain;

/// A request waits so long for a connection before it is told that the database is away.
const ACQUIRE_MAX: Duration = Duration::from_secs(3);
/// How long one writer of SQLite waits for another.
const BUSY_MAX: Duration = Duration::from_secs(5);
/// Connections to Postgres. A server takes about 100 from all its daemons.
const POSTGRES_CONNECTIONS_MAX: u32 = 10;
/// Readers of SQLite beside its one writer; each is a thread.
const SQLITE_CONNECTIONS_MAX: u32 = 4;
/// The first wait for a server that is away; it doubles up to the longest.
const RETRY_AFTER: Duration = Duration::from_millis(200);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// Each is applied once, in one transaction, and never changed afterwards.
const MIGRATIONS: [(i64, &str, &str, &str); 5] = [
    (
        1,
        "accounts",
        include_str!("../../migrations/sqlite/0001_accounts.sql"),
        include_str!("../../migrations/postgres/0001_accounts.sql"),
    ),
    (
        2,
        "operation logs",
        include_str!("../../migrations/sqlite/0002_operation_logs.sql"),
        include_str!("../../migrations/postgres/0002_operation_logs.sql"),
    ),
    (
        3,
        "jobs",
        include_str!("../../migrations/sqlite/0003_jobs.sql"),
        include_str!("../../migrations/postgres/0003_jobs.sql"),
    ),
    (
        4,
        "alerts",
        include_str!("../../migrations/sqlite/0004_alerts.sql"),
        include_str!("../../migrations/postgres/0004_alerts.sql"),
    ),
    (
        5,
        "counted episodes",
        include_str!("../../migrations/sqlite/0005_counted_episodes.sql"),
        include_str!("../../migrations/postgres/0005_counted_episodes.sql"),
    ),
];

impl Meta {
    /// Opens the database at `location` as the daemon `node`, makes it where it is a file, and brings its tables up to date. Several may do so at once.
    ///
    /// # Errors
    /// [`MetaError::Unavailable`] where it cannot be reached now, [`MetaError::Failed`] where trying again does not help.
    pub async fn open(location: &Location, node: u16) -> Result<Self, MetaError> {
        let pool = match location {
            Location::Sqlite(path) => Pool::Sqlite(open_sqlite(path).await?),
            Location::Postgres(options) => Pool::Postgres(open_postgres(options).await?),
        };
        Ok(Self { pool, node })
    }

    /// [`Meta::open`], tried until the database can be reached (said once) or `stop` (`None`).
    ///
    /// # Errors
    /// [`MetaError::Failed`]: a wrong password, no such database, tables that cannot be made.
    pub async fn open_when_up(
        location: &Location,
        node: u16,
        stop: &CancellationToken,
    ) -> Result<Option<Self>, MetaError> {
        let mut wait = RETRY_AFTER;
        let mut waited = false;
        loop {
            let opened = tokio::select! {
                opened = Self::open(location, node) => opened,
                () = stop.cancelled() => return Ok(None),
            };
            match opened {
                Ok(meta) => {
                    if waited {
                        info!("the metadata database answers: {}", location.shown());
                    }
                    return Ok(Some(meta));
                }
                Err(error @ MetaError::Unavailable(_)) => {
                    if !waited {
                        waited = true;
                        warn!(error = %chain(&error), "waiting for the metadata database: {}", location.shown());
                    }
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => return Ok(None),
            }
            wait = (wait * 2).min(RETRY_AFTER_MAX);
        }
    }
}

async fn open_sqlite(path: &Path) -> Result<sqlx::SqlitePool, MetaError> {
    make_file(path).map_err(|error| MetaError::Failed(sqlx::Error::Io(error)))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // An entry of the operation log is evidence: it has to survive the machine.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_MAX);
    migrate_sqlite(&options).await?;
    Ok(pool_of_sqlite().connect_with(options).await?)
}

fn pool_of_sqlite() -> SqlitePoolOptions {
    // Where a commit meets a full disk, SQLite ends the transaction by itself, and the driver does not notice: on such a connection no other
    // could ever begin.
    SqlitePoolOptions::new().max_connections(SQLITE_CONNECTIONS_MAX).acquire_timeout(ACQUIRE_MAX).after_release(
        |connection, _| {
            Box::pin(async move {
                // What was dropped without a commit is rolled back before the answer.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        },
    )
}

/// SQLite gives the files beside it (`-wal`, `-shm`) the mode of this one.
fn make_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

async fn migrate_sqlite(options: &SqliteConnectOptions) -> Result<(), MetaError> {
    let mut connection: SqliteConnection = connect_sqlite(options).await?;
    // The one who writes is alone: the others find the migrations applied.
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    migrator(|(_, _, sqlite, _)| sqlite).run_direct(None, &mut *tx, false).await?;
    tx.commit().await?;
    connection.close().await?;
    Ok(())
}

/// Turning the write-ahead log on needs the file alone and does not wait for it, so it is tried again.
async fn connect_sqlite(options: &SqliteConnectOptions) -> Result<SqliteConnection, MetaError> {
    let deadline = tokio::time::Instant::now() + BUSY_MAX;
    loop {
        match options.connect().await.map_err(MetaError::from) {
            Err(MetaError::Unavailable(_)) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            connected => return connected,
        }
    }
}

async fn open_postgres(options: &PgConnectOptions) -> Result<sqlx::PgPool, MetaError> {
    migrate_postgres(options).await?;
    let bounded = options.clone().options([
        ("statement_timeout", "8s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "30s"),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS_MAX)
        .acquire_timeout(ACQUIRE_MAX)
        .test_before_acquire(true);
    Ok(pool.connect_with(bounded).await?)
}

/// On a connection of its own, whose statements may take long. The migrator holds an advisory lock of the database.
async fn migrate_postgres(options: &PgConnectOptions) -> Result<(), MetaError> {
    let connected = tokio::time::timeout(ACQUIRE_MAX, options.connect()).await;
    let mut connection: PgConnection = connected.map_err(|_| MetaError::from(sqlx::Error::PoolTimedOut))??;
    migrator(|(_, _, _, postgres)| postgres).run_direct(None, &mut connection, false).await?;
    connection.close().await?;
    Ok(())
}

fn migrator(sql: impl Fn((i64, &'static str, &'static str, &'static str)) -> &'static str) -> Migrator {
    let migrations = MIGRATIONS.map(|migration| {
        let (version, name, ..) = migration;
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql(migration).into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.into());
    // A newer daemon has been here: its tables are made so that this one can use them.
    migrator.set_ignore_missing(true);
    migrator
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_whose_transaction_sqlite_ended_by_itself_is_not_used_again() {
        let dir = tempfile::tempdir().unwrap();
        let pool = open_sqlite(&dir.path().join("meta.db")).await.unwrap();
        for _ in 0..2 * SQLITE_CONNECTIONS_MAX {
            let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
            sqlx::query("ROLLBACK").execute(&mut *tx).await.unwrap();
            assert!(tx.commit().await.is_err());
        }
        for _ in 0..2 * SQLITE_CONNECTIONS_MAX {
            pool.begin_with("BEGIN IMMEDIATE").await.unwrap().commit().await.unwrap();
        }
        // One that is dropped is as good as any.
        for _ in 0..2 * SQLITE_CONNECTIONS_MAX {
            drop(pool.begin_with("BEGIN IMMEDIATE").await.unwrap());
        }
        pool.begin_with("BEGIN IMMEDIATE").await.unwrap().commit().await.unwrap();
    }
}
