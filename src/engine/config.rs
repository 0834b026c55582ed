//! What the engine's process is told by the one that starts it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Everything the engine needs to know. The supervisor hands it to the child as one line of JSON on stdin, so
/// that no secret stands in the process list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EngineConfig {
    /// The engine library, as [`super::library::find`] found it.
    pub library: PathBuf,
    /// The folder with the tables. One process at a time may use it.
    pub data_dir: PathBuf,
    /// Where requests come in.
    pub listen: Listen,
    /// Folder into which BACKUP may write; without it BACKUP is refused by the engine.
    pub backups_dir: Option<PathBuf>,
    /// Limit of the engine's own memory count, in bytes. It overshoots by up to 0.4 GB. Below 1 GB inserts fail.
    pub max_server_memory_bytes: u64,
    /// Cache of the marks of parts, in bytes.
    pub mark_cache_bytes: u64,
    /// Queries that run at the same time; the others wait. 0 means twice the number of cores.
    pub concurrent_queries_max: usize,
    /// How long a query waits for its turn before it is refused with 503.
    pub queue_wait: Duration,
    /// How long a client may leave a finished piece of a result untaken, or stop in the middle of its request body,
    /// before the query is cancelled.
    pub client_stall: Duration,
    /// Settings of every query, unless the request gives its own value.
    pub settings: Vec<(String, String)>,
}

/// Where requests come in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listen {
    /// A Unix socket for the parent process only: no authentication, the folder is closed to other users,
    /// and the process ends when stdin does.
    Socket {
        /// The socket; its folder is made, with mode 0700.
        path: PathBuf,
    },
    /// A TCP address for clients of ClickHouse's HTTP interface.
    Tcp {
        /// The address; anything but loopback needs a password.
        address: SocketAddr,
        /// The only user, `default` if nothing else is wanted.
        user: String,
        /// Its password. Without one every client that can connect is let in as this user.
        password: Option<String>,
    },
}

/// Settings of every query; why they are not the engine's own is in decision 0027.
const SETTINGS: [(&str, &str); 3] = [
    ("async_insert", "0"),
    // The engine's own measure, 1 GiB for each thread, gives every query one thread below a limit of 2 GiB.
    ("max_threads_min_free_memory_per_thread", "67108864"),
    // It would read the messages of all that a text index has found.
    ("use_top_k_dynamic_filtering", "0"),
];

impl EngineConfig {
    /// The defaults, which keep the child below about 1.5 GB.
    #[must_use]
    pub fn new(library: PathBuf, data_dir: PathBuf, listen: Listen) -> Self {
        Self {
            library,
            data_dir,
            listen,
            backups_dir: None,
            max_server_memory_bytes: 1_200_000_000,
            mark_cache_bytes: 64 << 20,
            concurrent_queries_max: 0,
            queue_wait: Duration::from_secs(10),
            client_stall: Duration::from_secs(120),
            settings: SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        }
    }

    /// The arguments for the connection that starts the engine.
    pub(super) fn engine_arguments(&self, config_file: &std::path::Path) -> Vec<String> {
        let mut arguments = vec![
            format!("--path={}", self.data_dir.display()),
            format!("--config-file={}", config_file.display()),
            "--log-level=warning".to_owned(),
            format!("--max_server_memory_usage={}", self.max_server_memory_bytes),
            format!("--mark_cache_size={}", self.mark_cache_bytes),
            "--index_mark_cache_size=16777216".to_owned(),
            "--uncompressed_cache_size=0".to_owned(),
            "--index_uncompressed_cache_size=0".to_owned(),
            "--mmap_cache_size=0".to_owned(),
        ];
        if let Some(dir) = &self.backups_dir {
            arguments.push(format!("--backups.allowed_path={}", dir.display()));
        }
        arguments
    }

    /// The number of queries that may run at once.
    pub(super) fn concurrency(&self) -> usize {
        match self.concurrent_queries_max {
            0 => 2 * std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            n => n,
        }
    }
}
