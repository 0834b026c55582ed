//! The way of a record through the daemon, stage by stage: `[ingest]`, `[spool]`, `[engine]`, `[clickhouse]`, `[query]`, `[retention]`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// With less the engine's inserts fail, and with far less it does not start.
const ENGINE_MEMORY_BYTES_MIN: u64 = 1_000_000_000;

/// The way from a source to the spool.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ingest {
    /// Memory for records that are not durable yet.
    pub queue_bytes_max: usize,
    /// How long an HTTP sender waits for room in the queue before it is told 503.
    pub queue_wait_ms: u64,
    /// How much one group commit takes at most.
    pub group_bytes_max: usize,
    /// A segment is sealed, and so sent to the store, at this age at the latest.
    pub seal_after_ms: u64,
}

/// The durable segments between acknowledgement and store.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spool {
    pub segment_rows_max: u64,
    pub segment_bytes_max: u64,
    /// Senders are refused or slowed down while the spool is larger than this.
    pub disk_bytes_max: u64,
    /// Senders are refused or slowed down while the file system has less room than this.
    pub disk_free_bytes_min: u64,
}

/// The embedded ClickHouse engine; not started where `clickhouse.url` is set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Engine {
    /// `libchdb.so`; empty: beside the binary, in the cache, in the system's library folders.
    pub library: PathBuf,
    /// Memory that the engine may use; 0: 1.2 GB.
    pub memory_bytes_max: u64,
}

/// A ClickHouse server instead of the embedded engine.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClickHouse {
    /// `http://host:8123`; empty: the embedded engine.
    pub url: String,
    pub user: String,
    #[serde(deserialize_with = "super::secret_text::text")]
    pub password: String,
    pub database: String,
}

/// Limits of every read.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Query {
    pub seconds_max: u32,
    pub memory_bytes_max: u64,
    pub concurrent_max: NonZeroUsize,
    /// Exports may run this long.
    pub export_seconds_max: u32,
}

/// How long records are kept.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Days by arrival, for sources without a number of their own; a stored setting comes before it.
    pub days: NonZeroU32,
}

impl Default for Ingest {
    fn default() -> Self {
        Self { queue_bytes_max: 32 << 20, queue_wait_ms: 2_000, group_bytes_max: 8 << 20, seal_after_ms: 1_000 }
    }
}

impl Default for Spool {
    fn default() -> Self {
        Self {
            segment_rows_max: 400_000,
            segment_bytes_max: 128 << 20,
            disk_bytes_max: 16 << 30,
            disk_free_bytes_min: 256 << 20,
        }
    }
}

impl Default for ClickHouse {
    fn default() -> Self {
        Self { url: String::new(), user: "default".to_owned(), password: String::new(), database: "logseal".to_owned() }
    }
}

impl Engine {
    /// # Errors
    /// The key that is wrong, and why.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if (1..ENGINE_MEMORY_BYTES_MIN).contains(&self.memory_bytes_max) {
            let detail = format!(
                "{} is too little: the engine needs {ENGINE_MEMORY_BYTES_MIN} to take in records, or 0 for 1.2 GB",
                self.memory_bytes_max
            );
            return Err(("engine.memory_bytes_max", detail));
        }
        Ok(())
    }
}

impl ClickHouse {
    /// # Errors
    /// The key that is wrong, and why. The address is not shown: there may be a password in it.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let uri = match self.url.as_str() {
            "" => return Ok(()),
            url => url.parse::<http::Uri>().ok(),
        };
        let detail = match &uri {
            Some(uri) if uri.scheme_str() == Some("https") => {
                "https is not spoken to a ClickHouse server: write http://host:8123, over a network that is trusted or through a tunnel"
            }
            Some(uri) if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) => {
                "holds a login: that has keys of its own, clickhouse.user and clickhouse.password"
            }
            Some(uri) if uri.path_and_query().is_some_and(|path| path != "/") || self.url.contains('#') => {
                "ends with the port: write http://host:8123, without a path, ? or #; the database is clickhouse.database"
            }
            Some(uri) if uri.scheme_str() == Some("http") && uri.authority().is_some_and(names_host) => return Ok(()),
            _ => {
                "is no address of a ClickHouse server's HTTP interface: write http://host:8123, or leave it empty for the embedded engine"
            }
        };
        Err(("clickhouse.url", detail.to_owned()))
    }
}

/// Whether there is a host, and behind it no port or one that can be.
fn names_host(authority: &http::uri::Authority) -> bool {
    let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
    !authority.host().is_empty() && (port.is_empty() || authority.port_u16().is_some_and(|port| port > 0))
}

impl Default for Query {
    fn default() -> Self {
        Self {
            seconds_max: 30,
            memory_bytes_max: 512 << 20,
            concurrent_max: NonZeroUsize::new(8).expect("8 is not 0"),
            export_seconds_max: 3600,
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: NonZeroU32::new(184).expect("184 is not 0") }
    }
}
