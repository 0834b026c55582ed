//! Where the metadata database is.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

/// The file in the data folder that is used where no address is given.
const FILE: &str = "meta.sqlite";

/// Where the metadata database is. It has no `Debug`: it knows the password.
#[derive(Clone)]
pub enum Location {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

/// An address that names no database. It does not repeat the address, which may have a password in it.
#[derive(Debug, thiserror::Error)]
pub enum LocationError {
    #[error("the address is neither sqlite:PATH nor postgres://…")]
    Scheme,
    #[error("the address of Postgres is not valid")]
    Postgres(#[source] sqlx::Error),
}

impl Location {
    /// Reads `database.url`: empty (a file in `data_dir`), `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    ///
    /// # Errors
    /// [`LocationError`] without a connection having been tried.
    pub fn parse(url: &str, data_dir: &Path) -> Result<Self, LocationError> {
        if url.is_empty() {
            return Ok(Self::Sqlite(data_dir.join(FILE)));
        }
        if let Some(path) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
            return if path.is_empty() { Err(LocationError::Scheme) } else { Ok(Self::Sqlite(PathBuf::from(path))) };
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url).map_err(LocationError::Postgres)?;
            return Ok(Self::Postgres(Box::new(options.application_name("logseal"))));
        }
        Err(LocationError::Scheme)
    }

    /// What may be shown of it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("SQLite {}", path.display()),
            Self::Postgres(options) => {
                let host = options
                    .get_socket()
                    .map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
                let database = options.get_database().unwrap_or_else(|| options.get_username());
                format!("Postgres {host}:{}/{database}", options.get_port())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> Result<String, String> {
        Location::parse(url, Path::new("/data")).map(|location| location.shown()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_address_names_a_file_or_a_server_and_its_password_is_not_shown() {
        assert_eq!(shown("").unwrap(), "SQLite /data/meta.sqlite");
        assert_eq!(shown("sqlite:///var/m.db").unwrap(), "SQLite /var/m.db");
        assert_eq!(shown("sqlite:m.db").unwrap(), "SQLite m.db");
        assert_eq!(shown("postgres://me:secret@db:5433/logs").unwrap(), "Postgres db:5433/logs");
        assert!(shown("mysql://me:secret@db/logs").is_err_and(|text| !text.contains("secret")));
        assert!(shown("postgres://me:secret@db:port/logs").is_err_and(|text| !text.contains("secret")));
    }
}
