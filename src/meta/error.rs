//! What a failed statement means for its caller.

use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::migrate::MigrateError;

/// Why the metadata database did not do it, as what the caller should do.
#[derive(Debug, thiserror::Error)]
pub enum MetaError {
    /// It cannot be reached, or is busy: the same again later may work.
    #[error("the metadata database cannot be reached")]
    Unavailable(#[source] sqlx::Error),
    /// Another one has this name already.
    #[error("{field} is taken")]
    Conflict { field: &'static str },
    /// There is no such row.
    #[error("there is no such entry in the metadata database")]
    NotFound,
    /// It would leave nobody who may administrate.
    #[error("the last active admin cannot be demoted, disabled or deleted")]
    LastAdmin,
    /// Somebody else changed it meanwhile: read it again.
    #[error("it was changed meanwhile")]
    Stale,
    /// It is not possible as it stands; the text says why.
    #[error("{0}")]
    Refused(&'static str),
    /// Anything else; a fault of ours or of the database.
    #[error("the metadata database failed")]
    Failed(#[source] sqlx::Error),
}

/// Columns that hold a value once, as constraints (Postgres) and messages (SQLite) name them, with the field that a person knows.
const UNIQUE: [(&str, &str, &str); 6] = [
    ("users", "username_key", "username"),
    ("users", "email_key", "email"),
    ("api_tokens", "name", "name"),
    ("rules", "code", "code"),
    ("channels", "name", "name"),
    ("clusters", "name", "name"),
];

impl From<sqlx::Error> for MetaError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::BeginFailed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(told) => {
                if told.kind() == ErrorKind::UniqueViolation
                    && let Some(field) = taken(told.as_ref())
                {
                    return Self::Conflict { field };
                }
                if passes(told.code().as_deref().unwrap_or_default()) {
                    return Self::Unavailable(error);
                }
                Self::Failed(error)
            }
            // What a server that is going down sends is not always whole.
            sqlx::Error::Protocol(_) => Self::Unavailable(error),
            _ => Self::Failed(error),
        }
    }
}

impl From<MigrateError> for MetaError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => source.into(),
            other => Self::Failed(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}

fn taken(error: &dyn DatabaseError) -> Option<&'static str> {
    let name = error.constraint().unwrap_or_else(|| error.message());
    UNIQUE.iter().find(|(table, column, _)| name.contains(table) && name.contains(column)).map(|(_, _, field)| *field)
}

/// Whether what has this code passes by itself: an SQLSTATE of Postgres (five characters), or a result code of SQLite (a number).
fn passes(code: &str) -> bool {
    if code.len() == 5 {
        // connection exceptions, rolled back for another transaction, insufficient resources, operator intervention (shutdown,
        // statement timeout), lock not available, read-only (a standby that has not taken over yet)
        return ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))
            || ["55P03", "25006"].contains(&code);
    }
    // The low byte is the primary code: BUSY, LOCKED, FULL, PROTOCOL (of file locks).
    code.parse::<u32>().is_ok_and(|code| [5, 6, 13, 15].contains(&(code & 0xff)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_decides_whether_later_may_help() {
        for code in
            ["57P01", "57P03", "57014", "53300", "08006", "40P01", "40001", "55P03", "5", "261", "517", "6", "13"]
        {
            assert!(passes(code), "{code}");
        }
        for code in ["23505", "22021", "28P01", "3D000", "42P01", "2067", "1", "1811", ""] {
            assert!(!passes(code), "{code}");
        }
    }

    #[test]
    fn a_lost_connection_is_unavailable_and_a_missing_column_is_a_fault() {
        let lost = sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        assert!(matches!(MetaError::from(lost), MetaError::Unavailable(_)));
        assert!(matches!(MetaError::from(sqlx::Error::PoolTimedOut), MetaError::Unavailable(_)));
        assert!(matches!(MetaError::from(sqlx::Error::ColumnNotFound("x".to_owned())), MetaError::Failed(_)));
    }
}
